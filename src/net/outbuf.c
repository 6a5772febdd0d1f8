/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/outbuf.h"

#include <stdlib.h>
#include <string.h>

/* The first size of the memory: an ordinary packet as a record. */
#define FIRST 512

/* Moves the octets that are still to be sent to the front, or a buffer that is never empty would grow for ever. */
static void
move_up(struct rgw_outbuf *out)
{
	memmove(out->data, out->data + out->at, out->len - out->at);
	out->len -= out->at;
	out->at = 0;
}

static bool
make_room(struct rgw_outbuf *out, size_t len)
{
	size_t cap = out->cap > 0 ? out->cap : FIRST;
	uint8_t *bigger;

	if (out->at > 0 && out->len + len > out->cap)
		move_up(out);
	while (cap < out->len + len)
		cap *= 2;
	if (cap == out->cap)
		return true;
	bigger = realloc(out->data, cap);
	if (bigger == NULL)
		return false;
	out->data = bigger;
	out->cap = cap;
	return true;
}

bool
rgw_outbuf_put(struct rgw_outbuf *out, const void *record, size_t len)
{
	if (!make_room(out, len))
		return false;
	memcpy(out->data + out->len, record, len);
	out->len += len;
	return true;
}

void
rgw_outbuf_sent(struct rgw_outbuf *out, size_t n)
{
	out->at += n;
	if (out->at == out->len)
		rgw_outbuf_fini(out);
}

void
rgw_outbuf_fini(struct rgw_outbuf *out)
{
	free(out->data);
	*out = (struct rgw_outbuf){ NULL, 0, 0, 0 };
}
