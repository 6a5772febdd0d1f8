/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "certtext.h"
#include "der.h"

/*
 * The Name of an X.509 certificate (RFC 5280 4.1.2.4), checked when the certificate is read and written for people
 * in the manner of RFC 4514.
 */

/* A real name has about eight parts; the bound lets them be written last to first without allocation. */
#define MAX_RDNS 32

/* One AttributeTypeAndValue of a Name. */
struct attribute {
	struct rgw_span type;   /* OBJECT IDENTIFIER contents */
	struct rgw_span whole;  /* the value as an element */
	struct rgw_span value;  /* its contents */
	uint8_t tag;            /* its kind */
};

static bool
next_attribute(struct rgw_rd *set, struct attribute *out)
{
	struct rgw_rd seq, value;

	if (!rgw_der_has_more(set))
		return false;
	seq = rgw_der_take(set, RGW_DER_SEQUENCE);
	out->type = rgw_der_take_oid(&seq);
	out->whole = rgw_der_rest(&seq);
	value = rgw_der_take_any(&seq, &out->tag);
	out->value = rgw_der_rest(&value);
	rgw_der_require(set, rgw_der_used_up(&seq));
	return !set->bad;
}

struct rdns {
	struct rgw_rd v[MAX_RDNS];
	size_t n;
};

static bool
split_name(struct rgw_span name, struct rdns *out)
{
	struct rgw_rd r = rgw_der_open(name);
	struct rgw_rd seq = rgw_der_take(&r, RGW_DER_SEQUENCE);

	out->n = 0;
	while (rgw_der_has_more(&seq)) {
		struct rgw_rd set = rgw_der_take(&seq, RGW_DER_SET);

		if (out->n == MAX_RDNS)
			return false;
		out->v[out->n++] = set;
	}
	return rgw_der_used_up(&r) && rgw_der_used_up(&seq);
}

/* Is this a kind of string whose octets mean what they mean in ASCII? In a BMPString the octets of "ab" are one
 * Chinese character: taken for text, it would pass as another name. */
static bool
is_text(uint8_t tag)
{
	static const uint8_t tags[] = { RGW_DER_UTF8, RGW_DER_PRINTABLE, RGW_DER_IA5,
		RGW_DER_TELETEX, RGW_DER_NUMERIC, RGW_DER_VISIBLE };

	return memchr(tags, tag, sizeof tags) != NULL;
}

bool
rgw_x509_check_name(struct rgw_span name, struct rgw_span *common_name)
{
	struct rdns rdns;
	struct attribute a;

	if (!split_name(name, &rdns))
		return false;
	for (size_t i = 0; i < rdns.n; i++) {
		if (!rgw_der_has_more(&rdns.v[i]))
			return false;
		while (next_attribute(&rdns.v[i], &a)) {
			if (!rgw_span_is(a.type, "\x55\x04\x03", 3))
				continue;
			*common_name = is_text(a.tag) ? a.value : (struct rgw_span){ NULL, 0 };
		}
		if (!rgw_der_used_up(&rdns.v[i]))
			return false;
	}
	return true;
}

/* Attribute types that have a short name (RFC 4519, RFC 4524, PKCS #9). */
static const struct {
	const char *oid;
	const char *name;
} attribute_names[] = {
	{ "\x55\x04\x03", "CN" },
	{ "\x55\x04\x04", "SN" },
	{ "\x55\x04\x05", "serialNumber" },
	{ "\x55\x04\x06", "C" },
	{ "\x55\x04\x07", "L" },
	{ "\x55\x04\x08", "ST" },
	{ "\x55\x04\x09", "street" },
	{ "\x55\x04\x0a", "O" },
	{ "\x55\x04\x0b", "OU" },
	{ "\x55\x04\x0c", "title" },
	{ "\x55\x04\x2a", "GN" },
	{ "\x55\x04\x61", "organizationIdentifier" },
	{ "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "UID" },
	{ "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "DC" },
	{ "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "emailAddress" },
};

static void
put_attribute(struct rgw_wr *w, const struct attribute *a)
{
	size_t i = 0;

	while (i < sizeof attribute_names / sizeof attribute_names[0] &&
	    !rgw_span_is(a->type, attribute_names[i].oid, strlen(attribute_names[i].oid)))
		i++;
	if (i < sizeof attribute_names / sizeof attribute_names[0])
		rgw_text_put(w, attribute_names[i].name);
	else
		rgw_oid_put(w, a->type);
	rgw_text_put(w, "=");
	if (is_text(a->tag))
		rgw_text_escape(w, a->value);
	else
		rgw_text_hex_all(w, a->whole);  /* RFC 4514 2.4 */
}

const char *
rgw_name_format(struct rgw_span name, char *buf, size_t size)
{
	struct rgw_wr w = rgw_text_of(buf, size);
	struct rdns rdns;
	struct attribute a;

	if (!split_name(name, &rdns)) {
		rgw_text_put(&w, "(malformed)");
		return rgw_text_end(&w, buf, size);
	}
	/* The parts are written last to first as in RFC 4514 2.1, so that a cut loses the country and not the
	 * name. */
	for (size_t i = rdns.n; i-- > 0;) {
		const char *between = i + 1 < rdns.n ? ", " : "";

		for (; next_attribute(&rdns.v[i], &a); between = "+") {
			rgw_text_put(&w, between);
			put_attribute(&w, &a);
		}
	}
	return rgw_text_end(&w, buf, size);
}
