/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "radsecgw/build.h"

static volatile sig_atomic_t over;

static void
on_signal(int number)
{
	(void)number;
	over = 1;
}

bool
bench_is_over(void)
{
	return over != 0;
}

void
bench_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

/* ---- options ---- */

static void
help(const char *usage, const struct bench_option *options, size_t n)
{
	fprintf(stderr, "usage: %s\n", usage);
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "  --%-14s %s\n", options[i].name, options[i].help);
	exit(2);
}

static void
set(const struct bench_option *o, const char *value)
{
	char *end;

	switch (o->type) {
	case BENCH_TEXT:
		*(const char **)o->value = value;
		return;
	case BENCH_NUMBER:
		*(double *)o->value = strtod(value, &end);
		if (end == value || *end != '\0')
			bench_fail("--%s wants a number, not '%s'", o->name, value);
		return;
	case BENCH_FLAG:
		*(bool *)o->value = true;
		return;
	}
}

static int
read_options(int argc, char **argv, const char *usage, const struct bench_option *options, size_t n)
{
	int at = 1;

	while (at < argc && strncmp(argv[at], "--", 2) == 0) {
		const struct bench_option *o = options;

		while (o < options + n && strcmp(o->name, argv[at] + 2) != 0)
			o++;
		if (o == options + n || (o->type != BENCH_FLAG && at + 1 == argc))
			help(usage, options, n);
		set(o, argv[at + 1]);
		at += o->type == BENCH_FLAG ? 1 : 2;
	}
	return at;
}

int
bench_begin(int argc, char **argv, const char *usage, const struct bench_option *options, size_t n)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct rlimit files;

	/* Without SA_RESTART, so that whoever waits is woken. */
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	return read_options(argc, argv, usage, options, n);
}

/* ---- time ---- */

int64_t
bench_now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* ---- histogram ---- */

/* 128 buckets for each doubling: bucket 128 * (k + 1) + m holds (128 + m) << k and what lies between. */
static size_t
bucket_of(uint64_t v)
{
	unsigned k;
	size_t i;

	if (v < 128)
		return v;
	k = 63 - (unsigned)__builtin_clzll(v) - 7;
	i = 128 * ((size_t)k + 1) + (v >> k) - 128;
	return i < BENCH_BUCKETS ? i : BENCH_BUCKETS - 1;
}

/* The middle of a bucket. */
static int64_t
value_of(size_t i)
{
	size_t k = i / 128;

	if (k == 0)
		return (int64_t)i;
	return (int64_t)(((uint64_t)(128 + i % 128) << (k - 1)) + ((UINT64_C(1) << (k - 1)) / 2));
}

void
bench_hist_add(struct bench_hist *h, int64_t value)
{
	if (value < 0)
		value = 0;
	h->n++;
	h->bucket[bucket_of((uint64_t)value)]++;
	if (value > h->max)
		h->max = value;
}

int64_t
bench_hist_at(const struct bench_hist *h, double q)
{
	uint64_t want = (uint64_t)(q * (double)h->n);
	uint64_t seen = 0;

	if (h->n == 0)
		return 0;
	for (size_t i = 0; i < BENCH_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen > want)
			return value_of(i) < h->max ? value_of(i) : h->max;
	}
	return h->max;
}

/* ---- RADIUS ---- */

uint64_t
bench_unique(void)
{
	static uint64_t state;
	uint64_t z;

	/* Splitmix64 is a permutation of its counter, hence the numbers are distinct. */
	if (state == 0)
		state = (uint64_t)bench_now(CLOCK_REALTIME) << 20;
	z = (state += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

size_t
bench_answer(uint8_t *buf, size_t cap, const struct rgw_packet *request,
    const struct rgw_secret *secret)
{
	bool acct = request->code == RGW_ACCOUNTING_REQUEST;
	struct rgw_builder b;

	if (!acct && request->code != RGW_ACCESS_REQUEST && request->code != RGW_STATUS_SERVER)
		return 0;
	rgw_build_begin(&b, buf, cap, acct ? RGW_ACCOUNTING_RESPONSE : RGW_ACCESS_ACCEPT, request->id,
	    NULL, request->n_msgauth > 0);
	rgw_build_copy(&b, request, RGW_PROXY_STATE);
	return rgw_build_response(&b, rgw_packet_auth(request), secret);
}

void
bench_hide(uint8_t out[static 16], const char *password, const uint8_t *auth,
    const struct rgw_secret *secret)
{
	struct rgw_md5 md5 = secret->prefix;

	rgw_md5_update(&md5, auth, RGW_AUTH_LEN);
	rgw_md5_final(&md5, out);
	for (size_t i = 0; i < 16 && password[i] != '\0'; i++)
		out[i] ^= (uint8_t)password[i];
}

size_t
bench_access_request(uint8_t *buf, size_t cap, uint8_t id, const char *user,
    const struct rgw_secret *secret)
{
	uint64_t auth[2] = { bench_unique(), bench_unique() };
	uint8_t password[16];
	struct rgw_builder b;

	bench_hide(password, "hello", (const uint8_t *)auth, secret);
	rgw_build_begin(&b, buf, cap, RGW_ACCESS_REQUEST, id, (const uint8_t *)auth, true);
	rgw_build_attr(&b, RGW_USER_NAME, user, strlen(user));
	rgw_build_attr(&b, RGW_USER_PASSWORD, password, sizeof password);
	return rgw_build_request(&b, secret);
}
