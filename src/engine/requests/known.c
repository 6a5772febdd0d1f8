/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "login.h"
#include "radsecgw/nai.h"

/* What a trail is known by: facts of the packet, and who sent it, as much as may be shown of them (trails.h). */

static void
put_field(struct rgw_trail *trail, enum rgw_step what, const struct rgw_field *f)
{
	rgw_trail_text(trail, what, f->data, f->type == RGW_FIELD_OCTETS ? (size_t)f->number : strlen(f->data),
	    trail->began);
}

void
rgw_trail_put_facts(struct rgw_trail *trail, const struct rgw_conf_log *conf, const struct rgw_packet *p)
{
	struct rgw_identity room;
	struct rgw_facts facts;
	struct rgw_field field;
	const uint8_t *text;
	size_t len;

	rgw_facts_find(p, &facts);
	if (facts.user.len > 0) {
		text = rgw_realm_of(facts.user.value, facts.user.len, &len);
		if (text != NULL)
			rgw_trail_text(trail, RGW_STEP_REALM, text, len, trail->began);
		field = rgw_f_user(conf, facts.user.value, facts.user.len, &room);
		if (conf->identity != RGW_LOG_ID_REALM)
			put_field(trail, RGW_STEP_USER, &field);
	}
	if (facts.station.len > 0) {
		field = rgw_f_station(conf, "", facts.station.value, facts.station.len, &room);
		put_field(trail, RGW_STEP_STATION, &field);
	}
	rgw_trail_text(trail, RGW_STEP_CALLED, facts.called.value, facts.called.len, trail->began);
	rgw_trail_text(trail, RGW_STEP_NAS, facts.nas_name.value, facts.nas_name.len, trail->began);
	if (facts.nas_name.len == 0 && (facts.nas_address.len == 4 || facts.nas_address.len == 16))
		rgw_trail_text(trail, RGW_STEP_NAS_ADDRESS, facts.nas_address.value, facts.nas_address.len,
		    trail->began);
}

void
rgw_trail_put_origin(struct rgw_trail *trail, const char *asker, const struct rgw_addr *from)
{
	if (asker != NULL)
		rgw_trail_text(trail, RGW_STEP_ASKER, asker, strlen(asker), trail->began);
	rgw_trail_text(trail, RGW_STEP_FROM, from->ip, from->family == 4 ? 4 : 16, trail->began);
}

void
rgw_trail_start(struct rgw_gw *gw, struct rgw_trail *trail, rgw_ms now)
{
	*trail = (struct rgw_trail){ .serial = ++gw->trails.serial, .began = now, .ended = now,
		.worker = (uint16_t)(gw->log->worker > 0 ? gw->log->worker : 1) };
	rgw_link_init(&trail->link);
}
