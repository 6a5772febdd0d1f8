/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "radsecgw/hash.h"
#include "radsecgw/mem.h"

/*
 * Addresses, networks and the map from networks to values (see radsecgw/addr.h). Texts come from the
 * configuration and from DNS; nothing here looks a name up.
 */

/* Parses a decimal number of at most `max`, which must be the whole text. */
static bool
parse_number(const char *text, unsigned max, unsigned *out)
{
	uint64_t n = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = 10 * n + (unsigned)(*text - '0');
		if (n > max)
			return false;
	}
	*out = (unsigned)n;
	return true;
}

bool
rgw_addr_split_host(const char *text, char *host, size_t host_size, uint16_t *port)
{
	const char *end;
	const char *colon = NULL;
	unsigned n = 0;

	if (text[0] == '[') {
		text++;
		end = strchr(text, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		if (end[1] == ':')
			colon = end + 1;
	} else {
		end = text + strlen(text);
		colon = strchr(text, ':');
		if (colon != NULL && strchr(colon + 1, ':') != NULL)
			colon = NULL;  /* a bare IPv6 address */
		else if (colon != NULL)
			end = colon;
	}
	if (end == text || (size_t)(end - text) >= host_size)
		return false;
	if (colon != NULL) {
		if (!parse_number(colon + 1, 65535, &n) || n == 0)
			return false;
		*port = (uint16_t)n;
	}
	memcpy(host, text, (size_t)(end - text));
	host[end - text] = '\0';
	return true;
}

/* Cuts off what stands behind the % of an IPv6 address: the number of an interface, or its name. */
static bool
take_zone(char *host, struct rgw_addr *a, char zone[static RGW_ZONE_TEXT])
{
	char *percent = strchr(host, '%');
	unsigned scope = 0;

	zone[0] = '\0';
	if (percent == NULL)
		return true;
	if (strchr(host, ':') == NULL || percent[1] == '\0' || strlen(percent + 1) >= RGW_ZONE_TEXT)
		return false;
	if (parse_number(percent + 1, UINT32_MAX, &scope))
		a->scope = scope;
	else
		memcpy(zone, percent + 1, strlen(percent + 1) + 1);
	*percent = '\0';
	return true;
}

bool
rgw_addr_parse_zone(const char *text, uint16_t port, struct rgw_addr *out, char zone[static RGW_ZONE_TEXT])
{
	struct rgw_addr a = { .port = port };
	char host[64];

	if (!rgw_addr_split_host(text, host, sizeof host, &a.port) || !take_zone(host, &a, zone))
		return false;
	if (inet_pton(AF_INET, host, a.ip) == 1)
		a.family = 4;
	else if (inet_pton(AF_INET6, host, a.ip) == 1)
		a.family = 6;
	else
		return false;
	*out = a;
	return true;
}

bool
rgw_addr_parse(const char *text, uint16_t port, struct rgw_addr *out)
{
	char zone[RGW_ZONE_TEXT];
	struct rgw_addr a;

	if (!rgw_addr_parse_zone(text, port, &a, zone) || zone[0] != '\0')
		return false;
	*out = a;
	return true;
}

bool
rgw_addr_is_local_name(const char *host)
{
	static const char name[] = "localhost";
	size_t len = strlen(host);
	size_t n = sizeof name - 1;

	if (len > 0 && host[len - 1] == '.')
		len--;
	return len >= n && strncasecmp(host + len - n, name, n) == 0 && (len == n || host[len - n - 1] == '.');
}

static char *
put_decimal(char *at, unsigned number)
{
	char digits[5];
	unsigned n = 0;

	do
		digits[n++] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	while (n > 0)
		*at++ = digits[--n];
	return at;
}

/* Most log lines have such an address. */
static const char *
format_ipv4(const struct rgw_addr *a, char buf[static RGW_ADDR_TEXT])
{
	char *at = buf;

	for (unsigned i = 0; i < 4; i++) {
		at = put_decimal(at, a->ip[i]);
		*at++ = '.';
	}
	at--;
	if (a->port != 0) {
		*at++ = ':';
		at = put_decimal(at, a->port);
	}
	*at = '\0';
	return buf;
}

const char *
rgw_addr_format(const struct rgw_addr *a, char buf[static RGW_ADDR_TEXT])
{
	char ip[INET6_ADDRSTRLEN] = "-";
	char scope[16] = "";

	if (a->family == 4 && a->scope == 0)
		return format_ipv4(a, buf);
	if (a->family != 0)
		inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->ip, ip, sizeof ip);
	if (a->scope != 0)
		snprintf(scope, sizeof scope, "%%%u", a->scope);
	if (a->port == 0)
		snprintf(buf, RGW_ADDR_TEXT, "%s%s", ip, scope);
	else if (a->family == 6)
		snprintf(buf, RGW_ADDR_TEXT, "[%s%s]:%u", ip, scope, a->port);
	else
		snprintf(buf, RGW_ADDR_TEXT, "%s:%u", ip, a->port);
	return buf;
}

bool
rgw_addr_is_loopback(const struct rgw_addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return (a->family == 4 && a->ip[0] == 127) || (a->family == 6 && memcmp(a->ip, one, sizeof one) == 0);
}

bool
rgw_addr_equal(const struct rgw_addr *a, const struct rgw_addr *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

bool
rgw_addr_from_sockaddr(struct rgw_addr *out, const struct sockaddr *sa)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	*out = (struct rgw_addr){ 0 };
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)sa;

		out->family = 4;
		out->port = ntohs(in->sin_port);
		memcpy(out->ip, &in->sin_addr, 4);
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)sa;

		out->port = ntohs(in6->sin6_port);
		if (memcmp(&in6->sin6_addr, mapped, sizeof mapped) == 0) {
			out->family = 4;
			memcpy(out->ip, in6->sin6_addr.s6_addr + sizeof mapped, 4);
			return true;
		}
		out->family = 6;
		out->scope = in6->sin6_scope_id;
		memcpy(out->ip, &in6->sin6_addr, 16);
		return true;
	}
	return false;
}

unsigned
rgw_addr_to_sockaddr(const struct rgw_addr *a, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof *out);
	if (a->family == 4) {
		struct sockaddr_in *in = (struct sockaddr_in *)out;

		in->sin_family = AF_INET;
		in->sin_port = htons(a->port);
		memcpy(&in->sin_addr, a->ip, 4);
		return sizeof *in;
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(a->port);
		in6->sin6_scope_id = a->scope;
		memcpy(&in6->sin6_addr, a->ip, 16);
		return sizeof *in6;
	}
}

/* Copies the first `bits` of an address and clears the others. */
static void
mask_ip(uint8_t out[static 16], const uint8_t *ip, unsigned bits)
{
	unsigned whole = bits / 8;

	memset(out, 0, 16);
	memcpy(out, ip, whole);
	if (bits % 8 != 0)
		out[whole] = (uint8_t)(ip[whole] & (0xff << (8 - bits % 8)));
}

bool
rgw_prefix_parse(const char *text, struct rgw_prefix *out)
{
	char copy[RGW_ADDR_TEXT];
	struct rgw_prefix p = { 0 };
	struct rgw_addr a;
	uint8_t masked[16];
	char *slash;
	unsigned bits;

	if (strlen(text) >= sizeof copy)
		return false;
	memcpy(copy, text, strlen(text) + 1);
	slash = strchr(copy, '/');
	if (slash != NULL)
		*slash = '\0';
	if (!rgw_addr_parse(copy, 0, &a) || a.port != 0)
		return false;
	bits = a.family == 4 ? 32 : 128;
	if (slash != NULL && !parse_number(slash + 1, bits, &bits))
		return false;
	mask_ip(masked, a.ip, bits);
	if (memcmp(masked, a.ip, sizeof masked) != 0)
		return false;
	memcpy(p.ip, masked, sizeof p.ip);
	p.scope = a.scope;
	p.family = a.family;
	p.bits = (uint8_t)bits;
	*out = p;
	return true;
}

const char *
rgw_prefix_format(const struct rgw_prefix *p, char buf[static RGW_ADDR_TEXT])
{
	struct rgw_addr a = { .scope = p->scope, .family = p->family };
	char ip[RGW_ADDR_TEXT];

	memcpy(a.ip, p->ip, sizeof a.ip);
	snprintf(buf, RGW_ADDR_TEXT, "%.64s/%u", rgw_addr_format(&a, ip), p->bits);
	return buf;
}

bool
rgw_prefix_contains(const struct rgw_prefix *p, const struct rgw_addr *a)
{
	uint8_t masked[16];

	if (p->family != a->family || (p->scope != 0 && p->scope != a->scope))
		return false;
	mask_ip(masked, a->ip, p->bits);
	return memcmp(masked, p->ip, sizeof masked) == 0;
}

struct entry {
	struct rgw_hnode node;
	struct rgw_prefix prefix;
	void *value;  /* borrowed */
};

/* The prefix lengths that occur in one family, longest first. */
struct lengths {
	uint8_t bits[129];
	size_t n;
};

struct rgw_prefixmap {
	struct rgw_htab tab;
	struct entry **entries;  /* owned, with what it points to */
	size_t n;
	struct lengths v4;
	struct lengths v6;
};

/* A fixed key is enough: the entries come from the configuration, not from the network. */
static const struct rgw_hashkey map_key = { 0x7261647365636777, 0x707265666978206d };

struct rgw_prefixmap *
rgw_prefixmap_new(void)
{
	return rgw_xcalloc(1, sizeof(struct rgw_prefixmap));
}

void
rgw_prefixmap_free(struct rgw_prefixmap *map)
{
	if (map == NULL)
		return;
	for (size_t i = 0; i < map->n; i++)
		free(map->entries[i]);
	free(map->entries);
	rgw_htab_fini(&map->tab);
	free(map);
}

static void *
find_exact(const struct rgw_prefixmap *map, const struct rgw_prefix *p)
{
	uint64_t hash = rgw_siphash(&map_key, p, sizeof *p);

	for (struct rgw_hnode *n = rgw_htab_first(&map->tab, hash); n != NULL; n = rgw_htab_next(n)) {
		struct entry *e = (struct entry *)n;

		if (memcmp(&e->prefix, p, sizeof *p) == 0)
			return e->value;
	}
	return NULL;
}

static void
add_length(struct lengths *l, uint8_t bits)
{
	size_t i = 0;

	while (i < l->n && l->bits[i] > bits)
		i++;
	if (i < l->n && l->bits[i] == bits)
		return;
	memmove(l->bits + i + 1, l->bits + i, l->n - i);
	l->bits[i] = bits;
	l->n++;
}

void *
rgw_prefixmap_add(struct rgw_prefixmap *map, const struct rgw_prefix *p, void *value)
{
	void *old = find_exact(map, p);
	struct entry *e;

	if (old != NULL)
		return old;
	e = rgw_xcalloc(1, sizeof *e);
	e->prefix = *p;
	e->value = value;
	map->entries = rgw_xrealloc(map->entries, (map->n + 1) * sizeof(struct entry *));
	map->entries[map->n++] = e;
	rgw_htab_xadd(&map->tab, &e->node, rgw_siphash(&map_key, p, sizeof *p));
	add_length(p->family == 4 ? &map->v4 : &map->v6, p->bits);
	return NULL;
}

void *
rgw_prefixmap_find(const struct rgw_prefixmap *map, const struct rgw_addr *a)
{
	const struct lengths *l = a->family == 4 ? &map->v4 : &map->v6;
	struct rgw_prefix p = { .family = a->family };

	for (size_t i = 0; i < l->n; i++) {
		void *value = NULL;

		mask_ip(p.ip, a->ip, l->bits[i]);
		p.bits = l->bits[i];
		p.scope = a->scope;
		if (p.scope != 0)
			value = find_exact(map, &p);
		p.scope = 0;
		if (value == NULL)
			value = find_exact(map, &p);
		if (value != NULL)
			return value;
	}
	return NULL;
}
