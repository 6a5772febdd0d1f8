/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_CONFREAD_H
#define RADSECGW_CONFREAD_H

#include <stdbool.h>
#include <stdio.h>

#include "radsecgw/conf.h"
#include "radsecgw/list.h"

/*
 * From files to a checked configuration. Everything wrong is reported in one run, each with
 * file:line, the key, what was expected and, for names, the nearest valid one. Nothing is resolved
 * and no key or certificate is parsed here (the network layer does that); that the files exist and
 * can be read is checked.
 */
enum rgw_conf_severity { RGW_CONF_ERROR, RGW_CONF_WARNING };

/* The callback that receives one finding. line 0 = the file as a whole. text never shows a secret. */
typedef void rgw_conf_say(void *ctx, enum rgw_conf_severity severity, const char *file,
    unsigned line, const char *text);

struct rgw_conf_report {
	rgw_conf_say *say;
	void *ctx;
	unsigned errors;
	unsigned warnings;
};

/* Counts a finding and passes it on; the text is printf-formatted. */
void rgw_conf_complain(struct rgw_conf_report *report, enum rgw_conf_severity severity,
    const char *file, unsigned line, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Reads, expands and checks a configuration. NULL if there was any error; otherwise the caller frees the result
 * with rgw_conf_free. Paths in it are as seen from the current directory if `path` is. */
struct rgw_conf *rgw_conf_load(const char *path, struct rgw_conf_report *report) RGW_MUST_USE;

/*
 * Gives each section of `next` the id of the section of the same kind and name in `now`, so that what is kept by id
 * finds its section again, wherever that stands now. A section that is new gets the lowest id of its kind that no
 * section of `now` or `next` has. Without `now` (NULL) ids are the places in the file, as they are after
 * rgw_conf_load. `now` is only read. This comes before anybody borrows `next`, views of it included.
 */
void rgw_conf_inherit(struct rgw_conf *next, const struct rgw_conf *now);

/* Tells the files that a section was made of, as far as others can change them, for somebody who watches them: the
 * files and directories that its options name, and the files from which options were read (x-file and ${file:}). With
 * NULL those of the configuration as a whole: its own files, the directories that `include` searches, and the files
 * from which options of any section were read, but not those that the network layer reads (certificates and the
 * like). A path may be told more than once. */
typedef void rgw_conf_each_file(void *ctx, const char *path);
void rgw_conf_files(const struct rgw_conf *conf, const struct rgw_conf_head *section, rgw_conf_each_file *each,
    void *ctx);

/* Frees a configuration and everything in it, and wipes its secrets; NULL is ignored. */
void rgw_conf_free(struct rgw_conf *conf);

/* Reads a time as it is written in a configuration, "10m". NULL on success; otherwise what is wrong, a predicate. */
const char *rgw_conf_time(const char *text, rgw_ms *out) RGW_MUST_USE;

/* Prints the effective configuration, defaults included, in a form that can be read back. Secrets
 * appear as "(hidden)" comments. */
void rgw_conf_dump(const struct rgw_conf *conf, FILE *out);

/* Prints every option there is, one a line, with tabs between section, key, type, default, range and
 * help: for the test of the manual page. */
void rgw_conf_print_options(FILE *out);

/* Prints for people what the options of this name are for, in each section that has one, or, for the name of a section,
 * what each of its options is for. Returns how many options that were. */
unsigned rgw_conf_describe(const char *name, FILE *out);
/* Tells the names of all sections and options; one may be told more than once. */
void rgw_conf_each_name(void (*each)(void *ctx, const char *name), void *ctx);

#endif
