/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/hide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "radsecgw/mem.h"
#include "radsecgw/radius.h"

/*
 * The table of attributes that are hidden with the secret of a hop. The configuration owns one, with the rows
 * that it adds to the built-in ones.
 */

/* Vendors, by IANA private enterprise number. */
enum {
	STANDARD = 0,
	MOTOROLA = 161,
	MICROSOFT = 311,
	ASCEND = 529,
	ALU_AAA = 831,
	LANCOM = 2356,
	LUCENT = 4846,
	ERX = 4874,
	THREEGPP2 = 5535,
	ALCATEL_SR = 6527,
	ALPHION = 8742,
	ARUBA = 14823,
	WIMAX = 24757,
	AEROHIVE = 26928,
	RTBRICK = 50058,
};

/* clang-format off */
/* The built-in rows (P-ENC-2 to P-ENC-7). The standard-space attributes 214 and 215 are not here: those numbers
 * are set aside for experiments, so an administrator who has them says so (encrypted-attribute = 0:214:ascend).
 * */
static const struct rgw_hidden builtin[] = {
	{ STANDARD,   2,   0, RGW_HIDE_PASSWORD, false },  /* User-Password */
	{ STANDARD,   69,  0, RGW_HIDE_SALT,     true },   /* Tunnel-Password */
	{ MOTOROLA,   11,  0, RGW_HIDE_SALT,     false },  /* Motorola-WiMAX-MIP-KEY */
	{ MICROSOFT,  12,  0, RGW_HIDE_PASSWORD, false },  /* MS-CHAP-MPPE-Keys */
	{ MICROSOFT,  16,  0, RGW_HIDE_SALT,     false },  /* MS-MPPE-Send-Key */
	{ MICROSOFT,  17,  0, RGW_HIDE_SALT,     false },  /* MS-MPPE-Recv-Key */
	{ ASCEND,     214, 0, RGW_HIDE_ASCEND,   false },  /* Ascend-Send-Secret */
	{ ASCEND,     215, 0, RGW_HIDE_ASCEND,   false },  /* Ascend-Receive-Secret */
	{ ALU_AAA,    116, 0, RGW_HIDE_SALT,     false },  /* ALU-AAA-Key-0 */
	{ ALU_AAA,    117, 0, RGW_HIDE_SALT,     false },  /* ALU-AAA-Key-1 */
	{ ALU_AAA,    118, 0, RGW_HIDE_SALT,     false },  /* ALU-AAA-Key-2 */
	{ ALU_AAA,    119, 0, RGW_HIDE_SALT,     false },  /* ALU-AAA-Key-3 */
	{ LANCOM,     19,  0, RGW_HIDE_SALT,     true },   /* LCS-IKEv2-Local-Password */
	{ LANCOM,     20,  0, RGW_HIDE_SALT,     true },   /* LCS-IKEv2-Remote-Password */
	{ LANCOM,     33,  0, RGW_HIDE_SALT,     true },   /* LCS-IKEv2-PPK */
	{ LUCENT,     214, 0, RGW_HIDE_ASCEND,   false },  /* Lucent-Send-Secret */
	{ LUCENT,     215, 0, RGW_HIDE_ASCEND,   false },  /* Lucent-Receive-Secret */
	{ ERX,        58,  0, RGW_HIDE_SALT,     false },  /* ERX-LI-Action */
	{ ERX,        59,  0, RGW_HIDE_SALT,     false },  /* ERX-Med-Dev-Handle */
	{ ERX,        60,  0, RGW_HIDE_SALT,     false },  /* ERX-Med-Ip-Address */
	{ ERX,        61,  0, RGW_HIDE_SALT,     false },  /* ERX-Med-Port-Number */
	{ THREEGPP2,  58,  0, RGW_HIDE_SALT,     false },  /* 3GPP2-MN-HA-Shared-Key */
	{ ALCATEL_SR, 122, 0, RGW_HIDE_SALT,     false },  /* Alc-LI-Action */
	{ ALCATEL_SR, 123, 0, RGW_HIDE_SALT,     false },  /* Alc-LI-Destination */
	{ ALCATEL_SR, 124, 0, RGW_HIDE_SALT,     false },  /* Alc-LI-FC */
	{ ALCATEL_SR, 125, 0, RGW_HIDE_SALT,     false },  /* Alc-LI-Direction */
	{ ALCATEL_SR, 138, 0, RGW_HIDE_SALT,     false },  /* Alc-LI-Intercept-Id */
	{ ALCATEL_SR, 139, 0, RGW_HIDE_SALT,     false },  /* Alc-LI-Session-Id */
	{ ALCATEL_SR, 142, 0, RGW_HIDE_SALT,     false },  /* Alc-APN-Password */
	{ ALPHION,    44,  0, RGW_HIDE_SALT,     false },  /* Alphion-MPSK-Passphrase */
	{ ARUBA,      44,  0, RGW_HIDE_SALT,     false },  /* Aruba-MPSK-Passphrase */
	{ ARUBA,      66,  0, RGW_HIDE_PASSWORD, false },  /* Aruba-MPSK-Lookup-Info */
	{ ARUBA,      72,  0, RGW_HIDE_SALT,     false },  /* Aruba-DPP-Passphrase */
	{ WIMAX,      5,   0, RGW_HIDE_SALT,     false },  /* WiMAX-MSK */
	{ WIMAX,      10,  0, RGW_HIDE_SALT,     false },  /* WiMAX-MN-hHA-MIP4-Key */
	{ WIMAX,      12,  0, RGW_HIDE_SALT,     false },  /* WiMAX-MN-hHA-MIP6-Key */
	{ WIMAX,      14,  0, RGW_HIDE_SALT,     false },  /* WiMAX-FA-RK-Key */
	{ WIMAX,      15,  0, RGW_HIDE_SALT,     false },  /* WiMAX-HA-RK-Key */
	{ WIMAX,      19,  0, RGW_HIDE_SALT,     false },  /* WiMAX-RRQ-MN-HA-Key */
	{ WIMAX,      40,  0, RGW_HIDE_SALT,     false },  /* WiMAX-DHCP-RK */
	{ WIMAX,      66,  0, RGW_HIDE_SALT,     false },  /* WiMAX-vHA-MIP4-Key */
	{ WIMAX,      67,  0, RGW_HIDE_SALT,     false },  /* WiMAX-vHA-RK-Key */
	{ WIMAX,      70,  0, RGW_HIDE_SALT,     false },  /* WiMAX-MN-vHA-MIP6-Key */
	{ WIMAX,      75,  0, RGW_HIDE_SALT,     false },  /* WiMAX-vDHCP-RK */
	{ WIMAX,      86,  3, RGW_HIDE_SALT,     false },  /* WiMAX-hDHCP-DHCP-RK */
	{ WIMAX,      87,  3, RGW_HIDE_SALT,     false },  /* WiMAX-vDHCP-DHCP-RK */
	{ WIMAX,      131, 0, RGW_HIDE_SALT,     false },  /* WiMAX-PMIP6-RK-Key */
	{ AEROHIVE,   3,   0, RGW_HIDE_SALT,     false },  /* Extreme-Libsip-Patron-Info */
	{ RTBRICK,    140, 0, RGW_HIDE_SALT,     false },  /* RtBrick-LI-Action */
	{ RTBRICK,    141, 0, RGW_HIDE_SALT,     false },  /* RtBrick-LI-Identifier */
	{ RTBRICK,    142, 0, RGW_HIDE_SALT,     false },  /* RtBrick-LI-Direction */
	{ RTBRICK,    143, 0, RGW_HIDE_SALT,     false },  /* RtBrick-LI-MED-Instance */
	{ RTBRICK,    144, 0, RGW_HIDE_SALT,     false },  /* RtBrick-LI-MED-IP */
	{ RTBRICK,    145, 0, RGW_HIDE_SALT,     false },  /* RtBrick-LI-MED-Port */
};
/* clang-format on */

#define N_BUILTIN (sizeof builtin / sizeof builtin[0])

/* The rows are kept in the order of (vendor, type, tlv), for binary search. */
struct rgw_hidden_table {
	struct rgw_hidden *rows;  /* owned */
	size_t n;
};

static int
compare(const struct rgw_hidden *row, uint32_t vendor, uint16_t type, uint8_t tlv)
{
	if (row->vendor != vendor)
		return row->vendor < vendor ? -1 : 1;
	if (row->type != type)
		return row->type < type ? -1 : 1;
	return (row->tlv > tlv) - (row->tlv < tlv);
}

/* The first row that does not come before (vendor, type, tlv). */
static size_t
position(const struct rgw_hidden_table *table, uint32_t vendor, uint16_t type, uint8_t tlv)
{
	size_t low = 0;
	size_t high = table->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (compare(&table->rows[mid], vendor, type, tlv) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct rgw_hidden_table *
rgw_hidden_table_new(void)
{
	struct rgw_hidden_table *table = rgw_xcalloc(1, sizeof *table);

	for (size_t i = 0; i < N_BUILTIN; i++)
		rgw_hidden_table_add(table, &builtin[i]);
	return table;
}

void
rgw_hidden_table_free(struct rgw_hidden_table *table)
{
	if (table != NULL)
		free(table->rows);
	free(table);
}

void
rgw_hidden_table_add(struct rgw_hidden_table *table, const struct rgw_hidden *row)
{
	size_t at = position(table, row->vendor, row->type, row->tlv);

	if (at == table->n || compare(&table->rows[at], row->vendor, row->type, row->tlv) != 0) {
		table->rows = rgw_xrealloc(table->rows, (table->n + 1) * sizeof *table->rows);
		memmove(table->rows + at + 1, table->rows + at, (table->n - at) * sizeof *table->rows);
		table->n++;
	}
	table->rows[at] = *row;
}

const struct rgw_hidden *
rgw_hidden_find(const struct rgw_hidden_table *table, uint32_t vendor, uint16_t type, uint8_t tlv)
{
	size_t at = position(table, vendor, type, tlv);

	if (at == table->n || compare(&table->rows[at], vendor, type, tlv) != 0)
		return NULL;
	return &table->rows[at];
}

bool
rgw_hidden_vendor(const struct rgw_hidden_table *table, uint32_t vendor)
{
	size_t at = position(table, vendor, 0, 0);

	return at < table->n && table->rows[at].vendor == vendor;
}

bool
rgw_hidden_has_tlvs(const struct rgw_hidden_table *table, uint32_t vendor, uint16_t type)
{
	size_t at = position(table, vendor, type, 1);

	return at < table->n && table->rows[at].vendor == vendor && table->rows[at].type == type;
}

struct rgw_vendor_format
rgw_vendor_format_of(uint32_t vendor)
{
	switch (vendor) {
	case LUCENT:
		return (struct rgw_vendor_format){ 2, 1, false };
	case WIMAX:
		return (struct rgw_vendor_format){ 1, 1, true };
	default:
		return (struct rgw_vendor_format){ 1, 1, false };
	}
}

size_t
rgw_hidden_builtin(const struct rgw_hidden **rows)
{
	*rows = builtin;
	return N_BUILTIN;
}

static int
method_of(const char *text)
{
	static const char *const methods[] = { "hide", "salt", "ascend" };

	for (int i = 0; i < 3; i++)
		if (strcmp(text, methods[i]) == 0)
			return i;
	return -1;
}

static const char *
check_number(unsigned long long vendor, unsigned type)
{
	if (vendor > UINT32_MAX || type == 0 || type > (vendor == LUCENT ? UINT16_MAX : UINT8_MAX))
		return "a vendor of at most 4294967295 and an attribute number from 1 to 255";
	/* Attribute 26 is a container, and nothing is hidden in the extended formats (P-ENC-5). */
	if (vendor == STANDARD && (type == RGW_VENDOR_SPECIFIC || type >= RGW_EXTENDED_1))
		return "an attribute number from 1 to 240, and not 26, where the vendor is 0";
	return NULL;
}

const char *
rgw_hidden_parse(const char *text, struct rgw_hidden *out)
{
	/* Each number must begin with a digit: scanf alone would take blanks and signs before it, too. */
	static const char allowed[] = "0123456789:abcdefghijklmnopqrstuvwxyz";
	unsigned long long vendor = 0;
	unsigned type = 0;
	char method[8] = "";
	char tag[8] = "";
	int end = 0;
	int fields = sscanf(text, "%10llu:%5u:%7[a-z]%n:%7[a-z]%n", &vendor, &type, method, &end, tag,
	    &end);
	int m = method_of(method);
	const char *why;

	if (fields < 3 || text[end] != '\0' || text[strspn(text, allowed)] != '\0')
		return "vendor:number:method or vendor:number:method:tagged, for example 311:16:salt";
	why = check_number(vendor, type);
	if (why != NULL)
		return why;
	if (m < 0)
		return "a method of hide, salt or ascend";
	if (fields == 4 && (strcmp(tag, "tagged") != 0 || m != RGW_HIDE_SALT))
		return "nothing or :tagged (with method salt only) after the method";
	*out = (struct rgw_hidden){ .vendor = (uint32_t)vendor, .type = (uint16_t)type,
		.method = (uint8_t)m, .tagged = fields == 4 };
	return NULL;
}
