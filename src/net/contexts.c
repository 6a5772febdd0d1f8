/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "net_priv.h"
#include "radsecgw/mem.h"

/* The TLS contexts of a worker: one for each [tls] section and role that is used. They are made before the first
 * connection and do not change after that, so the thread of the shaker may read them. */

/* Seconds between two looks at the certificates. */
#define DAY_S 86400.0

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

/* Does this worker speak for all? One does, since they have the same certificates. */
static bool
speaks_for_all(const struct rgw_net *net)
{
	return net->spread.worker == 0;
}

/* The client or server context of the section with this index, whichever there is; the certificates are the same in
 * both. */
static const struct rgw_tlsctx *
either(const struct rgw_net *net, size_t i)
{
	return net->contexts.client[i] != NULL ? net->contexts.client[i] : net->contexts.server[i];
}

static void
review(struct rgw_net *net)
{
	int64_t now = time(NULL);

	for (size_t i = 0; i < net->conf->tls.n; i++) {
		unsigned uses = (net->contexts.client[i] != NULL ? RGW_TLS_USED_AS_CLIENT : 0u) |
		    (net->contexts.server[i] != NULL ? RGW_TLS_USED_AS_SERVER : 0u);
		struct teller teller = { net, net->conf->tls.v[i] };

		if (uses != 0)
			rgw_tlsctx_review(either(net, i), now, uses, tell, &teller);
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
	review(net);
}

/* Looks at the certificates for the first time, with a line on what is trusted. */
static void
review_first(struct rgw_net *net)
{
	if (!rgw_tls_clock_is_set(time(NULL)))
		RGW_LOG(net->log, RGW_LOG_WARNING, "clock-not-set", NULL,
		    "the clock is before the time when radsecgw was written; no certificate can be valid until it "
		    "is set, and connections are tried again until then", rgw_f_uint("time", (uint64_t)time(NULL)));
	for (size_t i = 0; i < net->conf->tls.n; i++) {
		const struct rgw_tlsctx *ctx = either(net, i);

		if (ctx != NULL)
			RGW_LOG(net->log, RGW_LOG_NOTICE, "trust-loaded", NULL, "CA certificates are loaded",
			    rgw_f_str("tls", net->conf->tls.v[i]->head.name),
			    rgw_f_uint("number", rgw_tlsctx_n_cas(ctx)));
	}
	review(net);
}

static bool
make_context(struct rgw_net *net, const struct rgw_conf_tls *conf, enum rgw_tls_role role)
{
	size_t i = conf->head.index;
	struct rgw_tlsctx **at = &(role == RGW_TLS_CLIENT ? net->contexts.client : net->contexts.server)[i];
	/* The files of a section are the same for both roles. */
	bool first = speaks_for_all(net) && net->contexts.client[i] == NULL && net->contexts.server[i] == NULL;
	struct teller teller = { net, conf };
	struct rgw_tls_problem problem;

	if (*at != NULL)
		return true;
	*at = rgw_tlsctx_new(conf, role, first ? tell : NULL, &teller, &problem);
	if (*at != NULL)
		return true;
	RGW_LOG(net->log, RGW_LOG_ERROR, "tls-context", NULL, problem.text,
	    rgw_f_str("tls", conf->head.name), rgw_f_str("key", problem.key));
	return false;
}

static bool
make_all(struct rgw_net *net)
{
	const struct rgw_conf *conf = net->conf;

	for (size_t i = 0; i < conf->peer.n; i++)
		if (conf->peer.v[i]->connect.n > 0 && !conf->peer.v[i]->insecure_tcp &&
		    !make_context(net, conf->peer.v[i]->tls, RGW_TLS_CLIENT))
			return false;
	for (size_t i = 0; i < conf->listen.n; i++)
		for (size_t j = 0; j < conf->listen.v[i]->profile.n; j++)
			if (!make_context(net, (const void *)conf->listen.v[i]->profile.v[j],
			        RGW_TLS_SERVER))
				return false;
	return true;
}

bool
rgw_contexts_make(struct rgw_net *net)
{
	if (!make_all(net))
		return false;
	if (speaks_for_all(net))
		review_first(net);
	return true;
}

bool
rgw_contexts_are_own(const struct rgw_contexts *contexts, const uint8_t *sha256, char *why, size_t size)
{
	bool own = false;

	for (size_t i = 0; i < contexts->n; i++)
		own |= (contexts->client[i] != NULL && rgw_tlsctx_is_own(contexts->client[i], sha256)) ||
		    (contexts->server[i] != NULL && rgw_tlsctx_is_own(contexts->server[i], sha256));
	if (own)
		snprintf(why, size, "it is our own, so we have reached ourselves, or somebody who has our key");
	return own;
}

void
rgw_contexts_init(struct rgw_net *net)
{
	net->contexts.n = net->conf->tls.n;
	net->contexts.client = rgw_xcalloc(net->conf->tls.n, sizeof(struct rgw_tlsctx *));
	net->contexts.server = rgw_xcalloc(net->conf->tls.n, sizeof(struct rgw_tlsctx *));
	ev_timer_init(&net->daily, on_daily, DAY_S, DAY_S);
	net->daily.data = net;
}

void
rgw_contexts_start(struct rgw_net *net)
{
	if (speaks_for_all(net))
		ev_timer_start(net->loop, &net->daily);
}

void
rgw_contexts_free(struct rgw_net *net)
{
	if (net->conf == NULL)
		return;
	ev_timer_stop(net->loop, &net->daily);
	for (size_t i = 0; i < net->conf->tls.n; i++) {
		rgw_tlsctx_free(net->contexts.client[i]);
		rgw_tlsctx_free(net->contexts.server[i]);
	}
	free(net->contexts.client);
	free(net->contexts.server);
}
