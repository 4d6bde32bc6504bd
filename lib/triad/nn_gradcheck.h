/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The gradient check of neural networks: the function that trains, in float32, in double and in
 * balls. */
#ifndef TRIAD_NN_GRADCHECK_H
#define TRIAD_NN_GRADCHECK_H

#include <triad/train.h>
#include <triad/verify.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The gradient by one tensor of weights as other code computed it, by rows: one of the two. */
typedef struct tri_gradient_claim {
  const float *floats;
  const double *doubles;
} tri_gradient_claim;

/* A computed derivative beside the true one. */
typedef struct tri_computed {
  double value;
  double error;    /* at most so far from the true derivative; NaN if it is not finite */
  double relative; /* the same over the derivative's size; where its enclosure has 0 in it, over
                      that of the gradient's largest entry looked at */
  double ulps;     /* likewise in units in the last place that a number of this size has */
  double digits;   /* decimal digits on which it certainly agrees, inf if exactly */
  double bound;    /* what rounding is expected to make of it at most */
  int inside;      /* not 0: the error is within the bound */
} tri_computed;

/* One entry of a gradient. */
typedef struct tri_gradient_entry {
  size_t index; /* in the tensor, by rows */
  tri_verdict verdict;
  char reason[TRI_REASON_SIZE]; /* why not PROVED */
  tri_value enclosure;          /* a ball: the true derivative */
  double derivative, radius;    /* its midpoint, and how far the truth is from that at most */
  double digits;                /* of it that are certain, inf if it is exact */
  tri_computed claim;           /* by the training function in float32, or as claimed */
  tri_computed float64;         /* by the same function in double */
} tri_gradient_entry;

/* What was found about the gradient by one tensor of weights. */
typedef struct tri_tensor_check {
  char name[TRI_REASON_SIZE]; /* dense/kernel */
  size_t rank;
  int64_t shape[TRI_LAYER_RANK];
  size_t entries, checked; /* how many there are, and were looked at: */
  size_t proved, refuted, undecided;
  tri_verdict verdict; /* REFUTED if an entry is, or differences are; else UNDECIDED if one is */
  char reason[TRI_REASON_SIZE];
  tri_gradient_entry worst;  /* refuted before undecided ones; then by error over bound */
  tri_verdict differences;   /* PROVED: those of values alone agree with the gradient */
  double along;              /* the derivative along a direction of ones and minus ones */
  double difference, off_by; /* the same by differences, and how far off that is at most */
} tri_tensor_check;

/* An operation so near a kink that float32 cannot tell its side, so that the derivatives that pass
 * through it are not one number. */
typedef struct tri_unit_check {
  char layer[TRI_REASON_SIZE]; /* or "loss" */
  tri_op op;                   /* relu, max, … */
  size_t sample, unit; /* sample is SIZE_MAX where it is not of one; unit: in the layer, by rows */
  double distance;     /* of its argument from the kink */
  double bound;        /* what rounding is expected to do to that distance at most */
  size_t entries;      /* of the checked ones that depend on the side */
  size_t units; /* as many as were looked at together, from this one on: 1 unless there are many */
} tri_unit_check;

/* What tri_model_gradcheck_with found. Freed by tri_model_gradcheck_free. */
typedef struct tri_model_gradcheck_report {
  tri_verdict verdict; /* REFUTED if a tensor is, else UNDECIDED if one is, else PROVED */
  size_t n_tensors;
  tri_tensor_check *tensors; /* the trainable ones, in the model's order */
  size_t n_units;
  tri_unit_check *units;   /* those that an entry depends on */
  size_t entries, checked; /* of all tensors */
  size_t samples;          /* of the batch */
  uint64_t seed;
  uint64_t hash;      /* of the batch: FNV-1a (64 bits) of the bytes of x, then of y */
  uint32_t precision; /* bits at which the enclosures were found */
  double loss[3];     /* in float32, in double, and the true one */
  int claimed;        /* not 0: claims were checked in place of the float32 run */
  double seconds;     /* that it took, by the clock */
  struct tri_gradcheck_numbers *owned; /* what the enclosures live in */
} tri_model_gradcheck_report;

/* How a gradient is checked; zeros are the defaults. */
typedef struct tri_model_gradcheck_options {
  tri_model_gradcheck_report *report; /* filled in by the macro */
  size_t first;      /* the first sample of the batch; of a generator, the number of its batch */
  size_t batch_size; /* default 32, or as many as there are; more is an error */
  const tri_gradient_claim *claims; /* by tensor: checked in place of the float32 run */
  uint32_t claim_bits; /* of the numbers that claims were computed with; default 24, doubles 53 */
  size_t sample;       /* entries of each tensor, drawn at random; 0: all */
  uint64_t seed;       /* of that drawing */
  uint64_t digits;     /* certain digits of the enclosures; default 10 */
  uint64_t step;       /* of training, whose dropout it has; from 0 */
  uint32_t max_precision;        /* bits; default 2048 */
  const volatile int *interrupt; /* not NULL: stops with TRI_INTERRUPTED once *interrupt is not 0 */
} tri_model_gradcheck_options;

/* Checks the gradient of a compiled model's loss by every trainable tensor of weights for a batch
 * of the data, in training, regularizers included:
 *   tri_model_gradcheck_report report;
 *   tri_status s = tri_model_gradcheck(m, &data, &report, .batch_size = 4, .sample = 200);
 * The expression that training runs in float32 is run as training runs it, in double, and in balls,
 * whose precision rises until the asked-for digits are certain. An entry is PROVED if the number
 * computed (or claimed) is as near to its ball as rounding explains, in float32 and in double, and
 * REFUTED if it is not, or not finite.
 *
 * What rounding explains is measured: the same function is run by MPFR, which rounds every
 * operation to nearest, with 24, 25, … 39 bits. Each run's error, times 2^(bits - 24), is a sample
 * of what float32 makes of that entry; so it is once more with the samples in other orders, and the
 * greater root mean square counts. The bound is 12.61 times that, which a further such error
 * exceeds with a probability of 10^-9 (Student's distribution of 16 degrees of freedom), and 4
 * units of roundoff of the entry itself, for functions and orders of summation that differ. D. S.
 * Parker's Monte Carlo arithmetic (1997) and J. Vignes's stochastic arithmetic
 * (Mathematics and Computers in Simulation 35, 1993) are of this kind. A bound that holds with
 * certainty says nothing here: with 24 bits, balls of a network 784-300-100-10 are ten million
 * times wider than the errors. In a model of float64 it is 53, 54, … 68 bits.
 *
 * A kink (of relu, max, abs, …) nearer than such a bound of its argument is undecidable: entries
 * that change by more than a sixteenth of their bound from its one side to the other are UNDECIDED,
 * and the unit is named. What the graph's convention gives there is computed all the same.
 *
 * The enclosures rely on the rules of differentiation. So a tensor is PROVED only if, along a
 * direction of ones and minus ones over its decided entries, central differences of the loss alone,
 * in balls, with one step of Richardson's extrapolation, agree with its enclosures.
 *
 * The model is not changed, but for its error. TRI_OK whatever the verdict; else the report is
 * empty and tri_model_error says why: TRI_ARGUMENT for a model that is not compiled or has no
 * weights to train, and for numbers among these that are not finite; for data as tri_model_fit;
 * TRI_DOMAIN where the loss has no value, TRI_UNKNOWN where that cannot be told; TRI_LIMIT,
 * TRI_MEMORY, TRI_INTERRUPTED. */
TRI_CHECKED TRI_API tri_status tri_model_gradcheck_with(tri_model *model, const tri_dataset *data,
                                                        const tri_model_gradcheck_options *options);
#define tri_model_gradcheck(model, data, ...)                                                      \
  tri_model_gradcheck_with((model), (data), &(tri_model_gradcheck_options){.report = __VA_ARGS__})

/* Frees what a report holds and empties it. Nothing happens for NULL. */
TRI_API void tri_model_gradcheck_free(tri_model_gradcheck_report *report);

/* Appends a report as a table for people, and the verdict; in ASCII if ascii is not 0.
 * TRI_MEMORY. */
TRI_CHECKED TRI_API tri_status tri_model_gradcheck_text(const tri_model_gradcheck_report *report,
                                                        int ascii, tri_text *text);

#ifdef __cplusplus
}
#endif
#endif
