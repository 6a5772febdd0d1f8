/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client.h"

#include <errno.h>
#include <ini.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "radsecgw/confread.h"
#include "radsecgw/controlclient.h"
#include "verdict.h"

/* Commands for a running gateway (see client.h). A command is made into one request to the control socket; the gateway
 * itself words the answer. */

#define ANSWER_LIMIT (65u << 20)
#define QUICK_MS 10000

/* ---- where the socket is ---- */

static void
say_nothing(void *ctx, enum rgw_conf_severity severity, const char *file, unsigned line, const char *text)
{
	(void)ctx;
	(void)severity;
	(void)file;
	(void)line;
	(void)text;
}

/* Takes what a file says about the socket, even if nothing else in it can be used. */
static int
take_socket(void *path, const char *section, const char *name, const char *value)
{
	if (strcmp(section, "control") == 0 && strcmp(name, "socket") == 0) {
		free(*(char **)path);
		*(char **)path = strdup(value);
	}
	return 1;
}

/* The socket that a configuration names which cannot be used: it was good when the gateway started. */
static char *
find_in_broken(const struct rgw_client_call *call)
{
	char *path = NULL;

	(void)ini_parse(call->config, take_socket, &path);
	if (path != NULL)
		return path;
	fprintf(stderr, "radsecgw: %s cannot be used to find the control socket, so the usual place is tried; "
	    "`radsecgw check` says what is wrong, and --socket says where the socket is\n", call->config);
	return strdup(RGW_CONTROL_SOCKET);
}

/* The path of the socket; the caller frees it. Whoever may give commands need not be able to read the secrets that the
 * configuration names, and the gateway may run with an older one. NULL = the configuration wants no socket. */
static char *
find_socket(const struct rgw_client_call *call)
{
	struct rgw_conf_report report = { .say = say_nothing };
	struct rgw_conf *conf;
	char *path = NULL;

	if (call->socket != NULL)
		return strdup(call->socket);
	conf = rgw_conf_load(call->config, &report);
	if (conf == NULL)
		return find_in_broken(call);
	if (conf->control.socket == NULL)
		path = strdup(RGW_CONTROL_SOCKET);
	else if (strcmp(conf->control.socket, "off") != 0)
		path = strdup(conf->control.socket);
	rgw_conf_free(conf);
	return path;
}

/* ---- asking ---- */

/* Asks at this socket; `query` begins with a "?". false = nobody has answered, which is said. */
static bool
ask_at(const char *socket, const struct rgw_client_call *call, struct rgw_control_request *request,
    const char *command, const char *query, struct rgw_control_answer *answer)
{
	char target[1200], why[512];

	snprintf(target, sizeof target, "/v1/%s%sformat=%s", command, query, call->json ? "json" : "text");
	request->socket = socket;
	request->target = target;
	request->limit = ANSWER_LIMIT;
	if (rgw_control_ask(request, answer, why, sizeof why))
		return true;
	fprintf(stderr, "radsecgw: %s\n", why);
	return false;
}

/* The socket, or NULL if there is none, which is said. */
static char *
need_socket(const struct rgw_client_call *call)
{
	char *socket = find_socket(call);

	if (socket == NULL)
		fprintf(stderr, "radsecgw: %s has no control socket: [control] socket is off\n", call->config);
	return socket;
}

/* Asks, and prints the answer. */
static int
ask(const struct rgw_client_call *call, const char *method, const char *command, const char *query,
    unsigned timeout_ms)
{
	struct rgw_control_request request = { .method = method, .timeout_ms = timeout_ms };
	struct rgw_control_answer answer;
	char *socket = need_socket(call);
	bool ok;

	if (socket == NULL)
		return RGW_CLIENT_NO_ANSWER;
	ok = ask_at(socket, call, &request, command, query, &answer);
	free(socket);
	if (!ok)
		return RGW_CLIENT_NO_ANSWER;
	ok = answer.status == 200;
	fwrite(answer.body, 1, answer.len, ok || call->json ? stdout : stderr);
	if (call->json)
		putchar('\n');
	free(answer.body);
	return ok ? RGW_CLIENT_DONE : RGW_CLIENT_REFUSED;
}

/* Adds a parameter to a query. false = there is no room, which is said. */
static bool
add(char *query, size_t size, const char *name, const char *value)
{
	size_t len = strlen(query);

	if (len + strlen(name) + 3 <= size) {
		snprintf(query + len, size - len, "%s=", name);
		if (rgw_control_encode(query, size - 2, value)) {
			len = strlen(query);
			query[len] = '&';
			query[len + 1] = '\0';
			return true;
		}
	}
	fprintf(stderr, "radsecgw: '%.40s...' is too long\n", value);
	return false;
}

static int
wrong(const char *usage)
{
	fprintf(stderr, "usage: radsecgw %s\n", usage);
	return RGW_CLIENT_REFUSED;
}

/* ---- commands ---- */

int
rgw_client_ping(const struct rgw_client_call *call)
{
	if (call->n > 0)
		return wrong("ping [--json] [-c FILE | --socket PATH]");
	return ask(call, "GET", "ping", "?", QUICK_MS / 2);
}

/* The answer for monitoring, which reads one line of the standard output and the exit status. */
static int
say_verdict(enum rgw_verdict_state state, const char *line)
{
	printf("%s: %s\n", rgw_verdict_words[state], line);
	return (int)state;
}

/* What is said of a gateway at this socket that has not answered. Whoever may not ask it knows nothing of it. */
static int
say_silence(const char *socket, const char *why)
{
	bool forbidden = access(socket, W_OK) != 0 && errno == EACCES;

	return say_verdict(forbidden ? RGW_VERDICT_UNKNOWN : RGW_VERDICT_CRITICAL, why);
}

/* Asks for the verdict. The exit status is that of plugins for Nagios. */
static int
ask_verdict(const struct rgw_client_call *call)
{
	struct rgw_control_request request = { .method = "GET", .target = "/v1/verdict?format=text",
		.timeout_ms = QUICK_MS, .limit = ANSWER_LIMIT };
	struct rgw_control_answer answer;
	char *socket, why[512];
	int result;

	if (call->n > 0 || call->json)
		return say_verdict(RGW_VERDICT_UNKNOWN, "usage: radsecgw status --nagios [-c FILE | --socket PATH]");
	socket = need_socket(call);
	if (socket == NULL)
		return say_verdict(RGW_VERDICT_UNKNOWN, "the configuration has no control socket");
	request.socket = socket;
	if (rgw_control_ask(&request, &answer, why, sizeof why)) {
		result = (int)rgw_verdict_read(answer.body, answer.len);
		fwrite(answer.body, 1, answer.len, stdout);
		free(answer.body);
	} else {
		result = say_silence(socket, why);
	}
	free(socket);
	return result;
}

int
rgw_client_status(const struct rgw_client_call *call)
{
	char query[512] = "?", names[256] = "";

	if (call->nagios)
		return ask_verdict(call);
	for (int i = 0; i < call->n; i++) {
		size_t len = strlen(names);

		if (len + strlen(call->words[i]) + 2 > sizeof names)
			return wrong("status [--json] [TABLE ...]");
		snprintf(names + len, sizeof names - len, "%s%s", i > 0 ? "," : "", call->words[i]);
	}
	if (call->n > 0 && !add(query, sizeof query, "tables", names))
		return RGW_CLIENT_REFUSED;
	return ask(call, "GET", "status", query, QUICK_MS);
}

int
rgw_client_log_level(const struct rgw_client_call *call)
{
	bool for_a_time = call->n == 3 && strcmp(call->words[1], "for") == 0;
	char query[512] = "?";

	if (call->n != 1 && !for_a_time)
		return wrong("log-level error|warning|notice|info|debug [for TIME]");
	if (!add(query, sizeof query, "level", call->words[0]) ||
	    (for_a_time && !add(query, sizeof query, "for", call->words[2])))
		return RGW_CLIENT_REFUSED;
	return ask(call, "POST", "log-level", query, QUICK_MS);
}

/* `drain` waits until what is open is answered, for which a request has up to five minutes. */
#define DRAIN_MS 340000

static int
ask_about(const struct rgw_client_call *call, const char *command, const char *usage)
{
	char query[512] = "?";

	if (call->n > 1)
		return wrong(usage);
	if (call->n == 1 && !add(query, sizeof query, "name", call->words[0]))
		return RGW_CLIENT_REFUSED;
	return ask(call, "POST", command, query, DRAIN_MS);
}

int
rgw_client_drain(const struct rgw_client_call *call)
{
	return ask_about(call, "drain", "drain [NAME]");
}

int
rgw_client_resume(const struct rgw_client_call *call)
{
	return ask_about(call, "resume", "resume [NAME]");
}

int
rgw_client_reconnect(const struct rgw_client_call *call)
{
	static const char usage[] = "reconnect PEER";

	return call->n == 1 ? ask_about(call, "reconnect", usage) : wrong(usage);
}

/* A NAS is waited for. */
#define DISCONNECT_MS 20000

int
rgw_client_disconnect(const struct rgw_client_call *call)
{
	const char *const values[] = { call->given[RGW_GIVEN_USER], call->given[RGW_GIVEN_MAC], call->session };
	static const char *const keys[] = { "user", "mac", "session" };
	char query[1024] = "?";
	unsigned n = 0;

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		if (values[i] == NULL)
			continue;
		n++;
		if (!add(query, sizeof query, keys[i], values[i]))
			return RGW_CLIENT_REFUSED;
	}
	if (n != 1 || call->n > 0)
		return wrong("disconnect --user NAME | --mac ADDRESS | --session ID [--json]");
	return ask(call, "POST", "disconnect", query, DISCONNECT_MS);
}

/* Certificates and names of thousands of peers take a while, and so does a reload that is under way already. */
#define RELOAD_MS 300000

int
rgw_client_reload(const struct rgw_client_call *call)
{
	char query[512] = "?";

	if (call->n > 0 || (call->check && call->confirm != NULL))
		return wrong("reload [--check | --confirm TIME] [--json]");
	if ((call->check && !add(query, sizeof query, "check", "yes")) ||
	    (call->confirm != NULL && !add(query, sizeof query, "confirm", call->confirm)))
		return RGW_CLIENT_REFUSED;
	return ask(call, "POST", "reload", query, RELOAD_MS);
}

int
rgw_client_confirm(const struct rgw_client_call *call)
{
	return call->n == 0 ? ask(call, "POST", "confirm", "?", QUICK_MS) : wrong("confirm [--json]");
}

int
rgw_client_undo(const struct rgw_client_call *call)
{
	return call->n == 0 ? ask(call, "POST", "undo", "?", RELOAD_MS) : wrong("undo [--json]");
}

/* ---- questions about requests ---- */

/* Adds what was given of the options; `which`: bits of those that the command has. false = that is too long, or the
 * command does not have one of them, which is said. */
static bool
add_given(const struct rgw_client_call *call, unsigned which, char *query, size_t size)
{
	static const char *const names[RGW_GIVENS] = { [RGW_GIVEN_USER] = "user", [RGW_GIVEN_MAC] = "mac",
		[RGW_GIVEN_REALM] = "realm", [RGW_GIVEN_CLIENT] = "client", [RGW_GIVEN_RESULT] = "result",
		[RGW_GIVEN_SLOWER] = "slower", [RGW_GIVEN_SINCE] = "since", [RGW_GIVEN_LAST] = "last",
		[RGW_GIVEN_CODE] = "code", [RGW_GIVEN_FOR] = "for" };

	for (unsigned i = 0; i < RGW_GIVENS; i++) {
		if (call->given[i] == NULL)
			continue;
		if ((which >> i & 1) == 0) {
			fprintf(stderr, "radsecgw: this command has no option --%s\n", names[i]);
			return false;
		}
		if (!add(query, size, names[i], call->given[i]))
			return false;
	}
	return true;
}

int
rgw_client_requests(const struct rgw_client_call *call)
{
	char query[900] = "?";

	if (call->n > 0)
		return wrong("requests [--user NAME] [--mac ADDRESS] [--realm REALM] [--client NAME] [--result WORD] "
		    "[--slower TIME] [--since TIME] [--last N] [--json]");
	if (!add_given(call, (1u << RGW_GIVENS) - 1 - (1u << RGW_GIVEN_CODE) - (1u << RGW_GIVEN_FOR), query,
	    sizeof query))
		return RGW_CLIENT_REFUSED;
	return ask(call, "GET", "requests", query, QUICK_MS);
}

int
rgw_client_explain(const struct rgw_client_call *call)
{
	char query[900] = "?";

	if (call->n != 1)
		return wrong("explain ID [--json]");
	if (!add(query, sizeof query, "id", call->words[0]) || !add_given(call, 0, query, sizeof query))
		return RGW_CLIENT_REFUSED;
	return ask(call, "GET", "explain", query, QUICK_MS);
}

int
rgw_client_would(const struct rgw_client_call *call)
{
	char query[900] = "?";

	if (call->n != 1)
		return wrong("would USER@REALM [--client NAME] [--code auth|acct] [--json]");
	if (!add(query, sizeof query, "user", call->words[0]) ||
	    !add_given(call, 1u << RGW_GIVEN_CLIENT | 1u << RGW_GIVEN_CODE, query, sizeof query))
		return RGW_CLIENT_REFUSED;
	return ask(call, "GET", "would", query, QUICK_MS);
}

/* ---- trace ---- */

/* So often it is fetched what has come. */
#define FETCH_MS 250

/* What a trace is asked for with; the same gateway answers until the end. */
struct trace {
	const struct rgw_client_call *call;
	char *socket;        /* owned */
	uint64_t id;
};

/* Asks once, and prints what has come. */
static int
fetch(const struct trace *t, const char *query)
{
	struct rgw_control_request request = { .method = "GET", .timeout_ms = QUICK_MS };
	struct rgw_control_answer answer;
	bool ok;

	if (!ask_at(t->socket, t->call, &request, "trace", query, &answer))
		return RGW_CLIENT_NO_ANSWER;
	ok = answer.status == 200;
	fwrite(answer.body, 1, answer.len, ok ? stdout : stderr);
	if (!ok && t->call->json)
		fputc('\n', stderr);
	free(answer.body);
	return ok && fflush(stdout) == 0 ? RGW_CLIENT_DONE : RGW_CLIENT_REFUSED;
}

static int64_t
clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Waits until it is time to fetch, or until somebody ends the program: what has come by then is still printed, and the
 * gateway hears that the trace is over. */
static bool
is_ended(int64_t end)
{
	static const struct timespec pause = { 0, FETCH_MS * 1000000L };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return sigtimedwait(&set, NULL, &pause) > 0 || clock_ms() >= end;
}

static int
follow(const struct trace *t, const char *first, int64_t ms)
{
	int result = fetch(t, first);
	int64_t end = clock_ms() + ms;
	bool over = false;
	char query[64];

	while (result == RGW_CLIENT_DONE && !over) {
		over = is_ended(end);
		snprintf(query, sizeof query, "?id=%" PRIx64 "&%s", t->id, over ? "end=yes&" : "");
		result = fetch(t, query);
	}
	return result;
}

int
rgw_client_trace(const struct rgw_client_call *call)
{
	static const char usage[] = "trace [--user NAME] [--mac ADDRESS] [--realm REALM] [--client NAME] [--for TIME] "
	    "[--json]";
	struct trace t = { .call = call };
	char query[1000];
	rgw_ms ms = 60000;
	const char *time = call->given[RGW_GIVEN_FOR];
	int result;

	if (call->n > 0 || (time != NULL && rgw_conf_time(time, &ms) != NULL))
		return wrong(usage);
	if (getrandom(&t.id, sizeof t.id, 0) != sizeof t.id)
		return RGW_CLIENT_REFUSED;
	t.id |= 1;
	snprintf(query, sizeof query, "?id=%" PRIx64 "&begin=yes&", t.id);
	if (!add_given(call, 1u << RGW_GIVEN_USER | 1u << RGW_GIVEN_MAC | 1u << RGW_GIVEN_REALM |
	    1u << RGW_GIVEN_CLIENT | 1u << RGW_GIVEN_FOR, query, sizeof query))
		return RGW_CLIENT_REFUSED;
	t.socket = need_socket(call);
	if (t.socket == NULL)
		return RGW_CLIENT_NO_ANSWER;
	result = follow(&t, query, (int64_t)ms);
	free(t.socket);
	return result;
}
