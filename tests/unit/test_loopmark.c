/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "helpers.h"
#include "radsecgw/loopmark.h"

/* An Access-Request with these Proxy-States. */
struct asked {
	uint8_t octets[4096];
	size_t len;
};

static void
begin(struct asked *a)
{
	static const uint8_t head[20] = { 1, 7 };

	memcpy(a->octets, head, sizeof head);
	a->len = sizeof head;
}

static void
add(struct asked *a, uint8_t type, const void *value, size_t len)
{
	a->octets[a->len] = type;
	a->octets[a->len + 1] = (uint8_t)(len + 2);
	memcpy(a->octets + a->len + 2, value, len);
	a->len += len + 2;
}

static struct rgw_packet
packet(struct asked *a)
{
	a->octets[2] = (uint8_t)(a->len >> 8);
	a->octets[3] = (uint8_t)a->len;
	return help_parse(a->octets, a->len);
}

static void
gateway_knows_its_own(void **state)
{
	struct rgw_loopmark we;
	struct rgw_loopmark others;
	uint8_t value[RGW_LOOPMARK_LEN];
	struct rgw_packet p;
	struct asked a;

	(void)state;
	rgw_loopmark_init(&we, &(struct rgw_hashkey){ 1, 2 });
	rgw_loopmark_init(&others, &(struct rgw_hashkey){ 1, 3 });
	begin(&a);
	p = packet(&a);
	assert_int_equal(rgw_loopmark_passed(&p), 0);
	assert_false(rgw_loopmark_is_own(&we, 7, &p));
	add(&a, RGW_PROXY_STATE, "37", 2);
	rgw_loopmark_write(&others, 7, 0, value);
	add(&a, RGW_PROXY_STATE, value, sizeof value);
	p = packet(&a);
	assert_int_equal(rgw_loopmark_passed(&p), 1);
	assert_false(rgw_loopmark_is_own(&we, 7, &p));
	assert_true(rgw_loopmark_is_own(&others, 7, &p));
	rgw_loopmark_write(&we, 7, 1, value);
	add(&a, RGW_PROXY_STATE, value, sizeof value);
	p = packet(&a);
	assert_int_equal(rgw_loopmark_passed(&p), 2);
	assert_true(rgw_loopmark_is_own(&we, 7, &p));
	/* Somebody else may bring it to us, too. */
	assert_false(rgw_loopmark_is_own(&we, 8, &p));
	assert_true(rgw_loopmark_is_own(&others, 7, &p));
}

/* Another type, another length, another beginning, another mark: nothing of that is ours. */
static void
what_looks_alike_is_not_ours(void **state)
{
	struct rgw_loopmark we;
	uint8_t value[RGW_LOOPMARK_LEN + 1] = { 0 };
	struct rgw_packet p;
	struct asked a;

	(void)state;
	rgw_loopmark_init(&we, &(struct rgw_hashkey){ 1, 2 });
	rgw_loopmark_write(&we, 7, 0, value);
	begin(&a);
	add(&a, RGW_STATE, value, RGW_LOOPMARK_LEN);
	add(&a, RGW_PROXY_STATE, value, RGW_LOOPMARK_LEN - 1);
	add(&a, RGW_PROXY_STATE, value, RGW_LOOPMARK_LEN + 1);
	value[0] ^= 1;
	add(&a, RGW_PROXY_STATE, value, RGW_LOOPMARK_LEN);
	p = packet(&a);
	assert_int_equal(rgw_loopmark_passed(&p), 0);
	assert_false(rgw_loopmark_is_own(&we, 7, &p));
	value[0] ^= 1;
	value[11] ^= 1;
	add(&a, RGW_PROXY_STATE, value, RGW_LOOPMARK_LEN);
	p = packet(&a);
	assert_int_equal(rgw_loopmark_passed(&p), 1);
	assert_false(rgw_loopmark_is_own(&we, 7, &p));
}

static void
counting_stops_at_the_last_number(void **state)
{
	struct rgw_loopmark we;
	uint8_t value[RGW_LOOPMARK_LEN];

	(void)state;
	rgw_loopmark_init(&we, &(struct rgw_hashkey){ 1, 2 });
	rgw_loopmark_write(&we, 7, 254, value);
	assert_int_equal(value[12], 255);
	rgw_loopmark_write(&we, 7, 255, value);
	assert_int_equal(value[12], 255);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gateway_knows_its_own),
		cmocka_unit_test(what_looks_alike_is_not_ours),
		cmocka_unit_test(counting_stops_at_the_last_number),
	};

	return cmocka_run_group_tests_name("loopmark", tests, NULL, NULL);
}
