/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The rows of ops.def with vectors for numbers. To be included once, with REAL (double or float),
 * INTEGER (as wide), LANE_TABLE (the table's name), LANE_DOUBLES (1 or 0), and from the flags
 * LANE_BYTES (of a vector) and LANE_SET (the instruction set's name).
 *
 * A row's value is compiled as it stands: + - * / and comparisons are the compiler's on vectors,
 * comparisons give masks, `and` and `or` are & and | on these, names of functions lead to SLEEF's,
 * or to the C library's number by number. So a row that is added has its lane kernel. Functions of
 * SLEEF are right to 1.0 units in the last place (erfc 1.5) where `safe` holds; elsewhere the
 * numbers concerned are the C library's. */
#ifndef LANE_ID /* what every processor of the kind has */
#define LANE_ID default
#define LANE_BYTES 16
#endif

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "eval/lanes.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#include "graph/kernel_calls.h"
#include "graph/options.h"

typedef REAL vec __attribute__((vector_size(LANE_BYTES)));
typedef REAL loose __attribute__((vector_size(LANE_BYTES), aligned(sizeof(REAL)), may_alias));
typedef INTEGER mask __attribute__((vector_size(LANE_BYTES)));
enum { WIDTH = LANE_BYTES / sizeof(REAL), LINE_NUMBERS = LINE / sizeof(REAL) };

#define INLINE static inline __attribute__((always_inline, unused))

/* --- vectors and masks */

INLINE vec load(const void *slot, int i) { return *(const loose *)((const REAL *)slot + i); }
INLINE void store(void *slot, int i, vec x) { *(loose *)((REAL *)slot + i) = x; }
INLINE vec spread(double x) { return (REAL)x - (vec){0}; }
INLINE vec same(vec x) { return x; }
INLINE vec blend(mask m, vec x, vec y) { return (vec)((m & (mask)x) | (~m & (mask)y)); }
INLINE vec size_of(vec x) { return (vec)((mask)x & ~(mask)spread(-0.0)); }

#if defined(__x86_64__) && LANE_BYTES == 64
INLINE bool any(mask m) { return _mm512_test_epi64_mask((__m512i)m, (__m512i)m); }
INLINE void store_past(void *to, vec x) { _mm512_stream_si512(to, (__m512i)x); }
#elif defined(__x86_64__) && LANE_BYTES == 32
INLINE bool any(mask m) { return !_mm256_testz_si256((__m256i)m, (__m256i)m); }
INLINE void store_past(void *to, vec x) { _mm256_stream_si256(to, (__m256i)x); }
#elif defined(__x86_64__)
INLINE bool any(mask m) { return _mm_movemask_epi8((__m128i)m) != 0; }
INLINE void store_past(void *to, vec x) { _mm_stream_si128(to, (__m128i)x); }
#else
INLINE bool any(mask m) {
  INTEGER sum = 0;
  for (int i = 0; i < WIDTH; i++) sum |= m[i];
  return sum != 0;
}
INLINE void store_past(void *to, vec x) { *(vec *)to = x; }
#endif

/* A condition as the number 0 or 1, and back; a condition without a value (NaN) chooses neither. */
INLINE vec number_of(mask m) { return (vec)(m & (mask)spread(1.0)); }
INLINE mask holds(vec condition) { return condition != 0.0; }
INLINE vec select_number(vec condition, vec x, vec y) {
  return blend(condition != condition, condition, blend(holds(condition), x, y));
}

/* What rows write: numbers among vectors, conditions among numbers. */
#define VECTOR(x) _Generic((x), vec : same, double : spread, float : spread)(x)
#define NUMBER(x) _Generic((x), vec : same, double : spread, float : spread, default : number_of)(x)
#define ALWAYS (~(mask){0})

/* --- functions, number by number */

/* The double functions serve floats too, and give them what the interpreter does. */
#define EACH1(name, call)                                                                          \
  INLINE vec each_##name(vec a) {                                                                  \
    vec r = a;                                                                                     \
    for (int i = 0; i < WIDTH; i++) {                                                              \
      double x = (double)a[i];                                                                     \
      r[i] = (REAL)call;                                                                           \
    }                                                                                              \
    return r;                                                                                      \
  }
#define EACH2(name, call)                                                                          \
  INLINE vec each_##name(vec a, vec b) {                                                           \
    vec r = a;                                                                                     \
    for (int i = 0; i < WIDTH; i++) {                                                              \
      double x = (double)a[i], y = (double)b[i];                                                   \
      r[i] = (REAL)call;                                                                           \
    }                                                                                              \
    return r;                                                                                      \
  }

/* Of those functions that a vector unit has by itself, the compiler makes vector instructions. */
#define OWN(name)                                                                                  \
  INLINE vec lane_##name(vec a) {                                                                  \
    vec r = a;                                                                                     \
    for (int i = 0; i < WIDTH; i++)                                                                \
      r[i] = LANE_DOUBLES ? (REAL)__builtin_##name((double)a[i])                                   \
                          : (REAL)__builtin_##name##f((float)a[i]);                                \
    return r;                                                                                      \
  }
OWN(sqrt)
OWN(floor)
OWN(ceil)

EACH1(lgamma, tri__lgamma(x))
EACH1(digamma, tri__polygamma(0.0, x))
EACH2(polygamma, tri__polygamma(x, y))

INLINE vec lane_fma(vec a, vec b, vec c) {
  vec r = a;
  for (int i = 0; i < WIDTH; i++)
    r[i] = LANE_DOUBLES ? (REAL)__builtin_fma((double)a[i], (double)b[i], (double)c[i])
                        : (REAL)__builtin_fmaf((float)a[i], (float)b[i], (float)c[i]);
  return r;
}

/* --- functions of SLEEF */

#if LANE_DOUBLES
#define BY_TYPE(of_double, of_float) of_double
#else
#define BY_TYPE(of_double, of_float) of_float
#endif
#define LIMIT(of_double, of_float) ((REAL)BY_TYPE(of_double, of_float))
#define WITHIN(of_double, of_float) (size_of(a) < LIMIT(of_double, of_float))

/* F(name, accuracy, where SLEEF's is safe, from the arguments a, b and its result r): by its
 * reference, and where tests found it wanting (a power near the largest number is inf, gamma is off
 * where it is tiny). */
#define FUNCTIONS1(F)                                                                              \
  F(asin, u10, ALWAYS)                                                                             \
  F(acos, u10, ALWAYS)                                                                             \
  F(atan, u10, ALWAYS)                                                                             \
  F(exp, u10, ALWAYS)                                                                              \
  F(expm1, u10, ALWAYS)                                                                            \
  F(log, u10, ALWAYS)                                                                              \
  F(log1p, u10, WITHIN(1e307, 1e38))                                                               \
  F(log2, u10, ALWAYS)                                                                             \
  F(log10, u10, ALWAYS)                                                                            \
  F(sinh, u10, WITHIN(709, 88))                                                                    \
  F(cosh, u10, WITHIN(709, 88))                                                                    \
  F(tanh, u10, ALWAYS)                                                                             \
  F(asinh, u10, WITHIN(1e154, 1e19))                                                               \
  F(acosh, u10, WITHIN(1e154, 1e19))                                                               \
  F(atanh, u10, ALWAYS)                                                                            \
  F(cbrt, u10, ALWAYS)                                                                             \
  F(erf, u10, ALWAYS)                                                                              \
  F(erfc, u15, a < LIMIT(26.2, 9.2))                                                               \
  F(gamma, u10, a > LIMIT(-150, -30))
/* SLEEF reduces an angle in one of three ways, all of a vector in that which the largest needs.
 * Each has its own here, so that a result does not depend on who stands beside it: SMALL ones,
 * MIDDLE ones, and the others by the C library. */
#define ANGLES(F)                                                                                  \
  F(sin, u10, ALWAYS)                                                                              \
  F(cos, u10, ALWAYS)                                                                              \
  F(tan, u10, ALWAYS)
#define SMALL WITHIN(15, 125)
#define MIDDLE WITHIN(1e14, 39000)
#define FUNCTIONS2(F)                                                                              \
  F(pow, u10, size_of(r) < LIMIT(INFINITY, INFINITY))                                              \
  F(hypotenuse, u05, ALWAYS)                                                                       \
  F(atan2, u10, ALWAYS)

#define EACH_OF_1(name, accuracy, safe) EACH1(name, name(x))
#define EACH_OF_2(name, accuracy, safe) EACH2(name, name(x, y))
#define Sleef_gamma Sleef_tgamma
#define Sleef_hypotenuse Sleef_hypot
#define hypotenuse(x, y) hypot(x, y)
#define erfc(x) tri__erfc(x)
#define gamma(x) tri__gamma(x)
#define cbrt(x) tri__cbrt(x)
FUNCTIONS1(EACH_OF_1)
ANGLES(EACH_OF_1)
FUNCTIONS2(EACH_OF_2)

#if HAVE_SLEEF && defined(__x86_64__)
#define LANE_SLEEF 1
#elif HAVE_SLEEF && defined(__aarch64__) && LANE_BYTES == 16
#define LANE_SLEEF 1
#else
#define LANE_SLEEF 0
#endif

#if LANE_SLEEF
#include <sleef.h>
#if LANE_BYTES == 64
#define SLEEF_NAME(name, accuracy) SLEEF_PASTE(Sleef_##name, BY_TYPE(d8, f16), accuracy, avx512f)
#elif LANE_BYTES == 32
#define SLEEF_NAME(name, accuracy) SLEEF_PASTE(Sleef_##name, BY_TYPE(d4, f8), accuracy, avx2)
#elif defined(__x86_64__)
#define SLEEF_NAME(name, accuracy) SLEEF_PASTE(Sleef_##name, BY_TYPE(d2, f4), accuracy, sse2)
#else
#define SLEEF_NAME(name, accuracy) SLEEF_PASTE(Sleef_##name, BY_TYPE(d2, f4), accuracy, advsimd)
#endif
#define SLEEF_PASTE(name, type, accuracy, set) SLEEF_PASTE_(name, type, accuracy, set)
#define SLEEF_PASTE_(name, type, accuracy, set) name##type##_##accuracy##set

#define FUNCTION1(name, accuracy, safe)                                                            \
  INLINE vec lane_##name(vec a) {                                                                  \
    vec r = SLEEF_NAME(name, accuracy)(a);                                                         \
    mask good = safe;                                                                              \
    return any(~good) ? blend(good, r, each_##name(a)) : r;                                        \
  }
#define FUNCTION2(name, accuracy, safe)                                                            \
  INLINE vec lane_##name(vec a, vec b) {                                                           \
    vec r = SLEEF_NAME(name, accuracy)(a, b);                                                      \
    mask good = safe;                                                                              \
    return any(~good) ? blend(good, r, each_##name(a, b)) : r;                                     \
  }
#define ANGLE(name, accuracy, safe)                                                                \
  INLINE vec lane_##name(vec a) {                                                                  \
    mask small = SMALL, middle = MIDDLE;                                                           \
    vec r = {0};                                                                                   \
    if (any(small)) r = SLEEF_NAME(name, accuracy)(blend(small, a, (vec){0}));                     \
    if (!any(~small)) return r;                                                                    \
    vec far = blend(middle & ~small, a, spread(LIMIT(16, 126)));                                   \
    r = blend(small, r, SLEEF_NAME(name, accuracy)(far));                                          \
    return any(~middle) ? blend(middle, r, each_##name(a)) : r;                                    \
  }
INLINE vec lane_lgamma(vec a) {
  mask good = a > 0.0;
  vec r = SLEEF_NAME(lgamma, u10)(a);
  return any(~good) ? blend(good, r, each_lgamma(a)) : r;
}
#else
#define FUNCTION1(name, accuracy, safe)                                                            \
  INLINE vec lane_##name(vec a) { return each_##name(a); }
#define FUNCTION2(name, accuracy, safe)                                                            \
  INLINE vec lane_##name(vec a, vec b) { return each_##name(a, b); }
#define ANGLE FUNCTION1
INLINE vec lane_lgamma(vec a) { return each_lgamma(a); }
#endif
FUNCTIONS1(FUNCTION1)
ANGLES(ANGLE)
FUNCTIONS2(FUNCTION2)

/* Where the sum of squares has all its digits its root is within one unit: half of the sum's own,
 * and the root's half. */
INLINE mask plain_sum(vec s) { return (s > LIMIT(1e-280, 1e-28)) & (s < LIMIT(1e300, 1e37)); }
INLINE vec lane_hypot(vec a, vec b) {
  vec s = a * a + b * b;
  mask good = plain_sum(s);
  return any(~good) ? blend(good, lane_sqrt(s), lane_hypotenuse(a, b)) : lane_sqrt(s);
}

struct both {
  vec sine, cosine;
};

#if LANE_SLEEF
INLINE struct both sincos_alike(vec a) {
  __auto_type both = SLEEF_NAME(sincos, u10)(a);
  return (struct both){both.x, both.y};
}

/* Like the ANGLES. */
INLINE struct both sincos_mixed(vec a) {
  mask small = SMALL, middle = MIDDLE;
  struct both near = sincos_alike(blend(small, a, (vec){0}));
  struct both r = sincos_alike(blend(middle & ~small, a, spread(LIMIT(16, 126))));
  r.sine = blend(small, near.sine, r.sine);
  r.cosine = blend(small, near.cosine, r.cosine);
  if (!any(~middle)) return r;
  r.sine = blend(middle, r.sine, each_sin(a));
  r.cosine = blend(middle, r.cosine, each_cos(a));
  return r;
}

INLINE struct both lane_sincos(vec a) {
  mask small = SMALL;
  return any(~small) ? sincos_mixed(a) : sincos_alike(a);
}
#else
INLINE struct both lane_sincos(vec a) { return (struct both){each_sin(a), each_cos(a)}; }
#endif

INLINE void sincos_range(void *sine, void *a, void *cosine, int count) {
  for (int i = 0; i < count; i += WIDTH) {
    struct both r = lane_sincos(load(a, i));
    store(cosine, i, r.cosine);
    store(sine, i, r.sine);
  }
}

static void sincos_kernel(void *sine, void *a, void *unused, void *cosine) {
  (void)unused;
  sincos_range(sine, a, cosine, LANE_BLOCK);
}

#if LANE_DOUBLES
static void few_sincos_kernel(void *sine, void *a, void *unused, void *cosine) {
  (void)unused;
  sincos_range(sine, a, cosine, LANE_FEW);
}
#endif

#define PAIR(inner, outer, value)                                                                  \
  static void pair_##inner##_##outer(void *result, void *a, void *b, void *c) {                    \
    for (int i = 0; i < LANE_BLOCK; i += WIDTH) {                                                  \
      vec x = load(a, i), y = load(b, i), z = load(c, i);                                          \
      store(result, i, value);                                                                     \
    }                                                                                              \
  }
#define PAIRS(inner, value)                                                                        \
  PAIR(inner, add, value + z)                                                                      \
  PAIR(inner, sub, value - z)                                                                      \
  PAIR(inner, from, z - value)                                                                     \
  PAIR(inner, mul, value *z)
PAIRS(add, (x + y))
PAIRS(sub, (x - y))
PAIRS(mul, (x * y))

/* --- what graph/kernels.c has in long double, here to three or four units; nothing overflows on
 * the way */

INLINE vec lane_sec(vec a) { return 1.0 / lane_cos(a); }
INLINE vec lane_csc(vec a) { return 1.0 / lane_sin(a); }
INLINE vec lane_cot(vec a) { return 1.0 / lane_tan(a); }
INLINE vec lane_decay(vec a) { return lane_exp(-size_of(a)); }

INLINE vec lane_sech(vec a) {
  vec e = lane_decay(a);
  return 2.0 * e / (1.0 + e * e);
}

INLINE vec lane_sigmoid(vec a) {
  vec e = lane_decay(a);
  return blend(a < 0.0, e, spread(1.0)) / (1.0 + e);
}

INLINE vec lane_sigmoid_rate(vec a) {
  vec e = lane_decay(a), d = 1.0 + e;
  return e / (d * d);
}

INLINE vec lane_softplus(vec a) { return lane_log1p(lane_decay(a)) + blend(a > 0.0, a, (vec){0}); }

INLINE vec lane_gaussian(vec a) {
  vec s = a * a, e = lane_exp(-s);
  return blend(s < LIMIT(1e4, 200), e * (1.0 - lane_fma(a, a, -s)), e);
}

INLINE vec lane_lorentzian(vec a) {
  return blend(WITHIN(1e150, 1e15), 1.0 / (1.0 + a * a), 1.0 / a / a);
}

INLINE vec lane_one_minus_square(vec a) { return lane_fma(-a, a, spread(1.0)); }

/* Number by number where the sum of squares has not all its digits. */
EACH2(unit, tri__unit(x, y))
INLINE vec lane_unit(vec a, vec b) {
  vec s = a * a + b * b, r = a / lane_sqrt(s);
  mask good = plain_sum(s);
  r = any(~good) ? blend(good, r, each_unit(a, b)) : r;
  return blend(a == 0.0, (vec){0}, r);
}

/* --- the names that rows use */

#undef hypotenuse
#undef erfc
#undef gamma
#undef cbrt
#define and &
#define or |
#define select(condition, x, y)                                                                    \
  _Generic((condition), vec : select_number, default : blend)(condition, VECTOR(x), VECTOR(y))
#define pow(a, b) lane_pow(a, b)
#define sqrt(a) lane_sqrt(a)
#define cbrt(a) lane_cbrt(a)
#define hypot(a, b) lane_hypot(a, b)
#define exp(a) lane_exp(a)
#define expm1(a) lane_expm1(a)
#define log(a) lane_log(a)
#define log1p(a) lane_log1p(a)
#define log2(a) lane_log2(a)
#define log10(a) lane_log10(a)
#define sin(a) lane_sin(a)
#define cos(a) lane_cos(a)
#define tan(a) lane_tan(a)
#define asin(a) lane_asin(a)
#define acos(a) lane_acos(a)
#define atan(a) lane_atan(a)
#define atan2(a, b) lane_atan2(a, b)
#define sinh(a) lane_sinh(a)
#define cosh(a) lane_cosh(a)
#define tanh(a) lane_tanh(a)
#define asinh(a) lane_asinh(a)
#define acosh(a) lane_acosh(a)
#define atanh(a) lane_atanh(a)
#define sec(a) lane_sec(a)
#define csc(a) lane_csc(a)
#define cot(a) lane_cot(a)
#define sech(a) lane_sech(a)
#define sigmoid(a) lane_sigmoid(a)
#define sigmoid_rate(a) lane_sigmoid_rate(a)
#define softplus(a) lane_softplus(a)
#define gaussian(a) lane_gaussian(a)
#define lorentzian(a) lane_lorentzian(a)
#define one_minus_square(a) lane_one_minus_square(a)
#define unit(a, b) lane_unit(a, b)
#define erf(a) lane_erf(a)
#define erfc(a) lane_erfc(a)
#define gamma(a) lane_gamma(a)
#define lgamma(a) lane_lgamma(a)
#define digamma(a) each_digamma(a)
#define polygamma(n, a) each_polygamma(n, a)
#define floor(a) lane_floor(a)
#define ceil(a) lane_ceil(a)

/* --- rows */

/* INSTEAD(ROWS_name, text) is what ROWS_name is defined to stand for in place of the text, if it is
 * defined (to something that begins with a comma); else the text. */
#define INSTEAD(...) INSTEAD_(__VA_ARGS__, )
#define INSTEAD_(first, second, ...) second

/* Rows whose arguments are conditions, which come as numbers. */
#define CONDITIONS_logical_and , holds(a) & holds(b)
#define CONDITIONS_logical_or , holds(a) | holds(b)
#define CONDITIONS_logical_not , ~holds(a)

/* Rows that give NaN for NaN without being asked to: the commonest. */
#define PASSES_neg , 0
#define PASSES_add , 0
#define PASSES_sub , 0
#define PASSES_mul , 0
#define PASSES_div , 0
#define PASSES_square , 0
#define PASSES_sqrt , 0
#define PASSES_exp , 0
#define PASSES_log , 0
#define PASSES_sin , 0
#define PASSES_cos , 0
#define PASSES_abs , 0

struct options {
  ROW_OPTIONS;
  mask defined;
  double plain;
  uint8_t at_kink;
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wparentheses"
#if defined(__clang__)
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#else
#pragma GCC diagnostic ignored "-Woverride-init-side-effects"
#endif

#define DOMAIN(condition) .defined = (condition)
#define KINK(condition) .at_kink = 1
#define PLAIN(formula) .plain = 0.0

#define ROW(name, arity, value, ...)                                                               \
  INLINE vec value_##name(vec a, vec b, vec c, bool strict) {                                      \
    const struct options o = {.defined = ALWAYS, __VA_ARGS__};                                     \
    vec r = NUMBER((INSTEAD(CONDITIONS_##name, value)));                                           \
    mask none = {0};                                                                               \
    if (strict) none |= ~o.defined;                                                                \
    if (INSTEAD(PASSES_##name, 1) && !o.lazy)                                                      \
      none |= (a != a) | (arity > 1 ? b != b : (mask){0}) | (arity > 2 ? c != c : (mask){0});      \
    return blend(none, spread(NAN), r);                                                            \
  }                                                                                                \
  INLINE void range_##name(void *result, void *a, void *b, void *c, int count, bool strict) {      \
    for (int i = 0; i < count; i += WIDTH)                                                         \
      store(result, i,                                                                             \
            value_##name(load(a, i), arity > 1 ? load(b, i) : (vec){0},                            \
                         arity > 2 ? load(c, i) : (vec){0}, strict));                              \
  }                                                                                                \
  static void strict_##name(void *result, void *a, void *b, void *c) {                             \
    range_##name(result, a, b, c, LANE_BLOCK, true);                                               \
  }                                                                                                \
  static void extended_##name(void *result, void *a, void *b, void *c) {                           \
    range_##name(result, a, b, c, LANE_BLOCK, false);                                              \
  }                                                                                                \
  static void many_strict_##name(void *result, void *a, void *b, void *c) {                        \
    range_##name(result, a, b, c, LANE_MANY, true);                                                \
  }                                                                                                \
  static void many_extended_##name(void *result, void *a, void *b, void *c) {                      \
    range_##name(result, a, b, c, LANE_MANY, false);                                               \
  }                                                                                                \
  FEW(name)
#if LANE_DOUBLES
#define FEW(name)                                                                                  \
  static void few_strict_##name(void *result, void *a, void *b, void *c) {                         \
    range_##name(result, a, b, c, LANE_FEW, true);                                                 \
  }                                                                                                \
  static void few_extended_##name(void *result, void *a, void *b, void *c) {                       \
    range_##name(result, a, b, c, LANE_FEW, false);                                                \
  }
#define FEW_OF(name)                                                                               \
  .few_strict[TRI_OP_##name] = few_strict_##name,                                                  \
  .few_extended[TRI_OP_##name] = few_extended_##name,
#else
#define FEW(name)
#define FEW_OF(name)
#endif
#define OP1(name, value, da, ...) ROW(name, 1, value, __VA_ARGS__)
#define OP2(name, value, da, db, ...) ROW(name, 2, value, __VA_ARGS__)
#define OP3(name, value, da, db, dc, ...) ROW(name, 3, value, __VA_ARGS__)
#include "graph/ops.def"
#undef OP1
#undef OP2
#undef OP3

/* --- rows that another's result makes cheaper: with roots and quotients the time goes */

INLINE mask plain_root(vec r) { return (r > LIMIT(1e-139, 1e-13)) & (r < LIMIT(1e149, 1e18)); }

static void hypot_of_root(void *result, void *a, void *b, void *c) {
  for (int i = 0; i < LANE_BLOCK; i += WIDTH) {
    vec r = load(c, i);
    mask good = plain_root(r);
    if (any(~good)) r = blend(good, r, value_hypot(load(a, i), load(b, i), r, false));
    store(result, i, r);
  }
}

static void unit_of_hypot(void *result, void *a, void *b, void *c) {
  for (int i = 0; i < LANE_BLOCK; i += WIDTH) {
    vec x = load(a, i), h = load(c, i), r = blend(x == 0.0, (vec){0}, x / h);
    mask good = plain_root(h);
    if (any(~good)) r = blend(good, r, value_unit(x, load(b, i), h, false));
    store(result, i, r);
  }
}

/* --- the table */

/* Eight sums of every eighth number, then these in pairs: the same whatever the width of a vector
 * is. */
#define PARTIAL 8
static double sum_of(const void *slot, int count) {
  const REAL *x = slot;
  REAL sum[PARTIAL];
  enum { VECTORS = PARTIAL > (int)WIDTH ? PARTIAL / (int)WIDTH : 1, STEP = VECTORS * (int)WIDTH };
  vec part[VECTORS];
  int i = 0;
  for (int k = 0; k < VECTORS; k++) part[k] = (vec){0};
  for (; STEP == PARTIAL && i + STEP <= count; i += STEP)
    for (int k = 0; k < VECTORS; k++) part[k] += load(x, i + k * (int)WIDTH);
  for (int k = 0; k < PARTIAL; k++)
    sum[k] = STEP == PARTIAL ? part[k / (int)WIDTH][k % (int)WIDTH] : (REAL)0;
  for (; i < count; i++) sum[i % PARTIAL] += x[i];
  return (double)(((sum[0] + sum[4]) + (sum[2] + sum[6])) +
                  ((sum[1] + sum[5]) + (sum[3] + sum[7])));
}

static bool lacks(const void *slot) {
  mask none = {0};
  for (int i = 0; i < LANE_BLOCK; i += WIDTH) {
    vec x = load(slot, i);
    none |= x != x;
  }
  return any(none);
}

/* Some lines are shared, with other blocks or other data: those go by the caches. */
static void stream_ends(REAL *restrict to, const REAL *restrict slot, int head) {
  for (int i = 0; i < head; i++) to[i] = slot[i];
  for (int i = LANE_BLOCK - (LINE_NUMBERS - head) % LINE_NUMBERS; i < LANE_BLOCK; i++)
    to[i] = slot[i];
}

static bool stream(void *restrict to, const void *restrict slot) {
  mask none = {0};
  int head = (int)(-(uintptr_t)to % LINE / sizeof(REAL)), end = LANE_BLOCK;
  if (head) {
    stream_ends(to, slot, head);
    end = head + LANE_BLOCK - LINE_NUMBERS;
  }
  for (int i = head; i < end; i += WIDTH) {
    vec x = load(slot, i);
    store_past((REAL *)to + i, x);
    none |= x != x;
  }
  return any(none) || (head && lacks(slot));
}

#if LANE_DOUBLES
typedef double eight __attribute__((vector_size(64)));
typedef int64_t eight_flags __attribute__((vector_size(64)));
typedef double eight_loose __attribute__((vector_size(64), aligned(8), may_alias));

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define LANE_TURNS 1
#endif
#endif

#ifdef LANE_TURNS
/* Exchanges parts of 1, 2, then 4 numbers between vectors as far apart. */
INLINE void turn(eight *x) {
  eight y[8];
  for (int i = 0; i < 8; i += 2) {
    y[i] = __builtin_shufflevector(x[i], x[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    y[i + 1] = __builtin_shufflevector(x[i], x[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
  for (int i = 0; i < 8; i++) {
    int a = i & ~2, b = a | 2;
    x[i] = i & 2 ? __builtin_shufflevector(y[a], y[b], 2, 3, 10, 11, 6, 7, 14, 15)
                 : __builtin_shufflevector(y[a], y[b], 0, 1, 8, 9, 4, 5, 12, 13);
  }
  for (int i = 0; i < 8; i++) {
    int a = i & ~4, b = a | 4;
    y[i] = i & 4 ? __builtin_shufflevector(x[a], x[b], 4, 5, 6, 7, 12, 13, 14, 15)
                 : __builtin_shufflevector(x[a], x[b], 0, 1, 2, 3, 8, 9, 10, 11);
  }
  for (int i = 0; i < 8; i++) x[i] = y[i];
}

/* Where eight elements begin: the last of those that are no whole eight overlap others. */
INLINE size_t eight_from(size_t e, size_t each) { return e + 8 <= each ? e : each - 8; }
#endif

static bool few_put(double *rows, size_t stride, const double *from, size_t each) {
  size_t e = 0;
  bool lacks = false;
#ifdef LANE_TURNS
  eight_flags none = {0};
  for (; each >= 8 && e < each; e += 8) {
    size_t at = eight_from(e, each);
    eight x[8];
    for (int i = 0; i < 8; i++) {
      x[i] = *(const eight_loose *)(from + (at + (size_t)i) * 8);
      none |= x[i] != x[i];
    }
    turn(x);
    for (size_t i = 0; i < 8; i++) *(eight_loose *)(rows + i * stride + at) = x[i];
  }
  for (int i = 0; i < 8; i++) lacks |= none[i] != 0;
#endif
  for (; e < each; e++)
    for (size_t i = 0; i < 8; i++) {
      double x = from[e * 8 + i];
      rows[i * stride + e] = x;
      lacks |= x != x;
    }
  return lacks;
}

/* Some lines are shared with what others write: those go by the caches. */
static void past(double *to, const double *from, size_t count) {
  size_t head = -(uintptr_t)to % LINE / sizeof(double), i = 0;
  for (; i < count && i < head; i++) to[i] = from[i];
  for (; i + LINE / sizeof(double) <= count; i += WIDTH) store_past(to + i, load(from, (int)i));
  for (; i < count; i++) to[i] = from[i];
}

static void few_take(double *to, const double *const *rows, size_t each) {
  size_t e = 0;
#ifdef LANE_TURNS
  for (; each >= 8 && e < each; e += 8) {
    size_t at = eight_from(e, each);
    eight x[8];
    for (int i = 0; i < 8; i++) x[i] = *(const eight_loose *)(rows[i] + at);
    turn(x);
    for (size_t i = 0; i < 8; i++) *(eight_loose *)(to + (at + i) * 8) = x[i];
  }
#endif
  for (; e < each; e++)
    for (size_t i = 0; i < 8; i++) to[e * 8 + i] = rows[i][e];
}
#endif

static void settle(void) {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

static void of_bytes(void *restrict to, const void *restrict bytes, size_t count, double scale,
                     double offset) {
  REAL *restrict r = to;
  const uint8_t *restrict from = bytes;
  const REAL a = (REAL)scale, b = (REAL)offset;
  for (size_t i = 0; i < count; i++) r[i] = (REAL)from[i] * a + b;
}

#define OP1(name, ...)                                                                             \
  .strict[TRI_OP_##name] = strict_##name, .extended[TRI_OP_##name] = extended_##name,              \
  .many_strict[TRI_OP_##name] = many_strict_##name,                                                \
  .many_extended[TRI_OP_##name] = many_extended_##name, FEW_OF(name)
#define OP2 OP1
#define OP3 OP1
#define PAIRS_OF(inner)                                                                            \
  { pair_##inner##_add, pair_##inner##_sub, pair_##inner##_from, pair_##inner##_mul }
const struct lane_kernels LANE_TABLE;
const struct lane_kernels LANE_TABLE = {
    .name = LANE_SET,
    .sincos = sincos_kernel,
#if LANE_DOUBLES
    .few_sincos = few_sincos_kernel,
    .few_put = few_put,
    .few_take = few_take,
    .past = past,
#endif
    .hypot_of_root = hypot_of_root,
    .unit_of_hypot = unit_of_hypot,
    .sum = sum_of,
    .lacks = lacks,
    .stream = stream,
    .settle = settle,
    .of_bytes = of_bytes,
    .pair = {PAIRS_OF(add), PAIRS_OF(sub), PAIRS_OF(mul)},
#include "graph/ops.def"
};
#undef OP1
#undef OP2
#undef OP3
#pragma GCC diagnostic pop
