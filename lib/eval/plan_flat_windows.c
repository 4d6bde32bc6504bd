/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reductions over the last dimension and windows written out over scalars. */
#include <string.h>

#include "eval/plan_flat.h"
#include "eval/windows.h"

/* --- reductions over the last dimension */

static uint32_t emit_two(struct flat *f, const struct instruction *of, tri_op op, uint32_t a,
                         uint32_t b) {
  struct instruction like = {.op = (uint8_t)op, .nargs = 2, .flags = of->flags, .node = of->node};
  return tri__flat_emit(f, &like, (uint32_t[]){a, b});
}

static uint32_t sum(struct flat *f, const struct instruction *of, uint32_t a, uint32_t b) {
  return emit_two(f, of, TRI_OP_add, a, b);
}

static uint32_t emit_one(struct flat *f, const struct instruction *of, tri_op op, uint32_t a) {
  struct instruction like = {.op = (uint8_t)op, .nargs = 1, .flags = of->flags, .node = of->node};
  return tri__flat_emit(f, &like, &a);
}

static uint32_t emit_select(struct flat *f, const struct instruction *of, uint32_t condition,
                            uint32_t a, uint32_t b) {
  struct instruction like = {.op = TRI_OP_select, .nargs = 3, .flags = of->flags, .node = of->node};
  return tri__flat_emit(f, &like, (uint32_t[]){condition, a, b});
}

/* A later element takes the place of the first maximum where it is larger: what is chosen there
 * goes with it. Where there is a tie below the maximum, no choice depends on it. */
struct choice {
  uint32_t best, chosen;
  bool any;
};

static void choose(struct flat *f, const struct instruction *s, struct choice *c, uint32_t x,
                   uint32_t with) {
  bool itself = x == with && (!c->any || c->best == c->chosen);
  if (c->any && f->search && itself) {
    x = with = emit_two(f, s, TRI_OP_max, c->best, x); /* the kink's name */
  } else if (c->any) {
    with = emit_select(f, s, emit_two(f, s, TRI_OP_lt, c->best, x), with, c->chosen);
    x = emit_two(f, s, TRI_OP_max, c->best, x);
  }
  *c = (struct choice){x, with, true};
}

static uint32_t first_maximum(struct flat *f, const struct instruction *s, const uint32_t *x,
                              size_t n) {
  struct choice c = {.any = false};
  for (size_t i = 0; i < n && !f->failed && !f->impossible; i++)
    choose(f, s, &c, x[i], tri__flat_integer(f, (int64_t)i));
  return c.chosen;
}

/* a + softplus(b - a), one by one: the same function, and smooth wherever it is. */
static uint32_t smooth_lse(struct flat *f, const struct instruction *s, const uint32_t *x,
                           size_t n) {
  uint32_t all = x[0];
  for (size_t i = 1; i < n && !f->failed && !f->impossible; i++)
    all = sum(f, s, all, emit_one(f, s, TRI_OP_softplus, emit_two(f, s, TRI_OP_sub, x[i], all)));
  return all;
}

static uint32_t lse(struct flat *f, const struct instruction *s, const uint32_t *x, size_t n) {
  uint32_t most = x[0], all = 0;
  for (size_t i = 1; i < n; i++) most = emit_two(f, s, TRI_OP_max, most, x[i]);
  for (size_t i = 0; i < n && !f->failed && !f->impossible; i++) {
    uint32_t term = emit_one(f, s, TRI_OP_exp, emit_two(f, s, TRI_OP_sub, x[i], most));
    all = i ? sum(f, s, all, term) : term;
  }
  return sum(f, s, most, emit_one(f, s, TRI_OP_log, all));
}

void tri__flat_last(struct flat *f, const struct frame *frame, const struct instruction *s) {
  const struct plan_shape *shape = frame->plan->shapes + frame->plan->values[s->arg[0]].shape;
  size_t n = (size_t)frame->plan->dims[shape->first + shape->rank - 1];
  uint32_t *to = flat_numbers(frame, s->result);
  for (size_t e = 0; e < count_of_value(frame->plan, s->result); e++) {
    const uint32_t *x = flat_numbers(frame, s->arg[0]) + e * n;
    to[e] = s->op == TRI_OP_argmax ? first_maximum(f, s, x, n)
            : f->search            ? smooth_lse(f, s, x, n)
                                   : lse(f, s, x, n);
    if (f->failed || f->impossible) return;
  }
}

/* --- windows */

static void put_zeros(struct flat *f, const struct frame *frame, uint32_t v) {
  uint32_t zero = tri__flat_integer(f, 0);
  for (size_t e = 0; e < count_of_value(frame->plan, v); e++) flat_numbers(frame, v)[e] = zero;
}

static void unfold(struct flat *f, const struct frame *frame, const struct instruction *s,
                   const struct window_layout *l) {
  put_zeros(f, frame, s->result);
  for (size_t w = 0, cut, cell; l->c && w < l->n * l->windows; w++)
    for (size_t k = 0; k < l->places; k++)
      if (window_place(l, w, k, &cut, &cell))
        memcpy(flat_numbers(frame, s->result) + cut, flat_numbers(frame, s->arg[0]) + cell,
               l->c * sizeof(uint32_t));
}

/* Adds a number to an element of the result; what it is added to may be nothing yet. */
static void add_to(struct flat *f, const struct instruction *s, uint32_t *to, uint32_t number) {
  *to = *to == tri__flat_integer(f, 0) ? number : sum(f, s, *to, number);
}

static void fold(struct flat *f, const struct frame *frame, const struct instruction *s,
                 const struct window_layout *l) {
  put_zeros(f, frame, s->result);
  for (size_t w = 0, cut, cell; l->c && w < l->n * l->windows; w++)
    for (size_t k = 0; k < l->places && !f->failed && !f->impossible; k++)
      if (window_place(l, w, k, &cut, &cell))
        for (size_t c = 0; c < l->c; c++)
          add_to(f, s, flat_numbers(frame, s->result) + cell + c,
                 flat_numbers(frame, s->arg[0])[cut + c]);
}

static void pick(struct flat *f, const struct frame *frame, const struct instruction *s,
                 const struct window_layout *l) {
  for (size_t e = 0, cut, cell; e < count_of_value(frame->plan, s->result); e++) {
    struct choice best = {.any = false};
    for (size_t k = 0; k < l->places && !f->failed && !f->impossible; k++)
      if (window_place(l, e / l->c, k, &cut, &cell))
        choose(f, s, &best, flat_numbers(frame, s->arg[0])[cell + e % l->c],
               flat_numbers(frame, s->arg[1])[cell + e % l->c]);
    if (!best.any) flat_give_up(f);
    if (f->failed || f->impossible) return;
    flat_numbers(frame, s->result)[e] = best.chosen;
  }
}

/* What a place receives of y: all of it where its element is larger than those before and no later
 * one is larger. */
static uint32_t received(struct flat *f, const struct instruction *s, const uint32_t *x, size_t n,
                         size_t place, uint32_t y) {
  uint32_t zero = tri__flat_integer(f, 0), amount = place ? zero : y, best = x[0];
  for (size_t k = 1; k < n && !f->failed && !f->impossible; k++) {
    if (k >= place)
      amount =
          emit_select(f, s, emit_two(f, s, TRI_OP_lt, best, x[k]), k == place ? y : zero, amount);
    best = emit_two(f, s, TRI_OP_max, best, x[k]);
  }
  return amount;
}

enum { MOST_ROUTED = 64 }; /* places of a window */

static void route(struct flat *f, const struct frame *frame, const struct instruction *s,
                  const struct window_layout *l) {
  uint32_t x[MOST_ROUTED];
  size_t at[MOST_ROUTED], elements = count_of_value(frame->plan, s->arg[1]);
  put_zeros(f, frame, s->result);
  if (l->places > MOST_ROUTED) flat_give_up(f);
  for (size_t e = 0, cut; e < elements && !f->failed && !f->impossible; e++) {
    size_t n = 0;
    for (size_t k = 0; k < l->places; k++) {
      if (!window_place(l, e / l->c, k, &cut, &at[n])) continue;
      at[n] += e % l->c;
      x[n] = flat_numbers(frame, s->arg[0])[at[n]];
      n++;
    }
    for (size_t k = 0; k < n && !f->failed && !f->impossible; k++)
      add_to(f, s, flat_numbers(frame, s->result) + at[k],
             received(f, s, x, n, k, flat_numbers(frame, s->arg[1])[e]));
  }
}

void tri__flat_windows(struct flat *f, const struct frame *frame, const struct instruction *s) {
  struct window_layout l = tri__plan_window_layout(frame->plan, s, NULL);
  switch (s->op) {
  case TRI_OP_unfold: unfold(f, frame, s, &l); break;
  case TRI_OP_fold: fold(f, frame, s, &l); break;
  case TRI_OP_pick: pick(f, frame, s, &l); break;
  default: route(f, frame, s, &l); break;
  }
}
