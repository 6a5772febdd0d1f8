/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/x509.h"

#include <string.h>
#include <strings.h>

#include "der.h"

/* Name constraints say which names the certificates below a CA may have (RFC 5280 4.2.1.10). Where it is not
 * clear whether a name is within a constraint, the name is not allowed. */

/* GeneralName, by its tag. */
enum {
	DNS = RGW_DER_PLAIN(2),
	DIRECTORY = RGW_DER_HOLDER(4),
	ADDRESS = RGW_DER_PLAIN(7),
};

struct name {
	uint8_t tag;
	struct rgw_span value;
};

static bool
next_name(struct rgw_rd *list, struct name *out)
{
	struct rgw_rd body;

	if (!rgw_der_has_more(list))
		return false;
	body = rgw_der_take_any(list, &out->tag);
	out->value = rgw_der_rest(&body);
	return !list->bad;
}

static bool
ends_with(struct rgw_span name, struct rgw_span end)
{
	return name.len >= end.len && strncasecmp((const char *)name.data + name.len - end.len,
	                                  (const char *)end.data, end.len) == 0;
}

/* Is the host within the constraint? "example.org" holds itself and all below it; with a dot before it, only
 * what is below; without text, all. */
static bool
dns_within(struct rgw_span name, struct rgw_span base)
{
	if (base.len == 0)
		return true;
	if (!ends_with(name, base))
		return false;
	return name.len == base.len || base.data[0] == '.' || name.data[name.len - base.len - 1] == '.';
}

/* Does the wildcard stand for names that are excluded? */
static bool
dns_touches(struct rgw_span name, struct rgw_span base)
{
	struct rgw_span rest = { name.data + 1, name.len - 1 };

	if (dns_within(name, base))
		return true;
	return name.len > 2 && name.data[0] == '*' && ends_with(base, rest);
}

/* Is the address within the constraint, which is an address and a mask that says which bits count? */
static bool
address_within(struct rgw_span name, struct rgw_span base)
{
	if (base.len != 2 * name.len)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (((name.data[i] ^ base.data[i]) & base.data[name.len + i]) != 0)
			return false;
	return true;
}

/* Is the name within the constraint? Names are sequences, and one that begins with the other is within it. */
static bool
directory_within(struct rgw_span name, struct rgw_span base)
{
	struct rgw_rd whole = rgw_der_open(name);
	struct rgw_rd begin = rgw_der_open(base);
	struct rgw_rd n = rgw_der_take(&whole, RGW_DER_SEQUENCE);
	struct rgw_rd b = rgw_der_take(&begin, RGW_DER_SEQUENCE);
	struct rgw_span all = rgw_der_rest(&n);
	struct rgw_span part = rgw_der_rest(&b);

	return !n.bad && !b.bad && all.len >= part.len && memcmp(all.data, part.data, part.len) == 0;
}

static bool
within(const struct name *name, struct rgw_span base)
{
	switch (name->tag) {
	case DNS:
		return dns_within(name->value, base);
	case ADDRESS:
		return address_within(name->value, base);
	case DIRECTORY:
		return directory_within(name->value, base);
	default:
		return false;
	}
}

static bool
touches(const struct name *name, struct rgw_span base)
{
	switch (name->tag) {
	case DNS:
		return dns_touches(name->value, base);
	case ADDRESS:
		return name->value.len * 2 == base.len && address_within(name->value, base);
	default:
		return true;  /* names of people differ in ways that octets do not show */
	}
}

/* Does one subtree of this kind hold the name? True as well if there is no subtree of this kind. */
static bool
is_permitted(const struct name *name, struct rgw_rd subtrees)
{
	bool constrained = false;
	struct name base;

	while (rgw_der_has_more(&subtrees)) {
		struct rgw_rd subtree = rgw_der_take(&subtrees, RGW_DER_SEQUENCE);

		if (!next_name(&subtree, &base))
			return false;
		if (base.tag != name->tag)
			continue;
		if (within(name, base.value))
			return true;
		constrained = true;
	}
	return !constrained && !subtrees.bad;
}

static bool
is_excluded(const struct name *name, struct rgw_rd subtrees)
{
	struct name base;

	while (rgw_der_has_more(&subtrees)) {
		struct rgw_rd subtree = rgw_der_take(&subtrees, RGW_DER_SEQUENCE);

		if (!next_name(&subtree, &base) || (base.tag == name->tag && touches(name, base.value)))
			return true;
	}
	return subtrees.bad;
}

static bool
allows(const struct rgw_x509 *ca, const struct name *name)
{
	struct rgw_rd r = rgw_der_open(ca->constraints);
	struct rgw_rd none = rgw_rd_of(NULL, 0);
	struct rgw_rd permitted = rgw_der_next_is(&r, RGW_DER_HOLDER(0)) ? rgw_der_take(&r, RGW_DER_HOLDER(0)) : none;
	struct rgw_rd excluded = rgw_der_next_is(&r, RGW_DER_HOLDER(1)) ? rgw_der_take(&r, RGW_DER_HOLDER(1)) : none;

	return rgw_der_used_up(&r) && is_permitted(name, permitted) && !is_excluded(name, excluded);
}

bool
rgw_x509_permits(const struct rgw_x509 *ca, const struct rgw_x509 *cert)
{
	const struct name subject = { DIRECTORY, cert->subject };
	const struct name common = { DNS, cert->common_name };
	struct rgw_rd names = rgw_der_open(cert->san);
	bool has_dns = false;
	struct name name;

	if (ca->constraints.data == NULL)
		return true;
	/* An empty subject, a SEQUENCE of nothing, names nobody. */
	if (cert->subject.len > 2 && !allows(ca, &subject))
		return false;
	while (next_name(&names, &name)) {
		has_dns |= name.tag == DNS;
		if (!allows(ca, &name))
			return false;
	}
	/* The common name counts as a host's, since rules of the kind cn: take it for one. */
	return has_dns || cert->is_ca || common.value.len == 0 || allows(ca, &common);
}
