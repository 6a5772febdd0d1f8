/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_CONF_H
#define RADSECGW_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/addr.h"
#include "radsecgw/certid.h"
#include "radsecgw/hide.h"
#include "radsecgw/log.h"
#include "radsecgw/pattern.h"
#include "radsecgw/ratelimit.h"
#include "radsecgw/retrans.h"
#include "radsecgw/rewrite.h"
#include "radsecgw/secret.h"
#include "radsecgw/time.h"

/*
 * The configuration as data: one immutable snapshot that the engine, the network layer and the
 * commands read. It is filled and checked by confread.h; nothing here changes after that. The
 * snapshot owns all it points to; references between sections are plain pointers inside it.
 */

struct rgw_strings {
	char **v;
	size_t n;
};

struct rgw_addrs {
	struct rgw_addr *v;
	size_t n;
};

struct rgw_prefixes {
	struct rgw_prefix *v;
	size_t n;
};

/* A neighbour as written: a name to be resolved or an address literal. */
struct rgw_hostport {
	char *host;
	uint16_t port;
};

struct rgw_hostports {
	struct rgw_hostport *v;
	size_t n;
};

/* Where a client asks from: a network, or a name whose addresses count. */
struct rgw_conf_origin {
	struct rgw_hostport name;   /* name, without a port; host is NULL if the origin is ... */
	struct rgw_prefix prefix;   /* ... this network */
};

struct rgw_conf_origins {
	struct rgw_conf_origin *v;
	size_t n;
};

struct rgw_range_u32 {
	uint32_t min;
	uint32_t max;
};

struct rgw_range_ms {
	rgw_ms min;
	rgw_ms max;
};

enum rgw_auto { RGW_AUTO, RGW_YES, RGW_NO };

/* References to sections, in the order written. */
struct rgw_conf_refs {
	const struct rgw_conf_head **v;
	size_t n;
};

/* The services that a listener, client or peer may carry; bits. CoA and Disconnect go against the stream: from home to
 * the NAS. */
enum rgw_service {
	RGW_SERVICE_AUTH = 1,
	RGW_SERVICE_ACCT = 2,
	RGW_SERVICE_COA = 4,
	RGW_SERVICE_DISCONNECT = 8,
	RGW_SERVICE_CHANGES = RGW_SERVICE_COA | RGW_SERVICE_DISCONNECT,
};

/* What to do with a connection on which a response failed its authenticator (P-TCP-36). */
enum rgw_bad_response { RGW_BAD_RESPONSE_CLOSE, RGW_BAD_RESPONSE_DISCARD };

/* What protects plain TCP beside loopback; bits (P-TCP-2). */
enum rgw_layer { RGW_LAYER_IPSEC = 1 };

enum rgw_tls_version { RGW_TLS_1_2, RGW_TLS_1_3 };
enum rgw_crl_check { RGW_CRL_OFF, RGW_CRL_LEAF, RGW_CRL_CHAIN };
enum rgw_crl_missing { RGW_CRL_REFUSE, RGW_CRL_ACCEPT };

/* The kinds of sections, in the order in which they are dumped. */
enum rgw_conf_kind {
	RGW_CONF_GATEWAY,
	RGW_CONF_LOG,
	RGW_CONF_CONTROL,
	RGW_CONF_METRICS,
	RGW_CONF_TLS,
	RGW_CONF_LISTEN,
	RGW_CONF_CLIENT,
	RGW_CONF_PEER,
	RGW_CONF_SERVER,
	RGW_CONF_POOL,
	RGW_CONF_REALM,
	RGW_CONF_REWRITE,
	RGW_CONF_KINDS
};

/* Every section begins with this head: its kind, its name and where it began. */
struct rgw_conf_head {
	enum rgw_conf_kind kind;
	char *name;        /* name of the section; "" for [gateway], [log], [control] and [metrics] */
	const char *file;  /* borrowed from the snapshot */
	unsigned line;
	uint32_t index;    /* place of the section among those of its kind */
	uint32_t id;       /* it keeps this number from one configuration to the next; see rgw_conf_inherit */
};

/* The sections of one kind by their ids. */
struct rgw_conf_ids {
	uint32_t *place;   /* owned: by id, 1 + the section's index; 0 = no section has the id */
	uint32_t n;        /* one more than the highest id */
};

/* The part of what is free of max-write-octets that one connection may use is 1 / RGW_CONF_WRITE_PARTS. With n
 * connections that their peers do not read, each has 1 / (4 + n) of the whole, and four such parts stay for connections
 * that are read. */
#define RGW_CONF_WRITE_PARTS 4

struct rgw_conf_gateway {
	struct rgw_conf_head head;
	char *user;
	char *group;
	uint32_t workers;                         /* number of event loops, each in a thread of its own */
	rgw_ms request_lifetime;
	rgw_ms duplicate_window;
	rgw_ms drain_time;
	rgw_ms packet_timeout;                    /* milliseconds that the rest of a packet may take (P-STR-6) */
	uint32_t max_requests;
	uint32_t max_request_octets;              /* octets for requests and kept answers ... */
	uint32_t kept_answers;                    /* ... and how many of these may be kept answers */
	uint32_t max_connections;                 /* number of incoming connections that are up, in all */
	uint32_t max_connections_per_address;
	uint32_t max_half_open;                   /* number of half-open connections of strangers, and as many of known
	                                           * addresses */
	uint32_t max_half_open_per_address;
	uint32_t write_buffer;                    /* octets that may wait on one connection ... */
	uint32_t max_write_octets;                /* ... and on all */
	struct rgw_rate connect_rate;             /* new connections of strangers, and as many of known addresses ... */
	struct rgw_rate connect_rate_per_address; /* ... and new connections from one address (IPv6: one /64) */
	uint32_t loop_limit;  /* number of Proxy-State attributes in one request; 0 = no limit */
	bool loop_marker;     /* requests get a Proxy-State of ours, by which we know them again */
	bool verify_eap;      /* requests whose EAP is malformed are dropped */
	unsigned malformed_realms;  /* RGW_NAI_* bits of names that are rejected */
	bool watch;           /* files of the configuration that change are loaded */
	bool core_dumps;      /* the memory of a process that has crashed may be written to a file */
	bool sandbox;         /* the process restricts itself to what it needs once it has started */
	uint32_t ring;        /* number of requests that are remembered with their way */
	struct rgw_secret *operator_nas_key;      /* what Operator-NAS-Identifiers are made with; NULL = a random key */
	struct rgw_strings encrypted_attribute;
	struct rgw_conf_refs rewrite_in;          /* [rewrite] sections: first on the way in ... */
	struct rgw_conf_refs rewrite_out;         /* ... and last on the way out */
};

struct rgw_conf_log {
	struct rgw_conf_head head;
	enum rgw_log_level level;
	enum rgw_log_format format;
	enum rgw_log_identity identity;
	char *target;      /* "stderr", "syslog" or a file path */
	char *hash_key;    /* a secret; NULL unless identity or station is hash */
	uint32_t rate;     /* number of lines per second, event and neighbour; 0 = no limit */
	bool logins;       /* a line for each Access-Accept and Access-Reject */
	bool accounting;   /* those of Accounting-Responses are of level info, not debug */
	enum rgw_log_station station;
	enum rgw_log_fticks fticks;
	char *fticks_prefix;
	char *fticks_country;      /* NULL = the line has none, as for the next one */
	char *fticks_institution;
	enum rgw_log_fticks_mac fticks_mac;
	char *fticks_key;          /* a secret; NULL unless fticks_mac needs it */
	uint32_t fticks_facility;  /* of syslog */
	char *fticks_tag;
	enum rgw_log_fticks_for fticks_for;
};

/* Where the control socket is if the configuration does not say. */
#define RGW_CONTROL_SOCKET "/run/radsecgw/control.sock"

struct rgw_conf_control {
	struct rgw_conf_head head;
	char *socket;      /* path, or "off"; NULL = RGW_CONTROL_SOCKET, if that can be made */
	uint32_t mode;     /* permissions of the socket */
	char *owner;       /* of the socket; NULL = the user of the gateway, as for the next */
	char *group;
};

/* Pools that must be usable for the gateway to be ready. */
enum rgw_ready_requires { RGW_READY_ANY, RGW_READY_ALL, RGW_READY_NONE };

struct rgw_conf_metrics {
	struct rgw_conf_head head;
	struct rgw_addrs listen;      /* addresses on which metrics and health are served; empty = none */
	struct rgw_prefixes allow;    /* addresses that may ask; empty = loopback addresses */
	enum rgw_ready_requires ready_requires;
	bool page;                    /* the status page is served, too */
};

struct rgw_conf_tls {
	struct rgw_conf_head head;
	char *certificate;   /* PEM file: leaf first, chain after it; NULL = all peers have pre-shared keys */
	char *key;           /* PEM file; NULL without certificate, and */
	char *key_password;  /* a secret, or NULL */
	struct rgw_strings ca;       /* PEM files or directories; none without certificate */
	struct rgw_strings ciphers;  /* empty = built-in list */
	struct rgw_strings groups;   /* empty = built-in list */
	enum rgw_tls_version min_version;
	enum rgw_tls_version max_version;
	bool watch;                  /* files of the section that change are read again */
	struct rgw_strings crl;      /* files or directories with CRLs, in PEM or DER */
	enum rgw_crl_check crl_check;     /* which certificates of peers are looked up there */
	enum rgw_crl_missing crl_missing; /* what becomes of a certificate of which no CRL in force speaks */
	char *keylog;                /* file to which the secrets of sessions are written; NULL = none */
};

struct rgw_conf_listen {
	struct rgw_conf_head head;
	struct rgw_addrs udp;          /* addresses for UDP; either these ... */
	unsigned accept;               /* RGW_SERVICE_* bits */
	struct rgw_prefixmap *clients; /* owned: struct rgw_conf_client that may ask at `udp`, by address */
	uint32_t receive_buffer;       /* octets; 0 = the kernel's default */
	struct rgw_addrs tls;          /* ... or these for TLS */
	struct rgw_conf_refs profile;  /* [tls] sections; the first one is for clients without SNI */
	bool insecure_tcp;             /* the addresses of `tls` are for plain TCP (RFC 6613) ... */
	unsigned insecure_tcp_over;    /* ... and RGW_LAYER_* bits say what protects it */
	rgw_ms handshake_timeout;
	uint32_t max_connections;      /* number of connections; 0 = as many as the gateway takes */
	struct rgw_prefixes proxy_protocol;  /* balancers, whose connections begin with a PROXY header */
};

struct rgw_conf_peer {
	struct rgw_conf_head head;
	struct rgw_hostports connect;  /* hosts that we connect to; empty = the peer only connects to us */
	bool accept;                   /* the peer may connect to us */
	struct rgw_prefixes address;   /* addresses that the peer may come from; empty = any */
	const struct rgw_conf_tls *tls;  /* NULL if the peer is ... */
	bool insecure_tcp;             /* ... reached over plain TCP (RFC 6613) ... */
	unsigned insecure_tcp_over;    /* ... and RGW_LAYER_* bits say what protects that */
	char *cert_name;               /* `name`: DNS or IP SAN to be found; NULL = host of connect */
	struct rgw_cert_rules match;   /* `match`: further rules for the certificate */
	struct rgw_cert_rules identity;  /* who may connect as this peer; empty unless it may */
	char *sni;                     /* server name to be sent; NULL = host of connect; "" = send none */
	struct rgw_secret *secret;
	struct rgw_secret *previous_secret;  /* what is received may have been made with it, too; NULL = none */
	struct rgw_range_u32 connections;
	uint32_t max_connections;      /* number of incoming connections */
	rgw_ms idle_timeout;           /* milliseconds without use after which a connection is closed; 0 = never */
	rgw_ms lifetime;               /* milliseconds after which a connection is replaced; 0 = never */
	rgw_ms connect_timeout;
	rgw_ms handshake_timeout;
	struct rgw_range_ms reconnect;
	struct rgw_rate connect_rate;
	rgw_ms watchdog;               /* milliseconds between watchdogs: Twinit (P-WD-2) */
	enum rgw_auto status_server;   /* does the peer answer Status-Server (P-WD-11)? */
	uint32_t reopen_answers;       /* number of watchdogs that must be answered before the peer is trusted again
	                                * (P-WD-7, 9) */
	rgw_ms response_window;        /* milliseconds for the answer to one attempt; 0 = request-lifetime */
	bool tcp_keepalive;
	rgw_ms user_timeout;           /* milliseconds: TCP_USER_TIMEOUT; 0 = the kernel's default */
	uint32_t queue;
	rgw_ms queue_time;
	enum rgw_bad_response bad_response;
	unsigned allow;                /* services that the peer may ask for: RGW_SERVICE_* bits */
	struct rgw_rate status_server_rate;  /* Status-Servers that are answered (P-SS-10) */
	bool protocol_error;                 /* the peer understands Protocol-Error (P-ERR-10) */
	struct rgw_conf_refs rewrite_in;
	struct rgw_conf_refs rewrite_out;
	char *psk_identity;                  /* the peer and we know each other by a pre-shared key of this name; NULL =
	                                      * by certificates, or over plain TCP */
	struct rgw_secret *psk;              /* that key; not NULL if there is an identity */
	struct rgw_secret *previous_psk;     /* the peer may connect with this key, too; NULL = none */
	struct rgw_strings coa_realms;       /* realms whose sessions it may change; empty = those whose logins go to
	                                      * it (P-COA-41) */
	bool operator_nas_identifier;        /* requests of our own clients to it say which NAS they are from, in a way
	                                      * that only we can read (P-CPX-11) */
};

/* The octets that an identity may have (P-PSK-7), and a key (P-PSK-2): the TLS library takes no more. */
#define RGW_PSK_IDENTITY_MAX 128
#define RGW_PSK_MIN 16
#define RGW_PSK_MAX 64

/* A UDP neighbour that we send to. */
struct rgw_conf_server {
	struct rgw_conf_head head;
	struct rgw_hostports auth;   /* address for authentication: none or one */
	struct rgw_hostports acct;   /* address for accounting: none or one */
	struct rgw_secret *secret;
	struct rgw_secret *previous_secret;  /* what is received may have been made with it, too; NULL = none */
	enum rgw_auto require_message_authenticator;  /* must answers have a Message-Authenticator (P-BR-5)? */
	struct rgw_addrs source;     /* address to ask from: none or one per family; port 0 */
	struct rgw_retransmit retransmit;
	bool status_server;          /* the server answers Status-Server (P-SS-12) */
	rgw_ms watchdog;             /* milliseconds between probes of a server that is suspected */
	rgw_ms zombie;               /* milliseconds of silence after which a suspected server counts as dead */
	rgw_ms revive;               /* milliseconds after which a dead server that cannot be probed is tried again */
	uint32_t max_requests;
	struct rgw_conf_refs rewrite_in;
	struct rgw_conf_refs rewrite_out;
};

/* Where the CoA- and Disconnect-Requests of a client go. */
struct rgw_conf_coa {
	bool reached;          /* the client takes such requests ... */
	struct rgw_addr addr;  /* ... there; family 0 = where its own requests come from, at the port of `addr` */
};

struct rgw_conf_client {
	struct rgw_conf_head head;
	struct rgw_conf_origins address;
	struct rgw_secret *secret;
	struct rgw_secret *previous_secret;  /* what is received may have been made with it, too; NULL = none */
	enum rgw_auto require_message_authenticator;  /* must requests have a Message-Authenticator (P-BR-3 to 8)? */
	enum rgw_auto limit_proxy_state;              /* must requests with Proxy-State have one (P-BR-7, 8)? */
	bool reply_message_authenticator;             /* answers get a Message-Authenticator (P-BR-2) */
	bool protocol_error;                          /* the client understands Protocol-Error (P-ERR-11) */
	struct rgw_rate status_server_rate;           /* Status-Servers that are answered (P-SS-10) */
	struct rgw_conf_refs listen;                  /* [listen] sections where the client may ask; empty = any */
	const struct rgw_conf_head *pool;             /* [pool], [peer] or [server] for its requests; NULL = by realm */
	char *operator_name;                          /* Operator-Name with its namespace (P-CPX-1); NULL = none */
	struct rgw_conf_refs rewrite_in;
	struct rgw_conf_refs rewrite_out;
	unsigned allow;                               /* what it may send: RGW_SERVICE_* bits (P-COA-40) */
	struct rgw_conf_coa coa;
	struct rgw_strings nas_identifier;            /* NASes behind it: NAS-Identifier or an address of a NAS */
	struct rgw_strings coa_realms;                /* realms whose sessions it may change; empty = those whose
	                                               * logins go to it (P-COA-41) */
	bool require_event_timestamp;                 /* CoA and Disconnect need Event-Timestamp (P-COA-34) */
};

enum rgw_pool_policy {
	RGW_POOL_FAILOVER,           /* the first member that works, in the order of `members` */
	RGW_POOL_ROUND_ROBIN,
	RGW_POOL_LEAST_OUTSTANDING,
	RGW_POOL_HASH,               /* the member that a hash of an attribute chooses; few keys move when a member goes
	                              * or comes */
};

/* The outage policy of a pool: what a client gets when no member can be reached. */
enum rgw_outage_auth { RGW_OUTAGE_AUTH_REJECT, RGW_OUTAGE_AUTH_DROP };
enum rgw_outage_acct { RGW_OUTAGE_ACCT_DROP, RGW_OUTAGE_ACCT_ACK };

/* The greatest number of members of a pool: a request remembers in as many bits which of them have been tried. */
#define RGW_POOL_MEMBERS_MAX 64

struct rgw_conf_pool {
	struct rgw_conf_head head;
	struct rgw_conf_refs members;   /* [peer] and [server] sections, at least one */
	enum rgw_pool_policy policy;
	uint8_t hash_key;               /* type of the attribute that HASH takes */
	rgw_ms retry_after;             /* milliseconds without an answer after which a second member is tried, too; 0 =
	                                 * off */
	rgw_ms dead_realm;              /* milliseconds that a mark of a realm counts; 0 = off (P-FO-7) */
	uint32_t dead_realm_after;      /* number of unanswered requests in a row that make a mark */
	enum rgw_outage_auth outage_auth;
	enum rgw_outage_acct outage_acct;
	char *reply_message;            /* text in the Access-Reject of an outage; NULL = none */
	enum rgw_auto fticks;           /* have its logins F-Ticks? RGW_AUTO = as [log] says */
};

/* What kind of pattern a [realm PATTERN] is. */
enum rgw_realm_kind {
	RGW_REALM_DEFAULT,  /* "*": names that no other pattern matches */
	RGW_REALM_NONE,     /* "-": User-Name without a realm, or no User-Name */
	RGW_REALM_EXACT,    /* "example.org" */
	RGW_REALM_SUFFIX,   /* ".example.org": any sub-realm, not the realm itself */
	RGW_REALM_REGEX,    /* any name, with `regex` */
};

/* What becomes of the accounting of a realm. */
enum rgw_acct_how {
	RGW_ACCT_SAME,    /* accounting goes where the other requests of the realm go */
	RGW_ACCT_ACK,     /* accounting is acknowledged here, and goes nowhere (RFC 7593 5) */
	RGW_ACCT_DROP,
	RGW_ACCT_TARGET,  /* accounting goes elsewhere */
};

struct rgw_conf_acct {
	enum rgw_acct_how how;
	const struct rgw_conf_head *target;  /* [pool], [peer] or [server]; NULL unless TARGET */
};

struct rgw_conf_realm {
	struct rgw_conf_head head;
	enum rgw_realm_kind kind;
	struct rgw_pattern *regex;         /* owned; NULL unless kind is REGEX */
	const struct rgw_conf_head *pool;  /* where requests go: [pool], [peer] or [server]; NULL = rejected */
	char *reject;                      /* Reply-Message of the rejection, if there is no pool */
	struct rgw_conf_acct acct;
	const struct rgw_conf_head *coa;   /* [peer] or [pool] where CoA for NASes of the realm's network goes, by
	                                    * Operator-Name; NULL = none (P-CPX-5) */
	enum rgw_auto fticks;              /* have its logins F-Ticks? RGW_AUTO = as the pool says */
};

/* Packets that a rewrite is for; bits. */
enum rgw_rewrite_packets {
	RGW_REWRITE_ACCESS_REQUEST = 1,
	RGW_REWRITE_ACCESS_ACCEPT = 2,
	RGW_REWRITE_ACCESS_REJECT = 4,
	RGW_REWRITE_ACCESS_CHALLENGE = 8,
	RGW_REWRITE_ACCOUNTING_REQUEST = 16,
	RGW_REWRITE_ACCOUNTING_RESPONSE = 32,
	RGW_REWRITE_COA_REQUEST = 64,
	RGW_REWRITE_COA_ACK = 128,
	RGW_REWRITE_COA_NAK = 256,
	RGW_REWRITE_DISCONNECT_REQUEST = 512,
	RGW_REWRITE_DISCONNECT_ACK = 1024,
	RGW_REWRITE_DISCONNECT_NAK = 2048,
	RGW_REWRITE_CHANGES = RGW_REWRITE_COA_REQUEST | RGW_REWRITE_DISCONNECT_REQUEST,
	RGW_REWRITE_CHANGE_ANSWERS = RGW_REWRITE_COA_ACK | RGW_REWRITE_COA_NAK | RGW_REWRITE_DISCONNECT_ACK |
	    RGW_REWRITE_DISCONNECT_NAK,
	RGW_REWRITE_REQUESTS = RGW_REWRITE_ACCESS_REQUEST | RGW_REWRITE_ACCOUNTING_REQUEST,
	RGW_REWRITE_ANSWERS = RGW_REWRITE_ACCESS_ACCEPT | RGW_REWRITE_ACCESS_REJECT |
	    RGW_REWRITE_ACCESS_CHALLENGE | RGW_REWRITE_ACCOUNTING_RESPONSE,
};

/* What becomes of a packet that a rewrite would make too big: it is refused, or goes on as it was. */
enum rgw_overflow { RGW_OVERFLOW_REFUSE, RGW_OVERFLOW_SKIP };

struct rgw_conf_rewrite {
	struct rgw_conf_head head;
	struct rgw_rewrite rewrite;
	unsigned packets;            /* packets that the rewrite is for: RGW_REWRITE_* bits */
	enum rgw_overflow overflow;
};

/* A file that was read for the value of an option, or a directory that was searched for files to include. */
struct rgw_conf_source {
	char *path;                           /* owned */
	const struct rgw_conf_head *section;  /* that of the option */
};

/* All sections of one kind, in file order: an array of owned pointers. */
#define RGW_CONF_LIST(type) struct { struct type **v; size_t n; }

struct rgw_conf {
	struct rgw_conf_gateway gateway;
	struct rgw_conf_log log;
	struct rgw_conf_control control;
	struct rgw_conf_metrics metrics;
	RGW_CONF_LIST(rgw_conf_tls) tls;
	RGW_CONF_LIST(rgw_conf_listen) listen;
	RGW_CONF_LIST(rgw_conf_client) client;
	RGW_CONF_LIST(rgw_conf_peer) peer;
	RGW_CONF_LIST(rgw_conf_server) server;
	RGW_CONF_LIST(rgw_conf_pool) pool;
	RGW_CONF_LIST(rgw_conf_realm) realm;
	RGW_CONF_LIST(rgw_conf_rewrite) rewrite;
	struct rgw_hidden_table *hidden;     /* owned: attributes to be re-keyed per hop */
	struct rgw_conf_ids ids[RGW_CONF_KINDS];
	struct rgw_strings files;            /* every file of the configuration, for the heads to borrow */
	struct { struct rgw_conf_source *v; size_t n; } sources;  /* owned: what else was read */
};

/* The section of this kind that has the id, or NULL: every section begins with its head. For a worker's view of the
 * configuration (share.h) it is the section of the view. */
const struct rgw_conf_head *rgw_conf_by_id(const struct rgw_conf *conf, enum rgw_conf_kind kind, uint32_t id);

/* May the peer connect to the addresses of this section, as far as the kind of session tells? Its certificate or its
 * address must be right, too. */
static inline bool
rgw_conf_lets_in(const struct rgw_conf_listen *listen, const struct rgw_conf_peer *peer)
{
	if (listen->insecure_tcp || peer->insecure_tcp)
		return listen->insecure_tcp && peer->insecure_tcp;
	for (size_t i = 0; i < listen->profile.n; i++)
		if (listen->profile.v[i] == &peer->tls->head)
			return true;
	return false;
}

/* May any neighbour send CoA or Disconnect, or is any to get such requests? */
bool rgw_conf_has_changes(const struct rgw_conf *conf);

/* May the client ask on the addresses of the [listen] section with this index? */
static inline bool
rgw_conf_may_ask(const struct rgw_conf_client *client, uint32_t listen)
{
	for (size_t i = 0; i < client->listen.n; i++)
		if (client->listen.v[i]->index == listen)
			return true;
	return client->listen.n == 0;
}

#endif
