/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TLS_H
#define RADSECGW_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/certid.h"
#include "radsecgw/conf.h"
#include "radsecgw/hash.h"
#include "radsecgw/proof.h"
#include "radsecgw/session.h"

/*
 * TLS as RADIUS/TLS needs it (RFC 6614, P-TLS and P-CRT): contexts that are safe whatever the library's defaults are,
 * and sessions made from them; see session.h. No other part of the program knows wolfSSL.
 */

/* A context is the identity and the trust of one [tls] section for one role. Whoever has made it owns it, and each
 * session holds a reference. */
struct rgw_tlsctx;

/* The role that the other side will have. */
enum rgw_tls_role { RGW_TLS_CLIENT, RGW_TLS_SERVER };

/* A reason why a context could not be made: the option at fault and a sentence. */
struct rgw_tls_problem {
	const char *key;
	char text[512];
};

/* Hears a sentence about something that works but deserves a look, and the option that it is about. Both are
 * borrowed for the duration of the call. */
typedef void rgw_tls_say(void *arg, const char *key, const char *text);

/* Reads the files of the section and checks them: certificate and key match, suites and groups are
 * known ones, the trust is not empty. CAs are taken whatever their dates are; handshakes judge them. What is
 * left out of `ca`, and why, is said to `say`, which may be NULL. NULL and *problem on failure. */
struct rgw_tlsctx *rgw_tlsctx_new(const struct rgw_conf_tls *conf, enum rgw_tls_role role, rgw_tls_say *say,
    void *arg, struct rgw_tls_problem *problem) __attribute__((warn_unused_result));
/* The same, of a section of which somebody has a context, made of the same files with the same `ca` and `crl`: what
 * the CRLs say is shared with that, whatever thread it is in. twin NULL = nobody has one. */
struct rgw_tlsctx *rgw_tlsctx_like(const struct rgw_tlsctx *twin, const struct rgw_conf_tls *conf,
    enum rgw_tls_role role, rgw_tls_say *say, void *arg, struct rgw_tls_problem *problem) RGW_MUST_USE;
/* Takes one more reference. */
void rgw_tlsctx_hold(struct rgw_tlsctx *ctx);
/* Gives a context back. Sessions made from it keep working. NULL is ignored. */
void rgw_tlsctx_free(struct rgw_tlsctx *ctx);

/* Digests all files that a context of this section is made of: their octets, and the names in directories of CAs. The
 * digest of a file that cannot be read is that of the reason. false = the TLS library cannot. */
#define RGW_TLS_DIGEST 32
bool rgw_tls_digest(const struct rgw_conf_tls *conf, uint8_t out[static RGW_TLS_DIGEST]) RGW_MUST_USE;

/* The number of CAs that the context trusts. */
size_t rgw_tlsctx_n_cas(const struct rgw_tlsctx *ctx);
/* The number of CRLs that the context knows. */
size_t rgw_tlsctx_n_crls(const struct rgw_tlsctx *ctx);

/* What our own certificate is used for, as bits. */
enum { RGW_TLS_USED_AS_CLIENT = 1, RGW_TLS_USED_AS_SERVER = 2 };

/* Looks at the certificates of the context: says what is wrong with our own chain at this time (seconds since 1970)
 * for these uses, or will be within 30 days, and which CAs are out of date. */
void rgw_tlsctx_review(const struct rgw_tlsctx *ctx, int64_t now, unsigned uses, rgw_tls_say *say, void *arg);

/* Looks at the CRLs of the context: says which have ended, or will within a day, or within a fourth of their time if
 * that is less. At the first look also which CAs have none. */
void rgw_tlsctx_review_crls(const struct rgw_tlsctx *ctx, int64_t now, bool first, rgw_tls_say *say, void *arg);

/* Can this be the time (seconds since 1970)? A time before these sources were written cannot: then nobody has set the
 * clock, and certificates cannot be judged. */
bool rgw_tls_clock_is_set(int64_t now);

/* Writes a time (seconds since 1970) as its day and second, in UTC; returns buf. */
const char *rgw_tls_moment(int64_t t, char *buf, size_t size);

/* Does the context's own certificate carry this DNS name? */
bool rgw_tlsctx_serves(const struct rgw_tlsctx *ctx, const char *name);

/* The i-th certificate of our own chain, the leaf first; NULL = there are no more. */
const struct rgw_x509 *rgw_tlsctx_own(const struct rgw_tlsctx *ctx, size_t i);

/* Has the context's own certificate this SHA-256 digest (P-CRT-18)? */
bool rgw_tlsctx_is_own(const struct rgw_tlsctx *ctx, const uint8_t *sha256);

/* Reads the server name out of a ClientHello before a session exists. false = the ClientHello has none, or none that is
 * a string of less than `size` octets. */
bool rgw_tls_peek_sni(const uint8_t *hello, size_t len, char *out, size_t size) __attribute__((warn_unused_result));

/* Decides about the other side's leaf, whose chain has been verified. The judge is called by whoever does the
 * handshake, in whatever thread that is. false: `why` says in words what was expected. */
typedef bool rgw_tls_judge(void *arg, const struct rgw_x509 *leaf, const uint8_t *sha256, char *why,
    size_t size);

#define RGW_TLS_JUDGE_TEXT 512

/* Starts a session, which keeps the context. The judge is called during the handshake, once or not at all, and
 * borrowed until then, like `arg`. sni may be NULL (send none); servers ignore it. NULL = out of memory. */
struct rgw_session *rgw_tls_new(struct rgw_tlsctx *ctx, rgw_tls_judge *judge, void *arg, const char *sni)
    __attribute__((warn_unused_result));

/* What CRLs had to do with the verdict on a chain. */
enum rgw_tls_revocation {
	RGW_TLS_NOT_REVOKED,  /* nothing */
	RGW_TLS_REVOKED,      /* a certificate was refused because a CRL lists it */
	RGW_TLS_NO_CRL,       /* one was refused because no CRL in force speaks of it */
	RGW_TLS_UNCHECKED,    /* one was let in although no CRL in force speaks of it */
};

struct rgw_tls_verdict {
	enum rgw_tls_revocation revocation;
	char text[768];       /* which certificate, which CRL and what to do; empty if there is nothing to say */
};

/* Tells what CRLs had to do with the peer's certificates, once the handshake is done or has failed. *text becomes who
 * was let in without a CRL, and why, borrowed from the session, or NULL. */
enum rgw_tls_revocation rgw_tls_revocation(const struct rgw_session *session, const char **text);
/*
 * Pre-shared keys (RFC 9813). A session without one of the next two calls knows nothing of them.
 */

/* The keys of one peer; borrowed. */
struct rgw_psk_keys {
	const struct rgw_secret *now;
	const struct rgw_secret *previous;  /* this one is taken, too; NULL = none */
};

/* Finds the keys for an identity that a client names. It is asked by whoever does the handshake, more than once
 * perhaps. false = nobody has this identity; the client cannot tell that from a wrong key. */
typedef bool rgw_tls_find(void *arg, const uint8_t *identity, size_t len, struct rgw_psk_keys *keys);

/* Server, before the handshake: clients may come with keys as well as with certificates. What `find` gives, and `arg`,
 * are borrowed until the handshake is over. false = out of memory. */
bool rgw_tls_await_psk(struct rgw_session *session, rgw_tls_find *find, void *arg) RGW_MUST_USE;
/* Client, before the handshake: offers this key, and takes no certificate in its place (P-PSK-12). Both are borrowed
 * until the handshake is over. false = the context has no suite that goes with it, or there is no memory. */
bool rgw_tls_offer_psk(struct rgw_session *session, const char *identity, const struct rgw_secret *key) RGW_MUST_USE;
/* Has the context a suite for keys? */
bool rgw_tlsctx_can_psk(const struct rgw_tlsctx *ctx) RGW_MUST_USE;
/* Has the context no certificate? Then nobody without a key can come in. */
bool rgw_tlsctx_is_bare(const struct rgw_tlsctx *ctx) RGW_MUST_USE;

/* Why a client's key was refused, as far as keys are the reason. */
enum rgw_psk_fault {
	RGW_PSK_NO_FAULT,
	RGW_PSK_UNKNOWN,     /* nobody who may come from there has the identity */
	RGW_PSK_WRONG_KEY,
	RGW_PSK_NO_SECRECY,  /* it is offered without a Diffie-Hellman exchange only (P-PSK-6) */
	RGW_PSK_NO_SUITE,
};
enum rgw_psk_fault rgw_tls_psk_fault(const struct rgw_session *session) RGW_MUST_USE;

/* How the far end of a session whose handshake is done has proven who it is. With a key, *digest gets what
 * rgw_psk_digest makes of it; borrowed. */
enum rgw_proof rgw_tls_proof(const struct rgw_session *session, const uint8_t **digest) RGW_MUST_USE;

/* Digests a key with its identity, so that it can be known again. false = the TLS library cannot. */
#define RGW_PSK_DIGEST 32
bool rgw_psk_digest(const char *identity, const struct rgw_secret *key,
    uint8_t out[static RGW_PSK_DIGEST]) RGW_MUST_USE;

/* The chain of certificates that a peer has shown. It is one object for all connections that have shown it, which hold
 * references: chains are shared in a table of the loop. */
struct rgw_chain;

/* Takes the chain from a session whose handshake is done; the caller owns it. NULL = the session has none. */
struct rgw_chain *rgw_tls_take_chain(struct rgw_session *session) RGW_MUST_USE;
/* Exchanges the chain for the one in the table that is the same, to which the caller gets a reference. NULL = there is
 * no memory, and the chain is gone. */
struct rgw_chain *rgw_chain_share(struct rgw_htab *tab, struct rgw_chain *chain) RGW_MUST_USE;
/* Gives a reference back. NULL is ignored. */
void rgw_chain_drop(struct rgw_htab *tab, struct rgw_chain *chain);
/* Reads the leaf, which *out borrows; returns its SHA-256 digest, or NULL if it is malformed. */
const uint8_t *rgw_chain_leaf(const struct rgw_chain *chain, struct rgw_x509 *out) RGW_MUST_USE;
/* Does the chain of a connection that is up verify by the trust of the context at that time (seconds since 1970)? *ends
 * gets the last second in which it does. A CRL that is missing, or has ended, does not matter any more, only one that
 * lists a certificate. What came of that is kept, so this costs next to nothing for the trust that was asked for
 * last. */
bool rgw_chain_judge(struct rgw_chain *chain, const struct rgw_tlsctx *ctx, int64_t now, int64_t *ends,
    struct rgw_tls_verdict *verdict) RGW_MUST_USE;
/* The last second in which our own certificate is valid that the session has shown. */
int64_t rgw_tls_own_ends(const struct rgw_session *session);

/* Begins and ends the use of the TLS library. Both functions must be called once, before and after everything else in
 * the process. false = there is no TLS library. */
bool rgw_tls_library_init(void) __attribute__((warn_unused_result));
void rgw_tls_library_fini(void);

/* The number of the library at work, which may be newer than the one that this was compiled with. */
const char *rgw_tls_library_version(void);
/* A sentence about what is wrong with this version; NULL = nothing. */
const char *rgw_tls_library_warning(void);

/* Frees what the library kept for the calling thread; to be called before a thread that used sessions ends. */
void rgw_tls_thread_fini(void);

/* Fills `out` with len unpredictable octets from the kernel. */
void rgw_random(void *out, size_t len);

#endif
