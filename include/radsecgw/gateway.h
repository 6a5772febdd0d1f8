/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_GATEWAY_H
#define RADSECGW_GATEWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/addr.h"
#include "radsecgw/common.h"
#include "radsecgw/conf.h"
#include "radsecgw/counters.h"
#include "radsecgw/edition.h"
#include "radsecgw/log.h"
#include "radsecgw/proof.h"
#include "radsecgw/time.h"

/*
 * The engine: everything between "these octets arrived" and "send these octets", for one worker. It
 * does no I/O and reads no clock. The outer layer calls the rgw_gw_on_ and rgw_conn_on_ functions
 * with what happened and the time; the engine acts through the operations of struct rgw_ops, which
 * never call back into it: what comes of them arrives later as another event. Not thread-safe.
 */
struct rgw_gw;

/* One connection over TCP, opened by us or by a peer. It lives from conn_open (or rgw_gw_on_accept) until the engine
 * calls conn_close or the outer layer reports it lost; after either neither side uses it again. */
struct rgw_conn;

/* A name whose addresses a neighbour has. It lives as long as the neighbour. */
struct rgw_host;

/* One UDP socket from which a server is asked. A source lives from source_open until source_close. */
struct rgw_source;

/* A packet to be sent. Packets that leave together are signed side by side, so most come unsigned; `secret` is valid
 * until the turn of the loop ends. */
struct rgw_outgoing {
	const uint8_t *data;
	size_t len;
	const struct rgw_secret *secret;  /* for rgw_hop_unsigned before the packet leaves; NULL = the packet is
	                                   * signed */
};

/* How the engine reaches the world. All pointers passed are borrowed for the duration of the call. */
struct rgw_ops {
	/* Sends one datagram from a socket, with `local` as its source address (P-PKT-11). */
	void (*udp_send)(void *ctx, uint32_t sock, const struct rgw_addr *local,
	    const struct rgw_addr *remote, const struct rgw_outgoing *packet);

	/* Starts to connect and to do the TLS handshake. `host` is the name (or literal) of the peer's
	 * `connect` list that `to` is an address of. Returns the outer layer's handle, or NULL if not
	 * even that was possible (out of descriptors, for example). */
	void *(*conn_open)(void *ctx, struct rgw_conn *conn, const struct rgw_conf_peer *peer,
	    const char *host, const struct rgw_addr *to);
	/* Hands over one packet, to leave as one TLS record behind the packets before it. false = the connection's
	 * buffer is full: nothing was taken, and rgw_conn_on_writable follows when there is room again. */
	bool (*conn_send)(void *ctx, void *io, const struct rgw_outgoing *packet);
	/* Says goodbye properly, after the octets that are still to be sent, and forgets the connection. */
	void (*conn_close)(void *ctx, void *io);

	/* Opens a UDP socket with a port of its own, from which only `to` is asked and heard. `from` is
	 * the address to be used, or NULL for the system's choice. NULL = failed, the log says why. */
	void *(*source_open)(void *ctx, struct rgw_source *source, const struct rgw_addr *from,
	    const struct rgw_addr *to);
	/* Sends one datagram; a datagram that the kernel does not take is lost, as datagrams may be. */
	void (*source_send)(void *ctx, void *io, const struct rgw_outgoing *packet);
	void (*source_close)(void *ctx, void *io);

	/* Looks up the addresses of a name for the host; rgw_host_on_resolved answers, once. At most one look-up is
	 * under way for a host. */
	void (*resolve)(void *ctx, struct rgw_host *host, const char *name);
	/* The host goes, and must not be told any more what came of its look-up. There need not be one. */
	void (*resolve_cancel)(void *ctx, struct rgw_host *host);

	/* Fills `out` with len unpredictable octets. */
	void (*random)(void *ctx, void *out, size_t len);
};

/* Makes a gateway with a reference of its own to its first edition. It borrows all other arguments, which must outlive
 * it. It opens the connections that the configuration wants open. */
struct rgw_gw *rgw_gw_new(struct rgw_edition *edition, struct rgw_common *common,
    const struct rgw_ops *ops, void *ops_ctx, struct rgw_log *log, rgw_ms now);
/*
 * The gateway takes up a newer edition, of which it takes a reference of its own. The configuration of the new one must
 * have inherited its ids from that of the current one (rgw_conf_inherit), and the outer layer must have taken it up
 * already, so that connections and sockets can be opened under it.
 *
 * What is under way ends under the edition under which it began. Neighbours with the same id are the same: they keep
 * connections, identifiers, queues, watchdogs and what was learned of them, with the new limits and times. If an option
 * with RGW_OPT_IDENTITY has changed, connections and sockets are replaced: new ones are opened at once, and the old
 * ones close when what is open on them is answered. A neighbour that is gone gets nothing new, and is freed when the
 * last edition that knows it is over.
 */
void rgw_gw_adopt(struct rgw_gw *gw, struct rgw_edition *edition, rgw_ms now);
/* The edition that the gateway works with; borrowed. */
struct rgw_edition *rgw_gw_edition(const struct rgw_gw *gw);
/* The gateway ends the requests that are left, without waiting for anything, so that the last status counts them. */
void rgw_gw_abandon(struct rgw_gw *gw);
/* The gateway ends whatever is left in the same way, and is freed. */
void rgw_gw_free(struct rgw_gw *gw);

/* Where a datagram arrived and who sent it. */
struct rgw_udp_from {
	uint32_t sock;           /* number that the outer layer has given the socket */
	uint32_t listen;         /* id of the socket's [listen] section */
	unsigned accept;         /* RGW_SERVICE_* bits of that section */
	struct rgw_addr local;   /* address that the datagram was sent to; port of the socket */
	struct rgw_addr remote;
};

/* Octets that were received; borrowed. */
struct rgw_octets {
	const uint8_t *data;
	size_t len;
};

/* n datagrams arrived, in this order: from[i] is where in[i] came from. Datagrams that are handed over together cost
 * less each. */
void rgw_gw_on_udp(struct rgw_gw *gw, const struct rgw_udp_from *from, const struct rgw_octets *in, size_t n,
    rgw_ms now);

/* A peer opened a TCP connection to the [listen] section with this id; nothing has been read from it. NULL = the
 * connection is not wanted: the outer layer resets it. The engine may close another connection in this call. */
struct rgw_conn *rgw_gw_on_accept(struct rgw_gw *gw, uint32_t listen, const struct rgw_addr *from,
    void *io, rgw_ms now);
/* The same for a connection that a balancer opened, and whose header, which says for whom, has not come yet. As many
 * may wait for that as max-half-open says, and the oldest one gives way to a new one. What the header says is told by
 * rgw_conn_on_named, before anything else. */
struct rgw_conn *rgw_gw_on_balanced(struct rgw_gw *gw, uint32_t listen, const struct rgw_addr *balancer,
    void *io, rgw_ms now);
/* The balancer has opened the connection for this address, or for itself: from now on it is as if that had connected.
 * false = that address may not connect, and the engine has closed the connection in this call. The engine may close
 * another connection in this call. */
bool rgw_conn_on_named(struct rgw_conn *conn, const struct rgw_addr *from, rgw_ms now) RGW_MUST_USE;
/* No connection can be accepted for the moment. */
void rgw_gw_on_accept_failed(struct rgw_gw *gw, uint32_t listen, const char *why, rgw_ms now);

/* The handshake begins: the TCP connection that we opened stands, or the first octets came on one that a peer
 * opened. */
void rgw_conn_on_connected(struct rgw_conn *conn, rgw_ms now);
/* The handshake is done. `peer` is the id of the peer whose identity was verified, in the current edition; for a
 * connection that we opened it is the peer that was connected to, and `proof` says by what. The engine may close the
 * connection in this call. */
void rgw_conn_on_open(struct rgw_conn *conn, uint32_t peer, enum rgw_proof proof, rgw_ms now);
/* The certificates of the connection are near their end: nothing new is begun on it, another connection takes its
 * place, and it closes when what is open on it is answered. The engine may close the connection in this call. */
void rgw_conn_on_expiring(struct rgw_conn *conn, rgw_ms now);
/* Decrypted octets of any number of records. The engine may close the connection in this call. */
void rgw_conn_on_data(struct rgw_conn *conn, const uint8_t *data, size_t len, rgw_ms now);
/* The peer takes so little of what is sent that nothing is read from the connection either, for a while. */
void rgw_conn_on_stalled(struct rgw_conn *conn);
/* There is room to send again after conn_send returned false. */
void rgw_conn_on_writable(struct rgw_conn *conn, rgw_ms now);
/* The far end has said that it sends nothing more (close_notify). The other direction of a connection that a peer
 * opened stays until the peer's requests are answered (RFC 8446 6.1), so the engine closes the connection, in this call
 * or later: true. false = the connection is of no more use, and rgw_conn_on_lost must follow. */
bool rgw_conn_on_goodbye(struct rgw_conn *conn, rgw_ms now);
/* The connection failed or ended; `why` is a sentence for the log. The connection is gone after this. */
void rgw_conn_on_lost(struct rgw_conn *conn, const char *why, rgw_ms now);

/* n datagrams came back from the server, in this order. */
void rgw_source_on_packets(struct rgw_source *source, const struct rgw_octets *in, size_t n, rgw_ms now);
/* ICMP says that nobody listens at the address of the source. */
void rgw_source_on_refused(struct rgw_source *source, const char *why, rgw_ms now);

/* The answer to ops.resolve. n == 0: the look-up failed, and `why` says how. ttl in seconds. The addresses have no
 * port. */
void rgw_host_on_resolved(struct rgw_host *host, const struct rgw_addr *addrs, size_t n, uint32_t ttl,
    const char *why, rgw_ms now);

/* When rgw_gw_on_timer is to be called, or RGW_NEVER. It may be called earlier. */
rgw_ms rgw_gw_deadline(const struct rgw_gw *gw);
void rgw_gw_on_timer(struct rgw_gw *gw, rgw_ms now);

/* The gateway works from now on only on requests that were accepted before. */
void rgw_gw_drain(struct rgw_gw *gw);
/* After rgw_gw_drain: the gateway takes requests again. */
void rgw_gw_resume(struct rgw_gw *gw, rgw_ms now);
/* The peer or server of that name gets no new requests (`held`), but for logins that have begun there, or gets them
 * again. What waits for it moves to others of its pools. false = there is none. */
bool rgw_gw_hold(struct rgw_gw *gw, const char *name, bool held, rgw_ms now) RGW_MUST_USE;
/* How many requests the peer or server of that name has, or that wait for it, and since when it has been given none.
 * false = there is none. */
bool rgw_gw_load(struct rgw_gw *gw, const char *name, size_t *open, rgw_ms *since) RGW_MUST_USE;
/* The connections that we have opened to the peer of that name are replaced: they close, when what is open on them is
 * answered, as soon as a new one is good. With `renew` false, those that have not been replaced yet stay. false = there
 * is no such peer to which we connect. */
bool rgw_gw_reconnect(struct rgw_gw *gw, const char *name, bool renew, rgw_ms now) RGW_MUST_USE;
/* How many connections are left of those that were to be replaced; and is a good one there? */
size_t rgw_gw_old_connections(struct rgw_gw *gw, const char *name, bool *good) RGW_MUST_USE;
/* Ends all sessions that were learned and have this value in this name (one about sessions), by a Disconnect for
 * each; 64 of them at the most. false = the sessions of the last command are not ended yet. */
bool rgw_gw_disconnect(struct rgw_gw *gw, enum rgw_nas_name name, const char *value, rgw_ms now) RGW_MUST_USE;
/* What has become of the last rgw_gw_disconnect: numbers of sessions. */
struct rgw_disconnects {
	unsigned found;
	unsigned ended;
	unsigned refused;       /* the NAS, or somebody on the way there, has refused, ... */
	uint32_t error_cause;   /* ... and the last one of them said why (RFC 5176 3.5) */
	unsigned open;          /* there is no answer yet */
};
struct rgw_disconnects rgw_gw_disconnected(const struct rgw_gw *gw);
/* The number of requests that wait for an answer. */
size_t rgw_gw_pending(const struct rgw_gw *gw);

/* Counts something that only the outer layer sees. */
void rgw_gw_count(struct rgw_gw *gw, enum rgw_counter c);
/* The counters since the start; borrowed from the gateway. */
const struct rgw_counters *rgw_gw_counters(const struct rgw_gw *gw);
/* Writes the state of each peer and all counters that are not zero as notice lines. */
void rgw_gw_log_status(struct rgw_gw *gw);

/* What is in use, for tests: all but the last two must be zero after all requests have ended. */
struct rgw_gw_usage {
	size_t requests;   /* number of request objects, cached answers included */
	size_t buffers;    /* number of packet buffers */
	size_t conns;      /* number of connections, in both directions */
	size_t sources;    /* number of UDP sockets towards servers */
	uint64_t octets;   /* octets of requests that are worked on, as max-request-octets counts them ... */
	uint64_t kept;     /* ... and of those that are kept to know repetitions */
	size_t conversations;
	size_t realm_marks;/* number of marks of members that left a realm unanswered */
};

/* Fills *out with what is in use now. */
void rgw_gw_get_usage(const struct rgw_gw *gw, struct rgw_gw_usage *out);

#endif
