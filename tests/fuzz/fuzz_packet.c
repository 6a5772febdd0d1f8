/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any octets as a packet: the walk, the look-ups, and the checks and signatures over it. */
#include <stdlib.h>
#include <string.h>

#include "radsecgw/auth.h"
#include "radsecgw/build.h"
#include "radsecgw/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* The attributes follow each other without a gap, and what was counted is there. */
static void
check_walk(const struct rgw_packet *p)
{
	struct rgw_attr a = { 0 };
	size_t at = RGW_HEADER_LEN;
	size_t msgauths = 0;
	size_t proxy_states = 0;

	while (rgw_packet_next(p, &a)) {
		require(a.at == at && a.value == p->data + at + 2);
		require(a.type == p->data[at] && a.len + 2u == p->data[at + 1]);
		at += 2u + a.len;
		require(at <= p->len);
		msgauths += a.type == RGW_MESSAGE_AUTHENTICATOR;
		proxy_states += a.type == RGW_PROXY_STATE;
	}
	require(at == p->len);
	require(msgauths == p->n_msgauth && proxy_states == p->n_proxy_state);
	for (int slot = RGW_AT_NONE + 1; slot < RGW_AT_SLOTS; slot++)
		if (rgw_packet_get(p, (enum rgw_packet_slot)slot, &a))
			require(a.at >= RGW_HEADER_LEN && a.value + a.len <= p->data + p->len);
}

/* What is found must stand in the packet in those octets. */
static void
check_numbers(const struct rgw_packet *p)
{
	uint32_t cause = rgw_packet_error_cause(p);
	uint32_t original = rgw_packet_original_code(p);
	struct rgw_attr a = { 0 };
	bool found = cause == 0;

	while (rgw_packet_next(p, &a)) {
		struct rgw_rd r = rgw_rd_of(a.value, a.len);

		if (a.type == RGW_ERROR_CAUSE && a.len == 4 && rgw_rd_u32(&r) == cause)
			found = true;
	}
	require(found);
	require(original == 0 || p->len >= RGW_HEADER_LEN + 7);
}

/* A packet put together from these attributes and signed is the same but for the signature, and
 * then it verifies. */
static void
check_signing(const struct rgw_packet *p, const struct rgw_secret *secret)
{
	static const uint8_t request_auth[RGW_AUTH_LEN] = { 1, 2, 3 };
	bool request = rgw_code_is_request(p->code);
	struct rgw_builder b;
	struct rgw_packet again;
	struct rgw_attr a = { 0 };
	uint8_t out[RGW_PACKET_MAX];
	size_t len;

	rgw_build_begin(&b, out, sizeof out, p->code, p->id, rgw_packet_auth(p), false);
	while (rgw_packet_next(p, &a)) {
		rgw_build_attr(&b, a.type, a.value, a.len);
		if (a.type == RGW_MESSAGE_AUTHENTICATOR && a.len == RGW_AUTH_LEN)
			b.msgauth_at = a.at;
	}
	len = request ? rgw_build_request(&b, secret) :
	    rgw_build_response(&b, request_auth, secret);
	require(len == p->len);
	require(rgw_packet_parse(&again, out, len) == RGW_PACKET_OK);
	require(memcmp(again.at, p->at, sizeof again.at) == 0);
	if (request)
		require(rgw_auth_check_one(&again, NULL, secret).auth_ok);
	else
		require(rgw_auth_check_one(&again, request_auth, secret).auth_ok);
	switch (rgw_auth_check_one(&again, request ? NULL : request_auth, secret).msgauth) {
	case RGW_MSGAUTH_ABSENT:
		require(p->n_msgauth == 0);
		break;
	case RGW_MSGAUTH_OK:
		require(p->n_msgauth == 1);
		break;
	case RGW_MSGAUTH_BAD:
		require(p->n_msgauth > 1 || b.msgauth_at == 0);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rgw_secret *secret;
	struct rgw_packet p;
	enum rgw_packet_error error = rgw_packet_parse(&p, data, size);

	require(rgw_packet_strerror(error) != NULL);
	if (error != RGW_PACKET_OK)
		return 0;
	require(p.data == data && p.len <= size && p.len >= RGW_HEADER_LEN &&
	    p.len <= RGW_PACKET_MAX);
	check_walk(&p);
	check_numbers(&p);
	secret = rgw_secret_new("fuzz", 4);
	(void)rgw_auth_check_one(&p, NULL, secret);
	(void)rgw_auth_check_one(&p, rgw_zero_auth, secret);
	check_signing(&p, secret);
	rgw_secret_free(secret);
	return 0;
}
