/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The known answers of tests/vectors/vectors.txt, whose head describes the format, held against the
 * real modules. What a block says about hidden values is checked by carrying the packet through a
 * hop to a second secret and decoding there with the test's own implementation of the formulas.
 */
#include <stdio.h>
#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/auth.h"
#include "radsecgw/build.h"
#include "radsecgw/mem.h"

#define PATH "tests/vectors/vectors.txt"
#define BLOCKS 200
#define LINES 10
#define SECOND_SECRET "another secret"

static const uint8_t second_auth[16] = { 0xf0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 };

struct block {
	char *id;  /* owned, as all texts here */
	char *key[LINES];
	char *value[LINES];
	size_t n;
};

struct vectors {
	struct block block[BLOCKS];
	size_t n;
};

/* A block while it is checked. */
struct work {
	const struct block *block;
	struct rgw_secret *secret;
	struct rgw_secret *second;
	struct rgw_hidden_table *hidden;
	uint8_t octets[4096];
	struct rgw_packet packet;      /* unless there is none */
	uint8_t request_auth[16];
	uint8_t hopped_octets[4096];
	struct rgw_packet hopped;      /* the packet under the second secret */
};

static char *
trimmed(char *text)
{
	size_t n;

	text += strspn(text, " []");
	n = strlen(text);
	while (n > 0 && strchr(" []\n", text[n - 1]) != NULL)
		n--;
	text[n] = '\0';
	return rgw_xstrdup(text);
}

static void
read_line(struct vectors *v, char *line)
{
	struct block *b = v->n > 0 ? &v->block[v->n - 1] : NULL;
	char *colon = strchr(line, ':');

	if (line[0] == '#' || line[strspn(line, " \n")] == '\0')
		return;
	if (line[0] == '[') {
		assert_true(v->n < BLOCKS);
		v->block[v->n++].id = trimmed(line);
		return;
	}
	assert_true(b != NULL && colon != NULL && b->n < LINES);
	*colon = '\0';
	b->key[b->n] = trimmed(line);
	/* A value may itself begin with '['; none does. */
	b->value[b->n++] = trimmed(colon + 1);
}

static int
load(void **state)
{
	struct vectors *v = rgw_xcalloc(1, sizeof *v);
	FILE *f = fopen(PATH, "r");
	char *line = NULL;
	size_t cap = 0;

	*state = v;
	if (f == NULL) {
		print_error("cannot open %s; run from the top folder\n", PATH);
		return -1;
	}
	while (getline(&line, &cap, f) > 0)
		read_line(v, line);
	free(line);
	fclose(f);
	return v->n > 0 ? 0 : -1;
}

static int
unload(void **state)
{
	struct vectors *v = *state;

	for (size_t i = 0; i < v->n; i++) {
		for (size_t k = 0; k < v->block[i].n; k++) {
			free(v->block[i].key[k]);
			free(v->block[i].value[k]);
		}
		free(v->block[i].id);
	}
	free(v);
	return 0;
}

static const char *
value_of(const struct block *b, const char *key)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->key[i], key) == 0)
			return b->value[i];
	return NULL;
}

static const char *
need(const struct block *b, const char *key)
{
	const char *value = value_of(b, key);

	if (value == NULL)
		fail_msg("[%s] has no %s", b->id, key);
	return value;
}

static const struct block *
block_of(const struct vectors *v, const char *id)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->block[i].id, id) == 0)
			return &v->block[i];
	fail_msg("no block [%s]", id);
	return NULL;
}

/* Carries a packet to the second secret; requests forward, responses back. Returns the
 * authenticator that hidden values depend on there. */
static const uint8_t *
hop(struct work *w, const struct rgw_packet *in)
{
	uint8_t asked[20] = { 1, 9, 0, 20 };
	struct rgw_packet request;
	size_t len;

	memcpy(asked + 4, second_auth, 16);
	request = help_parse(asked, sizeof asked);
	if (rgw_code_is_request(in->code))
		len = rgw_hop_request(w->hopped_octets, sizeof w->hopped_octets,
		    &(struct rgw_hop_request){ in, w->hidden, w->secret, w->second,
		    second_auth, NULL, 0, 9, false, false });
	else
		len = rgw_hop_response(w->hopped_octets, sizeof w->hopped_octets,
		    &(struct rgw_hop_response){ in, w->hidden, w->secret, w->request_auth, &request,
		    w->second, true, false });
	w->hopped = help_parse(w->hopped_octets, len);
	return rgw_code_is_request(in->code) ? rgw_hide_auth(&w->hopped) : second_auth;
}

/* Carries one attribute in an Access-Accept to the second secret. */
static const uint8_t *
hop_attribute(struct work *w, const uint8_t *attr, size_t n)
{
	struct help_packet p;
	struct rgw_packet in;

	help_begin(&p, 2, 9, NULL);
	help_attr(&p, attr[0], attr + 2, n - 2);
	in = help_finish(&p);
	return hop(w, &in);
}

static struct help_end
second_end(const uint8_t *auth)
{
	return help_end_of(SECOND_SECRET, auth);
}

static bool
check_frame(struct work *w)
{
	return w->packet.data != NULL;
}

static bool
check_badframe(struct work *w)
{
	return w->packet.data == NULL;
}

static bool
check_reqauth(struct work *w)
{
	uint8_t code = w->packet.code;

	return (code == 4 || code == 40 || code == 43) &&
	    rgw_auth_check_one(&w->packet, NULL, w->secret).auth_ok;
}

static bool
check_respauth(struct work *w)
{
	need(w->block, "request-authenticator");
	return rgw_auth_check_one(&w->packet, w->request_auth, w->secret).auth_ok;
}

static bool
check_msgauth(struct work *w)
{
	const uint8_t *auth = w->request_auth;

	if (rgw_code_is_request(w->packet.code))
		auth = NULL;
	else
		need(w->block, "request-authenticator");
	return rgw_auth_check_one(&w->packet, auth, w->secret).msgauth == RGW_MSGAUTH_OK;
}

static bool
check_userpw(struct work *w)
{
	struct help_end end = second_end(hop(w, &w->packet));
	struct rgw_attr a = help_find(&w->hopped, 2);
	uint8_t want[128];
	uint8_t got[128] = { 0 };
	size_t n = help_hex(need(w->block, "user-password"), want, sizeof want);
	size_t len = a.len;

	assert_true(len <= sizeof got);
	memcpy(got, a.value, len);
	help_unhide(&end, NULL, got, len);
	while (len > 0 && got[len - 1] == 0)
		len--;
	return len == n && memcmp(got, want, n) == 0;
}

/* On the next hop the challenge is an attribute in any case (P-CHP-3). */
static bool
check_chap(struct work *w)
{
	uint8_t text[256];
	uint8_t digest[16];
	struct rgw_attr response;
	struct rgw_attr challenge;
	size_t n;

	hop(w, &w->packet);
	response = help_find(&w->hopped, 3);
	challenge = help_find(&w->hopped, 60);
	text[0] = response.value[0];
	n = 1 + help_hex(need(w->block, "chap-password"), text + 1, 100);
	memcpy(text + n, challenge.value, challenge.len);
	help_md5(text, n + challenge.len, digest);
	return response.len == 17 && memcmp(digest, response.value + 1, 16) == 0;
}

/* Decodes a salted value under the second secret and compares the data with a plain text. */
static bool
salted_is(const uint8_t *auth, const uint8_t *value, size_t n, const char *plain)
{
	struct help_end end = second_end(auth);
	uint8_t got[253];
	uint8_t want[253];
	size_t len = help_hex(plain, want, sizeof want);

	if (n < 18 || (n - 2) % 16 != 0 || (value[0] & 0x80) == 0)
		return false;
	memcpy(got, value, n);
	help_unhide(&end, got, got + 2, n - 2);
	return got[2] == len && len <= n - 3 && memcmp(got + 3, want, len) == 0;
}

static bool
check_tunnelattr(struct work *w)
{
	uint8_t attr[255];
	size_t n = help_hex(need(w->block, "attribute"), attr, sizeof attr);
	const uint8_t *auth;
	struct rgw_attr a;

	if (attr[0] != 69 || attr[1] != n)
		return false;
	auth = hop_attribute(w, attr, n);
	a = help_find(&w->hopped, 69);
	return a.len == n - 2 && a.value[0] == attr[2] &&
	    salted_is(auth, a.value + 1, a.len - 1u, need(w->block, "plaintext"));
}

static bool
check_saltvalue(struct work *w)
{
	static const uint8_t head[8] = { 26, 0, 0, 0, 0x01, 0x37, 17, 0 };
	uint8_t attr[255];
	size_t n = sizeof head + help_hex(need(w->block, "saltvalue"), attr + sizeof head, 200);
	const uint8_t *auth;
	struct rgw_attr a;

	memcpy(attr, head, sizeof head);
	attr[1] = (uint8_t)n;
	attr[7] = (uint8_t)(n - 6);
	auth = hop_attribute(w, attr, n);
	a = help_find(&w->hopped, 26);
	return a.len == n - 2 &&
	    salted_is(auth, a.value + 6, a.len - 6u, need(w->block, "plaintext"));
}

static bool
check_ascendattr(struct work *w)
{
	uint8_t attr[255];
	size_t n = help_hex(need(w->block, "attribute"), attr, sizeof attr);
	struct help_end end = second_end(hop_attribute(w, attr, n));
	struct rgw_attr a = help_find(&w->hopped, 26);
	uint8_t got[16];
	uint8_t want[16];

	assert_int_equal(a.len, 22);
	memcpy(got, a.value + 6, 16);
	help_ascend(&end, got, 16);
	return help_hex(need(w->block, "plaintext"), want, 16) == 16 && memcmp(got, want, 16) == 0;
}

/* RADIUS/1.1: the framing is that of any packet; the rest of the header is as RFC 9765 has it. */
static bool
check_v11(struct work *w)
{
	static const uint8_t zeros[12];

	return w->packet.data != NULL && w->packet.id == 0 && w->packet.n_msgauth == 0 &&
	    memcmp(w->packet.data + 8, zeros, sizeof zeros) == 0;
}

static const struct {
	const char *name;
	bool (*check)(struct work *);
} checks[] = {
	{ "frame", check_frame }, { "badframe", check_badframe }, { "reqauth", check_reqauth },
	{ "respauth", check_respauth }, { "msgauth", check_msgauth }, { "userpw", check_userpw },
	{ "chap", check_chap }, { "tunnelattr", check_tunnelattr },
	{ "saltvalue", check_saltvalue },
	{ "ascendattr", check_ascendattr }, { "v11", check_v11 },
};

static struct work *
work_on(const struct block *b)
{
	struct work *w = rgw_xcalloc(1, sizeof *w);
	const char *secret = need(b, "secret");
	const char *auth = value_of(b, "request-authenticator");
	const char *packet = value_of(b, "packet");

	w->block = b;
	w->secret = rgw_secret_new(secret, strlen(secret));
	w->second = rgw_secret_new(SECOND_SECRET, strlen(SECOND_SECRET));
	w->hidden = rgw_hidden_table_new();
	if (auth != NULL)
		assert_int_equal(help_hex(auth, w->request_auth, 16), 16);
	if (packet != NULL) {
		size_t len = help_hex(packet, w->octets, sizeof w->octets);

		if (rgw_packet_parse(&w->packet, w->octets, len) != RGW_PACKET_OK ||
		    w->packet.len != len)
			w->packet.data = NULL;
	}
	return w;
}

static void
work_done(struct work *w)
{
	rgw_secret_free(w->secret);
	rgw_secret_free(w->second);
	rgw_hidden_table_free(w->hidden);
	free(w);
}

/* One word of `check:`; a leading '!' means that it must not hold. */
static void
check_word(struct work *w, const char *word)
{
	bool want = word[0] != '!';
	const char *name = want ? word : word + 1;

	for (size_t i = 0; i < COUNT(checks); i++) {
		if (strcmp(checks[i].name, name) != 0)
			continue;
		/* All but this one need a packet that parses, or none. */
		if (strcmp(name, "badframe") != 0 && value_of(w->block, "packet") != NULL &&
		    w->packet.data == NULL)
			fail_msg("[%s] does not parse", w->block->id);
		if (checks[i].check(w) != want)
			fail_msg("[%s] %s", w->block->id, word);
		return;
	}
	fail_msg("[%s] unknown check '%s'", w->block->id, name);
}

static void
every_check_holds(void **state)
{
	const struct vectors *v = *state;

	for (size_t i = 0; i < v->n; i++) {
		struct work *w = work_on(&v->block[i]);
		char *words = rgw_xstrdup(need(&v->block[i], "check"));
		char *rest = words;
		size_t n = 0;

		for (char *word = strtok_r(words, " ", &rest); word != NULL;
		     word = strtok_r(NULL, " ", &rest), n++)
			check_word(w, word);
		if (n == 0)
			fail_msg("[%s] checks nothing", v->block[i].id);
		free(words);
		work_done(w);
	}
	print_message("%zu blocks checked\n", v->n);
	assert_true(v->n >= 72);
}

/* "311.16 HEX" or "69 HEX": the attribute of the hopped packet decodes to that. */
static bool
item_holds(struct work *w, bool salted, const uint8_t *auth, const char *item)
{
	struct rgw_hidden row = { .vendor = 0 };
	struct help_end end = second_end(auth);
	unsigned a = 0;
	unsigned b = 0;
	int at = 0;
	uint8_t got[253];
	uint8_t want[253];
	const uint8_t *value;
	size_t n;

	if (sscanf(item, " %u.%u %n", &a, &b, &at) == 2)
		row = (struct rgw_hidden){ .vendor = a, .type = (uint16_t)b };
	else if (sscanf(item, " %u %n", &a, &at) == 1)
		row.type = (uint16_t)a;
	assert_true(at > 0);
	value = help_unwrap(&w->hopped, &row, &n);
	if (row.vendor == 0 && row.type == 69) {  /* the tag */
		value++;
		n--;
	}
	if (salted)
		return salted_is(auth, value, n, item + at);
	assert_int_equal(help_hex(item + at, want, sizeof want), n);
	memcpy(got, value, n);
	help_unhide(&end, NULL, got, n);
	return memcmp(got, want, n) == 0;
}

static void
every_hidden_attribute_decodes(void **state)
{
	const struct vectors *v = *state;
	size_t items = 0;

	for (size_t i = 0; i < v->n; i++) {
		const char *attrs = value_of(&v->block[i], "attrs");
		struct work *w;
		const uint8_t *auth;
		char *text;
		char *rest;
		char *how;

		if (attrs == NULL)
			continue;
		w = work_on(&v->block[i]);
		auth = hop(w, &w->packet);
		text = rgw_xstrdup(attrs);
		how = strtok_r(text, " ", &rest);
		if (strcmp(how, "salt") != 0 && strcmp(how, "salt0") != 0 &&
		    strcmp(how, "hide") != 0)
			fail_msg("[%s] attrs of unknown kind '%s'", v->block[i].id, how);
		if (strcmp(how, "salt0") == 0)
			assert_memory_equal(auth, rgw_zero_auth, 16);
		for (char *item = strtok_r(NULL, ";", &rest); item != NULL;
		     item = strtok_r(NULL, ";", &rest), items++)
			if (!item_holds(w, how[0] == 's', auth, item))
				fail_msg("[%s] attrs %s", v->block[i].id, item);
		free(text);
		work_done(w);
	}
	print_message("%zu hidden attributes checked\n", items);
	assert_true(items >= 7);
}

/* What verifies under a secret does not verify under one that differs in a single bit. */
static void
no_check_holds_with_another_secret(void **state)
{
	static const char *const names[] = { "reqauth", "respauth", "msgauth", "userpw",
		"tunnelattr",
		"saltvalue", "ascendattr" };
	const struct vectors *v = *state;
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++)
		for (size_t k = 0; k < COUNT(names); k++) {
			const char *at = strstr(need(&v->block[i], "check"), names[k]);
			struct work *w;
			uint8_t near[64];

			if (at == NULL || (at > value_of(&v->block[i], "check") && at[-1] == '!'))
				continue;
			w = work_on(&v->block[i]);
			memcpy(near, w->secret->octets, w->secret->len);
			near[w->secret->len - 1] ^= 1;
			rgw_secret_free(w->secret);
			w->secret = rgw_secret_new(near, strlen(need(&v->block[i], "secret")));
			for (size_t c = 0; c < COUNT(checks); c++)
				if (strcmp(checks[c].name, names[k]) == 0 && checks[c].check(w))
					fail_msg("[%s] %s with the wrong secret", v->block[i].id,
					    names[k]);
			work_done(w);
			n++;
		}
	assert_true(n > 70);
}

/* Packets whose signatures hold are built again from their attributes, octet by octet the same. The
 * builder puts Message-Authenticator first, so packets that have it elsewhere are signed in
 * place. */
static void
signed_packets_are_built_again(void **state)
{
	const struct vectors *v = *state;
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++) {
		const char *words = need(&v->block[i], "check");
		struct work *w = work_on(&v->block[i]);
		const struct rgw_packet *p = &w->packet;
		bool request = p->data != NULL && rgw_code_is_request(p->code);
		struct rgw_attr a = { 0 };
		struct rgw_builder b;
		uint8_t out[4096];
		size_t at;

		if (p->data == NULL || strchr(words, '!') != NULL ||
		    strstr(words, "auth") == NULL ||
		    (p->n_msgauth > 0 && strstr(words, "msgauth") == NULL)) {
			work_done(w);
			continue;
		}
		at = p->at[RGW_AT_MESSAGE_AUTHENTICATOR];
		rgw_build_begin(&b, out, sizeof out, p->code, p->id,
		    request ? rgw_packet_auth(p) : NULL, at == 20);
		while (rgw_packet_next(p, &a))
			if (a.type != RGW_MESSAGE_AUTHENTICATOR || at != 20)
				rgw_build_attr(&b, a.type, a.value, a.len);
		b.msgauth_at = at;
		assert_int_equal(request ? rgw_build_request(&b, w->secret) :
		    rgw_build_response(&b, w->request_auth, w->secret), p->len);
		if (memcmp(out, p->data, p->len) != 0)
			fail_msg("[%s] comes out different", v->block[i].id);
		work_done(w);
		n++;
	}
	assert_true(n > 40);
}

/* The derived blocks say what a hop makes of others: octet by octet the same here. The second block
 * of each row is the first one on the next hop; `of` is the request that a response answers. */
static void
hops_give_the_derived_packets(void **state)
{
	static const struct { const char *in; const char *out; const char *of; } rows[] = {
		{ "RFC2865-7.1-REQ", "D-REQ-PAP-RADSEC", NULL },
		{ "RFC2865-7.2-REQ", "D-REQ-CHAP-RADSEC", NULL },
		{ "FLEX-ACCT-REQ", "D-ACCT-REQ-RADSEC", NULL },
		{ "D-RSP-PAP-RADSEC", "D-RSP-PAP-UDP", "RFC2865-7.1-REQ" },
		{ "D-MPPE-RADSEC", "D-MPPE-UDP", "RFC2865-7.1-REQ" },
	};
	const struct vectors *v = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct work *in = work_on(block_of(v, rows[i].in));
		struct work *want = work_on(block_of(v, rows[i].out));
		struct work *of = rows[i].of != NULL ? work_on(block_of(v, rows[i].of)) : NULL;
		uint8_t out[4096];
		size_t len;

		if (of == NULL)
			len = rgw_hop_request(out, sizeof out,
			    &(struct rgw_hop_request){ &in->packet, in->hidden, in->secret,
			    want->secret, rgw_packet_auth(&want->packet), NULL, 0, want->packet.id, false, false });
		else
			len = rgw_hop_response(out, sizeof out,
			    &(struct rgw_hop_response){ &in->packet, in->hidden, in->secret,
			    in->request_auth, &of->packet, want->secret, true, false });
		assert_int_equal(len, want->packet.len);
		assert_memory_equal(out, want->octets, len);
		if (of != NULL)
			work_done(of);
		work_done(in);
		work_done(want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_check_holds),
		cmocka_unit_test(every_hidden_attribute_decodes),
		cmocka_unit_test(no_check_holds_with_another_secret),
		cmocka_unit_test(signed_packets_are_built_again),
		cmocka_unit_test(hops_give_the_derived_packets),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
