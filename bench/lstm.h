/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The LSTM of ADBench (gmm.h names it): l layers of b cells, each of which hears of the same place
 * of the layer below only, read c characters of b bits; the loss is the mean of what they should
 * have said next against the logarithm of the sum of exp, with 2 more in it. Parameters: for each
 * layer four weights for each cell (forget, in, out, change), then four biases; beside them a
 * weight for each bit that comes in, a weight and a bias for each that goes out. In plain C, and
 * with the gradient by hand, which keeps the gates of all steps. */
#ifndef TRIAD_BENCH_LSTM_H
#define TRIAD_BENCH_LSTM_H

#include "problems.h"

/* What is kept of a cell in a step, for the way back; first what it was before. */
enum { LSTM_GATES = 4, LSTM_KEPT = 8 };
enum { KEPT_HIDDEN, KEPT_CELL, KEPT_INPUT, KEPT_FORGET, KEPT_IN, KEPT_OUT, KEPT_CHANGE, KEPT_TANH };

struct lstm {
  int l, c, b;
  double *params, *extra, *state, *sequence; /* l * 8 * b; 3 * b; l * (hidden b, cell b); c * b */
  double *now, *next, *kept, *room; /* room: 2 * l * b; b; c * l * b * LSTM_KEPT; (2 * l + 1) * b */
};

static inline size_t lstm_params(const struct lstm *p) { return (size_t)(8 * p->l * p->b); }

static inline double lstm_sigmoid(double x) { return 1.0 / (1.0 + exp(-x)); }

/* Cells of layer i read `input` and change their state, hidden and cell. */
PROBLEM_PLAIN void lstm_layer(const struct lstm *p, int i, const double *input) {
  const int b = p->b;
  const double *weight = p->params + 8 * b * i, *bias = weight + LSTM_GATES * b;
  double *hidden = p->now + 2 * b * i, *cell = hidden + b;
  for (int k = 0; k < b; k++) {
    double forget = lstm_sigmoid(input[k] * weight[k] + bias[k]);
    double in = lstm_sigmoid(hidden[k] * weight[b + k] + bias[b + k]);
    double out = lstm_sigmoid(input[k] * weight[2 * b + k] + bias[2 * b + k]);
    double change = tanh(hidden[k] * weight[3 * b + k] + bias[3 * b + k]);
    cell[k] = cell[k] * forget + in * change;
    hidden[k] = out * tanh(cell[k]);
  }
}

/* Log of the sum of exp of what was said, and 2. */
static inline double lstm_normalise(const struct lstm *p) {
  double sum = 2.0;
  for (int k = 0; k < p->b; k++) sum += exp(p->next[k]);
  return log(sum);
}

PROBLEM_PLAIN double plain_lstm(const struct lstm *p) {
  const int b = p->b;
  double total = 0.0;
  memcpy(p->now, p->state, (size_t)(2 * p->l * b) * sizeof *p->now);
  for (int t = 0; t + 1 < p->c; t++) {
    const double *said = p->next, *should = p->sequence + (t + 1) * b;
    for (int k = 0; k < b; k++) p->next[k] = p->sequence[t * b + k] * p->extra[k];
    for (int i = 0; i < p->l; i++) {
      lstm_layer(p, i, said);
      said = p->now + 2 * b * i;
    }
    for (int k = 0; k < b; k++) p->next[k] = said[k] * p->extra[b + k] + p->extra[2 * b + k];
    double all = lstm_normalise(p);
    for (int k = 0; k < b; k++) total += should[k] * (p->next[k] - all);
  }
  return -total / ((p->c - 1) * b);
}

/* --- by hand */

static inline double *lstm_kept(const struct lstm *p, int t, int i) {
  return p->kept + (size_t)(t * p->l + i) * LSTM_KEPT * (size_t)p->b;
}

/* As lstm_layer, with everything kept. */
PROBLEM_PLAIN void lstm_keep(const struct lstm *p, int t, int i, const double *input) {
  const int b = p->b;
  const double *weight = p->params + 8 * b * i, *bias = weight + LSTM_GATES * b;
  double *hidden = p->now + 2 * b * i, *cell = hidden + b, *kept = lstm_kept(p, t, i);
  for (int k = 0; k < b; k++) {
    double *of = kept + LSTM_KEPT * k;
    of[KEPT_HIDDEN] = hidden[k];
    of[KEPT_CELL] = cell[k];
    of[KEPT_INPUT] = input[k];
    of[KEPT_FORGET] = lstm_sigmoid(input[k] * weight[k] + bias[k]);
    of[KEPT_IN] = lstm_sigmoid(hidden[k] * weight[b + k] + bias[b + k]);
    of[KEPT_OUT] = lstm_sigmoid(input[k] * weight[2 * b + k] + bias[2 * b + k]);
    of[KEPT_CHANGE] = tanh(hidden[k] * weight[3 * b + k] + bias[3 * b + k]);
    cell[k] = cell[k] * of[KEPT_FORGET] + of[KEPT_IN] * of[KEPT_CHANGE];
    of[KEPT_TANH] = tanh(cell[k]);
    hidden[k] = of[KEPT_OUT] * of[KEPT_TANH];
  }
}

/* Back through a layer: adjoints of hidden and cell after the step become those before it; that of
 * the input is written. */
PROBLEM_PLAIN void lstm_back(const struct lstm *p, int t, int i, double *hidden, double *cell,
                             double *input, double *params) {
  const int b = p->b;
  const double *weight = p->params + 8 * b * i, *kept = lstm_kept(p, t, i);
  double *by_weight = params + 8 * b * i, *by_bias = by_weight + LSTM_GATES * b;
  for (int k = 0; k < b; k++) {
    const double *of = kept + LSTM_KEPT * k;
    double h = hidden[k], forget = of[KEPT_FORGET], in = of[KEPT_IN], out = of[KEPT_OUT];
    double c = cell[k] + h * out * (1.0 - of[KEPT_TANH] * of[KEPT_TANH]);
    double by_forget = c * of[KEPT_CELL] * forget * (1.0 - forget);
    double by_in = c * of[KEPT_CHANGE] * in * (1.0 - in);
    double by_out = h * of[KEPT_TANH] * out * (1.0 - out);
    double by_change = c * in * (1.0 - of[KEPT_CHANGE] * of[KEPT_CHANGE]);
    by_weight[k] += by_forget * of[KEPT_INPUT];
    by_weight[b + k] += by_in * of[KEPT_HIDDEN];
    by_weight[2 * b + k] += by_out * of[KEPT_INPUT];
    by_weight[3 * b + k] += by_change * of[KEPT_HIDDEN];
    by_bias[k] += by_forget;
    by_bias[b + k] += by_in;
    by_bias[2 * b + k] += by_out;
    by_bias[3 * b + k] += by_change;
    input[k] = by_forget * weight[k] + by_out * weight[2 * b + k];
    hidden[k] = by_in * weight[b + k] + by_change * weight[3 * b + k];
    cell[k] = c * forget;
  }
}

/* The states of all steps; then p->now are the last. */
PROBLEM_PLAIN void lstm_forward(const struct lstm *p) {
  const int b = p->b;
  memcpy(p->now, p->state, (size_t)(2 * p->l * b) * sizeof *p->now);
  for (int t = 0; t + 1 < p->c; t++) {
    const double *said = p->next;
    for (int k = 0; k < b; k++) p->next[k] = p->sequence[t * b + k] * p->extra[k];
    for (int i = 0; i < p->l; i++) {
      lstm_keep(p, t, i, said);
      said = p->now + 2 * b * i;
    }
  }
}

/* What the last layer said at step t: the adjoint of it, by the loss, is written, that of the extra
 * parameters added. Returns what the step adds to the total. */
PROBLEM_PLAIN double lstm_back_from_loss(const struct lstm *p, int t, double *said, double *extra) {
  const int b = p->b;
  const double *kept = lstm_kept(p, t, p->l - 1), *should = p->sequence + (t + 1) * b;
  double scale = -1.0 / ((p->c - 1) * b), total = 0.0, all_should = 0.0;
  for (int k = 0; k < b; k++) {
    said[k] = kept[LSTM_KEPT * k + KEPT_OUT] * kept[LSTM_KEPT * k + KEPT_TANH];
    p->next[k] = said[k] * p->extra[b + k] + p->extra[2 * b + k];
    all_should += should[k];
  }
  double all = lstm_normalise(p);
  for (int k = 0; k < b; k++) {
    double w = scale * (should[k] - all_should * exp(p->next[k] - all));
    total += should[k] * (p->next[k] - all);
    extra[b + k] += w * said[k];
    extra[2 * b + k] += w;
    said[k] = w * p->extra[b + k];
  }
  return total;
}

/* gradient: by params, extra */
PROBLEM_PLAIN double hand_lstm(const struct lstm *p, double *gradient) {
  const int b = p->b, l = p->l;
  double *params = gradient, *extra = gradient + lstm_params(p), total = 0.0;
  double *hidden = p->room, *cell = hidden + l * b, *input = cell + l * b;
  memset(gradient, 0, (lstm_params(p) + 3 * (size_t)b) * sizeof *gradient);
  memset(p->room, 0, (size_t)((2 * l + 1) * b) * sizeof *p->room);
  lstm_forward(p);
  for (int t = p->c - 2; t >= 0; t--) {
    total += lstm_back_from_loss(p, t, input, extra);
    for (int i = l - 1; i >= 0; i--) {
      for (int k = 0; k < b; k++) hidden[i * b + k] += input[k];
      lstm_back(p, t, i, hidden + i * b, cell + i * b, input, params);
    }
    for (int k = 0; k < b; k++) extra[k] += input[k] * p->sequence[t * b + k];
  }
  return -total / ((p->c - 1) * b);
}

static inline void lstm_open(struct lstm *p) {
  size_t l = (size_t)p->l, c = (size_t)p->c, b = (size_t)p->b;
  p->params = bench_numbers(lstm_params(p));
  p->extra = bench_numbers(3 * b);
  p->state = bench_numbers(2 * l * b);
  p->sequence = bench_numbers(c * b);
  p->now = bench_numbers(2 * l * b);
  p->next = bench_numbers(b);
  p->kept = bench_numbers(c * l * b * LSTM_KEPT);
  p->room = bench_numbers((2 * l + 1) * b);
}

static inline void lstm_close(struct lstm *p) {
  double *all[] = {p->params, p->extra, p->state, p->sequence, p->now, p->next, p->kept, p->room};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

#endif
