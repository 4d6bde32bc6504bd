/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Loops that go over the same arrays and do not wait for each other become one loop, as those of a
 * function and of its derivatives are: their bodies meet, and what they have in common is computed
 * once. */
#include <string.h>

#include "eval/plan.h"
#include "graph/walk.h"

/* Groups, and loops in one; loops of a function, which are compared two by two. */
enum { MOST_FUSED = 64, MOST_LOOPS = 1000 };

struct fusion {
  tri_graph *g;
  size_t count;
  uint32_t *outputs;
  struct walk walk;
  uint32_t *level; /* by position: loops on the longest way to the node */
  uint32_t member[MOST_FUSED];
  uint32_t members;
};

static unsigned op_at(const struct fusion *f, uint32_t p) {
  return node_at(f->g, f->walk.ids[p])->op;
}

static void find_levels(struct fusion *f) {
  for (uint32_t p = 0; p < f->walk.count; p++) {
    const struct node *n = node_at(f->g, f->walk.ids[p]);
    for (uint32_t i = 0; i < n->nargs; i++) {
      uint32_t level = f->level[walk_position(&f->walk, node_args(f->g, n)[i])];
      if (level > f->level[p]) f->level[p] = level;
    }
    if (n->op == TRI_OP_loop) f->level[p]++;
  }
}

static uint32_t count_loops(const struct fusion *f) {
  uint32_t count = 0;
  for (uint32_t p = 0; p < f->walk.count; p++) count += op_at(f, p) == TRI_OP_loop;
  return count;
}

/* --- groups */

static bool share_steps(const tri_graph *g, uint32_t a, const struct loop *x, uint32_t b,
                        const struct loop *y) {
  const uint32_t *of_a = node_args(g, node_at(g, a)), *of_b = node_args(g, node_at(g, b));
  for (uint32_t i = 0; i < x->steps; i++)
    for (uint32_t k = 0; k < y->steps; k++)
      if (of_a[i] == of_b[k]) return true;
  return false;
}

/* Whether the loop at position q may go with the one at p. */
static bool together(const struct fusion *f, uint32_t p, uint32_t q) {
  struct loop x, y;
  if (op_at(f, q) != TRI_OP_loop || f->level[p] != f->level[q]) return false;
  tri__loop(f->g, f->walk.ids[p], &x);
  tri__loop(f->g, f->walk.ids[q], &y);
  return !y.carries && x.n == y.n && share_steps(f->g, f->walk.ids[p], &x, f->walk.ids[q], &y);
}

/* The first loop without carries that is not alone, with those that go with it. */
static bool find_group(struct fusion *f) {
  for (uint32_t p = 0; p < f->walk.count; p++) {
    struct loop x;
    if (op_at(f, p) != TRI_OP_loop) continue;
    tri__loop(f->g, f->walk.ids[p], &x);
    if (x.carries) continue;
    f->members = 0;
    f->member[f->members++] = f->walk.ids[p];
    for (uint32_t q = p + 1; q < f->walk.count && f->members < MOST_FUSED; q++)
      if (together(f, p, q)) f->member[f->members++] = f->walk.ids[q];
    if (f->members > 1) return true;
  }
  return false;
}

/* --- one loop of a group */

/* The parts of the loop in the making. */
struct joint {
  struct memory *memory;
  size_t room; /* for each of the lists */
  struct binding *step, *constant;
  uint32_t *stacked, *summed, *output;
  size_t steps, constants, n_stacked, n_summed;
  uint32_t *from, *to; /* parameters of a body and those that take their place; then results */
};

static bool open_joint(struct joint *j, const struct fusion *f) {
  *j = (struct joint){.memory = &f->g->memory};
  for (uint32_t m = 0; m < f->members; m++) {
    struct loop l;
    tri__loop(f->g, f->member[m], &l);
    j->room += (size_t)l.steps + l.constants + loop_outputs(&l);
  }
  j->step = tri__new(j->memory, 2 * j->room, sizeof *j->step);
  j->stacked = tri__new(j->memory, 6 * j->room, sizeof *j->stacked);
  if (!j->step || !j->stacked) return false;
  j->constant = j->step + j->room;
  j->summed = j->stacked + j->room;
  j->output = j->summed + j->room;
  j->from = j->output + 2 * j->room;
  j->to = j->from + j->room;
  return true;
}

static void close_joint(struct joint *j) {
  tri__free(j->memory, j->step, 2 * j->room, sizeof *j->step);
  tri__free(j->memory, j->stacked, 6 * j->room, sizeof *j->stacked);
}

/* The parameter for an argument, the same for the same argument. */
static uint32_t parameter(tri_graph *g, struct binding *list, size_t *count, char kind,
                          uint32_t argument, uint32_t shape) {
  for (size_t i = 0; i < *count; i++)
    if (list[i].argument == argument) return list[i].parameter;
  uint32_t made = tri__parameter(g, kind, *count, shape);
  list[(*count)++] = (struct binding){made, argument};
  return made;
}

/* Adds a loop's body over the joint parameters. */
static bool add_body(struct joint *j, tri_graph *g, uint32_t id) {
  struct loop l;
  tri__loop(g, id, &l);
  const uint32_t *ids = tri__lambda_ids(g, l.lambda, NULL, NULL);
  uint32_t inputs = l.steps + l.constants, outputs = loop_outputs(&l);
  uint32_t *bodies = j->output;
  for (uint32_t i = 0; i < inputs; i++) {
    uint32_t argument = node_args(g, node_at(g, id))[i], shape = node_at(g, ids[i])->shape;
    j->from[i] = ids[i];
    j->to[i] = i < l.steps ? parameter(g, j->step, &j->steps, 'f', argument, shape)
                           : parameter(g, j->constant, &j->constants, 'g', argument, shape);
    if (id_is_error(j->to[i])) return false;
  }
  memcpy(bodies, ids + inputs, outputs * sizeof *bodies);
  if (tri__substitute(g, outputs, bodies, inputs, j->from, j->to, bodies)) return false;
  for (uint32_t k = 0; k < outputs; k++) {
    if (k < l.stacked)
      j->stacked[j->n_stacked++] = bodies[k];
    else
      j->summed[j->n_summed++] = bodies[k];
  }
  return true;
}

static uint32_t join(struct joint *j, const struct fusion *f) {
  struct loop l;
  tri__loop(f->g, f->member[0], &l);
  for (uint32_t m = 0; m < f->members; m++)
    if (!add_body(j, f->g, f->member[m])) return NODE_ERROR + TRI_MEMORY;
  memcpy(j->output, j->stacked, j->n_stacked * sizeof *j->output);
  memcpy(j->output + j->n_stacked, j->summed, j->n_summed * sizeof *j->output);
  const struct loop_plan plan = {.n = l.n,
                                 .steps = j->steps,
                                 .constants = j->constants,
                                 .stacked = j->n_stacked,
                                 .summed = j->n_summed,
                                 .step = j->step,
                                 .constant = j->constant,
                                 .output = j->output};
  return tri__loop_new(f->g, &plan);
}

/* The results of the members, and what they are of the joint loop: in j->from and j->to. */
static size_t match_results(struct joint *j, const struct fusion *f, uint32_t tuple) {
  size_t count = 0, stacked = 0, summed = j->n_stacked;
  for (uint32_t m = 0; m < f->members; m++) {
    struct loop l;
    tri__loop(f->g, f->member[m], &l);
    for (uint32_t k = 0; k < loop_outputs(&l); k++) {
      uint32_t joint = (uint32_t)(k < l.stacked ? stacked++ : summed++);
      uint32_t from = tri__loop_result(f->g, f->member[m], k);
      if (node_at(f->g, from)->op != TRI_OP_result || !walk_has(&f->walk, from)) continue;
      j->from[count] = from;
      j->to[count++] = tri__loop_result(f->g, tuple, joint);
    }
  }
  return count;
}

/* Puts one loop in the place of a group. */
static bool fuse(struct fusion *f) {
  struct joint j;
  bool ok = open_joint(&j, f);
  uint32_t tuple = ok ? join(&j, f) : 0;
  ok = ok && !id_is_error(tuple);
  size_t count = ok ? match_results(&j, f, tuple) : 0;
  ok = ok && tri__substitute(f->g, f->count, f->outputs, count, j.from, j.to, f->outputs) == TRI_OK;
  close_joint(&j);
  return ok;
}

static bool open_walk(struct fusion *f) {
  if (tri__walk(f->g, f->count, f->outputs, &f->walk)) return false;
  f->level = tri__new(&f->g->memory, f->walk.count, sizeof *f->level);
  if (f->level) find_levels(f);
  return f->level != NULL;
}

static void close_walk(struct fusion *f) {
  tri__free(&f->g->memory, f->level, f->walk.count, sizeof *f->level);
  tri__walk_free(&f->walk);
  f->level = NULL;
}

bool tri__plan_fuse(tri_graph *g, size_t count, uint32_t *outputs) {
  struct fusion f = {.g = g, .count = count, .outputs = outputs};
  bool more = true, ok = true;
  for (int round = 0; round < MOST_FUSED && more && ok; round++) {
    ok = open_walk(&f);
    more = ok && count_loops(&f) <= MOST_LOOPS && find_group(&f);
    if (more) ok = fuse(&f);
    close_walk(&f);
  }
  return ok;
}
