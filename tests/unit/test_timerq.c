/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/timerq.h"

#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/list.h"
#include "radsecgw/mem.h"

/* A timer that notes in which order and when it fired. */
struct probe {
	struct rgw_timer timer;
	struct rgw_timerq *q;
	unsigned *clock;   /* counts all firings */
	unsigned order;    /* value of the clock at the last firing; 0 = never */
	unsigned fired;
	rgw_ms again;      /* sets itself to this time, once; RGW_NEVER = not */
	struct probe *kill;  /* unsets this one, or NULL */
};

static void
on_fire(struct rgw_timer *t, rgw_ms now)
{
	struct probe *p = RGW_CONTAINER(t, struct probe, timer);

	(void)now;
	assert_false(rgw_timer_is_set(t));
	p->order = ++*p->clock;
	p->fired++;
	if (p->kill != NULL)
		rgw_timer_unset(p->q, &p->kill->timer);
	if (p->again != RGW_NEVER) {
		rgw_timer_set(p->q, t, p->again);
		p->again = RGW_NEVER;
	}
}

static void
probe_init(struct probe *p, struct rgw_timerq *q, unsigned *clock)
{
	*p = (struct probe){ .q = q, .clock = clock, .again = RGW_NEVER };
	rgw_timer_init(&p->timer, on_fire);
}

static void
an_empty_queue_never_fires(void **state)
{
	struct rgw_timerq q;

	(void)state;
	rgw_timerq_init(&q);
	assert_true(rgw_timerq_next(&q) == RGW_NEVER);
	rgw_timerq_run(&q, RGW_NEVER);
	rgw_timerq_run(&q, 0);
}

static void
fires_when_due_and_once(void **state)
{
	struct rgw_timerq q;
	struct probe p;
	unsigned clock = 0;

	(void)state;
	rgw_timerq_init(&q);
	probe_init(&p, &q, &clock);
	assert_false(rgw_timer_is_set(&p.timer));
	rgw_timer_set(&q, &p.timer, 100);
	assert_true(rgw_timer_is_set(&p.timer));
	assert_int_equal(rgw_timerq_next(&q), 100);
	rgw_timerq_run(&q, 99);
	assert_int_equal(p.fired, 0);
	rgw_timerq_run(&q, 100);
	assert_int_equal(p.fired, 1);
	assert_true(rgw_timerq_next(&q) == RGW_NEVER);
	rgw_timerq_run(&q, 1000);
	assert_int_equal(p.fired, 1);
}

static void
never_unsets_and_unsetting_twice_is_fine(void **state)
{
	struct rgw_timerq q;
	struct probe p;
	unsigned clock = 0;

	(void)state;
	rgw_timerq_init(&q);
	probe_init(&p, &q, &clock);
	rgw_timer_unset(&q, &p.timer);
	rgw_timer_set(&q, &p.timer, 5);
	rgw_timer_set(&q, &p.timer, RGW_NEVER);
	rgw_timer_unset(&q, &p.timer);
	assert_false(rgw_timer_is_set(&p.timer));
	assert_true(rgw_timerq_next(&q) == RGW_NEVER);
	rgw_timerq_run(&q, 1000);
	assert_int_equal(p.fired, 0);
}

static void
moves_earlier_and_later(void **state)
{
	struct rgw_timerq q;
	struct probe p[3];
	unsigned clock = 0;

	(void)state;
	rgw_timerq_init(&q);
	for (size_t i = 0; i < 3; i++) {
		probe_init(&p[i], &q, &clock);
		rgw_timer_set(&q, &p[i].timer, 100 + 10 * i);
	}
	rgw_timer_set(&q, &p[2].timer, 50);   /* last becomes first */
	assert_int_equal(rgw_timerq_next(&q), 50);
	rgw_timer_set(&q, &p[2].timer, 200);  /* and last again */
	assert_int_equal(rgw_timerq_next(&q), 100);
	rgw_timer_set(&q, &p[0].timer, 150);
	assert_int_equal(rgw_timerq_next(&q), 110);
	rgw_timerq_run(&q, 300);
	assert_int_equal(p[1].order, 1);
	assert_int_equal(p[0].order, 2);
	assert_int_equal(p[2].order, 3);
}

static void
one_that_sets_itself_fires_again_in_the_same_run(void **state)
{
	struct rgw_timerq q;
	struct probe a;
	struct probe b;
	unsigned clock = 0;

	(void)state;
	rgw_timerq_init(&q);
	probe_init(&a, &q, &clock);
	probe_init(&b, &q, &clock);
	rgw_timer_set(&q, &a.timer, 10);
	rgw_timer_set(&q, &b.timer, 15);
	a.again = 20;
	rgw_timerq_run(&q, 20);
	assert_int_equal(a.fired, 2);
	assert_int_equal(b.order, 2);
	rgw_timer_set(&q, &a.timer, 30);
	a.again = 41;
	rgw_timerq_run(&q, 40);
	assert_int_equal(a.fired, 3);
	assert_int_equal(rgw_timerq_next(&q), 41);
}

static void
one_can_unset_another_that_is_due(void **state)
{
	struct rgw_timerq q;
	struct probe a;
	struct probe b;
	unsigned clock = 0;

	(void)state;
	rgw_timerq_init(&q);
	probe_init(&a, &q, &clock);
	probe_init(&b, &q, &clock);
	a.kill = &b;
	rgw_timer_set(&q, &a.timer, 10);
	rgw_timer_set(&q, &b.timer, 10);
	rgw_timer_set(&q, &a.timer, 9);
	rgw_timerq_run(&q, 10);
	assert_int_equal(a.fired, 1);
	assert_int_equal(b.fired, 0);
}

/* Thousands in ascending, descending and equal order: no recursion, and all come out. */
static void
many_timers(void **state)
{
	enum { N = 5000 };
	struct rgw_timerq q;
	struct probe *p = rgw_xcalloc(N, sizeof *p);

	(void)state;
	for (int shape = 0; shape < 3; shape++) {
		unsigned clock = 0;

		rgw_timerq_init(&q);
		for (size_t i = 0; i < N; i++) {
			probe_init(&p[i], &q, &clock);
			rgw_timer_set(&q, &p[i].timer, shape == 0 ? i : shape == 1 ? N - i : 7);
		}
		rgw_timerq_run(&q, N);
		assert_int_equal(clock, N);
		for (size_t i = 0; i < N; i++) {
			assert_int_equal(p[i].fired, 1);
			assert_true(shape == 2 || p[i].order == (shape == 0 ? i + 1 : N - i));
		}
	}
	free(p);
}

/*
 * The randomised comparison: the model is a plain array of deadlines. Each timer that fires must be
 * one with the smallest deadline of all, and due; it may then set itself or move another one.
 */
enum { MODEL_TIMERS = 200, MODEL_STEPS = 30000 };

struct model;

struct model_timer {
	struct rgw_timer timer;
	struct model *model;  /* borrowed */
	rgw_ms at;            /* what the model believes */
};

struct model {
	struct rgw_timerq q;
	struct help_rng rng;
	rgw_ms now;
	size_t fired;
	struct model_timer t[MODEL_TIMERS];
};

static rgw_ms
model_next(const struct model *m)
{
	rgw_ms first = RGW_NEVER;

	for (size_t i = 0; i < MODEL_TIMERS; i++)
		first = rgw_ms_min(first, m->t[i].at);
	return first;
}

static void
model_set(struct model *m, struct model_timer *t, rgw_ms at)
{
	t->at = at;
	rgw_timer_set(&m->q, &t->timer, at);
}

static void
model_fire(struct rgw_timer *timer, rgw_ms now)
{
	struct model_timer *t = RGW_CONTAINER(timer, struct model_timer, timer);
	struct model *m = t->model;
	struct model_timer *other = &m->t[help_below(&m->rng, MODEL_TIMERS)];

	assert_true(now == m->now);
	assert_true(t->at <= now && t->at == model_next(m));
	t->at = RGW_NEVER;
	m->fired++;
	switch (help_below(&m->rng, 8)) {
	case 0:
		model_set(m, t, now + 1 + help_below(&m->rng, 50));
		break;
	case 1:
		model_set(m, other, now + help_below(&m->rng, 50));
		break;
	case 2:
		model_set(m, other, RGW_NEVER);
		break;
	case 3:
		if (help_below(&m->rng, 4) == 0)
			model_set(m, t, now);  /* due at once, in this run */
		break;
	default:
		break;
	}
}

static void
compare_with_a_plain_array(void **state)
{
	struct model *m = rgw_xcalloc(1, sizeof *m);

	(void)state;
	m->rng.state = 20240607;
	rgw_timerq_init(&m->q);
	for (size_t i = 0; i < MODEL_TIMERS; i++) {
		m->t[i] = (struct model_timer){ .model = m, .at = RGW_NEVER };
		rgw_timer_init(&m->t[i].timer, model_fire);
	}
	for (size_t step = 0; step < MODEL_STEPS; step++) {
		struct model_timer *t = &m->t[help_below(&m->rng, MODEL_TIMERS)];
		uint32_t what = help_below(&m->rng, 20);

		if (what < 13) {
			model_set(m, t, m->now + help_below(&m->rng, 200));
		} else if (what < 17) {
			model_set(m, t, RGW_NEVER);
		} else {
			m->now += help_below(&m->rng, 30);
			rgw_timerq_run(&m->q, m->now);
			assert_true(model_next(m) > m->now);
		}
		assert_true(rgw_timerq_next(&m->q) == model_next(m));
		assert_int_equal(rgw_timer_is_set(&t->timer), t->at != RGW_NEVER);
	}
	assert_true(m->fired > MODEL_STEPS / 10);
	free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_queue_never_fires),
		cmocka_unit_test(fires_when_due_and_once),
		cmocka_unit_test(never_unsets_and_unsetting_twice_is_fine),
		cmocka_unit_test(moves_earlier_and_later),
		cmocka_unit_test(one_that_sets_itself_fires_again_in_the_same_run),
		cmocka_unit_test(one_can_unset_another_that_is_due),
		cmocka_unit_test(many_timers),
		cmocka_unit_test(compare_with_a_plain_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
