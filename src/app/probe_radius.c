/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe.h"

#include <stdlib.h>
#include <string.h>

#include "radsecgw/auth.h"
#include "radsecgw/build.h"
#include "radsecgw/escape.h"
#include "radsecgw/mem.h"
#include "radsecgw/packet.h"

/* What a probe asks of a peer that it would accept: a Status-Server, once more after a silence, and a login. With TLS
 * 1.3 only what comes then tells whether the peer accepts our certificate. */

/* Milliseconds to wait for answers, unless told otherwise. */
#define ANSWER_MS 5000
/* Milliseconds to wait for a refusal where nothing is asked. */
#define REFUSAL_MS 1000

/* One request and what came of it. */
struct exchange {
	struct rgw_inspect *inspect;   /* borrowed, as the next one */
	const struct rgw_secret *secret;
	uint8_t request[RGW_PACKET_MAX];
	size_t request_len;
	uint8_t octets[RGW_PACKET_MAX];
	struct rgw_packet answer;      /* with RGW_INSPECT_OK */
	struct rgw_auth_check check;
	unsigned others;               /* number of packets that were no answer to it */
	enum rgw_inspect_result result;
	rgw_ms ms;
	rgw_ms allowed;                /* what it might have taken */
};

/* ---- packets ---- */

static void
begin(struct rgw_builder *b, struct exchange *x, uint8_t code, uint8_t id)
{
	static const char name[] = "radsecgw";
	uint8_t auth[RGW_AUTH_LEN];

	rgw_random(auth, sizeof auth);
	rgw_build_begin(b, x->request, sizeof x->request, code, id, auth, true);
	rgw_build_attr(b, RGW_NAS_IDENTIFIER, name, sizeof name - 1);
}

/* Is this packet the answer? */
static bool
is_answer(struct exchange *x, size_t len)
{
	struct rgw_packet request;

	if (rgw_packet_parse(&x->answer, x->octets, len) != RGW_PACKET_OK ||
	    rgw_packet_parse(&request, x->request, x->request_len) != RGW_PACKET_OK)
		return false;
	return x->answer.id == request.id && !rgw_code_is_request(x->answer.code);
}

/* Sends the request and waits for its answer; what else comes is counted. */
static void
run(struct exchange *x, rgw_ms timeout)
{
	rgw_ms start = rgw_inspect_now();
	size_t len;

	x->result = x->request_len > 0 && rgw_inspect_send(x->inspect, x->request, x->request_len) ? RGW_INSPECT_OK
	    : RGW_INSPECT_FAILED;
	while (x->result == RGW_INSPECT_OK) {
		x->result = rgw_inspect_receive(x->inspect, x->octets, &len, start + timeout);
		if (x->result == RGW_INSPECT_OK && is_answer(x, len)) {
			x->check = rgw_auth_check_one(&x->answer, x->request + 4, x->secret);
			break;
		}
		x->others += x->result == RGW_INSPECT_OK;
	}
	x->ms = rgw_inspect_now() - start;
	x->allowed = timeout;
}

/* Waits without asking anything: does the peer end the connection? */
static void
listen_on(struct exchange *x, rgw_ms timeout)
{
	rgw_ms until = rgw_inspect_now() + timeout;
	size_t len;

	do {
		x->result = rgw_inspect_receive(x->inspect, x->octets, &len, until);
		x->others += x->result == RGW_INSPECT_OK;
	} while (x->result == RGW_INSPECT_OK);
}

/* ---- whether the peer accepts us ---- */

static void
say_refusal(struct rgw_probe *p, const struct exchange *x)
{
	const struct rgw_seen *seen = rgw_inspect_seen(x->inspect);
	struct rgw_finding *f;

	f = rgw_report_add(&p->report, RGW_STEP_ACCEPTED, RGW_FAILED, x->result == RGW_INSPECT_CLOSED
	    ? "it ended the connection right after the handshake: %s" : "it refuses us after the handshake: %s",
	    rgw_inspect_why(x->inspect));
	if (seen->alert > 0)
		rgw_finding_advise(f, "%s", rgw_probe_alert_advice(seen->alert));
	else
		rgw_finding_advise(f, "some peers refuse a certificate, or an address that they do not know, in this "
		    "way; its "
		    "log says which");
}

/* Says what the exchange, or the wait, tells about that. */
static void
say_acceptance(struct rgw_probe *p, const struct exchange *x, bool asked)
{
	const struct rgw_seen *seen = rgw_inspect_seen(x->inspect);

	if (p->tls == NULL || seen->asked == RGW_ASKED_NOT || seen->proof == RGW_PROVEN_BY_PSK)
		return;
	if (x->result == RGW_INSPECT_FAILED || x->result == RGW_INSPECT_CLOSED)
		say_refusal(p, x);
	else if (x->result != RGW_INSPECT_TIMEOUT || x->others > 0)
		(void)rgw_report_add(&p->report, RGW_STEP_ACCEPTED, RGW_PASSED, "it accepts our certificate: it talks "
		    "to us");
	else if (strcmp(seen->version, "TLSv1.2") == 0)
		(void)rgw_report_add(&p->report, RGW_STEP_ACCEPTED, RGW_PASSED, "it accepts our certificate: with TLS "
		    "1.2 "
		    "the handshake says so");
	else
		(void)rgw_report_add(&p->report, RGW_STEP_ACCEPTED, RGW_NOTE, "it has not refused our certificate so "
		    "far%s",
		    asked ? "; only an answer would be a proof" : "");
}

/* ---- Status-Server ---- */

static const char *
protection_of(const struct exchange *x)
{
	switch (x->check.msgauth) {
	case RGW_MSGAUTH_OK:
		return "with Message-Authenticator";
	case RGW_MSGAUTH_BAD:
		return "with a Message-Authenticator that is wrong";
	default:
		return "without Message-Authenticator";
	}
}

static void
ask_status(struct exchange *x, uint8_t id, rgw_ms timeout)
{
	struct rgw_builder b;

	begin(&b, x, RGW_STATUS_SERVER, id);
	x->request_len = rgw_build_request(&b, x->secret);
	run(x, timeout);
}

/* Says what was answered, in the name of this step. */
static void
say_answer(struct rgw_probe *p, enum rgw_probe_step step, const struct exchange *x)
{
	struct rgw_finding *f;
	bool bad = !x->check.auth_ok || x->check.msgauth == RGW_MSGAUTH_BAD;
	bool is_slow = rgw_probe_is_slow(x->ms, x->allowed);
	bool usual = x->answer.code == RGW_ACCESS_ACCEPT || x->answer.code == RGW_ACCOUNTING_RESPONSE;

	f = rgw_report_add(&p->report, step, bad ? RGW_FAILED : usual && !is_slow ? RGW_PASSED : RGW_WARNING,
	    "answered by %s, %s%s", rgw_code_name(x->answer.code), protection_of(x),
	    x->check.auth_ok ? "" : ", with a Response Authenticator that is wrong");
	f->ms = x->ms;
	if (bad) {
		rgw_finding_expect(f, "an answer that is signed with the secret inside of TLS, which is \"radsec\" "
		    "unless "
		    "`secret` of the [peer] says otherwise");
		rgw_finding_advise(f, "its operator has to set the secret to radsec (RFC 6614 2.3), or tell you his, "
		    "for "
		    "`secret`");
	} else if (!usual) {
		rgw_finding_expect(f, "Access-Accept or Accounting-Response");
		rgw_finding_advise(f, "a gateway takes this for a sign of life, too, but its operator should look at "
		    "it");
	} else if (is_slow) {
		rgw_finding_advise(f, "this is slow: logins through it will be slower");
	}
}

/* Nothing, or no answer, came. */
static void
say_mute(struct rgw_probe *p, const struct exchange *x)
{
	struct rgw_finding *f;

	if (x->result != RGW_INSPECT_TIMEOUT) {
		f = rgw_report_add(&p->report, RGW_STEP_STATUS, RGW_FAILED, "no answer: %s",
		    rgw_inspect_why(x->inspect));
		rgw_finding_expect(f, "Access-Accept or Accounting-Response");
		rgw_finding_advise(f, x->result == RGW_INSPECT_STRANGE ? "who listens there speaks something else: "
		    "look at the port"
		    : "its log says why; it may not know our address");
		return;
	}
	f = rgw_report_add(&p->report, RGW_STEP_STATUS, p->peer->status_server == RGW_YES ? RGW_FAILED : RGW_WARNING,
	    "no answer within %.1f s; the connection stands", (double)x->ms / 1e3);
	rgw_finding_expect(f, "Access-Accept or Accounting-Response");
	rgw_finding_advise(f, "some peers never answer Status-Server: then set `status-server = off`, or leave it at "
	    "auto. If "
	    "logins are not answered either, the peer lets us in and does not know us as a client: ask its operator");
}

static bool
status(struct rgw_probe *p, struct exchange *x)
{
	rgw_ms timeout = p->timeout > 0 ? p->timeout : ANSWER_MS;

	if (p->peer->status_server == RGW_NO) {
		listen_on(x, REFUSAL_MS);
		say_acceptance(p, x, false);
		(void)rgw_report_add(&p->report, RGW_STEP_STATUS, RGW_NOTE, "not asked, since the peer has "
		    "`status-server = "
		    "off`");
		return x->result == RGW_INSPECT_TIMEOUT;
	}
	ask_status(x, 1, timeout);
	say_acceptance(p, x, true);
	if (x->result == RGW_INSPECT_OK)
		say_answer(p, RGW_STEP_STATUS, x);
	else if (p->tls == NULL || x->result == RGW_INSPECT_TIMEOUT || x->result == RGW_INSPECT_STRANGE)
		say_mute(p, x);
	return x->result == RGW_INSPECT_OK || x->result == RGW_INSPECT_TIMEOUT;
}

/* ---- silence ---- */

/* Is silent for a while, and asks again. */
static bool
idle(struct rgw_probe *p, struct exchange *x)
{
	bool was_mute = x->result != RGW_INSPECT_OK;
	double s = (double)p->idle / 1e3;
	rgw_ms start = rgw_inspect_now();
	struct rgw_finding *f;

	x->others = 0;
	listen_on(x, p->idle);
	if (x->result != RGW_INSPECT_TIMEOUT) {
		f = rgw_report_add(&p->report, RGW_STEP_IDLE, RGW_WARNING, "it ended the connection after %.1f s of "
		    "silence: %s",
		    (double)(rgw_inspect_now() - start) / 1e3, rgw_inspect_why(x->inspect));
		rgw_finding_advise(f, "let `watchdog` be shorter than that, or `idle-timeout`, so that we close it "
		    "before");
		return false;
	}
	if (x->others > 0)
		(void)rgw_report_add(&p->report, RGW_STEP_IDLE, RGW_NOTE, "it sent %u packet%s in the meantime",
		    x->others,
		    x->others == 1 ? "" : "s");
	if (p->peer->status_server == RGW_NO || was_mute) {
		(void)rgw_report_add(&p->report, RGW_STEP_IDLE, RGW_PASSED, "after %.1f s of silence the connection "
		    "stands", s);
		return true;
	}
	ask_status(x, 2, p->timeout > 0 ? p->timeout : ANSWER_MS);
	if (x->result == RGW_INSPECT_OK) {
		say_answer(p, RGW_STEP_IDLE, x);
		rgw_finding_detail(&p->report.v[p->report.n - 1], "asked again after %.1f s of silence", s);
		return true;
	}
	f = rgw_report_add(&p->report, RGW_STEP_IDLE, RGW_FAILED, "after %.1f s of silence it does not answer any "
	    "more%s%s", s,
	    x->result == RGW_INSPECT_TIMEOUT ? "" : ": ", x->result == RGW_INSPECT_TIMEOUT ? ""
	    : rgw_inspect_why(x->inspect));
	rgw_finding_advise(f, "something between us, a firewall or NAT, may forget the connection: let `watchdog` be "
	    "shorter "
	    "than that");
	return false;
}

/* ---- a login ---- */

/* Writes octets of others so that a terminal does nothing odd. */
static void
add_escaped(char *out, size_t size, const uint8_t *octets, size_t n)
{
	char room[RGW_ESCAPE_ROOM];
	size_t at = strlen(out);

	while (n > 0) {
		size_t taken, len;
		const char *text = rgw_escape(RGW_ESCAPE_TEXT, octets, n, room, &taken, &len);

		if (len >= size - at)
			return;
		memcpy(out + at, text, len);
		at += len;
		out[at] = '\0';
		octets += taken;
		n -= taken;
	}
}

static void
say_login(struct rgw_probe *p, const struct exchange *x)
{
	bool good = x->answer.code == RGW_ACCESS_ACCEPT && x->check.auth_ok && x->check.msgauth != RGW_MSGAUTH_BAD;
	struct rgw_attr a = { 0 };
	struct rgw_finding *f;
	char message[512] = "";

	while (rgw_packet_next(&x->answer, &a))
		if (a.type == RGW_REPLY_MESSAGE)
			add_escaped(message, sizeof message, a.value, a.len);
	f = rgw_report_add(&p->report, RGW_STEP_LOGIN, good ? RGW_PASSED : RGW_FAILED, "%s answers %s, %s%s%s%s",
	    rgw_code_name(x->answer.code), p->call->user, protection_of(x),
	    x->check.auth_ok ? "" : ", with a Response Authenticator that is wrong", message[0] != '\0' ? "; it says: "
	    : "",
	    message);
	f->ms = x->ms;
	if (good)
		return;
	rgw_finding_expect(f, "Access-Accept");
	if (x->answer.code == RGW_ACCESS_CHALLENGE)
		rgw_finding_advise(f, "it wants more than a password (EAP, a code): try a user for whom PAP is enough");
	else
		rgw_finding_advise(f, "look whether the password is right, whether PAP is allowed, and who serves the "
		    "realm");
}

static void
login(struct rgw_probe *p, struct exchange *x)
{
	uint8_t hidden[RGW_PASSWORD_MAX];
	struct rgw_builder b;
	struct rgw_finding *f;
	size_t n;

	begin(&b, x, RGW_ACCESS_REQUEST, 3);
	rgw_build_attr(&b, RGW_USER_NAME, p->call->user, strlen(p->call->user));
	n = rgw_hide_password((struct rgw_hide_key){ x->secret, x->request + 4 }, p->password, strlen(p->password),
	    hidden);
	rgw_build_attr(&b, RGW_USER_PASSWORD, hidden, n);
	x->request_len = rgw_build_request(&b, x->secret);
	run(x, p->timeout > 0 ? p->timeout : 2 * ANSWER_MS);
	if (x->result == RGW_INSPECT_OK) {
		say_login(p, x);
		return;
	}
	f = rgw_report_add(&p->report, RGW_STEP_LOGIN, RGW_FAILED, "no answer for %s%s%s", p->call->user,
	    x->result == RGW_INSPECT_TIMEOUT ? "" : ": ", x->result == RGW_INSPECT_TIMEOUT ? ""
	    : rgw_inspect_why(x->inspect));
	rgw_finding_expect(f, "Access-Accept");
	rgw_finding_advise(f, "the peer may not know who serves the realm of this user, or not get an answer from "
	    "there");
}

void
rgw_probe_ask(struct rgw_probe *p, struct rgw_inspect *inspect)
{
	struct exchange *x = rgw_xcalloc(1, sizeof *x);

	x->inspect = inspect;
	x->secret = p->peer->secret;
	if (!rgw_inspect_seen(inspect)->accepted) {
		listen_on(x, REFUSAL_MS);
		say_acceptance(p, x, false);
	} else if (status(p, x) && (p->idle == 0 || idle(p, x)) && p->password != NULL) {
		login(p, x);
	}
	rgw_wipe(x, sizeof *x);
	free(x);
}
