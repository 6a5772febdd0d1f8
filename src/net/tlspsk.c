/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tlspsk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "radsecgw/mem.h"
#include "radsecgw/peerpsk.h"
#include "tlshello.h"

/* Pre-shared keys in TLS 1.3; see tlspsk.h. All of it runs in the thread that does the handshake. External keys belong
 * to a hash, which is SHA-256 unless it was agreed otherwise (RFC 8446 4.2.11): only suites with SHA-256 are used. */

#define SHA256_OCTETS WC_SHA256_DIGEST_SIZE

/* The key that a stranger gets whose identity nobody has. */
#define DECOY_OCTETS 32

enum key_kind { NO_KEY, KEY_NOW, KEY_PREVIOUS, KEY_DECOY };

struct rgw_psk {
	bool client;                     /* we have offered a key; otherwise we look what is offered to us */
	rgw_tls_find *find;              /* server: borrowed until then, like its argument */
	void *arg;
	struct rgw_psk_keys keys;        /* keys of the identity that the current ClientHello is about, borrowed */
	enum key_kind kind;              /* which of them is given to the library ... */
	enum key_kind first;             /* ... and was it when the client said Hello for the first time */
	uint8_t name[RGW_PSK_IDENTITY_MAX + 1];  /* that identity, with a NUL */
	size_t name_len;
	unsigned place;                  /* its place in the client's list */
	const struct rgw_suite *suite;   /* suite that the client can have with it; NULL = none */
	uint8_t decoy[DECOY_OCTETS];
	bool given;                      /* the library has asked for the key of the current ClientHello, and got it */
	bool answered;                   /* there was a ServerHello ... */
	struct rgw_server_hello answer;  /* ... which says this */
	unsigned hellos;                 /* number of ClientHellos */
	enum rgw_psk_fault fault;
	struct rgw_flight in;
	struct rgw_flight out;
};

static struct rgw_psk *
make(struct rgw_tls *tls)
{
	tls->psk = calloc(1, sizeof *tls->psk);
	return tls->psk;
}

void
rgw_psk_free(struct rgw_psk *psk)
{
	if (psk == NULL)
		return;
	rgw_flight_fini(&psk->in);
	rgw_flight_fini(&psk->out);
	rgw_wipe(psk, sizeof *psk);
	free(psk);
}

/* ---- binders ---- */

static bool
hmac(const uint8_t *key, size_t key_len, const uint8_t *data, size_t len, uint8_t out[static SHA256_OCTETS])
{
	Hmac h;
	bool good = wc_HmacInit(&h, NULL, INVALID_DEVID) == 0;

	if (!good)
		return false;
	good = wc_HmacSetKey(&h, WC_SHA256, key, (word32)key_len) == 0 &&
	    wc_HmacUpdate(&h, data, (word32)len) == 0 && wc_HmacFinal(&h, out) == 0;
	wc_HmacFree(&h);
	return good;
}

/* HKDF-Expand-Label of as many octets as the hash has (RFC 8446 7.1). */
static bool
expand(const uint8_t secret[static SHA256_OCTETS], const char *label, const uint8_t *context, size_t len,
    uint8_t out[static SHA256_OCTETS])
{
	uint8_t info[2 + 1 + 64 + 1 + SHA256_OCTETS + 1];
	size_t n = 2;

	info[0] = 0;
	info[1] = SHA256_OCTETS;
	info[n++] = (uint8_t)(6 + strlen(label));
	n += (size_t)snprintf((char *)info + n, 64, "tls13 %s", label);
	info[n++] = (uint8_t)len;
	if (len > 0)
		memcpy(info + n, context, len);
	n += len;
	info[n++] = 1;
	return hmac(secret, SHA256_OCTETS, info, n, out);
}

/* Is the binder the one that this key makes for the ClientHello up to its binders (RFC 8446 4.2.11.2)? Without a key
 * it is not, and that takes as long to find out. */
static bool
binds(const struct rgw_secret *secret, const uint8_t *message, size_t truncated, const struct rgw_hello_identity *id)
{
	static const uint8_t nothing[DECOY_OCTETS];
	const uint8_t *key = secret != NULL ? secret->octets : nothing;
	size_t key_len = secret != NULL ? secret->len : sizeof nothing;
	static const uint8_t zero[SHA256_OCTETS];
	uint8_t a[SHA256_OCTETS];
	uint8_t b[SHA256_OCTETS];
	uint8_t digest[SHA256_OCTETS];
	bool good = wc_Sha256Hash(zero, 0, digest) == 0 && hmac(zero, sizeof zero, key, key_len, a) &&
	    expand(a, "ext binder", digest, sizeof digest, b) &&
	    expand(b, "finished", NULL, 0, a) && wc_Sha256Hash(message, (word32)truncated, digest) == 0 &&
	    hmac(a, sizeof a, digest, sizeof digest, b) && id->binder_len == sizeof b &&
	    rgw_ct_equal(b, id->binder, sizeof b);

	rgw_wipe(a, sizeof a);
	rgw_wipe(b, sizeof b);
	return good && secret != NULL;
}

/* ---- what the client says ---- */

/* Is this a suite with SHA-256 that the context allows? */
static bool
is_usable(const struct rgw_tlsctx *ctx, size_t suite)
{
	unsigned number = rgw_suites[suite].number;

	return (ctx->suites >> suite & 1) != 0 && (number == 0x1301 || number == 0x1303);
}

/* The first suite of the client with SHA-256 that the context allows, too. */
static const struct rgw_suite *
common_suite(const struct rgw_tlsctx *ctx, const struct rgw_client_hello *hello)
{
	for (size_t i = 0; i < hello->suites_len; i += 2)
		for (size_t j = 0; j < RGW_SUITES; j++)
			if (is_usable(ctx, j) &&
			    rgw_suites[j].number == ((unsigned)hello->suites[i] << 8 | hello->suites[i + 1]))
				return &rgw_suites[j];
	return NULL;
}

static void
take_name(struct rgw_psk *psk, const struct rgw_hello_identity *id, size_t place)
{
	memcpy(psk->name, id->octets, id->len);
	psk->name[id->len] = '\0';
	psk->name_len = id->len;
	psk->place = (unsigned)place;
}

/* Which of the two keys has made the binder? After a HelloRetryRequest it is the same one as before, and the library
 * checks the second binder, as it does all of them. With the wrong key it goes on to find that out, too. An identity
 * that nobody has takes as long. */
static enum key_kind
choose_key(struct rgw_psk *psk, const struct rgw_client_hello *hello, const uint8_t *message, bool known)
{
	const struct rgw_hello_identity *id = &hello->identities[psk->place];
	bool now;
	bool previous;

	if (psk->hellos > 1)
		return psk->first == KEY_PREVIOUS && psk->keys.previous == NULL ? NO_KEY : psk->first;
	now = binds(psk->keys.now, message, hello->truncated, id);
	previous = binds(psk->keys.previous, message, hello->truncated, id);
	if (!known || (!now && !previous))
		psk->fault = known ? RGW_PSK_WRONG_KEY : RGW_PSK_UNKNOWN;
	if (!known)
		return KEY_DECOY;
	return previous && !now ? KEY_PREVIOUS : KEY_NOW;
}

/* The first identity that somebody has, or else the first one, or hello->n if there is none. What does not look like an
 * identity is somebody's ticket, and passed over (P-PSK-14). */
static size_t
find_identity(struct rgw_psk *psk, const struct rgw_client_hello *hello, bool *known)
{
	size_t first = hello->n;

	for (size_t i = 0; i < hello->n; i++) {
		const struct rgw_hello_identity *id = &hello->identities[i];

		if (id->age != 0 || !rgw_psk_is_identity(id->octets, id->len))
			continue;
		*known = psk->find(psk->arg, id->octets, id->len, &psk->keys);
		if (*known)
			return i;
		first = first < i ? first : i;
	}
	return first;
}

/* Looks whose key is offered. An identity that nobody has is treated as one with a wrong key, in all that the stranger
 * can see (P-PSK-11): the library gets a key that nobody can know. */
static void
look_up(struct rgw_psk *psk, const struct rgw_client_hello *hello, const uint8_t *message)
{
	bool known = false;
	size_t i;

	psk->keys = (struct rgw_psk_keys){ NULL, NULL };
	i = find_identity(psk, hello, &known);
	if (i == hello->n)
		return;
	take_name(psk, &hello->identities[i], i);
	rgw_random(psk->decoy, sizeof psk->decoy);
	psk->kind = choose_key(psk, hello, message, known);
	/* In the second Hello nobody becomes somebody else. */
	if (!known && psk->kind != KEY_DECOY)
		psk->kind = NO_KEY;
}

static void
on_client_hello(struct rgw_tls *tls, const uint8_t *message, size_t len)
{
	struct rgw_psk *psk = tls->psk;
	struct rgw_client_hello hello;

	psk->hellos++;
	psk->kind = NO_KEY;
	psk->given = false;
	if (psk->hellos > 2 || !rgw_client_hello_parse(&hello, message, len) || !hello.has_psk)
		return;
	psk->suite = common_suite(tls->ctx, &hello);
	if (!hello.has_dhe)
		psk->fault = RGW_PSK_NO_SECRECY;
	else if (psk->suite == NULL)
		psk->fault = RGW_PSK_NO_SUITE;
	else
		look_up(psk, &hello, message);
	if (psk->hellos == 1)
		psk->first = psk->kind;
	else if (psk->kind != psk->first)
		psk->kind = NO_KEY;
}

/* Some builds of the library want a certificate from everybody from whom one may be demanded, and forget their demand
 * after a key that came to nothing. So it is withdrawn when there is a key, and made again with each ClientHello. That
 * somebody has neither is found out here in any case; see rgw_psk_conclude. */
static void
demand(WOLFSSL *ssl, bool certificate)
{
	wolfSSL_set_verify(ssl, certificate ? WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT
	    : WOLFSSL_VERIFY_PEER, rgw_tls_verify);
}

/* ---- what both sides hear ---- */

static void
on_message(void *arg, const uint8_t *message, size_t len)
{
	struct rgw_tls *tls = arg;
	struct rgw_psk *psk = tls->psk;
	bool mine = message[0] == 2;
	struct rgw_flight *other = psk->client ? &psk->in : &psk->out;

	if (!mine && !psk->client) {
		demand(tls->ssl, true);
		on_client_hello(tls, message, len);
		return;
	}
	if (!mine || !rgw_server_hello_parse(&psk->answer, message, len)) {
		other->over = true;
		return;
	}
	if (psk->answer.retry)
		return;
	psk->answered = true;
	psk->in.over = psk->out.over = true;
}

void
rgw_psk_heard(struct rgw_tls *tls, const uint8_t *data, size_t len)
{
	if (tls->psk != NULL)
		rgw_flight_follow(&tls->psk->in, data, len, on_message, tls);
}

void
rgw_psk_said(struct rgw_tls *tls, const uint8_t *data, size_t len)
{
	if (tls->psk != NULL && !tls->psk->client)
		rgw_flight_follow(&tls->psk->out, data, len, on_message, tls);
}

/* ---- what the library asks ---- */

static unsigned
hand_out(const void *octets, size_t len, unsigned char *key, unsigned max)
{
	if (len > max)
		return 0;
	memcpy(key, octets, len);
	return (unsigned)len;
}

/* The library asks for the key of an identity, for each of its suites. The name of a suite must be there whatever the
 * answer is: it is read. */
static unsigned
on_server_asks(WOLFSSL *ssl, const char *identity, unsigned char *key, unsigned max, const char **suite)
{
	struct rgw_tls *tls = wolfSSL_get_psk_callback_ctx(ssl);
	struct rgw_psk *psk = tls != NULL ? tls->psk : NULL;
	const struct rgw_secret *secret;

	*suite = "TLS13-AES128-GCM-SHA256";
	if (psk == NULL || psk->kind == NO_KEY || strcmp(identity, (const char *)psk->name) != 0)
		return 0;
	*suite = psk->suite->wolfssl;
	demand(ssl, false);
	if (psk->kind == KEY_DECOY)
		return hand_out(psk->decoy, sizeof psk->decoy, key, max);
	psk->given = true;
	secret = psk->kind == KEY_PREVIOUS ? psk->keys.previous : psk->keys.now;
	return hand_out(secret->octets, secret->len, key, max);
}

/* The library asks what to offer, and later once more for the same. */
static unsigned
on_client_asks(WOLFSSL *ssl, const char *hint, char *identity, unsigned id_max, unsigned char *key, unsigned max,
    const char *suite)
{
	struct rgw_tls *tls = wolfSSL_get_psk_callback_ctx(ssl);
	struct rgw_psk *psk = tls->psk;

	(void)hint;
	(void)suite;
	if (psk == NULL || psk->name_len > id_max)
		return 0;
	memcpy(identity, psk->name, psk->name_len + 1);
	psk->given = true;
	return hand_out(psk->keys.now->octets, psk->keys.now->len, key, max);
}

/* ---- the verdict ---- */

static bool
is_proven(const struct rgw_psk *psk)
{
	return psk->given && (psk->kind == KEY_NOW || psk->kind == KEY_PREVIOUS) && psk->answered &&
	    psk->answer.tls13 && psk->answer.has_psk && psk->answer.selected == psk->place && psk->answer.has_share;
}

bool
rgw_psk_conclude(struct rgw_tls *tls)
{
	struct rgw_psk *psk = tls->psk;
	bool selected = psk->answered && psk->answer.has_psk;

	if (psk->answered && !psk->client && !selected && tls->accepted)
		return true;
	if (!tls->accepted && is_proven(psk)) {
		tls->proof = psk->kind == KEY_PREVIOUS ? RGW_PROVEN_BY_PREVIOUS_PSK : RGW_PROVEN_BY_PSK;
		tls->accepted = rgw_psk_digest((const char *)psk->name,
		    psk->kind == KEY_PREVIOUS ? psk->keys.previous : psk->keys.now, tls->psk_digest);
		return tls->accepted;
	}
	if (psk->client && !selected)
		rgw_tls_explain(tls, "the peer did not take our pre-shared key, which it must if it has one for us");
	else if (selected && !psk->answer.has_share)
		rgw_tls_explain(tls, "the peer chose a pre-shared key without a Diffie-Hellman exchange (psk_ke), "
		    "which has no forward secrecy");
	else
		rgw_tls_explain(tls, "the peer was not identified by the pre-shared key");
	tls->accepted = false;
	return false;
}

static void
explain_identity(struct rgw_tls *tls, const char *what)
{
	rgw_tls_explain(tls, "%s; its identity is %s", what, (const char *)tls->psk->name);
}

void
rgw_psk_explain(struct rgw_tls *tls)
{
	switch (rgw_tls_psk_fault(&tls->base)) {
	case RGW_PSK_UNKNOWN:
		explain_identity(tls, "no [peer] with this `psk-identity` may connect from there");
		return;
	case RGW_PSK_WRONG_KEY:
		explain_identity(tls, "its pre-shared key is not our `psk`");
		return;
	case RGW_PSK_NO_SECRECY:
		rgw_tls_explain(tls, "the peer offers its pre-shared key only without a Diffie-Hellman exchange "
		    "(psk_ke), which has no forward secrecy");
		return;
	case RGW_PSK_NO_SUITE:
		rgw_tls_explain(tls, "the peer offers a pre-shared key, but no suite with SHA-256 that is in "
		    "`ciphers`");
		return;
	case RGW_PSK_NO_FAULT:
		break;
	}
	if (tls->psk != NULL && !tls->psk->client && tls->psk->hellos > 0 && !tls->psk->answer.has_psk &&
	    tls->ctx->own.n == 0)
		rgw_tls_explain(tls, "the peer offers no pre-shared key, and the profile has no certificate");
	if (tls->psk != NULL && tls->psk->client && wolfSSL_get_error(tls->ssl, 0) == VERIFY_CERT_ERROR)
		rgw_tls_explain(tls, "the peer shows a certificate, but was to know us by a pre-shared key");
}

enum rgw_psk_fault
rgw_tls_psk_fault(const struct rgw_session *session)
{
	const struct rgw_tls *tls = (const struct rgw_tls *)session;

	return tls->psk != NULL ? tls->psk->fault : RGW_PSK_NO_FAULT;
}

/* ---- the beginning ---- */

bool
rgw_tlsctx_can_psk(const struct rgw_tlsctx *ctx)
{
	for (size_t i = 0; i < RGW_SUITES; i++)
		if (is_usable(ctx, i))
			return true;
	return false;
}

bool
rgw_tls_await_psk(struct rgw_session *session, rgw_tls_find *find, void *arg)
{
	struct rgw_tls *tls = (struct rgw_tls *)session;

	if (make(tls) == NULL)
		return false;
	tls->psk->find = find;
	tls->psk->arg = arg;
	wolfSSL_set_psk_callback_ctx(tls->ssl, tls);
	wolfSSL_set_psk_server_tls13_callback(tls->ssl, on_server_asks);
	return true;
}

/* Newer versions of the library need not offer what we refuse in any case: a server might prefer it. */
#if LIBWOLFSSL_VERSION_HEX >= 0x05007000
static bool
offer_secrecy_only(WOLFSSL *ssl)
{
	return wolfSSL_only_dhe_psk(ssl) == 0;
}
#else
static bool
offer_secrecy_only(WOLFSSL *ssl)
{
	(void)ssl;
	return true;
}
#endif

/* Offers TLS 1.3 with the suites that go with the key, and nothing else. */
static bool
limit(struct rgw_tls *tls)
{
	char list[128] = "";
	size_t len = 0;

	for (size_t i = 0; i < RGW_SUITES; i++)
		if (is_usable(tls->ctx, i))
			len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", len > 0 ? ":" : "",
			    rgw_suites[i].wolfssl);
	return len > 0 && offer_secrecy_only(tls->ssl) && wolfSSL_set_cipher_list(tls->ssl, list) == WOLFSSL_SUCCESS &&
	    wolfSSL_SetMinVersion(tls->ssl, WOLFSSL_TLSV1_3) == WOLFSSL_SUCCESS;
}

bool
rgw_tls_offer_psk(struct rgw_session *session, const char *identity, const struct rgw_secret *key)
{
	struct rgw_tls *tls = (struct rgw_tls *)session;
	size_t len = strlen(identity);
	struct rgw_psk *psk;

	if (len > RGW_PSK_IDENTITY_MAX || !limit(tls) || make(tls) == NULL)
		return false;
	psk = tls->psk;
	psk->client = tls->keys_only = true;
	memcpy(psk->name, identity, len + 1);
	psk->name_len = len;
	psk->keys.now = key;
	psk->kind = KEY_NOW;
	wolfSSL_set_psk_callback_ctx(tls->ssl, tls);
	wolfSSL_set_psk_client_cs_callback(tls->ssl, on_client_asks);
	return true;
}

bool
rgw_psk_digest(const char *identity, const struct rgw_secret *key, uint8_t out[static RGW_PSK_DIGEST])
{
	uint8_t len = (uint8_t)strlen(identity);
	wc_Sha256 sha;
	bool good;

	if (wc_InitSha256(&sha) != 0)
		return false;
	good = wc_Sha256Update(&sha, &len, 1) == 0 && wc_Sha256Update(&sha, (const byte *)identity, len) == 0 &&
	    wc_Sha256Update(&sha, key->octets, (word32)key->len) == 0 && wc_Sha256Final(&sha, out) == 0;
	wc_Sha256Free(&sha);
	return good;
}

enum rgw_proof
rgw_tls_proof(const struct rgw_session *session, const uint8_t **digest)
{
	const struct rgw_tls *tls = (const struct rgw_tls *)session;

	*digest = tls->psk_digest;
	return tls->proof;
}
