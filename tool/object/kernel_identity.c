// SPDX-License-Identifier: Apache-2.0
#include "kernel_identity.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "file.h"

#define NOTES "/sys/kernel/notes"

/* The notes of an ELF file (elf(5)), each padded to four bytes. */
static size_t padded(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

static void write_hex(const uint8_t *bytes, size_t size, char out[65])
{
	for (size_t i = 0; i < size && i < 32; i++)
		sprintf(out + 2 * i, "%02x", bytes[i]);
}

/* The running kernel's build id; leaves `out` as it is when the kernel has none. */
static void read_build_id(char out[65])
{
	ElfW(Nhdr) note;
	char *bytes = NULL;
	size_t size = 0;

	if (file__read(NOTES, 65536, &bytes, &size) != 0)
		return;
	for (size_t at = 0; at + sizeof(note) <= size;) {
		size_t name = at + sizeof(note), data;

		memcpy(&note, bytes + at, sizeof(note));
		data = name + padded(note.n_namesz);
		if (data > size || note.n_descsz > size - data)
			break;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof(ELF_NOTE_GNU) &&
		    memcmp(bytes + name, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0) {
			write_hex((const uint8_t *)bytes + data, note.n_descsz, out);
			break;
		}
		at = data + padded(note.n_descsz);
	}
	free(bytes);
}

void kernel_identity__get(struct kernel_identity *identity, const char *release)
{
	struct utsname uts;

	uname(&uts);
	*identity = (struct kernel_identity){0};
	snprintf(identity->machine, sizeof(identity->machine), "%s", uts.machine);
	snprintf(identity->release, sizeof(identity->release), "%s",
		 release ? release : uts.release);
	if (strcmp(identity->release, uts.release) != 0)
		return;
	snprintf(identity->version, sizeof(identity->version), "%s", uts.version);
	read_build_id(identity->build_id);
}

void kernel_identity__write(const struct kernel_identity *identity, char *out, size_t size)
{
	snprintf(out, size, "%s\n%s\n%s\n%s\n", identity->release, identity->version,
		 identity->machine, identity->build_id);
}

int kernel_identity__read(struct kernel_identity *identity, const char *in, size_t length)
{
	char *fields[] = {identity->release, identity->version, identity->machine,
			  identity->build_id};

	for (size_t i = 0; i < 4; i++) {
		const char *end = memchr(in, '\n', length);
		size_t size = end ? (size_t)(end - in) : 0;

		if (!end || size >= sizeof(identity->release))
			return -EINVAL;
		memcpy(fields[i], in, size);
		fields[i][size] = '\0';
		in = end + 1;
		length -= size + 1;
	}
	return length == 0 ? 0 : -EINVAL;
}

/* Are they the same, or is one of them not known? */
static bool fits(const char *a, const char *b)
{
	return !a[0] || !b[0] || strcmp(a, b) == 0;
}

bool kernel_identity__same(const struct kernel_identity *a, const struct kernel_identity *b)
{
	return strcmp(a->release, b->release) == 0 && strcmp(a->machine, b->machine) == 0 &&
	       fits(a->version, b->version) && fits(a->build_id, b->build_id);
}
