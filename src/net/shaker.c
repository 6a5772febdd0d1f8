/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "radsecgw/mem.h"
#include "radsecgw/thread.h"
#include "net_priv.h"
#include "shaker.h"

/* Seconds after which a thread without work ends. */
#define IDLE_S 5

/* Peers that are connected go first when processors are short. */
#define NICENESS 5

struct rgw_shaker {
	struct rgw_net *net;      /* borrowed: the owner */
	ev_async done_watcher;
	pthread_t thread;
	bool started;             /* a thread is to be joined, perhaps one that has ended */
	pthread_mutex_t lock;     /* for all that follows */
	pthread_cond_t changed;
	struct rgw_link waiting;  /* handshakes whose step is to be done, in the order of their coming */
	struct rgw_link done;
	struct rgw_shake *current; /* borrowed: the handshake whose step is being done */
	bool running;
	bool stop;
};

static void
do_step(struct rgw_shake *shake)
{
	rgw_session_feed(shake->session, shake->lent, shake->lent_len);
	shake->result = rgw_session_handshake(shake->session);
}

/* Waits for work. NULL = the thread is to end. */
static struct rgw_shake *
next_job(struct rgw_shaker *s)
{
	struct timespec until;
	struct rgw_link *l;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += IDLE_S;
	while ((l = rgw_list_pop(&s->waiting)) == NULL && !s->stop)
		if (pthread_cond_timedwait(&s->changed, &s->lock, &until) != 0) {
			/* Work may have come in the very moment. */
			l = rgw_list_pop(&s->waiting);
			break;
		}
	return l != NULL && !s->stop ? RGW_CONTAINER(l, struct rgw_shake, job) : NULL;
}

static void *
run(void *arg)
{
	struct rgw_shaker *s = arg;

	(void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICENESS);
	pthread_mutex_lock(&s->lock);
	while ((s->current = next_job(s)) != NULL) {
		pthread_mutex_unlock(&s->lock);
		do_step(s->current);
		pthread_mutex_lock(&s->lock);
		rgw_list_append(&s->done, &s->current->job);
		s->current = NULL;
		ev_async_send(s->net->loop, &s->done_watcher);
	}
	s->running = false;
	ev_async_send(s->net->loop, &s->done_watcher);
	pthread_mutex_unlock(&s->lock);
	rgw_tls_thread_fini();
	return NULL;
}

/* A step is over, and its owner hears of it. What the step read has been consumed by then, or is of no use. */
static void
settle(struct rgw_shake *shake)
{
	uint8_t *lent = shake->lent;

	shake->busy = false;
	shake->lent = NULL;
	shake->stepped(shake);
	free(lent);
}

static void
on_done(struct ev_loop *loop, ev_async *w, int revents)
{
	struct rgw_shaker *s = w->data;
	struct rgw_link *l;
	bool running;

	(void)loop;
	(void)revents;
	for (;;) {
		pthread_mutex_lock(&s->lock);
		l = rgw_list_pop(&s->done);
		running = s->running;
		pthread_mutex_unlock(&s->lock);
		if (l == NULL) {
			if (!running)
				rgw_net_tidy(s->net);
			return;
		}
		settle(RGW_CONTAINER(l, struct rgw_shake, job));
	}
}

struct rgw_shaker *
rgw_shaker_new(struct rgw_net *net)
{
	struct rgw_shaker *s = rgw_xcalloc(1, sizeof *s);
	pthread_condattr_t attr;

	s->net = net;
	rgw_link_init(&s->waiting);
	rgw_link_init(&s->done);
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->changed, &attr);
	pthread_condattr_destroy(&attr);
	ev_async_init(&s->done_watcher, on_done);
	s->done_watcher.data = s;
	ev_async_start(net->loop, &s->done_watcher);
	return s;
}

/* Starts a thread for the work that waits; the thread before it has ended. false = the system gives none. */
static bool
start(struct rgw_shaker *s)
{
	char name[32];

	if (s->started)
		pthread_join(s->thread, NULL);
	snprintf(name, sizeof name, "handshake-%u", s->net->spread.worker + 1);
	s->started = rgw_thread_start(&s->thread, name, run, s);
	return s->started;
}

/* Copies the octets that the step reads, since the buffers of the loop are used by others meanwhile. */
static bool
lend(struct rgw_shake *shake, const uint8_t *data, size_t len)
{
	shake->lent = malloc(len + 1);
	shake->lent_len = len;
	if (shake->lent != NULL && len > 0)
		memcpy(shake->lent, data, len);
	return shake->lent != NULL;
}

bool
rgw_shaker_take(struct rgw_shaker *s, struct rgw_shake *shake, const uint8_t *data, size_t len)
{
	bool running;

	if (!lend(shake, data, len))
		return false;
	shake->busy = true;
	pthread_mutex_lock(&s->lock);
	running = s->running;
	s->running = true;
	rgw_list_append(&s->waiting, &shake->job);
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
	if (running || start(s))
		return true;
	/* Without a thread the step is done here: slower for the others, but done. */
	s->running = false;
	rgw_link_remove(&shake->job);
	do_step(shake);
	rgw_list_append(&s->done, &shake->job);
	ev_async_send(s->net->loop, &s->done_watcher);
	return true;
}

bool
rgw_shaker_give_back(struct rgw_shaker *s, struct rgw_shake *shake)
{
	pthread_mutex_lock(&s->lock);
	if (shake != s->current) {
		rgw_link_remove(&shake->job);
		shake->busy = false;
	}
	pthread_mutex_unlock(&s->lock);
	return !shake->busy;
}

void
rgw_shake_fini(struct rgw_shake *shake)
{
	free(shake->lent);
	shake->lent = NULL;
}

void
rgw_shaker_free(struct rgw_shaker *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
	if (s->started)
		pthread_join(s->thread, NULL);
	/* The outcome of the last step concerns nobody any more, but its connection has to go. */
	on_done(s->net->loop, &s->done_watcher, 0);
	ev_async_stop(s->net->loop, &s->done_watcher);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
