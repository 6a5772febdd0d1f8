/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "helpers.h"
#include "radsecgw/opnas.h"

/* The value of Operator-NAS-Identifier (P-CPX-11, P-CPX-13). */

static const struct rgw_opnas rows[] = {
	{ .client = 0x12345678, .addr = { .ip = { 192, 0, 2, 10 }, .family = 4 } },
	{ .client = 7, .addr = { .ip = { 192, 0, 2, 10 }, .family = 4 }, .hides = true, .has_ip = true,
	    .ip = { 10, 0, 0, 1 } },
	{ .client = 7, .addr = { .ip = { 0x20, 1, 0xd, 0xb8, [15] = 1 }, .family = 6 } },
	{ .client = 7, .addr = { .ip = { 0x20, 1, 0xd, 0xb8, [15] = 1 }, .family = 6 }, .hides = true },
};

static void
make_key(struct rgw_opnas_key *key, const char *secret)
{
	rgw_opnas_init(key, secret, strlen(secret));
}

/* What is written is read again with the same key, also after a restart, and with no other. It has 1 to 32 octets, and
 * the same NAS always has the same value. */
static void
only_the_key_reads(void **state)
{
	struct rgw_opnas_key key, same, other;

	(void)state;
	make_key(&key, "a key of some length");
	make_key(&same, "a key of some length");
	make_key(&other, "a key of same length");
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t value[RGW_OPNAS_MAX], again[RGW_OPNAS_MAX];
		size_t len = rgw_opnas_write(&key, &rows[i], value);
		struct rgw_opnas out;

		assert_in_range(len, 20, RGW_OPNAS_MAX);
		assert_int_equal(rgw_opnas_write(&same, &rows[i], again), len);
		assert_memory_equal(value, again, len);
		assert_true(rgw_opnas_read(&same, value, len, &out));
		assert_int_equal(out.client, rows[i].client);
		assert_true(rgw_addr_equal(&out.addr, &rows[i].addr));
		assert_int_equal(out.hides, rows[i].hides);
		assert_int_equal(out.has_ip, rows[i].has_ip);
		assert_memory_equal(out.ip, rows[i].ip, sizeof out.ip);
		assert_false(rgw_opnas_read(&other, value, len, &out));
	}
}

/* No octet can be changed, left out or added. */
static void
forgeries_are_seen(void **state)
{
	uint8_t value[RGW_OPNAS_MAX + 2] = { 0 };
	struct rgw_opnas_key key;
	struct rgw_opnas out;

	(void)state;
	make_key(&key, "a key of some length");
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t len = rgw_opnas_write(&key, &rows[i], value);

		for (size_t bit = 0; bit < 8 * len; bit++) {
			value[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(rgw_opnas_read(&key, value, len, &out));
			value[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t n = 0; n < sizeof value; n++)
			assert_int_equal(rgw_opnas_read(&key, value, n, &out), n == len);
	}
}

/* It tells others nothing: neither an address nor the name of the client stands in it, and NASes that differ in one bit
 * have nothing in common. */
static void
others_see_nothing(void **state)
{
	uint8_t one[RGW_OPNAS_MAX], two[RGW_OPNAS_MAX];
	struct rgw_opnas nas = rows[1];
	struct rgw_opnas_key key;
	size_t len, same = 0;

	(void)state;
	make_key(&key, "a key of some length");
	nas.client = rgw_opnas_client(&key, "wlan");
	assert_int_not_equal(nas.client, rgw_opnas_client(&key, "wlan2"));
	len = rgw_opnas_write(&key, &nas, one);
	assert_null(memmem(one, len, nas.addr.ip, 4));
	assert_null(memmem(one, len, nas.ip, 4));
	assert_null(memmem(one, len, &nas.client, 4));
	nas.ip[3] ^= 1;
	assert_int_equal(rgw_opnas_write(&key, &nas, two), len);
	for (size_t i = 0; i < len; i++)
		same += one[i] == two[i];
	assert_in_range(same, 0, 3);
}

/* An address that means something on one link only has no value, since nobody could say later which link. */
static void
link_local_has_none(void **state)
{
	struct rgw_opnas nas = rows[2];
	uint8_t value[RGW_OPNAS_MAX];
	struct rgw_opnas_key key;

	(void)state;
	make_key(&key, "a key of some length");
	nas.addr.scope = 3;
	assert_int_equal(rgw_opnas_write(&key, &nas, value), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_key_reads),
		cmocka_unit_test(forgeries_are_seen),
		cmocka_unit_test(others_see_nothing),
		cmocka_unit_test(link_local_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
