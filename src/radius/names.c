/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/radius.h"

/* The names of RADIUS codes, for log lines. */

const char *
rgw_code_name(unsigned code)
{
	switch (code) {
	case RGW_ACCESS_REQUEST:
		return "Access-Request";
	case RGW_ACCESS_ACCEPT:
		return "Access-Accept";
	case RGW_ACCESS_REJECT:
		return "Access-Reject";
	case RGW_ACCOUNTING_REQUEST:
		return "Accounting-Request";
	case RGW_ACCOUNTING_RESPONSE:
		return "Accounting-Response";
	case RGW_ACCESS_CHALLENGE:
		return "Access-Challenge";
	case RGW_STATUS_SERVER:
		return "Status-Server";
	case RGW_DISCONNECT_REQUEST:
		return "Disconnect-Request";
	case RGW_DISCONNECT_ACK:
		return "Disconnect-ACK";
	case RGW_DISCONNECT_NAK:
		return "Disconnect-NAK";
	case RGW_COA_REQUEST:
		return "CoA-Request";
	case RGW_COA_ACK:
		return "CoA-ACK";
	case RGW_COA_NAK:
		return "CoA-NAK";
	case RGW_PROTOCOL_ERROR:
		return "Protocol-Error";
	default:
		return "unknown";
	}
}
