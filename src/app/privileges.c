/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* The change to the configured user and group, once all files are read and all sockets bound. */

static bool
fail(struct rgw_log *log, const char *what, const char *name)
{
	RGW_LOG(log, RGW_LOG_ERROR, "privileges", NULL, what, rgw_f_str("name", name),
	    rgw_f_str("reason", errno != 0 ? strerror(errno) : "no such name"));
	return false;
}

bool
rgw_privileges_drop(const struct rgw_conf_gateway *conf, struct rgw_log *log)
{
	const struct passwd *user;
	const struct group *group;
	uid_t uid = getuid();
	gid_t gid = getgid();

	errno = 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail(log, "cannot set no_new_privs", "");
	if (conf->user == NULL && conf->group == NULL)
		return true;
	if (conf->user != NULL) {
		user = getpwnam(conf->user);
		if (user == NULL)
			return fail(log, "unknown user in [gateway] user", conf->user);
		uid = user->pw_uid;
		gid = user->pw_gid;
	}
	if (conf->group != NULL) {
		group = getgrnam(conf->group);
		if (group == NULL)
			return fail(log, "unknown group in [gateway] group", conf->group);
		gid = group->gr_gid;
	}
	/* The group is changed first: without root it could not be changed any more. */
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0)
		return fail(log, "cannot change the group; was radsecgw started as root?",
		    conf->group != NULL ? conf->group : conf->user);
	if (conf->user != NULL && setresuid(uid, uid, uid) != 0)
		return fail(log, "cannot change the user; was radsecgw started as root?", conf->user);
	return true;
}
