/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rsp.h"

/* The table of radsecproxy.conf: each option there is, and how ours is written. */

#define GLOBAL RGW_RSP_GLOBAL
#define TLS RGW_RSP_TLS
#define CLIENT RGW_RSP_CLIENT
#define SERVER RGW_RSP_SERVER
#define REALM RGW_RSP_REALM
#define REWRITE RGW_RSP_REWRITE

static const struct rgw_word_pair levels[] = {
	{ "1", "error" },
	{ "2", "notice" },
	{ "3", "info" },
	{ "4", "info" },
	{ "5", "debug" },
	{ NULL, NULL },
};
static const struct rgw_word_pair usernames[] = {
	{ "on", "full" },
	{ "off", "realm" },
	{ "1", "full" },
	{ "0", "realm" },
	{ NULL, NULL },
};
static const struct rgw_word_pair macs[] = {
	{ "Original", "full" },
	{ "Static", "none" },
	{ "VendorHashed", "vendor" },
	{ "VendorKeyHashed", "vendor" },
	{ "FullyHashed", "hash" },
	{ "FullyKeyHashed", "hash" },
	{ NULL, NULL },
};
static const struct rgw_word_pair ticks_macs[] = {
	{ "Original", "original" },
	{ "Static", "static" },
	{ "VendorHashed", "vendor-hash" },
	{ "VendorKeyHashed", "vendor-keyed-hash" },
	{ "FullyHashed", "fully-hash" },
	{ "FullyKeyHashed", "fully-keyed-hash" },
	{ NULL, NULL },
};
static const struct rgw_word_pair reportings[] = {
	{ "None", "no" },
	{ "Basic", "syslog" },
	{ "Full", "syslog" },
	{ NULL, NULL },
};
static const struct rgw_word_pair facilities[] = {
	{ "LOG_DAEMON", "daemon" },
	{ "LOG_MAIL", "mail" },
	{ "LOG_USER", "user" },
	{ "LOG_LOCAL0", "local0" },
	{ "LOG_LOCAL1", "local1" },
	{ "LOG_LOCAL2", "local2" },
	{ "LOG_LOCAL3", "local3" },
	{ "LOG_LOCAL4", "local4" },
	{ "LOG_LOCAL5", "local5" },
	{ "LOG_LOCAL6", "local6" },
	{ "LOG_LOCAL7", "local7" },
	{ NULL, NULL },
};
static const struct rgw_word_pair statuses[] = {
	{ "on", "on" },
	{ "off", "off" },
	{ "minimal", "auto" },
	{ "auto", "auto" },
	{ "1", "on" },
	{ "0", "off" },
	{ NULL, NULL },
};
static const struct rgw_word_pair types[] = {
	{ "udp", NULL },
	{ "tcp", NULL },
	{ "tls", NULL },
	{ "dtls", NULL },
	{ NULL, NULL },
};

#define TTL                                                                                                          \
	"hop counts in an attribute are not kept here. A request in circles is known by a Proxy-State of ours "      \
	"(loop-marker) and by how many of them it has (loop-limit), which needs no agreement with others; remove "   \
	"the option."
#define FAMILY                                                                                                       \
	"names are looked up in both families of addresses here, and those that answer are used. If one family "     \
	"does "                                                                                                      \
	"not work towards this neighbour, write its address in place of its name."
#define LOOPS                                                                                                        \
	"a request that comes back is known by a Proxy-State of ours (loop-marker), whatever the names of the "      \
	"sections."
#define BY_HAND RGW_HOW_ELSEWHERE
#define ROW(blocks_, word_, form_, how_) .blocks = (blocks_), .word = (word_), .form = RGW_FORM_##form_, .how = (how_)

/* clang-format off */
const struct rgw_row rgw_rsp_rows[] = {
	{ ROW(GLOBAL | TLS | CLIENT | SERVER | REALM | REWRITE, "include", MANY, BY_HAND) },

	{ ROW(GLOBAL, "pidfile", TEXT, RGW_HOW_NOTHING), .kind = RGW_CONF_GATEWAY,
	  .said = "the gateway stays in the foreground, and the service manager knows its process." },
	{ ROW(GLOBAL, "loglevel", WORD, RGW_HOW_WORD), .words = levels, .kind = RGW_CONF_LOG, .key = "level" },
	{ ROW(GLOBAL, "logdestination", TEXT, BY_HAND) },
	{ ROW(GLOBAL, "logthreadid", SWITCH, RGW_HOW_NOTHING), .kind = RGW_CONF_LOG,
	  .said = "with several workers each line names its worker by itself." },
	{ ROW(GLOBAL, "logfullusername", WORD, RGW_HOW_WORD), .words = usernames, .kind = RGW_CONF_LOG,
	  .key = "identity" },
	{ ROW(GLOBAL, "logmac", WORD, RGW_HOW_WORD), .words = macs, .kind = RGW_CONF_LOG, .key = "station" },
	{ ROW(GLOBAL, "logkey", TEXT, BY_HAND) },
	{ ROW(GLOBAL, "fticksreporting", WORD, RGW_HOW_WORD), .words = reportings, .kind = RGW_CONF_LOG,
	  .key = "fticks" },
	{ ROW(GLOBAL, "fticksmac", WORD, RGW_HOW_WORD), .words = ticks_macs, .kind = RGW_CONF_LOG,
	  .key = "fticks-mac" },
	{ ROW(GLOBAL, "ftickskey", TEXT, BY_HAND) },
	{ ROW(GLOBAL, "ftickssyslogfacility", WORD, RGW_HOW_WORD), .words = facilities, .kind = RGW_CONF_LOG,
	  .key = "fticks-facility" },
	{ ROW(GLOBAL, "fticksprefix", TEXT, RGW_HOW_COPY), .kind = RGW_CONF_LOG, .key = "fticks-prefix" },
	{ ROW(GLOBAL, "listenudp", MANY, BY_HAND) },
	{ ROW(GLOBAL, "listentcp", MANY, BY_HAND) },
	{ ROW(GLOBAL, "listentls", MANY, BY_HAND) },
	{ ROW(GLOBAL, "listendtls", MANY, RGW_HOW_REMARK), .kind = RGW_CONF_GATEWAY,
	  .said = "RADIUS/DTLS is not spoken here. Ask those who use it for RADIUS/TLS (TCP port 2083)." },
	{ ROW(GLOBAL, "sourceudp", MANY, BY_HAND) },
	{ ROW(GLOBAL, "sourcetcp", MANY, BY_HAND) },
	{ ROW(GLOBAL, "sourcetls", MANY, BY_HAND) },
	{ ROW(GLOBAL, "sourcedtls", MANY, BY_HAND) },
	{ ROW(GLOBAL, "ttlattribute", TEXT, RGW_HOW_REMARK), .kind = RGW_CONF_GATEWAY, .said = TTL },
	{ ROW(GLOBAL, "addttl", NUMBER, RGW_HOW_REMARK), .min = 1, .max = 255, .kind = RGW_CONF_GATEWAY,
	  .said = TTL },
	{ ROW(GLOBAL, "loopprevention", SWITCH, RGW_HOW_NOTHING), .kind = RGW_CONF_GATEWAY, .said = LOOPS },
	{ ROW(GLOBAL, "ipv4only", SWITCH, RGW_HOW_REMARK), .kind = RGW_CONF_GATEWAY, .said = FAMILY },
	{ ROW(GLOBAL, "ipv6only", SWITCH, RGW_HOW_REMARK), .kind = RGW_CONF_GATEWAY, .said = FAMILY },
	{ ROW(GLOBAL, "sni", SWITCH, RGW_HOW_NOTHING), .kind = RGW_CONF_GATEWAY,
	  .said = "the name of the host is always sent, unless `sni` of a [peer] says otherwise." },
	{ ROW(GLOBAL, "verifyeap", SWITCH, RGW_HOW_COPY), .kind = RGW_CONF_GATEWAY, .key = "verify-eap" },
	{ ROW(GLOBAL, "requiremessageauthenticator", SWITCH, BY_HAND) },

	{ ROW(TLS, "cacertificatefile", TEXT, RGW_HOW_COPY), .key = "ca" },
	{ ROW(TLS, "cacertificatepath", TEXT, RGW_HOW_COPY), .key = "ca" },
	{ ROW(TLS, "certificatefile", TEXT, RGW_HOW_COPY), .key = "certificate" },
	{ ROW(TLS, "certificatekeyfile", TEXT, RGW_HOW_COPY), .key = "key" },
	{ ROW(TLS, "certificatekeypassword", TEXT, RGW_HOW_COPY), .key = "key-password" },
	{ ROW(TLS, "policyoid", MANY, BY_HAND) },
	{ ROW(TLS, "crlcheck", SWITCH, BY_HAND) },
	{ ROW(TLS, "cacheexpiry", NUMBER, RGW_HOW_NOTHING), .min = 0, .max = 2147483647,
	  .said = "certificates and keys are read again as soon as their files change (watch)." },
	{ ROW(TLS, "cipherlist", TEXT, BY_HAND) },
	{ ROW(TLS, "ciphersuites", TEXT, BY_HAND) },
	{ ROW(TLS, "tlsversion", TEXT, BY_HAND) },
	{ ROW(TLS, "dtlsversion", TEXT, RGW_HOW_NOTHING), .said = "RADIUS/DTLS is not spoken here." },
	{ ROW(TLS, "dhfile", TEXT, RGW_HOW_NOTHING),
	  .said = "the groups for the key exchange are built in (groups)." },

	{ ROW(CLIENT | SERVER, "host", MANY, BY_HAND) },
	{ ROW(CLIENT | SERVER, "type", WORD, BY_HAND), .words = types },
	{ ROW(CLIENT | SERVER, "secret", TEXT, BY_HAND) },
	{ ROW(CLIENT | SERVER, "tls", TEXT, BY_HAND) },
	{ ROW(CLIENT | SERVER, "servername", TEXT, BY_HAND) },
	{ ROW(CLIENT | SERVER, "certificatenamecheck", SWITCH, BY_HAND) },
	{ ROW(CLIENT | SERVER, "certificatecncheck", SWITCH, RGW_HOW_REMARK),
	  .said = "the common name counts only where a rule asks for it, and no DNS name is in the certificate. If its "
	          "certificate has no DNS name, write match = cn:NAME here." },
	{ ROW(CLIENT | SERVER, "matchcertificateattribute", MANY, BY_HAND) },
	{ ROW(CLIENT | SERVER, "addttl", NUMBER, RGW_HOW_REMARK), .min = 1, .max = 255, .said = TTL },
	{ ROW(CLIENT | SERVER, "tcpkeepalive", SWITCH, RGW_HOW_COPY), .key = "tcp-keepalive" },
	{ ROW(CLIENT | SERVER, "idletimeout", NUMBER, RGW_HOW_SECONDS), .min = 0, .max = 604800,
	  .key = "idle-timeout" },
	{ ROW(CLIENT | SERVER, "rewrite", TEXT, BY_HAND) },
	{ ROW(CLIENT | SERVER, "rewritein", TEXT, BY_HAND) },
	{ ROW(CLIENT | SERVER, "rewriteout", TEXT, BY_HAND) },
	{ ROW(CLIENT | SERVER, "pskkey", TEXT, BY_HAND) },
	{ ROW(CLIENT | SERVER, "pskidentity", TEXT, BY_HAND) },
	{ ROW(CLIENT | SERVER, "ipv4only", SWITCH, RGW_HOW_REMARK), .said = FAMILY },
	{ ROW(CLIENT | SERVER, "ipv6only", SWITCH, RGW_HOW_REMARK), .said = FAMILY },
	{ ROW(CLIENT | SERVER, "requiremessageauthenticator", SWITCH, RGW_HOW_COPY),
	  .key = "require-message-authenticator" },
	{ ROW(CLIENT, "requiremessageauthenticatorproxy", SWITCH, RGW_HOW_COPY), .key = "limit-proxy-state" },
	{ ROW(CLIENT, "duplicateinterval", NUMBER, BY_HAND), .min = 0, .max = 255 },
	{ ROW(CLIENT, "fticksviscountry", TEXT, BY_HAND) },
	{ ROW(CLIENT, "fticksvisinst", TEXT, BY_HAND) },
	{ ROW(CLIENT, "rewriteattribute", TEXT, BY_HAND) },

	{ ROW(SERVER, "port", TEXT, BY_HAND) },
	{ ROW(SERVER, "source", MANY, BY_HAND) },
	{ ROW(SERVER, "dynamiclookupcommand", TEXT, BY_HAND) },
	{ ROW(SERVER, "statusserver", WORD, BY_HAND), .words = statuses },
	{ ROW(SERVER, "retrycount", NUMBER, BY_HAND), .min = 0, .max = 10 },
	{ ROW(SERVER, "retryinterval", NUMBER, BY_HAND), .min = 1, .max = 60 },
	{ ROW(SERVER, "loopprevention", SWITCH, RGW_HOW_NOTHING), .said = LOOPS },
	{ ROW(SERVER, "blockingstartup", SWITCH, RGW_HOW_NOTHING),
	  .said = "requests wait for a connection that is being made, as long as queue-time says." },
	{ ROW(SERVER, "dtlsforcemtu", NUMBER, RGW_HOW_NOTHING), .min = 0, .max = 65535,
	  .said = "RADIUS/DTLS is not spoken here." },
	{ ROW(SERVER, "sni", SWITCH, BY_HAND) },
	{ ROW(SERVER, "sniservername", TEXT, RGW_HOW_COPY), .key = "sni" },

	{ ROW(REALM, "server", MANY, BY_HAND) },
	{ ROW(REALM, "accountingserver", MANY, BY_HAND) },
	{ ROW(REALM, "replymessage", TEXT, BY_HAND) },
	{ ROW(REALM, "accountingresponse", SWITCH, BY_HAND) },
	{ ROW(REALM, "accountinglog", SWITCH, BY_HAND) },

	{ ROW(REWRITE, "addattribute", MANY, BY_HAND) },
	{ ROW(REWRITE, "addvendorattribute", MANY, BY_HAND) },
	{ ROW(REWRITE, "supplementattribute", MANY, BY_HAND) },
	{ ROW(REWRITE, "supplementvendorattribute", MANY, BY_HAND) },
	{ ROW(REWRITE, "modifyattribute", MANY, BY_HAND) },
	{ ROW(REWRITE, "modifyvendorattribute", MANY, BY_HAND) },
	{ ROW(REWRITE, "removeattribute", MANY, BY_HAND) },
	{ ROW(REWRITE, "removevendorattribute", MANY, BY_HAND) },
	{ ROW(REWRITE, "whitelistmode", SWITCH, BY_HAND) },
	{ ROW(REWRITE, "whitelistattribute", MANY, BY_HAND) },
	{ ROW(REWRITE, "whitelistvendorattribute", MANY, BY_HAND) },
};
/* clang-format on */

const size_t rgw_rsp_n_rows = sizeof rgw_rsp_rows / sizeof rgw_rsp_rows[0];
