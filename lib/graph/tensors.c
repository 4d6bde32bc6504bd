/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Constructors of permute, reshape, concat and contract. A permutation that only exchanges what a
 * contraction sums over with what it keeps becomes a mark of the contraction, so that products with
 * transposes move nothing. */
#include "graph/tensors.h"

#include <string.h>

static uint32_t shape_of(const tri_graph *g, uint32_t id) { return node_at(g, id)->shape; }
static uint32_t rank_of(const tri_graph *g, uint32_t id) { return shape_rank(g, shape_of(g, id)); }
static extent dim_of(const tri_graph *g, uint32_t id, size_t d) {
  return shape_dims(g, shape_of(g, id))[d];
}
static unsigned op_of(const tri_graph *g, uint32_t id) { return node_at(g, id)->op; }
static uint32_t arg_of(const tri_graph *g, uint32_t id) { return node_args(g, node_at(g, id))[0]; }
static uint32_t no_shape(const tri_graph *g) { return NODE_ERROR + (uint32_t)g->error.status; }

static uint32_t check(tri_graph *g, uint32_t id, const char *what) {
  if (id_is_error(id)) return id;
  if (node_at(g, id)->sort < TRI_BOOLEAN) return 0;
  return tri__fail(g, TRI_SHAPE, "%s of what is no number", what);
}

static uint32_t unequal(tri_graph *g, const char *what, uint32_t a, uint32_t b) {
  char one[64], other[64];
  tri__shape_text(g, shape_of(g, a), one, sizeof one);
  tri__shape_text(g, shape_of(g, b), other, sizeof other);
  return tri__fail(g, TRI_SHAPE, "%s of shapes %s and %s, which do not fit", what, one, other);
}

/* --- permute */

const uint8_t *tri__axes(const tri_graph *g, uint32_t permute) {
  return tri__attr_data(g, node_at(g, permute)->attr, NULL);
}

void tri__inverse_axes(size_t rank, const uint8_t *axes, uint8_t *inverse) {
  for (size_t d = 0; d < rank; d++) inverse[axes[d]] = (uint8_t)d;
}

static bool in_order(size_t rank, const uint8_t *axes) {
  for (size_t d = 0; d < rank; d++)
    if (axes[d] != d) return false;
  return true;
}

/* Whether the permutation exchanges two neighbouring blocks behind the first `batch` dimensions,
 * the first one of `size`. */
static bool exchanges(size_t rank, const uint8_t *axes, size_t batch, size_t size) {
  if (!in_order(batch, axes)) return false;
  for (size_t d = batch; d < rank; d++)
    if (axes[d] != batch + (d - batch + size) % (rank - batch)) return false;
  return true;
}

static uint32_t permuted_shape(tri_graph *g, uint32_t x, const uint8_t *axes) {
  int64_t dims[MOST_RANK];
  uint32_t rank = rank_of(g, x);
  for (uint32_t d = 0; d < rank; d++) dims[d] = dim_of(g, x, axes[d]);
  return tri__shape(g, rank, dims);
}

static uint32_t permute_node(tri_graph *g, uint32_t x, const uint8_t *axes) {
  uint8_t own[MOST_RANK] = {0};
  memcpy(own, axes, rank_of(g, x));
  uint32_t attr = tri__attr(g, ATTR_AXES, own, rank_of(g, x)),
           shape = attr ? permuted_shape(g, x, own) : TRI__NO_SHAPE;
  return shape == TRI__NO_SHAPE ? no_shape(g) : tri__node(g, TRI_OP_permute, attr, shape, 1, &x);
}

/* Of what was permuted already: by both at once. */
static uint32_t permute_twice(tri_graph *g, uint32_t x, const uint8_t *axes) {
  uint8_t both[MOST_RANK] = {0};
  const uint8_t *first = tri__axes(g, x);
  for (uint32_t d = 0; d < rank_of(g, x); d++) both[d] = first[axes[d]];
  return tri__permute(g, arg_of(g, x), both);
}

/* [b…, n…, m…] of a contraction [b…, m…, n…] is that of the factors the other way round; 0 if the
 * permutation is another one. */
static uint32_t permute_contraction(tri_graph *g, uint32_t x, const uint8_t *axes) {
  struct contraction how = tri__contraction(g, x);
  const uint32_t *args = node_args(g, node_at(g, x));
  uint32_t a = args[0], b = args[1], rows = rank_of(g, a) - how.batch - how.contracted;
  if (!exchanges(rank_of(g, x), axes, how.batch, rows)) return 0;
  how.turned = (uint8_t)(how.turned >> 1 | (how.turned & CONTRACT_A) << 1);
  how.strong = (uint8_t)(how.strong >> 1 | (how.strong & CONTRACT_A) << 1);
  return tri__contract(g, b, a, &how);
}

uint32_t tri__permute(tri_graph *g, uint32_t x, const uint8_t *axes) {
  uint32_t failed = check(g, x, "another order of dimensions"), seen = 0;
  uint64_t found = 0;
  if (failed) return failed;
  uint32_t rank = rank_of(g, x);
  for (uint32_t d = 0; d < rank; d++) found |= axes[d] < rank ? (uint64_t)1 << axes[d] : 0;
  if (rank && found != UINT64_MAX >> (64 - rank))
    return tri__fail(g, TRI_SHAPE, "an order of dimensions has each of them once, from 1 to %u",
                     (unsigned)rank);
  if (in_order(rank, axes)) return x;
  if (op_of(g, x) == TRI_OP_permute) return permute_twice(g, x, axes);
  if (op_of(g, x) == TRI_OP_contract) seen = permute_contraction(g, x, axes);
  return seen ? seen : permute_node(g, x, axes);
}

static bool has_axis(tri_graph *g, uint32_t x, size_t axis) {
  char text[64];
  if (axis < rank_of(g, x)) return true;
  tri__shape_text(g, shape_of(g, x), text, sizeof text);
  tri__fail(g, TRI_SHAPE, "there is no dimension %zu in shape %s", axis + 1, text);
  return false;
}

uint32_t tri__to_front(tri_graph *g, uint32_t x, size_t axis) {
  uint8_t axes[MOST_RANK] = {0};
  if (id_is_error(x)) return x;
  if (!has_axis(g, x, axis)) return NODE_ERROR + TRI_SHAPE;
  for (uint32_t d = 0; d < rank_of(g, x); d++)
    axes[d] = (uint8_t)(d == 0 ? axis : d <= axis ? d - 1 : d);
  return tri__permute(g, x, axes);
}

uint32_t tri__from_front(tri_graph *g, uint32_t x, size_t axis) {
  uint8_t axes[MOST_RANK] = {0};
  if (id_is_error(x)) return x;
  if (!has_axis(g, x, axis)) return NODE_ERROR + TRI_SHAPE;
  for (uint32_t d = 0; d < rank_of(g, x); d++)
    axes[d] = (uint8_t)(d < axis ? d + 1 : d == axis ? 0 : d);
  return tri__permute(g, x, axes);
}

/* --- reshape */

/* Whether two shapes have as many elements at every call: named sizes are the same in both. */
static bool same_count(const tri_graph *g, uint32_t a, uint32_t b) {
  const uint32_t shapes[] = {a, b};
  uint64_t count[] = {1, 1};
  int64_t names[2][MOST_RANK];
  size_t named[] = {0, 0};
  for (int s = 0; s < 2; s++)
    for (uint32_t d = 0; d < shape_rank(g, shapes[s]); d++) {
      int64_t n = shape_dims(g, shapes[s])[d];
      if (n < 0)
        names[s][named[s]++] = n;
      else if (__builtin_mul_overflow(count[s], (uint64_t)n, &count[s]))
        return false;
    }
  if (named[0] != named[1] || count[0] != count[1]) return false;
  for (size_t i = 0; i < named[0]; i++) {
    size_t k = i;
    while (k < named[1] && names[1][k] != names[0][i]) k++;
    if (k == named[1]) return false;
    names[1][k] = names[1][i];
  }
  return true;
}

uint32_t tri__reshape(tri_graph *g, uint32_t x, uint32_t shape) {
  uint32_t failed = check(g, x, "another shape");
  if (failed) return failed;
  if (shape == TRI__NO_SHAPE) return no_shape(g);
  if (op_of(g, x) == TRI_OP_reshape) x = arg_of(g, x);
  if (shape == shape_of(g, x)) return x;
  if (same_count(g, shape_of(g, x), shape)) return tri__node(g, TRI_OP_reshape, 0, shape, 1, &x);
  char one[64], other[64];
  tri__shape_text(g, shape_of(g, x), one, sizeof one);
  tri__shape_text(g, shape, other, sizeof other);
  return tri__fail(g, TRI_SHAPE, "shape %s cannot become %s: the number of elements differs", one,
                   other);
}

/* --- concat */

static uint32_t joins(tri_graph *g, uint32_t first, uint32_t x, int64_t *n) {
  uint32_t failed = check(g, x, "concat");
  if (failed) return failed;
  if (!shape_of(g, x)) return tri__fail(g, TRI_SHAPE, "concat of a number, which has no elements");
  if (tri__part_shape(g, shape_of(g, x)) != tri__part_shape(g, shape_of(g, first)))
    return unequal(g, "concat", first, x);
  int64_t own = first_extent(g, shape_of(g, x));
  if (own < 0)
    return tri__fail(g, TRI_SHAPE, "concat of a dimension whose size is known at a call only");
  return __builtin_add_overflow(*n, own, n) ? tri__fail(g, TRI_LIMIT, "too many elements") : 0;
}

uint32_t tri__concat(tri_graph *g, size_t n, const uint32_t *arrays) {
  int64_t count = 0;
  if (!n) return tri__fail(g, TRI_SHAPE, "concat needs at least one array");
  for (size_t i = 0; i < n; i++) {
    uint32_t failed = joins(g, arrays[0], arrays[i], &count);
    if (failed) return failed;
  }
  if (n == 1) return arrays[0];
  uint32_t shape = tri__part_shape(g, shape_of(g, arrays[0]));
  if (shape != TRI__NO_SHAPE) shape = tri__array_shape(g, count, shape);
  return shape == TRI__NO_SHAPE ? no_shape(g) : tri__node(g, TRI_OP_concat, 0, shape, n, arrays);
}

/* --- contract */

struct contraction tri__contraction(const tri_graph *g, uint32_t contract) {
  struct contraction how;
  memcpy(&how, tri__attr_data(g, node_at(g, contract)->attr, NULL), sizeof how);
  return how;
}

/* An operand as a contraction reads it. */
struct operand {
  uint32_t id, kept; /* dimensions that the result has of it */
  bool turned;
};

static size_t first_kept(const struct operand *o, const struct contraction *how) {
  return how->batch + (o->turned ? how->contracted : 0u);
}
static size_t first_contracted(const struct operand *o, const struct contraction *how) {
  return how->batch + (o->turned ? 0u : o->kept);
}

/* The operand in the order [b…, kept…, k…]: as it lies, or turned, or else in an order of its own.
 * Without either block there is nothing to turn. */
static void see_through(tri_graph *g, struct operand *o, const struct contraction *how) {
  uint8_t axes[MOST_RANK] = {0};
  uint32_t rank = rank_of(g, o->id), blocks = rank - how->batch;
  size_t first = o->turned ? how->contracted : 0;
  for (uint32_t d = 0; d < rank; d++)
    axes[d] = (uint8_t)(d < how->batch ? d : how->batch + (d - how->batch + first) % blocks);
  if (op_of(g, o->id) == TRI_OP_permute) {
    const uint8_t *inner = tri__axes(g, o->id);
    for (uint32_t d = 0; d < rank; d++) axes[d] = inner[axes[d]];
    o->id = arg_of(g, o->id);
  }
  o->turned = !in_order(rank, axes) && exchanges(rank, axes, how->batch, how->contracted);
  if (!o->turned) o->id = tri__permute(g, o->id, axes);
}

/* False if it has too few dimensions. */
static bool operand_of(tri_graph *g, uint32_t id, bool turned, const struct contraction *how,
                       struct operand *o) {
  uint32_t least = (uint32_t)how->batch + how->contracted;
  if (rank_of(g, id) < least) return false;
  *o = (struct operand){id, rank_of(g, id) - least, turned};
  see_through(g, o, how);
  return true;
}

static bool fits(const tri_graph *g, const struct operand *a, const struct operand *b,
                 const struct contraction *how) {
  for (size_t d = 0; d < how->batch; d++)
    if (dim_of(g, a->id, d) != dim_of(g, b->id, d)) return false;
  for (size_t d = 0; d < how->contracted; d++)
    if (dim_of(g, a->id, first_contracted(a, how) + d) !=
        dim_of(g, b->id, first_contracted(b, how) + d))
      return false;
  return true;
}

static uint32_t contracted_shape(tri_graph *g, const struct operand *a, const struct operand *b,
                                 const struct contraction *how) {
  int64_t dims[MOST_RANK];
  size_t rank = 0;
  if (how->batch + a->kept + b->kept > MOST_RANK)
    return tri__fail(g, TRI_LIMIT, "more than %d dimensions", MOST_RANK), TRI__NO_SHAPE;
  for (size_t d = 0; d < how->batch; d++) dims[rank++] = dim_of(g, a->id, d);
  for (size_t d = 0; d < a->kept; d++) dims[rank++] = dim_of(g, a->id, first_kept(a, how) + d);
  for (size_t d = 0; d < b->kept; d++) dims[rank++] = dim_of(g, b->id, first_kept(b, how) + d);
  return tri__shape(g, rank, dims);
}

uint32_t tri__contract(tri_graph *g, uint32_t x, uint32_t y, const struct contraction *how) {
  uint32_t failed = check(g, x, "a contraction");
  struct operand a, b;
  if (!failed) failed = check(g, y, "a contraction");
  if (failed) return failed;
  bool whole = operand_of(g, x, how->turned & CONTRACT_A, how, &a) &&
               operand_of(g, y, how->turned & CONTRACT_B, how, &b);
  if (whole && id_is_error(a.id)) return a.id;
  if (whole && id_is_error(b.id)) return b.id;
  if (!whole || !fits(g, &a, &b, how)) return unequal(g, "a contraction", x, y);
  if (!a.kept && !b.kept && !how->batch && !how->contracted)
    return tri__build2(g, TRI_OP_mul, x, y);
  struct contraction own = *how;
  own.turned = (uint8_t)((a.turned ? CONTRACT_A : 0) | (b.turned ? CONTRACT_B : 0));
  uint32_t attr = tri__attr(g, ATTR_CONTRACTION, &own, sizeof own),
           shape = attr ? contracted_shape(g, &a, &b, &own) : TRI__NO_SHAPE;
  if (shape == TRI__NO_SHAPE) return no_shape(g);
  return tri__node(g, TRI_OP_contract, attr, shape, 2, (uint32_t[]){a.id, b.id});
}

/* The adjoint w is [b…, m…, n…]. That of a [b…, m…, k…] is w with b, contracted over n…; where a is
 * turned, [b…, k…, m…], b with w. Of b likewise, with the roles exchanged. */
uint32_t tri__contract_adjoint(tri_graph *g, uint32_t contract, unsigned i, uint32_t w,
                               bool strong) {
  struct contraction how = tri__contraction(g, contract), to = {.batch = how.batch};
  const uint32_t *args = node_args(g, node_at(g, contract));
  uint32_t other = args[1 - i];
  bool own_turned = how.turned >> i & 1, other_turned = how.turned >> (1 - i) & 1;
  bool other_strong = how.strong >> (1 - i) & 1;
  to.contracted = (uint8_t)(rank_of(g, other) - how.batch - how.contracted);
  bool w_turned = i == 1; /* w as [b…, what i keeps, what is summed] or turned */
  bool w_first = !own_turned;
  to.turned = (uint8_t)(w_first ? (w_turned ? CONTRACT_A : 0) | (other_turned ? 0 : CONTRACT_B)
                                : (other_turned ? 0 : CONTRACT_A) | (w_turned ? CONTRACT_B : 0));
  to.strong = (uint8_t)(w_first ? (strong ? CONTRACT_A : 0) | (other_strong ? CONTRACT_B : 0)
                                : (other_strong ? CONTRACT_A : 0) | (strong ? CONTRACT_B : 0));
  return w_first ? tri__contract(g, w, other, &to) : tri__contract(g, other, w, &to);
}

/* --- compositions */

/* The dimensions of x that stay when it is broadcast to a shape, or an error id: as NumPy has it,
 * from the last one on, each the same or 1. */
static uint32_t kept_dims(tri_graph *g, uint32_t x, uint32_t shape, uint64_t *kept) {
  uint32_t rank = shape_rank(g, shape), own = rank_of(g, x);
  bool fits = own <= rank;
  *kept = 0;
  for (uint32_t d = 0; d < own && fits; d++) {
    uint32_t to = rank - own + d;
    if (dim_of(g, x, d) == shape_dims(g, shape)[to])
      *kept |= (uint64_t)1 << to;
    else
      fits = dim_of(g, x, d) == 1;
  }
  if (fits) return 0;
  char one[64], other[64];
  tri__shape_text(g, shape_of(g, x), one, sizeof one);
  tri__shape_text(g, shape, other, sizeof other);
  return tri__fail(g, TRI_SHAPE, "shape %s cannot be broadcast to %s", one, other);
}

uint32_t tri__broadcast(tri_graph *g, uint32_t x, uint32_t shape) {
  uint32_t failed = check(g, x, "broadcasting");
  uint64_t kept;
  if (failed) return failed;
  if (shape == TRI__NO_SHAPE) return no_shape(g);
  if ((failed = kept_dims(g, x, shape, &kept))) return failed;
  int64_t dims[MOST_RANK];
  uint8_t axes[MOST_RANK] = {0};
  uint32_t rank = shape_rank(g, shape), more = 0, stay = 0;
  for (uint32_t d = 0; d < rank; d++)
    if (kept >> d & 1) dims[stay++] = shape_dims(g, shape)[d];
  x = tri__reshape(g, x, tri__shape(g, stay, dims));
  for (uint32_t d = rank; d-- > 0 && !id_is_error(x);)
    if (!(kept >> d & 1)) x = tri__repeat(g, x, shape_dims(g, shape)[d]);
  stay = rank - stay; /* those that were repeated stand before the others */
  for (uint32_t d = 0; d < rank; d++) axes[d] = (uint8_t)(kept >> d & 1 ? stay++ : more++);
  return id_is_error(x) ? x : tri__permute(g, x, axes);
}

/* The factor of a matrix product with the batch that the other one has. */
static uint32_t with_batch(tri_graph *g, uint32_t x, uint32_t other) {
  int64_t dims[MOST_RANK];
  uint32_t rank = rank_of(g, other), own = rank_of(g, x);
  if (own < 2 || own >= rank) return x;
  for (uint32_t d = 0; d < rank; d++)
    dims[d] = d < rank - 2 ? dim_of(g, other, d) : dim_of(g, x, own - (rank - d));
  return tri__broadcast(g, x, tri__shape(g, rank, dims));
}

uint32_t tri__matmul(tri_graph *g, uint32_t a, uint32_t b) {
  uint32_t failed = check(g, a, "a matrix product");
  if (!failed) failed = check(g, b, "a matrix product");
  if (failed) return failed;
  uint32_t ra = rank_of(g, a), rb = rank_of(g, b);
  if (!ra || !rb) return unequal(g, "matmul", a, b);
  extent ka = dim_of(g, a, ra - 1), kb = dim_of(g, b, rb < 2 ? 0 : rb - 2);
  if (ka != kb) return unequal(g, "matmul", a, b);
  if (rb > ra) a = with_batch(g, a, b);
  if (id_is_error(a)) return a;
  ra = rank_of(g, a);
  struct contraction how = {.contracted = 1, .turned = rb < 2 ? 0 : CONTRACT_B};
  how.batch = (uint8_t)(rb > 2 && ra > 1 ? rb - 2 : 0);
  if (how.batch && ra != rb) return unequal(g, "matmul", a, b);
  if (ra == 1 && rb > 2) { /* [k] with [b…, k, n]: the batch is kept of b */
    uint8_t axes[MOST_RANK] = {0};
    for (uint32_t d = 0; d < rb; d++)
      axes[d] = (uint8_t)(d < rb - 2 ? d : d == rb - 2 ? rb - 1 : rb - 2);
    b = tri__permute(g, b, axes);
    how.turned = 0;
  }
  return tri__contract(g, a, b, &how);
}
