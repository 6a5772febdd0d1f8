/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TLS_PRIV_H
#define RADSECGW_TLS_PRIV_H

/* What tlsctx.c and tls.c share. wolfSSL's options must come before any other of its headers. */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include "radsecgw/tls.h"

/* A CA that the configuration names. */
struct rgw_anchor {
	uint8_t *der;             /* owned */
	size_t len;
	struct rgw_span subject;  /* within it */
};

/* All of them; in tlstrust.c. */
struct rgw_trust {
	struct rgw_anchor *v;     /* owned */
	size_t n;
};

struct rgw_tlsctx {
	WOLFSSL_CTX *ctx;          /* owned */
	struct rgw_trust trust;    /* the same CAs, for the second opinion on each leaf */
	bool has_guests;           /* the library may have kept intermediates that a peer has sent */
	unsigned chains;           /* how often that was so */
	enum rgw_tls_role role;
	uint8_t *leaf;             /* owned: our own certificate in DER */
	size_t leaf_len;
	uint8_t sha256[32];        /* of that */
	unsigned suites;           /* bits of those that may be negotiated, by place in the table */
	unsigned references;       /* owners: who made it, and each session */
};

/* Makes the library forget the intermediates that peers have sent. */
void rgw_tlsctx_forget_guests(struct rgw_tlsctx *t);

/* Adds a CA, copied. false = it is not a certificate. */
bool rgw_trust_add(struct rgw_trust *trust, const uint8_t *der, size_t len);
/* Frees what is in it. */
void rgw_trust_free(struct rgw_trust *trust);
/* Does the first of these certificates verify, with the help of those of the others that are CAs and verify
 * themselves? The one nearer to the trust comes later. Nothing of them is kept. */
bool rgw_trust_verifies(const struct rgw_trust *trust, const WOLFSSL_BUFFER_INFO *certs, int n);

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
