/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "radsecgw/confread.h"
#include "radsecgw/mem.h"
#include "radsecgw/net.h"

/* The command `radsecgw probe`: who is to be looked at, and with which identity (see probe.h). */

#define RADSEC_PORT 2083
/* Milliseconds for connecting to somebody who is not configured, and for the handshake. */
#define STRANGER_MS 5000
#define PASSWORD_FILE_MAX 4096

#define USAGE "usage: radsecgw probe [PEER|HOST[:PORT]] [--tls SECTION] [--idle TIME] " \
	"[--user NAME --password-file FILE] [--timeout TIME] [--json] [-c FILE], " \
	"or radsecgw probe --listen [ADDRESS:PORT]"

/* ---- what the command says ---- */

static bool
take_time(struct rgw_probe *p, const char *option, const char *text, rgw_ms *out)
{
	const char *why = text != NULL ? rgw_conf_time(text, out) : NULL;

	return why == NULL || rgw_report_give_up(&p->report, "%s: '%s' %s", option, text, why);
}

/* Reads the first line of the file. */
static bool
read_password(struct rgw_probe *p, const char *path)
{
	char line[PASSWORD_FILE_MAX];
	FILE *in = fopen(path, "re");
	bool got;
	size_t len;

	if (in == NULL)
		return rgw_report_give_up(&p->report, "--password-file: cannot read %s: %s", path, strerror(errno));
	setvbuf(in, NULL, _IONBF, 0);
	got = fgets(line, sizeof line, in) != NULL;
	(void)fclose(in);
	len = got ? strcspn(line, "\r\n") : 0;
	line[len] = '\0';
	if (len > 0 && len <= RGW_PASSWORD_MAX)
		p->password = rgw_xstrdup(line);
	rgw_wipe(line, sizeof line);
	return p->password != NULL || rgw_report_give_up(&p->report, "--password-file: the first line of %s must have "
	    "1 to "
	    "%d octets", path, RGW_PASSWORD_MAX);
}

static bool
take_options(struct rgw_probe *p)
{
	const struct rgw_probe_call *call = p->call;

	if (call->n > 1 || (call->listen && (call->idle != NULL || call->user != NULL)) ||
	    (call->user == NULL) != (call->password_file == NULL))
		return rgw_report_give_up(&p->report, "%s", USAGE);
	if (call->user != NULL && (call->user[0] == '\0' || strlen(call->user) > RGW_ATTR_VALUE_MAX))
		return rgw_report_give_up(&p->report, "--user must have 1 to %d octets", RGW_ATTR_VALUE_MAX);
	return take_time(p, "--timeout", call->timeout, &p->timeout) && take_time(p, "--idle", call->idle, &p->idle) &&
	    (call->password_file == NULL || read_password(p, call->password_file));
}

/* ---- the configuration ---- */

static void
complain(void *ctx, enum rgw_conf_severity severity, const char *file, unsigned line, const char *text)
{
	(void)ctx;
	if (severity == RGW_CONF_ERROR)
		fprintf(stderr, "%s:%u: error: %s\n", file, line, text);
}

static bool
load(struct rgw_probe *p)
{
	struct rgw_conf_report report = { .say = complain };

	p->conf = rgw_conf_load(p->call->config, &report);
	return p->conf != NULL || rgw_report_give_up(&p->report, "%s cannot be used; `radsecgw check` says what is "
	    "wrong, and "
	    "whoever probes must be allowed to read what the gateway reads", p->call->config);
}

/* Makes the contexts of all sections, since the certificates of all are ours. That of the section in use must be
 * good. */
static void
make_contexts(struct rgw_probe *p)
{
	struct rgw_tls_problem problem;

	p->contexts = rgw_xcalloc(p->conf->tls.n + 1, sizeof(struct rgw_tlsctx *));
	for (size_t i = 0; i < p->conf->tls.n; i++) {
		const struct rgw_conf_tls *tls = p->conf->tls.v[i];

		p->contexts[i] = rgw_tlsctx_new(tls, p->role, NULL, NULL, &problem);
		if (p->contexts[i] == NULL && tls == p->tls)
			(void)rgw_report_give_up(&p->report, "[tls %s] %s: %s", tls->head.name, problem.key,
			    problem.text);
	}
}

/* The section that --tls names, or the first one. */
static bool
find_section(struct rgw_probe *p)
{
	const char *name = p->call->tls;

	for (size_t i = 0; i < p->conf->tls.n && p->tls == NULL; i++)
		if (name == NULL || strcmp(p->conf->tls.v[i]->head.name, name) == 0)
			p->tls = p->conf->tls.v[i];
	if (p->tls != NULL)
		return true;
	return name != NULL ? rgw_report_give_up(&p->report, "there is no [tls %s] in %s", name, p->call->config)
	                    : rgw_report_give_up(&p->report, "there is no [tls] section in %s", p->call->config);
}

/* ---- who is looked at ---- */

/* The peer of that name; with NULL the only one that we connect to. */
static const struct rgw_conf_peer *
find_peer(const struct rgw_conf *conf, const char *name)
{
	const struct rgw_conf_peer *found = NULL;

	for (size_t i = 0; i < conf->peer.n; i++) {
		const struct rgw_conf_peer *peer = conf->peer.v[i];

		if (name != NULL && strcmp(peer->head.name, name) == 0)
			return peer;
		if (name == NULL && peer->connect.n > 0 && found != NULL)
			return NULL;
		if (name == NULL && peer->connect.n > 0)
			found = peer;
	}
	return found;
}

static bool
take_peer(struct rgw_probe *p)
{
	if (p->peer->connect.n == 0)
		return rgw_report_give_up(&p->report, "[peer %s] only connects to us, so there is nothing to connect "
		    "to; use "
		    "`radsecgw probe --listen`", p->peer->head.name);
	snprintf(p->report.target, sizeof p->report.target, "[peer %s]", p->peer->head.name);
	if (p->peer->insecure_tcp && p->call->tls == NULL)
		return true;
	if (p->call->tls != NULL)
		return find_section(p);
	p->tls = p->peer->tls;
	return true;
}

/* Somebody who is not configured gets what a [peer] has by default. */
static bool
take_stranger(struct rgw_probe *p, const char *text)
{
	static const char secret[] = "radsec";
	char host[RGW_HOST_TEXT];

	p->host.port = RADSEC_PORT;
	if (!rgw_addr_split_host(text, host, sizeof host, &p->host.port))
		return rgw_report_give_up(&p->report, "'%s' is neither a [peer] of %s nor HOST or HOST:PORT", text,
		    p->call->config);
	p->host.host = rgw_xstrdup(host);
	p->secret = rgw_secret_new(secret, sizeof secret - 1);
	p->stranger = (struct rgw_conf_peer){
		.connect = { &p->host, 1 },
		.secret = p->secret,
		.connect_timeout = STRANGER_MS,
		.handshake_timeout = STRANGER_MS,
		.status_server = RGW_AUTO,
	};
	p->peer = &p->stranger;
	snprintf(p->report.target, sizeof p->report.target, "%s", text);
	return find_section(p);
}

static bool
find_target(struct rgw_probe *p)
{
	const char *word = p->call->n > 0 ? p->call->words[0] : NULL;

	p->role = p->call->listen ? RGW_TLS_SERVER : RGW_TLS_CLIENT;
	if (p->call->listen)
		return find_section(p);
	p->peer = find_peer(p->conf, word);
	if (p->peer != NULL)
		return take_peer(p);
	return word != NULL ? take_stranger(p, word) : rgw_report_give_up(&p->report, "say which [peer] is meant; %s",
	    USAGE);
}

/* ---- the whole ---- */

static void
drop(struct rgw_probe *p)
{
	for (size_t i = 0; p->contexts != NULL && i < p->conf->tls.n; i++)
		rgw_tlsctx_free(p->contexts[i]);
	free(p->contexts);
	rgw_conf_free(p->conf);
	rgw_secret_free(p->secret);
	free(p->host.host);
	if (p->password != NULL)
		rgw_wipe(p->password, strlen(p->password));
	free(p->password);
	rgw_report_fini(&p->report);
}

int
rgw_probe_run(const struct rgw_probe_call *call)
{
	struct rgw_probe p = { .call = call, .report = { .target = "radsecgw probe" } };
	enum rgw_probe_status status;

	if (take_options(&p) && load(&p) && find_target(&p)) {
		make_contexts(&p);
		if (p.report.unknown != NULL)
			;
		else if (!rgw_net_library_init())
			(void)rgw_report_give_up(&p.report, "the DNS library does not start");
		else if (call->listen)
			rgw_probe_in(&p);
		else
			rgw_probe_out(&p);
	}
	rgw_report_print(&p.report, call->json, stdout);
	status = rgw_report_status(&p.report);
	drop(&p);
	rgw_net_library_fini();
	return (int)status;
}
