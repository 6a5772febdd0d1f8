/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hidden values inside Vendor-Specific attributes on their way through a hop. */
#include "radsecgw/hop.h"

#include "helpers.h"

#define WIMAX 24757u

static int
setup(void **state)
{
	*state = help_hops_new("a", "a much longer secret, which fills more than one block of "
	    "the hash, since that has sixty-four octets");
	return 0;
}

static int
teardown(void **state)
{
	help_hops_free(*state);
	return 0;
}

/* Carries an Access-Accept back whose attributes must not change at all. */
static void
assert_untouched(struct help_hops *h, struct help_packet *p)
{
	struct rgw_packet in = help_finish(p);
	struct rgw_packet out = help_back(h, &in);

	assert_int_equal(out.len, in.len + 18);
	assert_memory_equal(out.data + 38, in.data + 20, in.len - 20u);
}

/* P-SLT-8: Send-Key and Recv-Key in one attribute, something else before, between and behind. */
static void
two_keys_in_one_attribute(void **state)
{
	struct help_hops *h = *state;
	uint8_t sub[4 + 36 + 5 + 52 + 3];
	uint8_t *send = sub + 4 + 2;
	uint8_t *recv = sub + 4 + 36 + 5 + 2;
	struct help_packet p;
	struct rgw_packet in;
	struct rgw_packet out;
	struct rgw_attr a;

	memcpy(sub, "\x07\x04\x00\x01", 4);
	memcpy(sub + 4, "\x10\x24\x80\x01", 4);
	memset(send + 2, 's', 32);
	memcpy(sub + 40, "\x08\x05xyz", 5);
	memcpy(sub + 45, "\x11\x34\x80\x02", 4);
	memset(recv + 2, 'r', 48);
	memcpy(sub + 97, "\x63\x03.", 3);
	help_hide(&h->b, send, send + 2, 32);
	help_hide(&h->b, recv, recv + 2, 48);
	help_begin(&p, 2, 77, NULL);
	help_vsa(&p, 311, sub, sizeof sub);
	in = help_finish(&p);
	out = help_back(h, &in);
	a = help_find(&out, 26);
	assert_int_equal(a.len, 4 + sizeof sub);
	assert_memory_equal(a.value, "\0\0\x01\x37", 4);
	memcpy(sub, a.value + 4, sizeof sub);
	help_unhide(&h->a, send, send + 2, 32);
	help_unhide(&h->a, recv, recv + 2, 48);
	assert_memory_equal(sub, "\x07\x04\x00\x01\x10\x24\x80\x01ssssssssssssssssssssssssssssssss",
	    40);
	assert_memory_equal(sub + 40,
	    "\x08\x05xyz\x11\x34\x80\x02rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr", 45);
	assert_memory_equal(sub + 85, "rrrrrrrrrrrr\x63\x03.", 15);
}

/* P-SLT-9: 24 octets padded to 32, hidden like a password. */
static void
ms_chap_mppe_keys(void **state)
{
	struct help_hops *h = *state;
	static const struct rgw_hidden row = { 311, 12, 0, RGW_HIDE_PASSWORD, false };
	uint8_t keys[32] = "LMKEY678NTKEY6789abcdef.";
	struct help_packet p;
	struct rgw_packet in;
	struct rgw_packet out;
	size_t n;

	help_hide(&h->b, NULL, keys, sizeof keys);
	help_begin(&p, 2, 77, NULL);
	help_wrap(&p, &row, keys, sizeof keys);
	in = help_finish(&p);
	out = help_back(h, &in);
	memcpy(keys, help_unwrap(&out, &row, &n), sizeof keys);
	assert_int_equal(n, 32);
	help_unhide(&h->a, NULL, keys, sizeof keys);
	assert_memory_equal(keys, "LMKEY678NTKEY6789abcdef.\0\0\0\0\0\0\0\0", 32);
}

/* P-ENC-6: Lucent numbers have two octets; 54998 is 0xd6d6, whose halves look like 214. */
static void
lucent_types_have_two_octets(void **state)
{
	struct help_hops *h = *state;
	uint8_t sub[19 + 19 + 6];
	struct help_packet p;
	struct rgw_packet in;
	struct rgw_packet out;
	struct rgw_attr a;

	memcpy(sub, "\x00\xd6\x13", 3);
	memcpy(sub + 3, "lucent secret 16", 16);
	memcpy(sub + 19, "\xd6\xd6\x13not hidden at all", 19);
	memcpy(sub + 38, "\xd6\x00\x06xyz", 6);
	help_ascend(&h->b, sub + 3, 16);
	help_begin(&p, 2, 77, NULL);
	help_vsa(&p, 4846, sub, sizeof sub);
	in = help_finish(&p);
	out = help_back(h, &in);
	a = help_find(&out, 26);
	memcpy(sub, a.value + 4, sizeof sub);
	help_ascend(&h->a, sub + 3, 16);
	assert_memory_equal(sub, "\x00\xd6\x13lucent secret 16", 19);
	assert_memory_equal(sub + 19, "\xd6\xd6\x13not hidden at all", 16);
	assert_memory_equal(sub + 38, "\xd6\x00\x06xyz", 6);
}

/* A hidden WiMAX value, salt first, cut into pieces of the given sizes (0 ends the list). */
struct chain {
	uint8_t type;
	uint8_t value[600];
	size_t n;
	size_t piece[12];
	size_t at;    /* how far it has been sent */
	size_t next;  /* the piece that comes next */
};

static void
chain_init(const struct help_hops *h, struct chain *c, uint8_t type, uint16_t salt,
    const size_t *pieces)
{
	struct help_rng rng = { 1000u + type };

	memset(c, 0, sizeof *c);
	c->type = type;
	for (size_t i = 0; pieces[i] != SIZE_MAX; i++) {
		c->piece[i] = pieces[i];
		c->n += pieces[i];
		c->piece[i + 1] = SIZE_MAX;
	}
	help_fill(&rng, c->value, c->n);
	c->value[0] = (uint8_t)(salt >> 8);
	c->value[1] = (uint8_t)salt;
	help_hide(&h->b, c->value, c->value + 2, c->n - 2);
}

/* The next attribute of a chain; the low bits of the continuation octet mean nothing. */
static void
chain_send(struct help_packet *p, struct chain *c)
{
	uint8_t sub[249] = { c->type };
	size_t n = c->piece[c->next++];
	bool more = c->piece[c->next] != SIZE_MAX;

	sub[1] = (uint8_t)(3 + n);
	sub[2] = more ? 0xc1 : 0x41;
	memcpy(sub + 3, c->value + c->at, n);
	help_vsa(p, WIMAX, sub, 3 + n);
	c->at += n;
}

/* Collects the pieces of a type from what came out, and compares the plain text with what it
 * was. */
static void
chain_check(const struct help_hops *h, const struct rgw_packet *out, struct chain *c)
{
	uint8_t got[600];
	struct rgw_attr a = { 0 };
	size_t n = 0;
	size_t k = 0;

	while (rgw_packet_next(out, &a)) {
		if (a.type != 26 || a.value[4] != c->type)
			continue;
		assert_int_equal(a.len, 7 + c->piece[k]);
		assert_int_equal(a.value[5], 3 + c->piece[k]);
		assert_int_equal(a.value[6], c->piece[++k] != SIZE_MAX ? 0xc1 : 0x41);
		memcpy(got + n, a.value + 7, a.len - 7u);
		n += a.len - 7u;
	}
	assert_int_equal(n, c->n);
	help_unhide(&h->a, got, got + 2, n - 2);
	help_unhide(&h->b, c->value, c->value + 2, n - 2);
	assert_memory_equal(got + 2, c->value + 2, n - 2);
}

/* P-ENC-6: the cipher runs on over the attributes of a chain, wherever they cut the value. */
static void
wimax_chains_run_on(void **state)
{
	static const size_t cuts[][8] = {
		{ 34, SIZE_MAX }, { 18, 16, SIZE_MAX }, { 10, 24, SIZE_MAX }, { 2, 32, SIZE_MAX },
		{ 34, 0, SIZE_MAX }, { 3, 0, 1, 15, 31, SIZE_MAX }, { 246, 246, SIZE_MAX },
		{ 17, 17, 17, 17, 17, 17, 17 - 1, SIZE_MAX },
	};
	struct help_hops *h = *state;

	for (size_t i = 0; i < COUNT(cuts); i++) {
		struct chain c;
		struct help_packet p;
		struct rgw_packet in;
		struct rgw_packet out;

		chain_init(h, &c, 5, 0x8123, cuts[i]);
		help_begin(&p, 2, 77, NULL);
		while (c.piece[c.next] != SIZE_MAX)
			chain_send(&p, &c);
		in = help_finish(&p);
		out = help_back(h, &in);
		chain_check(h, &out, &c);
	}
}

/* Other attributes between the pieces, hidden ones of the same and other vendors among them. */
static void
wimax_chains_with_others_in_between(void **state)
{
	static const size_t cut[] = { 20, 5, 41, SIZE_MAX };
	static const size_t single[] = { 34, SIZE_MAX };
	static const struct rgw_hidden key = { 311, 16, 0, RGW_HIDE_SALT, false };
	struct help_hops *h = *state;
	uint8_t other[18] = { 0x80, 0x55 };
	struct chain c;
	struct chain s;
	struct help_packet p;
	struct rgw_packet in;
	struct rgw_packet out;
	size_t n;

	chain_init(h, &c, 131, 0x8001, cut);
	chain_init(h, &s, 10, 0x8002, single);
	help_hide(&h->b, other, other + 2, 16);
	help_begin(&p, 2, 77, NULL);
	chain_send(&p, &c);
	help_text(&p, 18, "hello");
	help_wrap(&p, &key, other, sizeof other);
	chain_send(&p, &c);
	chain_send(&p, &s);
	help_vsa(&p, WIMAX, "\x01\x05\x80zz", 5);  /* not hidden, with More */
	chain_send(&p, &c);
	in = help_finish(&p);
	out = help_back(h, &in);
	chain_check(h, &out, &c);
	chain_check(h, &out, &s);
	memcpy(other, help_unwrap(&out, &key, &n), sizeof other);
	help_unhide(&h->a, other, other + 2, 16);
	assert_memory_equal(other + 2, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

/* Two chains one after the other; the second has its own salt. The same type twice is no chain. */
static void
wimax_chains_end(void **state)
{
	static const size_t cut[] = { 20, 14, SIZE_MAX };
	struct help_hops *h = *state;
	struct chain c;
	struct chain d;
	struct help_packet p;
	struct rgw_packet in;
	struct rgw_packet out;

	chain_init(h, &c, 5, 0x8001, cut);
	chain_init(h, &d, 10, 0x8002, cut);
	help_begin(&p, 2, 77, NULL);
	chain_send(&p, &c);
	chain_send(&p, &c);
	chain_send(&p, &d);
	chain_send(&p, &d);
	in = help_finish(&p);
	out = help_back(h, &in);
	chain_check(h, &out, &c);
	chain_check(h, &out, &d);
}

/* A chain that is never finished: what is there is carried; nothing else is harmed. */
static void
an_unfinished_chain(void **state)
{
	static const size_t cut[] = { 20, 30, 7, SIZE_MAX };
	static const size_t single[] = { 34, SIZE_MAX };
	struct help_hops *h = *state;
	struct chain c;
	struct chain s;
	struct help_packet p;
	struct rgw_packet in;
	struct rgw_packet out;

	chain_init(h, &c, 5, 0x8001, cut);
	chain_init(h, &s, 10, 0x8002, single);
	help_begin(&p, 2, 77, NULL);
	chain_send(&p, &c);
	chain_send(&p, &c);
	chain_send(&p, &s);
	in = help_finish(&p);
	out = help_back(h, &in);
	c.n = 50;
	chain_check(h, &out, &c);
	chain_check(h, &out, &s);
}

/* A first piece without a whole salt is invalid (P-SLT-7): the pieces behind it must not be taken
 * for values of their own. */
static void
a_chain_without_a_salt_stays(void **state)
{
	struct help_hops *h = *state;
	struct help_packet p;

	for (size_t n = 0; n <= 1; n++) {
		uint8_t first[4] = { 5, (uint8_t)(3 + n), 0x80, 0x81 };

		help_begin(&p, 2, 77, NULL);
		help_vsa(&p, WIMAX, first, 3 + n);
		help_vsa(&p, WIMAX, "\x05\x15\x80" "0123456789abcdefgh", 21);
		help_vsa(&p, WIMAX, "\x05\x15\x00" "0123456789abcdefgh", 21);
		assert_untouched(h, &p);
	}
}

/* P-ENC-7: inside 86 and 87 only the value of TLV 3 is hidden. */
static void
wimax_tlvs(void **state)
{
	static const uint8_t types[] = { 86, 87 };
	struct help_hops *h = *state;

	for (size_t i = 0; i < COUNT(types); i++) {
		uint8_t sub[3 + 6 + 36 + 4 + 20];
		uint8_t *one = sub + 3 + 6 + 2;
		uint8_t *two = sub + 3 + 6 + 36 + 4 + 2;
		struct help_packet p;
		struct rgw_packet in;
		struct rgw_packet out;
		struct rgw_attr a;

		memcpy(sub, "\x00\x45\x00\x01\x06\x0a\x00\x00\x01\x03\x24\x80\x01", 13);
		sub[0] = types[i];
		memset(one + 2, '1', 32);
		memcpy(sub + 45, "\x02\x04\x03\x12\x03\x14\x80\x02", 8);
		memset(two + 2, '2', 16);
		help_hide(&h->b, one, one + 2, 32);
		help_hide(&h->b, two, two + 2, 16);
		help_begin(&p, 2, 77, NULL);
		help_vsa(&p, WIMAX, sub, sizeof sub);
		in = help_finish(&p);
		out = help_back(h, &in);
		a = help_find(&out, 26);
		memcpy(sub, a.value + 4, sizeof sub);
		help_unhide(&h->a, one, one + 2, 32);
		help_unhide(&h->a, two, two + 2, 16);
		assert_int_equal(sub[0], types[i]);
		assert_memory_equal(sub + 1, "\x45\x00\x01\x06\x0a\x00\x00\x01\x03\x24\x80\x01"
		    "11111111111111111111111111111111", 44);
		assert_memory_equal(sub + 45, "\x02\x04\x03\x12\x03\x14\x80\x02" "2222222222222222",
		    24);
	}
}

/* TLVs that do not parse stay; so does a TLV 3 that is too short for a salt. */
static void
broken_tlvs_stay(void **state)
{
	static const char *const texts[] = {
		"5605000300", "5605000301", "5605000303", "5605000400", "56050003ff", "56040003",
		"560300", "5606000303aa", "56100003120102030405060708090a0b0c", "5607000000030c",
		/* another attribute with the TLVs of 86 inside */
		"5517000314" "8001" "000102030405060708090a0b0c0d0e0f",
		/* TLV 4 with what looks like TLV 3 inside */
		"5619000416" "0314" "8001" "000102030405060708090a0b0c0d0e0f",
	};
	struct help_hops *h = *state;

	for (size_t i = 0; i < COUNT(texts); i++) {
		uint8_t sub[64];
		size_t n = help_hex(texts[i], sub, sizeof sub);
		struct help_packet p;

		help_begin(&p, 2, 77, NULL);
		help_vsa(&p, WIMAX, sub, n);
		assert_untouched(h, &p);
	}
}

/* The second attribute of a list of TLVs that was cut somewhere does not begin with a TLV: what
 * looks like one there is not. */
static void
cut_lists_of_tlvs_are_not_misread(void **state)
{
	struct help_hops *h = *state;
	struct help_packet p;

	help_begin(&p, 2, 77, NULL);
	help_vsa(&p, WIMAX, "\x56\x0b\x80\x01\x40" "abcdef", 11);
	help_vsa(&p, WIMAX, "\x56\x17\x80\x03\x14\x80\x01" "0123456789abcdef", 23);
	help_vsa(&p, WIMAX, "\x56\x17\x00\x03\x14\x80\x01" "0123456789abcdef", 23);
	assert_untouched(h, &p);
}

/* P-ATT-6, P-ATT-7: an attribute whose inside does not parse is forwarded whole, even the parts
 * that parse. All of these are attribute 26 with hidden numbers inside. */
static void
vendor_attributes_that_do_not_parse_stay(void **state)
{
	static const char *const values[] = {
		"", "00", "000001", "00000137", "0000013710", "000001371000", "000001371001",
		"000001371003", "0000013710ff80010011223344",
		"0000013711",
		/* a good Send-Key, then rubbish */
		"00000137" "1014" "8001" "000102030405060708090a0b0c0d0e0f" "11",
		"00000137" "1014" "8001" "000102030405060708090a0b0c0d0e0f" "1100",
		"00000137" "1014" "8001" "000102030405060708090a0b0c0d0e0f" "1105ffff",
		/* Lucent: the header has three octets */
		"000012ee" "00d6", "000012ee" "00d602", "000012ee" "00d600",
		"000012ee" "00d613" "000102030405060708090a0b0c0d0e",
		/* WiMAX: so has this */
		"000060b5" "0502", "000060b5" "050280", "000060b5" "0500",
		"000060b5" "051580" "8001" "0001020304050607",
	};
	struct help_hops *h = *state;

	for (size_t i = 0; i < COUNT(values); i++) {
		uint8_t value[64];
		size_t n = help_hex(values[i], value, sizeof value);
		struct help_packet p;

		help_begin(&p, 2, 77, NULL);
		help_attr(&p, 26, value, n);
		help_text(&p, 18, "x");
		assert_untouched(h, &p);
	}
}

/* P-ENC-8, P-ATT-6: vendors without hidden attributes, and Vendor-Id 0, whose sub-attributes are
 * not those of the standard space. */
static void
other_vendors_stay(void **state)
{
	static const char *const values[] = {
		"00000000" "0212" "000102030405060708090a0b0c0d0e0f",
		"00000000" "4515" "018001" "000102030405060708090a0b0c0d0e0f",
		"01000137" "1014" "8001" "000102030405060708090a0b0c0d0e0f",  /* 16777527 */
		"00000009" "0212" "000102030405060708090a0b0c0d0e0f",
		"000028af" "1014" "8001" "000102030405060708090a0b0c0d0e0f",  /* 3GPP */
		"00000137" "0212" "000102030405060708090a0b0c0d0e0f",        /* MS-CHAP-Error */
		"00000137" "0314" "8001" "000102030405060708090a0b0c0d0e0f",
	};
	struct help_hops *h = *state;

	for (size_t i = 0; i < COUNT(values); i++) {
		uint8_t value[64];
		size_t n = help_hex(values[i], value, sizeof value);
		struct help_packet p;

		help_begin(&p, 2, 77, NULL);
		help_attr(&p, 26, value, n);
		assert_untouched(h, &p);
	}
}

/* P-SLT-1 against the first of the rules most often broken: neither the response's own
 * authenticator nor one side's authenticator on the other side plays a part. */
static void
responses_are_keyed_with_the_requests_authenticators(void **state)
{
	struct help_hops *h = *state;
	uint8_t first[64];
	static const struct rgw_hidden row = { 311, 17, 0, RGW_HIDE_SALT, false };
	uint8_t value[34] = { 0x80, 0x01 };

	help_hide(&h->b, value, value + 2, 32);
	for (int i = 0; i < 2; i++) {
		struct help_packet p;
		struct rgw_packet in;
		struct rgw_packet out;
		size_t n;
		const uint8_t *v;

		/* Another authenticator in the response's own header changes nothing. */
		help_begin(&p, 2, 77, i == 0 ? h->auth_a : NULL);
		help_wrap(&p, &row, value, sizeof value);
		in = help_finish(&p);
		out = help_back(h, &in);
		v = help_unwrap(&out, &row, &n);
		if (i == 0)
			memcpy(first, v, n);
		assert_memory_equal(first, v, n);
		memcpy(first, v, n);
	}
	help_unhide(&h->a, first, first + 2, 32);
	assert_memory_equal(first + 2,
	    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 32);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_keys_in_one_attribute),
		TEST(ms_chap_mppe_keys),
		TEST(lucent_types_have_two_octets),
		TEST(wimax_chains_run_on),
		TEST(wimax_chains_with_others_in_between),
		TEST(wimax_chains_end),
		TEST(an_unfinished_chain),
		TEST(a_chain_without_a_salt_stays),
		TEST(wimax_tlvs),
		TEST(broken_tlvs_stay),
		TEST(cut_lists_of_tlvs_are_not_misread),
		TEST(vendor_attributes_that_do_not_parse_stay),
		TEST(other_vendors_stay),
		TEST(responses_are_keyed_with_the_requests_authenticators),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
