/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words.h"

#include "radsecgw/conf.h"
#include "radsecgw/log.h"
#include "radsecgw/nai.h"
#include "radsecgw/radius.h"
#include "radsecgw/rewrite.h"

/* The words of options (see words.h), those of [log] first. */

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

const char *const rgw_words_fticks_for[] = {
	[RGW_FTICKS_FOR_ALL] = "all", [RGW_FTICKS_FOR_CHOSEN] = "chosen", NULL,
};

/* By their numbers in syslog (RFC 5424 6.2.1). */
const char *const rgw_words_facilities[] = {
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
	"audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7", NULL,
};

const char *const rgw_words_autos[] = { [RGW_AUTO] = "auto", [RGW_YES] = "yes", [RGW_NO] = "no", NULL };
const char *const rgw_words_switches[] = { [RGW_AUTO] = "auto", [RGW_YES] = "on", [RGW_NO] = "off", NULL };
const char *const rgw_words_versions[] = { [RGW_TLS_1_2] = "1.2", [RGW_TLS_1_3] = "1.3", NULL };
const char *const rgw_words_crl_checks[] = {
	[RGW_CRL_OFF] = "off", [RGW_CRL_LEAF] = "leaf", [RGW_CRL_CHAIN] = "chain", NULL,
};
const char *const rgw_words_crl_missings[] = { [RGW_CRL_REFUSE] = "refuse", [RGW_CRL_ACCEPT] = "accept", NULL };
const char *const rgw_words_bad_responses[] = {
	[RGW_BAD_RESPONSE_CLOSE] = "close", [RGW_BAD_RESPONSE_DISCARD] = "discard", NULL,
};
const char *const rgw_words_policies[] = {
	[RGW_POOL_FAILOVER] = "failover", [RGW_POOL_ROUND_ROBIN] = "round-robin",
	[RGW_POOL_LEAST_OUTSTANDING] = "least-outstanding", [RGW_POOL_HASH] = "hash", NULL,
};
const char *const rgw_words_outages_auth[] = {
	[RGW_OUTAGE_AUTH_REJECT] = "reject", [RGW_OUTAGE_AUTH_DROP] = "drop", NULL,
};
const char *const rgw_words_outages_acct[] = {
	[RGW_OUTAGE_ACCT_DROP] = "drop", [RGW_OUTAGE_ACCT_ACK] = "ack", NULL,
};
const char *const rgw_words_accts[] = {
	[RGW_ACCT_SAME] = "same", [RGW_ACCT_ACK] = "ack", [RGW_ACCT_DROP] = "drop", NULL,
};
const char *const rgw_words_readies[] = {
	[RGW_READY_ANY] = "any", [RGW_READY_ALL] = "all", [RGW_READY_NONE] = "none", NULL,
};
const char *const rgw_words_overflows[] = {
	[RGW_OVERFLOW_REFUSE] = "refuse", [RGW_OVERFLOW_SKIP] = "skip", NULL,
};

/* In these lists of words, bit n of the field stands for word n. */
const char *const rgw_words_services[] = { "auth", "acct", "coa", "disconnect", NULL };
/* A listener takes Disconnect with CoA: both have one port. */
const char *const rgw_words_accepts[] = { "auth", "acct", "coa", NULL };
const char *const rgw_words_faults[] = {
	"none", "space", "two-dots", "leading-dot", "trailing-dot", "no-dot", "two-ats", NULL,
};
const char *const rgw_words_packets[] = {
	"access-request", "access-accept", "access-reject", "access-challenge", "accounting-request",
	"accounting-response", "coa-request", "coa-ack", "coa-nak", "disconnect-request", "disconnect-ack",
	"disconnect-nak", NULL,
};
const char *const rgw_words_layers[] = { "ipsec", NULL };
_Static_assert(RGW_SERVICE_AUTH == 1 && RGW_SERVICE_ACCT == 2, "bits of services");
_Static_assert(RGW_SERVICE_COA == 4 && RGW_SERVICE_DISCONNECT == 8, "bits of services");
_Static_assert(RGW_NAI_NONE == 1 && RGW_NAI_SPACE == 2 && RGW_NAI_TWO_ATS == 64, "bits of faults");
_Static_assert(RGW_REWRITE_ACCESS_REQUEST == 1 && RGW_REWRITE_ACCESS_ACCEPT == 2, "bits of packets");
_Static_assert(RGW_REWRITE_ACCESS_REJECT == 4 && RGW_REWRITE_ACCESS_CHALLENGE == 8, "bits of packets");
_Static_assert(RGW_REWRITE_ACCOUNTING_REQUEST == 16 && RGW_REWRITE_ACCOUNTING_RESPONSE == 32, "bits");
_Static_assert(RGW_REWRITE_COA_REQUEST == 64 && RGW_REWRITE_DISCONNECT_NAK == 2048, "bits of packets");
_Static_assert(RGW_LAYER_IPSEC == 1, "bits of layers");
