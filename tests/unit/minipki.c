/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "minipki.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "dertext.h"

#define P256 "06082a8648ce3d030107"
#define ECDSA_SHA256 "300a06082a8648ce3d040302"
#define VALID "17('200101000000Z') 18('20990101000000Z')"

static void
require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "cannot make a PKI: %s\n", what);
	abort();
}

/* ---- text of DER ---- */

struct text {
	char v[16384];
	size_t len;
};

static void put(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
put(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->len += (size_t)vsnprintf(t->v + t->len, sizeof t->v - t->len, fmt, ap);
	va_end(ap);
	require(t->len < sizeof t->v, "too long");
}

static void
put_octets(struct text *t, const uint8_t *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(t, "%02x", data[i]);
}

static void
put_name(struct text *t, const char *name)
{
	put(t, "30(31(30(0603550403 0c('%s'))))", name);
}

static void
put_extension(struct text *t, unsigned last, bool critical, const char *value)
{
	put(t, "30(0603551d%02x %s 04(%s))", last, critical ? "0101ff" : "", value);
}

/* A key is known by the first octets of it. */
static void
put_key_ids(struct text *t, const struct test_key *own, const struct test_key *issuer)
{
	put(t, "30(0603551d0e 04(04(");
	put_octets(t, own->public + 1, 20);
	put(t, "))) 30(0603551d23 04(30(80(");
	put_octets(t, issuer->public + 1, 20);
	put(t, "))))");
}

static void
put_extensions(struct text *t, const struct test_spec *s, const struct test_cert *c)
{
	char value[256];

	put_key_ids(t, &c->key, s->issuer != NULL ? &s->issuer->key : &c->key);
	if (s->ca != TEST_UNSAID) {
		snprintf(value, sizeof value, "30(%s", s->ca ? "0101ff" : "");
		if (s->path_length != TEST_UNSAID)
			snprintf(value + strlen(value), 16, "0201%02x", (unsigned)s->path_length);
		snprintf(value + strlen(value), 2, ")");
		put_extension(t, 19, true, value);
	}
	if (s->key_usage != TEST_UNSAID) {
		snprintf(value, sizeof value, "030200%02x", (unsigned)s->key_usage);
		put_extension(t, 15, true, value);
	}
	if (s->constraints != NULL)
		put_extension(t, 30, true, s->constraints);
	if (s->ca != 1) {
		snprintf(value, sizeof value, "30(82('%s'))", s->name);
		put_extension(t, 17, false, value);
	}
}

/* ---- keys ---- */

static void
make_key(struct test_key *out, WC_RNG *rng)
{
	word32 n = sizeof out->private;
	word32 m = sizeof out->public;
	ecc_key *key = wc_ecc_key_new(NULL);

	require(key != NULL && wc_ecc_make_key(rng, 32, key) == 0 &&
	    wc_ecc_export_private_only(key, out->private, &n) == 0 && n == sizeof out->private &&
	    wc_ecc_export_x963(key, out->public, &m) == 0 && m == sizeof out->public, "a key");
	wc_ecc_key_free(key);
}

static size_t
sign(const struct test_key *with, WC_RNG *rng, const uint8_t *data, size_t len, uint8_t *out, size_t size)
{
	uint8_t digest[WC_SHA256_DIGEST_SIZE];
	ecc_key *key = wc_ecc_key_new(NULL);
	word32 n = (word32)size;

	require(key != NULL && wc_Sha256Hash(data, (word32)len, digest) == 0 &&
	    wc_ecc_import_private_key(with->private, sizeof with->private, with->public,
	        sizeof with->public, key) == 0 &&
	    wc_ecc_sign_hash(digest, sizeof digest, out, &n, rng, key) == 0, "a signature");
	wc_ecc_key_free(key);
	return n;
}

/* ---- certificates ---- */

/* The part that is signed. */
static void
put_tbs(struct text *t, const struct test_spec *s, const struct test_cert *c)
{
	put(t, "30(a0(020102) 02(01");
	put_octets(t, c->key.public + 1, 8);
	put(t, ")" ECDSA_SHA256);
	put_name(t, s->issuer != NULL ? s->issuer->name : s->name);
	put(t, "30(%s)", s->dates != NULL ? s->dates : VALID);
	put_name(t, s->name);
	put(t, "30(30(06072a8648ce3d0201 " P256 ") 03(00");
	put_octets(t, c->key.public, sizeof c->key.public);
	put(t, ")) a3(30(");
	put_extensions(t, s, c);
	put(t, ")))");
}

void
test_cert_make(struct test_cert *out, const struct test_spec *spec)
{
	static struct test_der der;
	static struct text t;
	uint8_t signature[128];
	size_t n;
	WC_RNG rng;

	require(wc_InitRng(&rng) == 0, "random numbers");
	snprintf(out->name, sizeof out->name, "%s", spec->name);
	if (spec->key != NULL)
		out->key = *spec->key;
	else
		make_key(&out->key, &rng);
	t.len = 0;
	put_tbs(&t, spec, out);
	test_der_make(&der, t.v);
	n = sign(spec->issuer != NULL ? &spec->issuer->key : &out->key, &rng, der.octets, der.len, signature,
	    sizeof signature);
	t.len = 0;
	put(&t, "30(");
	put_octets(&t, der.octets, der.len);
	put(&t, ECDSA_SHA256 "03(00");
	put_octets(&t, signature, n);
	put(&t, "))");
	test_der_make(&der, t.v);
	require(der.len <= sizeof out->der, "a long certificate");
	memcpy(out->der, der.octets, der.len);
	out->len = der.len;
	wc_FreeRng(&rng);
}

/* ---- CRLs ---- */

static void
put_crl(struct text *t, const struct test_crl_spec *s)
{
	put(t, "30(020101 " ECDSA_SHA256);
	put_name(t, s->issuer->name);
	put(t, "%s ", s->dates != NULL ? s->dates : VALID);
	put(t, "30(");
	for (size_t i = 0; s->revoked != NULL && s->revoked[i] != NULL; i++) {
		put(t, "30(02(01");
		put_octets(t, s->revoked[i]->key.public + 1, 8);
		put(t, ") 17('251224180000Z') 30(30(0603551d15 04(0a0101))))");
	}
	put(t, ") a0(30(30(0603551d14 04(0201%02x)) %s)))", s->number, s->extension != NULL ? s->extension : "");
}

void
test_crl_make(struct test_crl *out, const struct test_crl_spec *spec)
{
	static struct test_der der;
	static struct text t;
	uint8_t signature[128];
	size_t n;
	WC_RNG rng;

	require(wc_InitRng(&rng) == 0, "random numbers");
	t.len = 0;
	put_crl(&t, spec);
	test_der_make(&der, t.v);
	n = sign(spec->key != NULL ? spec->key : &spec->issuer->key, &rng, der.octets, der.len, signature,
	    sizeof signature);
	t.len = 0;
	put(&t, "30(");
	put_octets(&t, der.octets, der.len);
	put(&t, ECDSA_SHA256 "03(00");
	put_octets(&t, signature, n);
	put(&t, "))");
	test_der_make(&der, t.v);
	require(der.len <= sizeof out->der, "a long CRL");
	memcpy(out->der, der.octets, der.len);
	out->len = der.len;
	wc_FreeRng(&rng);
}

void
test_ca_make(struct test_cert *out, const char *name, const struct test_cert *issuer)
{
	test_cert_make(out, &(struct test_spec){ .name = name, .issuer = issuer, .ca = 1,
	    .path_length = TEST_UNSAID, .key_usage = 0x06 });
}

void
test_leaf_make(struct test_cert *out, const char *name, const struct test_cert *issuer)
{
	test_cert_make(out, &(struct test_spec){ .name = name, .issuer = issuer, .ca = 0,
	    .path_length = TEST_UNSAID, .key_usage = 0x80 });
}

/* ---- files ---- */

static void
write_pem(FILE *out, const char *what, const uint8_t *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	fprintf(out, "-----BEGIN %s-----\n", what);
	for (size_t i = 0; i < len; i += 3) {
		uint32_t three = (uint32_t)data[i] << 16;

		three |= i + 1 < len ? (uint32_t)data[i + 1] << 8 : 0;
		three |= i + 2 < len ? data[i + 2] : 0;
		fprintf(out, "%c%c%c%c%s", digits[three >> 18], digits[three >> 12 & 63],
		    i + 1 < len ? digits[three >> 6 & 63] : '=', i + 2 < len ? digits[three & 63] : '=',
		    i % 48 == 45 || i + 3 >= len ? "\n" : "");
	}
	fprintf(out, "-----END %s-----\n", what);
}

void
test_crl_write(const char *path, const struct test_crl *const *crls, size_t n)
{
	FILE *out = fopen(path, "w");

	require(out != NULL, path);
	for (size_t i = 0; i < n; i++)
		write_pem(out, "X509 CRL", crls[i]->der, crls[i]->len);
	fclose(out);
}

static char *
write_certs(const char *folder, const char *file, const struct test_cert *const *certs, size_t n)
{
	char path[256];
	FILE *out;

	snprintf(path, sizeof path, "%s/%s", folder, file);
	out = fopen(path, "w");
	require(out != NULL, path);
	for (size_t i = 0; i < n; i++)
		write_pem(out, "CERTIFICATE", certs[i]->der, certs[i]->len);
	fclose(out);
	return strdup(path);
}

static char *
write_key(const char *folder, const struct test_key *key)
{
	static struct test_der der;
	static struct text t;
	char path[256];
	FILE *out;

	snprintf(path, sizeof path, "%s/key.pem", folder);
	out = fopen(path, "w");
	require(out != NULL, path);
	t.len = 0;
	put(&t, "30(020101 04(");
	put_octets(&t, key->private, sizeof key->private);
	put(&t, ") a0(" P256 ") a1(03(00");
	put_octets(&t, key->public, sizeof key->public);
	put(&t, ")))");
	test_der_make(&der, t.v);
	write_pem(out, "EC PRIVATE KEY", der.octets, der.len);
	fclose(out);
	return strdup(path);
}

void
test_tls_section(struct rgw_conf_tls *out, const struct test_cert *const *chain, size_t n,
    const struct test_cert *const *trusted, size_t n_trusted)
{
	char folder[] = "/tmp/radsecgw-test-XXXXXX";

	require(mkdtemp(folder) != NULL, folder);
	*out = (struct rgw_conf_tls){ .min_version = RGW_TLS_1_2, .max_version = RGW_TLS_1_3 };
	out->certificate = write_certs(folder, "cert.pem", chain, n);
	out->key = write_key(folder, &chain[0]->key);
	out->ca.v = calloc(1, sizeof *out->ca.v);
	require(out->ca.v != NULL, "memory");
	out->ca.v[0] = write_certs(folder, "ca.pem", trusted, n_trusted);
	out->ca.n = 1;
	out->head.name = strdup(folder);
}

void
test_tls_section_drop(struct rgw_conf_tls *section)
{
	unlink(section->certificate);
	unlink(section->key);
	unlink(section->ca.v[0]);
	rmdir(section->head.name);
	free(section->certificate);
	free(section->key);
	free(section->ca.v[0]);
	free(section->ca.v);
	free(section->head.name);
}
