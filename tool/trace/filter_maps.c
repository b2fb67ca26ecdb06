// SPDX-License-Identifier: Apache-2.0
#include "filter_maps.h"

#include <err.h>
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "filter_list.h"
#include "pid_namespace.h"

static int fill(const struct bpf_map *map, const struct number_list *list)
{
	const __u8 passes = 1;
	int err = 0;

	for (size_t i = 0; i < list->count && !err; i++)
		err = bpf_map_update_elem(bpf_map__fd(map), &list->values[i], &passes, BPF_ANY);
	return err;
}

/* A list that no map takes would filter nothing, a map that no list fills lets nothing through. */
static int check(const struct filter_list *filter, const struct bpf_map *map,
		 const struct number_list *list)
{
	if (!map && list->count > FILTER_LIST_SHORT)
		warnx("%s: the probes have no map '%s', which takes a list of more than %d values: "
		      "filter.h of this version declares it",
		      filter->option, filter->map, FILTER_LIST_SHORT);
	else if (map && !list->count)
		warnx("the object filters by %s and does not have the list itself: it is one of "
		      "the cache; make one for a file with --compile-only",
		      filter->option);
	else if (map && (bpf_map__key_size(map) != sizeof(*list->values) ||
			 bpf_map__value_size(map) != sizeof(__u8)))
		warnx("the probes' map '%s' is not from u32 to u8", filter->map);
	else
		return 0;
	return -EINVAL;
}

/* An object without the map counts as the host does, which is right where the tool runs there. */
static int fill_pid_namespace(const struct bpf_object *object)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(object, "pid_namespace");
	const __u32 own = pid_namespace__own();
	const int zero = 0;
	int err;

	if (!map && !pid_namespace__is_initial())
		warnx("warning: the numbers of processes, -p's too, are the host's and not those of "
		      "this PID namespace: the object was compiled outside of one, or its filter.h is "
		      "of an earlier version");
	if (!map)
		return 0;
	if (bpf_map__key_size(map) != sizeof(zero) || bpf_map__value_size(map) != sizeof(own)) {
		warnx("the probes' map 'pid_namespace' is not an array of u32");
		return -EINVAL;
	}
	err = bpf_map_update_elem(bpf_map__fd(map), &zero, &own, BPF_ANY);
	if (err)
		warnx("cannot fill the map 'pid_namespace': %s", strerror(-err));
	return err;
}

int filter_maps__fill(const struct bpf_object *object, const struct options *options)
{
	for (const struct filter_list *filter = filter_lists; filter->define; filter++) {
		const struct bpf_map *map = bpf_object__find_map_by_name(object, filter->map);
		const struct number_list *list = filter_list__values(filter, options);
		int err = check(filter, map, list);

		if (err)
			return err;
		err = map ? fill(map, list) : 0;
		if (err) {
			warnx("%s: cannot fill the map '%s': %s", filter->option, filter->map,
			      strerror(-err));
			return err;
		}
	}
	return fill_pid_namespace(object);
}
