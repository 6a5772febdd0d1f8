/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stories about memory itself: what is left in it when it is given back, and that there is none. The Makefile leads the
 * library's calls of free and calloc here. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <malloc.h>
#include <string.h>

#include <cmocka.h>

#include "radsecgw/idpool.h"
#include "sim.h"

#define USER "user@example.org"

void __real_free(void *p);
void __wrap_free(void *p);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

/* What is looked for in memory that held the identifiers of a connection or socket; NULL = nothing. */
static const uint8_t *trace;
static unsigned traces, pools;

/* Octets of the memory of one pool of identifiers, as the allocator rounds them. */
static size_t pool_size;

/* There is no memory any more. */
static bool none_left;

void
__wrap_free(void *p)
{
	size_t n = p != NULL ? malloc_usable_size(p) : 0;

	if (trace != NULL && n == pool_size) {
		pools++;
		traces += memmem(p, n, trace, RGW_AUTH_LEN) != NULL;
	}
	__real_free(p);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return none_left ? NULL : __real_calloc(n, size);
}

/* With the authenticator of a request and its hidden attributes somebody may search for the secret. */
static void
identifiers_are_wiped(void **state)
{
	struct rgw_idpool *sample = rgw_idpool_new(1);

	(void)state;
	assert_non_null(sample);
	pool_size = malloc_usable_size(sample);
	rgw_idpool_free(sample);
	for (int server = 0; server <= 1; server++) {
		struct sim s;

		sim_init(&s, "198.51.100.1");
		if (server == 1)
			sim_to_server(&s);
		sim_start(&s);
		for (unsigned i = 0; i < 300; i++)
			sim_request(&s, 1, (uint16_t)(5000 + i / 200), (uint8_t)(i % 200), USER);
		sim_run(&s, 1000);
		assert_int_equal(sim_answered(&s), 300);
		/* Of two sockets that are not used the first one is closed. */
		trace = s.got[0]->data + 4;
		traces = pools = 0;
		if (server == 0)
			sim_cut(&s, s.got[0]->conn);
		else
			sim_run(&s, 180000);
		trace = NULL;
		assert_int_equal(pools, 1);
		assert_int_equal(traces, 0);
		sim_end(&s);
	}
}

static void
no_memory_for_a_visitor(void **state)
{
	struct sim s;
	struct rgw_addr from;

	(void)state;
	sim_init(&s, "198.51.100.1");
	sim_start(&s);
	assert_true(rgw_addr_parse("203.0.113.5", 40000, &from));
	/* First nothing is known of the address; later it has a connection. */
	for (unsigned i = 1; i <= 2; i++) {
		none_left = true;
		assert_null(rgw_gw_on_accept(s.gw, 0, &from, &s, s.now));
		none_left = false;
		assert_int_equal(sim_counter(&s, RGW_CTR_refused_no_memory), i);
		assert_string_equal(s.last_event, "connection-refused");
		/* The refused connection took no place: the next one is let in. */
		sim_visit(&s);
		assert_int_equal(sim_counter(&s, RGW_CTR_incoming_opened), i);
	}
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identifiers_are_wiped),
		cmocka_unit_test(no_memory_for_a_visitor),
	};

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
