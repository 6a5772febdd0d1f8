/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a text to the whole configuration, and what is told about a bad one. */
#include "conf_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define N(array) (sizeof(array) / sizeof(array)[0])

/* Each option that a file does not name has its default: port 2083 and the secret "radsec" of P-TLS-1 and P-TLS-2. */
static void
loads_the_smallest_file(void **state)
{
	struct conf_fixture *f = *state;
	struct rgw_conf *conf = conf_load(f, REST);
	struct rgw_addr from = { .family = 4, .ip = { 127, 0, 0, 1 } };

	assert_non_null(conf);
	assert_string_equal(f->said, "");
	assert_int_equal(conf->gateway.request_lifetime, 30000);
	assert_int_equal(conf->gateway.duplicate_window, 10000);
	assert_int_equal(conf->gateway.max_requests, 65536);
	assert_int_equal(conf->gateway.max_request_octets, 16 << 20);
	assert_int_equal(conf->gateway.kept_answers, 8 << 20);
	assert_int_equal(conf->gateway.max_write_octets, 4 << 20);
	assert_int_equal(conf->gateway.drain_time, 10000);
	assert_int_equal(conf->gateway.loop_limit, 32);
	assert_null(conf->gateway.user);
	assert_int_equal(conf->log.level, RGW_LOG_INFO);
	assert_int_equal(conf->log.rate, 10);
	assert_string_equal(conf->log.target, "stderr");
	assert_string_equal(conf->log.head.name, "");
	assert_int_equal(conf->tls.n, 1);
	assert_string_equal(conf->tls.v[0]->certificate, "cert.pem");
	assert_int_equal(conf->tls.v[0]->min_version, RGW_TLS_1_2);
	assert_int_equal(conf->tls.v[0]->max_version, RGW_TLS_1_3);
	assert_int_equal(conf->listen.v[0]->udp.v[0].port, 1812);
	assert_int_equal(conf->listen.v[0]->accept, RGW_SERVICE_AUTH | RGW_SERVICE_ACCT);
	assert_int_equal(conf->client.v[0]->require_message_authenticator, RGW_AUTO);
	assert_true(conf->client.v[0]->reply_message_authenticator);
	assert_false(conf->client.v[0]->protocol_error);
	assert_null(conf->client.v[0]->pool);
	assert_int_equal(conf->peer.v[0]->connect.v[0].port, 2083);
	assert_ptr_equal(conf->peer.v[0]->tls, conf->tls.v[0]);
	assert_null(conf->peer.v[0]->cert_name);
	assert_null(conf->peer.v[0]->sni);
	assert_int_equal(conf->peer.v[0]->secret->len, 6);
	assert_memory_equal(conf->peer.v[0]->secret->octets, "radsec", 6);
	assert_int_equal(conf->peer.v[0]->connections.max, 16);
	assert_int_equal(conf->peer.v[0]->reconnect.min, 500);
	assert_int_equal(conf->peer.v[0]->connect_rate.events, 5);
	assert_int_equal(conf->peer.v[0]->connect_rate.burst, 16);
	/* It holds for what comes over our own connections, too. */
	assert_int_equal(conf->peer.v[0]->status_server_rate.events, 100);
	assert_true(conf->peer.v[0]->tcp_keepalive);
	assert_ptr_equal(conf->realm.v[0]->pool, conf->peer.v[0]);
	assert_int_equal(conf->realm.v[0]->kind, RGW_REALM_DEFAULT);
	assert_string_equal(conf->peer.v[0]->head.name, "p");
	assert_string_equal(conf->peer.v[0]->head.file, "main.ini");
	assert_int_equal(conf->peer.v[0]->head.line, 10);
	assert_ptr_equal(rgw_prefixmap_find(conf->listen.v[0]->clients, &from), conf->client.v[0]);
	assert_non_null(rgw_hidden_find(conf->hidden, 311, 16, 0));
	rgw_conf_free(conf);
}

static void
fills_every_field(void **state)
{
	struct conf_fixture *f = *state;
	struct rgw_conf *conf = conf_load(f,
	    "[gateway]\nuser = nobody\ngroup = nogroup\nencrypted-attribute = 9:1:salt, 9:2:hide\n"
	    "[log]\nidentity = hash\nhash-key = pepper ;not shown\ntarget = log/x.log\n"
	    "[tls t]\ncertificate = cert.pem\nkey = key.pem\nkey-password = \"a ;b\"\nca = ca.pem, "
	    "cas\n"
	    "ciphers = A, B\nciphers = C\ngroups = X25519\n" LISTEN
	    "[client c]\naddress = 127.0.0.1\naddress = 10.0.0.0/8\n\t10.1.0.0/16, fd00::/8\n"
	    "secret-file = secret\nprevious-secret = hex:0001\npool = p\nprotocol-error = yes\n"
	    "[peer p]\nconnect = [::1], radius.example.org:2084\ntls = t\nname = "
	    "radius.example.org\n"
	    "match = dns:radius.example.org\n  policy:1.2.3\nsni = \"\"\nsecret = hex:00ff\n"
	    "previous-secret = radsec\n"
	    "allow = acct\nbad-response = discard\n"
	    "[server s]\nauth = 192.0.2.1\nsecret = the one of now\nprevious-secret-file = secret\n"
	    "[realm Example.ORG]\npool = p\n[realm .example.org]\npool = p\n[realm -]\npool = p\n");

	assert_non_null(conf);
	assert_string_equal(conf->gateway.user, "nobody");
	assert_int_equal(rgw_hidden_find(conf->hidden, 9, 2, 0)->method, RGW_HIDE_PASSWORD);
	assert_string_equal(conf->log.hash_key, "pepper");
	assert_string_equal(conf->log.target, "log/x.log");
	assert_string_equal(conf->tls.v[0]->key_password, "a ;b");
	assert_int_equal(conf->tls.v[0]->ca.n, 2);
	assert_int_equal(conf->tls.v[0]->ciphers.n, 3);
	assert_string_equal(conf->tls.v[0]->ciphers.v[2], "C");
	assert_int_equal(conf->client.v[0]->address.n, 4);
	assert_int_equal(conf->client.v[0]->secret->len, 35);
	assert_memory_equal(conf->client.v[0]->previous_secret->octets, "\x00\x01", 2);
	assert_memory_equal(conf->peer.v[0]->previous_secret->octets, "radsec", 6);
	assert_int_equal(conf->server.v[0]->secret->len, 14);
	assert_int_equal(conf->server.v[0]->previous_secret->len, 35);
	assert_ptr_equal(conf->client.v[0]->pool, conf->peer.v[0]);
	assert_string_equal(conf->peer.v[0]->connect.v[0].host, "::1");
	assert_int_equal(conf->peer.v[0]->match.n, 2);
	assert_int_equal(conf->peer.v[0]->match.v[1].kind, RGW_CERT_POLICY);
	assert_string_equal(conf->peer.v[0]->sni, "");
	assert_memory_equal(conf->peer.v[0]->secret->octets, "\x00\xff", 2);
	assert_int_equal(conf->peer.v[0]->allow, RGW_SERVICE_ACCT);
	assert_int_equal(conf->peer.v[0]->bad_response, RGW_BAD_RESPONSE_DISCARD);
	assert_int_equal(conf->realm.v[0]->kind, RGW_REALM_EXACT);
	assert_string_equal(conf->realm.v[0]->head.name, "Example.ORG");
	assert_int_equal(conf->realm.v[1]->kind, RGW_REALM_SUFFIX);
	assert_int_equal(conf->realm.v[2]->kind, RGW_REALM_NONE);
	rgw_conf_free(conf);
}

static const struct conf_row bad_keys[] = {
	{ "[gateway]\nusr = x\n" REST,
	    { "main.ini:2: error: [gateway] has no key `usr`; did you mean "
	      "`user`?" } },
	{ "[gateway]\nthreads = 2\n" REST,
	    { "main.ini:2: error: [gateway] has no key `threads`" } },
	{ "[gateway]\nrequest_lifetime = 9s\n" REST, { "did you mean `request-lifetime`?" } },
	{ "[gateway]\nUser = x\n" REST,
	    { "main.ini:2: error: [gateway] has no key `User`; did you mean "
	      "`user`?" } },
	{ "[log]\nsecret = x\n" REST,
	    { "main.ini:2: error: key `secret` does not belong in [log] but in "
	      "[client] or [peer] or [server]" } },
	{ "[log]\nsecrte = x\n" REST,
	    { "[log] has no key `secrte`; did you mean `secret`, which belongs in "
	      "[client] or [peer] or [server]?" } },
	{ "[log]\nhash-key-fiel = x\n" REST, { "did you mean `hash-key-file`?" } },
	{ "[log]\ninclude = x\n" REST,
	    { "key `include` does not belong in [log] but in [gateway]" } },
	{ "[gateway]\nuser = a\nuser = b\n" REST,
	    { "main.ini:3: error: `user` is given twice, first at "
	      "main.ini:2" } },
	{ "[gateway]\nuser = a\n[log]\n[gateway]\nuser = b\n" REST,
	    { "main.ini:5: error: `user` is given "
	      "twice, first at main.ini:2" } },
	{ "[gateway]\nloop-limit = x\nloop-limit = 3\n" REST,
	    { "main.ini:2: error: loop-limit: `x` is not",
	        "main.ini:3: error: `loop-limit` is given "
	        "twice, first at main.ini:2" } },
	{ REST "[client c2]\naddress = 10.0.0.1\n" SECRET "secret-file = secret\n",
	    { "main.ini:18: error: only one of `secret` and `secret-file` may be given; the other "
	      "is at "
	      "main.ini:17" } },
	{ REST "[client c2]\naddress = 10.0.0.1\n",
	    { "main.ini:15: error: [client c2] needs `secret` or "
	      "`secret-file`" } },
	{ REST "[client c2]\n" SECRET, { "main.ini:15: error: [client c2] needs `address`" } },
	{ REST "[peer p2]\n",
	    { "main.ini:15: error: [peer p2] needs `connect`, or `accept = yes`",
	        "main.ini:15: error: [peer p2] needs `tls`" } },
	{ REST "[tls t2]\n",
	    { "[tls t2] needs `certificate`", "[tls t2] needs `key`", "[tls t2] needs `ca`" } },
	{ REST "[listen l2]\n", { "main.ini:15: error: [listen l2] needs `udp` or `tls`" } },
	{ REST "[realm x]\n", { "main.ini:15: error: [realm x] needs `pool`" } },
	{ REST "[client c]\naddress = 10.0.0.1\n" SECRET,
	    { "main.ini:15: error: [client c] is already at "
	      "main.ini:7" } },
	{ REST "[realm A.b]\npool = p\n[realm a.B]\npool = p\n",
	    { "main.ini:17: error: [realm A.b] is "
	      "already at main.ini:15" } },
	{ REST "[realm *]\npool = p\n",
	    { "main.ini:15: error: [realm *] is already at main.ini:13" } },
	{ REST "[client c 2]\naddress = 10.0.0.1\n" SECRET,
	    { "main.ini:15: error: [client c 2]: a name "
	      "consists of letters, digits" } },
	{ REST "[realm *.example.org]\npool = p\n",
	    { "[realm *.example.org]: a realm takes no wildcard" } },
	{ REST "[realm @example.org]\npool = p\n",
	    { "[realm @example.org]: a realm is what stands behind" } },
	{ REST "[realm a..b]\npool = p\n",
	    { "[realm a..b]: a realm has a name between its dots" } },
	{ REST "[realm .]\npool = p\n", { "[realm .]: a realm has a name between its dots" } },
	{ REST "[realm a.]\npool = p\n", { "[realm a.]: a realm has a name between its dots" } },
	{ REST "[realm /x/]\npool = p\n", { "[realm /x/]: a realm pattern is *, -, a realm" } },
	{ REST "[peer p2]\nconnect = a\ntls = tt\n",
	    { "main.ini:17: error: tls: there is no [tls] called `tt`" } },
	{ REST "[tls federation]\ncertificate = cert.pem\nkey = key.pem\nca = ca.pem\n[peer p2]\n"
	       "connect = a\ntls = federaton\n",
	    { "main.ini:21: error: tls: there is no [tls] called `federaton`; did you "
	      "mean `federation`?" } },
	{ REST "[realm x]\npool = t\n",
	    { "main.ini:16: error: pool: there is no [peer] or [server] or [pool] called `t`" } },
	{ REST "[realm x]\npool =\n", { "main.ini:16: error: pool: the value is empty" } },
};

static void
refuses_bad_keys(void **state)
{
	conf_expect_all(*state, bad_keys, N(bad_keys));
}

static const struct conf_row bad_wholes[] = {
	{ "",
	    { "main.ini:0: error: there is no [listen NAME]",
	        "main.ini:0: error: there is no [client NAME] and no [peer NAME] with `accept = yes`",
	        "main.ini:0: error: there is no [peer NAME] with `connect` and no [server NAME]" } },
	{ TLS LISTEN CLIENT PEER,
	    { "main.ini:7: error: [client c] has no `pool`, and there is no [realm "
	      "PATTERN]" } },
	{ "[log]\nidentity = hash\n" REST,
	    { "main.ini:2: error: identity = hash needs `hash-key` or" } },
	{ "[log]\nhash-key = x\n" REST,
	    { "main.ini:2: error: hash-key has no effect without identity" } },
	{ "[log]\nhash-key = x\nidentity = hsh\n" REST,
	    { "main.ini:3: error: identity: `hsh` is none of "
	      "full, realm, hash; did you mean hash?" } },
	{ TLS "min-version = 1.3\nmax-version = 1.2\n" LISTEN CLIENT PEER REALM,
	    { "main.ini:5: error: min-version is newer than max-version" } },
	{ "[gateway]\nencrypted-attribute = 9:1:hide, 9:1:salt\n" REST,
	    { "main.ini:2: error: encrypted-attribute: 9:1:hide and 9:1:salt are the same "
	      "attribute" } },
	{ REST "[listen l2]\nudp = 127.0.0.1\n",
	    { "main.ini:16: error: udp: 127.0.0.1:1812 is already in "
	      "[listen l] at main.ini:6" } },
	{ TLS LISTEN "  127.0.0.1\n" CLIENT PEER REALM,
	    { "main.ini:6: error: udp: 127.0.0.1:1812 is already "
	      "in [listen l] at main.ini:6" } },
	{ REST "[client c2]\naddress = 10.0.0.0/8, 127.0.0.1/32\n" SECRET,
	    { "main.ini:16: error: address: 127.0.0.1/32 is already that of [client c] at "
	      "main.ini:7" } },
	{ REST "[client c2]\naddress = 10.0.0.0/8, 10.0.0.0/8\n" SECRET,
	    { "main.ini:16: error: address: 10.0.0.0/8 is given twice" } },
	{ REST "[client c2]\naddress = 10.0.0.0/8\nsecret = 123456789012\n",
	    { "main.ini:17: warning: secret: 12 octets or fewer can be guessed; take 24 random "
	      "ones" } },
	{ REST "[client c2]\naddress = 10.0.0.0/8\nsecret = 1234567890123\n", { NULL } },
	{ REST "[client c2]\naddress = 8.8.8.8\n" SECRET,
	    { "main.ini:16: warning: address: 8.8.8.8/32 is "
	      "public" } },
	{ REST "[client c2]\naddress = 0.0.0.0/0, 11.0.0.0/8, 2000::/3, 10.0.0.0/7\n" SECRET,
	    { "0.0.0.0/0 is public", "11.0.0.0/8 is public", "2000::/3 is public",
	        "10.0.0.0/7 is public" } },
	{ REST "[client c2]\naddress = 10.0.0.0/9, 172.31.0.0/16, 192.168.1.1, 169.254.1.1, "
	       "100.64.0.0/10, "
	       "::1\n  fe80::/64, fd00::/8\n" SECRET,
	    { NULL } },
	{ TLS LISTEN CLIENT PEER "match = any\n" REALM,
	    { "main.ini:13: warning: match = any alone: every "
	      "certificate of this trust is accepted" } },
	{ TLS LISTEN CLIENT PEER "match = any, policy:1.2.3\n" REALM, { NULL } },
	{ TLS LISTEN CLIENT PEER "match = any\nname = a.b\n" REALM, { NULL } },
	{ TLS LISTEN CLIENT "[peer p]\nconnect = a:1812, b:2083\ntls = t\n" REALM,
	    { "main.ini:11: warning: connect: port 1812 belongs to RADIUS/UDP" } },
	{ REST "[client c2]\naddress = 10.0.0.1\nsecret = \" a secret with blanks around \"\n",
	    { "main.ini:17: warning: secret: the value begins or ends with white space" } },
};

static void
checks_the_whole(void **state)
{
	conf_expect_all(*state, bad_wholes, N(bad_wholes));
}

static const struct conf_row bad_files[] = {
	{ REST "[tls t2]\ncertificate = no.pem\nkey = cas\nca = cas, ca.pem, no.pem\n",
	    { "main.ini:16: error: certificate: cannot read no.pem: No such file or directory",
	        "main.ini:17: error: key: cannot read cas: Is a directory",
	        "main.ini:18: error: ca: cannot read no.pem: No such file" } },
	{ REST "[tls t2]\ncertificate = /dev/null\nkey = key.pem\nca = ca.pem\n",
	    { "main.ini:16: error: certificate: cannot read /dev/null: neither a file nor a "
	      "directory" } },
	{ REST "[tls t2]\ncertificate = cert.pem\nkey = open\nca = ca.pem\n",
	    { "main.ini:17: warning: key: open can be read by everybody" } },
	{ REST "[tls t2]\ncertificate = cert.pem\nkey = grouped\nca = ca.pem\n", { NULL } },
	{ REST "[client c2]\naddress = 10.0.0.1\nsecret-file = no\n",
	    { "main.ini:17: error: secret-file: cannot read no: No such file" } },
	{ REST "[client c2]\naddress = 10.0.0.1\nsecret-file = cas\n",
	    { "main.ini:17: error: secret-file: cannot read cas: Is a directory" } },
	{ REST "[client c2]\naddress = 10.0.0.1\nsecret-file = empty\n",
	    { "main.ini:17: error: secret-file: the value is empty" } },
	{ REST "[client c2]\naddress = 10.0.0.1\nsecret-file = newline\n",
	    { "main.ini:17: error: secret-file: the value is empty" } },
	{ REST "[client c2]\naddress = 10.0.0.1\nsecret-file = large\n",
	    { "main.ini:17: error: secret-file: cannot read large: file is too large" } },
	{ REST "[client c2]\naddress = 10.0.0.1\nsecret-file = open\n",
	    { "main.ini:17: warning: secret-file: open can be read by everybody" } },
	{ REST "[client c2]\naddress = 10.0.0.1\nsecret-file = grouped\n",
	    { NULL } },
	{ REST "[client c2]\naddress = 10.0.0.1\nsecret = ${file:open}\n",
	    { "main.ini:17: warning: secret: open can be read by everybody" } },
	{ REST "[client c2]\naddress = 10.0.0.1\nsecret = ${file:grouped}\n", { NULL } },
	{ REST "[client c2]\naddress = 10.0.0.1\nsecret = ${file:no}\n",
	    { "main.ini:17: error: secret: cannot read no: No such file" } },
	{ REST "[client c2]\naddress = 10.0.0.1\nsecret = ${file:nul}\n",
	    { "main.ini:17: error: secret: cannot read nul: it contains a NUL octet" } },
	{ REST "[client c2]\naddress = 10.0.0.1\nsecret-file = nul\n", { NULL } },
	{ REST "[client c2]\naddress = 10.0.0.1\nsecret = ${RGW_UNSET}\n",
	    { "main.ini:17: error: secret: the environment has no variable RGW_UNSET" } },
	/* A value that came from a file is not shown, wherever it was put. */
	{ "[log]\nlevel = ${file:secret}\n" REST,
	    { "main.ini:2: error: level: the value is none of" } },
	{ REST "[tls t2]\ncertificate = ${file:secret}\nkey = key.pem\nca = ca.pem\n",
	    { "main.ini:16: error: certificate: cannot read the file: No such file" } },
	{ REST "[client c2]\naddress = 10.0.0.1\nsecret-file = ${file:secret}\n",
	    { "main.ini:17: error: secret-file: cannot read the file: No such file" } },
	{ REST "[realm x]\npool = ${file:secret}\n",
	    { "main.ini:16: error: pool: there is no [peer] or [server] or [pool] with that name" } },
};

static void
checks_files(void **state)
{
	static char large[4097];

	unsetenv("RGW_UNSET");
	memset(large, 'x', sizeof large);
	conf_put("empty", "");
	conf_put("newline", "\n");
	conf_put_octets("large", large, sizeof large, 0600);
	conf_put_octets("open", "a secret of more than twelve octets", 35, 0644);
	conf_put_octets("grouped", "a secret of more than twelve octets", 35, 0640);
	conf_put_octets("nul", "a secret\0of more than twelve octets", 35, 0600);
	conf_expect_all(*state, bad_files, N(bad_files));
}

/* No secret gets out, whatever is wrong with it or around it. */
static void
never_tells_secrets(void **state)
{
	static const char *const texts[] = {
		REST "[client x]\nsecret = hunter2$x\n",
		REST "[client x]\nsecret = \"hunter2\n",
		REST "[client x]\nsecret = hex:hunter2\n",
		REST "[client x]\nsecret = \"a\" hunter2\n",
		REST "[client x]\nsecret = ${hunter2\n",
		REST "[client x]\nsecret = ${hunter2!}\n",
		REST "[client x]\nsecrte = hunter2\n",
		REST "[client x]\nsecret hunter2\n",
		REST "[client x]\nsecret: hunter2\n",
		REST "[client x]\nsecret = a\n  hunter2\n",
		REST "[client x]\nsecret = a\nsecret = hunter2\n",
		REST "[client x]\nsecret = hunter2\nsecret-file = secret\n",
		REST "[client x]\nsecret = hunter2 \x02\n",
		REST "[client x]\nsecret = \" hunter2\"\n",
		REST "[client x]\naddress = 8.8.8.8\nsecret = hunter2\n",
		"[log]\nhash-key = hunter2\n" REST,
		"secret = hunter2\n" REST,
		REST "[nothing]\nsecret = hunter2\n",
	};
	struct conf_fixture *f = *state;

	for (size_t i = 0; i < N(texts); i++) {
		rgw_conf_free(conf_load(f, texts[i]));
		if (f->said[0] == '\0' || strstr(f->said, "hunter2") != NULL)
			fail_msg("%s\nsaid: %s", texts[i], f->said);
	}
}

static void
dumps_no_secret(void **state)
{
	struct conf_fixture *f = *state;
	struct rgw_conf *conf = conf_load(f,
	    "[log]\nidentity = hash\nhash-key = hunter2\n" TLS "key-password = hunter2\n" LISTEN
	    "[client c]\naddress = 127.0.0.1\nsecret = hunter2hunter2\n" PEER
	    "secret = hunter2\n" REALM);
	char *text;

	assert_non_null(conf);
	text = conf_dump_text(conf);
	assert_null(strstr(text, "hunter"));
	assert_non_null(strstr(text, "\n# hash-key = (hidden)\n"));
	assert_non_null(strstr(text, "\n# key-password = (hidden)\n"));
	assert_non_null(strstr(text, "\n# secret = (hidden)\n"));
	free(text);
	rgw_conf_free(conf);
}

/* Some values only just fitted the line they came from, and would be something else if they stood on a line of their
 * own as they are. */
static void
dumps_long_values(void **state)
{
	static const char *const begins[] = { "x", "#", "[", "x=", "x =", ";", "x, y", "\"\"" };
	struct conf_fixture *f = *state;
	char letters[190] = "";
	char text[8192] = TLS;
	size_t n = strlen(TLS);
	struct rgw_conf *conf;
	char *first;
	char *second;

	memset(letters, 'x', sizeof letters - 1);
	for (size_t i = 0; i < N(begins); i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "ciphers =\n\t\"%s%s\"\n",
		    begins[i], letters + strlen(begins[i]));
	for (size_t i = 60; i < sizeof letters - 1; i += 60)
		letters[i] = '.';
	snprintf(text + n, sizeof text - n, LISTEN CLIENT PEER "sni=%.187s.xxxxx\n" REALM, letters);
	conf = conf_load(f, text);
	conf_expect_said(f, text, NULL, 0);
	first = conf_dump_text(conf);
	rgw_conf_free(conf);
	assert_non_null(strstr(first, "\nciphers =\n\txx"));
	assert_non_null(strstr(first, "\nciphers =\n\t\"#x"));
	assert_non_null(strstr(first, "\nciphers =\n\t\"[x"));
	assert_non_null(strstr(first, "\nciphers =\n\t\"x=x"));
	assert_non_null(strstr(first, "\nsni=xx"));

	/* The secret is all that is missing. */
	n = (size_t)(strstr(first, "# secret") - first);
	snprintf(text, sizeof text, "%.*s" SECRET "%s", (int)n, first, first + n);
	conf = conf_load(f, text);
	conf_expect_said(f, text, NULL, 0);
	second = conf_dump_text(conf);
	assert_string_equal(first, second);
	rgw_conf_free(conf);
	free(first);
	free(second);
}

/* A finding is one line of a length that can be read, whatever the value. */
static const struct conf_row odd_values[] = {
	{ "[log]\nlevel = a\tb\n" REST, { "level: the value contains a control character" } },
	{ REST "[client x]\naddress = 10.0.0.1\nsecret-file = a\tb\n",
	    { "secret-file: cannot read a?b: No such file" } },
	{ "[log]\nlevel = "
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "yyyyyyyyyyyyyyyy\n" REST,
	    { "xxxxxxxx...` is none of" } },
	{ "[log]\nlevel = "
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\u00e4"
	  "yyyyyyyyyyyyyyyy\n" REST,
	    { "xxxxxxxx...` is none of" } },
	{ TLS "ciphers = A , B ,\n" LISTEN CLIENT PEER REALM, { NULL } },
	{ REST "[realm x]\npool = p \t ; comment\n", { NULL } },
};

static void
shows_odd_values(void **state)
{
	conf_expect_all(*state, odd_values, N(odd_values));
}

static void
prints_options(void **state)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	rgw_conf_print_options(out);
	fclose(out);
	assert_non_null(strstr(text, "gateway\trequest-lifetime\ttime\t30s\t5s to 5m\thow long"));
	assert_non_null(
	    strstr(text, "client\tsecret-file\tfile\t(none)\t-\tfile that holds secret"));
	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
		size_t tabs = 0;

		for (const char *p = line; *p != '\n'; p++)
			tabs += *p == '\t';
		assert_int_equal(tabs, 5);
	}
	free(text);
}

/* Large files are no burden: 10,000 peers are a national proxy. */
static void
loads_many_sections(void **state)
{
	struct conf_fixture *f = *state;
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	struct rgw_conf *conf;

	fputs(REST, out);
	for (int i = 0; i < 10000; i++)
		fprintf(out,
		    "[peer p%d]\nconnect = p%d.example.org\ntls = t\n[realm r%d.example.org]\n"
		    "pool = p%d\n",
		    i, i, i, 9999 - i);
	fclose(out);
	conf = conf_load(f, text);
	assert_non_null(conf);
	assert_int_equal(conf->peer.n, 10001);
	assert_ptr_equal(conf->realm.v[1]->pool, conf->peer.v[10000]);
	rgw_conf_free(conf);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONF_TEST(loads_the_smallest_file),
		CONF_TEST(fills_every_field),
		CONF_TEST(refuses_bad_keys),
		CONF_TEST(checks_the_whole),
		CONF_TEST(checks_files),
		CONF_TEST(never_tells_secrets),
		CONF_TEST(dumps_no_secret),
		CONF_TEST(dumps_long_values),
		CONF_TEST(shows_odd_values),
		CONF_TEST(prints_options),
		CONF_TEST(loads_many_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
