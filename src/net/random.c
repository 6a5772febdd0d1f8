/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

/* Randomness comes from the kernel, and from nowhere else. */

void
rgw_random(void *out, size_t len)
{
	uint8_t *p = out;

	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			/* Without randomness nothing that follows would be safe. */
			perror("radsecgw: getrandom");
			abort();
		}
		p += n;
		len -= (size_t)n;
	}
}
