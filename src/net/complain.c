/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "change.h"

/* What is wrong with a configuration that the layer cannot take up. Before it has its first edition there is no loop,
 * and these are lines in the log, too. */

void
rgw_change_cannot_listen(struct rgw_net_change *change, const struct rgw_conf_listen *conf, bool tcp,
    const struct rgw_addr *a, const char *why)
{
	const char *what = tcp ? "cannot listen on this TCP address" : "cannot listen on this UDP address";
	char addr[RGW_ADDR_TEXT];

	rgw_conf_complain(change->report, RGW_CONF_ERROR, conf->head.file, conf->head.line, "[listen %s] %s: %s: %s",
	    conf->head.name, rgw_addr_format(a, addr), what, why);
	if (change->net->edition == NULL)
		RGW_LOG(change->net->log, RGW_LOG_ERROR, "listen-failed", NULL, what,
		    rgw_f_str("listen", conf->head.name), rgw_f_addr("addr", a), rgw_f_str("reason", why));
}

void
rgw_change_cannot_use(struct rgw_net_change *change, const struct rgw_conf_tls *conf, const char *key,
    const char *why)
{
	rgw_conf_complain(change->report, RGW_CONF_ERROR, conf->head.file, conf->head.line, "[tls %s] %s: %s",
	    conf->head.name, key, why);
	if (change->net->edition == NULL)
		RGW_LOG(change->net->log, RGW_LOG_ERROR, "tls-context", NULL, why,
		    rgw_f_str("tls", conf->head.name), rgw_f_str("key", key));
}
