/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configurations of other programs. The first octet chooses the language. What is written is taken by our own reader,
 * if it was read at all; what cannot be read writes nothing; and all that is said is printable. No file is touched.
 */
#include <stdlib.h>
#include <string.h>

#include "../../src/conf/reading.h"
#include "radsecgw/import.h"

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
	(void)ctx;
	(void)severity;
	(void)file;
	(void)line;
	(void)text;
}

static void
import(enum rgw_import_from from, const char *text, size_t n)
{
	char *ours = NULL;
	char *words = NULL;
	size_t n_ours, n_words;
	struct rgw_import_request request = { .path = "text", .from = from, .report = true };
	struct rgw_conf_report report = { .say = say };
	enum rgw_import_result result;

	request.out = open_memstream(&ours, &n_ours);
	request.said = open_memstream(&words, &n_words);
	require(request.out != NULL && request.said != NULL);
	result = rgw_import_text(&request, text, n);
	fclose(request.out);
	fclose(request.said);
	if (result == RGW_IMPORT_UNREADABLE) {
		require(n_ours == 0 && n_words > 0);
	} else {
		struct rgw_conf *conf = rgw_conf_load_text(ours, n_ours, &report);

		require(conf != NULL);
		rgw_conf_free(conf);
	}
	free(ours);
	free(words);
}

/* Few texts are whole configurations by chance, but many are good as the rest of one. */
static const char *const bases[] = {
	"",
	"tls default {\ncacertificatefile a\ncertificatefile a\ncertificatekeyfile a\n}\n"
	"client c {\nhost 10.0.0.1\ntype udp\nsecret s\n}\nserver s {\nhost 10.0.0.2\ntype udp\nsecret s\n}\n"
	"server p {\nhost a.example\ntype tls\n}\nrealm z.example {\nserver s\nserver p\n}\n",
	"config client\noption host ::1\noption type udp\noption secret s\noption name c\nconfig server\noption host "
	"::2\n"
	"option type udp\noption secret s\noption name s\nconfig realm\noption name a\nlist server s\n",
	"client c {\nipaddr = ::1\nsecret = s\n}\nhome_server s {\nipaddr = ::2\nsecret = s\n}\nhome_server_pool p "
	"{\n"
	"home_server = s\n}\nrealm a {\nauth_pool = p\n}\n",
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum rgw_import_from from = size > 0 ? (enum rgw_import_from)(data[0] % 4) : RGW_IMPORT_GUESS;
	struct rgw_strbuf text = { 0 };

	if (size == 0)
		return 0;
	rgw_strbuf_put(&text, size > 1 && data[0] / 4 % 2 == 1 ? bases[from] : "");
	rgw_strbuf_add(&text, data + 1, size - 1);
	import(from, text.v, text.n);
	rgw_strbuf_fini(&text);
	return 0;
}
