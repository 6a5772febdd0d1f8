/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "radsecgw/auth.h"
#include "radsecgw/build.h"
#include "radsecgw/wire.h"

#define SEGMENTS_MAX 64
#define SEGMENTS_OCTETS 65000

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

void
bench_receive_buffer(int fd)
{
	int octets = 16 << 20;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof octets) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
}

/* Do two datagrams fit into one call? */
static bool
is_alike(const struct msghdr *a, const struct msghdr *b)
{
	return a->msg_iov->iov_len == b->msg_iov->iov_len && a->msg_namelen == b->msg_namelen &&
	    (a->msg_namelen == 0 || memcmp(a->msg_name, b->msg_name, a->msg_namelen) == 0);
}

/* One call for n datagrams that are alike. */
static bool
send_segments(int fd, const struct mmsghdr *datagrams, unsigned n, int flags)
{
	uint16_t octets = (uint16_t)datagrams[0].msg_hdr.msg_iov->iov_len;
	struct iovec iov[SEGMENTS_MAX];
	struct msghdr all = datagrams[0].msg_hdr;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof octets)] = { 0 };
	struct cmsghdr *c;

	for (unsigned i = 0; i < n; i++)
		iov[i] = *datagrams[i].msg_hdr.msg_iov;
	all.msg_iov = iov;
	all.msg_iovlen = n;
	if (n > 1) {
		all.msg_control = control;
		all.msg_controllen = sizeof control;
		c = CMSG_FIRSTHDR(&all);
		c->cmsg_level = SOL_UDP;
		c->cmsg_type = UDP_SEGMENT;
		c->cmsg_len = CMSG_LEN(sizeof octets);
		memcpy(CMSG_DATA(c), &octets, sizeof octets);
	}
	return sendmsg(fd, &all, flags) >= 0;
}

unsigned
bench_send(int fd, struct mmsghdr *datagrams, unsigned n, int flags)
{
	static bool plain;  /* this kernel or this way does not segment */
	unsigned done = 0;

	while (done < n) {
		size_t octets = datagrams[done].msg_hdr.msg_iov->iov_len;
		unsigned same = 1;

		while (!plain && done + same < n && same < SEGMENTS_MAX &&
		    (same + 1) * octets <= SEGMENTS_OCTETS &&
		    is_alike(&datagrams[done].msg_hdr, &datagrams[done + same].msg_hdr))
			same++;
		if (send_segments(fd, datagrams + done, same, flags))
			done += same;
		else if (same > 1 && errno != EAGAIN && errno != ECONNREFUSED)
			plain = true;
		else
			break;
	}
	return done;
}

/* ---- time ---- */

int64_t
bench_now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
bench_stamp(struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	struct timespec ts;

	if (c == NULL || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
		return 0;
	memcpy(&ts, CMSG_DATA(c), sizeof ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
bench_cpu(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &ts) != 0)
		return 0;
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

/* ---- numbers ---- */

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

/* ---- what is hidden, and must arrive ---- */

static const uint8_t password[16] = "hello";

/* MS-MPPE-Recv-Key and MS-MPPE-Send-Key (RFC 2548 2.4): one octet of length, 32 of key, and padding. */
#define VENDOR_MICROSOFT 311
#define KEY_OCTETS 48
#define SALT_OCTETS 2
static const uint8_t key_types[] = { 17, 16 };

/* MD5(secret + a + b), what a block is hidden with. */
static void
stream(uint8_t out[static 16], const struct rgw_secret *secret, const uint8_t *a, const uint8_t *b,
    size_t b_len)
{
	struct rgw_md5 md5 = secret->prefix;

	rgw_md5_update(&md5, a, 16);
	rgw_md5_update(&md5, b, b_len);
	rgw_md5_final(&md5, out);
}

void
bench_hide(uint8_t out[static 16], const uint8_t *auth, const struct rgw_secret *secret)
{
	stream(out, secret, auth, NULL, 0);
	for (size_t i = 0; i < 16; i++)
		out[i] ^= password[i];
}

/* The octet of a key that all tools agree on. */
static uint8_t
key_octet(uint8_t type, size_t i)
{
	return i == 0 ? 32 : i <= 32 ? (uint8_t)(type * 7 + i) : 0;
}

/* Hides a key behind its salt; the same again with the hidden octets in their place is a check. */
static void
hide_key(uint8_t *value, uint8_t type, const uint8_t *auth, const struct rgw_secret *secret)
{
	uint8_t *block = value + SALT_OCTETS;
	uint8_t s[16];

	stream(s, secret, auth, value, SALT_OCTETS);
	for (size_t at = 0; at < KEY_OCTETS; at += 16) {
		if (at > 0)
			stream(s, secret, block + at - 16, NULL, 0);
		for (size_t i = 0; i < 16; i++)
			block[at + i] = s[i] ^ key_octet(type, at + i);
	}
}

static void
put_key(struct rgw_builder *b, uint8_t type, const uint8_t *auth, const struct rgw_secret *secret)
{
	uint8_t value[6 + SALT_OCTETS + KEY_OCTETS] = { 0, 0, VENDOR_MICROSOFT >> 8,
		VENDOR_MICROSOFT & 255, type, 2 + SALT_OCTETS + KEY_OCTETS, 0x80, type };

	hide_key(value + 6, type, auth, secret);
	rgw_build_attr(b, RGW_VENDOR_SPECIFIC, value, sizeof value);
}

/* How many of the keys came as they were sent? */
static unsigned
count_keys(const struct rgw_packet *answer, const uint8_t *auth, const struct rgw_secret *secret)
{
	uint8_t value[SALT_OCTETS + KEY_OCTETS];
	struct rgw_attr a = { 0 };
	unsigned n = 0;

	while (rgw_packet_next(answer, &a)) {
		struct rgw_rd r = rgw_rd_of(a.value, a.len);

		if (a.type != RGW_VENDOR_SPECIFIC || a.len != 6 + sizeof value ||
		    rgw_rd_u32(&r) != VENDOR_MICROSOFT || rgw_rd_u8(&r) != key_types[n])
			continue;
		memcpy(value, a.value + 6, SALT_OCTETS);
		hide_key(value, key_types[n], auth, secret);
		if (memcmp(value, a.value + 6, sizeof value) != 0)
			return 0;
		if (++n == sizeof key_types)
			break;
	}
	return n;
}

/* ---- requests and answers ---- */

bool
bench_request_ok(const struct rgw_packet *request, const struct rgw_secret *secret)
{
	struct rgw_auth_check check = rgw_auth_check_one(request, NULL, secret);
	uint8_t expect[16];
	struct rgw_attr a;

	if (!check.auth_ok)
		return false;
	if (request->code != RGW_ACCOUNTING_REQUEST && check.msgauth != RGW_MSGAUTH_OK)
		return false;
	if (!rgw_packet_get(request, RGW_AT_USER_PASSWORD, &a))
		return true;
	bench_hide(expect, rgw_packet_auth(request), secret);
	return a.len == sizeof expect && memcmp(a.value, expect, sizeof expect) == 0;
}

size_t
bench_answer(uint8_t *buf, size_t cap, const struct rgw_packet *request,
    const struct rgw_secret *secret)
{
	bool acct = request->code == RGW_ACCOUNTING_REQUEST;
	uint8_t success[4] = { 3, 0, 0, sizeof success };
	struct rgw_builder b;
	struct rgw_attr eap;

	if (!acct && request->code != RGW_ACCESS_REQUEST && request->code != RGW_STATUS_SERVER)
		return 0;
	rgw_build_begin(&b, buf, cap, acct ? RGW_ACCOUNTING_RESPONSE : RGW_ACCESS_ACCEPT, request->id,
	    NULL, request->n_msgauth > 0);
	if (rgw_packet_get(request, RGW_AT_EAP_MESSAGE, &eap) && eap.len >= 2) {
		success[1] = eap.value[1];
		rgw_build_attr(&b, RGW_EAP_MESSAGE, success, sizeof success);
		for (size_t i = 0; i < sizeof key_types; i++)
			put_key(&b, key_types[i], rgw_packet_auth(request), secret);
	}
	rgw_build_copy(&b, request, RGW_PROXY_STATE);
	return rgw_build_response(&b, rgw_packet_auth(request), secret);
}

bool
bench_answer_ok(const struct rgw_packet *answer, const struct rgw_packet *request,
    const struct rgw_secret *secret)
{
	const uint8_t *auth = rgw_packet_auth(request);
	struct rgw_auth_check check = rgw_auth_check_one(answer, auth, secret);

	if (!rgw_code_answers(answer->code, request->code) || !check.auth_ok)
		return false;
	if (check.msgauth != RGW_MSGAUTH_OK &&
	    (check.msgauth == RGW_MSGAUTH_BAD || request->code == RGW_ACCESS_REQUEST))
		return false;
	return answer->code != RGW_ACCESS_ACCEPT || !rgw_packet_has(request, RGW_AT_EAP_MESSAGE) ||
	    count_keys(answer, auth, secret) == sizeof key_types;
}

size_t
bench_access_request(uint8_t *buf, size_t cap, uint8_t id, const char *user,
    const struct rgw_secret *secret)
{
	uint64_t auth[2] = { bench_unique(), bench_unique() };
	uint8_t hidden[16];
	struct rgw_builder b;

	bench_hide(hidden, (const uint8_t *)auth, secret);
	rgw_build_begin(&b, buf, cap, RGW_ACCESS_REQUEST, id, (const uint8_t *)auth, true);
	rgw_build_attr(&b, RGW_USER_NAME, user, strlen(user));
	rgw_build_attr(&b, RGW_USER_PASSWORD, hidden, sizeof hidden);
	return rgw_build_request(&b, secret);
}
