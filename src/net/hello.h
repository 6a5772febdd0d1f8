/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_HELLO_H
#define RADSECGW_HELLO_H

#include <stddef.h>
#include <stdint.h>

/* The peek looks at the first octets that a peer sends on a connection, before there is a session for them: they must
 * be a record of a handshake (RFC 8446 5.1) with the ClientHello or its beginning. The peek keeps nothing. */
enum rgw_hello {
	RGW_HELLO_MORE,      /* the first record is not whole yet */
	RGW_HELLO_WHOLE,
	RGW_HELLO_NO_TLS,    /* the octets that came cannot begin a session */
	RGW_HELLO_TOO_LONG,  /* the record says that it is longer than TLS allows for contents that are not encrypted */
};

/* Looks at all octets that have come so far; n is not 0. *need becomes the number of octets that must be there before
 * there is more to say, and with RGW_HELLO_WHOLE the number of octets that the record has. */
enum rgw_hello rgw_hello_look(const uint8_t *octets, size_t n, size_t *need);

#endif
