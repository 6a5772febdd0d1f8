/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/fair.h"
#include "tcp_priv.h"

/* The write buffers of connections: what they may take, and what they take together (P-STR-8). */

/* Counts the octets that the write buffer takes now. The peer that they count for may have become known since the last
 * time. */
static void
set_out(struct rgw_tcp *t, size_t octets)
{
	struct rgw_net *net = t->net;

	net->out_octets += octets - t->out_octets;
	t->out_octets = octets;
	if (net->out_octets > net->out_peak)
		net->out_peak = net->out_octets;
	if (t->stage < RGW_TCP_OPEN || t->peer >= net->n_peer_out)
		return;
	net->peer_out[t->peer] += octets - t->peer_out;
	t->peer_out = octets;
}

void
rgw_tcp_count_out(struct rgw_tcp *t)
{
	set_out(t, t->session->out.cap);
}

void
rgw_tcp_forget_out(struct rgw_tcp *t)
{
	t->net->out_octets -= t->out_octets;
	if (t->peer < t->net->n_peer_out)
		t->net->peer_out[t->peer] -= t->peer_out;
}

static uint64_t
at_most(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

size_t
rgw_tcp_most_waiting(const struct rgw_tcp *t)
{
	const struct rgw_conf_gateway *conf = &t->net->conf->gateway;
	uint64_t taken = t->net->out_octets;
	uint64_t part = rgw_fair_free(conf->max_write_octets, taken) / RGW_CONF_WRITE_PARTS;
	size_t own = t->peer < t->net->n_peer_out ? t->net->peer_out[t->peer] : t->peer_out;
	uint64_t room = rgw_fair_room(conf->max_write_octets, taken, own);

	return (size_t)at_most(conf->write_buffer, at_most(part, room));
}

void
rgw_tcp_mark_dirty(struct rgw_tcp *t)
{
	if (!rgw_link_linked(&t->dirty) && (t->broken || t->session->out.len > 0))
		rgw_list_append(&t->net->dirty, &t->dirty);
}

void
rgw_tcp_write(struct rgw_tcp *t, const uint8_t *data, size_t len)
{
	t->broken = t->broken || !rgw_session_write(t->session, data, len);
	rgw_tcp_count_out(t);
	rgw_tcp_mark_dirty(t);
}
