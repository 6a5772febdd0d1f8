/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/idpool.h"

#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/mem.h"

#define REST 30000

/* Authenticators that can be told apart, from a number. */
static void
auth_of(uint32_t serial, uint8_t out[static 16])
{
	for (size_t i = 0; i < 16; i++)
		out[i] = (uint8_t)(serial >> i % 4 * 8);
}

static void
send_as(struct rgw_idpool *pool, uint8_t id, uint32_t serial)
{
	uint8_t auth[16];

	auth_of(serial, auth);
	rgw_idpool_sent(pool, id, 1, auth);
}

static int
setup(void **state)
{
	*state = rgw_idpool_new(REST);
	assert_non_null(*state);
	return 0;
}

static int
teardown(void **state)
{
	rgw_idpool_free(*state);
	return 0;
}

/* P-ID-1, P-ID-3, P-TCP-42 and the identifier kept for the watchdog: 255 different ones, never 0, then none. */
static void
gives_255_and_never_zero(void **state)
{
	struct rgw_idpool *pool = *state;
	bool seen[256] = { false };
	int owner;

	for (unsigned i = 0; i < 255; i++) {
		uint8_t id;

		assert_true(rgw_idpool_available(pool, 0));
		assert_int_equal(rgw_idpool_busy(pool), i);
		id = rgw_idpool_take(pool, &owner, 0);
		assert_int_not_equal(id, 0);
		assert_false(seen[id]);
		seen[id] = true;
		assert_ptr_equal(rgw_idpool_find(pool, id)->owner, &owner);
		assert_int_equal(rgw_idpool_find(pool, id)->state, RGW_ID_BUSY);
		assert_int_equal(rgw_idpool_find(pool, id)->now.code, 0);
	}
	assert_false(rgw_idpool_available(pool, 0));
	assert_int_equal(rgw_idpool_take(pool, &owner, 0), 0);
	assert_int_equal(rgw_idpool_take(pool, &owner, RGW_NEVER), 0);
	assert_int_equal(rgw_idpool_busy(pool), 255);
	assert_int_equal(rgw_idpool_find(pool, 0)->state, RGW_ID_FREE);
}

/* Each owner is found once, in the order of the identifiers, also when an identifier is given back on the way; an
 * identifier that is taken without an owner, and the watchdog's, are passed over. */
static void
owners_are_found_in_order(void **state)
{
	static const uint8_t auth[RGW_AUTH_LEN] = { 1 };
	struct rgw_idpool *pool = *state;
	int owners[256];
	unsigned found = 0;
	unsigned id = 0;

	assert_null(rgw_idpool_next(pool, &id));
	rgw_idpool_probe(pool, RGW_STATUS_SERVER, auth, 0);
	for (unsigned i = 1; i < 256; i++)
		assert_int_equal(rgw_idpool_take(pool, i == 7 ? NULL : &owners[i], 0), i);
	id = 0;
	for (int *owner; (owner = rgw_idpool_next(pool, &id)) != NULL; found++) {
		assert_ptr_equal(owner, &owners[id]);
		if (id % 2 == 0)
			rgw_idpool_answered(pool, (uint8_t)id);
	}
	assert_int_equal(found, 254);
	assert_int_equal(rgw_idpool_busy(pool), 128);
}

/* P-ID-2: the one that has been free longest comes first. */
static void
least_recently_used_first(void **state)
{
	struct rgw_idpool *pool = *state;
	uint8_t order[255];

	for (size_t i = 0; i < 255; i++) {
		order[i] = rgw_idpool_take(pool, pool, 0);
		send_as(pool, order[i], 1);
	}
	for (size_t i = 0; i < 255; i++)
		rgw_idpool_answered(pool, order[(i * 101) % 255]);
	for (size_t i = 0; i < 255; i++)
		assert_int_equal(rgw_idpool_take(pool, pool, 0), order[(i * 101) % 255]);
}

/* An answered identifier is not used again before the 254 others. */
static void
an_answered_one_goes_to_the_end(void **state)
{
	struct rgw_idpool *pool = *state;
	uint8_t first = rgw_idpool_take(pool, pool, 0);

	send_as(pool, first, 1);
	rgw_idpool_answered(pool, first);
	assert_null(rgw_idpool_find(pool, first)->owner);
	for (size_t i = 0; i < 254; i++)
		assert_int_not_equal(rgw_idpool_take(pool, pool, 0), first);
	assert_int_equal(rgw_idpool_take(pool, pool, 0), first);
}

/* P-ID-1, P-ID-5: one that was given up rests behind all that are free. */
static void
one_given_up_rests(void **state)
{
	struct rgw_idpool *pool = *state;
	uint8_t first = rgw_idpool_take(pool, pool, 0);

	send_as(pool, first, 1);
	rgw_idpool_given_up(pool, first, 0);
	assert_int_equal(rgw_idpool_find(pool, first)->state, RGW_ID_RESTING);
	assert_null(rgw_idpool_find(pool, first)->owner);
	assert_int_equal(rgw_idpool_busy(pool), 0);
	for (size_t i = 0; i < 3 * 254; i++) {
		uint8_t id = rgw_idpool_take(pool, pool, 1);

		assert_int_not_equal(id, first);
		rgw_idpool_answered(pool, id);
	}
}

/* When nothing else is left it serves a second request, and both authenticators are known. */
static void
a_resting_one_is_used_again_in_need(void **state)
{
	struct rgw_idpool *pool = *state;
	uint8_t first = rgw_idpool_take(pool, pool, 0);
	uint8_t one[16];
	uint8_t two[16];

	send_as(pool, first, 1);
	rgw_idpool_given_up(pool, first, 0);
	for (size_t i = 0; i < 254; i++)
		assert_int_not_equal(rgw_idpool_take(pool, pool, 0), 0);
	assert_true(rgw_idpool_available(pool, 1));
	assert_int_equal(rgw_idpool_take(pool, pool, 1), first);
	send_as(pool, first, 2);
	auth_of(1, one);
	auth_of(2, two);
	assert_memory_equal(rgw_idpool_find(pool, first)->now.auth, two, 16);
	assert_memory_equal(rgw_idpool_find(pool, first)->before.auth, one, 16);
	/* A third one would push out the first, whose answer may still come: not before that. */
	rgw_idpool_given_up(pool, first, 2);
	assert_false(rgw_idpool_available(pool, REST - 1));
	assert_int_equal(rgw_idpool_take(pool, pool, REST - 1), 0);
	assert_true(rgw_idpool_available(pool, REST));
	assert_int_equal(rgw_idpool_take(pool, pool, REST), first);
	assert_memory_equal(rgw_idpool_find(pool, first)->before.auth, two, 16);
}

/* An answer settles a request: what came before it is what must be kept. */
static void
an_answer_does_not_push_out_a_late_one(void **state)
{
	struct rgw_idpool *pool = *state;
	uint8_t one[16];
	uint8_t id = rgw_idpool_take(pool, pool, 0);

	send_as(pool, id, 1);
	rgw_idpool_given_up(pool, id, 0);
	for (size_t i = 0; i < 254; i++)
		rgw_idpool_take(pool, pool, 0);
	for (uint32_t serial = 2; serial < 6; serial++) {
		assert_int_equal(rgw_idpool_take(pool, pool, 1), id);
		send_as(pool, id, serial);
		auth_of(1, one);
		assert_memory_equal(rgw_idpool_find(pool, id)->before.auth, one, 16);
		rgw_idpool_answered(pool, id);
	}
}

/* Taken, but the packet could not be built: as if nothing had been. */
static void
an_unused_one_forgets_nothing(void **state)
{
	struct rgw_idpool *pool = *state;
	uint8_t one[16];
	uint8_t id = rgw_idpool_take(pool, pool, 0);

	auth_of(1, one);
	send_as(pool, id, 1);
	rgw_idpool_given_up(pool, id, 0);
	for (size_t i = 0; i < 254; i++)
		rgw_idpool_take(pool, pool, 0);
	assert_int_equal(rgw_idpool_take(pool, pool, 1), id);
	rgw_idpool_unused(pool, id);
	assert_int_equal(rgw_idpool_busy(pool), 254);
	assert_null(rgw_idpool_find(pool, id)->owner);
	assert_memory_equal(rgw_idpool_find(pool, id)->now.auth, one, 16);
	assert_int_equal(rgw_idpool_take(pool, pool, 1), id);
	send_as(pool, id, 2);
	assert_memory_equal(rgw_idpool_find(pool, id)->before.auth, one, 16);
}

/*
 * The model: per identifier the requests that may still be answered, in a list without a bound. The
 * pool may keep only two of them, so it must never let a third one come to be.
 */
enum { MODEL_STEPS = 60000, ALIVE = 8 };

struct model_id {
	bool busy;
	uint32_t serial;         /* of the request it is busy with; 0 = taken, but not sent */
	uint32_t late[ALIVE];    /* requests given up whose answer may still come */
	rgw_ms until[ALIVE];
};

struct model {
	struct rgw_idpool *pool;
	struct help_rng rng;
	struct model_id id[256];
	uint8_t freed[4096];  /* ring of free identifiers, in the order in which they became so */
	size_t head;
	size_t tail;
	uint8_t busy[256];
	size_t n_busy;
	rgw_ms now;
	uint32_t serial;
	size_t reused;           /* resting ones taken before their rest was over */
	size_t refused;
};

static bool
knows(const struct rgw_id *slot, uint32_t serial)
{
	uint8_t auth[16];

	auth_of(serial, auth);
	return (slot->now.code != 0 && memcmp(slot->now.auth, auth, 16) == 0) ||
	    (slot->before.code != 0 && memcmp(slot->before.auth, auth, 16) == 0);
}

/* Every request that may be answered, late or not, must be recognised by its authenticator. */
static void
check_id(const struct model *m, uint8_t id)
{
	const struct model_id *mid = &m->id[id];
	const struct rgw_id *slot = rgw_idpool_find(m->pool, id);

	assert_int_equal(slot->state == RGW_ID_BUSY, mid->busy);
	assert_int_equal(slot->owner != NULL, mid->busy);
	if (mid->busy && mid->serial != 0)
		assert_true(knows(slot, mid->serial));
	for (size_t i = 0; i < ALIVE; i++)
		if (mid->late[i] != 0 && mid->until[i] > m->now)
			assert_true(knows(slot, mid->late[i]));
}

static void
model_free(struct model *m, uint8_t id)
{
	m->freed[m->head++ % sizeof m->freed] = id;
}

static void
model_take(struct model *m)
{
	bool available = rgw_idpool_available(m->pool, m->now);
	uint8_t id = rgw_idpool_take(m->pool, m, m->now);

	assert_int_equal(id != 0, available);
	if (id == 0) {
		assert_true(m->head == m->tail);
		m->refused++;
		return;
	}
	assert_false(m->id[id].busy);
	if (m->head != m->tail)
		assert_int_equal(id, m->freed[m->tail++ % sizeof m->freed]);
	else
		m->reused++;
	m->id[id].busy = true;
	m->id[id].serial = 0;
	m->busy[m->n_busy++] = id;
	if (help_below(&m->rng, 20) == 0)
		return;  /* sent later, or never */
	m->id[id].serial = ++m->serial;
	send_as(m->pool, id, m->serial);
}

static void
model_end(struct model *m)
{
	size_t at = help_below(&m->rng, (uint32_t)m->n_busy);
	uint8_t id = m->busy[at];
	struct model_id *mid = &m->id[id];

	m->busy[at] = m->busy[--m->n_busy];
	mid->busy = false;
	if (mid->serial == 0) {
		rgw_idpool_unused(m->pool, id);
		model_free(m, id);
	} else if (help_below(&m->rng, 4) > 0) {
		rgw_idpool_answered(m->pool, id);
		model_free(m, id);
	} else {
		size_t i = 0;

		while (mid->late[i] != 0 && mid->until[i] > m->now)
			assert_true(++i < ALIVE);
		mid->late[i] = mid->serial;
		mid->until[i] = m->now + REST;
		rgw_idpool_given_up(m->pool, id, m->now);
	}
	mid->serial = 0;
}

static void
against_a_simple_model(void **state)
{
	struct model *m = rgw_xcalloc(1, sizeof *m);

	(void)state;
	m->rng.state = 4711;
	m->pool = rgw_idpool_new(REST);
	assert_non_null(m->pool);
	for (unsigned id = 1; id < 256; id++)
		model_free(m, (uint8_t)id);
	for (size_t step = 0; step < MODEL_STEPS; step++) {
		/* Phases in which more is taken than ended, and the other way round. */
		bool filling = step / 1000 % 2 == 0;

		m->now += help_below(&m->rng, step / 5000 % 2 == 0 ? 3 : 400);
		if (m->n_busy == 0 || help_below(&m->rng, 10) < (filling ? 7u : 3u))
			model_take(m);
		else
			model_end(m);
		assert_int_equal(rgw_idpool_busy(m->pool), m->n_busy);
		assert_int_equal(rgw_idpool_find(m->pool, 0)->state, RGW_ID_FREE);
		for (unsigned id = 1; id < 256; id++)
			check_id(m, (uint8_t)id);
	}
	/* The interesting cases did occur. */
	assert_true(m->reused > 100);
	assert_true(m->refused > 100);
	rgw_idpool_free(m->pool);
	free(m);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* A late answer takes the reason to rest away: the identifier can be used again as often as one likes,
 * and the list of those that rest stays whole. */
static void
late_answer_ends_the_rest(void **state)
{
	static const uint8_t auth[RGW_AUTH_LEN] = { 1 };
	struct rgw_idpool *pool = *state;
	uint8_t ids[255];
	int owner;

	for (unsigned round = 0; round < 5; round++) {
		for (unsigned i = 0; i < 255; i++) {
			ids[i] = rgw_idpool_take(pool, &owner, 1000);
			assert_int_not_equal(ids[i], 0);
			rgw_idpool_sent(pool, ids[i], RGW_ACCESS_REQUEST, auth);
		}
		for (unsigned i = 0; i < 255; i++)
			rgw_idpool_given_up(pool, ids[i], 1000);
		/* From the middle, the end and the beginning of the list. */
		for (unsigned i = 0; i < 255; i++) {
			uint8_t id = ids[i % 3 == 0 ? i / 3 : i % 3 == 1 ? 85 + i / 3 : 254 - i / 3];

			assert_int_equal(rgw_idpool_find(pool, id)->state, RGW_ID_RESTING);
			rgw_idpool_late(pool, id, &rgw_idpool_find(pool, id)->now, 1001);
			assert_int_equal(rgw_idpool_find(pool, id)->state, RGW_ID_FREE);
		}
	}
}

/* Two requests of one identifier can still be answered: it rests until both have been. */
static void
late_answer_to_one_of_two(void **state)
{
	static const uint8_t auth[RGW_AUTH_LEN] = { 1 };
	struct rgw_idpool *pool = *state;
	uint8_t id = 0;
	int owner;

	/* All are given up once, and one of them a second time. */
	for (unsigned i = 0; i < 256; i++) {
		id = rgw_idpool_take(pool, &owner, 1000);
		assert_int_not_equal(id, 0);
		rgw_idpool_sent(pool, id, RGW_ACCESS_REQUEST, auth);
		if (i >= 254)
			rgw_idpool_given_up(pool, id, 1000);
	}
	rgw_idpool_late(pool, id, &rgw_idpool_find(pool, id)->before, 1001);
	assert_int_equal(rgw_idpool_find(pool, id)->state, RGW_ID_RESTING);
	rgw_idpool_late(pool, id, &rgw_idpool_find(pool, id)->now, 1001);
	assert_int_equal(rgw_idpool_find(pool, id)->state, RGW_ID_FREE);
}

/* All were given up twice, so none may be used again, but for one in the middle whose second request was
 * answered late. */
static void
late_answer_makes_one_usable(void **state)
{
	struct rgw_idpool *pool = *state;
	int owner;

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 255; i++)
			send_as(pool, rgw_idpool_take(pool, &owner, round), i);
		for (unsigned id = 1; id < 256; id++)
			rgw_idpool_given_up(pool, (uint8_t)id, round);
	}
	assert_false(rgw_idpool_available(pool, 2));
	assert_false(rgw_idpool_reusable(pool, 77, 2));
	rgw_idpool_late(pool, 77, &rgw_idpool_find(pool, 77)->now, 2);
	assert_true(rgw_idpool_reusable(pool, 77, 2));
	assert_true(rgw_idpool_available(pool, 2));
	assert_int_equal(rgw_idpool_take(pool, &owner, 2), 77);
	assert_int_equal(rgw_idpool_take(pool, &owner, 2), 0);
	/* While it is busy again, its other request can still be answered. */
	assert_false(rgw_idpool_reusable(pool, 77, 2));
	/* The rest are in their order, with nothing lost. */
	for (unsigned i = 0; i < 254; i++)
		assert_int_not_equal(rgw_idpool_take(pool, &owner, REST + 2), 0);
	assert_int_equal(rgw_idpool_take(pool, &owner, REST + 2), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gives_255_and_never_zero),
		TEST(owners_are_found_in_order),
		TEST(least_recently_used_first),
		TEST(an_answered_one_goes_to_the_end),
		TEST(one_given_up_rests),
		TEST(a_resting_one_is_used_again_in_need),
		TEST(an_answer_does_not_push_out_a_late_one),
		TEST(an_unused_one_forgets_nothing),
		cmocka_unit_test(against_a_simple_model),
		TEST(late_answer_ends_the_rest),
		TEST(late_answer_to_one_of_two),
		TEST(late_answer_makes_one_usable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
