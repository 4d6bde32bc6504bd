/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* lstm: the loss of an LSTM with diagonal weights, and its gradient by all parameters. */
#include "gradbench.h"

#include "bench/lstm_graph.h"

enum { LAYERS, CHARACTERS, BITS };

void lstm_read(gb_job *job, const json_t *input) {
  int64_t *size = job->size, params[2] = {-1, -1}, sequence[2] = {-1, -1};
  gb_array(job, input, "main_params", 2, params);
  if (params[0] % 2 || params[1] % LSTM_GATES)
    gb_wrong(job, "\"main_params\" is of %lld rows of %lld: not 2 for a layer and 4 for a cell",
             (long long)params[0], (long long)params[1]);
  size[LAYERS] = params[0] / 2;
  size[BITS] = sequence[1] = params[1] / LSTM_GATES;
  gb_array(job, input, "extra_params", 2, (int64_t[]){3, size[BITS]});
  gb_array(job, input, "state", 2, (int64_t[]){params[0], size[BITS]});
  gb_array(job, input, "sequence", 2, sequence);
  size[CHARACTERS] = sequence[0];
  if (size[CHARACTERS] < 2) gb_wrong(job, "\"sequence\" of one row, which nothing comes after");
}

void lstm_build(gb_graph *b) {
  const struct lstm p = {
      .l = (int)b->size[LAYERS], .c = (int)b->size[CHARACTERS], .b = (int)b->size[BITS]};
  lstm_inputs(b->g, &p, b->in);
  b->n_inputs = 4;
  gb_gradient(b, lstm_graph(b->g, &p, b->in), 2);
}

json_t *lstm_write(const gb_model *m) {
  const int64_t *size = m->size, cells = size[LAYERS] * 2 * LSTM_GATES + 3;
  return gb_vector(m->output[0] + 1, (size_t)(cells * size[BITS]));
}
