/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules for certificates as they are configured, and names held against them. The input is the text
 * of a rule, a newline, and a name out of a certificate. */
#include <stdlib.h>
#include <string.h>

#include "radsecgw/certid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* A rule survives being written and read again. */
static void
check_rule(const char *text)
{
	struct rgw_cert_rule rule = { .text = NULL };
	struct rgw_cert_rule again = { .text = NULL };
	char written[2048];
	char explained[64];

	if (rgw_cert_rule_parse(text, &rule) != NULL) {
		require(rule.text == NULL);
		return;
	}
	require(rule.n_octets <= sizeof rule.octets);
	rgw_cert_rule_format(&rule, written, sizeof written);
	if (strlen(text) < sizeof written) {
		require(rgw_cert_rule_parse(written, &again) == NULL);
		require(again.kind == rule.kind && strcmp(again.text, rule.text) == 0);
		require(again.n_octets == rule.n_octets);
		require(memcmp(again.octets, rule.octets, rule.n_octets) == 0);
		free(again.text);
	}
	rgw_cert_explain(RGW_CERT_NO_MATCH, &rule, explained, sizeof explained);
	for (const char *p = explained; *p != '\0'; p++)
		require(*p >= ' ' && *p <= '~');
	free(rule.text);
}

/* Whatever matches has no NUL, and no "*" but a left-most label. */
static void
check_match(struct rgw_span pattern, const char *name)
{
	size_t stars = 0;

	if (!rgw_dns_match(pattern, name) && !rgw_nairealm_match(pattern, name))
		return;
	for (size_t i = 0; i < pattern.len; i++) {
		require(pattern.data[i] != '\0');
		stars += pattern.data[i] == '*';
	}
	require(strchr(name, '*') == NULL);
	require(stars == 0 || (stars == 1 && pattern.len > 2 && memcmp(pattern.data, "*.", 2) == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *newline = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t n = newline != NULL ? (size_t)(newline - data) : size;
	char *text = malloc(n + 1);
	struct rgw_span name = { data, 0 };
	const char *value;

	if (text == NULL)
		return 0;
	if (n > 0)
		memcpy(text, data, n);
	text[n] = '\0';
	if (newline != NULL)
		name = (struct rgw_span){ newline + 1, size - n - 1 };
	check_rule(text);
	value = strchr(text, ':');
	check_match(name, value != NULL ? value + 1 : text);
	free(text);
	return 0;
}
