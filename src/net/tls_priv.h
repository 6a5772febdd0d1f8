/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TLS_PRIV_H
#define RADSECGW_TLS_PRIV_H

/* What tlsctx.c and tls.c share. wolfSSL's options must come before any other of its headers. */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include "radsecgw/tls.h"

struct rgw_tlsctx {
	WOLFSSL_CTX *ctx;          /* owned */
	WOLFSSL_CERT_MANAGER *cm;  /* owned: trust for the second opinion on each leaf */
	enum rgw_tls_role role;
	uint8_t *leaf;             /* owned: our own certificate in DER */
	size_t leaf_len;
	unsigned suites;           /* bits of those that may be negotiated, by place in the table */
	unsigned references;       /* owners: who made it, and each session */
};

/* Keeps an intermediate CA that was verified, for the second opinion on leaves below it. */
void rgw_tlsctx_add_intermediate(struct rgw_tlsctx *t, const unsigned char *der, size_t len);

/* One of the suites that radsecgw speaks; there are no others. */
struct rgw_suite {
	const char *iana;     /* as the configuration may say it */
	const char *openssl;  /* or so */
	const char *wolfssl;  /* or so; the library knows this one */
	unsigned number;
	bool tls13;
};

size_t rgw_suites(const struct rgw_suite **table);

/* Called by the library for each certificate of a chain; in tls.c. */
int rgw_tls_verify(int preverify, WOLFSSL_X509_STORE_CTX *store);
/* The library's input and output over memory; in tls.c. */
int rgw_tls_recv(WOLFSSL *ssl, char *buf, int size, void *ctx);
int rgw_tls_send(WOLFSSL *ssl, char *buf, int size, void *ctx);

#endif
