/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_NET_PRIV_H
#define RADSECGW_NET_PRIV_H

#include <ev.h>

#include "radsecgw/gateway.h"
#include "radsecgw/list.h"
#include "radsecgw/md5.h"
#include "radsecgw/net.h"
#include "radsecgw/radius.h"
#include "radsecgw/tls.h"
#include "spread_priv.h"

/*
 * What the files of the network layer share. Each file has one noun, and they call each other in one direction only:
 *
 *   clock trim outbuf plain hello records random thread spread        know nothing of the others
 *   tlssay tlspem tlstrust tlsio tlsverify tlsca tlsown tlsdigest tlsctx tlsreview tls   TLS, over memory
 *   contexts                                        the TLS contexts of an edition
 *   complain bind                                   what is wrong with a change, and the addresses of [listen] sections
 *   tcpopts tcpbuf sealer shaker tcpend tcp         a connection: what it sends, its handshake, its end, its life
 *   judge                                           whether connections are good enough
 *   connect listen                                  how connections begin
 *   udpout udp source                               datagrams: those that leave, sockets that listen and that ask
 *   resolve                                         names
 *   change                                          from one configuration to the next
 *   net                                             the turn of the loop, and the operations of the engine
 *
 * Errors have one idiom. A function that can fail returns bool or a pointer, false or NULL being the failure, and its
 * result must be used. Who fails has logged the reason, unless the comment says that errno or `why` has it. A session
 * returns an enum rgw_session_result, and keeps a sentence. A connection that fails is reported once, by rgw_tcp_lost
 * with a sentence for the log, and is not touched after that by whoever has reported it. A socket option or a
 * datagram that the kernel refuses is no failure: the call is marked with (void), or with a line in the log.
 */

/* The number of octets that are read from a TCP socket in one go. */
#define RGW_READ_OCTETS 32768

struct rgw_udp;
struct rgw_listen;
struct rgw_resolver;
struct rgw_shaker;

/* The sealer holds packets that still have to be signed and encrypted: as many as can be signed side by side. */
#define RGW_SEALER_MAX RGW_MD5_LANES

struct rgw_unsealed {
	struct rgw_tcp *tcp;             /* borrowed: the connection that the packet leaves on */
	const struct rgw_secret *secret; /* borrowed */
	size_t len;
	uint8_t octets[RGW_PACKET_MAX];
};

struct rgw_sealer {
	struct rgw_unsealed waiting[RGW_SEALER_MAX];
	size_t n;
};

/* The TLS contexts of one [tls] section. */
struct rgw_context {
	const struct rgw_conf_tls *conf;  /* borrowed; NULL = nobody uses the section */
	struct rgw_tlsctx *client;     /* holds a reference: where a peer uses it */
	struct rgw_tlsctx *server;     /* holds a reference: where it is the profile of a listener */
	uint8_t digest[RGW_TLS_DIGEST];/* digest of the section's files ... */
	bool is_settled;               /* ... which were the same before and after they were read */
	bool is_new;                   /* the edition before has nothing like it */
	bool new_client;               /* the context was made for this edition ... */
	bool new_server;               /* ... as this one */
	const struct rgw_context *same;/* borrowed while this is prepared: what the edition before has */
};

/* The TLS contexts of an edition in one worker, and with them the edition; in contexts.c. The layer holds the current
 * one, and connections hold the one under which they begin, until they are up. Only the loop's thread counts. */
struct rgw_contexts {
	unsigned refs;                 /* number of references */
	struct rgw_edition *edition;   /* holds a reference; NULL before it is adopted */
	struct rgw_context *v;         /* owned: by the id of the section */
	size_t n;
	struct rgw_link notes;         /* owned: what is to be told of files when this is adopted */
};

struct rgw_net {
	struct rgw_edition *edition;   /* holds a reference: the current edition; NULL before the first one */
	const struct rgw_conf *conf;   /* borrowed: that of the edition */
	struct ev_loop *loop;          /* borrowed, as the next two */
	struct rgw_log *log;
	struct rgw_gw *gw;
	struct rgw_spread spread;      /* the worker's place among the workers */
	struct rgw_udp *udp;           /* owned: all UDP sockets and their buffers */
	struct rgw_listen *listen;     /* owned: the listening TCP sockets */
	struct rgw_resolver *resolver; /* owned */
	struct rgw_shaker *shaker;     /* owned: does the handshakes */
	struct rgw_contexts *contexts; /* holds a reference: those of the edition */
	struct rgw_sealer sealer;      /* packets that are to be signed and encrypted */
	struct rgw_link dirty;         /* connections with octets to send */
	struct rgw_link dead;          /* connections to free at the end of the turn */
	struct rgw_link conns;         /* connections that live for the engine ... */
	struct rgw_link unjudged;      /* ... as do these, which are to be judged again */
	bool names_changed;            /* whose a certificate is may be different for these */
	double look_at;                /* when the time of a certificate comes next, in seconds since 1970 */
	struct rgw_htab chains;        /* certificates of peers: each chain once */
	struct rgw_link lingering;     /* connections that are closed and still send, oldest first */
	unsigned n_lingering;
	unsigned n_freed;              /* number of connections freed since memory was given back last */
	size_t out_octets;             /* octets that the write buffers of all connections take ... */
	size_t out_peak;               /* ... and the most that they took since memory was given back last */
	size_t *peer_out;              /* owned: of these octets, those of each peer, by its id ... */
	uint32_t n_peer_out;           /* ... and the number of ids */
	ev_timer tick;                 /* when the engine's next deadline is */
	ev_timer linger;               /* when the oldest of the lingering connections is closed */
	ev_timer trim;                 /* when memory is given back */
	ev_timer daily;                /* when certificates are looked at anew ... */
	ev_timer hourly;               /* ... and CRLs */
	ev_prepare flush;              /* runs at the end of a turn */
	ev_timer slice;                /* when more connections are judged again */
	ev_periodic certificates;      /* at the time of `look_at` */
	rgw_ms tick_at;                /* time that `tick` is set to */
	uint8_t cipher[RGW_READ_OCTETS];
	uint8_t plain[16384];          /* decrypted octets: the longest record, or many short ones */
};

/* sealer.c */
/* Signs and encrypts the packets that wait for that. */
void rgw_sealer_run(struct rgw_net *net);

/* clock.c: rgw_net_now, see net.h, and for other threads: */
rgw_ms rgw_clock_now(void);

/* trim.c */
void rgw_trim_init(struct rgw_net *net);
/* Gives memory back soon, since much has ended. */
void rgw_net_tidy(struct rgw_net *net);

/* contexts.c */
void rgw_contexts_init(struct rgw_net *net);
/* Makes the contexts that are used, or finds those of the current edition. NULL = that failed, and was told. */
struct rgw_contexts *rgw_contexts_prepare(struct rgw_net_change *change) RGW_MUST_USE;
/* Frees what was prepared and is not adopted. NULL is ignored. */
void rgw_contexts_discard(struct rgw_contexts *contexts);
/* The contexts, which are the layer's from now on, come into use, and what somebody should know about them is
 * logged. */
void rgw_contexts_adopt(struct rgw_net *net, struct rgw_contexts *contexts, struct rgw_edition *edition);
struct rgw_contexts *rgw_contexts_hold(struct rgw_contexts *contexts);
/* NULL is ignored. */
void rgw_contexts_drop(struct rgw_contexts *contexts);
/* Looks at the certificates once a day from now on. */
void rgw_contexts_start(struct rgw_net *net);
void rgw_contexts_fini(struct rgw_net *net);
/* The context of the section in this role, borrowed, or NULL. */
struct rgw_tlsctx *rgw_contexts_find(const struct rgw_contexts *contexts, const struct rgw_conf_tls *conf,
    enum rgw_tls_role role);
/* Is the certificate with this digest one of ours (P-CRT-18)? Then `why` says what that means. */
bool rgw_contexts_are_own(const struct rgw_contexts *contexts, const uint8_t *sha256, char *why, size_t size);

/* udp.c */
struct rgw_udp *rgw_udp_new(struct rgw_net *net);
/* Finds or binds the sockets of all [listen] sections; false = that failed, and was told. */
bool rgw_udp_prepare(struct rgw_udp *udp, struct rgw_net_change *change) RGW_MUST_USE;
/* Gives up what was prepared. */
void rgw_udp_discard(struct rgw_link *places);
/* The steps of an adoption, when the sockets that stay have been taken out of the lists (rgw_places_part): reads those
 * that go once more; and lets the others belong to their new sections. Those that go stay open for answers, for so many
 * milliseconds. */
void rgw_udp_read_out(struct rgw_udp *udp);
void rgw_udp_adopt(struct rgw_udp *udp, struct rgw_link *places, rgw_ms lifetime);
/* Receives at the sockets at which nothing was received before. */
void rgw_udp_start(struct rgw_udp *udp);
/* Queues a datagram, which leaves at the flush. */
void rgw_udp_send(struct rgw_udp *udp, uint32_t sock, const struct rgw_addr *local,
    const struct rgw_addr *remote, const struct rgw_outgoing *packet);
/* Sends the datagrams that are queued. */
void rgw_udp_flush(struct rgw_udp *udp);
/* source.c: tells the engine about servers that are not there. true = there were some, and the engine may have sent
 * something because of that. */
bool rgw_udp_report(struct rgw_udp *udp) __attribute__((warn_unused_result));
void rgw_udp_free(struct rgw_udp *udp);
/* source.c: closes all sources; called before rgw_udp_free. */
void rgw_udp_free_sources(struct rgw_udp *udp);
/* Operations of the engine. */
void *rgw_udp_source_open(void *ctx, struct rgw_source *source, const struct rgw_addr *from,
    const struct rgw_addr *to);
void rgw_udp_source_send(void *ctx, void *io, const struct rgw_outgoing *packet);
void rgw_udp_source_close(void *ctx, void *io);

/* listen.c */
struct rgw_listen *rgw_listen_new(struct rgw_net *net);
/* As with datagrams, see above; but what goes is closed at once. */
bool rgw_listen_prepare(struct rgw_listen *listen, struct rgw_net_change *change) RGW_MUST_USE;
void rgw_listen_discard(struct rgw_link *places);
void rgw_listen_take_rest(struct rgw_listen *listen);
void rgw_listen_adopt(struct rgw_listen *listen, struct rgw_link *places);
void rgw_listen_start(struct rgw_listen *listen);
void rgw_listen_free(struct rgw_listen *listen);

/* connect.c, tcp.c and tcpend.c: operations of the engine */
void *rgw_tcp_open(void *ctx, struct rgw_conn *conn, const struct rgw_conf_peer *peer,
    const char *host, const struct rgw_addr *to);
bool rgw_tcp_send(void *ctx, void *io, const struct rgw_outgoing *packet);
void rgw_tcp_close(void *ctx, void *io);
/* Writes out the packets that are queued and frees the connections that have ended. */
void rgw_tcp_flush(struct rgw_net *net);
void rgw_tcp_init(struct rgw_net *net);
/* Connections that have not begun a session yet are of the edition that the layer has taken up now. */
void rgw_tcp_adopt(struct rgw_net *net);
/* Closes the connections that are left. */
void rgw_tcp_fini(struct rgw_net *net);

/* judge.c */
void rgw_judge_init(struct rgw_net *net);
void rgw_judge_fini(struct rgw_net *net);
/* Judges all connections again, in this turn of the loop and those that follow. Whose a certificate is is asked only if
 * that may be different now. */
void rgw_judge_all(struct rgw_net *net, bool names);

/* resolve.c */
/* Hears of the addresses of a name, or why there are none, for the one who asked. All pointers are borrowed. */
typedef void rgw_resolved(void *arg, void *asker, const struct rgw_addr *addrs, size_t n, uint32_t ttl,
    const char *why);
/* Makes a resolver, which borrows the loop and the argument of its listener. */
struct rgw_resolver *rgw_resolver_new(struct ev_loop *loop, rgw_resolved *tell, void *arg);
/* Looks a name up; the answer comes in a later turn. */
void rgw_resolver_ask(struct rgw_resolver *resolver, void *asker, const char *host);
/* Who asked does not want to know any more. */
void rgw_resolver_forget(struct rgw_resolver *resolver, const void *asker);
void rgw_resolver_free(struct rgw_resolver *resolver);

#endif
