/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/rewrite.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/vsa.h"
#include "radsecgw/wire.h"

/*
 * A rewrite applies the rules of one [rewrite] section to a packet. The configuration owns the rules; the
 * packet is written anew, and only at the end into the caller's room.
 */

/* Room for a packet between two rules: only what comes out in the end has to be short enough. */
#define ROOM (2 * RGW_PACKET_MAX)

/* The most octets of an attribute, those of its header, and those of a header with a Vendor-Id. */
#define ATTR_MAX 255
#define VSA_HEADER 6

#define EXTENDED_FIRST 241
#define EXTENDED_LONG 245  /* this one and the next have flags */
#define EXTENDED_LAST 246
#define MORE 0x80

/* What a rule can be about: an attribute, or a sub-attribute of a vendor. */
struct unit {
	bool vsa;             /* of a vendor: an attribute as a whole, or ... */
	bool inside;          /* ... what is in it */
	uint32_t vendor;
	uint16_t type;
	uint8_t ext;
	bool more;            /* the value goes on in the next one of its kind */
	struct rgw_rd value;  /* bad if the attribute is too short to have one */
};

enum verdict {
	STAYS,
	GOES,
	CHANGES,  /* the value of the run is its new one */
	INSIDE,   /* a whole of a vendor: what is in it decides, and it goes if that cannot be told */
};

/* A packet on its way through the rules. Each pass reads it in one room and writes it in the other. */
struct run {
	const struct rgw_rewrite *rewrite;
	const struct rgw_rewrite_vars *vars;
	const struct rgw_rewrite_rule *rule;  /* of this pass */
	bool met;                             /* an attribute that the rule is about */
	bool more;                            /* the last one goes on in the next one of its kind */
	enum rgw_rewrite_result result;       /* CHANGED as long as nothing is too big */
	size_t excess;
	struct rgw_wr w;
	size_t value_len;
	uint8_t value[RGW_ATTR_VALUE_MAX];
	uint8_t room[2][ROOM];
};

typedef enum verdict judge_fn(struct run *r, const struct unit *u);

static bool
is_extended(unsigned type)
{
	return type >= EXTENDED_FIRST && type <= EXTENDED_LAST;
}

static bool
is_long(unsigned type)
{
	return type >= EXTENDED_LONG && type <= EXTENDED_LAST;
}

size_t
rgw_rewrite_value_max(const struct rgw_attr_ref *attr)
{
	if (attr->vendor != 0)
		return ATTR_MAX - VSA_HEADER - rgw_vsa_header(rgw_vendor_format_of(attr->vendor));
	if (!is_extended(attr->type))
		return RGW_ATTR_VALUE_MAX;
	return RGW_ATTR_VALUE_MAX - (is_long(attr->type) ? 2 : 1);
}

static bool
matches(const struct rgw_attr_ref *ref, const struct unit *u)
{
	if (ref->vendor != 0)
		return u->vsa && u->vendor == ref->vendor &&
		    (ref->any || (u->inside && u->type == ref->type));
	if (ref->type == RGW_VENDOR_SPECIFIC)
		return u->vsa;
	return !u->vsa && u->type == ref->type && (ref->ext == 0 || u->ext == ref->ext);
}

static bool
any_matches(const struct rgw_rewrite_rules *rules, const struct unit *u)
{
	for (size_t i = 0; i < rules->n; i++)
		if (matches(&rules->v[i].attr, u))
			return true;
	return false;
}

/* ---- values ---- */

static void
too_big(struct run *r, enum rgw_rewrite_result how, size_t excess)
{
	if (r->result != RGW_REWRITE_CHANGED)
		return;
	r->result = how;
	r->excess = excess;
}

/* A value under construction; octets that do not fit are counted all the same. */
struct draft {
	struct rgw_wr w;
	size_t len;
};

static void
put(struct draft *d, const uint8_t *octets, size_t n)
{
	rgw_wr_bytes(&d->w, octets, n);
	d->len += n;
}

/* Appends the pieces of a value; `text` is what the groups of a match are places in. */
static void
put_pieces(struct run *r, struct draft *d, struct rgw_rd text, const struct rgw_pattern_group *groups)
{
	const struct rgw_rewrite_value *value = &r->rule->value;

	for (size_t i = 0; i < value->n; i++) {
		const struct rgw_rewrite_piece *piece = &value->v[i];
		struct rgw_rd rest = text;

		switch (piece->from) {
		case RGW_FROM_OCTETS:
			put(d, piece->octets, piece->len);
			break;
		case RGW_FROM_VAR:
			put(d, r->vars->v[piece->n].p, r->vars->v[piece->n].len);
			break;
		case RGW_FROM_MATCH:
			if (groups == NULL || !groups[piece->n].set)
				break;
			rgw_rd_bytes(&rest, groups[piece->n].from);
			put(d, rest.p, (size_t)groups[piece->n].to - groups[piece->n].from);
			break;
		}
	}
}

static struct draft
draft_of(struct run *r)
{
	return (struct draft){ rgw_wr_of(r->value, sizeof r->value), 0 };
}

/* Takes what was put together as the value of the run, unless it is too long. */
static void
finish_value(struct run *r, const struct draft *d)
{
	bool fits = d->len <= rgw_rewrite_value_max(&r->rule->attr);

	if (!fits)
		too_big(r, RGW_REWRITE_VALUE_TOO_BIG, d->len);
	r->value_len = fits ? d->len : 0;
}

/* Makes the value that the rule gives. */
static void
make_value(struct run *r)
{
	struct draft d = draft_of(r);

	put_pieces(r, &d, rgw_rd_of(NULL, 0), NULL);
	finish_value(r, &d);
}

/* Makes the value anew, with the parts replaced that the pattern has matched. */
static void
replace_in(struct run *r, struct rgw_rd value, const struct rgw_pattern_group *groups)
{
	struct draft d = draft_of(r);
	struct rgw_rd rest = value;

	put(&d, value.p, groups[0].from);
	put_pieces(r, &d, value, groups);
	rgw_rd_bytes(&rest, groups[0].to);
	put(&d, rest.p, rgw_rd_left(&rest));
	finish_value(r, &d);
}

/* ---- what becomes of an attribute ---- */

/* Attributes that `keep-only` never drops, whether they are on its list or not (P-PRX-4, P-ATT-15, P-ATT-3). */
static bool
is_of_protocol(const struct unit *u)
{
	return !u->vsa && (u->type == RGW_MESSAGE_AUTHENTICATOR || u->type == RGW_PROXY_STATE ||
	                      u->type == RGW_STATE || u->type == RGW_EAP_MESSAGE);
}

static enum verdict
judge_filter(struct run *r, const struct unit *u)
{
	const struct rgw_rewrite_rules *keep = &r->rewrite->rules[RGW_REWRITE_KEEP];

	if (any_matches(&r->rewrite->rules[RGW_REWRITE_REMOVE], u))
		return GOES;
	if (keep->n == 0 || is_of_protocol(u) || any_matches(keep, u))
		return STAYS;
	return u->vsa && !u->inside ? INSIDE : GOES;
}

static enum verdict
judge_set(struct run *r, const struct unit *u)
{
	if (!matches(&r->rule->attr, u))
		return STAYS;
	if (r->met || r->value_len == 0)
		return GOES;
	r->met = true;
	return CHANGES;
}

static enum verdict
judge_default(struct run *r, const struct unit *u)
{
	r->met = r->met || matches(&r->rule->attr, u);
	return STAYS;
}

static enum verdict
judge_replace(struct run *r, const struct unit *u)
{
	struct rgw_pattern_group groups[RGW_PATTERN_GROUPS];
	bool piece = u->more || r->more;

	if (!matches(&r->rule->attr, u))
		return STAYS;
	r->more = u->more;
	if (piece || u->value.bad ||
	    !rgw_pattern_match(r->rule->pattern, u->value.p, rgw_rd_left(&u->value), groups))
		return STAYS;
	replace_in(r, u->value, groups);
	return r->value_len > 0 ? CHANGES : GOES;
}

/* ---- what is written ---- */

/* An attribute of a vendor that sub-attributes are put into. */
struct vsa_out {
	uint32_t vendor;
	size_t at;   /* where it begins */
	size_t len;  /* 0 = it does not exist yet */
};

/* Begins a further attribute of the vendor when this one is full. */
static void
put_sub(struct run *r, struct vsa_out *v, struct rgw_rd octets)
{
	size_t n = rgw_rd_left(&octets);

	if (v->len == 0 || v->len + n > ATTR_MAX) {
		v->at = r->w.len;
		v->len = VSA_HEADER;
		rgw_wr_u16(&r->w, 0);
		rgw_wr_u32(&r->w, v->vendor);
	}
	v->len += n;
	rgw_wr_bytes(&r->w, octets.p, n);
	rgw_wr_patch_u16(&r->w, v->at, (uint16_t)(RGW_VENDOR_SPECIFIC << 8 | v->len));
}

/* Appends a sub-attribute with the value of the run. */
static void
put_new_sub(struct run *r, struct vsa_out *v, uint16_t type)
{
	struct rgw_vendor_format format = rgw_vendor_format_of(v->vendor);
	uint8_t octets[ATTR_MAX];
	struct rgw_wr w = rgw_wr_of(octets, sizeof octets);

	if (format.type_octets == 2)
		rgw_wr_u16(&w, type);
	else
		rgw_wr_u8(&w, (uint8_t)type);
	rgw_wr_u8(&w, (uint8_t)(rgw_vsa_header(format) + r->value_len));
	rgw_wr_zero(&w, format.continuation ? 1 : 0);
	rgw_wr_bytes(&w, r->value, r->value_len);
	put_sub(r, v, rgw_rd_of(octets, w.len));
}

static void
put_new_plain(struct run *r, uint8_t type, uint8_t ext)
{
	size_t header = is_long(type) ? 4 : is_extended(type) ? 3 : 2;

	rgw_wr_u8(&r->w, type);
	rgw_wr_u8(&r->w, (uint8_t)(header + r->value_len));
	if (header > 2)
		rgw_wr_u8(&r->w, ext);
	if (header > 3)
		rgw_wr_u8(&r->w, 0);
	rgw_wr_bytes(&r->w, r->value, r->value_len);
}

/* Appends an attribute with the value of the run, unless that is empty. */
static void
append(struct run *r)
{
	const struct rgw_attr_ref *attr = &r->rule->attr;
	struct vsa_out v = { .vendor = attr->vendor };

	if (r->value_len == 0 || r->result != RGW_REWRITE_CHANGED)
		return;
	if (attr->vendor != 0)
		put_new_sub(r, &v, attr->type);
	else
		put_new_plain(r, (uint8_t)attr->type, attr->ext);
}

static void
copy(struct run *r, const struct rgw_attr *a)
{
	rgw_wr_u8(&r->w, a->type);
	rgw_wr_u8(&r->w, (uint8_t)(2 + a->len));
	rgw_wr_bytes(&r->w, a->value, a->len);
}

/* ---- passes ---- */

static struct unit
plain_unit(const struct rgw_attr *a)
{
	struct unit u = { .type = a->type, .value = rgw_rd_of(a->value, a->len) };

	if (is_extended(a->type))
		u.ext = rgw_rd_u8(&u.value);
	if (is_long(a->type))
		u.more = (rgw_rd_u8(&u.value) & MORE) != 0;
	return u;
}

static void
pass_plain(struct run *r, const struct rgw_attr *a, judge_fn *judge)
{
	struct unit u = plain_unit(a);

	switch (judge(r, &u)) {
	case STAYS:
		copy(r, a);
		break;
	case CHANGES:
		put_new_plain(r, a->type, u.ext);
		break;
	case GOES:
	case INSIDE:
		break;
	}
}

/* Rewrites the sub-attributes of a vendor, each for itself; those that stay are copied octet by octet. */
static void
pass_subs(struct run *r, struct unit u, judge_fn *judge)
{
	struct rgw_vendor_format format = rgw_vendor_format_of(u.vendor);
	struct rgw_rd inside = u.value;
	struct vsa_out v = { .vendor = u.vendor };
	struct rgw_sub sub;

	u.inside = true;
	while (rgw_vsa_next(&inside, format, &sub)) {
		u.type = sub.type;
		u.more = sub.more;
		u.value = sub.value;
		switch (judge(r, &u)) {
		case STAYS:
			put_sub(r, &v, sub.octets);
			break;
		case CHANGES:
			put_new_sub(r, &v, sub.type);
			break;
		case GOES:
		case INSIDE:
			break;
		}
	}
}

static void
pass_vendor(struct run *r, const struct rgw_attr *a, judge_fn *judge)
{
	struct unit u = { .vsa = true, .value = rgw_rd_of(a->value, a->len) };
	enum verdict verdict;

	u.vendor = rgw_rd_u32(&u.value);
	verdict = judge(r, &u);
	if (verdict == GOES)
		return;
	if (!u.value.bad && rgw_vsa_parses(u.value, rgw_vendor_format_of(u.vendor)))
		pass_subs(r, u, judge);
	else if (verdict != INSIDE)
		copy(r, a);
}

/* Writes the packet anew, each attribute as it is judged. */
static void
pass(struct run *r, judge_fn *judge)
{
	const struct rgw_packet in = { .data = r->w.base, .len = (uint16_t)r->w.len };
	struct rgw_attr a = { 0 };

	r->met = r->more = false;
	r->w = rgw_wr_of(r->w.base == r->room[0] ? r->room[1] : r->room[0], ROOM);
	rgw_wr_bytes(&r->w, in.data, RGW_HEADER_LEN);
	while (rgw_packet_next(&in, &a)) {
		if (a.type == RGW_VENDOR_SPECIFIC)
			pass_vendor(r, &a, judge);
		else
			pass_plain(r, &a, judge);
	}
}

/* ---- rules ---- */

static void
apply_rule(struct run *r, enum rgw_rewrite_op op)
{
	switch (op) {
	case RGW_REWRITE_ADD:
		make_value(r);
		append(r);
		break;
	case RGW_REWRITE_SET:
		make_value(r);
		pass(r, judge_set);
		if (!r->met)
			append(r);
		break;
	case RGW_REWRITE_DEFAULT:
		pass(r, judge_default);
		if (r->met)
			break;
		make_value(r);
		append(r);
		break;
	case RGW_REWRITE_REPLACE:
		pass(r, judge_replace);
		break;
	case RGW_REWRITE_REMOVE:
	case RGW_REWRITE_KEEP:
	case RGW_REWRITE_OPS:
		break;
	}
	if (r->w.bad)
		too_big(r, RGW_REWRITE_PACKET_TOO_BIG, ROOM);
}

static void
apply_rules(struct run *r)
{
	const struct rgw_rewrite_rules *rules = r->rewrite->rules;

	if (rules[RGW_REWRITE_REMOVE].n + rules[RGW_REWRITE_KEEP].n > 0)
		pass(r, judge_filter);
	for (enum rgw_rewrite_op op = RGW_REWRITE_ADD; op < RGW_REWRITE_OPS; op++)
		for (size_t i = 0; i < rules[op].n && r->result == RGW_REWRITE_CHANGED; i++) {
			r->rule = &rules[op].v[i];
			apply_rule(r, op);
		}
}

enum rgw_rewrite_result
rgw_rewrite_apply(const struct rgw_rewrite *rewrite, const struct rgw_packet *in,
    const struct rgw_rewrite_vars *vars, uint8_t *out, size_t cap, size_t *len)
{
	struct run r;

	r.rewrite = rewrite;
	r.vars = vars;
	r.result = RGW_REWRITE_CHANGED;
	r.w = rgw_wr_of(r.room[0], ROOM);
	rgw_wr_bytes(&r.w, in->data, in->len);
	apply_rules(&r);
	rgw_wr_patch_u16(&r.w, 2, (uint16_t)r.w.len);
	if (r.result == RGW_REWRITE_CHANGED && r.w.len == in->len &&
	    memcmp(r.w.base, in->data, in->len) == 0)
		return RGW_REWRITE_UNCHANGED;
	if (r.w.len > cap || r.w.len > RGW_PACKET_MAX)
		too_big(&r, RGW_REWRITE_PACKET_TOO_BIG, r.w.len);
	*len = r.result == RGW_REWRITE_CHANGED ? r.w.len : r.excess;
	if (r.result == RGW_REWRITE_CHANGED)
		memcpy(out, r.w.base, r.w.len);
	return r.result;
}

void
rgw_rewrite_rule_fini(struct rgw_rewrite_rule *rule)
{
	for (size_t i = 0; i < rule->value.n; i++)
		free(rule->value.v[i].octets);
	free(rule->value.v);
	rgw_pattern_free(rule->pattern);
	*rule = (struct rgw_rewrite_rule){ 0 };
}

void
rgw_rewrite_fini(struct rgw_rewrite *rewrite)
{
	for (enum rgw_rewrite_op op = 0; op < RGW_REWRITE_OPS; op++) {
		struct rgw_rewrite_rules *rules = &rewrite->rules[op];

		for (size_t i = 0; i < rules->n; i++)
			rgw_rewrite_rule_fini(&rules->v[i]);
		free(rules->v);
		*rules = (struct rgw_rewrite_rules){ 0 };
	}
}
