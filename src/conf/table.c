/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include <string.h>

#include "words.h"
#include "reading.h"

/* The table of options. An option is declared here and nowhere else. */

/* clang-format off */
#define MS 1
#define S  1000
#define D  UINT64_C(86400000)
#define K  UINT64_C(1024)

#define OPT(section_, key_, type_, field_) \
	.kind = (section_), .key = (key_), .type = &rgw_type_##type_, .where = (field_)

/* The kinds of sections to which a request may be sent: members of a pool, and targets, which may be a pool,
 * too. */
#define MEMBERS (1u << RGW_CONF_PEER | 1u << RGW_CONF_SERVER)
#define TARGETS (MEMBERS | 1u << RGW_CONF_POOL)

/* The two options that each section has which packets come from or go to. */
#define REWRITING(section, came, gone) \
	{ OPT(section, "rewrite-in", references, AT(rewrite_in)), .refers = 1u << RGW_CONF_REWRITE, \
	  .unset = "none", .help = "changes to be made to " came }, \
	{ OPT(section, "rewrite-out", references, AT(rewrite_out)), .refers = 1u << RGW_CONF_REWRITE, \
	  .unset = "none", .help = "changes to be made to " gone }

/* The secret that was in use before, in each section that has one. */
#define PREVIOUS_SECRET(section, help_) \
	{ OPT(section, "previous-secret", secret, AT(previous_secret)), .unset = "none", \
	  .min = 1, .max = 1024, \
	  .help = help_ }

/* The options of plain TCP, in each section that may have connections. */
#define INSECURE_TCP(section, not_with_) \
	{ OPT(section, "insecure-tcp", bool, AT(insecure_tcp)), .def = "no", .not_with = (not_with_), \
	  .flags = RGW_OPT_IDENTITY, \
	  .help = "plain TCP in place of TLS: for loopback only, or where IPsec protects it" }, \
	{ OPT(section, "insecure-tcp-over", words, AT(insecure_tcp_over)), .unset = "loopback only", \
	  .words = rgw_words_layers, .only_with = "insecure-tcp", .flags = RGW_OPT_IDENTITY, \
	  .help = "what protects plain TCP to addresses that are not loopback" }

/* The options, sections in the order of their kinds, each in the order in which people read them. */
static const struct rgw_opt opts[] = {
#define AT(field) offsetof(struct rgw_conf_gateway, field)
	{ OPT(RGW_CONF_GATEWAY, "include", include, 0), .unset = "none",
	  .help = "further files to read, as patterns relative to the directory of this file" },
	{ OPT(RGW_CONF_GATEWAY, "user", string, AT(user)), .unset = "the one that started it",
	  .min = 1, .max = 64, .flags = RGW_OPT_RESTART, .help = "user to run as once the sockets are open" },
	{ OPT(RGW_CONF_GATEWAY, "group", string, AT(group)), .unset = "that of the user",
	  .min = 1, .max = 64, .flags = RGW_OPT_RESTART, .help = "group to run as once the sockets are open" },
	{ OPT(RGW_CONF_GATEWAY, "workers", count, AT(workers)), .def = "1",
	  .min = 1, .max = 64, .unit = "workers", .flags = RGW_OPT_RESTART,
	  .help = "event loops that share the work, each in a thread of its own" },
	{ OPT(RGW_CONF_GATEWAY, "request-lifetime", time, AT(request_lifetime)), .def = "30s",
	  .min = 5 * S, .max = 300 * S, .help = "how long a request may wait for its answer, retries included" },
	{ OPT(RGW_CONF_GATEWAY, "duplicate-window", time, AT(duplicate_window)), .def = "10s",
	  .min = 5 * S, .max = 30 * S, .help = "how long an answer is kept for a client that repeats its request" },
	{ OPT(RGW_CONF_GATEWAY, "max-requests", count, AT(max_requests)), .def = "65536",
	  .min = 16, .max = 1000000, .unit = "requests",
	  .help = "requests held at once; kept answers count, but give way to new requests" },
	{ OPT(RGW_CONF_GATEWAY, "max-request-octets", size, AT(max_request_octets)), .def = "16m",
	  .min = K * K, .max = 2 * K * K * K,
	  .help = "octets that requests take; kept answers count, but give way to new requests" },
	{ OPT(RGW_CONF_GATEWAY, "kept-answers", size, AT(kept_answers)), .def = "8m",
	  .min = 64 * K, .max = 2 * K * K * K, .help = "octets of these that kept answers take, at the most" },
	{ OPT(RGW_CONF_GATEWAY, "max-connections", count, AT(max_connections)), .def = "1024",
	  .min = 1, .max = 1000000, .unit = "connections", .help = "incoming TLS connections that are up, in all" },
	{ OPT(RGW_CONF_GATEWAY, "max-connections-per-address", count, AT(max_connections_per_address)),
	  .def = "64", .min = 1, .max = 1000000, .unit = "connections",
	  .help = "incoming TLS connections from one address (IPv6: from one /64)" },
	{ OPT(RGW_CONF_GATEWAY, "max-half-open", count, AT(max_half_open)), .def = "1024",
	  .min = 1, .max = 100000, .unit = "connections",
	  .help = "incoming connections whose handshake is not over: of strangers, and as many of known "
	          "addresses" },
	{ OPT(RGW_CONF_GATEWAY, "max-half-open-per-address", count, AT(max_half_open_per_address)),
	  .def = "32", .min = 1, .max = 1024, .unit = "connections",
	  .help = "the same from one address (IPv6: from one /64)" },
	{ OPT(RGW_CONF_GATEWAY, "connect-rate", rate, AT(connect_rate)), .def = "100/s burst 200",
	  .min = 0, .max = 1000000, .unit = "connections",
	  .help = "new incoming TLS connections of strangers, and as many of known addresses; 0 = no "
	          "limit" },
	{ OPT(RGW_CONF_GATEWAY, "connect-rate-per-address", rate, AT(connect_rate_per_address)),
	  .def = "10/s burst 20", .min = 0, .max = 1000000, .unit = "connections",
	  .help = "new incoming TLS connections from one address (IPv6: from one /64); 0 = no limit" },
	{ OPT(RGW_CONF_GATEWAY, "packet-timeout", time, AT(packet_timeout)), .def = "10s",
	  .min = 1 * S, .max = 300 * S, .help = "how long the rest of a packet may take on a TLS connection" },
	{ OPT(RGW_CONF_GATEWAY, "write-buffer", size, AT(write_buffer)), .def = "256k",
	  .min = 8 * K, .max = 64 * K * K, .help = "octets that may wait to be sent on one TLS connection" },
	{ OPT(RGW_CONF_GATEWAY, "max-write-octets", size, AT(max_write_octets)), .def = "4m",
	  .min = 256 * K, .max = 2 * K * K * K,
	  .help = "octets that may wait to be sent on all TLS connections together" },
	{ OPT(RGW_CONF_GATEWAY, "drain-time", time, AT(drain_time)), .def = "10s",
	  .min = 0, .max = 300 * S, .help = "how long requests in flight may go on after the order to stop" },
	{ OPT(RGW_CONF_GATEWAY, "encrypted-attribute", hidden, AT(encrypted_attribute)),
	  .unset = "the built-in ones only", .help = "further attributes that are hidden with the shared secret" },
	{ OPT(RGW_CONF_GATEWAY, "loop-limit", count, AT(loop_limit)), .def = "32",
	  .min = 0, .max = 1000, .unit = "attributes",
	  .help = "Proxy-State attributes that a request may have, more being a loop; 0 = any" },
	{ OPT(RGW_CONF_GATEWAY, "loop-marker", bool, AT(loop_marker)), .def = "yes",
	  .help = "requests get a Proxy-State of ours, by which we know them if they come back" },
	{ OPT(RGW_CONF_GATEWAY, "verify-eap", bool, AT(verify_eap)), .def = "yes",
	  .help = "requests whose EAP-Message is no EAP packet are dropped" },
	{ OPT(RGW_CONF_GATEWAY, "malformed-realms", words, AT(malformed_realms)),
	  .def = "space, two-dots, leading-dot, trailing-dot", .words = rgw_words_faults,
	  .help = "realms that are rejected here, since nobody can have them" },
	{ OPT(RGW_CONF_GATEWAY, "watch", bool, AT(watch)), .def = "no",
	  .help = "files of the configuration that change are loaded, as by a reload" },
	{ OPT(RGW_CONF_GATEWAY, "core-dumps", bool, AT(core_dumps)), .def = "no", .flags = RGW_OPT_RESTART,
	  .help = "a crash may leave an image of the memory, in which there are keys" },
	{ OPT(RGW_CONF_GATEWAY, "sandbox", bool, AT(sandbox)), .def = "yes", .flags = RGW_OPT_RESTART,
	  .help = "the process restricts itself to the files and system calls that it needs" },
	{ OPT(RGW_CONF_GATEWAY, "ring", count, AT(ring)), .def = "4096",
	  .min = 0, .max = 1000000, .unit = "requests",
	  .help = "requests that are remembered with their way, for `radsecgw requests` and `explain`; 0 = none" },
	REWRITING(RGW_CONF_GATEWAY, "all packets as they come in, before those of their neighbour",
	    "all packets as they go out, after those of their neighbour"),
	{ OPT(RGW_CONF_GATEWAY, "operator-nas-key", secret, AT(operator_nas_key)), .unset = "a random key",
	  .min = 16, .max = 1024,
	  .help = "key that Operator-NAS-Identifiers are made with, so that they hold across a restart" },
#undef AT

#define AT(field) offsetof(struct rgw_conf_log, field)
	{ OPT(RGW_CONF_LOG, "level", word, AT(level)), .def = "info", .words = rgw_words_levels,
	  .help = "the least important lines to be written" },
	{ OPT(RGW_CONF_LOG, "format", word, AT(format)), .def = "text", .words = rgw_words_formats,
	  .help = "one line of text or one JSON object per event" },
	{ OPT(RGW_CONF_LOG, "target", log_target, AT(target)), .def = "stderr",
	  .min = 1, .max = 4095, .help = "where the lines go" },
	{ OPT(RGW_CONF_LOG, "identity", word, AT(identity)), .def = "full", .words = rgw_words_identities,
	  .help = "how much of a user's identity lines show" },
	{ OPT(RGW_CONF_LOG, "hash-key", password, AT(hash_key)), .unset = "none",
	  .min = 1, .max = 1024, .help = "key for what is hashed; needed then and only then" },
	{ OPT(RGW_CONF_LOG, "rate", per_second, AT(rate)), .def = "10/s",
	  .min = 0, .max = 100000,
	  .help = "lines of one kind about one neighbour; 0 = no limit" },
	{ OPT(RGW_CONF_LOG, "logins", bool, AT(logins)), .def = "yes",
	  .help = "a line for each Access-Accept and Access-Reject" },
	{ OPT(RGW_CONF_LOG, "accounting", bool, AT(accounting)), .def = "no",
	  .help = "a line of level info, and not debug, for each answer to accounting" },
	{ OPT(RGW_CONF_LOG, "station", word, AT(station)), .def = "full", .words = rgw_words_stations,
	  .help = "how much of the address of a device lines show" },
	{ OPT(RGW_CONF_LOG, "fticks", word, AT(fticks)), .def = "no", .words = rgw_words_fticks,
	  .help = "where a line for each login goes in the form of F-Ticks, for the statistics of a federation" },
	{ OPT(RGW_CONF_LOG, "fticks-prefix", string, AT(fticks_prefix)), .def = "F-TICKS/eduroam/1.0",
	  .min = 1, .max = 64,
	  .help = "what F-Ticks begin with" },
	{ OPT(RGW_CONF_LOG, "fticks-country", string, AT(fticks_country)), .unset = "none",
	  .min = 1, .max = 16,
	  .help = "country of the clients, such as NL" },
	{ OPT(RGW_CONF_LOG, "fticks-institution", string, AT(fticks_institution)), .unset = "none",
	  .min = 1, .max = 128,
	  .help = "institution of the clients" },
	{ OPT(RGW_CONF_LOG, "fticks-mac", word, AT(fticks_mac)), .def = "vendor-keyed-hash",
	  .words = rgw_words_fticks_macs,
	  .help = "how F-Ticks show the address of a device" },
	{ OPT(RGW_CONF_LOG, "fticks-key", password, AT(fticks_key)), .unset = "none",
	  .min = 1, .max = 1024,
	  .help = "key for keyed hashes in F-Ticks" },
	{ OPT(RGW_CONF_LOG, "fticks-facility", word, AT(fticks_facility)), .def = "daemon",
	  .words = rgw_words_facilities,
	  .help = "facility of F-Ticks in syslog" },
	{ OPT(RGW_CONF_LOG, "fticks-tag", string, AT(fticks_tag)), .def = "radsecgw",
	  .min = 1, .max = 32,
	  .help = "tag of F-Ticks in syslog" },
	{ OPT(RGW_CONF_LOG, "fticks-for", word, AT(fticks_for)), .def = "all", .words = rgw_words_fticks_for,
	  .help = "logins that have F-Ticks: all, or those of pools and realms with fticks = yes" },
#undef AT

#define AT(field) offsetof(struct rgw_conf_control, field)
	{ OPT(RGW_CONF_CONTROL, "socket", socket, AT(socket)),
	  .unset = RGW_CONTROL_SOCKET ", if it can be made",
	  .min = 1, .max = 107, .flags = RGW_OPT_RESTART,
	  .help = "UNIX socket on which the gateway takes commands" },
	{ OPT(RGW_CONF_CONTROL, "mode", mode, AT(mode)), .def = "0660",
	  .min = 0, .max = 0777, .flags = RGW_OPT_RESTART,
	  .help = "permissions of the socket: who may write to it may give commands" },
	{ OPT(RGW_CONF_CONTROL, "owner", string, AT(owner)), .unset = "the user of the gateway",
	  .min = 1, .max = 64, .flags = RGW_OPT_RESTART,
	  .help = "user to whom the socket belongs" },
	{ OPT(RGW_CONF_CONTROL, "group", string, AT(group)), .unset = "the group of the gateway",
	  .min = 1, .max = 64, .flags = RGW_OPT_RESTART,
	  .help = "group to which the socket belongs" },
#undef AT

#define AT(field) offsetof(struct rgw_conf_metrics, field)
	{ OPT(RGW_CONF_METRICS, "listen", addresses, AT(listen)), .unset = "none",
	  .port = 12083, .flags = RGW_OPT_RESTART,
	  .help = "addresses on which metrics and health are served over HTTP" },
	{ OPT(RGW_CONF_METRICS, "allow", prefixes, AT(allow)), .unset = "loopback addresses",
	  .only_with = "listen",
	  .help = "addresses or networks that may ask for them" },
	{ OPT(RGW_CONF_METRICS, "ready-requires", word, AT(ready_requires)), .def = "any", .words = rgw_words_readies,
	  .help = "pools that must be usable for the gateway to be ready" },
	{ OPT(RGW_CONF_METRICS, "page", bool, AT(page)), .def = "yes",
	  .only_with = "listen",
	  .help = "a page for people and programs that shows how the gateway stands, at / and /status.json" },
#undef AT

#define AT(field) offsetof(struct rgw_conf_tls, field)
	{ OPT(RGW_CONF_TLS, "certificate", file, AT(certificate)), .unset = "none",
	  .min = 1, .max = 4095,
	  .help = "PEM file with our certificate and, after it, those up to the root" },
	{ OPT(RGW_CONF_TLS, "key", key_file, AT(key)), .unset = "none",
	  .min = 1, .max = 4095,
	  .help = "PEM file with the private key" },
	{ OPT(RGW_CONF_TLS, "key-password", password, AT(key_password)), .unset = "none",
	  .min = 1, .max = 1024,
	  .help = "password of the private key" },
	{ OPT(RGW_CONF_TLS, "ca", paths, AT(ca)), .unset = "none",
	  .min = 1, .max = 4095,
	  .help = "PEM files, or directories of them, with the authorities that are trusted" },
	{ OPT(RGW_CONF_TLS, "min-version", word, AT(min_version)), .def = "1.2", .words = rgw_words_versions,
	  .help = "oldest version of TLS" },
	{ OPT(RGW_CONF_TLS, "max-version", word, AT(max_version)), .def = "1.3", .words = rgw_words_versions,
	  .help = "newest version of TLS" },
	{ OPT(RGW_CONF_TLS, "ciphers", strings, AT(ciphers)), .unset = "a built-in list",
	  .min = 1, .max = 190,
	  .help = "cipher suites, best first" },
	{ OPT(RGW_CONF_TLS, "groups", strings, AT(groups)), .unset = "a built-in list",
	  .min = 1, .max = 190,
	  .help = "groups for the key exchange, best first" },
	{ OPT(RGW_CONF_TLS, "watch", bool, AT(watch)), .def = "yes",
	  .help = "files of the section that change are read again" },
	{ OPT(RGW_CONF_TLS, "crl", paths, AT(crl)), .unset = "none",
	  .min = 1, .max = 4095,
	  .help = "files, or directories of them, with lists of revoked certificates, in PEM or DER" },
	{ OPT(RGW_CONF_TLS, "crl-check", word, AT(crl_check)), .def = "off", .words = rgw_words_crl_checks,
	  .only_with = "crl",
	  .help = "certificates of peers that are looked up there: none, their own, or their whole chains" },
	{ OPT(RGW_CONF_TLS, "crl-missing", word, AT(crl_missing)), .def = "refuse", .words = rgw_words_crl_missings,
	  .only_with = "crl",
	  .help = "what becomes of a certificate of which no CRL in force speaks" },
	{ OPT(RGW_CONF_TLS, "keylog", new_file, AT(keylog)), .unset = "none",
	  .min = 1, .max = 4095,
	  .help = "file to which the secrets of sessions are written, for debugging" },
#undef AT

#define AT(field) offsetof(struct rgw_conf_listen, field)
	{ OPT(RGW_CONF_LISTEN, "udp", addresses, AT(udp)), .unset = "none",
	  .port = 1812,
	  .help = "addresses on which requests from clients are received" },
	{ OPT(RGW_CONF_LISTEN, "accept", words, AT(accept)), .def = "auth, acct", .words = rgw_words_accepts,
	  .not_with = "tls",
	  .help = "kinds of requests that are taken here" },
	{ OPT(RGW_CONF_LISTEN, "receive-buffer", size, AT(receive_buffer)), .def = "0",
	  .min = 0, .max = 256 * K * K,
	  .not_with = "tls",
	  .help = "receive buffer of each UDP socket; 0 = as much as the system gives to anybody" },
	{ OPT(RGW_CONF_LISTEN, "tls", addresses, AT(tls)), .unset = "none",
	  .port = 2083,
	  .help = "addresses on which connections from peers are accepted" },
	{ OPT(RGW_CONF_LISTEN, "profile", references, AT(profile)), .refers = 1u << RGW_CONF_TLS,
	  .unset = "none",
	  .not_with = "udp", .nor_with = "insecure-tcp",
	  .help = "identities for these connections; the server name of the client chooses" },
	INSECURE_TCP(RGW_CONF_LISTEN, "udp"),
	{ OPT(RGW_CONF_LISTEN, "handshake-timeout", time, AT(handshake_timeout)), .def = "5s",
	  .min = 500 * MS, .max = 60 * S,
	  .not_with = "udp", .nor_with = "insecure-tcp",
	  .help = "time for the whole TLS handshake of an incoming connection" },
	{ OPT(RGW_CONF_LISTEN, "max-connections", count, AT(max_connections)), .def = "0",
	  .min = 0, .max = 1000000, .unit = "connections",
	  .not_with = "udp",
	  .help = "incoming connections on these addresses; 0 = as many as the gateway takes" },
	{ OPT(RGW_CONF_LISTEN, "proxy-protocol", prefixes, AT(proxy_protocol)), .unset = "none",
	  .not_with = "udp",
	  .help = "balancers, whose connections begin with a PROXY header that says where they come from" },
#undef AT

#define AT(field) offsetof(struct rgw_conf_client, field)
	{ OPT(RGW_CONF_CLIENT, "address", origins, AT(address)), .flags = RGW_OPT_REQUIRED | RGW_OPT_IDENTITY,
	  .help = "addresses, networks or host names from which its requests come" },
	{ OPT(RGW_CONF_CLIENT, "secret", secret, AT(secret)), .flags = RGW_OPT_REQUIRED | RGW_OPT_IDENTITY,
	  .min = 1, .max = 1024,
	  .help = "secret shared with the client" },
	PREVIOUS_SECRET(RGW_CONF_CLIENT, "secret that its requests may still have been made with"),
	{ OPT(RGW_CONF_CLIENT, "require-message-authenticator", word,
	      AT(require_message_authenticator)),
	  .def = "auto", .words = rgw_words_autos,
	  .help = "drop Access-Requests without Message-Authenticator; auto = learn from the first" },
	{ OPT(RGW_CONF_CLIENT, "limit-proxy-state", word, AT(limit_proxy_state)),
	  .def = "auto", .words = rgw_words_autos,
	  .help = "drop Access-Requests with Proxy-State but without Message-Authenticator" },
	{ OPT(RGW_CONF_CLIENT, "reply-message-authenticator", bool,
	      AT(reply_message_authenticator)),
	  .def = "yes",
	  .help = "begin every answer to an Access-Request with a Message-Authenticator" },
	{ OPT(RGW_CONF_CLIENT, "listen", references, AT(listen)), .refers = 1u << RGW_CONF_LISTEN,
	  .unset = "all with `udp`",
	  .help = "sections on whose addresses it may ask; others may have its address elsewhere" },
	{ OPT(RGW_CONF_CLIENT, "pool", reference, AT(pool)), .refers = TARGETS,
	  .unset = "chosen by realm",
	  .help = "pool, peer or server for all requests of this client, whatever the realm" },
	{ OPT(RGW_CONF_CLIENT, "protocol-error", bool, AT(protocol_error)), .def = "no",
	  .help = "the client understands Protocol-Error, so it may be sent one" },
	{ OPT(RGW_CONF_CLIENT, "status-server-rate", rate, AT(status_server_rate)),
	  .def = "100/s burst 200", .min = 0, .max = 1000000, .unit = "requests",
	  .help = "Status-Servers from the client that are answered; 0 = no limit" },
	{ OPT(RGW_CONF_CLIENT, "operator-name", operator, AT(operator_name)), .unset = "none",
	  .min = 2, .max = RGW_ATTR_VALUE_MAX,
	  .help = "Operator-Name for its requests that have none" },
	REWRITING(RGW_CONF_CLIENT, "its requests", "the answers to them"),
	{ OPT(RGW_CONF_CLIENT, "allow", words, AT(allow)), .def = "auth, acct", .words = rgw_words_services,
	  .help = "kinds of requests that may come from it" },
	{ OPT(RGW_CONF_CLIENT, "coa", coa, AT(coa)), .def = "no", .port = 3799, .flags = RGW_OPT_IDENTITY,
	  .help = "where it takes CoA and Disconnect; yes = at the address from which its requests come" },
	{ OPT(RGW_CONF_CLIENT, "nas-identifier", strings, AT(nas_identifier)), .unset = "its addresses alone",
	  .min = 1, .max = RGW_ATTR_VALUE_MAX,
	  .help = "NAS-Identifiers, or addresses of NASes, by which CoA for it is known" },
	{ OPT(RGW_CONF_CLIENT, "coa-realms", strings, AT(coa_realms)),
	  .unset = "those whose logins go to a server at its address",
	  .min = 1, .max = RGW_ATTR_VALUE_MAX,
	  .help = "realms whose sessions it may change or end; * = all" },
	{ OPT(RGW_CONF_CLIENT, "require-event-timestamp", bool, AT(require_event_timestamp)), .def = "no",
	  .help = "CoA and Disconnect without Event-Timestamp are dropped" },
#undef AT

#define AT(field) offsetof(struct rgw_conf_peer, field)
	{ OPT(RGW_CONF_PEER, "connect", hosts, AT(connect)), .unset = "it only connects to us",
	  .port = 2083, .flags = RGW_OPT_IDENTITY,
	  .help = "names or addresses to connect to, in this order" },
	{ OPT(RGW_CONF_PEER, "accept", bool, AT(accept)), .def = "no", .flags = RGW_OPT_IDENTITY,
	  .help = "the peer may connect to us" },
	{ OPT(RGW_CONF_PEER, "address", prefixes, AT(address)), .unset = "any",
	  .only_with = "accept", .flags = RGW_OPT_IDENTITY,
	  .help = "addresses or networks from which it may connect" },
	{ OPT(RGW_CONF_PEER, "tls", reference, AT(tls)), .refers = 1u << RGW_CONF_TLS,
	  .unset = "none", .nor_with = "insecure-tcp", .flags = RGW_OPT_IDENTITY,
	  .help = "identity and trust to be used with the peer" },
	INSECURE_TCP(RGW_CONF_PEER, NULL),
	{ OPT(RGW_CONF_PEER, "name", host, AT(cert_name)), .unset = "the host of connect",
	  .min = 1, .max = 253, .not_with = "psk-identity", .nor_with = "insecure-tcp", .flags = RGW_OPT_IDENTITY,
	  .help = "DNS name or address that the peer's certificate must carry" },
	{ OPT(RGW_CONF_PEER, "match", cert_rules, AT(match)), .unset = "name alone",
	  .not_with = "psk-identity", .nor_with = "insecure-tcp", .flags = RGW_OPT_IDENTITY,
	  .help = "rules that the peer's certificate must fulfil" },
	{ OPT(RGW_CONF_PEER, "sni", sni, AT(sni)), .unset = "the host of connect",
	  .min = 0, .max = 253,
	  .only_with = "connect", .nor_with = "insecure-tcp", .flags = RGW_OPT_IDENTITY,
	  .help = "server name to be sent in the TLS handshake; empty = none" },
	{ OPT(RGW_CONF_PEER, "secret", secret, AT(secret)), .def = "radsec",
	  .min = 1, .max = 1024, .flags = RGW_OPT_IDENTITY,
	  .help = "secret used inside TLS; only for peers that break the rule" },
	PREVIOUS_SECRET(RGW_CONF_PEER, "secret that what comes from the peer may still have been made with"),
	{ OPT(RGW_CONF_PEER, "connections", count_range, AT(connections)), .def = "1-16",
	  .min = 0, .max = 64, .unit = "connections",
	  .only_with = "connect",
	  .help = "fewest and most connections to be kept to the peer" },
	{ OPT(RGW_CONF_PEER, "max-connections", count, AT(max_connections)), .def = "16",
	  .min = 1, .max = 10000, .unit = "connections",
	  .only_with = "accept",
	  .help = "connections that the peer may have to us" },
	{ OPT(RGW_CONF_PEER, "idle-timeout", time, AT(idle_timeout)), .def = "600s",
	  .min = 0, .max = 7 * D,
	  .help = "time without requests and answers after which a connection is closed; 0 = never" },
	{ OPT(RGW_CONF_PEER, "lifetime", time, AT(lifetime)), .def = "0",
	  .min = 0, .max = 30 * D,
	  .help = "age at which a connection is replaced, without losing what is open on it; 0 = never" },
	{ OPT(RGW_CONF_PEER, "connect-timeout", time, AT(connect_timeout)), .def = "3s",
	  .min = 100 * MS, .max = 60 * S,
	  .only_with = "connect",
	  .help = "time for one TCP connection to come up" },
	{ OPT(RGW_CONF_PEER, "handshake-timeout", time, AT(handshake_timeout)), .def = "5s",
	  .min = 500 * MS, .max = 60 * S,
	  .only_with = "connect", .nor_with = "insecure-tcp",
	  .help = "time for the whole TLS handshake" },
	/* The shortest pause is half a second after a failed attempt (P-TLS-21). */
	{ OPT(RGW_CONF_PEER, "reconnect", time_range, AT(reconnect)), .def = "500ms-60s",
	  .min = 500 * MS, .max = 3600 * S,
	  .only_with = "connect",
	  .help = "shortest and longest pause between attempts to connect" },
	{ OPT(RGW_CONF_PEER, "connect-rate", rate, AT(connect_rate)), .def = "5/s burst 16",
	  .min = 0, .max = 100000, .unit = "attempts",
	  .only_with = "connect",
	  .help = "attempts to connect; 0 = no limit" },
	{ OPT(RGW_CONF_PEER, "tcp-keepalive", bool, AT(tcp_keepalive)), .def = "yes",
	  .help = "let the system probe idle connections" },
	{ OPT(RGW_CONF_PEER, "user-timeout", time, AT(user_timeout)), .def = "10s",
	  .min = 0, .max = 600 * S,
	  .help = "how long sent octets may stay unacknowledged; 0 = the default of the system" },
	{ OPT(RGW_CONF_PEER, "watchdog", time, AT(watchdog)), .def = "30s",
	  .min = 6 * S, .max = 600 * S,
	  .only_with = "connect",
	  .help = "silence after which the peer is asked whether it is alive" },
	{ OPT(RGW_CONF_PEER, "status-server", word, AT(status_server)), .def = "auto",
	  .words = rgw_words_switches,
	  .only_with = "connect",
	  .help = "ask it with Status-Server; auto = until it is seen that it never answers one" },
	{ OPT(RGW_CONF_PEER, "reopen-answers", count, AT(reopen_answers)), .def = "3",
	  .min = 1, .max = 10, .unit = "answers",
	  .only_with = "connect",
	  .help = "answers to Status-Server after which one that failed is trusted again" },
	{ OPT(RGW_CONF_PEER, "response-window", time, AT(response_window)), .def = "0",
	  .min = 500 * MS, .max = 300 * S, .flags = RGW_OPT_OR_ZERO,
	  .only_with = "connect",
	  .help = "how long it may take to answer; 0 = as long as the request lives" },
	{ OPT(RGW_CONF_PEER, "queue", count, AT(queue)), .def = "1000",
	  .min = 0, .max = 100000, .unit = "requests",
	  .only_with = "connect",
	  .help = "requests that may wait for a free identifier or a connection" },
	{ OPT(RGW_CONF_PEER, "queue-time", time, AT(queue_time)), .def = "5s",
	  .min = 100 * MS, .max = 60 * S,
	  .only_with = "connect",
	  .help = "how long a request may wait in the queue" },
	{ OPT(RGW_CONF_PEER, "bad-response", word, AT(bad_response)), .def = "close",
	  .words = rgw_words_bad_responses,
	  .only_with = "connect",
	  .help = "what happens to a connection on which an answer fails verification" },
	{ OPT(RGW_CONF_PEER, "allow", words, AT(allow)), .def = "auth, acct", .words = rgw_words_services,
	  .help = "kinds of requests that go to the peer and may come from it" },
	{ OPT(RGW_CONF_PEER, "status-server-rate", rate, AT(status_server_rate)),
	  .def = "100/s burst 200", .min = 0, .max = 1000000, .unit = "requests",
	  .only_with = "accept",
	  .help = "Status-Servers from the peer, and requests of codes not served, that are answered; 0 = "
	          "no limit" },
	{ OPT(RGW_CONF_PEER, "protocol-error", bool, AT(protocol_error)), .def = "no",
	  .only_with = "accept",
	  .help = "the peer understands Protocol-Error, so it may be sent one" },
	REWRITING(RGW_CONF_PEER, "packets that come from the peer", "packets that go to the peer"),
	{ OPT(RGW_CONF_PEER, "psk-identity", psk_identity, AT(psk_identity)), .unset = "certificates",
	  .min = 1, .max = RGW_PSK_IDENTITY_MAX, .nor_with = "insecure-tcp",
	  .help = "name of the pre-shared key that takes the place of certificates" },
	{ OPT(RGW_CONF_PEER, "psk", psk, AT(psk)), .unset = "none",
	  .min = RGW_PSK_MIN, .max = RGW_PSK_MAX, .only_with = "psk-identity",
	  .help = "the key of that name" },
	{ OPT(RGW_CONF_PEER, "previous-psk", psk, AT(previous_psk)), .unset = "none",
	  .min = RGW_PSK_MIN, .max = RGW_PSK_MAX, .only_with = "accept", .nor_with = "insecure-tcp",
	  .help = "key with which the peer may still connect" },
	{ OPT(RGW_CONF_PEER, "coa-realms", strings, AT(coa_realms)), .unset = "those whose logins go to the peer",
	  .min = 1, .max = RGW_ATTR_VALUE_MAX,
	  .help = "realms whose sessions it may change or end; * = all" },
	{ OPT(RGW_CONF_PEER, "operator-nas-identifier", bool, AT(operator_nas_identifier)), .def = "no",
	  .help = "requests to the peer say which of our NASes they are from, readable for us alone" },
#undef AT

#define AT(field) offsetof(struct rgw_conf_server, field)
	{ OPT(RGW_CONF_SERVER, "auth", hosts, AT(auth)), .unset = "it takes no authentication",
	  .port = 1812, .flags = RGW_OPT_IDENTITY,
	  .help = "where authentication requests are sent" },
	{ OPT(RGW_CONF_SERVER, "acct", hosts, AT(acct)), .unset = "it takes no accounting",
	  .port = 1813, .flags = RGW_OPT_IDENTITY,
	  .help = "where accounting requests are sent" },
	{ OPT(RGW_CONF_SERVER, "secret", secret, AT(secret)), .flags = RGW_OPT_REQUIRED | RGW_OPT_IDENTITY,
	  .min = 1, .max = 1024,
	  .help = "secret shared with the server" },
	PREVIOUS_SECRET(RGW_CONF_SERVER, "secret that its answers may still be made with"),
	{ OPT(RGW_CONF_SERVER, "require-message-authenticator", word,
	      AT(require_message_authenticator)),
	  .def = "auto", .words = rgw_words_autos,
	  .help = "drop answers to Access-Requests without Message-Authenticator; auto = learn from the "
	          "first that has one" },
	{ OPT(RGW_CONF_SERVER, "source", addresses, AT(source)), .unset = "the system's choice",
	  .flags = RGW_OPT_IDENTITY,
	  .help = "address from which requests are sent; one for each family" },
	{ OPT(RGW_CONF_SERVER, "retransmit", retransmit, AT(retransmit)),
	  .def = "irt 2s mrt 16s mrc 5 mrd 30s",
	  .help = "first and longest time-out, transmissions and time in all (RFC 5080)" },
	{ OPT(RGW_CONF_SERVER, "status-server", bool, AT(status_server)), .def = "no",
	  .help = "the server answers Status-Server, so it is asked when it is suspected" },
	{ OPT(RGW_CONF_SERVER, "watchdog", time, AT(watchdog)), .def = "30s",
	  .min = 6 * S, .max = 600 * S,
	  .only_with = "status-server",
	  .help = "between two such questions" },
	{ OPT(RGW_CONF_SERVER, "zombie", time, AT(zombie)), .def = "40s",
	  .min = 1 * S, .max = 600 * S,
	  .help = "silence after which a server that lost a request counts as dead" },
	{ OPT(RGW_CONF_SERVER, "revive", time, AT(revive)), .def = "300s",
	  .min = 1 * S, .max = 3600 * S,
	  .not_with = "status-server",
	  .help = "time after which a dead server that cannot be asked is tried again" },
	{ OPT(RGW_CONF_SERVER, "max-requests", count, AT(max_requests)), .def = "4096",
	  .min = 1, .max = 65536, .unit = "requests",
	  .help = "requests that the server is given at once" },
	REWRITING(RGW_CONF_SERVER, "its answers", "requests that go to it"),
#undef AT

#define AT(field) offsetof(struct rgw_conf_pool, field)
	{ OPT(RGW_CONF_POOL, "members", references, AT(members)), .refers = MEMBERS,
	  .flags = RGW_OPT_REQUIRED,
	  .help = "peers or servers that can do the same, best first" },
	{ OPT(RGW_CONF_POOL, "policy", word, AT(policy)), .def = "failover", .words = rgw_words_policies,
	  .help = "which of the members that work gets a request" },
	{ OPT(RGW_CONF_POOL, "hash-key", attribute, AT(hash_key)), .def = "Calling-Station-Id",
	  .only_with = "policy", .with_word = "hash",
	  .help = "requests that are alike in this attribute go to the same member" },
	{ OPT(RGW_CONF_POOL, "retry-after", time, AT(retry_after)), .def = "3s",
	  .min = 500 * MS, .max = 60 * S, .flags = RGW_OPT_OR_ZERO,
	  .help = "time after which a request without answer also goes to the next member; 0 = never" },
	{ OPT(RGW_CONF_POOL, "dead-realm", time, AT(dead_realm)), .def = "3600s",
	  .min = 0, .max = 7 * D,
	  .help = "how long a member that left a realm unanswered is asked last for it; 0 = off" },
	{ OPT(RGW_CONF_POOL, "dead-realm-after", count, AT(dead_realm_after)), .def = "1",
	  .min = 1, .max = 1000, .unit = "requests",
	  .help = "unanswered requests of a realm in a row, at one member, that count as that" },
	{ OPT(RGW_CONF_POOL, "outage-auth", word, AT(outage_auth)), .def = "reject",
	  .words = rgw_words_outages_auth,
	  .help = "what becomes of an Access-Request when no member can be reached" },
	{ OPT(RGW_CONF_POOL, "outage-acct", word, AT(outage_acct)), .def = "drop",
	  .words = rgw_words_outages_acct,
	  .help = "what becomes of an Accounting-Request then" },
	{ OPT(RGW_CONF_POOL, "reply-message", string, AT(reply_message)), .unset = "none",
	  .min = 1, .max = RGW_ATTR_VALUE_MAX,
	  .not_with = "outage-auth", .with_word = "drop",
	  .help = "text for the user in the Access-Reject of an outage" },
	{ OPT(RGW_CONF_POOL, "fticks", word, AT(fticks)), .def = "auto", .words = rgw_words_autos,
	  .help = "whether its logins have F-Ticks; auto = as fticks-for in [log] says" },
#undef AT

#define AT(field) offsetof(struct rgw_conf_realm, field)
	{ OPT(RGW_CONF_REALM, "regex", regex, AT(regex)), .unset = "the name of the section is meant",
	  .min = 1, .max = RGW_ATTR_VALUE_MAX,
	  .help = "regular expression for whole realms, asked after all other patterns but *" },
	{ OPT(RGW_CONF_REALM, "pool", reference, AT(pool)), .refers = TARGETS, .unset = "rejected",
	  .help = "pool, peer or server that serves the realm" },
	{ OPT(RGW_CONF_REALM, "reject", string, AT(reject)), .unset = "served",
	  .min = 1, .max = RGW_ATTR_VALUE_MAX,
	  .not_with = "pool",
	  .help = "reject logins here, with this text for the user" },
	{ OPT(RGW_CONF_REALM, "acct", acct, AT(acct)), .def = "same", .words = rgw_words_accts, .refers = TARGETS,
	  .help = "where accounting goes; ack = it is acknowledged here and goes nowhere" },
	{ OPT(RGW_CONF_REALM, "coa", reference, AT(coa)), .refers = 1u << RGW_CONF_PEER | 1u << RGW_CONF_POOL,
	  .unset = "by what was learned",
	  .help = "where CoA and Disconnect go for NASes whose Operator-Name has this realm" },
	{ OPT(RGW_CONF_REALM, "fticks", word, AT(fticks)), .def = "auto", .words = rgw_words_autos,
	  .help = "whether its logins have F-Ticks; auto = as the pool says" },
#undef AT

#define AT(field) offsetof(struct rgw_conf_rewrite, field)
#define RULES(op) AT(rewrite.rules[RGW_REWRITE_##op])
	{ OPT(RGW_CONF_REWRITE, "remove", attributes, RULES(REMOVE)), .unset = "nothing",
	  .help = "attributes to be removed" },
	{ OPT(RGW_CONF_REWRITE, "keep-only", attributes, RULES(KEEP)), .unset = "everything",
	  .help = "attributes of which all others are removed" },
	{ OPT(RGW_CONF_REWRITE, "add", pairs, RULES(ADD)), .unset = "nothing",
	  .help = "attributes to be added" },
	{ OPT(RGW_CONF_REWRITE, "set", pairs, RULES(SET)), .unset = "nothing",
	  .help = "attributes that take the place of all of their kind" },
	{ OPT(RGW_CONF_REWRITE, "default", pairs, RULES(DEFAULT)), .unset = "nothing",
	  .help = "attributes to be added if there is none of their kind" },
	{ OPT(RGW_CONF_REWRITE, "replace", replacements, RULES(REPLACE)), .unset = "nothing",
	  .help = "what is replaced in values that match a regular expression" },
	{ OPT(RGW_CONF_REWRITE, "packets", words, AT(packets)), .words = rgw_words_packets,
	  .def = "access-request, access-accept, access-reject, access-challenge, accounting-request, "
	         "accounting-response",
	  .help = "packets that all this is for" },
	{ OPT(RGW_CONF_REWRITE, "overflow", word, AT(overflow)), .def = "refuse", .words = rgw_words_overflows,
	  .help = "what becomes of a packet that would get too big by it" },
#undef RULES
#undef AT
};
/* clang-format on */

#define N_OPTS (sizeof opts / sizeof opts[0])

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
