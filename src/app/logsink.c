/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/logsink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "radsecgw/mem.h"

/*
 * A log sink writes the lines of the log to standard error, a file or syslog. The process owns it, and all
 * workers write to it.
 */

enum kind { TO_STDERR, TO_SYSLOG, TO_FILE };

struct rgw_logsink {
	enum kind kind;
	char *path;            /* owned: of the file */
	pthread_mutex_t lock;  /* of the descriptor, and of the moment between asking it and writing */
	int fd;
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
	pthread_mutex_init(&s->lock, NULL);
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
	struct rgw_logsink old = { .kind = s->kind, .path = s->path, .fd = s->fd };

	pthread_mutex_lock(&s->lock);
	s->kind = other->kind;
	s->path = other->path;
	s->fd = other->fd;
	pthread_mutex_unlock(&s->lock);
	other->kind = old.kind;
	other->path = old.path;
	other->fd = old.fd;
	rgw_logsink_close(other);
}

void
rgw_logsink_close(struct rgw_logsink *s)
{
	if (s == NULL)
		return;
	if (s->kind != TO_STDERR)
		close(s->fd);
	pthread_mutex_destroy(&s->lock);
	free(s->path);
	free(s);
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

bool
rgw_logsink_write(void *ctx, enum rgw_log_level level, const char *line, size_t len)
{
	struct rgw_logsink *s = ctx;
	bool taken;

	pthread_mutex_lock(&s->lock);
	taken = s->kind == TO_SYSLOG ? write_syslog(s, level, line, len) : write_if_ready(s, line, len);
	pthread_mutex_unlock(&s->lock);
	return taken;
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
