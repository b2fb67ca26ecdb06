// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <netinet/if_ether.h>
#include <netinet/in.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "kernel_headers.h"

const struct kernel_header kernel_headers[] = {
	/*
	 * before libbcc's bpf.h, which is written in these names; the rest of the kernel's typedefs
	 * is in BTF
	 */
	{"linux/types.h", "#pragma once\n"
			  "typedef signed char __s8, s8;\n"
			  "typedef unsigned char __u8, u8;\n"
			  "typedef short __s16, s16;\n"
			  "typedef unsigned short __u16, u16, __be16;\n"
			  "typedef int __s32, s32;\n"
			  "typedef unsigned int __u32, u32, __be32;\n"
			  "typedef long long __s64, s64;\n"
			  "typedef unsigned long long __u64, u64, __be64;\n"
			  "typedef __u64 __attribute__((aligned(8))) __aligned_u64;\n"
			  "typedef unsigned long size_t, uintptr_t;\n"
			  "typedef _Bool bool;\n"
			  "#define true 1\n"
			  "#define false 0\n"},
	/* classic BPF's opcodes, for a bpf.h that only includes them */
	{"linux/bpf_common.h", ""},
	/*
	 * what helpers.h includes first: libbcc's bpf.h has been read by then, and the kernel's
	 * types can follow
	 */
	{"uapi/linux/bpf.h", "#include <vmlinux.h>\n"},
	{"uapi/linux/if_packet.h", ""},
	/* of bcc/proto.h */
	{"uapi/linux/if_ether.h", ""},
	/* BPF_STACK_TRACE() */
	{"linux/log2.h",
	 "#pragma once\n"
	 "#define roundup_pow_of_two(n) \\\n"
	 "\t((n) < 2 ? 1UL : 1UL << (8 * sizeof(long) - __builtin_clzl((n) - 1)))\n"},
	{NULL, NULL},
};

struct macro {
	const char *name;
	const char *definition; /* all behind the name, or NULL: the number */
	int number;
	/* stands for a member: a probe that has a variable of that name means another thing */
	bool member;
};

/* The kernel's numbers of its ABI: the same as in this program's own headers. */
#define NUMBER(name)                     \
	{                                \
#name, NULL, name, false \
	}
/* Macros with arguments and compiler attributes. */
#define MACRO(name, definition)            \
	{                                  \
		name, definition, 0, false \
	}
/* Members of struct sock_common by the names that net/sock.h and net/inet_sock.h give them. */
#define MEMBER(name, path)              \
	{                               \
		name, " " path, 0, true \
	}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define SWAP(bits) "(x) ((__u" #bits ")__builtin_bswap" #bits "(x))"
#else
#define SWAP(bits) "(x) ((__u" #bits ")(x))"
#endif

static const struct macro macros[] = {
	NUMBER(AF_UNSPEC),
	NUMBER(AF_UNIX),
	NUMBER(AF_INET),
	NUMBER(AF_INET6),
	NUMBER(AF_NETLINK),
	NUMBER(AF_PACKET),
	NUMBER(AF_VSOCK),
	NUMBER(IPPROTO_IP),
	NUMBER(IPPROTO_ICMP),
	NUMBER(IPPROTO_TCP),
	NUMBER(IPPROTO_UDP),
	NUMBER(IPPROTO_IPV6),
	NUMBER(IPPROTO_ICMPV6),
	NUMBER(SOL_SOCKET),
	NUMBER(MSG_PEEK),
	NUMBER(MSG_TRUNC),
	NUMBER(MSG_DONTWAIT),
	NUMBER(MSG_FASTOPEN),
	NUMBER(ETH_P_IP),
	NUMBER(ETH_P_IPV6),
	NUMBER(ETH_ALEN),
	NUMBER(ETH_HLEN),
	NUMBER(IFNAMSIZ),
	/* what connect() and the functions below it return */
	NUMBER(EPERM),
	NUMBER(ENOENT),
	NUMBER(EINTR),
	NUMBER(EAGAIN),
	NUMBER(ENOMEM),
	NUMBER(EACCES),
	NUMBER(EFAULT),
	NUMBER(EINVAL),
	NUMBER(EOPNOTSUPP),
	NUMBER(EAFNOSUPPORT),
	NUMBER(EADDRINUSE),
	NUMBER(EADDRNOTAVAIL),
	NUMBER(ENETUNREACH),
	NUMBER(ECONNRESET),
	NUMBER(EISCONN),
	NUMBER(ETIMEDOUT),
	NUMBER(ECONNREFUSED),
	NUMBER(EHOSTUNREACH),
	NUMBER(EALREADY),
	NUMBER(EINPROGRESS),
	/* include/linux/sched.h; an enum in BTF since 5.17 */
	{"TASK_COMM_LEN", NULL, 16, false},

	MACRO("NULL", " ((void *)0)"),
	MACRO("offsetof", "(type, member) __builtin_offsetof(type, member)"),
	MACRO("container_of", "(pointer, type, member) \\\n"
			      "\t((type *)((char *)(pointer) - __builtin_offsetof(type, member)))"),
	MACRO("ARRAY_SIZE", "(array) (sizeof(array) / sizeof((array)[0]))"),
	MACRO("likely", "(x) __builtin_expect(!!(x), 1)"),
	MACRO("unlikely", "(x) __builtin_expect(!!(x), 0)"),
	MACRO("barrier", "() asm volatile(\"\" ::: \"memory\")"),
	MACRO("__always_inline", " inline __attribute__((always_inline))"),
	MACRO("noinline", " __attribute__((noinline))"),
	MACRO("__maybe_unused", " __attribute__((unused))"),
	MACRO("__packed", " __attribute__((packed))"),
	MACRO("__aligned", "(bytes) __attribute__((aligned(bytes)))"),
	MACRO("__user", ""),
	MACRO("__rcu", ""),
	MACRO("__percpu", ""),

	MACRO("ntohs", SWAP(16)),
	MACRO("htons", SWAP(16)),
	MACRO("ntohl", SWAP(32)),
	MACRO("htonl", SWAP(32)),
	MACRO("be16_to_cpu", SWAP(16)),
	MACRO("cpu_to_be16", SWAP(16)),
	MACRO("be32_to_cpu", SWAP(32)),
	MACRO("cpu_to_be32", SWAP(32)),
	MACRO("be64_to_cpu", SWAP(64)),
	MACRO("cpu_to_be64", SWAP(64)),

	/* a socket seen as the larger struct around it */
	MACRO("inet_sk", "(sk) ((struct inet_sock *)(sk))"),
	MACRO("inet_csk", "(sk) ((struct inet_connection_sock *)(sk))"),
	MACRO("tcp_sk", "(sk) ((struct tcp_sock *)(sk))"),
	MACRO("udp_sk", "(sk) ((struct udp_sock *)(sk))"),

	MEMBER("sk_family", "__sk_common.skc_family"),
	MEMBER("sk_state", "__sk_common.skc_state"),
	MEMBER("sk_num", "__sk_common.skc_num"),
	MEMBER("sk_dport", "__sk_common.skc_dport"),
	MEMBER("sk_daddr", "__sk_common.skc_daddr"),
	MEMBER("sk_rcv_saddr", "__sk_common.skc_rcv_saddr"),
	MEMBER("sk_v6_daddr", "__sk_common.skc_v6_daddr"),
	MEMBER("sk_v6_rcv_saddr", "__sk_common.skc_v6_rcv_saddr"),
	MEMBER("sk_net", "__sk_common.skc_net"),
	MEMBER("sk_bound_dev_if", "__sk_common.skc_bound_dev_if"),
	MEMBER("inet_daddr", "sk.__sk_common.skc_daddr"),
	MEMBER("inet_rcv_saddr", "sk.__sk_common.skc_rcv_saddr"),
	MEMBER("inet_dport", "sk.__sk_common.skc_dport"),
	MEMBER("inet_num", "sk.__sk_common.skc_num"),
};

#define MACRO_COUNT (sizeof(macros) / sizeof(macros[0]))

static bool wanted(const struct macro *macro, const struct c_text *probe)
{
	unsigned int uses = c_text__uses(probe, macro->name);

	if (macro->member)
		return (uses & (WORD_MEMBER | WORD_PLAIN)) == WORD_MEMBER;
	return uses & (WORD_PLAIN | WORD_CALL) && !(uses & WORD_OWN_NAME);
}

/* `#define …`, for free() */
static char *definition_of(const struct macro *macro)
{
	char *text = NULL;
	int length;

	if (macro->definition)
		length = asprintf(&text, "#define %s%s\n", macro->name, macro->definition);
	else
		length = asprintf(&text, "#define %s %d\n", macro->name, macro->number);
	return length < 0 ? NULL : text;
}

static int add_macro(const struct macro *macro, struct c_text *probe, FILE *out)
{
	char *definition = definition_of(macro);
	int err = -ENOMEM;

	if (definition) {
		fputs(definition, out);
		err = c_text__read(probe, definition);
	}
	free(definition);
	return err;
}

char *kernel_headers__macros(struct c_text *probe)
{
	bool added[MACRO_COUNT] = {false}, more = true;
	char *text = NULL;
	size_t size;
	int err = 0;
	FILE *out;

	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	while (more && !err) { /* a macro may name another one */
		more = false;
		for (size_t i = 0; i < MACRO_COUNT && !err; i++) {
			if (added[i] || !wanted(&macros[i], probe))
				continue;
			added[i] = more = true;
			err = add_macro(&macros[i], probe, out);
		}
	}
	if (fclose(out) || err) {
		free(text);
		text = NULL;
	}
	return text;
}
