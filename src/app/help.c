/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "help.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "radsecgw/confread.h"
#include "radsecgw/counters.h"
#include "radsecgw/logfields.h"
#include "radsecgw/nearest.h"
#include "radsecgw/process.h"

/* What the manual says, without the manual; see help.h. */

#define TOPIC_MOST 64

/* A name is the topic, which has no upper case, even if one has "_" where the other has "-". */
static bool
is_topic(const char *name, size_t len, const char *topic)
{
	if (strlen(topic) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((name[i] == '_' ? '-' : name[i]) != (topic[i] == '_' ? '-' : topic[i]))
			return false;
	return true;
}

/* Calls for each name of a text; those of a command are its first word, what follows being arguments. */
static bool
each_name(const struct rgw_help_text *text, bool (*each)(void *ctx, const char *name, size_t len), void *ctx)
{
	for (const char *p = text->names; *p != '\0'; p += *p == ' ') {
		size_t len = strcspn(p, " ");

		if (each(ctx, p, len))
			return true;
		if (text->kind == RGW_HELP_COMMAND)
			return false;
		p += len;
	}
	return false;
}

static bool
equals(void *ctx, const char *name, size_t len)
{
	return is_topic(name, len, ctx);
}

static unsigned
print_texts(char *topic)
{
	unsigned n = 0;

	for (const struct rgw_help_text *t = rgw_help_texts; t->names != NULL; t++) {
		if (!each_name(t, equals, topic))
			continue;
		if (t->kind == RGW_HELP_COMMAND)
			printf("radsecgw %s\n%s\n", t->names, t->text);
		else
			printf("%s: an event of the log (%s)\n%s\n", topic, t->subject, t->text);
		n++;
	}
	return n;
}

static unsigned
print_counters(const char *topic)
{
	unsigned n = 0;

	for (enum rgw_counter c = 0; c < RGW_COUNTER_COUNT; c++) {
		const char *name = rgw_counter_name(c), *reason = rgw_reason_name(c);

		if (!is_topic(name, strlen(name), topic) && !is_topic(reason, strlen(reason), topic))
			continue;
		printf("%s: a counter, and what `radsecgw requests --result %s` looks for\n  %c%s.\n\n", name, reason,
		    toupper((unsigned char)rgw_counter_help(c)[0]), rgw_counter_help(c) + 1);
		n++;
	}
	return n;
}

static unsigned
print_fields(const char *topic)
{
	size_t n, found = 0;
	const struct rgw_log_field *fields = rgw_log_fields(&n);

	for (size_t i = 0; i < n; i++) {
		const struct rgw_log_field *f = &fields[i];

		if (!is_topic(f->name, strlen(f->name), topic))
			continue;
		printf("%s: a field of log lines\n  %c%s.\n  Type: %s%s%s. Example: %s\n\n", f->name,
		    toupper((unsigned char)f->meaning[0]), f->meaning + 1, f->type, f->unit != NULL ? ", in " : "",
		    f->unit != NULL ? f->unit : "", f->example);
		found++;
	}
	return (unsigned)found;
}

static unsigned
print_options(const char *topic)
{
	unsigned n = rgw_conf_describe(topic, stdout);

	if (n > 0)
		puts("");
	return n;
}

/* ---- without a topic, or with one that nobody knows ---- */

static bool
print_name(void *ctx, const char *name, size_t len)
{
	size_t *column = ctx;

	if (*column + len + 2 > 78)
		*column = 0;
	printf("%s%.*s", *column == 0 ? "\n   " : " ", (int)len, name);
	*column += len + (*column == 0 ? 4 : 1);
	return false;
}

static void
print_names(enum rgw_help_kind kind)
{
	const char *subject = NULL;
	size_t column = 0;

	for (const struct rgw_help_text *t = rgw_help_texts; t->names != NULL; t++) {
		if (t->kind != kind)
			continue;
		if (subject == NULL || strcmp(subject, t->subject) != 0) {
			printf("%s  %s", subject != NULL ? "\n" : "", t->subject);
			column = 0;
		}
		subject = t->subject;
		each_name(t, print_name, &column);
	}
	puts("\n");
}

static int
print_topics(void)
{
	puts("radsecgw help TOPIC says what the manual says about a topic, which is one of these:\n");
	if (rgw_help_texts[0].names != NULL) {
		puts("Commands:");
		print_names(RGW_HELP_COMMAND);
		puts("Events of the log:");
		print_names(RGW_HELP_EVENT);
	}
	puts("Reasons, fields of log lines, and the sections and options of the configuration are topics:\n"
	     "   radsecgw help no_route; radsecgw help conversation; radsecgw help peer; radsecgw help queue");
	return RGW_EXIT_OK;
}

static bool
try_name(void *ctx, const char *name, size_t len)
{
	char text[TOPIC_MOST];

	snprintf(text, sizeof text, "%.*s", (int)len, name);
	rgw_nearest_try(ctx, text);
	return false;
}

static void
try_option(void *ctx, const char *name)
{
	rgw_nearest_try(ctx, name);
}

static int
complain(const char *topic)
{
	struct rgw_nearest near;

	rgw_nearest_init(&near, topic);
	for (const struct rgw_help_text *t = rgw_help_texts; t->names != NULL; t++)
		each_name(t, try_name, &near);
	for (enum rgw_counter c = 0; c < RGW_COUNTER_COUNT; c++)
		rgw_nearest_try(&near, rgw_reason_name(c));
	rgw_conf_each_name(try_option, &near);
	fprintf(stderr, "radsecgw: there is no topic '%s'", topic);
	if (near.best[0] != '\0')
		fprintf(stderr, "; did you mean '%s'?\n", near.best);
	else
		fputs("; radsecgw help lists all\n", stderr);
	return RGW_EXIT_CONFIG;
}

int
rgw_help_run(char *const *words, size_t n)
{
	char topic[TOPIC_MOST];
	unsigned found;

	if (n == 0)
		return print_topics();
	if (n > 1) {
		fputs("radsecgw: help takes one topic\n", stderr);
		return RGW_EXIT_CONFIG;
	}
	/* A section may stand in its brackets, and an event with the colon that stands behind it in the log. */
	snprintf(topic, sizeof topic, "%s", words[0] + (words[0][0] == '['));
	topic[strcspn(topic, ":] ")] = '\0';
	for (char *p = topic; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	found = words[0][0] == '[' ? 0 : print_texts(topic) + print_counters(topic) + print_fields(topic);
	found += print_options(topic);
	if (found == 0)
		return complain(words[0]);
	puts("See radsecgw(8) and radsecgw.ini(5) for all of it.");
	return RGW_EXIT_OK;
}
