/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/sha256.h"

#include <stdio.h>

#include "helpers.h"

static void
expect(const uint8_t digest[static RGW_SHA256_LEN], const char *want)
{
	char text[2 * RGW_SHA256_LEN + 1];

	for (unsigned i = 0; i < RGW_SHA256_LEN; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(text, want);
}

/* FIPS 180-4, and lengths around the end of a block. */
static void
digests(void **state)
{
	static const struct {
		size_t len;
		const char *want;
	} as[] = {
		{ 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318" },
		{ 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a" },
		{ 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb" },
		{ 200, "c2a908d98f5df987ade41b5fce213067efbcc21ef2240212a41e54b5e7c28ae5" },
	};
	uint8_t digest[RGW_SHA256_LEN];
	char text[200];

	(void)state;
	rgw_sha256("abc", 3, digest);
	expect(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	memset(text, 'a', sizeof text);
	for (size_t i = 0; i < sizeof as / sizeof as[0]; i++) {
		rgw_sha256(text, as[i].len, digest);
		expect(digest, as[i].want);
	}
}

/* RFC 4231, test cases 2 and 6. */
static void
keyed(void **state)
{
	static const char text[] = "what do ya want for nothing?", long_text[] =
		"Test Using Larger Than Block-Size Key - Hash Key First";
	uint8_t digest[RGW_SHA256_LEN], key[131];

	(void)state;
	rgw_hmac_sha256("Jefe", 4, text, sizeof text - 1, digest);
	expect(digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof key);
	rgw_hmac_sha256(key, sizeof key, long_text, sizeof long_text - 1, digest);
	expect(digest, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests),
		cmocka_unit_test(keyed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
