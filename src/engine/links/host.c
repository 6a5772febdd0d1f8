/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

#include <stdlib.h>
#include <string.h>

/* A host that a client, a peer or a server names: its addresses, and when they are looked up again. The host is part of
 * the client, peer or server, and tells this owner when other addresses count. */

/* Bounds for the time until the next look-up. A TTL of 0 comes from /etc/hosts, too. */
#define TTL_MIN_MS 5000
#define TTL_MAX_MS 86400000
#define FAIL_MIN_MS 2000
#define FAIL_MAX_MS 60000

/* A name none of whose addresses works is looked up at once, but not more often than this. */
#define AGAIN_MS 1000

static void
on_timer(struct rgw_timer *timer, rgw_ms now)
{
	struct rgw_host *host = RGW_CONTAINER(timer, struct rgw_host, timer);
	struct rgw_gw *gw = host->gw;

	host->asked = true;
	host->asked_at = now;
	gw->ops->resolve(gw->ops_ctx, host, host->name);
}

void
rgw_host_init(struct rgw_host *host, struct rgw_gw *gw, struct rgw_known *owner, const char *field,
    const struct rgw_hostport *conf, rgw_ms now)
{
	struct rgw_addr literal;

	*host = (struct rgw_host){ .name = rgw_xstrdup(conf->host), .port = conf->port, .gw = gw, .owner = owner,
		.field = field };
	rgw_timer_init(&host->timer, on_timer);
	if (rgw_addr_parse(conf->host, conf->port, &literal)) {
		host->addrs = rgw_xcalloc(1, sizeof *host->addrs);
		host->addrs[0] = literal;
		host->n_addrs = 1;
		host->literal = true;
	} else {
		rgw_timer_set(&gw->timers, &host->timer, now);
	}
}

void
rgw_host_rest(struct rgw_host *host)
{
	if (host->asked)
		host->gw->ops->resolve_cancel(host->gw->ops_ctx, host);
	rgw_timer_unset(&host->gw->timers, &host->timer);
	host->asked = false;
	host->literal = true;
}

void
rgw_host_fini(struct rgw_host *host)
{
	rgw_host_rest(host);
	free(host->name);
	free(host->addrs);
	free(host->before);
}

bool
rgw_host_is(const struct rgw_host *host, const struct rgw_hostport *conf)
{
	return host->port == conf->port && strcmp(host->name, conf->host) == 0;
}

static void
on_failed(struct rgw_host *host, const char *why, rgw_ms now)
{
	struct rgw_gw *gw = host->gw;
	const char *name = host->owner->section->name;
	rgw_ms delay = FAIL_MIN_MS;

	for (unsigned i = 0; i < host->fails && delay < FAIL_MAX_MS; i++)
		delay *= 2;
	if (delay > FAIL_MAX_MS)
		delay = FAIL_MAX_MS;
	host->fails++;
	rgw_count(gw, RGW_CTR_resolve_failed);
	rgw_timer_set(&gw->timers, &host->timer, now + rgw_gw_spread(gw, delay));
	RGW_LOG(gw->log, RGW_LOG_WARNING, "resolve-failed", name,
	    host->n_addrs > 0 ? "the name does not resolve; the addresses known before stay in use"
	                      : "the name does not resolve; trying again",
	    rgw_f_str(host->field, name), rgw_f_str("host", host->name), rgw_f_str("reason", why));
}

void
rgw_host_refresh(struct rgw_host *host, rgw_ms now)
{
	rgw_ms at = now;

	if (host->literal || host->asked)
		return;
	if (host->asked_at != 0 && host->asked_at + AGAIN_MS > now)
		at = host->asked_at + AGAIN_MS;
	if (at < host->timer.at)
		rgw_timer_set(&host->gw->timers, &host->timer, at);
}

bool
rgw_host_has(const struct rgw_host *host, const struct rgw_addr *addr)
{
	for (size_t i = 0; i < host->n_addrs; i++)
		if (rgw_addr_equal(&host->addrs[i], addr))
			return true;
	return false;
}

/* Are the addresses others than before, in whatever order? Name servers change the order of addresses that stay. */
static bool
is_news(const struct rgw_host *host, const struct rgw_addr *addrs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct rgw_addr a = addrs[i];

		a.port = host->port;
		if (!rgw_host_has(host, &a))
			return true;
	}
	return host->n_addrs != n;
}

static void
take_addrs(struct rgw_host *host, const struct rgw_addr *addrs, size_t n)
{
	const char *name = host->owner->section->name;

	free(host->before);
	host->before = host->addrs;
	host->n_before = host->n_addrs;
	host->addrs = rgw_xcalloc(n, sizeof *addrs);
	for (size_t i = 0; i < n; i++) {
		host->addrs[i] = addrs[i];
		host->addrs[i].port = host->port;
		RGW_LOG(host->gw->log, RGW_LOG_INFO, "resolved", name,
		    "an address of the host is known", rgw_f_str(host->field, name),
		    rgw_f_str("host", host->name), rgw_f_addr("addr", &host->addrs[i]));
	}
	host->n_addrs = n;
}

void
rgw_host_on_resolved(struct rgw_host *host, const struct rgw_addr *addrs, size_t n, uint32_t ttl,
    const char *why, rgw_ms now)
{
	struct rgw_gw *gw = host->gw;
	rgw_ms keep = (rgw_ms)ttl * 1000;
	bool news;
	bool changed;

	host->asked = false;
	if (n == 0) {
		on_failed(host, why, now);
		return;
	}
	host->fails = 0;
	news = is_news(host, addrs, n);
	changed = news || host->n_before > 0;
	host->n_before = 0;
	if (news)
		take_addrs(host, addrs, n);
	if (keep < TTL_MIN_MS)
		keep = TTL_MIN_MS;
	if (keep > TTL_MAX_MS)
		keep = TTL_MAX_MS;
	rgw_timer_set(&gw->timers, &host->timer, now + keep);
	if (changed)
		host->changed(host, news, now);
}
