/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_chaos.h"

#include <stdio.h>
#include <string.h>

/*
 * Configurations at random, one after the other, while all goes on. Some changes break nothing that is promised; the
 * others are for worlds where nothing is. Now and then the configuration is wrong, and nothing may come of it.
 */

/* ---- changes after which all promises hold ---- */

/* A section of this kind comes or goes that no request leads to. */
static void
some_section(struct sim *s)
{
	static const struct {
		const char *kind;
		const char *lines;
	} kinds[] = {
		{ "peer extra", "connect = 198.51.100.77\nname = extra.example\ntls = federation\nconnections = 1-2" },
		{ "server extra", "auth = 198.51.100.88\nsecret = " SIM_LOCAL },
		{ "client extra", "address = 192.0.2.100\nsecret = " SIM_SECRET },
		{ "client named", "address = extra.example\nsecret = " SIM_SECRET },
		{ "listen extra", "udp = 192.0.2.1:1900" },
		{ "listen secure", "tls = 192.0.2.1:2084\nprofile = federation" },
		{ "realm extra.example", "reject = nobody" },
		{ "pool extra", "members = local" },
	};
	uint32_t which = sim_random(s, sizeof kinds / sizeof kinds[0]);

	if (sim_random(s, 2) == 0)
		sim_drop(s, kinds[which].kind);
	else
		sim_ini(s, "[%s]\n%s", kinds[which].kind, kinds[which].lines);
}

static const char *
some_peer(struct sim *s)
{
	static const char *const names[] = { "national", "second", "visitor" };

	return names[sim_random(s, 3)];
}

static void
some_times(struct sim *s)
{
	const char *name = some_peer(s);
	static const unsigned intervals[] = { 6, 8, 10 };

	sim_ini(s, "[peer %s]\nwatchdog = %us\nreopen-answers = %u", name, intervals[sim_random(s, 3)],
	    1 + sim_random(s, 3));
	sim_ini(s, "[peer %s]\nlifetime = %us\nidle-timeout = %us", name, 40 * sim_random(s, 3),
	    20 * sim_random(s, 3));
	sim_ini(s, "[server local]\nzombie = %us", 4 + sim_random(s, 3));
}

static void
some_limits(struct sim *s)
{
	sim_ini(s, "[gateway]\nmax-half-open = %u\nmax-half-open-per-address = %u\nmax-connections = %u",
	    1 + sim_random(s, 6), 1 + sim_random(s, 6), 5 + sim_random(s, 20));
	sim_ini(s, "[gateway]\nconnect-rate = %u/s burst %u\nconnect-rate-per-address = %u/s burst %u",
	    10 + sim_random(s, 90), 10 + sim_random(s, 100), 5 + sim_random(s, 9), 5 + sim_random(s, 20));
	sim_ini(s, "[peer visitor]\nmax-connections = %u", 1 + sim_random(s, 10));
	sim_ini(s, "[client nas]\nprotocol-error = %s\nstatus-server-rate = %u/s", sim_yes(sim_random(s, 2) == 0),
	    1 + sim_random(s, 9));
}

static void
some_rewrite(struct sim *s)
{
	sim_ini(s, "[rewrite changing]\nset = 201 = %08x", sim_random(s, 1000000));
	if (sim_random(s, 2) == 0)
		sim_ini(s, "[gateway]\nrewrite-out = changing");
	else
		sim_ini(s, "[gateway]\nrewrite-out =");
}

static void
some_order(struct sim *s)
{
	static const char *const names[] = { "peer national", "peer second", "peer visitor", "server local",
		"client nas", "listen radsec", "listen radius", "realm *", "pool federation", "tls federation" };

	sim_move(s, names[sim_random(s, sizeof names / sizeof names[0])], sim_random(s, 2) == 0);
}

static void
some_policy(struct sim *s)
{
	static const char *const policies[] = { "failover", "round-robin", "least-outstanding", "hash" };

	sim_ini(s, "[pool federation]\npolicy = %s", policies[sim_random(s, 4)]);
}

/* ---- changes after which anything may be ---- */

static void
some_members(struct sim *s)
{
	static const char *const members[] = { "national", "second", "local", "national, second", "second, local",
		"local, national, second", "second, national" };

	sim_ini(s, "[pool federation]\nmembers = %s\nretry-after = %ums\ndead-realm = %us", members[sim_random(s, 7)],
	    sim_random(s, 3000), sim_random(s, 60));
}

static void
some_secret(struct sim *s)
{
	bool other = sim_random(s, 2) == 0;

	switch (sim_random(s, 4)) {
	case 0:
		s->national.secret = other ? SIM_OTHER : SIM_RADSEC;
		sim_ini(s, "[peer national]\nsecret = %s", s->national.secret);
		break;
	case 1:
		s->visitor.secret = other ? SIM_OTHER : SIM_RADSEC;
		sim_ini(s, "[peer visitor]\nsecret = %s", s->visitor.secret);
		break;
	case 2:
		s->server.secret = other ? SIM_OTHER : SIM_LOCAL;
		sim_ini(s, "[server local]\nsecret = %s", s->server.secret);
		break;
	default:
		s->nas_secret = other ? SIM_OTHER : SIM_SECRET;
		sim_ini(s, "[client nas]\nsecret = %s", s->nas_secret);
		break;
	}
}

/* One that others refer to goes, or comes back. */
static void
some_neighbour(struct sim *s)
{
	switch (sim_random(s, 6)) {
	case 0:
		sim_drop(s, "peer second");
		sim_ini(s, "[pool federation]\nmembers = national, local");
		break;
	case 1:
		sim_add_second(s);
		sim_ini(s, "[pool federation]\nmembers = second, national");
		break;
	case 2:
		sim_drop(s, "peer visitor");
		break;
	case 3:
		sim_ini(s, "[peer visitor]\naccept = yes\nname = visitor.example\ntls = federation\nsecret = %s",
		    s->visitor.secret);
		break;
	case 4:
		sim_drop(s, sim_random(s, 2) == 0 ? "client nas" : "listen radsec");
		break;
	default:
		sim_ini(s, "[client nas]\naddress = 192.0.2.10\nsecret = %s\n"
		    "[listen radsec]\ntls = 192.0.2.1\nprofile = federation", s->nas_secret);
		break;
	}
}

static void
some_address(struct sim *s)
{
	static const char *const hosts[] = { "198.51.100.1", "198.51.100.7", "radius.example", "other.example" };
	static const char *const servers[] = { "198.51.100.99", "auth.example", "198.51.100.98" };

	sim_ini(s, "[peer national]\nconnect = %s", hosts[sim_random(s, 4)]);
	sim_ini(s, "[server local]\nauth = %s\nacct = %s", servers[sim_random(s, 3)],
	    sim_random(s, 4) == 0 ? "" : servers[sim_random(s, 3)]);
	sim_ini(s, "[server local]\nstatus-server = %s", sim_yes(sim_random(s, 2) == 0));
	sim_ini(s, "[peer second]\nstatus-server = %s", sim_random(s, 2) == 0 ? "off" : "auto");
}

static void
some_bounds(struct sim *s)
{
	static const unsigned most[] = { 16, 50, 500, 50000 };

	sim_ini(s, "[gateway]\nmax-requests = %u\nrequest-lifetime = %us\nduplicate-window = %us", most[sim_random(s, 4)],
	    10 + sim_random(s, 30), 1 + sim_random(s, 10));
	sim_ini(s, "[gateway]\nkept-answers = %u", 65536 + sim_random(s, 100000));
	sim_ini(s, "[peer national]\nqueue = %u\nqueue-time = %ums\nconnections = %u-%u", sim_random(s, 20),
	    500 + sim_random(s, 5000), sim_random(s, 3), 2 + sim_random(s, 4));
	sim_ini(s, "[server local]\nmax-requests = %u", 1 + sim_random(s, 100));
}

/* ---- all of that ---- */

static void
some_changes(struct sim *s)
{
	static void (*const changes[])(struct sim *s) = { some_section, some_section, some_times, some_limits,
		some_rewrite, some_order, some_policy, some_members, some_secret, some_neighbour, some_address,
		some_bounds };
	uint32_t n = chaos_of(s)->promises ? 7 : sizeof changes / sizeof changes[0];

	for (uint32_t i = 1 + sim_random(s, 3); i > 0; i--)
		changes[sim_random(s, n)](s);
}

/* Changes that do not fit together are refused like wrong ones; then everybody has the secrets of before. */
static void
change(struct sim *s)
{
	struct sim_far national = s->national, visitor = s->visitor, server = s->server;
	struct sim_lines before = sim_conf_copy(s);
	const char *nas_secret = s->nas_secret;

	some_changes(s);
	if (sim_try_reload(s, NULL)) {
		sim_conf_forget(&before);
		return;
	}
	sim_conf_restore(s, &before);
	s->national.secret = national.secret;
	s->visitor.secret = visitor.secret;
	s->server.secret = server.secret;
	s->nas_secret = nas_secret;
}

/* Lines with which no configuration is right. */
static const char *const wrong[] = { "[peer national]\nwatchdog = soon", "[realm x.example]\npool = nobody",
	"[pool federation]\nmembers = national, nobody", "[client nas]\nsecret =", "[server local]\nauth = :x",
	"[gateway]\nno-such-option = 1", "[listen radius]\nclients = 1" };

void
sim_chaos_reload(struct sim *s)
{
	const struct rgw_conf *before = s->conf;

	s->may_be_wrong = true;
	if (sim_random(s, 8) > 0) {
		change(s);
	} else {
		assert_false(sim_try_reload(s, wrong[sim_random(s, sizeof wrong / sizeof wrong[0])]));
		assert_ptr_equal(s->conf, before);
	}
	s->may_be_wrong = false;
}
