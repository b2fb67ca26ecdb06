// SPDX-License-Identifier: Apache-2.0
#include "system_calls.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Gained with strace(1) over all ways to a kernel's types, compilations that fail, and -v. */
static const char *const allowed[] = {
	/* memory */
	"brk",
	"mmap",
	"mmap2",
	"munmap",
	"mremap",
	"mprotect",
	"madvise",
	/* files, as far as their modes and Landlock let it */
	"open",
	"openat",
	"read",
	"readv",
	"pread64",
	"preadv",
	"close",
	"lseek",
	"_llseek",
	"stat",
	"stat64",
	"lstat",
	"lstat64",
	"fstat",
	"fstat64",
	"newfstatat",
	"fstatat64",
	"statx",
	"statfs",
	"statfs64",
	"fstatfs",
	"fstatfs64",
	"access",
	"faccessat",
	"faccessat2",
	"readlink",
	"readlinkat",
	"getdents",
	"getdents64",
	"getcwd",
	"chdir",
	"fchdir",
	"fcntl",
	"fcntl64",
	"fadvise64",
	"fadvise64_64",
	"arm_fadvise64_64",
	"dup",
	"dup2",
	"dup3",
	"memfd_create",
	"close_range",
	/* what is written: headers, the object, messages */
	"write",
	"writev",
	"pwrite64",
	"pwritev",
	"ftruncate",
	"ftruncate64",
	"mkdir",
	"mkdirat",
	"unlink",
	"unlinkat",
	"rmdir",
	"umask",
	/* threads, of which clang starts one when its stack is nearly used up */
	"futex",
	"futex_time64",
	"set_robust_list",
	"get_robust_list",
	"rseq",
	"set_tid_address",
	"gettid",
	"sched_yield",
	"sched_getaffinity",
	"membarrier",
	/* signals */
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sigreturn",
	"sigaltstack",
	"restart_syscall",
	/* what the process is, and when */
	"getpid",
	"getppid",
	"getuid",
	"geteuid",
	"getgid",
	"getegid",
	"getuid32",
	"geteuid32",
	"getgid32",
	"getegid32",
	"getresuid",
	"getresgid",
	"uname",
	"sysinfo",
	"getrusage",
	"getrlimit",
	"ugetrlimit",
	"times",
	"time",
	"gettimeofday",
	"clock_gettime",
	"clock_gettime64",
	"clock_getres",
	"clock_getres_time64",
	"clock_nanosleep",
	"clock_nanosleep_time64",
	"nanosleep",
	"getrandom",
	"getcpu",
	"arch_prctl",
	/* its end, and that of the process that cleans up */
	"wait4",
	"waitid",
	"exit",
	"exit_group",
};

static const char *const deadly[] = {
	/* other programs and processes */
	"execve",
	"execveat",
	"fork",
	"vfork",
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"process_madvise",
	"kcmp",
	"pidfd_open",
	"pidfd_getfd",
	"kill",
	"tkill",
	/* the network, and descriptors of others */
	"socket",
	"socketpair",
	"connect",
	"bind",
	"listen",
	"accept",
	"accept4",
	"sendto",
	"sendmsg",
	"recvmsg",
	"socketcall",
	/* mounts and namespaces */
	"mount",
	"umount",
	"umount2",
	"move_mount",
	"open_tree",
	"fsopen",
	"fsmount",
	"fsconfig",
	"fspick",
	"mount_setattr",
	"pivot_root",
	"chroot",
	"setns",
	"unshare",
	"open_by_handle_at",
	/* who it is */
	"setuid",
	"setgid",
	"setreuid",
	"setregid",
	"setresuid",
	"setresgid",
	"setgroups",
	"setfsuid",
	"setfsgid",
	"capset",
	"setuid32",
	"setgid32",
	"setreuid32",
	"setregid32",
	"setresuid32",
	"setresgid32",
	"setgroups32",
	"setfsuid32",
	"setfsgid32",
	"personality",
	/* files of others */
	"chmod",
	"fchmod",
	"fchmodat",
	"chown",
	"fchown",
	"lchown",
	"fchownat",
	"link",
	"linkat",
	"symlink",
	"symlinkat",
	"mknod",
	"mknodat",
	"setxattr",
	"lsetxattr",
	"fsetxattr",
	/* the kernel */
	"perf_event_open",
	"userfaultfd",
	"io_uring_setup",
	"io_uring_enter",
	"io_uring_register",
	"kexec_load",
	"kexec_file_load",
	"init_module",
	"finit_module",
	"delete_module",
	"add_key",
	"request_key",
	"keyctl",
	"reboot",
	"swapon",
	"swapoff",
	"iopl",
	"ioperm",
	"modify_ldt",
	"acct",
	"quotactl",
	"syslog",
	"settimeofday",
	"clock_settime",
	"clock_adjtime",
	"adjtimex",
	"sethostname",
	"setdomainname",
	"fanotify_init",
	"name_to_handle_at",
	"memfd_secret",
};

/* Names that this libseccomp, or this machine, does not know are none that can be called. */
static int add(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t count)
{
	int err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);

		if (number != __NR_SCMP_ERROR)
			err = seccomp_rule_add(filter, action, number, 0);
	}
	return err;
}

/* Calls of which only some uses are harmless. */
static int add_conditions(scmp_filter_ctx filter)
{
	/* the flags are the first argument, and on s390 the second */
	const unsigned int flags = seccomp_arch_native() == SCMP_ARCH_S390X ? 1 : 0;
	int err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				   SCMP_CMP(flags, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));

	if (!err) /* for abort() */
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				       SCMP_A0_32(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	if (!err) /* limits are read, and not set */
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2,
				       SCMP_A0_32(SCMP_CMP_EQ, 0), SCMP_A2(SCMP_CMP_EQ, 0));
	if (!err) /* isatty() */
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				       SCMP_A1_32(SCMP_CMP_EQ, TCGETS));
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(bpf), 0);
	return err;
}

int system_calls__restrict(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int err;

	if (!filter)
		return -ENOMEM;
	err = add(filter, SCMP_ACT_ALLOW, allowed, sizeof(allowed) / sizeof(allowed[0]));
	if (!err)
		err = add(filter, SCMP_ACT_KILL_PROCESS, deadly,
			  sizeof(deadly) / sizeof(deadly[0]));
	if (!err)
		err = add_conditions(filter);
	if (!err) /* a tree of comparisons: hundreds of calls are told apart in ten steps */
		err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}
