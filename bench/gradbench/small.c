/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The small evals: hello, and logsumexp, linear least squares and the determinant, with their gradients. */
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

/* The largest element is made safe by a whole number near it, which no derivative passes. */
void lse_build(gb_graph *b) {
  tri_expr x = gb_in(b, graph_array(b->g, "x", b->size[0], 0));
  gb_gradient(b, graph_logsumexp(b->g, b->size[0], x), 1);
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

void det_build(gb_graph *b) {
  const int ell = (int)b->size[1];
  tri_expr x = gb_in(b, graph_array(b->g, "A", b->size[0], 0)), a[DET_MOST * DET_MOST];
  tri_expr *minors = malloc(sizeof *minors << ell);
  if (!minors) return; /* no outputs: out of memory */
  for (int i = 0; i < ell * ell; i++) a[i] = tri_element(x, (size_t)i);
  minors[0] = tri_integer(b->g, 1);
  for (unsigned columns = 1; columns < 1u << ell; columns++)
    minors[columns] = minor_of(b, a, ell, columns, minors);
  gb_gradient(b, minors[(1u << ell) - 1], 1);
  free(minors);
}
