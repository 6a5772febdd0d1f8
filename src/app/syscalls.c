/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "syscalls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The filter of system calls (see syscalls.h). It is a program of the kernel's small machine, made here from a table.
 * Some calls are looked at more closely, by one argument. */

#if defined(__x86_64__) && !defined(__ILP32__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define MACHINE AUDIT_ARCH_AARCH64
#elif defined(__arm__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define MACHINE AUDIT_ARCH_ARM
#endif

/* The calls that are allowed whatever their arguments are. Not every machine has all of them. */
static const int allowed[] = {
	/* what comes and goes */
	SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_recvfrom, SYS_recvmsg, SYS_recvmmsg,
	SYS_sendto, SYS_sendmsg, SYS_sendmmsg, SYS_bind, SYS_connect, SYS_listen, SYS_accept4, SYS_getsockname,
	SYS_getpeername, SYS_setsockopt, SYS_getsockopt, SYS_shutdown, SYS_close, SYS_dup, SYS_fcntl, SYS_pipe2,
	SYS_eventfd2, SYS_signalfd4, SYS_socketpair,
	/* events and time */
	SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_ppoll, SYS_pselect6, SYS_timerfd_create,
	SYS_timerfd_settime, SYS_timerfd_gettime, SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep,
	SYS_nanosleep,
	SYS_gettimeofday, SYS_inotify_init1, SYS_inotify_add_watch, SYS_inotify_rm_watch,
	/* files: which ones is for Landlock to say */
	SYS_openat, SYS_lseek, SYS_getdents64, SYS_statx, SYS_readlinkat, SYS_faccessat, SYS_getcwd, SYS_unlinkat,
	SYS_fchmod, SYS_fchown, SYS_fchmodat, SYS_fchownat, SYS_umask, SYS_fsync, SYS_fdatasync, SYS_ftruncate,
	SYS_fstatfs,
	/* memory */
	SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise,
	/* threads and signals */
	SYS_futex, SYS_set_robust_list, SYS_get_robust_list, SYS_sched_yield, SYS_sched_getaffinity,
	SYS_sched_setaffinity,
	SYS_sched_getparam, SYS_sched_getscheduler, SYS_setpriority, SYS_getpriority, SYS_rt_sigaction,
	SYS_rt_sigprocmask, SYS_rt_sigreturn,
	SYS_rt_sigpending, SYS_rt_sigtimedwait, SYS_sigaltstack, SYS_tgkill, SYS_tkill, SYS_restart_syscall, SYS_exit,
	SYS_exit_group,
	/* what the process wants to know of itself */
	SYS_getpid, SYS_gettid, SYS_getppid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getrusage,
	SYS_sysinfo,
	SYS_uname, SYS_getrandom, SYS_capget, SYS_prlimit64, SYS_getcpu, SYS_times,
#ifdef SYS_poll
	SYS_poll, SYS_epoll_wait, SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_unlink,
	SYS_chmod, SYS_chown, SYS_getdents,
#endif
#ifdef SYS_select
	SYS_select,
#endif
#ifdef SYS_time
	SYS_time,
#endif
#ifdef SYS_newfstatat
	SYS_newfstatat, SYS_fstat,
#endif
#ifdef SYS_fstatat64
	SYS_fstatat64, SYS_fstat64, SYS_stat64, SYS_lstat64, SYS_fcntl64, SYS__llseek, SYS__newselect, SYS_send,
	SYS_recv, SYS_ftruncate64, SYS_fstatfs64, SYS_sigreturn,
#endif
#ifdef SYS_getuid32
	SYS_getuid32, SYS_geteuid32, SYS_getgid32, SYS_getegid32, SYS_ugetrlimit, SYS_fchown32, SYS_chown32,
#endif
#ifdef SYS_clock_gettime64
	SYS_clock_gettime64, SYS_clock_getres_time64, SYS_clock_nanosleep_time64, SYS_futex_time64, SYS_ppoll_time64,
	SYS_pselect6_time64, SYS_recvmmsg_time64, SYS_timerfd_settime64, SYS_timerfd_gettime64,
	SYS_rt_sigtimedwait_time64,
#endif
#ifdef SYS_epoll_pwait2
	SYS_epoll_pwait2,
#endif
#ifdef SYS_faccessat2
	SYS_faccessat2,
#endif
#ifdef SYS_fchmodat2
	SYS_fchmodat2,
#endif
#ifdef SYS_rseq
	SYS_rseq,
#endif
#ifdef SYS_membarrier
	SYS_membarrier,
#endif
#ifdef __ARM_NR_set_tls
	__ARM_NR_set_tls, __ARM_NR_cacheflush,
#endif
};

#define N_ALLOWED (sizeof allowed / sizeof allowed[0])

unsigned
rgw_syscalls_allowed(void)
{
	return N_ALLOWED;
}

#ifdef MACHINE

/* The lower half of an argument; both machines that are known here have it first. */
#define ARGUMENT(n) (uint32_t)(offsetof(struct seccomp_data, args) + (n) * sizeof(uint64_t))
#define REFUSE(error) (SECCOMP_RET_ERRNO | ((error) & SECCOMP_RET_DATA))

enum test {
	HAS_BITS,  /* allowed if the argument has all of these bits */
	LACKS_BITS,  /* allowed if it has none of them */
	IS,        /* allowed if it is this */
	IS_NOT,    /* allowed if it is not */
};

/* The calls that are allowed with some arguments only. One call may stand here several times with IS. */
static const struct {
	int call;
	unsigned argument;
	enum test test;
	uint32_t value;
} looked_at[] = {
	/* Threads are made, processes are not. */
	{ SYS_clone, 0, HAS_BITS, CLONE_VM | CLONE_THREAD },
	{ SYS_socket, 0, IS, AF_UNIX },
	{ SYS_socket, 0, IS, AF_INET },
	{ SYS_socket, 0, IS, AF_INET6 },
	{ SYS_socket, 0, IS, AF_NETLINK },  /* the addresses of this machine */
	/* No memory becomes executable. */
	{ SYS_mprotect, 2, LACKS_BITS, PROT_EXEC },
#ifdef SYS_mmap
	{ SYS_mmap, 2, LACKS_BITS, PROT_EXEC },
#endif
#ifdef SYS_mmap2
	{ SYS_mmap2, 2, LACKS_BITS, PROT_EXEC },
#endif
	/* No key is pressed on somebody's terminal. */
	{ SYS_ioctl, 1, IS_NOT, TIOCSTI },
	{ SYS_prctl, 0, IS, PR_SET_NAME },
	{ SYS_prctl, 0, IS, PR_GET_NAME },
#ifdef PR_SET_VMA
	{ SYS_prctl, 0, IS, PR_SET_VMA },
#endif
	/* Signals go to this process alone: abort() and the like. */
};

#define N_LOOKED_AT (sizeof looked_at / sizeof looked_at[0])
#define MOST_STEPS (N_ALLOWED * 2 + N_LOOKED_AT * 6 + 16)

struct program {
	struct sock_filter steps[MOST_STEPS];
	unsigned short n;
};

static void
add(struct program *p, struct sock_filter step)
{
	p->steps[p->n++] = step;
}

static void
end_with(struct program *p, uint32_t verdict)
{
	add(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict));
}

static void
load(struct program *p, uint32_t offset)
{
	add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

/* The verdict for a call whose number is loaded: the next step is left out for other calls. */
static void
judge(struct program *p, uint32_t call, uint32_t verdict)
{
	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
	end_with(p, verdict);
}

/* Allows a call whose argument is as it should be; goes on behind, with the number of the call loaded. */
static void
look_at(struct program *p, size_t i)
{
	uint32_t value = looked_at[i].value;

	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)looked_at[i].call, 0, 5));
	load(p, ARGUMENT(looked_at[i].argument));
	if (looked_at[i].test == HAS_BITS || looked_at[i].test == LACKS_BITS)
		add(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, value));
	else
		add(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_OR | BPF_K, 0));
	if (looked_at[i].test == LACKS_BITS)
		value = 0;
	if (looked_at[i].test == IS_NOT)
		add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0));
	else
		add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
	end_with(p, SECCOMP_RET_ALLOW);
	load(p, offsetof(struct seccomp_data, nr));
}

static void
write_program(struct program *p)
{
	load(p, offsetof(struct seccomp_data, arch));
	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0));
	end_with(p, SECCOMP_RET_KILL_PROCESS);
	load(p, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < N_ALLOWED; i++)
		judge(p, (uint32_t)allowed[i], SECCOMP_RET_ALLOW);
	for (size_t i = 0; i < N_LOOKED_AT; i++)
		look_at(p, i);
#ifdef SYS_clone3
	/* What clone3 is asked for cannot be seen; the C library takes clone where there is no clone3. */
	judge(p, SYS_clone3, REFUSE(ENOSYS));
#endif
	end_with(p, REFUSE(EPERM));
}

bool
rgw_syscalls_filter(void)
{
	struct program program = { .n = 0 };
	struct sock_fprog what = { .filter = program.steps };

	write_program(&program);
	what.len = program.n;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &what) == 0;
}

#else

bool
rgw_syscalls_filter(void)
{
	errno = ENOSYS;
	return false;
}

#endif
