/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SIM_PRIV_H
#define SIM_PRIV_H

/* What the files of the world share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radsecgw/packet.h"
#include "radsecgw/secret.h"
#include "sim.h"

/* The NAS puts the number of its request here, and the far end sends it back in Reply-Message. */
#define NONCE_ATTR RGW_CALLING_STATION_ID

enum sim_event_kind { CONNECTED, HANDSHAKED, REFUSED, ANSWER, RESOLVED, SERVER_ANSWER, UNREACHABLE };

struct sim_event {
	struct sim_event *next;
	rgw_ms at;
	uint64_t serial;
	enum sim_event_kind kind;
	struct sim_conn *conn;
	struct sim_got *got;
	struct sim_source *source;
	uint32_t query;
};

/* sim.c */
void sim_schedule(struct sim *s, rgw_ms delay, struct sim_event e);
struct rgw_secret *sim_secret_of(const char *text);
void sim_fill_random(struct sim *s, void *out, size_t len);
uint32_t sim_nonce_in(const struct rgw_packet *p, uint8_t type);
/* A hidden attribute in an answer was re-keyed for this request (P-SLT-1). */
void sim_check_key(const struct rgw_packet *p, const struct sim_req *r, const char *secret);
/* Notes an answer that came for a request: it must be the first, or the same again. */
void sim_note_answer(struct sim *s, struct sim_req *r, const uint8_t *data, size_t len);
/* A request of a NAS or a peer that is remembered, empty or built. */
struct sim_req *sim_new_req(struct sim *s);
struct sim_req *sim_build_request(struct sim *s, uint8_t code, uint8_t id, const char *user,
    const char *secret);
/* Builds the answer of a far end; an attribute type of 0 adds none. */
size_t sim_build_answer(const struct sim_got *g, uint8_t *out, size_t cap, uint8_t code, uint8_t type,
    const void *value, size_t len, const char *secret);
/* Takes note of a request that arrived at a far end, verified and whole, or the engine is wrong. */
struct sim_got *sim_receive(struct sim *s, const uint8_t *data, size_t len, const char *secret);
/* With this one, the newest, at most two answers can come under its identifier (P-ID-5). */
void sim_check_identifier(const struct sim *s, const struct sim_got *g);
struct sim_conn *sim_new_conn(struct sim *s);
void sim_conn_over(struct sim *s, struct sim_conn *c);

/* sim_conf.c */
void sim_conf_init(struct sim *s, const char *connect);
void sim_conf_ready(struct sim *s);
void sim_conf_free(struct sim *s);

/* sim_in.c: operations, and what happens there */
void *sim_op_source_open(void *ctx, struct rgw_source *source, const struct rgw_addr *from,
    const struct rgw_addr *to);
void sim_op_source_send(void *ctx, void *io, const uint8_t *data, size_t len);
void sim_op_source_close(void *ctx, void *io);
/* An answer came on a connection that the visitor opened. */
void sim_visitor_hears(struct sim *s, struct sim_conn *c, const uint8_t *data, size_t len);
void sim_server_happen(struct sim *s, const struct sim_event *e);
void sim_free_sources(struct sim *s);

#endif
