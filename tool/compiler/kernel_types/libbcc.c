// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "libbcc.h"
#include "c_text.h"
#include "tokens.h"

struct search {
	ElfW(Addr) address; /* of something in libbcc */
	const char *found;
};

static bool covers(const struct dl_phdr_info *library, const ElfW(Phdr) * segment,
		   ElfW(Addr) address)
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

	(void)size;
	for (size_t i = 0; i < library->dlpi_phnum; i++)
		is_libbcc = is_libbcc || covers(library, &library->dlpi_phdr[i], search->address);
	for (size_t i = 0; is_libbcc && !search->found && i < library->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &library->dlpi_phdr[i];

		if (segment->p_type == PT_LOAD && segment->p_flags & PF_R)
			search->found = memmem((const char *)library->dlpi_addr + segment->p_vaddr,
					       segment->p_filesz, guard, sizeof(guard) - 1);
	}
	return is_libbcc;
}

const char *libbcc__bpf_h(void)
{
	struct search search = {
		.address = (ElfW(Addr))dlsym(RTLD_DEFAULT, "bpf_module_create_c_from_string")};

	if (search.address)
		dl_iterate_phdr(search_library, &search);
	return search.found;
}

/* Both headers list the helpers as FN(map_lookup_elem, …), arguments of one macro. */
static bool names_all_helpers(const struct tokens *libbcc, const struct c_text *kernel)
{

	for (size_t i = 0; i + 2 < libbcc->count; i++) {
		const struct token *helper = &libbcc->list[i + 2];
		struct word *word;

		if (!tokens__is(libbcc, i, "FN") || !tokens__is(libbcc, i + 1, "(") ||
		    !helper->word)
			continue;
		HASH_FIND(hh, kernel->words, helper->start, helper->length, word);
		if (!word)
			return false;
	}
	return true;
}

bool libbcc__accepts_bpf_h(const char *bpf_h)
{
	const char *own = libbcc__bpf_h();
	struct c_text kernel = {0};
	struct tokens libbcc;
	bool accepts = false;

	if (!own || tokens__cut(own, strlen(own), &libbcc))
		return false;
	accepts = !c_text__read(&kernel, bpf_h) && names_all_helpers(&libbcc, &kernel);
	free(libbcc.list);
	c_text__free(&kernel);
	return accepts;
}
