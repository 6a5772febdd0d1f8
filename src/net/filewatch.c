/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/filewatch.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "radsecgw/mem.h"
#include "watchset.h"

/* If it does not get quiet, a change is told after so many settle times. */
#define PATIENCE 10

#define EVENTS                                                                                          \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB |     \
	    IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW)

struct rgw_filewatch {
	struct ev_loop *loop;      /* borrowed */
	struct rgw_log *log;       /* borrowed */
	struct rgw_filewatch_tuning tuning;
	rgw_filewatch_changed *changed;
	void *ctx;                 /* borrowed */
	char **paths;              /* owned */
	size_t n;
	struct rgw_watchset set;   /* what inotify watches for them */
	int fd;                    /* owned: of inotify, or -1 */
	const char *blind;         /* why inotify does not tell all, or NULL */
	bool told;                 /* the log has it, since the paths were set */
	uint64_t mark;             /* of the last look */
	rgw_ms since;              /* of the first change that is not told; 0 = there is none */
	ev_io readable;
	ev_timer settle;
	ev_timer poll;
};

static rgw_ms
now_of(struct rgw_filewatch *w)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	w->log->now = (rgw_ms)ts.tv_sec * 1000 + (rgw_ms)ts.tv_nsec / 1000000;
	return w->log->now;
}

static void
restart(struct rgw_filewatch *w, ev_timer *timer, rgw_ms delay)
{
	ev_timer_stop(w->loop, timer);
	ev_now_update(w->loop);
	ev_timer_set(timer, (double)delay / 1000, 0);
	ev_timer_start(w->loop, timer);
}

/* ---- what is watched ---- */

/* Begins to watch a directory. That it has gone meanwhile, the one above it tells. */
static void
begin(void *ctx, struct rgw_watchdir *dir)
{
	struct rgw_filewatch *w = ctx;

	if (w->fd < 0)
		return;
	dir->wd = inotify_add_watch(w->fd, dir->path, EVENTS);
	if (dir->wd < 0 && errno != ENOENT && errno != ENOTDIR)
		w->blind = strerror(errno);
}

/* Ends the watches that the new set does not have. */
static void
prune(const struct rgw_filewatch *w, const struct rgw_watchset *old)
{
	for (size_t i = 0; i < old->n; i++)
		if (old->dirs[i].wd >= 0 && !rgw_watchset_has(&w->set, old->dirs[i].wd))
			(void)inotify_rm_watch(w->fd, old->dirs[i].wd);
}

static void
tell_blind(struct rgw_filewatch *w)
{
	if (w->told)
		return;
	w->told = true;
	RGW_LOG(w->log, RGW_LOG_WARNING, "watch-polls", NULL,
	    "the system does not tell of all changes of the watched files; they are looked at from time to time",
	    rgw_f_str("reason", w->blind));
}

static uint64_t
look(const struct rgw_filewatch *w)
{
	uint64_t mark = 0;

	for (size_t i = 0; i < w->n; i++)
		mark = mark * 31 + rgw_watchset_look(w->paths[i]);
	return mark;
}

/* Walks all paths anew, since the way to them may have changed. */
static void
watch_all(struct rgw_filewatch *w)
{
	struct rgw_watchset old = w->set;

	w->blind = w->fd < 0 ? "there is no inotify" : NULL;
	w->set = (struct rgw_watchset){ .limit = w->tuning.watches };
	for (size_t i = 0; i < w->n && w->fd >= 0; i++)
		rgw_watchset_walk(&w->set, w->paths[i], begin, w);
	if (w->set.full)
		w->blind = "there are too many directories";
	prune(w, &old);
	rgw_watchset_fini(&old);
	if (w->blind == NULL || w->n == 0) {
		ev_timer_stop(w->loop, &w->poll);
		return;
	}
	tell_blind(w);
	if (ev_is_active(&w->poll))
		return;
	w->mark = look(w);
	restart(w, &w->poll, w->tuning.poll);
}

/* ---- changes ---- */

static void
note_change(struct rgw_filewatch *w, rgw_ms now)
{
	rgw_ms last;

	if (w->since == 0)
		w->since = now;
	last = w->since + PATIENCE * w->tuning.settle;
	restart(w, &w->settle, rgw_ms_min(w->tuning.settle, last > now ? last - now : 0));
}

/* Does what inotify says matter? When it has lost events, anything may have happened. */
static bool
matters(const struct rgw_filewatch *w, const struct inotify_event *e)
{
	if ((e->mask & IN_Q_OVERFLOW) != 0)
		return true;
	/* The end of a watch: by its directory's end, which was told before, or by ourselves. */
	if ((e->mask & IN_IGNORED) != 0)
		return false;
	return rgw_watchset_matters(&w->set, e->wd, e->len > 0 ? e->name : NULL);
}

static void
on_readable(struct ev_loop *loop, ev_io *io, int revents)
{
	_Alignas(struct inotify_event) char buf[16384];
	struct rgw_filewatch *w = io->data;
	ssize_t n = read(w->fd, buf, sizeof buf);
	rgw_ms now = now_of(w);
	bool changed = false;

	(void)loop;
	(void)revents;
	for (const char *p = buf; n > 0 && p < buf + n;) {
		const struct inotify_event *e = (const void *)p;

		changed |= matters(w, e);
		p += sizeof *e + e->len;
	}
	if (!changed)
		return;
	watch_all(w);
	note_change(w, now);
}

static void
on_poll(struct ev_loop *loop, ev_timer *timer, int revents)
{
	struct rgw_filewatch *w = timer->data;
	rgw_ms now = now_of(w);
	uint64_t mark = look(w);

	(void)loop;
	(void)revents;
	if (mark != w->mark)
		note_change(w, now);
	w->mark = mark;
	restart(w, &w->poll, w->tuning.poll);
	watch_all(w);
}

static void
on_settled(struct ev_loop *loop, ev_timer *timer, int revents)
{
	struct rgw_filewatch *w = timer->data;

	(void)loop;
	(void)revents;
	now_of(w);
	w->since = 0;
	/* What inotify has told is not told again by the next look. */
	if (w->blind != NULL)
		w->mark = look(w);
	w->changed(w->ctx);
}

/* ---- the watcher ---- */

struct rgw_filewatch *
rgw_filewatch_new(struct ev_loop *loop, struct rgw_log *log, const struct rgw_filewatch_tuning *tuning,
    rgw_filewatch_changed *changed, void *ctx)
{
	struct rgw_filewatch *w = rgw_xcalloc(1, sizeof *w);

	*w = (struct rgw_filewatch){ .loop = loop, .log = log, .tuning = *tuning, .changed = changed, .ctx = ctx,
		.fd = -1 };
	ev_timer_init(&w->settle, on_settled, 0, 0);
	ev_timer_init(&w->poll, on_poll, 0, 0);
	ev_io_init(&w->readable, on_readable, -1, EV_READ);
	w->settle.data = w->poll.data = w->readable.data = w;
	if (tuning->watches > 0)
		w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd >= 0) {
		ev_io_set(&w->readable, w->fd, EV_READ);
		ev_io_start(loop, &w->readable);
	}
	return w;
}

static void
forget_paths(struct rgw_filewatch *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->paths[i]);
	free(w->paths);
	w->paths = NULL;
	w->n = 0;
}

void
rgw_filewatch_set(struct rgw_filewatch *w, const char *const *paths, size_t n)
{
	now_of(w);
	forget_paths(w);
	w->paths = n > 0 ? rgw_xcalloc(n, sizeof *w->paths) : NULL;
	for (size_t i = 0; i < n; i++)
		w->paths[i] = rgw_xstrdup(paths[i]);
	w->n = n;
	w->told = false;
	ev_timer_stop(w->loop, &w->poll);
	watch_all(w);
}

void
rgw_filewatch_free(struct rgw_filewatch *w)
{
	if (w == NULL)
		return;
	ev_io_stop(w->loop, &w->readable);
	ev_timer_stop(w->loop, &w->settle);
	ev_timer_stop(w->loop, &w->poll);
	if (w->fd >= 0)
		close(w->fd);
	forget_paths(w);
	rgw_watchset_fini(&w->set);
	free(w);
}
