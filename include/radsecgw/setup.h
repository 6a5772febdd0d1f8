/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_SETUP_H
#define RADSECGW_SETUP_H

#include <stdbool.h>
#include <stdio.h>

/*
 * `radsecgw setup`: a first configuration, its secrets and certificates, from a few answers. The answers are given as
 * flags or asked for on a terminal. A file that exists is never written over: if it should be another now, the
 * difference is shown and the new one stands beside it.
 */
enum rgw_setup_flag {
	RGW_SETUP_PROFILE,
	RGW_SETUP_REALM,
	RGW_SETUP_OPERATOR,
	RGW_SETUP_PEER,
	RGW_SETUP_SERVER,
	RGW_SETUP_CLIENT,
	RGW_SETUP_SECRET,
	RGW_SETUP_CERT,
	RGW_SETUP_NAME,
	RGW_SETUP_KEY,
	RGW_SETUP_CA,
	RGW_SETUP_UDP,
	RGW_SETUP_RADSEC,
	RGW_SETUP_FLAGS
};

struct rgw_setup_request {
	const char *config;                  /* borrowed, as all here: the file to be made */
	const char *given[RGW_SETUP_FLAGS];  /* NULL = not given; lists have commas between their items */
	bool test_pki;                       /* make a PKI for tests */
	bool csr;                            /* make a key, and a request for a certificate */
	bool yes;                            /* ask nothing */
	bool enable;                         /* start the service, now and with the system */
	bool no_probe;                       /* do not look at the peers */
	bool terminal;                       /* somebody can answer on `in` */
	FILE *in, *out, *said;               /* answers; questions and what was done; errors */
	/* Checks a configuration and says what is wrong; true = it is good. */
	bool (*check)(void *ctx, const char *config);
	/* Looks at one peer of it, and says how it is. */
	void (*probe)(void *ctx, const char *config, const char *peer);
	void *ctx;                           /* of the two */
};

/* These are exit statuses, too. */
enum rgw_setup_result {
	RGW_SETUP_DONE = 0,    /* the configuration is in its place and good */
	RGW_SETUP_LEFT = 1,    /* something is left to be done before the gateway can run with it */
	RGW_SETUP_FAILED = 2,  /* an answer was wrong, or a file could not be written */
};

/* Asks what was not given, writes what is not there, checks it, and says what is left to be done and whom to ask. */
enum rgw_setup_result rgw_setup(const struct rgw_setup_request *request) __attribute__((warn_unused_result));

#endif
