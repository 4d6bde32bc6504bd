/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Windows of arrays of doubles. */
#define REAL double
#define KERNEL(name) tri__##name##_doubles
#include "eval/window_kernels.h"
