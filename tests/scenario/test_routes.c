/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about which way a request takes, and about those that end at the gateway because the realm says
 * so (P-PRX-12, P-NAI-7, P-NAI-10, P-TLS-32). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"

#define MESSAGE "This realm is not served here."

/* Requests go to national; example.org has a section with these lines. */
static void
init(struct sim *s, const char *lines)
{
	sim_init(s, "198.51.100.1");
	sim_add_second(s);
	sim_ini(s, "[realm example.org]\n%s", lines);
}

static struct sim_req *
ask(struct sim *s, uint8_t code, const char *user)
{
	struct sim_req *r = sim_request(s, code, (uint16_t)(10000 + s->n_reqs), 1, user);

	sim_run(s, 1000);
	return r;
}

/* The answer is a reject of the gateway's own, with this Error-Cause and text. */
static void
assert_rejected(const struct sim_req *r, uint32_t cause, const char *text)
{
	struct rgw_packet p;
	struct rgw_attr a = { 0 };
	size_t len = text != NULL ? strlen(text) : 0;
	bool found = false;

	assert_int_equal(r->answers, 1);
	assert_int_equal(rgw_packet_parse(&p, r->answer, r->answer_len), RGW_PACKET_OK);
	assert_int_equal(p.code, RGW_ACCESS_REJECT);
	assert_int_equal(p.n_msgauth, 1);
	assert_int_equal(rgw_packet_error_cause(&p), cause);
	while (rgw_packet_next(&p, &a))
		if (a.type == RGW_REPLY_MESSAGE) {
			assert_int_equal(a.len, len);
			assert_memory_equal(a.value, text, len);
			found = true;
		}
	assert_int_equal(found, text != NULL);
}

/* ---- reject ---- */

static void
realm_is_rejected(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s, "reject = " MESSAGE);
	sim_start(&s);
	sim_run(&s, 100);
	r = ask(&s, RGW_ACCESS_REQUEST, "bob@Example.org");
	assert_rejected(r, RGW_CAUSE_PROHIBITED, MESSAGE);
	assert_string_equal(s.last_event, "realm-rejected");
	/* The answer is kept like any other. */
	sim_again(&s, r);
	assert_int_equal(r->answers, 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_rejected), 1);
	/* Accounting has no reject. */
	r = ask(&s, RGW_ACCOUNTING_REQUEST, "bob@example.org");
	assert_int_equal(r->answers, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_rejected), 2);
	r = ask(&s, RGW_ACCESS_REQUEST, "bob@other.example");
	assert_int_equal(r->answer[0], RGW_ACCESS_ACCEPT);
	assert_int_equal(s.national.requests, 1);
	sim_end(&s);
}

/* P-EAP-3: a reject has EAP-Failure, and no text, which has no place in EAP. */
static void
eap_is_rejected_with_failure(void **state)
{
	struct sim s;
	struct rgw_packet p;
	struct rgw_attr a;
	struct sim_req *r;

	(void)state;
	init(&s, "reject = " MESSAGE);
	sim_start(&s);
	r = sim_request_with(&s, &(struct sim_spec){ .port = 5000, .id = 1, .user = "bob@example.org",
		.eap = true });
	assert_rejected(r, RGW_CAUSE_PROHIBITED, NULL);
	assert_int_equal(rgw_packet_parse(&p, r->answer, r->answer_len), RGW_PACKET_OK);
	assert_true(rgw_packet_get(&p, RGW_AT_EAP_MESSAGE, &a));
	assert_memory_equal(a.value, "\4\115\0\4", 4);
	sim_end(&s);
}

/* A reject is final for peers, too; for accounting they are told why. */
static void
peer_is_rejected(void **state)
{
	struct sim s;
	struct sim_conn *c;
	struct sim_req *r;

	(void)state;
	init(&s, "reject = " MESSAGE);
	sim_ini(&s, "[peer visitor]\nprotocol-error = yes");
	sim_start(&s);
	c = sim_visit(&s);
	assert_rejected(sim_ask(&s, c, RGW_ACCESS_REQUEST, 1, "bob@example.org"), RGW_CAUSE_PROHIBITED,
	    MESSAGE);
	r = sim_ask(&s, c, RGW_ACCOUNTING_REQUEST, 2, "bob@example.org");
	assert_int_equal(r->answers, 1);
	assert_int_equal(r->answer[0], RGW_PROTOCOL_ERROR);
	sim_end(&s);
}

/* ---- no route ---- */

/* A client that does not know Protocol-Error gets an answer all the same. */
static void
no_route_is_a_reject(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_drop(&s, "realm *");
	sim_ini(&s, "[realm example.org]\npool = national");
	sim_start(&s);
	assert_rejected(ask(&s, RGW_ACCESS_REQUEST, "bob@other.example"), RGW_CAUSE_NOT_ROUTABLE, NULL);
	assert_rejected(ask(&s, RGW_ACCESS_REQUEST, NULL), RGW_CAUSE_NOT_ROUTABLE, NULL);
	r = ask(&s, RGW_ACCOUNTING_REQUEST, "bob@other.example");
	assert_int_equal(r->answers, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_no_route), 3);
	sim_end(&s);
}

/* ---- accounting ---- */

static void
accounting_goes_elsewhere(void **state)
{
	struct sim s;

	(void)state;
	init(&s, "pool = national\nacct = second");
	sim_start(&s);
	ask(&s, RGW_ACCESS_REQUEST, "bob@example.org");
	ask(&s, RGW_ACCOUNTING_REQUEST, "bob@example.org");
	ask(&s, RGW_ACCOUNTING_REQUEST, "bob@other.example");
	assert_int_equal(s.second.requests, 1);
	assert_int_equal(s.national.requests, 2);
	assert_int_equal(sim_answered(&s), 3);
	sim_end(&s);
}

static void
accounting_is_acknowledged(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	init(&s, "pool = national\nacct = ack");
	sim_start(&s);
	r = ask(&s, RGW_ACCOUNTING_REQUEST, "bob@example.org");
	assert_int_equal(r->answers, 1);
	assert_int_equal(r->answer[0], RGW_ACCOUNTING_RESPONSE);
	sim_again(&s, r);
	assert_int_equal(r->answers, 2);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_acct_acked), 1);
	assert_int_equal(s.national.requests, 0);
	/* Logins go their way. */
	ask(&s, RGW_ACCESS_REQUEST, "bob@example.org");
	assert_int_equal(s.national.requests, 1);
	sim_end(&s);
}

static void
accounting_is_dropped(void **state)
{
	struct sim s;

	(void)state;
	init(&s, "pool = national\nacct = drop");
	sim_start(&s);
	assert_int_equal(ask(&s, RGW_ACCOUNTING_REQUEST, "bob@example.org")->answers, 0);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_acct_dropped), 1);
	assert_int_equal(s.national.requests, 0);
	sim_end(&s);
}

/* P-TLS-32: nothing is acknowledged unless the home did or the configuration says so. */
static void
accounting_is_not_acknowledged_for_others(void **state)
{
	struct sim s;
	struct sim_req *r;
	struct sim_req *q;

	(void)state;
	init(&s, "pool = national");
	s.national.answer = SIM_SILENT;
	sim_start(&s);
	r = ask(&s, RGW_ACCOUNTING_REQUEST, "bob@example.org");
	s.national.answer = SIM_ERROR;
	s.national.error_cause = RGW_CAUSE_UNSUPPORTED_EXTENSION;
	q = ask(&s, RGW_ACCOUNTING_REQUEST, "bob@example.org");
	sim_run(&s, 60000);
	assert_int_equal(r->answers, 0);
	assert_int_equal(q->answers, 0);
	sim_end(&s);
}

/* Accounting-On has no User-Name: it goes where users without a realm go ... */
static void
no_user_name(void **state)
{
	struct sim s;

	(void)state;
	init(&s, "pool = national");
	sim_ini(&s, "[realm -]\npool = second");
	sim_start(&s);
	ask(&s, RGW_ACCOUNTING_REQUEST, NULL);
	assert_int_equal(s.second.requests, 1);
	sim_end(&s);
}

/* ... but if those are turned away, to the default. */
static void
no_user_name_and_no_users(void **state)
{
	struct sim s;

	(void)state;
	init(&s, "pool = national");
	sim_ini(&s, "[realm -]\nreject = " MESSAGE);
	sim_start(&s);
	assert_int_equal(ask(&s, RGW_ACCOUNTING_REQUEST, NULL)->answer[0], RGW_ACCOUNTING_RESPONSE);
	assert_int_equal(s.national.requests, 1);
	assert_rejected(ask(&s, RGW_ACCESS_REQUEST, NULL), RGW_CAUSE_PROHIBITED, MESSAGE);
	/* A record of such a user is not that of a NAS. */
	assert_int_equal(ask(&s, RGW_ACCOUNTING_REQUEST, "bob")->answers, 0);
	assert_int_equal(s.national.requests, 1);
	sim_end(&s);
}

/* A client with a pool of its own is not asked for its realm. */
static void
pool_of_the_client(void **state)
{
	struct sim s;

	(void)state;
	init(&s, "reject = " MESSAGE "\nacct = drop");
	sim_ini(&s, "[client nas]\npool = second");
	sim_start(&s);
	ask(&s, RGW_ACCESS_REQUEST, "bob@example.org");
	ask(&s, RGW_ACCOUNTING_REQUEST, "bob@example.org");
	ask(&s, RGW_ACCESS_REQUEST, "bob@example.org.");
	assert_int_equal(s.second.requests, 3);
	sim_end(&s);
}

/* ---- regular expressions and malformed names ---- */

static void
regular_expression(void **state)
{
	struct sim s;

	(void)state;
	init(&s, "pool = national");
	sim_ini(&s, "[realm operators]\nregex = (.*\\.)?3gppnetwork\\.org\nreject = " MESSAGE);
	sim_start(&s);
	assert_rejected(ask(&s, RGW_ACCESS_REQUEST, "1@wlan.mnc1.3GPPnetwork.org"), RGW_CAUSE_PROHIBITED,
	    MESSAGE);
	ask(&s, RGW_ACCESS_REQUEST, "1@not3gppnetwork.org");
	assert_int_equal(s.national.requests, 1);
	sim_end(&s);
}

/* P-NAI-10 */
static void
malformed_realms(void **state)
{
	static const char *const bad[] = { "bob@exam ple.org", "bob@example..org", "bob@.example.org",
		"bob@other.example." };
	static const char *const good[] = { "bob@example.org", "b ob@other.example", "bob@org", "bob",
		"a@b@other.example" };
	struct sim s;
	struct sim_req *r;
	size_t n = sizeof bad / sizeof bad[0];

	(void)state;
	init(&s, "pool = national");
	sim_start(&s);
	for (size_t i = 0; i < n; i++)
		assert_rejected(ask(&s, RGW_ACCESS_REQUEST, bad[i]), RGW_CAUSE_NOT_ROUTABLE, NULL);
	assert_string_equal(s.last_event, "malformed-realm");
	assert_non_null(strstr(s.last_line, "ends with a dot"));
	assert_int_equal(sim_counter(&s, RGW_CTR_request_malformed_realm), n);
	assert_int_equal(s.national.requests, 0);
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_int_equal(ask(&s, RGW_ACCESS_REQUEST, good[i])->answer[0], RGW_ACCESS_ACCEPT);
	r = ask(&s, RGW_ACCOUNTING_REQUEST, bad[0]);
	assert_int_equal(r->answers, 0);
	sim_end(&s);
}

static void
more_malformed_realms(void **state)
{
	struct sim s;

	(void)state;
	init(&s, "pool = national");
	sim_ini(&s, "[realm campus]\npool = second");
	sim_ini(&s, "[gateway]\nmalformed-realms = no-dot, two-ats");
	sim_start(&s);
	assert_rejected(ask(&s, RGW_ACCESS_REQUEST, "bob@org"), RGW_CAUSE_NOT_ROUTABLE, NULL);
	assert_rejected(ask(&s, RGW_ACCESS_REQUEST, "a@b@other.example"), RGW_CAUSE_NOT_ROUTABLE, NULL);
	/* Whoever has a section is known. */
	ask(&s, RGW_ACCESS_REQUEST, "bob@Campus");
	assert_int_equal(s.second.requests, 1);
	ask(&s, RGW_ACCESS_REQUEST, "bob@other.example.");
	assert_int_equal(s.national.requests, 1);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(realm_is_rejected),
		cmocka_unit_test(eap_is_rejected_with_failure),
		cmocka_unit_test(peer_is_rejected),
		cmocka_unit_test(no_route_is_a_reject),
		cmocka_unit_test(accounting_goes_elsewhere),
		cmocka_unit_test(accounting_is_acknowledged),
		cmocka_unit_test(accounting_is_dropped),
		cmocka_unit_test(accounting_is_not_acknowledged_for_others),
		cmocka_unit_test(no_user_name),
		cmocka_unit_test(no_user_name_and_no_users),
		cmocka_unit_test(pool_of_the_client),
		cmocka_unit_test(regular_expression),
		cmocka_unit_test(malformed_realms),
		cmocka_unit_test(more_malformed_realms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
