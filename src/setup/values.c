/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "answers.h"
#include "radsecgw/addr.h"
#include "radsecgw/mem.h"

/* What follows from the answers: names of sections, addresses, paths. */

#define RADSEC_PORT 2083
#define RADIUS_PORT 1812
/* Beside a RADIUS server, which has the usual ports of the machine. */
#define BESIDE_PORT 11812

/* Values while they are made. */
struct making {
	struct rgw_values *v;
	const struct rgw_answers *a;
	const struct rgw_setup_request *request;
	const char *folder;
	bool good;
};

void
rgw_values_set(struct rgw_values *v, const char *name, const char *text)
{
	v->v = rgw_xrealloc(v->v, (v->n + 1) * sizeof *v->v);
	v->v[v->n++] = (struct rgw_value_of){ name, rgw_xstrdup(text) };
}

const char *
rgw_values_get(const struct rgw_values *v, const char *name)
{
	for (size_t i = v->n; i-- > 0;)
		if (strcmp(v->v[i].name, name) == 0)
			return v->v[i].text;
	return NULL;
}

void
rgw_values_fini(struct rgw_values *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->v[i].text);
	for (size_t i = 0; i < v->n_items; i++) {
		free(v->items[i].name);
		free(v->items[i].connect);
		free(v->items[i].host);
		free(v->items[i].realm);
	}
	free(v->v);
	free(v->items);
	*v = (struct rgw_values){ 0 };
}

static struct rgw_item *
add_item(struct rgw_values *v, const char *group, const char *name, const char *connect, const char *host,
    const char *realm)
{
	v->items = rgw_xrealloc(v->items, (v->n_items + 1) * sizeof *v->items);
	v->items[v->n_items] = (struct rgw_item){ group, rgw_xstrdup(name), rgw_xstrdup(connect), rgw_xstrdup(host),
		rgw_xstrdup(realm), 0 };
	return &v->items[v->n_items++];
}

/* ---- peers and realms ---- */

/* Is the name that of another peer, or one that the templates use? */
static bool
is_taken(const struct rgw_values *v, const char *name)
{
	if (strcmp(name, "home") == 0 || strcmp(name, "upstream") == 0)
		return true;
	for (size_t i = 0; i < v->n_items; i++)
		if (strcmp(v->items[i].group, "realm") != 0 && strcmp(v->items[i].name, name) == 0)
			return true;
	return false;
}

/* Has it been named before? */
static bool
is_peer(const struct rgw_values *v, const char *host, uint16_t port)
{
	for (size_t i = 0; i < v->n_items; i++)
		if (strcasecmp(v->items[i].host, host) == 0 && v->items[i].port == port)
			return true;
	return false;
}

/* A section is named as the host, and where that does not do, with the port behind it. */
static bool
add_peer(void *ctx, char *item)
{
	struct making *m = ctx;
	char *equals = strchr(item, '=');
	const char *connect = equals != NULL ? equals + 1 : item;
	char host[RGW_HOST_TEXT], name[RGW_HOST_TEXT + 8];
	uint16_t port = RADSEC_PORT;

	if (equals != NULL)
		*equals = '\0';
	if (!rgw_addr_split_host(connect, host, sizeof host, &port))
		return false;
	snprintf(name, sizeof name, "%s", host);
	for (char *p = name; *p != '\0'; p++)
		*p = *p == ':' || *p == '%' ? '-' : *p;
	/* The same host may have several, but not at the same port. */
	if (is_peer(m->v, host, port)) {
		fprintf(m->request->said, "radsecgw: --peer: %s is there twice\n", connect);
		return m->good = false;
	}
	if (is_taken(m->v, name))
		snprintf(name + strlen(name), sizeof name - strlen(name), "-%u", port);
	add_item(m->v, equals != NULL ? "home" : "up", name, connect, host, equals != NULL ? item : "")->port = port;
	return true;
}

static bool
add_realm(void *ctx, char *item)
{
	struct making *m = ctx;

	(void)add_item(m->v, "realm", item, "", "", item);
	return true;
}

static size_t
count(const struct rgw_values *v, const char *group)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n_items; i++)
		n += strcmp(v->items[i].group, group) == 0;
	return n;
}

/* The peers that others are reached by: one stands for itself, several are a pool. */
static void
set_pool(struct making *m)
{
	struct rgw_strbuf members = { 0 };
	size_t n = count(m->v, "up");
	const char *first = "";

	rgw_strbuf_put(&members, "");
	for (size_t i = m->v->n_items; i-- > 0;)
		if (strcmp(m->v->items[i].group, "up") == 0)
			first = m->v->items[i].name;
	for (size_t i = 0; i < m->v->n_items; i++)
		if (strcmp(m->v->items[i].group, "up") == 0)
			rgw_strbuf_join(&members, ", ", m->v->items[i].name);
	rgw_values_set(m->v, "pool", n > 1 ? "upstream" : first);
	rgw_values_set(m->v, "several", n > 1 ? "yes" : "");
	rgw_values_set(m->v, "members", members.v);
	rgw_strbuf_fini(&members);
}

static void
set_realms(struct making *m)
{
	const char *operator = m->a->text[RGW_SETUP_OPERATOR];
	const char *first = "";
	char text[256];

	for (size_t i = m->v->n_items; i-- > 0;)
		if (strcmp(m->v->items[i].group, "realm") == 0)
			first = m->v->items[i].name;
	snprintf(text, sizeof text, "1%s", first);
	rgw_values_set(m->v, "realm1", first);
	rgw_values_set(m->v, "operator", operator[0] == '\0' && first[0] != '\0' ? text : operator);
}

/* ---- addresses ---- */

/* Writes HOST:PORT in the form that both can be read back from. */
static void
set_address(struct making *m, const char *name, const char *host, unsigned port)
{
	char text[RGW_HOST_TEXT + 16];

	snprintf(text, sizeof text, strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host, port);
	rgw_values_set(m->v, name, text);
}

static bool
is_here(void *ctx, char *item)
{
	struct rgw_addr addr;

	(void)ctx;
	return rgw_addr_is_local_name(item) || (rgw_addr_parse(item, 0, &addr) && rgw_addr_is_loopback(&addr));
}

static bool
is_ipv6(void *ctx, char *item)
{
	(void)ctx;
	return strchr(item, ':') != NULL;
}

/* Requests over UDP are taken on loopback if all come from there. */
static void
set_udp(struct making *m)
{
	bool beside = m->a->profile == RGW_FOR_INSTITUTION || m->a->profile == RGW_FOR_SIDECAR;
	const char *client = m->a->text[RGW_SETUP_CLIENT];
	bool v6 = rgw_setup_each(client, is_ipv6, m);
	char host[RGW_HOST_TEXT], port_text[8];
	uint16_t port = beside ? BESIDE_PORT : RADIUS_PORT;

	if (rgw_setup_each(client, is_here, m))
		snprintf(host, sizeof host, "%s", v6 ? "::1" : "127.0.0.1");
	else
		snprintf(host, sizeof host, "%s", v6 ? "::" : "0.0.0.0");
	if (m->a->text[RGW_SETUP_UDP][0] != '\0' &&
	    !rgw_addr_split_host(m->a->text[RGW_SETUP_UDP], host, sizeof host, &port))
		m->good = false;
	set_address(m, "udp-auth", host, port);
	set_address(m, "udp-acct", host, port + 1u);
	rgw_values_set(m->v, "udp-host", host);
	snprintf(port_text, sizeof port_text, "%u", port);
	rgw_values_set(m->v, "udp-port", port_text);
	snprintf(port_text, sizeof port_text, "%u", port + 1u);
	rgw_values_set(m->v, "acct-port", port_text);
}

static void
set_server(struct making *m)
{
	char host[RGW_HOST_TEXT] = "";
	uint16_t port = RADIUS_PORT;

	if (m->a->text[RGW_SETUP_SERVER][0] != '\0' &&
	    !rgw_addr_split_host(m->a->text[RGW_SETUP_SERVER], host, sizeof host, &port))
		m->good = false;
	set_address(m, "server-auth", host, port);
	set_address(m, "server-acct", host, port + 1u);
}

/* ---- paths ---- */

/* A file of ours is named from the folder of the configuration, so that the folder can be moved; any other by its
 * whole path. */
static void
set_file(struct making *m, const char *flag, const char *name, const char *path)
{
	char real[PATH_MAX], home[PATH_MAX];
	char buf[RGW_ERRNO_TEXT];
	const char *why;
	size_t len;

	if (realpath(path, real) == NULL) {
		fprintf(m->request->said, "radsecgw: %s: %s cannot be used: %s\n", flag, path,
		    rgw_errno_text(errno, buf));
		m->good = false;
		return;
	}
	why = rgw_wrong_path(m->a->profile, real);
	if (why != NULL) {
		fprintf(m->request->said, "radsecgw: %s: '%s' %s\n", flag, real, why);
		m->good = false;
		return;
	}
	len = realpath(m->folder, home) != NULL ? strlen(home) : 0;
	if (len > 0 && strncmp(real, home, len) == 0 && real[len] == '/')
		rgw_values_set(m->v, name, real + len + 1);
	else
		rgw_values_set(m->v, name, real);
}

/* The path of what stands beside a certificate: its key has its name, and the authority's is ca.pem. */
static char *
beside(const char *cert, const char *name)
{
	const char *slash = strrchr(cert, '/');
	size_t folder = slash != NULL ? (size_t)(slash + 1 - cert) : 0;
	size_t len = strlen(cert), room = len + 16;
	size_t base = len > 4 && strcmp(cert + len - 4, ".pem") == 0 ? len - 4 : len;
	char *path = rgw_xcalloc(1, room);

	if (name != NULL)
		snprintf(path, room, "%.*s%s", (int)folder, cert, name);
	else
		snprintf(path, room, "%.*s.key", (int)base, cert);
	return path;
}

static void
set_given_certificate(struct making *m)
{
	const char *cert = m->a->text[RGW_SETUP_CERT];
	const char *key = m->a->text[RGW_SETUP_KEY], *ca = m->a->text[RGW_SETUP_CA];
	char *usual_key = beside(cert, NULL), *usual_ca = beside(cert, "ca.pem");

	set_file(m, "--cert", "cert", cert);
	set_file(m, "--key", "key", key[0] != '\0' ? key : usual_key);
	set_file(m, "--ca", "ca", ca[0] != '\0' ? ca : usual_ca);
	free(usual_key);
	free(usual_ca);
}

/* Puts a path of ours into a value, and one that people can use into another. */
static void
set_path(struct making *m, const char *name, const char *shown, const char *path)
{
	char text[PATH_MAX];

	rgw_values_set(m->v, name, path);
	snprintf(text, sizeof text, "%s/%s", m->folder, path);
	rgw_values_set(m->v, shown, path[0] == '/' ? path : text);
}

static void
set_certificate(struct making *m)
{
	const char *name = m->a->text[RGW_SETUP_NAME];
	const char *cert = m->a->text[RGW_SETUP_CERT];
	bool test = strcmp(cert, RGW_CERT_TEST) == 0;
	bool csr = strcmp(cert, RGW_CERT_REQUEST) == 0;
	char path[RGW_HOST_TEXT + 16], file[RGW_HOST_TEXT];

	rgw_values_set(m->v, "test", test ? "yes" : "");
	rgw_values_set(m->v, "csr", "");
	if (!test && !csr) {
		set_given_certificate(m);
		return;
	}
	/* An address has colons, which the script for the PKI writes in this way. */
	snprintf(file, sizeof file, "%s", name);
	for (char *p = file; *p != '\0'; p++)
		*p = *p == ':' ? '_' : *p;
	rgw_values_set(m->v, "file", file);
	snprintf(path, sizeof path, "certs/%s.pem", file);
	set_path(m, "cert", "cert-path", path);
	snprintf(path, sizeof path, "certs/%s.key", file);
	set_path(m, "key", "key-path", path);
	set_path(m, "ca", "ca-path", "certs/ca.pem");
	if (csr && m->a->text[RGW_SETUP_CA][0] != '\0')
		set_file(m, "--ca", "ca", m->a->text[RGW_SETUP_CA]);
	snprintf(path, sizeof path, "certs/%s.csr", file);
	if (csr)
		set_path(m, "csr-file", "csr", path);
	snprintf(path, sizeof path, "%s/certs", m->folder);
	rgw_values_set(m->v, "certs", path);
}

static void
set_secret(struct making *m)
{
	const char *path = m->a->text[RGW_SETUP_SECRET];

	if (path[0] != '\0') {
		set_file(m, "--secret-file", "secret", path);
		rgw_values_set(m->v, "secret-path", path);
	} else
		set_path(m, "secret", "secret-path", "secrets/radius");
	rgw_values_set(m->v, "fticks-key", "secrets/fticks-key");
}

bool
rgw_values_make(struct rgw_values *v, const struct rgw_answers *a, const struct rgw_setup_request *request,
    const char *folder)
{
	struct making m = { v, a, request, folder, true };

	*v = (struct rgw_values){ 0 };
	rgw_values_set(v, "folder", folder);
	rgw_values_set(v, "client", a->text[RGW_SETUP_CLIENT]);
	rgw_values_set(v, "radsec", a->text[RGW_SETUP_RADSEC]);
	if (!rgw_setup_each(a->text[RGW_SETUP_PEER], add_peer, &m) ||
	    !rgw_setup_each(a->text[RGW_SETUP_REALM], add_realm, &m))
		return false;
	set_pool(&m);
	set_realms(&m);
	set_udp(&m);
	set_server(&m);
	set_certificate(&m);
	set_secret(&m);
	return m.good;
}
