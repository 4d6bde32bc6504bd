/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The call plot: an expression and its derivative, or several expressions, sampled in double over a
 * range. */
#include "plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "subject.h"
#include "triad/calculus.h"

enum {
  FILE_POINTS = 1201,
  LEAST_WIDTH = 40,
  USUAL_WIDTH = 80,
  MOST_WIDTH = 120,
  WIDEST_TITLE = 60
};

/* --- scales */

struct scale scale_of(double low, double high, int ticks, bool widen) {
  struct scale s = {.low = low, .high = high};
  double rough = (high - low) / ticks;
  s.exponent = (int)floor(log10(rough));
  double mantissa = rough / pow(10.0, s.exponent);
  s.digit = mantissa <= 1.0 ? 1 : mantissa <= 2.0 ? 2 : mantissa <= 5.0 ? 5 : 10;
  double unit = s.digit * pow(10.0, s.exponent);
  s.least = (int64_t)(widen ? floor(low / unit + 1e-9) : ceil(low / unit - 1e-9));
  s.most = (int64_t)(widen ? ceil(high / unit - 1e-9) : floor(high / unit + 1e-9));
  if (widen) {
    s.low = scale_tick(&s, s.least);
    s.high = scale_tick(&s, s.most);
  }
  return s;
}

double scale_tick(const struct scale *s, int64_t i) {
  double number = (double)(i * s->digit);
  return s->exponent < 0 ? number / pow(10.0, -s->exponent) : number * pow(10.0, s->exponent);
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

bool curves_range(const struct curves *c, struct arena *arena, double *low, double *high) {
  double *all = arena_new(arena, c->n * c->count, sizeof *all);
  size_t n = 0;
  if (!all) return false;
  for (size_t k = 0; k < c->n; k++)
    for (size_t i = 0; i < c->count; i++)
      if (isfinite(c->y[k][i]) && fabs(c->y[k][i]) < 1e300) all[n++] = c->y[k][i];
  if (n == 0) return false;
  qsort(all, n, sizeof *all, compare);
  double inner_low = all[n / 20], inner_high = all[n - 1 - n / 20], inner = inner_high - inner_low;
  *low = all[0];
  *high = all[n - 1];
  if (inner > 0.0 && *high - *low > 8.0 * inner) { /* a pole: show what lies between the far ends */
    *low = fmax(*low, inner_low - 0.5 * inner);
    *high = fmin(*high, inner_high + 0.5 * inner);
  }
  double least = fmax(fabs(*low), fabs(*high)) * 1e-9;
  if (*high - *low <= least) {
    double around = least > 0.0 ? fabs(*low) * 0.5 : 1.0;
    *low -= around;
    *high += around;
  }
  return true;
}

/* --- what to plot */

/* The title of a curve: the expression if it is short. */
static tri_text *title_of(const struct request *request, tri_expr e, const char *before,
                          const char *instead) {
  tri_text *text = arena_text(&request->session->statement->arena);
  if (!text) return session_no_memory(request->session), NULL;
  tri__text_puts(text, before);
  if (print_expr(request->session, tri_simplify(e), text) != TRI_OK) return NULL;
  if (text->size > WIDEST_TITLE || memchr(text->data, '\n', text->size)) {
    text->size = 0;
    tri__text_puts(text, instead);
  }
  return text;
}

/* The expressions: e and its derivative, or the elements of a vector. */
static tri_status choose(const struct request *request, const struct subject *s, struct curves *c,
                         tri_expr exprs[MOST_CURVES]) {
  static const char *const others[] = {"the first",  "the second", "the third",
                                       "the fourth", "the fifth",  "the sixth"};
  if (s->m > MOST_CURVES)
    return request_fail(request, request->arguments, TRI_LIMIT, "plot draws at most %d curves",
                        MOST_CURVES);
  c->derivative = tri_expr_rank(s->expr) == 0;
  c->n = c->derivative ? 2 : s->m;
  for (size_t k = 0; k < s->m; k++) exprs[k] = s->outputs[k];
  if (c->derivative) exprs[1] = tri_diff(s->outputs[0], s->range_variable);
  for (size_t k = 0; k < c->n; k++) {
    char before[80] = "";
    if (tri_expr_status(exprs[k]) != TRI_OK) return tri_expr_status(exprs[k]);
    if (c->derivative && k == 1) snprintf(before, sizeof before, "d/d%.60s: ", c->x_name);
    c->title[k] = title_of(request, exprs[k], before,
                           !c->derivative ? others[k]
                           : k == 1       ? "its derivative"
                                          : "the expression");
    if (!c->title[k]) return tri_graph_status(request->graph);
  }
  return TRI_OK;
}

/* Numbers of expressions without variables, as doubles. */
static tri_status doubles(const struct request *request, size_t n, const tri_expr *exprs,
                          double *numbers) {
  tri_values *values;
  tri_error error = {0};
  if (n == 0) return TRI_OK;
  if (tri_evaluate(n, exprs, NULL, &values, &error) != TRI_OK)
    return session_fail_with(request->session, request->at, &error);
  for (size_t i = 0; i < n; i++) numbers[i] = tri_value_double(tri_values_get(values, i));
  tri_values_free(values);
  return TRI_OK;
}

/* --- sampling */

struct sampler {
  tri_function *function;
  tri_workspace *workspace;
  double *inputs;
  size_t x; /* which input moves */
};

static tri_status open_sampler(const struct request *request, const struct subject *s,
                               const struct curves *c, const tri_expr *exprs,
                               struct sampler *sampler) {
  tri_expr *inputs = request_new(request, s->n_inputs + 1, sizeof *inputs);
  sampler->inputs = request_new(request, s->n_inputs + 1, sizeof *sampler->inputs);
  if (!inputs || !sampler->inputs) return TRI_MEMORY;
  size_t n = 0;
  for (size_t i = 0; i < s->n_inputs; i++) {
    if (tri_expr_equal(s->inputs[i], s->range_variable)) continue;
    inputs[n] = s->inputs[i];
    tri_status status = doubles(request, 1, &s->point[i], &sampler->inputs[n++]);
    if (status != TRI_OK) return status;
  }
  inputs[n] = s->range_variable;
  sampler->x = n++;
  tri_error error = {0};
  sampler->function =
      tri_compile(n, inputs, c->n, exprs, .primals = c->derivative ? 1 : c->n, .error = &error);
  if (!sampler->function) return session_fail_with(request->session, request->at, &error);
  sampler->workspace = tri_workspace_new(sampler->function);
  return sampler->workspace ? TRI_OK : session_no_memory(request->session);
}

static tri_status sample(const struct request *request, struct sampler *sampler, struct curves *c) {
  double y[MOST_CURVES];
  tri_error error = {0};
  tri_call call = {
      .workspace = sampler->workspace, .error = &error, .interrupt = request->session->interrupt};
  for (size_t i = 0; i < c->count; i++) {
    double part = (double)i / (double)(c->count - 1);
    sampler->inputs[sampler->x] = c->from + (c->to - c->from) * part;
    for (size_t k = 0; k < c->n; k++) y[k] = (double)NAN;
    tri_status status = tri_function_call(sampler->function, &call, sampler->inputs, y);
    if (status != TRI_OK && status != TRI_DOMAIN)
      return session_fail_with(request->session, request->at, &error);
    for (size_t k = 0; k < c->n; k++)
      c->y[k][i] = c->derivative && isnan(y[0]) ? (double)NAN : y[k];
  }
  return TRI_OK;
}

static tri_status fill(const struct request *request, const struct subject *s, struct curves *c) {
  tri_expr exprs[MOST_CURVES];
  struct sampler sampler = {0};
  for (size_t k = 0; k < MOST_CURVES; k++) {
    c->y[k] = request_new(request, c->count, sizeof *c->y[k]);
    if (!c->y[k]) return TRI_MEMORY;
  }
  tri_status status = choose(request, s, c, exprs);
  if (status == TRI_OK) status = open_sampler(request, s, c, exprs, &sampler);
  if (status == TRI_OK) status = sample(request, &sampler, c);
  tri_workspace_free(sampler.workspace);
  tri_function_free(sampler.function);
  return status;
}

/* --- the call */

static size_t terminal_width(const struct session *session) {
  struct winsize size;
  if (!session->output.out_is_terminal ||
      ioctl(fileno(session->output.out), TIOCGWINSZ, &size) != 0)
    return USUAL_WIDTH;
  size_t width = size.ws_col;
  return width < LEAST_WIDTH ? LEAST_WIDTH : width > MOST_WIDTH ? MOST_WIDTH : width;
}

static tri_status read_range(const struct request *request, const struct subject *s,
                             struct curves *c) {
  double ends[2] = {0};
  if (!s->range)
    return request_fail(request, NULL, TRI_ARITY, "plot: the range is missing: %s",
                        request->row->usage);
  tri_expr exprs[2] = {expr_of(request->graph, s->range->from),
                       expr_of(request->graph, s->range->to)};
  if (expr_leaves(request->session, 2, exprs))
    return request_fail(request, s->range, TRI_NAME, "the ends of the range are no numbers");
  tri_status status = doubles(request, 2, exprs, ends);
  if (status != TRI_OK) return status;
  if (!isfinite(ends[0]) || !isfinite(ends[1]) || !isfinite(ends[1] - ends[0]) ||
      ends[0] >= ends[1])
    return request_fail(request, s->range, TRI_DOMAIN,
                        "a range goes from a number to a larger one");
  c->from = ends[0];
  c->to = ends[1];
  /* A copy, since the derivatives to come make the graph grow. */
  const char *name = tri_expr_name(s->range_variable);
  c->x_name = arena_string(&request->session->statement->arena, name, strlen(name));
  return c->x_name ? TRI_OK : session_no_memory(request->session);
}

tri_status call_plot(const struct request *request, struct value *value) {
  struct subject s;
  struct curves c = {0};
  tri_status status = subject_read(request, TAKES_POINT | TAKES_RANGE | TAKES_FILE, &s);
  if (status == TRI_OK) status = read_range(request, &s, &c);
  if (status != TRI_OK) return status;
  size_t width = terminal_width(request->session);
  c.count = s.file ? FILE_POINTS : width * 8 + 1;
  status = fill(request, &s, &c);
  if (status != TRI_OK) return status;
  if (s.file) return plot_file(request, &c, s.file, value);
  struct result *result = result_text(request->session);
  if (!result) return TRI_MEMORY;
  result->error = "a plot is no expression";
  request_report(value, result);
  return plot_terminal(request, &c, width, result->text);
}
