/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../src/app/story.h"

#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/counters.h"
#include "radsecgw/radius.h"

/* 2026-11-30T10:42:00.000Z is the engine's time 100000. */
static const struct rgw_wall wall = { .wall = 1796035320000, .now = 100000 };

static void
text(struct rgw_trail *t, enum rgw_step what, const char *s, rgw_ms now)
{
	rgw_trail_text(t, what, s, strlen(s), now);
}

static struct rgw_trail
begin(void)
{
	struct rgw_trail t = { .serial = 57, .worker = 2, .began = 98000, .ended = 99500, .code = RGW_ACCESS_REQUEST,
		.conversation = 0xabc, .rounds = 3, .result = RGW_RESULT_REJECT, .how = RGW_CTR_request_answered };

	text(&t, RGW_STEP_REALM, "example.org", t.began);
	text(&t, RGW_STEP_USER, "b\x1bob@example.org", t.began);
	text(&t, RGW_STEP_ASKER, "nas", t.began);
	rgw_trail_text(&t, RGW_STEP_FROM, "\300\000\002\012", 4, t.began);
	return t;
}

static void
expect(const struct rgw_trail *t, const char *want)
{
	char *got = NULL;
	size_t len;
	FILE *out = open_memstream(&got, &len);

	assert_non_null(out);
	rgw_story_tell(out, t, &wall);
	fclose(out);
	assert_string_equal(got, want);
	free(got);
}

/* Every kind of step has its sentence; what a terminal would obey is escaped. */
static void
whole_story(void **state)
{
	struct rgw_trail t = begin();

	(void)state;
	text(&t, RGW_STEP_REWRITE, "strip", 98000);
	text(&t, RGW_STEP_RULE, "example.org", 98000);
	text(&t, RGW_STEP_POOL, "federation", 98000);
	text(&t, RGW_STEP_TRIES, "national", 98000);
	text(&t, RGW_STEP_WAITS, "", 98000);
	rgw_trail_numbers(&t, RGW_STEP_SENT, 4, 17, "national", 98010);
	text(&t, RGW_STEP_LOST, "it closed", 98500);
	rgw_trail_numbers(&t, RGW_STEP_FAILED, RGW_FAIL_REFUSED, 502, "national", 98600);
	rgw_trail_numbers(&t, RGW_STEP_SENT, 0, 3, "local", 98700);
	rgw_trail_numbers(&t, RGW_STEP_ANSWER, RGW_ACCESS_REJECT, 503, "local", 99500);
	text(&t, RGW_STEP_MESSAGE, "no \"such\" user", 99500);
	expect(&t,
	    "Request 2-57 came at 2026-11-30T10:41:58.000Z: an Access-Request for the user b\\x1bob@example.org "
	    "(realm example.org), from the client nas (192.0.2.10).\n"
	    "  It is round 3 of the conversation 0000000000000abc.\n"
	    "  after      0 ms  The rewrite strip changed a packet.\n"
	    "  after      0 ms  The section [realm example.org] matched.\n"
	    "  after      0 ms  It was to go to federation.\n"
	    "  after      0 ms  national was chosen.\n"
	    "  after      0 ms  No connection took it, so it waited.\n"
	    "  after     10 ms  It was sent to national on connection 4, with the identifier 17.\n"
	    "  after    500 ms  Its connection was lost or doubted: it closed.\n"
	    "  after    600 ms  national says that it cannot serve it: it knows no way (Error-Cause 502).\n"
	    "  after    700 ms  It was sent to local over UDP, with the identifier 3.\n"
	    "  after   1500 ms  local answered with Access-Reject, Error-Cause 503.\n"
	    "  after   1500 ms  Its message for the user is \"no \\\"such\\\" user\".\n"
	    "  after   1500 ms  The answer to whoever asked was an Access-Reject.\n");
}

static void
open_and_dropped(void **state)
{
	struct rgw_trail t = begin();

	(void)state;
	t.conversation = 0;
	t.result = RGW_RESULT_OPEN;
	expect(&t,
	    "Request 2-57 came at 2026-11-30T10:41:58.000Z: an Access-Request for the user b\\x1bob@example.org "
	    "(realm example.org), from the client nas (192.0.2.10).\n"
	    "  after   2000 ms  It is still being worked on.\n");
	t.times = 5;
	t.result = RGW_RESULT_DROPPED;
	t.how = RGW_CTR_udp_bad_authenticator;
	expect(&t,
	    "Packets 2-57 were dropped 5 times, the last one at 2026-11-30T10:41:58.000Z: it was an Access-Request for "
	    "the user b\\x1bob@example.org (realm example.org), from the client nas (192.0.2.10).\n"
	    "  Reason: Request Authenticator does not verify (udp_bad_authenticator).\n");
}

/* What finds no room is left out as a whole, and the trail says so; long texts are cut. */
static void
full_trail(void **state)
{
	struct rgw_trail t = { .began = 5 };
	struct rgw_trail_step step = { 0 };
	char big[200];
	unsigned n = 0;

	(void)state;
	memset(big, 'x', sizeof big);
	for (unsigned i = 0; i < 10; i++)
		rgw_trail_text(&t, RGW_STEP_LOST, big, sizeof big, 10 + i);
	assert_true(t.cut);
	while (rgw_trail_next(&t, &step)) {
		assert_int_equal(step.len, 64);
		assert_int_equal(step.after, 5 + n);
		n++;
	}
	assert_in_range(n, 4, 9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_story),
		cmocka_unit_test(open_and_dropped),
		cmocka_unit_test(full_trail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
