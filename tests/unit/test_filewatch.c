/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/filewatch.h"

#include <ev.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helpers.h"

/* Only a test that fails waits for so long. */
#define PATIENCE_S 60.0

/* Much shorter than in use: what is to be told once is made before the loop runs. */
#define SETTLE 20

/* A directory, in which all paths of a test are, and a watcher. */
struct place {
	struct ev_loop *loop;
	struct rgw_log log;
	struct rgw_filewatch *watch;
	char dir[64];
	unsigned told;   /* calls */
	unsigned lines;  /* of the log */
};

static bool
sink(void *ctx, enum rgw_log_level level, const char *line, size_t len)
{
	struct place *p = ctx;

	(void)level;
	(void)line;
	(void)len;
	p->lines++;
	return true;
}

static void
no_clock(void *ctx, int64_t *sec, uint32_t *nsec)
{
	(void)ctx;
	*sec = 0;
	*nsec = 0;
}

static void
on_changed(void *ctx)
{
	struct place *p = ctx;

	p->told++;
}

static void
begin(struct place *p, unsigned watches, rgw_ms poll)
{
	const struct rgw_filewatch_tuning tuning = { .settle = SETTLE, .poll = poll, .watches = watches };

	rgw_filewatch_free(p->watch);
	p->watch = rgw_filewatch_new(p->loop, &p->log, &tuning, on_changed, p);
}

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	snprintf(p->dir, sizeof p->dir, "/tmp/rgw-watch-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	assert_int_equal(chdir(p->dir), 0);
	p->loop = ev_loop_new(0);
	rgw_log_init(&p->log, sink, no_clock, p);
	begin(p, 64, 1000000);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;
	char command[128];

	rgw_filewatch_free(p->watch);
	ev_loop_destroy(p->loop);
	snprintf(command, sizeof command, "rm -rf '%s'", p->dir);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(system(command), 0);
	free(p);
	return 0;
}

/* ---- what happens to files ---- */

static void
append(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void
make_dir(const char *path)
{
	assert_int_equal(mkdir(path, 0755), 0);
}

static void
make_link(const char *target, const char *path)
{
	assert_int_equal(symlink(target, path), 0);
}

static void
move(const char *from, const char *to)
{
	assert_int_equal(rename(from, to), 0);
}

static void
watch_one(struct place *p, const char *name)
{
	char path[256];
	const char *paths[] = { path };

	snprintf(path, sizeof path, "%s/%s", p->dir, name);
	rgw_filewatch_set(p->watch, paths, 1);
}

/* Runs the loop until nothing more is to be told of what has happened so far: only timers keep it running, since the
 * watcher of inotify is not counted. Says how many calls there were. */
static unsigned
quiet(struct place *p)
{
	unsigned before = p->told;

	ev_run(p->loop, EVRUN_NOWAIT);
	ev_unref(p->loop);
	ev_run(p->loop, 0);
	ev_ref(p->loop);
	return p->told - before;
}

/* ---- one file ---- */

static void
in_place(void **state)
{
	struct place *p = *state;

	append("file", "one");
	watch_one(p, "file");
	assert_int_equal(quiet(p), 0);
	append("file", "two");
	assert_int_equal(quiet(p), 1);
	assert_int_equal(truncate("file", 1), 0);
	assert_int_equal(quiet(p), 1);
	assert_int_equal(chmod("file", 0600), 0);
	assert_int_equal(quiet(p), 1);
	assert_int_equal(p->lines, 0);
}

/* As editors and certbot do it. */
static void
by_rename(void **state)
{
	struct place *p = *state;

	append("file", "one");
	watch_one(p, "file");
	append("file.new", "two");
	assert_int_equal(quiet(p), 0);
	move("file.new", "file");
	assert_int_equal(quiet(p), 1);
	/* The backup of another editor: away first. */
	move("file", "file~");
	append("file", "three");
	assert_int_equal(quiet(p), 1);
	append("file~", "nobody cares");
	assert_int_equal(quiet(p), 0);
}

static void
removed_and_made_anew(void **state)
{
	struct place *p = *state;

	append("file", "one");
	watch_one(p, "file");
	assert_int_equal(unlink("file"), 0);
	assert_int_equal(quiet(p), 1);
	append("file", "two");
	assert_int_equal(quiet(p), 1);
}

static void
not_there_yet(void **state)
{
	struct place *p = *state;

	watch_one(p, "a/b/c/file");
	assert_int_equal(quiet(p), 0);
	make_dir("other");
	assert_int_equal(quiet(p), 0);
	make_dir("a");
	assert_int_equal(quiet(p), 1);
	make_dir("a/b");
	assert_int_equal(quiet(p), 1);
	append("a/b/x", "beside the way");
	assert_int_equal(quiet(p), 0);
	make_dir("a/b/c");
	append("a/b/c/file", "one");
	assert_int_equal(quiet(p), 1);
	append("a/b/c/file", "two");
	assert_int_equal(quiet(p), 1);
}

/* However many changes there are, they are told once, and when they are over. */
static void
told_once(void **state)
{
	struct place *p = *state;

	append("file", "one");
	watch_one(p, "file");
	for (int i = 0; i < 50; i++) {
		append("file", "more");
		append("new", "whole");
		move("new", "file");
		ev_run(p->loop, EVRUN_NOWAIT);
	}
	assert_int_equal(quiet(p), 1);
}

static void
write_again(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	(void)w;
	append("file", "more");
}

static void
give_up(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	*(bool *)w->data = true;
}

/* One turn; fails if nothing happens for too long. */
static void
turn(struct place *p)
{
	ev_timer patience;
	bool over = false;

	ev_timer_init(&patience, give_up, PATIENCE_S, 0);
	patience.data = &over;
	ev_timer_start(p->loop, &patience);
	ev_run(p->loop, EVRUN_ONCE);
	ev_timer_stop(p->loop, &patience);
	assert_false(over);
}

/* It is told, too, if it never gets quiet. */
static void
never_quiet(void **state)
{
	struct place *p = *state;
	ev_tstamp end = ev_time() + PATIENCE_S;
	ev_timer writer;

	append("file", "one");
	watch_one(p, "file");
	ev_timer_init(&writer, write_again, 0.001, 0.001);
	ev_timer_start(p->loop, &writer);
	while (p->told < 2) {
		turn(p);
		assert_true(ev_time() < end);
	}
	ev_timer_stop(p->loop, &writer);
}

/* ---- the way to it ---- */

static void
directory_is_replaced(void **state)
{
	struct place *p = *state;

	make_dir("d");
	make_dir("d/e");
	append("d/e/file", "one");
	watch_one(p, "d/e/file");
	assert_int_equal(quiet(p), 0);
	make_dir("n");
	make_dir("n/e");
	append("n/e/file", "two");
	assert_int_equal(quiet(p), 0);
	move("d", "old");
	move("n", "d");
	assert_int_equal(quiet(p), 1);
	/* The new one is watched from then on, and the old one is not. */
	append("d/e/file", "three");
	assert_int_equal(quiet(p), 1);
	append("old/e/file", "nobody cares");
	assert_int_equal(quiet(p), 0);
}

/* Kubernetes: cert.pem -> ..data/cert.pem, and ..data -> ..1, which is replaced by a rename. */
static void
swapped_link(void **state)
{
	struct place *p = *state;

	make_dir("..1");
	append("..1/cert.pem", "one");
	make_link("..1", "..data");
	make_link("..data/cert.pem", "cert.pem");
	watch_one(p, "cert.pem");
	assert_int_equal(quiet(p), 0);
	make_dir("..2");
	append("..2/cert.pem", "two");
	assert_int_equal(quiet(p), 0);
	make_link("..2", "..data_tmp");
	move("..data_tmp", "..data");
	assert_int_equal(unlink("..1/cert.pem"), 0);
	assert_int_equal(rmdir("..1"), 0);
	assert_int_equal(quiet(p), 1);
	append("..2/cert.pem", "in place");
	assert_int_equal(quiet(p), 1);
}

/* Links that lead elsewhere, absolute, upwards, and in a circle. */
static void
links(void **state)
{
	struct place *p = *state;
	char target[128];

	make_dir("live");
	make_dir("archive");
	append("archive/one", "one");
	snprintf(target, sizeof target, "%s/archive", p->dir);
	make_link(target, "absolute");
	make_link("../absolute/./one", "live/cert");
	watch_one(p, "live/cert");
	append("archive/one", "two");
	assert_int_equal(quiet(p), 1);
	append("archive/two", "three");
	assert_int_equal(quiet(p), 0);
	make_link("../absolute/two", "live/new");
	move("live/new", "live/cert");
	assert_int_equal(quiet(p), 1);
	append("archive/two", "four");
	assert_int_equal(quiet(p), 1);
	make_link("circle", "circle");
	watch_one(p, "circle");
	assert_int_equal(unlink("circle"), 0);
	append("circle", "a file");
	assert_int_equal(quiet(p), 1);
}

/* ---- directories ---- */

static void
whole_directory(void **state)
{
	struct place *p = *state;

	make_dir("ca");
	make_dir("store");
	append("ca/one", "1");
	append("store/two", "2");
	make_link("../store/two", "ca/two");
	watch_one(p, "ca");
	assert_int_equal(quiet(p), 0);
	append("ca/three", "3");
	assert_int_equal(quiet(p), 1);
	append("ca/one", "1");
	assert_int_equal(quiet(p), 1);
	assert_int_equal(unlink("ca/one"), 0);
	assert_int_equal(quiet(p), 1);
	append("store/two", "behind a link");
	assert_int_equal(quiet(p), 1);
	append("store/four", "beside it");
	assert_int_equal(quiet(p), 0);
	move("ca", "old");
	assert_int_equal(quiet(p), 1);
	make_dir("ca");
	assert_int_equal(quiet(p), 1);
	append("ca/five", "5");
	assert_int_equal(quiet(p), 1);
}

/* ---- the set ---- */

/* Watches that the kernel has for this process. */
static unsigned
watches(void)
{
	char path[64], line[256];
	unsigned n = 0;

	for (int fd = 0; fd < 64; fd++) {
		FILE *in;

		snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
		in = fopen(path, "re");
		while (in != NULL && fgets(line, sizeof line, in) != NULL)
			n += strncmp(line, "inotify wd:", 11) == 0;
		if (in != NULL)
			fclose(in);
	}
	return n;
}

static void
set_is_replaced(void **state)
{
	static const char *const two[] = { "one", "two" };
	struct place *p = *state;

	append("one", "1");
	append("two", "2");
	/* Relative paths begin here: below the root and /tmp. */
	rgw_filewatch_set(p->watch, two, 2);
	assert_int_equal(watches(), 3);
	append("one", "1");
	append("two", "2");
	assert_int_equal(quiet(p), 1);
	rgw_filewatch_set(p->watch, two + 1, 1);
	append("one", "1");
	assert_int_equal(quiet(p), 0);
	append("two", "2");
	/* What was noticed before the set is replaced is still told. */
	ev_run(p->loop, EVRUN_NOWAIT);
	rgw_filewatch_set(p->watch, NULL, 0);
	assert_int_equal(quiet(p), 1);
	append("two", "2");
	assert_int_equal(quiet(p), 0);
	assert_int_equal(watches(), 0);
}

/* ---- without inotify ---- */

static void
until_told(struct place *p, unsigned n)
{
	while (p->told < n)
		turn(p);
	assert_int_equal(p->told, n);
}

static void
polls(void **state)
{
	struct place *p = *state;

	begin(p, 0, 10);
	append("file", "one");
	make_dir("ca");
	append("ca/a", "1");
	watch_one(p, "file");
	assert_int_equal(p->lines, 1);
	append("file", "longer");
	until_told(p, 1);
	append("new", "other");
	move("new", "file");
	until_told(p, 2);
	assert_int_equal(unlink("file"), 0);
	until_told(p, 3);
	watch_one(p, "ca");
	append("ca/a", "longer");
	until_told(p, 4);
	append("ca/b", "");
	until_told(p, 5);
	assert_int_equal(p->lines, 2);
}

/* More directories than there may be: those that fit are watched, all are looked at. */
static void
too_many_directories(void **state)
{
	static const char *const paths[] = { "near", "far/away/file" };
	struct place *p = *state;

	append("near", "1");
	make_dir("far");
	make_dir("far/away");
	append("far/away/file", "1");
	begin(p, 3, 10);
	rgw_filewatch_set(p->watch, paths, 2);
	assert_int_equal(p->lines, 1);
	append("far/away/file", "longer");
	until_told(p, 1);
	append("near", "longer");
	until_told(p, 2);
	/* When all of it fits there is nothing to look at. */
	rgw_filewatch_set(p->watch, paths, 1);
	assert_int_equal(quiet(p), 0);
	assert_int_equal(p->lines, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(in_place),
		TEST(by_rename),
		TEST(removed_and_made_anew),
		TEST(not_there_yet),
		TEST(told_once),
		TEST(never_quiet),
		TEST(directory_is_replaced),
		TEST(swapped_link),
		TEST(links),
		TEST(whole_directory),
		TEST(set_is_replaced),
		TEST(polls),
		TEST(too_many_directories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
