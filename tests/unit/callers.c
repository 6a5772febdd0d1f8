/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "callers.h"

#include "helpers.h"

static const struct rgw_hashkey hashkey = { 1, 2 };

struct rgw_admission_limits
callers_limits(uint32_t per_address, uint32_t half_open, uint32_t half_open_per_address)
{
	return (struct rgw_admission_limits){ .per_address = per_address, .half_open = half_open,
		.half_open_per_address = half_open_per_address };
}

void
callers_init(struct rgw_admission *a, const struct rgw_admission_limits *l, rgw_ms now)
{
	rgw_admission_init(a, l, &hashkey, now);
}

struct rgw_addr
callers_addr(const char *text)
{
	struct rgw_addr out;

	assert_true(rgw_addr_parse(text, 40000, &out));
	return out;
}

struct rgw_addr
callers_numbered(uint32_t n)
{
	return (struct rgw_addr){ .family = 4, .port = 1,
		.ip = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n } };
}

/* Half-open connections are as many as the classes say, in the order of their age, and not too many. */
void
callers_audit(const struct rgw_admission *a)
{
	for (size_t i = 0; i < RGW_CLASSES; i++) {
		const struct rgw_admission_class *c = &a->classes[i];
		rgw_ms before = 0;
		uint32_t n = 0;

		for (struct rgw_link *l = c->half_open.next; l != &c->half_open; l = l->next) {
			const struct rgw_visit *v = RGW_CONTAINER(l, struct rgw_visit, age);

			assert_true(v->half_open);
			assert_true(v->since >= before);
			assert_int_equal(rgw_admission_class_of(v), i);
			assert_in_range(rgw_admission_held(v), 1, a->limits.half_open_per_address);
			before = v->since;
			n++;
		}
		assert_int_equal(n, c->n_half_open);
		assert_in_range(n, 0, a->limits.half_open);
	}
}

/* Of those that are old enough, nobody holds more than the one that gives way; if none is, it is young. */
static void
check_fairness(const struct rgw_admission *a, const struct rgw_visit *evict, rgw_ms now)
{
	const struct rgw_admission_class *c = &a->classes[rgw_admission_class_of(evict)];

	for (struct rgw_link *l = c->half_open.next; l != &c->half_open; l = l->next) {
		const struct rgw_visit *v = RGW_CONTAINER(l, struct rgw_visit, age);

		if (now - v->since < RGW_SETTLE_MS)
			continue;
		assert_true(now - evict->since >= RGW_SETTLE_MS);
		assert_true(rgw_admission_held(evict) >= rgw_admission_held(v));
	}
}

enum rgw_admit
callers_come(struct rgw_admission *a, const struct rgw_addr *from, bool named, rgw_ms now,
    struct rgw_visit *visit, struct rgw_visit **evicted)
{
	struct rgw_caller *caller = NULL;
	struct rgw_visit *evict = NULL;
	enum rgw_admit verdict = rgw_admission_ask(a, from, named, now, &caller, &evict);

	if (verdict == RGW_ADMIT_OK) {
		if (evict != NULL)
			check_fairness(a, evict, now);
		rgw_admission_enter(a, caller, visit, now);
		assert_ptr_not_equal(evict, visit);
		if (evict != NULL)
			rgw_admission_leave(a, evict, now);
	} else {
		assert_null(caller);
		assert_null(evict);
	}
	if (evicted != NULL)
		*evicted = evict;
	callers_audit(a);
	return verdict;
}

enum rgw_admit
callers_enter(struct rgw_admission *a, const char *from, rgw_ms now, struct rgw_visit *visit)
{
	struct rgw_addr who = callers_addr(from);
	struct rgw_visit *evicted;
	enum rgw_admit verdict = callers_come(a, &who, false, now, visit, &evicted);

	assert_null(evicted);
	return verdict;
}

void
callers_expect_evicted(struct rgw_admission *a, const char *from, rgw_ms now, struct rgw_visit *visit,
    const struct rgw_visit *victim)
{
	struct rgw_addr who = callers_addr(from);
	struct rgw_visit *evicted;

	assert_int_equal(callers_come(a, &who, false, now, visit, &evicted), RGW_ADMIT_OK);
	assert_ptr_equal(evicted, victim);
}

enum rgw_admit
callers_visit(struct rgw_admission *a, const struct rgw_addr *from, rgw_ms now)
{
	struct rgw_visit v;
	enum rgw_admit verdict = callers_come(a, from, false, now, &v, NULL);

	if (verdict == RGW_ADMIT_OK)
		rgw_admission_leave(a, &v, now);
	return verdict;
}

void
callers_prove(struct rgw_admission *a, const char *from, rgw_ms now)
{
	struct rgw_visit v;

	assert_int_equal(callers_enter(a, from, now, &v), RGW_ADMIT_OK);
	assert_true(rgw_admission_identified(a, &v, now));
	rgw_admission_leave(a, &v, now);
}

void
callers_end(struct rgw_admission *a)
{
	struct rgw_visit *v;

	while ((v = rgw_admission_any(a)) != NULL)
		rgw_admission_leave(a, v, 0);
	callers_audit(a);
	assert_int_equal(a->tab.count, a->n_idle[0] + a->n_idle[1]);
	rgw_admission_fini(a);
}
