/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Data gone through in batches: from arrays in an order that is drawn for each epoch, or from a
 * generator. */
#include "nn/train.h"

/* --- memory */

bool tri__make_room(struct memory *memory, void **block, size_t *room, size_t count, size_t size) {
  size_t bytes;
  if (!size_product(count, size, &bytes)) return false;
  if (bytes <= *room) return true;
  tri__free(memory, *block, *room, 1);
  *room = 0;
  *block = tri__new(memory, bytes, 1);
  if (*block) *room = bytes;
  return *block != NULL;
}

static bool has_room(struct feed *f, void **block, size_t *room, size_t count, size_t size) {
  return tri__make_room(&f->model->memory, block, room, count, size);
}

tri_status tri__feed_init(struct feed *f, tri_model *model, size_t n_x, size_t n_y,
                          const struct port *ports, bool floats) {
  *f = (struct feed){.model = model, .floats = floats, .n_columns = n_x + n_y, .n_x = n_x};
  f->columns = tri__new(&model->memory, f->n_columns, sizeof *f->columns);
  f->pointers = tri__new(&model->memory, f->n_columns, sizeof *f->pointers);
  if (!f->columns || !f->pointers) return tri__model_no_memory(f->model);
  for (size_t i = 0; i < f->n_columns; i++) f->columns[i].port = &ports[i];
  return TRI_OK;
}

void tri__feed_close(struct feed *f) {
  if (!f->model) return;
  struct memory *memory = &f->model->memory;
  for (size_t i = 0; f->columns && i < f->n_columns; i++) {
    tri__free(memory, f->columns[i].numbers, f->columns[i].room, 1);
    tri__free(memory, f->columns[i].made, f->columns[i].made_room, 1);
  }
  tri__free(memory, f->columns, f->n_columns, sizeof *f->columns);
  tri__free(memory, f->pointers, f->n_columns, sizeof *f->pointers);
  tri__free(memory, f->order, f->order_room, 1);
  *f = (struct feed){.model = NULL};
}

/* --- beginning */

static size_t counted(size_t n, const void *first) { return first ? n + (n == 0) : 0; }

size_t tri__dataset_count(const tri_dataset *data) {
  const tri_array *a = data && !data->generate && data->x ? data->x[0].array : NULL;
  return a && a->rank ? a->dims[0] : 0;
}

/* Whether the data have as many inputs, or outputs, as the model. */
static tri_status same_number(tri_model *m, const char *what, size_t model, size_t data) {
  if (model == data) return TRI_OK;
  return tri__model_fail(m, TRI_ARGUMENT, "the model has %zu %s%s, and the data %zu", model, what,
                         model == 1 ? "" : "s", data);
}

/* Columns are of the data's arrays. */
static tri_status check(struct feed *f, size_t n_y) {
  const tri_dataset *data = f->data;
  size_t x = counted(data->n_x, data->x), y = counted(data->n_y, data->y);
  tri_status status = same_number(f->model, "input", f->n_x, x);
  if (!status && n_y) status = same_number(f->model, "output", n_y, y);
  if (status) return status;
  for (size_t i = 0; i < f->n_used; i++) {
    struct column *c = &f->columns[i];
    c->from = i < x ? &data->x[i] : &data->y[i - x];
    status = tri__check_samples(f->model, c->port, c->from, f->count);
    if (status) return status;
  }
  if (f->count > UINT32_MAX)
    return tri__model_fail(f->model, TRI_LIMIT, "more than 4294967295 samples");
  return TRI_OK;
}

static bool make_room(struct feed *f) {
  size_t size = number_size(f->floats), count;
  for (size_t i = 0; i < f->n_used; i++) {
    struct column *c = &f->columns[i];
    if (!size_product(f->batch, c->port->each, &count) ||
        !has_room(f, &c->numbers, &c->room, count, size))
      return false;
    if (!c->from && f->floats &&
        !has_room(f, (void **)&c->made, &c->made_room, count, sizeof(double)))
      return false;
  }
  return true;
}

tri_status tri__no_data(tri_model *model) {
  return tri__model_fail(model, TRI_ARGUMENT, "there are no data");
}

tri_status tri__few_samples(tri_model *model, size_t asked, size_t samples) {
  if (asked <= samples) return TRI_OK;
  return tri__model_fail(model, TRI_ARGUMENT, "batch_size is %zu, and there are %zu samples", asked,
                         samples);
}

tri_status tri__feed_open(struct feed *f, const tri_dataset *data, bool targets, size_t batch) {
  size_t n_y = targets ? f->n_columns - f->n_x : 0;
  if (!data) return tri__no_data(f->model);
  f->data = data;
  f->first = f->next = 0;
  f->shuffled = false;
  f->n_used = f->n_x + n_y;
  f->count = tri__dataset_count(data);
  for (size_t i = 0; i < f->n_columns; i++) f->columns[i].from = NULL;
  if (!data->generate) {
    tri_status status = check(f, n_y);
    if (status) return status;
    if (batch > f->count) batch = f->count;
  }
  f->batch = batch;
  return make_room(f) ? TRI_OK : tri__model_no_memory(f->model);
}

void tri__feed_part(struct feed *f, size_t first, size_t count) {
  f->first = first;
  f->count = count;
}

/* --- order */

/* A number below n < 2^32, from 48 random bits. */
static uint32_t below(uint64_t seed, uint32_t epoch, uint64_t i, uint64_t n) {
  uint64_t high = tri__random24(seed, STREAM_SHUFFLE, epoch, 2 * i);
  uint64_t low = tri__random24(seed, STREAM_SHUFFLE, epoch, 2 * i + 1);
  return (uint32_t)((high * n + (low * n >> 24)) >> 24);
}

/* Fisher and Yates, Durstenfeld 1964. */
static void shuffle(struct feed *f, uint64_t epoch) {
  for (size_t i = 0; i < f->count; i++) f->order[i] = (uint32_t)(f->first + i);
  for (size_t i = f->count; i > 1; i--) {
    uint32_t j = below(f->model->seed, (uint32_t)epoch, i, i), last = f->order[i - 1];
    f->order[i - 1] = f->order[j];
    f->order[j] = last;
  }
}

tri_status tri__feed_rewind(struct feed *f, uint64_t epoch) {
  f->next = 0;
  if (!f->shuffled || f->data->generate) return TRI_OK;
  if (!has_room(f, (void **)&f->order, &f->order_room, f->count, sizeof *f->order))
    return tri__model_no_memory(f->model);
  shuffle(f, epoch);
  return TRI_OK;
}

int64_t tri__feed_batches(const struct feed *f) {
  if (f->data->generate) return -1;
  return (int64_t)(f->count / f->batch + (f->count % f->batch != 0));
}

/* --- batches */

static tri_status generate(struct feed *f, size_t *samples) {
  double *none[1] = {NULL}, **pointers = f->n_columns ? f->pointers : none;
  for (size_t i = 0; i < f->n_used; i++)
    pointers[i] = f->floats ? f->columns[i].made : f->columns[i].numbers;
  *samples = 0;
  tri_status status = f->data->generate(f->data->context, f->next++, f->batch, pointers,
                                        pointers + f->n_x, samples);
  if (status) return tri__model_fail(f->model, status, "the data could not be generated");
  if (*samples > f->batch)
    return tri__model_fail(f->model, TRI_ARGUMENT, "%zu samples generated for a batch of %zu",
                           *samples, f->batch);
  for (size_t i = 0; i < f->n_used && !status; i++) {
    struct column *c = &f->columns[i];
    status = tri__check_made(f->model, c->port, pointers[i], *samples);
    if (!status && f->floats) tri__floats(pointers[i], *samples * c->port->each, c->numbers);
  }
  return status;
}

tri_status tri__feed_batch(struct feed *f, size_t *samples) {
  if (f->data->generate) return generate(f, samples);
  size_t left = f->count - f->next, n = *samples = left < f->batch ? left : f->batch;
  size_t next = left - n < f->batch ? left - n : f->batch;
  const struct training *t = f->model->training;
  tri_pool *pool = t ? t->pool : NULL;
  for (size_t i = 0; i < f->n_used && n; i++) {
    struct column *c = &f->columns[i];
    const uint32_t *order = f->shuffled ? f->order : NULL;
    size_t first = f->shuffled ? f->next : f->first + f->next;
    tri__gather_samples(pool, c->from, c->port->each, order, first, n, next, f->floats, c->numbers);
  }
  f->next += n;
  return TRI_OK;
}
