/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trails.h"

#include <stdlib.h>
#include <string.h>

#include "login.h"
#include "trace.h"

/* The trails of requests, see trails.h. What is written into a trail is shortened or hashed before. */

_Static_assert(RGW_COUNTER_COUNT <= UINT8_MAX, "a trail holds a counter in an octet");

/* ---- places ---- */

void
rgw_trails_init(struct rgw_gw *gw)
{
	struct rgw_trails *t = &gw->trails;

	rgw_slab_init(&t->slab, sizeof(struct rgw_trail), 0);
	rgw_link_init(&t->open);
	rgw_link_init(&t->good);
	rgw_link_init(&t->bad);
}

static void
forget(struct rgw_trails *t, struct rgw_link *row)
{
	struct rgw_link *l = rgw_list_pop(row);

	t->n_bad -= row == &t->bad;
	rgw_slab_put(&t->slab, RGW_CONTAINER(l, struct rgw_trail, link));
}

/* Forgets the oldest that have ended until no more than `most` are left. false = more are open. */
static bool
shrink(struct rgw_trails *t, size_t most)
{
	while (t->slab.used > most) {
		bool bad = t->n_bad > t->limit / 2 || rgw_list_empty(&t->good);

		if (bad && t->n_bad == 0)
			return false;
		forget(t, bad ? &t->bad : &t->good);
	}
	return true;
}

void
rgw_trails_change(struct rgw_gw *gw)
{
	struct rgw_trails *t = &gw->trails;

	t->limit = gw->conf->gateway.ring;
	(void)shrink(t, t->limit);
	if (t->limit > 0)
		return;
	for (unsigned i = 0; i < RGW_DROPS; i++) {
		free(t->drops[i]);
		t->drops[i] = NULL;
		t->drop_keys[i] = 0;
	}
}

void
rgw_trails_fini(struct rgw_gw *gw)
{
	rgw_gw_trace_end(gw);
	rgw_slab_fini(&gw->trails.slab);
	for (unsigned i = 0; i < RGW_DROPS; i++)
		free(gw->trails.drops[i]);
}

/* ---- its life ---- */

void
rgw_trail_begin(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	struct rgw_trails *t = &gw->trails;
	struct rgw_trail *trail;

	if (t->limit == 0 || !shrink(t, t->limit - 1) || (trail = rgw_slab_get(&t->slab)) == NULL)
		return;
	rgw_trail_start(gw, trail, now);
	trail->conversation = req->talk.id;
	trail->rounds = (uint16_t)req->talk.rounds;
	trail->code = req->packet.code;
	trail->is_peer = req->origin.door->is_stream;
	rgw_trail_put_facts(trail, &gw->conf->log, &req->packet);
	rgw_trail_put_origin(trail, rgw_origin_name(&req->origin), &req->origin.remote);
	for (unsigned i = 0; i < t->n_early; i++)
		rgw_trail_text(trail, RGW_STEP_REWRITE, t->early[i], strlen(t->early[i]), now);
	t->n_early = 0;
	rgw_list_append(&t->open, &trail->link);
	req->trail = trail;
}

static enum rgw_result
result_of(enum rgw_counter how, uint8_t answer)
{
	switch (answer) {
	case RGW_ACCESS_ACCEPT:
		return RGW_RESULT_ACCEPT;
	case RGW_ACCESS_REJECT:
		return RGW_RESULT_REJECT;
	case RGW_ACCESS_CHALLENGE:
		return RGW_RESULT_CHALLENGE;
	case RGW_ACCOUNTING_RESPONSE:
		return RGW_RESULT_ACKNOWLEDGED;
	case 0:
		break;
	default:
		return RGW_RESULT_ERROR;
	}
	return how == RGW_CTR_request_timed_out || how == RGW_CTR_request_queue_timed_out ? RGW_RESULT_TIMEOUT
	                                                                                  : RGW_RESULT_DROPPED;
}

void
rgw_trail_end(struct rgw_gw *gw, struct rgw_req *req, enum rgw_counter how, uint8_t answer, rgw_ms now)
{
	struct rgw_trails *t = &gw->trails;
	struct rgw_trail *trail = req->trail;
	bool good = how == RGW_CTR_request_answered && answer != RGW_ACCESS_REJECT;

	if (req->traced != 0)
		rgw_trace_ended(req, how, result_of(how, answer), now);
	if (trail == NULL)
		return;
	trail->ended = now;
	trail->how = (uint8_t)how;
	trail->result = (uint8_t)result_of(how, answer);
	rgw_link_remove(&trail->link);
	rgw_list_append(good ? &t->good : &t->bad, &trail->link);
	t->n_bad += !good;
	req->trail = NULL;
	(void)shrink(t, t->limit);
}

/* ---- steps ---- */

void
rgw_trail_note(const struct rgw_req *req, enum rgw_step what, const char *text, rgw_ms now)
{
	if (req->trail != NULL)
		rgw_trail_text(req->trail, what, text, strlen(text), now);
	if (req->traced != 0)
		rgw_trace_step(req, what, 0, 0, text, now);
}

void
rgw_trail_note_numbers(const struct rgw_req *req, enum rgw_step what, uint32_t number, uint32_t second,
    const char *text, rgw_ms now)
{
	if (req->trail != NULL)
		rgw_trail_numbers(req->trail, what, number, second, text, now);
	/* Of what was sent, the trace shows the packet. */
	if (req->traced != 0 && what != RGW_STEP_SENT)
		rgw_trace_step(req, what, number, second, text, now);
}

void
rgw_trail_rewritten(struct rgw_gw *gw, const struct rgw_req *req, const char *name, rgw_ms now)
{
	struct rgw_trails *t = &gw->trails;

	if (req != NULL)
		rgw_trail_note(req, RGW_STEP_REWRITE, name, now);
	else if (t->n_early < RGW_EARLY)
		t->early[t->n_early++] = name;
}

void
rgw_trail_answered(const struct rgw_attempt *a, const struct rgw_packet *answer, rgw_ms now)
{
	const struct rgw_conf_log *conf = &a->target->gw->conf->log;
	struct rgw_attr message = { 0 };

	if (a->req->traced != 0)
		rgw_trace_packet(a->req, RGW_TRACE_ANSWERED, 0, a->target->conf->name, answer->data, answer->len, now);
	if (a->req->trail == NULL)
		return;
	rgw_trail_numbers(a->req->trail, RGW_STEP_ANSWER, answer->code, rgw_packet_error_cause(answer),
	    a->target->conf->name, now);
	while (rgw_packet_next(answer, &message))
		if (message.type == RGW_REPLY_MESSAGE)
			break;
	if (message.type != RGW_REPLY_MESSAGE || message.len == 0)
		return;
	if (!rgw_login_hides_message(conf, &a->req->packet, message.value, message.len))
		rgw_trail_text(a->req->trail, RGW_STEP_MESSAGE, message.value, message.len, now);
}

/* ---- packets that never became requests ---- */

static unsigned
place_of(struct rgw_trails *t, uint64_t key, bool stranger)
{
	unsigned first = stranger ? 0 : RGW_DROPS / 2, oldest = first;

	for (unsigned i = first; i < first + RGW_DROPS / 2; i++) {
		if (t->drop_keys[i] == key)
			return i;
		if (t->drop_seen[i] < t->drop_seen[oldest])
			oldest = i;
	}
	return oldest;
}

void
rgw_trail_dropped(struct rgw_gw *gw, enum rgw_counter how, const char *asker, bool is_peer,
    const struct rgw_addr *from, const struct rgw_packet *p, rgw_ms now)
{
	struct rgw_trails *t = &gw->trails;
	struct rgw_hashkey hashkey = { gw->mark.key.k0, gw->mark.key.k1 ^ (uint64_t)how << 1 ^ is_peer };
	struct rgw_trail *trail;
	uint32_t times;
	uint64_t key;
	unsigned i;

	if (gw->trace != NULL)
		rgw_trace_dropped(gw, how, asker, is_peer, from, p, now);
	if (t->limit == 0)
		return;
	key = asker != NULL ? rgw_siphash(&hashkey, asker, strlen(asker)) : rgw_siphash(&hashkey, from->ip, 16);
	i = place_of(t, key | 1, asker == NULL);
	if (t->drops[i] == NULL)
		t->drops[i] = rgw_xcalloc(1, sizeof *t->drops[i]);
	trail = t->drops[i];
	times = t->drop_keys[i] == (key | 1) ? trail->times + (trail->times < UINT32_MAX) : 1;
	t->drop_keys[i] = key | 1;
	t->drop_seen[i] = now;
	rgw_trail_start(gw, trail, now);
	trail->times = times;
	trail->how = (uint8_t)how;
	trail->result = RGW_RESULT_DROPPED;
	trail->is_peer = is_peer;
	rgw_trail_put_origin(trail, asker, from);
	if (p == NULL)
		return;
	trail->code = p->code;
	rgw_trail_put_facts(trail, &gw->conf->log, p);
}
