/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_RADIUS_H
#define RADSECGW_RADIUS_H

/* Numbers of the protocol and their names. */

#define RGW_HEADER_LEN 20        /* P-PKT-1 */
#define RGW_PACKET_MAX 4096      /* P-PKT-2 */
#define RGW_AUTH_LEN 16
#define RGW_ATTR_VALUE_MAX 253
#define RGW_MSGAUTH_LEN 18       /* the whole attribute */

enum rgw_code {
	RGW_ACCESS_REQUEST = 1,
	RGW_ACCESS_ACCEPT = 2,
	RGW_ACCESS_REJECT = 3,
	RGW_ACCOUNTING_REQUEST = 4,
	RGW_ACCOUNTING_RESPONSE = 5,
	RGW_ACCESS_CHALLENGE = 11,
	RGW_STATUS_SERVER = 12,
	RGW_DISCONNECT_REQUEST = 40,
	RGW_DISCONNECT_ACK = 41,
	RGW_DISCONNECT_NAK = 42,
	RGW_COA_REQUEST = 43,
	RGW_COA_ACK = 44,
	RGW_COA_NAK = 45,
	RGW_PROTOCOL_ERROR = 52,
};

/* The attributes that the gateway understands (P-ATT-14); everything else is opaque. */
enum rgw_attr_type {
	RGW_USER_NAME = 1,
	RGW_USER_PASSWORD = 2,
	RGW_CHAP_PASSWORD = 3,
	RGW_NAS_IP_ADDRESS = 4,
	RGW_REPLY_MESSAGE = 18,
	RGW_STATE = 24,
	RGW_CLASS = 25,
	RGW_VENDOR_SPECIFIC = 26,
	RGW_CALLING_STATION_ID = 31,
	RGW_NAS_IDENTIFIER = 32,
	RGW_PROXY_STATE = 33,
	RGW_CHAP_CHALLENGE = 60,
	RGW_TUNNEL_PASSWORD = 69,
	RGW_ARAP_PASSWORD = 70,
	RGW_EAP_MESSAGE = 79,
	RGW_MESSAGE_AUTHENTICATOR = 80,
	RGW_ERROR_CAUSE = 101,
	RGW_OPERATOR_NAME = 126,
	RGW_EXTENDED_1 = 241,
};

/* Microsoft's attributes (RFC 2548). */
#define RGW_MICROSOFT 311
enum rgw_microsoft_type { RGW_MS_CHAP_RESPONSE = 1, RGW_MS_CHAP_CHALLENGE = 11, RGW_MS_CHAP2_RESPONSE = 25 };

/* Attributes of the extended space 241 (RFC 6929). */
enum rgw_ext1_type { RGW_ORIGINAL_PACKET_CODE = 4, RGW_OPERATOR_NAS_IDENTIFIER = 8 };

enum rgw_error_cause {
	RGW_CAUSE_UNSUPPORTED_EXTENSION = 406,
	RGW_CAUSE_PROHIBITED = 501,
	RGW_CAUSE_NOT_ROUTABLE = 502,
	RGW_CAUSE_OTHER_PROXY_ERROR = 505,
	RGW_CAUSE_RESOURCES_UNAVAILABLE = 506,
};

/* The name of a code, "Access-Request", or "unknown". */
const char *rgw_code_name(unsigned code);

#endif
