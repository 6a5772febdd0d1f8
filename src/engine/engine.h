/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_ENGINE_H
#define RADSECGW_ENGINE_H

/*
 * The gateway of one worker, as all rooms of the engine see it. The rooms:
 *
 *   doors/     who asks: datagrams of clients, and requests on connections
 *   requests/  what is asked: from the duplicate cache over the choice of a target to the answer
 *   links/     who is asked: peers with their connections, servers with their sockets, and their addresses
 *
 * Requests see links as targets and lanes (links/target.h, links/lane.h); links tell requests what has happened by
 * the five calls of links/events.h. Nothing else is called from links into requests or doors.
 *
 * Who owns what: the gateway owns clients, peers, servers, entries, packet buffers and the connections that came in;
 * a peer owns the connections to it, a server its sources. A request is owned by its entry in the duplicate cache from
 * the moment it is accepted until it is answered or ended.
 */

#include "radsecgw/admission.h"
#include "radsecgw/auth.h"
#include "radsecgw/common.h"
#include "radsecgw/conf.h"
#include "radsecgw/conversation.h"
#include "radsecgw/deadrealm.h"
#include "radsecgw/dupcache.h"
#include "radsecgw/gateway.h"
#include "radsecgw/loopmark.h"
#include "radsecgw/opnas.h"
#include "radsecgw/mem.h"
#include "radsecgw/packet.h"
#include "radsecgw/radius.h"
#include "radsecgw/timerq.h"

#include "asker.h"
#include "requests/trails.h"

struct rgw_pool;
struct rgw_realms;

/* The number of packets that are checked together at the most when they arrive together: their digests are worked out
 * side by side. */
#define RGW_TOGETHER 8

struct rgw_batch {
	struct rgw_packet packets[RGW_TOGETHER];
	struct rgw_auth_check checks[RGW_TOGETHER];  /* checks of the packets, in the same order */
	size_t n;
};

/* The services that a request can ask for; each has an index for arrays of this size. */
#define RGW_SERVICES 4

/* The service that a request of this code asks for; 0 = none, since the gateway does not forward the code. */
static inline unsigned
rgw_service_of(uint8_t code)
{
	switch (code) {
	case RGW_ACCESS_REQUEST:
		return RGW_SERVICE_AUTH;
	case RGW_ACCOUNTING_REQUEST:
		return RGW_SERVICE_ACCT;
	case RGW_COA_REQUEST:
		return RGW_SERVICE_COA;
	case RGW_DISCONNECT_REQUEST:
		return RGW_SERVICE_DISCONNECT;
	default:
		return 0;
	}
}

/* The index of a service, which must be one. */
static inline unsigned
rgw_service_index(unsigned service)
{
	return (unsigned)__builtin_ctz(service);
}

/*
 * What the gateway knows by the id of its section: a client, a peer, a server or a listener, each of which embeds this.
 * It stays the same object while one edition after the other has a section of that id. When the next one has none, it
 * is gone: it takes nothing new, and is freed when no edition is left that knows it. See adopt.c.
 */
struct rgw_known {
	const struct rgw_known_ops *ops;
	const struct rgw_conf_head *section;  /* borrowed: section that it works by, of the edition with serial ... */
	uint64_t reads;                       /* ... `reads` */
	const struct rgw_conf_head *was;      /* borrowed: that of the edition before, while another one is taken up */
	bool renewed;                         /* the edition that is current or was last has changed who it is */
	bool gone;                            /* the current edition does not know it */
	uint64_t first;                       /* serial of the first edition that knows it ... */
	uint64_t last;                        /* ... and of the last one, once it is gone */
	struct rgw_link link;                 /* among those that are gone */
};

/* What differs between the kinds. */
struct rgw_known_ops {
	enum rgw_conf_kind kind;
	/* Makes one for a section; the caller owns it. */
	struct rgw_known *(*make)(struct rgw_gw *gw, const struct rgw_conf_head *section, rgw_ms now);
	/* Works by known->section from now on. Changes pointers and nothing else. */
	void (*read)(struct rgw_known *known);
	/* The gateway has taken up another edition after `old`; known->was says how things were. */
	void (*change)(struct rgw_known *known, struct rgw_edition *old, rgw_ms now);
	/* The current edition does not know it. */
	void (*leave)(struct rgw_known *known, rgw_ms now);
	/* Closes what it has open, which may be told to others; NULL = nobody is told. */
	void (*close)(struct rgw_known *known, rgw_ms now);
	/* Frees it, after that. */
	void (*end)(struct rgw_known *known, rgw_ms now);
};

/* Those of one kind by their ids. */
struct rgw_knowns {
	struct rgw_known **v;   /* owned, and what it points to; NULL = no section has the id */
	uint32_t n;
};

struct rgw_gw {
	struct rgw_edition *edition;   /* the current edition, the last of these: */
	struct rgw_link editions;      /* editions that are alive, oldest first; holds a reference to each */
	struct rgw_timer sweep_timer;  /* when editions are looked for that nobody else holds */
	uint64_t n_editions;           /* serial of the last edition */
	uint32_t n_numbers;            /* the last number of an asker or a target; none is used twice */
	const struct rgw_conf *conf;   /* borrowed: that of the edition */
	struct rgw_common *common;     /* borrowed, as the next three */
	const struct rgw_ops *ops;
	void *ops_ctx;
	struct rgw_log *log;
	struct rgw_timerq timers;
	struct rgw_dupcache dups;
	struct rgw_slab reqs;
	struct rgw_bufs bufs;
	struct rgw_knowns known[RGW_CONF_KINDS]; /* clients, peers, servers and listeners, by the kind of section */
	struct rgw_link gone;                 /* owned: those that are gone */
	struct rgw_link named;                /* clients that are known by names, in the order of the file ... */
	struct rgw_prefixmap *client_by_name; /* owned: ... and struct rgw_client by the addresses of these names */
	bool names_changed;                   /* client_by_name does not show how things are */
	struct rgw_loopmark mark;             /* mark by which we know our own requests again */
	struct rgw_opnas_key opnas;           /* what Operator-NAS-Identifiers are made with */
	struct rgw_conversations conversations;
	uint64_t n_conversations;             /* number of conversations since the start */
	struct rgw_trails trails;
	struct rgw_trace *trace;              /* owned: what somebody follows; NULL = nobody follows anything */
	struct rgw_deadrealms deadrealms;
	struct rgw_admission admission;       /* admission of connections that peers open */
	struct rgw_link unnamed;              /* owned: connections of balancers that have not said for whom they
	                                       * are, oldest first ... */
	uint32_t n_unnamed;                   /* ... and their number */
	size_t n_conns;
	size_t n_sources;
	struct rgw_holding holding;           /* what requests take that are worked on */
	uint64_t kept;                        /* octets of entries that are kept to know repetitions */
	struct rgw_link nases;                /* owned: NASes of clients that take CoA; see links/nas.c ... */
	struct rgw_htab nas_by_addr;          /* ... and the same by client and address */
	struct rgw_operator *operator;        /* owned: who ends sessions by a command; NULL = nobody has */
	bool changes;                         /* somebody may send CoA or is to get it, so sessions are learned */
	bool draining;
	uint32_t serial;                      /* serial of the last connection */
	struct rgw_counters counters;
	uint8_t random[1024];                 /* random octets, fetched in batches */
	size_t random_left;
	uint8_t scratch[RGW_PACKET_MAX];      /* the packet that is being built */
	uint8_t rewritten[RGW_PACKET_MAX];    /* the packet that a rewrite has made */
};

static inline void
rgw_count(struct rgw_gw *gw, enum rgw_counter c)
{
	gw->counters.v[c]++;
}

/* Seconds of wall time, as the log has it. */
static inline int64_t
rgw_gw_wall(const struct rgw_gw *gw)
{
	uint32_t nsec;
	int64_t sec;

	gw->log->clock(gw->log->ctx, &sec, &nsec);
	return sec;
}

/* What the gateway knows by the id of a section of this kind; NULL = no section has the id. */
static inline struct rgw_known *
rgw_known_by_id(const struct rgw_gw *gw, enum rgw_conf_kind kind, uint32_t id)
{
	return id < gw->known[kind].n ? gw->known[kind].v[id] : NULL;
}

/* adopt.c: one edition after the other */
/* Sets up a gateway without any edition. */
void rgw_adopt_init(struct rgw_gw *gw);
/* Frees everything that the gateway knows by ids, and gives back all editions. */
void rgw_adopt_fini(struct rgw_gw *gw, rgw_ms now);

/* chance.c: random numbers */
/* Random octets, n <= 16; valid until the next call. */
const uint8_t *rgw_gw_random(struct rgw_gw *gw, size_t n);
uint16_t rgw_gw_random16(struct rgw_gw *gw);
/* A random time from 0 to `most`, milliseconds. */
rgw_ms rgw_gw_below(struct rgw_gw *gw, rgw_ms most);
/* A random time between `delay` and one and a half of it, so that many who wait do not move in step. */
rgw_ms rgw_gw_spread(struct rgw_gw *gw, rgw_ms delay);

/* operator.c: sessions that an operator ends */
void rgw_operator_free(struct rgw_gw *gw);

/* batch.c: packets that came together */
/* Checks the packets of the batch, hands them over in their order, and empties the batch. Whatever one packet changes
 * is seen by the next. false = `take` said so of one packet, and the rest was not handed over. */
bool rgw_batch_take(struct rgw_batch *batch, bool (*take)(void *arg, struct rgw_auth_check *checked, rgw_ms now),
    void *arg, rgw_ms now);

/* fields.c: what log lines say about requests */
/* The length of a hash as a text, with its end. */
#define RGW_HASH_TEXT 17

struct rgw_identity {
	char text[24];
};

/* User-Name of a request as a log field, shortened or hashed as the configuration says. */
struct rgw_field rgw_f_identity(struct rgw_gw *gw, const struct rgw_packet *packet,
    struct rgw_identity *room);
/* The same of any name. */
struct rgw_field rgw_f_user(const struct rgw_conf_log *conf, const uint8_t *name, size_t len,
    struct rgw_identity *room);
/* The address of a device as a log field, in the same way; empty if the configuration wants nothing of it. */
struct rgw_field rgw_f_station(const struct rgw_conf_log *conf, const char *key, const uint8_t *value, size_t len,
    struct rgw_identity *room);

/* Is it time to log the risk that a neighbour runs, which is done once a day? Then *said_at becomes now; 0 = it was
 * never said. */
static inline bool
rgw_is_due(rgw_ms *said_at, rgw_ms now)
{
	if (*said_at != 0 && now - *said_at < 86400000)
		return false;
	*said_at = now;
	return true;
}

#endif
