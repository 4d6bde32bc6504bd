/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* How operations get on a tape: what tape.h compiles into programs, and a recorder for each row of ops.def. Part of tape.h. */
#ifndef TRIAD_TAPE_RECORD_H
#define TRIAD_TAPE_RECORD_H

#include <triad/tape.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TRI__RARELY(condition) __builtin_expect(condition, 0)
#else
#define TRI__RARELY(condition) (condition)
#endif

/* Of a number whose recording failed, and of what is computed from it: from here on. */
#define TRI__TAPE_FAILED (UINT64_MAX - 3)

/* Whether an operation on what stands at these places can be recorded; makes room for it. The error sticks to the tape. */
TRI_API int tri_tape_admit(tri_tape *tape, uint64_t place_a, uint64_t place_b);

/* Without a place. */
TRI__RECORDER tri_var tri_tape_constant(double value) {
  tri_var constant = {value, 0.0, 0};
  return constant;
}

/* One slot; its partial is never read. */
TRI__RECORDER tri_var tri_tape_input(tri_tape *tape, double value) {
  tri_var input = {value, 1.0, TRI__TAPE_FAILED};
  if (TRI__RARELY(tape->used >= tape->room) && !tri_tape_reserve(tape, 1)) return input;
  input.place = tape->origin + tape->used;
  tape->links[tape->used / TRI_TAPE_SLOT] = TRI_TAPE_INPUT;
  tape->used += TRI_TAPE_SLOT;
  return input;
}

/* A function of one variable with this partial. A zero partial takes what is below it out, even where that has no finite derivative. */
TRI__RECORDER tri_var tri__tape_chain(double value, tri_var a, double partial) {
  double factor = a.factor * partial;
  if (TRI__RARELY(factor != factor) && partial == 0.0) factor = 0.0;
  a.value = value;
  a.factor = factor;
  a.place |= TRI_TAPE_DERIVED;
  return a;
}

/* A function of two variables, or of one if the other is a constant or both depend on the same one. */
TRI__RECORDER tri_var tri__tape_join(tri_tape *tape, double value, tri_var a, double partial_a,
                                     tri_var b, double partial_b) {
  if (b.place < TRI_TAPE_SLOT) return tri__tape_chain(value, a, partial_a);
  if (a.place < TRI_TAPE_SLOT) return tri__tape_chain(value, b, partial_b);
  tri_var by_a = tri__tape_chain(value, a, partial_a), by_b = tri__tape_chain(value, b, partial_b);
  if (by_a.place == by_b.place) {
    by_a.factor += by_b.factor;
    return by_a;
  }
  uint64_t used = tape->used, at_a = a.place - tape->origin, at_b = b.place - tape->origin;
  int fits = (at_a < used) & (at_b < used) & (used < tape->room);
  if (TRI__RARELY(!fits) && !tri_tape_admit(tape, a.place, b.place)) {
    by_a.place = TRI__TAPE_FAILED;
    return by_a;
  }
  double *partials = tape->partials + used / TRI_TAPE_SLOT;
  uint32_t *links = tape->links + used / TRI_TAPE_SLOT, slot = ~(uint32_t)(TRI_TAPE_SLOT - 1);
  partials[0] = by_a.factor;
  partials[1] = by_b.factor;
  links[0] = (uint32_t)at_a & slot;
  links[1] = ((uint32_t)at_b & slot) + 1;
  tape->used = used + 2 * TRI_TAPE_SLOT;
  by_a.factor = 1.0;
  by_a.place = tape->origin + used + TRI_TAPE_SLOT;
  return by_a;
}

/* What is made of each row. TRI__TAPE_TYPE gives V for an argument with a partial, D for NONE; TRI__TAPE_INLINED gives 1 for arithmetic,
 * whose recorders are compiled into programs (a call would take longer than they do), else 0. */
#define TRI__TAPE_SECOND(a, b, ...) b
#define TRI__TAPE_PICK(...) TRI__TAPE_SECOND(__VA_ARGS__)
#define TRI__TAPE_TYPE(...) TRI__TAPE_PICK(__VA_ARGS__, V, ~)
#define TRI__TAPE_INLINED(name) TRI__TAPE_PICK(TRI__TAPE_INLINE_##name, 0, ~)
#define TRI__TAPE_INLINE_neg ~, 1
#define TRI__TAPE_INLINE_add ~, 1
#define TRI__TAPE_INLINE_sub ~, 1
#define TRI__TAPE_INLINE_mul ~, 1
#define TRI__TAPE_INLINE_square ~, 1

#define TRI__TAPE_OP1(...) TRI__TAPE_OP1_(__VA_ARGS__)
#define TRI__TAPE_OP1_(inlined, by_a, ...) TRI__TAPE_##inlined##by_a(__VA_ARGS__)
#define TRI__TAPE_OP2(...) TRI__TAPE_OP2_(__VA_ARGS__)
#define TRI__TAPE_OP2_(inlined, by_a, by_b, ...) TRI__TAPE_##inlined##by_a##by_b(__VA_ARGS__)
#define TRI__TAPE_OP3(...) TRI__TAPE_OP3_(__VA_ARGS__)
#define TRI__TAPE_OP3_(by_a, by_b, by_c, name)                                                     \
  TRI_API tri_var tri_tape_##name(tri_tape *tape, TRI__TAPE_##by_a a, TRI__TAPE_##by_b b,          \
                                  TRI__TAPE_##by_c c);
#define TRI__TAPE_V tri_var
#define TRI__TAPE_D double
#define TRI__TAPE_0D(...)
#define TRI__TAPE_0DD(...)
#define TRI__TAPE_0V(name, ...) TRI_API tri_var tri_tape_##name(tri_tape *tape, tri_var a);
#define TRI__TAPE_0VV(name, ...)                                                                   \
  TRI_API tri_var tri_tape_##name(tri_tape *tape, tri_var a, tri_var b);
#define TRI__TAPE_0DV(name, ...)                                                                   \
  TRI_API tri_var tri_tape_##name(tri_tape *tape, double a, tri_var b);
#define TRI__TAPE_0VD(name, ...)                                                                   \
  TRI_API tri_var tri_tape_##name(tri_tape *tape, tri_var a, double b);
#define TRI__TAPE_1V(name, text, da)                                                               \
  TRI__RECORDER tri_var tri_tape_##name(tri_tape *tape, tri_var x) {                               \
    const double a = x.value, r = text;                                                            \
    (void)tape;                                                                                    \
    return tri__tape_chain(r, x, da);                                                              \
  }
#define TRI__TAPE_1VV(name, text, da, db)                                                          \
  TRI__RECORDER tri_var tri_tape_##name(tri_tape *tape, tri_var x, tri_var y) {                    \
    const double a = x.value, b = y.value, r = text;                                               \
    return tri__tape_join(tape, r, x, da, y, db);                                                  \
  }

#pragma push_macro("NONE")
#undef NONE
#define NONE ~, D
#define OP1(name, text, da, ...)                                                                   \
  TRI__TAPE_OP1(TRI__TAPE_INLINED(name), TRI__TAPE_TYPE(da), name, text, da)
#define OP2(name, text, da, db, ...)                                                               \
  TRI__TAPE_OP2(TRI__TAPE_INLINED(name), TRI__TAPE_TYPE(da), TRI__TAPE_TYPE(db), name, text, da, db)
#define OP3(name, text, da, db, dc, ...)                                                           \
  TRI__TAPE_OP3(TRI__TAPE_TYPE(da), TRI__TAPE_TYPE(db), TRI__TAPE_TYPE(dc), name)
#include "ops.def"
#undef OP1
#undef OP2
#undef OP3
#undef NONE /* also where the pragmas are not known */
#pragma pop_macro("NONE")

#ifdef __cplusplus
}
#endif
#endif
