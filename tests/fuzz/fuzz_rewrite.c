/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any rules on any packet. The first octet of the input chooses the room for the new packet. Then come the
 * rules: operation (240 and more ends them), kind of attribute, number, length, and so many octets of value,
 * or of expression, "/" and replacement. What is left is the packet.
 *
 * What should come out is worked out a second time, on a list: each attribute, and each sub-attribute of a
 * vendor, is an item of it.
 */
#include <stdlib.h>
#include <string.h>

#include "radsecgw/rewrite.h"
#include "radsecgw/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* ---- the list ---- */

#define ITEMS 8192
#define OCTETS 65536

struct item {
	bool vsa;      /* of a vendor, */
	bool whole;    /* all of it, since its inside does not parse */
	bool more;
	bool no_value;
	uint32_t vendor;
	unsigned type;
	unsigned ext;
	const uint8_t *value;
	size_t len;
};

struct list {
	struct item v[ITEMS];
	size_t n;
	uint8_t octets[OCTETS];  /* of new values */
	size_t used;
};

static const uint8_t *
keep_octets(struct list *l, const uint8_t *octets, size_t n)
{
	uint8_t *to = l->octets + l->used;

	require(l->used + n <= OCTETS);
	if (n > 0)
		memcpy(to, octets, n);
	l->used += n;
	return to;
}

static size_t
sub_header(uint32_t vendor)
{
	return vendor == 4846 || vendor == 24757 ? 3 : 2;
}

/* Puts the sub-attributes of a vendor on the list, or says that they do not parse. */
static bool
list_subs(struct list *l, uint32_t vendor, const uint8_t *p, const uint8_t *end)
{
	size_t head = sub_header(vendor);
	size_t before = l->n;

	while (p < end) {
		size_t len = (size_t)(end - p) >= head ? p[vendor == 4846 ? 2 : 1] : 0;

		if (len < head || len > (size_t)(end - p)) {
			l->n = before;
			return false;
		}
		require(l->n < ITEMS);
		l->v[l->n++] = (struct item){ .vsa = true, .vendor = vendor,
			.type = vendor == 4846 ? (unsigned)p[0] << 8 | p[1] : p[0],
			.more = vendor == 24757 && p[2] >= 0x80, .value = p + head, .len = len - head };
		p += len;
	}
	return l->n > before;
}

static void
list_attr(struct list *l, const struct rgw_attr *a)
{
	struct item item = { .type = a->type, .value = a->value, .len = a->len };
	size_t head = a->type >= 241 && a->type <= 246 ? (a->type >= 245 ? 2 : 1) : 0;

	if (a->type == 26) {
		item.vsa = item.whole = true;
		if (a->len >= 4) {
			item.vendor = (uint32_t)a->value[0] << 24 | (uint32_t)a->value[1] << 16 |
			    (uint32_t)a->value[2] << 8 | a->value[3];
			if (list_subs(l, item.vendor, a->value + 4, a->value + a->len))
				return;
		}
	} else if (head > 0) {
		item.ext = a->len > 0 ? a->value[0] : 0;
		item.more = head == 2 && a->len > 1 && a->value[1] >= 0x80;
		item.no_value = a->len < head;
	}
	require(l->n < ITEMS);
	l->v[l->n++] = item;
}

static void
list_packet(struct list *l, const struct rgw_packet *p)
{
	struct rgw_attr a = { 0 };

	l->n = l->used = 0;
	while (rgw_packet_next(p, &a))
		list_attr(l, &a);
}

/* The value of a text without the octets that belong to its format. */
static size_t
value_offset(const struct item *i)
{
	return i->vsa || i->type < 241 || i->type > 246 || i->no_value ? 0 : i->type >= 245 ? 2 : 1;
}

/* ---- what rules make of it ---- */

static const struct rgw_rewrite_vars vars = { .v = {
	{ (const uint8_t *)"client", 6 }, { NULL, 0 }, { (const uint8_t *)"realm.org", 9 },
	{ (const uint8_t *)"2001:db8::1", 11 },
} };

static bool
is_about(const struct rgw_attr_ref *ref, const struct item *i)
{
	if (ref->vendor == 0 && ref->type == 26)
		return i->vsa;
	if (ref->vendor != 0)
		return i->vsa && i->vendor == ref->vendor &&
		    (ref->any || (!i->whole && i->type == ref->type));
	return !i->vsa && i->type == ref->type && (ref->ext == 0 || i->ext == ref->ext);
}

static bool
any_about(const struct rgw_rewrite_rules *rules, const struct item *i)
{
	for (size_t k = 0; k < rules->n; k++)
		if (is_about(&rules->v[k].attr, i))
			return true;
	return false;
}

static void
drop(struct list *l, size_t i)
{
	memmove(&l->v[i], &l->v[i + 1], (l->n - i - 1) * sizeof l->v[0]);
	l->n--;
}

static void
expect_filter(struct list *l, const struct rgw_rewrite *r)
{
	for (size_t i = 0; i < l->n;) {
		const struct item *item = &l->v[i];
		bool own = !item->vsa && (item->type == 80 || item->type == 33 || item->type == 24 ||
		                             item->type == 79);

		if (any_about(&r->rules[RGW_REWRITE_REMOVE], item) ||
		    (r->rules[RGW_REWRITE_KEEP].n > 0 && !own &&
		        !any_about(&r->rules[RGW_REWRITE_KEEP], item)))
			drop(l, i);
		else
			i++;
	}
}

/* A value as the rule has it; groups are places in `text`. */
static size_t
compose(const struct rgw_rewrite_value *v, const uint8_t *text, const struct rgw_pattern_group *groups,
    uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++) {
		const struct rgw_rewrite_piece *piece = &v->v[i];
		const uint8_t *from = piece->octets;
		size_t len = piece->len;

		if (piece->from == RGW_FROM_VAR) {
			from = vars.v[piece->n].p;
			len = vars.v[piece->n].len;
		} else if (piece->from == RGW_FROM_MATCH) {
			from = text + groups[piece->n].from;
			len = (size_t)(groups[piece->n].to - groups[piece->n].from);
		}
		if (len > 0)
			memcpy(out + n, from, len);
		n += len;
	}
	return n;
}

static struct item
new_item(struct list *l, const struct rgw_attr_ref *ref, const uint8_t *value, size_t n)
{
	struct item item = { .vsa = ref->vendor != 0, .vendor = ref->vendor, .type = ref->type,
		.ext = ref->ext };
	uint8_t head[2] = { ref->ext, 0 };
	size_t more = value_offset(&item);

	item.value = keep_octets(l, head, more);
	keep_octets(l, value, n);
	item.len = more + n;
	return item;
}

/* false = a value is too long. */
static bool
expect_value(struct list *l, const struct rgw_rewrite_rule *rule, enum rgw_rewrite_op op)
{
	uint8_t value[4096];
	size_t n = compose(&rule->value, NULL, NULL, value);
	bool met = false;

	if (n > rgw_rewrite_value_max(&rule->attr) && op != RGW_REWRITE_DEFAULT)
		return false;
	for (size_t i = 0; i < l->n && op != RGW_REWRITE_ADD;) {
		if (!is_about(&rule->attr, &l->v[i])) {
			i++;
			continue;
		}
		if (op == RGW_REWRITE_SET && (met || n == 0)) {
			drop(l, i);
			continue;
		}
		if (op == RGW_REWRITE_SET)
			l->v[i] = new_item(l, &rule->attr, value, n);
		met = true;
		i++;
	}
	if (met || n == 0)
		return true;
	if (n > rgw_rewrite_value_max(&rule->attr))
		return false;
	require(l->n < ITEMS);
	l->v[l->n++] = new_item(l, &rule->attr, value, n);
	return true;
}

static bool
expect_replace(struct list *l, const struct rgw_rewrite_rule *rule)
{
	bool more = false;

	for (size_t i = 0; i < l->n; i++) {
		struct item *item = &l->v[i];
		const uint8_t *text = item->value + value_offset(item);
		size_t len = item->len - value_offset(item);
		struct rgw_pattern_group g[RGW_PATTERN_GROUPS];
		uint8_t value[4096];
		bool piece = more || item->more;
		size_t n;

		if (!is_about(&rule->attr, item))
			continue;
		more = item->more;
		if (piece || item->no_value || !rgw_pattern_match(rule->pattern, text, len, g))
			continue;
		memcpy(value, text, g[0].from);
		n = g[0].from + compose(&rule->value, text, g, value + g[0].from);
		memcpy(value + n, text + g[0].to, len - g[0].to);
		n += len - g[0].to;
		if (n > rgw_rewrite_value_max(&rule->attr))
			return false;
		if (n == 0)
			drop(l, i--);
		else
			*item = new_item(l, &rule->attr, value, n);
	}
	return true;
}

static bool
expect(struct list *l, const struct rgw_rewrite *r)
{
	expect_filter(l, r);
	for (enum rgw_rewrite_op op = RGW_REWRITE_ADD; op < RGW_REWRITE_OPS; op++)
		for (size_t i = 0; i < r->rules[op].n; i++)
			if (op == RGW_REWRITE_REPLACE ? !expect_replace(l, &r->rules[op].v[i])
			                              : !expect_value(l, &r->rules[op].v[i], op))
				return false;
	return true;
}

/* ---- rules from the input ---- */

static const struct rgw_attr_ref kinds[] = {
	{ 0, 0, 0, false }, { 9, 0, 0, false }, { 4846, 0, 0, false }, { 24757, 0, 0, false },
	{ 0, 241, 1, false }, { 0, 245, 1, false },
	/* These are for REMOVE and KEEP only. */
	{ 9, 0, 0, true }, { 24757, 0, 0, true }, { 0, 26, 0, false }, { 0, 241, 0, false },
	{ 0, 245, 0, false },
};

#define N_KINDS (sizeof kinds / sizeof kinds[0])

static struct rgw_attr_ref
ref_of(uint8_t kind, uint8_t type, bool one)
{
	static const uint8_t reserved[] = { 24, 26, 33, 79, 80 };
	struct rgw_attr_ref ref = kinds[kind % (one ? 6 : N_KINDS)];

	type = type == 0 ? 1 : type;
	if (ref.vendor != 0 && !ref.any)
		ref.type = ref.vendor == 4846 && type > 200 ? (uint16_t)(type << 8 | 1) : type;
	else if (ref.vendor == 0 && ref.type == 0)
		ref.type = type > 240 || memchr(reserved, type, sizeof reserved) != NULL ? 1 : type;
	else if (ref.ext != 0)
		ref.ext = type;
	return ref;
}

/* Octets, and behind 254 a variable or, in a replacement, a part of what was matched. */
static struct rgw_rewrite_value
value_of(struct rgw_rd r, bool replacement)
{
	struct rgw_rewrite_value value = { 0 };

	while (rgw_rd_left(&r) > 0) {
		struct rgw_rewrite_piece piece = { .from = RGW_FROM_OCTETS };
		size_t n = 0;

		while (n < rgw_rd_left(&r) && n < 253 && r.p[n] != 254)
			n++;
		if (n == 0) {
			rgw_rd_u8(&r);
			piece.n = rgw_rd_u8(&r);
			piece.from = replacement && piece.n >= 128 ? RGW_FROM_MATCH : RGW_FROM_VAR;
			piece.n %= piece.from == RGW_FROM_MATCH ? RGW_PATTERN_GROUPS : RGW_VARS;
		} else {
			piece.octets = malloc(n);
			require(piece.octets != NULL);
			memcpy(piece.octets, rgw_rd_bytes(&r, n), n);
			piece.len = (uint8_t)n;
		}
		value.v = realloc(value.v, (value.n + 1) * sizeof *value.v);
		require(value.v != NULL);
		value.v[value.n++] = piece;
	}
	return value;
}

/* The expression up to the first "/"; NULL = it cannot be used. */
static struct rgw_pattern *
pattern_of(struct rgw_rd *r)
{
	char text[256] = "";
	char why[128];
	size_t n = 0;

	while (rgw_rd_left(r) > 0 && n < sizeof text - 1 && (text[n] = (char)rgw_rd_u8(r)) != '/')
		n++;
	text[n] = '\0';
	/* Those that take long are no errors, but no use here either. */
	for (size_t i = 0; i < n; i++)
		if (text[i] == '{')
			return NULL;
	return rgw_pattern_new(text, false, why, sizeof why);
}

static void
add_rule(struct rgw_rewrite *rewrite, uint8_t op, uint8_t kind, uint8_t type, struct rgw_rd value)
{
	struct rgw_rewrite_rules *rules = &rewrite->rules[op % RGW_REWRITE_OPS];
	bool one = op % RGW_REWRITE_OPS >= RGW_REWRITE_ADD;
	bool replace = op % RGW_REWRITE_OPS == RGW_REWRITE_REPLACE;
	struct rgw_rewrite_rule rule = { .attr = ref_of(kind, type, one) };

	if (replace) {
		rule.pattern = pattern_of(&value);
		if (rule.pattern == NULL)
			return;
	}
	if (one)
		rule.value = value_of(value, replace);
	rules->v = realloc(rules->v, (rules->n + 1) * sizeof *rules->v);
	require(rules->v != NULL);
	rules->v[rules->n++] = rule;
}

static void
read_rules(struct rgw_rewrite *rewrite, struct rgw_rd *r)
{
	for (unsigned i = 0; i < 32 && rgw_rd_left(r) > 0; i++) {
		uint8_t op = rgw_rd_u8(r);
		uint8_t kind = rgw_rd_u8(r);
		uint8_t type = rgw_rd_u8(r);
		uint8_t len = rgw_rd_u8(r);
		size_t left = rgw_rd_left(r);

		if (op >= 240 || r->bad) {
			/* That was one octet only. */
			r->p -= r->bad ? 0 : 3;
			return;
		}
		add_rule(rewrite, op, kind, type, rgw_rd_sub(r, len < left ? len : left));
	}
}

/* ---- holding both against each other ---- */

static void
compare(const struct list *want, const struct rgw_packet *got)
{
	static struct list l;

	list_packet(&l, got);
	require(l.n == want->n);
	for (size_t i = 0; i < l.n; i++) {
		const struct item *a = &l.v[i];
		const struct item *b = &want->v[i];

		require(a->vsa == b->vsa && a->whole == b->whole && a->more == b->more);
		require(a->vendor == b->vendor && a->type == b->type && a->ext == b->ext);
		require(a->len == b->len && (a->len == 0 || memcmp(a->value, b->value, a->len) == 0));
	}
}

/* The most octets that it can need: each sub-attribute in an attribute of its own. */
static size_t
longest(const struct list *l)
{
	size_t n = RGW_HEADER_LEN;

	for (size_t i = 0; i < l->n; i++)
		n += 2 + l->v[i].len +
		    (l->v[i].vsa && !l->v[i].whole ? 4 + sub_header(l->v[i].vendor) : 0);
	return n;
}

static void
check(const struct rgw_rewrite *rewrite, const struct rgw_packet *in, size_t cap)
{
	static struct list want;
	uint8_t *out = malloc(cap > 0 ? cap : 1);
	enum rgw_rewrite_result result;
	struct rgw_packet p;
	size_t len = 0;
	bool fits;

	require(out != NULL);
	list_packet(&want, in);
	fits = expect(&want, rewrite);
	result = rgw_rewrite_apply(rewrite, in, &vars, out, cap, &len);
	switch (result) {
	case RGW_REWRITE_UNCHANGED:
		require(fits);
		compare(&want, in);
		break;
	case RGW_REWRITE_CHANGED:
		require(fits && len <= cap);
		require(rgw_packet_parse(&p, out, len) == RGW_PACKET_OK && p.len == len);
		require(p.code == in->code && p.id == in->id);
		require(memcmp(rgw_packet_auth(&p), rgw_packet_auth(in), RGW_AUTH_LEN) == 0);
		compare(&want, &p);
		break;
	case RGW_REWRITE_VALUE_TOO_BIG:
		require(!fits);
		break;
	case RGW_REWRITE_PACKET_TOO_BIG:
		require(len > cap && (!fits || longest(&want) > cap));
		break;
	}
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rgw_rd r = rgw_rd_of(data, size);
	struct rgw_rewrite rewrite = { 0 };
	uint8_t choice = rgw_rd_u8(&r);
	struct rgw_packet in;

	if (size == 0)
		return 0;
	read_rules(&rewrite, &r);
	if (rgw_packet_parse(&in, r.p, rgw_rd_left(&r)) == RGW_PACKET_OK)
		check(&rewrite, &in, choice < 128 ? RGW_PACKET_MAX : in.len / 2u + choice);
	rgw_rewrite_fini(&rewrite);
	return 0;
}
