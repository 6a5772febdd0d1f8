/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "task.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "radsecgw/mem.h"

/* Commands on their way: rounds of jobs for the workers, and the answer (see task.h). The control socket owns them. */

/* An answer with all notes that are kept is well below. */
#define ANSWER_LIMIT (16u << 20)

#define JSON_TYPE "application/json"
#define TEXT_TYPE "text/plain; charset=utf-8"

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

void
rgw_task_free(struct rgw_task *task)
{
	ev_timer_stop(task->scope->loop, &task->timer);
	for (uint32_t i = 0; i < task->scope->n_workers; i++) {
		rgw_rows_fini(&task->asks[i].rows);
		free(task->asks[i].trails);
	}
	free(task->about);
	free(task->trace);
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
	rgw_task_free(task);
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

static char *
write_text(const char *said, const struct rgw_notes *notes, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (out == NULL)
		return NULL;
	if (notes != NULL)
		rgw_notes_print(notes, out);
	fprintf(out, "%s\n", said);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static char *
write_json(const char *said, bool done, const struct rgw_notes *notes, size_t *len)
{
	struct rgw_json j;

	rgw_json_init(&j, ANSWER_LIMIT);
	rgw_json_object(&j, NULL);
	rgw_json_bool(&j, "done", done);
	rgw_json_str(&j, "message", said);
	if (notes != NULL)
		rgw_notes_json(notes, &j);
	rgw_json_end(&j);
	return rgw_json_take(&j, len);
}

void
rgw_task_say_notes(struct rgw_task *task, unsigned status, const char *message, const struct rgw_notes *notes)
{
	size_t len = 0;
	char *body;

	log_command(task, message);
	if (task->wants_text)
		body = write_text(message, notes, &len);
	else
		body = write_json(message, status == 200, notes, &len);
	send_answer(task, status, body, len);
}

void
rgw_task_say(struct rgw_task *task, unsigned status, const char *fmt, ...)
{
	char said[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said, sizeof said, fmt, ap);
	va_end(ap);
	rgw_task_say_notes(task, status, said, NULL);
}
