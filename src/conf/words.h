/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_WORDS_H
#define CONF_WORDS_H

/* The words that options can have, each at its value or, in lists of words, at its bit; NULL is behind the last. */
extern const char *const rgw_words_levels[];
extern const char *const rgw_words_formats[];
extern const char *const rgw_words_identities[];
extern const char *const rgw_words_stations[];
extern const char *const rgw_words_fticks[];
extern const char *const rgw_words_fticks_macs[];
extern const char *const rgw_words_fticks_for[];
extern const char *const rgw_words_facilities[];
extern const char *const rgw_words_autos[];
extern const char *const rgw_words_switches[];
extern const char *const rgw_words_versions[];
extern const char *const rgw_words_crl_checks[];
extern const char *const rgw_words_crl_missings[];
extern const char *const rgw_words_bad_responses[];
extern const char *const rgw_words_policies[];
extern const char *const rgw_words_outages_auth[];
extern const char *const rgw_words_outages_acct[];
extern const char *const rgw_words_accts[];
extern const char *const rgw_words_readies[];
extern const char *const rgw_words_overflows[];
extern const char *const rgw_words_services[];
extern const char *const rgw_words_accepts[];
extern const char *const rgw_words_faults[];
extern const char *const rgw_words_packets[];
extern const char *const rgw_words_layers[];

#endif
