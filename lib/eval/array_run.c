/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Operations that move, repeat and number parts of arrays: forward in any domain, and their
 * transposes in a sweep. */
#include <math.h>
#include <string.h>

#include "eval/run.h"

/* --- numbers */

/* The index that a number says, if it is one below `n`: into *i. */
static bool index_of(const struct run *r, const void *number, size_t n, size_t *i) {
  const struct numbers *base = tri__base(r->numbers);
  if (base->domain->state(base, number)) return false;
  double x = base->domain->to_double(base, number);
  if (!(x >= 0.0 && x < (double)n) || x != floor(x)) return false;
  *i = (size_t)x;
  bool wide = has_doubles(base->domain);
  mpq_t q;
  if (wide) return true;
  mpq_init(q); /* a ball that is not exact is no index */
  bool exact = base->domain->to_rational(base, number, q) && mpq_cmp_ui(q, *i, 1) == 0;
  mpq_clear(q);
  return exact;
}

void tri__set_integer(struct numbers *n, void *to, int64_t i) {
  mpq_t q;
  if (i > -((int64_t)1 << 53) && i < (int64_t)1 << 53) {
    n->domain->set_double(n, to, (double)i);
    return;
  }
  mpq_init(q);
  mpz_set_si(mpq_numref(q), i);
  n->domain->set_rational(n, to, q);
  mpq_clear(q);
}

static void copy(const struct run *r, uint32_t to, size_t to_element, uint32_t from, size_t element,
                 size_t count) {
  if (count)
    r->numbers->domain->set(r->numbers, element_at(r, to, to_element), element_at(r, from, element),
                            count);
}

/* Elements from `first` on become 0. */
static void clear(const struct run *r, uint32_t v, size_t first, size_t count) {
  if (count && r->numbers->domain == &tri__double_domain) {
    memset(element_at(r, v, first), 0, count * r->numbers->size);
    return;
  }
  for (size_t e = first; e < first + count; e++)
    r->numbers->domain->set_double(r->numbers, element_at(r, v, e), 0.0);
}

/* Parts along the first dimension of a value of `count` elements with parts of `each`. */
static size_t parts(size_t count, size_t each) { return each ? count / each : 0; }

/* --- forward */

static void run_gather(struct run *r, const struct instruction *s) {
  size_t each = count_of(r, s->result), i;
  if (index_of(r, element_at(r, s->arg[1], 0), parts(count_of(r, s->arg[0]), each), &i)) {
    copy(r, s->result, 0, s->arg[0], i * each, each);
    return;
  }
  for (size_t e = 0; e < each; e++)
    r->numbers->domain->set_none(r->numbers, element_at(r, s->result, e), NUMBER_NONE);
}

static void run_scatter(struct run *r, const struct instruction *s) {
  size_t each = count_of(r, s->arg[0]), all = count_of(r, s->result), i;
  if (s->flags & STEP_SUMMED) return;
  clear(r, s->result, 0, all);
  if (index_of(r, element_at(r, s->arg[1], 0), parts(all, each), &i)) {
    copy(r, s->result, i * each, s->arg[0], 0, each);
    return;
  }
  for (size_t e = 0; e < all; e++)
    r->numbers->domain->set_none(r->numbers, element_at(r, s->result, e), NUMBER_NONE);
}

void tri__add_scattered(const struct run *r, uint32_t result, const struct run *body,
                        const struct instruction *s) {
  struct numbers *n = r->numbers;
  size_t each = count_of(body, s->arg[0]), all = count_of(r, result), i;
  bool known = index_of(body, element_at(body, s->arg[1], 0), parts(all, each), &i);
  for (size_t e = 0; known && e < each; e++)
    tri__numbers_accumulate(n, element_at(r, result, i * each + e), element_at(body, s->arg[0], e));
  for (size_t e = 0; !known && e < all; e++)
    n->domain->set_none(n, element_at(r, result, e), NUMBER_NONE);
}

/* Elements before the first part of a slice, or of what is embedded. */
static size_t offset_of(const struct run *r, const struct instruction *s, uint32_t whole) {
  const struct plan *p = r->plan;
  const struct plan_shape *shape = p->shapes + p->values[whole].shape;
  int64_t n = p->dims[shape->first];
  size_t parts_of_whole = (size_t)(n < 0 ? r->workspace->sizes[~n] : n);
  return parts_of_whole ? (size_t)p->spans[s->index] * (count_of(r, whole) / parts_of_whole) : 0;
}

static void run_embed(struct run *r, const struct instruction *s) {
  size_t offset = offset_of(r, s, s->result), own = count_of(r, s->arg[0]), end = offset + own;
  clear(r, s->result, 0, offset);
  copy(r, s->result, offset, s->arg[0], 0, own);
  clear(r, s->result, end, count_of(r, s->result) - end);
}

static void run_repeat(struct run *r, const struct instruction *s) {
  size_t each = count_of(r, s->arg[0]), all = count_of(r, s->result);
  for (size_t e = 0; each && e < all; e += each) copy(r, s->result, e, s->arg[0], 0, each);
}

static void run_iota(struct run *r, const struct instruction *s) {
  for (size_t e = 0; e < count_of(r, s->result); e++)
    tri__set_integer(r->numbers, element_at(r, s->result, e),
                     r->plan->spans[s->index] + (int64_t)e);
}

tri_status tri__run_array(struct run *r, const struct instruction *s) {
  switch (s->op) {
  case TRI_OP_loop: return tri__run_loop(r, s);
  case TRI_OP_gather: run_gather(r, s); break;
  case TRI_OP_scatter: run_scatter(r, s); break;
  case TRI_OP_slice:
    copy(r, s->result, 0, s->arg[0], offset_of(r, s, s->arg[0]), count_of(r, s->result));
    break;
  case TRI_OP_embed: run_embed(r, s); break;
  case TRI_OP_repeat: run_repeat(r, s); break;
  case TRI_OP_iota: run_iota(r, s); break;
  case TRI_OP_permute: tri__run_permute(r, s); break;
  case TRI_OP_reshape: copy(r, s->result, 0, s->arg[0], 0, count_of(r, s->result)); break;
  case TRI_OP_contract: return tri__run_contract(r, s);
  case TRI_OP_unfold:
  case TRI_OP_fold:
  case TRI_OP_pick:
  case TRI_OP_route: return tri__run_windows(r, s);
  case TRI_OP_lse:
  case TRI_OP_argmax: return tri__run_last(r, s);
  case TRI_OP_size:
    tri__set_integer(r->numbers, element_at(r, s->result, 0), r->workspace->sizes[s->index]);
    break;
  default: break;
  }
  return TRI_OK;
}

/* --- back */

void tri__sweep_array(struct sweep *s, const struct instruction *step) {
  struct run *r = s->run;
  size_t count = count_of(r, step->result), i;
  size_t each = step->nargs ? count_of(r, step->arg[0]) : 0;
  if (step->op == TRI_OP_contract) {
    tri__sweep_contract(s, step);
    return;
  }
  if (op_has_windows(step->op)) {
    tri__sweep_windows(s, step);
    return;
  }
  if (!step->nargs || !r->plan->active[step->arg[0]]) return;
  switch (step->op) {
  case TRI_OP_gather:
    if (index_of(r, element_at(r, step->arg[1], 0), parts(each, count), &i))
      tri__sweep_move(s, step->result, 0, 0, step->arg[0], i * count, count);
    break;
  case TRI_OP_scatter:
    if (index_of(r, element_at(r, step->arg[1], 0), parts(count, each), &i))
      tri__sweep_move(s, step->result, i * each, 0, step->arg[0], 0, each);
    break;
  case TRI_OP_slice:
    tri__sweep_move(s, step->result, 0, 0, step->arg[0], offset_of(r, step, step->arg[0]), count);
    break;
  case TRI_OP_embed:
    tri__sweep_move(s, step->result, offset_of(r, step, step->result), 0, step->arg[0], 0, each);
    break;
  case TRI_OP_permute: tri__sweep_permute(s, step); break;
  case TRI_OP_lse: tri__sweep_lse(s, step); break;
  case TRI_OP_reshape:
  case TRI_OP_repeat: /* once or often */
    for (size_t e = 0; each && e < count; e += each)
      tri__sweep_move(s, step->result, e, 0, step->arg[0], 0, each);
    break;
  default: break;
  }
}
