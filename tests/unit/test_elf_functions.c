// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "trace/elf_functions.h"

static const char *const names[] = {"getaddrinfo", "gethostbyname_r", "no_such_function", ""};
#define NAMES (sizeof(names) / sizeof(names[0]))

/* The library that this program itself runs with. */
static int open_own(char path[4096], void **function)
{
	struct link_map *map;
	Dl_info info;

	*function = dlsym(RTLD_DEFAULT, "getaddrinfo");
	assert_int_not_equal(dladdr1(*function, &info, (void **)&map, RTLD_DL_LINKMAP), 0);
	snprintf(path, 4096, "%s", map->l_name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void functions_of_the_own_library(void **state)
{
	char path[4096];
	unsigned char in_file[16];
	uint64_t offsets[NAMES];
	void *function;
	int fd = open_own(path, &function);
	(void)state;

	if (fd < 0)
		skip(); /* under a sanitizer it is the executable's */
	assert_int_equal(elf_functions__find(fd, names, NAMES, offsets), 0);
	assert_int_not_equal(offsets[0], 0);
	assert_int_not_equal(offsets[1], 0);
	assert_int_equal(offsets[2], 0);
	assert_int_equal(offsets[3], 0);
	assert_int_equal(pread(fd, in_file, sizeof(in_file), (off_t)offsets[0]), sizeof(in_file));
	/* its first instruction may be a breakpoint, where something traces this host */
	assert_memory_equal(in_file + 4, (char *)function + 4, sizeof(in_file) - 4);
	close(fd);
}

static int open_bytes(const void *bytes, size_t size)
{
	int fd = memfd_create("library", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	return fd;
}

static void other_files_are_none(void **state)
{
	Elf32_Ehdr narrow = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32},
			     .e_type = ET_DYN};
	char padded[sizeof(Elf64_Ehdr)] = "";
	uint64_t offsets[NAMES];
	(void)state;

	memcpy(padded, &narrow, sizeof(narrow));
	for (size_t size = 0; size <= sizeof(padded); size += 8) {
		int fd = open_bytes(padded, size);

		assert_int_equal(elf_functions__find(fd, names, NAMES, offsets), -ENOEXEC);
		close(fd);
	}
}

/* Whatever bytes are changed: an end, and no fault. */
static void changed_bytes(void **state)
{
	char path[4096];
	void *function;
	int own = open_own(path, &function), fd;
	struct stat status;
	char *bytes;
	(void)state;

	if (own < 0)
		skip();
	assert_int_equal(fstat(own, &status), 0);
	bytes = malloc((size_t)status.st_size);
	assert_int_equal(read(own, bytes, (size_t)status.st_size), status.st_size);
	fd = open_bytes(bytes, (size_t)status.st_size);
	srand(1);
	for (int i = 0; i < 20000; i++) {
		static const unsigned char values[] = {0, 1, 0x7f, 0x80, 0xff};
		uint64_t offsets[NAMES];
		/* header, segments, and the tables behind them */
		off_t at = rand() % (i % 2 ? 0x400 : 0x10000);

		assert_int_equal(pwrite(fd, &values[rand() % 5], 1, at), 1);
		elf_functions__find(fd, names, NAMES, offsets);
		if (i % 4 == 3)
			assert_int_equal(pwrite(fd, bytes, 0x10000, 0), 0x10000);
	}
	free(bytes);
	close(fd);
	close(own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_of_the_own_library),
		cmocka_unit_test(other_files_are_none),
		cmocka_unit_test(changed_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
