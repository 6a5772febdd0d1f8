/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../src/app/crash.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helpers.h"
#include "radsecgw/thread.h"
#include "radsecgw/version.h"

static const int faults[] = { RGW_FAULTS };

/* What is done about them before the frame of the tests has its own ways. */
static struct sigaction original[COUNT(faults)];

/* It handles faults before anything here does, with its own words and its own end. */
static bool
has_sanitizer(void)
{
#ifdef __SANITIZE_ADDRESS__
	return true;
#else
	return false;
#endif
}

/* ---- what a child does to itself, in a thread of its own ---- */

static void *
read_nothing(void *arg)
{
	volatile int *nowhere = (int *)((uintptr_t)arg + 0x1230);

	(void)*nowhere;
	return NULL;
}

/* A recursion that ends far below the end of the stack. */
static size_t
dig(volatile char *above, size_t deep)
{
	volatile char here[4096];

	here[0] = *above;
	return deep == 0 ? 0 : dig(here, deep - 1) + (size_t)here[0];
}

static void *
overflow(void *arg)
{
	volatile char top = 0;

	(void)arg;
	return (void *)dig(&top, 1 << 20);
}

static void *
give_up(void *arg)
{
	(void)arg;
	abort();
}

static void *
be_killed(void *arg)
{
	(void)arg;
	(void)syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGSEGV);
	pause();
	return NULL;
}

/* Runs it in a child; returns how that ended, and what it said. */
static int
run(void *(*fault)(void *), char *said, size_t size)
{
	static const struct rlimit no_core = { 0, 0 };
	size_t len = 0;
	int out[2];
	int status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(out), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char spare[RGW_SPARE_STACK];
		pthread_t thread;

		for (size_t i = 0; i < COUNT(faults); i++)
			sigaction(faults[i], &original[i], NULL);
		(void)setrlimit(RLIMIT_CORE, &no_core);
		dup2(out[1], STDERR_FILENO);
		rgw_thread_lend_stack(spare);
		rgw_crash_report();
		if (!rgw_thread_start(&thread, "a-thread-with-a-long-name", fault, NULL))
			_exit(100);
		pthread_join(thread, NULL);
		_exit(101);
	}
	close(out[1]);
	while (len + 1 < size && (n = read(out[0], said + len, size - 1 - len)) > 0)
		len += (size_t)n;
	said[len] = '\0';
	close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
assert_says(void *(*fault)(void *), int number, const char *what)
{
	char said[16384];
	char first[256];
	char tls[64];
	int status = run(fault, said, sizeof said);

	if (has_sanitizer()) {
		snprintf(first, sizeof first, "radsecgw %s, %s", rgw_version(),
		    rgw_version_tls(tls, sizeof tls));
		if (strstr(said, first) == NULL)
			fail_msg("it said: %s", said);
		return;
	}
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), number);
	snprintf(first, sizeof first, "radsecgw %s, %s: signal %d (%s", rgw_version(),
	    rgw_version_tls(tls, sizeof tls), number, what);
	assert_memory_equal(said, first, strlen(first));
	assert_non_null(strstr(said, ", in the thread a-thread-with-a\n"));
	/* The way there, at least its first steps. */
	assert_non_null(strstr(said, "test_crash("));
	assert_true(strlen(said) < 4096);
}

static void
each_fault_is_reported(void **state)
{
	(void)state;
#ifdef __SANITIZE_THREAD__
	skip();  /* its own report does not get through in a child */
#endif
	assert_says(read_nothing, SIGSEGV, "SIGSEGV) at the address 0x1230, in");
	assert_says(overflow, SIGSEGV, "SIGSEGV) at the address 0x");
	assert_says(give_up, SIGABRT, "SIGABRT) sent by the process ");
	assert_says(be_killed, SIGSEGV, "SIGSEGV) sent by the process ");
}

/* A thread is for faults only; all else is for the first. */
static void *
look_at_mask(void *arg)
{
	pthread_sigmask(SIG_BLOCK, NULL, arg);
	return NULL;
}

static void
threads_block_what_is_no_fault(void **state)
{
	static const int others[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGPIPE, SIGCHLD, SIGALRM };
	sigset_t before, mask, after;
	pthread_t thread;

	(void)state;
	pthread_sigmask(SIG_BLOCK, NULL, &before);
	sigemptyset(&mask);
	assert_true(rgw_thread_start(&thread, "t", look_at_mask, &mask));
	pthread_join(thread, NULL);
	for (size_t i = 0; i < COUNT(faults); i++)
		assert_int_equal(sigismember(&mask, faults[i]), 0);
	for (size_t i = 0; i < COUNT(others); i++)
		assert_int_equal(sigismember(&mask, others[i]), 1);
	pthread_sigmask(SIG_BLOCK, NULL, &after);
	for (int i = 1; i < NSIG; i++)
		assert_int_equal(sigismember(&before, i), sigismember(&after, i));
}

static void *
look_at_stack(void *arg)
{
	sigaltstack(NULL, arg);
	return NULL;
}

static void
threads_have_a_spare_stack(void **state)
{
	stack_t spare = { .ss_flags = SS_DISABLE };
	pthread_t thread;

	(void)state;
	assert_true(rgw_thread_start(&thread, "t", look_at_stack, &spare));
	pthread_join(thread, NULL);
	assert_int_equal(spare.ss_flags & SS_DISABLE, 0);
	assert_true(spare.ss_size >= RGW_SPARE_STACK || has_sanitizer());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_is_reported),
		cmocka_unit_test(threads_block_what_is_no_fault),
		cmocka_unit_test(threads_have_a_spare_stack),
	};

	for (size_t i = 0; i < COUNT(faults); i++)
		sigaction(faults[i], NULL, &original[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
