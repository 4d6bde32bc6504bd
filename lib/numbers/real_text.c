/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Numbers of MPFR and balls as decimals, without the locale. */
#include <string.h>

#include "base/text.h"
#include "numbers/real_text.h"

/* Digits of x, from mpfr_get_str, with the zeros at the end cut off; the first digit stands for 10^*exponent. NULL when out of memory. */
struct decimal {
  char *text; /* to be freed with mpfr_free_str */
  const char *digits;
  size_t n;
  bool negative;
  int64_t exponent;
};

static bool decimal_of(mpfr_srcptr x, size_t n, mpfr_rnd_t round, struct decimal *d) {
  mpfr_exp_t exponent;
  d->text = mpfr_get_str(NULL, &exponent, 10, n, x, round);
  if (!d->text) return false;
  d->negative = d->text[0] == '-';
  d->digits = d->text + d->negative;
  d->n = strlen(d->digits);
  d->exponent = (int64_t)exponent - 1;
  while (d->n > 1 && d->digits[d->n - 1] == '0') d->n--;
  return true;
}

static bool special(tri_text *text, mpfr_srcptr x) {
  if (mpfr_regular_p(x)) return false;
  const char *sign = mpfr_signbit(x) ? "-" : "";
  tri__text_printf(text, "%s%s", mpfr_nan_p(x) ? "" : sign,
                   mpfr_nan_p(x)   ? "nan"
                   : mpfr_inf_p(x) ? "inf"
                                   : "0");
  return true;
}

/* Whether the decimal reads back as x. The text for MPFR has no point, which it would take from the locale. */
static bool reads_back(mpfr_srcptr x, const struct decimal *d) {
  mpfr_t y;
  tri_text text = {0};
  mpfr_init2(y, mpfr_get_prec(x));
  tri__text_puts(&text, d->negative ? "-" : "");
  tri__text_add(&text, d->digits, d->n);
  tri__text_printf(&text, "e%lld", (long long)(d->exponent + 1 - (int64_t)d->n));
  bool same = !text.status && mpfr_set_str(y, text.data, 10, MPFR_RNDN) == 0 && mpfr_equal_p(x, y);
  mpfr_clear(y);
  tri_text_free(&text);
  return same;
}

/* 0 digits asks MPFR for as many as always read back; two fewer may do. */
void tri__text_mpfr(tri_text *text, mpfr_srcptr x) {
  struct decimal d = {NULL, NULL, 0, false, 0};
  if (special(text, x)) return;
  size_t most = mpfr_get_str_ndigits(10, mpfr_get_prec(x));
  bool found = false;
  for (size_t n = most > 3 ? most - 2 : 1; n <= most && !found; n++) {
    if (d.text) mpfr_free_str(d.text);
    if (!decimal_of(x, n, MPFR_RNDN, &d)) {
      text->status = TRI_MEMORY;
      return;
    }
    found = n == most || reads_back(x, &d);
  }
  tri__text_decimal(text, d.negative, d.digits, d.n, d.exponent);
  mpfr_free_str(d.text);
}

/* --- balls */

/* The midpoint as it is, and the radius rounded up, both times 10^shift. */
struct parts {
  mpfr_t middle, radius;
  int64_t shift;
};

/* Exponents beyond this are not MPFR's. */
enum { HUGE_EXPONENT = 1 << 29 };

/* x = y * 10^shift with y between 1/10 and 100: both by logarithms. */
static int64_t scale(arb_t y, const arb_t x) {
  enum { MORE_BITS = 96 };
  slong bits = arb_rel_accuracy_bits(x);
  int64_t shift = 0;
  arb_t ten;
  fmpz_t whole;
  if (bits < 2 || bits > arb_bits(x)) bits = arb_bits(x);
  bits += MORE_BITS;
  arb_init(ten);
  fmpz_init(whole);
  arb_abs(y, x);
  arb_log(y, y, bits);
  arb_const_log10(ten, bits);
  arb_div(y, y, ten, bits);
  if (arb_is_finite(y)) {
    arf_get_fmpz(whole, arb_midref(y), ARF_RND_FLOOR);
    shift = fmpz_get_si(whole);
    arb_sub_fmpz(y, y, whole, bits);
    arb_mul(y, y, ten, bits);
    arb_exp(y, y, bits);
    if (arb_is_negative(x)) arb_neg(y, y);
  }
  fmpz_clear(whole);
  arb_clear(ten);
  return shift;
}

static void set_parts(struct parts *p, const arb_t x) {
  slong bits = arf_bits(arb_midref(x));
  arf_t r;
  mpfr_init2(p->middle, bits > 2 ? bits : 2);
  mpfr_init2(p->radius, 64);
  arf_get_mpfr(p->middle, arb_midref(x), MPFR_RNDN);
  arf_init_set_mag_shallow(r, arb_radref(x));
  arf_get_mpfr(p->radius, r, MPFR_RNDU);
}

static void open_parts(struct parts *p, const arb_t x) {
  bool huge = arb_is_finite(x) && !arb_contains_zero(x) &&
              (arf_cmpabs_2exp_si(arb_midref(x), HUGE_EXPONENT) > 0 ||
               arf_cmpabs_2exp_si(arb_midref(x), -HUGE_EXPONENT) < 0);
  arb_t y;
  arb_init(y);
  p->shift = huge ? scale(y, x) : 0;
  set_parts(p, huge ? y : x);
  arb_clear(y);
}

static void close_parts(struct parts *p) { mpfr_clears(p->middle, p->radius, (mpfr_ptr)NULL); }

/* floor(log10 |x|), x != 0. */
static int64_t order_of(mpfr_srcptr x) {
  struct decimal d;
  if (!decimal_of(x, 2, MPFR_RNDZ, &d)) return 0;
  mpfr_free_str(d.text);
  return d.exponent;
}

/* Whether an exact midpoint is a short decimal, which is then written. */
static bool put_short(tri_text *text, const struct parts *p) {
  mpfr_srcptr middle = p->middle;
  enum { LARGEST = 4096 };
  tri_text own = {0};
  mpq_t q;
  if (p->shift || mpfr_get_exp(middle) > LARGEST || mpfr_get_exp(middle) < -LARGEST) return false;
  mpq_init(q);
  mpfr_get_q(q, middle);
  tri__text_number(&own, q);
  bool found = !own.status && !memchr(own.data, '/', own.size);
  if (found) tri__text_add(text, own.data, own.size);
  mpq_clear(q);
  tri_text_free(&own);
  return found;
}

/* Digits that mean something: one beyond those that the radius leaves certain, and not more than are asked for. */
static size_t meaningful(const struct parts *p, uint64_t digits) {
  if (mpfr_zero_p(p->radius))
    return digits ? (size_t)digits : mpfr_get_str_ndigits(10, mpfr_get_prec(p->middle));
  int64_t n = order_of(p->middle) - order_of(p->radius) + 1;
  if (digits && n > 0 && (uint64_t)n > digits) return (size_t)digits;
  return n < 1 ? 1 : (size_t)n;
}

/* The radius about a decimal: that of the ball, and half a unit of the last digit, both from above. */
static void put_radius(tri_text *text, struct parts *p, int64_t last) {
  struct decimal r;
  mpfr_t half;
  mpfr_init2(half, 64);
  mpfr_set_si(half, last, MPFR_RNDU);
  mpfr_exp10(half, half, MPFR_RNDU);
  mpfr_div_ui(half, half, 2, MPFR_RNDU);
  mpfr_add(p->radius, p->radius, half, MPFR_RNDU);
  mpfr_clear(half);
  if (decimal_of(p->radius, 2, MPFR_RNDU, &r)) {
    tri__text_decimal(text, false, r.digits, r.n, r.exponent + p->shift);
    mpfr_free_str(r.text);
  } else {
    text->status = TRI_MEMORY;
  }
}

/* What cannot be told from 0 is 0 with its radius. */
static void put_zero(tri_text *text, tri_text *radius, const struct parts *p) {
  struct decimal r;
  tri__text_puts(text, "0");
  if (!radius) return;
  if (special(radius, p->radius) || !decimal_of(p->radius, 2, MPFR_RNDU, &r)) return;
  tri__text_decimal(radius, false, r.digits, r.n, r.exponent + p->shift);
  mpfr_free_str(r.text);
}

static void put_rounded(tri_text *text, tri_text *radius, struct parts *p, uint64_t digits) {
  struct decimal d;
  size_t n = meaningful(p, digits);
  if (!decimal_of(p->middle, n, MPFR_RNDN, &d)) {
    text->status = TRI_MEMORY;
    return;
  }
  bool whole =
      !p->shift && mpfr_zero_p(p->radius) && mpfr_integer_p(p->middle) && d.exponent < (int64_t)n;
  tri__text_decimal(text, d.negative, d.digits, mpfr_zero_p(p->radius) ? d.n : n,
                    d.exponent + p->shift);
  if (radius && whole) tri__text_puts(radius, "0");
  if (radius && !whole) put_radius(radius, p, d.exponent + 1 - (int64_t)n);
  mpfr_free_str(d.text);
}

/* A radius that is all there is: the midpoint may hold no digit. The order of its first digit decides. */
static bool is_zero_like(const struct parts *p) {
  mpfr_t size;
  mpfr_init2(size, 64);
  mpfr_abs(size, p->middle, MPFR_RNDU);
  bool like = mpfr_cmp(size, p->radius) <= 0;
  mpfr_clear(size);
  return like;
}

void tri__text_ball(tri_text *text, tri_text *radius, const arb_t x, uint64_t digits) {
  struct parts p;
  open_parts(&p, x);
  if (!mpfr_regular_p(p.middle) && mpfr_zero_p(p.radius)) {
    special(text, p.middle);
    if (radius) tri__text_puts(radius, "0");
  } else if (is_zero_like(&p)) {
    /* The whole ball about 0: its radius is that of the ball and the midpoint's distance. */
    mpfr_abs(p.middle, p.middle, MPFR_RNDU);
    mpfr_add(p.radius, p.radius, p.middle, MPFR_RNDU);
    put_zero(text, radius, &p);
  } else if (mpfr_zero_p(p.radius) && put_short(text, &p)) {
    if (radius) tri__text_puts(radius, "0");
  } else {
    put_rounded(text, radius, &p, digits);
  }
  close_parts(&p);
}

static void text_real(tri_text *text, mpfr_srcptr x) {
  mpfr_t rounded;
  mpfr_init2(rounded, 53);
  mpfr_set(rounded, x, MPFR_RNDN);
  tri__text_mpfr(text, rounded);
  mpfr_clear(rounded);
}

void tri__text_rounded(const struct numbers *n, const void *x, tri_text *text) {
  enum { DIGITS = 17 };
  if (n->domain == &tri__mpfr_domain)
    text_real(text, tri__real(x));
  else if (n->domain == &tri__ball_domain && arb_is_finite(tri__ball(x)))
    tri__text_ball(text, NULL, tri__ball(x), DIGITS);
  else
    tri__text_double(text, n->domain->to_double(n, x));
}
