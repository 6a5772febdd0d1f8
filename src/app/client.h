/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_CLIENT_H
#define RADSECGW_APP_CLIENT_H

#include <stdbool.h>

/*
 * The commands that ask a running gateway over its control socket, and print what it says. What is well is printed on
 * the standard output, everything else on the standard error.
 */

/* Options that are handed to the gateway as they are, each under its name. */
enum rgw_client_option {
	RGW_GIVEN_USER, RGW_GIVEN_MAC, RGW_GIVEN_REALM, RGW_GIVEN_CLIENT, RGW_GIVEN_RESULT, RGW_GIVEN_SLOWER,
	RGW_GIVEN_SINCE, RGW_GIVEN_LAST, RGW_GIVEN_CODE, RGW_GIVEN_FOR, RGW_GIVENS
};


/* How such a command was given; all pointers are borrowed. */
struct rgw_client_call {
	const char *config;    /* says where the socket is, unless the next one does */
	const char *socket;    /* path, or NULL */
	bool json;             /* prints JSON and no text for people */
	bool nagios;           /* `status` is one line and an exit status for monitoring */
	bool check;            /* `reload` changes nothing */
	const char *confirm;   /* `reload` is undone after this time, unless `confirm` comes; NULL = it is not */
	const char *given[RGW_GIVENS];
	const char *session;   /* `disconnect`: an Acct-Session-Id; NULL = not given */
	char *const *words;    /* behind the name of the command */
	int n;
};

/* Exit status: 0 = done, 1 = not done, or the command was given wrongly, 2 = no gateway has answered. */
enum { RGW_CLIENT_DONE = 0, RGW_CLIENT_REFUSED = 1, RGW_CLIENT_NO_ANSWER = 2 };

typedef int rgw_client_command(const struct rgw_client_call *call);

rgw_client_command rgw_client_ping, rgw_client_status, rgw_client_log_level, rgw_client_drain, rgw_client_resume,
    rgw_client_reconnect, rgw_client_disconnect, rgw_client_reload, rgw_client_confirm, rgw_client_undo,
    rgw_client_requests, rgw_client_explain, rgw_client_would, rgw_client_trace;

#endif
