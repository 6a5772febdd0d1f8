/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_HTTP_PRIV_H
#define RADSECGW_HTTP_PRIV_H

#include <ev.h>
#include <microhttpd.h>
#include <time.h>

#include "radsecgw/http.h"
#include "radsecgw/list.h"
#include "door.h"

/*
 * libmicrohttpd parses and writes HTTP. It has an epoll descriptor of its own, which is one watcher of our loop, and
 * never waits. Connections are taken here and handed to it, so that the limits, the deadlines and what a client learns
 * of them are ours. It knows only a limit on idleness, which a slow client extends; so each connection has one timer,
 * set anew where a phase of an exchange begins, and its end shuts the socket, which the library notices.
 *
 * While an answer is deferred the library does not look at the connection. A second epoll descriptor tells whether its
 * client has gone. One that only ends its own sending counts as gone, too: the library would not answer it either.
 */

enum rgw_http_phase {
	RGW_HTTP_READING,    /* until a whole request is there; between requests, too */
	RGW_HTTP_HANDLING,   /* inside the handler */
	RGW_HTTP_DEFERRED,   /* the handler has the handle */
	RGW_HTTP_ANSWERING,  /* the answer is known; until it is sent */
};

struct rgw_http {
	struct ev_loop *loop;        /* borrowed */
	struct rgw_log *log;         /* borrowed */
	struct rgw_http_limits limits;
	rgw_http_handler *handler;
	void *ctx;                   /* borrowed */
	struct MHD_Daemon *mhd;      /* owned */
	struct rgw_door *door;       /* owned; NULL when closed */
	struct rgw_prefix *allow;    /* owned */
	size_t n_allow;
	int departures;              /* owned: the epoll descriptor that tells which client has gone */
	struct rgw_link exchanges;   /* all, one for each connection */
	const struct rgw_visitor *visitor;  /* borrowed: who is being handed to the library */
	struct rgw_http_counts counts;
	ev_io active;                /* the library's epoll descriptor */
	ev_io departed;
	ev_timer again;              /* the library has something left to do */
};

/* One for each connection, and used for one request after the other. */
struct rgw_http_exchange {
	struct rgw_link link;        /* in http->exchanges */
	struct rgw_http *http;       /* borrowed: the owner */
	struct MHD_Connection *mhd;  /* borrowed */
	struct rgw_visitor visitor;
	int fd;                      /* borrowed from the library */
	enum rgw_http_phase phase;
	bool suspended;              /* the library is not looking at the connection */
	bool cut;                    /* the connection is closed instead of an answer */
	bool closing;                /* the library is about to close the connection */
	double since;                /* when the phase began, by the loop's clock */
	ev_timer deadline;           /* of the phase */
	char *body;                  /* owned */
	size_t body_len;
	rgw_http_gone *gone;         /* while it is deferred */
	void *arg;
	struct MHD_Response *response;  /* owned, from the answer until it is queued */
	unsigned status;
	struct rgw_http_header {
		const char *name;    /* constants, as the value */
		const char *value;
	} headers[RGW_HTTP_HEADERS];    /* further ones of the answer */
	unsigned n_headers;
};

/* Tells the log what time it is. */
static inline void
rgw_http_set_now(struct rgw_http *http)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	http->log->now = (rgw_ms)ts.tv_sec * 1000 + (rgw_ms)ts.tv_nsec / 1000000;
}

/* Has the library run after so many milliseconds. */
static inline void
rgw_http_run_in(struct rgw_http *http, rgw_ms delay)
{
	ev_timer_stop(http->loop, &http->again);
	ev_timer_set(&http->again, (double)delay / 1000, 0);
	ev_timer_start(http->loop, &http->again);
}

/* The log field that says who a line is about. */
static inline struct rgw_field
rgw_http_who(const struct rgw_visitor *v)
{
	return v->addr.family != 0 ? rgw_f_addr("addr", &v->addr) : rgw_f_uint("uid", v->uid);
}

/* ---- exchanges, for the server ---- */

/* The exchange of a new connection, of http->visitor, or NULL. */
struct rgw_http_exchange *rgw_http_exchange_new(struct rgw_http *http, struct MHD_Connection *mhd);
void rgw_http_exchange_free(struct rgw_http_exchange *x);
/* The connection is to be closed without an answer. */
void rgw_http_exchange_cut(struct rgw_http_exchange *x);
/* The same, at once, whatever it does. Not in the handler. */
void rgw_http_hang_up(struct rgw_http_exchange *x);
/* The watcher of http->departures, and what the library calls for requests. */
void rgw_http_on_departed(struct ev_loop *loop, ev_io *w, int revents);
enum MHD_Result rgw_http_on_request(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
    const char *version, const char *data, size_t *size, void **request);
void rgw_http_on_completed(void *cls, struct MHD_Connection *mhd, void **request,
    enum MHD_RequestTerminationCode code);

#endif
