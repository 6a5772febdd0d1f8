/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/metrictext.h"

#include <stdio.h>
#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/histogram.h"

/* The text formats of metrics, and the histograms that they show. */

static void
check(struct rgw_metrictext *t, const char *want)
{
	size_t len;
	char *text = rgw_metrictext_take(t, &len);

	assert_non_null(text);
	assert_int_equal(len, strlen(want));
	assert_memory_equal(text, want, len);
	free(text);
}

/* One family of each type. */
static void
write_all(struct rgw_metrictext *t)
{
	static const struct rgw_label labels[] = { { "peer", "a" }, { "state", "up" } };
	struct rgw_histogram h = { .sum = 0 };

	rgw_metrictext_family(t, "x_requests", RGW_METRIC_COUNTER, "Requests.");
	rgw_metrictext_add(t, NULL, 0, 18446744073709551615u);
	rgw_metrictext_family(t, "x_nothing", RGW_METRIC_COUNTER, "A family without samples.");
	rgw_metrictext_family(t, "x_state", RGW_METRIC_GAUGE, "State.");
	rgw_metrictext_add(t, labels, 2, 1);
	rgw_metrictext_add(t, labels, 1, 0);
	rgw_metrictext_family(t, "x_build", RGW_METRIC_INFO, "Build.");
	rgw_metrictext_add(t, labels, 1, 1);
	rgw_metrictext_family(t, "x_cpu_seconds", RGW_METRIC_COUNTER, "Time.");
	rgw_metrictext_add_ms(t, NULL, 0, 61020);
	rgw_histogram_add(&h, 0);
	rgw_histogram_add(&h, 3);
	rgw_histogram_add(&h, 1009);
	h.counts[3] = 1;
	rgw_metrictext_family(t, "x_duration_seconds", RGW_METRIC_HISTOGRAM, "Durations.");
	rgw_metrictext_add_histogram(t, labels, 1, &(struct rgw_metric_histogram){ rgw_histogram_bounds, h.counts, 3,
	    h.sum });
}

static void
prometheus(void **state)
{
	struct rgw_metrictext t;

	(void)state;
	rgw_metrictext_init(&t, false, 1 << 16);
	write_all(&t);
	check(&t, "# HELP x_requests_total Requests.\n# TYPE x_requests_total counter\n"
	    "x_requests_total 18446744073709551615\n"
	    "# HELP x_state State.\n# TYPE x_state gauge\n"
	    "x_state{peer=\"a\",state=\"up\"} 1\nx_state{peer=\"a\"} 0\n"
	    "# HELP x_build_info Build.\n# TYPE x_build_info gauge\nx_build_info{peer=\"a\"} 1\n"
	    "# HELP x_cpu_seconds_total Time.\n# TYPE x_cpu_seconds_total counter\nx_cpu_seconds_total 61.02\n"
	    "# HELP x_duration_seconds Durations.\n# TYPE x_duration_seconds histogram\n"
	    "x_duration_seconds_bucket{peer=\"a\",le=\"0.001\"} 1\n"
	    "x_duration_seconds_bucket{peer=\"a\",le=\"0.002\"} 1\n"
	    "x_duration_seconds_bucket{peer=\"a\",le=\"0.005\"} 2\n"
	    "x_duration_seconds_bucket{peer=\"a\",le=\"+Inf\"} 3\n"
	    "x_duration_seconds_sum{peer=\"a\"} 1.012\nx_duration_seconds_count{peer=\"a\"} 3\n");
}

static void
openmetrics(void **state)
{
	struct rgw_metrictext t;
	struct rgw_histogram h = { .counts = { [9] = 1 }, .sum = 1000 };

	(void)state;
	rgw_metrictext_init(&t, true, 1 << 16);
	rgw_metrictext_family(&t, "x_requests", RGW_METRIC_COUNTER, "Requests.");
	rgw_metrictext_add(&t, NULL, 0, 1);
	rgw_metrictext_family(&t, "x_build", RGW_METRIC_INFO, "Build.");
	rgw_metrictext_add(&t, NULL, 0, 1);
	rgw_metrictext_family(&t, "x_duration_seconds", RGW_METRIC_HISTOGRAM, "Durations.");
	rgw_metrictext_add_histogram(&t, NULL, 0, &(struct rgw_metric_histogram){ &rgw_histogram_bounds[9],
	    &h.counts[9], 1, h.sum });
	check(&t, "# HELP x_requests Requests.\n# TYPE x_requests counter\nx_requests_total 1\n"
	    "# HELP x_build Build.\n# TYPE x_build info\nx_build_info 1\n"
	    "# HELP x_duration_seconds Durations.\n# TYPE x_duration_seconds histogram\n"
	    "x_duration_seconds_bucket{le=\"1.0\"} 1\nx_duration_seconds_bucket{le=\"+Inf\"} 1\n"
	    "x_duration_seconds_sum 1.0\nx_duration_seconds_count 1\n# EOF\n");
	check(&t, "# EOF\n");
	rgw_metrictext_init(&t, false, 10);
	check(&t, "");
}

/* What is not plain in the value of a label: both formats know the escapes \\, \" and \n only, and want UTF-8. */
static void
escapes(void **state)
{
	static const struct {
		const char *value, *want;
	} rows[] = {
		{ "", "" },
		{ "plain {name}=,#", "plain {name}=,#" },
		{ "a\\b\"c\nd", "a\\\\b\\\"c\\nd" },
		{ "\\n", "\\\\n" },
		{ "tab\tand\rbell\a", "tab\\\\x09and\\\\x0dbell\\\\x07" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "\xff\xc3", "\\\\xff\\\\xc3" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct rgw_label label = { "l", rows[i].value };
		struct rgw_metrictext t;
		char want[256];

		rgw_metrictext_init(&t, false, 1 << 16);
		rgw_metrictext_family(&t, "x", RGW_METRIC_GAUGE, "X.");
		rgw_metrictext_add(&t, &label, 1, 7);
		snprintf(want, sizeof want, "# HELP x X.\n# TYPE x gauge\nx{l=\"%s\"} 7\n", rows[i].want);
		check(&t, want);
	}
}

/* A text that gets too long is given up, whatever is written last. */
static void
limit(void **state)
{
	struct rgw_metrictext t;
	size_t len = 1;
	char *text;

	(void)state;
	for (size_t limit = 0; limit < 200; limit++) {
		rgw_metrictext_init(&t, true, limit);
		rgw_metrictext_family(&t, "x_requests", RGW_METRIC_COUNTER, "Requests.");
		rgw_metrictext_add(&t, NULL, 0, 1);
		text = rgw_metrictext_take(&t, &len);
		assert_true((text == NULL) == (limit < 79));
		assert_int_equal(len, text != NULL ? 79 : 0);
		free(text);
	}
}

/* Each duration is in the first range whose bound it does not exceed. */
static void
histogram(void **state)
{
	struct rgw_histogram h = { .sum = 0 };
	uint64_t sum = 0;

	(void)state;
	for (unsigned i = 0; i < RGW_HISTOGRAM_BOUNDS; i++) {
		rgw_histogram_add(&h, rgw_histogram_bounds[i]);
		rgw_histogram_add(&h, rgw_histogram_bounds[i] + 1);
		sum += 2 * rgw_histogram_bounds[i] + 1;
		assert_true(i == 0 || rgw_histogram_bounds[i] > rgw_histogram_bounds[i - 1]);
	}
	assert_int_equal(rgw_histogram_bounds[0], 1);
	assert_int_equal(rgw_histogram_bounds[RGW_HISTOGRAM_BOUNDS - 1], 30000);
	/* 2 is the bound behind 1, and one more than it. */
	assert_int_equal(h.counts[0], 1);
	assert_int_equal(h.counts[1], 2);
	for (unsigned i = 2; i < RGW_HISTOGRAM_BOUNDS; i++)
		assert_int_equal(h.counts[i], 2);
	assert_int_equal(h.counts[RGW_HISTOGRAM_BOUNDS], 1);
	assert_int_equal(h.sum, sum);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prometheus),
		cmocka_unit_test(openmetrics),
		cmocka_unit_test(escapes),
		cmocka_unit_test(limit),
		cmocka_unit_test(histogram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
