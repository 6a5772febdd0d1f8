/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"
#include "radsecgw/radius.h"
#include "radsecgw/wire.h"

/* The types of options that are rules of [rewrite]: "ATTRIBUTE = value" and "ATTRIBUTE
 * /expression/replacement/". In these texts a "$" is still written "$$", and "${client}" and the like stand for
 * what a packet will bring. */

static const char *const variables[RGW_VARS] = {
	[RGW_VAR_CLIENT] = "client",
	[RGW_VAR_PEER] = "peer",
	[RGW_VAR_REALM] = "realm",
	[RGW_VAR_SOURCE] = "source",
};

enum rgw_rewrite_var
rgw_rewrite_var_find(const char *name, size_t len)
{
	enum rgw_rewrite_var var = 0;

	while (var < RGW_VARS &&
	       (strlen(variables[var]) != len || strncmp(variables[var], name, len) != 0))
		var++;
	return var;
}

/* ---- reading ---- */

/* A value under construction: octets that belong to no piece yet. */
struct composed {
	struct rgw_setting *s;
	struct rgw_rewrite_value value;
	struct rgw_strbuf octets;
	size_t len;       /* of all octets */
	unsigned groups;  /* in a replacement: so many parts there are, and \0; 0 = no replacement */
};

static struct rgw_rewrite_piece *
add_piece(struct composed *c, enum rgw_rewrite_from from, unsigned n)
{
	struct rgw_rewrite_piece *piece = rgw_array_grow(&c->value, sizeof *piece);

	piece->from = from;
	piece->n = (uint8_t)n;
	return piece;
}

/* Makes a piece of the octets that were collected. */
static void
flush(struct composed *c)
{
	struct rgw_rewrite_piece *piece;

	if (c->octets.n == 0)
		return;
	piece = add_piece(c, RGW_FROM_OCTETS, 0);
	piece->octets = rgw_xcalloc(1, c->octets.n);
	memcpy(piece->octets, c->octets.v, c->octets.n);
	piece->len = (uint8_t)c->octets.n;
	rgw_strbuf_fini(&c->octets);
}

static void
add_octets(struct composed *c, const void *octets, size_t n)
{
	rgw_strbuf_add(&c->octets, octets, n);
	c->len += n;
}

/* Reads what begins with the "$" at p, a variable or "$$"; returns what follows it. */
static const char *
read_dollar(struct composed *c, const char *p)
{
	size_t n = strcspn(p, "}");

	if (p[1] == '$') {
		add_octets(c, p, 1);
		return p + 2;
	}
	flush(c);
	add_piece(c, RGW_FROM_VAR, rgw_rewrite_var_find(p + 2, n - 2));
	return p + n + 1;
}

/* Reads what begins with the "\" at p; returns what follows it, or NULL with the reason set. */
static const char *
read_backslash(struct composed *c, const char *p)
{
	if (p[1] == '\\' || p[1] == '/') {
		add_octets(c, p + 1, 1);
		return p + 2;
	}
	if (p[1] < '0' || p[1] > '9') {
		rgw_setting_refuse(c->s, "has a \\ before something else than a digit, / or another \\");
		return NULL;
	}
	if ((unsigned)(p[1] - '0') >= c->groups) {
		rgw_setting_refuse(c->s, "has a \\%c, but its expression has no such part in parentheses", p[1]);
		return NULL;
	}
	flush(c);
	add_piece(c, RGW_FROM_MATCH, (unsigned)(p[1] - '0'));
	return p + 2;
}

static bool
fits(struct composed *c, const struct rgw_attr_ref *attr)
{
	size_t max = rgw_rewrite_value_max(attr);

	return c->len <= max ||
	    rgw_setting_refuse(c->s, "is too long; a value of this attribute has at most %zu octets", max);
}

/* Reads a text, which may have variables. */
static bool
read_text(struct composed *c, const struct rgw_attr_ref *attr, const char *p)
{
	while (p != NULL && *p != '\0') {
		if (*p == '$') {
			p = read_dollar(c, p);
		} else if (c->groups > 0 && *p == '\\') {
			p = read_backslash(c, p);
		} else {
			add_octets(c, p, 1);
			p++;
		}
		/* The length is checked on the way, so that no piece gets too long for its counter either. */
		if (!fits(c, attr))
			return false;
	}
	flush(c);
	return p != NULL;
}

/* "0x00ff" */
static bool
read_hex(struct composed *c, const struct rgw_attr_ref *attr, const char *text)
{
	if (text[2] == '\0' || !rgw_decode_hex(text + 2, strlen(text + 2), &c->octets))
		return rgw_setting_refuse(c->s,
		    "begins with 0x but goes on with something else than pairs of hexadecimal digits");
	c->len = c->octets.n;
	if (!fits(c, attr))
		return false;
	flush(c);
	return true;
}

/* How many octets each value of an attribute of this kind has; 0 = any number. */
static size_t
octets_of(enum rgw_attr_kind kind)
{
	switch (kind) {
	case RGW_ATTR_INTEGER:
	case RGW_ATTR_IPV4:
		return 4;
	case RGW_ATTR_IPV6:
		return 16;
	case RGW_ATTR_TEXT:
	case RGW_ATTR_OCTETS:
		break;
	}
	return 0;
}

static bool
read_integer(struct composed *c, const char *name, const char *text)
{
	uint8_t octets[4];
	struct rgw_wr w = rgw_wr_of(octets, sizeof octets);
	uint64_t n;

	if (rgw_unit_parse(text, rgw_unit_none, &n) != NULL || n > UINT32_MAX)
		return rgw_setting_refuse(c->s, "is no value for %s, which takes a number of up to 4294967295",
		    name);
	rgw_wr_u32(&w, (uint32_t)n);
	add_octets(c, octets, sizeof octets);
	flush(c);
	return true;
}

static bool
read_address(struct composed *c, const char *name, uint8_t family, const char *text)
{
	struct rgw_addr a;

	if (!rgw_addr_parse(text, 0, &a) || a.family != family || a.port != 0 || a.scope != 0)
		return rgw_setting_refuse(c->s, "is no value for %s, which takes an IPv%u address", name, family);
	add_octets(c, a.ip, family == 4 ? 4 : 16);
	flush(c);
	return true;
}

/* Reads a value in the form that the kind of the attribute wants. */
static bool
read_value(struct composed *c, const struct rgw_attr_ref *attr, const char *text)
{
	const struct rgw_attr_name *name = rgw_attr_name_of(attr);
	enum rgw_attr_kind kind = name != NULL ? name->kind : RGW_ATTR_TEXT;

	if (strncmp(text, "0x", 2) == 0) {
		if (!read_hex(c, attr, text))
			return false;
		return octets_of(kind) == 0 || octets_of(kind) == c->len ||
		    rgw_setting_refuse(c->s, "is no value for %s, which has %zu octets", name->name,
		        octets_of(kind));
	}
	switch (kind) {
	case RGW_ATTR_INTEGER:
		return read_integer(c, name->name, text);
	case RGW_ATTR_IPV4:
		return read_address(c, name->name, 4, text);
	case RGW_ATTR_IPV6:
		return read_address(c, name->name, 6, text);
	case RGW_ATTR_OCTETS:
		return rgw_setting_refuse(c->s, "is no value for %s, whose octets are written 0x...", name->name);
	case RGW_ATTR_TEXT:
		break;
	}
	return read_text(c, attr, text);
}

/* Hands the composed value over to the rule; if the text was refused, the rule frees what it owns. */
static bool
hand_over(struct composed *c, struct rgw_rewrite_rule *rule, bool good)
{
	rgw_strbuf_fini(&c->octets);
	rule->value = c->value;
	if (!good)
		rgw_rewrite_rule_fini(rule);
	return good;
}

/* Reads the attribute at the start of the text, n octets. A value is for one attribute, not for many. */
static bool
read_one(struct rgw_setting *s, const char *text, size_t n, struct rgw_attr_ref *out)
{
	struct rgw_strbuf name = { 0 };
	bool good;

	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'))
		n--;
	if (n == 0)
		return rgw_setting_refuse(s, "does not begin with an attribute");
	rgw_strbuf_add(&name, text, n);
	good = rgw_attr_parse(s, name.v, out);
	rgw_strbuf_fini(&name);
	if (good && (out->any || (out->vendor == 0 && out->type == RGW_VENDOR_SPECIFIC)))
		good = rgw_setting_refuse(s, "is about more than one attribute; write vendor:number, such as 9:1");
	if (good && out->vendor == 0 && rgw_attr_is_extended(out->type) && out->ext == 0)
		good = rgw_setting_refuse(s, "is about more than one attribute; write %u.1 to %u.255", out->type,
		    out->type);
	return good;
}

static bool
set_pair(struct rgw_setting *s)
{
	const char *equals = strchr(s->text, '=');
	struct rgw_rewrite_rule *rule = s->field;
	struct composed c = { .s = s };
	const char *value;

	if (equals == NULL)
		return rgw_setting_refuse(s, "is not written as ATTRIBUTE = value");
	if (!read_one(s, s->text, (size_t)(equals - s->text), &rule->attr))
		return false;
	value = equals + 1 + strspn(equals + 1, " \t");
	if (*value == '\0')
		return rgw_setting_refuse(s, "has no value; attributes cannot be empty");
	return hand_over(&c, rule, read_value(&c, &rule->attr, value));
}

/* The "/" that ends the part that begins at p, or NULL; a "/" behind a "\" does not end it. */
static const char *
find_slash(const char *p)
{
	while (*p != '\0' && *p != '/')
		p += *p == '\\' && p[1] != '\0' ? 2 : 1;
	return *p == '/' ? p : NULL;
}

/* Reads the expression from p to end, which has "\/" for a "/" and "$$" for a "$". */
static struct rgw_pattern *
read_pattern(struct rgw_setting *s, const char *p, const char *end)
{
	struct rgw_pattern *pattern;
	struct rgw_strbuf text = { 0 };
	char why[128];

	rgw_strbuf_add(&text, "", 0);
	for (; p < end; p++) {
		if (*p == '$' && p[1] == '{') {
			rgw_strbuf_fini(&text);
			rgw_setting_refuse(s, "has a variable in its expression, where none is possible");
			return NULL;
		}
		if (*p == '$' || (*p == '\\' && p[1] == '/'))
			p++;
		else if (*p == '\\' && p[1] == '\\')
			rgw_strbuf_add(&text, p++, 1);
		rgw_strbuf_add(&text, p, 1);
	}
	pattern = rgw_pattern_new(text.v, false, why, sizeof why);
	if (pattern == NULL)
		rgw_setting_refuse(s, "has an expression that cannot be used: %s", why);
	rgw_strbuf_fini(&text);
	return pattern;
}

static bool
read_replacement(struct rgw_setting *s, struct rgw_rewrite_rule *rule, const char *p, const char *end)
{
	struct composed c = { .s = s, .groups = rgw_pattern_count(rule->pattern) + 1 };
	struct rgw_strbuf text = { 0 };
	bool good;

	rgw_strbuf_add(&text, p, (size_t)(end - p));
	good = hand_over(&c, rule, read_text(&c, &rule->attr, text.v));
	rgw_strbuf_fini(&text);
	return good;
}

/* Is the attribute a text? Expressions are about texts only. */
static bool
has_text(struct rgw_setting *s, const struct rgw_attr_ref *attr)
{
	const struct rgw_attr_name *name = rgw_attr_name_of(attr);

	return name == NULL || name->kind == RGW_ATTR_TEXT ||
	    rgw_setting_refuse(s, "is about %s, which is no text", name->name);
}

static bool
set_replacement(struct rgw_setting *s)
{
	const char *first = strchr(s->text, '/');
	const char *second = first != NULL ? find_slash(first + 1) : NULL;
	const char *third = second != NULL ? find_slash(second + 1) : NULL;
	struct rgw_rewrite_rule *rule = s->field;

	if (third == NULL || third[1] != '\0')
		return rgw_setting_refuse(s,
		    "is not written as ATTRIBUTE /expression/replacement/ (a / inside is written \\/, and "
		    "with a comma the whole needs quotes)");
	if (!read_one(s, s->text, (size_t)(first - s->text), &rule->attr) || !has_text(s, &rule->attr))
		return false;
	rule->pattern = read_pattern(s, first + 1, second);
	return rule->pattern != NULL && read_replacement(s, rule, second + 1, third);
}

/* ---- writing ---- */

/* Writes octets, each of the `special` characters with `before` in front of it. */
static void
write_escaped(struct rgw_strbuf *out, const void *octets, size_t n, const char *special, const char *before)
{
	const char *p = octets;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '$')
			rgw_strbuf_put(out, "$");
		else if (p[i] != '\0' && strchr(special, p[i]) != NULL)
			rgw_strbuf_put(out, before);
		rgw_strbuf_add(out, p + i, 1);
	}
}

static void
write_pieces(struct rgw_strbuf *out, const struct rgw_rewrite_value *value, const char *special)
{
	for (size_t i = 0; i < value->n; i++) {
		const struct rgw_rewrite_piece *piece = &value->v[i];
		char group[2] = { '\\', (char)('0' + piece->n) };

		switch (piece->from) {
		case RGW_FROM_OCTETS:
			write_escaped(out, piece->octets, piece->len, special, "\\");
			break;
		case RGW_FROM_VAR:
			rgw_strbuf_printf(out, "${%s}", variables[piece->n]);
			break;
		case RGW_FROM_MATCH:
			rgw_strbuf_add(out, group, sizeof group);
			break;
		}
	}
}

/* Would it be read as the same octets if it stood there as a text? */
static bool
is_plain(const struct rgw_rewrite_piece *piece)
{
	const uint8_t *p = piece->octets;

	for (size_t i = 0; i < piece->len; i++)
		if (p[i] < 0x20 || p[i] == 0x7f)
			return false;
	return p[0] != ' ' && p[piece->len - 1] != ' ' &&
	    !(piece->len >= 2 && p[0] == '0' && p[1] == 'x');
}

static void
write_hex(struct rgw_strbuf *out, const struct rgw_rewrite_piece *piece)
{
	rgw_strbuf_put(out, "0x");
	for (size_t i = 0; i < piece->len; i++)
		rgw_strbuf_printf(out, "%02x", piece->octets[i]);
}

static void
write_value(struct rgw_strbuf *out, enum rgw_attr_kind kind, const struct rgw_rewrite_value *value)
{
	const struct rgw_rewrite_piece *piece = value->v;
	bool octets = value->n == 1 && piece->from == RGW_FROM_OCTETS;
	struct rgw_addr a = { .family = kind == RGW_ATTR_IPV4 ? 4 : 6 };
	char buf[RGW_ADDR_TEXT];
	struct rgw_rd r;

	if (octets && kind == RGW_ATTR_INTEGER) {
		r = rgw_rd_of(piece->octets, piece->len);
		rgw_strbuf_printf(out, "%u", rgw_rd_u32(&r));
	} else if (octets && octets_of(kind) != 0) {
		memcpy(a.ip, piece->octets, piece->len);
		rgw_strbuf_put(out, rgw_addr_format(&a, buf));
	} else if (octets && (kind == RGW_ATTR_OCTETS || !is_plain(piece))) {
		write_hex(out, piece);
	} else {
		write_pieces(out, value, "");
	}
}

static void
show_rule(struct rgw_strbuf *out, const struct rgw_value *v)
{
	const struct rgw_rewrite_rule *rule = v->p;
	const struct rgw_attr_name *name = rgw_attr_name_of(&rule->attr);
	char attr[RGW_REF_TEXT];
	const char *pattern;

	rgw_strbuf_put(out, rgw_attr_format(&rule->attr, attr));
	if (rule->pattern != NULL) {
		pattern = rgw_pattern_text(rule->pattern);
		rgw_strbuf_put(out, " /");
		write_escaped(out, pattern, strlen(pattern), "/", "\\");
		rgw_strbuf_put(out, "/");
		write_pieces(out, &rule->value, "/\\");
		rgw_strbuf_put(out, "/");
	} else if (rule->value.n > 0) {
		rgw_strbuf_put(out, " = ");
		write_value(out, name != NULL ? name->kind : RGW_ATTR_TEXT, &rule->value);
	}
}

static void
clear_rule(void *value)
{
	rgw_rewrite_rule_fini(value);
}

const struct rgw_opt_type rgw_type_pairs = {
	"list of attributes and values", RGW_ARRAY | RGW_HAS_VARS | RGW_IS_PAIRS,
	sizeof(struct rgw_rewrite_rule), set_pair, show_rule, .clear = clear_rule,
};
const struct rgw_opt_type rgw_type_replacements = {
	"list of replacements", RGW_ARRAY | RGW_HAS_VARS, sizeof(struct rgw_rewrite_rule), set_replacement,
	show_rule, .clear = clear_rule,
};
