/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/version.h"

#include <wolfssl/options.h>
#include <wolfssl/version.h>

const char *
rgw_version(void)
{
	return RGW_VERSION;
}

const char *
rgw_version_tls(void)
{
	return "wolfSSL " LIBWOLFSSL_VERSION_STRING " (" RGW_WOLFSSL ")";
}
