/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_VERSION_H
#define RADSECGW_VERSION_H

/* The version of the sources, from git where they come from there. */
const char *rgw_version(void);
/* The TLS library and how it was built: "wolfSSL 5.5.4 (lean)". */
const char *rgw_version_tls(void);

#endif
