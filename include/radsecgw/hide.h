/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_HIDE_H
#define RADSECGW_HIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/list.h"
#include "radsecgw/secret.h"

/*
 * Attributes whose value is hidden with the secret of one hop (protocol.md section 4), and how they are moved from one
 * hop to the next. A value is re-keyed octet by octet: length, padding and whatever the sender put inside stay as they
 * are (P-PWD-3, P-SLT-5), so nothing is lost or judged.
 */
enum rgw_hide_method {
	RGW_HIDE_PASSWORD,  /* RFC 2865 5.2, User-Password */
	RGW_HIDE_SALT,      /* RFC 2868 3.5, RFC 2548 2.4.2 */
	RGW_HIDE_ASCEND,    /* xor with MD5(authenticator + secret) */
};

/* One hidden attribute. vendor 0 is the standard space. */
struct rgw_hidden {
	uint32_t vendor;
	uint16_t type;
	uint8_t tlv;  /* type of a hidden TLV inside the attribute (WiMAX 86.3, 87.3), or 0 */
	uint8_t method;
	bool tagged;  /* one Tag octet stands before the salt */
};

/* How a vendor writes its sub-attributes (P-ENC-6). */
struct rgw_vendor_format {
	uint8_t type_octets;    /* number of octets of a type: 1 or 2 */
	uint8_t length_octets;  /* number of octets of a length: 1 */
	bool continuation;      /* a continuation octet follows (WiMAX) */
};

/* The built-in list plus what the configuration adds. Immutable once the configuration is read. */
struct rgw_hidden_table;

struct rgw_hidden_table *rgw_hidden_table_new(void) RGW_MUST_USE;
void rgw_hidden_table_free(struct rgw_hidden_table *table);

/* Adds a row to the table, or replaces the row of the same attribute. */
void rgw_hidden_table_add(struct rgw_hidden_table *table, const struct rgw_hidden *row);

/* Reads "vendor:number:method[:tagged]", method hide, salt or ascend (option encrypted-attribute).
 * On failure returns what was expected, in words; NULL on success. */
const char *rgw_hidden_parse(const char *text, struct rgw_hidden *out) RGW_MUST_USE;

/* The row for an attribute of the standard space, for a vendor's sub-attribute, or for a TLV in
 * one (tlv > 0); NULL = not hidden. An attribute that holds hidden TLVs is found by tlv > 0 only. */
const struct rgw_hidden *rgw_hidden_find(const struct rgw_hidden_table *table, uint32_t vendor,
    uint16_t type, uint8_t tlv);
/* Does the vendor have any hidden attribute? Cheap: most vendors have none. */
bool rgw_hidden_vendor(const struct rgw_hidden_table *table, uint32_t vendor);
/* Does this sub-attribute hold TLVs of which one is hidden? */
bool rgw_hidden_has_tlvs(const struct rgw_hidden_table *table, uint32_t vendor, uint16_t type);

/* The format that a vendor is known to use; that of RFC 2865 5.26 for all others. */
struct rgw_vendor_format rgw_vendor_format_of(uint32_t vendor);

/* The number of built-in rows and the rows themselves, for tests and documentation. */
size_t rgw_hidden_builtin(const struct rgw_hidden **rows);

/* One end of a re-keying: the secret of that hop and the authenticator that its hidden attributes depend on. That is
 * the authenticator of the request, also in responses (P-SLT-1); sixteen zeros in Accounting-, CoA- and
 * Disconnect-Requests (P-SLT-10). All pointers are borrowed. */
struct rgw_hide_key {
	const struct rgw_secret *secret;
	const uint8_t *auth;  /* 16 octets */
};

/*
 * A re-keying in progress. A value may come in pieces, since WiMAX splits one over several
 * attributes; the cipher then runs on across them.
 */
struct rgw_rekey {
	struct rgw_hide_key from;
	struct rgw_hide_key to;
	uint8_t method;
	uint8_t at;             /* position inside the current block of 16; 16 = at its end */
	uint8_t in[16];         /* the incoming ciphertext block */
	uint8_t out[16];        /* the outgoing ciphertext block */
	uint8_t stream_in[16];  /* octets that the block was hidden with ... */
	uint8_t stream_out[16]; /* ... and octets that it will be hidden with */
};

/* For the salted method, salt_from and salt_to are two octets each; else they are NULL. */
void rgw_rekey_begin(struct rgw_rekey *rk, uint8_t method, struct rgw_hide_key from,
    struct rgw_hide_key to, const uint8_t *salt_from, const uint8_t *salt_to);
/* Re-keys n octets in place; tag and salt are not among them. */
void rgw_rekey_update(struct rgw_rekey *rk, uint8_t *data, size_t n);
/* Ends the re-keying and wipes all that could tell the plain text. */
void rgw_rekey_end(struct rgw_rekey *rk);

#define RGW_PASSWORD_MAX 128
/* Hides a password of 1 to RGW_PASSWORD_MAX octets as RFC 2865 5.2 has it (P-PWD-1); returns the number of octets, a
 * multiple of 16. */
size_t rgw_hide_password(struct rgw_hide_key key, const void *password, size_t len,
    uint8_t out[static RGW_PASSWORD_MAX]);

#endif
