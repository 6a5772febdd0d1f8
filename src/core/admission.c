/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/admission.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/mem.h"

/*
 * Admission decides who may open one more connection to us, and who makes room for it (P-TCP-48, P-TLS-24,
 * P-TLS-25). A worker owns one; see radsecgw/admission.h for its rules.
 */

struct rgw_caller {
	struct rgw_hnode node;
	struct rgw_link idle;         /* without connections: among those like it */
	bool rests_proven;            /* ... namely among the proven ones */
	bool named;                   /* the configuration names it, as was said last */
	struct rgw_prefix who;
	rgw_ms proven_until;          /* 0 = never was */
	enum rgw_class class;
	struct rgw_bucket rate;
	uint32_t asked;               /* how often it asked for a token of its class of late ... */
	rgw_ms asked_at;              /* ... and when that was halved */
	uint32_t n;                   /* connections */
	uint32_t n_half_open;
	struct rgw_link half_open;    /* those, oldest first */
	struct rgw_link holder;       /* half-open ones: among the addresses that hold as many */
};

/* The hash table takes two pointers for each address at the most. */
_Static_assert(sizeof(struct rgw_caller) + 2 * sizeof(void *) <= RGW_ADDRESS_OCTETS, "as the manual says");

struct rgw_prefix
rgw_admission_network(const struct rgw_addr *addr)
{
	struct rgw_prefix who = { .family = addr->family, .bits = addr->family == 4 ? 32 : 64 };

	memcpy(who.ip, addr->ip, who.bits / 8);
	return who;
}

/* An address may hold from no half-open connection to one too many, which is there until the one that gives way has
 * left. With smaller limits the numbers that there were stay. */
static void
make_holders(struct rgw_admission_class *c, uint32_t most)
{
	struct rgw_link *old = c->holders;
	struct rgw_link *l;

	if (most + 2 <= c->n_holders)
		return;
	c->holders = rgw_xcalloc((size_t)most + 2, sizeof *c->holders);
	for (uint32_t n = 0; n < most + 2; n++) {
		rgw_link_init(&c->holders[n]);
		while (n < c->n_holders && (l = rgw_list_pop(&old[n])) != NULL)
			rgw_list_append(&c->holders[n], l);
	}
	c->n_holders = most + 2;
	free(old);
}

void
rgw_admission_init(struct rgw_admission *a, const struct rgw_admission_limits *limits,
    const struct rgw_hashkey *hashkey, rgw_ms now)
{
	const struct rgw_rate *rate = &limits->rate;

	*a = (struct rgw_admission){ .limits = *limits, .hashkey = *hashkey };
	rgw_htab_init(&a->tab);
	for (size_t i = 0; i < RGW_CLASSES; i++) {
		struct rgw_admission_class *c = &a->classes[i];

		rgw_bucket_init(&c->rate, rate->events, rate->period, rate->burst, now);
		rgw_link_init(&c->half_open);
		make_holders(c, limits->half_open_per_address);
	}
	rgw_link_init(&a->idle[false]);
	rgw_link_init(&a->idle[true]);
}

void
rgw_admission_change(struct rgw_admission *a, const struct rgw_admission_limits *limits, rgw_ms now)
{
	a->limits = *limits;
	for (size_t i = 0; i < RGW_CLASSES; i++) {
		rgw_bucket_change(&a->classes[i].rate, &limits->rate, now);
		make_holders(&a->classes[i], limits->half_open_per_address);
	}
}

/* ---- addresses ---- */

static void
wake(struct rgw_admission *a, struct rgw_caller *caller)
{
	rgw_link_remove(&caller->idle);
	a->n_idle[caller->rests_proven]--;
}

static void
forget(struct rgw_admission *a, struct rgw_caller *caller)
{
	wake(a, caller);
	rgw_htab_remove(&a->tab, &caller->node);
	free(caller);
}

/* Remembers an address without connections as the one that was used last. */
static void
rest(struct rgw_admission *a, struct rgw_caller *caller, rgw_ms now)
{
	bool proven = caller->proven_until > now;

	if (a->n_idle[proven] >= RGW_ADDRESSES_IDLE)
		forget(a, RGW_CONTAINER(rgw_list_first(&a->idle[proven]), struct rgw_caller, idle));
	caller->rests_proven = proven;
	rgw_list_append(&a->idle[proven], &caller->idle);
	a->n_idle[proven]++;
}

void
rgw_admission_fini(struct rgw_admission *a)
{
	struct rgw_link *l;

	for (size_t i = 0; i < 2; i++)
		while ((l = rgw_list_first(&a->idle[i])) != NULL)
			forget(a, RGW_CONTAINER(l, struct rgw_caller, idle));
	for (size_t i = 0; i < RGW_CLASSES; i++)
		free(a->classes[i].holders);
	rgw_htab_fini(&a->tab);
}

static struct rgw_caller *
find(const struct rgw_admission *a, const struct rgw_prefix *who, uint64_t hash)
{
	struct rgw_hnode *node;

	for (node = rgw_htab_first(&a->tab, hash); node != NULL; node = rgw_htab_next(node)) {
		struct rgw_caller *caller = RGW_CONTAINER(node, struct rgw_caller, node);

		if (memcmp(&caller->who, who, sizeof *who) == 0)
			return caller;
	}
	return NULL;
}

static struct rgw_caller *
get(struct rgw_admission *a, const struct rgw_addr *from, rgw_ms now)
{
	const struct rgw_rate *rate = &a->limits.rate_per_address;
	struct rgw_prefix who = rgw_admission_network(from);
	uint64_t hash = rgw_siphash(&a->hashkey, &who, sizeof who);
	struct rgw_caller *caller = find(a, &who, hash);

	if (caller != NULL) {
		rgw_bucket_change(&caller->rate, rate, now);
		if (caller->n == 0) {
			wake(a, caller);
			rest(a, caller, now);
		}
		return caller;
	}
	caller = calloc(1, sizeof *caller);
	if (caller == NULL)
		return NULL;
	caller->who = who;
	caller->asked_at = now;
	rgw_bucket_init(&caller->rate, rate->events, rate->period, rate->burst, now);
	rgw_link_init(&caller->idle);
	rgw_link_init(&caller->half_open);
	rgw_link_init(&caller->holder);
	if (!rgw_htab_add(&a->tab, &caller->node, hash)) {
		free(caller);
		return NULL;
	}
	rest(a, caller, now);
	return caller;
}

/* ---- half-open connections ---- */

/* Moves an address to the others that hold as many half-open connections, after that number has changed. */
static void
place(struct rgw_admission *a, struct rgw_caller *caller)
{
	rgw_link_remove(&caller->holder);
	if (caller->n_half_open > 0)
		rgw_list_append(&a->classes[caller->class].holders[caller->n_half_open], &caller->holder);
}

static void
end_half_open(struct rgw_admission *a, struct rgw_visit *visit)
{
	struct rgw_caller *caller = visit->from;

	visit->half_open = false;
	rgw_link_remove(&visit->age);
	rgw_link_remove(&visit->link);
	a->classes[caller->class].n_half_open--;
	caller->n_half_open--;
	place(a, caller);
}

/* Takes in a half-open connection from the other class, in its place by age. */
static void
insert_by_age(struct rgw_admission_class *c, struct rgw_visit *visit)
{
	struct rgw_link *at = c->half_open.prev;

	while (at != &c->half_open && RGW_CONTAINER(at, struct rgw_visit, age)->since > visit->since)
		at = at->prev;
	rgw_list_prepend(at, &visit->age);
	c->n_half_open++;
}

/* The class of an address follows what is known of it now. With half-open connections it changes only if
 * the other class has places for them, so that no class has more than it may. */
static void
classify(struct rgw_admission *a, struct rgw_caller *caller, rgw_ms now)
{
	enum rgw_class class = caller->named || caller->proven_until > now ? RGW_KNOWN : RGW_STRANGERS;
	struct rgw_admission_class *to = &a->classes[class];

	if (class == caller->class || to->n_half_open + caller->n_half_open > a->limits.half_open)
		return;
	a->classes[caller->class].n_half_open -= caller->n_half_open;
	caller->class = class;
	caller->asked = 0;
	for (struct rgw_link *l = caller->half_open.next; l != &caller->half_open; l = l->next) {
		struct rgw_visit *visit = RGW_CONTAINER(l, struct rgw_visit, link);

		rgw_link_remove(&visit->age);
		insert_by_age(to, visit);
	}
	place(a, caller);
}

static bool
is_settled(const struct rgw_visit *visit, rgw_ms now)
{
	return now - visit->since >= RGW_SETTLE_MS;
}

/* Which of its half-open connections an address gives up; NULL = it has none of that age. A handshake takes a
 * few round trips, so the longer a connection has been at it, the less likely it succeeds. */
static struct rgw_visit *
weakest(const struct rgw_caller *caller, bool settled, rgw_ms now)
{
	struct rgw_visit *shaking = NULL;

	for (struct rgw_link *l = caller->half_open.next; l != &caller->half_open; l = l->next) {
		struct rgw_visit *visit = RGW_CONTAINER(l, struct rgw_visit, link);

		if (settled && !is_settled(visit, now))
			break;
		if (!visit->shaking)
			return visit;
		if (shaking == NULL)
			shaking = visit;
	}
	return shaking;
}

/* The connection that makes room when a class has no place left: it belongs to the address that holds most or,
 * of several, to the one that has held as many for longest. */
static struct rgw_visit *
weakest_of(const struct rgw_admission_class *c, rgw_ms now)
{
	const struct rgw_visit *oldest = RGW_CONTAINER(c->half_open.next, struct rgw_visit, age);
	bool settled = is_settled(oldest, now);

	for (uint32_t n = c->n_holders - 1; n > 0; n--) {
		const struct rgw_link *head = &c->holders[n];

		for (struct rgw_link *l = head->next; l != head; l = l->next) {
			struct rgw_visit *visit =
			    weakest(RGW_CONTAINER(l, struct rgw_caller, holder), settled, now);

			if (visit != NULL)
				return visit;
		}
	}
	return NULL;
}

struct rgw_visit *
rgw_admission_surplus(const struct rgw_admission *a, rgw_ms now)
{
	for (size_t i = 0; i < RGW_CLASSES; i++) {
		const struct rgw_admission_class *c = &a->classes[i];

		for (uint32_t n = c->n_holders - 1; n > a->limits.half_open_per_address; n--)
			if (!rgw_list_empty(&c->holders[n]))
				return weakest(RGW_CONTAINER(c->holders[n].next, struct rgw_caller, holder), false,
				    now);
		if (c->n_half_open > a->limits.half_open)
			return weakest_of(c, now);
	}
	return NULL;
}

/* ---- one connection ---- */

/* Takes a token of the class, if the address may have one. An address that asks in vain has asked, too: else a
 * storm that gets nothing would look like so many newcomers. */
static bool
take_token(struct rgw_admission *a, struct rgw_caller *caller, rgw_ms now)
{
	struct rgw_bucket *bucket = &a->classes[caller->class].rate;
	rgw_ms halves = (now - caller->asked_at) / RGW_ASKED_HALF_MS;
	uint32_t left = rgw_bucket_left(bucket, now);
	uint32_t asked = halves < 32 ? caller->asked >> halves : 0;

	caller->asked = asked + 1;
	caller->asked_at += halves * RGW_ASKED_HALF_MS;
	return (left > bucket->burst / 2 || asked <= left / 2) && rgw_bucket_take(bucket, now);
}

/* May this address open one more connection? The first questions change nothing, so that a refusal costs no
 * token. `own` becomes a connection of this address that gives way to the new one. */
static enum rgw_admit
judge(struct rgw_admission *a, struct rgw_caller *caller, rgw_ms now, struct rgw_visit **own)
{
	if (caller->n_half_open >= a->limits.half_open_per_address) {
		*own = weakest(caller, true, now);
		if (*own == NULL)
			return RGW_ADMIT_HALF_OPEN_PER_ADDRESS;
	}
	if (!rgw_bucket_take(&caller->rate, now))
		return RGW_ADMIT_RATE_PER_ADDRESS;
	if (!take_token(a, caller, now))
		return caller->class == RGW_KNOWN ? RGW_ADMIT_RATE_KNOWN : RGW_ADMIT_RATE_STRANGERS;
	return RGW_ADMIT_OK;
}

enum rgw_admit
rgw_admission_ask(struct rgw_admission *a, const struct rgw_addr *from, bool named, rgw_ms now,
    struct rgw_caller **out, struct rgw_visit **evict)
{
	const struct rgw_admission_class *c;
	struct rgw_caller *caller;
	struct rgw_visit *own = NULL;
	enum rgw_admit verdict;

	caller = get(a, from, now);
	if (caller == NULL)
		return RGW_ADMIT_NO_MEMORY;
	caller->named = named;
	classify(a, caller, now);
	verdict = judge(a, caller, now, &own);
	if (verdict != RGW_ADMIT_OK)
		return verdict;
	c = &a->classes[caller->class];
	*out = caller;
	*evict = own == NULL && c->n_half_open >= a->limits.half_open ? weakest_of(c, now) : own;
	return RGW_ADMIT_OK;
}

void
rgw_admission_enter(struct rgw_admission *a, struct rgw_caller *caller, struct rgw_visit *visit,
    rgw_ms now)
{
	struct rgw_admission_class *c = &a->classes[caller->class];

	*visit = (struct rgw_visit){ .from = caller, .since = now, .half_open = true };
	rgw_list_append(&c->half_open, &visit->age);
	c->n_half_open++;
	rgw_list_append(&caller->half_open, &visit->link);
	caller->n_half_open++;
	place(a, caller);
	if (caller->n++ == 0)
		wake(a, caller);
}

bool
rgw_admission_identified(struct rgw_admission *a, struct rgw_visit *visit, rgw_ms now)
{
	struct rgw_caller *caller = visit->from;

	if (caller->n - caller->n_half_open >= a->limits.per_address)
		return false;
	end_half_open(a, visit);
	caller->proven_until = now + RGW_PROVEN_MS;
	classify(a, caller, now);
	return true;
}

void
rgw_admission_leave(struct rgw_admission *a, struct rgw_visit *visit, rgw_ms now)
{
	struct rgw_caller *caller = visit->from;

	if (visit->half_open)
		end_half_open(a, visit);
	visit->from = NULL;
	if (--caller->n == 0)
		rest(a, caller, now);
}

bool
rgw_admission_is_connected(const struct rgw_admission *a, const struct rgw_addr *from)
{
	struct rgw_prefix who = rgw_admission_network(from);
	const struct rgw_caller *caller = find(a, &who, rgw_siphash(&a->hashkey, &who, sizeof who));

	return caller != NULL && caller->n > caller->n_half_open;
}

uint32_t
rgw_admission_held(const struct rgw_visit *visit)
{
	return visit->from->n_half_open;
}

enum rgw_class
rgw_admission_class_of(const struct rgw_visit *visit)
{
	return visit->from->class;
}

struct rgw_visit *
rgw_admission_any(const struct rgw_admission *a)
{
	for (size_t i = 0; i < RGW_CLASSES; i++) {
		struct rgw_link *l = rgw_list_first(&a->classes[i].half_open);

		if (l != NULL)
			return RGW_CONTAINER(l, struct rgw_visit, age);
	}
	return NULL;
}
