/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a strict call looks for before it differentiates, so that all modes say the same: operations
 * at kinks that depend on an input that moves, and that an output depends on through branches that
 * are chosen. */
#include <string.h>

#include "eval/run.h"

/* Whether a derivative passes through an element to an output; where a condition depends on it that
 * is at no edge, only jumps of it matter. */
enum count { COUNTS_NOT, COUNTS_IN_JUMPS, COUNTS };

/* Flags by element, placed as in a store with all values. */
struct search {
  struct run *run;
  uint8_t *moves;  /* depends on an input that moves */
  uint8_t *counts; /* enum count: an output depends on it */
  void *partial;   /* room for one number */
};

static size_t place_at(const struct search *s, uint32_t v, size_t e) {
  return place_of(s->run, v) + (value_of(s->run, v)->shape ? e : 0);
}

/* --- forward: what moves */

/* Whether some of k directions (NULL: all unit vectors) moves input element i. */
static bool input_moves(const struct search *s, const struct port *directions, size_t k, size_t i) {
  struct numbers *n = s->run->numbers;
  size_t inputs = tri__input_elements(s->run->workspace);
  for (size_t d = 0; directions && d < k; d++) {
    tri__port_get(directions, d * inputs + i, n, s->partial);
    if (!n->domain->zero(n, s->partial)) return true;
  }
  return !directions;
}

static void start(struct search *s, const struct port *directions, size_t k) {
  size_t next = 0;
  for (uint32_t v = 0; v < s->run->plan->input_count; v++)
    for (size_t e = 0; e < count_of(s->run, v); e++)
      s->moves[place_of(s->run, v) + e] = input_moves(s, directions, k, next++);
}

/* The element of argument i that element e of a step's result is made of, in *element; false if it
 * is made of another argument. */
static bool source(const struct search *s, const struct instruction *step, uint32_t i, size_t e,
                   size_t *element) {
  const uint32_t *args = step_args(s->run->plan, step);
  size_t each = count_of(s->run, args[i]);
  *element = e;
  if (step->op == TRI_OP_element) *element = step->index * count_of(s->run, step->result) + e;
  if (step->op == TRI_OP_stack) *element = e - i * each;
  return step->op != TRI_OP_stack || (e >= i * each && e < (i + 1) * each);
}

/* Whether argument i moves element e of the result; its place in *place. */
static bool moved_by(const struct search *s, const struct instruction *step, uint32_t i, size_t e,
                     size_t *place) {
  size_t element;
  if (!source(s, step, i, e, &element)) return false;
  *place = place_at(s, step_args(s->run->plan, step)[i], element);
  return s->moves[*place];
}

/* Conditions move too: where they change, what they choose has a kink or a jump. */
static void move(struct search *s, const struct instruction *step) {
  for (size_t e = 0, place; e < count_of(s->run, step->result); e++) {
    uint8_t *moves = s->moves + place_of(s->run, step->result) + e;
    *moves = 0;
    for (uint32_t i = 0; i < step->nargs; i++) *moves |= moved_by(s, step, i, e, &place);
  }
}

/* --- backward: what counts */

static void seed(struct search *s, const struct port *weights) {
  struct run *r = s->run;
  struct numbers *n = r->numbers;
  size_t next = 0;
  for (uint32_t i = 0; i < r->plan->output_count; i++)
    for (size_t e = 0; e < count_of(r, r->plan->outputs[i]); e++, next++) {
      bool weighs = true;
      if (weights && port_given(weights)) {
        tri__port_get(weights, next, n, s->partial);
        weighs = !n->domain->zero(n, s->partial);
      }
      if (weighs) s->counts[place_of(r, r->plan->outputs[i]) + e] = COUNTS;
    }
}

/* A branch that is not chosen: the partial of a choice is zero. */
static bool is_chosen(struct search *s, const struct instruction *step, uint32_t i, size_t e,
                      const void *const *x) {
  struct numbers *n = s->run->numbers;
  const struct row *row = row_of(s->run, step);
  if (!row || !row->choice || !row->partial[i]) return true;
  n->domain->partial(n, (tri_op)step->op, (int)i, s->partial, x,
                     element_at(s->run, step->result, e));
  return !n->domain->zero(n, s->partial);
}

/* Whether at a kink the row's value jumps: a condition, or a row that is constant elsewhere. */
static bool jumps(const struct row *row) {
  if (row->sort == TRI_BOOLEAN) return true;
  for (unsigned i = 0; i < row->arity; i++)
    if (!row->partial[i] || strcmp(row->partial[i], "0.0") != 0) return false;
  return true;
}

/* Element e of a result that moves and counts: whether the step is at a kink, and what counts
 * because of it. */
static tri_status look(struct search *s, const struct instruction *step, size_t e) {
  struct run *r = s->run;
  const struct row *row = row_of(r, step);
  const void *x[ROW_MAX_ARITY] = {NULL};
  for (uint32_t i = 0; row && i < step->nargs; i++) x[i] = argument_at(r, step->arg[i], e);
  enum count count = s->counts[place_of(r, step->result) + e];
  bool matters = row && row->kink && (count == COUNTS || jumps(row));
  int kink = matters ? r->numbers->domain->kink(r->numbers, (tri_op)step->op, x) : 0;
  if (kink) return tri__kink_error(r, step, x, kink);
  if (row && row->sort == TRI_BOOLEAN) count = COUNTS_IN_JUMPS;
  for (uint32_t i = 0; i < step->nargs; i++) {
    size_t place;
    if (moved_by(s, step, i, e, &place) && s->counts[place] < count && is_chosen(s, step, i, e, x))
      s->counts[place] = (uint8_t)count;
  }
  return TRI_OK;
}

static tri_status look_back(struct search *s) {
  const struct plan *p = s->run->plan;
  tri_status status = TRI_OK;
  for (uint32_t i = p->step_count; i-- > 0 && !status;) {
    const struct instruction *step = p->steps + i;
    size_t first = place_of(s->run, step->result);
    for (size_t e = 0; e < count_of(s->run, step->result) && !status; e++)
      if (s->counts[first + e] && s->moves[first + e]) status = look(s, step, e);
  }
  return status;
}

/* --- the search */

static bool outputs_exist(const struct run *r) {
  const struct numbers *n = r->numbers;
  for (uint32_t i = 0; i < r->plan->output_count; i++)
    for (size_t e = 0; e < count_of(r, r->plan->outputs[i]); e++)
      if (n->domain->state(n, element_at(r, r->plan->outputs[i], e))) return false;
  return true;
}

static tri_status search(struct run *r, const struct port *directions, size_t k,
                         const struct port *weights) {
  struct memory *memory = &r->workspace->memory;
  size_t count = r->store->count;
  struct search s = {.run = r, .moves = tri__new(memory, count, 2)};
  if (!s.moves) return tri__call_error(r->call, TRI_MEMORY, "out of memory");
  s.counts = s.moves + count;
  memset(s.counts, 0, count);
  s.partial = tri__numbers_new(r->numbers, 1);
  tri_status status = s.partial ? TRI_OK : tri__call_error(r->call, TRI_MEMORY, "out of memory");
  if (!status) {
    start(&s, directions, k);
    for (uint32_t i = 0; i < r->plan->step_count; i++) move(&s, r->plan->steps + i);
    seed(&s, weights);
    status = look_back(&s);
  }
  tri__numbers_delete(r->numbers, s.partial, 1);
  tri__free(memory, s.moves, count, 2);
  return status;
}

/* Steps of a function that is written out for the search, at most. */
enum { MOST_WRITTEN = 1 << 22 };

/* A function with loops: the same written out. */
static tri_status check_written(tri_workspace *w, const tri_call *call, const struct port *inputs,
                                const struct port *directions, size_t k, const struct port *weights,
                                const struct port *outputs) {
  struct flat_plan flat;
  tri_call copy;
  if (!tri__plan_flat_search(w->plan, &w->memory, MOST_WRITTEN, &flat))
    return tri__call_error(call, TRI_MEMORY, "out of memory");
  if (!flat.plan)
    return tri__call_error(call, TRI_LIMIT,
                           "kinks are looked for in loops of known and moderate "
                           "size only, without indices that are computed");
  tri_function written = {.plan = flat.plan,
                          .domain = w->function->domain,
                          .precision = w->function->precision,
                          .digits = w->function->digits};
  tri__quiet(&copy, call);
  copy.strict = 1;
  tri_workspace *own = tri_workspace_new(&written);
  tri_status status = TRI_MEMORY;
  if (!own)
    tri__call_error(call, status, "out of memory");
  else if (!(status = tri__bind(own, &copy)))
    status = tri__check_kinks(own, &copy, inputs, directions, k, weights, outputs);
  tri_workspace_free(own);
  tri__plan_flat_free(&flat, &w->memory);
  return status;
}

tri_status tri__check_kinks(tri_workspace *w, const tri_call *call, const struct port *inputs,
                            const struct port *directions, size_t k, const struct port *weights,
                            const struct port *outputs) {
  struct run r;
  tri_call copy;
  if (!call->strict) return TRI_OK;
  if (w->plan->rolled) return check_written(w, call, inputs, directions, k, weights, outputs);
  tri_status status = tri__level(&r, w, tri__quiet(&copy, call), LEVEL_BASE, 0, true);
  if (!status) status = tri__run(&r, inputs);
  if (status || !outputs_exist(&r)) return status; /* the call says what has no value */
  status = search(&r, directions, k, weights);
  if (status) tri__put_outputs(&r, outputs);
  return status;
}
