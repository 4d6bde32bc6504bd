/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Tapes: their memory and errors, and recording. The derivatives are in tape_sweep.c. */
#include "eval/tape.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* --- life ------------------------------------------------------------------------------------------------------------------ */

/* Another tape, and this one after tri_tape_clear, should have another origin: 31 bits made of the tape's address. */
static uint64_t origin_of(const struct tape *t) {
  uint64_t mixed = (uint64_t)(uintptr_t)t * 0x9e3779b97f4a7c15u;
  return ((mixed >> 33) + 1) << 32;
}

static bool make_room(struct tape *t, uint64_t slots) {
  if (slots > t->limit) {
    char message[64];
    snprintf(message, sizeof message, "a tape of more than %llu slots",
             (unsigned long long)t->limit);
    tri__tape_fail(t, TRI_LIMIT, message);
    return false;
  }
  void *partials = t->open.partials, *links = t->open.links;
  bool grown =
      tri__grow(&t->memory, &partials, &t->partial_capacity, (size_t)slots,
                sizeof *t->open.partials) &&
      tri__grow(&t->memory, &links, &t->link_capacity, (size_t)slots, sizeof *t->open.links);
  t->open.partials = partials;
  t->open.links = links;
  if (!grown) {
    tri__tape_fail(t, TRI_MEMORY, "out of memory for the tape");
    return false;
  }
  uint64_t capacity =
      t->link_capacity < t->partial_capacity ? t->link_capacity : t->partial_capacity;
  if (capacity > t->limit) capacity = t->limit;
  t->open.room = (capacity - 1) * TRI_TAPE_SLOT;
  return true;
}

tri_tape *tri_tape_new_with(const tri_tape_options *options) {
  tri_tape_options o = {0};
  if (options)
    memcpy(&o, options, options->size && options->size < sizeof o ? options->size : sizeof o);
  struct memory memory;
  tri__memory_init(&memory, o.allocator);
  struct tape *t = tri__new(&memory, 1, sizeof *t);
  if (!t) return NULL;
  t->memory = memory;
  t->limit = o.slots && o.slots < TAPE_MOST_SLOTS ? o.slots : TAPE_MOST_SLOTS;
  t->open.origin = origin_of(t);
  if (o.reserve && !make_room(t, o.reserve < t->limit ? o.reserve : t->limit)) {
    tri_tape_free(&t->open);
    return NULL;
  }
  return &t->open;
}

void tri_tape_free(tri_tape *tape) {
  if (!tape) return;
  struct tape *t = tape_of(tape);
  struct memory memory = t->memory;
  tri__free(&memory, t->open.partials, t->partial_capacity, sizeof *t->open.partials);
  tri__free(&memory, t->open.links, t->link_capacity, sizeof *t->open.links);
  tri__free(&memory, t->adjoints, t->adjoint_capacity, sizeof *t->adjoints);
  tri__free(&memory, t, 1, sizeof *t);
}

size_t tri_tape_size(const tri_tape *tape) { return tape_slots(const_tape_of(tape)); }

size_t tri_tape_bytes(const tri_tape *tape) { return const_tape_of(tape)->memory.used; }

/* --- errors ---------------------------------------------------------------------------------------------------------------- */

tri_status tri__tape_fail(struct tape *t, tri_status status, const char *message) {
  if (t->error.status == TRI_OK) {
    t->error.status = status;
    snprintf(t->error.message, sizeof t->error.message, "%s", message);
  }
  return status;
}

tri_status tri__tape_refuse(struct tape *t, tri_var a) {
  if (a.place >= TRI__TAPE_FAILED && t->error.status) return t->error.status;
  return tri__tape_fail(t, TRI_ARGUMENT, "a number that is not on this tape");
}

tri_status tri_tape_status(const tri_tape *tape) { return const_tape_of(tape)->error.status; }

const tri_error *tri_tape_error(const tri_tape *tape) { return &const_tape_of(tape)->error; }

static tri_var failed(double value) { return (tri_var){value, 1.0, TRI__TAPE_FAILED}; }

/* Notes that an operation has no value. */
static void note_undefined(struct tape *t, tri_op op, const double at[ROW_MAX_ARITY]) {
  if (t->undefined++) return;
  t->undefined_op = op;
  memcpy(t->undefined_at, at, sizeof t->undefined_at);
}

/* In the words of a compiled function's error. */
static void describe_undefined(const struct tape *t, tri_text *text) {
  const struct row *row = &tri__rows[t->undefined_op];
  const double *at = t->undefined_at;
  if ((t->undefined_op == TRI_OP_div && at[1] == 0.0) ||
      (t->undefined_op == TRI_OP_pow && at[0] == 0.0 && at[1] < 0.0)) {
    tri__text_puts(text, "division by zero");
    return;
  }
  tri__text_puts(text, row->name);
  tri__text_puts(text, row->arity > 1 ? " at (" : " at ");
  for (int i = 0; i < row->arity; i++) {
    if (i) tri__text_puts(text, ", ");
    tri__text_double(text, at[i]);
  }
  if (row->arity > 1) tri__text_puts(text, ")");
}

tri_status tri_tape_undefined(const tri_tape *tape, tri_error *error) {
  const struct tape *t = const_tape_of(tape);
  if (error) *error = (tri_error){.status = t->undefined ? TRI_DOMAIN : TRI_OK};
  if (!t->undefined) return TRI_OK;
  if (error) {
    tri_text text = {.allocator = &t->memory.allocator};
    describe_undefined(t, &text);
    snprintf(error->message, sizeof error->message, "%s",
             text.status ? tri__rows[t->undefined_op].name : text.data);
    tri_text_free(&text);
  }
  return TRI_DOMAIN;
}

/* --- going back ------------------------------------------------------------------------------------------------------------ */

tri_tape_point tri_tape_mark(const tri_tape *tape) {
  return (tri_tape_point){tape->used, const_tape_of(tape)->undefined};
}

void tri_tape_rewind(tri_tape *tape, tri_tape_point point) {
  struct tape *t = tape_of(tape);
  if (point.used > tape->used || point.undefined > t->undefined) {
    tri__tape_fail(t, TRI_ARGUMENT, "a point that is not in the tape's past");
    return;
  }
  tape->used = point.used;
  t->undefined = point.undefined;
  t->error = (tri_error){0};
  if (t->swept > tape_slots(t)) t->swept = tape_slots(t);
}

void tri_tape_clear(tri_tape *tape) {
  tri_tape_rewind(tape, (tri_tape_point){0, 0});
  tape->origin = (tape->origin & 0x7fffffff00000000u) + (UINT64_C(1) << 32);
}

/* --- recording ------------------------------------------------------------------------------------------------------------- */

enum { SLOTS_OF_ONE = 3 }; /* arguments of a recorded operation; more are several operations */

int tri_tape_reserve(tri_tape *tape, size_t slots) {
  struct tape *t = tape_of(tape);
  uint64_t need = (uint64_t)tape_slots(t) + slots;
  if (need < slots) need = UINT64_MAX;
  bool fits = need <= t->partial_capacity && need <= t->link_capacity && need <= t->limit;
  return fits || make_room(t, need);
}

/* Whether a variable is on the tape. */
static bool admit(struct tape *t, tri_var a) {
  if (tape_has(t, a)) return true;
  tri__tape_refuse(t, a);
  return false;
}

int tri_tape_admit(tri_tape *tape, uint64_t place_a, uint64_t place_b) {
  struct tape *t = tape_of(tape);
  return admit(t, (tri_var){.place = place_a}) && admit(t, (tri_var){.place = place_b}) &&
         tri_tape_reserve(tape, 2);
}

/* The operation of n <= SLOTS_OF_ONE terms, each of which is a rate (factor) at which it changes with a variable (place). */
static tri_var put_terms(struct tape *t, double value, size_t n, const tri_var *terms) {
  for (size_t i = 0; i < n; i++)
    if (!admit(t, terms[i])) return failed(value);
  if (!tri_tape_reserve(&t->open, n)) return failed(value);
  size_t first = tape_slots(t);
  for (size_t i = 0; i < n; i++) {
    t->open.partials[first + i] = terms[i].factor;
    t->open.links[first + i] = (uint32_t)(tape_slot(t, terms[i]) * TRI_TAPE_SLOT);
  }
  t->open.links[first + n - 1] += (uint32_t)(n - 1);
  t->open.used += n * TRI_TAPE_SLOT;
  return (tri_var){value, 1.0, t->open.origin + t->open.used - TRI_TAPE_SLOT};
}

tri_var tri_tape_watch(tri_tape *tape, tri_var a) {
  return tape_constant(a) ? tri_tape_input(tape, a.value)
                          : put_terms(tape_of(tape), a.value, 1, &a);
}

/* Adds a term to the n that there are, to that of the same variable if there is one. */
static size_t add_term(tri_var *terms, size_t n, tri_var term) {
  for (size_t i = 0; i < n; i++)
    if (terms[i].place == term.place) {
      terms[i].factor += term.factor;
      return n;
    }
  terms[n] = term;
  return n + 1;
}

tri_var tri_tape_record(tri_tape *tape, double value, size_t n, const tri_var *arguments,
                        const double *partials) {
  tri_var terms[SLOTS_OF_ONE + 1];
  size_t count = 0;
  for (size_t i = 0; i < n; i++) {
    if (tape_constant(arguments[i])) continue;
    count = add_term(terms, count, tri__tape_chain(value, arguments[i], partials[i]));
    if (count > SLOTS_OF_ONE) {
      terms[0] = put_terms(tape_of(tape), value, SLOTS_OF_ONE, terms);
      terms[1] = terms[SLOTS_OF_ONE];
      count = 2;
    }
  }
  if (count == 0) return tri_tape_constant(value);
  return count == 1 ? terms[0] : put_terms(tape_of(tape), value, count, terms);
}

tri_var tri_tape_apply(tri_tape *tape, tri_op op, const tri_var *arguments) {
  struct tape *t = tape_of(tape);
  if ((unsigned)op >= TRI_OP_ROWS) {
    tri__tape_fail(t, TRI_ARGUMENT, "not the operation of a row");
    return failed(NAN);
  }
  const struct row *row = &tri__rows[op];
  double at[ROW_MAX_ARITY] = {0}, partials[ROW_MAX_ARITY];
  tri_var variables[ROW_MAX_ARITY];
  for (int i = 0; i < row->arity; i++) at[i] = arguments[i].value;
  bool defined = row->defined(at[0], at[1], at[2]);
  if (!defined) note_undefined(t, op, at);
  double value = defined ? row->kernel(at[0], at[1], at[2]) : NAN;
  size_t n = 0;
  for (int i = 0; i < row->arity; i++) {
    if (tape_constant(arguments[i]) || !row->partial[i]) continue;
    double partial = defined ? row->dkernel[i](at[0], at[1], at[2], value) : NAN;
    if (row->choice && partial == 0.0) continue; /* not chosen: as if it did not depend on it */
    variables[n] = arguments[i];
    partials[n++] = partial;
  }
  return tri_tape_record(tape, value, n, variables, partials);
}
