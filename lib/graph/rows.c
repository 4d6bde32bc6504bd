/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The table of rows: ops.def compiled as C and quoted as text. */
#include "graph/rows.h"

#include "graph/values.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#if defined(__clang__)
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#endif

#define NONE NAN
#define PARTIAL(name, by, partial)                                                                 \
  static double partial_##name##_##by(double a, double b, double c, double r) { return partial; }
#define OP1(name, value, da, ...) PARTIAL(name, a, da)
#define OP2(name, value, da, db, ...) PARTIAL(name, a, da) PARTIAL(name, b, db)
#define OP3(name, value, da, db, dc, ...)                                                          \
  PARTIAL(name, a, da) PARTIAL(name, b, db) PARTIAL(name, c, dc)
#include "graph/ops.def"
#undef OP1
#undef OP2
#undef OP3
#undef NONE

#define DOMAIN(condition) .domain = #condition
#define KINK(condition) .kink = #condition
#define PLAIN(formula) .plain = #formula
#define TEXT_OR_NULL(text) (sizeof text == sizeof "NONE" && text[0] == 'N' ? NULL : text)
#define NAMED(row, number)                                                                         \
  .name = #row, .arity = number, .kernel = value_##row, .defined = defined_##row,                  \
  .at_kink = kink_##row

#define OP1(row, text, da, ...)                                                                    \
  [TRI_OP_##row] = {NAMED(row, 1), .value = #text, .partial = {TEXT_OR_NULL(#da)},                 \
                    .dkernel = {partial_##row##_a}, __VA_ARGS__},
#define OP2(row, text, da, db, ...)                                                                \
  [TRI_OP_##row] = {NAMED(row, 2), .value = #text,                                                 \
                    .partial = {TEXT_OR_NULL(#da), TEXT_OR_NULL(#db)},                             \
                    .dkernel = {partial_##row##_a, partial_##row##_b}, __VA_ARGS__},
#define OP3(row, text, da, db, dc, ...)                                                            \
  [TRI_OP_##row] = {NAMED(row, 3), .value = #text,                                                 \
                    .partial = {TEXT_OR_NULL(#da), TEXT_OR_NULL(#db), TEXT_OR_NULL(#dc)},          \
                    .dkernel = {partial_##row##_a, partial_##row##_b, partial_##row##_c},          \
                    __VA_ARGS__},

const struct row tri__rows[TRI_OP_ROWS] = {
#include "graph/ops.def"
};
#pragma GCC diagnostic pop
