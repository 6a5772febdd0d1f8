/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/logsink.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helpers.h"

#define THREADS 4
#define LINES 2000

/* A directory with a log file in it. */
struct place {
	char dir[64];
	char path[96];
	char old[96];
};

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	snprintf(p->dir, sizeof p->dir, "/tmp/rgw-logsink-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof p->path, "%s/log", p->dir);
	snprintf(p->old, sizeof p->old, "%s/log.1", p->dir);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;

	unlink(p->path);
	unlink(p->old);
	rmdir(p->dir);
	free(p);
	return 0;
}

/* Checks that a file has whole lines only; returns how many. */
static unsigned
count_lines(const char *path)
{
	FILE *in = fopen(path, "re");
	char line[256];
	unsigned n = 0;

	if (in == NULL)
		return 0;
	while (fgets(line, sizeof line, in) != NULL) {
		size_t len = strlen(line);

		/* All letters of a line are the same, and there are as many as the letter says. */
		assert_true(len >= 2 && line[len - 1] == '\n');
		assert_int_equal(len - 1, (size_t)(line[0] - 'a' + 1) * 20);
		for (size_t i = 1; i < len - 1; i++)
			assert_int_equal(line[i], line[0]);
		n++;
	}
	fclose(in);
	return n;
}

struct writer {
	struct rgw_logsink *sink;
	char letter;
	unsigned taken;
};

static void *
write_lines(void *arg)
{
	struct writer *w = arg;
	size_t len = (size_t)(w->letter - 'a' + 1) * 20;
	char line[256];

	memset(line, w->letter, len);
	line[len] = '\n';
	for (int i = 0; i < LINES; i++)
		w->taken += rgw_logsink_write(w->sink, RGW_LOG_INFO, line, len + 1);
	return NULL;
}

/* Lines of several threads stay whole, and none is lost while the file is rotated under them. */
static void
many_threads_and_rotation(void **state)
{
	struct place *p = *state;
	struct rgw_logsink *sink = rgw_logsink_open(p->path);
	struct writer writers[THREADS];
	pthread_t threads[THREADS];
	unsigned taken = 0, lines = 0;

	assert_non_null(sink);
	for (int i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){ .sink = sink, .letter = (char)('a' + i) };
		assert_int_equal(pthread_create(&threads[i], NULL, write_lines, &writers[i]), 0);
	}
	for (int i = 0; i < 50; i++) {
		/* Whoever has not noticed the new name still writes to the old one until the reopening. */
		assert_int_equal(rename(p->path, p->old), 0);
		assert_true(rgw_logsink_reopen(sink));
		lines += count_lines(p->old);
	}
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		taken += writers[i].taken;
	}
	assert_int_equal(lines + count_lines(p->path), taken);
	assert_int_equal(taken, THREADS * LINES);
	rgw_logsink_close(sink);
}

/* The same while one file takes the place of another: each line is in one of them. */
static void
another_target(void **state)
{
	struct place *p = *state;
	const char *const paths[] = { p->path, p->old };
	struct rgw_logsink *sink = rgw_logsink_open(p->path);
	struct writer writers[THREADS];
	pthread_t threads[THREADS];
	unsigned taken = 0;

	assert_non_null(sink);
	for (int i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){ .sink = sink, .letter = (char)('a' + i) };
		assert_int_equal(pthread_create(&threads[i], NULL, write_lines, &writers[i]), 0);
	}
	for (int i = 1; i <= 50; i++) {
		struct rgw_logsink *other = rgw_logsink_open(paths[i % 2]);

		assert_non_null(other);
		rgw_logsink_become(sink, other);
	}
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		taken += writers[i].taken;
	}
	assert_true(rgw_logsink_write(sink, RGW_LOG_INFO, "aaaaaaaaaaaaaaaaaaaa\n", 21));
	assert_int_equal(count_lines(p->old) + count_lines(p->path), taken + 1);
	assert_int_equal(taken, THREADS * LINES);
	rgw_logsink_close(sink);
}

static void
keeps_the_old_file(void **state)
{
	struct place *p = *state;
	struct rgw_logsink *sink = rgw_logsink_open(p->path);

	assert_non_null(sink);
	assert_int_equal(rename(p->path, p->old), 0);
	/* A directory in its place cannot be opened. */
	assert_int_equal(mkdir(p->path, 0700), 0);
	assert_false(rgw_logsink_reopen(sink));
	assert_true(rgw_logsink_write(sink, RGW_LOG_INFO, "aaaaaaaaaaaaaaaaaaaa\n", 21));
	assert_int_equal(count_lines(p->old), 1);
	assert_int_equal(rmdir(p->path), 0);
	rgw_logsink_close(sink);
	rgw_logsink_close(NULL);
}

static void
bad_target(void **state)
{
	(void)state;
	assert_null(rgw_logsink_open("/nowhere/at/all"));
}

/* Reads a pipe to its end. */
static unsigned
read_all(int fd)
{
	char buf[4096];
	unsigned octets = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof buf)) > 0)
		octets += (unsigned)n;
	return octets;
}

static void *
read_late(void *arg)
{
	int fd = *(int *)arg;
	unsigned *octets = arg;

	*octets = read_all(fd);
	return NULL;
}

/* With a thread of its own, the sink takes as many lines as its buffers hold while nobody reads the pipe, nobody waits,
 * and whatever was taken arrives as soon as somebody reads. */
static void
thread_and_a_full_pipe(void **state)
{
	enum { line_len = 20 * 4 + 1, lines = 20000 };
	struct writer w = { .letter = 'd' };
	int before = dup(STDERR_FILENO);
	unsigned taken = 0, octets;
	pthread_t reader;
	char line[line_len];
	int ends[2], arg;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	close(ends[1]);
	w.sink = rgw_logsink_open("stderr");
	assert_true(rgw_logsink_start(w.sink));
	memset(line, w.letter, line_len - 1);
	line[line_len - 1] = '\n';
	for (unsigned i = 0; i < lines; i++)
		taken += rgw_logsink_write(w.sink, RGW_LOG_INFO, line, line_len);
	assert_in_range(taken, (512u << 10) / (line_len + 4), lines - 1);
	arg = ends[0];
	assert_int_equal(pthread_create(&reader, NULL, read_late, &arg), 0);
	rgw_logsink_close(w.sink);
	dup2(before, STDERR_FILENO);
	close(before);
	pthread_join(reader, NULL);
	octets = (unsigned)arg;
	close(ends[0]);
	assert_int_equal(octets, taken * line_len);
}

/* The same as many_threads_and_rotation, with the thread: all lines that were taken are there at the end. */
static void
thread_and_rotation(void **state)
{
	struct place *p = *state;
	struct rgw_logsink *sink = rgw_logsink_open(p->path);
	struct writer writers[THREADS];
	pthread_t threads[THREADS];
	unsigned taken = 0;

	assert_true(rgw_logsink_start(sink));
	for (int i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){ .sink = sink, .letter = (char)('a' + i) };
		assert_int_equal(pthread_create(&threads[i], NULL, write_lines, &writers[i]), 0);
	}
	assert_int_equal(rename(p->path, p->old), 0);
	assert_true(rgw_logsink_reopen(sink));
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		taken += writers[i].taken;
	}
	rgw_logsink_close(sink);
	assert_int_equal(count_lines(p->old) + count_lines(p->path), taken);
	assert_true(taken > 0);
}

/* A pipe that is full makes nobody wait, whoever filled it; every line that was taken is there. */
static void
full_pipe(void **state)
{
	struct writer writers[THREADS];
	pthread_t threads[THREADS];
	struct rgw_logsink *sink;
	unsigned taken = 0, octets = 0;
	int before = dup(STDERR_FILENO);
	char buf[4096];
	int ends[2];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	sink = rgw_logsink_open("stderr");
	for (int i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){ .sink = sink, .letter = (char)('a' + i) };
		pthread_create(&threads[i], NULL, write_lines, &writers[i]);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	rgw_logsink_close(sink);
	dup2(before, STDERR_FILENO);
	close(before);
	close(ends[1]);
	while ((n = read(ends[0], buf, sizeof buf)) > 0)
		octets += (unsigned)n;
	close(ends[0]);
	for (int i = 0; i < THREADS; i++)
		taken += writers[i].taken * (20u * (unsigned)(i + 1) + 1);
	assert_int_equal(octets, taken);
	assert_in_range(octets, 4096, 1 << 16);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(many_threads_and_rotation, setup, teardown),
		cmocka_unit_test_setup_teardown(another_target, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_the_old_file, setup, teardown),
		cmocka_unit_test(bad_target),
		cmocka_unit_test(full_pipe),
		cmocka_unit_test(thread_and_a_full_pipe),
		cmocka_unit_test_setup_teardown(thread_and_rotation, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
