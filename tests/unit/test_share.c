/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/share.h"

#include "helpers.h"
#include "radsecgw/common.h"
#include "radsecgw/ratelimit.h"

/* A configuration with three peers, of which the last one only connects to us, and a server. */
struct world {
	struct rgw_conf conf;
	struct rgw_conf_peer peers[3];
	struct rgw_conf_peer *peer_list[3];
	struct rgw_conf_server server;
	struct rgw_conf_server *server_list[1];
	struct rgw_conf_listen listen;
	struct rgw_conf_listen *listen_list[1];
};

static void
init(struct world *w, uint32_t workers)
{
	memset(w, 0, sizeof *w);
	w->conf.gateway = (struct rgw_conf_gateway){ .workers = workers, .max_requests = 100,
		.max_request_octets = 16777217, .kept_answers = 8388611, .max_write_octets = 4194303,
		.max_connections = 10, .max_connections_per_address = 7, .max_half_open = 3,
		.max_half_open_per_address = 2, .connect_rate = { 10, 1000, 5 },
		.connect_rate_per_address = { 9, 1000, 9 } };
	w->conf.log.rate = 10;
	w->peers[0] = (struct rgw_conf_peer){ .head = { .name = (char *)(uintptr_t)"p", .index = 0, .id = 0 },
		.connect.n = 1, .connections = { 3, 64 }, .connect_rate = { 5, 1000, 5 }, .queue = 1000,
		.max_connections = 4 };
	w->peers[1] = (struct rgw_conf_peer){ .head = { .index = 1, .id = 1 }, .connect.n = 1,
		.connections = { 0, 0 }, .queue = 0, .max_connections = 16 };
	w->peers[2] = (struct rgw_conf_peer){ .head = { .index = 2, .id = 2 }, .max_connections = 9 };
	w->server = (struct rgw_conf_server){ .max_requests = 4096 };
	w->listen = (struct rgw_conf_listen){ .max_connections = 0 };
	w->peer_list[0] = &w->peers[0];
	w->peer_list[1] = &w->peers[1];
	w->peer_list[2] = &w->peers[2];
	w->server_list[0] = &w->server;
	w->listen_list[0] = &w->listen;
	w->conf.peer.v = w->peer_list;
	w->conf.peer.n = 3;
	w->conf.server.v = w->server_list;
	w->conf.server.n = 1;
	w->conf.listen.v = w->listen_list;
	w->conf.listen.n = 1;
	w->conf.ids[RGW_CONF_LISTEN].n = 1;
	w->conf.ids[RGW_CONF_PEER].n = 3;
}

static void
one_worker_has_it_all(void **state)
{
	struct world w;
	struct rgw_conf *view;

	(void)state;
	init(&w, 1);
	view = rgw_share_new(&w.conf, 0);
	assert_memory_equal(&view->gateway, &w.conf.gateway, sizeof view->gateway);
	assert_memory_equal(view->peer.v[0], &w.peers[0], sizeof w.peers[0]);
	assert_memory_equal(view->peer.v[1], &w.peers[1], sizeof w.peers[1]);
	assert_memory_equal(view->server.v[0], &w.server, sizeof w.server);
	assert_int_equal(view->log.rate, 10);
	rgw_share_free(view);
	rgw_share_free(NULL);
}

/* What all workers have together. */
struct sum {
	uint64_t requests, request_octets, kept, write_octets, half_open, burst, log, most, fewest, peer_burst, queue,
	    server;
};

static void
add(struct sum *s, const struct rgw_conf *view)
{
	const struct rgw_conf_peer *p = view->peer.v[0];

	assert_true(view->gateway.max_requests > 0 && view->gateway.max_half_open > 0);
	assert_true(view->gateway.connect_rate.burst > 0 && view->log.rate > 0);
	assert_true(p->connections.max > 0 && p->queue > 0 && p->connect_rate.burst > 0);
	assert_true(p->connections.min <= p->connections.max);
	assert_true(view->server.v[0]->max_requests > 0);
	s->requests += view->gateway.max_requests;
	s->request_octets += view->gateway.max_request_octets;
	s->kept += view->gateway.kept_answers;
	s->write_octets += view->gateway.max_write_octets;
	s->half_open += view->gateway.max_half_open;
	s->burst += view->gateway.connect_rate.burst;
	s->log += view->log.rate;
	s->most += p->connections.max;
	s->fewest += p->connections.min;
	s->peer_burst += p->connect_rate.burst;
	s->queue += p->queue;
	s->server += view->server.v[0]->max_requests;
}

static uint64_t
at_least(uint64_t whole, uint32_t workers)
{
	return whole > workers ? whole : workers;
}

/* Shares add up to the whole; where the whole is less than one for each, each has one. */
static void
shares_add_up(void **state)
{
	struct world w;

	(void)state;
	for (uint32_t workers = 1; workers <= 64; workers++) {
		struct sum s = { 0 };

		init(&w, workers);
		for (uint32_t i = 0; i < workers; i++) {
			struct rgw_conf *view = rgw_share_new(&w.conf, i);

			add(&s, view);
			rgw_share_free(view);
		}
		assert_int_equal(s.requests, 100);
		assert_int_equal(s.request_octets, 16777217);
		assert_int_equal(s.kept, 8388611);
		assert_int_equal(s.write_octets, 4194303);
		assert_int_equal(s.half_open, at_least(3, workers));
		assert_int_equal(s.burst, at_least(5, workers));
		assert_int_equal(s.log, at_least(10, workers));
		assert_int_equal(s.most, 64);
		assert_int_equal(s.fewest, 3);
		assert_int_equal(s.peer_burst, at_least(5, workers));
		assert_int_equal(s.queue, 1000);
		assert_int_equal(s.server, 4096);
	}
}

/* No share is larger than another by more than one, and the first workers have the larger ones. */
static void
shares_are_even(void **state)
{
	struct world w;
	uint32_t last = UINT32_MAX;

	(void)state;
	init(&w, 7);
	for (uint32_t i = 0; i < 7; i++) {
		struct rgw_conf *view = rgw_share_new(&w.conf, i);

		assert_in_range(view->gateway.max_requests, 100 / 7, 100 / 7 + 1);
		assert_true(view->gateway.max_requests <= last);
		last = view->gateway.max_requests;
		assert_int_equal(view->peer.v[0]->connections.min, i < 3);
		rgw_share_free(view);
	}
}

/* In the long run all workers together let through what one would, even of one event in an hour. */
static void
rates_are_exact(void **state)
{
	static const struct rgw_rate rates[] = { { 10, 1000, 5 }, { 1, 3600000, 2 }, { 7, 60000, 100 } };
	struct world w;

	(void)state;
	for (size_t r = 0; r < COUNT(rates); r++) {
		rgw_ms end = rates[r].period * 300;
		uint64_t n = 0;

		init(&w, 3);
		w.conf.gateway.connect_rate = rates[r];
		for (uint32_t i = 0; i < 3; i++) {
			struct rgw_conf *view = rgw_share_new(&w.conf, i);
			const struct rgw_rate *share = &view->gateway.connect_rate;
			struct rgw_bucket b;
			rgw_ms now = 0;

			rgw_bucket_init(&b, share->events, share->period, share->burst, 0);
			while ((now = rgw_bucket_next(&b, now)) <= end)
				n += rgw_bucket_take(&b, now);
			rgw_share_free(view);
		}
		assert_int_equal(n, 300 * rates[r].events + at_least(rates[r].burst, 3));
	}
}

/* A limit that is off stays off, and so does a queue that is switched off. */
static void
nothing_stays_nothing(void **state)
{
	struct world w;
	struct rgw_conf *view;

	(void)state;
	init(&w, 4);
	w.conf.gateway.connect_rate = (struct rgw_rate){ 0, 1000, 0 };
	w.conf.log.rate = 0;
	view = rgw_share_new(&w.conf, 3);
	assert_int_equal(view->gateway.connect_rate.events, 0);
	assert_int_equal(view->log.rate, 0);
	assert_int_equal(view->peer.v[1]->connections.min, 0);
	assert_int_equal(view->peer.v[1]->connections.max, 0);
	assert_int_equal(view->peer.v[1]->queue, 0);
	rgw_share_free(view);
}

/* What is counted in common, or meets one worker only, is not divided; the snapshot stays as it was. */
static void
leaves_the_rest_alone(void **state)
{
	struct world w, before;
	struct rgw_conf *view;

	(void)state;
	init(&w, 4);
	before = w;
	view = rgw_share_new(&w.conf, 1);
	assert_int_equal(view->gateway.workers, 4);
	assert_int_equal(view->gateway.max_connections, 10);
	assert_int_equal(view->gateway.max_connections_per_address, 7);
	assert_int_equal(view->gateway.max_half_open_per_address, 2);
	assert_memory_equal(&view->gateway.connect_rate_per_address,
	    &w.conf.gateway.connect_rate_per_address, sizeof(struct rgw_rate));
	assert_int_equal(view->peer.v[0]->max_connections, 4);
	assert_ptr_equal(view->peer.v[0]->head.name, w.peers[0].head.name);
	assert_int_equal(view->peer.v[1]->head.index, 1);
	assert_ptr_equal(view->peer.v[2], &w.peers[2]);
	assert_ptr_equal(view->listen.v, w.conf.listen.v);
	assert_memory_equal(&w, &before, sizeof w);
	rgw_share_free(view);
}

static void
common_has_the_limits_of_connections(void **state)
{
	static const struct rgw_hashkey salt = { 1, 2 };
	struct world w;
	struct rgw_common *c;

	(void)state;
	init(&w, 4);
	c = rgw_common_new(&w.conf, &salt);
	assert_memory_equal(&c->salt, &salt, sizeof salt);
	assert_int_equal(rgw_quota_max(&c->incoming), 10);
	assert_int_equal(rgw_quota_max(c->listens[0]), UINT32_MAX);
	assert_int_equal(rgw_quota_max(c->peers[0]), 4);
	assert_int_equal(rgw_quota_max(c->peers[1]), 16);
	assert_int_equal(rgw_quota_max(c->peers[2]), 9);
	rgw_common_free(c);
	w.listen.max_connections = 5;
	c = rgw_common_new(&w.conf, &salt);
	assert_int_equal(rgw_quota_max(c->listens[0]), 5);
	rgw_common_free(c);
	rgw_common_free(NULL);
}

/* A newer configuration has other limits, and other ids; whoever works with a quota goes on with it. */
static void
common_takes_up_other_limits(void **state)
{
	static const struct rgw_hashkey salt = { 1, 2 };
	struct rgw_quota *first, *second;
	struct rgw_common *c;
	struct world w;

	(void)state;
	init(&w, 4);
	c = rgw_common_new(&w.conf, &salt);
	first = c->peers[0];
	second = c->peers[1];
	for (unsigned i = 0; i < 4; i++)
		assert_true(rgw_quota_take(first));
	w.peers[0].max_connections = 2;
	w.peers[2].head.id = 5;
	w.conf.peer.n = 3;
	w.conf.ids[RGW_CONF_PEER].n = 6;
	w.listen.max_connections = 1;
	w.conf.gateway.max_connections = 20;
	rgw_common_adopt(c, &w.conf);
	assert_ptr_equal(c->peers[0], first);
	assert_ptr_equal(c->peers[1], second);
	assert_int_equal(rgw_quota_used(first), 4);
	assert_int_equal(rgw_quota_max(first), 2);
	assert_int_equal(rgw_quota_max(c->peers[2]), 9);
	assert_null(c->peers[3]);
	assert_int_equal(rgw_quota_max(c->peers[5]), 9);
	assert_int_equal(rgw_quota_max(c->listens[0]), 1);
	assert_int_equal(rgw_quota_max(&c->incoming), 20);
	/* Nothing is taken before there is room. */
	rgw_quota_give(first);
	rgw_quota_give(first);
	assert_false(rgw_quota_take(first));
	rgw_quota_give(first);
	assert_true(rgw_quota_take(first));
	rgw_common_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_worker_has_it_all),
		cmocka_unit_test(shares_add_up),
		cmocka_unit_test(shares_are_even),
		cmocka_unit_test(rates_are_exact),
		cmocka_unit_test(nothing_stays_nothing),
		cmocka_unit_test(leaves_the_rest_alone),
		cmocka_unit_test(common_has_the_limits_of_connections),
		cmocka_unit_test(common_takes_up_other_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
