/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "certname.h"
#include "certtext.h"
#include "radsecgw/addr.h"
#include "radsecgw/certid.h"
#include "radsecgw/mem.h"

/*
 * A rule says which certificate is a neighbour's. Rules are read from the configuration, which owns them,
 * written back, and compared with those of other neighbours.
 */

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;
	int value = at != NULL ? (int)(at - digits) : -1;

	return value < 16 ? value : value - 6;
}

/* Reads hexadecimal digits, "12:ab:CD" or "12abCD", into octets; 0 = malformed or too long. */
static size_t
parse_hex(const char *text, uint8_t *out, size_t size)
{
	struct rgw_wr w = rgw_wr_of(out, size);

	while (*text != '\0') {
		int high, low;

		if (*text == ':' && w.len > 0)
			text++;
		high = hex_digit(text[0]);
		low = high >= 0 ? hex_digit(text[1]) : -1;
		if (low < 0)
			return 0;
		rgw_wr_u8(&w, (uint8_t)(high << 4 | low));
		text += 2;
	}
	return w.bad ? 0 : w.len;
}

/* Readers of the part behind "kind:". They fill octets; false = not well-formed. */

/* Longest expression of a rule. */
#define MAX_PATTERN 512

/* Is the value an expression, which stands between slashes? Then *good tells whether it can be used. */
static bool
parse_pattern(const char *value, struct rgw_cert_rule *rule, bool *good)
{
	size_t n = strlen(value);
	char text[MAX_PATTERN];
	char why[128];

	*good = false;
	if (n < 2 || value[0] != '/' || value[n - 1] != '/')
		return false;
	if (n == 2 || n - 2 >= sizeof text)
		return true;
	memcpy(text, value + 1, n - 2);
	text[n - 2] = '\0';
	rule->pattern = rgw_pattern_new(text, true, why, sizeof why);
	*good = rule->pattern != NULL;
	return true;
}

static bool
parse_dns(const char *value, struct rgw_cert_rule *rule)
{
	bool good;

	if (parse_pattern(value, rule, &good))
		return good;
	return rgw_dns_pattern_is_valid(rgw_configured_host(value));
}

static bool
parse_ip(const char *value, struct rgw_cert_rule *rule)
{
	struct rgw_addr a;

	if (!rgw_addr_parse(value, 0, &a) || a.port != 0 || a.scope != 0)
		return false;
	rule->n_octets = a.family == 4 ? 4 : 16;
	memcpy(rule->octets, a.ip, rule->n_octets);
	return true;
}

/* Absolute URIs have no other characters (RFC 3986 2). */
static bool
parse_uri(const char *value, struct rgw_cert_rule *rule)
{
	size_t i = 0;
	bool good;

	if (parse_pattern(value, rule, &good))
		return good;
	while (value[i] > ' ' && value[i] < 0x7f)
		i++;
	return i > 0 && value[i] == '\0';
}

static bool
parse_nairealm(const char *value, struct rgw_cert_rule *rule)
{
	(void)rule;
	return rgw_realm_is_valid(rgw_span_of_text(value));
}

static bool
parse_oid(const char *value, struct rgw_cert_rule *rule)
{
	rule->n_octets = rgw_oid_parse(value, rule->octets, sizeof rule->octets);
	return rule->n_octets > 0;
}

static bool
is_name(const char *value)
{
	for (const char *p = value; *p != '\0'; p++)
		if ((uint8_t)*p < ' ' || *p == 0x7f)
			return false;
	return *value != '\0';
}

static bool
parse_cn(const char *value, struct rgw_cert_rule *rule)
{
	bool good;

	return parse_pattern(value, rule, &good) ? good : is_name(value);
}

/* The serial number becomes the contents of the INTEGER that DER makes of it. */
static bool
parse_issuer_serial(const char *value, struct rgw_cert_rule *rule)
{
	const char *slash = strrchr(value, '/');
	uint8_t number[sizeof rule->octets];
	struct rgw_wr w = rgw_wr_of(rule->octets, sizeof rule->octets);
	size_t n, skip = 0;

	if (slash == NULL || slash == value || slash - value > RGW_CERT_MAX_ISSUER ||
	    !is_name(value))
		return false;
	n = parse_hex(slash + 1, number, sizeof number);
	while (skip + 1 < n && number[skip] == 0)
		skip++;
	if (n > 0 && (number[skip] & 0x80) != 0)
		rgw_wr_u8(&w, 0);
	rgw_wr_bytes(&w, number + skip, n - skip);
	rule->n_octets = w.len;
	return n > 0 && !w.bad;
}

static bool
parse_sha256(const char *value, struct rgw_cert_rule *rule)
{
	rule->n_octets = parse_hex(value, rule->octets, sizeof rule->octets);
	return rule->n_octets == sizeof rule->octets;
}

static bool
parse_any(const char *value, struct rgw_cert_rule *rule)
{
	(void)rule;
	return *value == '\0';
}

/* The kinds of rules: what the configuration calls a kind, how its value is read, and what to say if it is
 * malformed. */
static const struct {
	const char *name;
	bool (*parse)(const char *value, struct rgw_cert_rule *rule);
	const char *expected;
} kinds[RGW_CERT_KINDS] = {
	[RGW_CERT_DNS] = { "dns", parse_dns,
		"dns: needs a host name in ASCII, such as dns:radius.example.org or dns:*.example.org "
		"(an address is ip:192.0.2.1), or a regular expression, such as dns:/radius[0-9]\\.example\\.org/" },
	[RGW_CERT_IP] = { "ip", parse_ip,
		"ip: needs an address without port, such as ip:192.0.2.1 or ip:2001:db8::1" },
	[RGW_CERT_URI] = { "uri", parse_uri,
		"uri: needs a URI in ASCII, such as uri:radius://radius.example.org, or a regular expression "
		"between slashes" },
	[RGW_CERT_NAIREALM] = { "nairealm", parse_nairealm,
		"nairealm: needs a realm without wildcard, such as nairealm:example.org" },
	[RGW_CERT_RID] = { "rid", parse_oid,
		"rid: needs a dotted object identifier, such as rid:2.999.1" },
	[RGW_CERT_CN] = { "cn", parse_cn,
		"cn: needs a common name, such as cn:radius.example.org, or a regular expression between slashes" },
	[RGW_CERT_ISSUER_SERIAL] = { "issuer-serial", parse_issuer_serial,
		"issuer-serial: needs the issuer's name and the serial number in hexadecimal, such as "
		"issuer-serial:CN=Example CA/04D2" },
	[RGW_CERT_SHA256] = { "sha256", parse_sha256,
		"sha256: needs the 64 hexadecimal digits of a SHA-256 fingerprint" },
	[RGW_CERT_SPKI] = { "spki", parse_sha256,
		"spki: needs the 64 hexadecimal digits of the SHA-256 digest of a public key" },
	[RGW_CERT_POLICY] = { "policy", parse_oid,
		"policy: needs a dotted object identifier, such as policy:2.999.1.2" },
	[RGW_CERT_ANY] = { "any", parse_any, "any stands alone, without a value" },
};

const char *
rgw_cert_rule_parse(const char *text, struct rgw_cert_rule *out)
{
	const char *colon = strchr(text, ':');
	size_t n = colon != NULL ? (size_t)(colon - text) : strlen(text);
	struct rgw_cert_rule rule = { 0 };

	for (size_t kind = 0; kind < RGW_CERT_KINDS; kind++) {
		const char *value = colon != NULL ? colon + 1 : "";

		if (strlen(kinds[kind].name) != n || strncasecmp(text, kinds[kind].name, n) != 0)
			continue;
		if ((kind == RGW_CERT_ANY && colon != NULL) || !kinds[kind].parse(value, &rule))
			return kinds[kind].expected;
		rule.kind = (enum rgw_cert_rule_kind)kind;
		rule.text = rgw_xstrdup(value);
		*out = rule;
		return NULL;
	}
	return "a rule begins with dns:, ip:, uri:, nairealm:, rid:, cn:, issuer-serial:, sha256:, "
	    "spki: or policy:, or is the word any";
}

struct rgw_cert_rule
rgw_cert_rule_copy(const struct rgw_cert_rule *rule)
{
	struct rgw_cert_rule copy = *rule;
	bool good;

	copy.text = rgw_xstrdup(rule->text);
	copy.pattern = NULL;
	if (rule->pattern != NULL && (!parse_pattern(copy.text, &copy, &good) || !good))
		abort();  /* the expression has been compiled before, so there is no memory */
	return copy;
}

void
rgw_cert_rule_clear(struct rgw_cert_rule *rule)
{
	free(rule->text);
	rgw_pattern_free(rule->pattern);
	*rule = (struct rgw_cert_rule){ .text = NULL };
}

void
rgw_cert_rules_free(struct rgw_cert_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		rgw_cert_rule_clear(&rules->v[i]);
	free(rules->v);
	*rules = (struct rgw_cert_rules){ NULL, 0 };
}

const char *
rgw_cert_rule_format(const struct rgw_cert_rule *rule, char *buf, size_t size)
{
	struct rgw_wr w = rgw_text_of(buf, size);

	rgw_text_put(&w, kinds[rule->kind].name);
	if (rule->kind != RGW_CERT_ANY) {
		rgw_text_put(&w, ":");
		rgw_text_put(&w, rule->text);
	}
	return rgw_text_end(&w, buf, size);
}

/* ---- what rules of two peers have in common ---- */

static struct rgw_span
octets_of(const struct rgw_cert_rule *rule)
{
	return (struct rgw_span){ rule->octets, rule->n_octets };
}

/* The issuer of a rule, which stands before the serial number. */
static struct rgw_span
issuer_of(const struct rgw_cert_rule *rule)
{
	return (struct rgw_span){ (const uint8_t *)rule->text,
		(size_t)(strrchr(rule->text, '/') - rule->text) };
}

/* Is there a host that both rules accept? There is for the same name, and for a wildcard and a name below it;
 * other patterns cover nothing but themselves. */
static bool
have_common_host(const struct rgw_cert_rule *a, const struct rgw_cert_rule *b)
{
	struct rgw_span x = rgw_configured_host(a->text);
	struct rgw_span y = rgw_configured_host(b->text);

	return rgw_span_equal_nocase(x, y) ||
	    (rgw_wildcard_rest(x).len > 0 && rgw_dns_covers(x, y)) ||
	    (rgw_wildcard_rest(y).len > 0 && rgw_dns_covers(y, x));
}

/* Is there a value that satisfies both rules, one of which has an expression? Of two expressions only the same one is
 * taken for the same: which peer comes first in the file decides then. */
static bool
have_common_match(const struct rgw_cert_rule *a, const struct rgw_cert_rule *b)
{
	const struct rgw_cert_rule *pattern = a->pattern != NULL ? a : b;
	struct rgw_span text = rgw_configured_host((pattern == a ? b : a)->text);

	if (a->pattern != NULL && b->pattern != NULL)
		return strcmp(a->text, b->text) == 0;
	return rgw_pattern_match(pattern->pattern, text.data, text.len, NULL);
}

/* Is there a value that satisfies both rules, which are of one kind? */
static bool
have_common_value(const struct rgw_cert_rule *a, const struct rgw_cert_rule *b)
{
	if (a->pattern != NULL || b->pattern != NULL)
		return have_common_match(a, b);
	switch (a->kind) {
	case RGW_CERT_DNS:
		return have_common_host(a, b);
	case RGW_CERT_URI:
	case RGW_CERT_NAIREALM:
		return strcmp(a->text, b->text) == 0;
	case RGW_CERT_CN:
		return rgw_span_equal_nocase(rgw_span_of_text(a->text), rgw_span_of_text(b->text));
	case RGW_CERT_IP:
	case RGW_CERT_RID:
	case RGW_CERT_SHA256:
	case RGW_CERT_SPKI:
	case RGW_CERT_POLICY:
		return rgw_span_equal(octets_of(a), octets_of(b));
	case RGW_CERT_ISSUER_SERIAL:
		return rgw_span_equal(octets_of(a), octets_of(b)) &&
		    rgw_span_equal(issuer_of(a), issuer_of(b));
	case RGW_CERT_ANY:
		return true;
	case RGW_CERT_KINDS:
		break;
	}
	return false;
}

#define BIT(kind) (1u << (kind))

bool
rgw_cert_rules_are_any(const struct rgw_cert_rules *rules)
{
	unsigned said = 0;

	for (size_t i = 0; i < rules->n; i++)
		said |= BIT(rules->v[i].kind);
	return (said & ~BIT(RGW_CERT_POLICY)) == BIT(RGW_CERT_ANY);
}

bool
rgw_cert_rules_overlap(const struct rgw_cert_rules *a, const struct rgw_cert_rules *b,
    const struct rgw_cert_rule **shared)
{
	const struct rgw_cert_rule *found = NULL;
	bool any = rgw_cert_rules_are_any(a);
	unsigned both = 0;    /* kinds that both have ... */
	unsigned common = 0;  /* ... with a value that satisfies both */

	if (any != rgw_cert_rules_are_any(b))
		return false;
	for (size_t i = 0; i < a->n; i++)
		for (size_t j = 0; j < b->n; j++) {
			enum rgw_cert_rule_kind kind = a->v[i].kind;

			/* Beside other rules, "any" demands nothing. */
			if (kind != b->v[j].kind || (kind == RGW_CERT_ANY && !any))
				continue;
			both |= BIT(kind);
			if (!have_common_value(&a->v[i], &b->v[j]))
				continue;
			common |= BIT(kind);
			if (found == NULL && kind != RGW_CERT_POLICY)
				found = &a->v[i];
		}
	if (found == NULL || both != common)
		return false;
	*shared = found;
	return true;
}
