/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/conf/reading.h"
#include "radsecgw/mem.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

/* Room for the field of any option, with its alignment. */
union field {
	struct rgw_conf_peer peer;
	struct rgw_retransmit retransmit;
	max_align_t align;
};

static const struct rgw_opt *
option(enum rgw_conf_kind kind, const char *key)
{
	bool from_file;
	const struct rgw_opt *opt = rgw_conf_opt_find(kind, key, &from_file);

	assert_non_null(opt);
	return opt;
}

static bool
set(const struct rgw_opt *opt, union field *field, const char *text, struct rgw_setting *s)
{
	*s = (struct rgw_setting){ .opt = opt, .field = field, .text = text, .len = strlen(text) };
	return rgw_value_set(s);
}

struct row {
	enum rgw_conf_kind kind;
	const char *key;
	const char *text;
	const char *want;  /* how the dump shows it; for bad values, words of the complaint */
};

static const struct row good[] = {
	{ RGW_CONF_PEER, "tcp-keepalive", "yes", "yes" },
	{ RGW_CONF_PEER, "tcp-keepalive", "no", "no" },
	{ RGW_CONF_PEER, "tcp-keepalive", "on", "yes" },
	{ RGW_CONF_PEER, "tcp-keepalive", "off", "no" },
	{ RGW_CONF_LOG, "level", "debug", "debug" },
	{ RGW_CONF_CONTROL, "socket", "/run/radsecgw/control.sock", "/run/radsecgw/control.sock" },
	{ RGW_CONF_CONTROL, "socket", "off", "off" },
	{ RGW_CONF_CONTROL, "mode", "0600", "0600" },
	{ RGW_CONF_CONTROL, "mode", "777", "0777" },
	{ RGW_CONF_METRICS, "listen", "127.0.0.1", "127.0.0.1:12083" },
	{ RGW_CONF_METRICS, "ready-requires", "all", "all" },
	{ RGW_CONF_TLS, "min-version", "1.3", "1.3" },
	{ RGW_CONF_CLIENT, "limit-proxy-state", "no", "no" },
	{ RGW_CONF_LISTEN, "accept", "acct", "acct" },
	{ RGW_CONF_GATEWAY, "max-requests", "16", "16" },
	{ RGW_CONF_GATEWAY, "max-requests", "1000000", "1000000" },
	{ RGW_CONF_GATEWAY, "loop-limit", "0", "0" },
	{ RGW_CONF_LISTEN, "receive-buffer", "0", "0" },
	{ RGW_CONF_LISTEN, "receive-buffer", "1000", "1000" },
	{ RGW_CONF_LISTEN, "receive-buffer", "2048", "2k" },
	{ RGW_CONF_LISTEN, "receive-buffer", "4096k", "4m" },
	{ RGW_CONF_LISTEN, "receive-buffer", "256m", "256m" },
	{ RGW_CONF_GATEWAY, "request-lifetime", "5s", "5s" },
	{ RGW_CONF_GATEWAY, "request-lifetime", "5000ms", "5s" },
	{ RGW_CONF_GATEWAY, "request-lifetime", "5m", "5m" },
	{ RGW_CONF_GATEWAY, "request-lifetime", "90s", "90s" },
	{ RGW_CONF_GATEWAY, "drain-time", "0", "0" },
	{ RGW_CONF_GATEWAY, "drain-time", "0s", "0" },
	{ RGW_CONF_PEER, "connect-timeout", "1500ms", "1500ms" },
	{ RGW_CONF_PEER, "connections", "0-4", "0-4" },
	{ RGW_CONF_PEER, "connections", "3", "3-3" },
	{ RGW_CONF_PEER, "connections", "64 - 64", "64-64" },
	{ RGW_CONF_PEER, "reconnect", "500ms-1h", "500ms-1h" },
	{ RGW_CONF_PEER, "reconnect", "2s", "2s-2s" },
	{ RGW_CONF_PEER, "connect-rate", "0", "0" },
	{ RGW_CONF_PEER, "connect-rate", "10/s", "10/s" },
	{ RGW_CONF_PEER, "connect-rate", "600/m", "600/m" },
	{ RGW_CONF_PEER, "connect-rate", "1/h", "1/h" },
	{ RGW_CONF_PEER, "connect-rate", "5/d burst 2", "5/d burst 2" },
	{ RGW_CONF_PEER, "connect-rate", "5/s burst 5", "5/s" },
	{ RGW_CONF_LOG, "rate", "0", "0" },
	{ RGW_CONF_LOG, "rate", "600/m", "10/s" },
	{ RGW_CONF_LOG, "rate", "100000/s", "100000/s" },
	{ RGW_CONF_GATEWAY, "user", "radsecgw", "radsecgw" },
	{ RGW_CONF_TLS, "ciphers", "TLS13-AES128-GCM-SHA256", "TLS13-AES128-GCM-SHA256" },
	{ RGW_CONF_PEER, "name", "radius.example.org", "radius.example.org" },
	{ RGW_CONF_PEER, "name", "192.0.2.1", "192.0.2.1" },
	{ RGW_CONF_PEER, "name", "2001:db8::1", "2001:db8::1" },
	{ RGW_CONF_PEER, "sni", "radius.example.org", "radius.example.org" },
	{ RGW_CONF_PEER, "sni", "", "" },
	{ RGW_CONF_LISTEN, "udp", "127.0.0.1", "127.0.0.1:1812" },
	{ RGW_CONF_LISTEN, "udp", "127.0.0.1:1645", "127.0.0.1:1645" },
	{ RGW_CONF_LISTEN, "udp", "::", "[::]:1812" },
	{ RGW_CONF_LISTEN, "udp", "[fe80::1%3]:1813", "[fe80::1%3]:1813" },
	{ RGW_CONF_CLIENT, "address", "192.0.2.1", "192.0.2.1/32" },
	{ RGW_CONF_CLIENT, "address", "nas.example.org", "nas.example.org" },
	{ RGW_CONF_CLIENT, "address", "freeradius.", "freeradius." },
	{ RGW_CONF_CLIENT, "address", "fe80::1%lo", "fe80::1%1/128" },
	{ RGW_CONF_CLIENT, "address", "0.0.0.0/0", "0.0.0.0/0" },
	{ RGW_CONF_CLIENT, "address", "2001:db8::/32", "2001:db8::/32" },
	{ RGW_CONF_PEER, "connect", "radius.example.org", "radius.example.org:2083" },
	{ RGW_CONF_PEER, "connect", "my_service:3000", "my_service:3000" },
	{ RGW_CONF_PEER, "connect", "192.0.2.1:2084", "192.0.2.1:2084" },
	{ RGW_CONF_PEER, "connect", "2001:db8::1", "[2001:db8::1]:2083" },
	{ RGW_CONF_PEER, "connect", "[2001:db8::1]:2084", "[2001:db8::1]:2084" },
	{ RGW_CONF_PEER, "match", "dns:radius.example.org", "dns:radius.example.org" },
	{ RGW_CONF_PEER, "match", "any", "any" },
	{ RGW_CONF_PEER, "match", "cn:A, B", "cn:A, B" },
	{ RGW_CONF_GATEWAY, "encrypted-attribute", "0:214:ascend", "0:214:ascend" },
	{ RGW_CONF_GATEWAY, "encrypted-attribute", "9:1:salt:tagged", "9:1:salt:tagged" },
	{ RGW_CONF_GATEWAY, "max-connections", "1000000", "1000000" },
	{ RGW_CONF_GATEWAY, "max-connections-per-address", "1", "1" },
	{ RGW_CONF_GATEWAY, "max-half-open", "100000", "100000" },
	{ RGW_CONF_GATEWAY, "max-half-open-per-address", "1024", "1024" },
	{ RGW_CONF_GATEWAY, "connect-rate", "0", "0" },
	{ RGW_CONF_GATEWAY, "connect-rate", "1000000/s", "1000000/s" },
	{ RGW_CONF_GATEWAY, "connect-rate-per-address", "6/m burst 3", "6/m burst 3" },
	{ RGW_CONF_GATEWAY, "packet-timeout", "1s", "1s" },
	{ RGW_CONF_GATEWAY, "packet-timeout", "5m", "5m" },
	{ RGW_CONF_GATEWAY, "write-buffer", "8192", "8k" },
	{ RGW_CONF_GATEWAY, "write-buffer", "64m", "64m" },
	{ RGW_CONF_GATEWAY, "max-request-octets", "1024k", "1m" },
	{ RGW_CONF_GATEWAY, "max-request-octets", "2048m", "2048m" },
	{ RGW_CONF_GATEWAY, "kept-answers", "64k", "64k" },
	{ RGW_CONF_GATEWAY, "kept-answers", "2048m", "2048m" },
	{ RGW_CONF_GATEWAY, "max-write-octets", "256k", "256k" },
	{ RGW_CONF_GATEWAY, "max-write-octets", "2048m", "2048m" },
	{ RGW_CONF_CLIENT, "status-server-rate", "10/s", "10/s" },
	{ RGW_CONF_CLIENT, "status-server-rate", "600/m burst 5", "600/m burst 5" },
	{ RGW_CONF_CLIENT, "status-server-rate", "0", "0" },
	{ RGW_CONF_PEER, "status-server-rate", "1000000/d", "1000000/d" },
	{ RGW_CONF_LISTEN, "tls", "::", "[::]:2083" },
	{ RGW_CONF_LISTEN, "tls", "192.0.2.1:443", "192.0.2.1:443" },
	{ RGW_CONF_LISTEN, "handshake-timeout", "500ms", "500ms" },
	{ RGW_CONF_LISTEN, "max-connections", "0", "0" },
	{ RGW_CONF_LISTEN, "max-connections", "1000000", "1000000" },
	{ RGW_CONF_PEER, "accept", "yes", "yes" },
	{ RGW_CONF_PEER, "address", "2001:db8::/32", "2001:db8::/32" },
	{ RGW_CONF_PEER, "max-connections", "10000", "10000" },
	{ RGW_CONF_PEER, "idle-timeout", "0", "0" },
	{ RGW_CONF_PEER, "idle-timeout", "168h", "7d" },
	{ RGW_CONF_PEER, "lifetime", "0", "0" },
	{ RGW_CONF_PEER, "lifetime", "30d", "30d" },
	{ RGW_CONF_SERVER, "auth", "radius.example.org", "radius.example.org:1812" },
	{ RGW_CONF_SERVER, "acct", "::1", "[::1]:1813" },
	{ RGW_CONF_SERVER, "require-message-authenticator", "yes", "yes" },
	{ RGW_CONF_SERVER, "source", "192.0.2.1", "192.0.2.1" },
	{ RGW_CONF_SERVER, "source", "fe80::1%2", "fe80::1%2" },
	{ RGW_CONF_SERVER, "source", "[2001:db8::1]", "2001:db8::1" },
	{ RGW_CONF_SERVER, "retransmit", "mrc 3", "irt 2s mrt 16s mrc 3 mrd 30s" },
	{ RGW_CONF_SERVER, "retransmit", "mrd 5m  mrt 0\tirt 60s mrc 0", "irt 1m mrt 0 mrc 0 mrd 5m" },
	{ RGW_CONF_SERVER, "retransmit", "irt 100ms mrt 100ms mrc 100 mrd 1s",
	    "irt 100ms mrt 100ms mrc 100 mrd 1s" },
	{ RGW_CONF_SERVER, "status-server", "yes", "yes" },
	{ RGW_CONF_SERVER, "watchdog", "6s", "6s" },
	{ RGW_CONF_SERVER, "zombie", "1s", "1s" },
	{ RGW_CONF_SERVER, "revive", "1h", "1h" },
	{ RGW_CONF_SERVER, "max-requests", "65536", "65536" },
	{ RGW_CONF_SERVER, "status-server", "on", "yes" },
	{ RGW_CONF_PEER, "watchdog", "6s", "6s" },
	{ RGW_CONF_PEER, "watchdog", "600s", "10m" },
	{ RGW_CONF_PEER, "status-server", "auto", "auto" },
	{ RGW_CONF_PEER, "status-server", "on", "on" },
	{ RGW_CONF_PEER, "status-server", "off", "off" },
	{ RGW_CONF_PEER, "reopen-answers", "1", "1" },
	{ RGW_CONF_PEER, "reopen-answers", "10", "10" },
	{ RGW_CONF_PEER, "response-window", "0", "0" },
	{ RGW_CONF_PEER, "response-window", "500ms", "500ms" },
	{ RGW_CONF_PEER, "response-window", "5m", "5m" },
	{ RGW_CONF_POOL, "policy", "failover", "failover" },
	{ RGW_CONF_POOL, "policy", "round-robin", "round-robin" },
	{ RGW_CONF_POOL, "policy", "least-outstanding", "least-outstanding" },
	{ RGW_CONF_POOL, "policy", "hash", "hash" },
	{ RGW_CONF_POOL, "hash-key", "Calling-Station-Id", "Calling-Station-Id" },
	{ RGW_CONF_POOL, "hash-key", "called-station-id", "Called-Station-Id" },
	{ RGW_CONF_POOL, "hash-key", "USER-NAME", "User-Name" },
	{ RGW_CONF_POOL, "hash-key", "nas-Identifier", "NAS-Identifier" },
	{ RGW_CONF_POOL, "hash-key", "NAS-IP-Address", "NAS-IP-Address" },
	{ RGW_CONF_POOL, "hash-key", "NAS-IPv6-Address", "NAS-IPv6-Address" },
	{ RGW_CONF_POOL, "hash-key", "NAS-Port-Id", "NAS-Port-Id" },
	{ RGW_CONF_POOL, "hash-key", "1", "User-Name" },
	{ RGW_CONF_POOL, "hash-key", "031", "Calling-Station-Id" },
	{ RGW_CONF_POOL, "hash-key", "25", "Class" },
	{ RGW_CONF_POOL, "hash-key", "acct-session-ID", "Acct-Session-Id" },
	{ RGW_CONF_POOL, "hash-key", "150", "150" },
	{ RGW_CONF_POOL, "hash-key", "240", "240" },
	{ RGW_CONF_POOL, "hash-key", "247", "247" },
	{ RGW_CONF_POOL, "hash-key", "255", "255" },
	{ RGW_CONF_POOL, "retry-after", "0", "0" },
	{ RGW_CONF_POOL, "retry-after", "500ms", "500ms" },
	{ RGW_CONF_POOL, "retry-after", "60s", "1m" },
	{ RGW_CONF_POOL, "outage-auth", "reject", "reject" },
	{ RGW_CONF_POOL, "outage-auth", "drop", "drop" },
	{ RGW_CONF_POOL, "outage-acct", "drop", "drop" },
	{ RGW_CONF_POOL, "outage-acct", "ack", "ack" },
	{ RGW_CONF_POOL, "reply-message", "nobody, really", "nobody, really" },
};

static const struct row bad[] = {
	{ RGW_CONF_PEER, "tcp-keepalive", "true", "neither yes nor no" },
	{ RGW_CONF_PEER, "tcp-keepalive", "On", "neither yes nor no" },
	{ RGW_CONF_PEER, "tcp-keepalive", "onn", "neither yes nor no" },
	{ RGW_CONF_CONTROL, "socket", "control.sock", "neither an absolute path nor off" },
	{ RGW_CONF_CONTROL, "mode", "0680", "not a mode" },
	{ RGW_CONF_CONTROL, "mode", "60", "not a mode" },
	{ RGW_CONF_CONTROL, "mode", "1777", "more than the permissions" },
	{ RGW_CONF_METRICS, "ready-requires", "some", "none of any, all, none" },
	{ RGW_CONF_LOG, "level", "warn",
	    "none of error, warning, notice, info, debug; did you mean warning?" },
	{ RGW_CONF_LOG, "level", "Error", "did you mean error?" },
	{ RGW_CONF_TLS, "min-version", "1.1", "none of 1.2, 1.3" },
	{ RGW_CONF_LISTEN, "accept", "disconnect", "none of auth, acct, coa" },
	{ RGW_CONF_GATEWAY, "max-requests", "15",
	    "out of range; allowed is 16 to 1000000 requests" },
	{ RGW_CONF_GATEWAY, "max-requests", "1000001", "out of range" },
	{ RGW_CONF_GATEWAY, "max-requests", "4294967312", "out of range" },
	{ RGW_CONF_GATEWAY, "max-requests", "99999999999999999999", "not a whole number" },
	{ RGW_CONF_GATEWAY, "max-requests", "-1", "not a whole number" },
	{ RGW_CONF_GATEWAY, "max-requests", "12k", "not a whole number" },
	{ RGW_CONF_GATEWAY, "max-requests", "0x10", "not a whole number" },
	{ RGW_CONF_LISTEN, "receive-buffer", "4g", "not a size" },
	{ RGW_CONF_LISTEN, "receive-buffer", "257m", "out of range; allowed is 0 to 256m" },
	{ RGW_CONF_LISTEN, "receive-buffer", "18014398509481984k", "not a size" },
	{ RGW_CONF_GATEWAY, "request-lifetime", "30", "has no unit" },
	{ RGW_CONF_GATEWAY, "request-lifetime", "30sec", "not a time" },
	{ RGW_CONF_GATEWAY, "request-lifetime", "30 s", "not a time" },
	{ RGW_CONF_GATEWAY, "request-lifetime", "s", "not a time" },
	{ RGW_CONF_GATEWAY, "request-lifetime", "1.5s", "not a time" },
	{ RGW_CONF_GATEWAY, "request-lifetime", "4999ms", "out of range; allowed is 5s to 5m" },
	{ RGW_CONF_GATEWAY, "request-lifetime", "301s", "out of range" },
	{ RGW_CONF_GATEWAY, "request-lifetime", "213503982334601d", "not a time" },
	{ RGW_CONF_PEER, "connections", "4-3", "end is before its start" },
	{ RGW_CONF_PEER, "connections", "0", "allows none at all" },
	{ RGW_CONF_PEER, "connections", "0-0", "allows none at all" },
	{ RGW_CONF_PEER, "connections", "0-65", "out of range; allowed is 0 to 64 connections" },
	{ RGW_CONF_PEER, "connections", "-4", "not a range" },
	{ RGW_CONF_PEER, "connections", "4-", "not a range" },
	{ RGW_CONF_PEER, "connections", "1-2-3", "not a range" },
	{ RGW_CONF_PEER, "connections", "11111111111111111111111111111111111111-2", "not a range" },
	{ RGW_CONF_PEER, "connections", "many", "not a whole number" },
	{ RGW_CONF_PEER, "reconnect", "499ms-60s", "out of range; allowed is 500ms to 1h" },
	{ RGW_CONF_PEER, "reconnect", "1s-2h", "out of range" },
	{ RGW_CONF_PEER, "reconnect", "1-2s", "not a range; write the least, a `-` and the most" },
	{ RGW_CONF_PEER, "connect-rate", "10", "not a rate" },
	{ RGW_CONF_PEER, "connect-rate", "10/ms", "not a rate" },
	{ RGW_CONF_PEER, "connect-rate", "10/s burst", "not a rate" },
	{ RGW_CONF_PEER, "connect-rate", "10/s burst 0", "burst that is not a whole number" },
	{ RGW_CONF_PEER, "connect-rate", "10/s burst 1x", "not a rate" },
	{ RGW_CONF_PEER, "connect-rate", "10/", "not a rate" },
	{ RGW_CONF_PEER, "connect-rate", "100001/s", "out of range" },
	{ RGW_CONF_PEER, "connect-rate", "5000000000/s", "not a rate" },
	{ RGW_CONF_LOG, "rate", "5/m", "not a whole number per second" },
	{ RGW_CONF_LOG, "rate", "5/s burst 9", "not a whole number per second" },
	{ RGW_CONF_LOG, "rate", "100001/s", "out of range; allowed is 0 to 100000/s" },
	{ RGW_CONF_PEER, "name", "*.example.org", "neither a DNS name nor an address" },
	{ RGW_CONF_PEER, "name", "1.2.3", "neither a DNS name nor an address" },
	{ RGW_CONF_PEER, "name", "a..b", "neither a DNS name nor an address" },
	{ RGW_CONF_PEER, "name", "-a.b", "neither a DNS name nor an address" },
	{ RGW_CONF_PEER, "name", "a-.b", "neither a DNS name nor an address" },
	{ RGW_CONF_PEER, "name", "a.b-", "neither a DNS name nor an address" },
	{ RGW_CONF_PEER, "name", "192.0.2.1:2083", "neither a DNS name nor an address" },
	{ RGW_CONF_PEER, "sni", "192.0.2.1", "not a DNS name" },
	{ RGW_CONF_LISTEN, "udp", "localhost", "not address:port, such as 127.0.0.1:1812" },
	{ RGW_CONF_LISTEN, "udp", "127.0.0.1:0", "not address:port" },
	{ RGW_CONF_LISTEN, "udp", "127.0.0.1:65536", "not address:port" },
	{ RGW_CONF_LISTEN, "udp", "[::ffff:192.0.2.1]:1812", "write it as IPv4" },
	{ RGW_CONF_CLIENT, "address", "10.0.0.1/8", "did you mean 10.0.0.0/8?" },
	{ RGW_CONF_CLIENT, "address", "2001:db8::1/33", "did you mean 2001:db8::/33?" },
	{ RGW_CONF_CLIENT, "address", "10.0.0.0/33", "not an address, network or host name" },
	{ RGW_CONF_CLIENT, "address", "10.0.0.0:1812", "not an address, network or host name" },
	{ RGW_CONF_CLIENT, "address", "nas.example..", "not an address, network or host name" },
	{ RGW_CONF_PEER, "address", "nas.example.org", "not an address or network" },
	{ RGW_CONF_CLIENT, "address", "::ffff:0:0/96", "write it as IPv4" },
	{ RGW_CONF_PEER, "connect", "radius.example.org:0", "not host or host:port" },
	{ RGW_CONF_PEER, "connect", "300.1.1.1", "not host or host:port" },
	{ RGW_CONF_PEER, "connect", "https://radius.example.org", "not host or host:port" },
	{ RGW_CONF_PEER, "connect", "a b", "not host or host:port" },
	{ RGW_CONF_PEER, "match", "dns:*", "no rule for a certificate" },
	{ RGW_CONF_PEER, "match", "radius.example.org", "no rule for a certificate" },
	{ RGW_CONF_GATEWAY, "encrypted-attribute", "9:1", "does not describe an attribute" },
	{ RGW_CONF_GATEWAY, "max-connections", "0", "allowed is 1 to 1000000 connections" },
	{ RGW_CONF_GATEWAY, "max-connections-per-address", "0", "out of range" },
	{ RGW_CONF_GATEWAY, "max-half-open", "100001", "allowed is 1 to 100000 connections" },
	{ RGW_CONF_GATEWAY, "max-half-open-per-address", "0", "allowed is 1 to 1024 connections" },
	{ RGW_CONF_GATEWAY, "connect-rate", "100", "not a rate" },
	{ RGW_CONF_GATEWAY, "connect-rate", "1000001/s", "out of range" },
	{ RGW_CONF_GATEWAY, "connect-rate-per-address", "1/s burst 1000001", "out of range" },
	{ RGW_CONF_GATEWAY, "packet-timeout", "999ms", "allowed is 1s to 5m" },
	{ RGW_CONF_GATEWAY, "write-buffer", "8191", "allowed is 8k to 64m" },
	{ RGW_CONF_GATEWAY, "write-buffer", "65m", "out of range" },
	{ RGW_CONF_GATEWAY, "max-request-octets", "1023k", "allowed is 1m to 2048m" },
	{ RGW_CONF_GATEWAY, "max-request-octets", "2049m", "out of range" },
	{ RGW_CONF_GATEWAY, "kept-answers", "63k", "allowed is 64k to 2048m" },
	{ RGW_CONF_GATEWAY, "max-write-octets", "255k", "allowed is 256k to 2048m" },
	{ RGW_CONF_CLIENT, "status-server-rate", "1000001/s", "out of range" },
	{ RGW_CONF_PEER, "status-server-rate", "100", "not a rate" },
	{ RGW_CONF_LISTEN, "tls", "federation", "not address:port, such as 127.0.0.1:2083" },
	{ RGW_CONF_LISTEN, "tls", "[::ffff:192.0.2.1]:2083", "write it as IPv4" },
	{ RGW_CONF_LISTEN, "handshake-timeout", "61s", "allowed is 500ms to 1m" },
	{ RGW_CONF_LISTEN, "max-connections", "1000001", "out of range" },
	{ RGW_CONF_PEER, "name", "radius.1", "neither a DNS name nor an address" },
	{ RGW_CONF_PEER, "accept", "auth", "neither yes nor no" },
	{ RGW_CONF_PEER, "address", "192.0.2.1/24", "did you mean 192.0.2.0/24?" },
	{ RGW_CONF_PEER, "max-connections", "0", "allowed is 1 to 10000 connections" },
	{ RGW_CONF_PEER, "idle-timeout", "8d", "allowed is 0 to 7d" },
	{ RGW_CONF_PEER, "lifetime", "31d", "allowed is 0 to 30d" },
	{ RGW_CONF_SERVER, "auth", "https://radius.example.org", "not host or host:port" },
	{ RGW_CONF_SERVER, "acct", "[2001:db8::1", "such as radius.example.org or [2001:db8::1]:1813" },
	{ RGW_CONF_SERVER, "require-message-authenticator", "always", "none of auto, yes, no" },
	{ RGW_CONF_SERVER, "source", "192.0.2.1:1812", "not an address without a port" },
	{ RGW_CONF_SERVER, "source", "[::1]:1812", "not an address without a port" },
	{ RGW_CONF_SERVER, "source", "radius.example.org", "not an address without a port" },
	{ RGW_CONF_SERVER, "source", "::ffff:192.0.2.1", "write it as IPv4" },
	{ RGW_CONF_SERVER, "retransmit", "2s", "not written as irt TIME mrt TIME" },
	{ RGW_CONF_SERVER, "retransmit", " ", "not written as" },
	{ RGW_CONF_SERVER, "retransmit", "irt", "not written as" },
	{ RGW_CONF_SERVER, "retransmit", "irt 2", "not written as" },
	{ RGW_CONF_SERVER, "retransmit", "irt 2 s", "not written as" },
	{ RGW_CONF_SERVER, "retransmit", "irt=2s", "not written as" },
	{ RGW_CONF_SERVER, "retransmit", "irt 2s, mrc 5", "not written as" },
	{ RGW_CONF_SERVER, "retransmit", "irt 2s irt 3s", "with each part at most once" },
	{ RGW_CONF_SERVER, "retransmit", "irt 2s mrx 3s", "not written as" },
	{ RGW_CONF_SERVER, "retransmit", "IRT 2s", "not written as" },
	{ RGW_CONF_SERVER, "retransmit", "mrc 5s", "not written as" },
	{ RGW_CONF_SERVER, "retransmit", "mrc -1", "not written as" },
	{ RGW_CONF_SERVER, "retransmit", "mrc 5 mrd", "not written as" },
	{ RGW_CONF_SERVER, "retransmit", "irt 00000000000000000000000000000002s", "not written as" },
	{ RGW_CONF_SERVER, "retransmit", "a-word-that-is-longer-than-any-time 2s", "not written as" },
	{ RGW_CONF_SERVER, "retransmit", "mrc 5 a-word-that-is-longer-than-any-time", "not written as" },
	{ RGW_CONF_SERVER, "retransmit", "irt 99ms", "out of range; allowed are irt 100ms to 60s" },
	{ RGW_CONF_SERVER, "retransmit", "irt 61s mrt 0", "out of range" },
	{ RGW_CONF_SERVER, "retransmit", "mrt 301s", "out of range" },
	{ RGW_CONF_SERVER, "retransmit", "mrc 101", "out of range" },
	{ RGW_CONF_SERVER, "retransmit", "mrd 0", "out of range" },
	{ RGW_CONF_SERVER, "retransmit", "mrd 301s", "out of range" },
	{ RGW_CONF_SERVER, "retransmit", "irt 17s", "below its irt" },
	{ RGW_CONF_SERVER, "retransmit", "mrt 1s", "below its irt" },
	{ RGW_CONF_SERVER, "watchdog", "5s", "allowed is 6s to 10m" },
	{ RGW_CONF_SERVER, "zombie", "0", "allowed is 1s to 10m" },
	{ RGW_CONF_SERVER, "revive", "2h", "allowed is 1s to 1h" },
	{ RGW_CONF_SERVER, "max-requests", "0", "allowed is 1 to 65536 requests" },
	{ RGW_CONF_SERVER, "status-server", "auto", "neither yes nor no" },
	{ RGW_CONF_PEER, "watchdog", "5999ms", "out of range; allowed is 6s to 10m" },
	{ RGW_CONF_PEER, "watchdog", "601s", "out of range" },
	{ RGW_CONF_PEER, "watchdog", "0", "out of range" },
	{ RGW_CONF_PEER, "status-server", "yes", "none of auto, on, off" },
	{ RGW_CONF_PEER, "reopen-answers", "0", "allowed is 1 to 10 answers" },
	{ RGW_CONF_PEER, "reopen-answers", "11", "out of range" },
	{ RGW_CONF_PEER, "response-window", "499ms", "out of range; allowed is 0, or 500ms to 5m" },
	{ RGW_CONF_PEER, "response-window", "301s", "out of range" },
	{ RGW_CONF_POOL, "policy", "fail-over",
	    "none of failover, round-robin, least-outstanding, hash; did you mean failover?" },
	{ RGW_CONF_POOL, "hash-key", "Caling-Station-Id", "did you mean Calling-Station-Id?" },
	{ RGW_CONF_POOL, "hash-key", "Vendor-Specific", "does not say whose request it is" },
	{ RGW_CONF_POOL, "hash-key", "Aruba-User-Role", "not known here" },
	{ RGW_CONF_POOL, "hash-key", "Session",
	    "not known here; allowed is Calling-Station-Id, Called-Station-Id, User-Name, "
	    "NAS-Identifier, NAS-IP-Address, NAS-IPv6-Address, NAS-Port-Id, 1 to 255" },
	{ RGW_CONF_POOL, "hash-key", "0", "not the number of an attribute, which is from 1 to 255" },
	{ RGW_CONF_POOL, "hash-key", "256", "not the number of an attribute" },
	{ RGW_CONF_POOL, "hash-key", "4294967297", "not the number of an attribute" },
	{ RGW_CONF_POOL, "hash-key", "-1", "not known here" },
	{ RGW_CONF_POOL, "hash-key", "1.5", "not known here" },
	{ RGW_CONF_POOL, "hash-key", "2", "does not say whose request it is; 2, 3, 24, 26, 33, 60, 79" },
	{ RGW_CONF_POOL, "hash-key", "26", "does not say whose request it is" },
	{ RGW_CONF_POOL, "hash-key", "33", "does not say whose request it is" },
	{ RGW_CONF_POOL, "hash-key", "80", "does not say whose request it is" },
	{ RGW_CONF_POOL, "hash-key", "241", "does not say whose request it is" },
	{ RGW_CONF_POOL, "hash-key", "246", "does not say whose request it is" },
	{ RGW_CONF_POOL, "retry-after", "499ms", "out of range; allowed is 0, or 500ms to 1m" },
	{ RGW_CONF_POOL, "retry-after", "60001ms", "out of range" },
	{ RGW_CONF_POOL, "outage-auth", "accept", "none of reject, drop" },
	{ RGW_CONF_POOL, "outage-acct", "reject", "none of drop, ack" },
};

static void
takes_good_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(good); i++) {
		const struct rgw_opt *opt = option(good[i].kind, good[i].key);
		union field field = { 0 };
		struct rgw_setting s;
		char *text;

		if (!set(opt, &field, good[i].text, &s))
			fail_msg("%s = %s: %s", good[i].key, good[i].text, s.why);
		assert_int_equal(rgw_value_count(opt, &field), 1);
		text = rgw_value_text(opt, &field, 0);
		assert_string_equal(text, good[i].want);
		free(text);
		rgw_value_clear(opt, &field);
	}
}

/* A value that the dump prints means the same when it is read. */
static void
reads_back_what_it_prints(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(good); i++) {
		const struct rgw_opt *opt = option(good[i].kind, good[i].key);
		union field field = { 0 };
		struct rgw_setting s;
		char *text;

		assert_true(set(opt, &field, good[i].want, &s));
		text = rgw_value_text(opt, &field, 0);
		assert_string_equal(text, good[i].want);
		free(text);
		rgw_value_clear(opt, &field);
	}
}

static void
refuses_bad_values(void **state)
{
	static const union field untouched;

	(void)state;
	for (size_t i = 0; i < N(bad); i++) {
		const struct rgw_opt *opt = option(bad[i].kind, bad[i].key);
		union field field = { 0 };
		struct rgw_setting s;

		if (set(opt, &field, bad[i].text, &s))
			fail_msg("%s = %s was taken", bad[i].key, bad[i].text);
		if (strstr(s.why, bad[i].want) == NULL)
			fail_msg("%s = %s: %s", bad[i].key, bad[i].text, s.why);
		assert_memory_equal(&field, &untouched, sizeof field);
	}
}

static void
bounds_the_length_of_texts(void **state)
{
	const struct rgw_opt *user = option(RGW_CONF_GATEWAY, "user");
	const struct rgw_opt *name = option(RGW_CONF_PEER, "name");
	const struct rgw_opt *reply = option(RGW_CONF_POOL, "reply-message");
	union field field = { 0 };
	struct rgw_setting s;
	char text[300];

	(void)state;
	memset(text, 'a', sizeof text);
	text[65] = '\0';
	assert_false(set(user, &field, text, &s));
	assert_non_null(strstr(s.why, "at most 64 octets"));
	text[64] = '\0';
	assert_true(set(user, &field, text, &s));
	rgw_value_clear(user, &field);

	/* A label has at most 63. */
	assert_false(set(name, &field, text, &s));
	text[63] = '\0';
	assert_true(set(name, &field, text, &s));
	rgw_value_clear(name, &field);
	memset(text, 'a', sizeof text);
	for (size_t i = 50; i < 250; i += 50)
		text[i] = '.';
	text[254] = '\0';
	assert_false(set(name, &field, text, &s));
	text[253] = '\0';
	assert_true(set(name, &field, text, &s));
	rgw_value_clear(name, &field);
	assert_null(field.peer.head.name);

	/* What one attribute holds. */
	text[253] = 'a';
	assert_false(set(reply, &field, text, &s));
	assert_non_null(strstr(s.why, "at most 253 octets"));
	text[253] = '\0';
	assert_true(set(reply, &field, text, &s));
	rgw_value_clear(reply, &field);
	assert_null(field.peer.head.name);
}

static void
words_add_up(void **state)
{
	const struct rgw_opt *opt = option(RGW_CONF_PEER, "allow");
	union field field = { 0 };
	struct rgw_setting s;
	char *text;

	(void)state;
	assert_int_equal(rgw_value_count(opt, &field), 0);
	assert_true(set(opt, &field, "acct", &s));
	assert_true(set(opt, &field, "auth", &s));
	text = rgw_value_text(opt, &field, 0);
	assert_string_equal(text, "auth, acct");
	free(text);
}

static void
lists_keep_their_order(void **state)
{
	const struct rgw_opt *opt = option(RGW_CONF_LISTEN, "udp");
	union field field = { 0 };
	struct rgw_setting s;
	char *text;

	(void)state;
	assert_true(set(opt, &field, "10.0.0.2:1", &s));
	assert_true(set(opt, &field, "10.0.0.1:1", &s));
	assert_int_equal(rgw_value_count(opt, &field), 2);
	text = rgw_value_text(opt, &field, 1);
	assert_string_equal(text, "10.0.0.1:1");
	free(text);
	rgw_value_clear(opt, &field);
	assert_int_equal(rgw_value_count(opt, &field), 0);
}

/* An option that is left out keeps its default. */
static void
reads_retransmissions(void **state)
{
	const struct rgw_opt *opt = option(RGW_CONF_SERVER, "retransmit");
	union field field = { 0 };
	struct rgw_setting s;

	(void)state;
	assert_true(set(opt, &field, "mrd 20s irt 1500ms", &s));
	assert_int_equal(field.retransmit.irt, 1500);
	assert_int_equal(field.retransmit.mrt, 16000);
	assert_int_equal(field.retransmit.mrc, 5);
	assert_int_equal(field.retransmit.mrd, 20000);
	assert_true(set(opt, &field, "mrt 0 mrc 0", &s));
	assert_int_equal(field.retransmit.irt, 2000);
	assert_int_equal(field.retransmit.mrt, 0);
	assert_int_equal(field.retransmit.mrc, 0);
	assert_int_equal(field.retransmit.mrd, 30000);
}

static bool
set_secret(struct rgw_secret **secret, const char *text, size_t len, char *why, size_t size)
{
	struct rgw_setting s = {
		.opt = option(RGW_CONF_CLIENT, "secret"),
		.field = secret,
		.text = text,
		.len = len,
	};
	bool ok = rgw_value_set(&s);

	snprintf(why, size, "%s", s.why);
	return ok;
}

static void
secrets_are_octets(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *octets;
		size_t n;
	} rows[] = {
		{ "testing123", 10, "testing123", 10 },
		{ "a\0b", 3, "a\0b", 3 },
		{ "hex:00ff0A", 10, "\x00\xff\x0a", 3 },
		{ "hex", 3, "hex", 3 },
		{ "Hex:00", 6, "Hex:00", 6 },
	};
	char why[256];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct rgw_secret *secret = NULL;

		assert_true(set_secret(&secret, rows[i].text, rows[i].len, why, sizeof why));
		assert_int_equal(secret->len, rows[i].n);
		assert_memory_equal(secret->octets, rows[i].octets, rows[i].n);
		rgw_secret_free(secret);
	}
}

/* P-PKT-13, P-PKT-14; and whatever is wrong, the secret is not told. */
static void
refuses_bad_secrets(void **state)
{
	static const struct { const char *text; size_t len; const char *want; } rows[] = {
		{ "", 0, "is empty" },
		{ "hex:", 4, "is empty" },
		{ "hex:0", 5, "pairs of hexadecimal digits" },
		{ "hex:zz99", 8, "pairs of hexadecimal digits" },
		{ "hex:9z99", 8, "pairs of hexadecimal digits" },
		{ "hex:99\0", 7, "pairs of hexadecimal digits" },
		{ "hex:99\0\0", 8, "pairs of hexadecimal digits" },
	};
	struct rgw_secret *secret = NULL;
	char *text = rgw_xcalloc(1, 1025);
	char why[256];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		assert_false(set_secret(&secret, rows[i].text, rows[i].len, why, sizeof why));
		assert_non_null(strstr(why, rows[i].want));
		assert_null(strstr(why, "99"));
		assert_null(secret);
	}
	assert_false(set_secret(&secret, text, 1025, why, sizeof why));
	assert_non_null(strstr(why, "at most 1024 octets"));
	assert_true(set_secret(&secret, text, 1024, why, sizeof why));
	rgw_secret_free(secret);
	free(text);
}

static void
passwords_are_texts(void **state)
{
	const struct rgw_opt *opt = option(RGW_CONF_TLS, "key-password");
	char *password = NULL;
	struct rgw_setting s = { .opt = opt, .field = &password, .text = "a\0b", .len = 3 };

	(void)state;
	assert_false(rgw_value_set(&s));
	assert_non_null(strstr(s.why, "NUL"));
	s.len = 1;
	assert_true(rgw_value_set(&s));
	assert_string_equal(password, "a");
	rgw_value_clear(opt, &password);
	assert_null(password);
}

static void
expect_word(enum rgw_conf_kind kind, const char *key, const char *word)
{
	const struct rgw_opt *opt = option(kind, key);
	size_t i = 0;

	assert_ptr_equal(opt->type, &rgw_type_word);
	while (opt->words[i] != NULL && strcmp(opt->words[i], word) != 0)
		i++;
	assert_non_null(opt->words[i]);
}

/* The table itself: what the other files take for granted. */
static void
table_is_sound(void **state)
{
	(void)state;
	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS; kind++) {
		size_t n;
		const struct rgw_opt *opts = rgw_conf_opts_of(kind, &n);

		assert_true(n > 0);
		for (size_t i = 0; i < n; i++) {
			const struct rgw_opt *opt = &opts[i];
			bool required = (opt->flags & RGW_OPT_REQUIRED) != 0;
			bool from_file;

			assert_true(strlen(opt->key) + strlen("-file") <= 49);
			assert_ptr_equal(rgw_conf_opt_find(kind, opt->key, &from_file), opt);
			assert_false(from_file);
			/* Required, or with a default, or it says what holds without. */
			assert_int_equal(required + (opt->def != NULL) + (opt->unset != NULL), 1);
			assert_true(opt->min <= opt->max);
			assert_non_null(opt->help);
			assert_non_null(opt->type->name);
			for (size_t j = 0; j < i; j++)
				assert_true(opts[j].where != opt->where);
			assert_true(opt->only_with == NULL || opt->not_with == NULL);
			if (opt->only_with != NULL)
				option(kind, opt->only_with);
			if (opt->not_with != NULL)
				option(kind, opt->not_with);
			if (opt->nor_with != NULL)
				option(kind, opt->nor_with);
			if (opt->with_word != NULL)
				expect_word(kind, opt->only_with != NULL ? opt->only_with : opt->not_with,
				    opt->with_word);
			assert_int_equal(opt->refers != 0, rgw_conf_opt_has(opt, RGW_IS_REFERENCE));
		}
	}
}

static void
finds_options(void **state)
{
	bool from_file;

	(void)state;
	assert_non_null(rgw_conf_opt_find(RGW_CONF_CLIENT, "secret", &from_file));
	assert_false(from_file);
	assert_non_null(rgw_conf_opt_find(RGW_CONF_CLIENT, "secret-file", &from_file));
	assert_true(from_file);
	assert_null(rgw_conf_opt_find(RGW_CONF_CLIENT, "secret-", &from_file));
	assert_null(rgw_conf_opt_find(RGW_CONF_CLIENT, "secre", &from_file));
	assert_null(rgw_conf_opt_find(RGW_CONF_CLIENT, "address-file", &from_file));
	assert_null(rgw_conf_opt_find(RGW_CONF_TLS, "secret", &from_file));
	assert_null(rgw_conf_opt_find(RGW_CONF_CLIENT, "", &from_file));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_good_values),
		cmocka_unit_test(reads_back_what_it_prints),
		cmocka_unit_test(refuses_bad_values),
		cmocka_unit_test(bounds_the_length_of_texts),
		cmocka_unit_test(words_add_up),
		cmocka_unit_test(lists_keep_their_order),
		cmocka_unit_test(reads_retransmissions),
		cmocka_unit_test(secrets_are_octets),
		cmocka_unit_test(refuses_bad_secrets),
		cmocka_unit_test(passwords_are_texts),
		cmocka_unit_test(table_is_sound),
		cmocka_unit_test(finds_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
