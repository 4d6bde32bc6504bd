/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Numbers to text and back: laws checked against GMP, over random bit patterns and at the ends
 * of the range. */
#include <float.h>
#include <gmp.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "tests/runner.h"

static uint64_t state;

/* Marsaglia's xorshift with a multiplier behind it. */
static uint64_t random64(void) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * UINT64_C(2685821657736338717);
}

static unsigned long multiplier(void) {
  const char *text = getenv("TRI_TEST_MULTIPLIER");
  unsigned long value = text ? strtoul(text, NULL, 10) : 1;
  return value ? value : 1;
}

static void seed(void) {
  state = UINT64_C(20261126) * UINT64_C(0x9e3779b97f4a7c15) | 1;
  printf("# seed %" PRIu64 "\n", state);
}

static double from_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static uint64_t to_bits(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

/* --- doubles as text */

static void double_text(double x, char out[64]) {
  tri_text text = {0};
  tri__text_double(&text, x);
  ck_assert_int_eq(text.status, TRI_OK);
  ck_assert_uint_lt(text.size, 64);
  memcpy(out, text.data, text.size + 1);
  tri_text_free(&text);
}

/* The text taken apart without the code under test: q = its value, returned: its significant
 * digits. */
static size_t take_apart(const char *text, mpq_t q, long *last_place) {
  char digits[64];
  size_t n = 0, lead = 0;
  long places = 0, exponent = 0;
  bool point = false;
  const char *p = text + (*text == '-');
  for (; *p && *p != 'e'; p++) {
    if (*p == '.') {
      point = true;
      continue;
    }
    ck_assert_msg(*p >= '0' && *p <= '9', "%s", text);
    digits[n++] = *p;
    places += point;
  }
  digits[n] = 0;
  if (*p == 'e') exponent = strtol(p + 1, NULL, 10);
  while (digits[lead] == '0') lead++;
  mpq_set_ui(q, 0, 1);
  mpz_set_str(mpq_numref(q), digits, 10);
  long ten = exponent - places;
  mpz_t power;
  mpz_init(power);
  mpz_ui_pow_ui(power, 10, (unsigned long)labs(ten));
  if (ten >= 0)
    mpz_mul(mpq_numref(q), mpq_numref(q), power);
  else
    mpz_set(mpq_denref(q), power);
  mpz_clear(power);
  mpq_canonicalize(q);
  if (*text == '-') mpq_neg(q, q);
  while (n > lead && digits[n - 1] == '0') {
    n--;
    ten++;
  }
  *last_place = ten;
  return n - lead;
}

/* Whether q reads back as x: within half of the gaps beside x, ends included when x's mantissa
 * is even. */
static bool reads_as(mpq_t q, double x) {
  mpq_t end, self;
  mpq_inits(end, self, NULL);
  mpq_set_d(self, x);
  bool even = to_bits(x) % 2 == 0, inside = true;
  for (int side = 0; side < 2; side++) {
    double next = nextafter(x, side ? HUGE_VAL : -HUGE_VAL);
    if (isinf(next)) {
      mpq_set_ui(end, 1, 1);
      mpq_mul_2exp(end, end, 1024);
      if (next < 0) mpq_neg(end, end);
    } else
      mpq_set_d(end, next);
    mpq_add(end, end, self);
    mpq_div_2exp(end, end, 1);
    int order = side ? mpq_cmp(end, q) : mpq_cmp(q, end);
    inside = inside && (even ? order >= 0 : order > 0);
  }
  mpq_clears(end, self, NULL);
  return inside;
}

/* q cut to a multiple of 10^place towards zero, or the next one away from zero. */
static void cut(mpq_t result, double x, long place, bool away) {
  mpq_t unit;
  mpq_init(unit);
  mpz_ui_pow_ui(mpq_numref(unit), 10, (unsigned long)labs(place));
  if (place < 0) mpq_inv(unit, unit);
  mpq_set_d(result, x);
  mpq_div(result, result, unit);
  mpz_tdiv_q(mpq_numref(result), mpq_numref(result), mpq_denref(result));
  mpz_set_ui(mpq_denref(result), 1);
  if (away && x > 0)
    mpz_add_ui(mpq_numref(result), mpq_numref(result), 1);
  else if (away)
    mpz_sub_ui(mpq_numref(result), mpq_numref(result), 1);
  mpq_mul(result, result, unit);
  mpq_clear(unit);
}

/* The text of x reads back as x; one digit fewer never does; of as many digits none that does
 * is nearer; and the form is the stated one. */
static void check_double(double x) {
  char text[64];
  mpq_t q, other, self, gap, gap2;
  mpq_inits(q, other, self, gap, gap2, NULL);
  double_text(x, text);
  long place;
  size_t digits = take_apart(text, q, &place);
  ck_assert_msg(reads_as(q, x), "%a is %s", x, text);
  ck_assert_msg(digits <= 17, "%a is %s", x, text);
  mpq_set_d(self, x);
  mpq_sub(gap, q, self);
  mpq_abs(gap, gap);
  for (int away = 0; away < 2; away++) {
    cut(other, x, place + 1, away);
    ck_assert_msg(mpq_sgn(other) == 0 || !reads_as(other, x), "%a is %s, %d", x, text, away);
    cut(other, x, place, away);
    mpq_sub(gap2, other, self);
    mpq_abs(gap2, gap2);
    ck_assert_msg(mpq_cmp(gap, gap2) <= 0 || !reads_as(other, x), "%a is %s, %d", x, text, away);
  }
  double size = fabs(x);
  ck_assert_msg((strchr(text, 'e') == NULL) == (size >= 1e-5 && size < 1e16), "%a is %s", x, text);
  tri_status status;
  size_t length = strlen(text) - (x < 0);
  ck_assert_uint_eq(tri__read_number(text + (x < 0), length, 2000, other, &status), length);
  ck_assert_int_eq(status, TRI_OK);
  if (x < 0) mpq_neg(other, other);
  ck_assert_msg(mpq_equal(q, other), "%s", text);
  ck_assert_msg(to_bits(tri__mpq_double(other)) == to_bits(x), "%s", text);
  mpq_clears(q, other, self, gap, gap2, NULL);
}

START_TEST(random_doubles_are_shortest) {
  seed();
  for (unsigned long i = 0; i < 20000 * multiplier(); i++) {
    double x = from_bits(random64());
    if (isfinite(x) && x != 0.0) check_double(x);
    double small = (double)(random64() >> 40) / 1000.0; /* short decimals */
    if (small != 0.0) check_double(i % 2 ? small : -small);
  }
}
END_TEST

START_TEST(edges_are_shortest) {
  for (int e = -1074; e <= 1023; e++) {
    double power = ldexp(1.0, e);
    check_double(power);
    check_double(-nextafter(power, 0.0) == 0.0 ? power : -nextafter(power, 0.0));
    check_double(nextafter(power, HUGE_VAL));
  }
  check_double(DBL_MAX);
  for (int e = -323; e <= 308; e++) { /* the doubles nearest to powers of ten */
    mpq_t q;
    mpq_init(q);
    mpz_ui_pow_ui(mpq_numref(q), 10, (unsigned long)abs(e));
    if (e < 0) mpq_inv(q, q);
    double x = tri__mpq_double(q);
    mpq_clear(q);
    char text[64], want[64];
    double_text(x, text);
    snprintf(want, sizeof want, "1e%d", e);
    if (e < -5 || e >= 16) ck_assert_str_eq(text, want);
    check_double(x);
  }
}
END_TEST

START_TEST(doubles_as_documented) {
  static const struct {
    double x;
    const char *text;
  } of[] = {{0.0, "0"},
            {-0.0, "-0"},
            {42.0, "42"},
            {-1.5, "-1.5"},
            {0.1, "0.1"},
            {1e22, "1e22"},
            {1.5e-7, "1.5e-7"},
            {1e-5, "0.00001"},
            {1e15, "1000000000000000"},
            {1e16, "1e16"},
            {HUGE_VAL, "inf"},
            {-HUGE_VAL, "-inf"},
            {5e-324, "5e-324"},
            {0.3, "0.3"},
            {9007199254740993.0, "9007199254740992"},
            {1.0 / 3.0, "0.3333333333333333"},
            {2e-5, "0.00002"},
            {9.999999999999999e-6, "9.999999999999999e-6"},
            {1.7976931348623157e308, "1.7976931348623157e308"},
            {2.2250738585072014e-308, "2.2250738585072014e-308"},
            {123456.789, "123456.789"},
            {1e21, "1e21"}};
  char text[64];
  for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
    double_text(of[i].x, text);
    ck_assert_str_eq(text, of[i].text);
  }
  double_text(NAN, text);
  ck_assert_str_eq(text, "nan");
}
END_TEST

/* --- the nearest double */

static void check_nearest(mpq_t q) {
  double d = tri__mpq_double(q);
  mpq_t limit;
  mpq_init(limit);
  if (isinf(d)) { /* from DBL_MAX and half a unit on, the half included */
    mpq_set_ui(limit, 1, 1);
    mpq_mul_2exp(limit, limit, 1024);
    mpq_t half;
    mpq_init(half);
    mpq_set_ui(half, 1, 1);
    mpq_mul_2exp(half, half, 970);
    mpq_sub(limit, limit, half);
    mpq_clear(half);
    mpq_t size;
    mpq_init(size);
    mpq_abs(size, q);
    ck_assert_int_ge(mpq_cmp(size, limit), 0);
    mpq_clear(size);
    ck_assert_int_eq(d > 0, mpq_sgn(q) > 0);
  } else
    ck_assert_msg(reads_as(q, d), "%a", d);
  mpq_clear(limit);
}

static void random_integer(mpz_t z, unsigned bits) {
  mpz_set_ui(z, 0);
  for (unsigned done = 0; done < bits; done += 32) {
    mpz_mul_2exp(z, z, 32);
    mpz_add_ui(z, z, (unsigned long)(random64() >> 32));
  }
  mpz_tdiv_r_2exp(z, z, bits);
  mpz_setbit(z, bits);
}

START_TEST(rationals_round_to_nearest) {
  seed();
  mpq_t q, eps;
  mpq_inits(q, eps, NULL);
  for (unsigned long i = 0; i < 20000 * multiplier(); i++) {
    random_integer(mpq_numref(q), (unsigned)(random64() % 1200));
    random_integer(mpq_denref(q), (unsigned)(random64() % (i % 2 ? 1200 : 64)));
    mpq_canonicalize(q);
    if (random64() % 2) mpq_neg(q, q);
    check_nearest(q);
    /* halfway between two doubles, and a hair beside it */
    double x = from_bits(random64() & (i % 4 ? UINT64_MAX : UINT64_C(0x801fffffffffffff)));
    if (!isfinite(x)) continue;
    mpq_set_d(q, x);
    mpq_set_d(eps, nextafter(x, x / 2 == 0 ? 1.0 : 0.0));
    mpq_add(q, q, eps);
    mpq_div_2exp(q, q, 1);
    check_nearest(q);
    mpq_set_ui(eps, 1, 3);
    mpq_div_2exp(eps, eps, 1200);
    mpq_add(q, q, eps);
    check_nearest(q);
    mpq_set_d(q, x);
    if (x != 0.0) ck_assert_msg(to_bits(tri__mpq_double(q)) == to_bits(x), "%a", x);
    tri__mpq_set_double(eps, x);
    ck_assert(mpq_equal(q, eps));
  }
  mpq_clears(q, eps, NULL);
}
END_TEST

START_TEST(ends_of_the_range) {
  mpq_t q;
  mpq_init(q);
  ck_assert(to_bits(tri__mpq_double(q)) == 0);
  mpz_ui_pow_ui(mpq_numref(q), 2, 1024);
  ck_assert(isinf(tri__mpq_double(q)));
  mpz_ui_pow_ui(mpq_numref(q), 2, 5000);
  ck_assert(tri__mpq_double(q) == HUGE_VAL);
  mpq_inv(q, q);
  ck_assert(tri__mpq_double(q) == 0.0);
  mpq_set_ui(q, 1, 1);
  mpq_div_2exp(q, q, 1075); /* half of the least: to even, which is 0 */
  ck_assert(tri__mpq_double(q) == 0.0);
  mpz_set_ui(mpq_numref(q), 3); /* three halves of it: 2 */
  ck_assert(to_bits(tri__mpq_double(q)) == 2);
  mpq_neg(q, q);
  ck_assert(to_bits(tri__mpq_double(q)) == (UINT64_C(1) << 63 | 2));
  mpz_set_ui(mpq_numref(q), 1000001);
  mpz_set_ui(mpq_denref(q), 1000000);
  mpq_div_2exp(q, q, 1075);
  ck_assert(to_bits(tri__mpq_double(q)) == 1);
  mpq_clear(q);
}
END_TEST

/* --- exact numbers as text */

static void expect_text(void (*print)(tri_text *, mpq_srcptr), const char *num, const char *den,
                        const char *want) {
  tri_text text = {0};
  mpq_t q;
  mpq_init(q);
  mpz_set_str(mpq_numref(q), num, 10);
  mpz_set_str(mpq_denref(q), den, 10);
  mpq_canonicalize(q);
  print(&text, q);
  ck_assert_str_eq(text.data, want);
  tri_text_free(&text);
  mpq_clear(q);
}

START_TEST(rationals_as_text) {
  expect_text(tri__text_rational, "42", "1", "42");
  expect_text(tri__text_rational, "-1", "3", "-1/3");
  expect_text(tri__text_rational, "0", "7", "0");
  expect_text(tri__text_rational, "123456789012345678901234567891", "7",
              "123456789012345678901234567891/7");
  expect_text(tri__text_number, "0", "1", "0");
  expect_text(tri__text_number, "1", "10", "0.1");
  expect_text(tri__text_number, "-3", "8", "-0.375");
  expect_text(tri__text_number, "1", "3", "1/3");
  expect_text(tri__text_number, "7", "30", "7/30");
  expect_text(tri__text_number, "-1200", "1", "-1200");
  expect_text(tri__text_number, "10000000000000000000000", "1", "1e22");
  expect_text(tri__text_number, "100000000000000000000001", "1", "100000000000000000000001");
  expect_text(tri__text_number, "1", "1000000", "1e-6");
  expect_text(tri__text_number, "12345678901234567", "100", "123456789012345.67");
  expect_text(tri__text_number, "123456789012345678", "100", "61728394506172839/50");
  expect_text(tri__text_number, "1", "1180591620717411303424", "1/1180591620717411303424");
  expect_text(tri__text_number, "-340282366920938463463374607431768211456", "1",
              "-340282366920938463463374607431768211456");
}
END_TEST

/* Any exact number's text reads back as itself. */
START_TEST(exact_text_reads_back) {
  seed();
  mpq_t q, num, den;
  mpq_inits(q, num, den, NULL);
  for (unsigned long i = 0; i < 20000 * multiplier(); i++) {
    random_integer(mpq_numref(q), (unsigned)(random64() % 70));
    mpz_ui_pow_ui(mpq_denref(q), random64() % 2 ? 10 : 2, (unsigned long)(random64() % 40));
    if (i % 3 == 0) mpz_mul_ui(mpq_numref(q), mpq_numref(q), 1000000000);
    mpq_canonicalize(q);
    tri_text text = {0};
    tri__text_number(&text, q);
    tri_status status;
    size_t n = tri__read_number(text.data, text.size, 1000, num, &status);
    ck_assert_int_eq(status, TRI_OK);
    if (n < text.size) {
      ck_assert_int_eq(text.data[n], '/');
      ck_assert_uint_eq(
          n + 1 + tri__read_number(text.data + n + 1, text.size - n - 1, 1000, den, &status),
          text.size);
      mpq_div(num, num, den);
    }
    ck_assert_msg(mpq_equal(q, num), "%s", text.data);
    tri_text_free(&text);
  }
  mpq_clears(q, num, den, NULL);
}
END_TEST

/* --- reading */

START_TEST(reads_literals) {
  static const struct {
    const char *text, *value;
    size_t size;
  } of[] = {{"2", "2", 1},
            {"0.1", "1/10", 3},
            {"1e-3", "1/1000", 4},
            {"0x1.8p3", "12", 7},
            {"007", "7", 3},
            {"1..3", "1", 1},
            {"1.x", "1", 1},
            {"2e", "2", 1},
            {"2e+", "2", 1},
            {"2ex", "2", 1},
            {"2E3x", "2000", 3},
            {"0x", "0", 1},
            {"0xg", "0", 1},
            {"0xFf", "255", 4},
            {"0x.8", "1/2", 4},
            {".5", "1/2", 2},
            {"1.50", "3/2", 4},
            {"100.00", "100", 6},
            {"0.000", "0", 5},
            {"0e99999999999999999999", "0", 22},
            {"1.5.2", "3/2", 3},
            {"1e3.5", "1000", 3},
            {"12.5e1", "125", 6},
            {"0x10p-4", "1", 7},
            {"0x1p+2", "4", 6},
            {"1e0", "1", 3},
            {"5e-1", "1/2", 4},
            {"2.5e-1", "1/4", 6},
            {"0.75", "3/4", 4},
            {"3125e-7", "1/3200", 7},
            {"1024e-3", "128/125", 7},
            {"15625e-2", "625/4", 8},
            {"1234567890123456789012345.5", "2469135780246913578024691/2", 27}};
  mpq_t q, want;
  mpq_inits(q, want, NULL);
  for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
    tri_status status = TRI_UNKNOWN;
    size_t n = tri__read_number(of[i].text, strlen(of[i].text), 100, q, &status);
    mpq_set_str(want, of[i].value, 10);
    ck_assert_msg(n == of[i].size && status == TRI_OK && mpq_equal(q, want), "%s", of[i].text);
  }
  static const char *const wrong[] = {"", ".", "..", "e3", "x", "-1", "+1", ".e1", " 1", "p3"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    tri_status status = TRI_OK;
    ck_assert_uint_eq(tri__read_number(wrong[i], strlen(wrong[i]), 100, q, &status), 0);
    ck_assert_int_eq(status, TRI_SYNTAX);
  }
  mpq_clears(q, want, NULL);
}
END_TEST

/* Random literals against arithmetic on their parts; also canonical, and read within the given
 * size only. */
START_TEST(reads_random_literals) {
  seed();
  mpq_t q, want, copy;
  mpq_inits(q, want, copy, NULL);
  mpz_t power;
  mpz_init(power);
  for (unsigned long i = 0; i < 20000 * multiplier(); i++) {
    char text[256], digits[128];
    bool hex = random64() % 3 == 0;
    size_t n = 1 + random64() % 60, point = random64() % (n + 1);
    for (size_t j = 0; j < n; j++)
      digits[j] = random64() % 3 == 0 ? '0' : "0123456789abcdef"[random64() % (hex ? 16 : 10)];
    digits[n] = 0;
    long exponent = (long)(random64() % 121) - 60;
    int size = snprintf(text, sizeof text, "%s%.*s%s%s%c%ld", hex ? "0x" : "", (int)point, digits,
                        point < n ? "." : "", digits + point, hex ? 'p' : 'e', exponent);
    tri_status status;
    size_t read = tri__read_number(text, (size_t)size, 1000, q, &status);
    ck_assert_msg(read == (size_t)size && status == TRI_OK, "%s", text);
    mpq_set_ui(want, 0, 1);
    mpz_set_str(mpq_numref(want), digits, hex ? 16 : 10);
    long places = hex ? 4 * (long)(n - point) : (long)(n - point);
    long ten = exponent - places;
    mpz_ui_pow_ui(power, hex ? 2 : 10, (unsigned long)labs(ten));
    if (ten >= 0)
      mpz_mul(mpq_numref(want), mpq_numref(want), power);
    else
      mpz_set(mpq_denref(want), power);
    mpq_canonicalize(want);
    ck_assert_msg(mpq_equal(q, want), "%s", text);
    mpq_set(copy, q);
    mpq_canonicalize(copy);
    ck_assert_msg(mpz_cmp(mpq_denref(copy), mpq_denref(q)) == 0, "%s", text);
  }
  mpz_clear(power);
  mpq_clears(q, want, copy, NULL);
}
END_TEST

/* What would be too long is refused without being computed, and a number just within the limit
 * is not. */
START_TEST(limits_of_literals) {
  static const char *const wrong[] = {"1e1000000000",
                                      "1e99999999999999999999999",
                                      "1e-1000000000",
                                      "0x1p99999999999999",
                                      "0x1p-9223372036854775807",
                                      "1e1001",
                                      "1e-1001",
                                      "123e999"};
  mpq_t q;
  mpq_init(q);
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    tri_status status = TRI_OK;
    ck_assert_uint_eq(tri__read_number(wrong[i], strlen(wrong[i]), 1000, q, &status), 0);
    ck_assert_int_eq(status, TRI_LIMIT);
    if (i < 5) {
      ck_assert_uint_eq(
          tri__read_number(wrong[i], strlen(wrong[i]), UINT64_C(900000000), q, &status), 0);
      ck_assert_int_eq(status, TRI_LIMIT);
    }
  }
  static const char *const right[] = {"1e999", "12e998", "1e-999", "0.5e-997"};
  for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
    tri_status status = TRI_LIMIT;
    ck_assert_uint_eq(tri__read_number(right[i], strlen(right[i]), 1000, q, &status),
                      strlen(right[i]));
    ck_assert_int_eq(status, TRI_OK);
  }
  mpq_clear(q);
}
END_TEST

/* A literal of a million digits is read, and written again, in well under the time that a
 * quadratic method takes. */
START_TEST(long_literals) {
  enum { N = 1000000 };
  char *text = malloc(N + 1);
  ck_assert_ptr_nonnull(text);
  state = 12345;
  for (size_t i = 0; i < N; i++) text[i] = (char)('1' + random64() % 9);
  text[N] = 0;
  mpq_t q;
  mpq_init(q);
  tri_status status;
  clock_t start = clock();
  ck_assert_uint_eq(tri__read_number(text, N, N - 1, q, &status), 0);
  ck_assert_int_eq(status, TRI_LIMIT);
  ck_assert_uint_eq(tri__read_number(text, N, N, q, &status), N);
  tri_text out = {0};
  tri__text_rational(&out, q);
  ck_assert_uint_eq(out.size, N);
  ck_assert_int_eq(memcmp(out.data, text, N), 0);
  text[1] = '.'; /* as many places behind the point: canonical in quasi-linear time too */
  ck_assert_uint_eq(tri__read_number(text, N, N, q, &status), N);
  ck_assert_uint_eq(mpz_sizeinbase(mpq_denref(q), 10),
                    text[N - 1] % 2 ? N - 1 : mpz_sizeinbase(mpq_denref(q), 10));
  ck_assert_int_lt((clock() - start) / CLOCKS_PER_SEC, 20);
  tri_text_free(&out);
  mpq_clear(q);
  free(text);
}
END_TEST

/* No text depends on the locale: the comma locales that the system has, or at least the one it
 * runs in. */
START_TEST(locale_does_not_show) {
  static const char *const names[] = {"C",           "",      "de_DE.UTF-8",
                                      "fr_FR.UTF-8", "de_DE", "ar_SA.UTF-8"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (!setlocale(LC_ALL, names[i])) continue;
    char text[64];
    double_text(1234567.25, text);
    ck_assert_str_eq(text, "1234567.25");
    double_text(1.5e-7, text);
    ck_assert_str_eq(text, "1.5e-7");
    tri_status status;
    mpq_t q;
    mpq_init(q);
    ck_assert_uint_eq(tri__read_number("1.5,25", 6, 100, q, &status), 3);
    ck_assert_int_eq(mpq_cmp_ui(q, 3, 2), 0);
    mpq_clear(q);
    expect_text(tri__text_number, "1234567", "10", "123456.7");
  }
}
END_TEST

/* Digits and nothing else, up to 2^64 - 1. */
START_TEST(reads_whole_numbers) {
  static const struct {
    const char *text;
    uint64_t number;
    bool good;
  } cases[] = {{"0", 0, true},
               {"007", 7, true},
               {"18446744073709551615", UINT64_MAX, true},
               {"18446744073709551616", 0, false},
               {"184467440737095516150", 0, false},
               {"", 0, false},
               {"-1", 0, false},
               {"+1", 0, false},
               {" 1", 0, false},
               {"1 ", 0, false},
               {"1.0", 0, false}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint64_t number;
    ck_assert_int_eq(tri__read_digits(cases[i].text, &number), cases[i].good);
    if (cases[i].good) ck_assert_uint_eq(number, cases[i].number);
  }
}
END_TEST

static Suite *number_suite(void) {
  Suite *suite = suite_create("number");
  TCase *tc = tcase_create("number");
  tcase_add_test(tc, random_doubles_are_shortest);
  tcase_add_test(tc, edges_are_shortest);
  tcase_add_test(tc, doubles_as_documented);
  tcase_add_test(tc, rationals_round_to_nearest);
  tcase_add_test(tc, ends_of_the_range);
  tcase_add_test(tc, rationals_as_text);
  tcase_add_test(tc, exact_text_reads_back);
  tcase_add_test(tc, reads_literals);
  tcase_add_test(tc, reads_random_literals);
  tcase_add_test(tc, reads_whole_numbers);
  tcase_add_test(tc, limits_of_literals);
  tcase_add_test(tc, long_literals);
  tcase_add_test(tc, locale_does_not_show);
  suite_add_tcase(suite, tc);
  return suite;
}

int main(void) { return tri_test_main("number", number_suite); }
