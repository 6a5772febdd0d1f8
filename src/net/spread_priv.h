/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_SPREAD_PRIV_H
#define RADSECGW_SPREAD_PRIV_H

#include <stdbool.h>
#include <stdint.h>

struct sock_filter;
struct sockaddr;

/*
 * The spread of what arrives at an address where all workers listen. Only the source address decides which worker gets
 * it, so all that comes from one neighbour meets one worker, and what that worker knows of the neighbour (requests in
 * flight, conversations, limits per address) is all there is to know.
 */
struct rgw_spread {
	uint32_t worker;   /* the place of this worker, from 0 */
	uint32_t workers;  /* number of workers */
};

/* Which part of an IPv6 address decides. Connections are limited per /64, so the /64 decides for them; datagrams come
 * from neighbours that may all be in one /64, so the whole address decides. */
enum rgw_spread_by { RGW_SPREAD_BY_ADDRESS, RGW_SPREAD_BY_NETWORK };

#define RGW_SPREAD_STEPS 32

/* Writes the program that the kernel runs, classic BPF, to `out`, which has room for RGW_SPREAD_STEPS; returns its
 * length. The program looks at the packet and gives a number below `workers`. */
unsigned short rgw_spread_program(struct sock_filter *out, enum rgw_spread_by by, uint32_t workers);

/* Lets nothing in before rgw_spread_admit. As long as workers are missing in the group, the program would be overruled
 * and a neighbour might meet the wrong worker; and what arrives at a socket that nobody reads is for nobody. false =
 * that failed, errno says why. */
bool rgw_spread_refuse(int fd);
/* Binds a fresh socket, and listens if backlog is not 0. Several workers must call this for an address one after the
 * other, in the order of their places; the last of them sets the program, and nothing is received before
 * rgw_spread_admit. false = that failed, errno says why. */
bool rgw_spread_bind(const struct rgw_spread *s, int fd, const struct sockaddr *sa, unsigned len,
    int backlog) __attribute__((warn_unused_result));
/* Receives on this socket from now on, since all workers have bound theirs. */
void rgw_spread_admit(int fd);

#endif
