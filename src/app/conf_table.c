/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf_table.h"

#include <string.h>

#include "conf_priv.h"
#include "radsecgw/nai.h"
#include "radsecgw/radius.h"

static const char *const levels[] = { "error", "warning", "notice", "info", "debug", NULL };
static const char *const formats[] = { "text", "json", NULL };
static const char *const identities[] = { "full", "realm", "hash", NULL };
static const char *const autos[] = { "auto", "yes", "no", NULL };
static const char *const switches[] = { "auto", "on", "off", NULL };
static const char *const services[] = { "auth", "acct", NULL };
static const char *const versions[] = { "1.2", "1.3", NULL };
static const char *const bad_responses[] = { "close", "discard", NULL };
static const char *const policies[] = {
	"failover", "round-robin", "least-outstanding", "hash", NULL,
};
static const char *const outages_auth[] = { "reject", "drop", NULL };
static const char *const outages_acct[] = { "drop", "ack", NULL };
static const char *const accts[] = { "same", "ack", "drop", NULL };
static const char *const faults[] = {
	"none", "space", "two-dots", "leading-dot", "trailing-dot", "no-dot", "two-ats", NULL,
};
static const char *const packets[] = {
	"access-request", "access-accept", "access-reject", "access-challenge", "accounting-request",
	"accounting-response", NULL,
};
static const char *const layers[] = { "ipsec", NULL };
static const char *const overflows[] = { "refuse", "skip", NULL };

/* The words stand in the order of these values. */
_Static_assert(RGW_LOG_ERROR == 0 && RGW_LOG_DEBUG == 4, "order of levels");
_Static_assert(RGW_LOG_TEXT == 0 && RGW_LOG_JSON == 1, "order of formats");
_Static_assert(RGW_LOG_ID_FULL == 0 && RGW_LOG_ID_HASH == 2, "order of identities");
_Static_assert(RGW_AUTO == 0 && RGW_YES == 1 && RGW_NO == 2, "order of autos");
_Static_assert(RGW_SERVICE_AUTH == 1 && RGW_SERVICE_ACCT == 2, "bits of services");
_Static_assert(RGW_TLS_1_2 == 0 && RGW_TLS_1_3 == 1, "order of versions");
_Static_assert(RGW_BAD_RESPONSE_CLOSE == 0 && RGW_BAD_RESPONSE_DISCARD == 1, "order");
_Static_assert(RGW_POOL_FAILOVER == 0 && RGW_POOL_ROUND_ROBIN == 1, "order of policies");
_Static_assert(RGW_POOL_LEAST_OUTSTANDING == 2 && RGW_POOL_HASH == 3, "order of policies");
_Static_assert(RGW_OUTAGE_AUTH_REJECT == 0 && RGW_OUTAGE_AUTH_DROP == 1, "order of outages");
_Static_assert(RGW_OUTAGE_ACCT_DROP == 0 && RGW_OUTAGE_ACCT_ACK == 1, "order of outages");
_Static_assert(RGW_ACCT_SAME == 0 && RGW_ACCT_ACK == 1 && RGW_ACCT_DROP == 2, "order of accts");
_Static_assert(RGW_NAI_NONE == 1 && RGW_NAI_SPACE == 2 && RGW_NAI_TWO_ATS == 64, "bits of faults");
_Static_assert(RGW_REWRITE_ACCESS_REQUEST == 1 && RGW_REWRITE_ACCESS_ACCEPT == 2, "bits of packets");
_Static_assert(RGW_REWRITE_ACCESS_REJECT == 4 && RGW_REWRITE_ACCESS_CHALLENGE == 8, "bits of packets");
_Static_assert(RGW_REWRITE_ACCOUNTING_REQUEST == 16 && RGW_REWRITE_ACCOUNTING_RESPONSE == 32, "bits");
_Static_assert(RGW_LAYER_IPSEC == 1, "bits of layers");
_Static_assert(RGW_OVERFLOW_REFUSE == 0 && RGW_OVERFLOW_SKIP == 1, "order of overflows");

/* clang-format off */
static const struct rgw_conf_section sections[RGW_CONF_KINDS] = {
#define SECTION(field) offsetof(struct rgw_conf, field), sizeof(struct rgw_conf_##field)
	[RGW_CONF_GATEWAY] = { "gateway", NULL,      SECTION(gateway) },
	[RGW_CONF_LOG]     = { "log",     NULL,      SECTION(log) },
	[RGW_CONF_TLS]     = { "tls",     "NAME",    SECTION(tls) },
	[RGW_CONF_LISTEN]  = { "listen",  "NAME",    SECTION(listen) },
	[RGW_CONF_CLIENT]  = { "client",  "NAME",    SECTION(client) },
	[RGW_CONF_PEER]    = { "peer",    "NAME",    SECTION(peer) },
	[RGW_CONF_SERVER]  = { "server",  "NAME",    SECTION(server) },
	[RGW_CONF_POOL]    = { "pool",    "NAME",    SECTION(pool) },
	[RGW_CONF_REALM]   = { "realm",   "PATTERN", SECTION(realm) },
	[RGW_CONF_REWRITE] = { "rewrite", "NAME",    SECTION(rewrite) },
#undef SECTION
};

#define MS 1
#define S  1000
#define D  UINT64_C(86400000)
#define K  UINT64_C(1024)

#define OPT(section_, key_, type_, field_) \
	.kind = (section_), .key = (key_), .type = RGW_OPT_##type_, .where = (field_)

/* Where a request may be sent, alone or as one of several. */
#define MEMBERS (1u << RGW_CONF_PEER | 1u << RGW_CONF_SERVER)
#define TARGETS (MEMBERS | 1u << RGW_CONF_POOL)

/* The same two options in each section that packets come from or go to. */
#define REWRITING(section, came, gone) \
	{ OPT(section, "rewrite-in", REFERENCES, AT(rewrite_in)), .refers = 1u << RGW_CONF_REWRITE, \
	  .unset = "none", .help = "changes to be made to " came }, \
	{ OPT(section, "rewrite-out", REFERENCES, AT(rewrite_out)), .refers = 1u << RGW_CONF_REWRITE, \
	  .unset = "none", .help = "changes to be made to " gone }

/* Plain TCP, in each section that may have connections. */
#define INSECURE_TCP(section, not_with_) \
	{ OPT(section, "insecure-tcp", BOOL, AT(insecure_tcp)), .def = "no", .not_with = (not_with_), \
	  .help = "plain TCP in place of TLS: for loopback only, or where IPsec protects it" }, \
	{ OPT(section, "insecure-tcp-over", WORDS, AT(insecure_tcp_over)), .unset = "loopback only", \
	  .words = layers, .only_with = "insecure-tcp", \
	  .help = "what protects plain TCP to addresses that are not loopback" }

/* Sections in the order of their kinds, options as people read them. */
static const struct rgw_opt opts[] = {
#define AT(field) offsetof(struct rgw_conf_gateway, field)
	{ OPT(RGW_CONF_GATEWAY, "include", INCLUDE, 0), .unset = "none",
	  .help = "further files to read, as patterns relative to the directory of this file" },
	{ OPT(RGW_CONF_GATEWAY, "user", STRING, AT(user)), .unset = "the one that started it",
	  .min = 1, .max = 64, .flags = RGW_OPT_RESTART,
	  .help = "user to run as once the sockets are open" },
	{ OPT(RGW_CONF_GATEWAY, "group", STRING, AT(group)), .unset = "that of the user",
	  .min = 1, .max = 64, .flags = RGW_OPT_RESTART,
	  .help = "group to run as once the sockets are open" },
	{ OPT(RGW_CONF_GATEWAY, "workers", COUNT, AT(workers)), .def = "1",
	  .min = 1, .max = 64, .unit = "workers", .flags = RGW_OPT_RESTART,
	  .help = "event loops that share the work, each in a thread of its own" },
	{ OPT(RGW_CONF_GATEWAY, "request-lifetime", TIME, AT(request_lifetime)), .def = "30s",
	  .min = 5 * S, .max = 300 * S,
	  .help = "how long a request may wait for its answer, retries included" },
	{ OPT(RGW_CONF_GATEWAY, "duplicate-window", TIME, AT(duplicate_window)), .def = "10s",
	  .min = 5 * S, .max = 30 * S,
	  .help = "how long an answer is kept for a client that repeats its request" },
	{ OPT(RGW_CONF_GATEWAY, "max-requests", COUNT, AT(max_requests)), .def = "65536",
	  .min = 16, .max = 1000000, .unit = "requests", .flags = RGW_OPT_RESTART,
	  .help = "requests held at once; kept answers count, but give way to new requests" },
	{ OPT(RGW_CONF_GATEWAY, "max-request-octets", SIZE, AT(max_request_octets)), .def = "16m",
	  .min = K * K, .max = 2 * K * K * K, .flags = RGW_OPT_RESTART,
	  .help = "octets that requests take; kept answers count, but give way to new requests" },
	{ OPT(RGW_CONF_GATEWAY, "kept-answers", SIZE, AT(kept_answers)), .def = "8m",
	  .min = 64 * K, .max = 2 * K * K * K, .flags = RGW_OPT_RESTART,
	  .help = "octets of these that kept answers take, at the most" },
	{ OPT(RGW_CONF_GATEWAY, "max-connections", COUNT, AT(max_connections)), .def = "1024",
	  .min = 1, .max = 1000000, .unit = "connections",
	  .help = "incoming TLS connections that are up, in all" },
	{ OPT(RGW_CONF_GATEWAY, "max-connections-per-address", COUNT, AT(max_connections_per_address)),
	  .def = "64", .min = 1, .max = 1000000, .unit = "connections",
	  .help = "incoming TLS connections from one address (IPv6: from one /64)" },
	{ OPT(RGW_CONF_GATEWAY, "max-half-open", COUNT, AT(max_half_open)), .def = "1024",
	  .min = 1, .max = 100000, .unit = "connections",
	  .help = "incoming connections whose handshake is not over: of strangers, and as many of known "
	          "addresses" },
	{ OPT(RGW_CONF_GATEWAY, "max-half-open-per-address", COUNT, AT(max_half_open_per_address)),
	  .def = "32", .min = 1, .max = 1024, .unit = "connections",
	  .help = "the same from one address (IPv6: from one /64)" },
	{ OPT(RGW_CONF_GATEWAY, "connect-rate", RATE, AT(connect_rate)), .def = "100/s burst 200",
	  .min = 0, .max = 1000000, .unit = "connections",
	  .help = "new incoming TLS connections of strangers, and as many of known addresses; 0 = no "
	          "limit" },
	{ OPT(RGW_CONF_GATEWAY, "connect-rate-per-address", RATE, AT(connect_rate_per_address)),
	  .def = "10/s burst 20", .min = 0, .max = 1000000, .unit = "connections",
	  .help = "new incoming TLS connections from one address (IPv6: from one /64); 0 = no limit" },
	{ OPT(RGW_CONF_GATEWAY, "packet-timeout", TIME, AT(packet_timeout)), .def = "10s",
	  .min = 1 * S, .max = 300 * S,
	  .help = "how long the rest of a packet may take on a TLS connection" },
	{ OPT(RGW_CONF_GATEWAY, "write-buffer", SIZE, AT(write_buffer)), .def = "256k",
	  .min = 8 * K, .max = 64 * K * K,
	  .help = "octets that may wait to be sent on one TLS connection" },
	{ OPT(RGW_CONF_GATEWAY, "max-write-octets", SIZE, AT(max_write_octets)), .def = "4m",
	  .min = 256 * K, .max = 2 * K * K * K, .flags = RGW_OPT_RESTART,
	  .help = "octets that may wait to be sent on all TLS connections together" },
	{ OPT(RGW_CONF_GATEWAY, "drain-time", TIME, AT(drain_time)), .def = "10s",
	  .min = 0, .max = 300 * S,
	  .help = "how long requests in flight may go on after the order to stop" },
	{ OPT(RGW_CONF_GATEWAY, "encrypted-attribute", HIDDEN, AT(encrypted_attribute)),
	  .unset = "the built-in ones only",
	  .help = "further attributes that are hidden with the shared secret" },
	{ OPT(RGW_CONF_GATEWAY, "loop-limit", COUNT, AT(loop_limit)), .def = "32",
	  .min = 0, .max = 1000, .unit = "attributes",
	  .help = "Proxy-State attributes that a request may have, more being a loop; 0 = any" },
	{ OPT(RGW_CONF_GATEWAY, "loop-marker", BOOL, AT(loop_marker)), .def = "yes",
	  .help = "requests get a Proxy-State of ours, by which we know them if they come back" },
	{ OPT(RGW_CONF_GATEWAY, "verify-eap", BOOL, AT(verify_eap)), .def = "yes",
	  .help = "requests whose EAP-Message is no EAP packet are dropped" },
	{ OPT(RGW_CONF_GATEWAY, "malformed-realms", WORDS, AT(malformed_realms)),
	  .def = "space, two-dots, leading-dot, trailing-dot", .words = faults,
	  .help = "realms that are rejected here, since nobody can have them" },
	REWRITING(RGW_CONF_GATEWAY, "all packets as they come in, before those of their neighbour",
	    "all packets as they go out, after those of their neighbour"),
#undef AT

#define AT(field) offsetof(struct rgw_conf_log, field)
	{ OPT(RGW_CONF_LOG, "level", WORD, AT(level)), .def = "info", .words = levels,
	  .help = "the least important lines to be written" },
	{ OPT(RGW_CONF_LOG, "format", WORD, AT(format)), .def = "text", .words = formats,
	  .help = "one line of text or one JSON object per event" },
	{ OPT(RGW_CONF_LOG, "target", LOG_TARGET, AT(target)), .def = "stderr",
	  .min = 1, .max = 4095,
	  .help = "where the lines go" },
	{ OPT(RGW_CONF_LOG, "identity", WORD, AT(identity)), .def = "full", .words = identities,
	  .help = "how much of a user's identity lines show" },
	{ OPT(RGW_CONF_LOG, "hash-key", PASSWORD, AT(hash_key)), .unset = "none",
	  .min = 1, .max = 1024,
	  .help = "key for identity = hash; needed then and only then" },
	{ OPT(RGW_CONF_LOG, "rate", PER_SECOND, AT(rate)), .def = "10/s",
	  .min = 0, .max = 100000,
	  .help = "lines of one kind about one neighbour; 0 = no limit" },
#undef AT

#define AT(field) offsetof(struct rgw_conf_tls, field)
	{ OPT(RGW_CONF_TLS, "certificate", FILE, AT(certificate)), .flags = RGW_OPT_REQUIRED,
	  .min = 1, .max = 4095,
	  .help = "PEM file with our certificate and, after it, those up to the root" },
	{ OPT(RGW_CONF_TLS, "key", KEY_FILE, AT(key)), .flags = RGW_OPT_REQUIRED,
	  .min = 1, .max = 4095,
	  .help = "PEM file with the private key" },
	{ OPT(RGW_CONF_TLS, "key-password", PASSWORD, AT(key_password)), .unset = "none",
	  .min = 1, .max = 1024,
	  .help = "password of the private key" },
	{ OPT(RGW_CONF_TLS, "ca", PATHS, AT(ca)), .flags = RGW_OPT_REQUIRED,
	  .min = 1, .max = 4095,
	  .help = "PEM files, or directories of them, with the authorities that are trusted" },
	{ OPT(RGW_CONF_TLS, "min-version", WORD, AT(min_version)), .def = "1.2", .words = versions,
	  .help = "oldest version of TLS" },
	{ OPT(RGW_CONF_TLS, "max-version", WORD, AT(max_version)), .def = "1.3", .words = versions,
	  .help = "newest version of TLS" },
	{ OPT(RGW_CONF_TLS, "ciphers", STRINGS, AT(ciphers)), .unset = "a built-in list",
	  .min = 1, .max = 190,
	  .help = "cipher suites, best first" },
	{ OPT(RGW_CONF_TLS, "groups", STRINGS, AT(groups)), .unset = "a built-in list",
	  .min = 1, .max = 190,
	  .help = "groups for the key exchange, best first" },
#undef AT

#define AT(field) offsetof(struct rgw_conf_listen, field)
	{ OPT(RGW_CONF_LISTEN, "udp", ADDRESSES, AT(udp)), .unset = "none",
	  .port = 1812,
	  .help = "addresses on which requests from clients are received" },
	{ OPT(RGW_CONF_LISTEN, "accept", WORDS, AT(accept)), .def = "auth, acct", .words = services,
	  .not_with = "tls",
	  .help = "kinds of requests that are taken here" },
	{ OPT(RGW_CONF_LISTEN, "receive-buffer", SIZE, AT(receive_buffer)), .def = "0",
	  .min = 0, .max = 256 * K * K,
	  .not_with = "tls",
	  .help = "receive buffer of each UDP socket; 0 = as much as the system gives to anybody" },
	{ OPT(RGW_CONF_LISTEN, "tls", ADDRESSES, AT(tls)), .unset = "none",
	  .port = 2083,
	  .help = "addresses on which connections from peers are accepted" },
	{ OPT(RGW_CONF_LISTEN, "profile", REFERENCES, AT(profile)), .refers = 1u << RGW_CONF_TLS,
	  .unset = "none",
	  .not_with = "udp", .nor_with = "insecure-tcp",
	  .help = "identities for these connections; the server name of the client chooses" },
	INSECURE_TCP(RGW_CONF_LISTEN, "udp"),
	{ OPT(RGW_CONF_LISTEN, "handshake-timeout", TIME, AT(handshake_timeout)), .def = "5s",
	  .min = 500 * MS, .max = 60 * S,
	  .not_with = "udp", .nor_with = "insecure-tcp",
	  .help = "time for the whole TLS handshake of an incoming connection" },
	{ OPT(RGW_CONF_LISTEN, "max-connections", COUNT, AT(max_connections)), .def = "0",
	  .min = 0, .max = 1000000, .unit = "connections",
	  .not_with = "udp",
	  .help = "incoming connections on these addresses; 0 = as many as the gateway takes" },
#undef AT

#define AT(field) offsetof(struct rgw_conf_client, field)
	{ OPT(RGW_CONF_CLIENT, "address", ORIGINS, AT(address)), .flags = RGW_OPT_REQUIRED,
	  .help = "addresses, networks or host names from which its requests come" },
	{ OPT(RGW_CONF_CLIENT, "secret", SECRET, AT(secret)), .flags = RGW_OPT_REQUIRED,
	  .min = 1, .max = 1024,
	  .help = "secret shared with the client" },
	{ OPT(RGW_CONF_CLIENT, "require-message-authenticator", WORD,
	      AT(require_message_authenticator)),
	  .def = "auto", .words = autos,
	  .help = "drop Access-Requests without Message-Authenticator; auto = learn from the first" },
	{ OPT(RGW_CONF_CLIENT, "limit-proxy-state", WORD, AT(limit_proxy_state)),
	  .def = "auto", .words = autos,
	  .help = "drop Access-Requests with Proxy-State but without Message-Authenticator" },
	{ OPT(RGW_CONF_CLIENT, "reply-message-authenticator", BOOL,
	      AT(reply_message_authenticator)),
	  .def = "yes",
	  .help = "begin every answer to an Access-Request with a Message-Authenticator" },
	{ OPT(RGW_CONF_CLIENT, "listen", REFERENCES, AT(listen)), .refers = 1u << RGW_CONF_LISTEN,
	  .unset = "all with `udp`",
	  .help = "sections on whose addresses it may ask; others may have its address elsewhere" },
	{ OPT(RGW_CONF_CLIENT, "pool", REFERENCE, AT(pool)), .refers = TARGETS,
	  .unset = "chosen by realm",
	  .help = "pool, peer or server for all requests of this client, whatever the realm" },
	{ OPT(RGW_CONF_CLIENT, "protocol-error", BOOL, AT(protocol_error)), .def = "no",
	  .help = "the client understands Protocol-Error, so it may be sent one" },
	{ OPT(RGW_CONF_CLIENT, "status-server-rate", RATE, AT(status_server_rate)),
	  .def = "100/s burst 200", .min = 0, .max = 1000000, .unit = "requests",
	  .help = "Status-Servers from the client that are answered; 0 = no limit" },
	{ OPT(RGW_CONF_CLIENT, "operator-name", OPERATOR, AT(operator_name)), .unset = "none",
	  .min = 2, .max = RGW_ATTR_VALUE_MAX,
	  .help = "Operator-Name for its requests that have none" },
	REWRITING(RGW_CONF_CLIENT, "its requests", "the answers to them"),
#undef AT

#define AT(field) offsetof(struct rgw_conf_peer, field)
	{ OPT(RGW_CONF_PEER, "connect", HOSTS, AT(connect)), .unset = "it only connects to us",
	  .port = 2083,
	  .help = "names or addresses to connect to, in this order" },
	{ OPT(RGW_CONF_PEER, "accept", BOOL, AT(accept)), .def = "no",
	  .help = "the peer may connect to us" },
	{ OPT(RGW_CONF_PEER, "address", PREFIXES, AT(address)), .unset = "any",
	  .only_with = "accept",
	  .help = "addresses or networks from which it may connect" },
	{ OPT(RGW_CONF_PEER, "tls", REFERENCE, AT(tls)), .refers = 1u << RGW_CONF_TLS,
	  .unset = "none", .nor_with = "insecure-tcp",
	  .help = "identity and trust to be used with the peer" },
	INSECURE_TCP(RGW_CONF_PEER, NULL),
	{ OPT(RGW_CONF_PEER, "name", HOST, AT(cert_name)), .unset = "the host of connect",
	  .min = 1, .max = 253, .nor_with = "insecure-tcp",
	  .help = "DNS name or address that the peer's certificate must carry" },
	{ OPT(RGW_CONF_PEER, "match", CERT_RULES, AT(match)), .unset = "name alone", .nor_with = "insecure-tcp",
	  .help = "rules that the peer's certificate must fulfil" },
	{ OPT(RGW_CONF_PEER, "sni", SNI, AT(sni)), .unset = "the host of connect",
	  .min = 0, .max = 253,
	  .only_with = "connect", .nor_with = "insecure-tcp",
	  .help = "server name to be sent in the TLS handshake; empty = none" },
	{ OPT(RGW_CONF_PEER, "secret", SECRET, AT(secret)), .def = "radsec",
	  .min = 1, .max = 1024,
	  .help = "secret used inside TLS; only for peers that break the rule" },
	{ OPT(RGW_CONF_PEER, "connections", COUNT_RANGE, AT(connections)), .def = "1-16",
	  .min = 0, .max = 64, .unit = "connections",
	  .only_with = "connect",
	  .help = "fewest and most connections to be kept to the peer" },
	{ OPT(RGW_CONF_PEER, "max-connections", COUNT, AT(max_connections)), .def = "16",
	  .min = 1, .max = 10000, .unit = "connections",
	  .only_with = "accept",
	  .help = "connections that the peer may have to us" },
	{ OPT(RGW_CONF_PEER, "idle-timeout", TIME, AT(idle_timeout)), .def = "600s",
	  .min = 0, .max = 7 * D,
	  .help = "time without requests and answers after which a connection is closed; 0 = never" },
	{ OPT(RGW_CONF_PEER, "lifetime", TIME, AT(lifetime)), .def = "0",
	  .min = 0, .max = 30 * D,
	  .help = "age at which a connection is replaced, without losing what is open on it; 0 = never" },
	{ OPT(RGW_CONF_PEER, "connect-timeout", TIME, AT(connect_timeout)), .def = "3s",
	  .min = 100 * MS, .max = 60 * S,
	  .only_with = "connect",
	  .help = "time for one TCP connection to come up" },
	{ OPT(RGW_CONF_PEER, "handshake-timeout", TIME, AT(handshake_timeout)), .def = "5s",
	  .min = 500 * MS, .max = 60 * S,
	  .only_with = "connect", .nor_with = "insecure-tcp",
	  .help = "time for the whole TLS handshake" },
	/* P-TLS-21: never less than half a second after a failed attempt. */
	{ OPT(RGW_CONF_PEER, "reconnect", TIME_RANGE, AT(reconnect)), .def = "500ms-60s",
	  .min = 500 * MS, .max = 3600 * S,
	  .only_with = "connect",
	  .help = "shortest and longest pause between attempts to connect" },
	{ OPT(RGW_CONF_PEER, "connect-rate", RATE, AT(connect_rate)), .def = "5/s burst 16",
	  .min = 0, .max = 100000, .unit = "attempts",
	  .only_with = "connect",
	  .help = "attempts to connect; 0 = no limit" },
	{ OPT(RGW_CONF_PEER, "tcp-keepalive", BOOL, AT(tcp_keepalive)), .def = "yes",
	  .help = "let the system probe idle connections" },
	{ OPT(RGW_CONF_PEER, "user-timeout", TIME, AT(user_timeout)), .def = "10s",
	  .min = 0, .max = 600 * S,
	  .help = "how long sent octets may stay unacknowledged; 0 = the default of the system" },
	{ OPT(RGW_CONF_PEER, "watchdog", TIME, AT(watchdog)), .def = "30s",
	  .min = 6 * S, .max = 600 * S,
	  .only_with = "connect",
	  .help = "silence after which the peer is asked whether it is alive" },
	{ OPT(RGW_CONF_PEER, "status-server", WORD, AT(status_server)), .def = "auto",
	  .words = switches,
	  .only_with = "connect",
	  .help = "ask it with Status-Server; auto = until it is seen that it never answers one" },
	{ OPT(RGW_CONF_PEER, "reopen-answers", COUNT, AT(reopen_answers)), .def = "3",
	  .min = 1, .max = 10, .unit = "answers",
	  .only_with = "connect",
	  .help = "answers to Status-Server after which one that failed is trusted again" },
	{ OPT(RGW_CONF_PEER, "response-window", TIME, AT(response_window)), .def = "0",
	  .min = 500 * MS, .max = 300 * S, .flags = RGW_OPT_OR_ZERO,
	  .only_with = "connect",
	  .help = "how long it may take to answer; 0 = as long as the request lives" },
	{ OPT(RGW_CONF_PEER, "queue", COUNT, AT(queue)), .def = "1000",
	  .min = 0, .max = 100000, .unit = "requests",
	  .only_with = "connect",
	  .help = "requests that may wait for a free identifier or a connection" },
	{ OPT(RGW_CONF_PEER, "queue-time", TIME, AT(queue_time)), .def = "5s",
	  .min = 100 * MS, .max = 60 * S,
	  .only_with = "connect",
	  .help = "how long a request may wait in the queue" },
	{ OPT(RGW_CONF_PEER, "bad-response", WORD, AT(bad_response)), .def = "close",
	  .words = bad_responses,
	  .only_with = "connect",
	  .help = "what happens to a connection on which an answer fails verification" },
	{ OPT(RGW_CONF_PEER, "allow", WORDS, AT(allow)), .def = "auth, acct", .words = services,
	  .help = "kinds of requests that go to the peer and may come from it" },
	{ OPT(RGW_CONF_PEER, "status-server-rate", RATE, AT(status_server_rate)),
	  .def = "100/s burst 200", .min = 0, .max = 1000000, .unit = "requests",
	  .only_with = "accept",
	  .help = "Status-Servers from the peer, and requests of codes not served, that are answered; 0 = "
	          "no limit" },
	{ OPT(RGW_CONF_PEER, "protocol-error", BOOL, AT(protocol_error)), .def = "no",
	  .only_with = "accept",
	  .help = "the peer understands Protocol-Error, so it may be sent one" },
	REWRITING(RGW_CONF_PEER, "packets that come from the peer", "packets that go to the peer"),
#undef AT

#define AT(field) offsetof(struct rgw_conf_server, field)
	{ OPT(RGW_CONF_SERVER, "auth", HOSTS, AT(auth)), .unset = "it takes no authentication",
	  .port = 1812,
	  .help = "where authentication requests are sent" },
	{ OPT(RGW_CONF_SERVER, "acct", HOSTS, AT(acct)), .unset = "it takes no accounting",
	  .port = 1813,
	  .help = "where accounting requests are sent" },
	{ OPT(RGW_CONF_SERVER, "secret", SECRET, AT(secret)), .flags = RGW_OPT_REQUIRED,
	  .min = 1, .max = 1024,
	  .help = "secret shared with the server" },
	{ OPT(RGW_CONF_SERVER, "require-message-authenticator", WORD,
	      AT(require_message_authenticator)),
	  .def = "auto", .words = autos,
	  .help = "drop answers to Access-Requests without Message-Authenticator; auto = learn from the "
	          "first that has one" },
	{ OPT(RGW_CONF_SERVER, "source", ADDRESSES, AT(source)), .unset = "the system's choice",
	  .help = "address from which requests are sent; one for each family" },
	{ OPT(RGW_CONF_SERVER, "retransmit", RETRANSMIT, AT(retransmit)),
	  .def = "irt 2s mrt 16s mrc 5 mrd 30s",
	  .help = "first and longest time-out, transmissions and time in all (RFC 5080)" },
	{ OPT(RGW_CONF_SERVER, "status-server", BOOL, AT(status_server)), .def = "no",
	  .help = "the server answers Status-Server, so it is asked when it is suspected" },
	{ OPT(RGW_CONF_SERVER, "watchdog", TIME, AT(watchdog)), .def = "30s",
	  .min = 6 * S, .max = 600 * S,
	  .only_with = "status-server",
	  .help = "between two such questions" },
	{ OPT(RGW_CONF_SERVER, "zombie", TIME, AT(zombie)), .def = "40s",
	  .min = 1 * S, .max = 600 * S,
	  .help = "silence after which a server that lost a request counts as dead" },
	{ OPT(RGW_CONF_SERVER, "revive", TIME, AT(revive)), .def = "300s",
	  .min = 1 * S, .max = 3600 * S,
	  .not_with = "status-server",
	  .help = "time after which a dead server that cannot be asked is tried again" },
	{ OPT(RGW_CONF_SERVER, "max-requests", COUNT, AT(max_requests)), .def = "4096",
	  .min = 1, .max = 65536, .unit = "requests",
	  .help = "requests that the server is given at once" },
	REWRITING(RGW_CONF_SERVER, "its answers", "requests that go to it"),
#undef AT

#define AT(field) offsetof(struct rgw_conf_pool, field)
	{ OPT(RGW_CONF_POOL, "members", REFERENCES, AT(members)), .refers = MEMBERS,
	  .flags = RGW_OPT_REQUIRED,
	  .help = "peers or servers that can do the same, best first" },
	{ OPT(RGW_CONF_POOL, "policy", WORD, AT(policy)), .def = "failover", .words = policies,
	  .help = "which of the members that work gets a request" },
	{ OPT(RGW_CONF_POOL, "hash-key", ATTRIBUTE, AT(hash_key)), .def = "Calling-Station-Id",
	  .only_with = "policy", .with_word = "hash",
	  .help = "requests that are alike in this attribute go to the same member" },
	{ OPT(RGW_CONF_POOL, "retry-after", TIME, AT(retry_after)), .def = "3s",
	  .min = 500 * MS, .max = 60 * S, .flags = RGW_OPT_OR_ZERO,
	  .help = "time after which a request without answer also goes to the next member; 0 = never" },
	{ OPT(RGW_CONF_POOL, "dead-realm", TIME, AT(dead_realm)), .def = "3600s",
	  .min = 0, .max = 7 * D,
	  .help = "how long a member that left a realm unanswered is asked last for it; 0 = off" },
	{ OPT(RGW_CONF_POOL, "dead-realm-after", COUNT, AT(dead_realm_after)), .def = "1",
	  .min = 1, .max = 1000, .unit = "requests",
	  .help = "unanswered requests of a realm in a row, at one member, that count as that" },
	{ OPT(RGW_CONF_POOL, "outage-auth", WORD, AT(outage_auth)), .def = "reject",
	  .words = outages_auth,
	  .help = "what becomes of an Access-Request when no member can be reached" },
	{ OPT(RGW_CONF_POOL, "outage-acct", WORD, AT(outage_acct)), .def = "drop",
	  .words = outages_acct,
	  .help = "what becomes of an Accounting-Request then" },
	{ OPT(RGW_CONF_POOL, "reply-message", STRING, AT(reply_message)), .unset = "none",
	  .min = 1, .max = RGW_ATTR_VALUE_MAX,
	  .not_with = "outage-auth", .with_word = "drop",
	  .help = "text for the user in the Access-Reject of an outage" },
#undef AT

#define AT(field) offsetof(struct rgw_conf_realm, field)
	{ OPT(RGW_CONF_REALM, "regex", REGEX, AT(regex)), .unset = "the name of the section is meant",
	  .min = 1, .max = RGW_ATTR_VALUE_MAX,
	  .help = "regular expression for whole realms, asked after all other patterns but *" },
	{ OPT(RGW_CONF_REALM, "pool", REFERENCE, AT(pool)), .refers = TARGETS, .unset = "rejected",
	  .help = "pool, peer or server that serves the realm" },
	{ OPT(RGW_CONF_REALM, "reject", STRING, AT(reject)), .unset = "served",
	  .min = 1, .max = RGW_ATTR_VALUE_MAX,
	  .not_with = "pool",
	  .help = "reject logins here, with this text for the user" },
	{ OPT(RGW_CONF_REALM, "acct", ACCT, AT(acct)), .def = "same", .words = accts, .refers = TARGETS,
	  .help = "where accounting goes; ack = it is acknowledged here and goes nowhere" },
#undef AT

#define AT(field) offsetof(struct rgw_conf_rewrite, field)
#define RULES(op) AT(rewrite.rules[RGW_REWRITE_##op])
	{ OPT(RGW_CONF_REWRITE, "remove", ATTRIBUTES, RULES(REMOVE)), .unset = "nothing",
	  .help = "attributes to be removed" },
	{ OPT(RGW_CONF_REWRITE, "keep-only", ATTRIBUTES, RULES(KEEP)), .unset = "everything",
	  .help = "attributes of which all others are removed" },
	{ OPT(RGW_CONF_REWRITE, "add", PAIRS, RULES(ADD)), .unset = "nothing",
	  .help = "attributes to be added" },
	{ OPT(RGW_CONF_REWRITE, "set", PAIRS, RULES(SET)), .unset = "nothing",
	  .help = "attributes that take the place of all of their kind" },
	{ OPT(RGW_CONF_REWRITE, "default", PAIRS, RULES(DEFAULT)), .unset = "nothing",
	  .help = "attributes to be added if there is none of their kind" },
	{ OPT(RGW_CONF_REWRITE, "replace", REPLACEMENTS, RULES(REPLACE)), .unset = "nothing",
	  .help = "what is replaced in values that match a regular expression" },
	{ OPT(RGW_CONF_REWRITE, "packets", WORDS, AT(packets)), .words = packets,
	  .def = "access-request, access-accept, access-reject, access-challenge, accounting-request, "
	         "accounting-response",
	  .help = "packets that all this is for" },
	{ OPT(RGW_CONF_REWRITE, "overflow", WORD, AT(overflow)), .def = "refuse", .words = overflows,
	  .help = "what becomes of a packet that would get too big by it" },
#undef RULES
#undef AT
};
/* clang-format on */

#define N_OPTS (sizeof opts / sizeof opts[0])

const struct rgw_conf_section *
rgw_conf_section_of(enum rgw_conf_kind kind)
{
	return &sections[kind];
}

const struct rgw_opt *
rgw_conf_opts_of(enum rgw_conf_kind kind, size_t *n)
{
	size_t first = 0;

	while (opts[first].kind != kind)
		first++;
	*n = 0;
	while (first + *n < N_OPTS && opts[first + *n].kind == kind)
		++*n;
	return &opts[first];
}

const struct rgw_opt *
rgw_conf_opt_find(enum rgw_conf_kind kind, const char *key, bool *from_file)
{
	size_t n;
	const struct rgw_opt *first = rgw_conf_opts_of(kind, &n);

	for (const struct rgw_opt *opt = first; opt < first + n; opt++) {
		size_t len = strlen(opt->key);
		const char *rest;

		if (strncmp(key, opt->key, len) != 0)
			continue;
		rest = key + len;
		*from_file = rgw_conf_opt_has(opt, RGW_IS_SECRET) && strcmp(rest, "-file") == 0;
		if (*rest == '\0' || *from_file)
			return opt;
	}
	return NULL;
}
