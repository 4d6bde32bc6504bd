/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* One recorder for each row of ops.def with a derivative, but for those of tape.h. tri_tape_apply does the same from the table of rows;
 * here value and partials are compiled together. */
#include "eval/tape.h"

#include "graph/values.h"

/* What a variable has to do with a result that does not depend on it by choice (a branch not taken): nothing. */
static inline tri_var chosen(bool choice, tri_var a, double partial) {
  return choice && partial == 0.0 ? tri_tape_constant(a.value) : a;
}

/* A partial, computed for variables only. */
#define PARTIAL(by, partial) (tape_constant(by) ? 0.0 : (partial))
#define CHOICE(...) (((const struct options){0, __VA_ARGS__}).choice)
#define DOMAIN(condition) .defined = true
#define KINK(condition) .at_kink = false
#define PLAIN(formula) .plain = 0.0

#undef TRI__TAPE_0V
#undef TRI__TAPE_0VV
#undef TRI__TAPE_0DV
#undef TRI__TAPE_0VD
#undef TRI__TAPE_1V
#undef TRI__TAPE_1VV
#undef TRI__TAPE_OP3_
#define TRI__TAPE_1V(...)
#define TRI__TAPE_1VV(...)
#define TRI__TAPE_0V(name, text, da, ...)                                                          \
  tri_var tri_tape_##name(tri_tape *tape, tri_var x) {                                             \
    const double a = x.value, r = value_##name(a, 0.0, 0.0);                                       \
    if (!defined_##name(a, 0.0, 0.0)) return tri_tape_apply(tape, TRI_OP_##name, &x);              \
    const double by_a = PARTIAL(x, da);                                                            \
    return tri__tape_chain(r, chosen(CHOICE(__VA_ARGS__), x, by_a), by_a);                         \
  }
#define TRI__TAPE_0VV(name, text, da, db, ...)                                                     \
  tri_var tri_tape_##name(tri_tape *tape, tri_var x, tri_var y) {                                  \
    const double a = x.value, b = y.value, r = value_##name(a, b, 0.0);                            \
    if (!defined_##name(a, b, 0.0)) return tri_tape_apply(tape, TRI_OP_##name, (tri_var[]){x, y}); \
    const double by_a = PARTIAL(x, da), by_b = PARTIAL(y, db);                                     \
    return tri__tape_join(tape, r, chosen(CHOICE(__VA_ARGS__), x, by_a), by_a,                     \
                          chosen(CHOICE(__VA_ARGS__), y, by_b), by_b);                             \
  }
/* The few with an argument that is a plain number. */
#define VAR_V(a) a
#define VAR_D(a) tri_tape_constant(a)
#define TRI__TAPE_0DV(name, ...)                                                                   \
  tri_var tri_tape_##name(tri_tape *tape, double a, tri_var b) {                                   \
    return tri_tape_apply(tape, TRI_OP_##name, (tri_var[]){tri_tape_constant(a), b});              \
  }
#define TRI__TAPE_0VD(name, ...)                                                                   \
  tri_var tri_tape_##name(tri_tape *tape, tri_var a, double b) {                                   \
    return tri_tape_apply(tape, TRI_OP_##name, (tri_var[]){a, tri_tape_constant(b)});              \
  }
#define TRI__TAPE_OP3_(x, y, z, name)                                                              \
  tri_var tri_tape_##name(tri_tape *tape, TRI__TAPE_##x a, TRI__TAPE_##y b, TRI__TAPE_##z c) {     \
    return tri_tape_apply(tape, TRI_OP_##name, (tri_var[]){VAR_##x(a), VAR_##y(b), VAR_##z(c)});   \
  }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#if defined(__clang__)
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#endif
#define NONE ~, D
#define OP1(name, text, da, ...)                                                                   \
  TRI__TAPE_OP1(TRI__TAPE_INLINED(name), TRI__TAPE_TYPE(da), name, text, da, __VA_ARGS__)
#define OP2(name, text, da, db, ...)                                                               \
  TRI__TAPE_OP2(TRI__TAPE_INLINED(name), TRI__TAPE_TYPE(da), TRI__TAPE_TYPE(db), name, text, da,   \
                db, __VA_ARGS__)
#define OP3(name, text, da, db, dc, ...)                                                           \
  TRI__TAPE_OP3(TRI__TAPE_TYPE(da), TRI__TAPE_TYPE(db), TRI__TAPE_TYPE(dc), name)
#include "graph/ops.def"
#pragma GCC diagnostic pop
