/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_CHANGE_H
#define NET_CHANGE_H

#include "bind.h"
#include "net_priv.h"

/*
 * A change from one configuration to the next while it is prepared; see net.h. It is made by another thread than that
 * of the loop, so what it shares with the layer is only read, and only what nobody but an adoption changes: the
 * configuration, the contexts and the lists of sockets that listen.
 */
struct rgw_net_change {
	struct rgw_net *net;              /* borrowed, as the next three */
	const struct rgw_conf *next;
	const struct rgw_net_change *first; /* that of the first worker, until the change is prepared; or NULL */
	struct rgw_conf_report *report;   /* hears what is wrong, until the change is prepared */
	struct rgw_contexts *contexts;    /* owned, as all that follows; see rgw_contexts_discard */
	struct rgw_link udp;              /* places (bind.h) of sockets for datagrams ... */
	struct rgw_link tcp;              /* ... and of those that take connections */
	size_t *peer_out;                 /* what becomes net->peer_out */
	bool names;                       /* whose a certificate is may be different under the new configuration */
};

/* Room for a sentence about what is wrong. */
#define RGW_CHANGE_WHY 512

/* complain.c: tells that an address cannot be had, or a context not be made. Before the layer has its first edition
 * there is no loop, and these are lines in the log, too. */
void rgw_change_cannot_listen(struct rgw_net_change *change, const struct rgw_conf_listen *conf, bool tcp,
    const struct rgw_addr *a, const char *why);
void rgw_change_cannot_use(struct rgw_net_change *change, const struct rgw_conf_tls *conf, const char *key,
    const char *why);

#endif
