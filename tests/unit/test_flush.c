/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../src/net/udp_priv.h"
#include "helpers.h"
#include "radsecgw/mem.h"

/* The end of a turn: what is queued leaves, and what the kernel says to that is told to the engine. The engine is
 * not there; its part that hears of a server that is not there is this one (see the Makefile). */

struct rgw_source {
	struct fixture *f;
};

struct fixture {
	struct rgw_conf conf;
	struct ev_loop *loop;
	struct rgw_log log;
	struct rgw_net *net;
	struct rgw_addr to;
	struct rgw_source source;
	void *io;
	unsigned refusals;
	unsigned again;        /* so many times the engine sends once more when it hears of one */
};

static const uint8_t packet[20] = { 1, 1, 0, 20 };

static void
send_one(struct fixture *f)
{
	rgw_net_ops.source_send(f->net, f->io, &(struct rgw_outgoing){ packet, sizeof packet, NULL });
}

void __wrap_rgw_source_on_refused(struct rgw_source *source, const char *why, rgw_ms now);

void
__wrap_rgw_source_on_refused(struct rgw_source *source, const char *why, rgw_ms now)
{
	struct fixture *f = source->f;

	(void)now;
	assert_non_null(strstr(why, "port unreachable"));
	f->refusals++;
	if (f->again == 0)
		return;
	f->again--;
	send_one(f);
}

static bool
write_nowhere(void *ctx, enum rgw_log_level level, const char *line, size_t len)
{
	(void)ctx;
	(void)level;
	(void)line;
	(void)len;
	return true;
}

static void
no_clock(void *ctx, int64_t *sec, uint32_t *nsec)
{
	(void)ctx;
	*sec = 0;
	*nsec = 0;
}

/* A port of this machine that nobody listens at: the socket that has it sends only to itself. */
static int
take_port(struct rgw_addr *out)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;

	assert_true(rgw_addr_parse("127.0.0.1", 0, out));
	(void)rgw_addr_to_sockaddr(out, &sa);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(struct sockaddr_in)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, len), 0);
	assert_true(rgw_addr_from_sockaddr(out, (struct sockaddr *)&sa));
	return fd;
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct rgw_conf_report report = { 0 };
	struct rgw_net_change *change;
	struct rgw_edition *edition;

	if (f == NULL)
		return -1;
	f->conf.gateway.workers = 1;
	f->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	rgw_log_init(&f->log, write_nowhere, no_clock, NULL);
	f->net = rgw_net_new(0, 1, f->loop, &f->log);
	f->conf.gateway.head.name = f->conf.log.head.name = f->conf.control.head.name = f->conf.metrics.head.name = "";
	rgw_conf_inherit(&f->conf, NULL);
	change = rgw_net_prepare(f->net, &f->conf, NULL, &report);
	assert_non_null(change);
	edition = rgw_edition_new(&f->conf, NULL, NULL);
	rgw_net_adopt(f->net, change, edition);
	rgw_edition_drop(edition);
	f->source.f = f;
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	rgw_net_free(f->net);
	ev_loop_destroy(f->loop);
	for (size_t kind = 0; kind < RGW_CONF_KINDS; kind++)
		free(f->conf.ids[kind].place);
	free(f);
	return 0;
}

/* Sends one, and waits until the kernel has heard that nobody listens there. */
static void
provoke(struct fixture *f)
{
	struct pollfd p = { .fd = ((struct rgw_udp_socket *)f->io)->bound.fd };

	send_one(f);
	rgw_net_flush(f->net);
	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_true((p.revents & POLLERR) != 0);
}

/* The kernel says it when the next datagram is sent. The engine hears of it in the same turn, and not when something
 * else happens, which may be much later. */
static void
refusal_is_told_at_once(void **state)
{
	struct fixture *f = *state;
	int fd = take_port(&f->to);

	f->io = rgw_net_ops.source_open(f->net, &f->source, NULL, &f->to);
	assert_non_null(f->io);
	provoke(f);
	assert_int_equal(f->refusals, 0);
	send_one(f);
	rgw_net_flush(f->net);
	assert_int_equal(f->refusals, 1);
	rgw_net_ops.source_close(f->net, f->io);
	close(fd);
}

/* What the engine sends because of it leaves in the same turn, too. */
static void
what_comes_of_it_is_sent(void **state)
{
	struct fixture *f = *state;
	int fd = take_port(&f->to);

	f->io = rgw_net_ops.source_open(f->net, &f->source, NULL, &f->to);
	assert_non_null(f->io);
	provoke(f);
	f->again = 1;
	send_one(f);
	rgw_net_flush(f->net);
	assert_int_equal(f->again, 0);
	assert_int_equal(f->net->udp->queued, 0);
	assert_true(rgw_list_empty(&f->net->udp->refused));
	rgw_net_ops.source_close(f->net, f->io);
	close(fd);
}

/* A source that has been closed is told nothing. */
static void
closed_sources_hear_nothing(void **state)
{
	struct fixture *f = *state;
	int fd = take_port(&f->to);

	f->io = rgw_net_ops.source_open(f->net, &f->source, NULL, &f->to);
	assert_non_null(f->io);
	provoke(f);
	send_one(f);
	rgw_udp_flush(f->net->udp);
	assert_false(rgw_list_empty(&f->net->udp->refused));
	rgw_net_ops.source_close(f->net, f->io);
	rgw_net_flush(f->net);
	assert_int_equal(f->refusals, 0);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(refusal_is_told_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_comes_of_it_is_sent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(closed_sources_hear_nothing, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("flush", tests, NULL, NULL);
}
