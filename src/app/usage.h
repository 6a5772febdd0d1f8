/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_USAGE_H
#define RADSECGW_APP_USAGE_H

#define RGW_DEFAULT_CONFIG "/etc/radsecgw/radsecgw.ini"

/* What `radsecgw --help` says below the commands: all options, and the exit statuses. */
extern const char rgw_usage_options[];

#endif
