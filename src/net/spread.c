/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spread_priv.h"

#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>

/* The spread decides which worker gets a datagram or a new connection: at each address each worker has a socket of its
 * own, and the kernel asks a small program for the number of one of them. */

/* Where the program finds the network header. */
#define NETWORK ((uint32_t)SKF_NET_OFF)
#define IPV4_SOURCE (NETWORK + 12)
#define IPV6_SOURCE (NETWORK + 8)

/* 2^32 divided by the golden ratio: a product with it has its best bits at the top (Knuth, 6.4). */
#define GOLDEN 0x9e3779b1u

/* Mixes one more word of the address into A; X is what came before, and 0 at the start. */
#define TAKE_WORD(at)                                                                             \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (at)), BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),         \
	    BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, GOLDEN), BPF_STMT(BPF_MISC | BPF_TAX, 0)

#define WORD 4  /* instructions of TAKE_WORD */

static const struct sock_filter begin[] = {
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, NETWORK),
	BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, WORD + 1, 0),  /* over the part for IPv4 */
	TAKE_WORD(IPV4_SOURCE),
};
static const struct sock_filter ipv6_network[] = {
	BPF_JUMP(BPF_JMP | BPF_JA, 2 * WORD, 0, 0),
	TAKE_WORD(IPV6_SOURCE),
	TAKE_WORD(IPV6_SOURCE + 4),
};
static const struct sock_filter ipv6_address[] = {
	BPF_JUMP(BPF_JMP | BPF_JA, 4 * WORD, 0, 0),
	TAKE_WORD(IPV6_SOURCE),
	TAKE_WORD(IPV6_SOURCE + 4),
	TAKE_WORD(IPV6_SOURCE + 8),
	TAKE_WORD(IPV6_SOURCE + 12),
};

/* From the hash to a number below that of the workers, without a division. */
static const struct sock_filter end[] = {
	BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
	BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 0),  /* the workers */
	BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
	BPF_STMT(BPF_RET | BPF_A, 0),
};

#define N(array) (sizeof(array) / sizeof(array)[0])

_Static_assert(N(begin) + N(ipv6_address) + N(end) <= RGW_SPREAD_STEPS, "room for the program");

unsigned short
rgw_spread_program(struct sock_filter *out, enum rgw_spread_by by, uint32_t workers)
{
	struct sock_filter *at = out;

	at = mempcpy(at, begin, sizeof begin);
	if (by == RGW_SPREAD_BY_NETWORK)
		at = mempcpy(at, ipv6_network, sizeof ipv6_network);
	else
		at = mempcpy(at, ipv6_address, sizeof ipv6_address);
	memcpy(at, end, sizeof end);
	at[1].k = workers;
	return (unsigned short)(at + N(end) - out);
}

/* Some kernels allow filters only to those who may administer the network, and the process has given that up once it
 * runs. A new address is then spread by the kernel's own measure, address and port, and what comes for it while a
 * configuration is prepared waits. */
static bool
attach(int fd, int how, struct sock_filter *steps, unsigned short n)
{
	struct sock_fprog program;

	/* The kernel copies the gap between the two members as well. */
	memset(&program, 0, sizeof program);
	program.len = n;
	program.filter = steps;
	return setsockopt(fd, SOL_SOCKET, how, &program, sizeof program) == 0 || errno == EPERM;
}

bool
rgw_spread_refuse(int fd)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);

	return attach(fd, SO_ATTACH_FILTER, &nothing, 1);
}

static bool
join_group(int fd)
{
	int yes = 1;

	return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes) == 0;
}

static bool
bind_and_listen(int fd, const struct sockaddr *sa, unsigned len, int backlog)
{
	return bind(fd, sa, len) == 0 && (backlog == 0 || listen(fd, backlog) == 0);
}

bool
rgw_spread_bind(const struct rgw_spread *s, int fd, const struct sockaddr *sa, unsigned len, int backlog)
{
	struct sock_filter steps[RGW_SPREAD_STEPS];
	unsigned short n;

	if (s->workers <= 1)
		return bind_and_listen(fd, sa, len, backlog);
	/* The first worker takes the address for itself alone, which fails if anybody else has it, even if that is
	 * another gateway with workers; then this worker lets the others join. */
	if (!rgw_spread_refuse(fd) || (s->worker > 0 && !join_group(fd)) ||
	    !bind_and_listen(fd, sa, len, backlog) || (s->worker == 0 && !join_group(fd)))
		return false;
	if (s->worker + 1 < s->workers)
		return true;
	n = rgw_spread_program(steps, backlog > 0 ? RGW_SPREAD_BY_NETWORK : RGW_SPREAD_BY_ADDRESS,
	    s->workers);
	return attach(fd, SO_ATTACH_REUSEPORT_CBPF, steps, n);
}

void
rgw_spread_admit(int fd)
{
	int unused = 0;

	(void)setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
}
