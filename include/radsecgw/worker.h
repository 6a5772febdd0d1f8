/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_WORKER_H
#define RADSECGW_WORKER_H

#include "radsecgw/conf.h"
#include "radsecgw/log.h"
#include "radsecgw/logsink.h"

/*
 * Runs the gateway: a loop, the network layer and an engine, from the start until a signal has ended
 * it. SIGTERM and SIGINT drain, a second one stops at once; SIGHUP opens the log file anew; SIGUSR1
 * logs the status.
 */

/* Exit codes of `radsecgw run`. */
enum rgw_exit { RGW_EXIT_OK = 0, RGW_EXIT_CONFIG = 1, RGW_EXIT_START = 2 };

/* Borrows all arguments. Returns when the gateway has stopped. */
enum rgw_exit rgw_worker_run(const struct rgw_conf *conf, struct rgw_log *log,
    struct rgw_logsink *sink);

#endif
