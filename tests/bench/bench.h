/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "radsecgw/packet.h"
#include "radsecgw/secret.h"

/* What the load tools share: options, a clock, a histogram, answers. Each tool is one process of one
 * thread and prints one line of JSON when it ends. */

/* ---- options: --name VALUE, or --name alone for a flag ---- */

enum bench_type { BENCH_TEXT, BENCH_NUMBER, BENCH_FLAG };

struct bench_option {
	const char *name;
	enum bench_type type;
	void *value;  /* const char **, double * or bool * */
	const char *help;
};

/* Reads the options, raises the limit of descriptors and takes SIGTERM and SIGINT. Ends the program
 * with the help on mistakes. Returns the index of the first word that is no option. */
int bench_begin(int argc, char **argv, const char *usage, const struct bench_option *options, size_t n);
/* Prints a line to stderr and ends the program. */
void bench_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
/* SIGTERM or SIGINT came. */
bool bench_is_over(void);

/* A receive buffer that holds whatever the tools have on the way at once, if the kernel allows it. */
void bench_receive_buffer(int fd);

/*
 * Sends datagrams as sendmmsg does, but those in a row that have one length and one destination go
 * through the kernel as one (UDP_SEGMENT), which costs a quarter. Returns how many went.
 */
struct mmsghdr;
unsigned bench_send(int fd, struct mmsghdr *datagrams, unsigned n, int flags);

/* ---- time ---- */

/* Microseconds. The clock of the kernel's time stamps on packets is CLOCK_REALTIME. */
int64_t bench_now(clockid_t clock);
/* When the kernel received a message whose socket has SO_TIMESTAMPNS; 0 = it does not say. */
struct msghdr;
int64_t bench_stamp(struct msghdr *msg);
/* Microseconds of processor that a process has used so far, in all of its threads, those that ended
 * included; 0 = it is no more. */
int64_t bench_cpu(pid_t pid);

/* ---- histogram: exact up to 128, above that to less than 1 % ---- */

#define BENCH_BUCKETS (128 * 40)

struct bench_hist {
	uint64_t n;
	int64_t max;
	uint64_t bucket[BENCH_BUCKETS];
};

void bench_hist_add(struct bench_hist *h, int64_t value);
/* The value that a share of q (0 to 1) does not exceed; 0 without any. */
int64_t bench_hist_at(const struct bench_hist *h, double q);

/* ---- RADIUS ---- */

/* A number that never comes twice and costs next to nothing; it is not unpredictable. */
uint64_t bench_unique(void);
/* A request that is answered: every authenticator is right, a Message-Authenticator stands in all but
 * accounting, and a User-Password is the one that all requests of these tools have. */
bool bench_request_ok(const struct rgw_packet *request, const struct rgw_secret *secret);
/* A good answer to a request, with Message-Authenticator first if the request has one; to EAP it is the
 * end of a login, with keys. 0 = to this code there is none. */
size_t bench_answer(uint8_t *buf, size_t cap, const struct rgw_packet *request,
    const struct rgw_secret *secret);
/* Is it the answer that bench_answer makes, and did all that is in it arrive? */
bool bench_answer_ok(const struct rgw_packet *answer, const struct rgw_packet *request,
    const struct rgw_secret *secret);
/* Writes an Access-Request of a PAP login; returns its length. */
size_t bench_access_request(uint8_t *buf, size_t cap, uint8_t id, const char *user,
    const struct rgw_secret *secret);
/* The User-Password of all requests, hidden with the authenticator (RFC 2865 5.2). */
void bench_hide(uint8_t out[static 16], const uint8_t *auth, const struct rgw_secret *secret);

#endif
