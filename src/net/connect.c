/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "radsecgw/peerid.h"

/* Connections that we open. The peer is the one that the engine wants; its certificate must say so (P-CRT-3). Over
 * plain TCP, which stays on this machine or is protected by IPsec, nothing proves it (P-TCP-2). */

static int
start_connect(const struct rgw_conf_peer *peer, const struct rgw_addr *to)
{
	struct sockaddr_storage sa;
	unsigned len = rgw_addr_to_sockaddr(to, &sa);
	int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	rgw_tcp_set_options(fd, peer);
	if (connect(fd, (struct sockaddr *)&sa, len) != 0 && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Is the certificate that of the server that we wanted? Runs in the thread of the shaker. */
static bool
judge(void *arg, const struct rgw_x509 *leaf, const uint8_t *sha256, char *why, size_t size)
{
	const struct rgw_handshake *h = arg;
	const struct rgw_cert_rule *failed = NULL;
	enum rgw_cert_verdict verdict =
	    rgw_cert_judge(leaf, RGW_CERT_OF_SERVER, &h->rules, sha256, &failed);

	if (rgw_contexts_are_own(h->contexts, sha256, why, size))
		return false;
	if (verdict == RGW_CERT_OK)
		return true;
	rgw_cert_explain(verdict, failed, why, size);
	return false;
}

static struct rgw_session *
make_tls(struct rgw_tcp *t, const struct rgw_conf_peer *peer, const char *host)
{
	struct rgw_tlsctx *ctx = rgw_contexts_find(t->contexts, peer->tls, RGW_TLS_CLIENT);
	struct rgw_handshake *h = ctx != NULL ? rgw_tcp_prepare_handshake(t) : NULL;
	struct rgw_session *session;
	char name[RGW_HOST_TEXT];

	t->host = strdup(host);
	if (h == NULL || t->host == NULL)
		return NULL;
	rgw_peer_rules(peer, host, &h->rules);
	session = rgw_tls_new(ctx, judge, h, rgw_peer_sni(peer, host, name));
	if (session == NULL || peer->psk_identity == NULL || rgw_tls_offer_psk(session, peer->psk_identity, peer->psk))
		return session;
	rgw_session_free(session);
	return NULL;
}

static bool
set_up(struct rgw_tcp *t, struct rgw_conn *conn, const struct rgw_conf_peer *peer, const char *host)
{
	t->conn = conn;
	t->peer = peer->head.id;
	t->contexts = rgw_contexts_hold(t->net->contexts);
	t->proof = peer->insecure_tcp ? RGW_PROVEN_BY_ADDRESS : RGW_PROVEN_BY_CERTIFICATE;
	t->session = peer->insecure_tcp ? rgw_plain_new() : make_tls(t, peer, host);
	return t->session != NULL;
}

void *
rgw_tcp_open(void *ctx, struct rgw_conn *conn, const struct rgw_conf_peer *peer, const char *host,
    const struct rgw_addr *to)
{
	struct rgw_net *net = ctx;
	int fd = start_connect(peer, to);
	int error = errno;
	struct rgw_tcp *t = fd >= 0 ? rgw_tcp_new(net, fd, RGW_TCP_CONNECTING, to) : NULL;

	if (t != NULL && set_up(t, conn, peer, host))
		return t;
	RGW_LOG(net->log, RGW_LOG_WARNING, "connect-failed", peer->head.name, "cannot start to connect",
	    rgw_f_str("peer", peer->head.name), rgw_f_addr("addr", to),
	    rgw_f_str("reason", fd >= 0 ? "out of memory" : strerror(error)));
	if (t != NULL)
		rgw_tcp_bury(t);
	else if (fd >= 0)
		close(fd);
	return NULL;
}
