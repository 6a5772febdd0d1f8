/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"

/*
 * A string buffer grows as needed and wipes what it leaves behind, for a text may hold a secret. Whoever
 * declares it owns it.
 */

void
rgw_strbuf_add(struct rgw_strbuf *buf, const void *data, size_t n)
{
	if (buf->size - buf->n <= n) {
		size_t size = 2 * (buf->n + n) + 64;
		char *v = rgw_xcalloc(1, size);

		if (buf->v != NULL) {
			memcpy(v, buf->v, buf->n);
			rgw_wipe(buf->v, buf->size);
			free(buf->v);
		}
		buf->v = v;
		buf->size = size;
	}
	if (n > 0)
		memcpy(buf->v + buf->n, data, n);
	buf->n += n;
	buf->v[buf->n] = '\0';
}

void
rgw_strbuf_put(struct rgw_strbuf *buf, const char *text)
{
	rgw_strbuf_add(buf, text, strlen(text));
}

void
rgw_strbuf_printf(struct rgw_strbuf *buf, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	rgw_strbuf_put(buf, text);
}

void
rgw_strbuf_join(struct rgw_strbuf *buf, const char *between, const char *text)
{
	rgw_strbuf_put(buf, buf->n > 0 ? between : "");
	rgw_strbuf_put(buf, text);
}

void
rgw_strbuf_fini(struct rgw_strbuf *buf)
{
	if (buf->v != NULL)
		rgw_wipe(buf->v, buf->size);
	free(buf->v);
	*buf = (struct rgw_strbuf){ 0 };
}
