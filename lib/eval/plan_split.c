/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A loop with carries in three: what no step has to wait for goes into a loop without carries
 * before it, and what no step waits for into one behind it, for these run by lanes. Of a scan there
 * is left what hands on the carries; of its reverse that is linear in them. This takes room for the
 * values that go from one loop to the next. Loops in the body of another are left alone: mostly
 * lanes run that as a whole. */
#include <string.h>

#include "eval/plan.h"
#include "graph/walk.h"

/* Steps that are worth it; loops that are split; bytes of what goes from loop to loop. */
enum { FEWEST = 64, MOST_SPLIT = 64, MOST_BYTES = 16 << 20 };

/* What is known of the body's nodes: they depend on carries, on what a step brings; a function is
 * computed on the way from there; carries wait for them; they go on to the scan, or from the scan
 * to the loop behind it. */
enum { CARRIED = 1, STEPPED = 2, DEAR = 4, CORE = 8, BEFORE = 16, SENT = 32, BEHIND = 64 };

struct split {
  tri_graph *g;
  uint32_t id; /* the loop */
  struct loop as;
  const uint32_t *ids; /* of its lambda */
  const uint32_t *args;
  uint32_t inputs, outputs, first_carry;
  struct walk walk; /* of the body */
  uint8_t *marks;
  size_t bytes;                  /* of all values that are sent */
  struct binding *before, *scan; /* nodes that are sent, and parameters for them; then arguments */
  size_t before_count, scan_count;
  uint32_t *block, *from, *to, *output;
  struct binding *bindings;
  size_t room;
  uint32_t tuple[3]; /* before, scan, behind; 0: there is none */
};

static uint8_t *mark(const struct split *s, uint32_t id) {
  return s->marks + walk_position(&s->walk, id);
}
static uint32_t output_of(const struct split *s, uint32_t k) { return s->ids[s->inputs + k]; }
static uint32_t first_next(const struct split *s) { return s->as.stacked + s->as.summed; }

/* --- what depends on what */

/* Whether a node takes more than to move its value from loop to loop. */
static bool is_dear(const tri_graph *g, const struct node *n) {
  switch (n->op) {
  case TRI_OP_neg:
  case TRI_OP_add:
  case TRI_OP_sub:
  case TRI_OP_mul:
  case TRI_OP_square:
  case TRI_OP_abs:
  case TRI_OP_min:
  case TRI_OP_max:
  case TRI_OP_select:
  case TRI_OP_gate: return false;
  case TRI_OP_pow: return !tri__is_integer(g, node_args(g, n)[1], 2);
  default: return n->op == TRI_OP_loop || (n->op < TRI_OP_ROWS && n->sort == TRI_REAL);
  }
}

static void mark_dependent(struct split *s) {
  for (uint32_t i = 0; i < s->inputs; i++)
    if (walk_has(&s->walk, s->ids[i]))
      *mark(s, s->ids[i]) = i < s->as.steps ? STEPPED : i < s->first_carry ? 0 : CARRIED;
  for (uint32_t p = 0; p < s->walk.count; p++) {
    const struct node *n = node_at(s->g, s->walk.ids[p]);
    for (uint32_t i = 0; i < n->nargs; i++)
      s->marks[p] |= *mark(s, node_args(s->g, n)[i]) & (CARRIED | STEPPED | DEAR);
    if (s->marks[p] & STEPPED && is_dear(s->g, n)) s->marks[p] |= DEAR;
  }
}

static bool add_bytes(struct split *s, uint32_t id) {
  const tri_graph *g = s->g;
  uint32_t shape = node_at(g, id)->shape;
  size_t bytes;
  if (!size_product((size_t)s->as.n, sizeof(double), &bytes)) return false;
  for (uint32_t i = 0; i < shape_rank(g, shape); i++) {
    int64_t d = shape_dims(g, shape)[i];
    if (d < 0 || !size_product(bytes, (size_t)d, &bytes)) return false;
  }
  s->bytes += bytes < MOST_BYTES ? bytes : MOST_BYTES + 1;
  return s->bytes <= MOST_BYTES;
}

/* Whether a node can be computed for all steps at once, and should be. */
static bool goes_before(const struct split *s, uint32_t id) {
  uint8_t marks = *mark(s, id);
  return (marks & (CARRIED | STEPPED | DEAR)) == (STEPPED | DEAR) &&
         node_at(s->g, id)->sort == TRI_REAL;
}

/* From the carries' next values down: what they wait for, and what comes from before. */
static bool find_core(struct split *s) {
  for (uint32_t k = 0; k < s->outputs; k++) {
    uint32_t id = output_of(s, k);
    if (k >= first_next(s)) *mark(s, id) |= goes_before(s, id) ? BEFORE : CORE;
  }
  for (uint32_t p = s->walk.count; p-- > 0;) {
    if (s->marks[p] & BEFORE && !add_bytes(s, s->walk.ids[p])) return false;
    if (!(s->marks[p] & CORE)) continue;
    const struct node *n = node_at(s->g, s->walk.ids[p]);
    for (uint32_t i = 0; i < n->nargs; i++) {
      uint32_t arg = node_args(s->g, n)[i];
      *mark(s, arg) |= goes_before(s, arg) ? BEFORE : CORE;
    }
  }
  return true;
}

/* The loop that computes output k, a stacked or summed one: 0 before the scan, 1 the scan, 2 behind
 * it. */
static int place_of(const struct split *s, uint32_t k) {
  uint8_t marks = *mark(s, output_of(s, k));
  if (!(marks & CARRIED)) return 0;
  return k < s->as.stacked && marks & CORE ? 1 : 2;
}

/* From the outputs down that are computed behind the scan: what it sends them. Numbers that are no
 * reals are computed again. */
static bool find_behind(struct split *s) {
  for (uint32_t k = 0; k < first_next(s); k++)
    if (place_of(s, k) == 2) *mark(s, output_of(s, k)) |= BEHIND;
  for (uint32_t p = s->walk.count; p-- > 0;) {
    const struct node *n = node_at(s->g, s->walk.ids[p]);
    if (!(s->marks[p] & BEHIND) || !(s->marks[p] & CARRIED)) continue;
    if (s->marks[p] & CORE && n->sort == TRI_REAL) {
      s->marks[p] |= SENT; /* carries too, which the scan gives as they came */
      if (!add_bytes(s, s->walk.ids[p])) return false;
      continue;
    }
    for (uint32_t i = 0; i < n->nargs; i++) *mark(s, node_args(s->g, n)[i]) |= BEHIND;
  }
  return true;
}

/* --- the lists of what is sent */

static bool is_carry(const struct split *s, uint32_t id) {
  for (uint32_t i = s->first_carry; i < s->inputs; i++)
    if (s->ids[i] == id) return true;
  return false;
}

static bool list_sent(struct split *s) {
  for (uint32_t p = 0; p < s->walk.count; p++) {
    uint32_t id = s->walk.ids[p], shape = node_at(s->g, id)->shape;
    bool before = s->marks[p] & BEFORE, sent = s->marks[p] & SENT && !is_carry(s, id);
    if (!before && !sent) continue;
    size_t *count = before ? &s->before_count : &s->scan_count;
    uint32_t parameter = tri__parameter(s->g, before ? 'b' : 's', *count, shape);
    if (id_is_error(parameter)) return false;
    (before ? s->before : s->scan)[(*count)++] = (struct binding){parameter, id};
  }
  return true;
}

static bool open_lists(struct split *s) {
  s->room = (size_t)s->walk.count + s->inputs + 2 * (size_t)s->outputs;
  s->bindings = tri__new(&s->g->memory, 5 * s->room, sizeof *s->bindings);
  s->block = tri__new(&s->g->memory, 3 * s->room, sizeof *s->block);
  if (!s->bindings || !s->block) return false;
  s->before = s->bindings + 3 * s->room;
  s->scan = s->before + s->room;
  s->from = s->block;
  s->to = s->from + s->room;
  s->output = s->to + s->room;
  return list_sent(s);
}

/* --- the loops */

/* Step inputs in the making: the loop's own, and others behind them. */
static size_t own_steps(const struct split *s) {
  for (uint32_t i = 0; i < s->as.steps; i++)
    s->bindings[i] = (struct binding){s->ids[i], s->args[i]};
  return s->as.steps;
}

/* Puts parameters where nodes of the lists are, in `count` outputs, and makes the loop; the binding
 * of constants and carries is the loop's own. */
static uint32_t make(struct split *s, size_t steps, size_t stacked, size_t summed, bool carries) {
  size_t n = 0, count = stacked + summed + (carries ? s->as.carries : 0);
  for (size_t i = 0; i < s->before_count && s->tuple[0]; i++, n++) {
    s->from[n] = s->before[i].argument;
    s->to[n] = s->before[i].parameter;
  }
  for (size_t i = 0; i < s->scan_count && s->tuple[1]; i++, n++) {
    s->from[n] = s->scan[i].argument;
    s->to[n] = s->scan[i].parameter;
  }
  if (n && tri__substitute(s->g, count, s->output, n, s->from, s->to, s->output))
    return NODE_ERROR + TRI_MEMORY;
  struct binding *constant = s->bindings + s->room, *carry = constant + s->room;
  for (uint32_t i = s->as.steps; i < s->inputs; i++)
    *(i < s->first_carry ? constant + i - s->as.steps : carry + i - s->first_carry) =
        (struct binding){s->ids[i], s->args[i]};
  const struct loop_plan plan = {.n = s->as.n,
                                 .backward = carries && s->as.backward,
                                 .steps = steps,
                                 .constants = s->as.constants,
                                 .carries = carries ? s->as.carries : 0,
                                 .stacked = stacked,
                                 .summed = summed,
                                 .step = s->bindings,
                                 .constant = constant,
                                 .carry = carry,
                                 .output = s->output};
  return tri__loop_new(s->g, &plan);
}

/* The outputs that loop `place` computes of those from k to end, into s->output from number n
 * on. */
static size_t own_outputs(const struct split *s, int place, uint32_t k, uint32_t end, size_t n) {
  for (; k < end; k++)
    if (place_of(s, k) == place) s->output[n++] = output_of(s, k);
  return n;
}

static uint32_t make_before(struct split *s) {
  size_t n = 0, steps = own_steps(s);
  for (; n < s->before_count; n++) s->output[n] = s->before[n].argument;
  size_t stacked = own_outputs(s, 0, 0, s->as.stacked, n);
  size_t all = own_outputs(s, 0, s->as.stacked, first_next(s), stacked);
  return all ? make(s, steps, stacked, all - stacked, false) : 0;
}

/* Results of the loop before as step inputs. */
static size_t bind_before(struct split *s, size_t steps) {
  for (size_t i = 0; i < s->before_count; i++)
    s->bindings[steps++] =
        (struct binding){s->before[i].parameter, tri__loop_result(s->g, s->tuple[0], (uint32_t)i)};
  return steps;
}

static uint32_t make_scan(struct split *s) {
  size_t n = 0, steps = bind_before(s, own_steps(s));
  for (; n < s->scan_count; n++) s->output[n] = s->scan[n].argument;
  size_t stacked = own_outputs(s, 1, 0, s->as.stacked, n);
  for (uint32_t c = 0; c < s->as.carries; c++)
    s->output[stacked + c] = output_of(s, first_next(s) + c);
  return make(s, steps, stacked, 0, true);
}

/* Number of the scan's results before the carries. */
static uint32_t scan_outputs(const struct split *s) {
  struct loop l;
  tri__loop(s->g, s->tuple[1], &l);
  return l.stacked + l.summed;
}

static uint32_t make_behind(struct split *s) {
  size_t steps = bind_before(s, own_steps(s));
  uint32_t first = scan_outputs(s);
  for (size_t i = 0; i < s->scan_count; i++)
    s->bindings[steps++] =
        (struct binding){s->scan[i].parameter, tri__loop_result(s->g, s->tuple[1], (uint32_t)i)};
  for (uint32_t c = 0; c < s->as.carries; c++)
    s->bindings[steps++] = (struct binding){
        s->ids[s->first_carry + c], tri__loop_result(s->g, s->tuple[1], first + s->as.carries + c)};
  size_t stacked = own_outputs(s, 2, 0, s->as.stacked, 0);
  size_t all = own_outputs(s, 2, s->as.stacked, first_next(s), stacked);
  return all ? make(s, steps, stacked, all - stacked, false) : 0;
}

static bool make_loops(struct split *s) {
  uint32_t (*const makes[])(struct split *) = {make_before, make_scan, make_behind};
  for (int i = 0; i < 3; i++) {
    uint32_t tuple = makes[i](s);
    if (tuple && id_is_error(tuple)) return false;
    s->tuple[i] = tuple;
  }
  return true;
}

/* --- in the place of the loop */

/* Output k's result: the loops have the outputs that they compute in their order, stacked ones
 * first, behind what they send. */
static uint32_t new_result(const struct split *s, uint32_t k) {
  int place = place_of(s, k);
  size_t number = place == 0 ? s->before_count : place == 1 ? s->scan_count : 0;
  for (uint32_t i = 0; i < k; i++) number += place_of(s, i) == place;
  return tri__loop_result(s->g, s->tuple[place], (uint32_t)number);
}

static bool replace(struct split *s, const struct walk *walk, size_t count, uint32_t *outputs) {
  size_t n = 0;
  uint32_t first = scan_outputs(s);
  for (uint32_t k = 0; k < loop_results(&s->as); k++) {
    uint32_t from = tri__loop_result(s->g, s->id, k);
    if (id_is_error(from)) return false;
    if (node_at(s->g, from)->op != TRI_OP_result || !walk_has(walk, from)) continue;
    s->from[n] = from;
    s->to[n] = k < first_next(s) ? new_result(s, k)
                                 : tri__loop_result(s->g, s->tuple[1], first + k - first_next(s));
    if (id_is_error(s->to[n++])) return false;
  }
  return tri__substitute(s->g, count, outputs, n, s->from, s->to, outputs) == TRI_OK;
}

static bool open_split(struct split *s, tri_graph *g, uint32_t id) {
  *s = (struct split){.g = g, .id = id};
  tri__loop(g, id, &s->as);
  s->first_carry = s->as.steps + s->as.constants;
  s->inputs = s->first_carry + s->as.carries;
  s->outputs = loop_outputs(&s->as);
  s->ids = tri__lambda_ids(g, s->as.lambda, NULL, NULL);
  if (tri__walk(g, s->outputs, s->ids + s->inputs, &s->walk)) return false;
  s->marks = tri__new(&g->memory, s->walk.count, 1);
  return s->marks != NULL;
}

static void close_split(struct split *s) {
  tri__free(&s->g->memory, s->bindings, 5 * s->room, sizeof *s->bindings);
  tri__free(&s->g->memory, s->block, 3 * s->room, sizeof *s->block);
  tri__free(&s->g->memory, s->marks, s->walk.count, 1);
  tri__walk_free(&s->walk);
}

/* Whether a function goes before the scan or behind it. */
static bool gains(const struct split *s) {
  for (uint32_t p = 0; p < s->walk.count; p++)
    if (s->marks[p] & BEFORE) return true;
  return false;
}

/* Splits the loop if that is worth it: *done. */
static bool split(tri_graph *g, uint32_t id, const struct walk *walk, size_t count,
                  uint32_t *outputs, bool *done) {
  struct split s;
  bool ok = open_split(&s, g, id);
  *done = false;
  if (ok) mark_dependent(&s);
  if (ok && find_core(&s) && find_behind(&s) && gains(&s)) {
    uint32_t *args = tri__new(&g->memory, s.inputs, sizeof *args);
    if (args) memcpy(args, node_args(g, node_at(g, id)), s.inputs * sizeof *args);
    s.args = args;
    ok = args && open_lists(&s) && make_loops(&s) && replace(&s, walk, count, outputs);
    *done = ok;
    tri__free(&g->memory, args, s.inputs, sizeof *args);
  }
  close_split(&s);
  return ok;
}

bool tri__plan_split(tri_graph *g, size_t count, uint32_t *outputs) {
  bool more = true, ok = true;
  for (int round = 0; round < MOST_SPLIT && more && ok; round++) {
    struct walk walk;
    more = false;
    if (tri__walk(g, count, outputs, &walk)) return false;
    for (uint32_t p = 0; p < walk.count && ok && !more; p++) {
      struct loop l;
      if (node_at(g, walk.ids[p])->op != TRI_OP_loop) continue;
      tri__loop(g, walk.ids[p], &l);
      if (l.carries && l.n >= FEWEST) ok = split(g, walk.ids[p], &walk, count, outputs, &more);
    }
    tri__walk_free(&walk);
  }
  return ok;
}
