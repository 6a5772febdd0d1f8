/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_NEAREST_H
#define RADSECGW_NEAREST_H

/*
 * The search for the name that was probably meant. Letters match in either case and "_" matches
 * "-", since both are usual slips.
 */
#define RGW_NEAREST_TEXT 64

struct rgw_nearest {
	const char *text;             /* borrowed: what was written */
	char best[RGW_NEAREST_TEXT];  /* the nearest name so far, or empty */
	unsigned distance;            /* distance of the nearest name so far; a name must be nearer than this */
};

/* Begins a search. */
void rgw_nearest_init(struct rgw_nearest *near, const char *text);
/* This is one of the names that there are. */
void rgw_nearest_try(struct rgw_nearest *near, const char *name);

#endif
