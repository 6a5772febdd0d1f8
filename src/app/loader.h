/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_LOADER_H
#define RADSECGW_APP_LOADER_H

#include <stdbool.h>

#include "notes.h"
#include "radsecgw/logsink.h"
#include "worker.h"

/*
 * A loading is the first phase of a reload, which may fail and may take long: files are read, what they say is compared
 * with the configuration that is in effect, and everything is prepared that the workers need to take it up. It runs in
 * a thread of its own, and has all that it touches to itself as long as it does, but for what the workers lend
 * (rgw_net_prepare).
 */
struct rgw_loading {
	/* What it is given, borrowed: */
	const char *path;                     /* the configuration's file */
	const struct rgw_conf *now;           /* the configuration that is in effect */
	const struct rgw_conf *back;          /* the one that is to come back; NULL = the files are read */
	struct rgw_worker *const *workers;
	uint32_t n_workers;
	bool only_check;                      /* nothing of what is prepared is kept */
	/* What it hands over to whoever looks at it afterwards: */
	struct rgw_notes notes;
	struct rgw_conf *next;                /* the new configuration; NULL if it failed, or one comes back */
	struct rgw_worker_change **changes;   /* one for each worker; NULL if it failed, or was only to check */
	struct rgw_logsink *sink;             /* another target of the log; NULL = it stays */
};

/* Loads; the first fields are filled in, and all others zero. false = something is wrong, and the notes say what. */
bool rgw_loading_run(struct rgw_loading *loading) RGW_MUST_USE;
/* A part of it: prepares the workers for a configuration. false = as above; what is prepared is still there. */
bool rgw_loading_prepare(struct rgw_loading *loading, const struct rgw_conf *next) RGW_MUST_USE;
/* Gives up what was prepared and read, in the thread that did it. */
void rgw_loading_forget(struct rgw_loading *loading);

#endif
