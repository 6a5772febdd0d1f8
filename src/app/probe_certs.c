/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "radsecgw/certid.h"
#include "radsecgw/mem.h"

/* What a probe says of the handshake and of certificates. Nothing is judged here: the questions go to the functions
 * that judge for a gateway, each apart, so that one failure does not hide the others. */

#define DAY 86400
/* A certificate that ends within so many days deserves a look. */
#define WARN_DAYS 30

static long long
days_left(int64_t until)
{
	return (long long)(until - time(NULL)) / DAY;
}

static struct rgw_tlsctx *
context(const struct rgw_probe *p)
{
	return p->contexts[p->tls->head.index];
}

static const char *
day(int64_t t, char buf[static 32])
{
	rgw_tls_moment(t, buf, 32);
	buf[10] = '\0';
	return buf;
}

/* ---- our own ---- */

bool
rgw_probe_is_own(const struct rgw_probe *p, const uint8_t *sha256, char *why, size_t size)
{
	for (size_t i = 0; i < p->conf->tls.n; i++)
		if (p->contexts[i] != NULL && rgw_tlsctx_is_own(p->contexts[i], sha256)) {
			snprintf(why, size, "it is our own, so we have reached ourselves, or somebody who has our key");
			return true;
		}
	return false;
}

static void
take_remark(void *arg, const char *key, const char *text)
{
	struct rgw_probe *p = arg;

	if (strcmp(key, "ca") != 0)
		(void)rgw_report_add(&p->report, RGW_STEP_OWN, RGW_WARNING, "%s: %s", key, text);
}

void
rgw_probe_own(struct rgw_probe *p)
{
	const struct rgw_x509 *own = rgw_tlsctx_own(context(p), 0);
	bool in_force = own != NULL && rgw_x509_is_in_force(own, time(NULL));
	char subject[256], issuer[256], until[32];
	struct rgw_finding *f;

	/* A section for pre-shared keys has none. */
	if (own == NULL)
		return;
	f = rgw_report_add(&p->report, RGW_STEP_OWN, in_force ? RGW_PASSED : RGW_FAILED, "%s, issued by %s, until %s",
	    rgw_name_format(own->subject, subject, sizeof subject), rgw_name_format(own->issuer, issuer, sizeof issuer),
	    day(own->not_after, until));
	if (!in_force)
		rgw_finding_advise(f, "it is out of date (or our clock is wrong): get a new certificate, put it into "
		    "%s, "
		    "and reload", p->tls->certificate);
	rgw_tlsctx_review(context(p), time(NULL), p->role == RGW_TLS_CLIENT ? RGW_TLS_USED_AS_CLIENT
	    : RGW_TLS_USED_AS_SERVER, take_remark, p);
}

/* ---- the handshake ---- */

static const struct {
	int alert;
	const char *advice;
} alerts[] = {
	{ 40, "it found nothing in common with us: ask which suites, groups and signatures it speaks; with some "
	    "servers "
	    "this also means that no certificate fits the name we send (`sni`)" },
	{ 42, "it does not like our certificate: its log says why; look at the purpose of our certificate (clientAuth) "
	    "and "
	    "whether `certificate` holds all intermediates" },
	{ 43, "it does not like the kind of our certificate: look at its purpose (clientAuth) and its key" },
	{ 44, "our certificate has been revoked: get a new one" },
	{ 45, "our certificate, or one above it, has expired in its eyes: look at the dates, and at its clock" },
	{ 46, "it does not accept our certificate: its log says why" },
	{ 48, "the peer does not know the CA of our certificate: give its operator the CA certificate that ours was "
	    "issued "
	    "by, or get a certificate from a CA that it knows; if an intermediate is missing in our `certificate`, add "
	    "it behind ours" },
	{ 49, "our certificate is good, but nobody is expected there with it: tell its operator which names it "
	    "carries" },
	{ 51, "it could not verify our signature: certificate and key of ours may not belong together" },
	{ 70, "we and the peer have no version of TLS in common, and it probably speaks only TLS 1.1 or older: its "
	    "operator has to turn on TLS 1.2 or 1.3; look at `min-version` and `max-version`, too" },
	{ 71, "it wants stronger suites or keys than we offer: look at `ciphers` and `groups`" },
	{ 80, "something failed inside of the peer: its log says what" },
	{ 86, "it believes that we fell back to an older version: look at `max-version`" },
	{ 112, "it has no certificate for the name we send: set `sni` as its operator says" },
	{ 115, "it does not know our PSK identity" },
	{ 116, "it wants a certificate and got none" },
	{ 120, "it speaks other protocols than radius/1.0 by ALPN: this may be no RADIUS/TLS server" },
};

const char *
rgw_probe_alert_advice(int alert)
{
	for (size_t i = 0; i < sizeof alerts / sizeof alerts[0]; i++)
		if (alerts[i].alert == alert)
			return alerts[i].advice;
	return "its log says why";
}

/* The far end said nothing, or ended the connection, before the session stood. */
static void
say_silence(struct rgw_probe *p, const struct rgw_inspect *inspect, enum rgw_inspect_result result)
{
	bool nothing = rgw_inspect_octets(inspect) == 0;
	struct rgw_finding *f;

	if (result == RGW_INSPECT_TIMEOUT)
		f = rgw_report_add(&p->report, RGW_STEP_TLS, RGW_FAILED, nothing ? "no answer to our ClientHello"
		    : "the handshake stopped in the middle");
	else
		f = rgw_report_add(&p->report, RGW_STEP_TLS, RGW_FAILED, "%s %s", rgw_inspect_why(inspect),
		    nothing ? "without a word" : "in the middle of the handshake");
	rgw_finding_expect(f, "TLS");
	if (p->role == RGW_TLS_SERVER)
		rgw_finding_advise(f, "look at what the other side logs");
	else if (nothing)
		rgw_finding_advise(f, "somebody listens there, but does not speak TLS with us: it may be RADIUS over "
		    "plain TCP, it may not know our address, or something between us may swallow our ClientHello; "
		    "its log says whether it saw us");
	else
		rgw_finding_advise(f, "its log says why; if nothing arrived there, large packets may get lost between "
		    "us (MTU)");
}

static void
say_failure(struct rgw_probe *p, const struct rgw_inspect *inspect)
{
	const struct rgw_seen *seen = rgw_inspect_seen(inspect);
	const char *why = rgw_inspect_why(inspect);
	struct rgw_finding *f = seen->alert > 0 && strstr(why, "alert") == NULL
	    ? rgw_report_add(&p->report, RGW_STEP_TLS, RGW_FAILED, "it sent TLS alert %d: %s", seen->alert, why)
	    : rgw_report_add(&p->report, RGW_STEP_TLS, RGW_FAILED, "%s", why);

	if (seen->alert > 0)
		rgw_finding_advise(f, "%s", rgw_probe_alert_advice(seen->alert));
	else if (p->role == RGW_TLS_CLIENT)
		rgw_finding_advise(f, "look whether that is a RADIUS/TLS server at all, and which versions of TLS it "
		    "speaks");
	else
		rgw_finding_advise(f, "the other side has to speak TLS 1.2 or 1.3 with one of our suites");
}

void
rgw_probe_tls(struct rgw_probe *p, const struct rgw_inspect *inspect, enum rgw_inspect_result result, rgw_ms ms,
    rgw_ms allowed)
{
	const struct rgw_seen *seen = rgw_inspect_seen(inspect);
	bool is_slow = rgw_probe_is_slow(ms, allowed);
	struct rgw_finding *f;

	if (result == RGW_INSPECT_TIMEOUT || result == RGW_INSPECT_CLOSED) {
		say_silence(p, inspect, result);
		return;
	}
	if (result != RGW_INSPECT_OK) {
		say_failure(p, inspect);
		return;
	}
	f = rgw_report_add(&p->report, RGW_STEP_TLS, is_slow ? RGW_WARNING : RGW_PASSED, "%s, %s, group %s, ALPN "
	    "%s",
	    seen->version, seen->suite, seen->group[0] != '\0' ? seen->group : "unknown",
	    seen->alpn[0] != '\0' ? seen->alpn : "none");
	f->ms = ms;
	if (is_slow)
		rgw_finding_advise(f, "this is slow: packets may get lost between us, or the peer has too much to do");
}

/* ---- the CAs that the far end asks for ---- */

/* Is a CA of this name above our certificate? */
static bool
is_ours(const struct rgw_tlsctx *ctx, const uint8_t *der, size_t len)
{
	const struct rgw_x509 *own;

	for (size_t i = 0; (own = rgw_tlsctx_own(ctx, i)) != NULL; i++)
		if (own->issuer.len == len && memcmp(own->issuer.data, der, len) == 0)
			return true;
	return false;
}

static void
say_names(struct rgw_probe *p, const struct rgw_seen *seen)
{
	struct rgw_finding *f;
	char name[256];
	bool fits = false;

	for (size_t i = 0; i < seen->n_names; i++)
		fits |= is_ours(context(p), seen->names[i].der, seen->names[i].len);
	f = rgw_report_add(&p->report, RGW_STEP_ASKED, fits ? RGW_PASSED : RGW_WARNING, fits
	    ? "our certificate is from one of the CAs that it asks for"
	    : "our certificate is from none of the CAs that it asks for:");
	for (size_t i = 0; i < seen->n_names; i++)
		rgw_finding_detail(f, "%s", rgw_name_format((struct rgw_span){ seen->names[i].der, seen->names[i].len },
		    name, sizeof name));
	if (fits)
		return;
	rgw_finding_expect(f, "%s", rgw_name_format(rgw_tlsctx_own(context(p), 0)->issuer, name, sizeof name));
	rgw_finding_advise(f, "unless it accepts more than it names, get a certificate from one of these CAs, or have "
	    "its "
	    "operator add the CA of ours");
}

void
rgw_probe_asked(struct rgw_probe *p, const struct rgw_seen *seen)
{
	struct rgw_finding *f;

	if (seen->asked == RGW_ASKED_NOT) {
		f = rgw_report_add(&p->report, RGW_STEP_ASKED, RGW_WARNING, "it asks for no certificate, so we show "
		    "none");
		rgw_finding_expect(f, "both sides of RADIUS/TLS show a certificate");
		rgw_finding_advise(f, "whoever has our address can ask there in our name: its operator should require "
		    "certificates");
	} else if (seen->n_names > 0) {
		say_names(p, seen);
	} else if (seen->names_known) {
		(void)rgw_report_add(&p->report, RGW_STEP_ASKED, RGW_PASSED, "it asks for a certificate, of any CA, "
		    "and "
		    "we show ours");
	} else if (seen->version[0] != '\0') {
		(void)rgw_report_add(&p->report, RGW_STEP_ASKED, RGW_NOTE, "the TLS library of this build does not "
		    "show "
		    "it with %s; a build with the library made from source does", seen->version);
	}
}

/* ---- the chain ---- */

static bool
is_above(const struct rgw_seen_cert *ca, const struct rgw_seen_cert *cert)
{
	return ca->readable && cert->readable && ca->x509.subject.len == cert->x509.issuer.len &&
	    memcmp(ca->x509.subject.data, cert->x509.issuer.data, ca->x509.subject.len) == 0;
}

/* What is against a certificate. Builds of the library have different words for this one. */
static const char *
fault_of(const struct rgw_seen *seen, const struct rgw_seen_cert *cert)
{
	bool is_self = cert->readable && rgw_x509_is_self_issued(&cert->x509);

	return !seen->trusted && is_self && cert == &seen->certs[0] && cert->fault[0] != '\0'
	    ? "it is self-signed and not in `ca`" : cert->fault;
}

/* One line of the tree. */
static void
draw(struct rgw_finding *f, const struct rgw_seen_cert *cert, int level, const char *fault, const char *remark)
{
	char subject[256], from[32], until[32];
	long long days = days_left(cert->x509.not_after);

	if (!cert->readable)
		rgw_finding_detail(f, "%*s(a certificate that cannot be read)%s", 2 * level, "", remark);
	else
		rgw_finding_detail(f, "%*s%s%s, %s to %s, %lld day%s left%s%s%s", 2 * level, "", level > 0 ? "by " : "",
		    rgw_name_format(cert->x509.subject, subject, sizeof subject),
		    day(cert->x509.not_before, from), day(cert->x509.not_after, until), days,
		    days == 1 || days == -1 ? "" : "s", fault[0] != '\0' ? "; " : "", fault, remark);
}

static void
draw_tree(struct rgw_probe *p, const struct rgw_seen *seen)
{
	struct rgw_finding *f = rgw_report_add(&p->report, RGW_STEP_CHAIN, RGW_PASSED, "%zu certificate%s",
	    seen->n_certs, seen->n_certs == 1 ? "" : "s");
	char presented[256];
	size_t top = 0;
	int level = 0;

	for (size_t i = 0; i < seen->n_certs; i++) {
		bool belongs = i == 0 || is_above(&seen->certs[i], &seen->certs[top]);

		if (belongs && i > 0) {
			top = i;
			level++;
		}
		draw(f, &seen->certs[i], belongs ? level : 1, fault_of(seen, &seen->certs[i]),
		    !belongs ? " (out of order, or not needed)"
		    : i > 0 && seen->has_anchor && rgw_x509_is_self_issued(&seen->certs[i].x509) ? ", in `ca`" : "");
		if (i == 0 && seen->certs[0].readable)
			rgw_finding_detail(f, "   it presents %s", rgw_cert_presented(&seen->certs[0].x509, presented,
			    sizeof presented));
	}
	if (seen->has_anchor && !rgw_x509_is_self_issued(&seen->certs[top].x509))
		rgw_finding_detail(f, "%*sby %s, in `ca`, %lld days left", 2 * (level + 1), "", seen->anchor,
		    days_left(seen->anchor_ends));
}

/* Is something of the chain out of date that it needs? */
static bool
is_stale(const struct rgw_seen *seen)
{
	bool stale = seen->has_anchor && !seen->anchor_in_force;

	for (size_t i = 0; i < seen->n_certs; i++)
		stale |= seen->certs[i].readable && !rgw_x509_is_in_force(&seen->certs[i].x509, time(NULL));
	return !seen->trusted && stale;
}

static void
judge_trust(struct rgw_probe *p, const struct rgw_seen *seen)
{
	const struct rgw_seen_cert *leaf = &seen->certs[0], *top = &seen->certs[seen->n_certs - 1];
	struct rgw_finding *f;
	char name[256];

	if (seen->trusted || (is_stale(seen) && seen->has_anchor)) {
		(void)rgw_report_add(&p->report, RGW_STEP_TRUST, RGW_PASSED, "it leads to %s in `ca` of [tls %s]%s",
		    seen->has_anchor ? seen->anchor : "this very certificate", p->tls->head.name,
		    seen->trusted ? "" : ", apart from its dates");
		return;
	}
	f = rgw_report_add(&p->report, RGW_STEP_TRUST, RGW_FAILED, "%s", leaf->fault[0] != '\0' ? fault_of(seen, leaf)
	    : "it does not verify against `ca`");
	rgw_finding_expect(f, "a chain that leads to a CA in `ca` of [tls %s], which has %zu", p->tls->head.name,
	    rgw_tlsctx_n_cas(context(p)));
	if (!leaf->readable)
		rgw_finding_advise(f, "its operator needs another certificate");
	else if (rgw_x509_is_self_issued(&leaf->x509))
		rgw_finding_advise(f, "its certificate is self-signed: get it, and its SHA-256 digest in another way, "
		    "from "
		    "its operator and put it into `ca`, or have the operator get one from a CA that we trust");
	else if (seen->has_anchor)
		rgw_finding_advise(f, "a CA of that name is in `ca`, but the chain does not verify by it: the CA may "
		    "have "
		    "changed its key, or an intermediate is missing or wrong in what is sent");
	else if (top->readable)
		rgw_finding_advise(f, "nothing in `ca` has the name %s: if you trust that CA, get its certificate in a "
		    "safe "
		    "way and put it into `ca`; else an intermediate is missing in what is sent, or this is not whom "
		    "you wanted to reach", rgw_name_format(top->x509.issuer, name, sizeof name));
}

static void
judge_dates(struct rgw_probe *p, const struct rgw_seen *seen)
{
	struct rgw_finding *f;
	char from[32], until[32];

	for (size_t i = 0; i < seen->n_certs; i++) {
		const struct rgw_x509 *cert = &seen->certs[i].x509;

		if (!seen->certs[i].readable || rgw_x509_is_in_force(cert, time(NULL)))
			continue;
		f = rgw_report_add(&p->report, RGW_STEP_DATES, seen->trusted ? RGW_NOTE : RGW_FAILED,
		    "certificate %zu of the chain is valid %s to %s, and not today%s", i + 1, day(cert->not_before,
		    from),
		    day(cert->not_after, until), seen->trusted ? "; it is not needed" : "");
		rgw_finding_advise(f, cert->not_after < time(NULL) ? "its operator has to renew it"
		    : "its operator has to wait, or a clock is wrong: ours says %s", day(time(NULL), from));
	}
	if (seen->has_anchor && !seen->anchor_in_force && !seen->trusted) {
		f = rgw_report_add(&p->report, RGW_STEP_DATES, RGW_FAILED, "%s in `ca` is not valid today",
		    seen->anchor);
		rgw_finding_advise(f, "get the new certificate of this CA and put it into `ca`");
	}
	if (!seen->trusted)
		return;
	f = rgw_report_add(&p->report, RGW_STEP_DATES, days_left(seen->ends) < WARN_DAYS ? RGW_WARNING : RGW_PASSED,
	    "the chain is good until %s, for %lld days", day(seen->ends, until), days_left(seen->ends));
	if (days_left(seen->ends) < WARN_DAYS)
		rgw_finding_advise(f, "have it renewed before");
}

/* Takes the certificates into the report, for programs to read. */
static void
note_certs(struct rgw_report *report, const struct rgw_seen *seen)
{
	report->n_certs = 0;
	for (size_t i = 0; i < seen->n_certs; i++) {
		const struct rgw_seen_cert *from = &seen->certs[i];
		struct rgw_report_cert *c = &report->certs[report->n_certs++];

		*c = (struct rgw_report_cert){ .subject = "" };
		for (size_t k = 0; k < sizeof from->sha256; k++)
			snprintf(c->sha256 + 2 * k, 3, "%02x", from->sha256[k]);
		if (!from->readable)
			continue;
		rgw_name_format(from->x509.subject, c->subject, sizeof c->subject);
		rgw_name_format(from->x509.issuer, c->issuer, sizeof c->issuer);
		rgw_tls_moment(from->x509.not_before, c->not_before, sizeof c->not_before);
		rgw_tls_moment(from->x509.not_after, c->not_after, sizeof c->not_after);
		c->days_left = days_left(from->x509.not_after);
	}
}

void
rgw_probe_chain(struct rgw_probe *p, const struct rgw_seen *seen)
{
	if (seen->n_certs == 0)
		return;
	note_certs(&p->report, seen);
	draw_tree(p, seen);
	judge_trust(p, seen);
	judge_dates(p, seen);
}

/* ---- the leaf ---- */

void
rgw_probe_purpose(struct rgw_probe *p, const struct rgw_seen *seen, enum rgw_cert_role role)
{
	struct rgw_cert_rule any = { .kind = RGW_CERT_ANY };
	const struct rgw_cert_rules rules = { &any, 1 };
	const struct rgw_cert_rule *failed;
	const char *eku = role == RGW_CERT_OF_SERVER ? "serverAuth" : "clientAuth";
	enum rgw_cert_verdict verdict;
	struct rgw_finding *f;
	char text[256];

	verdict = rgw_cert_judge(&seen->certs[0].x509, role, &rules, seen->certs[0].sha256, &failed);
	if (verdict == RGW_CERT_OK) {
		(void)rgw_report_add(&p->report, RGW_STEP_EKU, RGW_PASSED, seen->certs[0].x509.has_eku
		    ? "its extended key usage has %s" : "it has no extended key usage, which allows %s", eku);
		return;
	}
	f = rgw_report_add(&p->report, RGW_STEP_EKU, RGW_FAILED, "%s", rgw_cert_explain(verdict, NULL, text,
	    sizeof text));
	rgw_finding_expect(f, "a certificate with %s", eku);
	rgw_finding_advise(f, "its operator needs a certificate that was issued for this");
}

/* Judges by some of the rules, whatever else is wrong with the leaf. */
static void
judge_names(struct rgw_probe *p, const struct rgw_seen *seen, const struct rgw_cert_rules *rules,
    enum rgw_probe_step step)
{
	const struct rgw_cert_rule *failed = NULL;
	struct rgw_x509 leaf = seen->certs[0].x509;
	enum rgw_cert_verdict verdict;
	char text[256], list[512] = "";
	struct rgw_finding *f;

	leaf.is_ca = leaf.has_eku = false;
	verdict = rgw_cert_judge(&leaf, RGW_CERT_OF_SERVER, rules, seen->certs[0].sha256, &failed);
	for (size_t i = 0; i < rules->n; i++) {
		size_t len = strlen(list);

		snprintf(list + len, sizeof list - len, "%s%s", i > 0 ? ", " : "",
		    rgw_cert_rule_format(&rules->v[i], text, sizeof text));
	}
	if (verdict == RGW_CERT_OK) {
		(void)rgw_report_add(&p->report, step, RGW_PASSED, "it is %s", list);
		return;
	}
	f = rgw_report_add(&p->report, step, RGW_FAILED, "%s", rgw_cert_explain(verdict, failed, text, sizeof text));
	rgw_finding_expect(f, "%s", list);
	rgw_finding_advise(f, step == RGW_STEP_POLICY ? "its operator needs a certificate with that policy, or `match` "
	    "asks "
	    "for the wrong one" : "if this is the peer, let `name` or `match` of the [peer] say what its certificate "
	    "presents; else `connect` leads to somebody else");
}

void
rgw_probe_leaf(struct rgw_probe *p, const struct rgw_seen *seen, const struct rgw_cert_rules *rules)
{
	struct rgw_cert_rule *sorted = NULL;
	size_t n = 0;

	if (seen->n_certs == 0 || !seen->certs[0].readable)
		return;
	rgw_probe_purpose(p, seen, RGW_CERT_OF_SERVER);
	sorted = rgw_xcalloc(rules->n, sizeof *sorted);
	for (int policies = 0; policies <= 1; policies++) {
		n = 0;
		for (size_t i = 0; i < rules->n; i++)
			if ((rules->v[i].kind == RGW_CERT_POLICY) == (policies == 1))
				sorted[n++] = rules->v[i];
		if (n > 0 || policies == 0)
			judge_names(p, seen, &(struct rgw_cert_rules){ sorted, n },
			    policies == 1 ? RGW_STEP_POLICY : RGW_STEP_NAME);
	}
	free(sorted);
}

/* What CRLs say of the chain, if it has come so far that they are asked. */
static void
judge_revocation(struct rgw_probe *p, const struct rgw_seen *seen)
{
	static const enum rgw_probe_outcome outcomes[] = {
		[RGW_TLS_NOT_REVOKED] = RGW_PASSED,
		[RGW_TLS_REVOKED] = RGW_FAILED,
		[RGW_TLS_NO_CRL] = RGW_FAILED,
		[RGW_TLS_UNCHECKED] = RGW_WARNING,
	};
	struct rgw_finding *f;

	if (!seen->crls_asked)
		return;
	f = rgw_report_add(&p->report, RGW_STEP_CRL, outcomes[seen->revocation], "%s",
	    seen->revocation == RGW_TLS_NOT_REVOKED ? "no CRL lists a certificate of the chain" : seen->crl);
	if (seen->revocation == RGW_TLS_REVOKED)
		rgw_finding_advise(f, "its operator needs a new certificate; nothing on this side helps");
	else if (seen->revocation != RGW_TLS_NOT_REVOKED)
		rgw_finding_advise(f, "get the CRL of that CA into `crl` of [tls %s]", p->tls->head.name);
}

void
rgw_probe_key(struct rgw_probe *p, const struct rgw_seen *seen, enum rgw_inspect_result result, const char *identity)
{
	struct rgw_finding *f;

	if (seen->proof == RGW_PROVEN_BY_PSK || seen->proof == RGW_PROVEN_BY_PREVIOUS_PSK) {
		f = rgw_report_add(&p->report, RGW_STEP_PSK, seen->proof == RGW_PROVEN_BY_PSK ? RGW_PASSED
		    : RGW_WARNING, "both sides have the key%s%s%s",
		    identity[0] != '\0' ? " of the identity " : "", identity,
		    seen->proof == RGW_PROVEN_BY_PSK ? "" : "; it is `previous-psk`");
		if (seen->proof == RGW_PROVEN_BY_PREVIOUS_PSK)
			rgw_finding_advise(f, "let the other side change to the new key");
	} else if (result != RGW_INSPECT_OK) {
		f = rgw_report_add(&p->report, RGW_STEP_PSK, RGW_FAILED, "the key%s%s was not proven",
		    identity[0] != '\0' ? " of the identity " : "", identity);
		rgw_finding_expect(f, "the same `psk-identity` and `psk` on both sides, TLS 1.3, and psk_dhe_ke");
		rgw_finding_advise(f, "compare identity and key on both sides; a wrong identity and a wrong key "
		    "look the same from here, and the log of the other side may tell which it was");
	}
}

void
rgw_probe_judgement(struct rgw_probe *p, const struct rgw_seen *seen)
{
	struct rgw_finding *f;

	if (seen->n_certs == 0)
		return;
	judge_revocation(p, seen);
	if (seen->accepted) {
		(void)rgw_report_add(&p->report, RGW_STEP_JUDGEMENT, RGW_PASSED, "a gateway would accept it");
		return;
	}
	f = rgw_report_add(&p->report, RGW_STEP_JUDGEMENT, RGW_FAILED, "a gateway would refuse it: %s",
	    seen->refusal[0] != '\0' ? seen->refusal : "its certificate is not good");
	rgw_finding_advise(f, "see above; nothing of RADIUS was sent to it");
}
