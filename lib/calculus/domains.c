/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The walk through the graph, step by step through loops: sets go from arguments to results, and
 * meet where an operation is not linear. */
#include "calculus/domains.h"

#include <math.h>
#include <string.h>

enum { FIRST_TABLE = 1024 };

/* --- interactions, each once */

static size_t pair_place(const struct domains *d, struct interaction x) {
  size_t mask = d->table_size - 1;
  uint64_t h = ((uint64_t)x.a << 32 | x.b) * 0x9e3779b97f4a7c15u;
  size_t i = (size_t)(h >> 20) & mask;
  for (; d->table[i]; i = (i + 1) & mask) {
    struct interaction y = d->pair[d->table[i] - 1];
    if (x.a == y.a && x.b == y.b) break;
  }
  return i;
}

static bool grow_pairs(struct domains *d) {
  size_t size = d->table_size ? 2 * d->table_size : FIRST_TABLE;
  uint32_t *table = tri__new(d->memory, size, sizeof *table);
  if (!table) return false;
  tri__free(d->memory, d->table, d->table_size, sizeof *table);
  d->table = table;
  d->table_size = size;
  for (size_t k = 0; k < d->pairs; k++) table[pair_place(d, d->pair[k])] = (uint32_t)k + 1;
  return true;
}

static void interact(struct domains *d, uint32_t a, uint32_t b) {
  if (!a || !b) return;
  a = tri__set_written(&d->sets, a);
  b = tri__set_written(&d->sets, b);
  if (d->sets.status) return;
  struct interaction x = a < b ? (struct interaction){a, b} : (struct interaction){b, a};
  bool ok = 2 * d->pairs < d->table_size || grow_pairs(d);
  if (ok && d->pairs >= UINT32_MAX - 1) d->sets.status = TRI_LIMIT;
  size_t place = ok ? pair_place(d, x) : 0;
  if (ok && d->table[place]) return;
  if (!ok ||
      !tri__grow(d->memory, (void **)&d->pair, &d->pair_capacity, d->pairs + 1, sizeof *d->pair)) {
    d->sets.status = TRI_MEMORY;
    return;
  }
  d->pair[d->pairs++] = x;
  d->table[place] = (uint32_t)d->pairs;
}

/* --- a node at a position: its elements and those of its arguments */

struct at {
  struct domains *d;
  struct frame *f;
  const struct node *n;
  uint32_t position;
  size_t first, count; /* its elements */
};

/* Where the elements of argument i are, and how many. */
static size_t argument(const struct at *a, uint32_t i, size_t *count) {
  uint32_t p = walk_position(&a->f->walk, node_args(a->d->g, a->n)[i]);
  *count = frame_count(a->f, p);
  return a->f->place[p];
}

static void copy(struct frame *f, size_t to, size_t from, size_t count) {
  memcpy(f->set + to, f->set + from, count * sizeof *f->set);
  memcpy(f->value + to, f->value + from, count * sizeof *f->value);
}

static void clear(struct frame *f, size_t first, size_t count, double value) {
  for (size_t e = first; e < first + count; e++) {
    f->set[e] = 0;
    f->value[e] = value;
  }
}

/* One element of a row's result. from[i] is the element of argument i. */
static void row_element(const struct at *a, const struct row_rule *rule, const size_t *from,
                        bool live, size_t e) {
  struct frame *f = a->f;
  const struct row *row = tri__row(a->d->g, a->n->op);
  uint32_t set = 0;
  double x[ROW_MAX_ARITY] = {0.0};
  bool known = true;
  for (unsigned i = 0; i < row->arity; i++) {
    if (rule->passes >> i & 1) set = tri__set_union(&a->d->sets, set, f->set[from[i]]);
    x[i] = f->value[from[i]];
    known = known && !isnan(x[i]);
    for (unsigned j = 0; live && j <= i; j++)
      if (rule->second[i] >> j & 1) interact(a->d, f->set[from[i]], f->set[from[j]]);
  }
  f->set[e] = set;
  f->value[e] = known ? row->kernel(x[0], x[1], x[2]) : (double)NAN;
}

static void visit_row(const struct at *a) {
  const struct row_rule *rule = tri__row_rule(a->d, a->n->op);
  if (!rule) {
    a->d->sets.status = TRI_MEMORY;
    return;
  }
  size_t from[ROW_MAX_ARITY] = {0}, step[ROW_MAX_ARITY] = {0};
  bool live = a->d->second && a->f->live[a->position];
  for (uint32_t i = 0; i < a->n->nargs; i++) {
    size_t count;
    from[i] = argument(a, i, &count);
    step[i] = node_at(a->d->g, node_args(a->d->g, a->n)[i])->shape ? 1 : 0;
  }
  for (size_t e = 0; e < a->count; e++) {
    row_element(a, rule, from, live, a->first + e);
    for (uint32_t i = 0; i < a->n->nargs; i++) from[i] += step[i];
  }
}

static void visit_stack(const struct at *a) {
  size_t to = a->first, count;
  for (uint32_t i = 0; i < a->n->nargs; i++, to += count) {
    size_t from = argument(a, i, &count);
    copy(a->f, to, from, count);
  }
}

static void visit_part(const struct at *a, size_t part) {
  size_t count, from = argument(a, 0, &count);
  if (part < (a->count ? count / a->count : 0))
    copy(a->f, a->first, from + part * a->count, a->count);
  else
    clear(a->f, a->first, a->count, NAN); /* no value there */
}

/* Elements before the first part that a span has to do with, of an array with `count` elements and
 * this shape. Where a size is named, it is the first part. */
static size_t before_span(const struct at *a, uint32_t shape, size_t count) {
  extent n = shape_dims(a->d->g, shape)[0];
  int64_t first = tri__span(a->d->g, a->f->walk.ids[a->position]).first;
  return n > 0 ? (size_t)first * (count / (size_t)n) : 0;
}

static void visit_slice(const struct at *a) {
  size_t count, from = argument(a, 0, &count), skip = before_span(a, a->n->shape, a->count);
  if (skip <= count && a->count <= count - skip)
    copy(a->f, a->first, from + skip, a->count);
  else
    clear(a->f, a->first, a->count, NAN); /* fewer parts than that: no value there */
}

static void visit_embed(const struct at *a) {
  size_t count, from = argument(a, 0, &count), skip = before_span(a, a->n->shape, a->count);
  clear(a->f, a->first, a->count, 0.0);
  if (skip <= a->count && count <= a->count - skip) copy(a->f, a->first + skip, from, count);
}

static void visit_repeat(const struct at *a) {
  size_t count, from = argument(a, 0, &count);
  for (size_t e = 0; count && e < a->count; e += count) copy(a->f, a->first + e, from, count);
}

static void visit_iota(const struct at *a) {
  int64_t first = tri__span(a->d->g, a->f->walk.ids[a->position]).first;
  clear(a->f, a->first, a->count, 0.0);
  for (size_t e = 0; e < a->count; e++) a->f->value[a->first + e] = (double)first + (double)e;
}

static void visit_size(const struct at *a) {
  size_t n;
  a->d->failed = tri__domain_extent(a->d, tri__span(a->d->g, a->f->walk.ids[a->position]).n, &n);
  if (!a->d->failed) clear(a->f, a->first, 1, (double)n);
}

/* The number of the part that an index says, if that is known; false if not. */
static bool index_known(const struct at *a, size_t parts, size_t *part) {
  size_t count;
  double i = a->f->value[argument(a, 1, &count)];
  if (isnan(i)) return false;
  *part = i >= 0.0 && i < (double)parts ? (size_t)i : parts;
  return true;
}

/* Every part may be meant. */
static void pick_any(const struct at *a, size_t from, size_t parts) {
  struct frame *f = a->f;
  for (size_t e = 0; e < a->count; e++) {
    uint32_t set = 0;
    for (size_t k = 0; k < parts; k++)
      set = tri__set_union(&a->d->sets, set, f->set[from + k * a->count + e]);
    /* written down, what many steps pick is one set, in which interactions are found again */
    f->set[a->first + e] = tri__set_written(&a->d->sets, set);
    f->value[a->first + e] = NAN;
  }
}

/* The same of what is the same at every step: once. */
static void pick_steady(const struct at *a, size_t from, size_t parts) {
  struct frame *f = a->f;
  if (!f->picked) f->picked = tri__new(a->d->memory, f->elements, sizeof *f->picked);
  if (!f->picked) {
    a->d->sets.status = TRI_MEMORY;
    return;
  }
  if (!f->was_picked[a->position]) {
    pick_any(a, from, parts);
    memcpy(f->picked + a->first, f->set + a->first, a->count * sizeof *f->set);
  }
  f->was_picked[a->position] = true;
  clear(f, a->first, a->count, NAN);
  memcpy(f->set + a->first, f->picked + a->first, a->count * sizeof *f->set);
}

static void visit_gather(const struct at *a) {
  size_t count, from = argument(a, 0, &count), parts = a->count ? count / a->count : 0, part;
  if (index_known(a, parts, &part))
    visit_part(a, part);
  else if (a->f->steady[walk_position(&a->f->walk, node_args(a->d->g, a->n)[0])])
    pick_steady(a, from, parts);
  else
    pick_any(a, from, parts);
}

static void visit_scatter(const struct at *a) {
  size_t count, from = argument(a, 0, &count), parts = count ? a->count / count : 0, part = 0;
  clear(a->f, a->first, a->count, 0.0);
  bool known = index_known(a, parts, &part);
  for (size_t k = 0; k < parts; k++) {
    if (known && k != part) continue;
    copy(a->f, a->first + k * count, from, count);
    if (!known)
      for (size_t e = 0; e < count; e++) a->f->value[a->first + k * count + e] = NAN;
  }
}

static void visit_result(const struct at *a) {
  uint32_t p = walk_position(&a->f->walk, node_args(a->d->g, a->n)[0]);
  const struct inner *in = tri__frame_loop(a->f, p);
  size_t k = (size_t)tri__index_attr(a->d->g, a->f->walk.ids[a->position]);
  copy(a->f, a->first, a->f->place[p] + in->result[k], a->count);
}

/* --- loops */

static void visit_frame(struct domains *d, struct frame *f);

/* Puts elements into a parameter of the body, if the body reads it. */
static void bind(struct inner *in, uint32_t id, const uint32_t *set, const double *value) {
  struct frame *f = &in->frame;
  if (!walk_has(&f->walk, id)) return;
  uint32_t p = walk_position(&f->walk, id);
  memcpy(f->set + f->place[p], set, frame_count(f, p) * sizeof *set);
  memcpy(f->value + f->place[p], value, frame_count(f, p) * sizeof *value);
}

/* Part t of the step inputs. */
static void bind_steps(const struct at *a, struct inner *in, const uint32_t *ids, size_t t) {
  for (uint32_t i = 0; i < in->loop.steps; i++) {
    size_t count, from = argument(a, i, &count), each = count / in->n;
    bind(in, ids[i], a->f->set + from + t * each, a->f->value + from + t * each);
  }
}

static void bind_constants(const struct at *a, struct inner *in, const uint32_t *ids) {
  for (uint32_t i = in->loop.steps; i < in->loop.steps + in->loop.constants; i++) {
    size_t count, from = argument(a, i, &count);
    bind(in, ids[i], a->f->set + from, a->f->value + from);
  }
}

/* The carries from the loop's arguments, and how many elements carry i has. */
static void begin_carries(const struct at *a, struct inner *in) {
  size_t next = 0, count;
  uint32_t first = in->loop.steps + in->loop.constants;
  for (uint32_t i = 0; i < in->loop.carries; i++, next += count) {
    size_t from = argument(a, first + i, &count);
    memcpy(in->carry + next, a->f->set + from, count * sizeof *in->carry);
    memcpy(in->carry_value + next, a->f->value + from, count * sizeof *in->carry_value);
  }
}

static size_t carry_elements(const struct inner *in, uint32_t i) {
  uint32_t k = in->loop.stacked + in->loop.summed + i;
  return in->result[k + 1] - in->result[k];
}

/* The carries into their parameters, and into part t of the results that keep them. */
static void hand_carries(const struct at *a, struct inner *in, const uint32_t *ids, size_t t) {
  size_t next = 0, count;
  for (uint32_t i = 0; i < in->loop.carries; i++, next += count) {
    count = carry_elements(in, i);
    bind(in, ids[in->loop.steps + in->loop.constants + i], in->carry + next,
         in->carry_value + next);
    size_t to = a->first + in->result[loop_outputs(&in->loop) + i] + t * count;
    memcpy(a->f->set + to, in->carry + next, count * sizeof *in->carry);
    memcpy(a->f->value + to, in->carry_value + next, count * sizeof *in->carry_value);
  }
}

static void take_output(const struct at *a, struct inner *in, uint32_t k, size_t t, size_t *carry) {
  uint32_t i;
  uint32_t p = walk_position(&in->frame.walk, tri__loop_source(a->d->g, &in->loop, k));
  const uint32_t *set = in->frame.set + in->frame.place[p];
  const double *value = in->frame.value + in->frame.place[p];
  size_t count = frame_count(&in->frame, p), to = a->first + in->result[k];
  switch (tri__loop_result_kind(&in->loop, k, &i)) {
  case RESULT_STACKED:
    memcpy(a->f->set + to + t * count, set, count * sizeof *set);
    memcpy(a->f->value + to + t * count, value, count * sizeof *value);
    break;
  case RESULT_SUMMED:
    for (size_t e = 0; e < count; e++)
      a->f->set[to + e] = tri__set_union(&a->d->sets, a->f->set[to + e], set[e]);
    break;
  default:
    memcpy(in->carry + *carry, set, count * sizeof *set);
    memcpy(in->carry_value + *carry, value, count * sizeof *value);
    *carry += count;
  }
}

static void end_carries(const struct at *a, const struct inner *in) {
  size_t to = a->first + in->result[in->loop.stacked + in->loop.summed];
  memcpy(a->f->set + to, in->carry, in->carries * sizeof *in->carry);
  memcpy(a->f->value + to, in->carry_value, in->carries * sizeof *in->carry_value);
}

static void visit_loop(const struct at *a) {
  struct inner *in = tri__frame_loop(a->f, a->position);
  const uint32_t *ids = tri__lambda_ids(a->d->g, in->loop.lambda, NULL, NULL);
  clear(a->f, a->first, a->count, NAN);
  memset(in->frame.was_picked, 0, in->frame.walk.count * sizeof *in->frame.was_picked);
  begin_carries(a, in);
  bind_constants(a, in, ids);
  for (size_t turn = 0; turn < in->n && !a->d->sets.status && !a->d->failed; turn++) {
    size_t t = in->loop.backward ? in->n - 1 - turn : turn, carry = 0;
    bind_steps(a, in, ids, t);
    hand_carries(a, in, ids, t);
    visit_frame(a->d, &in->frame);
    for (uint32_t k = 0; k < loop_outputs(&in->loop); k++) take_output(a, in, k, t, &carry);
  }
  end_carries(a, in);
}

/* --- arrays of any rank */

/* Elements of dimensions first … last - 1 of a node. */
static size_t elements_between(const struct at *a, uint32_t id, size_t first, size_t last) {
  size_t count = 1, n;
  for (size_t d = first; d < last && !a->d->failed; d++) {
    extent own = shape_dims(a->d->g, node_at(a->d->g, id)->shape)[d];
    a->d->failed = tri__domain_extent(a->d, own, &n);
    if (!a->d->failed) count *= n;
  }
  return count;
}

static void visit_permute(const struct at *a) {
  const tri_graph *g = a->d->g;
  uint32_t id = a->f->walk.ids[a->position], rank = shape_rank(g, a->n->shape);
  size_t size[MOST_RANK] = {0}, stride[MOST_RANK] = {0}, at[MOST_RANK] = {0}, count;
  size_t from = argument(a, 0, &count);
  for (uint32_t d = 0; d < rank; d++) {
    size[d] = elements_between(a, id, d, d + 1);
    stride[d] = elements_between(a, a->n->arg[0], tri__axes(g, id)[d] + 1u, rank);
  }
  for (size_t e = 0; e < a->count && !a->d->failed; e++) {
    copy(a->f, a->first + e, from, 1);
    for (uint32_t d = rank; d-- > 0;) {
      from += stride[d];
      if (++at[d] < size[d]) break;
      from -= stride[d] * size[d];
      at[d] = 0;
    }
  }
}

/* The union of what `count` elements depend on, `stride` apart. */
static uint32_t union_of(const struct at *a, size_t from, size_t count, size_t stride) {
  uint32_t set = 0;
  for (size_t i = 0; i < count; i++)
    set = tri__set_union(&a->d->sets, set, a->f->set[from + i * stride]);
  return set;
}

/* The factors of the products that one element is the sum of. */
static void interact_products(const struct at *a, size_t x, size_t y,
                              const struct contraction_layout *l) {
  for (size_t k = 0; k < l->k; k++)
    interact(a->d, a->f->set[x + k * l->a_k], a->f->set[y + k * l->b_k]);
}

static struct contraction_layout layout_of(const struct at *a) {
  const tri_graph *g = a->d->g;
  struct contraction how = tri__contraction(g, a->f->walk.ids[a->position]);
  size_t begin[2], kept[2], b = how.batch, c = how.contracted;
  for (int i = 0; i < 2; i++) {
    uint32_t id = a->n->arg[i];
    size_t rank = shape_rank(g, node_at(g, id)->shape);
    begin[i] = how.turned >> i & 1 ? b : rank - c;
    kept[i] = how.turned >> i & 1 ? elements_between(a, id, b + c, rank)
                                  : elements_between(a, id, b, rank - c);
  }
  return contraction_layout(&how, elements_between(a, a->n->arg[0], 0, b), kept[0], kept[1],
                            elements_between(a, a->n->arg[0], begin[0], begin[0] + c));
}

static void visit_contract(const struct at *a) {
  size_t count, x = argument(a, 0, &count), y = argument(a, 1, &count), to = a->first;
  struct contraction_layout l = layout_of(a);
  bool live = a->d->second && a->f->live[a->position];
  for (size_t i = 0; a->count && i < l.batch * l.m && !a->d->failed && !a->d->sets.status; i++) {
    size_t batch = i / l.m, row = x + batch * l.m * l.k + i % l.m * l.a_m;
    uint32_t set = union_of(a, row, l.k, l.a_k);
    a->d->failed = tri__interrupted(a->d->g);
    for (size_t j = 0; j < l.n; j++, to++) {
      size_t column = y + batch * l.n * l.k + j * l.b_n;
      a->f->set[to] = tri__set_union(&a->d->sets, set, union_of(a, column, l.k, l.b_k));
      a->f->value[to] = NAN;
      if (live) interact_products(a, row, column, &l);
    }
  }
}

/* --- windows */

/* Of each window: what its places depend on, added to the array or taken from it. */
static void visit_window(const struct at *a, const struct window_layout *l, size_t from,
                         size_t window) {
  struct frame *f = a->f;
  size_t cut, cell;
  for (size_t k = 0; k < l->places; k++) {
    bool inside = window_place(l, window, k, &cut, &cell);
    for (size_t c = 0; inside && c < l->c; c++) {
      size_t there = cell + c, own = window * l->c + c;
      size_t to = a->first + (a->n->op == TRI_OP_unfold ? cut + c
                              : a->n->op == TRI_OP_pick ? own
                                                        : there);
      size_t of = from + (a->n->op == TRI_OP_fold    ? cut + c
                          : a->n->op == TRI_OP_route ? own
                                                     : there);
      f->set[to] = tri__set_union(&a->d->sets, f->set[to], f->set[of]);
      if (a->n->op == TRI_OP_unfold) f->value[to] = f->value[of];
    }
  }
}

static void visit_windows(const struct at *a) {
  uint32_t rank = shape_rank(a->d->g, a->n->shape), id = a->f->walk.ids[a->position];
  size_t count, from = argument(a, a->n->nargs - 1, &count);
  size_t n = elements_between(a, id, 0, 1), c = elements_between(a, id, rank - 1, rank);
  struct window_layout l = tri__window_layout(tri__windows(a->d->g, id), n, c);
  clear(a->f, a->first, a->count, a->n->op == TRI_OP_unfold ? 0.0 : (double)NAN);
  for (size_t w = 0; c && w < n * l.windows && !a->d->failed && !a->d->sets.status; w++) {
    visit_window(a, &l, from, w);
    a->d->failed = tri__interrupted(a->d->g);
  }
}

/* --- reductions over the last dimension */

static void visit_last(const struct at *a) {
  uint32_t id = a->n->arg[0], rank = shape_rank(a->d->g, node_at(a->d->g, id)->shape);
  size_t count, from = argument(a, 0, &count), each = elements_between(a, id, rank - 1, rank);
  bool live = a->d->second && a->f->live[a->position];
  clear(a->f, a->first, a->count, NAN);
  for (size_t e = 0; a->n->op == TRI_OP_lse && e < a->count && !a->d->failed; e++) {
    uint32_t set = union_of(a, from + e * each, each, 1);
    a->f->set[a->first + e] = set;
    if (live) interact(a->d, set, set);
  }
}

/* --- nodes */

static void visit_constant(const struct at *a) {
  double x;
  if (!tri_expr_double(expr_of(a->d->g, a->f->walk.ids[a->position]), &x)) x = NAN;
  clear(a->f, a->first, 1, x);
}

static void visit(const struct at *a) {
  switch (a->n->op) {
  case TRI_OP_constant: visit_constant(a); break;
  case TRI_OP_stack:
  case TRI_OP_concat: visit_stack(a); break;
  case TRI_OP_permute: visit_permute(a); break;
  case TRI_OP_reshape: visit_repeat(a); break; /* once */
  case TRI_OP_contract: visit_contract(a); break;
  case TRI_OP_unfold:
  case TRI_OP_fold:
  case TRI_OP_pick:
  case TRI_OP_route: visit_windows(a); break;
  case TRI_OP_lse:
  case TRI_OP_argmax: visit_last(a); break;
  case TRI_OP_element:
    visit_part(a, (size_t)tri__index_attr(a->d->g, a->f->walk.ids[a->position]));
    break;
  case TRI_OP_gather: visit_gather(a); break;
  case TRI_OP_scatter: visit_scatter(a); break;
  case TRI_OP_slice: visit_slice(a); break;
  case TRI_OP_embed: visit_embed(a); break;
  case TRI_OP_repeat: visit_repeat(a); break;
  case TRI_OP_iota: visit_iota(a); break;
  case TRI_OP_size: visit_size(a); break;
  case TRI_OP_loop: visit_loop(a); break;
  case TRI_OP_result: visit_result(a); break;
  default:
    if (a->n->op < TRI_OP_ROWS) visit_row(a); /* variables, pi and eps are as they were set */
  }
}

static void visit_frame(struct domains *d, struct frame *f) {
  for (uint32_t p = 0; p < f->walk.count && !d->sets.status && !d->failed; p++) {
    struct at a = {d, f, node_at(d->g, f->walk.ids[p]), p, f->place[p], frame_count(f, p)};
    visit(&a);
    if (++d->work % 65536 == 0) d->failed = tri__interrupted(d->g);
  }
}

/* --- what is known before */

static uint32_t set_variables(struct domains *d, size_t n, const uint32_t *variables,
                              size_t *elements) {
  uint32_t failed = 0;
  *elements = 0;
  for (size_t i = 0; i < n && !failed; i++) {
    size_t count;
    failed = tri__domain_count(d, node_at(d->g, variables[i])->shape, &count);
    if (failed) return failed;
    if (*elements + count < count || *elements + count >= UINT32_MAX)
      return tri__fail(d->g, TRI_LIMIT, "too many elements for a pattern");
    if (walk_has(&d->top.walk, variables[i])) {
      uint32_t *set = d->top.set + d->top.place[walk_position(&d->top.walk, variables[i])];
      for (size_t e = 0; e < count; e++) {
        if (set[e]) return tri__fail(d->g, TRI_ARGUMENT, "a variable stands twice");
        set[e] = (uint32_t)(1 + *elements + e);
      }
    }
    *elements += count;
  }
  return failed;
}

static uint32_t set_data(struct domains *d) {
  size_t next = 0;
  for (size_t i = 0; i < d->options->n_data; i++) {
    uint32_t id = tri__own(d->g, d->options->data[i]);
    size_t count;
    uint32_t failed = id_is_error(id) ? id : 0;
    if (!failed) failed = tri__domain_count(d, node_at(d->g, id)->shape, &count);
    if (failed) return failed;
    if (node_at(d->g, id)->op == TRI_OP_variable && walk_has(&d->top.walk, id))
      memcpy(d->top.value + d->top.place[walk_position(&d->top.walk, id)],
             d->options->values + next, count * sizeof(double));
    next += count;
  }
  return 0;
}

static uint32_t told(struct domains *d) {
  if (d->failed || !d->sets.status) return d->failed;
  if (d->sets.status == TRI_MEMORY) return tri__no_memory(d->g);
  return tri__fail(d->g, d->sets.status, "too many elements for a pattern");
}

uint32_t tri__domains(struct domains *d, tri_graph *g, size_t m, const uint32_t *outputs, size_t n,
                      const uint32_t *variables, const tri_pattern_options *options, bool second) {
  static const tri_pattern_options none = {.n_sizes = 0};
  *d = (struct domains){.g = g, .memory = &g->memory, .options = options ? options : &none};
  d->second = second;
  size_t elements = 0;
  uint32_t failed = tri__frame_open(d, &d->top, m, outputs);
  if (!failed) failed = set_variables(d, n, variables, &elements);
  if (!failed) failed = set_data(d);
  if (failed) return failed;
  tri__sets_init(&d->sets, d->memory, elements);
  visit_frame(d, &d->top);
  return told(d);
}

void tri__domains_free(struct domains *d) {
  tri__frame_free(d, &d->top);
  if (d->sets.memory) tri__sets_free(&d->sets);
  tri__free(d->memory, d->pair, d->pair_capacity, sizeof *d->pair);
  tri__free(d->memory, d->table, d->table_size, sizeof *d->table);
}
