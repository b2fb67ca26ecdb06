// SPDX-License-Identifier: Apache-2.0
#include "object.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <gelf.h>
#include <libelf.h>
#include <zlib.h>

#include "object_sections.h"

void object__seal(const void *elf, size_t size, char seal[OBJECT_SEAL_SIZE + 1])
{
	snprintf(seal, OBJECT_SEAL_SIZE + 1, "\ntcpconnect crc32 %08lx\n",
		 crc32(crc32(0, NULL, 0), elf, (uInt)size));
}

int object__check(const void *bytes, size_t size)
{
	char seal[OBJECT_SEAL_SIZE + 1];
	size_t elf_size = size - OBJECT_SEAL_SIZE;

	if (size <= OBJECT_SEAL_SIZE || size > OBJECT_MAX)
		return -EBADMSG;
	object__seal(bytes, elf_size, seal);
	return memcmp((const char *)bytes + elf_size, seal, OBJECT_SEAL_SIZE) == 0 ? 0 : -EBADMSG;
}

static int find_section(Elf *elf, const char *name, const char **section, size_t *section_size)
{
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) != 0)
		return -ENOENT;
	while ((scn = elf_nextscn(elf, scn)) != NULL) {
		GElf_Shdr header;
		const char *found;
		Elf_Data *data;

		if (!gelf_getshdr(scn, &header))
			continue;
		found = elf_strptr(elf, names, header.sh_name);
		if (!found || strcmp(found, name) != 0)
			continue;
		data = elf_rawdata(scn, NULL);
		if (!data)
			return -ENOENT;
		*section = data->d_buf ? data->d_buf : "";
		*section_size = data->d_size;
		return 0;
	}
	return -ENOENT;
}

int object__section(const void *bytes, size_t size, const char *name, const char **section,
		    size_t *section_size)
{
	Elf *elf;
	int err;

	elf_version(EV_CURRENT);
	elf = elf_memory((char *)bytes, size); /* only read: the data of sections lies in `bytes` */
	if (!elf)
		return -ENOENT;
	err = find_section(elf, name, section, section_size);
	elf_end(elf);
	return err;
}

int object__kernel(const void *bytes, size_t size, struct kernel_identity *kernel)
{
	const char *lines;
	size_t length;
	int err = object__section(bytes, size, OBJECT_KERNEL_SECTION, &lines, &length);

	return err ? err : kernel_identity__read(kernel, lines, length);
}
