/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/search.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "requests.h"

/* Looks for requests among those that are remembered, see radsecgw/search.h. */

static bool
is_text(const struct rgw_trail *trail, enum rgw_step what, const void *text, size_t len)
{
	size_t has;
	const uint8_t *at = rgw_trail_first(trail, what, &has);

	/* What a trail holds may be cut. */
	return at != NULL && (has == len || (has < len && has >= 64)) && strncasecmp((const char *)at, text, has) == 0;
}

/* The hexadecimal digits of a text, without what stands between them. */
static size_t
digits_of(const char *text, size_t len, char out[static 32])
{
	size_t n = 0;

	for (size_t i = 0; i < len && n < 32; i++)
		if (isxdigit((unsigned char)text[i]))
			out[n++] = (char)tolower((unsigned char)text[i]);
	return n;
}

static bool
is_station(const struct rgw_trail *trail, const struct rgw_conf_log *conf, const char *mac)
{
	struct rgw_identity room;
	struct rgw_field f = rgw_f_station(conf, "", (const uint8_t *)mac, strlen(mac), &room);
	size_t len = f.type == RGW_FIELD_OCTETS ? (size_t)f.number : strlen(f.data), has;
	const uint8_t *at = rgw_trail_first(trail, RGW_STEP_STATION, &has);
	char wanted[32], found[32];
	size_t n = digits_of(f.data, len, wanted);

	if (at == NULL || n == 0)
		return false;
	return digits_of((const char *)at, has, found) >= n && memcmp(found, wanted, n) == 0;
}

static bool
is_user(const struct rgw_trail *trail, const struct rgw_conf_log *conf, const char *user)
{
	struct rgw_identity room;
	struct rgw_field f = rgw_f_user(conf, (const uint8_t *)user, strlen(user), &room);

	if (conf->identity == RGW_LOG_ID_REALM)
		return false;
	return is_text(trail, RGW_STEP_USER, f.data, f.type == RGW_FIELD_OCTETS ? (size_t)f.number : strlen(f.data));
}

static bool
is_result(const struct rgw_trail *trail, const char *word)
{
	if (strcmp(word, rgw_result_name(trail->result)) == 0)
		return true;
	return trail->result != RGW_RESULT_OPEN && strcmp(word, rgw_reason_name(trail->how)) == 0;
}

/* An open request has ended as little as now. */
static rgw_ms
end_of(const struct rgw_trail *trail, rgw_ms now)
{
	return trail->result == RGW_RESULT_OPEN ? now : trail->ended;
}

/* Is it the one that is looked for, if one is, and did it take so long, at that time? */
static bool
fits_numbers(const struct rgw_trail *t, const struct rgw_search *s, rgw_ms now)
{
	rgw_ms end = end_of(t, now);

	if ((s->serial != 0 && (s->serial != t->serial || s->worker != t->worker)) ||
	    (s->conversation != 0 && s->conversation != t->conversation))
		return false;
	return (s->slower == 0 || end - t->began >= s->slower) && (s->since == 0 || now - end <= s->since);
}

bool
rgw_trail_is_like(const struct rgw_trail *t, const struct rgw_conf_log *conf, const struct rgw_search *s)
{
	return (s->asker == NULL || is_text(t, RGW_STEP_ASKER, s->asker, strlen(s->asker))) &&
	    (s->realm == NULL || is_text(t, RGW_STEP_REALM, s->realm, strlen(s->realm))) &&
	    (s->user == NULL || is_user(t, conf, s->user)) && (s->mac == NULL || is_station(t, conf, s->mac)) &&
	    (s->result == NULL || is_result(t, s->result));
}

static bool
fits(const struct rgw_trail *t, const struct rgw_conf_log *conf, const struct rgw_search *s, rgw_ms now)
{
	return fits_numbers(t, s, now) && rgw_trail_is_like(t, conf, s);
}

void
rgw_gw_search(struct rgw_gw *gw, const struct rgw_search *search,
    void (*found)(void *ctx, const struct rgw_trail *trail), void *ctx, rgw_ms now)
{
	struct rgw_link *rows[] = { &gw->trails.open, &gw->trails.good, &gw->trails.bad };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (struct rgw_link *l = rows[i]->next; l != rows[i]; l = l->next) {
			struct rgw_trail *trail = RGW_CONTAINER(l, struct rgw_trail, link);

			if (fits(trail, &gw->conf->log, search, now))
				found(ctx, trail);
		}
	for (unsigned i = 0; i < RGW_DROPS; i++)
		if (gw->trails.drops[i] != NULL && fits(gw->trails.drops[i], &gw->conf->log, search, now))
			found(ctx, gw->trails.drops[i]);
}
