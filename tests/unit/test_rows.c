/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/rows.h"

#include <stdlib.h>
#include <string.h>

#include "helpers.h"

static const struct rgw_table peers = { "peers", "peer", false };
static const struct rgw_table conns = { "connections", "peer", true };
static const struct rgw_table limits = { "limits", "limit", false };
static const struct rgw_table whole = { "gateway", NULL, false };

/* What one worker tells: `n` is its number. */
static void
tell(struct rgw_rows *rows, uint64_t n, const char *state, unsigned rank)
{
	const struct rgw_cell peer[] = { rgw_c_best("state", state, rank), rgw_c_add("up", n),
		rgw_c_same(rgw_f_uint("same", 7)), rgw_c_least("least", 10 - n) };
	const struct rgw_cell conn[] = { rgw_c_same(rgw_f_uint("worker", n)) };
	const struct rgw_cell limit[] = { rgw_c_add("used", n), rgw_c_add("max", 10), rgw_c_percent("percent") };
	const struct rgw_cell pending[] = { rgw_c_add("pending", n) };

	rgw_rows_init(rows);
	rgw_rows_add(rows, &(struct rgw_row){ &peers, "a", NULL, peer, 4 });
	for (uint64_t i = 0; i < n; i++)
		rgw_rows_add(rows, &(struct rgw_row){ &conns, "a", NULL, conn, 1 });
	rgw_rows_add(rows, &(struct rgw_row){ &peers, "b", NULL, peer, 4 });
	/* Two rows of one name are two rows. */
	rgw_rows_add(rows, &(struct rgw_row){ &limits, "queue", NULL, limit, 3 });
	rgw_rows_add(rows, &(struct rgw_row){ &limits, "queue", NULL, limit, 3 });
	rgw_rows_add(rows, &(struct rgw_row){ &whole, NULL, NULL, pending, 1 });
}

static char *
json_of(const struct rgw_rows *rows)
{
	struct rgw_json j;
	size_t len;

	rgw_json_init(&j, 1 << 20);
	rgw_json_object(&j, NULL);
	rgw_rows_json(rows, &peers, &j);
	rgw_rows_json(rows, &conns, &j);
	rgw_rows_json(rows, &limits, &j);
	rgw_rows_json(rows, &whole, &j);
	rgw_json_end(&j);
	return rgw_json_take(&j, &len);
}

static void
check(const struct rgw_rows *rows, const char *want)
{
	char *text = json_of(rows);

	assert_string_equal(text, want);
	free(text);
}

static void
one_worker(void **state)
{
	struct rgw_rows one, all;
	static const char want[] =
	    "{\"peers\":[{\"name\":\"a\",\"state\":\"down\",\"up\":2,\"same\":7,\"least\":8},"
	    "{\"name\":\"b\",\"state\":\"down\",\"up\":2,\"same\":7,\"least\":8}],"
	    "\"connections\":[{\"name\":\"a\",\"worker\":2},{\"name\":\"a\",\"worker\":2}],"
	    "\"limits\":[{\"name\":\"queue\",\"used\":2,\"max\":10,\"percent\":20},"
	    "{\"name\":\"queue\",\"used\":2,\"max\":10,\"percent\":20}],\"gateway\":{\"pending\":2}}";

	(void)state;
	tell(&one, 2, "down", 3);
	check(&one, want);
	rgw_rows_init(&all);
	rgw_rows_join(&all, &one);
	check(&all, want);
	rgw_rows_fini(&one);
	rgw_rows_fini(&all);
}

/* Numbers are added up, the best state counts, connections are told apart, shares are worked out of the sums. */
static void
several_workers(void **state)
{
	struct rgw_rows all, one;

	(void)state;
	rgw_rows_init(&all);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const states[] = { "idle", "up", "down" };
		static const unsigned ranks[] = { 4, 0, 3 };

		tell(&one, i, states[i], ranks[i]);
		rgw_rows_join(&all, &one);
		rgw_rows_fini(&one);
	}
	check(&all,
	    "{\"peers\":[{\"name\":\"a\",\"state\":\"up\",\"up\":3,\"same\":7,\"least\":8},"
	    "{\"name\":\"b\",\"state\":\"up\",\"up\":3,\"same\":7,\"least\":8}],"
	    "\"connections\":[{\"name\":\"a\",\"worker\":1},{\"name\":\"a\",\"worker\":2},"
	    "{\"name\":\"a\",\"worker\":2}],"
	    "\"limits\":[{\"name\":\"queue\",\"used\":3,\"max\":30,\"percent\":10},"
	    "{\"name\":\"queue\",\"used\":3,\"max\":30,\"percent\":10}],\"gateway\":{\"pending\":3}}");
	rgw_rows_fini(&all);
}

/* A limit of zero is no division by zero, and texts outlive whoever told them. */
static void
edges(void **state)
{
	struct rgw_cell room[RGW_CELLS];
	char name[] = "name", octets[] = { 'a', 'b' };
	const struct rgw_cell cells[] = { rgw_c_add("used", 5), rgw_c_add("max", 0), rgw_c_percent("percent"),
		rgw_c_same(rgw_f_octets("octets", octets, 2)) };
	struct rgw_rows rows;
	struct rgw_row row;

	(void)state;
	rgw_rows_init(&rows);
	assert_false(rgw_rows_get(&rows, 0, &row, room));
	rgw_rows_add(&rows, &(struct rgw_row){ &limits, name, NULL, cells, 4 });
	name[0] = octets[0] = 'x';
	assert_true(rgw_rows_get(&rows, 0, &row, room));
	assert_string_equal(row.name, "name");
	assert_int_equal(room[2].field.number, 0);
	assert_string_equal(room[3].field.data, "ab");
	assert_false(rgw_rows_get(&rows, 1, &row, room));
	rgw_rows_fini(&rows);
	rgw_rows_fini(&rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_worker),
		cmocka_unit_test(several_workers),
		cmocka_unit_test(edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
