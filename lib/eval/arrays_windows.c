/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Windows of images in array programs, carried out: by kernels for the processor's instruction set,
 * image by image, so that threads share a batch. Sums over the batch are cut in parts by its size
 * alone. */
#include "eval/array_windows.h"

#include "base/finite.h"

#include <math.h>
#include <string.h>

/* A task under way. */
struct work {
  const struct array_run *run;
  const struct window_plan *plan;
  const struct image_kernels *kernels;
  const char *a, *b, *bias; /* arguments */
  const char *packed;
  char *to, *sums;
  size_t parts;
};

static struct work work_of(struct array_run *r, const struct array_task *task) {
  const struct array_node *n = node_of(r->program, task->nodes[0]);
  const struct window_plan *plan = n->windows;
  struct work w = {.run = r, .plan = plan, .kernels = tri__image_kernels(r->program->domain, 0)};
  w.a = view_data(r, &n->args[0]);
  w.b = n->nargs > 1 ? view_data(r, &n->args[1]) : NULL;
  w.bias = plan->has_bias ? view_data(r, &n->args[2]) : NULL;
  w.packed = r->arena + task->scratch + plan->packed;
  w.sums = r->arena + task->scratch + plan->sums;
  w.to = node_data(r, task->nodes[0]);
  return w;
}

/* --- rows over windows */

enum { MOST_PARTS = 32 }; /* of a batch whose images have nothing to do with each other */

static size_t parts_of(const struct window_plan *plan) {
  return plan->conv.w.n < MOST_PARTS ? plan->conv.w.n : MOST_PARTS;
}

/* Part of the images: the layout of these, and where they begin. */
static struct window_layout part_of(const struct work *w, size_t part, size_t *first) {
  struct window_layout l = w->plan->conv.w;
  *first = tri__part_first(l.n, w->parts, part);
  l.n = tri__part_first(l.n, w->parts, part + 1) - *first;
  return l;
}

struct row_work {
  struct work work;
  unsigned op;
};

static void row_part(void *data, size_t part, size_t worker) {
  const struct row_work *row = data;
  const struct work *w = &row->work;
  size_t first, size = w->run->program->size;
  struct window_layout l = part_of(w, part, &first);
  size_t whole = first * l.cells * l.c * size, out = first * l.windows * l.c * size,
         cut = out * l.places;
  (void)worker;
  switch (row->op) {
  case TRI_OP_unfold: w->kernels->unfold(&l, w->a + whole, w->to + cut); break;
  case TRI_OP_fold: w->kernels->fold(&l, w->a + cut, w->to + whole); break;
  case TRI_OP_pick: w->kernels->pick(&l, w->a + whole, w->b + whole, w->to + out); break;
  default: w->kernels->route(&l, w->a + whole, w->b + out, w->to + whole); break;
  }
}

static void run_row(struct array_run *r, const struct array_task *task) {
  struct row_work w = {work_of(r, task), node_of(r->program, task->nodes[0])->op};
  const struct window_layout *l = &w.work.plan->conv.w;
  w.work.parts = parts_of(w.work.plan);
  struct pool_parts work = {.work = row_part, .data = &w, .parts = w.work.parts};
  work.cost = (double)l->n * (double)l->windows * (double)(l->places * l->c) * 0.2;
  if (node_of(r->program, task->nodes[0])->count) tri__pool_parts(r->pool, &work);
}

/* --- convolutions by kernels */

static struct image_part image_part(const struct work *w, size_t part, size_t worker) {
  size_t n = w->plan->conv.w.n, first = tri__part_first(n, w->parts, part);
  return (struct image_part){first, tri__part_first(n, w->parts, part + 1) - first,
                             worker_data(w->run, worker)};
}

static void forward_part(void *data, size_t part, size_t worker) {
  const struct work *w = data;
  struct image_part images = image_part(w, part, worker);
  struct convolution_end end = {.bias = w->bias, .relu = w->plan->relu};
  w->kernels->forward(&w->plan->conv, &images, w->a, w->packed, &end, w->to);
}

static void back_part(void *data, size_t part, size_t worker) {
  const struct work *w = data;
  struct image_part images = image_part(w, part, worker);
  w->kernels->back(&w->plan->conv, &images, w->a, w->packed, w->to);
}

static size_t kernel_size(const struct convolution *c) {
  return c->w.places * (c->w.c / c->groups) * c->filters;
}

static void kernel_part(void *data, size_t part, size_t worker) {
  const struct work *w = data;
  struct image_part images = image_part(w, part, worker);
  size_t bytes = kernel_size(&w->plan->conv) * w->run->program->size;
  w->kernels->kernel_sums(&w->plan->conv, &images, w->a, w->b, w->sums + part * bytes);
}

static double cost_of(const struct convolution *c) {
  return (double)c->w.n * (double)c->w.windows * (double)kernel_size(c) * MULTIPLICATION_COST;
}

static void run_images(struct work *w, void (*part)(void *data, size_t part, size_t worker)) {
  struct pool_parts work = {.work = part, .data = w, .parts = w->parts};
  work.cost = cost_of(&w->plan->conv);
  tri__pool_parts(w->run->pool, &work);
}

static void run_kernel(struct work *w, const struct array_node *n) {
  size_t size = kernel_size(&w->plan->conv);
  double alpha = 1.0, beta = tri__update_factors(w->run, n, &alpha);
  run_images(w, kernel_part);
  w->kernels->add_sums(w->parts, size, 0, size, w->sums, alpha, beta, w->to);
}

static void run_by_kernels(struct work *w, const struct array_node *n) {
  const struct convolution *c = &w->plan->conv;
  w->parts = parts_of(w->plan);
  switch (w->plan->work) {
  case CONVOLUTION:
    w->kernels->pack(c, w->b, (char *)(uintptr_t)w->packed);
    run_images(w, forward_part);
    break;
  case CONVOLUTION_BACK:
    w->kernels->pack_turned(c, w->b, (char *)(uintptr_t)w->packed);
    run_images(w, back_part);
    break;
  default:
    w->parts = w->plan->parts;
    run_kernel(w, n);
    break;
  }
}

/* --- convolutions with strong zeros, product by product */

static double number(const struct work *w, const char *data, size_t i) {
  return get_number(w->run->program, data, i);
}

static void put(const struct work *w, size_t i, double x) {
  set_number(w->run->program, w->to, i, x);
}

/* Whether all that a strong zero could meet is finite. */
static bool meets_finite(const struct work *w, const struct array_node *n) {
  const char *const data[] = {w->a, w->b};
  for (int i = 0; i < 2; i++)
    if ((w->plan->strong >> (1 - i) & 1) && data[i] &&
        !are_finite(data[i], tri__view_count(&n->args[i]), w->run->program->domain == TRI_FLOAT))
      return false;
  return true;
}

/* One product of a window's element, or what is outside, and a number of the other factor. */
static double product(const struct work *w, const char *a, size_t i, bool inside, const char *b,
                      size_t k) {
  return strong_product(w->plan->strong, inside ? number(w, a, i) : 0.0, number(w, b, k));
}

/* Channel or filter, window and place of one product: */
struct term {
  size_t window, place, channel, filter;
};

static double term_of(const struct work *w, const struct term *t, size_t *cell, bool *inside) {
  const struct window_layout *l = &w->plan->conv.w;
  size_t filters = w->plan->conv.filters, image = t->window / l->windows;
  *inside = window_cell(l, t->window % l->windows, t->place, cell);
  *cell = *inside ? (image * l->cells + *cell) * l->c + t->channel : 0;
  size_t of_kernel = (t->place * l->c + t->channel) * filters + t->filter,
         of_y = t->window * filters + t->filter;
  switch (w->plan->work) {
  case CONVOLUTION: return product(w, w->a, *cell, *inside, w->b, of_kernel);
  case CONVOLUTION_BACK: return product(w, w->a, of_y, true, w->b, of_kernel);
  default: return product(w, w->a, *cell, *inside, w->b, of_y);
  }
}

static void finish(const struct work *w, size_t i, size_t filter, double sum, double old) {
  if (w->bias) sum += number(w, w->bias, filter);
  if (w->plan->relu && !(sum > 0.0)) sum = sum == sum ? 0.0 : sum;
  put(w, i, old + sum);
}

static void forward_one_by_one(const struct work *w) {
  const struct window_layout *l = &w->plan->conv.w;
  size_t filters = w->plan->conv.filters, cell;
  bool inside;
  for (size_t i = 0; i < l->n * l->windows * filters; i++) {
    struct term t = {.window = i / filters, .filter = i % filters};
    double sum = 0.0;
    for (t.place = 0; t.place < l->places; t.place++)
      for (t.channel = 0; t.channel < l->c; t.channel++) sum += term_of(w, &t, &cell, &inside);
    finish(w, i, t.filter, sum, 0.0);
  }
}

static void back_one_by_one(const struct work *w) {
  const struct window_layout *l = &w->plan->conv.w;
  struct term t;
  size_t cell = 0;
  bool inside = false;
  for (size_t i = 0; i < l->n * l->cells * l->c; i++) put(w, i, 0.0);
  for (t.window = 0; t.window < l->n * l->windows; t.window++)
    for (t.place = 0; t.place < l->places; t.place++)
      for (t.channel = 0; t.channel < l->c; t.channel++) {
        double sum = 0.0;
        for (t.filter = 0; t.filter < w->plan->conv.filters; t.filter++)
          sum += term_of(w, &t, &cell, &inside);
        if (inside) put(w, cell, number(w, w->to, cell) + sum);
      }
}

static void kernel_one_by_one(const struct work *w, const struct array_node *n) {
  const struct window_layout *l = &w->plan->conv.w;
  size_t filters = w->plan->conv.filters, cell;
  double alpha = 1.0, beta = tri__update_factors(w->run, n, &alpha);
  bool inside;
  for (size_t i = 0; i < l->places * l->c * filters; i++) {
    struct term t = {.filter = i % filters, .channel = i / filters % l->c};
    double sum = 0.0;
    t.place = i / filters / l->c;
    for (t.window = 0; t.window < l->n * l->windows; t.window++)
      sum += term_of(w, &t, &cell, &inside);
    put(w, i, (beta == 0.0 ? 0.0 : beta * number(w, w->to, i)) + alpha * sum);
  }
}

static void run_convolution(struct array_run *r, const struct array_task *task) {
  const struct array_node *n = node_of(r->program, task->nodes[0]);
  struct work w = work_of(r, task);
  if (!n->count) return;
  if (!w.plan->strong || !w.a || !w.b || meets_finite(&w, n))
    run_by_kernels(&w, n);
  else if (w.plan->work == CONVOLUTION)
    forward_one_by_one(&w);
  else if (w.plan->work == CONVOLUTION_BACK)
    back_one_by_one(&w);
  else
    kernel_one_by_one(&w, n);
}

/* --- made ready */

static bool take_scratch(struct array_task *task, size_t count, size_t size, size_t *place) {
  size_t bytes;
  if (!size_product(count, size, &bytes) || bytes > PTRDIFF_MAX / 4) return false;
  *place = task->scratch_size;
  task->scratch_size += aligned(bytes);
  return true;
}

static bool make_convolution(struct array_program *p, struct window_plan *plan,
                             struct array_task *task) {
  const struct image_kernels *kernels = tri__image_kernels(p->domain, 0);
  size_t count = 0, scratch = aligned(kernels->scratch(&plan->conv));
  plan->parts = tri__sum_parts(&plan->conv);
  if (scratch > p->worker_size) p->worker_size = scratch;
  if (plan->work != CONVOLUTION_KERNEL)
    return take_scratch(task, kernels->packed(&plan->conv), p->size, &plan->packed);
  return size_product(plan->parts, kernel_size(&plan->conv), &count) &&
         take_scratch(task, count, p->size, &plan->sums);
}

bool tri__windows_make(struct array_maker *m, struct array_task *task) {
  struct array_program *p = m->program;
  struct window_plan *plan = p->nodes[task->nodes[0]].windows;
  bool row = plan->work == WINDOW_ROW;
  task->run = row ? run_row : run_convolution;
  return row || make_convolution(p, plan, task) || array_no_memory(m);
}
