/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Files that say what network is meant: .triad files, and JSON of how one is trained. */
#include <string.h>

#include "network.h"
#include "nn/keras.h"

/* --- JSON of how a network is trained */

#define AT(member) .place = offsetof(tri_fit_options, member)

static const struct field fit_fields[] = {
    FIELD("batch_size", COUNT, AT(batch_size), .number = 1.0),
    FIELD("epochs", COUNT, AT(epochs), .number = 1.0),
    FIELD("initial_epoch", COUNT, AT(initial_epoch)),
    FIELD("validation_split", SHARE, AT(validation_split)),
    FIELD("validation_batch_size", COUNT, AT(validation_batch_size), .number = 1.0),
    FIELD("steps_per_epoch", COUNT, AT(steps_per_epoch), .number = 1.0),
    FIELD("validation_steps", COUNT, AT(validation_steps), .number = 1.0),
    FIELD("shuffle", FALSE, AT(no_shuffle)),
    FIELD_END,
};

static const struct field data_fields[] = {
    FIELD("scale", SCALE, .place = offsetof(struct network, scale)),
    FIELD_END,
};

static const struct field root_fields[] = {
    FIELD_PLAIN("model", IGNORED), FIELD_PLAIN("compile", IGNORED), FIELD_PLAIN("fit", IGNORED),
    FIELD_PLAIN("data", IGNORED),  FIELD_PLAIN("seed", IGNORED),    FIELD_END,
};

static tri_status read_seed(struct io *io, const struct json *root, const struct network_wish *wish,
                            uint64_t *seed) {
  struct json at = tri__json_member(root, "seed");
  int64_t number = 0;
  *seed = wish->seed;
  if (wish->has_seed || tri__json_is_null(&at)) return TRI_OK;
  tri_status status = tri__json_integer(io, &at, &number);
  if (!status && number < 0) status = tri__json_expect(io, &at, "a whole number from 0 on");
  *seed = (uint64_t)number;
  return status;
}

static tri_status read_parts(struct io *io, const struct json *root,
                             const struct network_wish *wish, struct network *n) {
  struct json model = tri__json_member(root, "model"), fit = tri__json_member(root, "fit");
  struct json compile = tri__json_member(root, "compile"), data = tri__json_member(root, "data");
  tri_model_options options = {.name = NULL};
  tri_status status = tri__fields_read(io, root, root_fields, n);
  if (!status) status = read_seed(io, root, wish, &options.seed);
  if (!status && data.value) status = tri__fields_read(io, &data, data_fields, n);
  if (!status && fit.value) status = tri__fields_read(io, &fit, fit_fields, &n->fit);
  if (!status) status = tri__model_read(io, &model, &options, 0, &n->model);
  if (!status) n->model->scale = n->scale;
  if (!status && !tri__json_is_null(&compile)) status = tri__compile_read(io, &compile, n->model);
  return status;
}

/* A model alone is what has a class. */
static tri_status read_root(struct io *io, const struct json *root, const struct network_wish *wish,
                            struct network *n) {
  struct json class_name = tri__json_member(root, "class_name");
  tri_model_options options = {.seed = wish->seed};
  tri_status status = tri__json_object(io, root);
  if (status) return status;
  return class_name.value ? tri__model_read(io, root, &options, 0, &n->model)
                          : read_parts(io, root, wish, n);
}

/* Whether an object or an array is what the text may be: anything else is no model. */
static bool begins_json(const char *bytes, size_t size) {
  size_t i = 0;
  while (i < size && strchr(" \t\r\n", bytes[i]) && bytes[i]) i++;
  return i < size && (bytes[i] == '{' || bytes[i] == '[');
}

static tri_status read_config(struct source *source, const struct network_wish *wish,
                              struct network *n) {
  struct io *io = source->io;
  struct json root = {.value = NULL};
  char *bytes = NULL;
  size_t size = 0, room = 0;
  tri_status status = tri__source_all(source, &bytes, &size, &room);
  if (!status && !begins_json(bytes, size))
    status = tri__io_fail(io, TRI_FILE, "this is neither a .triad file nor JSON");
  if (!status) status = tri__json_load(io, bytes, size, &root);
  if (!status) status = read_root(io, &root, wish, n);
  tri__json_unload(io, size, &root);
  tri__io_free(io, bytes, room, 1);
  return status;
}

/* --- whichever it is */

tri_status network_read(struct session *session, const struct network_wish *wish, struct network *n,
                        tri_error *error) {
  tri_io_options options = {.error = error, .interrupt = session->interrupt};
  struct io io;
  struct source source;
  *n = (struct network){.scale = 0.0};
  tri__io_open(&io, wish->model, &options);
  tri_status status = tri__source_open(&source, &io, wish->model, NULL, 0);
  bool zip = !status && tri__io_format(&source) == IO_ZIP;
  if (!status && !zip) status = read_config(&source, wish, n);
  tri__source_close(&source);
  if (!status && zip) status = tri_model_load(wish->model, &options, &n->model);
  if (!status) n->scale = n->model->scale;
  if (!status && wish->threads && tri__training_current(n->model)) {
    status = tri_model_set_threads(n->model, (size_t)wish->threads);
    if (status) *error = *tri_model_error(n->model);
  }
  if (status) tri_model_free(n->model);
  if (status) n->model = NULL;
  return status;
}
