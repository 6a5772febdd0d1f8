/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "sim_coa.h"
#include "sim_priv.h"

/* Operator-NAS-Identifier in stories: what goes out with a login, and what leads CoA back to the NAS. */

#define KEY "operator-nas-key = a key of some length\n"
#define REALM "visited.example"
#define USER "bob@example.org"

/* "nas" and "second-nas" are NASes of the visited network, national is the home. */
static void
init(struct sim *s, const char *key)
{
	sim_init(s, "198.51.100.1");
	sim_add_client(s);
	sim_ini(s, "[gateway]\n%s[client nas]\ncoa = yes\noperator-name = 1" REALM "\n"
	    "[client second-nas]\ncoa = yes\noperator-name = 1" REALM "\n"
	    "[peer national]\nallow = auth, acct, coa, disconnect\noperator-nas-identifier = yes\n", key);
}

static void
begin(struct sim *s)
{
	sim_start(s);
	sim_run(s, 1000);
}

struct token {
	uint8_t v[64];
	size_t len;   /* 0 = there is none */
};

/* The Operator-NAS-Identifier of the last request that arrived. */
static struct token
token_of(const struct sim *s)
{
	const struct sim_got *g = s->got[s->n_got - 1];
	struct rgw_packet p = sim_packet_of(g->data, g->len);
	struct rgw_attr a = { 0 };
	struct token t = { .len = 0 };

	while (rgw_packet_next(&p, &a))
		if (a.type == RGW_EXTENDED_1 && a.value[0] == RGW_OPERATOR_NAS_IDENTIFIER) {
			assert_int_equal(t.len, 0);
			assert_in_range(a.len, 2, 33);
			memcpy(t.v, a.value, a.len);
			t.len = a.len;
		}
	return t;
}

/* A login, or accounting, of a NAS with these names. */
static struct token
send_login(struct sim *s, uint8_t code, uint8_t nas, uint8_t id, const struct sim_more *more)
{
	struct sim_req *r = sim_request_with(s, &(struct sim_spec){ .code = code, .nas = nas, .port = 5000, .id = id,
		.user = USER, .more = more != NULL ? more->octets : NULL, .more_len = more != NULL ? more->w.len : 0 });

	sim_run(s, 1000);
	assert_int_equal(r->answers, 1);
	return token_of(s);
}

/* A login of "nas", whose NAS-IP-Address is not the address that it comes from. */
static struct token
login(struct sim *s, uint8_t id)
{
	struct sim_more m;

	sim_more_begin(&m);
	sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0x0a000001);
	sim_more_text(&m, RGW_NAS_IDENTIFIER, "secret-building");
	return send_login(s, RGW_ACCESS_REQUEST, 0, id, &m);
}

/* The home sends what it has got with the login. */
static void
begin_change(struct sim_more *m, const struct token *t)
{
	sim_more_begin(m);
	sim_more_text(m, RGW_USER_NAME, USER);
	sim_more_text(m, RGW_OPERATOR_NAME, "1" REALM);
	sim_more_text(m, RGW_NAS_IDENTIFIER, REALM);
	sim_more_put(m, RGW_EXTENDED_1, t->v, t->len);
}

/* P-CPX-11, P-CPX-12: it goes out with Operator-Name in Access- and Accounting-Requests, the same in both, and takes
 * the place of the names of the NAS. */
static void
goes_out_in_place_of_the_names(void **state)
{
	struct sim_more m;
	struct token auth, acct;
	struct sim s;

	(void)state;
	init(&s, "");
	begin(&s);
	sim_more_begin(&m);
	sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0x0a000001);
	sim_more_text(&m, RGW_NAS_IDENTIFIER, "secret-building");
	auth = send_login(&s, RGW_ACCESS_REQUEST, 0, 1, &m);
	assert_true(auth.len > 0);
	EXPECT_GOT(&s, 0, RGW_OPERATOR_NAME, "1" REALM ",");
	EXPECT_GOT(&s, 0, RGW_NAS_IDENTIFIER, REALM ",");
	assert_int_equal(sim_count_attrs(s.got[0]->data, s.got[0]->len, RGW_NAS_IP_ADDRESS), 0);
	acct = send_login(&s, RGW_ACCOUNTING_REQUEST, 0, 2, &m);
	assert_memory_equal(&auth, &acct, sizeof auth);
	EXPECT_GOT(&s, 1, RGW_NAS_IDENTIFIER, REALM ",");
	/* What it cannot give back stays: a NAS that has a name alone. */
	sim_more_begin(&m);
	sim_more_text(&m, RGW_NAS_IDENTIFIER, "ap-9");
	acct = send_login(&s, RGW_ACCESS_REQUEST, 0, 3, &m);
	assert_true(acct.len > 0 && memcmp(&auth, &acct, sizeof auth) != 0);
	EXPECT_GOT(&s, 2, RGW_NAS_IDENTIFIER, "ap-9,");
	sim_end(&s);
}

/* P-CPX-4, P-CPX-12: nothing is added where somebody said it before, beside the Operator-Name of another network, to
 * requests that other gateways bring, and to peers that are not to have it. */
static void
goes_out_with_our_own_users_only(void **state)
{
	struct sim_more m;
	struct token t;
	struct sim s;

	(void)state;
	init(&s, "");
	begin(&s);
	sim_more_begin(&m);
	sim_more_put(&m, RGW_EXTENDED_1, "\x08theirs", 7);
	sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0x0a000001);
	t = send_login(&s, RGW_ACCESS_REQUEST, 0, 1, &m);
	assert_int_equal(t.len, 7);
	assert_int_equal(sim_count_attrs(s.got[0]->data, s.got[0]->len, RGW_NAS_IP_ADDRESS), 1);
	sim_more_begin(&m);
	sim_more_text(&m, RGW_OPERATOR_NAME, "1other.example");
	t = send_login(&s, RGW_ACCESS_REQUEST, 0, 2, &m);
	assert_int_equal(t.len, 0);
	sim_ask(&s, sim_visit(&s), RGW_ACCESS_REQUEST, 1, USER);
	sim_run(&s, 100);
	assert_int_equal(token_of(&s).len, 0);
	sim_reload(&s, "[peer national]\noperator-nas-identifier = no");
	assert_int_equal(login(&s, 3).len, 0);
	sim_end(&s);
}

/* P-CPX-13, P-CPX-14, P-CPX-15: CoA that brings it back goes to that NAS, which gets its own name again and nothing of
 * what is for proxies. It need not be known otherwise. */
static void
leads_back_to_the_nas(void **state)
{
	struct sim_more m;
	struct token t;
	struct sim s;
	struct sim_got *g;

	(void)state;
	init(&s, "");
	begin(&s);
	t = login(&s, 1);
	rgw_nastable_end_owner(&s.common->nases, false, 0);
	rgw_nastable_end_owner(&s.common->nases, false, 1);
	begin_change(&m, &t);
	sim_change_by_peer(&s, RGW_DISCONNECT_REQUEST, 1, NULL, &m);
	sim_run(&s, 100);
	g = s.got[s.n_got - 1];
	assert_int_equal(g->data[0], RGW_DISCONNECT_REQUEST);
	assert_int_equal(g->source->to.ip[3], 10);
	assert_int_equal(sim_count_attrs(g->data, g->len, RGW_EXTENDED_1), 0);
	assert_int_equal(sim_count_attrs(g->data, g->len, RGW_OPERATOR_NAME), 0);
	assert_int_equal(sim_count_attrs(g->data, g->len, RGW_NAS_IDENTIFIER), 0);
	EXPECT_GOT(&s, s.n_got - 1, RGW_NAS_IP_ADDRESS, "\x0a,");
	sim_expect_heard(&s, RGW_DISCONNECT_ACK, 1, 0);
	/* Together with the session that was learned, and with the NAS's own address, all the same. */
	t = login(&s, 2);
	begin_change(&m, &t);
	sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0x0a000001);
	sim_change_by_peer(&s, RGW_DISCONNECT_REQUEST, 2, NULL, &m);
	sim_run(&s, 100);
	sim_expect_heard(&s, RGW_DISCONNECT_ACK, 2, 0);
	sim_end(&s);
}

/* P-CPX-14: a NAS that is known by its address alone gets that, if the home says no name of it. */
static void
nas_gets_some_name(void **state)
{
	struct sim_more m;
	struct token t;
	struct sim s;

	(void)state;
	init(&s, "");
	begin(&s);
	t = send_login(&s, RGW_ACCESS_REQUEST, 1, 1, NULL);
	sim_more_begin(&m);
	sim_more_text(&m, RGW_USER_NAME, USER);
	sim_more_put(&m, RGW_EXTENDED_1, t.v, t.len);
	sim_change_by_peer(&s, RGW_COA_REQUEST, 1, NULL, &m);
	sim_run(&s, 100);
	assert_int_equal(s.got[s.n_got - 1]->source->to.ip[3], 11);
	EXPECT_GOT(&s, s.n_got - 1, RGW_NAS_IP_ADDRESS, "\xc0,");
	sim_expect_heard(&s, RGW_COA_ACK, 1, 0);
	sim_end(&s);
}

/* The value of a process that had the same key, and of one that had none. */
static void
restart(const char *key, struct token *t)
{
	struct sim s;

	init(&s, key);
	begin(&s);
	*t = login(&s, 1);
	sim_end(&s);
}

/* A value holds across a restart if there is a key, and across reloads; with another key it is foreign. */
static void
holds_as_long_as_the_key(void **state)
{
	struct sim_more m;
	struct token t;
	struct sim s;

	(void)state;
	restart(KEY, &t);
	init(&s, KEY);
	begin(&s);
	begin_change(&m, &t);
	sim_change_by_peer(&s, RGW_DISCONNECT_REQUEST, 1, NULL, &m);
	sim_run(&s, 100);
	sim_expect_heard(&s, RGW_DISCONNECT_ACK, 1, 0);
	sim_reload(&s, "[gateway]\nloop-limit = 31");
	sim_change_by_peer(&s, RGW_DISCONNECT_REQUEST, 2, NULL, &m);
	sim_run(&s, 100);
	sim_expect_heard(&s, RGW_DISCONNECT_ACK, 2, 0);
	/* Sessions that began while it was used are found after that, too. */
	sim_reload(&s, "[peer national]\noperator-nas-identifier = no\n[gateway]\noperator-nas-key =");
	sim_change_by_peer(&s, RGW_DISCONNECT_REQUEST, 3, NULL, &m);
	sim_expect_heard(&s, RGW_DISCONNECT_NAK, 3, RGW_CAUSE_NAS_MISMATCH);
	sim_reload(&s, "[peer national]\noperator-nas-identifier = yes\n"
	    "[gateway]\noperator-nas-key = another key of ours");
	sim_change_by_peer(&s, RGW_DISCONNECT_REQUEST, 4, NULL, &m);
	sim_expect_heard(&s, RGW_DISCONNECT_NAK, 4, RGW_CAUSE_NAS_MISMATCH);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_change_foreign_nas), 2);
	sim_end(&s);
}

/* P-CPX-10: a forged value, or one of somebody else, is refused with 403 if the Operator-Name is ours or missing, and
 * reaches no NAS, whatever else the request says. */
static void
forgeries_are_refused(void **state)
{
	struct sim_more m;
	struct token t, forged;
	struct sim s;

	(void)state;
	init(&s, "");
	begin(&s);
	t = login(&s, 1);
	for (size_t i = 1; i < t.len; i++) {
		forged = t;
		forged.v[i] ^= 0x80;
		begin_change(&m, &forged);
		sim_change_by_peer(&s, RGW_COA_REQUEST, (uint8_t)i, NULL, &m);
		sim_expect_heard(&s, RGW_COA_NAK, (uint8_t)i, RGW_CAUSE_NAS_MISMATCH);
		assert_int_equal(sim_counter(&s, RGW_CTR_request_change_foreign_nas), i);
	}
	assert_string_equal(s.last_event, "coa-foreign-nas");
	sim_more_begin(&m);
	sim_more_text(&m, RGW_USER_NAME, USER);
	sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0xc000020a);
	sim_more_put(&m, RGW_EXTENDED_1, forged.v, forged.len);
	sim_change_by_peer(&s, RGW_COA_REQUEST, 200, NULL, &m);
	sim_expect_heard(&s, RGW_COA_NAK, 200, RGW_CAUSE_NAS_MISMATCH);
	assert_int_equal(sim_n_at_nases(&s), 0);
	sim_end(&s);
}

/* P-CPX-10: the Operator-Name must be that of the NAS, however the NAS was found. P-CPX-11: without the value, the name
 * that we put in place of the NAS's own says nothing: 402. */
static void
operator_must_be_that_of_the_nas(void **state)
{
	struct sim_more m;
	struct token t;
	struct sim s;

	(void)state;
	init(&s, "");
	begin(&s);
	t = login(&s, 1);
	sim_more_begin(&m);
	sim_more_text(&m, RGW_OPERATOR_NAME, "1other.example");
	sim_more_text(&m, RGW_USER_NAME, USER);
	sim_more_put(&m, RGW_EXTENDED_1, t.v, t.len);
	sim_change_by_peer(&s, RGW_COA_REQUEST, 1, NULL, &m);
	sim_expect_heard(&s, RGW_COA_NAK, 1, RGW_CAUSE_NOT_ROUTABLE);
	assert_string_equal(s.last_event, "coa-foreign-operator");
	sim_more_begin(&m);
	sim_more_text(&m, RGW_OPERATOR_NAME, "1other.example");
	sim_more_text(&m, RGW_USER_NAME, USER);
	sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0xc000020a);
	sim_change_by_peer(&s, RGW_COA_REQUEST, 2, NULL, &m);
	sim_expect_heard(&s, RGW_COA_NAK, 2, RGW_CAUSE_NOT_ROUTABLE);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_change_foreign_operator), 2);
	sim_reload(&s, "[peer national]\ncoa-realms = *");
	sim_more_begin(&m);
	sim_more_text(&m, RGW_OPERATOR_NAME, "1" REALM);
	sim_more_text(&m, RGW_NAS_IDENTIFIER, REALM);
	sim_change_by_peer(&s, RGW_COA_REQUEST, 3, NULL, &m);
	sim_expect_heard(&s, RGW_COA_NAK, 3, RGW_CAUSE_MISSING_ATTRIBUTE);
	assert_int_equal(sim_n_at_nases(&s), 0);
	sim_end(&s);
}

/* What else the request says must not contradict it: another client, another address of the NAS, a session elsewhere.
 */
static void
contradictions_are_refused(void **state)
{
	struct sim_more m;
	struct token t;
	struct sim s;

	(void)state;
	init(&s, "");
	sim_ini(&s, "[client second-nas]\nnas-identifier = second\n");
	begin(&s);
	t = login(&s, 1);
	begin_change(&m, &t);
	sim_more_u32(&m, RGW_NAS_IP_ADDRESS, 0xc000020b);
	sim_change_by_peer(&s, RGW_COA_REQUEST, 1, NULL, &m);
	sim_expect_heard(&s, RGW_COA_NAK, 1, RGW_CAUSE_NAS_MISMATCH);
	(void)sim_request_with(&s, &(struct sim_spec){ .port = 5000, .nas = 1, .id = 2, .user = USER,
		.station = "02-00-00-00-00-02" });
	sim_run(&s, 1000);
	begin_change(&m, &t);
	sim_change_by_peer(&s, RGW_COA_REQUEST, 2, "02-00-00-00-00-02", &m);
	sim_expect_heard(&s, RGW_COA_NAK, 2, RGW_CAUSE_NAS_MISMATCH);
	sim_more_begin(&m);
	sim_more_text(&m, RGW_USER_NAME, USER);
	sim_more_text(&m, RGW_NAS_IDENTIFIER, "second");
	sim_more_put(&m, RGW_EXTENDED_1, t.v, t.len);
	sim_change_by_peer(&s, RGW_COA_REQUEST, 3, NULL, &m);
	sim_expect_heard(&s, RGW_COA_NAK, 3, RGW_CAUSE_NAS_MISMATCH);
	assert_int_equal(sim_counter(&s, RGW_CTR_request_change_mismatch), 3);
	assert_int_equal(sim_n_at_nases(&s), 0);
	sim_end(&s);
}

/* P-CPX-4: a gateway in between passes on what belongs to other networks. */
static void
others_pass_through(void **state)
{
	struct sim_more m;
	struct sim s;

	(void)state;
	init(&s, "");
	sim_ini(&s, "[peer visitor]\nallow = auth, acct, coa\n[realm other.example]\npool = national\ncoa = visitor\n");
	begin(&s);
	(void)sim_visit(&s);
	sim_more_begin(&m);
	sim_more_text(&m, RGW_USER_NAME, USER);
	sim_more_text(&m, RGW_OPERATOR_NAME, "1other.example");
	sim_more_put(&m, RGW_EXTENDED_1, "\x08theirs", 7);
	sim_change_by_peer(&s, RGW_COA_REQUEST, 1, NULL, &m);
	assert_int_equal(token_of(&s).len, 7);
	sim_run(&s, 100);
	sim_expect_heard(&s, RGW_COA_ACK, 1, 0);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_out_in_place_of_the_names),
		cmocka_unit_test(goes_out_with_our_own_users_only),
		cmocka_unit_test(leads_back_to_the_nas),
		cmocka_unit_test(nas_gets_some_name),
		cmocka_unit_test(holds_as_long_as_the_key),
		cmocka_unit_test(forgeries_are_refused),
		cmocka_unit_test(operator_must_be_that_of_the_nas),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(others_pass_through),
	};

	return cmocka_run_group_tests_name("Operator-NAS-Identifier", tests, NULL, NULL);
}
