// SPDX-License-Identifier: Apache-2.0
#include "pinned_map.h"

#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/* bpf_obj_get() opens programs and links too; the descriptor's link in /proc tells. */
static bool is_map(int fd)
{
	char link[64], target[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = '\0';
	return strcmp(target, "anon_inode:bpf-map") == 0;
}

static int check(int fd, const struct bpf_map *map, const char *path, const char *option)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);

	if (!is_map(fd) || bpf_obj_get_info_by_fd(fd, &info, &size) != 0) {
		warnx("%s %s: pinned there is something else than a map", option, path);
		return -EINVAL;
	}
	if (info.type != BPF_MAP_TYPE_HASH || info.key_size != bpf_map__key_size(map) ||
	    info.value_size != bpf_map__value_size(map)) {
		warnx("%s %s: not the right kind of map: it has type %u, keys of %u and values "
		      "of %u bytes; make it with: bpftool map create %s type hash key %u value "
		      "%u entries 128 name filter",
		      option, path, info.type, info.key_size, info.value_size, path,
		      bpf_map__key_size(map), bpf_map__value_size(map));
		return -EINVAL;
	}
	return 0;
}

static void report_open(int err, const char *path, const char *option)
{
	if (err == -EINVAL || err == -EACCES)
		warnx("%s %s: no pinned BPF map; see \"Filtering by cgroup\" in tcpconnect(8)",
		      option, path);
	else
		warnx("%s %s: %s; make it with bpftool map create, see tcpconnect(8)", option, path,
		      strerror(-err));
}

int pinned_map__use(struct bpf_object *object, const char *name, const char *path,
		    const char *option)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);
	int fd, err;

	if (!map && !path)
		return 0;
	if (!map) {
		warnx("%s %s: the object was compiled without this filter", option, path);
		return -EINVAL;
	}
	if (!path) {
		warnx("the object was compiled with %s: give it the path of the pinned map",
		      option);
		return -EINVAL;
	}
	fd = bpf_obj_get(path);
	if (fd < 0) {
		err = -errno;
		report_open(err, path, option);
		return err;
	}
	err = check(fd, map, path, option);
	if (!err) {
		err = bpf_map__reuse_fd(map, fd); /* duplicates the descriptor */
		if (err)
			warnx("%s %s: %s", option, path, strerror(-err));
	}
	close(fd);
	return err;
}
