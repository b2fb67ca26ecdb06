// SPDX-License-Identifier: Apache-2.0
#include "kernel_identity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

void kernel_identity__get(struct kernel_identity *identity, const char *release)
{
	struct utsname uts;

	uname(&uts);
	*identity = (struct kernel_identity){0};
	snprintf(identity->machine, sizeof(identity->machine), "%s", uts.machine);
	snprintf(identity->release, sizeof(identity->release), "%s",
		 release ? release : uts.release);
	if (strcmp(identity->release, uts.release) == 0)
		snprintf(identity->version, sizeof(identity->version), "%s", uts.version);
}

void kernel_identity__write(const struct kernel_identity *identity, char *out, size_t size)
{
	snprintf(out, size, "%s\n%s\n%s\n", identity->release, identity->version,
		 identity->machine);
}

int kernel_identity__read(struct kernel_identity *identity, const char *in, size_t length)
{
	char *fields[] = {identity->release, identity->version, identity->machine};

	for (size_t i = 0; i < 3; i++) {
		const char *end = memchr(in, '\n', length);
		size_t size = end ? (size_t)(end - in) : 0;

		if (!end || size >= sizeof(identity->release))
			return -EINVAL;
		memcpy(fields[i], in, size);
		fields[i][size] = '\0';
		in = end + 1;
		length -= size + 1;
	}
	return length == 0 ? 0 : -EINVAL;
}

bool kernel_identity__same(const struct kernel_identity *a, const struct kernel_identity *b)
{
	return strcmp(a->release, b->release) == 0 && strcmp(a->machine, b->machine) == 0 &&
	       (!a->version[0] || !b->version[0] || strcmp(a->version, b->version) == 0);
}
