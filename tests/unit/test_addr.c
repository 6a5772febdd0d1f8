/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "helpers.h"

/* Text in, default port, and the text that comes out; NULL = not an address literal. */
static const struct { const char *in; uint16_t port; const char *out; } literals[] = {
	{ "192.0.2.1", 0, "192.0.2.1" },
	{ "192.0.2.1", 1812, "192.0.2.1:1812" },
	{ "192.0.2.1:53", 1812, "192.0.2.1:53" },
	{ "0.0.0.0:65535", 0, "0.0.0.0:65535" },
	{ "255.255.255.255", 1, "255.255.255.255:1" },
	{ "2001:db8::1", 0, "2001:db8::1" },
	{ "2001:DB8:0:0::1", 2083, "[2001:db8::1]:2083" },
	{ "[2001:db8::1]", 0, "2001:db8::1" },
	{ "[2001:db8::1]", 2083, "[2001:db8::1]:2083" },
	{ "[2001:db8::1]:2083", 1, "[2001:db8::1]:2083" },
	{ "::", 0, "::" },
	{ "[::]:1812", 0, "[::]:1812" },
	{ "::1", 1812, "[::1]:1812" },
	{ "fe80::1%3", 0, "fe80::1%3" },
	{ "[fe80::1%3]:1812", 0, "[fe80::1%3]:1812" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%65535", 65535,
	    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%65535]:65535" },
	{ "", 0, NULL },
	{ ":", 0, NULL },
	{ ":1812", 0, NULL },
	{ "[]", 0, NULL },
	{ "[]:1812", 0, NULL },
	{ "[::1", 0, NULL },
	{ "::1]", 0, NULL },
	{ "[::1]x", 0, NULL },
	{ "[::1]:", 0, NULL },
	{ "[[::1]]", 0, NULL },
	{ "192.0.2.1:", 0, NULL },
	{ "192.0.2.1:0", 0, NULL },
	{ "192.0.2.1:65536", 0, NULL },
	{ "192.0.2.1:99999999999999999999", 0, NULL },
	{ "192.0.2.1:-1", 0, NULL },
	{ "192.0.2.1:+1", 0, NULL },
	{ "192.0.2.1: 1", 0, NULL },
	{ "192.0.2.1:1812x", 0, NULL },
	{ "192.0.2.1%3", 0, NULL },
	{ "192.0.2", 0, NULL },
	{ "192.0.2.256", 0, NULL },
	{ "192.0.2.1.1", 0, NULL },
	{ " 192.0.2.1", 0, NULL },
	{ "192.0.2.1 ", 0, NULL },
	{ "2001:db8::1::2", 0, NULL },
	{ "2001:db8::g", 0, NULL },
	{ "1:2:3:4:5:6:7:8:9", 0, NULL },
	{ "fe80::1%", 0, NULL },
	{ "fe80::1%eth0", 0, NULL },
	{ "fe80::1%-1", 0, NULL },
	{ "localhost", 0, NULL },
	{ "localhost:1812", 0, NULL },
	{ "192.0.2.0/24", 0, NULL },
	{ "00000000000000000000000000000000000000000000000000000000000000000000000::1", 0,
	    NULL },
};

static void
parses_and_formats(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(literals); i++) {
		struct rgw_addr a;
		struct rgw_addr before;
		bool good = literals[i].out != NULL;
		char text[RGW_ADDR_TEXT];

		memset(&a, 0x5a, sizeof a);
		before = a;
		if (rgw_addr_parse(literals[i].in, literals[i].port, &a) != good)
			fail_msg("'%s'", literals[i].in);
		if (!good)
			assert_memory_equal(&a, &before, sizeof a);
		else
			assert_string_equal(rgw_addr_format(&a, text), literals[i].out);
	}
}

/* Addresses on an interface that is known by its name, which only some may ask the system about. */
static void
zones(void **state)
{
	static const struct { const char *in; const char *out; const char *zone; } rows[] = {
		{ "fe80::1%eth0", "fe80::1", "eth0" },
		{ "[fe80::1%eth0]:2083", "[fe80::1]:2083", "eth0" },
		{ "fe80::1%br-lan.15", "fe80::1", "br-lan.15" },
		{ "fe80::1%interface-of-15", "fe80::1", "interface-of-15" },
		{ "fe80::1%3", "fe80::1%3", "" },
		{ "192.0.2.1", "192.0.2.1", "" },
		{ "fe80::1%", NULL, NULL },
		{ "fe80::1%interface-of-16x", NULL, NULL },
		{ "192.0.2.1%eth0", NULL, NULL },
		{ "localhost%eth0", NULL, NULL },
		{ "localhost", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[RGW_ADDR_TEXT];
		char zone[RGW_ZONE_TEXT];
		struct rgw_addr a;

		if (rgw_addr_parse_zone(rows[i].in, 0, &a, zone) != (rows[i].out != NULL))
			fail_msg("'%s'", rows[i].in);
		if (rows[i].out == NULL)
			continue;
		assert_string_equal(rgw_addr_format(&a, text), rows[i].out);
		assert_string_equal(zone, rows[i].zone);
		assert_int_equal(rgw_addr_parse(rows[i].in, 0, &a), zone[0] == '\0');
	}
}

static void
localhost(void **state)
{
	static const char *const yes[] = { "localhost", "LocalHost", "localhost.", "a.localhost", "a.b.LOCALHOST." };
	static const char *const no[] = { "", ".", "localhos", "mylocalhost", "localhost.example", "localhost..",
		"127.0.0.1" };

	(void)state;
	for (size_t i = 0; i < COUNT(yes); i++)
		assert_true(rgw_addr_is_local_name(yes[i]));
	for (size_t i = 0; i < COUNT(no); i++)
		assert_false(rgw_addr_is_local_name(no[i]));
}

static void
host_split_table(void **state)
{
	static const struct { const char *in; const char *host; uint16_t port; } rows[] = {
		{ "radius.example.org", "radius.example.org", 7 },
		{ "radius.example.org:2083", "radius.example.org", 2083 },
		{ "a", "a", 7 },
		{ "2001:db8::1", "2001:db8::1", 7 },
		{ "::", "::", 7 },
		{ "[2001:db8::1]", "2001:db8::1", 7 },
		{ "[2001:db8::1]:1", "2001:db8::1", 1 },
		{ "host:65535", "host", 65535 },
		{ "", NULL, 0 }, { ":1", NULL, 0 }, { "[]", NULL, 0 }, { "[]:1", NULL, 0 },
		{ "host:", NULL, 0 }, { "host:0", NULL, 0 }, { "host:65536", NULL, 0 },
		{ "host:12a", NULL, 0 }, { "[host", NULL, 0 }, { "[host]1", NULL, 0 },
		{ "[host]:", NULL, 0 }, { "[host]:0", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char host[64] = "unchanged";
		uint16_t port = 7;

		if (rgw_addr_split_host(rows[i].in, host, sizeof host, &port) != (rows[i].host != NULL))
			fail_msg("'%s'", rows[i].in);
		if (rows[i].host == NULL) {
			assert_int_equal(port, 7);
			continue;
		}
		assert_string_equal(host, rows[i].host);
		assert_int_equal(port, rows[i].port);
	}
}

/* The buffer is used to its last octet and not beyond. */
static void
host_split_respects_the_buffer(void **state)
{
	(void)state;
	for (size_t size = 0; size <= 8; size++) {
		char host[16];
		uint16_t port = 0;

		memset(host, 'z', sizeof host);
		assert_int_equal(rgw_addr_split_host("hosts:99", host, size, &port), size >= 6);
		for (size_t i = size; i < sizeof host; i++)
			assert_int_equal(host[i], 'z');
	}
}

static void
equal_values_are_equal_bytes(void **state)
{
	struct rgw_addr a;
	struct rgw_addr b;

	(void)state;
	assert_true(rgw_addr_parse("[2001:db8::1]:5", 0, &a));
	assert_true(rgw_addr_parse("2001:0db8:0::0:1", 5, &b));
	assert_true(rgw_addr_equal(&a, &b));
	assert_true(rgw_addr_parse("2001:db8::1", 6, &b));
	assert_false(rgw_addr_equal(&a, &b));
	assert_true(rgw_addr_parse("[2001:db8::1%2]:5", 0, &b));
	assert_false(rgw_addr_equal(&a, &b));
	assert_true(rgw_addr_parse("0.0.0.0", 5, &a));
	assert_true(rgw_addr_parse("::", 5, &b));
	assert_false(rgw_addr_equal(&a, &b));
}

static void
no_address_has_a_text(void **state)
{
	struct rgw_addr none = { .family = 0 };
	char text[RGW_ADDR_TEXT];

	(void)state;
	assert_string_equal(rgw_addr_format(&none, text), "-");
}

/* The longest text of all still fits, whatever the scope is. */
static void
the_longest_text_fits(void **state)
{
	struct rgw_addr a = { .family = 6, .scope = UINT32_MAX, .port = 65535 };
	char text[RGW_ADDR_TEXT];

	(void)state;
	memset(a.ip, 0xff, sizeof a.ip);
	assert_string_equal(rgw_addr_format(&a, text),
	    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535");
	memset(a.ip, 0, 10);
	assert_string_equal(rgw_addr_format(&a, text), "[::ffff:255.255.255.255%4294967295]:65535");
}

static void
sockaddr_there_and_back(void **state)
{
	static const char *const texts[] = { "192.0.2.1:1812", "0.0.0.0:1", "[2001:db8::1]:2083",
		"[fe80::1%7]:9", "[::]:65535" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct sockaddr_storage ss;
		struct rgw_addr a;
		struct rgw_addr b;

		memset(&ss, 0xee, sizeof ss);
		assert_true(rgw_addr_parse(texts[i], 0, &a));
		assert_int_equal(rgw_addr_to_sockaddr(&a, &ss), a.family == 4 ?
		    sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
		memset(&b, 0xee, sizeof b);
		assert_true(rgw_addr_from_sockaddr(&b, (struct sockaddr *)&ss));
		assert_true(rgw_addr_equal(&a, &b));
	}
}

/* A dual-stack socket shows IPv4 neighbours as ::ffff:a.b.c.d; they are configured as a.b.c.d. */
static void
mapped_addresses_become_ipv4(void **state)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(99) };
	struct rgw_addr a;
	struct rgw_addr b;

	(void)state;
	assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.1", &in6.sin6_addr), 1);
	in6.sin6_scope_id = 5;
	assert_true(rgw_addr_from_sockaddr(&a, (struct sockaddr *)&in6));
	assert_true(rgw_addr_parse("192.0.2.1:99", 0, &b));
	assert_true(rgw_addr_equal(&a, &b));
	assert_int_equal(inet_pton(AF_INET6, "::fffe:192.0.2.1", &in6.sin6_addr), 1);
	assert_true(rgw_addr_from_sockaddr(&a, (struct sockaddr *)&in6));
	assert_int_equal(a.family, 6);
}

static void
other_families_are_refused(void **state)
{
	struct sockaddr sa = { .sa_family = AF_UNIX };
	struct rgw_addr a;

	(void)state;
	assert_false(rgw_addr_from_sockaddr(&a, &sa));
}

static void
prefix_table(void **state)
{
	static const struct { const char *in; const char *out; } rows[] = {
		{ "192.0.2.0/24", "192.0.2.0/24" }, { "192.0.2.1", "192.0.2.1/32" },
		{ "0.0.0.0/0", "0.0.0.0/0" }, { "::/0", "::/0" }, { "128.0.0.0/1", "128.0.0.0/1" },
		{ "2001:db8::/32", "2001:db8::/32" }, { "2001:db8::1", "2001:db8::1/128" },
		{ "2001:db8::1/128", "2001:db8::1/128" }, { "10.0.0.128/25", "10.0.0.128/25" },
		{ "8000::/1", "8000::/1" },
		{ "192.0.2.1/24", NULL },  /* host bits are a sign of a mistake */
		{ "192.0.2.128/24", NULL }, { "192.0.2.0/33", NULL }, { "192.0.2.0/", NULL },
		{ "192.0.2.0/-1", NULL }, { "192.0.2.0/24x", NULL }, { "192.0.2.0/ 24", NULL },
		{ "192.0.2.0//24", NULL }, { "192.0.2.0/24/24", NULL }, { "/24", NULL },
		{ "", NULL },
		{ "2001:db8::/129", NULL }, { "2001:db8::1/127", NULL }, { "::1/0", NULL },
		{ "192.0.2.0:53/24", NULL }, { "192.0.2.1:53", NULL },
		{ "[2001:db8::]:53/32", NULL },
		{ "fe80::%2/64", "fe80::%2/64" }, { "fe80::1%2", "fe80::1%2/128" }, { "fe80::%eth0/64", NULL },
		{ "fe80::1%2/64", NULL }, { "192.0.2.1%2", NULL }, { "host/24", NULL },
		{ "192.0.2.0/4294967320", NULL },  /* 2^32 + 24 */
		{ "2001:0db8:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/32",
		    NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rgw_prefix p;
		char text[RGW_ADDR_TEXT];

		if (rgw_prefix_parse(rows[i].in, &p) != (rows[i].out != NULL))
			fail_msg("'%s'", rows[i].in);
		if (rows[i].out != NULL)
			assert_string_equal(rgw_prefix_format(&p, text), rows[i].out);
	}
}

static unsigned
bit_of(const uint8_t *ip, unsigned n)
{
	return ip[n / 8] >> (7 - n % 8) & 1u;
}

/* The definition of a prefix, bit by bit. */
static bool
contains_by_bits(const struct rgw_prefix *p, const struct rgw_addr *a)
{
	if (p->family != a->family)
		return false;
	for (unsigned i = 0; i < p->bits; i++)
		if (bit_of(p->ip, i) != bit_of(a->ip, i))
			return false;
	return true;
}

static struct rgw_addr
random_addr(struct help_rng *rng, uint8_t family)
{
	struct rgw_addr a = { .family = family };

	help_fill(rng, a.ip, family == 4 ? 4 : 16);
	return a;
}

/* The network of an address; a second way to compute what rgw_prefix_parse accepts. */
static struct rgw_prefix
network_of(const struct rgw_addr *a, unsigned bits)
{
	struct rgw_prefix p = { .family = a->family, .bits = (uint8_t)bits };

	for (unsigned i = 0; i < bits; i++)
		p.ip[i / 8] |= (uint8_t)(bit_of(a->ip, i) << (7 - i % 8));
	return p;
}

/* Prefixes of every length of both families are checked: text and back, the network itself, and each bit flipped. */
static void
every_prefix_length(void **state)
{
	struct help_rng rng = { 3 };

	(void)state;
	for (unsigned bits = 0; bits <= 128 + 32 + 1; bits++) {
		uint8_t family = bits <= 128 ? 6 : 4;
		unsigned n = family == 6 ? bits : bits - 129;
		struct rgw_addr a = random_addr(&rng, family);
		struct rgw_prefix p = network_of(&a, n);
		struct rgw_prefix again;
		char text[RGW_ADDR_TEXT];

		assert_true(rgw_prefix_parse(rgw_prefix_format(&p, text), &again));
		assert_memory_equal(&p, &again, sizeof p);
		assert_true(rgw_prefix_contains(&p, &a));
		for (unsigned i = 0; i < (family == 4 ? 32u : 128u); i++) {
			a.ip[i / 8] ^= (uint8_t)(0x80 >> i % 8);
			assert_int_equal(rgw_prefix_contains(&p, &a), i >= n);
			assert_int_equal(contains_by_bits(&p, &a), i >= n);
			a.ip[i / 8] ^= (uint8_t)(0x80 >> i % 8);
		}
	}
}

static void
families_do_not_mix(void **state)
{
	struct rgw_prefix all4;
	struct rgw_prefix all6;
	struct rgw_addr a4;
	struct rgw_addr a6;

	(void)state;
	assert_true(rgw_prefix_parse("0.0.0.0/0", &all4));
	assert_true(rgw_prefix_parse("::/0", &all6));
	assert_true(rgw_addr_parse("192.0.2.1", 0, &a4));
	assert_true(rgw_addr_parse("c000:201::", 0, &a6));  /* begins with the same octets */
	assert_true(rgw_prefix_contains(&all4, &a4));
	assert_false(rgw_prefix_contains(&all4, &a6));
	assert_true(rgw_prefix_contains(&all6, &a6));
	assert_false(rgw_prefix_contains(&all6, &a4));
}

static void
the_longest_prefix_wins(void **state)
{
	static const char *const nets[] = { "0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24",
		"10.1.2.3/32", "2001:db8::/32", "2001:db8:1::/48", "2001:db8:1::1/128" };
	static const struct { const char *addr; int net; } rows[] = {
		{ "10.1.2.3", 4 }, { "10.1.2.4", 3 }, { "10.1.3.4", 2 }, { "10.2.3.4", 1 },
		{ "11.0.0.1", 0 }, { "2001:db8:1::1", 7 }, { "2001:db8:1::2", 6 },
		{ "2001:db8:2::1", 5 }, { "2001:db9::1", -1 }, { "::", -1 },
	};
	struct rgw_prefixmap *map = rgw_prefixmap_new();
	int values[COUNT(nets)];
	struct rgw_addr none = { .family = 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(nets); i++) {
		struct rgw_prefix p;

		assert_true(rgw_prefix_parse(nets[i], &p));
		assert_null(rgw_prefixmap_add(map, &p, &values[i]));
		/* A second value for the same prefix is refused. */
		assert_ptr_equal(rgw_prefixmap_add(map, &p, &none), &values[i]);
	}
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rgw_addr a;

		/* The port plays no part. */
		assert_true(rgw_addr_parse(rows[i].addr, (uint16_t)i, &a));
		assert_ptr_equal(rgw_prefixmap_find(map, &a),
		    rows[i].net >= 0 ? &values[rows[i].net] : NULL);
	}
	assert_null(rgw_prefixmap_find(map, &none));
	rgw_prefixmap_free(map);
	rgw_prefixmap_free(NULL);
}

static void
an_empty_map_finds_nothing(void **state)
{
	struct rgw_prefixmap *map = rgw_prefixmap_new();
	struct rgw_addr a;

	(void)state;
	assert_true(rgw_addr_parse("192.0.2.1", 0, &a));
	assert_null(rgw_prefixmap_find(map, &a));
	rgw_prefixmap_free(map);
}

/* Random networks of all lengths, looked up against a walk over all of them. */
static void
map_against_a_linear_search(void **state)
{
	enum { N = 400 };
	struct help_rng rng = { 17 };
	struct rgw_prefix nets[N];
	struct rgw_prefixmap *map = rgw_prefixmap_new();

	(void)state;
	for (size_t i = 0; i < N; i++) {
		struct rgw_addr a = random_addr(&rng, i % 2 == 0 ? 4 : 6);

		/* Few different leading octets, so that networks contain each other. */
		a.ip[0] = 10;
		a.ip[1] &= 3;
		nets[i] = network_of(&a, help_below(&rng, a.family == 4 ? 33 : 129));
		rgw_prefixmap_add(map, &nets[i], &nets[i]);
	}
	for (size_t step = 0; step < 20000; step++) {
		struct rgw_addr a = random_addr(&rng, step % 2 == 0 ? 4 : 6);
		const struct rgw_prefix *best = NULL;
		const struct rgw_prefix *found;

		memcpy(a.ip, nets[help_below(&rng, N)].ip, 2 + help_below(&rng, 3));
		for (size_t i = 0; i < N; i++)
			if (contains_by_bits(&nets[i], &a) &&
			    (best == NULL || nets[i].bits > best->bits))
				best = &nets[i];
		found = rgw_prefixmap_find(map, &a);
		assert_int_equal(found != NULL, best != NULL);
		if (found != NULL)
			assert_memory_equal(found, best, sizeof *best);
	}
	rgw_prefixmap_free(map);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_and_formats),
		cmocka_unit_test(zones),
		cmocka_unit_test(localhost),
		cmocka_unit_test(host_split_table),
		cmocka_unit_test(host_split_respects_the_buffer),
		cmocka_unit_test(equal_values_are_equal_bytes),
		cmocka_unit_test(no_address_has_a_text),
		cmocka_unit_test(the_longest_text_fits),
		cmocka_unit_test(sockaddr_there_and_back),
		cmocka_unit_test(mapped_addresses_become_ipv4),
		cmocka_unit_test(other_families_are_refused),
		cmocka_unit_test(prefix_table),
		cmocka_unit_test(every_prefix_length),
		cmocka_unit_test(families_do_not_mix),
		cmocka_unit_test(the_longest_prefix_wins),
		cmocka_unit_test(an_empty_map_finds_nothing),
		cmocka_unit_test(map_against_a_linear_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
