/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "radsecgw/errnotext.h"
#include "radsecgw/packet.h"
#include "radsecgw/peermatch.h"
#include "radsecgw/peerpsk.h"

/* A probe that waits for who connects to us, and shows the next handshake as a gateway would judge it (see probe.h). */

#define LISTEN_MS 60000
#define HANDSHAKE_MS 10000
/* Milliseconds in which the other side may say something, or end the connection, after the handshake. */
#define FIRST_WORDS_MS 1000
#define RADSEC_PORT 2083

struct judgement {
	const struct rgw_probe *probe;
	struct rgw_addr from;
	const struct rgw_conf_peer *peer;   /* borrowed: who it turned out to be */
	const struct rgw_conf_peer *by_key; /* borrowed: whose pre-shared key it has named; this proves nothing yet */
};

/* As the network layer judges who connects to us. */
static bool
judge(void *arg, const struct rgw_x509 *leaf, const uint8_t *sha256, char *why, size_t size)
{
	struct judgement *j = arg;

	if (rgw_probe_is_own(j->probe, sha256, why, size))
		return false;
	j->peer = rgw_peer_match(j->probe->conf, j->probe->tls, &j->from, leaf, sha256, why, size);
	return j->peer != NULL;
}

static bool
find_key(void *arg, const uint8_t *identity, size_t len, struct rgw_psk_keys *keys)
{
	struct judgement *j = arg;
	const struct rgw_conf_peer *peer = rgw_psk_find(j->probe->conf, j->probe->tls, &j->from, identity, len);

	if (peer == NULL)
		return false;
	j->by_key = peer;
	*keys = (struct rgw_psk_keys){ peer->psk, peer->previous_psk };
	return true;
}

/* Why this peer is not the one, or is. */
static const char *
explain(const struct rgw_conf_peer *peer, const struct rgw_conf_peer *found, const struct rgw_seen_cert *leaf,
    char *text, size_t size)
{
	const struct rgw_cert_rule *failed = NULL;
	enum rgw_cert_verdict verdict =
	    rgw_cert_judge(&leaf->x509, RGW_CERT_OF_CLIENT, &peer->identity, leaf->sha256, &failed);

	if (peer == found)
		return "its names and its address are those of this peer";
	if (verdict == RGW_CERT_OK)
		return "its names fit, but not its address, or another peer comes first";
	return rgw_cert_explain(verdict, failed, text, size);
}

/* Says of each peer that may connect to us why it is the one, or is not. */
static void
say_peers(struct rgw_probe *p, const struct judgement *j, const struct rgw_seen *seen)
{
	const struct rgw_seen_cert *leaf = &seen->certs[0];
	char why[RGW_PEER_MATCH_TEXT], text[256];
	const struct rgw_conf_peer *found =
	    rgw_peer_match(p->conf, p->tls, &j->from, &leaf->x509, leaf->sha256, why, sizeof why);
	struct rgw_finding *f;

	for (size_t i = 0; i < p->conf->peer.n; i++) {
		const struct rgw_conf_peer *peer = p->conf->peer.v[i];

		if (peer->accept && !peer->insecure_tcp && peer->tls == p->tls)
			(void)rgw_report_add(&p->report, RGW_STEP_PEER, j->peer == peer ? RGW_PASSED : RGW_NOTE,
			    "[peer %s]: %s", peer->head.name, explain(peer, found, leaf, text, sizeof text));
	}
	if (found != NULL)
		return;
	f = rgw_report_add(&p->report, RGW_STEP_PEER, RGW_FAILED, "it is none of our peers");
	rgw_finding_expect(f, "a [peer] with `accept = yes`, [tls %s], and `name` or `match` for what it presents: %s",
	    p->tls->head.name, rgw_cert_presented(&leaf->x509, text, sizeof text));
	rgw_finding_advise(f, "if you want to let it in, let the [peer] say what its certificate presents, and "
	    "`address` where "
	    "it comes from");
}

/* ---- the socket ---- */

/* The listener whose identity we show. */
static const struct rgw_conf_listen *
listener_of(const struct rgw_probe *p)
{
	for (size_t i = 0; i < p->conf->listen.n; i++)
		for (size_t k = 0; k < p->conf->listen.v[i]->profile.n; k++)
			if (p->call->tls == NULL || p->conf->listen.v[i]->profile.v[k] == &p->tls->head)
				return p->conf->listen.v[i];
	return NULL;
}

static bool
choose_address(struct rgw_probe *p, struct rgw_addr *at)
{
	const struct rgw_conf_listen *listen = listener_of(p);

	if (p->call->n > 0)
		return rgw_addr_parse(p->call->words[0], RADSEC_PORT, at) || rgw_report_give_up(&p->report,
		    "'%s' is no address of this machine, such as 192.0.2.1:2083 or [::]:2083", p->call->words[0]);
	if (listen == NULL)
		return rgw_report_give_up(&p->report, "no [listen] with `tls` has a section to show; name an address "
		    "behind "
		    "--listen, and the section with --tls");
	*at = listen->tls.v[0];
	return true;
}

static int
open_socket(struct rgw_probe *p, struct rgw_addr *at)
{
	char text[RGW_ADDR_TEXT], why[RGW_ERRNO_TEXT];
	int fd = choose_address(p, at) ? rgw_inspect_listen(at) : -1;
	int error = errno;

	if (fd >= 0 || p->report.unknown != NULL)
		return fd;
	rgw_addr_format(at, text);
	if (error == EADDRINUSE)
		(void)rgw_report_give_up(&p->report, "%s is in use, probably by the gateway itself; name another port, "
		    "as in "
		    "`--listen 0.0.0.0:12083`, and let the other side connect to that", text);
	else
		(void)rgw_report_give_up(&p->report, "cannot listen at %s: %s", text, rgw_errno_text(error, why));
	return -1;
}

/* ---- the connection ---- */

/* The section for the name that is asked for, as the network layer chooses it. */
static void
choose_section(struct rgw_probe *p, const char *name)
{
	const struct rgw_conf_listen *listen = listener_of(p);

	if (p->call->tls != NULL || listen == NULL)
		return;
	p->tls = (const void *)listen->profile.v[0];
	for (size_t i = 0; name[0] != '\0' && listen->profile.n > 1 && i < listen->profile.n; i++) {
		const struct rgw_tlsctx *ctx = p->contexts[listen->profile.v[i]->index];

		if (ctx != NULL && rgw_tlsctx_serves(ctx, name)) {
			p->tls = (const void *)listen->profile.v[i];
			return;
		}
	}
}

/* What comes after the handshake. A client that does not like our certificate ends the connection. */
static void
hear(struct rgw_probe *p, struct rgw_inspect *inspect)
{
	uint8_t packet[RGW_PACKET_MAX];
	size_t len;
	struct rgw_finding *f;

	switch (rgw_inspect_receive(inspect, packet, &len, rgw_inspect_now() + FIRST_WORDS_MS)) {
	case RGW_INSPECT_OK:
		(void)rgw_report_add(&p->report, RGW_STEP_ACCEPTED, RGW_PASSED, "it accepts our certificate, and sends "
		    "%s",
		    rgw_code_name(packet[0]));
		return;
	case RGW_INSPECT_TIMEOUT:
		(void)rgw_report_add(&p->report, RGW_STEP_ACCEPTED, RGW_PASSED, "it accepts our certificate, and says "
		    "nothing "
		    "so far");
		return;
	default:
		f = rgw_report_add(&p->report, RGW_STEP_ACCEPTED, RGW_FAILED, "it ended the connection right after the "
		    "handshake: %s", rgw_inspect_why(inspect));
		rgw_finding_advise(f, "%s", rgw_inspect_seen(inspect)->alert > 0
		    ? rgw_probe_alert_advice(rgw_inspect_seen(inspect)->alert) : "its log says why");
	}
}

static void
look_at(struct rgw_probe *p, int fd, struct judgement *j)
{
	rgw_ms start = rgw_inspect_now();
	struct rgw_inspect *inspect = rgw_inspect_new(fd, p->contexts[p->tls->head.index], judge, j, NULL);
	const struct rgw_seen *seen = rgw_inspect_seen(inspect);
	enum rgw_inspect_result result;

	if (rgw_psk_is_awaited(p->conf, p->tls, &j->from))
		rgw_inspect_await_psk(inspect, find_key, j);
	result = rgw_inspect_handshake(inspect, start + HANDSHAKE_MS);
	if (seen->proof == RGW_PROVEN_BY_PSK || seen->proof == RGW_PROVEN_BY_PREVIOUS_PSK)
		j->peer = j->by_key;
	rgw_probe_tls(p, inspect, result, rgw_inspect_now() - start, HANDSHAKE_MS);
	if (seen->n_certs == 0 && rgw_psk_is_awaited(p->conf, p->tls, &j->from))
		rgw_probe_key(p, seen, result, j->by_key != NULL ? j->by_key->psk_identity : "");
	rgw_probe_chain(p, seen);
	if (seen->n_certs > 0 && seen->certs[0].readable) {
		rgw_probe_purpose(p, seen, RGW_CERT_OF_CLIENT);
		say_peers(p, j, seen);
	}
	rgw_probe_judgement(p, seen);
	if (result == RGW_INSPECT_OK)
		hear(p, inspect);
	if (j->peer != NULL)
		snprintf(p->report.summary, sizeof p->report.summary, "it is [peer %s], %s", j->peer->head.name,
		    seen->version);
	rgw_inspect_free(inspect);
}

void
rgw_probe_in(struct rgw_probe *p)
{
	rgw_ms timeout = p->timeout > 0 ? p->timeout : LISTEN_MS;
	struct judgement j = { .probe = p };
	char name[RGW_HOST_TEXT], text[RGW_ADDR_TEXT];
	struct rgw_addr at;
	int fd = open_socket(p, &at);
	struct rgw_finding *f;
	int conn;

	if (fd < 0)
		return;
	rgw_addr_format(&at, text);
	fprintf(stderr, "radsecgw: waiting at %s for the next connection, for %ju s\n", text,
	    (uintmax_t)timeout / 1000);
	conn = rgw_inspect_accept(fd, rgw_inspect_now() + timeout, &j.from, name);
	close(fd);
	snprintf(p->report.target, sizeof p->report.target, "whoever connects to %s", text);
	if (conn < 0) {
		f = rgw_report_add(&p->report, RGW_STEP_LISTEN, RGW_FAILED, "nobody has connected within %ju s",
		    (uintmax_t)timeout / 1000);
		rgw_finding_advise(f, "the other side connects to another address or port, or a firewall is in "
		    "between");
		return;
	}
	choose_section(p, name);
	snprintf(p->report.target, sizeof p->report.target, "%s", rgw_addr_format(&j.from, text));
	(void)rgw_report_add(&p->report, RGW_STEP_LISTEN, RGW_PASSED, "from %s, SNI %s; we show [tls %s]", text,
	    name[0] != '\0' ? name : "none", p->tls->head.name);
	if (p->contexts[p->tls->head.index] == NULL) {
		close(conn);
		(void)rgw_report_give_up(&p->report, "[tls %s] cannot be used; see `radsecgw check`",
		    p->tls->head.name);
		return;
	}
	rgw_probe_own(p);
	look_at(p, conn, &j);
}
