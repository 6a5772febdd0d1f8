/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fr.h"

/* The table of FreeRADIUS: each option that says something to a proxy, and how ours is written. */

#define BY_HAND RGW_HOW_ELSEWHERE
#define ROW(blocks_, word_, form_, how_) .blocks = (blocks_), .word = (word_), .form = RGW_FORM_##form_, .how = (how_)

static const struct rgw_word_pair signs[] = { { "yes", "yes" }, { "no", "no" }, { "auto", "auto" }, { NULL, NULL } };
static const struct rgw_word_pair statuses[] = {
	{ "none", NULL },
	{ "status-server", NULL },
	{ "request", NULL },
	{ NULL, NULL },
};
static const struct rgw_word_pair policies[] = {
	{ "fail-over", "failover" },
	{ "load-balance", "least-outstanding" },
	{ "client-balance", "hash" },
	{ "client-port-balance", "hash" },
	{ "keyed-balance", "hash" },
	{ NULL, NULL },
};

/* clang-format off */
const struct rgw_row rgw_fr_rows[] = {
	{ ROW(RGW_FR_CLIENT | RGW_FR_HOME | RGW_FR_LISTEN, "ipaddr", TEXT, BY_HAND) },
	{ ROW(RGW_FR_CLIENT | RGW_FR_HOME | RGW_FR_LISTEN, "ipv4addr", TEXT, BY_HAND) },
	{ ROW(RGW_FR_CLIENT | RGW_FR_HOME | RGW_FR_LISTEN, "ipv6addr", TEXT, BY_HAND) },
	{ ROW(RGW_FR_CLIENT, "netmask", TEXT, BY_HAND) },
	{ ROW(RGW_FR_CLIENT | RGW_FR_HOME, "secret", TEXT, BY_HAND) },
	{ ROW(RGW_FR_CLIENT | RGW_FR_HOME | RGW_FR_LISTEN, "proto", TEXT, BY_HAND) },
	{ ROW(RGW_FR_CLIENT, "shortname", TEXT, RGW_HOW_NOTHING),
	  .said = "the name of the section is what log lines show." },
	{ ROW(RGW_FR_CLIENT, "nas_type", TEXT, RGW_HOW_NOTHING), .said = RGW_FR_OURS_ALONE },
	{ ROW(RGW_FR_CLIENT, "nastype", TEXT, RGW_HOW_NOTHING), .said = RGW_FR_OURS_ALONE },
	{ ROW(RGW_FR_CLIENT, "require_message_authenticator", WORD, RGW_HOW_WORD), .words = signs,
	  .key = "require-message-authenticator" },
	{ ROW(RGW_FR_CLIENT, "limit_proxy_state", WORD, RGW_HOW_WORD), .words = signs, .key = "limit-proxy-state" },
	{ ROW(RGW_FR_HOME, "require_message_authenticator", WORD, RGW_HOW_WORD), .words = signs,
	  .key = "require-message-authenticator" },
	{ ROW(RGW_FR_CLIENT, "coa_server", TEXT, RGW_HOW_REMARK),
	  .said = "CoA and Disconnect are not sent by way of this section; see coa in radsecgw.ini(5)." },
	{ ROW(RGW_FR_CLIENT | RGW_FR_LISTEN, "virtual_server", TEXT, RGW_HOW_NOTHING), .said = RGW_FR_OURS_ALONE },

	{ ROW(RGW_FR_HOME, "type", TEXT, BY_HAND) },
	{ ROW(RGW_FR_HOME | RGW_FR_LISTEN, "port", NUMBER, BY_HAND), .min = 0, .max = 65535 },
	{ ROW(RGW_FR_HOME, "virtual_server", TEXT, BY_HAND) },
	{ ROW(RGW_FR_HOME, "src_ipaddr", TEXT, BY_HAND) },
	{ ROW(RGW_FR_HOME, "response_window", TEXT, BY_HAND) },
	{ ROW(RGW_FR_HOME, "response_timeouts", NUMBER, RGW_HOW_NOTHING), .min = 0, .max = 1000,
	  .said = "one request without an answer lets a server be suspected; see zombie." },
	{ ROW(RGW_FR_HOME, "no_response_fail", TEXT, RGW_HOW_NOTHING),
	  .said = "a request without an answer is never answered here." },
	{ ROW(RGW_FR_HOME, "zombie_period", NUMBER, BY_HAND), .min = 1, .max = 600 },
	{ ROW(RGW_FR_HOME, "revive_interval", NUMBER, BY_HAND), .min = 1, .max = 3600 },
	{ ROW(RGW_FR_HOME, "status_check", WORD, BY_HAND), .words = statuses },
	{ ROW(RGW_FR_HOME, "username", TEXT, BY_HAND) },
	{ ROW(RGW_FR_HOME, "password", TEXT, BY_HAND) },
	{ ROW(RGW_FR_HOME, "check_interval", NUMBER, BY_HAND), .min = 6, .max = 120 },
	{ ROW(RGW_FR_HOME, "check_timeout", NUMBER, RGW_HOW_NOTHING), .min = 1, .max = 60,
	  .said = "the time that an answer usually takes is measured." },
	{ ROW(RGW_FR_HOME, "num_answers_to_alive", NUMBER, BY_HAND), .min = 1, .max = 10 },
	{ ROW(RGW_FR_HOME, "max_outstanding", NUMBER, BY_HAND), .min = 1, .max = 65536 },
	{ ROW(RGW_FR_HOME, "recv_coa", TEXT, RGW_HOW_NOTHING), .said = RGW_FR_OURS_ALONE },

	{ ROW(RGW_FR_LIMIT, "max_connections", NUMBER, BY_HAND), .min = 0, .max = 10000 },
	{ ROW(RGW_FR_LIMIT, "max_requests", NUMBER, BY_HAND), .min = 0, .max = 2147483647 },
	{ ROW(RGW_FR_LIMIT, "lifetime", NUMBER, BY_HAND), .min = 0, .max = 2592000 },
	{ ROW(RGW_FR_LIMIT, "idle_timeout", NUMBER, BY_HAND), .min = 0, .max = 604800 },

	{ ROW(RGW_FR_POOL, "type", WORD, BY_HAND), .words = policies },
	{ ROW(RGW_FR_POOL, "home_server", MANY, BY_HAND) },
	{ ROW(RGW_FR_POOL, "virtual_server", TEXT, RGW_HOW_REMARK),
	  .said = "nothing is done with packets but what a [rewrite] says. Look at what that server does." },
	{ ROW(RGW_FR_POOL, "fallback", TEXT, BY_HAND) },

	{ ROW(RGW_FR_REALM, "auth_pool", TEXT, BY_HAND) },
	{ ROW(RGW_FR_REALM, "acct_pool", TEXT, BY_HAND) },
	{ ROW(RGW_FR_REALM, "pool", TEXT, BY_HAND) },
	{ ROW(RGW_FR_REALM, "coa_pool", TEXT, BY_HAND) },
	{ ROW(RGW_FR_REALM, "nostrip", TEXT, BY_HAND) },
	{ ROW(RGW_FR_REALM, "type", TEXT, BY_HAND) },
	{ ROW(RGW_FR_REALM, "authhost", TEXT, BY_HAND) },
	{ ROW(RGW_FR_REALM, "accthost", TEXT, BY_HAND) },
	{ ROW(RGW_FR_REALM, "secret", TEXT, BY_HAND) },
	{ ROW(RGW_FR_REALM, "virtual_server", TEXT, BY_HAND) },

	{ ROW(RGW_FR_TLS, "private_key_password", TEXT, RGW_HOW_COPY), .key = "key-password" },
	{ ROW(RGW_FR_TLS, "private_key_file", TEXT, RGW_HOW_COPY), .key = "key" },
	{ ROW(RGW_FR_TLS, "certificate_file", TEXT, RGW_HOW_COPY), .key = "certificate" },
	{ ROW(RGW_FR_TLS, "ca_file", TEXT, RGW_HOW_COPY), .key = "ca" },
	{ ROW(RGW_FR_TLS, "ca_path", TEXT, BY_HAND) },
	{ ROW(RGW_FR_TLS, "tls_min_version", TEXT, BY_HAND) },
	{ ROW(RGW_FR_TLS, "tls_max_version", TEXT, BY_HAND) },
	{ ROW(RGW_FR_TLS, "cipher_list", TEXT, BY_HAND) },
	{ ROW(RGW_FR_TLS, "check_crl", TEXT, BY_HAND) },
	{ ROW(RGW_FR_TLS, "hostname", TEXT, BY_HAND) },
	{ ROW(RGW_FR_TLS, "check_cert_cn", TEXT, RGW_HOW_REMARK),
	  .said = "names in certificates are compared by name and match of the [peer]; write them there." },
	{ ROW(RGW_FR_TLS, "check_cert_issuer", TEXT, RGW_HOW_REMARK),
	  .said = "which authority is trusted is said by ca; keep only that one there." },
	{ ROW(RGW_FR_TLS, "psk_identity", TEXT, BY_HAND) },
	{ ROW(RGW_FR_TLS, "psk_hexphrase", TEXT, BY_HAND) },
};
/* clang-format on */

const size_t rgw_fr_n_rows = sizeof rgw_fr_rows / sizeof rgw_fr_rows[0];
