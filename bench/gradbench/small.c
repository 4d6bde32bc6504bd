/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The small evals: hello, and logsumexp, linear least squares and the determinant, with their
 * gradients. */
#include "gradbench.h"

#include "bench/graphs.h"

json_t *gb_write_gradient(const gb_model *m) {
  return gb_vector(m->output[0] + 1, (size_t)m->size[0]);
}

/* --- hello: x², and its derivative */

void hello_read(gb_job *job, const json_t *input) {
  if (json_is_number(input))
    gb_append(job, json_number_value(input));
  else
    gb_wrong(job, "the input is no number");
}

void hello_build(gb_graph *b) {
  tri_expr x = gb_in(b, tri_variable(b->g, "x")), square = tri_square(x);
  gb_out(b, b->mode == GB_VALUE ? square : tri_diff(square, x));
}

/* --- lse: log Σ exp(x[i]) */

void lse_read(gb_job *job, const json_t *input) {
  job->size[0] = -1;
  gb_array(job, input, "x", 1, job->size);
}

enum { LSE_ROW = 64 };

static tri_expr largest(tri_graph *g, int64_t n, tri_expr x) {
  tri_expr part = tri_variable(g, "t"), most = tri_variable(g, "c");
  return graph_fold(g, n, part, x, 0, most, tri_element(x, 0), tri_max(most, part));
}

static tri_expr sum_of_exp(tri_graph *g, int64_t n, tri_expr x, tri_expr safe) {
  tri_expr part = tri_variable(g, "t");
  return graph_over(g, n, 1, &part, &x, tri_exp(tri_sub(part, safe)), 1);
}

/* The numbers come as rows and a rest, so that the rows are done side by side. They are made safe
 * by a whole number near the largest, which no derivative passes. */
void lse_build(gb_graph *b) {
  const int64_t n = b->size[0] / LSE_ROW, rest = b->size[0] % LSE_ROW;
  tri_graph *g = b->g;
  tri_expr row = graph_array(g, "row", LSE_ROW, 0), rows = row, few = row;
  tri_expr most[2] = {row, row}, sum = tri_integer(g, 0);
  size_t count = 0;
  if (n) {
    rows = gb_in(b, graph_array(g, "rows", n, LSE_ROW));
    most[count++] = largest(g, n, graph_over(g, n, 1, &row, &rows, largest(g, LSE_ROW, row), 0));
  }
  if (rest) {
    few = gb_in(b, graph_array(g, "rest", rest, 0));
    most[count++] = largest(g, rest, few);
  }
  tri_expr safe = tri_floor(count > 1 ? tri_max(most[0], most[1]) : most[0]);
  if (n) sum = graph_over(g, n, 1, &row, &rows, sum_of_exp(g, LSE_ROW, row, safe), 1);
  if (rest) sum = tri_add(sum, sum_of_exp(g, rest, few, safe));
  gb_gradient(b, tri_add(safe, tri_log(sum)), count);
}

/* --- llsq: ½ Σ (s[i] - Σ x[j] t[i]^j)², t from -1 to 1, s its sign */

enum { LLSQ_MOST = 1 << 20 };

void llsq_read(gb_job *job, const json_t *input) {
  job->size[0] = -1;
  gb_array(job, input, "x", 1, job->size);
  job->size[1] = gb_integer(job, input, "n", 2, LLSQ_MOST);
}

void llsq_build(gb_graph *b) {
  const int64_t m = b->size[0], n = b->size[1];
  tri_expr x = gb_in(b, graph_array(b->g, "x", m, 0)), i = tri_variable(b->g, "i");
  tri_expr xj = tri_variable(b->g, "xj"), p = tri_variable(b->g, "p");
  tri_expr t = tri_sub(tri_mul(i, tri_rational(b->g, 2, n - 1)), tri_integer(b->g, 1));
  tri_expr horner =
      graph_fold(b->g, m, xj, x, 1, p, tri_integer(b->g, 0), tri_add(tri_mul(p, t), xj));
  tri_expr off = tri_sub(tri_sign(t), horner);
  tri_expr sum = tri_sum(tri_square(off), i, 0, tri_extent_of(n));
  gb_gradient(b, tri_div(sum, tri_integer(b->g, 2)), 1);
}

/* --- det: by minors of the last rows, each computed once */

enum { DET_MOST = 16 };

void det_read(gb_job *job, const json_t *input) {
  int64_t ell = gb_integer(job, input, "ell", 1, DET_MOST);
  job->size[0] = ell * ell;
  job->size[1] = ell;
  gb_array(job, input, "A", 1, job->size);
}

static int bits_in(unsigned set) {
  int count = 0;
  for (; set; set &= set - 1) count++;
  return count;
}

/* The minor of the last rows and these columns, expanded along its first row. */
static tri_expr minor_of(gb_graph *b, const tri_expr *a, int ell, unsigned columns,
                         const tri_expr *smaller) {
  int row = ell - bits_in(columns), sign = 1;
  tri_expr sum = tri_integer(b->g, 0);
  for (int j = 0; j < ell; j++) {
    if (!(columns >> j & 1)) continue;
    tri_expr term = tri_mul(a[row * ell + j], smaller[columns & ~(1u << j)]);
    sum = sign > 0 ? tri_add(sum, term) : tri_sub(sum, term);
    sign = -sign;
  }
  return sum;
}

/* The elements are inputs of their own, so that there can be machine code. */
void det_build(gb_graph *b) {
  const int ell = (int)b->size[1];
  tri_expr *minors = malloc(sizeof *minors << ell);
  char name[24];
  if (!minors) return; /* no outputs: out of memory */
  for (int i = 0; i < ell * ell; i++) {
    snprintf(name, sizeof name, "a%d", i);
    gb_in(b, tri_variable(b->g, name));
  }
  minors[0] = tri_integer(b->g, 1);
  for (unsigned columns = 1; columns < 1u << ell; columns++)
    minors[columns] = minor_of(b, b->in, ell, columns, minors);
  gb_gradient(b, minors[(1u << ell) - 1], b->n_inputs);
  free(minors);
}
