/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_SYSCALLS_H
#define RADSECGW_SYSCALLS_H

#include <stdbool.h>

/*
 * The list of system calls that the gateway makes once it has started, as a filter of the kernel's (seccomp(2)). All
 * others fail with EPERM: no program is started, no process made or looked into, no memory made executable, nothing
 * mounted, loaded or signalled elsewhere. See confine.h.
 */

/* The number of calls that are allowed on this machine. */
unsigned rgw_syscalls_allowed(void);

/* Puts the filter up, for all threads of the process. no_new_privs must be set. false = the kernel has no such filters,
 * or not for this machine; errno says why. */
bool rgw_syscalls_filter(void);

#endif
