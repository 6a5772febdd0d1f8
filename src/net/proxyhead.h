/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_PROXYHEAD_H
#define RADSECGW_PROXYHEAD_H

#include <stddef.h>
#include <stdint.h>

#include "radsecgw/addr.h"

/*
 * The header of the PROXY protocol, with which a balancer begins a connection to say for whom it has opened it
 * (haproxy.org, proxy-protocol.txt): version 1 is a line of text, version 2 is binary. Whoever wants to know looks at
 * the octets that are there, again and again until there is a verdict; no memory of what was there before is needed.
 * What a header of version 2 has behind the addresses is skipped, and its checksum (CRC32C) is not looked at: TCP has
 * one, and whoever could change the header could change the checksum, too. Does no I/O.
 */

/* The longest header that is taken, in octets: of version 2, 16 and 520 behind them. One of version 1 has up to 107. */
#define RGW_PROXYHEAD_MAX 536
#define RGW_PROXYHEAD_TEXT_MAX 107

enum rgw_proxyhead_kind {
	RGW_PROXYHEAD_MORE,   /* what is there may become a header */
	RGW_PROXYHEAD_FROM,   /* a header that says where the connection comes from */
	RGW_PROXYHEAD_OWN,    /* a header that says this is the balancer's own connection, or that it does not know */
	RGW_PROXYHEAD_BAD,    /* no header, or one that cannot be of use */
};

struct rgw_proxyhead {
	enum rgw_proxyhead_kind kind;
	size_t len;            /* length of the header; MORE: how many octets must be there for the next look */
	struct rgw_addr from;  /* FROM */
	const char *why;       /* BAD: what is wrong, in words; a constant */
};

/* What are the first n octets of the connection, at least one? */
struct rgw_proxyhead rgw_proxyhead_look(const uint8_t *octets, size_t n);

#endif
