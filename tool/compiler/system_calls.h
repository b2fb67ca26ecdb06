/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls that a compiler needs, and no others: a seccomp filter. */
#ifndef TCPCONNECT_SYSTEM_CALLS_H
#define TCPCONNECT_SYSTEM_CALLS_H

/**
 * @brief Restrict this process to the calls that compiling takes, for good.
 * @return 0 or a negative errno
 *
 * A call that no compiler makes, and that is worth something to whoever has taken one over, ends
 * the process with SIGSYS: execve(), socket(), ptrace(), mount() and the like. Any other call fails
 * with ENOSYS, as on a kernel that is too old for it, for which C libraries have something else
 * ready; so another version of libc or LLVM goes on. bpf() fails with EPERM, as it does for any
 * ordinary user. PR_SET_NO_NEW_PRIVS is set too.
 */
int system_calls__restrict(void);

#endif
