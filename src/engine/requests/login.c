/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "login.h"

#include <string.h>

#include "radsecgw/nai.h"

/* The lines that tell of logins and accounting, see login.h. They are not limited by the rate of lines, since each
 * tells of another login; the sink takes them without waiting or counts them. */

/* Octets of a value that a line shows at the most; a User-Name is shown as a whole. */
#define VALUE_MOST 128

#define FIELDS 26

/* A line on its way. */
struct line {
	struct rgw_field v[FIELDS];
	size_t n;
	const struct rgw_conf_log *conf;
	struct rgw_addr from;
	struct rgw_identity user, station, user_id;
	char nas[RGW_ADDR_TEXT];
	char id[RGW_HASH_TEXT];
};

/* ---- what a request is known by ---- */

static struct rgw_attr *
fact_of(struct rgw_facts *facts, uint8_t type)
{
	switch (type) {
	case RGW_USER_NAME:
		return &facts->user;
	case RGW_CALLING_STATION_ID:
		return &facts->station;
	case RGW_CALLED_STATION_ID:
		return &facts->called;
	case RGW_NAS_IDENTIFIER:
		return &facts->nas_name;
	case RGW_NAS_IP_ADDRESS:
	case RGW_NAS_IPV6_ADDRESS:
		return &facts->nas_address;
	case RGW_OPERATOR_NAME:
		return &facts->operator_name;
	case RGW_CHARGEABLE_USER_IDENTITY:
		return &facts->user_id;
	case RGW_ACCT_SESSION_ID:
		return &facts->session;
	case RGW_ACCT_STATUS_TYPE:
		return &facts->status;
	default:
		return NULL;
	}
}

void
rgw_facts_find(const struct rgw_packet *packet, struct rgw_facts *facts)
{
	struct rgw_attr a = { 0 };

	memset(facts, 0, sizeof *facts);
	while (rgw_packet_next(packet, &a)) {
		struct rgw_attr *fact = fact_of(facts, a.type);

		if (fact != NULL && fact->value == NULL)
			*fact = a;
	}
}

const uint8_t *
rgw_facts_nas(const struct rgw_facts *facts, char room[static RGW_ADDR_TEXT], size_t *len)
{
	const struct rgw_attr *a = &facts->nas_address;
	struct rgw_addr addr = { .family = a->len == 4 ? 4 : 6 };

	*len = facts->nas_name.len;
	if (facts->nas_name.len > 0)
		return facts->nas_name.value;
	if (a->len != 4 && a->len != 16)
		return NULL;
	memcpy(addr.ip, a->value, a->len);
	*len = strlen(rgw_addr_format(&addr, room));
	return (const uint8_t *)room;
}

/* ---- conversations ---- */

void
rgw_login_begin(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	struct rgw_attr state;

	if (req->packet.code != RGW_ACCESS_REQUEST)
		return;
	if (rgw_packet_get(&req->packet, RGW_AT_STATE, &state))
		req->talk = rgw_conversations_get(&gw->conversations, &req->origin.asker->talker, state.value,
		    state.len, now);
	if (req->talk.id == 0) {
		const uint64_t nth[2] = { gw->log->worker, ++gw->n_conversations };

		req->talk.id = rgw_siphash(&gw->mark.key, nth, sizeof nth) | 1;
		req->talk.began = (uint32_t)now;
	}
	req->talk.rounds++;
}

/* ---- the parts of a line ---- */

static void
add(struct line *l, struct rgw_field field)
{
	l->v[l->n++] = field;
}

static void
add_value(struct line *l, const char *key, const uint8_t *value, size_t len)
{
	if (value != NULL && len > 0)
		add(l, rgw_f_octets(key, value, len < VALUE_MOST ? len : VALUE_MOST));
}

static void
add_attr(struct line *l, const char *key, const struct rgw_attr *a)
{
	add_value(l, key, a->value, a->len);
}

/* The user, and the realm, which is shown in any case. */
static void
add_user(struct line *l, const struct rgw_attr *user)
{
	const uint8_t *realm;
	size_t len = 0;

	if (user->value == NULL)
		return;
	realm = rgw_realm_of(user->value, user->len, &len);
	if (l->conf->identity != RGW_LOG_ID_REALM)
		add(l, rgw_f_user(l->conf, user->value, user->len, &l->user));
	add(l, rgw_f_octets("realm", realm, realm != NULL ? len : 0));
}

/* The pseudonym of a user tells who it is, as the name does. */
static void
add_user_id(struct line *l, const struct rgw_attr *id)
{
	struct rgw_field field;

	if (id->len == 0 || l->conf->identity == RGW_LOG_ID_REALM)
		return;
	field = rgw_f_user(l->conf, id->value, id->len, &l->user_id);
	field.key = "cui";
	field.key_len = 3;
	add(l, field);
}

static void
add_station(struct line *l, const struct rgw_attr *station)
{
	if (station->value != NULL && l->conf->station != RGW_LOG_STATION_NONE)
		add(l, rgw_f_station(l->conf, "calling_station", station->value, station->len, &l->station));
}

static void
add_message(struct line *l, const struct rgw_req *req, const uint8_t *message, size_t len)
{
	if (message != NULL && !rgw_login_hides_message(l->conf, &req->packet, message, len))
		add_value(l, "reply_message", message, len);
}

/* ---- the line ---- */

static const char *
status_of(const struct rgw_attr *status)
{
	static const char *const names[] = { [1] = "start", [2] = "stop", [3] = "interim", [7] = "on", [8] = "off" };

	if (status->len != 4 || status->value[0] != 0 || status->value[1] != 0 || status->value[2] != 0 ||
	    status->value[3] >= sizeof names / sizeof names[0] || names[status->value[3]] == NULL)
		return "other";
	return names[status->value[3]];
}

static void
begin(struct line *l, struct rgw_gw *gw, const struct rgw_req *req, const struct rgw_facts *facts)
{
	const uint8_t *nas;
	size_t len;

	l->n = 0;
	l->conf = &gw->conf->log;
	l->from = req->origin.remote;
	l->from.port = 0;
	add_user(l, &facts->user);
	add_station(l, &facts->station);
	add_attr(l, "called_station", &facts->called);
	nas = rgw_facts_nas(facts, l->nas, &len);
	add_value(l, "nas", nas, len);
	add_attr(l, "operator", &facts->operator_name);
	add(l, rgw_f_origin(&req->origin));
	add(l, rgw_f_addr("from", &l->from));
}

static void
add_target(struct line *l, const struct rgw_lane *lane)
{
	add(l, rgw_f_target(lane->target));
	if (lane->serial != 0)
		add(l, rgw_f_uint("conn", lane->serial));
}

/* How long it took, and what joins the rounds. */
static void
add_times(struct line *l, const struct rgw_req *req, rgw_ms now)
{
	static const char digits[] = "0123456789abcdef";

	add(l, rgw_f_uint("ms", now - req->accepted_at));
	if (req->talk.id == 0)
		return;
	for (unsigned i = 0; i < 16; i++)
		l->id[i] = digits[req->talk.id >> (60 - 4 * i) & 15];
	l->id[16] = '\0';
	add(l, rgw_f_uint("conversation_ms", (uint32_t)now - req->talk.began));
	add(l, rgw_f_uint("rounds", req->talk.rounds));
	add(l, rgw_f_str("conversation", l->id));
}

static bool
is_wanted(const struct rgw_gw *gw, uint8_t request_code)
{
	const struct rgw_conf_log *conf = &gw->conf->log;

	if (request_code == RGW_ACCOUNTING_REQUEST)
		return gw->log->level >= (conf->accounting ? RGW_LOG_INFO : RGW_LOG_DEBUG);
	return conf->logins && gw->log->level >= RGW_LOG_INFO;
}

static void
write_login(struct rgw_gw *gw, struct line *l, const char *text)
{
	add(l, (struct rgw_field){ .type = RGW_FIELD_END });
	rgw_log_record(gw->log, RGW_LOG_INFO, "login", text, l->v);
}

static void
write_accounting(struct rgw_gw *gw, const struct rgw_req *req, struct line *l, const struct rgw_facts *facts,
    const char *text)
{
	add(l, rgw_f_str("status", status_of(&facts->status)));
	if (!rgw_login_hides(l->conf, &req->packet, facts->session.value, facts->session.len))
		add_attr(l, "session", &facts->session);
	add(l, (struct rgw_field){ .type = RGW_FIELD_END });
	rgw_log_record(gw->log, gw->conf->log.accounting ? RGW_LOG_INFO : RGW_LOG_DEBUG, "accounting", text, l->v);
}

/* The message of an answer; its Chargeable-User-Identity goes before that of the request. */
static struct rgw_attr
read_answer(const struct rgw_packet *answer, struct rgw_facts *facts)
{
	struct rgw_attr a = { 0 }, message = { 0 };

	while (rgw_packet_next(answer, &a)) {
		if (a.type == RGW_REPLY_MESSAGE && message.value == NULL)
			message = a;
		if (a.type == RGW_CHARGEABLE_USER_IDENTITY && a.len > 0)
			facts->user_id = a;
	}
	return message;
}

static void
tell_answer(const struct rgw_lane *lane, const struct rgw_req *req, const struct rgw_packet *answer,
    struct rgw_facts *facts, rgw_ms now)
{
	bool accept = answer->code == RGW_ACCESS_ACCEPT;
	struct rgw_attr message = read_answer(answer, facts);
	struct rgw_gw *gw = lane->target->gw;
	struct line l;

	begin(&l, gw, req, facts);
	add_target(&l, lane);
	add_times(&l, req, now);
	if (answer->code == RGW_ACCOUNTING_RESPONSE) {
		write_accounting(gw, req, &l, facts, "a record is acknowledged");
		return;
	}
	add(&l, rgw_f_str("result", accept ? "accept" : "reject"));
	add_user_id(&l, &facts->user_id);
	add_message(&l, req, message.value, message.len);
	if (rgw_packet_error_cause(answer) != 0)
		add(&l, rgw_f_uint("error_cause", rgw_packet_error_cause(answer)));
	write_login(gw, &l, accept ? "a login is accepted" : "a login is rejected");
}

void
rgw_login_answered(const struct rgw_lane *lane, const struct rgw_req *req, const struct rgw_packet *answer, rgw_ms now)
{
	bool login = answer->code == RGW_ACCESS_ACCEPT || answer->code == RGW_ACCESS_REJECT;
	struct rgw_gw *gw = lane->target->gw;
	bool ticks = login && rgw_fticks_wanted(gw, req);
	bool line = (login || answer->code == RGW_ACCOUNTING_RESPONSE) && is_wanted(gw, req->packet.code);
	struct rgw_facts facts;

	if (!ticks && !line)
		return;
	rgw_facts_find(&req->packet, &facts);
	if (ticks)
		rgw_fticks_write(gw, &facts, answer->code == RGW_ACCESS_ACCEPT);
	if (line)
		tell_answer(lane, req, answer, &facts, now);
}

void
rgw_login_made_here(struct rgw_gw *gw, const struct rgw_req *req, enum rgw_counter how, uint32_t error_cause,
    const char *message, rgw_ms now)
{
	struct rgw_facts facts;
	struct line l;

	if (!is_wanted(gw, req->packet.code))
		return;
	rgw_facts_find(&req->packet, &facts);
	begin(&l, gw, req, &facts);
	add_times(&l, req, now);
	add(&l, rgw_f_str("reason", rgw_reason_name(how)));
	if (req->packet.code == RGW_ACCOUNTING_REQUEST) {
		write_accounting(gw, req, &l, &facts, "a record is acknowledged by the gateway itself");
		return;
	}
	add(&l, rgw_f_str("result", "reject"));
	add_user_id(&l, &facts.user_id);
	if (message != NULL)
		add_message(&l, req, (const uint8_t *)message, strlen(message));
	if (error_cause != 0)
		add(&l, rgw_f_uint("error_cause", error_cause));
	write_login(gw, &l, "a login is rejected by the gateway itself");
}
