/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Calls with arrays each in a place of its own, and array programs, which carry them out. */
#ifndef TRIAD_EVAL_ARRAYS_H
#define TRIAD_EVAL_ARRAYS_H

#include "eval/run.h"

/* What a workspace has for calls with arrays. */
struct array_rooms {
  double *numbers; /* of all inputs, then of all outputs, where there is no program */
  size_t number_count;
};

/* --- arrays_call.c */

/* Takes which outputs are donated which inputs; false with *error set. */
bool tri__arrays_open(tri_function *f, const size_t *donated, tri_error *error);
void tri__arrays_close(tri_function *f);
/* The call, in a workspace that need not be bound. */
tri_status tri__call_arrays(tri_workspace *w, const tri_call *call, const void *const *inputs,
                            void *const *outputs);
void tri__array_rooms_free(tri_workspace *w);

#endif
