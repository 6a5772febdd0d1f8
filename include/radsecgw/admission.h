/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_ADMISSION_H
#define RADSECGW_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "radsecgw/addr.h"
#include "radsecgw/conf.h"
#include "radsecgw/hash.h"
#include "radsecgw/list.h"
#include "radsecgw/quota.h"
#include "radsecgw/ratelimit.h"
#include "radsecgw/time.h"

/*
 * Who may open one more connection to us (P-TCP-48, P-TLS-24): limits on the number and on the rate,
 * in all and for one address. An address is an IPv4 address or an IPv6 /64, since nobody gets less
 * than that. Addresses are remembered in a table of bounded size: those with connections, and of the
 * others the ones that came last. Pure but for the memory of an entry. The number in all counts the
 * connections of all workers; an address meets one worker only.
 */
struct rgw_admission {
	struct rgw_quota *all;             /* borrowed: connections in all ... */
	uint32_t max_per_address;          /* ... and from one address */
	struct rgw_rate rate_per_address;
	struct rgw_bucket rate;
	struct rgw_hashkey hashkey;
	struct rgw_htab tab;
	struct rgw_link idle;              /* addresses without connections, longest unused first */
	uint32_t n_idle;
};

/* An address that is remembered; owned by the table. */
struct rgw_admitted;

enum rgw_admit {
	RGW_ADMIT_OK,
	RGW_ADMIT_MAX,
	RGW_ADMIT_MAX_PER_ADDRESS,
	RGW_ADMIT_RATE,
	RGW_ADMIT_RATE_PER_ADDRESS,
	RGW_ADMIT_NO_MEMORY,
};

/* Borrows the quota. */
void rgw_admission_init(struct rgw_admission *a, const struct rgw_conf_gateway *conf,
    struct rgw_quota *all, const struct rgw_hashkey *hashkey, rgw_ms now);
void rgw_admission_fini(struct rgw_admission *a);

/* One more connection. OK: it counts until *out is given to rgw_admission_leave. What one address is
 * denied takes nothing from the rate of all. */
enum rgw_admit rgw_admission_enter(struct rgw_admission *a, const struct rgw_addr *from, rgw_ms now,
    struct rgw_admitted **out);
void rgw_admission_leave(struct rgw_admission *a, struct rgw_admitted *entry);

#endif
