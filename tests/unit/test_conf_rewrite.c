/* SPDX-License-Identifier: GPL-2.0-or-later */
/* [rewrite NAME] and what refers to it: attributes, values and expressions as they end up in rules. */
#include "conf_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "../../src/conf/reading.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

/* With [rewrite x] in use, of 17 lines. */
#define BASE REST "[gateway]\nrewrite-in = x\n[rewrite x]\n"

static const struct rgw_opt *
option(const char *key)
{
	bool from_file;
	const struct rgw_opt *opt = rgw_conf_opt_find(RGW_CONF_REWRITE, key, &from_file);

	assert_non_null(opt);
	return opt;
}

/* Reads one item of a list; a setting with the reason if it is refused. */
static struct rgw_setting
add(struct rgw_rewrite_rules *rules, const char *key, const char *text)
{
	struct rgw_setting s = { .opt = option(key), .field = rules, .text = text, .len = strlen(text) };

	if (rgw_value_set(&s))
		s.why[0] = '\0';
	return s;
}

/* A value as text: octets as they are, or in hexadecimal digits if they are no text; variables and parts
 * in <>. */
static void
describe(const struct rgw_rewrite_value *value, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < value->n; i++) {
		const struct rgw_rewrite_piece *piece = &value->v[i];

		if (piece->from == RGW_FROM_VAR)
			n += (size_t)snprintf(buf + n, size - n, "<%c>", "cprs"[piece->n]);
		else if (piece->from == RGW_FROM_MATCH)
			n += (size_t)snprintf(buf + n, size - n, "<%u>", piece->n);
		for (size_t k = 0; piece->from == RGW_FROM_OCTETS && k < piece->len; k++)
			n += (size_t)snprintf(buf + n, size - n,
			    piece->octets[k] < 0x20 ? "%%%02x" : "%c", piece->octets[k]);
	}
}

static void
reads_values(void **state)
{
	static const struct {
		const char *text;
		uint32_t vendor;
		uint16_t type;
		uint8_t ext;
		const char *want;
	} rows[] = {
		{ "User-Name = bob", 0, 1, 0, "bob" },
		{ "user-NAME=bob", 0, 1, 0, "bob" },
		{ "1 = a = b", 0, 1, 0, "a = b" },
		{ "255 = 1", 0, 255, 0, "1" },
		{ "200 = $$1", 0, 200, 0, "$1" },
		{ "NAS-Port = 258", 0, 5, 0, "%00%00%01%02" },
		{ "5 = 4294967295", 0, 5, 0, "\xff\xff\xff\xff" },
		{ "NAS-Port = 0", 0, 5, 0, "%00%00%00%00" },
		{ "NAS-Port = 0x01020304", 0, 5, 0, "%01%02%03%04" },
		{ "NAS-IP-Address = 1.2.3.4", 0, 4, 0, "%01%02%03%04" },
		{ "NAS-IPv6-Address = 102:304::1", 0, 95, 0,
		  "%01%02%03%04%00%00%00%00%00%00%00%00%00%00%00%01" },
		{ "Chargeable-User-Identity = 0x00", 0, 89, 0, "%00" },
		{ "Reply-Message = 0x4a4B", 0, 18, 0, "JK" },
		{ "Reply-Message = 0Xab", 0, 18, 0, "0Xab" },
		{ "Cisco-AVPair = a=b", 9, 1, 0, "a=b" },
		{ "Aruba-User-Vlan = 7", 14823, 2, 0, "%00%00%00%07" },
		{ "4294967295:255 = x", 4294967295, 255, 0, "x" },
		{ "4846:65535 = x", 4846, 65535, 0, "x" },
		{ "241.1 = x", 0, 241, 1, "x" },
		{ "246.255 = x", 0, 246, 255, "x" },
		{ "NAS-Identifier = ${client}", 0, 32, 0, "<c>" },
		{ "NAS-Identifier = a${peer}${realm}b$${source}${source}", 0, 32, 0, "a<p><r>b${source}<s>" },
		{ "Reply-Message = \xc3\xa9\\1", 0, 18, 0, "\xc3\xa9\\1" },
	};
	char got[400];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct rgw_rewrite_rules rules = { 0 };
		struct rgw_setting s = add(&rules, "add", rows[i].text);

		if (s.why[0] != '\0')
			fail_msg("%s %s", rows[i].text, s.why);
		assert_int_equal(rules.n, 1);
		assert_int_equal(rules.v[0].attr.vendor, rows[i].vendor);
		assert_int_equal(rules.v[0].attr.type, rows[i].type);
		assert_int_equal(rules.v[0].attr.ext, rows[i].ext);
		assert_false(rules.v[0].attr.any);
		describe(&rules.v[0].value, got, sizeof got);
		assert_string_equal(got, rows[i].want);
		rgw_value_clear(s.opt, &rules);
	}
}

static void
reads_replacements(void **state)
{
	static const struct {
		const char *text;
		const char *pattern;
		const char *want;
		const char *again;
	} rows[] = {
		{ "User-Name /a/b/", "a", "b", "User-Name /a/b/" },
		{ "1/a//", "a", "", "User-Name /a//" },
		{ "User-Name\t/a b/c d /", "a b", "c d ", "User-Name /a b/c d /" },
		{ "User-Name /^(.*)@x$$/\\1\\0\\\\1/", "^(.*)@x$", "<1><0>\\1",
		  "User-Name /^(.*)@x$$/\\1\\0\\\\1/" },
		{ "User-Name /a\\/b\\.c\\\\/x\\/y/", "a/b\\.c\\\\", "x/y",
		  "User-Name /a\\/b\\.c\\\\/x\\/y/" },
		{ "User-Name /\\$$[$$]/$$/", "\\$[$]", "$", "User-Name /\\$$[$$]/$$/" },
		{ "User-Name /a/${realm}$${x}/", "a", "<r>${x}", "User-Name /a/${realm}$${x}/" },
		{ "9:1 /=/=/", "=", "=", "Cisco-AVPair /=/=/" },
		{ "241.5 /a/b/", "a", "b", "241.5 /a/b/" },
		{ "User-Name ///", "", "", "User-Name ///" },
	};
	char got[400];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct rgw_rewrite_rules rules = { 0 };
		struct rgw_setting s = add(&rules, "replace", rows[i].text);
		char *text;

		if (s.why[0] != '\0')
			fail_msg("%s %s", rows[i].text, s.why);
		assert_string_equal(rgw_pattern_text(rules.v[0].pattern), rows[i].pattern);
		describe(&rules.v[0].value, got, sizeof got);
		assert_string_equal(got, rows[i].want);
		text = rgw_value_text(s.opt, &rules, 0);
		assert_string_equal(text, rows[i].again);
		free(text);
		rgw_value_clear(s.opt, &rules);
	}
}

/* One octet more is refused, with all that is known of the value. */
static void
bounds_values(void **state)
{
	static const struct {
		const char *head;
		size_t most;
	} rows[] = {
		{ "18 = ", 253 }, { "9:1 = ", 247 }, { "4846:1 = ", 246 }, { "24757:1 = ", 246 },
		{ "241.1 = ", 252 }, { "245.1 = ", 251 }, { "18 = ${client}", 253 }, { "18 = 0x", 253 },
	};
	char text[700];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct rgw_rewrite_rules rules = { 0 };
		size_t head = (size_t)snprintf(text, sizeof text, "%s", rows[i].head);
		size_t octets = text[head - 1] == 'x' ? 2 : 1;
		struct rgw_setting s;

		memset(text + head, 'a', octets * (rows[i].most + 1));
		text[head + octets * (rows[i].most + 1)] = '\0';
		s = add(&rules, "set", text);
		assert_non_null(strstr(s.why, "is too long; a value of this attribute has at most"));
		assert_int_equal(rules.n, 0);
		text[head + octets * rows[i].most] = '\0';
		s = add(&rules, "set", text);
		assert_string_equal(s.why, "");
		assert_int_equal(rules.n, 1);
		rgw_value_clear(s.opt, &rules);
	}
}

/* Every name stands for one attribute, which has no other. */
static void
names_are_sound(void **state)
{
	const struct rgw_attr_name *name;
	size_t n = 0;

	(void)state;
	for (; (name = rgw_attr_name_at(n)) != NULL; n++) {
		struct rgw_setting s = { .text = name->name };
		struct rgw_attr_ref ref;
		char text[RGW_REF_TEXT];

		assert_ptr_equal(rgw_attr_name_find(name->name), name);
		assert_ptr_equal(rgw_attr_name_of(&name->ref), name);
		assert_true(strlen(name->name) < RGW_NEAREST_TEXT);
		assert_true(rgw_attr_parse(&s, name->name, &ref));
		assert_string_equal(rgw_attr_format(&ref, text), name->name);
		assert_true(ref.type > 0 && !ref.any);
		/* An option of the section is no attribute (see reader.c). */
		for (size_t i = 0; i < RGW_REWRITE_OPS + 2; i++) {
			size_t k;

			assert_string_not_equal(name->name, rgw_conf_opts_of(RGW_CONF_REWRITE, &k)[i].key);
		}
	}
	assert_true(n > 200);
	assert_null(rgw_attr_name_find("User_Name"));
	assert_null(rgw_attr_name_of(&(struct rgw_attr_ref){ .vendor = 9, .any = true }));
}

static void
fills_every_field(void **state)
{
	struct conf_fixture *f = *state;
	struct rgw_conf *conf = conf_load(f,
	    TLS LISTEN "[gateway]\nrewrite-in = x, y\nrewrite-out = y\n" CLIENT
	    "operator-name = 1example.org\nrewrite-in = y\nrewrite-out = x\n" PEER
	    "rewrite-in = x\nrewrite-out = y\n"
	    "[server s]\nauth = 10.0.0.1\n" SECRET "rewrite-in = y\nrewrite-out = x, y\n" REALM
	    "[rewrite x]\nremove = 1, 2\nkeep-only = 3\nadd = 4 = 1.1.1.1\nset = 5 = 1\ndefault = 6 = 1\n"
	    "replace = 30 /a/b/\npackets = access-accept, accounting-request\noverflow = skip\n"
	    "[rewrite y]\nremove = 1\n");
	static const uint8_t types[RGW_REWRITE_OPS] = { 1, 3, 4, 5, 6, 30 };
	const struct rgw_conf_rewrite *x;
	const struct rgw_conf_head *heads[2];

	conf_expect_said(f, "", NULL, 0);
	assert_non_null(conf);
	assert_int_equal(conf->rewrite.n, 2);
	x = conf->rewrite.v[0];
	heads[0] = &x->head;
	heads[1] = &conf->rewrite.v[1]->head;
	assert_int_equal(x->head.kind, RGW_CONF_REWRITE);
	assert_int_equal(heads[1]->index, 1);
	for (unsigned op = 0; op < RGW_REWRITE_OPS; op++) {
		assert_int_equal(x->rewrite.rules[op].n, op == RGW_REWRITE_REMOVE ? 2 : 1);
		assert_int_equal(x->rewrite.rules[op].v[0].attr.type, types[op]);
	}
	assert_int_equal(x->packets, RGW_REWRITE_ACCESS_ACCEPT | RGW_REWRITE_ACCOUNTING_REQUEST);
	assert_int_equal(x->overflow, RGW_OVERFLOW_SKIP);
	assert_int_equal(conf->rewrite.v[1]->packets, RGW_REWRITE_REQUESTS | RGW_REWRITE_ANSWERS);
	assert_int_equal(conf->rewrite.v[1]->overflow, RGW_OVERFLOW_REFUSE);
	assert_int_equal(conf->gateway.rewrite_in.n, 2);
	assert_ptr_equal(conf->gateway.rewrite_in.v[0], heads[0]);
	assert_ptr_equal(conf->gateway.rewrite_out.v[0], heads[1]);
	assert_string_equal(conf->client.v[0]->operator_name, "1example.org");
	assert_ptr_equal(conf->client.v[0]->rewrite_in.v[0], heads[1]);
	assert_ptr_equal(conf->client.v[0]->rewrite_out.v[0], heads[0]);
	assert_ptr_equal(conf->peer.v[0]->rewrite_in.v[0], heads[0]);
	assert_ptr_equal(conf->peer.v[0]->rewrite_out.v[0], heads[1]);
	assert_ptr_equal(conf->server.v[0]->rewrite_in.v[0], heads[1]);
	assert_int_equal(conf->server.v[0]->rewrite_out.n, 2);
	rgw_conf_free(conf);
}

static void
checks_lines(void **state)
{
	static const struct conf_row rows[] = {
		/* Pairs on indented lines, and options that only look like some. */
		{ BASE "add =\n\tNAS-Port = 1\n\tUser-Name = a,\n  "
		       "User-Name = \"b, c\" ; and a comment\n", { NULL } },
		{ BASE "\tadd = NAS-Port = 1\n\tset = User-Name = x\n\tpackets = access-request\n",
		    { NULL } },
		{ BASE "add = User-Name = a\n\tUser-Nam = b\n",
		    { "main.ini:19: error: add: `User-Nam = b` names no attribute that is known" } },
		{ BASE "add = User-Name = a\nUser-Name = b\n",
		    { "main.ini:19: error: [rewrite] has no key `User-Name`" } },
		{ BASE "remove = User-Name\n\tUser-Name = b\n",
		    { "main.ini:19: error: [rewrite] has no key `User-Name`" } },
		{ BASE "add = User-Name = \"a ; b\", 200 = \"c\" ; d\n", { NULL } },
		{ BASE "replace = User-Name /a ;b/c/\n", { "is not written as ATTRIBUTE /expression/" } },
		{ BASE "replace = \"User-Name /a ;b/c/\"\n", { NULL } },
		{ BASE "add = User-Name = ${client}, 200 = $$\n", { NULL } },
		{ BASE "add = User-Name = ${clients}\n", { "has no variable clients" } },
		{ BASE "replace = User-Name /a/${client}/\n", { NULL } },
		/* Outside of [rewrite] they are variables like all others. */
		{ BASE "remove = 1\n[log]\nlevel = ${client}\n",
		    { "main.ini:20: error: level: the environment" } },
	};
	struct conf_fixture *f = *state;

	conf_expect_all(f, rows, N(rows));
}

static void
checks_rules(void **state)
{
	static const struct conf_row rows[] = {
		{ BASE "packets = access-accept\n",
		    { "main.ini:17: error: [rewrite x] has no rule; it needs `remove`, `keep-only`" } },
		{ BASE "remove = Tunel-Type\n", { "main.ini:18: error: remove: `Tunel-Type`" } },
		{ BASE "remove = State\n", { "main.ini:18: error: remove: State cannot be removed" } },
		{ BASE "keep-only = State\n", { NULL } },
		{ BASE "remove = Class, User-Password, CHAP-Password, 69, 311:16, 26, 241\n", { NULL } },
		{ BASE "replace = User-Password /a/b/, CHAP-Challenge /a/b/\n",
		    { "CHAP-Challenge /a/b/` is about CHAP-Challenge, which is no text",
		      "replace: User-Password cannot be changed or added: its value is hidden" } },
		{ BASE "default = 77:1 = x\n[gateway]\nencrypted-attribute = 77:1:salt\n",
		    { "main.ini:18: error: default: 77:1 cannot be changed or added: its value is hidden" } },
		{ BASE "add = 1 = x, 1 = y\n", { NULL } },
		{ BASE "set = 1 = x, User-Name = y\n",
		    { "main.ini:18: error: set: User-Name is given twice" } },
		{ BASE "set = 1 = x\ndefault = 1 = y\n",
		    { "main.ini:19: error: default: User-Name has no effect" } },
		{ BASE "default = Operator-Name = 1a.org\n", { NULL } },
		{ BASE "set = Operator-Name = 1a.org\n",
		    { "main.ini:18: warning: set: Operator-Name tells" } },
		{ BASE "remove = 126\npackets = access-reject\n", { NULL } },
		{ BASE "replace = Operator-Name /a/b/\npackets = access-reject, access-request\n",
		    { "warning: replace: Operator-Name" } },
	};
	struct conf_fixture *f = *state;

	conf_expect_all(f, rows, N(rows));
}

#define X "[rewrite x]\nremove = 1\n"
#define REQUESTS "[rewrite x]\nremove = 1\npackets = access-request\n"
#define ANSWERS "[rewrite x]\nremove = 1\npackets = access-reject\n"

static void
checks_places(void **state)
{
	static const struct conf_row rows[] = {
		{ REST X, { "main.ini:15: warning: nothing uses [rewrite x]" } },
		/* Among errors nothing is said of that. */
		{ REST X "pakets = x\n", { "has no key `pakets`; did you mean `packets`?" } },
		{ REST "[gateway]\nrewrite-out = x, x\n" X,
		    { "main.ini:16: error: rewrite-out: x is given twice" } },
		{ REST "[gateway]\nrewrite-out = y\n" X, { "there is no [rewrite] called `y`" } },
		{ REST "[gateway]\nrewrite-out = nams\n[rewrite names]\nremove = 1\n", { "did you mean" } },
		{ REST "[gateway]\nrewrite-out = p\n" X, { "there is no [rewrite] called `p`" } },
		{ REST "[gateway]\nrewrite-out = x\nrewrite-in = x\n" REQUESTS, { NULL } },
		{ TLS LISTEN CLIENT "rewrite-in = x\n" PEER REALM ANSWERS,
		    { "main.ini:10: error: rewrite-in: [rewrite x] has no effect here" } },
		{ TLS LISTEN CLIENT "rewrite-out = x\n" PEER REALM ANSWERS, { NULL } },
		{ TLS LISTEN CLIENT PEER "rewrite-in = x\n" REALM REQUESTS, { "comes from [peer p]" } },
		{ TLS LISTEN CLIENT PEER "rewrite-out = x\n" REALM REQUESTS, { NULL } },
		/* One that also connects to us asks as well. */
		{ TLS LISTEN "[listen r]\ntls = ::1\nprofile = t\n" CLIENT PEER
		  "accept = yes\nrewrite-in = x\n"
		  REALM REQUESTS, { NULL } },
		{ TLS LISTEN CLIENT PEER "accept = maybe\nrewrite-in = x\n" REALM REQUESTS,
		    { "accept: `maybe` is neither yes nor no" } },
		{ REST "[gateway]\nrewrite-in = x\n[rewrite x]\nremove = 1\npackets = nothing\n",
		    { "packets: `nothing` is none of" } },
		{ REST "[server s]\nauth = 10.0.0.1\n" SECRET "rewrite-out = x\n" ANSWERS,
		    { "goes to [server s]" } },
		{ REST "[realm x]\nrewrite-in = x\n",
		    { "`rewrite-in` does not belong in [realm] but in [gateway]",
		    "[realm x] needs `pool`" } },
	};
	struct conf_fixture *f = *state;

	conf_expect_all(f, rows, N(rows));
}

static void
checks_operator_names(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} rows[] = {
		{ "1example.org", true }, { "1a", true }, { "1xn--exmple-cua.org", true },
		{ "0DEUXY", true }, { "0GBR01", true }, { "226201", true }, { "2310410", true },
		{ "3DEUA", true }, { "3USAABCDE1", true },
		{ "1", false }, { "0", false }, { "1example..org", false }, { "1-example.org", false },
		{ "1@example.org", false }, { "example.org", false }, { "4example.org", false },
		{ "0DEUX", false }, { "0deuxy", false }, { "0DEUXYZ", false }, { "22620", false },
		{ "22620123", false }, { "226 201", false }, { "3DE1A", false }, { "3DEU", false },
		{ "3DEUABCDEFG", false },
	};
	const struct rgw_opt *opt;
	bool from_file;

	(void)state;
	opt = rgw_conf_opt_find(RGW_CONF_CLIENT, "operator-name", &from_file);
	for (size_t i = 0; i < N(rows); i++) {
		char *name = NULL;
		struct rgw_setting s = { .opt = opt, .field = &name, .text = rows[i].name,
			.len = strlen(rows[i].name) };

		if (rgw_value_set(&s) != rows[i].good)
			fail_msg("%s: %s", rows[i].name, s.why);
		free(name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_values),
		cmocka_unit_test(reads_replacements),
		cmocka_unit_test(bounds_values),
		cmocka_unit_test(names_are_sound),
		CONF_TEST(fills_every_field),
		CONF_TEST(checks_lines),
		CONF_TEST(checks_rules),
		CONF_TEST(checks_places),
		cmocka_unit_test(checks_operator_names),
	};

	return cmocka_run_group_tests_name("rewrites of the configuration", tests, NULL, NULL);
}
