/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "der.h"

/* The DER reader (see der.h): certificates come from strangers, so what DER forbids is refused. */

/* DER lengths are definite and as short as they can be (X.690 10.1). */
static size_t
take_length(struct rgw_rd *r)
{
	size_t first = rgw_rd_u8(r);
	size_t octets = first & 0x7f;
	size_t len = 0;

	if (first < 0x80)
		return first;
	if (octets == 0 || octets > 4) {
		r->bad = true;
		return 0;
	}
	for (size_t i = 0; i < octets; i++)
		len = len << 8 | rgw_rd_u8(r);
	rgw_der_require(r, len >= 0x80 && len >> 8 * (octets - 1) != 0);
	return len;
}

struct rgw_rd
rgw_der_take_any(struct rgw_rd *r, uint8_t *tag)
{
	size_t len;

	*tag = rgw_rd_u8(r);
	/* A tag of number 31 announces a longer tag, and one of number 0 the end of an indefinite length. */
	rgw_der_require(r, (*tag & 0x1f) != 0x1f && (*tag & 0xdf) != 0);
	len = take_length(r);
	return rgw_rd_sub(r, len);
}

struct rgw_rd
rgw_der_take(struct rgw_rd *r, uint8_t tag)
{
	uint8_t found;
	struct rgw_rd body = rgw_der_take_any(r, &found);

	if (found != tag)
		r->bad = body.bad = true;
	return body;
}

bool
rgw_der_next_is(const struct rgw_rd *r, uint8_t tag)
{
	struct rgw_rd peek = *r;

	return rgw_der_has_more(r) && rgw_rd_u8(&peek) == tag;
}

/* Is each number of the OBJECT IDENTIFIER complete, and as short as it can be (X.690 8.19.2)? */
bool
rgw_der_is_oid(struct rgw_span s)
{
	bool at_start = true;

	for (size_t i = 0; i < s.len; i++) {
		if (at_start && s.data[i] == 0x80)
			return false;
		at_start = (s.data[i] & 0x80) == 0;
	}
	return s.len > 0 && at_start;
}

struct rgw_span
rgw_der_take_oid(struct rgw_rd *r)
{
	struct rgw_rd body = rgw_der_take(r, RGW_DER_OID);

	rgw_der_require(r, rgw_der_is_oid(rgw_der_rest(&body)));
	return rgw_der_rest(&body);
}

/* An INTEGER has no needless sign octet in front (X.690 8.3.2). */
struct rgw_span
rgw_der_take_integer(struct rgw_rd *r)
{
	struct rgw_rd body = rgw_der_take(r, RGW_DER_INTEGER);
	struct rgw_span s = rgw_der_rest(&body);

	rgw_der_require(r, s.len > 0);
	if (s.len > 1 && (s.data[0] == 0x00 || s.data[0] == 0xff))
		rgw_der_require(r, (s.data[0] & 0x80) != (s.data[1] & 0x80));
	return s;
}

/* A FALSE that is the default should be left out (X.690 11.5), but many issuers write it. */
bool
rgw_der_take_boolean(struct rgw_rd *r)
{
	struct rgw_rd body = rgw_der_take(r, RGW_DER_BOOLEAN);
	uint8_t value = rgw_rd_u8(&body);

	rgw_der_require(r, rgw_der_used_up(&body) && (value == 0x00 || value == 0xff));
	return value == 0xff;
}

static unsigned
take_two_digits(struct rgw_rd *r)
{
	unsigned tens = rgw_rd_u8(r) - (unsigned)'0';
	unsigned ones = rgw_rd_u8(r) - (unsigned)'0';

	rgw_der_require(r, tens <= 9 && ones <= 9);
	return 10 * tens + ones;
}

static bool
is_leap(unsigned year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The number of days from 1970-01-01 to the given day of the Gregorian calendar; year >= 1. */
static int64_t
days_from_date(unsigned year, unsigned month, unsigned day)
{
	static const unsigned before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	int64_t past = (int64_t)year - 1;  /* whole years since 0001-01-01 */
	int64_t days = 365 * past + past / 4 - past / 100 + past / 400;

	days += before[month - 1] + (month > 2 && is_leap(year) ? 1 : 0) + (day - 1);
	return days - 719162;  /* 1970-01-01, counted in the same way */
}

static unsigned
days_in_month(unsigned year, unsigned month)
{
	static const unsigned days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

static bool
is_date(unsigned year, unsigned month, unsigned day)
{
	return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= days_in_month(year, month);
}

/* Reads a time of RFC 5280 4.1.2.5: YYMMDDHHMMSSZ with years 1950 to 2049, or YYYYMMDDHHMMSSZ. */
int64_t
rgw_der_take_time(struct rgw_rd *r)
{
	bool utc = rgw_der_next_is(r, RGW_DER_UTC_TIME);
	struct rgw_rd t = rgw_der_take(r, utc ? RGW_DER_UTC_TIME : RGW_DER_GENERALIZED_TIME);
	unsigned year = take_two_digits(&t);
	unsigned month, day, hour, minute, second;

	if (utc)
		year += year < 50 ? 2000 : 1900;
	else
		year = 100 * year + take_two_digits(&t);
	month = take_two_digits(&t);
	day = take_two_digits(&t);
	hour = take_two_digits(&t);
	minute = take_two_digits(&t);
	second = take_two_digits(&t);
	rgw_der_require(&t, rgw_rd_u8(&t) == 'Z');
	rgw_der_require(r, rgw_der_used_up(&t));
	if (r->bad || !is_date(year, month, day) || hour > 23 || minute > 59 || second > 59) {
		r->bad = true;
		return 0;
	}
	return ((days_from_date(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
}
