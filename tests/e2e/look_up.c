// SPDX-License-Identifier: Apache-2.0
/*
 * Looks names up with getaddrinfo() of the C library that this is linked with, and connects to each
 * address: `look_up PORT NAME`, or `look_up PORT` for a name in each line of stdin, after which it
 * prints the line.
 */
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int look_up(const char *name, const char *port)
{
	const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	int err;

	err = getaddrinfo(name, port, &hints, &found);
	if (err) {
		fprintf(stderr, "look_up: %s: %s\n", name, gai_strerror(err));
		return 1;
	}
	for (const struct addrinfo *each = found; each; each = each->ai_next) {
		int fd = socket(each->ai_family, each->ai_socktype, each->ai_protocol);

		connect(fd, each->ai_addr, each->ai_addrlen);
		close(fd);
	}
	freeaddrinfo(found);
	return 0;
}

int main(int argc, char **argv)
{
	char line[256];

	alarm(3600); /* no wait is longer */
	if (argc != 2 && argc != 3) {
		fputs("usage: look_up PORT [NAME]\n", stderr);
		return 2;
	}
	if (argc == 3)
		return look_up(argv[2], argv[1]);
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		look_up(line, argv[1]);
		puts(line);
		fflush(stdout);
	}
	return 0;
}
