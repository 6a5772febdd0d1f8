/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TLSHELLO_H
#define RADSECGW_TLSHELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the two Hellos of TLS 1.3 say about pre-shared keys (RFC 8446 4.1.2, 4.1.3, 4.2.9, 4.2.11). The TLS library
 * reads them for itself; this is our own look at the same octets, on which a decision is based that must not depend on
 * how the library decides. It does no I/O and knows no keys.
 */

/* More identities than this are not looked at: a client has one key for us, and perhaps a ticket. */
#define RGW_HELLO_IDENTITIES 4

/* Longest handshake message that is collected. */
#define RGW_HELLO_MAX 16384

struct rgw_hello_identity {
	const uint8_t *octets;   /* borrowed from the message */
	size_t len;
	uint32_t age;            /* 0 for keys that were agreed on before; tickets have some age */
	const uint8_t *binder;   /* borrowed, too; binder_len octets */
	size_t binder_len;
};

struct rgw_client_hello {
	const uint8_t *suites;   /* borrowed: two octets each */
	size_t suites_len;
	bool has_psk;            /* there is a list of identities */
	bool has_dhe;            /* the client can take a key with a Diffie-Hellman exchange (psk_dhe_ke) */
	struct rgw_hello_identity identities[RGW_HELLO_IDENTITIES];
	size_t n;
	size_t truncated;        /* octets of the message, with its header, before the binders */
};

/* Reads a ClientHello with its header of four octets. false = it is malformed. */
bool rgw_client_hello_parse(struct rgw_client_hello *out, const uint8_t *message,
    size_t len) __attribute__((warn_unused_result));

struct rgw_server_hello {
	bool retry;              /* it is a HelloRetryRequest */
	bool tls13;
	bool has_share;          /* a Diffie-Hellman exchange takes place */
	bool has_psk;            /* an identity was selected ... */
	uint16_t selected;       /* ... by its place in the list */
};

/* Reads a ServerHello with its header. false = it is malformed. */
bool rgw_server_hello_parse(struct rgw_server_hello *out, const uint8_t *message,
    size_t len) __attribute__((warn_unused_result));

/* The plain handshake messages at the beginning of one direction, put together out of records. All octets 0 is the
 * beginning. */
struct rgw_flight {
	uint8_t header[5];       /* of the record, as far as it has come */
	size_t have;
	size_t left;             /* octets of the record that have still to come */
	uint8_t *message;        /* owned: what there is of the current message, RGW_HELLO_MAX octets at the most */
	size_t len;
	bool over;               /* nothing that comes is looked at any more */
};

typedef void rgw_flight_message(void *arg, const uint8_t *message, size_t len);

/* Follows octets, and hands each whole message to `each`, which may set `over`. What is too long, or no handshake, ends
 * it as well. */
void rgw_flight_follow(struct rgw_flight *f, const uint8_t *data, size_t len, rgw_flight_message *each, void *arg);
/* Frees what was collected. */
void rgw_flight_fini(struct rgw_flight *f);

#endif
