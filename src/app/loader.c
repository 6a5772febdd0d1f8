/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "loader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "privileges.h"
#include "radsecgw/confchange.h"
#include "radsecgw/mem.h"

/* The first phase of a reload (see loader.h). */

/* The configuration that is to be taken up, or NULL. */
static const struct rgw_conf *
read_next(struct rgw_loading *l)
{
	if (l->back != NULL)
		return l->back;
	l->next = rgw_conf_load(l->path, &l->notes.report);
	if (l->next != NULL)
		rgw_conf_inherit(l->next, l->now);
	return l->next;
}

static bool
open_log(struct rgw_loading *l, const struct rgw_conf *next)
{
	if (strcmp(next->log.target, l->now->log.target) == 0)
		return true;
	l->sink = rgw_logsink_open(next->log.target);
	if (l->sink == NULL)
		rgw_conf_complain(&l->notes.report, RGW_CONF_ERROR, next->log.head.file, next->log.head.line,
		    "[log] target: cannot open '%s': %s", next->log.target, strerror(errno));
	return l->sink != NULL;
}

void
rgw_loading_forget(struct rgw_loading *l)
{
	for (uint32_t i = 0; l->changes != NULL && i < l->n_workers; i++)
		rgw_worker_change_free(l->changes[i]);
	free(l->changes);
	l->changes = NULL;
	rgw_logsink_close(l->sink);
	l->sink = NULL;
	rgw_conf_free(l->next);
	l->next = NULL;
}

bool
rgw_loading_prepare(struct rgw_loading *l, const struct rgw_conf *next)
{
	l->changes = rgw_xcalloc(l->n_workers, sizeof(struct rgw_worker_change *));
	for (uint32_t i = 0; i < l->n_workers; i++) {
		l->changes[i] = rgw_worker_prepare(l->workers[i], next, i > 0 ? l->changes[0] : NULL,
		    &l->notes.report);
		if (l->changes[i] == NULL)
			return false;
	}
	return true;
}

bool
rgw_loading_run(struct rgw_loading *l)
{
	const struct rgw_conf *next;
	bool ok = false;

	rgw_notes_init(&l->notes);
	next = read_next(l);
	if (next != NULL && !rgw_conf_needs_restart(l->now, next, &l->notes.report)) {
		rgw_notes_compare(&l->notes, l->now, next);
		ok = open_log(l, next) && rgw_loading_prepare(l, next);
	}
	if (!ok)
		rgw_privileges_explain(l->now, next, rgw_notes_have(&l->notes, strerror(EACCES)), &l->notes.report);
	if (!ok || l->only_check)
		rgw_loading_forget(l);
	return ok;
}
