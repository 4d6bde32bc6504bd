/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The rows of ops.def with their options as C: struct options, and for every row value_NAME, defined_NAME and kink_NAME. As
 * kernels.h, to be included after all other headers. */
#ifndef TRIAD_GRAPH_VALUES_H
#define TRIAD_GRAPH_VALUES_H

#include "graph/kernels.h"
#include "graph/options.h"
#include "graph/rows.h"

/* The options that a row may give. */
struct options {
  ROW_OPTIONS;
  bool defined, at_kink;
  double plain;
};

/* A row's options are an initializer of struct options, which sets some of it twice; its conditions are compiled where a, b, c are the
 * arguments. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#if defined(__clang__)
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#endif

#define NONE NAN
#define DOMAIN(condition) .defined = (condition)
#define KINK(condition) .at_kink = (condition)
#define PLAIN(formula) .plain = (formula)

/* Where an argument has no value (NaN), only a lazy row may have one. The options are constants: this folds away. */
#define VALUE(name, arity, value, ...)                                                             \
  static inline double value_##name(double a, double b, double c) {                                \
    const struct options o = {0, __VA_ARGS__};                                                     \
    if (!o.lazy && (isnan(a) || (arity > 1 && isnan(b)) || (arity > 2 && isnan(c)))) return NAN;   \
    return value;                                                                                  \
  }                                                                                                \
  static inline bool defined_##name(double a, double b, double c) {                                \
    const struct options o = {.defined = true, __VA_ARGS__};                                       \
    return o.defined;                                                                              \
  }                                                                                                \
  static inline bool kink_##name(double a, double b, double c) {                                   \
    const struct options o = {0, __VA_ARGS__};                                                     \
    return o.at_kink;                                                                              \
  }

#define OP1(name, value, da, ...) VALUE(name, 1, value, __VA_ARGS__)
#define OP2(name, value, da, db, ...) VALUE(name, 2, value, __VA_ARGS__)
#define OP3(name, value, da, db, dc, ...) VALUE(name, 3, value, __VA_ARGS__)
#include "graph/ops.def"
#undef OP1
#undef OP2
#undef OP3
#undef VALUE
#undef NONE
#undef DOMAIN
#undef KINK
#undef PLAIN
#pragma GCC diagnostic pop

#endif
