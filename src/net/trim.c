/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net_priv.h"

#include <link.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Memory that goes back to the system. After a start, a storm of handshakes or many closed connections a worker holds
 * more than it needs; it gives that memory back a little later, at once for all that has ended until then. */

#define DELAY_S 0.5

/* Releases the pages of segments that were never written to: they hold what is in the file, and nothing else. Relocated
 * constants are in a segment that was once writable, so they are not touched. */
static int
release(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	(void)arg;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t from = (info->dlpi_addr + p->p_vaddr) & ~(page - 1);
		uintptr_t end = info->dlpi_addr + p->p_vaddr + p->p_memsz;

		if (p->p_type == PT_LOAD && (p->p_flags & PF_W) == 0)
			(void)madvise((void *)from, end - from, MADV_DONTNEED);
	}
	return 0;
}

/* Lets go of the pages of the program that are mapped, since many were needed only to start or for a handshake. Pages
 * that are needed again come back by themselves, from the page cache. */
static void
release_pages(void)
{
	(void)dl_iterate_phdr(release, NULL);
}

static void
on_trim(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct rgw_net *net = w->data;

	(void)loop;
	(void)revents;
	net->n_freed = 0;
#ifdef __GLIBC__
	malloc_trim(0);
#endif
	release_pages();
}

void
rgw_trim_init(struct rgw_net *net)
{
	ev_timer_init(&net->trim, on_trim, 0, 0);
	net->trim.data = net;
}

void
rgw_net_tidy(struct rgw_net *net)
{
	if (ev_is_active(&net->trim))
		return;
	ev_timer_set(&net->trim, DELAY_S, 0);
	ev_timer_start(net->loop, &net->trim);
}
