/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/eap.h"

#include "helpers.h"

/* RFC 3579 2.2, RFC 3748 4: each row is one packet, in pieces of so many octets. */
static void
knows_an_eap_packet(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
		bool good;
	} rows[] = {
		{ "\x02\x01\x00\x08\x01usr", 8, true },
		{ "\x01\x01\x00\x05\x04", 5, true },
		{ "\x02\x01\x00\x05\x19", 5, true },
		{ "\x03\x01\x00\x04", 4, true },
		{ "\x04\x01\x00\x04", 4, true },
		/* EAP-Start, and padding. */
		{ "", 0, true },
		{ "\x02\x01\x00\x06\x01upad", 9, true },
		/* Lengths: more than there is, less than a header, no type. */
		{ "\x02\x01\x00\x63\x01usr", 8, false },
		{ "\x02\x01\xff\xff\x01usr", 8, false },
		{ "\x02\x01\x00\x00\x01usr", 8, false },
		{ "\x02\x01\x00\x03\x01usr", 8, false },
		{ "\x02\x01\x00\x04", 4, false },
		{ "\x01\x01\x00\x04\x01", 5, false },
		{ "\x03\x01\x00\x03", 4, false },
		{ "\x02", 1, false },
		{ "\x02\x01\x00", 3, false },
		/* Codes. */
		{ "\x00\x01\x00\x05\x01", 5, false },
		{ "\x05\x01\x00\x05\x01", 5, false },
		{ "\xff\x01\x00\x05\x01", 5, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t piece = 1; piece <= 253; piece += piece < 9 ? 1 : 244) {
			struct help_packet p;
			struct rgw_packet packet;
			size_t at = 0;

			help_begin(&p, 1, 9, NULL);
			help_attr(&p, 1, "user", 4);
			do {
				size_t n = rows[i].len - at < piece ? rows[i].len - at : piece;

				help_attr(&p, 79, rows[i].octets + at, n);
				at += n;
			} while (at < rows[i].len);
			packet = help_finish(&p);
			assert_int_equal(rgw_eap_is_well_formed(&packet), rows[i].good);
		}
}

static void
packets_without_eap_are_good(void **state)
{
	struct help_packet p;
	struct rgw_packet packet;

	(void)state;
	help_begin(&p, 1, 9, NULL);
	help_attr(&p, 1, "user", 4);
	packet = help_finish(&p);
	assert_true(rgw_eap_is_well_formed(&packet));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_an_eap_packet),
		cmocka_unit_test(packets_without_eap_are_good),
	};

	return cmocka_run_group_tests_name("eap", tests, NULL, NULL);
}
