/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/pattern.h"

#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "radsecgw/mem.h"

/*
 * A pattern is a regular expression of the configuration (POSIX extended), which may not cost more than a bound
 * whatever text a stranger sends.
 */

#define TEXT_MAX 253

/* The size to which a pattern may grow by its repetitions, such as {99}. */
#define MOST_COPIES 16384

/* The regular expression library keeps all states that texts have ever led to. Strangers choose the texts, so a
 * pattern is compiled anew after so many; usual patterns have a handful of states, and the worst have some
 * megabytes. */
#define MATCHES_KEPT 64

struct rgw_pattern {
	pthread_mutex_t lock;  /* of the next two: all workers have the same configuration */
	regex_t regex;
	unsigned uses;         /* since it was compiled */
	bool anchored;
	char *text;            /* owned */
};

/* The end of a set that begins at p: its "]", or the end of the text. A "]" right at the start of a set is one
 * of its members, and so are those of classes such as [:alpha:]. */
static const char *
end_of_set(const char *p)
{
	p += p[1] == '^' ? 2 : 1;
	if (*p == ']')
		p++;
	for (; *p != '\0' && *p != ']'; p++) {
		char close[3] = { p[1], ']', '\0' };
		const char *end = NULL;

		if (*p == '[' && (p[1] == ':' || p[1] == '.' || p[1] == '='))
			end = strstr(p + 2, close);
		if (end != NULL)
			p = end + 1;
	}
	return p;
}

/* The last octet of what begins at p: a set or an escaped character; or p itself. */
static const char *
end_of_element(const char *p)
{
	if (*p == '[') {
		const char *end = end_of_set(p);

		return *end != '\0' ? end : end - 1;
	}
	return *p == '\\' && p[1] != '\0' ? p + 1 : p;
}

/* Does the pattern have back-references, which are \1 to \9 outside of []? */
static bool
has_back_reference(const char *text)
{
	for (const char *p = text; *p != '\0'; p = end_of_element(p) + 1)
		if (*p == '\\' && p[1] >= '1' && p[1] <= '9')
			return true;
	return false;
}

/* How often the library writes out what {n}, {n,} or {n,m} at p repeats, at least once. */
static uint64_t
copies_of(const char *p)
{
	char *end;
	unsigned long n = strtoul(p + 1, &end, 10);

	if (*end == ',' && end[1] >= '0' && end[1] <= '9')
		n = strtoul(end + 1, &end, 10);
	else if (*end == ',' && n <= MOST_COPIES)
		n++;
	return n < 1 ? 1 : n > MOST_COPIES ? MOST_COPIES : n;
}

/* Repetitions are written out when the pattern is compiled, a+ as aa*; those of groups, and of what is
 * repeated already, times what is inside. So a short text can take all memory. The estimate is never too
 * low. */
static bool
repeats_too_much(const char *text)
{
	uint64_t groups = 1;
	uint64_t others = strlen(text) + 1;
	bool group = false;  /* what stands before p is one, or was repeated */
	const char *end;

	for (const char *p = text; *p != '\0' && groups * others <= MOST_COPIES; p = end + 1) {
		uint64_t n = *p == '{' ? copies_of(p) : *p == '+' ? 2 : 1;

		end = end_of_element(p);
		if (*p == '{' && strchr(p, '}') != NULL)
			end = strchr(p, '}');
		if (group)
			groups *= n;
		else
			others += n - 1;
		group = strchr(")*+?{", *p) != NULL;
	}
	return groups * others > MOST_COPIES;
}

static bool
compile(regex_t *regex, const char *text, char *why, size_t size)
{
	int error = regcomp(regex, text, REG_EXTENDED | REG_ICASE);

	if (error != 0)
		regerror(error, regex, why, size);
	return error == 0;
}

struct rgw_pattern *
rgw_pattern_new(const char *text, bool anchored, char *why, size_t size)
{
	struct rgw_pattern *pattern;

	if (has_back_reference(text)) {
		snprintf(why, size, "back-references such as \\1 are not taken");
		return NULL;
	}
	if (repeats_too_much(text)) {
		snprintf(why, size, "its repetitions add up to more than %d", MOST_COPIES);
		return NULL;
	}
	pattern = rgw_xcalloc(1, sizeof *pattern);
	if (!compile(&pattern->regex, text, why, size)) {
		free(pattern);
		return NULL;
	}
	pthread_mutex_init(&pattern->lock, NULL);
	pattern->anchored = anchored;
	pattern->text = rgw_xstrdup(text);
	return pattern;
}

void
rgw_pattern_free(struct rgw_pattern *pattern)
{
	if (pattern == NULL)
		return;
	regfree(&pattern->regex);
	pthread_mutex_destroy(&pattern->lock);
	free(pattern->text);
	free(pattern);
}

const char *
rgw_pattern_text(const struct rgw_pattern *pattern)
{
	return pattern->text;
}

size_t
rgw_pattern_count(const struct rgw_pattern *pattern)
{
	return pattern->regex.re_nsub;
}

/* If there is no memory for a fresh copy, the old one stays in use. */
static void
forget_states(struct rgw_pattern *pattern)
{
	char why[64];
	regex_t fresh;

	if (++pattern->uses < MATCHES_KEPT)
		return;
	pattern->uses = 0;
	if (!compile(&fresh, pattern->text, why, sizeof why))
		return;
	regfree(&pattern->regex);
	pattern->regex = fresh;
}

/* The library lets only one thread at a time use a compiled pattern anyway. */
static bool
find(struct rgw_pattern *pattern, const char *text, regmatch_t found[RGW_PATTERN_GROUPS])
{
	bool matches;

	pthread_mutex_lock(&pattern->lock);
	forget_states(pattern);
	matches = regexec(&pattern->regex, text, RGW_PATTERN_GROUPS, found, 0) == 0;
	pthread_mutex_unlock(&pattern->lock);
	return matches;
}

bool
rgw_pattern_match(struct rgw_pattern *pattern, const uint8_t *data, size_t len,
    struct rgw_pattern_group groups[RGW_PATTERN_GROUPS])
{
	regmatch_t found[RGW_PATTERN_GROUPS];
	char text[TEXT_MAX + 1];

	if (len > TEXT_MAX || (len > 0 && memchr(data, '\0', len) != NULL))
		return false;
	if (len > 0)
		memcpy(text, data, len);
	text[len] = '\0';
	if (!find(pattern, text, found))
		return false;
	/* A match of the whole text is found if there is one: POSIX takes the leftmost match, and of these the
	 * longest. */
	if (pattern->anchored && (found[0].rm_so != 0 || (size_t)found[0].rm_eo != len))
		return false;
	for (size_t i = 0; groups != NULL && i < RGW_PATTERN_GROUPS; i++)
		groups[i] = (struct rgw_pattern_group){
			.set = found[i].rm_so >= 0,
			.from = (uint8_t)(found[i].rm_so >= 0 ? found[i].rm_so : 0),
			.to = (uint8_t)(found[i].rm_so >= 0 ? found[i].rm_eo : 0),
		};
	return true;
}
