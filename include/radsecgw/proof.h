/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_PROOF_H
#define RADSECGW_PROOF_H

/* How the far end of a connection has proven who it is. */
enum rgw_proof {
	RGW_PROVEN_BY_CERTIFICATE,
	RGW_PROVEN_BY_PSK,           /* by its pre-shared key ... */
	RGW_PROVEN_BY_PREVIOUS_PSK,  /* ... or the one that it had before */
	RGW_PROVEN_BY_ADDRESS,       /* by nothing else, over plain TCP */
};

#endif
