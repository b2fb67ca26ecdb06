// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include <bpf/btf.h>

#include "compiler/bcc_module.h"
#include "file.h"
#include "compiler/kernel_types/kernel_headers.h"
#include "compiler/kernel_types/kernel_types.h"
#include "compiler/kernel_types/kernel_btf.h"
#include "compiler/kernel_types/c_text.h"

#define RUNNING_BTF "/sys/kernel/btf/vmlinux"
#define RELEASE	    "5.5.5-test"

#define KERNEL_TYPES_NAMED    (&kernel_types_ways[0])
#define KERNEL_TYPES_ALL      (&kernel_types_ways[1])
#define KERNEL_TYPES_HEADERS  (&kernel_types_ways[2])
#define KERNEL_TYPES_KHEADERS (&kernel_types_ways[3])

/* Every test has a directory of its own, which is TMPDIR too. */
struct fixture {
	char directory[64];
	struct utsname system;
};

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *position)
{
	(void)status;
	(void)kind;
	(void)position;
	return remove(path);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	strcpy(fixture->directory, "/tmp/test-kernel-types-XXXXXX");
	assert_non_null(mkdtemp(fixture->directory));
	setenv("TMPDIR", fixture->directory, 1);
	uname(&fixture->system);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	nftw(fixture->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(fixture);
	return 0;
}

/* Writes a file below the test's directory, with the directories down to it. */
static void put(const struct fixture *fixture, const char *name, const char *text)
{
	char path[PATH_MAX], *slash;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", fixture->directory, name);
	for (slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static size_t entries_of(const char *directory)
{
	char command[PATH_MAX + 64], line[16] = "";
	FILE *output;

	snprintf(command, sizeof(command), "ls -A '%s' | wc -l", directory);
	output = popen(command, "r");
	assert_non_null(output);
	assert_non_null(fgets(line, sizeof(line), output));
	pclose(output);
	return strtoul(line, NULL, 10);
}

static bool has_cflag(const struct kernel_types *types, const char *wanted)
{
	size_t count, i;
	const char *const *cflags = kernel_types__cflags(types, &count);

	for (i = 0; i < count; i++)
		if (!strcmp(cflags[i], wanted))
			return true;
	return false;
}

/* The text of a file in the tree that was made, for free(); NULL if there is none. */
static char *made(const struct kernel_types *types, const char *name)
{
	char path[PATH_MAX], *text;
	size_t size;

	snprintf(path, sizeof(path), "%s/%s", kernel_types__tree(types), name);
	return file__read(path, 1 << 26, &text, &size) ? NULL : text;
}

static void assert_made(const struct kernel_types *types, const char *name, const char *part,
			bool there)
{
	char *text = made(types, name);

	assert_non_null(text);
	if (!!strstr(text, part) != there)
		fail_msg("%s %s '%s':\n%s", name, there ? "lacks" : "has", part, text);
	free(text);
}

/* What a text names. */

static void reads_what_a_text_names(void **state)
{
	static const char c[] =
		"#include <net/sock.h>\n"
		"  # include \"linux/udp.h\" /* a comment */\n"
		"#define LIMIT 5\n"
		"/* struct in_comment */ // enum in_comment too\n"
		"struct event { struct list_head list; u32 pid; enum tcp_state state; };\n"
		"typedef struct { u64 a; } pair_t; typedef int (*callback_t)(int argument);\n"
		"enum kind { FIRST = 1, SECOND, };\n"
		"BPF_HASH(connects, u64, struct sock *);\n"
		"BPF_TABLE(\"hash\", u32, struct event, events, 16);\n"
		"int f(struct sock *sk) { char *s = \"struct in_string\";\n"
		"  return sk->sk_socket->file.f_inode == g(ITER_UBUF); }\n";
	struct c_text text = {0};

	(void)state;
	assert_int_equal(c_text__read(&text, c), 0);
	assert_int_equal(text.header_count, 2);
	assert_string_equal(text.headers[0], "net/sock.h");
	assert_string_equal(text.headers[1], "linux/udp.h");
	assert_int_equal(c_text__uses(&text, "list_head"), WORD_TAG);
	assert_true(c_text__uses(&text, "event") & WORD_OWN_TAG);
	assert_true(c_text__uses(&text, "pair_t") & WORD_OWN_NAME);
	assert_true(c_text__uses(&text, "callback_t") & WORD_OWN_NAME);
	assert_false(c_text__uses(&text, "argument") & WORD_OWN_NAME);
	assert_true(c_text__uses(&text, "FIRST") & WORD_OWN_NAME);
	assert_true(c_text__uses(&text, "SECOND") & WORD_OWN_NAME);
	assert_true(c_text__uses(&text, "LIMIT") & WORD_OWN_NAME);
	assert_true(c_text__uses(&text, "connects") & WORD_OWN_NAME);
	assert_true(c_text__uses(&text, "events") & WORD_OWN_NAME);
	assert_int_equal(c_text__uses(&text, "sk_socket"), WORD_MEMBER);
	assert_int_equal(c_text__uses(&text, "f_inode"), WORD_MEMBER);
	assert_int_equal(c_text__uses(&text, "ITER_UBUF"), WORD_PLAIN);
	assert_int_equal(c_text__uses(&text, "g"), WORD_CALL);
	assert_int_equal(c_text__uses(&text, "in_comment"), 0);
	assert_int_equal(c_text__uses(&text, "in_string"), 0);
	assert_int_equal(c_text__uses(&text, "net"), 0);
	c_text__free(&text);
}

static void reads_text_that_breaks_off(void **state)
{
	static const char *const texts[] = {
		"",
		"/* open",
		"\"open",
		"'",
		"#include",
		"#include <net",
		"#include <",
		"enum {",
		"enum e { A,",
		"typedef",
		"typedef struct {",
		"struct",
		"BPF_HASH(",
		"}}}))",
		"struct s { (",
		"\\",
		"a\\\nb //",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct c_text text = {0};

		assert_int_equal(c_text__read(&text, texts[i]), 0);
		c_text__free(&text);
	}
}

static void gives_the_macros_that_are_named(void **state)
{
	struct c_text text = {0};
	char *macros;

	(void)state;
	assert_int_equal(c_text__read(&text,
				      "#define AF_UNIX 7\n"
				      "struct event { u16 sk_num; };\n"
				      "int f(void) { return sk->sk_family == AF_INET6 + AF_UNIX\n"
				      "  + inet_sk(sk)->inet_dport; }\n"),
			 0);
	macros = kernel_headers__macros(&text);
	assert_non_null(macros);
	assert_non_null(strstr(macros, "#define AF_INET6 10\n"));
	assert_non_null(strstr(macros, "#define sk_family __sk_common.skc_family\n"));
	assert_non_null(strstr(macros, "#define inet_sk(sk)"));
	assert_null(strstr(macros, "AF_INET "));
	assert_null(strstr(macros, "AF_UNIX"));			  /* the text's own */
	assert_null(strstr(macros, "sk_num"));			  /* a member of the text's own */
	assert_true(c_text__uses(&text, "inet_sock") & WORD_TAG); /* which a macro names */
	free(macros);
	c_text__free(&text);
}

/*
 * BTF made by hand:
 *	struct leaf { int value; };
 *	struct middle { struct leaf *to_leaf; struct leaf *unnamed_way; };
 *	enum { LONE_A, LONE_B = 7 };  enum color { RED = -1, GREEN };
 *	struct top { union { int in_union; }; struct middle *to_middle; enum color color; struct
 *taken taken; }; struct taken { int x; }; struct padded { u64 first; u64 last; } with 32 bytes
 *between them struct pt_regs { u64 di; }
 */
struct hand_made {
	struct btf *btf;
	char path[PATH_MAX];
};

static void make_btf(const struct fixture *fixture, struct hand_made *made_btf)
{
	struct btf *btf = btf__new_empty();
	int i32, u64, leaf, to_leaf, middle, to_middle, color, taken, in_union;
	const void *raw;
	uint32_t size;
	int fd;

	assert_non_null(btf);
	i32 = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	u64 = btf__add_int(btf, "long unsigned int", 8, 0);
	leaf = btf__add_struct(btf, "leaf", 4);
	btf__add_field(btf, "value", i32, 0, 0);
	to_leaf = btf__add_ptr(btf, leaf);
	middle = btf__add_struct(btf, "middle", 16);
	btf__add_field(btf, "to_leaf", to_leaf, 0, 0);
	btf__add_field(btf, "unnamed_way", to_leaf, 64, 0);
	to_middle = btf__add_ptr(btf, middle);
	btf__add_enum(btf, NULL, 4);
	btf__add_enum_value(btf, "LONE_A", 0);
	btf__add_enum_value(btf, "LONE_B", 7);
	color = btf__add_enum(btf, "color", 4);
	btf__add_enum_value(btf, "RED", -1);
	btf__add_enum_value(btf, "GREEN", 0);
	taken = btf__add_struct(btf, "taken", 4);
	btf__add_field(btf, "x", i32, 0, 0);
	in_union = btf__add_union(btf, NULL, 4);
	btf__add_field(btf, "in_union", i32, 0, 0);
	btf__add_struct(btf, "top", 24);
	btf__add_field(btf, NULL, in_union, 0, 0);
	btf__add_field(btf, "to_middle", to_middle, 64, 0);
	btf__add_field(btf, "color", color, 128, 0);
	btf__add_field(btf, "taken", taken, 160, 0);
	btf__add_struct(btf, "padded", 48);
	btf__add_field(btf, "first", u64, 0, 0);
	btf__add_field(btf, "last", u64, 40 * 8, 0);
	btf__add_struct(btf, "pt_regs", 8);
	assert_int_equal(btf__add_field(btf, "di", u64, 0, 0), 0);

	raw = btf__raw_data(btf, &size);
	snprintf(made_btf->path, sizeof(made_btf->path), "%s/btf", fixture->directory);
	fd = open(made_btf->path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(file__write_fd(fd, raw, size), 0);
	close(fd);
	made_btf->btf = btf;
}

/* vmlinux.h's definitions for a probe, for free(). */
static char *print_types(const struct btf *btf, const char *probe, const char *taken, bool all)
{
	struct c_text probe_text = {0}, taken_text = {0};
	char *text = NULL;
	size_t size, count;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(c_text__read(&probe_text, probe), 0);
	assert_int_equal(c_text__read(&taken_text, taken), 0);
	assert_int_equal(kernel_btf__print(btf, &probe_text, &taken_text, all, out, &count), 0);
	fclose(out);
	c_text__free(&probe_text);
	c_text__free(&taken_text);
	return text;
}

static void assert_types(const struct btf *btf, const char *probe, const char *taken, bool all,
			 const char *part, bool there)
{
	char *text = print_types(btf, probe, taken, all);

	if (!!strstr(text, part) != there)
		fail_msg("'%s' %s '%s':\n%s", probe, there ? "lacks" : "has", part, text);
	free(text);
}

static void prints_what_a_probe_names(void **state)
{
	struct hand_made made_btf;
	struct btf *btf;

	make_btf(*state, &made_btf);
	btf = made_btf.btf;
	assert_types(btf, "struct leaf *p;", "", false, "struct leaf {", true);
	assert_types(btf, "struct leaf *p;", "", false, "struct middle {", false);
	assert_types(btf, "int leaf;", "", false, "struct leaf", false);

	/* what it holds by value, and what it reaches through members that it names */
	assert_types(btf, "struct top *p;", "", false, "enum color {", true);
	assert_types(btf, "struct top *p;", "", false, "struct middle {", false);
	assert_types(btf, "struct top *p; p->to_middle", "", false, "struct middle {", true);
	assert_types(btf, "struct top *p; p->to_middle", "", false, "struct leaf {", false);
	assert_types(btf, "struct top *p; p->to_middle->to_leaf->value", "", false, "struct leaf {",
		     true);
	assert_types(btf, "int x;", "", true, "struct leaf {", true);

	/* constants: an enum with a name whole, else the constant alone */
	assert_types(btf, "x = LONE_B;", "", false, "enum { LONE_B = 7 };", true);
	assert_types(btf, "x = LONE_B;", "", false, "LONE_A", false);
	assert_types(btf, "x = RED;", "", false, "enum color {", true);
	assert_types(btf, "p->RED;", "", false, "enum color {", false);

	/* the probe's own names, and the compiler's */
	assert_types(btf, "struct leaf { int mine; };", "", false, "struct leaf", false);
	assert_types(btf, "struct taken x;", "struct taken { int x; };", false, "struct taken {",
		     false);
	assert_types(btf, "struct top *p;", "struct taken { int x; };", false,
		     "#define taken kernel_taken\n", true);
	assert_types(btf, "struct top *p;", "enum other { RED, };", false,
		     "#define RED kernel_RED\n", true);
	assert_types(btf, "x = RED;", "enum color { RED, };", false, "enum color", false);
	btf__free(btf);
}

/* Does a program add this number to a pointer, as it does before it reads a member? */
static bool adds(const struct bcc_program *program, int32_t number)
{
	size_t i;

	for (i = 0; i < program->insn_count; i++)
		if (program->insns[i].code == (BPF_ALU64 | BPF_ADD | BPF_K) &&
		    program->insns[i].imm == number)
			return true;
	return false;
}

static void reads_members_behind_padding_from_their_place(void **state)
{
	struct fixture *fixture = *state;
	struct hand_made made_btf;
	struct kernel_types_source source = {.release = RELEASE,
					     .machine = fixture->system.machine};
	struct kernel_types *types;
	struct bcc_module *module;
	const char *const *cflags;
	char why[256];
	size_t count;
	static const char text[] =
		"u64 kprobe__f(struct pt_regs *ctx)\n"
		"{\n"
		"	struct padded *p = (struct padded *)bpf_get_current_task();\n"
		"	return p->last;\n"
		"}\n";

	make_btf(fixture, &made_btf);
	source.btf = made_btf.path;
	assert_int_equal(
		kernel_types__prepare(&source, KERNEL_TYPES_NAMED, text, &types, why, sizeof(why)),
		0);
	cflags = kernel_types__cflags(types, &count);
	assert_int_equal(
		bcc_module__compile(text, kernel_types__tree(types), cflags, count, &module), 0);
	assert_int_equal(module->program_count, 1);
	assert_true(adds(&module->programs[0], 40));
	bcc_module__free(module);
	kernel_types__close(types);
	btf__free(made_btf.btf);
}

/* The running kernel's BTF, and the directory. */

static bool prepare_running(const struct fixture *fixture, const struct kernel_types_way *way,
			    const char *text, struct kernel_types **types)
{
	struct kernel_types_source source = {.release = fixture->system.release,
					     .machine = fixture->system.machine};
	char why[256];

	if (access(RUNNING_BTF, R_OK))
		return false;
	assert_int_equal(kernel_types__prepare(&source, way, text, types, why, sizeof(why)), 0);
	return true;
}

static void makes_headers_from_the_running_kernel(void **state)
{
	struct fixture *fixture = *state;
	struct kernel_types *types;
	struct stat status;
	static const char text[] =
		"#include <net/sock.h>\n"
		"#include <any/header/at_all.h>\n"
		"#include <../escape.h>\n"
		"#include </escape.h>\n"
		"#include <bcc/proto.h>\n"
		"struct sock *sk; unsigned long i = sk->sk_socket->file->f_inode->i_ino;\n";

	if (!prepare_running(fixture, KERNEL_TYPES_NAMED, text, &types))
		skip();
	assert_int_equal(stat(kernel_types__tree(types), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_int_equal(entries_of(fixture->directory), 1);
	assert_int_equal(entries_of(kernel_types__tree(types)), 1);
	assert_made(types, "include/any/header/at_all.h", "", true);
	assert_made(types, "include/net/sock.h", "", true);
	assert_null(made(types, "include/bcc/proto.h")); /* libbcc has it */
	assert_null(made(types, "escape.h"));
	assert_made(types, "include/vmlinux.h", "struct sock {", true);
	assert_made(types, "include/vmlinux.h", "struct inode {", true);
	assert_made(types, "include/vmlinux.h", "struct super_block {", false);
	assert_made(types, "include/linux/kconfig.h", "#define CONFIG_BPF_SYSCALL 1\n", true);
	assert_true(has_cflag(types, "-DTYPES_FROM_BTF"));
	assert_non_null(strstr(kernel_types__description(types), RUNNING_BTF ", "));
	kernel_types__close(types);
	assert_int_equal(entries_of(fixture->directory), 0);
}

static void leaves_nothing_when_it_is_killed(void **state)
{
	struct fixture *fixture = *state;
	int status, tries;
	pid_t child;

	if (access(RUNNING_BTF, R_OK))
		skip();
	child = fork();
	if (child == 0) {
		struct kernel_types *types;

		prepare_running(fixture, KERNEL_TYPES_NAMED, "struct sock *sk;", &types);
		if (entries_of(fixture->directory) == 1)
			raise(SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	for (tries = 0; entries_of(fixture->directory) > 0 && tries < 500; tries++)
		usleep(10000);
	assert_int_equal(entries_of(fixture->directory), 0);
}

/*
 * One way to the types of a kernel that does not run here, from a BTF file or NULL: 0 or what
 * stands in the way.
 */
static int try_way(const struct fixture *fixture, const char *btf,
		   const struct kernel_types_way *way, const char *text, char why[256])
{
	const struct kernel_types_source source = {
		.release = RELEASE, .machine = fixture->system.machine, .btf = btf};
	struct kernel_types *types;
	int err = kernel_types__prepare(&source, way, text, &types, why, 256);

	kernel_types__close(types);
	return err;
}

static void says_why_there_is_no_btf(void **state)
{
	char why[256];

	assert_int_equal(try_way(*state, NULL, KERNEL_TYPES_NAMED, "", why), -ENOENT);
	assert_string_equal(why, "kernel " RELEASE
				 " does not run here, and no file with its BTF was given");

	assert_int_equal(try_way(*state, "/nonexistent/btf", KERNEL_TYPES_ALL, "", why), -ENOENT);
	assert_string_equal(why, "BTF file /nonexistent/btf: No such file or directory");

	assert_true(try_way(*state, "/etc/passwd", KERNEL_TYPES_NAMED, "", why) < 0);
	assert_string_equal(why, "no kernel BTF can be read from /etc/passwd");
	assert_int_equal(entries_of(((struct fixture *)*state)->directory), 0);
}

static void wants_a_configuration_only_when_asked(void **state)
{
	struct hand_made made_btf;
	char why[256];

	make_btf(*state, &made_btf);
	assert_int_equal(try_way(*state, made_btf.path, KERNEL_TYPES_NAMED,
				 "#ifdef CONFIG_NET_NS\n#endif", why),
			 -ENODATA);
	assert_non_null(strstr(why, "/boot/config-" RELEASE));
	assert_int_equal(try_way(*state, made_btf.path, KERNEL_TYPES_NAMED, "", why), 0);
	btf__free(made_btf.btf);
}

/* BTF itself tells: a kernel without IPv6 has no addresses for it in its sockets. */
static void tells_whether_there_is_ipv6(void **state)
{
	static const char text[] = "#if IS_ENABLED(CONFIG_IPV6)\n#endif";
	struct kernel_types_source source = {.release = RELEASE, .machine = "x86_64"};
	struct hand_made made_btf;
	struct kernel_types *types;
	char why[256];

	make_btf(*state, &made_btf);
	source.btf = made_btf.path;
	assert_int_equal(
		kernel_types__prepare(&source, KERNEL_TYPES_NAMED, text, &types, why, sizeof(why)),
		0);
	assert_made(types, "include/linux/kconfig.h", "#define CONFIG_IPV6", false);
	assert_made(types, "include/linux/kconfig.h", "#define IS_ENABLED_CONFIG_IPV6 0", true);
	kernel_types__close(types);
	btf__free(made_btf.btf);

	if (!prepare_running(*state, KERNEL_TYPES_NAMED, text, &types))
		return;
	assert_made(types, "include/linux/kconfig.h", "#define IS_ENABLED_CONFIG_IPV6 1", true);
	kernel_types__close(types);
}

static void says_that_no_directory_can_be_made(void **state)
{
	struct fixture *fixture = *state;
	struct kernel_types *types;
	struct kernel_types_source source = {.release = fixture->system.release,
					     .machine = fixture->system.machine};
	char why[256];

	if (access(RUNNING_BTF, R_OK))
		skip();
	setenv("TMPDIR", "/nonexistent", 1);
	assert_int_equal(
		kernel_types__prepare(&source, KERNEL_TYPES_NAMED, "", &types, why, sizeof(why)),
		-ENOENT);
	assert_non_null(strstr(why, "TMPDIR"));
}

/* Header packages. */

static void put_trees(const struct fixture *fixture, const char *source, const char *build)
{
	char name[NAME_MAX];

	snprintf(name, sizeof(name), "%s/include/linux/kconfig.h", source);
	put(fixture, name, "#include <generated/autoconf.h>\n");
	snprintf(name, sizeof(name), "%s/include/generated/autoconf.h", build);
	put(fixture, name, "#define CONFIG_SET 1\n#define CONFIG_MODULAR_MODULE 1\n");
	snprintf(name, sizeof(name), "%s/include/generated/utsrelease.h", build);
	put(fixture, name, "#define UTS_RELEASE \"" RELEASE "\"\n");
}

static int prepare_headers(const struct fixture *fixture, const char *directory,
			   const char *release, const char *text, struct kernel_types **types,
			   char *why, size_t why_size)
{
	char path[PATH_MAX];
	struct kernel_types_source source = {
		.release = release, .machine = "x86_64", .headers = path};

	snprintf(path, sizeof(path), "%s/%s", fixture->directory, directory);
	return kernel_types__prepare(&source, KERNEL_TYPES_HEADERS, text, types, why, why_size);
}

static void assert_tree_found(const struct fixture *fixture, const char *directory)
{
	struct kernel_types *types;
	char why[512], kconfig[PATH_MAX];

	if (prepare_headers(fixture, directory, RELEASE, "", &types, why, sizeof(why)))
		fail_msg("%s: %s", directory, why);
	snprintf(kconfig, sizeof(kconfig), "%s/headers/source/include/linux/kconfig.h",
		 fixture->directory);
	assert_made(types, "include/linux/kconfig.h", kconfig, true);
	assert_true(has_cflag(types, "-isystem"));
	kernel_types__close(types);
}

static void finds_the_halves_of_a_pair(void **state)
{
	struct fixture *fixture = *state;
	char target[PATH_MAX], link[PATH_MAX];

	put_trees(fixture, "headers/source", "headers/linux-headers-" RELEASE);
	/* as in Debian: an absolute path, which is another one here */
	put(fixture, "headers/linux-headers-" RELEASE "/Makefile",
	    "KBUILD_OUTPUT=/usr/src/x\ninclude /nonexistent/usr/src/source/Makefile\n");
	assert_tree_found(fixture, "headers/linux-headers-" RELEASE);
	assert_tree_found(fixture, "headers/source");

	/* as in /lib/modules/RELEASE */
	mkdir(strcat(strcpy(target, fixture->directory), "/modules"), 0700);
	snprintf(link, sizeof(link), "%s/modules/build", fixture->directory);
	assert_int_equal(symlink("../headers/linux-headers-" RELEASE, link), 0);
	assert_tree_found(fixture, "modules");

	/* as in SUSE: a relative path */
	put(fixture, "headers/linux-headers-" RELEASE "/Makefile", "include ../source/Makefile\n");
	assert_tree_found(fixture, "headers/linux-headers-" RELEASE);
}

static void finds_a_single_tree(void **state)
{
	struct fixture *fixture = *state;

	put_trees(fixture, "headers/source", "headers/source");
	assert_tree_found(fixture, "headers/source");
}

static void refuses_other_headers(void **state)
{
	struct fixture *fixture = *state;
	struct kernel_types *types;
	char why[512], expected[PATH_MAX];

	put_trees(fixture, "tree", "tree");
	assert_int_equal(prepare_headers(fixture, "tree", "6.6.6", "", &types, why, sizeof(why)),
			 -ESTALE);
	snprintf(expected, sizeof(expected),
		 "headers in %s/tree are for " RELEASE ", the kernel is 6.6.6", fixture->directory);
	assert_string_equal(why, expected);

	put_trees(fixture, "half", "elsewhere");
	assert_int_equal(prepare_headers(fixture, "half", RELEASE, "", &types, why, sizeof(why)),
			 -ENOENT);
	assert_non_null(strstr(why, "only one half of a pair"));
	assert_int_equal(prepare_headers(fixture, "nothing", RELEASE, "", &types, why, sizeof(why)),
			 -ENOENT);
	assert_int_equal(entries_of(fixture->directory), 3); /* and no directory of its own */
}

static void says_that_there_are_no_kheaders(void **state)
{
	char why[256];

	assert_int_equal(try_way(*state, NULL, KERNEL_TYPES_KHEADERS, "", why), -ENOENT);
	assert_non_null(strstr(why, "kernel " RELEASE " does not run here"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_a_text_names),
		cmocka_unit_test(reads_text_that_breaks_off),
		cmocka_unit_test(gives_the_macros_that_are_named),
		cmocka_unit_test_setup_teardown(prints_what_a_probe_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reads_members_behind_padding_from_their_place,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(makes_headers_from_the_running_kernel, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(leaves_nothing_when_it_is_killed, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(says_why_there_is_no_btf, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wants_a_configuration_only_when_asked, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(tells_whether_there_is_ipv6, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_that_no_directory_can_be_made, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(finds_the_halves_of_a_pair, set_up, tear_down),
		cmocka_unit_test_setup_teardown(finds_a_single_tree, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses_other_headers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_that_there_are_no_kheaders, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
