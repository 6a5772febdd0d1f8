/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/build.h"
#include "requests/requests.h"

/*
 * An operator ends sessions: a Disconnect for each session that was learned and has the name. The operator is an asker
 * like others, with a door of its own that only counts what the answers are; the reverse path check does not hold for
 * it. The gateway owns it, from the first command on.
 */

/* Sessions that one command ends at the most. */
#define SESSIONS_MAX 64

/* The place of the operator in the duplicate cache; sockets are numbered from 0, and connections have the highest
 * bit. */
#define PLACE 0x7fffffffu

struct rgw_operator {
	struct rgw_conf_head head;        /* section of the asker, which the operator is */
	struct rgw_asker asker;
	struct rgw_asked asked;
	struct rgw_secret *secret;        /* owned */
	struct rgw_disconnects result;    /* what has become of the last command */
	uint8_t id;
};

static struct rgw_operator *
operator_of(const struct rgw_origin *origin)
{
	return RGW_CONTAINER(origin->asker, struct rgw_operator, asker);
}

static bool
take_answer(struct rgw_gw *gw, const struct rgw_origin *origin, const struct rgw_outgoing *answer)
{
	struct rgw_disconnects *r = &operator_of(origin)->result;
	struct rgw_packet p;

	(void)gw;
	if (rgw_packet_parse(&p, answer->data, answer->len) != RGW_PACKET_OK)
		return true;
	if (p.code == RGW_DISCONNECT_ACK) {
		r->ended++;
	} else {
		r->refused++;
		r->error_cause = rgw_packet_error_cause(&p);
	}
	return true;
}

static void
settled(const struct rgw_origin *origin, bool answered, rgw_ms now)
{
	(void)origin;
	(void)answered;
	(void)now;
}

/* As on a connection, there is an answer in any case. */
static const struct rgw_door door = { .field = "operator", .is_stream = true, .send = take_answer, .settled = settled };

static struct rgw_operator *
make(struct rgw_gw *gw, rgw_ms now)
{
	static const struct rgw_rate any = { 0, 1, 0 };
	struct rgw_operator *o = rgw_xcalloc(1, sizeof *o);
	uint8_t octets[16];

	o->head = (struct rgw_conf_head){ .kind = RGW_CONF_GATEWAY, .name = rgw_xstrdup("disconnect") };
	memcpy(octets, rgw_gw_random(gw, sizeof octets), sizeof octets);
	o->secret = rgw_secret_new(octets, sizeof octets);
	rgw_asker_init(&o->asker, gw, &any, now);
	o->asker.conf = &o->head;
	o->asker.is_shielded = true;
	rgw_asked_init(&o->asked, now);
	return o;
}

void
rgw_operator_free(struct rgw_gw *gw)
{
	struct rgw_operator *o = gw->operator;

	if (o == NULL)
		return;
	rgw_conversations_leave(&gw->conversations, &o->asker.talker);
	free(o->head.name);
	rgw_secret_free(o->secret);
	free(o);
}

/* A header, a Message-Authenticator, four names and a time. */
#define PACKET_OCTETS (RGW_HEADER_LEN + RGW_MSGAUTH_LEN + 4 * (2 + RGW_ATTR_VALUE_MAX) + 6)

/* Sessions that are looked for, and those that were found, as Disconnect-Requests that are not signed yet. */
struct search {
	enum rgw_nas_name name;
	const char *value;
	unsigned found;
	uint16_t len[SESSIONS_MAX];
	uint8_t packets[SESSIONS_MAX][PACKET_OCTETS];
};

static void
on_entry(void *ctx, const struct rgw_nas_entry *entry)
{
	static const uint8_t types[RGW_NAMES] = { [RGW_NAME_SESSION] = RGW_ACCT_SESSION_ID,
		[RGW_NAME_STATION] = RGW_CALLING_STATION_ID, [RGW_NAME_CUI] = RGW_CHARGEABLE_USER_IDENTITY,
		[RGW_NAME_USER] = RGW_USER_NAME };
	struct search *s = ctx;
	size_t len = strlen(s->value);
	struct rgw_builder b;

	if (!entry->is_session || entry->names.v[s->name].len != len ||
	    memcmp(entry->names.v[s->name].p, s->value, len) != 0 || s->found++ >= SESSIONS_MAX)
		return;
	rgw_build_begin(&b, s->packets[s->found - 1], sizeof s->packets[0], RGW_DISCONNECT_REQUEST, 0, NULL, true);
	for (unsigned i = RGW_NAS_NAMES; i < RGW_NAMES; i++)
		if (entry->names.v[i].len > 0)
			rgw_build_attr(&b, types[i], entry->names.v[i].p, entry->names.v[i].len);
	s->len[s->found - 1] = (uint16_t)b.w.len;
}

static void
send_one(struct rgw_gw *gw, struct rgw_operator *o, uint8_t *octets, size_t len, rgw_ms now)
{
	const struct rgw_origin origin = { .door = &door, .side = { o->secret, NULL }, .asker = &o->asker,
		.asked = &o->asked };
	uint64_t before = gw->counters.v[RGW_CTR_requests_accepted];
	struct rgw_builder b = { .w = rgw_wr_of(octets, PACKET_OCTETS), .msgauth_at = RGW_HEADER_LEN };
	struct rgw_packet p;

	b.w.len = len;
	octets[1] = o->id++;
	rgw_build_u32(&b, RGW_EVENT_TIMESTAMP, (uint32_t)rgw_gw_wall(gw));
	len = rgw_build_request(&b, o->secret);
	if (len == 0 || rgw_packet_parse(&p, octets, len) != RGW_PACKET_OK)
		return;
	rgw_ingress_take(gw, &origin, PLACE, &p, now);
	o->result.refused += gw->counters.v[RGW_CTR_requests_accepted] == before;
}

bool
rgw_gw_disconnect(struct rgw_gw *gw, enum rgw_nas_name name, const char *value, rgw_ms now)
{
	struct search *s;

	if (gw->operator == NULL)
		gw->operator = make(gw, now);
	if (gw->operator->asked.n_pending > 0)
		return false;
	s = rgw_xcalloc(1, sizeof *s);
	s->name = name;
	s->value = value;
	rgw_nastable_each(&gw->common->nases, on_entry, s);
	gw->operator->result = (struct rgw_disconnects){ .found = s->found };
	for (unsigned i = 0; i < s->found && i < SESSIONS_MAX; i++)
		send_one(gw, gw->operator, s->packets[i], s->len[i], now);
	free(s);
	return true;
}

struct rgw_disconnects
rgw_gw_disconnected(const struct rgw_gw *gw)
{
	struct rgw_disconnects r = { 0 };

	if (gw->operator != NULL) {
		r = gw->operator->result;
		r.open = gw->operator->asked.n_pending;
	}
	return r;
}
