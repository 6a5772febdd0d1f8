/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "logwords.h"

#include "radsecgw/log.h"

/* The words of the options of [log], each at its value. */

const char *const rgw_words_levels[] = {
	[RGW_LOG_ERROR] = "error", [RGW_LOG_WARNING] = "warning", [RGW_LOG_NOTICE] = "notice",
	[RGW_LOG_INFO] = "info", [RGW_LOG_DEBUG] = "debug", NULL,
};

const char *const rgw_words_formats[] = { [RGW_LOG_TEXT] = "text", [RGW_LOG_JSON] = "json", NULL };

const char *const rgw_words_identities[] = {
	[RGW_LOG_ID_FULL] = "full", [RGW_LOG_ID_REALM] = "realm", [RGW_LOG_ID_HASH] = "hash", NULL,
};

const char *const rgw_words_stations[] = {
	[RGW_LOG_STATION_FULL] = "full", [RGW_LOG_STATION_VENDOR] = "vendor", [RGW_LOG_STATION_HASH] = "hash",
	[RGW_LOG_STATION_NONE] = "none", NULL,
};

const char *const rgw_words_fticks[] = {
	[RGW_FTICKS_NO] = "no", [RGW_FTICKS_SYSLOG] = "syslog", [RGW_FTICKS_LOG] = "log", NULL,
};

const char *const rgw_words_fticks_macs[] = {
	[RGW_FTICKS_STATIC] = "static", [RGW_FTICKS_ORIGINAL] = "original", [RGW_FTICKS_VENDOR_HASH] = "vendor-hash",
	[RGW_FTICKS_VENDOR_KEYED_HASH] = "vendor-keyed-hash", [RGW_FTICKS_FULLY_HASH] = "fully-hash",
	[RGW_FTICKS_FULLY_KEYED_HASH] = "fully-keyed-hash", NULL,
};

/* By their numbers in syslog (RFC 5424 6.2.1). */
const char *const rgw_words_facilities[] = {
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
	"audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7", NULL,
};
