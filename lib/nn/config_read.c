/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Models from Keras's JSON: layers, and models of layers one after the other. */
#include <triad/save.h>

#include "nn/keras.h"

enum { MOST_LAYERS = 4096 };

tri_status tri__model_refused(struct io *io, const struct json *at, const tri_model *m) {
  const tri_error *e = tri_model_error(m);
  return tri__json_fail(io, at, e->status, "%s", e->message);
}

/* --- layers */

static bool find_class(const char *name, tri_layer_kind *kind) {
  for (int k = 0; k < TRI_LAYERS; k++) {
    const struct layer_row *row = tri__layer_row((tri_layer_kind)k);
    if (row && tri__layer_fields((tri_layer_kind)k) && strcmp(row->class_name, name) == 0)
      return *kind = (tri_layer_kind)k, true;
  }
  return false;
}

tri_status tri__layer_read(struct io *io, const struct json *at, tri_layer *layer) {
  const char *name;
  struct json config;
  tri_layer_kind kind;
  *layer = (tri_layer){.kind = TRI_LAYER_INPUT};
  tri_status status = tri__json_object(io, at);
  if (!status) status = tri__class_read(io, at, &name, &config);
  if (status) return status;
  if (!find_class(name, &kind))
    return tri__json_fail(io, at, TRI_NAME, "there is no layer %s",
                          tri__io_shown(name, strlen(name)).text);
  layer->kind = kind;
  return tri__fields_read(io, &config, tri__layer_fields(kind), layer);
}

/* --- the dtype */

/* "float32", or a policy of that name. */
static tri_status read_dtype(struct io *io, const struct json *at, const char **dtype) {
  const char *there, *class_name;
  struct json config, name = *at;
  tri_status status = TRI_OK;
  if (tri__json_is_null(at)) return TRI_OK;
  if (!tri__json_is_text(at)) {
    status = tri__class_read(io, at, &class_name, &config);
    name = tri__json_member(&config, "name");
  }
  if (!status) status = tri__json_text(io, &name, &there);
  if (status) return status;
  if (strcmp(there, "float32") != 0 && strcmp(there, "float64") != 0)
    return tri__json_fail(io, &name, TRI_NAME, "\"float32\" or \"float64\" is expected, not \"%s\"",
                          tri__io_shown(there, strlen(there)).text);
  if (*dtype && strcmp(*dtype, there) != 0)
    return tri__json_fail(io, &name, TRI_ARGUMENT, "%s stands beside %s", there, *dtype);
  *dtype = there;
  return TRI_OK;
}

/* The one of the model and all layers. */
static tri_status find_dtype(struct io *io, const struct json *config, const struct json *layers,
                             const char **dtype) {
  struct json own = tri__json_member(config, "dtype");
  tri_status status = read_dtype(io, &own, dtype);
  for (size_t i = 0; i < tri__json_count(layers) && !status; i++) {
    struct json layer = tri__json_element(layers, i), inner = tri__json_member(&layer, "config");
    struct json one = tri__json_member(&inner, "dtype");
    status = read_dtype(io, &one, dtype);
  }
  return status;
}

/* --- models */

static tri_status read_sequential(struct io *io, const struct json *layers, tri_model *m) {
  tri_status status = TRI_OK;
  for (size_t i = 0; i < tri__json_count(layers) && !status; i++) {
    struct json at = tri__json_element(layers, i);
    tri_layer layer;
    status = tri__layer_read(io, &at, &layer);
    if (!status && tri_model_add(m, layer)) status = tri__model_refused(io, &at, m);
  }
  return status;
}

static tri_status read_name(struct io *io, const struct json *config, const char **name) {
  struct json at = tri__json_member(config, "name");
  if (tri__json_is_null(&at)) return TRI_OK;
  tri_status status = tri__json_text(io, &at, name);
  if (!status && strlen(*name) >= NAME_SIZE)
    return tri__json_fail(io, &at, TRI_LIMIT, "a name has at most %d bytes", NAME_SIZE - 1);
  return status;
}

static tri_status check_layers(struct io *io, const struct json *layers) {
  tri_status status = tri__json_array(io, layers);
  if (status) return status;
  if (tri__json_count(layers) == 0)
    return tri__json_fail(io, layers, TRI_ARGUMENT, "a model without layers");
  return tri__json_count(layers) <= MOST_LAYERS
             ? TRI_OK
             : tri__json_fail(io, layers, TRI_LIMIT, "more than %d layers", MOST_LAYERS);
}

/* How many weights the limit has room for. */
static size_t most_within(const struct io *io, const tri_model *m) {
  size_t left = io->limit > io->memory.used ? io->limit - io->memory.used : 0;
  return left / number_size(m->domain == TRI_FLOAT);
}

tri_status tri__model_read(struct io *io, const struct json *at, const tri_model_options *options,
                           size_t too_many, tri_model **model) {
  const char *class_name;
  struct json config;
  tri_model_options o = *options;
  *model = NULL;
  tri_status status = tri__json_object(io, at);
  if (!status) status = tri__class_read(io, at, &class_name, &config);
  if (!status) status = tri__json_object(io, &config);
  if (status) return status;
  bool functional = strcmp(class_name, "Functional") == 0 || strcmp(class_name, "Model") == 0;
  if (!functional && strcmp(class_name, "Sequential") != 0)
    return tri__json_fail(io, at, TRI_NAME, "a model is Sequential or Functional, not %s",
                          tri__io_shown(class_name, strlen(class_name)).text);
  struct json layers = tri__json_member(&config, "layers");
  status = check_layers(io, &layers);
  if (!status) status = read_name(io, &config, &o.name);
  if (!status) status = find_dtype(io, &config, &layers, &o.dtype);
  if (status) return status;
  tri_model *m = functional ? tri_functional(&o) : tri_sequential(&o);
  if (!m) return tri__io_fail(io, TRI_MEMORY, "out of memory");
  m->too_many = too_many ? too_many : most_within(io, m) + 1;
  m->too_many_is = too_many ? TRI_SHAPE : TRI_LIMIT;
  status = functional ? tri__functional_read(io, &config, m) : read_sequential(io, &layers, m);
  m->too_many = 0;
  if (status)
    tri_model_free(m);
  else
    *model = m;
  return status;
}

tri_status tri_model_from_json(const char *text, size_t size, const tri_model_options *options,
                               const tri_io_options *io_options, tri_model **model) {
  struct io io;
  struct json root;
  tri_model_options o = options ? *options : (tri_model_options){.seed = 0};
  if (io_options && io_options->allocator) o.allocator = io_options->allocator;
  *model = NULL;
  tri__io_open(&io, NULL, io_options);
  io.name = "the model's JSON";
  tri_status status = tri__json_load(&io, text, size, &root);
  if (!status) status = tri__model_read(&io, &root, &o, 0, model);
  tri__json_unload(&io, size, &root);
  return status;
}
