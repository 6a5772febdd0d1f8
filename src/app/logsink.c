/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/logsink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "radsecgw/mem.h"
#include "radsecgw/thread.h"
#include "warnings.h"

/*
 * A log sink writes the lines of the log to standard error, a file or syslog. The process owns it, and all
 * workers write to it. Once it has been started, lines are put into a buffer of bounded size, and a thread of its own
 * takes them all together from there: whatever the target makes it wait for, nobody else waits.
 */

/* Octets of lines that may wait, and as many may be on their way to the target. */
#define WAITING_OCTETS (512u << 10)

/* Lines that are written together at the most. */
#define TOGETHER 64

/* How long lines gather, so that many are written together, and how long a target gets that takes nothing. */
#define GATHER_NS 1000000
#define RETRY_NS 50000000

/* How often it is tried once more at the end. */
#define LAST_TRIES 20

enum kind { TO_STDERR, TO_SYSLOG, TO_FILE };

/* What stands before each line in a buffer. */
struct head {
	uint16_t len;
	uint8_t level;
};

struct buffer {
	char *octets;   /* owned: WAITING_OCTETS of them */
	size_t len;
	size_t at;      /* where the first line begins that the target has not taken ... */
	size_t part;    /* ... and how much of it was taken */
};

struct rgw_logsink {
	enum kind kind;
	char *path;            /* owned: of the file */
	pthread_mutex_t lock;  /* of the descriptor, and of the moment between asking it and writing */
	int fd;
	int raw;               /* socket of syslog for messages that are whole; -1 = there was none yet */
	bool is_started;       /* there is a thread: only for the owner, and before others write */
	pthread_t thread;
	pthread_mutex_t gate;  /* of the next five */
	pthread_cond_t more;
	struct buffer waiting;
	bool idle;             /* the thread waits for a line */
	bool stopping;
	struct buffer leaving; /* the thread's own */
	struct rgw_warnings *warnings;  /* owned */
};

#define SYSLOG_SOCKET "/dev/log"

static int
open_syslog(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX, .sun_path = SYSLOG_SOCKET };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&sun, sizeof sun) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640);
}

struct rgw_logsink *
rgw_logsink_open(const char *target)
{
	struct rgw_logsink *s = rgw_xcalloc(1, sizeof *s);

	if (strcmp(target, "stderr") == 0) {
		s->fd = STDERR_FILENO;
	} else if (strcmp(target, "syslog") == 0) {
		s->kind = TO_SYSLOG;
		s->fd = open_syslog();
	} else {
		s->kind = TO_FILE;
		s->path = rgw_xstrdup(target);
		s->fd = open_file(target);
	}
	if (s->fd < 0) {
		free(s->path);
		free(s);
		return NULL;
	}
	s->raw = -1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_init(&s->gate, NULL);
	pthread_cond_init(&s->more, NULL);
	s->warnings = rgw_warnings_new();
	return s;
}

bool
rgw_logsink_reopen(struct rgw_logsink *s)
{
	int fd, old;

	if (s->kind != TO_FILE)
		return true;
	fd = open_file(s->path);
	if (fd < 0)
		return false;
	pthread_mutex_lock(&s->lock);
	old = s->fd;
	s->fd = fd;
	pthread_mutex_unlock(&s->lock);
	close(old);
	return true;
}

void
rgw_logsink_become(struct rgw_logsink *s, struct rgw_logsink *other)
{
	enum kind kind;
	char *path;
	int fd;

	pthread_mutex_lock(&s->lock);
	kind = s->kind;
	path = s->path;
	fd = s->fd;
	s->kind = other->kind;
	s->path = other->path;
	s->fd = other->fd;
	pthread_mutex_unlock(&s->lock);
	other->kind = kind;
	other->path = path;
	other->fd = fd;
	rgw_logsink_close(other);
}

/* RFC 3164 as local syslog daemons read it: priority, then the tag; they add time and host. */
static bool
write_syslog(struct rgw_logsink *s, enum rgw_log_level level, const char *line, size_t len)
{
	static const int priorities[] = { LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG };
	char head[48];
	int n = snprintf(head, sizeof head, "<%d>radsecgw[%d]: ", LOG_DAEMON | priorities[level],
	    (int)getpid());
	struct iovec iov[2] = {
		{ head, (size_t)n },
		{ (void *)(uintptr_t)line, len - 1 },  /* without the newline */
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	int fd;

	if (sendmsg(s->fd, &msg, MSG_NOSIGNAL) >= 0)
		return true;
	if (errno == EAGAIN)
		return false;
	/* A syslog daemon that was restarted has a new socket, so connect again. */
	fd = open_syslog();
	if (fd < 0)
		return false;
	close(s->fd);
	s->fd = fd;
	return sendmsg(s->fd, &msg, MSG_NOSIGNAL) >= 0;
}

bool
rgw_logsink_syslog(void *ctx, const char *message, size_t len)
{
	struct rgw_logsink *s = ctx;
	bool sent = false;

	pthread_mutex_lock(&s->lock);
	/* The second time is with a new socket, since the daemon may have been restarted. */
	for (unsigned i = 0; i < 2 && !sent; i++) {
		if (s->raw < 0)
			s->raw = open_syslog();
		sent = s->raw >= 0 && send(s->raw, message, len, MSG_NOSIGNAL) >= 0;
		if (sent || (s->raw >= 0 && errno == EAGAIN))
			break;
		if (s->raw >= 0)
			close(s->raw);
		s->raw = -1;
	}
	pthread_mutex_unlock(&s->lock);
	return sent;
}

/* A pipe that is ready takes PIPE_BUF octets without waiting, and no line is longer. Making it
 * non-blocking would change it for whoever else has it open. */
static bool
write_if_ready(struct rgw_logsink *s, const char *line, size_t len)
{
	struct pollfd pfd = { .fd = s->fd, .events = POLLOUT };

	if (poll(&pfd, 1, 0) != 1 || (pfd.revents & POLLOUT) == 0)
		return false;
	return write(s->fd, line, len) == (ssize_t)len;
}

/* ---- the thread ---- */

static struct head
head_at(const struct buffer *b, size_t at)
{
	struct head head;

	memcpy(&head, b->octets + at, sizeof head);
	return head;
}

static const char *
line_at(const struct buffer *b, size_t at)
{
	return b->octets + at + sizeof(struct head);
}

/* Notes that the target has taken so many octets. */
static void
took(struct buffer *b, size_t n)
{
	while (n > 0) {
		size_t left = head_at(b, b->at).len - b->part;

		if (n < left) {
			b->part += n;
			return;
		}
		n -= left;
		b->at += sizeof(struct head) + head_at(b, b->at).len;
		b->part = 0;
	}
}

/* The lines that are written together: to a pipe, no more than it takes without waiting. */
static int
gather(const struct buffer *b, size_t most, struct iovec iov[static TOGETHER])
{
	size_t octets = 0, part = b->part;
	int n = 0;

	for (size_t at = b->at; at < b->len && n < TOGETHER; at += sizeof(struct head) + head_at(b, at).len) {
		size_t len = head_at(b, at).len - part;

		if (n > 0 && octets + len > most)
			break;
		iov[n++] = (struct iovec){ (void *)(uintptr_t)(line_at(b, at) + part), len };
		octets += len;
		part = 0;
	}
	return n;
}

/* Writes lines to a file or a pipe, without the lock: a disk may take long, and others may want to open another file
 * meanwhile. false = the target has taken nothing. */
static bool
write_some(struct buffer *b, enum kind kind, int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	struct iovec iov[TOGETHER];
	int n = gather(b, kind == TO_FILE ? SIZE_MAX : PIPE_BUF, iov);
	ssize_t taken;

	if (poll(&pfd, 1, 0) != 1 || (pfd.revents & POLLOUT) == 0)
		return false;
	taken = writev(fd, iov, n);
	if (taken > 0)
		took(b, (size_t)taken);
	return taken > 0;
}

static bool
send_one(struct rgw_logsink *s, struct buffer *b)
{
	struct head head = head_at(b, b->at);
	bool sent;

	pthread_mutex_lock(&s->lock);
	sent = s->kind == TO_SYSLOG && write_syslog(s, head.level, line_at(b, b->at), head.len);
	pthread_mutex_unlock(&s->lock);
	if (sent)
		took(b, head.len - b->part);
	return sent;
}

/* Gives the target what it takes at once. false = that is nothing. */
static bool
move_on(struct rgw_logsink *s, struct buffer *b)
{
	enum kind kind;
	bool any;
	int fd;

	pthread_mutex_lock(&s->lock);
	kind = s->kind;
	fd = kind != TO_SYSLOG ? fcntl(s->fd, F_DUPFD_CLOEXEC, 3) : -1;
	pthread_mutex_unlock(&s->lock);
	if (kind == TO_SYSLOG)
		return send_one(s, b);
	any = fd >= 0 && write_some(b, kind, fd);
	if (fd >= 0)
		close(fd);
	return any;
}

static void
pause_for(long nsec)
{
	(void)nanosleep(&(struct timespec){ .tv_nsec = nsec }, NULL);
}

static bool
is_stopping(struct rgw_logsink *s)
{
	bool stopping;

	pthread_mutex_lock(&s->gate);
	stopping = s->stopping;
	pthread_mutex_unlock(&s->gate);
	return stopping;
}

/* Writes all lines that have left the gate. At the end, a target that takes nothing does not get more time. */
static void
write_all(struct rgw_logsink *s, struct buffer *b)
{
	unsigned tries = 0;

	while (b->at < b->len && tries < LAST_TRIES) {
		if (move_on(s, b)) {
			tries = 0;
			continue;
		}
		tries += is_stopping(s);
		pause_for(RETRY_NS);
	}
	b->at = b->len = b->part = 0;
}

/* Waits for lines and takes them. false = the end has come, and there are none. */
static bool
take(struct rgw_logsink *s)
{
	struct buffer empty = s->leaving;
	bool any;

	pthread_mutex_lock(&s->gate);
	s->idle = true;
	while (s->waiting.len == 0 && !s->stopping)
		pthread_cond_wait(&s->more, &s->gate);
	s->idle = false;
	any = s->waiting.len > 0;
	s->leaving = s->waiting;
	s->waiting = empty;
	pthread_mutex_unlock(&s->gate);
	return any;
}

static void *
run(void *arg)
{
	struct rgw_logsink *s = arg;

	while (take(s)) {
		write_all(s, &s->leaving);
		pause_for(GATHER_NS);
	}
	return NULL;
}

bool
rgw_logsink_start(struct rgw_logsink *s)
{
	s->waiting.octets = rgw_xcalloc(1, WAITING_OCTETS);
	s->leaving.octets = rgw_xcalloc(1, WAITING_OCTETS);
	s->is_started = rgw_thread_start(&s->thread, "log", run, s);
	return s->is_started;
}

void
rgw_logsink_stop(struct rgw_logsink *s)
{
	if (!s->is_started)
		return;
	pthread_mutex_lock(&s->gate);
	s->stopping = true;
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->gate);
	pthread_join(s->thread, NULL);
	s->is_started = false;
}

/* ---- lines ---- */

/* Lets a line wait. false = too many wait already. */
static bool
put(struct rgw_logsink *s, enum rgw_log_level level, const char *line, size_t len)
{
	const struct head head = { .len = (uint16_t)len, .level = (uint8_t)level };
	struct buffer *b = &s->waiting;
	bool fits;

	pthread_mutex_lock(&s->gate);
	fits = b->len + sizeof head + len <= WAITING_OCTETS;
	if (fits) {
		memcpy(b->octets + b->len, &head, sizeof head);
		memcpy(b->octets + b->len + sizeof head, line, len);
		b->len += sizeof head + len;
	}
	if (s->idle)
		pthread_cond_signal(&s->more);
	s->idle = false;
	pthread_mutex_unlock(&s->gate);
	return fits;
}

bool
rgw_logsink_write(void *ctx, enum rgw_log_level level, const char *line, size_t len)
{
	struct rgw_logsink *s = ctx;
	bool taken;

	if (s->is_started)
		return put(s, level, line, len);
	pthread_mutex_lock(&s->lock);
	taken = s->kind == TO_SYSLOG ? write_syslog(s, level, line, len) : write_if_ready(s, line, len);
	pthread_mutex_unlock(&s->lock);
	return taken;
}

void
rgw_logsink_hear(void *ctx, const struct rgw_log_heard *heard)
{
	struct rgw_logsink *s = ctx;
	int64_t sec = 0;
	uint32_t nsec = 0;

	rgw_logsink_clock(s, &sec, &nsec);
	rgw_warnings_add(s->warnings, heard, sec);
}

struct rgw_warnings *
rgw_logsink_warnings(struct rgw_logsink *s)
{
	return s->warnings;
}

/* ---- its end ---- */

void
rgw_logsink_close(struct rgw_logsink *s)
{
	if (s == NULL)
		return;
	rgw_logsink_stop(s);
	if (s->kind != TO_STDERR)
		close(s->fd);
	if (s->raw >= 0)
		close(s->raw);
	rgw_warnings_free(s->warnings);
	pthread_mutex_destroy(&s->lock);
	pthread_mutex_destroy(&s->gate);
	pthread_cond_destroy(&s->more);
	free(s->waiting.octets);
	free(s->leaving.octets);
	free(s->path);
	free(s);
}

void
rgw_logsink_clock(void *ctx, int64_t *sec, uint32_t *nsec)
{
	struct timespec ts;

	(void)ctx;
	clock_gettime(CLOCK_REALTIME, &ts);
	*sec = ts.tv_sec;
	*nsec = (uint32_t)ts.tv_nsec;
}
