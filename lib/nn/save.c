/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Models written as .triad files: zip files of JSON and safetensors. The same model gives the same
 * bytes. */
#include <stdio.h>
#include <triad/version.h>

#include "base/text.h"
#include "nn/triad_file.h"

const char *const tri__member_names[MEMBERS] = {
    [MEMBER_METADATA] = "metadata.json",
    [MEMBER_CONFIG] = "config.json",
    [MEMBER_WEIGHTS] = "model.weights.safetensors",
    [MEMBER_OPTIMIZER] = "optimizer.safetensors",
};

void tri__slot_name(const tri_model *m, const struct training *t, size_t slot, char *name) {
  snprintf(name, SLOT_NAME, "%s/%zu", m->weights[t->trained[slot / t->n_slots]].name,
           slot % t->n_slots);
}

/* --- arrays that are another's */

/* The numbers of a store as an array of this shape; they stay the model's. */
static tri_array view(const tri_model *m, const struct store *store, const struct sample *shape) {
  tri_array a = {.dtype = m->domain == TRI_DOUBLE ? TRI_F8 : TRI_F4,
                 .rank = shape->rank,
                 .count = store->count,
                 .data = store->at};
  for (size_t d = 0; d < shape->rank; d++) a.dims[d] = (size_t)shape->shape[d];
  return a;
}

/* Entries for n arrays, with room for their names behind each other. */
struct views {
  struct io *io;
  tri_archive archive;
  char (*names)[SLOT_NAME];
  size_t room;
};

static tri_status open_views(struct views *v, struct io *io, size_t n) {
  *v = (struct views){.io = io, .room = n};
  v->archive.entries = tri__io_new(io, n, sizeof *v->archive.entries);
  v->names = tri__io_new(io, n, sizeof *v->names);
  return io->error->status;
}

static void add_view(struct views *v, const char *name, tri_array array) {
  char *own = v->names[v->archive.n];
  memcpy(own, name, strlen(name) + 1);
  v->archive.entries[v->archive.n++] = (tri_entry){own, array};
}

static void close_views(struct views *v) {
  tri__io_free(v->io, v->archive.entries, v->room, sizeof *v->archive.entries);
  tri__io_free(v->io, v->names, v->room, sizeof *v->names);
}

/* --- members */

static tri_status put_metadata(struct io *io, const tri_model *m, tri_text *text) {
  tri__text_printf(text, "{\"format\": %d, \"triad\": \"%s\", \"seed\": \"%llu\"", FILE_FORMAT,
                   tri_version(), (unsigned long long)m->seed);
  if (m->scale != 0.0) tri__text_puts(text, ", \"scale\": "), tri__json_put_real(text, m->scale);
  tri__text_puts(text, "}\n");
  return text->status ? tri__io_fail(io, text->status, "out of memory") : TRI_OK;
}

static tri_status put_config(struct io *io, const tri_model *m, tri_text *text) {
  tri_text members = {.allocator = text->allocator};
  if (tri__training_current(m)) {
    tri__text_puts(&members, ", \"compile_config\": ");
    tri__compile_write(m->training, &members);
  }
  tri__model_write(m, members.data, text);
  tri__text_putc(text, '\n');
  tri_status status = members.status ? members.status : text->status;
  tri_text_free(&members);
  return status ? tri__io_fail(io, status, "out of memory") : TRI_OK;
}

static tri_status put_weights(struct io *io, const tri_model *m, tri_text *text) {
  struct views v;
  tri_status status = open_views(&v, io, m->n_weights);
  for (size_t i = 0; i < m->n_weights && !status; i++)
    add_view(&v, m->weights[i].name, view(m, &m->weights[i].values, &m->weights[i].shape));
  if (!status) status = tri__safetensors_format(io, &v.archive, text);
  close_views(&v);
  return status;
}

/* How many steps there were, and what they have left. */
static tri_status put_optimizer(struct io *io, const tri_model *m, tri_text *text) {
  const struct training *t = m->training;
  struct views v;
  char name[SLOT_NAME];
  uint64_t steps = t ? t->steps : 0;
  size_t slots = t && t->slots ? t->n_slots * t->n_trained : 0;
  if (!tri__training_current(m) || (!slots && !steps)) return TRI_OK;
  tri_status status = open_views(&v, io, slots + 1);
  if (!status) add_view(&v, "iterations", (tri_array){.dtype = TRI_U8, .count = 1, .data = &steps});
  for (size_t i = 0; i < slots && !status; i++) {
    tri__slot_name(m, t, i, name);
    add_view(&v, name, view(m, &t->slots[i], &m->weights[t->trained[i / t->n_slots]].shape));
  }
  if (!status) status = tri__safetensors_format(io, &v.archive, text);
  close_views(&v);
  return status;
}

tri_status tri_model_save(const tri_model *model, const char *path, const tri_io_options *options) {
  static tri_status (*const put[MEMBERS])(struct io * io, const tri_model *m, tri_text *text) = {
      put_metadata, put_config, put_weights, put_optimizer};
  struct io io;
  tri_text texts[MEMBERS];
  struct zip_member members[MEMBERS];
  size_t n = 0;
  tri__io_open(&io, path, options);
  io.durable = true;
  for (size_t i = 0; i < MEMBERS; i++) {
    texts[i] = (tri_text){.allocator = io.allocator};
    if (!io.error->status && !put[i](&io, model, &texts[i]) && texts[i].size)
      members[n++] =
          (struct zip_member){tri__member_names[i], {texts[i].data, NULL}, {texts[i].size, 0}};
  }
  tri_status status = io.error->status;
  if (!status) status = tri__zip_write(&io, path, n, members, false);
  for (size_t i = 0; i < MEMBERS; i++) tri_text_free(&texts[i]);
  return status;
}
