/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_ADOPTION_H
#define RADSECGW_APP_ADOPTION_H

#include "snapshot.h"
#include "worker.h"

/*
 * An adoption is a configuration as it lives in all workers: from the moment when they are to take it up until nothing
 * that began under it is left in any of them. Its end has two steps: when it is over everywhere, each worker lets go of
 * what went with it, and when all have, it is freed. It belongs to the thread of the process, and the reloader owns it.
 */
struct rgw_adoption;

/* Who takes configurations up, and who is told; all pointers are borrowed. */
struct rgw_adopters {
	struct rgw_worker *const *workers;
	uint32_t n_workers;
	/* What all workers were asked has been done. */
	void (*done)(void *ctx, struct rgw_adoption *adoption);
	/* The adoption is over in all workers: rgw_adoption_release or rgw_adoption_free must follow. */
	void (*over)(void *ctx, struct rgw_adoption *adoption);
	void *ctx;
};

struct rgw_adoption_part;

struct rgw_adoption {
	const struct rgw_adopters *by;    /* borrowed */
	struct rgw_snapshot *snapshot;    /* a reference */
	struct rgw_adoption_part *parts;  /* owned: one for each worker */
	uint32_t n_asked;                 /* workers that have not done yet what they were asked */
	uint32_t n_over;                  /* workers in which it is over */
	struct rgw_link link;             /* among those that are over */
};

/* Takes over the changes, one for each worker, and their array, and takes a reference to the snapshot of its own. */
struct rgw_adoption *rgw_adoption_new(const struct rgw_adopters *by, struct rgw_worker_change **changes,
    struct rgw_snapshot *snapshot) RGW_MUST_USE;

/* The workers take it up, before they run. */
void rgw_adoption_start(struct rgw_adoption *adoption);
/* The workers are asked to take it up ... */
void rgw_adoption_switch(struct rgw_adoption *adoption);
/* ... or to throw it away before they have, ... */
void rgw_adoption_discard(struct rgw_adoption *adoption);
/* ... or, when it is over, to let go of what went with it; no change may be prepared until that is done. */
void rgw_adoption_release(struct rgw_adoption *adoption);
/* Frees it, when it was discarded or released, or is over in workers that have ended. NULL is ignored. */
void rgw_adoption_free(struct rgw_adoption *adoption);

#endif
