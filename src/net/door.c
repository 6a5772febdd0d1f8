/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "door.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "radsecgw/mem.h"
#include "accept.h"

/* Connections taken in one turn of the loop. */
#define ACCEPT_ROUNDS 8

/* When descriptors or memory are out, this long until the next attempt. */
#define RETRY_S 0.5

#define BACKLOG 64

struct rgw_door {
	struct ev_loop *loop;  /* borrowed */
	rgw_door_take *take;
	void *ctx;             /* borrowed */
	int fd;
	char *path;            /* owned: to be removed at the end; NULL for TCP */
	dev_t dev;             /* of the file at `path`, so that no other is removed */
	ino_t ino;
	ev_io readable;
	ev_timer retry;
};

/* ---- taking connections ---- */

static bool
identify(int fd, const struct sockaddr_storage *sa, struct rgw_visitor *visitor)
{
	struct ucred cred;
	socklen_t len = sizeof cred;

	*visitor = (struct rgw_visitor){ .addr = { .family = 0 } };
	if (sa->ss_family != AF_UNIX)
		return rgw_addr_from_sockaddr(&visitor->addr, (const struct sockaddr *)sa);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return false;
	visitor->uid = cred.uid;
	return true;
}

static void
on_acceptable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct rgw_door *door = w->data;

	(void)revents;
	for (int round = 0; round < ACCEPT_ROUNDS; round++) {
		struct sockaddr_storage sa = { .ss_family = AF_UNIX };
		socklen_t len = sizeof sa;
		int fd = accept4(door->fd, (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		struct rgw_visitor visitor;

		if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (fd < 0 && rgw_accept_is_out(errno)) {
			ev_io_stop(loop, w);
			ev_timer_set(&door->retry, RETRY_S, 0);
			ev_timer_start(loop, &door->retry);
			return;
		}
		if (fd < 0)
			continue;
		if (identify(fd, &sa, &visitor))
			door->take(door->ctx, fd, &visitor);
		else
			close(fd);
	}
}

static void
on_retry(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct rgw_door *door = w->data;

	(void)revents;
	ev_io_start(loop, &door->readable);
}

/* ---- opening ---- */

struct rgw_door *
rgw_door_new(struct ev_loop *loop, rgw_door_take *take, void *ctx)
{
	struct rgw_door *door = rgw_xcalloc(1, sizeof *door);

	*door = (struct rgw_door){ .loop = loop, .take = take, .ctx = ctx, .fd = -1 };
	ev_timer_init(&door->retry, on_retry, RETRY_S, 0);
	ev_io_init(&door->readable, on_acceptable, -1, EV_READ);
	door->retry.data = door->readable.data = door;
	return door;
}

/* Says what has failed, with the reason that the system gives. */
static bool
failed(char *why, size_t size, const char *what, const char *where)
{
	snprintf(why, size, "%s %s: %s", what, where, strerror(errno));
	return false;
}

static bool
start(struct rgw_door *door, const char *where, char *why, size_t size)
{
	if (listen(door->fd, BACKLOG) != 0)
		return failed(why, size, "cannot listen on", where);
	ev_io_set(&door->readable, door->fd, EV_READ);
	ev_io_start(door->loop, &door->readable);
	return true;
}

/* Removes a socket that a process has left behind. Whatever else has this name stays, and makes it fail. */
static bool
clear_stale(const struct sockaddr_un *sun, char *why, size_t size)
{
	const char *path = sun->sun_path;
	struct stat st;
	int fd, error;

	if (lstat(path, &st) != 0)
		return errno == ENOENT || failed(why, size, "cannot look at the socket", path);
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(why, size, "%s exists and is no socket", path);
		return false;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return failed(why, size, "cannot make a socket for", path);
	error = connect(fd, (const struct sockaddr *)sun, sizeof *sun) == 0 ? 0 : errno;
	close(fd);
	if (error == 0 || error == EAGAIN) {
		snprintf(why, size, "another process serves the socket %s", path);
		return false;
	}
	if (error != ECONNREFUSED) {
		errno = error;
		return failed(why, size, "cannot find out whether somebody serves the socket", path);
	}
	return unlink(path) == 0 || failed(why, size, "cannot remove the old socket", path);
}

/* Gives the file its owner and then its mode, neither of which may go to the target of a symbolic link. */
static bool
adorn(struct rgw_door *door, const struct rgw_http_unix *place, char *why, size_t size)
{
	struct stat st;

	if (lstat(place->path, &st) != 0)
		return failed(why, size, "cannot look at the socket", place->path);
	door->dev = st.st_dev;
	door->ino = st.st_ino;
	if (lchown(place->path, place->uid, place->gid) != 0)
		return failed(why, size, "cannot set the owner of the socket", place->path);
	if (fchmodat(AT_FDCWD, place->path, place->mode, AT_SYMLINK_NOFOLLOW) != 0)
		return failed(why, size, "cannot set the mode of the socket", place->path);
	return true;
}

bool
rgw_door_open_unix(struct rgw_door *door, const struct rgw_http_unix *place, char *why, size_t size)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = strlen(place->path);

	if (len == 0 || len >= sizeof sun.sun_path) {
		snprintf(why, size, "the path of the socket must have 1 to %zu octets, not %zu",
		    sizeof sun.sun_path - 1, len);
		return false;
	}
	memcpy(sun.sun_path, place->path, len);
	if (!clear_stale(&sun, why, size))
		return false;
	door->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* The file gets the mode of the descriptor, so that nobody comes in before it has its owner. */
	if (door->fd < 0 || fchmod(door->fd, 0600) != 0)
		return failed(why, size, "cannot make the socket", place->path);
	if (bind(door->fd, (struct sockaddr *)&sun, sizeof sun) != 0)
		return failed(why, size, "cannot make the socket", place->path);
	door->path = rgw_xstrdup(place->path);
	return adorn(door, place, why, size) && start(door, place->path, why, size);
}

bool
rgw_door_open_tcp(struct rgw_door *door, const struct rgw_addr *addr, char *why, size_t size)
{
	struct sockaddr_storage sa;
	unsigned len = rgw_addr_to_sockaddr(addr, &sa);
	char where[RGW_ADDR_TEXT];
	int yes = 1, no = 0;

	rgw_addr_format(addr, where);
	door->fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (door->fd < 0)
		return failed(why, size, "cannot make a socket for", where);
	if (setsockopt(door->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0)
		return failed(why, size, "cannot set up the socket for", where);
	/* The wildcard of IPv6 is that of IPv4, too, whatever the system's default is. */
	if (sa.ss_family == AF_INET6 && setsockopt(door->fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no) != 0)
		return failed(why, size, "cannot set up the socket for", where);
	if (bind(door->fd, (struct sockaddr *)&sa, len) != 0)
		return failed(why, size, "cannot listen on", where);
	return start(door, where, why, size);
}

struct rgw_addr
rgw_door_addr(const struct rgw_door *door)
{
	struct rgw_addr addr = { .family = 0 };
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;

	if (door->fd < 0 || getsockname(door->fd, (struct sockaddr *)&sa, &len) != 0 ||
	    !rgw_addr_from_sockaddr(&addr, (struct sockaddr *)&sa))
		addr.family = 0;
	return addr;
}

void
rgw_door_free(struct rgw_door *door)
{
	struct stat st;

	if (door == NULL)
		return;
	ev_io_stop(door->loop, &door->readable);
	ev_timer_stop(door->loop, &door->retry);
	if (door->path != NULL && lstat(door->path, &st) == 0 && st.st_dev == door->dev && st.st_ino == door->ino)
		(void)unlink(door->path);
	if (door->fd >= 0)
		close(door->fd);
	free(door->path);
	free(door);
}
