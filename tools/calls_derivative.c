/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* gradient, jacobian, hessian, jvp, vjp: symbolic, or numbers at a point by one of three
 * machineries; derivatives: numbers by the Taylor run. Forward is the dual run, reverse the adjoint tape run, symbolic the calculus' graph
 * through the interpreter. */
#include "numeric.h"
#include "triad/calculus.h"

enum { CALL_DIRECTIONS = 64 }; /* of one dual run */

/* A derivative that a call asks for: rows by columns (columns 0: a vector; rows 0: one number). */
struct derivative {
  size_t rows, columns;
  tri_expr *exprs;  /* symbolic, rows * columns */
  bool by_variable; /* rows are those of the variables: given in their shapes */
};

static size_t entries(const struct derivative *d) {
  return (d->rows > 0 ? d->rows : 1) * (d->columns > 0 ? d->columns : 1);
}

static tri_status need_variables(const struct request *request, const struct subject *s) {
  if (s->n > 0) return TRI_OK;
  return request_fail(request, request->arguments, TRI_ARITY,
                      "%s: there is no variable to differentiate by", request->row->name);
}

/* --- symbolic results */

static bool has_shapes(const struct derivative *d) {
  for (size_t i = 0; i < d->rows; i++)
    if (tri_expr_rank(d->exprs[i]) > 0) return true;
  return false;
}

/* Entries that are arrays: one that stands alone, a vector of entries of one shape, or what can be printed only. */
static tri_status give_shaped(const struct request *request, struct subject *s,
                              struct derivative *d, struct value *value) {
  bool regular = true;
  for (size_t i = 1; i < d->rows; i++)
    regular = regular && node_at(request->graph, d->exprs[i].id)->shape ==
                             node_at(request->graph, d->exprs[0].id)->shape;
  if (d->rows == 1) return subject_give(s, d->exprs[0], true, value);
  if (regular) return subject_give(s, tri_stack(d->rows, d->exprs), true, value);
  struct result *result = result_new(request->session, NULL);
  if (!result) return TRI_MEMORY;
  result->error = "these derivatives have several shapes, so they can only be printed";
  request_report(value, result);
  return result_of_entries(request->session, d->rows, d->exprs, result);
}

/* The derivative as an expression, at the point if that has variables. */
static tri_status give_symbolic(const struct request *request, struct subject *s,
                                struct derivative *d, struct value *value) {
  if (d->by_variable && !s->has_point && has_shapes(d)) return give_shaped(request, s, d, value);
  tri_expr e = numeric_shaped(request, d->exprs, d->rows, d->columns);
  if (tri_expr_status(e) != TRI_OK) return tri_expr_status(e);
  if (!s->has_point) return subject_give(s, e, true, value);
  e = tri_substitute(e, s->n_inputs, s->inputs, s->point);
  *value = (struct value){.kind = VALUE_EXPR, .expr = e.id};
  return tri_expr_status(e);
}

/* How a call differentiates. */
struct machinery {
  /* Makes d's expressions. */
  tri_status (*symbolic)(const struct request *request, struct subject *s, struct derivative *d);
  /* Sets d's numbers by runs over the plan. */
  tri_status (*run)(struct numeric *run, const struct subject *s, tri_values *numbers);
};

/* What is to be computed, for certain_run. */
struct job {
  const struct request *request;
  struct subject *s;
  const struct derivative *d;
  const struct machinery *how;
};

/* What a strict session looks for first, in a run of the function alone. */
static tri_status check_kinks(const struct job *job, const tri_number_options *options) {
  struct numeric run;
  const struct subject *s = job->s;
  tri_status status = TRI_OK;
  if (!job->request->session->settings.strict) return TRI_OK;
  status = numeric_open(&run, job->request, s, s->m, s->outputs, 0, options);
  if (!status) status = numeric_strict(&run);
  numeric_close(&run);
  return status;
}

/* The derivative's expressions as numbers at the point; the function itself must have a value
 * there. */
static tri_status run_symbolic(void *data, const tri_number_options *options,
                               tri_values **numbers) {
  const struct job *job = data;
  const struct request *request = job->request;
  const struct subject *s = job->s;
  const struct derivative *d = job->d;
  size_t n = entries(d), count = s->m + n;
  tri_expr *outputs = request_new(request, count, sizeof *outputs);
  if (!outputs) return TRI_MEMORY;
  for (size_t i = 0; i < count; i++) outputs[i] = i < s->m ? s->outputs[i] : d->exprs[i - s->m];
  struct numeric run = {.request = request};
  tri_status status = check_kinks(job, options);
  if (!status) status = numeric_open(&run, request, s, count, outputs, s->m, options);
  tri_values *all = status == TRI_OK ? numeric_array(&run, count) : NULL;
  *numbers = all ? numeric_array(&run, n) : NULL;
  if (*numbers) {
    status = numeric_check(&run, tri_function_call_values(run.function, &run.call, run.point, all));
    for (size_t i = 0; i < n; i++) tri_values_set(*numbers, i, tri_values_get(all, s->m + i));
  }
  tri_values_free(all);
  numeric_close(&run);
  return *numbers ? status : tri_graph_status(request->graph);
}

static tri_status run_numeric(void *data, const tri_number_options *options, tri_values **numbers) {
  const struct job *job = data;
  const struct subject *s = job->s;
  tri_graph *g = job->request->graph;
  struct numeric run;
  tri_status status = numeric_open(&run, job->request, s, s->m, s->outputs, 0, options);
  *numbers = status == TRI_OK ? numeric_array(&run, entries(job->d)) : NULL;
  if (*numbers) status = numeric_strict(&run);
  if (*numbers && !status) status = job->how->run(&run, s, *numbers);
  numeric_close(&run);
  return tri_graph_status(g) != TRI_OK ? tri_graph_status(g) : status;
}

static tri_status give_numbers(struct job *job, certain_work *work, struct value *value) {
  tri_values *numbers;
  const struct request *request = job->request;
  tri_status status = certain_run(request->session, request->at, work, job, &numbers);
  if (status == TRI_OK && job->d->by_variable)
    status = numeric_give_nested(request, job->s, numbers, value);
  else if (status == TRI_OK)
    status = numeric_give(request, numbers, job->d->rows, job->d->columns, value);
  tri_values_free(numbers);
  return status;
}

static tri_status differentiate(const struct request *request, struct subject *s,
                                struct derivative *d, const struct machinery *how,
                                struct value *value) {
  tri_status status = need_variables(request, s);
  size_t bytes;
  if (status != TRI_OK) return status;
  if (!size_product(d->rows, d->columns > 0 ? d->columns : 1, &bytes))
    return request_fail(request, NULL, TRI_LIMIT, "too many derivatives");
  if (s->symbolic_point && (s->mode == MODE_FORWARD || s->mode == MODE_REVERSE))
    return request_fail(request, NULL, TRI_NAME,
                        "the point is not all numbers, which only mode=symbolic can take");
  bool symbolic = !s->has_point || s->symbolic_point || s->mode == MODE_SYMBOLIC;
  struct job job = {request, s, d, how};
  if (!symbolic) return give_numbers(&job, run_numeric, value);
  if (!s->has_point && s->mode != MODE_DEFAULT && s->mode != MODE_SYMBOLIC)
    return request_fail(request, NULL, TRI_ARITY, "a mode other than symbolic needs a point");
  d->exprs = request_new(request, entries(d), sizeof *d->exprs);
  if (!d->exprs) return TRI_MEMORY;
  status = how->symbolic(request, s, d);
  if (status != TRI_OK) return status;
  return s->has_point && !s->symbolic_point ? give_numbers(&job, run_symbolic, value)
                                            : give_symbolic(request, s, d, value);
}

/* --- gradient and jacobian: m rows of n */

/* Directions from variable `first` on: row k has a 1 at first + k. */
static tri_values *unit_directions(struct numeric *run, size_t first, size_t count) {
  size_t inputs = run->subject->n_inputs, size;
  tri_values *directions = size_product(count, inputs, &size) ? numeric_array(run, size) : NULL;
  for (size_t k = 0; directions && k < count; k++)
    tri_values_set_double(directions, k * inputs + first + k, 1.0);
  return directions;
}

/* Columns first … first + count - 1 by one dual run. */
static tri_status forward_block(struct numeric *run, const struct subject *s, size_t first,
                                size_t count, tri_values *jacobian) {
  tri_values *directions = unit_directions(run, first, count);
  tri_values *tangents = directions ? numeric_array(run, count * s->m) : NULL;
  tri_status status = TRI_MEMORY;
  if (tangents) {
    status = numeric_check(run, tri_function_forward_values(run->function, &run->call, run->point,
                                                            count, directions, NULL, tangents));
    for (size_t k = 0; status == TRI_OK && k < count; k++)
      for (size_t i = 0; i < s->m; i++)
        tri_values_set(jacobian, i * s->n + first + k, tri_values_get(tangents, k * s->m + i));
  } else {
    session_no_memory(s->session);
  }
  tri_values_free(directions);
  tri_values_free(tangents);
  return status;
}

static tri_status forward_jacobian(struct numeric *run, const struct subject *s,
                                   tri_values *jacobian) {
  tri_status status = TRI_OK;
  for (size_t first = 0; first < s->n && status == TRI_OK; first += CALL_DIRECTIONS) {
    size_t left = s->n - first;
    status =
        forward_block(run, s, first, left < CALL_DIRECTIONS ? left : CALL_DIRECTIONS, jacobian);
  }
  return status;
}

static tri_status reverse_jacobian(struct numeric *run, const struct subject *s,
                                   tri_values *jacobian) {
  tri_values *weights = numeric_array(run, s->m), *adjoints = numeric_array(run, s->n_inputs);
  tri_status status = weights && adjoints ? TRI_OK : TRI_MEMORY;
  for (size_t i = 0; i < s->m && status == TRI_OK; i++) {
    if (i > 0) tri_values_set_double(weights, i - 1, 0.0);
    tri_values_set_double(weights, i, 1.0);
    status = numeric_check(run, tri_function_reverse_values(run->function, &run->call, run->point,
                                                            weights, NULL, adjoints));
    for (size_t j = 0; j < s->n && status == TRI_OK; j++)
      tri_values_set(jacobian, i * s->n + j, tri_values_get(adjoints, j));
  }
  tri_values_free(weights);
  tri_values_free(adjoints);
  return status;
}

static tri_status jacobian_run(struct numeric *run, const struct subject *s, tri_values *numbers) {
  return s->mode == MODE_FORWARD ? forward_jacobian(run, s, numbers)
                                 : reverse_jacobian(run, s, numbers);
}

static tri_status gradient_symbolic(const struct request *request, struct subject *s,
                                    struct derivative *d) {
  (void)request;
  return tri_gradient(s->outputs[0], s->n, s->variables, d->exprs);
}

static tri_status jacobian_symbolic(const struct request *request, struct subject *s,
                                    struct derivative *d) {
  tri_status status = subject_needs_numbers(request, s);
  if (status != TRI_OK) return status;
  return tri_jacobian(s->m, s->outputs, s->n, s->variables, d->exprs);
}

tri_status call_gradient(const struct request *request, struct value *value) {
  struct subject s;
  tri_status status =
      subject_read(request, TAKES_VARIABLES | TAKES_POINT | TAKES_MODE | SCALAR_ONLY, &s);
  struct derivative d = {.rows = s.n, .by_variable = true};
  const struct machinery how = {gradient_symbolic, jacobian_run};
  return status == TRI_OK ? differentiate(request, &s, &d, &how, value) : status;
}

tri_status call_jacobian(const struct request *request, struct value *value) {
  struct subject s;
  tri_status status = subject_read(request, TAKES_VARIABLES | TAKES_POINT | TAKES_MODE, &s);
  struct derivative d = {.rows = s.m, .columns = s.n};
  const struct machinery how = {jacobian_symbolic, jacobian_run};
  return status == TRI_OK ? differentiate(request, &s, &d, &how, value) : status;
}

/* --- hessian */

static tri_status hessian_symbolic(const struct request *request, struct subject *s,
                                   struct derivative *d) {
  tri_status status = subject_needs_numbers(request, s);
  if (status != TRI_OK) return status;
  return tri_hessian(s->outputs[0], s->n, s->variables, d->exprs);
}

static tri_status hessian_run(struct numeric *run, const struct subject *s, tri_values *numbers) {
  size_t inputs = s->n_inputs, size;
  tri_values *all = size_product(inputs, inputs, &size) ? numeric_array(run, size) : NULL;
  if (!all) return session_no_memory(s->session);
  run->call.mode = s->mode == MODE_FORWARD ? TRI_FORWARD : TRI_REVERSE;
  tri_status status =
      numeric_check(run, tri_function_hessian_values(run->function, &run->call, run->point, NULL,
                                                     NULL, NULL, all));
  for (size_t i = 0; i < s->n && status == TRI_OK; i++)
    for (size_t j = 0; j < s->n; j++)
      tri_values_set(numbers, i * s->n + j, tri_values_get(all, i * inputs + j));
  tri_values_free(all);
  return status;
}

tri_status call_hessian(const struct request *request, struct value *value) {
  struct subject s;
  tri_status status =
      subject_read(request, TAKES_VARIABLES | TAKES_POINT | TAKES_MODE | SCALAR_ONLY, &s);
  struct derivative d = {.rows = s.n, .columns = s.n};
  const struct machinery how = {hessian_symbolic, hessian_run};
  return status == TRI_OK ? differentiate(request, &s, &d, &how, value) : status;
}

/* --- jvp */

static tri_status jvp_symbolic(const struct request *request, struct subject *s,
                               struct derivative *d) {
  if (subject_needs_numbers(request, s) != TRI_OK) return tri_graph_status(request->graph);
  tri_expr *direction = subject_vector(request, s->direction, s->n, "direction");
  if (!direction) return tri_graph_status(request->graph);
  return tri_jvp(s->m, s->outputs, s->n, s->variables, direction, d->exprs);
}

static tri_status jvp_run(struct numeric *run, const struct subject *s, tri_values *numbers) {
  tri_expr *exprs = subject_vector(run->request, s->direction, s->n, "direction");
  tri_values *direction = exprs ? numeric_array(run, s->n_inputs) : NULL;
  if (!direction) return tri_graph_status(run->request->graph);
  tri_status status = numeric_evaluate(run, s->n, exprs, direction, 0);
  if (status == TRI_OK)
    status = numeric_check(run, tri_function_forward_values(run->function, &run->call, run->point,
                                                            1, direction, NULL, numbers));
  tri_values_free(direction);
  return status;
}

tri_status call_jvp(const struct request *request, struct value *value) {
  struct subject s;
  tri_status status =
      subject_read(request, TAKES_VARIABLES | TAKES_POINT | TAKES_MODE | TAKES_DIRECTION, &s);
  if (status != TRI_OK) return status;
  if (!s.direction) return request_fail(request, NULL, TRI_ARITY, "jvp: direction=[…] is missing");
  if (s.mode == MODE_REVERSE)
    return request_fail(request, NULL, TRI_NAME,
                        "jvp runs forward or symbolic; reverse is what vjp does");
  struct derivative d = {.rows = tri_expr_rank(s.expr) > 0 ? s.m : 0};
  const struct machinery how = {jvp_symbolic, jvp_run};
  return differentiate(request, &s, &d, &how, value);
}

/* --- vjp */

/* The weights, 1 for each output if none are given; NULL on failure. */
static tri_expr *weights_of(const struct request *request, const struct subject *s) {
  if (s->weights) return subject_vector(request, s->weights, s->m, "weights");
  tri_expr *ones = request_new(request, s->m, sizeof *ones);
  for (size_t i = 0; ones && i < s->m; i++) ones[i] = expr_of(request->graph, request->graph->one);
  return ones;
}

static tri_status vjp_symbolic(const struct request *request, struct subject *s,
                               struct derivative *d) {
  tri_expr *weights = weights_of(request, s);
  if (!weights) return tri_graph_status(request->graph);
  return tri_vjp(s->m, s->outputs, weights, s->n, s->variables, d->exprs);
}

static tri_status vjp_run(struct numeric *run, const struct subject *s, tri_values *numbers) {
  tri_expr *exprs = weights_of(run->request, s);
  tri_values *weights = exprs ? numeric_array(run, s->m) : NULL,
             *adjoints = exprs ? numeric_array(run, s->n_inputs) : NULL;
  tri_status status =
      weights && adjoints ? numeric_evaluate(run, s->m, exprs, weights, 0) : TRI_MEMORY;
  if (status == TRI_OK)
    status = numeric_check(run, tri_function_reverse_values(run->function, &run->call, run->point,
                                                            weights, NULL, adjoints));
  for (size_t j = 0; j < s->n && status == TRI_OK; j++)
    tri_values_set(numbers, j, tri_values_get(adjoints, j));
  tri_values_free(weights);
  tri_values_free(adjoints);
  return status;
}

tri_status call_vjp(const struct request *request, struct value *value) {
  struct subject s;
  tri_status status =
      subject_read(request, TAKES_VARIABLES | TAKES_POINT | TAKES_MODE | TAKES_WEIGHTS, &s);
  if (status != TRI_OK) return status;
  if (s.mode == MODE_FORWARD)
    return request_fail(request, NULL, TRI_NAME,
                        "vjp runs in reverse or symbolic; forward is what jvp does");
  struct derivative d = {.rows = s.n, .by_variable = true};
  const struct machinery how = {vjp_symbolic, vjp_run};
  return differentiate(request, &s, &d, &how, value);
}

/* --- derivatives */

enum { HIGHEST_DERIVATIVE = 10000 };

/* As many as there is room for, by the subject's one variable. */
static tri_status derivatives_run(struct numeric *run, const struct subject *s,
                                  tri_values *numbers) {
  size_t order = tri_values_count(numbers), inputs = s->n_inputs;
  tri_values *curve = numeric_array(run, 2 * inputs), *all = numeric_array(run, order + 1);
  tri_status status = curve && all ? TRI_OK : TRI_MEMORY;
  for (size_t i = 0; i < inputs && status == TRI_OK; i++) {
    tri_values_set(curve, i, tri_values_get(run->point, i));
    if (tri_expr_equal(s->inputs[i], s->variables[0]))
      tri_values_set_double(curve, inputs + i, 1.0);
  }
  run->call.derivatives = 1;
  if (status == TRI_OK)
    status = numeric_check(
        run, tri_function_taylor_values(run->function, &run->call, 2, curve, order, all));
  for (size_t k = 1; k <= order && status == TRI_OK; k++)
    tri_values_set(numbers, k - 1, tri_values_get(all, k));
  tri_values_free(curve);
  tri_values_free(all);
  return status;
}

/* The variable: [x] chooses it, else it is the first that is given a value by name, else the only one there is. */
static tri_status only_variable(const struct request *request, struct subject *s) {
  const struct value *second = request->n > 1 ? &request->arguments[1] : NULL;
  if (s->n != 1 && second && second->keyword) {
    uint32_t id = tri__variable(request->graph, second->keyword, second->keyword_size);
    for (size_t i = 0; i < s->n_inputs; i++)
      if (s->inputs[i].id == id) s->variables = s->inputs + i;
    s->n = 1;
  }
  if (s->n == 1) return TRI_OK;
  return request_fail(request, request->arguments, TRI_ARITY,
                      "derivatives: by which variable? write derivatives(e, x=A, …, N)");
}

/* How many: the last argument. */
static tri_status read_order(const struct request *request, size_t *order) {
  const struct value *last = &request->arguments[request->n - 1];
  int64_t n = 0;
  if (last->keyword || last->kind != VALUE_EXPR ||
      tri_expr_op(expr_of(request->graph, last->expr)) != TRI_OP_constant)
    return request_fail(request, last, TRI_SYNTAX, "write derivatives(e, x=A, N)");
  if (!tri__small_integer(request->graph, last->expr, &n) || n < 1 || n > HIGHEST_DERIVATIVE)
    return request_fail(request, last, TRI_LIMIT,
                        "the last argument says how many derivatives, from 1 to %d",
                        HIGHEST_DERIVATIVE);
  *order = (size_t)n;
  return TRI_OK;
}

tri_status call_derivatives(const struct request *request, struct value *value) {
  struct subject s = {0};
  struct request rest = *request;
  struct derivative d = {.columns = 0};
  const struct machinery how = {NULL, derivatives_run};
  tri_status status = read_order(request, &d.rows);
  rest.n--;
  if (status == TRI_OK)
    status = subject_read(&rest, TAKES_VARIABLES | TAKES_POINT | SCALAR_ONLY, &s);
  if (status == TRI_OK && !s.has_point)
    status = request_fail(request, NULL, TRI_ARITY, "write derivatives(e, x=A, N)");
  if (status == TRI_OK && s.symbolic_point)
    status = request_fail(request, NULL, TRI_NAME,
                          "the point is not all numbers, which only taylor and diff can take");
  if (status == TRI_OK) status = only_variable(&rest, &s);
  struct job job = {request, &s, &d, &how};
  return status == TRI_OK ? give_numbers(&job, run_numeric, value) : status;
}
