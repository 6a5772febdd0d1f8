/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_PRIVILEGES_H
#define RADSECGW_PRIVILEGES_H

#include <stdbool.h>

#include "radsecgw/conf.h"
#include "radsecgw/log.h"

/* Becomes the configured user and group for good, if any are configured, and gives up the chance of
 * new rights (no_new_privs) in any case. false = failed and logged. */
bool rgw_privileges_drop(const struct rgw_conf_gateway *conf, struct rgw_log *log);

#endif
