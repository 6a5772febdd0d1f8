/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "adoption.h"

#include <stdlib.h>

#include "radsecgw/mem.h"

/* A configuration in all workers (see adoption.h). */

/* What concerns one worker. */
struct rgw_adoption_part {
	struct rgw_job job;
	struct rgw_adoption *adoption;     /* borrowed: the owner */
	struct rgw_worker_change *change;  /* owned; NULL = freed already */
};

struct rgw_adoption {
	struct rgw_adopters by;
	struct rgw_snapshot *snapshot;    /* a reference */
	struct rgw_adoption_part *parts;  /* owned: one for each worker */
	uint32_t n_asked;                 /* workers that have not done yet what they were asked */
	uint32_t n_over;                  /* workers in which it is over */
};

static void
adoption_free(struct rgw_adoption *a)
{
	for (uint32_t i = 0; i < a->by.n_workers; i++)
		rgw_worker_change_free(a->parts[i].change);
	rgw_snapshot_drop(a->snapshot);
	free(a->parts);
	free(a);
}

/* It is over in one more worker. */
static void
on_over(void *ctx)
{
	struct rgw_adoption *a = ctx;

	if (++a->n_over == a->by.n_workers)
		adoption_free(a);
}

/* ---- what a worker is asked ---- */

static struct rgw_adoption_part *
part_of(struct rgw_job *job)
{
	return RGW_CONTAINER(job, struct rgw_adoption_part, job);
}

static bool
adopt(struct rgw_worker *worker, struct rgw_job *job)
{
	struct rgw_adoption_part *part = part_of(job);

	rgw_worker_adopt(worker, part->change, on_over, part->adoption);
	return true;
}

static bool
discard(struct rgw_worker *worker, struct rgw_job *job)
{
	struct rgw_adoption_part *part = part_of(job);

	(void)worker;
	rgw_worker_change_free(part->change);
	part->change = NULL;
	return true;
}

static void
on_done(struct rgw_job *job)
{
	struct rgw_adoption_part *part = part_of(job);
	struct rgw_adoption *a = part->adoption;
	bool adopted = job->run == adopt && job->was_run;

	/* If the worker ended first, no thread has the change any more. */
	if (!adopted) {
		rgw_worker_change_free(part->change);
		part->change = NULL;
	}
	if (--a->n_asked == 0)
		a->by.done(a->by.ctx, a);
	if (!adopted)
		on_over(a);
}

static void
ask_all(struct rgw_adoption *a, bool (*run)(struct rgw_worker *worker, struct rgw_job *job))
{
	a->n_asked = a->by.n_workers;
	for (uint32_t i = 0; i < a->by.n_workers; i++) {
		a->parts[i].job.run = run;
		a->parts[i].job.done = on_done;
		rgw_worker_post(a->by.workers[i], &a->parts[i].job);
	}
}

/* ---- its life ---- */

struct rgw_adoption *
rgw_adoption_new(const struct rgw_adopters *by, struct rgw_worker_change **changes, struct rgw_snapshot *snapshot)
{
	struct rgw_adoption *a = rgw_xcalloc(1, sizeof *a);

	a->by = *by;
	a->snapshot = rgw_snapshot_hold(snapshot);
	a->parts = rgw_xcalloc(by->n_workers, sizeof *a->parts);
	for (uint32_t i = 0; i < by->n_workers; i++) {
		a->parts[i].adoption = a;
		a->parts[i].change = changes[i];
	}
	free(changes);
	return a;
}

void
rgw_adoption_start(struct rgw_adoption *a)
{
	for (uint32_t i = 0; i < a->by.n_workers; i++)
		rgw_worker_adopt(a->by.workers[i], a->parts[i].change, on_over, a);
}

void
rgw_adoption_switch(struct rgw_adoption *a)
{
	ask_all(a, adopt);
}

void
rgw_adoption_discard(struct rgw_adoption *a)
{
	ask_all(a, discard);
}
