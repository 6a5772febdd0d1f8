/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "requests.h"

#include <string.h>

/* An entry is what a request is known by while it is worked on, and for a while after its answer (P-DUP-1 to 7). The
 * duplicate cache owns entries; an entry owns its request while there is one, and then the answer. */

/* The number of times that an answer is sent again at the most. Whoever waits for the answer repeats its request less
 * often than that while the answer is kept; but somebody else can repeat the request, too, in the client's name, and
 * must not be able to make us flood the client. Each answer has a limit of its own, so that nobody who does so takes
 * anything from those who wait for other answers. */
#define ANSWER_REPEATS 10

static struct rgw_entry *
entry_of(struct rgw_dup *dup)
{
	return dup != NULL ? RGW_CONTAINER(dup, struct rgw_entry, dup) : NULL;
}

bool
rgw_entry_forget_oldest(struct rgw_gw *gw, enum rgw_counter why)
{
	struct rgw_entry *oldest = entry_of(rgw_dupcache_oldest(&gw->dups));

	if (oldest == NULL)
		return false;
	rgw_count(gw, why);
	rgw_entry_free(gw, oldest);
	return true;
}

struct rgw_entry *
rgw_entry_new(struct rgw_gw *gw, const struct rgw_dupkey *key, const uint8_t *auth, rgw_ms now)
{
	struct rgw_entry *entry = entry_of(rgw_dupcache_add(&gw->dups, key, auth, now));

	/* Kept answers give way, the oldest first: a client that has its answer seldom asks again. If the limit has
	 * become smaller, more than one gives way. */
	while (entry == NULL && rgw_entry_forget_oldest(gw, RGW_CTR_answers_forgotten))
		entry = entry_of(rgw_dupcache_add(&gw->dups, key, auth, now));
	if (entry != NULL)
		rgw_link_init(&entry->origin_link);
	return entry;
}

void
rgw_entry_free(struct rgw_gw *gw, struct rgw_entry *entry)
{
	gw->kept -= entry->kept;
	rgw_link_remove(&entry->origin_link);
	rgw_bufs_put(&gw->bufs, entry->answer, entry->answer_len);
	rgw_dupcache_remove(&gw->dups, &entry->dup);
}

bool
rgw_entry_keep(struct rgw_gw *gw, struct rgw_entry *entry, const struct rgw_outgoing *answer, rgw_ms now)
{
	entry->answer = rgw_bufs_get(&gw->bufs, answer->len);
	if (entry->answer == NULL)
		return false;
	memcpy(entry->answer, answer->data, answer->len);
	entry->answer_len = (uint16_t)answer->len;
	entry->answer_is_signed = answer->secret == NULL;
	rgw_entry_mute(gw, entry, now);
	return true;
}

void
rgw_entry_mute(struct rgw_gw *gw, struct rgw_entry *entry, rgw_ms now)
{
	entry->req = NULL;
	rgw_dupcache_answered(&gw->dups, &entry->dup, now);
	rgw_memory_keep(gw, entry);
}

static void
on_too_many(struct rgw_gw *gw, const struct rgw_origin *origin)
{
	const char *name = rgw_origin_name(origin);

	rgw_count(gw, RGW_CTR_duplicate_too_many);
	RGW_LOG(gw->log, RGW_LOG_WARNING, "duplicates-too-many", name,
	    "dropped: the answer to this request has been sent again often enough; does somebody repeat what "
	    "the client has sent?",
	    rgw_f_origin(origin), rgw_f_addr("from", &origin->remote));
}

/* The octets of a request without Message-Authenticator do not show which secret they were made with, so the previous
 * one may have been the secret when the request came first. */
const struct rgw_secret *
rgw_entry_secret(const struct rgw_entry *entry, const struct rgw_side *side)
{
	if (rgw_secret_mark(side->secret) == entry->secret)
		return side->secret;
	return side->previous != NULL && rgw_secret_mark(side->previous) == entry->secret ? side->previous : NULL;
}

void
rgw_entry_repeat(struct rgw_gw *gw, struct rgw_entry *entry, const struct rgw_origin *origin)
{
	if (entry->answer == NULL) {
		rgw_count(gw, RGW_CTR_duplicate_absorbed);
		return;
	}
	if (entry->repeats == ANSWER_REPEATS) {
		on_too_many(gw, origin);
		return;
	}
	entry->repeats++;
	rgw_count(gw, RGW_CTR_duplicate_replayed);
	(void)origin->door->send(gw, origin, &(struct rgw_outgoing){ entry->answer, entry->answer_len,
		entry->answer_is_signed ? NULL : rgw_entry_secret(entry, &origin->side) });
}

void
rgw_entry_end(struct rgw_gw *gw, struct rgw_entry *entry, enum rgw_counter how, rgw_ms now)
{
	if (entry->req != NULL)
		rgw_req_end(gw, entry->req, how, now);
	else
		rgw_entry_free(gw, entry);
}

void
rgw_entries_expire(struct rgw_gw *gw, rgw_ms now)
{
	struct rgw_dup *dup;

	while ((dup = rgw_dupcache_expired(&gw->dups, now)) != NULL) {
		struct rgw_entry *entry = entry_of(dup);

		if (entry->req != NULL)
			rgw_req_time_out(gw, entry->req, now);
		else
			rgw_entry_free(gw, entry);
	}
}

void
rgw_entries_end(struct rgw_gw *gw, rgw_ms now)
{
	struct rgw_dup *dup;

	while ((dup = rgw_cache_first(&gw->dups.pending)) != NULL)
		rgw_entry_end(gw, entry_of(dup), RGW_CTR_request_abandoned, now);
	while ((dup = rgw_dupcache_oldest(&gw->dups)) != NULL)
		rgw_entry_free(gw, entry_of(dup));
}
