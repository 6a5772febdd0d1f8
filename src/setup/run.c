/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"
#include "radsecgw/errnotext.h"
#include "radsecgw/mem.h"

/* Other programs do for setup what they do better: openssl makes keys, systemctl starts services. */

#define OUTPUT_OCTETS 65536

extern char **environ;

static void
shut(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Everything that the program writes, to its end. */
static void
take_output(int fd, struct rgw_strbuf *out)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof chunk)) != 0) {
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0 && out->n < OUTPUT_OCTETS)
			rgw_strbuf_add(out, chunk, (size_t)n);
	}
	rgw_wipe(chunk, sizeof chunk);
}

/* Starts the program with these in place of its own input and output, which stay as they are where that is -1. */
static int
start(char *const *argv, int in, int out, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);

	if (error != 0)
		return error;
	if (in >= 0)
		error = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (error == 0 && out >= 0)
		error = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (error == 0)
		error = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static bool
end(pid_t pid, char why[static RGW_ERRNO_TEXT])
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			break;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	snprintf(why, RGW_ERRNO_TEXT, "it has ended with status %d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return false;
}

bool
rgw_setup_run(char *const *argv, const struct rgw_strbuf *input, struct rgw_strbuf *out,
    char why[static RGW_ERRNO_TEXT])
{
	int to[2] = { -1, -1 }, from[2] = { -1, -1 };
	char buf[RGW_ERRNO_TEXT];
	pid_t pid = -1;
	int error = 0;

	/* What is given fits into a pipe, so nobody waits for the other. */
	if ((input != NULL && pipe2(to, O_CLOEXEC) != 0) || (out != NULL && pipe2(from, O_CLOEXEC) != 0))
		error = errno;
	if (error == 0)
		error = start(argv, to[0], from[1], &pid);
	shut(to[0]);
	shut(from[1]);
	if (error == 0 && input != NULL && write(to[1], input->v, input->n) != (ssize_t)input->n)
		error = EPIPE;
	shut(to[1]);
	if (pid > 0 && out != NULL)
		take_output(from[0], out);
	shut(from[0]);
	if (pid > 0 && !end(pid, why))
		return false;
	if (error != 0)
		snprintf(why, RGW_ERRNO_TEXT, "%s", rgw_errno_text(error, buf));
	return error == 0;
}
