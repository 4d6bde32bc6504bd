/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Products with windows that become convolutions: of unfold(x) with a kernel, of its transpose with
 * what comes back, and what a product gives that is folded. Bias and relu of a convolution that
 * nobody reads without them are taken in. */
#include <string.h>

#include "eval/array_windows.h"

/* Elements of an operand that are summed over, and those that stay. */
static void count(const struct array_node *product, int i, size_t *kept, size_t *summed) {
  const struct contraction *how = &product->how;
  const struct view *v = &product->args[i];
  uint32_t first = how->turned >> i & 1 ? 0 : v->rank - how->contracted;
  *kept = *summed = 1;
  for (uint32_t d = 0; d < v->rank; d++)
    *(d >= first && d < first + how->contracted ? summed : kept) *= v->size[d];
}

static bool by_kernels(const struct window_layout *l, size_t filters) {
  return tri__convolution_fits(&(struct convolution){.w = *l, .filters = filters, .groups = 1});
}

static struct window_plan *new_plan(struct array_maker *m, enum window_work work,
                                    const struct window_layout *l, size_t filters,
                                    unsigned strong) {
  struct window_plan *plan = tri__keep(m->program, 1, sizeof *plan);
  if (plan)
    *plan = (struct window_plan){
        .work = work, .conv = {.w = *l, .filters = filters, .groups = 1}, .strong = strong};
  else
    array_no_memory(m);
  return plan;
}

/* A product of unfold(x): a convolution, or what comes back to a kernel. */
static bool of_unfolded(struct array_maker *m, uint32_t node) {
  struct array_program *p = m->program;
  struct array_node *n = p->nodes + node;
  const struct array_node *unfold = p->nodes + n->args[0].node;
  size_t kept, summed, filters, other;
  if (!is_window_row(unfold, TRI_OP_unfold) || !tri__view_is_whole(p, &n->args[0])) return true;
  const struct window_layout *l = &unfold->windows->conv.w;
  bool turned = n->how.turned & CONTRACT_A;
  count(n, 0, &kept, &summed);
  count(n, 1, &filters, &other);
  bool fits = n->how.turned & CONTRACT_B && tri__view_is_dense(&n->args[1]) && filters &&
              by_kernels(l, filters) && (turned ? summed : kept) == l->n * l->windows &&
              (turned ? kept : summed) == l->places * l->c && (turned || !n->update.given);
  if (!fits) return true;
  n->windows = new_plan(m, turned ? CONVOLUTION_KERNEL : CONVOLUTION, l, filters, n->how.strong);
  if (!n->windows) return false;
  n->kind = NODE_WINDOWS;
  n->args[0] = unfold->args[0];
  return true;
}

/* What is folded of a product with a kernel: what comes back to a convolution's argument. */
static bool of_folded(struct array_maker *m, uint32_t node) {
  struct array_program *p = m->program;
  struct array_node *n = p->nodes + node;
  const struct array_node *product = p->nodes + n->args[0].node;
  size_t kept, filters, cells, other;
  if (product->kind != NODE_PRODUCT || product->update.given || product->how.batch ||
      product->how.turned || !tri__view_is_whole(p, &n->args[0]))
    return true;
  const struct window_layout *l = &n->windows->conv.w;
  count(product, 0, &kept, &filters);
  count(product, 1, &cells, &other);
  if (kept != l->n * l->windows || cells != l->places * l->c || !filters ||
      !by_kernels(l, filters) || !tri__view_is_dense(&product->args[0]) ||
      !tri__view_is_dense(&product->args[1]))
    return true;
  n->windows = new_plan(m, CONVOLUTION_BACK, l, filters, product->how.strong);
  if (!n->windows) return false;
  n->args = product->args;
  n->nargs = 2;
  return true;
}

/* --- what becomes of the sums */

/* A vector with a number for each filter, the same for all windows. */
static bool is_bias(const struct view *v, size_t filters) {
  struct view m = tri__view_merged(v);
  return m.rank == 2 && m.stride[0] == 0 && m.stride[1] == 1 && m.size[1] == filters;
}

/* The row becomes the convolution that it is of, with `more` arguments. */
static bool take_in(struct array_maker *m, struct array_node *row, const struct array_node *conv,
                    const struct view *bias) {
  struct view *args = tri__keep(m->program, conv->nargs + 1, sizeof *args);
  struct window_plan *plan = tri__keep(m->program, 1, sizeof *plan);
  if (!args || !plan) return array_no_memory(m);
  *plan = *conv->windows;
  plan->has_bias |= bias != NULL;
  plan->relu = bias == NULL;
  memcpy(args, conv->args, conv->nargs * sizeof *args);
  row->nargs = conv->nargs;
  if (bias) args[row->nargs++] = *bias;
  row->kind = NODE_WINDOWS;
  row->args = args;
  row->windows = plan;
  row->how = conv->how;
  return true;
}

static bool is_convolution(const struct array_program *p, const struct view *v,
                           const uint32_t *readers) {
  const struct array_node *n = p->nodes + v->node;
  return n->kind == NODE_WINDOWS && n->windows->work == CONVOLUTION && !n->windows->relu &&
         readers[v->node] == 1 && tri__view_is_whole(p, v);
}

static bool with_end(struct array_maker *m, uint32_t node, const uint32_t *readers) {
  struct array_program *p = m->program;
  struct array_node *n = p->nodes + node;
  if (n->op == TRI_OP_relu && is_convolution(p, &n->args[0], readers))
    return take_in(m, n, p->nodes + n->args[0].node, NULL);
  for (int i = 0; n->op == TRI_OP_add && i < 2; i++) {
    const struct array_node *conv = p->nodes + n->args[i].node;
    if (!is_convolution(p, &n->args[i], readers) || conv->windows->has_bias ||
        !is_bias(&n->args[1 - i], conv->windows->conv.filters))
      continue;
    struct view bias = tri__view_merged(&n->args[1 - i]);
    return take_in(m, n, conv, &bias);
  }
  return true;
}

bool tri__array_convolutions(struct array_maker *m) {
  struct array_program *p = m->program;
  uint32_t *readers = tri__new(p->memory, p->node_count, sizeof *readers);
  bool ok = readers != NULL;
  for (uint32_t i = 0; ok && i < p->node_count; i++) {
    const struct array_node *n = p->nodes + i;
    if (n->kind == NODE_PRODUCT && !n->how.batch)
      ok = of_unfolded(m, i);
    else if (is_window_row(n, TRI_OP_fold))
      ok = of_folded(m, i);
  }
  if (ok) tri__array_readers(p, readers);
  for (uint32_t i = 0; ok && i < p->node_count; i++)
    if (p->nodes[i].needed && p->nodes[i].kind == NODE_ROW) ok = with_end(m, i, readers);
  if (ok) tri__array_readers(p, readers);
  tri__free(p->memory, readers, p->node_count, sizeof *readers);
  m->no_memory |= !ok;
  return ok;
}
