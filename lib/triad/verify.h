/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Are derivatives right: verdicts, certified digits, the check of all modes against each other, and the check of gradients that other
 * code computes. */
#ifndef TRIAD_VERIFY_H
#define TRIAD_VERIFY_H

#include <triad/base.h>
#include <triad/eval.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Every verdict: X(enumerator, what it means). */
#define TRI_VERDICT_LIST(X)                                                                        \
  X(PROVED, "certain")                                                                             \
  X(CONSISTENT, "agrees with everything that was measured, which is no proof")                     \
  X(REFUTED, "wrong")                                                                              \
  X(UNDECIDED, "could be neither confirmed nor refuted")

/* What is known about a derivative; see tri_verdict_meaning. */
typedef enum tri_verdict {
#define TRI_VERDICT_ENUMERATOR(name, meaning) TRI_##name,
  TRI_VERDICT_LIST(TRI_VERDICT_ENUMERATOR)
#undef TRI_VERDICT_ENUMERATOR
      TRI_VERDICT_COUNT
} tri_verdict;

/* The name of a verdict as it is printed ("PROVED", …). Static text. */
TRI_API const char *tri_verdict_name(tri_verdict verdict);

/* What a verdict means, as a short English phrase. Static text. */
TRI_API const char *tri_verdict_meaning(tri_verdict verdict);

/* --- certified numbers ------------------------------------------------------------------------------------------------- */

/* What of the outputs is wanted; n inputs, m outputs. */
typedef enum tri_wanted {
  TRI_VALUES,   /* m numbers */
  TRI_JACOBIAN, /* m * n, row by row: for one output its gradient */
  TRI_HESSIAN   /* n * n, of the sum of the outputs */
} tri_wanted;

/* How numbers are certified; zeros are the defaults. */
typedef struct tri_certify_options {
  tri_values **numbers; /* filled in by the macro */
  tri_wanted wanted;
  tri_mode mode;          /* of derivatives */
  uint64_t digits;        /* relative, of every number; default 16 */
  uint32_t max_precision; /* bits; default: 16 times the digits' and 4096 more */
  int strict; /* not 0: a derivative at a kink is TRI_DOMAIN instead of what the convention says */
  const tri_allocator *allocator; /* NULL: malloc */
  tri_error *error;               /* not NULL: is told why there are no numbers */
  const volatile int *interrupt; /* not NULL: stops with TRI_INTERRUPTED once *interrupt is not 0 */
} tri_certify_options;

/* Evaluates scalar outputs, or their derivatives, at a point in ball arithmetic, with rising precision until `digits` digits of every number
 * are certain:
 *   tri_certify(2, ((tri_expr[]){x, y}), point, 1, &f, &numbers, .wanted = TRI_JACOBIAN, .digits = 40)
 * point[n_inputs] are expressions without variables, so that 1/3 and pi can be meant exactly. On TRI_OK the numbers are of the domain
 * ball, to be freed with tri_values_free by the caller (tri_value_enclosure writes them); one that cannot be told from 0 at the
 * precision limit is a ball about 0 with a radius of at most 10^-digits. Otherwise *numbers is NULL: TRI_DOMAIN where certainly no value
 * exists, TRI_UNKNOWN what could not be decided up to the precision limit, TRI_ARGUMENT, TRI_NAME, TRI_MEMORY, TRI_INTERRUPTED. */
TRI_CHECKED TRI_API tri_status tri_certify_with(size_t n_inputs, const tri_expr *inputs,
                                                const tri_expr *point, size_t n_outputs,
                                                const tri_expr *outputs,
                                                const tri_certify_options *options);
#define tri_certify(n_inputs, inputs, point, n_outputs, outputs, ...)                              \
  tri_certify_with((n_inputs), (inputs), (point), (n_outputs), (outputs),                          \
                   &(tri_certify_options){.numbers = __VA_ARGS__})

/* --- the modes against each other ---------------------------------------------------------------------------------- */

/* What is compared with an enclosure. */
typedef enum tri_evidence {
  TRI_BY_FORWARD,     /* the dual run in double */
  TRI_BY_REVERSE,     /* the adjoint tape run in double */
  TRI_BY_SYMBOLIC,    /* the derivative's expression in double */
  TRI_BY_DIFFERENCES, /* central differences of values by MPFR */
  TRI_EVIDENCE
} tri_evidence;

enum { TRI_REASON_SIZE = 160 };

/* What was found about one number: an output's value (no `input`), or a partial derivative. */
typedef struct tri_verify_entry {
  size_t output, input; /* input is SIZE_MAX for a value */
  tri_verdict verdict;
  char reason[TRI_REASON_SIZE]; /* REFUTED: the witness; UNDECIDED: why; else empty */
  tri_value enclosure;          /* a ball; at is NULL if there is none */
  tri_value
      difference; /* a ball: the difference quotient with its error bound; at is NULL if there is none */
  double result[TRI_BY_DIFFERENCES]; /* of the modes in double; NaN if there is none */
  double digits
      [TRI_EVIDENCE]; /* decimal digits on which it agrees with the enclosure, inf if exactly; NaN if it is not there */
  double ulps[TRI_BY_DIFFERENCES]; /* error of the double in units in its last place */
} tri_verify_entry;

/* What tri_verify found. Freed by tri_verify_report_free. */
typedef struct tri_verify_report {
  tri_verdict verdict; /* REFUTED if an entry is, else UNDECIDED if one is, else PROVED */
  size_t n_entries;    /* for each output its value, then its derivatives */
  tri_verify_entry *entries;
  uint32_t precision;       /* bits at which the enclosures were found */
  struct tri_verify *owned; /* what the entries' numbers live in */
} tri_verify_report;

/* How it is verified; zeros are the defaults. */
typedef struct tri_verify_options {
  tri_verify_report *report; /* filled in by the macro */
  size_t n_variables;        /* derivatives are by the first so many inputs; 0: by all */
  uint64_t digits;           /* certain digits of the enclosures; default 30 */
  uint32_t max_precision;    /* as in tri_certify_options */
  const tri_allocator *allocator;
  tri_error *error;
  const volatile int *interrupt;
} tri_verify_options;

/* Checks the first derivatives of scalar outputs at a point (as for tri_certify) in three modes, and proves them:
 *   tri_verify_report report;
 *   tri_status s = tri_verify(2, inputs, point, 1, &f, &report, .digits = 40);
 * PROVED: the enclosures by dual run, adjoint tape run and derivative expression, in balls, meet; and central differences of values
 * alone, by MPFR, with one step of Richardson's extrapolation and its error bound, agree with them. The latter use no rule of
 * differentiation, so that a wrong row is REFUTED by them. UNDECIDED: a kink at the point or inside the ball, the precision limit, an
 * enclosure not told from 0, differences that show nothing. TRI_OK whatever the verdict; else the report is empty: TRI_DOMAIN where an
 * output has no value, TRI_UNKNOWN where that cannot be decided, TRI_ARGUMENT, TRI_NAME, TRI_MEMORY, TRI_INTERRUPTED. */
TRI_CHECKED TRI_API tri_status tri_verify_with(size_t n_inputs, const tri_expr *inputs,
                                               const tri_expr *point, size_t n_outputs,
                                               const tri_expr *outputs,
                                               const tri_verify_options *options);
#define tri_verify(n_inputs, inputs, point, n_outputs, outputs, ...)                               \
  tri_verify_with((n_inputs), (inputs), (point), (n_outputs), (outputs),                           \
                  &(tri_verify_options){.report = __VA_ARGS__})

/* Frees what a report holds and empties it. Nothing happens for NULL. */
TRI_API void tri_verify_report_free(tri_verify_report *report);

/* --- claimed derivatives of expressions -------------------------------------------------------------------------------- */

/* What was found about one claimed partial derivative. */
typedef struct tri_claim_entry {
  size_t input;                 /* of which variable, from 0 */
  tri_verdict verdict;          /* TRI_PROVED, TRI_REFUTED or TRI_UNDECIDED */
  char reason[TRI_REASON_SIZE]; /* why not PROVED */
  tri_value claim, derivative;  /* balls; at is NULL if there is none */
  double digits;                /* on which they agree, inf if exactly; NaN if one is not there */
} tri_claim_entry;

/* Freed by tri_claim_report_free. */
typedef struct tri_claim_report {
  tri_verdict verdict; /* REFUTED if an entry is, else UNDECIDED if one is, else PROVED */
  size_t n_entries;
  tri_claim_entry *entries; /* one for each variable */
  struct tri_claims *owned; /* what the entries' numbers live in */
} tri_claim_report;

/* How claims are checked; zeros are the defaults. */
typedef struct tri_claim_options {
  tri_claim_report *report; /* filled in by the macro */
  size_t n_variables;       /* claims are about the first so many inputs; 0: about all */
  uint64_t digits;          /* certain digits of claim and derivative; default 30 */
  double
      tolerance; /* relative error that a right claim may have; 0: it agrees in all certain digits */
  const tri_allocator *allocator;
  tri_error *error;
  const volatile int *interrupt;
} tri_claim_options;

/* Certifies a claimed gradient of the scalar f, which is given as an expression, at a point (as for tri_certify): each claim is an
 * expression in the inputs, or a number (tri_double for what other code computed, with a tolerance):
 *   tri_claim_report report;
 *   tri_status s = tri_check_claims(2, inputs, point, f, claims, &report);
 * PROVED: the derivative is PROVED (see tri_verify) and the claim certainly within the tolerance of it. REFUTED: certainly not. TRI_OK
 * whatever the verdict; else the report is empty, and the status as of tri_verify, also for a claim that has no value there. */
TRI_CHECKED TRI_API tri_status tri_check_claims_with(size_t n_inputs, const tri_expr *inputs,
                                                     const tri_expr *point, tri_expr f,
                                                     const tri_expr *claims,
                                                     const tri_claim_options *options);
#define tri_check_claims(n_inputs, inputs, point, f, claims, ...)                                  \
  tri_check_claims_with((n_inputs), (inputs), (point), (f), (claims),                              \
                        &(tri_claim_options){.report = __VA_ARGS__})

/* Frees what a report holds and empties it. Nothing happens for NULL. */
TRI_API void tri_claim_report_free(tri_claim_report *report);

/* --- rounding errors --------------------------------------------------------------------------------------------------- */

/* What a step's own rounding error does to the result. */
typedef struct tri_error_step {
  uint32_t step; /* its number in the run, as in tri_step */
  uint32_t node; /* id of its expression; 0 if it stands for none */
  tri_op op;
  double value;        /* as computed */
  double adjoint;      /* the result's derivative by it is at most so large */
  double rounding;     /* the step's own error is at most so large */
  double contribution; /* to the result's error: at most their product */
  double share;        /* of the bound, from 0 to 1 */
  int jump; /* not 0: no derivative leads from its arguments to it, so all its error counts as its own */
} tri_error_step;

/* What was found about the rounding error of a computed value. Freed by tri_error_report_free. */
typedef struct tri_error_report {
  double value;       /* as computed; NaN if the run has none */
  tri_value exact;    /* a ball: the true value */
  double bound;       /* of |value - true value|; inf where the computed value is not finite */
  double error;       /* |value - true value|, or a little less; 0 if no difference is seen */
  double uncertainty; /* the true difference is at most this much larger than `error` */
  char reason[TRI_REASON_SIZE]; /* an infinite bound: what happened; else empty */
  size_t n_steps;               /* those that contribute, by falling contribution */
  tri_error_step *steps;
  size_t
      n_flips; /* comparisons, and steps with kinks, that fall out otherwise within the bounds of their arguments' errors */
  tri_error_step *flips;
  uint32_t precision;         /* bits at which the true values were found */
  struct tri_roundoff *owned; /* what the report lives in */
} tri_error_report;

/* How a rounding error is bounded; zeros are the defaults. */
typedef struct tri_error_options {
  tri_error_report *report; /* filled in by the macro */
  tri_domain domain;        /* TRI_DOUBLE or TRI_FLOAT: what is computed with */
  uint64_t digits; /* certain digits of the true value, which the error is told from; default 30 */
  uint32_t max_precision; /* as in tri_certify_options */
  const tri_trace *trace; /* not NULL: its `step` is shown the run whose error this is */
  const tri_allocator *allocator;
  tri_error *error;
  const volatile int *interrupt;
} tri_error_options;

/* Bounds the rounding error of a scalar output, computed as tri_function_call_values does at a point (as for tri_certify):
 *   tri_error_report report;
 *   tri_status s = tri_error_estimate(2, inputs, point, f, &report, .domain = TRI_FLOAT);
 * The bound is the sum, over all steps, of |adjoint| times the step's own rounding error (S. Linnainmaa, BIT 16, 1976; M. Iri, T.
 * Tsuchiya, M. Hoshi, J. Comput. Appl. Math. 24, 1988). That error is at most half a unit in the last place of the result for + - * / and
 * sqrt, and what the row says for others; in constants and inputs it is their conversion's; 0 for a step that was exact here. A step that is
 * found to be further off than its row says counts with what it is off.
 * The bound holds for this run, with nothing of second order left out: a step's computed value differs from the true one by its own error
 * and the differences of its arguments times slopes, each a partial derivative somewhere between true and computed arguments (mean value
 * theorem; R. Krawczyk, A. Neumaier, SIAM J. Numer. Anal. 22, 1985). Adjoints are made of enclosures of these slopes, in balls around true
 * and computed values. Where there is no slope (a jump between the two, a comparison that falls out differently, an infinite
 * derivative, an argument that overflowed), all of the step's error, as found, counts as its own, and the step is marked.
 * FPTaylor and CADNA do related work: bounds over a whole domain of inputs, and samples of random rounding.
 * TRI_OK also where the run overflows or has no value, if there is a true one; else the report is empty: TRI_DOMAIN where there is
 * none, TRI_UNKNOWN where that cannot be decided, TRI_SHAPE for an output that is no scalar, TRI_ARGUMENT (also for other domains), TRI_NAME,
 * TRI_LIMIT, TRI_MEMORY, TRI_INTERRUPTED. */
TRI_CHECKED TRI_API tri_status tri_error_estimate_with(size_t n_inputs, const tri_expr *inputs,
                                                       const tri_expr *point, tri_expr output,
                                                       const tri_error_options *options);
#define tri_error_estimate(n_inputs, inputs, point, output, ...)                                   \
  tri_error_estimate_with((n_inputs), (inputs), (point), (output),                                 \
                          &(tri_error_options){.report = __VA_ARGS__})

/* Frees what a report holds and empties it. Nothing happens for NULL. */
TRI_API void tri_error_report_free(tri_error_report *report);

/* --- gradient check -------------------------------------------------------------------------------------------------- */

/* A function of n variables in anybody's code. It may not change x. */
typedef double (*tri_black_box)(const double *x, size_t n, void *data);
/* Its gradient: n partials are written to `gradient`. It may not change x. */
typedef void (*tri_black_box_gradient)(const double *x, size_t n, double *gradient, void *data);

/* Why a derivative could not be measured: X(enumerator, as printed). */
#define TRI_DOUBT_LIST(X)                                                                          \
  X(NONE, "it was measured")                                                                       \
  X(POINT, "the function is not finite at the point")                                              \
  X(AROUND, "the function is not finite around the point")                                         \
  X(KINK, "the function has a kink or a jump there")                                               \
  X(NOISE, "the function's rounding errors are as large as its derivative")                        \
  X(DIVERGENT, "the differences do not converge")

/* Such a reason; see tri_doubt_text. */
typedef enum tri_doubt {
#define TRI_DOUBT_ENUMERATOR(name, text) TRI_DOUBT_##name,
  TRI_DOUBT_LIST(TRI_DOUBT_ENUMERATOR)
#undef TRI_DOUBT_ENUMERATOR
      TRI_DOUBT_COUNT
} tri_doubt;

/* That reason as a short English phrase. Static text. */
TRI_API const char *tri_doubt_text(tri_doubt doubt);

/* What was found about one partial derivative. The derivative is within `bound` of `difference`; the bound is the sum of the three
 * below it. */
typedef struct tri_gradcheck_entry {
  size_t index;      /* of the variable, from 0 */
  double claimed;    /* the derivative as claimed */
  double difference; /* as measured; NaN if no difference could be taken */
  double bound;      /* of the error of `difference`; inf if there is none */
  double truncation; /* what is left of the series that extrapolation removes */
  double rounding;   /* rounding errors of the function's values, over the step */
  double kink;       /* half the jump of the derivative there; 0 where none is seen */
  double error;      /* |claimed - difference|; NaN if one of them is */
  double
      ratio; /* error / (bound + what the options tolerate): more than 1 refutes; inf for a claim that is NaN */
  double step;         /* the middle one of the steps that the difference is made of */
  tri_verdict verdict; /* TRI_CONSISTENT, TRI_REFUTED, or TRI_UNDECIDED because of: */
  tri_doubt doubt;
  int one_sided; /* -1, 1: taken to the left, to the right only, as there are no values on the other side */
} tri_gradcheck_entry;

/* What was found about a gradient. Freed by tri_gradcheck_report_free. */
typedef struct tri_gradcheck_report {
  tri_verdict
      verdict; /* REFUTED if one entry is; else CONSISTENT if one was measured; else UNDECIDED */
  tri_doubt doubt; /* UNDECIDED: that of the first entry */
  size_t checked;  /* entries: those below together */
  size_t consistent, refuted, undecided;
  double value;         /* of the function at the point */
  double noise;         /* bound of the rounding error of that value, as stated or as estimated */
  uint64_t evaluations; /* calls of the function */
  size_t n_worst;
  tri_gradcheck_entry *worst; /* refuted ones first, then undecided ones; each by falling ratio */
  size_t capacity;            /* of `worst` */
  const tri_allocator *allocator;
} tri_gradcheck_report;

/* How a gradient is checked; zeros are the defaults. Numbers that are negative or not finite are TRI_ARGUMENT. */
typedef struct tri_gradcheck_options {
  tri_gradcheck_report *report; /* filled in by the macros */
  void *data;                   /* handed to the function */
  double
      rounding; /* the unit roundoff that it computes with, as 0x1p-24 for float; 0: found by looking at its values */
  double
      tolerance; /* relative error of its own that a right claim may have; 0: 1e-5, which floats keep */
  double absolute;           /* the same, not relative; default 0 */
  double step_min, step_max; /* smallest and largest step; 0: chosen by the size of each variable */
  size_t entries;            /* how many entries, drawn at random; 0: all */
  uint64_t seed;             /* of that drawing */
  size_t worst;              /* entries to report; 0: 5 */
  const tri_allocator *allocator; /* NULL: malloc */
  const volatile int *interrupt; /* not NULL: stops with TRI_INTERRUPTED once *interrupt is not 0 */
} tri_gradcheck_options;

/* Checks a claimed gradient of f at x[n], n >= 1, which f sees as a copy:
 *   tri_gradcheck_report report;
 *   tri_status s = tri_gradcheck(f, n, x, claim, &report, .data = &mine, .entries = 100);
 * Each partial is measured by central differences with steps that double, extrapolated to step 0 (L. F. Richardson 1911; tableau of
 * C. J. F. Ridders, Advances in Engineering Software 4, 1982), by one-sided ones where the function ends. A result counts only if the
 * tableau converges around it and if it agrees, within the bounds, with those of all smaller steps. Its truncation error is then bounded
 * by four times the distance from the same extrapolation with doubled steps, which holds down to a convergence like step^(1/3). The
 * rounding error is bounded by what the function's values are off, over the step. How much they are off is looked for along random lines
 * by differences of high order (J. J. Moré, S. M. Wild, Estimating computational noise, SIAM J. Sci. Comput. 33, 2011), so that code
 * that computes in float is recognised as such. The bounds are estimates of that kind and no enclosures: a function that is only
 * called cannot be proved anything about. A kink is an uncertainty of half the jump of the derivative.
 * An entry is refuted if it differs from the difference by more than bound and tolerance together, or is NaN (also one that is not
 * drawn). It is undecided if nothing was found finite, or the bound exceeds a tenth of the derivative; a derivative of about 0 counts as
 * measured if the function's change over the steps shows it to be small.
 * It takes 100 to 300 calls of f to learn its noise, unless it is stated, and then 50 to 120 for each entry, or up to 400 for one whose
 * smallest steps change nothing. TRI_OK whatever the verdict; TRI_ARGUMENT (the report is then empty, as after
 * the other failures), TRI_MEMORY, TRI_INTERRUPTED. */
TRI_CHECKED TRI_API tri_status tri_gradcheck_with(tri_black_box f, size_t n, const double *x,
                                                  const double *claim,
                                                  const tri_gradcheck_options *options);
#define tri_gradcheck(f, n, x, claim, ...)                                                         \
  tri_gradcheck_with((f), (n), (x), (claim), &(tri_gradcheck_options){.report = __VA_ARGS__})

/* The same with the claim of a function, called once: tri_gradcheck_code(f, gradient, n, x, &report, .data = &mine). Both get the same
 * data. An entry that it does not write is NaN. */
TRI_CHECKED TRI_API tri_status tri_gradcheck_code_with(tri_black_box f,
                                                       tri_black_box_gradient gradient, size_t n,
                                                       const double *x,
                                                       const tri_gradcheck_options *options);
#define tri_gradcheck_code(f, gradient, n, x, ...)                                                 \
  tri_gradcheck_code_with((f), (gradient), (n), (x),                                               \
                          &(tri_gradcheck_options){.report = __VA_ARGS__})

/* Frees what a report holds and empties it. Nothing happens for NULL. */
TRI_API void tri_gradcheck_report_free(tri_gradcheck_report *report);

#ifdef __cplusplus
}
#endif
#endif
