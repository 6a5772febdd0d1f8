/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/version.h"

#include <stdio.h>

#include "radsecgw/tls.h"

/* The version of the gateway and of the TLS library, as they were built. */

const char *
rgw_version(void)
{
	return RGW_VERSION;
}

const char *
rgw_version_tls(char *buf, size_t size)
{
	snprintf(buf, size, "wolfSSL %s (" RGW_WOLFSSL ")", rgw_tls_library_version());
	return buf;
}
