/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answers.h"
#include "radsecgw/addr.h"
#include "radsecgw/mem.h"

/* The questions, in a table, and how their answers are taken: from a flag, from somebody at a terminal, or as usual. */

#define ANSWER_MAX 4096

/* How a profile takes an answer. */
enum need {
	NO,    /* it has no place for it */
	FLAG,  /* only as a flag */
	ASK,   /* it may be empty */
	MUST,
};

struct field {
	const char *flag;
	const char *question;
	enum need need[RGW_SETUP_PROFILES];  /* institution, national, openroaming, sidecar, router */
	bool list;
	const char *(*wrong)(enum rgw_setup_profile profile, const char *item);
	const char *usual;                   /* NULL = nothing */
};

static const struct field fields[RGW_SETUP_FLAGS] = {
	[RGW_SETUP_PROFILE] = { "profile",
	    "What is this gateway for?\n"
	    "  eduroam-institution  an institution of a federation: guests here, own users elsewhere\n"
	    "  national-proxy       a proxy between institutions and the rest of a federation\n"
	    "  openroaming          an access network of OpenRoaming\n"
	    "  sidecar              a container beside a RADIUS server\n"
	    "  router               a router or access point with hostapd",
	    { MUST, MUST, MUST, MUST, MUST }, false, NULL, NULL },
	[RGW_SETUP_REALM] = { "realm",
	    "Which realms do your own users have, such as example.org? Several have commas between them.\n"
	    "Nothing: there are none, and all requests go out.",
	    { ASK, NO, NO, ASK, NO }, true, rgw_wrong_realm, NULL },
	[RGW_SETUP_OPERATOR] = { "operator-name",
	    "Which Operator-Name has this access network, such as 4PROVIDER:XX?",
	    { FLAG, NO, MUST, NO, NO }, false, rgw_wrong_operator, NULL },
	[RGW_SETUP_PEER] = { "peer",
	    "Which RADIUS/TLS peers are there? HOST or HOST:PORT, with commas between them; for a national\n"
	    "proxy REALM=HOST for each institution, and HOST for the way to all others.",
	    { MUST, MUST, MUST, MUST, MUST }, true, rgw_wrong_peer, NULL },
	[RGW_SETUP_SERVER] = { "server",
	    "Where is the RADIUS server of your own users? HOST or HOST:PORT.",
	    { ASK, NO, NO, ASK, NO }, false, rgw_wrong_host, "127.0.0.1:1812" },
	[RGW_SETUP_CLIENT] = { "client",
	    "Who sends requests to this gateway over RADIUS/UDP? Addresses or networks, with commas between\n"
	    "them.",
	    { ASK, NO, ASK, ASK, ASK }, true, rgw_wrong_client, "127.0.0.1" },
	[RGW_SETUP_SECRET] = { "secret-file",
	    "Which file has the secret that is shared over RADIUS/UDP? Nothing: a new one is made.",
	    { ASK, NO, ASK, ASK, ASK }, false, rgw_wrong_path, NULL },
	[RGW_SETUP_CERT] = { "cert",
	    "Which file has the certificate of this gateway? Its key is NAME.key and the authority ca.pem in\n"
	    "the same folder. `request`: make a key and a request for a certificate. `test`: make a PKI for\n"
	    "tests.",
	    { MUST, MUST, MUST, MUST, MUST }, false, rgw_wrong_path, NULL },
	[RGW_SETUP_NAME] = { "name",
	    "By which name do peers know this gateway? It will stand in the certificate.",
	    { ASK, ASK, ASK, ASK, ASK }, false, rgw_wrong_name, NULL },
	[RGW_SETUP_KEY] = { "key", NULL, { FLAG, FLAG, FLAG, FLAG, FLAG }, false, rgw_wrong_path, NULL },
	[RGW_SETUP_CA] = { "ca", NULL, { FLAG, FLAG, FLAG, FLAG, FLAG }, false, rgw_wrong_path, NULL },
	[RGW_SETUP_UDP] = { "udp", NULL, { FLAG, NO, FLAG, FLAG, FLAG }, false, rgw_wrong_udp, NULL },
	[RGW_SETUP_RADSEC] = { "radsec", NULL, { FLAG, FLAG, NO, FLAG, NO }, false, rgw_wrong_address, "[::]:2083" },
};

static const char *const profiles[RGW_SETUP_PROFILES] = {
	"eduroam-institution",
	"national-proxy",
	"openroaming",
	"sidecar",
	"router",
};

const char *
rgw_setup_profile_name(enum rgw_setup_profile profile)
{
	return profiles[profile];
}

/* Somebody who answers. */
struct asking {
	struct rgw_answers *a;
	const struct rgw_setup_request *request;
	const struct field *field;   /* the one that is looked at */
	struct rgw_strbuf items;     /* owned: those of a list that were good */
	unsigned errors;
};

/* ---- one answer ---- */

/* The text without the blanks around it; it is cut in place. */
static char *
trim(char *text)
{
	size_t len;

	text += strspn(text, " \t\r\n");
	for (len = strlen(text); len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL; len--)
		;
	text[len] = '\0';
	return text;
}

bool
rgw_setup_each(const char *list, bool (*each)(void *ctx, char *item), void *ctx)
{
	char *copy = rgw_xstrdup(list);
	char *next = copy;
	bool good = true;

	while (good && next != NULL) {
		char *item = next;
		char *comma = strchr(item, ',');

		if (comma != NULL)
			*comma = '\0';
		next = comma != NULL ? comma + 1 : NULL;
		item = trim(item);
		if (item[0] != '\0')
			good = each(ctx, item);
	}
	free(copy);
	return good;
}

static void
complain(struct asking *s, const char *item, const char *why)
{
	fprintf(s->request->said, "radsecgw: --%s: '%s' %s\n", s->field->flag, item, why);
	s->errors++;
}

static bool
check_item(void *ctx, char *item)
{
	struct asking *s = ctx;
	const char *why = s->field->wrong(s->a->profile, item);

	if (why != NULL)
		complain(s, item, why);
	else
		rgw_strbuf_join(&s->items, ", ", item);
	return why == NULL;
}

/* Tells a profile from its name. */
static bool
take_profile(struct asking *s, const char *text)
{
	for (int i = 0; i < RGW_SETUP_PROFILES; i++)
		if (strcmp(text, profiles[i]) == 0) {
			s->a->profile = i;
			return true;
		}
	complain(s, text, "is no profile; they are eduroam-institution, national-proxy, openroaming, sidecar and "
	    "router");
	return false;
}

/* Takes the text if it is good. */
static bool
take(struct asking *s, const char *text)
{
	size_t i = (size_t)(s->field - fields);
	char *copy = rgw_xstrdup(text);
	char *trimmed = trim(copy);
	bool good;

	if (i == RGW_SETUP_PROFILE)
		good = take_profile(s, trimmed);
	else if (s->field->list)
		good = rgw_setup_each(trimmed, check_item, s);
	else
		good = trimmed[0] == '\0' || check_item(s, trimmed);
	if (good) {
		free(s->a->text[i]);
		s->a->text[i] = rgw_xstrdup(!s->field->list ? trimmed : s->items.n > 0 ? s->items.v : "");
	}
	rgw_strbuf_fini(&s->items);
	free(copy);
	return good;
}

/* ---- where answers come from ---- */

/* What is usual depends on the machine for a name. */
static const char *
usual_of(const struct field *field, char host[static RGW_HOST_TEXT])
{
	if (field != &fields[RGW_SETUP_NAME])
		return field->usual;
	if (gethostname(host, RGW_HOST_TEXT) != 0)
		return NULL;
	host[RGW_HOST_TEXT - 1] = '\0';
	return rgw_wrong_name(RGW_FOR_ROUTER, host) == NULL ? host : NULL;
}

/* Asks until the answer is good; an empty one is what is usual. false = nobody answers any more. */
static bool
ask(struct asking *s, enum need need, const char *usual)
{
	char line[ANSWER_MAX];
	unsigned before = s->errors;

	fprintf(s->request->out, "\n%s\n", s->field->question);
	for (;;) {
		fprintf(s->request->out, usual != NULL ? "[%s] > " : "%s> ", usual != NULL ? usual : "");
		fflush(s->request->out);
		if (fgets(line, sizeof line, s->request->in) == NULL) {
			fputs("\nradsecgw: setup ends without an answer, and nothing was written\n", s->request->said);
			return false;
		}
		if (trim(line)[0] == '\0' && usual != NULL)
			return take(s, usual);
		if (trim(line)[0] == '\0' && need == MUST) {
			fputs("This has to be answered.\n", s->request->out);
			continue;
		}
		if (!take(s, line))
			continue;
		/* What was said of a wrong answer is no error once there is a good one; commas alone are none. */
		s->errors = before;
		if (s->a->text[s->field - fields][0] != '\0' || s->field == fields || need != MUST)
			return true;
		fputs("This has to be answered.\n", s->request->out);
	}
}

/* Does the question make sense after the answers before it? If not, `why` says what it needs. */
static bool
is_idle(const struct rgw_answers *a, const struct field *field, const char **why)
{
	const char *cert = a->text[RGW_SETUP_CERT];
	bool made = cert != NULL && (strcmp(cert, RGW_CERT_TEST) == 0 || strcmp(cert, RGW_CERT_REQUEST) == 0);

	if (field == &fields[RGW_SETUP_SERVER] || field == &fields[RGW_SETUP_RADSEC])
		*why = a->profile != RGW_FOR_NATIONAL && a->text[RGW_SETUP_REALM][0] == '\0' ? "needs --realm" : NULL;
	else if (field == &fields[RGW_SETUP_NAME])
		*why = made ? NULL : "is for --csr and --test-pki, which make a certificate of that name";
	else if (field == &fields[RGW_SETUP_KEY])
		*why = made ? "is for --cert only: the key is made" : NULL;
	else if (field == &fields[RGW_SETUP_CA])
		*why = made && strcmp(cert, RGW_CERT_TEST) == 0 ? "is not for --test-pki, which makes its own" : NULL;
	else
		*why = NULL;
	return *why != NULL;
}

static const char *
given(struct asking *s, size_t i)
{
	const struct rgw_setup_request *r = s->request;
	unsigned ways = (unsigned)(r->given[i] != NULL) + r->test_pki + r->csr;

	if (i != RGW_SETUP_CERT)
		return r->given[i];
	if (ways > 1) {
		fputs("radsecgw: --cert, --csr and --test-pki are three ways to a certificate; give one of them\n",
		    r->said);
		s->errors++;
	}
	return r->test_pki ? RGW_CERT_TEST : r->csr ? RGW_CERT_REQUEST : r->given[i];
}

/* Nobody was asked: what was given, or what is usual. */
static void
answer_alone(struct asking *s, size_t i, enum need need, const char *text)
{
	char host[RGW_HOST_TEXT];
	const char *usual = text != NULL ? text : usual_of(s->field, host);

	if ((usual != NULL && !take(s, usual)) || s->a->text[i][0] != '\0')
		return;
	if (need == MUST || i == RGW_SETUP_NAME) {
		fprintf(s->request->said, "radsecgw: --%s is needed%s. %s\n", s->field->flag,
		    i == RGW_SETUP_CERT ? ", or --csr or --test-pki" : "", s->field->question);
		s->errors++;
	}
}

/* One field, from where its answer comes. false = nobody answers any more. */
static bool
answer(struct asking *s, size_t i)
{
	enum need need = i == RGW_SETUP_PROFILE ? MUST : fields[i].need[s->a->profile];
	const char *text = given(s, i);
	char host[RGW_HOST_TEXT];
	const char *why = "is not for this profile";

	s->field = &fields[i];
	s->a->text[i] = rgw_xstrdup("");
	if (need == NO || is_idle(s->a, s->field, &why)) {
		if (text != NULL)
			complain(s, text, why);
		return true;
	}
	if (text == NULL && need >= ASK && s->request->terminal && !s->request->yes)
		return ask(s, need, usual_of(s->field, host));
	answer_alone(s, i, need, text);
	return true;
}

bool
rgw_answers_take(struct rgw_answers *a, const struct rgw_setup_request *request)
{
	struct asking s = { .a = a, .request = request };

	for (size_t i = 0; i < RGW_SETUP_FLAGS; i++)
		if (!answer(&s, i) || (i == RGW_SETUP_PROFILE && s.errors > 0))
			return false;
	return s.errors == 0;
}

void
rgw_answers_fini(struct rgw_answers *a)
{
	for (size_t i = 0; i < RGW_SETUP_FLAGS; i++)
		free(a->text[i]);
}
