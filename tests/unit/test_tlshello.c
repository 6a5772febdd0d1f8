/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../src/net/tlshello.h"

#include <stdio.h>
#include <stdlib.h>

#include "helpers.h"

/* Our own reader of Hellos (P-PSK-6, 8, 14), and how messages are put together out of records. */

#define RANDOM "0000000000000000000000000000000000000000000000000000000000000000"
#define RETRY "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
#define BINDER "20" RANDOM

/* Fills in the length of the message, and of its extensions, which end it. */
static size_t
message(uint8_t kind, const char *start, const char *extensions, uint8_t out[static 1024])
{
	size_t n = help_hex(start, out + 4, 1020) + 4;
	size_t len = help_hex(extensions, out + n + 2, 1018 - n);

	out[n] = (uint8_t)(len >> 8);
	out[n + 1] = (uint8_t)len;
	n += 2 + len;
	out[0] = kind;
	out[1] = 0;
	out[2] = (uint8_t)((n - 4) >> 8);
	out[3] = (uint8_t)(n - 4);
	return n;
}

#define CLIENT "0303" RANDOM "00" "0004" "13011302" "0100"
#define SERVER "0303" RANDOM "00" "1301" "00"

static void
a_client_offers_keys(void **state)
{
	uint8_t m[1024];
	struct rgw_client_hello h;
	/* Modes, and two identities: "ap" and a ticket of age 5. */
	size_t n = message(1, CLIENT, "002d" "0003" "020001" "0029" "0057" "0011" "0002" "6170" "00000000"
	    "0003" "00ff00" "00000005" "0042" BINDER BINDER, m);

	(void)state;
	assert_true(rgw_client_hello_parse(&h, m, n));
	assert_true(h.has_psk && h.has_dhe);
	assert_int_equal(h.n, 2);
	assert_memory_equal(h.identities[0].octets, "ap", 2);
	assert_int_equal(h.identities[0].age, 0);
	assert_int_equal(h.identities[1].len, 3);
	assert_int_equal(h.identities[1].age, 5);
	assert_int_equal(h.identities[1].binder_len, 32);
	assert_int_equal(h.truncated, n - 68);
	assert_int_equal(h.suites_len, 4);
	/* Cut off anywhere it is malformed, and nothing is read beyond its end. */
	for (size_t i = 0; i < n; i++) {
		uint8_t *cut = malloc(i + 1);

		assert_non_null(cut);
		memcpy(cut, m, i);
		assert_false(rgw_client_hello_parse(&h, cut, i));
		free(cut);
	}
}

static void
odd_clients(void **state)
{
	static const struct {
		const char *extensions;
		bool good, psk, dhe;
	} rows[] = {
		{ "", true, false, false },
		{ "002d0002" "0100", true, false, false },
		{ "002d0002" "0101", true, false, true },
		{ "002d0002" "0201", false, false, false },              /* the list is longer than the extension */
		{ "0029002f" "0008" "0002" "6170" "00000000" "0021" BINDER "0000", false, false, false },
		{ "00290006" "0000" "0000" "0000", false, false, false },   /* no identity */
		{ "0029000c" "0008" "0002" "6170" "00000000" "0000", false, false, false },  /* no binder */
		/* Keys are not last. */
		{ "0029002d" "0008" "0002" "6170" "00000000" "0021" BINDER "002d0002" "0101", false, false, false },
		{ "0029002d" "0008" "0002" "6170" "00000000" "0021" BINDER, true, true, false },
	};
	struct rgw_client_hello h;
	uint8_t m[1024];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t n = message(1, CLIENT, rows[i].extensions, m);

		if (rgw_client_hello_parse(&h, m, n) != rows[i].good)
			fail_msg("row %zu", i);
		if (rows[i].good && (h.has_psk != rows[i].psk || h.has_dhe != rows[i].dhe))
			fail_msg("row %zu", i);
	}
	assert_false(rgw_client_hello_parse(&h, m, message(2, CLIENT, "", m)));
}

static void
servers_select(void **state)
{
	struct rgw_server_hello h;
	uint8_t m[1024];
	size_t n;

	(void)state;
	n = message(2, SERVER, "0029" "0002" "0001" "0033" "0004" "001d" "0000" "002b" "0002" "0304", m);
	assert_true(rgw_server_hello_parse(&h, m, n));
	assert_true(h.tls13 && h.has_share && h.has_psk && !h.retry);
	assert_int_equal(h.selected, 1);
	for (size_t i = 0; i < n; i++)
		assert_false(rgw_server_hello_parse(&h, m, i));
	n = message(2, SERVER, "0029" "0002" "0000" "002b" "0002" "0304", m);
	assert_true(rgw_server_hello_parse(&h, m, n) && h.has_psk && !h.has_share);
	n = message(2, SERVER, "0033" "0004" "001d" "0000" "002b" "0002" "0304", m);
	assert_true(rgw_server_hello_parse(&h, m, n) && !h.has_psk && h.has_share);
	n = message(2, "0303" RETRY "00" "1301" "00", "0033" "0002" "001d" "002b" "0002" "0304", m);
	assert_true(rgw_server_hello_parse(&h, m, n) && h.retry);
	n = message(2, SERVER, "0029" "0001" "00", m);
	assert_false(rgw_server_hello_parse(&h, m, n));
}

/* ---- records ---- */

struct seen {
	uint8_t kinds[8];
	size_t lens[8];
	size_t n;
};

static void
on_message(void *arg, const uint8_t *octets, size_t len)
{
	struct seen *seen = arg;

	assert_true(seen->n < 8);
	seen->kinds[seen->n] = octets[0];
	seen->lens[seen->n++] = len;
}

/* Messages come in any pieces, over several records, and several in one; a ChangeCipherSpec between them is no matter,
 * and at what is encrypted it ends. */
static void
messages_out_of_records(void **state)
{
	static const char octets[] = "1603010003" "010000" "1403030001" "01" "1603030004" "02aabb02" "1603030006"
	    "000001cc" "0e00" "1603030002" "0000" "1703030001" "00" "1603030004" "01000000";
	uint8_t wire[128];
	size_t n = help_hex(octets, wire, sizeof wire);

	(void)state;
	for (size_t piece = 1; piece <= n; piece++) {
		struct rgw_flight f = { .have = 0 };
		struct seen seen = { .n = 0 };

		for (size_t at = 0; at < n; at += piece)
			rgw_flight_follow(&f, wire + at, n - at < piece ? n - at : piece, on_message, &seen);
		assert_int_equal(seen.n, 3);
		assert_int_equal(seen.kinds[0], 1);
		assert_int_equal(seen.lens[0], 6);
		assert_int_equal(seen.kinds[1], 2);
		assert_int_equal(seen.lens[1], 5);
		assert_int_equal(seen.kinds[2], 14);
		assert_true(f.over);
		assert_null(f.message);
	}
}

/* What nobody says ends it, and does not fill memory. */
static void
long_messages_end_it(void **state)
{
	uint8_t header[9] = { 22, 3, 3, 0x40, 0, 1, 0, 0x40, 0 };
	uint8_t zero[4096] = { 0 };
	struct rgw_flight f = { .have = 0 };
	struct seen seen = { .n = 0 };

	(void)state;
	rgw_flight_follow(&f, header, sizeof header, on_message, &seen);
	assert_true(f.over);
	assert_int_equal(seen.n, 0);
	f = (struct rgw_flight){ .have = 0 };
	header[7] = 0x3f;
	header[8] = 0xfc;
	rgw_flight_follow(&f, header, sizeof header, on_message, &seen);
	assert_false(f.over);
	for (int i = 0; i < 4; i++)
		rgw_flight_follow(&f, zero, sizeof zero, on_message, &seen);
	assert_int_equal(seen.lens[0], RGW_HELLO_MAX);
	rgw_flight_fini(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_offers_keys),
		cmocka_unit_test(odd_clients),
		cmocka_unit_test(servers_select),
		cmocka_unit_test(messages_out_of_records),
		cmocka_unit_test(long_messages_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
