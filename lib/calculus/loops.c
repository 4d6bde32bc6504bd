/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Derivatives of loops. Forward, a loop over the body's tangents beside it; in reverse a loop over the body's adjoints in the opposite order,
 * which takes the carries as they came into the steps, and sums the adjoints of the constants. Bodies are differentiated by sweeps of their
 * own, so loops in loops are too. */
#include <string.h>

#include "calculus/sweep.h"

/* A loop, its parts, and a sweep over its body. Arrays are by argument or by output of the body. */
struct rolled {
  tri_graph *g;
  uint32_t id;
  struct loop as;
  uint32_t inputs, outputs;
  uint32_t *memory_block;
  uint32_t *argument; /* what the parameters stand for */
  uint32_t *
      rate; /* forward: the arguments' tangents, in their shapes; reverse: by result, the adjoints; 0 for none */
  uint32_t *parameter; /* for rates */
  uint32_t *active;    /* by input: a derivative passes */
  const uint32_t *ids; /* of the lambda: parameters, outputs */
  struct sweep body;
};

static uint32_t shape_of(const struct rolled *r, uint32_t id) { return node_at(r->g, id)->shape; }
static uint32_t first_carry(const struct rolled *r) { return r->as.steps + r->as.constants; }
static uint32_t next_of(const struct rolled *r, uint32_t carry) {
  return r->ids[r->inputs + r->as.stacked + r->as.summed + carry];
}

static uint32_t open_rolled(struct rolled *r, tri_graph *g, uint32_t id) {
  *r = (struct rolled){.g = g, .id = id};
  tri__loop(g, id, &r->as);
  r->inputs = r->as.steps + r->as.constants + r->as.carries;
  r->outputs = loop_outputs(&r->as);
  r->ids = tri__lambda_ids(g, r->as.lambda, NULL, NULL);
  size_t results = loop_results(&r->as), rates = results > r->inputs ? results : r->inputs;
  r->memory_block = tri__new(&g->memory, 2 * (size_t)r->inputs + 2 * rates, sizeof *r->argument);
  if (!r->memory_block) return tri__no_memory(g);
  r->argument = r->memory_block;
  r->active = r->argument + r->inputs;
  r->rate = r->active + r->inputs;
  r->parameter = r->rate + rates;
  const uint32_t *args = node_args(g, node_at(g, id));
  if (r->inputs) memcpy(r->argument, args, r->inputs * sizeof *args);
  return tri__sweep_init(&r->body, g, r->outputs, r->ids + r->inputs);
}

static void close_rolled(struct rolled *r) {
  size_t results = loop_results(&r->as), rates = results > r->inputs ? results : r->inputs;
  if (r->body.graph) tri__sweep_free(&r->body);
  tri__free(&r->g->memory, r->memory_block, 2 * (size_t)r->inputs + 2 * rates, sizeof(uint32_t));
}

/* Finds what depends on the active inputs in the body. */
static uint32_t reach(struct rolled *r) {
  uint32_t *ids = tri__new(&r->g->memory, r->inputs, sizeof *ids), n = 0;
  if (!ids) return tri__no_memory(r->g);
  for (uint32_t i = 0; i < r->inputs; i++)
    if (r->active[i]) ids[n++] = r->ids[i];
  uint32_t failed = tri__sweep_lanes(&r->body, n, ids, true);
  tri__free(&r->g->memory, ids, r->inputs, sizeof *ids);
  return failed;
}

/* A carry is active if its initial value is, or what a step makes of active inputs; again until there is no more. */
static uint32_t activate(struct rolled *r) {
  for (bool more = true; more;) {
    uint32_t failed = reach(r);
    if (failed) return failed;
    more = false;
    for (uint32_t c = 0; c < r->as.carries; c++) {
      uint32_t *active = &r->active[first_carry(r) + c];
      if (*active || !sweep_reaches(&r->body, next_of(r, c), 1)) continue;
      *active = 1;
      more = true;
    }
  }
  return 0;
}

/* Lists for a loop in the making. */
struct lists {
  struct memory *memory;
  size_t room;
  struct binding *step, *constant, *carry;
  uint32_t *stacked, *summed, *next, *output;
  size_t steps, constants, carries, n_stacked, n_summed;
};

static bool open_lists(struct lists *l, const struct rolled *r) {
  *l = (struct lists){.memory = &r->g->memory};
  l->room = 2 * ((size_t)r->inputs + loop_results(&r->as));
  l->step = tri__new(l->memory, 3 * l->room, sizeof *l->step);
  l->stacked = tri__new(l->memory, 4 * l->room, sizeof *l->stacked);
  if (!l->step || !l->stacked) return tri__no_memory(r->g), false;
  l->constant = l->step + l->room;
  l->carry = l->constant + l->room;
  l->summed = l->stacked + l->room;
  l->next = l->summed + l->room;
  l->output = l->next + l->room;
  return true;
}

static void close_lists(struct lists *l) {
  tri__free(l->memory, l->step, 3 * l->room, sizeof *l->step);
  tri__free(l->memory, l->stacked, 4 * l->room, sizeof *l->stacked);
}

static uint32_t make(struct lists *l, const struct rolled *r, bool backward) {
  memcpy(l->output, l->stacked, l->n_stacked * sizeof *l->output);
  memcpy(l->output + l->n_stacked, l->summed, l->n_summed * sizeof *l->output);
  memcpy(l->output + l->n_stacked + l->n_summed, l->next, l->carries * sizeof *l->output);
  const struct loop_plan plan = {.n = r->as.n,
                                 .backward = backward,
                                 .steps = l->steps,
                                 .constants = l->constants,
                                 .carries = l->carries,
                                 .stacked = l->n_stacked,
                                 .summed = l->n_summed,
                                 .step = l->step,
                                 .constant = l->constant,
                                 .carry = l->carry,
                                 .output = l->output};
  return tri__loop_new(r->g, &plan);
}

/* The body's own step inputs and constants. */
static void add_inputs(struct lists *l, const struct rolled *r) {
  for (uint32_t i = 0; i < first_carry(r); i++) {
    const struct binding b = {r->ids[i], r->argument[i]};
    if (i < r->as.steps)
      l->step[l->steps++] = b;
    else
      l->constant[l->constants++] = b;
  }
}

/* --- forward */

static uint32_t take_tangents(struct rolled *r, struct sweep *s, uint64_t lane) {
  for (uint32_t i = 0; i < r->inputs; i++) {
    uint32_t p = walk_position(&s->walk, r->argument[i]);
    bool moves = (s->lanes[p] & lane) && s->rate[p] != r->g->zero;
    r->active[i] = moves;
    r->rate[i] = tri__spread(r->g, moves ? s->rate[p] : r->g->zero, shape_of(r, r->argument[i]));
    r->parameter[i] = tri__parameter(r->g, 't', i, shape_of(r, r->ids[i]));
    if (id_is_error(r->rate[i]) || id_is_error(r->parameter[i]))
      return id_is_error(r->rate[i]) ? r->rate[i] : r->parameter[i];
  }
  return activate(r);
}

/* A tangent may be zero by choice if it is outside, and a carry's if it begins with none. */
static void seed_tangents(struct rolled *r, const struct sweep *s) {
  for (uint32_t i = 0; i < r->inputs; i++) {
    if (!r->active[i]) continue;
    tri__sweep_seed_tangent(&r->body, r->ids[i], r->parameter[i]);
    bool choice = i >= first_carry(r) || s->choice[walk_position(&s->walk, r->argument[i])];
    if (walk_has(&r->body.walk, r->ids[i]))
      r->body.choice[walk_position(&r->body.walk, r->ids[i])] = choice;
  }
}

static uint32_t tangent_loop(struct rolled *r, struct lists *l) {
  add_inputs(l, r);
  for (uint32_t i = 0; i < first_carry(r); i++) {
    const struct binding b = {r->parameter[i], r->rate[i]};
    if (!r->active[i]) continue;
    if (i < r->as.steps)
      l->step[l->steps++] = b;
    else
      l->constant[l->constants++] = b;
  }
  for (uint32_t k = 0; k < r->as.stacked + r->as.summed; k++) {
    uint32_t tangent = tri__sweep_tangent(&r->body, 0, r->ids[r->inputs + k]);
    if (id_is_error(tangent)) return tangent;
    if (k < r->as.stacked)
      l->stacked[l->n_stacked++] = tangent;
    else
      l->summed[l->n_summed++] = tangent;
  }
  for (uint32_t c = 0; c < 2 * r->as.carries; c++) {
    uint32_t i = first_carry(r) + c % r->as.carries;
    bool tangent = c >= r->as.carries;
    l->next[l->carries] =
        tangent ? tri__sweep_tangent(&r->body, 0, next_of(r, c - r->as.carries)) : next_of(r, c);
    l->carry[l->carries++] = tangent ? (struct binding){r->parameter[i], r->rate[i]}
                                     : (struct binding){r->ids[i], r->argument[i]};
  }
  return make(l, r, r->as.backward);
}

uint32_t tri__loop_tangent(struct sweep *s, uint64_t lane, uint32_t id) {
  struct rolled r;
  struct lists l = {.memory = NULL};
  uint32_t failed = open_rolled(&r, s->graph, id), tuple = 0;
  if (!failed) failed = take_tangents(&r, s, lane);
  if (!failed) {
    seed_tangents(&r, s);
    failed = tri__sweep_tangents(&r.body, 0, UINT32_MAX);
  }
  if (!failed && !open_lists(&l, &r)) failed = NODE_ERROR + TRI_MEMORY;
  if (!failed) tuple = tangent_loop(&r, &l);
  if (l.memory) close_lists(&l);
  close_rolled(&r);
  return failed ? failed : tuple;
}

uint32_t tri__loop_tangent_result(tri_graph *g, uint32_t id, uint32_t tuple, uint32_t k) {
  struct loop l;
  uint32_t i;
  tri__loop(g, id, &l);
  switch (tri__loop_result_kind(&l, k, &i)) {
  case RESULT_CARRY: return tri__loop_result(g, tuple, k + l.carries);
  case RESULT_CARRIES: return tri__loop_result(g, tuple, k + 2 * l.carries);
  default: return tri__loop_result(g, tuple, k);
  }
}

/* --- reverse */

/* The adjoints of the results, in their shapes; and parameters for them. */
static uint32_t take_adjoints(struct rolled *r, struct sweep *s, uint32_t p) {
  tri_graph *g = r->g;
  for (uint32_t k = s->pieces[p]; k; k = s->piece[k - 1].next) {
    uint32_t *rate = &r->rate[s->piece[k - 1].index];
    *rate = tri__accumulate(g, *rate, s->piece[k - 1].id);
    if (id_is_error(*rate)) return *rate;
  }
  s->pieces[p] = 0;
  for (uint32_t k = 0; k < loop_results(&r->as); k++) {
    uint32_t i, shape = shape_of(r, tri__loop_source(g, &r->as, k));
    enum loop_result kind = tri__loop_result_kind(&r->as, k, &i);
    bool stacked = kind == RESULT_STACKED || kind == RESULT_CARRIES;
    r->parameter[k] = tri__parameter(g, 'a', k, shape);
    if (id_is_error(r->parameter[k])) return r->parameter[k];
    if (stacked && r->rate[k]) shape = tri__array_shape(g, r->as.n, shape);
    if (shape == TRI__NO_SHAPE) return NODE_ERROR + (uint32_t)g->error.status;
    if (r->rate[k] || kind == RESULT_CARRY)
      r->rate[k] = tri__spread(g, r->rate[k] ? r->rate[k] : g->zero, shape);
    if (id_is_error(r->rate[k]) && r->rate[k]) return r->rate[k];
  }
  return 0;
}

static uint32_t active_arguments(struct rolled *r, const struct sweep *s) {
  for (uint32_t i = 0; i < r->inputs; i++)
    r->active[i] = s->lanes[walk_position(&s->walk, r->argument[i])] != 0;
  return activate(r);
}

/* The adjoints that come to the body's outputs in a step. A carry's may be zero by choice: it begins so at the last step. */
static uint32_t seed_adjoints(struct rolled *r, bool choice) {
  uint32_t first = r->as.stacked + r->as.summed;
  tri__sweep_clear_adjoints(&r->body);
  for (uint32_t k = 0; k < r->outputs; k++) {
    uint32_t output = r->ids[r->inputs + k];
    bool carry = k >= first;
    if (carry ? !r->active[first_carry(r) + k - first] : !r->rate[k]) continue;
    uint32_t failed = tri__sweep_seed_adjoint(&r->body, output, r->parameter[k]);
    if (failed) return failed;
    r->body.choice[walk_position(&r->body.walk, output)] |= choice || carry;
  }
  return tri__sweep_adjoints(&r->body);
}

/* The adjoint that input i of the body gets in a step, in its shape. */
static uint32_t input_adjoint(struct rolled *r, uint32_t i) {
  uint32_t id = r->ids[i], adjoint = tri__sweep_adjoint(&r->body, id);
  if (i >= first_carry(r)) {
    uint32_t k = r->outputs + i - first_carry(r); /* the carry as it came in may be a result */
    if (r->rate[k]) adjoint = tri__accumulate(r->g, adjoint, r->parameter[k]);
  }
  return tri__spread(r->g, adjoint, shape_of(r, id));
}

static void add_adjoint_inputs(struct rolled *r, struct lists *l) {
  for (uint32_t k = 0; k < loop_results(&r->as); k++) {
    uint32_t i;
    enum loop_result kind = tri__loop_result_kind(&r->as, k, &i);
    const struct binding b = {r->parameter[k], r->rate[k]};
    if (kind == RESULT_CARRY || !r->rate[k]) continue;
    if (kind == RESULT_SUMMED)
      l->constant[l->constants++] = b;
    else
      l->step[l->steps++] = b;
  }
}

static uint32_t adjoint_loop(struct rolled *r, struct lists *l) {
  add_inputs(l, r);
  add_adjoint_inputs(r, l);
  for (uint32_t c = 0; c < r->as.carries; c++) {
    uint32_t before = tri__loop_result(r->g, r->id, r->outputs + c);
    if (id_is_error(before)) return before;
    l->step[l->steps++] = (struct binding){r->ids[first_carry(r) + c], before};
  }
  for (uint32_t i = 0; i < r->inputs; i++) {
    if (!r->active[i]) continue;
    uint32_t adjoint = input_adjoint(r, i);
    if (id_is_error(adjoint)) return adjoint;
    if (i < r->as.steps) {
      l->stacked[l->n_stacked++] = adjoint;
    } else if (i < first_carry(r)) {
      l->summed[l->n_summed++] = adjoint;
    } else {
      uint32_t k = r->as.stacked + r->as.summed + i - first_carry(r);
      l->next[l->carries] = adjoint;
      l->carry[l->carries++] = (struct binding){r->parameter[k], r->rate[k]};
    }
  }
  return make(l, r, !r->as.backward);
}

/* What the loop gives goes to the arguments, in the order of its results. */
static uint32_t give(struct rolled *r, struct sweep *s, uint32_t tuple) {
  uint32_t k = 0, failed = 0;
  for (uint32_t i = 0; i < r->inputs && !failed; i++) {
    if (!r->active[i]) continue;
    uint32_t q = walk_position(&s->walk, r->argument[i]),
             adjoint = tri__loop_result(r->g, tuple, k++);
    if (id_is_error(adjoint)) return adjoint;
    s->choice[q] = 1; /* the body may choose */
    if (s->lanes[q]) failed = tri__sweep_add(s, q, adjoint);
  }
  return failed;
}

uint32_t tri__loop_adjoint(struct sweep *s, uint32_t p) {
  struct rolled r;
  struct lists l = {.memory = NULL};
  uint32_t failed = open_rolled(&r, s->graph, s->walk.ids[p]), tuple = 0;
  if (!failed) failed = active_arguments(&r, s);
  if (!failed) failed = take_adjoints(&r, s, p);
  if (!failed) failed = seed_adjoints(&r, s->choice[p]);
  if (!failed && !open_lists(&l, &r)) failed = NODE_ERROR + TRI_MEMORY;
  if (!failed) tuple = adjoint_loop(&r, &l);
  if (!failed && id_is_error(tuple)) failed = tuple;
  if (!failed) failed = give(&r, s, tuple);
  if (l.memory) close_lists(&l);
  close_rolled(&r);
  return failed;
}
