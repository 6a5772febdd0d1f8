/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "certs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "radsecgw/addr.h"
#include "radsecgw/mem.h"

/* See certs.h. */

/* The arguments of the script: a server and a client of each name. */
struct words {
	char **v;         /* the array is owned, the words are not; NULL is behind the last */
	size_t n;
	size_t names;
};

static void
add(struct words *w, const char *word)
{
	w->v = rgw_xrealloc(w->v, (w->n + 2) * sizeof *w->v);
	w->v[w->n++] = (char *)(uintptr_t)word;
	w->v[w->n] = NULL;
}

/* The script names files by what they are for; an address has colons there. */
static bool
has_certificate(const struct rgw_folder *certs, const char *name)
{
	char file[RGW_HOST_TEXT + 8];

	snprintf(file, sizeof file, "%s.pem", name);
	for (char *p = file; *p != '\0'; p++)
		*p = *p == ':' ? '_' : *p;
	return rgw_folder_has(certs, file);
}

static void
add_name(struct words *w, const struct rgw_folder *certs, const char *name)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->v[i], name) == 0)
			return;
	if (has_certificate(certs, name))
		return;
	add(w, "--server");
	add(w, name);
	add(w, "--client");
	add(w, name);
	w->names++;
}

static bool
fail(const struct rgw_folder *certs, const char *what, const char *why)
{
	fprintf(certs->said, "radsecgw: %s: %s. The command openssl is needed for that (on Debian: apt-get install "
	    "openssl); with --cert it is not.\n", what, why);
	return false;
}

bool
rgw_certs_test(const struct rgw_folder *certs, const struct rgw_values *v, const char *name)
{
	/* The script looks whether it stands in its sources, where no key may be; from here it does not. */
	static const char script_name[] = "/make-pki.sh";
	const char *const head[] = { "/bin/sh", "-c", rgw_setup_make_pki, script_name, certs->path };
	struct rgw_strbuf said = { 0 };
	struct words w = { 0 };
	char why[RGW_ERRNO_TEXT];
	bool good = true;

	for (size_t i = 0; i < sizeof head / sizeof head[0]; i++)
		add(&w, head[i]);
	add_name(&w, certs, name);
	for (size_t i = 0; i < v->n_items; i++)
		if (v->items[i].host[0] != '\0')
			add_name(&w, certs, v->items[i].host);
	if (w.names == 0)
		fprintf(certs->out, "  kept   %s, which has all certificates\n", certs->path);
	else if (!rgw_setup_run(w.v, NULL, &said, why))
		good = fail(certs, "the PKI for tests cannot be made", why);
	else
		fprintf(certs->out, "  wrote  %s/ca.pem, and certificates of %zu name%s there\n", certs->path, w.names,
		    w.names == 1 ? "" : "s");
	rgw_strbuf_fini(&said);
	free(w.v);
	return good;
}

/* Makes the key unless there is one, and reads it. */
static bool
take_key(const struct rgw_folder *certs, const char *file, struct rgw_strbuf *key)
{
	char *argv[] = { "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", NULL };
	char why[RGW_ERRNO_TEXT];

	if (rgw_folder_has(certs, file)) {
		fprintf(certs->out, "  kept   %s/%s\n", certs->path, file);
		return rgw_folder_read(certs, file, key);
	}
	if (!rgw_setup_run(argv, NULL, key, why))
		return fail(certs, "a key cannot be made", why);
	return rgw_folder_put(certs, file, key->v, key->n, RGW_PUT_SECRET) != RGW_PUT_FAILED;
}

static bool
make_request(const struct rgw_folder *certs, const char *file, const char *name, const struct rgw_strbuf *key)
{
	char subject[RGW_HOST_TEXT + 16], names[RGW_HOST_TEXT + 32], why[RGW_ERRNO_TEXT];
	char *argv[] = { "openssl", "req", "-new", "-sha256", "-key", "/dev/stdin", "-subj", subject, "-addext", names,
		NULL };
	struct rgw_strbuf csr = { 0 };
	struct rgw_addr addr;
	bool good;

	/* A common name has at most 64 letters, and nobody needs it. */
	snprintf(subject, sizeof subject, strlen(name) <= 64 ? "/CN=%s" : "/", name);
	snprintf(names, sizeof names, "subjectAltName=%s:%s", rgw_addr_parse(name, 0, &addr) ? "IP" : "DNS", name);
	good = rgw_setup_run(argv, key, &csr, why) || fail(certs, "a request for a certificate cannot be made", why);
	good = good && rgw_folder_put(certs, file, csr.v, csr.n, RGW_PUT_OPEN) != RGW_PUT_FAILED;
	rgw_strbuf_fini(&csr);
	return good;
}

bool
rgw_certs_request(const struct rgw_folder *certs, const struct rgw_values *v, const char *name)
{
	const char *base = rgw_values_get(v, "file");
	char file[RGW_HOST_TEXT + 8], csr[RGW_HOST_TEXT + 8];
	struct rgw_strbuf key = { 0 };
	bool good;

	snprintf(file, sizeof file, "%s.key", base);
	snprintf(csr, sizeof csr, "%s.csr", base);
	if (rgw_folder_has(certs, file) && rgw_folder_has(certs, csr)) {
		fprintf(certs->out, "  kept   %s/%s and %s/%s\n", certs->path, file, certs->path, csr);
		return true;
	}
	good = take_key(certs, file, &key) && make_request(certs, csr, name, &key);
	rgw_strbuf_fini(&key);
	return good;
}
