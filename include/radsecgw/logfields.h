/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_LOGFIELDS_H
#define RADSECGW_LOGFIELDS_H

#include <stddef.h>

/*
 * The dictionary of the fields that log lines have: radsecgw(8) is written from it, and tests hold it to what the
 * sources give to lines. A field means the same in all events.
 */
struct rgw_log_field {
	const char *name;
	const char *type;     /* "text", "number", or "address": a text, of an IP address and perhaps a port */
	const char *unit;     /* "ms", "s", "octets"; NULL = none, or a plain count */
	const char *example;
	const char *meaning;
};

/* All of them, by name. */
const struct rgw_log_field *rgw_log_fields(size_t *n);

#endif
