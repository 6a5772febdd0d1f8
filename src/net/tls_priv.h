/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TLS_PRIV_H
#define RADSECGW_TLS_PRIV_H

/* What the files of the TLS part share. wolfSSL's options must come before any other of its headers. */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include <stdatomic.h>

#include "radsecgw/crl.h"
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

/* A signature of a CRL, and what it was made of; in tlssigned.c. */
struct rgw_signed {
	size_t algorithm;             /* its place in a table */
	struct rgw_blob text;         /* owned: the digest of what is signed, or, with Edwards keys, all of that */
	struct rgw_blob signature;    /* owned */
};

/* What a [tls] section knows of revoked certificates; in tlscrl.c. It never changes once it is made, and several
 * contexts, in any thread, hold references. */
struct rgw_revocation {
	atomic_uint refs;
	bool chain;                   /* all certificates of a chain are looked up, not the leaf alone */
	bool accept_missing;          /* who is not covered by a CRL that is in force is let in */
	struct rgw_crls known;        /* owned: those that a CA of the trust has signed; `key` digests its key */
	struct rgw_crls unknown;      /* owned: those whose issuer may be in the chain of a peer ... */
	struct rgw_signed *seals;     /* ... and owned: their signatures, by their places */
	bool *barred;                 /* owned: CAs of the trust that are listed themselves, by their places */
	size_t octets;                /* what is kept of all CRLs, about */
	uint8_t sha256[32];           /* digest of all of this */
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
	struct rgw_revocation *crls; /* holds a reference; NULL = nobody asks whether certificates are revoked */
	uint8_t trust_sha256[32];  /* digest of all of `trust` and `crls` */
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
/* The longest file with certificates and keys, in octets; a system's whole trust store has about 200 KiB. */
#define RGW_PEM_MAX ((size_t)4 << 20)
/* The longest file with CRLs: one in PEM is a third longer than in DER. */
#define RGW_PEM_CRL_MAX ((size_t)48 << 20)
#define RGW_PEM_CRL_BEGIN "-----BEGIN X509 CRL-----"
/* Reads a file of at most `limit` octets. false: `why` says what is wrong with it, and its name. */
bool rgw_tls_read_file(const char *path, size_t limit, struct rgw_blob *out, char *why, size_t size) RGW_MUST_USE;
/* The same for certificates and keys. */
bool rgw_pem_read(const char *path, struct rgw_blob *out, char *why, size_t size) __attribute__((warn_unused_result));
/* Wipes and frees a file. */
void rgw_pem_drop(struct rgw_blob *f);
/* Takes the next certificate in PEM form from *at on, which moves behind it; *der gets its octets, owned by the caller,
 * or NULL data if it cannot be read. false = there is no further certificate. */
bool rgw_pem_next_cert(const struct rgw_blob *f, size_t *at, struct rgw_blob *der) __attribute__((warn_unused_result));

/* Takes the next CRL in PEM form, in the same way. */
bool rgw_pem_next_crl(const struct rgw_blob *f, size_t *at, struct rgw_blob *der) RGW_MUST_USE;

/* tlsfiles.c */
/* Files that an option names, and who takes each. `take` hears whether the option names the very file, or a directory
 * of it, and returns false, with the problem, if the whole cannot be used. */
struct rgw_tls_files {
	const char *key;               /* the option */
	size_t limit;                  /* octets of the longest file */
	const struct rgw_tls_ear *ear;
	bool (*take)(void *ctx, const char *path, const struct rgw_blob *f, bool named,
	    struct rgw_tls_problem *problem);
	void *ctx;
};
/* Gives the files of one value of the option. A file that the configuration names must be there. */
bool rgw_tls_each_file(const struct rgw_tls_files *files, const char *path,
    struct rgw_tls_problem *problem) RGW_MUST_USE;

/* tlsca.c */
/* Loads all CAs that `ca` names. false = no CA is left, or a file cannot be opened. */
bool rgw_tlsctx_load_trust(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf, const struct rgw_tls_ear *ear,
    struct rgw_tls_problem *problem) __attribute__((warn_unused_result));

/* tlsown.c */
/* Loads our own certificate, the certificates that lead to its root, and its key. */
bool rgw_tlsctx_load_identity(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf,
    const struct rgw_tls_ear *ear, struct rgw_tls_problem *problem) __attribute__((warn_unused_result));

/* tlssigned.c */
/* Takes the signature of a CRL. false = its algorithm is not understood here, or there is no memory. */
bool rgw_signed_take(struct rgw_signed *s, const struct rgw_crl *crl) RGW_MUST_USE;
/* Has the key (SubjectPublicKeyInfo, whole DER) made the signature? */
bool rgw_signed_by(const struct rgw_signed *s, struct rgw_span key) RGW_MUST_USE;
void rgw_signed_drop(struct rgw_signed *s);
/* Has the key of one certificate signed the other one? Both are whole DER. */
bool rgw_cert_has_signed(struct rgw_span issuer, struct rgw_span cert) RGW_MUST_USE;

/* tlscrl.c */
/* What became of a CRL. */
enum rgw_crl_taken {
	RGW_CRL_TAKEN,
	RGW_CRL_OF_OTHER_KEY,     /* it was taken for peers' chains: a CA of `ca` has the name, and not the key */
	RGW_CRL_OLD,              /* there is a newer one of its kind, or this one */
	RGW_CRL_UNKNOWN_ALGORITHM,
	RGW_CRL_NOT_BY_A_SIGNER,  /* its issuer's keyUsage lacks cRLSign */
	RGW_CRL_TOO_MANY_UNKNOWN, /* too many of one issuer that `ca` does not have */
	RGW_CRL_TOO_MANY,         /* with this and those that follow, no CRLs can be used at all */
	RGW_CRL_TOO_MUCH,
	RGW_CRL_OUT_OF_MEMORY,
};
/* Begins with no CRLs; the caller owns it. */
struct rgw_revocation *rgw_revocation_new(const struct rgw_conf_tls *conf) RGW_MUST_USE;
struct rgw_revocation *rgw_revocation_hold(struct rgw_revocation *r);
/* NULL is ignored. */
void rgw_revocation_drop(struct rgw_revocation *r);
/* Takes a CRL, and keeps nothing of its octets. */
enum rgw_crl_taken rgw_revocation_take(struct rgw_revocation *r, const struct rgw_certs *cas, struct rgw_crl *crl,
    int64_t now) RGW_MUST_USE;
/* Finds the CAs of `ca` that are listed themselves, when all CRLs are there. */
void rgw_revocation_bar(struct rgw_revocation *r, const struct rgw_certs *cas, int64_t now);
/* Is that one of them, by its place? NULL bars none. */
bool rgw_revocation_bars(const struct rgw_revocation *r, size_t ca);
/* Asks the CRLs that the key of `issuer` has signed. */
struct rgw_crl_answer rgw_revocation_ask(const struct rgw_revocation *r, const struct rgw_x509 *cert,
    const struct rgw_x509 *issuer, int64_t now) RGW_MUST_USE;

/* tlscrlfile.c: reads the CRLs of a section, if it has any checked; `t` has its trust. */
bool rgw_tlsctx_load_crls(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf, const struct rgw_tls_ear *ear,
    struct rgw_tls_problem *problem) RGW_MUST_USE;
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
/* By what a chain is judged. */
struct rgw_standard {
	const struct rgw_certs *cas;
	const struct rgw_revocation *crls;  /* NULL = nobody asks whether certificates are revoked */
	bool is_live;                       /* the chain was good enough before: now only a CRL that lists a
	                                     * certificate speaks against it, and none that is missing or has ended */
};

/* What was found in a chain. */
struct rgw_chain_finding {
	const struct rgw_kept_cert *stale;  /* a CA of the trust that would have been needed and is not in force, or
	                                     * NULL */
	int cert;                           /* place of the certificate that is revoked, or that no CRL in force speaks
	                                     * of; -1 = there is none */
	struct rgw_crl_answer crl;          /* what the CRLs say of it; borrows from the standard */
};

/* Does the first of these certificates verify at that time (seconds since 1970), with the help of the others that are
 * CAs and verify themselves? Their order does not matter, and certificates that do not belong there do no harm. Nothing
 * of them is kept. This is the one place where it is decided whether a revoked certificate is let in: *found says why
 * the answer is no, as far as that is known; on true, `cert` is one that was let in without a CRL. */
bool rgw_trust_verifies(const struct rgw_standard *by, const WOLFSSL_BUFFER_INFO *certs, int n, int64_t now,
    struct rgw_chain_finding *found) RGW_MUST_USE;

/* The last second in which a chain that verifies now does so: the first end of a certificate without which it does
 * not. The end of a CRL is none: who is connected stays. */
int64_t rgw_trust_ends(const struct rgw_standard *by, const WOLFSSL_BUFFER_INFO *certs, int n, int64_t now);

/* tlscrlsay.c: says what was found by a CRL, or for want of one; `accepted` is what was decided. */
void rgw_revocation_explain(const struct rgw_chain_finding *found, const WOLFSSL_BUFFER_INFO *certs, bool accepted,
    struct rgw_tls_verdict *out);

/* tlschain.c */
/* Reads a leaf with the digest of its key. */
bool rgw_tls_read_leaf(struct rgw_x509 *out, const uint8_t *der, size_t len) RGW_MUST_USE;
/* Keeps a chain that verifies by the trust of the context; `leaf` is the digest of the leaf. The caller
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

/* tlssuite.c: all of them. Sets of suites have bits by the places here. */
#define RGW_SUITES 9
extern const struct rgw_suite rgw_suites[RGW_SUITES];

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
	enum rgw_tls_revocation revocation;  /* what CRLs had to do with that */
	char *unchecked;                     /* owned: who was let in without a CRL, and why; or NULL */
	bool refused;                        /* a certificate of the peer's chain has been refused */
	int stale;                           /* depth of a certificate of the peer's chain that is not in force, or
	                                      * -1 */
	int stale_error;                     /* the library's number for that fault */
	struct rgw_psk *psk;                 /* owned: what is known about pre-shared keys until the handshake is over;
	                                      * NULL = nothing, they are not used */
	bool keys_only;                      /* the peer must take our key, and has no certificate to show (P-PSK-12) */
	enum rgw_proof proof;                /* how the peer has proven who it is, once it has ... */
	uint8_t psk_digest[RGW_PSK_DIGEST];  /* ... and the digest of its key, if it was by one */
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
