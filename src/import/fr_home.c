/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Sections home_server: [server] over UDP, [peer] over TLS. */

void
rgw_fr_secret(struct rgw_map *m, struct rgw_out_section *s, const struct rgw_node *block)
{
	const struct rgw_node *secret = rgw_node_get(block, "secret", NULL);

	if (secret != NULL && (s->kind != RGW_CONF_PEER || strcmp(secret->value, "radsec") != 0))
		rgw_out_secret(&m->out, s, secret, "secret", secret->value, strlen(secret->value));
}

static void
set_seconds(struct rgw_map *m, struct rgw_out_section *s, const struct rgw_node *block, const char *option,
    const char *key, long otherwise)
{
	char text[32];

	if (rgw_node_get(block, option, NULL) == NULL && otherwise == 0)
		return;
	snprintf(text, sizeof text, "%lds", rgw_map_number(block, option, otherwise));
	rgw_out_set(&m->out, s, rgw_node_get(block, option, NULL), key, text);
}

/* What response_window means: until then an answer is awaited. A fraction is possible there. */
static long
window_of(const struct rgw_node *home)
{
	double n = strtod(rgw_node_text(home, "response_window", "30"), NULL);

	return n < 1 || n != n ? 1 : n > 300 ? 300 : (long)n;
}

static void
fill_server(struct rgw_map *m, struct rgw_out_section *s, struct rgw_node *home, const char *host)
{
	const char *type = rgw_node_text(home, "type", "auth");
	bool asks = rgw_word_is(rgw_node_text(home, "status_check", "none"), "status-server");
	long port = rgw_map_number(home, "port", 0);
	long window = window_of(home);
	struct rgw_node *source = rgw_node_get(home, "src_ipaddr", NULL);
	char text[320];

	if (strstr(type, "auth") != NULL) {
		rgw_fr_put_place(host, port != 0 ? port : 1812, text, sizeof text);
		rgw_out_set(&m->out, s, rgw_fr_address(home), "auth", text);
	}
	if (strstr(type, "acct") != NULL) {
		rgw_fr_put_place(host, port != 0 ? port + (strstr(type, "auth") != NULL) : 1813, text, sizeof text);
		rgw_out_set(&m->out, s, rgw_fr_address(home), "acct", text);
	}
	rgw_fr_secret(m, s, home);
	if (source != NULL)
		rgw_out_set(&m->out, s, source, "source", source->value);
	snprintf(text, sizeof text, "irt %s mrt 16s mrc 5 mrd %lds", window < 2 ? "1s" : "2s", window);
	rgw_out_set(&m->out, s, rgw_node_get(home, "response_window", NULL), "retransmit", text);
	if (asks)
		rgw_out_set(&m->out, s, rgw_node_get(home, "status_check", NULL), "status-server", "yes");
	if (asks)
		set_seconds(m, s, home, "check_interval", "watchdog", 0);
	else
		set_seconds(m, s, home, "revive_interval", "revive", 0);
	set_seconds(m, s, home, "zombie_period", "zombie", 0);
	if (rgw_node_get(home, "max_outstanding", NULL) != NULL)
		rgw_out_set(&m->out, s, rgw_node_get(home, "max_outstanding", NULL), "max-requests",
		    rgw_node_text(home, "max_outstanding", ""));
}

static void
set_psk(struct rgw_map *m, struct rgw_out_section *s, struct rgw_node *tls)
{
	struct rgw_node *identity = rgw_node_get(tls, "psk_identity", NULL);
	struct rgw_node *key = rgw_node_get(tls, "psk_hexphrase", NULL);

	if (identity == NULL || key == NULL)
		return;
	if (rgw_out_has(RGW_CONF_PEER, "psk")) {
		rgw_out_set(&m->out, s, identity, "psk-identity", identity->value);
		rgw_out_set(&m->out, s, key, "psk", key->value);
		return;
	}
	rgw_out_remark(&m->out, s, identity,
	    "psk_identity = %s: this version of radsecgw knows peers by certificates only, not "
	    "by pre-shared keys.",
	    identity->value);
	s->off = true;
}

static void
fill_peer(struct rgw_map *m, struct rgw_out_section *s, struct rgw_node *home, struct rgw_node *tls, const char *host)
{
	long port = rgw_map_number(home, "port", 0);
	bool asks = rgw_word_is(rgw_node_text(home, "status_check", "none"), "status-server");
	char text[320];

	rgw_fr_put_place(host, port != 0 ? port : 2083, text, sizeof text);
	rgw_out_set(&m->out, s, rgw_fr_address(home), "connect", text);
	rgw_out_set(&m->out, s, NULL, "tls", rgw_fr_tls(m, home, tls));
	rgw_fr_secret(m, s, home);
	set_psk(m, s, tls);
	if (rgw_node_get(tls, "psk_identity", NULL) == NULL)
		rgw_out_set_said(&m->out, s, NULL, "match", "any",
		    "As before, every certificate of this trust is taken for this peer's. A name would be safer.");
	if (rgw_node_get(tls, "hostname", NULL) != NULL)
		rgw_out_set(
		    &m->out, s, rgw_node_get(tls, "hostname", NULL), "sni", rgw_node_text(tls, "hostname", ""));
	rgw_out_set(&m->out, s, rgw_node_get(home, "status_check", NULL), "status-server", asks ? "on" : "off");
	if (asks)
		set_seconds(m, s, home, "check_interval", "watchdog", 0);
	if (rgw_node_get(home, "num_answers_to_alive", NULL) != NULL)
		rgw_out_set(&m->out, s, rgw_node_get(home, "num_answers_to_alive", NULL), "reopen-answers",
		    rgw_node_text(home, "num_answers_to_alive", ""));
	snprintf(text, sizeof text, "%lds", window_of(home));
	rgw_out_set(&m->out, s, rgw_node_get(home, "response_window", NULL), "response-window", text);
	rgw_fr_limits(m, s, home);
}

void
rgw_fr_home(struct rgw_map *m, struct rgw_node *home)
{
	struct rgw_node *tls = rgw_fr_next(home, "tls", NULL);
	struct rgw_node *address = rgw_fr_address(home);
	struct rgw_node *request = rgw_node_get(home, "status_check", NULL);
	const char *type = rgw_node_text(home, "type", "auth");
	struct rgw_out_section *s =
	    rgw_out_section(&m->out, tls != NULL ? RGW_CONF_PEER : RGW_CONF_SERVER, home->value, home);

	if (address == NULL || rgw_node_get(home, "virtual_server", NULL) != NULL || strcmp(type, "coa") == 0) {
		rgw_out_remark(&m->out, s, home, "home_server %s: %s", home->value,
		    strcmp(type, "coa") == 0 ? "CoA and Disconnect are not sent to a [server]; see coa in "
		                               "radsecgw.ini(5)." :
		                               "this is no server in the network. Give the server that answers here "
		                               "a port, and a [server] for it.");
		s->off = true;
		return;
	}
	if (tls != NULL)
		fill_peer(m, s, home, tls, address->value);
	else
		fill_server(m, s, home, address->value);
	if (tls == NULL && rgw_word_is(rgw_node_text(home, "proto", "udp"), "tcp")) {
		rgw_out_remark(&m->out, s, home,
		    "home_server %s: RADIUS over plain TCP is possible on loopback, and where IPsec "
		    "protects it: then it is a [peer] with insecure-tcp = yes.",
		    home->value);
		s->off = true;
	}
	rgw_map_carry(m, home, RGW_FR_HOME, s);
	if (request != NULL && rgw_word_is(request->value, "request"))
		rgw_out_remark(&m->out, s, request,
		    "status_check = request: a server is asked with Status-Server here, or not at "
		    "all. If it answers Status-Server, write status-server = yes.");
	rgw_fr_note_unknown(m, home, RGW_FR_HOME, s);
}
