/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Loops of a plan: their bodies' plans, with those outputs only that somebody reads. */
#include <string.h>

#include "eval/lanes.h"
#include "eval/loop.h"
#include "graph/walk.h"

struct body {
  tri_graph *g;
  const struct loop *as;
  const uint32_t *parameters, *outputs; /* of the lambda */
  uint32_t *needed;                     /* outputs that are compiled: their ids, in order */
  uint32_t count;
  uint8_t *summed;  /* of these: it is summed */
  uint32_t primals; /* of these, the first: what primals need */
};

/* Adds an output of the node's, unless it is there. */
static bool need(struct plan_loop *l, struct body *b, uint32_t output) {
  if (l->output[output] != NO_OUTPUT) return false;
  l->output[output] = b->count;
  b->summed[b->count] = output >= b->as->stacked && output < b->as->stacked + b->as->summed;
  b->needed[b->count++] = b->outputs[output];
  return true;
}

static uint32_t carry_output(const struct loop *as, uint32_t carry) {
  return as->stacked + as->summed + carry;
}

/* Carries that the needed outputs read: true if there is one more. */
static bool need_carries(struct plan_loop *l, struct body *b, bool *more) {
  struct walk w;
  *more = false;
  if (tri__walk(b->g, b->count, b->needed, &w)) return false;
  for (uint32_t c = 0; c < b->as->carries; c++)
    if (walk_has(&w, b->parameters[b->as->steps + b->as->constants + c]))
      *more |= need(l, b, carry_output(b->as, c));
  tri__walk_free(&w);
  return true;
}

/* What the results take that primals need, or the others. */
static bool find_part(struct plan_loop *l, struct body *b, bool strict) {
  bool more = true;
  for (uint32_t k = 0; k < l->results; k++) {
    uint32_t i;
    enum loop_result kind = tri__loop_result_kind(b->as, l->kept[k], &i);
    if (l->strict[k] == strict)
      need(l, b, kind == RESULT_CARRIES ? carry_output(b->as, i) : l->kept[k]);
  }
  while (more)
    if (!need_carries(l, b, &more)) return false;
  return true;
}

static bool find_needed(struct plan_loop *l, struct body *b) {
  memset(l->output, 0xff, loop_outputs(b->as) * sizeof *l->output); /* NO_OUTPUT */
  if (!find_part(l, b, true)) return false;
  b->primals = b->count;
  return find_part(l, b, false);
}

/* Which of the plan's named sizes the body's are. */
static bool match_sizes(struct plan *p, struct plan_loop *l) {
  uint32_t n = l->body->size_count;
  l->sizes = tri__new(&p->memory, n, sizeof *l->sizes);
  for (uint32_t i = 0; l->sizes && i < n; i++) {
    l->sizes[i] = tri__plan_size(p, l->body->size_names[i]);
    if (l->sizes[i] == NO_SIZE) return false;
  }
  return l->sizes != NULL;
}

/* --- sums of what is scattered */

static bool add_term(struct memory *m, struct plan_loop *l, struct plan_term term) {
  if (!tri__grow(m, (void **)&l->terms, &l->term_capacity, l->term_count + 1, sizeof *l->terms))
    return false;
  l->terms[l->term_count++] = term;
  return true;
}

static uint32_t step_of(const struct plan *body, uint32_t value) {
  for (uint32_t s = body->step_count; s-- > 0;)
    if (body->steps[s].result == value) return s;
  return NO_STEP;
}

/* The terms of a sum that is not carried out: each that is a sum itself gives way to its own. */
static bool find_terms(struct memory *m, struct plan_loop *l, uint32_t value) {
  size_t first = l->term_count;
  uint32_t step = step_of(l->body, value);
  if (step == NO_STEP || !(l->body->steps[step].flags & STEP_SUMMED)) return true;
  if (!add_term(m, l, (struct plan_term){value, NO_STEP})) return false;
  for (size_t i = first; i < l->term_count;) {
    struct plan_term *term = l->terms + i;
    term->step = step_of(l->body, term->value);
    const struct instruction *s = term->step == NO_STEP ? NULL : l->body->steps + term->step;
    bool summed = s && (s->flags & STEP_SUMMED);
    if (summed && s->op == TRI_OP_add) {
      term->value = s->arg[0];
      if (!add_term(m, l, (struct plan_term){s->arg[1], NO_STEP})) return false;
      continue;
    }
    if (!summed) term->step = NO_STEP;
    i++;
  }
  return true;
}

static bool find_scatters(struct memory *m, struct plan_loop *l) {
  l->first_term = tri__new(m, l->results + 1, sizeof *l->first_term);
  if (!l->first_term || !l->output) return false;
  for (uint32_t k = 0; k < l->results; k++) {
    uint32_t i;
    bool summed = tri__loop_result_kind(&l->as, l->kept[k], &i) == RESULT_SUMMED;
    if (summed && !find_terms(m, l, l->body->outputs[l->output[l->kept[k]]])) return false;
    l->first_term[k + 1] = (uint32_t)l->term_count;
  }
  return true;
}

static bool no_memory(tri_error *error) {
  tri__error(error, TRI_MEMORY, 0, "out of memory");
  return false;
}

bool tri__plan_loop(tri_graph *g, struct plan *p, struct plan_loop *l, bool reduce,
                    tri_error *error) {
  struct memory *m = &p->memory;
  tri__loop(g, l->node, &l->as);
  uint32_t inputs = l->as.steps + l->as.constants + l->as.carries, outputs = loop_outputs(&l->as);
  const uint32_t *ids = tri__lambda_ids(g, l->as.lambda, NULL, NULL);
  struct body b = {.g = g, .as = &l->as, .parameters = ids, .outputs = ids + inputs};
  l->output = tri__new(m, outputs, sizeof *l->output);
  b.needed = tri__new(m, outputs, sizeof *b.needed);
  b.summed = tri__new(m, outputs, 1);
  bool ok = (l->output && b.needed && b.summed && find_needed(l, &b)) || no_memory(error);
  if (ok)
    l->body =
        tri__plan_body(g, m, inputs, ids, b.count, b.needed, b.summed, b.primals, reduce, error);
  tri__free(m, b.summed, outputs, 1);
  tri__free(m, b.needed, outputs, sizeof *b.needed);
  if (!l->body) return false;
  l->size = NO_SIZE;
  if (l->as.n < 0) {
    l->size = tri__plan_size(p, tri__attr_data(g, (uint32_t)~l->as.n, NULL));
    if (l->size == NO_SIZE) return no_memory(error);
  }
  return (find_scatters(m, l) && match_sizes(p, l)) || no_memory(error);
}

void tri__plan_loop_free(struct memory *m, struct plan_loop *l) {
  if (l->sizes) tri__free(m, l->sizes, l->body->size_count, sizeof *l->sizes);
  tri__loop_lanes_free(l->lanes);
  tri__lanes_free(l->scan);
  tri__plan_free(l->body);
  if (l->first_term) tri__free(m, l->first_term, l->results + 1, sizeof *l->first_term);
  tri__free(m, l->terms, l->term_capacity, sizeof *l->terms);
  tri__free(m, l->kept, l->results, sizeof *l->kept);
  tri__free(m, l->strict, l->results, 1);
  tri__free(m, l->counted, l->as.steps, sizeof *l->counted);
  tri__free(m, l->first, l->as.steps, sizeof *l->first);
  tri__free(m, l->wanted, l->as.steps + l->as.constants + l->as.carries, 1);
  tri__free(m, l->output, loop_outputs(&l->as), sizeof *l->output);
}
