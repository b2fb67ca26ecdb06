// SPDX-License-Identifier: Apache-2.0
#include "btf_file.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/btf.h>
#include <gelf.h>

#include "file.h"

/* A kernel's takes 5 to 10 MB. */
#define BTF_SIZE_MAX (128 << 20)

static struct btf *read_raw(int fd)
{
	char *bytes = NULL;
	size_t size = 0;
	struct btf *btf = NULL;

	if (file__read_fd(fd, BTF_SIZE_MAX, &bytes, &size) == 0)
		btf = btf__new(bytes, (uint32_t)size);
	free(bytes);
	return btf;
}

static bool is_btf(Elf *elf, size_t names, Elf_Scn *section)
{
	GElf_Shdr header;
	const char *name =
		gelf_getshdr(section, &header) ? elf_strptr(elf, names, header.sh_name) : NULL;

	return name && strcmp(name, ".BTF") == 0;
}

static struct btf *read_section(Elf *elf)
{
	Elf_Scn *section = NULL;
	Elf_Data *data = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) != 0)
		return NULL;
	while (!data && (section = elf_nextscn(elf, section)) != NULL)
		if (is_btf(elf, names, section))
			data = elf_rawdata(section, NULL);
	return data && data->d_size <= BTF_SIZE_MAX ? btf__new(data->d_buf, (uint32_t)data->d_size)
						    : NULL;
}

struct btf *btf_file__read(int fd)
{
	struct btf *btf;
	Elf *elf;

	if (lseek(fd, 0, SEEK_SET) != 0 || elf_version(EV_CURRENT) == EV_NONE)
		return NULL;
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	btf = elf && elf_kind(elf) == ELF_K_ELF ? read_section(elf) : NULL;
	if (!btf && lseek(fd, 0, SEEK_SET) == 0)
		btf = read_raw(fd);
	elf_end(elf);
	return btf;
}
