/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../src/app/syscalls.h"

/* The filter of system calls holds for the rest of a process, so each case is tried in a process of its own. */

#define UNAVAILABLE 77

static bool
start_program(void)
{
	char *const words[] = { "/bin/true", NULL };

	return execve(words[0], words, words) == 0;
}

static bool
make_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool
make_process_by_clone(void)
{
	return syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) >= 0;
}

static bool
look_into_parent(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0;
}

static bool
read_memory_of_parent(void)
{
	char octet;
	struct { void *at; size_t len; } here = { &octet, 1 };

	return syscall(SYS_process_vm_readv, getppid(), &here, 1UL, &here, 1UL, 0UL) == 1;
}

static bool
signal_parent(void)
{
	return kill(getppid(), 0) == 0;
}

static bool
make_memory_executable(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool
map_executable(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool
open_raw_packets(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	return fd >= 0 || errno != EPERM || geteuid() != 0;
}

static bool
press_key(void)
{
	return ioctl(0, TIOCSTI, "x") == 0 || errno != EPERM;
}

static bool
mount_something(void)
{
	return mount("none", "/tmp", "tmpfs", 0, NULL) == 0;
}

static bool
become_root(void)
{
	return setuid(0) == 0;
}

static bool
load_module(void)
{
	return syscall(SYS_init_module, NULL, 0UL, "") == 0 || errno != EPERM;
}

static bool
leave_namespace(void)
{
	return syscall(SYS_unshare, 0UL) == 0;
}

static bool
reset_limits_of_memory(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

static void *
nothing(void *arg)
{
	return arg;
}

static bool
make_thread(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

static bool
open_sockets(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0) >= 0 && socket(AF_INET6, SOCK_STREAM, 0) >= 0 &&
	    socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static bool
get_memory(void)
{
	char *p = malloc(16 << 20);

	if (p == NULL)
		return false;
	memset(p, 1, 16 << 20);
	free(p);
	return true;
}

static const struct {
	const char *what;
	bool (*run)(void);
	bool works;
} cases[] = {
	{ "start a program", start_program, false },
	{ "make a process", make_process, false },
	{ "make a process by clone", make_process_by_clone, false },
	{ "look into another process", look_into_parent, false },
	{ "read the memory of another process", read_memory_of_parent, false },
	{ "signal another process", signal_parent, false },
	{ "make memory executable", make_memory_executable, false },
	{ "map executable memory", map_executable, false },
	{ "open a socket for raw packets", open_raw_packets, false },
	{ "press a key", press_key, false },
	{ "mount", mount_something, false },
	{ "become root", become_root, false },
	{ "load a module of the kernel", load_module, false },
	{ "leave a namespace", leave_namespace, false },
	{ "show its memory", reset_limits_of_memory, false },
	{ "make a thread", make_thread, true },
	{ "open sockets", open_sockets, true },
	{ "get memory", get_memory, true },
};

/* Runs a case behind the filter; the status of the process that did it. */
static int
run_case(size_t i)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !rgw_syscalls_filter())
			_exit(UNAVAILABLE);
		_exit(cases[i].run() ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
forbids_what_is_not_needed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int got = run_case(i);

		if (got == UNAVAILABLE)
			skip();
		if (got != cases[i].works)
			fail_msg("%s: %s", cases[i].what, got ? "it is possible" : "it is forbidden");
	}
}

/* The list is short beside what the kernel offers. */
static void
allows_less_than_half(void **state)
{
	(void)state;
	assert_in_range(rgw_syscalls_allowed(), 60, 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forbids_what_is_not_needed),
		cmocka_unit_test(allows_less_than_half),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
