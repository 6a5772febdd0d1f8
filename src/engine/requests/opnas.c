/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "opnas.h"

#include <string.h>
#include <strings.h>

/*
 * Which requests say of which NAS they are, so that CoA and Disconnect find it by that (P-CPX-11): those of our own
 * users, that is of clients with an operator-name, on their way to peers that want it. What the home gets tells it
 * nothing; nothing is remembered for it here.
 */

void
rgw_opnas_change(struct rgw_gw *gw)
{
	const struct rgw_secret *secret = gw->conf->gateway.operator_nas_key;

	if (secret != NULL)
		rgw_opnas_init(&gw->opnas, secret->octets, secret->len);
	else
		rgw_opnas_init(&gw->opnas, &gw->common->salt, sizeof gw->common->salt);
}

const char *
rgw_opnas_realm(const char *operator_name)
{
	return operator_name != NULL && operator_name[0] == '1' ? operator_name + 1 : NULL;
}

/* What a packet says of operator and NAS; the first attribute of each kind counts (P-CPX-2). */
struct said {
	struct rgw_attr operator;
	struct rgw_attr token;   /* with the octet of its type before the value */
	struct rgw_attr ip;
	struct rgw_attr ipv6;
};

static struct said
said_in(const struct rgw_packet *packet)
{
	struct said s = { 0 };
	struct rgw_attr a = { 0 };

	while (rgw_packet_next(packet, &a)) {
		if (a.type == RGW_OPERATOR_NAME && s.operator.len == 0)
			s.operator = a;
		else if (a.type == RGW_NAS_IP_ADDRESS && s.ip.len == 0)
			s.ip = a;
		else if (a.type == RGW_NAS_IPV6_ADDRESS && s.ipv6.len == 0)
			s.ipv6 = a;
		else if (a.type == RGW_EXTENDED_1 && a.len > 0 && a.value[0] == RGW_OPERATOR_NAS_IDENTIFIER &&
		    s.token.len == 0)
			s.token = a;
	}
	return s;
}

static bool
is_operator(const struct said *s, const char *name)
{
	return s->operator.len == strlen(name) && strncasecmp((const char *)s->operator.value, name, strlen(name)) == 0;
}

bool
rgw_opnas_is_other(const struct rgw_packet *packet, const char *operator_name)
{
	struct said s = said_in(packet);

	return operator_name != NULL && s.operator.len > 0 && !is_operator(&s, operator_name);
}

bool
rgw_opnas_leaves(const struct rgw_gw *gw, const struct rgw_req *req, const struct rgw_packet *packet,
    struct rgw_opnas *nas)
{
	const struct rgw_origin *origin = &req->origin;
	const char *operator = origin->asker->operator_name;
	struct said s;

	if (rgw_opnas_realm(operator) == NULL || rgw_code_is_dynamic(packet->code))
		return false;
	s = said_in(packet);
	if (s.token.len > 0 || !is_operator(&s, operator))
		return false;
	*nas = (struct rgw_opnas){ .client = rgw_opnas_client(&gw->opnas, rgw_origin_name(origin)),
		.addr = origin->remote };
	nas->addr.port = 0;
	/* What the value cannot give back stays in the request: the NAS must get a name of its own (P-CPX-14). */
	nas->has_ip = nas->addr.family == 4 && s.ip.len == sizeof nas->ip;
	if (nas->has_ip)
		memcpy(nas->ip, s.ip.value, sizeof nas->ip);
	nas->hides = nas->has_ip || (nas->addr.family == 6 && s.ipv6.len == sizeof nas->addr.ip &&
	    memcmp(s.ipv6.value, nas->addr.ip, s.ipv6.len) == 0);
	return true;
}

/* Is a CoA-Request with this Operator-Name for one of our networks; or, without any, for whoever gives such values? */
static bool
is_for_us(const struct rgw_conf *conf, const struct said *s)
{
	for (size_t i = 0; s->operator.len > 0 && i < conf->client.n; i++)
		if (conf->client.v[i]->operator_name != NULL && is_operator(s, conf->client.v[i]->operator_name))
			return true;
	for (size_t i = 0; s->operator.len == 0 && i < conf->peer.n; i++)
		if (conf->peer.v[i]->operator_nas_identifier)
			return true;
	return false;
}

bool
rgw_opnas_is_cover(const struct rgw_conf *conf, const struct rgw_nas_names *names)
{
	size_t len = names->v[RGW_NAME_IDENTIFIER].len;

	if (len == 0 || names->v[RGW_NAME_IP].len > 0 || names->v[RGW_NAME_IPV6].len > 0)
		return false;
	for (size_t i = 0; i < conf->client.n; i++) {
		const char *realm = rgw_opnas_realm(conf->client.v[i]->operator_name);

		if (realm != NULL && strlen(realm) == len && memcmp(realm, names->v[RGW_NAME_IDENTIFIER].p, len) == 0)
			return true;
	}
	return false;
}

enum rgw_opnas_finding
rgw_opnas_comes(const struct rgw_gw *gw, const struct rgw_packet *packet, struct rgw_opnas *nas,
    const struct rgw_conf_client **client)
{
	struct said s = said_in(packet);

	if (s.token.len == 0)
		return RGW_OPNAS_NONE;
	if (rgw_opnas_read(&gw->opnas, s.token.value + 1, s.token.len - 1u, nas))
		for (size_t i = 0; i < gw->conf->client.n; i++) {
			*client = gw->conf->client.v[i];
			if (rgw_opnas_client(&gw->opnas, (*client)->head.name) == nas->client)
				return RGW_OPNAS_OWN;
		}
	return is_for_us(gw->conf, &s) ? RGW_OPNAS_FOREIGN : RGW_OPNAS_NONE;
}
