/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_CORE_DER_H
#define RADSECGW_CORE_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "radsecgw/wire.h"
#include "radsecgw/x509.h"

/*
 * DER (X.690) over the read cursor: the elements of a certificate one after another. An element
 * that is not what the caller asked for sets `bad`, and so does what DER forbids: indefinite
 * lengths and lengths longer than they need be. Tags of more than one octet do not occur in X.509
 * and are refused too.
 */
enum {
	RGW_DER_BOOLEAN = 0x01,
	RGW_DER_INTEGER = 0x02,
	RGW_DER_BIT_STRING = 0x03,
	RGW_DER_OCTET_STRING = 0x04,
	RGW_DER_OID = 0x06,
	RGW_DER_ENUMERATED = 0x0a,
	RGW_DER_UTF8 = 0x0c,
	RGW_DER_NUMERIC = 0x12,
	RGW_DER_PRINTABLE = 0x13,
	RGW_DER_TELETEX = 0x14,
	RGW_DER_IA5 = 0x16,
	RGW_DER_UTC_TIME = 0x17,
	RGW_DER_GENERALIZED_TIME = 0x18,
	RGW_DER_VISIBLE = 0x1a,
	RGW_DER_SEQUENCE = 0x30,
	RGW_DER_SET = 0x31,
};

/* Context-specific tags, of a plain value and of one that holds others. */
#define RGW_DER_PLAIN(n) (0x80 | (n))
#define RGW_DER_HOLDER(n) (0xa0 | (n))

static inline void
rgw_der_require(struct rgw_rd *r, bool holds)
{
	if (!holds)
		r->bad = true;
}

static inline bool
rgw_der_used_up(const struct rgw_rd *r)
{
	return !r->bad && rgw_rd_left(r) == 0;
}

static inline bool
rgw_der_has_more(const struct rgw_rd *r)
{
	return !r->bad && rgw_rd_left(r) > 0;
}

/* The octets that the cursor has not read yet. */
static inline struct rgw_span
rgw_der_rest(const struct rgw_rd *r)
{
	return (struct rgw_span){ r->p, rgw_rd_left(r) };
}

/* Makes a cursor over octets that were kept before; a bad cursor if there are none. */
static inline struct rgw_rd
rgw_der_open(struct rgw_span s)
{
	if (s.data == NULL)
		return (struct rgw_rd){ NULL, NULL, true };
	return rgw_rd_of(s.data, s.len);
}

static inline bool
rgw_span_is(struct rgw_span s, const void *octets, size_t n)
{
	return s.len == n && n > 0 && memcmp(s.data, octets, n) == 0;
}

/* Takes the next element, of any or of the given tag, and returns a cursor over its contents, which is bad on
 * error. */
struct rgw_rd rgw_der_take_any(struct rgw_rd *r, uint8_t *tag);
struct rgw_rd rgw_der_take(struct rgw_rd *r, uint8_t tag);
/* Does an element of this tag come next? Never sets `bad`. */
bool rgw_der_next_is(const struct rgw_rd *r, uint8_t tag);

/* Takes an INTEGER or OBJECT IDENTIFIER and returns its contents, checked. */
struct rgw_span rgw_der_take_integer(struct rgw_rd *r);
struct rgw_span rgw_der_take_oid(struct rgw_rd *r);
bool rgw_der_take_boolean(struct rgw_rd *r);
/* Takes a UTCTime or GeneralizedTime as RFC 5280 has them; in seconds since 1970. */
int64_t rgw_der_take_time(struct rgw_rd *r);

/* Are these well-formed contents of an OBJECT IDENTIFIER? */
bool rgw_der_is_oid(struct rgw_span s);

/* Checks a Name throughout (x509name.c); *common_name becomes the last common name, empty if that is not plain
 * text. */
bool rgw_x509_check_name(struct rgw_span name, struct rgw_span *common_name);

/* What certificates and CRLs have in common (x509.c). */

/* Takes a Name, checked as above; *name becomes the whole DER. */
void rgw_x509_take_name(struct rgw_rd *r, struct rgw_span *name, struct rgw_span *common_name);
/* Reads the contents of the AlgorithmIdentifier of a signature: is it one that is good enough for today, by its hash
 * function? */
bool rgw_x509_reads_as_sha2(struct rgw_rd algorithm);
/* Reads an authorityKeyIdentifier (RFC 5280 4.2.1.1); *key_id becomes its keyIdentifier, empty if it has none.
 * false = malformed. */
bool rgw_x509_read_authority_key(struct rgw_rd value, struct rgw_span *key_id);

#endif
