/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "radsecgw/confread.h"
#include "radsecgw/mem.h"
#include "radsecgw/radius.h"
#include "radsecgw/search.h"
#include "story.h"
#include "task.h"

/* Questions about requests: which ones there were, the way of one, what would become of one. Each worker looks among
 * its own. */

#define JSON_LIMIT (64u << 20)

/* Trails that a worker hands over at the most, and so many are listed unless somebody wants another number. */
#define FOUND_MOST 100000
#define LISTED 100

/* What was asked, kept until the workers have looked. */
struct rgw_request_ask {
	struct rgw_search search;
	struct rgw_would would;
	char words[5][300];       /* what the two above point to */
	unsigned listed;
	const char *refused;      /* borrowed: why it would be of no use to look; NULL = look */
};

/* ---- what was asked ---- */

/* A parameter as a word that stays. */
static const char *
word(struct rgw_task *task, const char *name, unsigned i)
{
	const char *value = rgw_task_parameter(task, name);

	if (value == NULL)
		return NULL;
	(void)snprintf(task->about->words[i], sizeof task->about->words[i], "%s", value);
	return task->about->words[i];
}

static bool
read_time(struct rgw_task *task, const char *name, rgw_ms *out)
{
	const char *value = rgw_task_parameter(task, name);

	if (value == NULL || rgw_conf_time(value, out) == NULL)
		return true;
	rgw_task_say(task, 400, "'%s' is not a time; write a number with ms, s, m, h or d, such as 10m", value);
	return false;
}

/* Nobody is to believe that there is nothing where the log may not say whose it is. */
const char *
rgw_search_refused(const struct rgw_conf *conf, const struct rgw_search *search)
{
	const struct rgw_conf_log *log = &conf->log;

	if (search->user != NULL && log->identity == RGW_LOG_ID_REALM)
		return "no names of users are remembered, since [log] identity is realm; look for --realm or --mac";
	if (search->mac != NULL && log->station == RGW_LOG_STATION_NONE)
		return "no addresses of devices are remembered, since [log] station is none";
	return NULL;
}

static bool
read_search(struct rgw_task *task)
{
	struct rgw_search *s = &task->about->search;
	const char *last = rgw_task_parameter(task, "last");
	const struct rgw_conf *conf = rgw_reloader_conf(task->scope->reloader);
	const char *useless;

	s->user = word(task, "user", 0);
	s->mac = word(task, "mac", 1);
	s->realm = word(task, "realm", 2);
	s->asker = word(task, "client", 3);
	s->result = word(task, "result", 4);
	task->about->listed = last != NULL ? (unsigned)strtoul(last, NULL, 10) : LISTED;
	if (!read_time(task, "slower", &s->slower) || !read_time(task, "since", &s->since))
		return false;
	if (task->about->listed == 0 || task->about->listed > FOUND_MOST) {
		rgw_task_say(task, 400, "--last wants a number from 1 to %d", FOUND_MOST);
		return false;
	}
	useless = conf->gateway.ring == 0 ? "nothing is remembered, since [gateway] ring is 0"
	                                  : rgw_search_refused(conf, s);
	if (useless != NULL)
		rgw_task_say(task, 409, "%s", useless);
	return useless == NULL;
}

/* ---- looking ---- */

static void
keep(void *ctx, const struct rgw_trail *trail)
{
	struct rgw_ask *ask = ctx;

	if (ask->n_trails == FOUND_MOST)
		return;
	if (ask->n_trails == ask->trails_room) {
		ask->trails_room = ask->trails_room > 0 ? ask->trails_room * 2 : 64;
		ask->trails = rgw_xrealloc(ask->trails, ask->trails_room * sizeof *ask->trails);
	}
	ask->trails[ask->n_trails++] = *trail;
}

static void
look(struct rgw_worker *worker, const struct rgw_task *task, struct rgw_ask *ask)
{
	rgw_ms now = rgw_worker_log(worker)->now;

	ask->number = now;
	rgw_gw_search(rgw_worker_gw(worker), &task->about->search, keep, ask, now);
}

/* All that was found, newest first; the pointers are borrowed from the task. */
struct found {
	const struct rgw_trail **v;  /* owned */
	size_t n;
	struct rgw_wall wall;
};

static int
newer_first(const void *a, const void *b)
{
	const struct rgw_trail *x = *(const struct rgw_trail *const *)a, *y = *(const struct rgw_trail *const *)b;

	if (x->began != y->began)
		return x->began < y->began ? 1 : -1;
	return x->serial < y->serial ? 1 : -1;
}

static struct found
gather(const struct rgw_task *task)
{
	struct found f = { .wall.now = task->asks[0].number };
	struct timespec ts;
	size_t n = 0;

	clock_gettime(CLOCK_REALTIME, &ts);
	f.wall.wall = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
	for (uint32_t i = 0; i < task->scope->n_workers; i++)
		n += task->asks[i].n_trails;
	f.v = rgw_xcalloc(n > 0 ? n : 1, sizeof *f.v);
	for (uint32_t i = 0; i < task->scope->n_workers; i++)
		for (size_t j = 0; j < task->asks[i].n_trails; j++)
			f.v[f.n++] = &task->asks[i].trails[j];
	qsort(f.v, f.n, sizeof *f.v, newer_first);
	return f;
}

/* ---- tables ---- */

enum column { TIME, RESULT, REASON, USER, DEVICE, FROM, MEMBER, MS, ID, COLUMNS };

#define CELL 80

/* A text of the trail, or of another kind if it has none of this one. */
static void
put_text(char cell[static CELL], const struct rgw_trail *t, enum rgw_step what, enum rgw_step other)
{
	char room[RGW_ADDR_TEXT];
	size_t len;
	const uint8_t *text = rgw_story_fact(t, what, room, &len);
	FILE *out = fmemopen(cell, CELL - 1, "w");

	if (out == NULL)
		return;
	if (text == NULL)
		text = rgw_story_fact(t, other, room, &len);
	setvbuf(out, NULL, _IONBF, 0);
	rgw_story_octets(out, text, len);
	fclose(out);
}

static void
put_cells(char cells[static COLUMNS][CELL], const struct rgw_trail *t, const struct rgw_wall *wall)
{
	rgw_ms end = t->result == RGW_RESULT_OPEN ? wall->now : t->ended;

	rgw_wall_text(wall, t->began, cells[TIME]);
	snprintf(cells[RESULT], CELL, "%s", rgw_result_name(t->result));
	if (t->result != RGW_RESULT_OPEN && t->how != RGW_CTR_request_answered)
		snprintf(cells[REASON], CELL, "%s", rgw_reason_name(t->how));
	put_text(cells[USER], t, RGW_STEP_USER, RGW_STEP_REALM);
	put_text(cells[DEVICE], t, RGW_STEP_STATION, RGW_STEP_STATION);
	put_text(cells[FROM], t, RGW_STEP_ASKER, RGW_STEP_FROM);
	put_text(cells[MEMBER], t, RGW_STEP_TRIES, RGW_STEP_TRIES);
	if (t->times > 0)
		snprintf(cells[MS], CELL, "%u times", t->times);
	else
		snprintf(cells[MS], CELL, "%" PRIu64, (uint64_t)(end - t->began));
	rgw_trail_id(t, cells[ID]);
}

static void
put_table(FILE *out, const struct found *f, size_t n)
{
	static const char *const heads[COLUMNS] = { "TIME", "RESULT", "REASON", "USER", "DEVICE", "FROM", "MEMBER",
		"MS", "ID" };
	char (*cells)[COLUMNS][CELL] = rgw_xcalloc(n + 1, sizeof *cells);
	size_t widths[COLUMNS] = { 0 };

	for (unsigned c = 0; c < COLUMNS; c++)
		snprintf(cells[0][c], CELL, "%s", heads[c]);
	for (size_t i = 0; i < n; i++)
		put_cells(cells[i + 1], f->v[i], &f->wall);
	for (size_t i = 0; i <= n; i++)
		for (unsigned c = 0; c < COLUMNS; c++)
			widths[c] = strlen(cells[i][c]) > widths[c] ? strlen(cells[i][c]) : widths[c];
	for (size_t i = 0; i <= n; i++)
		for (unsigned c = 0; c < COLUMNS; c++)
			fprintf(out, "%-*s%s", c + 1 < COLUMNS ? (int)widths[c] : 0, cells[i][c],
			    c + 1 < COLUMNS ? "  " : "\n");
	free(cells);
}

/* ---- JSON ---- */

static void
put_json_text(struct rgw_json *j, const char *key, const struct rgw_trail *t, enum rgw_step what)
{
	char room[RGW_ADDR_TEXT];
	size_t len;
	const uint8_t *text = rgw_story_fact(t, what, room, &len);

	if (text != NULL)
		rgw_json_octets(j, key, text, len);
}

static void
put_json(struct rgw_json *j, const struct rgw_trail *t, const struct rgw_wall *wall, const char *story)
{
	rgw_ms end = t->result == RGW_RESULT_OPEN ? wall->now : t->ended;
	char room[RGW_WALL_TEXT];

	rgw_json_object(j, NULL);
	rgw_json_str(j, "id", rgw_trail_id(t, room));
	rgw_json_str(j, "time", rgw_wall_text(wall, t->began, room));
	rgw_json_str(j, "result", rgw_result_name(t->result));
	if (t->result != RGW_RESULT_OPEN)
		rgw_json_str(j, "reason", rgw_reason_name(t->how));
	if (t->code != 0)
		rgw_json_str(j, "code", rgw_code_name(t->code));
	put_json_text(j, "user", t, RGW_STEP_USER);
	put_json_text(j, "realm", t, RGW_STEP_REALM);
	put_json_text(j, "calling_station", t, RGW_STEP_STATION);
	put_json_text(j, "called_station", t, RGW_STEP_CALLED);
	put_json_text(j, "nas", t, RGW_STEP_NAS);
	put_json_text(j, "nas_address", t, RGW_STEP_NAS_ADDRESS);
	put_json_text(j, t->is_peer ? "from_peer" : "client", t, RGW_STEP_ASKER);
	put_json_text(j, "from", t, RGW_STEP_FROM);
	put_json_text(j, "section", t, RGW_STEP_RULE);
	put_json_text(j, "pool", t, RGW_STEP_POOL);
	put_json_text(j, "member", t, RGW_STEP_TRIES);
	put_json_text(j, "reply_message", t, RGW_STEP_MESSAGE);
	if (t->times > 0)
		rgw_json_uint(j, "times", t->times);
	else
		rgw_json_uint(j, "ms", end - t->began);
	if (t->conversation != 0) {
		snprintf(room, sizeof room, "%016" PRIx64, t->conversation);
		rgw_json_str(j, "conversation", room);
		rgw_json_uint(j, "round", t->rounds);
	}
	if (story != NULL)
		rgw_json_str(j, "story", story);
	rgw_json_end(j);
}

static char *
story_of(const struct rgw_trail *t, const struct rgw_wall *wall)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return NULL;
	rgw_story_tell(out, t, wall);
	fclose(out);
	return text;
}

static void
send_json(struct rgw_task *task, const struct found *f, size_t n, bool stories)
{
	struct rgw_json j;
	size_t len = 0;
	char *body;

	rgw_json_init(&j, JSON_LIMIT);
	rgw_json_object(&j, NULL);
	rgw_json_array(&j, "requests");
	for (size_t i = 0; i < n; i++) {
		char *story = stories ? story_of(f->v[i], &f->wall) : NULL;

		put_json(&j, f->v[i], &f->wall, story);
		free(story);
	}
	rgw_json_end(&j);
	rgw_json_end(&j);
	body = rgw_json_take(&j, &len);
	rgw_task_send(task, body, len);
}

/* ---- requests ---- */

static void
send_requests(struct rgw_task *task)
{
	struct found f = gather(task);
	size_t n = f.n < task->about->listed ? f.n : task->about->listed, len = 0;
	char *text = NULL;
	FILE *out;

	if (!task->wants_text) {
		send_json(task, &f, n, false);
		free(f.v);
		return;
	}
	out = open_memstream(&text, &len);
	if (out != NULL) {
		if (n > 0)
			put_table(out, &f, n);
		else
			fputs("No request that is remembered is like that.\n", out);
		if (f.n > n)
			fprintf(out, "And %zu more; see --last.\n", f.n - n);
		fclose(out);
	}
	free(f.v);
	rgw_task_send(task, text, len);
}

void
rgw_begin_requests(struct rgw_task *task)
{
	task->about = rgw_xcalloc(1, sizeof *task->about);
	if (read_search(task))
		rgw_task_round(task, look, send_requests);
}

/* ---- explain ---- */

/* Stories that are told at the most: the rounds of a conversation. */
#define STORIES 100

static void
send_stories(struct rgw_task *task)
{
	struct found f = gather(task);
	size_t n = f.n < STORIES ? f.n : STORIES, len = 0;
	char *text = NULL;
	FILE *out;

	if (n == 0) {
		rgw_task_say(task, 404, "no request of this ID is remembered (any more); see `radsecgw requests`");
		free(f.v);
		return;
	}
	if (!task->wants_text) {
		send_json(task, &f, n, true);
		free(f.v);
		return;
	}
	out = open_memstream(&text, &len);
	if (out != NULL) {
		/* The rounds of a login, first things first. */
		for (size_t i = n; i-- > 0;)
			rgw_story_tell(out, f.v[i], &f.wall);
		fclose(out);
	}
	free(f.v);
	rgw_task_send(task, text, len);
}

static bool
read_id(const char *id, struct rgw_search *s)
{
	char *end;

	if (id == NULL || *id == '\0')
		return false;
	if (strchr(id, '-') == NULL) {
		s->conversation = strtoull(id, &end, 16);
		return strlen(id) == 16 && *end == '\0';
	}
	s->worker = (uint32_t)strtoul(id, &end, 10);
	if (*end != '-')
		return false;
	s->serial = strtoull(end + 1, &end, 10);
	return *end == '\0' && s->serial != 0;
}

void
rgw_begin_explain(struct rgw_task *task)
{
	task->about = rgw_xcalloc(1, sizeof *task->about);
	if (read_id(rgw_task_parameter(task, "id"), &task->about->search))
		rgw_task_round(task, look, send_stories);
	else
		rgw_task_say(task, 400, "an ID is that of a request, such as 1-57, or of a conversation in the log");
}

/* ---- would ---- */

static void
keep_sentence(void *ctx, const char *sentence)
{
	struct rgw_ask *ask = ctx;
	const struct rgw_cell cell = rgw_c_same(rgw_f_str("sentence", sentence));
	static const struct rgw_table table = { "would", "would", true };

	rgw_rows_add(&ask->rows, &(struct rgw_row){ .table = &table, .name = "", .cells = &cell, .n = 1 });
}

/* The workers share the connections; what the first of them says holds for the others, too, but for their own
 * connections. */
static void
imagine(struct rgw_worker *worker, const struct rgw_task *task, struct rgw_ask *ask)
{
	if (ask == &task->asks[0])
		ask->flag = rgw_gw_would(rgw_worker_gw(worker), &task->about->would, keep_sentence, ask,
		    rgw_worker_log(worker)->now);
}

/* The i-th sentence, or NULL. */
static const char *
sentence(const struct rgw_task *task, size_t i)
{
	struct rgw_cell room[RGW_CELLS];
	struct rgw_row row;

	return rgw_rows_get(&task->asks[0].rows, i, &row, room) ? room[0].field.data : NULL;
}

static char *
would_text(const struct rgw_task *task, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (out == NULL)
		return NULL;
	for (size_t i = 0; sentence(task, i) != NULL; i++)
		fprintf(out, "%s\n", sentence(task, i));
	fclose(out);
	return text;
}

static char *
would_json(const struct rgw_task *task, size_t *len)
{
	struct rgw_json j;

	rgw_json_init(&j, JSON_LIMIT);
	rgw_json_object(&j, NULL);
	rgw_json_array(&j, "would");
	for (size_t i = 0; sentence(task, i) != NULL; i++)
		rgw_json_str(&j, NULL, sentence(task, i));
	rgw_json_end(&j);
	rgw_json_end(&j);
	return rgw_json_take(&j, len);
}

static void
send_would(struct rgw_task *task)
{
	size_t len = 0;
	char *body;

	if (!task->asks[0].flag) {
		rgw_task_say(task, 404, "%s", sentence(task, 0));
		return;
	}
	body = task->wants_text ? would_text(task, &len) : would_json(task, &len);
	rgw_task_send(task, body, len);
}

void
rgw_begin_would(struct rgw_task *task)
{
	const char *code = rgw_task_parameter(task, "code");

	task->about = rgw_xcalloc(1, sizeof *task->about);
	task->about->would.user = word(task, "user", 0);
	task->about->would.asker = word(task, "client", 1);
	task->about->would.acct = code != NULL && strcmp(code, "acct") == 0;
	if (task->about->would.user == NULL)
		rgw_task_say(task, 400, "the name of a user is needed, such as bob@example.org");
	else if (code != NULL && strcmp(code, "acct") != 0 && strcmp(code, "auth") != 0)
		rgw_task_say(task, 400, "--code is auth or acct");
	else
		rgw_task_round(task, imagine, send_would);
}
