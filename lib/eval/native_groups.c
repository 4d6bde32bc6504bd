/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Loops out of straight code. Sums over data, products and unrolled loops of a program become plans
 * in which the same few operations stand a thousand times, and as straight code would run as fast
 * as the processor can fetch it. Here operations of the same depth that do the same, and whose
 * operands lie in steps of equal size in the same arrays, become a group; chains of sums and
 * products (each the one before and something more) are groups as well, done one after the other,
 * so that no rounding changes. Groups that read each other's results in order share a loop.
 *
 * Depth is the longest way from the inputs, where a step along a chain counts nothing.
 * Operations are looked at by depth, so whatever one reads has its place when it is looked at. */
#include "eval/native_layout.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST = 16 }; /* instances of a group, links of a chain */

/* An operation with all that groups go by. */
struct record {
  uint8_t code, nargs;
  uintptr_t address;
  uint32_t head; /* of its chain, NATIVE_NONE if it is in none */
  uint32_t class[NATIVE_ARGS];
  uint32_t rank;
  uint32_t index[NATIVE_ARGS];
  uint32_t arg[NATIVE_ARGS]; /* as ordered here */
  uint32_t op;
};

/* --- chains */

static bool may_chain(const struct native_op *op) {
  return (op->code == NATIVE_ADD || op->code == NATIVE_MUL) && op->used && op->arg[0] != op->arg[1];
}

/* The longest way through operations of one code that ends at each (rank), and that begins there
 * (height). */
static void measure_ways(struct native_draft *d, uint32_t *height) {
  struct native_layout *l = d->layout;
  const struct native_op *ops = d->program.ops;
  for (uint32_t v = 0; v < d->program.op_count; v++)
    for (int k = 0; k < 2 && may_chain(ops + v); k++) {
      uint32_t u = ops[v].arg[k];
      if (ops[u].code == ops[v].code && l->rank[u] + 1 > l->rank[v]) l->rank[v] = l->rank[u] + 1;
    }
  for (uint32_t v = d->program.op_count; v-- > 0;)
    for (int k = 0; k < 2 && may_chain(ops + v); k++) {
      uint32_t u = ops[v].arg[k];
      if (ops[u].code != ops[v].code || height[v] + 1 <= height[u]) continue;
      height[u] = height[v] + 1;
      l->after[u] = v;
    }
}

/* Each goes on to what begins the longest way, from what ends the longest of those that would go
 * on to it. */
static void link_chain(struct native_draft *d, uint32_t v) {
  struct native_layout *l = d->layout;
  const struct native_op *op = d->program.ops + v;
  uint32_t best = NATIVE_NONE;
  for (int k = 0; k < 2 && may_chain(op); k++) {
    uint32_t u = op->arg[k];
    if (l->after[u] != v) continue;
    if (best == NATIVE_NONE || l->rank[u] > l->rank[best]) best = u;
  }
  for (int k = 0; k < 2 && may_chain(op); k++)
    if (op->arg[k] != best && l->after[op->arg[k]] == v) l->after[op->arg[k]] = NATIVE_NONE;
  l->before[v] = best;
}

/* Chains of sums and products; short ones are none. */
static void find_chains(struct native_draft *d) {
  struct native_layout *l = d->layout;
  uint32_t n = d->program.op_count, *length = l->order; /* height, then by head; free as yet */
  memset(l->after, 0xff, n * sizeof *l->after);         /* NATIVE_NONE */
  measure_ways(d, length);
  for (uint32_t v = 0; v < n; v++) link_chain(d, v);
  for (uint32_t v = 0; v < n; v++) {
    bool head = l->before[v] == NATIVE_NONE;
    l->head[v] = head ? v : l->head[l->before[v]];
    l->rank[v] = head ? 0 : l->rank[l->before[v]] + 1;
    length[l->head[v]] = l->rank[v];
  }
  for (uint32_t v = 0; v < n; v++)
    if (length[l->head[v]] < LEAST) l->before[v] = l->after[v] = NATIVE_NONE;
}

/* --- depth */

static void find_levels(struct native_draft *d) {
  struct native_layout *l = d->layout;
  for (uint32_t v = 0; v < d->program.op_count; v++) {
    const struct native_op *op = d->program.ops + v;
    uint32_t level = 0;
    for (int k = 0; k < op->nargs; k++) {
      uint32_t of = l->level[op->arg[k]] + (op->arg[k] != l->before[v]);
      if (of > level) level = of;
    }
    l->level[v] = level;
  }
}

/* order: the operations to be computed by depth; start[i]: where depth i begins. */
static bool sort_levels(struct native_draft *d, uint32_t **start, uint32_t *count) {
  struct native_layout *l = d->layout;
  uint32_t top = 0, n = d->program.op_count;
  for (uint32_t v = 0; v < n; v++) top = l->level[v] > top ? l->level[v] : top;
  *count = top + 1;
  *start = tri__new(d->memory, (size_t)top + 3, sizeof **start);
  if (!*start) return false;
  uint32_t *at = *start + 1; /* shifted by one while counting and filling */
  for (uint32_t v = 0; v < n; v++)
    if (d->program.ops[v].used && !native_is_leaf(d->program.ops + v)) at[l->level[v] + 1]++;
  for (uint32_t i = 1; i <= top + 1; i++) at[i] += at[i - 1];
  for (uint32_t v = 0; v < n; v++)
    if (d->program.ops[v].used && !native_is_leaf(d->program.ops + v))
      l->order[at[l->level[v]]++] = v;
  return true;
}

/* --- records */

static uint32_t class_of(const struct native_draft *d, uint32_t v, uint32_t *index) {
  const struct native_op *op = d->program.ops + v;
  *index = op->code <= NATIVE_WEIGHT ? op->index : 0;
  if (op->code == NATIVE_INPUT) return CLASS_INPUT;
  if (op->code == NATIVE_WEIGHT) return CLASS_WEIGHT;
  if (op->code == NATIVE_CONSTANT) return CLASS_CONSTANT;
  if (d->layout->group[v] == NATIVE_NONE) return SINGLE + v;
  *index = d->layout->position[v];
  return d->layout->group[v];
}

static bool commutes(uint8_t code) {
  return code == NATIVE_ADD || code == NATIVE_MUL || code == NATIVE_EQ || code == NATIVE_NE ||
         code == NATIVE_UNORDERED || code == NATIVE_AND || code == NATIVE_OR;
}

static void swap_words(uint32_t *a, uint32_t *b) {
  uint32_t kept = *a;
  *a = *b;
  *b = kept;
}

static uint32_t apart(uint32_t a, uint32_t b) { return a > b ? a - b : b - a; }

/* Which argument of a chain's operation is not the chain; of its head, the one that goes on as
 * the next operation's does. 2: none. */
static int other_argument(const struct native_draft *d, uint32_t v) {
  const struct native_layout *l = d->layout;
  const struct native_op *op = d->program.ops + v;
  if (l->before[v] != NATIVE_NONE) return op->arg[0] == l->before[v];
  uint32_t next = l->after[v], index[2], class[2], want;
  const struct native_op *after = d->program.ops + next;
  uint32_t as = class_of(d, after->arg[after->arg[0] == v], &want);
  for (int k = 0; k < 2; k++) class[k] = class_of(d, op->arg[k], &index[k]);
  if (class[0] == as && class[1] == as) return apart(index[1], want) < apart(index[0], want);
  return class[0] == as ? 0 : class[1] == as ? 1 : 2;
}

static void set_class(const struct native_draft *d, struct record *r, int k, uint32_t v) {
  r->arg[k] = v;
  r->class[k] = class_of(d, v, &r->index[k]);
}

static struct record record_of(const struct native_draft *d, uint32_t v) {
  const struct native_op *op = d->program.ops + v;
  const struct native_layout *l = d->layout;
  struct record r = {.code = op->code, .nargs = op->nargs, .head = NATIVE_NONE, .op = v};
  bool chained = l->before[v] != NATIVE_NONE || l->after[v] != NATIVE_NONE;
  int other = chained ? other_argument(d, v) : 2;
  if (other < 2) {
    r.head = l->head[v];
    r.rank = l->rank[v];
    set_class(d, &r, 0, op->arg[other]);
    return r;
  }
  if (op->code >= NATIVE_KERNEL && op->code <= NATIVE_PREDICATE) r.address = (uintptr_t)op->address;
  for (int k = 0; k < op->nargs; k++) set_class(d, &r, k, op->arg[k]);
  if (op->code == NATIVE_STORE) r.class[1] = CLASS_GRADIENT, r.index[1] = op->index;
  if (commutes(op->code) &&
      (r.class[0] > r.class[1] || (r.class[0] == r.class[1] && r.index[0] > r.index[1]))) {
    swap_words(&r.class[0], &r.class[1]);
    swap_words(&r.index[0], &r.index[1]);
    swap_words(&r.arg[0], &r.arg[1]);
  }
  return r;
}

static int order_of(uint64_t a, uint64_t b) { return (a > b) - (a < b); }

static int same_kind(const struct record *x, const struct record *y) {
  int o = order_of(x->code, y->code);
  if (!o) o = order_of(x->address, y->address);
  if (!o) o = order_of(x->head, y->head);
  for (int k = 0; !o && k < NATIVE_ARGS; k++) o = order_of(x->class[k], y -> class[k]);
  return o;
}

static int record_order(const void *a, const void *b) {
  const struct record *x = a, *y = b;
  int o = same_kind(x, y);
  if (!o) o = order_of(x->rank, y->rank);
  for (int k = 0; !o && k < NATIVE_ARGS; k++) o = order_of(x->index[k], y->index[k]);
  return o ? o : order_of(x->op, y->op);
}

/* --- groups */

/* Whether z goes on as y does after x. */
static bool goes_on(const struct record *x, const struct record *y, const struct record *z) {
  if (same_kind(y, z) || (y->head != NATIVE_NONE && z->rank != y->rank + 1)) return false;
  for (int k = 0; k < NATIVE_ARGS; k++)
    if (y->index[k] - x->index[k] != z->index[k] - y->index[k]) return false;
  return true;
}

/* How many records from the first of n on are one group. */
static uint32_t run_length(const struct record *r, uint32_t n) {
  uint32_t length = 2;
  if (n < 2 || same_kind(r, r + 1) || (r->head != NATIVE_NONE && r[1].rank != r->rank + 1))
    return 1;
  while (length < n && goes_on(r + length - 2, r + length - 1, r + length)) length++;
  return length;
}

/* Constants of an operand: one, or one for each instance in the table. */
static bool constants(struct native_draft *d, const struct record *r, uint32_t n, int k,
                      struct native_operand *to) {
  struct native_program *p = &d->program;
  void *table = p->table;
  bool same = true;
  if (!tri__grow(d->memory, &table, &d->layout->table_capacity, p->table_count + n, sizeof(double)))
    return false;
  p->table = table;
  double *x = p->table + p->table_count;
  for (uint32_t i = 0; i < n; i++) {
    x[i] = p->ops[r[i].arg[k]].constant;
    same &= memcmp(x, x + i, sizeof *x) == 0;
  }
  *to = (struct native_operand){.kind = same ? NATIVE_FIXED : NATIVE_MEMORY,
                                .space = NATIVE_TABLE,
                                .from = CLASS_CONSTANT,
                                .first = p->table_count,
                                .stride = 1,
                                .constant = x[0]};
  if (!same) p->table_count += n;
  return true;
}

/* An operand of a class that begins at index first; where groups and single operations have
 * their results is not known yet: from. */
static struct native_operand operand_of(uint32_t class, uint32_t first, int64_t stride) {
  struct native_operand to = {.kind = NATIVE_MEMORY, .from = class, .first = first};
  to.stride = stride;
  to.space = class == CLASS_INPUT    ? NATIVE_IN
             : class == CLASS_WEIGHT ? NATIVE_WEIGHTS
                                     : NATIVE_WORK;
  return to;
}

static int64_t step_of(const struct record *r, uint32_t n, int k) {
  return n > 1 ? (int64_t)r[1].index[k] - (int64_t)r[0].index[k] : 0;
}

static bool set_operands(struct native_draft *d, struct native_group *g, const struct record *r,
                         uint32_t n) {
  int count = r->code == NATIVE_STORE || g->is_chain ? 1 : r->nargs;
  for (int k = 0; k < count; k++) {
    g->operand[k] = operand_of(r->class[k], r -> index[k], step_of(r, n, k));
    if (r->class[k] != CLASS_CONSTANT) continue;
    if (!constants(d, r, n, k, &g->operand[k])) return false;
  }
  if (r->code == NATIVE_STORE) {
    g->place = r->index[1];
    g->stride = step_of(r, n, 1);
  }
  return true;
}

/* What a chain starts from. If that is what comes before its operands, the chain begins with an
 * instance for it, which starts from what changes nothing, so that it keeps step with what it
 * sums up. True if it does. */
static bool set_start(struct native_draft *d, struct native_group *g, uint32_t op) {
  const struct native_layout *l = d->layout;
  uint32_t index, from = l->before[op];
  if (from == NATIVE_NONE) from = d->program.ops[op].arg[1 - other_argument(d, op)];
  uint32_t class = class_of(d, from, &index);
  struct native_operand *x = &g->operand[0], *start = &g->operand[1];
  *start = operand_of(class, index, 0);
  g->chain = 1;
  bool extend = x->kind == NATIVE_MEMORY && x->space != NATIVE_TABLE && class == x->from &&
                (int64_t)index == x->first - x->stride;
  if (class == CLASS_CONSTANT || extend) {
    start->kind = NATIVE_FIXED;
    start->constant = extend ? (g->code == NATIVE_ADD ? -0.0 : 1.0) : d->program.ops[from].constant;
  }
  if (extend) x->first = index;
  return extend;
}

static void add_unit(struct native_draft *d, uint32_t op, uint32_t group) {
  d->layout->units[d->layout->unit_count++] = (struct unit){op, group};
}

static bool add_group(struct native_draft *d, const struct record *r, uint32_t n) {
  struct native_layout *l = d->layout;
  struct native_program *p = &d->program;
  void *groups = p->groups;
  if (!tri__grow(d->memory, &groups, &l->group_capacity, p->group_count + 1, sizeof *p->groups))
    return false;
  p->groups = groups;
  struct native_group *g = p->groups + p->group_count;
  *g = (struct native_group){.code = r->code, .nargs = r->nargs, .n = n};
  g->is_chain = r->head != NATIVE_NONE;
  g->address = p->ops[r->op].address;
  if (!set_operands(d, g, r, n)) return false;
  bool extended = g->is_chain && set_start(d, g, r->op);
  g->n += extended;
  uint32_t first = r->op;
  for (uint32_t i = 0; i < n; i++) {
    l->group[r[i].op] = p->group_count;
    l->position[r[i].op] = i + extended;
    if (r[i].op < first) first = r[i].op;
  }
  add_unit(d, first, p->group_count++);
  return true;
}

static int unit_order(const void *a, const void *b) {
  return order_of(((const struct unit *)a)->op, ((const struct unit *)b)->op);
}

/* The operations of one depth. */
static bool group_level(struct native_draft *d, const uint32_t *ops, uint32_t n) {
  struct native_layout *l = d->layout;
  struct record *r = l->records;
  uint32_t before = l->unit_count;
  if (n < LEAST) {
    for (uint32_t i = 0; i < n; i++) add_unit(d, ops[i], NATIVE_NONE);
    return true;
  }
  for (uint32_t i = 0; i < n; i++) r[i] = record_of(d, ops[i]);
  qsort(r, n, sizeof *r, record_order);
  for (uint32_t i = 0; i < n;) {
    uint32_t length = run_length(r + i, n - i);
    if (length >= LEAST && !add_group(d, r + i, length)) return false;
    /* the last of a short run may begin a longer one */
    uint32_t end = length >= LEAST || length == 1 || i + length == n ? i + length : i + length - 1;
    for (; i < end; i++)
      if (length < LEAST) add_unit(d, r[i].op, NATIVE_NONE);
  }
  qsort(l->units + before, l->unit_count - before, sizeof *l->units, unit_order);
  return true;
}

static bool find_groups(struct native_draft *d) {
  uint32_t *start = NULL, levels;
  bool ok = sort_levels(d, &start, &levels);
  for (uint32_t i = 0; ok && i < levels; i++)
    ok = group_level(d, d->layout->order + start[i], start[i + 1] - start[i]);
  tri__free(d->memory, start, (size_t)levels + 2, sizeof *start);
  return ok;
}

/* --- the whole */

static bool make_layout(struct native_draft *d) {
  struct memory *m = d->memory;
  uint32_t n = d->program.op_count;
  struct native_layout *l = d->layout = tri__new(m, 1, sizeof *l);
  if (!l) return false;
  uint32_t **arrays[] = {&l->level, &l->order, &l->group, &l->position, &l->before,
                         &l->after, &l->head,  &l->rank,  &l->stage,    &l->region};
  bool ok = true;
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
    ok &= (*arrays[i] = tri__new(m, n, sizeof(uint32_t))) != NULL;
  l->units = tri__new(m, n, sizeof *l->units);
  d->program.place = tri__new(m, n, sizeof *d->program.place);
  if (!ok || !l->units || !d->program.place) return false;
  memset(l->group, 0xff, n * sizeof *l->group);   /* NATIVE_NONE */
  memset(l->region, 0xff, n * sizeof *l->region); /* NATIVE_NONE */
  return true;
}

/* A body's operations as they are. */
static bool no_groups(struct native_draft *d) {
  for (uint32_t v = 0; v < d->program.op_count; v++)
    if (d->program.ops[v].used && !native_is_leaf(d->program.ops + v)) add_unit(d, v, NATIVE_NONE);
  return true;
}

bool tri__native_groups(struct native_draft *d) {
  if (!make_layout(d)) return false;
  if (d->program.ports) return no_groups(d);
  find_chains(d);
  find_levels(d);
  d->layout->records = tri__new(d->memory, d->program.op_count, sizeof *d->layout->records);
  bool ok = d->layout->records && find_groups(d);
  tri__free(d->memory, d->layout->records, d->program.op_count, sizeof *d->layout->records);
  return ok;
}
