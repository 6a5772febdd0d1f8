/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page.h"

#include <stdio.h>
#include <string.h>

#include "health.h"
#include "radsecgw/certrows.h"
#include "radsecgw/report.h"
#include "radsecgw/sha256.h"
#include "radsecgw/version.h"
#include "record.h"

/* What the status page may do, and what it shows; see page.h. The server of metrics owns all of it. */

/* A gateway with a thousand neighbours has half a million octets. */
#define LIMIT (64u << 20)

/* ---- the policy ---- */

/* Base64 (RFC 4648 4) of a hash. */
#define HASH_TEXT ((RGW_SHA256_LEN + 2) / 3 * 4 + 1)

static void
encode(const uint8_t hash[static RGW_SHA256_LEN], char text[static HASH_TEXT])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = 0;

	for (size_t i = 0; i < RGW_SHA256_LEN; i += 3) {
		uint32_t three = (uint32_t)hash[i] << 16;

		three |= i + 1 < RGW_SHA256_LEN ? (uint32_t)hash[i + 1] << 8 : 0;
		three |= i + 2 < RGW_SHA256_LEN ? (uint32_t)hash[i + 2] : 0;
		for (unsigned d = 0; d < 4; d++)
			text[n++] = i + d > RGW_SHA256_LEN ? '=' : digits[three >> (18 - 6 * d) & 63];
	}
	text[n] = '\0';
}

/* The hash of what stands between two tags. */
static void
hash_between(const char *html, const char *begin, const char *end, char text[static HASH_TEXT])
{
	const char *from = strstr(html, begin), *to = from != NULL ? strstr(from, end) : NULL;
	uint8_t hash[RGW_SHA256_LEN];

	if (to != NULL)
		from += strlen(begin);
	rgw_sha256(to != NULL ? from : "", to != NULL ? (size_t)(to - from) : 0, hash);
	encode(hash, text);
}

void
rgw_page_policy(const char *html, char policy[static RGW_PAGE_POLICY])
{
	char script[HASH_TEXT], style[HASH_TEXT];

	hash_between(html, "<script>", "</script>", script);
	hash_between(html, "<style>", "</style>", style);
	snprintf(policy, RGW_PAGE_POLICY,
	    "default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; connect-src 'self'; base-uri 'none'; "
	    "form-action 'none'; frame-ancestors 'none'", script, style);
}

/* ---- the state ---- */

/* The tables that are written. */
static const enum rgw_report_table tables[] = { RGW_REPORT_GATEWAY, RGW_REPORT_PEERS, RGW_REPORT_CONNECTIONS,
	RGW_REPORT_SERVERS, RGW_REPORT_POOLS, RGW_REPORT_ROUTES, RGW_REPORT_REALMS, RGW_REPORT_LIMITS };

#define N_TABLES (sizeof tables / sizeof tables[0])

unsigned
rgw_page_tables(void)
{
	unsigned bits = rgw_history_tables() | rgw_health_tables();

	for (size_t i = 0; i < N_TABLES; i++)
		bits |= 1u << tables[i];
	return bits;
}

char *
rgw_page_json(const struct rgw_page_state *state, size_t *len)
{
	const struct rgw_sample now = rgw_history_sample(state->rows, state->now);
	char why[RGW_HEALTH_TEXT];
	struct rgw_json j;

	rgw_json_init(&j, LIMIT);
	rgw_json_object(&j, NULL);
	rgw_json_str(&j, "version", rgw_version());
	rgw_json_uint(&j, "workers", state->workers);
	rgw_json_int(&j, "time", state->time);
	rgw_json_bool(&j, "ready", rgw_health_is_ready(state->rows, state->ready_requires, why));
	rgw_json_str(&j, "health", why);
	for (size_t i = 0; i < N_TABLES; i++)
		rgw_rows_json(state->rows, &rgw_report_tables[tables[i]], &j);
	rgw_rows_json(state->rows, &rgw_net_certificates, &j);
	rgw_rows_json(state->rows, &rgw_net_crls, &j);
	rgw_rows_json(state->rows, &rgw_record_table, &j);
	rgw_history_json(state->history, &now, &j);
	rgw_warnings_json(state->warnings, &j);
	rgw_json_end(&j);
	return rgw_json_take(&j, len);
}
