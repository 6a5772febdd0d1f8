/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

#include "radsecgw/wire.h"

/* What requests that pass teach about NASes and sessions, so that CoA and Disconnect find them (P-CPX-23). The table is
 * that of all workers (radsecgw/nastable.h). Nothing is learned unless somebody may send CoA or is to get it, and
 * nothing from a request that anybody can have sent. */

/* Values of Acct-Status-Type (RFC 2866 5.1). */
enum { ACCT_STOP = 2, ACCT_ON = 7, ACCT_OFF = 8 };

static uint32_t
status_type(const struct rgw_packet *packet)
{
	struct rgw_attr a = { 0 };

	while (rgw_packet_next(packet, &a)) {
		struct rgw_rd r = rgw_rd_of(a.value, a.len);

		if (a.type == RGW_ACCT_STATUS_TYPE && a.len == 4)
			return rgw_rd_u32(&r);
	}
	return 0;
}

static struct rgw_teacher
teacher_of(const struct rgw_gw *gw, const struct rgw_origin *origin)
{
	const struct rgw_conf_head *section = origin->asker->conf;
	struct rgw_teacher t = { .is_peer = section->kind == RGW_CONF_PEER, .id = section->id };

	if (t.is_peer) {
		t.worker = gw->log->worker;
		t.serial = origin->serial;
	} else {
		t.addr = origin->remote;
		t.addr.port = 0;
	}
	return t;
}

static void
tell(struct rgw_gw *gw, const struct rgw_origin *origin, const struct rgw_lesson *lesson)
{
	const char *name = rgw_origin_name(origin);

	gw->counters.v[RGW_CTR_nas_conflicts] += lesson->conflicts;
	gw->counters.v[RGW_CTR_nas_crowded_out] += lesson->crowded_out;
	if (lesson->conflicts > 0)
		RGW_LOG(gw->log, RGW_LOG_WARNING, "nas-conflict", name,
		    "a request names a NAS or a session that another neighbour has: CoA for it goes to that one; two "
		    "NASes should not have the same name",
		    rgw_f_origin(origin), rgw_f_addr("from", &origin->remote));
	if (lesson->crowded_out > 0)
		RGW_LOG(gw->log, RGW_LOG_WARNING, "nas-crowded-out", name,
		    "the table of NASes and sessions is full, so the oldest entries of whoever has most are forgotten; "
		    "do Accounting-Stops come?",
		    rgw_f_origin(origin));
}

void
rgw_teach(struct rgw_gw *gw, const struct rgw_req *req, rgw_ms now)
{
	const struct rgw_packet *packet = &req->packet;
	struct rgw_nastable *table = &gw->common->nases;
	struct rgw_nas_names names;
	struct rgw_teacher from;
	struct rgw_lesson lesson;
	uint32_t status;

	if (!req->entry->authentic || rgw_code_is_dynamic(packet->code))
		return;
	rgw_nas_names_of(&names, packet);
	from = teacher_of(gw, &req->origin);
	status = packet->code == RGW_ACCOUNTING_REQUEST ? status_type(packet) : 0;
	if (status == ACCT_STOP) {
		rgw_nastable_end_session(table, &names, &from);
		return;
	}
	if (status == ACCT_ON || status == ACCT_OFF)
		rgw_nastable_end_nas(table, &names, &from);
	if (status == ACCT_OFF)
		return;
	lesson = rgw_nastable_learn(table, &names, &from, now);
	tell(gw, &req->origin, &lesson);
}
