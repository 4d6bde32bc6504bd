/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Convolutions and their transposes against loops that follow the definition, for floats and
 * doubles and every instruction set: random shapes, strides, dilations, padding, groups. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/convolution.h"
#include "tests/random.h"
#include "tests/runner.h"

/* Numbers of a domain, as doubles and as they are. */
struct numbers {
  size_t count;
  double *d;
  void *own;
};

static bool of_floats(int domain) { return domain == TRI_FLOAT; }

static void *aligned_block(size_t bytes) {
  void *block = aligned_alloc(64, (bytes + 127) / 64 * 64);
  ck_assert_ptr_nonnull(block);
  memset(block, 0xff, (bytes + 127) / 64 * 64); /* NaN, so that what is not written shows */
  return block;
}

static struct numbers numbers_of(size_t count) {
  struct numbers n = {.count = count, .d = calloc(count + 1, sizeof *n.d)};
  n.own = aligned_block(count * sizeof(double));
  ck_assert_ptr_nonnull(n.d);
  return n;
}

static void numbers_free(struct numbers *n) {
  free(n->d);
  free(n->own);
}

static struct numbers random_numbers(struct random *r, int domain, size_t count) {
  struct numbers n = numbers_of(count);
  for (size_t i = 0; i < count; i++) {
    n.d[i] = (double)(float)random_between(r, -1.0, 1.0);
    if (of_floats(domain))
      ((float *)n.own)[i] = (float)n.d[i];
    else
      ((double *)n.own)[i] = n.d[i];
  }
  return n;
}

/* Whether `own` is what the doubles say, to the rounding of sums of `terms` numbers below 1. */
static void check_numbers(const struct numbers *n, int domain, size_t terms, const char *what) {
  double unit = of_floats(domain) ? 0x1p-23 : 0x1p-52;
  for (size_t i = 0; i < n->count; i++) {
    double x = of_floats(domain) ? (double)((float *)n->own)[i] : ((double *)n->own)[i];
    ck_assert_msg(fabs(x - n->d[i]) <= unit * (double)(terms + 2), "%s %zu of %zu: %g, not %g",
                  what, i, n->count, x, n->d[i]);
  }
}

/* --- shapes */

static struct convolution random_shape(struct random *r) {
  struct convolution c = {.groups = 1 + random_below(r, 3)};
  struct window_layout *w = &c.w;
  w->n = 1 + random_below(r, 7);
  w->c = c.groups * (1 + random_below(r, random_below(r, 4) ? 5 : 40));
  c.filters = c.groups * (1 + random_below(r, random_below(r, 2) ? 9 : 80));
  w->cells = w->windows = w->places = 1;
  uint32_t rank = 1 + random_below(r, 3);
  for (uint32_t d = 0; d < WINDOW_RANK; d++) {
    bool used = d + rank >= WINDOW_RANK;
    w->size[d] = used ? 1 + random_below(r, 4) : 1;
    w->stride[d] = used ? 1 + random_below(r, 3) : 1;
    w->dilation[d] = used ? 1 + random_below(r, 2) : 1;
    w->before[d] = used ? random_below(r, 3) : 0;
    size_t span = (w->size[d] - 1) * w->dilation[d] + 1, after = used ? random_below(r, 3) : 0;
    w->whole[d] = used ? 1 + random_below(r, 9) : 1;
    while (w->whole[d] + w->before[d] + after < span) w->whole[d]++;
    w->out[d] = (w->whole[d] + w->before[d] + after - span) / w->stride[d] + 1;
    w->cells *= w->whole[d];
    w->windows *= w->out[d];
    w->places *= w->size[d];
  }
  return c;
}

/* The cell of a place of a window, or -1. */
static ptrdiff_t cell_at(const struct window_layout *w, size_t window, size_t place) {
  size_t cell = 0, each = 1; /* each: cells of a step along the dimension */
  for (int d = WINDOW_RANK; d-- > 0;) {
    size_t at = window % w->out[d] * w->stride[d] + place % w->size[d] * w->dilation[d];
    if (at < w->before[d] || at - w->before[d] >= w->whole[d]) return -1;
    cell += (at - w->before[d]) * each;
    each *= w->whole[d];
    window /= w->out[d];
    place /= w->size[d];
  }
  return (ptrdiff_t)cell;
}

/* What a term of the convolution touches: called for each. */
typedef void term(size_t x, size_t k, size_t y, void *data);

static void each_term(const struct convolution *c, term *work, void *data) {
  const struct window_layout *w = &c->w;
  size_t channels = w->c / c->groups, filters = c->filters / c->groups;
  for (size_t q = 0; q < w->n * w->windows; q++)
    for (size_t t = 0; t < w->places; t++) {
      ptrdiff_t cell = cell_at(w, q % w->windows, t);
      for (size_t i = 0; cell >= 0 && i < channels; i++)
        for (size_t f = 0; f < c->filters; f++) {
          size_t channel = f / filters * channels + i;
          work((q / w->windows * w->cells + (size_t)cell) * w->c + channel,
               (t * channels + i) * c->filters + f, q * c->filters + f, data);
        }
    }
}

/* --- the four functions */

struct setting {
  const struct image_kernels *kernels;
  int domain;
  struct convolution c;
  struct numbers x, k, y, dx, dk, dy;
  void *packed, *scratch;
};

static void forward_term(size_t x, size_t k, size_t y, void *data) {
  struct setting *s = data;
  s->y.d[y] += s->x.d[x] * s->k.d[k];
}
static void back_term(size_t x, size_t k, size_t y, void *data) {
  struct setting *s = data;
  s->dx.d[x] += s->dy.d[y] * s->k.d[k];
  s->dk.d[k] += s->dy.d[y] * s->x.d[x];
}

/* So many of the kernel's rows that they are taken in chunks. */
static struct convolution long_shape(void) {
  struct convolution c = {.filters = 40, .groups = 1};
  c.w = (struct window_layout){.n = 2, .c = 900, .cells = 20, .windows = 20, .places = 9};
  for (int d = 0; d < WINDOW_RANK; d++) {
    c.w.whole[d] = c.w.out[d] = d == 0 ? 1 : d == 1 ? 4 : 5;
    c.w.size[d] = d ? 3 : 1;
    c.w.before[d] = d ? 1 : 0;
    c.w.stride[d] = c.w.dilation[d] = 1;
  }
  return c;
}

static void set_up(struct random *r, const struct image_kernels *kernels, int domain,
                   const struct convolution *shape, struct setting *s) {
  *s = (struct setting){.kernels = kernels, .domain = domain, .c = *shape};
  const struct convolution *c = &s->c;
  size_t images = c->w.n * c->w.cells * c->w.c, results = c->w.n * c->w.windows * c->filters;
  size_t kernel = c->w.places * (c->w.c / c->groups) * c->filters;
  s->x = random_numbers(r, domain, images);
  s->k = random_numbers(r, domain, kernel);
  s->dy = random_numbers(r, domain, results);
  s->y = numbers_of(results);
  s->dx = numbers_of(images);
  s->dk = numbers_of(kernel);
  s->packed = aligned_block(kernels->packed(c) * sizeof(double));
  s->scratch = aligned_block(kernels->scratch(c));
}

static void take_down(struct setting *s) {
  struct numbers *all[] = {&s->x, &s->k, &s->y, &s->dx, &s->dk, &s->dy};
  for (size_t i = 0; i < 6; i++) numbers_free(all[i]);
  free(s->packed);
  free(s->scratch);
}

/* The batch in two parts. */
static void in_parts(const struct setting *s, size_t cut,
                     void (*work)(const struct setting *s, const struct image_part *part)) {
  size_t n = s->c.w.n;
  work(s, &(struct image_part){0, cut, s->scratch});
  work(s, &(struct image_part){cut, n - cut, s->scratch});
}

static void forward_part(const struct setting *s, const struct image_part *part) {
  struct convolution_end plain = {0};
  s->kernels->forward(&s->c, part, s->x.own, s->packed, &plain, s->y.own);
}
static void back_part(const struct setting *s, const struct image_part *part) {
  s->kernels->back(&s->c, part, s->dy.own, s->packed, s->dx.own);
}

static void check_forward(struct random *r, struct setting *s) {
  size_t terms = s->c.w.places * s->c.w.c / s->c.groups;
  s->kernels->pack(&s->c, s->k.own, s->packed);
  each_term(&s->c, forward_term, s);
  in_parts(s, random_below(r, (uint32_t)s->c.w.n), forward_part);
  check_numbers(&s->y, s->domain, terms, "forward");
  struct numbers bias = random_numbers(r, s->domain, s->c.filters);
  for (size_t i = 0; i < s->y.count; i++)
    s->y.d[i] = fmax(s->y.d[i] + bias.d[i % s->c.filters], 0.0);
  struct convolution_end end = {.bias = bias.own, .relu = true};
  s->kernels->forward(&s->c, &(struct image_part){0, s->c.w.n, s->scratch}, s->x.own, s->packed,
                      &end, s->y.own);
  check_numbers(&s->y, s->domain, terms + 1, "bias and relu");
  numbers_free(&bias);
}

static void check_back(struct random *r, struct setting *s) {
  s->kernels->pack_turned(&s->c, s->k.own, s->packed);
  each_term(&s->c, back_term, s);
  in_parts(s, random_below(r, (uint32_t)s->c.w.n), back_part);
  check_numbers(&s->dx, s->domain, s->c.w.places * s->c.filters / s->c.groups, "back");
}

/* Sums of parts, as an update of what is there. */
static void check_sums(struct random *r, struct setting *s) {
  size_t parts = tri__sum_parts(&s->c), size = s->dk.count, n = s->c.w.n;
  size_t each = size * (of_floats(s->domain) ? sizeof(float) : sizeof(double));
  char *sums = aligned_block(parts * each);
  for (size_t p = 0; p < parts; p++) {
    size_t first = tri__part_first(n, parts, p), next = tri__part_first(n, parts, p + 1);
    struct image_part part = {first, next - first, s->scratch};
    s->kernels->kernel_sums(&s->c, &part, s->x.own, s->dy.own, sums + p * each);
  }
  size_t cut = random_below(r, (uint32_t)size), terms = n * s->c.w.windows;
  s->kernels->add_sums(parts, size, 0, cut, sums, 1.0, 0.0, s->dk.own);
  s->kernels->add_sums(parts, size, cut, size - cut, sums, 1.0, 0.0, s->dk.own);
  check_numbers(&s->dk, s->domain, terms, "kernel");
  /* an update of the kernel itself */
  for (size_t i = 0; i < size; i++) s->k.d[i] = 0.5 * s->k.d[i] - 0.125 * s->dk.d[i];
  s->kernels->add_sums(parts, size, 0, size, sums, -0.125, 0.5, s->k.own);
  check_numbers(&s->k, s->domain, terms, "updated kernel");
  free(sums);
}

START_TEST(against_loops) {
  struct random r = random_start(20261127 + (uint64_t)_i);
  int domain = _i % 2 ? TRI_FLOAT : TRI_DOUBLE;
  const struct image_kernels *kernels = tri__image_kernels((tri_domain)domain, _i / 2);
  if (!kernels) return; /* the processor has no more */
  for (int i = 0; i < 40 * test_multiplier(); i++) {
    struct convolution shape = i ? random_shape(&r) : long_shape();
    struct setting s;
    set_up(&r, kernels, domain, &shape, &s);
    check_forward(&r, &s);
    check_back(&r, &s);
    check_sums(&r, &s);
    take_down(&s);
  }
}
END_TEST

START_TEST(parts_are_all) {
  for (size_t n = 0; n < 40; n++)
    for (size_t parts = 1; parts < 9; parts++) {
      ck_assert_uint_eq(tri__part_first(n, parts, 0), 0);
      ck_assert_uint_eq(tri__part_first(n, parts, parts), n);
      for (size_t p = 0; p < parts; p++)
        ck_assert_uint_le(tri__part_first(n, parts, p), tri__part_first(n, parts, p + 1));
    }
}
END_TEST

static Suite *convolution_suite(void) {
  Suite *s = suite_create("convolution");
  TCase *c = tcase_create("convolution");
  tcase_add_loop_test(c, against_loops, 0, 6);
  tcase_add_test(c, parts_are_all);
  tcase_set_timeout(c, 120);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("test_convolution", convolution_suite); }
