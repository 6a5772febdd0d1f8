/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times in DER. What else der.h has is tested through certificates in test_x509.c. */
#include "../../src/core/der.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dertext.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static bool
read_time(const char *text, int64_t *seconds)
{
	struct test_der der;
	struct rgw_rd r;

	test_der_make(&der, text);
	r = rgw_rd_of(der.octets, der.len);
	*seconds = rgw_der_take_time(&r);
	return rgw_der_used_up(&r);
}

/* RFC 5280 4.1.2.5. The seconds are from date(1). */
static void
test_times(void **state)
{
	static const struct {
		const char *time;
		int64_t seconds;
	} rows[] = {
		{ "17('700101000000Z')", 0 },
		{ "17('691231235959Z')", -1 },
		{ "17('500101000000Z')", -631152000 },
		{ "17('491231235959Z')", 2524607999 },
		{ "17('000229120000Z')", 951825600 },
		{ "17('380119031408Z')", 2147483648 },
		{ "18('20500101000000Z')", 2524608000 },
		{ "18('20010101000000Z')", 978307200 },
		{ "18('20240229235959Z')", 1709251199 },
		{ "18('20240301000000Z')", 1709251200 },
		{ "18('21000301000000Z')", 4107542400 },
		{ "18('99991231235959Z')", 253402300799 },
		{ "18('19700101000000Z')", 0 },
		{ "18('00010101000000Z')", -62135596800 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t seconds;

		if (!read_time(rows[i].time, &seconds) || seconds != rows[i].seconds)
			fail_msg("%s", rows[i].time);
	}
}

/* Every day of a common year and of a leap year is one day after the one before. */
static void
test_calendar(void **state)
{
	static const int last[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t want = 1672531200;  /* 2023-01-01 */

	(void)state;
	for (int year = 2023; year <= 2024; year++) {
		for (int month = 1; month <= 12; month++) {
			int days = last[month - 1] + (year == 2024 && month == 2);

			for (int day = 0; day <= days + 1; day++) {
				char time[64];
				int64_t seconds;
				bool ok;

				snprintf(time, sizeof time, "18('%d%02d%02d000000Z')", year, month, day);
				ok = read_time(time, &seconds);
				assert_int_equal(ok, day >= 1 && day <= days);
				if (ok)
					assert_int_equal(seconds, want);
				want += ok ? 86400 : 0;
			}
		}
	}
}

static void
test_bad_times(void **state)
{
	static const char *const rows[] = {
		"17('210229000000Z')", "17('200230000000Z')", "17('200431000000Z')",
		"17('201301000000Z')", "17('200001000000Z')", "17('200100000000Z')",
		"17('200132000000Z')", "17('200101240000Z')", "17('200101006000Z')",
		"17('200101000060Z')", "17('2001010000Z')", "17('20010100000Z')",
		"17('200101000000')", "17('200101000000z')", "17('200101000000ZZ')",
		"17('200101000000+0000')", "17('2o0101000000Z')", "17('20:101000000Z')",
		"17('20/101000000Z')", "17('20 101000000Z')", "17(':00101000000Z')",
		"17('1:0101000000Z')", "17('')", "17('20200101000000Z')",
		"18('200101000000Z')", "18('20200101000000.5Z')", "18('21000229000000Z')",
		"18('00000101000000Z')", "18('-0010101000000Z')", "18('2020010100')",
		"16('200101000000Z')", "37('200101000000Z')", "1780 'Z'", "",
		"17('200101000000Z') 17('200101000000Z')",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t seconds;

		if (read_time(rows[i], &seconds))
			fail_msg("%s", rows[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_calendar),
		cmocka_unit_test(test_bad_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
