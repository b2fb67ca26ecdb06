// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Who asks. A packet arrives in the name of no process, so the process that connects a socket to a DNS
 * server, or sends to one, is kept for the socket's cookie. An answer for a socket that was connected
 * before tracing began comes without a process.
 */
#define DNS_ASKERS 4096

BPF_TABLE("lru_hash", u64, u32, dns_askers, DNS_ASKERS); /* to the thread group */

static __always_inline int dns_note_asker(struct bpf_sock_addr *server)
{
	u64 cookie;
	u32 pid;

	if (server->user_port != htons(DNS_PORT))
		return 1;
	cookie = bpf_get_socket_cookie(server);
	pid = bpf_get_current_pid_tgid() >> 32;
	dns_askers.update(&cookie, &pid);
	return 1;
}

/* TCP, and UDP with a connected socket. */
int cgroup__connect4(struct bpf_sock_addr *server)
{
	return dns_note_asker(server);
}

int cgroup__connect6(struct bpf_sock_addr *server)
{
	return dns_note_asker(server);
}

/* UDP with a socket that isn't: each datagram. */
int cgroup__sendmsg4(struct bpf_sock_addr *server)
{
	return dns_note_asker(server);
}

int cgroup__sendmsg6(struct bpf_sock_addr *server)
{
	return dns_note_asker(server);
}
