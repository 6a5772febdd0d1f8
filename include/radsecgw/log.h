/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_LOG_H
#define RADSECGW_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "radsecgw/addr.h"
#include "radsecgw/time.h"

/*
 * Log lines: an event name that never changes, a sentence for people, and fields. One call yields
 * one line, as text or as one JSON object. Lines are limited per event and neighbour; the next line
 * that passes says how many were left out. Writing never blocks: what the target does not take is
 * counted and dropped. No secret is ever passed to these functions. One struct rgw_log is for one
 * thread; several may have the same target, if that can take lines from several threads.
 */
enum rgw_log_level {
	RGW_LOG_ERROR,    /* something that was asked for does not work */
	RGW_LOG_WARNING,  /* somebody should look at this */
	RGW_LOG_NOTICE,   /* a state changed */
	RGW_LOG_INFO,     /* ordinary work worth a line */
	RGW_LOG_DEBUG,    /* one or more lines per request */
};

enum rgw_log_format { RGW_LOG_TEXT, RGW_LOG_JSON };

/* How much of a user's identity lines may show. */
enum rgw_log_identity { RGW_LOG_ID_FULL, RGW_LOG_ID_REALM, RGW_LOG_ID_HASH };

/* Where lines for the statistics of a federation (F-Ticks) go, and how they show the address of a device. */
enum rgw_log_fticks { RGW_FTICKS_NO, RGW_FTICKS_SYSLOG, RGW_FTICKS_LOG };
/* Which logins they are for, unless a pool or realm says so itself. */
enum rgw_log_fticks_for { RGW_FTICKS_FOR_ALL, RGW_FTICKS_FOR_CHOSEN };
enum rgw_log_fticks_mac {
	RGW_FTICKS_STATIC, RGW_FTICKS_ORIGINAL, RGW_FTICKS_VENDOR_HASH, RGW_FTICKS_VENDOR_KEYED_HASH,
	RGW_FTICKS_FULLY_HASH, RGW_FTICKS_FULLY_KEYED_HASH
};

/* How much of a device's address lines may show. */
enum rgw_log_station { RGW_LOG_STATION_FULL, RGW_LOG_STATION_VENDOR, RGW_LOG_STATION_HASH, RGW_LOG_STATION_NONE };

enum rgw_field_type { RGW_FIELD_END, RGW_FIELD_STR, RGW_FIELD_OCTETS, RGW_FIELD_UINT, RGW_FIELD_ADDR };

/* All pointers are borrowed for the duration of the call. The functions below measure the key, which the compiler does
 * where it is a constant. */
struct rgw_field {
	const char *key;
	const void *data;
	uint64_t number;  /* value of UINT, length of OCTETS */
	uint32_t key_len;
	enum rgw_field_type type;
};

static inline struct rgw_field
rgw_f_str(const char *key, const char *value)
{
	return (struct rgw_field){ key, value != NULL ? value : "", 0, (uint32_t)strlen(key), RGW_FIELD_STR };
}

/* Octets of any kind, for example a User-Name; escaped as the format needs. */
static inline struct rgw_field
rgw_f_octets(const char *key, const void *data, size_t len)
{
	return (struct rgw_field){ key, data, len, (uint32_t)strlen(key), RGW_FIELD_OCTETS };
}

static inline struct rgw_field
rgw_f_uint(const char *key, uint64_t value)
{
	return (struct rgw_field){ key, NULL, value, (uint32_t)strlen(key), RGW_FIELD_UINT };
}

static inline struct rgw_field
rgw_f_addr(const char *key, const struct rgw_addr *a)
{
	return (struct rgw_field){ key, a, 0, (uint32_t)strlen(key), RGW_FIELD_ADDR };
}

/* The balancer between us and the address of a line, in the field `via`; the last one of a line, since there is none if
 * there is no balancer. */
struct rgw_field rgw_f_via(const struct rgw_addr *balancer);

/* A sink takes one finished line, newline included. It must not block. false = the line was not taken. */
typedef bool rgw_log_sink(void *ctx, enum rgw_log_level level, const char *line, size_t len);

/* Takes one message in the form of syslog, for the syslog of this machine, whatever the target of lines is. */
typedef bool rgw_log_raw_sink(void *ctx, const char *message, size_t len);

/* A line of level warning or error that has been written. */
struct rgw_log_heard {
	enum rgw_log_level level;
	const char *event;
	const char *who;                 /* the neighbour that the limit is counted for, or NULL */
	const char *text;
	const struct rgw_field *fields;  /* ends with a RGW_FIELD_END */
};

/* Is told of each such line, in the thread that writes it. It must not block. All pointers are borrowed for the
 * duration of the call. */
typedef void rgw_log_ear(void *ctx, const struct rgw_log_heard *heard);

/* Seconds and nanoseconds of wall time for the time stamp; NULL ctx is allowed. */
typedef void rgw_log_clock(void *ctx, int64_t *sec, uint32_t *nsec);

#define RGW_LOG_LIMITS 512

/* One token bucket per (event, neighbour), in a small table that forgets the longest unused. */
struct rgw_log_limit {
	uint64_t id;  /* hash of event and neighbour; 0 = the place is empty */
	rgw_ms seen;
	uint32_t milli_tokens;
	uint32_t suppressed;
};

struct rgw_log {
	enum rgw_log_level level;
	enum rgw_log_format format;
	uint32_t rate_per_second;  /* number of lines per second, event and neighbour; 0 = no limit */
	uint32_t worker;           /* number of the worker, the first field of each line; 0 = none */
	rgw_ms now;                /* time, set by the owner before it calls into lower layers */
	rgw_log_sink *sink;
	rgw_log_raw_sink *raw;     /* where whole messages for syslog go; NULL = nowhere */
	rgw_log_ear *ear;          /* who is told of warnings and errors; NULL = nobody */
	rgw_log_clock *clock;
	void *ctx;                 /* borrowed: argument of the four functions */
	uint64_t dropped;          /* number of lines that the sink did not take, since the start */
	uint64_t dropped_told;     /* number of these lines that a later line has reported */
	int64_t second;            /* the second of wall time ... */
	char second_text[48];      /* ... that this is the text of; empty = of none */
	struct rgw_log_limit limits[RGW_LOG_LIMITS];
};

void rgw_log_init(struct rgw_log *log, rgw_log_sink *sink, rgw_log_clock *clock, void *ctx);

/* Writes a line. `event` is a constant such as "peer-up". `who` is the name of the neighbour that
 * the limit is counted for, or NULL. `fields` ends with a RGW_FIELD_END. Use RGW_LOG. */
void rgw_log_write(struct rgw_log *log, enum rgw_log_level level, const char *event, const char *who,
    const char *text, const struct rgw_field *fields);

/* Writes a line whatever the rate of such lines is: each of them is wanted, since each tells of something that
 * is counted or searched for. The level is the caller's business. */
void rgw_log_record(struct rgw_log *log, enum rgw_log_level level, const char *event, const char *text,
    const struct rgw_field *fields);

/* Sends a message in the form of syslog, or counts it as a line that was left out. */
void rgw_log_raw(struct rgw_log *log, const char *message, size_t len);

/* RGW_LOG(log, RGW_LOG_NOTICE, "peer-up", peer->name, "connection is up", rgw_f_uint("conn", 3));
 * Fields are not evaluated when the level is off. */
#define RGW_LOG(log_, level_, event_, who_, text_, ...)                                           \
	do {                                                                                      \
		struct rgw_log *rgw_log_ = (log_);                                                \
		if ((level_) <= rgw_log_->level)                                                  \
			rgw_log_write(rgw_log_, (level_), (event_), (who_), (text_),              \
			    (const struct rgw_field[]){ __VA_ARGS__, { .type = RGW_FIELD_END } });        \
	} while (0)

const char *rgw_log_level_name(enum rgw_log_level level);

#endif
