/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "privileges.h"
#include "radsecgw/mem.h"
#include "reload.h"
#include "task.h"

/* The control socket, and which command makes which task (see control.h and task.h). The process owns it. */

static const struct rgw_command commands[] = {
	{ "ping", "GET", rgw_begin_ping },
	{ "status", "GET", rgw_begin_status },
	{ "verdict", "GET", rgw_begin_verdict },
	{ "requests", "GET", rgw_begin_requests },
	{ "explain", "GET", rgw_begin_explain },
	{ "would", "GET", rgw_begin_would },
	{ "trace", "GET", rgw_begin_trace },
	{ "log-level", "POST", rgw_begin_log_level },
	{ "drain", "POST", rgw_begin_drain },
	{ "resume", "POST", rgw_begin_resume },
	{ "reconnect", "POST", rgw_begin_reconnect },
	{ "disconnect", "POST", rgw_begin_disconnect },
	{ "reload", "POST", rgw_begin_reload },
	{ "confirm", "POST", rgw_begin_confirm },
	{ "undo", "POST", rgw_begin_undo },
};

#define N_COMMANDS (sizeof commands / sizeof commands[0])

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

/* Commands whose asker has gone go on, so whoever asks and goes away again and again could have any number of them
 * carried out at once. Questions end in one round, commands that change something may wait for a minute: so the former
 * are still answered when the latter are refused. */
#define ABANDONED_MAX_CHANGES 16
#define ABANDONED_MAX 64

static bool
is_overrun(const struct rgw_control *control, const struct rgw_command *command)
{
	unsigned limit = strcmp(command->method, "POST") == 0 ? ABANDONED_MAX_CHANGES : ABANDONED_MAX;
	unsigned n = 0;

	for (struct rgw_link *l = control->tasks.next; l != &control->tasks; l = l->next)
		n += RGW_CONTAINER(l, struct rgw_task, link)->exchange == NULL;
	return n >= limit;
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
	if (is_overrun(ctx, command)) {
		rgw_http_answer_text(exchange, 503, "too many commands are under way whose clients have gone; try "
		    "again later\n");
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
	bool is_default = rgw_reloader_conf(scope->reloader)->control.socket == NULL;

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
	struct rgw_http_unix place = { .path = path, .mode = rgw_reloader_conf(scope->reloader)->control.mode };
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;
	char why[256];

	if (!find_owner(rgw_reloader_conf(scope->reloader), &place, &uid, &gid))
		return give_up(scope, path, "[control] owner or group is unknown to this system");
	if (rgw_reloader_conf(scope->reloader)->control.socket == NULL)
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
	const char *named = rgw_reloader_conf(scope->reloader)->control.socket;
	const char *path = named != NULL ? named : RGW_CONTROL_SOCKET;
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
		rgw_task_free(RGW_CONTAINER(l, struct rgw_task, link));
	free(control);
}
