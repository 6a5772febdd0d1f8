/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_THREAD_H
#define RADSECGW_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * All threads of the program are started here. Signals that somebody sends to the process are for the first thread
 * alone. A signal that a fault raises is for the thread that has made the fault: if that thread blocked it, the kernel
 * would end the process without a word.
 */

/* The signals that faults raise. */
#define RGW_FAULTS SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT

/* A stack that is enough to report a fault on, octets. The kernel keeps the processor's registers there. */
#define RGW_SPARE_STACK (32 * 1024)

/* Starts a thread under this name, of which 15 octets count. The caller must join the thread. false = the system gives
 * none; errno says why. */
bool rgw_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg)
    __attribute__((warn_unused_result));

/* Lends the calling thread RGW_SPARE_STACK octets on which it can report a fault, for example that its own stack has
 * overflowed. A thread that has such a stack by other means keeps that. */
void rgw_thread_lend_stack(void *stack);
/* Takes the spare stack back. */
void rgw_thread_take_stack(const void *stack);

#endif
