/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules.h"

#include <stdio.h>
#include <stdlib.h>

#include "radsecgw/mem.h"

static unsigned long
number(const char **text)
{
	unsigned long n = 0;

	for (; **text >= '0' && **text <= '9'; ++*text)
		n = n * 10 + (unsigned long)(**text - '0');
	return n;
}

static struct rgw_attr_ref
attr_of(const char **text)
{
	struct rgw_attr_ref ref = { 0 };
	unsigned long n = number(text);

	if (**text != ':') {
		ref.type = (uint16_t)n;
		if (**text == '.') {
			++*text;
			ref.ext = (uint8_t)number(text);
		}
		return ref;
	}
	++*text;
	ref.vendor = (uint32_t)n;
	ref.any = **text == '*';
	if (ref.any)
		++*text;
	else
		ref.type = (uint16_t)number(text);
	return ref;
}

static struct rgw_rewrite_piece *
add_piece(struct rgw_rewrite_value *value, enum rgw_rewrite_from from, unsigned n)
{
	value->v = rgw_xrealloc(value->v, (value->n + 1) * sizeof *value->v);
	value->v[value->n] = (struct rgw_rewrite_piece){ .from = from, .n = (uint8_t)n };
	return &value->v[value->n++];
}

static void
add_octets(struct rgw_rewrite_value *value, const void *octets, size_t n)
{
	struct rgw_rewrite_piece *piece = add_piece(value, RGW_FROM_OCTETS, 0);

	assert_true(n <= 255);
	piece->octets = rgw_xcalloc(1, n > 0 ? n : 1);
	memcpy(piece->octets, octets, n);
	piece->len = (uint8_t)n;
}

static struct rgw_rewrite_value
value_of(const char *text, size_t n)
{
	static const char vars[] = "cprs";
	struct rgw_rewrite_value value = { 0 };
	uint8_t octets[256];
	char digits[600] = "";

	if (n >= 2 && strncmp(text, "0x", 2) == 0) {
		assert_true(n < sizeof digits);
		memcpy(digits, text + 2, n - 2);
		add_octets(&value, octets, help_hex(digits, octets, sizeof octets));
		return value;
	}
	for (size_t i = 0; i < n;) {
		size_t run = strcspn(text + i, "%");
		const char *var = text[i] == '%' ? strchr(vars, text[i + 1]) : NULL;

		run = run < n - i ? run : n - i;
		if (run > 0)
			add_octets(&value, text + i, run);
		else if (var != NULL)
			add_piece(&value, RGW_FROM_VAR, (unsigned)(var - vars));
		else
			add_piece(&value, RGW_FROM_MATCH, (unsigned)text[i + 1] - '0');
		i += run > 0 ? run : 2;
	}
	return value;
}

static void
add_rule(struct rgw_rewrite *rewrite, const char *text, size_t n)
{
	static const char *const ops[] = { "remove ", "keep ", "add ", "set ", "default ", "replace " };
	struct rgw_rewrite_rules *rules;
	struct rgw_rewrite_rule rule = { 0 };
	const char *end = text + n;
	char pattern[300] = "";
	char why[128] = "";
	unsigned op = 0;

	while (op < COUNT(ops) && strncmp(text, ops[op], strlen(ops[op])) != 0)
		op++;
	assert_true(op < COUNT(ops));
	text += strlen(ops[op]);
	rule.attr = attr_of(&text);
	if (op == RGW_REWRITE_REPLACE) {
		const char *slash = strchr(text + 1, '/');

		memcpy(pattern, text + 1, (size_t)(slash - text) - 1);
		rule.pattern = rgw_pattern_new(pattern, false, why, sizeof why);
		assert_non_null(rule.pattern);
		text = slash;
		end--;
	}
	if (op >= RGW_REWRITE_ADD)
		rule.value = value_of(text + 1, (size_t)(end - text) - 1);
	rules = &rewrite->rules[op];
	rules->v = rgw_xrealloc(rules->v, (rules->n + 1) * sizeof *rules->v);
	rules->v[rules->n++] = rule;
}

struct rgw_rewrite
rules_of(const char *text)
{
	struct rgw_rewrite rewrite = { 0 };

	while (*text != '\0') {
		size_t n = strcspn(text, ";");

		add_rule(&rewrite, text, n);
		text += n;
		text += strspn(text, "; ");
	}
	return rewrite;
}

const char *
rules_hex(const struct rgw_packet *p, char buf[static RULES_ROOM])
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = RGW_HEADER_LEN; i < p->len; i++)
		n += (size_t)snprintf(buf + n, RULES_ROOM - n, "%02x", p->data[i]);
	return buf;
}

/* The same where the packet itself lies. */
static void
check_in_place(const struct rgw_rewrite *rewrite, const struct rgw_packet *in,
    const struct rgw_rewrite_vars *vars, const uint8_t *want, size_t cap)
{
	uint8_t room[RGW_PACKET_MAX];
	struct rgw_packet own = *in;
	enum rgw_rewrite_result result;
	size_t len;

	memcpy(room, in->data, in->len);
	own.data = room;
	result = rgw_rewrite_apply(rewrite, &own, vars, room, cap, &len);
	if (result == RGW_REWRITE_CHANGED)
		assert_memory_equal(room, want, len);
	else
		assert_memory_equal(room, in->data, in->len);
}

const char *
rules_apply(const char *rules, const char *attributes, const struct rgw_rewrite_vars *vars, size_t cap,
    char buf[static RULES_ROOM])
{
	static const uint8_t auth[16] = "0123456789abcdef";
	struct rgw_rewrite rewrite = rules_of(rules);
	uint8_t *out = rgw_xcalloc(1, cap);
	struct help_packet p;
	struct rgw_packet in;
	struct rgw_packet result;
	size_t len = 0;

	help_begin(&p, 1, 42, auth);
	p.len += help_hex(attributes, p.b + p.len, sizeof p.b - p.len);
	in = help_finish(&p);
	switch (rgw_rewrite_apply(&rewrite, &in, vars, out, cap, &len)) {
	case RGW_REWRITE_UNCHANGED:
		snprintf(buf, RULES_ROOM, "same");
		break;
	case RGW_REWRITE_CHANGED:
		result = help_parse(out, len);
		/* All but the length. */
		assert_memory_equal(out, in.data, 2);
		assert_memory_equal(out + 4, auth, sizeof auth);
		rules_hex(&result, buf);
		break;
	case RGW_REWRITE_VALUE_TOO_BIG:
		snprintf(buf, RULES_ROOM, "value %zu", len);
		break;
	case RGW_REWRITE_PACKET_TOO_BIG:
		snprintf(buf, RULES_ROOM, "packet %zu", len);
		break;
	}
	check_in_place(&rewrite, &in, vars, out, cap);
	rgw_rewrite_fini(&rewrite);
	free(out);
	return buf;
}
