/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_PRIVILEGES_H
#define RADSECGW_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#include "radsecgw/confread.h"
#include "radsecgw/log.h"

/*
 * The rights of the process. It starts with many and gives up all but few: it becomes the user and group of the
 * configuration once all files are read and all sockets bound. A reload has to do with those that are left.
 */

/* The numbers of a user, with those of its group, and of another group; NULL = not asked for, and what is not is left
 * as it is. Returns NULL, or which of the two is unknown. */
const char *rgw_privileges_find(const char *user, const char *group, uid_t *uid, gid_t *gid);

/* Becomes the configured user and group for good, if any are configured, and gives up the rights of root
 * (capabilities) and the chance of new ones (no_new_privs) in any case. The right to bind ports below 1024 stays if the
 * configuration has such a port, for the sake of reloads. false = failed and logged. */
bool rgw_privileges_drop(const struct rgw_conf *conf, struct rgw_log *log) RGW_MUST_USE;

/* Tells the files of the configuration that the process itself is not allowed to read; a path may be told twice. */
void rgw_privileges_each_unreadable(const struct rgw_conf *conf, rgw_conf_each_file *each, void *ctx);
/* Reports as warnings the files that the gateway will not be allowed to read once it has become its user. */
void rgw_privileges_foresee(const struct rgw_conf *conf, struct rgw_conf_report *report);
/* Reports as errors what of `next` is out of reach for a gateway that has become its user: files, which `next` or `now`
 * names, and ports. `next` is NULL if it could not even be read; `denied`: some file could not be read for lack of
 * rights, whichever that was. */
void rgw_privileges_explain(const struct rgw_conf *now, const struct rgw_conf *next, bool denied,
    struct rgw_conf_report *report);

#endif
