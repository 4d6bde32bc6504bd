/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A run over a plan, written down step by step: for the reports of forward and reverse mode, and
 * for graphs with values. */
#ifndef TRIAD_TOOLS_TRACE_H
#define TRIAD_TOOLS_TRACE_H

#include "numeric.h"

#define NO_TEXT SIZE_MAX

/* A step, with the places of its texts in trace.pool. */
struct trace_step {
  uint32_t node, number; /* number: of v1, v2, …; 0 for a constant */
  size_t operation;      /* "x", "v1^2"; of a constant "2" */
  size_t value;
  size_t tangents; /* the first of n, one behind the other; NO_TEXT outside forward runs */
  size_t adjoint;  /* after the sweep; NO_TEXT if nothing reached it */
};

/* What an argument's adjoint received; `from` is TRI_NO_STEP for the seed. */
struct trace_contribution {
  uint32_t from, to;
  size_t adjoint, partial, amount, sum; /* partial may be NO_TEXT */
};

struct trace {
  const struct request *request;
  size_t directions;
  char letter;   /* of the steps' names: v, or one that no variable of the user begins with */
  tri_text pool; /* all texts, each with a NUL */
  struct trace_step *steps;
  size_t n_steps, step_capacity;
  uint32_t numbered;
  struct trace_contribution *contributions;
  size_t n_contributions, contribution_capacity;
  tri_graph *names; /* where operations over v1, v2, … are made to be printed */
  tri_mark mark;
  tri_status status;
};

/* Runs forward (along every variable) or in reverse, and writes the steps down. Free it in any
 * case. */
TRI_CHECKED tri_status trace_run(struct trace *trace, const struct request *request,
                                 const struct subject *subject, bool reverse, tri_values **outputs,
                                 tri_values **derivatives);
void trace_free(struct trace *trace);

/* Makes the hooks that write down the steps of a run that another one makes. Free the trace in any case. */
TRI_CHECKED tri_status trace_open(struct trace *trace, const struct request *request,
                                  const struct subject *subject, tri_trace *hooks);

static inline const char *trace_text(const struct trace *trace, size_t at) {
  return at == NO_TEXT ? "0" : trace->pool.data + at;
}

/* Fails unless the call has a point that is all numbers, and a variable. */
tri_status trace_needs_point(const struct request *request, const struct subject *subject);

#endif
