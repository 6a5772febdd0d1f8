/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_PRIVILEGES_H
#define RADSECGW_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#include "radsecgw/conf.h"
#include "radsecgw/log.h"

/* The numbers of a user, with those of its group, and of another group; NULL = not asked for, and what is not is left
 * as it is. Returns NULL, or which of the two is unknown. */
const char *rgw_privileges_find(const char *user, const char *group, uid_t *uid, gid_t *gid);

/* Becomes the configured user and group for good, if any are configured, and gives up the chance of
 * new rights (no_new_privs) in any case. false = failed and logged. */
bool rgw_privileges_drop(const struct rgw_conf_gateway *conf, struct rgw_log *log);

#endif
