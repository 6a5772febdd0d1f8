/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "warnings.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "radsecgw/mem.h"

/* The last warnings of the log; see warnings.h. The sink of the log owns them. */

struct warning {
	int64_t at;       /* seconds since 1970, when it came last */
	uint64_t times;
	enum rgw_log_level level;
	char event[40];   /* texts are cut if they are longer */
	char who[64];
	char text[200];
	char reason[160];
};

struct rgw_warnings {
	pthread_mutex_t lock;
	size_t n;
	struct warning v[RGW_WARNINGS];  /* the newest first */
};

struct rgw_warnings *
rgw_warnings_new(void)
{
	struct rgw_warnings *w = rgw_xcalloc(1, sizeof *w);

	pthread_mutex_init(&w->lock, NULL);
	return w;
}

void
rgw_warnings_free(struct rgw_warnings *w)
{
	if (w == NULL)
		return;
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static const char *
reason_of(const struct rgw_field *f)
{
	for (; f->type != RGW_FIELD_END; f++)
		if (f->type == RGW_FIELD_STR && strcmp(f->key, "reason") == 0)
			return f->data;
	return "";
}

static bool
is_same(const struct warning *a, const struct warning *b)
{
	return strcmp(a->event, b->event) == 0 && strcmp(a->who, b->who) == 0 && strcmp(a->text, b->text) == 0 &&
	    strcmp(a->reason, b->reason) == 0;
}

/* Makes it the first one, in the place of the same one or of the oldest. */
static void
put(struct rgw_warnings *w, struct warning *new)
{
	size_t i = 0;

	while (i < w->n && !is_same(&w->v[i], new))
		i++;
	if (i < w->n)
		new->times += w->v[i].times;
	else if (w->n < RGW_WARNINGS)
		w->n++;
	else
		i = RGW_WARNINGS - 1;
	memmove(&w->v[1], &w->v[0], i * sizeof w->v[0]);
	w->v[0] = *new;
}

void
rgw_warnings_add(struct rgw_warnings *w, const struct rgw_log_heard *heard, int64_t at)
{
	struct warning new = { .at = at, .times = 1, .level = heard->level };

	snprintf(new.event, sizeof new.event, "%s", heard->event);
	snprintf(new.who, sizeof new.who, "%s", heard->who != NULL ? heard->who : "");
	snprintf(new.text, sizeof new.text, "%s", heard->text);
	snprintf(new.reason, sizeof new.reason, "%s", reason_of(heard->fields));
	pthread_mutex_lock(&w->lock);
	put(w, &new);
	pthread_mutex_unlock(&w->lock);
}

void
rgw_warnings_json(struct rgw_warnings *w, struct rgw_json *j)
{
	rgw_json_array(j, "warnings");
	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->n; i++) {
		rgw_json_object(j, NULL);
		rgw_json_int(j, "at", w->v[i].at);
		rgw_json_uint(j, "times", w->v[i].times);
		rgw_json_str(j, "level", rgw_log_level_name(w->v[i].level));
		rgw_json_str(j, "event", w->v[i].event);
		rgw_json_str(j, "neighbour", w->v[i].who);
		rgw_json_str(j, "text", w->v[i].text);
		rgw_json_str(j, "reason", w->v[i].reason);
		rgw_json_end(j);
	}
	pthread_mutex_unlock(&w->lock);
	rgw_json_end(j);
}
