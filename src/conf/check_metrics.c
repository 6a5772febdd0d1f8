/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reading.h"

/* The checks of [metrics]. What is served there is not encrypted, and tells who the neighbours are: so whoever may ask
 * from another machine is named. */

static void
check_elsewhere(struct rgw_draft *d, const struct rgw_section *section, const struct rgw_addr *a)
{
	const struct rgw_conf_metrics *metrics = section->data;
	char text[RGW_ADDR_TEXT];

	if (metrics->allow.n == 0 && !rgw_draft_given(section, &metrics->allow)->broken && !rgw_addr_is_loopback(a))
		rgw_check_error(d, section, &metrics->listen,
		    "%s is not loopback, so `allow` must say which addresses may ask there",
		    rgw_addr_format(a, text));
}

/* Two sockets of TCP cannot have the same address. */
static void
check_free(struct rgw_draft *d, const struct rgw_section *section, const struct rgw_addr *a)
{
	const struct rgw_conf_metrics *metrics = section->data;
	char title[RGW_TITLE_TEXT];
	char text[RGW_ADDR_TEXT];

	for (size_t i = 0; i < d->conf->listen.n; i++)
		for (size_t j = 0; j < d->conf->listen.v[i]->tls.n; j++)
			if (rgw_addr_equal(&d->conf->listen.v[i]->tls.v[j], a))
				rgw_check_error(d, section, &metrics->listen, "%s is already that of %s",
				    rgw_addr_format(a, text), rgw_draft_title(d->conf->listen.v[i], title));
}

void
rgw_check_metrics(struct rgw_draft *d, const struct rgw_section *section)
{
	const struct rgw_conf_metrics *metrics = section->data;

	rgw_check_twice(d, section, &metrics->listen);
	rgw_check_twice(d, section, &metrics->allow);
	for (size_t i = 0; i < metrics->listen.n; i++) {
		check_elsewhere(d, section, &metrics->listen.v[i]);
		check_free(d, section, &metrics->listen.v[i]);
	}
}
