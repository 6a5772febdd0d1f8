/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENGINE_ASKER_H
#define ENGINE_ASKER_H

/*
 * Whoever asks: a client that sends datagrams, or a peer on one of its connections. An asker is embedded in its client
 * or peer; an origin is part of each request and says who asked and how the answer gets back (P-GW-4). The door is the
 * way by which the request came in: doors/udpin.c and doors/tlsin.c have one each.
 */

#include "radsecgw/addr.h"
#include "radsecgw/conf.h"
#include "radsecgw/conversation.h"
#include "radsecgw/list.h"
#include "radsecgw/log.h"
#include "radsecgw/ratelimit.h"
#include "radsecgw/side.h"

#include "previous.h"

struct rgw_gw;
struct rgw_origin;
struct rgw_outgoing;

/* What requests take while they are worked on. */
struct rgw_holding {
	uint32_t n;
	uint64_t octets;  /* octets of the requests' objects and packets, as large as the buffers for them are */
};

struct rgw_asker {
	const struct rgw_conf_head *conf;        /* borrowed: the asker's section, as the rest up to hears_errors */
	const struct rgw_conf_head *pool;        /* pool that all requests of the asker go to; NULL = by their realm */
	char *operator_name;                     /* Operator-Name that is added to the asker's requests; NULL = none */
	bool is_shielded;                        /* TLS: nobody else can change what the asker and we send (P-BR-12) */
	bool wants_msgauth;                      /* answers to the asker carry a Message-Authenticator (P-BR-2) */
	bool hears_errors;                       /* the asker understands Protocol-Error (P-ERR-10, 11) */
	bool gone;                               /* the current edition does not know the asker */
	struct rgw_holding holding;
	struct rgw_talker talker;
	struct rgw_bucket probes;  /* budget of Status-Servers, and of what else is answered without a request object */
};

/* The requests of a client or of a connection. */
struct rgw_asked {
	struct rgw_bucket superseding;  /* budget for requests that replace earlier ones (P-DUP-5) */
	struct rgw_link entries;        /* of a connection: entries of its requests, answered ones included */
	uint32_t n_pending;             /* of a connection: number of requests that wait for their answer */
};

/* How requests come in, and how their answers leave. */
struct rgw_door {
	const char *field;   /* what log lines call an asker of this door: "client", "from_peer" */
	bool is_stream;      /* a connection: what was asked on it ends with it */
	/* Sends an answer. false = the answer was not taken, which is counted and logged. */
	bool (*send)(struct rgw_gw *gw, const struct rgw_origin *origin, const struct rgw_outgoing *answer);
	/* Of a stream: a request of this origin does not wait any more. */
	void (*settled)(const struct rgw_origin *origin, bool answered, rgw_ms now);
};

/* Who asked, and the way back. All pointers are borrowed. */
struct rgw_origin {
	const struct rgw_door *door;
	struct rgw_side side;      /* how packets look on the asker's hop */
	struct rgw_asker *asker;
	struct rgw_asked *asked;   /* borrowed: requests of the client or connection that this one belongs to */
	uint32_t serial;           /* over a connection: its serial */
	uint32_t sock;             /* over UDP: index of the receiving socket ... */
	struct rgw_addr local;     /* ... and its address */
	struct rgw_addr remote;
};

/* Sets up an asker without a section, with a number by which askers are told apart. `probes` is the asker's
 * status-server-rate. */
void rgw_asker_init(struct rgw_asker *asker, struct rgw_gw *gw, const struct rgw_rate *probes, rgw_ms now);
/* May a request without a request object be answered, as far as status-server-rate is concerned? If not, the request is
 * counted and there is a line. */
bool rgw_asker_may_probe(struct rgw_gw *gw, const struct rgw_origin *origin, rgw_ms now);
/* Sets up an empty record of requests. Nobody may take back requests for new ones without end (P-DUP-5), since each
 * costs an identifier at the next hop. */
void rgw_asked_init(struct rgw_asked *asked, rgw_ms now);

static inline const char *
rgw_origin_name(const struct rgw_origin *origin)
{
	return origin->asker->conf->name;
}

static inline struct rgw_field
rgw_f_origin(const struct rgw_origin *origin)
{
	return rgw_f_str(origin->door->field, rgw_origin_name(origin));
}

#endif
