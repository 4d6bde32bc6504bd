/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Calls by native code (native.c), as functions use it. */
#ifndef TRIAD_EVAL_NATIVE_CALLS_H
#define TRIAD_EVAL_NATIVE_CALLS_H

#include "eval/run.h"

/* Gives a function native code if its options ask for it; to be closed with the function in any
 * case. False when out of memory. */
bool tri__native_open(tri_function *f, const tri_compile_options *options);
void tri__native_close(tri_function *f);

/* Calls of functions whose `native` is not NULL: false if native code cannot do this call, or
 * finds a number that does not exist; then the interpreter does it all, which also says why.
 * Only adjoints may have been written to. */
bool tri__native_value(const tri_function *f, const tri_call *call, const double *inputs,
                       double *outputs);
bool tri__native_reverse(const tri_function *f, const tri_call *call, const double *inputs,
                         const double *weights, double *outputs, double *adjoints);

/* Native code for a loop of the function's plan, or of one of its loops' bodies, as that is run;
 * made now if it must be. NULL if there is none. */
const struct native_loop *tri__native_loop(const tri_function *f, const struct plan_loop *loop,
                                           enum native_way way);

/* How many functions share the code of this one for values; 0: there is none. */
size_t tri__native_users(const tri_function *f);

/* Makes the room in a workspace that calls by native code need; the code is compiled for this.
 * False when out of memory. */
bool tri__native_rehearse(tri_workspace *w, bool derivatives);

#endif
