/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include <string.h>

#include "radsecgw/auth.h"
#include "radsecgw/build.h"

/* A datagram on its way through the checks of protocol.md 16.1. */
struct arrival {
	const struct rgw_udp_from *from;
	struct rgw_client *client;
	struct rgw_packet packet;
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
static const struct drop drop_bad_auth = { RGW_CTR_udp_bad_authenticator, "bad-authenticator",
	"dropped: Request Authenticator does not verify; compare the shared secret on both sides" };
static const struct drop drop_bad_msgauth = { RGW_CTR_udp_bad_message_authenticator,
	"bad-message-authenticator",
	"dropped: Message-Authenticator does not verify; compare the shared secret on both sides" };
static const struct drop drop_required = { RGW_CTR_udp_missing_message_authenticator,
	"missing-message-authenticator",
	"dropped: require-message-authenticator holds for this client and the request has none; "
	"update the client, or set it to no and accept that answers can be forged (CVE-2024-3596)" };
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
	RGW_LOG(gw->log, RGW_LOG_WARNING, why->event, name, why->text, rgw_f_str("client", name),
	    rgw_f_addr("from", &a->from->remote), rgw_f_str("code", rgw_code_name(a->packet.code)),
	    rgw_f_uint("id", a->packet.id), rgw_f_str("counter", rgw_counter_name(why->counter)));
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

/* Is the code served on the port it came to (P-GW-3)? */
static bool
is_served(const struct arrival *a)
{
	switch (a->packet.code) {
	case RGW_ACCESS_REQUEST:
		return (a->from->accept & RGW_SERVICE_AUTH) != 0;
	case RGW_ACCOUNTING_REQUEST:
		return (a->from->accept & RGW_SERVICE_ACCT) != 0;
	default:
		return a->packet.code == RGW_STATUS_SERVER;
	}
}

/* BlastRADIUS: what must be there before anything else is looked at (P-BR-4, P-BR-7). */
static const struct drop *
why_unprotected(const struct arrival *a)
{
	const struct rgw_packet *p = &a->packet;

	if (p->code != RGW_ACCESS_REQUEST || p->n_msgauth > 0)
		return NULL;
	if (a->client->require_message_authenticator == RGW_YES)
		return &drop_required;
	if (a->client->limit_proxy_state == RGW_YES && p->n_proxy_state > 0)
		return &drop_proxy_state;
	return NULL;
}

/* Requests that are not to be believed without Message-Authenticator (P-MA-6 to 8). The next hop
 * could not see that it was missing here, since we put one in. */
static bool
needs_msgauth(const struct rgw_packet *p)
{
	if (p->code == RGW_STATUS_SERVER)
		return true;
	if (p->code != RGW_ACCESS_REQUEST)
		return false;
	return rgw_packet_has(p, RGW_AT_EAP_MESSAGE) ||
	    !(rgw_packet_has(p, RGW_AT_USER_PASSWORD) || rgw_packet_has(p, RGW_AT_CHAP_PASSWORD) ||
	        rgw_packet_has(p, RGW_AT_ARAP_PASSWORD));
}

/* Is the packet really from this client (P-AUT-3, P-MA-3)? NULL = yes. */
static const struct drop *
why_not_authentic(const struct arrival *a)
{
	const struct rgw_secret *secret = a->client->conf->secret;

	if (!rgw_request_auth_ok(&a->packet, secret))
		return &drop_bad_auth;
	switch (rgw_msgauth_check(&a->packet, NULL, secret)) {
	case RGW_MSGAUTH_BAD:
		return &drop_bad_msgauth;
	case RGW_MSGAUTH_ABSENT:
		return needs_msgauth(&a->packet) ? &drop_missing : NULL;
	case RGW_MSGAUTH_OK:
		break;
	}
	return NULL;
}

/* All checks, in the order of P-GW-4. NULL = the packet may be worked on. */
static const struct drop *
why_drop(struct rgw_gw *gw, const struct arrival *a)
{
	const struct drop *why = NULL;

	if (!is_served(a))
		return &drop_bad_code;
	why = why_unprotected(a);
	if (why == NULL)
		why = why_not_authentic(a);
	if (why == NULL && gw->conf->gateway.loop_limit != 0 &&
	    a->packet.n_proxy_state > gw->conf->gateway.loop_limit)
		why = &drop_loop;
	return why;
}

static void
learned(struct rgw_gw *gw, const struct arrival *a, const char *what, bool yes)
{
	const char *name = a->client->conf->head.name;

	RGW_LOG(gw->log, yes ? RGW_LOG_NOTICE : RGW_LOG_WARNING, "client-learned", name,
	    yes ? "the first request of this client decides: from now on yes"
	        : "the first request of this client decides: no, until the next start; "
	          "update the client, or say so in its section",
	    rgw_f_str("client", name), rgw_f_str("option", what));
}

/* The automatic settings take what the first Access-Request shows (P-BR-8). */
static void
learn(struct rgw_gw *gw, const struct arrival *a)
{
	struct rgw_client *c = a->client;
	bool msgauth = a->packet.n_msgauth > 0;

	if (a->packet.code != RGW_ACCESS_REQUEST)
		return;
	if (c->require_message_authenticator == RGW_AUTO &&
	    !(msgauth && rgw_packet_has(&a->packet, RGW_AT_EAP_MESSAGE))) {
		c->require_message_authenticator = msgauth ? RGW_YES : RGW_NO;
		learned(gw, a, "require-message-authenticator", msgauth);
	}
	if (c->limit_proxy_state == RGW_AUTO) {
		bool limit = msgauth || a->packet.n_proxy_state == 0;

		c->limit_proxy_state = limit ? RGW_YES : RGW_NO;
		learned(gw, a, "limit-proxy-state", limit);
	}
}

static void
send_back(struct rgw_gw *gw, const struct arrival *a, const uint8_t *data, size_t len)
{
	gw->ops->udp_send(gw->ops_ctx, a->from->sock, &a->from->local, &a->from->remote, data, len);
	rgw_count(gw, RGW_CTR_udp_sent);
}

/* Status-Server ends here (P-SS-4, P-SS-20); a stateless answer needs no duplicate detection. */
static void
answer_status(struct rgw_gw *gw, const struct arrival *a)
{
	size_t len = rgw_build_status_answer(gw->scratch, sizeof gw->scratch, &a->packet,
	    a->from->accept == RGW_SERVICE_ACCT, a->client->conf->secret);

	rgw_count(gw, RGW_CTR_status_server_answered);
	if (len > 0)
		send_back(gw, a, gw->scratch, len);
}

/* Is this a request we know (P-DUP-1 to 5)? true = it has been dealt with. */
static bool
is_duplicate(struct rgw_gw *gw, const struct arrival *a, const struct rgw_dupkey *key, rgw_ms now)
{
	struct rgw_dup *dup = rgw_dupcache_find(&gw->dups, key);
	struct rgw_req *req;

	if (dup == NULL)
		return false;
	req = RGW_CONTAINER(dup, struct rgw_req, dup);
	if (!rgw_ct_equal(dup->auth, rgw_packet_auth(&a->packet), RGW_AUTH_LEN)) {
		if (req->state == RGW_REQ_ANSWERED)
			rgw_req_free(gw, req);
		else
			rgw_req_end(gw, req, RGW_CTR_request_superseded, now);
		return false;
	}
	if (req->state == RGW_REQ_ANSWERED) {
		rgw_count(gw, RGW_CTR_duplicate_replayed);
		send_back(gw, a, req->answer, req->answer_len);
	} else {
		rgw_count(gw, RGW_CTR_duplicate_absorbed);
	}
	return true;
}

/* Makes the request object; it is pending and in the duplicate cache from now on. */
static struct rgw_req *
accept_request(struct rgw_gw *gw, const struct arrival *a, const struct rgw_dupkey *key, rgw_ms now)
{
	uint8_t *copy = rgw_bufs_get(&gw->bufs, a->packet.len);
	struct rgw_req *req = copy != NULL ? rgw_slab_get(&gw->reqs) : NULL;

	if (req == NULL) {
		rgw_bufs_put(&gw->bufs, copy, a->packet.len);
		return NULL;
	}
	memcpy(copy, a->packet.data, a->packet.len);
	*req = (struct rgw_req){
		.dup.key = *key,
		.octets = copy,
		.packet = a->packet,
		.client = a->client,
		.sock = a->from->sock,
		.local = a->from->local,
		.remote = a->from->remote,
		.accepted_at = now,
	};
	req->packet.data = copy;
	memcpy(req->dup.auth, rgw_packet_auth(&a->packet), RGW_AUTH_LEN);
	rgw_link_init(&req->link);
	if (!rgw_dupcache_add(&gw->dups, &req->dup, now)) {
		rgw_bufs_put(&gw->bufs, copy, a->packet.len);
		rgw_slab_put(&gw->reqs, req);
		return NULL;
	}
	gw->pending++;
	rgw_count(gw, RGW_CTR_requests_accepted);
	return req;
}

static void
on_no_room(struct rgw_gw *gw, const struct arrival *a)
{
	const char *name = a->client->conf->head.name;

	rgw_count(gw, RGW_CTR_requests_no_room);
	RGW_LOG(gw->log, RGW_LOG_WARNING, "requests-no-room", NULL,
	    "dropped: max-requests reached, or out of memory; are all peers answering?",
	    rgw_f_str("client", name), rgw_f_uint("requests", gw->reqs.used));
}

/* The peer that a request goes to, or NULL (P-PRX-12). */
static const struct rgw_conf_peer *
route(struct rgw_gw *gw, const struct rgw_req *req)
{
	const struct rgw_conf_realm *section;
	const uint8_t *realm = NULL;
	struct rgw_attr a;
	size_t len = 0;

	if (req->client->conf->pool != NULL)
		return req->client->conf->pool;
	if (rgw_packet_get(&req->packet, RGW_AT_USER_NAME, &a))
		realm = rgw_realm_of(a.value, a.len, &len);
	section = rgw_realms_find(gw->realms, realm, len);
	return section != NULL ? section->pool : NULL;
}

static void
forward(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	const struct rgw_conf_peer *target = route(gw, req);
	const char *name = req->client->conf->head.name;
	struct rgw_identity room;
	unsigned service =
	    req->packet.code == RGW_ACCESS_REQUEST ? RGW_SERVICE_AUTH : RGW_SERVICE_ACCT;

	if (target == NULL) {
		RGW_LOG(gw->log, RGW_LOG_WARNING, "no-route", name,
		    "no [realm] section matches; add one, or [realm *] as the default",
		    rgw_f_str("client", name), rgw_gw_identity(gw, &req->packet, &room));
		rgw_req_refuse(gw, req, RGW_CTR_request_no_route, RGW_CAUSE_NOT_ROUTABLE, now);
		return;
	}
	req->peer = &gw->peers[target->head.index];
	if ((target->allow & service) == 0) {
		RGW_LOG(gw->log, RGW_LOG_WARNING, "not-allowed", target->head.name,
		    "the peer does not take this kind of request; see its option `allow`",
		    rgw_f_str("peer", target->head.name), rgw_f_str("client", name),
		    rgw_f_str("code", rgw_code_name(req->packet.code)));
		rgw_req_refuse(gw, req, RGW_CTR_request_not_allowed, RGW_CAUSE_NOT_ROUTABLE, now);
		return;
	}
	rgw_req_dispatch(gw, req, now);
}

void
rgw_gw_on_udp(struct rgw_gw *gw, const struct rgw_udp_from *from, const uint8_t *data, size_t len,
    rgw_ms now)
{
	struct arrival a = { .from = from };
	const struct drop *why;
	struct rgw_dupkey key;
	struct rgw_req *req;

	rgw_count(gw, RGW_CTR_udp_received);
	a.client = rgw_prefixmap_find(gw->clients_by_ip, &from->remote);
	if (a.client == NULL) {
		rgw_count(gw, RGW_CTR_udp_unknown_client);
		RGW_LOG(gw->log, RGW_LOG_WARNING, "unknown-client", NULL,
		    "dropped: no [client] section has this address",
		    rgw_f_addr("from", &from->remote), rgw_f_addr("to", &from->local));
		return;
	}
	why = why_malformed(rgw_packet_parse(&a.packet, data, len));
	if (why == NULL)
		why = why_drop(gw, &a);
	if (why != NULL) {
		drop(gw, &a, why);
		return;
	}
	learn(gw, &a);
	if (a.packet.code == RGW_STATUS_SERVER) {
		answer_status(gw, &a);
		return;
	}
	key = rgw_dupkey_of(from->sock, &from->remote, a.packet.code, a.packet.id);
	if (is_duplicate(gw, &a, &key, now))
		return;
	if (gw->draining) {
		rgw_count(gw, RGW_CTR_requests_while_draining);
		return;
	}
	req = accept_request(gw, &a, &key, now);
	if (req == NULL)
		on_no_room(gw, &a);
	else
		forward(gw, req, now);
}
