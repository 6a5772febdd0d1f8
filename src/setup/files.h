/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RGW_SETUP_FILES_H
#define RGW_SETUP_FILES_H

#include <stdio.h>
#include <sys/types.h>

#include "../conf/reading.h"

/* Files that setup writes: whole or not at all, never over one that is there, and never through a link. */

struct rgw_folder {
	char *path;   /* owned, as it is shown */
	int fd;
	uid_t uid;    /* who the gateway will be, and its group; (uid_t)-1 = as we are */
	gid_t gid;
	FILE *out;    /* what was done; borrowed, as the next */
	FILE *said;   /* errors */
};

enum rgw_put {
	RGW_PUT_MADE,
	RGW_PUT_SAME,     /* it was there already, or whatever was there is kept */
	RGW_PUT_BESIDE,   /* there is another one, and the new one stands beside it */
	RGW_PUT_FAILED,
};

/* How a file is written. */
enum rgw_put_how {
	RGW_PUT_PLAIN,    /* for the group of the gateway to read */
	RGW_PUT_OPEN,     /* for everybody to read */
	RGW_PUT_SECRET,   /* for the gateway alone, and never shown */
};

/* Opens a folder, which is made with that mode if it is not there (but not the ones above it). With `within` the path
 * is that of a folder in there, which goes to the user of the gateway. false = it cannot be used, and that was said. */
bool rgw_folder_open(struct rgw_folder *f, const char *path, const struct rgw_folder *within, mode_t mode) RGW_MUST_USE;
void rgw_folder_close(struct rgw_folder *f);

/* Is there something of that name? */
bool rgw_folder_has(const struct rgw_folder *f, const char *name);
/* Adds the contents of a file there, which must be a regular one of ours. false = it cannot be read, and that was
 * said. */
bool rgw_folder_read(const struct rgw_folder *f, const char *name, struct rgw_strbuf *out) RGW_MUST_USE;
/* Puts a file in its place, or beside it as NAME.new if there is another one. */
enum rgw_put rgw_folder_put(const struct rgw_folder *f, const char *name, const char *text, size_t len,
    enum rgw_put_how how) RGW_MUST_USE;
/* Makes a file the gateway's own, and its mode 0600. false = that failed, and was said. */
bool rgw_folder_give(const struct rgw_folder *f, const char *name) RGW_MUST_USE;

/* diff.c: writes what is different, as a unified diff. */
void rgw_setup_diff(FILE *out, const char *old_name, const char *old, const char *new_name, const char *new);

/* run.c: runs a program; what it writes is added to `out`, or goes where ours goes if that is NULL. `input` is what it
 * reads. false = it could not be started or has failed; `why` says so. */
bool rgw_setup_run(char *const *argv, const struct rgw_strbuf *input, struct rgw_strbuf *out,
    char why[static RGW_ERRNO_TEXT]) RGW_MUST_USE;

#endif
