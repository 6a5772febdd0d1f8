/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/hide.h"

#include <stdio.h>
#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/mem.h"

static int
setup(void **state)
{
	*state = help_hops_new("xyzzy5461", "radsec");
	return 0;
}

static int
teardown(void **state)
{
	help_hops_free(*state);
	return 0;
}

/* The documented list (P-ENC-2 and the table below it): vendor, number, TLV, method, tagged. */
static const struct rgw_hidden documented[] = {
	{ 0, 2, 0, RGW_HIDE_PASSWORD, false }, { 0, 69, 0, RGW_HIDE_SALT, true },
	{ 161, 11, 0, RGW_HIDE_SALT, false }, { 311, 12, 0, RGW_HIDE_PASSWORD, false },
	{ 311, 16, 0, RGW_HIDE_SALT, false }, { 311, 17, 0, RGW_HIDE_SALT, false },
	{ 529, 214, 0, RGW_HIDE_ASCEND, false }, { 529, 215, 0, RGW_HIDE_ASCEND, false },
	{ 831, 116, 0, RGW_HIDE_SALT, false }, { 831, 117, 0, RGW_HIDE_SALT, false },
	{ 831, 118, 0, RGW_HIDE_SALT, false }, { 831, 119, 0, RGW_HIDE_SALT, false },
	{ 2356, 19, 0, RGW_HIDE_SALT, true }, { 2356, 20, 0, RGW_HIDE_SALT, true },
	{ 2356, 33, 0, RGW_HIDE_SALT, true }, { 4846, 214, 0, RGW_HIDE_ASCEND, false },
	{ 4846, 215, 0, RGW_HIDE_ASCEND, false }, { 4874, 58, 0, RGW_HIDE_SALT, false },
	{ 4874, 59, 0, RGW_HIDE_SALT, false }, { 4874, 60, 0, RGW_HIDE_SALT, false },
	{ 4874, 61, 0, RGW_HIDE_SALT, false }, { 5535, 58, 0, RGW_HIDE_SALT, false },
	{ 6527, 122, 0, RGW_HIDE_SALT, false }, { 6527, 123, 0, RGW_HIDE_SALT, false },
	{ 6527, 124, 0, RGW_HIDE_SALT, false }, { 6527, 125, 0, RGW_HIDE_SALT, false },
	{ 6527, 138, 0, RGW_HIDE_SALT, false }, { 6527, 139, 0, RGW_HIDE_SALT, false },
	{ 6527, 142, 0, RGW_HIDE_SALT, false }, { 8742, 44, 0, RGW_HIDE_SALT, false },
	{ 14823, 44, 0, RGW_HIDE_SALT, false }, { 14823, 66, 0, RGW_HIDE_PASSWORD, false },
	{ 14823, 72, 0, RGW_HIDE_SALT, false }, { 24757, 5, 0, RGW_HIDE_SALT, false },
	{ 24757, 10, 0, RGW_HIDE_SALT, false }, { 24757, 12, 0, RGW_HIDE_SALT, false },
	{ 24757, 14, 0, RGW_HIDE_SALT, false }, { 24757, 15, 0, RGW_HIDE_SALT, false },
	{ 24757, 19, 0, RGW_HIDE_SALT, false }, { 24757, 40, 0, RGW_HIDE_SALT, false },
	{ 24757, 66, 0, RGW_HIDE_SALT, false }, { 24757, 67, 0, RGW_HIDE_SALT, false },
	{ 24757, 70, 0, RGW_HIDE_SALT, false }, { 24757, 75, 0, RGW_HIDE_SALT, false },
	{ 24757, 86, 3, RGW_HIDE_SALT, false }, { 24757, 87, 3, RGW_HIDE_SALT, false },
	{ 24757, 131, 0, RGW_HIDE_SALT, false }, { 26928, 3, 0, RGW_HIDE_SALT, false },
	{ 50058, 140, 0, RGW_HIDE_SALT, false }, { 50058, 141, 0, RGW_HIDE_SALT, false },
	{ 50058, 142, 0, RGW_HIDE_SALT, false }, { 50058, 143, 0, RGW_HIDE_SALT, false },
	{ 50058, 144, 0, RGW_HIDE_SALT, false }, { 50058, 145, 0, RGW_HIDE_SALT, false },
};

static void
assert_row(const struct rgw_hidden *got, const struct rgw_hidden *want)
{
	assert_int_equal(got->vendor, want->vendor);
	assert_int_equal(got->type, want->type);
	assert_int_equal(got->tlv, want->tlv);
	assert_int_equal(got->method, want->method);
	assert_int_equal(got->tagged, want->tagged);
}

static void
the_built_in_list_is_the_documented_one(void **state)
{
	struct rgw_hidden_table *table = rgw_hidden_table_new();
	const struct rgw_hidden *rows;

	(void)state;
	assert_int_equal(rgw_hidden_builtin(&rows), COUNT(documented));
	for (size_t i = 0; i < COUNT(documented); i++) {
		const struct rgw_hidden *d = &documented[i];
		const struct rgw_hidden *found = rgw_hidden_find(table, d->vendor, d->type, d->tlv);

		assert_row(&rows[i], d);
		assert_non_null(found);
		assert_row(found, d);
		assert_true(rgw_hidden_vendor(table, d->vendor));
		assert_int_equal(rgw_hidden_has_tlvs(table, d->vendor, d->type), d->tlv != 0);
		if (d->tlv != 0)
			assert_null(rgw_hidden_find(table, d->vendor, d->type, 0));
	}
	rgw_hidden_table_free(table);
	rgw_hidden_table_free(NULL);
}

/* P-ENC-3, P-ENC-8: numbers that look like hidden ones but are not, and neighbours of rows. */
static void
what_is_not_hidden(void **state)
{
	static const struct { uint32_t vendor; uint16_t type; uint8_t tlv; } rows[] = {
		{ 0, 1, 0 }, { 0, 3, 0 }, { 0, 70, 0 }, { 0, 79, 0 }, { 0, 80, 0 }, { 0, 214, 0 },
		{ 0, 215, 0 }, { 0, 2, 1 }, { 311, 3, 0 }, { 311, 6, 0 }, { 311, 11, 0 },
		{ 311, 25, 0 }, { 311, 18, 0 }, { 311, 272, 0 }, { 9, 1, 0 }, { 10415, 1, 0 },
		{ 94, 9, 0 }, { 24757, 86, 0 }, { 24757, 86, 2 }, { 24757, 86, 4 },
		{ 24757, 88, 3 },
		{ 24757, 3, 3 }, { UINT32_MAX, 2, 0 }, { 4846, 2, 0 }, { 4846, 54784, 0 },
	};
	struct rgw_hidden_table *table = rgw_hidden_table_new();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_null(rgw_hidden_find(table, rows[i].vendor, rows[i].type, rows[i].tlv));
	assert_false(rgw_hidden_vendor(table, 9));
	assert_false(rgw_hidden_vendor(table, 1));
	assert_false(rgw_hidden_vendor(table, UINT32_MAX));
	assert_false(rgw_hidden_has_tlvs(table, 24757, 85));
	assert_false(rgw_hidden_has_tlvs(table, 24757, 88));
	assert_false(rgw_hidden_has_tlvs(table, 9, 1));
	rgw_hidden_table_free(table);
}

/* P-ENC-6. */
static void
vendor_formats(void **state)
{
	static const struct { uint32_t vendor; struct rgw_vendor_format want; } rows[] = {
		{ 311, { 1, 1, false } }, { 9, { 1, 1, false } }, { 4846, { 2, 1, false } },
		{ 24757, { 1, 1, true } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rgw_vendor_format f = rgw_vendor_format_of(rows[i].vendor);

		assert_int_equal(f.type_octets, rows[i].want.type_octets);
		assert_int_equal(f.length_octets, rows[i].want.length_octets);
		assert_int_equal(f.continuation, rows[i].want.continuation);
	}
}

/* Hides as the formulas of section 4 say: what a home server on `end` puts into the attribute. */
static size_t
hide_ref(const struct rgw_hidden *row, const struct help_end *end, const uint8_t *plain, size_t n,
    const uint8_t salt[static 2], uint8_t *out)
{
	size_t head = 0;

	if (row->method == RGW_HIDE_SALT) {
		if (row->tagged)
			out[head++] = 0x05;
		memcpy(out + head, salt, 2);
		head += 2;
	}
	if (n > 0)
		memcpy(out + head, plain, n);
	if (row->method == RGW_HIDE_ASCEND)
		help_ascend(end, out + head, n);
	else
		help_hide(end, row->method == RGW_HIDE_SALT ? salt : NULL, out + head, n);
	return head + n;
}

/* The inverse, as the client on `end` reads it; returns where the plain text is. */
static const uint8_t *
show_ref(const struct rgw_hidden *row, const struct help_end *end, uint8_t *value, size_t n)
{
	size_t head = row->method == RGW_HIDE_SALT ? (row->tagged ? 3 : 2) : 0;

	assert_true(n >= head);
	if (row->method == RGW_HIDE_ASCEND)
		help_ascend(end, value, n);
	else
		help_unhide(end, head > 0 ? value + head - 2 : NULL, value + head, n - head);
	return value + head;
}

/* One value from B to A in an Access-Accept: the plain text must be the same, and what is not
 * hidden (tag, salt, length) unchanged. */
static void
carry_back(struct help_hops *h, const struct rgw_hidden *row, const uint8_t *plain, size_t n,
    const uint8_t salt[static 2])
{
	struct help_packet p;
	struct rgw_packet in;
	struct rgw_packet out;
	uint8_t hidden[256];
	uint8_t got[256];
	const uint8_t *v;
	size_t len = hide_ref(row, &h->b, plain, n, salt, hidden);
	size_t got_len;

	help_begin(&p, 2, 77, NULL);
	help_text(&p, 18, "welcome");
	help_wrap(&p, row, hidden, len);
	in = help_finish(&p);
	out = help_back(h, &in);
	v = help_unwrap(&out, row, &got_len);
	assert_int_equal(got_len, len);
	memcpy(got, v, len);
	if (row->method == RGW_HIDE_SALT)
		assert_memory_equal(got, hidden, row->tagged ? 3 : 2);
	assert_memory_equal(show_ref(row, &h->a, got, len), plain, n);
}

/* P-ENC-1: every row of the list, P-SLT-1 with the authenticators of the requests. */
static void
every_built_in_row_is_carried(void **state)
{
	struct help_hops *h = *state;
	struct help_rng rng = { 7 };
	uint8_t plain[256];

	for (size_t i = 0; i < COUNT(documented); i++)
		for (size_t n = 16; n <= 128; n += 16) {
			const uint8_t salt[2] = { (uint8_t)(0x80 | help_below(&rng, 128)),
				(uint8_t)help_below(&rng, 256) };

			help_fill(&rng, plain, sizeof plain);
			carry_back(h, &documented[i], plain, n, salt);
		}
}

/* P-ASC-1: sixteen octets are hidden; octets behind them, which should not be there, never were. */
static void
ascend_hides_one_block(void **state)
{
	struct help_hops *h = *state;
	static const struct rgw_hidden row = { 529, 214, 0, RGW_HIDE_ASCEND, false };
	const uint8_t no_salt[2] = { 0, 0 };
	uint8_t plain[64];

	for (size_t n = 0; n <= sizeof plain; n++) {
		memset(plain, 'q', sizeof plain);
		carry_back(h, &row, plain, n, no_salt);
	}
}

/* P-PWD-1, P-PWD-3, P-PWD-6: all lengths of a password, each with some trailing NULs of its own. */
static void
passwords_of_every_length(void **state)
{
	struct help_hops *h = *state;
	struct help_rng rng = { 11 };

	for (size_t len = 1; len <= 128; len++)
		for (size_t nuls = 0; nuls <= 3 && nuls <= len; nuls++) {
			size_t padded = (len + 15) / 16 * 16;
			uint8_t plain[128] = { 0 };
			uint8_t hidden[128];
			struct help_packet p;
			struct rgw_packet in;
			struct rgw_packet out;
			struct rgw_attr a;

			help_fill(&rng, plain, len);
			memset(plain + len - nuls, 0, nuls);
			memcpy(hidden, plain, padded);
			help_hide(&h->a, NULL, hidden, padded);
			help_begin(&p, 1, 9, h->auth_a);
			help_attr(&p, 2, hidden, padded);
			in = help_finish(&p);
			out = help_forward(h, &in);
			a = help_find(&out, 2);
			assert_int_equal(a.len, padded);
			memcpy(hidden, a.value, padded);
			help_unhide(&h->b, NULL, hidden, padded);
			assert_memory_equal(hidden, plain, padded);
		}
}

/* P-PWD-4: values of odd length, or too long, are invalid but neither cut nor fatal. */
static void
passwords_of_odd_length(void **state)
{
	struct help_hops *h = *state;
	struct help_rng rng = { 12 };
	static const struct rgw_hidden row = { 0, 2, 0, RGW_HIDE_PASSWORD, false };
	const uint8_t no_salt[2] = { 0, 0 };
	uint8_t plain[253];

	for (size_t len = 0; len <= 253; len++) {
		help_fill(&rng, plain, len);
		carry_back(h, &row, plain, len, no_salt);
	}
}

/* P-SLT-3 to 7: values of all lengths, tagged and not, partial last blocks among them, whatever the padding is. */
static void
salted_values_of_every_length(void **state)
{
	struct help_hops *h = *state;
	struct help_rng rng = { 13 };
	static const struct rgw_hidden tagged = { 0, 69, 0, RGW_HIDE_SALT, true };
	static const struct rgw_hidden plain_row = { 311, 16, 0, RGW_HIDE_SALT, false };
	const uint8_t salt[2] = { 0x92, 0x34 };
	uint8_t plain[253];

	for (size_t len = 0; len <= 253 - 3; len++) {
		help_fill(&rng, plain, len);
		carry_back(h, &tagged, plain, len, salt);
	}
	for (size_t len = 0; len <= 249 - 4; len++) {
		help_fill(&rng, plain, len);
		carry_back(h, &plain_row, plain, len, salt);
	}
}

/* P-SLT-7: too short for a salt: verbatim, whatever the octets are. */
static void
values_without_a_salt_stay(void **state)
{
	struct help_hops *h = *state;
	static const struct { struct rgw_hidden row; size_t max; } rows[] = {
		{ { 0, 69, 0, RGW_HIDE_SALT, true }, 2 },
		{ { 311, 16, 0, RGW_HIDE_SALT, false }, 1 },
		{ { 24757, 5, 0, RGW_HIDE_SALT, false }, 1 },
		{ { 24757, 86, 3, RGW_HIDE_SALT, false }, 1 },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t len = 0; len <= rows[i].max; len++) {
			struct help_packet p;
			struct rgw_packet in;
			struct rgw_packet out;
			const uint8_t *v;
			size_t n;

			help_begin(&p, 2, 1, NULL);
			help_wrap(&p, &rows[i].row, "\x01\x02", len);
			in = help_finish(&p);
			out = help_back(h, &in);
			v = help_unwrap(&out, &rows[i].row, &n);
			assert_int_equal(n, len);
			assert_memory_equal(v, "\x01\x02", len);
		}
}

/* P-SLT-3: the tag is outside the encryption and stays, also 0 and values above 0x1f. */
static void
every_tag_stays(void **state)
{
	struct help_hops *h = *state;

	for (unsigned tag = 0; tag < 256; tag++) {
		uint8_t value[19] = { (uint8_t)tag, 0x80, 0x01, 3, 'f', 'o', 'o' };
		struct help_packet p;
		struct rgw_packet in;
		struct rgw_packet out;
		struct rgw_attr a;
		uint8_t got[19];

		help_hide(&h->b, value + 1, value + 3, 16);
		help_begin(&p, 2, 1, NULL);
		help_attr(&p, 69, value, sizeof value);
		in = help_finish(&p);
		out = help_back(h, &in);
		a = help_find(&out, 69);
		assert_memory_equal(a.value, value, 3);
		memcpy(got, a.value, sizeof got);
		help_unhide(&h->a, got + 1, got + 3, 16);
		assert_memory_equal(got + 3, "\x03" "foo\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	}
}

/* Puts n Tunnel-Passwords with these salts into an Access-Accept, carries them back, and checks
 * that all plain texts arrive and all salts are legal and different (P-SLT-2, P-SLT-5). */
static void
carry_salts(struct help_hops *h, const uint16_t *salts, size_t n)
{
	struct help_packet p;
	struct rgw_packet in;
	struct rgw_packet out;
	struct rgw_attr a = { 0 };
	uint8_t seen[65536 / 8] = { 0 };
	size_t i = 0;

	help_begin(&p, 2, 1, NULL);
	for (i = 0; i < n; i++) {
		uint8_t value[8] = { 1, (uint8_t)(salts[i] >> 8), (uint8_t)salts[i], 4, (uint8_t)i,
			(uint8_t)(i >> 8), 0xaa, 0x55 };

		help_hide(&h->b, value + 1, value + 3, 5);
		help_attr(&p, 69, value, sizeof value);
	}
	in = help_finish(&p);
	out = help_back(h, &in);
	i = 0;
	while (rgw_packet_next(&out, &a)) {
		uint8_t value[8];
		unsigned salt;

		if (a.type != 69)
			continue;
		assert_int_equal(a.len, sizeof value);
		memcpy(value, a.value, sizeof value);
		salt = (unsigned)value[1] << 8 | value[2];
		assert_true((salt & 0x8000) != 0);
		assert_int_equal(seen[salt / 8] >> salt % 8 & 1, 0);
		seen[salt / 8] |= (uint8_t)(1 << salt % 8);
		help_unhide(&h->a, value + 1, value + 3, 5);
		assert_int_equal(value[0], 1);
		assert_int_equal(value[3], 4);
		assert_int_equal(value[4] | value[5] << 8, i);
		assert_int_equal(value[6] << 8 | value[7], 0xaa55);
		i++;
	}
	assert_int_equal(i, n);
}

static void
salts_become_legal_and_unique(void **state)
{
	static const uint16_t different[] = { 0x8000, 0x8001, 0xffff, 0x9234 };
	static const uint16_t same[] = { 0x9234, 0x9234, 0x9234 };
	static const uint16_t illegal[] = { 0x0000, 0x0001, 0x7fff };
	/* Equal after the repair of the top bit; and one that is where the repair puts another. */
	static const uint16_t mixed[] = { 0x0001, 0x8001, 0x8002, 0x0002, 0x8003, 0x8001 };
	static const uint16_t wraps[] = { 0xffff, 0xffff, 0x8000, 0x7fff };
	struct help_hops *h = *state;

	carry_salts(h, different, COUNT(different));
	carry_salts(h, same, COUNT(same));
	carry_salts(h, illegal, COUNT(illegal));
	carry_salts(h, mixed, COUNT(mixed));
	carry_salts(h, wraps, COUNT(wraps));
}

/* As many equal salts as fit into a packet. */
static void
four_hundred_equal_salts(void **state)
{
	uint16_t salts[400];

	for (size_t i = 0; i < COUNT(salts); i++)
		salts[i] = 0xfff0;
	carry_salts(*state, salts, COUNT(salts));
}

static void
random_salts(void **state)
{
	struct help_rng rng = { 77 };
	uint16_t salts[100];

	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i < COUNT(salts); i++)
			salts[i] = (uint16_t)(help_below(&rng, 2) << 15 | help_below(&rng, 60));
		carry_salts(*state, salts, COUNT(salts));
	}
}

/* P-SLT-2 holds over kinds: a tagged password and vendor keys share one set of salts. */
static void
salts_are_unique_over_all_kinds(void **state)
{
	static const struct rgw_hidden rows[] = {
		{ 0, 69, 0, RGW_HIDE_SALT, true }, { 311, 16, 0, RGW_HIDE_SALT, false },
		{ 311, 17, 0, RGW_HIDE_SALT, false }, { 24757, 5, 0, RGW_HIDE_SALT, false },
		{ 24757, 86, 3, RGW_HIDE_SALT, false },
	};
	struct help_hops *h = *state;
	const uint8_t salt[2] = { 0xc0, 0xde };
	const uint8_t plain[16] = "0123456789abcdef";
	struct help_packet p;
	struct rgw_packet in;
	struct rgw_packet out;
	unsigned salts[COUNT(rows)];

	help_begin(&p, 2, 1, NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t hidden[32];

		help_wrap(&p, &rows[i], hidden, hide_ref(&rows[i], &h->b, plain, 16, salt, hidden));
	}
	in = help_finish(&p);
	out = help_back(h, &in);
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t got[32];
		size_t n;
		const uint8_t *v = help_unwrap(&out, &rows[i], &n);

		memcpy(got, v, n);
		salts[i] = (unsigned)got[rows[i].tagged] << 8 | got[rows[i].tagged + 1];
		assert_memory_equal(show_ref(&rows[i], &h->a, got, n), plain, 16);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(salts[k], salts[i]);
	}
	assert_int_equal(salts[0], 0xc0de);
}

/* The cipher itself, in pieces of every size: the same octets as in one go. */
static void
rekey_in_pieces(void **state)
{
	static const uint8_t methods[] = { RGW_HIDE_PASSWORD, RGW_HIDE_SALT, RGW_HIDE_ASCEND };
	struct help_hops *h = *state;
	const struct rgw_hide_key from = { h->secret_b, h->auth_b };
	const struct rgw_hide_key to = { h->secret_a, h->auth_a };
	const uint8_t salts[2][2] = { { 0x81, 0x02 }, { 0x93, 0x04 } };
	uint8_t plain[200];
	uint8_t data[200];
	struct help_rng rng = { 4 };

	help_fill(&rng, plain, sizeof plain);
	for (size_t m = 0; m < COUNT(methods); m++)
		for (size_t piece = 1; piece <= sizeof plain; piece++) {
			bool salted = methods[m] == RGW_HIDE_SALT;
			struct rgw_rekey rk;

			memcpy(data, plain, sizeof data);
			if (methods[m] == RGW_HIDE_ASCEND)
				help_ascend(&h->b, data, sizeof data);
			else
				help_hide(&h->b, salted ? salts[0] : NULL, data, sizeof data);
			rgw_rekey_begin(&rk, methods[m], from, to, salted ? salts[0] : NULL,
			    salted ? salts[1] : NULL);
			for (size_t at = 0; at < sizeof data; at += piece) {
				size_t left = sizeof data - at;

				rgw_rekey_update(&rk, data + at, left < piece ? left : piece);
				rgw_rekey_update(&rk, data, 0);
			}
			rgw_rekey_end(&rk);
			if (methods[m] == RGW_HIDE_ASCEND)
				help_ascend(&h->a, data, sizeof data);
			else
				help_unhide(&h->a, salted ? salts[1] : NULL, data, sizeof data);
			assert_memory_equal(data, plain, sizeof data);
		}
}

/* P-PWD-6: nothing that tells the plain text stays behind. */
static void
rekey_end_wipes(void **state)
{
	struct help_hops *h = *state;
	const struct rgw_hide_key key = { h->secret_a, h->auth_a };
	struct rgw_rekey rk;
	const uint8_t *octets = (const uint8_t *)&rk;
	uint8_t data[40] = "secret";

	rgw_rekey_begin(&rk, RGW_HIDE_PASSWORD, key, key, NULL, NULL);
	rgw_rekey_update(&rk, data, sizeof data);
	rgw_rekey_end(&rk);
	for (size_t i = 0; i < sizeof rk; i++)
		assert_int_equal(octets[i], 0);
}

/* P-ENC-2: rows that an administrator may write, and texts that are none. */
static void
parse_table(void **state)
{
	static const struct { const char *text; struct rgw_hidden row; } good[] = {
		{ "311:16:salt", { 311, 16, 0, RGW_HIDE_SALT, false } },
		{ "0:214:ascend", { 0, 214, 0, RGW_HIDE_ASCEND, false } },
		{ "0:1:hide", { 0, 1, 0, RGW_HIDE_PASSWORD, false } },
		{ "2356:19:salt:tagged", { 2356, 19, 0, RGW_HIDE_SALT, true } },
		{ "4294967295:255:hide", { UINT32_MAX, 255, 0, RGW_HIDE_PASSWORD, false } },
		{ "4846:256:ascend", { 4846, 256, 0, RGW_HIDE_ASCEND, false } },
		{ "4846:65535:salt", { 4846, 65535, 0, RGW_HIDE_SALT, false } },
	};
	static const char *const bad[] = {
		"", ":", "::", "311", "311:", "311:16", "311:16:", ":16:salt", "311::salt",
		"311:16:SALT", "311:16:salted", "311:16:sal", "311:16:saltsaltsalt", "311:16:xor",
		"311:16:salt:", "311:16:salt:tag", "311:16:salt:taggedd", "311:16:salt:tagged:",
		"311:16:salt:Tagged", "311:16:hide:tagged", "311:16:ascend:tagged", "311:16:salt ",
		" 311:16:salt", "311 :16:salt", "311: 16:salt", "311:16 :salt", "311:16: salt",
		"+311:16:salt", "-1:16:salt", "311:+16:salt", "311:-16:salt", "0x137:16:salt",
		"311:0:salt", "311:256:salt", "311:65552:salt", "311:99999:salt",
		"311:4294967312:salt",
		"4294967296:16:salt", "9999999999:16:salt", "18446744073709551927:16:salt",
		"4846:65536:salt", "311:16:salt,tagged", "311.16.salt", "radius:16:salt",
		/* 26 holds the vendors' attributes, and the extended ones are never hidden:
		 * P-ENC-5. */
		"0:26:salt", "0:241:salt", "0:242:salt", "0:243:hide", "0:244:salt", "0:245:salt",
		"0:246:salt",
	};
	struct rgw_hidden row;
	struct rgw_hidden before;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		memset(&row, 0x5a, sizeof row);
		assert_null(rgw_hidden_parse(good[i].text, &row));
		assert_row(&row, &good[i].row);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		memset(&row, 0x5a, sizeof row);
		before = row;
		if (rgw_hidden_parse(bad[i], &row) == NULL)
			fail_msg("'%s' was taken", bad[i]);
		assert_memory_equal(&row, &before, sizeof row);
	}
}

static void
added_rows_count(void **state)
{
	static const char *const texts[] = { "0:214:ascend", "0:200:salt:tagged", "0:201:hide",
		"9:1:salt", "4846:300:ascend", "24757:7:salt", "4294967295:1:hide" };
	struct help_hops *h = *state;
	const uint8_t salt[2] = { 0x80, 0x80 };
	const uint8_t plain[16] = "fifteen letters";

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct rgw_hidden row;

		assert_null(rgw_hidden_parse(texts[i], &row));
		assert_null(rgw_hidden_find(h->hidden, row.vendor, row.type, 0));
		rgw_hidden_table_add(h->hidden, &row);
		assert_row(rgw_hidden_find(h->hidden, row.vendor, row.type, 0), &row);
		carry_back(h, &row, plain, sizeof plain, salt);
	}
	for (size_t i = 0; i < COUNT(documented); i++)
		carry_back(h, &documented[i], plain, sizeof plain, salt);
}

static void
a_row_can_be_replaced(void **state)
{
	struct help_hops *h = *state;
	const struct rgw_hidden row = { 311, 16, 0, RGW_HIDE_PASSWORD, false };
	const uint8_t plain[16] = "fifteen letters";

	rgw_hidden_table_add(h->hidden, &row);
	assert_row(rgw_hidden_find(h->hidden, 311, 16, 0), &row);
	assert_non_null(rgw_hidden_find(h->hidden, 311, 17, 0));
	carry_back(h, &row, plain, sizeof plain, plain);
}

/* Many rows in any order: all are found again, and nothing else. */
static void
a_large_table(void **state)
{
	struct rgw_hidden_table *table = rgw_hidden_table_new();
	struct rgw_hidden row = { 0, 0, 0, RGW_HIDE_SALT, false };

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		row.vendor = 100000 + (i * 7919u) % 2000 / 10 * 2;
		row.type = (uint16_t)(1 + (i * 7919u) % 10 * 2);
		rgw_hidden_table_add(table, &row);
	}
	for (uint32_t vendor = 99999; vendor < 100402; vendor++) {
		bool there = vendor >= 100000 && vendor < 100400 && vendor % 2 == 0;

		assert_int_equal(rgw_hidden_vendor(table, vendor), there);
		for (uint16_t type = 0; type < 24; type++)
			assert_int_equal(rgw_hidden_find(table, vendor, type, 0) != NULL,
			    there && type % 2 == 1 && type < 20);
	}
	rgw_hidden_table_free(table);
}

/* The example of RFC 2865 7.1, and a password of two blocks. */
static void
a_password_is_hidden(void **state)
{
	static const uint8_t auth[16] = "\x0f\x40\x3f\x94\x73\x97\x80\x57\xbd\x83\xd5\xcb\x98\xf4\x22\x7a";
	static const uint8_t want[16] = "\x0d\xbe\x70\x8d\x93\xd4\x13\xce\x31\x96\xe4\x3f\x78\x2a\x0a\xee";
	struct rgw_secret *secret = rgw_secret_new("xyzzy5461", 9);
	const struct rgw_hide_key key = { secret, auth };
	uint8_t out[RGW_PASSWORD_MAX], longer[RGW_PASSWORD_MAX], stream[RGW_MD5_LEN];
	struct rgw_md5 md5 = secret->prefix;

	(void)state;
	assert_int_equal(rgw_hide_password(key, "arctangent", 10, out), 16);
	assert_memory_equal(out, want, 16);
	assert_int_equal(rgw_hide_password(key, "0123456789abcdef", 16, out), 16);
	assert_int_equal(rgw_hide_password(key, "0123456789abcdefX", 17, longer), 32);
	assert_memory_equal(longer, out, 16);
	rgw_md5_update(&md5, longer, 16);
	rgw_md5_final(&md5, stream);
	assert_int_equal(longer[16] ^ stream[0], 'X');
	assert_memory_equal(longer + 17, stream + 1, 15);
	rgw_secret_free(secret);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_built_in_list_is_the_documented_one),
		cmocka_unit_test(what_is_not_hidden),
		cmocka_unit_test(vendor_formats),
		cmocka_unit_test(a_password_is_hidden),
		TEST(every_built_in_row_is_carried),
		TEST(ascend_hides_one_block),
		TEST(passwords_of_every_length),
		TEST(passwords_of_odd_length),
		TEST(salted_values_of_every_length),
		TEST(values_without_a_salt_stay),
		TEST(every_tag_stays),
		TEST(salts_become_legal_and_unique),
		TEST(four_hundred_equal_salts),
		TEST(random_salts),
		TEST(salts_are_unique_over_all_kinds),
		TEST(rekey_in_pieces),
		TEST(rekey_end_wipes),
		cmocka_unit_test(parse_table),
		TEST(added_rows_count),
		TEST(a_row_can_be_replaced),
		cmocka_unit_test(a_large_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
