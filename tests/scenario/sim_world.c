/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_chaos.h"

#include <stdio.h>
#include <stdlib.h>

/* Worlds at random: who stands where, and which options they have. */

static void
configure_peer(struct sim *s, const char *name, struct sim_far *far)
{
	static const char *const status[] = { "off", "auto", "auto", "on" };
	static const unsigned intervals[] = { 6, 8, 10 };
	uint32_t which = sim_random(s, 4);

	far->no_status = far->no_status_ever = which < 2;
	far->usual_delay = far->delay = 1 + sim_random(s, 200);
	far->split = sim_random(s, 100);
	far->held = sim_random(s, 100);
	far->closes_after = sim_random(s, 4) == 0 ? sim_random(s, 60) : 0;
	sim_ini(s, "[peer %s]\nstatus-server = %s\nconnect-rate = 20/s\nreconnect = 500ms-4s", name,
	    status[which]);
	sim_ini(s, "[peer %s]\nwatchdog = %us", name, intervals[sim_random(s, 3)]);
	which = sim_random(s, 3);
	sim_ini(s, "[peer %s]\nconnections = %u-%u", name, which, 2 + sim_random(s, 4));
	sim_ini(s, "[peer %s]\nbad-response = %s", name, sim_random(s, 2) == 0 ? "close" : "discard");
	sim_ini(s, "[peer %s]\nlifetime = %us", name, 40 * sim_random(s, 3));
	sim_ini(s, "[peer %s]\nidle-timeout = %us", name, 20 * sim_random(s, 3));
	sim_ini(s, "[peer %s]\nreopen-answers = %u", name, 1 + sim_random(s, 3));
	if (sim_random(s, 4) == 0)
		sim_ini(s, "[peer %s]\nresponse-window = 4s", name);
	if (!chaos_of(s)->promises && sim_random(s, 2) == 0) {
		sim_ini(s, "[peer %s]\nqueue = %u", name, sim_random(s, 20));
		sim_ini(s, "[peer %s]\nqueue-time = %ums", name, 500 + sim_random(s, 5000));
	}
}

static void
configure_server(struct sim *s)
{
	bool probed;

	s->server.usual_delay = s->server.delay = 1 + sim_random(s, 200);
	s->server.held = sim_random(s, 100);
	probed = sim_random(s, 2) == 0;
	s->server.no_status = s->server.no_status_ever = !probed;
	sim_ini(s, "[server local]\nzombie = 5s\n%s",
	    probed ? "status-server = yes\nwatchdog = 6s" : "revive = 10s");
	if (sim_random(s, 3) == 0 && !chaos_of(s)->promises)
		sim_ini(s, "[server local]\nmax-requests = 20");
	if (sim_random(s, 2) == 0 && !chaos_of(s)->promises)
		sim_ini(s, "[server local]\nretransmit = irt 500ms mrt 1s mrc 3 mrd 2s");
	if (!chaos_of(s)->promises)
		sim_ini(s, "[server local]\nauth = auth.example");
}

static void
configure_visitor(struct sim *s)
{
	sim_ini(s, "[peer visitor]\nlifetime = %us", 30 * sim_random(s, 3));
	sim_ini(s, "[peer visitor]\nidle-timeout = %us", 20 * sim_random(s, 3));
	sim_ini(s, "[peer visitor]\nmax-connections = %u", 1 + sim_random(s, 10));
	sim_ini(s, "[peer visitor]\nprotocol-error = %s", sim_yes(sim_random(s, 4) > 0));
	sim_ini(s, "[gateway]\nmax-half-open = %u", 1 + sim_random(s, 4));
	sim_ini(s, "[gateway]\nmax-half-open-per-address = %u", 1 + sim_random(s, 4));
	sim_ini(s, "[gateway]\nmax-connections = %u", 5 + sim_random(s, 20));
	sim_ini(s, "[gateway]\nmax-connections-per-address = %u", 1 + sim_random(s, 10));
}

/* Two or three members, or one, in any order. */
static void
configure_pool(struct sim *s)
{
	struct chaos *c = chaos_of(s);
	static const char *const policies[] = { "failover", "round-robin", "least-outstanding", "hash" };
	static const char *const names[] = { "national", "second", "local" };
	struct sim_far *const fars[] = { &s->national, &s->second, &s->server };
	uint32_t first = sim_random(s, 3), step = 1 + sim_random(s, 2);
	uint32_t n = sim_random(s, 6) == 0 ? 1 : 2 + sim_random(s, 2);
	char members[64] = "";
	size_t len = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t which = (first + i * step) % 3;

		len += (size_t)snprintf(members + len, sizeof members - len, "%s%s", i > 0 ? ", " : "",
		    names[which]);
		c->members[c->n_members++] = fars[which];
	}
	sim_to_pool(s, members);
	if (c->promises && sim_random(s, 8) > 0)
		c->spared = c->members[sim_random(s, n)];
	sim_ini(s, "[pool federation]\npolicy = %s", policies[sim_random(s, 4)]);
	if (sim_random(s, 4) == 0)
		sim_ini(s, "[pool federation]\nretry-after = 0");
	else
		sim_ini(s, "[pool federation]\nretry-after = %ums", 1000 + sim_random(s, 2000));
	sim_ini(s, "[pool federation]\noutage-auth = %s", sim_random(s, 2) == 0 ? "reject" : "drop");
	sim_ini(s, "[pool federation]\noutage-acct = %s", sim_random(s, 2) == 0 ? "drop" : "ack");
	sim_ini(s, "[realm server.example]\npool = local\n[realm national.example]\npool = national");
}

/* In every second world; where nothing is promised some requests cannot go to the second one. */
static void
configure_rewrites(struct sim *s)
{
	if (chaos_of(s)->no_rewrites || s->seed % 2 != 0)
		return;
	sim_rewrite(s, "gateway", "rewrite-in", "add = 200 = ${client}\nremove = Calling-Station-Id");
	sim_rewrite(s, "gateway", "rewrite-out", "set = 200 = ${client} ${peer} ${realm}");
	sim_rewrite(s, "client nas", "rewrite-out", "add = Filter-Id = x\npackets = access-accept");
	sim_rewrite(s, "server local", "rewrite-out", "replace = User-Name /@.*$$//");
	if (!chaos_of(s)->promises)
		sim_rewrite(s, "peer second", "rewrite-out",
		    "replace = 200 /^/${realm}${realm}${realm}${realm}${realm}${realm}${realm}${realm}/\n"
		    "\t200 /^/${realm}${realm}${realm}${realm}${realm}${realm}${realm}${realm}/\n"
		    "\t200 /^/${realm}${realm}${realm}${realm}${realm}${realm}${realm}${realm}/");
}

/* The visitor and all peers may change sessions, and so may the second client; the first one takes that as a NAS. */
static void
configure_changes(struct sim *s)
{
	static const char *const names[] = { "national", "second", "visitor" };

	sim_add_client(s);
	sim_ini(s, "[listen radius]\naccept = auth, acct, coa\n[client nas]\ncoa = yes\n"
	    "[client second-nas]\nallow = coa, disconnect\ncoa-realms = *");
	for (size_t i = 0; i < 3; i++)
		sim_ini(s, "[peer %s]\nallow = auth, acct, coa, disconnect\ncoa-realms = *", names[i]);
	for (size_t i = 0; i < 2; i++)
		sim_ini(s, "[peer %s]\nconnections = 1-%u", names[i], 1 + sim_random(s, 4));
}

void
sim_chaos_world(struct sim *s, struct chaos *c)
{
	static const rgw_ms gaps[] = { 10, 60, 250, 1000 };
	static const unsigned calms[] = { 10, 30, 100, 400 };

	s->driver = c;
	s->draining = 1000;
	c->promises = sim_random(s, 4) > 0;
	c->collide = sim_random(s, 4) == 0;
	if (sim_random(s, 3) == 0)
		c->hostile = c->promises ? 1000 + sim_random(s, 1000) : 20 + sim_random(s, 400);
	c->gap = gaps[sim_random(s, 4)];
	c->calm = calms[sim_random(s, 4)];
	/* Time-outs of an attempt to connect, pauses between them, and until a watchdog closes. */
	c->slack = 20000 + 2 * 12000;
	sim_add_second(s);
	configure_pool(s);
	configure_peer(s, "national", &s->national);
	configure_peer(s, "second", &s->second);
	configure_server(s);
	configure_visitor(s);
	configure_rewrites(s);
	if (c->changes)
		configure_changes(s);
	sim_ini(s, "[client nas]\nprotocol-error = %s", sim_yes(sim_random(s, 2) == 0));
	s->dns_ip2 = 2;
	s->dns_ttl = 30;
	/* Lines are written in some worlds, and in others they are not even made. */
	if (sim_random(s, 8) > 0 && getenv("SIM_LOG") == NULL)
		s->log.level = RGW_LOG_ERROR;
}
