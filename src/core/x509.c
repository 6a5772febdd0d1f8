/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/x509.h"

#include <string.h>

#include "certtext.h"
#include "der.h"

/*
 * A certificate is read once, completely, into spans of octets that the caller keeps (RFC 5280). It comes from
 * a stranger, so whatever is malformed is refused.
 */

/* The X.509 versions as encoded (RFC 5280 4.1.2.1). */
enum { V1 = 0, V2 = 1, V3 = 2 };

/* Keys that are shorter than this protect nobody any more. */
#define RSA_MIN_BITS 2048
#define EC_MIN_BITS 256

/* The sixth and seventh bit of keyUsage. */
#define KEY_CERT_SIGN 0x04
#define CRL_SIGN 0x02

/* RFC 7585 2.2: ub-naiRealm-length. */
#define MAX_NAIREALM 255

void
rgw_x509_take_name(struct rgw_rd *tbs, struct rgw_span *name, struct rgw_span *common_name)
{
	struct rgw_span rest = rgw_der_rest(tbs);

	rgw_der_take(tbs, RGW_DER_SEQUENCE);
	*name = (struct rgw_span){ rest.data, rest.len - rgw_rd_left(tbs) };
	rgw_der_require(tbs, !tbs->bad && rgw_x509_check_name(*name, common_name));
}

/* Reads an otherName. A NAIRealm that is not one UTF8String of 1 to 255 octets names nothing (P-CRT-10). */
static bool
read_other_name(struct rgw_rd body, struct rgw_san *out)
{
	struct rgw_span type = rgw_der_take_oid(&body);
	struct rgw_rd holder = rgw_der_take(&body, RGW_DER_HOLDER(0));
	uint8_t tag;
	struct rgw_rd value = rgw_der_take_any(&holder, &tag);

	if (!rgw_der_used_up(&body) || !rgw_der_used_up(&holder))
		return false;
	if (!rgw_span_is(type, "\x2b\x06\x01\x05\x05\x07\x08\x08", 8))
		return true;
	out->value = rgw_der_rest(&value);
	out->kind = tag == RGW_DER_UTF8 && out->value.len >= 1 && out->value.len <= MAX_NAIREALM
	    ? RGW_SAN_NAIREALM : RGW_SAN_BAD_NAIREALM;
	return true;
}

/* Takes a GeneralName (RFC 5280 4.2.1.6), whose kind is the number of its tag. */
static const struct {
	uint8_t tag;
	enum rgw_san_kind kind;
} general_names[] = {
	{ RGW_DER_HOLDER(0), RGW_SAN_OTHER },  /* otherName */
	{ RGW_DER_PLAIN(1), RGW_SAN_EMAIL },
	{ RGW_DER_PLAIN(2), RGW_SAN_DNS },
	{ RGW_DER_HOLDER(3), RGW_SAN_OTHER },  /* x400Address */
	{ RGW_DER_HOLDER(4), RGW_SAN_OTHER },  /* directoryName */
	{ RGW_DER_HOLDER(5), RGW_SAN_OTHER },  /* ediPartyName */
	{ RGW_DER_PLAIN(6), RGW_SAN_URI },
	{ RGW_DER_PLAIN(7), RGW_SAN_IP },
	{ RGW_DER_PLAIN(8), RGW_SAN_RID },
};

static void
take_san(struct rgw_rd *r, struct rgw_san *out)
{
	uint8_t tag;
	struct rgw_rd body = rgw_der_take_any(r, &tag);
	size_t number = tag & 0x1f;

	if (r->bad || number >= sizeof general_names / sizeof general_names[0] ||
	    general_names[number].tag != tag) {
		r->bad = true;
		return;
	}
	out->kind = general_names[number].kind;
	out->value = rgw_der_rest(&body);
	if (number == 0)
		rgw_der_require(r, read_other_name(body, out));
	if (out->kind == RGW_SAN_IP)
		rgw_der_require(r, out->value.len == 4 || out->value.len == 16);
	if (out->kind == RGW_SAN_RID)
		rgw_der_require(r, rgw_der_is_oid(out->value));
}

/* Takes a PolicyInformation (RFC 5280 4.2.1.4); its qualifiers do not matter here. */
static void
take_policy(struct rgw_rd *r, struct rgw_span *out)
{
	struct rgw_rd seq = rgw_der_take(r, RGW_DER_SEQUENCE);

	*out = rgw_der_take_oid(&seq);
	if (rgw_der_has_more(&seq))
		rgw_der_take(&seq, RGW_DER_SEQUENCE);
	rgw_der_require(r, rgw_der_used_up(&seq));
}

static bool
read_san(struct rgw_x509 *cert, struct rgw_rd value)
{
	struct rgw_rd list = rgw_der_take(&value, RGW_DER_SEQUENCE);
	struct rgw_san san;

	cert->san = rgw_der_rest(&list);
	rgw_der_require(&list, rgw_der_has_more(&list));
	while (rgw_der_has_more(&list))
		take_san(&list, &san);
	return rgw_der_used_up(&list) && rgw_der_used_up(&value);
}

static bool
read_policies(struct rgw_x509 *cert, struct rgw_rd value)
{
	struct rgw_rd list = rgw_der_take(&value, RGW_DER_SEQUENCE);
	struct rgw_span policy;

	cert->policies = rgw_der_rest(&list);
	rgw_der_require(&list, rgw_der_has_more(&list));
	while (rgw_der_has_more(&list))
		take_policy(&list, &policy);
	return rgw_der_used_up(&list) && rgw_der_used_up(&value);
}

static bool
read_eku(struct rgw_x509 *cert, struct rgw_rd value)
{
	struct rgw_rd list = rgw_der_take(&value, RGW_DER_SEQUENCE);

	cert->has_eku = true;
	rgw_der_require(&list, rgw_der_has_more(&list));
	while (rgw_der_has_more(&list)) {
		struct rgw_span purpose = rgw_der_take_oid(&list);
		bool any = rgw_span_is(purpose, "\x55\x1d\x25\x00", 4);

		if (any || rgw_span_is(purpose, "\x2b\x06\x01\x05\x05\x07\x03\x01", 8))
			cert->eku_server = true;
		if (any || rgw_span_is(purpose, "\x2b\x06\x01\x05\x05\x07\x03\x02", 8))
			cert->eku_client = true;
	}
	return rgw_der_used_up(&list) && rgw_der_used_up(&value);
}

/* Reads keyUsage, a BIT STRING: how many bits of the last octet do not count, then the bits, the first one
 * highest. The bits of leaves do not matter here, so nothing is refused. */
static bool
read_key_usage(struct rgw_x509 *cert, struct rgw_rd value)
{
	struct rgw_rd bits = rgw_der_take(&value, RGW_DER_BIT_STRING);
	struct rgw_span s = rgw_der_rest(&bits);
	bool is_good = rgw_der_used_up(&value) && s.len >= 2 && s.data[0] <= 7;
	unsigned unused = is_good && s.len == 2 ? s.data[0] : 0;

	cert->has_key_usage = true;
	cert->key_cert_sign = is_good && (s.data[1] & 0xffu << unused & KEY_CERT_SIGN) != 0;
	cert->crl_sign = is_good && (s.data[1] & 0xffu << unused & CRL_SIGN) != 0;
	return true;
}

static bool
read_basic_constraints(struct rgw_x509 *cert, struct rgw_rd value)
{
	struct rgw_rd seq = rgw_der_take(&value, RGW_DER_SEQUENCE);

	if (rgw_der_next_is(&seq, RGW_DER_BOOLEAN))
		cert->is_ca = rgw_der_take_boolean(&seq);
	if (rgw_der_next_is(&seq, RGW_DER_INTEGER))
		rgw_der_take_integer(&seq);
	return rgw_der_used_up(&seq) && rgw_der_used_up(&value);
}

static bool
read_constraints(struct rgw_x509 *cert, struct rgw_rd value)
{
	struct rgw_rd seq = rgw_der_take(&value, RGW_DER_SEQUENCE);

	cert->constraints = rgw_der_rest(&seq);
	return rgw_der_used_up(&value);
}

bool
rgw_x509_read_authority_key(struct rgw_rd value, struct rgw_span *key_id)
{
	static const uint8_t tags[] = { RGW_DER_PLAIN(0), RGW_DER_HOLDER(1), RGW_DER_PLAIN(2) };
	struct rgw_rd seq = rgw_der_take(&value, RGW_DER_SEQUENCE);

	*key_id = (struct rgw_span){ NULL, 0 };
	for (size_t i = 0; i < sizeof tags; i++) {
		struct rgw_rd part;

		if (!rgw_der_next_is(&seq, tags[i]))
			continue;
		part = rgw_der_take(&seq, tags[i]);
		if (i == 0)
			*key_id = rgw_der_rest(&part);
	}
	return rgw_der_used_up(&seq) && rgw_der_used_up(&value);
}

/* The key's name only says which of several keys an issuer has signed with, so nothing is refused. */
static bool
read_authority_key(struct rgw_x509 *cert, struct rgw_rd value)
{
	if (!rgw_x509_read_authority_key(value, &cert->authority_key))
		cert->authority_key = (struct rgw_span){ NULL, 0 };
	return true;
}

/* Reads cRLDistributionPoints as a list. Whoever asks for one that cannot be read finds no CRL for it, so nothing is
 * refused here. */
static bool
read_crl_points(struct rgw_x509 *cert, struct rgw_rd value)
{
	struct rgw_rd list = rgw_der_take(&value, RGW_DER_SEQUENCE);

	if (rgw_der_used_up(&value))
		cert->crl_points = rgw_der_rest(&list);
	return true;
}

/* The extensions that decide something here: 2.5.29.<last>. */
static const struct {
	uint8_t last;
	bool (*read)(struct rgw_x509 *cert, struct rgw_rd value);
} needed[] = {
	{ 15, read_key_usage },
	{ 17, read_san },
	{ 19, read_basic_constraints },
	{ 30, read_constraints },
	{ 31, read_crl_points },
	{ 32, read_policies },
	{ 35, read_authority_key },
	{ 37, read_eku },
};

static void
read_extension(struct rgw_rd *list, struct rgw_x509 *cert, unsigned *seen)
{
	struct rgw_rd ext = rgw_der_take(list, RGW_DER_SEQUENCE);
	struct rgw_span id = rgw_der_take_oid(&ext);
	struct rgw_rd value;

	if (rgw_der_next_is(&ext, RGW_DER_BOOLEAN))
		rgw_der_take_boolean(&ext);
	value = rgw_der_take(&ext, RGW_DER_OCTET_STRING);
	rgw_der_require(list, rgw_der_used_up(&ext));
	for (size_t i = 0; !list->bad && i < sizeof needed / sizeof needed[0]; i++) {
		const uint8_t want[] = { 0x55, 0x1d, needed[i].last };

		if (!rgw_span_is(id, want, sizeof want))
			continue;
		/* An extension that comes twice is refused: readers differ in which one counts (RFC 5280 4.2).
		 * */
		rgw_der_require(list, (*seen & 1u << i) == 0 && needed[i].read(cert, value));
		*seen |= 1u << i;
	}
}

static void
read_extensions(struct rgw_rd *tbs, struct rgw_x509 *cert, uint8_t version)
{
	struct rgw_rd holder, list;
	unsigned seen = 0;

	if (!rgw_der_next_is(tbs, RGW_DER_HOLDER(3)))
		return;
	holder = rgw_der_take(tbs, RGW_DER_HOLDER(3));
	list = rgw_der_take(&holder, RGW_DER_SEQUENCE);
	rgw_der_require(tbs, version == V3 && rgw_der_has_more(&list));
	while (rgw_der_has_more(&list))
		read_extension(&list, cert, &seen);
	rgw_der_require(tbs, rgw_der_used_up(&list) && rgw_der_used_up(&holder));
}

/* ---- keys and signatures ---- */

/* The contents of OBJECT IDENTIFIERs of algorithms. */
#define OID(text) { (const uint8_t *)(text), sizeof(text) - 1 }

static bool
is_same(struct rgw_span a, struct rgw_span b)
{
	return rgw_span_is(a, b.data, b.len);
}

/* The hash functions of SHA-2 from 256 bits on (RFC 5754 2). */
static bool
is_sha2(struct rgw_span oid)
{
	static const uint8_t sha2[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02 };

	return oid.len == sizeof sha2 + 1 && memcmp(oid.data, sha2, sizeof sha2) == 0 &&
	    oid.data[sizeof sha2] >= 1 && oid.data[sizeof sha2] <= 3;
}

/* RSASSA-PSS names its hash function; without it means SHA-1 (RFC 4055 3.1). */
static bool
is_pss_with_sha2(struct rgw_rd params)
{
	struct rgw_rd seq = rgw_der_take(&params, RGW_DER_SEQUENCE);
	struct rgw_rd holder = rgw_der_take(&seq, RGW_DER_HOLDER(0));
	struct rgw_rd hash = rgw_der_take(&holder, RGW_DER_SEQUENCE);
	struct rgw_span oid = rgw_der_take_oid(&hash);

	return !hash.bad && is_sha2(oid);
}

bool
rgw_x509_reads_as_sha2(struct rgw_rd algorithm)
{
	static const struct rgw_span good[] = {
		OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"),  /* sha256WithRSAEncryption, and 384, 512 */
		OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"),
		OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"),
		OID("\x2a\x86\x48\xce\x3d\x04\x03\x02"),      /* ecdsa-with-SHA256, and 384, 512 */
		OID("\x2a\x86\x48\xce\x3d\x04\x03\x03"),
		OID("\x2a\x86\x48\xce\x3d\x04\x03\x04"),
		OID("\x2b\x65\x70"),                          /* Ed25519, Ed448 */
		OID("\x2b\x65\x71"),
	};
	static const struct rgw_span pss = OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a");
	struct rgw_span oid = rgw_der_take_oid(&algorithm);

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		if (is_same(oid, good[i]))
			return true;
	return is_same(oid, pss) && is_pss_with_sha2(algorithm);
}

static unsigned
bits_of_number(struct rgw_span n)
{
	unsigned bits;

	while (n.len > 0 && n.data[0] == 0) {
		n.data++;
		n.len--;
	}
	if (n.len == 0 || n.len > 8192)
		return 0;
	bits = (unsigned)n.len * 8;
	for (unsigned top = n.data[0]; (top & 0x80) == 0; top <<= 1)
		bits--;
	return bits;
}

static unsigned
bits_of_rsa(struct rgw_rd key)
{
	struct rgw_rd seq = rgw_der_take(&key, RGW_DER_SEQUENCE);

	return bits_of_number(rgw_der_take_integer(&seq));
}

/* A point that is not compressed has two coordinates. P-521 is the only curve that does not fill its octets. */
static unsigned
bits_of_point(struct rgw_rd key)
{
	struct rgw_span point = rgw_der_rest(&key);
	bool whole = point.len > 1 && point.len <= 1024 && point.data[0] == 4;
	unsigned bits = whole ? (unsigned)(point.len - 1) / 2 * 8 : 0;

	return bits == 528 ? 521 : bits;
}

/* Reads SubjectPublicKeyInfo; an unknown kind of key is no fault here. */
static void
read_key(struct rgw_rd *tbs, struct rgw_x509 *cert)
{
	static const struct {
		struct rgw_span oid;
		enum rgw_key_kind kind;
		unsigned (*bits)(struct rgw_rd key);
		unsigned known_bits;
	} kinds[] = {
		{ OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"), RGW_KEY_RSA, bits_of_rsa, 0 },
		{ OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"), RGW_KEY_RSA_PSS, bits_of_rsa, 0 },
		{ OID("\x2a\x86\x48\xce\x3d\x02\x01"), RGW_KEY_EC, bits_of_point, 0 },
		{ OID("\x2b\x65\x70"), RGW_KEY_EDWARDS, NULL, 255 },
		{ OID("\x2b\x65\x71"), RGW_KEY_EDWARDS, NULL, 448 },
	};
	struct rgw_span rest = rgw_der_rest(tbs);
	struct rgw_rd info = rgw_der_take(tbs, RGW_DER_SEQUENCE);
	struct rgw_rd algorithm = rgw_der_take(&info, RGW_DER_SEQUENCE);
	struct rgw_span oid = rgw_der_take_oid(&algorithm);
	struct rgw_rd key = rgw_der_take(&info, RGW_DER_BIT_STRING);

	cert->key = (struct rgw_span){ rest.data, rest.len - rgw_rd_left(tbs) };
	/* No kind of key leaves bits of the last octet unused. */
	if (rgw_rd_u8(&key) != 0 || key.bad)
		return;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (!is_same(oid, kinds[i].oid))
			continue;
		cert->key_kind = kinds[i].kind;
		cert->key_bits = kinds[i].bits != NULL ? kinds[i].bits(key) : kinds[i].known_bits;
	}
}

static uint8_t
read_version(struct rgw_rd *tbs)
{
	struct rgw_rd holder;
	struct rgw_span number;

	if (!rgw_der_next_is(tbs, RGW_DER_HOLDER(0)))
		return V1;
	holder = rgw_der_take(tbs, RGW_DER_HOLDER(0));
	number = rgw_der_take_integer(&holder);
	rgw_der_require(tbs, rgw_der_used_up(&holder) && number.len == 1 &&
	    (number.data[0] == V2 || number.data[0] == V3));
	return tbs->bad ? V1 : number.data[0];
}

/* Reads the parts of TBSCertificate in their order (RFC 5280 4.1). */
static void
read_tbs(struct rgw_rd *tbs, struct rgw_x509 *cert)
{
	uint8_t version = read_version(tbs);
	struct rgw_span unused = { NULL, 0 };
	struct rgw_rd validity;

	cert->is_v1 = version == V1;
	cert->serial = rgw_der_take_integer(tbs);
	/* A certificate says its algorithm twice: in what is signed, and beside the signature. */
	cert->signed_with_sha2 &= rgw_x509_reads_as_sha2(rgw_der_take(tbs, RGW_DER_SEQUENCE));
	rgw_x509_take_name(tbs, &cert->issuer, &unused);
	validity = rgw_der_take(tbs, RGW_DER_SEQUENCE);
	cert->not_before = rgw_der_take_time(&validity);
	cert->not_after = rgw_der_take_time(&validity);
	rgw_der_require(tbs, rgw_der_used_up(&validity));
	rgw_x509_take_name(tbs, &cert->subject, &cert->common_name);
	read_key(tbs, cert);
	for (uint8_t id = 1; id <= 2; id++) {
		if (version != V1 && rgw_der_next_is(tbs, RGW_DER_PLAIN(id)))
			rgw_der_take(tbs, RGW_DER_PLAIN(id));  /* unique identifiers */
	}
	read_extensions(tbs, cert, version);
}

bool
rgw_x509_parse(struct rgw_x509 *out, const uint8_t *der, size_t len)
{
	struct rgw_rd r = rgw_der_open((struct rgw_span){ der, len });
	struct rgw_rd outer = rgw_der_take(&r, RGW_DER_SEQUENCE);
	struct rgw_rd tbs = rgw_der_take(&outer, RGW_DER_SEQUENCE);
	struct rgw_x509 cert = { 0 };

	*out = cert;
	cert.signed_with_sha2 = rgw_x509_reads_as_sha2(rgw_der_take(&outer, RGW_DER_SEQUENCE));
	rgw_der_take(&outer, RGW_DER_BIT_STRING);  /* signature */
	read_tbs(&tbs, &cert);
	if (!rgw_der_used_up(&tbs) || !rgw_der_used_up(&outer) || !rgw_der_used_up(&r))
		return false;
	*out = cert;
	return true;
}

bool
rgw_octets_equal(struct rgw_span a, struct rgw_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool
rgw_x509_may_issue(const struct rgw_x509 *cert)
{
	return cert->is_ca && (!cert->has_key_usage || cert->key_cert_sign);
}

bool
rgw_x509_may_anchor(const struct rgw_x509 *cert)
{
	return rgw_x509_may_issue(cert) || cert->is_v1;
}

bool
rgw_x509_may_sign_crls(const struct rgw_x509 *cert)
{
	return !cert->has_key_usage || cert->crl_sign;
}

bool
rgw_x509_is_self_issued(const struct rgw_x509 *cert)
{
	return is_same(cert->subject, cert->issuer);
}

bool
rgw_x509_is_in_force(const struct rgw_x509 *cert, int64_t now)
{
	return cert->not_before <= now && now <= cert->not_after;
}

bool
rgw_x509_is_strong(const struct rgw_x509 *cert)
{
	switch (cert->key_kind) {
	case RGW_KEY_RSA:
	case RGW_KEY_RSA_PSS:
		return cert->signed_with_sha2 && cert->key_bits >= RSA_MIN_BITS;
	case RGW_KEY_EC:
		return cert->signed_with_sha2 && cert->key_bits >= EC_MIN_BITS;
	case RGW_KEY_EDWARDS:
		return cert->signed_with_sha2;
	case RGW_KEY_OTHER:
		break;
	}
	return false;
}

bool
rgw_x509_next_san(struct rgw_span *rest, struct rgw_san *out)
{
	struct rgw_rd r = rgw_der_open(*rest);

	if (!rgw_der_has_more(&r))
		return false;
	take_san(&r, out);
	*rest = r.bad ? (struct rgw_span){ NULL, 0 } : rgw_der_rest(&r);
	return !r.bad;
}

bool
rgw_x509_next_policy(struct rgw_span *rest, struct rgw_span *out)
{
	struct rgw_rd r = rgw_der_open(*rest);

	if (!rgw_der_has_more(&r))
		return false;
	take_policy(&r, out);
	*rest = r.bad ? (struct rgw_span){ NULL, 0 } : rgw_der_rest(&r);
	return !r.bad;
}
