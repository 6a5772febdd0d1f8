/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "radsecgw/addr.h"
#include "radsecgw/stream.h"
#include "tlsend.h"

/* A RADIUS/TLS server that says yes to everything: what an outgoing gateway is measured against. */

#define EVENTS 64

struct respond {
	const char *listen, *secret_text, *pki, *name;
	double silent_after;
	const struct rgw_secret *secret;
	struct rgw_tlsctx *ctx;
	int epoll, port;
	uint64_t accepted, established, failed, ended, open;
	uint64_t requests, bad, answered;
};

struct conn {
	struct respond *r;
	struct tlsend end;
	struct rgw_stream stream;
	bool broken;         /* what came was no RADIUS */
	uint32_t watched;    /* events that epoll is asked for */
};

static void
on_packet(struct conn *c, const struct rgw_rd *octets)
{
	uint8_t answer[RGW_PACKET_MAX];
	struct respond *r = c->r;
	struct rgw_packet p;
	size_t len;

	r->requests++;
	if (rgw_packet_parse(&p, octets->p, rgw_rd_left(octets)) != RGW_PACKET_OK ||
	    !bench_request_ok(&p, r->secret)) {
		r->bad++;
		return;
	}
	if (r->silent_after > 0 && (double)r->requests > r->silent_after)
		return;
	len = bench_answer(answer, sizeof answer, &p, r->secret);
	if (len > 0 && rgw_session_write(c->end.tls, answer, len))
		r->answered++;
}

static void
on_data(void *arg, const uint8_t *data, size_t len)
{
	struct conn *c = arg;
	struct rgw_rd in = rgw_rd_of(data, len);
	enum rgw_stream_result result;
	struct rgw_rd packet;

	/* Nobody here cares how long a packet takes, so the time is always 0. */
	while ((result = rgw_stream_next(&c->stream, &in, 0, &packet)) == RGW_STREAM_PACKET)
		on_packet(c, &packet);
	c->broken |= result != RGW_STREAM_MORE;
}

static void
end(struct conn *c)
{
	if (c->end.up)
		c->r->ended++;
	else
		c->r->failed++;
	c->r->open--;
	rgw_stream_fini(&c->stream);
	tlsend_end(&c->end);
	free(c);
}

static void
watch(struct conn *c, int op)
{
	uint32_t events = EPOLLIN | (op == EPOLL_CTL_MOD && tlsend_waiting(&c->end) > 0 ? EPOLLOUT : 0u);
	struct epoll_event e = { .events = events, .data.ptr = c };

	if (events == c->watched)
		return;
	c->watched = events;
	(void)epoll_ctl(c->r->epoll, op, c->end.fd, &e);
}

static void
take(struct respond *r)
{
	int fd, yes = 1;

	while ((fd = accept4(r->port, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct conn *c = calloc(1, sizeof *c);

		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
		if (c == NULL || !tlsend_begin(&c->end, fd, r->ctx))
			bench_fail("out of memory");
		c->r = r;
		r->accepted++;
		r->open++;
		rgw_stream_init(&c->stream);
		watch(c, EPOLL_CTL_ADD);
	}
}

static void
serve(struct conn *c)
{
	bool was_up = c->end.up;
	bool goes_on = tlsend_work(&c->end, on_data, c);

	c->r->established += c->end.up && !was_up;
	if (goes_on && !c->broken)
		watch(c, EPOLL_CTL_MOD);
	else
		end(c);
}

static void
set_up(struct respond *r)
{
	struct sockaddr_storage sa;
	struct rgw_addr addr;
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = NULL };
	int yes = 1;

	if (r->pki == NULL || !rgw_addr_parse(r->listen, 2083, &addr))
		bench_fail("--pki wants a folder and --listen an address");
	r->secret = rgw_secret_new(r->secret_text, strlen(r->secret_text));
	r->ctx = tlsend_context(r->pki, r->name, RGW_TLS_SERVER);
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	r->port = socket(addr.family == 6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	(void)setsockopt(r->port, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(r->port, (struct sockaddr *)&sa, rgw_addr_to_sockaddr(&addr, &sa)) != 0 ||
	    listen(r->port, SOMAXCONN) != 0)
		bench_fail("cannot listen on %s: %s", r->listen, strerror(errno));
	(void)epoll_ctl(r->epoll, EPOLL_CTL_ADD, r->port, &e);
}

int
main(int argc, char **argv)
{
	static struct respond r = { .listen = "127.0.0.1:2083", .secret_text = "radsec",
		.name = "localhost" };
	struct epoll_event events[EVENTS];
	const struct bench_option options[] = {
		{ "listen", BENCH_TEXT, &r.listen, "ADDRESS:PORT" },
		{ "secret", BENCH_TEXT, &r.secret_text, "shared secret (radsec)" },
		{ "pki", BENCH_TEXT, &r.pki, "folder made by certs/make-pki.sh" },
		{ "name", BENCH_TEXT, &r.name, "certificate in it (localhost)" },
		{ "silent-after", BENCH_NUMBER, &r.silent_after, "requests before it falls silent" },
	};

	bench_begin(argc, argv, "respond_tls --listen ADDRESS:PORT --pki FOLDER", options,
	    sizeof options / sizeof options[0]);
	set_up(&r);
	puts("ready");
	fflush(stdout);
	while (!bench_is_over()) {
		int n = epoll_wait(r.epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == NULL)
				take(&r);
			else
				serve(events[i].data.ptr);
		}
	}
	printf("{\"accepted\": %lu, \"established\": %lu, \"failed\": %lu, \"ended\": %lu, \"open\": %lu, "
	       "\"requests\": %lu, \"bad\": %lu, \"answered\": %lu}\n",
	    r.accepted, r.established, r.failed, r.ended, r.open, r.requests, r.bad, r.answered);
	return 0;
}
