/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inbox.h"

/* The place where jobs of other threads arrive (see inbox.h). */

static void
on_arrived(struct ev_loop *loop, ev_async *w, int revents)
{
	struct rgw_inbox *inbox = w->data;
	struct rgw_job *job;

	(void)loop;
	(void)revents;
	while ((job = rgw_inbox_next(inbox)) != NULL)
		inbox->take(inbox->ctx, job);
}

void
rgw_inbox_open(struct rgw_inbox *inbox, struct ev_loop *loop, void (*take)(void *ctx, struct rgw_job *job), void *ctx)
{
	inbox->loop = loop;
	inbox->take = take;
	inbox->ctx = ctx;
	pthread_mutex_init(&inbox->lock, NULL);
	rgw_link_init(&inbox->jobs);
	ev_async_init(&inbox->arrived, on_arrived);
	inbox->arrived.data = inbox;
	ev_async_start(loop, &inbox->arrived);
}

void
rgw_inbox_close(struct rgw_inbox *inbox)
{
	ev_async_stop(inbox->loop, &inbox->arrived);
	pthread_mutex_destroy(&inbox->lock);
}

void
rgw_inbox_put(struct rgw_inbox *inbox, struct rgw_job *job)
{
	pthread_mutex_lock(&inbox->lock);
	rgw_list_append(&inbox->jobs, &job->link);
	pthread_mutex_unlock(&inbox->lock);
	ev_async_send(inbox->loop, &inbox->arrived);
}

struct rgw_job *
rgw_inbox_next(struct rgw_inbox *inbox)
{
	struct rgw_link *l;

	pthread_mutex_lock(&inbox->lock);
	l = rgw_list_pop(&inbox->jobs);
	pthread_mutex_unlock(&inbox->lock);
	return l != NULL ? RGW_CONTAINER(l, struct rgw_job, link) : NULL;
}
