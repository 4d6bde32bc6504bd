/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Windows of every instruction set against the interpreter's, bit for bit: unfold, fold, pick and
 * route of random shapes, most of them pooling by 2, with ties and with numbers that are none. */
#include <math.h>
#include <string.h>

#include "eval/convolution.h"
#include "eval/windows.h"
#include "tests/random.h"
#include "tests/runner.h"

enum { MOST = 200000 };

/* Numbers of either kind. */
struct array {
  size_t count;
  double *d;
  float *f;
};

static struct array array_of(size_t count) {
  struct array a = {count, calloc(count + 1, sizeof *a.d), calloc(count + 1, sizeof *a.f)};
  ck_assert(a.d && a.f);
  memset(a.d, 0x55, count * sizeof *a.d);
  memset(a.f, 0x55, count * sizeof *a.f);
  return a;
}

static void array_free(struct array *a) {
  free(a->d);
  free(a->f);
}

/* Few different numbers, so that there are ties. */
static struct array random_array(struct random *r, size_t count) {
  struct array a = array_of(count);
  for (size_t i = 0; i < count; i++) {
    double x = (double)random_below(r, 9) - 4.0;
    a.d[i] = random_below(r, 50) ? x / 2.0 : (double)NAN;
    a.f[i] = (float)a.d[i];
  }
  return a;
}

static struct window_layout random_layout(struct random *r) {
  struct windows w = {.rank = 1 + random_below(r, 3)};
  uint32_t fours = random_below(r, 3);
  if (fours) w.rank = 2;
  for (uint32_t d = 0; d < w.rank; d++) {
    w.size[d] = fours ? 2 : 1 + random_below(r, 3);
    w.stride[d] = fours ? 2 : 1 + random_below(r, 3);
    w.dilation[d] = fours ? 1 : 1 + random_below(r, 2);
    w.before[d] = fours ? random_below(r, 8) == 0 : random_below(r, 2);
    w.after[d] = fours ? 0 : random_below(r, 2);
    w.whole[d] = 6 + random_below(r, 6);
  }
  return tri__window_layout(&w, random_below(r, 4),
                            1 + random_below(r, random_below(r, 2) ? 7 : 70));
}

/* All the same, but that one NaN is as good as another. */
static void check(const struct array *is, const struct array *should, bool floats,
                  const char *what) {
  for (size_t i = 0; i < is->count; i++) {
    double x = floats ? (double)is->f[i] : is->d[i],
           y = floats ? (double)should->f[i] : should->d[i];
    ck_assert_msg(x == y || (isnan(x) && isnan(y)), "%s %zu of %zu: %g, not %g", what, i, is->count,
                  x, y);
  }
}

struct sizes {
  size_t images, results, windows; /* numbers of x, of pooled results, of all windows */
};

static void check_chosen(struct random *r, const struct image_kernels *k, bool floats,
                         const struct window_layout *l, const struct sizes *n) {
  struct array x = random_array(r, n->images), v = random_array(r, n->images),
               y = random_array(r, n->results), is = array_of(n->images + n->results),
               should = array_of(n->images + n->results);
  size_t at = n->results; /* results of pick, then that of route */
  for (int own = 0; own < 2; own++) {
    const struct array *of = own ? &x : &v;
    if (floats) {
      k->pick(l, x.f, of->f, is.f);
      k->route(l, x.f, y.f, is.f + at);
      tri__pick_floats(l, x.f, of->f, should.f);
      tri__route_floats(l, x.f, y.f, should.f + at);
    } else {
      k->pick(l, x.d, of->d, is.d);
      k->route(l, x.d, y.d, is.d + at);
      tri__pick_doubles(l, x.d, of->d, should.d);
      tri__route_doubles(l, x.d, y.d, should.d + at);
    }
    check(&is, &should, floats, "pick and route");
  }
  struct array *all[] = {&x, &v, &y, &is, &should};
  for (size_t i = 0; i < 5; i++) array_free(all[i]);
}

static void check_windows(struct random *r, const struct image_kernels *k, bool floats,
                          const struct window_layout *l, const struct sizes *n) {
  struct array x = random_array(r, n->images), y = random_array(r, n->windows),
               is = array_of(n->images + n->windows), should = array_of(n->images + n->windows);
  size_t at = n->windows;
  if (floats) {
    k->unfold(l, x.f, is.f);
    k->fold(l, y.f, is.f + at);
    tri__unfold_floats(l, x.f, should.f);
    tri__fold_floats(l, y.f, should.f + at);
  } else {
    k->unfold(l, x.d, is.d);
    k->fold(l, y.d, is.d + at);
    tri__unfold_doubles(l, x.d, should.d);
    tri__fold_doubles(l, y.d, should.d + at);
  }
  check(&is, &should, floats, "unfold and fold");
  struct array *all[] = {&x, &y, &is, &should};
  for (size_t i = 0; i < 4; i++) array_free(all[i]);
}

START_TEST(against_the_interpreter) {
  struct random r = random_start(4711 + (uint64_t)_i);
  bool floats = _i % 2;
  const struct image_kernels *k = tri__image_kernels(floats ? TRI_FLOAT : TRI_DOUBLE, _i / 2);
  if (!k) return; /* the processor has no more */
  for (int i = 0; i < 60 * test_multiplier(); i++) {
    struct window_layout l = random_layout(&r);
    struct sizes n = {l.n * l.cells * l.c, l.n * l.windows * l.c, l.n * l.windows * l.places * l.c};
    check_chosen(&r, k, floats, &l, &n);
    if (n.windows < MOST) check_windows(&r, k, floats, &l, &n);
  }
}
END_TEST

static Suite *pooling_suite(void) {
  Suite *s = suite_create("pooling");
  TCase *c = tcase_create("pooling");
  tcase_add_loop_test(c, against_the_interpreter, 0, 6);
  tcase_set_timeout(c, 120);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("test_pooling", pooling_suite); }
