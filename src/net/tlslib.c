/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <wolfssl/wolfcrypt/ecc.h>

/* The TLS library as a whole: its version, its beginning and its end. */

/* The first version that is not known to read outside of its memory before the peer has shown a
 * certificate. */
#define SAFE_VERSION 0x05007000

const char *
rgw_tls_library_version(void)
{
	return wolfSSL_lib_version();
}

const char *
rgw_tls_library_warning(void)
{
	if (wolfSSL_lib_version_hex() >= SAFE_VERSION)
		return NULL;
	return "the TLS library is older than wolfSSL 5.7; records that make it read outside of its "
	       "memory (CVE-2024-0901) are refused before it sees them, but a newer one closes more: build "
	       "the lean one";
}

bool
rgw_tls_library_init(void)
{
	return wolfSSL_Init() == WOLFSSL_SUCCESS;
}

/* Some builds of the library keep products of elliptic curve points, for each thread apart. */
#ifdef FP_ECC
void
rgw_tls_thread_fini(void)
{
	wc_ecc_fp_free();
}
#else
void
rgw_tls_thread_fini(void)
{
}
#endif

void
rgw_tls_library_fini(void)
{
	wolfSSL_Cleanup();
}
