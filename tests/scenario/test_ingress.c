/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about what arrives on UDP and must not get any further (P-GW-1 to 4, P-BR, P-MA, P-SS).
 * After each of them the next good request is answered. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "radsecgw/build.h"
#include "sim.h"

#define NAS "192.0.2.10:5000"

/* Parts that a request of a story may have. */
enum {
	WITH_MSGAUTH = 1,
	WITH_PASSWORD = 2,
	WITH_EAP = 4,
	WITH_PROXY_STATE = 8,
	WITH_CHAP = 16,
	BAD_MSGAUTH = 32,
	TWO_MSGAUTHS = 64,
	SHORT_MSGAUTH = 128,
	WITH_MSCHAP = 256,
	WITH_MSCHAP2 = 512,
	WITH_ARAP = 1024,
	WITH_TUNNEL_PASSWORD = 2048,
	WITH_MPPE_KEY = 4096,
};

/* Attributes that a request may have, by the bit above. */
static const struct {
	unsigned part;
	uint8_t type;
	uint8_t len;
	const char *value;
} attrs[] = {
	{ WITH_PASSWORD, RGW_USER_PASSWORD, 16, "0123456789abcdef" },
	{ WITH_CHAP, RGW_CHAP_PASSWORD, 17, "i0123456789abcdef" },
	{ WITH_EAP, RGW_EAP_MESSAGE, 5, "\2\1\0\5\1" },
	{ WITH_PROXY_STATE, RGW_PROXY_STATE, 3, "abc" },
	{ TWO_MSGAUTHS, RGW_MESSAGE_AUTHENTICATOR, 16, "0123456789abcdef" },
	{ SHORT_MSGAUTH, RGW_MESSAGE_AUTHENTICATOR, 10, "0123456789" },
	/* Microsoft's: MS-CHAP-Challenge; with it MS-CHAP-Response, or MS-CHAP2-Response in the same attribute. */
	{ WITH_MSCHAP, RGW_VENDOR_SPECIFIC, 14, "\0\0\1\x37\x0b\x0a""12345678" },
	{ WITH_MSCHAP, RGW_VENDOR_SPECIFIC, 9, "\0\0\1\x37\1\5abc" },
	{ WITH_MSCHAP2, RGW_VENDOR_SPECIFIC, 19, "\0\0\1\x37\x0b\x0a""12345678\x19\5abc" },
	{ WITH_ARAP, RGW_ARAP_PASSWORD, 16, "0123456789abcdef" },
	{ WITH_TUNNEL_PASSWORD, 69, 19, "\1\x80\1""0123456789abcdef" },
	/* MS-MPPE-Send-Key */
	{ WITH_MPPE_KEY, RGW_VENDOR_SPECIFIC, 24, "\0\0\1\x37\x10\x14\x80\1""0123456789abcdef" },
};

static size_t
build(uint8_t *out, size_t cap, uint8_t code, uint8_t id, unsigned parts)
{
	static const uint8_t auth[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	struct rgw_secret *secret = rgw_secret_new(SIM_SECRET, strlen(SIM_SECRET));
	struct rgw_builder b;
	size_t len;

	rgw_build_begin(&b, out, cap, code, id, code == RGW_ACCOUNTING_REQUEST ? NULL : auth,
	    (parts & WITH_MSGAUTH) != 0);
	rgw_build_attr(&b, RGW_USER_NAME, "user@example.org", 16);
	for (size_t i = 0; i < sizeof attrs / sizeof attrs[0]; i++)
		if ((parts & attrs[i].part) != 0)
			rgw_build_attr(&b, attrs[i].type, attrs[i].value, attrs[i].len);
	len = rgw_build_request(&b, secret);
	if ((parts & BAD_MSGAUTH) != 0)
		out[25] ^= 1;
	rgw_secret_free(secret);
	return len;
}

static void
good_request_is_answered(struct sim *s)
{
	struct sim_req *r = sim_request(s, 1, 7000, 99, "good@example.org");

	sim_run(s, 1000);
	assert_int_equal(r->answers, 1);
}

/* Sends one datagram and expects it to end in this counter, unanswered and unforwarded. */
static void
expect_drop(struct sim *s, const void *data, size_t len, enum rgw_counter c)
{
	uint64_t before = sim_counter(s, c);
	uint64_t accepted = sim_counter(s, RGW_CTR_requests_accepted);
	unsigned lines = s->log_lines;
	size_t foreign = s->foreign_datagrams;

	sim_datagram(s, 0, NAS, data, len);
	assert_int_equal(sim_counter(s, c), before + 1);
	assert_int_equal(sim_counter(s, RGW_CTR_requests_accepted), accepted);
	assert_int_equal(s->foreign_datagrams, foreign);
	assert_true(s->log_lines > lines);
}

static void
malformed_datagrams(void **state)
{
	struct sim s;
	uint8_t p[5000] = { 1, 1, 0, 20 };

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	expect_drop(&s, p, 0, RGW_CTR_udp_short);                  /* P-PKT-5 */
	expect_drop(&s, p, 3, RGW_CTR_udp_short);
	expect_drop(&s, p, 19, RGW_CTR_udp_short);
	p[3] = 19;
	expect_drop(&s, p, 40, RGW_CTR_udp_bad_length);            /* P-PKT-2 */
	p[2] = 0x10;
	p[3] = 1;
	expect_drop(&s, p, 4097, RGW_CTR_udp_bad_length);
	p[2] = 0;
	p[3] = 40;
	expect_drop(&s, p, 39, RGW_CTR_udp_short);
	p[3] = 22;
	expect_drop(&s, p, 22, RGW_CTR_udp_bad_attribute);         /* P-PKT-6 */
	p[20] = 1;
	p[21] = 3;
	expect_drop(&s, p, 22, RGW_CTR_udp_bad_attribute);
	p[3] = 21;
	expect_drop(&s, p, 21, RGW_CTR_udp_bad_attribute);
	good_request_is_answered(&s);
	sim_end(&s);
}

/* P-PKT-4, P-STR-3: octets behind Length are padding; they are neither checked nor forwarded. */
static void
padding_is_ignored(void **state)
{
	struct sim s;
	uint8_t p[256] = { 0 };
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	len = build(p, sizeof p, 1, 1, WITH_MSGAUTH | WITH_PASSWORD);
	sim_datagram(&s, 0, NAS, p, len + 50);
	sim_run(&s, 100);
	assert_int_equal(s.n_got, 1);
	len = build(p, sizeof p, 1, 2, WITH_MSGAUTH | WITH_PASSWORD);
	sim_datagram(&s, 0, NAS, p, len);
	sim_run(&s, 100);
	assert_int_equal(s.n_got, 2);
	assert_int_equal(s.got[0]->len, s.got[1]->len);
	s.expected_foreign = 2;
	sim_end(&s);
}

static void
unknown_source(void **state)
{
	struct sim s;
	uint8_t p[256];
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	len = build(p, sizeof p, 1, 1, WITH_MSGAUTH | WITH_PASSWORD);
	sim_datagram(&s, 0, "192.0.2.11:5000", p, len);
	assert_int_equal(sim_counter(&s, RGW_CTR_udp_unknown_client), 1);
	assert_string_equal(s.last_event, "unknown-client");
	good_request_is_answered(&s);
	sim_end(&s);
}

/* P-PKT-9: unknown codes, responses, and what the port does not serve. */
static void
codes_that_are_not_served(void **state)
{
	static const uint8_t codes[] = { 0, 2, 3, 5, 6, 11, 13, 40, 41, 43, 44, 52, 250, 255 };
	struct sim s;
	uint8_t p[256];
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	for (size_t i = 0; i < sizeof codes; i++) {
		len = build(p, sizeof p, codes[i], 1, WITH_PASSWORD);
		expect_drop(&s, p, len, RGW_CTR_udp_bad_code);
	}
	/* Socket 1 takes accounting only. */
	len = build(p, sizeof p, 1, 1, WITH_MSGAUTH | WITH_PASSWORD);
	sim_datagram(&s, 1, NAS, p, len);
	assert_int_equal(sim_counter(&s, RGW_CTR_udp_bad_code), sizeof codes + 1);
	good_request_is_answered(&s);
	sim_end(&s);
}

/* P-AUT-3: an Accounting-Request with a wrong authenticator, or none (all zero). */
static void
accounting_with_a_wrong_authenticator(void **state)
{
	struct sim s;
	uint8_t p[256];
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	len = build(p, sizeof p, 4, 1, 0);
	p[len - 1] ^= 1;
	expect_drop(&s, p, len, RGW_CTR_udp_bad_authenticator);
	len = build(p, sizeof p, 4, 1, 0);
	memset(p + 4, 0, 16);
	expect_drop(&s, p, len, RGW_CTR_udp_bad_authenticator);
	assert_string_equal(s.last_event, "bad-authenticator");
	good_request_is_answered(&s);
	sim_end(&s);
}

/* P-MA-3 to 8. */
static void
message_authenticators_that_are_wrong_or_missing(void **state)
{
	static const struct {
		uint8_t code;
		unsigned parts;
		enum rgw_counter counter;
	} cases[] = {
		{ 1, WITH_MSGAUTH | BAD_MSGAUTH | WITH_PASSWORD, RGW_CTR_udp_bad_message_authenticator },
		{ 1, WITH_MSGAUTH | TWO_MSGAUTHS | WITH_PASSWORD, RGW_CTR_udp_bad_message_authenticator },
		{ 1, SHORT_MSGAUTH | WITH_PASSWORD, RGW_CTR_udp_bad_message_authenticator },
		{ 1, WITH_MSGAUTH | BAD_MSGAUTH | WITH_EAP, RGW_CTR_udp_bad_message_authenticator },
		{ 12, WITH_MSGAUTH | BAD_MSGAUTH, RGW_CTR_udp_bad_message_authenticator },
		{ 1, WITH_EAP, RGW_CTR_udp_missing_message_authenticator },
		{ 1, 0, RGW_CTR_udp_missing_message_authenticator },
		{ 12, 0, RGW_CTR_udp_missing_message_authenticator },
	};
	struct sim s;
	uint8_t p[256];

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t len = build(p, sizeof p, cases[i].code, 1, cases[i].parts);

		expect_drop(&s, p, len, cases[i].counter);
	}
	good_request_is_answered(&s);
	sim_end(&s);
}

/* P-DUP-6: a forged packet under the identifier of a pending request changes nothing. */
static void
forged_packet_does_not_touch_the_cache(void **state)
{
	struct sim s;
	struct sim_req *r;
	uint8_t p[256];
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.delay = 1000;
	sim_start(&s);
	r = sim_request(&s, 1, 5000, 1, "user@example.org");
	sim_run(&s, 500);
	len = build(p, sizeof p, 1, 1, WITH_MSGAUTH | BAD_MSGAUTH | WITH_PASSWORD);
	expect_drop(&s, p, len, RGW_CTR_udp_bad_message_authenticator);
	sim_run(&s, 1000);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_superseded), 0);
	sim_end(&s);
}

/* P-BR-4: a Message-Authenticator that is required has to be there, whatever else is in the packet. */
static void
message_authenticator_required(void **state)
{
	struct sim s;
	uint8_t p[256];
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[client nas]\nrequire-message-authenticator = yes");
	sim_start(&s);
	len = build(p, sizeof p, 1, 1, WITH_PASSWORD);
	expect_drop(&s, p, len, RGW_CTR_udp_missing_message_authenticator);
	len = build(p, sizeof p, 1, 1, WITH_CHAP);
	expect_drop(&s, p, len, RGW_CTR_udp_missing_message_authenticator);
	/* Accounting is signed as a whole, so it needs no Message-Authenticator (P-BR-14). */
	len = build(p, sizeof p, 4, 1, 0);
	sim_datagram(&s, 0, NAS, p, len);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_accepted), 1);
	good_request_is_answered(&s);
	s.expected_foreign = 1;
	sim_end(&s);
}

/* P-BR-7. */
static void
proxy_state_needs_message_authenticator(void **state)
{
	struct sim s;
	uint8_t p[256];
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[client nas]\nlimit-proxy-state = yes");
	sim_start(&s);
	len = build(p, sizeof p, 1, 1, WITH_PASSWORD | WITH_PROXY_STATE);
	expect_drop(&s, p, len, RGW_CTR_udp_proxy_state_limit);
	len = build(p, sizeof p, 1, 2, WITH_PASSWORD);
	sim_datagram(&s, 0, NAS, p, len);
	len = build(p, sizeof p, 1, 3, WITH_PASSWORD | WITH_PROXY_STATE | WITH_MSGAUTH);
	sim_datagram(&s, 0, NAS, p, len);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_accepted), 2);
	sim_end(&s);
}

/* Requests one after the other, and which of them are let in. */
struct lesson {
	unsigned parts[3];
	bool accepted[3];
	const char *from;        /* NULL: the usual NAS */
	const char *address;     /* of the client; NULL: the usual one */
	const char *required;    /* the option of the client; NULL: as shipped */
};

static void
take_lesson(const struct lesson *l)
{
	struct sim s;
	uint8_t p[256];
	uint64_t accepted = 0;

	sim_init(&s, "198.51.100.1");
	if (l->required != NULL)
		sim_ini(&s, "[client nas]\nrequire-message-authenticator = %s", l->required);
	if (l->address != NULL)
		sim_ini(&s, "[client nas]\naddress = %s", l->address);
	sim_start(&s);
	for (uint8_t i = 0; i < 3; i++) {
		size_t len = build(p, sizeof p, 1, i, l->parts[i]);

		sim_datagram(&s, 0, l->from != NULL ? l->from : NAS, p, len);
		accepted += l->accepted[i];
		assert_int_equal(sim_counter(&s, RGW_CTR_requests_accepted), accepted);
	}
	sim_run(&s, 1000);
	s.expected_foreign = accepted;
	sim_end(&s);
}

/* P-BR-8: a Message-Authenticator that was verified decides, unless it was there for the sake of EAP. Nothing else
 * does: not its absence, nor one that is wrong, nor that of one among many, nor any on the machine itself. */
static void
automatic_settings_learn_from_what_is_verified(void **state)
{
	static const struct lesson lessons[] = {
		{ .parts = { WITH_PASSWORD | WITH_MSGAUTH, WITH_PASSWORD, WITH_PASSWORD | WITH_MSGAUTH },
		    .accepted = { true, false, true } },
		{ .parts = { WITH_PASSWORD, WITH_PASSWORD | WITH_MSGAUTH, WITH_PASSWORD },
		    .accepted = { true, true, false } },
		{ .parts = { WITH_PASSWORD | WITH_PROXY_STATE, WITH_PASSWORD | WITH_MSGAUTH,
		      WITH_PASSWORD | WITH_PROXY_STATE },
		    .accepted = { true, true, false } },
		{ .parts = { WITH_PASSWORD, WITH_PASSWORD | WITH_PROXY_STATE, WITH_CHAP },
		    .accepted = { true, true, true } },
		{ .parts = { WITH_EAP | WITH_MSGAUTH, WITH_PASSWORD, WITH_PASSWORD | WITH_PROXY_STATE },
		    .accepted = { true, true, true } },
		{ .parts = { WITH_PASSWORD | WITH_MSGAUTH | BAD_MSGAUTH, WITH_PASSWORD,
		      WITH_PASSWORD | WITH_PROXY_STATE },
		    .accepted = { false, true, true } },
		{ .parts = { WITH_PASSWORD | WITH_MSGAUTH, WITH_PASSWORD, WITH_CHAP },
		    .accepted = { true, true, true },
		    .address = "192.0.2.0/24" },
		{ .parts = { WITH_PASSWORD | WITH_MSGAUTH, WITH_PASSWORD, WITH_PASSWORD | WITH_PROXY_STATE },
		    .accepted = { true, true, true }, .from = "127.0.0.1:5000", .address = "127.0.0.1/32" },
		{ .parts = { WITH_PASSWORD | WITH_MSGAUTH, WITH_PASSWORD, WITH_PASSWORD | WITH_PROXY_STATE },
		    .accepted = { true, true, true }, .from = "[::1]:5000", .address = "::1/128" },
		{ .parts = { WITH_PASSWORD | WITH_MSGAUTH, WITH_PASSWORD, WITH_CHAP },
		    .accepted = { true, false, false },
		    .from = "127.0.0.1:5000", .address = "127.0.0.1/32", .required = "yes" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof lessons / sizeof lessons[0]; i++)
		take_lesson(&lessons[i]);
}

/* P-MA-6 to 8: MS-CHAP is a password as good as any; half of it is none. With an explicit no, nothing but EAP (and
 * Status-Server) has to be signed. */
static void
what_needs_no_message_authenticator(void **state)
{
	static const struct lesson lessons[] = {
		{ .parts = { WITH_MSCHAP, WITH_MSCHAP2, WITH_ARAP },
		    .accepted = { true, true, true } },
		{ .parts = { WITH_MSCHAP | WITH_EAP, WITH_MPPE_KEY, 0 },
		    .accepted = { false, false, false } },
		{ .parts = { WITH_MSCHAP | WITH_EAP, WITH_MPPE_KEY, 0 },
		    .accepted = { false, true, true }, .required = "no" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof lessons / sizeof lessons[0]; i++)
		take_lesson(&lessons[i]);
}

/* One line for each client and day says what it risks, as long as nothing is decided. */
static void
undecided_clients_are_named_once_a_day(void **state)
{
	struct sim s;
	uint8_t p[256];
	size_t len;
	unsigned lines;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	len = build(p, sizeof p, 1, 1, WITH_EAP | WITH_MSGAUTH);
	sim_datagram(&s, 0, NAS, p, len);
	assert_string_not_equal(s.last_event, "client-unprotected");
	len = build(p, sizeof p, 1, 2, WITH_PASSWORD);
	sim_datagram(&s, 0, NAS, p, len);
	assert_string_equal(s.last_event, "client-unprotected");
	sim_run(&s, 3600000);
	lines = s.log_lines;
	len = build(p, sizeof p, 1, 3, WITH_PASSWORD);
	sim_datagram(&s, 0, NAS, p, len);
	assert_int_equal(s.log_lines, lines);
	sim_run(&s, 86400000);
	lines = s.log_lines;
	len = build(p, sizeof p, 1, 4, WITH_PASSWORD);
	sim_datagram(&s, 0, NAS, p, len);
	assert_string_equal(s.last_event, "client-unprotected");
	assert_int_equal(s.log_lines, lines + 1);
	sim_run(&s, 1000);
	s.expected_foreign = 4;
	sim_end(&s);
}

/* P-DUP-6: a request that anybody could have sent does not take the place of one that only the client could; the other
 * way round it does. */
static void
unverified_requests_supersede_nothing_verified(void **state)
{
	struct sim s;
	struct sim_req *r;
	uint8_t p[256];
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[client nas]\nrequire-message-authenticator = no");
	s.national.delay = 1000;
	sim_start(&s);
	len = build(p, sizeof p, 1, 1, WITH_PASSWORD);
	sim_datagram(&s, 0, NAS, p, len);
	r = sim_request(&s, 1, 5000, 1, "user@example.org");
	assert_int_equal(sim_counter(&s, RGW_CTR_request_superseded), 1);
	sim_run(&s, 500);
	expect_drop(&s, p, len, RGW_CTR_superseding_unproven);
	assert_string_equal(s.last_event, "superseding-unproven");
	sim_run(&s, 1000);
	assert_int_equal(r->answers, 1);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_superseded), 1);
	sim_end(&s);
}

/* P-TCP-6: a client that may ask in one place is unknown in others. */
static void
clients_ask_where_they_may(void **state)
{
	struct sim s;
	uint8_t p[256];
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[listen elsewhere]\nudp = 192.0.2.2\n[client nas]\nlisten = elsewhere");
	sim_start(&s);
	assert_false(rgw_conf_may_ask(s.conf->client.v[0], 1));
	assert_true(rgw_conf_may_ask(s.conf->client.v[0], 2));
	len = build(p, sizeof p, 1, 1, WITH_MSGAUTH);
	expect_drop(&s, p, len, RGW_CTR_udp_unknown_client);
	sim_end(&s);
}

/* RFC 3579 2.2: a request with something that is no EAP packet goes no further; with verify-eap = no it does. */
static void
malformed_eap_is_dropped(void **state)
{
	static const uint8_t auth[16] = { 9 };
	struct rgw_secret *secret = rgw_secret_new(SIM_SECRET, strlen(SIM_SECRET));

	(void)state;
	for (int verify = 0; verify < 2; verify++) {
		uint8_t p[256];
		struct rgw_builder b;
		struct sim s;
		size_t len;

		sim_init(&s, "198.51.100.1");
		sim_ini(&s, "[gateway]\nverify-eap = %s", sim_yes(verify == 1));
		sim_start(&s);
		rgw_build_begin(&b, p, sizeof p, 1, 1, auth, true);
		rgw_build_attr(&b, RGW_EAP_MESSAGE, "\x02\x01\x00\x63\x01usr", 8);
		len = rgw_build_request(&b, secret);
		if (verify == 1) {
			expect_drop(&s, p, len, RGW_CTR_malformed_eap);
			assert_string_equal(s.last_event, "malformed-eap");
		} else {
			sim_datagram(&s, 0, NAS, p, len);
			sim_run(&s, 1000);
			assert_int_equal(s.n_got, 1);
			s.expected_foreign = 1;
		}
		sim_end(&s);
	}
	rgw_secret_free(secret);
}

/* P-PWD-5: a client that sends two kinds of passwords breaks a rule that a proxy does not police: the server judges. */
static void
password_beside_chap_is_for_the_server(void **state)
{
	struct sim s;
	uint8_t p[256];
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	len = build(p, sizeof p, 1, 1, WITH_MSGAUTH | WITH_PASSWORD | WITH_CHAP);
	sim_datagram(&s, 0, NAS, p, len);
	sim_run(&s, 1000);
	assert_int_equal(s.n_got, 1);
	assert_int_equal(sim_count_attrs(s.got[0]->data, s.got[0]->len, RGW_USER_PASSWORD), 1);
	assert_int_equal(sim_count_attrs(s.got[0]->data, s.got[0]->len, RGW_CHAP_PASSWORD), 1);
	s.expected_foreign = 1;
	sim_end(&s);
}

/* P-CHP-6: whoever sends ARAP-Password chooses the authenticator of the next hop, so nothing else may be hidden under
 * it. */
static void
arap_password_stands_alone(void **state)
{
	static const unsigned hidden[] = { WITH_PASSWORD, WITH_TUNNEL_PASSWORD, WITH_MPPE_KEY };
	struct sim s;
	uint8_t p[256];
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
		len = build(p, sizeof p, 1, 1, WITH_MSGAUTH | WITH_ARAP | hidden[i]);
		expect_drop(&s, p, len, RGW_CTR_arap_beside_hidden);
		assert_string_equal(s.last_event, "arap-beside-hidden");
	}
	len = build(p, sizeof p, 1, 1, WITH_MSGAUTH | WITH_ARAP | WITH_CHAP | WITH_MSCHAP);
	sim_datagram(&s, 0, NAS, p, len);
	sim_run(&s, 1000);
	assert_int_equal(s.n_got, 1);
	s.expected_foreign = 1;
	sim_end(&s);
}

/* P-SS-4, P-SS-20: Status-Server is answered here, with no peer in sight. */
static void
status_server_is_answered_here(void **state)
{
	struct sim s;
	struct sim_req *both;
	struct sim_req *accounting;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[peer national]\nconnections = 0-4");
	s.national.refuse = true;
	sim_start(&s);
	both = sim_request(&s, 12, 5000, 1, NULL);
	assert_int_equal(both->answers, 1);
	assert_int_equal(both->answer[0], RGW_ACCESS_ACCEPT);
	assert_int_equal(both->answer[20], RGW_MESSAGE_AUTHENTICATOR);
	/* The accounting port answers with an Accounting-Response, bare but for Proxy-State (P-PRX-4). */
	accounting = sim_request_with(&s,
	    &(struct sim_spec){ .code = 12, .port = 5001, .sock = 1, .id = 2 });
	assert_int_equal(accounting->answers, 1);
	assert_int_equal(accounting->answer[0], RGW_ACCOUNTING_RESPONSE);
	assert_int_equal(accounting->answer_len, 30);
	assert_int_equal(sim_counter(&s, RGW_CTR_status_server_answered), 2);
	assert_int_equal(s.n_conns, 0);
	sim_end(&s);
}

static void
too_many_proxy_states(void **state)
{
	struct sim s;
	uint8_t p[512];
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[gateway]\nloop-limit = 1");
	sim_start(&s);
	len = build(p, sizeof p, 4, 1, WITH_PROXY_STATE);
	sim_datagram(&s, 0, NAS, p, len);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_accepted), 1);
	/* The same attribute is added once more; the authenticator is made anew. */
	memcpy(p + len, p + len - 5, 5);
	p[3] = (uint8_t)(len + 5);
	memset(p + 4, 0, 16);
	{
		struct rgw_secret *secret = rgw_secret_new(SIM_SECRET, strlen(SIM_SECRET));
		struct rgw_md5 md5;

		rgw_md5_init(&md5);
		rgw_md5_update(&md5, p, len + 5);
		rgw_md5_update(&md5, secret->octets, secret->len);
		rgw_md5_final(&md5, p + 4);
		rgw_secret_free(secret);
	}
	expect_drop(&s, p, len + 5, RGW_CTR_udp_too_many_proxy_states);
	sim_end(&s);
}

static void
max_requests_bites(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[gateway]\nmax-requests = 20");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	for (unsigned i = 0; i < 25; i++)
		sim_request(&s, 1, 5000, (uint8_t)i, "user@example.org");
	/* A fifth is for others. */
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_accepted), 16);
	assert_int_equal(sim_counter(&s, RGW_CTR_requests_over_share), 9);
	assert_string_equal(s.last_event, "requests-over-share");
	sim_end(&s);
}

/* Answers that are only kept for repetition make room for new requests. */
static void
kept_answers_give_way(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[gateway]\nmax-requests = 20");
	sim_start(&s);
	for (unsigned i = 0; i < 60; i++) {
		sim_request(&s, 1, 5000, (uint8_t)i, "user@example.org");
		sim_run(&s, 50);
	}
	assert_int_equal(sim_answered(&s), 60);
	assert_int_equal(sim_counter(&s, RGW_CTR_answers_forgotten), 40);
	/* The last ones are still kept, the first are not. */
	sim_again(&s, s.reqs[59]);
	assert_int_equal(sim_counter(&s, RGW_CTR_duplicate_replayed), 1);
	sim_end(&s);
}

/* A request finds no section of its realm, or a peer that does not take this kind. */
static void
no_route_and_not_allowed(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_drop(&s, "realm *");
	sim_ini(&s, "[realm example.org]\npool = national");
	sim_ini(&s, "[client nas]\nprotocol-error = yes\n[peer national]\nallow = auth");
	sim_start(&s);
	r = sim_request(&s, 1, 5000, 1, "user@elsewhere.example");
	assert_int_equal(sim_counter(&s, RGW_CTR_request_no_route), 1);
	assert_int_equal(r->answers, 1);
	assert_int_equal(r->answer[0], RGW_PROTOCOL_ERROR);
	sim_request(&s, 1, 5000, 2, NULL);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_no_route), 2);
	sim_request(&s, 4, 5000, 3, "user@example.org");
	assert_int_equal(sim_counter(&s, RGW_CTR_request_not_allowed), 1);
	r = sim_request(&s, 1, 5000, 4, "user@EXAMPLE.org");
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	assert_int_equal(r->answer[0], RGW_ACCESS_ACCEPT);
	sim_end(&s);
}

/* A client may have its own way, whatever the realm. Accounting-On has no User-Name. */
static void
client_with_its_own_pool(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_drop(&s, "realm *");
	sim_ini(&s, "[realm example.org]\npool = local\n[client nas]\npool = national");
	sim_start(&s);
	r = sim_request(&s, 4, 5000, 1, NULL);
	sim_run(&s, 100);
	assert_int_equal(r->answers, 1);
	sim_end(&s);
}

/* P-ATT-16: the request has 4090 octets, and a Message-Authenticator has to be added. */
static void
request_that_grows_too_big(void **state)
{
	static const uint8_t filler[253] = { 'x' };
	struct sim s;
	uint8_t p[4096];
	struct rgw_secret *secret = rgw_secret_new(SIM_SECRET, strlen(SIM_SECRET));
	struct rgw_builder b;
	size_t len;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[client nas]\nrequire-message-authenticator = no");
	sim_start(&s);
	good_request_is_answered(&s);
	rgw_build_begin(&b, p, sizeof p, 1, 1, filler, false);
	rgw_build_attr(&b, RGW_USER_PASSWORD, "0123456789abcdef", 16);
	while (b.w.len + 200 <= 4090)
		rgw_build_attr(&b, 99, filler, 198);
	rgw_build_attr(&b, 99, filler, 4090 - b.w.len - 2);
	len = rgw_build_request(&b, secret);
	assert_int_equal(len, 4090);
	sim_datagram(&s, 0, NAS, p, len);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_too_big), 1);
	good_request_is_answered(&s);
	rgw_secret_free(secret);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_datagrams),
		cmocka_unit_test(padding_is_ignored),
		cmocka_unit_test(unknown_source),
		cmocka_unit_test(codes_that_are_not_served),
		cmocka_unit_test(accounting_with_a_wrong_authenticator),
		cmocka_unit_test(message_authenticators_that_are_wrong_or_missing),
		cmocka_unit_test(forged_packet_does_not_touch_the_cache),
		cmocka_unit_test(message_authenticator_required),
		cmocka_unit_test(proxy_state_needs_message_authenticator),
		cmocka_unit_test(automatic_settings_learn_from_what_is_verified),
		cmocka_unit_test(what_needs_no_message_authenticator),
		cmocka_unit_test(undecided_clients_are_named_once_a_day),
		cmocka_unit_test(unverified_requests_supersede_nothing_verified),
		cmocka_unit_test(clients_ask_where_they_may),
		cmocka_unit_test(malformed_eap_is_dropped),
		cmocka_unit_test(password_beside_chap_is_for_the_server),
		cmocka_unit_test(arap_password_stands_alone),
		cmocka_unit_test(status_server_is_answered_here),
		cmocka_unit_test(too_many_proxy_states),
		cmocka_unit_test(max_requests_bites),
		cmocka_unit_test(kept_answers_give_way),
		cmocka_unit_test(no_route_and_not_allowed),
		cmocka_unit_test(client_with_its_own_pool),
		cmocka_unit_test(request_that_grows_too_big),
	};

	return cmocka_run_group_tests_name("ingress", tests, NULL, NULL);
}
