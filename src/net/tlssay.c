/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Sentences of the TLS part: what is wrong with an option or with a session, and what deserves a look. */

/* A failed session explains itself in at most this many octets. */
#define WHY_MAX 1280

bool
rgw_tls_fail(struct rgw_tls_problem *problem, const char *key, const char *fmt, ...)
{
	va_list ap;

	problem->key = key;
	va_start(ap, fmt);
	vsnprintf(problem->text, sizeof problem->text, fmt, ap);
	va_end(ap);
	return false;
}

void
rgw_tls_tell(const struct rgw_tls_ear *ear, const char *key, const char *fmt, ...)
{
	char text[sizeof ((struct rgw_tls_problem *)NULL)->text];
	va_list ap;

	if (ear->say == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	ear->say(ear->arg, key, text);
}

void
rgw_tls_explain(struct rgw_tls *tls, const char *fmt, ...)
{
	va_list ap;

	if (tls->why != NULL)
		return;
	tls->why = malloc(WHY_MAX);
	if (tls->why == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(tls->why, WHY_MAX, fmt, ap);
	va_end(ap);
}

const char *
rgw_tls_moment(int64_t t, char *buf, size_t size)
{
	time_t when = (time_t)t;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL || strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(buf, size, "?");
	return buf;
}

const char *
rgw_tls_date(int64_t t, char *buf, size_t size)
{
	char moment[32];

	snprintf(buf, size, "%.10s", rgw_tls_moment(t, moment, sizeof moment));
	return buf;
}
