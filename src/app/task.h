/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_TASK_H
#define RADSECGW_APP_TASK_H

#include <ev.h>

#include "control.h"
#include "radsecgw/http.h"
#include "radsecgw/rows.h"
#include "radsecgw/search.h"
#include "reload.h"
#include "worker.h"

/*
 * A task is a command on its way: what was asked, the jobs for the workers, and the answer. It is owned by the control
 * socket, and ends when it has been answered. It has rounds: in each, all workers are asked the same, and when all have
 * answered the task goes on. If whoever asked goes away, the task goes on all the same.
 */
struct rgw_task;

struct rgw_control {
	struct rgw_control_scope scope;
	struct rgw_http *http;      /* owned */
	struct rgw_link tasks;      /* owned */
	bool drained;               /* all was told to drain, by a command */
	ev_timer level_timer;       /* the log has the level of the configuration again */
	uint64_t trace;             /* what somebody follows, by its number; 0 = nobody does */
	rgw_ms trace_seen;          /* when its events were fetched last */
};

/* What one worker is asked. */
struct rgw_ask {
	struct rgw_job job;
	struct rgw_task *task;   /* borrowed; not to be written by the worker */
	struct rgw_rows rows;    /* owned: what the worker tells */
	struct rgw_trail *trails;/* owned: the same, requests that were looked for */
	size_t n_trails, trails_room;
	uint64_t number;         /* the same */
	bool flag;               /* the same */
	struct rgw_disconnects disconnects;  /* the same */
};

typedef void rgw_task_step(struct rgw_task *task);
typedef void rgw_ask_run(struct rgw_worker *worker, const struct rgw_task *task, struct rgw_ask *ask);

struct rgw_task {
	struct rgw_control *control;            /* borrowed: the owner, as the next two */
	const struct rgw_control_scope *scope;
	const struct rgw_command *command;
	struct rgw_http_exchange *exchange;     /* borrowed; NULL = nobody waits for an answer (any more) */
	bool wants_text;                        /* and not JSON */
	struct rgw_link link;                   /* among all tasks */
	struct rgw_ask *asks;                   /* owned: one for each worker */
	uint32_t n_left;                        /* of them that have not answered */
	rgw_ask_run *run;
	rgw_task_step *then;                    /* when all have answered */
	/* What was asked for: */
	char *name;                             /* owned: of a neighbour, or NULL */
	unsigned tables;
	enum rgw_nas_name session_name;         /* what `name` is of sessions */
	enum rgw_log_level level;
	rgw_ms time;
	struct rgw_reload_ask reload;
	struct rgw_request_ask *about;          /* owned: of a question about requests, or NULL */
	struct rgw_trace_ask *trace;            /* owned: of a trace, or NULL */
	/* Of a command that waits: */
	ev_timer timer;                         /* the next look */
	unsigned n_looks;
};

/* A command of the socket. */
struct rgw_command {
	const char *name;
	const char *method;
	rgw_task_step *begin;   /* reads what was asked, and begins or ends the task */
};

/* Asks all workers, and goes on with `then` when all have answered. */
void rgw_task_round(struct rgw_task *task, rgw_ask_run *run, rgw_task_step *then);
/* A parameter of what was asked, or NULL. Only while the task begins. */
const char *rgw_task_parameter(struct rgw_task *task, const char *name);

/* Each of these ends the task. A status of 200 means that it has been done. */
void rgw_task_say(struct rgw_task *task, unsigned status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same with notes, which are only read. */
void rgw_task_say_notes(struct rgw_task *task, unsigned status, const char *message, const struct rgw_notes *notes);
/* `octets` are handed over; NULL = there is no memory. */
void rgw_task_send(struct rgw_task *task, char *octets, size_t len);

/* A task that nobody has asked for, for what is to be done later. */
struct rgw_task *rgw_task_new(struct rgw_control *control, const struct rgw_command *command) RGW_MUST_USE;
/* Ends a task without an answer, at the end of all. */
void rgw_task_free(struct rgw_task *task);

/* status.c: questions */
rgw_task_step rgw_begin_ping, rgw_begin_status, rgw_begin_verdict;

/* commands.c */
rgw_task_step rgw_begin_log_level, rgw_begin_drain, rgw_begin_resume, rgw_begin_reconnect, rgw_begin_disconnect;
/* The time of a log level is over. */
void rgw_on_level_timer(struct ev_loop *loop, ev_timer *w, int revents);

/* requests.c: questions about requests */
rgw_task_step rgw_begin_requests, rgw_begin_explain, rgw_begin_would;
/* Why it would be of no use to look for requests that are like that, since the log may not say whose they are;
 * NULL = it is of use. */
const char *rgw_search_refused(const struct rgw_conf *conf, const struct rgw_search *search);

/* tracing.c: requests as they come */
rgw_task_step rgw_begin_trace;

/* command_reload.c */
rgw_task_step rgw_begin_reload, rgw_begin_confirm, rgw_begin_undo;

#endif
