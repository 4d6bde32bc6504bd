/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Laws of rings and functional equations: texts that are equal wherever both have a value, in every domain, and so are their
 * gradients. */
#include <math.h>
#include <string.h>
#include <triad.h>

#include "laws.h"

/* What is equal, in a, b and c. Between them all rows occur that have derivatives. */
static const char *const identities[][2] = {
    /* rings, and the order of numbers */
    {"(a + b) + c", "a + (b + c)"},
    {"(a*b)*c", "a*(b*c)"},
    {"a*(b + c)", "a*b + a*c"},
    {"(a - b)*(a + b)", "square(a) - square(b)"},
    {"-(a - b)", "b - a"},
    {"a/b + c/b", "(a + c)/b"},
    {"a/b", "1/(b/a)"},
    {"(a + b)^3", "a^3 + 3*a^2*b + 3*a*b^2 + b^3"},
    {"min(a, b) + max(a, b)", "a + b"},
    {"min(a, b)*max(a, b)", "a*b"},
    {"max(a, b) - min(a, b)", "abs(a - b)"},
    {"abs(a)", "a*sign(a)"},
    {"abs(a)*abs(b)", "abs(a*b)"},
    {"relu(a) - relu(-a)", "a"},
    {"relu(a)", "a*heaviside(a)"},
    {"floor(-a)", "-ceil(a)"},
    {"floor(a + 1)", "floor(a) + 1"},
    {"gate(a, b)", "a*b"},
    {"gate(a, b + c)", "gate(a, b) + gate(a, c)"},
    {"select(a < b, a, b)", "min(a, b)"},
    {"select(a >= b and not a <= c, a, b)", "select(a < b or a <= c, b, a)"},
    {"select(a == b, c, a)", "select(a != b, a, c)"},
    {"select(a > b, a*c, b*c)", "c*max(a, b)"},
    /* powers, exponentials and logarithms */
    {"sqrt(a)*sqrt(b)", "sqrt(a*b)"},
    {"square(sqrt(a))", "a"},
    {"cbrt(a)*cbrt(b)", "cbrt(a*b)"},
    {"cbrt(a)^3", "a"},
    {"square(hypot(a, b))", "square(a) + square(b)"},
    {"hypot(c*a, c*b)", "abs(c)*hypot(a, b)"},
    {"a^(b + c)", "a^b*a^c"},
    {"a^b", "exp(b*log(a))"},
    {"(a^b)^c", "a^(b*c)"},
    {"exp(a + b)", "exp(a)*exp(b)"},
    {"expm1(a)", "exp(a) - 1"},
    {"log(a*b)", "log(a) + log(b)"},
    {"log1p(a)", "log(1 + a)"},
    {"log2(a)*log(2)", "log(a)"},
    {"log10(a)*log(10)", "log(a)"},
    /* angles */
    {"sin(a)^2 + cos(a)^2", "1"},
    {"sin(a + b)", "sin(a)*cos(b) + cos(a)*sin(b)"},
    {"cos(a + b)", "cos(a)*cos(b) - sin(a)*sin(b)"},
    {"tan(a)*cos(a)", "sin(a)"},
    {"sec(a)*cos(a)", "1"},
    {"csc(a)*sin(a)", "1"},
    {"cot(a)*tan(a)", "1"},
    {"1 + tan(a)^2", "sec(a)^2"},
    {"1 + cot(a)^2", "csc(a)^2"},
    {"sin(asin(a))", "a"},
    {"asin(a) + acos(a)", "pi/2"},
    {"cos(acos(a))", "a"},
    {"tan(atan(a))", "a"},
    {"unit(a, b)", "sin(atan2(a, b))"},
    {"unit(a, b)*hypot(a, b)", "a"},
    {"lorentzian(a)*(1 + square(a))", "1"},
    {"one_minus_square(a)", "(1 - a)*(1 + a)"},
    {"atan(a) + atan(b)", "atan2(a + b, 1 - a*b)"},
    {"sin(atan2(a, b))*hypot(a, b)", "a"},
    {"cos(atan2(a, b))*hypot(a, b)", "b"},
    /* hyperbolic */
    {"cosh(a)^2 - sinh(a)^2", "1"},
    {"sinh(a + b)", "sinh(a)*cosh(b) + cosh(a)*sinh(b)"},
    {"cosh(a + b)", "cosh(a)*cosh(b) + sinh(a)*sinh(b)"},
    {"tanh(a)*cosh(a)", "sinh(a)"},
    {"sech(a)*cosh(a)", "1"},
    {"tanh(a)^2 + sech(a)^2", "1"},
    {"sinh(asinh(a))", "a"},
    {"cosh(acosh(a))", "a"},
    {"tanh(atanh(a))", "a"},
    {"sigmoid(2*a)", "(1 + tanh(a))/2"},
    {"sigmoid(a) + sigmoid(-a)", "1"},
    {"softplus(a) - softplus(-a)", "a"},
    {"exp(softplus(a))", "1 + exp(a)"},
    {"sigmoid_rate(a)", "sigmoid(a)*sigmoid(-a)"},
    /* the error function and the gamma family */
    {"gaussian(a)*gaussian(b)", "exp(-(square(a) + square(b)))"},
    {"gaussian(hypot(a, b))", "gaussian(a)*gaussian(b)"},
    {"erf(a) + erfc(a)", "1"},
    {"erf(-a)", "-erf(a)"},
    {"erfc(-a)", "2 - erfc(a)"},
    {"gamma(a + 1)", "a*gamma(a)"},
    {"gamma(a)*gamma(1 - a)", "pi/sin(pi*a)"},
    {"gamma(a)*gamma(a + 1/2)", "2^(1 - 2*a)*sqrt(pi)*gamma(2*a)"},
    {"lgamma(a + 1)", "lgamma(a) + log(abs(a))"},
    {"exp(lgamma(a))", "abs(gamma(a))"},
    {"digamma(a + 1)", "digamma(a) + 1/a"},
    {"digamma(1 - a) - digamma(a)", "pi*cot(pi*a)"},
    {"polygamma(0, a)", "digamma(a)"},
    {"polygamma(1, a + 1)", "polygamma(1, a) - 1/a^2"},
    {"polygamma(2, a + 1)", "polygamma(2, a) + 2/a^3"},
    {"polygamma(3, a) + polygamma(3, a + 1/2)", "16*polygamma(3, 2*a)"},
};
enum { IDENTITIES = sizeof identities / sizeof *identities, INPUTS = 3 };

static const double at[][INPUTS] = {{0.75, 1.5, 0.375},  {-1.25, 0.625, 2.25}, {2.5, -0.75, 1.125},
                                    {0.25, 0.875, -1.5}, {1.75, 2.125, 3.0},   {-0.375, -0.5, 0.25},
                                    {3.25, 0.125, -2.0}};
enum { PLACES = sizeof at / sizeof *at };

/* Errors that both sides together may have, relative to what is larger, a side or 1; a ball says itself. */
static const struct {
  tri_domain domain;
  uint32_t bits;
  double error;
} domains[] = {{TRI_DOUBLE, 0, 1e-11},
               {TRI_FLOAT, 0, 1e-3},
               {TRI_RATIONAL, 0, 0.0},
               {TRI_MPFR, 200, 1e-54},
               {TRI_BALL, 80, 0.0}};
enum { DOMAINS = sizeof domains / sizeof *domains };

struct sides {
  struct trial *t;
  const char *const *text;
  tri_function *f;
  tri_values *point, *units, *value, *tangent;
  int domain;
};

static void sides_free(struct sides *s) {
  tri_function_free(s->f);
  tri_values_free(s->point);
  tri_values_free(s->units);
  tri_values_free(s->value);
  tri_values_free(s->tangent);
}

static tri_values *array(int domain, size_t count) {
  tri_values *values = tri_values_new(
      &(tri_number_options){.domain = domains[domain].domain, .precision = domains[domain].bits},
      count);
  trial_must(values != NULL);
  return values;
}

static struct sides sides_new(struct trial *t, const char *const *text, int domain) {
  struct sides s = {.t = t, .text = text, .domain = domain};
  tri_expr side[2], inputs[INPUTS];
  char name[] = "a";
  for (int i = 0; i < INPUTS; i++, name[0]++) inputs[i] = tri_variable(t->graph, name);
  for (int i = 0; i < 2; i++) side[i] = tri_parse(t->graph, text[i], strlen(text[i]));
  s.f = tri_compile(INPUTS, inputs, 2, side, .domain = domains[domain].domain,
                    .precision = domains[domain].bits);
  trial_must(s.f != NULL);
  return s;
}

/* Whether the row occurs in it. */
static bool says(const struct sides *s, tri_op op) {
  for (uint32_t i = 0; i < s->f->plan->step_count; i++)
    if (s->f->plan->steps[i].op == op) return true;
  return false;
}

/* |a - b| <= error * max(|a|, |b|, 1), in the numbers of the arrays. */
static bool near(struct numbers *n, const void *a, const void *b, double error) {
  void *room = tri__numbers_new(n, 2), *difference = room, *one = number_at(n, room, 1);
  trial_must(room != NULL);
  double scale = fmax(fabs(n->domain->to_double(n, a)), fabs(n->domain->to_double(n, b)));
  n->domain->apply(n, TRI_OP_sub, APPLY_EXTENDED, difference, (const void *const[]){a, b});
  n->domain->set_double(n, one, 0.0);
  int order = n->domain->compare(n, difference, one);
  bool equal = n->domain == &tri__ball_domain
                   ? order == 0 || order == COMPARE_UNKNOWN
                   : fabs(n->domain->to_double(n, difference)) <= error * fmax(scale, 1.0);
  tri__numbers_delete(n, room, 2);
  return equal;
}

/* Of both sides `stride` numbers apart. Ones that are not rational, or undecided at the precision, say nothing. */
static bool alike(struct sides *s, const char *what, const tri_values *values, size_t i,
                  const double *x) {
  tri_value a = tri_values_get(values, i), b = tri_values_get(values, i + 1);
  struct numbers *n = (struct numbers *)(uintptr_t)a.numbers;
  if (!tri_value_exists(a) || !tri_value_exists(b)) return true;
  s->t->checks++;
  return near(n, a.at, b.at, domains[s->domain].error) ||
         law_broken(s->t, "%s = %s at (%g, %g, %g): %s %.17g and %.17g in %s", s->text[0],
                    s->text[1], x[0], x[1], x[2], what, tri_value_double(a), tri_value_double(b),
                    tri_domain_name(domains[s->domain].domain));
}

static bool holds_at(struct sides *s, const double *x) {
  for (size_t i = 0; i < INPUTS; i++) tri_values_set_double(s->point, i, x[i]);
  tri_status status =
      tri_function_forward_values(s->f, NULL, s->point, INPUTS, s->units, s->value, s->tangent);
  if (status && status != TRI_DOMAIN && status != TRI_UNKNOWN)
    return law_broken(s->t, "%s = %s: %s", s->text[0], s->text[1], tri_status_code(status));
  if (!alike(s, "value", s->value, 0, x)) return false;
  for (size_t i = 0; i < INPUTS; i++)
    if (!alike(s, "derivative", s->tangent, 2 * i, x)) return false;
  return true;
}

static bool identity_holds(struct sides *s) {
  s->point = array(s->domain, INPUTS);
  s->units = array(s->domain, INPUTS * INPUTS);
  s->value = array(s->domain, 2);
  s->tangent = array(s->domain, 2 * INPUTS);
  for (size_t i = 0; i < INPUTS; i++) tri_values_set_double(s->units, i * INPUTS + i, 1.0);
  for (int k = 0; k < PLACES; k++)
    if (!holds_at(s, at[k])) return false;
  return true;
}

bool law_identities(struct trial *t, tri_op op) {
  bool holds = true;
  for (int i = 0; i < IDENTITIES; i++)
    for (int domain = 0; holds && domain < DOMAINS; domain++) {
      struct sides s = sides_new(t, identities[i], domain);
      bool relevant = says(&s, op);
      if (relevant) holds = identity_holds(&s);
      sides_free(&s);
      if (!relevant) break;
    }
  return holds;
}
