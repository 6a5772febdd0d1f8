/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

#include <string.h>
#include <strings.h>

#include "radsecgw/nai.h"
#include "radsecgw/realm.h"

#include "opnas.h"

/*
 * The way of CoA and Disconnect to the NAS (P-PRX-12, P-CPX-5, P-CPX-23), which is never that of the User-Name: that
 * leads back home (P-CPX-6). In this order: a client of the configuration that the names of the NAS mean; the NAS that
 * our own Operator-NAS-Identifier means; whoever taught us the session; whoever taught us the NAS; the peer of the
 * realm in Operator-Name; the only peer that takes CoA. Before all that the sender must be one to whom the user's
 * logins go (P-COA-41, P-CPX-8).
 */

/* A request on its way, and what it says. */
struct change {
	struct rgw_gw *gw;
	struct rgw_req *req;
	struct rgw_nas_names names;
	enum rgw_nas_finding session;      /* what is known about its session ... */
	struct rgw_found_session found;    /* ... if something is */
	bool mismatch;                     /* its names belong to several NASes */
	const struct rgw_conf_client *client; /* the client that its names mean; NULL = none */
	enum rgw_opnas_finding token;      /* what its Operator-NAS-Identifier is ... */
	struct rgw_opnas nas;              /* ... OWN: what it says ... */
	const struct rgw_conf_client *own; /* ... and whose NAS that is */
	rgw_ms now;
};

/* ---- how it ends here ---- */

static void
refuse(struct change *c, enum rgw_counter how, uint32_t cause, const char *event, const char *text)
{
	const struct rgw_origin *origin = &c->req->origin;
	struct rgw_identity room;

	RGW_LOG(c->gw->log, RGW_LOG_WARNING, event, rgw_origin_name(origin), text, rgw_f_origin(origin),
	    rgw_f_addr("from", &origin->remote), rgw_f_str("code", rgw_code_name(c->req->packet.code)),
	    rgw_f_uint("error_cause", cause), rgw_f_identity(c->gw, &c->req->packet, &room));
	rgw_req_refuse(c->gw, c->req, how, cause, c->now);
}

static void
refuse_unknown(struct change *c)
{
	bool has_nas = rgw_nas_names_nas(&c->names) && !rgw_opnas_is_cover(c->gw->conf, &c->names);
	uint32_t cause = RGW_CAUSE_NOT_ROUTABLE;

	if (!has_nas && !rgw_nas_names_session(&c->names))
		cause = RGW_CAUSE_MISSING_ATTRIBUTE;
	else if (!has_nas)
		cause = RGW_CAUSE_NO_SESSION;
	refuse(c, RGW_CTR_request_change_unroutable, cause, "coa-unroutable",
	    "refused: nothing is known of this NAS or session, and no single peer takes CoA for others");
}

/* ---- may the sender ask for it? ---- */

/* Is it one of the realms in the list: "*" is all, "-" no realm, ".org" all below? */
static bool
is_listed(const struct rgw_strings *list, const uint8_t *realm, size_t len)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *text = list->v[i];
		size_t n = strlen(text);

		if (strcmp(text, "*") == 0 || (len == 0 && strcmp(text, "-") == 0))
			return true;
		if (text[0] == '.' ? len > n && strncasecmp(text, (const char *)realm + len - n, n) == 0
		                   : len == n && len > 0 && strncasecmp(text, (const char *)realm, n) == 0)
			return true;
	}
	return false;
}

/* Do requests that are sent to the target get to whoever sent this one? */
static bool
is_sender(const struct change *c, const struct rgw_conf_head *section)
{
	const struct rgw_origin *origin = &c->req->origin;
	struct rgw_target *target;

	if (section->kind == origin->asker->conf->kind)
		return section->id == origin->asker->conf->id;
	/* A peer is known by its certificate, a client by its address. */
	if (section->kind != RGW_CONF_SERVER || origin->door->is_stream)
		return false;
	target = rgw_target_of(c->gw, section);
	return target->ops->has_address != NULL && target->ops->has_address(target, &origin->remote);
}

static bool
is_way_of(const struct change *c, const struct rgw_conf_head *section)
{
	const struct rgw_conf_pool *pool = (const struct rgw_conf_pool *)section;

	if (section->kind != RGW_CONF_POOL)
		return is_sender(c, section);
	for (size_t i = 0; i < pool->members.n; i++)
		if (is_sender(c, pool->members.v[i]))
			return true;
	return false;
}

static const struct rgw_strings *
realms_of(const struct rgw_conf_head *section)
{
	if (section->kind == RGW_CONF_PEER)
		return &((const struct rgw_conf_peer *)section)->coa_realms;
	return &((const struct rgw_conf_client *)section)->coa_realms;
}

/* The reverse path check (P-COA-41). The user is the one of the request, or of the session that it means. */
static bool
may_change(const struct change *c)
{
	const struct rgw_conf_head *asker = c->req->origin.asker->conf;
	const struct rgw_strings *list;
	const struct rgw_conf_realm *section;
	const uint8_t *user = c->names.v[RGW_NAME_USER].p, *realm = NULL;
	size_t len = c->names.v[RGW_NAME_USER].len;

	/* An operator of this gateway. */
	if (asker->kind == RGW_CONF_GATEWAY)
		return true;
	list = realms_of(asker);
	if (len == 0) {
		user = c->names.v[RGW_NAME_CUI].p;
		len = c->names.v[RGW_NAME_CUI].len;
	}
	if (len == 0 && c->session == RGW_NAS_FOUND) {
		user = c->found.user;
		len = c->found.user_len;
	}
	if (len > 0)
		realm = rgw_realm_of(user, len, &len);
	if (list->n > 0)
		return is_listed(list, realm, realm != NULL ? len : 0);
	section = rgw_realms_find(c->gw->edition->realms, realm, realm != NULL ? len : 0);
	return section != NULL && section->pool != NULL && is_way_of(c, section->pool);
}

/* ---- clients of the configuration ---- */

static bool
is_host(const struct rgw_prefix *prefix)
{
	return prefix->bits == (prefix->family == 4 ? 32 : 128);
}

/* The address in NAS-IP-Address or NAS-IPv6-Address; false = there is none. */
static bool
address_of(const struct rgw_nas_names *names, unsigned kind, struct rgw_addr *out)
{
	size_t len = kind == RGW_NAME_IP ? 4 : 16;

	*out = (struct rgw_addr){ .family = kind == RGW_NAME_IP ? 4 : 6 };
	if (kind == RGW_NAME_IDENTIFIER || names->v[kind].len != len)
		return false;
	memcpy(out->ip, names->v[kind].p, len);
	return true;
}

static bool
is_named(const struct rgw_conf_client *client, const struct rgw_nas_names *names, unsigned kind,
    const struct rgw_addr *addr)
{
	struct rgw_addr own;

	for (size_t i = 0; i < client->nas_identifier.n; i++) {
		const char *text = client->nas_identifier.v[i];

		if (kind == RGW_NAME_IDENTIFIER ? strlen(text) == names->v[kind].len &&
		        memcmp(text, names->v[kind].p, names->v[kind].len) == 0
		                                : rgw_addr_parse(text, 0, &own) && rgw_addr_equal(&own, addr))
			return true;
	}
	return false;
}

/* How well a name of the NAS means the client: 0 = not at all, and the best is that its section says so. */
static unsigned
fit(const struct rgw_conf_client *client, const struct rgw_nas_names *names, unsigned kind)
{
	struct rgw_addr addr;
	bool is_addr = address_of(names, kind, &addr);
	unsigned best = 0;

	if ((is_addr || kind == RGW_NAME_IDENTIFIER) && is_named(client, names, kind, &addr))
		return 3;
	for (size_t i = 0; is_addr && i < client->address.n; i++) {
		const struct rgw_conf_origin *o = &client->address.v[i];
		unsigned how = o->name.host != NULL || !rgw_prefix_contains(&o->prefix, &addr) ? 0
		    : is_host(&o->prefix) ? 2 : 1;

		best = how > best ? how : best;
	}
	return best;
}

static const struct rgw_conf_client *
client_by(const struct rgw_conf *conf, const struct rgw_nas_names *names, unsigned kind)
{
	const struct rgw_conf_client *found = NULL;
	unsigned best = 0;

	for (size_t i = 0; names->v[kind].len > 0 && i < conf->client.n; i++) {
		unsigned how = conf->client.v[i]->coa.reached ? fit(conf->client.v[i], names, kind) : 0;

		if (how > best) {
			best = how;
			found = conf->client.v[i];
		}
	}
	return found;
}

/* Where a client is reached that the configuration knows; false = that must be learned. */
static bool
place_of(const struct rgw_conf_client *client, const struct rgw_nas_names *names, struct rgw_addr *out)
{
	const struct rgw_conf_origin *only = client->address.v;

	*out = client->coa.addr;
	if (out->family != 0)
		return true;
	for (unsigned kind = 0; kind < RGW_NAS_NAMES; kind++)
		for (size_t i = 0; address_of(names, kind, out) && i < client->address.n; i++)
			if (client->address.v[i].name.host == NULL &&
			    rgw_prefix_contains(&client->address.v[i].prefix, out)) {
				out->port = client->coa.addr.port;
				return true;
			}
	if (client->address.n != 1 || only->name.host != NULL || !is_host(&only->prefix))
		return false;
	*out = (struct rgw_addr){ .scope = only->prefix.scope, .family = only->prefix.family,
		.port = client->coa.addr.port };
	memcpy(out->ip, only->prefix.ip, sizeof out->ip);
	return true;
}

static void
send_to_nas(struct change *c, const struct rgw_conf_client *client, const struct rgw_addr *at)
{
	struct rgw_known *known = rgw_known_by_id(c->gw, RGW_CONF_CLIENT, client->head.id);
	struct rgw_target *target;

	/* A NAS of ours is asked in the name of its own network only (P-CPX-10). */
	if (rgw_opnas_is_other(&c->req->packet, client->operator_name)) {
		refuse(c, RGW_CTR_request_change_foreign_operator, RGW_CAUSE_NOT_ROUTABLE, "coa-foreign-operator",
		    "refused: its Operator-Name is not that of the NAS; see `operator-name` of the client");
		return;
	}
	target = rgw_nas_target(c->gw, known, at, c->now);
	if (target == NULL)
		refuse(c, RGW_CTR_request_no_identifier, RGW_CAUSE_RESOURCES_UNAVAILABLE, "nas-too-many",
		    "refused: CoA goes to too many NASes at one time, or memory is out");
	else
		rgw_pool_dispatch_in(c->gw, c->req, &target->alone, 0, c->now);
}

/* Sends the request to a client whose requests came from that address. */
static void
send_to_sender(struct change *c, const struct rgw_conf_client *client, const struct rgw_addr *from)
{
	struct rgw_addr at = client->coa.addr;

	if (!client->coa.reached) {
		refuse(c, RGW_CTR_request_change_unroutable, RGW_CAUSE_PROHIBITED, "coa-unroutable",
		    "refused: the NAS is a client that takes no CoA; see its option `coa`");
		return;
	}
	if (at.family == 0) {
		at = *from;
		at.port = client->coa.addr.port;
	}
	send_to_nas(c, client, &at);
}

/* Finds the client that the names of the NAS mean, or that they mean several: `mismatch`. */
static void
find_client(struct change *c)
{
	for (unsigned kind = 0; kind < RGW_NAS_NAMES; kind++) {
		const struct rgw_conf_client *client = client_by(c->gw->conf, &c->names, kind);

		if (client == NULL)
			continue;
		c->mismatch |= c->client != NULL && c->client != client;
		c->client = client;
	}
}

/* Sends the request to that client. false = there is none, or it must be learned where it is. */
static bool
try_client(struct change *c)
{
	struct rgw_addr at;

	if (c->client == NULL || !place_of(c->client, &c->names, &at))
		return false;
	send_to_nas(c, c->client, &at);
	return true;
}

/* ---- Operator-NAS-Identifier ---- */

/* Reads it. What it says takes the place of the name that we have given the NAS for others (P-CPX-12). */
static void
read_token(struct change *c)
{
	const char *realm;

	c->token = rgw_opnas_comes(c->gw, &c->req->packet, &c->nas, &c->own);
	if (c->token != RGW_OPNAS_OWN)
		return;
	realm = rgw_opnas_realm(c->own->operator_name);
	if (realm != NULL && c->names.v[RGW_NAME_IDENTIFIER].len == strlen(realm) &&
	    memcmp(c->names.v[RGW_NAME_IDENTIFIER].p, realm, strlen(realm)) == 0)
		c->names.v[RGW_NAME_IDENTIFIER].len = 0;
	if (!c->nas.has_ip)
		return;
	c->mismatch |= c->names.v[RGW_NAME_IP].len == sizeof c->nas.ip &&
	    memcmp(c->names.v[RGW_NAME_IP].p, c->nas.ip, sizeof c->nas.ip) != 0;
	c->names.v[RGW_NAME_IP].p = c->nas.ip;
	c->names.v[RGW_NAME_IP].len = sizeof c->nas.ip;
}

/* Sends the request to the NAS that it means. false = it means none, or something else contradicts it. */
static bool
try_token(struct change *c)
{
	const struct rgw_teacher *from = &c->found.from;

	if (c->token != RGW_OPNAS_OWN || c->session == RGW_NAS_CONTRADICTS)
		return false;
	c->mismatch |= c->client != NULL && c->client != c->own;
	c->mismatch |= c->session == RGW_NAS_FOUND && (from->is_peer || from->id != c->own->head.id);
	if (c->mismatch)
		return false;
	send_to_sender(c, c->own, &c->nas.addr);
	return true;
}

/* ---- what was learned ---- */

static void
send_to_teacher(struct change *c, const struct rgw_teacher *from)
{
	const struct rgw_known *known =
	    rgw_known_by_id(c->gw, from->is_peer ? RGW_CONF_PEER : RGW_CONF_CLIENT, from->id);

	if (known == NULL) {
		refuse_unknown(c);
	} else if (from->is_peer) {
		struct rgw_target *target = rgw_target_of(c->gw, known->section);

		rgw_pool_dispatch_in(c->gw, c->req, &target->alone,
		    from->worker == c->gw->log->worker ? from->serial : 0, c->now);
	} else {
		send_to_sender(c, (const struct rgw_conf_client *)known->section, &from->addr);
	}
}

static bool
try_table(struct change *c)
{
	struct rgw_teacher from;

	if (c->session == RGW_NAS_FOUND) {
		send_to_teacher(c, &c->found.from);
		return true;
	}
	switch (rgw_nastable_find_nas(&c->gw->common->nases, &c->names, c->now, &from)) {
	case RGW_NAS_FOUND:
		if (c->session != RGW_NAS_CONTRADICTS) {
			send_to_teacher(c, &from);
			return true;
		}
		break;
	case RGW_NAS_CONTRADICTS:
		c->mismatch = true;
		break;
	case RGW_NAS_UNKNOWN:
		break;
	}
	return false;
}

/* ---- further away ---- */

/* The realm in Operator-Name (P-CPX-1), of which only the first counts (P-CPX-2); NULL = there is none. */
static const uint8_t *
operator_realm(const struct rgw_packet *packet, size_t *len)
{
	struct rgw_attr a = { 0 };

	while (rgw_packet_next(packet, &a)) {
		if (a.type != RGW_OPERATOR_NAME)
			continue;
		*len = a.len > 1 ? a.len - 1u : 0;
		return a.len > 1 && a.value[0] == '1' ? a.value + 1 : NULL;
	}
	return NULL;
}

static bool
try_operator(struct change *c)
{
	const struct rgw_conf_realm *section;
	size_t len;
	const uint8_t *realm = operator_realm(&c->req->packet, &len);

	section = realm != NULL ? rgw_realms_find(c->gw->edition->realms, realm, len) : NULL;
	if (section == NULL || section->coa == NULL)
		return false;
	rgw_pool_dispatch(c->gw, c->req, section->coa, c->now);
	return true;
}

/* The only peer that takes CoA, beside the one that has sent it. */
static bool
try_forwarder(struct change *c)
{
	const struct rgw_conf_head *asker = c->req->origin.asker->conf;
	const struct rgw_conf *conf = c->gw->conf;
	const struct rgw_conf_head *only = NULL;

	for (size_t i = 0; i < conf->peer.n; i++) {
		const struct rgw_conf_peer *peer = conf->peer.v[i];

		if ((peer->allow & rgw_req_service(c->req)) == 0 ||
		    (asker->kind == RGW_CONF_PEER && asker->id == peer->head.id))
			continue;
		if (only != NULL)
			return false;
		only = &peer->head;
	}
	if (only == NULL)
		return false;
	rgw_pool_dispatch(c->gw, c->req, only, c->now);
	return true;
}

static void
refuse_mismatch(struct change *c)
{
	if (c->mismatch)
		refuse(c, RGW_CTR_request_change_mismatch, RGW_CAUSE_NAS_MISMATCH, "coa-mismatch",
		    "refused: its names of the NAS belong to several NASes");
	else
		refuse(c, RGW_CTR_request_change_mismatch, RGW_CAUSE_NO_SESSION, "coa-mismatch",
		    "refused: no session has all of its names");
}

void
rgw_change_route(struct rgw_gw *gw, struct rgw_req *req, rgw_ms now)
{
	struct change c = { .gw = gw, .req = req, .now = now };

	rgw_nas_names_of(&c.names, &req->packet);
	read_token(&c);
	c.session = rgw_nastable_find_session(&gw->common->nases, &c.names, now, &c.found);
	if (!may_change(&c)) {
		refuse(&c, RGW_CTR_request_change_wrong_sender, RGW_CAUSE_NOT_ROUTABLE, "coa-wrong-sender",
		    "refused: logins of this user do not go to whoever sent this; see `coa-realms`");
		return;
	}
	if (c.token == RGW_OPNAS_FOREIGN) {
		refuse(&c, RGW_CTR_request_change_foreign_nas, RGW_CAUSE_NAS_MISMATCH, "coa-foreign-nas",
		    "refused: its Operator-NAS-Identifier is none that we made; was `operator-nas-key` changed, or is "
		    "there none, so that a restart makes a new one?");
		return;
	}
	find_client(&c);
	if (!c.mismatch && (try_token(&c) || (!c.mismatch && (try_client(&c) || try_table(&c)))))
		return;
	if (c.mismatch || c.session == RGW_NAS_CONTRADICTS)
		refuse_mismatch(&c);
	else if (!try_operator(&c) && !try_forwarder(&c))
		refuse_unknown(&c);
}
