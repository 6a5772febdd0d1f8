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

const char *
rgw_privileges_find(const char *user, const char *group, uid_t *uid, gid_t *gid)
{
	const struct passwd *u = user != NULL ? getpwnam(user) : NULL;
	const struct group *g = group != NULL ? getgrnam(group) : NULL;

	if (user != NULL && u == NULL)
		return "user";
	if (group != NULL && g == NULL)
		return "group";
	if (u != NULL) {
		*uid = u->pw_uid;
		*gid = u->pw_gid;
	}
	if (g != NULL)
		*gid = g->gr_gid;
	return NULL;
}

bool
rgw_privileges_drop(const struct rgw_conf_gateway *conf, struct rgw_log *log)
{
	uid_t uid = getuid();
	gid_t gid = getgid();
	const char *unknown;

	errno = 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail(log, "cannot set no_new_privs", "");
	if (conf->user == NULL && conf->group == NULL)
		return true;
	unknown = rgw_privileges_find(conf->user, conf->group, &uid, &gid);
	if (unknown != NULL)
		return strcmp(unknown, "user") == 0 ? fail(log, "unknown user in [gateway] user", conf->user)
		                                    : fail(log, "unknown group in [gateway] group", conf->group);
	/* The group is changed first: without root it could not be changed any more. */
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0)
		return fail(log, "cannot change the group; was radsecgw started as root?",
		    conf->group != NULL ? conf->group : conf->user);
	if (conf->user != NULL && setresuid(uid, uid, uid) != 0)
		return fail(log, "cannot change the user; was radsecgw started as root?", conf->user);
	return true;
}
