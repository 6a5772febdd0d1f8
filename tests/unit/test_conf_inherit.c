/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ids of sections, which they keep from one configuration to the next. */
#include "conf_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "../../src/conf/reading.h"
#include "radsecgw/share.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

static struct rgw_conf *
load(const char *text)
{
	struct conf_fixture f = { .n = 0 };
	struct rgw_conf_report report = { .say = conf_say, .ctx = &f };
	struct rgw_conf *conf = rgw_conf_load_text(text, strlen(text), &report);

	if (conf == NULL)
		fail_msg("%s\n%s", text, f.said);
	return conf;
}

/* Loads what follows another configuration, which is freed. */
static struct rgw_conf *
follow(struct rgw_conf *now, const char *text)
{
	struct rgw_conf *next = load(text);

	rgw_conf_inherit(next, now);
	rgw_conf_free(now);
	return next;
}

/* Expects the realms of the configuration, in the order of the file, as "name=id". */
static void
expect_realms(const struct rgw_conf *conf, const char *want)
{
	char got[256] = "";

	for (size_t i = 0; i < conf->realm.n; i++) {
		const struct rgw_conf_head *head = &conf->realm.v[i]->head;

		snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s=%u", i > 0 ? " " : "", head->name,
		    head->id);
		assert_int_equal(head->index, i);
		assert_ptr_equal(rgw_conf_by_id(conf, RGW_CONF_REALM, head->id), head);
	}
	assert_string_equal(got, want);
}

#define R(name) "[realm " name "]\npool = p\n"
#define START TLS LISTEN CLIENT PEER

static void
numbers_by_place_at_first(void **state)
{
	struct rgw_conf *conf = load(START R("a") R("b") R("c"));

	(void)state;
	expect_realms(conf, "a=0 b=1 c=2");
	assert_int_equal(conf->ids[RGW_CONF_REALM].n, 3);
	assert_int_equal(conf->ids[RGW_CONF_SERVER].n, 0);
	assert_null(rgw_conf_by_id(conf, RGW_CONF_REALM, 3));
	assert_null(rgw_conf_by_id(conf, RGW_CONF_SERVER, 0));
	assert_ptr_equal(rgw_conf_by_id(conf, RGW_CONF_GATEWAY, 0), &conf->gateway.head);
	assert_ptr_equal(rgw_conf_by_id(conf, RGW_CONF_LOG, 0), &conf->log.head);
	assert_null(rgw_conf_by_id(conf, RGW_CONF_LOG, 1));
	rgw_conf_free(conf);
}

static void
keeps_ids_by_name(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ START R("c") R("a") R("b"), "c=2 a=0 b=1" },                    /* another order */
		{ START R("c") R("x") R("b"), "c=2 x=3 b=1" },                    /* a has become x, and gave up 0 */
		{ START R("c") R("x") R("b") R("y"), "c=2 x=3 b=1 y=0" },         /* and free one edition later */
		{ START R("y"), "y=0" },
		{ START R("b") R("y") R("c"), "b=1 y=0 c=2" },                    /* those that went come back as new */
		{ START R("B") R("Y") R("C"), "B=1 Y=0 C=2" },                    /* a realm has no case */
		{ START R("n") R("Y") R("m") R("k") R("C"), "n=3 Y=0 m=4 k=5 C=2" },  /* B is still known */
	};
	struct rgw_conf *conf = load(START R("a") R("b") R("c"));

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		conf = follow(conf, rows[i].text);
		expect_realms(conf, rows[i].want);
	}
	rgw_conf_free(conf);
}

static void
numbers_each_kind_for_itself(void **state)
{
	struct rgw_conf *now = load(START R("p") R("*"));
	struct rgw_conf *next = load(TLS LISTEN "[server s]\nauth = 192.0.2.1\n" SECRET
	    "[client new]\naddress = 127.0.0.2\n" SECRET CLIENT "[peer new]\nconnect = x.example.org\ntls = t\n"
	    PEER R("p"));

	(void)state;
	rgw_conf_inherit(next, now);
	assert_int_equal(next->client.v[0]->head.id, 1);
	assert_int_equal(next->client.v[1]->head.id, 0);
	assert_int_equal(next->peer.v[1]->head.id, 0);
	assert_int_equal(next->server.v[0]->head.id, 0);
	expect_realms(next, "p=0");
	/* What is inherited may be forgotten again, and inherited once more. */
	rgw_conf_inherit(next, NULL);
	assert_int_equal(next->client.v[0]->head.id, 0);
	rgw_conf_inherit(next, now);
	assert_int_equal(next->client.v[0]->head.id, 1);
	rgw_conf_free(now);
	rgw_conf_free(next);
}

static void
finds_the_sections_of_a_view(void **state)
{
	struct rgw_conf *conf = load("[gateway]\nworkers = 2\n" START R("*"));
	struct rgw_conf *view = rgw_share_new(conf, 1);

	(void)state;
	assert_ptr_equal(rgw_conf_by_id(view, RGW_CONF_PEER, 0), &view->peer.v[0]->head);
	assert_ptr_not_equal(rgw_conf_by_id(view, RGW_CONF_PEER, 0), rgw_conf_by_id(conf, RGW_CONF_PEER, 0));
	assert_ptr_equal(rgw_conf_by_id(view, RGW_CONF_CLIENT, 0), &conf->client.v[0]->head);
	assert_ptr_equal(rgw_conf_by_id(view, RGW_CONF_GATEWAY, 0), &view->gateway.head);
	rgw_share_free(view);
	rgw_conf_free(conf);
}

/* ---- random edits, against a model that searches for everything ---- */

#define NAMES 12
#define EDITS 1000
#define NONE UINT32_MAX

/* What stands behind the title of a section of each kind, before and behind the number of its name. */
static const char *const bodies[RGW_CONF_KINDS][2] = {
	[RGW_CONF_TLS] = { "certificate = cert.pem\nkey = key.pem\nca = ca.pem\n#", "\n" },
	[RGW_CONF_LISTEN] = { "udp = 127.0.0.1:20", "\n" },
	[RGW_CONF_CLIENT] = { "address = 10.0.0.", "\n" SECRET },
	[RGW_CONF_PEER] = { "connect = x", ".example.org\ntls = t\n" },
	[RGW_CONF_SERVER] = { "auth = 192.0.2.", "\n" SECRET },
	[RGW_CONF_POOL] = { "members = p\n#", "\n" },
	[RGW_CONF_REALM] = { "pool = p\n#", "\n" },
	[RGW_CONF_REWRITE] = { "remove = 9:", "\n" },
};

/* Which id each name had in the configuration before; NONE = it was not there. */
struct model {
	uint32_t id[RGW_CONF_KINDS][NAMES];
	uint32_t random;
};

static uint32_t
dice(struct model *m, uint32_t n)
{
	m->random = m->random * 1664525 + 1013904223;
	return (m->random >> 8) % n;
}

/* Writes the sections of a kind, some of all names in any order, and notes them in the order written. */
static void
write_sections(struct model *m, enum rgw_conf_kind kind, FILE *out, uint32_t order[NAMES], size_t *n)
{
	uint32_t all[NAMES];
	uint32_t wanted = dice(m, NAMES + 1);

	*n = 0;
	for (uint32_t i = 0; i < NAMES; i++)
		all[i] = i;
	for (uint32_t i = 0; i < wanted; i++) {
		uint32_t k = i + dice(m, NAMES - i);
		uint32_t name = all[k];

		all[k] = all[i];
		order[(*n)++] = name;
		fprintf(out, "[%s %c%u]\n%s%u%s", rgw_conf_section_of(kind)->name, 'a' + (int)kind, name,
		    bodies[kind][0], name + 1, bodies[kind][1]);
	}
}

static bool
is_in(const uint32_t ids[NAMES], uint32_t id)
{
	for (size_t i = 0; i < NAMES; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* The ids that the model gives to the sections of a kind; the fixed section of the kind, if any, has id 0. */
static void
model_ids(struct model *m, enum rgw_conf_kind kind, bool fixed, const uint32_t order[NAMES], size_t n)
{
	uint32_t next[NAMES];

	memset(next, 0xff, sizeof next);
	for (size_t i = 0; i < n; i++)
		next[order[i]] = m->id[kind][order[i]];
	for (size_t i = 0; i < n; i++) {
		uint32_t id = fixed ? 1 : 0;

		if (next[order[i]] != NONE)
			continue;
		while (is_in(next, id) || is_in(m->id[kind], id))
			id++;
		next[order[i]] = id;
	}
	memcpy(m->id[kind], next, sizeof next);
}

static void
compare(const struct model *m, const struct rgw_conf *conf, enum rgw_conf_kind kind, size_t n)
{
	const struct rgw_conf_head *head;
	size_t seen = 0;

	for (size_t i = 0; (head = rgw_conf_section_at(conf, kind, i)) != NULL; i++) {
		assert_ptr_equal(rgw_conf_by_id(conf, kind, head->id), head);
		if (head->name[0] != 'a' + (char)kind || head->name[1] == '\0')
			continue;
		seen++;
		if (head->id != m->id[kind][strtoul(head->name + 1, NULL, 10)])
			fail_msg("[%s] has id %u", head->name, head->id);
	}
	assert_int_equal(seen, n);
	for (uint32_t id = 0; id < conf->ids[kind].n; id++) {
		head = rgw_conf_by_id(conf, kind, id);
		assert_true(head == NULL || head->id == id);
	}
	assert_non_null(n > 0 ? rgw_conf_by_id(conf, kind, conf->ids[kind].n - 1) : &conf->log.head);
	assert_null(rgw_conf_by_id(conf, kind, conf->ids[kind].n));
}

static void
follows_random_edits(void **state)
{
	struct model m = { .random = 1 };
	struct rgw_conf *conf = load(START R("*"));

	(void)state;
	memset(m.id, 0xff, sizeof m.id);
	for (unsigned edit = 0; edit < EDITS; edit++) {
		uint32_t order[RGW_CONF_KINDS][NAMES];
		size_t n[RGW_CONF_KINDS];
		char *text;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		fputs(START R("*"), out);
		for (enum rgw_conf_kind kind = RGW_CONF_TLS; kind < RGW_CONF_KINDS; kind++)
			write_sections(&m, kind, out, order[kind], &n[kind]);
		fclose(out);
		conf = follow(conf, text);
		for (enum rgw_conf_kind kind = RGW_CONF_TLS; kind < RGW_CONF_KINDS; kind++) {
			bool fixed = kind != RGW_CONF_SERVER && kind != RGW_CONF_POOL && kind != RGW_CONF_REWRITE;

			model_ids(&m, kind, fixed, order[kind], n[kind]);
			compare(&m, conf, kind, n[kind]);
		}
		free(text);
	}
	rgw_conf_free(conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_by_place_at_first),
		cmocka_unit_test(keeps_ids_by_name),
		cmocka_unit_test(numbers_each_kind_for_itself),
		cmocka_unit_test(finds_the_sections_of_a_view),
		cmocka_unit_test(follows_random_edits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
