/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "radsecgw/addr.h"
#include "radsecgw/build.h"
#include "radsecgw/list.h"
#include "radsecgw/mem.h"
#include "tlsend.h"

/*
 * What hostile (and idle) clients do to a RADIUS/TLS port, and how fast it serves new ones. Connections
 * are either kept, so many of them, or opened at a rate. They come from many addresses of 127.0.0.0/8, so
 * that limits for one address do not end the storm before it begins.
 */
enum kind { SILENT, LORIS, STUCK, HOLD, HELLO, HANDSHAKE, PROBE, DEAF, IDLE, VISIT, KINDS };

static const struct {
	const char *name;
	bool kept;  /* a number of connections, not a rate */
	bool tls;   /* they begin a handshake that they mean */
} kinds[KINDS] = {
	[SILENT] = { "silent", true, false },
	[LORIS] = { "loris", true, false },
	[STUCK] = { "stuck", true, false },
	[HOLD] = { "hold", false, false },
	[HELLO] = { "hello", false, false },
	[HANDSHAKE] = { "handshake", false, true },
	[PROBE] = { "probe", false, false },
	[DEAF] = { "deaf", true, true },
	[IDLE] = { "idle", true, true },
	[VISIT] = { "visit", true, true },
};

#define EVENTS 256
#define TICK_MS 10
#define OPEN_MAX 15000          /* connections at once */
#define PATIENCE_US 10000000    /* this long for one that is to be over soon */
#define DEAF_OCTETS 32768       /* written to a connection in one go */

struct conn {
	struct tlsend end;      /* tls is NULL where none is spoken */
	bool connected;
	struct rgw_link link;   /* among all, oldest first */
	int64_t since;          /* when it was begun */
	int64_t next_octet;     /* loris */
	size_t octets;          /* loris: sent so far */
	uint8_t probe[64];      /* visit: a Status-Server */
	bool answered;          /* visit */
};

struct storm {
	const char *target, *pki, *name, *secret_text, *user, *first;
	double seconds, ramp, addresses;
	bool again;
	enum kind kind;
	double amount;
	const struct rgw_secret *secret;
	struct rgw_addr to, from;
	struct rgw_tlsctx *ctx;
	double pid;
	uint8_t hello[2048];
	size_t hello_len;
	int epoll;
	int64_t began, now;
	int64_t cpu;             /* of the process whose pid was given */
	struct rgw_link conns;
	uint64_t open, n_up;
	bool told;               /* that all are there */
	/* counts */
	uint64_t begun, connected, refused, established, done, closed, unanswered, skipped, packets;
	int64_t first_closed, last_closed;
	struct bench_hist life;  /* of those that the server closed */
	struct bench_hist took;  /* until they were done or established */
};

/* ---- one connection ---- */

static void
end(struct storm *s, struct conn *c)
{
	s->n_up -= kinds[s->kind].tls ? c->end.up : c->connected;
	s->open--;
	rgw_link_remove(&c->link);
	tlsend_end(&c->end);
	free(c);
}

/* The server ended it. */
static void
on_closed(struct storm *s, struct conn *c)
{
	if (c->connected) {
		s->closed++;
		bench_hist_add(&s->life, s->now - c->since);
		s->last_closed = s->now - s->began;
		if (s->closed == 1)
			s->first_closed = s->last_closed;
	} else {
		s->refused++;
	}
	end(s, c);
}

static void
watch(struct storm *s, struct conn *c, int op, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = c };

	(void)epoll_ctl(s->epoll, op, c->end.fd, &e);
}

static void
begin(struct storm *s)
{
	struct conn *c = calloc(1, sizeof *c);
	struct sockaddr_storage sa;
	int yes = 1;

	if (c == NULL)
		bench_fail("out of memory");
	c->end.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->end.fd < 0) {
		s->skipped++;
		free(c);
		return;
	}
	/* One address after the other; the port is chosen when both ends are known. */
	s->from.ip[2] = (uint8_t)(s->begun % (uint64_t)s->addresses / 250 + 1);
	s->from.ip[3] = (uint8_t)(s->begun % (uint64_t)s->addresses % 250 + 1);
	(void)setsockopt(c->end.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
	if (bind(c->end.fd, (struct sockaddr *)&sa, rgw_addr_to_sockaddr(&s->from, &sa)) != 0)
		bench_fail("cannot use an address of 127.0.0.0/8: %s", strerror(errno));
	c->since = s->now;
	rgw_list_append(&s->conns, &c->link);
	s->begun++;
	s->open++;
	if (connect(c->end.fd, (struct sockaddr *)&sa, rgw_addr_to_sockaddr(&s->to, &sa)) != 0 &&
	    errno != EINPROGRESS)
		on_closed(s, c);
	else
		watch(s, c, EPOLL_CTL_ADD, EPOLLOUT);
}

static void
done(struct storm *s, struct conn *c)
{
	s->done++;
	bench_hist_add(&s->took, s->now - c->since);
	end(s, c);
}

/* Requests as fast as they go, whatever comes back. */
static void
flood(struct storm *s, struct conn *c)
{
	uint8_t packet[256];

	while (tlsend_waiting(&c->end) < DEAF_OCTETS) {
		size_t len = bench_access_request(packet, sizeof packet, (uint8_t)s->packets, s->user,
		    s->secret);

		if (len == 0 || !rgw_session_write(c->end.tls, packet, len)) {
			on_closed(s, c);
			return;
		}
		s->packets++;
	}
	if (!tlsend_flush(&c->end))
		on_closed(s, c);
}

/* Says goodbye; where visits are wanted the next one begins. */
static void
leave(struct storm *s, struct conn *c)
{
	rgw_session_close(c->end.tls);
	(void)tlsend_flush(&c->end);
	done(s, c);
	if (s->kind == VISIT)
		begin(s);
}

static void
ask(struct storm *s, struct conn *c)
{
	uint64_t auth[2] = { bench_unique(), bench_unique() };
	struct rgw_builder b;
	size_t len;

	rgw_build_begin(&b, c->probe, sizeof c->probe, RGW_STATUS_SERVER, 0, (const uint8_t *)auth, true);
	len = rgw_build_request(&b, s->secret);
	if (!rgw_session_write(c->end.tls, c->probe, len) || !tlsend_flush(&c->end))
		on_closed(s, c);
}

static void
on_up(struct storm *s, struct conn *c)
{
	s->established++;
	s->n_up++;
	if (s->kind == HANDSHAKE) {
		leave(s, c);
		return;
	}
	if (s->kind == VISIT) {
		ask(s, c);
		return;
	}
	bench_hist_add(&s->took, s->now - c->since);
	if (s->kind == DEAF)
		watch(s, c, EPOLL_CTL_MOD, EPOLLOUT);
}

struct visit {
	struct storm *s;
	struct conn *c;
};

/* A visit is over when its Status-Server has a good answer; nobody else waits for octets. */
static void
on_data(void *arg, const uint8_t *data, size_t len)
{
	struct visit *v = arg;
	struct rgw_packet answer, probe;

	if (v->s->kind != VISIT || rgw_packet_parse(&answer, data, len) != RGW_PACKET_OK ||
	    rgw_packet_parse(&probe, v->c->probe, sizeof v->c->probe) != RGW_PACKET_OK)
		return;
	v->c->answered = bench_answer_ok(&answer, &probe, v->s->secret);
}

static void
work_tls(struct storm *s, struct conn *c)
{
	struct visit v = { s, c };
	bool was_up = c->end.up;

	if (!tlsend_work(&c->end, on_data, &v))
		on_closed(s, c);
	else if (c->end.up && !was_up)
		on_up(s, c);
	else if (c->answered)
		leave(s, c);
}

/* Nothing, half of a record, or a record with half of a ClientHello: one after the other. */
static void
begin_hello(struct storm *s, struct conn *c)
{
	uint8_t part[sizeof s->hello];
	size_t len = s->hello_len / 2;

	memcpy(part, s->hello, len);
	if (s->connected % 3 == 2) {
		part[3] = (uint8_t)((len - 5) >> 8);
		part[4] = (uint8_t)(len - 5);
	}
	if (s->connected % 3 != 0)
		(void)send(c->end.fd, part, len, MSG_NOSIGNAL);
}

static void
on_connected(struct storm *s, struct conn *c)
{
	int error = 0;
	socklen_t len = sizeof error;

	getsockopt(c->end.fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0) {
		on_closed(s, c);
		return;
	}
	c->connected = true;
	s->connected++;
	s->n_up += !kinds[s->kind].tls;
	if (s->kind == PROBE) {
		done(s, c);
		return;
	}
	watch(s, c, EPOLL_CTL_MOD, EPOLLIN);
	if (s->kind == HOLD)
		begin_hello(s, c);
	if (s->kind == HELLO || s->kind == STUCK)
		(void)send(c->end.fd, s->hello, s->hello_len, MSG_NOSIGNAL);
	if (kinds[s->kind].tls && !tlsend_begin(&c->end, c->end.fd, s->ctx))
		bench_fail("out of memory");
	if (kinds[s->kind].tls)
		work_tls(s, c);
}

static void
on_event(struct storm *s, struct conn *c, uint32_t events)
{
	uint8_t octets[4096];

	if (!c->connected) {
		on_connected(s, c);
	} else if (s->kind == DEAF && c->end.up) {
		if ((events & (EPOLLERR | EPOLLHUP)) != 0)
			on_closed(s, c);
		else
			flood(s, c);
	} else if (c->end.tls != NULL) {
		work_tls(s, c);
	} else if (recv(c->end.fd, octets, sizeof octets, 0) <= 0) {
		on_closed(s, c);
	} else if (s->kind == HELLO) {
		done(s, c);
	}
}

/* ---- all of them ---- */

/* Opens what is due: up to the number, or at the rate. */
static void
open_more(struct storm *s)
{
	double rate = kinds[s->kind].kept ? s->ramp : s->amount;
	uint64_t due = (uint64_t)((double)(s->now - s->began) * rate / 1e6);
	uint64_t max = kinds[s->kind].kept ? (uint64_t)s->amount : OPEN_MAX;

	while (s->begun + s->skipped < due) {
		if (kinds[s->kind].kept && (s->open >= max || (!s->again && s->begun >= max)))
			return;
		if (s->open >= max)
			s->skipped++;
		else
			begin(s);
	}
}

static void
send_octet(struct storm *s, struct conn *c)
{
	if (!c->connected || s->now < c->next_octet || c->octets >= s->hello_len)
		return;
	c->next_octet = s->now + 1000000;
	if (send(c->end.fd, s->hello + c->octets, 1, MSG_NOSIGNAL) == 1)
		c->octets++;
}

/* What has waited too long ends; the slow ones send their next octet. */
static void
look_after(struct storm *s)
{
	struct rgw_link *next;

	for (struct rgw_link *l = s->conns.next; l != &s->conns; l = next) {
		struct conn *c = RGW_CONTAINER(l, struct conn, link);

		next = l->next;
		if (s->kind == LORIS) {
			send_octet(s, c);
		} else if (!kinds[s->kind].kept) {
			if (s->now - c->since < PATIENCE_US)
				return;
			s->unanswered++;
			end(s, c);
		}
	}
}

static void
tell(struct storm *s)
{
	if (s->told || !kinds[s->kind].kept || (double)s->n_up < s->amount)
		return;
	s->told = true;
	printf("ready %.3f\n", (double)(s->now - s->began) / 1e6);
	fflush(stdout);
}

/* A session in memory says hello; the octets serve for all connections. */
static void
make_hello(struct storm *s)
{
	struct tlsend e;
	const struct rgw_outbuf *out;

	if (!tlsend_begin(&e, -1, s->ctx) || rgw_session_handshake(e.tls) != RGW_SESSION_WANT)
		bench_fail("no ClientHello");
	out = &e.tls->out;
	s->hello_len = out->len < sizeof s->hello ? out->len : sizeof s->hello;
	memcpy(s->hello, out->data, s->hello_len);
	rgw_session_free(e.tls);
}

static void
set_up(struct storm *s, const char *kind, const char *amount)
{
	size_t i = 0;

	while (i < KINDS && strcmp(kinds[i].name, kind) != 0)
		i++;
	s->kind = (enum kind)i;
	s->amount = strtod(amount, NULL);
	s->again |= s->kind == VISIT;
	if (i == KINDS || s->amount < 1 || s->addresses < 1 || s->addresses > 50000)
		bench_fail("which storm, and how strong?");
	if (s->target == NULL || s->pki == NULL || !rgw_addr_parse(s->target, 2083, &s->to) ||
	    s->to.family != 4)
		bench_fail("--target wants an IPv4 address and a port, --pki a folder");
	if (!rgw_addr_parse("127.0.0.0", 0, &s->from))
		return;
	s->from.ip[1] = 1;
	s->secret = rgw_secret_new(s->secret_text, strlen(s->secret_text));
	s->ctx = tlsend_context(s->pki, s->name, RGW_TLS_CLIENT);
	make_hello(s);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	rgw_link_init(&s->conns);
	s->cpu = bench_cpu((pid_t)s->pid);
	s->began = s->now = bench_now(CLOCK_MONOTONIC);
}

static void
run(struct storm *s)
{
	struct epoll_event events[EVENTS];
	int64_t tick = 0;

	while (!bench_is_over() &&
	    (s->seconds <= 0 || s->now < s->began + (int64_t)(s->seconds * 1e6))) {
		int n = epoll_wait(s->epoll, events, EVENTS, TICK_MS);

		s->now = bench_now(CLOCK_MONOTONIC);
		for (int i = 0; i < n; i++)
			on_event(s, events[i].data.ptr, events[i].events);
		if (s->now < tick)
			continue;
		tick = s->now + TICK_MS * 1000;
		open_more(s);
		look_after(s);
		tell(s);
	}
}

static void
report(const struct storm *s)
{
	printf("{\"kind\": \"%s\", \"amount\": %.0f, \"seconds\": %.3f, \"begun\": %lu, \"connected\": %lu, "
	       "\"refused\": %lu, \"established\": %lu, \"done\": %lu, \"closed\": %lu, \"unanswered\": %lu, "
	       "\"skipped\": %lu, \"packets\": %lu, \"open\": %lu, ",
	    kinds[s->kind].name, s->amount, (double)(s->now - s->began) / 1e6, s->begun, s->connected,
	    s->refused, s->established, s->done, s->closed, s->unanswered, s->skipped, s->packets,
	    s->open);
	printf("\"cpu_us\": %ld, \"own_cpu_us\": %ld, ", s->pid > 0 ? bench_cpu((pid_t)s->pid) - s->cpu : 0,
	    bench_cpu(getpid()));
	printf("\"first_closed_ms\": %.1f, \"last_closed_ms\": %.1f, \"life_p50_ms\": %.1f, "
	       "\"life_max_ms\": %.1f, \"took_p50_ms\": %.1f, \"took_p99_ms\": %.1f}\n",
	    (double)s->first_closed / 1e3, (double)s->last_closed / 1e3,
	    (double)bench_hist_at(&s->life, 0.5) / 1e3, (double)s->life.max / 1e3,
	    (double)bench_hist_at(&s->took, 0.5) / 1e3, (double)bench_hist_at(&s->took, 0.99) / 1e3);
}

int
main(int argc, char **argv)
{
	static struct storm s = { .name = "storm.test", .secret_text = "radsec",
		.user = "bob@example.org", .ramp = 1000, .addresses = 64 };
	const char *usage = "storm [options] KIND NUMBER\n"
	                    "  silent N     keep N connections that never speak\n"
	                    "  loris N      keep N that send one octet of a ClientHello each second\n"
	                    "  stuck N      keep N that say nothing more after the ClientHello\n"
	                    "  deaf N       keep N sessions that send requests and never read\n"
	                    "  idle N       keep N sessions that do nothing\n"
	                    "  visit N      N at a time that ask one Status-Server, and away\n"
	                    "  hold R       R times a second: half of a ClientHello, or nothing\n"
	                    "  hello R      R times a second: a ClientHello, and away after the answer\n"
	                    "  handshake R  R whole handshakes a second, and away\n"
	                    "  probe R      R connections a second, and away";
	const struct bench_option options[] = {
		{ "target", BENCH_TEXT, &s.target, "ADDRESS:PORT" },
		{ "pki", BENCH_TEXT, &s.pki, "folder made by certs/make-pki.sh" },
		{ "name", BENCH_TEXT, &s.name, "certificate in it (storm.test)" },
		{ "secret", BENCH_TEXT, &s.secret_text, "shared secret (radsec)" },
		{ "user", BENCH_TEXT, &s.user, "User-Name of requests (bob@example.org)" },
		{ "addresses", BENCH_NUMBER, &s.addresses, "how many of 127.1.0.0/16 to come from (64)" },
		{ "time", BENCH_NUMBER, &s.seconds, "seconds (until SIGTERM)" },
		{ "ramp", BENCH_NUMBER, &s.ramp, "kept connections opened per second (1000)" },
		{ "pid", BENCH_NUMBER, &s.pid, "process whose processor time is measured" },
		{ "again", BENCH_FLAG, &s.again, "kept connections that end are opened again" },
	};
	int at = bench_begin(argc, argv, usage, options, sizeof options / sizeof options[0]);

	if (at + 2 != argc)
		bench_fail("usage: %s", usage);
	set_up(&s, argv[at], argv[at + 1]);
	run(&s);
	report(&s);
	return 0;
}
