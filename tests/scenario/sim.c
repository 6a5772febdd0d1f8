/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "radsecgw/confread.h"
#include "radsecgw/mem.h"

/* The clock, what is going to happen, and the world's beginning and end. */

/* ---- events: a heap, by their time and then in the order in which they were made ---- */

static bool
is_before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->serial < b->serial;
}

static void
swap(struct sim_event *a, struct sim_event *b)
{
	struct sim_event t = *a;

	*a = *b;
	*b = t;
}

void
sim_schedule(struct sim *s, rgw_ms delay, struct sim_event e)
{
	size_t i = s->n_events++;

	if (s->n_events > s->events_room) {
		s->events_room = s->n_events * 2;
		s->events = rgw_xrealloc(s->events, s->events_room * sizeof e);
	}
	e.at = s->now + delay;
	e.serial = s->event_serial++;
	s->events[i] = e;
	for (; i > 0 && is_before(&s->events[i], &s->events[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&s->events[i], &s->events[(i - 1) / 2]);
}

static struct sim_event
next_event(struct sim *s)
{
	struct sim_event first = s->events[0];
	size_t i = 0;

	s->events[0] = s->events[--s->n_events];
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < s->n_events && is_before(&s->events[child + 1], &s->events[child]))
			child++;
		if (child >= s->n_events || !is_before(&s->events[child], &s->events[i]))
			return first;
		swap(&s->events[i], &s->events[child]);
		i = child;
	}
}

/* ---- chance and secrets ---- */

uint32_t
sim_random(struct sim *s, uint32_t below)
{
	s->seed = s->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(s->seed >> 33) % below;
}

bool
sim_percent(struct sim *s, unsigned percent)
{
	return percent != 0 && sim_random(s, 100) < percent;
}

void
sim_fill_random(struct sim *s, void *out, size_t len)
{
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)sim_random(s, 256);
}

static const char *const secret_texts[] = { SIM_SECRET, SIM_RADSEC, SIM_LOCAL, SIM_OTHER, SIM_BEFORE,
	SIM_THIRD };

const struct rgw_secret *
sim_secret_of(const struct sim *s, const char *text)
{
	for (size_t i = 0; i < sizeof secret_texts / sizeof secret_texts[0]; i++)
		if (strcmp(secret_texts[i], text) == 0)
			return s->secrets[i];
	fail_msg("no secret %s", text);
	return NULL;
}

/* ---- the world as the engine sees it ---- */

static void
op_resolve(void *ctx, struct rgw_host *host, const char *name)
{
	struct sim *s = ctx;

	(void)name;
	s->dns_asked++;
	sim_schedule(s, 1, (struct sim_event){ .kind = RESOLVED, .host = host });
}

static void
op_resolve_cancel(void *ctx, struct rgw_host *host)
{
	struct sim *s = ctx;

	for (size_t i = 0; i < s->n_events; i++)
		if (s->events[i].kind == RESOLVED && s->events[i].host == host)
			s->events[i].host = NULL;
}

static void
op_random(void *ctx, void *out, size_t len)
{
	sim_fill_random(ctx, out, len);
}

static const struct rgw_ops ops = {
	.udp_send = sim_op_udp_send,
	.conn_open = sim_op_conn_open,
	.conn_send = sim_op_conn_send,
	.conn_close = sim_op_conn_close,
	.source_open = sim_op_source_open,
	.source_send = sim_op_source_send,
	.source_close = sim_op_source_close,
	.resolve = op_resolve,
	.resolve_cancel = op_resolve_cancel,
	.random = op_random,
};

static bool
sink(void *ctx, enum rgw_log_level level, const char *line, size_t len)
{
	struct sim *s = ctx;
	const char *event = line + 25;  /* behind the time stamp */
	const char *end = line + len;   /* nothing ends the text there */

	if (s->log_full)
		return false;
	if (getenv("SIM_LOG") != NULL)
		fprintf(stderr, "%8llu %d %.*s", (unsigned long long)s->now, level, (int)(end - event),
		    event);
	event += strcspn(event, " ") + 1;
	if (strncmp(event, "login:", 6) == 0 || strncmp(event, "accounting:", 11) == 0) {
		snprintf(s->last_login, sizeof s->last_login, "%.*s", (int)(end - event), event);
		s->n_logins++;
		return true;
	}
	s->log_lines++;
	if (strncmp(event, "f-ticks:", 8) == 0) {
		snprintf(s->last_tick, sizeof s->last_tick, "%.*s", (int)(end - event - 1), event);
		s->n_ticks++;
	}
	/* The course of states is told beside what happens. */
	if (strncmp(event, "connection-state:", 17) == 0 || strncmp(event, "peer-state:", 11) == 0)
		return true;
	snprintf(s->last_line, sizeof s->last_line, "%.*s", (int)(end - event), event);
	snprintf(s->last_event, sizeof s->last_event, "%.*s", (int)strcspn(event, ":"), event);
	return true;
}

static void
wall_clock(void *ctx, int64_t *sec, uint32_t *nsec)
{
	const struct sim *s = ctx;

	*sec = SIM_EPOCH + (int64_t)(s->now / 1000);
	*nsec = 0;
}

/* ---- the course of things ---- */

static void
resolved(struct sim *s, struct rgw_host *host)
{
	struct rgw_addr addrs[2];
	size_t n = 0;

	if (host == NULL)
		return;
	if (!s->no_dns) {
		addrs[n++] = (struct rgw_addr){ .family = 4, .ip = { 192, 0, 2, s->dns_ip } };
		if (s->dns_ip2 != 0)
			addrs[n++] = (struct rgw_addr){ .family = 4, .ip = { 192, 0, 2, s->dns_ip2 } };
	}
	rgw_host_on_resolved(host, addrs, n, s->dns_ttl, "server failure", s->now);
}

static void
happen(struct sim *s, const struct sim_event *e)
{
	switch (e->kind) {
	case CONNECTED:
	case HANDSHAKED:
	case REFUSED:
	case ANSWER:
		sim_conn_happen(s, e);
		return;
	case RESOLVED:
		resolved(s, e->host);
		return;
	case SERVER_ANSWER:
	case UNREACHABLE:
		sim_server_happen(s, e);
		return;
	case NAS_ARRIVES:
	case NAS_HEARS:
	case NAS_AGAIN:
		sim_nas_happen(s, e);
		return;
	case CALL:
		e->call(s, e);
		return;
	}
}

void
sim_run(struct sim *s, rgw_ms ms)
{
	rgw_ms until = s->now + ms;

	for (;;) {
		rgw_ms deadline = rgw_gw_deadline(s->gw);
		rgw_ms at = s->n_events > 0 ? rgw_ms_min(s->events[0].at, deadline) : deadline;

		if (at > until)
			break;
		if (at > s->now)
			s->now = at;
		s->log.now = s->now;
		if (s->n_events > 0 && s->events[0].at <= s->now) {
			struct sim_event e = next_event(s);

			happen(s, &e);
		} else {
			rgw_gw_on_timer(s->gw, s->now);
			/* A deadline that stays in the past would hang the real loop, too. */
			assert_true(rgw_gw_deadline(s->gw) > s->now || s->n_events > 0);
		}
	}
	s->now = until;
	s->log.now = s->now;
}

void
sim_jump(struct sim *s, rgw_ms ms)
{
	s->now += ms;
	s->jumped_at = s->now;
	s->log.now = s->now;
}

/* ---- setting up and ending ---- */

/* Old editions end so much later than what held them. */
#define SWEPT_MS 1000

/* SIM_TEST=NAME runs only the stories of that name; it may have * and ?. */
__attribute__((constructor)) static void
choose_stories(void)
{
	cmocka_set_test_filter(getenv("SIM_TEST"));
}

void
sim_init(struct sim *s, const char *connect)
{
	static const struct sim_far usual = { .secret = SIM_RADSEC, .connect_delay = 10, .handshake_delay = 20,
		.delay = 5, .error_cause = RGW_CAUSE_NOT_ROUTABLE };

	memset(s, 0, sizeof *s);
	s->seed = 42;
	s->now = 1000000;
	s->national = s->visitor = s->second = s->server = usual;
	s->server.no_status = true;
	s->server.secret = SIM_LOCAL;
	s->nas_secret = SIM_SECRET;
	s->least_lifetime = RGW_NEVER;
	s->dns_ip = 1;
	s->dns_ttl = 300;
	s->next_nonce = 1;
	for (size_t i = 0; i < sizeof secret_texts / sizeof secret_texts[0]; i++)
		s->secrets[i] = rgw_secret_new(secret_texts[i], strlen(secret_texts[i]));
	sim_conf_init(s, connect);
	rgw_log_init(&s->log, sink, wall_clock, s);
	s->log.level = RGW_LOG_DEBUG;
	s->log.rate_per_second = 0;
	s->log.now = s->now;
}

static void
over(void *ctx, const struct rgw_conf *conf)
{
	struct sim *s = ctx;

	s->n_confs--;
	rgw_conf_free((struct rgw_conf *)(uintptr_t)conf);
}

static struct rgw_edition *
new_edition(struct sim *s, const struct rgw_conf *conf)
{
	s->conf = conf;
	s->least_lifetime = rgw_ms_min(s->least_lifetime, conf->gateway.request_lifetime);
	s->n_confs++;
	return rgw_edition_new(conf, over, s);
}

bool
sim_try_reload(struct sim *s, const char *ini)
{
	struct sim_lines before = sim_conf_copy(s);
	struct rgw_edition *edition;
	struct rgw_conf *conf;

	if (ini != NULL)
		sim_ini(s, "%s", ini);
	conf = sim_conf_read(s, s->conf);
	if (conf == NULL)
		sim_conf_restore(s, &before);
	else
		sim_conf_forget(&before);
	if (conf == NULL)
		return false;
	s->reloads++;
	s->reloaded_at = s->now;
	rgw_common_adopt(s->common, conf);
	edition = new_edition(s, conf);
	rgw_gw_adopt(s->gw, edition, s->now);
	rgw_edition_drop(edition);
	sim_audit(s);
	return true;
}

void
sim_reload(struct sim *s, const char *ini)
{
	assert_true(sim_try_reload(s, ini));
}

void
sim_start(struct sim *s)
{
	struct rgw_edition *edition;
	struct rgw_hashkey salt;
	struct rgw_conf *conf = sim_conf_read(s, NULL);

	assert_non_null(conf);
	sim_fill_random(s, &salt, sizeof salt);
	s->common = rgw_common_new(conf, &salt);
	edition = new_edition(s, conf);
	s->gw = rgw_gw_new(edition, s->common, &ops, s, &s->log, s->now);
	rgw_edition_drop(edition);
	sim_run(s, 2);
}

void
sim_abort(struct sim *s)
{
	rgw_gw_free(s->gw);
	assert_int_equal(s->n_confs, 0);
	assert_int_equal(rgw_quota_used(&s->common->incoming), 0);
	rgw_common_free(s->common);
	for (size_t i = 0; i < s->n_conns; i++) {
		assert_null(s->conns[i]->engine);
		free(s->conns[i]->held);
		free(s->conns[i]);
	}
	for (size_t i = 0; i < s->n_all; i++)
		free(s->all[i]);
	for (size_t i = 0; i < s->n_reqs; i++) {
		free(s->reqs[i]->answer);
		free(s->reqs[i]);
	}
	for (size_t i = 0; i < sizeof s->secrets / sizeof s->secrets[0]; i++)
		rgw_secret_free(s->secrets[i]);
	sim_free_sources(s);
	free(s->events);
	free(s->by_nonce);
	free(s->by_key);
	free(s->conns);
	free(s->got);
	free(s->all);
	free(s->reqs);
	sim_conf_free(s);
}

/* Every accepted request must have ended in exactly one of the counters that say so. */
static void
check_balance(const struct sim *s)
{
	uint64_t sum = 0;

	for (enum rgw_counter c = 0; c < RGW_COUNTER_COUNT; c++)
		if (strncmp(rgw_counter_name(c), "request_", 8) == 0)
			sum += sim_counter(s, c);
	assert_int_equal(sum, sim_counter(s, RGW_CTR_requests_accepted));
}

void
sim_end(struct sim *s)
{
	struct rgw_gw_usage usage;

	assert_int_equal(s->foreign_datagrams, s->expected_foreign);
	s->quiet = true;
	sim_run(s, s->conf->gateway.request_lifetime + s->conf->gateway.duplicate_window + 1);
	/* Answers to what changes sessions are kept for longer. */
	if (rgw_conf_has_changes(s->conf))
		sim_run(s, 300000);
	if (s->reloads > 0)
		sim_run(s, SWEPT_MS);
	sim_audit(s);
	assert_int_equal(s->n_confs, 1);
	check_balance(s);
	rgw_gw_get_usage(s->gw, &usage);
	assert_int_equal(usage.requests, 0);
	assert_int_equal(usage.buffers, 0);
	assert_int_equal(usage.octets + usage.kept, 0);
	assert_int_equal(rgw_gw_pending(s->gw), 0);
	sim_abort(s);
}

/* ---- counting ---- */

struct sim_conn *
sim_first_up(struct sim *s)
{
	for (size_t i = 0; i < s->n_conns; i++)
		if (s->conns[i]->up)
			return s->conns[i];
	return NULL;
}

struct sim_conn *
sim_first_ours(struct sim *s)
{
	for (size_t i = 0; i < s->n_conns; i++)
		if (s->conns[i]->up && !s->conns[i]->incoming)
			return s->conns[i];
	return NULL;
}

struct sim_conn *
sim_first_to(struct sim *s, const struct sim_far *far)
{
	for (size_t i = 0; i < s->n_conns; i++)
		if (s->conns[i]->up && s->conns[i]->far == far)
			return s->conns[i];
	return NULL;
}

size_t
sim_count_up(const struct sim *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_conns; i++)
		n += s->conns[i]->up;
	return n;
}

size_t
sim_count_to(const struct sim *s, const struct sim_far *far)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_conns; i++)
		n += s->conns[i]->up && s->conns[i]->far == far;
	return n;
}

uint64_t
sim_counter(const struct sim *s, enum rgw_counter c)
{
	return rgw_gw_counters(s->gw)->v[c];
}

size_t
sim_answered(const struct sim *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_reqs; i++)
		n += s->reqs[i]->answers > 0;
	return n;
}

size_t
sim_sends(const struct sim *s, uint32_t nonce)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_got; i++)
		n += s->got[i]->nonce == nonce;
	return n;
}

size_t
sim_sends_to(const struct sim *s, const struct sim_req *r, const struct sim_far *far)
{
	size_t n = 0;

	(void)s;
	for (const struct sim_got *g = r->got; g != NULL; g = g->before)
		n += g->far == far;
	return n;
}
