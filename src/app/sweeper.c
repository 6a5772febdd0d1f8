/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sweeper.h"

#include <stdlib.h>

#include "radsecgw/confread.h"
#include "radsecgw/mem.h"
#include "radsecgw/thread.h"

/* Frees configurations where no traffic waits for it (see sweeper.h). */

static void *
sweep(void *arg)
{
	struct rgw_sweeper *s = arg;

	rgw_conf_free(s->sweeping);
	rgw_inbox_put(s->home, &s->swept);
	return NULL;
}

/* Starts a thread for what has waited longest. */
static void
go_on(struct rgw_sweeper *s)
{
	if (s->sweeping != NULL || s->n == 0)
		return;
	s->sweeping = s->confs[0];
	for (size_t i = 1; i < s->n; i++)
		s->confs[i - 1] = s->confs[i];
	s->n--;
	if (rgw_thread_start(&s->thread, "sweeper", sweep, s))
		return;
	rgw_conf_free(s->sweeping);
	s->sweeping = NULL;
	go_on(s);
}

static void
join(struct rgw_sweeper *s)
{
	if (s->sweeping != NULL)
		pthread_join(s->thread, NULL);
	s->sweeping = NULL;
}

static void
on_swept(struct rgw_job *job)
{
	struct rgw_sweeper *s = RGW_CONTAINER(job, struct rgw_sweeper, swept);

	join(s);
	go_on(s);
}

void
rgw_sweeper_init(struct rgw_sweeper *s, struct rgw_inbox *home)
{
	*s = (struct rgw_sweeper){ .home = home, .swept = { .done = on_swept } };
}

void
rgw_sweeper_take(struct rgw_sweeper *s, struct rgw_conf *conf)
{
	if (s->home == NULL) {
		rgw_conf_free(conf);
		return;
	}
	s->confs = rgw_xrealloc(s->confs, (s->n + 1) * sizeof(struct rgw_conf *));
	s->confs[s->n++] = conf;
	go_on(s);
}

void
rgw_sweeper_stop(struct rgw_sweeper *s)
{
	join(s);
	s->home = NULL;
	for (size_t i = 0; i < s->n; i++)
		rgw_conf_free(s->confs[i]);
	s->n = 0;
	free(s->confs);
	s->confs = NULL;
}
