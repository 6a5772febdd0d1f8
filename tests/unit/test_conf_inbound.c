/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sections that let peers in and lead to servers, and what is told about bad ones. */
#include "conf_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define N(array) (sizeof(array) / sizeof(array)[0])

#define TLS_LISTEN "[listen r]\ntls = [::1]\nprofile = t\n"
#define ACCEPT "[peer p]\naccept = yes\nname = radius.example.org\ntls = t\n"
#define SERVER "[server s]\nauth = 127.0.0.1\n" SECRET
#define TO_SERVER "[realm *]\npool = s\n"
/* The smallest inbound configuration, of 16 lines. */
#define INBOUND TLS TLS_LISTEN ACCEPT SERVER TO_SERVER

static void
loads_the_smallest_file(void **state)
{
	struct conf_fixture *f = *state;
	struct rgw_conf *conf = conf_load(f, INBOUND);
	const struct rgw_conf_server *server;
	const struct rgw_conf_peer *peer;

	assert_non_null(conf);
	assert_string_equal(f->said, "");
	assert_int_equal(conf->gateway.max_connections, 1024);
	assert_int_equal(conf->gateway.max_connections_per_address, 64);
	assert_int_equal(conf->gateway.max_half_open, 1024);
	assert_int_equal(conf->gateway.max_half_open_per_address, 32);
	assert_int_equal(conf->gateway.connect_rate.events, 100);
	assert_int_equal(conf->gateway.connect_rate.burst, 200);
	assert_int_equal(conf->gateway.connect_rate_per_address.events, 10);
	assert_int_equal(conf->gateway.connect_rate_per_address.burst, 20);
	assert_int_equal(conf->gateway.packet_timeout, 10000);
	assert_int_equal(conf->gateway.write_buffer, 256 * 1024);
	assert_int_equal(conf->listen.v[0]->udp.n, 0);
	assert_int_equal(conf->listen.v[0]->tls.v[0].port, 2083);
	assert_int_equal(conf->listen.v[0]->profile.n, 1);
	assert_ptr_equal(conf->listen.v[0]->profile.v[0], conf->tls.v[0]);
	assert_int_equal(conf->listen.v[0]->handshake_timeout, 5000);
	assert_int_equal(conf->listen.v[0]->max_connections, 0);
	peer = conf->peer.v[0];
	assert_true(peer->accept);
	assert_int_equal(peer->connect.n, 0);
	assert_int_equal(peer->address.n, 0);
	assert_int_equal(peer->max_connections, 16);
	assert_int_equal(peer->idle_timeout, 600000);
	assert_int_equal(peer->lifetime, 0);
	assert_int_equal(peer->identity.n, 1);
	assert_int_equal(peer->identity.v[0].kind, RGW_CERT_DNS);
	assert_string_equal(peer->identity.v[0].text, "radius.example.org");
	assert_int_equal(conf->server.n, 1);
	server = conf->server.v[0];
	assert_int_equal(server->head.kind, RGW_CONF_SERVER);
	assert_string_equal(server->auth.v[0].host, "127.0.0.1");
	assert_int_equal(server->auth.v[0].port, 1812);
	assert_int_equal(server->acct.n, 0);
	assert_int_equal(server->require_message_authenticator, RGW_AUTO);
	assert_int_equal(server->source.n, 0);
	assert_int_equal(server->retransmit.irt, 2000);
	assert_int_equal(server->retransmit.mrt, 16000);
	assert_int_equal(server->retransmit.mrc, 5);
	assert_int_equal(server->retransmit.mrd, 30000);
	assert_false(server->status_server);
	assert_int_equal(server->watchdog, 30000);
	assert_int_equal(server->zombie, 40000);
	assert_int_equal(server->revive, 300000);
	assert_int_equal(server->max_requests, 4096);
	assert_ptr_equal(conf->realm.v[0]->pool, server);
	assert_int_equal(conf->realm.v[0]->pool->kind, RGW_CONF_SERVER);
	rgw_conf_free(conf);
}

/* A file of both directions has references before and after what they name. */
static void
fills_every_field(void **state)
{
	struct conf_fixture *f = *state;
	struct rgw_conf *conf = conf_load(f,
	    "[realm in]\npool = s\n[realm *]\npool = p\n"
	    "[listen r]\ntls = [::1], 127.0.0.1:2084\nprofile = t\n\tt2\nprofile = t3\n"
	    "handshake-timeout = 2s\nmax-connections = 9\n" TLS
	    "[tls t2]\ncertificate = cert.pem\nkey = key.pem\nca = ca.pem\n"
	    "[tls t3]\ncertificate = cert.pem\nkey = key.pem\nca = ca.pem\n" LISTEN CLIENT
	    "pool = s\n"
	    "[server s]\nauth = a\nacct = b:1\n" SECRET "require-message-authenticator = no\n"
	    "source = ::1, 127.0.0.1\nstatus-server = yes\nwatchdog = 7s\n"
	    "[peer p]\naccept = yes\nconnect = c.example, d.example\naddress = 10.0.0.0/8\n\t::1\n"
	    "tls = t3\nmatch = policy:1.2.3\nlifetime = 1d\n");
	const struct rgw_conf_server *server;
	const struct rgw_conf_listen *listen;

	conf_expect_said(f, "", NULL, 0);
	assert_non_null(conf);
	listen = conf->listen.v[0];
	assert_int_equal(listen->tls.n, 2);
	assert_int_equal(listen->profile.n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_ptr_equal(listen->profile.v[i], conf->tls.v[i]);
	assert_int_equal(conf->listen.v[1]->udp.n, 1);
	server = conf->server.v[0];
	assert_int_equal(server->acct.v[0].port, 1);
	assert_int_equal(server->require_message_authenticator, RGW_NO);
	assert_int_equal(server->source.v[0].family, 6);
	assert_int_equal(server->source.v[1].family, 4);
	assert_true(server->status_server);
	assert_int_equal(server->watchdog, 7000);
	assert_ptr_equal(conf->client.v[0]->pool, server);
	assert_int_equal(conf->peer.v[0]->address.n, 2);
	assert_int_equal(conf->peer.v[0]->identity.n, 3);
	assert_string_equal(conf->peer.v[0]->identity.v[2].text, "d.example");
	assert_ptr_equal(conf->realm.v[0]->pool, server);
	assert_ptr_equal(conf->realm.v[1]->pool, conf->peer.v[0]);
	rgw_conf_free(conf);
}

static const struct conf_row listeners[] = {
	{ INBOUND "[listen x]\n", { "main.ini:17: error: [listen x] needs `udp` or `tls`" } },
	{ INBOUND "[listen x]\nudp = ::1\ntls = ::2\nprofile = t\n",
	    { "main.ini:20: error: profile: has no effect with `udp`",
	        "main.ini:17: error: [listen x] has `udp` and `tls`; make two sections of it",
	        "main.ini:17: warning: nobody can send requests to [listen x]" } },
	{ INBOUND "[listen x]\ntls = ::2\n",
	    { "main.ini:17: error: [listen x] needs `profile`, the name of a [tls] section" } },
	{ INBOUND "[listen x]\ntls = ::2\nprofile = t\naccept = auth\nreceive-buffer = 1m\n",
	    { "main.ini:20: error: accept: has no effect with `tls`",
	        "main.ini:21: error: receive-buffer: has no effect with `tls`" } },
	{ REST "[listen x]\nudp = ::1\nprofile = t\nhandshake-timeout = 2s\nmax-connections = 1\n",
	    { "main.ini:17: error: profile: has no effect with `udp`",
	        "main.ini:18: error: handshake-timeout: has no effect with `udp`",
	        "main.ini:19: error: max-connections: has no effect with `udp`" } },
	/* Nothing is concluded from what is broken. */
	{ INBOUND "[listen x]\ntls = x\nprofile = t\naccept = auth\n",
	    { "main.ini:18: error: tls: `x` is not address:port" } },
	{ TLS "[listen r]\ntls = ::1\nprofile = x\n" ACCEPT SERVER TO_SERVER,
	    { "main.ini:7: error: profile: there is no [tls] called `x`" } },
	{ INBOUND "[listen x]\ntls = ::2, [::1]:2083\nprofile = t\n",
	    { "main.ini:18: error: tls: [::1]:2083 is already in [listen r] at main.ini:6" } },
	{ INBOUND "[listen x]\ntls = ::2\nprofile = t\ntls = ::2\n",
	    { "main.ini:18: error: tls: [::2]:2083 is already in [listen x] at main.ini:18" } },
	/* TCP and UDP do not meet. */
	{ REST ACCEPT "[listen x]\ntls = 127.0.0.1:1812\nprofile = t\n",
	    { "main.ini:15: error: [peer p] is already at main.ini:10",
	        "main.ini:20: warning: tls: port 1812 belongs to RADIUS/UDP; RADIUS/TLS uses 2083" } },
	{ INBOUND "[listen x]\ntls = ::2\nprofile = t, t\n",
	    { "main.ini:19: error: profile: t is given twice" } },
	{ INBOUND "[listen x]\ntls = ::2\nprofile = t, t, t\n",
	    { "main.ini:19: error: profile: t is given twice",
	        "main.ini:19: error: profile: t is given twice" } },
	{ INBOUND "[listen x]\nudp = ::1\n",
	    { "main.ini:17: warning: nobody can send requests to [listen x]: there is no [client NAME]" } },
	{ INBOUND "[tls u]\ncertificate = cert.pem\nkey = key.pem\nca = ca.pem\n"
	          "[listen x]\ntls = ::2\nprofile = u\n",
	    { "main.ini:21: warning: nobody can connect to [listen x]: no [peer NAME] with `accept = "
	      "yes` has one of its profiles as `tls`" } },
	{ REST "[listen x]\ntls = ::2\nprofile = t\n",
	    { "main.ini:15: warning: nobody can connect to [listen x]" } },
	{ REST "[listen x]\ntls = ::2\nprofile = t\n[peer q]\naccept = maybe\ntls = t\n",
	    { "main.ini:19: error: accept: `maybe` is neither yes nor no" } },
	{ REST "[listen x]\ntls = ::2\nprofile = t\n[peer q]\naccept = yes\nname = a.b\ntls = x\n",
	    { "main.ini:21: error: tls: there is no [tls] called `x`" } },
};

static void
checks_listeners(void **state)
{
	conf_expect_all(*state, listeners, N(listeners));
}

static const struct conf_row references[] = {
	{ INBOUND "[listen x]\ntls = ::2\nprofile =\n",
	    { "main.ini:19: error: profile: there is no value" } },
	{ INBOUND "[listen x]\ntls = ::2\nprofile = \"\"\n",
	    { "main.ini:19: error: profile: there is no value" } },
	{ INBOUND "[listen x]\ntls = ::2\nprofile = t,,t\n",
	    { "main.ini:19: error: profile: there is nothing between two commas",
	        "main.ini:19: error: profile: t is given twice" } },
	{ INBOUND "[listen x]\ntls = ::2\nprofile = \"a\tb\"\n",
	    { "main.ini:19: error: profile: the value contains a control character" } },
	{ INBOUND "[listen x]\ntls = ::2\nprofile = ${RGW_UNSET:-}\n",
	    { "main.ini:17: error: [listen x] needs `profile`" } },
	{ INBOUND "[listen x]\ntls = ::2\nprofile = ${RGW_UNSET:-}\nprofile = t\n", { NULL } },
	{ INBOUND "[listen x]\ntls = ::2\nprofile = ${RGW_UNSET:-t,}\n", { NULL } },
	{ INBOUND "[listen x]\ntls = ::2\nprofile = t, federaton\n[tls federation]\n"
	          "certificate = cert.pem\nkey = key.pem\nca = ca.pem\n",
	    { "main.ini:19: error: profile: there is no [tls] called `federaton`; did you mean "
	      "`federation`?" } },
	/* The name of another kind of section is no help. */
	{ INBOUND "[listen x]\ntls = ::2\nprofile = s, p\n",
	    { "main.ini:19: error: profile: there is no [tls] called `s`",
	        "main.ini:19: error: profile: there is no [tls] called `p`" } },
	{ INBOUND "[listen x]\ntls = ::2\nprofile = ${file:secret}\n",
	    { "main.ini:19: error: profile: there is no [tls] with that name" } },
	{ INBOUND "[peer national]\nconnect = a.b\ntls = t\n[realm x]\npool = nationl\n",
	    { "main.ini:21: error: pool: there is no [peer] or [server] or [pool] called `nationl`; did you "
	      "mean `national`?" } },
	{ INBOUND "[server local]\nauth = a.b\n" SECRET "[realm x]\npool = locla\n",
	    { "main.ini:21: error: pool: there is no [peer] or [server] or [pool] called `locla`; did you "
	      "mean `local`?" } },
	{ REST "[server local]\nauth = a.b\n" SECRET "[client d]\naddress = ::1\n" SECRET
	       "pool = locla\n",
	    { "main.ini:21: error: pool: there is no [peer] or [server] or [pool] called `locla`; did you "
	      "mean `local`?" } },
	{ INBOUND "[realm x]\npool = t\n",
	    { "main.ini:18: error: pool: there is no [peer] or [server] or [pool] called `t`" } },
	{ INBOUND "[realm x]\npool = p\n",
	    { "main.ini:18: error: pool: [peer p] has no `connect`, so no request can be sent to it" } },
	{ INBOUND "[listen l]\nudp = ::1\n[client d]\naddress = ::1\npool = p\n" SECRET,
	    { "main.ini:21: error: pool: [peer p] has no `connect`" } },
	{ INBOUND "[peer q]\nconnect = *.b\naccept = yes\ntls = t\n[realm x]\npool = q\n",
	    { "main.ini:18: error: connect: `*.b` is not host or host:port" } },
	{ INBOUND "[server p]\nauth = a.b\n" SECRET,
	    { "main.ini:17: error: [server p] has the name of the [peer] at main.ini:8, so `pool` could "
	      "mean either; rename one" } },
};

static void
resolves_references(void **state)
{
	unsetenv("RGW_UNSET");
	conf_expect_all(*state, references, N(references));
}

#define PEER2 "[peer q]\naccept = yes\ntls = t\n"

static const struct conf_row peers[] = {
	{ INBOUND "[peer q]\ntls = t\n",
	    { "main.ini:17: error: [peer q] needs `connect`, or `accept = yes`" } },
	{ INBOUND "[peer q]\naccept = 1\ntls = t\naddress = ::1\nmax-connections = 1\n",
	    { "main.ini:18: error: accept: `1` is neither yes nor no" } },
	{ INBOUND "[peer q]\nconnect = *\ntls = t\nsni = a.b\n",
	    { "main.ini:18: error: connect: `*` is not host or host:port" } },
	{ INBOUND "[peer q]\nconnect = a.b\ntls = t\naddress = ::1\nmax-connections = 1\n",
	    { "main.ini:20: error: address: has no effect without `accept = yes`",
	        "main.ini:21: error: max-connections: has no effect without `accept = yes`" } },
	{ INBOUND PEER2 "name = a.b\nsni = a.b\nconnections = 1\nconnect-timeout = 1s\n"
	          "handshake-timeout = 1s\n",
	    { "main.ini:21: error: sni: has no effect without `connect`",
	        "main.ini:22: error: connections: has no effect without `connect`",
	        "main.ini:23: error: connect-timeout: has no effect without `connect`",
	        "main.ini:24: error: handshake-timeout: has no effect without `connect`" } },
	{ INBOUND PEER2 "name = a.b\nreconnect = 1s\nconnect-rate = 1/s\nqueue = 1\n"
	          "queue-time = 1s\nbad-response = close\n",
	    { "main.ini:21: error: reconnect: has no effect without `connect`",
	        "main.ini:22: error: connect-rate: has no effect without `connect`",
	        "main.ini:23: error: queue: has no effect without `connect`",
	        "main.ini:24: error: queue-time: has no effect without `connect`",
	        "main.ini:25: error: bad-response: has no effect without `connect`" } },
	{ INBOUND PEER2 "name = a.b\nidle-timeout = 1s\nlifetime = 1h\nallow = auth\nsecret = x\n"
	          "tcp-keepalive = no\nuser-timeout = 1s\naddress = ::1\nmax-connections = 1\n",
	    { NULL } },
	{ INBOUND PEER2 "name = a.b\naddress = ::1, 10.0.0.0/8\n\t::1/128\n",
	    { "main.ini:21: error: address: ::1/128 is given twice" } },
	{ INBOUND PEER2,
	    { "main.ini:17: error: [peer q] may connect to us, but nothing says which certificate is its "
	      "own; add `name` or `match`" } },
	{ INBOUND PEER2 "match = policy:1.2.3\n",
	    { "main.ini:20: error: match: a policy alone does not say who the peer is" } },
	{ INBOUND PEER2 "connect = a.b, 192.0.2.1\n",
	    { "main.ini:20: error: connect: the peer may connect to us, and its certificate would need "
	      "the names and the addresses; say with `name` or `match`" } },
	{ INBOUND PEER2 "connect = a.b, 192.0.2.1\nname = a.b\n", { NULL } },
	{ INBOUND PEER2 "connect = a.b, 192.0.2.1\nmatch = any\nname = 192.0.2.1\n", { NULL } },
	{ INBOUND PEER2 "name = *.a.b\n", { "main.ini:20: error: name: `*.a.b` is neither a DNS name" } },
	{ INBOUND PEER2 "match = x\n", { "main.ini:20: error: match: `x` is no rule" } },
	{ INBOUND "[tls u]\ncertificate = cert.pem\nkey = key.pem\nca = ca.pem\n[peer q]\n"
	          "accept = yes\nname = a.b\ntls = u\n",
	    { "main.ini:21: error: [peer q] may connect to us, but no [listen] section has its [tls u] "
	      "as a profile" } },
	{ INBOUND PEER2 "match = any\n",
	    { "main.ini:20: warning: match = any alone: every certificate of this trust may connect as "
	      "this peer" } },
	{ INBOUND PEER2 "match = any, policy:1.2.3\n", { NULL } },
	{ INBOUND "[peer q]\nconnect = a.b\ntls = t\nmatch = any\n",
	    { "main.ini:20: warning: match = any alone: every certificate of this trust is accepted" } },
};

static void
checks_peers(void **state)
{
	conf_expect_all(*state, peers, N(peers));
}

#define AMBIGUOUS(rule) \
	"main.ini:17: error: a certificate with " rule " could be that of [peer q] and of [peer p] at " \
	"main.ini:8; give them different rules, addresses or [tls] sections"

/* [peer p] is radius.example.org, from anywhere. */
static const struct conf_row ambiguous[] = {
	{ INBOUND PEER2 "name = RADIUS.example.org\n", { AMBIGUOUS("dns:RADIUS.example.org") } },
	{ INBOUND PEER2 "match = dns:*.example.org\n", { AMBIGUOUS("dns:*.example.org") } },
	{ INBOUND PEER2 "connect = a.b, radius.example.org\n", { AMBIGUOUS("dns:radius.example.org") } },
	{ INBOUND PEER2 "name = radius.example.org\naddress = 10.0.0.0/8\n",
	    { AMBIGUOUS("dns:radius.example.org") } },
	{ INBOUND PEER2 "name = radius.example.net\n", { NULL } },
	{ INBOUND "[peer q]\nconnect = radius.example.org\ntls = t\n", { NULL } },
	/* With another trust, or from elsewhere, it is another one. */
	{ TLS TLS_LISTEN "\tu\n" ACCEPT SERVER TO_SERVER
	      "[tls u]\ncertificate = cert.pem\nkey = key.pem\nca = ca.pem\n"
	      "[peer q]\naccept = yes\nname = radius.example.org\ntls = u\n",
	    { NULL } },
	{ TLS TLS_LISTEN ACCEPT "address = 10.0.0.0/8, ::1\n" SERVER TO_SERVER PEER2
	      "name = radius.example.org\naddress = 11.0.0.0/8, ::/127\n",
	    { "main.ini:18: error: a certificate with dns:radius.example.org could be that of" } },
	{ TLS TLS_LISTEN ACCEPT "address = 10.0.0.0/8, ::1\n" SERVER TO_SERVER PEER2
	      "name = radius.example.org\naddress = 11.0.0.0/8, ::2\n",
	    { NULL } },
	{ TLS TLS_LISTEN ACCEPT "address = 10.1.0.0/16\n" SERVER TO_SERVER PEER2
	      "name = radius.example.org\naddress = 10.0.0.0/8\n",
	    { "main.ini:18: error: a certificate with dns:radius.example.org could be that of" } },
	/* Two without a [tls] that is known are not compared. */
	{ INBOUND "[peer q]\naccept = yes\nname = a.b\ntls = x\n[peer r]\naccept = yes\nname = a.b\n"
	          "tls = x\n",
	    { "main.ini:20: error: tls: there is no", "main.ini:24: error: tls: there is no" } },
	/* The same name for two sections is one mistake. */
	{ INBOUND ACCEPT, { "main.ini:17: error: [peer p] is already at main.ini:8" } },
	/* "any" takes what the others leave; but only one peer can. */
	{ INBOUND PEER2 "match = any, policy:1.2.3\n[peer r]\naccept = yes\ntls = t\n"
	          "match = any, policy:1.2.4\n",
	    { NULL } },
	{ INBOUND PEER2 "match = any, policy:1.2.3\n[peer r]\naccept = yes\ntls = t\nmatch = any\n",
	    { "main.ini:21: error: a certificate with any could be that of [peer r] and of [peer q] at "
	      "main.ini:17",
	        "main.ini:24: warning: match = any alone" } },
};

static void
finds_ambiguous_peers(void **state)
{
	conf_expect_all(*state, ambiguous, N(ambiguous));
}

static const struct conf_row servers[] = {
	{ INBOUND "[server x]\n" SECRET, { "main.ini:17: error: [server x] needs `auth` or `acct`" } },
	{ INBOUND "[server x]\nauth = a.b\n",
	    { "main.ini:17: error: [server x] needs `secret` or `secret-file`" } },
	{ INBOUND "[server x]\nacct = a.b\n" SECRET, { NULL } },
	{ INBOUND "[server x]\nauth = a.b, c.d\nacct = a.b\n\tc.d\n" SECRET,
	    { "main.ini:18: error: auth: only one address is possible; make a [server NAME] of each",
	        "main.ini:19: error: acct: only one address is possible" } },
	{ INBOUND "[server x]\nauth = a.b:2083\nacct = a.b:2083\n" SECRET,
	    { "main.ini:18: warning: auth: port 2083 belongs to RADIUS/TLS, for which there is [peer "
	      "NAME]; RADIUS/UDP uses 1812",
	        "main.ini:19: warning: acct: port 2083 belongs to RADIUS/TLS, for which there is [peer "
	        "NAME]; RADIUS/UDP uses 1813" } },
	{ INBOUND "[server x]\nauth = 8.8.8.8\nacct = 2001:db8::1\n" SECRET,
	    { "main.ini:18: warning: auth: 8.8.8.8 is public, and nothing protects RADIUS/UDP",
	        "main.ini:19: warning: acct: 2001:db8::1 is public" } },
	{ INBOUND "[server x]\nauth = 10.0.0.1\nacct = fd00::1\n" SECRET, { NULL } },
	{ REST "[server x]\nauth = 127.0.0.1\nacct = 127.0.0.1\n" SECRET,
	    { "main.ini:16: error: auth: 127.0.0.1 port 1812 is our own [listen l], so requests would go in "
	      "circles" } },
	{ INBOUND "[server x]\nauth = a.b\nsource = ::1, ::2\n" SECRET,
	    { "main.ini:19: error: source: only one address of each family can be used" } },
	{ INBOUND "[server x]\nauth = a.b\nsource = ::1\nsource = 127.0.0.1, 127.0.0.2\n" SECRET,
	    { "main.ini:19: error: source: only one address of each family can be used" } },
	{ INBOUND "[server x]\nauth = a.b\nwatchdog = 7s\n" SECRET,
	    { "main.ini:19: error: watchdog: has no effect without `status-server = yes`" } },
	{ INBOUND "[server x]\nauth = a.b\nwatchdog = 7s\nrevive = 7s\nstatus-server = yes\n" SECRET,
	    { "main.ini:20: error: revive: has no effect with `status-server = yes`" } },
	{ INBOUND "[server x]\nauth = a.b\nwatchdog = 7s\nstatus-server = auto\n" SECRET,
	    { "main.ini:20: error: status-server: `auto` is neither yes nor no" } },
	{ INBOUND "[server x]\nauth = a.b\nsecret = 123456789012\n",
	    { "main.ini:19: warning: secret: 12 octets or fewer can be guessed" } },
	{ INBOUND SERVER, { "main.ini:17: error: [server s] is already at main.ini:12" } },
	{ INBOUND "[server x y]\nauth = a.b\n" SECRET,
	    { "main.ini:17: error: [server x y]: a name consists of" } },
	{ INBOUND "[server]\n", { "main.ini:17: error: [server] needs a name: [server NAME]" } },
	{ INBOUND "[sever x]\n", { "there is no section [sever]; did you mean [server]?" } },
	{ INBOUND "[server x]\nauth = a.b\nstatus-sever = yes\n" SECRET,
	    { "main.ini:19: error: [server] has no key `status-sever`; did you mean `status-server`?" } },
};

static void
checks_servers(void **state)
{
	conf_expect_all(*state, servers, N(servers));
}

static const struct conf_row wholes[] = {
	{ TLS TLS_LISTEN ACCEPT SERVER,
	    { "main.ini:8: error: [peer p] may send requests, but there is no [realm PATTERN] to route "
	      "them; add one" } },
	{ TLS ACCEPT SERVER TO_SERVER,
	    { "main.ini:0: error: there is no [listen NAME], so nothing would be received" } },
	{ TLS TLS_LISTEN "[peer p]\nconnect = a.b\ntls = t\n" SERVER TO_SERVER,
	    { "main.ini:0: error: there is no [client NAME] and no [peer NAME] with `accept = yes`, so "
	      "nobody may send requests" } },
	{ TLS TLS_LISTEN ACCEPT "[realm x]\n",
	    { "main.ini:12: error: [realm x] needs `pool`",
	        "main.ini:0: error: there is no [peer NAME] with `connect` and no [server NAME], so "
	        "requests could go nowhere" } },
	{ TLS TLS_LISTEN CLIENT ACCEPT SERVER TO_SERVER,
	    { "main.ini:0: error: there is no [listen NAME] with `udp`, so no [client NAME] could send "
	      "requests" } },
	{ TLS TLS_LISTEN ACCEPT "connect = a.b\n[realm x]\npool = p\n", { NULL } },
	{ TLS TLS_LISTEN LISTEN CLIENT ACCEPT "[server s]\nauth = 10.0.0.1\n" SECRET TO_SERVER,
	    { NULL } },
	{ TLS LISTEN CLIENT "[server s]\nauth = 127.0.0.1:11812\n" SECRET TO_SERVER, { NULL } },
};

static void
checks_the_whole(void **state)
{
	conf_expect_all(*state, wholes, N(wholes));
}

/* An option that has no effect cannot be given, so the dump must not give it either. */
static void
dumps_what_has_an_effect(void **state)
{
	static const char *const lines[] = {
		"\n# udp = (none)\n# accept = (no effect with `tls`)\n# receive-buffer = (no effect with "
		"`tls`)\ntls = [::1]:2083\nprofile = t\nprofile = u\ninsecure-tcp = no\n"
		"# insecure-tcp-over = (no effect without `insecure-tcp = yes`)\nhandshake-timeout = 5s\n"
		"max-connections = 0\n",
		"\n# connect = (it only connects to us)\naccept = yes\n# address = (any)\ntls = t\n",
		"\n# connections = (no effect without `connect`)\nmax-connections = 16\n",
		"\n# acct = (it takes no accounting)\n# secret = (hidden)\n# previous-secret = (none)\n"
		"require-message-authenticator = auto\n# source = (the system's choice)\n"
		"retransmit = irt 2s mrt 16s mrc 5 mrd 30s\nstatus-server = yes\nwatchdog = 30s\n"
		"zombie = 40s\n# revive = (no effect with `status-server = yes`)\n",
		"\n# watchdog = (no effect without `status-server = yes`)\nzombie = 40s\nrevive = 5m\n",
	};
	struct conf_fixture *f = *state;
	struct rgw_conf *conf = conf_load(f,
	    TLS "[tls u]\ncertificate = cert.pem\nkey = key.pem\nca = ca.pem\n" TLS_LISTEN "\tu\n" ACCEPT
	    SERVER "status-server = yes\n[server r]\nauth = a.b\n" SECRET TO_SERVER);
	char *text;
	char *server;

	assert_non_null(conf);
	text = conf_dump_text(conf);
	for (size_t i = 0; i < N(lines); i++)
		if (strstr(text, lines[i]) == NULL)
			fail_msg("%s\nlacks: %s", text, lines[i]);
	server = strstr(text, "[server s]");
	assert_true(strstr(text, "[peer p]") < server && server < strstr(text, "[realm *]"));
	free(text);
	rgw_conf_free(conf);
}

/* Telling 10,000 peers apart is no burden either. */
static void
loads_many_peers(void **state)
{
	struct conf_fixture *f = *state;
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	struct rgw_conf *conf;

	fputs(INBOUND, out);
	for (int i = 0; i < 3000; i++)
		fprintf(out, "[peer p%d]\naccept = yes\nconnect = p%d.example.org\ntls = t\n", i, i);
	fputs("[peer q]\naccept = yes\nname = p1234.example.org\ntls = t\n", out);
	fclose(out);
	conf = conf_load(f, text);
	assert_null(conf);
	assert_non_null(strstr(f->said, "[peer q] and of [peer p1234] at main.ini:4953;"));
	assert_string_equal(strchr(f->said, '\n'), "\n");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONF_TEST(loads_the_smallest_file),
		CONF_TEST(fills_every_field),
		CONF_TEST(checks_listeners),
		CONF_TEST(resolves_references),
		CONF_TEST(checks_peers),
		CONF_TEST(finds_ambiguous_peers),
		CONF_TEST(checks_servers),
		CONF_TEST(checks_the_whole),
		CONF_TEST(dumps_what_has_an_effect),
		CONF_TEST(loads_many_peers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
