/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/errnotext.h"

#include <errno.h>
#include <string.h>

/* The GNU form of strerror_r returns the text, and the one of POSIX whether it is in the buffer; which of the two there
 * is, the type of what it returns tells. */
static inline const char *
text_of_gnu(const char *text, const char *buf)
{
	(void)buf;
	return text;
}

static inline const char *
text_of_posix(int failed, const char *buf)
{
	return failed == 0 ? buf : "unknown error";
}

#define TEXT_OF(result, buf) _Generic((result), char *: text_of_gnu, int: text_of_posix)(result, buf)

const char *
rgw_errno_text(int error, char buf[static RGW_ERRNO_TEXT])
{
	int saved = errno;
	const char *text = TEXT_OF(strerror_r(error, buf, RGW_ERRNO_TEXT), buf);

	errno = saved;
	return text;
}
