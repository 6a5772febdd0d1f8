/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TEST_CALLERS_H
#define RADSECGW_TEST_CALLERS_H

#include "radsecgw/admission.h"

/*
 * Connections that come and go. With each, all counts are looked at, and whether the one that has to make
 * room for another is the right one.
 */
struct rgw_admission_limits callers_limits(uint32_t per_address, uint32_t half_open,
    uint32_t half_open_per_address);
void callers_init(struct rgw_admission *a, const struct rgw_admission_limits *l, rgw_ms now);
/* All half-open connections leave; nothing may be left after it. */
void callers_end(struct rgw_admission *a);
void callers_audit(const struct rgw_admission *a);

struct rgw_addr callers_addr(const char *text);
/* The n-th of many IPv4 addresses. */
struct rgw_addr callers_numbered(uint32_t n);

/* Asks for a place, and enters if it may. Who has to go to make room leaves, and is noted in *evicted unless that is
 * NULL. */
enum rgw_admit callers_come(struct rgw_admission *a, const struct rgw_addr *from, bool named, rgw_ms now,
    struct rgw_visit *visit, struct rgw_visit **evicted);
/* The connection gets in, and nobody has to go. */
enum rgw_admit callers_enter(struct rgw_admission *a, const char *from, rgw_ms now, struct rgw_visit *visit);
/* The connection gets in, and this one has to go; NULL = nobody. */
void callers_expect_evicted(struct rgw_admission *a, const char *from, rgw_ms now, struct rgw_visit *visit,
    const struct rgw_visit *victim);
/* A connection that comes and goes at once. */
enum rgw_admit callers_visit(struct rgw_admission *a, const struct rgw_addr *from, rgw_ms now);
/* A peer proves its identity from there, and leaves. */
void callers_prove(struct rgw_admission *a, const char *from, rgw_ms now);

#endif
