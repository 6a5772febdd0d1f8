/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files a configuration was made of, and that several may be loaded at once. */
#include "conf_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "../../src/conf/reading.h"
#include "radsecgw/confchange.h"
#include "radsecgw/thread.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

static void
add_path(void *ctx, const char *path)
{
	char *got = ctx;

	snprintf(got + strlen(got), 1024 - strlen(got), "%s ", path);
}

static void
expect_files(const struct rgw_conf *conf, const struct rgw_conf_head *section, const char *want)
{
	char got[1024] = "";

	rgw_conf_files(conf, section, add_path, got);
	assert_string_equal(got, want);
}

static void
tells_the_files_of_sections_and_of_the_whole(void **state)
{
	struct conf_fixture *f = *state;
	char text[2048];
	char want[1024];
	struct rgw_conf *conf;

	conf_put("names", "radius.example.org,other.example.org\n");
	conf_put("conf.d/a.ini", "[client d]\naddress = 127.0.0.2\nsecret-file = d.secret\n");
	conf_put("conf.d/d.secret", "another secret of many octets\n");
	conf_put("lonely.ini", REALM);
	snprintf(text, sizeof text, "[gateway]\ninclude = conf.d/*.ini, lonely.ini, none/*/x.ini, *.none, %s/abs*\n"
	    "[log]\nidentity = hash\nhash-key = ${file:secret}\n"
	    "[tls t]\ncertificate = cert.pem\nkey = key.pem\nkey-password-file = secret\nca = ca.pem, cas\n"
	    "[tls u]\ncertificate = cert.pem\nkey = key.pem\nca = cas\n"
	    "[peer p]\nconnect = ${file:names}\ntls = t\nsecret-file = %s/secret\n" LISTEN CLIENT, f->dir, f->dir);
	conf = conf_load(f, text);
	if (conf == NULL)
		fail_msg("%s", f->said);
	expect_files(conf, &conf->tls.v[0]->head, "cert.pem key.pem ca.pem cas secret ");
	expect_files(conf, &conf->tls.v[1]->head, "cert.pem key.pem cas ");
	snprintf(want, sizeof want, "names %s/secret ", f->dir);
	expect_files(conf, &conf->peer.v[0]->head, want);
	expect_files(conf, &conf->client.v[0]->head, "conf.d/d.secret ");
	expect_files(conf, &conf->client.v[1]->head, "");
	expect_files(conf, &conf->log.head, "secret ");
	snprintf(want, sizeof want, "conf.d none . %s ", f->dir);
	expect_files(conf, &conf->gateway.head, want);
	snprintf(want, sizeof want, "main.ini conf.d/a.ini lonely.ini conf.d none . %s conf.d/d.secret secret "
	    "secret names %s/secret ", f->dir, f->dir);
	expect_files(conf, NULL, want);
	rgw_conf_free(conf);
}

/* What is searched for a pattern. */
static void
tells_the_directory_of_a_pattern(void **state)
{
	static const struct {
		const char *file, *pattern, *want;
	} rows[] = {
		{ "main.ini", "*.ini", "." }, { "main.ini", "a.ini", NULL }, { "d/main.ini", "*.ini", "d" },
		{ "d/main.ini", "e/?.ini", "d/e" }, { "d/main.ini", "/e/[a].ini", "/e" }, { "/main.ini", "*", "/" },
		{ "d*/main.ini", "a.ini", NULL }, { "d*/main.ini", "a*/b.ini", "d*" }, { "a", "/*/x", "/" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		char *got = rgw_file_searched(rows[i].file, rows[i].pattern);

		if (rows[i].want == NULL)
			assert_null(got);
		else
			assert_string_equal(got, rows[i].want);
		free(got);
	}
}

/* ---- several at once ---- */

#define THREADS 4
#define ROUNDS 20

struct reader {
	const struct rgw_conf *now;  /* borrowed: what all of them compare with */
	const char *dump;            /* borrowed: of what they load */
	unsigned wrong;
};

static void
count_rows(void *ctx, const struct rgw_conf_change *change)
{
	(void)change;
	++*(unsigned *)ctx;
}

static void
say_nothing(void *ctx, enum rgw_conf_severity severity, const char *file, unsigned line, const char *text)
{
	(void)ctx, (void)severity, (void)file, (void)line, (void)text;
}

static void *
load_again(void *arg)
{
	struct reader *r = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct rgw_conf_report report = { .say = say_nothing };
		struct rgw_conf *next = rgw_conf_load("main.ini", &report);
		struct rgw_conf *bad = rgw_conf_load("bad.ini", &report);
		unsigned rows = 0;
		char *dump;

		r->wrong += next == NULL || bad != NULL;
		rgw_conf_free(bad);
		if (next == NULL)
			continue;
		rgw_conf_inherit(next, r->now);
		rgw_conf_diff(r->now, next, count_rows, &rows);
		dump = conf_dump_text(next);
		r->wrong += rows != 0 || strcmp(dump, r->dump) != 0;
		free(dump);
		rgw_conf_free(next);
	}
	return NULL;
}

/* With ThreadSanitizer this shows that nothing is shared; without it, that nothing is mixed up. */
static void
loads_in_several_threads(void **state)
{
	struct conf_fixture *f = *state;
	struct rgw_conf *now;
	struct reader readers[THREADS];
	pthread_t threads[THREADS];
	char *dump;

	conf_put("conf.d/a.ini", "[server s]\nauth = 192.0.2.1\nsecret-file = ../secret\n"
	    "[realm r]\nregex = a|b\npool = s\n[rewrite w]\nreplace = User-Name /(a)b/\\1c/\n"
	    "[peer q]\nconnect = q.example.org\ntls = t\nmatch = dns:*.example.org\nrewrite-in = w\n");
	conf_put("bad.ini", "[gateway]\ninclude = nowhere.ini, conf.d\n[tls x]\ncertificate = none.pem\nkey = cas\n"
	    "[client x]\nsecret-file = none\n[realm x]\nregex = (\n" REST);
	now = conf_load(f, "[gateway]\ninclude = conf.d/*\nuser = ${USER:-nobody}\n" REST);
	if (now == NULL)
		fail_msg("%s", f->said);
	dump = conf_dump_text(now);
	for (size_t i = 0; i < THREADS; i++) {
		readers[i] = (struct reader){ now, dump, 0 };
		assert_true(rgw_thread_start(&threads[i], "reader", load_again, &readers[i]));
	}
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(readers[i].wrong, 0);
	}
	free(dump);
	rgw_conf_free(now);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONF_TEST(tells_the_files_of_sections_and_of_the_whole),
		cmocka_unit_test(tells_the_directory_of_a_pattern),
		CONF_TEST(loads_in_several_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
