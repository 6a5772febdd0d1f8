/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_ERRNOTEXT_H
#define RADSECGW_ERRNOTEXT_H

/*
 * The text of an error of the system. strerror may write into memory that all threads share; configurations are read
 * while others work.
 */
#define RGW_ERRNO_TEXT 96

/* Returns the text of an errno, which stands in buf or is constant. errno stays as it is. */
const char *rgw_errno_text(int error, char buf[static RGW_ERRNO_TEXT]);

#endif
