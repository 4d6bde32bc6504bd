/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Training of networks: optimizers, data in batches, fit, evaluate and predict, callbacks. Names,
 * defaults and meanings are those of Keras 3. */
#ifndef TRIAD_TRAIN_H
#define TRIAD_TRAIN_H

#include <triad/io.h>
#include <triad/nn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- optimizers ------------------------------------------------------------------------------- */

/* How weights follow gradients. */
typedef enum tri_optimizer_kind {
  TRI_OPTIMIZER_RMSPROP, /* Keras's default */
  TRI_OPTIMIZER_SGD,
  TRI_OPTIMIZER_ADAM,
  TRI_OPTIMIZERS
} tri_optimizer_kind;

/* An optimizer as Keras 3 defines it; made by the macros below, zeros are the defaults. A rate of
 * exactly 0 is set by tri_model_set_learning_rate. */
typedef struct tri_optimizer {
  tri_optimizer_kind kind;
  double learning_rate;   /* default 0.01 of SGD, 0.001 of the others */
  double momentum;        /* of SGD and RMSprop */
  int nesterov;           /* of SGD, not 0: the step is taken from where the momentum leads */
  double rho;             /* of RMSprop: what the mean of squares keeps of itself; default 0.9 */
  int centered;           /* of RMSprop, not 0: by the variance in place of the mean of squares */
  double beta_1;          /* of Adam: what the mean of gradients keeps of itself; default 0.9 */
  double beta_2;          /* of Adam: the same of the mean of squares; default 0.999 */
  int amsgrad;            /* of Adam, not 0: by the largest mean of squares so far */
  double epsilon;         /* of RMSprop and Adam; default 1e-7 */
  double weight_decay;    /* weights lose this share, times the rate, before each step */
  double clipnorm;        /* not 0: the norm of each tensor's gradient is at most this */
  double clipvalue;       /* not 0: each number of a gradient is within plus and minus this */
  double global_clipnorm; /* not 0: the norm of all gradients together is at most this */
} tri_optimizer;

/* tri_sgd(.learning_rate = 0.1, .momentum = 0.9), tri_rmsprop(.rho = 0.95), tri_adam(). Only one of
 * clipnorm, clipvalue and global_clipnorm may be given. */
#define tri_sgd(...) ((tri_optimizer){.kind = TRI_OPTIMIZER_SGD, __VA_ARGS__})
#define tri_rmsprop(...) ((tri_optimizer){.kind = TRI_OPTIMIZER_RMSPROP, __VA_ARGS__})
#define tri_adam(...) ((tri_optimizer){.kind = TRI_OPTIMIZER_ADAM, __VA_ARGS__})

/* --- data ------------------------------------------------------------------------------------- */

/* Numbers of samples, [samples, s…], of any type: they stay as they are, and are read as number *
 * scale + offset when a batch is put together: {.array = &pictures, .scale = 1 / 255.} */
typedef struct tri_samples {
  const tri_array *array;
  double scale; /* default 1 */
  double offset;
} tri_samples;

/* Samples with what is to be learnt of them: in arrays, or made batch by batch. Whoever makes it
 * owns the arrays, which must last as long as the call that is given it. */
typedef struct tri_dataset {
  const tri_samples *x, *y; /* for each input and each output of the model; y NULL: unknown */
  size_t n_x, n_y;          /* how many; 0: one, if there are any */
  /* Not NULL, in place of arrays: puts up to `samples` samples of batch `index` of an epoch, from
   * 0, into x[i] and y[i], each by rows, and sets *made to how many these are; 0 ends the epoch.
   * Another status than TRI_OK ends the call, which returns it. */
  tri_status (*generate)(void *context, uint64_t index, size_t samples, double *const *x,
                         double *const *y, size_t *made);
  void *context;
} tri_dataset;

/* --- compiling -------------------------------------------------------------------------------- */

/* The most metrics of one output. */
enum { TRI_METRICS = 8 };

/* How a model is trained; zeros are the defaults. */
typedef struct tri_training_options {
  tri_optimizer optimizer;
  const char *loss; /* of each output, see tri_loss; or one for each: */
  const char *const *losses;
  int from_logits; /* not 0: outputs are taken as what softmax, or sigmoid, is yet to be taken of */
  const double *loss_weights;       /* of each output in their sum; NULL: all 1 */
  const char *metrics[TRI_METRICS]; /* of each output: accuracy, or a loss */
  size_t threads;                   /* default 1; results do not depend on it */
  tri_pool *pool;                   /* not NULL: its threads */
} tri_training_options;

/* Says how a model is trained, and forgets how it was before:
 *   tri_model_compile(model, .optimizer = tri_sgd(), .loss = "mse", .metrics = {"accuracy"})
 * TRI_ARGUMENT for an optimizer that makes no sense, a missing loss, or a model without layers;
 * TRI_NAME for an unknown loss or metric; TRI_SHAPE, TRI_LIMIT, TRI_MEMORY: see tri_model_error. */
TRI_CHECKED TRI_API tri_status tri_model_compile_with(tri_model *model,
                                                      const tri_training_options *options);
#define tri_model_compile(model, ...)                                                              \
  tri_model_compile_with((model), &(tri_training_options){__VA_ARGS__})

/* The learning rate of a compiled model, which may be changed at any time; NaN if it is not
 * compiled. A rate that is negative, infinite or NaN leaves it as it is. */
TRI_API double tri_model_learning_rate(const tri_model *model);
TRI_API void tri_model_set_learning_rate(tri_model *model, double rate);

/* With how many threads a compiled model computes from now on (0: 1), also one that was loaded; a
 * pool that it was given is not used any more, and stays its owner's. TRI_ARGUMENT if the model is
 * not compiled, or in use; TRI_MEMORY if the threads cannot be started: it then has those that it
 * had. */
TRI_CHECKED TRI_API tri_status tri_model_set_threads(tri_model *model, size_t threads);

/* What is measured: the loss, with several outputs the loss of each, then the metrics. How many
 * they are, and the name of number i ("loss", "accuracy", "dense_1_accuracy"), NULL beyond. */
TRI_API size_t tri_model_metrics(const tri_model *model);
TRI_API const char *tri_model_metric_name(const tri_model *model, size_t i);

/* --- callbacks -------------------------------------------------------------------------------- */

/* What was measured so far: names, and the means over the samples of the epoch. */
typedef struct tri_logs {
  size_t n;
  const char *const *names;
  const double *values;
} tri_logs;

/* Where a training is. Callbacks may change what stands last. */
typedef struct tri_fit {
  tri_model *model;
  int64_t epoch, epochs;  /* from 0, as Keras counts them; how many there are to be */
  int64_t batch, batches; /* from 0; how many an epoch has, -1 while that is not known */
  size_t samples;         /* of this batch */
  tri_logs logs;          /* at an epoch's end with val_loss, val_accuracy … */
  int stop;               /* not 0: training ends after this */
  tri_status status; /* not TRI_OK: it fails with this, and with what is then the model's error */
} tri_fit;

/* What is called while a model is fitted. Each may be NULL. */
typedef struct tri_callback {
  void *context;
  void (*on_train_begin)(void *context, tri_fit *fit);
  /* Also after a failure, of which status tells. */
  void (*on_train_end)(void *context, tri_fit *fit);
  void (*on_epoch_begin)(void *context, tri_fit *fit);
  void (*on_epoch_end)(void *context, tri_fit *fit);
  void (*on_batch_begin)(void *context, tri_fit *fit);
  void (*on_batch_end)(void *context, tri_fit *fit);
} tri_callback;

/* --- fitting ---------------------------------------------------------------------------------- */

/* How a model is fitted; zeros, or NULL for all, are the defaults. */
typedef struct tri_fit_options {
  /* Default 32, or as many as there are; more than that is an error. The last batch of an epoch has
   * the samples that are left. */
  int64_t batch_size;
  int64_t epochs; /* the number of the last epoch, default 1 */
  int64_t initial_epoch;
  double validation_split; /* this share of the samples, the last ones, is kept for validation */
  const tri_dataset *validation_data; /* instead of validation_split */
  int64_t validation_batch_size;      /* default batch_size */
  int64_t steps_per_epoch;            /* at most so many batches; 0: all */
  int64_t validation_steps;
  int no_shuffle; /* not 0: in the order they are in; otherwise in another one in each epoch */
  size_t n_callbacks;
  const tri_callback *callbacks;
  const volatile int *interrupt; /* not NULL: stops with TRI_INTERRUPTED once *interrupt is not 0 */
} tri_fit_options;

/* What was measured in each epoch. */
typedef struct tri_history tri_history;

/* Trains a compiled model. What is wrong with the data is found before anything is changed:
 * TRI_SHAPE where shapes do not fit the model's, naming the layer and both; TRI_ARGUMENT for
 * missing or empty data, classes that there are not, targets of cross-entropies that are no
 * probabilities, NaN or infinite numbers, telling which and where, and options without sense;
 * TRI_LIMIT beyond 4,294,967,295 samples. A loss that is NaN or infinite ends it with TRI_DOMAIN,
 * as Keras's TerminateOnNaN would; the weights are then those of the last step, as they are after
 * TRI_INTERRUPTED. TRI_MEMORY. Steps of a model of floats take subnormal numbers for zeros, where
 * the processor can (tri_call.flush_subnormals). options may be NULL. */
TRI_CHECKED TRI_API tri_status tri_model_fit(tri_model *model, const tri_dataset *data,
                                             const tri_fit_options *options);

/* The history of the last fit; it is the model's, until the next. NULL if there was none. */
TRI_API const tri_history *tri_model_history(const tri_model *model);

/* How many epochs were finished, and the number of the first, from 0. */
TRI_API size_t tri_history_epochs(const tri_history *history);
TRI_API int64_t tri_history_first(const tri_history *history);

/* The name of curve i ("loss", "accuracy", "val_loss", …), NULL beyond; its values, one for each
 * epoch, by name; NULL if there is none of this name. */
TRI_API const char *tri_history_name(const tri_history *history, size_t i);
TRI_API const double *tri_history_find(const tri_history *history, const char *name);

/* How a model is evaluated, or predicts; zeros, or NULL for all, are the defaults. */
typedef struct tri_evaluate_options {
  int64_t batch_size;            /* default 32 */
  int64_t steps;                 /* at most so many batches; 0: all */
  const volatile int *interrupt; /* as in tri_fit_options */
} tri_evaluate_options;

/* The means of what is measured over all samples, into results[tri_model_metrics]. Errors as
 * tri_model_fit. */
TRI_CHECKED TRI_API tri_status tri_model_evaluate(tri_model *model, const tri_dataset *data,
                                                  const tri_evaluate_options *options,
                                                  double *results);

/* The model's outputs [samples, s…] for all samples, into outputs[n], one for each output of the
 * model, the caller's to free: f4, or f8 if the model computes in double. The model need not be
 * compiled. Errors as tri_model_fit; outputs are then zeroed. */
TRI_CHECKED TRI_API tri_status tri_model_predict(tri_model *model, const tri_dataset *data,
                                                 const tri_evaluate_options *options,
                                                 tri_array *outputs);

/* One step with all samples of the data, which come from arrays; what was measured before the step,
 * into results[tri_model_metrics] (may be NULL). Errors as tri_model_fit. */
TRI_CHECKED TRI_API tri_status tri_model_train_on_batch(tri_model *model, const tri_dataset *data,
                                                        double *results);

/* --- ready-made callbacks --------------------------------------------------------------------- */

/* Appends Keras's line of progress without its end, "200/1719 ━━━… 3s 2ms/step - accuracy: 0.6831 -
 * loss: 0.9987": `seconds` since the epoch began; `finished` not 0: of an epoch that has ended.
 * colour not 0: with Keras's escapes for a terminal; ascii not 0: "===" for "━━━". TRI_MEMORY. */
TRI_CHECKED TRI_API tri_status tri_progress_line(const tri_fit *fit, double seconds, int finished,
                                                 int colour, int ascii, tri_text *text);

/* Shows how a training goes on. Zeroed but for what is said here. */
typedef struct tri_progress {
  void (*write)(void *context, const char *text, size_t size);
  void *context;
  int terminal; /* not 0: one line an epoch, rewritten; otherwise written when an epoch has ended */
  int no_colour, ascii; /* of the line on a terminal, which is coloured; of all lines */
  double began, shown;  /* its own */
} tri_progress;

/* The callback that shows it; progress must last as long as it. */
TRI_API tri_callback tri_show_progress(tri_progress *progress);

/* Ends a training when something measured gets no better. Zeros are the defaults. */
typedef struct tri_early_stopping {
  const char *monitor; /* default val_loss */
  double min_delta;    /* what counts as better must be so by more than this */
  int64_t patience;    /* epochs without anything better before it ends */
  int maximize;        /* not 0: larger is better; the default is to see that of names with "acc" */
  int restore_best_weights; /* not 0: when training ends, the weights of the best epoch are set */
  int64_t start_from_epoch; /* earlier ones are not looked at */
  /* what it found: */
  int64_t stopped_epoch, best_epoch; /* stopped_epoch 0: it did not end the training */
  double best;
  /* its own; the weights are freed when training ends: */
  int64_t wait;
  double *weights;
} tri_early_stopping;

/* The callback that does it. TRI_NAME, from the fit, if what it monitors is not measured. */
TRI_API tri_callback tri_stop_early(tri_early_stopping *stopping);

/* Sets the learning rate when an epoch begins, from its number and the rate there is. */
typedef struct tri_rate_schedule {
  double (*schedule)(void *context, int64_t epoch, double rate);
  void *context;
} tri_rate_schedule;

/* The callback that does it. TRI_ARGUMENT, from the fit, for a rate that is negative, infinite or
 * NaN. */
TRI_API tri_callback tri_schedule_rate(tri_rate_schedule *schedule);

#ifdef __cplusplus
}
#endif
#endif
