/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "radsecgw/confread.h"
#include "radsecgw/counters.h"
#include "radsecgw/mem.h"
#include "radsecgw/radius.h"
#include "radsecgw/trace.h"
#include "story.h"
#include "task.h"

/* The command `trace`: whoever gives it begins a trace in all workers, under a number of its own choice, and fetches
 * again and again what has gathered there. Each worker puts what it has into words; they are sorted here by time. */

#define JSON_LIMIT (1u << 20)
#define MOST_MS 3600000

/* What was asked, kept until the workers have done it. */
struct rgw_trace_ask {
	struct rgw_search search;
	char words[4][300];      /* what that points to */
	rgw_ms until;
	bool ends;               /* nothing will be fetched any more */
};

/* ---- an event in words ---- */

static void
put_attributes(FILE *out, const struct rgw_trace_event *event)
{
	const uint8_t *value;
	const char *name;
	size_t at = 0, len;

	while ((name = rgw_trace_attribute(event, &at, &value, &len)) != NULL) {
		fprintf(out, "    %s = ", name);
		rgw_story_octets(out, value, len);
		fputc('\n', out);
	}
}

static void
put_who(FILE *out, const struct rgw_trace_event *event)
{
	char room[RGW_ADDR_TEXT];

	if (event->text[0] != '\0')
		fprintf(out, " from the %s %s", event->is_peer ? "peer" : "client", event->text);
	fprintf(out, " (%s)", rgw_addr_format(&event->from, room));
}

static void
put_packet(FILE *out, const struct rgw_trace_event *event)
{
	const char *code = rgw_code_name(event->code);

	if (event->kind == RGW_TRACE_CAME) {
		fprintf(out, "%s came", code);
		put_who(out, event);
	} else if (event->kind == RGW_TRACE_DROPPED) {
		fprintf(out, "%s", event->code != 0 ? code : "A packet");
		put_who(out, event);
		fprintf(out, " was dropped: %s", rgw_reason_name(event->number));
	} else if (event->kind == RGW_TRACE_SENT) {
		fprintf(out, "%s was sent to %s", code, event->text);
		if (event->number != 0)
			fprintf(out, " on connection %u", event->number);
	} else if (event->kind == RGW_TRACE_ANSWERED) {
		fprintf(out, "%s came from %s", code, event->text);
	} else {
		fprintf(out, "%s went back to whoever asked", code);
	}
	if (event->code != 0)
		fprintf(out, ", identifier %u", event->id);
	fputs(event->len > 0 ? ":\n" : ".\n", out);
	put_attributes(out, event);
}

static struct rgw_trail_step
step_of(const struct rgw_trace_event *event)
{
	return (struct rgw_trail_step){ .what = event->step, .after = event->after, .number = event->number,
		.second = event->second, .text = (const uint8_t *)event->text, .len = strlen(event->text) };
}

static void
tell_text(FILE *out, const struct rgw_trace_event *event, const struct rgw_wall *wall)
{
	struct rgw_trail_step step = step_of(event);
	char when[RGW_WALL_TEXT];

	fprintf(out, "%s ", rgw_wall_text(wall, event->at, when));
	if (event->serial != 0)
		fprintf(out, "%u-%u +%" PRIu64 " ms ", event->worker, event->serial, (uint64_t)event->after);
	if (event->kind == RGW_TRACE_STEP)
		rgw_story_step(out, &step);
	else if (event->kind == RGW_TRACE_ENDED)
		rgw_story_end(out, event->number, event->second);
	else
		put_packet(out, event);
	if (event->kind == RGW_TRACE_STEP)
		fputc('\n', out);
}

/* ---- an event in JSON ---- */

static void
put_json_packet(struct rgw_json *j, const struct rgw_trace_event *event)
{
	const uint8_t *value;
	const char *name;
	size_t at = 0, len;

	if (event->code == 0)
		return;
	rgw_json_str(j, "code", rgw_code_name(event->code));
	rgw_json_uint(j, "identifier", event->id);
	rgw_json_array(j, "attributes");
	while ((name = rgw_trace_attribute(event, &at, &value, &len)) != NULL) {
		rgw_json_object(j, NULL);
		rgw_json_str(j, "name", name);
		rgw_json_octets(j, "value", value, len);
		rgw_json_end(j);
	}
	rgw_json_end(j);
}

/* What is said of a step in a sentence. */
static void
put_json_step(struct rgw_json *j, const struct rgw_trace_event *event)
{
	struct rgw_trail_step step = step_of(event);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return;
	rgw_story_step(out, &step);
	if (fclose(out) == 0)
		rgw_json_str(j, "text", text);
	free(text);
}

static void
put_json_facts(struct rgw_json *j, const struct rgw_trace_event *event)
{
	char room[RGW_ADDR_TEXT];

	switch (event->kind) {
	case RGW_TRACE_DROPPED:
		rgw_json_str(j, "reason", rgw_reason_name(event->number));
		/* fall through */
	case RGW_TRACE_CAME:
		if (event->text[0] != '\0')
			rgw_json_str(j, event->is_peer ? "from_peer" : "client", event->text);
		rgw_json_str(j, "from", rgw_addr_format(&event->from, room));
		break;
	case RGW_TRACE_STEP:
		put_json_step(j, event);
		break;
	case RGW_TRACE_ENDED:
		rgw_json_str(j, "result", rgw_result_name(event->second));
		rgw_json_str(j, "reason", rgw_reason_name(event->number));
		break;
	case RGW_TRACE_SENT:
	case RGW_TRACE_ANSWERED:
		rgw_json_str(j, "member", event->text);
		if (event->number != 0)
			rgw_json_uint(j, "conn", event->number);
		break;
	case RGW_TRACE_REPLIED:
		break;
	}
}

/* One object in one line, so that each can be read as it comes. */
static void
tell_json(FILE *out, const struct rgw_trace_event *event, const struct rgw_wall *wall)
{
	static const char *const kinds[] = { [RGW_TRACE_CAME] = "came", [RGW_TRACE_DROPPED] = "dropped",
		[RGW_TRACE_STEP] = "step", [RGW_TRACE_SENT] = "sent", [RGW_TRACE_ANSWERED] = "answered",
		[RGW_TRACE_REPLIED] = "replied", [RGW_TRACE_ENDED] = "ended" };
	char when[RGW_WALL_TEXT], id[RGW_TRAIL_ID];
	struct rgw_json j;
	size_t len;
	char *text;

	rgw_json_init(&j, JSON_LIMIT);
	rgw_json_object(&j, NULL);
	rgw_json_str(&j, "time", rgw_wall_text(wall, event->at, when));
	rgw_json_str(&j, "kind", kinds[event->kind]);
	if (event->serial != 0) {
		snprintf(id, sizeof id, "%u-%u", event->worker, event->serial);
		rgw_json_str(&j, "id", id);
		rgw_json_uint(&j, "ms", event->after);
	}
	put_json_facts(&j, event);
	put_json_packet(&j, event);
	rgw_json_end(&j);
	text = rgw_json_take(&j, &len);
	if (text != NULL)
		fprintf(out, "%s\n", text);
	free(text);
}

/* ---- workers ---- */

/* Who puts events into words, in the thread of the worker. */
struct teller {
	const struct rgw_task *task;
	struct rgw_ask *ask;
	struct rgw_wall wall;
};

static void
keep(void *ctx, const struct rgw_trace_event *event)
{
	static const struct rgw_table table = { "trace", "event", true };
	struct teller *t = ctx;
	struct rgw_cell cells[2];
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return;
	if (t->task->wants_text)
		tell_text(out, event, &t->wall);
	else
		tell_json(out, event, &t->wall);
	if (fclose(out) == 0) {
		cells[0] = rgw_c_same(rgw_f_uint("at", event->at));
		cells[1] = rgw_c_same(rgw_f_str("text", text));
		rgw_rows_add(&t->ask->rows, &(struct rgw_row){ .table = &table, .name = "", .cells = cells, .n = 2 });
	}
	free(text);
}

static void
begin(struct rgw_worker *worker, const struct rgw_task *task, struct rgw_ask *ask)
{
	rgw_gw_trace(rgw_worker_gw(worker), &task->trace->search, task->trace->until, rgw_worker_log(worker)->now);
	ask->flag = true;
	ask->number = 0;
}

static void
fetch(struct rgw_worker *worker, const struct rgw_task *task, struct rgw_ask *ask)
{
	struct teller t = { .task = task, .ask = ask, .wall.now = rgw_worker_log(worker)->now };
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	t.wall.wall = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
	ask->flag = rgw_gw_trace_fetch(rgw_worker_gw(worker), keep, &t, &ask->number, t.wall.now);
	if (task->trace->ends)
		rgw_gw_trace_end(rgw_worker_gw(worker));
}

/* ---- the answer ---- */

/* The text of the oldest event that is left; NULL = there are no more. */
static const char *
oldest(const struct rgw_task *task, size_t *next)
{
	struct rgw_cell room[RGW_CELLS];
	const char *text = NULL;
	struct rgw_row row;
	rgw_ms at = RGW_NEVER;
	uint32_t which = 0;

	for (uint32_t i = 0; i < task->scope->n_workers; i++) {
		if (!rgw_rows_get(&task->asks[i].rows, next[i], &row, room) || room[0].field.number >= at)
			continue;
		which = i;
		at = room[0].field.number;
		text = room[1].field.data;
	}
	next[which] += text != NULL;
	return text;
}

static void
put_events(FILE *out, const struct rgw_task *task)
{
	size_t *next = rgw_xcalloc(task->scope->n_workers, sizeof *next);
	uint64_t left_out = 0;
	const char *text;

	while ((text = oldest(task, next)) != NULL)
		fputs(text, out);
	free(next);
	for (uint32_t i = 0; i < task->scope->n_workers; i++)
		left_out += task->asks[i].number;
	if (left_out > 0)
		fprintf(out, task->wants_text ? "Left out: %" PRIu64 " events, since more came than can be shown.\n"
		                              : "{\"left_out\":%" PRIu64 "}\n", left_out);
}

static void
send_events(struct rgw_task *task)
{
	char *text = NULL;
	bool lives = true;
	size_t len = 0;
	FILE *out;

	for (uint32_t i = 0; i < task->scope->n_workers; i++)
		lives &= task->asks[i].flag;
	if (!lives) {
		rgw_task_say(task, 410, "the trace is over");
		return;
	}
	out = open_memstream(&text, &len);
	if (out != NULL) {
		put_events(out, task);
		if (fclose(out) != 0) {
			free(text);
			text = NULL;
		}
	}
	rgw_task_send(task, text, len);
}

/* ---- what was asked ---- */

static const char *
word(struct rgw_task *task, const char *name, unsigned i)
{
	const char *value = rgw_task_parameter(task, name);

	if (value == NULL)
		return NULL;
	(void)snprintf(task->trace->words[i], sizeof task->trace->words[i], "%s", value);
	return task->trace->words[i];
}

/* What has been asked, unless the log may not say whose it is; NULL = it may. */
static const char *
read_search(struct rgw_task *task)
{
	struct rgw_search *s = &task->trace->search;

	s->user = word(task, "user", 0);
	s->mac = word(task, "mac", 1);
	s->realm = word(task, "realm", 2);
	s->asker = word(task, "client", 3);
	return rgw_search_refused(rgw_reloader_conf(task->scope->reloader), s);
}

/* All of this runs in the thread of the first worker. */
static rgw_ms
now_of(const struct rgw_task *task)
{
	return rgw_worker_log(task->scope->workers[0])->now;
}

/* Another trace would end the one that somebody looks at. */
static bool
is_taken(const struct rgw_task *task)
{
	const struct rgw_control *control = task->control;

	return control->trace != 0 && now_of(task) < control->trace_seen + RGW_TRACE_FETCH_MS;
}

static void
begin_trace(struct rgw_task *task, uint64_t id)
{
	const char *time = rgw_task_parameter(task, "for"), *refused = read_search(task);
	rgw_ms ms = 60000;

	if (refused != NULL) {
		rgw_task_say(task, 409, "%s", refused);
		return;
	}
	if ((time != NULL && rgw_conf_time(time, &ms) != NULL) || ms < 1000 || ms > MOST_MS) {
		rgw_task_say(task, 400, "--for wants a time from 1s to 1h, such as 60s");
		return;
	}
	if (is_taken(task)) {
		rgw_task_say(task, 409, "somebody else follows requests at the moment");
		return;
	}
	task->control->trace = id;
	task->control->trace_seen = now_of(task);
	task->trace->until = now_of(task) + ms;
	RGW_LOG(task->scope->log, RGW_LOG_NOTICE, "trace", NULL, "somebody follows requests as they come",
	    rgw_f_uint("for_ms", ms));
	rgw_task_round(task, begin, send_events);
}

void
rgw_begin_trace(struct rgw_task *task)
{
	const char *text = rgw_task_parameter(task, "id"), *begins = rgw_task_parameter(task, "begin");
	uint64_t id = text != NULL ? strtoull(text, NULL, 16) : 0;

	task->trace = rgw_xcalloc(1, sizeof *task->trace);
	task->trace->ends = rgw_task_parameter(task, "end") != NULL;
	if (id == 0) {
		rgw_task_say(task, 400, "a trace needs an id of up to 16 hexadecimal digits");
	} else if (begins != NULL) {
		begin_trace(task, id);
	} else if (id != task->control->trace) {
		rgw_task_say(task, 410, "the trace is over");
	} else {
		task->control->trace_seen = now_of(task);
		if (task->trace->ends)
			task->control->trace = 0;
		rgw_task_round(task, fetch, send_events);
	}
}
