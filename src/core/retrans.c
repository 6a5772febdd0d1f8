/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/retrans.h"

/* When a request over UDP is sent again, and when no more (RFC 5080 2.2.1, P-RTX-1, P-RTX-4). */

rgw_ms
rgw_jitter(rgw_ms value, uint16_t random)
{
	return value - value / 10 + value / 5 * random / UINT16_MAX;
}

/* When the current time-out ends, or the time in all if that comes first. */
static rgw_ms
next_of(const struct rgw_retrans *r, const struct rgw_retransmit *conf, rgw_ms now)
{
	rgw_ms next = now + r->rt;

	return conf->mrd != 0 ? rgw_ms_min(next, r->since + conf->mrd) : next;
}

rgw_ms
rgw_retrans_begin(struct rgw_retrans *r, const struct rgw_retransmit *conf, uint16_t random,
    rgw_ms now)
{
	*r = (struct rgw_retrans){ .rt = rgw_jitter(conf->irt, random), .since = now, .sent = 1 };
	return next_of(r, conf, now);
}

bool
rgw_retrans_again(struct rgw_retrans *r, const struct rgw_retransmit *conf, uint16_t random,
    rgw_ms now, rgw_ms *next)
{
	if ((conf->mrc != 0 && r->sent >= conf->mrc) || (conf->mrd != 0 && now - r->since >= conf->mrd))
		return false;
	/* RT = 2 RTprev + RAND RTprev */
	r->rt = r->rt + rgw_jitter(r->rt, random);
	if (conf->mrt != 0 && r->rt > conf->mrt)
		r->rt = rgw_jitter(conf->mrt, random);
	r->sent++;
	*next = next_of(r, conf, now);
	return true;
}
