/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reload.h"

#include <errno.h>
#include <ev.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "adoption.h"
#include "radsecgw/mem.h"
#include "radsecgw/thread.h"
#include "radsecgw/tls.h"

/* From one configuration to the next (see reload.h). */

/* Those who may wait while a change is made, beside the gateway itself. */
#define WAITING_MAX 16
/* So many changes stand in the log. */
#define LOGGED_MAX 50
/* Seconds until the configuration before is tried again, if it could not come back. */
#define AGAIN_S 10

/* Seconds that a loading has left when the gateway ends. */
#define PATIENCE_S 5

struct rgw_reloader {
	struct rgw_reload_scope scope;
	struct rgw_adopters adopters;
	struct rgw_snapshot *now;          /* a reference, as the next one */
	struct rgw_snapshot *before;       /* what `now` came after; NULL = there is none to go back to */
	struct rgw_snapshot *next;         /* a reference: on its way into effect */
	unsigned n_taking;                 /* of those who take it up, the workers being one, who have not yet */
	struct rgw_link waiting;           /* asks, oldest first */
	unsigned n_waiting;
	struct rgw_reload_ask *current;    /* borrowed: being carried out */
	rgw_ms began;
	struct rgw_loading loading;
	bool loaded_well;
	pthread_t thread;                  /* of the loading ... */
	bool has_thread;                   /* ... as long as it has not been joined */
	struct rgw_job loaded;             /* comes home when the loading has ended */
	struct rgw_reload_ask hangup;      /* what SIGHUP asks for */
	bool hangup_again;                 /* the signal came while that was carried out */
	struct rgw_reload_ask lapse;       /* what the end of the time for a confirmation asks for */
	ev_timer confirm;
	rgw_ms confirm_by;
	rgw_ms started;
	struct rgw_record record;
};

static rgw_ms
clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (rgw_ms)ts.tv_sec * 1000 + (rgw_ms)ts.tv_nsec / 1000000;
}

static void go_on(struct rgw_reloader *r);

/* ---- what came of it ---- */

static void
log_changes(struct rgw_reloader *r, const struct rgw_notes *notes)
{
	size_t n = notes->n_changes < LOGGED_MAX ? notes->n_changes : LOGGED_MAX;

	/* Each change is a neighbour of its own for the limit of lines: they come once. */
	for (size_t i = 0; i < n; i++)
		RGW_LOG(r->scope.log, RGW_LOG_NOTICE, "reload-change", notes->changes[i],
		    "this is different now", rgw_f_str("change", notes->changes[i]));
	if (notes->all_changes > n)
		RGW_LOG(r->scope.log, RGW_LOG_NOTICE, "reload-change", NULL, "there are more changes",
		    rgw_f_uint("more", notes->all_changes - n));
}

static void
log_findings(struct rgw_reloader *r)
{
	const struct rgw_notes *notes = &r->loading.notes;

	for (size_t i = 0; i < notes->n_findings && i < LOGGED_MAX; i++) {
		const struct rgw_finding *f = &notes->findings[i];

		if (f->severity == RGW_CONF_ERROR)
			RGW_LOG(r->scope.log, RGW_LOG_ERROR, "reload-failed", f->text, f->text,
			    rgw_f_str("file", f->file), rgw_f_uint("line", f->line));
		else
			RGW_LOG(r->scope.log, RGW_LOG_WARNING, "reload-warning", f->text, f->text,
			    rgw_f_str("file", f->file), rgw_f_uint("line", f->line));
	}
}

/* What has come of an ask that was more than a check goes into the record and into the log. */
static void
tell_end(struct rgw_reloader *r, const struct rgw_reload_ask *ask, bool ok, const char *message)
{
	if (ok) {
		r->record.done++;
		RGW_LOG(r->scope.log, RGW_LOG_NOTICE, "reloaded", NULL, message, rgw_f_str("why", ask->why),
		    rgw_f_uint("changes", r->loading.notes.all_changes), rgw_f_uint("ms", r->record.took));
		log_changes(r, &r->loading.notes);
	} else if (!ask->quiet) {
		r->record.failed++;
		RGW_LOG(r->scope.log, RGW_LOG_ERROR, "reload-failed", NULL, message, rgw_f_str("why", ask->why));
	}
	if (ask != r->current)
		return;
	if (ok || !ask->quiet)
		log_findings(r);
	rgw_notifier_ready(r->scope.notifier);
}

/* The ask that is carried out has ended, or the one given has not begun. */
static void
end_ask(struct rgw_reloader *r, struct rgw_reload_ask *ask, bool ok, const char *message)
{
	bool begun = ask == r->current;
	struct rgw_notes notes;

	r->scope.log->now = clock_now();
	if (ask->what != RGW_RELOAD_CHECK)
		tell_end(r, ask, ok, message);
	/* Whoever is told may ask for the next one, which has notes of its own. */
	notes = r->loading.notes;
	if (begun) {
		r->current = NULL;
		rgw_notes_init(&r->loading.notes);
	}
	if (ask->done != NULL)
		ask->done(ask, ok, message, begun ? &notes : NULL);
	if (begun)
		rgw_notes_fini(&notes);
}

static void
fail(struct rgw_reloader *r, struct rgw_reload_ask *ask, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void
fail(struct rgw_reloader *r, struct rgw_reload_ask *ask, const char *fmt, ...)
{
	char message[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	end_ask(r, ask, false, message);
}

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* ---- the second phase ---- */

static void
say_done(struct rgw_reloader *r, struct rgw_reload_ask *ask)
{
	size_t n = r->loading.notes.all_changes;
	char message[512], changed[64] = "nothing has changed in the files", awaits[128] = "";

	if (ask->what == RGW_RELOAD_AGAIN)
		snprintf(changed, sizeof changed, "the files of [tls] sections are read again");
	else if (n > 0)
		snprintf(changed, sizeof changed, "%zu change%s", n, plural(n));
	if (r->record.awaited && ask->what == RGW_RELOAD_FILES)
		snprintf(awaits, sizeof awaits, "; unless `radsecgw confirm` comes within %ju s, the configuration "
		    "before comes back", (uintmax_t)ask->confirm / 1000);
	snprintf(message, sizeof message, "%s in effect%s: %s, in %ju ms%s",
	    ask->what == RGW_RELOAD_BACK ? "the configuration before is" : "the configuration is",
	    ask->what == RGW_RELOAD_BACK ? " again" : "", changed, (uintmax_t)r->record.took, awaits);
	end_ask(r, ask, true, message);
}

/* Nothing awaits its confirmation any more. The way back may wait already, since its time has come, for something else
 * that takes its time: then it is not wanted any more. */
static void
settle(struct rgw_reloader *r)
{
	r->record.awaited = false;
	ev_timer_stop(r->scope.loop, &r->confirm);
	if (!rgw_link_linked(&r->lapse.link))
		return;
	rgw_link_remove(&r->lapse.link);
	r->n_waiting--;
}

/* All workers have taken up another configuration. */
static void
replace(struct rgw_reloader *r, const struct rgw_reload_ask *ask)
{
	bool back = ask->what == RGW_RELOAD_BACK;
	/* What log rotation asks for, and what has changed nothing, leaves the way back as it was. */
	bool same = !back && r->loading.notes.all_changes == 0 && ask->confirm == 0;
	struct rgw_snapshot *left = same ? r->now : r->before;

	if (!same)
		r->before = r->now;
	rgw_snapshot_drop(left);
	if (back) {
		rgw_snapshot_drop(r->before);
		r->before = NULL;
	}
	r->now = r->next;
	r->record.since = time(NULL);
	settle(r);
	r->record.awaited = !back && ask->confirm > 0;
	if (r->record.awaited) {
		r->confirm_by = clock_now() + ask->confirm;
		ev_timer_set(&r->confirm, (double)ask->confirm / 1000, 0);
		ev_timer_start(r->scope.loop, &r->confirm);
	}
	r->scope.in_effect(r->scope.ctx);
}

/* All workers have made the change. */
static void
finish(struct rgw_reloader *r)
{
	struct rgw_reload_ask *ask = r->current;

	r->record.took = clock_now() - r->began;
	/* If only files were read anew, the configuration is the one that it was. */
	if (ask->what == RGW_RELOAD_AGAIN)
		rgw_snapshot_drop(r->next);
	else
		replace(r, ask);
	r->next = NULL;
	say_done(r, ask);
}

void
rgw_reloader_taken(struct rgw_reloader *r)
{
	if (--r->n_taking > 0)
		return;
	if (r->next != NULL)
		finish(r);
	else
		fail(r, r->current, "the gateway is stopping");
	go_on(r);
}

/* The workers have done what they were asked. */
static void
on_adoption_done(void *ctx, struct rgw_adoption *adoption)
{
	(void)adoption;
	rgw_reloader_taken(ctx);
}

/* ---- the first phase ---- */

static void *
load(void *arg)
{
	struct rgw_reloader *r = arg;

	r->loaded_well = rgw_loading_run(&r->loading);
	rgw_tls_thread_fini();
	rgw_inbox_put(r->scope.home, &r->loaded);
	return NULL;
}

static void
say_failed(struct rgw_reloader *r, struct rgw_reload_ask *ask)
{
	unsigned n = r->loading.notes.report.errors;

	if (ask->what == RGW_RELOAD_CHECK)
		fail(r, ask, "the configuration cannot be taken up: %u error%s", n, plural(n));
	else if (ask->what == RGW_RELOAD_AGAIN)
		fail(r, ask, "the files of [tls] sections cannot be used as they are now, and the gateway goes on with "
		    "what it has: %u error%s", n, plural(n));
	else
		fail(r, ask, "%s, and the gateway goes on as before: %u error%s",
		    ask->what == RGW_RELOAD_BACK ? "the configuration before cannot come back"
		                                 : "the configuration is not taken up", n, plural(n));
}

static void
say_checked(struct rgw_reloader *r, struct rgw_reload_ask *ask)
{
	size_t n = r->loading.notes.all_changes;
	char message[128];

	snprintf(message, sizeof message, "the configuration can be taken up: %zu change%s; nothing is changed yet", n,
	    plural(n));
	end_ask(r, ask, true, message);
}

/* The configuration that is to be in effect, if it is one that the reloader has; NULL = it is read from the files. */
static struct rgw_snapshot *
kept(const struct rgw_reloader *r, const struct rgw_reload_ask *ask)
{
	if (ask->what == RGW_RELOAD_BACK)
		return r->before;
	return ask->what == RGW_RELOAD_AGAIN ? r->now : NULL;
}

/* What was loaded. */
static struct rgw_snapshot *
take_snapshot(struct rgw_reloader *r)
{
	struct rgw_conf *conf = r->loading.next;

	r->loading.next = NULL;
	return conf != NULL ? rgw_snapshot_new(conf, r->now->sweeper) : rgw_snapshot_hold(kept(r, r->current));
}

static struct rgw_adoption *
take_adoption(struct rgw_reloader *r, struct rgw_snapshot *snapshot)
{
	struct rgw_worker_change **changes = r->loading.changes;

	r->loading.changes = NULL;
	return rgw_adoption_new(&r->adopters, changes, snapshot);
}

/* The point of no return: nothing can fail from here on. */
static void
switch_over(struct rgw_reloader *r)
{
	r->next = take_snapshot(r);
	rgw_common_adopt(r->scope.common, r->next->conf);
	if (r->loading.sink != NULL)
		rgw_logsink_become(r->scope.sink, r->loading.sink);
	r->loading.sink = NULL;
	r->n_taking = 1 + r->scope.others(r->scope.ctx, r->next->conf);
	rgw_adoption_switch(take_adoption(r, r->next));
}

/* The gateway ends: what was loaded is thrown away. */
static void
give_up(struct rgw_reloader *r)
{
	struct rgw_snapshot *snapshot = take_snapshot(r);

	rgw_logsink_close(r->loading.sink);
	r->loading.sink = NULL;
	r->n_taking = 1;
	rgw_adoption_discard(take_adoption(r, snapshot));
	rgw_snapshot_drop(snapshot);
}

static void
join(struct rgw_reloader *r)
{
	if (r->has_thread)
		pthread_join(r->thread, NULL);
	r->has_thread = false;
}

static void
on_loaded(struct rgw_job *job)
{
	struct rgw_reloader *r = RGW_CONTAINER(job, struct rgw_reloader, loaded);
	struct rgw_reload_ask *ask = r->current;

	join(r);
	if (r->loaded_well && ask->what != RGW_RELOAD_CHECK) {
		if (*r->scope.stopping)
			give_up(r);
		else
			switch_over(r);
		return;
	}
	if (r->loaded_well)
		say_checked(r, ask);
	else
		say_failed(r, ask);
	go_on(r);
}

/* ---- asking ---- */

/* Why this cannot be done now, or NULL. */
static const char *
judge(const struct rgw_reloader *r, const struct rgw_reload_ask *ask)
{
	if (*r->scope.stopping)
		return "the gateway is stopping";
	if (ask->what == RGW_RELOAD_FILES && r->record.awaited)
		return "the last reload still awaits its confirmation: `radsecgw confirm` keeps what is in effect, "
		       "`radsecgw undo` goes back, and then another reload is possible";
	if (ask->what == RGW_RELOAD_BACK && r->before == NULL)
		return "there is no configuration to go back to: only the one before the last reload is kept";
	return NULL;
}

static void
begin(struct rgw_reloader *r, struct rgw_reload_ask *ask)
{
	const struct rgw_snapshot *same = kept(r, ask);
	const char *no = judge(r, ask);

	if (no != NULL) {
		fail(r, ask, "%s", no);
		return;
	}
	r->current = ask;
	if (ask->what != RGW_RELOAD_CHECK)
		rgw_notifier_reloading(r->scope.notifier);
	r->began = clock_now();
	r->loading = (struct rgw_loading){ .path = r->scope.path, .now = r->now->conf,
		.back = same != NULL ? same->conf : NULL, .workers = r->scope.workers,
		.n_workers = r->scope.n_workers, .only_check = ask->what == RGW_RELOAD_CHECK };
	r->has_thread = rgw_thread_start(&r->thread, "loader", load, r);
	if (r->has_thread)
		return;
	rgw_notes_init(&r->loading.notes);
	fail(r, ask, "no thread can be started: %s", strerror(errno));
}

/* Begins what waits, until there is nothing, or something takes its time. */
static void
go_on(struct rgw_reloader *r)
{
	struct rgw_link *l;

	while (r->current == NULL && (l = rgw_list_pop(&r->waiting)) != NULL) {
		r->n_waiting--;
		begin(r, RGW_CONTAINER(l, struct rgw_reload_ask, link));
	}
}

void
rgw_reloader_ask(struct rgw_reloader *r, struct rgw_reload_ask *ask)
{
	if (r->n_waiting >= WAITING_MAX && !ask->own) {
		fail(r, ask, "%u others wait already", r->n_waiting);
		return;
	}
	r->n_waiting++;
	rgw_list_append(&r->waiting, &ask->link);
	go_on(r);
}

static void
on_hangup_done(struct rgw_reload_ask *ask, bool ok, const char *message, const struct rgw_notes *notes)
{
	struct rgw_reloader *r = RGW_CONTAINER(ask, struct rgw_reloader, hangup);
	bool again = r->hangup_again;

	(void)ok;
	(void)message;
	(void)notes;
	r->hangup_again = false;
	if (again)
		rgw_reloader_signal(r);
}

void
rgw_reloader_signal(struct rgw_reloader *r)
{
	/* The files may have changed since they were read. */
	if (r->current == &r->hangup)
		r->hangup_again = true;
	else if (!rgw_link_linked(&r->hangup.link))
		rgw_reloader_ask(r, &r->hangup);
}

/* ---- confirmation ---- */

static void
on_lapsed(struct rgw_reload_ask *ask, bool ok, const char *message, const struct rgw_notes *notes)
{
	struct rgw_reloader *r = RGW_CONTAINER(ask, struct rgw_reloader, lapse);

	(void)message;
	(void)notes;
	if (ok || *r->scope.stopping || !r->record.awaited)
		return;
	ev_timer_set(&r->confirm, AGAIN_S, 0);
	ev_timer_start(r->scope.loop, &r->confirm);
}

static void
on_confirm_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	rgw_reloader_ask(w->data, &((struct rgw_reloader *)w->data)->lapse);
}

bool
rgw_reloader_confirm(struct rgw_reloader *r)
{
	if (!r->record.awaited || (r->current != NULL && r->current->what == RGW_RELOAD_BACK))
		return false;
	settle(r);
	return true;
}

/* ---- what it tells ---- */

const struct rgw_conf *
rgw_reloader_conf(const struct rgw_reloader *r)
{
	return r->now->conf;
}

struct rgw_record
rgw_reloader_record(const struct rgw_reloader *r)
{
	rgw_ms now = clock_now();
	struct rgw_record record = r->record;

	record.uptime = now - r->started;
	record.read = r->now->read;
	record.can_undo = r->before != NULL;
	record.left = r->confirm_by > now ? r->confirm_by - now : 0;
	for (size_t i = 0; i < rgw_reloader_conf(r)->tls.n; i++)
		record.keylogs += rgw_reloader_conf(r)->tls.v[i]->keylog != NULL;
	return record;
}

/* ---- its life ---- */

struct rgw_reloader *
rgw_reloader_new(const struct rgw_reload_scope *scope, struct rgw_snapshot *first)
{
	struct rgw_reloader *r = rgw_xcalloc(1, sizeof *r);

	r->scope = *scope;
	r->now = first;
	rgw_link_init(&r->waiting);
	rgw_notes_init(&r->loading.notes);
	r->loaded.done = on_loaded;
	r->adopters = (struct rgw_adopters){ .workers = scope->workers, .n_workers = scope->n_workers,
		.done = on_adoption_done, .ctx = r };
	r->hangup = (struct rgw_reload_ask){ .what = RGW_RELOAD_FILES, .why = "SIGHUP", .own = true,
		.done = on_hangup_done };
	r->lapse = (struct rgw_reload_ask){ .what = RGW_RELOAD_BACK, .why = "no confirmation came", .own = true,
		.done = on_lapsed };
	rgw_link_init(&r->hangup.link);
	rgw_link_init(&r->lapse.link);
	ev_timer_init(&r->confirm, on_confirm_timer, 0, 0);
	r->confirm.data = r;
	r->started = clock_now();
	r->record = (struct rgw_record){ .path = scope->path, .since = time(NULL) };
	return r;
}

bool
rgw_reloader_prepare(struct rgw_reloader *r)
{
	r->loading.workers = r->scope.workers;
	r->loading.n_workers = r->scope.n_workers;
	return rgw_loading_prepare(&r->loading, r->now->conf);
}

void
rgw_reloader_start(struct rgw_reloader *r)
{
	rgw_adoption_start(take_adoption(r, r->now));
	rgw_notes_fini(&r->loading.notes);
}

void
rgw_reloader_stop(struct rgw_reloader *r)
{
	struct timespec until;

	if (!r->has_thread)
		return;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	r->has_thread = pthread_timedjoin_np(r->thread, NULL, &until) != 0;
	if (!r->has_thread)
		return;
	/* What the thread uses cannot be freed, and whoever stops the gateway does not wait for a file system. */
	RGW_LOG(r->scope.log, RGW_LOG_ERROR, "reload-stuck", NULL,
	    "the gateway ends although a reload still reads files", rgw_f_str("path", r->scope.path));
	rgw_logsink_stop(r->scope.sink);
	_exit(EXIT_SUCCESS);
}

void
rgw_reloader_free(struct rgw_reloader *r)
{
	if (r == NULL)
		return;
	ev_timer_stop(r->scope.loop, &r->confirm);
	rgw_loading_forget(&r->loading);
	rgw_notes_fini(&r->loading.notes);
	rgw_snapshot_drop(r->before);
	rgw_snapshot_drop(r->now);
	free(r);
}
