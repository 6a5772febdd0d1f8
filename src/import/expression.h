/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_IMPORT_EXPRESSION_H
#define RADSECGW_IMPORT_EXPRESSION_H

#include "../conf/reading.h"

/*
 * Regular expressions of other programs match anywhere in a text; ours match the whole of it, and those of realms see
 * the realm alone in place of the whole user name. All are POSIX extended ones that ignore upper and lower case.
 */

/* Writes the expression that matches whole texts as the given one matches parts of them. */
void rgw_expr_whole(const char *theirs, struct rgw_strbuf *out);
/* The same for an expression whose parts in parentheses are counted; false = their numbers would change. */
bool rgw_expr_whole_counted(const char *theirs, struct rgw_strbuf *out) RGW_MUST_USE;
/* Writes the text that an expression stands for if it matches one whole text only. */
bool rgw_expr_literal(const char *expression, struct rgw_strbuf *out) RGW_MUST_USE;
/* Writes an expression that matches this text only. */
void rgw_expr_quote(const char *text, struct rgw_strbuf *out);

/* What an expression for user names means for realms. */
enum rgw_expr_realm {
	RGW_EXPR_ANY,      /* all user names */
	RGW_EXPR_NO_REALM, /* user names without realm */
	RGW_EXPR_EXACT,    /* the realm in `out` */
	RGW_EXPR_SUFFIX,   /* the realms below the one in `out`, which begins with its dot */
	RGW_EXPR_BOTH,     /* the realm in `out` and those below it */
	RGW_EXPR_PATTERN,  /* realms that match the expression in `out` as a whole */
	RGW_EXPR_USER,     /* it depends on what stands before the "@", or on both sides of it */
};

/* `in_user`: the expression could also have matched in what stands before the "@", where ours does not look. */
enum rgw_expr_realm rgw_expr_realm(const char *theirs, struct rgw_strbuf *out, bool *in_user);

#endif
