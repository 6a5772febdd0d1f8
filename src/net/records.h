/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_RECORDS_H
#define RADSECGW_RECORDS_H

#include <stddef.h>
#include <stdint.h>

/*
 * A guard before the TLS library: it reads the headers of the records as they come in (RFC 8446 5.1,
 * RFC 5246 6.2.1), in whatever pieces, and refuses what no honest side sends. Old versions of the library
 * read outside of their memory when a record is too short for what it has to hold (CVE-2024-0901), before
 * the other side has shown a certificate. It does no I/O, keeps nothing of the contents and knows no keys.
 */

#define RGW_RECORD_HEADER 5

/* The number of records in a row that bring no application data. A handshake with fragments of 512 octets, which is the
 * shortest that can be agreed on (RFC 6066 4), has up to 130. */
#define RGW_RECORDS_IDLE_MAX 512

/* The number of ChangeCipherSpecs that one side may send. A handshake has one of each side (RFC 5246), or one or two
 * that mean nothing (RFC 8446 D.4). */
#define RGW_RECORDS_CCS_MAX 4

/* One direction of one session; all octets 0 is the beginning. */
struct rgw_records {
	uint8_t header[RGW_RECORD_HEADER];
	size_t have;    /* octets of the header that have come */
	size_t left;    /* octets of the record that have still to come */
	uint64_t n;     /* number of records so far, with the one at fault */
	uint64_t data;  /* number of records when application data last came */
	unsigned ccs;   /* number of ChangeCipherSpecs so far */
};

/* Follows the next octets. NULL, or what is wrong with them as a part of a sentence; then `header` has the record at
 * fault, and nothing may follow. */
const char *rgw_records_follow(struct rgw_records *r, const uint8_t *data, size_t len);
/* Notes that application data came out of the octets that were followed. */
void rgw_records_progress(struct rgw_records *r);

#endif
