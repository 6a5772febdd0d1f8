/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tlsend.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "radsecgw/mem.h"

static char *
path(const char *folder, const char *name, const char *suffix)
{
	char text[4096];

	snprintf(text, sizeof text, "%s/%s%s", folder, name, suffix);
	return rgw_xstrdup(text);
}

struct rgw_tlsctx *
tlsend_context(const char *pki, const char *name, enum rgw_tls_role role)
{
	char *ca = path(pki, "ca", ".pem");
	struct rgw_conf_tls conf = { .certificate = path(pki, name, ".pem"),
		.key = path(pki, name, ".key"), .ca = { &ca, 1 },
		.min_version = RGW_TLS_1_2, .max_version = RGW_TLS_1_3 };
	struct rgw_tls_problem problem;
	struct rgw_tlsctx *ctx;

	if (!rgw_tls_library_init())
		bench_fail("the TLS library does not start");
	ctx = rgw_tlsctx_new(&conf, role, NULL, NULL, &problem);
	if (ctx == NULL)
		bench_fail("%s: %s", problem.key, problem.text);
	return ctx;
}

/* Whoever has a certificate of this PKI will do. */
static bool
judge(void *arg, const struct rgw_x509 *leaf, const uint8_t *sha256, char *why, size_t size)
{
	(void)arg;
	(void)leaf;
	(void)sha256;
	(void)why;
	(void)size;
	return true;
}

bool
tlsend_begin(struct tlsend *e, int fd, struct rgw_tlsctx *ctx)
{
	*e = (struct tlsend){ .fd = fd, .tls = rgw_tls_new(ctx, judge, NULL, "localhost") };
	return e->tls != NULL;
}

void
tlsend_end(struct tlsend *e)
{
	rgw_session_free(e->tls);
	close(e->fd);
	*e = (struct tlsend){ .fd = -1 };
}

size_t
tlsend_waiting(const struct tlsend *e)
{
	const struct rgw_outbuf *out = &e->tls->out;

	return out->len - out->at;
}

bool
tlsend_flush(struct tlsend *e)
{
	struct rgw_outbuf *out = &e->tls->out;

	while (out->len > out->at) {
		ssize_t n = send(e->fd, out->data + out->at, out->len - out->at,
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		rgw_outbuf_sent(&e->tls->out, (size_t)n);
	}
	return true;
}

static bool
shake(struct tlsend *e)
{
	switch (rgw_session_handshake(e->tls)) {
	case RGW_SESSION_OK:
		e->up = true;
		return true;
	case RGW_SESSION_WANT:
		return true;
	case RGW_SESSION_CLOSED:
	case RGW_SESSION_FAILED:
		break;
	}
	/* The alert tells the other side why. */
	(void)tlsend_flush(e);
	return false;
}

static bool
read_all(struct tlsend *e, tlsend_data *on_data, void *arg)
{
	static uint8_t plain[16384];
	size_t len;

	for (;;) {
		switch (rgw_session_read(e->tls, plain, sizeof plain, &len)) {
		case RGW_SESSION_OK:
			on_data(arg, plain, len);
			break;
		case RGW_SESSION_WANT:
			return true;
		case RGW_SESSION_CLOSED:
		case RGW_SESSION_FAILED:
			return false;
		}
	}
}

/* recv, with the kernel's time stamp if the socket asks for it. */
static ssize_t
receive(struct tlsend *e, uint8_t *buf, size_t cap)
{
	char control[64];
	struct iovec iov = { buf, cap };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof control };
	ssize_t n = recvmsg(e->fd, &msg, MSG_DONTWAIT);

	e->at = n > 0 ? bench_stamp(&msg) : 0;
	return n;
}

bool
tlsend_work(struct tlsend *e, tlsend_data *on_data, void *arg)
{
	static uint8_t cipher[65536];
	ssize_t n = receive(e, cipher, sizeof cipher);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		return false;
	rgw_session_feed(e->tls, cipher, n > 0 ? (size_t)n : 0);
	if (!e->up && !shake(e))
		return false;
	if (e->up && !read_all(e, on_data, arg))
		return false;
	return tlsend_flush(e);
}
