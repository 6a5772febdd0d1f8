/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"

/*
 * The types of options that name hosts: DNS names, addresses, networks, and operators (RFC 5580), whose
 * namespace 1 is a realm.
 */

/* ---- names of hosts ---- */

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define DIGITS "0123456789"

/* The length of one label of a name, up to the dot or the end of the text; 0 = it is not well-formed.
 * Underscores are no letters of host names, but containers have them. */
static size_t
label_length(const char *text)
{
	size_t n = strspn(text, LETTERS DIGITS "-");

	if (n > 63 || text[0] == '-' || (n > 0 && text[n - 1] == '-'))
		return 0;
	return text[n] == '.' || text[n] == '\0' ? n : 0;
}

static bool
is_dns_name(const char *text)
{
	const char *p = text;

	/* A text of digits and dots alone is a mistyped address, never a name. */
	if (strlen(text) > 253 || strpbrk(text, LETTERS) == NULL)
		return false;
	for (;;) {
		size_t n = label_length(p);

		if (n == 0)
			return false;
		p += n;
		if (*p == '\0')
			return true;
		p++;
	}
}

/* Is it a DNS name, perhaps with the dot at its end that says that it is complete? */
static bool
is_host_name(const char *text)
{
	char name[RGW_HOST_TEXT];
	size_t len = strlen(text);

	if (len == 0 || text[len - 1] != '.')
		return is_dns_name(text);
	if (len >= sizeof name)
		return false;
	memcpy(name, text, len - 1);
	name[len - 1] = '\0';
	return is_dns_name(name);
}

/* Is the last label of the name a number? Certificates have no such names, so a rule cannot ask for one. */
static bool
ends_in_number(const char *name)
{
	size_t end = strlen(name) - (name[strlen(name) - 1] == '.');
	size_t digits = 0;

	while (digits < end && strchr(DIGITS, name[end - digits - 1]) != NULL)
		digits++;
	return digits == end || name[end - digits - 1] == '.';
}

static bool
set_host(struct rgw_setting *s)
{
	struct rgw_addr a = { 0 };

	if (rgw_setting_length_in_range(s) &&
	    ((is_host_name(s->text) && !ends_in_number(s->text)) ||
	        (rgw_addr_parse(s->text, 0, &a) && a.port == 0 && a.scope == 0)))
		return rgw_set_string(s);
	return rgw_setting_refuse(s, "is neither a DNS name nor an address");
}

static bool
set_sni(struct rgw_setting *s)
{
	if (s->len > 0 && !is_host_name(s->text))
		return rgw_setting_refuse(s, "is not a DNS name (write \"\" to send none)");
	return rgw_set_string(s);
}

const struct rgw_opt_type rgw_type_host = {
	"host", RGW_IS_POINTER, sizeof(char *), set_host, rgw_show_string, .clear = rgw_clear_string,
};
const struct rgw_opt_type rgw_type_sni = {
	"DNS name", RGW_IS_POINTER | RGW_MAY_BE_EMPTY, sizeof(char *), set_sni, rgw_show_string,
	.clear = rgw_clear_string,
};

#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* What is wrong with the name in a namespace of Operator-Name, as "needs ...", or NULL (RFC 5580 4.1). */
static const char *
why_no_operator(char namespace, const char *name)
{
	size_t n = strlen(name);

	switch (namespace) {
	case '0':
		return n == 5 && name[strspn(name, CAPITALS DIGITS)] == '\0' ? NULL :
		    "the TADIG code of five capitals or digits behind its 0";
	case '1':
		return is_dns_name(name) ? NULL : "a realm in ASCII behind its 1, such as 1example.org";
	case '2':
		return (n == 5 || n == 6) && name[strspn(name, DIGITS)] == '\0' ? NULL :
		    "the five or six digits of MCC and MNC behind its 2";
	case '3':
		return n >= 4 && n <= 9 && strspn(name, CAPITALS) >= 3 &&
		        name[strspn(name, CAPITALS DIGITS)] == '\0' ? NULL :
		    "a country of three capitals and a carrier code behind its 3";
	default:
		return "its namespace first: 0, 1, 2 or 3, and for a realm 1, such as 1example.org";
	}
}

static bool
set_operator(struct rgw_setting *s)
{
	const char *why = why_no_operator(s->text[0], s->text + 1);

	if (why != NULL)
		return rgw_setting_refuse(s, "needs %s", why);
	return rgw_set_string(s);
}

const struct rgw_opt_type rgw_type_operator = {
	"operator name", RGW_IS_POINTER, sizeof(char *), set_operator, rgw_show_string,
	.clear = rgw_clear_string, .allowed = "0, 1, 2 or 3 and a name of that namespace",
};

/* ---- addresses ---- */

/* Is it an IPv4 address in IPv6 form? Packets over IPv4 never come with such an address here, so it would never
 * match. */
static bool
is_mapped(const uint8_t *ip, uint8_t family)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return family == 6 && memcmp(ip, mapped, sizeof mapped) == 0;
}

/* Puts the number of the interface in the place of its name, as in fe80::1%eth0. false = the setting was
 * refused. */
static bool
number_zone(struct rgw_setting *s, char out[static RGW_ADDR_TEXT])
{
	const char *percent = strchr(s->text, '%');
	char name[RGW_ZONE_TEXT];
	size_t len;
	unsigned index;

	if (s->len >= RGW_ADDR_TEXT)
		percent = NULL;
	snprintf(out, RGW_ADDR_TEXT, "%s", s->text);
	len = percent != NULL ? strcspn(percent + 1, "]/") : 0;
	if (len == 0 || len >= sizeof name || strspn(percent + 1, DIGITS) == len)
		return true;
	memcpy(name, percent + 1, len);
	name[len] = '\0';
	index = if_nametoindex(name);
	if (index == 0)
		return rgw_setting_refuse(s, "names the interface %s, which does not exist here", name);
	snprintf(out, RGW_ADDR_TEXT, "%.*s%u%s", (int)(percent + 1 - s->text), s->text, index, percent + 1 + len);
	return true;
}

/* Is it a link-local address without its interface, which means nothing? */
static bool
lacks_zone(const struct rgw_addr *a)
{
	return a->family == 6 && a->scope == 0 && a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80;
}

static bool
refuse_without_zone(struct rgw_setting *s)
{
	return rgw_setting_refuse(s, "is a link-local address; say on which interface, such as fe80::1%%eth0");
}

static bool
set_address(struct rgw_setting *s)
{
	char text[RGW_ADDR_TEXT];
	struct rgw_addr a;

	if (!number_zone(s, text))
		return false;
	if (s->opt->port == 0 && (!rgw_addr_parse(text, 0, &a) || a.port != 0))
		return rgw_setting_refuse(s, "is not an address without a port, such as 192.0.2.1");
	if (!rgw_addr_parse(text, s->opt->port, &a))
		return rgw_setting_refuse(s, "is not address:port, such as 127.0.0.1:%u or [::1]:%u",
		    s->opt->port, s->opt->port);
	if (is_mapped(a.ip, a.family))
		return rgw_setting_refuse(s, "is an IPv4 address in IPv6 form; write it as IPv4");
	if (lacks_zone(&a))
		return refuse_without_zone(s);
	*(struct rgw_addr *)s->field = a;
	return true;
}

static void
show_address(struct rgw_strbuf *out, const struct rgw_value *v)
{
	char buf[RGW_ADDR_TEXT];

	rgw_strbuf_put(out, rgw_addr_format(v->p, buf));
}

static void
range_port(struct rgw_strbuf *out, const struct rgw_opt *opt)
{
	rgw_strbuf_printf(out, "any %s, ", opt->type == &rgw_type_hosts ? "host" : "address");
	rgw_strbuf_printf(out, opt->port == 0 ? "without a port" : "with port %u if it has none", opt->port);
}

const struct rgw_opt_type rgw_type_addresses = {
	"list of addresses", RGW_ARRAY, sizeof(struct rgw_addr), set_address, show_address,
	.range = range_port,
};

/* Finds the network that was probably meant by one with host bits. */
static bool
mask_prefix(const char *text, char out[static RGW_ADDR_TEXT])
{
	const char *slash = strchr(text, '/');
	struct rgw_prefix p = { 0 };
	struct rgw_addr a;
	char host[RGW_ADDR_TEXT] = "";
	uint64_t bits;

	if (slash == NULL || (size_t)(slash - text) >= sizeof host)
		return false;
	memcpy(host, text, (size_t)(slash - text));
	if (!rgw_addr_parse(host, 0, &a) || a.port != 0 ||
	    rgw_unit_parse(slash + 1, rgw_unit_none, &bits) != NULL ||
	    bits > (a.family == 4 ? 32 : 128))
		return false;
	p.scope = a.scope;
	p.family = a.family;
	p.bits = (uint8_t)bits;
	for (unsigned i = 0; i < bits; i++)
		p.ip[i / 8] |= (uint8_t)(a.ip[i / 8] & (0x80 >> i % 8));
	rgw_prefix_format(&p, out);
	return true;
}

/* Parses an address or network; `what` says in messages what else the text may be. */
static bool
parse_prefix(struct rgw_setting *s, const char *what, struct rgw_prefix *out)
{
	char text[RGW_ADDR_TEXT];
	char masked[RGW_ADDR_TEXT];

	if (strcmp(s->text, "*") == 0)
		return rgw_setting_refuse(s, "is no address; everybody is 0.0.0.0/0, ::/0");
	if (!number_zone(s, text))
		return false;
	if (!rgw_prefix_parse(text, out) && mask_prefix(text, masked))
		return rgw_setting_refuse(s,
		    "has bits set behind the length of the network; did you mean %s?", masked);
	if (!rgw_prefix_parse(text, out))
		return rgw_setting_refuse(s, "is not %s, such as 192.0.2.1 or 2001:db8::/32", what);
	if (is_mapped(out->ip, out->family))
		return rgw_setting_refuse(s, "is an IPv4 network in IPv6 form; write it as IPv4");
	return true;
}

static bool
set_prefix(struct rgw_setting *s)
{
	return parse_prefix(s, "an address or network", s->field);
}

static void
put_prefix(struct rgw_strbuf *out, const struct rgw_prefix *prefix)
{
	char buf[RGW_ADDR_TEXT];

	rgw_strbuf_put(out, rgw_prefix_format(prefix, buf));
}

static void
show_prefix(struct rgw_strbuf *out, const struct rgw_value *v)
{
	put_prefix(out, v->p);
}

static bool
same_prefix(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct rgw_prefix)) == 0;
}

const struct rgw_opt_type rgw_type_prefixes = {
	"list of networks", RGW_ARRAY, sizeof(struct rgw_prefix), set_prefix, show_prefix,
	.equal = same_prefix,
};

static bool
set_origin(struct rgw_setting *s)
{
	struct rgw_conf_origin *origin = s->field;

	if (!is_host_name(s->text) || ends_in_number(s->text))
		return parse_prefix(s, "an address, network or host name", &origin->prefix);
	origin->name.host = rgw_xstrdup(s->text);
	return true;
}

static void
show_origin(struct rgw_strbuf *out, const struct rgw_value *v)
{
	const struct rgw_conf_origin *origin = v->p;

	if (origin->name.host != NULL)
		rgw_strbuf_put(out, origin->name.host);
	else
		put_prefix(out, &origin->prefix);
}

static void
clear_origin(void *value)
{
	free(((struct rgw_conf_origin *)value)->name.host);
}

const struct rgw_opt_type rgw_type_origins = {
	"list of networks or names", RGW_ARRAY, sizeof(struct rgw_conf_origin), set_origin, show_origin,
	.clear = clear_origin,
};

static bool
set_hostport(struct rgw_setting *s)
{
	char host[RGW_HOST_TEXT];
	char zone[RGW_ZONE_TEXT] = "";
	uint16_t port = s->opt->port;
	struct rgw_addr a = { 0 };

	if (!rgw_addr_split_host(s->text, host, sizeof host, &port) ||
	    !(is_host_name(host) || rgw_addr_parse_zone(host, 0, &a, zone)))
		return rgw_setting_refuse(s,
		    "is not host or host:port, such as radius.example.org or [2001:db8::1]:%u",
		    s->opt->port);
	if (lacks_zone(&a) && zone[0] == '\0')
		return refuse_without_zone(s);
	*(struct rgw_hostport *)s->field = (struct rgw_hostport){ rgw_xstrdup(host), port };
	return true;
}

static void
show_hostport(struct rgw_strbuf *out, const struct rgw_value *v)
{
	const struct rgw_hostport *hp = v->p;

	rgw_strbuf_printf(out, strchr(hp->host, ':') != NULL ? "[%s]:%u" : "%s:%u", hp->host, hp->port);
}

static void
clear_hostport(void *value)
{
	free(((struct rgw_hostport *)value)->host);
}

const struct rgw_opt_type rgw_type_hosts = {
	"list of hosts", RGW_ARRAY, sizeof(struct rgw_hostport), set_hostport, show_hostport,
	.clear = clear_hostport, .range = range_port,
};

/* ---- where CoA goes ---- */

static bool
set_coa(struct rgw_setting *s)
{
	struct rgw_conf_coa *coa = s->field;
	struct rgw_addr a;

	*coa = (struct rgw_conf_coa){ .addr = { .port = s->opt->port } };
	if (strcmp(s->text, "no") == 0)
		return true;
	coa->reached = true;
	if (strcmp(s->text, "yes") == 0)
		return true;
	if (!rgw_addr_parse(s->text, s->opt->port, &a))
		return rgw_setting_refuse(s, "is none of yes, no, or address:port, such as 192.0.2.1:%u", s->opt->port);
	if (lacks_zone(&a))
		return refuse_without_zone(s);
	coa->addr = a;
	return true;
}

static void
show_coa(struct rgw_strbuf *out, const struct rgw_value *v)
{
	const struct rgw_conf_coa *coa = v->p;
	char buf[RGW_ADDR_TEXT];

	if (coa->addr.family != 0)
		rgw_strbuf_put(out, rgw_addr_format(&coa->addr, buf));
	else
		rgw_strbuf_put(out, coa->reached ? "yes" : "no");
}

const struct rgw_opt_type rgw_type_coa = {
	"yes, no or address", 0, sizeof(struct rgw_conf_coa), set_coa, show_coa,
	.allowed = "yes, no, or an address with port 3799 if it has none",
};
