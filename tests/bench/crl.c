/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench.h"
#include "radsecgw/crl.h"

/*
 * What a CRL costs: time to read it and to put it into a set, memory that the set keeps, and time of a question. The
 * file is DER; a large one comes from OpenSSL, whose `openssl ca -gencrl` lists what its index.txt says:
 *
 *   awk 'BEGIN { for (i = 0; i < 100000; i++) printf "R\t300101000000Z\t260101000000Z\t40%06X%024X\tunknown\t/CN=%d\n",
 *       i * 7919 % 100000, i, i }' >index.txt
 *
 * One line of JSON: octets of the file, entries, read_us, add_us, kept (octets of the set), peak_kib (by how much the
 * process was larger at its largest than with the file alone), ask_ns.
 */
static uint8_t *
read_file(const char *path, size_t *len)
{
	FILE *in = fopen(path, "rb");
	uint8_t *data = malloc(RGW_CRL_MAX_OCTETS);

	if (in == NULL || data == NULL)
		bench_fail("cannot read %s", path);
	*len = fread(data, 1, RGW_CRL_MAX_OCTETS, in);
	fclose(in);
	return data;
}

static size_t
memory_in_use(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static long
peak_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* Asks for each entry once, in the order of the file; nanoseconds of one question. */
static double
ask_all(const struct rgw_crls *set, const struct rgw_crl *crl)
{
	struct rgw_x509 cert = { .issuer = crl->facts.issuer, .is_ca = !crl->facts.users };
	struct rgw_span rest = crl->entries;
	struct rgw_crl_entry entry;
	int64_t began = bench_now(CLOCK_MONOTONIC);

	while (rgw_crl_next_entry(&rest, &entry)) {
		cert.serial = entry.serial;
		if (rgw_crls_ask(set, &cert, crl->facts.this_update).verdict != RGW_CRL_REVOKED)
			bench_fail("an entry is not found");
	}
	if (crl->facts.n_entries == 0)
		return 0;
	return 1e3 * (double)(bench_now(CLOCK_MONOTONIC) - began) / (double)crl->facts.n_entries;
}

int
main(int argc, char **argv)
{
	int word = bench_begin(argc, argv, "FILE", NULL, 0);
	struct rgw_crls set = { NULL, 0 };
	struct rgw_crl_problem problem;
	struct rgw_crl crl;
	int64_t began, was_read, added;
	size_t len, before;
	long peak;
	uint8_t *data;
	char why[256];

	if (word + 1 != argc)
		bench_fail("one file with a CRL in DER is needed");
	data = read_file(argv[word], &len);
	peak = peak_kib();
	before = memory_in_use();
	began = bench_now(CLOCK_MONOTONIC);
	if (!rgw_crl_parse(&crl, data, len, &problem))
		bench_fail("%s", rgw_crl_explain(&problem, why, sizeof why));
	was_read = bench_now(CLOCK_MONOTONIC);
	if (rgw_crls_add(&set, &crl, crl.facts.this_update) != RGW_CRLS_ADDED)
		bench_fail("the set does not take the CRL");
	added = bench_now(CLOCK_MONOTONIC);
	printf("{\"octets\": %zu, \"entries\": %zu, \"read_us\": %lld, \"add_us\": %lld, \"kept\": %zu, "
	    "\"peak_kib\": %ld, \"ask_ns\": %.0f}\n", len, crl.facts.n_entries, (long long)(was_read - began),
	    (long long)(added - was_read), memory_in_use() - before, peak_kib() - peak, ask_all(&set, &crl));
	rgw_crls_free(&set);
	free(data);
	return 0;
}
