/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"

void
rgw_strbuf_add(struct rgw_strbuf *text, const void *data, size_t n)
{
	if (text->size - text->n <= n) {
		size_t size = 2 * (text->n + n) + 64;
		char *v = rgw_xcalloc(1, size);

		if (text->v != NULL) {
			memcpy(v, text->v, text->n);
			rgw_wipe(text->v, text->size);
			free(text->v);
		}
		text->v = v;
		text->size = size;
	}
	if (n > 0)
		memcpy(text->v + text->n, data, n);
	text->n += n;
	text->v[text->n] = '\0';
}

void
rgw_strbuf_fini(struct rgw_strbuf *text)
{
	if (text->v != NULL)
		rgw_wipe(text->v, text->size);
	free(text->v);
	*text = (struct rgw_strbuf){ 0 };
}
