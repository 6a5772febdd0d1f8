/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "change.h"
#include "radsecgw/confchange.h"
#include "radsecgw/mem.h"

/* The TLS contexts of an edition in one worker: one for each [tls] section and role that is used. They are made before
 * the first connection of the edition and do not change after that, so the thread of the shaker may read them. A
 * context whose section and files are as they were is that of the edition before. */

/* Seconds between two looks at the certificates, and at CRLs, which live shorter. */
#define DAY_S 86400.0
#define HOUR_S 3600.0

/* Something about a file that deserves a look; it is told when the contexts come into use. */
struct note {
	struct rgw_link link;
	const struct rgw_conf_tls *conf;  /* borrowed */
	char *key;                        /* owned, as the next one */
	char *text;
};

/* What hears of such things while a context is made. */
struct listener {
	struct rgw_contexts *contexts;
	const struct rgw_conf_tls *conf;
};

/* What a line about certificates needs; see rgw_tls_say. */
struct teller {
	struct rgw_net *net;
	const struct rgw_conf_tls *conf;
};

static void
tell(void *arg, const char *key, const char *text)
{
	const struct teller *teller = arg;

	RGW_LOG(teller->net->log, RGW_LOG_WARNING, "certificate-warning", teller->conf->head.name, text,
	    rgw_f_str("tls", teller->conf->head.name), rgw_f_str("key", key));
}

static void
tell_crl(void *arg, const char *key, const char *text)
{
	const struct teller *teller = arg;

	RGW_LOG(teller->net->log, RGW_LOG_WARNING, "crl-warning", teller->conf->head.name, text,
	    rgw_f_str("tls", teller->conf->head.name), rgw_f_str("key", key));
}

static void
take_note(void *arg, const char *key, const char *text)
{
	const struct listener *l = arg;
	struct note *note = rgw_xcalloc(1, sizeof *note);

	note->conf = l->conf;
	note->key = rgw_xstrdup(key);
	note->text = rgw_xstrdup(text);
	rgw_link_init(&note->link);
	rgw_list_append(&l->contexts->notes, &note->link);
}

static void
drop_note(struct note *note)
{
	free(note->key);
	free(note->text);
	free(note);
}

/* Does this worker speak for all? One does, since they have the same certificates. */
static bool
speaks_for_all(const struct rgw_net *net)
{
	return net->spread.worker == 0;
}

/* ---- looks at the certificates ---- */

/* The client or server context of a section, whichever there is; the certificates are the same in both. */
static const struct rgw_tlsctx *
either(const struct rgw_context *c)
{
	return c->client != NULL ? c->client : c->server;
}

static void
review(struct rgw_net *net, bool only_new)
{
	int64_t now = time(NULL);

	for (size_t i = 0; i < net->contexts->n; i++) {
		const struct rgw_context *c = &net->contexts->v[i];
		unsigned uses = (c->client != NULL ? RGW_TLS_USED_AS_CLIENT : 0u) |
		    (c->server != NULL ? RGW_TLS_USED_AS_SERVER : 0u);
		struct teller teller = { net, c->conf };

		if (uses != 0 && (c->is_new || !only_new))
			rgw_tlsctx_review(either(c), now, uses, tell, &teller);
	}
}

static void
review_crls(struct rgw_net *net, bool only_new)
{
	int64_t now = time(NULL);

	for (size_t i = 0; i < net->contexts->n; i++) {
		const struct rgw_context *c = &net->contexts->v[i];
		struct teller teller = { net, c->conf };

		if (either(c) != NULL && (c->is_new || !only_new))
			rgw_tlsctx_review_crls(either(c), now, only_new, tell_crl, &teller);
	}
}

/* Looks at the certificates, which come to their end while we run. */
static void
on_daily(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct rgw_net *net = w->data;

	(void)loop;
	(void)revents;
	rgw_net_now(net);
	review(net, false);
}

static void
on_hourly(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct rgw_net *net = w->data;

	(void)loop;
	(void)revents;
	rgw_net_now(net);
	review_crls(net, false);
}

static void
warn_of_clock(struct rgw_net *net)
{
	if (!rgw_tls_clock_is_set(time(NULL)))
		RGW_LOG(net->log, RGW_LOG_WARNING, "clock-not-set", NULL,
		    "the clock is before the time when radsecgw was written; no certificate can be valid until it "
		    "is set, and connections are tried again until then", rgw_f_uint("time", (uint64_t)time(NULL)));
}

/* Looks at the certificates that are new for the first time, with a line on what is trusted. */
static void
review_new(struct rgw_net *net)
{
	const struct rgw_contexts *contexts = net->contexts;

	for (struct rgw_link *l = contexts->notes.next; l != &contexts->notes; l = l->next) {
		const struct note *note = RGW_CONTAINER(l, struct note, link);
		struct teller teller = { net, note->conf };

		tell(&teller, note->key, note->text);
	}
	warn_of_clock(net);
	for (size_t i = 0; i < contexts->n; i++)
		if (contexts->v[i].is_new && either(&contexts->v[i]) != NULL &&
		    !rgw_tlsctx_is_bare(either(&contexts->v[i])))
			RGW_LOG(net->log, RGW_LOG_NOTICE, "trust-loaded", NULL, "CA certificates are loaded",
			    rgw_f_str("tls", contexts->v[i].conf->head.name),
			    rgw_f_uint("number", rgw_tlsctx_n_cas(either(&contexts->v[i]))),
			    rgw_f_uint("crls", rgw_tlsctx_n_crls(either(&contexts->v[i]))));
	review(net, true);
	review_crls(net, true);
}

/* ---- how they are made ---- */

/* What the current edition has for the section, or NULL. */
static const struct rgw_context *
find_old(const struct rgw_net *net, const struct rgw_conf_tls *conf)
{
	uint32_t id = conf->head.id;

	return net->contexts != NULL && id < net->contexts->n && net->contexts->v[id].conf != NULL
	    ? &net->contexts->v[id] : NULL;
}

/* Is the section one whose files are not looked at now? It is not watched, and only files are read again: the
 * configuration is the very one that the current edition has. */
static bool
is_left_alone(const struct rgw_context *old, const struct rgw_conf_tls *conf)
{
	return old != NULL && old->conf == conf && !conf->watch;
}

/* Has nothing of the section changed? */
static bool
is_same(const struct rgw_context *old, const struct rgw_context *c)
{
	return old != NULL && old->is_settled && memcmp(old->digest, c->digest, sizeof c->digest) == 0 &&
	    !rgw_conf_is_changed(&old->conf->head, &c->conf->head, 0);
}

/* Begins what the edition has for a section: finds out whether that is what the edition before has. */
static void
begin_context(const struct rgw_net *net, struct rgw_context *c, const struct rgw_conf_tls *conf)
{
	const struct rgw_context *old = find_old(net, conf);

	c->conf = conf;
	if (is_left_alone(old, conf)) {
		c->is_settled = old->is_settled;
		memcpy(c->digest, old->digest, sizeof c->digest);
		c->same = old;
	} else {
		c->is_settled = rgw_tls_digest(conf, c->digest);
		c->same = is_same(old, c) ? old : NULL;
	}
	c->is_new = c->same == NULL;
}

/* What the first worker has for the section, if that was made of the same files. */
static const struct rgw_context *
find_first(const struct rgw_net_change *change, const struct rgw_context *c)
{
	const struct rgw_contexts *contexts = change->first != NULL ? change->first->contexts : NULL;
	uint32_t id = c->conf->head.id;

	return contexts != NULL && id < contexts->n && contexts->v[id].conf != NULL &&
	    memcmp(contexts->v[id].digest, c->digest, sizeof c->digest) == 0 ? &contexts->v[id] : NULL;
}

/* A context of the section that was made of the same files: in the other role, for the edition before, or by another
 * worker. */
static const struct rgw_tlsctx *
find_twin(const struct rgw_net_change *change, const struct rgw_context *c)
{
	const struct rgw_context *first = find_first(change, c);

	if (either(c) != NULL)
		return either(c);
	if (c->same != NULL && either(c->same) != NULL)
		return either(c->same);
	return first != NULL ? either(first) : NULL;
}

static bool
make_context(struct rgw_net_change *change, struct rgw_contexts *contexts, const struct rgw_conf_tls *conf,
    enum rgw_tls_role role)
{
	struct rgw_context *c = &contexts->v[conf->head.id];
	struct rgw_tlsctx **at = role == RGW_TLS_CLIENT ? &c->client : &c->server;
	struct listener l = { contexts, conf };
	struct rgw_tls_problem problem;
	uint8_t after[sizeof c->digest];
	bool first = either(c) == NULL && speaks_for_all(change->net);

	if (*at != NULL)
		return true;
	if (c->conf == NULL)
		begin_context(change->net, c, conf);
	if (c->same != NULL)
		*at = role == RGW_TLS_CLIENT ? c->same->client : c->same->server;
	if (*at != NULL)
		return true;
	*at = rgw_tlsctx_like(find_twin(change, c), conf, role, first && c->is_new ? take_note : NULL, &l,
	    &problem);
	if (*at == NULL) {
		rgw_change_cannot_use(change, conf, problem.key, problem.text);
		return false;
	}
	*(role == RGW_TLS_CLIENT ? &c->new_client : &c->new_server) = true;
	/* Files that somebody replaced just now are read once more with the next change. */
	c->is_settled = c->is_settled && rgw_tls_digest(conf, after) && memcmp(c->digest, after, sizeof after) == 0;
	return true;
}

/* Is there a suite for the keys of all peers that have one? */
static bool
check_keys(struct rgw_net_change *change, const struct rgw_contexts *contexts)
{
	const struct rgw_conf *conf = change->next;

	for (size_t i = 0; i < conf->peer.n; i++) {
		const struct rgw_conf_peer *peer = conf->peer.v[i];
		const struct rgw_tlsctx *ctx = NULL;

		if (peer->psk_identity != NULL)
			ctx = either(&contexts->v[peer->tls->head.id]);
		if (ctx == NULL || rgw_tlsctx_can_psk(ctx))
			continue;
		rgw_change_cannot_use(change, peer->tls, "ciphers", "peers with `psk-identity` need a suite with "
		    "SHA-256: TLS_AES_128_GCM_SHA256 or TLS_CHACHA20_POLY1305_SHA256");
		return false;
	}
	return true;
}

static bool
make_all(struct rgw_net_change *change, struct rgw_contexts *contexts)
{
	const struct rgw_conf *conf = change->next;
	bool good = true;

	for (size_t i = 0; i < conf->peer.n; i++)
		if (conf->peer.v[i]->connect.n > 0 && !conf->peer.v[i]->insecure_tcp)
			good = good && make_context(change, contexts, conf->peer.v[i]->tls, RGW_TLS_CLIENT);
	for (size_t i = 0; i < conf->listen.n; i++)
		for (size_t j = 0; j < conf->listen.v[i]->profile.n; j++)
			good = good && make_context(change, contexts, (const void *)conf->listen.v[i]->profile.v[j],
			    RGW_TLS_SERVER);
	return good && check_keys(change, contexts);
}

/* What was noted explains why nothing could be made of a file. */
static void
report_notes(struct rgw_net_change *change, struct rgw_contexts *contexts)
{
	for (struct rgw_link *l = contexts->notes.next; l != &contexts->notes; l = l->next) {
		const struct note *note = RGW_CONTAINER(l, struct note, link);
		struct teller teller = { change->net, note->conf };

		rgw_conf_complain(change->report, RGW_CONF_WARNING, note->conf->head.file, note->conf->head.line,
		    "[tls %s] %s: %s", note->conf->head.name, note->key, note->text);
		if (change->net->edition == NULL)
			tell(&teller, note->key, note->text);
	}
}

struct rgw_contexts *
rgw_contexts_prepare(struct rgw_net_change *change)
{
	struct rgw_contexts *contexts = rgw_xcalloc(1, sizeof *contexts);

	contexts->refs = 1;
	contexts->n = change->next->ids[RGW_CONF_TLS].n;
	contexts->v = rgw_xcalloc(contexts->n, sizeof *contexts->v);
	rgw_link_init(&contexts->notes);
	if (make_all(change, contexts))
		return contexts;
	report_notes(change, contexts);
	rgw_contexts_discard(contexts);
	return NULL;
}

static void
free_contexts(struct rgw_contexts *contexts)
{
	struct rgw_link *l;

	while ((l = rgw_list_pop(&contexts->notes)) != NULL)
		drop_note(RGW_CONTAINER(l, struct note, link));
	free(contexts->v);
	free(contexts);
}

void
rgw_contexts_discard(struct rgw_contexts *contexts)
{
	if (contexts == NULL)
		return;
	for (size_t i = 0; i < contexts->n; i++) {
		if (contexts->v[i].new_client)
			rgw_tlsctx_free(contexts->v[i].client);
		if (contexts->v[i].new_server)
			rgw_tlsctx_free(contexts->v[i].server);
	}
	free_contexts(contexts);
}

void
rgw_contexts_adopt(struct rgw_net *net, struct rgw_contexts *contexts, struct rgw_edition *edition)
{
	struct rgw_link *l;

	for (size_t i = 0; i < contexts->n; i++) {
		struct rgw_context *c = &contexts->v[i];

		if (c->client != NULL && !c->new_client)
			rgw_tlsctx_hold(c->client);
		if (c->server != NULL && !c->new_server)
			rgw_tlsctx_hold(c->server);
		c->same = NULL;
	}
	contexts->edition = rgw_edition_hold(edition);
	rgw_contexts_drop(net->contexts);
	net->contexts = contexts;
	if (speaks_for_all(net))
		review_new(net);
	/* Files were in memory while they were read. */
	rgw_net_tidy(net);
	while ((l = rgw_list_pop(&contexts->notes)) != NULL)
		drop_note(RGW_CONTAINER(l, struct note, link));
}

struct rgw_contexts *
rgw_contexts_hold(struct rgw_contexts *contexts)
{
	contexts->refs++;
	return contexts;
}

void
rgw_contexts_drop(struct rgw_contexts *contexts)
{
	struct rgw_edition *edition;

	if (contexts == NULL || --contexts->refs > 0)
		return;
	for (size_t i = 0; i < contexts->n; i++) {
		rgw_tlsctx_free(contexts->v[i].client);
		rgw_tlsctx_free(contexts->v[i].server);
	}
	edition = contexts->edition;
	free_contexts(contexts);
	rgw_edition_drop(edition);
}

/* ---- what they tell ---- */

bool
rgw_contexts_are_own(const struct rgw_contexts *contexts, const uint8_t *sha256, char *why, size_t size)
{
	bool own = false;

	for (size_t i = 0; i < contexts->n; i++)
		own |= (contexts->v[i].client != NULL && rgw_tlsctx_is_own(contexts->v[i].client, sha256)) ||
		    (contexts->v[i].server != NULL && rgw_tlsctx_is_own(contexts->v[i].server, sha256));
	if (own)
		snprintf(why, size, "it is our own, so we have reached ourselves, or somebody who has our key");
	return own;
}

struct rgw_tlsctx *
rgw_contexts_find(const struct rgw_contexts *contexts, const struct rgw_conf_tls *conf, enum rgw_tls_role role)
{
	const struct rgw_context *c = conf->head.id < contexts->n ? &contexts->v[conf->head.id] : NULL;

	if (c == NULL)
		return NULL;
	return role == RGW_TLS_CLIENT ? c->client : c->server;
}

void
rgw_contexts_init(struct rgw_net *net)
{
	ev_timer_init(&net->daily, on_daily, DAY_S, DAY_S);
	ev_timer_init(&net->hourly, on_hourly, HOUR_S, HOUR_S);
	net->daily.data = net->hourly.data = net;
}

void
rgw_contexts_start(struct rgw_net *net)
{
	if (!speaks_for_all(net))
		return;
	ev_timer_start(net->loop, &net->daily);
	ev_timer_start(net->loop, &net->hourly);
}

void
rgw_contexts_fini(struct rgw_net *net)
{
	ev_timer_stop(net->loop, &net->daily);
	ev_timer_stop(net->loop, &net->hourly);
	rgw_contexts_drop(net->contexts);
}
