/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a call is about: its expressions, variables, point and options, read from the arguments. */
#ifndef TRIAD_TOOLS_SUBJECT_H
#define TRIAD_TOOLS_SUBJECT_H

#include "calls.h"

enum subject_mode { MODE_DEFAULT, MODE_FORWARD, MODE_REVERSE, MODE_SYMBOLIC };

/* What a call takes besides its expression. */
enum {
  TAKES_VARIABLES = 1, /* [x, y] that chooses */
  TAKES_POINT = 2,
  TAKES_MODE = 4,
  TAKES_DIRECTION = 8,
  TAKES_WEIGHTS = 16,
  TAKES_FILE = 32,
  TAKES_RANGE = 64, /* x=A..B */
  TAKES_CLAIM = 256,
  SCALAR_ONLY = 128 /* the expression is no vector */
};

/* The shape of a variable of differentiation at a point. */
struct group {
  size_t rank, count; /* dimensions, elements */
  size_t *dims;
};

struct subject {
  struct session *session;
  tri_expr expr;   /* as given */
  uint32_t lambda; /* not 0: the function that was given */
  size_t m;        /* scalars in expr */
  tri_expr *outputs;
  size_t n_parameters; /* the function's parameters, else the variables in alphabetical order */
  tri_expr *parameters;
  size_t n; /* variables of differentiation; at a point, scalars: arrays are their elements */
  tri_expr *variables;
  size_t n_inputs; /* all variables, those of differentiation first */
  tri_expr *inputs;
  bool has_point;
  tri_expr *point;     /* for each input */
  bool symbolic_point; /* its values have variables or eps, so they are no numbers */
  enum subject_mode mode;
  const struct value *direction, *weights, *claim, *file, *range;
  tri_expr range_variable;
  size_t n_groups;      /* not 0: the variables of differentiation before arrays became elements */
  struct group *groups; /* their shapes */
};

/* Reads a call's arguments. Fails with the graph's error. */
TRI_CHECKED tri_status subject_read(const struct request *request, unsigned takes,
                                    struct subject *subject);

/* The variable that an argument names, for diff and taylor: one of the subject's (by name, whatever
 * the name is bound to), or any. Error expression with the graph's error if it is none. */
tri_expr subject_variable(const struct request *request, const struct subject *subject,
                          const struct value *argument);

/* Reads the expression alone (the first argument). */
TRI_CHECKED tri_status subject_read_expr(const struct request *request, struct subject *subject);

/* An array of exactly n scalars from an argument that is an array of so many elements (or, for n = 1, a scalar); NULL
 * on failure. */
tri_expr *subject_vector(const struct request *request, const struct value *argument, size_t n,
                         const char *what);

/* The expression, which can be called as the subject's function, or as one of its variables, can;
 * it is a derivative of it if `derived`. */
tri_status subject_give(const struct subject *subject, tri_expr e, bool derived,
                        struct value *value);

/* --- subject_arrays.c */

/* Takes the arrays among the inputs apart, where there is a point. */
TRI_CHECKED tri_status subject_flatten(const struct request *request, struct subject *subject);

/* Whether one of the variables of differentiation was an array. */
bool subject_is_nested(const struct subject *subject);

/* Fails without a point where an input is an array. */
TRI_CHECKED tri_status subject_needs_numbers(const struct request *request,
                                             const struct subject *subject);

/* The shape of an array whose sizes are known; fails for others. */
TRI_CHECKED tri_status subject_group(const struct request *request, tri_expr array,
                                     struct group *shape);

/* The array of this shape that has these elements. */
tri_expr subject_array(const struct request *request, const struct group *shape,
                       const tri_expr *elements);

#endif
