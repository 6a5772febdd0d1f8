/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_APP_CRASH_H
#define RADSECGW_APP_CRASH_H

/*
 * The last words of a process that has made a fault, on standard error: which version it is, which signal came, in
 * which thread, and the way there as addresses, which `addr2line -e radsecgw` turns into lines of the source. Then the
 * process ends as it would have without. A sanitizer's own report is left alone, and the version added to it.
 */

/* Reports crashes from now on; there is nothing to free. */
void rgw_crash_report(void);

#endif
