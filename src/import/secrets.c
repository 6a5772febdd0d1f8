/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "out.h"
#include "radsecgw/mem.h"

/* Secrets go into files of their own, which only their owner can read. A file that is there already is left as it is:
 * it is used if it holds the same. */

static bool
refuse(struct rgw_out *out, const char *path, const char *why)
{
	rgw_tree_error(out->tree, path, 0, "the secret cannot be kept there: %s", why);
	return false;
}

static bool
holds(const char *path, const struct rgw_strbuf *want)
{
	struct rgw_strbuf text = { 0 };
	struct stat st;
	char buf[RGW_ERRNO_TEXT];
	bool same = rgw_file_read(path, 65536, &text, &st, buf) == NULL && text.n == want->n &&
	    memcmp(text.v, want->v, text.n) == 0;

	rgw_strbuf_fini(&text);
	return same;
}

static bool
write_file(struct rgw_out *out, const char *path, const struct rgw_strbuf *text)
{
	char buf[RGW_ERRNO_TEXT];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	const char *why = NULL;

	if (fd < 0 && errno == EEXIST)
		return holds(path, text) || refuse(out, path, "there is a file with other content");
	if (fd < 0)
		return refuse(out, path, rgw_errno_text(errno, buf));
	if (write(fd, text->v, text->n) != (ssize_t)text->n || fsync(fd) != 0)
		why = rgw_errno_text(errno, buf);
	if (close(fd) != 0 && why == NULL)
		why = rgw_errno_text(errno, buf);
	if (why == NULL)
		return true;
	(void)unlink(path);
	return refuse(out, path, why);
}

/* Moves the value of a line into a file. */
static bool
keep(struct rgw_out *out, const struct rgw_out_section *s, struct rgw_out_line *line)
{
	struct rgw_strbuf path = { 0 };
	struct rgw_strbuf key = { 0 };
	struct rgw_strbuf text = { 0 };
	bool good;

	rgw_strbuf_put(&path, out->secrets);
	rgw_strbuf_put(&path, "/");
	rgw_strbuf_put(&path, rgw_conf_section_of(s->kind)->name);
	rgw_strbuf_put(&path, s->name[0] != '\0' ? "-" : "");
	rgw_strbuf_put(&path, s->name);
	rgw_strbuf_put(&path, ".");
	rgw_strbuf_put(&path, line->key);
	rgw_strbuf_put(&text, line->value);
	if (text.n == 0 || text.v[text.n - 1] != '\n')
		rgw_strbuf_put(&text, "\n");
	good = write_file(out, path.v, &text);
	rgw_strbuf_put(&key, line->key);
	rgw_strbuf_put(&key, "-file");
	free(line->key);
	line->key = key.v;
	rgw_wipe(line->value, strlen(line->value));
	free(line->value);
	line->value = path.v;
	rgw_strbuf_fini(&text);
	return good;
}

bool
rgw_out_keep_secrets(struct rgw_out *out)
{
	bool good = true;

	for (size_t i = 0; i < out->sections.n; i++) {
		struct rgw_out_section *s = out->sections.v[i];

		for (size_t j = 0; j < s->lines.n; j++) {
			struct rgw_out_line *line = &s->lines.v[j];

			if (line->opt != NULL && rgw_conf_opt_has(line->opt, RGW_IS_SECRET) && !s->off && !line->off)
				good = keep(out, s, line) && good;
		}
	}
	return good;
}
