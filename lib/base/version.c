/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The version of the library that is linked. */
#include <triad/version.h>

const char *tri_version(void) { return TRI_VERSION; }
