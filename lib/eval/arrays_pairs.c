/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Products that are carried out together with the chain that reads them first: some rows of the
 * product, then the chain over them while they are in the second cache. Where nobody else reads the
 * product, a thread has room for the rows under way alone. */
#include "eval/array_program.h"

/* Of rows that are computed at once: few enough to stay in the second cache with what else the
 * chain reads, enough that CBLAS packs its other operand rarely. Chains over less than SECOND_CACHE
 * find the whole product there. */
enum { PIECE_BYTES = 256 << 10, SECOND_CACHE = 1 << 20 };

static size_t elements_between(const struct view *v, uint32_t first, uint32_t last) {
  size_t count = 1;
  for (uint32_t d = first; d < last; d++) count *= v->size[d];
  return count;
}

/* The task that reads the node first; NO_TASK unless it is a chain that does so element by
 * element. *sole: nobody else reads it. */
static uint32_t first_reader(const struct array_program *p, uint32_t node, bool *sole) {
  uint32_t first = NO_TASK;
  bool alike = true;
  *sole = !p->nodes[node].output;
  for (uint32_t i = 0; i < p->node_count; i++) {
    const struct array_node *n = p->nodes + i;
    for (uint32_t a = 0; n->needed && a < n->nargs; a++) {
      if (n->args[a].node != node) continue;
      *sole &= first == NO_TASK || first == n->task;
      if (n->task > first) continue;
      if (n->task < first) alike = true;
      first = n->task;
      alike &= (n->kind == NODE_ROW || n->kind == NODE_SUM) && tri__view_is_whole(p, &n->args[a]) &&
               p->tasks[first].chain && p->tasks[first].elements == p->nodes[node].count;
    }
  }
  for (uint32_t o = 0; o < p->output_count; o++) *sole &= p->outputs[o].node != node;
  return alike ? first : NO_TASK;
}

/* Whether what a chain reads and writes would drive a product from the second cache. */
static bool streams(const struct array_program *p, const struct array_task *chain) {
  size_t arrays = 0;
  for (uint32_t k = 0; k < chain->count; k++) {
    const struct array_node *n = p->nodes + chain->nodes[k];
    arrays += n->kind == NODE_ROW && n->stored;
    for (uint32_t a = 0; a < n->nargs; a++) {
      const struct array_node *read = p->nodes + n->args[a].node;
      arrays += read->task != n->task && read->count == chain->elements;
    }
  }
  return arrays && chain->elements > SECOND_CACHE / arrays / p->size;
}

/* Whether a sum can be cut behind each `piece` elements. */
static bool can_cut(const struct array_node *sum, size_t piece, size_t elements) {
  const struct view *x = &sum->args[0];
  bool total = true;
  uint32_t d = 0;
  for (uint32_t e = 0; e < x->rank; e++) total &= sum->to[e] == 0 || x->size[e] == 1;
  while (d < x->rank && x->size[d] == 1) d++;
  return total || (d < x->rank && piece % (elements / x->size[d]) == 0);
}

static bool reads(const struct array_node *n, uint32_t node) {
  for (uint32_t a = 0; a < n->nargs; a++)
    if (n->args[a].node == node) return true;
  return false;
}

/* Whether the product's operands are still there when tasks up to the chain have been, and the
 * chain can be cut. */
static bool can_wait(const struct array_maker *m, uint32_t node, uint32_t chain, size_t piece) {
  const struct array_program *p = m->program;
  const uint32_t *donated = m->workspace->function->donated;
  const struct array_node *product = p->nodes + node;
  for (uint32_t t = product->task + 1; t <= chain; t++)
    for (uint32_t k = 0; k < p->tasks[t].count; k++) {
      const struct array_node *n = p->nodes + p->tasks[t].nodes[k];
      if (n->output && donated && donated[n->output - 1] &&
          reads(product, donated[n->output - 1] - 1))
        return false;
      if (t == chain && n->kind == NODE_SUM && !can_cut(n, piece, product->count)) return false;
    }
  return true;
}

/* Rows of a piece, and elements of a row; 0 if there is one piece alone, or the product is of
 * another kind. */
static size_t rows_of_piece(const struct array_program *p, const struct array_node *n,
                            size_t *columns) {
  const struct view *a = &n->args[0];
  const struct contraction *how = &n->how;
  uint32_t first = how->batch + (how->turned & CONTRACT_A ? how->contracted : 0u);
  uint32_t kept = a->rank - how->batch - how->contracted;
  size_t rows = elements_between(a, first, first + kept);
  if (n->kind != NODE_PRODUCT || n->update.given || how->strong || !n->count ||
      elements_between(a, 0, how->batch) != 1 || elements_between(a, 0, a->rank) == 0)
    return 0;
  *columns = n->count / rows;
  size_t most = PIECE_BYTES / (*columns * p->size) / PIECE_ROWS * PIECE_ROWS;
  if (!most) most = PIECE_ROWS;
  size_t pieces = (rows + most - 1) / most;
  size_t piece = round_up((rows + pieces - 1) / pieces, PIECE_ROWS);
  return piece < rows ? piece : 0;
}

static void join(struct array_maker *m, uint32_t t) {
  struct array_program *p = m->program;
  struct array_task *task = p->tasks + t;
  uint32_t node = task->nodes[0];
  size_t columns = 0, rows = 0;
  bool sole;
  if (p->nodes[node].kind == NODE_PRODUCT) rows = rows_of_piece(p, p->nodes + node, &columns);
  uint32_t chain = rows ? first_reader(p, node, &sole) : NO_TASK;
  if (chain == NO_TASK || p->tasks[chain].product || !streams(p, p->tasks + chain) ||
      !can_wait(m, node, chain, rows * columns))
    return;
  p->tasks[chain].product = node + 1;
  p->tasks[chain].rows = rows;
  p->tasks[chain].piece = rows * columns;
  p->tasks[chain].local = sole;
  p->nodes[node].task = chain;
  p->nodes[node].stored = !sole;
  task->count = 0;
}

void tri__array_pairs(struct array_maker *m) {
  for (uint32_t t = 0; t < m->program->task_count; t++)
    if (!m->program->tasks[t].chain) join(m, t);
}
