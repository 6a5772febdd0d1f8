/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_CRL_H
#define RADSECGW_CRL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/list.h"
#include "radsecgw/x509.h"

/*
 * Lists of revoked certificates (RFC 5280 5): a reader of one CRL in DER, and a set of CRLs that can be asked about a
 * certificate (P-CRT-2). Reading allocates nothing and keeps nothing, so that a CRL can be looked at before anybody
 * knows who signed it. The caller verifies the signature by the key of the issuer and adds to a set only what
 * verifies; what the set holds of a CRL is smaller than the file was, unless its serial numbers differ much in length.
 * There is no clock here: times are seconds since 1970, and the caller says what time it is.
 *
 * A CRL is used as a whole or not at all. One that speaks of less than all certificates of its issuer is refused if
 * that cannot be taken into account, since what it does not list might still be revoked: delta CRLs, indirect CRLs,
 * and CRLs for some reasons only.
 */

/* The longest CRL that is read, in octets: 1.6 million entries. CAs with more revoked certificates split their
 * CRLs. */
#define RGW_CRL_MAX_OCTETS (32u << 20)
/* The longest serial number, in octets of the INTEGER: 20 octets are allowed (RFC 5280 4.1.2.2), and CAs that fill all
 * of them with random bits need one more for the sign. The same holds for the number of a CRL (5.2.3). */
#define RGW_CRL_MAX_SERIAL 21
/* The greatest number of CRLs in a set; a trust store of a whole system has about 150 CAs. */
#define RGW_CRLS_MAX 1024

/* Why a CRL is refused. */
enum rgw_crl_fault {
	RGW_CRL_NO_FAULT,
	RGW_CRL_TOO_LONG,
	RGW_CRL_MALFORMED,            /* not the three parts of a CRL, or more than these */
	RGW_CRL_BAD_SIGNATURE,        /* the place of the signature holds none */
	RGW_CRL_BAD_VERSION,          /* neither version 1 nor 2 */
	RGW_CRL_ALGORITHMS_DIFFER,    /* it says one algorithm beside the signature, and another in what is signed */
	RGW_CRL_WEAK,                 /* the signature uses SHA-1 or worse, as rgw_x509_is_strong has it */
	RGW_CRL_BAD_ISSUER,
	RGW_CRL_BAD_DATES,
	RGW_CRL_NO_END,               /* it has no nextUpdate */
	RGW_CRL_ENDS_BEFORE_IT_BEGINS,
	RGW_CRL_BAD_ENTRY,            /* an entry is malformed */
	RGW_CRL_LONG_SERIAL,          /* an entry has a longer serial number than RGW_CRL_MAX_SERIAL */
	RGW_CRL_REMOVES,              /* an entry takes a revocation back, which only a delta CRL does */
	RGW_CRL_V1_EXTENSIONS,        /* it is of version 1, and has extensions all the same */
	RGW_CRL_BAD_EXTENSION,        /* an extension is malformed */
	RGW_CRL_EXTENSION_TWICE,
	RGW_CRL_UNKNOWN_CRITICAL,     /* a critical extension is not understood here */
	RGW_CRL_DELTA,
	RGW_CRL_INDIRECT,
	RGW_CRL_SOME_REASONS,
	RGW_CRL_RELATIVE_POINT,       /* its distribution point has no full name */
	RGW_CRL_ATTRIBUTES,           /* it is for attribute certificates */
	RGW_CRL_FOR_NOBODY,           /* it is for end entities only, and for CAs only */
	RGW_CRL_FAULTS
};

/* What is wrong with a CRL, and where. */
struct rgw_crl_problem {
	enum rgw_crl_fault fault;
	size_t entry;               /* the number of the entry at fault, from 1; 0 = no entry is */
	struct rgw_span extension;  /* OBJECT IDENTIFIER contents of the extension at fault, borrowed from the CRL;
	                             * data NULL = no extension is */
};

/* The reasons of RFC 5280 5.3.1, as encoded. */
enum { RGW_CRL_UNSPECIFIED = 0, RGW_CRL_REMOVE_FROM_CRL = 8 };

/* A certificate that a CRL lists. */
struct rgw_crl_entry {
	struct rgw_span serial;  /* INTEGER contents, as encoded */
	int64_t date;            /* when it was revoked */
	uint8_t reason;          /* RFC 5280 5.3.1; RGW_CRL_UNSPECIFIED if the CRL does not say */
};

/* What a CRL says of itself. */
struct rgw_crl_facts {
	struct rgw_span issuer;     /* Name, whole DER, never empty */
	struct rgw_span key_id;     /* what the issuer calls the key that it signed with; len 0 = not said */
	struct rgw_span key;        /* what the caller calls the key by which it has verified the signature; the reader
	                             * leaves it empty */
	struct rgw_span number;     /* cRLNumber: INTEGER contents, not negative; len 0 = not said */
	struct rgw_span point;      /* GeneralNames of its distribution point: it speaks of certificates only that name
	                             * one of them, too; len 0 = of all */
	int64_t this_update;
	int64_t next_update;
	size_t n_entries;
	size_t serial_octets;       /* those of the longest serial number; 0 = there are no entries */
	bool users;                 /* it speaks of certificates of end entities ... */
	bool cas;                   /* ... and of CAs; at least one of both */
};

/* A CRL that was read; everything is borrowed from its octets. */
struct rgw_crl {
	struct rgw_crl_facts facts;
	struct rgw_span tbs;        /* what is signed: TBSCertList, whole DER */
	struct rgw_span algorithm;  /* that of the signature: AlgorithmIdentifier, whole DER */
	struct rgw_span signature;  /* the bits of the signature, whole octets */
	struct rgw_span entries;    /* for rgw_crl_next_entry */
	bool is_v1;                 /* the CRL is of version 1, which has no extensions to say anything in */
};

/* Reads a CRL of either version; *out borrows from der. false: *problem says why the CRL is refused, and *out is
 * empty. */
bool rgw_crl_parse(struct rgw_crl *out, const uint8_t *der, size_t len,
    struct rgw_crl_problem *problem) RGW_MUST_USE;

/* Writes a problem as a sentence without a full stop: "the CRL has no nextUpdate, ...". Returns buf; what is cut ends
 * with "...". */
const char *rgw_crl_explain(const struct rgw_crl_problem *problem, char *buf, size_t size);

/* Walks the entries in the order of the file: start with *rest = crl->entries, call until it gives false. */
bool rgw_crl_next_entry(struct rgw_span *rest, struct rgw_crl_entry *out) RGW_MUST_USE;

/* The reason in words, as OpenSSL and RFC 5280 have it: "keyCompromise". */
const char *rgw_crl_reason_name(uint8_t reason);

/* What a set keeps of a CRL. It never changes. */
struct rgw_kept_crl {
	struct rgw_crl_facts facts;  /* spans are of this object's own octets */
	const uint8_t *rows;         /* the entries in the order of their serial numbers, see crlset.c */
	uint8_t octets[];
};

/* CRLs of any number of issuers; { 0 } is an empty set. Once it is filled, any number of threads may ask it. */
struct rgw_crls {
	struct rgw_kept_crl **v;  /* owned, in no order */
	size_t n;                 /* number of CRLs, those included that do not count before they begin */
};

/* What became of a CRL that was to be added. */
enum rgw_crls_added {
	RGW_CRLS_ADDED,      /* the set has it; older ones of the same kind are gone, unless it begins in the future */
	RGW_CRLS_OLD,        /* the set has one of the same kind that is newer, or just as new */
	RGW_CRLS_FULL,       /* there are RGW_CRLS_MAX already */
	RGW_CRLS_NO_MEMORY,
};

/*
 * Adds a CRL, whose signature the caller has verified, and keeps nothing of its octets. Of the CRLs of one issuer, key
 * and scope (point, users, cas) only the newest that has begun by then counts: that with the greatest number, or, if
 * these are equal, the latest thisUpdate (RFC 5280 5.2.3). One without a number is older than all that have one.
 */
enum rgw_crls_added rgw_crls_add(struct rgw_crls *set, const struct rgw_crl *crl, int64_t now) RGW_MUST_USE;
/* Adds a CRL whose signature nobody can verify yet: it takes the place of no other one, and is not to be asked before
 * its signature has been verified. */
enum rgw_crls_added rgw_crls_put(struct rgw_crls *set, const struct rgw_crl *crl) RGW_MUST_USE;
/* Has another CRL of the set taken the place of this one by that time? */
bool rgw_crls_is_superseded(const struct rgw_crls *set, const struct rgw_kept_crl *crl, int64_t now);
/* Frees what the set holds; it is empty afterwards. */
void rgw_crls_free(struct rgw_crls *set);

/* What the CRLs say of a certificate; of several that speak of it the greatest verdict holds. */
enum rgw_crl_verdict {
	RGW_CRL_NOT_COVERED,  /* no CRL speaks of certificates of this issuer */
	RGW_CRL_NOT_YET,      /* one does, but it begins in the future */
	RGW_CRL_EXPIRED,      /* one does, but there should be a newer one by now */
	RGW_CRL_GOOD,         /* one that is in force does not list it */
	RGW_CRL_REVOKED,      /* one lists it, whatever the dates of that CRL are */
};

struct rgw_crl_answer {
	enum rgw_crl_verdict verdict;
	const struct rgw_kept_crl *crl;  /* the CRL that says so, borrowed from the set; NULL = NOT_COVERED */
	int64_t date;                    /* REVOKED: when; dates before 1970 and after 2106 become the nearest ones */
	uint8_t reason;                  /* REVOKED: RFC 5280 5.3.1 */
};

/* Asks for a certificate by its issuer, serial number, distribution points, and the key that it was signed with. A CRL
 * that was signed with another key of that issuer does not speak of it; where the certificate or the CRL does not say
 * which key, the name of the issuer decides. The signature of the certificate is the caller's business. */
struct rgw_crl_answer rgw_crls_ask(const struct rgw_crls *set, const struct rgw_x509 *cert, int64_t now) RGW_MUST_USE;

#endif
