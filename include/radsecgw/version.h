/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_VERSION_H
#define RADSECGW_VERSION_H

#include <stddef.h>

/* The version of the sources, from git where they come from there. */
const char *rgw_version(void);
/* The TLS library that is at work, and whether that is the one that was built along or the system's: "wolfSSL 5.9.2
 * (lean)", cut to size; returns buf. */
const char *rgw_version_tls(char *buf, size_t size);

#endif
