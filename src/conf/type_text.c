/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "radsecgw/mem.h"
#include "radsecgw/peerpsk.h"

/*
 * The types of options that are texts: names of files, secrets, regular expressions, rules for certificates,
 * hidden attributes.
 */

/* ---- texts ---- */

bool
rgw_set_string(struct rgw_setting *s)
{
	if (!rgw_setting_length_in_range(s))
		return false;
	*(char **)s->field = rgw_xstrdup(s->text);
	return true;
}

void
rgw_show_string(struct rgw_strbuf *out, const struct rgw_value *v)
{
	rgw_strbuf_put(out, *(char *const *)v->p);
}

void
rgw_clear_string(void *value)
{
	free(*(char **)value);
	*(char **)value = NULL;
}

static void
range_octets(struct rgw_strbuf *out, const struct rgw_opt *opt)
{
	rgw_strbuf_printf(out, "%ju to %ju octets", (uintmax_t)opt->min, (uintmax_t)opt->max);
}

const struct rgw_opt_type rgw_type_string = {
	"text", RGW_IS_POINTER, RGW_STRING, .range = range_octets,
};
const struct rgw_opt_type rgw_type_strings = {
	"list of names", RGW_ARRAY, RGW_STRING,
};
const struct rgw_opt_type rgw_type_file = {
	"file", RGW_IS_POINTER | RGW_IS_PATH, RGW_STRING,
};
const struct rgw_opt_type rgw_type_key_file = {
	"file", RGW_IS_POINTER | RGW_IS_PATH, RGW_STRING,
};
const struct rgw_opt_type rgw_type_new_file = {
	"file to write", RGW_IS_POINTER, RGW_STRING, .allowed = "a path",
};
const struct rgw_opt_type rgw_type_paths = {
	"list of files or directories", RGW_ARRAY | RGW_IS_PATH, RGW_STRING,
};
const struct rgw_opt_type rgw_type_log_target = {
	"log target", RGW_IS_POINTER, RGW_STRING, .allowed = "stderr, syslog, a path",
};

static bool
set_socket(struct rgw_setting *s)
{
	if (s->text[0] != '/' && strcmp(s->text, "off") != 0)
		return rgw_setting_refuse(s, "is neither an absolute path nor off");
	return rgw_set_string(s);
}

const struct rgw_opt_type rgw_type_socket = {
	"socket", RGW_IS_POINTER, sizeof(char *), set_socket, rgw_show_string,
	.clear = rgw_clear_string, .allowed = "an absolute path of up to 107 octets, off",
};

/* ---- patterns of files to be included, which the reader takes for itself ---- */

const struct rgw_opt_type rgw_type_include = { "list of file patterns", .traits = RGW_IS_LIST };

/* ---- secrets ---- */

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at =
	    c != '\0' ? strchr(digits, c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

bool
rgw_decode_hex(const char *text, size_t len, struct rgw_strbuf *out)
{
	for (size_t i = 0; i + 1 < len; i += 2) {
		int high = hex_digit(text[i]);
		int low = hex_digit(text[i + 1]);
		uint8_t octet;

		if (high < 0 || low < 0)
			return false;
		octet = (uint8_t)(high * 16 + low);
		rgw_strbuf_add(out, &octet, 1);
	}
	return len % 2 == 0;
}

/* Keeps a secret of the octets if ok. The buffer is wiped and gone after that. */
static bool
keep_secret(struct rgw_setting *s, struct rgw_strbuf *octets, bool ok)
{
	s->len = octets->n;
	ok = ok && rgw_setting_length_in_range(s);
	if (ok)
		*(struct rgw_secret **)s->field = rgw_secret_new(octets->v, octets->n);
	rgw_strbuf_fini(octets);
	return ok;
}

static bool
set_secret(struct rgw_setting *s)
{
	struct rgw_strbuf octets = { 0 };
	bool ok = true;

	rgw_strbuf_put(&octets, "");
	/* "hex:00ff", so that a secret may have any octet (P-PKT-14). */
	if (s->len < 4 || memcmp(s->text, "hex:", 4) != 0)
		rgw_strbuf_add(&octets, s->text, s->len);
	else if (!rgw_decode_hex(s->text + 4, s->len - 4, &octets))
		ok = rgw_setting_refuse(s,
		    "begins with hex: but goes on with something else than pairs of hexadecimal digits");
	return keep_secret(s, &octets, ok);
}

static bool
same_secret(const void *a, const void *b)
{
	const struct rgw_secret *x = *(struct rgw_secret *const *)a;
	const struct rgw_secret *y = *(struct rgw_secret *const *)b;

	return x->len == y->len && memcmp(x->octets, y->octets, x->len) == 0;
}

static void
clear_secret(void *value)
{
	rgw_secret_free(*(struct rgw_secret **)value);
	*(struct rgw_secret **)value = NULL;
}

const struct rgw_opt_type rgw_type_secret = {
	"secret", RGW_IS_POINTER | RGW_IS_SECRET, sizeof(struct rgw_secret *), set_secret,
	.equal = same_secret, .clear = clear_secret, .range = range_octets,
};

/* A pre-shared key has one way to be written: what looks like digits elsewhere must not be taken for letters here
 * (P-PSK-3). Programs that make keys print the digits alone. */
static bool
set_psk(struct rgw_setting *s)
{
	size_t skip = s->len >= 4 && memcmp(s->text, "hex:", 4) == 0 ? 4 : 0;
	struct rgw_strbuf octets = { 0 };
	bool ok = true;

	rgw_strbuf_put(&octets, "");
	if (!rgw_decode_hex(s->text + skip, s->len - skip, &octets))
		ok = rgw_setting_refuse(s, "is no key: it is written as pairs of hexadecimal digits, such as `openssl "
		    "rand -hex 32` prints");
	else if (octets.n < s->opt->min)
		ok = rgw_setting_refuse(s, "has only %zu octets; a key has %u at the least (RFC 9813 4.1.1), and 32 "
		    "random ones are advised", octets.n, (unsigned)s->opt->min);
	return keep_secret(s, &octets, ok);
}

const struct rgw_opt_type rgw_type_psk = {
	"key", RGW_IS_POINTER | RGW_IS_SECRET, sizeof(struct rgw_secret *), set_psk,
	.equal = same_secret, .clear = clear_secret, .range = range_octets,
};

/* An identity is shown in lines and compared octet by octet. */
static bool
set_psk_identity(struct rgw_setting *s)
{
	if (!rgw_psk_is_identity((const uint8_t *)s->text, strlen(s->text)))
		return rgw_setting_refuse(s, "is no UTF-8 of %u to %u octets without control characters",
		    (unsigned)s->opt->min, (unsigned)s->opt->max);
	return rgw_set_string(s);
}

const struct rgw_opt_type rgw_type_psk_identity = {
	"identity", RGW_IS_POINTER, sizeof(char *), set_psk_identity, rgw_show_string,
	.clear = rgw_clear_string, .range = range_octets,
};

static bool
set_password(struct rgw_setting *s)
{
	if (strlen(s->text) != s->len)
		return rgw_setting_refuse(s, "contains a NUL octet");
	return rgw_set_string(s);
}

static bool
same_password(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b) == 0;
}

static void
clear_password(void *value)
{
	if (*(char **)value != NULL)
		rgw_wipe(*(char **)value, strlen(*(char **)value));
	rgw_clear_string(value);
}

const struct rgw_opt_type rgw_type_password = {
	"password", RGW_IS_POINTER | RGW_IS_SECRET, sizeof(char *), set_password,
	.equal = same_password, .clear = clear_password, .range = range_octets,
};

/* ---- texts with a meaning ---- */

static bool
set_regex(struct rgw_setting *s)
{
	char why[128];
	struct rgw_pattern *pattern;

	if (!rgw_setting_length_in_range(s))
		return false;
	pattern = rgw_pattern_new(s->text, true, why, sizeof why);
	*(struct rgw_pattern **)s->field = pattern;
	return pattern != NULL || rgw_setting_refuse(s, "is no regular expression: %s", why);
}

static void
show_regex(struct rgw_strbuf *out, const struct rgw_value *v)
{
	rgw_strbuf_put(out, rgw_pattern_text(*(struct rgw_pattern *const *)v->p));
}

static void
clear_regex(void *value)
{
	rgw_pattern_free(*(struct rgw_pattern **)value);
	*(struct rgw_pattern **)value = NULL;
}

const struct rgw_opt_type rgw_type_regex = {
	"regular expression", RGW_IS_POINTER, sizeof(struct rgw_pattern *), set_regex, show_regex,
	.clear = clear_regex, .range = range_octets,
};

static bool
set_cert_rule(struct rgw_setting *s)
{
	const char *why = rgw_cert_rule_parse(s->text, s->field);

	return why == NULL || rgw_setting_refuse(s, "is no rule for a certificate: %s", why);
}

/* Writes a rule, which may be as long as a line. */
static void
show_cert_rule(struct rgw_strbuf *out, const struct rgw_value *v)
{
	const struct rgw_cert_rule *rule = v->p;
	size_t size = strlen(rule->text) + 64;
	char *buf = rgw_xcalloc(1, size);

	rgw_strbuf_put(out, rgw_cert_rule_format(rule, buf, size));
	free(buf);
}

static void
clear_cert_rule(void *value)
{
	rgw_cert_rule_clear(value);
}

const struct rgw_opt_type rgw_type_cert_rules = {
	"list of certificate rules", RGW_ARRAY, sizeof(struct rgw_cert_rule), set_cert_rule,
	show_cert_rule, .clear = clear_cert_rule,
};

static bool
set_hidden(struct rgw_setting *s)
{
	struct rgw_hidden row;
	const char *expected = rgw_hidden_parse(s->text, &row);

	if (expected != NULL)
		return rgw_setting_refuse(s, "does not describe an attribute; expected %s", expected);
	*(char **)s->field = rgw_xstrdup(s->text);
	return true;
}

const struct rgw_opt_type rgw_type_hidden = {
	"list of attributes", RGW_ARRAY, sizeof(char *), set_hidden, rgw_show_string,
	.clear = rgw_clear_string,
};
