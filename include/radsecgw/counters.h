/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_COUNTERS_H
#define RADSECGW_COUNTERS_H

#include <stdint.h>

/*
 * Every way on which a packet, a request or a connection can end has a counter here: X(name, help).
 * The names are what status output and logs show.
 */
#define RGW_COUNTERS(X)                                                                            \
	/* datagrams from clients */                                                               \
	X(udp_received, "datagrams received from clients")                                         \
	X(udp_unknown_client, "datagrams dropped: source address belongs to no client")            \
	X(udp_short, "datagrams dropped: shorter than the packet says")                            \
	X(udp_bad_length, "datagrams dropped: Length below 20 or above 4096")                      \
	X(udp_bad_attribute, "datagrams dropped: attributes do not fill the packet")               \
	X(udp_bad_code, "datagrams dropped: code unknown or not served on this port")              \
	X(udp_bad_authenticator, "requests dropped: Request Authenticator does not verify")        \
	X(udp_bad_message_authenticator, "requests dropped: Message-Authenticator does not verify") \
	X(client_previous_secret, "requests from clients that were made with the previous secret") \
	X(udp_missing_message_authenticator, "requests dropped: Message-Authenticator missing but required") \
	X(udp_proxy_state_limit, "requests dropped: Proxy-State without Message-Authenticator")    \
	X(udp_too_many_proxy_states, "requests dropped: more Proxy-States than loop-limit")        \
	X(status_server_answered, "Status-Servers answered")                                       \
	X(duplicate_absorbed, "retransmissions absorbed: the request was pending, or was stopped") \
	X(arap_beside_hidden, "requests dropped: ARAP-Password beside another hidden attribute")   \
	X(malformed_eap, "requests dropped: EAP-Message is no EAP packet")                         \
	X(superseding_unproven, "requests dropped: unsigned, under the identifier of a signed open one") \
	X(superseding_too_fast, "requests dropped: their identifier was reused too often before its answer") \
	X(duplicate_replayed, "retransmissions answered with the stored answer")                   \
	X(duplicate_too_many, "retransmissions dropped: the answer had been sent again too often") \
	X(probes_too_fast, "requests dropped: more Status-Servers or codes that are not served than allowed") \
	X(udp_sent, "datagrams sent to clients")                                                   \
	X(udp_not_allowed, "datagrams dropped: the client may not send this kind of request (allow)")     \
	X(udp_stale, "CoA and Disconnect dropped: Event-Timestamp more than 300 s from now")              \
	X(udp_missing_event_timestamp, "CoA and Disconnect dropped: Event-Timestamp missing but required")\
	/* requests: each accepted one ends in exactly one of the request_ counters */             \
	X(requests_accepted, "requests accepted for forwarding")                                   \
	X(request_answered, "requests ended: answered by the peer")                                \
	X(request_timed_out, "requests ended: no answer within request-lifetime")                  \
	X(request_drained, "requests ended: whoever could be asked gets no new requests (drain)")  \
	X(request_queue_timed_out, "requests ended: no connection became free within queue-time")  \
	X(request_queue_full, "requests ended: the queue of the peer was full")                    \
	X(request_superseded, "requests ended: the client reused the identifier for a new request") \
	X(request_no_route, "requests ended: no realm section matches")                            \
	X(request_rejected, "requests ended: rejected here, as the realm section says")            \
	X(request_malformed_realm, "requests ended: rejected here, since nobody can have such a realm") \
	X(request_acct_acked, "requests ended: acknowledged here, as the realm section says for accounting") \
	X(request_acct_dropped, "requests ended: dropped, as the realm section says for accounting") \
	X(request_not_allowed, "requests ended: the peer does not take this kind of request")      \
	X(request_too_big, "requests ended: too big for the next hop (4096 octets), or refused by a rewrite") \
	X(request_outage, "requests ended: all members of the pool were dead at the start and still are") \
	X(request_refused, "requests ended: the peer answered with an error")                      \
	X(request_answer_too_big, "requests ended: the answer would exceed 4096 octets, or a rewrite refused it") \
	X(request_no_identifier, "requests ended: max-requests of the server reached")             \
	X(request_over_share, "requests ended: not sent, the sender exceeds its share of max-request-octets") \
	X(request_bad_answer, "requests ended: the answer broke a rule for which the connection is closed") \
	X(request_ends_connections, "requests ended: connections ended again and again while they were open on them") \
	X(request_loop, "requests ended: they came back to us, or would go back to the peer that they came from") \
	X(request_gone, "requests ended: the connection that they came on has ended")              \
	X(request_abandoned, "requests ended: still open when the gateway stopped")                \
	X(request_change_wrong_sender, "requests ended: CoA or Disconnect from where the user's logins do not go")\
	X(request_change_unroutable, "requests ended: CoA or Disconnect for a NAS or session that is not known") \
	X(request_change_mismatch, "requests ended: CoA or Disconnect whose names contradict each other") \
	X(request_change_foreign_nas, "requests ended: CoA or Disconnect with a foreign Operator-NAS-Identifier") \
	X(request_change_foreign_operator, \
	  "requests ended: CoA or Disconnect whose Operator-Name is not that of its NAS") \
	X(request_nas_unreachable, "requests ended: nobody listens where the NAS takes CoA and Disconnect")\
	X(answers_forgotten, "kept answers that gave way to requests: max-requests, max-request-octets") \
	X(answers_crowded_out, "kept answers that gave way to newer ones: kept-answers reached")   \
	X(conversations_forgotten, "conversations forgotten before their time, the table being full") \
	X(requests_no_room, "requests not accepted: max-requests or max-request-octets reached, or no memory") \
	X(requests_over_share, "requests not accepted: the client or peer holds more than its share of these limits") \
	X(requests_while_draining, "requests not accepted: the gateway is stopping or drained")    \
	X(nas_conflicts, "NASes and sessions that were named by more than one neighbour")                 \
	X(nas_crowded_out, "NASes and sessions forgotten before their time, the table being full")        \
	/* the log */                                                                              \
	X(log_lines_lost, "lines of the log left out, since their target did not take them in time") \
	/* what rewrites do to packets */                                                          \
	X(rewrite_changed, "times a rewrite changed a packet")                                     \
	X(rewrite_skipped, "times a packet passed without a rewrite that would make it too big")   \
	X(rewrite_refused, "packets refused because a rewrite would make them too big")            \
	/* what pools do for requests */                                                           \
	X(requests_moved, "attempts moved to another member of the pool")                          \
	X(requests_doubled, "requests tried at another member, too, after retry-after")            \
	X(requests_gave_way, "identifiers taken from requests that had waited long, for new ones") \
	X(realms_marked, "times a member left a realm unanswered and goes last for it")            \
	X(realms_cleared, "times a member answered for a marked realm again")                      \
	X(outage_rejects, "Access-Rejects made because no member could be reached")                \
	X(outage_acks, "Accounting-Responses made because no member could be reached")             \
	/* requests from peers */                                                                  \
	X(tls_bad_code, "requests answered with Protocol-Error: code unknown or not served")       \
	X(tls_not_allowed, "CoA and Disconnect from peers refused: the peer may not send them (allow)") \
	X(tls_stale, "CoA and Disconnect on connections with an Event-Timestamp more than 300 s from now") \
	X(tls_bad_authenticator, "connections closed: Request Authenticator does not verify")      \
	X(tls_bad_message_authenticator, "connections closed: Message-Authenticator does not verify") \
	X(tls_missing_message_authenticator, "Status-Servers dropped: no Message-Authenticator")   \
	X(tls_too_many_proxy_states, "requests dropped: more Proxy-States than loop-limit")        \
	X(connections_stalled, "times that a connection was not read, since the peer did not read either") \
	X(tls_answers_dropped, "answers dropped: the peer does not read, and the write buffer is full") \
	/* towards peers */                                                                        \
	X(tls_sent, "packets sent to peers")                                                       \
	X(tls_received, "packets received from peers")                                             \
	X(requests_retried, "requests sent again because their connection was lost")               \
	X(peer_previous_secret, "requests and answers from peers that were made with the previous secret") \
	X(response_late, "answers dropped: the request had been given up before")                  \
	X(response_unmatched, "answers dropped: no request matches")                               \
	X(response_bad_pair, "answers dropped: the code does not fit the request")                 \
	X(response_bad_authenticator, "answers dropped: Response Authenticator does not verify")   \
	X(response_bad_message_authenticator, "answers dropped: Message-Authenticator does not verify") \
	X(tls_malformed, "connections closed: malformed packet")                                   \
	X(response_missing_message_authenticator, "answers dropped: Message-Authenticator missing but required") \
	X(response_stale, "answers to CoA and Disconnect dropped: Event-Timestamp more than 300 s from now") \
	X(peer_unexpected_code, "packets dropped: the code has no place in this direction")        \
	X(protocol_errors_received, "Protocol-Errors received from peers")                         \
	X(accounting_unsupported, "Accounting-Responses with Error-Cause 406, not acknowledgements") \
	/* towards servers */                                                                      \
	X(server_sent, "requests sent to servers")                                                 \
	X(server_retransmitted, "requests sent to servers once more")                              \
	X(server_received, "datagrams received from servers")                                      \
	X(server_previous_secret, "answers from servers that were made with the previous secret")   \
	X(server_malformed, "datagrams from servers dropped: malformed")                           \
	X(server_unexpected_code, "datagrams from servers dropped: the code is not that of an answer") \
	X(server_waits, "requests that had to wait for an address, a socket or an identifier")     \
	X(server_unreachable, "ICMP errors received: nobody listens at the server's port")         \
	X(server_probes, "Status-Servers sent to servers")                                         \
	X(server_suspected, "times a server was suspected: a request had no answer")               \
	X(server_dead, "times a server was taken for dead")                                        \
	X(server_revived, "times a server that was suspected or dead answered again")              \
	X(sources_opened, "UDP sockets opened towards servers")                                    \
	X(sources_failed, "UDP sockets towards servers that could not be opened")                  \
	/* connections that peers open */                                                          \
	X(accepted, "incoming TCP connections accepted")                                           \
	X(proxy_headers, "connections whose PROXY header named the address that they come from")    \
	X(proxy_own, "connections whose PROXY header named nobody: the balancer's own, which asks whether we live") \
	X(proxy_refused, "connections closed: a balancer began them without a PROXY header that can be of use") \
	X(proxy_evicted, "connections closed: more waited for their PROXY header than max-half-open says") \
	X(accept_failed, "times no connection could be accepted, for lack of descriptors for example") \
	X(refused_draining, "incoming connections refused: the gateway is stopping or drained")    \
	X(refused_address, "incoming connections refused: no peer may come from that address")     \
	X(refused_max_connections, "incoming connections refused: max-connections reached")        \
	X(refused_max_connections_listener, "incoming connections refused: max-connections of the listener") \
	X(refused_max_connections_per_address, "incoming connections refused: max-connections-per-address") \
	X(refused_max_connections_peer, "incoming connections refused: max-connections of the peer") \
	X(refused_connect_rate, "incoming connections of strangers refused: connect-rate")         \
	X(refused_connect_rate_known, "incoming connections from known addresses refused: connect-rate") \
	X(refused_connect_rate_per_address, "incoming connections refused: connect-rate-per-address") \
	X(refused_no_memory, "incoming connections refused: out of memory")                        \
	X(refused_max_half_open_per_address, "incoming connections refused: max-half-open-per-address") \
	X(half_open_evicted, "incoming connections closed: max-half-open reached")                 \
	X(half_open_evicted_per_address, "incoming connections closed: max-half-open-per-address reached") \
	X(incoming_replaced, "silent incoming connections closed: their peer came back")           \
	X(incoming_silent, "incoming connections that ended before they had begun a handshake")    \
	X(incoming_failed, "incoming connections whose handshake did not succeed")                 \
	X(incoming_opened, "incoming connections that came up")                                    \
	X(incoming_ended, "incoming connections that ended after they had come up")                \
	X(psk_unknown_identity, "handshakes that failed: nobody who may come from there has the identity") \
	X(psk_wrong_key, "handshakes that failed: the pre-shared key of the identity is another one") \
	X(psk_without_secrecy, "handshakes that failed: a pre-shared key without a Diffie-Hellman exchange") \
	X(psk_without_suite, "handshakes that failed: a pre-shared key, and no suite that goes with it") \
	X(previous_psk_used, "incoming connections that came up with the previous pre-shared key")  \
	X(idle_timeouts, "connections closed: idle-timeout")                                       \
	X(lifetimes, "connections closed: lifetime")                                               \
	/* connections in either direction */                                                      \
	X(connections_judged_out, "connections closed: not good enough for a new configuration")    \
	X(certificates_ended, "connections closed: a certificate of either side came to its end")  \
	X(certificates_revoked, "certificates refused: a CRL lists them as revoked")               \
	X(certificates_without_crl, "certificates refused: no CRL in force speaks of them")        \
	X(certificates_unchecked, "certificates accepted although no CRL in force speaks of them") \
	/* connections that we open */                                                             \
	X(connections_opened, "outgoing connections that came up")                                 \
	X(connections_failed, "outgoing connections that did not come up")                         \
	X(connections_lost, "outgoing connections that ended after they had come up")              \
	X(connect_timeouts, "connection attempts given up: no TCP connection within connect-timeout") \
	X(handshake_timeouts, "connections closed: no TLS session within handshake-timeout")       \
	X(watchdogs_sent, "Status-Servers sent to peers")                                          \
	X(watchdogs_answered, "Status-Servers that peers answered")                                \
	X(connections_suspected, "times a connection was suspected by its watchdog")               \
	X(connections_quiet, "times a connection was mute for much longer than is usual for its peer") \
	X(connections_mute, "connections closed: mute, while the peer answered on another one")    \
	X(watchdog_timeouts, "connections closed: the watchdog had no answer")                     \
	X(connections_surplus, "connections closed: more than the load needs")                     \
	X(packet_timeouts, "connections closed: a packet stayed incomplete")                       \
	X(connect_rate_limited, "connection attempts put off by connect-rate")                     \
	X(resolve_failed, "host names that did not resolve")

enum rgw_counter {
#define RGW_COUNTER_ENUM(name, help) RGW_CTR_##name,
	RGW_COUNTERS(RGW_COUNTER_ENUM)
#undef RGW_COUNTER_ENUM
	    RGW_COUNTER_COUNT
};

struct rgw_counters {
	uint64_t v[RGW_COUNTER_COUNT];
};

const char *rgw_counter_name(enum rgw_counter c);
const char *rgw_counter_help(enum rgw_counter c);
/* The way in which a request ended, as people are told it: "no_route" for request_no_route. */
const char *rgw_reason_name(enum rgw_counter c);

#endif
