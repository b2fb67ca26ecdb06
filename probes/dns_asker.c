// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Who asks, and what for. What is known of a socket that asks DNS servers is kept with the socket: it
 * goes with it, and no other socket's pushes it out. The process that connects it to a server, or
 * sends to one, is noted there, since a packet arrives in the name of no process. So are the ids of
 * the latest questions that it sent over UDP (dns_cgroup.c): an answer to none of them is nobody's.
 */
#define DNS_QUESTIONS 64	/* of a socket, that are known at once */
#define DNS_PATIENCE 60		/* seconds that an answer may take */
#define DNS_RESENT 5		/* seconds after which programs ask again */

struct dns_question {
	u32 sent;	/* in seconds of 2^30 ns */
	u16 id;		/* in network order */
	u16 state;
};

#define DNS_UNUSED 0
#define DNS_WAITS 1
#define DNS_ANSWERED 2		/* another answer may follow: musl asks several servers at once */

struct dns_client {
	u32 asker;	/* the thread group; 0: not known */
	u32 sent;	/* how many questions */
	struct dns_question questions[DNS_QUESTIONS];
};

BPF_SK_STORAGE(dns_clients, struct dns_client);

static __always_inline u32 dns_now(void)
{
	return bpf_ktime_get_ns() >> 30;
}

static __always_inline int dns_note_asker(struct bpf_sock_addr *server)
{
	struct dns_client *client;

	client = dns_clients.sk_storage_get(server->sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (client)
		client->asker = bpf_get_current_pid_tgid() >> 32;
	else
		count_loss(LOSS_DNS_QUESTION);
	return 1;
}

/* Is it a server of the DNS, or was, before a program on a cgroup led the process elsewhere? */
static __always_inline int dns_is_asked(struct bpf_sock_addr *server)
{
#ifdef DNS_ASKING
	int was_asked = dns_was_asked((u64)server->sk);
#else
	int was_asked = 0;
#endif

	return was_asked || server->user_port == htons(DNS_PORT);
}

/* TCP, and UDP with a connected socket. One that is connected elsewhere now has asked before. */
static __always_inline int dns_connect(struct bpf_sock_addr *server)
{
	if (dns_is_asked(server))
		return dns_note_asker(server);
	dns_clients.sk_storage_delete(server->sk);
	return 1;
}

int cgroup__connect4(struct bpf_sock_addr *server)
{
	return dns_connect(server);
}

int cgroup__connect6(struct bpf_sock_addr *server)
{
	return dns_connect(server);
}

/* UDP with a socket that isn't: each datagram. */
int cgroup__sendmsg4(struct bpf_sock_addr *server)
{
	return dns_is_asked(server) ? dns_note_asker(server) : 1;
}

int cgroup__sendmsg6(struct bpf_sock_addr *server)
{
	return dns_is_asked(server) ? dns_note_asker(server) : 1;
}
