/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/inspect.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "radsecgw/mem.h"
#include "radsecgw/packet.h"
#include "radsecgw/session.h"
#include "radsecgw/stream.h"
#include "hello.h"
#include "tcp_priv.h"
#include "tlsinspect.h"

/* One connection that is looked at closely, in calls that block; see inspect.h. */

/* The octets of a handshake that are kept to be read again; a peer that sends more says nothing that is needed. */
#define KEPT_MAX 131072

struct rgw_inspect {
	int fd;
	struct rgw_session *session;   /* owned */
	bool is_tls;
	bool up;                       /* the handshake is done */
	bool closed;                   /* the far end has said goodbye, or has closed the connection */
	bool failed;
	const char *why;               /* borrowed: what the system says; NULL = the session knows */
	uint8_t *kept;                 /* owned: octets that have come during the handshake */
	size_t n_kept;
	size_t octets;                 /* number of octets that have come */
	struct rgw_stream stream;
	uint8_t plain[16384];
	struct rgw_rd in;              /* decrypted octets that have not been cut into packets */
	uint8_t cipher[4096];
	struct rgw_seen seen;
};

rgw_ms
rgw_inspect_now(void)
{
	return rgw_clock_now();
}

/* ---- names ---- */

struct look_up {
	struct rgw_addr *addrs;
	size_t n;
	char *why;
	size_t size;
	struct ev_loop *loop;
};

static void
on_resolved(void *arg, void *asker, const struct rgw_addr *addrs, size_t n, uint32_t ttl, const char *why)
{
	struct look_up *l = arg;

	(void)asker;
	(void)ttl;
	l->n = n < RGW_INSPECT_ADDRS ? n : RGW_INSPECT_ADDRS;
	if (l->n > 0)
		memcpy(l->addrs, addrs, l->n * sizeof *addrs);
	snprintf(l->why, l->size, "%s", why);
	ev_break(l->loop, EVBREAK_ALL);
}

static void
on_end_of_time(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)w;
	(void)revents;
	ev_break(loop, EVBREAK_ALL);
}

size_t
rgw_inspect_resolve(const char *host, struct rgw_addr addrs[static RGW_INSPECT_ADDRS], rgw_ms until, char *why,
    size_t size)
{
	struct look_up l = { .addrs = addrs, .why = why, .size = size, .loop = ev_loop_new(EVFLAG_AUTO) };
	rgw_ms now = rgw_clock_now();
	struct rgw_resolver *resolver;
	char zone[RGW_ZONE_TEXT];
	ev_timer timer;

	if (rgw_addr_parse_zone(host, 0, &addrs[0], zone) && zone[0] == '\0') {
		ev_loop_destroy(l.loop);
		return 1;
	}
	snprintf(why, size, "the name servers have not answered in time");
	resolver = rgw_resolver_new(l.loop, on_resolved, &l);
	rgw_resolver_ask(resolver, &l, host);
	ev_timer_init(&timer, on_end_of_time, until > now ? (double)(until - now) / 1e3 : 0, 0);
	ev_timer_start(l.loop, &timer);
	ev_run(l.loop, 0);
	ev_timer_stop(l.loop, &timer);
	rgw_resolver_free(resolver);
	ev_loop_destroy(l.loop);
	return l.n;
}

/* ---- sockets ---- */

/* Waits for an event; false = errno says why, ETIMEDOUT at the end of time. */
static bool
wait_for(int fd, short events, rgw_ms until)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n;

	do {
		rgw_ms now = rgw_clock_now();

		n = poll(&p, 1, until > now ? (int)rgw_ms_min(until - now, 1000000) : 0);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = ETIMEDOUT;
	return n > 0;
}

/* Closes a descriptor, and keeps errno. */
static int
give_up(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
	return -1;
}

int
rgw_inspect_connect(const struct rgw_addr *to, rgw_ms until)
{
	struct sockaddr_storage sa;
	unsigned len = rgw_addr_to_sockaddr(to, &sa);
	int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error = 0;
	socklen_t size = sizeof error;

	if (fd < 0)
		return -1;
	rgw_tcp_set_options(fd, NULL);
	if (connect(fd, (struct sockaddr *)&sa, len) == 0)
		return fd;
	if (errno != EINPROGRESS || !wait_for(fd, POLLOUT, until))
		return give_up(fd);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error == 0)
		return fd;
	errno = error;
	return give_up(fd);
}

int
rgw_inspect_listen(const struct rgw_addr *at)
{
	struct sockaddr_storage sa;
	unsigned len = rgw_addr_to_sockaddr(at, &sa);
	int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int yes = 1;

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
	    bind(fd, (struct sockaddr *)&sa, len) != 0 || listen(fd, SOMAXCONN) != 0)
		return give_up(fd);
	return fd;
}

/* Waits until enough of the first octets is there to see the name that is asked for. */
static bool
peek(int fd, rgw_ms until, char hello[static RGW_HOST_TEXT])
{
	uint8_t octets[RGW_READ_OCTETS];
	size_t need = 1;
	ssize_t n;

	hello[0] = '\0';
	for (;;) {
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &(int){ (int)need }, sizeof(int));
		if (!wait_for(fd, POLLIN, until))
			return false;
		n = recv(fd, octets, sizeof octets, MSG_PEEK);
		if (n <= 0)
			return false;
		if (rgw_hello_look(octets, (size_t)n, &need) != RGW_HELLO_MORE || need <= (size_t)n)
			break;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &(int){ 1 }, sizeof(int));
	if (!rgw_tls_peek_sni(octets, (size_t)n, hello, RGW_HOST_TEXT))
		hello[0] = '\0';
	return true;
}

/* Milliseconds that a connection has for its first octets; a check that only connects must not be waited for. */
#define FIRST_OCTETS_MS 2000

int
rgw_inspect_accept(int fd, rgw_ms until, struct rgw_addr *from, char hello[static RGW_HOST_TEXT])
{
	struct sockaddr_storage sa;

	for (;;) {
		socklen_t len = sizeof sa;
		int conn;

		if (!wait_for(fd, POLLIN, until))
			return -1;
		conn = accept4(fd, (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (conn < 0)
			continue;
		if (rgw_addr_from_sockaddr(from, (struct sockaddr *)&sa) &&
		    peek(conn, rgw_ms_min(until, rgw_clock_now() + FIRST_OCTETS_MS), hello)) {
			rgw_tcp_set_options(conn, NULL);
			return conn;
		}
		close(conn);
	}
}

/* ---- octets ---- */

struct rgw_inspect *
rgw_inspect_new(int fd, struct rgw_tlsctx *ctx, rgw_tls_judge *judge, void *arg, const char *sni)
{
	struct rgw_inspect *i = rgw_xcalloc(1, sizeof *i);

	i->fd = fd;
	i->is_tls = ctx != NULL;
	i->seen.alert = -1;
	rgw_stream_init(&i->stream);
	i->session = ctx != NULL ? rgw_tls_inspect(ctx, judge, arg, sni, &i->seen) : rgw_plain_new();
	i->kept = rgw_xcalloc(1, KEPT_MAX);
	i->up = i->seen.accepted = ctx == NULL;
	i->failed = i->session == NULL;
	return i;
}

void
rgw_inspect_offer_psk(struct rgw_inspect *i, const char *identity, const struct rgw_secret *key)
{
	i->failed |= i->session == NULL || !rgw_tls_offer_psk(i->session, identity, key);
}

void
rgw_inspect_await_psk(struct rgw_inspect *i, rgw_tls_find *find, void *arg)
{
	i->failed |= i->session == NULL || !rgw_tls_await_psk(i->session, find, arg);
}

/* Sends what the session has put into its buffer, as long as the other side takes it. */
static bool
flush(struct rgw_inspect *i, rgw_ms until)
{
	struct rgw_outbuf *out = &i->session->out;

	while (rgw_outbuf_waiting(out) > 0) {
		ssize_t n = send(i->fd, out->data + out->at, rgw_outbuf_waiting(out), MSG_NOSIGNAL);

		if (n > 0)
			rgw_outbuf_sent(out, (size_t)n);
		else if (errno != EAGAIN || !wait_for(i->fd, POLLOUT, until))
			return false;
	}
	return true;
}

static enum rgw_inspect_result
fail(struct rgw_inspect *i, const char *why)
{
	i->failed = true;
	i->why = why;
	return RGW_INSPECT_FAILED;
}

/* Waits for octets, and lends them to the session. */
static enum rgw_inspect_result
fetch(struct rgw_inspect *i, rgw_ms until)
{
	ssize_t n;

	if (!wait_for(i->fd, POLLIN, until))
		return RGW_INSPECT_TIMEOUT;
	n = recv(i->fd, i->cipher, sizeof i->cipher, 0);
	if (n == 0 || (n < 0 && (errno == ECONNRESET || errno == EPIPE))) {
		i->closed = true;
		i->why = n == 0 ? "the connection was closed" : "the connection was reset";
		return RGW_INSPECT_CLOSED;
	}
	if (n < 0)
		return errno == EAGAIN ? RGW_INSPECT_OK : fail(i, strerror(errno));
	i->octets += (size_t)n;
	if (!i->up && i->n_kept + (size_t)n <= KEPT_MAX) {
		memcpy(i->kept + i->n_kept, i->cipher, (size_t)n);
		i->n_kept += (size_t)n;
	}
	rgw_session_feed(i->session, i->cipher, (size_t)n);
	return RGW_INSPECT_OK;
}

/* ---- the handshake ---- */

static enum rgw_inspect_result
shake(struct rgw_inspect *i, rgw_ms until)
{
	for (;;) {
		enum rgw_session_result step = rgw_session_handshake(i->session);
		enum rgw_inspect_result more;

		if (!flush(i, until) && step != RGW_SESSION_FAILED)
			return fail(i, strerror(errno));
		if (step == RGW_SESSION_OK)
			return RGW_INSPECT_OK;
		if (step != RGW_SESSION_WANT)
			return fail(i, NULL);
		more = fetch(i, until);
		if (more != RGW_INSPECT_OK)
			return more;
	}
}

enum rgw_inspect_result
rgw_inspect_handshake(struct rgw_inspect *i, rgw_ms until)
{
	enum rgw_inspect_result result;

	if (!i->is_tls)
		return RGW_INSPECT_OK;
	if (i->session == NULL)
		return fail(i, "out of memory");
	result = shake(i, until);
	i->up = result == RGW_INSPECT_OK;
	rgw_tls_inspect_end(i->session, i->kept, i->n_kept);
	return result;
}

/* ---- packets ---- */

bool
rgw_inspect_send(struct rgw_inspect *i, const uint8_t *packet, size_t len)
{
	/* The session refuses, too: nothing is sent to whom a gateway would not talk. */
	return i->up && !i->failed && i->seen.accepted && rgw_session_write(i->session, packet, len) &&
	    flush(i, rgw_clock_now() + 1000);
}

/* Takes decrypted octets from the session. OK: there are some. */
static enum rgw_inspect_result
decrypt(struct rgw_inspect *i, rgw_ms until)
{
	size_t len = 0;

	for (;;) {
		enum rgw_inspect_result more;

		switch (rgw_session_read(i->session, i->plain, sizeof i->plain, &len)) {
		case RGW_SESSION_OK:
			i->in = rgw_rd_of(i->plain, len);
			return RGW_INSPECT_OK;
		case RGW_SESSION_CLOSED:
			i->closed = true;
			i->why = "it has said goodbye";
			return RGW_INSPECT_CLOSED;
		case RGW_SESSION_FAILED:
			if (i->is_tls)
				rgw_tls_inspect_alert(i->session);
			return fail(i, NULL);
		case RGW_SESSION_WANT:
			break;
		}
		/* What the library answers to, such as a new key. */
		(void)flush(i, until);
		more = fetch(i, until);
		if (more != RGW_INSPECT_OK)
			return more;
	}
}

enum rgw_inspect_result
rgw_inspect_receive(struct rgw_inspect *i, uint8_t *packet, size_t *len, rgw_ms until)
{
	struct rgw_rd found;
	enum rgw_inspect_result more;

	if (i->failed || i->closed)
		return i->failed ? RGW_INSPECT_FAILED : RGW_INSPECT_CLOSED;
	for (;;) {
		switch (rgw_stream_next(&i->stream, &i->in, rgw_clock_now(), &found)) {
		case RGW_STREAM_PACKET:
			*len = rgw_rd_left(&found);
			memcpy(packet, found.p, *len);
			return RGW_INSPECT_OK;
		case RGW_STREAM_MORE:
			break;
		case RGW_STREAM_BAD_LENGTH:
		case RGW_STREAM_NO_MEMORY:
			(void)fail(i, "what came is no RADIUS: its Length is not one of a packet");
			return RGW_INSPECT_STRANGE;
		}
		more = decrypt(i, until);
		if (more != RGW_INSPECT_OK)
			return more;
	}
}

/* ---- the end ---- */

const struct rgw_seen *
rgw_inspect_seen(const struct rgw_inspect *i)
{
	return &i->seen;
}

const char *
rgw_inspect_why(const struct rgw_inspect *i)
{
	return i->why != NULL ? i->why : rgw_session_why(i->session);
}

size_t
rgw_inspect_octets(const struct rgw_inspect *i)
{
	return i->octets;
}

void
rgw_inspect_free(struct rgw_inspect *i)
{
	if (i == NULL)
		return;
	if (i->up && !i->failed) {
		rgw_session_close(i->session);
		(void)flush(i, rgw_clock_now());
	}
	rgw_session_free(i->session);
	rgw_stream_fini(&i->stream);
	rgw_seen_fini(&i->seen);
	rgw_wipe(i->plain, sizeof i->plain);
	free(i->kept);
	close(i->fd);
	free(i);
}
