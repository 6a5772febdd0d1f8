/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/coding.h>

#include "radsecgw/mem.h"

/* Files with certificates and keys. */

#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END "-----END CERTIFICATE-----"
#define PEM_CRL_END "-----END X509 CRL-----"

void
rgw_pem_drop(struct rgw_blob *f)
{
	if (f->data != NULL)
		rgw_wipe(f->data, f->len);
	free(f->data);
	f->data = NULL;
}

bool
rgw_tls_read_file(const char *path, size_t limit, struct rgw_blob *out, char *why, size_t size)
{
	FILE *in = fopen(path, "re");
	struct stat st;

	*out = (struct rgw_blob){ NULL, 0 };
	if (in == NULL) {
		snprintf(why, size, "cannot open %s: %s", path, strerror(errno));
		return false;
	}
	if (fstat(fileno(in), &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > limit) {
		fclose(in);
		snprintf(why, size, "%s is not a file of at most %zu MiB", path, limit >> 20);
		return false;
	}
	out->data = malloc((size_t)st.st_size + 1);
	out->len = out->data != NULL ? fread(out->data, 1, (size_t)st.st_size, in) : 0;
	fclose(in);
	if (out->data != NULL && out->len > 0)
		return true;
	rgw_pem_drop(out);
	snprintf(why, size, "%s is empty or cannot be read", path);
	return false;
}

bool
rgw_pem_read(const char *path, struct rgw_blob *out, char *why, size_t size)
{
	return rgw_tls_read_file(path, RGW_PEM_MAX, out, why, size);
}

bool
rgw_pem_next_crl(const struct rgw_blob *f, size_t *at, struct rgw_blob *der)
{
	const uint8_t *end = f->data + f->len;
	const uint8_t *begin = memmem(f->data + *at, f->len - *at, RGW_PEM_CRL_BEGIN, strlen(RGW_PEM_CRL_BEGIN));
	const uint8_t *last;
	word32 n;

	*der = (struct rgw_blob){ NULL, 0 };
	if (begin == NULL)
		return false;
	begin += strlen(RGW_PEM_CRL_BEGIN);
	last = memmem(begin, (size_t)(end - begin), PEM_CRL_END, strlen(PEM_CRL_END));
	*at = last != NULL ? (size_t)(last - f->data) + strlen(PEM_CRL_END) : f->len;
	if (last == NULL || last == begin)
		return true;
	/* Three octets for four characters. */
	n = (word32)(last - begin) / 4 * 3 + 3;
	der->data = malloc(n);
	if (der->data == NULL)
		return true;
	der->len = n;
	if (Base64_Decode(begin, (word32)(last - begin), der->data, &n) == 0)
		der->len = n;
	else
		rgw_pem_drop(der);
	return true;
}

bool
rgw_pem_next_cert(const struct rgw_blob *f, size_t *at, struct rgw_blob *der)
{
	const uint8_t *end = f->data + f->len;
	const uint8_t *begin = memmem(f->data + *at, f->len - *at, PEM_BEGIN, strlen(PEM_BEGIN));
	const uint8_t *last;
	int n;

	*der = (struct rgw_blob){ NULL, 0 };
	if (begin == NULL)
		return false;
	last = memmem(begin, (size_t)(end - begin), PEM_END, strlen(PEM_END));
	*at = last != NULL ? (size_t)(last - f->data) + strlen(PEM_END) : f->len;
	if (last == NULL)
		return true;
	der->len = (size_t)(f->data + *at - begin);
	der->data = rgw_xcalloc(1, der->len);
	n = wc_CertPemToDer(begin, (int)der->len, der->data, (int)der->len, CA_TYPE);
	if (n > 0)
		der->len = (size_t)n;
	else
		rgw_pem_drop(der);
	return true;
}
