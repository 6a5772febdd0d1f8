/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of a configuration file. Whatever is wrong with it is told in printable lines; whatever
 * is accepted can be dumped, and the dump, with secrets put in, is read as the same configuration.
 * No file is touched. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/conf/reading.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
say(void *ctx, enum rgw_conf_severity severity, const char *file, unsigned line, const char *text)
{
	unsigned *said = ctx;

	require(severity == RGW_CONF_ERROR || severity == RGW_CONF_WARNING);
	require(strcmp(file, "text") == 0);
	require(line < 1000000);
	for (const char *p = text; *p != '\0'; p++)
		require((unsigned char)*p >= 0x20 && *p != 0x7f);
	++*said;
}

static struct rgw_conf *
load(const char *text, size_t n)
{
	unsigned said = 0;
	struct rgw_conf_report report = { .say = say, .ctx = &said };
	struct rgw_conf *conf = rgw_conf_load_text(text, n, &report);

	require((conf == NULL) == (report.errors > 0));
	require(said == report.errors + report.warnings);
	return conf;
}

static char *
dump(const struct rgw_conf *conf)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	require(out != NULL);
	rgw_conf_dump(conf, out);
	fclose(out);
	return text;
}

/* "# secret = (hidden)" becomes "secret = ...". false = a line is too long to be read again, as it
 * may be when a value got longer on its way, such as a host by its port. */
static bool
fill_in(char *text, FILE *out)
{
	static const char hidden[] = " = (hidden)";
	char *rest = text;

	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		size_t n = strlen(line);
		size_t tail = strlen(hidden);

		if (n > 197)
			return false;
		if (line[0] == '#' && n > tail && strcmp(line + n - tail, hidden) == 0)
			fprintf(out, "%.*s = some secret\n", (int)(n - tail - 2), line + 2);
		else
			fprintf(out, "%s\n", line);
	}
	return true;
}

static void
read_again(const struct rgw_conf *conf)
{
	char *first = dump(conf);
	char *lines = dump(conf);
	char *filled = NULL;
	size_t n;
	FILE *out = open_memstream(&filled, &n);
	bool fits;

	require(out != NULL);
	fits = fill_in(lines, out);
	fclose(out);
	if (fits) {
		struct rgw_conf *again = load(filled, n);
		char *second;

		require(again != NULL);
		second = dump(again);
		require(strcmp(first, second) == 0);
		free(second);
		rgw_conf_free(again);
	}
	free(filled);
	free(lines);
	free(first);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	/* The same for everybody who runs it. */
	clearenv();
	setenv("A", "127.0.0.1, \"x\" ;$", 1);
	setenv("E", "", 1);
	return 0;
}

static void
check(const char *text, size_t n)
{
	struct rgw_conf *conf = load(text, n);

	if (conf != NULL)
		read_again(conf);
	rgw_conf_free(conf);
}

/* Few texts are whole configurations by chance, but many are good as the rest of one. */
static const char base[] = "[tls a]\ncertificate = a\nkey = a\nca = a\n[listen a]\nudp = ::1\n"
    "[client a]\naddress = ::1\nsecret = a\n[peer a]\nconnect = a\ntls = a\n[realm *]\n"
    "pool = a\n[peer b]\nconnect = b\ntls = a\n";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rgw_strbuf text = { 0 };

	rgw_strbuf_add(&text, data, size);
	check(text.v, size);
	rgw_strbuf_fini(&text);
	rgw_strbuf_add(&text, base, strlen(base));
	rgw_strbuf_add(&text, data, size);
	check(text.v, text.n);
	rgw_strbuf_fini(&text);
	return 0;
}
