/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_THREAD_H
#define RADSECGW_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Threads, all of which are started here. The signals that a process is sent are for the first thread alone.
 * Those that a fault raises are for the thread that has made it: if it blocked them, the kernel would end the
 * process without a word.
 */

/* The signals of faults. */
#define RGW_FAULTS SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT

/* A stack that is enough to report a fault on, octets. The kernel keeps the processor's registers there. */
#define RGW_SPARE_STACK (32 * 1024)

/* Starts a thread under this name, of which 15 octets count. It is to be joined. false = the system
 * gives none; errno says why. */
bool rgw_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg);

/* Lends the thread that calls RGW_SPARE_STACK octets to report a fault on, which may be that its own
 * stack has overflowed. Whoever has such a stack by other means keeps it. */
void rgw_thread_lend_stack(void *stack);
/* Takes it back. */
void rgw_thread_take_stack(const void *stack);

#endif
