/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/pattern.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "radsecgw/mem.h"

#define TEXT_MAX 253

struct rgw_pattern {
	regex_t regex;
	bool anchored;
	char *text;  /* owned */
};

/* \1 to \9 outside of [] mean what another part matched. */
static bool
has_back_reference(const char *text)
{
	bool set = false;

	for (const char *p = text; *p != '\0'; p++) {
		if (set) {
			set = *p != ']';
		} else if (*p == '[') {
			set = true;
			/* A "]" at the start of a set is one of its members. */
			p += p[1] == '^' ? 1 : 0;
			p += p[1] == ']' ? 1 : 0;
		} else if (*p == '\\' && p[1] != '\0') {
			p++;
			if (*p >= '1' && *p <= '9')
				return true;
		}
	}
	return false;
}

struct rgw_pattern *
rgw_pattern_new(const char *text, bool anchored, char *why, size_t size)
{
	struct rgw_pattern *pattern;
	int error;

	if (has_back_reference(text)) {
		snprintf(why, size, "back-references such as \\1 are not taken");
		return NULL;
	}
	pattern = rgw_xcalloc(1, sizeof *pattern);
	error = regcomp(&pattern->regex, text, REG_EXTENDED | REG_ICASE);
	if (error != 0) {
		regerror(error, &pattern->regex, why, size);
		free(pattern);
		return NULL;
	}
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
	free(pattern->text);
	free(pattern);
}

const char *
rgw_pattern_text(const struct rgw_pattern *pattern)
{
	return pattern->text;
}

bool
rgw_pattern_match(const struct rgw_pattern *pattern, const uint8_t *data, size_t len,
    struct rgw_pattern_group groups[RGW_PATTERN_GROUPS])
{
	regmatch_t found[RGW_PATTERN_GROUPS];
	char text[TEXT_MAX + 1];

	if (len > TEXT_MAX || memchr(data, '\0', len) != NULL)
		return false;
	memcpy(text, data, len);
	text[len] = '\0';
	if (regexec(&pattern->regex, text, RGW_PATTERN_GROUPS, found, 0) != 0)
		return false;
	/* POSIX finds the leftmost match and of these the longest, so this is one that covers all if there
	 * is any. */
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
