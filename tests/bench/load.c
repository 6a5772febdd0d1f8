/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "radsecgw/addr.h"
#include "radsecgw/auth.h"
#include "radsecgw/build.h"
#include "radsecgw/mem.h"

/*
 * A RADIUS/UDP client that asks as often as it is told to, and measures. Closed loop (--window): so many
 * requests are always in flight. Open loop (--rate): so many per second, whatever comes back.
 *
 * Latency runs from just before the call that sends to the kernel's time stamp on the answer, so it
 * does not grow when this process has to wait for a processor.
 */
#define IDS 256
#define SOURCES_MAX 64
#define BATCH 64
#define SCAN_US 5000       /* between two looks for requests that are lost or to be repeated */
#define SHORTEST_SLEEP_US 50

/* A request in flight, named by its identifier. */
struct slot {
	int64_t since;    /* when it was sent first */
	int64_t sent;     /* and last */
	bool busy;
};

/* One port of ours: identifiers of its own. */
struct source {
	int fd;
	struct slot slot[IDS];
	uint8_t *packets;      /* owned: IDS times the length of a request */
	uint8_t free_ids[IDS]; /* a ring: the identifier that has been free for longest comes first */
	unsigned free_at;
	unsigned n_free;
};

struct load {
	const char *target, *secret_text, *kind, *user, *password, *from;
	double window, rate, seconds, count, sources, addresses, timeout_ms, retry_ms;
	const struct rgw_secret *secret;
	uint8_t model[RGW_PACKET_MAX];   /* a request without what differs from one to the next */
	size_t len;
	size_t msgauth_at, password_at, session_at;
	struct source *source;           /* owned */
	size_t n_sources;
	size_t turn;                     /* open loop: the next source */
	int64_t began, ended;
	int64_t last_answer;
	uint64_t in_flight;
	uint64_t sent, resent, answered, answered_in_time, rejected, lost, wrong, twice, no_id;
	int64_t late_us;                 /* open loop: how far sending was behind at worst */
	int64_t gap_us;
	struct bench_hist latency;
	/* room for what comes in */
	struct mmsghdr in[BATCH];
	struct iovec in_iov[BATCH];
	uint8_t in_octets[BATCH][RGW_PACKET_MAX];
	char in_control[BATCH][64];
};

/* ---- requests ---- */

static void
fill_up(struct rgw_builder *b, uint8_t type, size_t total)
{
	uint8_t text[RGW_ATTR_VALUE_MAX];

	memset(text, 'x', sizeof text);
	while (b->w.len + 2 < total) {
		size_t n = total - b->w.len - 2;

		rgw_build_attr(b, type, text, n < sizeof text ? n : sizeof text);
	}
}

static void
make_model(struct load *l)
{
	static const uint8_t eap_start[] = { 2, 1, 3, 232, 25, 0 };
	bool acct = strcmp(l->kind, "acct") == 0;
	bool eap = strcmp(l->kind, "eap") == 0;
	struct rgw_builder b;

	if (!acct && !eap && strcmp(l->kind, "pap") != 0)
		bench_fail("--kind is pap, eap or acct");
	rgw_build_begin(&b, l->model, sizeof l->model, acct ? RGW_ACCOUNTING_REQUEST : RGW_ACCESS_REQUEST,
	    0, NULL, !acct);
	rgw_build_attr(&b, RGW_USER_NAME, l->user, strlen(l->user));
	rgw_build_attr(&b, RGW_NAS_IP_ADDRESS, "\x7f\0\0\1", 4);
	if (acct) {
		rgw_build_u32(&b, 40, 1);  /* Acct-Status-Type = Start */
		l->session_at = b.w.len + 2;
		rgw_build_attr(&b, 44, "0123456789abcdef", 16);  /* Acct-Session-Id */
	} else if (eap) {
		rgw_build_attr(&b, RGW_STATE, "a state of an eap server", 16);
		rgw_build_attr(&b, RGW_EAP_MESSAGE, eap_start, sizeof eap_start);
		fill_up(&b, RGW_EAP_MESSAGE, 1096);
	} else {
		l->password_at = b.w.len + 2;
		rgw_build_attr(&b, RGW_USER_PASSWORD, "0123456789abcdef", 16);
	}
	fill_up(&b, RGW_NAS_IDENTIFIER, eap ? 1100 : 120);
	l->msgauth_at = b.msgauth_at;
	l->len = rgw_build_request(&b, l->secret);
	if (l->len == 0)
		bench_fail("the request does not fit; is the user too long?");
}

/* Makes the request of this identifier another one. */
static void
renew(struct load *l, uint8_t *packet)
{
	uint64_t auth[2] = { bench_unique(), bench_unique() };
	char session[17];

	if (l->session_at != 0) {
		snprintf(session, sizeof session, "%016llx", (unsigned long long)auth[0]);
		memcpy(packet + l->session_at, session, 16);
	} else {
		memcpy(packet + 4, auth, RGW_AUTH_LEN);
	}
	if (l->password_at != 0)
		bench_hide(packet + l->password_at, l->password, packet + 4, l->secret);
	rgw_sign_request(packet, l->len, l->msgauth_at, l->secret);
}

/* ---- sending ---- */

/* What the kernel does not take counts as lost in the end, as on a real network. */
static void
send_batch(struct load *l, struct source *s, const uint8_t *ids, unsigned n)
{
	struct mmsghdr out[BATCH];
	struct iovec iov[BATCH];
	unsigned done = 0;

	for (unsigned i = 0; i < n; i++) {
		iov[i] = (struct iovec){ s->packets + ids[i] * l->len, l->len };
		out[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &iov[i], .msg_iovlen = 1 } };
	}
	for (int tries = 0; done < n && tries < 3; tries++) {
		int took = sendmmsg(s->fd, out + done, n - done, MSG_DONTWAIT);

		if (took > 0)
			done += (unsigned)took;
	}
}

/* Sends up to n new requests from this port; returns how many. */
static unsigned
send_new(struct load *l, struct source *s, unsigned n)
{
	uint8_t ids[BATCH];
	int64_t now;

	if (n > s->n_free)
		n = s->n_free;
	if (n > BATCH)
		n = BATCH;
	if (n == 0)
		return 0;
	for (unsigned i = 0; i < n; i++) {
		ids[i] = s->free_ids[s->free_at++ % IDS];
		renew(l, s->packets + ids[i] * l->len);
	}
	now = bench_now(CLOCK_REALTIME);
	for (unsigned i = 0; i < n; i++)
		s->slot[ids[i]] = (struct slot){ .since = now, .sent = now, .busy = true };
	s->n_free -= n;
	l->sent += n;
	l->in_flight += n;
	send_batch(l, s, ids, n);
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
	return l->count > 0 ? (double)l->sent < l->count : now < l->began + (int64_t)(l->seconds * 1e6);
}

/* Closed loop: fills this port's part of the window. */
static void
fill_window(struct load *l, struct source *s, int64_t now)
{
	unsigned share = (unsigned)((l->window + (double)l->n_sources - 1) / (double)l->n_sources);

	while (may_send(l, now) && IDS - s->n_free < share && (double)l->in_flight < l->window) {
		double want = share - (IDS - s->n_free);
		double room = l->window - (double)l->in_flight;

		if (l->count > 0 && l->count - (double)l->sent < room)
			room = l->count - (double)l->sent;
		if (send_new(l, s, (unsigned)(want < room ? want : room)) == 0)
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
	if (due >= 1 && late > l->late_us)
		l->late_us = late;
	while (due >= 1 && tried < l->n_sources) {
		struct source *s = &l->source[l->turn++ % l->n_sources];
		unsigned n = send_new(l, s, due < BATCH ? (unsigned)due : BATCH);

		due -= n;
		tried = n > 0 ? 0 : tried + 1;
	}
	/* All identifiers are in use: these requests are never sent. */
	if (due >= 1)
		l->no_id += (uint64_t)due;
	return l->began + (int64_t)((double)(l->sent + l->no_id) * 1e6 / l->rate);
}

/* ---- receiving ---- */

static int64_t
arrival(const struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	struct timespec ts;

	if (c == NULL || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
		return bench_now(CLOCK_REALTIME);
	memcpy(&ts, CMSG_DATA(c), sizeof ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void
take_answer(struct load *l, struct source *s, const uint8_t *data, size_t len, int64_t at)
{
	struct rgw_packet p;
	const uint8_t *request;

	if (rgw_packet_parse(&p, data, len) != RGW_PACKET_OK) {
		l->wrong++;
		return;
	}
	request = s->packets + p.id * l->len;
	if (!rgw_code_answers(p.code, request[0]) || !rgw_response_auth_ok(&p, request + 4, l->secret) ||
	    rgw_msgauth_check(&p, request + 4, l->secret) == RGW_MSGAUTH_BAD) {
		l->wrong++;
		return;
	}
	if (!s->slot[p.id].busy) {
		l->twice++;
		return;
	}
	l->answered++;
	l->answered_in_time += l->ended == 0 || at <= l->ended;
	l->rejected += p.code != RGW_ACCESS_ACCEPT && p.code != RGW_ACCOUNTING_RESPONSE;
	bench_hist_add(&l->latency, at - s->slot[p.id].since);
	if (at - l->last_answer > l->gap_us)
		l->gap_us = at - l->last_answer;
	if (at > l->last_answer)
		l->last_answer = at;
	give_back(l, s, p.id);
}

static void
take_answers(struct load *l, struct source *s)
{
	int n;

	do {
		for (size_t i = 0; i < BATCH; i++)
			l->in[i].msg_hdr.msg_controllen = sizeof l->in_control[i];
		n = recvmmsg(s->fd, l->in, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++)
			take_answer(l, s, l->in_octets[i], l->in[i].msg_len, arrival(&l->in[i].msg_hdr));
		if (l->window > 0)
			fill_window(l, s, bench_now(CLOCK_REALTIME));
	} while (n == BATCH);
}

/* ---- what has no answer ---- */

static void
look_after(struct load *l, struct source *s, int64_t now)
{
	uint8_t again[IDS];
	unsigned n = 0;

	for (unsigned id = 0; id < IDS; id++) {
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
	for (unsigned at = 0; at < n; at += BATCH)
		send_batch(l, s, again + at, n - at < BATCH ? n - at : BATCH);
	l->resent += n;
}

static void
look_after_all(struct load *l, int64_t now)
{
	for (size_t i = 0; i < l->n_sources; i++) {
		look_after(l, &l->source[i], now);
		if (l->window > 0)
			fill_window(l, &l->source[i], now);
	}
}

/* ---- the whole ---- */

/* Our sources take turns at the addresses from --from on. */
static void
bind_source(const struct load *l, const struct source *s)
{
	size_t turn = (size_t)(s - l->source) % (size_t)l->addresses;
	struct sockaddr_storage sa;
	struct rgw_addr own;
	socklen_t len;

	if (!rgw_addr_parse(l->from, 0, &own))
		bench_fail("--from wants an address");
	for (int i = own.family == 4 ? 3 : 15; i >= 0 && turn > 0; i--) {
		turn += own.ip[i];
		own.ip[i] = (uint8_t)turn;
		turn >>= 8;
	}
	len = rgw_addr_to_sockaddr(&own, &sa);
	if (bind(s->fd, (struct sockaddr *)&sa, len) != 0)
		bench_fail("cannot bind a socket: %s", strerror(errno));
}

static void
open_source(struct load *l, struct source *s, const struct rgw_addr *to)
{
	struct sockaddr_storage sa;
	socklen_t len = rgw_addr_to_sockaddr(to, &sa);
	int yes = 1;
	int octets = 4 << 20;

	s->fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd >= 0 && l->from != NULL)
		bind_source(l, s);
	if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&sa, len) != 0)
		bench_fail("cannot open a socket: %s", strerror(errno));
	(void)setsockopt(s->fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes);
	(void)setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
	s->packets = rgw_xcalloc(IDS, l->len);
	for (unsigned id = 0; id < IDS; id++) {
		memcpy(s->packets + id * l->len, l->model, l->len);
		s->packets[id * l->len + 1] = (uint8_t)id;
		s->free_ids[id] = (uint8_t)id;
	}
	s->n_free = IDS;
}

static void
set_up(struct load *l)
{
	struct rgw_addr to;

	if (l->target == NULL || !rgw_addr_parse(l->target, 1812, &to))
		bench_fail("--target wants an address and a port");
	if ((l->window > 0) == (l->rate > 0) || (l->seconds > 0) == (l->count > 0))
		bench_fail("one of --window and --rate, and one of --time and --count");
	l->n_sources = (size_t)l->sources;
	if (l->addresses < 1)
		bench_fail("at least one of --addresses");
	if (l->n_sources == 0)
		l->n_sources = l->window > 0 ? 1 + (size_t)l->window / 129 : 4;
	if (l->n_sources > SOURCES_MAX || l->window > (double)(l->n_sources * IDS))
		bench_fail("at most %d sources and 256 requests in flight from each", SOURCES_MAX);
	l->secret = rgw_secret_new(l->secret_text, strlen(l->secret_text));
	make_model(l);
	l->source = rgw_xcalloc(l->n_sources, sizeof *l->source);
	for (size_t i = 0; i < l->n_sources; i++)
		open_source(l, &l->source[i], &to);
	for (size_t i = 0; i < BATCH; i++) {
		l->in_iov[i] = (struct iovec){ l->in_octets[i], RGW_PACKET_MAX };
		l->in[i].msg_hdr = (struct msghdr){ .msg_iov = &l->in_iov[i], .msg_iovlen = 1,
			.msg_control = l->in_control[i] };
	}
}

static void
wait_until(struct load *l, int64_t when)
{
	struct pollfd fds[SOURCES_MAX];
	int64_t left = when - bench_now(CLOCK_REALTIME);
	struct timespec ts;

	if (left < SHORTEST_SLEEP_US)
		left = SHORTEST_SLEEP_US;
	ts = (struct timespec){ left / 1000000, left % 1000000 * 1000 };
	for (size_t i = 0; i < l->n_sources; i++)
		fds[i] = (struct pollfd){ .fd = l->source[i].fd, .events = POLLIN };
	if (ppoll(fds, l->n_sources, &ts, NULL) <= 0)
		return;
	for (size_t i = 0; i < l->n_sources; i++)
		if (fds[i].revents != 0)
			take_answers(l, &l->source[i]);
}

static void
run(struct load *l)
{
	int64_t now = bench_now(CLOCK_REALTIME);
	int64_t scan = now;

	l->began = l->last_answer = now;
	while (l->ended == 0 || (l->in_flight > 0 && !bench_is_over())) {
		int64_t next = scan;

		if (l->ended == 0 && !may_send(l, now))
			l->ended = now;
		if (l->rate > 0 && l->ended == 0) {
			int64_t due = keep_pace(l, now);

			next = due < scan ? due : scan;
		}
		if (now >= scan) {
			look_after_all(l, now);
			scan = now + SCAN_US;
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
	double seconds = (double)(l->ended - l->began) / 1e6;

	printf("{\"kind\": \"%s\", \"octets\": %zu, \"sent\": %lu, \"resent\": %lu, \"answered\": %lu, "
	       "\"rejected\": %lu, \"lost\": %lu, \"wrong\": %lu, \"twice\": %lu, \"no_id\": %lu, ",
	    l->kind, l->len, l->sent, l->resent, l->answered, l->rejected, l->lost + l->in_flight,
	    l->wrong, l->twice, l->no_id);
	printf("\"seconds\": %.3f, \"per_second\": %.1f, \"p50_us\": %ld, \"p90_us\": %ld, "
	       "\"p99_us\": %ld, \"p999_us\": %ld, \"max_us\": %ld, \"gap_ms\": %.1f, \"late_us\": %ld}\n",
	    seconds, (double)l->answered_in_time / seconds, bench_hist_at(h, 0.5), bench_hist_at(h, 0.9),
	    bench_hist_at(h, 0.99), bench_hist_at(h, 0.999), h->max, (double)l->gap_us / 1000,
	    l->late_us);
}

int
main(int argc, char **argv)
{
	static struct load l = { .secret_text = "testing123", .kind = "pap", .user = "bob@example.org",
		.password = "hello", .addresses = 1, .timeout_ms = 3000 };
	const struct bench_option options[] = {
		{ "target", BENCH_TEXT, &l.target, "ADDRESS:PORT" },
		{ "secret", BENCH_TEXT, &l.secret_text, "shared secret (testing123)" },
		{ "kind", BENCH_TEXT, &l.kind, "pap (120 octets), eap (1100 octets) or acct (120 octets)" },
		{ "user", BENCH_TEXT, &l.user, "User-Name with its realm (bob@example.org)" },
		{ "password", BENCH_TEXT, &l.password, "User-Password, at most 16 octets (hello)" },
		{ "window", BENCH_NUMBER, &l.window, "closed loop: requests in flight" },
		{ "rate", BENCH_NUMBER, &l.rate, "open loop: requests per second" },
		{ "time", BENCH_NUMBER, &l.seconds, "seconds of sending" },
		{ "count", BENCH_NUMBER, &l.count, "or: requests to be sent" },
		{ "sources", BENCH_NUMBER, &l.sources, "UDP ports of ours (as many as needed)" },
		{ "from", BENCH_TEXT, &l.from, "ADDRESS of ours that they have (the system's choice)" },
		{ "addresses", BENCH_NUMBER, &l.addresses, "so many of them in turn, from that one on (1)" },
		{ "timeout", BENCH_NUMBER, &l.timeout_ms, "milliseconds after which one is lost (3000)" },
		{ "retry", BENCH_NUMBER, &l.retry_ms, "milliseconds after which one is sent again (never)" },
	};

	bench_begin(argc, argv, "load --target ADDRESS:PORT (--window N | --rate R) (--time S | --count N)",
	    options, sizeof options / sizeof options[0]);
	set_up(&l);
	run(&l);
	report(&l);
	return 0;
}
