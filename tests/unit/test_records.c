/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../src/net/records.h"

#include <stdlib.h>

#include "helpers.h"

enum { CCS = 20, ALERT = 21, HANDSHAKE = 22, DATA = 23 };

/* A record of this kind and length, behind what is there. */
static size_t
put(uint8_t *out, unsigned kind, size_t len)
{
	const uint8_t header[] = { (uint8_t)kind, 3, 3, (uint8_t)(len >> 8), (uint8_t)len };

	memcpy(out, header, sizeof header);
	memset(out + sizeof header, 0xff, len);
	return sizeof header + len;
}

/* Follows in memory of its own, so that a step outside of it is seen. */
static const char *
follow(struct rgw_records *r, const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	const char *fault;

	assert_non_null(copy);
	memcpy(copy, data, len);
	fault = rgw_records_follow(r, copy, len);
	free(copy);
	return fault;
}

/* The verdict on one record at the beginning of a session. */
static const char *
verdict(unsigned kind, size_t len)
{
	static uint8_t record[5 + 65535];
	struct rgw_records r = { 0 };

	return follow(&r, record, put(record, kind, len));
}

static void
each_kind_has_its_lengths(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 65535; len++) {
		bool fits = len <= 16384 + 256;

		assert_int_equal(verdict(CCS, len) == NULL, len == 1);
		assert_int_equal(verdict(ALERT, len) == NULL, len == 2 || len == 18 || len == 26);
		assert_int_equal(verdict(HANDSHAKE, len) == NULL, len >= 1 && fits);
		assert_int_equal(verdict(DATA, len) == NULL, len >= 17 && fits);
		if (len == 64)
			len = 16384;
		if (len == 16384 + 300)
			len = 65530;
	}
}

static void
other_kinds_are_none(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 256; kind++)
		assert_int_equal(verdict(kind, 18) == NULL,
		    kind == ALERT || kind == HANDSHAKE || kind == DATA);
}

static void
other_versions_are_none(void **state)
{
	uint8_t record[64];

	(void)state;
	for (unsigned major = 0; major < 256; major++)
		for (unsigned minor = 0; minor < 256; minor++) {
			struct rgw_records r = { 0 };

			put(record, HANDSHAKE, 1);
			record[1] = (uint8_t)major;
			record[2] = (uint8_t)minor;
			assert_int_equal(follow(&r, record, 6) == NULL, major == 3);
		}
}

/* The records of a whole connection, and behind them one that is not allowed. */
static size_t
story(uint8_t *out)
{
	static const struct {
		unsigned kind;
		size_t len;
	} records[] = { { HANDSHAKE, 230 }, { CCS, 1 }, { DATA, 900 }, { DATA, 17 }, { HANDSHAKE, 40 },
		{ DATA, 300 }, { ALERT, 26 }, { DATA, 16 } };
	size_t len = 0;

	for (size_t i = 0; i < COUNT(records); i++)
		len += put(out + len, records[i].kind, records[i].len);
	return len - 16;
}

/* The fault is seen with the last octet of the header, and not one earlier, in whatever pieces it comes. */
static void
pieces_of_every_size(void **state)
{
	uint8_t data[4096];
	size_t len = story(data);

	(void)state;
	for (size_t piece = 1; piece <= len; piece++) {
		struct rgw_records r = { 0 };
		size_t at = 0;

		for (; at + piece < len; at += piece)
			assert_null(follow(&r, data + at, piece));
		assert_null(follow(&r, data + at, len - 1 - at));
		assert_non_null(follow(&r, data + len - 1, 1));
		assert_int_equal(r.n, 8);
		assert_memory_equal(r.header, data + len - 5, 5);
	}
}

static void
random_pieces(void **state)
{
	struct help_rng rng = { 20 };
	uint8_t data[4096];
	size_t len = story(data);

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct rgw_records r = { 0 };
		const char *fault = NULL;
		size_t at = 0;

		while (at < len) {
			size_t n = help_below(&rng, 400);

			n = n < len - at ? n : len - at;
			assert_null(fault);
			fault = follow(&r, data + at, n);
			at += n;
		}
		assert_non_null(fault);
	}
}

/* What is inside of a record is never taken for a header. */
static void
contents_do_not_matter(void **state)
{
	uint8_t data[5 + 300 + 5 + 17];
	struct rgw_records r = { 0 };
	size_t len = put(data, DATA, 300);

	(void)state;
	for (size_t i = 5; i < len; i++)
		data[i] = (uint8_t)i;
	len += put(data + len, DATA, 17);
	assert_null(follow(&r, data, len));
	assert_int_equal(r.n, 2);
	assert_int_equal(r.left, 0);
}

static void
records_without_data_end(void **state)
{
	static const struct {
		unsigned kind;
		size_t len;
	} floods[] = { { HANDSHAKE, 1 }, { DATA, 17 }, { ALERT, 18 }, { DATA, 22 } };
	uint8_t record[64];

	(void)state;
	for (size_t i = 0; i < COUNT(floods); i++) {
		struct rgw_records r = { 0 };
		size_t len = put(record, floods[i].kind, floods[i].len);

		for (int round = 0; round < 3; round++) {
			for (int k = 0; k < RGW_RECORDS_IDLE_MAX; k++)
				assert_null(follow(&r, record, len));
			if (round < 2)
				rgw_records_progress(&r);
		}
		assert_non_null(follow(&r, record, len));
	}
}

/* Data between such records does not allow more of them. */
static void
change_cipher_specs_end(void **state)
{
	struct rgw_records r = { 0 };
	uint8_t record[64];
	size_t len = put(record, CCS, 1);

	(void)state;
	for (int k = 0; k < RGW_RECORDS_CCS_MAX; k++) {
		assert_null(follow(&r, record, len));
		rgw_records_progress(&r);
	}
	assert_non_null(follow(&r, record, len));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_lengths),
		cmocka_unit_test(other_kinds_are_none),
		cmocka_unit_test(other_versions_are_none),
		cmocka_unit_test(pieces_of_every_size),
		cmocka_unit_test(random_pieces),
		cmocka_unit_test(contents_do_not_matter),
		cmocka_unit_test(records_without_data_end),
		cmocka_unit_test(change_cipher_specs_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
