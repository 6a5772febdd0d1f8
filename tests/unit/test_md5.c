/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/md5.h"

#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/mem.h"
#include "radsecgw/secret.h"

static void
md5_of(const void *data, size_t len, uint8_t out[static 16])
{
	struct rgw_md5 ctx;

	rgw_md5_init(&ctx);
	rgw_md5_update(&ctx, data, len);
	rgw_md5_final(&ctx, out);
}

static void
hmac_of(const void *key, size_t key_len, const void *data, size_t len, uint8_t out[static 16])
{
	struct rgw_hmac_key k;
	struct rgw_md5 ctx;

	rgw_hmac_key_init(&k, key, key_len);
	rgw_hmac_begin(&ctx, &k);
	rgw_md5_update(&ctx, data, len);
	rgw_hmac_end(&ctx, &k, out);
}

static void
check_hex(const uint8_t got[static 16], const char *expect)
{
	uint8_t want[16];

	assert_int_equal(help_hex(expect, want, sizeof want), 16);
	assert_memory_equal(got, want, 16);
}

/* RFC 1321 A.5. */
static void
rfc1321_suite(void **state)
{
	static const struct { const char *text; const char *digest; } suite[] = {
		{ "", "d41d8cd98f00b204e9800998ecf8427e" },
		{ "a", "0cc175b9c0f1b6a831c399e269772661" },
		{ "abc", "900150983cd24fb0d6963f7d28e17f72" },
		{ "message digest", "f96b697d7cb7938d525a2f31aaf161d0" },
		{ "abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b" },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
		    "d174ab98d277d9f5a5611c2c9f419d9f" },
		{ "1234567890123456789012345678901234567890123456789012345678901234567890123456789"
		  "0", "57edf4a22be3c955ac49da2e2107b67a" },
	};
	uint8_t digest[16];

	(void)state;
	for (size_t i = 0; i < COUNT(suite); i++) {
		md5_of(suite[i].text, strlen(suite[i].text), digest);
		check_hex(digest, suite[i].digest);
		help_md5(suite[i].text, strlen(suite[i].text), digest);
		check_hex(digest, suite[i].digest);
	}
}

static void
a_million_times_a(void **state)
{
	uint8_t digest[16];
	uint8_t chunk[1000];
	struct rgw_md5 ctx;

	(void)state;
	memset(chunk, 'a', sizeof chunk);
	rgw_md5_init(&ctx);
	for (size_t i = 0; i < 1000; i++)
		rgw_md5_update(&ctx, chunk, sizeof chunk);
	rgw_md5_final(&ctx, digest);
	check_hex(digest, "7707d6ae4e027c70eea2a935c2296f21");
}

/* RFC 2202 section 2, all seven cases: key, key repeated, data, data repeated. */
static void
rfc2202_suite(void **state)
{
	static const struct {
		const char *key;
		size_t key_times;
		const char *data;
		size_t data_times;
		const char *mac;
	} suite[] = {
		{ "0b", 16, "4869205468657265", 1, "9294727a3638bb1c13f48ef8158bfc9d" },
		{ "4a656665", 1, "7768617420646f2079612077616e7420666f72206e6f7468696e673f", 1,
		    "750c783e6ab0b503eaa86e310a5db738" },
		{ "aa", 16, "dd", 50, "56be34521d144c88dbb8c733f0e8b3f6" },
		{ "0102030405060708090a0b0c0d0e0f10111213141516171819", 1, "cd", 50,
		    "697eaf0aca3a3aea3a75164746ffaa79" },
		{ "0c", 16, "546573742057697468205472756e636174696f6e", 1,
		    "56461ef2342edc00f9bab995690efd4c" },
		{ "aa", 80,
		    "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579"
		    "202d2048617368204b6579204669727374", 1,
		    "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd" },
		{ "aa", 80,
		    "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579"
		    "20616e64204c6172676572205468616e204f6e6520426c6f636b2d53697a652044617461", 1,
		    "6f630fad67cda0ee1fb1f562db3aa53e" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(suite); i++) {
		uint8_t key[128];
		uint8_t data[128];
		uint8_t mac[16];
		size_t key_len = 0;
		size_t len = 0;

		for (size_t k = 0; k < suite[i].key_times; k++)
			key_len += help_hex(suite[i].key, key + key_len, sizeof key - key_len);
		for (size_t k = 0; k < suite[i].data_times; k++)
			len += help_hex(suite[i].data, data + len, sizeof data - len);
		hmac_of(key, key_len, data, len, mac);
		check_hex(mac, suite[i].mac);
		help_hmac(key, key_len, data, len, mac);
		check_hex(mac, suite[i].mac);
	}
}

static void
fill_pattern(uint8_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(i * 7 + 3);
}

/* Lengths 0 to 300, in one go: against our second implementation, and all digests together
 * against a digest of them that another implementation computed. */
static void
every_length(void **state)
{
	uint8_t data[300];
	uint8_t got[16];
	uint8_t want[16];
	struct rgw_md5 all;

	(void)state;
	fill_pattern(data, sizeof data);
	rgw_md5_init(&all);
	for (size_t n = 0; n <= sizeof data; n++) {
		md5_of(data, n, got);
		help_md5(data, n, want);
		assert_memory_equal(got, want, 16);
		rgw_md5_update(&all, got, 16);
	}
	rgw_md5_final(&all, got);
	check_hex(got, "bbc8219ce2f09cb1b1235ce3b7ef018c");
}

/* Every length, cut in two at every place. */
static void
every_split(void **state)
{
	uint8_t data[300];
	uint8_t got[16];
	uint8_t want[16];

	(void)state;
	fill_pattern(data, sizeof data);
	for (size_t n = 0; n <= sizeof data; n++) {
		md5_of(data, n, want);
		for (size_t cut = 0; cut <= n; cut++) {
			struct rgw_md5 ctx;

			rgw_md5_init(&ctx);
			rgw_md5_update(&ctx, data, cut);
			rgw_md5_update(&ctx, data + cut, n - cut);
			rgw_md5_final(&ctx, got);
			assert_memory_equal(got, want, 16);
		}
	}
}

static void
pieces_of_every_size(void **state)
{
	uint8_t data[300];
	uint8_t got[16];
	uint8_t want[16];
	struct rgw_md5 ctx;

	(void)state;
	fill_pattern(data, sizeof data);
	md5_of(data, sizeof data, want);
	for (size_t piece = 1; piece <= sizeof data; piece++) {
		rgw_md5_init(&ctx);
		for (size_t at = 0; at < sizeof data; at += piece) {
			size_t left = sizeof data - at;

			rgw_md5_update(&ctx, data + at, left < piece ? left : piece);
			rgw_md5_update(&ctx, NULL, 0);
		}
		rgw_md5_final(&ctx, got);
		assert_memory_equal(got, want, 16);
	}
}

/* What secrets do: a state that has taken the first n octets is copied and goes on. */
static void
a_copied_state_goes_on(void **state)
{
	uint8_t data[200];
	uint8_t got[16];
	uint8_t want[16];

	(void)state;
	fill_pattern(data, sizeof data);
	for (size_t n = 1; n < 150; n++) {
		struct rgw_secret *secret = rgw_secret_new(data, n);

		for (size_t more = 0; more < 50; more += 16) {
			struct rgw_md5 ctx = secret->prefix;

			rgw_md5_update(&ctx, data + n, more);
			rgw_md5_final(&ctx, got);
			help_md5(data, n + more, want);
			assert_memory_equal(got, want, 16);
		}
		assert_int_equal(secret->len, n);
		assert_memory_equal(secret->octets, data, n);
		rgw_secret_free(secret);
	}
	rgw_secret_free(NULL);
}

/* Keys of 0 to 200 octets; 64 and 65 are where hashing of the key begins. */
static void
hmac_keys_of_every_length(void **state)
{
	uint8_t pattern[301];
	uint8_t got[16];
	uint8_t want[16];
	struct rgw_md5 all;

	(void)state;
	fill_pattern(pattern, sizeof pattern);
	rgw_md5_init(&all);
	for (size_t n = 0; n <= 200; n++) {
		hmac_of(pattern, n, pattern, sizeof pattern, got);
		help_hmac(pattern, n, pattern, sizeof pattern, want);
		assert_memory_equal(got, want, 16);
		rgw_md5_update(&all, got, 16);
	}
	rgw_md5_final(&all, got);
	check_hex(got, "bec5abecfb38029680efc8036404b725");
}

static void
hmac_data_of_every_length(void **state)
{
	uint8_t pattern[301];
	uint8_t got[16];
	struct rgw_md5 all;

	(void)state;
	fill_pattern(pattern, sizeof pattern);
	rgw_md5_init(&all);
	for (size_t n = 0; n <= 300; n++) {
		hmac_of("secret", 6, pattern, n, got);
		rgw_md5_update(&all, got, 16);
	}
	rgw_md5_final(&all, got);
	check_hex(got, "be91e67e9a9fe29de177fa6e7360bdf3");
}

/* P-PKT-13, P-PKT-14: a secret is octets, NUL among them, and only its own. */
static void
secrets_are_octets(void **state)
{
	static const uint8_t with_nul[] = { 'a', 0, 'b', 0 };
	uint8_t a[16];
	uint8_t b[16];

	(void)state;
	/* What stands behind the NUL counts. */
	hmac_of(with_nul, 3, "x", 1, a);
	hmac_of(with_nul, 1, "x", 1, b);
	assert_memory_not_equal(a, b, 16);
	for (size_t n = 1; n <= 4; n++) {
		struct rgw_secret *s = rgw_secret_new(with_nul, n);

		rgw_md5_final(&s->prefix, a);
		help_md5(with_nul, n, b);
		assert_memory_equal(a, b, 16);
		rgw_secret_free(s);
	}
}

/* ---- several side by side ---- */

#define BLOCKS_MAX 70

/* How the lengths of the lanes are made. */
enum { EQUAL, ANY, ONE_LONG, SOME_EMPTY, STYLES };

static size_t
some_blocks(struct help_rng *rng, uint32_t style, size_t lane, size_t longest)
{
	switch (style) {
	case EQUAL:
		return longest;
	case ONE_LONG:
		return lane == 1 ? longest : help_below(rng, 2);
	case SOME_EMPTY:
		return help_below(rng, 3) == 0 ? 0 : longest;
	default:
		return help_below(rng, BLOCKS_MAX + 1);
	}
}

/* The lanes with what has to become of them. Blocks lie just where memory ends, so that nobody reads on. */
struct lanes {
	struct rgw_md5_lane lane[RGW_MD5_LANES + 1];
	struct rgw_md5 want[RGW_MD5_LANES + 1];
	uint8_t *blocks[RGW_MD5_LANES + 1];
	size_t n;
};

static void
make_lanes(struct lanes *l, struct help_rng *rng, uint32_t style)
{
	size_t longest = help_below(rng, BLOCKS_MAX + 1);

	l->n = help_below(rng, RGW_MD5_LANES + 1);
	for (size_t i = 0; i <= RGW_MD5_LANES; i++) {
		struct rgw_md5_lane *lane = &l->lane[i];

		lane->n = some_blocks(rng, style, i, longest);
		l->blocks[i] = rgw_xcalloc(lane->n, 64);
		help_fill(rng, l->blocks[i], lane->n * 64);
		help_fill(rng, lane->state, sizeof lane->state);
		lane->blocks = l->blocks[i];
		rgw_md5_init(&l->want[i]);
		memcpy(l->want[i].state, lane->state, sizeof lane->state);
		/* Those behind the last are nobody's. */
		if (i < l->n)
			rgw_md5_update(&l->want[i], lane->blocks, lane->n * 64);
	}
}

/* Whatever is taken together and whatever alone: the states are those of one after the other. */
static void
lanes_do_not_mix(void **state)
{
	struct help_rng rng = { 1321 };
	unsigned together = 0, alone = 0;
	struct lanes l;

	(void)state;
	for (int round = 0; round < 4000; round++) {
		uint32_t style = help_below(&rng, STYLES);

		make_lanes(&l, &rng, style);
		rgw_md5_run(l.lane, l.n);
		for (size_t i = 0; i <= RGW_MD5_LANES; i++) {
			assert_memory_equal(l.lane[i].state, l.want[i].state, sizeof l.want[i].state);
			free(l.blocks[i]);
		}
		/* Nothing can be better for vectors than the one, and nothing worse than the other. */
		together += style == EQUAL && l.n == RGW_MD5_LANES && l.lane[0].n > 0;
		alone += style == ONE_LONG && l.n > 1 && l.lane[1].n > 10;
	}
	assert_true(together > 50);
	assert_true(alone > 200);
}

/* Messages of all lengths up to three blocks, eight at a time, padded: against our second implementation. */
static void
padded_messages_side_by_side(void **state)
{
	uint8_t messages[RGW_MD5_LANES][200 + RGW_MD5_PAD];
	struct rgw_md5_lane lanes[RGW_MD5_LANES];
	uint8_t got[16];
	uint8_t want[16];
	struct rgw_md5 md5;

	(void)state;
	rgw_md5_init(&md5);
	for (size_t first = 0; first + RGW_MD5_LANES <= 201; first++) {
		for (size_t i = 0; i < RGW_MD5_LANES; i++) {
			fill_pattern(messages[i], first + i);
			lanes[i].blocks = messages[i];
			lanes[i].n = rgw_md5_pad(messages[i], first + i, 0);
			memcpy(lanes[i].state, md5.state, sizeof md5.state);
		}
		rgw_md5_run(lanes, RGW_MD5_LANES);
		for (size_t i = 0; i < RGW_MD5_LANES; i++) {
			rgw_md5_digest(lanes[i].state, got);
			fill_pattern(messages[i], first + i);
			help_md5(messages[i], first + i, want);
			assert_memory_equal(got, want, 16);
		}
	}
}

/* The padding counts what went into the state before, and takes no more room than it says. */
static void
padding_of_every_length(void **state)
{
	static const uint64_t befores[] = { 0, 64, 128, 64 * 1000, UINT64_C(1) << 29, UINT64_C(5) << 32 };
	struct help_rng rng = { 31 };

	(void)state;
	for (size_t k = 0; k < COUNT(befores); k++)
		for (size_t len = 0; len <= 200; len++) {
			uint8_t message[200 + RGW_MD5_PAD + 1];
			struct rgw_md5 md5 = { .length = befores[k] };
			struct rgw_md5_lane lane = { .blocks = message };
			uint8_t got[16];
			uint8_t want[16];

			help_fill(&rng, md5.state, sizeof md5.state);
			memcpy(lane.state, md5.state, sizeof md5.state);
			memset(message, 0xee, sizeof message);
			fill_pattern(message, len);
			rgw_md5_update(&md5, message, len);
			rgw_md5_final(&md5, want);
			lane.n = rgw_md5_pad(message, len, befores[k]);
			assert_in_range(lane.n * 64, len + 9, len + RGW_MD5_PAD);
			assert_int_equal(message[lane.n * 64], 0xee);
			rgw_md5_run(&lane, 1);
			rgw_md5_digest(lane.state, got);
			assert_memory_equal(got, want, 16);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc1321_suite),
		cmocka_unit_test(a_million_times_a),
		cmocka_unit_test(rfc2202_suite),
		cmocka_unit_test(every_length),
		cmocka_unit_test(every_split),
		cmocka_unit_test(pieces_of_every_size),
		cmocka_unit_test(a_copied_state_goes_on),
		cmocka_unit_test(hmac_keys_of_every_length),
		cmocka_unit_test(hmac_data_of_every_length),
		cmocka_unit_test(secrets_are_octets),
		cmocka_unit_test(lanes_do_not_mix),
		cmocka_unit_test(padded_messages_side_by_side),
		cmocka_unit_test(padding_of_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
