/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_WIRE_H
#define RADSECGW_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * The one way to read and write octets that come from or go to a network.
 *
 * Both cursors carry a sticky error: a read past the end yields zeros (or NULL), a write past the
 * end does nothing, and `bad` stays set. So a parser reads like the format it parses and asks once,
 * at the end. Neither cursor owns its memory. Integers are big-endian, as on the wire.
 */

/* Reads from the borrowed octets [p, end). */
struct rgw_rd {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};

static inline struct rgw_rd
rgw_rd_of(const uint8_t *data, size_t len)
{
	/* The octets may be NULL if there are none, and even 0 must not be added to that. */
	return (struct rgw_rd){ data, data != NULL ? data + len : NULL, false };
}

static inline size_t
rgw_rd_left(const struct rgw_rd *r)
{
	return (size_t)(r->end - r->p);
}

/* The next n octets, borrowed from the input, or NULL (and `bad`) when fewer are left. */
static inline const uint8_t *
rgw_rd_bytes(struct rgw_rd *r, size_t n)
{
	const uint8_t *at = r->p;

	if (r->bad || rgw_rd_left(r) < n) {
		r->bad = true;
		return NULL;
	}
	r->p += n;
	return at;
}

static inline uint8_t
rgw_rd_u8(struct rgw_rd *r)
{
	const uint8_t *b = rgw_rd_bytes(r, 1);

	return b != NULL ? b[0] : 0;
}

static inline uint16_t
rgw_rd_u16(struct rgw_rd *r)
{
	const uint8_t *b = rgw_rd_bytes(r, 2);

	return b != NULL ? (uint16_t)(b[0] << 8 | b[1]) : 0;
}

static inline uint32_t
rgw_rd_u32(struct rgw_rd *r)
{
	const uint8_t *b = rgw_rd_bytes(r, 4);

	return b != NULL ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3] : 0;
}

/* Cuts the next n octets off as a cursor of their own; an empty, bad cursor when fewer are left. */
static inline struct rgw_rd
rgw_rd_sub(struct rgw_rd *r, size_t n)
{
	const uint8_t *b = rgw_rd_bytes(r, n);

	return b != NULL ? rgw_rd_of(b, n) : (struct rgw_rd){ NULL, NULL, true };
}

/* Writes to the borrowed octets [base, base + cap); len counts what has been written. */
struct rgw_wr {
	uint8_t *base;
	size_t len;
	size_t cap;
	bool bad;
};

static inline struct rgw_wr
rgw_wr_of(uint8_t *base, size_t cap)
{
	return (struct rgw_wr){ base, 0, cap, false };
}

/* Room for n octets that the caller fills at once, or NULL (and `bad`) when they do not fit. */
static inline uint8_t *
rgw_wr_room(struct rgw_wr *w, size_t n)
{
	uint8_t *at = w->base + w->len;

	if (w->bad || w->cap - w->len < n) {
		w->bad = true;
		return NULL;
	}
	w->len += n;
	return at;
}

static inline void
rgw_wr_bytes(struct rgw_wr *w, const void *data, size_t n)
{
	uint8_t *at = rgw_wr_room(w, n);

	if (at != NULL && n > 0)
		memcpy(at, data, n);
}

static inline void
rgw_wr_zero(struct rgw_wr *w, size_t n)
{
	uint8_t *at = rgw_wr_room(w, n);

	if (at != NULL && n > 0)
		memset(at, 0, n);
}

static inline void
rgw_wr_u8(struct rgw_wr *w, uint8_t v)
{
	rgw_wr_bytes(w, &v, 1);
}

static inline void
rgw_wr_u16(struct rgw_wr *w, uint16_t v)
{
	const uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	rgw_wr_bytes(w, b, sizeof b);
}

static inline void
rgw_wr_u32(struct rgw_wr *w, uint32_t v)
{
	const uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };

	rgw_wr_bytes(w, b, sizeof b);
}

/* Writes a 16-bit integer over octets that were written before; `at` must be below len - 1. */
static inline void
rgw_wr_patch_u16(struct rgw_wr *w, size_t at, uint16_t v)
{
	if (w->bad || at + 2 > w->len) {
		w->bad = true;
		return;
	}
	w->base[at] = (uint8_t)(v >> 8);
	w->base[at + 1] = (uint8_t)v;
}

#endif
