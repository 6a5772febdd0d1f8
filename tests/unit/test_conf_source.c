/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines, files and includes: what stands between a file and its options. */
#include "conf_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/conf/reading.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

static void
reads_what_editors_write(void **state)
{
	static const char *const texts[] = {
		"\xef\xbb\xbf" REST,
		"; comment\n# comment\n  ; comment\n\t# comment\n\n   \n" REST,
		"\n# \x07 a comment may hold anything, and be longer than the two hundred octets "
		"of a line "
		"................................................................................"
		"................................................................................"
		"\n" REST,
		"[ gateway ] ; comment\nuser=nobody\n  group  =  nogroup  ; comment\n" REST,
		"[gateway]\n[log]\n[gateway]\nuser = x\n[log]\nrate = 0\n" REST,
		REST "[gateway]",
		REST "[gateway]\nuser = x",
		"\t[gateway]\n\tuser = x\n" REST,
		TLS "ciphers = A,\n\tB,\n\n\t; comment\n\tC ; comment\n" LISTEN CLIENT PEER REALM,
		TLS "ciphers =\n\tA\n" LISTEN CLIENT PEER REALM,
		TLS LISTEN "\t[::1]:1812\n" CLIENT PEER REALM,
		TLS LISTEN CLIENT "\tpool = p\n" PEER,
		TLS LISTEN CLIENT PEER "match = \"issuer-serial:CN=x, O=y ;/0A\"\n" REALM,
	};
	struct conf_fixture *f = *state;

	for (size_t i = 0; i < N(texts); i++) {
		struct rgw_conf *conf = conf_load(f, texts[i]);

		if (conf == NULL || f->said[0] != '\0')
			fail_msg("%s\nsaid: %s", texts[i], f->said);
		rgw_conf_free(conf);
	}
}

static void
accepts_crlf(void **state)
{
	static const char text[] = "[gateway]\nuser = x\n" REST;
	struct conf_fixture *f = *state;
	char crlf[2 * sizeof text];
	size_t n = 0;
	struct rgw_conf *conf;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '\n')
			crlf[n++] = '\r';
		crlf[n++] = *p;
	}
	crlf[n] = '\0';
	conf = conf_load(f, crlf);
	assert_non_null(conf);
	assert_string_equal(conf->gateway.user, "x");
	rgw_conf_free(conf);
}

static const struct conf_row bad_lines[] = {
	{ "user = x\n[gateway]\n" REST,
	    { "main.ini:1: error: key `user` before the first [section]" } },
	{ "user = x\ngroup = y\n" REST, { "main.ini:1: error: key `user` before the first" } },
	{ "  x\n" REST, { "main.ini:1: error: an indented line without a list" } },
	{ "[gateway\nuser = x\n" REST, { "main.ini:1: error: `[` without `]`" } },
	{ "[gateway] user = x\n" REST, { "main.ini:1: error: text behind `]`" } },
	{ "[gateway];x\n" REST, { "main.ini:1: error: text behind `]`" } },
	{ "[]\n" REST, { "main.ini:1: error: there is no section []" } },
	{ "[gateway x]\nuser = x\n" REST, { "main.ini:1: error: [gateway] takes no name" } },
	{ "[peer]\nconnect = x\n" REST, { "main.ini:1: error: [peer] needs a name: [peer NAME]" } },
	{ "[perr p2]\nconnect = x\n" REST,
	    { "main.ini:1: error: there is no section [perr]; did you "
	      "mean [peer]?" } },
	{ "[weather]\nlisten = x\n" REST,
	    { "main.ini:1: error: there is no section [weather]; there are "
	      "gateway, log, control, metrics, tls, listen, client, peer, server, pool, realm and rewrite" } },
	{ "[gateway]\nuser\n" REST, { "main.ini:2: error: this is neither `key = value` nor" } },
	{ "[gateway]\nuser: x\n" REST, { "main.ini:2: error: this is neither `key = value` nor" } },
	{ "[gateway]\nus er = x\n" REST,
	    { "main.ini:2: error: this is neither `key = value` nor" } },
	{ "[gateway]\n= x\n" REST, { "main.ini:2: error: this is neither `key = value` nor" } },
	{ "[gateway]\nuser\n  x\n" REST, { "main.ini:2: error: this is neither" } },
	{ "[gateway]\nuser =\n" REST, { "main.ini:2: error: user: the value is empty" } },
	{ "[gateway]\nuser = ; x\n" REST, { "main.ini:2: error: user: the value is empty" } },
	{ "[gateway]\nuser = \"\"\n" REST, { "main.ini:2: error: user: the value is empty" } },
	{ "[gateway]\nuser = a\n  b\n" REST,
	    { "main.ini:3: error: an indented line continues a list, but "
	      "`user` takes one value" } },
	{ "[gateway]\nuser = a\n  gruop = b\n" REST,
	    { "main.ini:3: error: [gateway] has no key `gruop`; "
	      "did you mean `group`?" } },
	{ "[gateway]\nxyz = a\n  b\n" REST, { "main.ini:2: error: [gateway] has no key `xyz`" } },
	{ "[gateway]\nusr = a\n  [::1]:1812\nuser = b\n" REST,
	    { "main.ini:2: error: [gateway] has no key `usr`" } },
	{ "[gateway]\nuser = a\n  [::1]:1812\ngroup = b\n" REST,
	    { "main.ini:3: error: an indented line continues a list, but `user` takes one "
	      "value" } },
	{ "  [x]\nuser = b\n" REST, { "main.ini:1: error: there is no section [x]" } },
	{ "[gateway]\n  b\n" REST, { "main.ini:2: error: an indented line without a list" } },
	{ "[gateway]\nuser = \x01\n" REST,
	    { "main.ini:2: error: the line contains a control character" } },
	{ "[gateway]\nuser = a\rgroup = b\n" REST,
	    { "main.ini:2: error: the line contains a control" } },
	{ "[gateway]\nuser = \x7f\n" REST,
	    { "main.ini:2: error: the line contains a control character" } },
	{ "[gateway]\nuser = ${RGW_NEWLINE}\n" REST,
	    { "main.ini:2: error: user: the value contains a "
	      "control character" } },
	{ TLS "ciphers = A,,B\n" LISTEN CLIENT PEER REALM,
	    { "main.ini:5: error: ciphers: there is nothing "
	      "between two commas" } },
	{ TLS "ciphers = ,A\n" LISTEN CLIENT PEER REALM,
	    { "main.ini:5: error: ciphers: there is nothing" } },
	{ TLS "ciphers =\n" LISTEN CLIENT PEER REALM,
	    { "main.ini:5: error: ciphers: there is no value" } },
};

static void
refuses_bad_lines(void **state)
{
	setenv("RGW_NEWLINE", "a\nb", 1);
	conf_expect_all(*state, bad_lines, N(bad_lines));
}

/* The file that is to be read itself. */
static void
refuses_unreadable_files(void **state)
{
	struct conf_fixture *f = *state;

	assert_null(conf_load_file(f, "no.ini"));
	assert_string_equal(
	    f->said, "no.ini:0: error: cannot read it: No such file or directory\n");
	assert_null(conf_load_file(f, "conf.d"));
	assert_string_equal(f->said, "conf.d:0: error: cannot read it: Is a directory\n");
	conf_put_octets("nul.ini", "[log]\n\nrate\0 = 3\n", 17, 0600);
	assert_null(conf_load_file(f, "nul.ini"));
	assert_non_null(strstr(f->said, "nul.ini:3: error: a NUL octet"));
	if (geteuid() != 0) {
		conf_put_octets("shut.ini", "", 0, 0);
		assert_null(conf_load_file(f, "shut.ini"));
		assert_string_equal(
		    f->said, "shut.ini:0: error: cannot read it: Permission denied\n");
	}
}

/* A text, n letters, and the rest of the text. */
static const struct {
	const char *before;
	size_t n;
	const char *after;
	const char *want[2];
} long_lines[] = {
	{ TLS "ciphers = ", 187, " ; comment\n" LISTEN CLIENT PEER REALM, { NULL } },
	{ TLS "ciphers =\n\t    \t", 190, " ; comment\n" LISTEN CLIENT PEER REALM, { NULL } },
	{ REST "[realm ", 43, "]\npool = p\n", { NULL } },
	{ TLS "ciphers = ", 188, "\n" LISTEN CLIENT PEER REALM,
	    { "main.ini:5: error: the line has 198 octets, at most 197 are possible; continue the "
	      "list on further, indented lines" } },
	{ TLS "ciphers =\n\t", 198, "\n" LISTEN CLIENT PEER REALM,
	    { "main.ini:6: error: the line has 198 octets, at most 197 are possible" } },
	{ REST "[client c2]\naddress = 10.0.0.1\nsecret = ", 300, "\n",
	    { "main.ini:17: error: the line has 309 octets, at most 197 are possible; put the "
	      "value "
	      "into a file and name it with `secret-file`" } },
	{ "[gateway]\nuser = ", 300, "\n" REST,
	    { "main.ini:2: error: the line has 307 octets, at most 197 are possible; put the value "
	      "into a file and write ${file:...}" } },
	{ REST "[realm ", 295, "]\npool = p\n",
	    { "main.ini:15: error: the section has 301 octets between its brackets; at most 300" } },
	{ "[gateway]\n", 50, " = 1\n" REST,
	    { "main.ini:2: error: the key has 50 octets; no key is longer than 49" } },
};

/* inih holds 197 octets of a line and 49 of a name, and would cut what is longer. */
static void
knows_the_limits_of_the_library(void **state)
{
	struct conf_fixture *f = *state;
	char letters[512];
	char text[4096];

	for (size_t i = 0; i < N(long_lines); i++) {
		struct rgw_conf *conf;

		memset(letters, 'x', long_lines[i].n);
		letters[long_lines[i].n] = '\0';
		snprintf(text, sizeof text, "%s%s%s", long_lines[i].before, letters,
		    long_lines[i].after);
		conf = conf_load(f, text);
		conf_expect_said(f, text, long_lines[i].want, N(long_lines[i].want));
		if (long_lines[i].want[0] == NULL && conf->tls.v[0]->ciphers.n > 0)
			assert_string_equal(conf->tls.v[0]->ciphers.v[0], letters);
		else if (long_lines[i].want[0] == NULL)
			assert_string_equal(conf->realm.v[1]->head.name, letters);
		rgw_conf_free(conf);
	}
}

static void
includes_files(void **state)
{
	struct conf_fixture *f = *state;
	struct rgw_conf *conf;

	conf_put("conf.d/b.ini", PEER "[gateway]\ninclude = deep/*.ini\n");
	conf_put("conf.d/a.ini",
	    "[tls t]\ncertificate = ../cert.pem\nkey = ../key.pem\nca = ../ca.pem\n");
	conf_put("conf.d/c.txt", "junk");
	assert_int_equal(mkdir("conf.d/deep", 0700), 0);
	conf_put("conf.d/deep/z.ini", LISTEN);
	conf =
	    conf_load(f, "[gateway]\ninclude = conf.d/*.ini, none/*.ini\nuser = x\n" CLIENT REALM);
	if (conf == NULL)
		fail_msg("%s", f->said);
	assert_string_equal(conf->gateway.user, "x");
	assert_string_equal(conf->tls.v[0]->certificate, "conf.d/../cert.pem");
	assert_string_equal(conf->tls.v[0]->head.file, "conf.d/a.ini");
	assert_string_equal(conf->listen.v[0]->head.file, "conf.d/deep/z.ini");
	assert_int_equal(conf->files.n, 4);
	rgw_conf_free(conf);
}

static void
keeps_sections_apart(void **state)
{
	struct conf_fixture *f = *state;

	/* What an included file left open is closed, and it begins with nothing open. */
	conf_put("conf.d/a.ini", "[log]\n");
	assert_null(conf_load(f, "[gateway]\ninclude = conf.d/*.ini\nrate = 3/s\n" REST));
	assert_string_equal(f->said,
	    "main.ini:3: error: key `rate` does not belong in [gateway] but in "
	    "[log]\n");
	conf_put("conf.d/a.ini", "user = x\n");
	assert_null(conf_load(f, "[gateway]\ninclude = conf.d/*.ini\n" REST));
	assert_string_equal(
	    f->said, "conf.d/a.ini:1: error: key `user` before the first [section]\n");
	/* A list does not go on behind it. */
	conf_put("conf.d/a.ini", TLS "ciphers = A\n");
	assert_null(
	    conf_load(f, "[gateway]\ninclude = conf.d/*.ini\n  B\n" LISTEN CLIENT PEER REALM));
	assert_non_null(strstr(f->said, "main.ini:3: error: include: cannot read B: No such file"));
	/* The same option in two files. */
	conf_put("conf.d/a.ini", "[gateway]\nuser = x\n");
	assert_null(conf_load(f, "[gateway]\nuser = y\ninclude = conf.d/*.ini\n" REST));
	assert_string_equal(
	    f->said, "conf.d/a.ini:2: error: `user` is given twice, first at main.ini:2\n");
}

static void
refuses_bad_includes(void **state)
{
	struct conf_fixture *f = *state;
	char path[64];
	char text[64];

	assert_null(conf_load(f, "[gateway]\ninclude = nothere.ini\n" REST));
	assert_string_equal(f->said,
	    "main.ini:2: error: include: cannot read nothere.ini: No such file or "
	    "directory\n");
	assert_null(conf_load(f, "[gateway]\ninclude = conf.d\n" REST));
	assert_string_equal(
	    f->said, "main.ini:2: error: include: cannot read conf.d: Is a directory\n");
	assert_null(conf_load(f, "[gateway]\ninclude = *.ini\n" REST));
	assert_string_equal(f->said,
	    "main.ini:2: error: include: cannot read main.ini: it includes itself, "
	    "directly or through others\n");
	conf_put("conf.d/a.ini", "[gateway]\ninclude = ../main.ini\n");
	assert_null(conf_load(f, "[gateway]\ninclude = conf.d/a.ini\n" REST));
	assert_string_equal(f->said,
	    "conf.d/a.ini:2: error: include: cannot read conf.d/../main.ini: it "
	    "includes itself, directly or through others\n");
	conf_put("conf.d/a.ini", "[log]\n");
	assert_null(
	    conf_load(f, "[gateway]\ninclude = conf.d/a.ini\ninclude = conf.d/*.ini\n" REST));
	assert_string_equal(f->said,
	    "main.ini:3: error: include: cannot read conf.d/a.ini: it has been "
	    "included before\n");
	assert_null(conf_load(f, "[gateway]\ninclude = ${RGW_UNSET}\n" REST));
	assert_non_null(
	    strstr(f->said, "main.ini:2: error: include: the environment has no variable"));
	for (int i = 0; i < 12; i++) {
		snprintf(path, sizeof path, "conf.d/%c.ini", 'a' + i);
		snprintf(text, sizeof text, "[gateway]\ninclude = %c.ini\n", 'a' + i + 1);
		conf_put(path, text);
	}
	assert_null(conf_load(f, "[gateway]\ninclude = conf.d/a.ini\n" REST));
	assert_string_equal(f->said,
	    "conf.d/g.ini:2: error: include: cannot read conf.d/h.ini: files include "
	    "one another too deeply\n");
}

/* Wildcards in the name of a directory are just characters. */
static void
includes_from_odd_directories(void **state)
{
	struct conf_fixture *f = *state;
	struct rgw_conf *conf;

	assert_int_equal(mkdir("a[b]*", 0700), 0);
	assert_int_equal(mkdir("a[b]*/d", 0700), 0);
	conf_put("a[b]*/d/x.ini", "[gateway]\nuser = x\n");
	conf_put("a[b]*/main.ini", "[gateway]\ninclude = d/*.ini\n" LISTEN CLIENT PEER REALM
	    "[tls t]\ncertificate = ../cert.pem\nkey = ../key.pem\nca = ../ca.pem\n");
	conf = conf_load_file(f, "a[b]*/main.ini");
	if (conf == NULL)
		fail_msg("%s", f->said);
	assert_string_equal(conf->gateway.user, "x");
	rgw_conf_free(conf);
}

/* A text from memory reaches no file: neither an include nor a secret that stands in a file. */
static void
loads_from_memory(void **state)
{
	static const char text[] =
	    "[gateway]\ninclude = x\n[tls t]\ncertificate = no\nkey = no\nca = no\n" LISTEN
	    "[client c]\naddress = 127.0.0.1\nsecret = ${file:secret}\n[client c2]\n"
	    "address = 10.0.0.1\nsecret-file = secret\n" PEER REALM;
	static const char *const want[] = {
		"text:2: error: include: files are not read here",
		"text:11: error: secret: cannot read secret: files are not read here",
		"text:14: error: secret-file: cannot read secret: files are not read here",
	};
	struct conf_fixture *f = *state;
	struct rgw_conf_report report = { .say = conf_say, .ctx = f };

	assert_null(rgw_conf_load_text(text, strlen(text), &report));
	conf_expect_said(f, text, want, N(want));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONF_TEST(reads_what_editors_write),
		CONF_TEST(accepts_crlf),
		CONF_TEST(refuses_bad_lines),
		CONF_TEST(refuses_unreadable_files),
		CONF_TEST(knows_the_limits_of_the_library),
		CONF_TEST(includes_files),
		CONF_TEST(keeps_sections_apart),
		CONF_TEST(refuses_bad_includes),
		CONF_TEST(includes_from_odd_directories),
		CONF_TEST(loads_from_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
