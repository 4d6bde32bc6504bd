/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Windows of arrays of floats. */
#define REAL float
#define KERNEL(name) tri__##name##_floats
#include "eval/window_kernels.h"
