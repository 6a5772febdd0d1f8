/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watcher.h"

#include <ev.h>
#include <stdlib.h>

#include "radsecgw/confread.h"
#include "radsecgw/mem.h"

/* From changes of files to reloads (see watcher.h). */

/* Files that are watched together, and what is asked for when they change. */
struct kind {
	struct rgw_watcher *watcher;  /* borrowed: the owner */
	struct rgw_filewatch *files;  /* owned */
	struct rgw_reload_ask ask;
	bool asked;                   /* the reloader has the ask */
	bool again;                   /* files have changed since it was asked */
	ev_timer later;               /* when it is asked again */
};

struct rgw_watcher {
	struct ev_loop *loop;         /* borrowed, as the next two */
	struct rgw_log *log;
	struct rgw_reloader *reloader;
	struct rgw_watcher_tuning tuning;
	struct kind certificates;
	struct kind configuration;
	rgw_ms failed_at;             /* when certificates could not be used first, and nobody has been told; 0 = they
	                               * could be */
	rgw_ms pause;                 /* milliseconds until the next try */
};

/* Asking from within an answer of the reloader, which has not ended yet, is left to a timer. */
static void
ask_later(struct kind *k, rgw_ms delay)
{
	struct ev_loop *loop = k->watcher->loop;

	ev_timer_stop(loop, &k->later);
	ev_now_update(loop);
	ev_timer_set(&k->later, (double)delay / 1000, 0);
	ev_timer_start(loop, &k->later);
}

static void
ask(struct kind *k)
{
	k->asked = true;
	k->again = false;
	rgw_reloader_ask(k->watcher->reloader, &k->ask);
}

static void
on_later(struct ev_loop *loop, ev_timer *timer, int revents)
{
	(void)loop;
	(void)revents;
	ask(timer->data);
}

static void
on_changed(void *ctx)
{
	struct kind *k = ctx;

	if (k->asked)
		k->again = true;
	else
		ask_later(k, 0);
}

/* ---- certificates ---- */

/* What has changed cannot be used, and nobody has been told: it is tried again, and the last try is one that tells. */
static void
try_again(struct rgw_watcher *w)
{
	struct kind *k = &w->certificates;
	rgw_ms now = w->log->now;
	rgw_ms left;

	if (w->failed_at == 0) {
		w->failed_at = now;
		w->pause = w->tuning.pause;
		RGW_LOG(w->log, RGW_LOG_NOTICE, "watch-waits", NULL,
		    "certificates have changed that cannot be used yet: they are tried again for a while",
		    rgw_f_uint("seconds", w->tuning.patience / 1000));
	}
	left = w->failed_at + w->tuning.patience > now ? w->failed_at + w->tuning.patience - now : 0;
	k->ask.quiet = w->pause < left;
	ask_later(k, rgw_ms_min(w->pause, left));
	w->pause *= 2;
}

static void
on_certificates_done(struct rgw_reload_ask *done, bool ok, const char *message, const struct rgw_notes *notes)
{
	struct kind *k = RGW_CONTAINER(done, struct kind, ask);
	struct rgw_watcher *w = k->watcher;

	(void)message;
	(void)notes;
	k->asked = false;
	if (!ok && k->ask.quiet) {
		try_again(w);
	} else {
		w->failed_at = 0;
		k->ask.quiet = true;
	}
	if (k->again)
		ask_later(k, 0);
}

/* ---- the configuration ---- */

static void
on_configuration_done(struct rgw_reload_ask *done, bool ok, const char *message, const struct rgw_notes *notes)
{
	struct kind *k = RGW_CONTAINER(done, struct kind, ask);

	(void)ok;
	(void)message;
	(void)notes;
	k->asked = false;
	if (k->again)
		ask_later(k, 0);
}

/* ---- which files ---- */

struct paths {
	char **v;  /* owned */
	size_t n;
};

static void
add_path(void *ctx, const char *path)
{
	struct paths *paths = ctx;

	paths->v = rgw_xrealloc(paths->v, (paths->n + 1) * sizeof *paths->v);
	paths->v[paths->n++] = rgw_xstrdup(path);
}

static void
watch_paths(struct kind *k, struct paths *paths)
{
	rgw_filewatch_set(k->files, (const char *const *)paths->v, paths->n);
	for (size_t i = 0; i < paths->n; i++)
		free(paths->v[i]);
	free(paths->v);
	*paths = (struct paths){ NULL, 0 };
}

void
rgw_watcher_follow(struct rgw_watcher *w)
{
	const struct rgw_conf *conf = rgw_reloader_conf(w->reloader);
	struct paths paths = { NULL, 0 };

	for (size_t i = 0; i < conf->tls.n; i++)
		if (conf->tls.v[i]->watch)
			rgw_conf_files(conf, &conf->tls.v[i]->head, add_path, &paths);
	watch_paths(&w->certificates, &paths);
	if (conf->gateway.watch)
		rgw_conf_files(conf, NULL, add_path, &paths);
	watch_paths(&w->configuration, &paths);
}

/* ---- its life ---- */

static void
init_kind(struct rgw_watcher *w, struct kind *k, const struct rgw_reload_ask *what)
{
	k->watcher = w;
	k->files = rgw_filewatch_new(w->loop, w->log, &w->tuning.files, on_changed, k);
	k->ask = *what;
	rgw_link_init(&k->ask.link);
	ev_timer_init(&k->later, on_later, 0, 0);
	k->later.data = k;
}

struct rgw_watcher *
rgw_watcher_new(struct ev_loop *loop, struct rgw_log *log, struct rgw_reloader *reloader,
    const struct rgw_watcher_tuning *tuning)
{
	struct rgw_watcher *w = rgw_xcalloc(1, sizeof *w);

	w->loop = loop;
	w->log = log;
	w->reloader = reloader;
	w->tuning = *tuning;
	init_kind(w, &w->certificates, &(struct rgw_reload_ask){ .what = RGW_RELOAD_AGAIN, .quiet = true, .own = true,
		.why = "certificates have changed", .done = on_certificates_done });
	init_kind(w, &w->configuration, &(struct rgw_reload_ask){ .what = RGW_RELOAD_FILES, .own = true,
		.why = "files of the configuration have changed", .done = on_configuration_done });
	rgw_watcher_follow(w);
	return w;
}

static void
fini_kind(struct kind *k)
{
	ev_timer_stop(k->watcher->loop, &k->later);
	rgw_filewatch_free(k->files);
}

void
rgw_watcher_free(struct rgw_watcher *w)
{
	if (w == NULL)
		return;
	fini_kind(&w->certificates);
	fini_kind(&w->configuration);
	free(w);
}
