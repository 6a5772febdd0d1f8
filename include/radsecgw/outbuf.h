/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_OUTBUF_H
#define RADSECGW_OUTBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The octets that a session has made and the network has not taken yet. A record is put in whole, behind the records
 * before it, and leaves in whatever pieces the network takes. A buffer owns its memory and gives it back as soon as it
 * is empty, so that an idle connection keeps none. All zeroes is an empty buffer. The buffer itself knows no limit:
 * whoever writes checks rgw_outbuf_waiting before (P-STR-8).
 */
struct rgw_outbuf {
	uint8_t *data;  /* owned; NULL while empty */
	size_t at;      /* offset of the first octet that has not been sent */
	size_t len;     /* offset of the end of the octets */
	size_t cap;     /* octets that the memory has room for */
};

/* Puts a whole record behind what waits. false = there is no memory; then nothing of the record is in. */
bool rgw_outbuf_put(struct rgw_outbuf *out, const void *record, size_t len) __attribute__((warn_unused_result));

/* The network has taken n of the octets that wait, from out->data + out->at on. */
void rgw_outbuf_sent(struct rgw_outbuf *out, size_t n);

/* Gives the memory back, whatever octets wait. */
void rgw_outbuf_fini(struct rgw_outbuf *out);

/* The number of octets that wait. */
static inline size_t
rgw_outbuf_waiting(const struct rgw_outbuf *out)
{
	return out->len - out->at;
}

#endif
