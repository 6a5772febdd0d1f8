/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radsecgw/setup.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "answers.h"
#include "certs.h"
#include "files.h"
#include "radsecgw/mem.h"

/* The order of things: answers, secrets, certificates, the configuration, and then how it does. */

#define SERVICE_USER "radsecgw"
/* Octets of a new secret, which is written in hexadecimal digits. */
#define SECRET_OCTETS 24

struct setup {
	const struct rgw_setup_request *request;
	struct rgw_answers answers;
	struct rgw_values values;
	struct rgw_rendered rendered;
	char *folder_path;             /* owned: that of the configuration */
	const char *file;              /* its name in there */
	struct rgw_folder folder;
	char *written;                 /* owned: where the configuration is that was made now */
	bool beside;                   /* it stands beside another one */
	bool lacks_certificate;
};

static bool
fail(struct setup *s, const char *what)
{
	fprintf(s->request->said, "radsecgw: %s\n", what);
	return false;
}

/* ---- where ---- */

static void
find_place(struct setup *s)
{
	const char *slash = strrchr(s->request->config, '/');
	size_t len = slash != NULL ? (size_t)(slash - s->request->config) : 0;

	s->file = slash != NULL ? slash + 1 : s->request->config;
	s->folder_path = rgw_xcalloc(1, len + 2);
	if (slash == NULL)
		s->folder_path[0] = '.';
	else if (len == 0)
		s->folder_path[0] = '/';
	else
		memcpy(s->folder_path, s->request->config, len);
}

/* Root gives what is secret to the user of the service, if that is there. */
static struct rgw_folder
as_service(const struct setup *s)
{
	struct rgw_folder f = {
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
		.fd = -1,
		.out = s->request->out,
		.said = s->request->said,
	};
	const struct passwd *user = geteuid() == 0 ? getpwnam(SERVICE_USER) : NULL;

	if (user != NULL) {
		f.uid = user->pw_uid;
		f.gid = user->pw_gid;
	}
	return f;
}

/* ---- secrets and certificates ---- */

/* Makes a new secret, unless there is one, which may be in use. */
static bool
make_secret(const struct rgw_folder *folder, const char *name)
{
	uint8_t octets[SECRET_OCTETS];
	char text[2 * SECRET_OCTETS + 2];
	bool good;

	if (rgw_folder_has(folder, name)) {
		fprintf(folder->out, "  kept   %s/%s\n", folder->path, name);
		return true;
	}
	if (getrandom(octets, sizeof octets, 0) != sizeof octets)
		return false;
	for (size_t i = 0; i < sizeof octets; i++)
		snprintf(text + 2 * i, 3, "%02x", octets[i]);
	memcpy(text + 2 * SECRET_OCTETS, "\n", 2);
	good = rgw_folder_put(folder, name, text, 2 * SECRET_OCTETS + 1, RGW_PUT_SECRET) == RGW_PUT_MADE;
	rgw_wipe(octets, sizeof octets);
	rgw_wipe(text, sizeof text);
	return good;
}

/* Makes what the configuration asks for and nobody has given. */
static bool
make_secrets(struct setup *s)
{
	bool radius = strstr(s->rendered.file.v, "secret-file = secrets/radius\n") != NULL;
	bool fticks = strstr(s->rendered.file.v, "fticks-key-file = ") != NULL;
	struct rgw_folder secrets = as_service(s);
	bool good = true;

	if (radius || fticks) {
		good = rgw_folder_open(&secrets, "secrets", &s->folder, 0700) &&
		    (!radius || make_secret(&secrets, "radius")) && (!fticks || make_secret(&secrets, "fticks-key"));
		rgw_folder_close(&secrets);
	}
	return good;
}

static bool
make_certificates(struct setup *s)
{
	const char *cert = s->answers.text[RGW_SETUP_CERT], *name = s->answers.text[RGW_SETUP_NAME];
	bool test = strcmp(cert, RGW_CERT_TEST) == 0;
	struct rgw_folder certs = as_service(s);
	char key[512];
	bool good;

	if (!test && strcmp(cert, RGW_CERT_REQUEST) != 0)
		return true;
	good = rgw_folder_open(&certs, "certs", &s->folder, 0750);
	if (good && test) {
		snprintf(key, sizeof key, "%s.key", rgw_values_get(&s->values, "file"));
		good = rgw_certs_test(&certs, &s->values, name) && rgw_folder_give(&certs, key);
	} else if (good) {
		good = rgw_certs_request(&certs, &s->values, name);
		snprintf(key, sizeof key, "%s.pem", rgw_values_get(&s->values, "file"));
		s->lacks_certificate = good && !rgw_folder_has(&certs, key);
	}
	rgw_folder_close(&certs);
	return good;
}

/* ---- the configuration ---- */

static bool
render(struct setup *s)
{
	char text[128];

	rgw_setup_render(&s->rendered, &s->values, rgw_setup_profile_name(s->answers.profile));
	if (s->rendered.wrong[0] == '\0')
		return true;
	snprintf(text, sizeof text, "the template names '%s', which is not there", s->rendered.wrong);
	return fail(s, text);
}

static bool
write_configuration(struct setup *s)
{
	size_t room = strlen(s->request->config) + 8;
	enum rgw_put put = rgw_folder_put(&s->folder, s->file, s->rendered.file.v, s->rendered.file.n, RGW_PUT_PLAIN);

	s->beside = put == RGW_PUT_BESIDE;
	s->written = rgw_xcalloc(1, room);
	snprintf(s->written, room, "%s%s", s->request->config, s->beside ? ".new" : "");
	return put != RGW_PUT_FAILED;
}

static bool
make(struct setup *s)
{
	s->folder = as_service(s);
	find_place(s);
	if (s->file[0] == '\0')
		return fail(s, "--config names a folder; it has to name the file to be made");
	if (!rgw_answers_take(&s->answers, s->request) ||
	    !rgw_values_make(&s->values, &s->answers, s->request, s->folder_path) || !render(s))
		return false;
	fputs("\n", s->request->out);
	return rgw_folder_open(&s->folder, s->folder_path, NULL, 0750) && make_secrets(s) && make_certificates(s) &&
	    write_configuration(s);
}

/* ---- how it does ---- */

static void
probe_peers(struct setup *s)
{
	for (size_t i = 0; i < s->values.n_items; i++) {
		const struct rgw_item *item = &s->values.items[i];

		if (item->connect[0] == '\0')
			continue;
		fprintf(s->request->out, "\nradsecgw probe %s\n", item->name);
		fflush(s->request->out);
		s->request->probe(s->request->ctx, s->written, item->name);
	}
}

static bool
has_systemd(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

static bool
enable(struct setup *s)
{
	char *argv[] = { "systemctl", "enable", "--now", "radsecgw", NULL };
	char why[RGW_ERRNO_TEXT];

	if (!has_systemd())
		return fail(s, "--enable: there is no systemd here; start it with: radsecgw run");
	if (strcmp(s->request->config, "/etc/radsecgw/radsecgw.ini") != 0)
		return fail(s, "--enable: the service reads /etc/radsecgw/radsecgw.ini, so that has to be --config");
	if (rgw_setup_run(argv, NULL, NULL, why))
		return true;
	fprintf(s->request->said, "radsecgw: systemctl enable --now radsecgw: %s\n", why);
	return false;
}

static void
say_rest(struct setup *s)
{
	FILE *out = s->request->out;

	fputs("\nWhat is left to do:\n\n", out);
	if (s->beside)
		fprintf(out, "- The configuration. %s was there and is kept; the one that was made now is\n"
		    "  %s. Take over what you want of it.\n", s->request->config, s->written);
	fputs(s->rendered.todo.v, out);
	if (s->lacks_certificate)
		fprintf(out, "  Then: radsecgw check -c %s, and radsecgw probe -c %s for each peer.\n", s->written,
		    s->written);
	if (!s->request->enable && has_systemd())
		fputs("- The service. It starts, now and with the machine, by: systemctl enable --now radsecgw\n", out);
	else if (!s->request->enable)
		fprintf(out, "- The gateway. It starts by: radsecgw run -c %s\n", s->request->config);
}

static enum rgw_setup_result
look(struct setup *s)
{
	bool good = !s->lacks_certificate;

	if (good) {
		fprintf(s->request->out, "\nradsecgw check -c %s\n", s->written);
		fflush(s->request->out);
		good = s->request->check(s->request->ctx, s->written);
	}
	if (good && !s->request->no_probe)
		probe_peers(s);
	say_rest(s);
	good = good && !s->beside;
	if (s->request->enable)
		good = good ? enable(s) : fail(s, "--enable: the service was not started; see what is left to do");
	return good ? RGW_SETUP_DONE : RGW_SETUP_LEFT;
}

enum rgw_setup_result
rgw_setup(const struct rgw_setup_request *request)
{
	struct setup s = { .request = request };
	enum rgw_setup_result result = RGW_SETUP_FAILED;

	if (make(&s))
		result = look(&s);
	free(s.written);
	free(s.folder_path);
	rgw_folder_close(&s.folder);
	rgw_rendered_fini(&s.rendered);
	rgw_values_fini(&s.values);
	rgw_answers_fini(&s.answers);
	return result;
}
