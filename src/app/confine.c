/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "confine.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "folders.h"
#include "syscalls.h"

/* The sandbox of the process (see confine.h). Sanitizers look into their own process in ways that no sandbox should
 * allow, so there is none in their builds. */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_OBSERVED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define IS_OBSERVED true
#endif
#endif
#ifndef IS_OBSERVED
#define IS_OBSERVED false
#endif

/* The memory of the process holds keys and passwords: no image of it is written, and nobody of the same user looks into
 * it. */
static bool
hide_memory(bool core_dumps)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &limit) != 0)
		return false;
	limit.rlim_cur = core_dumps ? limit.rlim_max : 0;
	return setrlimit(RLIMIT_CORE, &limit) == 0 && prctl(PR_SET_DUMPABLE, core_dumps ? 1 : 0, 0, 0, 0) == 0;
}

bool
rgw_confine(const struct rgw_conf *conf, const char *path, struct rgw_log *log)
{
	int version;
	bool filter;

	if (IS_OBSERVED)
		return true;
	if (!hide_memory(conf->gateway.core_dumps)) {
		RGW_LOG(log, RGW_LOG_ERROR, "privileges", NULL, "cannot keep the memory of the process to itself",
		    rgw_f_str("reason", strerror(errno)));
		return false;
	}
	if (!conf->gateway.sandbox)
		return true;
	version = rgw_folders_wall(conf, path);
	if (version < 0) {
		RGW_LOG(log, RGW_LOG_ERROR, "privileges", NULL, "cannot restrict the process to its folders",
		    rgw_f_str("reason", strerror(errno)));
		return false;
	}
	filter = rgw_syscalls_filter();
	RGW_LOG(log, RGW_LOG_INFO, "confined", NULL, "the process is restricted to what it needs; 0 is what "
	    "this kernel or machine does not offer", rgw_f_uint("system_calls", filter ? rgw_syscalls_allowed() : 0),
	    rgw_f_uint("landlock", (uint64_t)version));
	return true;
}
