/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "radsecgw/errnotext.h"
#include "radsecgw/mem.h"

/*
 * A file is written under a name of its own, gets its owner and mode, is on the disk, and only then gets its name, by a
 * link, which fails if that name is taken. So there is no moment at which others see half of it or read a secret, and
 * nothing that somebody has put there in between is written over or through.
 */

#define FILE_OCTETS (1024 * 1024)
#define TEMP_NAME 40

static const mode_t modes[] = { [RGW_PUT_PLAIN] = 0640, [RGW_PUT_OPEN] = 0644, [RGW_PUT_SECRET] = 0600 };

static bool
refuse(const struct rgw_folder *f, const char *name, const char *why)
{
	fprintf(f->said, "radsecgw: %s%s%s: %s\n", f->path, name[0] != '\0' ? "/" : "", name, why);
	return false;
}

static bool
refuse_errno(const struct rgw_folder *f, const char *name)
{
	char buf[RGW_ERRNO_TEXT];

	return refuse(f, name, rgw_errno_text(errno, buf));
}

/* Does it belong to root, to us, or to whom the gateway will be? */
static bool
is_ours(const struct rgw_folder *f, uid_t uid)
{
	return uid == 0 || uid == geteuid() || uid == f->uid;
}

/* ---- folders ---- */

/* In a folder where others may replace what we write, nothing is safe. */
static bool
judge_folder(const struct rgw_folder *f)
{
	struct stat st;

	if (fstat(f->fd, &st) != 0)
		return refuse_errno(f, "");
	if (!is_ours(f, st.st_uid))
		return refuse(f, "", "the folder belongs to somebody else");
	if ((st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0)
		return refuse(f, "", "everybody may write to the folder");
	return true;
}

/* A link that a stranger has put there may lead anywhere. */
static bool
judge_link(const struct rgw_folder *f, int at, const char *path)
{
	struct stat st;

	if (fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode) && !is_ours(f, st.st_uid))
		return refuse(f, "", "it is a symbolic link of somebody else");
	return true;
}

bool
rgw_folder_open(struct rgw_folder *f, const char *path, const struct rgw_folder *within, mode_t mode)
{
	int at = within != NULL ? within->fd : AT_FDCWD;
	size_t room = strlen(path) + (within != NULL ? strlen(within->path) : 0) + 2;
	bool made;

	f->fd = -1;
	f->path = rgw_xcalloc(1, room);
	snprintf(f->path, room, "%s%s%s", within != NULL ? within->path : "", within != NULL ? "/" : "", path);
	made = mkdirat(at, path, mode) == 0;
	if (!made && errno != EEXIST)
		return refuse_errno(f, "");
	if (!judge_link(f, at, path))
		return false;
	f->fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->fd < 0)
		return refuse_errno(f, "");
	/* The folder of the configuration stays with root, as that of a package does; those in it are the gateway's. */
	if (made && f->uid != (uid_t)-1 && fchown(f->fd, within != NULL ? f->uid : (uid_t)-1, f->gid) != 0)
		return refuse_errno(f, "");
	if (made && fchmod(f->fd, mode) != 0)
		return refuse_errno(f, "");
	return judge_folder(f);
}

void
rgw_folder_close(struct rgw_folder *f)
{
	if (f->path != NULL && f->fd >= 0)
		close(f->fd);
	free(f->path);
	f->path = NULL;
}

/* ---- what is there ---- */

bool
rgw_folder_has(const struct rgw_folder *f, const char *name)
{
	struct stat st;

	return fstatat(f->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool
read_fd(int fd, struct rgw_strbuf *out)
{
	char chunk[4096];
	ssize_t n;

	rgw_strbuf_add(out, "", 0);
	while ((n = read(fd, chunk, sizeof chunk)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		if (out->n + (size_t)n > FILE_OCTETS) {
			errno = EFBIG;
			n = -1;
			break;
		}
		rgw_strbuf_add(out, chunk, (size_t)n);
	}
	rgw_wipe(chunk, sizeof chunk);
	return n == 0;
}

bool
rgw_folder_read(const struct rgw_folder *f, const char *name, struct rgw_strbuf *out)
{
	int fd = openat(f->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	bool good;

	if (fd < 0 && errno == ELOOP)
		return refuse(f, name, "it is a symbolic link; setup writes and reads through none");
	if (fd < 0)
		return refuse_errno(f, name);
	if (fstat(fd, &st) != 0)
		good = refuse_errno(f, name);
	else if (!S_ISREG(st.st_mode))
		good = refuse(f, name, "it is no file");
	else if (!is_ours(f, st.st_uid))
		good = refuse(f, name, "it belongs to somebody else");
	else
		good = read_fd(fd, out) || refuse_errno(f, name);
	close(fd);
	return good;
}

/* ---- a new file ---- */

static bool
write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

static bool
give(const struct rgw_folder *f, int fd, enum rgw_put_how how)
{
	uid_t uid = how == RGW_PUT_SECRET ? f->uid : (uid_t)-1;

	return (f->uid == (uid_t)-1 || fchown(fd, uid, f->gid) == 0) && fchmod(fd, modes[how]) == 0;
}

/* Gives the file its name. Where there are no links it is moved, though somebody might make another one in between. */
static bool
name_it(const struct rgw_folder *f, const char *temp, const char *name)
{
	if (linkat(f->fd, temp, f->fd, name, 0) == 0)
		return unlinkat(f->fd, temp, 0) == 0;
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK)
		return false;
	if (rgw_folder_has(f, name)) {
		errno = EEXIST;
		return false;
	}
	return renameat(f->fd, temp, f->fd, name) == 0;
}

static bool
make_file(const struct rgw_folder *f, const char *name, const char *text, size_t len, enum rgw_put_how how)
{
	unsigned long long number = 0;
	char temp[TEMP_NAME];
	bool good;
	int saved, fd;

	if (getrandom(&number, sizeof number, 0) != sizeof number)
		return false;
	snprintf(temp, sizeof temp, ".setup-%016llx", number);
	fd = openat(f->fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	good = write_all(fd, text, len) && give(f, fd, how) && fsync(fd) == 0;
	saved = errno;
	if (close(fd) != 0 && good) {
		good = false;
		saved = errno;
	}
	if (good) {
		good = name_it(f, temp, name);
		saved = errno;
	}
	if (!good)
		(void)unlinkat(f->fd, temp, 0);
	errno = saved;
	return good && fsync(f->fd) == 0;
}

static enum rgw_put
put_new(const struct rgw_folder *f, const char *name, const char *text, size_t len, enum rgw_put_how how)
{
	if (!make_file(f, name, text, len, how)) {
		(void)refuse_errno(f, name);
		return RGW_PUT_FAILED;
	}
	fprintf(f->out, "  wrote  %s/%s\n", f->path, name);
	return RGW_PUT_MADE;
}

static bool
same(const struct rgw_strbuf *old, const char *text, size_t len)
{
	return old->n == len && memcmp(old->v, text, len) == 0;
}

/* There is another one: shows how they differ and writes the new one beside it. */
static enum rgw_put
put_beside(const struct rgw_folder *f, const char *name, const struct rgw_strbuf *old, const char *text, size_t len,
    enum rgw_put_how how)
{
	struct rgw_strbuf newer = { 0 };
	char beside[256];
	enum rgw_put result = RGW_PUT_FAILED;

	if ((size_t)snprintf(beside, sizeof beside, "%s.new", name) >= sizeof beside) {
		errno = ENAMETOOLONG;
		(void)refuse_errno(f, name);
		return RGW_PUT_FAILED;
	}
	fprintf(f->out, "  kept   %s/%s, which is different%s\n", f->path, name, how == RGW_PUT_SECRET ? "" : ":");
	if (how != RGW_PUT_SECRET)
		rgw_setup_diff(f->out, name, old->v, beside, text);
	if (!rgw_folder_has(f, beside))
		result = put_new(f, beside, text, len, how);
	else if (!rgw_folder_read(f, beside, &newer))
		;
	else if (same(&newer, text, len))
		result = RGW_PUT_MADE;
	else
		(void)refuse(f, beside, "it is there already, from before; look at it and remove it");
	rgw_strbuf_fini(&newer);
	if (result == RGW_PUT_FAILED)
		return result;
	fprintf(f->out, "         To take it up: mv %s/%s %s/%s\n", f->path, beside, f->path, name);
	return RGW_PUT_BESIDE;
}

enum rgw_put
rgw_folder_put(const struct rgw_folder *f, const char *name, const char *text, size_t len, enum rgw_put_how how)
{
	struct rgw_strbuf old = { 0 };
	enum rgw_put result = RGW_PUT_FAILED;

	if (!rgw_folder_has(f, name))
		return put_new(f, name, text, len, how);
	if (!rgw_folder_read(f, name, &old))
		;
	else if (same(&old, text, len)) {
		fprintf(f->out, "  kept   %s/%s, which is the same\n", f->path, name);
		result = RGW_PUT_SAME;
	} else
		result = put_beside(f, name, &old, text, len, how);
	rgw_strbuf_fini(&old);
	return result;
}

bool
rgw_folder_give(const struct rgw_folder *f, const char *name)
{
	int fd = openat(f->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	bool good = fd >= 0 && give(f, fd, RGW_PUT_SECRET);

	if (!good)
		(void)refuse_errno(f, name);
	if (fd >= 0)
		close(fd);
	return good;
}
