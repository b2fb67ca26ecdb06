// SPDX-License-Identifier: Apache-2.0
#include "cpus.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A number without sign or blanks, which strtoul() would take. */
static int parse_number(const char **at, size_t *number)
{
	char *end;

	if (!isdigit((unsigned char)**at))
		return -EINVAL;
	errno = 0;
	*number = strtoul(*at, &end, 10);
	*at = end;
	return errno || *number >= CPUS_MAX ? -EINVAL : 0;
}

static int parse_range(const char **at, struct cpus *cpus)
{
	size_t first, last;
	int err = parse_number(at, &first);

	if (err)
		return err;
	last = first;
	if (**at == '-') {
		++*at;
		err = parse_number(at, &last);
	}
	if (err || last < first)
		return -EINVAL;
	for (size_t cpu = first; cpu <= last; cpu++)
		cpus->is_in[cpu] = true;
	if (cpus->end <= last)
		cpus->end = last + 1;
	return 0;
}

int cpus__parse(const char *list, struct cpus *cpus)
{
	int err;

	memset(cpus, 0, sizeof(*cpus));
	do {
		err = parse_range(&list, cpus);
	} while (!err && *list++ == ',');
	if (err)
		return err;
	return list[-1] == '\0' || strcmp(list - 1, "\n") == 0 ? 0 : -EINVAL;
}
