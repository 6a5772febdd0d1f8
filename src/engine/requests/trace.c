/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "login.h"
#include "radsecgw/decode.h"

/* The trace of one worker, see radsecgw/trace.h. The gateway owns it while there is one. Events stand in a buffer one
 * after the other, each with its texts behind it, until they are fetched. */

#define WORDS 4
#define WORD 300

struct rgw_trace {
	struct rgw_gw *gw;            /* borrowed */
	struct rgw_search search;     /* points to `words` */
	char words[WORDS][WORD];
	rgw_ms until;
	rgw_ms fetched;
	uint32_t first;               /* serial of the first request that came after it had begun */
	struct rgw_timer timer;
	uint64_t left_out;
	size_t len;
	uint8_t events[RGW_TRACE_OCTETS];
};

/* The attributes of the packet that is being told. */
struct told {
	char text[2 * RGW_PACKET_MAX];
	size_t len;
};

/* ---- attributes ---- */

/* They stand as name, NUL, length of the value in two octets, value. */
static void
put(struct told *t, const char *name, const void *value, size_t len)
{
	size_t name_len = strlen(name) + 1;

	if (sizeof t->text - t->len < name_len + 2 + len)
		return;
	memcpy(t->text + t->len, name, name_len);
	t->len += name_len;
	t->text[t->len++] = (char)(len >> 8);
	t->text[t->len++] = (char)(len & 0xff);
	if (len > 0)
		memcpy(t->text + t->len, value, len);
	t->len += len;
}

static void
put_field(struct told *t, const char *name, const struct rgw_field *f)
{
	put(t, name, f->data, f->type == RGW_FIELD_OCTETS ? (size_t)f->number : strlen(f->data));
}

/* Is this to be shown by its length only, since it may tell who it is? */
static bool
tells_who(const struct rgw_conf_log *conf, const struct rgw_decoded *d, const struct rgw_packet *request)
{
	switch (d->as) {
	case RGW_DECODED_OPAQUE:
		return conf->identity != RGW_LOG_ID_FULL || conf->station != RGW_LOG_STATION_FULL;
	case RGW_DECODED_STATION:
		return conf->station != RGW_LOG_STATION_FULL;
	case RGW_DECODED_MESSAGE:
		return rgw_login_hides_message(conf, request, d->value, d->len);
	default:
		return rgw_login_hides(conf, request, d->value, d->len);
	}
}

static void
put_decoded(struct told *t, const struct rgw_conf_log *conf, struct rgw_decoded *d, const struct rgw_packet *request)
{
	struct rgw_identity room;
	struct rgw_field f;

	if (d->as == RGW_DECODED_USER) {
		f = rgw_f_user(conf, d->octets, d->n, &room);
		put_field(t, d->name, &f);
	} else if (strcmp(d->name, "Calling-Station-Id") == 0) {
		f = rgw_f_station(conf, "", d->octets, d->n, &room);
		put_field(t, d->name, &f);
	} else {
		if (tells_who(conf, d, request))
			rgw_decode_length(d);
		put(t, d->name, d->value, d->len);
	}
}

static void
tell(struct told *t, struct rgw_gw *gw, const struct rgw_packet *packet, const struct rgw_packet *request)
{
	struct rgw_decoder decoder = rgw_decoder_of(packet, gw->conf->hidden);
	struct rgw_decoded d;

	t->len = 0;
	while (rgw_decode_next(&decoder, &d))
		put_decoded(t, &gw->conf->log, &d, request);
}

/* ---- events ---- */

/* An event as it stands in the buffer, before its texts. */
struct record {
	struct rgw_trace_event event;
	size_t text_len;  /* with its NUL */
};

static bool
has_room(struct rgw_trace *trace)
{
	/* Nothing is put into words that would find no room then. */
	if (sizeof trace->events - trace->len >= sizeof(struct record) + sizeof(struct told) + WORD)
		return true;
	trace->left_out++;
	return false;
}

/* Adds an event for which there is room. */
static void
add(struct rgw_trace *trace, const struct rgw_trace_event *event, const char *text, const struct told *t)
{
	struct record record = { .event = *event, .text_len = strnlen(text, WORD - 1) + 1 };
	uint8_t *at = trace->events + trace->len;
	const struct rgw_log *log = trace->gw->log;

	record.event.worker = (uint16_t)(log->worker > 0 ? log->worker : 1);
	record.event.len = t != NULL ? t->len : 0;
	memcpy(at, &record, sizeof record);
	at += sizeof record;
	memcpy(at, text, record.text_len - 1);
	at[record.text_len - 1] = '\0';
	if (t != NULL)
		memcpy(at + record.text_len, t->text, t->len);
	trace->len += sizeof record + record.text_len + record.event.len;
}

/* The trace that follows this request, or NULL. */
static struct rgw_trace *
trace_of(const struct rgw_req *req)
{
	struct rgw_trace *trace = req->edition->gw->trace;

	return trace != NULL && req->traced >= trace->first && has_room(trace) ? trace : NULL;
}

static struct rgw_trace_event
event_of(const struct rgw_req *req, enum rgw_trace_kind kind, rgw_ms now)
{
	return (struct rgw_trace_event){ .kind = kind, .at = now, .after = now - req->accepted_at,
		.serial = req->traced };
}

void
rgw_trace_step(const struct rgw_req *req, enum rgw_step what, uint32_t number, uint32_t second, const char *text,
    rgw_ms now)
{
	struct rgw_trace *trace = trace_of(req);
	struct rgw_trace_event event = event_of(req, RGW_TRACE_STEP, now);

	if (trace == NULL)
		return;
	event.step = what;
	event.number = number;
	event.second = second;
	add(trace, &event, text, NULL);
}

void
rgw_trace_packet(const struct rgw_req *req, enum rgw_trace_kind kind, uint32_t number, const char *text,
    const uint8_t *octets, size_t len, rgw_ms now)
{
	struct rgw_trace *trace = trace_of(req);
	struct rgw_trace_event event = event_of(req, kind, now);
	struct rgw_packet packet;
	struct told t;

	if (trace == NULL || rgw_packet_parse(&packet, octets, len) != RGW_PACKET_OK)
		return;
	event.code = packet.code;
	event.id = packet.id;
	event.number = number;
	tell(&t, trace->gw, &packet, &req->packet);
	add(trace, &event, text, &t);
}

void
rgw_trace_ended(const struct rgw_req *req, enum rgw_counter how, enum rgw_result result, rgw_ms now)
{
	struct rgw_trace *trace = trace_of(req);
	struct rgw_trace_event event = event_of(req, RGW_TRACE_ENDED, now);

	if (trace == NULL)
		return;
	event.number = how;
	event.second = result;
	add(trace, &event, "", NULL);
}

/* ---- what is followed ---- */

/* Tells what a request looks like that has come, or a packet that was dropped. */
static void
tell_coming(struct rgw_trace *trace, struct rgw_trace_event *event, const char *asker, const struct rgw_addr *from,
    const struct rgw_packet *p)
{
	struct told t = { .len = 0 };

	if (!has_room(trace))
		return;
	event->from = *from;
	if (p != NULL) {
		event->code = p->code;
		event->id = p->id;
		tell(&t, trace->gw, p, p);
	}
	add(trace, event, asker != NULL ? asker : "", &t);
}

/* What has been done before the request was there, as its trail says. */
static void
tell_early(const struct rgw_req *req, rgw_ms now)
{
	struct rgw_trail_step step = { 0 };
	char text[RGW_TRAIL_OCTETS];

	while (req->trail != NULL && rgw_trail_next(req->trail, &step)) {
		if (step.what < RGW_STEP_REWRITE)
			continue;
		memcpy(text, step.text, step.len);
		text[step.len] = '\0';
		rgw_trace_step(req, step.what, step.number, step.second, text, now);
	}
}

void
rgw_trace_came(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	struct rgw_trace_event event = { .kind = RGW_TRACE_CAME, .at = now, .is_peer = req->origin.door->is_stream };
	const struct rgw_trail *trail = req->trail;
	struct rgw_trail room;

	if (trail == NULL) {
		rgw_trail_start(gw, &room, now);
		rgw_trail_put_facts(&room, &gw->conf->log, &req->packet);
		rgw_trail_put_origin(&room, rgw_origin_name(&req->origin), &req->origin.remote);
		trail = &room;
	}
	if (now >= gw->trace->until || !rgw_trail_is_like(trail, &gw->conf->log, &gw->trace->search))
		return;
	req->traced = event.serial = (uint32_t)trail->serial;
	tell_coming(gw->trace, &event, rgw_origin_name(&req->origin), &req->origin.remote, &req->packet);
	tell_early(req, now);
}

void
rgw_trace_dropped(struct rgw_gw *gw, enum rgw_counter how, const char *asker, bool is_peer,
    const struct rgw_addr *from, const struct rgw_packet *p, rgw_ms now)
{
	struct rgw_trace_event event = { .kind = RGW_TRACE_DROPPED, .at = now, .is_peer = is_peer, .number = how };
	struct rgw_trail room = { .began = now };

	if (p != NULL)
		rgw_trail_put_facts(&room, &gw->conf->log, p);
	rgw_trail_put_origin(&room, asker, from);
	if (now < gw->trace->until && rgw_trail_is_like(&room, &gw->conf->log, &gw->trace->search))
		tell_coming(gw->trace, &event, asker, from, p);
}

/* ---- its life ---- */

void
rgw_gw_trace_end(struct rgw_gw *gw)
{
	if (gw->trace == NULL)
		return;
	rgw_timer_unset(&gw->timers, &gw->trace->timer);
	free(gw->trace);
	gw->trace = NULL;
}

/* Is it over, or has whoever wanted it gone? What is there when it is over can still be fetched. */
static void
on_timer(struct rgw_timer *timer, rgw_ms now)
{
	struct rgw_trace *trace = RGW_CONTAINER(timer, struct rgw_trace, timer);

	if (now >= trace->fetched + RGW_TRACE_FETCH_MS)
		rgw_gw_trace_end(trace->gw);
	else
		rgw_timer_set(&trace->gw->timers, timer, trace->fetched + RGW_TRACE_FETCH_MS);
}

static const char *
keep(struct rgw_trace *trace, unsigned i, const char *word)
{
	if (word == NULL)
		return NULL;
	(void)snprintf(trace->words[i], WORD, "%s", word);
	return trace->words[i];
}

void
rgw_gw_trace(struct rgw_gw *gw, const struct rgw_search *search, rgw_ms until, rgw_ms now)
{
	struct rgw_trace *trace;

	rgw_gw_trace_end(gw);
	gw->trace = trace = rgw_xcalloc(1, sizeof *trace);
	trace->gw = gw;
	trace->search.user = keep(trace, 0, search->user);
	trace->search.mac = keep(trace, 1, search->mac);
	trace->search.realm = keep(trace, 2, search->realm);
	trace->search.asker = keep(trace, 3, search->asker);
	trace->until = until;
	trace->fetched = now;
	trace->first = (uint32_t)gw->trails.serial + 1;
	rgw_timer_init(&trace->timer, on_timer);
	rgw_timer_set(&gw->timers, &trace->timer, now + RGW_TRACE_FETCH_MS);
}

bool
rgw_gw_trace_fetch(struct rgw_gw *gw, void (*take)(void *ctx, const struct rgw_trace_event *event), void *ctx,
    uint64_t *left_out, rgw_ms now)
{
	struct rgw_trace *trace = gw->trace;
	struct record record;

	*left_out = 0;
	if (trace == NULL)
		return false;
	for (size_t at = 0; at < trace->len; at += record.text_len + record.event.len) {
		memcpy(&record, trace->events + at, sizeof record);
		at += sizeof record;
		record.event.text = (const char *)trace->events + at;
		record.event.attributes = record.event.text + record.text_len;
		take(ctx, &record.event);
	}
	*left_out = trace->left_out;
	trace->left_out = trace->len = 0;
	trace->fetched = now;
	return true;
}

const char *
rgw_trace_attribute(const struct rgw_trace_event *event, size_t *at, const uint8_t **value, size_t *len)
{
	const char *name = event->attributes + *at;
	size_t name_len;

	if (*at >= event->len)
		return NULL;
	name_len = strlen(name) + 1;
	*value = (const uint8_t *)name + name_len + 2;
	*len = (size_t)((uint8_t)name[name_len] << 8 | (uint8_t)name[name_len + 1]);
	*at += name_len + 2 + *len;
	return name;
}
