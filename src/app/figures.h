/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_FIGURES_H
#define RADSECGW_APP_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "radsecgw/time.h"

/* What the system says about this process. Sizes are octets. */
struct rgw_figures {
	rgw_ms cpu;           /* milliseconds of all threads */
	uint64_t resident;    /* 0 = not known, as for the next three */
	uint64_t virtual;
	uint64_t threads;
	uint64_t descriptors; /* that are open ... */
	uint64_t allowed;     /* ... and that may be */
};

/* Asks the system. For any thread; takes as long as the kernel needs to list the descriptors. */
void rgw_figures_read(struct rgw_figures *out);

#endif
