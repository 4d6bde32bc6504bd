/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Calls with arrays each in a place of its own: what is donated, what is checked, and the way
 * through the interpreter for functions without a program. */
#include "eval/arrays.h"

#include <string.h>

#include "base/float_mode.h"
#include "eval/array_program.h"

/* --- what is donated */

static bool refuse(tri_error *error, tri_status status, size_t output, const char *why) {
  tri__error(error, status, 0, "the input donated to output %zu %s", output + 1, why);
  return false;
}

static bool take_donation(tri_function *f, size_t output, size_t input, tri_error *error) {
  const struct plan *p = f->plan;
  if (input > p->input_count) return refuse(error, TRI_ARGUMENT, output, "is none");
  for (size_t o = 0; o < output && input; o++)
    if (f->donated[o] == input) return refuse(error, TRI_ARGUMENT, output, "is another's already");
  if (input && p->values[input - 1].shape != p->values[p->outputs[output]].shape)
    return refuse(error, TRI_SHAPE, output, "has another shape");
  f->donated[output] = (uint32_t)input;
  return true;
}

bool tri__arrays_open(tri_function *f, const size_t *donated, tri_error *error) {
  struct plan *p = f->plan;
  if (!donated) return true;
  f->donated = tri__new(&p->memory, p->output_count, sizeof *f->donated);
  if (!f->donated) return false;
  for (size_t o = 0; o < p->output_count; o++)
    if (!take_donation(f, o, donated[o], error)) return false;
  return true;
}

void tri__arrays_close(tri_function *f) {
  if (f->donated)
    tri__free(&f->plan->memory, f->donated, f->plan->output_count, sizeof *f->donated);
}

/* --- by the interpreter, in doubles */

static bool make_room(tri_workspace *w, size_t count) {
  struct array_rooms *rooms = w->arrays;
  if (rooms->number_count >= count) return true;
  tri__free(&w->memory, rooms->numbers, rooms->number_count, sizeof *rooms->numbers);
  rooms->number_count = 0;
  rooms->numbers = tri__new(&w->memory, count, sizeof *rooms->numbers);
  if (rooms->numbers) rooms->number_count = count;
  return rooms->numbers != NULL;
}

static void widen(bool floats, size_t count, const void *from, double *to) {
  if (!floats && count) memcpy(to, from, count * sizeof *to);
  for (size_t i = 0; floats && i < count; i++) to[i] = (double)((const float *)from)[i];
}

static void narrow(bool floats, size_t count, const double *from, void *to) {
  if (!floats && count) memcpy(to, from, count * sizeof *from);
  for (size_t i = 0; floats && i < count; i++) ((float *)to)[i] = (float)from[i];
}

static size_t elements_of(const tri_workspace *w, uint32_t value) {
  return w->counts[w->plan->values[value].shape];
}

static tri_status interpret(tri_workspace *w, const tri_call *call, const void *const *inputs,
                            void *const *outputs) {
  bool floats = w->function->domain == TRI_FLOAT;
  size_t n = tri__input_elements(w), m = tri__output_elements(w);
  struct run r;
  if (n > SIZE_MAX - m || !make_room(w, n + m))
    return tri__call_error(call, TRI_MEMORY, "out of memory");
  double *at = w->arrays->numbers;
  struct port in = {.doubles = at}, out = {.doubles = at + n};
  for (uint32_t i = 0; i < w->plan->input_count; at += elements_of(w, i), i++)
    widen(floats, elements_of(w, i), inputs[i], at);
  tri_status status = tri__level(&r, w, call, LEVEL_BASE, 0, false);
  if (!status) status = tri__run(&r, &in);
  if (status) return status;
  tri__put_outputs(&r, &out);
  at = out.doubles;
  for (uint32_t o = 0; o < w->plan->output_count; o++) {
    size_t count = elements_of(w, w->plan->outputs[o]);
    narrow(floats, count, at, outputs[o]);
    at += count;
  }
  return TRI_OK;
}

/* --- programs that are kept */

/* Whether a call begins with these sizes. */
static bool are_sizes(size_t n, const int64_t *sizes, const tri_call *call) {
  return !n ||
         (call->sizes && call->n_sizes >= n && !memcmp(sizes, call->sizes, n * sizeof *sizes));
}

static bool has_sizes(const struct array_program *p, const tri_call *call) {
  return p && are_sizes(p->size_count, p->sizes, call);
}

static struct array_program *kept_program(const struct array_rooms *rooms, const tri_call *call) {
  for (int i = 0; i < KEPT_PROGRAMS; i++)
    if (has_sizes(rooms->programs[i], call)) return rooms->programs[i];
  return NULL;
}

/* In place of the one that was not used for the longest time. */
static void keep_program(struct array_rooms *rooms, struct array_program *p) {
  int oldest = 0;
  for (int i = 0; i < KEPT_PROGRAMS && rooms->programs[oldest]; i++)
    if (!rooms->programs[i] || rooms->programs[i]->last_used < rooms->programs[oldest]->last_used)
      oldest = i;
  tri__array_program_free(rooms->programs[oldest]);
  rooms->programs[oldest] = p;
}

/* Makes a block of memory at least as large as is asked for. */
static bool make_block(tri_workspace *w, void **block, size_t *bytes, size_t need, char **data) {
  if (*bytes >= need && *block) return true;
  tri__free(&w->memory, *block, *bytes, 1);
  *bytes = 0;
  *block = need > SIZE_MAX - LINE ? NULL : tri__new(&w->memory, need + LINE, 1);
  if (!*block) return false;
  *bytes = need + LINE;
  *data = (char *)*block + (-(uintptr_t)*block % LINE);
  return true;
}

static bool make_rooms(tri_workspace *w, const tri_call *call, const struct array_program *p) {
  struct array_rooms *rooms = w->arrays;
  size_t threads = call->pool ? tri_pool_threads(call->pool) : 1, bytes;
  return size_product(threads, p->worker_size, &bytes) &&
         make_block(w, &rooms->arena_block, &rooms->arena_bytes, p->arena_size + LINE,
                    &rooms->arena) &&
         make_block(w, &rooms->worker_block, &rooms->worker_bytes, bytes + LINE, &rooms->workers);
}

/* Whether it is known that there is no program for the sizes that the workspace is bound to, which
 * are the call's. */
static bool known_to_lack(const tri_workspace *w, const tri_call *call) {
  return w->arrays->why && w->bound && are_sizes(w->plan->size_count, w->sizes, call);
}

/* The program for the call's sizes; NULL if there is none. Binds the workspace where there was none
 * yet. */
static tri_status find_program(tri_workspace *w, const tri_call *call, struct array_program **p) {
  struct array_rooms *rooms = w->arrays;
  *p = kept_program(rooms, call);
  if (*p || known_to_lack(w, call)) return TRI_OK;
  rooms->why = NULL;
  tri_status status = tri__bind(w, call);
  if (status || !tri__arrays_known(w->plan, &rooms->why)) return status;
  *p = tri__array_program(w, &rooms->why);
  if (!*p && !rooms->why) return tri__call_error(call, TRI_MEMORY, "out of memory");
  if (*p) keep_program(rooms, *p);
  return TRI_OK;
}

/* --- the call */

static tri_status refuse_call(const tri_call *call, const char *why) {
  return tri__call_error(call, TRI_ARGUMENT, why);
}

/* Whether arrays are there, and where donated ones are. Without a program, the workspace is
 * bound. */
static tri_status check_arrays(const tri_workspace *w, const struct array_program *program,
                               const tri_call *call, const void *const *inputs,
                               void *const *outputs) {
  const struct plan *p = w->plan;
  const uint32_t *donated = w->function->donated;
  if ((!inputs && p->input_count) || !outputs) return refuse_call(call, "an array is missing");
  for (uint32_t i = 0; i < p->input_count; i++)
    if (!inputs[i] && (program ? program->input_counts[i] : elements_of(w, i)))
      return refuse_call(call, "an array is missing");
  for (uint32_t o = 0; o < p->output_count; o++) {
    if (!outputs[o] && (program ? program->output_counts[o] : elements_of(w, p->outputs[o])))
      return refuse_call(call, "an array is missing");
    if (inputs && donated && donated[o] && outputs[o] != inputs[donated[o] - 1])
      return refuse_call(call, "an output is not where its donated input is");
  }
  return TRI_OK;
}

static tri_status run_program(tri_workspace *w, const tri_call *call, struct array_program *p,
                              const void *const *inputs, void *const *outputs) {
  p->last_used = ++w->arrays->calls;
  if (!make_rooms(w, call, p)) return tri__call_error(call, TRI_MEMORY, "out of memory");
  uint64_t mode = float_mode();
  if (call->flush_subnormals) set_float_mode(mode | FLUSHES_SUBNORMALS);
  bool done = tri__array_program_run(p, w->arrays, call, inputs, outputs);
  if (call->flush_subnormals) set_float_mode(mode);
  if (done) return TRI_OK;
  return tri__call_error(call, TRI_INTERRUPTED, "interrupted");
}

tri_status tri__call_arrays(tri_workspace *w, const tri_call *given, const void *const *inputs,
                            void *const *outputs) {
  tri_call call = *given;
  tri_domain domain = w->function->domain;
  struct array_program *program;
  call.trace = NULL;
  if (domain != TRI_DOUBLE && domain != TRI_FLOAT)
    return refuse_call(&call, "arrays are of doubles or of floats");
  if (!w->arrays) w->arrays = tri__new(&w->memory, 1, sizeof *w->arrays);
  if (!w->arrays) return tri__call_error(&call, TRI_MEMORY, "out of memory");
  tri_status status = find_program(w, &call, &program);
  if (!status) status = check_arrays(w, program, &call, inputs, outputs);
  if (status) return status;
  return program ? run_program(w, &call, program, inputs, outputs)
                 : interpret(w, &call, inputs, outputs);
}

int tri_function_arrays(const tri_function *f, const char **why) {
  const char *reason = NULL;
  if (f->domain != TRI_DOUBLE && f->domain != TRI_FLOAT)
    reason = "numbers are neither doubles nor floats";
  else
    tri__arrays_known(f->plan, &reason);
  if (why) *why = reason;
  return !reason;
}

void tri__array_rooms_free(tri_workspace *w) {
  struct array_rooms *rooms = w->arrays;
  if (!rooms) return;
  for (int i = 0; i < KEPT_PROGRAMS; i++) tri__array_program_free(rooms->programs[i]);
  tri__free(&w->memory, rooms->worker_block, rooms->worker_bytes, 1);
  tri__free(&w->memory, rooms->arena_block, rooms->arena_bytes, 1);
  tri__free(&w->memory, rooms->numbers, rooms->number_count, sizeof *rooms->numbers);
  tri__free(&w->memory, rooms, 1, sizeof *rooms);
  w->arrays = NULL;
}
