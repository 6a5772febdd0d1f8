/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

/* Packets that come on a connection, cut out of what the outer layer has decrypted, and checked several at a time. What
 * RFC 6613 2.6.4 names closes the connection. */

/* Closes the connection for a packet with a bad length, of which only the first four octets are there. */
static void
on_bad_length(struct rgw_conn *conn, struct rgw_rd *start, rgw_ms now)
{
	struct rgw_packet p = { 0 };

	p.code = rgw_rd_u8(start);
	p.id = rgw_rd_u8(start);
	p.len = rgw_rd_u16(start);
	rgw_count(conn->gw, RGW_CTR_tls_malformed);
	rgw_conn_close_for(conn, &p, p.len < RGW_HEADER_LEN ? "Length field below 20 (RFC 6613 2.6.4)"
	                                                    : "Length field above 4096 (RFC 6613 2.6.4)",
	    now);
}

/* Does the packet ask something? Requests may come on any connection, whoever opened it. On a connection where nothing
 * has been asked no packet is an answer. */
static bool
asks(const struct rgw_conn *conn, const struct rgw_packet *p)
{
	return conn->lane.ids == NULL || rgw_code_is_request(p->code);
}

/* Takes one packet. false = the connection was closed. */
static bool
take(void *arg, struct rgw_auth_check *check, rgw_ms now)
{
	struct rgw_conn *conn = arg;
	const char *rule;

	rgw_count(conn->gw, RGW_CTR_tls_received);
	if (!conn->incoming)
		rgw_guard_heard(conn, false, now);
	if (asks(conn, check->packet))
		return rgw_on_request(conn, check, now);
	rule = rgw_on_answer(&conn->lane, check, now);
	/* The successor of RFC 6613 drops the packet only (P-TCP-36). */
	if (rule == NULL || conn->peer->conf->bad_response == RGW_BAD_RESPONSE_DISCARD)
		return true;
	rgw_conn_close_for(conn, check->packet, rule, now);
	return false;
}

/* Whole packets that came together. */
struct pieces {
	struct rgw_batch batch;
	bool malformed;  /* the packet behind the batch is malformed */
};

/* Cuts out packets until there are no more, one is malformed, or the batch is full. The packet that stands in the
 * buffer of the stream is the last of a batch: the next call would overwrite it. */
static enum rgw_stream_result
collect(struct rgw_conn *conn, struct pieces *pieces, struct rgw_rd *in, struct rgw_rd *octets, rgw_ms now)
{
	struct rgw_batch *b = &pieces->batch;
	enum rgw_stream_result result = RGW_STREAM_PACKET;

	b->n = 0;
	pieces->malformed = false;
	while (b->n < RGW_TOGETHER && (b->n == 0 || conn->stream.part == NULL)) {
		struct rgw_packet *p = &b->packets[b->n];

		result = rgw_stream_next(&conn->stream, in, now, octets);
		if (result != RGW_STREAM_PACKET)
			break;
		pieces->malformed = rgw_packet_parse(p, octets->p, rgw_rd_left(octets)) != RGW_PACKET_OK;
		if (pieces->malformed)
			break;
		b->checks[b->n++] = asks(conn, p)
		    ? (struct rgw_auth_check){ .packet = p, .secret = conn->lane.side.secret }
		    : rgw_lane_check(&conn->lane, p);
	}
	return result;
}

/* Checks the collected packets and hands them over. false = the connection was closed. */
static bool
on_pieces(struct rgw_conn *conn, struct pieces *pieces, rgw_ms now)
{
	const struct rgw_packet *bad = &pieces->batch.packets[pieces->batch.n];

	if (!rgw_batch_take(&pieces->batch, take, conn, now))
		return false;
	if (!pieces->malformed)
		return true;
	rgw_count(conn->gw, RGW_CTR_tls_received);
	rgw_count(conn->gw, RGW_CTR_tls_malformed);
	rgw_conn_close_for(conn, bad, "attributes do not fill the packet exactly, or one has a length of 0 or 1 "
	    "(RFC 6613 2.6.4)", now);
	return false;
}

void
rgw_conn_on_data(struct rgw_conn *conn, const uint8_t *data, size_t len, rgw_ms now)
{
	struct rgw_rd in = rgw_rd_of(data, len);
	enum rgw_stream_result result;
	struct rgw_rd octets;
	struct pieces pieces;

	if (conn->incoming)
		conn->heard_at = now;
	do {
		result = collect(conn, &pieces, &in, &octets, now);
		if (!on_pieces(conn, &pieces, now))
			return;
	} while (result == RGW_STREAM_PACKET);
	if (result == RGW_STREAM_BAD_LENGTH)
		on_bad_length(conn, &octets, now);
	else if (result == RGW_STREAM_NO_MEMORY)
		rgw_conn_close(conn, RGW_LOG_ERROR, "connection-closed", "out of memory", now);
	else if (rgw_conn_packet_deadline(conn) < conn->timer.at)
		/* The connection's other deadlines move on by themselves when they come. */
		rgw_conn_set_timer(conn);
}
