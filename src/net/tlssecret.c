/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "radsecgw/mem.h"

/*
 * The secrets of sessions, for whoever looks at packets with a tool (`keylog`, in the format that NSS began): with them
 * all that a session carries can be read, so the file is for its owner alone. It is opened for each line, which makes
 * it of no matter who removes it, moves it away or reloads the gateway meanwhile. Not all builds of the library tell
 * the secrets.
 */

/* The longest line: a label, the random number of the ClientHello and a secret of 48 octets. */
#define LINE_MAX_OCTETS 256
#define RANDOM_OCTETS 32

/* What is wrong with an open file for this purpose; NULL = nothing. */
static const char *
fault_of(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "it is no ordinary file";
	if ((st->st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return "others than its owner may use it; set its mode to 0600";
	return NULL;
}

#ifdef HAVE_SECRET_CALLBACK
/* ---- what is written ---- */

static size_t
add_hex(char *line, size_t len, const uint8_t *octets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(line + len, LINE_MAX_OCTETS - len, "%02x", octets[i]);
	return len;
}

static bool
append(int fd, const char *line, size_t len)
{
	struct stat st;

	return fstat(fd, &st) == 0 && fault_of(&st) == NULL && write(fd, line, len) == (ssize_t)len;
}

/* Writes one line in one go, so that lines of several threads do not mix. */
static void
write_line(struct rgw_tls *tls, const char *label, const uint8_t *secret, size_t n)
{
	uint8_t hello[RANDOM_OCTETS];
	char line[LINE_MAX_OCTETS];
	size_t len;
	int fd;

	if (wolfSSL_get_client_random(tls->ssl, hello, sizeof hello) != sizeof hello)
		return;
	len = (size_t)snprintf(line, sizeof line, "%s ", label);
	len = add_hex(line, len, hello, sizeof hello);
	line[len++] = ' ';
	len = add_hex(line, len, secret, n);
	line[len++] = '\n';
	fd = open(tls->ctx->keylog, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0 || !append(fd, line, len))
		tls->keylog_failed = true;
	if (fd >= 0)
		close(fd);
	rgw_wipe(line, sizeof line);
}

static const char *
label_of(int id)
{
	switch (id) {
	case CLIENT_HANDSHAKE_TRAFFIC_SECRET:
		return "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
	case SERVER_HANDSHAKE_TRAFFIC_SECRET:
		return "SERVER_HANDSHAKE_TRAFFIC_SECRET";
	case CLIENT_TRAFFIC_SECRET:
		return "CLIENT_TRAFFIC_SECRET_0";
	case SERVER_TRAFFIC_SECRET:
		return "SERVER_TRAFFIC_SECRET_0";
	default:
		return NULL;
	}
}

/* A secret of TLS 1.3 is there. */
static int
on_secret(WOLFSSL *ssl, int id, const unsigned char *secret, int size, void *arg)
{
	struct rgw_tls *tls = arg;
	const char *label = label_of(id);

	(void)ssl;
	if (label == NULL || size <= 0 || size > RGW_SECRET_MAX)
		return 0;
	if (tls->ctx->keylog != NULL)
		write_line(tls, label, secret, (size_t)size);
	if (tls->seen != NULL && id == SERVER_HANDSHAKE_TRAFFIC_SECRET) {
		memcpy(tls->secret, secret, (size_t)size);
		tls->secret_len = (size_t)size;
	}
	return 0;
}

/* The master secret of TLS 1.2 is there. */
static int
on_master(WOLFSSL *ssl, void *secret, int size, void *arg)
{
	(void)ssl;
	write_line(arg, "CLIENT_RANDOM", secret, (size_t)size);
	return 0;
}

void
rgw_tls_hear_secrets(struct rgw_tls *tls)
{
	(void)wolfSSL_set_tls13_secret_cb(tls->ssl, on_secret, tls);
	if (tls->ctx->keylog != NULL)
		(void)wolfSSL_set_secret_cb(tls->ssl, on_master, tls);
}
#define TELLS_SECRETS true
#else
void
rgw_tls_hear_secrets(struct rgw_tls *tls)
{
	(void)tls;
}
#define TELLS_SECRETS false
#endif

/* ---- whether it may be written ---- */

bool
rgw_tlsctx_load_keylog(struct rgw_tlsctx *t, const struct rgw_conf_tls *conf, struct rgw_tls_problem *problem)
{
	const char *path = conf->keylog;
	const char *fault;
	struct stat st;

	if (path == NULL)
		return true;
	if (!TELLS_SECRETS)
		return rgw_tls_fail(problem, "keylog", "the TLS library of this build does not tell the secrets of "
		    "sessions; take out the option, or take a build with the library that is made from source "
		    "(`make`, not `make WOLFSSL=system`)");
	/* A file that is not there comes with the first line, and belongs to the user of the gateway. */
	if (lstat(path, &st) == 0)
		fault = fault_of(&st);
	else
		fault = errno != ENOENT ? strerror(errno) : NULL;
	if (fault != NULL)
		return rgw_tls_fail(problem, "keylog", "%s cannot be used: %s", path, fault);
	t->keylog = rgw_xstrdup(path);
	return true;
}
