/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the files of the gradient check of models share. */
#ifndef TRIAD_LIB_NN_GRADCHECK_H
#define TRIAD_LIB_NN_GRADCHECK_H

#include <triad/nn_gradcheck.h>

#include "graph/node.h"
#include "nn/train.h"
#include "numbers/flint.h"

/* An operation of the loss with a kink, and how to get to its other side. */
struct kink {
  uint32_t node;
  uint32_t distance;   /* a node, 0 at the kink */
  uint32_t moved;      /* the argument of `node` that moves */
  size_t count, first; /* elements of the distance, and their place among all */
  size_t moved_count;
  bool window; /* of pooling: elements of windows, and `moved` is what these are of */
};

/* One entry of the gradient that is looked at. */
struct entry {
  size_t tensor, index;
  double claim, float64;
  /* Root mean square of the errors that rounding to the model's numbers makes: with the samples in
   * their order or in others, whichever is greater. */
  double off;
  double reordered; /* of the others: the squares, while they are added up */
  size_t unit;      /* 1 + number of a unit at a kink that it depends on; 0: none */
};

/* Outputs: the loss, its gradient by each trainable tensor, the distances from kinks. Inputs: these
 * tensors, the other weights, the model's inputs, the targets, the masks of dropout. */
struct check {
  tri_model *model;
  tri_graph *graph;
  struct memory *memory;
  const tri_model_gradcheck_options *options;
  tri_model_gradcheck_report *report;
  size_t samples, tensors;
  size_t *weights; /* their numbers in the model: the trainable ones come first */
  struct training *training;
  struct feed feed; /* with the batch */
  const tri_dataset *data;
  struct built built;
  uint32_t bits; /* of the model's numbers: 24 or 53 */
  tri_expr *inputs, *outputs;
  size_t n_inputs, n_outputs;
  size_t *input_at, *output_at; /* where each begins; and where the last ends */
  double *point;                /* all inputs: numbers of the model */
  float *point32;               /* the same, for a model in float32 */
  struct kink *kinks;
  size_t n_kinks, kink_capacity;
  struct entry *entries;
  size_t n_entries;
  double *distance, *distance_off; /* from kinks, and what rounding is off there, as in entry */
  size_t n_distances;
  size_t near;       /* distances whose sign rounding may change */
  tri_values *balls; /* of all outputs */
  double largest;    /* size of an entry of the whole gradient */
};

/* The claimed numbers' unit roundoff is 2^-bits. */
uint32_t tri__check_bits(const struct check *c, size_t tensor);
/* What rounding to `bits` bits is expected to make at most of a number whose runs are `off`. */
double tri__check_bound(const struct check *c, double off, double value, uint32_t bits);
/* The same for an entry and the model's numbers. */
double tri__check_rounding_of(const struct check *c, const struct entry *e);

static inline bool check_interrupted(const struct check *c) {
  return c->options->interrupt && *c->options->interrupt;
}
static inline tri_status check_no_memory(const struct check *c) {
  return tri__model_no_memory(c->model);
}
/* The ball of an entry, and its nearest double. */
arb_srcptr tri__check_ball(const struct check *c, const struct entry *e);
double tri__check_value(const struct check *c, const struct entry *e);

/* --- gradcheck_function.c: expressions and the point. All fail with the model's error. */
/* Looks the batch up. */
tri_status tri__check_batch(struct check *c);
tri_status tri__check_function(struct check *c);
tri_status tri__check_point(struct check *c);
/* Of the batch. */
uint64_t tri__check_hash(const struct check *c);
/* Elements of an expression's shape for this batch. */
size_t tri__check_count(const struct check *c, tri_expr e);

/* --- gradcheck_runs.c */
/* As the model trains (unless there are claims) and in double: claims and float64 of the
 * entries. */
tri_status tri__check_floats(struct check *c);
/* Whether enough digits of an entry are certain, or of one that is about 0 enough beside the
 * largest. */
bool tri__check_certain(const struct check *c, const struct entry *e);
/* The balls, and the distances from kinks. */
tri_status tri__check_balls(struct check *c);
/* The errors of rounding. */
tri_status tri__check_rounding(struct check *c);

/* A function of some of the outputs in doubles or floats, at c's point. */
struct check_arrays {
  tri_function *function;
  tri_workspace *workspace;
  const void **in;
  void **out, *results;
  size_t n_in, n_out, size; /* size: bytes of the results */
};
/* n_in and n_out of the inputs and outputs given, those beyond c's inputs not yet placed. */
tri_status tri__check_arrays_open(struct check *c, struct check_arrays *a, tri_domain domain,
                                  size_t n_in, const tri_expr *inputs, size_t n_out,
                                  const tri_expr *outputs);
tri_status tri__check_arrays_call(struct check *c, struct check_arrays *a);
void tri__check_arrays_close(struct check *c, struct check_arrays *a);

/* A function of the first n outputs in numbers, with c's point as its inputs. */
struct check_numbers {
  tri_function *function;
  tri_workspace *workspace;
  tri_values *in, *out;
};
tri_status tri__check_numbers_open(struct check *c, struct check_numbers *r, tri_domain domain,
                                   uint32_t precision, size_t n);
tri_status tri__check_numbers_call(struct check *c, struct check_numbers *r);
void tri__check_numbers_close(struct check_numbers *r);

/* --- gradcheck_kinks.c: the operations with kinks. */
tri_status tri__check_find_kinks(struct check *c);

/* --- gradcheck_units.c: which units are too near to theirs, and which entries that concerns. */
tri_status tri__check_units(struct check *c);

/* --- gradcheck_place.c: the layer that a node belongs to, and sample and unit of an element of
 * what has the shape of `like`. */
void tri__check_place(const struct check *c, uint32_t node, tri_expr like, size_t element,
                      struct tri_unit_check *unit);

/* --- gradcheck_windows.c: of pooling. Elements of windows, and what rounding is off there (unless
 * that is NULL), become distances; which element of what is moved an element of a window is, and
 * which element of the result its window. */
void tri__check_gaps(const struct check *c, const struct kink *k, double *values, double *off);
size_t tri__check_moved(const struct check *c, const struct kink *k, size_t element);
size_t tri__check_pooled(const struct check *c, const struct kink *k, size_t element);

/* --- gradcheck_slopes.c: differences of values along a direction, by tensor. */
tri_status tri__check_slopes(struct check *c);

/* --- gradcheck_judge.c: the report from what was found. */
tri_status tri__check_judge(struct check *c);
/* Which of the two computed numbers an entry is judged by: that of double if it alone is wrong. */
const tri_computed *tri__check_shown(const tri_gradient_entry *e);

/* --- gradcheck_text.c: with so many significant digits at most, in any locale. */
void tri__check_number(tri_text *text, double x, int digits);

/* What the enclosures of a report live in. */
struct tri_gradcheck_numbers {
  struct memory memory;
  tri_values *worst; /* by tensor */
  size_t unit_capacity;
};

#endif
