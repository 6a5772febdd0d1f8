/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a stranger sends before there is a session: how the first record is known, the server name that is
 * read out of it for the choice of a certificate, the guard that reads the headers of all records, and our
 * own reader of the keys that a Hello offers or selects. In
 * whatever pieces the octets come, the verdict is that on the whole, and nothing is read outside of them.
 *
 * The first octet of the input chooses the pieces and whether the others are a record as they are, or what
 * stands in a ClientHello behind a right header: few inputs would get that far by themselves.
 */
#include "../../src/net/hello.h"
#include "../../src/net/records.h"
#include "../../src/net/tlshello.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "radsecgw/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HANDSHAKE_HEADER 4

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* The octets in memory of their own size; the caller frees it. */
static uint8_t *
copy_of(const uint8_t *data, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);

	require(copy != NULL);
	memcpy(copy, data, n);
	return copy;
}

/* ---- the first record ---- */

/* Octets come one after the other; as long as more is needed nothing is decided, and then it stays so. */
static enum rgw_hello
look_at_each(const uint8_t *data, size_t size, size_t *need)
{
	enum rgw_hello verdict = RGW_HELLO_MORE;
	size_t wanted = 1;

	for (size_t n = 1; n <= size && n < 64; n++) {
		uint8_t *copy = copy_of(data, n);
		enum rgw_hello now = rgw_hello_look(copy, n, need);

		free(copy);
		require(verdict == RGW_HELLO_MORE || now == verdict);
		require(now != RGW_HELLO_MORE || *need > n);
		require(now != RGW_HELLO_WHOLE || *need <= n);
		require(*need >= wanted);
		wanted = *need;
		verdict = now;
	}
	return verdict;
}

/* The name is one that stands there, and a string. */
static bool
peek(const uint8_t *data, size_t n, char *name, size_t size)
{
	uint8_t *copy = copy_of(data, n);
	bool found;

	memset(name, 'x', size);
	found = rgw_tls_peek_sni(copy, n, name, size);
	if (found) {
		require(memchr(name, '\0', size) != NULL && name[0] != '\0');
		require(memmem(copy, n, name, strlen(name)) != NULL);
	}
	free(copy);
	return found;
}

static void
check_name(const uint8_t *data, size_t n)
{
	char name[256], little[8];
	bool found = peek(data, n, name, sizeof name);

	/* There is no room for a longer one, and none of it is taken for the whole. */
	if (peek(data, n, little, sizeof little))
		require(found && strcmp(little, name) == 0);
}

static void
check_first(const uint8_t *data, size_t size)
{
	uint8_t *copy = copy_of(data, size);
	size_t need, need_of_each = 0;
	enum rgw_hello verdict = rgw_hello_look(copy, size, &need);
	enum rgw_hello each = look_at_each(data, size, &need_of_each);

	free(copy);
	require(need == need_of_each);
	require(each == verdict || (each == RGW_HELLO_MORE && size >= 64));
	if (verdict == RGW_HELLO_WHOLE)
		check_name(data, need);
}

/* ---- the guard ---- */

/* Follows the octets in pieces of at most so many. Data comes out of every record of it. */
static const char *
follow(struct rgw_records *r, const uint8_t *data, size_t size, uint32_t seed, size_t most)
{
	const char *fault = NULL;
	size_t at = 0;

	*r = (struct rgw_records){ 0 };
	while (at < size && fault == NULL) {
		uint8_t *copy;
		size_t n;

		seed = seed * 1664525 + 1013904223;
		n = most == SIZE_MAX ? size : (seed >> 8) % most + 1;
		if (n > size - at)
			n = size - at;
		copy = copy_of(data + at, n);
		fault = rgw_records_follow(r, copy, n);
		free(copy);
		at += n;
		require(r->have < RGW_RECORD_HEADER && r->left <= 16384 + 256 + (fault != NULL ? 65535u : 0));
	}
	return fault;
}

static void
check_records(const uint8_t *data, size_t size, uint32_t seed)
{
	static const size_t most[] = { 1, 3, 20, 300 };
	struct rgw_records whole, pieces;
	const char *fault = follow(&whole, data, size, seed, SIZE_MAX);

	for (size_t i = 0; i < sizeof most / sizeof most[0]; i++) {
		require(follow(&pieces, data, size, seed, most[i]) == fault);
		require(pieces.have == whole.have && pieces.left == whole.left && pieces.n == whole.n);
		require(pieces.ccs == whole.ccs);
		if (fault != NULL)
			require(memcmp(pieces.header, whole.header, RGW_RECORD_HEADER) == 0);
	}
}

/* ---- keys ---- */

/* Whatever the message says of keys stands in it. */
static void
read_message(void *arg, const uint8_t *message, size_t len)
{
	uint8_t *copy = copy_of(message, len);
	struct rgw_client_hello client;
	struct rgw_server_hello server;
	unsigned *n = arg;

	++*n;
	if (rgw_client_hello_parse(&client, copy, len)) {
		require(client.n <= RGW_HELLO_IDENTITIES && client.has_psk == (client.n > 0));
		require(!client.has_psk || client.truncated < len);
		for (size_t i = 0; i < client.n; i++)
			require(client.identities[i].octets + client.identities[i].len <= client.identities[i].binder &&
			    client.identities[i].binder + client.identities[i].binder_len <= copy + len);
	}
	if (rgw_server_hello_parse(&server, copy, len))
		require(copy[0] == 2);
	free(copy);
}

static void
check_keys(const uint8_t *data, size_t size)
{
	struct rgw_flight whole = { .have = 0 };
	struct rgw_flight pieces = { .have = 0 };
	unsigned n_whole = 0;
	unsigned n_pieces = 0;

	rgw_flight_follow(&whole, data, size, read_message, &n_whole);
	for (size_t i = 0; i < size; i++)
		rgw_flight_follow(&pieces, data + i, 1, read_message, &n_pieces);
	require(n_whole == n_pieces && whole.over == pieces.over && whole.len == pieces.len);
	rgw_flight_fini(&whole);
	rgw_flight_fini(&pieces);
}

/* ---- all of it ---- */

/* A ClientHello around the octets; the caller frees it. */
static uint8_t *
wrap(const uint8_t *data, size_t size, size_t *len)
{
	uint8_t *out;
	const uint8_t header[] = { 22, 3, 1, (uint8_t)((size + HANDSHAKE_HEADER) >> 8),
		(uint8_t)(size + HANDSHAKE_HEADER), 1, 0, (uint8_t)(size >> 8), (uint8_t)size };

	*len = sizeof header + size;
	out = malloc(*len);
	require(out != NULL);
	memcpy(out, header, sizeof header);
	memcpy(out + sizeof header, data, size);
	return out;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *hello = NULL;
	uint32_t seed;
	size_t len;

	if (size < 2 || size > 16000)
		return 0;
	seed = data[0];
	data++;
	size--;
	if ((seed & 1) != 0) {
		hello = wrap(data, size, &len);
		data = hello;
		size = len;
	}
	check_first(data, size);
	check_records(data, size, seed);
	check_keys(data, size);
	free(hello);
	return 0;
}
