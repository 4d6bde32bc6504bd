/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Row texts to templates: each text is parsed in a small graph of its own and read off as steps. */
#include "graph/template.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "graph/parse.h"
#include "graph/walk.h"

/* Where a text's names lead: an argument that is a condition is a boolean hole. */
struct scope {
  tri_graph *scratch;
  const struct row *row;
};

static bool hole_by_name(void *data, const char *name, size_t size, struct value *value) {
  static const char holes[HOLES + 1] = HOLE_NAMES;
  const struct scope *scope = data;
  const char *at = size == 1 ? memchr(holes, *name, HOLES) : NULL;
  if (!at) return false;
  uint32_t hole = (uint32_t)(at - holes);
  tri_sort sort = scope->row->conditions >> hole & 1 ? TRI_BOOLEAN : TRI_REAL;
  *value = (struct value){.kind = VALUE_EXPR, .expr = tri__hole(scope->scratch, hole, sort)};
  return true;
}

static uint32_t parse_text(tri_graph *scratch, const struct row *row, const char *text) {
  struct scope scope = {scratch, row};
  const struct environment names = {.data = &scope, .name = hole_by_name, .strict_names = true};
  struct lexer lexer;
  struct value value;
  struct token next;
  tri__lex_init(&lexer, text, strlen(text), 1);
  tri_status status = tri__parse_value(scratch, &lexer, &names, &value, &next);
  if (status) return NODE_ERROR + (uint32_t)status;
  assert(next.kind == TOKEN_END && value.kind == VALUE_EXPR);
  return value.expr;
}

/* The row's text of a kind, or NULL. */
static const char *text_of(const struct row *row, int kind) {
  switch (kind) {
  case TEMPLATE_VALUE: return row->value;
  case TEMPLATE_DOMAIN: return row->domain;
  case TEMPLATE_KINK: return row->kink;
  case TEMPLATE_PLAIN: return row->plain;
  default: return row->partial[kind % 3];
  }
}

static uint32_t result_node(tri_graph *scratch, const struct row *row, const char *text, int kind) {
  uint32_t partial = parse_text(scratch, row, text);
  if (kind < TEMPLATE_ADJOINT || kind >= TEMPLATE_VALUE || id_is_error(partial)) return partial;
  uint32_t w = tri__hole(scratch, HOLE_W, TRI_REAL);
  return tri__build2(scratch, kind < TEMPLATE_ADJOINT_STRONG ? TRI_OP_mul : TRI_OP_gate, w,
                     partial);
}

/* Where node id's value is found: its hole, or the step of its number among those that are no holes. */
static int16_t reference(const tri_graph *scratch, const struct walk *w, uint32_t id) {
  if (node_at(scratch, id)->op == TRI_OP_hole) return (int16_t)tri__index_attr(scratch, id);
  int16_t step = HOLES;
  for (uint32_t i = 0; w->ids[i] != id; i++)
    step = (int16_t)(step + (node_at(scratch, w->ids[i])->op != TRI_OP_hole));
  return step;
}

static struct template_step step_of(const tri_graph *scratch, const struct walk *w, uint32_t id) {
  const struct node *n = node_at(scratch, id);
  struct template_step step = {.op = n->op, .nargs = (uint16_t)n->nargs};
  mpq_t q;
  if (tri__rational(scratch, id, q)) {
    step.num = mpz_get_si(mpq_numref(q));
    step.den = mpz_get_si(mpq_denref(q));
  }
  for (uint32_t i = 0; i < n->nargs; i++)
    step.arg[i] = reference(scratch, w, node_args(scratch, n)[i]);
  return step;
}

static size_t template_size(uint16_t steps) {
  return offsetof(struct template, step) + steps * sizeof(struct template_step);
}

static struct template *read_off(tri_graph *g, const tri_graph *scratch, const struct walk *w,
                                 uint32_t result) {
  uint16_t steps = 0;
  uint8_t holes = 0;
  for (uint32_t i = 0; i < w->count; i++)
    if (node_at(scratch, w->ids[i])->op != TRI_OP_hole)
      steps++;
    else
      holes |= (uint8_t)(1u << tri__index_attr(scratch, w->ids[i]));
  struct template *t = tri__resize(&g->memory, NULL, 0, template_size(steps));
  if (!t) return NULL;
  *t = (struct template){.steps = 0, .holes = holes, .result = reference(scratch, w, result)};
  for (uint32_t i = 0; i < w->count; i++)
    if (node_at(scratch, w->ids[i])->op != TRI_OP_hole)
      t->step[t->steps++] = step_of(scratch, w, w->ids[i]);
  t->constant = steps == 1 && t->step[0].op == TRI_OP_constant && t->result == HOLES;
  return t;
}

static struct template *make(tri_graph *g, const struct row *row, const char *text, int kind) {
  tri_graph *scratch =
      tri__graph_new_rows(&(tri_graph_options){.allocator = &g->memory.allocator}, g->rows);
  struct template *t = NULL;
  struct walk w;
  if (!scratch) return NULL;
  uint32_t result = result_node(scratch, row, text, kind);
  assert(!id_is_error(result) || scratch->error.status == TRI_MEMORY);
  if (!id_is_error(result) && tri__walk(scratch, 1, &result, &w) == TRI_OK) {
    t = read_off(g, scratch, &w, result);
    tri__walk_free(&w);
  }
  tri_graph_free(scratch);
  return t;
}

const struct template *tri__template(tri_graph *g, tri_op op, int kind) {
  const char *text = text_of(g->rows + op, kind);
  if (!text) return NULL;
  if (!g->templates)
    g->templates = tri__new(&g->memory, TRI_OP_ROWS * TEMPLATE_KINDS, sizeof *g->templates);
  struct template **entry = g->templates ? &g->templates[(int)op * TEMPLATE_KINDS + kind] : NULL;
  if (entry && !*entry) *entry = make(g, g->rows + op, text, kind);
  if (!entry || !*entry) tri__no_memory(g);
  return entry ? *entry : NULL;
}

void tri__templates_free(tri_graph *g) {
  if (!g->templates) return;
  for (size_t i = 0; i < TRI_OP_ROWS * TEMPLATE_KINDS; i++)
    if (g->templates[i])
      tri__resize(&g->memory, g->templates[i], template_size(g->templates[i]->steps), 0);
  tri__free(&g->memory, g->templates, TRI_OP_ROWS * TEMPLATE_KINDS, sizeof *g->templates);
}

enum { TEMPLATE_MAX_STEPS = 32 };

uint32_t tri__template_build(tri_graph *g, const struct template *t, const uint32_t holes[HOLES]) {
  uint32_t value[HOLES + TEMPLATE_MAX_STEPS], args[ROW_MAX_ARITY] = {0};
  assert(t->steps <= TEMPLATE_MAX_STEPS);
  memcpy(value, holes, HOLES * sizeof *value);
  for (unsigned i = 0; i < t->steps; i++) {
    const struct template_step *s = &t->step[i];
    for (unsigned k = 0; k < s->nargs; k++) args[k] = value[s->arg[k]];
    value[HOLES + i] = s->op == TRI_OP_constant ? tri__constant_si(g, s->num, s->den)
                       : s->op == TRI_OP_pi     ? tri__leaf(g, TRI_OP_pi)
                                                : tri__build(g, (tri_op)s->op, s->nargs, args);
    if (id_is_error(value[HOLES + i])) return value[HOLES + i];
  }
  return value[t->result];
}
