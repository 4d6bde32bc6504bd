/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which triad this is: the version compiled against (macros) and the version linked (function). */
#ifndef TRIAD_VERSION_H
#define TRIAD_VERSION_H

#include <triad/base.h>

#define TRI_VERSION "0.1.0"
#define TRI_VERSION_MAJOR 0
#define TRI_VERSION_MINOR 1
#define TRI_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that is linked, as "0.1.0". The string is constant; nobody frees it. */
TRI_API const char *tri_version(void);

#ifdef __cplusplus
}
#endif

#endif
