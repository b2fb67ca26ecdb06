// SPDX-License-Identifier: Apache-2.0
#include "elf_functions.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* glibc has 11 segments, and 30 entries of its dynamic section. */
#define SEGMENTS_MAX 64
#define DYNAMIC_MAX  256

/* The longest name that can be looked up. */
#define NAME_MAX_SIZE 128

struct library {
	int fd;
	Elf64_Phdr segments[SEGMENTS_MAX];
	size_t segment_count;
	/* offsets in the file; 0: it has none */
	uint64_t symbols;
	uint64_t strings;
	uint64_t gnu_hash;
	uint64_t hash;
};

static int read_at(int fd, uint64_t offset, void *bytes, size_t size)
{
	ssize_t length = offset > INT64_MAX ? 0 : pread(fd, bytes, size, (off_t)offset);

	if (length < 0)
		return -errno;
	return (size_t)length == size ? 0 : -EINVAL;
}

/* The offset of what is loaded at an address; 0: nothing of the file is. */
static uint64_t to_offset(const struct library *library, uint64_t address)
{
	for (size_t i = 0; i < library->segment_count; i++) {
		const Elf64_Phdr *segment = &library->segments[i];

		if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
		    address - segment->p_vaddr < segment->p_filesz)
			return address - segment->p_vaddr + segment->p_offset;
	}
	return 0;
}

/* Is it for programs as this one is, of which the probes know how they pass arguments? */
static int check_machine(const Elf64_Ehdr *header)
{
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr own;
	int err = self < 0 ? -errno : read_at(self, 0, &own, sizeof(own));

	if (self >= 0)
		close(self);
	if (err)
		return err;
	if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    header->e_ident[EI_CLASS] != ELFCLASS64 ||
	    header->e_ident[EI_DATA] != own.e_ident[EI_DATA] ||
	    header->e_machine != own.e_machine || header->e_type != ET_DYN)
		return -ENOEXEC;
	return 0;
}

static int read_segments(struct library *library)
{
	Elf64_Ehdr header;
	int err = read_at(library->fd, 0, &header, sizeof(header));

	if (!err)
		err = check_machine(&header);
	if (err)
		return err == -EINVAL ? -ENOEXEC : err; /* too short to be one */
	if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > SEGMENTS_MAX)
		return -EINVAL;
	library->segment_count = header.e_phnum;
	return read_at(library->fd, header.e_phoff, library->segments,
		       header.e_phnum * sizeof(Elf64_Phdr));
}

static void take_dynamic(struct library *library, const Elf64_Dyn *entry)
{
	uint64_t offset = to_offset(library, entry->d_un.d_ptr);

	if (entry->d_tag == DT_SYMTAB)
		library->symbols = offset;
	else if (entry->d_tag == DT_STRTAB)
		library->strings = offset;
	else if (entry->d_tag == DT_GNU_HASH)
		library->gnu_hash = offset;
	else if (entry->d_tag == DT_HASH)
		library->hash = offset;
}

static int read_dynamic(struct library *library)
{
	const Elf64_Phdr *dynamic = library->segments, *end = dynamic + library->segment_count;

	while (dynamic < end && dynamic->p_type != PT_DYNAMIC)
		dynamic++;
	if (dynamic == end)
		return -EINVAL;
	for (size_t i = 0; i < DYNAMIC_MAX && i < dynamic->p_filesz / sizeof(Elf64_Dyn); i++) {
		Elf64_Dyn entry;
		int err = read_at(library->fd, dynamic->p_offset + i * sizeof(entry), &entry,
				  sizeof(entry));

		if (err)
			return err;
		if (entry.d_tag == DT_NULL)
			break;
		take_dynamic(library, &entry);
	}
	return library->symbols && library->strings && (library->gnu_hash || library->hash)
		       ? 0
		       : -EINVAL;
}

/* Is a symbol the function of that name? Then it tells where it lies. */
static bool is_function(const struct library *library, uint32_t index, const char *name,
			uint64_t *offset)
{
	size_t size = strlen(name) + 1;
	char found[NAME_MAX_SIZE];
	Elf64_Sym symbol;

	if (read_at(library->fd, library->symbols + (uint64_t)index * sizeof(symbol), &symbol,
		    sizeof(symbol)) != 0 ||
	    ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF)
		return false;
	if (size > sizeof(found) ||
	    read_at(library->fd, library->strings + symbol.st_name, found, size) != 0 ||
	    memcmp(found, name, size) != 0)
		return false;
	*offset = to_offset(library, symbol.st_value);
	return true;
}

static uint32_t hash_gnu(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

static int find_by_gnu_hash(const struct library *library, const char *name, uint64_t *offset)
{
	/* how many buckets, the first symbol, how many words of a filter that is passed over */
	uint32_t head[4], hash = hash_gnu(name), index, chained;
	uint64_t buckets, chains;
	int err = read_at(library->fd, library->gnu_hash, head, sizeof(head));

	if (err || !head[0])
		return err ? err : -EINVAL;
	buckets = library->gnu_hash + sizeof(head) + (uint64_t)head[2] * sizeof(uint64_t);
	chains = buckets + (uint64_t)head[0] * sizeof(uint32_t);
	err = read_at(library->fd, buckets + (uint64_t)(hash % head[0]) * sizeof(index), &index,
		      sizeof(index));
	if (err || index < head[1]) /* an empty bucket */
		return err;
	for (int i = 0; i < ELF_FUNCTIONS_CHAIN_MAX; i++, index++) {
		err = read_at(library->fd, chains + (uint64_t)(index - head[1]) * sizeof(chained),
			      &chained, sizeof(chained));
		if (err)
			return err;
		if ((chained | 1) == (hash | 1) && is_function(library, index, name, offset))
			return 0;
		if (chained & 1) /* the last one */
			return 0;
	}
	return -EINVAL;
}

static uint32_t hash_sysv(const char *name)
{
	uint32_t hash = 0;

	for (; *name; name++) {
		hash = (hash << 4) + (unsigned char)*name;
		hash ^= (hash & 0xf0000000) >> 24;
		hash &= 0x0fffffff;
	}
	return hash;
}

static int find_by_hash(const struct library *library, const char *name, uint64_t *offset)
{
	uint32_t head[2], index; /* how many buckets, how many symbols */
	uint64_t at;
	int err = read_at(library->fd, library->hash, head, sizeof(head));

	if (err || !head[0])
		return err ? err : -EINVAL;
	at = library->hash + sizeof(head) + (uint64_t)(hash_sysv(name) % head[0]) * sizeof(index);
	for (int i = 0; i < ELF_FUNCTIONS_CHAIN_MAX; i++) {
		err = read_at(library->fd, at, &index, sizeof(index));
		if (err || index == STN_UNDEF)
			return err;
		if (is_function(library, index, name, offset))
			return 0;
		at = library->hash + sizeof(head) + ((uint64_t)head[0] + index) * sizeof(index);
	}
	return -EINVAL;
}

int elf_functions__find(int fd, const char *const *names, size_t count, uint64_t *offsets)
{
	struct library library = {.fd = fd};
	int err = read_segments(&library);

	if (!err)
		err = read_dynamic(&library);
	memset(offsets, 0, count * sizeof(*offsets));
	for (size_t i = 0; i < count && !err; i++)
		err = library.gnu_hash ? find_by_gnu_hash(&library, names[i], &offsets[i])
				       : find_by_hash(&library, names[i], &offsets[i]);
	return err;
}
