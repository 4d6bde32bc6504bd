/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* How a model is trained, as Keras's JSON: {"optimizer": …, "loss": …, "metrics": …}. */
#include <triad/save.h>

#include "nn/keras.h"
#include "nn/train.h"

/* --- optimizers */

#define AT(member) .place = offsetof(tri_optimizer, member)

#define OPTIMIZER                                                                                  \
  FIELD_PLAIN("name", IGNORED), FIELD("learning_rate", REAL, AT(learning_rate)),                   \
      FIELD("weight_decay", OPTIONAL, AT(weight_decay)),                                           \
      FIELD("clipnorm", OPTIONAL, AT(clipnorm)),                                                   \
      FIELD("global_clipnorm", OPTIONAL, AT(global_clipnorm)),                                     \
      FIELD("clipvalue", OPTIONAL, AT(clipvalue)), FIELD_PLAIN("use_ema", IS_FALSE),               \
      FIELD("ema_momentum", IGNORED, .quiet = true),                                               \
      FIELD("ema_overwrite_frequency", NULL, .quiet = true),                                       \
      FIELD("loss_scale_factor", NULL, .quiet = true),                                             \
      FIELD("gradient_accumulation_steps", NULL, .quiet = true)

static const struct field sgd[] = {
    OPTIMIZER,
    FIELD("momentum", REAL, AT(momentum)),
    FIELD("nesterov", TRUE, AT(nesterov)),
    FIELD_END,
};

static const struct field rmsprop[] = {
    OPTIMIZER,
    FIELD("rho", REAL, AT(rho), .number = DEFAULT_RHO),
    FIELD("momentum", REAL, AT(momentum)),
    FIELD("epsilon", REAL, AT(epsilon), .number = DEFAULT_EPSILON),
    FIELD("centered", TRUE, AT(centered)),
    FIELD_END,
};

static const struct field adam[] = {
    OPTIMIZER,
    FIELD("beta_1", REAL, AT(beta_1), .number = DEFAULT_BETA_1),
    FIELD("beta_2", REAL, AT(beta_2), .number = DEFAULT_BETA_2),
    FIELD("epsilon", REAL, AT(epsilon), .number = DEFAULT_EPSILON),
    FIELD("amsgrad", TRUE, AT(amsgrad)),
    FIELD_END,
};

static const struct {
  const char *class_name, *name;
  const struct field *fields;
} optimizers[TRI_OPTIMIZERS] = {
    [TRI_OPTIMIZER_SGD] = {"SGD", "sgd", sgd},
    [TRI_OPTIMIZER_RMSPROP] = {"RMSprop", "rmsprop", rmsprop},
    [TRI_OPTIMIZER_ADAM] = {"Adam", "adam", adam},
};

static tri_status read_optimizer(struct io *io, const struct json *at, struct compiling *c) {
  const char *name;
  struct json config;
  if (tri__json_is_null(at)) return TRI_OK;
  tri_status status = tri__class_read(io, at, &name, &config);
  if (status) return status;
  for (size_t k = 0; k < TRI_OPTIMIZERS; k++) {
    if (strcmp(name, optimizers[k].class_name) != 0 && strcmp(name, optimizers[k].name) != 0)
      continue;
    tri_optimizer *o = &c->options.optimizer;
    o->kind = (tri_optimizer_kind)k;
    if (tri__json_is_null(&config)) return TRI_OK;
    struct json rate = tri__json_member(&config, "learning_rate");
    c->stops = rate.value != NULL;
    status = tri__fields_read(io, &config, optimizers[k].fields, o);
    c->stops = c->stops && o->learning_rate == 0.0;
    return status;
  }
  return tri__json_fail(io, at, TRI_NAME, "no optimizer is called %s",
                        tri__io_shown(name, strlen(name)).text);
}

/* --- losses and metrics */

/* What a loss of Keras may say of itself. */
static const struct field loss_fields[] = {
    FIELD_PLAIN("name", IGNORED),
    FIELD_PLAIN("dtype", IGNORED),
    FIELD("reduction", IS_WORD, .text = "sum_over_batch_size"),
    FIELD("from_logits", TRUE, .place = offsetof(tri_training_options, from_logits)),
    FIELD_PLAIN("ignore_class", NULL),
    FIELD("label_smoothing", IS_NUMBER, .number = 0.0),
    FIELD("axis", IS_NUMBER, .number = -1.0),
    FIELD_END,
};

/* A name, an object of a class, or a function: {"class_name": "function", "config": "mse"}. */
static tri_status read_measure(struct io *io, const struct json *at, bool loss,
                               tri_training_options *options, const char **to) {
  const char *name;
  char snake[CLASS_SIZE];
  struct json config;
  tri_status status = tri__class_read(io, at, &name, &config);
  if (status) return status;
  if (strcmp(name, "function") == 0) status = tri__json_text(io, &config, &name);
  if (status) return status;
  tri__snake_case(name, snake);
  *to = tri__measure_name(tri__json_is_text(at) ? name : snake, loss, NULL);
  if (!*to)
    return tri__json_fail(io, at, TRI_NAME, "no %s is called %s", loss ? "loss" : "metric",
                          tri__io_shown(name, strlen(name)).text);
  if (!loss && tri__json_is_text(at)) *to = name; /* its own name is what histories have */
  return loss && tri__json_is_object(&config) ? tri__fields_read(io, &config, loss_fields, options)
                                              : TRI_OK;
}

/* One for each output of the model. */
static tri_status read_list(struct io *io, const struct json *at, const tri_model *m) {
  size_t n = tri__json_count(at);
  if (n == m->n_outputs) return TRI_OK;
  return tri__json_fail(io, at, TRI_ARGUMENT, "%zu of them, and the model has %zu output%s", n,
                        m->n_outputs, m->n_outputs == 1 ? "" : "s");
}

static tri_status read_losses(struct io *io, const struct json *at, const tri_model *m,
                              struct compiling *c) {
  int from_logits = 0;
  if (!tri__json_is_array(at)) return read_measure(io, at, true, &c->options, &c->options.loss);
  tri_status status = read_list(io, at, m);
  if (status) return status;
  c->losses = tri__io_new(io, m->n_outputs, sizeof *c->losses);
  if (!c->losses) return io->error->status;
  for (size_t i = 0; i < m->n_outputs && !status; i++) {
    struct json one = tri__json_element(at, i);
    c->options.from_logits = 0;
    status = read_measure(io, &one, true, &c->options, &c->losses[i]);
    if (!status && i && from_logits != c->options.from_logits)
      status = tri__json_fail(io, &one, TRI_ARGUMENT, "from_logits is not that of other losses");
    from_logits = c->options.from_logits;
  }
  c->options.losses = c->losses;
  return status;
}

static tri_status read_weights(struct io *io, const struct json *at, const tri_model *m,
                               struct compiling *c) {
  if (tri__json_is_null(at)) return TRI_OK;
  tri_status status = tri__json_array(io, at);
  if (!status) status = read_list(io, at, m);
  if (status) return status;
  c->weights = tri__io_new(io, m->n_outputs, sizeof *c->weights);
  if (!c->weights) return io->error->status;
  for (size_t i = 0; i < m->n_outputs && !status; i++) {
    struct json one = tri__json_element(at, i);
    status = tri__json_real(io, &one, &c->weights[i]);
  }
  c->options.loss_weights = c->weights;
  return status;
}

static tri_status read_metrics(struct io *io, const struct json *at, struct compiling *c) {
  if (tri__json_is_null(at)) return TRI_OK;
  tri_status status = tri__json_array(io, at);
  if (!status && tri__json_count(at) > TRI_METRICS)
    return tri__json_fail(io, at, TRI_LIMIT, "more than %d metrics", TRI_METRICS);
  for (size_t i = 0; i < tri__json_count(at) && !status; i++) {
    struct json one = tri__json_element(at, i);
    status = read_measure(io, &one, false, &c->options, &c->options.metrics[i]);
  }
  return status;
}

/* --- all of it */

static const struct field members[] = {
    FIELD_PLAIN("optimizer", IGNORED),           FIELD_PLAIN("loss", IGNORED),
    FIELD_PLAIN("loss_weights", IGNORED),        FIELD_PLAIN("metrics", IGNORED),
    FIELD_PLAIN("weighted_metrics", NULL),       FIELD_PLAIN("run_eagerly", IGNORED),
    FIELD_PLAIN("steps_per_execution", IGNORED), FIELD_PLAIN("jit_compile", IGNORED),
    FIELD_PLAIN("auto_scale_loss", IGNORED),     FIELD_END,
};

static tri_status read_compiling(struct io *io, const struct json *at, const tri_model *m,
                                 struct compiling *c) {
  struct json optimizer = tri__json_member(at, "optimizer"), loss = tri__json_member(at, "loss");
  struct json weights = tri__json_member(at, "loss_weights");
  struct json metrics = tri__json_member(at, "metrics");
  tri_status status = tri__fields_read(io, at, members, c);
  if (!status) status = read_optimizer(io, &optimizer, c);
  if (!status) status = read_losses(io, &loss, m, c);
  if (!status) status = read_weights(io, &weights, m, c);
  return status ? status : read_metrics(io, &metrics, c);
}

tri_status tri__compile_read(struct io *io, const struct json *at, tri_model *m) {
  struct compiling c = {.weights = NULL};
  tri_status status = read_compiling(io, at, m, &c);
  if (!status && tri_model_compile_with(m, &c.options)) status = tri__model_refused(io, at, m);
  if (!status && c.stops) tri_model_set_learning_rate(m, 0.0);
  if (c.losses) tri__io_free(io, c.losses, m->n_outputs, sizeof *c.losses);
  if (c.weights) tri__io_free(io, c.weights, m->n_outputs, sizeof *c.weights);
  return status;
}

/* --- writing */

static void put_optimizer(const struct training *t, tri_text *text) {
  tri_optimizer o = t->optimizer;
  o.learning_rate = t->rate;
  tri__text_printf(
      text,
      "{\"module\": \"keras.optimizers\", \"class_name\": \"%s\", \"config\": {\"name\": \"%s\"",
      optimizers[o.kind].class_name, optimizers[o.kind].name);
  tri__fields_write(text, optimizers[o.kind].fields, &o, false);
  tri__text_puts(text, "}, \"registered_name\": null}");
}

static void put_loss(const struct training *t, size_t i, tri_text *text) {
  char class_name[CLASS_SIZE];
  if (!t->from_logits) {
    tri__text_printf(text, "\"%s\"", t->losses[i]);
    return;
  }
  tri__camel_case(t->losses[i], class_name);
  tri__text_printf(text,
                   "{\"module\": \"keras.losses\", \"class_name\": \"%s\", \"config\": {\"name\": "
                   "\"%s\", \"reduction\": \"sum_over_batch_size\", \"from_logits\": true}, "
                   "\"registered_name\": null}",
                   class_name, t->losses[i]);
}

static void put_losses(const struct training *t, tri_text *text) {
  if (t->n_y == 1) return put_loss(t, 0, text);
  for (size_t i = 0; i < t->n_y; i++) {
    tri__text_puts(text, i ? ", " : "[");
    put_loss(t, i, text);
  }
  tri__text_putc(text, ']');
}

static void put_weights(const struct training *t, tri_text *text) {
  for (size_t i = 0; i < t->n_y; i++) {
    tri__text_puts(text, i ? ", " : "[");
    tri__json_put_real(text, t->loss_weights[i]);
  }
  tri__text_putc(text, ']');
}

void tri__compile_write(const struct training *t, tri_text *text) {
  bool weighted = false;
  for (size_t i = 0; i < t->n_y; i++) weighted = weighted || t->loss_weights[i] != 1.0;
  tri__text_puts(text, "{\"optimizer\": ");
  put_optimizer(t, text);
  tri__text_puts(text, ", \"loss\": ");
  put_losses(t, text);
  tri__text_puts(text, ", \"loss_weights\": ");
  if (weighted)
    put_weights(t, text);
  else
    tri__text_puts(text, "null");
  tri__text_puts(text, ", \"metrics\": [");
  for (size_t i = 0; i < t->n_metrics; i++) {
    tri__text_puts(text, i ? ", " : "");
    tri__json_put_string(text, t->metrics[i]);
  }
  tri__text_puts(text, "], \"weighted_metrics\": null, \"run_eagerly\": false, "
                       "\"steps_per_execution\": 1, \"jit_compile\": false}");
}
