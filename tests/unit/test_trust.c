// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <limits.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "trust.h"

struct place {
	char directory[64];
	char file[80];
};

/* A directory under /tmp, which has the sticky bit, with a file in it. */
static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	int fd;

	strcpy(place->directory, "/tmp/tcpconnect-trust-XXXXXX");
	if (!mkdtemp(place->directory))
		return -1;
	snprintf(place->file, sizeof(place->file), "%s/file", place->directory);
	fd = open(place->file, O_CREAT | O_WRONLY, 0644);
	close(fd);
	*state = place;
	return fd < 0 ? -1 : 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;

	unlink(place->file);
	rmdir(place->directory);
	free(place);
	return 0;
}

static void assert_refused(const struct place *place, const char *word)
{
	char resolved[PATH_MAX], why[512] = "";

	assert_int_equal(trust__path(place->file, resolved, why, sizeof(why)), -EPERM);
	assert_non_null(strstr(why, word));
}

static void own_files_are_trusted(void **state)
{
	struct place *place = *state;
	char resolved[PATH_MAX], why[512];

	assert_int_equal(trust__path(place->file, resolved, why, sizeof(why)), 0);
}

static void a_writable_file_is_not(void **state)
{
	struct place *place = *state;

	chmod(place->file, 0664);
	assert_refused(place, "writable");
	chmod(place->file, 0646);
	assert_refused(place, "writable");
}

static void nor_one_in_a_writable_directory(void **state)
{
	struct place *place = *state;

	chmod(place->directory, 0777);
	assert_refused(place, place->directory);
}

static void nor_one_of_another_user(void **state)
{
	struct place *place = *state;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(place->file, 65534, 65534), 0);
	assert_refused(place, "65534");
	assert_int_equal(chown(place->file, 0, 0), 0);
	assert_int_equal(chown(place->directory, 65534, 65534), 0);
	assert_refused(place, "65534");
}

static void what_is_not_there(void **state)
{
	char resolved[PATH_MAX], why[512];
	(void)state;

	assert_int_equal(trust__path("/tmp/tcpconnect-is-not-here", resolved, why, sizeof(why)),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(own_files_are_trusted, make_place, remove_place),
		cmocka_unit_test_setup_teardown(a_writable_file_is_not, make_place, remove_place),
		cmocka_unit_test_setup_teardown(nor_one_in_a_writable_directory, make_place,
						remove_place),
		cmocka_unit_test_setup_teardown(nor_one_of_another_user, make_place, remove_place),
		cmocka_unit_test(what_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
