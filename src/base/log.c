/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "radsecgw/escape.h"
#include "radsecgw/hash.h"

/*
 * A log turns an event and its fields into one line of text or JSON and limits how many lines a neighbour
 * causes. The worker owns it; where lines go is the sink's business.
 */

/* The longest line without its end. PIPE_BUF is 4096, so a line reaches a pipe in one piece. */
#define LINE_MAX_OCTETS 4000

/* Fields leave this much for the notes about suppressed and lost lines, which must not be lost. */
#define NOTES_OCTETS 64

/* Longer messages are cut: even if each octet takes six, room for fields remains. */
#define MESSAGE_OCTETS 512

struct line {
	char buf[LINE_MAX_OCTETS + 8];
	size_t len;
};

/* Copies `half` to 2 * `half` octets as two halves, which overlap: with a constant, that is two moves. */
static inline void
copy_halves(char *to, const char *from, size_t n, size_t half)
{
	memcpy(to, from, half);
	memcpy(to + n - half, from + n - half, half);
}

/* Most pieces of a line are short, and a call for each would cost more than copying them. */
static inline void
copy(char *to, const char *from, size_t n)
{
	if (n > 16)
		memcpy(to, from, n);
	else if (n >= 8)
		copy_halves(to, from, n, 8);
	else if (n >= 4)
		copy_halves(to, from, n, 4);
	else if (n >= 2)
		copy_halves(to, from, n, 2);
	else if (n == 1)
		*to = *from;
}

static inline void
put(struct line *l, const char *s, size_t n)
{
	if (n > LINE_MAX_OCTETS - l->len)
		n = LINE_MAX_OCTETS - l->len;
	copy(l->buf + l->len, s, n);
	l->len += n;
}

/* Behind the longest line there is room for one octet more, which is not part of it. */
static inline void
put_octet(struct line *l, char c)
{
	l->buf[l->len] = c;
	l->len += l->len < LINE_MAX_OCTETS;
}

static void
put_str(struct line *l, const char *s)
{
	put(l, s, strlen(s));
}

/* Writes octets as the inside of a quoted string. */
static void
put_escaped(struct line *l, const void *data, size_t n, enum rgw_log_format format)
{
	enum rgw_escape how = format == RGW_LOG_JSON ? RGW_ESCAPE_JSON : RGW_ESCAPE_TEXT;
	char room[RGW_ESCAPE_ROOM];
	size_t taken, len;

	for (const uint8_t *p = data; n > 0; p += taken, n -= taken) {
		const char *piece = rgw_escape(how, p, n, room, &taken, &len);

		put(l, piece, len);
	}
}

/* A word of eight octets that are all the same. */
#define EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

/* Is one of eight octets a control character, beyond ASCII, `"` or `\`, or for a text a blank or `=`? The highest bit
 * of an octet tells: it is set by a subtraction from what is too small, and by an addition to what is too large. */
static inline uint64_t
oddities(uint64_t w, enum rgw_log_format format)
{
	uint64_t odd = w | (w + EACH(1)) | ((w ^ EACH('"')) - EACH(1)) | ((w ^ EACH('\\')) - EACH(1));

	if (format == RGW_LOG_JSON)
		odd |= w - EACH(' ');
	else
		odd |= (w - EACH(' ' + 1)) | ((w ^ EACH('=')) - EACH(1));
	return odd & EACH(0x80);
}

static inline uint64_t
word_at(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof w);
	return w;
}

/* One to seven octets as a word, in which some occur twice. */
static inline uint64_t
short_word(const uint8_t *p, size_t n)
{
	uint32_t first, last;

	if (n < 4)
		return EACH('a') << 24 | (uint64_t)p[n - 1] << 16 | (uint64_t)p[n / 2] << 8 | p[0];
	memcpy(&first, p, sizeof first);
	memcpy(&last, p + n - 4, sizeof last);
	return (uint64_t)last << 32 | first;
}

/* Do octets stand for themselves, in a text even without quotes? Nothing does not. */
static bool
is_plain(const uint8_t *p, size_t n, enum rgw_log_format format)
{
	uint64_t odd = 0;

	if (n < 8)
		return n > 0 && oddities(short_word(p, n), format) == 0;
	for (size_t i = 0; i + 8 < n; i += 8)
		odd |= oddities(word_at(p + i), format);
	return (odd | oddities(word_at(p + n - 8), format)) == 0;
}

static void
put_value(struct line *l, const void *data, size_t n, enum rgw_log_format format)
{
	bool plain = is_plain(data, n, format);
	bool quoted = !plain || format == RGW_LOG_JSON;

	if (quoted)
		put_octet(l, '"');
	if (plain)
		put(l, data, n);
	else
		put_escaped(l, data, n, format);
	if (quoted)
		put_octet(l, '"');
}

static void
put_number(struct line *l, uint64_t number)
{
	char text[20];
	size_t at = sizeof text;

	do
		text[--at] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	put(l, text + at, sizeof text - at);
}

/* A field that would make the line longer than `limit` is left out as a whole, so that the line
 * stays well-formed. */
static void
put_field(struct line *l, const struct rgw_field *f, enum rgw_log_format format, size_t limit)
{
	char text[RGW_ADDR_TEXT];
	size_t before = l->len;

	if (format == RGW_LOG_JSON) {
		put_octet(l, ',');
		put_octet(l, '"');
		put(l, f->key, f->key_len);
		put_octet(l, '"');
		put_octet(l, ':');
	} else {
		put_octet(l, ' ');
		put(l, f->key, f->key_len);
		put_octet(l, '=');
	}
	switch (f->type) {
	case RGW_FIELD_END:
		break;
	case RGW_FIELD_STR:
		put_value(l, f->data, strlen(f->data), format);
		break;
	case RGW_FIELD_OCTETS:
		put_value(l, f->data, (size_t)f->number, format);
		break;
	case RGW_FIELD_UINT:
		put_number(l, f->number);
		break;
	case RGW_FIELD_ADDR:
		rgw_addr_format(f->data, text);
		put_value(l, text, strlen(text), format);
		break;
	}
	if (l->len >= limit)
		l->len = before;
}

struct rgw_field
rgw_f_via(const struct rgw_addr *balancer)
{
	return balancer->family != 0 ? rgw_f_addr("via", balancer) : (struct rgw_field){ .type = RGW_FIELD_END };
}

const char *
rgw_log_level_name(enum rgw_log_level level)
{
	static const char *const names[] = { "error", "warning", "notice", "info", "debug" };

	return names[level];
}

/* What stands before the milliseconds is the same for all lines of a second. */
static void
put_time(struct line *l, struct rgw_log *log)
{
	int64_t sec = 0;
	uint32_t nsec = 0, ms;
	struct tm tm;
	time_t t;

	log->clock(log->ctx, &sec, &nsec);
	ms = nsec / 1000000;
	t = (time_t)sec;
	if (log->second_text[0] == '\0' || log->second != sec) {
		if (gmtime_r(&t, &tm) == NULL)
			memset(&tm, 0, sizeof tm);
		snprintf(log->second_text, sizeof log->second_text, "%04d-%02d-%02dT%02d:%02d:%02d.",
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
		log->second = sec;
	}
	put_str(l, log->second_text);
	put(l, (char[]){ (char)('0' + ms / 100 % 10), (char)('0' + ms / 10 % 10), (char)('0' + ms % 10), 'Z' }, 4);
}

static void
put_head(struct line *l, struct rgw_log *log, enum rgw_log_level level, const char *event,
    const char *text)
{
	size_t n = strnlen(text, MESSAGE_OCTETS);

	if (log->format == RGW_LOG_JSON) {
		put_str(l, "{\"ts\":\"");
		put_time(l, log);
		put_str(l, "\",\"level\":\"");
		put_str(l, rgw_log_level_name(level));
		put_str(l, "\",\"event\":\"");
		put_str(l, event);
		put_str(l, "\",\"msg\":");
		put_value(l, text, n, RGW_LOG_JSON);
	} else {
		put_time(l, log);
		put_str(l, " ");
		put_str(l, rgw_log_level_name(level));
		put_str(l, " ");
		put_str(l, event);
		put_str(l, ": ");
		put(l, text, n);
	}
}

/* The bucket of this event and neighbour: its own, an empty one, or the longest unused of four. */
static struct rgw_log_limit *
limit_of(struct rgw_log *log, const char *event, const char *who)
{
	static const struct rgw_hashkey key = { 0x6c6f67206c696d69, 0x74206275636b6574 };
	uint64_t id = rgw_siphash(&key, event, strlen(event));
	struct rgw_log_limit *oldest;
	size_t first;

	if (who != NULL)
		id ^= rgw_siphash(&(struct rgw_hashkey){ id, key.k1 }, who, strlen(who));
	if (id == 0)
		id = 1;
	first = (size_t)(id % (RGW_LOG_LIMITS / 4)) * 4;
	oldest = &log->limits[first];
	for (size_t i = first; i < first + 4; i++) {
		struct rgw_log_limit *l = &log->limits[i];

		if (l->id == id)
			return l;
		if (l->id == 0 || l->seen < oldest->seen)
			oldest = l;
		if (l->id == 0)
			break;
	}
	*oldest = (struct rgw_log_limit){ .id = id, .seen = log->now,
		.milli_tokens = log->rate_per_second * 1000 };
	return oldest;
}

/* Takes a token for a line if there is one; without a token the line is counted as suppressed. */
static bool
allowed(const struct rgw_log *log, struct rgw_log_limit *l)
{
	uint64_t full = (uint64_t)log->rate_per_second * 1000;
	uint64_t tokens;

	tokens = l->milli_tokens + (log->now - l->seen) * log->rate_per_second;
	l->milli_tokens = (uint32_t)(tokens < full ? tokens : full);
	l->seen = log->now;
	if (l->milli_tokens < 1000) {
		l->suppressed++;
		return false;
	}
	l->milli_tokens -= 1000;
	return true;
}

void
rgw_log_init(struct rgw_log *log, rgw_log_sink *sink, rgw_log_clock *clock, void *ctx)
{
	memset(log, 0, sizeof *log);
	log->level = RGW_LOG_INFO;
	log->rate_per_second = 10;
	log->sink = sink;
	log->clock = clock;
	log->ctx = ctx;
}

/* The notes about the line itself, for which room was kept. */
static void
put_note(struct line *l, const struct rgw_log *log, const char *key, uint64_t number)
{
	struct rgw_field note = rgw_f_uint(key, number);

	if (number > 0)
		put_field(l, &note, log->format, LINE_MAX_OCTETS);
}

/* `limit`: the bucket that the line was taken from; NULL = there is none. */
static void
write_line(struct rgw_log *log, enum rgw_log_level level, const char *event, const char *text,
    const struct rgw_field *fields, struct rgw_log_limit *limit)
{
	uint64_t lost = log->dropped - log->dropped_told;
	struct line l;

	l.len = 0;
	put_head(&l, log, level, event, text);
	put_note(&l, log, "worker", log->worker);
	for (const struct rgw_field *f = fields; f->type != RGW_FIELD_END; f++)
		put_field(&l, f, log->format, LINE_MAX_OCTETS - NOTES_OCTETS);
	put_note(&l, log, "suppressed", limit != NULL ? limit->suppressed : 0);
	put_note(&l, log, "lines_lost", lost);
	if (log->format == RGW_LOG_JSON)
		l.buf[l.len++] = '}';
	l.buf[l.len++] = '\n';
	if (!log->sink(log->ctx, level, l.buf, l.len)) {
		log->dropped++;
		return;
	}
	log->dropped_told += lost;
	if (limit != NULL)
		limit->suppressed = 0;
}

void
rgw_log_record(struct rgw_log *log, enum rgw_log_level level, const char *event, const char *text,
    const struct rgw_field *fields)
{
	write_line(log, level, event, text, fields, NULL);
}

void
rgw_log_write(struct rgw_log *log, enum rgw_log_level level, const char *event, const char *who,
    const char *text, const struct rgw_field *fields)
{
	struct rgw_log_limit *limit = NULL;

	if (level > log->level)
		return;
	if (log->rate_per_second > 0)
		limit = limit_of(log, event, who);
	if (limit != NULL && !allowed(log, limit))
		return;
	write_line(log, level, event, text, fields, limit);
	if (level <= RGW_LOG_WARNING && log->ear != NULL)
		log->ear(log->ctx, &(struct rgw_log_heard){ level, event, who, text, fields });
}

void
rgw_log_raw(struct rgw_log *log, const char *message, size_t len)
{
	if (log->raw == NULL || !log->raw(log->ctx, message, len))
		log->dropped++;
}
