/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/decode.h"

#include <stdio.h>
#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/wire.h"

struct made {
	uint8_t data[RGW_PACKET_MAX];
	size_t len;
	struct rgw_packet packet;
};

static void
begin(struct made *m)
{
	memset(m, 0, sizeof *m);
	m->data[0] = RGW_ACCESS_REQUEST;
	m->len = RGW_HEADER_LEN;
}

static void
add(struct made *m, uint8_t type, const void *value, size_t len)
{
	m->data[m->len++] = type;
	m->data[m->len++] = (uint8_t)(len + 2);
	memcpy(m->data + m->len, value, len);
	m->len += len;
}

static void
finish(struct made *m)
{
	m->data[2] = (uint8_t)(m->len >> 8);
	m->data[3] = (uint8_t)m->len;
	assert_int_equal(rgw_packet_parse(&m->packet, m->data, m->len), RGW_PACKET_OK);
}

static void
expect(const struct made *m, const char *name, const char *value, enum rgw_decoded_as as)
{
	struct rgw_hidden_table *hidden = rgw_hidden_table_new();
	struct rgw_decoder d = rgw_decoder_of(&m->packet, hidden);
	struct rgw_decoded out;

	while (rgw_decode_next(&d, &out)) {
		if (strcmp(out.name, name) != 0)
			continue;
		if (out.len != strlen(value) || memcmp(out.value, value, out.len) != 0)
			fail_msg("%s is '%.*s', not '%s'", name, (int)out.len, (const char *)out.value, value);
		assert_int_equal(out.as, as);
		rgw_hidden_table_free(hidden);
		return;
	}
	fail_msg("there is no %s", name);
}

static void
values(void **state)
{
	struct made m;

	(void)state;
	begin(&m);
	add(&m, 1, "bob", 3);
	add(&m, 4, "\300\000\002\001", 4);
	add(&m, 5, "\000\000\001\000", 4);
	add(&m, 6, "\001", 1);
	add(&m, 18, "hello bob", 9);
	add(&m, 31, "02-00", 5);
	add(&m, 64, "\001\000\000\015", 4);
	add(&m, 81, "\00117", 3);
	add(&m, 95, "\040\001\015\270\0\0\0\0\0\0\0\0\0\0\0\001", 16);
	add(&m, 150, "\001\377", 2);
	add(&m, 230, "x", 1);
	add(&m, 77, "", 0);
	finish(&m);
	expect(&m, "User-Name", "bob", RGW_DECODED_USER);
	expect(&m, "NAS-IP-Address", "192.0.2.1", RGW_DECODED_PLAIN);
	expect(&m, "NAS-Port", "256", RGW_DECODED_PLAIN);
	expect(&m, "Service-Type", "1 octet", RGW_DECODED_LENGTH);
	expect(&m, "Reply-Message", "hello bob", RGW_DECODED_MESSAGE);
	expect(&m, "Calling-Station-Id", "02-00", RGW_DECODED_STATION);
	expect(&m, "Tunnel-Type", "13", RGW_DECODED_PLAIN);
	expect(&m, "Tunnel-Private-Group-Id", "17", RGW_DECODED_PLAIN);
	expect(&m, "NAS-IPv6-Address", "2001:db8::1", RGW_DECODED_PLAIN);
	expect(&m, "Attribute 150", "01ff", RGW_DECODED_OPAQUE);
	expect(&m, "Attribute 230", "1 octet", RGW_DECODED_LENGTH);
	expect(&m, "Connect-Info", "", RGW_DECODED_PLAIN);
}

/* Of none of these a value is shown. */
static void
secrets(void **state)
{
	static const uint8_t hidden[] = { 2, 3, 24, 25, 33, 60, 69, 70, 73, 74, 80, 84, 103 };
	struct rgw_hidden_table *table = rgw_hidden_table_new();
	struct rgw_decoded out;
	struct rgw_decoder d;
	struct made m;
	unsigned n = 0;

	(void)state;
	begin(&m);
	for (size_t i = 0; i < COUNT(hidden); i++)
		add(&m, hidden[i], "sesame-sesame-17", 16);
	for (unsigned type = 192; type < 256; type++)
		add(&m, (uint8_t)type, "sesame-sesame-17", 16);
	for (uint8_t type = 1; type < 32; type++) {
		uint8_t vsa[22] = { 0, 0, 1, 55, type, 18 };

		memcpy(vsa + 6, "sesame-sesame-17", 16);
		add(&m, 26, vsa, sizeof vsa);
		vsa[2] = 0x12;
		add(&m, 26, vsa, sizeof vsa);
	}
	add(&m, 26, "\000\000\000", 3);
	finish(&m);
	d = rgw_decoder_of(&m.packet, table);
	while (rgw_decode_next(&d, &out)) {
		n++;
		assert_null(memmem(out.value, out.len, "sesame", 6));
		assert_null(memmem(out.value, out.len, "736573", 6));
	}
	assert_int_equal(n, COUNT(hidden) + 64 + 2 * 31 + 1);
	rgw_hidden_table_free(table);
}

static void
vendors(void **state)
{
	struct made m;

	(void)state;
	begin(&m);
	add(&m, 26, "\000\000\071\347\005\007hello\002\006\000\000\000\021", 17);
	add(&m, 26, "\000\000\001\067\020\004ab", 8);
	add(&m, 26, "\000\000\000\011\001\004ab", 8);
	add(&m, 26, "\000\000\000\011\001\011ab", 8);
	finish(&m);
	expect(&m, "Aruba-Essid-Name", "hello", RGW_DECODED_PLAIN);
	expect(&m, "Aruba-User-Vlan", "17", RGW_DECODED_PLAIN);
	expect(&m, "MS-MPPE-Send-Key", "2 octets", RGW_DECODED_LENGTH);
	expect(&m, "Vendor 9, attribute 1", "2 octets", RGW_DECODED_LENGTH);
	expect(&m, "Attribute 26", "8 octets", RGW_DECODED_LENGTH);
}

static void
eap(void **state)
{
	struct made m;

	(void)state;
	begin(&m);
	add(&m, 79, "\002\007\000\010\001bob", 8);
	finish(&m);
	expect(&m, "EAP-Message", "response 7 of type 1, 8 octets", RGW_DECODED_LENGTH);
	begin(&m);
	add(&m, 79, "\003\007\000\004", 4);
	finish(&m);
	expect(&m, "EAP-Message", "success 7, 4 octets", RGW_DECODED_LENGTH);
	begin(&m);
	add(&m, 79, "\000\007\000\004bobs", 8);
	finish(&m);
	expect(&m, "EAP-Message", "8 octets", RGW_DECODED_LENGTH);
}

/* Whatever stands in the attributes: each call ends, and says no more than there is room for. */
static void
odd_packets(void **state)
{
	struct rgw_hidden_table *table = rgw_hidden_table_new();
	struct help_rng rng = { 17 };
	struct rgw_decoded out;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		struct rgw_decoder d;
		struct made m;
		unsigned n = 0;

		begin(&m);
		for (unsigned i = help_below(&rng, 8); i > 0; i--) {
			uint8_t value[253];
			bool vsa = help_below(&rng, 3) == 0;

			help_fill(&rng, value, sizeof value);
			if (vsa) {
				static const uint32_t some[] = { 9, 311, 429, 8164, 14122, 14823, 24757 };
				uint32_t vendor = some[help_below(&rng, COUNT(some))];

				value[0] = 0;
				value[1] = (uint8_t)(vendor >> 16);
				value[2] = (uint8_t)(vendor >> 8);
				value[3] = (uint8_t)vendor;
				value[5] = (uint8_t)help_below(&rng, 12);
			}
			add(&m, vsa ? 26 : (uint8_t)help_next(&rng), value, help_below(&rng, 254));
		}
		finish(&m);
		d = rgw_decoder_of(&m.packet, table);
		while (rgw_decode_next(&d, &out)) {
			assert_true(out.len <= sizeof out.value && strlen(out.name) > 0);
			assert_true(++n < RGW_PACKET_MAX);
		}
	}
	rgw_hidden_table_free(table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(secrets),
		cmocka_unit_test(vendors),
		cmocka_unit_test(eap),
		cmocka_unit_test(odd_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
