/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "radsecgw/peerid.h"
#include "radsecgw/peermatch.h"
#include "tcp_priv.h"

/*
 * The judgement on connections that are up. Who was let in under one configuration must be good enough for the next
 * one, too: each connection is judged again after an adoption, a few in each turn of the loop, by the CAs and CRLs that
 * came with it (P-CRT-15). And no connection outlives a certificate that it depends on, of either side (RFC 6614bis
 * 3.4): before that it is replaced.
 */

/* Milliseconds of a turn for judgements. */
#define SLICE_MS 2

/* A connection is replaced so many seconds before its end, or when a tenth of its time is left. */
#define WARN_S 300

static bool
say(char *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool
say(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, RGW_JUDGE_TEXT, fmt, ap);
	va_end(ap);
	return false;
}

static bool
refuse(char *why, const struct rgw_x509 *leaf, const char *reason)
{
	char presented[256];

	return say(why, "its certificate is not good enough for the new configuration: %s; presented %s", reason,
	    rgw_cert_presented(leaf, presented, sizeof presented));
}

/* ---- whose connection it is ---- */

/* Is the peer that the configuration finds now the one that it was? A connection whose peer is to be found has none
 * before. */
static bool
is_same_peer(struct rgw_tcp *t, const struct rgw_conf_peer *peer, char *why)
{
	if (t->stage == RGW_TCP_HANDSHAKE)
		t->peer = peer->head.id;
	return t->peer == peer->head.id ||
	    say(why, "it is that of [peer %s] by the new configuration", peer->head.name);
}

static bool
judge_plain(struct rgw_tcp *t, const struct rgw_conf_peer *peer, char *why)
{
	if (t->incoming)
		peer = rgw_peer_at(t->net->conf, &t->addr);
	if (peer == NULL || !peer->insecure_tcp)
		return say(why, "the new configuration has no [peer] with `insecure-tcp = yes` at this address");
	return is_same_peer(t, peer, why);
}

static bool
judge_server(const struct rgw_tcp *t, const struct rgw_conf_peer *peer, const struct rgw_x509 *leaf,
    const uint8_t *sha256, char *why)
{
	const struct rgw_cert_rule *failed = NULL;
	struct rgw_cert_rules rules;
	enum rgw_cert_verdict verdict;
	char text[RGW_TLS_JUDGE_TEXT];

	if (peer->psk_identity != NULL)
		return refuse(why, leaf, "the peer is known by a pre-shared key");
	rgw_peer_rules(peer, t->host, &rules);
	verdict = rgw_cert_judge(leaf, RGW_CERT_OF_SERVER, &rules, sha256, &failed);
	if (verdict != RGW_CERT_OK)
		refuse(why, leaf, rgw_cert_explain(verdict, failed, text, sizeof text));
	rgw_cert_rules_free(&rules);
	return verdict == RGW_CERT_OK;
}

static bool
judge_client(struct rgw_tcp *t, const struct rgw_conf_tls *tls, const struct rgw_x509 *leaf, const uint8_t *sha256,
    char *why)
{
	char text[RGW_PEER_MATCH_TEXT];
	const struct rgw_conf_peer *peer = rgw_peer_match(t->net->conf, tls, &t->addr, leaf, sha256, text, sizeof text);

	if (peer == NULL)
		return refuse(why, leaf, text);
	return is_same_peer(t, peer, why);
}

/* ---- whether its key is still one of its peer ---- */

static bool
is_key(const char *identity, const struct rgw_secret *key, const uint8_t digest[static RGW_PSK_DIGEST])
{
	uint8_t own[RGW_PSK_DIGEST];

	return key != NULL && rgw_psk_digest(identity, key, own) && memcmp(own, digest, sizeof own) == 0;
}

/* A key that was taken away ends what it has opened, in either direction. */
static bool
judge_psk(const struct rgw_tcp *t, const struct rgw_conf_peer *peer, char *why)
{
	if (peer == NULL && t->stage == RGW_TCP_OPEN)
		return true;
	if (peer == NULL || peer->psk_identity == NULL || (!is_key(peer->psk_identity, peer->psk, t->psk) &&
	        (!t->incoming || !is_key(peer->psk_identity, peer->previous_psk, t->psk))))
		return say(why, "the pre-shared key by which it came is not one of the new configuration");
	if (t->incoming && (!peer->accept || peer->tls == NULL || peer->tls->head.id != t->tls))
		return say(why, "by the new configuration its [peer] may not connect to us there");
	if (t->incoming && !rgw_peer_may_come_from(peer, &t->addr))
		return say(why, "by the new configuration its [peer] may not connect from there");
	return true;
}

/* ---- whether its certificates are good ---- */

/* The [tls] section by which the connection is judged. A section that nobody uses any more judges nobody. */
static const struct rgw_conf_tls *
section_of(const struct rgw_tcp *t, const struct rgw_conf_peer *peer)
{
	if (t->incoming)
		return (const void *)rgw_conf_by_id(t->net->conf, RGW_CONF_TLS, t->tls);
	return peer != NULL ? peer->tls : NULL;
}

/* The trust of a section is the same for both roles. */
static const struct rgw_tlsctx *
trust_of(const struct rgw_tcp *t, const struct rgw_conf_tls *tls)
{
	const struct rgw_contexts *contexts = t->net->contexts;
	enum rgw_tls_role role = t->incoming ? RGW_TLS_SERVER : RGW_TLS_CLIENT;
	const struct rgw_tlsctx *ctx = rgw_contexts_find(contexts, tls, role);

	return ctx != NULL ? ctx : rgw_contexts_find(contexts, tls, t->incoming ? RGW_TLS_CLIENT : RGW_TLS_SERVER);
}

static bool
judge_chain(struct rgw_tcp *t, const struct rgw_conf_tls *tls, const struct rgw_x509 *leaf, char *why)
{
	const struct rgw_tlsctx *ctx = trust_of(t, tls);
	int64_t own = rgw_tls_own_ends(t->session);
	struct rgw_tls_verdict verdict;
	char text[256];
	int64_t ends;

	if (ctx == NULL)
		return true;
	if (!rgw_chain_judge(t->chain, ctx, time(NULL), &ends, &verdict)) {
		if (verdict.revocation == RGW_TLS_REVOKED) {
			rgw_gw_count(t->net->gw, RGW_CTR_certificates_revoked);
			return refuse(why, leaf, verdict.text);
		}
		snprintf(text, sizeof text, "it does not verify against `ca` of [tls %s]", tls->head.name);
		return refuse(why, leaf, text);
	}
	t->ends = ends < own ? ends : own;
	return true;
}

static bool
judge_tls(struct rgw_tcp *t, const struct rgw_conf_peer *peer, bool names, char *why)
{
	const struct rgw_conf_tls *tls = section_of(t, peer);
	char text[RGW_TLS_JUDGE_TEXT];
	struct rgw_x509 leaf;
	const uint8_t *sha256 = rgw_chain_leaf(t->chain, &leaf);

	if (sha256 == NULL)
		return say(why, "its certificate is malformed");
	if (tls == NULL && t->incoming)
		return refuse(why, &leaf, "its [tls] section is gone");
	/* The engine replaces connections to peers that are to be reached in another way. */
	if (tls == NULL)
		return true;
	if (rgw_contexts_are_own(t->net->contexts, sha256, text, sizeof text))
		return refuse(why, &leaf, text);
	if (!judge_chain(t, tls, &leaf, why))
		return false;
	if (!t->incoming)
		return judge_server(t, peer, &leaf, sha256, why);
	/* The connections of a peer that is gone come to their end by the engine. */
	return !names || (peer == NULL && t->stage == RGW_TCP_OPEN) || judge_client(t, tls, &leaf, sha256, why);
}

bool
rgw_judge(struct rgw_tcp *t, bool names, char why[static RGW_JUDGE_TEXT])
{
	const struct rgw_conf_peer *peer =
	    (const void *)rgw_conf_by_id(t->net->conf, RGW_CONF_PEER, t->peer);

	if (t->chain != NULL)
		return judge_tls(t, peer, names, why);
	if (t->proof != RGW_PROVEN_BY_ADDRESS)
		return judge_psk(t, peer, why);
	return (peer == NULL && t->stage == RGW_TCP_OPEN) || judge_plain(t, peer, why);
}

bool
rgw_judge_take(struct rgw_tcp *t, const struct rgw_conf_peer *peer)
{
	const struct rgw_conf_head *now = NULL;
	bool old = t->contexts != t->net->contexts;
	const uint8_t *digest;

	if (peer != NULL)
		now = rgw_conf_by_id(t->net->conf, RGW_CONF_PEER, peer->head.id);
	t->proof = rgw_tls_proof(t->session, &digest);
	if (peer != NULL && !old)
		t->peer = peer->head.id;
	if (t->proof != RGW_PROVEN_BY_CERTIFICATE) {
		memcpy(t->psk, digest, sizeof t->psk);
		/* A key belongs to a section, which the current configuration may have, too. */
		if (now != NULL && strcmp(now->name, peer->head.name) == 0)
			t->peer = now->id;
		return true;
	}
	t->chain = rgw_tls_take_chain(t->session);
	if (t->chain != NULL)
		t->chain = rgw_chain_share(&t->net->chains, t->chain);
	return t->chain != NULL;
}

/* ---- the time of its certificates ---- */

static double
warning_of(int64_t ends, int64_t now)
{
	double left = (double)(ends - now);

	return (double)ends - (left / 10 < WARN_S ? left / 10 : WARN_S);
}

/* Looks at the connections anew at that time, or before. */
static void
look_at(struct rgw_net *net, double when)
{
	if (when >= net->look_at)
		return;
	net->look_at = when;
	ev_periodic_stop(net->loop, &net->certificates);
	ev_periodic_set(&net->certificates, when, 0, NULL);
	ev_periodic_start(net->loop, &net->certificates);
}

void
rgw_judge_begin(struct rgw_tcp *t)
{
	if (t->chain == NULL)
		return;
	t->warn_at = warning_of(t->ends, time(NULL));
	look_at(t->net, t->warn_at);
}

/* Ends a connection whose time is over, or has it replaced. The connection may be gone after this. */
static void
look_at_time(struct rgw_tcp *t, double wall, rgw_ms now)
{
	int64_t own = rgw_tls_own_ends(t->session);
	char why[RGW_JUDGE_TEXT];
	char date[32];

	if (wall >= (double)t->ends) {
		say(why, "%s: it was valid until %s", own <= t->ends ? "our own certificate has come to its end"
		    : "the peer's certificate, or one that it depends on, has come to its end",
		    rgw_tls_moment(t->ends, date, sizeof date));
		rgw_gw_count(t->net->gw, RGW_CTR_certificates_ended);
		rgw_tcp_lost(t, why, now);
		return;
	}
	if (wall < t->warn_at) {
		look_at(t->net, t->warn_at);
		return;
	}
	look_at(t->net, (double)t->ends);
	if (t->warned)
		return;
	t->warned = true;
	/* Only we can replace what we have opened; the peer does that with its own. */
	if (!t->incoming)
		rgw_conn_on_expiring(t->conn, now);
}

/* ---- all connections ---- */

static void
look_at_one(struct rgw_tcp *t, rgw_ms now)
{
	char why[RGW_JUDGE_TEXT];
	int64_t ends = t->ends;

	if (t->stage != RGW_TCP_OPEN)
		return;
	if (!rgw_judge(t, t->net->names_changed, why)) {
		rgw_gw_count(t->net->gw, RGW_CTR_connections_judged_out);
		rgw_tcp_lost(t, why, now);
		return;
	}
	if (t->chain == NULL)
		return;
	if (t->ends != ends)
		t->warn_at = warning_of(t->ends, time(NULL));
	look_at_time(t, ev_time(), now);
}

static void
on_slice(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct rgw_net *net = w->data;
	rgw_ms now = rgw_net_now(net);
	struct rgw_link *l;

	(void)revents;
	while ((l = rgw_list_pop(&net->unjudged)) != NULL) {
		rgw_list_append(&net->conns, l);
		look_at_one(RGW_CONTAINER(l, struct rgw_tcp, link), now);
		if (rgw_clock_now() >= now + SLICE_MS)
			break;
	}
	if (!rgw_list_empty(&net->unjudged)) {
		ev_timer_set(w, 0, 0);
		ev_timer_start(loop, w);
		return;
	}
	net->names_changed = false;
}

void
rgw_judge_all(struct rgw_net *net, bool names)
{
	struct rgw_link *l;

	net->names_changed |= names;
	net->look_at = INFINITY;
	while ((l = rgw_list_pop(&net->conns)) != NULL)
		rgw_list_append(&net->unjudged, l);
	ev_timer_stop(net->loop, &net->slice);
	ev_timer_set(&net->slice, 0, 0);
	ev_timer_start(net->loop, &net->slice);
}

static void
on_time(struct ev_loop *loop, ev_periodic *w, int revents)
{
	(void)loop;
	(void)revents;
	rgw_judge_all(w->data, false);
}

void
rgw_judge_init(struct rgw_net *net)
{
	rgw_link_init(&net->unjudged);
	net->look_at = INFINITY;
	ev_timer_init(&net->slice, on_slice, 0, 0);
	ev_periodic_init(&net->certificates, on_time, 0, 0, NULL);
	net->slice.data = net->certificates.data = net;
}

void
rgw_judge_fini(struct rgw_net *net)
{
	ev_timer_stop(net->loop, &net->slice);
	ev_periodic_stop(net->loop, &net->certificates);
}
