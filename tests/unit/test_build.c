/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/build.h"

#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/mem.h"

#define SECRET "radsec"

static const uint8_t auth[16] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa,
	0xbb, 0xcc, 0xdd, 0xee, 0xff };

static int
setup(void **state)
{
	*state = rgw_secret_new(SECRET, strlen(SECRET));
	return 0;
}

static int
teardown(void **state)
{
	rgw_secret_free(*state);
	return 0;
}

static void
assert_hex(const uint8_t *data, size_t len, const char *expect)
{
	uint8_t want[4096];

	assert_int_equal(help_hex(expect, want, sizeof want), len);
	assert_memory_equal(data, want, len);
}

/* P-SS-1, P-MA-8: octet by octet a known Status-Server (id 0, as on a stream). */
static void
a_probe(void **state)
{
	struct rgw_builder b;
	uint8_t buf[4096];
	size_t len;

	rgw_build_begin(&b, buf, sizeof buf, 12, 0, auth, true);
	len = rgw_build_request(&b, *state);
	assert_hex(buf, len, "0c00002600112233445566778899aabbccddeeff"
	    "50121e359589922248c647f003688cf8fa81");
}

/* The request that answers below are for. */
static struct rgw_packet
status_server(struct help_packet *p)
{
	help_begin(p, 12, 0, auth);
	help_attr(p, 80, auth, 16);
	return help_finish(p);
}

/* P-SS-4, P-SS-5, P-BR-2: the answers to it. */
static void
answers_to_a_probe(void **state)
{
	struct help_packet p;
	struct rgw_packet request = status_server(&p);
	struct rgw_secret *rfc = rgw_secret_new("xyzzy5461", 9);
	uint8_t buf[4096];

	assert_hex(buf, rgw_build_status_answer(buf, sizeof buf, &request, false, *state),
	    "02000026a8caf9f16c826411a67e857c76844300501285befc1548030978adcd09a26bd367b5");
	/* RFC 5997 6.2, with code 5 as its text says. */
	p.len = help_hex("0cb30026925f6b66dd5fed571fcb1db7ad388260"
	    "5012e8d6eabda910875cd91fdade26367858", p.b, sizeof p.b);
	request = help_parse(p.b, p.len);
	assert_hex(buf, rgw_build_status_answer(buf, sizeof buf, &request, true, rfc),
	    "05b300140f6f92145f107e2f504e860a4860669c");
	rgw_secret_free(rfc);
}

/* P-ERR-1, P-ERR-2, P-ERR-6: 241.4 has seven octets, Message-Authenticator is first. */
static void
protocol_errors(void **state)
{
	struct help_packet p;
	struct rgw_packet request;
	uint8_t buf[4096];

	p.len = help_hex("01010014a1b2c3d4e5f60718293a4b5c6d7e8f90", p.b, sizeof p.b);
	request = help_parse(p.b, p.len);
	assert_hex(buf, rgw_build_protocol_error(buf, sizeof buf, &request, 502, *state),
	    "340100335c338bf6bfb5c92dbe3315299791677550123ea040250012e6c4aadfb5256f8ccce0"
	    "f10704000000016506000001f6");
	p.len = help_hex("040900147e3887509b35a95672f77e884c21d0c4", p.b, sizeof p.b);
	request = help_parse(p.b, p.len);
	assert_hex(buf, rgw_build_protocol_error(buf, sizeof buf, &request, 406, *state),
	    "3409003386593391243dc7c374946589814995fd50125062e9dd74e63dcece31629b17bf0178"
	    "f1070400000004650600000196");
}

/* P-PRX-4: Proxy-States come back also in what the gateway answers itself. */
static void
own_answers_return_proxy_states(void **state)
{
	struct help_packet p;
	struct rgw_packet request;
	struct rgw_packet out;
	uint8_t buf[4096];

	for (int kind = 0; kind < 3; kind++) {
		size_t len;

		help_begin(&p, kind == 2 ? 1 : 12, 9, auth);
		help_text(&p, 33, "one");
		help_text(&p, 1, "bob");
		help_text(&p, 33, "");
		help_text(&p, 33, "two");
		request = help_finish(&p);
		len = kind == 2 ? rgw_build_protocol_error(buf, sizeof buf, &request, 505, *state) :
		    rgw_build_status_answer(buf, sizeof buf, &request, kind == 1, *state);
		out = help_parse(buf, len);
		assert_int_equal(out.id, 9);
		assert_int_equal(out.n_proxy_state, 3);
		assert_int_equal(help_count(&out, 1), 0);
		assert_memory_equal(buf + len - 12, "\x21\x05one\x21\x02\x21\x05two", 12);
		assert_true(help_auth_ok(&out, auth, SECRET, strlen(SECRET)));
		assert_int_equal(out.n_msgauth, kind != 1);
		if (kind != 1)
			assert_true(help_msgauth_ok(&out, auth, SECRET, strlen(SECRET)));
	}
}

static void
attributes_one_by_one(void **state)
{
	struct rgw_builder b;
	struct help_packet p;
	struct rgw_packet from;
	uint8_t buf[4096];
	uint8_t big[254] = { 0 };
	size_t len;

	help_begin(&p, 1, 9, auth);
	help_text(&p, 24, "s1");
	help_text(&p, 25, "class");
	help_text(&p, 24, "s2");
	from = help_finish(&p);
	rgw_build_begin(&b, buf, sizeof buf, 3, 200, NULL, false);
	rgw_build_attr(&b, 18, "hi", 2);
	rgw_build_attr(&b, 89, NULL, 0);
	rgw_build_u32(&b, 101, 0xfedcba98);
	rgw_build_copy(&b, &from, 24);
	rgw_build_copy(&b, &from, 99);
	rgw_build_attr(&b, 200, big, 253);
	len = rgw_build_response(&b, auth, *state);
	assert_int_equal(len, 20 + 4 + 2 + 6 + 8 + 255);
	assert_memory_equal(buf, "\x03\xc8\x01\x27", 4);
	assert_memory_equal(buf + 20,
	    "\x12\x04hi\x59\x02\x65\x06\xfe\xdc\xba\x98\x18\x04s1\x18\x04s2"
	    "\xc8\xff", 22);
	from = help_parse(buf, len);
	assert_true(help_auth_ok(&from, auth, SECRET, strlen(SECRET)));
	assert_int_equal(from.n_msgauth, 0);
}

/* Codes 4, 40 and 43 sign themselves (P-AUT-2), with the Message-Authenticator before (P-AUT-7). */
static void
hashed_requests(void **state)
{
	static const uint8_t codes[] = { 4, 40, 43 };
	static const uint8_t zero[16];

	for (size_t i = 0; i < COUNT(codes); i++) {
		struct rgw_builder b;
		struct rgw_packet out;
		uint8_t buf[4096];

		rgw_build_begin(&b, buf, sizeof buf, codes[i], 7, NULL, true);
		rgw_build_attr(&b, 44, "session", 7);
		out = help_parse(buf, rgw_build_request(&b, *state));
		assert_true(help_auth_ok(&out, zero, SECRET, strlen(SECRET)));
		assert_true(help_msgauth_ok(&out, zero, SECRET, strlen(SECRET)));
		assert_int_equal(out.at[RGW_AT_MESSAGE_AUTHENTICATOR], 20);
	}
}

/* A value of 254 octets fits no attribute; the error sticks, whatever follows. */
static void
too_long_a_value(void **state)
{
	struct rgw_builder b;
	uint8_t buf[4096];
	uint8_t big[300] = { 0 };

	for (size_t n = 254; n <= 300; n++) {
		rgw_build_begin(&b, buf, sizeof buf, 2, 7, NULL, true);
		rgw_build_attr(&b, 18, big, n);
		rgw_build_attr(&b, 18, big, 3);
		assert_int_equal(rgw_build_response(&b, auth, *state), 0);
	}
}

/* Each buffer that is too small gives 0 and is not overrun. */
static void
small_buffers(void **state)
{
	struct help_packet p;
	struct rgw_packet request;
	uint8_t buf[200];
	size_t need[3] = { 0 };

	help_begin(&p, 12, 9, auth);
	help_text(&p, 33, "state");
	request = help_finish(&p);
	for (size_t round = 0; round < 2; round++)
		for (size_t cap = 0; cap <= 100; cap++)
			for (int kind = 0; kind < 3; kind++) {
				size_t n = round == 0 ? sizeof buf : cap;
				size_t len;

				memset(buf, 0xee, sizeof buf);
				len = kind == 2 ?
				    rgw_build_protocol_error(buf, n, &request, 505, *state) :
				    rgw_build_status_answer(buf, n, &request, kind == 1, *state);
				if (round == 0)
					need[kind] = len;
				assert_int_equal(len, n >= need[kind] ? need[kind] : 0);
				for (size_t i = n; i < sizeof buf; i++)
					assert_int_equal(buf[i], 0xee);
			}
	assert_int_equal(need[0], 45);
	assert_int_equal(need[1], 27);
	assert_int_equal(need[2], 58);
}

/* P-PKT-2: a packet has no more than 4096 octets, whatever the buffer takes. */
static void
the_largest_packet(void **state)
{
	uint8_t *buf = rgw_xcalloc(1, 70000);
	uint8_t value[253] = { 0 };

	for (int over = 0; over <= 1; over++) {
		struct rgw_builder b;

		rgw_build_begin(&b, buf, 70000, 4, 7, NULL, false);
		for (int i = 0; i < 15; i++)
			rgw_build_attr(&b, 18, value, 253);
		rgw_build_attr(&b, 18, value, 4096 - 20 - 15 * 255 - 2 + over);
		assert_int_equal(rgw_build_request(&b, *state), over ? 0 : 4096);
	}
	for (int i = 0; i < 2; i++) {
		struct rgw_builder b;

		rgw_build_begin(&b, buf, 70000, 4, 7, NULL, false);
		for (int k = 0; k < 258; k++)  /* more than a Length field can say */
			rgw_build_attr(&b, 18, value, 253);
		assert_int_equal(i == 0 ? rgw_build_request(&b, *state) :
		    rgw_build_response(&b, auth, *state), 0);
	}
	free(buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_probe),
		cmocka_unit_test(answers_to_a_probe),
		cmocka_unit_test(protocol_errors),
		cmocka_unit_test(own_answers_return_proxy_states),
		cmocka_unit_test(attributes_one_by_one),
		cmocka_unit_test(hashed_requests),
		cmocka_unit_test(too_long_a_value),
		cmocka_unit_test(small_buffers),
		cmocka_unit_test(the_largest_packet),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
