/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RGW_SETUP_CERTS_H
#define RGW_SETUP_CERTS_H

#include "answers.h"
#include "files.h"

/* Keys and certificates, made by the command openssl: the TLS library of the gateway is built without the making of
 * certificates, which a gateway never does. What is there already is kept. false = it failed, and that was said. */

/* A PKI for tests in this folder, with certificates for us and for the peers. */
bool rgw_certs_test(const struct rgw_folder *certs, const struct rgw_values *v, const char *name) RGW_MUST_USE;
/* A key, and a request for a certificate of that name. */
bool rgw_certs_request(const struct rgw_folder *certs, const struct rgw_values *v, const char *name) RGW_MUST_USE;

#endif
