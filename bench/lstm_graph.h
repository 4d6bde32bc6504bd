/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The LSTM (lstm.h) layer by layer: what does not wait for the step before is a loop over all steps
 * at once, the rest a scan. */
#ifndef TRIAD_BENCH_LSTM_GRAPH_H
#define TRIAD_BENCH_LSTM_GRAPH_H

#include "bench/graphs.h"
#include "bench/lstm.h"

/* in: params [l, 2, LSTM_GATES, b], extra [3, b], state [l, 2, b], sequence [c, b] */
static inline void lstm_inputs(tri_graph *g, const struct lstm *p, tri_expr *in) {
  in[0] = tri_variable_shaped(g, "params", 4, (int64_t[]){p->l, 2, LSTM_GATES, p->b}, NULL);
  in[1] = graph_array(g, "extra", 3, p->b);
  in[2] = tri_variable_shaped(g, "state", 3, (int64_t[]){p->l, 2, p->b}, NULL);
  in[3] = graph_array(g, "sequence", p->c, p->b);
}

/* Of a layer's parameters, the weights of a gate times x, with its biases. */
static inline tri_expr lstm_gate(tri_expr layer, size_t which, tri_expr x) {
  return tri_add(tri_mul(x, tri_element(tri_element(layer, 0), which)),
                 tri_element(tri_element(layer, 1), which));
}

/* What a layer makes of its input at all steps. */
static inline tri_expr lstm_layer_graph(tri_graph *g, const struct lstm *p, tri_expr layer,
                                        tri_expr state, tri_expr input) {
  const int64_t b = p->b, n = p->c - 1;
  tri_expr x = graph_array(g, "x", b, 0), each[2], gates[2], results[3];
  tri_expr part[] = {graph_array(g, "forget", b, 0), graph_array(g, "out", b, 0)};
  tri_expr carries[] = {graph_array(g, "hidden", b, 0), graph_array(g, "cell", b, 0)};
  each[0] = tri_sigmoid(lstm_gate(layer, 0, x));
  each[1] = tri_sigmoid(lstm_gate(layer, 2, x));
  tri_loop_options ahead = {.n = tri_extent_of(n),
                            .n_steps = 1,
                            .steps = &x,
                            .step_inputs = &input,
                            .n_stacked = 2,
                            .stacked = each};
  if (tri_loop(g, &ahead, gates)) return input;
  tri_expr in = tri_sigmoid(lstm_gate(layer, 1, carries[0])),
           change = tri_tanh(lstm_gate(layer, 3, carries[0]));
  tri_expr cell = tri_add(tri_mul(carries[1], part[0]), tri_mul(in, change));
  tri_expr hidden = tri_mul(part[1], tri_tanh(cell));
  tri_loop_options scan = {.n = tri_extent_of(n),
                           .n_steps = 2,
                           .steps = part,
                           .step_inputs = gates,
                           .n_carries = 2,
                           .carries = carries,
                           .initial = (tri_expr[]){tri_element(state, 0), tri_element(state, 1)},
                           .next = (tri_expr[]){hidden, cell},
                           .n_stacked = 1,
                           .stacked = &hidden};
  return tri_loop(g, &scan, results) ? input : results[0];
}

/* The sum of n numbers. */
static inline tri_expr lstm_total(tri_graph *g, int64_t n, tri_expr x) {
  tri_expr part = tri_variable(g, "part");
  return graph_over(g, n, 1, &part, &x, part, 1);
}

/* plain_lstm(p) */
static inline tri_expr lstm_graph(tri_graph *g, const struct lstm *p, const tri_expr *in) {
  const int64_t n = p->c - 1, b = p->b;
  tri_expr x = graph_array(g, "x", b, 0), should = graph_array(g, "should", b, 0);
  tri_expr before = tri_slice(in[3], 0, n), after = tri_slice(in[3], 1, n);
  tri_expr said = graph_over(g, n, 1, &x, &before, tri_mul(x, tri_element(in[1], 0)), 0);
  for (size_t i = 0; i < (size_t)p->l; i++)
    said = lstm_layer_graph(g, p, tri_element(in[0], i), tri_element(in[2], i), said);
  tri_expr y = tri_add(tri_mul(x, tri_element(in[1], 1)), tri_element(in[1], 2));
  tri_expr all = tri_log(tri_add(lstm_total(g, b, tri_exp(y)), tri_integer(g, 2)));
  tri_expr part = lstm_total(g, b, tri_mul(should, tri_sub(y, all)));
  tri_expr sum = graph_over(g, n, 2, (tri_expr[]){x, should}, (tri_expr[]){said, after}, part, 1);
  return tri_div(sum, tri_integer(g, -n * b));
}

#endif
