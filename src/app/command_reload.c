/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "radsecgw/confread.h"
#include "task.h"

/* The commands that change the configuration. The reloader does the work; the task waits for it. */

static void
say_reloaded(struct rgw_reload_ask *ask, bool ok, const char *message, const struct rgw_notes *notes)
{
	struct rgw_task *task = RGW_CONTAINER(ask, struct rgw_task, reload);

	/* What did not begin may begin later; what failed, fails until a file is another. */
	rgw_task_say_notes(task, ok ? 200 : notes != NULL ? 422 : 409, message, notes);
}

static void
ask_for(struct rgw_task *task, enum rgw_reload_what what, rgw_ms confirm)
{
	task->reload = (struct rgw_reload_ask){ .what = what, .why = "command", .confirm = confirm,
		.done = say_reloaded };
	rgw_reloader_ask(task->scope->reloader, &task->reload);
}

void
rgw_begin_reload(struct rgw_task *task)
{
	const char *check = rgw_task_parameter(task, "check");
	const char *time = rgw_task_parameter(task, "confirm");
	rgw_ms confirm = 0;
	const char *why = time != NULL ? rgw_conf_time(time, &confirm) : NULL;

	if (check != NULL && strcmp(check, "yes") != 0)
		rgw_task_say(task, 400, "check is yes, or is not given");
	else if (check != NULL && time != NULL)
		rgw_task_say(task, 400, "a check changes nothing, so there is nothing to be confirmed");
	else if (why != NULL)
		rgw_task_say(task, 400, "the time '%s' %s", time, why);
	else if (time != NULL && (confirm < 1000 || confirm > 7 * 86400000ull))
		rgw_task_say(task, 400, "the time '%s' is not within 1s to 7d", time);
	else
		ask_for(task, check != NULL ? RGW_RELOAD_CHECK : RGW_RELOAD_FILES, confirm);
}

void
rgw_begin_undo(struct rgw_task *task)
{
	ask_for(task, RGW_RELOAD_BACK, 0);
}

void
rgw_begin_confirm(struct rgw_task *task)
{
	if (rgw_reloader_confirm(task->scope->reloader))
		rgw_task_say(task, 200, "the configuration is confirmed, and stays in effect");
	else
		rgw_task_say(task, 409, "there is nothing to be confirmed");
}
