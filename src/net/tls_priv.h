/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TLS_PRIV_H
#define RADSECGW_TLS_PRIV_H

/* What the files of the TLS part share. wolfSSL's options must come before any other of its headers. */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include "radsecgw/tls.h"
#include "records.h"

struct rgw_tls;
struct rgw_seen;

/* A certificate that the configuration names: a CA, or one of our own chain. */
struct rgw_kept_cert {
	uint8_t *der;             /* owned */
	size_t len;
	struct rgw_x509 x509;     /* the certificate's facts; borrows from der */
};

/* Several certificates; in tlstrust.c. */
struct rgw_certs {
	struct rgw_kept_cert *v;  /* owned */
	size_t n;
};

/* The longest secret of a session, octets. */
#define RGW_SECRET_MAX 64

/* A whole file in memory. */
struct rgw_blob {
	uint8_t *data;            /* owned */
	size_t len;
};

/* Somebody who hears about files that can be used but deserve a look. */
struct rgw_tls_ear {
	rgw_tls_say *say;         /* NULL = nobody listens */
	void *arg;                /* borrowed: what `say` is given */
};

struct rgw_tlsctx {
	WOLFSSL_CTX *ctx;          /* owned */
	struct rgw_certs trust;    /* the CAs of ctx once more, for the second opinion on each leaf */
	struct rgw_certs own;      /* our own chain, the leaf first */
	bool tls12;                /* TLS 1.2 may be spoken */
	bool has_guests;           /* the library may have kept intermediates that a peer has sent ... */
	bool has_stale_guests;     /* ... and some of these intermediates are out of date */
	unsigned chains;           /* number of chains that may have left such intermediates */
	enum rgw_tls_role role;
	uint8_t sha256[32];        /* digest of the first certificate of `own` */
	uint8_t trust_sha256[32];  /* digest of all of `trust` */
	unsigned suites;           /* suites that may be negotiated, as bits by their place in the table */
	unsigned references;       /* number of owners: the maker of the context, and each session */
	char *keylog;              /* owned: file for the secrets of sessions; NULL = none */
};

/* Makes the library forget the intermediates that peers have sent. */
void rgw_tlsctx_forget_guests(struct rgw_tlsctx *t);

/* tlssay.c */
/* Says what is wrong with an option. The result is false, so that a check can end with it. */
bool rgw_tls_fail(struct rgw_tls_problem *problem, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Tells something about the file of an option. */
void rgw_tls_tell(const struct rgw_tls_ear *ear, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Says why a session has failed. Only the first explanation is kept, since later failures follow from it. */
void rgw_tls_explain(struct rgw_tls *tls, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A moment as its day, such as 2026-11-30, in UTC; returns buf. */
const char *rgw_tls_date(int64_t t, char *buf, size_t size);

/* tlspem.c */
/* Reads a file of at most 4 MiB. false: `why` says what is wrong with it, and its name. */
bool rgw_pem_read(const char *path, struct rgw_blob *out, char *why, size_t size) __attribute__((warn_unused_result));
/* Wipes and frees a file. */
void rgw_pem_drop(struct rgw_blob *f);
/* Takes the next certificate in PEM form from *at on, which moves behind it; *der gets its octets, owned by the caller,
 * or NULL data if it cannot be read. false = there is no further certificate. */
bool rgw_pem_next_cert(const struct rgw_blob *f, size_t *at, struct rgw_blob *der) __attribute__((warn_unused_result));

/* tlsca.c */
/* Loads all CAs that `ca` names. false = no CA is left, or a file cannot be opened. */
bool rgw_tlsctx_load_trust(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf, const struct rgw_tls_ear *ear,
    struct rgw_tls_problem *problem) __attribute__((warn_unused_result));

/* tlsown.c */
/* Loads our own certificate, the certificates that lead to its root, and its key. */
bool rgw_tlsctx_load_identity(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf,
    const struct rgw_tls_ear *ear, struct rgw_tls_problem *problem) __attribute__((warn_unused_result));

/* tlssecret.c */
/* Looks whether `keylog` may be written, if it is set. */
bool rgw_tlsctx_load_keylog(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf, struct rgw_tls_problem *problem)
    RGW_MUST_USE;
/* The session, which has not begun yet, tells its secrets. */
void rgw_tls_hear_secrets(struct rgw_tls *tls);

/* tlsseen.c: what an inspection sees */
/* The library has judged one certificate of a chain; `fault` says what it has against that, or is NULL. */
void rgw_tls_inspect_cert(struct rgw_tls *tls, const WOLFSSL_X509_STORE_CTX *store, const char *fault);
/* The whole chain has been judged. */
void rgw_tls_inspect_verdict(struct rgw_tls *tls);
/* certreq.c: finds the CAs that the server asks for in what it has sent during the handshake. */
void rgw_certreq_find(const struct rgw_tls *tls, const uint8_t *octets, size_t len);

/* tlstrust.c */
/* Adds a copy of a certificate. false = the octets are no certificate. */
bool rgw_certs_add(struct rgw_certs *certs, const uint8_t *der, size_t len) __attribute__((warn_unused_result));
/* Is this very certificate among those? */
bool rgw_certs_have(const struct rgw_certs *certs, const uint8_t *der, size_t len);
/* Frees the certificates. */
void rgw_certs_free(struct rgw_certs *certs);
/* Does the first of these certificates verify at that time (seconds since 1970), with the help of the others that are
 * CAs and verify themselves? Their order does not matter, and certificates that do not belong there do no harm. Nothing
 * of them is kept. On false *stale is a CA of the trust that would have been needed and is not valid at that time, or
 * NULL. */
bool rgw_trust_verifies(const struct rgw_certs *trust, const WOLFSSL_BUFFER_INFO *certs, int n, int64_t now,
    const struct rgw_kept_cert **stale) __attribute__((warn_unused_result));

/* The last second in which a chain that verifies now does so: the first end of a certificate without which it does
 * not. */
int64_t rgw_trust_ends(const struct rgw_certs *trust, const WOLFSSL_BUFFER_INFO *certs, int n, int64_t now);

/* tlschain.c: keeps a chain that verifies by the trust of the context; `leaf` is the digest of the leaf. The caller
 * owns it. NULL = there is no memory. */
struct rgw_chain *rgw_chain_new(const struct rgw_tlsctx *ctx, const WOLFSSL_BUFFER_INFO *certs, int n,
    const uint8_t *leaf, int64_t now) RGW_MUST_USE;

/* One of the suites that radsecgw speaks; there are no others. */
struct rgw_suite {
	const char *iana;     /* name that the configuration may use */
	const char *openssl;  /* another name that the configuration may use */
	const char *wolfssl;  /* a third name, which the library knows */
	unsigned number;
	bool tls13;
};

size_t rgw_suites(const struct rgw_suite **table);

/* A TLS session. */
struct rgw_tls {
	struct rgw_session base;             /* must be first */
	WOLFSSL *ssl;                        /* owned */
	struct rgw_tlsctx *ctx;              /* holds a reference */
	rgw_tls_judge *judge;                /* borrowed until the handshake is over ... */
	void *judge_arg;                     /* ... like the argument that it is given */
	const uint8_t *in;                   /* borrowed: input that has not been taken yet */
	size_t in_len;
	struct rgw_records records;          /* follows the records that have been taken from the input */
	char *why;                           /* owned; NULL until something fails */
	struct rgw_chain *chain;             /* owned: what the peer has shown, until somebody takes it */
	bool accepted;                       /* our own judgement of the leaf was yes */
	bool has_pss_key;                    /* the key in the peer's certificate is of the kind RSA-PSS */
	bool refused;                        /* a certificate of the peer's chain has been refused */
	int stale;                           /* depth of a certificate of the peer's chain that is not in force, or
	                                      * -1 */
	int stale_error;                     /* the library's number for that fault */
	bool keylog_failed;                  /* a secret that should be in `keylog` is not */
	struct rgw_seen *seen;               /* borrowed: what an inspection sees; NULL = this is none, and whoever is
	                                      * not accepted is refused */
	uint8_t secret[RGW_SECRET_MAX];      /* for an inspection: what the server encrypts its handshake with */
	size_t secret_len;                   /* 0 = it is not known */
};

/* tlsverify.c */
/* Called by the library for each certificate of a chain. */
int rgw_tls_verify(int preverify, WOLFSSL_X509_STORE_CTX *store);
/* What a number of the library says of a certificate; NULL = the number is about something else. */
const char *rgw_tls_cert_fault(int code);

/* tlsio.c: the library's input and output over memory. */
int rgw_tls_recv(WOLFSSL *ssl, char *buf, int size, void *ctx);
int rgw_tls_send(WOLFSSL *ssl, char *buf, int size, void *ctx);

#endif
