/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Convolutions and pooling as layers: shapes, names and counts of Keras, values against loops in C,
 * what does not fit. */
#include <math.h>
#include <string.h>

#include "tests/nn/networks.h"
#include "tests/runner.h"

static tri_model *m;

static void set_up(void) {
  m = tri_sequential(&(tri_model_options){.seed = 7, .dtype = "float64"});
}
static void tear_down(void) { tri_model_free(m); }

static void add(tri_layer layer) { add_layer(m, layer); }

static void again(void) {
  tear_down();
  set_up();
}

/* --- by hand */

enum { MOST = 1 << 12, BATCH = 2 };

/* x [BATCH, size…, channels], windows of it, and where the first one begins. */
struct plan {
  int64_t size[2], channels, window[2], stride[2], dilation[2], filters, groups;
  bool same;
  int64_t out[2], first[2];
};

static struct plan planned(struct plan p) {
  for (int d = 0; d < 2; d++) {
    int64_t reach = (p.window[d] - 1) * p.dilation[d] + 1;
    p.out[d] = p.same ? (p.size[d] + p.stride[d] - 1) / p.stride[d]
                      : (p.size[d] - reach + p.stride[d]) / p.stride[d];
    int64_t more = (p.out[d] - 1) * p.stride[d] + reach - p.size[d];
    p.first[d] = p.same && more > 0 ? -(more / 2) : 0;
  }
  return p;
}

/* Element (i, j) of window (r, c) in channel `channel` of sample n; false outside. */
static bool element(const struct plan *p, const double *x, int64_t n, const int64_t *at,
                    const int64_t *in, int64_t channel, double *value) {
  int64_t place = n;
  for (int d = 0; d < 2; d++) {
    int64_t k = p->first[d] + at[d] * p->stride[d] + in[d] * p->dilation[d];
    if (k < 0 || k >= p->size[d]) return false;
    place = place * p->size[d] + k;
  }
  *value = x[place * p->channels + channel];
  return true;
}

/* What pooling makes of a window. */
static double pooled(const struct plan *p, const double *x, int64_t n, const int64_t *at,
                     int64_t channel, bool mean) {
  double sum = 0, most = -INFINITY, value;
  int inside = 0;
  for (int64_t i = 0; i < p->window[0]; i++)
    for (int64_t j = 0; j < p->window[1]; j++)
      if (element(p, x, n, at, (int64_t[]){i, j}, channel, &value)) {
        sum += value;
        most = fmax(most, value);
        inside++;
      }
  return mean ? sum / inside : most;
}

static double convolved(const struct plan *p, const double *x, int64_t n, const int64_t *at,
                        int64_t filter, const double *kernel) {
  double sum = 0, value;
  int64_t each = p->channels / p->groups, first = filter / (p->filters / p->groups) * each;
  for (int64_t i = 0; i < p->window[0]; i++)
    for (int64_t j = 0; j < p->window[1]; j++)
      for (int64_t c = 0; c < each; c++)
        if (element(p, x, n, at, (int64_t[]){i, j}, first + c, &value))
          sum += value * kernel[((i * p->window[1] + j) * each + c) * p->filters + filter];
  return sum;
}

/* --- layers against that */

static void numbers(double *x, size_t n, uint32_t part) {
  for (size_t i = 0; i < n; i++)
    x[i] = 0x1p-23 * tri__random24(11, STREAM_WEIGHTS, 1000 + part, i) - 1.0;
}

static void input_of(const struct plan *p, bool one) {
  if (one)
    add(tri_input(p->size[0], p->channels));
  else
    add(tri_input(p->size[0], p->size[1], p->channels));
}

static void check_shape(const struct plan *p, bool one, int64_t channels) {
  tri_expr y = tri_model_output(m, 0);
  ck_assert_uint_eq(tri_expr_rank(y), one ? 3 : 4);
  ck_assert_int_eq(tri_expr_dim(y, 1), p->out[0]);
  if (!one) ck_assert_int_eq(tri_expr_dim(y, 2), p->out[1]);
  ck_assert_int_eq(tri_expr_dim(y, one ? 2 : 3), channels);
}

static void check_convolution(struct plan p, bool one) {
  double x[MOST], y[MOST], kernel[MOST], bias[8];
  size_t count = (size_t)(BATCH * p.size[0] * p.size[1] * p.channels), place = 0;
  tri_layer layer = {.kind = one ? TRI_LAYER_CONV1D : TRI_LAYER_CONV2D,
                     .filters = p.filters,
                     .kernel_size = {p.window[0], p.window[1]},
                     .strides = {p.stride[0], p.stride[1]},
                     .dilation_rate = {p.dilation[0], p.dilation[1]},
                     .groups = p.groups,
                     .padding = p.same ? "same" : NULL,
                     .activation = "relu"};
  p = planned(p);
  again();
  input_of(&p, one);
  add(layer);
  numbers(x, count, 0);
  numbers(kernel, tri_model_weight(m, 0).count, 1);
  numbers(bias, (size_t)p.filters, 2);
  ck_assert_uint_eq(tri_model_weight(m, 0).count,
                    (size_t)(p.window[0] * p.window[1] * p.channels / p.groups * p.filters));
  const struct given given[] = {weight_of(m, one ? "conv1d/kernel" : "conv2d/kernel", kernel),
                                weight_of(m, one ? "conv1d/bias" : "conv2d/bias", bias),
                                {tri_model_input(m, 0), x}};
  check_shape(&p, one, p.filters);
  value_at(tri_model_output(m, 0), 3, given, BATCH, y);
  for (int64_t n = 0; n < BATCH; n++)
    for (int64_t i = 0; i < p.out[0]; i++)
      for (int64_t j = 0; j < p.out[1]; j++)
        for (int64_t f = 0; f < p.filters; f++) {
          double sum = convolved(&p, x, n, (int64_t[]){i, j}, f, kernel) + bias[f];
          ck_assert_double_eq_tol(y[place++], fmax(sum, 0), 1e-13);
        }
}

START_TEST(convolutions_are_sums_over_windows) {
  for (int same = 0; same < 2; same++)
    for (int64_t stride = 1; stride < 3; stride++)
      for (int64_t groups = 1; groups < 3; groups++)
        check_convolution((struct plan){.size = {7, 6},
                                        .channels = 2,
                                        .window = {3, 2},
                                        .stride = {stride, 2},
                                        .dilation = {1, 1},
                                        .filters = 4,
                                        .groups = groups,
                                        .same = same},
                          false);
}
END_TEST

START_TEST(kernels_are_dilated) {
  for (int same = 0; same < 2; same++)
    check_convolution((struct plan){.size = {8, 7},
                                    .channels = 1,
                                    .window = {3, 3},
                                    .stride = {1, 1},
                                    .dilation = {2, 3},
                                    .filters = 2,
                                    .groups = 1,
                                    .same = same},
                      false);
}
END_TEST

START_TEST(sequences_are_convolved) {
  for (int same = 0; same < 2; same++)
    check_convolution((struct plan){.size = {9, 1},
                                    .channels = 2,
                                    .window = {4, 1},
                                    .stride = {2, 1},
                                    .dilation = {1, 1},
                                    .filters = 3,
                                    .groups = 1,
                                    .same = same},
                      true);
}
END_TEST

static void check_pooling(struct plan p, bool one, bool mean) {
  double x[MOST], y[MOST];
  size_t count = (size_t)(BATCH * p.size[0] * p.size[1] * p.channels), place = 0;
  tri_layer layer = {.kind = one    ? mean ? TRI_LAYER_AVERAGE_POOLING1D : TRI_LAYER_MAX_POOLING1D
                             : mean ? TRI_LAYER_AVERAGE_POOLING2D
                                    : TRI_LAYER_MAX_POOLING2D,
                     .pool_size = {p.window[0], p.window[1]},
                     .strides = {p.stride[0], p.stride[1]},
                     .padding = p.same ? "same" : "valid"};
  p.dilation[0] = p.dilation[1] = 1;
  p = planned(p);
  again();
  input_of(&p, one);
  add(layer);
  numbers(x, count, 3);
  const struct given given = {tri_model_input(m, 0), x};
  check_shape(&p, one, p.channels);
  value_at(tri_model_output(m, 0), 1, &given, BATCH, y);
  for (int64_t n = 0; n < BATCH; n++)
    for (int64_t i = 0; i < p.out[0]; i++)
      for (int64_t j = 0; j < p.out[1]; j++)
        for (int64_t c = 0; c < p.channels; c++)
          ck_assert_double_eq_tol(y[place++], pooled(&p, x, n, (int64_t[]){i, j}, c, mean), 1e-15);
}

START_TEST(pools_are_maxima_and_means) {
  for (int i = 0; i < 8; i++)
    check_pooling((struct plan){.size = {7, 6},
                                .channels = 3,
                                .window = {3, 2},
                                .stride = {i & 2 ? 1 : 3, 2},
                                .same = i & 1},
                  false, i & 4);
  for (int i = 0; i < 4; i++)
    check_pooling(
        (struct plan){
            .size = {9, 1}, .channels = 2, .window = {2, 1}, .stride = {3, 1}, .same = i & 1},
        true, i & 2);
}
END_TEST

/* --- defaults, names, counts */

START_TEST(shapes_and_names_are_those_of_keras) {
  add(tri_input(28, 28, 1));
  add(tri_conv2d(32, .kernel_size = {3}, .activation = "relu"));
  add(tri_max_pooling2d());
  add(tri_conv2d(64, .kernel_size = {3, 3}, .activation = "relu", .no_bias = 1));
  add(tri_average_pooling2d(.pool_size = {3, 2}));
  add(tri_flatten());
  add(tri_dense(10));
  static const int64_t shapes[][3] = {{26, 26, 32}, {13, 13, 32}, {11, 11, 64}, {3, 5, 64}};
  static const char *const names[] = {"conv2d", "max_pooling2d", "conv2d_1", "average_pooling2d"};
  for (size_t i = 0; i < 4; i++) {
    ck_assert_str_eq(tri_model_layer(m, i + 1)->name, names[i]);
    ck_assert_mem_eq(m->calls[i + 1].gives.shape, shapes[i], sizeof shapes[i]);
  }
  ck_assert_str_eq(tri_model_layer_class(m, 4), "AveragePooling2D");
  ck_assert_uint_eq(tri_model_weight(m, 0).count, 288);
  ck_assert_uint_eq(tri_model_weight(m, 2).rank, 4);
  ck_assert_uint_eq(tri_model_parameters(m), 288 + 32 + 18432 + 9610);
}
END_TEST

/* Of a kernel [3, 3, 8, 16] the fans are 72 and 144. */
START_TEST(kernels_are_spread_by_their_windows) {
  double values[1152], squares = 0, largest = 0, limit = sqrt(6.0 / (72 + 144));
  add(tri_input(5, 5, 8));
  add(tri_conv2d(16, .kernel_size = {3}));
  tri_model_get_weight(m, 0, values);
  for (int i = 0; i < 1152; i++) {
    squares += values[i] * values[i] / 1152;
    largest = fmax(largest, fabs(values[i]));
  }
  ck_assert_double_le(largest, limit);
  ck_assert_double_ge(largest, 0.95 * limit);
  ck_assert_double_eq_tol(squares / (limit * limit / 3), 1.0, 0.15);
}
END_TEST

/* --- what does not fit */

static void refused(tri_layer layer, tri_status status, const char *message) {
  refuse_layer(m, layer, status, message);
}

START_TEST(what_does_not_fit_is_told) {
  add(tri_input(4, 5, 6));
  refused(tri_conv2d(3), TRI_ARGUMENT,
          "conv2d: the kernel size, strides or dilation rate is not positive");
  refused(tri_max_pooling2d(.strides = {-1}), TRI_ARGUMENT,
          "max_pooling2d: the pool size, strides or dilation rate is not positive");
  refused(tri_conv2d(3, .kernel_size = {INT64_C(1) << 40}), TRI_LIMIT,
          "conv2d: the kernel size, strides or dilation rate is more than 2147483647");
  refused(tri_conv2d(0, .kernel_size = {3}), TRI_ARGUMENT,
          "conv2d: the number of filters is not positive");
  refused(tri_conv2d(3, .kernel_size = {3, 6}), TRI_SHAPE,
          "conv2d: a kernel of size (3, 6) does not fit into shape (None, 4, 5, 6)");
  refused(tri_max_pooling2d(.pool_size = {5}), TRI_SHAPE,
          "max_pooling2d: a pool of size (5, 5) does not fit into shape (None, 4, 5, 6)");
  refused(tri_conv2d(3, .kernel_size = {3}, .dilation_rate = {2}), TRI_SHAPE,
          "conv2d: a kernel of size (3, 3) does not fit into shape (None, 4, 5, 6)");
  refused(tri_conv2d(4, .kernel_size = {3}, .groups = 4), TRI_SHAPE,
          "conv2d: 6 channels and 4 filters are not 4 groups");
  refused(tri_conv2d(3, .kernel_size = {3}, .padding = "full"), TRI_NAME,
          "conv2d: no padding is called full");
  refused(tri_conv1d(3, .kernel_size = {3}), TRI_SHAPE,
          "conv1d: takes shape (None, steps, channels), and not (None, 4, 5, 6)");
  refused(tri_conv2d(INT32_MAX, .kernel_size = {INT32_MAX}, .padding = "same"), TRI_LIMIT,
          "conv2d: a window reaches over more than 2147483647 elements");
  add(tri_flatten());
  refused(tri_average_pooling2d(), TRI_SHAPE,
          "average_pooling2d: takes shape (None, height, width, channels), and not (None, 120)");
}
END_TEST

static Suite *suite(void) {
  return tri_test_suite("images", 0, set_up, tear_down, convolutions_are_sums_over_windows,
                        kernels_are_dilated, sequences_are_convolved, pools_are_maxima_and_means,
                        shapes_and_names_are_those_of_keras, kernels_are_spread_by_their_windows,
                        what_does_not_fit_is_told);
}

int main(void) { return tri_test_main("images", suite); }
