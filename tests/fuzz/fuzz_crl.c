/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader of CRLs, and what a set says that one or two of them are in. */
#include <stdlib.h>
#include <string.h>

#include "radsecgw/crl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
check_text(const char *text, size_t size)
{
	size_t n = strnlen(text, size);

	require(n < size);
	for (size_t i = 0; i < n; i++)
		require(text[i] >= ' ' && text[i] <= '~');
}

static void
check_span(struct rgw_span s, const uint8_t *data, size_t size)
{
	if (s.data == NULL)
		return;
	require(s.data >= data && s.data <= data + size && s.len <= (size_t)(data + size - s.data));
}

static void
check_problem(const struct rgw_crl_problem *problem, const uint8_t *data, size_t size)
{
	char text[300];
	size_t n = size % sizeof text + 1;

	require(problem->fault > RGW_CRL_NO_FAULT && problem->fault < RGW_CRL_FAULTS);
	require(problem->entry <= size);
	check_span(problem->extension, data, size);
	check_text(rgw_crl_explain(problem, text, sizeof text), sizeof text);
	check_text(rgw_crl_explain(problem, text, n < sizeof text ? n : sizeof text), sizeof text);
}

static void
check_crl(const struct rgw_crl *crl, const uint8_t *data, size_t size)
{
	const struct rgw_crl_facts *facts = &crl->facts;
	struct rgw_span rest = crl->entries;
	struct rgw_crl_entry entry;
	size_t n = 0;

	check_span(crl->tbs, data, size);
	check_span(crl->algorithm, data, size);
	check_span(crl->signature, data, size);
	check_span(crl->entries, data, size);
	check_span(facts->issuer, data, size);
	check_span(facts->key_id, data, size);
	check_span(facts->number, data, size);
	check_span(facts->point, data, size);
	require(crl->tbs.len > 0 && crl->algorithm.len > 0 && crl->signature.len > 0 && facts->issuer.len > 2);
	require(facts->number.len <= RGW_CRL_MAX_SERIAL && facts->serial_octets <= RGW_CRL_MAX_SERIAL);
	require(facts->users || facts->cas);
	require(facts->this_update <= facts->next_update);
	for (; rgw_crl_next_entry(&rest, &entry); n++) {
		check_span(entry.serial, data, size);
		require(entry.serial.len >= 1 && entry.serial.len <= facts->serial_octets);
		require(entry.reason != RGW_CRL_REMOVE_FROM_CRL && rgw_crl_reason_name(entry.reason) != NULL);
	}
	/* The parser has seen every entry: the walk ends at the end. */
	require(n == facts->n_entries && rest.len == 0);
}

/* Is the serial number listed, as a search without a table finds it? */
static bool
is_listed(const struct rgw_crl *crl, struct rgw_span serial)
{
	struct rgw_span rest = crl->entries;
	struct rgw_crl_entry entry;

	while (rgw_crl_next_entry(&rest, &entry))
		if (entry.serial.len == serial.len && memcmp(entry.serial.data, serial.data, serial.len) == 0)
			return true;
	return false;
}

#define POINT_MAX 8192

/* Puts a tag and a length in front of what stands in buf from *at on. */
static void
enclose(uint8_t *buf, size_t *at, size_t end, uint8_t tag)
{
	size_t n = end - *at;

	buf[--*at] = (uint8_t)n;
	if (n > 0xff)
		buf[--*at] = (uint8_t)(n >> 8);
	if (n > 0x7f)
		buf[--*at] = n > 0xff ? 0x82 : 0x81;
	buf[--*at] = tag;
}

/* The distribution points of a certificate that names the one of the CRL. */
static struct rgw_span
points_for(struct rgw_span names, uint8_t buf[static POINT_MAX + 16])
{
	size_t at = 16;
	size_t end = at + names.len;

	if (names.len == 0 || names.len > POINT_MAX)
		return (struct rgw_span){ NULL, 0 };
	memcpy(buf + at, names.data, names.len);
	enclose(buf, &at, end, 0xa0);
	enclose(buf, &at, end, 0xa0);
	enclose(buf, &at, end, 0x30);
	return (struct rgw_span){ buf + at, end - at };
}

static void
ask(const struct rgw_crls *set, const struct rgw_crl *crl, struct rgw_span serial)
{
	const int64_t times[] = { INT64_MIN, crl->facts.this_update - 1, crl->facts.this_update,
		crl->facts.next_update, crl->facts.next_update + 1, INT64_MAX };
	const enum rgw_crl_verdict unlisted[] = { RGW_CRL_NOT_YET, RGW_CRL_NOT_YET, RGW_CRL_GOOD, RGW_CRL_GOOD,
		RGW_CRL_EXPIRED, RGW_CRL_EXPIRED };
	struct rgw_x509 cert = { .issuer = crl->facts.issuer, .serial = serial, .is_ca = !crl->facts.users,
		.authority_key = crl->facts.key_id };
	uint8_t points[POINT_MAX + 16];
	bool listed = is_listed(crl, serial);

	/* With any octets for points: an answer, and no other the second time. */
	cert.crl_points = crl->tbs;
	require(rgw_crls_ask(set, &cert, 0).verdict == rgw_crls_ask(set, &cert, 0).verdict);
	cert.crl_points = points_for(crl->facts.point, points);
	if (crl->facts.point.len > POINT_MAX)
		return;
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		struct rgw_crl_answer answer = rgw_crls_ask(set, &cert, times[i]);

		require(answer.verdict == (listed ? RGW_CRL_REVOKED : unlisted[i]));
		require(answer.crl == set->v[0]);
		require(!listed || (answer.date >= 0 && answer.date <= UINT32_MAX));
	}
	cert.issuer.len--;
	require(rgw_crls_ask(set, &cert, 0).verdict == RGW_CRL_NOT_COVERED);
}

/* A certificate's serial number is an INTEGER of DER, so the same octets say it. */
static void
check_set(const struct rgw_crl *crl)
{
	static const uint8_t numbers[][3] = { { 0x00 }, { 0x05 }, { 0xff }, { 0x00, 0xff }, { 0x7f, 0xff, 0xff } };
	struct rgw_crls set = { NULL, 0 };
	struct rgw_span rest = crl->entries;
	struct rgw_crl_entry entry;

	require(rgw_crls_add(&set, crl, crl->facts.this_update) == RGW_CRLS_ADDED);
	require(rgw_crls_add(&set, crl, crl->facts.this_update) == RGW_CRLS_OLD && set.n == 1);
	for (size_t i = 0; i < 16 && rgw_crl_next_entry(&rest, &entry); i++)
		ask(&set, crl, entry.serial);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		ask(&set, crl, (struct rgw_span){ numbers[i], i < 3 ? 1 : i - 1 });
	rgw_crls_free(&set);
}

/* Two CRLs, whatever they have to do with each other: the set is the same in either order, but for equal ones. */
static void
check_two(const struct rgw_crl *a, const struct rgw_crl *b)
{
	struct rgw_crls one = { NULL, 0 };
	struct rgw_crls other = { NULL, 0 };
	int64_t now = a->facts.this_update;
	enum rgw_crls_added first = rgw_crls_add(&one, a, now);
	enum rgw_crls_added second = rgw_crls_add(&one, b, now);
	enum rgw_crls_added third = rgw_crls_add(&other, b, now);
	enum rgw_crls_added fourth = rgw_crls_add(&other, a, now);

	require(first == RGW_CRLS_ADDED && third == RGW_CRLS_ADDED);
	require(second != RGW_CRLS_OLD || fourth != RGW_CRLS_OLD || (one.n == 1 && other.n == 1));
	require(one.n == other.n);
	rgw_crls_free(&one);
	rgw_crls_free(&other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rgw_span rest = { data, size };
	struct rgw_crl_problem problem;
	struct rgw_crl_entry entry;
	struct rgw_crl crl, next;
	size_t whole;

	/* The reader of entries alone, on anything. */
	while (rgw_crl_next_entry(&rest, &entry))
		check_span(entry.serial, data, size);
	/* A second CRL may stand behind the first one. */
	whole = size >= 4 && data[0] == 0x30 && data[1] == 0x82 ? 4 + ((size_t)data[2] << 8 | data[3]) : size;
	whole = whole < size ? whole : size;
	if (!rgw_crl_parse(&crl, data, whole, &problem)) {
		check_problem(&problem, data, whole);
		return 0;
	}
	require(problem.fault == RGW_CRL_NO_FAULT);
	check_crl(&crl, data, whole);
	check_set(&crl);
	if (rgw_crl_parse(&next, data + whole, size - whole, &problem))
		check_two(&crl, &next);
	return 0;
}
