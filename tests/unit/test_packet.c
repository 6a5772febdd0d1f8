/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/packet.h"

#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/mem.h"

static const uint8_t auth[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

/* Parses a copy that ends where the octets end, so that a sanitizer sees every step too far. */
static enum rgw_packet_error
parse_exact(const uint8_t *data, size_t len)
{
	uint8_t *copy = rgw_xcalloc(1, len > 0 ? len : 1);
	struct rgw_packet p;
	enum rgw_packet_error error;

	if (len > 0)
		memcpy(copy, data, len);
	error = rgw_packet_parse(&p, copy, len);
	free(copy);
	return error;
}

/* P-PKT-1, P-PKT-5: with fewer octets than a header, or than Length says, it is no packet. */
static void
short_input_is_refused(void **state)
{
	struct help_packet p;

	(void)state;
	help_begin(&p, 1, 7, auth);
	help_text(&p, 1, "bob");
	help_finish(&p);
	for (size_t n = 0; n < p.len; n++)
		assert_int_equal(parse_exact(p.b, n), RGW_PACKET_SHORT);
	assert_int_equal(parse_exact(p.b, p.len), RGW_PACKET_OK);
}

/* P-PKT-2, P-PKT-3: every value of the Length field. */
static void
length_field_limits(void **state)
{
	struct help_packet p;

	(void)state;
	memset(&p, 0, sizeof p);
	/* One attribute of 16 octets after the other, so that only multiples of 16 fit. */
	for (size_t at = 20; at < sizeof p.b - 16; at += 16) {
		p.b[at] = 1;
		p.b[at + 1] = 16;
	}
	p.b[0] = 4;
	for (size_t n = 0; n < 65536; n++) {
		struct rgw_packet out;
		enum rgw_packet_error want = n < 20 || n > 4096 ? RGW_PACKET_BAD_LENGTH :
		    (n - 20) % 16 == 0 ? RGW_PACKET_OK : RGW_PACKET_BAD_ATTR;

		p.b[2] = (uint8_t)(n >> 8);
		p.b[3] = (uint8_t)n;
		assert_int_equal(rgw_packet_parse(&out, p.b, sizeof p.b), want);
	}
}

static void
the_largest_packet_is_taken(void **state)
{
	struct help_packet p;
	struct rgw_packet parsed;

	(void)state;
	help_begin(&p, 1, 7, auth);
	help_pad(&p, 18, 4096);
	parsed = help_finish(&p);
	assert_int_equal(parsed.len, 4096);
	p.b[2] = 0x10;
	p.b[3] = 0x01;
	assert_int_equal(parse_exact(p.b, 4097), RGW_PACKET_BAD_LENGTH);
}

/* P-PKT-4: octets beyond Length are padding; what stands there plays no part. */
static void
padding_is_forgotten(void **state)
{
	struct help_packet p;
	struct rgw_packet out;

	(void)state;
	help_begin(&p, 1, 7, auth);
	help_text(&p, 1, "bob");
	help_finish(&p);
	memset(p.b + p.len, 0, 100);
	for (size_t more = 0; more < 100; more++) {
		assert_int_equal(rgw_packet_parse(&out, p.b, p.len + more), RGW_PACKET_OK);
		assert_int_equal(out.len, p.len);
	}
}

/* P-PKT-6: each attribute has at least two octets and the last ends where the packet ends. */
static void
attributes_must_fill_the_packet(void **state)
{
	static const struct { const char *attrs; enum rgw_packet_error want; } rows[] = {
		{ "", RGW_PACKET_OK },
		{ "0102", RGW_PACKET_OK },              /* empty value: P-PKT-8 */
		{ "5902", RGW_PACKET_OK },
		{ "0103ff", RGW_PACKET_OK },
		{ "0002", RGW_PACKET_OK },  /* type 0 is unknown, not malformed: P-ATT-5 */
		{ "ff04abcd", RGW_PACKET_OK },
		{ "0104abcd0103ee", RGW_PACKET_OK },
		{ "01", RGW_PACKET_BAD_ATTR },
		{ "0100", RGW_PACKET_BAD_ATTR },
		{ "0101", RGW_PACKET_BAD_ATTR },
		{ "0103", RGW_PACKET_BAD_ATTR },
		{ "0104ab", RGW_PACKET_BAD_ATTR },
		{ "0103ab01", RGW_PACKET_BAD_ATTR },
		{ "0103ab0100", RGW_PACKET_BAD_ATTR },
		{ "01ff", RGW_PACKET_BAD_ATTR },
		{ "1a06000001", RGW_PACKET_BAD_ATTR },
		{ "1a0600000137", RGW_PACKET_OK },  /* a strange VSA is no bad packet: P-ATT-7 */
		{ "1a03ff", RGW_PACKET_OK },
		{ "5003ff", RGW_PACKET_OK },            /* judged by msgauth_check, not here */
		{ "f102", RGW_PACKET_OK },  /* P-ATT-9: invalid attribute, good packet */
		{ "f504" "0180", RGW_PACKET_OK },  /* P-ATT-11: unfinished chain, good packet */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t data[64] = { 1, 9 };
		size_t n = 20 + help_hex(rows[i].attrs, data + 20, sizeof data - 20);

		data[3] = (uint8_t)n;
		assert_int_equal(parse_exact(data, n), rows[i].want);
	}
}

/* An independent walk: the brute definition of P-PKT-6. */
static bool
fills(const uint8_t *data, size_t len)
{
	size_t at = 20;

	while (at < len) {
		if (len - at < 2 || data[at + 1] < 2 || data[at + 1] > len - at)
			return false;
		at += data[at + 1];
	}
	return true;
}

static void
random_attributes(void **state)
{
	struct help_rng rng = { 41 };
	size_t good = 0;

	(void)state;
	for (size_t step = 0; step < 50000; step++) {
		uint8_t data[64];
		size_t n = 20 + help_below(&rng, 40);
		bool ok;

		help_fill(&rng, data, sizeof data);
		for (size_t i = 20; i < n; i++)
			data[i] %= 12;
		data[2] = 0;
		data[3] = (uint8_t)n;
		ok = fills(data, n);
		good += ok;
		assert_int_equal(parse_exact(data, n), ok ? RGW_PACKET_OK : RGW_PACKET_BAD_ATTR);
	}
	assert_true(good > 1000);
}

static void
iteration_gives_every_attribute_in_order(void **state)
{
	struct help_packet p;
	struct rgw_packet parsed;
	struct rgw_attr a = { 0 };
	size_t at = 20;

	(void)state;
	help_begin(&p, 4, 200, auth);
	for (unsigned type = 0; type < 256; type++)
		help_attr(&p, (uint8_t)type, "0123456789abcdef", type % 13);
	parsed = help_finish(&p);
	assert_int_equal(parsed.code, 4);
	assert_int_equal(parsed.id, 200);
	assert_memory_equal(rgw_packet_auth(&parsed), auth, 16);
	for (unsigned type = 0; type < 256; type++) {
		assert_true(rgw_packet_next(&parsed, &a));
		assert_int_equal(a.type, type);
		assert_int_equal(a.len, type % 13);
		assert_int_equal(a.at, at);
		assert_ptr_equal(a.value, p.b + at + 2);
		at += 2 + a.len;
	}
	assert_false(rgw_packet_next(&parsed, &a));
	assert_false(rgw_packet_next(&parsed, &a));
}

static void
a_bare_header_has_no_attributes(void **state)
{
	struct help_packet p;
	struct rgw_packet parsed;
	struct rgw_attr a = { 0 };

	(void)state;
	help_begin(&p, 2, 0, auth);
	parsed = help_finish(&p);
	assert_false(rgw_packet_next(&parsed, &a));
	for (int slot = RGW_AT_NONE; slot < RGW_AT_SLOTS; slot++) {
		assert_false(rgw_packet_has(&parsed, (enum rgw_packet_slot)slot));
		assert_false(rgw_packet_get(&parsed, (enum rgw_packet_slot)slot, &a));
	}
	assert_int_equal(parsed.n_msgauth, 0);
	assert_int_equal(parsed.n_proxy_state, 0);
}

static const struct { uint8_t type; enum rgw_packet_slot slot; } slots[] = {
	{ 1, RGW_AT_USER_NAME }, { 2, RGW_AT_USER_PASSWORD }, { 3, RGW_AT_CHAP_PASSWORD },
	{ 60, RGW_AT_CHAP_CHALLENGE }, { 24, RGW_AT_STATE }, { 31, RGW_AT_CALLING_STATION_ID },
	{ 70, RGW_AT_ARAP_PASSWORD }, { 79, RGW_AT_EAP_MESSAGE },
	{ 80, RGW_AT_MESSAGE_AUTHENTICATOR },
	{ 33, RGW_AT_PROXY_STATE }, { 101, RGW_AT_ERROR_CAUSE },
};

/* Each remembered kind is found alone, and the first of several is the one that is found. */
static void
slots_remember_the_first(void **state)
{
	(void)state;
	assert_int_equal(COUNT(slots), RGW_AT_SLOTS - 1);
	for (size_t i = 0; i < COUNT(slots); i++) {
		struct help_packet p;
		struct rgw_packet parsed;
		struct rgw_attr a;

		help_begin(&p, 1, 0, auth);
		help_text(&p, 200, "before");
		help_text(&p, slots[i].type, "first");
		help_text(&p, 201, "between");
		help_text(&p, slots[i].type, "second");
		parsed = help_finish(&p);
		for (size_t k = 0; k < COUNT(slots); k++)
			assert_int_equal(rgw_packet_has(&parsed, slots[k].slot), k == i);
		assert_true(rgw_packet_get(&parsed, slots[i].slot, &a));
		assert_int_equal(a.type, slots[i].type);
		assert_int_equal(a.len, 5);
		assert_memory_equal(a.value, "first", 5);
		assert_int_equal(a.at, 28);
		assert_int_equal(parsed.n_msgauth, slots[i].type == 80 ? 2 : 0);
		assert_int_equal(parsed.n_proxy_state, slots[i].type == 33 ? 2 : 0);
	}
}

/* A packet holds as many attributes as fit: the counters must not wrap. */
static void
counts_many(void **state)
{
	struct help_packet p;
	struct rgw_packet parsed;

	(void)state;
	help_begin(&p, 1, 0, auth);
	while (p.len < 4096)
		help_attr(&p, p.len % 4 == 0 ? 33 : 80, NULL, 0);
	parsed = help_finish(&p);
	assert_int_equal(parsed.n_proxy_state + parsed.n_msgauth, 2038);
	assert_int_equal(parsed.n_proxy_state, 1019);
}

/* P-EC-3: several may stand there; P-ATT-8: one of another length is not read as Error-Cause. */
static void
error_cause_is_the_first_of_the_right_length(void **state)
{
	static const struct { const char *attrs; uint32_t want; } rows[] = {
		{ "", 0 },
		{ "6506000001f6", 502 },
		{ "6506000001f6 6506000001f9", 502 },
		{ "6506ffffffff", 0xffffffff },
		{ "650501f600", 0 },
		{ "6502", 0 },
		{ "6507000001f600", 0 },
		{ "650501f600 6506000001f9", 505 },
		{ "6502 650300 650700000000 00 6506000001f9", 505 },
		{ "6606000001f6", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t data[64] = { 3, 9 };
		size_t n = 20 + help_hex(rows[i].attrs, data + 20, sizeof data - 20);
		struct rgw_packet p;

		data[3] = (uint8_t)n;
		p = help_parse(data, n);
		assert_true(rgw_packet_error_cause(&p) == rows[i].want);
	}
}

/* P-ERR-2: 241.4 is F1 07 04 and four octets; other lengths and other extended types are not it. */
static void
original_packet_code(void **state)
{
	static const struct { const char *attrs; uint32_t want; } rows[] = {
		{ "", 0 },
		{ "f1070400000001", 1 },
		{ "f10704000000 04 f1070400000001", 4 },
		{ "f107040000002b", 43 },
		{ "f106040000 01", 0 },
		{ "f1080400000001 00", 0 },
		{ "f102", 0 },
		{ "f10304", 0 },
		{ "f1070300001000", 0 },         /* Response-Length */
		{ "f2070400000001", 0 },
		{ "f10304 f10604000001 f1070400000028", 40 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t data[64] = { 52, 9 };
		size_t n = 20 + help_hex(rows[i].attrs, data + 20, sizeof data - 20);
		struct rgw_packet p;

		data[3] = (uint8_t)n;
		p = help_parse(data, n);
		assert_true(rgw_packet_original_code(&p) == rows[i].want);
	}
}

/* P-COD-1, P-COD-2, P-SS-6, P-ERR-3: all 65536 pairs against the table of legal ones. */
static void
legal_pairs(void **state)
{
	static const struct { uint8_t request; uint8_t answers[6]; } table[] = {
		{ 1, { 2, 3, 11, 52 } }, { 4, { 5, 52 } }, { 12, { 2, 5 } },
		{ 40, { 41, 42, 52 } }, { 43, { 44, 45, 52 } },
	};

	(void)state;
	for (unsigned request = 0; request < 256; request++) {
		const uint8_t *answers = NULL;

		for (size_t i = 0; i < COUNT(table); i++)
			if (table[i].request == request)
				answers = table[i].answers;
		assert_int_equal(rgw_code_is_request(request), answers != NULL);
		for (unsigned response = 0; response < 256; response++) {
			bool legal = answers != NULL && response != 0 &&
			    memchr(answers, (int)response, sizeof table[0].answers) != NULL;

			if (rgw_code_answers(response, request) != legal)
				fail_msg("%u answers %u", response, request);
		}
	}
	assert_false(rgw_code_is_request(256 + 1));
}

static void
codes_have_names(void **state)
{
	static const struct { unsigned code; const char *name; } rows[] = {
		{ 1, "Access-Request" }, { 2, "Access-Accept" }, { 3, "Access-Reject" },
		{ 4, "Accounting-Request" }, { 5, "Accounting-Response" },
		{ 11, "Access-Challenge" },
		{ 12, "Status-Server" }, { 40, "Disconnect-Request" }, { 41, "Disconnect-ACK" },
		{ 42, "Disconnect-NAK" }, { 43, "CoA-Request" }, { 44, "CoA-ACK" },
		{ 45, "CoA-NAK" },
		{ 52, "Protocol-Error" }, { 0, "unknown" }, { 6, "unknown" }, { 13, "unknown" },
		{ 255, "unknown" }, { 257, "unknown" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(rgw_code_name(rows[i].code), rows[i].name);
	for (int e = RGW_PACKET_OK; e <= RGW_PACKET_BAD_ATTR; e++)
		assert_true(strlen(rgw_packet_strerror((enum rgw_packet_error)e)) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_input_is_refused),
		cmocka_unit_test(length_field_limits),
		cmocka_unit_test(the_largest_packet_is_taken),
		cmocka_unit_test(padding_is_forgotten),
		cmocka_unit_test(attributes_must_fill_the_packet),
		cmocka_unit_test(random_attributes),
		cmocka_unit_test(iteration_gives_every_attribute_in_order),
		cmocka_unit_test(a_bare_header_has_no_attributes),
		cmocka_unit_test(slots_remember_the_first),
		cmocka_unit_test(counts_many),
		cmocka_unit_test(error_cause_is_the_first_of_the_right_length),
		cmocka_unit_test(original_packet_code),
		cmocka_unit_test(legal_pairs),
		cmocka_unit_test(codes_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
