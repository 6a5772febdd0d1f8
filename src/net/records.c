/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "records.h"

#include <stdbool.h>
#include <string.h>

/* The guard before the TLS library, which looks at the header of each record; see records.h. */

enum { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION_DATA = 23 };

/* The longest record, in octets. TLS 1.3 allows 256 octets more than the contents have; the suites of TLS 1.2 need
 * 24. */
#define CONTENT_MAX 16384
#define RECORD_MAX (CONTENT_MAX + 256)

/* Octets that encryption adds: a tag, and in TLS 1.3 the type of the contents, or with AES in TLS 1.2 a nonce. */
#define TAG 16
#define INNER_TYPE 1
#define NONCE 8

#define ALERT_OCTETS 2

/* ---- what each kind of record may be ---- */

static bool
is_alert(size_t len)
{
	return len == ALERT_OCTETS || len == ALERT_OCTETS + TAG || len == ALERT_OCTETS + NONCE + TAG;
}

/* What is wrong with a record of this type and length; NULL = nothing. In TLS 1.3 every encrypted record looks like
 * application data, and has the type of its contents within. In TLS 1.2 an empty record would have 24 octets, or just a
 * tag with ChaCha20: that is refused as well, since nobody has a reason to send one. A packet is never empty, and the
 * attack that empty records once were to help against was on suites that are not spoken here. */
static const char *
judge(struct rgw_records *r, uint8_t type, size_t len)
{
	switch (type) {
	case CHANGE_CIPHER_SPEC:
		if (len != 1)
			return "a ChangeCipherSpec that is not one octet";
		r->ccs++;
		return r->ccs > RGW_RECORDS_CCS_MAX ? "more ChangeCipherSpecs than any handshake has" : NULL;
	case ALERT:
		return is_alert(len) ? NULL : "an alert of a length that none has";
	case HANDSHAKE:
		return len == 0 ? "an empty handshake record" : NULL;
	case APPLICATION_DATA:
		return len < INNER_TYPE + TAG ? "an encrypted record that is too short to be one" : NULL;
	default:
		return "a record of a kind that TLS does not have";
	}
}

static const char *
judge_header(struct rgw_records *r)
{
	size_t len = (size_t)r->header[3] << 8 | r->header[4];

	r->n++;
	if (r->header[1] != 3)
		return "a record of a version that TLS does not have";
	if (len > RECORD_MAX)
		return "a record that is longer than TLS allows";
	if (r->n - r->data > RGW_RECORDS_IDLE_MAX)
		return "records without end that bring no data";
	r->left = len;
	return judge(r, r->header[0], len);
}

/* ---- following ---- */

static size_t
at_most(size_t n, size_t limit)
{
	return n < limit ? n : limit;
}

const char *
rgw_records_follow(struct rgw_records *r, const uint8_t *data, size_t len)
{
	const char *fault = NULL;
	size_t n;

	for (; len > 0 && fault == NULL; data += n, len -= n) {
		if (r->left > 0) {
			n = at_most(len, r->left);
			r->left -= n;
			continue;
		}
		n = at_most(len, RGW_RECORD_HEADER - r->have);
		memcpy(r->header + r->have, data, n);
		r->have += n;
		if (r->have < RGW_RECORD_HEADER)
			continue;
		r->have = 0;
		fault = judge_header(r);
	}
	return fault;
}

void
rgw_records_progress(struct rgw_records *r)
{
	r->data = r->n;
}
