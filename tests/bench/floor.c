/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include "bench.h"
#include "radsecgw/addr.h"
#include "radsecgw/auth.h"
#include "radsecgw/hop.h"
#include "radsecgw/mem.h"
#include "radsecgw/stream.h"
#include "radsecgw/tls.h"

/*
 * The least that a gateway between RADIUS/UDP and RADIUS/TLS has to do: each request is verified,
 * re-keyed, signed and sent on, and so is each answer. One thread, one packet per system call, no
 * duplicates, no timers, no second attempt, no names, no limits. What a gateway costs beyond this is the
 * price of what it does beyond this; what it costs less comes from doing the same more cleverly.
 *
 * A request that has no answer keeps its identifier until there is no other; then it gives way.
 */
#define EVENTS 64
#define LANES_MAX 64
#define SUITE "TLS13-AES128-GCM-SHA256"

/* One socket: where requests come in, or where they go out. */
struct end {
	int fd;
	size_t lane;      /* outgoing: its place among them */
	bool out;
	bool up;
	WOLFSSL *ssl;     /* NULL = UDP */
	struct rgw_stream stream;
};

/* A request under way, by lane and identifier. */
struct request {
	struct end *from;              /* NULL = none, or whoever asked is gone */
	struct sockaddr_in address;    /* with UDP */
	uint8_t octets[RGW_PACKET_MAX];
	struct rgw_packet packet;
	uint8_t auth[RGW_AUTH_LEN];    /* as it was sent on */
};

struct floor {
	const char *listen, *to, *pki, *name, *udp_secret;
	double n_lanes;
	bool inbound;
	const struct rgw_secret *in_secret, *out_secret;
	struct rgw_hidden_table *hidden;
	WOLFSSL_CTX *ctx;
	int epoll;
	struct end port;               /* the socket that listens */
	struct end lanes[LANES_MAX];
	struct request *requests;      /* owned: 256 for each lane */
	size_t next;
	uint8_t random[4096];
	size_t random_left;
	const uint8_t *in;             /* what has been read and not decrypted */
	size_t in_len;
	uint64_t forwarded, answered, bad;
};

static struct floor f = { .name = "localhost", .udp_secret = "testing123", .n_lanes = 16 };

/* ---- sockets ---- */

static void
watch(struct end *e)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = e };

	(void)epoll_ctl(f.epoll, EPOLL_CTL_ADD, e->fd, &event);
}

static void
end(struct end *e)
{
	if (e->out)
		bench_fail("a connection to %s has ended", f.to);
	for (size_t i = 0; i < (size_t)f.n_lanes * 256; i++)
		if (f.requests[i].from == e)
			f.requests[i].from = NULL;
	wolfSSL_free(e->ssl);
	rgw_stream_fini(&e->stream);
	close(e->fd);
	free(e);
}

static int
take_octets(WOLFSSL *ssl, char *buf, int size, void *arg)
{
	size_t n = (size_t)size < f.in_len ? (size_t)size : f.in_len;

	(void)ssl;
	(void)arg;
	if (n == 0)
		return WOLFSSL_CBIO_ERR_WANT_READ;
	memcpy(buf, f.in, n);
	f.in += n;
	f.in_len -= n;
	return (int)n;
}

/* Waits until the kernel has all. */
static int
give_octets(WOLFSSL *ssl, char *buf, int size, void *arg)
{
	ssize_t n = send(((struct end *)arg)->fd, buf, (size_t)size, MSG_NOSIGNAL);

	(void)ssl;
	return n > 0 ? (int)n : WOLFSSL_CBIO_ERR_CONN_CLOSE;
}

static void
send_packet(struct end *e, const struct sockaddr_in *to, const uint8_t *data, size_t len)
{
	if (e->ssl != NULL)
		(void)wolfSSL_write(e->ssl, data, (int)len);
	else
		(void)sendto(e->fd, data, len, 0, (const struct sockaddr *)to, to != NULL ? sizeof *to : 0);
}

/* ---- packets ---- */

static const uint8_t *
fresh_auth(void)
{
	if (f.random_left < RGW_AUTH_LEN) {
		rgw_random(f.random, sizeof f.random);
		f.random_left = sizeof f.random;
	}
	f.random_left -= RGW_AUTH_LEN;
	return f.random + f.random_left;
}

/* The next place that is free; if none is, the next one that is not. */
static size_t
take_place(void)
{
	size_t n = (size_t)f.n_lanes * 256;
	size_t at = f.next++ % n;

	for (size_t tried = 0; tried < n && f.requests[at].from != NULL; tried++)
		at = f.next++ % n;
	return at;
}

static bool
is_authentic(const struct rgw_packet *p, const uint8_t *request_auth, const struct rgw_secret *secret)
{
	struct rgw_auth_check check = rgw_auth_check_one(p, request_auth, secret);

	return check.auth_ok && check.msgauth != RGW_MSGAUTH_BAD;
}

static void
on_request(struct end *from, const struct sockaddr_in *address, const uint8_t *data, size_t len)
{
	size_t at = take_place();
	struct request *r = &f.requests[at];
	uint8_t out[RGW_PACKET_MAX];

	r->from = NULL;
	memcpy(r->octets, data, len);
	if (rgw_packet_parse(&r->packet, r->octets, len) != RGW_PACKET_OK ||
	    !is_authentic(&r->packet, NULL, f.in_secret)) {
		f.bad++;
		return;
	}
	len = rgw_hop_request(out, sizeof out, &(struct rgw_hop_request){ .in = &r->packet,
		.hidden = f.hidden, .from = f.in_secret, .to = f.out_secret,
		.fresh_auth = fresh_auth(), .id = (uint8_t)at });
	if (len == 0)
		return;
	r->from = from;
	if (address != NULL)
		r->address = *address;
	memcpy(r->auth, out + 4, sizeof r->auth);
	f.forwarded++;
	send_packet(&f.lanes[at / 256], NULL, out, len);
}

static void
on_response(const struct end *lane, const uint8_t *data, size_t len)
{
	uint8_t out[RGW_PACKET_MAX];
	struct rgw_packet p;
	struct request *r;

	if (rgw_packet_parse(&p, data, len) != RGW_PACKET_OK)
		return;
	r = &f.requests[lane->lane * 256 + p.id];
	if (r->from == NULL || !rgw_code_answers(p.code, r->packet.code) ||
	    !is_authentic(&p, r->auth, f.out_secret)) {
		f.bad++;
		return;
	}
	len = rgw_hop_response(out, sizeof out, &(struct rgw_hop_response){ .in = &p,
		.hidden = f.hidden, .from = f.out_secret, .from_auth = r->auth,
		.request = &r->packet, .to = f.in_secret, .msgauth = true });
	if (len > 0)
		send_packet(r->from, &r->address, out, len);
	r->from = NULL;
	f.answered++;
}

static void
on_packet(struct end *e, const struct sockaddr_in *address, const uint8_t *data, size_t len)
{
	if (e->out)
		on_response(e, data, len);
	else
		on_request(e, address, data, len);
}

/* ---- what is ready ---- */

static void
read_udp(struct end *e)
{
	uint8_t octets[RGW_PACKET_MAX];
	struct sockaddr_in from;
	socklen_t len = sizeof from;
	ssize_t n = recvfrom(e->fd, octets, sizeof octets, 0, (struct sockaddr *)&from, &len);

	if (n > 0)
		on_packet(e, &from, octets, (size_t)n);
}

/* Goes on with the handshake. false = it is over. */
static bool
shake(struct end *e)
{
	int ret = e->out ? wolfSSL_connect(e->ssl) : wolfSSL_accept(e->ssl);

	e->up = ret == WOLFSSL_SUCCESS;
	return e->up || wolfSSL_get_error(e->ssl, ret) == WOLFSSL_ERROR_WANT_READ;
}

static void
read_tls(struct end *e)
{
	static uint8_t cipher[32768], plain[16384];
	ssize_t n = recv(e->fd, cipher, sizeof cipher, 0);
	struct rgw_rd in, packet;
	int len;

	f.in = cipher;
	f.in_len = n > 0 ? (size_t)n : 0;
	if (n <= 0 || (!e->up && !shake(e))) {
		end(e);
		return;
	}
	while (e->up && (len = wolfSSL_read(e->ssl, plain, sizeof plain)) > 0) {
		in = rgw_rd_of(plain, (size_t)len);
		while (rgw_stream_next(&e->stream, &in, 0, &packet) == RGW_STREAM_PACKET)
			on_packet(e, NULL, packet.p, rgw_rd_left(&packet));
	}
}

static void
begin_tls(struct end *e)
{
	int yes = 1;

	(void)setsockopt(e->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	e->ssl = wolfSSL_new(f.ctx);
	if (e->ssl == NULL)
		bench_fail("out of memory");
	wolfSSL_SetIOReadCtx(e->ssl, e);
	wolfSSL_SetIOWriteCtx(e->ssl, e);
	rgw_stream_init(&e->stream);
	if (e->out && !shake(e))
		bench_fail("cannot begin a handshake");
	watch(e);
}

static void
take_connection(void)
{
	struct end *e = rgw_xcalloc(1, sizeof *e);

	e->fd = accept4(f.port.fd, NULL, NULL, SOCK_CLOEXEC);
	if (e->fd < 0)
		bench_fail("cannot accept: %s", strerror(errno));
	begin_tls(e);
}

/* ---- set up ---- */

static void
make_context(void)
{
	char ca[4096], certificate[4096], key[4096];

	if (f.pki == NULL)
		bench_fail("--pki wants a folder");
	snprintf(ca, sizeof ca, "%s/ca.pem", f.pki);
	snprintf(certificate, sizeof certificate, "%s/%s.pem", f.pki, f.name);
	snprintf(key, sizeof key, "%s/%s.key", f.pki, f.name);
	wolfSSL_Init();
	f.ctx = wolfSSL_CTX_new(f.inbound ? wolfTLSv1_3_server_method() : wolfTLSv1_3_client_method());
	if (wolfSSL_CTX_load_verify_locations(f.ctx, ca, NULL) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_use_certificate_chain_file(f.ctx, certificate) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_use_PrivateKey_file(f.ctx, key, WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_set_cipher_list(f.ctx, SUITE) != WOLFSSL_SUCCESS)
		bench_fail("cannot use the certificates in %s", f.pki);
	wolfSSL_CTX_set_verify(f.ctx, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	wolfSSL_CTX_SetIORecv(f.ctx, take_octets);
	wolfSSL_CTX_SetIOSend(f.ctx, give_octets);
}

static void
open_port(void)
{
	int fd = socket(AF_INET, (f.inbound ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
	struct sockaddr_storage sa;
	struct rgw_addr addr;

	bench_receive_buffer(fd);
	if (f.listen == NULL || !rgw_addr_parse(f.listen, 2083, &addr) ||
	    bind(fd, (struct sockaddr *)&sa, rgw_addr_to_sockaddr(&addr, &sa)) != 0 ||
	    (f.inbound && listen(fd, SOMAXCONN) != 0))
		bench_fail("cannot listen");
	f.port.fd = fd;
	watch(&f.port);
}

static void
open_lanes(void)
{
	struct sockaddr_storage sa;
	struct rgw_addr addr;
	socklen_t len;

	if (f.to == NULL || !rgw_addr_parse(f.to, 2083, &addr) || f.n_lanes < 1 || f.n_lanes > LANES_MAX)
		bench_fail("--to wants an address and a port, --lanes at most %d", LANES_MAX);
	len = rgw_addr_to_sockaddr(&addr, &sa);
	f.requests = rgw_xcalloc((size_t)f.n_lanes * 256, sizeof *f.requests);
	for (size_t i = 0; i < (size_t)f.n_lanes; i++) {
		struct end *e = &f.lanes[i];

		e->fd = socket(AF_INET, (f.inbound ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
		e->lane = i;
		e->out = true;
		bench_receive_buffer(e->fd);
		if (connect(e->fd, (struct sockaddr *)&sa, len) != 0)
			bench_fail("cannot connect to %s: %s", f.to, strerror(errno));
		if (f.inbound) {
			watch(e);
			continue;
		}
		begin_tls(e);
		while (!e->up)
			read_tls(e);
	}
}

int
main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];
	const struct bench_option options[] = {
		{ "listen", BENCH_TEXT, &f.listen, "ADDRESS:PORT" },
		{ "to", BENCH_TEXT, &f.to, "ADDRESS:PORT" },
		{ "inbound", BENCH_FLAG, &f.inbound, "TLS to UDP; without it, UDP to TLS" },
		{ "lanes", BENCH_NUMBER, &f.n_lanes, "sockets that lead out, 256 requests each (16)" },
		{ "udp-secret", BENCH_TEXT, &f.udp_secret, "shared secret of the UDP side (testing123)" },
		{ "pki", BENCH_TEXT, &f.pki, "folder made by certs/make-pki.sh" },
		{ "name", BENCH_TEXT, &f.name, "certificate in it (localhost)" },
	};
	const struct rgw_secret *udp, *tls = rgw_secret_new("radsec", 6);

	bench_begin(argc, argv, "floor [--inbound] --listen ADDRESS:PORT --to ADDRESS:PORT --pki FOLDER",
	    options, sizeof options / sizeof options[0]);
	udp = rgw_secret_new(f.udp_secret, strlen(f.udp_secret));
	f.in_secret = f.inbound ? tls : udp;
	f.out_secret = f.inbound ? udp : tls;
	f.hidden = rgw_hidden_table_new();
	f.epoll = epoll_create1(EPOLL_CLOEXEC);
	make_context();
	open_lanes();
	open_port();
	puts("ready");
	fflush(stdout);
	while (!bench_is_over()) {
		int n = epoll_wait(f.epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			struct end *e = events[i].data.ptr;

			if (e == &f.port && f.inbound)
				take_connection();
			else if (e->ssl != NULL)
				read_tls(e);
			else
				read_udp(e);
		}
	}
	printf("{\"forwarded\": %lu, \"answered\": %lu, \"bad\": %lu}\n", f.forwarded, f.answered, f.bad);
	return 0;
}
