/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Models of networks as Keras's JSON. */
#ifndef TRIAD_SAVE_H
#define TRIAD_SAVE_H

#include <triad/io.h>
#include <triad/nn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes a model, with weights drawn anew, from what Keras 3's model.to_json() writes of a Sequential or Functional
 * model of the layers above; what stands for a default may be left out. Constraints, frozen layers, names that no layer
 * has and models within models are refused. options gives what is not in there, the seed and the allocator (default: that
 * of io), and a name where there is none; io the limit (while the text is read it counts as 80 times its size), and the
 * error. Both may be NULL. TRI_SYNTAX with line and column for what is no JSON; otherwise the message begins with the
 * place, as in config.layers[2].config.units: TRI_ARGUMENT for what is missing or of another type, TRI_NAME for unknown
 * layers, activations, initializers and members, TRI_SHAPE as tri_model_add; TRI_LIMIT, also for more than 4,096 layers
 * or calls of them; TRI_FILE if triad was built without Jansson; TRI_MEMORY. *model is then NULL. */
TRI_CHECKED TRI_API tri_status tri_model_from_json(const char *text, size_t size,
                                                   const tri_model_options *options,
                                                   const tri_io_options *io, tri_model **model);

/* Appends a model, without its weights, as Keras 3's model.to_json() would. TRI_MEMORY. */
TRI_CHECKED TRI_API tri_status tri_model_to_json(const tri_model *model, tri_text *text);

#ifdef __cplusplus
}
#endif
#endif
