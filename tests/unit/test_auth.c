/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/auth.h"

#include <stdlib.h>

#include "helpers.h"
#include "radsecgw/mem.h"

#define SECRET "testing123"

static const uint8_t random_auth[16] = { 0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 7, 8, 9, 10, 11, 12,
	13, 14, 15, 16 };
static const uint8_t zeros[16];

struct fixture {
	struct rgw_secret *secret;
	struct rgw_secret *other;
};

static int
setup(void **state)
{
	struct fixture *f = rgw_xcalloc(1, sizeof *f);

	f->secret = rgw_secret_new(SECRET, strlen(SECRET));
	f->other = rgw_secret_new("testing124", 10);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	rgw_secret_free(f->secret);
	rgw_secret_free(f->other);
	free(f);
	return 0;
}

static void
put_body(struct help_packet *p, uint8_t code, const uint8_t *auth, int msgauths)
{
	help_begin(p, code, 99, auth);
	help_text(p, 1, "bob@example.org");
	for (int i = 0; i < msgauths; i++)
		help_attr(p, 80, zeros, 16);
	help_text(p, 32, "nas");
}

/* The authenticator that P-MA-1 puts into the hash for a request. */
static const uint8_t *
request_a(uint8_t code)
{
	return code == 1 || code == 12 ? random_auth : zeros;
}

/* P-AUT-2, P-AUT-7, P-MA-1: what we sign, a second implementation verifies. */
static void
signs_requests(void **state)
{
	static const uint8_t codes[] = { 1, 4, 12, 40, 43 };
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(codes); i++)
		for (int ma = 0; ma <= 1; ma++) {
			bool hashed = codes[i] != 1 && codes[i] != 12;
			struct help_packet p;
			struct rgw_packet in;

			put_body(&p, codes[i], hashed ? NULL : random_auth, ma);
			in = help_finish(&p);
			rgw_sign_request(p.b, p.len, ma ? in.at[RGW_AT_MESSAGE_AUTHENTICATOR] : 0,
			    f->secret);
			if (hashed)
				assert_true(help_auth_ok(&in, zeros, SECRET, strlen(SECRET)));
			else
				assert_memory_equal(rgw_packet_auth(&in), random_auth, 16);
			if (ma)
				assert_true(help_msgauth_ok(&in, request_a(codes[i]), SECRET,
				    strlen(SECRET)));
			assert_true(rgw_auth_check_one(&in, NULL, f->secret).auth_ok);
			assert_int_equal(rgw_auth_check_one(&in, NULL, f->secret).msgauth,
			    ma ? RGW_MSGAUTH_OK : RGW_MSGAUTH_ABSENT);
		}
}

/* P-AUT-4, P-MA-1 (52 among them). */
static void
signs_responses(void **state)
{
	static const uint8_t codes[] = { 2, 3, 5, 11, 41, 42, 44, 45, 52 };
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(codes); i++)
		for (int ma = 0; ma <= 1; ma++) {
			struct help_packet p;
			struct rgw_packet in;

			put_body(&p, codes[i], NULL, ma);
			in = help_finish(&p);
			rgw_sign_response(p.b, p.len, ma ? in.at[RGW_AT_MESSAGE_AUTHENTICATOR] : 0,
			    random_auth, f->secret);
			assert_true(help_auth_ok(&in, random_auth, SECRET, strlen(SECRET)));
			if (ma)
				assert_true(help_msgauth_ok(&in, random_auth, SECRET,
				    strlen(SECRET)));
			assert_true(rgw_auth_check_one(&in, random_auth, f->secret).auth_ok);
			assert_int_equal(rgw_auth_check_one(&in, random_auth, f->secret).msgauth,
			    ma ? RGW_MSGAUTH_OK : RGW_MSGAUTH_ABSENT);
		}
}

/* The octets that stood in the value and in the header before play no part. */
static void
signing_does_not_depend_on_old_values(void **state)
{
	struct fixture *f = *state;
	struct help_packet a;
	struct help_packet b;
	struct rgw_packet in;
	size_t at;

	put_body(&a, 43, NULL, 1);
	in = help_finish(&a);
	at = in.at[RGW_AT_MESSAGE_AUTHENTICATOR];
	b = a;
	memset(b.b + at + 2, 0x77, 16);
	memset(b.b + 4, 0x55, 16);
	rgw_sign_request(a.b, a.len, at, f->secret);
	rgw_sign_request(b.b, b.len, at, f->secret);
	assert_memory_equal(a.b, b.b, a.len);
	memset(b.b + at + 2, 0x77, 16);
	a.b[0] = b.b[0] = 44;
	rgw_sign_response(a.b, a.len, at, random_auth, f->secret);
	rgw_sign_response(b.b, b.len, at, random_auth, f->secret);
	assert_memory_equal(a.b, b.b, a.len);
}

/* Every single bit of a signed packet is covered by the authenticator: P-AUT-3, P-AUT-5. */
static void
every_flipped_bit_is_seen(void **state)
{
	static const struct { uint8_t code; bool response; } rows[] = {
		{ 4, false }, { 40, false }, { 43, false }, { 2, true }, { 5, true }, { 52, true },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct help_packet p;
		struct rgw_packet in;

		put_body(&p, rows[i].code, NULL, 0);
		in = help_finish(&p);
		if (rows[i].response)
			rgw_sign_response(p.b, p.len, 0, random_auth, f->secret);
		else
			rgw_sign_request(p.b, p.len, 0, f->secret);
		/* The struct keeps code and length, as after a walk of the true packet. */
		for (size_t bit = 0; bit < 8 * p.len; bit++) {
			p.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (rows[i].response)
				assert_false(rgw_auth_check_one(&in, random_auth, f->secret).auth_ok);
			else
				assert_false(rgw_auth_check_one(&in, NULL, f->secret).auth_ok);
			p.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

/* P-MA-3: every single bit is covered by the Message-Authenticator, too, of requests and of responses. */
static void
every_flipped_bit_spoils_the_message_authenticator(void **state)
{
	struct fixture *f = *state;

	for (int response = 0; response <= 1; response++) {
		const uint8_t *a = response ? random_auth : NULL;
		struct help_packet p;
		struct rgw_packet in;
		size_t at;

		put_body(&p, response ? 2 : 1, response ? NULL : random_auth, 1);
		in = help_finish(&p);
		at = in.at[RGW_AT_MESSAGE_AUTHENTICATOR];
		if (response)
			rgw_sign_response(p.b, p.len, at, random_auth, f->secret);
		else
			rgw_sign_request(p.b, p.len, at, f->secret);
		for (size_t bit = 0; bit < 8 * p.len; bit++) {
			enum rgw_msgauth want = RGW_MSGAUTH_BAD;

			/* A response's own authenticator is not what the hash covers. */
			if (response && bit / 8 >= 4 && bit / 8 < 20)
				want = RGW_MSGAUTH_OK;
			/* The attribute's own length says what it is. */
			if (bit / 8 == at + 1)
				continue;
			p.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(rgw_auth_check_one(&in, a, f->secret).msgauth, want);
			p.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

static void
the_wrong_secret_or_authenticator_fails(void **state)
{
	struct fixture *f = *state;
	struct help_packet p;
	struct rgw_packet in;
	uint8_t near[16];

	put_body(&p, 2, NULL, 1);
	in = help_finish(&p);
	rgw_sign_response(p.b, p.len, in.at[RGW_AT_MESSAGE_AUTHENTICATOR], random_auth, f->secret);
	assert_false(rgw_auth_check_one(&in, random_auth, f->other).auth_ok);
	assert_int_equal(rgw_auth_check_one(&in, random_auth, f->other).msgauth, RGW_MSGAUTH_BAD);
	for (size_t bit = 0; bit < 128; bit++) {
		memcpy(near, random_auth, 16);
		near[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(rgw_auth_check_one(&in, near, f->secret).auth_ok);
		assert_int_equal(rgw_auth_check_one(&in, near, f->secret).msgauth, RGW_MSGAUTH_BAD);
	}
	put_body(&p, 4, NULL, 0);
	in = help_finish(&p);
	rgw_sign_request(p.b, p.len, 0, f->secret);
	assert_false(rgw_auth_check_one(&in, NULL, f->other).auth_ok);
}

/* P-AUT-3: an all-zero authenticator of an old client is not acceptable. */
static void
zero_request_authenticators_are_refused(void **state)
{
	static const uint8_t codes[] = { 4, 40, 43 };
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(codes); i++) {
		struct help_packet p;
		struct rgw_packet in;

		put_body(&p, codes[i], NULL, 0);
		in = help_finish(&p);
		assert_false(rgw_auth_check_one(&in, NULL, f->secret).auth_ok);
	}
}

/* Codes 1 and 12 hold random numbers, which nothing can be said about. */
static void
random_authenticators_are_taken(void **state)
{
	struct fixture *f = *state;
	struct help_packet p;
	struct rgw_packet in;

	put_body(&p, 1, random_auth, 0);
	in = help_finish(&p);
	assert_true(rgw_auth_check_one(&in, NULL, f->secret).auth_ok);
	put_body(&p, 12, random_auth, 0);
	in = help_finish(&p);
	assert_true(rgw_auth_check_one(&in, NULL, f->secret).auth_ok);
}

/* P-MA-4: there is exactly one Message-Authenticator, of length 18. A second one spoils it even if both are the
 * same. */
static void
duplicates_and_other_lengths_are_bad(void **state)
{
	struct fixture *f = *state;
	struct help_packet p;
	struct rgw_packet in;

	for (int n = 2; n <= 3; n++) {
		put_body(&p, 1, random_auth, n);
		in = help_finish(&p);
		rgw_sign_request(p.b, p.len, in.at[RGW_AT_MESSAGE_AUTHENTICATOR], f->secret);
		assert_int_equal(rgw_auth_check_one(&in, NULL, f->secret).msgauth, RGW_MSGAUTH_BAD);
	}
	for (size_t n = 0; n <= 40; n++) {
		if (n == 16)
			continue;
		help_begin(&p, 1, 1, random_auth);
		help_attr(&p, 80, "0123456789012345678901234567890123456789", n);
		in = help_finish(&p);
		assert_int_equal(rgw_auth_check_one(&in, NULL, f->secret).msgauth, RGW_MSGAUTH_BAD);
	}
}

/* A good Message-Authenticator and a mutilated second one are still more than one (P-MA-4). */
static void
a_second_one_of_another_length_is_bad(void **state)
{
	struct fixture *f = *state;
	struct help_packet p;
	struct rgw_packet in;

	for (size_t n = 0; n <= 17; n++) {
		put_body(&p, 1, random_auth, 1);
		help_attr(&p, 80, "01234567890123456", n);
		in = help_finish(&p);
		rgw_sign_request(p.b, p.len, in.at[RGW_AT_MESSAGE_AUTHENTICATOR], f->secret);
		assert_int_equal(rgw_auth_check_one(&in, NULL, f->secret).msgauth, RGW_MSGAUTH_BAD);
	}
}

/* P-MA-10, P-BR-9: a Message-Authenticator may be first, in the middle or last. */
static void
the_place_does_not_matter(void **state)
{
	struct fixture *f = *state;

	for (int place = 0; place < 6; place++) {
		struct help_packet p;
		struct rgw_packet in;

		help_begin(&p, 1, 5, random_auth);
		for (int i = 0; i < 6; i++) {
			if (i == place)
				help_attr(&p, 80, zeros, 16);
			help_text(&p, (uint8_t)(1 + i), "0123456789");
		}
		in = help_finish(&p);
		rgw_sign_request(p.b, p.len, in.at[RGW_AT_MESSAGE_AUTHENTICATOR], f->secret);
		assert_true(help_msgauth_ok(&in, random_auth, SECRET, strlen(SECRET)));
		assert_int_equal(rgw_auth_check_one(&in, NULL, f->secret).msgauth, RGW_MSGAUTH_OK);
	}
}

/* P-PKT-4: padding behind Length is in no hash. */
static void
padding_is_not_hashed(void **state)
{
	struct fixture *f = *state;
	struct help_packet p;
	struct rgw_packet in;

	put_body(&p, 4, NULL, 1);
	in = help_finish(&p);
	rgw_sign_request(p.b, p.len, in.at[RGW_AT_MESSAGE_AUTHENTICATOR], f->secret);
	memset(p.b + p.len, 0xee, 50);
	assert_int_equal(rgw_packet_parse(&in, p.b, p.len + 50), RGW_PACKET_OK);
	assert_true(rgw_auth_check_one(&in, NULL, f->secret).auth_ok);
	assert_int_equal(rgw_auth_check_one(&in, NULL, f->secret).msgauth, RGW_MSGAUTH_OK);
}

/* P-SLT-10: hidden values depend on zeros for the codes 4, 40 and 43, and on the packet's own authenticator
 * otherwise. */
static void
which_authenticator_hides(void **state)
{
	static const struct { uint8_t code; bool zero; } rows[] = {
		{ 1, false }, { 12, false }, { 4, true }, { 40, true }, { 43, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct help_packet p;
		struct rgw_packet in;

		put_body(&p, rows[i].code, random_auth, 0);
		in = help_finish(&p);
		assert_memory_equal(rgw_hide_auth(&in), rows[i].zero ? zeros : random_auth, 16);
	}
	assert_memory_equal(rgw_zero_auth, zeros, 16);
}

/* Packets of every length around a hash block, with secrets around one, signed and verified. */
static void
all_lengths(void **state)
{
	char text[200];

	(void)state;
	memset(text, 's', sizeof text);
	for (size_t secret_len = 1; secret_len < 140; secret_len += 7) {
		struct rgw_secret *secret = rgw_secret_new(text, secret_len);

		for (size_t n = 60; n < 200; n++) {
			struct help_packet p;
			struct rgw_packet in;

			help_begin(&p, 40, 5, NULL);
			help_attr(&p, 80, zeros, 16);
			help_pad(&p, 44, n);
			in = help_finish(&p);
			rgw_sign_request(p.b, p.len, 20, secret);
			assert_true(help_auth_ok(&in, zeros, text, secret_len));
			assert_true(help_msgauth_ok(&in, zeros, text, secret_len));
		}
		rgw_secret_free(secret);
	}
}

/* P-MA-6 to P-MA-8: with EAP, without anything that only the user could know, and Status-Server. */
static void
which_requests_must_be_signed(void **state)
{
	static const struct {
		uint8_t code, type;    /* beside User-Name; 0 = nothing */
		bool must;
	} rows[] = {
		{ RGW_ACCESS_REQUEST, 0, true }, { RGW_ACCESS_REQUEST, RGW_EAP_MESSAGE, true },
		{ RGW_ACCESS_REQUEST, RGW_USER_PASSWORD, false }, { RGW_ACCESS_REQUEST, RGW_CHAP_PASSWORD, false },
		{ RGW_ACCESS_REQUEST, RGW_ARAP_PASSWORD, false }, { RGW_STATUS_SERVER, 0, true },
		{ RGW_STATUS_SERVER, RGW_USER_PASSWORD, true }, { RGW_ACCOUNTING_REQUEST, 0, false },
		{ RGW_ACCOUNTING_REQUEST, RGW_EAP_MESSAGE, false }, { RGW_COA_REQUEST, 0, false },
	};
	static const uint8_t mschap[] = { 11, 10, 1, 2, 3, 4, 5, 6, 7, 8 };
	static const uint8_t response[] = { 25, 4, 1, 2 };
	struct help_packet p;
	struct rgw_packet in;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		help_begin(&p, rows[i].code, 1, random_auth);
		help_text(&p, RGW_USER_NAME, "bob@example.org");
		if (rows[i].type != 0)
			help_attr(&p, rows[i].type, random_auth, sizeof random_auth);
		in = help_finish(&p);
		if (rgw_auth_needs_msgauth(&in) != rows[i].must)
			fail_msg("row %zu", i);
	}
	/* MS-CHAP counts when both of its parts are there. */
	help_begin(&p, RGW_ACCESS_REQUEST, 1, random_auth);
	help_vsa(&p, 311, mschap, sizeof mschap);
	in = help_finish(&p);
	assert_true(rgw_auth_needs_msgauth(&in));
	help_vsa(&p, 311, response, sizeof response);
	in = help_finish(&p);
	assert_false(rgw_auth_needs_msgauth(&in));
	help_attr(&p, RGW_EAP_MESSAGE, random_auth, 4);
	in = help_finish(&p);
	assert_true(rgw_auth_needs_msgauth(&in));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_requests),
		cmocka_unit_test(signs_responses),
		cmocka_unit_test(signing_does_not_depend_on_old_values),
		cmocka_unit_test(every_flipped_bit_is_seen),
		cmocka_unit_test(every_flipped_bit_spoils_the_message_authenticator),
		cmocka_unit_test(the_wrong_secret_or_authenticator_fails),
		cmocka_unit_test(zero_request_authenticators_are_refused),
		cmocka_unit_test(random_authenticators_are_taken),
		cmocka_unit_test(duplicates_and_other_lengths_are_bad),
		cmocka_unit_test(a_second_one_of_another_length_is_bad),
		cmocka_unit_test(the_place_does_not_matter),
		cmocka_unit_test(padding_is_not_hashed),
		cmocka_unit_test(which_authenticator_hides),
		cmocka_unit_test(all_lengths),
		cmocka_unit_test(which_requests_must_be_signed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
