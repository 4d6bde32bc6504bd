/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Numbers that can be proved: a gradient by the tape run in MPFR against the same MPFR operations called by hand; verification; a
 * thousand certified digits. All on one expression of about 1,000 operations with 50 variables. */
#include <mpfr.h>
#include <stdint.h>
#include <triad.h>
#include <triad/verify.h>

#include "bench.h"

enum { VARIABLES = 50, BLOCKS = 87, LINES = 11, BITS = 200, RUNS = 9 };

/* A block of eleven operations makes value VARIABLES + k of two earlier ones. The output is the sum of the last VARIABLES values. */
static int first_of(int k) { return VARIABLES + k - 1 - (k * 7) % VARIABLES; }
static int second_of(int k) { return VARIABLES + k - 1 - (k * 13 + 5) % VARIABLES; }

static tri_expr block(tri_expr a, tri_expr b) {
  tri_expr s = tri_sin(tri_mul(a, b)), t = tri_tanh(tri_sub(s, a)), e = tri_exp(t);
  tri_expr r = tri_add(tri_div(a, e), tri_sqrt(e));
  return tri_sin(tri_sub(tri_mul(r, s), t));
}

static tri_expr build(tri_graph *g, tri_expr *x) {
  tri_expr v[VARIABLES + BLOCKS];
  char name[8];
  for (int i = 0; i < VARIABLES; i++) {
    snprintf(name, sizeof name, "x%d", i);
    v[i] = x[i] = tri_variable(g, name);
  }
  for (int k = 0; k < BLOCKS; k++) v[VARIABLES + k] = block(v[first_of(k)], v[second_of(k)]);
  tri_expr sum = v[BLOCKS];
  for (int i = 1; i < VARIABLES; i++) sum = tri_add(sum, v[BLOCKS + i]);
  return sum;
}

/* The inputs, exact in every binary domain. */
static double input(int i) { return 0.5 + i / 64.0; }

/* --- by hand */

/* Values and adjoints: inputs and blocks' results, and what a block computes on its way. */
struct hand {
  mpfr_t value[VARIABLES + BLOCKS], adjoint[VARIABLES + BLOCKS];
  mpfr_t u[BLOCKS], s[BLOCKS], d[BLOCKS], t[BLOCKS], e[BLOCKS], q[BLOCKS], h[BLOCKS], r[BLOCKS],
      p[BLOCKS], w[BLOCKS];
  mpfr_t partial, amount, as, at, ae, ar, one, half, sum;
};

static void forward_block(struct hand *h, int k) {
  mpfr_ptr a = h->value[first_of(k)], b = h->value[second_of(k)];
  mpfr_mul(h->u[k], a, b, MPFR_RNDN);
  mpfr_sin(h->s[k], h->u[k], MPFR_RNDN);
  mpfr_sub(h->d[k], h->s[k], a, MPFR_RNDN);
  mpfr_tanh(h->t[k], h->d[k], MPFR_RNDN);
  mpfr_exp(h->e[k], h->t[k], MPFR_RNDN);
  mpfr_div(h->q[k], a, h->e[k], MPFR_RNDN);
  mpfr_sqrt(h->h[k], h->e[k], MPFR_RNDN);
  mpfr_add(h->r[k], h->q[k], h->h[k], MPFR_RNDN);
  mpfr_mul(h->p[k], h->r[k], h->s[k], MPFR_RNDN);
  mpfr_sub(h->w[k], h->p[k], h->t[k], MPFR_RNDN);
  mpfr_sin(h->value[VARIABLES + k], h->w[k], MPFR_RNDN);
}

/* sum += adjoint * partial */
static void contribute(struct hand *h, mpfr_ptr sum, mpfr_ptr adjoint, mpfr_ptr partial) {
  mpfr_mul(h->amount, adjoint, partial, MPFR_RNDN);
  mpfr_add(sum, sum, h->amount, MPFR_RNDN);
}

/* The partials are the rows' formulas. */
static void reverse_block(struct hand *h, int k) {
  mpfr_ptr a = h->value[first_of(k)], b = h->value[second_of(k)];
  mpfr_ptr xa = h->adjoint[first_of(k)], xb = h->adjoint[second_of(k)],
           out = h->adjoint[VARIABLES + k], g = h->partial;
  mpfr_set_zero(h->as, 1), mpfr_set_zero(h->at, 1), mpfr_set_zero(h->ae, 1);
  mpfr_set_zero(h->ar, 1);
  mpfr_cos(g, h->w[k], MPFR_RNDN); /* sin */
  mpfr_mul(out, out, g, MPFR_RNDN);
  mpfr_sub(h->at, h->at, out, MPFR_RNDN); /* p - t */
  contribute(h, h->ar, out, h->s[k]);     /* r s */
  contribute(h, h->as, out, h->r[k]);
  mpfr_div(g, h->half, h->h[k], MPFR_RNDN); /* sqrt */
  contribute(h, h->ae, h->ar, g);
  mpfr_div(g, h->one, h->e[k], MPFR_RNDN); /* a / e */
  contribute(h, xa, h->ar, g);
  mpfr_div(g, h->q[k], h->e[k], MPFR_RNDN);
  mpfr_neg(g, g, MPFR_RNDN);
  contribute(h, h->ae, h->ar, g);
  contribute(h, h->at, h->ae, h->e[k]); /* exp */
  mpfr_sech(g, h->d[k], MPFR_RNDN);     /* tanh */
  mpfr_sqr(g, g, MPFR_RNDN);
  mpfr_mul(out, h->at, g, MPFR_RNDN);
  mpfr_add(h->as, h->as, out, MPFR_RNDN); /* s - a */
  mpfr_sub(xa, xa, out, MPFR_RNDN);
  mpfr_cos(g, h->u[k], MPFR_RNDN); /* sin */
  mpfr_mul(out, h->as, g, MPFR_RNDN);
  contribute(h, xa, out, b); /* a b */
  contribute(h, xb, out, a);
}

static void by_hand(struct hand *h) {
  for (int k = 0; k < BLOCKS; k++) forward_block(h, k);
  mpfr_set(h->sum, h->value[BLOCKS], MPFR_RNDN);
  for (int i = 1; i < VARIABLES; i++) mpfr_add(h->sum, h->sum, h->value[BLOCKS + i], MPFR_RNDN);
  for (int i = 0; i < VARIABLES + BLOCKS; i++)
    mpfr_set_ui(h->adjoint[i], i >= BLOCKS ? 1 : 0, MPFR_RNDN);
  for (int k = BLOCKS; k-- > 0;) reverse_block(h, k);
}

static void hand_open(struct hand *h) {
  mpfr_t *all = h->value;
  for (size_t i = 0; i < sizeof *h / sizeof *all; i++) mpfr_init2(all[i], BITS);
  for (int i = 0; i < VARIABLES; i++) mpfr_set_d(h->value[i], input(i), MPFR_RNDN);
  mpfr_set_ui(h->one, 1, MPFR_RNDN);
  mpfr_set_d(h->half, 0.5, MPFR_RNDN);
}

/* --- figures */

static double median_of(double *times) { return bench_median(times, RUNS); }

/* Both in turn, so that they see the same machine. The results are compared, or NAN. */
static void measure_tape(tri_function *f) {
  static struct hand h;
  double ours[RUNS], theirs[RUNS];
  const tri_number_options options = {.domain = TRI_MPFR, .precision = BITS};
  tri_values *in = tri_values_new(&options, VARIABLES), *out = tri_values_new(&options, 1),
             *gradient = tri_values_new(&options, VARIABLES);
  tri_call call = {.workspace = tri_workspace_new(f)};
  hand_open(&h);
  for (int i = 0; i < VARIABLES; i++) tri_values_set_double(in, (size_t)i, input(i));
  for (int run = -1; run < RUNS; run++) {
    double start = bench_seconds();
    if (tri_function_reverse_values(f, &call, in, NULL, out, gradient)) exit(1);
    double middle = bench_seconds();
    by_hand(&h);
    if (run < 0) continue;
    ours[run] = (middle - start) * 1e3;
    theirs[run] = (bench_seconds() - middle) * 1e3;
  }
  for (int i = 0; i < VARIABLES; i++) {
    double a = tri_value_double(tri_values_get(gradient, (size_t)i)),
           b = mpfr_get_d(h.adjoint[i], MPFR_RNDN);
    if (fabs(a - b) > 1e-14 * fabs(b)) exit(1);
  }
  double mine = median_of(ours), hand = median_of(theirs);
  bench_result("mpfr-gradient", mine, "ms", 1.3 * hand, 1);
  bench_reference("mpfr-gradient", "by hand", hand);
  tri_workspace_free(call.workspace);
  tri_values_free(in), tri_values_free(out), tri_values_free(gradient);
}

static void measure_verify(size_t n, const tri_expr *x, const tri_expr *point, tri_expr f) {
  double times[RUNS];
  for (int run = 0; run < RUNS; run++) {
    tri_verify_report report = {0};
    double start = bench_seconds();
    if (tri_verify(n, x, point, 1, &f, &report) || report.verdict != TRI_PROVED) exit(1);
    times[run] = bench_seconds() - start;
    tri_verify_report_free(&report);
  }
  bench_result("verify-1000-operations", median_of(times), "s", 0.5, 1);
}

static void measure_digits(size_t n, const tri_expr *x, const tri_expr *point, tri_expr f) {
  double times[RUNS];
  for (int run = 0; run < RUNS; run++) {
    tri_values *numbers = NULL;
    double start = bench_seconds();
    if (tri_certify(n, x, point, 1, &f, &numbers, .wanted = TRI_JACOBIAN, .digits = 1000)) exit(1);
    times[run] = bench_seconds() - start;
    tri_values_free(numbers);
  }
  bench_result("gradient-1000-certain-digits", median_of(times), "s", 1.0, 1);
}

int main(void) {
  tri_expr x[VARIABLES], point[VARIABLES];
  tri_graph *g = tri_graph_new(NULL);
  if (!g) return 1;
  tri_expr f = build(g, x);
  for (int i = 0; i < VARIABLES; i++) point[i] = tri_double(g, input(i));
  tri_function *function = tri_compile(VARIABLES, x, 1, &f, .domain = TRI_MPFR, .precision = BITS);
  if (!function) return 1;
  measure_tape(function);
  measure_verify(VARIABLES, x, point, f);
  measure_digits(VARIABLES, x, point, f);
  tri_function_free(function);
  tri_graph_free(g);
  mpfr_free_cache();
  return 0;
}
