/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "metrics.h"

#include <errno.h>
#include <ev.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "health.h"
#include "page.h"
#include "radsecgw/certrows.h"
#include "radsecgw/mem.h"
#include "radsecgw/report.h"
#include "radsecgw/thread.h"
#include "round.h"
#include "scrape.h"

/* The server of metrics and health; see metrics.h. */

/* Whoever may ask gets this much at once; a scrape of a large gateway has megabytes, which are kept until they are
 * taken. */
static const struct rgw_http_limits limits = {
	.connections = 16, .per_neighbour = 8, .header = 16384, .body = 1024, .request = 5000, .deferred = 10000,
	.answer = 10000,
};

/* A worker whose loop does not turn within this time does not work. */
#define TURN_MS 1000
/* A worker that has much to do may tell its rows this much later. */
#define SCRAPE_MS 5000

#define PROMETHEUS "text/plain; version=0.0.4; charset=utf-8"
#define OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

#define JSON "application/json"

enum which { SCRAPE, LIVE, READY, STATUS, ROUNDS };

struct rgw_metrics {
	struct rgw_metrics_scope scope;
	enum rgw_ready_requires ready_requires;
	uint64_t started;               /* milliseconds since 1970 */
	struct rgw_log log;
	struct ev_loop *loop;           /* owned */
	struct rgw_inbox inbox;         /* what comes back from the workers */
	struct rgw_inbox orders;        /* what the process wants */
	ev_async stop;
	struct rgw_http **servers;      /* owned: one for each address */
	size_t n_servers;
	struct rgw_round rounds[ROUNDS];
	bool page;                      /* the page and its JSON are served, and samples are taken */
	char policy[RGW_PAGE_POLICY];
	struct rgw_round sampling;      /* the round of the next sample */
	ev_timer sample;                /* when it begins */
	struct rgw_history history;
	pthread_t thread;
	bool running;
};

/* Another configuration, on its way from the process to the thread and back. */
struct order {
	struct rgw_job job;
	struct rgw_metrics *metrics;    /* borrowed */
	enum rgw_ready_requires ready_requires;
	bool page;
	struct rgw_prefix *allow;       /* owned */
	size_t n_allow;
};

static struct rgw_metrics *
owner_of(const struct rgw_round *round)
{
	return round->owner;
}

/* ---- answers to all who wait ---- */

static void
answer_all(struct rgw_round *round, unsigned status, const char *text)
{
	struct rgw_waiter *waiter;

	while ((waiter = rgw_round_next(round)) != NULL) {
		rgw_http_answer_text(waiter->exchange, status, text);
		free(waiter);
	}
}

/* Some workers have not answered, or have ended. */
static void
say_late(struct rgw_round *round)
{
	char text[RGW_HEALTH_TEXT];
	size_t n = 0;

	if (round->is_over) {
		answer_all(round, 503, "the gateway has stopped\n");
		return;
	}
	for (uint32_t i = 0; i < round->n_workers && n < sizeof text / 2; i++)
		if (round->visits[i].out)
			n += (size_t)snprintf(text + n, sizeof text - n, "%s%u",
			    n > 0 ? ", " : "no answer from worker ", i + 1);
	snprintf(text + n, sizeof text - n, " of %u within %u ms\n", round->n_workers, (unsigned)round->ops->limit);
	answer_all(round, 503, text);
}

/* The rows of all workers, added up in those of the first one. */
static const struct rgw_rows *
join_rows(struct rgw_round *round)
{
	for (uint32_t i = 1; i < round->n_workers; i++)
		rgw_rows_join(&round->visits[0].rows, &round->visits[i].rows);
	return &round->visits[0].rows;
}

/* ---- /metrics ---- */

/* Tells these tables of the report, and what else there is. */
static void
tell(struct rgw_worker *worker, struct rgw_visit *visit, unsigned tables)
{
	const struct rgw_round *round = visit->round;
	struct rgw_record record;

	rgw_gw_report(rgw_worker_gw(worker), tables, rgw_rows_add, &visit->rows);
	rgw_net_tell_certificates(rgw_worker_net(worker), rgw_rows_add, &visit->rows);
	/* The first worker has the thread of the process, to which the reloader belongs. */
	if (visit == &round->visits[0]) {
		record = rgw_reloader_record(owner_of(round)->scope.reloader);
		rgw_record_tell(&record, rgw_rows_add, &visit->rows);
	}
}

static void
tell_scrape(struct rgw_worker *worker, struct rgw_visit *visit)
{
	tell(worker, visit, rgw_scrape_tables());
}

static void
add_counts(const struct rgw_metrics *m, struct rgw_http_counts *sum)
{
	*sum = (struct rgw_http_counts){ .connections = 0 };
	for (size_t i = 0; i < m->n_servers; i++) {
		const struct rgw_http_counts *c = rgw_http_counts(m->servers[i]);

		sum->connections += c->connections;
		sum->requests += c->requests;
		sum->not_allowed += c->not_allowed;
		sum->too_many += c->too_many;
		sum->gave_way += c->gave_way;
		sum->too_large += c->too_large;
		sum->late_requests += c->late_requests;
		sum->late_deferred += c->late_deferred;
		sum->late_readers += c->late_readers;
		sum->departed += c->departed;
	}
}

/* Whoever waits gets a text of its own, which is written anew for each: seldom there are several. */
static void
answer_scrape(struct rgw_waiter *waiter, const struct rgw_scrape *scrape)
{
	size_t len;
	char *text = rgw_scrape_write(scrape, waiter->openmetrics, &len);

	if (text == NULL)
		rgw_http_answer_text(waiter->exchange, 500, "there is no memory for the answer\n");
	else
		rgw_http_answer(waiter->exchange, 200, waiter->openmetrics ? OPENMETRICS : PROMETHEUS, text, len);
}

static void
send_scrape(struct rgw_round *round)
{
	struct rgw_metrics *m = owner_of(round);
	struct rgw_scrape scrape = { .rows = join_rows(round), .workers = round->n_workers, .started = m->started };
	struct rgw_waiter *waiter;

	rgw_figures_read(&scrape.figures);
	add_counts(m, &scrape.http);
	while ((waiter = rgw_round_next(round)) != NULL) {
		answer_scrape(waiter, &scrape);
		free(waiter);
	}
}

/* ---- /livez and /readyz ---- */

static void
tell_nothing(struct rgw_worker *worker, struct rgw_visit *visit)
{
	(void)worker;
	(void)visit;
}

static void
say_live(struct rgw_round *round)
{
	answer_all(round, 200, "live: the loops of all workers turn\n");
}

static void
tell_health(struct rgw_worker *worker, struct rgw_visit *visit)
{
	rgw_gw_report(rgw_worker_gw(worker), rgw_health_tables(), rgw_rows_add, &visit->rows);
}

static void
say_ready(struct rgw_round *round)
{
	char why[RGW_HEALTH_TEXT], text[RGW_HEALTH_TEXT + 1];
	bool ready;

	ready = rgw_health_is_ready(join_rows(round), owner_of(round)->ready_requires, why);
	snprintf(text, sizeof text, "%s\n", why);
	answer_all(round, ready ? 200 : 503, text);
}

/* ---- the page ---- */

static rgw_ms
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (rgw_ms)ts.tv_sec * 1000 + (rgw_ms)ts.tv_nsec / 1000000;
}

static void
tell_sample(struct rgw_worker *worker, struct rgw_visit *visit)
{
	rgw_gw_report(rgw_worker_gw(worker), rgw_history_tables(), rgw_rows_add, &visit->rows);
}

static void
keep_sample(struct rgw_round *round)
{
	struct rgw_sample sample = rgw_history_sample(join_rows(round), now_ms());

	rgw_history_add(&owner_of(round)->history, &sample);
}

/* A sample that comes too late is left out. */
static void
leave_out(struct rgw_round *round)
{
	(void)round;
}

static const struct rgw_round_ops sampling = { tell_sample, keep_sample, leave_out, SCRAPE_MS };

static void
on_sample(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct rgw_metrics *m = w->data;

	(void)loop;
	(void)revents;
	rgw_round_begin(&m->sampling);
}

static void
tell_status(struct rgw_worker *worker, struct rgw_visit *visit)
{
	tell(worker, visit, rgw_page_tables());
}

static void
send_status(struct rgw_round *round)
{
	struct rgw_metrics *m = owner_of(round);
	const struct rgw_page_state state = { .rows = join_rows(round), .workers = round->n_workers,
		.ready_requires = m->ready_requires, .time = (int64_t)time(NULL), .now = now_ms(),
		.history = &m->history, .warnings = rgw_logsink_warnings(m->scope.sink) };
	struct rgw_waiter *waiter;

	while ((waiter = rgw_round_next(round)) != NULL) {
		size_t len;
		char *text = rgw_page_json(&state, &len);

		if (text == NULL)
			rgw_http_answer_text(waiter->exchange, 500, "there is no memory for the answer\n");
		else
			rgw_http_answer(waiter->exchange, 200, JSON, text, len);
		free(waiter);
	}
}

/* A page that is looked at asks again and again; its connection does not take the place of another meanwhile. */
static void
add_headers(const struct rgw_metrics *m, struct rgw_http_exchange *exchange)
{
	rgw_http_add_header(exchange, "Connection", "close");
	rgw_http_add_header(exchange, "Content-Security-Policy", m->policy);
	rgw_http_add_header(exchange, "Referrer-Policy", "no-referrer");
	rgw_http_add_header(exchange, "Cross-Origin-Resource-Policy", "same-origin");
}

static void
send_page(const struct rgw_metrics *m, struct rgw_http_exchange *exchange)
{
	size_t len = strlen(rgw_page_html);
	char *copy = rgw_xcalloc(1, len + 1);

	memcpy(copy, rgw_page_html, len);
	add_headers(m, exchange);
	rgw_http_answer(exchange, 200, "text/html; charset=utf-8", copy, len);
}

static const struct rgw_round_ops ops[ROUNDS] = {
	[SCRAPE] = { tell_scrape, send_scrape, say_late, SCRAPE_MS },
	[LIVE] = { tell_nothing, say_live, say_late, TURN_MS },
	[READY] = { tell_health, say_ready, say_late, TURN_MS },
	[STATUS] = { tell_status, send_status, say_late, SCRAPE_MS },
};

/* ---- requests ---- */

static void
join(struct rgw_metrics *m, unsigned which, struct rgw_http_exchange *exchange)
{
	if (which == STATUS)
		add_headers(m, exchange);
	rgw_round_join(&m->rounds[which], exchange,
	    rgw_scrape_wants_openmetrics(rgw_http_header(exchange, "Accept")));
}

static void
on_request(void *ctx, struct rgw_http_exchange *exchange, const struct rgw_http_request *request)
{
	static const char *const paths[ROUNDS] = { [SCRAPE] = "/metrics", [LIVE] = "/livez", [READY] = "/readyz",
		[STATUS] = "/status.json" };
	struct rgw_metrics *m = ctx;
	bool is_page = m->page && rgw_page_html[0] != '\0' && strcmp(request->path, "/") == 0;
	unsigned i = 0;

	while (i < ROUNDS && strcmp(request->path, paths[i]) != 0)
		i++;
	if (!is_page && (i == ROUNDS || (i == STATUS && !m->page)))
		rgw_http_answer_text(exchange, 404, m->page ? "there are /metrics, /livez, /readyz and /status.json\n"
		                                            : "there are /metrics, /livez and /readyz\n");
	else if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
		rgw_http_answer_text(exchange, 405, "only GET and HEAD are served here\n");
	else if (is_page)
		send_page(m, exchange);
	else
		join(m, i, exchange);
}

/* ---- its life ---- */

static void
take_job(void *ctx, struct rgw_job *job)
{
	(void)ctx;
	rgw_round_take(job);
}

static void
on_stop(struct ev_loop *loop, ev_async *w, int revents)
{
	(void)w;
	(void)revents;
	ev_break(loop, EVBREAK_ALL);
}

static bool
failed(const struct rgw_metrics *m, const struct rgw_addr *addr, const char *why)
{
	RGW_LOG(m->scope.log, RGW_LOG_ERROR, "metrics-failed", NULL, "metrics cannot be served",
	    addr != NULL ? rgw_f_addr("addr", addr) : rgw_f_str("addr", "none"), rgw_f_str("reason", why));
	return false;
}

static bool
listen_at(struct rgw_metrics *m, const struct rgw_addr *addr, const struct rgw_prefixes *allow)
{
	struct rgw_http *http = rgw_http_new(m->loop, &m->log, &limits, on_request, m);
	char why[256];

	if (http == NULL)
		return failed(m, addr, strerror(errno));
	m->servers[m->n_servers++] = http;
	if (!rgw_http_listen_tcp(http, addr, allow->v, allow->n, why, sizeof why))
		return failed(m, addr, why);
	RGW_LOG(m->scope.log, RGW_LOG_INFO, "metrics-listening", NULL, "metrics and health are served",
	    rgw_f_addr("addr", addr));
	return true;
}

/* Prepares what the page needs. */
static void
open_page(struct rgw_metrics *m)
{
	rgw_page_policy(rgw_page_html, m->policy);
	rgw_round_init(&m->sampling, &sampling, m, &m->inbox);
	rgw_round_set_workers(&m->sampling, m->scope.workers, m->scope.n_workers);
	ev_timer_init(&m->sample, on_sample, 0, (double)RGW_HISTORY_EACH / 1000);
	m->sample.data = m;
}

/* Serves the page, or does not. Samples of before a time without it stay, with a gap after them. */
static void
set_page(struct rgw_metrics *m, bool page)
{
	m->page = page;
	if (page && !ev_is_active(&m->sample)) {
		ev_timer_set(&m->sample, 0, (double)RGW_HISTORY_EACH / 1000);
		ev_timer_start(m->loop, &m->sample);
	} else if (!page) {
		ev_timer_stop(m->loop, &m->sample);
	}
}

/* ---- another configuration ---- */

/* In the thread of metrics. */
static void
take_order(void *ctx, struct rgw_job *job)
{
	struct order *order = RGW_CONTAINER(job, struct order, job);
	struct rgw_metrics *m = ctx;

	m->ready_requires = order->ready_requires;
	set_page(m, order->page);
	for (size_t i = 0; i < m->n_servers; i++)
		rgw_http_set_allow(m->servers[i], order->allow, order->n_allow);
	job->was_run = true;
	rgw_inbox_put(m->scope.home, job);
}

/* In the thread of the process. */
static void
on_order_done(struct rgw_job *job)
{
	struct order *order = RGW_CONTAINER(job, struct order, job);
	const struct rgw_metrics *m = order->metrics;

	free(order->allow);
	free(order);
	m->scope.adopted(m->scope.ctx);
}

bool
rgw_metrics_adopt(struct rgw_metrics *m, const struct rgw_conf_metrics *conf)
{
	struct order *order;

	if (m == NULL)
		return false;
	order = rgw_xcalloc(1, sizeof *order);
	*order = (struct order){ .job.done = on_order_done, .metrics = m, .ready_requires = conf->ready_requires,
		.page = conf->page, .n_allow = conf->allow.n };
	if (order->n_allow > 0) {
		order->allow = rgw_xcalloc(order->n_allow, sizeof *order->allow);
		memcpy(order->allow, conf->allow.v, order->n_allow * sizeof *order->allow);
	}
	rgw_inbox_put(&m->orders, &order->job);
	return true;
}

static bool
open_all(struct rgw_metrics *m, const struct rgw_conf_metrics *conf)
{
	m->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	if (m->loop == NULL)
		return failed(m, NULL, "there is no event loop");
	rgw_inbox_open(&m->inbox, m->loop, take_job, m);
	ev_async_init(&m->stop, on_stop);
	ev_async_start(m->loop, &m->stop);
	rgw_inbox_open(&m->orders, m->loop, take_order, m);
	open_page(m);
	set_page(m, conf->page);
	for (unsigned i = 0; i < ROUNDS; i++) {
		rgw_round_init(&m->rounds[i], &ops[i], m, &m->inbox);
		rgw_round_set_workers(&m->rounds[i], m->scope.workers, m->scope.n_workers);
	}
	m->servers = rgw_xcalloc(conf->listen.n, sizeof(struct rgw_http *));
	for (size_t i = 0; i < conf->listen.n; i++)
		if (!listen_at(m, &conf->listen.v[i], &conf->allow))
			return false;
	return true;
}

bool
rgw_metrics_open(const struct rgw_metrics_scope *scope, struct rgw_metrics **out)
{
	const struct rgw_conf *conf = scope->conf;
	struct rgw_metrics *m;
	struct timespec ts;

	*out = NULL;
	if (conf->metrics.listen.n == 0)
		return true;
	m = *out = rgw_xcalloc(1, sizeof *m);
	m->scope = *scope;
	m->scope.conf = NULL;
	m->ready_requires = conf->metrics.ready_requires;
	clock_gettime(CLOCK_REALTIME, &ts);
	m->started = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	rgw_log_init(&m->log, rgw_logsink_write, rgw_logsink_clock, scope->sink);
	m->log.ear = rgw_logsink_hear;
	m->log.level = conf->log.level;
	m->log.format = conf->log.format;
	m->log.rate_per_second = conf->log.rate;
	return open_all(m, &conf->metrics);
}

static void *
run(void *arg)
{
	struct rgw_metrics *m = arg;

	ev_run(m->loop, 0);
	return NULL;
}

bool
rgw_metrics_start(struct rgw_metrics *m)
{
	if (m == NULL)
		return true;
	m->running = rgw_thread_start(&m->thread, "metrics", run, m);
	return m->running || failed(m, NULL, strerror(errno));
}

void
rgw_metrics_stop(struct rgw_metrics *m)
{
	struct rgw_job *job;

	if (m == NULL || !m->running)
		return;
	ev_async_send(m->loop, &m->stop);
	pthread_join(m->thread, NULL);
	m->running = false;
	while ((job = rgw_inbox_next(&m->orders)) != NULL)
		rgw_inbox_put(m->scope.home, job);
}

void
rgw_metrics_free(struct rgw_metrics *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n_servers; i++)
		rgw_http_free(m->servers[i]);
	free(m->servers);
	if (m->loop != NULL) {
		/* What has come home after the end of the thread is part of the rounds. */
		while (rgw_inbox_next(&m->inbox) != NULL)
			;
		for (unsigned i = 0; i < ROUNDS; i++)
			rgw_round_fini(&m->rounds[i]);
		rgw_round_fini(&m->sampling);
		ev_timer_stop(m->loop, &m->sample);
		ev_async_stop(m->loop, &m->stop);
		rgw_inbox_close(&m->inbox);
		rgw_inbox_close(&m->orders);
		ev_loop_destroy(m->loop);
	}
	free(m);
}
