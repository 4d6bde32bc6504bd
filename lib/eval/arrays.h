/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Calls with arrays each in a place of its own, and array programs, which carry them out
 * (array_program.h). */
#ifndef TRIAD_EVAL_ARRAYS_H
#define TRIAD_EVAL_ARRAYS_H

#include "eval/run.h"

struct array_program;

enum { KEPT_PROGRAMS = 4 }; /* for so many bindings of sizes, those that were used last */

/* What a workspace has for calls with arrays. */
struct array_rooms {
  struct array_program *programs[KEPT_PROGRAMS];
  uint64_t calls;
  const char *why; /* not NULL: for the sizes that the workspace is bound to there is no program */
  /* For programs: their memory and that of threads, aligned, in blocks that were allocated. */
  char *arena, *workers;
  void *arena_block, *worker_block;
  size_t arena_bytes, worker_bytes;
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

/* --- arrays_program.c */

/* The program for the sizes that the workspace is bound to. NULL when out of memory, or for the
 * reason *why. */
struct array_program *tri__array_program(tri_workspace *w, const char **why);
void tri__array_program_free(struct array_program *program);
/* False if it was interrupted. */
bool tri__array_program_run(const struct array_program *p, const struct array_rooms *rooms,
                            const tri_call *call, const void *const *inputs, void *const *outputs);

#endif
