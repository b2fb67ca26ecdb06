// SPDX-License-Identifier: Apache-2.0
/*
 * Connects through io_uring: `uring_connect ADDRESS PORT` prints its pid and local port; 77: no
 * io_uring.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET}, local;
	socklen_t size = sizeof(local);
	struct io_uring ring;
	struct io_uring_cqe *done;
	int fd, err;

	alarm(60); /* no wait is longer */
	if (argc != 3 || inet_pton(AF_INET, argv[1], &address.sin_addr) != 1)
		return 2;
	address.sin_port = htons(atoi(argv[2]));
	err = io_uring_queue_init(4, &ring, 0);
	if (err == -ENOSYS || err == -EPERM)
		return 77;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (err || fd < 0) {
		fprintf(stderr, "io_uring_queue_init: %d, socket: %d\n", err, fd);
		return 1;
	}
	io_uring_prep_connect(io_uring_get_sqe(&ring), fd, (struct sockaddr *)&address,
			      sizeof(address));
	io_uring_submit(&ring);
	do
		err = io_uring_wait_cqe(&ring, &done);
	while (err == -EINTR);
	if (err || done->res != 0) {
		fprintf(stderr, "io_uring_wait_cqe: %d, connect: %d\n", err, err ? 0 : done->res);
		return 1;
	}
	getsockname(fd, (struct sockaddr *)&local, &size);
	printf("%d %d\n", getpid(), ntohs(local.sin_port));
	io_uring_queue_exit(&ring);
	close(fd);
	return 0;
}
