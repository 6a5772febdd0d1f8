/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "families.h"

#include "radsecgw/certrows.h"
#include "radsecgw/report.h"
#include "record.h"

/* The table of families that are made of rows. A metric of that kind is declared here and nowhere else. */

/* clang-format off */
#define GAUGE(name_, table_, key_, how_) \
	.name = "radsecgw_" name_, .type = RGW_METRIC_GAUGE, .table = (table_), .key = (key_), .how = RGW_FAMILY_##how_
#define COUNTER(name_, table_, key_, how_) \
	.name = "radsecgw_" name_, .type = RGW_METRIC_COUNTER, .table = (table_), .key = (key_), \
	.how = RGW_FAMILY_##how_

#define T(table) &rgw_report_tables[RGW_REPORT_##table]

static const struct rgw_family families[] = {
	{ GAUGE("requests_in_flight", T(GATEWAY), "pending", NUMBER),
	  .help = "Accepted requests that have not ended." },
	{ GAUGE("connections", T(GATEWAY), "connections", NUMBER),
	  .help = "Connections with peers, whoever opened them, in all states." },
	{ GAUGE("half_open_connections", T(GATEWAY), NULL, CELLS), .by = "class",
	  .words = { "half_open", "half_open_known" },
	  .help = "Incoming connections whose handshake is not over: of strangers, and of known addresses." },
	{ GAUGE("realm_marks", T(GATEWAY), "realm_marks", NUMBER),
	  .help = "Marks of members of pools that left a realm unanswered." },
	{ GAUGE("draining", T(GATEWAY), "draining", SOME),
	  .help = "1 if the gateway takes no new requests, since it is drained or stopping." },

	{ GAUGE("peer_up", T(PEERS), "okay", SOME), .label = "peer",
	  .help = "1 if there is a connection that we opened to the peer and that nothing speaks against." },
	{ GAUGE("peer_state", T(PEERS), "state", STATE), .label = "peer", .by = "state",
	  .words = { "up", "doubtful", "opening", "down", "idle", "drained" },
	  .help = "1 for the state in which the peer is for us, in the worker where it is best." },
	{ GAUGE("peer_connections", T(PEERS), NULL, CELLS), .label = "peer", .by = "kind",
	  .words = { "up", "opening", "incoming" },
	  .help = "Connections with the peer: up and opening ones are ours, incoming ones the peer has opened." },
	{ GAUGE("peer_good_connections", T(PEERS), "okay", NUMBER), .label = "peer",
	  .help = "Connections to the peer that are up and that nothing speaks against." },
	{ GAUGE("peer_requests_in_flight", T(PEERS), "open", NUMBER), .label = "peer",
	  .help = "Requests that the peer has not answered yet." },
	{ GAUGE("peer_requests_queued", T(PEERS), "queued", NUMBER), .label = "peer",
	  .help = "Requests that wait for a connection to the peer, or for an identifier there." },
	{ GAUGE("peer_failed_attempts", T(PEERS), "failed_attempts", NUMBER), .label = "peer",
	  .help = "Attempts to connect to the peer that have failed since the last one that did not." },

	{ GAUGE("server_up", T(SERVERS), "state", IS), .label = "server", .also = { "port" }, .words = { "alive" },
	  .help = "1 if nothing speaks against the server, in the worker where it is best." },
	{ GAUGE("server_state", T(SERVERS), "state", STATE), .label = "server", .also = { "port" }, .by = "state",
	  .words = { "alive", "suspected", "dead" },
	  .help = "1 for the state in which the server is for us, in the worker where it is best." },
	{ GAUGE("server_requests_in_flight", T(SERVERS), "requests", NUMBER), .label = "server", .also = { "port" },
	  .help = "Requests that the server has not answered yet, or that wait for a socket." },
	{ GAUGE("server_open_sockets", T(SERVERS), "sources", NUMBER), .label = "server", .also = { "port" },
	  .help = "UDP sockets from which the server is asked." },
	{ GAUGE("server_drained", T(SERVERS), "drained", IS), .label = "server", .also = { "port" }, .words = { "yes" },
	  .help = "1 if the server gets no new requests, as a command has said." },

	{ COUNTER("target_answers", T(ANSWERS), NULL, CELLS), .label = "target", .by = "answer",
	  .words = { "accept", "reject", "challenge", "accounting", "protocol_error" },
	  .help = "Answers of a peer or server to requests that waited for them." },
	{ .name = "radsecgw_target_duration_seconds", .type = RGW_METRIC_HISTOGRAM, .table = T(DURATIONS),
	  .how = RGW_FAMILY_RANGES, .label = "target",
	  .help = "Time from when a request was first sent to a peer or server until its answer came from there." },

	{ GAUGE("pool_member_usable", T(POOLS), "standing", IS), .label = "pool", .also = { "member" },
	  .words = { "up", "idle" },
	  .help = "1 if the member works, or if nothing is known against it." },
	{ GAUGE("pool_member_answers", T(POOLS), "answers", IS), .label = "pool", .also = { "member" },
	  .words = { "yes" },
	  .help = "0 if others go first, since they answered what the member did not." },
	{ GAUGE("route_usable", T(ROUTES), "usable", IS), .label = "route", .words = { "yes" },
	  .help = "1 if one member of the pool can be used; a peer or server may stand in place of a pool." },

	{ GAUGE("client_requests_in_flight", T(CLIENTS), "open", NUMBER), .label = "client",
	  .help = "Accepted requests of the client that have not ended." },
	{ GAUGE("client_request_bytes", T(CLIENTS), "octets", NUMBER), .label = "client",
	  .help = "Memory that these take." },
	{ GAUGE("client_message_authenticator_required", T(CLIENTS), "message_authenticator", IS), .label = "client",
	  .words = { "required" },
	  .help = "1 if the client's requests are dropped without Message-Authenticator." },
	{ GAUGE("listener_connections", T(LISTENERS), "connections", NUMBER), .label = "listener", .once = true,
	  .help = "Connections that peers have opened to the addresses of the section." },

	{ GAUGE("limit_used", T(LIMITS), "used", NUMBER), .label = "limit", .also = { "kind", "of" },
	  .help = "How much is used of what a limit bounds; octets for sizes, else a number of things." },
	{ GAUGE("limit_max", T(LIMITS), "max", NUMBER), .label = "limit", .also = { "kind", "of" },
	  .help = "The limit." },

	{ GAUGE("certificate_not_after_timestamp_seconds", &rgw_net_certificates, "not_after", NUMBER), .label = "tls",
	  .help = "When the first certificate of our own chain expires." },
	{ GAUGE("crl_next_update_timestamp_seconds", &rgw_net_crls, "next_update", NUMBER), .label = "tls",
	  .also = { "issuer" },
	  .help = "When a CRL ends, for the 64 issuers of a section whose CRLs end first." },

	{ COUNTER("configuration_reloads", &rgw_record_table, "reloads", NUMBER),
	  .help = "Reloads of the configuration that took effect." },
	{ COUNTER("configuration_reloads_failed", &rgw_record_table, "failed", NUMBER),
	  .help = "Reloads that came to nothing: what was before stays in effect." },
	{ GAUGE("configuration_last_reload_duration_seconds", &rgw_record_table, "last_ms", MS),
	  .help = "Time that the last reload took." },
};
/* clang-format on */

const struct rgw_family *
rgw_family_at(unsigned i)
{
	return i < sizeof families / sizeof families[0] ? &families[i] : NULL;
}
