/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "crash.h"

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#if __has_include(<execinfo.h>)
#include <execinfo.h>
#endif

#include "radsecgw/thread.h"
#include "radsecgw/tls.h"
#include "radsecgw/version.h"

/* The report of a process that has made a fault (see crash.h). */

/* Everything below runs in a process that is broken: it takes no lock, allocates nothing and does not
 * wait. */

/* The most addresses that a report has; so the whole of it fits into a pipe that is ready for PIPE_BUF octets.
 * */
#define STEPS 24

/* A line that is put together; what does not fit is cut. */
struct line {
	char text[512];
	size_t len;
};

static void
put(struct line *l, const char *text)
{
	size_t n = strlen(text);
	size_t room = sizeof l->text - l->len;

	n = n < room ? n : room;
	memcpy(l->text + l->len, text, n);
	l->len += n;
}

static void
put_number(struct line *l, uintptr_t n, unsigned base)
{
	char digits[24];
	size_t at = sizeof digits - 1;

	digits[at] = '\0';
	do {
		digits[--at] = "0123456789abcdef"[n % base];
		n /= base;
	} while (n > 0);
	put(l, digits + at);
}

static void
put_version(struct line *l)
{
	put(l, "radsecgw ");
	put(l, rgw_version());
	put(l, ", wolfSSL ");
	put(l, rgw_tls_library_version());
	put(l, " (" RGW_WOLFSSL ")");
}

static const char *
name_of(int number)
{
	static const struct {
		int number;
		const char *name;
	} names[] = {
		{ SIGSEGV, "SIGSEGV" },
		{ SIGBUS, "SIGBUS" },
		{ SIGFPE, "SIGFPE" },
		{ SIGILL, "SIGILL" },
		{ SIGABRT, "SIGABRT" },
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].number == number)
			return names[i].name;
	return "?";
}

/* Writes the line unless that would have to wait. */
static bool
say(const struct line *l)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) != 0 &&
	    write(STDERR_FILENO, l->text, l->len) == (ssize_t)l->len;
}

#if __has_include(<execinfo.h>)
static void
say_the_way(void)
{
	void *steps[STEPS];

	backtrace_symbols_fd(steps, backtrace(steps, STEPS), STDERR_FILENO);
}

/* The first backtrace loads a library, which must not happen in a broken process, so one is made here. */
static void
get_ready(void)
{
	void *step;

	(void)backtrace(&step, 1);
}
#else
static void
say_the_way(void)
{
}

static void
get_ready(void)
{
}
#endif

static void
on_fault(int number, siginfo_t *info, void *context)
{
	struct line l = { .len = 0 };
	char thread[16] = "";

	(void)context;
	(void)prctl(PR_GET_NAME, thread);
	put_version(&l);
	put(&l, ": signal ");
	put_number(&l, (uintptr_t)number, 10);
	put(&l, " (");
	put(&l, name_of(number));
	/* The signal SIGABRT is what abort() sends. */
	put(&l, info->si_code > 0 ? ") at the address 0x" : ") sent by the process ");
	put_number(&l, info->si_code > 0 ? (uintptr_t)info->si_addr : (uintptr_t)info->si_pid,
	    info->si_code > 0 ? 16 : 10);
	put(&l, ", in the thread ");
	put(&l, thread);
	put(&l, "\n");
	if (say(&l))
		say_the_way();
	/* The signal is raised again: the handler is gone, so the process ends as it would have without it. */
	(void)raise(number);
}

/* ---- sanitizers ---- */

/* Each sanitizer has such a function in its run-time library. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void
on_sanitizer_death(void)
{
	struct line l = { .len = 0 };

	put_version(&l);
	put(&l, "\n");
	(void)say(&l);
}

/* ---- */

void
rgw_crash_report(void)
{
	static const int faults[] = { RGW_FAULTS };
	struct sigaction ours = { .sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND };
	struct sigaction there;

	get_ready();
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
		if (sigaction(faults[i], NULL, &there) == 0 && there.sa_handler == SIG_DFL)
			(void)sigaction(faults[i], &ours, NULL);
	if (__sanitizer_set_death_callback != NULL)
		__sanitizer_set_death_callback(on_sanitizer_death);
}
