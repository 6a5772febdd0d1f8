/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "radsecgw/confread.h"
#include "task.h"

/* The commands that change something. Each is a task: what was asked is checked first, then the workers are asked. */

/* ---- log-level ---- */

static void
set_level(struct rgw_worker *worker, const struct rgw_task *task, struct rgw_ask *ask)
{
	(void)ask;
	rgw_worker_log(worker)->level = task->level;
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
	    (uintmax_t)task->time / 1000, rgw_log_level_name(task->scope->conf->log.level));
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
	task->level = control->scope.conf->log.level;
	rgw_task_round(task, set_level, say_level);
}
