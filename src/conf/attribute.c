/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/radius.h"

/* The types of options whose values are RADIUS attributes, by name or by number: 31, 9:1, 9:*, 241.5. */

/* Reads a number from 1 to max, digits alone, and moves *p behind it. */
static bool
read_number(const char **p, uint32_t max, uint32_t *out)
{
	uint64_t n = 0;
	const char *start = *p;

	for (; **p >= '0' && **p <= '9' && n <= max; ++*p)
		n = n * 10 + (uint64_t)(**p - '0');
	*out = (uint32_t)n;
	return *p > start && n >= 1 && n <= max;
}

/* Reads the part of the text behind the number of a vendor and its ":". */
static bool
read_in_vendor(struct rgw_setting *s, const char *p, struct rgw_attr_ref *out)
{
	uint32_t max = rgw_vendor_format_of(out->vendor).type_octets == 2 ? UINT16_MAX : UINT8_MAX;
	uint32_t n;

	out->any = strcmp(p, "*") == 0;
	if (out->any)
		return true;
	if (!read_number(&p, max, &n) || *p != '\0')
		return rgw_setting_refuse(s,
		    "has something else than a number from 1 to %u or a * behind its vendor", max);
	out->type = (uint16_t)n;
	return true;
}

static bool
refuse_name(struct rgw_setting *s, const char *text)
{
	const struct rgw_attr_name *name;
	struct rgw_nearest near;

	rgw_nearest_init(&near, text);
	for (size_t i = 0; (name = rgw_attr_name_at(i)) != NULL; i++)
		rgw_nearest_try(&near, name->name);
	if (near.best[0] != '\0')
		return rgw_setting_refuse(s, "names no attribute that is known here; did you mean %s?", near.best);
	return rgw_setting_refuse(s,
	    "names no attribute that is known here; others are written as numbers: 31, 9:1 and 9:* of the "
	    "vendor 9, 241.5");
}

bool
rgw_attr_parse(struct rgw_setting *s, const char *text, struct rgw_attr_ref *out)
{
	const struct rgw_attr_name *name = rgw_attr_name_find(text);
	const char *p = text;
	uint32_t n = 0;

	*out = (struct rgw_attr_ref){ 0 };
	if (name != NULL) {
		*out = name->ref;
		return true;
	}
	if (text[strspn(text, "0123456789:.*")] != '\0')
		return refuse_name(s, text);
	if (strchr(text, ':') != NULL) {
		if (!read_number(&p, UINT32_MAX, &out->vendor) || *p != ':')
			return rgw_setting_refuse(s, "does not begin with the number of a vendor");
		return read_in_vendor(s, p + 1, out);
	}
	if (!read_number(&p, UINT8_MAX, &n))
		return rgw_setting_refuse(s, "is not the number of an attribute, which is from 1 to 255");
	out->type = (uint16_t)n;
	if (*p == '\0')
		return true;
	p++;
	if (p[-1] != '.' || !rgw_attr_is_extended(out->type) || !read_number(&p, UINT8_MAX, &n) ||
	    *p != '\0')
		return rgw_setting_refuse(s,
		    "is no attribute; an extended one is written 241.1 to 246.255");
	out->ext = (uint8_t)n;
	return true;
}

static bool
set_attribute(struct rgw_setting *s)
{
	struct rgw_rewrite_rule *rule = s->field;
	struct rgw_attr_ref ref;

	if (!rgw_attr_parse(s, s->text, &ref))
		return false;
	for (size_t i = 0; i < s->before; i++)
		if (rgw_attr_ref_equal(&(rule - 1 - i)->attr, &ref))
			return rgw_setting_refuse(s, "is given twice");
	rule->attr = ref;
	return true;
}

static void
show_attribute(struct rgw_strbuf *out, const struct rgw_value *v)
{
	char text[RGW_REF_TEXT];

	rgw_strbuf_put(out, rgw_attr_format(&((const struct rgw_rewrite_rule *)v->p)->attr, text));
}

const struct rgw_opt_type rgw_type_attributes = {
	"list of attributes", RGW_ARRAY, sizeof(struct rgw_rewrite_rule), set_attribute, .text = show_attribute,
};

/* ---- the attribute by which a pool chooses ---- */

/* These attributes say whose request it is, so that requests which belong together can be told. */
static const uint8_t telling[] = { 31, 30, 1, 32, 4, 95, 87 };

/* Is this an attribute that tells nothing about whose request it is? Some differ from packet to packet or from
 * hop to hop: User-Password, CHAP-Password, State, Proxy-State, CHAP-Challenge, EAP-Message,
 * Message-Authenticator. Others stand for many: Vendor-Specific and the extended types. */
static bool
says_nothing(unsigned type)
{
	static const uint8_t list[] = { 2, 3, 24, 26, 33, 60, 79, 80 };

	return memchr(list, (int)type, sizeof list) != NULL || rgw_attr_is_extended(type);
}

/* Writes the values that hash-key is likely to have. */
static void
range_hash_key(struct rgw_strbuf *out, const struct rgw_opt *opt)
{
	char text[RGW_REF_TEXT];

	(void)opt;
	for (size_t i = 0; i < sizeof telling; i++)
		rgw_strbuf_join(out, ", ", rgw_attr_format(&(struct rgw_attr_ref){ .type = telling[i] }, text));
	rgw_strbuf_join(out, ", ", "1 to 255");
}

static bool
refuse_hash_key(struct rgw_setting *s)
{
	char text[RGW_REF_TEXT];
	struct rgw_nearest near;
	struct rgw_strbuf all = { 0 };

	rgw_nearest_init(&near, s->text);
	for (size_t i = 0; i < sizeof telling; i++)
		rgw_nearest_try(&near,
		    rgw_attr_format(&(struct rgw_attr_ref){ .type = telling[i] }, text));
	if (near.best[0] != '\0')
		return rgw_setting_refuse(s, "is not known here; did you mean %s?", near.best);
	range_hash_key(&all, s->opt);
	rgw_setting_refuse(s, "is not known here; allowed is %s", all.v);
	rgw_strbuf_fini(&all);
	return false;
}

static bool
set_hash_key(struct rgw_setting *s)
{
	const struct rgw_attr_name *name = rgw_attr_name_find(s->text);
	uint64_t n;

	if (name != NULL && name->ref.vendor == 0)
		n = name->ref.type;
	else if (rgw_unit_parse(s->text, rgw_unit_none, &n) != NULL)
		return refuse_hash_key(s);
	if (n < 1 || n > 255)
		return rgw_setting_refuse(s, "is not the number of an attribute, which is from 1 to 255");
	if (says_nothing((unsigned)n))
		return rgw_setting_refuse(s,
		    "does not say whose request it is; 2, 3, 24, 26, 33, 60, 79, 80 and 241 to 246 "
		    "cannot be used");
	*(uint8_t *)s->field = (uint8_t)n;
	return true;
}

static void
show_hash_key(struct rgw_strbuf *out, const struct rgw_value *v)
{
	const struct rgw_attr_ref ref = { .type = *(const uint8_t *)v->p };
	char text[RGW_REF_TEXT];

	rgw_strbuf_put(out, rgw_attr_format(&ref, text));
}

const struct rgw_opt_type rgw_type_attribute = {
	"attribute", 0, sizeof(uint8_t), set_hash_key, show_hash_key, .range = range_hash_key,
};
