/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_ADDR_H
#define RADSECGW_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radsecgw/list.h"

struct sockaddr;
struct sockaddr_storage;

/*
 * Internet addresses and prefixes as small values that can be compared with memcmp, hashed and
 * copied. Host names never appear here.
 */

/* An IPv4 or IPv6 address with a port. Unused octets are zero, so equal values are equal bytes. */
struct rgw_addr {
	uint8_t ip[16];  /* octets in network order; IPv4 in the first four */
	uint32_t scope;  /* IPv6 interface index, or 0 */
	uint16_t port;   /* host order */
	uint8_t family;  /* 4, 6, or 0 for "none" */
	uint8_t unused;
};

/* The longest text of rgw_addr_format, terminator included: [v6%scope]:port. */
#define RGW_ADDR_TEXT 72

/* Parses an address literal: 192.0.2.1, 2001:db8::1 or [2001:db8::1], each with an optional :port (IPv6 with a port
 * needs the brackets). `port` is the port of a text that has none. false = the text is no literal, and *out is
 * unchanged. */
bool rgw_addr_parse(const char *text, uint16_t port, struct rgw_addr *out) RGW_MUST_USE;

/* Parses an address that may stand on an interface known by its name: fe80::1%eth0. Then `zone` becomes that
 * name, whose number is to be found out by a layer that may ask the system; else it becomes "". */
#define RGW_ZONE_TEXT 16
bool rgw_addr_parse_zone(const char *text, uint16_t port, struct rgw_addr *out, char zone[static RGW_ZONE_TEXT])
    RGW_MUST_USE;

/* Room for a DNS name as it is configured: 253 octets, a dot behind them, and the terminator. */
#define RGW_HOST_TEXT 255

/* Is the host localhost or a name below localhost, with or without a dot at its end (RFC 6761 6.3)? */
bool rgw_addr_is_local_name(const char *host);

/* Splits "host", "host:port", "[v6]" or "[v6]:port" without resolving anything. host must hold
 * host_size octets. false = malformed, empty or too long. `port` keeps its value if none is given. */
bool rgw_addr_split_host(const char *text, char *host, size_t host_size, uint16_t *port) RGW_MUST_USE;

/* Writes "192.0.2.1:1812" or "[2001:db8::1]:1812" (without the port if it is 0) and returns buf. */
const char *rgw_addr_format(const struct rgw_addr *a, char buf[static RGW_ADDR_TEXT]);

bool rgw_addr_equal(const struct rgw_addr *a, const struct rgw_addr *b);
/* Is the address in 127.0.0.0/8, or ::1, so that nobody can stand in between? */
bool rgw_addr_is_loopback(const struct rgw_addr *a);

/* Conversion from and to the socket interface. from: false for any other family. to: returns the
 * length to pass along. An IPv4-mapped IPv6 address becomes the IPv4 address that it is. */
bool rgw_addr_from_sockaddr(struct rgw_addr *out, const struct sockaddr *sa) RGW_MUST_USE;
unsigned rgw_addr_to_sockaddr(const struct rgw_addr *a, struct sockaddr_storage *out);

/* A network: the first `bits` of `ip`; the bits behind them are zero. */
struct rgw_prefix {
	uint8_t ip[16];
	uint32_t scope;  /* IPv6 interface index that the prefix is limited to, or 0 */
	uint8_t family;
	uint8_t bits;
	uint8_t unused[2];
};

/* Parses 192.0.2.0/24, 2001:db8::/32, fe80::%3/64 or a bare address (one host). Host bits that are set make
 * it invalid, since they are a sign of a mistake. */
bool rgw_prefix_parse(const char *text, struct rgw_prefix *out) RGW_MUST_USE;
const char *rgw_prefix_format(const struct rgw_prefix *p, char buf[static RGW_ADDR_TEXT]);
bool rgw_prefix_contains(const struct rgw_prefix *p, const struct rgw_addr *a);

/*
 * Longest-prefix look-up: one hash table per family, asked once per distinct prefix length, longest
 * first. So the cost follows the number of lengths in use (a handful), never the number of entries.
 */
struct rgw_prefixmap;

struct rgw_prefixmap *rgw_prefixmap_new(void) RGW_MUST_USE;
void rgw_prefixmap_free(struct rgw_prefixmap *map);
/* Adds a prefix with its value, which is borrowed and must not be NULL. Returns NULL, or the value that already
 * stands for exactly this prefix, and adds nothing then. */
void *rgw_prefixmap_add(struct rgw_prefixmap *map, const struct rgw_prefix *p, void *value);
/* The value of the longest prefix that contains the address, or NULL. Of two prefixes that are equally long, the one
 * that is limited to the address's interface goes first. */
void *rgw_prefixmap_find(const struct rgw_prefixmap *map, const struct rgw_addr *a);

#endif
