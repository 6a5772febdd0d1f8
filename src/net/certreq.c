/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"
#include "tlsinspect.h"

#include <stdlib.h>
#include <string.h>

#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/chacha20_poly1305.h>
#include <wolfssl/wolfcrypt/kdf.h>

#include "radsecgw/mem.h"
#include "radsecgw/wire.h"

/*
 * The CertificateRequest of a server: which CAs does it ask for (RFC 5246 7.4.4; RFC 8446 4.2.4)? The TLS library reads
 * the message and forgets it, so it is read here once more, from the octets that have come. With TLS 1.3 they are
 * encrypted, and can be read where the library tells the secret of the handshake.
 */

#define RECORD_HEADER 5
#define RECORD_HANDSHAKE 22
#define RECORD_DATA 23

#define HANDSHAKE_SERVER_HELLO_DONE 14
#define HANDSHAKE_CERTIFICATE_REQUEST 13
#define HANDSHAKE_FINISHED 20

#define EXTENSION_CERTIFICATE_AUTHORITIES 47

#define TAG 16
#define IV 12
#define HASH_SHA256 32

/* The messages of the handshake, one behind the other. */
struct messages {
	uint8_t *octets;  /* owned */
	size_t len;
	bool encrypted;   /* some of them were */
};

/* ---- decryption ---- */

struct record_key {
	uint8_t key[32];
	size_t key_len;
	uint8_t iv[IV];
	bool chacha;
	uint64_t n;       /* number of the next record */
};

static bool
expand(const struct rgw_tls *tls, const char *label, uint8_t *out, size_t len)
{
	static const char protocol[] = "tls13 ";

	return wc_Tls13_HKDF_Expand_Label(out, (word32)len, tls->secret, (word32)tls->secret_len,
	    (const byte *)protocol, sizeof protocol - 1, (const byte *)label, (word32)strlen(label), NULL, 0,
	    tls->secret_len == HASH_SHA256 ? WC_SHA256 : WC_SHA384) == 0;
}

/* The key by which the server encrypts its handshake, of the suite that was negotiated. false = it is not known. */
static bool
make_key(const struct rgw_tls *tls, struct record_key *key)
{
	int suite = wolfSSL_get_current_cipher_suite(tls->ssl);

	*key = (struct record_key){ .chacha = suite == 0x1303, .key_len = suite == 0x1301 ? 16 : 32 };
	return tls->secret_len > 0 && expand(tls, "key", key->key, key->key_len) &&
	    expand(tls, "iv", key->iv, sizeof key->iv);
}

/* Decrypts a record into `out`, which has room for its contents. */
static bool
decrypt(struct record_key *key, const uint8_t *record, size_t len, uint8_t *out)
{
	const uint8_t *in = record + RECORD_HEADER;
	size_t n = len - TAG;
	uint8_t nonce[IV];
	bool good;
	Aes aes;

	memcpy(nonce, key->iv, sizeof nonce);
	for (int i = 0; i < 8; i++)
		nonce[IV - 1 - i] ^= (uint8_t)(key->n >> (8 * i));
	key->n++;
	if (key->chacha)
		return wc_ChaCha20Poly1305_Decrypt(key->key, nonce, record, RECORD_HEADER, in, (word32)n, in + n,
		    out) == 0;
	if (wc_AesInit(&aes, NULL, INVALID_DEVID) != 0)
		return false;
	good = wc_AesGcmSetKey(&aes, key->key, (word32)key->key_len) == 0 &&
	    wc_AesGcmDecrypt(&aes, out, in, (word32)n, nonce, IV, in + n, TAG, record, RECORD_HEADER) == 0;
	wc_AesFree(&aes);
	return good;
}

/* Adds the messages of an encrypted record. false = it cannot be decrypted, or holds no handshake any more. */
static bool
add_encrypted(struct messages *m, struct record_key *key, const uint8_t *record, size_t len)
{
	size_t n = len > TAG ? len - TAG : 0;

	m->encrypted = true;
	if (n == 0 || !decrypt(key, record, len, m->octets + m->len))
		return false;
	/* The kind stands behind the contents, and zeros behind that. */
	while (n > 0 && m->octets[m->len + n - 1] == 0)
		n--;
	if (n == 0 || m->octets[m->len + n - 1] != RECORD_HANDSHAKE)
		return false;
	m->len += n - 1;
	return true;
}

/* Puts the messages together that stand in the records, as far as they can be read. */
static void
collect(const struct rgw_tls *tls, const uint8_t *octets, size_t len, struct messages *m)
{
	struct record_key key;
	bool has_key = make_key(tls, &key);
	size_t at = 0;
	bool more = true;

	*m = (struct messages){ .octets = rgw_xcalloc(1, len + 1) };
	while (more && len - at > RECORD_HEADER) {
		const uint8_t *record = octets + at;
		size_t n = (size_t)record[3] << 8 | record[4];

		if (n > len - at - RECORD_HEADER)
			break;
		if (record[0] == RECORD_HANDSHAKE) {
			memcpy(m->octets + m->len, record + RECORD_HEADER, n);
			m->len += n;
		} else if (record[0] == RECORD_DATA) {
			m->encrypted = true;
			more = has_key && add_encrypted(m, &key, record, n);
		}
		at += RECORD_HEADER + n;
	}
	rgw_wipe(&key, sizeof key);
}

/* ---- the message ---- */

static struct rgw_rd
sub_reader(struct rgw_rd *r, size_t length_octets)
{
	size_t n = length_octets == 1 ? rgw_rd_u8(r) : rgw_rd_u16(r);

	return rgw_rd_sub(r, n);
}

/* Takes the list of names. */
static void
take_names(struct rgw_seen *seen, struct rgw_rd list)
{
	while (rgw_rd_left(&list) > 0 && seen->n_names < RGW_SEEN_NAMES) {
		struct rgw_rd name = sub_reader(&list, 2);
		size_t n = rgw_rd_left(&name);
		const uint8_t *octets = rgw_rd_bytes(&name, n);

		if (octets == NULL || n == 0)
			return;
		seen->names[seen->n_names].der = rgw_xcalloc(1, n);
		memcpy(seen->names[seen->n_names].der, octets, n);
		seen->names[seen->n_names++].len = n;
	}
}

static void
read_request(struct rgw_seen *seen, struct rgw_rd body, bool tls13)
{
	struct rgw_rd extensions;

	(void)sub_reader(&body, 1);   /* context, or types of certificates */
	if (!tls13)
		(void)sub_reader(&body, 2);   /* signatures */
	extensions = sub_reader(&body, 2);
	seen->asked = RGW_ASKED;
	seen->names_known = true;
	if (!tls13) {
		take_names(seen, extensions);
		return;
	}
	while (!extensions.bad && rgw_rd_left(&extensions) > 0) {
		unsigned type = rgw_rd_u16(&extensions);
		struct rgw_rd value = sub_reader(&extensions, 2);

		if (type == EXTENSION_CERTIFICATE_AUTHORITIES)
			take_names(seen, sub_reader(&value, 2));
	}
}

/* Goes through the messages up to the one that says that no request comes any more. */
static void
read_messages(struct rgw_seen *seen, const struct messages *m)
{
	size_t at = 0;

	while (m->len - at >= 4) {
		const uint8_t *h = m->octets + at;
		size_t n = (size_t)h[1] << 16 | (size_t)h[2] << 8 | h[3];

		if (n > m->len - at - 4)
			return;
		if (h[0] == HANDSHAKE_CERTIFICATE_REQUEST) {
			read_request(seen, rgw_rd_of(h + 4, n), m->encrypted);
			return;
		}
		if (h[0] == (m->encrypted ? HANDSHAKE_FINISHED : HANDSHAKE_SERVER_HELLO_DONE)) {
			seen->asked = RGW_ASKED_NOT;
			return;
		}
		at += 4 + n;
	}
}

void
rgw_certreq_find(const struct rgw_tls *tls, const uint8_t *octets, size_t len)
{
	struct messages m;

	collect(tls, octets, len, &m);
	read_messages(tls->seen, &m);
	rgw_wipe(m.octets, m.len);
	free(m.octets);
}
