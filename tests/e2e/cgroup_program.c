// SPDX-License-Identifier: Apache-2.0
/*
 * Another agent's program on a cgroup: `cgroup_program CGROUP HOW HOOK [FROM TO]`. At connect4,
 * connect6, sendmsg4 or recvmsg4 it turns one address, or address@port, into another, as Cilium
 * turns a service's into a back end's; elsewhere it lets everything pass.
 *
 * HOW: link, or first (a link before all others, Linux 6.17), or with the older call and its flags:
 * multi, override, alone. Says "attached ID", and takes it away when it is told to end.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

/* linux/bpf.h since Linux 6.15 and 6.17 */
#define F_BEFORE   (1U << 3)
#define F_PREORDER (1U << 6)

#define LIFETIME_S 900

struct hook {
	const char *name;
	enum bpf_prog_type type;
	enum bpf_attach_type attach;
	int family; /* of the address that can be rewritten; 0: none */
};

static const struct hook hooks[] = {
	{"connect4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT, AF_INET},
	{"connect6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_CONNECT, AF_INET6},
	{"sendmsg4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_SENDMSG, AF_INET},
	{"recvmsg4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_RECVMSG, AF_INET},
	{"ingress", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS, 0},
	{"egress", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS, 0},
	{"sockops", BPF_PROG_TYPE_SOCK_OPS, BPF_CGROUP_SOCK_OPS, 0},
};

struct address {
	uint32_t words[4];
	int count; /* of the words */
	int port;  /* network order; -1: any, or as it was */
};

static int fail(const char *what)
{
	fprintf(stderr, "cgroup_program: %s: %s\n", what, strerror(errno));
	return 1;
}

/* ADDRESS or ADDRESS@PORT */
static int read_address(int family, char *text, struct address *address)
{
	char *port = strchr(text, '@');

	address->count = family == AF_INET ? 1 : 4;
	address->port = port ? htons((uint16_t)atoi(port + 1)) : -1;
	if (port)
		*port = '\0';
	return inet_pton(family, text, address->words) == 1 ? 0 : -1;
}

static struct bpf_insn load(size_t offset)
{
	return (struct bpf_insn){.code = BPF_LDX | BPF_MEM | BPF_W,
				 .dst_reg = BPF_REG_2,
				 .src_reg = BPF_REG_1,
				 .off = (int16_t)offset};
}

/* At `at`: on to `end` where they are not equal. */
static struct bpf_insn unless_equal(uint32_t value, size_t at, size_t end)
{
	return (struct bpf_insn){.code = BPF_JMP32 | BPF_JNE | BPF_K,
				 .dst_reg = BPF_REG_2,
				 .off = (int16_t)(end - at - 1),
				 .imm = (int32_t)value};
}

static struct bpf_insn move(int reg, uint32_t value)
{
	return (struct bpf_insn){.code = BPF_ALU | BPF_MOV | BPF_K,
				 .dst_reg = (uint8_t)(reg & 15),
				 .imm = (int32_t)value};
}

static struct bpf_insn store(size_t offset)
{
	return (struct bpf_insn){.code = BPF_STX | BPF_MEM | BPF_W,
				 .dst_reg = BPF_REG_1,
				 .src_reg = BPF_REG_2,
				 .off = (int16_t)offset};
}

#define INSNS_MAX 32
#define PORT	  offsetof(struct bpf_sock_addr, user_port)

static size_t write_rewrite(struct bpf_insn *insns, const struct address *from,
			    const struct address *to)
{
	size_t begin = from->count == 1 ? offsetof(struct bpf_sock_addr, user_ip4)
					: offsetof(struct bpf_sock_addr, user_ip6);
	size_t end = (size_t)(2 * from->count + 2 * (from->port >= 0) + 2 * to->count +
			      2 * (to->port >= 0));
	size_t n = 0;

	for (int i = 0; i < from->count; i++) {
		insns[n++] = load(begin + 4 * (size_t)i);
		insns[n] = unless_equal(from->words[i], n, end);
		n++;
	}
	if (from->port >= 0) {
		insns[n++] = load(PORT);
		insns[n] = unless_equal((uint32_t)from->port, n, end);
		n++;
	}
	for (int i = 0; i < to->count; i++) {
		insns[n++] = move(BPF_REG_2, to->words[i]);
		insns[n++] = store(begin + 4 * (size_t)i);
	}
	if (to->port >= 0) {
		insns[n++] = move(BPF_REG_2, (uint32_t)to->port);
		insns[n++] = store(PORT);
	}
	return n;
}

static int load_program(const struct hook *hook, const struct address *from,
			const struct address *to)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = hook->attach);
	struct bpf_insn insns[INSNS_MAX];
	size_t n = from ? write_rewrite(insns, from, to) : 0;

	insns[n++] = move(BPF_REG_0, 1);
	insns[n++] = (struct bpf_insn){.code = BPF_JMP | BPF_EXIT};
	return bpf_prog_load(hook->type, "other_agent", "GPL", insns, n, &opts);
}

/* A link's descriptor, or 0 with the older call. */
static int attach(const char *how, int program, int cgroup, enum bpf_attach_type type)
{
	LIBBPF_OPTS(bpf_link_create_opts, first, .flags = F_BEFORE | F_PREORDER);

	if (strcmp(how, "link") == 0)
		return bpf_link_create(program, cgroup, type, NULL);
	if (strcmp(how, "first") == 0)
		return bpf_link_create(program, cgroup, type, &first);
	return bpf_prog_attach(program, cgroup, type,
			       strcmp(how, "multi") == 0      ? BPF_F_ALLOW_MULTI
			       : strcmp(how, "override") == 0 ? BPF_F_ALLOW_OVERRIDE
							      : 0);
}

static void wait_for_the_end(void)
{
	sigset_t ends;
	int number;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGALRM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	alarm(LIFETIME_S);
	sigwait(&ends, &number);
}

int main(int argc, char **argv)
{
	const struct hook *hook = hooks, *end = hooks + sizeof(hooks) / sizeof(hooks[0]);
	struct address from, to;
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);
	int cgroup, program, link;

	while (hook < end && argc > 3 && strcmp(hook->name, argv[3]) != 0)
		hook++;
	if ((argc != 4 && argc != 6) || hook == end ||
	    (argc == 6 && (!hook->family || read_address(hook->family, argv[4], &from) != 0 ||
			   read_address(hook->family, argv[5], &to) != 0))) {
		fputs("usage: cgroup_program CGROUP link|first|multi|override|alone HOOK [FROM "
		      "TO]\n",
		      stderr);
		return 2;
	}
	cgroup = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup < 0)
		return fail(argv[1]);
	program = load_program(hook, argc == 6 ? &from : NULL, &to);
	if (program < 0)
		return fail("load");
	link = attach(argv[2], program, cgroup, hook->attach);
	if (link < 0)
		return fail("attach");
	bpf_obj_get_info_by_fd(program, &info, &size);
	printf("attached %u\n", info.id);
	fflush(stdout);
	wait_for_the_end();
	if (!link)
		bpf_prog_detach2(program, cgroup, hook->attach);
	return 0;
}
