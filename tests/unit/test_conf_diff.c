/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What two configurations have different, in the words that an operator reads. */
#include "conf_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../src/conf/reading.h"
#include "radsecgw/confchange.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

static struct rgw_conf *
load(const char *text)
{
	struct conf_fixture f = { .n = 0 };
	struct rgw_conf_report report = { .say = conf_say, .ctx = &f };
	struct rgw_conf *conf = rgw_conf_load_text(text, strlen(text), &report);

	if (conf == NULL)
		fail_msg("%s\n%s", text, f.said);
	return conf;
}

/* The lines of all differences, and which types of options were among them. */
struct lines {
	char text[4096];
	const struct rgw_opt_type *types[256];
	size_t n_types;
	size_t n;
};

static void
add_line(void *ctx, const struct rgw_conf_change *change)
{
	struct lines *l = ctx;
	char *line = rgw_conf_change_text(change);
	size_t at = strlen(l->text);
	bool from_file;

	assert_int_equal(change->key != NULL, change->what == RGW_CONF_CHANGED);
	assert_int_equal(change->before != NULL, change->what == RGW_CONF_CHANGED && change->after != NULL);
	snprintf(l->text + at, sizeof l->text - at, "%s\n", line);
	if (change->key != NULL)
		l->types[l->n_types++] = rgw_conf_opt_find(change->section->kind, change->key, &from_file)->type;
	l->n++;
	free(line);
}

/* Expects exactly these lines. */
static void
expect_diff(const char *a, const char *b, const char *want, struct lines *l)
{
	struct rgw_conf *now = load(a);
	struct rgw_conf *next = load(b);

	l->text[0] = '\0';
	rgw_conf_inherit(next, now);
	rgw_conf_diff(now, next, add_line, l);
	if (strcmp(l->text, want) != 0)
		fail_msg("got:\n%s\nwant:\n%s", l->text, want);
	rgw_conf_free(now);
	rgw_conf_free(next);
}

/* Where peers may connect to us. */
#define INWARD "[listen i]\ntls = 127.0.0.1:2083\nprofile = t, u\n"

/* ---- options ---- */

/* All that a section may refer to; each row adds one more section. */
#define OTHERS \
	TLS "[tls u]\ncertificate = cert.pem\nkey = key.pem\nca = ca.pem\n" LISTEN INWARD CLIENT PEER \
	"[peer q]\nconnect = q.example.org\ntls = t\n[peer r]\nconnect = r.example.org\ntls = t\n" REALM \
	"[rewrite i]\nremove = 31\n[rewrite j]\nremove = 32\n"

#define T "[tls v]\nkey = v.key\n"
#define TC T "certificate = v.pem\n"
#define TCA TC "ca = a.pem\n"
#define L "[listen v]\nudp = 127.0.0.1:1900\n"
#define C "[client v]\n" SECRET
#define P "[peer v]\ntls = t\n"
#define PC P "connect = v.example.org\n"
#define S "[server v]\nauth = 192.0.2.1\n" SECRET
#define O "[pool v]\nmembers = p\n"
#define A "[realm v]\n"
#define AP A "pool = p\n"
#define W "[rewrite v]\n"

static const struct {
	const char *title;
	const char *before;
	const char *after;
	const char *want;
} options[] = {
	{ "[gateway]\n", "user = a\n", "user = b\n", "~ gateway: user a -> b\n" },
	{ "[gateway]\n", "", "user = b\n", "~ gateway: user (the one that started it) -> b\n" },
	{ "[gateway]\n", "user = b\n", "", "~ gateway: user b -> (the one that started it)\n" },
	{ "[gateway]\n", "max-requests = 100\n", "", "~ gateway: max-requests 100 -> 65536\n" },
	{ "[gateway]\n", "", "max-requests = 65536\n", "" },
	{ "[gateway]\n", "write-buffer = 8k\n", "write-buffer = 9000\n", "~ gateway: write-buffer 8k -> 9000\n" },
	{ "[gateway]\n", "malformed-realms = space, no-dot\n", "malformed-realms = two-ats, space\n",
	  "~ gateway: malformed-realms + two-ats, - no-dot\n" },
	{ "[gateway]\n", "malformed-realms = space\n", "malformed-realms = none\n",
	  "~ gateway: malformed-realms space -> none\n" },
	{ "[gateway]\n", "encrypted-attribute = 0:214:ascend\n", "encrypted-attribute = 0:214:ascend, 0:215:ascend\n",
	  "~ gateway: encrypted-attribute + 0:215:ascend\n" },
	{ "[gateway]\n", "connect-rate = 5/s burst 16\n", "connect-rate = 0\n",
	  "~ gateway: connect-rate 5/s burst 16 -> 0\n" },
	{ "[gateway]\n", "drain-time = 10s\nrewrite-in = i\n", "drain-time = 5s\n",
	  "~ gateway: drain-time 10s -> 5s\n~ gateway: rewrite-in i -> (none)\n" },
	{ "[log]\n", "level = info\n", "level = debug\n", "~ log: level info -> debug\n" },
	{ "[log]\n", "rate = 10/s\n", "rate = 0\n", "~ log: rate 10/s -> 0\n" },
	{ "[log]\n", "target = stderr\n", "target = syslog\n", "~ log: target stderr -> syslog\n" },
	{ "[control]\n", "socket = off\n", "socket = /run/c.sock\n", "~ control: socket off -> /run/c.sock\n" },
	{ "[control]\n", "mode = 0600\n", "", "~ control: mode 0600 -> 0660\n" },
	{ "[metrics]\nlisten = ::1\n", "ready-requires = all\n", "", "~ metrics: ready-requires all -> any\n" },
	{ "[log]\n", "identity = hash\nhash-key = the first one\n", "identity = hash\nhash-key = the other\n",
	  "~ log: hash-key changed\n" },
	{ "[log]\n", "", "identity = hash\nhash-key = the other\n",
	  "~ log: identity full -> hash\n~ log: hash-key changed\n" },
	{ T "ca = a\n", "certificate = a.pem\n", "certificate = b.pem\n", "~ tls v: certificate a.pem -> b.pem\n" },
	{ "[tls v]\nca = a\ncertificate = c\n", "key = a.pem\n", "key = b.pem\n", "~ tls v: key a.pem -> b.pem\n" },
	{ TC, "ca = a.pem, b\n", "ca = b, c.pem\n", "~ tls v: ca + c.pem, - a.pem\n" },
	{ TCA, "keylog = a.log\n", "keylog = b.log\n", "~ tls v: keylog a.log -> b.log\n" },
	{ TCA, "", "min-version = 1.3\n", "~ tls v: min-version 1.2 -> 1.3\n" },
	{ TCA, "ciphers = A, B\n", "ciphers = B, A\n", "~ tls v: ciphers A, B -> B, A\n" },
	{ TCA, "ciphers = A, B\n", "", "~ tls v: ciphers A, B -> (a built-in list)\n" },
	{ TCA, "keylog = a.log\n", "keylog = b.log\n", "~ tls v: keylog a.log -> b.log\n" },
	{ TCA, "key-password = the first one\n", "key-password = the other\n", "~ tls v: key-password changed\n" },
	{ PC "psk = 000102030405060708090a0b0c0d0e0f\n", "psk-identity = a\n", "psk-identity = b\n",
	  "~ peer v: psk-identity a -> b\n" },
	{ PC "psk-identity = a\n", "psk = 000102030405060708090a0b0c0d0e0f\n",
	  "psk = 000102030405060708090a0b0c0d0e0e\n", "~ peer v: psk changed\n" },
	{ "[listen v]\n", "udp = 127.0.0.1:1900, [::1]:1900\n", "udp = 127.0.0.1:1900\n",
	  "~ listen v: udp - [::1]:1900\n" },
	{ L, "accept = auth\n", "accept = acct, auth\n", "~ listen v: accept + acct\n" },
	{ C, "address = 10.0.0.1\n", "address = 10.0.0.2\n", "~ client v: address 10.0.0.1/32 -> 10.0.0.2/32\n" },
	{ C, "address = 10.0.0.1\n", "address = 10.0.0.1, nas.example.org\n",
	  "~ client v: address + nas.example.org\n" },
	{ "[client v]\naddress = 10.0.0.1\n", "secret = the first secret of it\n", "secret = the other secret of it\n",
	  "~ client v: secret changed\n" },
	{ C "address = 10.0.0.1\n", "", "previous-secret = the secret that was before\n",
	  "~ client v: previous-secret changed\n" },
	{ C "address = 10.0.0.1\n", "operator-name = 1example.org\n", "operator-name = 1example.net\n",
	  "~ client v: operator-name 1example.org -> 1example.net\n" },
	{ C "address = 10.0.0.1\n", "listen = l\n", "", "~ client v: listen l -> (all with `udp`)\n" },
	{ P, "connect = a.example.org\n", "connect = a.example.org:1, b.example.org\n",
	  "~ peer v: connect a.example.org:2083 -> a.example.org:1, b.example.org:2083\n" },
	{ PC, "watchdog = 30s\n", "watchdog = 6s\n", "~ peer v: watchdog 30s -> 6s\n" },
	{ P, "connect = a.example.org\nwatchdog = 6s\n", "accept = yes\nname = a.example.org\n",
	  "~ peer v: connect a.example.org:2083 -> (it only connects to us)\n~ peer v: accept no -> yes\n"
	  "~ peer v: name (the host of connect) -> a.example.org\n"
	  "~ peer v: watchdog 6s -> (no effect without `connect`)\n" },
	{ PC, "connections = 1-16\n", "connections = 2-16\n", "~ peer v: connections 1-16 -> 2-16\n" },
	{ PC, "reconnect = 500ms-60s\n", "reconnect = 1s-60s\n", "~ peer v: reconnect 500ms-1m -> 1s-1m\n" },
	{ PC, "tcp-keepalive = no\n", "", "~ peer v: tcp-keepalive no -> yes\n" },
	{ PC, "name = a.example.org\n", "name = 192.0.2.1\n", "~ peer v: name a.example.org -> 192.0.2.1\n" },
	{ PC, "", "sni = \"\"\n", "~ peer v: sni (the host of connect) -> \"\"\n" },
	{ PC "accept = yes\n", "address = 10.0.0.0/8\n", "address = 10.0.0.0/8, 192.0.2.0/24\n",
	  "~ peer v: address + 192.0.2.0/24\n" },
	{ PC, "match = dns:a.example.org\n", "match = dns:b.example.org\n",
	  "~ peer v: match dns:a.example.org -> dns:b.example.org\n" },
	{ PC, "", "secret = a secret that is no word\n", "~ peer v: secret changed\n" },
	{ "[peer v]\nconnect = v.example.org\n", "tls = t\n", "tls = u\n", "~ peer v: tls t -> u\n" },
	{ PC, "rewrite-in = i, j\n", "rewrite-in = j\n", "~ peer v: rewrite-in - i\n" },
	{ PC, "allow = auth\n", "allow = acct\n", "~ peer v: allow auth -> acct\n" },
	{ "[client v]\naddress = 192.0.2.1\n" SECRET, "coa = yes\n", "coa = 192.0.2.1\n",
	  "~ client v: coa yes -> 192.0.2.1:3799\n" },
	{ S, "retransmit = irt 3s\n", "",
	  "~ server v: retransmit irt 3s mrt 16s mrc 5 mrd 30s -> irt 2s mrt 16s mrc 5 mrd 30s\n" },
	{ S, "source = 192.0.2.7\n", "source = 192.0.2.8\n", "~ server v: source 192.0.2.7 -> 192.0.2.8\n" },
	{ "[server v]\n" SECRET, "auth = a.example.org\n", "acct = a.example.org\n",
	  "~ server v: auth a.example.org:1812 -> (it takes no authentication)\n"
	  "~ server v: acct (it takes no accounting) -> a.example.org:1813\n" },
	{ "[pool v]\n", "members = p, q\n", "members = q, r\n", "~ pool v: members + r, - p\n" },
	{ "[pool v]\n", "members = p, q, r\n", "members = p, r\n", "~ pool v: members - q\n" },
	{ "[pool v]\n", "members = p, q\n", "members = q, p\n", "~ pool v: members p, q -> q, p\n" },
	{ "[pool v]\n", "members = p\n", "members = q\n", "~ pool v: members p -> q\n" },
	{ O, "policy = hash\n", "policy = hash\nhash-key = User-Name\n",
	  "~ pool v: hash-key Calling-Station-Id -> User-Name\n" },
	{ O, "reply-message = a\n", "reply-message = b, c\n", "~ pool v: reply-message a -> b, c\n" },
	{ AP, "regex = a+\n", "regex = a*\n", "~ realm v: regex a+ -> a*\n" },
	{ A, "pool = p\n", "reject = go away\n",
	  "~ realm v: pool p -> (rejected)\n~ realm v: reject (no effect with `pool`) -> go away\n" },
	{ AP, "acct = ack\n", "acct = q\n", "~ realm v: acct ack -> q\n" },
	{ W, "remove = 9:1, 9:2\n", "remove = 9:2, 9:3\n", "~ rewrite v: remove + 9:3, - Cisco-AVPair\n" },
	{ W, "add = User-Name = a\n", "add = User-Name = b\n", "~ rewrite v: add User-Name = a -> User-Name = b\n" },
	{ W, "replace = User-Name /a/b/\n", "replace = User-Name /a/c/\n",
	  "~ rewrite v: replace User-Name /a/b/ -> User-Name /a/c/\n" },
};

static void
says_what_an_option_was_and_is(void **state)
{
	struct lines l = { .n = 0 };

	(void)state;
	for (size_t i = 0; i < N(options); i++) {
		char a[4096];
		char b[4096];

		snprintf(a, sizeof a, OTHERS "%s%s", options[i].title, options[i].before);
		snprintf(b, sizeof b, OTHERS "%s%s", options[i].title, options[i].after);
		expect_diff(a, b, options[i].want, &l);
	}
	/* Nobody adds a type without a row above. */
	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS; kind++) {
		size_t n;
		const struct rgw_opt *opt = rgw_conf_opts_of(kind, &n);

		for (; n > 0; n--, opt++) {
			bool seen = opt->type->size == 0;

			for (size_t i = 0; i < l.n_types; i++)
				seen = seen || l.types[i] == opt->type;
			if (!seen)
				fail_msg("no row for the type of %s", opt->key);
		}
	}
}

/* ---- sections ---- */

/* One more section of each kind that has names, and what an operator reads when it comes and goes. */
static const struct {
	const char *text, *name;
} sections[] = {
	{ TCA, "tls v" }, { L, "listen v" }, { C "address = 10.0.0.1\n", "client v" }, { PC, "peer v" },
	{ S, "server v" }, { O, "pool v" }, { "[realm .Example.org]\npool = p\n", "realm .Example.org" },
	{ W "remove = 31\n", "rewrite v" },
};

static void
says_which_sections_came_and_went(void **state)
{
	struct lines l = { .n = 0 };

	(void)state;
	assert_int_equal(N(sections), RGW_CONF_KINDS - RGW_CONF_TLS);
	for (size_t i = 0; i < N(sections); i++) {
		char with[4096];
		char want[64];

		snprintf(with, sizeof with, OTHERS "%s", sections[i].text);
		snprintf(want, sizeof want, "+ %s\n", sections[i].name);
		expect_diff(OTHERS, with, want, &l);
		want[0] = '-';
		expect_diff(with, OTHERS, want, &l);
	}
}

static void
tells_in_the_order_of_the_file(void **state)
{
	struct lines l = { .n = 0 };

	(void)state;
	expect_diff(TLS LISTEN CLIENT PEER "[realm b]\npool = p\n[realm old]\npool = p\n[realm a]\npool = p\n"
	    "[realm ancient]\npool = p\n", "[realm new]\npool = p\n[realm a]\npool = p\nacct = ack\n"
	    "[realm newer]\npool = p\n[realm b]\npool = p\nacct = drop\n"
	    PEER "watchdog = 6s\n" CLIENT LISTEN TLS,
	    "~ peer p: watchdog 30s -> 6s\n+ realm new\n~ realm a: acct same -> ack\n+ realm newer\n"
	    "~ realm b: acct same -> drop\n- realm old\n- realm ancient\n", &l);
}

#define REGEX(name) "[realm " name "]\nregex = " name "\npool = p\n"
#define INBOUND(name) "[peer " name "]\ntls = t\naccept = yes\nname = " name ".example.org\n"
#define FRONT TLS LISTEN "[listen i]\ntls = 127.0.0.1:2083\nprofile = t\n" CLIENT PEER

static void
tells_of_an_order_where_it_matters(void **state)
{
	struct lines l = { .n = 0 };

	(void)state;
	/* Names of realms and clients are looked up, whatever their order, and so are peers that we connect to. */
	expect_diff(FRONT "[realm a]\npool = p\n[realm B]\npool = p\n" "[peer q]\nconnect = q\ntls = t\n",
	    "[realm b]\npool = p\n[realm a]\npool = p\n" "[peer q]\nconnect = q\ntls = t\n" FRONT, "", &l);
	expect_diff(FRONT REGEX("a") "[realm x]\npool = p\n" REGEX("b") REGEX("c"),
	    FRONT "[realm x]\npool = p\n" REGEX("a") REGEX("c") REGEX("b"), "~ realm c: comes before b now\n", &l);
	/* One that came, or went, or was none before, changes nothing about the others. */
	expect_diff(FRONT REGEX("a") REGEX("b") REGEX("c"), FRONT REGEX("d") REGEX("a") REGEX("c"),
	    "+ realm d\n- realm b\n", &l);
	expect_diff(FRONT REGEX("a") "[realm b]\npool = p\n", FRONT REGEX("b") REGEX("a"),
	    "~ realm b: regex (the name of the section is meant) -> b\n", &l);
	expect_diff(FRONT REALM INBOUND("a") INBOUND("b"), FRONT REALM INBOUND("b") INBOUND("a"),
	    "~ peer b: comes before a now\n", &l);
}

/* A name may go from one kind to another: the members are called as before, and lead elsewhere. */
static void
tells_of_a_name_that_leads_elsewhere(void **state)
{
	struct lines l = { .n = 0 };

	(void)state;
	expect_diff(FRONT REALM "acct = x\n[peer x]\nconnect = x.example.org\ntls = t\n[pool y]\nmembers = p, x\n",
	    FRONT REALM "acct = x\n[server x]\nauth = 192.0.2.1\nacct = 192.0.2.1\n" SECRET
	    "[pool y]\nmembers = p, x\n",
	    "- peer x\n+ server x\n~ pool y: members [peer p], [peer x] -> [peer p], [server x]\n"
	    "~ realm *: acct [peer x] -> [server x]\n", &l);
}

/* Items that a list has twice, and lists of many items: the text function alone. */
static void
compares_lists(void **state)
{
	static const struct {
		const char *a[6], *b[6], *want;
	} rows[] = {
		{ { "a", "b" }, { "a", "b" }, NULL },
		{ { NULL }, { "a" }, NULL },
		{ { "a" }, { NULL }, NULL },
		{ { "a", "a" }, { "a" }, "- a" },
		{ { "a" }, { "a", "b", "a" }, "+ b, + a" },
		{ { "c", "a", "b" }, { "x", "c", "b", "y" }, "+ x, + y, - a" },
		{ { "a", "b", "c" }, { "c", "a", "b" }, NULL },
		{ { "a", "b", "c" }, { "b", "a", "d" }, NULL },
		{ { "a", "b", "c", "d" }, { "b", "e", "d" }, "+ e, - a, - c" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct rgw_strings a = { (char **)(uintptr_t)rows[i].a, 0 };
		struct rgw_strings b = { (char **)(uintptr_t)rows[i].b, 0 };
		char *got;

		while (a.v[a.n] != NULL)
			a.n++;
		while (b.v[b.n] != NULL)
			b.n++;
		got = rgw_delta(&a, &b);
		if (rows[i].want == NULL)
			assert_null(got);
		else
			assert_string_equal(got, rows[i].want);
		free(got);
	}
}

/* ---- what a change means ---- */

static void
knows_what_drains_connections(void **state)
{
	static const struct {
		const char *lines;
		bool identity;
	} rows[] = {
		{ "watchdog = 6s\n", false },
		{ "max-connections = 3\naccept = yes\n", true },
		{ "queue = 7\nlifetime = 1h\nrewrite-in = i\n", false },
		{ "sni = a.example.org\n", true },
		{ "secret = another one that is long\n", true },
		{ "secret = radsec\nprevious-secret = another one that is long\n", false },
		{ "match = dns:a.example.org\n", true },
		{ "name = a.example.org\n", true },
	};
	struct rgw_conf *now = load(OTHERS PC);

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		char text[4096];
		struct rgw_conf *next;
		const struct rgw_conf_head *a = &now->peer.v[3]->head;
		const struct rgw_conf_head *b;

		snprintf(text, sizeof text, OTHERS PC "%s", rows[i].lines);
		next = load(text);
		b = &next->peer.v[3]->head;
		assert_true(rgw_conf_is_changed(a, b, 0));
		if (rgw_conf_is_changed(a, b, RGW_OPT_IDENTITY) != rows[i].identity)
			fail_msg("%s", rows[i].lines);
		assert_false(rgw_conf_is_changed(a, b, RGW_OPT_RESTART));
		assert_false(rgw_conf_is_changed(&now->peer.v[0]->head, &next->peer.v[0]->head, 0));
		rgw_conf_free(next);
	}
	rgw_conf_free(now);
}

static void
refuses_what_needs_a_restart(void **state)
{
	static const struct {
		const char *lines, *want;
	} rows[] = {
		{ "user = u\nworkers = 2\n", NULL },
		{ "user = u\nworkers = 2\nmax-requests = 16\nkept-answers = 64k\ndrain-time = 1s\n", NULL },
		{ "user = u\nworkers = 3\n", "text:1: error: workers: a change from 2 to 3 needs a restart\n" },
		{ "\nworkers = 2\ngroup = g\nuser = w\n", "text:1: error: user: a change from u to w needs a restart\n"
		  "text:1: error: group: a change from (that of the user) to g needs a restart\n" },
		{ NULL, "text:0: error: user: a change from u to (the one that started it) needs a restart\n"
		  "text:0: error: workers: a change from 2 to 1 needs a restart\n" },
	};
	struct rgw_conf *now = load("[gateway]\nuser = u\nworkers = 2\n" REST "[peer q]\nconnect = q\ntls = t\n");

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct conf_fixture f = { .n = 0 };
		struct rgw_conf_report report = { .say = conf_say, .ctx = &f };
		char text[4096];
		struct rgw_conf *next;

		/* A change that only drains connections is none of these. */
		snprintf(text, sizeof text, "%s%s" REST "[peer q]\nconnect = other\ntls = t\n",
		    rows[i].lines != NULL ? "[gateway]\n" : "", rows[i].lines != NULL ? rows[i].lines : "");
		next = load(text);
		rgw_conf_inherit(next, now);
		assert_int_equal(rgw_conf_needs_restart(now, next, &report), rows[i].want != NULL);
		assert_string_equal(f.said, rows[i].want != NULL ? rows[i].want : "");
		assert_int_equal(report.errors > 0, rows[i].want != NULL);
		rgw_conf_free(next);
	}
	rgw_conf_free(now);
}

/* ---- how long it takes ---- */

static char *
big_text(unsigned changed)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs(REST "[pool big]\nmembers = p\n", out);
	for (unsigned i = 0; i < 1000; i++) {
		fprintf(out, "[peer p%u]\nconnect = p%u.example.org, q%u.example.org\ntls = t\n", i, i, i);
		fprintf(out, "[client c%u]\naddress = 10.%u.%u.0/24\n" SECRET, i, i / 200, i % 200);
	}
	for (unsigned i = 0; i < 10000; i++)
		fprintf(out, "[realm r%u.example.org]\npool = %s\n", i, i == changed ? "p7" : "big");
	fclose(out);
	return text;
}

static double
ms_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)(now.tv_sec - start->tv_sec) * 1e3 + (double)(now.tv_nsec - start->tv_nsec) / 1e6;
}

static void
finds_one_change_in_many(void **state)
{
	char *a = big_text(UINT32_MAX);
	char *b = big_text(5000);
	struct rgw_conf *now = load(a);
	struct rgw_conf *next = load(b);
	struct lines l = { .n = 0 };
	struct timespec start;
	double inherited;

	(void)state;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	rgw_conf_inherit(next, now);
	inherited = ms_since(&start);
	rgw_conf_diff(now, next, add_line, &l);
	print_message("10,000 realms, 1,000 clients, 1,000 peers: %.1f ms to inherit, %.1f ms to compare\n", inherited,
	    ms_since(&start) - inherited);
	assert_string_equal(l.text, "~ realm r5000.example.org: pool big -> p7\n");
	rgw_conf_free(now);
	rgw_conf_free(next);
	free(a);
	free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_an_option_was_and_is),
		cmocka_unit_test(says_which_sections_came_and_went),
		cmocka_unit_test(tells_in_the_order_of_the_file),
		cmocka_unit_test(tells_of_an_order_where_it_matters),
		cmocka_unit_test(tells_of_a_name_that_leads_elsewhere),
		cmocka_unit_test(compares_lists),
		cmocka_unit_test(knows_what_drains_connections),
		cmocka_unit_test(refuses_what_needs_a_restart),
		cmocka_unit_test(finds_one_change_in_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
