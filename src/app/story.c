/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "story.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "radsecgw/counters.h"
#include "radsecgw/escape.h"
#include "radsecgw/radius.h"

/* Tells the way of a request in sentences, see story.h. */

const char *
rgw_wall_text(const struct rgw_wall *wall, rgw_ms at, char room[static RGW_WALL_TEXT])
{
	int64_t ms = wall->wall - ((int64_t)wall->now - (int64_t)at);
	time_t t = (time_t)(ms / 1000);
	struct tm tm;
	size_t n;

	if (gmtime_r(&t, &tm) == NULL)
		memset(&tm, 0, sizeof tm);
	n = strftime(room, RGW_WALL_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(room + n, RGW_WALL_TEXT - n, ".%03dZ", (int)(ms % 1000));
	return room;
}

const char *
rgw_trail_id(const struct rgw_trail *trail, char room[static RGW_TRAIL_ID])
{
	snprintf(room, RGW_TRAIL_ID, "%u-%" PRIu64, trail->worker, trail->serial);
	return room;
}

void
rgw_story_octets(FILE *out, const uint8_t *octets, size_t len)
{
	char room[RGW_ESCAPE_ROOM];
	size_t taken, n;

	for (; len > 0; octets += taken, len -= taken) {
		const char *piece = rgw_escape(RGW_ESCAPE_TEXT, octets, len, room, &taken, &n);

		fwrite(piece, 1, n, out);
	}
}

/* ---- who asked ---- */

const uint8_t *
rgw_story_fact(const struct rgw_trail *trail, enum rgw_step what, char room[static RGW_ADDR_TEXT], size_t *len)
{
	const uint8_t *text = rgw_trail_last(trail, what, len);
	struct rgw_addr addr = { .family = *len == 4 ? 4 : 6 };

	if (text == NULL || !rgw_step_is_address(what) || *len > sizeof addr.ip)
		return text;
	memcpy(addr.ip, text, *len);
	*len = strlen(rgw_addr_format(&addr, room));
	return (const uint8_t *)room;
}

static void
put_fact(FILE *out, const struct rgw_trail *trail, enum rgw_step what, const char *before, const char *after)
{
	char room[RGW_ADDR_TEXT];
	size_t len;
	const uint8_t *text = rgw_story_fact(trail, what, room, &len);

	if (text == NULL)
		return;
	fputs(before, out);
	rgw_story_octets(out, text, len);
	fputs(after, out);
}

static void
put_facts(FILE *out, const struct rgw_trail *trail)
{
	size_t len;
	bool user = rgw_trail_first(trail, RGW_STEP_USER, &len) != NULL;

	put_fact(out, trail, RGW_STEP_USER, " for the user ", "");
	put_fact(out, trail, RGW_STEP_REALM, user ? " (realm " : " for a user of the realm ", user ? ")" : "");
	put_fact(out, trail, RGW_STEP_STATION, ", device ", "");
	put_fact(out, trail, RGW_STEP_CALLED, ", at ", "");
	put_fact(out, trail, RGW_STEP_NAS, ", NAS ", "");
	put_fact(out, trail, RGW_STEP_NAS_ADDRESS, ", NAS ", "");
	if (rgw_trail_first(trail, RGW_STEP_ASKER, &len) == NULL) {
		put_fact(out, trail, RGW_STEP_FROM, ", from the address ", ", which belongs to no client");
		return;
	}
	put_fact(out, trail, RGW_STEP_ASKER, trail->is_peer ? ", from the peer " : ", from the client ", "");
	put_fact(out, trail, RGW_STEP_FROM, " (", ")");
}

/* ---- steps ---- */

static const char *
failure(uint32_t how)
{
	static const char *const texts[] = {
		[RGW_FAIL_FULL] = "has no room for it",
		[RGW_FAIL_QUEUE_TIME] = "had no connection for it in time",
		[RGW_FAIL_NO_ANSWER] = "did not answer in time",
		[RGW_FAIL_REFUSED] = "says that it cannot serve it",
		[RGW_FAIL_OVER_SHARE] = "was not asked, since whoever asked holds more than its share of memory",
		[RGW_FAIL_TOO_BIG] = "was not asked, since a rewrite would make the packet too big",
	};

	return how < sizeof texts / sizeof texts[0] ? texts[how] : "came to nothing";
}

static void
put_quoted(FILE *out, const char *before, const struct rgw_trail_step *s, const char *after)
{
	fputs(before, out);
	rgw_story_octets(out, s->text, s->len);
	fputs(after, out);
}

static void
put_answer(FILE *out, const struct rgw_trail_step *s)
{
	put_quoted(out, "", s, " answered with ");
	fputs(rgw_code_name(s->number), out);
	if (s->second != 0)
		fprintf(out, ", Error-Cause %u", s->second);
	fputc('.', out);
}

static void
put_sent(FILE *out, const struct rgw_trail_step *s)
{
	put_quoted(out, "It was sent to ", s, "");
	if (s->number != 0)
		fprintf(out, " on connection %u", s->number);
	else
		fputs(" over UDP", out);
	fprintf(out, ", with the identifier %u.", s->second);
}

void
rgw_story_step(FILE *out, const struct rgw_trail_step *s)
{
	switch (s->what) {
	case RGW_STEP_REWRITE:
		put_quoted(out, "The rewrite ", s, " changed a packet.");
		break;
	case RGW_STEP_RULE:
		put_quoted(out, "The section [realm ", s, "] matched.");
		break;
	case RGW_STEP_POOL:
		put_quoted(out, "It was to go to ", s, ".");
		break;
	case RGW_STEP_TRIES:
		put_quoted(out, "", s, " was chosen.");
		break;
	case RGW_STEP_WAITS:
		put_quoted(out, s->len > 0 ? "There was no connection, so it waited; connecting failed last: "
		                           : "No connection took it, so it waited", s, ".");
		break;
	case RGW_STEP_SENT:
		put_sent(out, s);
		break;
	case RGW_STEP_LOST:
		put_quoted(out, s->len > 0 ? "Its connection was lost or doubted: " : "Its connection was lost", s,
		    ".");
		break;
	case RGW_STEP_FAILED:
		put_quoted(out, "", s, " ");
		fputs(failure(s->number), out);
		fputs(s->second == 502 ? ": it knows no way (Error-Cause 502)." : ".", out);
		break;
	case RGW_STEP_ANSWER:
		put_answer(out, s);
		break;
	case RGW_STEP_MESSAGE:
		put_quoted(out, "Its message for the user is \"", s, "\".");
		break;
	default:
		break;
	}
}

static void
put_steps(FILE *out, const struct rgw_trail *trail)
{
	struct rgw_trail_step s = { 0 };

	while (rgw_trail_next(trail, &s)) {
		if (s.what < RGW_STEP_REWRITE)
			continue;
		fprintf(out, "  after %6" PRIu64 " ms  ", (uint64_t)s.after);
		rgw_story_step(out, &s);
		fputc('\n', out);
	}
	if (trail->cut)
		fputs("  More happened than is remembered.\n", out);
}

/* ---- its end ---- */

/* The help of a counter is about all that it counts. */
static const char *
reason_text(unsigned how)
{
	const char *help = rgw_counter_help(how);
	const char *colon = strstr(help, ": ");

	return colon != NULL ? colon + 2 : help;
}

void
rgw_story_end(FILE *out, unsigned how, enum rgw_result result)
{
	static const char *const texts[RGW_RESULTS] = {
		[RGW_RESULT_ACCEPT] = "was an Access-Accept",
		[RGW_RESULT_REJECT] = "was an Access-Reject",
		[RGW_RESULT_CHALLENGE] = "was an Access-Challenge: the login goes on with another round",
		[RGW_RESULT_ACKNOWLEDGED] = "was an acknowledgement of the record",
		[RGW_RESULT_ERROR] = "was a Protocol-Error",
		[RGW_RESULT_TIMEOUT] = "never came",
		[RGW_RESULT_DROPPED] = "was never made: the request was dropped",
	};

	fprintf(out, "The answer to whoever asked %s", texts[result]);
	if (how != RGW_CTR_request_answered)
		fprintf(out, ". Reason: %s (%s)", reason_text(how), rgw_reason_name(how));
	fputs(".\n", out);
}

static void
put_end(FILE *out, const struct rgw_trail *trail, const struct rgw_wall *wall)
{
	rgw_ms end = trail->result == RGW_RESULT_OPEN ? wall->now : trail->ended;

	fprintf(out, "  after %6" PRIu64 " ms  ", (uint64_t)(end - trail->began));
	if (trail->result == RGW_RESULT_OPEN)
		fputs("It is still being worked on.\n", out);
	else
		rgw_story_end(out, trail->how, trail->result);
}

static void
tell_drop(FILE *out, const struct rgw_trail *trail, const struct rgw_wall *wall)
{
	char id[RGW_TRAIL_ID], when[RGW_WALL_TEXT];

	fprintf(out, "Packets %s were dropped %u time%s, the last one at %s", rgw_trail_id(trail, id), trail->times,
	    trail->times == 1 ? "" : "s", rgw_wall_text(wall, trail->began, when));
	if (trail->code != 0)
		fprintf(out, ": it was an %s", rgw_code_name(trail->code));
	put_facts(out, trail);
	fprintf(out, ".\n  Reason: %s (%s).\n", reason_text(trail->how), rgw_reason_name(trail->how));
}

void
rgw_story_tell(FILE *out, const struct rgw_trail *trail, const struct rgw_wall *wall)
{
	char id[RGW_TRAIL_ID], when[RGW_WALL_TEXT];

	if (trail->times > 0) {
		tell_drop(out, trail, wall);
		return;
	}
	fprintf(out, "Request %s came at %s: an %s", rgw_trail_id(trail, id), rgw_wall_text(wall, trail->began, when),
	    rgw_code_name(trail->code));
	put_facts(out, trail);
	fputs(".\n", out);
	if (trail->conversation != 0)
		fprintf(out, "  It is round %u of the conversation %016" PRIx64 ".\n", trail->rounds,
		    trail->conversation);
	put_steps(out, trail);
	put_end(out, trail, wall);
}
