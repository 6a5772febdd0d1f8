/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "radsecgw/json.h"
#include "radsecgw/mem.h"

/* The report of a probe, as text and as JSON (see probe.h). Monitoring takes the first line, so the verdict comes
 * first. */

#define JSON_LIMIT (4u << 20)
#define INDENT "        "

static const struct {
	const char *name;    /* in JSON */
	const char *title;
} steps[] = {
	[RGW_STEP_OWN] = { "own-certificate", "our certificate" },
	[RGW_STEP_DNS] = { "dns", "addresses" },
	[RGW_STEP_TCP] = { "tcp", "TCP" },
	[RGW_STEP_LISTEN] = { "listen", "connection" },
	[RGW_STEP_TLS] = { "tls", "TLS handshake" },
	[RGW_STEP_ASKED] = { "asked", "CAs asked for" },
	[RGW_STEP_CHAIN] = { "chain", "chain" },
	[RGW_STEP_TRUST] = { "trust", "trust" },
	[RGW_STEP_CRL] = { "revocation", "revocation" },
	[RGW_STEP_PSK] = { "pre-shared-key", "key" },
	[RGW_STEP_DATES] = { "dates", "dates" },
	[RGW_STEP_EKU] = { "purpose", "purpose" },
	[RGW_STEP_NAME] = { "name", "name" },
	[RGW_STEP_POLICY] = { "policy", "policy" },
	[RGW_STEP_PEER] = { "peer", "peer" },
	[RGW_STEP_JUDGEMENT] = { "judgement", "judgement" },
	[RGW_STEP_ACCEPTED] = { "accepted", "acceptance" },
	[RGW_STEP_STATUS] = { "status-server", "Status-Server" },
	[RGW_STEP_IDLE] = { "idle", "silence" },
	[RGW_STEP_LOGIN] = { "login", "login" },
};

static const char *const outcomes[] = { "passed", "note", "warning", "failed" };
static const char *const statuses[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

/* ---- how it is made ---- */

static char *
format(const char *fmt, va_list ap)
{
	char *text;

	return vasprintf(&text, fmt, ap) >= 0 ? text : rgw_xstrdup("out of memory");
}

struct rgw_finding *
rgw_report_add(struct rgw_report *report, enum rgw_probe_step step, enum rgw_probe_outcome outcome, const char *fmt,
    ...)
{
	struct rgw_finding *f;
	va_list ap;

	report->v = rgw_xrealloc(report->v, (report->n + 1) * sizeof *report->v);
	f = &report->v[report->n++];
	*f = (struct rgw_finding){ .step = step, .outcome = outcome, .ms = RGW_NEVER };
	va_start(ap, fmt);
	f->presented = format(fmt, ap);
	va_end(ap);
	return f;
}

void
rgw_finding_expect(struct rgw_finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	free(f->expected);
	f->expected = format(fmt, ap);
	va_end(ap);
}

void
rgw_finding_advise(struct rgw_finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	free(f->advice);
	f->advice = format(fmt, ap);
	va_end(ap);
}

void
rgw_finding_detail(struct rgw_finding *f, const char *fmt, ...)
{
	va_list ap;

	f->details = rgw_xrealloc(f->details, (f->n_details + 1) * sizeof *f->details);
	va_start(ap, fmt);
	f->details[f->n_details++] = format(fmt, ap);
	va_end(ap);
}

bool
rgw_report_give_up(struct rgw_report *report, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	free(report->unknown);
	report->unknown = format(fmt, ap);
	va_end(ap);
	return false;
}

void
rgw_report_fini(struct rgw_report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		struct rgw_finding *f = &report->v[i];

		for (size_t k = 0; k < f->n_details; k++)
			free(f->details[k]);
		free(f->details);
		free(f->presented);
		free(f->expected);
		free(f->advice);
	}
	free(report->v);
	free(report->unknown);
}

/* ---- what it comes to ---- */

/* The first of the worst findings; NULL = there is none worse than a note. */
static const struct rgw_finding *
worst(const struct rgw_report *report)
{
	const struct rgw_finding *w = NULL;

	for (size_t i = 0; i < report->n; i++)
		if (report->v[i].outcome > (w != NULL ? w->outcome : RGW_NOTE))
			w = &report->v[i];
	return w;
}

enum rgw_probe_status
rgw_report_status(const struct rgw_report *report)
{
	const struct rgw_finding *w = worst(report);

	if (report->unknown != NULL)
		return RGW_PROBE_UNKNOWN;
	if (w == NULL)
		return RGW_PROBE_GOOD;
	return w->outcome == RGW_FAILED ? RGW_PROBE_BAD : RGW_PROBE_WARNS;
}

/* One sentence for monitoring. */
static char *
verdict_of(const struct rgw_report *report)
{
	const struct rgw_finding *w = worst(report);
	char *text = NULL;
	int n;

	if (report->unknown != NULL)
		n = asprintf(&text, "%s", report->unknown);
	else if (w == NULL)
		n = asprintf(&text, "%s: %s", report->target, report->summary);
	else
		n = asprintf(&text, "%s: %s: %s", report->target, steps[w->step].title, w->presented);
	return n >= 0 ? text : rgw_xstrdup("out of memory");
}

/* ---- text ---- */

static void
print_finding(const struct rgw_finding *f, FILE *out)
{
	fprintf(out, "%-8s%-17s%s", outcomes[f->outcome], steps[f->step].title, f->presented);
	if (f->ms != RGW_NEVER)
		fprintf(out, " (%ju ms)", (uintmax_t)f->ms);
	fputc('\n', out);
	for (size_t i = 0; i < f->n_details; i++)
		fprintf(out, INDENT "%-17s%s\n", "", f->details[i]);
	if (f->expected != NULL)
		fprintf(out, INDENT "%-17s%s\n", "  expected:", f->expected);
	if (f->advice != NULL)
		fprintf(out, INDENT "%-17s%s\n", "  what to do:", f->advice);
}

/* ---- JSON ---- */

static void
write_finding(struct rgw_json *j, const struct rgw_finding *f)
{
	rgw_json_object(j, NULL);
	rgw_json_str(j, "step", steps[f->step].name);
	rgw_json_str(j, "outcome", outcomes[f->outcome]);
	rgw_json_str(j, "presented", f->presented);
	rgw_json_str(j, "expected", f->expected);
	rgw_json_str(j, "advice", f->advice);
	if (f->ms != RGW_NEVER)
		rgw_json_seconds(j, "seconds", f->ms);
	else
		rgw_json_null(j, "seconds");
	rgw_json_array(j, "details");
	for (size_t i = 0; i < f->n_details; i++)
		rgw_json_str(j, NULL, f->details[i]);
	rgw_json_end(j);
	rgw_json_end(j);
}

static void
write_cert(struct rgw_json *j, const struct rgw_report_cert *c)
{
	rgw_json_object(j, NULL);
	rgw_json_str(j, "subject", c->subject);
	rgw_json_str(j, "issuer", c->issuer);
	rgw_json_str(j, "not_before", c->not_before);
	rgw_json_str(j, "not_after", c->not_after);
	rgw_json_int(j, "days_left", c->days_left);
	rgw_json_str(j, "sha256", c->sha256);
	rgw_json_end(j);
}

static void
print_json(const struct rgw_report *report, const char *verdict, FILE *out)
{
	enum rgw_probe_status status = rgw_report_status(report);
	struct rgw_json j;
	size_t len;
	char *text;

	rgw_json_init(&j, JSON_LIMIT);
	rgw_json_object(&j, NULL);
	rgw_json_str(&j, "target", report->target);
	rgw_json_str(&j, "status", statuses[status]);
	rgw_json_uint(&j, "exit", status);
	rgw_json_str(&j, "verdict", verdict);
	rgw_json_array(&j, "steps");
	for (size_t i = 0; i < report->n; i++)
		write_finding(&j, &report->v[i]);
	rgw_json_end(&j);
	rgw_json_array(&j, "certificates");
	for (size_t i = 0; i < report->n_certs; i++)
		write_cert(&j, &report->certs[i]);
	rgw_json_end(&j);
	rgw_json_end(&j);
	text = rgw_json_take(&j, &len);
	fprintf(out, "%s\n", text != NULL ? text : "{}");
	free(text);
}

void
rgw_report_print(const struct rgw_report *report, bool json, FILE *out)
{
	char *verdict = verdict_of(report);

	if (json) {
		print_json(report, verdict, out);
	} else {
		fprintf(out, "%s: %s\n", statuses[rgw_report_status(report)], verdict);
		for (size_t i = 0; i < report->n; i++)
			print_finding(&report->v[i], out);
	}
	free(verdict);
}
