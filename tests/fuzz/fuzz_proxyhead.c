/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header that a balancer puts in front of a connection. Octets come one by one: a verdict stays once it is there,
 * more is asked for only as long as none is, never beyond the longest header, and nothing is read outside of what is
 * there.
 */
#include "../../src/net/proxyhead.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static struct rgw_proxyhead
look(const uint8_t *data, size_t n)
{
	uint8_t *copy = malloc(n);
	struct rgw_proxyhead head;

	require(copy != NULL);
	memcpy(copy, data, n);
	head = rgw_proxyhead_look(copy, n);
	free(copy);
	return head;
}

static void
check(const struct rgw_proxyhead *head, size_t n)
{
	switch (head->kind) {
	case RGW_PROXYHEAD_MORE:
		require(head->len > n && head->len <= RGW_PROXYHEAD_MAX);
		break;
	case RGW_PROXYHEAD_FROM:
		require(head->len <= n && (head->from.family == 4 || head->from.family == 6));
		break;
	case RGW_PROXYHEAD_OWN:
		require(head->len <= n && head->from.family == 0);
		break;
	case RGW_PROXYHEAD_BAD:
		require(head->why != NULL);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rgw_proxyhead last = { .kind = RGW_PROXYHEAD_MORE };

	for (size_t n = 1; n <= size && n <= RGW_PROXYHEAD_MAX + 8; n++) {
		struct rgw_proxyhead head = look(data, n);

		check(&head, n);
		if (last.kind != RGW_PROXYHEAD_MORE)
			require(head.kind == last.kind && head.len == last.len &&
			    memcmp(&head.from, &last.from, sizeof head.from) == 0);
		last = head;
	}
	return 0;
}
