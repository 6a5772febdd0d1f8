/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From files that change to what the reloader is asked for; the reloader is one that the tests play. */
#include "../../src/app/watcher.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf_fixture.h"

/* Everything is told as soon as it is seen. */
static const struct rgw_watcher_tuning tuning = { .files = { .settle = 1, .poll = 1000000, .watches = 64 },
	.pause = 1, .patience = 20 };

#define ONE "[gateway]\nwatch = yes\n" REST

struct rgw_reloader {
	struct conf_fixture *f;
	struct rgw_conf *conf;
	struct rgw_reload_ask *files, *again;  /* what is asked, by its kind, and not answered yet */
	struct ev_loop *loop;
	struct rgw_log log;
	struct rgw_watcher *watcher;
	char said[2048];                       /* of the log */
};

static struct rgw_reload_ask **
place_of(struct rgw_reloader *r, enum rgw_reload_what what)
{
	assert_true(what == RGW_RELOAD_FILES || what == RGW_RELOAD_AGAIN);
	return what == RGW_RELOAD_FILES ? &r->files : &r->again;
}

void
rgw_reloader_ask(struct rgw_reloader *r, struct rgw_reload_ask *ask)
{
	assert_null(*place_of(r, ask->what));
	*place_of(r, ask->what) = ask;
}

const struct rgw_conf *
rgw_reloader_conf(const struct rgw_reloader *r)
{
	return r->conf;
}

static bool
sink(void *ctx, enum rgw_log_level level, const char *line, size_t len)
{
	struct rgw_reloader *r = ctx;

	(void)level;
	snprintf(r->said + strlen(r->said), sizeof r->said - strlen(r->said), "%.*s", (int)len, line);
	return true;
}

static void
no_clock(void *ctx, int64_t *sec, uint32_t *nsec)
{
	(void)ctx;
	*sec = 0;
	*nsec = 0;
}

static void
begin(struct rgw_reloader *r, void **state, const char *text)
{
	*r = (struct rgw_reloader){ .f = *state, .loop = ev_loop_new(0) };
	conf_put("cert.pem", "1");
	conf_put("key.pem", "1");
	conf_put("ca.pem", "1");
	r->conf = conf_load(r->f, text);
	if (r->conf == NULL)
		fail_msg("%s", r->f->said);
	rgw_log_init(&r->log, sink, no_clock, r);
	r->watcher = rgw_watcher_new(r->loop, &r->log, r, &tuning);
}

static void
end(struct rgw_reloader *r)
{
	rgw_watcher_free(r->watcher);
	ev_loop_destroy(r->loop);
	rgw_conf_free(r->conf);
}

/* Runs the loop until nothing more comes of what has happened so far: only timers keep it running, since the watchers
 * of inotify are not counted. */
static void
quiet(struct rgw_reloader *r)
{
	ev_run(r->loop, EVRUN_NOWAIT);
	ev_unref(r->loop);
	ev_unref(r->loop);
	ev_run(r->loop, 0);
	ev_ref(r->loop);
	ev_ref(r->loop);
}

static void
expect(struct rgw_reloader *r, bool files, bool again)
{
	quiet(r);
	assert_int_equal(r->files != NULL, files);
	assert_int_equal(r->again != NULL, again);
}

static void
answer(struct rgw_reloader *r, enum rgw_reload_what what, bool ok)
{
	struct rgw_reload_ask *ask = *place_of(r, what);

	*place_of(r, what) = NULL;
	r->log.now++;
	ask->done(ask, ok, "", NULL);
}

static void
certificates_and_configuration_are_told_apart(void **state)
{
	static const char *const paths[] = { "cert.pem", "key.pem", "ca.pem", "main.ini" };
	struct rgw_reloader r;

	begin(&r, state, ONE);
	expect(&r, false, false);
	for (unsigned i = 0; i < 8; i++) {
		bool files = i % 4 == 3;

		conf_put(paths[i % 4], "other");
		expect(&r, files, !files);
		answer(&r, files ? RGW_RELOAD_FILES : RGW_RELOAD_AGAIN, true);
		expect(&r, false, false);
	}
	end(&r);
}

static void
only_what_is_wanted_is_watched(void **state)
{
	struct rgw_reloader r;

	begin(&r, state, REST);
	conf_put("main.ini", "other");
	expect(&r, false, false);
	conf_put("cert.pem", "other");
	expect(&r, false, true);
	end(&r);
	begin(&r, state, "[gateway]\nwatch = yes\n" TLS "watch = no\n" LISTEN CLIENT PEER REALM);
	conf_put("cert.pem", "other");
	expect(&r, false, false);
	conf_put("main.ini", "other");
	expect(&r, true, false);
	end(&r);
}

/* What cannot be used is tried again, and the last try is not quiet. After that the files must change again. */
static void
certificates_that_do_not_fit_yet(void **state)
{
	struct rgw_reloader r;
	unsigned tries;

	begin(&r, state, REST);
	for (unsigned round = 0; round < 2; round++) {
		conf_put("cert.pem", "other");
		for (tries = 0; expect(&r, false, true), r.again->quiet; tries++)
			answer(&r, RGW_RELOAD_AGAIN, false);
		assert_in_range(tries, 2, 20);
		assert_non_null(strstr(r.said, " watch-waits: "));
		r.said[0] = '\0';
		answer(&r, RGW_RELOAD_AGAIN, false);
		expect(&r, false, false);
		assert_string_equal(r.said, "");
	}
	/* They fit in the end, and the next time at once. */
	conf_put("key.pem", "other");
	for (unsigned i = 0; i < 3; i++) {
		expect(&r, false, true);
		assert_true(r.again->quiet);
		answer(&r, RGW_RELOAD_AGAIN, i > 0);
		if (i == 1)
			conf_put("key.pem", "another");
	}
	expect(&r, false, false);
	end(&r);
}

/* What changes while the reloader reads may not have been read; and the two kinds do not wait for each other. */
static void
changes_while_it_is_read(void **state)
{
	static const struct {
		const char *path;
		enum rgw_reload_what what;
	} rows[] = { { "cert.pem", RGW_RELOAD_AGAIN }, { "main.ini", RGW_RELOAD_FILES } };
	struct rgw_reloader r;

	begin(&r, state, ONE);
	for (unsigned i = 0; i < 2; i++) {
		conf_put(rows[i].path, "other");
		quiet(&r);
		conf_put("cert.pem", "another");
		conf_put("main.ini", "another");
		expect(&r, true, true);
		answer(&r, rows[i].what, true);
		expect(&r, true, true);
		answer(&r, rows[i].what, true);
		answer(&r, rows[1 - i].what, true);
		expect(&r, false, false);
	}
	end(&r);
}

/* Another configuration with other files is in effect. */
static void
the_files_are_those_of_the_configuration(void **state)
{
	struct rgw_conf *old;
	struct rgw_reloader r;

	begin(&r, state, REST);
	old = r.conf;
	conf_put("new.pem", "1");
	r.conf = conf_load(r.f, "[tls t]\ncertificate = new.pem\nkey = key.pem\nca = ca.pem\n"
	                        LISTEN CLIENT PEER REALM);
	assert_non_null(r.conf);
	expect(&r, false, false);
	rgw_watcher_follow(r.watcher);
	rgw_conf_free(old);
	conf_put("cert.pem", "other");
	expect(&r, false, false);
	conf_put("new.pem", "other");
	expect(&r, false, true);
	end(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONF_TEST(certificates_and_configuration_are_told_apart),
		CONF_TEST(only_what_is_wanted_is_watched),
		CONF_TEST(certificates_that_do_not_fit_yet),
		CONF_TEST(changes_while_it_is_read),
		CONF_TEST(the_files_are_those_of_the_configuration),
	};

	return cmocka_run_group_tests_name("watcher", tests, NULL, NULL);
}
