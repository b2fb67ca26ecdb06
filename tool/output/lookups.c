// SPDX-License-Identifier: Apache-2.0
#include "lookups.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "container.h"

/* A host's connects come from few users and few cgroups; of two in one place the later one stays. */
#define PLACES 64

struct lookups {
	struct {
		bool known;
		uint32_t uid;
		char name[64];
	} users[PLACES];
	struct {
		bool known, is_container;
		uint64_t cgroup;
		char id[CONTAINER_ID_SIZE];
	} containers[PLACES];
};

struct lookups *lookups__new(void)
{
	return calloc(1, sizeof(struct lookups));
}

void lookups__free(struct lookups *lookups)
{
	free(lookups);
}

const char *lookups__user(struct lookups *lookups, uint32_t uid)
{
	typeof(&lookups->users[0]) place = &lookups->users[uid % PLACES];
	struct passwd entry, *found = NULL;
	char memory[4096];

	if (place->known && place->uid == uid)
		return place->name;
	place->known = true;
	place->uid = uid;
	if (getpwuid_r(uid, &entry, memory, sizeof(memory), &found) == 0 && found)
		snprintf(place->name, sizeof(place->name), "%s", found->pw_name);
	else
		snprintf(place->name, sizeof(place->name), "%u", uid);
	return place->name;
}

const char *lookups__container(struct lookups *lookups, uint64_t cgroup, const char *path)
{
	typeof(&lookups->containers[0]) place = &lookups->containers[cgroup % PLACES];

	if (!path)
		return NULL;
	if (!place->known || place->cgroup != cgroup) {
		place->known = true;
		place->cgroup = cgroup;
		place->is_container = container__id(path, place->id, sizeof(place->id));
	}
	return place->is_container ? place->id : NULL;
}
