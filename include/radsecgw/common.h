/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_COMMON_H
#define RADSECGW_COMMON_H

#include "radsecgw/conf.h"
#include "radsecgw/hash.h"
#include "radsecgw/nastable.h"
#include "radsecgw/quota.h"

/*
 * What the workers of one process have in common beside the configuration: how many connections peers have opened,
 * whose limits hold for all workers together, where NASes and sessions are, and the key of the hashes by which workers
 * choose, so that the same thing is chosen wherever the same request arrives. It is made before the first worker and
 * freed after the last; each engine borrows it.
 */
struct rgw_common {
	struct rgw_hashkey salt;
	struct rgw_nastable nases;   /* where NASes and sessions are */
	struct rgw_quota incoming;   /* number of connections that peers have opened, in all ... */
	struct rgw_quota **listens;  /* owned: ... on the addresses of each [listen], by its id ... */
	struct rgw_quota **peers;    /* owned: ... and by each [peer]; ids that no section has had have NULL */
	uint32_t n_listens;
	uint32_t n_peers;
};

/* Makes what workers have in common. The limits are those of the configuration, which is not looked at again. */
struct rgw_common *rgw_common_new(const struct rgw_conf *conf, const struct rgw_hashkey *salt);
/* Takes up the limits of a newer configuration, which is not looked at again, and makes room for its ids. Quotas never
 * move and are never freed before the end, so that who works with one needs no notice. No engine may adopt an edition
 * meanwhile. */
void rgw_common_adopt(struct rgw_common *common, const struct rgw_conf *conf);
/* NULL is ignored. */
void rgw_common_free(struct rgw_common *common);

#endif
