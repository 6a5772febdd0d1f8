/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_CORE_CERTTEXT_H
#define RADSECGW_CORE_CERTTEXT_H

#include <string.h>

#include "radsecgw/wire.h"
#include "radsecgw/x509.h"

/*
 * Text of a certificate for people, written with the write cursor into a caller's buffer: text that does not fit ends
 * with "...". Certificates come from strangers, so everything that was in one goes through rgw_text_escape.
 */
static inline struct rgw_wr
rgw_text_of(char *buf, size_t size)
{
	return rgw_wr_of((uint8_t *)buf, size > 0 ? size - 1 : 0);
}

/* Writes our own words, as much of them as fits. */
static inline void
rgw_text_put(struct rgw_wr *w, const char *s)
{
	for (; *s != '\0'; s++)
		rgw_wr_u8(w, (uint8_t)*s);
}

/* Writes one octet as two hexadecimal digits, after an optional backslash, as a whole or not at all. */
static inline void
rgw_text_hex(struct rgw_wr *w, bool backslash, uint8_t octet)
{
	static const char digits[] = "0123456789ABCDEF";
	const char s[3] = { '\\', digits[octet >> 4], digits[octet & 15] };

	rgw_wr_bytes(w, backslash ? s : s + 1, backslash ? 3 : 2);
}

/* Writes octets that have no better text, as RFC 4514 section 2.4 does. */
static inline void
rgw_text_hex_all(struct rgw_wr *w, struct rgw_span s)
{
	rgw_text_put(w, "#");
	for (size_t i = 0; i < s.len; i++)
		rgw_text_hex(w, false, s.data[i]);
}

/* Writes octets as printable ASCII in the manner of RFC 4514 section 2.4: an octet that is not printable
 * becomes \XX, and one that could be taken for the text around it gets a backslash. Different octets give
 * different texts. */
static inline void
rgw_text_escape(struct rgw_wr *w, struct rgw_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		const char pair[2] = { '\\', (char)s.data[i] };
		uint8_t c = s.data[i];
		bool edge = i == 0 || i == s.len - 1;

		if (c < 0x20 || c > 0x7e)
			rgw_text_hex(w, true, c);
		else if (strchr(",+\"\\;<>", c) != NULL || (c == ' ' && edge) || (c == '#' && i == 0))
			rgw_wr_bytes(w, pair, 2);
		else
			rgw_wr_u8(w, c);
	}
}

/* Ends the text; `size` is that of rgw_text_of. */
static inline const char *
rgw_text_end(struct rgw_wr *w, char *buf, size_t size)
{
	if (size == 0)
		return buf;
	if (w->bad && w->cap >= 3) {
		w->bad = false;
		w->len = w->len < w->cap - 3 ? w->len : w->cap - 3;
		rgw_text_put(w, "...");
	}
	buf[w->len] = '\0';
	return buf;
}

/* Writes the contents of an OBJECT IDENTIFIER, dotted, or as rgw_text_hex_all if they are malformed or too
 * large. */
void rgw_oid_put(struct rgw_wr *w, struct rgw_span oid);

#endif
