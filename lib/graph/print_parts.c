/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Parts of arrays, as formats write them: x[2, i], numbered from 1 as in books. */
#include "graph/print_loops.h"

static bool is_part(const struct printer *p, uint32_t id) {
  return print_at(p, id)->op == TRI_OP_element || print_at(p, id)->op == TRI_OP_gather;
}

uint32_t tri__print_chain_of_parts(const struct printer *p, uint32_t id, size_t most,
                                   uint32_t *chain, size_t *n) {
  *n = 0;
  do {
    chain[(*n)++] = id;
    id = print_args(p, id)[0];
  } while (*n < most && is_part(p, id) && !is_named(p, id));
  return id;
}

/* An index u + c that is known from 0 on, as u and c + 1. */
static uint32_t from_one(const struct printer *p, uint32_t index, int64_t *more) {
  const struct node *n = print_at(p, index);
  const uint32_t *args = print_args(p, index);
  *more = 1;
  if (is_named(p, index) || (n->op != TRI_OP_add && n->op != TRI_OP_sub)) return index;
  bool first = n->op == TRI_OP_add && tri__small_integer(p->g, args[0], more);
  if (!first && !tri__small_integer(p->g, args[1], more)) return index;
  bool fits = *more > INT64_MIN && *more < INT64_MAX; /* else it is left in the index */
  *more = !fits ? 1 : 1 + (n->op == TRI_OP_sub ? -*more : *more);
  return fits ? args[first] : index;
}

void tri__print_running_index(struct printer *p, uint32_t index) {
  int64_t more;
  if (tri__small_integer(p->g, index, &more) && more < INT64_MAX) {
    tri__print_integer(p, more + 1);
    return;
  }
  uint32_t base = from_one(p, index, &more);
  tri__print_node(p, base, PREC_SUM, 0);
  tri__print_offset(p, more);
}

void tri__print_indices(struct printer *p, const uint32_t *chain, size_t n, const char *between) {
  for (size_t i = n; i-- > 0;) {
    if (print_at(p, chain[i])->op == TRI_OP_element)
      tri__print_integer(p, (int64_t)tri__index_attr(p->g, chain[i]) + 1);
    else
      tri__print_running_index(p, print_args(p, chain[i])[1]);
    if (i) tri__print_text(p, between);
  }
}
