/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Layers over windows of samples [s…, channels]: convolutions and pooling, in one or two
 * dimensions. */
#include <string.h>

#include "nn/nn.h"

/* What a layer says of its windows, with the defaults. */
struct windows {
  size_t dims; /* 1 or 2 */
  int64_t size[2], strides[2], dilation[2];
  bool same; /* padding */
};

/* --- options */

/* One that is not given is that before it, the first one `otherwise`. */
static void sizes(const int64_t *given, int64_t otherwise, int64_t *to) {
  to[0] = given[0] ? given[0] : otherwise;
  to[1] = given[1] ? given[1] : to[0];
}

static bool is_pooling(const struct layer *l) {
  return l->spec.kind != TRI_LAYER_CONV1D && l->spec.kind != TRI_LAYER_CONV2D;
}

static struct windows windows_of(const struct layer *l) {
  tri_layer_kind kind = l->spec.kind;
  bool one = kind == TRI_LAYER_CONV1D || kind == TRI_LAYER_MAX_POOLING1D ||
             kind == TRI_LAYER_AVERAGE_POOLING1D;
  struct windows w = {.dims = one ? 1 : 2, .same = strcmp(l->spec.padding, "same") == 0};
  if (is_pooling(l))
    sizes(l->spec.pool_size, 2, w.size);
  else
    sizes(l->spec.kernel_size, 0, w.size);
  sizes(l->spec.strides, is_pooling(l) ? w.size[0] : 1, w.strides);
  if (is_pooling(l) && !l->spec.strides[0]) w.strides[1] = w.size[1];
  sizes(l->spec.dilation_rate, 1, w.dilation);
  return w;
}

/* The options of the graph's constructors. */
static tri_windows options_of(const struct layer *l) {
  struct windows w = windows_of(l);
  tri_windows o = {.bytes = sizeof o, .padding = l->spec.padding, .groups = l->spec.groups};
  for (size_t d = 0; d < w.dims; d++) {
    o.size[d] = w.size[d];
    o.strides[d] = w.strides[d];
    o.dilation[d] = w.dilation[d];
  }
  return o;
}

static tri_status refuse_options(tri_model *m, const struct layer *l, tri_status status,
                                 const char *why) {
  return tri__model_fail(m, status, "%s: the %s, strides or dilation rate is %s", l->name,
                         is_pooling(l) ? "pool size" : "kernel size", why);
}

static tri_status check_options(tri_model *m, const struct layer *l, const struct windows *w) {
  for (size_t d = 0; d < w->dims; d++) {
    if (w->size[d] < 1 || w->strides[d] < 1 || w->dilation[d] < 1)
      return refuse_options(m, l, TRI_ARGUMENT, "not positive");
    if (w->size[d] > INT32_MAX || w->strides[d] > INT32_MAX || w->dilation[d] > INT32_MAX)
      return refuse_options(m, l, TRI_LIMIT, "more than 2147483647");
  }
  return TRI_OK;
}

/* --- shapes */

/* Elements along a dimension from a window's first to its last. */
static int64_t span(const struct windows *w, size_t d) {
  return (w->size[d] - 1) * w->dilation[d] + 1;
}

/* Windows along a dimension of n elements; below 1 if none fits. */
static int64_t windows_along(const struct windows *w, size_t d, int64_t n) {
  if (w->same) return (n - 1) / w->strides[d] + 1;
  return span(w, d) > n ? 0 : (n - span(w, d)) / w->strides[d] + 1;
}

static tri_status no_window(tri_model *m, const struct layer *l, const struct windows *w,
                            const struct sample *in) {
  char text[SHAPE_TEXT];
  const char *what = is_pooling(l) ? "pool" : "kernel";
  tri__sample_text(in, text);
  if (w->dims == 1)
    return tri__model_fail(m, TRI_SHAPE, "%s: a %s of size (%lld) does not fit into shape %s",
                           l->name, what, (long long)w->size[0], text);
  return tri__model_fail(m, TRI_SHAPE, "%s: a %s of size (%lld, %lld) does not fit into shape %s",
                         l->name, what, (long long)w->size[0], (long long)w->size[1], text);
}

/* Whether what a window reaches over, also between its elements, and these in all channels can be
 * counted as samples are. */
static bool is_within_limit(const struct windows *w, int64_t channels) {
  int64_t elements = channels;
  bool fits = true;
  for (size_t d = 0; d < w->dims && fits; d++)
    fits = span(w, d) <= INT32_MAX && !__builtin_mul_overflow(elements, w->size[d], &elements) &&
           elements <= INT32_MAX;
  return fits;
}

static tri_status shape(tri_model *m, const struct layer *l, size_t n, const struct sample *in,
                        struct sample *out) {
  char text[SHAPE_TEXT];
  struct windows w = windows_of(l);
  tri_status status = check_options(m, l, &w);
  (void)n;
  if (status) return status;
  if (in->rank != w.dims + 1)
    return tri__model_fail(m, TRI_SHAPE, "%s: takes shape %s, and not %s", l->name,
                           w.dims == 1 ? "(None, steps, channels)"
                                       : "(None, height, width, channels)",
                           tri__sample_text(in, text));
  if (!is_within_limit(&w, in->shape[w.dims]))
    return tri__model_fail(m, TRI_LIMIT, "%s: a window reaches over more than %d elements", l->name,
                           INT32_MAX);
  *out = *in;
  for (size_t d = 0; d < w.dims; d++) {
    out->shape[d] = windows_along(&w, d, in->shape[d]);
    if (out->shape[d] < 1) return no_window(m, l, &w, in);
  }
  return TRI_OK;
}

/* --- convolutions */

static int64_t groups_of(const struct layer *l) { return l->spec.groups ? l->spec.groups : 1; }

static tri_status shape_of_convolution(tri_model *m, const struct layer *l, size_t n,
                                       const struct sample *in, struct sample *out) {
  tri_status status = shape(m, l, n, in, out);
  int64_t groups = groups_of(l), filters = l->spec.filters;
  if (status) return status;
  if (filters < 1 || filters > INT32_MAX)
    return tri__model_fail(m, TRI_ARGUMENT, "%s: the number of filters is not positive", l->name);
  int64_t channels = in->shape[in->rank - 1];
  if (groups < 1 || channels % groups || filters % groups)
    return tri__model_fail(m, TRI_SHAPE, "%s: %lld channels and %lld filters are not %lld groups",
                           l->name, (long long)channels, (long long)filters, (long long)groups);
  out->shape[out->rank - 1] = filters;
  return TRI_OK;
}

/* kernel [k…, channels/groups, filters], bias [filters]; each element of a kernel stands for as
 * many products as there are windows, so that the fans are those of one window. */
static tri_status weights_of_convolution(tri_model *m, struct layer *l, const struct sample *in) {
  struct windows w = windows_of(l);
  int64_t channels = in->shape[in->rank - 1] / groups_of(l), filters = l->spec.filters, window = 1;
  struct new_weight kernel = {.name = "kernel",
                              .initializer = l->spec.kernel_initializer,
                              .shape = {.rank = w.dims + 2},
                              .regularizer = l->spec.kernel_regularizer};
  for (size_t d = 0; d < w.dims; d++) window *= kernel.shape.shape[d] = w.size[d];
  kernel.shape.shape[w.dims] = channels;
  kernel.shape.shape[w.dims + 1] = filters;
  kernel.fan_in = window * channels;
  kernel.fan_out = window * filters; /* below 2^62, as a window is within its limit */
  tri_status status = tri__new_weight(m, l, &kernel);
  return status || l->spec.no_bias ? status : tri__new_bias(m, l, filters);
}

static tri_expr convolution(struct building *b, const struct layer *l, const struct call *c,
                            size_t n, const tri_expr *x) {
  tri_windows options = options_of(l);
  (void)c, (void)n;
  return tri__bias_and_activation(b->m, l,
                                  tri_convolve_with(*x, tri__weight_of(b->m, l, 0), &options));
}

/* --- pooling */

static tri_expr largest(struct building *b, const struct layer *l, const struct call *c, size_t n,
                        const tri_expr *x) {
  tri_windows options = options_of(l);
  (void)b, (void)c, (void)n;
  return tri_max_pool_with(*x, &options);
}

static tri_expr average(struct building *b, const struct layer *l, const struct call *c, size_t n,
                        const tri_expr *x) {
  tri_windows options = options_of(l);
  (void)b, (void)c, (void)n;
  return tri_average_pool_with(*x, &options);
}

const struct layer_row *tri__window_row(tri_layer_kind kind) {
  static const struct layer_row rows[] = {
      {"Conv1D", "conv1d", 1, 1, shape_of_convolution, weights_of_convolution, convolution},
      {"Conv2D", "conv2d", 1, 1, shape_of_convolution, weights_of_convolution, convolution},
      {"MaxPooling1D", "max_pooling1d", 1, 1, shape, NULL, largest},
      {"MaxPooling2D", "max_pooling2d", 1, 1, shape, NULL, largest},
      {"AveragePooling1D", "average_pooling1d", 1, 1, shape, NULL, average},
      {"AveragePooling2D", "average_pooling2d", 1, 1, shape, NULL, average},
  };
  return &rows[kind - TRI_LAYER_CONV1D];
}
