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
#include "eval/native_program.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST = 16, PIECE = 1000, LOOP_SIZES = 8 };

/* Where an operand comes from: a group (by its number), a single operation, or what no operation
 * computes. */
enum {
  SINGLE = 1 << 28,
  CLASS_FIRST = 1 << 30,
  CLASS_INPUT = CLASS_FIRST,
  CLASS_WEIGHT,
  CLASS_CONSTANT,
  CLASS_GRADIENT
};

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

/* A group or a single operation, in an order in which each comes after what it reads. */
struct unit {
  uint32_t op;    /* first of it */
  uint32_t group; /* NATIVE_NONE: it is single */
};

struct native_layout {
  uint32_t *level, *order;
  uint32_t *group, *position; /* NATIVE_NONE: it is single */
  uint32_t *before, *after, *head,
      *rank; /* along a chain; before: NATIVE_NONE if it is in none, or its head */
  uint32_t *stage, *region;
  struct record *records;
  struct unit *units;
  uint32_t unit_count;
  uint32_t *loop; /* by group */
  struct native_loop *loops;
  uint32_t loop_count, stage_count;
  size_t group_capacity, loop_capacity, table_capacity, region_capacity, loops_capacity,
      kept_groups;
};

/* Groups that run together; sizes: how many instances they have. */
struct native_loop {
  uint32_t stage, count, size_count;
  uint32_t sizes[LOOP_SIZES];
};

static bool is_leaf(const struct native_op *op) { return op->code <= NATIVE_CONSTANT; }

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
    if (d->program.ops[v].used && !is_leaf(d->program.ops + v)) at[l->level[v] + 1]++;
  for (uint32_t i = 1; i <= top + 1; i++) at[i] += at[i - 1];
  for (uint32_t v = 0; v < n; v++)
    if (d->program.ops[v].used && !is_leaf(d->program.ops + v)) l->order[at[l->level[v]]++] = v;
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

/* --- stages: single operations of stage i run before the loops of stage i, which run before stage i + 1 */

/* When the result of an operation can be read by what is not in step with it. */
static uint32_t stage_of(const struct native_draft *d, uint32_t v) {
  const struct native_layout *l = d->layout;
  if (is_leaf(d->program.ops + v)) return 0;
  return l->group[v] == NATIVE_NONE ? l->stage[v] : d->program.groups[l->group[v]].stage + 1;
}

/* Whether an operand may be handed over in a register where its group is in the same loop. */
static bool in_step(const struct native_draft *d, const struct native_operand *x) {
  return x->kind == NATIVE_MEMORY && x->from < SINGLE && x->first == 0 && x->stride == 1 &&
         !d->program.groups[x->from].is_chain;
}

/* The first stage for a group, and the loop it must be in if it reads in step there. */
static uint32_t stage_of_group(const struct native_draft *d, const struct native_group *g,
                               uint32_t *loop) {
  const struct native_layout *l = d->layout;
  uint32_t stage = 0;
  *loop = NATIVE_NONE;
  for (int k = 0; k < (g->is_chain ? 2 : g->nargs); k++) {
    const struct native_operand *x = &g->operand[k];
    if (x->kind != NATIVE_MEMORY || x->from >= CLASS_FIRST) continue;
    uint32_t s = x->from >= SINGLE ? stage_of(d, x->from - SINGLE)
                                   : d->program.groups[x->from].stage + !in_step(d, x);
    if (s > stage) stage = s;
  }
  for (int k = 0; k < g->nargs; k++) {
    const struct native_operand *x = &g->operand[k];
    if (!in_step(d, x) || d->program.groups[x->from].stage != stage) continue;
    if (*loop != NATIVE_NONE && *loop != l->loop[x->from]) return stage + 1;
    *loop = l->loop[x->from];
  }
  return stage;
}

static bool has_room(struct native_loop *loop, uint32_t n) {
  uint32_t i = 0;
  while (i < loop->size_count && loop->sizes[i] != n) i++;
  if (loop->count == NATIVE_LOOP_GROUPS || i == LOOP_SIZES) return false;
  if (i == loop->size_count) loop->sizes[loop->size_count++] = n;
  loop->count++;
  return true;
}

/* Puts a group into a loop: that which it reads from if it can, else the last, else a new one. */
static bool place_group(struct native_draft *d, uint32_t number) {
  struct native_layout *l = d->layout;
  struct native_group *g = d->program.groups + number;
  uint32_t loop;
  g->stage = stage_of_group(d, g, &loop);
  if (loop != NATIVE_NONE &&
      (l->loops[loop].stage != g->stage || !has_room(l->loops + loop, g->n))) {
    g->stage = l->loops[loop].stage + 1;
    loop = NATIVE_NONE;
  } else if (loop != NATIVE_NONE) {
    l->loop[number] = loop;
    return true;
  }
  for (loop = l->loop_count; loop-- > 0 && loop + 8 > l->loop_count;)
    if (l->loops[loop].stage == g->stage && has_room(l->loops + loop, g->n)) {
      l->loop[number] = loop;
      return true;
    }
  void *loops = l->loops;
  if (!tri__grow(d->memory, &loops, &l->loop_capacity, l->loop_count + 1, sizeof *l->loops))
    return false;
  l->loops = loops;
  l->loops[l->loop_count] = (struct native_loop){.stage = g->stage};
  has_room(l->loops + l->loop_count, g->n);
  l->loop[number] = l->loop_count++;
  return true;
}

static bool find_stages(struct native_draft *d) {
  struct native_layout *l = d->layout;
  l->kept_groups = d->program.group_count;
  l->loop = tri__new(d->memory, l->kept_groups, sizeof *l->loop);
  if (!l->loop) return false;
  for (uint32_t i = 0; i < l->unit_count; i++) {
    uint32_t op = l->units[i].op, group = l->units[i].group, stage = 0;
    if (group != NATIVE_NONE) {
      if (!place_group(d, group)) return false;
      stage = d->program.groups[group].stage;
    } else {
      for (int k = 0; k < d->program.ops[op].nargs; k++) {
        uint32_t s = stage_of(d, d->program.ops[op].arg[k]);
        stage = s > stage ? s : stage;
      }
      l->stage[op] = stage;
    }
    if (stage >= l->stage_count) l->stage_count = stage + 1;
  }
  return true;
}

/* --- regions */

static bool add_region(struct native_draft *d, bool loop, uint32_t first, uint32_t count) {
  struct native_program *p = &d->program;
  void *regions = p->regions;
  if (!tri__grow(d->memory, &regions, &d->layout->region_capacity, p->region_count + 1,
                 sizeof *p->regions))
    return false;
  p->regions = regions;
  p->regions[p->region_count++] = (struct native_region){loop, first, count};
  return true;
}

/* A stage's single operations order[from … to), cut in pieces of about the same size. */
static bool add_pieces(struct native_draft *d, uint32_t from, uint32_t to) {
  struct native_program *p = &d->program;
  uint32_t n = to - from, pieces = (n + PIECE - 1) / PIECE;
  for (uint32_t i = 0; i < pieces; i++) {
    uint32_t a = from + (uint32_t)((uint64_t)n * i / pieces),
             b = from + (uint32_t)((uint64_t)n * (i + 1) / pieces);
    for (uint32_t k = a; k < b; k++) d->layout->region[p->order[k]] = p->region_count;
    if (!add_region(d, false, a, b - a)) return false;
  }
  return true;
}

/* The loops of a stage; the groups of one in their order. */
static bool add_loops(struct native_draft *d, uint32_t stage, const uint32_t *start) {
  struct native_layout *l = d->layout;
  for (uint32_t i = 0; i < l->loop_count; i++)
    if (l->loops[i].stage == stage && !add_region(d, true, start[i], l->loops[i].count))
      return false;
  return true;
}

/* program.loops: groups by loop; start[i]: where loop i begins. */
static void sort_loops(struct native_draft *d, uint32_t *start) {
  const struct native_layout *l = d->layout;
  uint32_t at = 0;
  for (uint32_t i = 0; i < l->loop_count; at += l->loops[i++].count) start[i] = at;
  for (uint32_t i = 0; i < l->unit_count; i++)
    if (l->units[i].group != NATIVE_NONE)
      d->program.loops[start[l->loop[l->units[i].group]]++] = l->units[i].group;
  for (uint32_t i = 0; i < l->loop_count; i++) start[i] -= l->loops[i].count;
}

/* program.order: single operations by stage; start[i]: where stage i begins. */
static void sort_singles(struct native_draft *d, uint32_t *start) {
  const struct native_layout *l = d->layout;
  const struct native_program *p = &d->program;
  for (uint32_t v = 0; v < p->op_count; v++)
    if (p->ops[v].used && !is_leaf(p->ops + v) && l->group[v] == NATIVE_NONE)
      start[l->stage[v] + 2]++;
  for (uint32_t i = 2; i < l->stage_count + 2; i++) start[i] += start[i - 1];
  for (uint32_t v = 0; v < p->op_count; v++)
    if (p->ops[v].used && !is_leaf(p->ops + v) && l->group[v] == NATIVE_NONE)
      p->order[start[l->stage[v] + 1]++] = v;
}

static bool make_regions(struct native_draft *d) {
  struct native_layout *l = d->layout;
  struct native_program *p = &d->program;
  uint32_t *singles = tri__new(d->memory, (size_t)l->stage_count + 3, sizeof *singles);
  uint32_t *loops = tri__new(d->memory, l->loop_count, sizeof *loops);
  p->order = tri__new(d->memory, p->op_count, sizeof *p->order);
  p->loops = tri__new(d->memory, l->kept_groups, sizeof *p->loops);
  bool ok = singles && loops && p->order && p->loops;
  if (ok) sort_singles(d, singles);
  if (ok) sort_loops(d, loops);
  for (uint32_t i = 0; ok && i < l->stage_count; i++)
    ok = add_pieces(d, singles[i], singles[i + 1]) && add_loops(d, i, loops);
  tri__free(d->memory, singles, (size_t)l->stage_count + 3, sizeof *singles);
  tri__free(d->memory, loops, l->loop_count, sizeof *loops);
  return ok;
}

/* --- places in the work array */

/* Operation v is read from another region: its result must be kept. */
static void keep(struct native_draft *d, uint32_t v) {
  struct native_program *p = &d->program;
  if (is_leaf(p->ops + v)) return;
  uint32_t group = d->layout->group[v];
  struct native_group *g = p->groups + group;
  if (group != NATIVE_NONE && g->is_chain && d->layout->position[v] == g->n - 1)
    g->ends = true;
  else if (group != NATIVE_NONE)
    g->stored = true;
  else if (p->place[v] == NATIVE_NONE)
    p->place[v] = p->work_count++;
}

static void keep_operand(struct native_draft *d, uint32_t group, struct native_operand *x) {
  struct native_program *p = &d->program;
  if (x->kind != NATIVE_MEMORY || x->from >= CLASS_FIRST || x->space != NATIVE_WORK) return;
  /* A chain reads its operands from memory one by one: that is faster than taking them out of
   * vectors. */
  if (x->from >= SINGLE)
    keep(d, x->from - SINGLE);
  else if (in_step(d, x) && d->layout->loop[x->from] == d->layout->loop[group] &&
           !p->groups[group].is_chain)
    x->kind = NATIVE_LANE;
  else
    p->groups[x->from].stored = true;
}

static void find_kept(struct native_draft *d) {
  struct native_program *p = &d->program;
  for (uint32_t v = 0; v < p->op_count; v++) p->place[v] = NATIVE_NONE;
  for (uint32_t i = 0; i < p->region_count; i++) {
    const struct native_region *r = p->regions + i;
    for (uint32_t k = 0; !r->loop && k < r->count; k++) {
      const struct native_op *op = p->ops + p->order[r->first + k];
      for (int j = 0; j < op->nargs; j++)
        if (d->layout->group[op->arg[j]] != NATIVE_NONE || d->layout->region[op->arg[j]] != i)
          keep(d, op->arg[j]);
    }
  }
  for (uint32_t g = 0; g < p->group_count; g++)
    for (int k = 0; k < (p->groups[g].is_chain ? 2 : p->groups[g].nargs); k++)
      keep_operand(d, g, &p->groups[g].operand[k]);
  for (uint32_t i = 0; i < d->output_count; i++) keep(d, d->outputs[i]);
}

static bool give_places(struct native_draft *d) {
  struct native_program *p = &d->program;
  const struct native_layout *l = d->layout;
  uint64_t count = p->work_count;
  for (uint32_t g = 0; g < p->group_count; g++) {
    struct native_group *group = p->groups + g;
    if (group->code == NATIVE_STORE || (!group->stored && !group->ends)) continue;
    group->place = group->stored ? (int64_t)count : (int64_t)count - group->n + 1;
    count += group->stored ? group->n : 1;
  }
  if (count >= NATIVE_NONE) return false;
  p->work_count = (uint32_t)count;
  for (uint32_t v = 0; v < p->op_count; v++)
    if (l->group[v] != NATIVE_NONE &&
        (p->groups[l->group[v]].stored || p->groups[l->group[v]].ends))
      p->place[v] = (uint32_t)(p->groups[l->group[v]].place + l->position[v]);
  for (uint32_t g = 0; g < p->group_count; g++)
    for (int k = 0; k < NATIVE_ARGS; k++) {
      struct native_operand *x = &p->groups[g].operand[k];
      if (x->kind != NATIVE_MEMORY || x->space != NATIVE_WORK) continue;
      x->first += x->from >= SINGLE ? p->place[x->from - SINGLE] : p->groups[x->from].place;
    }
  return true;
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
  l->records = tri__new(m, n, sizeof *l->records);
  l->units = tri__new(m, n, sizeof *l->units);
  d->program.place = tri__new(m, n, sizeof *d->program.place);
  if (!ok || !l->records || !l->units || !d->program.place) return false;
  memset(l->group, 0xff, n * sizeof *l->group);   /* NATIVE_NONE */
  memset(l->region, 0xff, n * sizeof *l->region); /* NATIVE_NONE */
  return true;
}

bool tri__native_lay_out(struct native_draft *d) {
  if (!make_layout(d)) return false;
  find_chains(d);
  find_levels(d);
  if (!find_groups(d) || !find_stages(d) || !make_regions(d)) return false;
  find_kept(d);
  return give_places(d);
}

static void free_layout(struct native_draft *d) {
  struct memory *m = d->memory;
  uint32_t n = d->program.op_count;
  struct native_layout *l = d->layout;
  if (!l) return;
  uint32_t *arrays[] = {l->level, l->order, l->group, l->position, l->before,
                        l->after, l->head,  l->rank,  l->stage,    l->region};
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
    tri__free(m, arrays[i], n, sizeof(uint32_t));
  tri__free(m, l->records, n, sizeof *l->records);
  tri__free(m, l->units, n, sizeof *l->units);
  tri__free(m, l->loop, l->kept_groups, sizeof *l->loop);
  tri__free(m, l->loops, l->loop_capacity, sizeof *l->loops);
  tri__free(m, d->program.order, n, sizeof *d->program.order);
  tri__free(m, d->program.loops, l->kept_groups, sizeof *d->program.loops);
  tri__free(m, d->program.place, n, sizeof *d->program.place);
  tri__free(m, d->program.regions, l->region_capacity, sizeof *d->program.regions);
  tri__free(m, d->program.groups, l->group_capacity, sizeof *d->program.groups);
  tri__free(m, d->program.table, l->table_capacity, sizeof *d->program.table);
  tri__free(m, l, 1, sizeof *l);
}

void tri__native_draft_free(struct native_draft *d) {
  const struct plan *p = d->plan;
  free_layout(d);
  tri__free(d->memory, d->first, p->value_count, sizeof *d->first);
  tri__free(d->memory, d->values, d->number_count, sizeof *d->values);
  tri__free(d->memory, d->adjoints, d->number_count, sizeof *d->adjoints);
  tri__free(d->memory, d->outputs, d->output_count, sizeof *d->outputs);
  tri__free(d->memory, d->known, d->known_size, sizeof *d->known);
  tri__free(d->memory, d->program.ops, d->capacity, sizeof *d->program.ops);
}
