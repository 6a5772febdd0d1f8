/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about the lines that tell of logins and accounting: what each holds, and how many there are. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "radsecgw/packet.h"
#include "sim.h"

#define USER "bob@example.org"
#define STATION "02-00-00-00-00-01"

/* Called-Station-Id, Operator-Name and Chargeable-User-Identity, as they are on the wire. */
static const char more[] =
	"\x1e\x0bx:eduroam" "\x7e\x0d" "1campus.org" "\x59\x08" "cui-77" "\x20\x06" "ap-1";

static void
assert_says(const struct sim *s, const char *text)
{
	if (strstr(s->last_login, text) == NULL)
		fail_msg("no '%s' in: %s", text, s->last_login);
}

static void
assert_silent(const struct sim *s, const char *text)
{
	if (strstr(s->last_login, text) != NULL)
		fail_msg("'%s' in: %s", text, s->last_login);
}

static struct sim_req *
ask(struct sim *s, uint8_t code, const char *user)
{
	struct sim_spec spec = { .code = code, .port = (uint16_t)(10000 + s->n_reqs), .id = 1, .user = user,
		.station = STATION, .more = more, .more_len = sizeof more - 1 };
	struct sim_req *r = sim_request_with(s, &spec);

	sim_run(s, 200);
	return r;
}

static void
accepted(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.delay = 20;
	sim_start(&s);
	sim_run(&s, 1000);
	(void)ask(&s, RGW_ACCESS_REQUEST, USER);
	assert_int_equal(s.n_logins, 1);
	assert_int_equal(strncmp(s.last_login, "login: a login is accepted ", 27), 0);
	assert_says(&s, " user=bob@example.org realm=example.org calling_station=" STATION
	    " called_station=x:eduroam nas=ap-1");
	assert_says(&s, " operator=1campus.org client=nas from=192.0.2.10 peer=national conn=");
	assert_says(&s, " ms=20 conversation_ms=20 rounds=1 conversation=");
	assert_says(&s, " result=accept cui=cui-77");
	assert_silent(&s, "reason=");
	sim_end(&s);
}

/* Whoever looks for a reject learns that it was made here, and why. */
static void
rejected_here(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_drop(&s, "realm *");
	sim_ini(&s, "[realm *]\nreject = no account");
	sim_start(&s);
	(void)ask(&s, RGW_ACCESS_REQUEST, USER);
	assert_int_equal(s.n_logins, 1);
	assert_says(&s, "login: a login is rejected by the gateway itself ");
	assert_says(&s, " reason=rejected result=reject cui=cui-77 reply_message=\"no account\" error_cause=501");
	assert_silent(&s, "peer=");
	sim_end(&s);
}

/* No line shows more of a user or of a device than the configuration allows. */
static void
privacy(void **state)
{
	static const struct {
		const char *ini;
		const char *says;
		const char *hides[3];
	} rows[] = {
		{ "identity = realm\nstation = vendor", " realm=example.org calling_station=02-00-00 ",
		  { "bob", "00-01", "cui" } },
		{ "identity = hash\nhash-key = k\nstation = none", " realm=example.org called_station=",
		  { "bob", "calling_station", "cui-77" } },
		{ "station = hash\nhash-key = k", " user=bob@example.org realm=example.org calling_station=",
		  { "02-00", "00-01", "020000" } },
		{ "identity = hash\nstation = hash\nhash-key = k", " cui=", { "bob", "02-00", "cui-77" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sim s;

		sim_init(&s, "198.51.100.1");
		sim_ini(&s, "[log]\n%s", rows[i].ini);
		sim_start(&s);
		(void)ask(&s, RGW_ACCESS_REQUEST, USER);
		assert_says(&s, rows[i].says);
		for (size_t j = 0; j < 3; j++)
			assert_silent(&s, rows[i].hides[j]);
		sim_end(&s);
	}
}

static void
conversation_of(const struct sim *s, char out[static 17])
{
	const char *at = strstr(s->last_login, " conversation=");

	assert_non_null(at);
	snprintf(out, 17, "%s", at + 14);
}

/* The rounds of a login have one line, at its end, and another login has another identity. */
static void
rounds_are_one_login(void **state)
{
	struct sim s;
	char first[17], second[17];

	(void)state;
	sim_init(&s, "198.51.100.1");
	s.national.answer = SIM_CHALLENGE;
	s.national.delay = 10;
	sim_start(&s);
	for (unsigned i = 0; i < 3; i++) {
		struct sim_spec spec = { .port = (uint16_t)(20000 + i), .id = 1, .user = USER, .eap = true };
		struct rgw_packet p;
		struct rgw_attr a;

		if (i > 0) {
			assert_int_equal(rgw_packet_parse(&p, s.reqs[i - 1]->answer, s.reqs[i - 1]->answer_len),
			    RGW_PACKET_OK);
			assert_true(rgw_packet_get(&p, RGW_AT_STATE, &a));
			spec.state = a.value;
			spec.state_len = a.len;
		}
		if (i == 2)
			s.national.answer = SIM_ANSWER;
		(void)sim_request_with(&s, &spec);
		sim_run(&s, 1000);
		assert_int_equal(s.n_logins, i == 2);
	}
	assert_says(&s, " ms=10 conversation_ms=2010 rounds=3 ");
	conversation_of(&s, first);
	(void)ask(&s, RGW_ACCESS_REQUEST, USER);
	assert_says(&s, " rounds=1 ");
	conversation_of(&s, second);
	assert_string_not_equal(first, second);
	sim_end(&s);
}

static void
accounting(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	(void)ask(&s, RGW_ACCOUNTING_REQUEST, USER);
	assert_int_equal(s.n_logins, 1);
	assert_says(&s, "accounting: a record is acknowledged user=bob@example.org ");
	assert_silent(&s, "conversation");
	sim_end(&s);
}

/* What the realm says goes before what the pool says, which goes before [log]; a reload changes it. */
static void
fticks_of_some(void **state)
{
	static const struct {
		const char *log, *pool, *realm;
		unsigned ticks;
	} rows[] = {
		{ "all", "auto", "auto", 1 }, { "chosen", "yes", "no", 0 }, { "chosen", "no", "yes", 1 },
		{ "chosen", "yes", "auto", 1 }, { "all", "no", "auto", 0 }, { "all", "no", "yes", 1 },
		{ "all", "auto", "no", 0 }, { "all", "yes", "no", 0 },
	};
	unsigned expected = 0;
	struct sim s;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_ini(&s, "[log]\nfticks = log\nfticks-mac = static");
	sim_start(&s);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char lines[256];

		(void)snprintf(lines, sizeof lines, "[log]\nfticks-for = %s\n"
		    "[pool federation]\nmembers = national\nfticks = %s\n[realm *]\npool = federation\nfticks = %s",
		    rows[i].log, rows[i].pool, rows[i].realm);
		sim_reload(&s, lines);
		(void)ask(&s, RGW_ACCESS_REQUEST, USER);
		(void)ask(&s, RGW_ACCOUNTING_REQUEST, USER);
		expected += rows[i].ticks;
		assert_int_equal(s.n_ticks, expected);
	}
	assert_string_equal(s.last_tick, "f-ticks: F-TICKS/eduroam/1.0#REALM=example.org#CSI=undisclosed#RESULT=OK#");
	sim_end(&s);
}

/* At the level that the gateway has by itself, each login has a line whatever the rate of lines is, and accounting has
 * none unless it is wanted. */
static void
levels_and_rates(void **state)
{
	static const struct {
		const char *ini;
		unsigned lines;
	} rows[] = { { "rate = 1/s", 20 }, { "rate = 1/s\naccounting = yes", 40 }, { "logins = no", 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sim s;

		sim_init(&s, "198.51.100.1");
		sim_ini(&s, "[log]\n%s", rows[i].ini);
		sim_start(&s);
		s.log.level = RGW_LOG_INFO;
		s.log.rate_per_second = 1;
		for (unsigned j = 0; j < 20; j++) {
			(void)ask(&s, RGW_ACCESS_REQUEST, USER);
			(void)ask(&s, RGW_ACCOUNTING_REQUEST, USER);
		}
		assert_int_equal(s.n_logins, rows[i].lines);
		sim_end(&s);
	}
}

/* A line that the log does not take is counted, and nothing else changes. */
static void
lost_lines_are_counted(void **state)
{
	struct sim s;
	struct sim_req *r;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	s.log_full = true;
	r = ask(&s, RGW_ACCESS_REQUEST, USER);
	assert_int_equal(r->answers, 1);
	s.log_full = false;
	rgw_gw_log_status(s.gw);
	assert_true(sim_counter(&s, RGW_CTR_log_lines_lost) >= 1);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted),
		cmocka_unit_test(rejected_here),
		cmocka_unit_test(privacy),
		cmocka_unit_test(rounds_are_one_login),
		cmocka_unit_test(accounting),
		cmocka_unit_test(fticks_of_some),
		cmocka_unit_test(levels_and_rates),
		cmocka_unit_test(lost_lines_are_counted),
	};

	return cmocka_run_group_tests_name("logins", tests, NULL, NULL);
}
