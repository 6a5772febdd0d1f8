/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The command line. Everything else is in the library beside it. */

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "crash.h"
#include "help.h"
#include "privileges.h"
#include "probe.h"
#include "radsecgw/confread.h"
#include "radsecgw/counters.h"
#include "radsecgw/import.h"
#include "radsecgw/logfields.h"
#include "radsecgw/logsink.h"
#include "radsecgw/mem.h"
#include "radsecgw/process.h"
#include "radsecgw/setup.h"
#include "radsecgw/thread.h"
#include "radsecgw/tls.h"
#include "radsecgw/version.h"
#include "scrape.h"
#include "usage.h"

/* A text that was made of those of an option that was given several times. */
struct joined {
	struct joined *next;
	char text[];
};

struct options {
	const char *config;
	bool dump;
	struct rgw_client_call call;  /* for commands that ask a running gateway */
	struct rgw_probe_call probe;
	const char *from;  /* the language of what is imported, as a word */
	struct rgw_import_request import;
	struct rgw_setup_request setup;
	struct joined *joined;  /* owned */
};

struct command {
	const char *name;
	const char *help;  /* NULL = not shown */
	int (*run)(const struct options *options);
	rgw_client_command *ask;  /* in place of run: it asks a running gateway */
	bool takes_words;         /* words may stand behind the name */
};

static void
print_complaint(void *ctx, enum rgw_conf_severity severity, const char *file, unsigned line,
    const char *text)
{
	const char *what = severity == RGW_CONF_ERROR ? "error" : "warning";

	(void)ctx;
	if (line > 0)
		fprintf(stderr, "%s:%u: %s: %s\n", file, line, what, text);
	else
		fprintf(stderr, "%s: %s: %s\n", file, what, text);
}

/* What a complaint about a [tls] section needs; see rgw_tls_say. */
struct complainer {
	struct rgw_conf_report *report;
	const struct rgw_conf_tls *tls;
};

static void
complain(void *arg, const char *key, const char *text)
{
	const struct complainer *c = arg;

	rgw_conf_complain(c->report, RGW_CONF_WARNING, c->tls->head.file, c->tls->head.line, "[tls %s] %s: %s",
	    c->tls->head.name, key, text);
}

static unsigned
uses_of(const struct rgw_conf *conf, const struct rgw_conf_tls *tls)
{
	unsigned uses = 0;

	for (size_t i = 0; i < conf->peer.n; i++)
		if (conf->peer.v[i]->tls == tls && conf->peer.v[i]->connect.n > 0)
			uses |= RGW_TLS_USED_AS_CLIENT;
	for (size_t i = 0; i < conf->listen.n; i++)
		for (size_t j = 0; j < conf->listen.v[i]->profile.n; j++)
			if (conf->listen.v[i]->profile.v[j] == &tls->head)
				uses |= RGW_TLS_USED_AS_SERVER;
	return uses;
}

/* Checks certificates and keys by making the contexts of the network layer. */
static void
check_tls(const struct rgw_conf *conf, struct rgw_conf_report *report, bool count)
{
	for (size_t i = 0; i < conf->tls.n; i++) {
		const struct rgw_conf_tls *tls = conf->tls.v[i];
		struct complainer c = { report, tls };
		struct rgw_tls_problem problem;
		struct rgw_tlsctx *ctx = rgw_tlsctx_new(tls, RGW_TLS_CLIENT, complain, &c, &problem);

		if (ctx == NULL) {
			rgw_conf_complain(report, RGW_CONF_ERROR, tls->head.file, tls->head.line,
			    "[tls %s] %s: %s", tls->head.name, problem.key, problem.text);
			continue;
		}
		rgw_tlsctx_review(ctx, time(NULL), uses_of(conf, tls), complain, &c);
		rgw_tlsctx_review_crls(ctx, time(NULL), true, complain, &c);
		if (count && tls->crl_check != RGW_CRL_OFF)
			printf("%s:%u: [tls %s] crl: %zu CRL%s\n", tls->head.file, tls->head.line, tls->head.name,
			    rgw_tlsctx_n_crls(ctx), rgw_tlsctx_n_crls(ctx) == 1 ? "" : "s");
		if (count && !rgw_tlsctx_is_bare(ctx))
			printf("%s:%u: [tls %s] ca: %zu CA certificate%s\n", tls->head.file, tls->head.line,
			    tls->head.name, rgw_tlsctx_n_cas(ctx), rgw_tlsctx_n_cas(ctx) == 1 ? "" : "s");
		rgw_tlsctx_free(ctx);
	}
}

static void
check_clock(const struct options *options)
{
	if (!rgw_tls_clock_is_set(time(NULL)))
		print_complaint(NULL, RGW_CONF_WARNING, options->config, 0, "the clock of this machine is before "
		    "the time when radsecgw was written; certificates cannot be judged until it is set");
}

static struct rgw_conf *
load(const struct options *options, bool count_cas)
{
	struct rgw_conf_report report = { .say = print_complaint };
	struct rgw_conf *conf = rgw_conf_load(options->config, &report);

	if (conf != NULL)
		check_tls(conf, &report, count_cas);
	if (report.errors == 0)
		return conf;
	fprintf(stderr, "radsecgw: %u error%s in the configuration\n", report.errors,
	    report.errors == 1 ? "" : "s");
	rgw_conf_free(conf);
	return NULL;
}

static void
warn_of_library(const struct options *options)
{
	const char *warning = rgw_tls_library_warning();
	char version[64];
	char text[512];

	if (warning == NULL)
		return;
	snprintf(text, sizeof text, "%s: %s", rgw_version_tls(version, sizeof version), warning);
	print_complaint(NULL, RGW_CONF_WARNING, options->config, 0, text);
}

static int
do_check(const struct options *options)
{
	struct rgw_conf_report report = { .say = print_complaint };
	struct rgw_conf *conf = load(options, !options->dump);

	if (conf == NULL)
		return RGW_EXIT_CONFIG;
	rgw_privileges_foresee(conf, &report);
	warn_of_library(options);
	check_clock(options);
	if (options->dump)
		rgw_conf_dump(conf, stdout);
	else
		printf("%s: the configuration is good\n", options->config);
	rgw_conf_free(conf);
	return RGW_EXIT_OK;
}

static int
do_run(const struct options *options)
{
	struct rgw_conf *conf = load(options, false);
	struct rgw_logsink *sink;
	enum rgw_exit result;

	if (conf == NULL)
		return RGW_EXIT_CONFIG;
	sink = rgw_logsink_open(conf->log.target);
	if (sink == NULL) {
		fprintf(stderr, "radsecgw: cannot open the log target %s: %s\n", conf->log.target,
		    strerror(errno));
		rgw_conf_free(conf);
		return RGW_EXIT_START;
	}
	result = rgw_process_run(options->config, conf, sink);
	rgw_logsink_close(sink);
	return result;
}

static int
do_options(const struct options *options)
{
	(void)options;
	rgw_conf_print_options(stdout);
	return RGW_EXIT_OK;
}

static int
do_metrics(const struct options *options)
{
	(void)options;
	rgw_scrape_print_families(stdout);
	return RGW_EXIT_OK;
}

static int
do_probe(const struct options *options)
{
	return rgw_probe_run(&options->probe);
}

static int
do_import(const struct options *options)
{
	struct rgw_import_request request = options->import;

	if (request.path == NULL || options->call.n > 1) {
		fputs("radsecgw: import needs the one file that is to be read; see radsecgw --help\n", stderr);
		return RGW_IMPORT_UNREADABLE;
	}
	if (options->from != NULL && !rgw_import_from_word(options->from, &request.from)) {
		fprintf(stderr, "radsecgw: --from is radsecproxy, uci or freeradius, not '%s'\n", options->from);
		return RGW_IMPORT_UNREADABLE;
	}
	request.out = stdout;
	request.said = stderr;
	return (int)rgw_import(&request);
}

/* What setup has written is checked and looked at as by the commands for that. */
static bool
check_setup(void *ctx, const char *config)
{
	struct options options = *(const struct options *)ctx;

	options.config = config;
	return do_check(&options) == RGW_EXIT_OK;
}

static void
probe_setup(void *ctx, const char *config, const char *peer)
{
	char *word = rgw_xstrdup(peer);
	struct rgw_probe_call call = { .config = config, .words = &word, .n = 1 };

	(void)ctx;
	(void)rgw_probe_run(&call);
	free(word);
}

static int
do_setup(const struct options *options)
{
	struct options copy = { .config = options->config };
	struct rgw_setup_request request = options->setup;

	/* Whoever reads what is printed may go away, and so may a program that setup runs: neither ends it halfway. */
	signal(SIGPIPE, SIG_IGN);
	request.config = options->config;
	request.given[RGW_SETUP_REALM] = options->call.given[RGW_GIVEN_REALM];
	request.given[RGW_SETUP_CLIENT] = options->call.given[RGW_GIVEN_CLIENT];
	request.terminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
	request.in = stdin;
	request.out = stdout;
	request.said = stderr;
	request.check = check_setup;
	request.probe = probe_setup;
	request.ctx = &copy;
	return (int)rgw_setup(&request);
}

static int
do_reasons(const struct options *options)
{
	(void)options;
	for (enum rgw_counter c = 0; c < RGW_COUNTER_COUNT; c++)
		printf("%s\t%s\n", rgw_reason_name(c), rgw_counter_help(c));
	return RGW_EXIT_OK;
}

static int
do_fields(const struct options *options)
{
	const struct rgw_log_field *fields;
	size_t n;

	(void)options;
	fields = rgw_log_fields(&n);
	for (size_t i = 0; i < n; i++)
		printf("%s\t%s\t%s\t%s\t%s\n", fields[i].name, fields[i].type,
		    fields[i].unit != NULL ? fields[i].unit : "-", fields[i].example, fields[i].meaning);
	return RGW_EXIT_OK;
}

static int
do_help(const struct options *options)
{
	return rgw_help_run(options->call.words, options->call.n);
}

static const struct command commands[] = {
	{ "run", "run in the foreground until SIGTERM (also without a command)", do_run, NULL, false },
	{ "check", "read the configuration, print all errors; --dump prints it as understood", do_check, NULL, false },
	{ "probe", "[PEER|HOST[:PORT]]: look at a peer from here, step by step, and say what to do; also --listen",
	  do_probe, NULL, true },
	{ "import", "FILE: print our configuration for one of radsecproxy or FreeRADIUS; --from, --secrets, --report",
	  do_import, NULL, true },
	{ "setup", "ask a few questions, write a first configuration with secrets and certificates, check and probe it",
	  do_setup, NULL, false },
	{ "help", "[TOPIC]: say what the manual says about a command, a log event, a reason or an option", do_help,
	  NULL, true },
	{ "options", NULL, do_options, NULL, false },
	{ "metrics", NULL, do_metrics, NULL, false },
	{ "reasons", NULL, do_reasons, NULL, false },
	{ "fields", NULL, do_fields, NULL, false },
	{ "ping", "ask whether the gateway is ready for requests: the health check of a container", NULL,
	    rgw_client_ping, true },
	{ "status", "print tables of the running gateway, such as peers, connections, limits; --json, --nagios", NULL,
	    rgw_client_status, true },
	{ "drain", "[NAME]: give a peer, a server or the whole gateway no new requests; wait for the open ones", NULL,
	  rgw_client_drain, true },
	{ "resume", "[NAME]: end a drain", NULL, rgw_client_resume, true },
	{ "reconnect", "PEER: open new connections to the peer in place of all, without losing a request", NULL,
	  rgw_client_reconnect, true },
	{ "disconnect", "--user, --mac or --session X: end sessions, by a Disconnect to their NAS", NULL,
	  rgw_client_disconnect, true },
	{ "reload", "take up what the files say now, without losing a request; --check, --confirm TIME", NULL,
	  rgw_client_reload, true },
	{ "confirm", "keep what `reload --confirm` has taken up", NULL, rgw_client_confirm, true },
	{ "undo", "go back to the configuration before the last reload", NULL, rgw_client_undo, true },
	{ "requests", "list the last requests, newest first; --user, --mac, --realm, --client, --result, ...", NULL,
	  rgw_client_requests, true },
	{ "explain", "ID: tell the way of a request, or of all rounds of a conversation", NULL, rgw_client_explain,
	  true },
	{ "would", "USER@REALM: say what would become of a request now; --client NAME, --code acct", NULL,
	  rgw_client_would, true },
	{ "trace", "follow requests as they come, with their packets; --user, --mac, --realm, --client, --for TIME",
	  NULL, rgw_client_trace, true },
	{ "log-level", "LEVEL [for TIME]: set the least important lines that are logged", NULL, rgw_client_log_level,
	  true },
};

#define N_COMMANDS (sizeof commands / sizeof commands[0])

static void
usage(FILE *out)
{
	fputs("radsecgw: a RADIUS/TLS (RadSec) gateway beside servers that speak only RADIUS/UDP\n\n"
	      "usage: radsecgw [COMMAND] [-c FILE]\n\n", out);
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (commands[i].help != NULL)
			fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
	fputs(rgw_usage_options, out);
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* `words` are what stands behind the options: the name of a command, or nothing. */
static int
run_command(char *const *words, int n, struct options *options)
{
	const struct command *command = n > 0 ? find_command(words[0]) : &commands[0];
	int result;

	if (command == NULL || (n > 1 && !command->takes_words)) {
		fprintf(stderr, "radsecgw: unknown command '%s'; see radsecgw --help\n",
		    words[command == NULL ? 0 : 1]);
		return RGW_EXIT_CONFIG;
	}
	if (options->joined != NULL && command->run != do_setup) {
		fputs("radsecgw: --realm, --client and --peer may be given several times with setup only\n", stderr);
		return RGW_EXIT_CONFIG;
	}
	options->call.config = options->probe.config = options->config;
	options->call.words = options->probe.words = words + 1;
	options->call.n = options->probe.n = n > 0 ? n - 1 : 0;
	options->import.path = options->call.n > 0 ? options->call.words[0] : NULL;
	options->probe.json = options->call.json;
	options->probe.user = options->call.given[RGW_GIVEN_USER];
	if (command->ask != NULL)
		return command->ask(&options->call);
	if (!rgw_tls_library_init()) {
		fputs("radsecgw: the TLS library does not start\n", stderr);
		return RGW_EXIT_START;
	}
	result = command->run(options);
	rgw_tls_library_fini();
	return result;
}

/* The long options; each has the place of what it sets in `struct options`: a text if it takes an argument, else a
 * bool. Those with many texts have commas between them then. */
#define PLACE(field) offsetof(struct options, field)
#define PLACED 1000
#define TEXT(name, field) { name, required_argument, NULL, PLACED + (int)PLACE(field) }
#define PLACED_MANY (PLACED + (int)sizeof(struct options))
#define MANY(name, field) { name, required_argument, NULL, PLACED_MANY + (int)PLACE(field) }
#define FLAG(name, field) { name, no_argument, NULL, PLACED + (int)PLACE(field) }

static const struct option long_options[] = {
	TEXT("config", config),
	FLAG("dump", dump),
	FLAG("json", call.json),
	FLAG("nagios", call.nagios),
	FLAG("check", call.check),
	TEXT("confirm", call.confirm),
	TEXT("socket", call.socket),
	TEXT("user", call.given[RGW_GIVEN_USER]),
	TEXT("mac", call.given[RGW_GIVEN_MAC]),
	TEXT("session", call.session),
	MANY("realm", call.given[RGW_GIVEN_REALM]),
	MANY("client", call.given[RGW_GIVEN_CLIENT]),
	TEXT("result", call.given[RGW_GIVEN_RESULT]),
	TEXT("slower", call.given[RGW_GIVEN_SLOWER]),
	TEXT("since", call.given[RGW_GIVEN_SINCE]),
	TEXT("last", call.given[RGW_GIVEN_LAST]),
	TEXT("code", call.given[RGW_GIVEN_CODE]),
	TEXT("for", call.given[RGW_GIVEN_FOR]),
	TEXT("tls", probe.tls),
	TEXT("idle", probe.idle),
	TEXT("password-file", probe.password_file),
	TEXT("timeout", probe.timeout),
	FLAG("listen", probe.listen),
	TEXT("from", from),
	TEXT("secrets", import.secrets),
	FLAG("report", import.report),
	TEXT("profile", setup.given[RGW_SETUP_PROFILE]),
	MANY("peer", setup.given[RGW_SETUP_PEER]),
	TEXT("server", setup.given[RGW_SETUP_SERVER]),
	TEXT("secret-file", setup.given[RGW_SETUP_SECRET]),
	TEXT("cert", setup.given[RGW_SETUP_CERT]),
	TEXT("key", setup.given[RGW_SETUP_KEY]),
	TEXT("ca", setup.given[RGW_SETUP_CA]),
	TEXT("name", setup.given[RGW_SETUP_NAME]),
	TEXT("operator-name", setup.given[RGW_SETUP_OPERATOR]),
	TEXT("udp", setup.given[RGW_SETUP_UDP]),
	TEXT("radsec", setup.given[RGW_SETUP_RADSEC]),
	FLAG("csr", setup.csr),
	FLAG("test-pki", setup.test_pki),
	FLAG("yes", setup.yes),
	FLAG("enable", setup.enable),
	FLAG("no-probe", setup.no_probe),
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* A second text goes behind the first. */
static const char *
join(struct options *options, const char *before, const char *text)
{
	size_t room = strlen(before) + strlen(text) + 3;
	struct joined *both = rgw_xcalloc(1, sizeof *both + room);

	snprintf(both->text, room, "%s, %s", before, text);
	both->next = options->joined;
	options->joined = both;
	return both->text;
}

static void
drop_joined(struct options *options)
{
	struct joined *next;

	for (struct joined *j = options->joined; j != NULL; j = next) {
		next = j->next;
		free(j);
	}
}

static void
set_option(struct options *options, int c, const char *text)
{
	bool many = c >= PLACED_MANY;
	char *field = (char *)options + (c - (many ? PLACED_MANY : PLACED));

	if (text == NULL)
		*(bool *)(void *)field = true;
	else if (many && *(const char **)(void *)field != NULL)
		*(const char **)(void *)field = join(options, *(const char **)(void *)field, text);
	else
		*(const char **)(void *)field = text;
}

/* The exit status of a command that was written wrongly. Monitoring must not take that for a warning. */
static int
misused(char *const *argv)
{
	fputs("see radsecgw --help\n", stderr);
	for (argv++; *argv != NULL; argv++)
		if (strcmp(*argv, "probe") == 0 || strcmp(*argv, "--nagios") == 0)
			return RGW_PROBE_UNKNOWN;
	return RGW_EXIT_CONFIG;
}

int
main(int argc, char **argv)
{
	struct options options = { .config = RGW_DEFAULT_CONFIG };
	char spare[RGW_SPARE_STACK];
	char tls[64];
	int c;

	rgw_thread_lend_stack(spare);
	rgw_crash_report();
	while ((c = getopt_long(argc, argv, "c:Vh", long_options, NULL)) != -1) {
		switch (c) {
		case 'c':
			options.config = optarg;
			break;
		case 'V':
			printf("radsecgw %s, %s\n", rgw_version(), rgw_version_tls(tls, sizeof tls));
			return RGW_EXIT_OK;
		case 'h':
			usage(stdout);
			return RGW_EXIT_OK;
		case '?':
			return misused(argv);
		default:
			set_option(&options, c, optarg);
			break;
		}
	}
	c = run_command(argv + optind, argc - optind, &options);
	drop_joined(&options);
	return c;
}
