// SPDX-License-Identifier: Apache-2.0
#include "filter_list.h"

#define ENTRIES_MIN 64U

const struct filter_list filter_lists[] = {
	{"-p", "TRACE_PID", "trace_pids", offsetof(struct options, pids)},
	{"-P", "TRACE_PORT", "trace_ports", offsetof(struct options, ports)},
	{"-u", "TRACE_UID", "trace_uids", offsetof(struct options, uids)},
	{0},
};

const struct number_list *filter_list__values(const struct filter_list *filter,
					      const struct options *options)
{
	return (const struct number_list *)((const char *)options + filter->values);
}

unsigned int filter_list__entries(const struct number_list *list)
{
	unsigned int entries = ENTRIES_MIN;

	while (entries < list->count)
		entries *= 2;
	return entries;
}
