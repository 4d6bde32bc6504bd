/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* .triad files: what saving and loading share. */
#ifndef TRIAD_NN_TRIAD_FILE_H
#define TRIAD_NN_TRIAD_FILE_H

#include <triad/save.h>

#include "io/zip.h"
#include "nn/keras.h"

/* The members, in this order; the last only of a compiled model that keeps something. */
enum file_member {
  MEMBER_METADATA,  /* {"format": 1, "triad": "0.1.0", "seed": "7"}, and scale of the tool's data */
  MEMBER_CONFIG,    /* Keras's JSON of the model, with compile_config */
  MEMBER_WEIGHTS,   /* safetensors, by names as dense/kernel */
  MEMBER_OPTIMIZER, /* safetensors: iterations, and dense/kernel/0 … */
  MEMBERS
};

enum { FILE_FORMAT = 1, SLOT_NAME = PATH_SIZE + 24 };

extern const char *const tri__member_names[MEMBERS];

/* dense/kernel/0: what an optimizer keeps of a weight. */
void tri__slot_name(const tri_model *m, const struct training *t, size_t slot, char *name);

#endif
