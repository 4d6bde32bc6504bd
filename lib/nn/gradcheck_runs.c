/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The gradient check's runs: as in training, in double, in balls of rising precision, and by MPFR
 * with as many bits as the model's numbers and more, whose errors tell what rounding makes. */
#include <math.h>

#include "nn/gradcheck.h"

/* Every named size of a model is its batch. */
enum { MOST_SIZES = 16 };

static tri_status call_of(struct check *c, const tri_function *f, tri_workspace *w, int64_t *sizes,
                          tri_call *call) {
  size_t n = tri_function_sizes(f);
  if (n > MOST_SIZES) return tri__model_fail(c->model, TRI_LIMIT, "more than %d sizes", MOST_SIZES);
  for (size_t i = 0; i < n; i++) sizes[i] = (int64_t)c->samples;
  *call = (tri_call){.workspace = w,
                     .error = &c->model->error,
                     .n_sizes = n,
                     .sizes = sizes,
                     .interrupt = c->options->interrupt,
                     .flush_subnormals = tri_function_domain(f) == TRI_FLOAT};
  return TRI_OK;
}

/* --- arrays of doubles or floats */

static tri_status place_arrays(struct check *c, struct check_arrays *a, bool floats,
                               const tri_expr *outputs) {
  size_t each = number_size(floats), count = 0, at = 0;
  for (size_t o = 0; o < a->n_out; o++) count += tri__check_count(c, outputs[o]);
  a->in = tri__new(c->memory, a->n_in, sizeof *a->in);
  a->out = tri__new(c->memory, a->n_out, sizeof *a->out);
  a->results = tri__new(c->memory, count, each);
  a->size = count * each;
  if (!a->in || !a->out || !a->results || !a->workspace) return check_no_memory(c);
  for (size_t i = 0; i < c->n_inputs; i++)
    a->in[i] = floats ? (const void *)(c->point32 + c->input_at[i]) : c->point + c->input_at[i];
  for (size_t o = 0; o < a->n_out; at += tri__check_count(c, outputs[o]), o++)
    a->out[o] = (char *)a->results + at * each;
  return TRI_OK;
}

tri_status tri__check_arrays_open(struct check *c, struct check_arrays *a, tri_domain domain,
                                  size_t n_in, const tri_expr *inputs, size_t n_out,
                                  const tri_expr *outputs) {
  *a = (struct check_arrays){.n_in = n_in, .n_out = n_out};
  a->function = tri_compile(n_in, inputs, n_out, outputs, .domain = domain, .primals = 1,
                            .allocator = &c->memory->allocator, .error = &c->model->error);
  if (!a->function) return c->model->error.status;
  a->workspace = tri_workspace_new(a->function);
  return place_arrays(c, a, domain == TRI_FLOAT, outputs);
}

tri_status tri__check_arrays_call(struct check *c, struct check_arrays *a) {
  int64_t sizes[MOST_SIZES];
  tri_call call;
  tri_status status = call_of(c, a->function, a->workspace, sizes, &call);
  return status ? status : tri_function_call_arrays(a->function, &call, a->in, a->out);
}

void tri__check_arrays_close(struct check *c, struct check_arrays *a) {
  tri__free(c->memory, a->in, a->n_in, sizeof *a->in);
  tri__free(c->memory, a->out, a->n_out, sizeof *a->out);
  tri__free(c->memory, a->results, a->size, 1);
  tri_workspace_free(a->workspace);
  tri_function_free(a->function);
}

/* --- numbers of any domain */

tri_status tri__check_numbers_open(struct check *c, struct check_numbers *r, tri_domain domain,
                                   uint32_t precision, size_t n) {
  const tri_number_options numbers = {
      .domain = domain, .precision = precision, .allocator = &c->memory->allocator};
  *r = (struct check_numbers){0};
  r->function =
      tri_compile(c->n_inputs, c->inputs, n, c->outputs, .domain = domain, .precision = precision,
                  .primals = 1, .allocator = numbers.allocator, .error = &c->model->error);
  if (!r->function) return c->model->error.status;
  r->workspace = tri_workspace_new(r->function);
  r->in = tri_values_new(&numbers, c->input_at[c->n_inputs]);
  r->out = tri_values_new(&numbers, c->output_at[n]);
  if (!r->workspace || !r->in || !r->out) return check_no_memory(c);
  for (size_t i = 0; i < tri_values_count(r->in); i++) tri_values_set_double(r->in, i, c->point[i]);
  return TRI_OK;
}

tri_status tri__check_numbers_call(struct check *c, struct check_numbers *r) {
  int64_t sizes[MOST_SIZES];
  tri_call call;
  tri_status status = call_of(c, r->function, r->workspace, sizes, &call);
  return status ? status : tri_function_call_values(r->function, &call, r->in, r->out);
}

void tri__check_numbers_close(struct check_numbers *r) {
  tri_values_free(r->in);
  tri_values_free(r->out);
  tri_workspace_free(r->workspace);
  tri_function_free(r->function);
}

/* --- float32 and double */

static size_t output_of(const struct check *c, const struct entry *e) {
  return c->output_at[1 + e->tensor] + e->index;
}

static tri_status run_floats(struct check *c) {
  struct check_arrays a;
  tri_status status =
      tri__check_arrays_open(c, &a, TRI_FLOAT, c->n_inputs, c->inputs, 1 + c->tensors, c->outputs);
  if (!status) status = tri__check_arrays_call(c, &a);
  const float *results = status ? NULL : a.results;
  if (results) c->report->loss[0] = (double)results[0];
  for (size_t i = 0; i < c->n_entries && results; i++)
    c->entries[i].claim = (double)results[output_of(c, c->entries + i)];
  tri__check_arrays_close(c, &a);
  return status;
}

static tri_status run_doubles(struct check *c) {
  struct check_arrays a;
  tri_status status =
      tri__check_arrays_open(c, &a, TRI_DOUBLE, c->n_inputs, c->inputs, 1 + c->tensors, c->outputs);
  if (!status) status = tri__check_arrays_call(c, &a);
  const double *results = status ? NULL : a.results;
  if (results) c->report->loss[0] = c->report->loss[1] = results[0];
  for (size_t i = 0; i < c->n_entries && results; i++)
    c->entries[i].float64 = c->entries[i].claim = results[output_of(c, c->entries + i)];
  tri__check_arrays_close(c, &a);
  return status;
}

static void take_claims(struct check *c) {
  for (size_t i = 0; i < c->n_entries; i++) {
    struct entry *e = c->entries + i;
    const tri_gradient_claim *claim = c->options->claims + e->tensor;
    e->claim = claim->floats ? (double)claim->floats[e->index] : claim->doubles[e->index];
  }
}

tri_status tri__check_floats(struct check *c) {
  tri_status status = run_doubles(c);
  if (!status && c->model->domain == TRI_FLOAT) status = run_floats(c);
  if (!status && c->options->claims) take_claims(c);
  return status;
}

/* --- balls */

arb_srcptr tri__check_ball(const struct check *c, const struct entry *e) {
  return tri__ball(tri_values_get(c->balls, output_of(c, e)).at);
}

double tri__check_value(const struct check *c, const struct entry *e) {
  return tri_value_double(tri_values_get(c->balls, output_of(c, e)));
}

bool tri__check_certain(const struct check *c, const struct entry *e) {
  double digits = (double)c->options->digits;
  tri_value v = tri_values_get(c->balls, output_of(c, e));
  if (!tri_value_exists(v)) return false;
  double radius = mag_get_d(arb_radref(tri__ball(v.at)));
  double size = fmax(fabs(tri_value_double(v)), c->largest * 0x1p-24);
  return radius <= pow(10.0, -digits) * size;
}

static bool all_certain(const struct check *c) {
  for (size_t i = 0; i < c->n_entries; i++)
    if (!tri__check_certain(c, c->entries + i)) return false;
  return true;
}

static tri_status run_balls(struct check *c, uint32_t precision) {
  struct check_numbers r;
  tri_status status = tri__check_numbers_open(c, &r, TRI_BALL, precision, c->n_outputs);
  if (!status) status = tri__check_numbers_call(c, &r);
  if (!status || status == TRI_UNKNOWN || status == TRI_DOMAIN) {
    tri_values_free(c->balls);
    c->balls = r.out;
    r.out = NULL;
    c->report->precision = precision;
    c->largest = 0.0;
    for (size_t i = 0; i < c->n_entries; i++)
      c->largest = fmax(c->largest, fabs(tri__check_value(c, c->entries + i)));
  }
  tri__check_numbers_close(&r);
  return status;
}

/* What the last precision says: an entry without a value is the judge's matter. */
static tri_status take_balls(struct check *c, tri_status status) {
  size_t first = c->output_at[1 + c->tensors];
  if (!c->balls || !tri_value_exists(tri_values_get(c->balls, 0))) return status;
  if (status && status != TRI_UNKNOWN && status != TRI_DOMAIN) return status;
  c->report->loss[2] = tri_value_double(tri_values_get(c->balls, 0));
  for (size_t i = 0; i < c->n_distances; i++)
    c->distance[i] = tri_value_double(tri_values_get(c->balls, first + i));
  return TRI_OK;
}

tri_status tri__check_balls(struct check *c) {
  enum { LEAST = 128, GUARD = 64 };
  uint64_t need = GUARD + c->options->digits * 10 / 3;
  uint32_t most = c->options->max_precision;
  uint32_t precision = need < LEAST ? LEAST : need < most ? (uint32_t)need : most;
  if (precision > most) precision = most;
  tri_status status = run_balls(c, precision);
  while ((!status || status == TRI_UNKNOWN) && precision < most && !all_certain(c)) {
    precision = precision < most / 2 ? 2 * precision : most;
    status = run_balls(c, precision);
  }
  return take_balls(c, status);
}

/* --- what rounding makes */

enum { ROUNDED_RUNS = 16, FLOAT_BITS = 24, DOUBLE_BITS = 53 };

/* The error as the model's numbers would have it, squared. It may be below what doubles tell
 * apart. */
static double error_of(tri_value computed, tri_value truth, int more_bits) {
  arf_t x;
  if (!tri_value_exists(computed) || !tri_value_exists(truth)) return (double)NAN;
  arf_init(x);
  arf_set_mpfr(x, tri__real(computed.at));
  arf_sub(x, x, arb_midref(tri__ball(truth.at)), DOUBLE_BITS, ARF_RND_NEAR);
  double error = ldexp(arf_get_d(x, ARF_RND_NEAR), more_bits);
  arf_clear(x);
  return error * error;
}

static tri_status call_rounded(struct check *c, struct check_numbers *r) {
  tri_status status = tri__check_numbers_call(c, r);
  return status == TRI_DOMAIN ? TRI_OK : status; /* no value is NaN, and so are its errors */
}

static double error_of_entry(const struct check *c, const struct entry *e, const tri_values *out,
                             int more_bits) {
  size_t at = output_of(c, e);
  return error_of(tri_values_get(out, at), tri_values_get(c->balls, at), more_bits);
}

static tri_status run_rounded(struct check *c, int more_bits) {
  struct check_numbers r;
  tri_status status =
      tri__check_numbers_open(c, &r, TRI_MPFR, c->bits + (uint32_t)more_bits, c->n_outputs);
  if (!status) status = call_rounded(c, &r);
  for (size_t i = 0; i < c->n_entries && !status; i++)
    c->entries[i].off += error_of_entry(c, c->entries + i, r.out, more_bits);
  size_t first = c->output_at[1 + c->tensors];
  for (size_t i = 0; i < c->n_distances && !status; i++)
    c->distance_off[i] +=
        error_of(tri_values_get(r.out, first + i), tri_values_get(c->balls, first + i), more_bits);
  tri__check_numbers_close(&r);
  return status;
}

/* Puts the samples into another order: of the model's inputs, the targets and the masks, which all
 * have them as their first dimension. Durstenfeld 1964. */
static void reorder(const struct check *c, tri_values *in, size_t *order, uint32_t run) {
  for (size_t s = 0; s < c->samples; s++) {
    size_t other = tri__random24(c->options->seed, STREAM_ORDER, run, s) % (s + 1);
    order[s] = order[other];
    order[other] = s;
  }
  for (size_t i = c->model->n_weights; c->samples && i < c->n_inputs; i++) {
    size_t each = (c->input_at[i + 1] - c->input_at[i]) / c->samples;
    for (size_t k = 0; k < each * c->samples; k++)
      tri_values_set_double(in, c->input_at[i] + k,
                            c->point[c->input_at[i] + order[k / each] * each + k % each]);
  }
}

/* The same of the gradient alone, which is to be the same for any order of the samples, as rounding
 * it is not: processors add them in orders of their own, and what cancels in one does not in
 * another. */
static tri_status run_reordered(struct check *c, size_t *order, int more_bits) {
  struct check_numbers r;
  tri_status status =
      tri__check_numbers_open(c, &r, TRI_MPFR, c->bits + (uint32_t)more_bits, 1 + c->tensors);
  if (!status) reorder(c, r.in, order, (uint32_t)more_bits);
  if (!status) status = call_rounded(c, &r);
  for (size_t i = 0; i < c->n_entries && !status; i++)
    c->entries[i].reordered += error_of_entry(c, c->entries + i, r.out, more_bits);
  tri__check_numbers_close(&r);
  return status;
}

static tri_status run_orders(struct check *c) {
  tri_status status = TRI_OK;
  size_t *order = tri__new(c->memory, c->samples, sizeof *order);
  if (!order) return check_no_memory(c);
  for (int run = 0; run < ROUNDED_RUNS && !status && c->samples > 1; run++)
    status = run_reordered(c, order, run);
  tri__free(c->memory, order, c->samples, sizeof *order);
  return status;
}

tri_status tri__check_rounding(struct check *c) {
  tri_status status = TRI_OK;
  for (int run = 0; run < ROUNDED_RUNS && !status; run++) status = run_rounded(c, run);
  if (!status) status = run_orders(c);
  for (size_t i = 0; i < c->n_entries; i++) {
    struct entry *e = c->entries + i;
    if (isnan(e->reordered) || e->off < e->reordered) e->off = e->reordered;
    e->off = sqrt(e->off / ROUNDED_RUNS);
  }
  for (size_t i = 0; i < c->n_distances; i++)
    c->distance_off[i] = sqrt(c->distance_off[i] / ROUNDED_RUNS);
  return status;
}

double tri__check_bound(const struct check *c, double off, double value, uint32_t bits) {
  const double student = 12.61; /* 16 degrees of freedom, 1e-9 in both tails */
  int more = (int)bits - (int)c->bits;
  double underflow = bits <= FLOAT_BITS ? 0x1p-120 : 0x1p-1000;
  return ldexp(student * off, -more) + ldexp(4.0 * fabs(value), -(int)bits) + underflow;
}

double tri__check_rounding_of(const struct check *c, const struct entry *e) {
  return tri__check_bound(c, e->off, tri__check_value(c, e), c->bits);
}

uint32_t tri__check_bits(const struct check *c, size_t tensor) {
  if (!c->options->claims) return c->bits;
  if (c->options->claim_bits) return c->options->claim_bits;
  return c->options->claims[tensor].floats ? FLOAT_BITS : DOUBLE_BITS;
}
