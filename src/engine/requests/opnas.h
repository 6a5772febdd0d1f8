/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_ENGINE_REQUESTS_OPNAS_H
#define RADSECGW_ENGINE_REQUESTS_OPNAS_H

#include "requests.h"

/* Operator-NAS-Identifier of requests on their way out, and of CoA and Disconnect that bring it back (P-CPX-10 to 15).
 */

/* The realm that an operator-name means, NULL = it is in another namespace, or there is none. */
const char *rgw_opnas_realm(const char *operator_name);

/* What is to be put into a request that goes to a peer. false = nothing: it is not a request of our own users, or
 * somebody has said it already (P-CPX-12). */
bool rgw_opnas_leaves(const struct rgw_gw *gw, const struct rgw_req *req, const struct rgw_packet *packet,
    struct rgw_opnas *nas) RGW_MUST_USE;

enum rgw_opnas_finding {
	RGW_OPNAS_NONE,      /* there is none, or it is for another network */
	RGW_OPNAS_OWN,
	RGW_OPNAS_FOREIGN,   /* it is for us, and we did not make it */
};

/* What Operator-NAS-Identifier a CoA- or Disconnect-Request has; OWN: *nas and *client are set. */
enum rgw_opnas_finding rgw_opnas_comes(const struct rgw_gw *gw, const struct rgw_packet *packet, struct rgw_opnas *nas,
    const struct rgw_conf_client **client) RGW_MUST_USE;

/* Is the only name of the NAS the one that we give NASes of our networks for others (P-CPX-12)? */
bool rgw_opnas_is_cover(const struct rgw_conf *conf, const struct rgw_nas_names *names);

/* Is the Operator-Name of the packet another one than this? false = it is the same, or one of them is missing. */
bool rgw_opnas_is_other(const struct rgw_packet *packet, const char *operator_name);

#endif
