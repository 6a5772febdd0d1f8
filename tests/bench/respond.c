/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bench.h"
#include "radsecgw/addr.h"
#include "radsecgw/mem.h"

/*
 * A home server that says yes to everything, at next to no cost. It tells new requests from repeated
 * ones by their Request Authenticator, kept for each source port and identifier; so it is for senders
 * on one address only, which is what a benchmark on loopback has.
 */
#define PORTS_MAX 8
#define BATCH 64
#define ANSWER_MAX 512
#define WAITING_MAX 65536

/* An answer that is held back. */
struct waiting {
	int64_t due;
	int fd;
	struct sockaddr_in to;
	uint16_t len;
	uint8_t octets[ANSWER_MAX];
};

struct respond {
	const char *listen, *secret_text;
	double delay_ms, silent_after;
	const struct rgw_secret *secret;
	struct pollfd fds[PORTS_MAX];
	size_t n_fds;
	uint64_t *seen;              /* owned: what the last request of a port and identifier began with */
	struct waiting *ring;        /* owned; exists with --delay only */
	size_t ring_at, n_ring;
	uint64_t received, distinct, repeated, bad, answered, dropped;
	uint64_t by_code[2];
	struct mmsghdr in[BATCH], out[BATCH];
	struct iovec in_iov[BATCH], out_iov[BATCH];
	struct sockaddr_in from[BATCH];
	uint8_t in_octets[BATCH][RGW_PACKET_MAX];
	uint8_t out_octets[BATCH][ANSWER_MAX];
	unsigned n_out;
};

/* Counts it as new or repeated. */
static void
look_up(struct respond *r, const struct rgw_packet *p, const struct sockaddr_in *from)
{
	uint64_t *seen = &r->seen[(size_t)ntohs(from->sin_port) * 256 + p->id];
	uint64_t auth;

	memcpy(&auth, rgw_packet_auth(p), sizeof auth);
	if (*seen == auth)
		r->repeated++;
	else
		r->distinct++;
	*seen = auth;
}

/* Writes the answer to one datagram; 0 = there is none. */
static size_t
work(struct respond *r, const uint8_t *data, size_t len, const struct sockaddr_in *from, uint8_t *out)
{
	struct rgw_packet p;

	r->received++;
	if (rgw_packet_parse(&p, data, len) != RGW_PACKET_OK || !bench_request_ok(&p, r->secret)) {
		r->bad++;
		return 0;
	}
	if (p.code != RGW_STATUS_SERVER) {
		look_up(r, &p, from);
		r->by_code[p.code == RGW_ACCOUNTING_REQUEST]++;
	}
	if (r->silent_after > 0 && (double)r->distinct > r->silent_after)
		return 0;
	return bench_answer(out, ANSWER_MAX, &p, r->secret);
}

static void
hold_back(struct respond *r, int fd, unsigned i, size_t len, int64_t now)
{
	struct waiting *w = &r->ring[(r->ring_at + r->n_ring) % WAITING_MAX];

	if (r->n_ring == WAITING_MAX) {
		r->dropped++;
		return;
	}
	r->n_ring++;
	w->due = now + (int64_t)(r->delay_ms * 1000);
	w->fd = fd;
	w->to = r->from[i];
	w->len = (uint16_t)len;
	memcpy(w->octets, r->out_octets[r->n_out], len);
}

static void
queue(struct respond *r, unsigned i, size_t len)
{
	unsigned n = r->n_out++;

	r->out_iov[n] = (struct iovec){ r->out_octets[n], len };
	r->out[n].msg_hdr = (struct msghdr){ .msg_name = &r->from[i], .msg_namelen = sizeof r->from[i],
		.msg_iov = &r->out_iov[n], .msg_iovlen = 1 };
}

static void
flush(struct respond *r, int fd)
{
	unsigned done = bench_send(fd, r->out, r->n_out, 0);

	r->answered += done;
	r->dropped += r->n_out - done;
	r->n_out = 0;
}

static void
serve(struct respond *r, int fd)
{
	int64_t now;
	int n;

	do {
		for (size_t i = 0; i < BATCH; i++)
			r->in[i].msg_hdr.msg_namelen = sizeof r->from[i];
		n = recvmmsg(fd, r->in, BATCH, MSG_DONTWAIT, NULL);
		now = r->ring != NULL ? bench_now(CLOCK_MONOTONIC) : 0;
		for (int i = 0; i < n; i++) {
			size_t len = work(r, r->in_octets[i], r->in[i].msg_len, &r->from[i],
			    r->out_octets[r->n_out]);

			if (len > 0 && r->ring != NULL)
				hold_back(r, fd, (unsigned)i, len, now);
			else if (len > 0)
				queue(r, (unsigned)i, len);
		}
		flush(r, fd);
	} while (n == BATCH);
}

/* Sends what has waited long enough; returns milliseconds to the next, -1 = none. */
static int
release(struct respond *r)
{
	int64_t now = r->n_ring > 0 ? bench_now(CLOCK_MONOTONIC) : 0;

	while (r->n_ring > 0) {
		struct waiting *w = &r->ring[r->ring_at];

		if (w->due > now)
			return (int)((w->due - now + 999) / 1000);
		if (sendto(w->fd, w->octets, w->len, 0, (struct sockaddr *)&w->to, sizeof w->to) > 0)
			r->answered++;
		else
			r->dropped++;
		r->ring_at = (r->ring_at + 1) % WAITING_MAX;
		r->n_ring--;
	}
	return -1;
}

static int
open_port(const char *text)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage sa;
	struct rgw_addr addr;

	if (!rgw_addr_parse(text, 1812, &addr) || addr.family != 4)
		bench_fail("--listen wants IPv4 addresses with ports, not '%s'", text);
	bench_receive_buffer(fd);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, rgw_addr_to_sockaddr(&addr, &sa)) != 0)
		bench_fail("cannot listen on %s: %s", text, strerror(errno));
	return fd;
}

static void
set_up(struct respond *r)
{
	char *list = rgw_xstrdup(r->listen);
	char *rest = list;
	char *word;

	while ((word = strsep(&rest, ",")) != NULL && r->n_fds < PORTS_MAX)
		r->fds[r->n_fds++] = (struct pollfd){ .fd = open_port(word), .events = POLLIN };
	free(list);
	r->secret = rgw_secret_new(r->secret_text, strlen(r->secret_text));
	r->seen = rgw_xcalloc((size_t)65536 * 256, sizeof *r->seen);
	if (r->delay_ms > 0)
		r->ring = rgw_xcalloc(WAITING_MAX, sizeof *r->ring);
	for (size_t i = 0; i < BATCH; i++) {
		r->in_iov[i] = (struct iovec){ r->in_octets[i], RGW_PACKET_MAX };
		r->in[i].msg_hdr = (struct msghdr){ .msg_name = &r->from[i], .msg_iov = &r->in_iov[i],
			.msg_iovlen = 1 };
	}
}

int
main(int argc, char **argv)
{
	static struct respond r = { .listen = "127.0.0.1:1812", .secret_text = "testing123" };
	const struct bench_option options[] = {
		{ "listen", BENCH_TEXT, &r.listen, "ADDRESS:PORT[,ADDRESS:PORT ...]" },
		{ "secret", BENCH_TEXT, &r.secret_text, "shared secret (testing123)" },
		{ "delay", BENCH_NUMBER, &r.delay_ms, "milliseconds by which answers are held back" },
		{ "silent-after", BENCH_NUMBER, &r.silent_after, "requests before it falls silent" },
	};

	bench_begin(argc, argv, "respond --listen ADDRESS:PORT[,...] --secret TEXT", options,
	    sizeof options / sizeof options[0]);
	set_up(&r);
	puts("ready");
	fflush(stdout);
	while (!bench_is_over()) {
		int n = poll(r.fds, r.n_fds, release(&r));

		for (size_t i = 0; n > 0 && i < r.n_fds; i++)
			if (r.fds[i].revents != 0)
				serve(&r, r.fds[i].fd);
	}
	printf("{\"received\": %lu, \"distinct\": %lu, \"repeated\": %lu, \"access\": %lu, "
	       "\"accounting\": %lu, \"bad\": %lu, \"answered\": %lu, \"dropped\": %lu}\n",
	    r.received, r.distinct, r.repeated, r.by_code[0], r.by_code[1], r.bad, r.answered, r.dropped);
	return 0;
}
