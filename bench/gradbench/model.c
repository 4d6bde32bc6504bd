/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* From a problem and its sizes to compiled functions. */
#include "gradbench.h"

tri_expr gb_in(gb_graph *b, tri_expr e) {
  b->in[b->n_inputs++] = e;
  return e;
}

void gb_out(gb_graph *b, tri_expr e) { b->out[b->n_outputs++] = e; }

void gb_gradient(gb_graph *b, tri_expr value, size_t n) {
  gb_out(b, value);
  b->primals = 1;
  if (b->mode == GB_VALUE) return;
  if (tri_gradient(value, n, b->in, b->out + 1) == TRI_OK) b->n_outputs += n;
}

/* Calls of small functions are worth machine code: how many there will be is not known, but the
 * suite asks for seconds of them. */
enum { EXPECTED_CALLS = 20000 };

static bool compile(gb_model *m, gb_job *job, int part) {
  gb_graph b = {.g = tri_graph_new(NULL), .size = m->size, .mode = m->problem->mode, .part = part};
  tri_error error = {.message = "out of memory"};
  if (b.g) {
    m->problem->build(&b);
    if (tri_graph_status(b.g))
      error = *tri_graph_error(b.g);
    else if (b.n_outputs)
      m->function[part] = tri_compile(b.n_inputs, b.in, b.n_outputs, b.out, .primals = b.primals,
                                      .run = TRI_AUTO, .expected_calls = EXPECTED_CALLS,
                                      .native_module = NATIVE_BUILT, .error = &error);
  }
  if (!m->function[part]) gb_wrong(job, "%s", error.message);
  tri_graph_free(b.g);
  return m->function[part] != NULL;
}

/* Workspace and room for outputs. */
static bool prepare(gb_model *m, gb_job *job, int part) {
  size_t n, outputs;
  tri_function *f = m->function[part];
  tri_call *call = &m->call[part];
  m->steps[part] = 64;
  *call = (tri_call){.workspace = tri_workspace_new(f),
                     .error = &m->error,
                     .n_sizes = tri_function_sizes(f),
                     .sizes = &m->steps[part]};
  tri_status status = tri_function_elements(f, call, &n, &outputs);
  if (status == TRI_OK) m->output[part] = malloc((outputs + 1) * sizeof *m->output[part]);
  if (call->workspace && m->output[part]) {
    tri_function_native(f, NULL); /* if there is to be machine code, it is made now */
    return true;
  }
  gb_wrong(job, "%s", status ? tri_status_meaning(status) : "out of memory");
  return false;
}

gb_model *gb_model_new(gb_job *job) {
  gb_model *m = calloc(1, sizeof *m);
  bool right = m != NULL;
  if (!m) gb_wrong(job, "out of memory");
  if (m) {
    m->problem = job->problem;
    memcpy(m->size, job->size, sizeof m->size);
  }
  for (int part = 0; right && part < job->problem->parts; part++)
    right = compile(m, job, part) && prepare(m, job, part);
  if (right) return m;
  gb_model_free(m);
  return NULL;
}

void gb_model_free(gb_model *m) {
  if (!m) return;
  for (int part = 0; part < GB_PARTS; part++) {
    tri_workspace_free(m->call[part].workspace);
    tri_function_free(m->function[part]);
    free(m->output[part]);
  }
  free(m->room);
  free(m);
}

tri_status gb_call(gb_model *m, const double *inputs) {
  return tri_function_call(m->function[0], &m->call[0], inputs, m->output[0]);
}
