/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "health.h"
#include "radsecgw/mem.h"
#include "radsecgw/report.h"

/* Words for the service manager; see notify.h. */

/* The sentence is looked at this often, or as often as the watchdog wants. */
#define STATUS_S 10.0

/* The workers are not asked more often than this. */
#define SHORTEST_S 0.02

#define STATUS_ROOM (RGW_HEALTH_TEXT + 64)

/* What one worker is asked. */
struct beat {
	struct rgw_job job;
	struct rgw_notifier *notifier;  /* borrowed: the owner */
	struct rgw_rows rows;           /* owned: what the worker tells */
};

struct rgw_notifier {
	struct rgw_notify_scope scope;
	int fd;
	struct sockaddr_un to;
	socklen_t to_len;
	bool failed;                    /* a word was lost, and the log has said so */
	bool stopping;
	bool watched;                   /* somebody waits for WATCHDOG=1 */
	ev_timer timer;
	struct beat *beats;             /* owned: one for each worker */
	uint32_t n_out;                 /* number of workers that have not answered */
	char status[STATUS_ROOM];       /* what was said last */
};

/* ---- words ---- */

static void
say(struct rgw_notifier *n, const char *words)
{
	ssize_t sent = sendto(n->fd, words, strlen(words), MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&n->to,
	    n->to_len);

	if (sent >= 0 || n->failed)
		return;
	n->failed = true;
	RGW_LOG(n->scope.log, RGW_LOG_WARNING, "notify-failed", NULL,
	    "the service manager cannot be told how the gateway fares", rgw_f_str("reason", strerror(errno)));
}

static void
say_status(struct rgw_notifier *n, const char *status)
{
	char words[STATUS_ROOM + 16];

	if (strcmp(status, n->status) == 0)
		return;
	snprintf(n->status, sizeof n->status, "%s", status);
	snprintf(words, sizeof words, "STATUS=%s", status);
	say(n, words);
}

void
rgw_notifier_ready(struct rgw_notifier *n)
{
	if (n != NULL && !n->stopping)
		say(n, "READY=1");
}

void
rgw_notifier_reloading(struct rgw_notifier *n)
{
	struct timespec ts;
	char words[96];

	if (n == NULL || n->stopping)
		return;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	snprintf(words, sizeof words, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
	say(n, words);
}

void
rgw_notifier_require(struct rgw_notifier *n, enum rgw_ready_requires what)
{
	if (n != NULL)
		n->scope.ready_requires = what;
}

void
rgw_notifier_stopping(struct rgw_notifier *n)
{
	if (n == NULL || n->stopping)
		return;
	n->stopping = true;
	say(n, "STOPPING=1");
}

/* ---- beats ---- */

static bool
run_beat(struct rgw_worker *worker, struct rgw_job *job)
{
	struct beat *beat = RGW_CONTAINER(job, struct beat, job);

	rgw_gw_report(rgw_worker_gw(worker), rgw_health_tables(), rgw_rows_add, &beat->rows);
	return true;
}

/* Requests that have not ended. */
static uint64_t
pending(const struct rgw_rows *rows)
{
	struct rgw_cell room[RGW_CELLS];
	struct rgw_row row;
	uint64_t n = 0;

	for (size_t i = 0; rgw_rows_get(rows, i, &row, room); i++)
		if (row.table == &rgw_report_tables[RGW_REPORT_GATEWAY])
			n += room[0].field.number;
	return n;
}

static void
all_answered(struct rgw_notifier *n)
{
	char status[STATUS_ROOM], why[RGW_HEALTH_TEXT];
	struct rgw_rows all;

	rgw_rows_init(&all);
	for (uint32_t i = 0; i < n->scope.n_workers; i++) {
		rgw_rows_join(&all, &n->beats[i].rows);
		rgw_rows_fini(&n->beats[i].rows);
	}
	(void)rgw_health_is_ready(&all, n->scope.ready_requires, why);
	snprintf(status, sizeof status, "%s; requests in flight: %" PRIu64, why, pending(&all));
	rgw_rows_fini(&all);
	if (n->watched)
		say(n, "WATCHDOG=1");
	say_status(n, status);
}

static void
beat_done(struct rgw_job *job)
{
	struct rgw_notifier *n = RGW_CONTAINER(job, struct beat, job)->notifier;

	if (!job->was_run)
		ev_timer_stop(n->scope.loop, &n->timer);
	if (--n->n_out == 0 && ev_is_active(&n->timer))
		all_answered(n);
}

/* No worker is asked again before all have answered: if one does not, nothing is said. */
static void
on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct rgw_notifier *n = w->data;

	(void)loop;
	(void)revents;
	if (n->n_out > 0)
		return;
	n->n_out = n->scope.n_workers;
	for (uint32_t i = 0; i < n->scope.n_workers; i++) {
		n->beats[i].job.run = run_beat;
		n->beats[i].job.done = beat_done;
		n->beats[i].notifier = n;
		rgw_worker_post(n->scope.workers[i], &n->beats[i].job);
	}
}

/* ---- its life ---- */

/* The name of the socket: a path, or an abstract name after "@". false = it is neither. */
static bool
set_address(struct rgw_notifier *n, const char *name)
{
	size_t len = strlen(name);

	n->to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if ((name[0] != '/' && name[0] != '@') || len < 2 || len >= sizeof n->to.sun_path) {
		errno = EINVAL;
		return false;
	}
	memcpy(n->to.sun_path, name, len);
	if (name[0] == '@')
		n->to.sun_path[0] = '\0';
	n->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return true;
}

/* How often the service manager wants a sign of life, in seconds; 0 = never. */
static double
watchdog_interval(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	unsigned long long n = usec != NULL ? strtoull(usec, NULL, 10) : 0;

	if (pid != NULL && strtoll(pid, NULL, 10) != (long long)getpid())
		return 0;
	return (double)n / 1e6;
}

static void
start_timer(struct rgw_notifier *n)
{
	double interval = watchdog_interval();
	/* Three signs within the time, so that one may be late. */
	double tick = interval > 0 && interval / 3 < STATUS_S ? interval / 3 : STATUS_S;

	tick = tick < SHORTEST_S ? SHORTEST_S : tick;
	n->watched = interval > 0;
	ev_timer_init(&n->timer, on_timer, 0, tick);
	n->timer.data = n;
	ev_timer_start(n->scope.loop, &n->timer);
}

struct rgw_notifier *
rgw_notifier_new(const struct rgw_notify_scope *scope)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct rgw_notifier *n;

	if (name == NULL || name[0] == '\0')
		return NULL;
	n = rgw_xcalloc(1, sizeof *n);
	n->scope = *scope;
	n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (n->fd < 0 || !set_address(n, name)) {
		RGW_LOG(scope->log, RGW_LOG_WARNING, "notify-failed", NULL,
		    "the service manager cannot be told how the gateway fares", rgw_f_str("reason", strerror(errno)));
		if (n->fd >= 0)
			close(n->fd);
		free(n);
		return NULL;
	}
	n->beats = rgw_xcalloc(scope->n_workers, sizeof *n->beats);
	start_timer(n);
	return n;
}

void
rgw_notifier_free(struct rgw_notifier *n)
{
	if (n == NULL)
		return;
	ev_timer_stop(n->scope.loop, &n->timer);
	for (uint32_t i = 0; i < n->scope.n_workers; i++)
		rgw_rows_fini(&n->beats[i].rows);
	free(n->beats);
	close(n->fd);
	free(n);
}
