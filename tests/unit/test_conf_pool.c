/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools, what leads to them and to whom they lead, and the options of peers that they live on. */
#include "conf_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define N(array) (sizeof(array) / sizeof(array)[0])

#define PEER_Q "[peer q]\nconnect = q.example.org\ntls = t\n"
#define SERVERS "[server s]\nauth = 10.0.0.1\n" SECRET "[server u]\nacct = 10.0.0.2\n" SECRET
/* With two peers, of 17 lines, and a realm that leads to [pool x], of 2. */
#define BASE REST PEER_Q
#define TO_POOL "[realm x]\npool = x\n"

static void
has_defaults(void **state)
{
	struct conf_fixture *f = *state;
	struct rgw_conf *conf = conf_load(f, BASE TO_POOL "[pool x]\nmembers = q, p\n");
	const struct rgw_conf_pool *pool;
	const struct rgw_conf_peer *peer;

	conf_expect_said(f, "", NULL, 0);
	assert_non_null(conf);
	assert_int_equal(conf->pool.n, 1);
	pool = conf->pool.v[0];
	assert_int_equal(pool->head.kind, RGW_CONF_POOL);
	assert_string_equal(pool->head.name, "x");
	assert_int_equal(pool->head.line, 20);
	assert_int_equal(pool->members.n, 2);
	assert_ptr_equal(pool->members.v[0], conf->peer.v[1]);
	assert_ptr_equal(pool->members.v[1], conf->peer.v[0]);
	assert_int_equal(pool->policy, RGW_POOL_FAILOVER);
	assert_int_equal(pool->hash_key, 31);
	assert_int_equal(pool->retry_after, 3000);
	assert_int_equal(pool->outage_auth, RGW_OUTAGE_AUTH_REJECT);
	assert_int_equal(pool->outage_acct, RGW_OUTAGE_ACCT_DROP);
	assert_null(pool->reply_message);
	assert_ptr_equal(conf->realm.v[1]->pool, pool);
	assert_int_equal(conf->realm.v[1]->pool->kind, RGW_CONF_POOL);
	peer = conf->peer.v[0];
	assert_int_equal(peer->watchdog, 30000);
	assert_int_equal(peer->status_server, RGW_AUTO);
	assert_int_equal(peer->reopen_answers, 3);
	assert_int_equal(peer->response_window, 0);
	rgw_conf_free(conf);
}

/* Several pools, before and after what they lead to. */
static void
fills_every_field(void **state)
{
	struct conf_fixture *f = *state;
	struct rgw_conf *conf = conf_load(f,
	    "[pool x]\nmembers = s\n\tu\npolicy = hash\nhash-key = 32\nretry-after = 1s\n"
	    "reply-message = Nobody home\n" TLS LISTEN CLIENT "pool = x\n"
	    "[peer p]\nconnect = p.example.org\ntls = t\nwatchdog = 6s\nstatus-server = off\n"
	    "reopen-answers = 10\nresponse-window = 30s\n" REALM SERVERS PEER_Q "status-server = on\n"
	    "[pool y]\nmembers = p\nmembers = q\npolicy = least-outstanding\nretry-after = 0\n"
	    "outage-auth = drop\noutage-acct = drop\n[realm y]\npool = y\n");
	const struct rgw_conf_pool *pool;

	conf_expect_said(f, "", NULL, 0);
	assert_non_null(conf);
	assert_int_equal(conf->pool.n, 2);
	pool = conf->pool.v[0];
	assert_int_equal(pool->head.index, 0);
	assert_int_equal(pool->members.n, 2);
	assert_ptr_equal(pool->members.v[0], conf->server.v[0]);
	assert_ptr_equal(pool->members.v[1], conf->server.v[1]);
	assert_int_equal(pool->policy, RGW_POOL_HASH);
	assert_int_equal(pool->hash_key, 32);
	assert_int_equal(pool->retry_after, 1000);
	assert_string_equal(pool->reply_message, "Nobody home");
	assert_ptr_equal(conf->client.v[0]->pool, pool);
	pool = conf->pool.v[1];
	assert_int_equal(pool->head.index, 1);
	assert_ptr_equal(pool->members.v[0], conf->peer.v[0]);
	assert_ptr_equal(pool->members.v[1], conf->peer.v[1]);
	assert_int_equal(pool->policy, RGW_POOL_LEAST_OUTSTANDING);
	assert_int_equal(pool->retry_after, 0);
	assert_int_equal(pool->outage_auth, RGW_OUTAGE_AUTH_DROP);
	assert_int_equal(conf->peer.v[0]->watchdog, 6000);
	assert_int_equal(conf->peer.v[0]->status_server, RGW_NO);
	assert_int_equal(conf->peer.v[0]->reopen_answers, 10);
	assert_int_equal(conf->peer.v[0]->response_window, 30000);
	assert_int_equal(conf->peer.v[1]->status_server, RGW_YES);
	rgw_conf_free(conf);
}

static const struct conf_row members[] = {
	{ BASE TO_POOL "[pool x]\n", { "main.ini:20: error: [pool x] needs `members`" } },
	{ BASE TO_POOL "[pool x]\nmembers =\n",
	    { "main.ini:21: error: members: there is no value" } },
	{ BASE TO_POOL "[pool x]\nmembers = p, , q\n",
	    { "main.ini:21: error: members: there is nothing between two commas" } },
	{ BASE TO_POOL "[pool x]\nmembers = p, pp\n",
	    { "main.ini:21: error: members: there is no [peer] or [server] called `pp`" } },
	{ BASE TO_POOL "[pool x]\nmembers = p, t, c\n",
	    { "main.ini:21: error: members: there is no [peer] or [server] called `t`",
	        "main.ini:21: error: members: there is no [peer] or [server] called `c`" } },
	{ BASE SERVERS "[server local]\nauth = a.b\n" SECRET TO_POOL "[pool x]\nmembers = locla, s\n",
	    { "main.ini:30: error: members: there is no [peer] or [server] called `locla`; did you mean "
	      "`local`?" } },
	/* A pool is no member of a pool, not even of itself. */
	{ BASE TO_POOL "[pool x]\nmembers = p, y, x\n[pool y]\nmembers = p, q\n",
	    { "main.ini:21: error: members: [pool y] is no [peer] or [server]",
	        "main.ini:21: error: members: [pool x] is no [peer] or [server]" } },
	{ BASE TO_POOL "[pool x]\nmembers = p, q, p\n\tp\n",
	    { "main.ini:21: error: members: p is given twice",
	        "main.ini:21: error: members: p is given twice" } },
	/* One that only connects to us; what was meant to be `connect` is not held against it. */
	{ BASE TO_POOL "[pool x]\nmembers = p, i\n[listen r]\ntls = ::1\nprofile = t\n"
	               "[peer i]\naccept = yes\nname = i.example.org\ntls = t\n",
	    { "main.ini:21: error: members: [peer i] has no `connect`, so no request can be sent to it" } },
	{ BASE TO_POOL "[pool x]\nmembers = p, i\n[listen r]\ntls = ::1\nprofile = t\n"
	               "[peer i]\naccept = yes\nconnect = *\nname = i.example.org\ntls = t\n",
	    { "main.ini:27: error: connect: `*` is not host or host:port" } },
	{ BASE TO_POOL "[pool x]\nmembers = p, i\n[peer i]\ntls = t\n",
	    { "main.ini:22: error: [peer i] needs `connect`, or `accept = yes`" } },
	/* P-TLS-5 */
	{ BASE SERVERS TO_POOL "[pool x]\nmembers = u, s, q, p\n",
	    { "main.ini:27: warning: members: [peer q] is reached over TLS and [server u] over UDP, so "
	      "some requests lose the protection of TLS; make two pools of them" } },
	{ BASE SERVERS TO_POOL "[pool x]\nmembers = s, u\n", { NULL } },
	{ BASE TO_POOL "[pool x]\nmembers = p\n", { NULL } },
};

static void
checks_members(void **state)
{
	conf_expect_all(*state, members, N(members));
}

static const struct conf_row names[] = {
	{ BASE "[pool p]\nmembers = p, q\n",
	    { "main.ini:18: error: [pool p] has the name of the [peer] at main.ini:10, so `pool` could "
	      "mean either; rename one" } },
	{ "[pool s]\nmembers = s, u\n" BASE SERVERS,
	    { "main.ini:1: error: [pool s] has the name of the [server] at main.ini:20, so `pool` could "
	      "mean either; rename one" } },
	{ BASE "[server p]\nauth = a.b\n" SECRET "[pool p]\nmembers = q\n",
	    { "main.ini:18: error: [server p] has the name of the [peer] at main.ini:10",
	        "main.ini:21: error: [pool p] has the name of the [peer] at main.ini:10",
	        "main.ini:21: error: [pool p] has the name of the [server] at main.ini:18" } },
	/* Names of other kinds do not meet. */
	{ BASE "[realm x]\npool = t\n[pool t]\nmembers = p, q\n[pool c]\nmembers = p, q\n"
	       "[realm y]\npool = c\n",
	    { NULL } },
	{ BASE TO_POOL "[pool x]\nmembers = p\n[pool x]\nmembers = q\n",
	    { "main.ini:22: error: [pool x] is already at main.ini:20" } },
	{ BASE "[pool]\nmembers = p\n", { "main.ini:18: error: [pool] needs a name: [pool NAME]" } },
	{ BASE "[pool x y]\nmembers = p\n",
	    { "main.ini:18: error: [pool x y]: a name consists of letters" } },
	{ BASE "[pol x]\n", { "there is no section [pol]; did you mean [pool]?" } },
	{ BASE "[bucket x]\n",
	    { "there is no section [bucket]; there are gateway, log, control, metrics, tls, listen, client, peer, "
	      "server, pool, realm and rewrite" } },
	{ BASE TO_POOL "[pool x]\nmembers = p, q\nmember = s\n",
	    { "main.ini:22: error: [pool] has no key `member`; did you mean `members`?" } },
	{ BASE "retry-after = 1s\n",
	    { "main.ini:18: error: key `retry-after` does not belong in [peer] but in [pool]" } },
	{ BASE "[pool federation]\nmembers = p, q\n[realm x]\npool = federaton\n",
	    { "main.ini:21: error: pool: there is no [peer] or [server] or [pool] called `federaton`; "
	      "did you mean `federation`?" } },
};

static void
checks_names(void **state)
{
	conf_expect_all(*state, names, N(names));
}

static const struct conf_row unused[] = {
	{ BASE "[pool x]\nmembers = p, q\n",
	    { "main.ini:18: warning: nothing leads to [pool x]: no [client] or [realm] has it as "
	      "`pool`" } },
	{ BASE TO_POOL "[pool w]\nmembers = p, q\n[pool x]\nmembers = p, q\n[pool y]\nmembers = p, q\n",
	    { "main.ini:20: warning: nothing leads to [pool w]",
	        "main.ini:24: warning: nothing leads to [pool y]" } },
	{ TLS LISTEN CLIENT "pool = x\n[client d]\naddress = ::1\npool = p\n" SECRET PEER
	      "[pool x]\nmembers = p\n",
	    { NULL } },
	/* What is wrong elsewhere may be the reason. */
	{ BASE "[pool x]\nmembers = p, q\n[realm x]\npool = y\n",
	    { "main.ini:21: error: pool: there is no" } },
	{ BASE "[pool x]\nmembers = p, q\n[realm x]\npool =\n",
	    { "main.ini:21: error: pool: the value is empty" } },
	/* Peers and servers that nothing leads to are there for later. */
	{ BASE SERVERS, { NULL } },
};

static void
finds_unused_pools(void **state)
{
	conf_expect_all(*state, unused, N(unused));
}

#define X BASE TO_POOL "[pool x]\nmembers = p, q\n"
#define ONE BASE TO_POOL "[pool x]\nmembers = p\n"

static const struct conf_row options[] = {
	{ X "hash-key = User-Name\n",
	    { "main.ini:22: error: hash-key: has no effect without `policy = hash`" } },
	{ X "hash-key = User-Name\npolicy = round-robin\n",
	    { "main.ini:22: error: hash-key: has no effect without `policy = hash`" } },
	{ X "hash-key = User-Name\npolicy = hash\n", { NULL } },
	{ X "hash-key = User-Name\npolicy = hsh\n",
	    { "main.ini:23: error: policy: `hsh` is none of failover, round-robin, least-outstanding, "
	      "hash; did you mean hash?" } },
	{ X "hash-key = Session\npolicy = hash\n",
	    { "main.ini:22: error: hash-key: `Session` is not known here; allowed is "
	      "Calling-Station-Id, Called-Station-Id" } },
	{ X "hash-key = 26\npolicy = hash\n",
	    { "main.ini:22: error: hash-key: `26` does not say whose request it is" } },
	{ X "outage-auth = drop\nreply-message = x\n",
	    { "main.ini:23: error: reply-message: has no effect with `outage-auth = drop`" } },
	{ X "outage-auth = reject\nreply-message = x\n", { NULL } },
	{ X "outage-auth = deny\nreply-message = x\n",
	    { "main.ini:22: error: outage-auth: `deny` is none of reject, drop" } },
	{ X "reply-message =\n", { "main.ini:22: error: reply-message: the value is empty" } },
	{ X "outage-acct = ack\n",
	    { "main.ini:22: warning: outage-acct = ack: a record that nobody has is acknowledged, so it "
	      "can be lost" } },
	{ X "outage-acct = drop\n", { NULL } },
	{ X "retry-after = 29999ms\n", { NULL } },
	{ X "retry-after = 30s\n",
	    { "main.ini:22: error: retry-after: a request lives no longer than request-lifetime, which is "
	      "30s" } },
	{ X "retry-after = 60s\n[gateway]\nrequest-lifetime = 61s\n", { NULL } },
	{ X "retry-after = 60s\n[gateway]\nrequest-lifetime = never\n",
	    { "main.ini:24: error: request-lifetime: `never` is not a time" } },
	{ X "retry-after = 61s\n", { "main.ini:22: error: retry-after: `61s` is out of range" } },
	{ ONE "retry-after = 3s\n",
	    { "main.ini:22: warning: retry-after: has no effect with one member" } },
	{ ONE "retry-after = 0\n", { NULL } },
	{ BASE TO_POOL "[pool x]\nmembers = p, qq\nretry-after = 3s\n",
	    { "main.ini:21: error: members: there is no [peer] or [server] called `qq`" } },
};

static void
checks_options(void **state)
{
	conf_expect_all(*state, options, N(options));
}

#define INCOMING "[listen r]\ntls = ::1\nprofile = t\n" \
	"[peer i]\naccept = yes\nname = i.example.org\ntls = t\n"

static const struct conf_row peers[] = {
	{ BASE INCOMING "watchdog = 10s\nstatus-server = auto\nreopen-answers = 3\nresponse-window = 0\n",
	    { "main.ini:25: error: watchdog: has no effect without `connect`",
	        "main.ini:26: error: status-server: has no effect without `connect`",
	        "main.ini:27: error: reopen-answers: has no effect without `connect`",
	        "main.ini:28: error: response-window: has no effect without `connect`" } },
	{ BASE "watchdog = 1m\nstatus-server = auto\nreopen-answers = 3\nresponse-window = 0\n",
	    { NULL } },
	{ BASE "status-server = yes\n",
	    { "main.ini:18: error: status-server: `yes` is none of auto, on, off" } },
	{ BASE "response-window = 30s\n", { NULL } },
	{ BASE "response-window = 30001ms\n",
	    { "main.ini:18: error: response-window: a request lives no longer than request-lifetime, "
	      "which is 30s" } },
	{ "[gateway]\nrequest-lifetime = 5s\n" BASE "response-window = 6s\n",
	    { "main.ini:20: error: response-window: a request lives no longer than request-lifetime, "
	      "which is 5s" } },
	{ "[gateway]\nrequest-lifetime = 0\n" BASE "response-window = 5m\n",
	    { "main.ini:2: error: request-lifetime: `0` is out of range" } },
	/* Two words for the same, in every such option. */
	{ BASE INCOMING "tcp-keepalive = off\n[server s]\nauth = a.b\nstatus-server = on\n"
	       "watchdog = 10s\n" SECRET,
	    { NULL } },
};

static void
checks_peers(void **state)
{
	conf_expect_all(*state, peers, N(peers));
}

/* Pools stand before the realms that lead to them. */
static void
dumps_pools(void **state)
{
	static const char *const lines[] = {
		"\n[pool x]\nmembers = q\nmembers = p\npolicy = hash\nhash-key = NAS-Port-Id\n"
		"retry-after = 3s\ndead-realm = 1h\ndead-realm-after = 1\noutage-auth = reject\n"
		"outage-acct = drop\n"
		"reply-message = \" a, \"\"b\"\" ;c\"\n",
		"\n[pool y]\nmembers = s\npolicy = failover\n# hash-key = (no effect without `policy = "
		"hash`)\nretry-after = 3s\ndead-realm = 1h\ndead-realm-after = 1\noutage-auth = drop\n"
		"outage-acct = drop\n# reply-message = (no "
		"effect with `outage-auth = drop`)\n",
		"\nwatchdog = 10m\nstatus-server = auto\nreopen-answers = 3\nresponse-window = 0\n",
		"\n# watchdog = (no effect without `connect`)\n# status-server = (no effect without "
		"`connect`)\n# reopen-answers = (no effect without `connect`)\n# response-window = (no "
		"effect without `connect`)\n",
	};
	struct conf_fixture *f = *state;
	struct rgw_conf *conf = conf_load(f,
	    BASE "watchdog = 600s\n" TO_POOL "[realm y]\npool = y\n[pool x]\nmembers = q, p\n"
	    "policy = hash\nhash-key = 87\nreply-message = \" a, \"\"b\"\" ;c\"\n"
	    "[pool y]\nmembers = s\noutage-auth = drop\n" SERVERS INCOMING);
	char *text;
	char *pool;

	conf_expect_said(f, "", NULL, 0);
	assert_non_null(conf);
	text = conf_dump_text(conf);
	for (size_t i = 0; i < N(lines); i++)
		if (strstr(text, lines[i]) == NULL)
			fail_msg("%s\nlacks: %s", text, lines[i]);
	pool = strstr(text, "[pool x]");
	assert_true(strstr(text, "[server u]") < pool && pool < strstr(text, "[realm *]"));
	free(text);
	rgw_conf_free(conf);
}

/* Every institution of a country with two servers. */
static void
loads_many_pools(void **state)
{
	struct conf_fixture *f = *state;
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	struct rgw_conf *conf;

	fputs(REST, out);
	for (int i = 0; i < 5000; i++)
		fprintf(out,
		    "[pool l%d]\nmembers = a%d, b%d\n[realm r%d.example.org]\npool = l%d\n"
		    "[peer a%d]\nconnect = a%d.example.org\ntls = t\n"
		    "[peer b%d]\nconnect = b%d.example.org\ntls = t\n",
		    i, i, i, i, i, i, i, i, i);
	fputs("[pool l]\nmembers = p\n", out);
	fclose(out);
	conf = conf_load(f, text);
	conf_expect_said(f, "5000 pools",
	    (const char *const[]){ "warning: nothing leads to [pool l]:" }, 1);
	assert_non_null(conf);
	assert_int_equal(conf->pool.n, 5001);
	assert_ptr_equal(conf->realm.v[5000]->pool, conf->pool.v[4999]);
	assert_ptr_equal(conf->pool.v[4999]->members.v[1], conf->peer.v[10000]);
	rgw_conf_free(conf);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONF_TEST(has_defaults),
		CONF_TEST(fills_every_field),
		CONF_TEST(checks_members),
		CONF_TEST(checks_names),
		CONF_TEST(finds_unused_pools),
		CONF_TEST(checks_options),
		CONF_TEST(checks_peers),
		CONF_TEST(dumps_pools),
		CONF_TEST(loads_many_pools),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
