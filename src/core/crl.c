/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/crl.h"

#include <stdio.h>

#include "certtext.h"
#include "crlpoint.h"
#include "der.h"

/*
 * A CRL is read once, completely, into spans of octets that the caller keeps (RFC 5280 5). It may come from a stranger
 * until its signature has been verified, so whatever is malformed or not understood is refused, with the reason.
 */

/* Version 2 as encoded; version 1 is not said (RFC 5280 5.1.2.1). */
#define V2 1

static struct rgw_span
take_whole(struct rgw_rd *r, uint8_t tag)
{
	struct rgw_span from = rgw_der_rest(r);

	rgw_der_take(r, tag);
	return (struct rgw_span){ from.data, from.len - rgw_rd_left(r) };
}

/* Is this INTEGER longer than a serial number may be? */
static bool
is_too_long(struct rgw_span number)
{
	return number.len > RGW_CRL_MAX_SERIAL || (number.len == RGW_CRL_MAX_SERIAL && number.data[0] != 0);
}

/* ---- extensions, of the CRL and of its entries ---- */

/* What extensions are read into; the ones of an entry have no CRL. */
struct target {
	struct rgw_crl *crl;
	struct rgw_crl_entry *entry;
};

/* An extension that is understood: 2.5.29.<last>. */
struct known {
	uint8_t last;
	enum rgw_crl_fault (*read)(const struct target *to, struct rgw_rd value);
};

static enum rgw_crl_fault
good_if(bool holds)
{
	return holds ? RGW_CRL_NO_FAULT : RGW_CRL_BAD_EXTENSION;
}

/* Reads an ENUMERATED of one octet (RFC 5280 5.3.1). A reason that is not known revokes like the others. */
static enum rgw_crl_fault
read_reason(const struct target *to, struct rgw_rd value)
{
	struct rgw_rd body = rgw_der_take(&value, RGW_DER_ENUMERATED);

	to->entry->reason = rgw_rd_u8(&body);
	if (!rgw_der_used_up(&body) || !rgw_der_used_up(&value))
		return RGW_CRL_BAD_EXTENSION;
	return to->entry->reason == RGW_CRL_REMOVE_FROM_CRL ? RGW_CRL_REMOVES : RGW_CRL_NO_FAULT;
}

/* The certificate of such an entry has another issuer than the CRL. */
static enum rgw_crl_fault
refuse_indirect(const struct target *to, struct rgw_rd value)
{
	(void)to;
	(void)value;
	return RGW_CRL_INDIRECT;
}

static enum rgw_crl_fault
refuse_delta(const struct target *to, struct rgw_rd value)
{
	(void)to;
	(void)value;
	return RGW_CRL_DELTA;
}

static enum rgw_crl_fault
read_key_id(const struct target *to, struct rgw_rd value)
{
	return good_if(rgw_x509_read_authority_key(value, &to->crl->facts.key_id));
}

static enum rgw_crl_fault
read_number(const struct target *to, struct rgw_rd value)
{
	struct rgw_span number = rgw_der_take_integer(&value);

	if (!rgw_der_used_up(&value) || is_too_long(number) || (number.data[0] & 0x80) != 0)
		return RGW_CRL_BAD_EXTENSION;
	to->crl->facts.number = number;
	return RGW_CRL_NO_FAULT;
}

/* Takes a BOOLEAN DEFAULT FALSE with a tag of its own. */
static bool
take_flag(struct rgw_rd *r, uint8_t tag)
{
	struct rgw_rd body;
	uint8_t value;

	if (!rgw_der_next_is(r, tag))
		return false;
	body = rgw_der_take(r, tag);
	value = rgw_rd_u8(&body);
	rgw_der_require(r, rgw_der_used_up(&body) && (value == 0x00 || value == 0xff));
	return value == 0xff;
}

/* Takes a part that is looked at no further. true = it is there. */
static bool
skip(struct rgw_rd *r, uint8_t tag)
{
	if (!rgw_der_next_is(r, tag))
		return false;
	rgw_der_take(r, tag);
	return true;
}

/* Reads issuingDistributionPoint (RFC 5280 5.2.5): which certificates the CRL speaks of. */
static enum rgw_crl_fault
read_scope(const struct target *to, struct rgw_rd value)
{
	struct rgw_rd seq = rgw_der_take(&value, RGW_DER_SEQUENCE);
	bool has_point = rgw_der_next_is(&seq, RGW_DER_HOLDER(0));
	bool users_only, cas_only, some_reasons, indirect, attributes;

	if (has_point)
		rgw_crl_take_point(&seq, &to->crl->facts.point);
	users_only = take_flag(&seq, RGW_DER_PLAIN(1));
	cas_only = take_flag(&seq, RGW_DER_PLAIN(2));
	some_reasons = skip(&seq, RGW_DER_PLAIN(3));
	indirect = take_flag(&seq, RGW_DER_PLAIN(4));
	attributes = take_flag(&seq, RGW_DER_PLAIN(5));
	if (!rgw_der_used_up(&seq) || !rgw_der_used_up(&value))
		return RGW_CRL_BAD_EXTENSION;
	if (indirect)
		return RGW_CRL_INDIRECT;
	if (attributes)
		return RGW_CRL_ATTRIBUTES;
	if (some_reasons)
		return RGW_CRL_SOME_REASONS;
	if (users_only && cas_only)
		return RGW_CRL_FOR_NOBODY;
	if (has_point && to->crl->facts.point.len == 0)
		return RGW_CRL_RELATIVE_POINT;
	to->crl->facts.users = !cas_only;
	to->crl->facts.cas = !users_only;
	return RGW_CRL_NO_FAULT;
}

static const struct known of_crl[] = {
	{ 20, read_number },
	{ 27, refuse_delta },
	{ 28, read_scope },
	{ 35, read_key_id },
	{ 0, NULL },
};

static const struct known of_entry[] = {
	{ 21, read_reason },
	{ 29, refuse_indirect },
	{ 0, NULL },
};

/* Reads one extension. What is not known must not be critical (RFC 5280 5.2, 5.3). */
static enum rgw_crl_fault
read_extension(struct rgw_rd *list, const struct known *known, const struct target *to, unsigned *seen,
    struct rgw_span *id)
{
	struct rgw_rd ext = rgw_der_take(list, RGW_DER_SEQUENCE);
	struct rgw_rd value;
	bool critical = false;
	unsigned bit = 1;

	*id = rgw_der_take_oid(&ext);
	if (rgw_der_next_is(&ext, RGW_DER_BOOLEAN))
		critical = rgw_der_take_boolean(&ext);
	value = rgw_der_take(&ext, RGW_DER_OCTET_STRING);
	if (list->bad || !rgw_der_used_up(&ext))
		return RGW_CRL_BAD_EXTENSION;
	for (; known->read != NULL; known++, bit <<= 1) {
		const uint8_t want[] = { 0x55, 0x1d, known->last };

		if (!rgw_span_is(*id, want, sizeof want))
			continue;
		if ((*seen & bit) != 0)
			return RGW_CRL_EXTENSION_TWICE;
		*seen |= bit;
		return known->read(to, value);
	}
	return critical ? RGW_CRL_UNKNOWN_CRITICAL : RGW_CRL_NO_FAULT;
}

/* Reads the rest of the SEQUENCE as Extensions. On a fault, *id becomes which one has it. */
static enum rgw_crl_fault
read_extensions(struct rgw_rd *r, const struct known *known, const struct target *to, struct rgw_span *id)
{
	struct rgw_rd list = rgw_der_take(r, RGW_DER_SEQUENCE);
	enum rgw_crl_fault fault = good_if(rgw_der_has_more(&list) && rgw_der_used_up(r));
	unsigned seen = 0;

	while (fault == RGW_CRL_NO_FAULT && rgw_der_has_more(&list))
		fault = read_extension(&list, known, to, &seen, id);
	if (fault == RGW_CRL_NO_FAULT)
		*id = (struct rgw_span){ NULL, 0 };
	return fault;
}

/* ---- entries ---- */

/* Takes an entry of revokedCertificates (RFC 5280 5.1.2.6). */
static enum rgw_crl_fault
take_entry(struct rgw_rd *list, bool is_v1, struct rgw_crl_entry *out, struct rgw_span *extension)
{
	struct rgw_rd seq = rgw_der_take(list, RGW_DER_SEQUENCE);
	const struct target to = { .entry = out };

	*out = (struct rgw_crl_entry){ .serial = rgw_der_take_integer(&seq), .reason = RGW_CRL_UNSPECIFIED };
	if (!seq.bad && is_too_long(out->serial))
		return RGW_CRL_LONG_SERIAL;
	out->date = rgw_der_take_time(&seq);
	if (seq.bad)
		return RGW_CRL_BAD_ENTRY;
	if (!rgw_der_has_more(&seq))
		return RGW_CRL_NO_FAULT;
	if (is_v1)
		return RGW_CRL_V1_EXTENSIONS;
	return read_extensions(&seq, of_entry, &to, extension);
}

bool
rgw_crl_next_entry(struct rgw_span *rest, struct rgw_crl_entry *out)
{
	struct rgw_rd r = rgw_der_open(*rest);
	struct rgw_span unused;
	bool good = rgw_der_has_more(&r) && take_entry(&r, false, out, &unused) == RGW_CRL_NO_FAULT;

	*rest = good ? rgw_der_rest(&r) : (struct rgw_span){ NULL, 0 };
	return good;
}

/* The list should not be there if it is empty, but some issuers write it. */
static enum rgw_crl_fault
read_entries(struct rgw_rd *tbs, struct rgw_crl *crl, struct rgw_crl_problem *problem)
{
	struct rgw_rd list;

	if (!rgw_der_next_is(tbs, RGW_DER_SEQUENCE))
		return RGW_CRL_NO_FAULT;
	list = rgw_der_take(tbs, RGW_DER_SEQUENCE);
	crl->entries = rgw_der_rest(&list);
	while (rgw_der_has_more(&list)) {
		struct rgw_crl_entry entry;
		enum rgw_crl_fault fault = take_entry(&list, crl->is_v1, &entry, &problem->extension);

		problem->entry = ++crl->facts.n_entries;
		if (fault != RGW_CRL_NO_FAULT)
			return fault;
		if (entry.serial.len > crl->facts.serial_octets)
			crl->facts.serial_octets = entry.serial.len;
	}
	problem->entry = 0;
	return RGW_CRL_NO_FAULT;
}

/* ---- the CRL ---- */

static enum rgw_crl_fault
read_dates(struct rgw_rd *tbs, struct rgw_crl *crl)
{
	crl->facts.this_update = rgw_der_take_time(tbs);
	if (tbs->bad)
		return RGW_CRL_BAD_DATES;
	if (!rgw_der_next_is(tbs, RGW_DER_UTC_TIME) && !rgw_der_next_is(tbs, RGW_DER_GENERALIZED_TIME))
		return RGW_CRL_NO_END;
	crl->facts.next_update = rgw_der_take_time(tbs);
	if (tbs->bad)
		return RGW_CRL_BAD_DATES;
	return crl->facts.next_update < crl->facts.this_update ? RGW_CRL_ENDS_BEFORE_IT_BEGINS : RGW_CRL_NO_FAULT;
}

/* Reads what stands in front of the entries (RFC 5280 5.1.2). */
static enum rgw_crl_fault
read_head(struct rgw_rd *tbs, struct rgw_crl *crl)
{
	struct rgw_span version = { NULL, 0 };
	struct rgw_span unused, algorithm;

	crl->is_v1 = !rgw_der_next_is(tbs, RGW_DER_INTEGER);
	if (!crl->is_v1)
		version = rgw_der_take_integer(tbs);
	if (tbs->bad || (!crl->is_v1 && (version.len != 1 || version.data[0] != V2)))
		return RGW_CRL_BAD_VERSION;
	algorithm = take_whole(tbs, RGW_DER_SEQUENCE);
	if (!rgw_span_is(algorithm, crl->algorithm.data, crl->algorithm.len))
		return RGW_CRL_ALGORITHMS_DIFFER;
	rgw_x509_take_name(tbs, &crl->facts.issuer, &unused);
	if (tbs->bad || crl->facts.issuer.len <= 2)
		return RGW_CRL_BAD_ISSUER;
	return read_dates(tbs, crl);
}

static enum rgw_crl_fault
read_tail(struct rgw_rd *tbs, struct rgw_crl *crl, struct rgw_span *extension)
{
	const struct target to = { .crl = crl };
	struct rgw_rd holder;

	if (!rgw_der_next_is(tbs, RGW_DER_HOLDER(0)))
		return rgw_der_used_up(tbs) ? RGW_CRL_NO_FAULT : RGW_CRL_MALFORMED;
	holder = rgw_der_take(tbs, RGW_DER_HOLDER(0));
	if (!rgw_der_used_up(tbs))
		return RGW_CRL_MALFORMED;
	return crl->is_v1 ? RGW_CRL_V1_EXTENSIONS : read_extensions(&holder, of_crl, &to, extension);
}

static enum rgw_crl_fault
read_tbs(struct rgw_rd tbs, struct rgw_crl *crl, struct rgw_crl_problem *problem)
{
	enum rgw_crl_fault fault = read_head(&tbs, crl);

	if (fault == RGW_CRL_NO_FAULT)
		fault = read_entries(&tbs, crl, problem);
	if (fault == RGW_CRL_NO_FAULT)
		fault = read_tail(&tbs, crl, &problem->extension);
	return fault;
}

/* Reads the signature and its algorithm. No kind of signature leaves bits of the last octet unused. */
static enum rgw_crl_fault
read_signature(struct rgw_rd *outer, struct rgw_crl *crl)
{
	struct rgw_rd peek = *outer;
	struct rgw_rd bits;

	crl->algorithm = take_whole(outer, RGW_DER_SEQUENCE);
	bits = rgw_der_take(outer, RGW_DER_BIT_STRING);
	if (!rgw_der_used_up(outer))
		return RGW_CRL_MALFORMED;
	if (rgw_rd_u8(&bits) != 0 || !rgw_der_has_more(&bits))
		return RGW_CRL_BAD_SIGNATURE;
	crl->signature = rgw_der_rest(&bits);
	return rgw_x509_reads_as_sha2(rgw_der_take(&peek, RGW_DER_SEQUENCE)) ? RGW_CRL_NO_FAULT : RGW_CRL_WEAK;
}

static enum rgw_crl_fault
read_crl(struct rgw_span der, struct rgw_crl *crl, struct rgw_crl_problem *problem)
{
	struct rgw_rd r = rgw_der_open(der);
	struct rgw_rd outer = rgw_der_take(&r, RGW_DER_SEQUENCE);
	struct rgw_rd peek = outer;
	struct rgw_rd tbs = rgw_der_take(&peek, RGW_DER_SEQUENCE);
	enum rgw_crl_fault fault;

	crl->tbs = take_whole(&outer, RGW_DER_SEQUENCE);
	if (!rgw_der_used_up(&r))
		return RGW_CRL_MALFORMED;
	fault = read_signature(&outer, crl);
	return fault != RGW_CRL_NO_FAULT ? fault : read_tbs(tbs, crl, problem);
}

bool
rgw_crl_parse(struct rgw_crl *out, const uint8_t *der, size_t len, struct rgw_crl_problem *problem)
{
	struct rgw_crl crl = { .facts = { .users = true, .cas = true } };

	*problem = (struct rgw_crl_problem){ .fault = RGW_CRL_TOO_LONG };
	if (len <= RGW_CRL_MAX_OCTETS)
		problem->fault = read_crl((struct rgw_span){ der, len }, &crl, problem);
	*out = problem->fault == RGW_CRL_NO_FAULT ? crl : (struct rgw_crl){ .is_v1 = false };
	return problem->fault == RGW_CRL_NO_FAULT;
}

/* ---- words ---- */

static const char *const sentences[RGW_CRL_FAULTS] = {
	[RGW_CRL_NO_FAULT] = "the CRL is well-formed",
	[RGW_CRL_TOO_LONG] = "the CRL has more than 32 MiB",
	[RGW_CRL_MALFORMED] = "the octets are not one whole CRL in DER",
	[RGW_CRL_BAD_SIGNATURE] = "the signature of the CRL is missing or malformed",
	[RGW_CRL_BAD_VERSION] = "the version of the CRL is neither 1 nor 2",
	[RGW_CRL_ALGORITHMS_DIFFER] = "the CRL was signed with another algorithm than it says",
	[RGW_CRL_WEAK] = "the signature of the CRL is not made with SHA-256 or better",
	[RGW_CRL_BAD_ISSUER] = "the name of the issuer in the CRL is malformed or empty",
	[RGW_CRL_BAD_DATES] = "thisUpdate or nextUpdate of the CRL is malformed",
	[RGW_CRL_NO_END] = "the CRL has no nextUpdate, so nobody could see that it is out of date",
	[RGW_CRL_ENDS_BEFORE_IT_BEGINS] = "nextUpdate of the CRL is before its thisUpdate",
	[RGW_CRL_BAD_ENTRY] = "an entry of the CRL is malformed",
	[RGW_CRL_LONG_SERIAL] = "a serial number in the CRL has more than 20 octets",
	[RGW_CRL_REMOVES] = "an entry takes a revocation back (removeFromCRL), which only a delta CRL may do",
	[RGW_CRL_V1_EXTENSIONS] = "the CRL is of version 1, which has no extensions, and has some",
	[RGW_CRL_BAD_EXTENSION] = "an extension of the CRL is malformed",
	[RGW_CRL_EXTENSION_TWICE] = "an extension of the CRL is there twice",
	[RGW_CRL_UNKNOWN_CRITICAL] = "a critical extension of the CRL is not understood here",
	[RGW_CRL_DELTA] = "the CRL is a delta CRL, which says only what changed since another one",
	[RGW_CRL_INDIRECT] = "the CRL is indirect: it lists certificates of other issuers",
	[RGW_CRL_SOME_REASONS] = "the CRL lists certificates that were revoked for some reasons only (onlySomeReasons)",
	[RGW_CRL_RELATIVE_POINT] = "the distribution point of the CRL has no full name, which is not understood here",
	[RGW_CRL_ATTRIBUTES] = "the CRL speaks only of attribute certificates",
	[RGW_CRL_FOR_NOBODY] = "the CRL speaks only of end entities, and only of CAs, so of nobody",
};

const char *
rgw_crl_explain(const struct rgw_crl_problem *problem, char *buf, size_t size)
{
	struct rgw_wr w = rgw_text_of(buf, size);
	char number[32];

	rgw_text_put(&w, sentences[problem->fault]);
	if (problem->entry > 0) {
		snprintf(number, sizeof number, ", entry %zu", problem->entry);
		rgw_text_put(&w, number);
	}
	if (problem->extension.len > 0) {
		rgw_text_put(&w, ", extension ");
		rgw_oid_put(&w, problem->extension);
	}
	return rgw_text_end(&w, buf, size);
}

const char *
rgw_crl_reason_name(uint8_t reason)
{
	static const char *const names[] = { "unspecified", "keyCompromise", "cACompromise", "affiliationChanged",
		"superseded", "cessationOfOperation", "certificateHold", NULL, "removeFromCRL", "privilegeWithdrawn",
		"aACompromise" };
	const char *name = reason < sizeof names / sizeof names[0] ? names[reason] : NULL;

	return name != NULL ? name : "unknown reason";
}
