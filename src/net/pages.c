/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net_priv.h"

#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Segments that were never written to hold what is in the file, and nothing else. Relocated constants are in
 * a segment that was once writable, so they are not touched. */
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

void
rgw_pages_release(void)
{
	(void)dl_iterate_phdr(release, NULL);
}
