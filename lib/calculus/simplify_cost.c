/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a candidate of simplify costs, and what it proves by having a value. */
#include "calculus/simplify.h"

enum { COUNT_MAX = 4096, TREE_MAX = 1 << 30, COVER_STEPS = 512 };

/* --- tokens of the text, parentheses included */

static bool is_sum(unsigned op) { return op == TRI_OP_add || op == TRI_OP_sub || op == TRI_OP_neg; }
static bool is_product(unsigned op) {
  return op == TRI_OP_mul || op == TRI_OP_div || op == TRI_OP_gate;
}

/* Whether argument i of an operation is put in parentheses. */
static bool parenthesised(unsigned op, uint32_t i, unsigned arg) {
  switch (op) {
  case TRI_OP_sub: return i == 1 && is_sum(arg);
  case TRI_OP_neg:
  case TRI_OP_mul:
  case TRI_OP_gate: return is_sum(arg);
  case TRI_OP_div: return is_sum(arg) || (i == 1 && is_product(arg));
  case TRI_OP_pow: return is_sum(arg) || is_product(arg) || (i == 0 && arg == TRI_OP_pow);
  default: return false;
  }
}

static uint32_t own_tokens(const tri_graph *g, uint32_t id) {
  mpq_t q;
  if (!tri__rational(g, id, q)) return 1;
  return mpz_cmp_ui(mpq_denref(q), 1) ? 2 : 1;
}

/* The weight of a node whose arguments have theirs; 0 if an argument has none. */
static uint32_t weigh(const struct simplify *s, uint32_t id) {
  const struct node *n = node_at(s->g, id);
  const uint32_t *args = node_args(s->g, n);
  uint64_t sum = own_tokens(s->g, id);
  for (uint32_t i = 0; i < n->nargs; i++) {
    uint32_t w = tri__idmap_get(&s->weights, args[i], 0);
    if (!w) return 0;
    sum += w + parenthesised(n->op, i, op_of(s->g, args[i]));
  }
  return sum < TREE_MAX ? (uint32_t)sum : TREE_MAX;
}

/* The tree cost of id, remembered for all below it. */
static uint32_t tree(struct simplify *s, uint32_t id) {
  struct list *stack = &s->stack;
  stack->count = 0;
  if (!tri__list_add(s, stack, id)) return 0;
  while (stack->count) {
    uint32_t top = stack->at[stack->count - 1], w = tri__idmap_get(&s->weights, top, 0);
    if (!w) w = weigh(s, top);
    if (w) {
      if (!tri__idmap_put(&s->ring, &s->weights, top, w)) return 0;
      stack->count--;
      continue;
    }
    const struct node *n = node_at(s->g, top);
    for (uint32_t i = 0; i < n->nargs; i++) {
      uint32_t arg = node_args(s->g, n)[i];
      if (!tri__idmap_get(&s->weights, arg, 0) && !tri__list_add(s, stack, arg)) return 0;
    }
  }
  return tri__idmap_get(&s->weights, id, 0);
}

/* --- tokens of what is not written yet */

/* Tokens of the factors of one sign of exponents, and how many factors they are. */
static uint64_t factor_tokens(struct simplify *s, uint32_t m, int sign, unsigned *count) {
  uint64_t tokens = 0;
  for (uint32_t i = 0; i < monomial_size(&s->ring, m); i++) {
    struct factor f = monomial_factors(&s->ring, m)[i];
    if ((f.exponent > 0) != (sign > 0)) continue;
    unsigned op = op_of(s->g, f.atom);
    bool power = f.exponent != sign;
    tokens += tree(s, f.atom) + (power ? 2u : 0u);
    tokens += parenthesised(power ? TRI_OP_pow : TRI_OP_mul, 0, op) ? 1u : 0u;
    ++*count;
  }
  return tokens;
}

/* As tri__write_product writes it. */
uint64_t tri__product_tokens(struct simplify *s, mpq_srcptr c, uint32_t m, uint64_t extra) {
  unsigned above = extra > 0, below = 0;
  uint64_t top = extra + factor_tokens(s, m, 1, &above), bottom = factor_tokens(s, m, -1, &below);
  bool unit = !mpz_cmpabs_ui(mpq_numref(c), 1), whole = !mpz_cmp_ui(mpq_denref(c), 1);
  if (!below && (!above || (!whole && (!unit || tri__is_power_of_ten(mpq_denref(c))))))
    return top + above + (whole ? 1 : 2);
  if (!unit || !above) top++, above++;
  if (!whole) bottom++, below++;
  if (!below) return top + above - 1;
  return top + above + bottom + below - 1 + (below > 1);
}

uint64_t tri__plain_tokens(struct simplify *s, const struct poly *p) {
  uint64_t tokens = p->count ? p->count - 1 : 1;
  bool positive = false;
  for (size_t i = 0; i < p->count; i++) {
    tokens += tri__product_tokens(s, p->terms[i].c, p->terms[i].m, 0);
    positive |= mpq_sgn(p->terms[i].c) > 0;
  }
  return positive ? tokens : tokens + 2;
}

/* --- distinct operations */

static bool is_looked_into(unsigned op) { return is_sum(op) || is_product(op) || op == TRI_OP_pow; }

static bool count(struct simplify *s, uint32_t id, uint32_t most, struct cost *cost) {
  struct list *stack = &s->stack;
  stack->count = 0;
  if (!tri__list_add(s, stack, id)) return false;
  while (stack->count) {
    uint32_t top = stack->at[--stack->count];
    if (tri__idmap_get(&s->seen, top, 0)) continue;
    if (!tri__idmap_put(&s->ring, &s->seen, top, 1)) return false;
    const struct node *n = node_at(s->g, top);
    cost->nodes++;
    cost->ops += n->nargs > 0;
    if (cost->nodes >= COUNT_MAX || cost->ops > most)
      return cost->nodes = cost->ops = TREE_MAX, true;
    for (uint32_t i = 0; is_looked_into(n->op) && i < n->nargs; i++)
      if (!tri__list_add(s, stack, node_args(s->g, n)[i])) return false;
  }
  return true;
}

uint32_t tri__tokens(struct simplify *s, uint32_t id) { return tree(s, id); }

bool tri__count(struct simplify *s, uint32_t id, bool keep_seen, uint32_t most, struct cost *cost) {
  *cost = (struct cost){0};
  if (!keep_seen) tri__idmap_clear(&s->seen);
  return count(s, id, most, cost);
}

bool tri__rank(struct simplify *s, uint32_t id, uint32_t *rank) {
  struct cost cost;
  *rank = tree(s, id);
  if (*rank <= TOKENS_READABLE) return *rank > 0;
  if (!tri__count(s, id, false, UINT32_MAX, &cost)) return false;
  if (*rank > TOKENS_READABLE + cost.nodes) *rank = TOKENS_READABLE + cost.nodes;
  return true;
}

/* --- what a value implies */

/* Walks the factors of a denominator, which are all not 0. */
struct cover {
  struct simplify *s;
  uint32_t atom;
  unsigned steps;
  bool pole;
};

/* Marks: on the stack, an id with this bit is known not to be 0. */
#define NOT_ZERO 0x80000000u

static bool visit(struct cover *c, uint32_t id, bool not_zero) {
  if (id & NOT_ZERO) return false;
  return tri__list_add(c->s, &c->s->stack, id | (not_zero ? NOT_ZERO : 0));
}

static bool zero_only_with_argument(unsigned op) {
  return op == TRI_OP_neg || op == TRI_OP_sqrt || op == TRI_OP_cbrt || op == TRI_OP_abs;
}

/* Visits the arguments whose values the node needs. */
static bool descend(struct cover *c, uint32_t id, bool not_zero) {
  const tri_graph *g = c->s->g;
  const struct node *n = node_at(g, id);
  const struct row *row = tri__row(g, n->op);
  bool power = n->op == TRI_OP_pow && op_of(g, n->arg[1]) == TRI_OP_constant;
  for (uint32_t i = 0; i < n->nargs; i++) {
    bool nz = (not_zero && (zero_only_with_argument(n->op) || n->op == TRI_OP_mul ||
                            ((power || n->op == TRI_OP_div) && i == 0))) ||
              (n->op == TRI_OP_div && i == 1) || n->op == TRI_OP_log || n->op == TRI_OP_log2 ||
              n->op == TRI_OP_log10;
    if (power && i == 0 && !(node_at(g, n->arg[1])->facts & FACT_NONNEGATIVE)) nz = true;
    if (row && row->lazy && i) break;
    if (!visit(c, node_args(g, n)[i], nz)) return false;
  }
  return true;
}

bool tri__covers(struct simplify *s, uint32_t e, uint32_t atom, bool pole) {
  struct cover c = {.s = s, .atom = atom, .pole = pole};
  s->stack.count = 0;
  if (!visit(&c, e, false)) return false;
  while (s->stack.count && c.steps++ < COVER_STEPS) {
    uint32_t top = s->stack.at[--s->stack.count], id = top & ~NOT_ZERO;
    bool not_zero = top & NOT_ZERO;
    if (id == atom && (not_zero || !pole)) return true;
    if (id < atom) continue; /* what has a smaller id cannot contain it */
    if (!descend(&c, id, not_zero)) return false;
  }
  return false;
}
