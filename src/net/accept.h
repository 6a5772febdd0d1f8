/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_ACCEPT_H
#define NET_ACCEPT_H

#include <errno.h>
#include <stdbool.h>

/* What an error of accept() means, for every socket that takes connections: descriptors or memory of the system are
 * out, so that the next connection fails, too. All other errors belong to the one connection alone. */
static inline bool
rgw_accept_is_out(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

#endif
