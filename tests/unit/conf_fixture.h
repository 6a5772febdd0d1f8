/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_TEST_CONF_FIXTURE_H
#define RADSECGW_TEST_CONF_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>

#include "radsecgw/confread.h"

/*
 * What the tests share that load configuration files: a directory of their own, which is the
 * current one while a test runs, and the findings as text, one line each.
 */
struct conf_fixture {
	char dir[64];
	char said[16384];  /* file:line: error: text */
	size_t n;
};

int conf_setup(void **state);
int conf_teardown(void **state);

#define CONF_TEST(name) cmocka_unit_test_setup_teardown(name, conf_setup, conf_teardown)

/* Writes a file; conf_put takes a text and lets only the owner read it. */
void conf_put(const char *path, const char *text);
void conf_put_octets(const char *path, const char *data, size_t n, mode_t mode);

/* Adds a finding to `said`; ctx is the fixture. */
void conf_say(void *ctx, enum rgw_conf_severity severity, const char *file, unsigned line,
    const char *text);

/* Loads a file, or a text as main.ini. */
struct rgw_conf *conf_load_file(struct conf_fixture *f, const char *path);
struct rgw_conf *conf_load(struct conf_fixture *f, const char *text);

/* A whole configuration in parts, each of one line, so that tests know where things stand. */
#define TLS "[tls t]\ncertificate = cert.pem\nkey = key.pem\nca = ca.pem\n"
#define LISTEN "[listen l]\nudp = 127.0.0.1:1812\n"
#define SECRET "secret = a secret of more than twelve octets\n"
#define CLIENT "[client c]\naddress = 127.0.0.1\n" SECRET
#define PEER "[peer p]\nconnect = radius.example.org\ntls = t\n"
#define REALM "[realm *]\npool = p\n"
#define REST TLS LISTEN CLIENT PEER REALM

/* A configuration, and words of the findings in their order; there must be no others. */
struct conf_row {
	const char *text;
	const char *want[6];
};

void conf_expect_said(struct conf_fixture *f, const char *text, const char *const *want, size_t n);
void conf_expect_all(struct conf_fixture *f, const struct conf_row *rows, size_t n);

/* The dump of a configuration, to be freed. */
char *conf_dump_text(const struct rgw_conf *conf);

#endif
