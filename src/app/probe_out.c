/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "radsecgw/errnotext.h"
#include "radsecgw/peerid.h"

/* A probe that connects: names, TCP to each address, and then the whole of one connection (see probe.h). */

#define LOOK_UP_MS 15000

/* What is judged during the handshake. */
struct judgement {
	const struct rgw_probe *probe;
	struct rgw_cert_rules rules;   /* owned */
};

/* As the network layer judges the server of a peer. */
static bool
judge(void *arg, const struct rgw_x509 *leaf, const uint8_t *sha256, char *why, size_t size)
{
	const struct judgement *j = arg;
	const struct rgw_cert_rule *failed = NULL;
	enum rgw_cert_verdict verdict = rgw_cert_judge(leaf, RGW_CERT_OF_SERVER, &j->rules, sha256, &failed);

	if (rgw_probe_is_own(j->probe, sha256, why, size))
		return false;
	if (verdict == RGW_CERT_OK)
		return true;
	rgw_cert_explain(verdict, failed, why, size);
	return false;
}

static size_t
look_up(struct rgw_probe *p, const char *host, struct rgw_addr addrs[static RGW_INSPECT_ADDRS])
{
	rgw_ms start = rgw_inspect_now();
	char why[512], list[1024] = "", text[RGW_ADDR_TEXT];
	size_t n = rgw_inspect_resolve(host, addrs, start + LOOK_UP_MS, why, sizeof why);
	struct rgw_finding *f;

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(list);

		snprintf(list + len, sizeof list - len, "%s%s", i > 0 ? ", " : "", rgw_addr_format(&addrs[i], text));
	}
	/* An address is its own name. */
	if (strcmp(list, host) == 0)
		return n;
	if (n > 0) {
		f = rgw_report_add(&p->report, RGW_STEP_DNS, RGW_PASSED, "%s is %s", host, list);
	} else {
		f = rgw_report_add(&p->report, RGW_STEP_DNS, RGW_FAILED, "%s: %s", host, why);
		rgw_finding_advise(f, "look whether the name is written rightly, and whether this machine's name "
		    "servers answer "
		    "(/etc/resolv.conf)");
	}
	f->ms = rgw_inspect_now() - start;
	return n;
}

static const char *
advice_for(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return "the machine is there, but nothing listens at this port: look at the port, and whether the peer "
		    "runs";
	case ETIMEDOUT:
		return "nothing came back: the machine is down, or a firewall at either side drops what we send; its "
		    "operator "
		       "has to open the port for our address";
	case ENETUNREACH:
	case EHOSTUNREACH:
		return "there is no way to this address from here: look at routes, and whether IPv6 works here at all";
	case EACCES:
	case EPERM:
		return "this machine forbids it: look at its own firewall";
	default:
		return "look at the network of this machine";
	}
}

/* Tries one address; returns the descriptor, or -1. *beside is what a failure comes to beside another address that
 * works, since a gateway goes on to that; no IPv6 here says nothing of the peer. */
static int
try(struct rgw_probe *p, const struct rgw_addr *to, enum rgw_probe_outcome *beside)
{
	rgw_ms start = rgw_inspect_now();
	int fd = rgw_inspect_connect(to, start + (p->timeout > 0 ? p->timeout : p->peer->connect_timeout));
	int error = errno;
	char text[RGW_ADDR_TEXT], why[RGW_ERRNO_TEXT];
	struct rgw_finding *f;

	*beside = error == ENETUNREACH ? RGW_NOTE : RGW_WARNING;
	rgw_addr_format(to, text);
	if (fd >= 0) {
		f = rgw_report_add(&p->report, RGW_STEP_TCP, RGW_PASSED, "connected to %s", text);
	} else {
		f = rgw_report_add(&p->report, RGW_STEP_TCP, RGW_FAILED, "%s: %s", text, rgw_errno_text(error, why));
		rgw_finding_advise(f, "%s", advice_for(error));
	}
	f->ms = rgw_inspect_now() - start;
	return fd;
}

/* Tries all addresses, and keeps the first connection. */
static int
connect_one(struct rgw_probe *p, const struct rgw_addr *addrs, size_t n)
{
	enum rgw_probe_outcome beside[RGW_INSPECT_ADDRS];
	size_t first = p->report.n;
	int kept = -1;

	for (size_t i = 0; i < n; i++) {
		int fd = try(p, &addrs[i], &beside[i]);

		if (kept < 0)
			kept = fd;
		else if (fd >= 0)
			close(fd);
	}
	for (size_t i = 0; kept >= 0 && i < n; i++)
		if (p->report.v[first + i].outcome == RGW_FAILED)
			p->report.v[first + i].outcome = beside[i];
	return kept;
}

static void
look_at_tls(struct rgw_probe *p, const struct rgw_hostport *host, int fd)
{
	struct judgement j = { .probe = p };
	char name[RGW_HOST_TEXT];
	rgw_ms allowed = p->timeout > 0 ? p->timeout : p->peer->handshake_timeout;
	rgw_ms start = rgw_inspect_now();
	const struct rgw_seen *seen;
	struct rgw_inspect *inspect;
	enum rgw_inspect_result result;

	rgw_peer_rules(p->peer, host->host, &j.rules);
	inspect = rgw_inspect_new(fd, p->contexts[p->tls->head.index], judge, &j, rgw_peer_sni(p->peer, host->host,
	    name));
	if (p->peer->psk_identity != NULL)
		rgw_inspect_offer_psk(inspect, p->peer->psk_identity, p->peer->psk);
	result = rgw_inspect_handshake(inspect, start + allowed);
	seen = rgw_inspect_seen(inspect);
	rgw_probe_tls(p, inspect, result, rgw_inspect_now() - start, allowed);
	if (p->peer->psk_identity != NULL)
		rgw_probe_key(p, seen, result, p->peer->psk_identity);
	else if (seen->n_certs > 0 || result == RGW_INSPECT_OK)
		rgw_probe_asked(p, seen);
	rgw_probe_chain(p, seen);
	rgw_probe_leaf(p, seen, &j.rules);
	rgw_probe_judgement(p, seen);
	if (result == RGW_INSPECT_OK)
		rgw_probe_ask(p, inspect);
	if (seen->accepted && p->peer->psk_identity != NULL)
		snprintf(p->report.summary, sizeof p->report.summary, "%s, by pre-shared key", seen->version);
	else if (seen->accepted)
		snprintf(p->report.summary, sizeof p->report.summary, "%s, its certificates are good until %.10s",
		    seen->version, rgw_tls_moment(seen->ends, name, sizeof name));
	rgw_inspect_free(inspect);
	rgw_cert_rules_free(&j.rules);
}

static void
look_at_plain(struct rgw_probe *p, int fd)
{
	struct rgw_inspect *inspect = rgw_inspect_new(fd, NULL, NULL, NULL, NULL);

	(void)rgw_report_add(&p->report, RGW_STEP_TLS, RGW_NOTE, "none: the peer has `insecure-tcp = yes`, so nothing "
	    "protects "
	    "and proves anything here");
	rgw_probe_ask(p, inspect);
	snprintf(p->report.summary, sizeof p->report.summary, "RADIUS over plain TCP answers");
	rgw_inspect_free(inspect);
}

static void
look_at(struct rgw_probe *p, const struct rgw_hostport *host)
{
	struct rgw_addr addrs[RGW_INSPECT_ADDRS];
	size_t n = look_up(p, host->host, addrs);
	int fd;

	for (size_t i = 0; i < n; i++)
		addrs[i].port = host->port;
	fd = connect_one(p, addrs, n);
	if (fd < 0)
		return;
	if (p->tls != NULL)
		look_at_tls(p, host, fd);
	else
		look_at_plain(p, fd);
}

void
rgw_probe_out(struct rgw_probe *p)
{
	if (p->tls != NULL)
		rgw_probe_own(p);
	for (size_t i = 0; i < p->peer->connect.n; i++)
		look_at(p, &p->peer->connect.v[i]);
}
