/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_IMPORT_H
#define RADSECGW_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Configurations of other RADIUS proxies, written as one of ours. What has no counterpart becomes a comment that says
 * what it was, what that means, and what to do; the result is always accepted by rgw_conf_load, apart from files that
 * are not there.
 */
enum rgw_import_from {
	RGW_IMPORT_GUESS,       /* the text tells */
	RGW_IMPORT_RADSECPROXY, /* radsecproxy.conf */
	RGW_IMPORT_UCI,         /* the same as OpenWrt keeps it, /etc/config/radsecproxy */
	RGW_IMPORT_FREERADIUS,  /* proxy.conf and clients.conf of FreeRADIUS 3 */
};

struct rgw_import_request {
	const char *path;    /* borrowed, as the next: the file to be read */
	const char *secrets; /* directory for the files of secrets, which must exist; NULL = they stay in the text */
	enum rgw_import_from from;
	bool report; /* list each line of theirs with ours on `said` */
	FILE *out;   /* where our configuration goes */
	FILE *said;  /* where errors, remarks and the report go */
};

/* These are exit statuses, too. */
enum rgw_import_result {
	RGW_IMPORT_WHOLE = 0,      /* all of it was carried over */
	RGW_IMPORT_REMARKS = 1,    /* some of it was not, and remarks say so */
	RGW_IMPORT_UNREADABLE = 2, /* errors say where and what was expected; nothing was written */
};

/* The language that a word stands for; false = none. */
bool rgw_import_from_word(const char *word, enum rgw_import_from *out) __attribute__((warn_unused_result));

/* Reads the file and those that it includes, and writes our configuration. Files of secrets are made with mode 0600;
 * one that exists with other content is an error. */
enum rgw_import_result rgw_import(const struct rgw_import_request *request) __attribute__((warn_unused_result));

/* Does the same for a text in memory, without touching any file: includes and `secrets` are refused. The path of the
 * request is the name of the text in what is said. */
enum rgw_import_result rgw_import_text(const struct rgw_import_request *request, const char *text, size_t len)
    __attribute__((warn_unused_result));

#endif
