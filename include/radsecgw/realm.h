/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_REALM_H
#define RADSECGW_REALM_H

#include <stddef.h>
#include <stdint.h>

#include "radsecgw/conf.h"
#include "radsecgw/list.h"

/*
 * From a User-Name to the [realm] section that serves it. The cost depends on the number of labels
 * of the name, never on the number of realms; only regular expressions are tried one after the other.
 */
struct rgw_realms;

/* Makes the table of realms, which borrows the configuration; that must outlive it. */
struct rgw_realms *rgw_realms_new(const struct rgw_conf *conf) RGW_MUST_USE;
void rgw_realms_free(struct rgw_realms *realms);

/* The section for a realm: exact before sub-realm, longer before shorter, then regular expressions in the
 * order of the file, then the default; the section "-" for no realm (NULL or length 0), then the default.
 * ASCII letters match in either case (P-NAI-3). NULL = no route. */
const struct rgw_conf_realm *rgw_realms_find(const struct rgw_realms *realms, const uint8_t *realm,
    size_t len);

/* The section "*", or NULL. */
const struct rgw_conf_realm *rgw_realms_default(const struct rgw_realms *realms);

#endif
