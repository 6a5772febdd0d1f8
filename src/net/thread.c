/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How threads of the program start and end; see thread.h. */

/* The stack of a thread, octets. A handshake needs the most: the TLS library's arithmetic keeps its numbers on the
 * stack, and there may be 50 KiB of variables of its own per thread, which are part of the stack. */
#define STACK_OCTETS (512 * 1024)

/* The data that a new thread is given, and frees in the end. */
struct birth {
	char name[16];
	void *(*run)(void *);
	void *arg;
	char spare[RGW_SPARE_STACK];
};

void
rgw_thread_lend_stack(void *stack)
{
	stack_t ours = { .ss_sp = stack, .ss_size = RGW_SPARE_STACK };
	stack_t there;

	/* A sanitizer gives each thread such a stack, and reports faults on it. */
	if (sigaltstack(NULL, &there) == 0 && (there.ss_flags & SS_DISABLE) != 0)
		(void)sigaltstack(&ours, NULL);
}

void
rgw_thread_take_stack(const void *stack)
{
	stack_t none = { .ss_flags = SS_DISABLE };
	stack_t there;

	if (sigaltstack(NULL, &there) == 0 && there.ss_sp == stack)
		(void)sigaltstack(&none, NULL);
}

static void *
live(void *arg)
{
	struct birth *b = arg;
	void *result;

	pthread_setname_np(pthread_self(), b->name);
	rgw_thread_lend_stack(b->spare);
	result = b->run(b->arg);
	rgw_thread_take_stack(b->spare);
	free(b);
	return result;
}

/* Starts the thread with a mask of signals, which it inherits. */
static int
start(pthread_t *thread, struct birth *b)
{
	static const int faults[] = { RGW_FAULTS };
	pthread_attr_t attr;
	sigset_t mask, before;
	int error;

	sigfillset(&mask);
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
		sigdelset(&mask, faults[i]);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_OCTETS);
	pthread_sigmask(SIG_SETMASK, &mask, &before);
	error = pthread_create(thread, &attr, live, b);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return error;
}

bool
rgw_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg)
{
	struct birth *b = malloc(sizeof *b);
	int error;

	if (b == NULL)
		return false;
	memset(b->name, 0, sizeof b->name);
	memcpy(b->name, name, strnlen(name, sizeof b->name - 1));
	b->run = run;
	b->arg = arg;
	error = start(thread, b);
	if (error == 0)
		return true;
	free(b);
	errno = error;
	return false;
}
