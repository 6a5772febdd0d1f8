/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net_priv.h"

#include <ares.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "radsecgw/mem.h"

/* The resolver looks up the names of neighbours by c-ares, on a loop. A look-up is for somebody (in a gateway for a
 * host of the engine), who hears of the addresses unless that one has gone; the resolver owns the look-ups until
 * then. */

/* Two name servers and a lost packet each fit into this time. */
#define TIMEOUT_MS 2000
#define TRIES 3

/* The number of sockets that c-ares may use at one time, and the number of addresses that are kept of one host. */
#define WATCHERS 16
#define ADDRS_MAX 16

#define RESOLV_CONF "/etc/resolv.conf"

/* Room for the list of names that were asked for, octets. */
#define ASKED_TEXT 1024

/* Seconds for which loopback, and an address on an interface, are taken to stand. The number of an interface may
 * change. */
#define LOCALHOST_TTL 86400
#define ZONE_TTL 30

struct rgw_resolver {
	struct ev_loop *loop;       /* borrowed, as the argument of the next */
	rgw_resolved *tell;
	void *arg;
	ares_channel channel;       /* owned; NULL before the first look-up */
	struct timespec read_at;    /* time stamp of the resolv.conf that the channel has read */
	struct ares_options conf;   /* owned: options that the channel has read there; only domains and ndots are looked
	                             * at */
	unsigned pending;
	ev_io watchers[WATCHERS];   /* fd < 0 = free */
	struct rgw_link waiting;    /* owned: look-ups to start in the next turn */
	struct rgw_link asked;      /* owned: look-ups that are under way */
	ev_timer start;
	ev_timer timer;             /* when c-ares wants to be called */
};

struct query {
	struct rgw_resolver *resolver;
	struct rgw_link link;       /* among those that wait, or that are under way */
	void *asker;                /* borrowed: who wants to know; NULL = nobody any more */
	char *host;                 /* owned: the name, without the dot at its end ... */
	bool absolute;              /* ... which says that the name is to be taken as it is */
	size_t turn;                /* number of the name's candidates that have been asked for */
	bool as_it_is;              /* the candidate that is asked for now is the name itself */
	const char *why;            /* borrowed: the worst that was said about a candidate */
	char asked[ASKED_TEXT];     /* list of the names that were asked for */
};

static void
set_timer(struct rgw_resolver *r)
{
	struct timeval tv;
	struct timeval *next = r->channel != NULL ? ares_timeout(r->channel, NULL, &tv) : NULL;

	ev_timer_stop(r->loop, &r->timer);
	if (next == NULL)
		return;
	ev_timer_set(&r->timer, (double)next->tv_sec + (double)next->tv_usec / 1e6, 0);
	ev_timer_start(r->loop, &r->timer);
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

/* Watches a socket for c-ares, or no longer. */
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
	ev_io_stop(r->loop, w);
	if (!readable && !writable) {
		ev_io_set(w, -1, 0);
		return;
	}
	ev_io_set(w, fd, (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0));
	ev_io_start(r->loop, w);
}

static void
drop_channel(struct rgw_resolver *r)
{
	if (r->channel != NULL)
		ares_destroy(r->channel);
	r->channel = NULL;
	ares_destroy_options(&r->conf);
	memset(&r->conf, 0, sizeof r->conf);
}

/* Asks a channel that exists for nothing else what the search list and ndots are: the channel that looks names up has
 * no list, since it would go through it in its own way. */
static void
read_search_list(struct rgw_resolver *r)
{
	ares_channel reader;
	int mask = 0;

	if (ares_init(&reader) != ARES_SUCCESS)
		return;
	if (ares_save_options(reader, &r->conf, &mask) != ARES_SUCCESS)
		memset(&r->conf, 0, sizeof r->conf);
	ares_destroy(reader);
}

/* Makes the channel anew when resolv.conf has changed and nothing is under way, since a channel reads that file once,
 * and a machine that comes up without a network gets it later. */
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
	read_search_list(r);
}

static void
drop_query(struct query *q)
{
	rgw_link_remove(&q->link);
	free(q->host);
	free(q);
}

/* ---- names that need no name server ---- */

static void
answer(struct query *q, const struct rgw_addr *addrs, size_t n, uint32_t ttl, const char *why)
{
	const struct rgw_resolver *r = q->resolver;

	if (q->asker != NULL)
		r->tell(r->arg, q->asker, addrs, n, ttl, why);
	drop_query(q);
}

/* Answers a name that needs no name server: localhost is this machine, whatever files and name servers say (RFC 6761
 * 6.3), and an address on an interface is there when the interface is. false = the name is neither. */
static bool
answer_here(struct query *q)
{
	static const struct rgw_addr loopback[] = {
		{ .family = 4, .ip = { 127, 0, 0, 1 } },
		{ .family = 6, .ip = { [15] = 1 } },
	};
	char zone[RGW_ZONE_TEXT];
	struct rgw_addr a;

	if (rgw_addr_is_local_name(q->host)) {
		answer(q, loopback, 2, LOCALHOST_TTL, "");
		return true;
	}
	if (!rgw_addr_parse_zone(q->host, 0, &a, zone))
		return false;
	a.scope = if_nametoindex(zone);
	answer(q, &a, a.scope != 0 ? 1 : 0, ZONE_TTL, "there is no such interface");
	return true;
}

/* ---- the search list of resolv.conf ---- */

static size_t
count_dots(const char *name)
{
	size_t n = 0;

	for (; *name != '\0'; name++)
		n += *name == '.';
	return n;
}

/* Writes the next name to be asked for: the host itself, or the host in one of the domains. The host itself goes first
 * if it has as many dots as `ndots` says. false = there is no further candidate. */
static bool
next_candidate(struct query *q, char *name, size_t size)
{
	const struct ares_options *conf = &q->resolver->conf;
	size_t domains = q->absolute ? 0 : (size_t)conf->ndomains;
	bool host_first = domains == 0 || count_dots(q->host) >= (size_t)conf->ndots;

	while (q->turn <= domains) {
		size_t turn = q->turn++;
		const char *domain;
		bool fits;

		q->as_it_is = turn == (host_first ? 0 : domains);
		if (q->as_it_is) {
			snprintf(name, size, "%s", q->host);
			return true;
		}
		domain = conf->domains[host_first ? turn - 1 : turn];
		fits = (size_t)snprintf(name, size, "%s.%s", q->host, domain) < size - 1;
		if (domain[0] != '\0' && domain[0] != '.' && fits)
			return true;
	}
	return false;
}

/* May the next candidate be asked for? A name that is not known to be missing must not be found elsewhere; but a
 * domain of the list may be out of order. */
static bool
may_go_on(const struct query *q, int status)
{
	if (status == ARES_ENOTFOUND || status == ARES_ENODATA)
		return true;
	return !q->as_it_is && (status == ARES_ESERVFAIL || status == ARES_EREFUSED);
}

static void on_result(void *arg, int status, int timeouts, struct ares_addrinfo *result);

/* Asks for the next candidate. false = no candidate is left. */
static bool
ask_next(struct query *q)
{
	struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	char name[RGW_HOST_TEXT];
	size_t len = strlen(q->asked);

	if (!next_candidate(q, name, sizeof name))
		return false;
	snprintf(q->asked + len, sizeof q->asked - len, "%s%s", len > 0 ? ", " : "", name);
	ares_getaddrinfo(q->resolver->channel, name, NULL, &hints, on_result, q);
	return true;
}

static void
fail(struct query *q)
{
	char why[ASKED_TEXT + 128];

	snprintf(why, sizeof why, "%s; asked for %s", q->why, q->asked);
	answer(q, NULL, 0, 0, why);
}

/* Takes the addresses of an answer; returns their number. */
static size_t
collect(const struct ares_addrinfo *result, struct rgw_addr addrs[ADDRS_MAX], uint32_t *ttl)
{
	size_t n = 0;

	*ttl = UINT32_MAX;
	for (struct ares_addrinfo_node *a = result->nodes; a != NULL && n < ADDRS_MAX; a = a->ai_next) {
		if (!rgw_addr_from_sockaddr(&addrs[n], a->ai_addr))
			continue;
		addrs[n].port = 0;
		if ((uint32_t)a->ai_ttl < *ttl)
			*ttl = (uint32_t)a->ai_ttl;
		n++;
	}
	return n;
}

static void
on_result(void *arg, int status, int timeouts, struct ares_addrinfo *result)
{
	struct query *q = arg;
	struct rgw_resolver *r = q->resolver;
	struct rgw_addr addrs[ADDRS_MAX];
	uint32_t ttl = 0;
	size_t n = status == ARES_SUCCESS ? collect(result, addrs, &ttl) : 0;

	(void)timeouts;
	if (result != NULL)
		ares_freeaddrinfo(result);
	if (status == ARES_SUCCESS && n == 0)
		status = ARES_ENODATA;
	/* A domain that is out of order explains more than domains that do not have the name. */
	if (q->why == NULL || (status != ARES_ENOTFOUND && status != ARES_ENODATA))
		q->why = ares_strerror(status);
	if (n == 0 && may_go_on(q, status) && ask_next(q))
		return;
	r->pending--;
	if (status == ARES_ECANCELLED || status == ARES_EDESTRUCTION)
		drop_query(q);
	else if (n > 0)
		answer(q, addrs, n, ttl, "");
	else
		fail(q);
}

/* Starts the look-ups that wait. c-ares may have an answer at once, from /etc/hosts for example, and the engine must
 * not hear the answer inside its own call; so this runs from the loop. */
static void
on_start(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct rgw_resolver *r = w->data;
	struct rgw_link *l;

	(void)loop;
	(void)revents;
	while ((l = rgw_list_pop(&r->waiting)) != NULL) {
		struct query *q = RGW_CONTAINER(l, struct query, link);

		if (answer_here(q))
			continue;
		refresh_channel(r);
		if (r->channel == NULL) {
			answer(q, NULL, 0, 0, ares_strerror(ARES_ENOTINITIALIZED));
			continue;
		}
		r->pending++;
		rgw_list_append(&r->asked, &q->link);
		(void)ask_next(q);
	}
	set_timer(r);
}

struct rgw_resolver *
rgw_resolver_new(struct ev_loop *loop, rgw_resolved *tell, void *arg)
{
	struct rgw_resolver *r = rgw_xcalloc(1, sizeof *r);

	r->loop = loop;
	r->tell = tell;
	r->arg = arg;
	rgw_link_init(&r->waiting);
	rgw_link_init(&r->asked);
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
rgw_resolver_ask(struct rgw_resolver *r, void *asker, const char *host)
{
	struct query *q = rgw_xcalloc(1, sizeof *q);
	size_t len = strlen(host);

	q->resolver = r;
	q->asker = asker;
	q->host = rgw_xstrdup(host);
	if (len > 0 && host[len - 1] == '.') {
		q->host[len - 1] = '\0';
		q->absolute = true;
	}
	rgw_link_init(&q->link);
	rgw_list_append(&r->waiting, &q->link);
	ev_timer_start(r->loop, &r->start);
}

static void
forget(struct rgw_link *list, const void *asker)
{
	for (struct rgw_link *l = list->next; l != list; l = l->next) {
		struct query *q = RGW_CONTAINER(l, struct query, link);

		if (q->asker == asker)
			q->asker = NULL;
	}
}

void
rgw_resolver_forget(struct rgw_resolver *r, const void *asker)
{
	forget(&r->waiting, asker);
	forget(&r->asked, asker);
}

void
rgw_resolver_free(struct rgw_resolver *r)
{
	if (r == NULL)
		return;
	while (!rgw_list_empty(&r->waiting))
		drop_query(RGW_CONTAINER(rgw_list_first(&r->waiting), struct query, link));
	drop_channel(r);
	ev_timer_stop(r->loop, &r->start);
	ev_timer_stop(r->loop, &r->timer);
	for (size_t i = 0; i < WATCHERS; i++)
		ev_io_stop(r->loop, &r->watchers[i]);
	free(r);
}
