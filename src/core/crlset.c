/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "crlpoint.h"
#include "radsecgw/crl.h"
#include "radsecgw/wire.h"

/*
 * CRLs whose signatures have been verified, and what they say of a certificate. Of each CRL one object is kept: what it
 * says of itself, and a row for each entry. A row is the serial number, made as long as the longest one of the CRL by
 * repeating its sign, so that equal numbers have equal octets; then the reason (one octet) and the date (four octets,
 * seconds since 1970). Rows are sorted by all their octets.
 */
#define BEHIND_SERIAL 5

static size_t
row_octets(const struct rgw_crl_facts *facts)
{
	return facts->serial_octets + BEHIND_SERIAL;
}

/* ---- keeping a CRL ---- */

/* Writes an INTEGER of up to n octets as one of n octets. */
static void
put_serial(struct rgw_wr *w, struct rgw_span serial, size_t n)
{
	uint8_t sign = (serial.data[0] & 0x80) != 0 ? 0xff : 0x00;

	for (size_t i = serial.len; i < n; i++)
		rgw_wr_u8(w, sign);
	rgw_wr_bytes(w, serial.data, serial.len);
}

static uint32_t
clamp(int64_t date)
{
	if (date < 0)
		return 0;
	return date < UINT32_MAX ? (uint32_t)date : UINT32_MAX;
}

static void
put_rows(struct rgw_wr *w, const struct rgw_crl *crl)
{
	struct rgw_span rest = crl->entries;
	struct rgw_crl_entry entry;

	while (rgw_crl_next_entry(&rest, &entry)) {
		put_serial(w, entry.serial, crl->facts.serial_octets);
		rgw_wr_u8(w, entry.reason);
		rgw_wr_u32(w, clamp(entry.date));
	}
}

static int
compare_rows(const void *a, const void *b, void *size)
{
	return memcmp(a, b, *(size_t *)size);
}

static void
put_span(struct rgw_wr *w, struct rgw_span *s)
{
	const uint8_t *at = w->base + w->len;

	rgw_wr_bytes(w, s->data, s->len);
	s->data = at;
}

/* Makes what is kept, in one piece of memory; NULL = out of memory. */
static struct rgw_kept_crl *
keep(const struct rgw_crl *crl)
{
	const struct rgw_crl_facts *facts = &crl->facts;
	size_t row = row_octets(facts);
	size_t n = facts->issuer.len + facts->key_id.len + facts->key.len + facts->number.len + facts->point.len +
	    facts->n_entries * row;
	struct rgw_kept_crl *kept = calloc(1, sizeof *kept + n);
	struct rgw_wr w;
	uint8_t *rows;

	if (kept == NULL)
		return NULL;
	kept->facts = *facts;
	w = rgw_wr_of(kept->octets, n);
	put_span(&w, &kept->facts.issuer);
	put_span(&w, &kept->facts.key_id);
	put_span(&w, &kept->facts.key);
	put_span(&w, &kept->facts.number);
	put_span(&w, &kept->facts.point);
	kept->rows = rows = w.base + w.len;
	put_rows(&w, crl);
	qsort_r(rows, facts->n_entries, row, compare_rows, &row);
	return kept;
}

/* ---- which CRL counts ---- */

static bool
are_of_one_kind(const struct rgw_crl_facts *a, const struct rgw_crl_facts *b)
{
	return rgw_octets_equal(a->issuer, b->issuer) && rgw_octets_equal(a->key_id, b->key_id) &&
	    rgw_octets_equal(a->key, b->key) && rgw_octets_equal(a->point, b->point) && a->users == b->users &&
	    a->cas == b->cas;
}

/* The order of two CRLs of one kind: above 0 if `a` is newer, 0 if none is. Numbers are positive and as short as can
 * be, so the longer one is greater. */
static int
compare_age(const struct rgw_crl_facts *a, const struct rgw_crl_facts *b)
{
	int order = 0;

	if (a->number.len != b->number.len)
		return a->number.len > b->number.len ? 1 : -1;
	if (a->number.len > 0)
		order = memcmp(a->number.data, b->number.data, a->number.len);
	if (order == 0)
		order = (a->this_update > b->this_update) - (a->this_update < b->this_update);
	return order;
}

static bool
has_begun(const struct rgw_crl_facts *facts, int64_t now)
{
	return facts->this_update <= now;
}

/* Does `a` stand in the place of `b` by now? */
static bool
supersedes(const struct rgw_crl_facts *a, const struct rgw_crl_facts *b, int64_t now)
{
	return are_of_one_kind(a, b) && has_begun(a, now) && compare_age(a, b) > 0;
}

/* Is the CRL not needed, because the set has a newer one, or this one? */
static bool
is_old(const struct rgw_crls *set, const struct rgw_crl_facts *facts, int64_t now)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct rgw_crl_facts *other = &set->v[i]->facts;

		if (supersedes(other, facts, now) ||
		    (are_of_one_kind(other, facts) && compare_age(other, facts) == 0))
			return true;
	}
	return false;
}

static void
drop_old(struct rgw_crls *set, const struct rgw_crl_facts *facts, int64_t now)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++) {
		if (supersedes(facts, &set->v[i]->facts, now))
			free(set->v[i]);
		else
			set->v[n++] = set->v[i];
	}
	set->n = n;
}

enum rgw_crls_added
rgw_crls_put(struct rgw_crls *set, const struct rgw_crl *crl)
{
	struct rgw_kept_crl **v, *kept;

	if (set->n == RGW_CRLS_MAX)
		return RGW_CRLS_FULL;
	v = realloc(set->v, (set->n + 1) * sizeof(struct rgw_kept_crl *));
	if (v == NULL)
		return RGW_CRLS_NO_MEMORY;
	set->v = v;
	kept = keep(crl);
	if (kept == NULL)
		return RGW_CRLS_NO_MEMORY;
	set->v[set->n++] = kept;
	return RGW_CRLS_ADDED;
}

enum rgw_crls_added
rgw_crls_add(struct rgw_crls *set, const struct rgw_crl *crl, int64_t now)
{
	enum rgw_crls_added added;

	if (is_old(set, &crl->facts, now))
		return RGW_CRLS_OLD;
	added = rgw_crls_put(set, crl);
	if (added == RGW_CRLS_ADDED)
		drop_old(set, &crl->facts, now);
	return added;
}

void
rgw_crls_free(struct rgw_crls *set)
{
	for (size_t i = 0; i < set->n; i++)
		free(set->v[i]);
	free(set->v);
	*set = (struct rgw_crls){ NULL, 0 };
}

/* ---- asking ---- */

/* The first row of the serial number, or NULL. */
static const uint8_t *
find_row(const struct rgw_kept_crl *kept, struct rgw_span serial)
{
	uint8_t wanted[RGW_CRL_MAX_SERIAL];
	struct rgw_wr w = rgw_wr_of(wanted, sizeof wanted);
	size_t width = kept->facts.serial_octets;
	size_t row = row_octets(&kept->facts);
	size_t low = 0;
	size_t high = kept->facts.n_entries;

	if (serial.len == 0 || serial.len > width)
		return NULL;
	put_serial(&w, serial, width);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(kept->rows + middle * row, wanted, width) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == kept->facts.n_entries || memcmp(kept->rows + low * row, wanted, width) != 0)
		return NULL;
	return kept->rows + low * row;
}

/* Is the certificate one of those that the CRL lists if they are revoked? */
static bool
speaks_of(const struct rgw_crl_facts *facts, const struct rgw_x509 *cert)
{
	return rgw_octets_equal(facts->issuer, cert->issuer) && (cert->is_ca ? facts->cas : facts->users) &&
	    (facts->key_id.len == 0 || cert->authority_key.len == 0 ||
	     rgw_octets_equal(facts->key_id, cert->authority_key)) &&
	    (facts->point.len == 0 || rgw_crl_points_have(cert->crl_points, facts->point));
}

static struct rgw_crl_answer
ask_one(const struct rgw_kept_crl *kept, const struct rgw_x509 *cert, int64_t now)
{
	struct rgw_crl_answer answer = { .verdict = RGW_CRL_GOOD, .crl = kept };
	const uint8_t *found = find_row(kept, cert->serial);
	struct rgw_rd r;

	if (found != NULL) {
		r = rgw_rd_of(found + kept->facts.serial_octets, BEHIND_SERIAL);
		answer.verdict = RGW_CRL_REVOKED;
		answer.reason = rgw_rd_u8(&r);
		answer.date = rgw_rd_u32(&r);
	} else if (!has_begun(&kept->facts, now)) {
		answer.verdict = RGW_CRL_NOT_YET;
	} else if (now > kept->facts.next_update) {
		answer.verdict = RGW_CRL_EXPIRED;
	}
	return answer;
}

bool
rgw_crls_is_superseded(const struct rgw_crls *set, const struct rgw_kept_crl *kept, int64_t now)
{
	for (size_t i = 0; i < set->n; i++)
		if (supersedes(&set->v[i]->facts, &kept->facts, now))
			return true;
	return false;
}

struct rgw_crl_answer
rgw_crls_ask(const struct rgw_crls *set, const struct rgw_x509 *cert, int64_t now)
{
	struct rgw_crl_answer best = { .verdict = RGW_CRL_NOT_COVERED };

	for (size_t i = 0; i < set->n; i++) {
		struct rgw_crl_answer answer;

		if (!speaks_of(&set->v[i]->facts, cert) || rgw_crls_is_superseded(set, set->v[i], now))
			continue;
		answer = ask_one(set->v[i], cert, now);
		if (answer.verdict > best.verdict)
			best = answer;
	}
	return best;
}
