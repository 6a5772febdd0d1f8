/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define N(array) (sizeof(array) / sizeof(array)[0])

void
conf_say(
    void *ctx, enum rgw_conf_severity severity, const char *file, unsigned line, const char *text)
{
	struct conf_fixture *f = ctx;
	const char *word = severity == RGW_CONF_ERROR ? "error" : "warning";

	f->n += (size_t)snprintf(
	    f->said + f->n, sizeof f->said - f->n, "%s:%u: %s: %s\n", file, line, word, text);
	assert_true(f->n < sizeof f->said);
}

void
conf_put_octets(const char *path, const char *data, size_t n, mode_t mode)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(data, 1, n, out), n);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(path, mode), 0);
}

void
conf_put(const char *path, const char *text)
{
	conf_put_octets(path, text, strlen(text), 0600);
}

int
conf_setup(void **state)
{
	struct conf_fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	snprintf(f->dir, sizeof f->dir, "/tmp/test_conf_load.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(chdir(f->dir), 0);
	conf_put("cert.pem", "");
	conf_put("key.pem", "");
	conf_put("ca.pem", "");
	conf_put("secret", "a secret of more than twelve octets\n");
	assert_int_equal(mkdir("cas", 0700), 0);
	assert_int_equal(mkdir("conf.d", 0700), 0);
	*state = f;
	return 0;
}

int
conf_teardown(void **state)
{
	struct conf_fixture *f = *state;
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", f->dir);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

struct rgw_conf *
conf_load_file(struct conf_fixture *f, const char *path)
{
	struct rgw_conf_report report = { .say = conf_say, .ctx = f };
	struct rgw_conf *conf;

	f->n = 0;
	f->said[0] = '\0';
	conf = rgw_conf_load(path, &report);
	assert_int_equal(conf == NULL, report.errors > 0);
	return conf;
}

struct rgw_conf *
conf_load(struct conf_fixture *f, const char *text)
{
	conf_put("main.ini", text);
	return conf_load_file(f, "main.ini");
}

void
conf_expect_said(struct conf_fixture *f, const char *text, const char *const *want, size_t n)
{
	char *rest = f->said;

	for (size_t i = 0; i < n && want[i] != NULL; i++) {
		char *line = strsep(&rest, "\n");

		if (line == NULL || strstr(line, want[i]) == NULL)
			fail_msg("%s\nsaid: %s\nwant: %s", text, line, want[i]);
	}
	if (rest != NULL && *rest != '\0')
		fail_msg("%s\nsaid more: %s", text, rest);
}

void
conf_expect_all(struct conf_fixture *f, const struct conf_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct rgw_conf *conf = conf_load(f, rows[i].text);

		conf_expect_said(f, rows[i].text, rows[i].want, N(rows[i].want));
		rgw_conf_free(conf);
	}
}

char *
conf_dump_text(const struct rgw_conf *conf)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(out);
	rgw_conf_dump(conf, out);
	fclose(out);
	return text;
}
