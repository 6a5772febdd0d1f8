/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/admission.h"

#include <stdlib.h>
#include <string.h>

/* Addresses without connections that are remembered for their rate. Whoever has more addresses than
 * that is held by the rate of all. */
#define IDLE_MAX 4096

struct rgw_admitted {
	struct rgw_hnode node;
	struct rgw_link idle;
	struct rgw_prefix who;
	struct rgw_bucket rate;
	uint32_t n;  /* connections */
};

static struct rgw_prefix
who_of(const struct rgw_addr *from)
{
	struct rgw_prefix who = { .family = from->family, .bits = from->family == 4 ? 32 : 64 };

	memcpy(who.ip, from->ip, who.bits / 8);
	return who;
}

void
rgw_admission_init(struct rgw_admission *a, const struct rgw_conf_gateway *conf,
    struct rgw_quota *all, const struct rgw_hashkey *hashkey, rgw_ms now)
{
	const struct rgw_rate *rate = &conf->connect_rate;

	*a = (struct rgw_admission){
		.all = all,
		.max_per_address = conf->max_connections_per_address,
		.rate_per_address = conf->connect_rate_per_address,
		.hashkey = *hashkey,
	};
	rgw_bucket_init(&a->rate, rate->events, rate->period, rate->burst, now);
	rgw_htab_init(&a->tab);
	rgw_link_init(&a->idle);
}

static void
forget(struct rgw_admission *a, struct rgw_admitted *e)
{
	rgw_htab_remove(&a->tab, &e->node);
	rgw_link_remove(&e->idle);
	a->n_idle--;
	free(e);
}

void
rgw_admission_fini(struct rgw_admission *a)
{
	struct rgw_link *l;

	while ((l = rgw_list_first(&a->idle)) != NULL)
		forget(a, RGW_CONTAINER(l, struct rgw_admitted, idle));
	rgw_htab_fini(&a->tab);
}

static struct rgw_admitted *
find(const struct rgw_admission *a, const struct rgw_prefix *who, uint64_t hash)
{
	struct rgw_hnode *node;

	for (node = rgw_htab_first(&a->tab, hash); node != NULL; node = rgw_htab_next(node)) {
		struct rgw_admitted *e = RGW_CONTAINER(node, struct rgw_admitted, node);

		if (memcmp(&e->who, who, sizeof *who) == 0)
			return e;
	}
	return NULL;
}

static struct rgw_admitted *
get(struct rgw_admission *a, const struct rgw_addr *from, rgw_ms now)
{
	const struct rgw_rate *rate = &a->rate_per_address;
	struct rgw_prefix who = who_of(from);
	uint64_t hash = rgw_siphash(&a->hashkey, &who, sizeof who);
	struct rgw_admitted *e = find(a, &who, hash);

	if (e != NULL) {
		/* It came last: to the end of those that may be forgotten. */
		if (e->n == 0) {
			rgw_link_remove(&e->idle);
			rgw_list_append(&a->idle, &e->idle);
		}
		return e;
	}
	if (a->n_idle >= IDLE_MAX)
		forget(a, RGW_CONTAINER(rgw_list_first(&a->idle), struct rgw_admitted, idle));
	e = calloc(1, sizeof *e);
	if (e == NULL)
		return NULL;
	e->who = who;
	rgw_bucket_init(&e->rate, rate->events, rate->period, rate->burst, now);
	rgw_link_init(&e->idle);
	if (!rgw_htab_add(&a->tab, &e->node, hash)) {
		free(e);
		return NULL;
	}
	rgw_list_append(&a->idle, &e->idle);
	a->n_idle++;
	return e;
}

enum rgw_admit
rgw_admission_enter(struct rgw_admission *a, const struct rgw_addr *from, rgw_ms now,
    struct rgw_admitted **out)
{
	struct rgw_admitted *e;

	if (rgw_quota_is_full(a->all))
		return RGW_ADMIT_MAX;
	e = get(a, from, now);
	if (e == NULL)
		return RGW_ADMIT_NO_MEMORY;
	if (e->n >= a->max_per_address)
		return RGW_ADMIT_MAX_PER_ADDRESS;
	if (!rgw_bucket_take(&e->rate, now))
		return RGW_ADMIT_RATE_PER_ADDRESS;
	if (!rgw_bucket_take(&a->rate, now))
		return RGW_ADMIT_RATE;
	/* Last, so that nobody who is denied holds a place meanwhile; another worker may be faster. */
	if (!rgw_quota_take(a->all))
		return RGW_ADMIT_MAX;
	if (e->n++ == 0) {
		rgw_link_remove(&e->idle);
		a->n_idle--;
	}
	*out = e;
	return RGW_ADMIT_OK;
}

void
rgw_admission_leave(struct rgw_admission *a, struct rgw_admitted *e)
{
	rgw_quota_give(a->all);
	if (--e->n > 0)
		return;
	if (a->n_idle >= IDLE_MAX)
		forget(a, RGW_CONTAINER(rgw_list_first(&a->idle), struct rgw_admitted, idle));
	rgw_list_append(&a->idle, &e->idle);
	a->n_idle++;
}
