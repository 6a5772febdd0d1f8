/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rules make of packets: each operation with attributes of the standard space, of vendors and of the
 * extended spaces, and the limits. */
#include "radsecgw/rewrite.h"

#include <stdio.h>
#include <stdlib.h>

#include "rules.h"

struct row {
	const char *rules;
	const char *in;
	const char *out;
};

static const struct rgw_rewrite_vars vars = { .v = {
	[RGW_VAR_CLIENT] = { (const uint8_t *)"nas", 3 },
	[RGW_VAR_REALM] = { (const uint8_t *)"b.org", 5 },
	[RGW_VAR_SOURCE] = { (const uint8_t *)"::1", 3 },
} };

/* Hexadecimal digits without blanks. */
static const char *
squeezed(const char *text, char buf[static RULES_ROOM])
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		if (*text != ' ')
			buf[n++] = *text;
	buf[n] = '\0';
	return buf;
}

static void
check(const struct row *row)
{
	char got[RULES_ROOM];
	char want[RULES_ROOM];
	bool words = row->out[0] == 's' || row->out[0] == 'v' || row->out[0] == 'p';

	rules_apply(row->rules, row->in, &vars, RGW_PACKET_MAX, got);
	if (strcmp(got, words ? row->out : squeezed(row->out, want)) != 0)
		fail_msg("%s with %s: got %s", row->rules, row->in, got);
}

#define CHECK(rows)                                                                                \
	do {                                                                                       \
		for (size_t i = 0; i < COUNT(rows); i++)                                           \
			check(&(rows)[i]);                                                         \
	} while (0)

/* Vendors: 9 is usual, 24757 has a continuation octet, 4846 types of two octets. */
#define CISCO "00000009"
#define WIMAX "000060b5"
#define LUCENT "000012ee"

static void
remove_standard(void **state)
{
	static const struct row rows[] = {
		{ "remove 31", "1f03 61", "" },
		{ "remove 31", "0103 61 1f03 62 2003 63 1f02", "0103 61 2003 63" },
		{ "remove 31", "0103 61", "same" },
		{ "remove 31", "", "same" },
		{ "remove 31; remove 1", "0103 61 1f03 62 2003 63", "2003 63" },
		/* Nothing else in the packet moves. */
		{ "remove 64; remove 65; remove 81", "4106 00000006 0103 61 4006 0000000d 5104 3432 1203 62",
		  "0103 61 1203 62" },
	};

	(void)state;
	CHECK(rows);
}

static void
remove_vendor(void **state)
{
	static const struct row rows[] = {
		{ "remove 9:1", "1a09 " CISCO " 0103 61", "" },
		{ "remove 9:1", "1a09 " CISCO " 0203 61", "same" },
		{ "remove 9:1", "1a09 0000000a 0103 61", "same" },
		{ "remove 9:0", "1a09 " CISCO " 0103 61", "same" },
		/* P-ATT-6: numbers of vendors have four octets. */
		{ "remove 9:1", "1a09 01000009 0103 61", "same" },
		{ "remove 16777225:1", "1a09 01000009 0103 61", "" },
		/* Several in one attribute, and one in several. */
		{ "remove 9:1", "1a0f " CISCO " 0103 61 0203 62 0103 63", "1a09 " CISCO " 0203 62" },
		{ "remove 9:1", "1a0f " CISCO " 0203 61 0103 62 0303 63", "1a0c " CISCO " 0203 61 0303 63" },
		{ "remove 9:1", "1a09 " CISCO " 0103 61 0103 62 1a0b " CISCO " 0203 63 0102",
		  "0103 62 1a09 " CISCO " 0203 63" },
		{ "remove 9:1; remove 9:2", "1a0c " CISCO " 0103 61 0203 62", "" },
		/* All of a vendor, and all of all vendors. */
		{ "remove 9:*", "1a0c " CISCO " 0103 61 0203 62 1a09 0000000a 0103 61",
		  "1a09 0000000a 0103 61" },
		{ "remove 26", "1a0c " CISCO " 0103 61 0203 62 0103 61 1a09 0000000a 0103 61", "0103 61" },
		/* A number alone is of the standard space. */
		{ "remove 1", "1a09 " CISCO " 0103 61", "same" },
		/* Types of two octets, whose halves are types of others. */
		{ "remove 4846:214", "1a0a " LUCENT " 00d6 04 61", "" },
		{ "remove 4846:214", "1a0a " LUCENT " d600 04 61", "same" },
		{ "remove 4846:54998", "1a0e " LUCENT " 00d6 04 61 d6d6 04 62",
		  "1a0a " LUCENT " 00d6 04 61" },
		/* All pieces of one value. */
		{ "remove 24757:5", "1a0a " WIMAX " 0504 80 61 0103 78 1a0a " WIMAX " 0504 00 62",
		  "0103 78" },
		{ "remove 24757:5", "1a0e " WIMAX " 0504 80 61 0604 00 63", "1a0a " WIMAX " 0604 00 63" },
	};

	(void)state;
	CHECK(rows);
}

static void
remove_extended(void **state)
{
	static const struct row rows[] = {
		{ "remove 241.5", "f104 05 61", "" },
		{ "remove 241.5", "f104 06 61", "same" },
		{ "remove 241.5", "f204 05 61", "same" },
		{ "remove 241", "f104 05 61 f203 05 f104 06 62", "f203 05" },
		{ "remove 246.5", "f605 05 00 61 f605 06 00 62", "f605 06 00 62" },
		/* Pieces of one value go together, whatever stands in between. */
		{ "remove 245.7", "f505 07 80 61 0103 78 f505 08 80 62 f505 07 00 63",
		  "0103 78 f505 08 80 62" },
		/* Too short to have a type, or a value. */
		{ "remove 241.5", "f102", "same" },
		{ "remove 241", "f102", "" },
		{ "remove 245.7", "f503 07", "" },
		{ "remove 241.26", "f109 1a 00000009 01 61 f104 05 61", "f104 05 61" },
	};

	(void)state;
	CHECK(rows);
}

static void
keep_only(void **state)
{
	static const struct row rows[] = {
		{ "keep 1", "0103 61 1f03 62 0103 63", "0103 61 0103 63" },
		{ "keep 1; keep 31", "0103 61 1f03 62 2003 63", "0103 61 1f03 62" },
		{ "keep 1", "0103 61", "same" },
		{ "keep 1", "1f03 62", "" },
		/* What belongs to the protocol stays (P-PRX-4, P-ATT-15, P-MA). */
		{ "keep 1", "5012 00112233445566778899aabbccddeeff 2103 61 1803 62 4f06 02010004 1903 63",
		  "5012 00112233445566778899aabbccddeeff 2103 61 1803 62 4f06 02010004" },
		/* The same numbers of a vendor do not. */
		{ "keep 1", "1a0f " CISCO " 5003 61 2103 62 1803 63", "" },
		{ "keep 9:1", "1a0c " CISCO " 0103 61 0203 62 0103 63", "1a09 " CISCO " 0103 61" },
		{ "keep 9:1", "1a0c 0000000a 0103 61 0203 62", "" },
		{ "keep 9:*", "1a0c " CISCO " 0103 61 0203 62 1a09 0000000a 0103 61 0103 63",
		  "1a0c " CISCO " 0103 61 0203 62" },
		{ "keep 26", "1a0c " CISCO " 0103 61 0203 62 0103 63", "1a0c " CISCO " 0103 61 0203 62" },
		{ "keep 241.5", "f104 05 61 f104 06 62 f505 05 00 63", "f104 05 61" },
		{ "keep 241", "f104 05 61 f104 06 62 f505 05 00 63", "f104 05 61 f104 06 62" },
		/* What is removed is not kept, in whichever list it stands first. */
		{ "keep 9:*; remove 9:1", "1a0c " CISCO " 0103 61 0203 62", "1a09 " CISCO " 0203 62" },
		{ "keep 1; remove 1", "0103 61 1f03 62", "" },
		{ "keep 26; remove 9:*", "1a09 " CISCO " 0103 61 1a09 0000000a 0103 61",
		  "1a09 0000000a 0103 61" },
	};

	(void)state;
	CHECK(rows);
}

/* P-ATT-7: one whose inside does not parse is all or nothing. */
static void
vendor_attributes_that_do_not_parse(void **state)
{
	/* A length of 0, 1, too much; a header that is cut; nothing; no Vendor-Id; vendor 0. */
	static const char *const broken[] = {
		"1a09 " CISCO " 0100 61", "1a09 " CISCO " 0101 61", "1a09 " CISCO " 0104 61",
		"1a0a " CISCO " 0103 61 01", "1a06 " CISCO, "1a0c " CISCO " 0103 61 0200 62",
	};
	static const struct row rows[] = {
		{ "remove 9:1", NULL, "same" },
		{ "remove 1", NULL, "same" },
		{ "set 1=x", NULL, "+0103 78" },
		{ "set 9:1=x", NULL, "+1a09 " CISCO " 0103 78" },
		{ "default 9:1=x", NULL, "+1a09 " CISCO " 0103 78" },
		{ "replace 9:1/a/x/", NULL, "same" },
		{ "remove 9:*", NULL, "" },
		{ "remove 26", NULL, "" },
		{ "keep 9:1", NULL, "" },
		{ "keep 1", NULL, "" },
		{ "keep 9:*", NULL, "same" },
		{ "keep 26", NULL, "same" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++)
		for (size_t k = 0; k < COUNT(rows); k++) {
			char out[200];
			bool behind = rows[k].out[0] == '+';

			snprintf(out, sizeof out, "%s%s", behind ? broken[i] : "",
			    rows[k].out + (behind ? 1 : 0));
			check(&(struct row){ rows[k].rules, broken[i], out });
		}
	check(&(struct row){ "remove 9:1", "1a04 0000", "same" });
	check(&(struct row){ "remove 9:*", "1a04 0000", "same" });
	check(&(struct row){ "remove 26", "1a04 0000", "" });
	check(&(struct row){ "remove 26", "1a09 00000000 0103 61", "" });
	check(&(struct row){ "remove 1", "1a09 00000000 0103 61", "same" });
	check(&(struct row){ "keep 1", "1a09 00000000 0103 61", "" });
}

static void
add(void **state)
{
	static const struct row rows[] = {
		{ "add 32=abc", "", "2005 616263" },
		{ "add 32=abc", "2003 78 0103 61", "2003 78 0103 61 2005 616263" },
		{ "add 32=a; add 31=b; add 32=c", "0103 61", "0103 61 2003 61 1f03 62 2003 63" },
		{ "add 89=0x00", "0103 61", "0103 61 5903 00" },
		{ "add 9:1=x", "1a09 " CISCO " 0103 61", "1a09 " CISCO " 0103 61 1a09 " CISCO " 0103 78" },
		{ "add 4846:214=x", "", "1a0a " LUCENT " 00d6 04 78" },
		{ "add 24757:5=x", "", "1a0a " WIMAX " 0504 00 78" },
		{ "add 241.5=x", "f104 05 61", "f104 05 61 f104 05 78" },
		{ "add 246.5=x", "", "f605 05 00 78" },
	};

	(void)state;
	CHECK(rows);
}

static void
set(void **state)
{
	static const struct row rows[] = {
		{ "set 32=abc", "0103 61", "0103 61 2005 616263" },
		/* At the place of the first; the others go. */
		{ "set 32=abc", "2003 78 0103 61 2002 2003 79", "2005 616263 0103 61" },
		{ "set 32=abc", "2005 616263 0103 61", "same" },
		{ "set 32=abc", "2005 616263 0103 61 2005 616263", "2005 616263 0103 61" },
		{ "set 9:1=xy", "1a0f " CISCO " 0203 61 0103 62 0303 63 0103 64 1a09 " CISCO " 0103 65",
		  "1a10 " CISCO " 0203 61 0104 7879 0303 63 0103 64" },
		{ "set 9:1=xy", "0103 64 1a0c " CISCO " 0203 61 0303 63",
		  "0103 64 1a0c " CISCO " 0203 61 0303 63 1a0a " CISCO " 0104 7879" },
		{ "set 4846:214=x", "1a0e " LUCENT " 0001 04 61 00d6 04 62", "1a0e " LUCENT
		  " 0001 04 61 00d6 04 78" },
		/* One value in place of one that was in pieces. */
		{ "set 24757:5=x", "1a0a " WIMAX " 0504 80 61 0103 78 1a0a " WIMAX " 0504 00 62",
		  "1a0a " WIMAX " 0504 00 78 0103 78" },
		{ "set 245.7=x", "f505 07 80 61 0103 79 f505 07 00 62", "f505 07 00 78 0103 79" },
		{ "set 241.5=x", "f104 06 61 f106 05 616263", "f104 06 61 f104 05 78" },
		{ "set 1=x; set 32=y", "0103 61 2003 62", "0103 78 2003 79" },
	};

	(void)state;
	CHECK(rows);
}

static void
default_value(void **state)
{
	static const struct row rows[] = {
		{ "default 89=0x00", "0103 61", "0103 61 5903 00" },
		{ "default 89=0x00", "5903 78 0103 61", "same" },
		/* Even an empty one is one (P-PKT-8). */
		{ "default 89=0x00", "5902", "same" },
		{ "default 9:1=x", "1a09 " CISCO " 0203 61", "1a09 " CISCO " 0203 61 1a09 " CISCO
		  " 0103 78" },
		{ "default 9:1=x", "1a0c " CISCO " 0203 61 0103 62", "same" },
		{ "default 241.5=x", "f104 06 61", "f104 06 61 f104 05 78" },
		{ "default 241.5=x", "f104 05 61", "same" },
		{ "default 245.5=x", "f505 05 80 61", "same" },
		{ "default 1=x; default 32=y", "0103 61", "0103 61 2003 79" },
	};

	(void)state;
	CHECK(rows);
}

static void
replace(void **state)
{
	static const struct row rows[] = {
		/* bob@a.org */
		{ "replace 1/@a\\.org$/@b.org/", "010b 626f6240612e6f7267", "010b 626f6240622e6f7267" },
		{ "replace 1/@a\\.org$/@b.org/", "010b 626f6240622e6f7267", "same" },
		{ "replace 1/^(.*)@(.*)$/%2!%1/", "010b 626f6240612e6f7267", "010b 612e6f726721626f62" },
		{ "replace 1/o/%0%0%9/", "0105 626f62", "0106 626f6f62" },
		/* Only the first, and of it the longest. */
		{ "replace 1/b+/x/", "0107 6162626162", "0106 61786162" },
		{ "replace 1/$/@%r/", "0103 61", "0109 6140622e6f7267" },
		{ "replace 1/^/%c-/", "0103 61", "0107 6e61732d61" },
		/* All of its kind, and no other. */
		{ "replace 31/a/b/", "0103 61 1f03 61 1f03 63 1f03 61", "0103 61 1f03 62 1f03 63 1f03 62" },
		/* What is empty then is left out. */
		{ "replace 31/a//", "0103 61 1f03 61 1f04 6162", "0103 61 1f03 62" },
		{ "replace 31/^$/x/", "1f02", "1f03 78" },
		/* No text, no match; but octets are. */
		{ "replace 31/.*/x/", "1f04 6100", "same" },
		{ "replace 31/.*/x/", "1f04 00ff", "same" },
		{ "replace 31/\xff$/x/", "1f04 01ff", "1f04 0178" },
		{ "replace 31/a(b)?/[%1]/", "1f03 61", "1f04 5b5d" },
		{ "replace 9:1/a/xy/", "1a0f " CISCO " 0203 61 0103 61 0103 62", "1a10 " CISCO
		  " 0203 61 0104 7879 0103 62" },
		{ "replace 9:1/a//", "1a0c " CISCO " 0203 61 0103 61", "1a09 " CISCO " 0203 61" },
		{ "replace 9:1/a//", "1a09 " CISCO " 0103 61", "" },
		{ "replace 4846:214/a/x/", "1a0a " LUCENT " 00d6 04 61", "1a0a " LUCENT " 00d6 04 78" },
		{ "replace 24757:5/a/x/", "1a0a " WIMAX " 0504 00 61", "1a0a " WIMAX " 0504 00 78" },
		{ "replace 241.5/a/x/", "f104 05 61 f104 06 61", "f104 05 78 f104 06 61" },
		{ "replace 245.5/a/x/", "f505 05 00 61", "f505 05 00 78" },
		{ "replace 245.5/^/x/", "f503 05", "same" },
		/* Pieces stay; behind them it goes on. */
		{ "replace 245.5/a/x/", "f505 05 80 61 f505 06 00 61 f505 05 00 61 f505 05 00 61",
		  "f505 05 80 61 f505 06 00 61 f505 05 00 61 f505 05 00 78" },
		{ "replace 24757:5/a/x/", "1a0e " WIMAX " 0504 80 61 0604 00 61 1a0e " WIMAX
		  " 0504 00 61 0504 00 61", "1a0e " WIMAX " 0504 80 61 0604 00 61 1a0e " WIMAX
		    " 0504 00 61 0504 00 78" },
		/* One rule after the other. */
		{ "replace 1/a/b/; replace 1/b/c/", "0103 61", "0103 63" },
	};

	(void)state;
	CHECK(rows);
}

static void
operations_in_their_order(void **state)
{
	static const struct row rows[] = {
		{ "replace 32/new/old/; default 32=x; set 32=new; add 32=added; remove 32", "2003 61",
		  "2005 6f6c64" },
		/* Removed and added anew; what is added is not removed. */
		{ "add 31=b; remove 31", "1f03 61 0103 61", "0103 61 1f03 62" },
		{ "add 31=b; keep 1", "1f03 61 0103 61", "0103 61 1f03 62" },
		{ "default 31=b; remove 31", "1f03 61", "1f03 62" },
		{ "default 31=b; add 31=a", "", "1f03 61" },
		{ "replace 31/a/b/; default 31=a", "", "1f03 62" },
		{ "set 31=c; add 31=b", "1f03 61", "1f03 63" },
	};

	(void)state;
	CHECK(rows);
}

static void
variables(void **state)
{
	static const struct row rows[] = {
		{ "add 32=%c", "", "2005 6e6173" },
		{ "add 126=1%r", "", "7e08 31622e6f7267" },
		{ "add 32=<%s>", "", "2007 3c3a3a313e" },
		/* Nobody is asked yet: the text is empty, and what is empty is left out. */
		{ "add 32=%p", "0103 61", "same" },
		{ "add 32=to %p", "", "2005 746f20" },
		{ "default 32=%p", "0103 61", "same" },
		{ "set 32=%p", "2003 61 0103 61", "0103 61" },
		{ "set 32=%p", "0103 61", "same" },
		{ "set 9:1=%p", "1a0c " CISCO " 0103 61 0203 62", "1a09 " CISCO " 0203 62" },
		{ "replace 1/a/%p/", "0103 61 0104 6162", "0103 62" },
		{ "add 32=", "0103 61", "same" },
	};

	(void)state;
	CHECK(rows);
}

/* ---- limits ---- */

/* n octets "x" as a text. */
static const char *
xs(size_t n, char buf[static 700])
{
	memset(buf, 'x', n);
	buf[n] = '\0';
	return buf;
}

static void
values_have_limits(void **state)
{
	static const struct {
		const char *attr;
		size_t most;
	} rows[] = {
		{ "31", 253 }, { "9:1", 247 }, { "4846:214", 246 }, { "24757:5", 246 }, { "241.5", 252 },
		{ "244.5", 252 }, { "245.5", 251 }, { "246.5", 251 },
	};
	static const char *const ops[] = { "add", "set", "default" };
	char value[700];
	char rules[800];
	char got[RULES_ROOM];
	char want[32];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t k = 0; k < COUNT(ops); k++) {
			const char *text = rows[i].attr;
			struct rgw_rewrite r;

			snprintf(rules, sizeof rules, "%s %s=%s", ops[k], text, xs(rows[i].most, value));
			rules_apply(rules, "", &vars, RGW_PACKET_MAX, got);
			assert_int_equal(strlen(got), 2 * 255);
			r = rules_of(rules);
			assert_int_equal(
			    rgw_rewrite_value_max(&r.rules[RGW_REWRITE_ADD + k].v[0].attr), rows[i].most);
			rgw_rewrite_fini(&r);
			snprintf(rules, sizeof rules, "%s %s=%s%%c", ops[k], text,
			    xs(rows[i].most - 2, value));
			snprintf(want, sizeof want, "value %zu", rows[i].most + 1);
			assert_string_equal(rules_apply(rules, "", &vars, RGW_PACKET_MAX, got), want);
		}
}

static void
replaced_values_have_limits(void **state)
{
	char in[RULES_ROOM] = "01ff";
	char got[RULES_ROOM];
	size_t n = 4;

	(void)state;
	for (size_t i = 0; i < 252; i++, n += 2)
		memcpy(in + n, "61", 3);
	memcpy(in + n, "62", 3);
	rules_apply("replace 1/b/c/", in, &vars, RGW_PACKET_MAX, got);
	assert_int_equal(strlen(got), 2 * 255);
	assert_string_equal(got + 2 * 254, "63");
	assert_string_equal(rules_apply("replace 1/b/cd/", in, &vars, RGW_PACKET_MAX, got), "value 254");
	assert_string_equal(rules_apply("replace 1/^.*$/%0%0%0/", in, &vars, RGW_PACKET_MAX, got),
	    "value 759");
	/* The first one that is too big is told of; later rules do not matter. */
	assert_string_equal(rules_apply("replace 1/b/cd/; replace 1/a.*/x/", in, &vars, RGW_PACKET_MAX, got),
	    "value 254");
}

/* An attribute of a vendor that gets too long goes on in a further one, in order. */
static void
full_vendor_attributes_are_continued(void **state)
{
	char value[700];
	char rules[800];
	char got[RULES_ROOM];
	struct help_packet p;
	struct rgw_packet out;
	struct rgw_attr a = { 0 };

	(void)state;
	snprintf(rules, sizeof rules, "set 9:2=%s", xs(241, value));
	rules_apply(rules, "1a0f " CISCO " 0103 61 0203 62 0303 63", &vars, RGW_PACKET_MAX, got);
	help_begin(&p, 1, 1, NULL);
	p.len += help_hex(got, p.b + p.len, sizeof p.b - p.len);
	out = help_finish(&p);
	/* 6 + 3 + 243 octets, and there is room for three more. */
	assert_true(rgw_packet_next(&out, &a));
	assert_int_equal(a.len, 4 + 3 + 243 + 3);
	assert_false(rgw_packet_next(&out, &a));
	snprintf(rules, sizeof rules, "set 9:2=%s", xs(242, value));
	rules_apply(rules, "1a0f " CISCO " 0103 61 0203 62 0303 63", &vars, RGW_PACKET_MAX, got);
	p.len = 20;
	p.len += help_hex(got, p.b + p.len, sizeof p.b - p.len);
	out = help_finish(&p);
	a = (struct rgw_attr){ 0 };
	assert_true(rgw_packet_next(&out, &a));
	assert_memory_equal(a.value, "\0\0\0\x09\x01\x03" "a\x02\xf4" "xxx", 12);
	assert_int_equal(a.len, 4 + 3 + 244);
	assert_true(rgw_packet_next(&out, &a));
	assert_memory_equal(a.value, "\0\0\0\x09\x03\x03""c", 7);
	assert_int_equal(a.len, 7);
	assert_false(rgw_packet_next(&out, &a));
}

/* A packet of `len` octets, as the text of its attributes. */
static const char *
of_length(size_t len, char buf[static RULES_ROOM])
{
	struct help_packet p;
	struct rgw_packet made;

	help_begin(&p, 1, 1, NULL);
	help_text(&p, 1, "bob");
	help_pad(&p, 18, len);
	made = help_finish(&p);
	return rules_hex(&made, buf);
}

static void
packets_have_limits(void **state)
{
	char in[RULES_ROOM];
	char got[RULES_ROOM];

	(void)state;
	/* 5 octets more. */
	rules_apply("add 32=abc", of_length(4091, in), &vars, RGW_PACKET_MAX, got);
	assert_int_equal(strlen(got), 2 * (4096 - 20));
	assert_string_equal(rules_apply("add 32=abc", of_length(4092, in), &vars, 4096, got), "packet 4097");
	/* A smaller cap, and one that promises too much. */
	rules_apply("add 32=abc", of_length(95, in), &vars, 100, got);
	assert_int_equal(strlen(got), 2 * (100 - 20));
	assert_string_equal(rules_apply("add 32=abc", of_length(95, in), &vars, 99, got), "packet 100");
	assert_string_equal(rules_apply("add 32=abc", of_length(4092, in), &vars, 9000, got), "packet 4097");
	/* What stays as it is fits everywhere. */
	assert_string_equal(rules_apply("remove 31", of_length(4096, in), &vars, 20, got), "same");
	/* Only what comes out has to fit. */
	rules_apply("add 32=abc; replace 1/bob/b/", of_length(4093, in), &vars, 4096, got);
	assert_int_equal(strlen(got), 2 * (4096 - 20));
}

/* Nothing is written where it does not belong, however much is added. */
static void
many_additions(void **state)
{
	char value[700];
	char rule[800];
	char rules[40 * 260] = "";
	char in[RULES_ROOM];
	char got[RULES_ROOM];
	size_t n;

	(void)state;
	n = (size_t)snprintf(rule, sizeof rule, "add 31=%s; ", xs(253, value));
	for (size_t i = 0; i < 39; i++)
		memcpy(rules + i * n, rule, n + 1);
	assert_string_equal(rules_apply(rules, of_length(4096, in), &vars, RGW_PACKET_MAX, got),
	    "packet 8192");
	assert_string_equal(rules_apply(rules, "", &vars, RGW_PACKET_MAX, got), "packet 8192");
	rules[15 * n] = '\0';
	rules_apply(rules, "", &vars, RGW_PACKET_MAX, got);
	assert_int_equal(strlen(got), 2 * 15 * 255);
	snprintf(rules + 15 * n, sizeof rules - 15 * n, "%s", rule);
	assert_string_equal(rules_apply(rules, "", &vars, RGW_PACKET_MAX, got), "packet 4100");
}

static void
no_rules(void **state)
{
	(void)state;
	check(&(struct row){ "", "0103 61", "same" });
	check(&(struct row){ "", "", "same" });
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remove_standard),
		cmocka_unit_test(remove_vendor),
		cmocka_unit_test(remove_extended),
		cmocka_unit_test(keep_only),
		cmocka_unit_test(vendor_attributes_that_do_not_parse),
		cmocka_unit_test(add),
		cmocka_unit_test(set),
		cmocka_unit_test(default_value),
		cmocka_unit_test(replace),
		cmocka_unit_test(operations_in_their_order),
		cmocka_unit_test(variables),
		cmocka_unit_test(values_have_limits),
		cmocka_unit_test(replaced_values_have_limits),
		cmocka_unit_test(full_vendor_attributes_are_continued),
		cmocka_unit_test(packets_have_limits),
		cmocka_unit_test(many_additions),
		cmocka_unit_test(no_rules),
	};

	return cmocka_run_group_tests_name("rewrite", tests, NULL, NULL);
}
