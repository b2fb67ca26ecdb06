// SPDX-License-Identifier: Apache-2.0
/*
 * Datagrams over loopback, from one socket to another of this process.
 *
 * `datagrams plain COUNT`: of 1,400 bytes, none of them from port 53; prints how many a second went
 * through.
 *
 * `datagrams answers COUNT RATE`: DNS answers from port 53, each with a name and an address of its
 * own, RATE a second at most; prints how many a second were sent. All answer the one question that
 * was asked before. Needs root.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DNS_PORT 53

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/*
 * Two UDP sockets on loopback, the first one connected to the second; the sender's port, or 0 for
 * any.
 */
static int open_pair(uint16_t sender_port, int sockets[2])
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in address = any;
	socklen_t size = sizeof(address);

	any.sin_port = htons(sender_port);
	sockets[0] = socket(AF_INET, SOCK_DGRAM, 0);
	sockets[1] = socket(AF_INET, SOCK_DGRAM, 0);
	return bind(sockets[1], (struct sockaddr *)&address, sizeof(address)) ||
	       getsockname(sockets[1], (struct sockaddr *)&address, &size) ||
	       bind(sockets[0], (struct sockaddr *)&any, sizeof(any)) ||
	       connect(sockets[0], (struct sockaddr *)&address, sizeof(address));
}

static double plain(long count)
{
	char bytes[1400] = "";
	int sockets[2];
	double begin;

	if (open_pair(0, sockets) != 0)
		return -1;
	begin = seconds();
	for (long i = 0; i < count; i++)
		if (send(sockets[0], bytes, sizeof(bytes), 0) < 0 ||
		    recv(sockets[1], bytes, sizeof(bytes), 0) < 0)
			return -1;
	return count / (seconds() - begin);
}

/*
 * An answer (RFC 1035, 4.1) for the name of eight hexadecimal digits, with the address 10.x.y.z:
 * its length.
 */
static size_t make_answer(uint32_t number, uint8_t *bytes)
{
	static const uint8_t header[] = {0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 8};
	static const uint8_t type_a[] = {0, 0, 1, 0, 1};
	static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10};
	size_t length = 0;

	memcpy(bytes, header, sizeof(header));
	length += sizeof(header);
	length += snprintf((char *)bytes + length, 9, "%08x", number);
	memcpy(bytes + length, type_a, sizeof(type_a));
	length += sizeof(type_a);
	memcpy(bytes + length, record, sizeof(record));
	length += sizeof(record);
	bytes[length++] = number >> 16;
	bytes[length++] = number >> 8;
	bytes[length++] = number;
	return length;
}

/* The receiver asks the sender: all answers have the id of this question. */
static int ask(int sockets[2])
{
	static const uint8_t question[] = {0, 1, 1, 0,	 0, 1, 0, 0, 0, 0,
					   0, 0, 1, 'a', 0, 0, 1, 0, 1};
	struct sockaddr_in server;
	socklen_t size = sizeof(server);
	uint8_t bytes[64];

	return getsockname(sockets[0], (struct sockaddr *)&server, &size) ||
	       sendto(sockets[1], question, sizeof(question), 0, (struct sockaddr *)&server, size) <
		       0 ||
	       recv(sockets[0], bytes, sizeof(bytes), 0) < 0;
}

static double answers(long count, double rate)
{
	uint8_t bytes[64];
	int sockets[2];
	double begin;

	if (open_pair(DNS_PORT, sockets) != 0 || ask(sockets) != 0)
		return -1;
	begin = seconds();
	for (long i = 0; i < count; i++) {
		while (i / rate > seconds() - begin)
			;
		if (send(sockets[0], bytes, make_answer(i, bytes), 0) < 0 ||
		    recv(sockets[1], bytes, sizeof(bytes), 0) < 0)
			return -1;
	}
	return count / (seconds() - begin);
}

int main(int argc, char **argv)
{
	double rate = -1;

	alarm(600); /* no wait is longer */
	if (argc == 3 && strcmp(argv[1], "plain") == 0)
		rate = plain(atol(argv[2]));
	else if (argc == 4 && strcmp(argv[1], "answers") == 0)
		rate = answers(atol(argv[2]), atof(argv[3]));
	else
		fputs("usage: datagrams plain COUNT | answers COUNT RATE\n", stderr);
	if (rate < 0) {
		perror("datagrams");
		return 1;
	}
	printf("%.0f\n", rate);
	return 0;
}
