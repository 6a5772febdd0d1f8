/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENGINE_NEIGHBOURS_H
#define ENGINE_NEIGHBOURS_H

#include "objects.h"

/* Peers and servers: their connections and sources, whether they live, and where they are. */

/* conn.c: one connection of either direction */
struct rgw_conn *rgw_conn_new(struct rgw_gw *gw, const struct rgw_addr *addr);
/* Opens one to a peer; NULL = not possible now. */
struct rgw_conn *rgw_conn_open(struct rgw_peer *peer, const char *host, const struct rgw_addr *to,
    rgw_ms now);
/* Closes it in good order; what is open on one of ours moves, what came on one of a peer's ends. */
void rgw_conn_close(struct rgw_conn *conn, enum rgw_log_level level, const char *event,
    const char *why, rgw_ms now);
/* Closes it because it is of no use any more, for a reason that a request on it may have given. */
void rgw_conn_give_up(struct rgw_conn *conn, const char *why, rgw_ms now);
/* Closes it for a packet that breaks a rule; the line says which packet it was. If that is the answer to a
 * request, the request is not sent again. */
void rgw_conn_close_for(struct rgw_conn *conn, const struct rgw_packet *packet, const char *rule,
    rgw_ms now);
/* Nothing new is begun on it; it is closed as soon as nothing is open on it. */
void rgw_conn_drain(struct rgw_conn *conn, rgw_ms now);
/* One thing less is open on it; if it drains and was waiting for that, it ends soon. */
void rgw_conn_settled(struct rgw_conn *conn, rgw_ms now);
/* Sets the timer to the next deadline. */
void rgw_conn_set_timer(struct rgw_conn *conn);

/* accept.c: connections that peers open */
void rgw_accept_init(struct rgw_gw *gw, const struct rgw_hashkey *key, rgw_ms now);
void rgw_accept_fini(struct rgw_gw *gw, rgw_ms now);
/* All of them end when nothing is open on them. */
void rgw_accept_drain(struct rgw_gw *gw, rgw_ms now);
/* Its handshake begins. */
void rgw_accept_shaking(struct rgw_conn *conn);
/* Its peer is known. false = it was closed. */
bool rgw_accept_identified(struct rgw_conn *conn, const struct rgw_conf_peer *peer, rgw_ms now);
/* It ends: leaves all lists and counts, and the requests that came on it end. */
void rgw_accept_forget(struct rgw_conn *conn, rgw_ms now);

/* peer.c: the connection set of a peer */
void rgw_peer_init(struct rgw_peer *peer, struct rgw_gw *gw, const struct rgw_conf_peer *conf,
    rgw_ms now);
void rgw_peer_fini(struct rgw_peer *peer, rgw_ms now);
/* Sends the attempt or queues it. false = there is no room. It may end the request: true, then. */
bool rgw_peer_take(struct rgw_peer *peer, struct rgw_attempt *a, rgw_ms now);
/* Is there room on its queue for a request that it has not had yet? */
bool rgw_peer_has_room(const struct rgw_peer *peer);
/* An attempt on the queue may be more suspect by now than when it came there. */
void rgw_peer_suspect(struct rgw_attempt *a);
/* An attempt has left its queue. */
void rgw_peer_left(struct rgw_peer *peer, const struct rgw_attempt *a);
/* Sends what is queued as far as there is room, and opens connections as needed. This is for events and
 * timers only: sending can end or move other requests, so whatever may be called from there, or from a loop
 * over requests, asks for it with rgw_peer_wake instead. */
void rgw_peer_pump(struct rgw_peer *peer, rgw_ms now);
/* Lets a timer do the same at that time, or earlier. `now` means this turn of the loop or the next. */
void rgw_peer_wake(struct rgw_peer *peer, rgw_ms at);

/* growth.c: how many connections a peer has */
void rgw_growth_init(struct rgw_peer *peer, rgw_ms now);
/* Opens as many as the load asks for and the limits allow now. */
void rgw_peer_grow(struct rgw_peer *peer, rgw_ms now);
/* How an attempt to connect ended. */
struct rgw_try {
	const struct rgw_addr *to;
	rgw_ms began;
	bool connected;  /* there was a connection ... */
	bool good;       /* ... and it was worth something */
};
void rgw_peer_on_attempt(struct rgw_peer *peer, const struct rgw_try *try, rgw_ms now);
/* A connection of it is good. */
void rgw_peer_proven(struct rgw_peer *peer);
/* One of its hosts has other addresses now: they are tried at once. */
void rgw_peer_moved(struct rgw_peer *peer, const struct rgw_host *host, rgw_ms now);
/* It went away by no wish of ours. */
void rgw_peer_failed(struct rgw_peer *peer, rgw_ms now);
/* It is needed: if it was given up, it is tried soon, and the pauses grow anew. */
void rgw_peer_call(struct rgw_peer *peer, rgw_ms now);
/* It has no good connection, but nothing says yet that none can be had: none is suspected, and no attempt to
 * connect has failed. */
bool rgw_peer_may_be_back(const struct rgw_peer *peer);
/* Requests that it has or that wait for it. */
size_t rgw_peer_load(const struct rgw_peer *peer);
/* There is one more: looks from now on whether there are too many. */
void rgw_peer_watch_size(struct rgw_peer *peer, rgw_ms now);

/* guard.c: the watchdog of a connection that we opened */
void rgw_guard_open(struct rgw_conn *conn, rgw_ms now);
/* Does the peer live? The connection is asked now, unless it is being asked; or all that are up are. */
void rgw_guard_ask(struct rgw_conn *conn, rgw_ms now);
void rgw_guard_ask_all(struct rgw_peer *peer, rgw_ms now);
/* Has a Status-Server been waiting for its answer since then, or longer? */
bool rgw_guard_is_mute(const struct rgw_conn *conn, rgw_ms since);
/* A packet came on it, of whatever kind, for inside TLS only the peer can have sent it (P-WD-12). `dwa`: it answers a
 * Status-Server. */
void rgw_guard_heard(struct rgw_conn *conn, bool dwa, rgw_ms now);
/* Its deadline has passed. false = the connection was closed. */
bool rgw_guard_expired(struct rgw_conn *conn, rgw_ms now);
/* It is found to be mute, or not to be so any more. */
void rgw_guard_mute(struct rgw_conn *conn, bool mute, rgw_ms now);
/* It does not count any more, because it ends or drains. */
void rgw_guard_leave(struct rgw_conn *conn);

/* mute.c: connections on which nothing comes although it should */
/* A request or a Status-Server is sent on the connection. */
void rgw_mute_sent(struct rgw_conn *conn, rgw_ms now);
/* A packet came on it. */
void rgw_mute_heard(struct rgw_conn *conn, rgw_ms now);
/* It shows that the peer has read all that was sent. */
void rgw_mute_read_all(struct rgw_conn *conn);
/* When rgw_mute_expired is to be called. false = the connection was closed. */
rgw_ms rgw_mute_deadline(const struct rgw_conn *conn);
bool rgw_mute_expired(struct rgw_conn *conn, rgw_ms now);

/* blame.c: requests at which a peer closes the connection */
enum rgw_fault {
	RGW_FAULT_NONE,     /* we end the connection for a reason that no request has given */
	RGW_FAULT_REQUEST,  /* a request has given the reason, and has been stopped */
	RGW_FAULT_PEER,     /* the peer has broken a rule, for no reason that a request has given */
	RGW_FAULT_UNKNOWN,  /* the connection has ended, and any request may be why */
};

enum rgw_suspicion rgw_blame_suspicion(const struct rgw_req *req);
/* May it be sent to one more, beside where it is under way? If all of these connections ended, too, there would have to
 * be no more of them than a suspect may cost. */
bool rgw_blame_may_double(const struct rgw_req *req, rgw_ms now);
/* How many connections more than the load needs suspects want, so that others are not held up by them. */
size_t rgw_blame_wants(const struct rgw_peer *peer);
/* May the attempt be sent on this connection, as far as suspects are concerned? */
bool rgw_blame_allows(const struct rgw_conn *conn, const struct rgw_attempt *a, rgw_ms now);
/* A suspect waits: may those behind it leave before it? */
bool rgw_blame_lets_pass(const struct rgw_peer *peer, rgw_ms now);
/* Suspects may be waiting: sees to it that connections become free for them, and that they are looked at. */
void rgw_blame_wait(struct rgw_peer *peer, rgw_ms now);
/* The attempt is sent on the connection. */
void rgw_blame_sent(struct rgw_conn *conn, struct rgw_attempt *a, rgw_ms now);
/* An answer shows that the peer has read so many requests of the connection. */
void rgw_blame_read(struct rgw_conn *conn, uint64_t nth, rgw_ms now);
/* When rgw_blame_expired is to be called: the peer says nothing, and has not closed the connection either. */
rgw_ms rgw_blame_deadline(const struct rgw_conn *conn);
void rgw_blame_expired(struct rgw_conn *conn, rgw_ms now);
/* The request of the attempt is to be sent no more, and ends; `why`: how its last connection ended. */
void rgw_blame_stop(struct rgw_attempt *a, const char *why, rgw_ms now);
/* An answer under this identifier breaks a rule, for which the connection is to be closed: the request that it
 * answers is stopped. false = there is none, or it cannot be told which. */
bool rgw_blame_answer(struct rgw_conn *conn, uint8_t id, const char *why, rgw_ms now);
/* Does a suspect that is open on the connection explain its end? */
bool rgw_blame_is_plain(const struct rgw_conn *conn);
/* The connection has ended: what is open on it moves, except for requests that have done so too often. */
void rgw_blame_end(struct rgw_conn *conn, enum rgw_fault fault, const char *why, rgw_ms now);

/* server.c: the sources of a server */
void rgw_server_init(struct rgw_server *server, struct rgw_gw *gw, const struct rgw_conf_server *conf,
    rgw_ms now);
void rgw_server_fini(struct rgw_server *server);
struct rgw_port *rgw_server_port(struct rgw_server *server, uint8_t code);
/* Sends the attempt, or lets it wait for an address or a socket. false = there is no room. */
bool rgw_server_take(struct rgw_server *server, struct rgw_attempt *a, rgw_ms now);
/* Sends what waits, as far as that is possible. */
void rgw_port_pump(struct rgw_port *port, rgw_ms now);
/* Its host has other addresses now: they are asked at once. */
void rgw_port_moved(struct rgw_port *port, rgw_ms now);
/* A source that has an identifier left, opened if need be; NULL = none for the moment. */
struct rgw_source *rgw_port_source(struct rgw_port *port, rgw_ms now);
/* An attempt came to it, to wait or to be sent, or left it. */
void rgw_port_joined(struct rgw_port *port);
void rgw_port_left(struct rgw_port *port, rgw_ms now);

/* health.c: is a server alive? */
void rgw_health_init(struct rgw_port *port);
void rgw_health_fini(struct rgw_port *port);
/* The answer to a Status-Server came. */
void rgw_health_probe_answered(struct rgw_port *port);
/* A valid answer of any kind came. */
void rgw_health_heard(struct rgw_port *port, rgw_ms now);
/* A request that was sent first at `since` had no answer. */
void rgw_health_silent(struct rgw_port *port, rgw_ms since, rgw_ms now);
/* It is not alive, but has other addresses now: they are tried at once. */
void rgw_health_moved(struct rgw_port *port, rgw_ms now);
/* ICMP: nobody listens at any address of it. */
void rgw_health_unreachable(struct rgw_port *port, const char *why, rgw_ms now);
const char *rgw_health_name(enum rgw_port_state state);

/* names.c: clients that are known by names */
void rgw_names_init(struct rgw_gw *gw, rgw_ms now);
void rgw_names_fini(struct rgw_gw *gw);
/* A name of a client has other addresses now, or those that it had before count no longer. */
void rgw_names_changed(struct rgw_gw *gw);
/* The client that may ask from this address at the [listen] section with this index, by whatever the address is given;
 * NULL = none. Then the names are looked up again soon, for one of them may have moved. */
const struct rgw_conf_client *rgw_names_find(struct rgw_gw *gw, const struct rgw_addr *from, uint32_t listen,
    rgw_ms now);

/* resolve.c: addresses of hosts */
/* Pointers to the host are kept until the gateway ends. */
void rgw_host_init(struct rgw_host *host, struct rgw_gw *gw, const struct rgw_conf_head *owner,
    const struct rgw_hostport *conf, rgw_ms now);
void rgw_host_fini(struct rgw_host *host);
/* None of its addresses works: it is looked up as soon as that may be done again. */
void rgw_host_refresh(struct rgw_host *host, rgw_ms now);
bool rgw_host_has(const struct rgw_host *host, const struct rgw_addr *addr);
/* The n-th address over all hosts of the peer, modulo their number, and the host it belongs to;
 * NULL = there is none. */
const char *rgw_host_address(const struct rgw_peer *peer, size_t n, struct rgw_addr *out);
size_t rgw_host_count(const struct rgw_peer *peer);

#endif
