/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Windows of arrays: cut out and added up, and the elements of them that are the first maximum,
 * forward in any domain and back.
 *
 * Over balls it may be open which element is the first maximum. Then an element of pick(x, x) is
 * the enclosure of the maximum; any other number that is 0 for all elements that may be it is 0,
 * and else it is undecided. That goes for values and for each tangent. */
#include "eval/windows.h"

#include <math.h>

/* --- layouts */

struct windows tri__plan_windows(const struct plan *p, const struct instruction *s) {
  const int64_t *next = p->spans + s->index;
  struct windows w = {.rank = (uint32_t)*next++};
  for (uint32_t d = 0; d < w.rank; d++) {
    w.size[d] = (uint32_t)*next++;
    w.stride[d] = (uint32_t)*next++;
    w.dilation[d] = (uint32_t)*next++;
    w.before[d] = (uint32_t)*next++;
    w.after[d] = (uint32_t)*next++;
    w.whole[d] = (uint32_t)*next++;
  }
  return w;
}

struct window_layout tri__plan_window_layout(const struct plan *p, const struct instruction *s,
                                             const int64_t *sizes) {
  struct windows w = tri__plan_windows(p, s);
  const struct plan_shape *shape = p->shapes + p->values[s->result].shape;
  int64_t n = p->dims[shape->first], c = p->dims[shape->first + shape->rank - 1];
  return tri__window_layout(&w, (size_t)(n < 0 ? sizes[~n] : n), (size_t)(c < 0 ? sizes[~c] : c));
}

static struct window_layout layout_of(const struct run *r, const struct instruction *s) {
  return tri__plan_window_layout(r->plan, s, r->workspace->sizes);
}

/* --- over doubles, which floats are as well */

static void run_doubles(const struct run *r, const struct instruction *s) {
  struct window_layout l = layout_of(r, s);
  size_t count = count_of(r, s->result);
  const double *a = count_of(r, s->arg[0]) ? element_at(r, s->arg[0], 0) : NULL;
  const double *b = s->nargs > 1 && count_of(r, s->arg[1]) ? element_at(r, s->arg[1], 0) : NULL;
  double *to = count ? element_at(r, s->result, 0) : NULL;
  if (!count) return;
  switch (s->op) {
  case TRI_OP_unfold: tri__unfold_doubles(&l, a, to); break;
  case TRI_OP_fold: tri__fold_doubles(&l, a, to); break;
  case TRI_OP_pick: tri__pick_doubles(&l, a, b, to); break;
  default: tri__route_doubles(&l, a, b, to); break;
  }
  bool sums = s->op == TRI_OP_fold || s->op == TRI_OP_route;
  for (size_t i = 0; sums && r->numbers->domain == &tri__float_domain && i < count; i++)
    to[i] = (double)(float)to[i];
}

/* --- cutting out and adding up, in any domain */

/* One place of one window: where its channels are among windows and in the array. */
struct place {
  size_t cut, cell;
  bool inside;
};

static struct place place_at(const struct window_layout *l, size_t window, size_t place) {
  struct place p;
  p.inside = window_place(l, window, place, &p.cut, &p.cell);
  return p;
}

static void clear(const struct run *r, uint32_t v, size_t first, size_t count) {
  for (size_t e = first; e < first + count; e++)
    r->numbers->domain->set_double(r->numbers, element_at(r, v, e), 0.0);
}

static void run_unfold(const struct run *r, const struct instruction *s) {
  struct window_layout l = layout_of(r, s);
  for (size_t w = 0; l.c && w < l.n * l.windows; w++)
    for (size_t k = 0; k < l.places; k++) {
      struct place p = place_at(&l, w, k);
      if (p.inside)
        r->numbers->domain->set(r->numbers, element_at(r, s->result, p.cut),
                                element_at(r, s->arg[0], p.cell), l.c);
      else
        clear(r, s->result, p.cut, l.c);
    }
}

static void run_fold(const struct run *r, const struct instruction *s) {
  struct window_layout l = layout_of(r, s);
  clear(r, s->result, 0, count_of(r, s->result));
  for (size_t w = 0; l.c && w < l.n * l.windows; w++)
    for (size_t k = 0; k < l.places; k++) {
      struct place p = place_at(&l, w, k);
      for (size_t c = 0; p.inside && c < l.c; c++)
        tri__numbers_accumulate(r->numbers, element_at(r, s->result, p.cell + c),
                                element_at(r, s->arg[0], p.cut + c));
    }
}

/* --- the first maximum */

/* One channel of one window of x. */
struct channel {
  const struct run *run;
  const struct window_layout *l;
  uint32_t x;
  size_t window, c;
};

/* What is known of its first maximum. */
struct maximum {
  enum number_state
      state;      /* of the first element without a value; NUMBER_NONE: nothing is inside */
  bool open;      /* it may be at several places */
  size_t element; /* of the array: the maximum, or one that none is certainly larger than */
};

/* The element of the array at a place, if that is inside. */
static bool element_of(const struct channel *ch, size_t place, size_t *element) {
  struct place p = place_at(ch->l, ch->window, place);
  *element = p.cell + ch->c;
  return p.inside;
}

/* a against b, elements of x. */
static int order(const struct channel *ch, size_t a, size_t b) {
  struct numbers *n = ch->run->numbers;
  return a == b
             ? 0
             : n->domain->compare(n, element_at(ch->run, ch->x, a), element_at(ch->run, ch->x, b));
}

static struct maximum candidate(const struct channel *ch) {
  const struct numbers *n = ch->run->numbers;
  struct maximum m = {.state = NUMBER_NONE};
  bool any = false;
  for (size_t k = 0, e; k < ch->l->places; k++) {
    if (!element_of(ch, k, &e)) continue;
    if (!any || (!m.state && order(ch, e, m.element) == 1)) m.element = e;
    enum number_state state = n->domain->state(n, element_at(ch->run, ch->x, e));
    if (!any || !m.state) m.state = state;
    any = true;
  }
  return m;
}

static struct maximum first_maximum(const struct channel *ch) {
  struct maximum m = candidate(ch);
  bool before = true;
  for (size_t k = 0, e; k < ch->l->places && !m.state; k++) {
    if (!element_of(ch, k, &e)) continue;
    int larger = order(ch, m.element, e);
    before &= e != m.element;
    if (e != m.element && (larger == COMPARE_UNKNOWN || larger < 0 || (before && larger == 0)))
      m.open = true;
  }
  return m;
}

static bool is_known(const struct maximum *m) { return !m->state && !m->open; }

/* Why a number that depends on the place of the maximum has no value. */
static enum number_state reason(const struct maximum *m) {
  return m->state ? m->state : NUMBER_UNDECIDED;
}

/* Whether an element may be the maximum where it is undecided which one is. */
static bool may_be(const struct channel *ch, const struct maximum *m, size_t element) {
  return order(ch, element, m->element) != -1;
}

/* Whether component i of v is 0 for all elements that may be the maximum; components are the
 * numbers of the base domain that a number is made of. */
static bool is_zero(const struct channel *ch, const struct maximum *m, uint32_t v, size_t i) {
  const struct run *r = ch->run;
  const struct numbers *base = tri__base(r->numbers);
  for (size_t k = 0, e; k < ch->l->places; k++)
    if (element_of(ch, k, &e) && may_be(ch, m, e) &&
        !base->domain->zero(base, number_at(base, element_at(r, v, e), i)))
      return false;
  return true;
}

static void enclose_maximum(const struct channel *ch, const struct maximum *m, void *to) {
  struct numbers *base = tri__base(ch->run->numbers);
  base->domain->set(base, to, element_at(ch->run, ch->x, m->element), 1);
  for (size_t k = 0, e; k < ch->l->places; k++)
    if (element_of(ch, k, &e) && e != m->element)
      base->domain->apply(base, TRI_OP_max, APPLY_STRICT, to,
                          (const void *[]){to, element_at(ch->run, ch->x, e)});
}

static void pick_undecided(const struct channel *ch, const struct maximum *m, uint32_t v,
                           void *to) {
  const struct numbers *n = ch->run->numbers;
  struct numbers *base = tri__base(ch->run->numbers);
  for (size_t i = 0; i < n->size / base->size; i++) {
    void *part = number_at(base, to, i);
    if (is_zero(ch, m, v, i))
      base->domain->set_double(base, part, 0.0);
    else if (i == 0 && v == ch->x)
      enclose_maximum(ch, m, part);
    else
      base->domain->set_none(base, part, NUMBER_UNDECIDED);
  }
}

static void pick(const struct channel *ch, const struct instruction *s, size_t result) {
  const struct run *r = ch->run;
  struct numbers *n = r->numbers;
  void *to = element_at(r, s->result, result);
  struct maximum m = first_maximum(ch);
  if (m.state)
    n->domain->set_none(n, to, m.state);
  else if (m.open)
    pick_undecided(ch, &m, s->arg[1], to);
  else
    n->domain->set(n, to, element_at(r, s->arg[1], m.element), 1);
}

/* An element without value, or one that may be the maximum, has none of what is added. */
static void spoil(const struct channel *ch, const struct maximum *m, const struct instruction *s,
                  const void *y) {
  const struct run *r = ch->run;
  struct numbers *n = r->numbers;
  if (n->domain->zero(n, y)) return;
  for (size_t k = 0, e; k < ch->l->places; k++)
    if (element_of(ch, k, &e) && may_be(ch, m, e))
      n->domain->set_none(n, element_at(r, s->result, e), reason(m));
}

static void route(const struct channel *ch, const struct instruction *s, size_t element) {
  const struct run *r = ch->run;
  struct maximum m = first_maximum(ch);
  const void *y = element_at(r, s->arg[1], element);
  if (is_known(&m))
    tri__numbers_accumulate(r->numbers, element_at(r, s->result, m.element), y);
  else
    spoil(ch, &m, s, y);
}

static tri_status run_choice(struct run *r, const struct instruction *s) {
  struct window_layout l = layout_of(r, s);
  if (s->op == TRI_OP_route) clear(r, s->result, 0, count_of(r, s->result));
  for (size_t w = 0; l.c && w < l.n * l.windows; w++) {
    if (tri__interrupt(r)) return tri__call_error(r->call, TRI_INTERRUPTED, "interrupted");
    for (size_t c = 0; c < l.c; c++) {
      struct channel ch = {r, &l, s->arg[0], w, c};
      if (s->op == TRI_OP_pick)
        pick(&ch, s, w * l.c + c);
      else
        route(&ch, s, w * l.c + c);
    }
  }
  return TRI_OK;
}

tri_status tri__run_windows(struct run *r, const struct instruction *s) {
  if (by_doubles(r))
    run_doubles(r, s);
  else if (s->op == TRI_OP_unfold)
    run_unfold(r, s);
  else if (s->op == TRI_OP_fold)
    run_fold(r, s);
  else
    return run_choice(r, s);
  return TRI_OK;
}

/* --- back */

static void sweep_cut(struct sweep *s, const struct instruction *step) {
  struct window_layout l = layout_of(s->run, step);
  bool unfold = step->op == TRI_OP_unfold;
  for (size_t w = 0; l.c && w < l.n * l.windows && !tri__interrupt(s->run); w++)
    for (size_t k = 0; k < l.places; k++) {
      struct place p = place_at(&l, w, k);
      if (p.inside)
        tri__sweep_move(s, step->result, unfold ? p.cut : p.cell, 0, step->arg[0],
                        unfold ? p.cell : p.cut, l.c);
    }
}

/* An adjoint of which it is not known where it goes. */
static void lose(struct sweep *s, uint32_t v, size_t element, enum number_state state) {
  struct numbers *n = s->numbers;
  n->domain->set_none(n, s->amount, state);
  tri__numbers_accumulate(n, adjoint_of(s, v, element), s->amount);
}

static void sweep_pick(struct sweep *s, const struct instruction *step, const struct channel *ch,
                       size_t result) {
  struct maximum m = first_maximum(ch);
  if (s->numbers->domain->zero(s->numbers, adjoint_of(s, step->result, result))) return;
  if (is_known(&m)) tri__sweep_move(s, step->result, result, 1, step->arg[1], m.element, 1);
  for (size_t k = 0, e; k < ch->l->places && !is_known(&m); k++)
    if (element_of(ch, k, &e) && may_be(ch, &m, e)) lose(s, step->arg[1], e, reason(&m));
}

static void sweep_route(struct sweep *s, const struct instruction *step, const struct channel *ch,
                        size_t element) {
  struct maximum m = first_maximum(ch);
  bool lost = false;
  if (is_known(&m)) tri__sweep_move(s, step->result, m.element, 1, step->arg[1], element, 1);
  for (size_t k = 0, e; k < ch->l->places && !is_known(&m); k++)
    lost |= element_of(ch, k, &e) && may_be(ch, &m, e) &&
            !s->numbers->domain->zero(s->numbers, adjoint_of(s, step->result, e));
  if (lost) lose(s, step->arg[1], element, reason(&m));
}

void tri__sweep_windows(struct sweep *s, const struct instruction *step) {
  if (step->op <= TRI_OP_fold) {
    if (s->run->plan->active[step->arg[0]]) sweep_cut(s, step);
    return;
  }
  struct window_layout l = layout_of(s->run, step);
  bool active = s->run->plan->active[step->arg[1]];
  for (size_t w = 0; active && l.c && w < l.n * l.windows && !tri__interrupt(s->run); w++)
    for (size_t c = 0; c < l.c; c++) {
      struct channel ch = {s->run, &l, step->arg[0], w, c};
      if (step->op == TRI_OP_pick)
        sweep_pick(s, step, &ch, w * l.c + c);
      else
        sweep_route(s, step, &ch, w * l.c + c);
    }
}
