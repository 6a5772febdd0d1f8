/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TEST_NETWORLD_H
#define RADSECGW_TEST_NETWORLD_H

#include <ev.h>

#include "../../src/net/tcp_priv.h"
#include "../../src/net/udp_priv.h"
#include "conf_fixture.h"
#include "minipki.h"

/*
 * The network layer of a worker with real sockets on loopback, and configurations one after the other. The engine is not
 * there; its functions that hear of what happens are those of this file (see the Makefile).
 */

#define WORLD_CONNS 8

/* A connection as the engine would know it. */
struct rgw_conn {
	struct world *w;
	struct rgw_tcp *t;       /* NULL = it has ended, or never begun */
	uint32_t peer;
	bool up, lost, expiring;
	char why[1280];
};

struct world {
	struct conf_fixture *files;
	struct test_cert ca[2], server, peer[2];
	struct rgw_conf_tls own;      /* files of our certificate, with both CAs */
	struct rgw_conf_tls far[2];   /* those of two peers, a.test and b.test, each of a CA of its own */
	uint16_t udp[2], tcp[2];      /* ports that nobody else has */
	struct ev_loop *loop;
	struct rgw_log log;
	struct rgw_net *net;
	struct rgw_conf *conf;        /* owned: that of the current edition */
	struct rgw_conf *older;       /* owned: the one before; those before that have ended */
	unsigned n_over;              /* number of editions that have ended */
	struct rgw_conn conns[WORLD_CONNS];
	size_t n_conns;
	uint32_t listen;              /* of the last datagram: the id of its section ... */
	uint32_t sock;                /* ... and the number of its socket */
	unsigned n_datagrams;
	const struct rgw_conf *datagram_conf;  /* the layer's configuration when it came */
	uint64_t counted[RGW_COUNTER_COUNT];
	char said[16384];             /* the log, and what reports said */
};

/* A test whose configuration is made of a text with these places: %1$s and so on, see world_conf. */
int world_setup(void **state);
int world_teardown(void **state);
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

/* The configuration of most tests: [tls t], [listen u] at udp[0], [listen s] at tcp[0], the peers a and b. */
#define WORLD_TLS "[tls t]\ncertificate = $CERT\nkey = $KEY\nca = $CA\n"
#define WORLD_UDP "[listen u]\nudp = 127.0.0.1:$UDP0\n"
#define WORLD_TCP "[listen s]\ntls = 127.0.0.1:$TCP0\nprofile = t\n"
#define WORLD_CLIENT "[client c]\naddress = 127.0.0.1\nsecret = a secret of more than twelve octets\n"
#define WORLD_PEER(x) "[peer " x "]\naccept = yes\ntls = t\nname = " x ".test\n"
#define WORLD_REALM \
	"[server h]\nauth = 127.0.0.1:9\nsecret = a secret of more than twelve octets\n[realm *]\npool = h\n"
#define WORLD WORLD_TLS WORLD_UDP WORLD_TCP WORLD_CLIENT WORLD_PEER("a") WORLD_PEER("b") WORLD_REALM

/* Prepares and adopts the configuration of the text. false = the preparation failed, and `said` tells why. */
bool world_take(struct world *w, const char *text);
/* The two phases apart. */
struct rgw_net_change *world_prepare(struct world *w, const char *text, struct rgw_conf **next);
void world_adopt(struct world *w, struct rgw_net_change *change, struct rgw_conf *next);

/* Lets the loop run until the condition holds; fails after 30 s. */
void world_watch(struct world *w, ev_timer *guard);
#define WORLD_UNTIL(w, condition)                              \
	do {                                                   \
		ev_timer guard_;                               \
		world_watch(w, &guard_);                       \
		while (!(condition))                           \
			ev_run((w)->loop, EVRUN_ONCE);         \
		ev_timer_stop((w)->loop, &guard_);             \
	} while (0)
/* Runs some turns in which nothing is waited for. */
void world_turns(struct world *w, unsigned n);

/* The other end of a connection. */
struct far {
	int fd;
	struct rgw_session *session;
	enum rgw_session_result result;
	uint8_t shown[32];            /* digest of the certificate that it was shown */
};

/* Connects to the port as the peer whose section this is, without a word. */
void far_connect(struct world *w, struct far *far, uint16_t port, const struct rgw_conf_tls *tls);
/* Takes a connection that has come to this descriptor, with this context. */
void far_wait(struct far *far, int fd, struct rgw_tlsctx *ctx);
/* Sends what waits and takes what has come. */
void far_pump(struct far *far);
/* Goes on until the connection is up, or has been lost. */
void far_meet(struct world *w, struct far *far, const struct rgw_conn *conn);
/* Connects, and meets; the connection must come up. */
struct rgw_conn *far_come(struct world *w, struct far *far, uint16_t port, const struct rgw_conf_tls *tls);
void far_end(struct far *far);

/* Sends a datagram to the port from a new socket, which is returned and which the answer would come to. */
int world_send(struct world *w, uint16_t port);
/* The number of open descriptors of this process. */
size_t world_descriptors(void);
/* Puts the files of `from` in the place of those of `to`. */
void world_replace(const struct rgw_conf_tls *to, struct rgw_conf_tls *from);

#endif
