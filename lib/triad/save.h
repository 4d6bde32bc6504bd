/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Models of networks as Keras's JSON, and in .triad files. */
#ifndef TRIAD_SAVE_H
#define TRIAD_SAVE_H

#include <triad/io.h>
#include <triad/nn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes a model, with weights drawn anew, from what Keras 3's model.to_json() writes of a
 * Sequential or Functional model of the layers above; what stands for a default may be left out.
 * Constraints, frozen layers, names that no layer has and models within models are refused. options
 * gives what is not in there, the seed and the allocator (default: that of io), and a name where
 * there is none; io the limit, of weights and of the text (which counts as 80 times its size while
 * it is read), and the error. Both may be NULL. TRI_SYNTAX with line and column for what is no
 * JSON; otherwise the message begins with the place, as in config.layers[2].config.units:
 * TRI_ARGUMENT for what is missing or of another type, TRI_NAME for unknown layers, activations,
 * initializers and members, TRI_SHAPE as tri_model_add; TRI_LIMIT, also for more than 4,096 layers
 * or calls of them; TRI_FILE if triad was built without Jansson; TRI_MEMORY. *model is then
 * NULL. */
TRI_CHECKED TRI_API tri_status tri_model_from_json(const char *text, size_t size,
                                                   const tri_model_options *options,
                                                   const tri_io_options *io, tri_model **model);

/* Appends a model, without its weights, as Keras 3's model.to_json() would. TRI_MEMORY. */
TRI_CHECKED TRI_API tri_status tri_model_to_json(const tri_model *model, tri_text *text);

/* --- .triad files ----------------------------------------------------------------------------- */

/* A .triad file is a zip file, nothing in it packed: metadata.json, config.json (the JSON above,
 * with compile_config as Keras's .keras files have it), model.weights.safetensors (by names as
 * dense/kernel) and, of a model that was trained, optimizer.safetensors (what the optimizer
 * keeps). */

/* Writes a model: beside the place where it will be, under a temporary name; when it is on the disk
 * it is renamed, so a file that was there stays whole if anything fails. The same model gives the
 * same bytes. TRI_FILE, also if triad was built without libzip or Jansson; TRI_MEMORY, TRI_LIMIT,
 * TRI_INTERRUPTED. */
TRI_CHECKED TRI_API tri_status tri_model_save(const tri_model *model, const char *path,
                                              const tri_io_options *options);

/* Reads a model, compiled if it was when it was written, for one thread (tri_model_set_threads for
 * more); training goes on where it was, but for the order of samples, which begins anew. Names,
 * types and shapes of the weights are checked against the layers before there is memory for them.
 * The limit is that of what is read, and of the weights; beside it there is the graph, which grows
 * with the number of layers. TRI_FILE for what is no such file, or of a later format; TRI_SHAPE
 * where weights do not fit their layers; otherwise as tri_model_from_json. *model is then NULL. */
TRI_CHECKED TRI_API tri_status tri_model_load(const char *path, const tri_io_options *options,
                                              tri_model **model);

/* The same from memory. */
TRI_CHECKED TRI_API tri_status tri_model_parse(const void *bytes, size_t size,
                                               const tri_io_options *options, tri_model **model);

#ifdef __cplusplus
}
#endif
#endif
