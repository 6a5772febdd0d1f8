/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/errnotext.h"

#include "helpers.h"

#include <errno.h>

static void
is_the_text_of_the_system(void **state)
{
	static const int errors[] = { ENOENT, EACCES, EISDIR, ENOMEM, EADDRINUSE };

	(void)state;
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		char buf[RGW_ERRNO_TEXT];

		errno = EINTR;
		assert_string_equal(rgw_errno_text(errors[i], buf), strerror(errors[i]));
		assert_int_equal(errno, EINTR);
	}
}

static void
has_a_text_for_numbers_that_are_no_error(void **state)
{
	char buf[RGW_ERRNO_TEXT];

	(void)state;
	errno = 0;
	assert_true(strlen(rgw_errno_text(123456, buf)) > 0);
	assert_true(strlen(rgw_errno_text(-1, buf)) > 0);
	assert_int_equal(errno, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_the_text_of_the_system),
		cmocka_unit_test(has_a_text_for_numbers_that_are_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
