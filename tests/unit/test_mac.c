/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/mac.h"

#include <string.h>

#include "helpers.h"

static void
reads_all_ways_to_write_one(void **state)
{
	static const struct {
		const char *text;
		size_t used;  /* 0 = it begins with none */
	} rows[] = {
		{ "02-00-00-00-01-0B", 17 }, { "02:00:00:00:01:0b", 17 }, { "0200.0000.010B", 14 },
		{ "02000000010b", 12 },
		{ "02-00-00-00-01-0B:eduroam", 17 }, { "02000000010b0", 12 }, { "02--00..00:00010b", 17 },
		{ "", 0 }, { "02-00-00-00-01-0", 0 }, { "-02-00-00-00-01-0B", 0 }, { "02 00 00 00 01 0B", 0 },
		{ "02-00-00-00-01-0G", 0 }, { "02-00-00-00-01-", 0 },
	};
	char digits[RGW_MAC_DIGITS];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t used = rgw_mac_read((const uint8_t *)rows[i].text, strlen(rows[i].text), digits);

		if (used != rows[i].used)
			fail_msg("%s: %zu octets", rows[i].text, used);
		if (used > 0)
			assert_memory_equal(digits, "02000000010b", sizeof digits);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(reads_all_ways_to_write_one) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
