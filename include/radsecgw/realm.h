/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_REALM_H
#define RADSECGW_REALM_H

#include <stddef.h>
#include <stdint.h>

#include "radsecgw/conf.h"

/*
 * From a User-Name to the [realm] section that serves it. The cost depends on the number of labels
 * of the name, never on the number of realms.
 */
struct rgw_realms;

/* Borrows the configuration, which must outlive it. */
struct rgw_realms *rgw_realms_new(const struct rgw_conf *conf);
void rgw_realms_free(struct rgw_realms *realms);

/* The realm of a name: what stands behind the last "@" (P-NAI-2), borrowed; NULL if there is no "@"
 * or nothing behind it. The name is not changed (P-NAI-5). */
const uint8_t *rgw_realm_of(const uint8_t *name, size_t len, size_t *realm_len);

/* The section for a realm: exact before sub-realm, longer before shorter, then the default; the
 * section "-" for no realm (NULL or length 0), then the default. ASCII letters match in either case
 * (P-NAI-3). NULL = no route. */
const struct rgw_conf_realm *rgw_realms_find(const struct rgw_realms *realms, const uint8_t *realm,
    size_t len);

#endif
