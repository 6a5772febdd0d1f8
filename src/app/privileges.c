/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The change to the configured user and group, and what is out of reach after it (see privileges.h). */

/* ---- ports below 1024 ---- */

#define LOW_PORTS 1024

/* The rights of the thread, as bits; the calls are the kernel's, without a library. */
static uint64_t
rights(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &head, sets) != 0)
		return 0;
	return (uint64_t)sets[1].permitted << 32 | sets[0].permitted;
}

#define BIND_RIGHT (UINT64_C(1) << CAP_NET_BIND_SERVICE)

static bool
has_bind_right(void)
{
	return (rights() & BIND_RIGHT) != 0;
}

/* Gives up the rights that programs could get that the process starts. Who has no right to do that has none that
 * matter. */
static void
forgo_rights(void)
{
	for (unsigned long right = 0; right <= CAP_LAST_CAP; right++)
		(void)prctl(PR_CAPBSET_DROP, right, 0, 0, 0);
}

/* Gives up all rights of the thread but this one, which may be kept. A service manager that forbids the call has seen
 * to that already: then it is enough that no other right is left. */
static bool
give_up_rights(bool keep_bind_right)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	uint32_t kept = keep_bind_right ? 1u << CAP_NET_BIND_SERVICE : 0;
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { { .effective = kept, .permitted = kept } };

	if (syscall(SYS_capset, &head, sets) != 0 && (rights() & ~BIND_RIGHT) != 0)
		return false;
	return prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == 0;
}

static const struct rgw_addr *
low_port(const struct rgw_addrs *addrs)
{
	for (size_t i = 0; i < addrs->n; i++)
		if (addrs->v[i].port > 0 && addrs->v[i].port < LOW_PORTS)
			return &addrs->v[i];
	return NULL;
}

static bool
has_low_port(const struct rgw_conf *conf)
{
	for (size_t i = 0; i < conf->listen.n; i++)
		if (low_port(&conf->listen.v[i]->udp) != NULL || low_port(&conf->listen.v[i]->tls) != NULL)
			return true;
	return false;
}

/* ---- the change ---- */

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

/* Becomes another user; the group is that already. */
static bool
become(uid_t uid, bool keep_ports)
{
	if (keep_ports && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
		return false;
	return setresuid(uid, uid, uid) == 0;
}

static void
warn_unreadable(void *log, const char *path)
{
	RGW_LOG(log, RGW_LOG_WARNING, "reload-unreadable", path,
	    "the user of the gateway is not allowed to read this file, so a reload will fail; let that user read it",
	    rgw_f_str("file", path));
}

/* Becomes the user and the group of the configuration. */
static bool
change_user(const char *user, const char *group, bool keep_ports, struct rgw_log *log)
{
	uid_t uid = getuid();
	gid_t gid = getgid();
	const char *unknown = rgw_privileges_find(user, group, &uid, &gid);

	if (unknown != NULL)
		return strcmp(unknown, "user") == 0 ? fail(log, "unknown user in [gateway] user", user)
		                                    : fail(log, "unknown group in [gateway] group", group);
	/* The group is changed first: without root it could not be changed any more. */
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0)
		return fail(log, "cannot change the group; was radsecgw started as root?",
		    group != NULL ? group : user);
	return user == NULL || become(uid, keep_ports) ||
	    fail(log, "cannot change the user; was radsecgw started as root?", user);
}

bool
rgw_privileges_drop(const struct rgw_conf *conf, struct rgw_log *log)
{
	const char *user = conf->gateway.user, *group = conf->gateway.group;
	bool keep_ports = has_low_port(conf) && has_bind_right();

	errno = 0;
	forgo_rights();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail(log, "cannot set no_new_privs", "");
	if ((user != NULL || group != NULL) && !change_user(user, group, keep_ports, log))
		return false;
	if (!give_up_rights(keep_ports))
		return fail(log, "cannot give up the rights of root", "");
	if (geteuid() == 0)
		RGW_LOG(log, RGW_LOG_WARNING, "runs-as-root", NULL, "the gateway runs as root, whose files it can "
		    "read and write, because [gateway] user names nobody else", rgw_f_uint("uid", geteuid()));
	if (user != NULL || geteuid() == 0)
		rgw_privileges_each_unreadable(conf, warn_unreadable, log);
	return true;
}

/* ---- what is out of reach ---- */

/* Who hears of files that cannot be read. */
struct unreadable {
	rgw_conf_each_file *each;
	void *ctx;
};

static void
try_to_read(void *arg, const char *path)
{
	const struct unreadable *u = arg;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0)
		close(fd);
	else if (errno == EACCES)
		u->each(u->ctx, path);
}

void
rgw_privileges_each_unreadable(const struct rgw_conf *conf, rgw_conf_each_file *each, void *ctx)
{
	struct unreadable u = { each, ctx };

	rgw_conf_files(conf, NULL, try_to_read, &u);
	for (size_t i = 0; i < conf->tls.n; i++)
		rgw_conf_files(conf, &conf->tls.v[i]->head, try_to_read, &u);
}

static void
write_path(void *out, const char *path)
{
	fprintf(out, "%s\n", path);
}

/* Becomes the user of the gateway and tells what that cannot read. Nobody but a process of its own can do that. */
static void
look_as_user(const struct rgw_conf *conf, int fd)
{
	FILE *out = fdopen(fd, "w");
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (out != NULL && rgw_privileges_find(conf->gateway.user, conf->gateway.group, &uid, &gid) == NULL &&
	    setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0)
		rgw_privileges_each_unreadable(conf, write_path, out);
	if (out != NULL)
		(void)fclose(out);
	_exit(0);
}

void
rgw_privileges_foresee(const struct rgw_conf *conf, struct rgw_conf_report *report)
{
	const struct rgw_conf_head *head = &conf->gateway.head;
	char path[4096];
	int fds[2];
	FILE *in;
	pid_t pid;

	if (conf->gateway.user == NULL || geteuid() != 0 || pipe2(fds, O_CLOEXEC) != 0)
		return;
	pid = fork();
	if (pid == 0)
		look_as_user(conf, fds[1]);
	close(fds[1]);
	in = fdopen(fds[0], "r");
	while (in != NULL && fgets(path, sizeof path, in) != NULL)
		rgw_conf_complain(report, RGW_CONF_WARNING, head->file, head->line, "user: '%s' is not allowed to read "
		    "%.*s, so a reload will fail; let that user read it", conf->gateway.user,
		    (int)strcspn(path, "\n"), path);
	if (in != NULL)
		(void)fclose(in);
	else
		close(fds[0]);
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
}

struct explanation {
	const char *user;                /* borrowed, as the next one */
	struct rgw_conf_report *report;
	bool walls;                      /* there may be walls around folders (confine.h) */
	bool told;                       /* a file has been explained */
};

static void
explain_file(void *arg, const char *path)
{
	struct explanation *e = arg;

	e->told = true;
	rgw_conf_complain(e->report, RGW_CONF_ERROR, path, 0,
	    "the gateway has given up its rights at the start and runs as '%s', who is not allowed to read this "
	    "file%s; let that user read it, or restart the gateway", e->user,
	    e->walls ? ", or it lies outside of the folders that the configuration named then" : "");
}

static void
explain_ports(const struct rgw_conf *next, struct explanation *e)
{
	for (size_t i = 0; i < next->listen.n; i++) {
		const struct rgw_conf_listen *listen = next->listen.v[i];
		const struct rgw_addr *low = low_port(listen->udp.n > 0 ? &listen->udp : &listen->tls);

		if (low != NULL)
			rgw_conf_complain(e->report, RGW_CONF_ERROR, listen->head.file, listen->head.line,
			    "[listen %s] port %u is below %u, and the gateway has given up the right to open such "
			    "ports, since it had none when it started as '%s'; restart the gateway", listen->head.name,
			    low->port, LOW_PORTS, e->user);
	}
}

void
rgw_privileges_explain(const struct rgw_conf *now, const struct rgw_conf *next, bool denied,
    struct rgw_conf_report *report)
{
	const struct passwd *self = now->gateway.user == NULL ? getpwuid(geteuid()) : NULL;
	struct explanation e = { now->gateway.user, report, now->gateway.sandbox, false };

	if (e.user == NULL)
		e.user = self != NULL ? self->pw_name : "nobody we know";
	rgw_privileges_each_unreadable(next != NULL ? next : now, explain_file, &e);
	/* The names of files in a configuration that could not be read are gone with it. */
	if (denied && !e.told && now->files.n > 0)
		rgw_conf_complain(report, RGW_CONF_WARNING, now->files.v[0], 0,
		    "for lack of rights a file could not be read: the gateway has given them up at the start and runs "
		    "as '%s'%s; let that user read the file, or restart the gateway", e.user, e.walls
		    ? ", and it reads only the folders that the configuration named then" : "");
	if (next != NULL && !has_bind_right())
		explain_ports(next, &e);
}
