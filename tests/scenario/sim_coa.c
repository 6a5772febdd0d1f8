/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_coa.h"

#include <string.h>

#include "radsecgw/build.h"

/* CoA and Disconnect in stories: how they are put together, and what came of them. */

void
sim_more_put(struct sim_more *m, uint8_t type, const void *value, size_t len)
{
	rgw_wr_u8(&m->w, type);
	rgw_wr_u8(&m->w, (uint8_t)(2 + len));
	rgw_wr_bytes(&m->w, value, len);
}

void
sim_more_begin(struct sim_more *m)
{
	m->w = rgw_wr_of(m->octets, sizeof m->octets);
}

void
sim_more_text(struct sim_more *m, uint8_t type, const char *text)
{
	sim_more_put(m, type, text, strlen(text));
}

void
sim_more_u32(struct sim_more *m, uint8_t type, uint32_t v)
{
	rgw_wr_u8(&m->w, type);
	rgw_wr_u8(&m->w, 6);
	rgw_wr_u32(&m->w, v);
}

/* The home's server sends a request over UDP. */
struct sim_req *
sim_change(struct sim *s, uint8_t code, uint8_t id, const char *user, const char *station, const struct sim_more *more)
{
	return sim_request_with(s, &(struct sim_spec){ .code = code, .nas = 1, .port = 6000, .id = id, .user = user,
		.station = station, .more = more != NULL ? more->octets : NULL,
		.more_len = more != NULL ? more->w.len : 0 });
}

void
sim_expect_cause(const struct sim_req *r, uint8_t code, uint32_t cause)
{
	struct rgw_packet p;

	assert_int_equal(r->answers, 1);
	p = sim_packet_of(r->answer, r->answer_len);
	assert_int_equal(p.code, code);
	assert_int_equal(rgw_packet_error_cause(&p), cause);
}

size_t
sim_n_at_nases(const struct sim *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_got; i++)
		n += rgw_code_is_dynamic(s->got[i]->data[0]);
	return n;
}

/* National sends a request down our connection. */
void
sim_change_by_peer(struct sim *s, uint8_t code, uint8_t id, const char *station, const struct sim_more *more)
{
	struct rgw_builder b;
	uint8_t packet[600];
	size_t len;

	rgw_build_begin(&b, packet, sizeof packet, code, id, NULL, true);
	if (station != NULL)
		rgw_build_attr(&b, RGW_CALLING_STATION_ID, station, strlen(station));
	if (more != NULL)
		rgw_wr_bytes(&b.w, more->octets, more->w.len);
	rgw_build_attr(&b, RGW_PROXY_STATE, "home", 4);
	len = rgw_build_request(&b, sim_secret_of(s, SIM_RADSEC));
	s->heard_len = 0;
	sim_octets(s, sim_first_ours(s), packet, len);
}

void
sim_expect_heard(const struct sim *s, uint8_t code, uint8_t id, uint32_t cause)
{
	struct rgw_packet p;

	assert_true(s->heard_len > 0);
	p = sim_packet_of(s->heard, s->heard_len);
	assert_int_equal(p.code, code);
	assert_int_equal(p.id, id);
	assert_int_equal(rgw_packet_error_cause(&p), cause);
	sim_expect_values(s->heard, s->heard_len, RGW_PROXY_STATE, "home,");
}
