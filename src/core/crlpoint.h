/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_CORE_CRLPOINT_H
#define RADSECGW_CORE_CRLPOINT_H

#include "der.h"

/*
 * Distribution points (RFC 5280 4.2.1.13, 5.2.5). An issuer with many certificates divides its CRL: each part names its
 * point in issuingDistributionPoint, and each certificate names in cRLDistributionPoints the points that speak of it.
 * Nothing is fetched from there; the names only say what belongs together.
 */

/* Takes a DistributionPointName with its tag, [0]. *names becomes the GeneralNames of it, or empty if it is not a full
 * name but one relative to that of the issuer. */
void rgw_crl_take_point(struct rgw_rd *r, struct rgw_span *names);
/* Has one of a certificate's points (rgw_x509.crl_points) one of these names, for all reasons and by the issuer of the
 * certificate? */
bool rgw_crl_points_have(struct rgw_span points, struct rgw_span names);

#endif
