/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configurations of other programs: expressions, readers, and what becomes of single options. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/import/expression.h"
#include "helpers.h"
#include "radsecgw/import.h"
#include "radsecgw/pattern.h"

/* ---- expressions ---- */

static void
expressions_match_whole_texts(void **state)
{
	static const struct {
		const char *theirs, *ours;
	} rows[] = {
		{ "^a$", "a" },
		{ "a", ".*a.*" },
		{ "^a", "a.*" },
		{ "a$", ".*a" },
		{ "a\\$", ".*a\\$.*" },
		{ "^.*a$", ".*a" },
		{ "a.*$", ".*a.*" },
		{ "a.*", ".*a.*" },
		{ "^a$|b", "a|.*b.*" },
		{ "(a|b)$", ".*(a|b)" },
		{ "[|]$", ".*[|]" },
		{ "[]$|]", ".*[]$|].*" },
		{ "^", ".*" },
		{ "$", ".*" },
		{ "", ".*" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rgw_strbuf out = { 0 };

		rgw_expr_whole(rows[i].theirs, &out);
		assert_string_equal(out.v, rows[i].ours);
		rgw_strbuf_fini(&out);
	}
}

static void
expressions_for_names_mean_realms(void **state)
{
	static const struct {
		const char *theirs;
		enum rgw_expr_realm kind;
		const char *text;
	} rows[] = {
		{ "@example\\.com$", RGW_EXPR_EXACT, "example.com" },
		{ "^.*@example\\.com$", RGW_EXPR_EXACT, "example.com" },
		{ "^[^@]+@example\\.com$", RGW_EXPR_EXACT, "example.com" },
		{ "@.*\\.example\\.com$", RGW_EXPR_SUFFIX, ".example.com" },
		{ "\\.com$", RGW_EXPR_SUFFIX, ".com" },
		{ "@(.*\\.)?example\\.com$", RGW_EXPR_BOTH, "example.com" },
		{ "(@|\\.)example\\.com$", RGW_EXPR_BOTH, "example.com" },
		{ "[@.]example\\.com$", RGW_EXPR_BOTH, "example.com" },
		{ "@example\\.com", RGW_EXPR_PATTERN, "example\\.com.*" },
		{ "3gppnetwork\\.org$", RGW_EXPR_PATTERN, ".*3gppnetwork\\.org" },
		{ "@(a|b)\\.org$", RGW_EXPR_PATTERN, "(a|b)\\.org" },
		{ "@a\\.org$|@b\\.org$", RGW_EXPR_PATTERN, "a\\.org|b\\.org" },
		{ "\\.\\.", RGW_EXPR_PATTERN, ".*\\.\\..*" },
		{ "@", RGW_EXPR_PATTERN, ".*" },
		{ ".*", RGW_EXPR_ANY, "" },
		{ "^.*$", RGW_EXPR_ANY, "" },
		{ "", RGW_EXPR_ANY, "" },
		{ "^", RGW_EXPR_ANY, "" },
		{ "^[^@]+$", RGW_EXPR_NO_REALM, "" },
		{ "^[^@]*$", RGW_EXPR_NO_REALM, "" },
		{ "^[a-k].*@example\\.com$", RGW_EXPR_USER, "" },
		{ "^anonymous$", RGW_EXPR_USER, "" },
		{ "^@example\\.com$", RGW_EXPR_USER, "" },
		{ "@$", RGW_EXPR_USER, "" },
		{ "^$", RGW_EXPR_USER, "" },
		{ "a@b@c$", RGW_EXPR_USER, "" },
		{ "(x@y|z)$", RGW_EXPR_USER, "" },
		{ "@a$|^[^@]+$", RGW_EXPR_USER, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rgw_strbuf out = { 0 };
		bool in_user;

		assert_int_equal(rgw_expr_realm(rows[i].theirs, &out, &in_user), rows[i].kind);
		assert_string_equal(out.v != NULL ? out.v : "", rows[i].text);
		rgw_strbuf_fini(&out);
	}
}

/* ---- whole texts ---- */

struct result {
	enum rgw_import_result result;
	char *ours;
	char *said;
};

static struct result
take(enum rgw_import_from from, const char *text)
{
	struct result r = { 0 };
	size_t n_ours, n_said;
	struct rgw_import_request request = { .path = "text", .from = from };

	request.out = open_memstream(&r.ours, &n_ours);
	request.said = open_memstream(&r.said, &n_said);
	assert_non_null(request.out);
	assert_non_null(request.said);
	r.result = rgw_import_text(&request, text, strlen(text));
	fclose(request.out);
	fclose(request.said);
	return r;
}

static void
done(struct result *r)
{
	free(r->ours);
	free(r->said);
}

#define UDP                                                                                                          \
	"client c {\nhost 10.0.0.1\ntype udp\nsecret 0123456789abcdef\n}\n"                                          \
	"server s {\nhost 10.0.0.2\ntype udp\nsecret 0123456789abcdef\n}\nserver t {\nhost 10.0.0.3\ntype udp\n"     \
	"secret 0123456789abcdef\n}\n"

struct row {
	const char *theirs; /* behind UDP */
	const char *ours;   /* must be there */
	const char * not ;  /* must not be there, or NULL */
};

static void
expect(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct rgw_strbuf text = { 0 };
		struct result r;

		rgw_strbuf_put(&text, UDP);
		rgw_strbuf_put(&text, rows[i].theirs);
		r = take(RGW_IMPORT_RADSECPROXY, text.v);
		if (r.result == RGW_IMPORT_UNREADABLE)
			print_error("%s", r.said);
		assert_int_not_equal(r.result, RGW_IMPORT_UNREADABLE);
		if (strstr(r.ours, rows[i].ours) == NULL)
			print_error("row %zu:\n%s", i, r.ours);
		assert_non_null(strstr(r.ours, rows[i].ours));
		assert_true(rows[i].not == NULL || strstr(r.ours, rows[i].not ) == NULL);
		rgw_strbuf_fini(&text);
		done(&r);
	}
}

static void
realms_keep_their_order(void **state)
{
	static const struct row rows[] = {
		/* The wider one comes first, so the other never got anything. */
		{ "realm /example\\.com$/ {\nserver s\n}\nrealm a.example.com {\nserver t\n}\n",
		    "# [realm a.example.com]\n", "\n[realm a.example.com]" },
		{ "realm * {\nserver s\n}\nrealm a.example {\nserver t\n}\n", "# [realm a.example]\n",
		    "\n[realm a.example]" },
		/* The realm comes first, and the suffix may be one. */
		{ "realm a.example.com {\nserver t\n}\nrealm /\\.com$/ {\nserver s\n}\n", "[realm .com]\npool = s\n",
		    NULL },
		/* Behind an expression, a suffix would overtake it. */
		{ "realm /^.*@.*x.*$/ {\nserver t\n}\nrealm /\\.com$/ {\nserver s\n}\n", "regex = .*\\.com\n",
		    "[realm .com]" },
		{ "realm /@(.*\\.)?a\\.example$/ {\nserver s\n}\n", "[realm .a.example]\npool = s\n", NULL },
		/* Nobody may be asked, and * must not get what was refused. */
		{ "realm /\\.com$/ {\n}\nrealm * {\nserver s\n}\n", "[realm .com]\n", "# [realm .com]" },
		{ "realm a {\nserver s\nserver t\nreplymessage no\n}\n", "outage-auth = reject\nreply-message = no\n",
		    NULL },
		{ "realm a {\nserver s\naccountingserver t\n}\n", "acct = t\n", NULL },
		{ "realm a {\nserver s\naccountingresponse on\n}\n", "acct = ack\n", NULL },
	};

	(void)state;
	expect(rows, sizeof rows / sizeof rows[0]);
}

static void
values_are_written_as_they_were_meant(void **state)
{
	static const struct row rows[] = {
		{ "realm a {\nserver s\n}\nclient d {\nhost 10.1.2.3/8\ntype udp\nsecret '%00a'\n}\n",
		    "address = 10.0.0.0/8\nsecret = hex:0061\n", NULL },
		{ "realm a {\nserver s\n}\nclient d {\nhost [2001:db8::1]\ntype udp\nsecret = \" a;b,c $x\"\n}\n",
		    "secret = \" a;b,c $$x\"\n", NULL },
		{ "realm a {\nserver u\n}\nserver u {\nhost [2001:db8::1]:1645\ntype udp\nsecret x%41%4x\nretrycount "
		  "0\n"
		  "retryinterval 3\n}\n",
		    "auth = [2001:db8::1]:1645\nsecret = xA%4x\nretransmit = irt 3s mrt 3s mrc 1 mrd 3s\n", NULL },
		{ "realm a {\nserver s\nreplymessage '100%25 no'\n}\n", "reply-message = 100% no\n", NULL },
		{ "realm a {\nserver s\n}\nclient d {\nhost localhost\ntype dtls\ntls e\n}\ntls e "
		  "{\ncacertificatefile a\n"
		  "certificatefile b\ncertificatekeyfile c\n}\n",
		    "# [peer d]\n", "\n[peer d]" },
		{ "realm a {\nserver s\n}\nlistenudp nowhere.example:99\n", "udp = 127.0.0.1:99\n",
		    "nowhere.example:99\n" },
	};

	(void)state;
	expect(rows, sizeof rows / sizeof rows[0]);
}

/* A certificate is asked for no less than before. */
static void
peers_are_known_as_before(void **state)
{
#define TLS "realm a {\nserver s\n}\ntls default {\ncacertificatefile a\ncertificatefile b\ncertificatekeyfile c\n}\n"
	static const struct row rows[] = {
		{ TLS "client d {\nhost a.example\nhost b.example\ntype tls\n}\n",
		    "match = dns:a.example, dns:b.example\n", NULL },
		{ TLS "client d {\nhost 10.0.0.9\ntype tls\n}\n",
		    "address = 10.0.0.9\ntls = default\nname = 10.0.0.9\n", NULL },
		{ TLS "client d {\nhost 10.9.0.0/16\ntype tls\nmatchcertificateattribute "
		      "SubjectAltName:URI:/^x/\n}\n",
		    "match = uri:/x.*/\n", "match = any" },
		{ TLS "client d {\nhost a.example\ntype tls\ncertificatenamecheck off\n}\n", "match = any\n", NULL },
		{ TLS "client d {\nhost a.example\ntype tls\nmatchcertificateattribute CN:/^a\\.b$/\n"
		      "matchcertificateattribute SubjectAltName:DNS:/c/\n}\n",
		    "name = a.example\nmatch = dns:a.b\n", "dns:/.*c" },
		{ TLS "client d {\nhost a.example\nhost 10.0.0.0/8\ntype tls\n}\n", "[peer d-2]\n", NULL },
		{ TLS "client d {\nhost a.example\ntype tls\n}\nserver e {\nhost a.example\ntype tls\nsecret "
		      "other\n}\n",
		    "[peer d]\naccept = yes\n", "connect = a.example\naccept" },
		{ TLS "client d {\nhost a.example\ntype tls\n}\nserver e {\nhost a.example\ntype tls\n}\n",
		    "[peer e]\nconnect = a.example\naccept = yes\n", "[peer d]" },
	};

	(void)state;
	expect(rows, sizeof rows / sizeof rows[0]);
}

static void
errors_say_where_and_what(void **state)
{
	static const struct {
		enum rgw_import_from from;
		const char *text, *said;
	} rows[] = {
		{ RGW_IMPORT_RADSECPROXY, "\nclient", "text:2: error: a value was expected" },
		{ RGW_IMPORT_RADSECPROXY, "client a {\n", "text:1: error: the } of this block is missing" },
		{ RGW_IMPORT_RADSECPROXY, "}", "text:1: error: the } ends no block" },
		{ RGW_IMPORT_RADSECPROXY, "loglevel 'x", "text:1: error: the closing quote is missing" },
		{ RGW_IMPORT_RADSECPROXY, "loglevl 3", "did you mean loglevel?" },
		{ RGW_IMPORT_RADSECPROXY, "include x", "text:1: error: no file can be included here" },
		{ RGW_IMPORT_RADSECPROXY, "a b {\na b {\na b {\na b {\na b {\na b {\na b {\na b {\na b {\n",
		    "more than 8 deep" },
		{ RGW_IMPORT_RADSECPROXY, "", "text: error: nothing in it makes a gateway" },
		{ RGW_IMPORT_UCI, "option a b", "text:1: error: a section was expected before its options" },
		{ RGW_IMPORT_UCI, "config x\noption 'a", "text:2: error: the closing quote is missing" },
		{ RGW_IMPORT_UCI, "confg x", "text:1: error: config KIND" },
		{ RGW_IMPORT_FREERADIUS, "client a {\nipaddr 1\n", "text:2: error: key = value" },
		{ RGW_IMPORT_FREERADIUS, "client a {\n}\n", "text:1: error: client a: an address" },
		{ RGW_IMPORT_FREERADIUS, "home_server_pool a {\nhome_server = b\n}\n",
		    "there is no section home_server" },
		{ RGW_IMPORT_FREERADIUS, "a = \"b", "text:1: error: the closing quote is missing" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct result r = take(rows[i].from, rows[i].text);

		assert_int_equal(r.result, RGW_IMPORT_UNREADABLE);
		if (strstr(r.said, rows[i].said) == NULL)
			print_error("row %zu: %s", i, r.said);
		assert_non_null(strstr(r.said, rows[i].said));
		assert_string_equal(r.ours, "");
		done(&r);
	}
}

/* Of a thousand errors a hundred are told, and all are counted. */
static void
errors_are_bounded(void **state)
{
	struct rgw_strbuf text = { 0 };
	struct result r;
	unsigned lines = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		rgw_strbuf_put(&text, "x y\n");
	r = take(RGW_IMPORT_RADSECPROXY, text.v);
	for (const char *p = r.said; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	assert_int_equal(lines, 101);
	assert_non_null(strstr(r.said, "text: 1000 errors in all\n"));
	rgw_strbuf_fini(&text);
	done(&r);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_match_whole_texts),
		cmocka_unit_test(expressions_for_names_mean_realms),
		cmocka_unit_test(realms_keep_their_order),
		cmocka_unit_test(values_are_written_as_they_were_meant),
		cmocka_unit_test(peers_are_known_as_before),
		cmocka_unit_test(errors_say_where_and_what),
		cmocka_unit_test(errors_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
