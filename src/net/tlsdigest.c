/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <wolfssl/wolfcrypt/sha256.h>

/* The digest of all files of a [tls] section: when it is the same, nobody has changed one of them. */

static void
add(wc_Sha256 *sha, const void *data, size_t len)
{
	uint64_t n = len;

	(void)wc_Sha256Update(sha, (const byte *)&n, sizeof n);
	(void)wc_Sha256Update(sha, data, (word32)len);
}

/* A file that cannot be read counts with the reason. */
static void
add_file(wc_Sha256 *sha, const char *path, size_t limit)
{
	struct rgw_blob f;
	char why[512];

	add(sha, path, strlen(path));
	if (rgw_tls_read_file(path, limit, &f, why, sizeof why)) {
		add(sha, f.data, f.len);
		rgw_pem_drop(&f);
	} else {
		add(sha, why, strlen(why));
	}
}

static void
add_folder(wc_Sha256 *sha, const char *folder, size_t limit)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char path[4096];
		struct stat st;

		snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && (stat(path, &st) != 0 || S_ISREG(st.st_mode)))
			add_file(sha, path, limit);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static void
add_list(wc_Sha256 *sha, const struct rgw_strings *list, size_t limit)
{
	struct stat st;

	for (size_t i = 0; i < list->n; i++)
		if (stat(list->v[i], &st) == 0 && S_ISDIR(st.st_mode))
			add_folder(sha, list->v[i], limit);
		else
			add_file(sha, list->v[i], limit);
}

bool
rgw_tls_digest(const struct rgw_conf_tls *conf, uint8_t out[static RGW_TLS_DIGEST])
{
	wc_Sha256 sha;
	bool good;

	if (wc_InitSha256(&sha) != 0)
		return false;
	if (conf->certificate != NULL) {
		add_file(&sha, conf->certificate, RGW_PEM_MAX);
		add_file(&sha, conf->key, RGW_PEM_MAX);
	}
	add_list(&sha, &conf->ca, RGW_PEM_MAX);
	if (conf->crl_check != RGW_CRL_OFF)
		add_list(&sha, &conf->crl, RGW_PEM_CRL_MAX);
	good = wc_Sha256Final(&sha, out) == 0;
	wc_Sha256Free(&sha);
	return good;
}
