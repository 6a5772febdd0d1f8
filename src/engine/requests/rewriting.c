/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

#include <string.h>

#include "radsecgw/hop.h"
#include "radsecgw/nai.h"
#include "radsecgw/rewrite.h"
#include "opnas.h"

/*
 * What the configuration changes in packets: [rewrite] sections one after the other, each in what the one
 * before has left, and operator-name. From general to specific on the way in, reversed on the way out. What
 * duplicates are known by, and what answers need of their request, is its header and its Proxy-States, which
 * no rewrite changes.
 */

/* A packet on its way through the rewrites. */
struct run {
	struct rgw_gw *gw;
	const struct rgw_req *req;             /* borrowed; NULL = the packet is still to become one */
	const struct rgw_origin *origin;       /* borrowed: who asked */
	const struct rgw_target *target;       /* borrowed: who is asked; NULL = not known yet */
	const struct rgw_packet *request;      /* borrowed: the request that the packet answers; NULL = the packet is a
	                                        * request itself */
	const struct rgw_hop_response *hop;    /* borrowed: how the answer goes back; NULL = the packet is a request */
	const struct rgw_packet *packet;       /* the packet as it is now; NULL = it is refused */
	struct rgw_packet *room;               /* where the packet stands once it was changed */
};

static unsigned
packets_of(uint8_t code)
{
	switch (code) {
	case RGW_ACCESS_REQUEST:
		return RGW_REWRITE_ACCESS_REQUEST;
	case RGW_ACCESS_ACCEPT:
		return RGW_REWRITE_ACCESS_ACCEPT;
	case RGW_ACCESS_REJECT:
		return RGW_REWRITE_ACCESS_REJECT;
	case RGW_ACCESS_CHALLENGE:
		return RGW_REWRITE_ACCESS_CHALLENGE;
	case RGW_ACCOUNTING_REQUEST:
		return RGW_REWRITE_ACCOUNTING_REQUEST;
	case RGW_ACCOUNTING_RESPONSE:
		return RGW_REWRITE_ACCOUNTING_RESPONSE;
	case RGW_COA_REQUEST:
		return RGW_REWRITE_COA_REQUEST;
	case RGW_COA_ACK:
		return RGW_REWRITE_COA_ACK;
	case RGW_COA_NAK:
		return RGW_REWRITE_COA_NAK;
	case RGW_DISCONNECT_REQUEST:
		return RGW_REWRITE_DISCONNECT_REQUEST;
	case RGW_DISCONNECT_ACK:
		return RGW_REWRITE_DISCONNECT_ACK;
	case RGW_DISCONNECT_NAK:
		return RGW_REWRITE_DISCONNECT_NAK;
	default:
		return 0;
	}
}

static void
set_var(struct rgw_rewrite_vars *vars, enum rgw_rewrite_var var, const char *text)
{
	vars->v[var].p = (const uint8_t *)text;
	vars->v[var].len = strlen(text);
}

static struct rgw_rewrite_vars
vars_of(const struct run *r, char source[static RGW_ADDR_TEXT])
{
	const struct rgw_origin *origin = r->origin;
	struct rgw_addr addr = origin->remote;
	struct rgw_rewrite_vars vars = { 0 };
	struct rgw_attr name;

	addr.port = 0;
	set_var(&vars, RGW_VAR_CLIENT, rgw_origin_name(origin));
	set_var(&vars, RGW_VAR_SOURCE, rgw_addr_format(&addr, source));
	if (r->target != NULL)
		set_var(&vars, RGW_VAR_PEER, r->target->conf->name);
	if (rgw_packet_get(r->request != NULL ? r->request : r->packet, RGW_AT_USER_NAME, &name))
		vars.v[RGW_VAR_REALM].p =
		    rgw_realm_of(name.value, name.len, &vars.v[RGW_VAR_REALM].len);
	return vars;
}

/* How many octets the packet may have so that it fits the next hop, too (P-ATT-16). A packet that is too long for the
 * next hop already may stay so: the hop refuses it. */
static size_t
most_octets(const struct run *r)
{
	struct rgw_hop_response hop;
	size_t there;

	if (r->hop != NULL) {
		hop = *r->hop;
		hop.in = r->packet;
		there = rgw_hop_response_len(&hop);
	} else {
		there = rgw_hop_request_len(r->packet, r->target != NULL && r->target->conf->kind == RGW_CONF_CLIENT);
	}
	if (there >= RGW_PACKET_MAX)
		return r->packet->len;
	there = r->packet->len + (RGW_PACKET_MAX - there);
	return there < RGW_PACKET_MAX ? there : RGW_PACKET_MAX;
}

/* Refuses a packet that a rewrite would make too big, or lets it go on without this rewrite. */
static void
on_too_big(struct run *r, const struct rgw_field *which, enum rgw_overflow overflow,
    enum rgw_rewrite_result how, size_t octets)
{
	static const char *const texts[2][2] = {
		{ "refused: a rewrite makes a value longer than its attribute can be; shorten what it adds, "
		  "or let such packets pass with overflow = skip",
		  "refused: a rewrite makes the packet too long, with what the next hop needs; let it remove "
		  "something, or let such packets pass with overflow = skip" },
		{ "a packet passes without a rewrite, which would make a value longer than its attribute can "
		  "be; shorten what it adds",
		  "a packet passes without a rewrite, which would make it too long, with what the next hop "
		  "needs; let it remove something" },
	};
	bool skip = overflow == RGW_OVERFLOW_SKIP;
	const char *name = rgw_origin_name(r->origin);

	rgw_count(r->gw, skip ? RGW_CTR_rewrite_skipped : RGW_CTR_rewrite_refused);
	RGW_LOG(r->gw->log, RGW_LOG_WARNING, "rewrite-too-big", name,
	    texts[skip][how == RGW_REWRITE_PACKET_TOO_BIG], *which, rgw_f_origin(r->origin),
	    rgw_f_str("code", rgw_code_name(r->packet->code)), rgw_f_uint("octets", octets));
	if (!skip)
		r->packet = NULL;
}

static void
apply(struct run *r, const struct rgw_rewrite *rewrite, enum rgw_overflow overflow,
    const struct rgw_field *which)
{
	char source[RGW_ADDR_TEXT];
	struct rgw_rewrite_vars vars = vars_of(r, source);
	uint8_t *out = r->gw->rewritten;
	enum rgw_rewrite_result result;
	size_t len;

	result = rgw_rewrite_apply(rewrite, r->packet, &vars, out, most_octets(r), &len);
	switch (result) {
	case RGW_REWRITE_UNCHANGED:
		break;
	case RGW_REWRITE_CHANGED:
		rgw_count(r->gw, RGW_CTR_rewrite_changed);
		rgw_trail_rewritten(r->gw, r->req, which->data, r->gw->log->now);
		RGW_LOG(r->gw->log, RGW_LOG_DEBUG, "rewritten", rgw_origin_name(r->origin),
		    "attributes of a packet were changed", *which, rgw_f_origin(r->origin),
		    rgw_f_str("code", rgw_code_name(r->packet->code)),
		    rgw_f_uint("octets_before", r->packet->len), rgw_f_uint("octets", len));
		if (rgw_packet_parse(r->room, out, len) == RGW_PACKET_OK)
			r->packet = r->room;
		break;
	case RGW_REWRITE_VALUE_TOO_BIG:
	case RGW_REWRITE_PACKET_TOO_BIG:
		on_too_big(r, which, overflow, result, len);
		break;
	}
}

static void
apply_sections(struct run *r, const struct rgw_conf_refs *list)
{
	for (size_t i = 0; i < list->n && r->packet != NULL; i++) {
		/* Every section begins with its head. */
		const struct rgw_conf_rewrite *section = (const struct rgw_conf_rewrite *)list->v[i];
		struct rgw_field which = rgw_f_str("rewrite", section->head.name);

		if ((section->packets & packets_of(r->packet->code)) != 0)
			apply(r, &section->rewrite, section->overflow, &which);
	}
}

/* Adds Operator-Name: here it is known whose users they are (P-CPX-3), and what others have said stays (P-CPX-4). Where
 * there is no room for it, it is left out (P-ATT-16). */
static void
apply_operator_name(struct run *r, char *name)
{
	struct rgw_rewrite_piece piece = { RGW_FROM_OCTETS, 0, (uint8_t)strlen(name), (uint8_t *)name };
	struct rgw_rewrite_rule rule = { .attr = { .type = RGW_OPERATOR_NAME }, .value = { &piece, 1 } };
	struct rgw_rewrite rewrite = { .rules[RGW_REWRITE_DEFAULT] = { &rule, 1 } };
	struct rgw_field which = rgw_f_str("option", "operator-name");

	apply(r, &rewrite, RGW_OVERFLOW_SKIP, &which);
}

static struct rgw_rewrite_rule
rule_of(uint8_t type, uint8_t ext, struct rgw_rewrite_piece *piece, uint8_t *octets, size_t len)
{
	*piece = (struct rgw_rewrite_piece){ RGW_FROM_OCTETS, 0, (uint8_t)len, octets };
	return (struct rgw_rewrite_rule){ .attr = { .type = type, .ext = ext }, .value = { piece, 1 } };
}

/* Says which of our NASes a request is from, and takes out what others can tell of it (P-CPX-11, P-CPX-12). Where there
 * is no room for it, the request stays as it is. */
static void
apply_opnas(struct run *r, const struct rgw_conf_head *target)
{
	char *operator = r->origin->asker->operator_name;
	struct rgw_rewrite_rule hidden[] = { { .attr = { .type = RGW_NAS_IP_ADDRESS } },
		{ .attr = { .type = RGW_NAS_IPV6_ADDRESS } }, { .attr = { .type = RGW_NAS_IDENTIFIER } } };
	struct rgw_field which = rgw_f_str("option", "operator-nas-identifier");
	struct rgw_rewrite_rule added[2];
	struct rgw_rewrite_piece pieces[2];
	struct rgw_rewrite rewrite = { 0 };
	uint8_t value[RGW_OPNAS_MAX];
	struct rgw_opnas nas;
	size_t len;

	if (target->kind != RGW_CONF_PEER || !((const struct rgw_conf_peer *)target)->operator_nas_identifier ||
	    !rgw_opnas_leaves(r->gw, r->req, r->packet, &nas))
		return;
	len = rgw_opnas_write(&r->gw->opnas, &nas, value);
	if (len == 0)
		return;
	added[0] = rule_of(RGW_EXTENDED_1, RGW_OPERATOR_NAS_IDENTIFIER, &pieces[0], value, len);
	added[1] = rule_of(RGW_NAS_IDENTIFIER, 0, &pieces[1], (uint8_t *)operator + 1, strlen(operator + 1));
	rewrite.rules[RGW_REWRITE_ADD] = (struct rgw_rewrite_rules){ added, nas.hides ? 2 : 1 };
	if (nas.hides)
		rewrite.rules[RGW_REWRITE_REMOVE] = (struct rgw_rewrite_rules){ hidden, 3 };
	apply(r, &rewrite, RGW_OVERFLOW_SKIP, &which);
}

static bool
has_realm_as_nas(const struct rgw_packet *packet, const char *realm)
{
	struct rgw_attr a = { 0 };

	while (realm != NULL && rgw_packet_next(packet, &a))
		if (a.type == RGW_NAS_IDENTIFIER)
			return a.len == strlen(realm) && memcmp(a.value, realm, a.len) == 0;
	return false;
}

/* Gives a NAS its own name back (P-CPX-14, P-CPX-15), if its Operator-NAS-Identifier has led the request to it. */
static void
restore_nas(struct run *r, const struct rgw_conf_head *target)
{
	struct rgw_rewrite_rule gone = { .attr = { .type = RGW_NAS_IDENTIFIER } };
	struct rgw_field which = rgw_f_str("option", "operator-nas-identifier");
	const struct rgw_conf_client *client;
	struct rgw_rewrite rewrite = { 0 };
	struct rgw_rewrite_piece piece;
	struct rgw_rewrite_rule own;
	struct rgw_nas_names names;
	struct rgw_opnas nas;

	if (target->kind != RGW_CONF_CLIENT ||
	    rgw_opnas_comes(r->gw, r->packet, &nas, &client) != RGW_OPNAS_OWN)
		return;
	rgw_nas_names_of(&names, r->packet);
	if (!nas.hides && rgw_nas_names_nas(&names))
		return;
	if (has_realm_as_nas(r->packet, rgw_opnas_realm(client->operator_name)))
		rewrite.rules[RGW_REWRITE_REMOVE] = (struct rgw_rewrite_rules){ &gone, 1 };
	own = nas.addr.family == 6 ? rule_of(RGW_NAS_IPV6_ADDRESS, 0, &piece, nas.addr.ip, 16)
	                           : rule_of(RGW_NAS_IP_ADDRESS, 0, &piece, nas.has_ip ? nas.ip : nas.addr.ip, 4);
	rewrite.rules[RGW_REWRITE_DEFAULT] = (struct rgw_rewrite_rules){ &own, 1 };
	apply(r, &rewrite, RGW_OVERFLOW_REFUSE, &which);
}

/* The lists of a section of whoever asks or is asked. */
struct lists {
	const struct rgw_conf_refs *in;
	const struct rgw_conf_refs *out;
};

static struct lists
lists_of(const struct rgw_conf_head *section)
{
	static const struct rgw_conf_refs none;
	const struct rgw_conf_client *client = (const struct rgw_conf_client *)section;
	const struct rgw_conf_server *server = (const struct rgw_conf_server *)section;
	const struct rgw_conf_peer *peer = (const struct rgw_conf_peer *)section;

	/* An operator has no section. */
	if (section->kind == RGW_CONF_GATEWAY)
		return (struct lists){ &none, &none };
	if (section->kind == RGW_CONF_PEER)
		return (struct lists){ &peer->rewrite_in, &peer->rewrite_out };
	if (section->kind == RGW_CONF_CLIENT)
		return (struct lists){ &client->rewrite_in, &client->rewrite_out };
	return (struct lists){ &server->rewrite_in, &server->rewrite_out };
}

/* The lists under which the request began, of a neighbour whose section this is now. The edition of the request knows
 * the neighbour, or the request could not be there. */
static struct lists
lists_for(const struct rgw_gw *gw, const struct rgw_req *req, const struct rgw_conf_head *section)
{
	if (req->edition != gw->edition && section->kind != RGW_CONF_GATEWAY)
		section = rgw_conf_by_id(req->edition->conf, section->kind, section->id);
	return lists_of(section);
}

const struct rgw_packet *
rgw_rewriting_came(struct rgw_gw *gw, const struct rgw_origin *origin, const struct rgw_packet *packet,
    struct rgw_packet *room)
{
	struct run r = { .gw = gw, .origin = origin, .packet = packet, .room = room };

	gw->trails.n_early = 0;
	apply_sections(&r, &gw->conf->gateway.rewrite_in);
	apply_sections(&r, lists_of(origin->asker->conf).in);
	if (r.packet != NULL && origin->asker->operator_name != NULL)
		apply_operator_name(&r, origin->asker->operator_name);
	return r.packet;
}

const struct rgw_packet *
rgw_rewriting_goes(const struct rgw_attempt *a, struct rgw_packet *room)
{
	const struct rgw_req *req = a->req;
	struct rgw_gw *gw = a->target->gw;
	struct run r = { .gw = gw, .req = req, .origin = &req->origin, .target = a->target, .request = &req->packet,
		.packet = &req->packet, .room = room };

	if (rgw_code_is_dynamic(req->packet.code))
		restore_nas(&r, a->target->conf);
	else
		apply_opnas(&r, a->target->conf);
	if (r.packet != NULL)
		apply_sections(&r, lists_for(gw, req, a->target->conf).out);
	apply_sections(&r, &req->edition->conf->gateway.rewrite_out);
	return r.packet;
}

const struct rgw_packet *
rgw_rewriting_answered(const struct rgw_req *req, const struct rgw_target *target,
    const struct rgw_hop_response *hop, struct rgw_packet *room)
{
	struct rgw_gw *gw = target->gw;
	struct run r = { .gw = gw, .req = req, .origin = &req->origin, .target = target, .request = &req->packet,
		.hop = hop, .packet = hop->in, .room = room };

	apply_sections(&r, &req->edition->conf->gateway.rewrite_in);
	apply_sections(&r, lists_for(gw, req, target->conf).in);
	apply_sections(&r, lists_for(gw, req, req->origin.asker->conf).out);
	apply_sections(&r, &req->edition->conf->gateway.rewrite_out);
	return r.packet;
}
