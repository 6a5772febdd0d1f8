/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "crlpoint.h"

/* The names of distribution points (see crlpoint.h), compared octet by octet: a CA writes both sides. */

void
rgw_crl_take_point(struct rgw_rd *r, struct rgw_span *names)
{
	struct rgw_rd holder = rgw_der_take(r, RGW_DER_HOLDER(0));
	uint8_t tag, unused;
	struct rgw_rd list = rgw_der_take_any(&holder, &tag);
	bool is_full = tag == RGW_DER_HOLDER(0);

	*names = is_full ? rgw_der_rest(&list) : (struct rgw_span){ NULL, 0 };
	rgw_der_require(r, rgw_der_used_up(&holder) && (is_full || tag == RGW_DER_HOLDER(1)));
	rgw_der_require(r, rgw_der_has_more(&list));
	while (rgw_der_has_more(&list))
		rgw_der_take_any(&list, &unused);
	rgw_der_require(r, !list.bad);
}

/* Takes a GeneralName, whole. */
static struct rgw_span
take_name(struct rgw_rd *r)
{
	struct rgw_span from = rgw_der_rest(r);
	uint8_t tag;

	rgw_der_take_any(r, &tag);
	return (struct rgw_span){ from.data, from.len - rgw_rd_left(r) };
}

static bool
share_a_name(struct rgw_span a, struct rgw_span b)
{
	struct rgw_rd r = rgw_der_open(a);

	while (rgw_der_has_more(&r)) {
		struct rgw_span name = take_name(&r);
		struct rgw_rd others = rgw_der_open(b);

		while (rgw_der_has_more(&others))
			if (rgw_span_is(take_name(&others), name.data, name.len))
				return true;
	}
	return false;
}

bool
rgw_crl_points_have(struct rgw_span points, struct rgw_span names)
{
	struct rgw_rd list = rgw_der_open(points);

	while (rgw_der_has_more(&list)) {
		struct rgw_rd point = rgw_der_take(&list, RGW_DER_SEQUENCE);
		struct rgw_span own = { NULL, 0 };

		if (rgw_der_next_is(&point, RGW_DER_HOLDER(0)))
			rgw_crl_take_point(&point, &own);
		/* What follows says for which reasons the point is, or which other issuer signs there. */
		if (rgw_der_used_up(&point) && share_a_name(own, names))
			return true;
	}
	return false;
}
