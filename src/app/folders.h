/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_FOLDERS_H
#define RADSECGW_FOLDERS_H

#include <stdbool.h>

#include "radsecgw/conf.h"

/*
 * The list of folders that the gateway may look into once it has started, as a wall of the kernel's (landlock(7)):
 * those of its configuration, certificates and secrets to read, that of its log to write, and what the C library reads.
 * See confine.h.
 */

/* Puts the wall up for the calling thread and those that it starts. `path` is the file of the configuration. Returns
 * the version of the kernel's interface, or 0 if the kernel has none; -1 = failed, and errno says why. */
int rgw_folders_wall(const struct rgw_conf *conf, const char *path);

#endif
