/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../src/net/spread_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helpers.h"

#define HEADER 40

/* ---- the program in an interpreter of our own ---- */

static uint32_t
load(const uint8_t packet[static HEADER], const struct sock_filter *step)
{
	uint32_t at = step->k - (uint32_t)SKF_NET_OFF;

	if (BPF_SIZE(step->code) == BPF_B) {
		assert_true(at < HEADER);
		return packet[at];
	}
	assert_int_equal(BPF_SIZE(step->code), BPF_W);
	assert_true(at + 4 <= HEADER);
	return (uint32_t)packet[at] << 24 | (uint32_t)packet[at + 1] << 16 |
	    (uint32_t)packet[at + 2] << 8 | packet[at + 3];
}

/* Runs what the program may contain; anything else fails the test. */
static uint32_t
run(const struct sock_filter *program, unsigned n, const uint8_t packet[static HEADER])
{
	uint32_t a = 0, x = 0;

	for (unsigned pc = 0; pc < n; pc++) {
		const struct sock_filter *s = &program[pc];

		switch (s->code) {
		case BPF_LD | BPF_B | BPF_ABS:
		case BPF_LD | BPF_W | BPF_ABS:
			a = load(packet, s);
			break;
		case BPF_ALU | BPF_ADD | BPF_X:
			a += x;
			break;
		case BPF_ALU | BPF_MUL | BPF_K:
			a *= s->k;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			a >>= s->k;
			break;
		case BPF_MISC | BPF_TAX:
			x = a;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == s->k ? s->jt : s->jf;
			break;
		case BPF_JMP | BPF_JA:
			pc += s->k;
			break;
		case BPF_RET | BPF_A:
			return a;
		default:
			fail_msg("unknown instruction %x", s->code);
		}
	}
	fail_msg("the program does not end");
	return 0;
}

/* An IP header from this address, with noise in all other places. */
static void
make_packet(struct help_rng *rng, const char *from, uint8_t out[static HEADER])
{
	bool v6 = strchr(from, ':') != NULL;

	help_fill(rng, out, HEADER);
	out[0] = (uint8_t)((v6 ? 0x60 : 0x40) | (out[0] & 0x0f));
	assert_int_equal(inet_pton(v6 ? AF_INET6 : AF_INET, from, out + (v6 ? 8 : 12)), 1);
}

static uint32_t
worker_of(const char *from, enum rgw_spread_by by, uint32_t workers)
{
	struct sock_filter program[RGW_SPREAD_STEPS];
	unsigned n = rgw_spread_program(program, by, workers);
	struct help_rng rng = { 1 };
	uint8_t packet[HEADER];
	uint32_t result;

	assert_in_range(n, 1, RGW_SPREAD_STEPS);
	make_packet(&rng, from, packet);
	result = run(program, n, packet);
	assert_true(result < workers);
	/* Ports, lengths and the rest of the header do not count. */
	for (int i = 0; i < 20; i++) {
		make_packet(&rng, from, packet);
		assert_int_equal(run(program, n, packet), result);
	}
	return result;
}

static void
always_one_of_the_workers(void **state)
{
	static const char *const from[] = { "0.0.0.0", "255.255.255.255", "127.0.0.1", "192.0.2.77", "::",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::1", "2001:db8::1", "fe80::1" };

	(void)state;
	for (uint32_t workers = 1; workers <= 64; workers++)
		for (size_t i = 0; i < COUNT(from); i++) {
			worker_of(from[i], RGW_SPREAD_BY_ADDRESS, workers);
			worker_of(from[i], RGW_SPREAD_BY_NETWORK, workers);
		}
}

static void
what_counts_of_ipv6(void **state)
{
	unsigned seen_by_address = 0, seen_by_network = 0;

	(void)state;
	for (unsigned i = 1; i < 200; i++) {
		char from[64];

		snprintf(from, sizeof from, "2001:db8:1:2::%x", i);
		seen_by_address |= 1u << worker_of(from, RGW_SPREAD_BY_ADDRESS, 8);
		seen_by_network |= 1u << worker_of(from, RGW_SPREAD_BY_NETWORK, 8);
	}
	assert_int_equal(seen_by_address, 0xff);
	assert_int_equal(seen_by_network, 1u << worker_of("2001:db8:1:2::", RGW_SPREAD_BY_NETWORK, 8));
}

/* Of addresses as they stand beside each other in real networks, nobody gets more than three times the
 * share of another. */
static void
spreads_evenly(void **state)
{
	static const char *const forms[][2] = { { "10.1.2.", "" }, { "10.", ".0.1" }, { "", ".0.0.1" },
		{ "192.168.", ".254" }, { "2001:db8:", "::1" }, { "2001:db8:0:", "::1" },
		{ "fd00::", "" } };

	(void)state;
	for (size_t f = 0; f < COUNT(forms); f++)
		for (uint32_t workers = 2; workers <= 8; workers *= 2) {
			unsigned n[8] = { 0 };

			for (unsigned i = 0; i < 256; i++) {
				char from[64];

				/* Decimal digits are good in both families. */
				snprintf(from, sizeof from, "%s%u%s", forms[f][0], i, forms[f][1]);
				n[worker_of(from, RGW_SPREAD_BY_ADDRESS, workers)]++;
			}
			for (uint32_t w = 0; w < workers; w++)
				assert_in_range(n[w], 128 / workers, 384 / workers);
		}
}

/* ---- the program in the kernel, and the sockets that it chooses from ---- */

#define WORKERS 4

struct group {
	int type;
	int fd[WORKERS];
	struct sockaddr_storage at;
	socklen_t len;
};

static int
fresh_socket(int type, int family)
{
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int yes = 1, no = 0;

	assert_true(fd >= 0);
	if (type == SOCK_STREAM)
		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), 0);
	if (family == AF_INET6)
		assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no), 0);
	return fd;
}

/* Binds the sockets of all workers, to a port that the first one gets. */
static void
open_group(struct group *g, int type, int family)
{
	g->type = type;
	g->at = (struct sockaddr_storage){ .ss_family = (sa_family_t)family };
	g->len = sizeof g->at;
	if (family == AF_INET)
		((struct sockaddr_in *)&g->at)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (uint32_t i = 0; i < WORKERS; i++) {
		struct rgw_spread s = { .worker = i, .workers = WORKERS };

		g->fd[i] = fresh_socket(type, family);
		if (!rgw_spread_bind(&s, g->fd[i], (struct sockaddr *)&g->at, g->len,
		        type == SOCK_STREAM ? 100 : 0))
			fail_msg("worker %u: %s", i, strerror(errno));
		assert_int_equal(getsockname(g->fd[i], (struct sockaddr *)&g->at, &g->len), 0);
	}
}

static void
admit(const struct group *g)
{
	for (uint32_t i = 0; i < WORKERS; i++)
		rgw_spread_admit(g->fd[i]);
}

static void
close_group(struct group *g)
{
	for (int i = 0; i < WORKERS; i++)
		close(g->fd[i]);
}

/* Something arrives from 127.0.0.n; a fresh port each time. Gives the socket of ours. */
static int
knock(const struct group *g, unsigned n)
{
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000 + n) };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = ((const struct sockaddr_in *)&g->at)->sin_port };
	int fd = socket(AF_INET, g->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
	if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
		assert_int_equal(errno, EINPROGRESS);
	if (g->type == SOCK_DGRAM)
		assert_int_equal(send(fd, "x", 1, 0), 1);
	return fd;
}

/* Which worker got it? -1 = nobody. Takes it. */
static int
who_got_it(const struct group *g, int timeout)
{
	struct pollfd fds[WORKERS];
	int who = -1;

	for (int i = 0; i < WORKERS; i++)
		fds[i] = (struct pollfd){ .fd = g->fd[i], .events = POLLIN };
	poll(fds, WORKERS, timeout);
	for (int i = 0; i < WORKERS; i++) {
		char octet;
		int fd;

		if (fds[i].revents == 0)
			continue;
		assert_int_equal(who, -1);
		who = i;
		if (g->type == SOCK_DGRAM) {
			assert_int_equal(recv(g->fd[i], &octet, 1, 0), 1);
		} else {
			fd = accept(g->fd[i], NULL, NULL);
			assert_true(fd >= 0);
			close(fd);
		}
	}
	return who;
}

static void
each_address_meets_its_worker(void **state)
{
	static const int kinds[][2] = { { SOCK_DGRAM, AF_INET }, { SOCK_STREAM, AF_INET },
		{ SOCK_DGRAM, AF_INET6 }, { SOCK_STREAM, AF_INET6 } };

	(void)state;
	for (size_t k = 0; k < COUNT(kinds); k++) {
		struct group g;
		unsigned seen = 0;

		open_group(&g, kinds[k][0], kinds[k][1]);
		admit(&g);
		for (unsigned n = 1; n <= 40; n++) {
			char from[16];
			int fd = knock(&g, n);
			int who = who_got_it(&g, 2000);

			snprintf(from, sizeof from, "127.0.0.%u", n);
			assert_int_equal(who, (int)worker_of(from, RGW_SPREAD_BY_ADDRESS, WORKERS));
			seen |= 1u << who;
			close(fd);
			/* Another port of the same address. */
			fd = knock(&g, n);
			assert_int_equal(who_got_it(&g, 2000), who);
			close(fd);
		}
		assert_int_equal(seen, (1u << WORKERS) - 1);
		close_group(&g);
	}
}

/* As long as the group may be incomplete, nobody is given to anybody. */
static void
nobody_gets_in_before(void **state)
{
	static const int types[] = { SOCK_DGRAM, SOCK_STREAM };

	(void)state;
	for (size_t k = 0; k < COUNT(types); k++) {
		struct group g;
		int early, later;

		open_group(&g, types[k], AF_INET);
		early = knock(&g, 5);
		assert_int_equal(who_got_it(&g, 50), -1);
		admit(&g);
		assert_int_equal(who_got_it(&g, 0), -1);
		later = knock(&g, 6);
		assert_int_not_equal(who_got_it(&g, 2000), -1);
		close(early);
		close(later);
		close_group(&g);
	}
}

/* A second gateway, with one worker or several, finds the address in use. */
static void
second_gateway_is_refused(void **state)
{
	static const int types[] = { SOCK_DGRAM, SOCK_STREAM };

	(void)state;
	for (size_t k = 0; k < COUNT(types); k++)
		for (uint32_t workers = 1; workers <= 2; workers++) {
			struct rgw_spread s = { .worker = 0, .workers = workers };
			struct group g;
			int fd;

			open_group(&g, types[k], AF_INET);
			fd = fresh_socket(types[k], AF_INET);
			assert_false(rgw_spread_bind(&s, fd, (struct sockaddr *)&g.at, g.len,
			    types[k] == SOCK_STREAM ? 100 : 0));
			assert_int_equal(errno, EADDRINUSE);
			close(fd);
			close_group(&g);
		}
}

/* Workers do not join a gateway that is there already, either. */
static void
workers_join_no_stranger(void **state)
{
	struct rgw_spread first = { .worker = 0, .workers = 2 };
	struct rgw_spread alone = { .worker = 0, .workers = 1 };
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	int stranger = fresh_socket(SOCK_DGRAM, AF_INET);
	int fd = fresh_socket(SOCK_DGRAM, AF_INET);
	int reuse = -1;

	(void)state;
	assert_true(rgw_spread_bind(&alone, stranger, (struct sockaddr *)&at, sizeof at, 0));
	/* One worker alone keeps its socket to itself. */
	len = sizeof reuse;
	assert_int_equal(getsockopt(stranger, SOL_SOCKET, SO_REUSEPORT, &reuse, &len), 0);
	assert_int_equal(reuse, 0);
	len = sizeof at;
	assert_int_equal(getsockname(stranger, (struct sockaddr *)&at, &len), 0);
	assert_false(rgw_spread_bind(&first, fd, (struct sockaddr *)&at, sizeof at, 0));
	assert_int_equal(errno, EADDRINUSE);
	close(fd);
	close(stranger);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(always_one_of_the_workers),
		cmocka_unit_test(what_counts_of_ipv6),
		cmocka_unit_test(spreads_evenly),
		cmocka_unit_test(each_address_meets_its_worker),
		cmocka_unit_test(nobody_gets_in_before),
		cmocka_unit_test(second_gateway_is_refused),
		cmocka_unit_test(workers_join_no_stranger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
