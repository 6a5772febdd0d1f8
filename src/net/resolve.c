/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net_priv.h"

#include <ares.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "radsecgw/mem.h"

/* Two name servers and a lost packet each fit into this. */
#define TIMEOUT_MS 2000
#define TRIES 3

/* Sockets c-ares may use at one time, and addresses that are kept of one host. */
#define WATCHERS 16
#define ADDRS_MAX 16

#define RESOLV_CONF "/etc/resolv.conf"

struct rgw_resolver {
	struct rgw_net *net;        /* borrowed: the owner */
	ares_channel channel;       /* owned; NULL before the first look-up */
	struct timespec read_at;    /* time stamp of the resolv.conf that the channel has read */
	unsigned pending;
	ev_io watchers[WATCHERS];   /* fd < 0 = free */
	struct rgw_link waiting;    /* owned: look-ups to start in the next turn */
	ev_timer start;
	ev_timer timer;             /* c-ares wants to be called */
};

struct query {
	struct rgw_resolver *resolver;
	struct rgw_link link;
	uint32_t number;
	char *host;                 /* owned */
};

static void
set_timer(struct rgw_resolver *r)
{
	struct timeval tv;
	struct timeval *next = r->channel != NULL ? ares_timeout(r->channel, NULL, &tv) : NULL;

	ev_timer_stop(r->net->loop, &r->timer);
	if (next == NULL)
		return;
	ev_timer_set(&r->timer, (double)next->tv_sec + (double)next->tv_usec / 1e6, 0);
	ev_timer_start(r->net->loop, &r->timer);
}

static void
on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct rgw_resolver *r = w->data;

	(void)loop;
	(void)revents;
	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	set_timer(r);
}

static void
on_socket(struct ev_loop *loop, ev_io *w, int revents)
{
	struct rgw_resolver *r = w->data;

	(void)loop;
	ares_process_fd(r->channel, (revents & EV_READ) != 0 ? w->fd : ARES_SOCKET_BAD,
	    (revents & EV_WRITE) != 0 ? w->fd : ARES_SOCKET_BAD);
	set_timer(r);
}

/* c-ares wants to watch a socket, or no longer. */
static void
on_socket_state(void *ctx, ares_socket_t fd, int readable, int writable)
{
	struct rgw_resolver *r = ctx;
	ev_io *free_one = NULL;
	ev_io *w = NULL;

	for (size_t i = 0; i < WATCHERS && w == NULL; i++) {
		if (r->watchers[i].fd == fd)
			w = &r->watchers[i];
		else if (r->watchers[i].fd < 0 && free_one == NULL)
			free_one = &r->watchers[i];
	}
	if (w == NULL)
		w = free_one;
	if (w == NULL)
		return;  /* the look-up times out */
	ev_io_stop(r->net->loop, w);
	if (!readable && !writable) {
		ev_io_set(w, -1, 0);
		return;
	}
	ev_io_set(w, fd, (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0));
	ev_io_start(r->net->loop, w);
}

static void
drop_channel(struct rgw_resolver *r)
{
	if (r->channel != NULL)
		ares_destroy(r->channel);
	r->channel = NULL;
}

/* A channel reads resolv.conf once. A machine that comes up without a network gets the file later,
 * so the channel is made anew when the file has changed and nothing is under way. */
static void
refresh_channel(struct rgw_resolver *r)
{
	struct ares_options options = {
		.timeout = TIMEOUT_MS,
		.tries = TRIES,
		.sock_state_cb = on_socket_state,
		.sock_state_cb_data = r,
		.flags = ARES_FLAG_NOSEARCH,
		.domains = NULL,
		.ndomains = 0,
	};
	/* No search domains: the name of a peer must never be found in somebody else's zone. */
	int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB | ARES_OPT_FLAGS |
	    ARES_OPT_DOMAINS;
	struct stat st;

	if (stat(RESOLV_CONF, &st) != 0)
		memset(&st, 0, sizeof st);
	if (r->channel != NULL &&
	    (r->pending > 0 || (st.st_mtim.tv_sec == r->read_at.tv_sec &&
	        st.st_mtim.tv_nsec == r->read_at.tv_nsec)))
		return;
	drop_channel(r);
	r->read_at = st.st_mtim;
	if (ares_init_options(&r->channel, &options, mask) != ARES_SUCCESS)
		r->channel = NULL;
}

static void
drop_query(struct query *q)
{
	rgw_link_remove(&q->link);
	free(q->host);
	free(q);
}

static void
on_result(void *arg, int status, int timeouts, struct ares_addrinfo *result)
{
	struct query *q = arg;
	struct rgw_resolver *r = q->resolver;
	struct rgw_addr addrs[ADDRS_MAX];
	uint32_t ttl = UINT32_MAX;
	size_t n = 0;

	(void)timeouts;
	r->pending--;
	if (status == ARES_SUCCESS) {
		for (struct ares_addrinfo_node *a = result->nodes; a != NULL && n < ADDRS_MAX;
		     a = a->ai_next) {
			if (!rgw_addr_from_sockaddr(&addrs[n], a->ai_addr))
				continue;
			addrs[n].port = 0;
			if ((uint32_t)a->ai_ttl < ttl)
				ttl = (uint32_t)a->ai_ttl;
			n++;
		}
	}
	if (result != NULL)
		ares_freeaddrinfo(result);
	if (status != ARES_ECANCELLED && status != ARES_EDESTRUCTION)
		rgw_gw_on_resolved(r->net->gw, q->number, addrs, n, n > 0 ? ttl : 0,
		    n > 0 ? "" : status == ARES_SUCCESS ? "no addresses" : ares_strerror(status),
		    rgw_net_now(r->net));
	drop_query(q);
}

/* Starts what is waiting. c-ares may have an answer at once, from /etc/hosts for example, and the
 * engine must not hear it inside its own call; so this runs from the loop. */
static void
on_start(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct rgw_resolver *r = w->data;
	struct rgw_link *l;

	(void)loop;
	(void)revents;
	while ((l = rgw_list_pop(&r->waiting)) != NULL) {
		struct query *q = RGW_CONTAINER(l, struct query, link);

		refresh_channel(r);
		r->pending++;
		if (r->channel == NULL)
			on_result(q, ARES_ENOTINITIALIZED, 0, NULL);
		else
			ares_getaddrinfo(r->channel, q->host, NULL, &hints, on_result, q);
	}
	set_timer(r);
}

struct rgw_resolver *
rgw_resolver_new(struct rgw_net *net)
{
	struct rgw_resolver *r = rgw_xcalloc(1, sizeof *r);

	r->net = net;
	rgw_link_init(&r->waiting);
	ev_timer_init(&r->start, on_start, 0, 0);
	ev_timer_init(&r->timer, on_timer, 0, 0);
	r->start.data = r->timer.data = r;
	for (size_t i = 0; i < WATCHERS; i++) {
		ev_io_init(&r->watchers[i], on_socket, -1, 0);
		r->watchers[i].data = r;
	}
	return r;
}

void
rgw_resolver_ask(struct rgw_resolver *r, uint32_t number, const char *host)
{
	struct query *q = rgw_xcalloc(1, sizeof *q);

	q->resolver = r;
	q->number = number;
	q->host = rgw_xstrdup(host);
	rgw_link_init(&q->link);
	rgw_list_append(&r->waiting, &q->link);
	ev_timer_start(r->net->loop, &r->start);
}

void
rgw_resolver_free(struct rgw_resolver *r)
{
	if (r == NULL)
		return;
	while (!rgw_list_empty(&r->waiting))
		drop_query(RGW_CONTAINER(rgw_list_first(&r->waiting), struct query, link));
	drop_channel(r);
	ev_timer_stop(r->net->loop, &r->start);
	ev_timer_stop(r->net->loop, &r->timer);
	for (size_t i = 0; i < WATCHERS; i++)
		ev_io_stop(r->net->loop, &r->watchers[i]);
	free(r);
}
