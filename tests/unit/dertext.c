/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dertext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
require(int holds, const char *at)
{
	if (!holds) {
		fprintf(stderr, "cannot make DER at: %.40s\n", at);
		abort();
	}
}

static void
put(struct test_der *d, uint8_t octet, const char *at)
{
	require(d->len < sizeof d->octets, at);
	d->octets[d->len++] = octet;
}

/* Puts a length in front of everything behind `start`; the places noted there move along. */
static void
enclose(struct test_der *d, size_t start, size_t first_note, const char *at)
{
	size_t n = d->len - start;
	uint8_t head[3] = { (uint8_t)n };
	size_t head_len = 1;

	if (n >= 0x100) {
		head[0] = 0x82;
		head[1] = (uint8_t)(n >> 8);
		head[2] = (uint8_t)n;
		head_len = 3;
	} else if (n >= 0x80) {
		head[0] = 0x81;
		head[1] = (uint8_t)n;
		head_len = 2;
	}
	require(d->len + head_len <= sizeof d->octets && d->n_lengths + head_len <= 256, at);
	memmove(d->octets + start + head_len, d->octets + start, n);
	memcpy(d->octets + start, head, head_len);
	d->len += head_len;
	for (size_t i = first_note; i < d->n_lengths; i++)
		d->lengths[i] += head_len;
	for (size_t i = 0; i < head_len; i++)
		d->lengths[d->n_lengths++] = start + i;
}

static const char *
assemble(struct test_der *d, const char *t)
{
	while (*t != '\0' && *t != ')') {
		size_t start = d->len;
		size_t first_note = d->n_lengths;
		unsigned octet;

		if (*t == ' ') {
			t++;
		} else if (*t == '(') {
			t = assemble(d, t + 1);
			require(*t == ')', t);
			enclose(d, start, first_note, t);
			t++;
		} else if (*t == '\'') {
			for (t++; *t != '\'' && *t != '\0'; t++)
				put(d, (uint8_t)*t, t);
			require(*t == '\'', t);
			t++;
		} else {
			require(sscanf(t, "%2x", &octet) == 1 && strspn(t, "0123456789abcdef") >= 2, t);
			put(d, (uint8_t)octet, t);
			t += 2;
		}
	}
	return t;
}

void
test_der_make(struct test_der *out, const char *text)
{
	out->len = 0;
	out->n_lengths = 0;
	text = assemble(out, text);
	require(*text == '\0', text);
}
