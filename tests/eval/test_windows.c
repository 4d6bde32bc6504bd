/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Windows, pooling and convolutions against the same written out element by element: random sizes,
 * strides, dilations and padding, in every domain and mode, at ties too; patterns, texts, loops,
 * balls that overlap, and what does not fit. */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "graph/windows.h"
#include "tests/eval/modes.h"
#include "tests/random.h"
#include "tests/runner.h"

enum { RANK = 3, ELEMENTS = 96, CUT = 4096 };

static struct random rng;

/* --- random windows, and the plain meaning of them */

struct subject {
  size_t rank, n, c, cells, windows, places;
  int64_t whole[RANK], out[RANK];
  tri_windows w;
  tri_expr v, d; /* a vector of all numbers, and a direction */
  size_t elements;
};

static int64_t between(int64_t least, int64_t most) {
  return least + (int64_t)random_below(&rng, (uint32_t)(most - least + 1));
}

static bool random_windows(struct subject *s) {
  *s = (struct subject){.rank = 1 + random_below(&rng, 5) / 2, .n = 1 + random_below(&rng, 2)};
  s->c = 1 + random_below(&rng, 2);
  s->cells = s->windows = s->places = 1;
  for (size_t d = 0; d < s->rank; d++) {
    s->whole[d] = between(1, s->rank > 2 ? 3 : 5);
    s->w.size[d] = between(1, s->rank > 2 ? 2 : 3);
    s->w.strides[d] = between(1, 3);
    s->w.dilation[d] = between(1, 2);
    s->w.before[d] = between(0, 1);
    s->w.after[d] = between(0, 2);
    int64_t room =
        s->whole[d] + s->w.before[d] + s->w.after[d] - ((s->w.size[d] - 1) * s->w.dilation[d] + 1);
    if (room < 0) return false;
    s->out[d] = room / s->w.strides[d] + 1;
    s->cells *= (size_t)s->whole[d];
    s->windows *= (size_t)s->out[d];
    s->places *= (size_t)s->w.size[d];
  }
  return s->n * s->cells * s->c <= ELEMENTS && s->n * s->windows * s->places * s->c <= CUT;
}

/* The number of the element of x at a place of a window, or -1. */
static long element_at(const struct subject *s, size_t n, size_t window, size_t place, size_t c) {
  int64_t o[RANK], k[RANK], cell = 0;
  for (size_t d = s->rank; d-- > 0; window /= (size_t)s->out[d], place /= (size_t)s->w.size[d]) {
    o[d] = (int64_t)(window % (size_t)s->out[d]);
    k[d] = (int64_t)(place % (size_t)s->w.size[d]);
  }
  for (size_t d = 0; d < s->rank; d++) {
    int64_t at = o[d] * s->w.strides[d] + k[d] * s->w.dilation[d] - s->w.before[d];
    if (at < 0 || at >= s->whole[d]) return -1;
    cell = cell * s->whole[d] + at;
  }
  return (long)((n * s->cells + (size_t)cell) * s->c + c);
}

static void make_variables(struct subject *s, size_t elements) {
  int64_t n = (int64_t)elements;
  s->elements = elements;
  s->v = tri_variable_shaped(g, "v", 1, &n, NULL);
  s->d = tri_variable_shaped(g, "d", 1, &n, NULL);
}

/* Numbers first … first + count - 1 of v. */
static tri_expr part(const struct subject *s, size_t first, size_t rank, const int64_t *dims) {
  int64_t count = 1;
  tri_extent extents[2 + 2 * RANK];
  for (size_t d = 0; d < rank; d++) {
    count *= dims[d];
    extents[d] = tri_extent_of(dims[d]);
  }
  return tri_reshape(tri_slice(s->v, (int64_t)first, count), rank, extents);
}

static size_t dims_of(const struct subject *s, const int64_t *middle, const int64_t *places,
                      size_t c, int64_t *dims) {
  size_t rank = 0;
  dims[rank++] = (int64_t)s->n;
  for (size_t d = 0; d < s->rank; d++) dims[rank++] = middle[d];
  for (size_t d = 0; places && d < s->rank; d++) dims[rank++] = places[d];
  dims[rank++] = (int64_t)c;
  return rank;
}

static tri_expr array(const struct subject *s) {
  int64_t dims[2 + RANK];
  size_t rank = dims_of(s, s->whole, NULL, s->c, dims);
  return part(s, 0, rank, dims);
}

static tri_expr number(const struct subject *s, size_t i) { return tri_element(s->v, i); }

/* --- objectives: the sum of k sin(e_k) over the elements of an array, and of numbers */

static tri_expr objective(tri_expr e) {
  int64_t count = 1;
  ok(tri_expr_status(e));
  for (size_t d = 0; d < tri_expr_rank(e); d++) count *= tri_expr_dim(e, d);
  tri_extent flat = tri_extent_of(count);
  return tri_dot(tri_sin(tri_reshape(e, 1, &flat)), tri_iota(g, 1, flat));
}

static tri_expr objective_of(size_t count, const tri_expr *e) {
  tri_expr sum = tri_integer(g, 0);
  for (size_t k = 0; k < count; k++)
    if (e[k].graph) sum = tri_add(sum, tri_mul(tri_integer(g, (int64_t)k + 1), tri_sin(e[k])));
  return sum;
}

static void add_to(tri_expr *sum, tri_expr term) { *sum = sum->graph ? tri_add(*sum, term) : term; }

/* A subject by the operation and written out. A missing number of `e` is 0. */
struct pair {
  tri_expr rolled, written;
};

static tri_expr numbers[CUT];

static struct pair unfolded(struct subject *s) {
  make_variables(s, s->n * s->cells * s->c);
  size_t next = 0;
  memset(numbers, 0, sizeof numbers);
  for (size_t n = 0; n < s->n; n++)
    for (size_t w = 0; w < s->windows; w++)
      for (size_t k = 0; k < s->places; k++)
        for (size_t c = 0; c < s->c; c++, next++) {
          long at = element_at(s, n, w, k, c);
          if (at >= 0) numbers[next] = number(s, (size_t)at);
        }
  return (struct pair){objective(tri_unfold_with(array(s), &s->w)), objective_of(next, numbers)};
}

static struct pair folded(struct subject *s) {
  int64_t dims[2 + 2 * RANK];
  size_t rank = dims_of(s, s->out, s->w.size, s->c, dims), next = 0;
  make_variables(s, s->n * s->windows * s->places * s->c);
  memset(numbers, 0, sizeof numbers);
  for (size_t n = 0; n < s->n; n++)
    for (size_t w = 0; w < s->windows; w++)
      for (size_t k = 0; k < s->places; k++)
        for (size_t c = 0; c < s->c; c++, next++) {
          long at = element_at(s, n, w, k, c);
          if (at >= 0) add_to(&numbers[at], number(s, next));
        }
  tri_expr y = part(s, 0, rank, dims);
  return (struct pair){objective(tri_fold_with(y, s->rank, s->whole, &s->w)),
                       objective_of(s->n * s->cells * s->c, numbers)};
}

/* The element of `of` where x is largest in the window, by comparisons; nothing if it is empty. */
static tri_expr chosen(const struct subject *s, size_t n, size_t w, size_t c,
                       tri_expr (*of)(tri_expr x)) {
  tri_expr best = {0}, value = {0};
  for (size_t k = 0; k < s->places; k++) {
    long at = element_at(s, n, w, k, c);
    if (at < 0) continue;
    tri_expr x = number(s, (size_t)at), own = of(x);
    tri_expr larger = best.graph ? tri_gt(x, best) : best;
    value = best.graph ? tri_select(larger, own, value) : own;
    best = best.graph ? tri_select(larger, x, best) : x;
  }
  return value;
}

static bool all_inside(const struct subject *s) {
  for (size_t w = 0; w < s->windows; w++) {
    bool inside = false;
    for (size_t k = 0; k < s->places; k++) inside |= element_at(s, 0, w, k, 0) >= 0;
    if (!inside) return false;
  }
  return true;
}

static tri_expr itself(tri_expr x) { return x; }

static struct pair pooled(struct subject *s) {
  make_variables(s, s->n * s->cells * s->c);
  size_t next = 0;
  for (size_t n = 0; n < s->n; n++)
    for (size_t w = 0; w < s->windows; w++)
      for (size_t c = 0; c < s->c; c++) numbers[next++] = chosen(s, n, w, c, itself);
  return (struct pair){objective(tri_max_pool_with(array(s), &s->w)), objective_of(next, numbers)};
}

/* What windows have inside, on the average. */
static struct pair averaged(struct subject *s) {
  make_variables(s, s->n * s->cells * s->c);
  size_t next = 0;
  memset(numbers, 0, sizeof numbers);
  for (size_t n = 0; n < s->n; n++)
    for (size_t w = 0; w < s->windows; w++)
      for (size_t c = 0; c < s->c; c++, next++) {
        int64_t count = 0;
        for (size_t k = 0; k < s->places; k++) {
          long at = element_at(s, n, w, k, c);
          if (at >= 0) add_to(&numbers[next], number(s, (size_t)at));
          count += at >= 0;
        }
        numbers[next] = tri_div(numbers[next], tri_integer(g, count));
      }
  return (struct pair){objective(tri_average_pool_with(array(s), &s->w)),
                       objective_of(next, numbers)};
}

/* With one group, or channels in as many groups as there are. */
static struct pair convolved(struct subject *s) {
  size_t groups = random_below(&rng, 2) ? s->c : 1, own = s->c / groups,
         each = 1 + random_below(&rng, 2), f = groups * each, first = s->n * s->cells * s->c,
         next = 0, rank = 0;
  int64_t dims[2 + RANK];
  for (size_t d = 0; d < s->rank; d++) dims[rank++] = s->w.size[d];
  dims[rank++] = (int64_t)own, dims[rank++] = (int64_t)f;
  make_variables(s, first + s->places * own * f);
  memset(numbers, 0, sizeof numbers);
  for (size_t n = 0; n < s->n; n++)
    for (size_t w = 0; w < s->windows; w++)
      for (size_t j = 0; j < f; j++, next++)
        for (size_t k = 0; k < s->places; k++)
          for (size_t c = 0; c < own; c++) {
            long at = element_at(s, n, w, k, j / each * own + c);
            if (at >= 0)
              add_to(&numbers[next],
                     tri_mul(number(s, (size_t)at), number(s, first + (k * own + c) * f + j)));
          }
  tri_windows w = s->w;
  w.groups = (int64_t)groups;
  tri_expr kernel = part(s, first, rank, dims);
  return (struct pair){objective(tri_convolve_with(array(s), kernel, &w)),
                       objective_of(next, numbers)};
}

static struct pair random_pair(struct subject *s, int *kind) {
  for (;;) {
    *kind = (int)random_below(&rng, 5);
    if (!random_windows(s)) continue;
    size_t cut = s->n * s->windows * s->places * s->c;
    if (*kind == 1 && cut > ELEMENTS) continue;
    if ((*kind == 2 || *kind == 3) && !all_inside(s)) continue;
    switch (*kind) {
    case 0: return unfolded(s);
    case 1: return folded(s);
    case 2: return pooled(s);
    case 3: return averaged(s);
    default: return convolved(s);
    }
  }
}

/* --- values and derivatives */

START_TEST(all_modes_agree) {
  static const tri_domain domains[] = {TRI_DOUBLE, TRI_FLOAT, TRI_MPFR, TRI_BALL};
  static struct modes rolled, written;
  for (int i = 0; i < 120 * test_multiplier(); i++) {
    struct subject s;
    double at[2 * MOST_ELEMENTS];
    int kind;
    tear_down(), set_up();
    struct pair p = random_pair(&s, &kind);
    /* few values: ties are many */
    for (size_t k = 0; k < 2 * s.elements; k++) at[k] = 0.25 * (double)between(-3, 3);
    tri_domain domain = domains[random_below(&rng, 4)];
    run_modes(p.rolled, s.v, s.d, domain, s.elements, at, &rolled);
    run_modes(p.written, s.v, s.d, TRI_DOUBLE, s.elements, at, &written);
    compare_modes(&rolled, &written, at + s.elements, domain == TRI_FLOAT ? 2e-4 : 1e-12);
  }
}
END_TEST

/* Exact, and written by C what the library computes by kernels: sums of small whole numbers. */
START_TEST(rational_numbers_are_exact) {
  for (int i = 0; i < 40 * test_multiplier(); i++) {
    struct subject s;
    tear_down(), set_up();
    do
      while (!random_windows(&s)) continue;
    while (!all_inside(&s));
    make_variables(&s, s.n * s.cells * s.c);
    tri_expr x = array(&s), out[3], pool = tri_max_pool_with(x, &s.w);
    tri_expr windows = tri_unfold_with(x, &s.w);
    tri_expr twice = tri_fold_with(tri_mul(windows, windows), s.rank, s.whole, &s.w);
    tri_expr sum = tri_add(tri_mean(tri_mul(pool, pool)), tri_mean(twice));
    ok(tri_gradient(sum, 1, &s.v, &out[0]));
    double at[ELEMENTS], exact[ELEMENTS], rounded[ELEMENTS];
    for (size_t k = 0; k < s.elements; k++) at[k] = (double)between(-3, 3);
    call_graph(1, &s.v, 1, out, TRI_RATIONAL, at, exact);
    call_graph(1, &s.v, 1, out, TRI_DOUBLE, at, rounded);
    all_close(exact, rounded, s.elements, "gradient");
  }
}
END_TEST

/* The transposes: <unfold x, y> = <x, fold y>, <pick(x, v), y> = <v, route(x, y)>. */
START_TEST(transposes_are_each_other_s) {
  for (int i = 0; i < 60 * test_multiplier(); i++) {
    struct subject s;
    tear_down(), set_up();
    do
      while (!random_windows(&s)) continue;
    while (s.n * s.windows * s.places * s.c > 400);
    size_t own = s.n * s.cells * s.c, cut = s.n * s.windows * s.places * s.c, rank;
    int64_t dims[2 + 2 * RANK];
    double at[ELEMENTS + 400], r[2];
    make_variables(&s, own + cut);
    tri_expr x = array(&s),
             y = (rank = dims_of(&s, s.out, s.w.size, s.c, dims), part(&s, own, rank, dims));
    tri_expr out[] = {tri_dot(tri_unfold_with(x, &s.w), y),
                      tri_dot(x, tri_fold_with(y, s.rank, s.whole, &s.w))};
    for (size_t k = 0; k < own + cut; k++) at[k] = (double)between(-5, 5);
    call_graph(1, &s.v, 2, out, TRI_DOUBLE, at, r);
    ck_assert_double_eq(r[0], r[1]);
  }
}
END_TEST

/* --- patterns */

/* All entries of b are in a; `all`: and no others. */
static void covers(const tri_pattern *a, const tri_pattern *b, bool all) {
  if (all) ck_assert_uint_eq(tri_pattern_entries(a), tri_pattern_entries(b));
  for (size_t i = 0; i < tri_pattern_rows(b); i++) {
    size_t k = tri_pattern_starts(a)[i];
    for (size_t j = tri_pattern_starts(b)[i]; j < tri_pattern_starts(b)[i + 1]; j++) {
      while (k < tri_pattern_starts(a)[i + 1] &&
             tri_pattern_indices(a)[k] != tri_pattern_indices(b)[j])
        k++;
      ck_assert_uint_lt(k, tri_pattern_starts(a)[i + 1]);
    }
  }
}

/* What a kernel multiplies outside is not seen to be 0. */
START_TEST(patterns_are_those_of_the_written_out) {
  for (int i = 0; i < 60 * test_multiplier(); i++) {
    struct subject s;
    tri_pattern *rolled, *written;
    int kind;
    tear_down(), set_up();
    struct pair p = random_pair(&s, &kind);
    ok(tri_jacobian_pattern(1, &p.rolled, 1, &s.v, NULL, &rolled));
    ok(tri_jacobian_pattern(1, &p.written, 1, &s.v, NULL, &written));
    covers(rolled, written, kind != 4);
    tri_pattern_free(rolled), tri_pattern_free(written);
    ok(tri_hessian_pattern(1, &p.rolled, 1, &s.v, NULL, &rolled));
    ok(tri_hessian_pattern(1, &p.written, 1, &s.v, NULL, &written));
    covers(rolled, written, kind != 4);
    tri_pattern_free(rolled), tri_pattern_free(written);
  }
}
END_TEST

/* --- texts */

START_TEST(texts_read_back) {
  int read = 0;
  for (int i = 0; i < 80 * test_multiplier(); i++) {
    struct subject s;
    int kind;
    tear_down(), set_up();
    struct pair p = random_pair(&s, &kind);
    tri_expr gradient;
    ok(tri_gradient(p.rolled, 1, &s.v, &gradient));
    tri_text text = {0}, again = {0}, latex = {0};
    ok(tri_print(gradient, &(tri_print_options){.format = TRI_INFIX}, &text));
    ok(tri_print(gradient, &(tri_print_options){.format = TRI_LATEX}, &latex));
    tri_text_free(&latex);
    if (strstr(text.data, ";\n")) {
      tri_text_free(&text);
      continue; /* parts with names are no single expression */
    }
    tri_expr parsed = tri_parse(g, text.data, text.size);
    ck_assert_msg(!tri_expr_status(parsed), "%s: %s", text.data, tri_graph_error(g)->message);
    ok(tri_print(parsed, &(tri_print_options){.format = TRI_INFIX}, &again));
    ck_assert_str_eq(text.data, again.data);
    read++;
    tri_text_free(&text), tri_text_free(&again);
  }
  ck_assert_int_gt(read, 20);
}
END_TEST

/* --- Keras's padding, as its formula has it */

static void has_dims(tri_expr x, size_t rank, const int64_t *dims) {
  ok(tri_expr_status(x));
  ck_assert_uint_eq(tri_expr_rank(x), rank);
  for (size_t d = 0; d < rank; d++) ck_assert_int_eq(tri_expr_dim(x, d), dims[d]);
}

START_TEST(same_padding_is_keras_s) {
  tri_expr x = tri_variable_shaped(g, "x", 3, (int64_t[]){1, 5, 1}, NULL);
  double at[] = {1, 2, 3, 4, 5}, r[8];
  tri_expr out = tri_average_pool(x, .size = {2}, .strides = {2}, .padding = "same");
  has_dims(out, 3, (int64_t[]){1, 3, 1});
  call_graph(1, &x, 1, &out, TRI_DOUBLE, at, r);
  ck_assert_double_eq(r[0], 1.5);
  ck_assert_double_eq(r[2], 5.0); /* only what is inside */
  out = tri_max_pool(x, .size = {3}, .strides = {2}, .padding = "same");
  call_graph(1, &x, 1, &out, TRI_DOUBLE, (double[]){-1, -2, -3, -4, -5}, r);
  ck_assert_double_eq(r[0], -1.0);
  ck_assert_double_eq(r[2], -4.0);
  tri_expr k = tri_variable_shaped(g, "k", 3, (int64_t[]){4, 1, 1}, NULL), in[] = {x, k};
  out = tri_convolve(x, k, .padding = "same");
  double both[] = {1, 2, 3, 4, 5, 1, 10, 100, 1000}; /* one before, two behind */
  call_graph(2, in, 1, &out, TRI_DOUBLE, both, r);
  ck_assert_double_eq(r[0], 3210.0);
  ck_assert_double_eq(r[4], 54.0);
  tri_expr image = tri_variable_shaped(g, "i", 4, (int64_t[]){0, 28, 28, 3},
                                       (const char *[]){"batch", NULL, NULL, NULL});
  tri_expr kernel = tri_variable_shaped(g, "w", 4, (int64_t[]){3, 3, 3, 8}, NULL);
  has_dims(tri_convolve(image, kernel, .strides = {2, 2}, .padding = "same"), 4,
           (int64_t[]){-1, 14, 14, 8});
  has_dims(tri_convolve(image, kernel), 4, (int64_t[]){-1, 26, 26, 8});
  has_dims(tri_max_pool(image, .size = {2, 2}), 4, (int64_t[]){-1, 14, 14, 3});
}
END_TEST

START_TEST(arrays_are_padded) {
  tri_expr x = shaped("x", 2, 2, 2);
  tri_expr out = tri_pad(x, 2, (int64_t[]){1, 0}, (int64_t[]){0, 2});
  double r[12], wanted[] = {0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0};
  call_graph(1, &x, 1, &out, TRI_DOUBLE, (double[]){1, 2, 3, 4}, r);
  for (size_t k = 0; k < 12; k++) ck_assert_double_eq(r[k], wanted[k]);
}
END_TEST

/* --- sizes that a call gives, none among them */

START_TEST(named_sizes_are_bound_at_a_call) {
  tri_expr x =
      tri_variable_shaped(g, "x", 3, (int64_t[]){0, 4, 1}, (const char *[]){"n", NULL, NULL});
  tri_expr pool = tri_max_pool(x, .size = {2}), average = tri_average_pool(x, .size = {2}),
           out[] = {pool, average};
  tri_function *f = tri_compile(1, &x, 2, out);
  ck_assert_ptr_nonnull(f);
  double at[] = {1, 3, 2, 0, 5, 5, 8, 7}, r[8], wanted[] = {3, 2, 5, 8, 2, 1, 5, 7.5};
  tri_call call = {.workspace = tri_workspace_new(f), .n_sizes = 1, .sizes = (int64_t[]){2}};
  ok(tri_function_call(f, &call, at, r));
  for (size_t k = 0; k < 8; k++) ck_assert_double_eq(r[k], wanted[k]);
  call.sizes = (int64_t[]){0};
  ok(tri_function_call(f, &call, at, r));
  tri_workspace_free(call.workspace);
  tri_function_free(f);
  tri_expr two = tri_variable_shaped(g, "y", 3, (int64_t[]){2, 4, 1}, NULL);
  has_dims(tri_substitute(pool, 1, &x, &two), 3, (int64_t[]){2, 2, 1});
}
END_TEST

START_TEST(no_channels_take_no_time) {
  tri_expr x = tri_variable_shaped(g, "x", 3, (int64_t[]){(int64_t)1 << 40, 4, 0}, NULL);
  tri_expr out[] = {tri_max_pool(x, .size = {2}), tri_unfold(x, .size = {2})};
  for (int domain = TRI_DOUBLE; domain <= TRI_BALL; domain++) {
    tri_function *f = tri_compile(1, &x, 2, out, .domain = (tri_domain)domain);
    ck_assert_ptr_nonnull(f);
    double nothing[1] = {0};
    ok(tri_function_call(f, NULL, nothing, nothing));
    tri_function_free(f);
  }
}
END_TEST

/* --- in loops, also where these are written out */

START_TEST(loops_have_windows_in_their_bodies) {
  static struct modes rolled, written;
  enum { STEPS = 3, EACH = 6 };
  tri_expr v = shaped("v", 2, STEPS, EACH), d = shaped("d", 2, STEPS, EACH),
           i = tri_variable(g, "i");
  tri_extent dims[] = {tri_extent_of(1), tri_extent_of(EACH), tri_extent_of(1)};
  double at[2 * STEPS * EACH];
  for (size_t k = 0; k < 2 * STEPS * EACH; k++) at[k] = sin(5.0 * (double)k);
  tri_expr sum = tri_integer(g, 0), bodies[STEPS + 1];
  for (size_t k = 0; k <= STEPS; k++) {
    tri_expr row = tri_reshape(k < STEPS ? tri_element(v, k) : tri_gather(v, i), 3, dims);
    tri_expr windows = tri_unfold(row, .size = {3}, .strides = {2}, .before = {1});
    tri_expr back = tri_fold(tri_sin(windows), 1, (int64_t[]){EACH}, .size = {3}, .strides = {2},
                             .before = {1});
    tri_expr pool = tri_max_pool(back, .size = {2}), one;
    ok(tri_vjp(1, &pool, &pool, 1, &v, &one));
    bodies[k] = tri_add(tri_mean(tri_exp(pool)), tri_norm(one));
    if (k < STEPS) sum = tri_add(sum, bodies[k]);
  }
  tri_expr loop = tri_sum(bodies[STEPS], i, 0, tri_extent_of(STEPS));
  run_modes(loop, v, d, TRI_DOUBLE, STEPS * EACH, at, &rolled);
  run_modes(sum, v, d, TRI_DOUBLE, STEPS * EACH, at, &written);
  compare_modes(&rolled, &written, at + STEPS * EACH, 1e-12);
}
END_TEST

/* --- kinks, and balls that overlap */

static tri_status strict(tri_expr f, tri_expr x, const double *at, double *slope) {
  double value;
  tri_function *c = tri_compile(1, &x, 1, &f);
  tri_status status = tri_function_reverse(c, &(tri_call){.strict = 1}, at, NULL, &value, slope);
  tri_function_free(c);
  return status;
}

/* Only a tie of the largest is a kink, and only if it matters. */
START_TEST(ties_are_kinks) {
  tri_expr x = tri_variable_shaped(g, "x", 3, (int64_t[]){1, 6, 1}, NULL), slope;
  tri_expr pool = tri_max_pool(x, .size = {3}), first = tri_element(tri_element(pool, 0), 0);
  tri_expr e = tri_element(first, 0), all = tri_mean(pool);
  double r[6];
  ok(strict(all, x, (double[]){1, 1, 2, 3, 0, 0}, r));
  ck_assert_double_eq(r[2], 0.5);
  ck_assert_double_eq(r[3], 0.5);
  ck_assert_int_eq(strict(all, x, (double[]){1, 2, 2, 3, 0, 0}, r), TRI_DOMAIN);
  ok(strict(e, x, (double[]){1, 2, 0, 3, 3, 3}, r)); /* the second window does not count */
  ok(tri_gradient(all, 1, &x, &slope));
  tri_expr second = tri_mean(tri_mul(slope, x));
  ok(strict(second, x, (double[]){1, 1, 2, 3, 0, 0}, r));
  ck_assert_int_eq(strict(second, x, (double[]){2, 1, 2, 3, 0, 0}, r), TRI_DOMAIN);
}
END_TEST

/* x, x + 0 and smaller numbers as balls that are not exact. */
START_TEST(balls_that_overlap) {
  tri_expr x = tri_variable(g, "x"), third = tri_rational(g, 1, 3);
  tri_expr same = tri_mul(x, third), other = tri_div(x, tri_integer(g, 3)), small = tri_neg(same);
  tri_expr v = tri_stack(4, (tri_expr[]){small, same, other, tri_integer(g, -5)});
  tri_extent dims[] = {tri_extent_of(1), tri_extent_of(4), tri_extent_of(1)};
  tri_expr pool = tri_max_pool(tri_reshape(v, 3, dims), .size = {4}), at[1] = {x};
  tri_expr e = tri_mean(pool);
  tri_error why;
  tri_function *f = tri_compile(1, at, 1, &e, .domain = TRI_BALL, .precision = 64);
  double point = 1.0, value, slope, along = 0.0, direction = 1.0;
  tri_call call = {.error = &why};
  ok(tri_function_call(f, &call, &point, &value));
  ck_assert_double_eq_tol(value, 1.0 / 3.0, 1e-15);
  ok(tri_function_forward(f, &call, &point, 1, &along, &value, &slope)); /* nothing moves */
  ck_assert_double_eq(slope, 0.0);
  ck_assert_int_eq(tri_function_forward(f, &call, &point, 1, &direction, &value, &slope),
                   TRI_UNKNOWN);
  ck_assert_str_eq(why.message, "pick cannot be decided at 64 bits of precision");
  ck_assert_int_eq(tri_function_reverse(f, &call, &point, NULL, &value, &slope), TRI_UNKNOWN);
  tri_function_free(f);
}
END_TEST

/* What is not chosen adds nothing, though it has no value. */
START_TEST(zeros_by_choice_are_strong) {
  tri_expr x = tri_variable_shaped(g, "x", 3, (int64_t[]){1, 4, 1}, NULL), slope;
  tri_expr first = tri_element(tri_element(tri_element(x, 0), 0), 0);
  tri_expr dead = tri_mean(tri_max_pool(tri_log(x), .size = {2})),
           windows = tri_mean(tri_exp(tri_unfold(tri_log(x), .size = {2})));
  tri_expr e =
      tri_select(tri_gt(first, tri_integer(g, 0)), tri_add(dead, windows), tri_square(first));
  double at[] = {-2, -1, 3, 4}, r[4], value;
  ok(tri_gradient(e, 1, &x, &slope));
  call_graph(1, &x, 1, &slope, TRI_DOUBLE, at, r);
  ck_assert_double_eq(r[0], -4.0);
  for (size_t k = 1; k < 4; k++) ck_assert_double_eq(r[k], 0.0);
  tri_function *f = tri_compile(1, &x, 1, &e);
  ok(tri_function_reverse(f, NULL, at, NULL, &value, r));
  ck_assert_double_eq(r[0], -4.0);
  for (size_t k = 1; k < 4; k++) ck_assert_double_eq(r[k], 0.0);
  tri_function_free(f);
}
END_TEST

START_TEST(windows_without_elements_have_no_value) {
  tri_expr x = tri_variable_shaped(g, "x", 3, (int64_t[]){1, 2, 1}, NULL);
  tri_expr pool = tri_max_pool(x, .size = {2}, .before = {2}), r;
  double at[] = {1, 2}, value[2];
  for (int domain = TRI_DOUBLE; domain <= TRI_BALL; domain++) {
    tri_function *f = tri_compile(1, &x, 1, &pool, .domain = (tri_domain)domain);
    ck_assert_int_eq(tri_function_call(f, NULL, at, value), TRI_DOMAIN);
    tri_function_free(f);
  }
  r = tri_mul(tri_integer(g, 0), pool); /* not known to have a value, so not 0 */
  ck_assert(!tri_expr_equal(r, tri_integer(g, 0)));
}
END_TEST

/* --- what does not fit */

START_TEST(misfits_name_both_shapes) {
  tri_expr x = tri_variable_shaped(g, "x", 4, (int64_t[]){2, 5, 5, 3}, NULL),
           k = tri_variable_shaped(g, "k", 4, (int64_t[]){3, 3, 4, 8}, NULL),
           v = shaped("v", 1, 3, 0);
  fails(tri_convolve(x, k), TRI_SHAPE,
        "a convolution in 1 group of shape [2, 5, 5, 3] with a kernel of shape [3, 3, 4, 8], which "
        "does not fit");
  fails(
      tri_convolve(x, k, .groups = 3), TRI_SHAPE,
      "a convolution in 3 groups of shape [2, 5, 5, 3] with a kernel of shape [3, 3, 4, 8], which "
      "does not fit");
  fails(tri_convolve(x, v), TRI_SHAPE,
        "a convolution in 1 group of shape [2, 5, 5, 3] with a kernel of shape [3], which does not "
        "fit");
  fails(tri_max_pool(x, .size = {6, 2}), TRI_SHAPE,
        "no window of 6 by 2 fits into shape [2, 5, 5, 3]");
  fails(tri_max_pool(v, .size = {2}), TRI_SHAPE,
        "windows are of [n, s, c] with up to 3 dimensions in the middle, not of shape [3]");
  fails(tri_unfold(x, .size = {2}), TRI_ARGUMENT, "a window's size of 0");
  fails(tri_unfold(x, .size = {2, 2}, .strides = {-1, 1}), TRI_ARGUMENT, "a stride of -1");
  fails(tri_unfold(x, .size = {2, 2}, .padding = "full"), TRI_ARGUMENT,
        "padding is \"valid\" or \"same\", not \"full\"");
  fails(tri_unfold(x, .size = {2, 2}, .padding = "same", .after = {1, 0}), TRI_ARGUMENT,
        "padding by its name and by numbers");
  fails(tri_fold(x, 1, (int64_t[]){4}, .size = {2}), TRI_SHAPE,
        "fold of shape [2, 5, 5, 3], where windows are [2, 3, 2, 3]");
  fails(tri_pad(x, 1, (int64_t[]){1}, (int64_t[]){1}), TRI_SHAPE,
        "padding is given for each of an array's dimensions");
  tri_expr named =
      tri_variable_shaped(g, "y", 3, (int64_t[]){1, 0, 1}, (const char *[]){NULL, "t", NULL});
  fails(tri_unfold(named, .size = {2}), TRI_SHAPE,
        "unfold along 1 dimensions wants [n, s, c] with sizes that are known, not shape [1, t, 1]");
  const char *text = "pick(x, k, 2)";
  fails(tri_parse(g, text, strlen(text)), TRI_SHAPE,
        "pick of shapes [2, 5, 5, 3] and [3, 3, 4, 8], which do not fit");
  text = "unfold(x, [2, 0])";
  fails(tri_parse(g, text, strlen(text)), TRI_SHAPE,
        "a whole number from 1 on, or 2 of them, are wanted here");
}
END_TEST

/* Numbers of which sums and products are more than their types hold. */
START_TEST(large_numbers_are_refused) {
  const int64_t most = INT32_MAX;
  tri_expr x = tri_variable_shaped(g, "x", 3, (int64_t[]){1, most, 1}, NULL),
           y = tri_variable_shaped(g, "y", 3, (int64_t[]){1, 5, 1}, NULL),
           z = tri_variable_shaped(g, "z", 4, (int64_t[]){1, 1, 1, 1}, NULL);
  fails(tri_unfold(x, .size = {1}, .before = {most}, .after = {most}), TRI_LIMIT,
        "more than 2147483647 windows along a dimension");
  fails(tri_fold(z, 1, (&(int64_t){most}), .size = {1}, .before = {1}), TRI_LIMIT,
        "more than 2147483647 windows along a dimension");
  fails(tri_unfold(y, .size = {1 << 17}, .dilation = {1 << 16}, .padding = "same"), TRI_ARGUMENT,
        "padding of 4294934528");
  fails(tri_fold(z, 1, (&(int64_t){INT64_MAX}), .size = {1}, .strides = {2}, .padding = "same"),
        TRI_ARGUMENT, "a size of 9223372036854775807");
  tri_expr failed = tri_add(x, y);
  tri_graph_clear_error(g);
  ck_assert_int_eq(tri_expr_status(tri_fold(failed, 1, (&(int64_t){5}), .size = {2})), TRI_SHAPE);
}
END_TEST

/* Options end where the program's struct does. */
START_TEST(options_of_older_programs) {
  tri_expr x = tri_variable_shaped(g, "x", 3, (int64_t[]){1, 5, 1}, NULL);
  tri_windows o = {.size = {2}, .before = {3}};
  has_dims(tri_unfold_with(x, &o), 4, (int64_t[]){1, 7, 2, 1});
  o.bytes = offsetof(tri_windows, before);
  has_dims(tri_unfold_with(x, &o), 4, (int64_t[]){1, 4, 2, 1});
}
END_TEST

/* What of windows is inside is found without looking at all their places: these have 10^18. */
START_TEST(long_windows_take_no_time) {
  tri_expr x = tri_variable_shaped(g, "x", 3, (int64_t[]){1, 3, 1}, NULL);
  const int64_t most = 1000000000;
  clock_t begin = clock();
  tri_expr all =
      tri_max_pool(x, .size = {most}, .strides = {1}, .before = {most - 1}, .after = {most - 1});
  ck_assert_int_eq(tri_expr_status(all), TRI_OK);
  ck_assert((clock() - begin) / CLOCKS_PER_SEC < 10);
}
END_TEST

/* Against all places one by one, of small windows of every kind. */
START_TEST(windows_inside_are_found) {
  struct windows w = {.rank = 1};
  for (uint32_t i = 0; i < 5 * 5 * 5 * 7 * 7 * 8; i++) {
    uint32_t at = i;
    w.size[0] = 1 + at % 5, at /= 5;
    w.stride[0] = 1 + at % 5, at /= 5;
    w.dilation[0] = 1 + at % 5, at /= 5;
    w.before[0] = at % 7, at /= 7;
    w.after[0] = at % 7, at /= 7;
    w.whole[0] = at;
    struct window_layout l = tri__window_layout(&w, 1, 1);
    bool inside = true;
    for (size_t o = 0; o < l.windows; o++) {
      size_t k = 0, cell;
      while (k < l.places && !window_cell(&l, o, k, &cell)) k++;
      inside &= k < l.places;
    }
    ck_assert_int_eq(tri__windows_inside(&w), inside);
  }
}
END_TEST

/* An interruption in the middle. */
static volatile int stopped;

static void stop(void *data, const tri_step *step) {
  (void)data;
  stopped = step->op == TRI_OP_sin;
}

START_TEST(windows_are_interrupted) {
  tri_expr x = tri_variable_shaped(g, "x", 3, (int64_t[]){1, 4, 1}, NULL);
  tri_expr out = tri_max_pool(tri_sin(x), .size = {2});
  tri_function *f = tri_compile(1, &x, 1, &out, .domain = TRI_MPFR);
  const tri_trace trace = {.step = stop};
  tri_call call = {.trace = &trace, .interrupt = &stopped};
  double at[4] = {1.0}, value[2];
  stopped = 0;
  ck_assert_int_eq(tri_function_call(f, &call, at, value), TRI_INTERRUPTED);
  tri_function_free(f);
}
END_TEST

static Suite *suite(void) {
  rng = random_start(20261128);
  return tri_test_suite(
      "windows", 240, set_up, tear_down, all_modes_agree, rational_numbers_are_exact,
      transposes_are_each_other_s, patterns_are_those_of_the_written_out, texts_read_back,
      same_padding_is_keras_s, arrays_are_padded, named_sizes_are_bound_at_a_call,
      no_channels_take_no_time, loops_have_windows_in_their_bodies, ties_are_kinks,
      balls_that_overlap, zeros_by_choice_are_strong, windows_without_elements_have_no_value,
      misfits_name_both_shapes, large_numbers_are_refused, options_of_older_programs,
      long_windows_take_no_time, windows_inside_are_found, windows_are_interrupted);
}
int main(void) { return tri_test_main("windows", suite); }
