/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_PROCESS_H
#define RADSECGW_PROCESS_H

#include "radsecgw/conf.h"
#include "radsecgw/logsink.h"

/*
 * Runs the gateway from the start until a signal has ended it: as many workers as the configuration
 * says, the first one in the thread that calls, each of the others in a thread of its own. SIGTERM and
 * SIGINT drain, a second one stops at once; SIGHUP takes up what the files say now, and opens the log file anew;
 * SIGUSR1 logs the status.
 */

/* Exit codes of `radsecgw run`. */
enum rgw_exit { RGW_EXIT_OK = 0, RGW_EXIT_CONFIG = 1, RGW_EXIT_START = 2 };

/* Runs the gateway with the configuration that was read from `path`, and takes that over; borrows the other arguments.
 * The current directory stays as it is, so that the same files are found again. Returns the exit code when the gateway
 * has stopped and all threads have ended. */
enum rgw_exit rgw_process_run(const char *path, struct rgw_conf *conf, struct rgw_logsink *sink);

#endif
