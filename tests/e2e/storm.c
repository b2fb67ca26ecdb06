// SPDX-License-Identifier: Apache-2.0
/*
 * Back-to-back connects that are refused: `storm COUNT ADDRESS PORT` prints how many a second there
 * were. It fails when one ended otherwise, since that may not have gone out.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	long count = argc == 4 ? atol(argv[1]) : 0;
	double begin;

	alarm(600); /* no wait is longer */
	if (count <= 0 || inet_pton(AF_INET, argv[2], &address.sin_addr) != 1) {
		fputs("usage: storm COUNT ADDRESS PORT\n", stderr);
		return 2;
	}
	address.sin_port = htons(atoi(argv[3]));
	begin = seconds();
	for (long i = 0; i < count; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (fd < 0)
			return 1;
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ||
		    errno != ECONNREFUSED) {
			perror("storm: connect");
			return 1;
		}
		close(fd);
	}
	printf("%.0f\n", count / (seconds() - begin));
	return 0;
}
