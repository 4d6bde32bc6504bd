/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Models as Keras's JSON: what reading and writing share. */
#ifndef TRIAD_NN_KERAS_H
#define TRIAD_NN_KERAS_H

#include "nn/fields.h"
#include "nn/nn.h"

/* The members of a layer's config, but for its dtype, into a tri_layer. NULL if there is no such layer. */
const struct field *tri__layer_fields(tri_layer_kind kind);

/* A model from the object that Keras writes of it. options gives what is not there: the seed, the allocator. */
tri_status tri__model_read(struct io *io, const struct json *at, const tri_model_options *options,
                           tri_model **model);

/* Adds the layers of a functional model's config. */
tri_status tri__functional_read(struct io *io, const struct json *config, tri_model *m);

/* A layer from {"class_name": …, "config": {…}}. Its texts live as long as the JSON. */
tri_status tri__layer_read(struct io *io, const struct json *at, tri_layer *layer);

/* What the model says of a failure, as one at this place. */
tri_status tri__model_refused(struct io *io, const struct json *at, const tri_model *m);

/* Appends what tri__model_read reads. `members` follow the last member, each with a comma in front; may be NULL. */
void tri__model_write(const tri_model *m, const char *members, tri_text *text);

#endif
