/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_HELP_H
#define RADSECGW_APP_HELP_H

#include <stddef.h>

/* What the manual says about commands and log events, so that it can be read where there is no manual. */

enum rgw_help_kind { RGW_HELP_COMMAND, RGW_HELP_EVENT };

struct rgw_help_text {
	enum rgw_help_kind kind;
	const char *subject;  /* of events: the list that they stand in */
	const char *names;    /* names of events, or the name of a command with its arguments; blanks stand between */
	const char *text;     /* whole lines */
};

/* All of them; the last one has no names. The file is made of the manual page by etc/build/help.awk. */
extern const struct rgw_help_text rgw_help_texts[];

/* Prints what is known about the topic that the words name: a command, an event, a reason or a field of the log, a
 * section of the configuration or an option of it; without words, what there is. Returns the exit status: 0, or 1 if
 * the topic is not known. */
int rgw_help_run(char *const *words, size_t n);

#endif
