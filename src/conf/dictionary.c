/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "reading.h"

/* The dictionary has the names of the attributes of the RFCs, and of those of vendors that usually decide about
 * a user's network. Attributes that are not here are written as numbers. */

/* Vendors, by IANA private enterprise number. */
enum {
	CISCO = 9,
	HP = 11,
	MICROSOFT = 311,
	EXTREME = 1916,
	JUNIPER = 2636,
	FORTINET = 12356,
	WISPR = 14122,
	AIRESPACE = 14179,
	ARUBA = 14823,
	MIKROTIK = 14988,
	RUCKUS = 25053,
	EXTREME_WIFI = 26928,
	MERAKI = 29671,
};

#define S(type, name, kind) { name, { 0, (type), 0, false }, RGW_ATTR_##kind }
#define E(type, ext, name, kind) { name, { 0, (type), (ext), false }, RGW_ATTR_##kind }
#define V(vendor, type, name, kind) { name, { (vendor), (type), 0, false }, RGW_ATTR_##kind }

/* clang-format off */
static const struct rgw_attr_name names[] = {
	S(1, "User-Name", TEXT),
	S(2, "User-Password", TEXT),
	S(3, "CHAP-Password", OCTETS),
	S(4, "NAS-IP-Address", IPV4),
	S(5, "NAS-Port", INTEGER),
	S(6, "Service-Type", INTEGER),
	S(7, "Framed-Protocol", INTEGER),
	S(8, "Framed-IP-Address", IPV4),
	S(9, "Framed-IP-Netmask", IPV4),
	S(10, "Framed-Routing", INTEGER),
	S(11, "Filter-Id", TEXT),
	S(12, "Framed-MTU", INTEGER),
	S(13, "Framed-Compression", INTEGER),
	S(14, "Login-IP-Host", IPV4),
	S(15, "Login-Service", INTEGER),
	S(16, "Login-TCP-Port", INTEGER),
	S(18, "Reply-Message", TEXT),
	S(19, "Callback-Number", TEXT),
	S(20, "Callback-Id", TEXT),
	S(22, "Framed-Route", TEXT),
	S(23, "Framed-IPX-Network", IPV4),
	S(24, "State", OCTETS),
	S(25, "Class", OCTETS),
	S(26, "Vendor-Specific", OCTETS),
	S(27, "Session-Timeout", INTEGER),
	S(28, "Idle-Timeout", INTEGER),
	S(29, "Termination-Action", INTEGER),
	S(30, "Called-Station-Id", TEXT),
	S(31, "Calling-Station-Id", TEXT),
	S(32, "NAS-Identifier", TEXT),
	S(33, "Proxy-State", OCTETS),
	S(34, "Login-LAT-Service", TEXT),
	S(35, "Login-LAT-Node", TEXT),
	S(36, "Login-LAT-Group", OCTETS),
	S(37, "Framed-AppleTalk-Link", INTEGER),
	S(38, "Framed-AppleTalk-Network", INTEGER),
	S(39, "Framed-AppleTalk-Zone", TEXT),
	S(40, "Acct-Status-Type", INTEGER),
	S(41, "Acct-Delay-Time", INTEGER),
	S(42, "Acct-Input-Octets", INTEGER),
	S(43, "Acct-Output-Octets", INTEGER),
	S(44, "Acct-Session-Id", TEXT),
	S(45, "Acct-Authentic", INTEGER),
	S(46, "Acct-Session-Time", INTEGER),
	S(47, "Acct-Input-Packets", INTEGER),
	S(48, "Acct-Output-Packets", INTEGER),
	S(49, "Acct-Terminate-Cause", INTEGER),
	S(50, "Acct-Multi-Session-Id", TEXT),
	S(51, "Acct-Link-Count", INTEGER),
	S(52, "Acct-Input-Gigawords", INTEGER),
	S(53, "Acct-Output-Gigawords", INTEGER),
	S(55, "Event-Timestamp", INTEGER),
	S(56, "Egress-VLANID", INTEGER),
	S(57, "Ingress-Filters", INTEGER),
	S(58, "Egress-VLAN-Name", TEXT),
	S(59, "User-Priority-Table", OCTETS),
	S(60, "CHAP-Challenge", OCTETS),
	S(61, "NAS-Port-Type", INTEGER),
	S(62, "Port-Limit", INTEGER),
	S(63, "Login-LAT-Port", TEXT),
	S(64, "Tunnel-Type", INTEGER),
	S(65, "Tunnel-Medium-Type", INTEGER),
	S(66, "Tunnel-Client-Endpoint", TEXT),
	S(67, "Tunnel-Server-Endpoint", TEXT),
	S(68, "Acct-Tunnel-Connection", TEXT),
	S(69, "Tunnel-Password", TEXT),
	S(70, "ARAP-Password", OCTETS),
	S(71, "ARAP-Features", OCTETS),
	S(72, "ARAP-Zone-Access", INTEGER),
	S(73, "ARAP-Security", INTEGER),
	S(74, "ARAP-Security-Data", TEXT),
	S(75, "Password-Retry", INTEGER),
	S(76, "Prompt", INTEGER),
	S(77, "Connect-Info", TEXT),
	S(78, "Configuration-Token", TEXT),
	S(79, "EAP-Message", OCTETS),
	S(80, "Message-Authenticator", OCTETS),
	S(81, "Tunnel-Private-Group-ID", TEXT),
	S(82, "Tunnel-Assignment-ID", TEXT),
	S(83, "Tunnel-Preference", INTEGER),
	S(84, "ARAP-Challenge-Response", OCTETS),
	S(85, "Acct-Interim-Interval", INTEGER),
	S(86, "Acct-Tunnel-Packets-Lost", INTEGER),
	S(87, "NAS-Port-Id", TEXT),
	S(88, "Framed-Pool", TEXT),
	S(89, "Chargeable-User-Identity", TEXT),
	S(90, "Tunnel-Client-Auth-ID", TEXT),
	S(91, "Tunnel-Server-Auth-ID", TEXT),
	S(92, "NAS-Filter-Rule", TEXT),
	S(95, "NAS-IPv6-Address", IPV6),
	S(96, "Framed-Interface-Id", OCTETS),
	S(97, "Framed-IPv6-Prefix", OCTETS),
	S(98, "Login-IPv6-Host", IPV6),
	S(99, "Framed-IPv6-Route", TEXT),
	S(100, "Framed-IPv6-Pool", TEXT),
	S(101, "Error-Cause", INTEGER),
	S(102, "EAP-Key-Name", OCTETS),
	S(123, "Delegated-IPv6-Prefix", OCTETS),
	S(126, "Operator-Name", TEXT),
	S(127, "Location-Information", OCTETS),
	S(128, "Location-Data", OCTETS),
	S(129, "Basic-Location-Policy-Rules", OCTETS),
	S(130, "Extended-Location-Policy-Rules", TEXT),
	S(131, "Location-Capable", INTEGER),
	S(132, "Requested-Location-Info", INTEGER),
	S(133, "Framed-Management", INTEGER),
	S(134, "Management-Transport-Protection", INTEGER),
	S(135, "Management-Policy-Id", TEXT),
	S(136, "Management-Privilege-Level", INTEGER),
	S(144, "DS-Lite-Tunnel-Name", TEXT),
	S(168, "Framed-IPv6-Address", IPV6),
	S(169, "DNS-Server-IPv6-Address", IPV6),
	S(170, "Route-IPv6-Information", OCTETS),
	S(171, "Delegated-IPv6-Prefix-Pool", TEXT),
	S(172, "Stateful-IPv6-Address-Pool", TEXT),
	S(174, "Allowed-Called-Station-Id", TEXT),
	S(175, "EAP-Peer-Id", OCTETS),
	S(176, "EAP-Server-Id", OCTETS),
	S(177, "Mobility-Domain-Id", INTEGER),
	S(178, "Preauth-Timeout", INTEGER),
	S(179, "Network-Id-Name", OCTETS),
	S(180, "EAPoL-Announcement", OCTETS),
	S(181, "WLAN-HESSID", TEXT),
	S(182, "WLAN-Venue-Info", INTEGER),
	S(183, "WLAN-Venue-Language", OCTETS),
	S(184, "WLAN-Venue-Name", TEXT),
	S(185, "WLAN-Reason-Code", INTEGER),
	S(186, "WLAN-Pairwise-Cipher", INTEGER),
	S(187, "WLAN-Group-Cipher", INTEGER),
	S(188, "WLAN-AKM-Suite", INTEGER),
	S(189, "WLAN-Group-Mgmt-Cipher", INTEGER),
	S(190, "WLAN-RF-Band", INTEGER),
	E(241, 8, "Operator-NAS-Identifier", OCTETS),
	V(CISCO, 1, "Cisco-AVPair", TEXT),
	V(CISCO, 2, "Cisco-NAS-Port", TEXT),
	V(CISCO, 57, "Cisco-In-ACL", TEXT),
	V(CISCO, 58, "Cisco-Out-ACL", TEXT),
	V(HP, 1, "HP-Privilege-Level", INTEGER),
	V(HP, 25, "HP-User-Role", TEXT),
	V(HP, 61, "HP-Nas-Filter-Rule", TEXT),
	V(HP, 64, "HP-Egress-VLANID", INTEGER),
	V(HP, 65, "HP-Egress-VLAN-Name", TEXT),
	V(MICROSOFT, 1, "MS-CHAP-Response", OCTETS),
	V(MICROSOFT, 2, "MS-CHAP-Error", TEXT),
	V(MICROSOFT, 7, "MS-MPPE-Encryption-Policy", INTEGER),
	V(MICROSOFT, 8, "MS-MPPE-Encryption-Types", INTEGER),
	V(MICROSOFT, 10, "MS-CHAP-Domain", TEXT),
	V(MICROSOFT, 11, "MS-CHAP-Challenge", OCTETS),
	V(MICROSOFT, 12, "MS-CHAP-MPPE-Keys", OCTETS),
	V(MICROSOFT, 16, "MS-MPPE-Send-Key", OCTETS),
	V(MICROSOFT, 17, "MS-MPPE-Recv-Key", OCTETS),
	V(MICROSOFT, 25, "MS-CHAP2-Response", OCTETS),
	V(MICROSOFT, 26, "MS-CHAP2-Success", OCTETS),
	V(MICROSOFT, 28, "MS-Primary-DNS-Server", IPV4),
	V(MICROSOFT, 29, "MS-Secondary-DNS-Server", IPV4),
	V(EXTREME, 203, "Extreme-Netlogin-Vlan", TEXT),
	V(EXTREME, 209, "Extreme-Netlogin-Vlan-Tag", INTEGER),
	V(EXTREME, 211, "Extreme-Netlogin-Extended-Vlan", TEXT),
	V(EXTREME, 212, "Extreme-Security-Profile", TEXT),
	V(JUNIPER, 44, "Juniper-Firewall-filter-name", TEXT),
	V(JUNIPER, 48, "Juniper-Switching-Filter", TEXT),
	V(JUNIPER, 49, "Juniper-VoIP-Vlan", TEXT),
	V(JUNIPER, 50, "Juniper-CWA-Redirect", TEXT),
	V(JUNIPER, 52, "Juniper-AV-Pair", TEXT),
	V(FORTINET, 1, "Fortinet-Group-Name", TEXT),
	V(FORTINET, 6, "Fortinet-Access-Profile", TEXT),
	V(WISPR, 1, "WISPr-Location-ID", TEXT),
	V(WISPR, 2, "WISPr-Location-Name", TEXT),
	V(WISPR, 4, "WISPr-Redirection-URL", TEXT),
	V(WISPR, 5, "WISPr-Bandwidth-Min-Up", INTEGER),
	V(WISPR, 6, "WISPr-Bandwidth-Min-Down", INTEGER),
	V(WISPR, 7, "WISPr-Bandwidth-Max-Up", INTEGER),
	V(WISPR, 8, "WISPr-Bandwidth-Max-Down", INTEGER),
	V(WISPR, 9, "WISPr-Session-Terminate-Time", TEXT),
	V(AIRESPACE, 1, "Airespace-Wlan-Id", INTEGER),
	V(AIRESPACE, 2, "Airespace-QOS-Level", INTEGER),
	V(AIRESPACE, 3, "Airespace-DSCP", INTEGER),
	V(AIRESPACE, 4, "Airespace-8021p-Tag", INTEGER),
	V(AIRESPACE, 5, "Airespace-Interface-Name", TEXT),
	V(AIRESPACE, 6, "Airespace-ACL-Name", TEXT),
	V(AIRESPACE, 11, "Airespace-Guest-Role-Name", TEXT),
	V(ARUBA, 1, "Aruba-User-Role", TEXT),
	V(ARUBA, 2, "Aruba-User-Vlan", INTEGER),
	V(ARUBA, 3, "Aruba-Priv-Admin-User", INTEGER),
	V(ARUBA, 4, "Aruba-Admin-Role", TEXT),
	V(ARUBA, 5, "Aruba-Essid-Name", TEXT),
	V(ARUBA, 6, "Aruba-Location-Id", TEXT),
	V(ARUBA, 9, "Aruba-Named-User-Vlan", TEXT),
	V(ARUBA, 10, "Aruba-AP-Group", TEXT),
	V(ARUBA, 43, "Aruba-Captive-Portal-URL", TEXT),
	V(MIKROTIK, 3, "Mikrotik-Group", TEXT),
	V(MIKROTIK, 8, "Mikrotik-Rate-Limit", TEXT),
	V(MIKROTIK, 19, "Mikrotik-Address-List", TEXT),
	V(MIKROTIK, 26, "Mikrotik-Wireless-VLANID", INTEGER),
	V(MIKROTIK, 27, "Mikrotik-Wireless-VLANID-Type", INTEGER),
	V(RUCKUS, 1, "Ruckus-User-Groups", TEXT),
	V(RUCKUS, 3, "Ruckus-SSID", TEXT),
	V(RUCKUS, 4, "Ruckus-Wlan-Id", INTEGER),
	V(RUCKUS, 5, "Ruckus-Location", TEXT),
	V(RUCKUS, 9, "Ruckus-VLAN-ID", INTEGER),
	V(EXTREME_WIFI, 1, "Extreme-User-Vlan", INTEGER),
	V(EXTREME_WIFI, 6, "Extreme-User-Profile-Attribute", INTEGER),
	V(EXTREME_WIFI, 8, "Extreme-AVPair", TEXT),
	V(MERAKI, 1, "Meraki-Device-Name", TEXT),
	V(MERAKI, 2, "Meraki-Network-Name", TEXT),
	V(MERAKI, 3, "Meraki-Ap-Name", TEXT),
	V(MERAKI, 4, "Meraki-Ap-Tags", TEXT),
};
/* clang-format on */

#define N_NAMES (sizeof names / sizeof names[0])

const struct rgw_attr_name *
rgw_attr_name_at(size_t i)
{
	return i < N_NAMES ? &names[i] : NULL;
}

const struct rgw_attr_name *
rgw_attr_name_find(const char *text)
{
	/* The name of an attribute is the same in upper and lower case. */
	for (size_t i = 0; i < N_NAMES; i++)
		if (strcasecmp(names[i].name, text) == 0)
			return &names[i];
	return NULL;
}

bool
rgw_attr_ref_equal(const struct rgw_attr_ref *a, const struct rgw_attr_ref *b)
{
	return a->vendor == b->vendor && a->type == b->type && a->ext == b->ext && a->any == b->any;
}

const struct rgw_attr_name *
rgw_attr_name_of(const struct rgw_attr_ref *ref)
{
	for (size_t i = 0; i < N_NAMES; i++)
		if (rgw_attr_ref_equal(&names[i].ref, ref))
			return &names[i];
	return NULL;
}

#define EXTENDED_FIRST 241
#define EXTENDED_LAST 246

bool
rgw_attr_is_extended(unsigned type)
{
	return type >= EXTENDED_FIRST && type <= EXTENDED_LAST;
}

const char *
rgw_attr_format(const struct rgw_attr_ref *ref, char buf[static RGW_REF_TEXT])
{
	const struct rgw_attr_name *name = rgw_attr_name_of(ref);

	if (name != NULL)
		snprintf(buf, RGW_REF_TEXT, "%s", name->name);
	else if (ref->any)
		snprintf(buf, RGW_REF_TEXT, "%u:*", ref->vendor);
	else if (ref->vendor != 0)
		snprintf(buf, RGW_REF_TEXT, "%u:%u", ref->vendor, ref->type);
	else if (ref->ext != 0)
		snprintf(buf, RGW_REF_TEXT, "%u.%u", ref->type, ref->ext);
	else
		snprintf(buf, RGW_REF_TEXT, "%u", ref->type);
	return buf;
}
