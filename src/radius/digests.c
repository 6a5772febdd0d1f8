/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "digests.h"

#include <string.h>

#include "radsecgw/mem.h"

/* The two formulas of RADIUS for several packets side by side (see digests.h). */

/* Adds the next message: the packet with the authenticator that the formula wants in its header. */
static uint8_t *
begin(struct digests *d, const uint8_t *packet, size_t len, const uint8_t *auth)
{
	uint8_t *message = d->messages[d->n];

	memcpy(message, packet, len);
	memcpy(message + 4, auth, RGW_AUTH_LEN);
	d->ends[d->n] = len;
	return message;
}

/* Pads the message, of which len octets stand there already, to go on from the state of md5. */
static void
add(struct digests *d, const struct rgw_md5 *md5, size_t len, const struct rgw_hmac_key *key)
{
	struct rgw_md5_lane *lane = &d->lanes[d->n];

	memcpy(lane->state, md5->state, sizeof lane->state);
	lane->blocks = d->messages[d->n];
	lane->n = rgw_md5_pad(d->messages[d->n], len, md5->length);
	d->keys[d->n++] = key;
}

void
digests_add_authenticator(struct digests *d, const uint8_t *packet, size_t len, const uint8_t *auth,
    const struct rgw_secret *secret)
{
	uint8_t *message = begin(d, packet, len, auth);
	uint8_t digest[RGW_MD5_LEN];
	struct rgw_md5 md5;

	rgw_md5_init(&md5);
	if (secret->len <= DIGESTS_SECRET_MAX) {
		memcpy(message + len, secret->octets, secret->len);
		add(d, &md5, len + secret->len, NULL);
		return;
	}
	rgw_md5_update(&md5, message, len);
	rgw_md5_update(&md5, secret->octets, secret->len);
	rgw_md5_final(&md5, digest);
	add(d, &md5, 0, NULL);
	d->lanes[d->n - 1].n = 0;
}

void
digests_add_msgauth(struct digests *d, const uint8_t *packet, size_t len, size_t at, const uint8_t *auth,
    const struct rgw_secret *secret)
{
	uint8_t *message = begin(d, packet, len, auth);
	struct rgw_md5 md5;

	memset(message + at + 2, 0, RGW_AUTH_LEN);
	rgw_hmac_begin(&md5, &secret->hmac);
	add(d, &md5, len, &secret->hmac);
}

/* The outer hash of HMAC takes what came of the inner one; lanes of plain MD5 rest meanwhile, and their
 * secrets go. */
void
digests_run(struct digests *d)
{
	rgw_md5_run(d->lanes, d->n);
	for (size_t i = 0; i < d->n; i++) {
		struct rgw_md5_lane *lane = &d->lanes[i];

		lane->n = 0;
		if (d->keys[i] == NULL) {
			rgw_wipe(d->messages[i] + d->ends[i], DIGESTS_SECRET_MAX);
			continue;
		}
		rgw_md5_digest(lane->state, d->messages[i]);
		lane->n = rgw_md5_pad(d->messages[i], RGW_MD5_LEN, 64);
		memcpy(lane->state, d->keys[i]->outer, sizeof lane->state);
	}
	rgw_md5_run(d->lanes, d->n);
}
