/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proxyhead.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* The reader of the header that a balancer puts in front of a connection; see proxyhead.h. */

static struct rgw_proxyhead
bad(const char *why)
{
	return (struct rgw_proxyhead){ .kind = RGW_PROXYHEAD_BAD, .why = why };
}

static struct rgw_proxyhead
more(size_t need)
{
	return (struct rgw_proxyhead){ .kind = RGW_PROXYHEAD_MORE, .len = need };
}

static struct rgw_proxyhead
own(size_t len)
{
	return (struct rgw_proxyhead){ .kind = RGW_PROXYHEAD_OWN, .len = len };
}

/* A header that names this address, of 4 or 16 octets. */
static struct rgw_proxyhead
from(size_t len, int family, const void *ip, uint16_t port)
{
	struct rgw_proxyhead head = { .kind = RGW_PROXYHEAD_FROM, .len = len };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	memcpy(&in.sin_addr, ip, sizeof in.sin_addr);
	if (family == AF_INET6)
		memcpy(&in6.sin6_addr, ip, sizeof in6.sin6_addr);
	if (!rgw_addr_from_sockaddr(&head.from, family == AF_INET6 ? (void *)&in6 : (void *)&in))
		return bad("its address is none");
	return head;
}

/* ---- version 1 ---- */

static const char prefix[] = "PROXY ";

/* Cuts the next word off the line: words stand behind one space each. */
static char *
next_word(char **line)
{
	char *word = *line;
	char *end = word + strcspn(word, " ");

	*line = end + (*end != '\0');
	*end = '\0';
	return word;
}

/* A decimal number without zeros in front of it. */
static bool
read_port(const char *word, uint16_t *port)
{
	size_t n = strspn(word, "0123456789");
	uint32_t value = 0;

	if (n == 0 || n > 5 || word[n] != '\0' || (word[0] == '0' && n > 1))
		return false;
	for (size_t i = 0; i < n; i++)
		value = value * 10 + (uint32_t)(word[i] - '0');
	*port = (uint16_t)value;
	return value <= UINT16_MAX;
}

/* Reads what stands behind the family: both addresses, and both ports. */
static struct rgw_proxyhead
read_words(char *line, size_t len, int family)
{
	char *source = next_word(&line);
	char *target = next_word(&line);
	char *source_port = next_word(&line);
	uint8_t ip[sizeof(struct in6_addr)], unused[sizeof ip];
	uint16_t port, unused_port;

	if (inet_pton(family, source, ip) != 1 || inet_pton(family, target, unused) != 1)
		return bad("an address of its line is not one of the family that the line names");
	if (!read_port(source_port, &port) || !read_port(line, &unused_port))
		return bad("a port of its line is not one");
	return from(len, family, ip, port);
}

/* Reads a line of so many octets, its end left aside. */
static struct rgw_proxyhead
read_line(const uint8_t *octets, size_t n, size_t len)
{
	char text[RGW_PROXYHEAD_TEXT_MAX + 1];
	char *line = text + sizeof prefix - 1;
	const char *family;

	memcpy(text, octets, n);
	text[n] = '\0';
	family = next_word(&line);
	if (strcmp(family, "UNKNOWN") == 0)
		return own(len);
	if (memchr(octets, '\0', n) != NULL)
		return bad("its line is not text");
	if (strcmp(family, "TCP4") == 0)
		return read_words(line, len, AF_INET);
	if (strcmp(family, "TCP6") == 0)
		return read_words(line, len, AF_INET6);
	return bad("its line names a family that is neither TCP4 nor TCP6");
}

static struct rgw_proxyhead
look_at_text(const uint8_t *octets, size_t n)
{
	size_t visible = n < RGW_PROXYHEAD_TEXT_MAX ? n : RGW_PROXYHEAD_TEXT_MAX;
	size_t len = 0;

	if (memcmp(octets, prefix, n < sizeof prefix - 1 ? n : sizeof prefix - 1) != 0)
		return bad("what came first is no PROXY header");
	while (len < visible && octets[len] != '\r' && octets[len] != '\n')
		len++;
	if (len < visible && (octets[len] == '\n' || (len + 1 < visible && octets[len + 1] != '\n')))
		return bad("its line ends in another way than by CR and LF");
	if (len + 1 < visible)
		return read_line(octets, len, len + 2);
	if (n >= RGW_PROXYHEAD_TEXT_MAX)
		return bad("its line is longer than 107 octets");
	return more(n < sizeof prefix - 1 ? sizeof prefix - 1 : n + 1);
}

/* ---- version 2 ---- */

static const uint8_t signature[] = { '\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n' };

/* Behind the signature: version and command, family and transport, and the length of the rest. */
#define COMMAND sizeof signature
#define FAMILY (COMMAND + 1)
#define LENGTH (COMMAND + 2)
#define FIXED (COMMAND + 4)

enum { VERSION_2_LOCAL = 0x20, VERSION_2_PROXY = 0x21 };
enum { UNSPEC = 0x00, TCP_OVER_IPV4 = 0x11, TCP_OVER_IPV6 = 0x21 };

/* The two addresses, and then the two ports. */
#define IPV4_OCTETS 12
#define IPV6_OCTETS 36

/* Reads what the whole header says. */
static struct rgw_proxyhead
read_block(const uint8_t *octets, size_t len)
{
	const uint8_t *block = octets + FIXED;
	bool ipv6 = octets[FAMILY] == TCP_OVER_IPV6;
	size_t ports = ipv6 ? 32 : 8;

	if (octets[COMMAND] == VERSION_2_LOCAL || octets[FAMILY] == UNSPEC)
		return own(len);
	return from(len, ipv6 ? AF_INET6 : AF_INET, block, (uint16_t)(block[ports] << 8 | block[ports + 1]));
}

/* What is wrong with the fixed part, as far as it is there? NULL = nothing. */
static const char *
fault_of(const uint8_t *octets, size_t n)
{
	bool local = octets[COMMAND] == VERSION_2_LOCAL;
	size_t rest;

	if (!local && octets[COMMAND] != VERSION_2_PROXY)
		return "its version or its command is not one that we know";
	if (n > FAMILY && !local && octets[FAMILY] != UNSPEC && octets[FAMILY] != TCP_OVER_IPV4 &&
	    octets[FAMILY] != TCP_OVER_IPV6)
		return "its family is neither TCP over IPv4 nor TCP over IPv6";
	if (n < FIXED)
		return NULL;
	rest = (size_t)octets[LENGTH] << 8 | octets[LENGTH + 1];
	if (FIXED + rest > RGW_PROXYHEAD_MAX)
		return "it is longer than 536 octets";
	if (!local && ((octets[FAMILY] == TCP_OVER_IPV4 && rest < IPV4_OCTETS) ||
	    (octets[FAMILY] == TCP_OVER_IPV6 && rest < IPV6_OCTETS)))
		return "it is too short for its addresses";
	return NULL;
}

static struct rgw_proxyhead
look_at_binary(const uint8_t *octets, size_t n)
{
	const char *fault;
	size_t len;

	if (memcmp(octets, signature, n < sizeof signature ? n : sizeof signature) != 0)
		return bad("what came first is no PROXY header");
	fault = n > COMMAND ? fault_of(octets, n) : NULL;
	if (fault != NULL)
		return bad(fault);
	if (n < FIXED)
		return more(FIXED);
	len = FIXED + ((size_t)octets[LENGTH] << 8 | octets[LENGTH + 1]);
	return n < len ? more(len) : read_block(octets, len);
}

struct rgw_proxyhead
rgw_proxyhead_look(const uint8_t *octets, size_t n)
{
	return octets[0] == signature[0] ? look_at_binary(octets, n) : look_at_text(octets, n);
}
