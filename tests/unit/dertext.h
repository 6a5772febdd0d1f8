/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TEST_DERTEXT_H
#define RADSECGW_TEST_DERTEXT_H

#include <stddef.h>
#include <stdint.h>

/*
 * DER from a text: hexadecimal digits are octets, 'abc' is ASCII, and (...) becomes the length of
 * what it encloses, then that. So "30(0603550403 0c('a'))" is a SEQUENCE of an OBJECT IDENTIFIER
 * and a UTF8String. What DER forbids can be written as digits.
 */
struct test_der {
	uint8_t octets[4096];
	size_t len;
	size_t lengths[256];  /* places of the length octets that came from (...) */
	size_t n_lengths;
};

/* Aborts on a malformed text: that is a mistake in the test. */
void test_der_make(struct test_der *out, const char *text);

#endif
