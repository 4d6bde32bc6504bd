/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Running plans: functions, workspaces, and the ways to run that work in any domain. */
#ifndef TRIAD_EVAL_RUN_H
#define TRIAD_EVAL_RUN_H

#include <stdatomic.h>

#include "eval/plan.h"

struct lanes;
struct native;
struct array_rooms;

struct tri_function {
  struct plan *plan;
  tri_domain domain;
  uint32_t precision;
  uint64_t digits;
  _Atomic(struct lanes *) lanes; /* made by the first map (lanes.h); else NULL */
  struct native *native;         /* not NULL: calls may be by native code (native_calls.h) */
  uint32_t *donated; /* by output: number of its input + 1, or 0; NULL: none (arrays.h) */
};

/* Where the values of a plan are among the numbers of one array: slots are shared, or every value
 * has a place of its own. */
struct store {
  void *data;
  size_t count; /* numbers in data */
  size_t
      *place; /* by slot or value: its first number; NULL where that is the slot or value itself */
  size_t places;
  bool all;
};

/* A domain at work: what a function computes with, the dual numbers over it, those over these, and
 * series over it. */
enum { ROOM_NUMBERS = 2 };
struct level {
  struct numbers numbers; /* .domain is NULL until it is open */
  struct store shared, all;
  void *adjoints; /* placed as in `all` */
  /* of a loop's body: its carries as they are now, as they came into steps before (snapshots), and
   * their adjoints; `carry_count` numbers at a time */
  void *product; /* ROOM_NUMBERS to work with, where the plan contracts */
  void *carry, *history, *carry_adjoints;
  size_t carry_count, history_count;
  void *block; /* of a loop by lanes: their slots */
  size_t block_size;
};

enum { LEVEL_BASE, LEVEL_DUAL, LEVEL_NESTED, LEVEL_TAYLOR, LEVELS };

/* A buffer of the caller's to allocate from, last in, first out. */
struct buffer {
  char *at, *end;
};

struct tri_workspace {
  const tri_function *function;
  const struct plan *plan; /* the function's, or that of a loop's body */
  tri_workspace **loops;   /* by the plan's loops: for their bodies */
  struct memory memory;
  struct buffer buffer; /* of tri_workspace_place */
  bool placed;
  bool shared_buffer;  /* a body's, in the buffer of the workspace around it */
  bool bound;          /* counts are known */
  uint8_t *is_written; /* by output, for a plan with loops */
  size_t *counts;      /* elements by shape */
  int64_t *sizes;      /* named sizes they were counted for */
  struct level level[LEVELS];
  double *native; /* room for native code */
  size_t native_count;
  struct array_rooms *arrays; /* of calls with arrays (arrays.h); NULL before the first */
};

/* One run: a plan over the numbers of a store. */
struct run {
  const struct plan *plan;
  const tri_call *call;
  tri_workspace *workspace;
  struct numbers *numbers;
  struct store *store;
  const size_t *counts;
  int level;
  double *direct; /* where the caller wants the outputs, if loops may write there; else NULL */
  /* by output: WRITTEN if it is there already and not in the store, HAS_VALUES if it was also
   * looked through */
  uint8_t *is_written;
  bool whole; /* every step was carried out, so outputs are what they are */
};

/* Numbers of the caller's: doubles, or numbers of the function's domain. */
struct port {
  double *doubles;
  struct numbers *numbers;
  void *data; /* of numbers */
};

static inline struct plan_value *value_of(const struct run *r, uint32_t v) {
  return r->plan->values + v;
}
static inline size_t count_of(const struct run *r, uint32_t v) {
  return r->counts[value_of(r, v)->shape];
}
static inline size_t place_of(const struct run *r, uint32_t v) {
  size_t slot = r->store->all ? v : value_of(r, v)->slot;
  return r->store->place ? r->store->place[slot] : slot;
}
/* Element e of a value. */
static inline void *element_at(const struct run *r, uint32_t v, size_t e) {
  return number_at(r->numbers, r->store->data, place_of(r, v) + e);
}
/* Element e of an argument of an elementwise operation: a scalar stands for all elements. */
static inline void *argument_at(const struct run *r, uint32_t v, size_t e) {
  return element_at(r, v, value_of(r, v)->shape ? e : 0);
}
/* Whether a domain's numbers are doubles, which floats are kept as, too; and whether those of the
 * run are, with no templates asked for. */
static inline bool has_doubles(const struct domain *domain) {
  return domain == &tri__double_domain || domain == &tri__float_domain;
}
static inline bool by_doubles(const struct run *r) {
  return has_doubles(r->numbers->domain) && !r->numbers->by_template;
}
static inline const struct row *row_of(const struct run *r, const struct instruction *s) {
  return s->op < TRI_OP_ROWS ? r->plan->programs->rows + s->op : NULL;
}

/* --- workspace.c */

/* Counts elements for the call's sizes, or finds what does not fit. */
tri_status tri__bind(tri_workspace *w, const tri_call *call);
/* Makes a level and those below it ready, and the store that is asked for, its constants set;
 * describes the run. Dual levels get `directions`; one in the caller's buffer keeps those that it
 * has, so look at the level's numbers. Series are of order `directions`. TRI_MEMORY. */
tri_status tri__level(struct run *r, tri_workspace *w, const tri_call *call, int level,
                      uint32_t directions, bool all);
/* Room for adjoints as in the level's `all` store and SWEEP_ROOM numbers more, all 0; NULL when out
 * of memory. */
enum { SWEEP_ROOM = 2 };
void *tri__adjoints(struct run *r, int level);
/* TRI_OK, or what stopped work in a level's numbers or those below. */
tri_status tri__level_status(const struct run *r);
/* N and M: elements of all inputs and all outputs. */
size_t tri__input_elements(const tri_workspace *w);
size_t tri__output_elements(const tri_workspace *w);

/* The context of the values inside (nested) dual numbers; they come first in these. */
struct numbers *tri__base(struct numbers *n);

/* --- array_run.c, loop_run.c, loop_sweep.c: operations on arrays, and loops */

/* Makes ready what the loops of this run need, in one another too, and with all values in the store
 * their sweeps. `scratch`: also that of rows' programs. False when out of memory. */
bool tri__rehearse_loops(const struct run *r, bool scratch);

/* Carries out a step that is no row's, stack or element. TRI_MEMORY, TRI_INTERRUPTED. */
tri_status tri__run_array(struct run *r, const struct instruction *s);
tri_status tri__run_loop(struct run *r, const struct instruction *s);
/* Adds the parts that a body's step scatters where they belong in a loop's result. */
void tri__add_scattered(const struct run *r, uint32_t result, const struct run *body,
                        const struct instruction *s);
/* Sets a number to an integer. */
void tri__set_integer(struct numbers *n, void *to, int64_t i);

/* --- ports */
/* Number i into or out of a number of the base domain. */
void tri__port_get(const struct port *port, size_t i, struct numbers *base, void *to);
void tri__port_put(const struct port *port, size_t i, const struct numbers *base, const void *from);
/* No value for `count` numbers from `first` on, if the port is given. */
void tri__port_none(const struct port *port, size_t first, size_t count);
static inline bool port_given(const struct port *port) { return port->doubles || port->data; }

/* --- interpret.c */

/* Puts the inputs in their places; tangents, if any, are left 0. */
void tri__run_inputs(struct run *r, const struct port *inputs);
/* The numbers of output i: in the store, or where the caller wants them; `first` of them are those
 * of the outputs before. */
const void *tri__output_at(const struct run *r, uint32_t i, size_t first);
enum { WRITTEN = 1, HAS_VALUES = 2 };
/* Where a loop may write its result k of step s by itself, with its flags of is_written in *flags;
 * else NULL. */
double *tri__direct_result(const struct run *r, const struct instruction *s, uint32_t k,
                           uint8_t **flags);
/* Values of the outputs (the value parts of dual numbers) into a port, if it is given and the run
 * is whole. */
void tri__put_outputs(const struct run *r, const struct port *outputs);
/* Whether the short way through doubles is open: scalars, nobody watching. */
bool tri__plain_doubles(const struct run *r);
/* Every step, by a short way if there is one; the same with the inputs put in first. */
tri_status tri__run_best(struct run *r);
tri_status tri__run(struct run *r, const struct port *inputs);
/* Carries out every step. TRI_INTERRUPTED. */
tri_status tri__run_steps(struct run *r);
/* The view that a trace is shown of a value. */
tri_value tri__view(const struct run *r, const void *number);
bool tri__interrupt(const struct run *r);

/* --- double_run.c */

/* The same as tri__run_steps and tri__sweep for plans of scalars over doubles. */
tri_status tri__run_doubles(struct run *r);
tri_status tri__run_double_duals(struct run *r);
tri_status tri__sweep_doubles(struct run *r, double *adjoints);

/* Calls that find their memory ready and all results have values; false if it is not so, or
 * anything but numbers is asked for, with nothing of the caller's changed: then the call goes the
 * long way, which does the same and more. */
bool tri__quick_call(const tri_function *f, const tri_call *call, const double *inputs,
                     double *outputs);
bool tri__quick_reverse(const tri_function *f, const tri_call *call, const double *inputs,
                        const double *weights, double *outputs, double *adjoints);

/* --- dual_run.c */

/* Tangents of the inputs: directions from row `first` on, as many as the numbers have, 0 beyond row
 * k; with directions NULL, unit vectors from input element `first` on. */
void tri__seed_tangents(struct run *r, const struct port *directions, size_t first, size_t k);
/* Most directions that go through the plan at once. */
enum { DIRECTIONS_AT_ONCE = 16, NESTED_AT_ONCE = 4 };

/* --- the calls, on ports; the workspace is bound. A port that is not given is not written
 * (weights: all are 1). */
tri_status tri__value_run(tri_workspace *w, const tri_call *call, const struct port *inputs,
                          const struct port *outputs);
tri_status tri__dual_run(tri_workspace *w, const tri_call *call, const struct port *inputs,
                         size_t k, const struct port *directions, const struct port *outputs,
                         const struct port *tangents);
tri_status tri__adjoint_run(tri_workspace *w, const tri_call *call, const struct port *inputs,
                            const struct port *weights, const struct port *outputs,
                            const struct port *adjoints);
/* One adjoint for each output element, row by row, after one run forward. */
tri_status tri__adjoint_rows(tri_workspace *w, const tri_call *call, const struct port *inputs,
                             const struct port *outputs, const struct port *jacobian);
/* The Jacobian, row by row, by dual runs or by adjoints. */
tri_status tri__jacobian_run(tri_workspace *w, const tri_call *call, const struct port *inputs,
                             const struct port *outputs, const struct port *jacobian);
tri_status tri__hessian_run(tri_workspace *w, const tri_call *call, const struct port *inputs,
                            const struct port *weights, const struct port *outputs,
                            const struct port *gradient, const struct port *hessian);

/* coefficients of rows 0 … order along a curve of `terms` rows, derivatives if the call says so. */
tri_status tri__taylor_run(tri_workspace *w, const tri_call *call, const struct port *curve,
                           size_t terms, size_t order, const struct port *coefficients);
/* The inputs, then every step, in a run over series. */
tri_status tri__taylor_steps(struct run *r, const struct port *curve, size_t terms);

/* The reverse sweep over a store with all values, in any numbers. Weights are of the base domain.
 * TRI_INTERRUPTED. */
tri_status tri__sweep(struct run *r, void *adjoints, const struct port *weights);

/* --- adjoint_run.c */

/* A sweep: adjoints are placed as the values are. */
struct sweep {
  struct run *run;
  struct numbers *numbers;
  void *adjoints;
  void *partial, *amount; /* room for one number each */
};

static inline void *adjoint_of(const struct sweep *s, uint32_t v, size_t e) {
  return number_at(s->numbers, s->adjoints, place_of(s->run, v) + e);
}
/* A sweep over a run with all values, its adjoints all 0. */
struct sweep tri__sweep_of(struct run *r, void *adjoints);
/* From the adjoints that are there back to the inputs. */
tri_status tri__sweep_back(struct sweep *s);
/* Back through a step of tri__run_array, and a loop. */
void tri__sweep_array(struct sweep *s, const struct instruction *step);
tri_status tri__sweep_loop(struct sweep *s, const struct instruction *step);
/* elementwise.c: a row over arrays of doubles by the kernels of lanes, if it has one and they are
 * large enough. */
bool tri__run_elementwise(const struct run *r, const struct instruction *s);

/* window_run.c: windows of arrays. TRI_INTERRUPTED. */
tri_status tri__run_windows(struct run *r, const struct instruction *s);
void tri__sweep_windows(struct sweep *s, const struct instruction *step);

/* last_run.c: reductions over the last dimension. TRI_INTERRUPTED. */
tri_status tri__run_last(struct run *r, const struct instruction *s);
void tri__sweep_lse(struct sweep *s, const struct instruction *step);

/* tensor_run.c: permutations and contractions, forward and back. */
void tri__run_permute(struct run *r, const struct instruction *s);
tri_status tri__run_contract(struct run *r, const struct instruction *s); /* TRI_INTERRUPTED */
void tri__sweep_permute(struct sweep *s, const struct instruction *step);
void tri__sweep_contract(struct sweep *s, const struct instruction *step);
/* The adjoint of an element of a step's result goes on to an element of its argument, times the
 * partial of a row over x. */
void tri__sweep_product(struct sweep *s, tri_op op, uint32_t from, size_t from_element,
                        uint32_t argument, uint32_t to, size_t to_element, const void *const *x);
/* The same for a partial that is known: s->partial. */
void tri__sweep_partial(struct sweep *s, uint32_t from, size_t from_element, uint32_t argument,
                        uint32_t to, size_t to_element);
/* Adjoints of `count` elements move from one value to another, where they are added. */
void tri__sweep_move(struct sweep *s, uint32_t from, size_t from_element, uint32_t argument,
                     uint32_t to, size_t to_element, size_t count);

/* --- kinks.c */

/* TRI_OK unless the call is strict and an operation at a kink is derived through: along k
 * directions (NULL: all inputs move), for the outputs whose weight is not 0. Then the values of the
 * outputs are written, and it is TRI_DOMAIN, or TRI_UNKNOWN where the kink is not certain. */
tri_status tri__check_kinks(tri_workspace *w, const tri_call *call, const struct port *inputs,
                            const struct port *directions, size_t k, const struct port *weights,
                            const struct port *outputs);

/* --- diagnose.c: what to say when an output has no value, or a derivative has none */

/* TRI_OK if all values at the outputs exist; else the status with the culprit's name and place in
 * call's error, found by a run that stores every value. */
tri_status tri__check_outputs(struct run *r, const struct port *inputs);
/* For a derivative that has no value though the outputs have: along row `i` of directions, or along
 * input element i if directions is NULL. The culprit is looked for by a dual run. */
tri_status tri__no_derivative(const struct run *r, const struct port *inputs,
                              const struct port *directions, size_t i, enum number_state state);
/* For a coefficient beyond the first that does not exist, though the outputs do; by a run over
 * series that stores every value. */
tri_status tri__no_coefficient(const struct run *r, const struct port *curve, size_t terms,
                               enum number_state state);
/* Blames what keeps an output, or its tangents, from having a value in a run with all values;
 * `otherwise` if they all have one. */
tri_status tri__blame_outputs(struct run *r, tri_status otherwise);
/* The call again for a run that is to find out who is to blame: nobody watches, kinks follow their
 * conventions. */
const tri_call *tri__quiet(tri_call *copy, const tri_call *call);
/* What a number that has no value is to a caller. */
tri_status tri__status_of(enum number_state state);
/* For a kink that a derivative passes through; `known` is what the domain said of it: 1 or
 * COMPARE_UNKNOWN. */
tri_status tri__kink_error(struct run *r, const struct instruction *s, const void *const *arguments,
                           int known);
/* An error of a call without a culprit. */
tri_status tri__call_error(const tri_call *call, tri_status status, const char *message);

#endif
