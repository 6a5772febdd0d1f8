/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bench.h"
#include "port.h"
#include "radsecgw/mem.h"
#include "request.h"

/*
 * A RADIUS client that asks as often as it is told to, over UDP or TLS, and measures. Closed loop
 * (--window): so many requests are always in flight. Open loop (--rate): so many per second, whatever
 * comes back.
 *
 * Latency runs from just before the call that sends to the kernel's time stamp on the answer, so it
 * does not grow when this process has to wait for a processor. With --prime the first seconds are not
 * measured, so that what is measured has settled: they count for what is lost, but not for how fast it
 * went.
 */
#define IDS 256
#define SOURCES_MAX 16000
#define ROTATE_FROM 65           /* so many sources take turns with each request */
#define PACKETS_OCTETS (64u << 20)
#define EVENTS 64
#define SCAN_US 5000             /* between two looks for requests that are lost or to be repeated */
#define SHORTEST_SLEEP_US 50
#define PIDS_MAX 8

/* A request in flight, named by its identifier. */
struct slot {
	int64_t since;    /* when it was sent first */
	int64_t sent;     /* and last */
	bool busy;
};

/* A port or connection of ours: identifiers of its own. */
struct source {
	struct port port;
	struct load *load;     /* borrowed */
	struct slot *slot;     /* owned, as the next: one for each identifier */
	uint8_t *packets;      /* the requests, one behind the other */
	uint8_t free_ids[IDS]; /* a ring: the identifier that has been free for longest comes first */
	unsigned free_at;
	unsigned n_free;
	bool blocked;          /* the kernel did not take all; epoll says when it does */
};

struct load {
	const char *target, *secret_text, *kind, *user, *pki, *name, *pids_text;
	double window, rate, seconds, prime, count, sources, addresses, timeout_ms, retry_ms;
	const struct rgw_secret *secret;
	struct request_model model;
	struct source *source;           /* owned */
	size_t n_sources;
	unsigned n_ids;                  /* of each source */
	size_t turn;                     /* the next source, where they take turns */
	int epoll;
	int64_t began, measured, ended;  /* measured: since when; 0 = not yet */
	int64_t first_answer, last_answer;
	double allowed;                  /* the window as it grows */
	uint64_t in_flight;
	uint64_t sent, resent, answered, answered_in_time, rejected, lost, wrong, twice, no_id;
	int64_t late_us;                 /* open loop: how far sending was behind at worst */
	int64_t gap_us;
	pid_t pids[PIDS_MAX + 1];        /* whose processor time is taken; the last is ours */
	size_t n_pids;
	int64_t cpu[PIDS_MAX + 1];
	struct bench_hist latency;
};

/* ---- sending ---- */

static void
send_ids(struct load *l, struct source *s, const uint8_t *ids, unsigned n)
{
	struct iovec iov[PORT_BATCH];

	for (unsigned i = 0; i < n; i++)
		iov[i] = (struct iovec){ s->packets + ids[i] * l->model.len, l->model.len };
	port_send(&s->port, iov, n);
}

/* Sends up to n new requests from this source; returns how many. */
static unsigned
send_new(struct load *l, struct source *s, unsigned n)
{
	uint8_t ids[PORT_BATCH];
	int64_t now;

	if (n > s->n_free)
		n = s->n_free;
	if (n > PORT_BATCH)
		n = PORT_BATCH;
	if (n == 0)
		return 0;
	for (unsigned i = 0; i < n; i++) {
		ids[i] = s->free_ids[s->free_at++ % IDS];
		request_renew(&l->model, s->packets + ids[i] * l->model.len, l->secret);
	}
	now = bench_now(CLOCK_REALTIME);
	for (unsigned i = 0; i < n; i++)
		s->slot[ids[i]] = (struct slot){ .since = now, .sent = now, .busy = true };
	s->n_free -= n;
	l->sent += n;
	l->in_flight += n;
	send_ids(l, s, ids, n);
	return n;
}

static void
give_back(struct load *l, struct source *s, uint8_t id)
{
	s->slot[id].busy = false;
	s->free_ids[(s->free_at + s->n_free++) % IDS] = id;
	l->in_flight--;
}

static bool
may_send(const struct load *l, int64_t now)
{
	if (bench_is_over())
		return false;
	if (l->count > 0)
		return (double)l->sent < l->count;
	return now < l->began + (int64_t)((l->prime + l->seconds) * 1e6);
}

/* Closed loop: how many more may be in flight. */
static unsigned
room(const struct load *l)
{
	double n = l->allowed - (double)l->in_flight;

	if (l->count > 0 && l->count - (double)l->sent < n)
		n = l->count - (double)l->sent;
	return n > 0 ? (unsigned)n : 0;
}

/* Closed loop, many sources: each request comes from the next one. */
static void
take_turns(struct load *l, int64_t now)
{
	size_t tried = 0;

	while (may_send(l, now) && room(l) > 0 && tried++ < l->n_sources)
		if (send_new(l, &l->source[l->turn++ % l->n_sources], 1) > 0)
			tried = 0;
}

/* Closed loop: fills this source's part of the window. */
static void
fill_window(struct load *l, struct source *s, int64_t now)
{
	unsigned share = (unsigned)((l->allowed + (double)l->n_sources - 1) / (double)l->n_sources);

	if (l->n_sources >= ROTATE_FROM) {
		take_turns(l, now);
		return;
	}
	while (may_send(l, now) && l->n_ids - s->n_free < share) {
		unsigned want = share - (l->n_ids - s->n_free);
		unsigned may = room(l);

		if (send_new(l, s, want < may ? want : may) == 0)
			return;
	}
}

/* Open loop: sends what is due; returns when the next one is. */
static int64_t
keep_pace(struct load *l, int64_t now)
{
	double due = (double)(now - l->began) * l->rate / 1e6 - (double)(l->sent + l->no_id) + 1;
	int64_t late = (int64_t)((due - 1) * 1e6 / l->rate);
	size_t tried = 0;

	if (l->count > 0 && due > l->count - (double)l->sent)
		due = l->count - (double)l->sent;
	if (due >= 1 && late > l->late_us && l->measured != 0)
		l->late_us = late;
	while (due >= 1 && tried < l->n_sources) {
		struct source *s = &l->source[l->turn++ % l->n_sources];
		unsigned n = send_new(l, s, due < PORT_BATCH ? (unsigned)due : PORT_BATCH);

		due -= n;
		tried = n > 0 ? 0 : tried + 1;
	}
	/* All identifiers are in use: these requests are never sent. */
	if (due >= 1)
		l->no_id += (uint64_t)due;
	return l->began + (int64_t)((double)(l->sent + l->no_id) * 1e6 / l->rate);
}

/* ---- receiving ---- */

static void
count_answer(struct load *l, const struct slot *slot, int64_t at)
{
	l->answered++;
	if (l->first_answer == 0)
		l->first_answer = at;
	if (l->measured == 0 || at < l->measured)
		return;
	l->answered_in_time += l->ended == 0 || at <= l->ended;
	bench_hist_add(&l->latency, at - slot->since);
	if (at - l->last_answer > l->gap_us)
		l->gap_us = at - l->last_answer;
	if (at > l->last_answer)
		l->last_answer = at;
}

static void
take_answer(void *arg, const uint8_t *data, size_t len, int64_t at)
{
	struct source *s = arg;
	struct load *l = s->load;
	struct rgw_packet p;

	if (rgw_packet_parse(&p, data, len) != RGW_PACKET_OK || p.id >= l->n_ids ||
	    !request_answered(&l->model, s->packets + p.id * l->model.len, &p, l->secret)) {
		l->wrong++;
	} else if (!s->slot[p.id].busy) {
		l->twice++;
	} else {
		l->rejected += p.code != RGW_ACCESS_ACCEPT && p.code != RGW_ACCOUNTING_RESPONSE;
		count_answer(l, &s->slot[p.id], at);
		give_back(l, s, p.id);
	}
}

static void
take_answers(struct load *l, struct source *s)
{
	bool more = true;

	while (more) {
		more = port_receive(&s->port, take_answer, s);
		if (l->window > 0)
			fill_window(l, s, bench_now(CLOCK_REALTIME));
	}
}

/* ---- what has no answer ---- */

static void
look_after(struct load *l, struct source *s, int64_t now)
{
	uint8_t again[IDS];
	unsigned n = 0;

	for (unsigned id = 0; id < l->n_ids && s->n_free < l->n_ids; id++) {
		struct slot *slot = &s->slot[id];

		if (!slot->busy)
			continue;
		if (now - slot->since >= (int64_t)(l->timeout_ms * 1000)) {
			l->lost++;
			give_back(l, s, (uint8_t)id);
		} else if (l->retry_ms > 0 && now - slot->sent >= (int64_t)(l->retry_ms * 1000)) {
			slot->sent = now;
			again[n++] = (uint8_t)id;
		}
	}
	for (unsigned at = 0; at < n; at += PORT_BATCH)
		send_ids(l, s, again + at, n - at < PORT_BATCH ? n - at : PORT_BATCH);
	l->resent += n;
}

/* The window reaches its size in the middle of what is not measured. */
static void
widen(struct load *l, int64_t now)
{
	double done = (double)(now - l->began) / (l->prime * 1e6 / 2);

	l->allowed = l->prime > 0 && done < 1 ? 1 + (l->window - 1) * done : l->window;
}

static void
look_after_all(struct load *l, int64_t now)
{
	widen(l, now);
	for (size_t i = 0; i < l->n_sources; i++) {
		look_after(l, &l->source[i], now);
		if (l->window > 0)
			fill_window(l, &l->source[i], now);
	}
}

/* ---- the whole ---- */

/* Sources take turns at the addresses of ours, if these are given; otherwise the system chooses. */
static void
open_port(const struct load *l, struct source *s, const struct rgw_addr *to, struct rgw_tlsctx *ctx)
{
	size_t turn = (size_t)(s - l->source) % (size_t)(l->addresses > 0 ? l->addresses : 1);
	struct rgw_addr own = { .family = 4, .ip = { 127, 1, (uint8_t)(turn / 250 + 1),
		(uint8_t)(turn % 250 + 1) } };
	const struct rgw_addr *from = l->addresses > 0 ? &own : NULL;

	if (ctx != NULL)
		port_open_tls(&s->port, from, to, ctx);
	else
		port_open_udp(&s->port, from, to);
}

static void
open_source(struct load *l, struct source *s, const struct rgw_addr *to, struct rgw_tlsctx *ctx)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = s };

	open_port(l, s, to, ctx);
	(void)epoll_ctl(l->epoll, EPOLL_CTL_ADD, s->port.end.fd, &e);
	s->load = l;
	s->slot = rgw_xcalloc(l->n_ids, sizeof *s->slot);
	s->packets = rgw_xcalloc(l->n_ids, l->model.len);
	for (unsigned id = 0; id < l->n_ids; id++) {
		memcpy(s->packets + id * l->model.len, l->model.octets, l->model.len);
		s->packets[id * l->model.len + 1] = (uint8_t)id;
		s->free_ids[id] = (uint8_t)id;
	}
	s->n_free = l->n_ids;
}

/* As many sources as the window needs, and identifiers as there is room for. */
static void
choose_sources(struct load *l)
{
	size_t fit;

	l->n_sources = (size_t)l->sources;
	/* A connection is worth more than a port; one identifier is left for a Status-Server. */
	if (l->n_sources == 0 && l->pki != NULL)
		l->n_sources = l->window > 0 ? 1 + (size_t)(l->window - 1) / 255 : 4;
	else if (l->n_sources == 0)
		l->n_sources = l->window > 0 ? 1 + (size_t)l->window / 129 : 4;
	fit = PACKETS_OCTETS / l->model.len / l->n_sources;
	l->n_ids = fit < IDS ? (unsigned)fit : IDS;
	if (l->n_sources > SOURCES_MAX || l->window > (double)(l->n_sources * l->n_ids))
		bench_fail("at most %d sources and %u requests in flight from each", SOURCES_MAX, l->n_ids);
}

static void
choose_pids(struct load *l)
{
	char *list = l->pids_text != NULL ? rgw_xstrdup(l->pids_text) : NULL;
	char *rest = list;
	char *word;

	while ((word = strsep(&rest, ",")) != NULL && l->n_pids < PIDS_MAX)
		l->pids[l->n_pids++] = (pid_t)strtol(word, NULL, 10);
	l->pids[l->n_pids++] = getpid();
	free(list);
}

static void
set_up(struct load *l)
{
	struct rgw_tlsctx *ctx = NULL;
	struct rgw_addr to;

	if (l->target == NULL || !rgw_addr_parse(l->target, 1812, &to))
		bench_fail("--target wants an address and a port");
	if ((l->window > 0) == (l->rate > 0) || (l->seconds > 0) == (l->count > 0))
		bench_fail("one of --window and --rate, and one of --time and --count");
	if (l->secret_text == NULL)
		l->secret_text = l->pki != NULL ? "radsec" : "testing123";
	l->secret = rgw_secret_new(l->secret_text, strlen(l->secret_text));
	request_model(&l->model, l->kind, l->user, l->secret);
	choose_sources(l);
	choose_pids(l);
	if (l->pki != NULL)
		ctx = tlsend_context(l->pki, l->name, RGW_TLS_CLIENT);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->source = rgw_xcalloc(l->n_sources, sizeof *l->source);
	for (size_t i = 0; i < l->n_sources; i++)
		open_source(l, &l->source[i], &to, ctx);
}

/* What a connection could not send goes on when the kernel has room. */
static void
watch(struct load *l, struct source *s)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT, .data.ptr = s };

	if ((port_waiting(&s->port) > 0) == s->blocked)
		return;
	s->blocked = !s->blocked;
	if (!s->blocked)
		e.events = EPOLLIN;
	(void)epoll_ctl(l->epoll, EPOLL_CTL_MOD, s->port.end.fd, &e);
}

static void
wait_until(struct load *l, int64_t when)
{
	struct epoll_event events[EVENTS];
	int64_t left = when - bench_now(CLOCK_REALTIME);
	struct timespec ts;
	int n;

	if (left < SHORTEST_SLEEP_US)
		left = SHORTEST_SLEEP_US;
	ts = (struct timespec){ left / 1000000, left % 1000000 * 1000 };
	n = epoll_pwait2(l->epoll, events, EVENTS, &ts, NULL);
	for (int i = 0; i < n; i++) {
		struct source *s = events[i].data.ptr;

		if ((events[i].events & EPOLLOUT) != 0)
			port_flush(&s->port);
		take_answers(l, s);
		watch(l, s);
	}
}

/* Begins what is measured, or ends it: the times become what has passed since. */
static void
read_processors(struct load *l)
{
	for (size_t i = 0; i < l->n_pids; i++)
		l->cpu[i] = bench_cpu(l->pids[i]) - l->cpu[i];
}

static void
turn(struct load *l, int64_t now)
{
	if (l->measured == 0 && now >= l->began + (int64_t)(l->prime * 1e6)) {
		l->measured = l->last_answer = now;
		read_processors(l);
	}
	if (l->ended == 0 && !may_send(l, now)) {
		l->ended = now;
		read_processors(l);
	}
}

static void
run(struct load *l)
{
	int64_t scan_us = l->retry_ms > 0 && l->retry_ms < 10 ? (int64_t)(l->retry_ms * 500) : SCAN_US;
	int64_t now = bench_now(CLOCK_REALTIME);
	int64_t scan = now;

	l->began = now;
	while (l->ended == 0 || (l->in_flight > 0 && !bench_is_over())) {
		int64_t next = scan;

		turn(l, now);
		if (l->rate > 0 && l->ended == 0) {
			int64_t due = keep_pace(l, now);

			next = due < scan ? due : scan;
		}
		if (now >= scan) {
			look_after_all(l, now);
			scan = now + scan_us;
		}
		wait_until(l, next);
		now = bench_now(CLOCK_REALTIME);
	}
	/* Silence up to the end of sending is a gap, too. */
	if (l->ended - l->last_answer > l->gap_us)
		l->gap_us = l->ended - l->last_answer;
}

static void
report(const struct load *l)
{
	const struct bench_hist *h = &l->latency;
	double seconds = (double)(l->ended - l->measured) / 1e6;

	printf("{\"kind\": \"%s\", \"octets\": %zu, \"sent\": %lu, \"resent\": %lu, \"answered\": %lu, "
	       "\"rejected\": %lu, \"lost\": %lu, \"wrong\": %lu, \"twice\": %lu, \"no_id\": %lu, ",
	    l->kind, l->model.len, l->sent, l->resent, l->answered, l->rejected, l->lost + l->in_flight,
	    l->wrong, l->twice, l->no_id);
	printf("\"seconds\": %.3f, \"measured\": %lu, \"per_second\": %.1f, \"p50_us\": %ld, "
	       "\"p90_us\": %ld, \"p99_us\": %ld, \"p999_us\": %ld, \"max_us\": %ld, ",
	    seconds, l->answered_in_time, (double)l->answered_in_time / seconds, bench_hist_at(h, 0.5),
	    bench_hist_at(h, 0.9), bench_hist_at(h, 0.99), bench_hist_at(h, 0.999), h->max);
	printf("\"gap_ms\": %.1f, \"late_us\": %ld, \"first_answer\": %.6f, \"own_cpu_us\": %ld, "
	       "\"cpu_us\": [",
	    (double)l->gap_us / 1000, l->late_us, (double)l->first_answer / 1e6,
	    l->cpu[l->n_pids - 1]);
	for (size_t i = 0; i + 1 < l->n_pids; i++)
		printf("%s%ld", i > 0 ? ", " : "", l->cpu[i]);
	printf("]}\n");
}

int
main(int argc, char **argv)
{
	static struct load l = { .kind = "pap", .user = "bob@example.org", .name = "gateway.test",
		.timeout_ms = 3000 };
	const struct bench_option options[] = {
		{ "target", BENCH_TEXT, &l.target, "ADDRESS:PORT" },
		{ "secret", BENCH_TEXT, &l.secret_text, "shared secret (testing123, with TLS radsec)" },
		{ "pki", BENCH_TEXT, &l.pki, "over TLS: folder made by certs/make-pki.sh" },
		{ "name", BENCH_TEXT, &l.name, "certificate in it (gateway.test)" },
		{ "kind", BENCH_TEXT, &l.kind, "pap (120 octets), eap (1100 octets) or acct (120 octets)" },
		{ "user", BENCH_TEXT, &l.user, "User-Name with its realm (bob@example.org)" },
		{ "window", BENCH_NUMBER, &l.window, "closed loop: requests in flight" },
		{ "rate", BENCH_NUMBER, &l.rate, "open loop: requests per second" },
		{ "prime", BENCH_NUMBER, &l.prime, "seconds of sending that are not measured (0)" },
		{ "time", BENCH_NUMBER, &l.seconds, "seconds of sending" },
		{ "count", BENCH_NUMBER, &l.count, "or: requests to be sent" },
		{ "sources", BENCH_NUMBER, &l.sources, "ports or connections of ours (as many as needed)" },
		{ "addresses", BENCH_NUMBER, &l.addresses,
		    "how many of 127.1.0.0/16 to come from (the system's choice)" },
		{ "timeout", BENCH_NUMBER, &l.timeout_ms, "milliseconds after which one is lost (3000)" },
		{ "retry", BENCH_NUMBER, &l.retry_ms, "milliseconds after which one is sent again (never)" },
		{ "pid", BENCH_TEXT, &l.pids_text, "PID[,PID ...] whose processor time is measured, too" },
	};

	bench_begin(argc, argv, "load --target ADDRESS:PORT (--window N | --rate R) (--time S | --count N)",
	    options, sizeof options / sizeof options[0]);
	set_up(&l);
	run(&l);
	report(&l);
	return 0;
}
