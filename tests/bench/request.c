/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "request.h"

#include <string.h>

#include "radsecgw/auth.h"
#include "radsecgw/build.h"

#define SHORT_OCTETS 120
#define LONG_OCTETS 1100

static const char *const kinds[] = {
	[REQUEST_PAP] = "pap",
	[REQUEST_EAP] = "eap",
	[REQUEST_ACCT] = "acct",
};

static enum request_kind
kind_of(const char *name)
{
	size_t i = 0;

	while (i < sizeof kinds / sizeof kinds[0] && strcmp(kinds[i], name) != 0)
		i++;
	if (i == sizeof kinds / sizeof kinds[0])
		bench_fail("--kind is pap, eap or acct");
	return (enum request_kind)i;
}

static void
fill_up(struct rgw_builder *b, uint8_t type, size_t total)
{
	uint8_t text[RGW_ATTR_VALUE_MAX];

	memset(text, 'x', sizeof text);
	while (b->w.len + 2 < total) {
		size_t n = total - b->w.len - 2;

		rgw_build_attr(b, type, text, n < sizeof text ? n : sizeof text);
	}
}

void
request_model(struct request_model *m, const char *kind, const char *user,
    const struct rgw_secret *secret)
{
	static const uint8_t eap_start[] = { 2, 1, 3, 232, 25, 0 };
	struct rgw_builder b;
	bool acct;

	m->kind = kind_of(kind);
	acct = m->kind == REQUEST_ACCT;
	rgw_build_begin(&b, m->octets, sizeof m->octets,
	    acct ? RGW_ACCOUNTING_REQUEST : RGW_ACCESS_REQUEST, 0, NULL, !acct);
	rgw_build_attr(&b, RGW_USER_NAME, user, strlen(user));
	rgw_build_attr(&b, RGW_NAS_IP_ADDRESS, "\x7f\0\0\1", 4);
	if (acct) {
		rgw_build_u32(&b, 40, 1);  /* Acct-Status-Type = Start */
		m->session_at = b.w.len + 2;
		rgw_build_attr(&b, 44, "0123456789abcdef", 16);  /* Acct-Session-Id */
	} else if (m->kind == REQUEST_EAP) {
		rgw_build_attr(&b, RGW_STATE, "a state of an eap server", 16);
		rgw_build_attr(&b, RGW_EAP_MESSAGE, eap_start, sizeof eap_start);
		fill_up(&b, RGW_EAP_MESSAGE, LONG_OCTETS - 4);
	} else {
		m->password_at = b.w.len + 2;
		rgw_build_attr(&b, RGW_USER_PASSWORD, "0123456789abcdef", 16);
	}
	fill_up(&b, RGW_NAS_IDENTIFIER, m->kind == REQUEST_EAP ? LONG_OCTETS : SHORT_OCTETS);
	m->msgauth_at = b.msgauth_at;
	m->len = rgw_build_request(&b, secret);
	if (m->len == 0 || rgw_packet_parse(&m->view, m->octets, m->len) != RGW_PACKET_OK)
		bench_fail("the request does not fit; is the user too long?");
}

static void
put_hex(uint8_t out[static 16], uint64_t v)
{
	for (unsigned i = 0; i < 16; i++)
		out[i] = (uint8_t)"0123456789abcdef"[v >> (60 - 4 * i) & 15];
}

void
request_renew(const struct request_model *m, uint8_t *packet, const struct rgw_secret *secret)
{
	uint64_t auth[2] = { bench_unique(), bench_unique() };

	if (m->session_at != 0)
		put_hex(packet + m->session_at, auth[0]);
	else
		memcpy(packet + 4, auth, RGW_AUTH_LEN);
	if (m->password_at != 0)
		bench_hide(packet + m->password_at, packet + 4, secret);
	rgw_sign_request(packet, m->len, m->msgauth_at, secret);
}

bool
request_answered(const struct request_model *m, const uint8_t *packet,
    const struct rgw_packet *answer, const struct rgw_secret *secret)
{
	struct rgw_packet request = m->view;

	request.data = packet;
	return bench_answer_ok(answer, &request, secret);
}
