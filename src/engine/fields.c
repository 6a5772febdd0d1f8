/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "radsecgw/md5.h"
#include "radsecgw/nai.h"

/* What log lines say about requests without saying more than the configuration allows (log identity). */

struct rgw_field
rgw_f_identity(struct rgw_gw *gw, const struct rgw_packet *packet, struct rgw_identity *room)
{
	const struct rgw_conf_log *conf = &gw->conf->log;
	const uint8_t *realm;
	struct rgw_attr a;
	struct rgw_hashkey key;
	struct rgw_md5 md5;
	uint8_t digest[RGW_MD5_LEN];
	size_t len;

	if (!rgw_packet_get(packet, RGW_AT_USER_NAME, &a))
		return rgw_f_str("user", "");
	switch (conf->identity) {
	case RGW_LOG_ID_FULL:
		break;
	case RGW_LOG_ID_REALM:
		realm = rgw_realm_of(a.value, a.len, &len);
		return rgw_f_octets("realm", realm, realm != NULL ? len : 0);
	case RGW_LOG_ID_HASH:
		/* Equal names give equal texts, and only somebody who has the key can try names out. */
		rgw_md5_init(&md5);
		rgw_md5_update(&md5, conf->hash_key, strlen(conf->hash_key));
		rgw_md5_final(&md5, digest);
		memcpy(&key, digest, sizeof key);
		snprintf(room->text, sizeof room->text, "%016llx",
		    (unsigned long long)rgw_siphash(&key, a.value, a.len));
		return rgw_f_str("user", room->text);
	}
	return rgw_f_octets("user", a.value, a.len);
}
