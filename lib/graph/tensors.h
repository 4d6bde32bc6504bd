/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Arrays of any rank: their dimensions in another order, their elements in another shape, one
 * behind the other, and contracted. */
#ifndef TRIAD_GRAPH_TENSORS_H
#define TRIAD_GRAPH_TENSORS_H

#include "graph/arrays.h"

/* permute's attribute: one byte for each dimension of the result, the argument's dimension that it
 * is. */

/* contract's attribute. The operands are a [b…, m…, k…] and b [b…, n…, k…], or where they are
 * turned a [b…, k…, m…] and b [b…, k…, n…]; the result is [b…, m…, n…], the sums of products over
 * k. `strong`: 1, a zero of a makes a product zero whatever the factor is, and 2, one of b: for
 * adjoints and tangents that are zero by choice. */
struct contraction {
  uint8_t batch, contracted; /* dimensions b… and k… */
  uint8_t turned;            /* bit 0: a, bit 1: b */
  uint8_t strong;            /* bit 0: a, bit 1: b */
};
enum { CONTRACT_A = 1, CONTRACT_B = 2 };
/* x y, where a zero of what is `strong` makes a product zero whatever the other factor is. */
static inline double strong_product(unsigned strong, double x, double y) {
  bool zero = (strong & CONTRACT_A && x == 0.0) || (strong & CONTRACT_B && y == 0.0);
  return zero ? 0.0 : x * y;
}

/* How many elements the dimensions of a contraction have, and how far it is from one to the next in
 * its operands. */
struct contraction_layout {
  size_t batch, m, n, k;
  size_t a_m, a_k, b_n, b_k;
};

static inline struct contraction_layout
contraction_layout(const struct contraction *how, size_t batch, size_t m, size_t n, size_t k) {
  bool a = how->turned & CONTRACT_A, b = how->turned & CONTRACT_B;
  return (struct contraction_layout){batch, m, n, k, a ? 1 : k, a ? m : 1, b ? 1 : k, b ? n : 1};
}

const uint8_t *tri__axes(const tri_graph *g, uint32_t permute);
struct contraction tri__contraction(const tri_graph *g, uint32_t contract);

/* Constructors, canonical: an error id where shapes do not fit, naming both (TRI_SHAPE). */
uint32_t tri__permute(tri_graph *g, uint32_t x, const uint8_t *axes);
uint32_t tri__reshape(tri_graph *g, uint32_t x, uint32_t shape);
uint32_t tri__concat(tri_graph *g, size_t n, const uint32_t *arrays);
uint32_t tri__contract(tri_graph *g, uint32_t a, uint32_t b, const struct contraction *how);

/* A contraction with the adjoint w of its result: the adjoint of argument i. */
uint32_t tri__contract_adjoint(tri_graph *g, uint32_t contract, unsigned i, uint32_t w,
                               bool strong);
/* The inverse of a permutation of `rank` dimensions. */
void tri__inverse_axes(size_t rank, const uint8_t *axes, uint8_t *inverse);

/* Compositions. Dimension `axis` moved to the front, and back; shapes as NumPy broadcasts them, and
 * matrix products. */
uint32_t tri__to_front(tri_graph *g, uint32_t x, size_t axis);
uint32_t tri__from_front(tri_graph *g, uint32_t x, size_t axis);
uint32_t tri__broadcast(tri_graph *g, uint32_t x, uint32_t shape);
uint32_t tri__matmul(tri_graph *g, uint32_t a, uint32_t b);

#endif
