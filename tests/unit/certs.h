/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TEST_CERTS_H
#define RADSECGW_TEST_CERTS_H

#include <stddef.h>
#include <stdint.h>

/* Hexadecimal text of the sample certificate of that name, or NULL; and the names one by one. */
const char *test_cert_hex(const char *name);
const char *test_cert_name(size_t i);

#endif
