/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "radsecgw/confread.h"
#include "radsecgw/mem.h"
#include "task.h"

/* The commands that change something. Each is a task: what was asked is checked first, then the workers are asked. */

/* ---- drain and resume ---- */

/* So often it is looked whether everything is answered. */
#define LOOK_S 0.1

/* A login of several rounds has its next one within this time, unless somebody has to type a password. */
#define QUIET_MS 3000

/* `drain` and `resume` without a name are for the gateway as a whole. */
static void
hold(struct rgw_worker *worker, const struct rgw_task *task, struct rgw_ask *ask)
{
	struct rgw_gw *gw = rgw_worker_gw(worker);
	bool held = task->command->begin == rgw_begin_drain;
	rgw_ms now = rgw_worker_log(worker)->now;

	ask->flag = true;
	if (task->name != NULL)
		ask->flag = rgw_gw_hold(gw, task->name, held, now);
	else if (held)
		rgw_gw_drain(gw);
	else
		rgw_gw_resume(gw, now);
}

static void
look(struct rgw_worker *worker, const struct rgw_task *task, struct rgw_ask *ask)
{
	struct rgw_gw *gw = rgw_worker_gw(worker);
	rgw_ms now = rgw_worker_log(worker)->now;
	rgw_ms since = 0;
	size_t open = rgw_gw_pending(gw);

	ask->flag = task->name != NULL && rgw_gw_load(gw, task->name, &open, &since) && now - since < QUIET_MS &&
	    since != 0;
	ask->number = open;
}

static void
on_look(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct rgw_task *task = w->data;

	(void)loop;
	(void)revents;
	task->n_looks++;
	rgw_task_round(task, task->run, task->then);
}

static void
look_soon(struct rgw_task *task, rgw_ask_run *run, rgw_task_step *then)
{
	task->run = run;
	task->then = then;
	ev_timer_init(&task->timer, on_look, LOOK_S, 0);
	task->timer.data = task;
	ev_timer_start(task->scope->loop, &task->timer);
}

static void
say_looked(struct rgw_task *task)
{
	const char *whose = task->name != NULL ? task->name : "the gateway";
	uint64_t open = 0, passed = (uint64_t)(task->n_looks * LOOK_S * 1000);
	bool recent = false;

	for (uint32_t i = 0; i < task->scope->n_workers; i++) {
		open += task->asks[i].number;
		recent |= task->asks[i].flag;
	}
	if (open == 0 && !recent)
		rgw_task_say(task, 200, "%s is drained: it gets no new requests, and what was open is answered", whose);
	else if (passed < task->time)
		look_soon(task, look, say_looked);
	else
		rgw_task_say(task, 504, "%s gets no new requests, but after %ju s %ju are still open%s", whose,
		    (uintmax_t)passed / 1000, (uintmax_t)open, recent ? " and logins that had begun go on" : "");
}

static void
say_held(struct rgw_task *task)
{
	bool held = task->command->begin == rgw_begin_drain;

	if (!task->asks[0].flag) {
		rgw_task_say(task, 404, "there is no [peer] or [server] called '%s'", task->name);
		return;
	}
	if (task->name == NULL)
		task->control->drained = held;
	if (held)
		rgw_task_round(task, look, say_looked);
	else
		rgw_task_say(task, 200, "%s takes requests again", task->name != NULL ? task->name : "the gateway");
}

static void
begin_hold(struct rgw_task *task)
{
	const char *name = rgw_task_parameter(task, "name");

	task->name = name != NULL ? rgw_xstrdup(name) : NULL;
	/* Whatever is open has ended then, in one way or another. */
	task->time = rgw_reloader_conf(task->scope->reloader)->gateway.request_lifetime + QUIET_MS;
	if (*task->scope->stopping)
		rgw_task_say(task, 503, "the gateway is stopping");
	else
		rgw_task_round(task, hold, say_held);
}

void
rgw_begin_drain(struct rgw_task *task)
{
	begin_hold(task);
}

void
rgw_begin_resume(struct rgw_task *task)
{
	begin_hold(task);
}

/* ---- reconnect ---- */

/* How long a new connection may take, beside what is open on the old ones. */
#define NEW_MS 30000

static void
renew(struct rgw_worker *worker, const struct rgw_task *task, struct rgw_ask *ask)
{
	ask->flag = rgw_gw_reconnect(rgw_worker_gw(worker), task->name, true, rgw_worker_log(worker)->now);
}

static void
stay(struct rgw_worker *worker, const struct rgw_task *task, struct rgw_ask *ask)
{
	ask->flag = rgw_gw_reconnect(rgw_worker_gw(worker), task->name, false, rgw_worker_log(worker)->now);
}

static void
count_old(struct rgw_worker *worker, const struct rgw_task *task, struct rgw_ask *ask)
{
	ask->number = rgw_gw_old_connections(rgw_worker_gw(worker), task->name, &ask->flag);
}

static void
say_stays(struct rgw_task *task)
{
	rgw_task_say(task, 504,
	    "no good new connection to %s has come up everywhere in %ju s: what is not replaced stays", task->name,
	    (uintmax_t)task->time / 1000);
}

static void
say_renewed(struct rgw_task *task)
{
	uint64_t old = 0;
	bool good = false;

	for (uint32_t i = 0; i < task->scope->n_workers; i++) {
		old += task->asks[i].number;
		good |= task->asks[i].flag;
	}
	if (old == 0 && good)
		rgw_task_say(task, 200, "%s has new connections, and the old ones are closed", task->name);
	else if ((uint64_t)(task->n_looks * LOOK_S * 1000) < task->time)
		look_soon(task, count_old, say_renewed);
	else
		rgw_task_round(task, stay, say_stays);
}

static void
say_renewing(struct rgw_task *task)
{
	if (task->asks[0].flag)
		rgw_task_round(task, count_old, say_renewed);
	else
		rgw_task_say(task, 404, "there is no [peer] called '%s' to which the gateway connects", task->name);
}

void
rgw_begin_reconnect(struct rgw_task *task)
{
	const char *name = rgw_task_parameter(task, "name");

	task->name = name != NULL ? rgw_xstrdup(name) : NULL;
	task->time = rgw_reloader_conf(task->scope->reloader)->gateway.request_lifetime + NEW_MS;
	if (name == NULL)
		rgw_task_say(task, 400, "the name of a peer is needed");
	else if (*task->scope->stopping || task->control->drained)
		rgw_task_say(task, 503, "the gateway is stopping or drained");
	else
		rgw_task_round(task, renew, say_renewing);
}

/* ---- log-level ---- */

static void
set_level(struct rgw_worker *worker, const struct rgw_task *task, struct rgw_ask *ask)
{
	(void)ask;
	rgw_worker_set_level(worker, task->level, task->time > 0);
}

static void
reset_level(struct rgw_worker *worker, const struct rgw_task *task, struct rgw_ask *ask)
{
	(void)task;
	(void)ask;
	rgw_worker_reset_level(worker);
}

static void
say_level(struct rgw_task *task)
{
	const char *level = rgw_log_level_name(task->level);
	ev_timer *timer = &task->control->level_timer;

	ev_timer_stop(task->scope->loop, timer);
	if (task->time == 0) {
		rgw_task_say(task, 200, "the log has the level %s", level);
		return;
	}
	ev_timer_set(timer, (double)task->time / 1000, 0);
	ev_timer_start(task->scope->loop, timer);
	rgw_task_say(task, 200, "the log has the level %s, and in %ju s that of the configuration again: %s", level,
	    (uintmax_t)task->time / 1000, rgw_log_level_name(rgw_reloader_conf(task->scope->reloader)->log.level));
}

static bool
find_level(const char *name, enum rgw_log_level *level)
{
	for (enum rgw_log_level l = RGW_LOG_ERROR; l <= RGW_LOG_DEBUG; l++) {
		*level = l;
		if (name != NULL && strcmp(name, rgw_log_level_name(l)) == 0)
			return true;
	}
	return false;
}

void
rgw_begin_log_level(struct rgw_task *task)
{
	const char *time = rgw_task_parameter(task, "for");
	const char *why = time != NULL ? rgw_conf_time(time, &task->time) : NULL;

	if (!find_level(rgw_task_parameter(task, "level"), &task->level))
		rgw_task_say(task, 400, "the level must be one of error, warning, notice, info, debug");
	else if (why != NULL)
		rgw_task_say(task, 400, "the time '%s' %s", time, why);
	else if (time != NULL && (task->time < 1000 || task->time > 7 * 86400000ull))
		rgw_task_say(task, 400, "the time '%s' is not within 1s to 7d", time);
	else
		rgw_task_round(task, set_level, say_level);
}

void
rgw_on_level_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	static const struct rgw_command again = { "log-level", "POST", NULL };
	struct rgw_control *control = w->data;
	struct rgw_task *task = rgw_task_new(control, &again);

	(void)loop;
	(void)revents;
	task->level = rgw_reloader_conf(control->scope.reloader)->log.level;
	rgw_task_round(task, reset_level, say_level);
}

/* ---- disconnect ---- */

/* A NAS has ten seconds, and one behind another gateway two more. */
#define DISCONNECT_MS 15000

static const struct {
	const char *parameter;
	enum rgw_nas_name name;
} session_names[] = { { "user", RGW_NAME_USER }, { "mac", RGW_NAME_STATION }, { "session", RGW_NAME_SESSION } };

/* Any worker can do it; the first one does. */
static void
disconnect(struct rgw_worker *worker, const struct rgw_task *task, struct rgw_ask *ask)
{
	struct rgw_log *log = rgw_worker_log(worker);

	ask->flag = log->worker > 1 ||
	    rgw_gw_disconnect(rgw_worker_gw(worker), task->session_name, task->name, log->now);
}

static void
look_at_sessions(struct rgw_worker *worker, const struct rgw_task *task, struct rgw_ask *ask)
{
	(void)task;
	ask->disconnects = rgw_gw_disconnected(rgw_worker_gw(worker));
}

static void
say_disconnected(struct rgw_task *task)
{
	const struct rgw_disconnects *d = &task->asks[0].disconnects;

	if (d->found == 0)
		rgw_task_say(task, 404, "no session of '%s' is known", task->name);
	else if (d->open > 0 && (uint64_t)(task->n_looks * LOOK_S * 1000) < DISCONNECT_MS)
		look_soon(task, look_at_sessions, say_disconnected);
	else if (d->ended == d->found)
		rgw_task_say(task, 200, "%u sessions of '%s' are ended", d->ended, task->name);
	else
		rgw_task_say(task, 409, "%u of %u sessions of '%s' are ended, %u were refused (Error-Cause %u)",
		    d->ended, d->found, task->name, d->refused, (unsigned)d->error_cause);
}

static void
say_disconnecting(struct rgw_task *task)
{
	if (task->asks[0].flag)
		rgw_task_round(task, look_at_sessions, say_disconnected);
	else
		rgw_task_say(task, 409, "another disconnect is under way");
}

void
rgw_begin_disconnect(struct rgw_task *task)
{
	const char *value = NULL;

	for (size_t i = 0; i < sizeof session_names / sizeof session_names[0] && value == NULL; i++) {
		value = rgw_task_parameter(task, session_names[i].parameter);
		task->session_name = session_names[i].name;
	}
	task->name = value != NULL ? rgw_xstrdup(value) : NULL;
	if (value == NULL)
		rgw_task_say(task, 400, "one of user, mac and session is needed");
	else if (!rgw_conf_has_changes(rgw_reloader_conf(task->scope->reloader)))
		rgw_task_say(task, 409, "nothing is known of sessions: no client has `coa`, and nobody may send CoA");
	else
		rgw_task_round(task, disconnect, say_disconnecting);
}
