/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_chaos.h"

#include <string.h>

const char *
sim_fault_help(enum sim_fault fault)
{
	static const char *const help[] = {
#define SIM_FAULT_HELP(name, text) [FAULT_##name] = text,
		SIM_FAULTS(SIM_FAULT_HELP)
#undef SIM_FAULT_HELP
	};

	return help[fault];
}

/* ---- what lasts ---- */

/* From now until so much later nothing is promised at this far end. */
static void
sicken(struct sim *s, struct sim_far *far, rgw_ms ms)
{
	if (far->sick_until < s->now + ms)
		far->sick_until = s->now + ms;
}

static bool
is_to(const struct sim_conn *c, const struct sim_far *far)
{
	return c->engine != NULL && c->far == far;
}

/* Ends what the fault has begun, at one far end. */
static void
end_at(struct sim *s, struct sim_far *far)
{
	bool no_status = far->no_status_ever;

	far->refuse = far->no_tcp = far->no_tls = far->hang = false;
	far->answer = SIM_ANSWER;
	far->delay = far->usual_delay;
	far->odd = 0;
	far->no_status = no_status;
	/* Those opened meanwhile come after these. */
	for (size_t i = 0, n = s->n_conns; i < n; i++) {
		struct sim_conn *c = s->conns[i];

		if (!is_to(c, far))
			continue;
		c->mute = false;
		if (c->full)
			sim_set_full(s, c, false);
		if (c->engine != NULL && c->half)
			sim_cut(s, c);
	}
	if (far == &s->server) {
		s->server_gone = false;
		memset(&s->server_path, 0, sizeof s->server_path);
	}
}

static void
on_end(struct sim *s, const struct sim_event *e)
{
	struct sim_far *far = e->arg;

	/* A later fault goes on. */
	if (far->sick_until <= s->now)
		end_at(s, far);
}

static void
on_end_everywhere(struct sim *s, const struct sim_event *e)
{
	(void)e;
	s->no_fds = s->no_dns = s->no_sockets = false;
	memset(&s->nas_path, 0, sizeof s->nas_path);
}

void
sim_chaos_heal(struct sim *s)
{
	struct chaos *c = chaos_of(s);

	for (size_t i = 0; i < c->n_members; i++)
		end_at(s, c->members[i]);
	end_at(s, &s->server);
	on_end_everywhere(s, NULL);
}

/* ---- faults ---- */

static struct sim_conn *
some_conn(struct sim *s, const struct sim_far *far)
{
	for (int i = 0; i < 20 && s->n_conns > 0; i++) {
		uint32_t recent = s->n_conns < 12 ? (uint32_t)s->n_conns : 12;
		struct sim_conn *c = s->conns[s->n_conns - 1 - sim_random(s, recent)];

		if (is_to(c, far))
			return c;
	}
	return NULL;
}

static struct sim_path
some_path(struct sim *s)
{
	return (struct sim_path){ .loss = sim_random(s, 40), .doubled = sim_random(s, 30),
		.delay = sim_random(s, 300), .jitter = sim_random(s, 600) };
}

/* Answers that come once more, or to what was given up, or of a code that is none. */
static void
stray_answers(struct sim *s, const struct sim_far *far)
{
	/* The last one, with no cause, is final, and would break what is promised. */
	static const uint8_t codes[] = { 0, 0, 0, RGW_COA_ACK, 1, 250, RGW_PROTOCOL_ERROR };
	uint32_t n = sizeof codes - chaos_of(s)->promises;

	for (int i = 0; i < 10 && s->n_all > 0; i++) {
		uint32_t recent = s->n_all < 60 ? (uint32_t)s->n_all : 60;
		struct sim_got *g = s->all[s->n_all - 1 - sim_random(s, recent)];
		uint8_t code = codes[sim_random(s, n)];

		if (g->far != far)
			continue;
		if (g->source != NULL)
			sim_server_reply(s, g, code);
		else if (g->conn != NULL && !g->conn->half && !g->conn->poisoned)
			sim_reply(s, g, code);
	}
}

/* Faults of one connection. */
static void
fault_of_conn(struct sim *s, enum sim_fault fault, struct sim_far *far)
{
	struct sim_conn *c = some_conn(s, far);

	if (c == NULL)
		return;
	switch (fault) {
	case FAULT_mute:
		c->mute = true;
		break;
	case FAULT_full:
		if (c->up)
			c->full = true;
		break;
	default:
		sim_cut(s, c);
		break;
	}
}

static void
fault_at(struct sim *s, enum sim_fault fault, struct sim_far *far)
{
	static const uint32_t causes[] = { 502, 505, 506, 406, 404, 0 };

	far->error_cause = causes[sim_random(s, chaos_of(s)->promises ? 4 : 6)];
	switch (fault) {
	case FAULT_refuse:
		far->refuse = true;
		break;
	case FAULT_black_hole:
		far->no_tcp = true;
		break;
	case FAULT_no_tls:
		far->no_tls = true;
		break;
	case FAULT_silent:
		far->answer = SIM_SILENT;
		break;
	case FAULT_hang:
		far->hang = true;
		break;
	case FAULT_slow:
		far->delay = 1000 + sim_random(s, 8000);
		break;
	case FAULT_odd:
		far->odd = 5 + sim_random(s, 90);
		break;
	case FAULT_errors:
		far->answer = SIM_ERROR;
		break;
	case FAULT_no_status:
		far->no_status = true;
		break;
	default:
		fault_of_conn(s, fault, far);
		break;
	}
}

/* Faults that only the server can have, or that hit all connections of a far end. */
static void
fault_of_far(struct sim *s, enum sim_fault fault, struct sim_far *far)
{
	switch (fault) {
	case FAULT_cut_all:
		sim_cut_all(s, far);
		break;
	case FAULT_stray:
		stray_answers(s, far);
		break;
	case FAULT_gone:
		s->server_gone = true;
		s->server_gone_ip = (uint8_t)sim_random(s, 3);
		break;
	case FAULT_server_path:
		s->server_path = some_path(s);
		break;
	default:
		fault_at(s, fault, far);
		break;
	}
}

static void
fault_everywhere(struct sim *s, enum sim_fault fault, rgw_ms duration)
{
	struct chaos *c = chaos_of(s);

	c->faults[fault]++;
	switch (fault) {
	case FAULT_no_sockets:
		s->no_sockets = true;
		break;
	case FAULT_no_fds:
		s->no_fds = true;
		break;
	case FAULT_dns:
		s->no_dns = sim_random(s, 2) == 0;
		s->dns_ip = (uint8_t)(1 + sim_random(s, 3));
		break;
	case FAULT_jump:
		sim_jump(s, sim_random(s, 3) == 0 ? sim_random(s, 4000000) : sim_random(s, 40000));
		break;
	case FAULT_nas_path:
		s->nas_path = some_path(s);
		break;
	default:
		break;
	}
	for (size_t i = 0; i < c->n_members && fault != FAULT_nas_path; i++)
		sicken(s, c->members[i], duration);
	sim_schedule(s, duration, (struct sim_event){ .kind = CALL, .call = on_end_everywhere });
}

static bool
is_for_server(enum sim_fault fault)
{
	switch (fault) {
	case FAULT_silent:
	case FAULT_hang:
	case FAULT_slow:
	case FAULT_odd:
	case FAULT_errors:
	case FAULT_no_status:
	case FAULT_stray:
	case FAULT_gone:
	case FAULT_server_path:
		return true;
	default:
		return false;
	}
}

static bool
is_everywhere(enum sim_fault fault)
{
	return fault == FAULT_jump || fault == FAULT_nas_path ||
	    (fault >= FAULT_no_sockets && fault < FAULT_nas_path);
}

void
sim_chaos_begin(struct sim *s, enum sim_fault fault, struct sim_far *far, rgw_ms duration)
{
	struct chaos *c = chaos_of(s);

	if (is_everywhere(fault)) {
		fault_everywhere(s, fault, duration);
		return;
	}
	if (fault == FAULT_gone || fault == FAULT_server_path)
		far = &s->server;
	if (far == c->spared || (far == &s->server && !is_for_server(fault)))
		return;
	c->faults[fault]++;
	sicken(s, far, duration);
	fault_of_far(s, fault, far);
	sim_schedule(s, duration, (struct sim_event){ .kind = CALL, .call = on_end, .arg = far });
}

static void
fault_at_some(struct sim *s, enum sim_fault fault)
{
	struct chaos *c = chaos_of(s);
	struct sim_far *far = c->members[sim_random(s, (uint32_t)c->n_members)];
	rgw_ms duration = sim_random(s, sim_random(s, 3) == 0 ? 40000 : 8000);

	/* Long enough for a watchdog to notice. */
	if (fault == FAULT_mute || fault == FAULT_hang)
		duration += 10000;
	sim_chaos_begin(s, fault, far, duration);
}

void
sim_chaos_follow(struct sim *s)
{
	static const enum sim_fault next[] = { FAULT_cut, FAULT_full, FAULT_cut_all, FAULT_hang };
	struct chaos *c = chaos_of(s);
	uint64_t suspected = sim_counter(s, RGW_CTR_connections_suspected);

	if (suspected == c->suspected)
		return;
	c->suspected = suspected;
	for (unsigned i = sim_random(s, 4); i > 0; i--)
		fault_at_some(s, next[sim_random(s, 4)]);
}

void
sim_chaos_fault(struct sim *s)
{
	struct chaos *c = chaos_of(s);
	enum sim_fault fault = (enum sim_fault)sim_random(s, FAULT_nas_path);

	switch (sim_random(s, 12)) {
	case 0:
		/* Few ports and identifiers allow no old datagrams. */
		if (!c->collide)
			sim_chaos_begin(s, FAULT_nas_path, NULL, sim_random(s, 10000));
		return;
	case 1:
		fault = sim_random(s, 4) == 0 ? FAULT_jump : FAULT_no_sockets + sim_random(s, 3);
		break;
	case 2:
		fault = FAULT_server_path;
		break;
	default:
		break;
	}
	if (!is_everywhere(fault))
		fault_at_some(s, fault);
	else if (!c->promises)
		sim_chaos_begin(s, fault, NULL, sim_random(s, 10000));
}

/* ---- promises ---- */

static bool
is_well(const struct chaos *c, const struct sim_far *far, rgw_ms since)
{
	/* Nobody has known it for long at the very beginning, either. */
	return far->sick_until == 0 || far->sick_until + c->slack <= since;
}

/* Have connections ended so often while the request was open on them that it is taken for the reason, though it was
 * chance? */
static bool
is_suspected(const struct sim_req *r)
{
	unsigned n = 0;

	for (const struct sim_got *g = r->got; g != NULL && g->life == r->life; g = g->before)
		n += g->conn == NULL && g->source == NULL && !g->answered;
	return n > 2;
}

bool
sim_chaos_promises(const struct sim *s, const struct sim_req *r)
{
	const struct chaos *c = chaos_of(s);

	if (!c->promises || r->superseded || r->spoiled || !r->pooled || is_suspected(r))
		return false;
	/* To a visitor that does not read nothing is promised. */
	if (r->conn != NULL && (r->conn->engine == NULL || r->conn->was_full))
		return false;
	if (r->home != NULL)
		return is_well(c, r->home, r->accepted_at);
	for (size_t i = 0; i < c->n_members; i++)
		if (is_well(c, c->members[i], r->accepted_at))
			return sim_pool_conf(s, "federation")->retry_after != 0 || c->n_members == 1;
	return false;
}
