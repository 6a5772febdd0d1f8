/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "http_priv.h"

/* One exchange after the other on one connection: its phases, deadlines and answers. */

static void
enter(struct rgw_http_exchange *x, enum rgw_http_phase phase, rgw_ms limit)
{
	x->phase = phase;
	x->since = ev_now(x->http->loop);
	ev_timer_stop(x->http->loop, &x->deadline);
	ev_timer_set(&x->deadline, (double)limit / 1000, 0);
	ev_timer_start(x->http->loop, &x->deadline);
}

/* ---- the end of a deferred exchange ---- */

static void
resume(struct rgw_http_exchange *x)
{
	if (!x->suspended)
		return;
	x->suspended = false;
	(void)epoll_ctl(x->http->departures, EPOLL_CTL_DEL, x->fd, NULL);
	MHD_resume_connection(x->mhd);
	rgw_http_run_in(x->http, 0);
}

/* Takes the handle from whoever has it. */
static void
withdraw(struct rgw_http_exchange *x)
{
	rgw_http_gone *gone = x->gone;

	assert(x->phase == RGW_HTTP_DEFERRED);
	enter(x, RGW_HTTP_ANSWERING, x->http->limits.answer);
	x->gone = NULL;
	gone(x->arg, x);
}

void
rgw_http_exchange_cut(struct rgw_http_exchange *x)
{
	x->cut = true;
	if (x->phase == RGW_HTTP_DEFERRED)
		withdraw(x);
	resume(x);
}

void
rgw_http_on_departed(struct ev_loop *loop, ev_io *w, int revents)
{
	struct rgw_http *http = w->data;
	struct epoll_event events[16];
	int n = epoll_wait(http->departures, events, 16, 0);

	(void)loop;
	(void)revents;
	rgw_http_set_now(http);
	for (int i = 0; i < n; i++) {
		struct rgw_http_exchange *x = events[i].data.ptr;

		http->counts.departed++;
		RGW_LOG(http->log, RGW_LOG_INFO, "http-departed", NULL,
		    "an HTTP client went away before its answer was ready", rgw_http_who(&x->visitor));
		rgw_http_exchange_cut(x);
	}
}

/* ---- answers ---- */

static void
set_response(struct rgw_http_exchange *x, unsigned status, const char *type, struct MHD_Response *response)
{
	x->status = status;
	x->response = response;
	if (response == NULL) {
		x->cut = true;
		return;
	}
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	(void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	for (unsigned i = 0; i < x->n_headers; i++)
		(void)MHD_add_response_header(response, x->headers[i].name, x->headers[i].value);
}

static void
set_text(struct rgw_http_exchange *x, unsigned status, const char *text)
{
	size_t len = strlen(text);

	set_response(x, status, "text/plain; charset=utf-8",
	    MHD_create_response_from_buffer(len, len > 0 ? (void *)(uintptr_t)text : NULL, MHD_RESPMEM_MUST_COPY));
}

static void
answered(struct rgw_http_exchange *x)
{
	enter(x, RGW_HTTP_ANSWERING, x->http->limits.answer);
	x->gone = NULL;
	resume(x);
}

void
rgw_http_answer(struct rgw_http_exchange *x, unsigned status, const char *type, void *octets, size_t len)
{
	struct MHD_Response *response;

	assert(x->phase == RGW_HTTP_HANDLING || x->phase == RGW_HTTP_DEFERRED);
	response = octets == NULL || len == 0 ?
	    MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT) :
	    MHD_create_response_from_buffer_with_free_callback(len, octets, free);
	if (response == NULL || len == 0)
		free(octets);
	set_response(x, status, type, response);
	answered(x);
}

void
rgw_http_add_header(struct rgw_http_exchange *x, const char *name, const char *value)
{
	if (x->n_headers < RGW_HTTP_HEADERS)
		x->headers[x->n_headers++] = (struct rgw_http_header){ name, value };
}

void
rgw_http_answer_text(struct rgw_http_exchange *x, unsigned status, const char *text)
{
	assert(x->phase == RGW_HTTP_HANDLING || x->phase == RGW_HTTP_DEFERRED);
	set_text(x, status, text);
	answered(x);
}

void
rgw_http_defer(struct rgw_http_exchange *x, rgw_http_gone *gone, void *arg)
{
	assert(x->phase == RGW_HTTP_HANDLING);
	x->gone = gone;
	x->arg = arg;
	enter(x, RGW_HTTP_DEFERRED, x->http->limits.deferred);
}

const char *
rgw_http_query(struct rgw_http_exchange *x, const char *name)
{
	return MHD_lookup_connection_value(x->mhd, MHD_GET_ARGUMENT_KIND, name);
}

const char *
rgw_http_header(struct rgw_http_exchange *x, const char *name)
{
	return MHD_lookup_connection_value(x->mhd, MHD_HEADER_KIND, name);
}

/* ---- deadlines ---- */

static void
late_answer(struct rgw_http_exchange *x)
{
	struct rgw_http *http = x->http;

	http->counts.late_deferred++;
	RGW_LOG(http->log, RGW_LOG_WARNING, "http-timeout", NULL,
	    "an HTTP request took too long to be carried out", rgw_http_who(&x->visitor));
	withdraw(x);
	set_text(x, MHD_HTTP_GATEWAY_TIMEOUT, "This took too long, and goes on without you.\n");
	resume(x);
}

/* Ends a connection: the library closes it as soon as it looks. What the client did not take is dropped, lest the
 * system keep it for long. */
void
rgw_http_hang_up(struct rgw_http_exchange *x)
{
	static const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	x->closing = true;
	if (x->phase == RGW_HTTP_DEFERRED)
		rgw_http_exchange_cut(x);
	(void)setsockopt(x->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	(void)shutdown(x->fd, SHUT_RDWR);
}

static void
on_deadline(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct rgw_http_exchange *x = w->data;
	struct rgw_http *http = x->http;

	(void)loop;
	(void)revents;
	rgw_http_set_now(http);
	if (x->phase == RGW_HTTP_DEFERRED) {
		late_answer(x);
		return;
	}
	if (x->phase == RGW_HTTP_READING) {
		http->counts.late_requests++;
		RGW_LOG(http->log, RGW_LOG_DEBUG, "http-timeout", NULL,
		    "an HTTP connection is closed: it had no whole request in time", rgw_http_who(&x->visitor));
	} else {
		http->counts.late_readers++;
		RGW_LOG(http->log, RGW_LOG_INFO, "http-timeout", NULL,
		    "an HTTP connection is closed: its client did not take the answer in time",
		    rgw_http_who(&x->visitor));
	}
	rgw_http_hang_up(x);
}

/* ---- requests: what the library calls ---- */

/* Has the name or value of a parameter a NUL inside, which would hide what follows it? */
static enum MHD_Result
check_parameter(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_size, const char *value,
    size_t value_size)
{
	bool *hidden = cls;

	(void)kind;
	if (strlen(key) != key_size || (value != NULL && strlen(value) != value_size))
		*hidden = true;
	return MHD_YES;
}

static void
call_handler(struct rgw_http_exchange *x, const char *method, const char *path)
{
	struct rgw_http *http = x->http;
	struct rgw_http_request request = { method, path, x->body, x->body_len };
	bool hidden = false;

	x->phase = RGW_HTTP_HANDLING;
	(void)MHD_get_connection_values_n(x->mhd, MHD_GET_ARGUMENT_KIND, check_parameter, &hidden);
	if (hidden) {
		rgw_http_answer_text(x, MHD_HTTP_BAD_REQUEST, "A parameter holds a NUL octet.\n");
		return;
	}
	http->counts.requests++;
	http->handler(http->ctx, x, &request);
	if (x->phase == RGW_HTTP_HANDLING)
		rgw_http_answer_text(x, MHD_HTTP_INTERNAL_SERVER_ERROR, "Nobody has answered this request.\n");
}

static enum MHD_Result
queue(struct rgw_http_exchange *x)
{
	enum MHD_Result result;

	if (x->response == NULL || x->cut)
		return MHD_NO;
	result = MHD_queue_response(x->mhd, x->status, x->response);
	MHD_destroy_response(x->response);
	x->response = NULL;
	return result;
}

static enum MHD_Result
suspend(struct rgw_http_exchange *x)
{
	struct epoll_event event = { .events = EPOLLRDHUP, .data = { .ptr = x } };

	MHD_suspend_connection(x->mhd);
	x->suspended = true;
	/* Should this fail, the deadline is what ends it. */
	(void)epoll_ctl(x->http->departures, EPOLL_CTL_ADD, x->fd, &event);
	return MHD_YES;
}

static void
count_too_large(struct rgw_http_exchange *x)
{
	struct rgw_http *http = x->http;

	http->counts.too_large++;
	RGW_LOG(http->log, RGW_LOG_INFO, "http-refused", NULL, "the body of an HTTP request is too long",
	    rgw_http_who(&x->visitor));
}

/* The header is there: a body that says it is too long is refused before it is read. */
static enum MHD_Result
begin(struct rgw_http_exchange *x)
{
	const char *length = MHD_lookup_connection_value(x->mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	if (length == NULL || strtoull(length, NULL, 10) <= x->http->limits.body)
		return MHD_YES;
	count_too_large(x);
	enter(x, RGW_HTTP_ANSWERING, x->http->limits.answer);
	set_text(x, MHD_HTTP_CONTENT_TOO_LARGE, "The body is too long.\n");
	return queue(x);
}

static enum MHD_Result
add_body(struct rgw_http_exchange *x, const char *data, size_t n)
{
	char *grown;

	if (n > x->http->limits.body - x->body_len) {
		count_too_large(x);
		return MHD_NO;
	}
	grown = realloc(x->body, x->body_len + n);
	if (grown == NULL)
		return MHD_NO;
	memcpy(grown + x->body_len, data, n);
	x->body = grown;
	x->body_len += n;
	return MHD_YES;
}

/* Called when the header is there, for each part of the body, at its end, and again after a resume. */
enum MHD_Result
rgw_http_on_request(void *cls, struct MHD_Connection *mhd, const char *url, const char *method, const char *version,
    const char *data, size_t *size, void **request)
{
	struct rgw_http_exchange *x = *request;
	size_t n = *size;

	(void)cls;
	(void)version;
	if (x == NULL) {
		x = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
		*request = x;
		return x != NULL ? begin(x) : MHD_NO;
	}
	*size = 0;
	if (n > 0)
		return add_body(x, data, n);
	if (x->phase == RGW_HTTP_READING)
		call_handler(x, method, url);
	return x->phase == RGW_HTTP_DEFERRED ? suspend(x) : queue(x);
}

void
rgw_http_on_completed(void *cls, struct MHD_Connection *mhd, void **request, enum MHD_RequestTerminationCode code)
{
	struct rgw_http_exchange *x = *request;

	(void)cls;
	(void)mhd;
	(void)code;
	if (x == NULL)
		return;
	free(x->body);
	x->body = NULL;
	x->body_len = 0;
	if (x->response != NULL)
		MHD_destroy_response(x->response);
	x->response = NULL;
	x->n_headers = 0;
	enter(x, RGW_HTTP_READING, x->http->limits.request);
}

/* ---- of a connection ---- */

struct rgw_http_exchange *
rgw_http_exchange_new(struct rgw_http *http, struct MHD_Connection *mhd)
{
	struct rgw_http_exchange *x = calloc(1, sizeof *x);

	if (x == NULL)
		return NULL;
	x->http = http;
	x->mhd = mhd;
	x->visitor = *http->visitor;
	x->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	rgw_list_append(&http->exchanges, &x->link);
	ev_timer_init(&x->deadline, on_deadline, 0, 0);
	x->deadline.data = x;
	enter(x, RGW_HTTP_READING, http->limits.request);
	return x;
}

void
rgw_http_exchange_free(struct rgw_http_exchange *x)
{
	ev_timer_stop(x->http->loop, &x->deadline);
	rgw_link_remove(&x->link);
	free(x);
}
