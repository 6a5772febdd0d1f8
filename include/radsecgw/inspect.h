/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_INSPECT_H
#define RADSECGW_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/addr.h"
#include "radsecgw/list.h"
#include "radsecgw/time.h"
#include "radsecgw/tls.h"
#include "radsecgw/x509.h"

/*
 * An inspection is one connection that is looked at closely, for `radsecgw probe`: it stops where a gateway would only
 * when nothing is left to see. Whoever has made it owns it, and all calls block, until a time at the latest (that of
 * rgw_inspect_now). The far end is judged as a gateway judges it; what cannot be had is the way around: nothing is sent
 * to one that was not accepted. The gateway itself knows nothing of this.
 */

/* The monotonic clock, in milliseconds. */
rgw_ms rgw_inspect_now(void);

#define RGW_INSPECT_ADDRS 16
/* Looks up the addresses of a host as the gateway does. Returns their number; with 0 `why` says why there are none. The
 * DNS library must have begun (rgw_net_library_init). */
size_t rgw_inspect_resolve(const char *host, struct rgw_addr addrs[static RGW_INSPECT_ADDRS], rgw_ms until, char *why,
    size_t size) RGW_MUST_USE;

/* Connects by TCP; returns the descriptor, or -1 and errno, which is ETIMEDOUT at the end of time. */
int rgw_inspect_connect(const struct rgw_addr *to, rgw_ms until) RGW_MUST_USE;
/* Opens a socket for connections at an address that nobody else has; returns the descriptor, or -1 and errno. */
int rgw_inspect_listen(const struct rgw_addr *at) RGW_MUST_USE;
/* Takes a connection on which something has come; returns the descriptor, or -1 and errno, which is ETIMEDOUT at the
 * end of time. `hello` gets a name that the other side asks for by SNI, or "". */
int rgw_inspect_accept(int fd, rgw_ms until, struct rgw_addr *from, char hello[static RGW_HOST_TEXT]) RGW_MUST_USE;

/* ---- what was seen ---- */

/* One certificate of the far end. */
struct rgw_seen_cert {
	uint8_t *der;          /* owned */
	size_t len;
	bool readable;         /* the next one is filled in */
	struct rgw_x509 x509;  /* the certificate's facts; borrows from der */
	uint8_t sha256[32];
	char fault[160];       /* what the TLS library has against it, in words, or "" */
};

#define RGW_SEEN_CERTS 16
#define RGW_SEEN_NAMES 64

/* Has the far end asked for a certificate of ours? */
enum rgw_seen_asked { RGW_ASKED_UNKNOWN, RGW_ASKED_NOT, RGW_ASKED };

struct rgw_seen {
	char version[16];      /* protocol, suite, group and ALPN that were negotiated; "" = none */
	char suite[64];
	char group[24];
	char alpn[32];
	int alert;             /* number of the last alert that the far end has sent; -1 = none */
	enum rgw_seen_asked asked;
	struct {
		uint8_t *der;  /* owned: a whole Name */
		size_t len;
	} names[RGW_SEEN_NAMES];  /* CAs that it asks for */
	size_t n_names;
	bool names_known;      /* the list of those names could be read, even if it has none */
	struct rgw_seen_cert certs[RGW_SEEN_CERTS];  /* in the order in which they were sent */
	size_t n_certs;
	bool trusted;          /* the chain verifies by `ca`, CRLs aside */
	bool crls_asked;       /* CRLs are asked about the chain; what came of that, and why: */
	enum rgw_tls_revocation revocation;
	char crl[768];
	enum rgw_proof proof;  /* how it has proven who it is, if it has */
	bool has_anchor;       /* a CA in `ca` has the name of an issuer in the chain ... */
	bool anchor_in_force;
	char anchor[256];      /* ... this name */
	int64_t anchor_ends;
	int64_t ends;          /* last second in which the chain verifies */
	bool accepted;         /* a gateway would let the far end in; otherwise: */
	char refusal[1280];    /* what a gateway would say */
};

/* ---- the connection ---- */

struct rgw_inspect;

enum rgw_inspect_result {
	RGW_INSPECT_OK,
	RGW_INSPECT_TIMEOUT,
	RGW_INSPECT_CLOSED,   /* the far end has closed the connection */
	RGW_INSPECT_STRANGE,  /* what came is no RADIUS; rgw_inspect_why has a sentence, as with the next one */
	RGW_INSPECT_FAILED,
};

/* Takes over the descriptor. The context is borrowed, and NULL for plain TCP, where the far end is accepted as it is.
 * judge, arg and sni: see rgw_tls_new. */
struct rgw_inspect *rgw_inspect_new(int fd, struct rgw_tlsctx *ctx, rgw_tls_judge *judge, void *arg, const char *sni);
/* Closes the connection, with a goodbye if it stands. NULL is ignored. */
void rgw_inspect_free(struct rgw_inspect *inspect);

/* Before the handshake: a key is offered to the server, or clients may come with one; see rgw_tls_offer_psk and
 * rgw_tls_await_psk. */
void rgw_inspect_offer_psk(struct rgw_inspect *inspect, const char *identity, const struct rgw_secret *key);
void rgw_inspect_await_psk(struct rgw_inspect *inspect, rgw_tls_find *find, void *arg);

/* Does the handshake. OK says nothing about who the far end is: see rgw_seen.accepted. */
enum rgw_inspect_result rgw_inspect_handshake(struct rgw_inspect *inspect, rgw_ms until) RGW_MUST_USE;
/* Sends a packet; false = the connection has failed, or the far end was not accepted. */
bool rgw_inspect_send(struct rgw_inspect *inspect, const uint8_t *packet, size_t len) RGW_MUST_USE;
/* Receives one packet, of at most RGW_PACKET_MAX octets. */
enum rgw_inspect_result rgw_inspect_receive(struct rgw_inspect *inspect, uint8_t *packet, size_t *len, rgw_ms until)
    RGW_MUST_USE;

/* What was seen by now; borrowed. */
const struct rgw_seen *rgw_inspect_seen(const struct rgw_inspect *inspect);
/* A sentence about the failure. */
const char *rgw_inspect_why(const struct rgw_inspect *inspect);
/* The number of octets that have come, before any decryption. */
size_t rgw_inspect_octets(const struct rgw_inspect *inspect);

#endif
