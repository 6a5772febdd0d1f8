/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hello.h"

/* The peek: what the first octets of a connection are, before anything is spent on them; see hello.h. */

/* A record of TLS begins with its type, version and length. */
#define RECORD_HEADER 5
#define RECORD_HANDSHAKE 22
#define RECORD_MAX 16384

enum rgw_hello
rgw_hello_look(const uint8_t *octets, size_t n, size_t *need)
{
	*need = RECORD_HEADER;
	if (octets[0] != RECORD_HANDSHAKE)
		return RGW_HELLO_NO_TLS;
	if (n < RECORD_HEADER)
		return RGW_HELLO_MORE;
	*need += (size_t)octets[3] << 8 | octets[4];
	if (*need > RECORD_HEADER + RECORD_MAX)
		return RGW_HELLO_TOO_LONG;
	return n < *need ? RGW_HELLO_MORE : RGW_HELLO_WHOLE;
}
