/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_ADOPTION_H
#define RADSECGW_APP_ADOPTION_H

#include "snapshot.h"
#include "worker.h"

/*
 * An adoption is a configuration as it lives in all workers: from the moment when they are to take it up until nothing
 * that began under it is left in any of them; then it frees itself. It belongs to the thread of the process.
 */
struct rgw_adoption;

/* Who takes configurations up, and who is told; all pointers are borrowed. */
struct rgw_adopters {
	struct rgw_worker *const *workers;
	uint32_t n_workers;
	/* All workers have done what they were asked. */
	void (*done)(void *ctx, struct rgw_adoption *adoption);
	void *ctx;
};

/* Takes over the changes, one for each worker, and their array, and takes a reference to the snapshot of its own. One
 * of the next three must follow. */
struct rgw_adoption *rgw_adoption_new(const struct rgw_adopters *by, struct rgw_worker_change **changes,
    struct rgw_snapshot *snapshot) RGW_MUST_USE;
/* The workers take it up, before they run; nobody is told. */
void rgw_adoption_start(struct rgw_adoption *adoption);
/* The workers are asked to take it up. */
void rgw_adoption_switch(struct rgw_adoption *adoption);
/* The workers are asked to throw it away, and then it is freed. */
void rgw_adoption_discard(struct rgw_adoption *adoption);

#endif
