/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Half-open places: who gives way, and what known addresses have for themselves. */

#include "radsecgw/admission.h"

#include "callers.h"
#include "helpers.h"

#define DAY RGW_PROVEN_MS

/* ---- half-open places ---- */

/* The address that holds most gives way, and of its connections the oldest that has not said a word. */
static void
most_half_open_gives_way(void **state)
{
	struct rgw_admission_limits l = callers_limits(64, 5, 5);
	struct rgw_admission a;
	struct rgw_visit v[10];

	(void)state;
	callers_init(&a, &l, 0);
	assert_int_equal(callers_enter(&a, "192.0.2.9", 0, &v[0]), RGW_ADMIT_OK);
	for (int i = 1; i < 4; i++)
		assert_int_equal(callers_enter(&a, "192.0.2.1", 10, &v[i]), RGW_ADMIT_OK);
	assert_int_equal(callers_enter(&a, "192.0.2.8", 20, &v[4]), RGW_ADMIT_OK);
	v[1].shaking = true;
	assert_int_equal(rgw_admission_held(&v[1]), 3);
	callers_expect_evicted(&a, "192.0.2.2", 5000, &v[5], &v[2]);
	callers_expect_evicted(&a, "192.0.2.2", 5000, &v[6], &v[3]);
	/* Now it holds one that shakes; the other holds two that are too young to go. */
	callers_expect_evicted(&a, "192.0.2.2", 5000, &v[7], &v[0]);
	assert_int_equal(rgw_admission_held(&v[7]), 3);
	/* As soon as they are old enough they go, although older ones are there elsewhere. */
	callers_expect_evicted(&a, "192.0.2.7", 6000, &v[8], &v[5]);
	callers_end(&a);
}

/* Among addresses that hold as many the one that has done so for longest gives way. */
static void
oldest_gives_way_among_equals(void **state)
{
	struct rgw_admission_limits l = callers_limits(64, 3, 5);
	struct rgw_admission a;
	struct rgw_visit v[6];

	(void)state;
	callers_init(&a, &l, 0);
	assert_int_equal(callers_enter(&a, "192.0.2.1", 0, &v[0]), RGW_ADMIT_OK);
	assert_int_equal(callers_enter(&a, "192.0.2.2", 1, &v[1]), RGW_ADMIT_OK);
	assert_int_equal(callers_enter(&a, "192.0.2.3", 2, &v[2]), RGW_ADMIT_OK);
	callers_expect_evicted(&a, "192.0.2.4", 2000, &v[3], &v[0]);
	callers_expect_evicted(&a, "192.0.2.5", 2000, &v[4], &v[1]);
	callers_expect_evicted(&a, "192.0.2.6", 2000, &v[5], &v[2]);
	callers_end(&a);
}

/* No handshake is ended in its first second while there is an older one; but there is always room. */
static void
young_ones_stay(void **state)
{
	struct rgw_admission_limits l = callers_limits(64, 4, 4);
	struct rgw_admission a;
	struct rgw_visit v[8];

	(void)state;
	callers_init(&a, &l, 0);
	assert_int_equal(callers_enter(&a, "192.0.2.9", 1, &v[0]), RGW_ADMIT_OK);
	for (int i = 1; i < 4; i++)
		assert_int_equal(callers_enter(&a, "192.0.2.1", 500, &v[i]), RGW_ADMIT_OK);
	v[0].shaking = true;
	callers_expect_evicted(&a, "192.0.2.2", 1001, &v[4], &v[0]);
	/* All are young now. */
	v[1].shaking = true;
	callers_expect_evicted(&a, "192.0.2.3", 1001, &v[5], &v[2]);
	callers_expect_evicted(&a, "192.0.2.4", 1499, &v[6], &v[3]);
	callers_expect_evicted(&a, "192.0.2.5", 1500, &v[7], &v[1]);
	callers_end(&a);
}

/* An address at its own limit gives up one of its own, whoever else is older; and nobody behind the same
 * address is cut off in the first second. */
static void
half_open_of_one_address(void **state)
{
	struct rgw_admission_limits l = callers_limits(64, 100, 3);
	struct rgw_admission a;
	struct rgw_visit v[8];

	(void)state;
	callers_init(&a, &l, 0);
	assert_int_equal(callers_enter(&a, "192.0.2.9", 0, &v[0]), RGW_ADMIT_OK);
	for (int i = 1; i < 4; i++)
		assert_int_equal(callers_enter(&a, "192.0.2.1", 1000, &v[i]), RGW_ADMIT_OK);
	assert_int_equal(callers_enter(&a, "192.0.2.1", 1999, &v[4]), RGW_ADMIT_HALF_OPEN_PER_ADDRESS);
	v[1].shaking = true;
	callers_expect_evicted(&a, "192.0.2.1", 2000, &v[4], &v[2]);
	callers_expect_evicted(&a, "192.0.2.1", 2000, &v[5], &v[3]);
	callers_expect_evicted(&a, "192.0.2.1", 2000, &v[6], &v[1]);
	assert_int_equal(callers_enter(&a, "192.0.2.1", 2999, &v[7]), RGW_ADMIT_HALF_OPEN_PER_ADDRESS);
	/* Who is known by now holds no place among them. */
	assert_true(rgw_admission_identified(&a, &v[5], 2999));
	assert_int_equal(callers_enter(&a, "192.0.2.1", 2999, &v[7]), RGW_ADMIT_OK);
	rgw_admission_leave(&a, &v[5], 2999);
	callers_end(&a);
}

/* If both limits are reached at once, one connection gives way, not two. */
static void
own_limit_comes_before_that_of_all(void **state)
{
	struct rgw_admission_limits l = callers_limits(64, 3, 2);
	struct rgw_admission a;
	struct rgw_visit v[4];

	(void)state;
	callers_init(&a, &l, 0);
	assert_int_equal(callers_enter(&a, "192.0.2.9", 0, &v[0]), RGW_ADMIT_OK);
	assert_int_equal(callers_enter(&a, "192.0.2.1", 1, &v[1]), RGW_ADMIT_OK);
	assert_int_equal(callers_enter(&a, "192.0.2.1", 2, &v[2]), RGW_ADMIT_OK);
	callers_expect_evicted(&a, "192.0.2.1", 5000, &v[3], &v[1]);
	assert_int_equal(a.classes[RGW_STRANGERS].n_half_open, 3);
	callers_end(&a);
}

/* ---- known addresses ---- */

/* Strangers have used up all that is theirs: an address that the configuration names does not notice. */
static void
named_addresses_have_their_own(void **state)
{
	struct rgw_admission_limits l = callers_limits(64, 2, 2);
	struct rgw_addr named = callers_addr("192.0.2.1");
	struct rgw_admission a;
	struct rgw_visit v[5], *evicted;

	(void)state;
	l.rate = (struct rgw_rate){ 1, 60000, 3 };
	callers_init(&a, &l, 0);
	assert_int_equal(callers_enter(&a, "203.0.113.1", 0, &v[0]), RGW_ADMIT_OK);
	assert_int_equal(callers_enter(&a, "203.0.113.2", 0, &v[1]), RGW_ADMIT_OK);
	callers_expect_evicted(&a, "203.0.113.3", 2000, &v[2], &v[0]);
	assert_int_equal(callers_enter(&a, "203.0.113.4", 2000, &v[3]), RGW_ADMIT_RATE_STRANGERS);
	assert_int_equal(callers_come(&a, &named, true, 2000, &v[3], &evicted), RGW_ADMIT_OK);
	assert_null(evicted);
	assert_int_equal(rgw_admission_class_of(&v[3]), RGW_KNOWN);
	assert_int_equal(callers_come(&a, &named, true, 2000, &v[4], &evicted), RGW_ADMIT_OK);
	assert_null(evicted);
	/* They have limits, too. */
	assert_int_equal(callers_come(&a, &named, true, 4000, &v[0], &evicted), RGW_ADMIT_RATE_KNOWN);
	/* Named no more, it is a stranger as soon as they have places for what it holds. */
	assert_int_equal(callers_come(&a, &named, false, 4000, &v[0], &evicted), RGW_ADMIT_RATE_KNOWN);
	rgw_admission_leave(&a, &v[1], 4000);
	rgw_admission_leave(&a, &v[2], 4000);
	assert_int_equal(callers_come(&a, &named, false, 4000, &v[0], &evicted), RGW_ADMIT_RATE_STRANGERS);
	assert_int_equal(rgw_admission_class_of(&v[4]), RGW_STRANGERS);
	callers_end(&a);
}

/* An address from which a peer has proven its identity is known for a day, from the last time on. */
static void
proven_addresses_are_known(void **state)
{
	struct rgw_admission_limits l = callers_limits(64, 2, 2);
	struct rgw_addr proven = callers_addr("2001:db8::1"), same = callers_addr("2001:db8::ffff:2");
	struct rgw_addr stranger = callers_addr("192.0.2.1");
	struct rgw_admission a;
	struct rgw_visit v;

	(void)state;
	l.rate = (struct rgw_rate){ 1, 3600000, 2 };
	callers_init(&a, &l, 0);
	callers_prove(&a, "2001:db8::1", 0);
	assert_int_equal(a.n_idle[true], 1);
	assert_int_equal(callers_visit(&a, &stranger, 0), RGW_ADMIT_OK);
	stranger.ip[3]++;
	assert_int_equal(callers_visit(&a, &stranger, 0), RGW_ADMIT_RATE_STRANGERS);
	assert_int_equal(callers_come(&a, &same, false, DAY / 2, &v, NULL), RGW_ADMIT_OK);
	assert_int_equal(rgw_admission_class_of(&v), RGW_KNOWN);
	assert_true(rgw_admission_identified(&a, &v, DAY / 2));
	rgw_admission_leave(&a, &v, DAY / 2);
	assert_int_equal(callers_come(&a, &proven, false, DAY / 2 + DAY - 1, &v, NULL), RGW_ADMIT_OK);
	assert_int_equal(rgw_admission_class_of(&v), RGW_KNOWN);
	rgw_admission_leave(&a, &v, DAY / 2 + DAY - 1);
	assert_int_equal(callers_come(&a, &proven, false, DAY / 2 + DAY, &v, NULL), RGW_ADMIT_OK);
	assert_int_equal(rgw_admission_class_of(&v), RGW_STRANGERS);
	rgw_admission_leave(&a, &v, DAY / 2 + DAY);
	assert_int_equal(a.n_idle[true], 0);
	callers_end(&a);
}

/* What a proxy holds half-open when the first of its connections has come up counts among the known. */
static void
half_open_ones_change_their_class(void **state)
{
	struct rgw_admission_limits l = callers_limits(64, 4, 4);
	struct rgw_addr named = callers_addr("192.0.2.1");
	struct rgw_admission a;
	struct rgw_visit v[6];

	(void)state;
	callers_init(&a, &l, 0);
	assert_int_equal(callers_enter(&a, "203.0.113.1", 0, &v[0]), RGW_ADMIT_OK);
	assert_int_equal(callers_come(&a, &named, true, 5, &v[1], NULL), RGW_ADMIT_OK);
	assert_int_equal(callers_enter(&a, "203.0.113.1", 10, &v[2]), RGW_ADMIT_OK);
	assert_int_equal(callers_enter(&a, "203.0.113.1", 20, &v[3]), RGW_ADMIT_OK);
	assert_true(rgw_admission_identified(&a, &v[3], 30));
	callers_audit(&a);
	assert_int_equal(a.classes[RGW_STRANGERS].n_half_open, 0);
	assert_int_equal(a.classes[RGW_KNOWN].n_half_open, 3);
	assert_ptr_equal(rgw_admission_any(&a), &v[0]);
	rgw_admission_leave(&a, &v[3], 30);
	/* It is the one that holds most among the known now. */
	assert_int_equal(callers_come(&a, &named, true, 30, &v[4], NULL), RGW_ADMIT_OK);
	rgw_admission_leave(&a, &v[1], 30);
	callers_expect_evicted(&a, "203.0.113.1", 5000, &v[5], NULL);
	callers_expect_evicted(&a, "203.0.113.1", 5000, &v[3], &v[0]);
	callers_end(&a);
}

/* What it asked for among strangers does not count among the known: there it comes for the first time. */
static void
asking_is_forgotten_with_the_class(void **state)
{
	struct rgw_admission_limits l = callers_limits(64, 64, 64);
	struct rgw_addr one = callers_addr("203.0.113.1"), named = callers_addr("192.0.2.1");
	struct rgw_admission a;
	struct rgw_visit v[3];

	(void)state;
	l.rate = (struct rgw_rate){ 1, 3600000, 4 };
	callers_init(&a, &l, 0);
	assert_int_equal(callers_enter(&a, "203.0.113.1", 0, &v[0]), RGW_ADMIT_OK);
	for (int i = 0; i < 10; i++)
		(void)callers_visit(&a, &one, 0);
	for (int i = 1; i < 3; i++)
		assert_int_equal(callers_come(&a, &named, true, 0, &v[i], NULL), RGW_ADMIT_OK);
	assert_int_equal(callers_visit(&a, &one, 0), RGW_ADMIT_RATE_STRANGERS);
	assert_true(rgw_admission_identified(&a, &v[0], 0));
	rgw_admission_leave(&a, &v[0], 0);
	assert_int_equal(callers_visit(&a, &one, 0), RGW_ADMIT_OK);
	callers_end(&a);
}

/* If the known have no places for them, half-open connections stay what they were until there are some. */
static void
no_class_has_more_than_it_may(void **state)
{
	struct rgw_admission_limits l = callers_limits(64, 2, 2);
	struct rgw_addr named = callers_addr("192.0.2.1");
	struct rgw_admission a;
	struct rgw_visit v[5];

	(void)state;
	callers_init(&a, &l, 0);
	assert_int_equal(callers_come(&a, &named, true, 0, &v[0], NULL), RGW_ADMIT_OK);
	assert_int_equal(callers_come(&a, &named, true, 0, &v[1], NULL), RGW_ADMIT_OK);
	assert_int_equal(callers_enter(&a, "203.0.113.1", 0, &v[2]), RGW_ADMIT_OK);
	assert_int_equal(callers_enter(&a, "203.0.113.1", 0, &v[3]), RGW_ADMIT_OK);
	assert_true(rgw_admission_identified(&a, &v[2], 0));
	callers_audit(&a);
	assert_int_equal(rgw_admission_class_of(&v[3]), RGW_STRANGERS);
	assert_int_equal(callers_enter(&a, "203.0.113.1", 0, &v[4]), RGW_ADMIT_OK);
	assert_int_equal(rgw_admission_class_of(&v[4]), RGW_STRANGERS);
	rgw_admission_leave(&a, &v[4], 0);
	rgw_admission_leave(&a, &v[0], 0);
	/* There is one place, and it holds one. */
	callers_expect_evicted(&a, "203.0.113.1", 5000, &v[4], &v[1]);
	assert_int_equal(rgw_admission_class_of(&v[3]), RGW_KNOWN);
	rgw_admission_leave(&a, &v[2], 5000);
	callers_end(&a);
}

/* Everything happens at once, for long: no count is ever wrong, and nobody is evicted against the rules. */
static void
anything_goes(void **state)
{
	struct rgw_admission_limits l = callers_limits(6, 12, 3);
	struct rgw_visit v[64];
	bool there[64] = { false };
	struct rgw_admission a;
	uint32_t r = 12345;
	rgw_ms now = 0;

	(void)state;
	l.rate = (struct rgw_rate){ 100, 1000, 50 };
	callers_init(&a, &l, 0);
	for (int i = 0; i < 200000; i++) {
		size_t k;

		r = r * 1664525 + 1013904223;
		k = r >> 26;
		now += r >> 16 & 63;
		if (!there[k]) {
			struct rgw_addr from = callers_numbered(r >> 8 & 7);
			struct rgw_visit *evicted = NULL;

			there[k] = callers_come(&a, &from, (r >> 12 & 15) == 0, now, &v[k], &evicted) ==
			    RGW_ADMIT_OK;
			if (evicted != NULL)
				there[evicted - v] = false;
		} else if ((r & 0x8000) != 0 && v[k].half_open && (r & 0x4000) == 0) {
			v[k].shaking = true;
		} else if ((r & 0x8000) != 0 && v[k].half_open) {
			/* One that is one too many for its address stays half-open. */
			if (!rgw_admission_identified(&a, &v[k], now))
				assert_true(v[k].half_open);
			callers_audit(&a);
		} else {
			rgw_admission_leave(&a, &v[k], now);
			there[k] = false;
			callers_audit(&a);
		}
	}
	for (size_t k = 0; k < 64; k++)
		if (there[k])
			rgw_admission_leave(&a, &v[k], now);
	callers_end(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(most_half_open_gives_way),
		cmocka_unit_test(oldest_gives_way_among_equals),
		cmocka_unit_test(young_ones_stay),
		cmocka_unit_test(half_open_of_one_address),
		cmocka_unit_test(own_limit_comes_before_that_of_all),
		cmocka_unit_test(named_addresses_have_their_own),
		cmocka_unit_test(proven_addresses_are_known),
		cmocka_unit_test(half_open_ones_change_their_class),
		cmocka_unit_test(asking_is_forgotten_with_the_class),
		cmocka_unit_test(no_class_has_more_than_it_may),
		cmocka_unit_test(anything_goes),
	};

	return cmocka_run_group_tests_name("admission, places", tests, NULL, NULL);
}
