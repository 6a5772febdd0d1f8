/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/eventtime.h"
#include "radsecgw/nastable.h"

/* The table of NASes and sessions, and the age of a packet. */

#define DAY 86400000

static const struct rgw_teacher a = { .id = 1, .addr = { .ip = { 192, 0, 2, 1 }, .family = 4 } };
static const struct rgw_teacher b = { .id = 2, .addr = { .ip = { 192, 0, 2, 2 }, .family = 4 } };
static const struct rgw_teacher peer = { .is_peer = true, .id = 1, .worker = 2, .serial = 7 };

static int
make(void **state)
{
	static const struct rgw_hashkey key = { 1, 2 };
	struct rgw_nastable *t = rgw_xcalloc(1, sizeof *t);

	rgw_nastable_init(t, &key, 100, 1 << 20);
	*state = t;
	return 0;
}

static int
end(void **state)
{
	struct rgw_nastable *t = *state;

	for (uint32_t id = 0; id < 200; id++) {
		rgw_nastable_end_owner(t, false, id);
		rgw_nastable_end_owner(t, true, id);
	}
	assert_int_equal(rgw_nastable_used(t).octets, 0);
	assert_int_equal(t->n + t->n_sessions + t->names.count + t->places.count, 0);
	rgw_nastable_fini(t);
	free(t);
	return 0;
}

static void
say(struct rgw_nas_names *n, enum rgw_nas_name name, const char *text)
{
	n->v[name].p = (const uint8_t *)text;
	n->v[name].len = (uint8_t)strlen(text);
}

static struct rgw_nas_names
names(const char *nas, const char *session, const char *station, const char *user)
{
	struct rgw_nas_names n = { 0 };

	if (nas != NULL)
		say(&n, RGW_NAME_IDENTIFIER, nas);
	if (session != NULL)
		say(&n, RGW_NAME_SESSION, session);
	if (station != NULL)
		say(&n, RGW_NAME_STATION, station);
	if (user != NULL)
		say(&n, RGW_NAME_USER, user);
	return n;
}

static struct rgw_lesson
learn(struct rgw_nastable *t, struct rgw_nas_names n, const struct rgw_teacher *from, rgw_ms now)
{
	return rgw_nastable_learn(t, &n, from, now);
}

/* The section that has the session; 0 = it is unknown, -1 = its names contradict. */
static int
session(struct rgw_nastable *t, struct rgw_nas_names n, rgw_ms now)
{
	struct rgw_found_session found;

	switch (rgw_nastable_find_session(t, &n, now, &found)) {
	case RGW_NAS_FOUND:
		return (int)found.from.id;
	case RGW_NAS_UNKNOWN:
		return 0;
	case RGW_NAS_CONTRADICTS:
		break;
	}
	return -1;
}

static int
nas(struct rgw_nastable *t, const char *name, rgw_ms now)
{
	struct rgw_nas_names n = names(name, NULL, NULL, NULL);
	struct rgw_teacher from;

	return rgw_nastable_find_nas(t, &n, now, &from) == RGW_NAS_FOUND ? (int)from.id : 0;
}

/* Who asks need not write the address of a device as its NAS does. */
static void
stations_are_addresses(void **state)
{
	struct rgw_nastable *t = *state;
	static const char *const same[] = { "02-00-00-00-01-0B", "02-00-00-00-01-0b", "02:00:00:00:01:0b",
		"0200.0000.010B", "02000000010b" };
	static const char *const others[] = { "02-00-00-00-01-0C", "02-00-00-00-01-0B-00", "02-00-00-00-01", "-",
		"02-00-00-00-01-0B:eduroam" };

	learn(t, names("ap", "s1", same[0], NULL), &a, 1);
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		assert_int_equal(session(t, names(NULL, NULL, same[i], NULL), 2), a.id);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_int_equal(session(t, names(NULL, NULL, others[i], NULL), 2), 0);
	assert_int_equal(session(t, names(NULL, "s1", same[2], NULL), 2), a.id);
	assert_int_equal(session(t, names(NULL, "s1", others[0], NULL), 2), -1);
}

/* P-COA-6, P-CPX-23: a session is found by each of its names, and by all that are given. */
static void
finds_by_each_name(void **state)
{
	struct rgw_nastable *t = *state;
	struct rgw_found_session found;
	struct rgw_nas_names n;

	learn(t, names("ap", NULL, "station", "@realm"), &a, 1);
	/* Accounting says more of the same session. */
	learn(t, names("ap", "s1", "station", "bob@realm"), &a, 2);
	assert_int_equal(rgw_nastable_used(t).sessions, 1);
	assert_int_equal(session(t, names(NULL, "s1", NULL, NULL), 3), 1);
	assert_int_equal(session(t, names(NULL, NULL, "station", NULL), 3), 1);
	assert_int_equal(session(t, names("ap", "s1", "station", "bob@realm"), 3), 1);
	assert_int_equal(session(t, names(NULL, NULL, NULL, "bob@realm"), 3), 1);
	assert_int_equal(session(t, names(NULL, NULL, NULL, "@realm"), 3), 0);
	assert_int_equal(session(t, names(NULL, "s1", "other", NULL), 3), -1);
	assert_int_equal(session(t, names("other", "s1", NULL, NULL), 3), -1);
	n = names(NULL, "s1", NULL, NULL);
	assert_int_equal(rgw_nastable_find_session(t, &n, 3, &found), RGW_NAS_FOUND);
	assert_int_equal(found.user_len, 9);
	assert_memory_equal(found.user, "bob@realm", 9);
	/* The station comes back: another session. */
	learn(t, names("ap", "s2", "station", "bob@realm"), &a, 4);
	assert_int_equal(rgw_nastable_used(t).sessions, 2);
}

/* A peer is one neighbour, whatever its connection; the last connection counts. */
static void
last_connection_counts(void **state)
{
	struct rgw_nastable *t = *state;
	struct rgw_found_session found;
	struct rgw_nas_names n = names("ap", "s1", NULL, NULL);
	struct rgw_teacher other = peer;

	learn(t, n, &peer, 1);
	other.worker = 3;
	other.serial = 9;
	assert_int_equal(learn(t, n, &other, 2).conflicts, 0);
	assert_int_equal(rgw_nastable_find_session(t, &n, 3, &found), RGW_NAS_FOUND);
	assert_true(found.from.is_peer);
	assert_int_equal(found.from.worker, 3);
	assert_int_equal(found.from.serial, 9);
	/* A client with the id of the peer is somebody else. */
	assert_int_equal(learn(t, n, &a, 4).conflicts, 2);
}

/* What one has taught another one cannot take, as long as it is fresh. */
static void
first_one_holds(void **state)
{
	struct rgw_nastable *t = *state;
	struct rgw_nas_names n = names(NULL, NULL, "station", NULL);

	learn(t, names("ap", NULL, "station", "u"), &a, 1);
	assert_int_equal(learn(t, names("ap", NULL, "station", "u"), &b, 2).conflicts, 2);
	assert_int_equal(nas(t, "ap", 3), 1);
	assert_int_equal(session(t, names(NULL, NULL, "station", NULL), 3), 1);
	/* The same user may have two devices. */
	assert_int_equal(learn(t, names(NULL, NULL, "phone", "u"), &b, 3).conflicts, 0);
	/* Nor can it end what is not its own. */
	rgw_nastable_end_session(t, &n, &b);
	assert_int_equal(session(t, names(NULL, NULL, "station", NULL), 3), 1);
	/* A day later the other one may have it. */
	assert_int_equal(nas(t, "ap", DAY + 1), 0);
	assert_int_equal(learn(t, names("ap", NULL, "station", "u"), &b, DAY + 2).conflicts, 0);
	assert_int_equal(nas(t, "ap", DAY + 3), 2);
	assert_int_equal(session(t, names(NULL, NULL, "station", NULL), DAY + 3), 2);
}

static void
ends_what_is_over(void **state)
{
	struct rgw_nastable *t = *state;
	struct rgw_nas_names ap = names("ap", NULL, NULL, NULL);
	struct rgw_nas_names one = names("ap", "s1", NULL, NULL);

	learn(t, names("ap", "s1", "x", NULL), &a, 1);
	learn(t, names("ap", "s2", "y", NULL), &a, 1);
	learn(t, names("ap2", "s3", "z", NULL), &a, 1);
	rgw_nastable_end_session(t, &one, &a);
	assert_int_equal(session(t, names(NULL, "s1", NULL, NULL), 2), 0);
	assert_int_equal(session(t, names(NULL, "s2", NULL, NULL), 2), 1);
	rgw_nastable_end_nas(t, &ap, &b);
	assert_int_equal(session(t, names(NULL, "s2", NULL, NULL), 2), 1);
	rgw_nastable_end_nas(t, &ap, &a);
	assert_int_equal(session(t, names(NULL, "s2", NULL, NULL), 2), 0);
	assert_int_equal(nas(t, "ap", 2), 0);
	assert_int_equal(session(t, names(NULL, "s3", NULL, NULL), 2), 1);
	rgw_nastable_end_owner(t, false, 1);
	assert_int_equal(session(t, names(NULL, "s3", NULL, NULL), 2), 0);
}

/* Who fills the table gives up its own oldest entries, and nobody else's. */
static void
bounds_hold(void **state)
{
	struct rgw_nastable *t = *state;
	unsigned out = 0;
	char text[16];

	learn(t, names("ap", "kept", NULL, NULL), &b, 1);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "s%u", i);
		out += learn(t, names(NULL, text, NULL, NULL), &a, 2 + i).crowded_out;
		assert_in_range(t->n, 1, 100);
	}
	assert_true(out > 850);
	assert_int_equal(session(t, names(NULL, "s999", NULL, NULL), 2000), 1);
	assert_int_equal(session(t, names(NULL, "s0", NULL, NULL), 2000), 0);
	assert_int_equal(session(t, names(NULL, "kept", NULL, NULL), 2000), 2);
	/* Many neighbours fill it together. */
	for (uint32_t id = 10; id < 150; id++)
		learn(t, names(NULL, "same", NULL, NULL), &(struct rgw_teacher){ .id = id }, 3000);
	assert_in_range(t->n, 90, 100);
	assert_in_range(rgw_nastable_used(t).octets / t->n, 100, 300);
	/* Octets are bounded, too. */
	t->max_octets = 20000;
	for (uint32_t id = 10; id < 150; id++) {
		learn(t, names("another", "same", NULL, NULL), &(struct rgw_teacher){ .id = id }, 4000);
		assert_in_range(t->octets, 0, 20000);
	}
}

#define MANY 20000

/* A neighbour that says again and again that a NAS has started anew makes nobody wait: that takes no more steps than
 * there are sessions to be ended, whatever the others are. */
static void
ending_a_nas_is_cheap(void **state)
{
	struct rgw_nastable *t = *state;
	struct rgw_nas_names off[] = { names("other", NULL, NULL, NULL), names("ap", NULL, NULL, NULL),
		names(NULL, NULL, NULL, NULL) };
	struct rgw_teacher near = a;
	uint64_t before;
	char text[16];

	t->limit = 4 * MANY;
	t->max_octets = 1 << 30;
	say(&off[1], RGW_NAME_IP, "\x0a\x01\x01\x01");
	near.addr.ip[3]++;
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(text, sizeof text, "s%u", i);
		learn(t, names("ap", text, text, NULL), i % 2 == 0 ? &a : &near, 1);
	}
	assert_int_equal(rgw_nastable_used(t).sessions, MANY);
	before = t->steps;
	for (unsigned i = 0; i < 10000; i++)
		for (size_t j = 0; j < COUNT(off); j++)
			rgw_nastable_end_nas(t, &off[j], i % 2 == 0 ? &a : &near);
	assert_in_range(t->steps - before, 0, 10);
	assert_int_equal(rgw_nastable_used(t).sessions, MANY);
	/* The NAS itself: all of it, once. */
	off[1] = names("ap", NULL, NULL, NULL);
	for (unsigned i = 0; i < 100; i++)
		rgw_nastable_end_nas(t, &off[1], &a);
	assert_int_equal(t->steps - before, MANY / 2 + 1);
	assert_int_equal(rgw_nastable_used(t).sessions, MANY / 2);
}

/* Many sessions of one user, as whoever hides the name of users has them, or of one name of another kind: what is
 * learned of them, asked of them and ended takes a few steps each. */
static void
common_names_are_cheap(void **state)
{
	struct rgw_nastable *t = *state;
	struct rgw_nas_names ap = names("ap", NULL, NULL, NULL);
	uint64_t before = t->steps;
	char text[16];

	t->limit = 4 * MANY;
	t->max_octets = 1 << 30;
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(text, sizeof text, "s%u", i);
		learn(t, names("ap", text, i % 2 == 0 ? text : NULL, "anonymous@realm"), &a, 1);
	}
	assert_int_equal(rgw_nastable_used(t).sessions, MANY);
	assert_int_equal(session(t, names(NULL, NULL, NULL, "anonymous@realm"), 2), 1);
	assert_int_equal(session(t, names(NULL, "s19999", NULL, "anonymous@realm"), 2), 1);
	assert_int_equal(session(t, names(NULL, "s19999", NULL, "bob@realm"), 2), -1);
	rgw_nastable_end_nas(t, &ap, &a);
	/* One Acct-Session-Id, and many stations. */
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(text, sizeof text, "s%u", i);
		learn(t, names("ap", "0", text, NULL), &a, 1);
	}
	assert_int_equal(session(t, names(NULL, NULL, "s19999", NULL), 2), 1);
	assert_int_equal(session(t, names("ap", "0", "s19999", NULL), 2), -1);
	/* Somebody else's session of that name is found all the same. */
	learn(t, names("ap2", "0", "x", NULL), &b, 1);
	assert_int_equal(session(t, names("ap2", "0", NULL, NULL), 2), 2);
	assert_in_range(t->steps - before, MANY, MANY * 200);
}

/* A neighbour that tells of any number of sessions of somebody else's user does not hide those of others: CoA that
 * names the user and the NAS finds them. */
static void
common_users_are_shared(void **state)
{
	struct rgw_nastable *t = *state;
	char text[16];

	t->limit = 4 * MANY;
	t->max_octets = 1 << 30;
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "s%u", i);
		learn(t, names("ap", text, NULL, "alice@realm"), i % 2 == 0 ? &a : &peer, 1);
	}
	learn(t, names("ap2", "x", "y", "alice@realm"), &b, 1);
	assert_int_equal(session(t, names("ap2", NULL, NULL, "alice@realm"), 2), 2);
}

/* P-COA-30 to 32: the time of a packet counts in both directions. */
static void
tells_the_age_of_packets(void **state)
{
	static const struct { int64_t now; enum rgw_event_time want; } rows[] = {
		{ 1000000, RGW_EVENT_FRESH }, { 1000300, RGW_EVENT_FRESH }, { 1000301, RGW_EVENT_STALE },
		{ 999700, RGW_EVENT_FRESH }, { 999699, RGW_EVENT_STALE },
	};
	struct help_packet p;
	struct rgw_packet in;

	(void)state;
	help_begin(&p, 43, 1, NULL);
	help_attr(&p, 55, "\x00\x01", 2);
	in = help_finish(&p);
	assert_int_equal(rgw_event_time(&in, 1000000), RGW_EVENT_UNTOLD);
	help_begin(&p, 43, 1, NULL);
	help_attr(&p, 55, "\x00\x0f\x42\x40", 4);
	in = help_finish(&p);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(rgw_event_time(&in, rows[i].now), rows[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(stations_are_addresses, make, end),
		cmocka_unit_test_setup_teardown(finds_by_each_name, make, end),
		cmocka_unit_test_setup_teardown(last_connection_counts, make, end),
		cmocka_unit_test_setup_teardown(first_one_holds, make, end),
		cmocka_unit_test_setup_teardown(ends_what_is_over, make, end),
		cmocka_unit_test_setup_teardown(bounds_hold, make, end),
		cmocka_unit_test_setup_teardown(ending_a_nas_is_cheap, make, end),
		cmocka_unit_test_setup_teardown(common_names_are_cheap, make, end),
		cmocka_unit_test_setup_teardown(common_users_are_shared, make, end),
		cmocka_unit_test(tells_the_age_of_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
