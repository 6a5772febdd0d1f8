/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RGW_SETUP_ANSWERS_H
#define RGW_SETUP_ANSWERS_H

#include "../conf/reading.h"
#include "radsecgw/setup.h"

/* What somebody has answered, and what follows from it for the templates. Whoever has made them owns the texts. */

enum rgw_setup_profile { RGW_FOR_INSTITUTION, RGW_FOR_NATIONAL, RGW_FOR_OPENROAMING, RGW_FOR_SIDECAR, RGW_FOR_ROUTER,
	RGW_SETUP_PROFILES };

/* The words in place of a file: certificates are still to be made. */
#define RGW_CERT_TEST "test"
#define RGW_CERT_REQUEST "request"

struct rgw_answers {
	enum rgw_setup_profile profile;
	char *text[RGW_SETUP_FLAGS];  /* owned; "" = nothing */
};

/* Takes what was given, asks for what was not, and puts in what is usual for the rest. false = something is wrong or
 * missing, and was said. */
bool rgw_answers_take(struct rgw_answers *a, const struct rgw_setup_request *request) RGW_MUST_USE;
void rgw_answers_fini(struct rgw_answers *a);

/* The name of a profile, which is that of its template, too. */
const char *rgw_setup_profile_name(enum rgw_setup_profile profile);

/* Calls `each` for the items of a list with commas, without the blanks around them; it ends early with the first false,
 * which is the result then. */
bool rgw_setup_each(const char *list, bool (*each)(void *ctx, char *item), void *ctx);

/* checks.c: what is wrong with an item, a predicate; NULL = nothing. */
const char *rgw_wrong_realm(enum rgw_setup_profile profile, const char *item);
const char *rgw_wrong_operator(enum rgw_setup_profile profile, const char *item);
const char *rgw_wrong_peer(enum rgw_setup_profile profile, const char *item);
const char *rgw_wrong_host(enum rgw_setup_profile profile, const char *item);
const char *rgw_wrong_client(enum rgw_setup_profile profile, const char *item);
const char *rgw_wrong_path(enum rgw_setup_profile profile, const char *item);
const char *rgw_wrong_name(enum rgw_setup_profile profile, const char *item);
const char *rgw_wrong_udp(enum rgw_setup_profile profile, const char *item);
const char *rgw_wrong_address(enum rgw_setup_profile profile, const char *item);

/* ---- values.c ---- */

/* An item of a list, for the parts of a template that stand once for each. */
struct rgw_item {
	const char *group;                      /* up, home or realm */
	char *name, *connect, *host, *realm;    /* owned; "" if there is none */
	uint16_t port;                          /* of the host */
};

/* What stands between @ and @ in a template. */
struct rgw_values {
	struct rgw_value_of {
		const char *name;
		char *text;                     /* owned */
	} *v;                                   /* owned */
	size_t n;
	struct rgw_item *items;                 /* owned */
	size_t n_items;
};

/* The values that follow from the answers; the files are named as the configuration in `folder` sees them. */
bool rgw_values_make(struct rgw_values *v, const struct rgw_answers *a, const struct rgw_setup_request *request,
    const char *folder) RGW_MUST_USE;
void rgw_values_set(struct rgw_values *v, const char *name, const char *text);
/* NULL = there is no such value. */
const char *rgw_values_get(const struct rgw_values *v, const char *name);
void rgw_values_fini(struct rgw_values *v);

/* ---- render.c ---- */

/* A template is a text in which lines that begin with % are directives:
 *     %if NAME     what follows, up to %else or %end, stands only if the value is not empty or the group has items
 *     %for GROUP   what follows, up to %end, stands once for each item of the group
 *     %include T   another template
 *     %todo        what follows belongs to the list of what is left to be done
 * @NAME@ is a value; in %for, @peer@, @connect@, @peer-realm@ and @each@ are the item's. @@ is an @. */
struct rgw_rendered {
	struct rgw_strbuf file;
	struct rgw_strbuf todo;
	char wrong[64];   /* the first name that is not known; "" = all are */
};

void rgw_setup_render(struct rgw_rendered *out, const struct rgw_values *values, const char *name);
void rgw_rendered_fini(struct rgw_rendered *out);

/* The templates as the program has them, etc/setup/NAME.in; the one behind the last has no name. */
struct rgw_template {
	const char *name;
	const char *text;
};
extern const struct rgw_template rgw_setup_templates[];

/* The script certs/make-pki.sh as the program has it. */
extern const char rgw_setup_make_pki[];

#endif
