/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TEST_MINIPKI_H
#define RADSECGW_TEST_MINIPKI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/conf.h"

/*
 * Certificates made when a test runs, with P-256 keys, good and odd ones; and a folder with the files that
 * a [tls] section names. What fails ends the program.
 */

struct test_key {
	uint8_t private[32];
	uint8_t public[65];  /* uncompressed point */
};

struct test_cert {
	char name[64];
	struct test_key key;
	uint8_t der[2048];
	size_t len;
};

enum { TEST_UNSAID = -1 };

/* What a certificate is to say; TEST_UNSAID leaves an extension out. */
struct test_spec {
	const char *name;                /* common name, and dNSName of who is no CA */
	const struct test_cert *issuer;  /* NULL = itself */
	int ca;                          /* basicConstraints: 0, 1 */
	int path_length;
	int key_usage;                   /* the bits: 0x04 keyCertSign, 0x80 digitalSignature */
	const char *constraints;         /* extension nameConstraints in the language of dertext.h, or NULL */
	const struct test_key *key;      /* NULL = a new one */
	const char *dates;               /* two times in that language; NULL = valid until 2099 */
};

void test_cert_make(struct test_cert *out, const struct test_spec *spec);

/* Certificates of the shapes that most tests need. */
void test_ca_make(struct test_cert *out, const char *name, const struct test_cert *issuer);
void test_leaf_make(struct test_cert *out, const char *name, const struct test_cert *issuer);

/* What a CRL is to say. */
struct test_crl_spec {
	const struct test_cert *issuer;  /* whose name it has ... */
	const struct test_key *key;      /* ... and who has signed it; NULL = the same */
	const struct test_cert *const *revoked;  /* ends with NULL; NULL = it lists nobody */
	unsigned number;                 /* below 128 */
	const char *dates;               /* as above; NULL = from 2020 until 2099 */
	const char *extension;           /* one more, in the language of dertext.h; NULL = none */
};

struct test_crl {
	uint8_t der[2048];
	size_t len;
};

void test_crl_make(struct test_crl *out, const struct test_crl_spec *spec);
/* Writes CRLs in PEM into one file. */
void test_crl_write(const char *path, const struct test_crl *const *crls, size_t n);

/* The [tls] section of whoever shows this chain, the leaf first, and trusts these. Its files are in a folder
 * of their own. */
void test_tls_section(struct rgw_conf_tls *out, const struct test_cert *const *chain, size_t n,
    const struct test_cert *const *trusted, size_t n_trusted);
void test_tls_section_drop(struct rgw_conf_tls *section);

#endif
