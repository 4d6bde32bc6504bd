/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The computation graph in Graphviz's language: a node for each node, edges from arguments to
 * their users, inputs at the bottom. */
#include <string.h>

#include "graph/print.h"

struct dot {
  tri_graph *g;
  const tri_print_options *options;
  tri_text *text;
  struct walk walk;
  uint32_t *number; /* by position: 0 not yet met, else its number in the text */
  uint32_t *stack;
  size_t n_stack, capacity;
  uint32_t count;
  size_t start;
};

/* Text within double quotes. */
static void put_escaped(tri_text *text, const char *s) {
  for (; *s; s++) {
    if (*s == '\n') {
      tri__text_puts(text, "\\n");
      continue;
    }
    if (*s == '"' || *s == '\\') tri__text_putc(text, '\\');
    tri__text_putc(text, *s);
  }
}

static void put_constant(struct dot *d, uint32_t id) {
  mpq_t q;
  tri__rational(d->g, id, q);
  if (node_at(d->g, id)->sort == TRI_BOOLEAN)
    tri__text_puts(d->text, mpq_sgn(q) ? "true" : "false");
  else
    tri__text_number(d->text, q);
}

static void put_label(struct dot *d, uint32_t id) {
  const struct node *n = node_at(d->g, id);
  const struct row *row = tri__row(d->g, n->op);
  switch (n->op) {
  case TRI_OP_constant: put_constant(d, id); return;
  case TRI_OP_variable: put_escaped(d->text, tri__name(d->g, id)); return;
  case TRI_OP_element:
    tri__text_printf(d->text, "[%llu]", (unsigned long long)tri__index_attr(d->g, id) + 1);
    return;
  case TRI_OP_pi: tri__text_puts(d->text, "pi"); return;
  case TRI_OP_eps: tri__text_puts(d->text, "eps"); return;
  case TRI_OP_stack: tri__text_puts(d->text, "[ ]"); return;
  case TRI_OP_hole: tri__text_printf(d->text, "%c", HOLE_NAMES[tri__index_attr(d->g, id)]); return;
  default:
    put_escaped(d->text, !row ? tri_op_name((tri_op)n->op) : row->infix ? row->infix : row->name);
    return;
  }
}

/* Inputs, numbers and operations differ in shape and colour; the result has a double line. */
static const char *dress_of(const struct node *n) {
  switch (n->op) {
  case TRI_OP_variable:
  case TRI_OP_eps: return ", shape=box, style=\"filled,rounded\", fillcolor=\"#cfe2f3\"";
  case TRI_OP_constant:
  case TRI_OP_pi: return ", shape=box, style=filled, fillcolor=\"#eeeeee\", color=\"#999999\"";
  default: return "";
  }
}

static void put_node(struct dot *d, uint32_t i, bool result) {
  uint32_t id = d->walk.ids[i];
  const struct node *n = node_at(d->g, id);
  const char *second =
      d->options->label ? d->options->label(d->options->label_data, expr_of(d->g, id)) : NULL;
  tri__text_printf(d->text, "  n%u [label=\"", (unsigned)d->number[i]);
  put_label(d, id);
  if (second) {
    tri__text_puts(d->text, "\\n");
    put_escaped(d->text, second);
  }
  tri__text_printf(d->text, "\"%s%s];\n", dress_of(n), result ? ", peripheries=2" : "");
}

/* The edges into a node; where the order of arguments matters they are numbered. */
static void put_edges(struct dot *d, uint32_t i) {
  const struct node *n = node_at(d->g, d->walk.ids[i]);
  const struct row *row = tri__row(d->g, n->op);
  bool ordered = n->nargs > 1 && !(row && row->commutes);
  for (uint32_t k = 0; k < n->nargs; k++) {
    uint32_t from = d->number[walk_position(&d->walk, node_args(d->g, n)[k])];
    tri__text_printf(d->text, "  n%u -> n%u", (unsigned)from, (unsigned)d->number[i]);
    if (ordered) tri__text_printf(d->text, " [headlabel=\"%u\"]", (unsigned)k + 1);
    tri__text_puts(d->text, ";\n");
  }
}

static tri_status check(struct dot *d) {
  if (d->text->size - d->start > d->g->limits.text) {
    tri__fail(d->g, TRI_LIMIT, "the picture would be a text of more than %llu bytes",
              (unsigned long long)d->g->limits.text);
    return TRI_LIMIT;
  }
  if (d->text->status) tri__no_memory(d->g);
  if (d->text->status) return d->text->status;
  return d->count % 4096 == 0 && tri__interrupted(d->g) ? TRI_INTERRUPTED : TRI_OK;
}

#define LEAVE (UINT32_C(1) << 31)

/* Nodes in the order in which a reader from the result down would leave them: arguments first,
 * and by structure alone. */
static tri_status put_nodes(struct dot *d) {
  d->stack[d->n_stack++] = d->walk.count - 1;
  while (d->n_stack) {
    uint32_t top = d->stack[--d->n_stack], i = top & ~LEAVE;
    const struct node *n = node_at(d->g, d->walk.ids[i]);
    if (top & LEAVE) {
      if (d->number[i]) continue;
      d->number[i] = ++d->count;
      put_node(d, i, i == d->walk.count - 1);
      put_edges(d, i);
      tri_status status = check(d);
      if (status) return status;
      continue;
    }
    if (d->number[i]) continue;
    if (!tri__grow(&d->g->memory, (void **)&d->stack, &d->capacity, d->n_stack + n->nargs + 1,
                   sizeof *d->stack)) {
      tri__no_memory(d->g);
      return TRI_MEMORY;
    }
    d->stack[d->n_stack++] = i | LEAVE;
    for (uint32_t k = n->nargs; k-- > 0;)
      d->stack[d->n_stack++] = walk_position(&d->walk, node_args(d->g, n)[k]);
  }
  return TRI_OK;
}

static tri_status put_graph(struct dot *d) {
  struct memory *m = &d->g->memory;
  d->number = tri__new(m, d->walk.count, sizeof *d->number);
  if (!d->number || !tri__grow(m, (void **)&d->stack, &d->capacity, 1, sizeof *d->stack)) {
    tri__no_memory(d->g);
    return TRI_MEMORY;
  }
  tri__text_puts(
      d->text, "digraph triad {\n"
               "  rankdir=BT;\n"
               "  node [fontname=\"Helvetica\", fontsize=12];\n"
               "  edge [arrowsize=0.7, fontname=\"Helvetica\", fontsize=9, fontcolor=\"#777777\", "
               "labeldistance=1.8, labelangle=30];\n");
  tri_status status = put_nodes(d);
  if (status) return status;
  tri__text_puts(d->text, "}\n");
  return check(d);
}

tri_status tri__print_dot(tri_expr e, const tri_print_options *options, tri_text *text) {
  struct dot d = {.g = e.graph, .options = options, .text = text, .start = text->size};
  tri_status status = tri__walk(e.graph, 1, &e.id, &d.walk);
  if (status) return status;
  status = put_graph(&d);
  tri__free(&e.graph->memory, d.number, d.walk.count, sizeof *d.number);
  tri__free(&e.graph->memory, d.stack, d.capacity, sizeof *d.stack);
  tri__walk_free(&d.walk);
  return status;
}
