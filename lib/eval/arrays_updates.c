/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Donated outputs of array programs: products that are added to what is there, and which outputs
 * are computed where they belong. */
#include <string.h>

#include "eval/array_program.h"

void tri__array_readers(struct array_program *p, uint32_t *readers) {
  memset(readers, 0, p->node_count * sizeof *readers);
  for (uint32_t i = 0; i < p->node_count; i++) p->nodes[i].needed = false;
  for (uint32_t o = 0; o < p->output_count; o++) {
    readers[p->outputs[o].node]++;
    p->nodes[p->outputs[o].node].needed = true;
  }
  for (uint32_t i = p->node_count; i-- > 0;) {
    const struct array_node *n = p->nodes + i;
    for (uint32_t a = 0; n->needed && a < n->nargs; a++) {
      readers[n->args[a].node]++;
      p->nodes[n->args[a].node].needed = true;
    }
  }
}

/* --- W - s (a b), where W is donated */

enum { MOST_FACTORS = 60 };

/* What stands between the sum and the product. */
struct factors {
  double sign;
  uint32_t count;
  uint64_t divided;
  struct view number[MOST_FACTORS];
};

static bool add_factor(struct factors *f, const struct view *v, bool divided) {
  if (f->count == MOST_FACTORS) return false;
  f->divided |= (uint64_t)divided << f->count;
  f->number[f->count] = *v;
  f->number[f->count++].rank = 0;
  return true;
}

/* The product that a term comes to but for factors, none of it read by anybody else. */
static uint32_t find_product(const struct array_program *p, const uint32_t *readers,
                             const struct view *term, struct factors *f) {
  const struct view *v = term;
  while (tri__view_is_whole(p, v) && readers[v->node] == 1) {
    const struct array_node *n = node_of(p, v->node);
    if (n->kind == NODE_PRODUCT) return n->update.given ? NO_NODE : v->node;
    if (n->kind != NODE_ROW) return NO_NODE;
    v = &n->args[0];
    if (n->op == TRI_OP_neg) {
      f->sign = -f->sign;
    } else if (n->op == TRI_OP_div && tri__view_is_number(&n->args[1])) {
      if (!add_factor(f, &n->args[1], true)) return NO_NODE;
    } else if (n->op == TRI_OP_mul &&
               (tri__view_is_number(&n->args[0]) || tri__view_is_number(&n->args[1]))) {
      bool first = tri__view_is_number(&n->args[0]);
      v = &n->args[first];
      if (!add_factor(f, &n->args[!first], false)) return NO_NODE;
    } else {
      return NO_NODE;
    }
  }
  return NO_NODE;
}

/* The node becomes the product with W as what is there. */
static bool make_update(struct array_maker *m, uint32_t node, uint32_t product, struct view w,
                        const struct factors *f) {
  struct array_program *p = m->program;
  struct array_node *n = p->nodes + node;
  const struct array_node *source = p->nodes + product;
  struct view *args = tri__keep(p, f->count + 3, sizeof *args);
  if (!args) return array_no_memory(m);
  args[0] = source->args[0];
  args[1] = source->args[1];
  args[2] = w;
  memcpy(args + 3, f->number, f->count * sizeof *args);
  n->kind = NODE_PRODUCT;
  n->args = args;
  n->nargs = f->count + 3;
  n->how = source->how;
  n->extended = source->extended;
  n->update = (struct update){.given = true, .sign = f->sign, .divided = f->divided};
  return true;
}

static bool reads(const struct array_program *p, uint32_t node, uint32_t input) {
  return p->nodes[node].args[0].node == input || p->nodes[node].args[1].node == input;
}

static bool update_output(struct array_maker *m, const uint32_t *readers, uint32_t o,
                          uint32_t input) {
  const struct array_program *p = m->program;
  uint32_t node = p->outputs[o].node;
  const struct array_node *n = node_of(p, node);
  if (!tri__view_is_whole(p, &p->outputs[o]) || readers[node] != 1 || n->count < 2 ||
      n->kind != NODE_ROW || (n->op != TRI_OP_sub && n->op != TRI_OP_add))
    return true;
  for (uint32_t i = 0; i < (n->op == TRI_OP_add ? 2u : 1u); i++) {
    struct factors f = {.sign = n->op == TRI_OP_sub ? -1.0 : 1.0};
    struct view w = n->args[i];
    if (w.node != input || !tri__view_is_whole(p, &w)) continue;
    uint32_t product = find_product(p, readers, &n->args[1 - i], &f);
    if (product == NO_NODE || reads(p, product, input)) continue;
    return make_update(m, node, product, w, &f);
  }
  return true;
}

/* --- masks of relu: x > 0 is relu(x) > 0, of which x need not be kept */

static bool is_zero(const struct array_program *p, const struct view *v) {
  const struct array_node *n = node_of(p, v->node);
  static const char zeros[sizeof(double)];
  return n->kind == NODE_CONSTANT && tri__view_is_number(v) &&
         !memcmp((const char *)n->values + v->offset * p->size, zeros, p->size);
}

/* by node: the relu of it, + 1 */
static void see_relus(struct array_program *p, uint32_t *relu) {
  memset(relu, 0, p->node_count * sizeof *relu);
  for (uint32_t i = 0; i < p->node_count; i++) {
    struct array_node *n = p->nodes + i;
    if (n->kind != NODE_ROW) continue;
    struct view *x = n->args;
    if (n->op == TRI_OP_relu && n->needed && tri__view_is_whole(p, x)) relu[x->node] = i + 1;
    if (n->op == TRI_OP_gt && tri__view_is_whole(p, x) && relu[x->node] && is_zero(p, &x[1]))
      x->node = relu[x->node] - 1;
  }
}

bool tri__array_updates(struct array_maker *m) {
  struct array_program *p = m->program;
  const uint32_t *donated = m->workspace->function->donated;
  uint32_t *readers = tri__new(p->memory, p->node_count, sizeof *readers);
  bool ok = readers != NULL;
  if (ok) {
    tri__array_readers(p, readers);
    see_relus(p, readers);
    tri__array_readers(p, readers);
  }
  for (uint32_t o = 0; ok && donated && o < p->output_count; o++)
    ok = !donated[o] || update_output(m, readers, o, donated[o] - 1);
  if (ok) tri__array_readers(p, readers);
  tri__free(p->memory, readers, p->node_count, sizeof *readers);
  m->no_memory |= !ok;
  return ok;
}

/* --- where outputs are computed */

static bool is_donated(const struct array_maker *m, uint32_t input) {
  const uint32_t *donated = m->workspace->function->donated;
  for (uint32_t o = 0; donated && o < m->program->output_count; o++)
    if (donated[o] == input + 1) return true;
  return false;
}

/* An output that shows a donated input is copied to a place of its own before that is written. */
static bool output_place(struct array_maker *m, uint32_t o) {
  struct array_program *p = m->program;
  const uint32_t *donated = m->workspace->function->donated;
  struct view *v = &p->outputs[o];
  struct array_node *n = p->nodes + v->node;
  bool whole = tri__view_is_whole(p, v);
  p->copied[o] = 1;
  if (n->kind == NODE_INPUT && donated && whole && donated[o] == v->node + 1) p->copied[o] = 0;
  if (n->kind == NODE_INPUT && p->copied[o] && is_donated(m, v->node)) {
    if (!tri__array_copied(m, v)) return false;
    p->nodes[v->node].needed = true;
  } else if (whole && n->kind != NODE_INPUT && n->kind != NODE_CONSTANT && !n->output) {
    n->output = o + 1;
    p->copied[o] = 0;
  }
  return true;
}

bool tri__array_outputs(struct array_maker *m) {
  struct array_program *p = m->program;
  for (uint32_t o = 0; o < p->output_count; o++)
    if (!output_place(m, o)) return false;
  return true;
}
