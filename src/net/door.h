/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_DOOR_H
#define RADSECGW_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "radsecgw/addr.h"
#include "radsecgw/http.h"

struct ev_loop;

/*
 * A listening stream socket, on a path or on a TCP address, and who comes to it. It takes connections a few at a time,
 * so that other work of the loop goes on, and pauses for half a second when the system has no more descriptors. The
 * socket on a path replaces the file of one on which nobody answers any more, and is removed at the end.
 */
struct rgw_door;

/* Who has connected. */
struct rgw_visitor {
	struct rgw_addr addr;  /* family 0 on a path */
	uid_t uid;             /* of the process, on a path */
};

/* Takes a connection; the descriptor is the callee's, does not block, and is closed on exec. */
typedef void rgw_door_take(void *ctx, int fd, const struct rgw_visitor *visitor);

/* Borrows all pointers. Nothing is open yet. */
struct rgw_door *rgw_door_new(struct ev_loop *loop, rgw_door_take *take, void *ctx);
/* Opens it; may be called once. false = it could not be, and `why` says so in a sentence. */
bool rgw_door_open_unix(struct rgw_door *door, const struct rgw_http_unix *place, char *why, size_t size)
    __attribute__((warn_unused_result));
bool rgw_door_open_tcp(struct rgw_door *door, const struct rgw_addr *addr, char *why, size_t size)
    __attribute__((warn_unused_result));
/* The address it has, with the port that the system chose for port 0; family 0 on a path. */
struct rgw_addr rgw_door_addr(const struct rgw_door *door);
/* NULL is ignored. */
void rgw_door_free(struct rgw_door *door);

#endif
