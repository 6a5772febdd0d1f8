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
/* Where NASes take CoA and Disconnect. */
#define SIM_NAS_PORT 3799

#define NONCE_ATTR 87  /* NAS-Port-Id: nobody goes by it */

enum sim_event_kind {
	CONNECTED,
	HANDSHAKED,
	REFUSED,
	ANSWER,
	RESOLVED,
	SERVER_ANSWER,
	UNREACHABLE,
	NAS_ARRIVES,     /* a datagram of a NAS arrives at the gateway */
	NAS_HEARS,       /* an answer arrives at the NAS */
	NAS_AGAIN,       /* the NAS has waited for three seconds */
	CALL,            /* what a story or the random driver wants */
};

struct sim_event {
	rgw_ms at;
	uint64_t serial;
	enum sim_event_kind kind;
	enum sim_answer how;
	struct sim_conn *conn;
	struct sim_got *got;
	struct sim_source *source;
	struct sim_req *req;
	uint32_t query;
	struct rgw_host *host;
	void (*call)(struct sim *s, const struct sim_event *e);
	void *arg;
};

/* sim.c */
void sim_schedule(struct sim *s, rgw_ms delay, struct sim_event e);
void sim_fill_random(struct sim *s, void *out, size_t len);
bool sim_percent(struct sim *s, unsigned percent);
/* One of the secrets in sim.h. */
const struct rgw_secret *sim_secret_of(const struct sim *s, const char *text);

/* sim_nas.c */
void sim_op_udp_send(void *ctx, uint32_t sock, const struct rgw_addr *local,
    const struct rgw_addr *remote, const struct rgw_outgoing *packet);
/* The octets that leave: signed, if they were not. `room` is for a whole packet. */
const uint8_t *sim_signed(uint8_t *room, const struct rgw_outgoing *packet);
void sim_nas_happen(struct sim *s, const struct sim_event *e);
uint32_t sim_nonce_in(const struct rgw_packet *p, uint8_t type);
/* A hidden attribute in an answer was re-keyed for this request (P-SLT-1). */
void sim_check_key(const struct rgw_packet *p, const struct sim_req *r, const char *secret);
/* Hides or reveals one block of a salted attribute. */
void sim_salted_block(uint8_t block[static 16], const char *secret, const uint8_t *auth,
    const uint8_t *salt);
extern const uint8_t sim_key_material[16];
/* Notes an answer that came for a request: it must be the first, or the same again. */
void sim_note_answer(struct sim *s, struct sim_req *r, const struct rgw_packet *p);
/* A request of a NAS or a peer that is remembered: any octets, or built. */
struct sim_req *sim_new_req(struct sim *s, const void *data, size_t len);
struct sim_req *sim_build_request(struct sim *s, const struct sim_spec *spec, const char *secret);
/* From now on it is found by where it came from. Those before it under the same identifier are
 * superseded. */
void sim_index_req(struct sim *s, struct sim_req *r);
/* Does one supersede the other, of the same origin and with the same code and identifier? */
bool sim_is_same_place(const struct sim_req *a, const struct sim_req *b);
/* Has the engine accepted a request that supersedes this one? Then nothing may come back for this one. What it dropped,
 * as too fast, say, or as that of a client that a reload has taken away, supersedes nothing. */
bool sim_is_taken_back(const struct sim *s, const struct sim_req *r);
struct sim_req *sim_bucket(const struct sim *s, const struct sim_conn *conn, uint16_t port, uint8_t id);
/* The engine gets it by `give`; if it accepts it, a new life begins. */
void sim_deliver(struct sim *s, struct sim_req *r, void (*give)(struct sim *s, struct sim_req *r));

/* sim_far.c */
void *sim_op_conn_open(void *ctx, struct rgw_conn *conn, const struct rgw_conf_peer *peer,
    const char *host, const struct rgw_addr *to);
bool sim_op_conn_send(void *ctx, void *io, const struct rgw_outgoing *packet);
void sim_op_conn_close(void *ctx, void *io);
void sim_conn_happen(struct sim *s, const struct sim_event *e);
/* The secret of the answer to a request. */
const char *sim_answer_secret(const struct sim_got *g);
/* Builds the answer of a far end; an attribute type of 0 adds none. */
size_t sim_build_answer(const struct sim *s, const struct sim_got *g, uint8_t *out, size_t cap,
    uint8_t code, uint8_t type, const void *value, size_t len, const char *secret);
/* The same in one of the ways in which far ends answer. */
size_t sim_build_how(const struct sim *s, const struct sim_got *g, uint8_t *out, size_t cap,
    enum sim_answer how, const char *secret);
/* What this far end does with this request. */
enum sim_answer sim_choose_how(struct sim *s, struct sim_far *far, const struct sim_got *g);
/* Is that an answer that no gateway may believe? */
bool sim_is_bad(enum sim_answer how);
/* Takes note of a request that arrived at a far end, verified and whole, or the engine is wrong. */
struct sim_got *sim_receive(struct sim *s, struct sim_far *far, const uint8_t *data, size_t len,
    const char *secret);
/* With this one, the newest on its lane, at most two answers can come under its identifier (P-ID-5). */
void sim_check_identifier(const struct sim *s, struct sim_got *g);
struct sim_conn *sim_new_conn(struct sim *s);
void sim_conn_over(struct sim *s, struct sim_conn *c);

/* sim_conf.c */
void sim_conf_init(struct sim *s, const char *connect);
/* Reads the lines; NULL = they are wrong. With `now` the ids are inherited. */
struct rgw_conf *sim_conf_read(struct sim *s, const struct rgw_conf *now);
void sim_conf_free(struct sim *s);
/* Lines as they were, to be restored or forgotten. */
struct sim_lines {
	struct sim_line *v;
	size_t n;
};
struct sim_lines sim_conf_copy(const struct sim *s);
void sim_conf_restore(struct sim *s, struct sim_lines *lines);
void sim_conf_forget(struct sim_lines *lines);

/* The id of a [listen] section. false = there is none. */
bool sim_listen_id(const struct sim *s, const char *name, uint32_t *id);

/* sim_in.c: operations, and what happens there */
void *sim_op_source_open(void *ctx, struct rgw_source *source, const struct rgw_addr *from,
    const struct rgw_addr *to);
void sim_op_source_send(void *ctx, void *io, const struct rgw_outgoing *packet);
void sim_op_source_close(void *ctx, void *io);
/* An answer came on a connection that the visitor opened. */
void sim_visitor_hears(struct sim *s, struct sim_conn *c, const uint8_t *data, size_t len);
void sim_server_happen(struct sim *s, const struct sim_event *e);
void sim_free_sources(struct sim *s);

#endif
