/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_UDP_PRIV_H
#define RADSECGW_UDP_PRIV_H

#include <pthread.h>
#include <sys/socket.h>

#include "bind.h"
#include "net_priv.h"
#include "radsecgw/hash.h"
#include "radsecgw/radius.h"

/* What udp.c (sockets that listen), source.c (sockets that ask servers) and udpout.c (datagrams that leave through
 * either) share. */

/* The number of datagrams per system call. */
#define RGW_UDP_BATCH 32

/* Octets of room for a datagram. A datagram longer than the longest packet is padded or no RADIUS; one octet more shows
 * which. */
#define RGW_UDP_DATAGRAM (RGW_PACKET_MAX + 1)

/* Octets of control data: room for the address of either family, and for the length of datagrams. */
#define RGW_UDP_CONTROL 96

/* One UDP socket, of either kind. */
struct rgw_udp_socket {
	struct rgw_bound bound;               /* must be first; a source is in the list of sources */
	struct rgw_udp *udp;                  /* borrowed: the owner */
	struct rgw_source *source;            /* borrowed: the source whose socket this is; such a socket is
	                                       * connected */
	struct rgw_link dirty;                /* among the sockets with datagrams in the queue */
	struct rgw_link refused;              /* among the sockets whose server is to be reported */
	uint32_t number;                      /* number of a socket that listens, which no other one ever has */
	struct rgw_hnode by_number;
	rgw_ms gone_until;                    /* when a socket is closed that has gone from the configuration ... */
	bool wanted;                          /* ... unless the configuration that is prepared has its address again */
	bool one_by_one;                      /* the kernel takes no more than one datagram as a message */
	bool wildcard;                        /* the socket is bound to all addresses, so each datagram has its own */
	int error;                            /* errno that is to be reported */
	ev_io readable;
};

/* A datagram that waits for the flush. */
struct rgw_udp_outgoing {
	struct rgw_udp_socket *socket;        /* NULL = the socket was closed meanwhile */
	struct rgw_addr local;
	struct sockaddr_storage remote;
	unsigned remote_len;                  /* octets of `remote`; 0 = the socket is connected to it */
	struct iovec data;
	const struct rgw_secret *secret;      /* borrowed: for the datagram's signature; NULL = the datagram is
	                                       * signed */
};

struct rgw_udp {
	struct rgw_net *net;                  /* borrowed: the owner */
	struct rgw_link sockets;              /* owned: sockets that listen; only an adoption changes the list */
	pthread_mutex_t lock;                 /* for `gone`, and for `wanted` of what is there */
	struct rgw_link gone;                 /* owned: sockets that are not read any more, but open for answers */
	ev_timer end;                         /* when the next of these is closed */
	struct rgw_htab by_number;            /* all sockets that listen, or did */
	uint32_t last_number;
	struct rgw_link sources;              /* owned: sockets that ask servers */
	struct rgw_link dirty;
	struct rgw_link refused;
	/* Receiving: one datagram per slot. */
	uint8_t (*in)[RGW_UDP_DATAGRAM];      /* owned */
	struct mmsghdr in_msgs[RGW_UDP_BATCH];
	struct iovec in_iov[RGW_UDP_BATCH];
	struct sockaddr_storage in_from[RGW_UDP_BATCH];
	uint8_t in_control[RGW_UDP_BATCH][RGW_UDP_CONTROL];
	/* Sending: what one turn produces. */
	struct rgw_udp_outgoing queue[RGW_UDP_BATCH];
	size_t queued;
	uint8_t (*out)[RGW_PACKET_MAX];       /* owned */
};

/* Fills udp->in from the socket; returns the number of datagrams, or -1 with errno. */
int rgw_udp_receive(struct rgw_udp_socket *s);
/* Puts a datagram into the queue; remote NULL = the address that the socket is connected to. */
void rgw_udp_queue(struct rgw_udp_socket *s, const struct rgw_addr *local, const struct rgw_addr *remote,
    const struct rgw_outgoing *packet);

/* Asks for as large a receive buffer as the system gives to anybody. */
void rgw_udp_widen(int fd);

/* udpout.c: the kernel said that the server is not there; the engine is told later. */
void rgw_udp_source_error(struct rgw_udp_socket *s, int error);
/* Does the error say that nobody is there? */
bool rgw_udp_is_unreachable(int error);

#endif
