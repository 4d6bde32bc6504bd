/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What index domains are kept in: a frame for the graph, and one for each loop's body, which all
 * its steps use. */
#include <math.h>
#include <string.h>

#include "calculus/domains.h"
#include "calculus/rule.h"
#include "graph/template.h"

/* --- sizes */

uint32_t tri__domain_extent(struct domains *d, extent n, size_t *count) {
  const tri_pattern_options *o = d->options;
  char name[64];
  *count = (size_t)n;
  if (n >= 0) return 0;
  const char *wanted = tri__attr_data(d->g, (uint32_t)~n, NULL);
  for (size_t i = 0; i < o->n_sizes; i++)
    if (!strcmp(o->size_names[i], wanted) && o->sizes[i] >= 0) {
      *count = (size_t)o->sizes[i];
      return 0;
    }
  return tri__fail(d->g, TRI_SHAPE, "a pattern needs the size %s",
                   tri__extent_text(d->g, n, name, sizeof name));
}

static uint32_t too_many(struct domains *d) {
  return tri__fail(d->g, TRI_LIMIT, "too many elements for a pattern");
}

uint32_t tri__domain_count(struct domains *d, uint32_t shape, size_t *count) {
  *count = 1;
  for (uint32_t i = 0; i < shape_rank(d->g, shape); i++) {
    size_t n;
    uint32_t failed = tri__domain_extent(d, shape_dims(d->g, shape)[i], &n);
    if (failed) return failed;
    if (!size_product(*count, n, count)) return too_many(d);
  }
  return 0;
}

/* --- a loop of a frame */

static uint32_t lay_out_results(struct domains *d, struct inner *in) {
  uint32_t results = loop_results(&in->loop), failed = 0;
  size_t total = 0;
  for (uint32_t k = 0; k < results && !failed; k++) {
    uint32_t i, source = tri__loop_source(d->g, &in->loop, k);
    enum loop_result kind = tri__loop_result_kind(&in->loop, k, &i);
    size_t each;
    in->result[k] = total;
    failed = tri__domain_count(d, node_at(d->g, source)->shape, &each);
    if (!failed && kind == RESULT_CARRY) in->carries += each;
    if ((kind == RESULT_STACKED || kind == RESULT_CARRIES) && !size_product(each, in->n, &each))
      return too_many(d);
    if (!failed && __builtin_add_overflow(total, each, &total)) return too_many(d);
  }
  in->result[results] = total;
  return failed;
}

static void mark_steady(struct domains *d, struct inner *in) {
  const uint32_t *ids = tri__lambda_ids(d->g, in->loop.lambda, NULL, NULL);
  for (uint32_t i = 0; i < in->loop.constants; i++) {
    uint32_t id = ids[in->loop.steps + i];
    if (walk_has(&in->frame.walk, id)) in->frame.steady[walk_position(&in->frame.walk, id)] = true;
  }
}

/* Loops in one another are few (MOST_NESTED): this may call itself, by way of tri__frame_open. */
static uint32_t open_inner(struct domains *d, struct inner *in, uint32_t id, uint32_t position) {
  uint32_t parameters, outputs;
  in->position = position;
  tri__loop(d->g, id, &in->loop);
  uint32_t failed = tri__domain_extent(d, in->loop.n, &in->n);
  if (failed) return failed;
  in->result = tri__new(d->memory, loop_results(&in->loop) + 1, sizeof *in->result);
  if (!in->result) return tri__no_memory(d->g);
  failed = lay_out_results(d, in);
  if (failed) return failed;
  in->carry = tri__new(d->memory, in->carries, sizeof *in->carry);
  in->carry_value = tri__new(d->memory, in->carries, sizeof *in->carry_value);
  if (!in->carry || !in->carry_value) return tri__no_memory(d->g);
  const uint32_t *ids = tri__lambda_ids(d->g, in->loop.lambda, &parameters, &outputs);
  failed = tri__frame_open(d, &in->frame, outputs, ids + parameters);
  if (!failed) mark_steady(d, in);
  return failed;
}

/* --- frames */

/* Whether a derivative that comes to node n goes on to its argument i. */
static uint32_t goes_on(struct domains *d, const struct node *n, uint32_t i, bool *passes) {
  *passes = n->sort != TRI_BOOLEAN;
  if (!*passes || n->op >= TRI_OP_ROWS) return 0;
  const struct row_rule *rule = tri__row_rule(d, n->op);
  if (!rule) return tri__no_memory(d->g);
  *passes = rule->passes >> i & 1;
  return 0;
}

static uint32_t mark_live(struct domains *d, struct frame *f, size_t m, const uint32_t *outputs) {
  f->live = tri__new(d->memory, f->walk.count, sizeof *f->live);
  if (!f->live) return tri__no_memory(d->g);
  for (size_t i = 0; i < m; i++) f->live[walk_position(&f->walk, outputs[i])] = true;
  for (uint32_t p = f->walk.count; p-- > 0;) {
    const struct node *n = node_at(d->g, f->walk.ids[p]);
    for (uint32_t i = 0; i < n->nargs && f->live[p]; i++) {
      bool passes;
      uint32_t failed = goes_on(d, n, i, &passes);
      if (failed) return failed;
      if (passes) f->live[walk_position(&f->walk, node_args(d->g, n)[i])] = true;
    }
  }
  return 0;
}

static size_t count_loops(const struct domains *d, const struct frame *f) {
  size_t loops = 0;
  for (uint32_t p = 0; p < f->walk.count; p++)
    loops += node_at(d->g, f->walk.ids[p])->op == TRI_OP_loop;
  return loops;
}

static uint32_t open_loops(struct domains *d, struct frame *f) {
  f->loops = count_loops(d, f);
  f->inner = tri__new(d->memory, f->loops, sizeof *f->inner);
  if (!f->inner) return tri__no_memory(d->g);
  uint32_t failed = 0;
  struct inner *next = f->inner;
  for (uint32_t p = 0; p < f->walk.count && !failed; p++)
    if (node_at(d->g, f->walk.ids[p])->op == TRI_OP_loop)
      failed = open_inner(d, next++, f->walk.ids[p], p);
  return failed;
}

static uint32_t lay_out(struct domains *d, struct frame *f) {
  for (uint32_t p = 0; p < f->walk.count; p++) {
    const struct node *n = node_at(d->g, f->walk.ids[p]);
    size_t count = 1;
    uint32_t failed = 0;
    if (n->op == TRI_OP_loop) {
      const struct inner *in = tri__frame_loop(f, p);
      count = in->result[loop_results(&in->loop)];
    } else if (n->shape)
      failed = tri__domain_count(d, n->shape, &count);
    if (failed) return failed;
    f->place[p] = f->elements;
    if (__builtin_add_overflow(f->elements, count, &f->elements)) return too_many(d);
  }
  f->place[f->walk.count] = f->elements;
  return 0;
}

uint32_t tri__frame_open(struct domains *d, struct frame *f, size_t m, const uint32_t *outputs) {
  tri_status status = tri__walk(d->g, m, outputs, &f->walk);
  if (status) return NODE_ERROR + (uint32_t)status;
  f->place = tri__new(d->memory, (size_t)f->walk.count + 1, sizeof *f->place);
  f->steady = tri__new(d->memory, f->walk.count, sizeof *f->steady);
  f->was_picked = tri__new(d->memory, f->walk.count, sizeof *f->was_picked);
  if (!f->place || !f->steady || !f->was_picked) return tri__no_memory(d->g);
  uint32_t failed = open_loops(d, f);
  if (!failed) failed = lay_out(d, f);
  if (!failed && d->second) failed = mark_live(d, f, m, outputs);
  if (failed) return failed;
  f->set = tri__new(d->memory, f->elements, sizeof *f->set);
  f->value = tri__new(d->memory, f->elements, sizeof *f->value);
  if (!f->set || !f->value) return tri__no_memory(d->g);
  for (size_t i = 0; i < f->elements; i++) f->value[i] = NAN;
  return 0;
}

struct inner *tri__frame_loop(const struct frame *f, uint32_t position) {
  size_t low = 0, high = f->loops;
  while (low + 1 < high) {
    size_t middle = (low + high) / 2;
    if (f->inner[middle].position <= position)
      low = middle;
    else
      high = middle;
  }
  return f->inner + low;
}

void tri__frame_free(struct domains *d, struct frame *f) {
  size_t nodes = f->walk.count;
  for (size_t i = 0; f->inner && i < f->loops; i++) {
    struct inner *in = f->inner + i;
    tri__frame_free(d, &in->frame);
    tri__free(d->memory, in->result, loop_results(&in->loop) + 1, sizeof *in->result);
    tri__free(d->memory, in->carry, in->carries, sizeof *in->carry);
    tri__free(d->memory, in->carry_value, in->carries, sizeof *in->carry_value);
  }
  tri__free(d->memory, f->inner, f->loops, sizeof *f->inner);
  tri__free(d->memory, f->place, nodes + 1, sizeof *f->place);
  tri__free(d->memory, f->steady, nodes, sizeof *f->steady);
  tri__free(d->memory, f->was_picked, nodes, sizeof *f->was_picked);
  tri__free(d->memory, f->live, nodes, sizeof *f->live);
  tri__free(d->memory, f->set, f->elements, sizeof *f->set);
  tri__free(d->memory, f->value, f->elements, sizeof *f->value);
  tri__free(d->memory, f->picked, f->elements, sizeof *f->picked);
  tri__walk_free(&f->walk);
}

/* --- rows: what passes, and what a partial depends on, from the partials themselves */

/* The arguments of the row that a reference in a template of its moves with. */
static uint8_t moves(const uint8_t *step, uint8_t result, int ref) {
  if (ref >= HOLES) return step[ref - HOLES];
  return ref < ROW_MAX_ARITY ? (uint8_t)(1u << ref) : ref == HOLE_R ? result : 0;
}

static bool passing(struct domains *d, unsigned op, uint8_t *mask) {
  const struct row *row = tri__row(d->g, op);
  *mask = 0;
  for (unsigned i = 0; row && i < row->arity && row->sort != TRI_BOOLEAN; i++) {
    bool passes;
    if (!tri__passes(d->g, op, i, &passes)) return false;
    if (passes && !(row->conditions >> i & 1)) *mask |= (uint8_t)(1u << i);
  }
  return true;
}

static bool partial_moves(struct domains *d, unsigned op, int i, uint8_t result, uint8_t *mask) {
  const struct template *t = tri__template(d->g, (tri_op)op, TEMPLATE_PARTIAL + i);
  if (!t) return false;
  uint8_t *step = tri__new(d->memory, t->steps, 1), through;
  bool ok = step != NULL;
  for (int k = 0; k < t->steps && ok; k++) {
    ok = passing(d, t->step[k].op, &through);
    for (unsigned a = 0; a < t->step[k].nargs && ok; a++)
      if (through >> a & 1) step[k] |= moves(step, result, t->step[k].arg[a]);
  }
  if (ok) *mask = moves(step, result, t->result);
  if (step) tri__free(d->memory, step, t->steps, 1);
  return ok;
}

const struct row_rule *tri__row_rule(struct domains *d, unsigned op) {
  struct row_rule *rule = d->rules + op;
  const struct row *row = d->g->rows + op;
  if (rule->known) return rule;
  if (!passing(d, op, &rule->passes)) return NULL;
  for (int i = 0; i < row->arity; i++) {
    uint8_t mask = 0;
    bool derived = (rule->passes >> i & 1) && row->partial[i];
    if (derived && !partial_moves(d, op, i, rule->passes, &mask)) return NULL;
    rule->second[i] |= mask;
    for (int j = 0; j < row->arity; j++)
      if (mask >> j & 1) rule->second[j] |= (uint8_t)(1u << i);
  }
  rule->known = true;
  return rule;
}
