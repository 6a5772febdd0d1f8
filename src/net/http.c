/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/http.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "radsecgw/mem.h"
#include "http_priv.h"

/* The server: its connections and who may have them, and the library on our loop. */

/* ---- the library on the loop ---- */

/* One turn of the library: each connection that is ready gets one read or one write. */
static void
run(struct rgw_http *http)
{
	MHD_UNSIGNED_LONG_LONG delay;

	rgw_http_set_now(http);
	(void)MHD_run(http->mhd);
	if (MHD_get_timeout(http->mhd, &delay) == MHD_YES)
		rgw_http_run_in(http, delay);
	else
		ev_timer_stop(http->loop, &http->again);
}

static void
on_active(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop;
	(void)revents;
	run(w->data);
}

static void
on_again(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	run(w->data);
}

/* ---- connections ---- */

static void
on_connection(void *cls, struct MHD_Connection *mhd, void **context, enum MHD_ConnectionNotificationCode code)
{
	struct rgw_http_exchange *x = *context;
	struct rgw_http *http = cls;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = rgw_http_exchange_new(http, mhd);
		return;
	}
	if (x != NULL)
		rgw_http_exchange_free(x);
}

static bool
same_neighbour(const struct rgw_visitor *a, const struct rgw_visitor *b)
{
	return a->addr.family == b->addr.family && memcmp(a->addr.ip, b->addr.ip, sizeof a->addr.ip) == 0 &&
	    a->uid == b->uid;
}

static struct rgw_http_exchange *
exchange_at(struct rgw_link *l)
{
	return RGW_CONTAINER(l, struct rgw_http_exchange, link);
}

/* Connections that are not about to be closed: of this neighbour, or of all if it is NULL. */
static unsigned
connections_of(struct rgw_http *http, const struct rgw_visitor *v)
{
	unsigned n = 0;

	for (struct rgw_link *l = http->exchanges.next; l != &http->exchanges; l = l->next)
		n += !exchange_at(l)->closing && (v == NULL || same_neighbour(&exchange_at(l)->visitor, v));
	return n;
}

/* ---- who gives way ---- */

/* Connections that are being closed are still there for some turns of the loop, in which others come. With them there
 * are no more than this times the limit. */
#define CLOSING 4

/* A client that has not taken its answer for so long may lose its place. */
#define DEAF_S 1.0

/* May this one lose its place to somebody who has fewer connections by `more`? Whoever has not asked yet may always: a
 * client that means it asks at once. One that is being answered may if it is deaf, or takes the places of others. */
static bool
may_lose(const struct rgw_http_exchange *x, unsigned more)
{
	bool deaf = x->phase == RGW_HTTP_ANSWERING && ev_now(x->http->loop) - x->since >= DEAF_S;

	return !x->closing && (x->phase == RGW_HTTP_READING || deaf || more > 1);
}

/* Is the place of `a` better taken than that of `b`? */
static bool
goes_first(const struct rgw_http_exchange *a, unsigned held_a, const struct rgw_http_exchange *b, unsigned held_b)
{
	if (held_a != held_b)
		return held_a > held_b;
	return a->phase != b->phase ? a->phase < b->phase : a->since < b->since;
}

/* The connection that gives way to this visitor, or NULL: one of its own, or, unless it has too many itself, of the
 * neighbour that has most of them and more than it. So nobody who holds connections, or makes new ones all the time,
 * keeps others out. */
static struct rgw_http_exchange *
find_victim(struct rgw_http *http, const struct rgw_visitor *v, unsigned theirs, bool own)
{
	struct rgw_http_exchange *best = NULL;
	unsigned most = 0;

	for (struct rgw_link *l = http->exchanges.next; l != &http->exchanges; l = l->next) {
		struct rgw_http_exchange *x = exchange_at(l);
		unsigned held = connections_of(http, &x->visitor);
		bool same = same_neighbour(&x->visitor, v);

		if (!(same || (!own && held > theirs)) || !may_lose(x, held > theirs ? held - theirs : 0))
			continue;
		if (best != NULL && !goes_first(x, held, best, most))
			continue;
		best = x;
		most = held;
	}
	return best;
}

/* Makes room for a visitor; `own`: it has too many connections itself. false = nobody gives way. */
static bool
make_room(struct rgw_http *http, const struct rgw_visitor *v, unsigned theirs, bool own)
{
	struct rgw_http_exchange *x = find_victim(http, v, theirs, own);

	if (x == NULL || rgw_http_open(http) >= CLOSING * http->limits.connections)
		return false;
	http->counts.gave_way++;
	RGW_LOG(http->log, RGW_LOG_WARNING, "http-refused", NULL, "an HTTP connection gives way to another one",
	    rgw_http_who(&x->visitor), rgw_f_str("reason", own ? "there are too many connections of this neighbour" :
	    "there are too many connections"));
	rgw_http_hang_up(x);
	return true;
}

static bool
is_allowed(const struct rgw_http *http, const struct rgw_visitor *v)
{
	bool allowed = v->addr.family == 0 || (http->n_allow == 0 && rgw_addr_is_loopback(&v->addr));

	for (size_t i = 0; i < http->n_allow && !allowed; i++)
		allowed = rgw_prefix_contains(&http->allow[i], &v->addr);
	return allowed;
}

/* Why this visitor may not come in, or NULL. */
static const char *
judge(struct rgw_http *http, const struct rgw_visitor *v)
{
	unsigned theirs = connections_of(http, v);
	bool own = theirs >= http->limits.per_neighbour;

	if (!is_allowed(http, v)) {
		http->counts.not_allowed++;
		return "the address is not allowed";
	}
	if ((!own && connections_of(http, NULL) < http->limits.connections) || make_room(http, v, theirs, own))
		return NULL;
	http->counts.too_many++;
	return own ? "there are too many connections of this neighbour" : "there are too many connections";
}

/* Says no, as far as there is room for that in the socket, and closes it. */
static void
refuse(struct rgw_http *http, int fd, const struct rgw_visitor *v, const char *reason)
{
	static const char no[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

	RGW_LOG(http->log, RGW_LOG_WARNING, "http-refused", NULL, "an HTTP connection is refused", rgw_http_who(v),
	    rgw_f_str("reason", reason));
	(void)send(fd, no, sizeof no - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

static void
take(void *ctx, int fd, const struct rgw_visitor *visitor)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNIX };
	struct rgw_http *http = ctx;
	socklen_t len = sizeof sa.ss_family;
	const char *reason;

	rgw_http_set_now(http);
	reason = judge(http, visitor);
	if (reason != NULL) {
		refuse(http, fd, visitor, reason);
		return;
	}
	if (visitor->addr.family != 0)
		len = rgw_addr_to_sockaddr(&visitor->addr, &sa);
	http->visitor = visitor;
	/* The library closes the descriptor also if this fails, for want of memory. */
	if (MHD_add_connection(http->mhd, fd, (struct sockaddr *)&sa, len) == MHD_YES)
		http->counts.connections++;
	http->visitor = NULL;
	rgw_http_run_in(http, 0);
}

/* ---- the server ---- */

static bool
start(struct rgw_http *http)
{
	const union MHD_DaemonInfo *info;

	http->departures = epoll_create1(EPOLL_CLOEXEC);
	if (http->departures < 0)
		return false;
	/* More than our own limit, for connections that are being closed, but not yet cleaned up. */
	http->mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
	    rgw_http_on_request, http, MHD_OPTION_NOTIFY_COMPLETED, rgw_http_on_completed, http,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
	    MHD_OPTION_CONNECTION_LIMIT, CLOSING * http->limits.connections + 1,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, http->limits.header,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (http->mhd == NULL)
		return false;
	info = MHD_get_daemon_info(http->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	ev_io_init(&http->active, on_active, info->epoll_fd, EV_READ);
	ev_io_init(&http->departed, rgw_http_on_departed, http->departures, EV_READ);
	http->active.data = http->departed.data = http;
	ev_io_start(http->loop, &http->active);
	ev_io_start(http->loop, &http->departed);
	return true;
}

struct rgw_http *
rgw_http_new(struct ev_loop *loop, struct rgw_log *log, const struct rgw_http_limits *limits,
    rgw_http_handler *handler, void *ctx)
{
	struct rgw_http *http = rgw_xcalloc(1, sizeof *http);

	*http = (struct rgw_http){ .loop = loop, .log = log, .limits = *limits, .handler = handler, .ctx = ctx };
	rgw_link_init(&http->exchanges);
	ev_timer_init(&http->again, on_again, 0, 0);
	http->again.data = http;
	if (start(http))
		return http;
	if (http->departures >= 0)
		close(http->departures);
	free(http);
	return NULL;
}

static bool
opened(struct rgw_http *http, bool ok)
{
	if (!ok)
		rgw_http_close(http);
	return ok;
}

bool
rgw_http_listen_unix(struct rgw_http *http, const struct rgw_http_unix *place, char *why, size_t size)
{
	http->door = rgw_door_new(http->loop, take, http);
	return opened(http, rgw_door_open_unix(http->door, place, why, size));
}

void
rgw_http_set_allow(struct rgw_http *http, const struct rgw_prefix *allow, size_t n)
{
	free(http->allow);
	http->allow = n > 0 ? rgw_xcalloc(n, sizeof *allow) : NULL;
	http->n_allow = n;
	if (n > 0)
		memcpy(http->allow, allow, n * sizeof *allow);
	rgw_http_set_now(http);
	for (struct rgw_link *l = http->exchanges.next; l != &http->exchanges; l = l->next)
		if (!exchange_at(l)->closing && !is_allowed(http, &exchange_at(l)->visitor))
			rgw_http_hang_up(exchange_at(l));
}

bool
rgw_http_listen_tcp(struct rgw_http *http, const struct rgw_addr *addr, const struct rgw_prefix *allow, size_t n,
    char *why, size_t size)
{
	rgw_http_set_allow(http, allow, n);
	http->door = rgw_door_new(http->loop, take, http);
	return opened(http, rgw_door_open_tcp(http->door, addr, why, size));
}

void
rgw_http_close(struct rgw_http *http)
{
	rgw_door_free(http->door);
	http->door = NULL;
}

struct rgw_addr
rgw_http_addr(const struct rgw_http *http)
{
	return http->door != NULL ? rgw_door_addr(http->door) : (struct rgw_addr){ .family = 0 };
}

unsigned
rgw_http_open(const struct rgw_http *http)
{
	unsigned n = 0;

	for (struct rgw_link *l = http->exchanges.next; l != &http->exchanges; l = l->next)
		n++;
	return n;
}

const struct rgw_http_counts *
rgw_http_counts(const struct rgw_http *http)
{
	return &http->counts;
}

void
rgw_http_free(struct rgw_http *http)
{
	if (http == NULL)
		return;
	rgw_http_set_now(http);
	rgw_http_close(http);
	for (struct rgw_link *l = http->exchanges.next; l != &http->exchanges; l = l->next)
		/* Whoever is told of it may answer others, but opens and closes none. */
		rgw_http_exchange_cut(RGW_CONTAINER(l, struct rgw_http_exchange, link));
	/* Closes all connections, which frees the exchanges. */
	MHD_stop_daemon(http->mhd);
	ev_io_stop(http->loop, &http->active);
	ev_io_stop(http->loop, &http->departed);
	ev_timer_stop(http->loop, &http->again);
	close(http->departures);
	free(http->allow);
	free(http);
}
