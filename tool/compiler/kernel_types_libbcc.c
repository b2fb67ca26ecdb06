// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <string.h>

#include "kernel_types_libbcc.h"

struct search {
	ElfW(Addr) address; /* of something in libbcc */
	const char *found;
};

static bool covers(const struct dl_phdr_info *library, const ElfW(Phdr) *segment, ElfW(Addr) address)
{
	ElfW(Addr) start = library->dlpi_addr + segment->p_vaddr;

	return segment->p_type == PT_LOAD && address >= start && address - start < segment->p_memsz;
}

/* Called for each library of the process, until it returns 1. */
static int search_library(struct dl_phdr_info *library, size_t size, void *data)
{
	static const char guard[] = "#ifndef _UAPI__LINUX_BPF_H__";
	struct search *search = data;
	bool is_libbcc = false;
	size_t i;

	(void)size;
	for (i = 0; i < library->dlpi_phnum; i++)
		is_libbcc = is_libbcc || covers(library, &library->dlpi_phdr[i], search->address);
	for (i = 0; is_libbcc && i < library->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &library->dlpi_phdr[i];

		if (segment->p_type == PT_LOAD && segment->p_flags & PF_R && !search->found)
			search->found = memmem((const char *)library->dlpi_addr + segment->p_vaddr,
					       segment->p_filesz, guard, sizeof(guard) - 1);
	}
	return is_libbcc;
}

int libbcc__read_bpf_h(struct c_text *text)
{
	void *entry = dlsym(RTLD_DEFAULT, "bpf_module_create_c_from_string");
	struct search search = {.address = (ElfW(Addr))entry};

	if (!entry || !dl_iterate_phdr(search_library, &search) || !search.found)
		return -ENOENT;
	return c_text__read(text, search.found);
}
