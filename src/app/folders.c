/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "folders.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "radsecgw/confread.h"

/* The wall around folders (see folders.h). A rule holds for a folder and all below it, as it stands when the rule is
 * made; so rules are for folders and not for files, which are replaced by renaming others. */

/* The kernel's interface; its header is not there on every system that this is built on. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#define ASK_VERSION 1u
#define BENEATH_PATH 1

struct ruleset {
	uint64_t handled;
};

struct rule {
	uint64_t allowed;
	int32_t folder;
} __attribute__((packed));

enum {
	EXECUTE = 1 << 0, WRITE_FILE = 1 << 1, READ_FILE = 1 << 2, READ_DIR = 1 << 3, REMOVE_DIR = 1 << 4,
	REMOVE_FILE = 1 << 5, MAKE_CHAR = 1 << 6, MAKE_DIR = 1 << 7, MAKE_REG = 1 << 8, MAKE_SOCK = 1 << 9,
	MAKE_FIFO = 1 << 10, MAKE_BLOCK = 1 << 11, MAKE_SYM = 1 << 12,
	REFER = 1 << 13,     /* from the second version on */
	TRUNCATE = 1 << 14,  /* from the third version on */
	ALL = (1 << 13) - 1,
	OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE,
	TO_READ = READ_FILE | READ_DIR,
	TO_WRITE = TO_READ | WRITE_FILE | MAKE_REG | REMOVE_FILE | MAKE_SOCK | TRUNCATE,
};

/* What the C library and c-ares read: names, addresses, time zones; and what the process says of itself. */
static const char *const system_folders[] = {
	"/etc", "/usr/lib", "/lib", "/lib64", "/usr/share/zoneinfo", "/proc", "/sys/devices/system",
	"/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",
};

struct wall {
	int ruleset;
	uint64_t handled;
	bool failed;
};

static void
allow_folder(struct wall *w, const char *folder, uint64_t rights)
{
	struct rule rule = { .allowed = rights & w->handled, .folder = open(folder, O_PATH | O_CLOEXEC) };
	struct stat st;

	/* What is not there, nobody can look into; and it cannot be allowed. */
	if (rule.folder < 0)
		return;
	/* For a file the kernel takes only the rights that a file can have. */
	if (fstat(rule.folder, &st) != 0 || !S_ISDIR(st.st_mode))
		rule.allowed &= OF_FILES;
	w->failed |= syscall(SYS_landlock_add_rule, w->ruleset, BENEATH_PATH, &rule, 0) != 0;
	close(rule.folder);
}

/* Allows the folder of a path, or the path itself if it is a folder. */
static void
allow_place(struct wall *w, const char *path, uint64_t rights)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		snprintf(folder, sizeof folder, "%s", path);
	else if (slash == NULL)
		snprintf(folder, sizeof folder, ".");
	else
		snprintf(folder, sizeof folder, "%.*s/", (int)(slash - path), path);
	allow_folder(w, folder, rights);
}

/* Allows a path as it is written, and where it leads. */
static void
allow_to_read(void *arg, const char *path)
{
	char real[PATH_MAX];

	allow_place(arg, path, TO_READ);
	if (realpath(path, real) != NULL)
		allow_place(arg, real, TO_READ);
}

/* Allows to write what is in the folder of a path, and in that to which it leads. */
static void
allow_to_write(struct wall *w, const char *path)
{
	char real[PATH_MAX];

	allow_place(w, path, TO_WRITE);
	if (realpath(path, real) != NULL)
		allow_place(w, real, TO_WRITE);
}

static void
allow_all(struct wall *w, const struct rgw_conf *conf, const char *path)
{
	allow_folder(w, "/dev/urandom", READ_FILE);
	for (size_t i = 0; i < sizeof system_folders / sizeof system_folders[0]; i++)
		allow_folder(w, system_folders[i], TO_READ);
	allow_to_read(w, path);
	rgw_conf_files(conf, NULL, allow_to_read, w);
	for (size_t i = 0; i < conf->tls.n; i++) {
		rgw_conf_files(conf, &conf->tls.v[i]->head, allow_to_read, w);
		if (conf->tls.v[i]->keylog != NULL)
			allow_to_write(w, conf->tls.v[i]->keylog);
	}
	if (strcmp(conf->log.target, "stderr") != 0 && strcmp(conf->log.target, "syslog") != 0)
		allow_to_write(w, conf->log.target);
	if (conf->control.socket == NULL || strcmp(conf->control.socket, "off") != 0)
		allow_to_write(w, conf->control.socket != NULL ? conf->control.socket : RGW_CONTROL_SOCKET);
}

int
rgw_folders_wall(const struct rgw_conf *conf, const char *path)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, ASK_VERSION);
	struct ruleset set = { .handled = ALL };
	struct wall wall = { .failed = false };
	bool done;

	if (version <= 0)
		return 0;
	set.handled |= (version >= 2 ? REFER : 0) | (version >= 3 ? TRUNCATE : 0);
	wall.handled = set.handled;
	wall.ruleset = (int)syscall(SYS_landlock_create_ruleset, &set, sizeof set, 0u);
	if (wall.ruleset < 0)
		return -1;
	allow_all(&wall, conf, path);
	done = !wall.failed && syscall(SYS_landlock_restrict_self, wall.ruleset, 0u) == 0;
	close(wall.ruleset);
	return done ? (int)version : -1;
}
