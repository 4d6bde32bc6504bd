/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Numbers as text and back, exactly, in integers of GMP: nothing here depends on the locale or
 * on the rounding mode. */
#include <math.h>
#include <string.h>

#include "base/text.h"

#define MOST_DIGITS UINT64_C(1000000000) /* whatever the limit: GMP aborts on what it cannot hold */

enum {
  WORD_DIGITS = 18,       /* decimal digits that always fit 63 bits */
  SHORT_DIGITS = 17,      /* the longest decimal that stands for an exact rational */
  DOUBLE_DIGITS = 17,     /* the most that a shortest decimal of a double needs */
  LOWEST_POSITIONAL = -5, /* exponents of the first digit between which no exponent is written */
  HIGHEST_POSITIONAL = 15
};

static void set_u64(mpz_ptr z, uint64_t value) { mpz_import(z, 1, -1, sizeof value, 0, 0, &value); }

static uint64_t get_u64(mpz_srcptr z) {
  uint64_t value = 0;
  mpz_export(&value, NULL, -1, sizeof value, 0, 0, z);
  return value;
}

/* --- decimals out */

void tri__text_decimal(tri_text *text, bool negative, const char *digits, size_t n,
                       int64_t exponent) {
  if (negative) tri__text_putc(text, '-');
  if (exponent < LOWEST_POSITIONAL || exponent > HIGHEST_POSITIONAL) {
    tri__text_putc(text, digits[0]);
    if (n > 1) tri__text_putc(text, '.');
    tri__text_add(text, digits + 1, n - 1);
    tri__text_printf(text, "e%lld", (long long)exponent);
    return;
  }
  if (exponent < 0) {
    tri__text_add(text, "0.00000", (size_t)(1 - exponent));
    tri__text_add(text, digits, n);
    return;
  }
  size_t before = (size_t)exponent + 1;
  tri__text_add(text, digits, n < before ? n : before);
  for (size_t i = n; i < before; i++) tri__text_putc(text, '0');
  if (n > before) {
    tri__text_putc(text, '.');
    tri__text_add(text, digits + before, n - before);
  }
}

/* The state of Steele and White's generation of shortest digits ("How to print floating-point
 * numbers accurately", 1990, with the exponent estimated as by Burger and Dybvig, 1996): the
 * value is r/s, and whatever lies within low/s below and high/s above it reads back as the same
 * double. */
struct shortest {
  mpz_t r, s, low, high, t;
  bool even; /* then the ends of that interval read back too */
};

/* Whether r + high reaches s: the digits so far may be rounded up. */
static bool reaches(struct shortest *g) {
  mpz_add(g->t, g->r, g->high);
  int order = mpz_cmp(g->t, g->s);
  return g->even ? order >= 0 : order > 0;
}

static bool near_below(struct shortest *g) {
  int order = mpz_cmp(g->r, g->low);
  return g->even ? order <= 0 : order < 0;
}

static void times_ten(struct shortest *g) {
  mpz_mul_ui(g->r, g->r, 10);
  mpz_mul_ui(g->low, g->low, 10);
  mpz_mul_ui(g->high, g->high, 10);
}

/* A binary format: bits of the mantissa, and the exponent of its last bit at the bottom of the range. */
struct format {
  int bits, least;
};
static const struct format double_format = {53, -1074}, float_format = {24, -149};

/* Sets up mantissa * 2^exponent. At a power of two the gap below is half as wide as the one
 * above, but not at the bottom of the range. */
static void shortest_start(struct shortest *g, struct format format, uint64_t mantissa,
                           int exponent) {
  bool narrow = mantissa == (uint64_t)1 << (format.bits - 1) && exponent > format.least;
  mpz_inits(g->r, g->s, g->low, g->high, g->t, NULL);
  g->even = mantissa % 2 == 0;
  mp_bitcnt_t up = exponent > 0 ? (mp_bitcnt_t)exponent : 0;
  mp_bitcnt_t down = exponent < 0 ? (mp_bitcnt_t)-exponent : 0;
  set_u64(g->r, mantissa);
  mpz_mul_2exp(g->r, g->r, up + 1 + narrow);
  mpz_setbit(g->s, down + 1 + narrow);
  mpz_setbit(g->low, up);
  mpz_setbit(g->high, up + narrow);
}

/* The floor of log10(2^n), exactly for |n| < 2136: 20201781/2^26 is below log10(2) by 8e-9, and
 * no power of two in that range is so near to a power of ten. */
static int floor_log10(int n) {
  int64_t magnitude = (int64_t)(n < 0 ? -n : n) * 20201781 / ((int64_t)1 << 26);
  return (int)(n < 0 ? -magnitude - 1 : magnitude);
}

/* Scales r/s into [0.1, 1), or what rounds up to 1 into [1, 10); returns the exponent of the
 * first digit. */
static int shortest_scale(struct shortest *g, int log2) {
  int exponent = floor_log10(log2);
  mpz_ui_pow_ui(g->t, 10, (unsigned long)(exponent < 0 ? -exponent : exponent));
  if (exponent >= 0)
    mpz_mul(g->s, g->s, g->t);
  else {
    mpz_mul(g->r, g->r, g->t);
    mpz_mul(g->low, g->low, g->t);
    mpz_mul(g->high, g->high, g->t);
  }
  while (reaches(g)) {
    mpz_mul_ui(g->s, g->s, 10);
    exponent++;
  }
  return exponent - 1;
}

/* The digits of 0 <= r/s < 1, which are followed until the rest is within the interval; the
 * last is the nearer one. */
static size_t shortest_digits(struct shortest *g, char digits[DOUBLE_DIGITS + 1]) {
  size_t n = 0;
  for (;;) {
    times_ten(g);
    mpz_tdiv_qr(g->t, g->r, g->r, g->s);
    unsigned digit = (unsigned)mpz_get_ui(g->t);
    bool down = near_below(g), up = reaches(g);
    if (down || up) {
      mpz_mul_2exp(g->t, g->r, 1);
      if (up && (!down || mpz_cmp(g->t, g->s) >= 0)) digit++;
      digits[n++] = (char)('0' + digit);
      return n;
    }
    digits[n++] = (char)('0' + digit);
  }
}

static void text_shortest(tri_text *text, struct format format, double x) {
  bool negative = signbit(x) != 0;
  if (isnan(x) || isinf(x) || x == 0.0) {
    tri__text_puts(text, isnan(x)   ? "nan"
                         : isinf(x) ? negative ? "-inf" : "inf"
                         : negative ? "-0"
                                    : "0");
    return;
  }
  int exponent;
  double fraction = frexp(fabs(x), &exponent);
  int bits = exponent - format.least; /* of the mantissa: fewer below the normal range */
  if (bits > format.bits) bits = format.bits;
  struct shortest g;
  char digits[DOUBLE_DIGITS + 1];
  shortest_start(&g, format, (uint64_t)ldexp(fraction, bits), exponent - bits);
  int first = shortest_scale(&g, exponent - 1);
  size_t n = shortest_digits(&g, digits);
  mpz_clears(g.r, g.s, g.low, g.high, g.t, NULL);
  tri__text_decimal(text, negative, digits, n, first);
}

void tri__text_double(tri_text *text, double x) { text_shortest(text, double_format, x); }

void tri__text_float(tri_text *text, float x) { text_shortest(text, float_format, (double)x); }

/* --- rationals out */

static void put_integer(tri_text *text, mpz_srcptr z) {
  char *room = tri__text_room(text, mpz_sizeinbase(z, 10) + 2);
  if (!room) return;
  mpz_get_str(room, 10, z);
  text->size += strlen(room);
}

void tri__text_rational(tri_text *text, mpq_srcptr q) {
  put_integer(text, mpq_numref(q));
  if (mpz_cmp_ui(mpq_denref(q), 1) != 0) {
    tri__text_putc(text, '/');
    put_integer(text, mpq_denref(q));
  }
}

/* |q| = m * 10^*exponent with an integer m of at most SHORT_DIGITS digits that does not end in
 * 0; false if there is none. q is not 0. A canonical denominator 2^i 5^j leaves a numerator
 * without the factor that it has, so the decimal of max(i, j) places has no 0 at its end. */
static bool short_decimal(mpq_srcptr q, mpz_ptr m, int64_t *exponent) {
  enum { BITS = 57 }; /* 10^17 < 2^57 */
  mpz_t five;
  mpz_init_set_ui(five, 5);
  bool integer = mpz_cmp_ui(mpq_denref(q), 1) == 0;
  mpz_srcptr part = integer ? mpq_numref(q) : mpq_denref(q);
  mp_bitcnt_t twos = mpz_scan1(part, 0);
  mp_bitcnt_t fives = mpz_remove(m, part, five);
  mpz_clear(five);
  if (integer) {
    mp_bitcnt_t zeros = twos < fives ? twos : fives;
    mpz_ui_pow_ui(m, 10, zeros);
    mpz_divexact(m, part, m);
    *exponent = (int64_t)zeros;
  } else {
    mpz_tdiv_q_2exp(m, m, twos);
    mp_bitcnt_t places = twos > fives ? twos : fives;
    if (mpz_cmp_ui(m, 1) != 0 || mpz_sizeinbase(mpq_numref(q), 2) > BITS ||
        places - twos + 2 * (places - fives) > BITS)
      return false;
    mpz_ui_pow_ui(m, 5, places - fives);
    mpz_mul(m, m, mpq_numref(q));
    mpz_mul_2exp(m, m, places - twos);
    *exponent = -(int64_t)places;
  }
  mpz_abs(m, m);
  return mpz_sizeinbase(m, 2) <= BITS && get_u64(m) < 100000000000000000u;
}

void tri__text_number(tri_text *text, mpq_srcptr q) {
  if (mpq_sgn(q) == 0) {
    tri__text_putc(text, '0');
    return;
  }
  mpz_t m;
  int64_t exponent;
  mpz_init(m);
  if (short_decimal(q, m, &exponent)) {
    char digits[SHORT_DIGITS + 3];
    mpz_get_str(digits, 10, m);
    size_t n = strlen(digits);
    tri__text_decimal(text, mpq_sgn(q) < 0, digits, n, exponent + (int64_t)n - 1);
  } else
    tri__text_rational(text, q);
  mpz_clear(m);
}

/* --- doubles */

/* keep the `bits` upper bits of the `size` bits of q, ties to even; below q something was cut
 * off if sticky. */
static uint64_t round_bits(uint64_t q, int size, int bits, bool sticky) {
  int drop = size - bits;
  uint64_t kept = q >> drop, half = (uint64_t)1 << (drop - 1), rest = q & (2 * half - 1);
  bool up = rest > half || (rest == half && (sticky || kept % 2 == 1));
  return kept + up;
}

/* The nearest number of a format, whose normal numbers begin at 2^(least + bits - 1). Huge ones are left to the caller. */
static double nearest(mpq_srcptr q, struct format format) {
  mpz_srcptr num = mpq_numref(q), den = mpq_denref(q);
  double sign = mpq_sgn(q) < 0 ? -1.0 : 1.0;
  if (mpq_sgn(q) == 0) return 0.0;
  /* 2^(ratio-1) < |q| < 2^(ratio+1) */
  int64_t ratio = (int64_t)mpz_sizeinbase(num, 2) - (int64_t)mpz_sizeinbase(den, 2);
  if (ratio > 1025) return sign * HUGE_VAL;
  if (ratio < format.least - 2) return sign * 0.0;
  int64_t shift = 62 - ratio;
  mpz_t a, b;
  mpz_inits(a, b, NULL);
  mpz_mul_2exp(a, num, shift > 0 ? (mp_bitcnt_t)shift : 0);
  mpz_mul_2exp(b, den, shift < 0 ? (mp_bitcnt_t)-shift : 0);
  mpz_tdiv_qr(a, b, a, b);
  uint64_t quotient = get_u64(a);
  int size = (int)mpz_sizeinbase(a, 2); /* 62 or 63 */
  bool sticky = mpz_sgn(b) != 0;
  mpz_clears(a, b, NULL);
  int64_t below = size - shift - format.least; /* bits from the first to the last of the format */
  int bits = below < format.bits ? (int)below : format.bits;
  if (bits < 0) return sign * 0.0;
  uint64_t kept = round_bits(quotient, size, bits, sticky);
  return sign * ldexp((double)kept, (int)(size - bits - shift));
}

double tri__mpq_double(mpq_srcptr q) { return nearest(q, double_format); }
float tri__mpq_float(mpq_srcptr q) { return (float)nearest(q, float_format); }

void tri__mpq_set_double(mpq_ptr q, double x) { mpq_set_d(q, x); }

/* --- numbers in */

static int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

/* A literal taken apart: the value is the digits of text[first … last) without the point, times
 * 10^exponent, or 2^exponent if it is hexadecimal. */
struct literal {
  int base;
  size_t first, last; /* from the first digit that is not 0 to behind the last such; equal: zero */
  size_t digits;
  int64_t exponent; /* decimal: of 10; hexadecimal: of 2 */
  size_t size;
};

/* An optional exponent at text[at]: its end, or `at` if there is none. Saturates far beyond any
 * limit. */
static size_t scan_exponent(const char *text, size_t size, size_t at, char letter,
                            int64_t *exponent) {
  const int64_t most = INT64_MAX / 64;
  if (at >= size || (text[at] | 0x20) != letter) return at;
  size_t i = at + 1;
  bool negative = i < size && text[i] == '-';
  i += i < size && (text[i] == '-' || text[i] == '+');
  if (i >= size || digit_value(text[i]) > 9) return at;
  int64_t value = 0;
  for (; i < size && digit_value(text[i]) <= 9; i++)
    value = value < most ? value * 10 + digit_value(text[i]) : most;
  *exponent = negative ? -value : value;
  return i;
}

/* The digits from `at` on, with a point among them if a digit follows it. Leading and trailing
 * zeros are left out of the significant part and put into the exponent. */
static size_t scan_digits(const char *text, size_t size, size_t at, struct literal *n) {
  bool point = false, started = false;
  int64_t places = 0, zeros = 0; /* digits behind the point; zeros since the last other digit */
  for (; at < size; at++) {
    bool more = at + 1 < size && digit_value(text[at + 1]) < n->base;
    if (text[at] == '.' && !point && more) {
      point = true;
      continue;
    }
    int digit = digit_value(text[at]);
    if (digit >= n->base) break;
    places += point;
    if (digit == 0) {
      zeros += started;
      continue;
    }
    n->first = started ? n->first : at;
    n->digits += (size_t)(started ? zeros : 0) + 1;
    n->last = at + 1;
    started = true;
    zeros = 0;
  }
  n->exponent = zeros - places;
  return at;
}

static bool scan_literal(const char *text, size_t size, struct literal *n) {
  *n = (struct literal){.base = 10};
  size_t at = 0;
  if (size > 2 && text[0] == '0' && (text[1] | 0x20) == 'x' &&
      (digit_value(text[2]) < 16 || (text[2] == '.' && size > 3 && digit_value(text[3]) < 16))) {
    n->base = 16;
    at = 2;
  }
  size_t end = scan_digits(text, size, at, n);
  if (end == at) return false;
  int64_t exponent = 0;
  n->size = scan_exponent(text, size, end, n->base == 10 ? 'e' : 'p', &exponent);
  n->exponent = (n->base == 10 ? n->exponent : 4 * n->exponent) + exponent;
  return true;
}

/* Decimal digits of the number written out, before and behind the point; never too few. */
static uint64_t written_digits(const struct literal *n) {
  uint64_t digits =
      n->base == 10 ? n->digits : n->digits + n->digits / 4 + 1; /* log10(16) < 1.25 */
  int64_t length = (int64_t)digits;
  if (n->exponent >= 0)
    return digits + (uint64_t)(n->base == 10 ? n->exponent : n->exponent / 3 + 1);
  int64_t behind = -n->exponent;
  int64_t before = length - (n->base == 10 ? behind : behind / 4);
  return (uint64_t)behind + (uint64_t)(before > 1 ? before : 1);
}

/* The digits as an integer. Many digits go through mpz_set_str, which is quasi-linear; it wants
 * them in one string without a point, for which the limbs of an integer are borrowed. */
static void digits_value(const char *text, const struct literal *n, mpz_ptr z) {
  if (n->digits <= (n->base == 10 ? WORD_DIGITS : 15)) {
    uint64_t value = 0;
    for (size_t i = n->first; i < n->last; i++)
      if (text[i] != '.') value = value * (uint64_t)n->base + (uint64_t)digit_value(text[i]);
    set_u64(z, value);
    return;
  }
  mpz_t room;
  mpz_init(room);
  char *string = (char *)mpz_limbs_write(room, (mp_size_t)(n->digits / sizeof(mp_limb_t) + 1));
  size_t length = 0;
  for (size_t i = n->first; i < n->last; i++)
    if (text[i] != '.') string[length++] = text[i];
  string[length] = 0;
  mpz_set_str(z, string, n->base);
  mpz_limbs_finish(room, 0);
  mpz_clear(room);
}

/* q = numerator / 10^k, canonical. The numerator does not end in 0, so 2 and 5 do not both
 * divide it. */
static void divide_by_power_of_ten(mpq_ptr q, uint64_t k) {
  mpz_ptr num = mpq_numref(q), den = mpq_denref(q);
  uint64_t common = mpz_scan1(num, 0), fives = k;
  if (common > 0) {
    common = common < k ? common : k;
    mpz_tdiv_q_2exp(num, num, (mp_bitcnt_t)common);
  } else if (mpz_divisible_ui_p(num, 5)) {
    mpz_set_ui(den, 5);
    uint64_t removed = mpz_remove(num, num, den);
    fives = removed < k ? k - removed : 0;
    if (removed > k) {
      mpz_ui_pow_ui(den, 5, (unsigned long)(removed - k));
      mpz_mul(num, num, den);
    }
  }
  mpz_ui_pow_ui(den, 5, (unsigned long)fives);
  mpz_mul_2exp(den, den, (mp_bitcnt_t)(k - common));
}

/* Multiplies the numerator, as far as it is read, by its power of ten or two. */
static void scale(mpq_ptr q, const struct literal *n) {
  bool down = n->exponent < 0;
  uint64_t k = down ? 0 - (uint64_t)n->exponent : (uint64_t)n->exponent;
  if (k == 0) return;
  if (n->base == 16 && down)
    mpq_div_2exp(q, q, (mp_bitcnt_t)k);
  else if (n->base == 16)
    mpq_mul_2exp(q, q, (mp_bitcnt_t)k);
  else if (down)
    divide_by_power_of_ten(q, k);
  else {
    mpz_ui_pow_ui(mpq_denref(q), 10, (unsigned long)k);
    mpz_mul(mpq_numref(q), mpq_numref(q), mpq_denref(q));
    mpz_set_ui(mpq_denref(q), 1);
  }
}

size_t tri__read_number(const char *text, size_t size, uint64_t digits, mpq_ptr q,
                        tri_status *status) {
  struct literal n;
  *status = TRI_OK;
  if (!scan_literal(text, size, &n)) {
    *status = TRI_SYNTAX;
    return 0;
  }
  mpq_set_ui(q, 0, 1);
  digits = digits < MOST_DIGITS ? digits : MOST_DIGITS;
  if (n.digits == 0) return n.size;
  if (written_digits(&n) > digits) {
    *status = TRI_LIMIT;
    return 0;
  }
  digits_value(text, &n, mpq_numref(q));
  scale(q, &n);
  return n.size;
}

bool tri__read_digits(const char *text, uint64_t *number) {
  const char *c = text;
  *number = 0;
  for (; *c >= '0' && *c <= '9'; c++)
    if (__builtin_mul_overflow(*number, 10, number) ||
        __builtin_add_overflow(*number, (uint64_t)(*c - '0'), number))
      return false;
  return c > text && !*c;
}
