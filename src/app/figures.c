/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "figures.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Figures of the process; nobody owns them. See proc(5) for the files. */

/* Fields behind the name of the program in /proc/self/stat, from 0. */
enum { THREADS = 17, VIRTUAL = 20, RESIDENT = 21, FIELDS };

static void
read_stat(struct rgw_figures *out)
{
	unsigned long long fields[FIELDS] = { 0 };
	FILE *file = fopen("/proc/self/stat", "re");
	char line[1024];
	size_t n;
	char *at;

	if (file == NULL)
		return;
	n = fread(line, 1, sizeof line - 1, file);
	fclose(file);
	line[n] = '\0';
	/* The name may hold anything, and stands in parentheses; a letter for the state follows. */
	at = strrchr(line, ')');
	if (at == NULL || at[1] != ' ' || at[2] == '\0')
		return;
	at += 3;
	for (unsigned i = 1; i < FIELDS; i++)
		fields[i] = strtoull(at, &at, 10);
	out->threads = fields[THREADS];
	out->virtual = fields[VIRTUAL];
	out->resident = fields[RESIDENT] * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void
count_descriptors(struct rgw_figures *out)
{
	DIR *dir = opendir("/proc/self/fd");

	if (dir == NULL)
		return;
	for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
		out->descriptors += entry->d_name[0] != '.';
	closedir(dir);
	/* One of them was that of the directory. */
	out->descriptors -= out->descriptors > 0;
}

void
rgw_figures_read(struct rgw_figures *out)
{
	struct rlimit limit;
	struct timespec ts;

	*out = (struct rgw_figures){ .cpu = 0 };
	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) == 0)
		out->cpu = (rgw_ms)ts.tv_sec * 1000 + (rgw_ms)ts.tv_nsec / 1000000;
	read_stat(out);
	count_descriptors(out);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		out->allowed = limit.rlim_cur;
}
