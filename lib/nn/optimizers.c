/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Optimizers as expressions: SGD with momentum (Sutskever et al. 2013), RMSprop (Tieleman and
 * Hinton 2012), Adam (Kingma and Ba 2015), AMSGrad (Reddi et al. 2018), in the form that Keras 3
 * gives them. */
#include <math.h>

#include "nn/train.h"

/* --- options */

static void set_default(double *option, double value) {
  if (*option == 0.0) *option = value;
}

tri_optimizer tri__optimizer_defaults(const tri_optimizer *given) {
  tri_optimizer o = *given;
  set_default(&o.learning_rate, o.kind == TRI_OPTIMIZER_SGD ? 0.01 : 0.001);
  set_default(&o.rho, DEFAULT_RHO);
  set_default(&o.beta_1, DEFAULT_BETA_1);
  set_default(&o.beta_2, DEFAULT_BETA_2);
  set_default(&o.epsilon, DEFAULT_EPSILON);
  return o;
}

/* Whether a <= x < b; NaN is not. */
static bool within(double a, double x, double b) { return a <= x && x < b; }

const char *tri__optimizer_wrong(const tri_optimizer *o) {
#define POSITIVE(option)                                                                           \
  { o->option, #option " is not in [0, inf)" }
  const struct {
    double value;
    const char *wrong;
  } positive[] = {POSITIVE(learning_rate), POSITIVE(epsilon),   POSITIVE(weight_decay),
                  POSITIVE(clipnorm),      POSITIVE(clipvalue), POSITIVE(global_clipnorm)};
#undef POSITIVE
  if ((unsigned)o->kind >= TRI_OPTIMIZERS) return "there is no such optimizer";
  for (size_t i = 0; i < sizeof positive / sizeof *positive; i++)
    if (!within(0.0, positive[i].value, (double)INFINITY)) return positive[i].wrong;
  if (!within(0.0, o->momentum, 1.0 + 0x1p-52)) return "momentum is not in [0, 1]";
  if (!within(0.0, o->rho, 1.0)) return "rho is not in [0, 1)";
  if (!within(0.0, o->beta_1, 1.0)) return "beta_1 is not in [0, 1)";
  if (!within(0.0, o->beta_2, 1.0)) return "beta_2 is not in [0, 1)";
  if ((o->clipnorm > 0.0) + (o->clipvalue > 0.0) + (o->global_clipnorm > 0.0) > 1)
    return "only one of clipnorm, clipvalue and global_clipnorm may be given";
  return NULL;
}

size_t tri__optimizer_slots(const tri_optimizer *o) {
  switch (o->kind) {
  case TRI_OPTIMIZER_SGD: return o->momentum > 0.0;
  case TRI_OPTIMIZER_RMSPROP: return 1u + (o->momentum > 0.0) + (o->centered != 0);
  default: return 2u + (o->amsgrad != 0);
  }
}

/* Adam's means begin with zeros; what that takes away is given back here, in the rate. */
double tri__optimizer_step_size(const tri_optimizer *o, double rate, uint64_t step) {
  if (o->kind != TRI_OPTIMIZER_ADAM) return rate;
  double t = (double)step;
  return rate * sqrt(1.0 - pow(o->beta_2, t)) / (1.0 - pow(o->beta_1, t));
}

/* --- gradients that are too large */

static tri_expr number(tri_expr like, double x) { return tri_double(like.graph, x); }

/* 1 where the norm is not beyond the limit. */
static tri_expr shrink(tri_expr norm, double limit) {
  tri_expr most = number(norm, limit);
  return tri_div(most, tri_max(norm, most));
}

static tri_expr bounded(tri_expr g, double limit) {
  return tri_min(tri_max(g, number(g, -limit)), number(g, limit));
}

static tri_expr norm_of(tri_expr g) { return tri_expr_rank(g) ? tri_norm(g) : tri_abs(g); }

void tri__clip_gradients(const tri_optimizer *o, size_t n, tri_expr *gradients) {
  tri_expr all = {0};
  for (size_t i = 0; i < n; i++) {
    tri_expr g = gradients[i];
    if (o->clipnorm > 0.0) gradients[i] = tri_mul(g, shrink(norm_of(g), o->clipnorm));
    if (o->clipvalue > 0.0) gradients[i] = bounded(g, o->clipvalue);
    if (o->global_clipnorm > 0.0) {
      tri_expr square = tri_square(norm_of(g));
      all = i ? tri_add(all, square) : square;
    }
  }
  for (size_t i = 0; i < n && o->global_clipnorm > 0.0; i++)
    gradients[i] = tri_mul(gradients[i], shrink(tri_sqrt(all), o->global_clipnorm));
}

/* --- steps */

/* keep * old + (1 - keep) * fresh, in RMSprop's form and in Adam's. */
static tri_expr mean(double keep, tri_expr old, tri_expr fresh) {
  tri_expr k = number(old, keep), one = tri_integer(old.graph, 1);
  return tri_add(tri_mul(k, old), tri_mul(tri_sub(one, k), fresh));
}

static tri_expr moved(double keep, tri_expr old, tri_expr fresh) {
  tri_expr rest = tri_sub(tri_integer(old.graph, 1), number(old, keep));
  return tri_add(old, tri_mul(tri_sub(fresh, old), rest));
}

/* p - rate·g without momentum, so that it can be added to the product that g is. */
static tri_expr sgd(const tri_optimizer *o, tri_expr rate, tri_expr p, tri_expr g,
                    const tri_expr *state, tri_expr *next) {
  tri_expr step = tri_mul(rate, g);
  if (o->momentum == 0.0) return tri_sub(p, step);
  tri_expr momentum = number(p, o->momentum);
  next[0] = tri_sub(tri_mul(momentum, state[0]), step);
  return o->nesterov ? tri_sub(tri_add(p, tri_mul(momentum, next[0])), step) : tri_add(p, next[0]);
}

static tri_expr rmsprop(const tri_optimizer *o, tri_expr rate, tri_expr p, tri_expr g,
                        const tri_expr *state, tri_expr *next) {
  size_t slot = 1;
  tri_expr spread = next[0] = mean(o->rho, state[0], tri_square(g));
  if (o->centered) {
    next[slot] = mean(o->rho, state[slot], g);
    spread = tri_sub(spread, tri_square(next[slot++]));
  }
  tri_expr root = tri_sqrt(tri_add(spread, number(p, o->epsilon)));
  tri_expr step = tri_div(tri_mul(rate, g), root);
  if (o->momentum == 0.0) return tri_sub(p, step);
  next[slot] = tri_add(tri_mul(number(p, o->momentum), state[slot]), step);
  return tri_sub(p, next[slot]);
}

static tri_expr adam(const tri_optimizer *o, tri_expr step_size, tri_expr p, tri_expr g,
                     const tri_expr *state, tri_expr *next) {
  tri_expr m = next[0] = moved(o->beta_1, state[0], g);
  tri_expr v = next[1] = moved(o->beta_2, state[1], tri_square(g));
  if (o->amsgrad) v = next[2] = tri_max(state[2], v);
  return tri_sub(p, tri_div(tri_mul(m, step_size), tri_add(tri_sqrt(v), number(p, o->epsilon))));
}

tri_expr tri__optimizer_step(const tri_optimizer *o, tri_expr rate, tri_expr step_size, tri_expr p,
                             tri_expr g, const tri_expr *state, tri_expr *next) {
  if (o->weight_decay > 0.0) p = tri_sub(p, tri_mul(p, tri_mul(number(p, o->weight_decay), rate)));
  switch (o->kind) {
  case TRI_OPTIMIZER_SGD: return sgd(o, rate, p, g, state, next);
  case TRI_OPTIMIZER_RMSPROP: return rmsprop(o, rate, p, g, state, next);
  default: return adam(o, step_size, p, g, state, next);
  }
}
