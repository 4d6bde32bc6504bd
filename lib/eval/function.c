/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Compiled functions as the public sees them: compiling, and calls with doubles or with numbers of
 * the function's domain. */
#include "eval/arrays.h"
#include "eval/lanes.h"
#include "eval/native_calls.h"
#include "graph/node.h"

/* --- compiling */

static tri_function *fail(tri_graph *g, tri_error *told, const tri_error *error) {
  if (told) *told = *error;
  if (g) tri__fail(g, error->status, "%s", error->message);
  return NULL;
}

/* But its plan. */
static void close_function(tri_function *f) {
  struct plan *plan = f->plan;
  tri__arrays_close(f);
  tri__native_close(f);
  tri__free(&plan->memory, f, 1, sizeof *f);
}

static tri_function *function_of(struct plan *plan, const tri_compile_options *options,
                                 tri_error *error) {
  tri__error(error, TRI_MEMORY, 0, "out of memory");
  tri_function *f = tri__new(&plan->memory, 1, sizeof *f);
  if (!f) return NULL;
  f->plan = plan;
  f->domain = options->domain;
  f->precision = options->precision;
  f->digits = options->digits;
  if (tri__native_open(f, options) && tri__arrays_open(f, options->donated, error)) return f;
  close_function(f);
  return NULL;
}

tri_function *tri_compile_with(size_t n_inputs, const tri_expr *inputs, size_t n_outputs,
                               const tri_compile_options *options) {
  tri_error error = {.status = TRI_ARGUMENT};
  if (!options || !options->outputs || !n_outputs || (n_inputs && !inputs) ||
      (unsigned)options->domain >= TRI_DOMAINS) {
    tri__error(&error, TRI_ARGUMENT, 0, "a function needs an output and a known domain");
    return fail(NULL, options ? options->error : NULL, &error);
  }
  tri_graph *g = options->outputs[0].graph;
  if (!g) {
    tri__error(&error, TRI_ARGUMENT, 0, "an output is no expression");
    return fail(NULL, options->error, &error);
  }
  if (options->precision > TRI_MAX_PRECISION) {
    tri__error(&error, TRI_LIMIT, 0, "a precision of %u bits is above the limit of %d",
               (unsigned)options->precision, TRI_MAX_PRECISION);
    return fail(g, options->error, &error);
  }
  struct plan *plan = tri__plan(g, n_inputs, inputs, n_outputs, options, &error);
  tri_function *f = plan ? function_of(plan, options, &error) : NULL;
  if (f) return f;
  tri__plan_free(plan);
  return fail(g, options->error, &error);
}

void tri_function_free(tri_function *f) {
  if (!f) return;
  struct plan *plan = f->plan;
  tri__lanes_free(atomic_load(&f->lanes));
  close_function(f);
  tri__plan_free(plan);
}

size_t tri_function_inputs(const tri_function *f) { return f->plan->input_count; }
size_t tri_function_outputs(const tri_function *f) { return f->plan->output_count; }
tri_domain tri_function_domain(const tri_function *f) { return f->domain; }
size_t tri_function_operations(const tri_function *f) { return f->plan->step_count; }
size_t tri_function_sizes(const tri_function *f) { return f->plan->size_count; }

const char *tri_function_size_name(const tri_function *f, size_t i) {
  return i < f->plan->size_count ? f->plan->size_names[i] : NULL;
}

/* --- how much room a workspace needs: that of one that is made for the purpose, every block
 * rounded up */

static void *counting_resize(void *context, void *block, size_t old_size, size_t new_size) {
  tri_allocator *inner = ((void **)context)[0];
  size_t *total = ((void **)context)[1];
  void *moved = inner->resize(inner->context, block, old_size, new_size);
  if (moved && !block) *total += (new_size + 63) / 16 * 16;
  return moved;
}

/* Makes ready what the calls use. */
static bool rehearse(tri_workspace *w, size_t directions) {
  static const tri_call call = {.n_sizes = 0};
  struct run r;
  uint32_t at_once = directions < DIRECTIONS_AT_ONCE ? (uint32_t)directions : DIRECTIONS_AT_ONCE;
  bool ok = !tri__bind(w, &call) && !tri__level(&r, w, &call, LEVEL_BASE, 0, false);
  ok = ok && tri__native_rehearse(w, directions > 0);
  bool scratch = ok && (directions || r.numbers->domain->partial == tri__partial_by_program);
  if (scratch)
    ok = tri__numbers_scratch(r.numbers); /* for rows' programs; kernels need none for values */
  ok = ok && tri__rehearse_loops(&r, scratch);
  if (!directions) return ok;
  return ok && !tri__level(&r, w, &call, LEVEL_BASE, 0, true) && tri__adjoints(&r, LEVEL_BASE) &&
         tri__rehearse_loops(&r, scratch) &&
         !tri__level(&r, w, &call, LEVEL_DUAL, at_once, false) && tri__rehearse_loops(&r, false);
}

size_t tri_workspace_bytes(const tri_function *f, size_t directions) {
  if (!f) return 0;
  tri_allocator inner = f->plan->memory.allocator;
  size_t total = 0;
  void *context[2] = {&inner, &total};
  struct plan plan = *f->plan; /* the same plan with memory that counts */
  tri_function counted = {&plan, f->domain, f->precision, f->digits, NULL, f->native, NULL};
  if (plan.size_count) return 0;
  plan.memory.allocator = (tri_allocator){counting_resize, context};
  tri_workspace *w = tri_workspace_new(&counted);
  bool ok = w && rehearse(w, directions);
  tri_workspace_free(w);
  return ok ? total : 0;
}

/* --- calls */

static const tri_call no_options = {.n_sizes = 0};

/* A call in the making: its workspace is the caller's, or made for it. */
struct session {
  tri_call call;
  tri_workspace *workspace, *made;
};

/* With a workspace that is not bound yet. */
static tri_status open_session(struct session *s, const tri_function *f, const tri_call *call) {
  *s = (struct session){.call = call ? *call : no_options};
  if (s->call.error) *s->call.error = (tri_error){.status = TRI_OK};
  if (!f) return tri__call_error(&s->call, TRI_ARGUMENT, "no function: it did not compile");
  s->workspace = s->call.workspace;
  if (!s->workspace) s->workspace = s->made = tri_workspace_new(f);
  if (!s->workspace) return tri__call_error(&s->call, TRI_MEMORY, "out of memory");
  if (s->workspace->function != f)
    return tri__call_error(&s->call, TRI_ARGUMENT, "the workspace is another function's");
  return TRI_OK;
}

static tri_status begin(struct session *s, const tri_function *f, const tri_call *call) {
  tri_status status = open_session(s, f, call);
  return status ? status : tri__bind(s->workspace, &s->call);
}

static tri_status end(struct session *s, tri_status status) {
  tri_workspace_free(s->made);
  return status;
}

static struct port doubles(const double *array) {
  return (struct port){.doubles = (double *)(uintptr_t)array};
}

tri_status tri_function_elements(const tri_function *f, const tri_call *call, size_t *n,
                                 size_t *m) {
  struct session s;
  tri_status status = begin(&s, f, call);
  if (!status) {
    *n = tri__input_elements(s.workspace);
    *m = tri__output_elements(s.workspace);
  }
  return end(&s, status);
}

/* Whether the arrays that a call needs are there. */
static tri_status need(const struct session *s, bool given) {
  return given ? TRI_OK : tri__call_error(&s->call, TRI_ARGUMENT, "an array is missing");
}

static bool enough(const tri_workspace *w, const double *inputs) {
  return inputs || !tri__input_elements(w);
}

tri_status tri_function_call(const tri_function *f, const tri_call *call, const double *inputs,
                             double *outputs) {
  if (f && f->native && tri__native_value(f, call, inputs, outputs)) return TRI_OK;
  if (tri__quick_call(f, call, inputs, outputs)) return TRI_OK;
  struct session s;
  struct port in = doubles(inputs), out = doubles(outputs);
  tri_status status = begin(&s, f, call);
  if (!status) status = need(&s, enough(s.workspace, inputs) && outputs);
  if (!status) status = tri__value_run(s.workspace, &s.call, &in, &out);
  return end(&s, status);
}

tri_status tri_function_forward(const tri_function *f, const tri_call *call, const double *inputs,
                                size_t k, const double *directions, double *outputs,
                                double *tangents) {
  struct session s;
  struct port in = doubles(inputs), along = doubles(directions), out = doubles(outputs),
              to = doubles(tangents);
  tri_status status = begin(&s, f, call);
  if (!status)
    status =
        need(&s, k && enough(s.workspace, inputs) && enough(s.workspace, directions) && tangents);
  if (!status) status = tri__dual_run(s.workspace, &s.call, &in, k, &along, &out, &to);
  return end(&s, status);
}

tri_status tri_function_reverse(const tri_function *f, const tri_call *call, const double *inputs,
                                const double *weights, double *outputs, double *adjoints) {
  if (f && f->native && tri__native_reverse(f, call, inputs, weights, outputs, adjoints))
    return TRI_OK;
  if (tri__quick_reverse(f, call, inputs, weights, outputs, adjoints)) return TRI_OK;
  struct session s;
  struct port in = doubles(inputs), by = doubles(weights), out = doubles(outputs),
              to = doubles(adjoints);
  tri_status status = begin(&s, f, call);
  if (!status) status = need(&s, enough(s.workspace, inputs) && enough(s.workspace, adjoints));
  if (!status) status = tri__adjoint_run(s.workspace, &s.call, &in, &by, &out, &to);
  return end(&s, status);
}

tri_status tri_function_jacobian(const tri_function *f, const tri_call *call, const double *inputs,
                                 double *outputs, double *jacobian) {
  struct session s;
  struct port in = doubles(inputs), out = doubles(outputs), to = doubles(jacobian);
  tri_status status = begin(&s, f, call);
  if (!status) status = need(&s, enough(s.workspace, inputs) && enough(s.workspace, jacobian));
  if (!status) status = tri__jacobian_run(s.workspace, &s.call, &in, &out, &to);
  return end(&s, status);
}

tri_status tri_function_hessian(const tri_function *f, const tri_call *call, const double *inputs,
                                const double *weights, double *outputs, double *gradient,
                                double *hessian) {
  struct session s;
  struct port in = doubles(inputs), by = doubles(weights), out = doubles(outputs);
  struct port first = doubles(gradient), second = doubles(hessian);
  tri_status status = begin(&s, f, call);
  if (!status) status = need(&s, enough(s.workspace, inputs) && enough(s.workspace, hessian));
  if (!status) status = tri__hessian_run(s.workspace, &s.call, &in, &by, &out, &first, &second);
  return end(&s, status);
}

tri_status tri_function_taylor(const tri_function *f, const tri_call *call, size_t terms,
                               const double *curve, size_t order, double *coefficients) {
  struct session s;
  struct port along = doubles(curve), to = doubles(coefficients);
  tri_status status = begin(&s, f, call);
  if (!status) status = need(&s, terms && enough(s.workspace, curve) && coefficients);
  if (!status) status = tri__taylor_run(s.workspace, &s.call, &along, terms, order, &to);
  return end(&s, status);
}

tri_status tri_function_call_arrays(const tri_function *f, const tri_call *call,
                                    const void *const *inputs, void *const *outputs) {
  struct session s;
  tri_status status = open_session(&s, f, call);
  if (!status) status = tri__call_arrays(s.workspace, &s.call, inputs, outputs);
  return end(&s, status);
}

/* --- the same with numbers of the function's domain */

static struct port port_of(const tri_values *values) {
  tri_values *v = (tri_values *)(uintptr_t)values;
  return v ? (struct port){.numbers = &v->numbers, .data = v->data} : (struct port){.data = NULL};
}

/* An array that is there is of the domain and has room for a * b numbers. */
static bool fits(const tri_function *f, const tri_values *values, size_t a, size_t b,
                 bool optional) {
  size_t count;
  if (!values) return optional;
  return values->domain == f->domain && size_product(a, b, &count) && values->count >= count;
}

static tri_status check(const struct session *s, bool fit) {
  return fit ? TRI_OK
             : tri__call_error(&s->call, TRI_ARGUMENT,
                               "an array is missing, too short or of another domain");
}

tri_status tri_function_call_values(const tri_function *f, const tri_call *call,
                                    const tri_values *inputs, tri_values *outputs) {
  struct session s;
  struct port in = port_of(inputs), out = port_of(outputs);
  tri_status status = begin(&s, f, call);
  if (!status) {
    size_t n = tri__input_elements(s.workspace), m = tri__output_elements(s.workspace);
    status = check(&s, fits(f, inputs, n, 1, !n) && fits(f, outputs, m, 1, false));
  }
  if (!status) status = tri__value_run(s.workspace, &s.call, &in, &out);
  return end(&s, status);
}

tri_status tri_function_forward_values(const tri_function *f, const tri_call *call,
                                       const tri_values *inputs, size_t k,
                                       const tri_values *directions, tri_values *outputs,
                                       tri_values *tangents) {
  struct session s;
  struct port in = port_of(inputs), along = port_of(directions), out = port_of(outputs),
              to = port_of(tangents);
  tri_status status = begin(&s, f, call);
  if (!status) {
    size_t n = tri__input_elements(s.workspace), m = tri__output_elements(s.workspace);
    status = check(&s, k && fits(f, inputs, n, 1, !n) && fits(f, directions, k, n, !n) &&
                           fits(f, outputs, m, 1, true) && fits(f, tangents, k, m, false));
  }
  if (!status) status = tri__dual_run(s.workspace, &s.call, &in, k, &along, &out, &to);
  return end(&s, status);
}

tri_status tri_function_reverse_values(const tri_function *f, const tri_call *call,
                                       const tri_values *inputs, const tri_values *weights,
                                       tri_values *outputs, tri_values *adjoints) {
  struct session s;
  struct port in = port_of(inputs), by = port_of(weights), out = port_of(outputs),
              to = port_of(adjoints);
  tri_status status = begin(&s, f, call);
  if (!status) {
    size_t n = tri__input_elements(s.workspace), m = tri__output_elements(s.workspace);
    status = check(&s, fits(f, inputs, n, 1, !n) && fits(f, weights, m, 1, true) &&
                           fits(f, outputs, m, 1, true) && fits(f, adjoints, n, 1, !n));
  }
  if (!status) status = tri__adjoint_run(s.workspace, &s.call, &in, &by, &out, &to);
  return end(&s, status);
}

tri_status tri_function_jacobian_values(const tri_function *f, const tri_call *call,
                                        const tri_values *inputs, tri_values *outputs,
                                        tri_values *jacobian) {
  struct session s;
  struct port in = port_of(inputs), out = port_of(outputs), to = port_of(jacobian);
  tri_status status = begin(&s, f, call);
  if (!status) {
    size_t n = tri__input_elements(s.workspace), m = tri__output_elements(s.workspace);
    status = check(&s, fits(f, inputs, n, 1, !n) && fits(f, outputs, m, 1, true) &&
                           fits(f, jacobian, m, n, !n));
  }
  if (!status) status = tri__jacobian_run(s.workspace, &s.call, &in, &out, &to);
  return end(&s, status);
}

tri_status tri_function_hessian_values(const tri_function *f, const tri_call *call,
                                       const tri_values *inputs, const tri_values *weights,
                                       tri_values *outputs, tri_values *gradient,
                                       tri_values *hessian) {
  struct session s;
  struct port in = port_of(inputs), by = port_of(weights), out = port_of(outputs);
  struct port first = port_of(gradient), second = port_of(hessian);
  tri_status status = begin(&s, f, call);
  if (!status) {
    size_t n = tri__input_elements(s.workspace), m = tri__output_elements(s.workspace);
    status = check(&s, fits(f, inputs, n, 1, !n) && fits(f, weights, m, 1, true) &&
                           fits(f, outputs, m, 1, true) && fits(f, gradient, n, 1, true) &&
                           fits(f, hessian, n, n, !n));
  }
  if (!status) status = tri__hessian_run(s.workspace, &s.call, &in, &by, &out, &first, &second);
  return end(&s, status);
}

tri_status tri_function_taylor_values(const tri_function *f, const tri_call *call, size_t terms,
                                      const tri_values *curve, size_t order,
                                      tri_values *coefficients) {
  struct session s;
  struct port along = port_of(curve), to = port_of(coefficients);
  tri_status status = begin(&s, f, call);
  if (!status) {
    size_t n = tri__input_elements(s.workspace), m = tri__output_elements(s.workspace);
    status = check(&s, terms && order < SIZE_MAX && fits(f, curve, terms, n, !n) &&
                           fits(f, coefficients, order + 1, m, false));
  }
  if (!status) status = tri__taylor_run(s.workspace, &s.call, &along, terms, order, &to);
  return end(&s, status);
}

/* --- expressions without variables */

tri_status tri_evaluate(size_t n, const tri_expr *expressions, const tri_number_options *options,
                        tri_values **values, tri_error *error) {
  const tri_number_options o = options ? *options : (tri_number_options){.domain = TRI_DOUBLE};
  tri_error told = {.status = TRI_ARGUMENT};
  *values = NULL;
  tri_function *f =
      tri_compile(0, NULL, n, expressions, .domain = o.domain, .precision = o.precision,
                  .digits = o.digits, .allocator = o.allocator, .error = &told);
  tri_status status = f ? TRI_OK : told.status;
  size_t in, count;
  if (!status) status = tri_function_elements(f, &(tri_call){.error = &told}, &in, &count);
  if (!status && !(*values = tri_values_new(&o, count)))
    status = tri__error(&told, TRI_MEMORY, 0, "out of memory");
  if (!status) status = tri_function_call_values(f, &(tri_call){.error = &told}, NULL, *values);
  if (status) {
    tri_values_free(*values);
    *values = NULL;
  }
  tri_function_free(f);
  if (error) *error = status ? told : (tri_error){.status = TRI_OK};
  return status;
}
