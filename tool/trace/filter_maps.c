// SPDX-License-Identifier: Apache-2.0
#include "filter_maps.h"

#include <err.h>
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "filter_list.h"

static int fill(const struct bpf_map *map, const struct number_list *list)
{
	const __u8 passes = 1;
	int err = 0;

	for (size_t i = 0; i < list->count && !err; i++)
		err = bpf_map_update_elem(bpf_map__fd(map), &list->values[i], &passes, BPF_ANY);
	return err;
}

int filter_maps__fill(const struct bpf_object *object, const struct options *options)
{
	for (const struct filter_list *filter = filter_lists; filter->define; filter++) {
		const struct bpf_map *map = bpf_object__find_map_by_name(object, filter->map);
		int err = map ? fill(map, filter_list__values(filter, options)) : 0;

		if (err) {
			warnx("%s: cannot fill the map '%s': %s", filter->option, filter->map,
			      strerror(-err));
			return err;
		}
	}
	return 0;
}
