// SPDX-License-Identifier: Apache-2.0
/*
 * Looks a name up with io_uring and connects: `dns_uring RESOLVER NAME ADDRESS PORT`, all of IPv4.
 * The connect goes to ADDRESS, whatever the answer says. 77: no io_uring.
 */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <liburing.h>
#include <resolv.h>
#include <stdlib.h>
#include <unistd.h>

static int receive(struct io_uring *ring, int fd, unsigned char *buffer, size_t size)
{
	struct io_uring_cqe *done;
	int received;

	io_uring_prep_recv(io_uring_get_sqe(ring), fd, buffer, size, 0);
	io_uring_submit(ring);
	if (io_uring_wait_cqe(ring, &done) != 0)
		return -1;
	received = done->res;
	io_uring_cqe_seen(ring, done);
	return received;
}

static int look_up(struct io_uring *ring, const struct sockaddr_in *resolver, const char *name)
{
	unsigned char message[NS_PACKETSZ];
	int length = res_mkquery(ns_o_query, name, ns_c_in, ns_t_a, NULL, 0, NULL, message,
				 sizeof(message));
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int received = -1;

	if (length > 0 && fd >= 0 &&
	    connect(fd, (const struct sockaddr *)resolver, sizeof(*resolver)) == 0 &&
	    send(fd, message, length, 0) == length)
		received = receive(ring, fd, message, sizeof(message));
	close(fd);
	return received > 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct sockaddr_in resolver = {.sin_family = AF_INET, .sin_port = htons(NS_DEFAULTPORT)};
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct io_uring ring;
	int err, fd;

	alarm(60); /* no wait is longer */
	if (argc != 5 || inet_pton(AF_INET, argv[1], &resolver.sin_addr) != 1 ||
	    inet_pton(AF_INET, argv[3], &address.sin_addr) != 1)
		return 2;
	address.sin_port = htons(atoi(argv[4]));
	err = io_uring_queue_init(4, &ring, 0);
	if (err == -ENOSYS || err == -EPERM)
		return 77;
	if (err || look_up(&ring, &resolver, argv[2]) != 0)
		return 1;
	io_uring_queue_exit(&ring);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0)
		return 1;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 && errno != ECONNREFUSED)
		return 1;
	close(fd);
	return 0;
}
