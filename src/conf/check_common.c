/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reading.h"

/* What the checks share: how a finding is reported, and questions that several sections ask. */

/* A secret of up to so many octets can be guessed from a recorded packet (P-PKT-13). */
#define SHORT_SECRET 12

struct rgw_place
rgw_check_place(const struct rgw_section *section, const void *field)
{
	const struct rgw_conf_head *head = section->data;
	const struct rgw_given *given = field != NULL ? rgw_draft_given(section, field) : NULL;

	return given != NULL && given->yes ? given->at : (struct rgw_place){ head->file, head->line };
}

void
rgw_check_say(struct rgw_draft *d, enum rgw_conf_severity severity, const struct rgw_section *section,
    const void *field, const char *fmt, ...)
{
	struct rgw_place at = rgw_check_place(section, field);
	char title[RGW_TITLE_TEXT];
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (field != NULL)
		rgw_draft_say(d, severity, at, "%s: %s", rgw_draft_opt(section, field)->key, text);
	else
		rgw_draft_say(d, severity, at, "%s %s", rgw_draft_title(section->data, title), text);
}

void
rgw_check_twice(struct rgw_draft *d, const struct rgw_section *section, const void *field)
{
	const struct rgw_opt *opt = rgw_draft_opt(section, field);

	for (size_t i = 1; i < rgw_array_count(field); i++)
		if (rgw_value_repeats(opt, field, i)) {
			char *text = rgw_value_text(opt, field, i);

			rgw_check_error(d, section, field, "%s is given twice", text);
			free(text);
		}
}

/* Networks that are not public: loopback, private, link-local, carrier-grade and unique local addresses. */
static const char *const sheltered[] = {
	"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
	"100.64.0.0/10", "::1/128", "fe80::/10", "fc00::/7",
};

static bool
is_public(const struct rgw_prefix *p)
{
	struct rgw_addr first = { .family = p->family };

	memcpy(first.ip, p->ip, sizeof first.ip);
	for (size_t i = 0; i < sizeof sheltered / sizeof sheltered[0]; i++) {
		struct rgw_prefix shelter;

		if (rgw_prefix_parse(sheltered[i], &shelter) && p->bits >= shelter.bits &&
		    rgw_prefix_contains(&shelter, &first))
			return false;
	}
	return true;
}

void
rgw_check_public(struct rgw_draft *d, const struct rgw_section *section, const void *field,
    const struct rgw_prefix *p, const char *text)
{
	if (is_public(p))
		rgw_check_warn(d, section, field,
		    "%s is public, and nothing protects RADIUS/UDP on its way; use a private network or a "
		    "tunnel", text);
}

bool
rgw_check_overlap(const struct rgw_prefixes *a, const struct rgw_prefixes *b)
{
	if (a->n == 0 || b->n == 0)
		return true;
	for (size_t i = 0; i < a->n; i++)
		for (size_t j = 0; j < b->n; j++) {
			const struct rgw_prefix *p = &a->v[i];
			const struct rgw_prefix *q = &b->v[j];
			const struct rgw_prefix *wide = p->bits < q->bits ? p : q;
			const struct rgw_prefix *narrow = p->bits < q->bits ? q : p;
			struct rgw_addr first = { .family = narrow->family };

			memcpy(first.ip, narrow->ip, sizeof first.ip);
			if (rgw_prefix_contains(wide, &first))
				return true;
		}
	return false;
}

static bool
looks_like_hex(const struct rgw_secret *secret)
{
	size_t i = 2;

	if (secret->len < 4 || memcmp(secret->octets, "0x", 2) != 0)
		return false;
	while (i < secret->len && isxdigit(secret->octets[i]))
		i++;
	return i == secret->len;
}

void
rgw_check_secret(struct rgw_draft *d, const struct rgw_section *section, struct rgw_secret *const *secret)
{
	if (*secret != NULL && looks_like_hex(*secret))
		rgw_check_warn(d, section, secret,
		    "it is these letters and digits, and not the octets that they would stand for "
		    "elsewhere; for those write hex: in place of 0x");
	if (*secret != NULL && (*secret)->len <= SHORT_SECRET)
		rgw_check_warn(d, section, secret, "%d octets or fewer can be guessed; take 24 random ones or more",
		    SHORT_SECRET);
}

void
rgw_check_previous_secret(struct rgw_draft *d, const struct rgw_section *section, struct rgw_secret *const *secret,
    struct rgw_secret *const *previous)
{
	if (*secret != NULL && *previous != NULL && rgw_value_equal(rgw_draft_opt(section, secret), secret, previous))
		rgw_check_warn(d, section, previous, "it is the same as `secret`; remove it");
}

bool
rgw_check_some_peer(const struct rgw_draft *d, bool accepts)
{
	for (size_t i = 0; i < d->sections.n; i++) {
		const struct rgw_section *section = d->sections.v[i];
		const struct rgw_conf_peer *peer = section->data;

		if (section->kind != RGW_CONF_PEER)
			continue;
		/* A broken option and a peer with neither option have been reported, so such a peer counts as
		 * the one we look for. */
		if (accepts ? peer->accept || rgw_draft_given(section, &peer->accept)->broken
		            : !peer->accept || rgw_draft_given(section, &peer->connect)->yes)
			return true;
	}
	return false;
}

rgw_ms
rgw_check_lifetime(const struct rgw_draft *d)
{
	const struct rgw_section *gateway = rgw_draft_find(d, RGW_CONF_GATEWAY, "");
	const rgw_ms *lifetime = &d->conf->gateway.request_lifetime;

	return rgw_draft_given(gateway, lifetime)->broken ? RGW_NEVER : *lifetime;
}
