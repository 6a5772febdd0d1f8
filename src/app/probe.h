/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_PROBE_H
#define RADSECGW_APP_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "radsecgw/conf.h"
#include "radsecgw/inspect.h"
#include "radsecgw/time.h"

/*
 * `radsecgw probe` looks at a peer from the outside, step by step, and says of each step what was expected, what was
 * presented and what to do. The result is data, a report of findings; text and JSON are made from it at the end. It
 * works beside a running gateway, and asks nothing of it.
 */

/* How the command was given; all pointers are borrowed, and NULL if they were not given. */
struct rgw_probe_call {
	const char *config;
	const char *tls;            /* name of a [tls] section */
	const char *idle;           /* time to be silent for */
	const char *user;           /* User-Name of a login */
	const char *password_file;
	const char *timeout;
	bool json;
	bool listen;                /* the other side connects to us */
	char *const *words;         /* behind the name of the command */
	int n;
};

/* Exit status, by the convention of Nagios. */
enum rgw_probe_status { RGW_PROBE_GOOD = 0, RGW_PROBE_WARNS = 1, RGW_PROBE_BAD = 2, RGW_PROBE_UNKNOWN = 3 };

int rgw_probe_run(const struct rgw_probe_call *call);

/* ---- the report ---- */

enum rgw_probe_step {
	RGW_STEP_OWN,         /* our certificate */
	RGW_STEP_DNS,
	RGW_STEP_TCP,
	RGW_STEP_LISTEN,
	RGW_STEP_TLS,
	RGW_STEP_ASKED,       /* the CAs that the other side asks for */
	RGW_STEP_CHAIN,
	RGW_STEP_TRUST,
	RGW_STEP_CRL,         /* is a certificate of the chain revoked? */
	RGW_STEP_PSK,         /* a pre-shared key in place of certificates */
	RGW_STEP_DATES,
	RGW_STEP_EKU,
	RGW_STEP_NAME,
	RGW_STEP_POLICY,
	RGW_STEP_PEER,        /* which [peer] one who connects to us would be */
	RGW_STEP_JUDGEMENT,   /* what a gateway would do */
	RGW_STEP_ACCEPTED,    /* does the other side accept our certificate? */
	RGW_STEP_STATUS,
	RGW_STEP_IDLE,
	RGW_STEP_LOGIN,
};

enum rgw_probe_outcome { RGW_PASSED, RGW_NOTE, RGW_WARNING, RGW_FAILED };

struct rgw_finding {
	enum rgw_probe_step step;
	enum rgw_probe_outcome outcome;
	char *presented;   /* owned, as the next ones: what was found */
	char *expected;    /* or NULL */
	char *advice;      /* what to do, or NULL */
	char **details;    /* further lines */
	size_t n_details;
	rgw_ms ms;         /* what it took; RGW_NEVER = not measured */
};

/* One certificate that was presented, as it is shown. */
struct rgw_report_cert {
	char subject[256], issuer[256], not_before[32], not_after[32], sha256[65];
	long long days_left;
};

struct rgw_report {
	char target[384];            /* who was looked at, for people */
	struct rgw_finding *v;       /* owned */
	size_t n;
	struct rgw_report_cert certs[RGW_SEEN_CERTS];  /* the chain that was presented last */
	size_t n_certs;
	char *unknown;               /* owned: why nothing can be said at all; NULL = something can */
	char summary[256];           /* what is said if all is well */
};

/* Adds a finding with what was presented. It may be touched until the next one is added. */
struct rgw_finding *rgw_report_add(struct rgw_report *report, enum rgw_probe_step step, enum rgw_probe_outcome outcome,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void rgw_finding_expect(struct rgw_finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void rgw_finding_advise(struct rgw_finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void rgw_finding_detail(struct rgw_finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Nothing can be said, because ... The result is false, so that a check can end with it. */
bool rgw_report_give_up(struct rgw_report *report, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The worst of the findings. */
enum rgw_probe_status rgw_report_status(const struct rgw_report *report);
void rgw_report_print(const struct rgw_report *report, bool json, FILE *out);
void rgw_report_fini(struct rgw_report *report);

/* ---- what the parts share ---- */

/* A probe at work. */
struct rgw_probe {
	const struct rgw_probe_call *call;
	struct rgw_conf *conf;                /* owned */
	const struct rgw_conf_tls *tls;       /* borrowed; NULL = plain TCP */
	const struct rgw_conf_peer *peer;     /* borrowed; NULL while who connects to us is not known */
	struct rgw_conf_peer stranger;        /* in place of a peer that is not configured ... */
	struct rgw_hostport host;             /* ... and its only host; owned */
	struct rgw_secret *secret;            /* owned: the stranger's */
	struct rgw_tlsctx **contexts;         /* owned: by the index of the [tls] section; NULL = it cannot be used */
	enum rgw_tls_role role;
	rgw_ms timeout;                       /* milliseconds for each step; 0 = what the peer's options say */
	rgw_ms idle;                          /* milliseconds of silence; 0 = none */
	char *password;                       /* owned; NULL = no login */
	struct rgw_report report;
};

/* What takes more than half of the time that it may take is slow. */
static inline bool
rgw_probe_is_slow(rgw_ms ms, rgw_ms allowed)
{
	return ms > allowed / 2;
}

/* probe_certs.c */
/* Is the certificate with this digest one of ours? Then `why` says what that means. */
bool rgw_probe_is_own(const struct rgw_probe *p, const uint8_t *sha256, char *why, size_t size);
/* Says what our own certificate is, and what is wrong with it. */
void rgw_probe_own(struct rgw_probe *p);
/* Says what came of the handshake. */
void rgw_probe_tls(struct rgw_probe *p, const struct rgw_inspect *inspect, enum rgw_inspect_result result, rgw_ms ms,
    rgw_ms allowed);
/* Says which CAs the other side asks for. */
void rgw_probe_asked(struct rgw_probe *p, const struct rgw_seen *seen);
/* Judges the chain: who it leads to, its dates. */
void rgw_probe_chain(struct rgw_probe *p, const struct rgw_seen *seen);
/* Judges the leaf of a server by these rules. */
void rgw_probe_leaf(struct rgw_probe *p, const struct rgw_seen *seen, const struct rgw_cert_rules *rules);
/* Judges the leaf of a client: is it for clients? */
void rgw_probe_purpose(struct rgw_probe *p, const struct rgw_seen *seen, enum rgw_cert_role role);
/* What a gateway would do. */
void rgw_probe_judgement(struct rgw_probe *p, const struct rgw_seen *seen);
/* Whether the pre-shared key of that identity, which is "" if none was named, has proven who the far end is. */
void rgw_probe_key(struct rgw_probe *p, const struct rgw_seen *seen, enum rgw_inspect_result result,
    const char *identity);
/* What to do about an alert that the other side has sent; "" = nothing is known. */
const char *rgw_probe_alert_advice(int alert);

/* probe_radius.c: what is asked of a peer that stands. */
void rgw_probe_ask(struct rgw_probe *p, struct rgw_inspect *inspect);

/* probe_out.c, probe_in.c: we connect, or the other side does. */
void rgw_probe_out(struct rgw_probe *p);
void rgw_probe_in(struct rgw_probe *p);

#endif
