/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "login.h"
#include "radsecgw/nai.h"
#include "radsecgw/sha256.h"

/* F-Ticks: a line for each login, as roaming federations collect them for statistics
 * (draft-johansson-fticks-00). There is no name of a user in it. */

/* How much of the address of a device is shown in front of its hash: three octets with what stands behind each. */
#define VENDOR_LEN 9

/* Hexadecimal digits of a hash, alone and behind the vendor: both forms have a length that collectors know. */
#define DIGITS_ALONE 64
#define DIGITS_BEHIND 54

struct line {
	char text[640];
	size_t len;
};

static void
put(struct line *l, const char *text)
{
	int n = snprintf(l->text + l->len, sizeof l->text - l->len, "%s", text);

	l->len += (size_t)n < sizeof l->text - l->len ? (size_t)n : sizeof l->text - l->len - 1;
}

/* Puts what others have sent: nothing of it may look like the next part of the line. */
static void
put_octets(struct line *l, const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len && l->len + 1 < sizeof l->text; i++)
		l->text[l->len++] = octets[i] > ' ' && octets[i] < 0x7f && octets[i] != '#' ? (char)octets[i] : '_';
	l->text[l->len] = '\0';
}

/* The digits of a hash of the address: of its hexadecimal digits in lower case, up to a semicolon, behind which some
 * put the name of the network. */
static void
put_hash(struct line *l, const struct rgw_attr *station, const char *key, unsigned digits)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t digest[RGW_SHA256_LEN];
	char mac[RGW_ATTR_VALUE_MAX];
	size_t n = 0;

	for (size_t i = 0; i < station->len && station->value[i] != ';'; i++) {
		uint8_t c = station->value[i] >= 'A' && station->value[i] <= 'F' ? station->value[i] | 0x20
		                                                                 : station->value[i];

		if (c != 0 && strchr(hex, c) != NULL)
			mac[n++] = (char)c;
	}
	if (key != NULL)
		rgw_hmac_sha256(key, strlen(key), mac, n, digest);
	else
		rgw_sha256(mac, n, digest);
	for (unsigned i = 0; i < digits; i++)
		put(l, (char[]){ hex[digest[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15], '\0' });
}

/* The octets that tell the vendor, as they are written; where they stand without separators, as is usual. An address
 * that is none of a device has no vendor, and nothing of it is shown. */
static void
put_vendor(struct line *l, const struct rgw_attr *station)
{
	static const struct rgw_conf_log vendor = { .station = RGW_LOG_STATION_VENDOR };
	const uint8_t *v = station->value;
	struct rgw_identity room;
	struct rgw_field field = rgw_f_station(&vendor, "", v, station->len, &room);
	const char *text = field.data;

	if (text[0] == '\0')
		return;
	if (!isxdigit(v[2]) && !isxdigit(v[5]) && !isxdigit(v[8])) {
		put_octets(l, v, VENDOR_LEN);
		return;
	}
	put(l, text);
	put(l, "-");
}

static void
put_station(struct line *l, const struct rgw_conf_log *conf, const struct rgw_attr *station)
{
	const char *key = NULL;

	switch (conf->fticks_mac) {
	case RGW_FTICKS_STATIC:
		put(l, "undisclosed");
		return;
	case RGW_FTICKS_ORIGINAL:
		put_octets(l, station->value, station->len);
		return;
	case RGW_FTICKS_VENDOR_KEYED_HASH:
	case RGW_FTICKS_FULLY_KEYED_HASH:
		key = conf->fticks_key;
		break;
	default:
		break;
	}
	if (station->len == 0)
		return;
	if (conf->fticks_mac == RGW_FTICKS_FULLY_HASH || conf->fticks_mac == RGW_FTICKS_FULLY_KEYED_HASH) {
		put_hash(l, station, key, DIGITS_ALONE);
		return;
	}
	put_vendor(l, station);
	put_hash(l, station, key, DIGITS_BEHIND);
}

static void
put_line(struct line *l, const struct rgw_conf_log *conf, const struct rgw_facts *facts, bool accept)
{
	const uint8_t *realm = NULL;
	size_t len = 0;

	if (facts->user.value != NULL)
		realm = rgw_realm_of(facts->user.value, facts->user.len, &len);
	put(l, conf->fticks_prefix);
	put(l, "#REALM=");
	put_octets(l, realm, realm != NULL ? len : 0);
	if (conf->fticks_country != NULL) {
		put(l, "#VISCOUNTRY=");
		put(l, conf->fticks_country);
	}
	if (conf->fticks_institution != NULL) {
		put(l, "#VISINST=");
		put(l, conf->fticks_institution);
	}
	put(l, "#CSI=");
	put_station(l, conf, &facts->station);
	put(l, accept ? "#RESULT=OK#" : "#RESULT=FAIL#");
}

bool
rgw_fticks_wanted(const struct rgw_gw *gw, const struct rgw_req *req)
{
	const struct rgw_conf_log *conf = &gw->conf->log;

	if (conf->fticks == RGW_FTICKS_NO)
		return false;
	if (req->fticks != RGW_AUTO)
		return req->fticks == RGW_YES;
	if (req->pool->conf->fticks != RGW_AUTO)
		return req->pool->conf->fticks == RGW_YES;
	return conf->fticks_for == RGW_FTICKS_FOR_ALL;
}

void
rgw_fticks_write(struct rgw_gw *gw, const struct rgw_facts *facts, bool accept)
{
	static const struct rgw_field none = { .type = RGW_FIELD_END };
	const struct rgw_conf_log *conf = &gw->conf->log;
	struct line l = { .len = 0 };

	/* RFC 3164 as local syslog daemons read it; 6 is the level "info". */
	if (conf->fticks == RGW_FTICKS_SYSLOG)
		l.len = (size_t)snprintf(l.text, sizeof l.text, "<%u>%s: ", (unsigned)conf->fticks_facility << 3 | 6,
		    conf->fticks_tag);
	put_line(&l, conf, facts, accept);
	if (conf->fticks == RGW_FTICKS_SYSLOG)
		rgw_log_raw(gw->log, l.text, l.len);
	else
		rgw_log_record(gw->log, RGW_LOG_INFO, "f-ticks", l.text, &none);
}
