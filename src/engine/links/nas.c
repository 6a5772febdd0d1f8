/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

#include <stdlib.h>
#include <string.h>

/*
 * A NAS that takes CoA and Disconnect over UDP (P-COA-1): the address of a client, as a target. It is asked as a server
 * is, by the client's secret, from sockets that are there only while they are used; so it embeds a server whose section
 * is made of the client's. It is made when there is something to be sent, belongs to the gateway, and ends when nothing
 * was sent for long, or with its client. Each worker has its own.
 */

/* A NAS that nothing was sent to for this long is forgotten; a request lives no longer than five minutes. */
#define IDLE_MS 600000

/* The number of NASes that one worker asks at the most within that time. */
#define NASES_MAX 4096

/* RFC 5080 towards a NAS: whoever sent the request hears after ten seconds that there was no answer. */
static const struct rgw_retransmit retransmit = { .irt = 2000, .mrt = 4000, .mrc = 5, .mrd = 10000 };

#define MAX_REQUESTS 1024
#define ZOMBIE_MS 40000
#define REVIVE_MS 60000

struct rgw_nas {
	struct rgw_server server;
	struct rgw_conf_server conf;   /* section of the server; what it points to is the client's */
	struct rgw_target_ops ops;     /* those of servers, but for what log lines say */
	struct rgw_known *client;      /* borrowed */
	struct rgw_addr addr;
	struct rgw_link link;          /* among the gateway's */
	struct rgw_hnode node;         /* in the gateway's table */
	struct rgw_timer timer;        /* when it is looked whether the NAS is in use still */
};

static struct rgw_nas *
nas_of(struct rgw_link *l)
{
	return RGW_CONTAINER(l, struct rgw_nas, link);
}

static struct rgw_port *
port_of(struct rgw_nas *nas)
{
	return &nas->server.ports[rgw_service_index(RGW_SERVICE_COA)];
}

/* Works by the client's section from now on. */
static void
read_section(struct rgw_nas *nas)
{
	const struct rgw_conf_client *client = (const struct rgw_conf_client *)nas->client->section;

	nas->conf = (struct rgw_conf_server){ .head = client->head, .secret = client->secret,
		.previous_secret = client->previous_secret, .require_message_authenticator = RGW_NO,
		.retransmit = retransmit, .zombie = ZOMBIE_MS, .revive = REVIVE_MS, .max_requests = MAX_REQUESTS };
	nas->server.known.section = nas->client->section;
	nas->server.known.reads = nas->client->reads;
	nas->server.known.renewed = nas->client->renewed;
	nas->server.conf = &nas->conf;
	nas->server.target.conf = nas->client->section;
}

static void
end(struct rgw_nas *nas)
{
	struct rgw_gw *gw = nas->server.target.gw;

	rgw_timer_unset(&gw->timers, &nas->timer);
	rgw_link_remove(&nas->link);
	rgw_htab_remove(&gw->nas_by_addr, &nas->node);
	rgw_server_fini(&nas->server);
	free(nas);
}

static void
on_timer(struct rgw_timer *timer, rgw_ms now)
{
	struct rgw_nas *nas = RGW_CONTAINER(timer, struct rgw_nas, timer);
	struct rgw_target *target = &nas->server.target;

	if (now < target->asked_at + IDLE_MS || target->ops->load(target) > 0 || port_of(nas)->n_sources > 0)
		rgw_timer_set(&target->gw->timers, timer, now + IDLE_MS);
	else
		end(nas);
}

static uint64_t
hash_of(const struct rgw_gw *gw, const struct rgw_known *client, const struct rgw_addr *addr)
{
	struct rgw_hashkey key = gw->common->salt;

	key.k1 ^= client->section->id;
	return rgw_siphash(&key, addr, sizeof *addr);
}

static struct rgw_nas *
make(struct rgw_gw *gw, struct rgw_known *client, const struct rgw_addr *addr, uint64_t hash, rgw_ms now)
{
	struct rgw_nas *nas = calloc(1, sizeof *nas);
	struct rgw_addr bare = *addr;
	char text[RGW_ADDR_TEXT];
	struct rgw_hostport at = { text, addr->port };

	if (nas == NULL)
		return NULL;
	if (!rgw_htab_add(&gw->nas_by_addr, &nas->node, hash)) {
		free(nas);
		return NULL;
	}
	bare.port = 0;
	(void)rgw_addr_format(&bare, text);
	nas->client = client;
	nas->addr = *addr;
	nas->ops = rgw_server_target_ops;
	nas->ops.field = "nas";
	nas->ops.unanswered =
	    "no answer from the NAS; does it take CoA and Disconnect from us, there and with this secret?";
	rgw_target_init(&nas->server.target, gw, client->section, &nas->ops);
	read_section(nas);
	rgw_port_init(&nas->server, RGW_SERVICE_COA, &at, now);
	rgw_timer_init(&nas->timer, on_timer);
	rgw_timer_set(&gw->timers, &nas->timer, now + IDLE_MS);
	rgw_link_init(&nas->link);
	rgw_list_prepend(&gw->nases, &nas->link);
	return nas;
}

struct rgw_target *
rgw_nas_target(struct rgw_gw *gw, struct rgw_known *client, const struct rgw_addr *addr, rgw_ms now)
{
	uint64_t hash = hash_of(gw, client, addr);
	struct rgw_nas *nas;

	for (struct rgw_hnode *n = rgw_htab_first(&gw->nas_by_addr, hash); n != NULL; n = rgw_htab_next(n)) {
		nas = RGW_CONTAINER(n, struct rgw_nas, node);
		if (nas->client == client && rgw_addr_equal(&nas->addr, addr))
			return &nas->server.target;
	}
	nas = gw->nas_by_addr.count < NASES_MAX ? make(gw, client, addr, hash, now) : NULL;
	return nas != NULL ? &nas->server.target : NULL;
}

void
rgw_nases_read(struct rgw_gw *gw, const struct rgw_known *client)
{
	for (struct rgw_link *l = gw->nases.next; l != &gw->nases; l = l->next)
		if (nas_of(l)->client == client)
			read_section(nas_of(l));
}

void
rgw_nases_change(struct rgw_gw *gw, const struct rgw_known *client, struct rgw_edition *old, rgw_ms now)
{
	for (struct rgw_link *l = gw->nases.next; l != &gw->nases; l = l->next)
		if (nas_of(l)->client == client)
			rgw_server_change_sources(port_of(nas_of(l)), old, now);
}

void
rgw_nases_leave(struct rgw_gw *gw, const struct rgw_known *client, rgw_ms now)
{
	for (struct rgw_link *l = gw->nases.next; l != &gw->nases; l = l->next) {
		struct rgw_nas *nas = nas_of(l);

		if (nas->client != client)
			continue;
		nas->server.known.gone = true;
		rgw_health_stop(port_of(nas), now);
		rgw_timer_set(&gw->timers, &port_of(nas)->tidy_timer, now);
	}
}

void
rgw_nases_end(struct rgw_gw *gw, const struct rgw_known *client)
{
	struct rgw_link *next;

	for (struct rgw_link *l = gw->nases.next; l != &gw->nases; l = next) {
		next = l->next;
		if (nas_of(l)->client == client)
			end(nas_of(l));
	}
}
