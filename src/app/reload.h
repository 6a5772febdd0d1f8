/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_RELOAD_H
#define RADSECGW_APP_RELOAD_H

#include "loader.h"
#include "notify.h"
#include "record.h"
#include "snapshot.h"

/*
 * The reloader has the configuration that is in effect and takes the gateway to another one: that of the files, or the
 * one before. A loading in a thread of its own prepares everything (loader.h); then each worker takes it up in one turn
 * of its loop. One such change is made at a time, others wait. The process owns the reloader; all calls belong to its
 * thread.
 */
struct rgw_reloader;

/* Whom it concerns; all pointers are borrowed. */
struct rgw_reload_scope {
	const char *path;                    /* the configuration's file, as seen from the current directory */
	struct rgw_worker *const *workers;
	uint32_t n_workers;
	struct rgw_common *common;
	struct rgw_logsink *sink;
	struct rgw_log *log;
	struct rgw_inbox *home;              /* of the process */
	struct ev_loop *loop;
	const bool *stopping;                /* the gateway has been told to stop */
	/* Asks others than the workers to take up what comes into effect; returns how many there are, each of which
	 * tells when it has, with rgw_reloader_taken. */
	unsigned (*others)(void *ctx, const struct rgw_conf *next);
	void (*in_effect)(void *ctx);        /* called when another configuration is in effect */
	void *ctx;                           /* what it is given */
	struct rgw_notifier *notifier;       /* of the process; NULL = nobody wants to be told */
};

/* The reloader takes over the reference to the configuration, with which the gateway is about to start. */
struct rgw_reloader *rgw_reloader_new(const struct rgw_reload_scope *scope, struct rgw_snapshot *first) RGW_MUST_USE;
/* Waits for the thread of the loading, when the workers do not run any more. If that hangs, the process ends here. */
void rgw_reloader_stop(struct rgw_reloader *reloader);
/* Frees the reloader, when all jobs have come home, before the workers. NULL is ignored. */
void rgw_reloader_free(struct rgw_reloader *reloader);

/* The configuration that is in effect; borrowed until the next change. */
const struct rgw_conf *rgw_reloader_conf(const struct rgw_reloader *reloader);

/* Prepares all workers for the first configuration, which needs the rights that the process has at its start. false =
 * it cannot be used, and the log says why. */
bool rgw_reloader_prepare(struct rgw_reloader *reloader) RGW_MUST_USE;
/* Has the workers, which do not run yet, take the first configuration up. */
void rgw_reloader_start(struct rgw_reloader *reloader);

/* One of the others has taken up the configuration that comes into effect. */
void rgw_reloader_taken(struct rgw_reloader *reloader);

enum rgw_reload_what {
	RGW_RELOAD_FILES,  /* what the files say is to be in effect */
	RGW_RELOAD_CHECK,  /* could it be? */
	RGW_RELOAD_BACK,   /* the configuration before is to be in effect again */
	RGW_RELOAD_AGAIN,  /* the files of [tls] sections are to be in effect as they are now, under the same
	                    * configuration */
};

struct rgw_reload_ask;

/* What came of it. The message is a sentence without an end; the notes are lent for the time of the call, NULL if it
 * did not begin. */
typedef void rgw_reload_done(struct rgw_reload_ask *ask, bool ok, const char *message, const struct rgw_notes *notes);

/* What somebody asks for, who owns it until it is done. */
struct rgw_reload_ask {
	enum rgw_reload_what what;
	const char *why;        /* for the log: who asks */
	bool quiet;             /* a failure is neither logged nor counted: it is no matter yet */
	bool own;               /* the gateway itself asks, and waits its turn however many others wait */
	rgw_ms confirm;         /* FILES: the configuration before comes back after this time, unless it is confirmed;
	                         * 0 = it does not */
	rgw_reload_done *done;  /* may be called before rgw_reloader_ask returns; NULL = nobody waits */
	struct rgw_link link;   /* private */
};

void rgw_reloader_ask(struct rgw_reloader *reloader, struct rgw_reload_ask *ask);
/* SIGHUP: what the files say is to be in effect, and the log tells what came of it. */
void rgw_reloader_signal(struct rgw_reloader *reloader);
/* The configuration that awaits it is confirmed. false = there is none. */
bool rgw_reloader_confirm(struct rgw_reloader *reloader) RGW_MUST_USE;

/* What came of reloads until now. */
struct rgw_record rgw_reloader_record(const struct rgw_reloader *reloader);

#endif
