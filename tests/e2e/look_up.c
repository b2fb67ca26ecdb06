// SPDX-License-Identifier: Apache-2.0
/* Looks a name up with getaddrinfo() of the C library that this is linked with, and connects to
 * each address. */
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	int err;

	if (argc != 3) {
		fputs("usage: look_up NAME PORT\n", stderr);
		return 2;
	}
	err = getaddrinfo(argv[1], argv[2], &hints, &found);
	if (err) {
		fprintf(stderr, "look_up: %s: %s\n", argv[1], gai_strerror(err));
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
