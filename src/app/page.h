/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_PAGE_H
#define RADSECGW_APP_PAGE_H

#include "history.h"
#include "radsecgw/conf.h"
#include "warnings.h"

/*
 * The status page: one file of HTML without anything from elsewhere (etc/web/status.html), and the JSON that it fetches
 * and shows. Neither has secrets or names of users. A program that was built with PAGE=no has the JSON only.
 */

/* The page as the Makefile puts it in; empty without it. It is a constant, and ends with a NUL. */
extern const char rgw_page_html[];

/* Room for the policy. */
#define RGW_PAGE_POLICY 512
/* The Content-Security-Policy (CSP Level 3) of a page with one script and one style inside: these two count, by their
 * hashes, and nothing else; and the script may ask nobody but us. */
void rgw_page_policy(const char *html, char policy[static RGW_PAGE_POLICY]);

/* What is told of a moment; all pointers are borrowed. */
struct rgw_page_state {
	const struct rgw_rows *rows;      /* of all workers, added up */
	uint32_t workers;
	enum rgw_ready_requires ready_requires;
	int64_t time;                     /* seconds since 1970 */
	rgw_ms now;                       /* milliseconds, by the clock of the history */
	const struct rgw_history *history;
	struct rgw_warnings *warnings;
};

/* The tables of the report that it needs, as bits. */
unsigned rgw_page_tables(void);
/* The JSON; the caller frees it. NULL = there is no memory for it. */
char *rgw_page_json(const struct rgw_page_state *state, size_t *len) RGW_MUST_USE;

#endif
