/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_CONFINE_H
#define RADSECGW_CONFINE_H

#include <stdbool.h>

#include "radsecgw/conf.h"
#include "radsecgw/log.h"

/*
 * The sandbox of the process: what it has no need of once it has started is taken from it, so that a fault that
 * somebody exploits is worth little. The sandbox has two walls, both the kernel's: a list of system calls (seccomp),
 * and a list of folders (Landlock). Both hold for the calling thread and all that it starts from then on, so they are
 * put up before there are others.
 */

/* Puts up the walls, unless the configuration wants none. What the kernel lacks is left out, with a line. `path` is the
 * file of the configuration. false = failed and logged. */
bool rgw_confine(const struct rgw_conf *conf, const char *path, struct rgw_log *log) RGW_MUST_USE;

#endif
