/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "certtext.h"
#include "der.h"
#include "radsecgw/x509.h"

/* OBJECT IDENTIFIERs as text and as octets of DER. */

/* Reads one number of an OBJECT IDENTIFIER; false at its end, and (with `bad`) above 64 bits. */
static bool
next_arc(struct rgw_rd *r, uint64_t *arc)
{
	uint8_t octet;

	*arc = 0;
	if (!rgw_der_has_more(r))
		return false;
	do {
		octet = rgw_rd_u8(r);
		rgw_der_require(r, *arc >> 57 == 0);
		*arc = *arc << 7 | (octet & 0x7f);
	} while (!r->bad && (octet & 0x80) != 0);
	return !r->bad;
}

/* Writes an OBJECT IDENTIFIER dotted, or as "#" and its octets if it is malformed or has a number above 64
 * bits. */
void
rgw_oid_put(struct rgw_wr *w, struct rgw_span oid)
{
	struct rgw_rd r = rgw_der_open(oid);
	char digits[48];
	uint64_t arc, root;

	while (next_arc(&r, &arc))
		;
	if (!rgw_der_used_up(&r) || !rgw_der_is_oid(oid)) {
		rgw_text_hex_all(w, oid);
		return;
	}
	r = rgw_der_open(oid);
	next_arc(&r, &arc);
	root = arc < 80 ? arc / 40 : 2;  /* X.690 8.19.4: the first two numbers share one */
	snprintf(digits, sizeof digits, "%" PRIu64 ".%" PRIu64, root, arc - 40 * root);
	rgw_text_put(w, digits);
	while (next_arc(&r, &arc)) {
		snprintf(digits, sizeof digits, ".%" PRIu64, arc);
		rgw_text_put(w, digits);
	}
}

const char *
rgw_oid_format(struct rgw_span oid, char *buf, size_t size)
{
	struct rgw_wr w = rgw_text_of(buf, size);

	rgw_oid_put(&w, oid);
	return rgw_text_end(&w, buf, size);
}

/* Reads a decimal number without leading zeros and moves *text behind it. */
static bool
parse_arc(const char **text, uint64_t *arc)
{
	const char *p = *text;
	uint64_t n = 0;

	if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (n > (UINT64_MAX - digit) / 10)
			return false;
		n = 10 * n + digit;
	}
	*text = p;
	*arc = n;
	return true;
}

static void
put_arc(struct rgw_wr *w, uint64_t arc)
{
	unsigned shift = 63;

	while (shift > 0 && arc >> shift == 0)
		shift -= 7;
	for (; shift > 0; shift -= 7)
		rgw_wr_u8(w, (uint8_t)(0x80 | (arc >> shift & 0x7f)));
	rgw_wr_u8(w, (uint8_t)(arc & 0x7f));
}

size_t
rgw_oid_parse(const char *text, uint8_t *out, size_t size)
{
	struct rgw_wr w = rgw_wr_of(out, size);
	uint64_t root, arc;

	if (!parse_arc(&text, &root) || root > 2 || *text++ != '.' || !parse_arc(&text, &arc))
		return 0;
	if ((root < 2 && arc > 39) || arc > UINT64_MAX - 80)
		return 0;
	put_arc(&w, 40 * root + arc);
	while (*text == '.') {
		text++;
		if (!parse_arc(&text, &arc))
			return 0;
		put_arc(&w, arc);
	}
	return *text == '\0' && !w.bad ? w.len : 0;
}
