/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The law that the three ways to differentiate agree, on random graphs that contain a row: dual run and adjoint run, by kernels and by
 * templates, and the symbolic gradient; to rounding in doubles and MPFR, exactly in rationals, as balls that overlap. */
#include <math.h>
#include <string.h>
#include <triad.h>

#include "laws.h"

enum { INPUTS = 3, BEFORE = 8, AFTER = 5, POOL = 40, TRIES = 4000 };

/* A random graph in the making, with its values at the point that it will be differentiated at, so that it stays where all
 * has values and derivatives of moderate size. */
struct growing {
  struct trial *t;
  bool exact; /* of exact rows only, at a rational point */
  tri_expr real[POOL], condition[POOL];
  double value[POOL], truth[POOL];
  unsigned reals, conditions;
  tri_expr inputs[INPUTS];
  double point[INPUTS];
};

static void add_real(struct growing *g, tri_expr e, double value) {
  if (g->reals == POOL) return;
  g->real[g->reals] = e;
  g->value[g->reals++] = value;
}

static void add_condition(struct growing *g, tri_expr e, double truth) {
  if (g->conditions == POOL) return;
  g->condition[g->conditions] = e;
  g->truth[g->conditions++] = truth;
}

/* Inputs at odd sixteenths, which are exact in both domains, and a few numbers to shift them with. */
static void plant(struct growing *g) {
  char name[] = "x";
  tri_graph *graph = g->t->graph;
  for (int i = 0; i < INPUTS; i++, name[0]++) {
    g->point[i] = (2.0 * trial_random(g->t, 40) - 39.0) / 16.0;
    g->inputs[i] = tri_variable(graph, name);
    add_real(g, g->inputs[i], g->point[i]);
  }
  add_real(g, tri_add(g->inputs[0], tri_integer(graph, 4)), g->point[0] + 4.0);
  add_real(g, tri_div(g->inputs[1], tri_integer(graph, 8)), g->point[1] / 8.0);
  add_real(g, tri_rational(graph, 3, 2), 1.5);
  add_real(g, tri_integer(graph, 2), 2.0);
  add_condition(g, tri_lt(g->inputs[0], g->inputs[1]), g->point[0] < g->point[1]);
}

/* Arguments out of what has grown so far, each of the kind that the row wants. */
static void choose(struct growing *g, const struct row *row, tri_expr *args, double *x) {
  for (int i = 0; i < row->arity; i++) {
    bool condition = row->conditions >> i & 1;
    unsigned k = trial_random(g->t, condition ? g->conditions : g->reals);
    args[i] = condition ? g->condition[k] : g->real[k];
    x[i] = condition ? g->truth[k] : g->value[k];
    if (condition || has_partial(row, i) || row->sort == TRI_BOOLEAN) continue;
    x[i] = trial_random(g->t, 3); /* an order */
    args[i] = tri_integer(g->t->graph, (int64_t)x[i]);
  }
}

static bool moderate(double x) { return fabs(x) <= 30.0; }

/* Whether the row is smooth and of moderate size at x, and not only just. */
static bool usable(const struct row *row, const double *x, double *r) {
  double near[ROW_MAX_ARITY];
  for (int side = -1; side <= 1; side++) {
    for (int i = 0; i < ROW_MAX_ARITY; i++)
      near[i] = row->conditions >> i & 1 || (i < row->arity && !has_partial(row, i))
                    ? x[i]
                    : x[i] + side * 1e-3;
    if (!row->defined(near[0], near[1], near[2]) || row->at_kink(near[0], near[1], near[2]))
      return false;
  }
  *r = row->kernel(x[0], x[1], x[2]);
  bool fit = moderate(*r) && (*r == 0.0 || fabs(*r) > 1e-3) && row->defined(x[0], x[1], x[2]);
  for (int i = 0; i < row->arity && fit; i++)
    if (has_partial(row, i)) fit = moderate(row->dkernel[i](x[0], x[1], x[2], *r));
  return fit && !row->at_kink(x[0], x[1], x[2]);
}

/* In the rational domain a value has to be exact too: roots and powers seldom are. */
static bool exactly(const struct growing *g, tri_op op, const double *x) {
  if (!g->exact || (op != TRI_OP_pow && op != TRI_OP_sqrt)) return true;
  return op == TRI_OP_pow && x[1] == floor(x[1]);
}

static bool grow(struct growing *g, tri_op op) {
  const struct row *row = g->t->rows + op;
  for (int try = 0; try < TRIES; try++) {
    tri_expr args[ROW_MAX_ARITY];
    double x[ROW_MAX_ARITY] = {0.0}, r;
    choose(g, row, args, x);
    if (!usable(row, x, &r) || !exactly(g, op, x)) continue;
    tri_expr e = tri_apply(op, row->arity, args);
    if (tri_expr_status(e)) return false;
    if (row->sort == TRI_BOOLEAN)
      add_condition(g, e, r);
    else
      add_real(g, e, r);
    return true;
  }
  return false;
}

static tri_op any_row(struct growing *g) {
  tri_op op;
  do op = (tri_op)trial_random(g->t, TRI_OP_ROWS);
  while (g->exact && (!g->t->rows[op].exact || op == TRI_OP_sqrt));
  return op;
}

/* The row over what grew before it, and more on top that is sure to use it: a product with it. */
static bool grow_graph(struct growing *g, tri_op op, tri_expr *output) {
  plant(g);
  for (int i = 0; i < BEFORE; i++) grow(g, any_row(g));
  if (!grow(g, op)) return false;
  unsigned target = g->reals - 1;
  for (int i = 0; i < AFTER; i++) grow(g, any_row(g));
  *output = tri_mul(g->real[target], tri_add(g->inputs[0], tri_integer(g->t->graph, 4)));
  for (unsigned k = INPUTS; k < g->reals; k++) *output = tri_add(*output, g->real[k]);
  return tri_expr_status(*output) == TRI_OK;
}

/* --- doubles */

static void by_template(tri_workspace *w, bool yes) {
  w->level[LEVEL_BASE].numbers.by_template = yes;
}

struct modes {
  double value, forward[INPUTS], reverse[INPUTS], forward_text[INPUTS], reverse_text[INPUTS],
      symbolic[INPUTS + 1], taylor[INPUTS], twice[INPUTS], hessian[INPUTS * INPUTS];
};

/* First and second derivatives by each input, along straight lines. */
static tri_status run_series(const struct growing *g, const tri_function *f, tri_call call,
                             struct modes *m) {
  tri_status s = tri_function_hessian(f, &call, g->point, NULL, NULL, NULL, m->hessian);
  call.derivatives = 1;
  for (int i = 0; i < INPUTS && !s; i++) {
    double curve[2 * INPUTS] = {0.0}, d[3] = {0.0};
    memcpy(curve, g->point, sizeof g->point);
    curve[INPUTS + i] = 1.0;
    s = tri_function_taylor(f, &call, 2, curve, 2, d);
    m->taylor[i] = d[1];
    m->twice[i] = d[2];
    m->hessian[i] = m->hessian[i * INPUTS + i]; /* its diagonal is all that is looked at */
  }
  return s;
}

static tri_status run_modes(const struct growing *g, const tri_function *f, tri_workspace *w,
                            struct modes *m) {
  double unit[INPUTS * INPUTS] = {0.0};
  tri_call call = {.workspace = w};
  for (int i = 0; i < INPUTS; i++) unit[i * INPUTS + i] = 1.0;
  tri_status s = tri_function_forward(f, &call, g->point, INPUTS, unit, &m->value, m->forward);
  if (!s) s = tri_function_reverse(f, &call, g->point, NULL, &m->value, m->reverse);
  if (!s) s = run_series(g, f, call, m);
  tri_workspace_free(w);
  call.workspace = tri_workspace_new(f);
  by_template(call.workspace, true);
  if (!s) s = tri_function_forward(f, &call, g->point, INPUTS, unit, NULL, m->forward_text);
  if (!s) s = tri_function_reverse(f, &call, g->point, NULL, NULL, m->reverse_text);
  tri_workspace_free(call.workspace);
  return s;
}

static bool agree(struct trial *t, tri_op op, const char *what, const double *a, const double *b,
                  double scale) {
  for (int i = 0; i < INPUTS; i++) {
    t->checks++;
    if (!(fabs(a[i] - b[i]) <= 1e-9 * scale))
      return law_broken(t, "%s of a graph with %s: derivative %d is %.17g and %.17g", what,
                        t->rows[op].name, i + 1, a[i], b[i]);
  }
  return true;
}

static bool symbolic_agrees(struct growing *g, tri_op op, tri_expr output, struct modes *m,
                            double scale) {
  struct trial *t = g->t;
  tri_expr outputs[1 + INPUTS] = {output};
  if (tri_gradient(output, INPUTS, g->inputs, outputs + 1))
    return law_broken(t, "no symbolic gradient");
  tri_function *f = tri_compile(INPUTS, g->inputs, 1 + INPUTS, outputs, .primals = 1);
  tri_status s = f ? tri_function_call(f, NULL, g->point, m->symbolic) : TRI_MEMORY;
  tri_function_free(f);
  if (s)
    return law_broken(t, "symbolic gradient of a graph with %s: %s", t->rows[op].name,
                      tri_status_code(s));
  return agree(t, op, "reverse and symbolic", m->reverse, m->symbolic + 1, scale);
}

static bool modes_agree(struct growing *g, tri_op op, tri_expr output) {
  struct trial *t = g->t;
  struct modes m = {.value = 0.0};
  double scale = 1.0, second = 1.0;
  tri_function *f = tri_compile(INPUTS, g->inputs, 1, &output);
  tri_status s = f ? run_modes(g, f, tri_workspace_new(f), &m) : TRI_MEMORY;
  tri_function_free(f);
  if (s) return law_broken(t, "a graph with %s: %s", t->rows[op].name, tri_status_code(s));
  for (int i = 0; i < INPUTS; i++) scale = fmax(scale, fabs(m.reverse[i]));
  for (int i = 0; i < INPUTS; i++) second = fmax(second, fabs(m.hessian[i]));
  return agree(t, op, "forward and reverse", m.forward, m.reverse, scale) &&
         agree(t, op, "reverse by kernels and by templates", m.reverse, m.reverse_text, scale) &&
         agree(t, op, "forward and reverse by templates", m.forward_text, m.reverse_text, scale) &&
         agree(t, op, "forward and Taylor", m.forward, m.taylor, scale) &&
         agree(t, op, "Hessian and Taylor", m.hessian, m.twice, scale * second) &&
         symbolic_agrees(g, op, output, &m, scale);
}

bool law_modes(struct trial *t, tri_op op) {
  struct growing g = {.t = t};
  tri_expr output;
  return t->rows[op].sort == TRI_BOOLEAN || !grow_graph(&g, op, &output) ||
         modes_agree(&g, op, output);
}

/* --- arrays of numbers: rationals, which are to be equal, MPFR's, and balls, which are to meet */

/* The arrays of one comparison, in one domain. */
struct arrays {
  tri_number_options options;
  tri_values *point, *unit, *forward, *reverse, *symbolic;
};

static tri_values *new_array(const struct arrays *m, size_t count) {
  tri_values *values = tri_values_new(&m->options, count);
  trial_must(values != NULL);
  return values;
}

/* The point, and row by row the unit directions. */
static void open_arrays(struct arrays *m, const struct growing *g) {
  m->point = new_array(m, INPUTS);
  m->unit = new_array(m, INPUTS * INPUTS);
  m->forward = new_array(m, INPUTS);
  m->reverse = new_array(m, INPUTS);
  m->symbolic = new_array(m, 1 + INPUTS);
  for (size_t i = 0; i < INPUTS; i++) {
    tri_values_set_double(m->point, i, g->point[i]);
    for (size_t k = 0; k < INPUTS; k++) tri_values_set_double(m->unit, i * INPUTS + k, i == k);
  }
}

static void close_arrays(struct arrays *m) {
  tri_values_free(m->point);
  tri_values_free(m->unit);
  tri_values_free(m->forward);
  tri_values_free(m->reverse);
  tri_values_free(m->symbolic);
}

/* Of two computations of one number; `scale` is the size of the gradient. */
static bool meet(struct arrays *m, tri_value a, tri_value b, double scale) {
  struct numbers *n = (struct numbers *)(uintptr_t)a.numbers;
  if (!tri_value_exists(a) || !tri_value_exists(b)) return false;
  int order = n->domain->compare(n, a.at, b.at);
  if (m->options.domain != TRI_MPFR) /* balls that overlap have no order */
    return order == 0 || (m->options.domain == TRI_BALL && order == COMPARE_UNKNOWN);
  void *difference = tri__numbers_new(n, 1);
  trial_must(difference != NULL);
  n->domain->apply(n, TRI_OP_sub, APPLY_EXTENDED, difference, (const void *const[]){a.at, b.at});
  double size = fabs(n->domain->to_double(n, difference));
  tri__numbers_delete(n, difference, 1);
  return size <= 1e-40 * scale;
}

static bool all_meet(struct trial *t, tri_op op, const char *what, struct arrays *m,
                     const tri_values *a, const tri_values *b, size_t from) {
  double scale = 1.0;
  for (size_t i = 0; i < INPUTS; i++)
    scale = fmax(scale, fabs(tri_value_double(tri_values_get(a, i))));
  for (size_t i = 0; i < INPUTS; i++) {
    t->checks++;
    if (!meet(m, tri_values_get(a, i), tri_values_get(b, from + i), scale))
      return law_broken(t, "%s of a graph with %s differ in %s", what, t->rows[op].name,
                        tri_domain_name(m->options.domain));
  }
  return true;
}

static tri_function *compile_in(const struct growing *g, const struct arrays *m, size_t outputs,
                                const tri_expr *output) {
  tri_function *f = tri_compile(INPUTS, g->inputs, outputs, output, .primals = 1,
                                .domain = m->options.domain, .precision = m->options.precision);
  trial_must(f != NULL);
  return f;
}

static bool symbolic_meets(struct growing *g, tri_op op, tri_expr output, struct arrays *m) {
  struct trial *t = g->t;
  tri_expr outputs[1 + INPUTS] = {output};
  if (tri_gradient(output, INPUTS, g->inputs, outputs + 1))
    return law_broken(t, "no symbolic gradient");
  tri_function *f = compile_in(g, m, 1 + INPUTS, outputs);
  tri_status s = tri_function_call_values(f, NULL, m->point, m->symbolic);
  tri_function_free(f);
  return !s && all_meet(t, op, "reverse and symbolic", m, m->reverse, m->symbolic, 1);
}

/* Where a value or derivative is not rational (log in the derivative of a power by its exponent) there is nothing to compare. */
static bool modes_meet(struct growing *g, tri_op op, tri_expr output, struct arrays *m) {
  tri_function *f = compile_in(g, m, 1, &output);
  tri_status s = tri_function_reverse_values(f, NULL, m->point, NULL, NULL, m->reverse);
  if (!s) s = tri_function_forward_values(f, NULL, m->point, INPUTS, m->unit, NULL, m->forward);
  tri_function_free(f);
  if (s && m->options.domain != TRI_RATIONAL)
    return law_broken(g->t, "a graph with %s in %s: %s", g->t->rows[op].name,
                      tri_domain_name(m->options.domain), tri_status_code(s));
  return s || (all_meet(g->t, op, "forward and reverse", m, m->forward, m->reverse, 0) &&
               symbolic_meets(g, op, output, m));
}

static bool meet_in(struct growing *g, tri_op op, tri_expr output, tri_domain domain,
                    uint32_t precision) {
  struct arrays m = {.options = {.domain = domain, .precision = precision}};
  open_arrays(&m, g);
  bool holds = modes_meet(g, op, output, &m);
  close_arrays(&m);
  return holds;
}

bool law_exact_modes(struct trial *t, tri_op op) {
  struct growing g = {.t = t, .exact = true};
  tri_expr output;
  return !t->rows[op].exact || t->rows[op].sort == TRI_BOOLEAN || !grow_graph(&g, op, &output) ||
         meet_in(&g, op, output, TRI_RATIONAL, 0);
}

bool law_sure_modes(struct trial *t, tri_op op) {
  struct growing g = {.t = t};
  tri_expr output;
  return t->rows[op].sort == TRI_BOOLEAN || !grow_graph(&g, op, &output) ||
         (meet_in(&g, op, output, TRI_BALL, 120) && meet_in(&g, op, output, TRI_MPFR, 200));
}
