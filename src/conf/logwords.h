/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_LOGWORDS_H
#define CONF_LOGWORDS_H

/* The words that options of [log] can have; NULL is behind the last. */
extern const char *const rgw_words_levels[];
extern const char *const rgw_words_formats[];
extern const char *const rgw_words_identities[];
extern const char *const rgw_words_stations[];
extern const char *const rgw_words_fticks[];
extern const char *const rgw_words_fticks_macs[];
extern const char *const rgw_words_facilities[];

#endif
