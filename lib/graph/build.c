/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Canonical constructors. A rewriting here holds wherever the written expression has a value and
 * keeps it undefined where it was; what needs more is proved by facts or left to simplify. Each
 * works on at most two levels, so constructors cost a constant. */
#include "graph/arrays.h"

static unsigned op_of(const tri_graph *g, uint32_t id) { return node_at(g, id)->op; }
static uint32_t arg_of(const tri_graph *g, uint32_t id, int i) { return node_at(g, id)->arg[i]; }
static bool has(const tri_graph *g, uint32_t id, unsigned facts) {
  return (node_at(g, id)->facts & facts) == facts;
}

static bool is_negative_constant(const tri_graph *g, uint32_t id) {
  return op_of(g, id) == TRI_OP_constant && !has(g, id, FACT_NONNEGATIVE);
}

/* Whether e is written with a minus that may move: -u, a negative constant, a negative constant
 * times u. Of two constants too large to be folded exactly one has to be negative: the minus of
 * both would only change places. */
static bool is_negated(const tri_graph *g, uint32_t e) {
  unsigned op = op_of(g, e);
  if (op == TRI_OP_neg) return true;
  if (op == TRI_OP_mul)
    return is_negative_constant(g, arg_of(g, e, 0)) != is_negative_constant(g, arg_of(g, e, 1));
  return is_negative_constant(g, e);
}

static uint32_t negate(tri_graph *g, uint32_t e) { return tri__build1(g, TRI_OP_neg, e); }

/* --- one function per operation with rewritings; 0: none applies */

/* A constant's sign turns also where constants are too large to be folded: it grows no larger, and
 * a sum would move its minus to and fro for ever. */
static uint32_t negate_constant(tri_graph *g, uint32_t a) {
  mpq_t view, q;
  tri__rational(g, a, view);
  mpq_init(q);
  mpq_neg(q, view);
  uint32_t id = tri__constant(g, q);
  mpq_clear(q);
  return id;
}

static uint32_t build_neg(tri_graph *g, uint32_t a) {
  switch (op_of(g, a)) {
  case TRI_OP_constant: return negate_constant(g, a);
  case TRI_OP_neg: return arg_of(g, a, 0);
  case TRI_OP_sub: return tri__build2(g, TRI_OP_sub, arg_of(g, a, 1), arg_of(g, a, 0));
  case TRI_OP_mul:
    for (int i = 0; i < 2; i++)
      if (op_of(g, arg_of(g, a, i)) == TRI_OP_constant)
        return tri__build2(g, TRI_OP_mul, negate(g, arg_of(g, a, i)), arg_of(g, a, 1 - i));
    return 0;
  default: return 0;
  }
}

static uint32_t build_add(tri_graph *g, uint32_t a, uint32_t b) {
  if (a == g->zero) return b;
  if (b == g->zero) return a;
  if (op_of(g, b) != TRI_OP_constant && is_negated(g, b))
    return tri__build2(g, TRI_OP_sub, a, negate(g, b));
  if (op_of(g, a) != TRI_OP_constant && is_negated(g, a))
    return tri__build2(g, TRI_OP_sub, b, negate(g, a));
  if (is_negative_constant(g, b)) return tri__build2(g, TRI_OP_sub, a, negate(g, b));
  return is_negative_constant(g, a) ? tri__build2(g, TRI_OP_sub, b, negate(g, a)) : 0;
}

static uint32_t build_sub(tri_graph *g, uint32_t a, uint32_t b) {
  if (b == g->zero) return a;
  if (a == g->zero) return negate(g, b);
  if (a == b && has(g, a, FACT_TOTAL)) return g->zero;
  if (is_negated(g, b)) return tri__build2(g, TRI_OP_add, a, negate(g, b));
  if (is_negated(g, a) && op_of(g, a) != TRI_OP_constant)
    return negate(g, tri__build2(g, TRI_OP_add, negate(g, a), b));
  return 0;
}

/* A factor 1/v makes a product a quotient: as undefined at v = 0 as it was. */
static uint32_t times_reciprocal(tri_graph *g, uint32_t a, uint32_t b) {
  if (op_of(g, b) != TRI_OP_div || arg_of(g, b, 0) != g->one) return 0;
  return tri__build2(g, TRI_OP_div, a, arg_of(g, b, 1));
}

static uint32_t build_mul(tri_graph *g, uint32_t a, uint32_t b) {
  if (a == g->one) return b;
  if (b == g->one) return a;
  if ((a == g->zero && has(g, b, FACT_TOTAL)) || (b == g->zero && has(g, a, FACT_TOTAL)))
    return g->zero;
  if (is_negative_constant(g, a) && tri__is_integer(g, a, -1)) return negate(g, b);
  if (is_negative_constant(g, b) && tri__is_integer(g, b, -1)) return negate(g, a);
  if (op_of(g, a) == TRI_OP_neg) {
    if (op_of(g, b) == TRI_OP_constant)
      return tri__build2(g, TRI_OP_mul, negate(g, b), arg_of(g, a, 0));
    return negate(g, tri__build2(g, TRI_OP_mul, arg_of(g, a, 0), b));
  }
  if (op_of(g, b) == TRI_OP_neg) return tri__build2(g, TRI_OP_mul, b, a);
  uint32_t quotient = times_reciprocal(g, a, b);
  return quotient ? quotient : times_reciprocal(g, b, a);
}

static uint32_t build_div(tri_graph *g, uint32_t a, uint32_t b) {
  if (b == g->one) return a;
  if (tri__is_integer(g, b, -1)) return negate(g, a);
  if (has(g, b, FACT_TOTAL | FACT_NONZERO)) {
    if (a == g->zero) return a;
    if (a == b) return g->one;
  }
  if (op_of(g, a) == TRI_OP_neg) return negate(g, tri__build2(g, TRI_OP_div, arg_of(g, a, 0), b));
  if (is_negated(g, b)) return negate(g, tri__build2(g, TRI_OP_div, a, negate(g, b)));
  return 0;
}

/* (u^m)^n is u^(mn) for natural m and n; the product is bounded so that it stays a small
 * integer. */
static uint32_t power_of_power(tri_graph *g, uint32_t a, int64_t n) {
  int64_t m;
  if (op_of(g, a) != TRI_OP_pow || n < 1 || !tri__small_integer(g, arg_of(g, a, 1), &m) || m < 1)
    return 0;
  if (m > 1000000 || n > 1000000) return 0;
  uint32_t base = arg_of(g, a, 0);
  return tri__build2(g, TRI_OP_pow, base, tri__constant_si(g, m * n, 1));
}

static uint32_t build_pow(tri_graph *g, uint32_t a, uint32_t b) {
  int64_t n;
  if (b == g->one) return a;
  if (b == g->zero && has(g, a, FACT_TOTAL)) return g->one;
  if (a == g->one && has(g, b, FACT_TOTAL)) return g->one;
  mpq_t q;
  if (tri__rational(g, b, q) && mpq_cmp_si(q, 1, 2) == 0) return tri__build1(g, TRI_OP_sqrt, a);
  if (!tri__small_integer(g, b, &n)) return 0;
  if (n == -1) return tri__build2(g, TRI_OP_div, g->one, a);
  if (op_of(g, a) == TRI_OP_neg) {
    uint32_t positive = tri__build2(g, TRI_OP_pow, arg_of(g, a, 0), b);
    return n % 2 ? negate(g, positive) : positive;
  }
  return power_of_power(g, a, n);
}

static uint32_t build_gate(tri_graph *g, uint32_t a, uint32_t b) {
  if (a == g->zero) return a;
  if (a == g->one) return b;
  if (has(g, a, FACT_NONZERO) || op_of(g, b) == TRI_OP_constant)
    return tri__build2(g, TRI_OP_mul, a, b);
  if (op_of(g, a) == TRI_OP_neg) return negate(g, tri__build2(g, TRI_OP_gate, arg_of(g, a, 0), b));
  if (op_of(g, b) == TRI_OP_neg) return negate(g, tri__build2(g, TRI_OP_gate, a, arg_of(g, b, 0)));
  return 0;
}

static uint32_t build_binary(tri_graph *g, tri_op op, uint32_t a, uint32_t b) {
  switch (op) {
  case TRI_OP_add: return build_add(g, a, b);
  case TRI_OP_sub: return build_sub(g, a, b);
  case TRI_OP_mul: return build_mul(g, a, b);
  case TRI_OP_div: return build_div(g, a, b);
  case TRI_OP_pow: return build_pow(g, a, b);
  case TRI_OP_gate: return build_gate(g, a, b);
  case TRI_OP_min:
  case TRI_OP_max:
  case TRI_OP_logical_and:
  case TRI_OP_logical_or: return a == b ? a : 0;
  case TRI_OP_le:
  case TRI_OP_ge:
  case TRI_OP_eq: return a == b && has(g, a, FACT_TOTAL) ? tri__boolean(g, true) : 0;
  case TRI_OP_lt:
  case TRI_OP_gt:
  case TRI_OP_ne: return a == b && has(g, a, FACT_TOTAL) ? tri__boolean(g, false) : 0;
  default: return 0;
  }
}

/* Functions that leave an argument of such facts as it is, or are constant on it. */
static uint32_t by_facts(tri_graph *g, tri_op op, uint32_t a) {
  switch (op) {
  case TRI_OP_abs:
  case TRI_OP_relu: return has(g, a, FACT_NONNEGATIVE) ? a : 0;
  case TRI_OP_floor:
  case TRI_OP_ceil: return has(g, a, FACT_INTEGER) ? a : 0;
  case TRI_OP_sign: return has(g, a, FACT_TOTAL | FACT_POSITIVE) ? g->one : 0;
  case TRI_OP_heaviside: return has(g, a, FACT_TOTAL | FACT_NONNEGATIVE) ? g->one : 0;
  default: return 0;
  }
}

static uint32_t build_unary(tri_graph *g, tri_op op, uint32_t a) {
  uint8_t parity = g->rows[op].parity;
  uint32_t known = by_facts(g, op, a);
  if (known) return known;
  if (op == TRI_OP_neg) return build_neg(g, a);
  if (op == TRI_OP_square) return tri__build2(g, TRI_OP_pow, a, tri__constant_si(g, 2, 1));
  if (parity && is_negated(g, a)) {
    uint32_t positive = tri__build1(g, op, negate(g, a));
    return parity == ODD ? negate(g, positive) : positive;
  }
  unsigned inner = op_of(g, a);
  if (op == TRI_OP_sqrt && inner == TRI_OP_pow && tri__is_integer(g, arg_of(g, a, 1), 2))
    return tri__build1(g, TRI_OP_abs, arg_of(g, a, 0));
  if (op == TRI_OP_log && inner == TRI_OP_exp) return arg_of(g, a, 0);
  if (op == TRI_OP_exp && inner == TRI_OP_log && has(g, arg_of(g, a, 0), FACT_POSITIVE))
    return arg_of(g, a, 0);
  if (op == TRI_OP_logical_not && inner == TRI_OP_logical_not) return arg_of(g, a, 0);
  return 0;
}

static uint32_t build_select(tri_graph *g, uint32_t condition, uint32_t a, uint32_t b) {
  if (op_of(g, condition) == TRI_OP_constant) return has(g, condition, FACT_NONZERO) ? a : b;
  return a == b && has(g, condition, FACT_TOTAL) ? a : 0;
}

/* --- sorts and shapes */

/* Whether the arguments are numbers without shape, as most are: there is nothing more to check. */
static bool are_scalars(const tri_graph *g, const struct row *row, const uint32_t *args) {
  uint32_t other = row->conditions;
  for (unsigned i = 0; i < row->arity; i++) {
    const struct node *n = node_at(g, args[i]);
    other |= n->shape | (n->sort >= TRI_BOOLEAN);
  }
  return !other;
}

static bool are_constants(const tri_graph *g, const struct row *row, const uint32_t *args) {
  for (unsigned i = 0; i < row->arity; i++)
    if (op_of(g, args[i]) != TRI_OP_constant) return false;
  return true;
}

static uint32_t check_sorts(tri_graph *g, const struct row *row, const uint32_t *args) {
  for (unsigned i = 0; i < row->arity; i++) {
    if (node_at(g, args[i])->sort == TRI_TUPLE)
      return tri__fail(g, TRI_SHAPE, "%s of a loop's results all at once", row->name);
    bool boolean = node_at(g, args[i])->sort == TRI_BOOLEAN, wanted = row->conditions >> i & 1;
    if (boolean != wanted)
      return tri__fail(g, TRI_SHAPE, "%s%s wants a %s as argument %u, not a %s",
                       row->infix ? "operator " : "", row->infix ? row->infix : row->name,
                       wanted ? "condition" : "number", i + 1, boolean ? "condition" : "number");
  }
  return 0;
}

/* The common shape of elementwise arguments: equal shapes, scalars are broadcast. */
static uint32_t common_shape(tri_graph *g, const struct row *row, const uint32_t *args,
                             uint32_t *shape) {
  *shape = 0;
  for (unsigned i = 0; i < row->arity; i++) {
    uint32_t s = node_at(g, args[i])->shape;
    if (s && *shape && s != *shape) {
      char one[64], other[64];
      tri__shape_text(g, *shape, one, sizeof one);
      tri__shape_text(g, s, other, sizeof other);
      return tri__fail(g, TRI_SHAPE, "%s of shapes %s and %s, which do not fit",
                       row->infix ? row->infix : row->name, one, other);
    }
    if (s) *shape = s;
  }
  return 0;
}

/* An elementwise operation over stacks is the stack of the operations: no sharing is lost.
 * Conditions are not stacked. */
static uint32_t distribute(tri_graph *g, tri_op op, size_t nargs, const uint32_t *args) {
  uint32_t n = 0, part[ROW_MAX_ARITY];
  for (size_t i = 0; i < nargs; i++)
    if (op_of(g, args[i]) == TRI_OP_stack)
      n = node_at(g, args[i])->nargs;
    else if (node_at(g, args[i])->shape)
      return 0;
  if (!n) return 0;
  uint32_t *parts = tri__new(&g->memory, n, sizeof *parts), id = 0;
  if (!parts) return tri__no_memory(g);
  for (uint32_t k = 0; k < n && !(id >= NODE_ERROR); k++) {
    for (size_t i = 0; i < nargs; i++)
      part[i] = op_of(g, args[i]) == TRI_OP_stack ? node_args(g, node_at(g, args[i]))[k] : args[i];
    id = parts[k] = tri__build(g, op, nargs, part);
  }
  if (id < NODE_ERROR) id = tri__stack(g, n, parts);
  tri__free(&g->memory, parts, n, sizeof *parts);
  return id;
}

static uint32_t rewrite(tri_graph *g, tri_op op, size_t nargs, const uint32_t *args) {
  if (nargs == 1) return build_unary(g, op, args[0]);
  if (nargs == 2) return build_binary(g, op, args[0], args[1]);
  return op == TRI_OP_select ? build_select(g, args[0], args[1], args[2]) : 0;
}

/* Commutative arguments are ordered by structure, and only for equal hashes by age. */
static bool in_order(const tri_graph *g, uint32_t a, uint32_t b) {
  uint64_t x = node_at(g, a)->hash, y = node_at(g, b)->hash;
  return x < y || (x == y && a <= b);
}

static uint32_t ordered_node(tri_graph *g, tri_op op, const struct row *row, uint32_t shape,
                             const uint32_t *args) {
  if (!row->commutes || in_order(g, args[0], args[1]))
    return tri__node(g, op, 0, shape, row->arity, args);
  return tri__node(g, op, 0, shape, 2, (uint32_t[]){args[1], args[0]});
}

static uint32_t build_scalar(tri_graph *g, tri_op op, const struct row *row, const uint32_t *args) {
  uint32_t id = are_constants(g, row, args) ? tri__fold(g, op, row->arity, args) : 0;
  if (id || (id = rewrite(g, op, row->arity, args))) return id;
  return ordered_node(g, op, row, 0, args);
}

/* The number that is repeated in all elements; 0 if the node is no such array. */
static uint32_t repeated(const tri_graph *g, uint32_t id) {
  while (op_of(g, id) == TRI_OP_repeat) id = arg_of(g, id, 0);
  return node_at(g, id)->shape ? 0 : id;
}

/* A number in every element of a shape. */
static uint32_t spread(tri_graph *g, uint32_t id, uint32_t shape) {
  for (uint32_t d = shape_rank(g, shape); d-- > 0;)
    id = tri__repeat(g, id, shape_dims(g, shape)[d]);
  return id;
}

/* Strong zeros are no matter where the factor is known not to be 0, as 2 is in the derivative of
 * x^2, or the other is a number. */
static uint32_t gate_over_arrays(tri_graph *g, const uint32_t *args) {
  if (args[0] == g->one) return args[1];
  if (!has(g, args[0], FACT_NONZERO) && op_of(g, args[1]) != TRI_OP_constant) return 0;
  return tri__build2(g, TRI_OP_mul, args[0], args[1]);
}

/* An elementwise operation over repeated numbers is one over the numbers, which are the same in all
 * elements anyway; and what a number leaves as it is comes back itself. 0 if there is nothing of
 * the kind. */
static uint32_t over_repeated(tri_graph *g, tri_op op, const struct row *row, uint32_t shape,
                              const uint32_t *args) {
  uint32_t numbers[ROW_MAX_ARITY], arrays = 0, changed = 0;
  for (unsigned i = 0; i < row->arity; i++) {
    uint32_t number = repeated(g, args[i]);
    numbers[i] = number ? number : args[i];
    changed |= numbers[i] != args[i];
    arrays += !number;
  }
  if (changed && !arrays)
    return row->sort == TRI_BOOLEAN ? 0 : spread(g, tri__build(g, op, row->arity, numbers), shape);
  if (changed) return tri__build(g, op, row->arity, numbers);
  if (op == TRI_OP_gate) return gate_over_arrays(g, args);
  bool product = op == TRI_OP_mul, sum = op == TRI_OP_add;
  uint32_t unit = sum || op == TRI_OP_sub ? g->zero : g->one;
  if (!product && !sum && op != TRI_OP_sub && op != TRI_OP_div && op != TRI_OP_pow) return 0;
  if (args[1] == unit) return args[0];
  return args[0] == unit && (product || sum) ? args[1] : 0;
}

static uint32_t build_row(tri_graph *g, tri_op op, const struct row *row, const uint32_t *args) {
  if (are_scalars(g, row, args)) return build_scalar(g, op, row, args);
  uint32_t shape, id = check_sorts(g, row, args);
  if (id || (id = common_shape(g, row, args, &shape))) return id;
  if (!shape) return build_scalar(g, op, row, args);
  if ((id = over_repeated(g, op, row, shape, args))) return id;
  if (row->sort != TRI_BOOLEAN && (id = distribute(g, op, row->arity, args))) return id;
  return ordered_node(g, op, row, shape, args);
}

uint32_t tri__build(tri_graph *g, tri_op op, size_t nargs, const uint32_t *args) {
  for (size_t i = 0; i < nargs; i++)
    if (id_is_error(args[i])) return args[i] ? args[i] : NODE_ERROR + TRI_ARGUMENT;
  if (op == TRI_OP_stack) return tri__stack(g, nargs, args);
  if ((unsigned)op >= TRI_OP_ROWS)
    return tri__fail(g, TRI_ARGUMENT, "no operation of number %d takes arguments", op);
  const struct row *row = g->rows + op;
  if (row->arity != nargs)
    return tri__fail(g, TRI_ARITY, "%s takes %u argument%s, %zu given", row->name, row->arity,
                     row->arity == 1 ? "" : "s", nargs);
  return build_row(g, op, row, args);
}

uint32_t tri__build1(tri_graph *g, tri_op op, uint32_t a) { return tri__build(g, op, 1, &a); }
uint32_t tri__build2(tri_graph *g, tri_op op, uint32_t a, uint32_t b) {
  return tri__build(g, op, 2, (uint32_t[]){a, b});
}
uint32_t tri__build3(tri_graph *g, tri_op op, uint32_t a, uint32_t b, uint32_t c) {
  return tri__build(g, op, 3, (uint32_t[]){a, b, c});
}
