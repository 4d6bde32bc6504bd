/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Calls that the tool answers (gradient, forward, plot, …), one row each. */
#ifndef TRIAD_TOOLS_CALLS_H
#define TRIAD_TOOLS_CALLS_H

#include "graph/parse.h"
#include "session.h"

/* A call being answered. */
struct request {
  struct session *session;
  tri_graph *graph;
  const struct call_row *row;
  const struct token *at; /* the call's name */
  size_t n;
  const struct value *arguments;
};

enum { ANY_NUMBER = 0xffff };

struct call_row {
  const char *name;
  uint16_t least, most; /* how many arguments, keywords included */
  tri_status (*run)(const struct request *request, struct value *value);
  const char *usage, *help, *example;
};

extern const struct call_row call_rows[];
extern const size_t call_count;

/* The row of a name; NULL if it is no call. */
const struct call_row *call_find(const char *name, size_t size);

/* The environment's callbacks: see parse.h. */
tri_status call_run(void *session, tri_graph *g, const struct token *at, const char *name,
                    size_t size, size_t n, const struct value *arguments, struct value *value);
tri_status call_derivative(void *session, tri_graph *g, const struct token *at,
                           const struct value *of, size_t n, const uint32_t *variables,
                           uint32_t primes, struct value *value);

/* calls_symbolic.c */
tri_status call_diff(const struct request *request, struct value *value);
tri_status call_simplify(const struct request *request, struct value *value);
tri_status call_expand(const struct request *request, struct value *value);
tri_status call_substitute(const struct request *request, struct value *value);
tri_status call_value(const struct request *request, struct value *value);
tri_status call_taylor(const struct request *request, struct value *value);

/* calls_derivative.c */
tri_status call_gradient(const struct request *request, struct value *value);
tri_status call_jacobian(const struct request *request, struct value *value);
tri_status call_hessian(const struct request *request, struct value *value);
tri_status call_jvp(const struct request *request, struct value *value);
tri_status call_vjp(const struct request *request, struct value *value);
tri_status call_derivatives(const struct request *request, struct value *value);

/* report.c */
tri_status call_forward(const struct request *request, struct value *value);
tri_status call_reverse(const struct request *request, struct value *value);

/* report_verify.c */
tri_status call_verify(const struct request *request, struct value *value);

/* report_claims.c */
tri_status call_gradcheck(const struct request *request, struct value *value);

/* report_error.c */
tri_status call_error(const struct request *request, struct value *value);

/* calls_text.c */
tri_status call_latex(const struct request *request, struct value *value);
tri_status call_ccode(const struct request *request, struct value *value);

/* picture.c, plot.c */
tri_status call_graph(const struct request *request, struct value *value);
tri_status call_plot(const struct request *request, struct value *value);

/* files.c */
tri_status call_read(const struct request *request, struct value *value);
tri_status call_write(const struct request *request, struct value *value);

/* --- for the files above */

/* Memory of the statement; sets the graph's error and returns NULL when there is none. */
void *request_new(const struct request *request, size_t count, size_t size);

/* Fails with the place of an argument (NULL: of the call). */
#define request_fail(request, argument, ...)                                                       \
  session_fail((request)->session,                                                                 \
               (argument) ? &((const struct value *)(argument))->token : (request)->at,            \
               __VA_ARGS__)

/* Gives a result that is to be printed and cannot be part of an expression. */
void request_report(struct value *value, struct result *result);

#endif
