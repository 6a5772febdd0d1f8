/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf_fixture.h"

#include "../../src/conf/reading.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

/* Room for the field of any option, with its alignment. */
union field {
	struct rgw_conf_peer peer;
	max_align_t align;
};

/* One row for each type of options: a value, and others that differ from it, each in one respect. */
static const struct {
	enum rgw_conf_kind kind;
	const char *key;
	const char *value;
	const char *others[4];
} rows[] = {
	{ RGW_CONF_PEER, "tcp-keepalive", "yes", { "no" } },
	{ RGW_CONF_LOG, "level", "info", { "debug", "error" } },
	{ RGW_CONF_LISTEN, "accept", "auth", { "acct" } },
	{ RGW_CONF_GATEWAY, "max-requests", "100", { "101", "1000000" } },
	{ RGW_CONF_GATEWAY, "write-buffer", "8k", { "8193", "8m" } },
	{ RGW_CONF_PEER, "queue-time", "5s", { "5001ms", "1m" } },
	{ RGW_CONF_PEER, "connections", "1-16", { "2-16", "1-15" } },
	{ RGW_CONF_PEER, "reconnect", "500ms-60s", { "501ms-60s", "500ms-61s" } },
	{ RGW_CONF_PEER, "connect-rate", "5/s burst 16", { "5/s", "6/s burst 16", "5/m burst 16", "0" } },
	{ RGW_CONF_LOG, "rate", "10/s", { "11/s", "0" } },
	{ RGW_CONF_GATEWAY, "user", "radsecgw", { "radsecgW", "radsec" } },
	{ RGW_CONF_TLS, "ciphers", "A", { "B", "a" } },
	{ RGW_CONF_PEER, "name", "a.example.org", { "b.example.org", "192.0.2.1" } },
	{ RGW_CONF_PEER, "sni", "a.example.org", { "", "b.example.org" } },
	{ RGW_CONF_TLS, "certificate", "a.pem", { "b.pem" } },
	{ RGW_CONF_TLS, "key", "a.pem", { "b.pem" } },
	{ RGW_CONF_TLS, "ca", "a.pem", { "b.pem" } },
	{ RGW_CONF_TLS, "keylog", "a.log", { "b.log" } },
	{ RGW_CONF_CONTROL, "socket", "/run/a.sock", { "off", "/run/b.sock" } },
	{ RGW_CONF_CONTROL, "mode", "0660", { "0600", "0661" } },
	{ RGW_CONF_LOG, "target", "stderr", { "syslog", "/tmp/log" } },
	{ RGW_CONF_CLIENT, "secret", "the first secret", { "the other secret", "the first secret ", "hex:00" } },
	{ RGW_CONF_LOG, "hash-key", "the first key", { "the other key" } },
	{ RGW_CONF_PEER, "psk-identity", "a@example.org", { "A@example.org", "a@example.or" } },
	{ RGW_CONF_PEER, "psk", "000102030405060708090a0b0c0d0e0f",
	  { "000102030405060708090a0b0c0d0e0e", "000102030405060708090a0b0c0d0e0f10" } },
	{ RGW_CONF_LISTEN, "udp", "192.0.2.1:1812", { "192.0.2.2:1812", "192.0.2.1:1813", "[::1]:1812" } },
	{ RGW_CONF_PEER, "address", "192.0.2.0/24", { "192.0.2.0/25", "198.51.100.0/24", "2001:db8::/32" } },
	{ RGW_CONF_CLIENT, "address", "192.0.2.0/24", { "192.0.2.0/25", "nas.example.org" } },
	{ RGW_CONF_PEER, "connect", "a.example.org:2083", { "a.example.org:2084", "b.example.org:2083" } },
	{ RGW_CONF_CLIENT, "coa", "192.0.2.1", { "yes", "no", "192.0.2.1:3800", "192.0.2.2" } },
	{ RGW_CONF_PEER, "match", "dns:a.example.org", { "cn:a.example.org", "dns:b.example.org", "any" } },
	{ RGW_CONF_GATEWAY, "encrypted-attribute", "0:214:ascend", { "0:215:ascend", "0:214:salt" } },
	{ RGW_CONF_REALM, "regex", "a+", { "a*", "A+" } },
	{ RGW_CONF_POOL, "hash-key", "User-Name", { "Calling-Station-Id", "5" } },
	{ RGW_CONF_SERVER, "retransmit", "irt 2s mrt 16s mrc 5 mrd 30s", { "irt 3s", "mrt 15s", "mrc 6", "mrd 31s" } },
	{ RGW_CONF_CLIENT, "operator-name", "1example.org", { "1example.net" } },
	{ RGW_CONF_REWRITE, "remove", "9:1", { "9:2", "9:*", "31", "241.1" } },
	{ RGW_CONF_REWRITE, "add", "Class = 0x01", { "Class = 0x02", "Class = 0x0100", "User-Name = a" } },
	{ RGW_CONF_REWRITE, "replace", "User-Name /a/b/", { "User-Name /a/c/", "User-Name /b/b/", "32 /a/b/" } },
};

static const struct rgw_opt *
set(size_t row, union field *field, const char *text)
{
	bool from_file;
	const struct rgw_opt *opt = rgw_conf_opt_find(rows[row].kind, rows[row].key, &from_file);
	struct rgw_setting s = { .opt = opt, .field = field, .text = text, .len = strlen(text) };

	assert_non_null(opt);
	if (!rgw_value_set(&s))
		fail_msg("%s = %s: %s", rows[row].key, text, s.why);
	return opt;
}

static void
tells_values_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		union field a = { 0 };
		union field b = { 0 };
		const struct rgw_opt *opt = set(i, &a, rows[i].value);

		set(i, &b, rows[i].value);
		if (!rgw_value_equal(opt, &a, &b))
			fail_msg("%s = %s is not equal to itself", rows[i].key, rows[i].value);
		rgw_value_clear(opt, &b);
		for (size_t k = 0; k < N(rows[i].others) && rows[i].others[k] != NULL; k++) {
			b = (union field){ 0 };
			set(i, &b, rows[i].others[k]);
			if (rgw_value_equal(opt, &a, &b) || rgw_value_equal(opt, &b, &a))
				fail_msg("%s: %s equals %s", rows[i].key, rows[i].value, rows[i].others[k]);
			rgw_value_clear(opt, &b);
		}
		rgw_value_clear(opt, &a);
	}
}

/* Two lists are equal if they hold the same in the same order; an option that is not set equals only that. */
static void
compares_whole_lists(void **state)
{
	union field a = { 0 };
	union field b = { 0 };
	size_t row = 0;
	const struct rgw_opt *opt;

	(void)state;
	while (strcmp(rows[row].key, "connect") != 0)
		row++;
	opt = set(row, &a, "a.example.org");
	assert_false(rgw_value_equal(opt, &a, &b));
	assert_false(rgw_value_equal(opt, &b, &a));
	set(row, &a, "b.example.org");
	set(row, &b, "b.example.org");
	assert_false(rgw_value_equal(opt, &a, &b));
	set(row, &b, "a.example.org");
	assert_false(rgw_value_equal(opt, &a, &b));
	rgw_value_clear(opt, &b);
	set(row, &b, "a.example.org");
	set(row, &b, "b.example.org");
	assert_true(rgw_value_equal(opt, &a, &b));
	rgw_value_clear(opt, &a);
	rgw_value_clear(opt, &b);
	assert_true(rgw_value_equal(opt, &a, &b));
}

/* A client that refers to a [realm]'s target by `pool`, a pool of members, and where accounting goes: a name in
 * two configurations is the same reference if it is that of the same kind of section. */
#define START TLS LISTEN PEER "[peer q]\nconnect = q.example.org\ntls = t\n" CLIENT
static const struct {
	const char *a;
	const char *b;
	bool pool, members, acct;
} references[] = {
	{ "[pool x]\nmembers = p, q\n[realm *]\npool = x\n",
	  "[pool x]\nmembers = p, q\n[realm *]\npool = x\n", true, true, true },
	{ "[pool x]\nmembers = p, q\n[realm *]\npool = x\nacct = p\n",
	  "[pool x]\nmembers = q, p\n[realm *]\npool = x\nacct = q\n", true, false, false },
	{ "[pool x]\nmembers = p\n[realm *]\npool = x\nacct = p\n",
	  "[pool x]\nmembers = p, q\n[realm *]\npool = p\nacct = same\n", false, false, false },
	{ "[pool y]\nmembers = p\n[peer x]\nconnect = x.example.org\ntls = t\n[realm *]\npool = x\nacct = drop\n",
	  "[pool y]\nmembers = p\n[pool x]\nmembers = p\n[realm *]\npool = x\nacct = ack\n", false, true, false },
	{ "[pool y]\nmembers = p\n[peer x]\nconnect = x.example.org\ntls = t\n[realm *]\npool = q\nacct = x\n",
	  "[pool y]\nmembers = p\n[pool x]\nmembers = p\n[realm *]\npool = q\nacct = x\n", true, true, false },
};

static bool
same(const struct rgw_conf *a, const struct rgw_conf *b, enum rgw_conf_kind kind, const char *key)
{
	bool from_file;
	const struct rgw_opt *opt = rgw_conf_opt_find(kind, key, &from_file);
	const char *x = rgw_conf_section_at(a, kind, 0);
	const char *y = rgw_conf_section_at(b, kind, 0);

	assert_true(rgw_value_equal(opt, x + opt->where, x + opt->where));
	return rgw_value_equal(opt, x + opt->where, y + opt->where);
}

static struct rgw_conf *
load(const char *text)
{
	struct rgw_conf_report report = { 0 };
	char whole[4096];
	struct rgw_conf *conf;

	snprintf(whole, sizeof whole, START "%s", text);
	conf = rgw_conf_load_text(whole, strlen(whole), &report);
	assert_non_null(conf);
	return conf;
}

static void
compares_references(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(references); i++) {
		struct rgw_conf *a = load(references[i].a);
		struct rgw_conf *b = load(references[i].b);

		if (same(a, b, RGW_CONF_REALM, "pool") != references[i].pool)
			fail_msg("pool of row %zu", i);
		if (same(a, b, RGW_CONF_POOL, "members") != references[i].members)
			fail_msg("members of row %zu", i);
		if (same(a, b, RGW_CONF_REALM, "acct") != references[i].acct)
			fail_msg("acct of row %zu", i);
		rgw_conf_free(a);
		rgw_conf_free(b);
	}
}

/* Each type has a row above, so nobody adds one without. */
static void
knows_all_types(void **state)
{
	(void)state;
	for (enum rgw_conf_kind kind = 0; kind < RGW_CONF_KINDS; kind++) {
		size_t n;
		const struct rgw_opt *opt = rgw_conf_opts_of(kind, &n);

		for (; n > 0; n--, opt++) {
			bool known = opt->type == &rgw_type_include || rgw_conf_opt_has(opt, RGW_IS_REFERENCE);
			bool from_file;

			for (size_t i = 0; i < N(rows); i++)
				known = known ||
				    rgw_conf_opt_find(rows[i].kind, rows[i].key, &from_file)->type == opt->type;
			if (!known)
				fail_msg("no row for the type of %s", opt->key);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_values_apart),
		cmocka_unit_test(compares_whole_lists),
		cmocka_unit_test(compares_references),
		cmocka_unit_test(knows_all_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
