/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Models read from .triad files. The weights are read first: a config may not ask for more of them
 * than the file has. */
#include <stdio.h>

#include "nn/triad_file.h"

struct loading {
  struct io *io;
  struct zip_reader zip;
  size_t members[MEMBERS]; /* their numbers; zip.n for none */
  tri_archive weights, kept;
  uint64_t seed;
  double scale;
  tri_model *model;
};

/* --- members */

static tri_status find_members(struct loading *l) {
  for (size_t k = 0; k < MEMBERS; k++) l->members[k] = l->zip.n;
  for (size_t i = 0; i < l->zip.n; i++) {
    const char *name = tri__zip_name(&l->zip, i);
    size_t k = 0;
    if (!name) return l->io->error->status;
    while (k < MEMBERS && strcmp(name, tri__member_names[k]) != 0) k++;
    if (k == MEMBERS || l->members[k] != l->zip.n)
      return tri__io_fail(l->io, TRI_FILE, "this is no model: the member '%s' %s",
                          tri__io_shown(name, strlen(name)).text,
                          k == MEMBERS ? "does not belong to one" : "is there twice");
    l->members[k] = i;
  }
  for (size_t k = 0; k < MEMBER_OPTIMIZER; k++)
    if (l->members[k] == l->zip.n)
      return tri__io_fail(l->io, TRI_FILE, "this is no model: there is no member %s",
                          tri__member_names[k]);
  return TRI_OK;
}

/* Reads a member of JSON and hands it on. */
static tri_status with_json(struct loading *l, enum file_member member,
                            tri_status (*take)(struct loading *l, const struct json *root)) {
  struct source source;
  struct json root = {.value = NULL};
  struct io *io = l->io;
  char *bytes = NULL;
  size_t size = 0, room = 0;
  tri_status status = tri__zip_member(&l->zip, l->members[member], &source);
  if (!status) status = tri__source_all(&source, &bytes, &size, &room);
  tri__source_close(&source);
  if (!status) status = tri__json_load(io, bytes, size, &root);
  if (!status) status = take(l, &root);
  tri__json_unload(io, size, &root);
  tri__io_free(io, bytes, room, 1);
  return status;
}

static tri_status read_arrays(struct loading *l, enum file_member member, tri_archive *archive) {
  struct source source;
  tri_status status = tri__zip_member(&l->zip, l->members[member], &source);
  if (!status) status = tri__safetensors_read(&source, archive);
  tri__source_close(&source);
  return status;
}

/* --- metadata */

static tri_status read_seed(struct loading *l, const struct json *at) {
  const char *digits;
  tri_status status = tri__json_text(l->io, at, &digits);
  return status || tri__read_digits(digits, &l->seed)
             ? status
             : tri__json_expect(l->io, at, "a seed of 64 bits, as digits");
}

static tri_status take_metadata(struct loading *l, const struct json *root) {
  int64_t format;
  struct json at = tri__json_member(root, "format"), seed = tri__json_member(root, "seed");
  struct json scale = tri__json_member(root, "scale");
  tri_status status = tri__json_integer(l->io, &at, &format);
  if (!status && format != FILE_FORMAT)
    return tri__json_fail(l->io, &at, TRI_FILE, "format %d is what can be read, and this is %lld",
                          FILE_FORMAT, (long long)format);
  if (!status) status = read_seed(l, &seed);
  if (!status && scale.value) status = tri__json_real(l->io, &scale, &l->scale);
  return status;
}

/* --- numbers */

/* F4 (784, 300) */
static const char *shape_text(tri_dtype dtype, size_t rank, const size_t *dims, char *text) {
  int n = snprintf(text, SHAPE_TEXT, "%s (", tri_dtype_name(dtype));
  for (size_t d = 0; d < rank && n < SHAPE_TEXT; d++)
    n += snprintf(text + n, SHAPE_TEXT - (size_t)n, "%s%zu", d ? ", " : "", dims[d]);
  if (n < SHAPE_TEXT) snprintf(text + n, SHAPE_TEXT - (size_t)n, ")");
  return text;
}

/* The numbers of this name, which stand in the order that they were written in, into a store. */
static tri_status take_numbers(struct loading *l, const tri_archive *from, size_t place,
                               const char *name, const struct sample *shape, struct store *to) {
  char there[SHAPE_TEXT], wanted[SHAPE_TEXT];
  size_t dims[TRI_LAYER_RANK];
  tri_dtype dtype = l->model->domain == TRI_DOUBLE ? TRI_F8 : TRI_F4;
  bool here = place < from->n && strcmp(from->entries[place].name, name) == 0;
  const tri_array *a = here ? &from->entries[place].array : tri_archive_find(from, name);
  if (!a) return tri__io_fail(l->io, TRI_FILE, "there are no numbers for %s", name);
  bool fits = a->dtype == dtype && a->rank == shape->rank;
  for (size_t d = 0; d < shape->rank; d++) dims[d] = (size_t)shape->shape[d];
  for (size_t d = 0; d < shape->rank; d++) fits = fits && a->dims[d] == dims[d];
  if (!fits)
    return tri__io_fail(l->io, TRI_SHAPE, "%s is %s, and the layer takes %s", name,
                        shape_text(a->dtype, a->rank < 8 ? a->rank : 8, a->dims, there),
                        shape_text(dtype, shape->rank, dims, wanted));
  memcpy(to->at, a->data, a->count * tri_dtype_size(dtype));
  return TRI_OK;
}

static tri_status take_weights(struct loading *l) {
  tri_model *m = l->model;
  tri_status status = TRI_OK;
  if (l->weights.n != m->n_weights)
    return tri__io_fail(l->io, TRI_FILE, "the file has %zu weights, and the layers take %zu",
                        l->weights.n, m->n_weights);
  for (size_t i = 0; i < m->n_weights && !status; i++) {
    struct weight *w = &m->weights[i];
    status = take_numbers(l, &l->weights, i, w->name, &w->shape, &w->values);
  }
  return status;
}

/* --- the model */

static size_t numbers_in(const tri_archive *archive) {
  size_t n = 0;
  for (size_t i = 0; i < archive->n; i++) n += archive->entries[i].array.count;
  return n;
}

static tri_status take_config(struct loading *l, const struct json *root) {
  size_t n = numbers_in(&l->weights);
  tri_model_options options = {.seed = l->seed, .allocator = l->io->allocator};
  struct json compile = tri__json_member(root, "compile_config");
  /* They are there twice until they are the model's. */
  if (!tri__io_within(l->io, n, sizeof(double))) return l->io->error->status;
  tri_status status = tri__model_read(l->io, root, &options, n + 1, &l->model);
  if (!status) status = take_weights(l);
  if (!status && !tri__json_is_null(&compile))
    status = tri__compile_read(l->io, &compile, l->model);
  return status;
}

static tri_status take_slots(struct loading *l) {
  tri_model *m = l->model;
  struct training *t = m->training;
  char name[SLOT_NAME];
  tri_status status = TRI_OK;
  if (!t || !t->compiled)
    return tri__io_fail(l->io, TRI_FILE, "there is an optimizer's memory, and no optimizer");
  const tri_array *steps = tri_archive_find(&l->kept, "iterations");
  if (!steps || steps->dtype != TRI_U8 || steps->count != 1)
    return tri__io_fail(l->io, TRI_FILE, "there is no number of iterations");
  size_t slots = l->kept.n > 1 ? t->n_slots * t->n_trained : 0;
  if (l->kept.n != slots + 1)
    return tri__io_fail(l->io, TRI_FILE, "the optimizer keeps %zu arrays, and the file has %zu",
                        t->n_slots * t->n_trained, l->kept.n - 1);
  memcpy(&t->steps, steps->data, sizeof t->steps);
  if (!tri__io_within(l->io, numbers_in(&l->kept), sizeof(double))) return l->io->error->status;
  if (slots && tri__training_slots(m, t)) return tri__io_fail(l->io, TRI_MEMORY, "out of memory");
  for (size_t i = 0; i < slots && !status; i++) {
    tri__slot_name(m, t, i, name);
    status = take_numbers(l, &l->kept, i + 1, name, &m->weights[t->trained[i / t->n_slots]].shape,
                          &t->slots[i]);
  }
  return status;
}

static tri_status load(struct loading *l) {
  tri_status status = find_members(l);
  if (!status) status = with_json(l, MEMBER_METADATA, take_metadata);
  if (!status) status = read_arrays(l, MEMBER_WEIGHTS, &l->weights);
  if (!status) status = with_json(l, MEMBER_CONFIG, take_config);
  tri_archive_free(&l->weights);
  if (status || l->members[MEMBER_OPTIMIZER] == l->zip.n) return status;
  status = read_arrays(l, MEMBER_OPTIMIZER, &l->kept);
  if (!status) status = take_slots(l);
  tri_archive_free(&l->kept);
  return status;
}

static tri_status load_from(const char *path, const void *bytes, size_t size,
                            const tri_io_options *options, tri_model **model) {
  struct io io;
  struct loading l = {.io = &io};
  *model = NULL;
  tri__io_open(&io, path, options);
  tri_status status = tri__zip_open(&l.zip, &io, path, bytes, size);
  if (!status) status = load(&l);
  tri__zip_close(&l.zip);
  if (!status) l.model->scale = l.scale;
  if (status)
    tri_model_free(l.model);
  else
    *model = l.model;
  return status;
}

tri_status tri_model_load(const char *path, const tri_io_options *options, tri_model **model) {
  return load_from(path, NULL, 0, options, model);
}

tri_status tri_model_parse(const void *bytes, size_t size, const tri_io_options *options,
                           tri_model **model) {
  return load_from(NULL, bytes ? bytes : "", bytes ? size : 0, options, model);
}
