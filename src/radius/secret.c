/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/secret.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/mem.h"

/*
 * A shared secret and the hash states that begin with it. The configuration owns it, and it is wiped when it is
 * freed.
 */

struct rgw_secret *
rgw_secret_new(const void *octets, size_t len)
{
	struct rgw_secret *s = rgw_xcalloc(1, sizeof *s + len);

	s->len = len;
	memcpy(s->octets, octets, len);
	rgw_hmac_key_init(&s->hmac, octets, len);
	rgw_md5_init(&s->prefix);
	rgw_md5_update(&s->prefix, octets, len);
	return s;
}

void
rgw_secret_free(struct rgw_secret *secret)
{
	if (secret == NULL)
		return;
	rgw_wipe(secret, sizeof *secret + secret->len);
	free(secret);
}
