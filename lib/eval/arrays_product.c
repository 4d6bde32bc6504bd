/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Products of matrices in array programs: by CBLAS, also into what is there; cut in pieces by shape
 * alone, each a call of its own. Where a zero has to make a product zero (strong zeros) and
 * something is not finite, products are computed one by one. */
#include <cblas.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/finite.h"
#include "eval/array_program.h"
#include "eval/products.h"

/* c [m, n] = beta c + alpha a [m, k] b [n, k] for each of `batch`; a_m and so on are how far it is
 * from one to the next. */
struct product {
  size_t batch, m, n, k;
  size_t a_batch, a_m, a_k, b_batch, b_n, b_k;
  size_t piece; /* rows of c, or columns, of one call */
  size_t pieces;
  bool by_rows;
  bool blas;
};

struct product_work {
  const struct array_run *run;
  const struct array_node *node;
  const struct product *product;
  double alpha, beta;
  const char *a, *b;
  char *c;
};

/* --- made ready */

/* Strides of what has one element say nothing: they become what makes a matrix of it. */
static void settle(size_t kept, size_t k, size_t *kept_stride, size_t *k_stride) {
  if (kept == 1) *kept_stride = 1;
  if (k == 1) *k_stride = *kept_stride == 1 ? kept : 1;
  if (kept == 1 && *k_stride == 1) *kept_stride = k;
}

static void operand(const struct view *v, const struct contraction *how, int i, size_t *batch,
                    size_t *batch_stride, size_t *kept, size_t *kept_stride, size_t *k,
                    size_t *k_stride) {
  bool turned = how->turned >> i & 1;
  uint32_t middle = turned ? (uint32_t)how->batch + how->contracted : v->rank - how->contracted;
  tri__view_as_one(v, 0, how->batch, batch, batch_stride);
  tri__view_as_one(v, turned ? middle : how->batch, turned ? v->rank : middle, kept, kept_stride);
  tri__view_as_one(v, turned ? how->batch : middle, turned ? middle : v->rank, k, k_stride);
  settle(*kept, *k, kept_stride, k_stride);
}

enum {
  PIECE = 24000000, /* multiplications of a piece, at least, */
  HALF = 3000000,   /* or of one of two */
  MOST_PIECES = 16
};

static void cut(struct product *p) {
  double work = (double)p->m * (double)p->n * (double)p->k;
  size_t pieces = (size_t)(work / PIECE), longer = p->m > p->n ? p->m : p->n;
  if (pieces > MOST_PIECES) pieces = MOST_PIECES;
  if (pieces < 2) pieces = work < 2.0 * HALF ? 1 : 2;
  if (p->batch > 1) pieces = 1;
  p->by_rows = 2 * p->m > p->n; /* which chains of more elements are cut alike by */
  if (p->by_rows) longer = p->m;
  p->piece = round_up((longer + pieces - 1) / pieces, PIECE_ROWS);
  if (p->piece > longer) p->piece = longer;
  if (!p->piece) p->piece = 1;
  p->pieces = (longer + p->piece - 1) / p->piece;
  if (!p->pieces) p->pieces = 1;
}

static void run_product(struct array_run *r, const struct array_task *task);

struct product *tri__product_plan(struct array_maker *m, uint32_t node, size_t rows) {
  const struct array_node *n = node_of(m->program, node);
  struct product *p = tri__keep(m->program, 1, sizeof *p);
  size_t batch, k;
  if (!p) return array_no_memory(m), NULL;
  operand(&n->args[0], &n->how, 0, &p->batch, &p->a_batch, &p->m, &p->a_m, &p->k, &p->a_k);
  operand(&n->args[1], &n->how, 1, &batch, &p->b_batch, &p->n, &p->b_n, &k, &p->b_k);
  p->blas = p->m <= INT_MAX && p->n <= INT_MAX && p->k <= INT_MAX && p->a_m <= INT_MAX &&
            p->a_k <= INT_MAX && p->b_n <= INT_MAX && p->b_k <= INT_MAX;
  cut(p);
  if (!rows) return p;
  p->by_rows = true;
  p->piece = rows;
  p->pieces = (p->m + rows - 1) / rows;
  return p;
}

bool tri__product_make(struct array_maker *m, struct array_task *task) {
  task->plan = tri__product_plan(m, task->nodes[0], 0);
  task->run = run_product;
  return task->plan != NULL;
}

/* --- one call */

/* A matrix as CBLAS has it: rows one behind the other, or turned. */
struct matrix {
  const char *data;
  int leading;
  enum CBLAS_TRANSPOSE turned;
};

static struct matrix matrix_of(const char *data, size_t down, size_t along) {
  if (along == 1) return (struct matrix){data, (int)(down ? down : 1), CblasNoTrans};
  return (struct matrix){data, (int)(along ? along : 1), CblasTrans};
}

/* y = beta y + alpha a x, where a is [rows, columns] as its user sees it. */
static void vector_product(const struct product_work *w, struct matrix a, size_t rows,
                           size_t columns, const char *x, size_t x_stride, char *y) {
  bool turned = a.turned == CblasTrans;
  int m = (int)(turned ? columns : rows), n = (int)(turned ? rows : columns);
  if (w->beta == 0.0) memset(y, 0, rows * w->run->program->size); /* a NaN there is no number */
  if (w->run->program->domain == TRI_FLOAT)
    cblas_sgemv(CblasRowMajor, a.turned, m, n, (float)w->alpha, (const float *)(const void *)a.data,
                a.leading, (const float *)(const void *)x, (int)x_stride, (float)w->beta,
                (float *)(void *)y, 1);
  else
    cblas_dgemv(CblasRowMajor, a.turned, m, n, w->alpha, (const double *)(const void *)a.data,
                a.leading, (const double *)(const void *)x, (int)x_stride, w->beta,
                (double *)(void *)y, 1);
}

static struct float_matrix floats_of(struct matrix x) {
  return (struct float_matrix){(const float *)(const void *)x.data, x.leading,
                               x.turned == CblasTrans};
}

static void multiply(const struct product_work *w, size_t m, size_t n, const char *a, const char *b,
                     char *c) {
  const struct product *p = w->product;
  struct matrix x = matrix_of(a, p->a_m, p->a_k), y = matrix_of(b, p->b_k, p->b_n);
  int k = (int)p->k, leading = (int)p->n;
  if (n == 1 && p->n == 1) {
    vector_product(w, x, m, p->k, b, p->b_k, c);
  } else if (m == 1 && p->m == 1) {
    y.turned = y.turned == CblasTrans ? CblasNoTrans : CblasTrans;
    vector_product(w, y, n, p->k, a, p->a_k, c);
  } else if (w->run->program->domain == TRI_FLOAT) {
    tri__sgemm((int)m, (int)n, k, (float)w->alpha, floats_of(x), floats_of(y), (float)w->beta,
               (float *)(void *)c, leading);
  } else {
    cblas_dgemm(CblasRowMajor, x.turned, y.turned, (int)m, (int)n, k, w->alpha,
                (const double *)(const void *)x.data, x.leading,
                (const double *)(const void *)y.data, y.leading, w->beta, (double *)(void *)c,
                leading);
  }
}

/* --- without CBLAS */

static void multiply_one_by_one(const struct product_work *w, size_t m, const char *a,
                                const char *b, char *c) {
  const struct array_program *program = w->run->program;
  const struct product *p = w->product;
  unsigned strong = w->node->how.strong;
  for (size_t i = 0; i < m * p->n; i++) {
    double sum = 0.0;
    for (size_t k = 0; k < p->k; k++) {
      double x = get_number(program, a, i / p->n * p->a_m + k * p->a_k);
      double y = get_number(program, b, i % p->n * p->b_n + k * p->b_k);
      sum += strong_product(strong, x, y);
    }
    double old = w->beta == 0.0 ? 0.0 : w->beta * get_number(program, c, i);
    set_number(program, c, i, old + w->alpha * sum);
  }
}

/* Whether all that a strong zero could meet is finite. */
static bool meets_finite(const struct product_work *w) {
  const struct array_program *p = w->run->program;
  bool floats = p->domain == TRI_FLOAT;
  for (int i = 0; i < 2; i++) {
    struct view v = tri__view_merged(&w->node->args[i]);
    const char *data = node_data(w->run, v.node);
    double block[LANE_BLOCK];
    size_t count = tri__view_count(&v);
    if (!(w->node->how.strong >> (1 - i) & 1)) continue;
    if (v.rank == 1 && v.stride[0] == 1) {
      if (!are_finite(data + v.offset * p->size, count, floats)) return false;
      continue;
    }
    for (size_t first = 0; first < count; first += LANE_BLOCK) {
      size_t part = count - first < LANE_BLOCK ? count - first : LANE_BLOCK;
      tri__view_take(&v, p->size, data, first, part, block);
      if (!are_finite(block, part, floats)) return false;
    }
  }
  return true;
}

/* --- the whole */

/* Of the batch one after the other, or of one product the rows or columns of a piece. */
static void run_piece(void *data, size_t piece, size_t worker) {
  const struct product_work *w = data;
  const struct product *p = w->product;
  size_t size = w->run->program->size, first = piece * p->piece, m = p->m, n = p->n;
  (void)worker;
  if (p->batch > 1) {
    multiply(w, m, n, w->a + piece * p->a_batch * size, w->b + piece * p->b_batch * size,
             w->c + piece * m * n * size);
  } else if (p->by_rows) {
    if (m > p->piece) m = m - first < p->piece ? m - first : p->piece;
    multiply(w, m, n, w->a + first * p->a_m * size, w->b, w->c + first * p->n * size);
  } else {
    if (n > p->piece) n = n - first < p->piece ? n - first : p->piece;
    multiply(w, m, n, w->a, w->b + first * p->b_n * size, w->c + first * size);
  }
}

double tri__update_factors(const struct array_run *r, const struct array_node *n, double *alpha) {
  if (!n->update.given) return 0.0;
  *alpha *= n->update.sign;
  for (uint32_t i = 3; i < n->nargs; i++) {
    double x = get_number(r->program, view_data(r, &n->args[i]), 0);
    *alpha = n->update.divided >> (i - 3) & 1 ? *alpha / x : *alpha * x;
  }
  return 1.0;
}

static void run_one_by_one(struct product_work *w) {
  const struct product *p = w->product;
  size_t size = w->run->program->size;
  for (size_t i = 0; i < p->batch; i++)
    multiply_one_by_one(w, p->m, w->a + i * p->a_batch * size, w->b + i * p->b_batch * size,
                        w->c + i * p->m * p->n * size);
}

void tri__product_piece(const struct array_run *r, const struct product *p, uint32_t node,
                        size_t piece, char *c) {
  struct product_work w = {.run = r, .node = node_of(r->program, node), .product = p};
  size_t first = piece * p->piece, rows = p->m - first < p->piece ? p->m - first : p->piece;
  w.alpha = 1.0;
  w.a = view_data(r, &w.node->args[0]) + first * p->a_m * r->program->size;
  w.b = view_data(r, &w.node->args[1]);
  if (p->blas)
    multiply(&w, rows, p->n, w.a, w.b, c);
  else
    multiply_one_by_one(&w, rows, w.a, w.b, c);
}

static void run_product(struct array_run *r, const struct array_task *task) {
  const struct product *p = task->plan;
  struct product_work w = {.run = r, .node = node_of(r->program, task->nodes[0]), .product = p};
  if (!p->batch || !p->m || !p->n) return;
  w.alpha = 1.0;
  w.beta = tri__update_factors(r, w.node, &w.alpha);
  w.a = view_data(r, &w.node->args[0]);
  w.b = view_data(r, &w.node->args[1]);
  w.c = node_data(r, task->nodes[0]);
  if (!p->blas || !p->k || (w.node->how.strong && !meets_finite(&w))) {
    run_one_by_one(&w);
    return;
  }
  struct pool_parts work = {.work = run_piece, .data = &w};
  work.parts = p->batch > 1 ? p->batch : p->pieces;
  work.cost = (double)p->batch * (double)p->m * (double)p->n * (double)p->k * MULTIPLICATION_COST;
  tri__pool_parts(r->pool, &work);
}
