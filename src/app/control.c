/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "privileges.h"
#include "radsecgw/mem.h"
#include "task.h"

/* The control socket and the tasks of those who ask there (see control.h and task.h). The process owns it. */

#define JSON_TYPE "application/json"
#define TEXT_TYPE "text/plain; charset=utf-8"

static const struct rgw_command commands[] = {
	{ "ping", "GET", rgw_begin_ping },
	{ "status", "GET", rgw_begin_status },
	{ "log-level", "POST", rgw_begin_log_level },
};

#define N_COMMANDS (sizeof commands / sizeof commands[0])

/* ---- tasks ---- */

struct rgw_task *
rgw_task_new(struct rgw_control *control, const struct rgw_command *command)
{
	struct rgw_task *task = rgw_xcalloc(1, sizeof *task);

	task->control = control;
	task->scope = &control->scope;
	task->command = command;
	task->asks = rgw_xcalloc(control->scope.n_workers, sizeof *task->asks);
	for (uint32_t i = 0; i < control->scope.n_workers; i++) {
		task->asks[i].task = task;
		rgw_rows_init(&task->asks[i].rows);
	}
	rgw_list_append(&control->tasks, &task->link);
	return task;
}

static void
free_task(struct rgw_task *task)
{
	for (uint32_t i = 0; i < task->scope->n_workers; i++)
		rgw_rows_fini(&task->asks[i].rows);
	rgw_link_remove(&task->link);
	free(task->asks);
	free(task->name);
	free(task);
}

static bool
run_ask(struct rgw_worker *worker, struct rgw_job *job)
{
	struct rgw_ask *ask = RGW_CONTAINER(job, struct rgw_ask, job);

	ask->task->run(worker, ask->task, ask);
	return true;
}

static void
ask_done(struct rgw_job *job)
{
	struct rgw_task *task = RGW_CONTAINER(job, struct rgw_ask, job)->task;

	if (!job->was_run)
		task->then = NULL;
	if (--task->n_left > 0)
		return;
	if (task->then != NULL)
		task->then(task);
	else
		rgw_task_say(task, 503, "the gateway has stopped");
}

void
rgw_task_round(struct rgw_task *task, rgw_ask_run *run, rgw_task_step *then)
{
	task->run = run;
	task->then = then;
	task->n_left = task->scope->n_workers;
	for (uint32_t i = 0; i < task->scope->n_workers; i++) {
		struct rgw_ask *ask = &task->asks[i];

		rgw_rows_fini(&ask->rows);
		ask->job.run = run_ask;
		ask->job.done = ask_done;
		rgw_worker_post(task->scope->workers[i], &ask->job);
	}
}

const char *
rgw_task_parameter(struct rgw_task *task, const char *name)
{
	return task->exchange != NULL ? rgw_http_query(task->exchange, name) : NULL;
}

static void
send_answer(struct rgw_task *task, unsigned status, char *octets, size_t len)
{
	if (task->exchange == NULL)
		free(octets);
	else if (octets == NULL)
		rgw_http_answer_text(task->exchange, 500, "there is no memory for the answer\n");
	else
		rgw_http_answer(task->exchange, status, task->wants_text ? TEXT_TYPE : JSON_TYPE, octets, len);
	free_task(task);
}

void
rgw_task_send(struct rgw_task *task, char *octets, size_t len)
{
	send_answer(task, 200, octets, len);
}

/* What has been commanded stands in the log, whether it was done or not. */
static void
log_command(const struct rgw_task *task, const char *said)
{
	if (strcmp(task->command->method, "POST") == 0)
		RGW_LOG(task->scope->log, RGW_LOG_NOTICE, "control-command", NULL,
		    "a command came over the control socket", rgw_f_str("command", task->command->name),
		    rgw_f_str("result", said));
}

void
rgw_task_say(struct rgw_task *task, unsigned status, const char *fmt, ...)
{
	struct rgw_json j;
	char said[512];
	size_t len;
	va_list ap;
	char *body;

	va_start(ap, fmt);
	vsnprintf(said, sizeof said - 1, fmt, ap);
	va_end(ap);
	log_command(task, said);
	len = strlen(said);
	if (task->wants_text) {
		said[len] = '\n';
		body = rgw_xcalloc(1, len + 1);
		memcpy(body, said, ++len);
	} else {
		rgw_json_init(&j, 4096);
		rgw_json_object(&j, NULL);
		rgw_json_bool(&j, "done", status == 200);
		rgw_json_str(&j, "message", said);
		rgw_json_end(&j);
		body = rgw_json_take(&j, &len);
	}
	send_answer(task, status, body, len);
}

/* ---- requests ---- */

/* Whoever asked has gone; the command goes on. */
static void
on_gone(void *arg, struct rgw_http_exchange *exchange)
{
	struct rgw_task *task = arg;

	(void)exchange;
	task->exchange = NULL;
}

static const struct rgw_command *
find(const char *path)
{
	if (strncmp(path, "/v1/", 4) != 0)
		return NULL;
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(path + 4, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

static bool
is_method(const struct rgw_command *command, const char *method)
{
	return strcmp(method, command->method) == 0 ||
	    (strcmp(method, "HEAD") == 0 && strcmp(command->method, "GET") == 0);
}

static void
on_request(void *ctx, struct rgw_http_exchange *exchange, const struct rgw_http_request *request)
{
	const struct rgw_command *command = find(request->path);
	struct rgw_task *task;
	const char *format;

	if (command == NULL) {
		rgw_http_answer_text(exchange, 404, "there is no such command; see radsecgw(8)\n");
		return;
	}
	if (!is_method(command, request->method)) {
		rgw_http_answer_text(exchange, 405, "this command wants another method: GET for questions, POST for "
		    "the others\n");
		return;
	}
	task = rgw_task_new(ctx, command);
	task->exchange = exchange;
	format = rgw_http_query(exchange, "format");
	task->wants_text = format != NULL && strcmp(format, "text") == 0;
	rgw_http_defer(exchange, on_gone, task);
	command->begin(task);
}

/* ---- the socket ---- */

static bool
give_up(const struct rgw_control_scope *scope, const char *path, const char *why)
{
	bool is_default = scope->conf->control.socket == NULL;

	RGW_LOG(scope->log, is_default ? RGW_LOG_WARNING : RGW_LOG_ERROR, "control-failed", NULL,
	    is_default ? "there is no control socket at the usual place, so no commands are taken; see [control]"
	               : "the control socket cannot be made",
	    rgw_f_str("socket", path), rgw_f_str("reason", why));
	return is_default;
}

/* The folder of the usual place is made if there is none, for the user that the gateway becomes. */
static void
make_folder(const char *path, uid_t uid, gid_t gid)
{
	char folder[128];

	snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
	if (mkdir(folder, 0755) == 0 && chown(folder, uid, gid) != 0)
		(void)rmdir(folder);
}

static bool
find_owner(const struct rgw_conf *conf, struct rgw_http_unix *place, uid_t *uid, gid_t *gid)
{
	if (rgw_privileges_find(conf->gateway.user, conf->gateway.group, uid, gid) != NULL)
		return true;  /* said when the privileges are dropped */
	place->uid = *uid;
	place->gid = *gid;
	return rgw_privileges_find(conf->control.owner, NULL, &place->uid, &(gid_t){ 0 }) == NULL &&
	    rgw_privileges_find(NULL, conf->control.group, &(uid_t){ 0 }, &place->gid) == NULL;
}

static bool
listen_at(struct rgw_control *control, const char *path)
{
	const struct rgw_control_scope *scope = &control->scope;
	struct rgw_http_unix place = { .path = path, .mode = scope->conf->control.mode };
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;
	char why[256];

	if (!find_owner(scope->conf, &place, &uid, &gid))
		return give_up(scope, path, "[control] owner or group is unknown to this system");
	if (scope->conf->control.socket == NULL)
		make_folder(path, uid, gid);
	if (!rgw_http_listen_unix(control->http, &place, why, sizeof why))
		return give_up(scope, path, why);
	RGW_LOG(scope->log, RGW_LOG_INFO, "control-listening", NULL, "commands are taken on the control socket",
	    rgw_f_str("socket", path));
	return true;
}

bool
rgw_control_open(const struct rgw_control_scope *scope, struct rgw_control **out)
{
	static const struct rgw_http_limits limits = RGW_HTTP_LIMITS;
	const char *path = scope->conf->control.socket != NULL ? scope->conf->control.socket : RGW_CONTROL_SOCKET;
	struct rgw_control *control;

	*out = NULL;
	if (strcmp(path, "off") == 0)
		return true;
	control = rgw_xcalloc(1, sizeof *control);
	control->scope = *scope;
	rgw_link_init(&control->tasks);
	ev_timer_init(&control->level_timer, rgw_on_level_timer, 0, 0);
	control->level_timer.data = control;
	control->http = rgw_http_new(scope->loop, scope->log, &limits, on_request, control);
	*out = control;
	if (control->http == NULL)
		return give_up(scope, path, strerror(errno));
	return listen_at(control, path);
}

void
rgw_control_free(struct rgw_control *control)
{
	struct rgw_link *l;

	if (control == NULL)
		return;
	ev_timer_stop(control->scope.loop, &control->level_timer);
	rgw_http_free(control->http);
	while ((l = rgw_list_first(&control->tasks)) != NULL)
		free_task(RGW_CONTAINER(l, struct rgw_task, link));
	free(control);
}
