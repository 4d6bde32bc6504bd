/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Models as Keras's JSON: what reading and writing share. */
#ifndef TRIAD_NN_KERAS_H
#define TRIAD_NN_KERAS_H

#include "nn/fields.h"
#include "nn/train.h"

/* The members of a layer's config, but for its dtype, into a tri_layer. NULL if there is no such
 * layer. */
const struct field *tri__layer_fields(tri_layer_kind kind);

/* A model from the object that Keras writes of it. options gives what is not there: the seed, the
 * allocator. too_many not 0: as many parameters are TRI_SHAPE; otherwise more than the limit has
 * room for are TRI_LIMIT. */
tri_status tri__model_read(struct io *io, const struct json *at, const tri_model_options *options,
                           size_t too_many, tri_model **model);

/* Adds the layers of a functional model's config. */
tri_status tri__functional_read(struct io *io, const struct json *config, tri_model *m);

/* A layer from {"class_name": …, "config": {…}}. Its texts live as long as the JSON. */
tri_status tri__layer_read(struct io *io, const struct json *at, tri_layer *layer);

/* What the model says of a failure, as one at this place. */
tri_status tri__model_refused(struct io *io, const struct json *at, const tri_model *m);

/* What a model is compiled with. */
struct compiling {
  tri_training_options options;
  const char **losses; /* NULL, or one for each output */
  double *weights;
  bool stops; /* the learning rate is 0, which is no default */
};

/* Compiles a model as the object says that Keras has in compile_config. Losses and metrics by their
 * names, or as objects. */
tri_status tri__compile_read(struct io *io, const struct json *at, tri_model *m);

/* Appends what tri__compile_read reads, of a model that is compiled. */
void tri__compile_write(const struct training *t, tri_text *text);

/* Appends what tri__model_read reads. `members` follow the last member, each with a comma in front;
 * may be NULL. */
void tri__model_write(const tri_model *m, const char *members, tri_text *text);

#endif
