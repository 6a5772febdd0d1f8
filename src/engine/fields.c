/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "engine.h"
#include "radsecgw/mac.h"
#include "radsecgw/md5.h"
#include "radsecgw/nai.h"

/* What log lines, and all else that people see, say about requests without saying more than the configuration allows
 * (log identity and station). */

/* Equal octets give equal texts, and only somebody who has the key can try octets out. */
static void
hash(const struct rgw_conf_log *conf, const void *data, size_t len, char room[static RGW_HASH_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[RGW_MD5_LEN];
	struct rgw_hashkey key;
	struct rgw_md5 md5;
	uint64_t value;

	rgw_md5_init(&md5);
	rgw_md5_update(&md5, conf->hash_key, strlen(conf->hash_key));
	rgw_md5_final(&md5, digest);
	memcpy(&key, digest, sizeof key);
	value = rgw_siphash(&key, data, len);
	for (unsigned i = 0; i < 16; i++)
		room[i] = digits[value >> (60 - 4 * i) & 15];
	room[16] = '\0';
}

struct rgw_field
rgw_f_user(const struct rgw_conf_log *conf, const uint8_t *name, size_t len, struct rgw_identity *room)
{
	const uint8_t *realm;
	size_t realm_len;

	switch (conf->identity) {
	case RGW_LOG_ID_FULL:
		break;
	case RGW_LOG_ID_REALM:
		realm = rgw_realm_of(name, len, &realm_len);
		return rgw_f_octets("realm", realm, realm != NULL ? realm_len : 0);
	case RGW_LOG_ID_HASH:
		hash(conf, name, len, room->text);
		return rgw_f_str("user", room->text);
	}
	return rgw_f_octets("user", name, len);
}

struct rgw_field
rgw_f_identity(struct rgw_gw *gw, const struct rgw_packet *packet, struct rgw_identity *room)
{
	struct rgw_attr a;

	if (!rgw_packet_get(packet, RGW_AT_USER_NAME, &a))
		return rgw_f_str("user", "");
	return rgw_f_user(&gw->conf->log, a.value, a.len, room);
}

struct rgw_field
rgw_f_station(const struct rgw_conf_log *conf, const char *key, const uint8_t *value, size_t len,
    struct rgw_identity *room)
{
	char digits[RGW_MAC_DIGITS];
	bool is_mac = rgw_mac_read(value, len, digits) > 0;

	switch (conf->station) {
	case RGW_LOG_STATION_FULL:
		return rgw_f_octets(key, value, len);
	case RGW_LOG_STATION_VENDOR:
		/* Of what is no such address, nobody knows which part tells the vendor. */
		for (unsigned i = 0; is_mac && i < 3; i++) {
			memcpy(room->text + 3 * i, digits + 2 * i, 2);
			room->text[3 * i + 2] = i < 2 ? '-' : '\0';
		}
		return rgw_f_str(key, is_mac ? room->text : "");
	case RGW_LOG_STATION_HASH:
		hash(conf, is_mac ? (const void *)digits : value, is_mac ? sizeof digits : len, room->text);
		return rgw_f_str(key, room->text);
	case RGW_LOG_STATION_NONE:
		break;
	}
	return rgw_f_str(key, "");
}
