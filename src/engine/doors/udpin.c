/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doors.h"

#include "radsecgw/auth.h"
#include "radsecgw/build.h"
#include "radsecgw/eventtime.h"

#include "../requests/requests.h"

/* The requests that clients send as datagrams. This file does the checks of P-GW-4, after which rgw_ingress_take goes
 * on. */

/* ---- the way back ---- */

static bool
send_datagram(struct rgw_gw *gw, const struct rgw_origin *origin, const struct rgw_outgoing *answer)
{
	gw->ops->udp_send(gw->ops_ctx, origin->sock, &origin->local, &origin->remote, answer);
	rgw_count(gw, RGW_CTR_udp_sent);
	return true;
}

static const struct rgw_door udp_door = { .field = "client", .send = send_datagram };

/* ---- checks ---- */

/* A datagram on its way through the checks. */
struct arrival {
	const struct rgw_udp_from *from;
	struct rgw_client *client;
	struct rgw_packet *packet;            /* borrowed, as the next one: of the batch */
	struct rgw_auth_check *check;         /* check with the client's secret, or with its previous one; NULL = the
	                                       * packet is not known to be one */
};

/* Why a datagram is dropped: the counter, and a line that says what to do about it. */
struct drop {
	enum rgw_counter counter;
	const char *event;
	const char *text;
};

static const struct drop drop_short = { RGW_CTR_udp_short, "malformed-datagram",
	"dropped: fewer octets than the packet's Length field says" };
static const struct drop drop_bad_length = { RGW_CTR_udp_bad_length, "malformed-datagram",
	"dropped: Length field below 20 or above 4096; is this RADIUS?" };
static const struct drop drop_bad_attribute = { RGW_CTR_udp_bad_attribute, "malformed-datagram",
	"dropped: attributes do not fill the packet exactly" };
static const struct drop drop_bad_code = { RGW_CTR_udp_bad_code, "unexpected-code",
	"dropped: this code is not served on this port; see `accept` of the listen section" };
static const struct drop drop_not_allowed = { RGW_CTR_udp_not_allowed, "not-allowed-here",
	"dropped: the client may not send this kind of request; see its option `allow`" };
static const struct drop drop_stale = { RGW_CTR_udp_stale, "stale-request",
	"dropped: the Event-Timestamp of the request is more than 300 s from now: it is an old one that somebody "
	"repeats, or the clocks are wrong" };
static const struct drop drop_untimed = { RGW_CTR_udp_missing_event_timestamp, "missing-event-timestamp",
	"dropped: require-event-timestamp holds for this client, and the request has none" };
static const struct drop drop_bad_auth = { RGW_CTR_udp_bad_authenticator, "bad-authenticator",
	"dropped: Request Authenticator does not verify; compare the shared secret on both sides" };
static const struct drop drop_bad_msgauth = { RGW_CTR_udp_bad_message_authenticator,
	"bad-message-authenticator",
	"dropped: Message-Authenticator does not verify; compare the shared secret on both sides" };
static const struct drop drop_required = { RGW_CTR_udp_missing_message_authenticator,
	"missing-message-authenticator",
	"dropped: require-message-authenticator holds for this client and the request has none; "
	"update the client, or set the option to no and accept that answers can be forged (CVE-2024-3596)" };
static const struct drop drop_missing = { RGW_CTR_udp_missing_message_authenticator,
	"missing-message-authenticator",
	"dropped: EAP, Status-Server and requests without a password need a Message-Authenticator" };
static const struct drop drop_proxy_state = { RGW_CTR_udp_proxy_state_limit, "proxy-state-limit",
	"dropped: Proxy-State without Message-Authenticator; a proxy of this age needs an update or "
	"limit-proxy-state = no" };
static const struct drop drop_loop = { RGW_CTR_udp_too_many_proxy_states, "loop-suspected",
	"dropped: more Proxy-States than loop-limit; does a route lead back here?" };

static void
drop(struct rgw_gw *gw, const struct arrival *a, const struct drop *why)
{
	const char *name = a->client->conf->head.name;

	rgw_count(gw, why->counter);
	rgw_trail_dropped(gw, why->counter, name, false, &a->from->remote, a->check != NULL ? a->packet : NULL,
	    gw->log->now);
	RGW_LOG(gw->log, RGW_LOG_WARNING, why->event, name, why->text, rgw_f_str("client", name),
	    rgw_f_addr("from", &a->from->remote), rgw_f_str("code", rgw_code_name(a->packet->code)),
	    rgw_f_uint("id", a->packet->id), rgw_f_str("counter", rgw_counter_name(why->counter)));
}

static const struct drop *
why_malformed(enum rgw_packet_error error)
{
	switch (error) {
	case RGW_PACKET_OK:
		return NULL;
	case RGW_PACKET_SHORT:
		return &drop_short;
	case RGW_PACKET_BAD_LENGTH:
		return &drop_bad_length;
	case RGW_PACKET_BAD_ATTR:
		return &drop_bad_attribute;
	}
	return &drop_bad_attribute;
}

/* Is the packet's code served on the port that the packet came to (P-GW-3)? */
static bool
is_served(const struct arrival *a)
{
	unsigned service = rgw_service_of(a->packet->code);

	/* CoA and Disconnect have one port. */
	if (service == RGW_SERVICE_DISCONNECT)
		service = RGW_SERVICE_COA;
	return (a->from->accept & service) != 0 || a->packet->code == RGW_STATUS_SERVER;
}

/* Is it a CoA or Disconnect that is too old, or may be (P-COA-31, P-COA-34)? */
static const struct drop *
why_untimely(const struct rgw_gw *gw, const struct arrival *a)
{
	if (!rgw_code_is_dynamic(a->packet->code))
		return NULL;
	switch (rgw_event_time(a->packet, rgw_gw_wall(gw))) {
	case RGW_EVENT_STALE:
		return &drop_stale;
	case RGW_EVENT_UNTOLD:
		return a->client->conf->require_event_timestamp ? &drop_untimed : NULL;
	case RGW_EVENT_FRESH:
		break;
	}
	return NULL;
}

/* Does an option hold for this client? Nobody stands between us and a client on this machine, and a proxy there signs
 * some requests and not others, so what was learned from one of its requests says nothing about the next. */
static bool
holds(const struct arrival *a, enum rgw_auto option, enum rgw_auto configured)
{
	return option == RGW_YES && !(configured == RGW_AUTO && rgw_addr_is_loopback(&a->from->remote));
}

/* Which protection that must be there before anything else is looked at does the request lack (BlastRADIUS, P-BR-4,
 * P-BR-7)? NULL = none. */
static const struct drop *
why_unprotected(const struct arrival *a)
{
	const struct rgw_conf_client *conf = a->client->conf;
	const struct rgw_packet *p = a->packet;

	if (p->code != RGW_ACCESS_REQUEST || p->n_msgauth > 0)
		return NULL;
	if (holds(a, a->client->require_message_authenticator, conf->require_message_authenticator))
		return &drop_required;
	if (p->n_proxy_state > 0 && holds(a, a->client->limit_proxy_state, conf->limit_proxy_state))
		return &drop_proxy_state;
	return NULL;
}

/* Is the request one that is not to be believed without Message-Authenticator? The next hop could not see that it was
 * missing here, since we put one in. */
static bool
needs_msgauth(const struct arrival *a)
{
	const struct rgw_packet *p = a->packet;

	if (p->code == RGW_ACCESS_REQUEST && a->client->conf->require_message_authenticator == RGW_NO)
		return rgw_packet_has(p, RGW_AT_EAP_MESSAGE);
	return rgw_auth_needs_msgauth(p);
}

static struct rgw_side
side_of(const struct rgw_client *client)
{
	return (struct rgw_side){ client->conf->secret, client->conf->previous_secret };
}

/* Is the packet really from this client, by either of its secrets (P-AUT-3, P-MA-3)? NULL = yes. */
static const struct drop *
why_not_authentic(const struct arrival *a)
{
	const struct rgw_side side = side_of(a->client);

	rgw_previous_check(a->check, &side);
	if (!a->check->auth_ok)
		return &drop_bad_auth;
	switch (a->check->msgauth) {
	case RGW_MSGAUTH_BAD:
		return &drop_bad_msgauth;
	case RGW_MSGAUTH_ABSENT:
		return needs_msgauth(a) ? &drop_missing : NULL;
	case RGW_MSGAUTH_OK:
		break;
	}
	return NULL;
}

/* Why the datagram is dropped, by all checks in the order of P-GW-4. NULL = the packet may be worked on. */
static const struct drop *
why_drop(struct rgw_gw *gw, const struct arrival *a)
{
	const struct drop *why = NULL;

	if (!is_served(a))
		return &drop_bad_code;
	/* Nobody else hears of it (P-COA-40). */
	if (a->packet->code != RGW_STATUS_SERVER &&
	    (a->client->conf->allow & rgw_service_of(a->packet->code)) == 0)
		return &drop_not_allowed;
	why = why_unprotected(a);
	if (why == NULL)
		why = why_not_authentic(a);
	if (why == NULL)
		why = why_untimely(gw, a);
	if (why == NULL && gw->conf->gateway.loop_limit != 0 &&
	    a->packet->n_proxy_state > gw->conf->gateway.loop_limit)
		why = &drop_loop;
	return why;
}

/* Does the section stand for one host? A prefix may cover more than one, a name may have more, and one of them must not
 * decide for the others. */
static bool
is_one_host(const struct rgw_conf_origins *address)
{
	const struct rgw_conf_origin *first = address->v;

	return address->n == 1 && first->name.host == NULL &&
	    first->prefix.bits == (first->prefix.family == 4 ? 32 : 128);
}

static void
learn(struct rgw_gw *gw, const struct arrival *a, const char *what, enum rgw_auto *option)
{
	const char *name = a->client->conf->head.name;

	if (*option != RGW_AUTO)
		return;
	*option = RGW_YES;
	RGW_LOG(gw->log, RGW_LOG_NOTICE, "client-learned", name,
	    "the client has sent a Message-Authenticator without EAP, so it can: from now on the option is yes",
	    rgw_f_str("client", name), rgw_f_str("option", what));
}

/* Warns of an undecided client: it is served, but somebody should know what that means. */
static void
warn(struct rgw_gw *gw, const struct arrival *a, rgw_ms now)
{
	struct rgw_client *c = a->client;

	if (!rgw_is_due(&c->warned_at, now))
		return;
	RGW_LOG(gw->log, RGW_LOG_WARNING, "client-unprotected", c->conf->head.name,
	    "the client sends requests without Message-Authenticator: whoever stands between it and us can forge "
	    "them, and the answers (CVE-2024-3596); update it and set require-message-authenticator = yes, or no "
	    "to be told no more",
	    rgw_f_str("client", c->conf->head.name), rgw_f_addr("from", &a->from->remote));
}

/* Decides the automatic settings of a client by a Message-Authenticator that was verified, and that was not there for
 * the sake of EAP: many clients sign EAP, as they must, and nothing else. A packet that is not verified decides
 * nothing, since anybody may have sent it (P-BR-8). */
static void
look_at_protection(struct rgw_gw *gw, const struct arrival *a, rgw_ms now)
{
	struct rgw_client *c = a->client;

	if (a->packet->code != RGW_ACCESS_REQUEST || rgw_addr_is_loopback(&a->from->remote))
		return;
	if (a->packet->n_msgauth == 0) {
		if (c->require_message_authenticator == RGW_AUTO)
			warn(gw, a, now);
		return;
	}
	if (rgw_packet_has(a->packet, RGW_AT_EAP_MESSAGE) || !is_one_host(&c->conf->address))
		return;
	learn(gw, a, "require-message-authenticator", &c->require_message_authenticator);
	learn(gw, a, "limit-proxy-state", &c->limit_proxy_state);
}

/* Answers a Status-Server, which ends here (P-SS-4, P-SS-20); a stateless answer needs no duplicate detection. */
static void
answer_status(struct rgw_gw *gw, const struct arrival *a, const struct rgw_origin *origin, rgw_ms now)
{
	size_t len;

	if (!rgw_asker_may_probe(gw, origin, now))
		return;
	len = rgw_build_status_answer(gw->scratch, sizeof gw->scratch, a->packet,
	    a->from->accept == RGW_SERVICE_ACCT, origin->side.secret);

	rgw_count(gw, RGW_CTR_status_server_answered);
	if (len > 0)
		(void)origin->door->send(gw, origin, &(struct rgw_outgoing){ gw->scratch, len, NULL });
}

/* Is there a packet of a known client in the datagram? */
static bool
is_readable(struct rgw_gw *gw, struct arrival *a, const struct rgw_octets *in, rgw_ms now)
{
	struct rgw_client *client = rgw_names_find(gw, &a->from->remote, a->from->listen, now);
	const struct drop *why;

	a->check = NULL;
	rgw_count(gw, RGW_CTR_udp_received);
	if (client == NULL) {
		rgw_count(gw, RGW_CTR_udp_unknown_client);
		rgw_trail_dropped(gw, RGW_CTR_udp_unknown_client, NULL, false, &a->from->remote, NULL, now);
		RGW_LOG(gw->log, RGW_LOG_WARNING, "unknown-client", NULL,
		    "dropped: no [client] section has this address",
		    rgw_f_addr("from", &a->from->remote), rgw_f_addr("to", &a->from->local));
		return false;
	}
	a->client = client;
	why = why_malformed(rgw_packet_parse(a->packet, in->data, in->len));
	if (why != NULL)
		drop(gw, a, why);
	return why == NULL;
}

/* A batch of datagrams that came together. */
struct arrivals {
	struct rgw_gw *gw;
	struct rgw_batch batch;
	struct arrival v[RGW_TOGETHER];  /* the datagrams of the packets in the batch */
};

static bool
take(void *arg, struct rgw_auth_check *checked, rgw_ms now)
{
	struct arrivals *all = arg;
	struct arrival *a = &all->v[checked - all->batch.checks];
	struct rgw_gw *gw = all->gw;
	const struct rgw_side side = side_of(a->client);
	const struct drop *why;
	struct rgw_origin origin;

	a->check = checked;
	why = why_drop(gw, a);
	if (why != NULL) {
		drop(gw, a, why);
		return true;
	}
	look_at_protection(gw, a, now);
	origin = (struct rgw_origin){ .door = &udp_door, .side = rgw_previous_side(&side, checked),
		.asker = &a->client->asker, .asked = &a->client->asked,
		.sock = a->from->sock, .local = a->from->local, .remote = a->from->remote };
	rgw_previous_note(gw, &a->client->previous, &side, checked, rgw_f_origin(&origin), now);
	if (a->packet->code == RGW_STATUS_SERVER)
		answer_status(gw, a, &origin, now);
	else
		rgw_ingress_take(gw, &origin, a->from->sock, a->packet, now);
	return true;
}

void
rgw_gw_on_udp(struct rgw_gw *gw, const struct rgw_udp_from *from, const struct rgw_octets *in, size_t n,
    rgw_ms now)
{
	struct arrivals all;
	struct rgw_batch *b = &all.batch;

	all.gw = gw;
	b->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct arrival *a = &all.v[b->n];

		a->from = &from[i];
		a->packet = &b->packets[b->n];
		if (is_readable(gw, a, &in[i], now))
			b->checks[b->n++] = (struct rgw_auth_check){ .packet = a->packet,
				.secret = a->client->conf->secret };
		if (b->n == RGW_TOGETHER || i + 1 == n)
			(void)rgw_batch_take(b, take, &all, now);
	}
}
