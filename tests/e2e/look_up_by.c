// SPDX-License-Identifier: Apache-2.0
/*
 * Looks names up by a function of the C library that this is linked with, and connects to each IPv4
 * address: `look_up_by FUNCTION PORT NAME…`, or without names those in the lines of stdin, after
 * each of which it prints the line.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static in_port_t port;

static void connect_to(struct in_addr address)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = port, .sin_addr = address};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	connect(fd, (struct sockaddr *)&to, sizeof(to));
	close(fd);
}

static int connect_to_all(const struct hostent *host)
{
	for (char **each = host ? host->h_addr_list : NULL; each && *each; each++) {
		struct in_addr address;

		memcpy(&address, *each, sizeof(address));
		connect_to(address);
	}
	return !host;
}

static int by_getaddrinfo(const char *name)
{
	const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;

	if (getaddrinfo(name, NULL, &hints, &found))
		return 1;
	for (const struct addrinfo *each = found; each; each = each->ai_next)
		connect_to(((struct sockaddr_in *)each->ai_addr)->sin_addr);
	freeaddrinfo(found);
	return 0;
}

static int by_gethostbyname(const char *name)
{
	return connect_to_all(gethostbyname(name));
}

static int by_gethostbyname2(const char *name)
{
	return connect_to_all(gethostbyname2(name, AF_INET));
}

static int by_gethostbyname_r(const char *name)
{
	static char buffer[65536];
	struct hostent host, *found = NULL;
	int error;

	return gethostbyname_r(name, &host, buffer, sizeof(buffer), &found, &error) ||
	       connect_to_all(found);
}

static int by_gethostbyname2_r(const char *name)
{
	static char buffer[65536];
	struct hostent host, *found = NULL;
	int error;

	return gethostbyname2_r(name, AF_INET, &host, buffer, sizeof(buffer), &found, &error) ||
	       connect_to_all(found);
}

static const struct function {
	const char *name;
	int (*look_up)(const char *name);
} functions[] = {
	{"getaddrinfo", by_getaddrinfo},	   {"gethostbyname", by_gethostbyname},
	{"gethostbyname2", by_gethostbyname2},	   {"gethostbyname_r", by_gethostbyname_r},
	{"gethostbyname2_r", by_gethostbyname2_r}, {NULL, NULL},
};

static int look_up(const struct function *function, const char *name)
{
	int failed = function->look_up(name);

	if (failed)
		fprintf(stderr, "look_up_by: %s(\"%s\") finds nothing\n", function->name, name);
	return failed;
}

int main(int argc, char **argv)
{
	const struct function *function = functions;
	char line[256];
	int failed = 0;

	alarm(600); /* no wait is longer */
	while (argc >= 3 && function->name && strcmp(function->name, argv[1]) != 0)
		function++;
	if (argc < 3 || !function->name) {
		fputs("usage: look_up_by FUNCTION PORT [NAME...]\n", stderr);
		return 2;
	}
	port = htons((in_port_t)atoi(argv[2]));
	for (int i = 3; i < argc; i++)
		failed |= look_up(function, argv[i]);
	if (argc > 3)
		return failed;
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		look_up(function, line);
		puts(line);
		fflush(stdout);
	}
	return 0;
}
