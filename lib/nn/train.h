/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the files of training share: what a model takes and gives, batches, steps, what is
 * measured. */
#ifndef TRIAD_NN_TRAIN_H
#define TRIAD_NN_TRAIN_H

#include <triad/eval.h>
#include <triad/train.h>

#include "nn/nn.h"

/* --- optimizers */

enum { MOST_SLOTS = 3 };

/* Keras's defaults, of optimizers that are given and of those in files. */
#define DEFAULT_RHO 0.9
#define DEFAULT_BETA_1 0.9
#define DEFAULT_BETA_2 0.999
#define DEFAULT_EPSILON 1e-7

tri_optimizer tri__optimizer_defaults(const tri_optimizer *given);
/* What makes no sense in an optimizer with its defaults; NULL if nothing does. */
const char *tri__optimizer_wrong(const tri_optimizer *optimizer);
/* How many tensors it keeps for each of the weights; all begin with zeros. */
size_t tri__optimizer_slots(const tri_optimizer *optimizer);
/* Adam's rate for step 1, 2, …; the learning rate itself for others. */
double tri__optimizer_step_size(const tri_optimizer *optimizer, double rate, uint64_t step);
/* Bounds n gradients as the optimizer asks for. */
void tri__clip_gradients(const tri_optimizer *optimizer, size_t n, tri_expr *gradients);
/* The weights p after a step along gradient g, and what is kept then, into next; rate and step_size
 * are scalars. */
tri_expr tri__optimizer_step(const tri_optimizer *optimizer, tri_expr rate, tri_expr step_size,
                             tri_expr p, tri_expr g, const tri_expr *state, tri_expr *next);

/* --- batches */

enum { DEFAULT_BATCH = 32 };

/* What a model takes or is compared with, for one sample. */
struct port {
  char name[NAME_SIZE]; /* of the layer */
  struct sample shape;
  size_t each;        /* numbers of it */
  int64_t classes;    /* not 0: whole numbers from 0 to below this */
  bool probabilities; /* numbers from 0 to 1 */
};

/* Where a port's batches are put. */
struct column {
  const struct port *port;
  const tri_samples *from; /* NULL: generated */
  void *numbers;           /* floats or doubles */
  size_t room;             /* bytes */
  double *made;            /* generated, before they become floats */
  size_t made_room;
};

/* Data as they are gone through, batch by batch. Memory is kept from one set to the next. */
struct feed {
  tri_model *model;
  bool floats;
  const tri_dataset *data;
  size_t first, count; /* the samples of arrays that are gone through */
  size_t batch;        /* samples of a whole batch */
  size_t next;         /* sample, or batch of a generator, that comes next */
  bool shuffled;
  uint32_t *order;
  size_t order_room;
  struct column *columns; /* inputs, then targets */
  size_t n_columns, n_x, n_used;
  double **pointers; /* what a generator is given */
};

/* Begins with data that have n_x inputs and, if `targets`, what they are compared with. `batch`
 * samples make a batch. Checks the data. tri__feed_close in any case, in the end. */
tri_status tri__feed_open(struct feed *feed, const tri_dataset *data, bool targets, size_t batch);
/* Fails, for want of them. */
tri_status tri__no_data(tri_model *model);
/* Fails where a batch is asked for that is larger than the data; the default is for data of any
 * number. */
tri_status tri__few_samples(tri_model *model, size_t asked, size_t samples);
/* How many samples arrays have; 0 of a generator. */
size_t tri__dataset_count(const tri_dataset *data);
/* Leaves out all but `count` samples from `first` on. */
void tri__feed_part(struct feed *feed, size_t first, size_t count);
/* From the beginning, in the order of this epoch, if it is shuffled. */
tri_status tri__feed_rewind(struct feed *feed, uint64_t epoch);
/* How many batches there are; -1 if that is not known. */
int64_t tri__feed_batches(const struct feed *feed);
/* Puts the next batch into the columns; how many samples it has, 0 at the end. */
tri_status tri__feed_batch(struct feed *feed, size_t *samples);
/* Room for count * size bytes whose contents need not stay; false when out of memory. */
bool tri__make_room(struct memory *memory, void **block, size_t *room, size_t count, size_t size);
/* Makes a feed for these ports. */
tri_status tri__feed_init(struct feed *feed, tri_model *model, size_t n_x, size_t n_y,
                          const struct port *ports, bool floats);
void tri__feed_close(struct feed *feed);

/* Appends [17, 3, 5] of element i of an array that has these dimensions; outer ones first. */
void tri__place_text(tri_text *text, size_t rank, const size_t *dims, size_t i);

/* Whether the data fit the ports and have nothing in them that cannot be learnt. */
tri_status tri__check_samples(tri_model *model, const struct port *port, const tri_samples *s,
                              size_t count);
tri_status tri__check_made(tri_model *model, const struct port *port, const double *x, size_t n);

/* Sample order[first + i], or first + i if order is NULL, i = 0 … n - 1, of `each` numbers, into
 * rows of floats or doubles, by the pool's threads if there is one. The `next` samples after them
 * are to come next. */
void tri__gather_samples(tri_pool *pool, const tri_samples *from, size_t each,
                         const uint32_t *order, size_t first, size_t n, size_t next, bool floats,
                         void *to);
void tri__floats(const double *from, size_t n, float *to);
/* The place of the first number that, scaled, is no finite float, or double; or the number of
 * elements. */
size_t tri__first_beyond(const tri_samples *from, bool floats);

/* 1 where a number is kept and 0 where it is dropped, which is so for the share `rate`: of one
 * layer at one step, whatever the batch. */
void tri__random_mask(uint64_t seed, uint32_t layer, uint64_t step, double rate, size_t n,
                      bool floats, void *mask);

/* --- what is measured */

enum { MEASURE_NAME = 2 * NAME_SIZE + 4 };

/* Names of what is measured, and the means over the samples so far. */
struct measures {
  size_t n;
  char (*names)[MEASURE_NAME]; /* n of them, then the same with val_ */
  const char **list;           /* 2 n, pointers to them */
  double *values;              /* 2 n means */
  double *sums;                /* n */
  double samples;
};

tri_status tri__measures_init(tri_model *model, struct measures *measures, size_t n);
void tri__measures_free(tri_model *model, struct measures *measures);
/* Begins with no samples; adds the means over a batch; the means so far are the first n values. */
void tri__measures_clear(struct measures *measures);
void tri__measures_add(struct measures *measures, const double *batch, size_t samples);
/* The means as callbacks see them, which those of validation follow if `validated`. */
tri_logs tri__measures_logs(const struct measures *measures, bool validated);
/* What lines of progress end in: " - accuracy: 0.6831 - loss: 0.9987". */
void tri__logs_text(tri_logs logs, tri_text *text);
/* Seconds of a clock that only goes forward. */
double tri__seconds(void);

/* --- history */

struct tri_history {
  size_t n_curves, epochs, capacity;
  int64_t first;
  char (*names)[MEASURE_NAME];
  double *values; /* of each curve, capacity numbers */
};

/* Begins with no epochs, with curves of these names. */
tri_status tri__history_begin(tri_model *model, tri_history **history, tri_logs logs,
                              int64_t first);
tri_status tri__history_add(tri_model *model, tri_history *history, tri_logs logs);
void tri__history_free(tri_model *model, tri_history *history);

/* --- steps */

/* What is compiled of a model: a step of training, what is measured of a batch, outputs. */
enum step_kind { STEP_TRAIN, STEP_TEST, STEP_PREDICT, STEP_KINDS };

/* What dropout draws for a batch: `each` numbers for a sample. */
struct drawn {
  double rate;
  uint32_t part;
  size_t each;
  void *numbers;
  size_t room; /* bytes */
};

/* A compiled step with the places of its inputs and outputs. */
struct step {
  tri_function *function; /* NULL: not compiled yet */
  tri_workspace *workspace;
  const void **inputs; /* weights, slots, x, y, masks, rates */
  void **outputs;      /* measured, weights, slots; or the outputs */
  size_t n_inputs, n_outputs;
  size_t first_x, first_mask, first_rate; /* among the inputs */
  struct drawn *drawn;
  size_t n_drawn;
};

/* How a model is trained: what tri_model_compile keeps, and what is made of it when it is
 * needed. */
struct training {
  bool compiled; /* else there are predictions alone */
  bool busy;     /* in a fit, whose callbacks may not begin another, compile, or add layers */
  bool testing;  /* in evaluate or predict, which generators may not begin anew */
  size_t calls;  /* of layers that the model had */
  tri_optimizer optimizer;
  double rate;
  uint64_t steps;       /* of training, so far */
  struct port *ports;   /* inputs, then what outputs are compared with, then outputs */
  struct port *outputs; /* of these, the last */
  size_t n_x, n_y;
  const char **losses;  /* n_y, static texts */
  double *loss_weights; /* n_y */
  int from_logits;
  char metrics[TRI_METRICS][NAME_SIZE];
  size_t n_metrics;
  struct measures measures;
  struct store measured;      /* of a batch, then the two rates */
  double *batch_means;        /* measures.n */
  size_t *trained, n_trained; /* the numbers of the weights that are trained */
  struct store *slots;        /* of the optimizer: n_slots of each of these, one after the other */
  size_t n_slots;
  tri_pool *pool, *own_pool;
  struct step step[STEP_KINDS];
  struct feed train, validation, test;
  tri_history *history;
};

/* The model's training, begun if there is none; NULL after a failure. */
struct training *tri__training(tri_model *model);
/* The same of a model that is compiled; TRI_ARGUMENT if it is not, or has got layers since. */
tri_status tri__training_compiled(tri_model *model, struct training **training);

/* Fails while the model is fitted, evaluated or predicts: what is in use may not change. */
tri_status tri__training_busy(tri_model *model);
/* Fails in a generator of what evaluate or predict goes through. */
tri_status tri__training_tested(tri_model *model);
/* Whether it is compiled for the layers and outputs that there are. */
bool tri__training_current(const tri_model *model);
/* The model's outputs are others than before. */
void tri__training_stale(tri_model *model);

/* Makes the optimizer's slots unless they are there. */
tri_status tri__training_slots(tri_model *model, struct training *training);

/* What output i is compared with, as a variable: the same in steps and wherever they are looked
 * at. */
tri_expr tri__target_variable(tri_model *model, size_t i);
/* Compiles a step unless that was done. */
tri_status tri__step_ready(tri_model *model, enum step_kind kind);
/* The places of a step's inputs and outputs. */
tri_status tri__step_places(tri_model *model, struct step *step, const struct built *built);
void tri__step_free(tri_model *model, struct step *step);
/* Carries a step out for `samples` samples in the columns of the feed. Means over the batch go into
 * batch_means, and outputs to where step->outputs says. */
tri_status tri__step_run(tri_model *model, enum step_kind kind, const struct feed *feed,
                         size_t samples, const volatile int *interrupt);

/* The means of what is measured over the data of a feed that is open, of at most `steps`
 * batches. */
tri_status tri__test(tri_model *model, struct feed *feed, int64_t steps,
                     const volatile int *interrupt, double *means);

/* TRI_INTERRUPTED once *interrupt is not 0, unless it is NULL. */
tri_status tri__model_interrupted(tri_model *model, const volatile int *interrupt);

/* An option's default for 0; TRI_ARGUMENT if it is negative. */
tri_status tri__positive(tri_model *model, const char *what, int64_t *value, int64_t otherwise);

/* What is built of outputs: the loss, of all and of each if there are several, then the metrics;
 * into measures[training->measures.n]. y are the variables that outputs are compared with. */
tri_status tri__measure(tri_model *model, const struct built *built, const tri_expr *y,
                        tri_expr *measures);

#endif
