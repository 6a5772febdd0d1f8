/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_CONTROL_H
#define RADSECGW_APP_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "inbox.h"
#include "radsecgw/log.h"

/*
 * The control socket: commands and questions of whoever may write to it, as HTTP/1.1 with JSON (RFC 9112, RFC 8259).
 * All of it runs in the thread of the first worker and never waits there: what a command asks of workers it asks by
 * jobs, and its answer is sent when these are done.
 */
struct rgw_control;
struct rgw_reloader;

/* Whom the commands concern; all pointers are borrowed. */
struct rgw_control_scope {
	struct rgw_reloader *reloader;
	struct rgw_log *log;
	struct rgw_worker *const *workers;
	uint32_t n_workers;
	struct ev_loop *loop;      /* of the first worker */
	const bool *stopping;      /* the gateway has been told to stop */
};

/* Makes the socket, before privileges are dropped. *out is NULL if there is to be none, or if only the one that is made
 * by default cannot be made, for which there is a warning. false = the one that was asked for cannot be made, and the
 * log says why. */
bool rgw_control_open(const struct rgw_control_scope *scope, struct rgw_control **out) RGW_MUST_USE;
/* Ends what is under way, when the workers have returned all jobs, and removes the socket. NULL is ignored. */
void rgw_control_free(struct rgw_control *control);

#endif
