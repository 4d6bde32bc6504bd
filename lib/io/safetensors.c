/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* safetensors, as its description has it: the size of a header in 8 bytes, the header in JSON (read
 * by Jansson), the bytes of the arrays, lowest byte first. */
#include "config.h"

#include "io/io.h"

#if HAVE_JANSSON
#include <jansson.h>
#include <string.h>

#include "base/sort.h"
#include "base/text.h"

enum {
  MOST_HEADER = 100000000, /* as the description has it */
  ALIGNED = 8
};

static const struct {
  const char *name;
  tri_dtype dtype;
} types[] = {{"F64", TRI_F8}, {"F32", TRI_F4}, {"I8", TRI_I1},  {"I16", TRI_I2},
             {"I32", TRI_I4}, {"I64", TRI_I8}, {"U8", TRI_U1},  {"U16", TRI_U2},
             {"U32", TRI_U4}, {"U64", TRI_U8}, {"BOOL", TRI_B1}};
enum { TYPES = sizeof types / sizeof *types };

/* An array as the header tells of it; the name is the header's. */
struct tensor {
  const char *name;
  tri_dtype dtype;
  size_t rank, dims[TRI_ARRAY_RANK];
  size_t begin, end;
};

/* --- the header */

static tri_status wrong(struct io *io, const char *name, const char *what) {
  return tri__io_fail(io, TRI_FILE, "the header's entry '%s' %s",
                      tri__io_shown(name, strlen(name)).text, what);
}

/* A whole number from 0 on. */
static bool size_of(const json_t *json, size_t *size) {
  json_int_t n = json_is_integer(json) ? json_integer_value(json) : -1;
  *size = n >= 0 ? (size_t)n : 0;
  return n >= 0 && (uint64_t)n <= PTRDIFF_MAX;
}

static tri_status read_type(struct io *io, const json_t *entry, struct tensor *t) {
  const char *name = json_string_value(json_object_get(entry, "dtype"));
  if (!name) return wrong(io, t->name, "has no dtype");
  for (size_t i = 0; i < TYPES; i++)
    if (strcmp(name, types[i].name) == 0) return t->dtype = types[i].dtype, TRI_OK;
  return tri__io_fail(io, TRI_FILE, "elements of type '%s' cannot be read",
                      tri__io_shown(name, strlen(name)).text);
}

static tri_status read_shape(struct io *io, const json_t *entry, struct tensor *t) {
  const json_t *shape = json_object_get(entry, "shape");
  t->rank = json_array_size(shape);
  if (!json_is_array(shape)) return wrong(io, t->name, "has no shape");
  if (t->rank > TRI_ARRAY_RANK)
    return tri__io_fail(io, TRI_LIMIT, "more than %d dimensions", TRI_ARRAY_RANK);
  for (size_t d = 0; d < t->rank; d++)
    if (!size_of(json_array_get(shape, d), &t->dims[d]))
      return wrong(io, t->name, "has a shape that is not one");
  return TRI_OK;
}

/* Where the bytes are; as many as the shape says. */
static tri_status read_offsets(struct io *io, const json_t *entry, struct tensor *t) {
  const json_t *offsets = json_object_get(entry, "data_offsets");
  size_t bytes;
  if (json_array_size(offsets) != 2 || !size_of(json_array_get(offsets, 0), &t->begin) ||
      !size_of(json_array_get(offsets, 1), &t->end) || t->begin > t->end)
    return wrong(io, t->name, "has no data_offsets");
  if (!tri__io_bytes(io, t->dtype, t->rank, t->dims, &bytes)) return io->error->status;
  return bytes == t->end - t->begin ? TRI_OK
                                    : wrong(io, t->name, "has not as many bytes as its shape says");
}

static tri_status read_tensor(struct io *io, const char *name, const json_t *entry,
                              struct tensor *t) {
  *t = (struct tensor){.name = name};
  if (!json_is_object(entry) || json_object_size(entry) != 3)
    return wrong(io, name, "is not dtype, shape and data_offsets");
  tri_status status = read_type(io, entry, t);
  if (status == TRI_OK) status = read_shape(io, entry, t);
  return status == TRI_OK ? read_offsets(io, entry, t) : status;
}

/* Text behind names that triad does not need. */
static tri_status check_metadata(struct io *io, json_t *entry) {
  const char *key;
  json_t *value;
  bool good = json_is_object(entry);
  json_object_foreach(entry, key, value) good = good && json_is_string(value);
  return good ? TRI_OK : wrong(io, "__metadata__", "is not made of strings");
}

static tri_status read_tensors(struct io *io, json_t *header, struct tensor *tensors, size_t *n) {
  const char *name;
  json_t *entry;
  tri_status status = TRI_OK;
  *n = 0;
  json_object_foreach(header, name, entry) {
    bool metadata = strcmp(name, "__metadata__") == 0;
    if (status == TRI_OK)
      status = metadata ? check_metadata(io, entry) : read_tensor(io, name, entry, tensors + *n);
    *n += !metadata;
  }
  return status;
}

/* --- the arrays */

static int by_place(void *context, const void *a, const void *b) {
  const struct tensor *s = a, *t = b;
  (void)context;
  if (s->begin != t->begin) return s->begin < t->begin ? -1 : 1;
  return s->end < t->end ? -1 : s->end > t->end;
}

/* Every byte from the first on belongs to one array, so they can be read one after the other. */
static tri_status check_places(struct io *io, const struct tensor *tensors, size_t n) {
  size_t end = 0;
  for (size_t i = 0; i < n; end = tensors[i++].end)
    if (tensors[i].begin != end)
      return wrong(io, tensors[i].name, "does not begin where the one before it ends");
  return TRI_OK;
}

static tri_status read_arrays(struct source *s, const struct tensor *tensors, size_t n,
                              tri_archive *archive) {
  tri_status status = n ? tri__source_needs(s, tensors[n - 1].end, "the data") : TRI_OK;
  for (size_t i = 0; i < n && status == TRI_OK; i++) {
    const struct tensor *t = tensors + i;
    tri_array array;
    status = tri__io_array(s->io, t->dtype, t->rank, t->dims, &array);
    if (status == TRI_OK) status = tri__io_elements(s, false, &array);
    if (status == TRI_OK)
      status = tri__archive_add(s->io, archive, t->name, strlen(t->name), &array);
    else
      tri_array_free(&array);
  }
  return status == TRI_OK ? tri__source_ended(s) : status;
}

static tri_status read_header(struct source *s, json_t *header, tri_archive *archive) {
  size_t room = json_object_size(header), n = 0;
  struct tensor *tensors = NULL;
  /* Sorting takes as much once more. */
  if (tri__io_within(s->io, room, 2 * sizeof *tensors))
    tensors = tri__io_new(s->io, room, sizeof *tensors);
  tri_status status = tensors ? read_tensors(s->io, header, tensors, &n) : s->io->error->status;
  if (status == TRI_OK && !tri__sort(&s->io->memory, tensors, n, sizeof *tensors, by_place, NULL))
    status = tri__io_fail(s->io, TRI_MEMORY, "out of memory");
  if (status == TRI_OK) status = check_places(s->io, tensors, n);
  if (status == TRI_OK) status = read_arrays(s, tensors, n, archive);
  tri__io_free(s->io, tensors, room, sizeof *tensors);
  return status;
}

static tri_status parse_header(struct source *s, const char *text, size_t size,
                               tri_archive *archive) {
  json_error_t error;
  json_t *header =
      size && text[0] == '{' ? json_loadb(text, size, JSON_REJECT_DUPLICATES, &error) : NULL;
  if (!header)
    return tri__io_fail(s->io, TRI_FILE, "the header is no object of JSON, or has a name twice");
  tri_status status = json_is_object(header)
                          ? read_header(s, header, archive)
                          : tri__io_fail(s->io, TRI_FILE, "the header is no object");
  json_decref(header);
  return status;
}

/* Whether the limit has room for a header of this size while it is read. */
static bool has_room(struct io *io, uint64_t size) {
  if (size > MOST_HEADER) {
    tri__io_fail(io, TRI_LIMIT, "the header has more than %d bytes", MOST_HEADER);
    return false;
  }
  return tri__io_within(io, (size_t)size, JSON_TIMES);
}

tri_status tri__safetensors_read(struct source *s, tri_archive *archive) {
  unsigned char start[8];
  uint64_t size = 0;
  *archive = (tri_archive){.n = 0};
  tri_status status = tri__source_read(s, start, sizeof start, "the bytes of the start");
  if (status != TRI_OK) return status;
  for (size_t i = sizeof start; i-- > 0;) size = size << 8 | start[i];
  if (!has_room(s->io, size)) return s->io->error->status;
  status = tri__source_needs(s, (size_t)size, "the bytes of the header");
  char *text = status == TRI_OK ? tri__io_new(s->io, (size_t)size, 1) : NULL;
  if (!text) return s->io->error->status;
  status = tri__source_read(s, text, (size_t)size, "the bytes of the header");
  s->io->memory.used += (size_t)size * JSON_TIMES;
  if (status == TRI_OK) status = parse_header(s, text, (size_t)size, archive);
  s->io->memory.used -= (size_t)size * JSON_TIMES;
  tri__io_free(s->io, text, (size_t)size, 1);
  if (status != TRI_OK) tri_archive_free(archive);
  return status;
}

/* --- writing */

static const char *type_name(tri_dtype dtype) {
  for (size_t i = 0; i < TYPES; i++)
    if (types[i].dtype == dtype) return types[i].name;
  return "";
}

/* {"dtype":…,"shape":[…],"data_offsets":[…]}; NULL when out of memory. */
static json_t *entry_of(const tri_array *a, size_t begin, size_t end) {
  json_t *shape = json_array();
  for (size_t d = 0; d < a->rank; d++)
    json_array_append_new(shape, json_integer((json_int_t)a->dims[d]));
  json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", type_name(a->dtype), "shape", shape,
                            "data_offsets", (json_int_t)begin, (json_int_t)end);
  if (json_array_size(json_object_get(entry, "shape")) == a->rank) return entry;
  json_decref(entry);
  return NULL;
}

/* The header's object; NULL with the error set. */
static json_t *header_of(struct io *io, const tri_archive *archive, const size_t *order) {
  json_t *header = json_object();
  size_t begin = 0;
  for (size_t i = 0; header && i < archive->n; i++) {
    const tri_entry *e = &archive->entries[order[i]];
    size_t end = begin + e->array.count * tri_dtype_size(e->array.dtype);
    json_t *name = json_string(e->name);
    bool good = name != NULL;
    json_decref(name);
    if (!good) tri__io_fail(io, TRI_NAME, "the name of an array is no UTF-8");
    if (!good || json_object_set_new(header, e->name, entry_of(&e->array, begin, end)) != 0) {
      json_decref(header);
      header = NULL;
    }
    begin = end;
  }
  if (!header) tri__io_fail(io, TRI_MEMORY, "out of memory");
  return header;
}

/* The size of the header in 8 bytes and the header, with blanks until the arrays are aligned. */
static void write_header(const json_t *header, tri_text *text) {
  static const char zeros[8];
  char *json = json_dumps(header, JSON_COMPACT | JSON_PRESERVE_ORDER);
  if (!json) text->status = TRI_MEMORY;
  tri__text_add(text, zeros, sizeof zeros);
  if (json) tri__text_puts(text, json);
  free(json);
  while (text->status == TRI_OK && text->size % ALIGNED) tri__text_putc(text, ' ');
  uint64_t size = text->size - sizeof zeros;
  for (size_t i = 0; text->status == TRI_OK && i < sizeof zeros; i++, size >>= 8)
    text->data[i] = (char)(size & 255);
}

/* The widest elements first. */
static void set_order(const tri_archive *archive, size_t *order) {
  size_t n = 0;
  for (size_t size = 8; size > 0; size /= 2)
    for (size_t i = 0; i < archive->n; i++)
      if (tri_dtype_size(archive->entries[i].array.dtype) == size) order[n++] = i;
}

/* An array's elements, lowest byte first. */
static tri_status write_elements(struct sink *sink, const tri_array *a) {
  size_t size = tri_dtype_size(a->dtype), bytes = a->count * size;
  if (is_little()) return tri__sink_write(sink, a->data, bytes);
  void *copy = tri__io_new(sink->io, a->count, size);
  if (!copy) return sink->io->error->status;
  memcpy(copy, a->data, bytes);
  tri__io_swap(copy, a->count, size);
  tri_status status = tri__sink_write(sink, copy, bytes);
  tri__io_free(sink->io, copy, a->count, size);
  return status;
}

/* The header of an archive, and in which order its arrays follow. */
static tri_status write_start(struct io *io, const tri_archive *archive, size_t *order,
                              tri_text *start) {
  set_order(archive, order);
  json_t *header = header_of(io, archive, order);
  if (header) write_header(header, start);
  json_decref(header);
  if (start->status != TRI_OK) tri__io_fail(io, start->status, "out of memory");
  return io->error->status;
}

tri_status tri__safetensors_format(struct io *io, const tri_archive *archive, tri_text *bytes) {
  size_t *order = tri__io_new(io, archive->n, sizeof *order);
  if (!order) return io->error->status;
  tri_status status = write_start(io, archive, order, bytes);
  for (size_t i = 0; i < archive->n && status == TRI_OK; i++) {
    const tri_array *a = &archive->entries[order[i]].array;
    size_t size = tri_dtype_size(a->dtype), start = bytes->size;
    if (a->count) tri__text_add(bytes, a->data, a->count * size);
    if (bytes->status != TRI_OK)
      status = tri__io_fail(io, bytes->status, "out of memory");
    else if (!is_little())
      tri__io_swap(bytes->data + start, a->count, size);
  }
  tri__io_free(io, order, archive->n, sizeof *order);
  return status;
}

static tri_status write_file(struct io *io, const char *path, const tri_text *start,
                             const tri_archive *archive, const size_t *order) {
  struct sink sink;
  tri_status status = tri__sink_open(&sink, io, path);
  if (status == TRI_OK) status = tri__sink_write(&sink, start->data, start->size);
  for (size_t i = 0; i < archive->n && status == TRI_OK; i++)
    status = write_elements(&sink, &archive->entries[order[i]].array);
  return tri__sink_close(&sink, status);
}

tri_status tri_safetensors_write(const char *path, const tri_archive *archive,
                                 const tri_io_options *options) {
  struct io io;
  tri__io_open(&io, path, options);
  size_t *order = tri__io_new(&io, archive->n, sizeof *order);
  if (!order) return io.error->status;
  tri_text start = {.allocator = io.allocator};
  tri_status status = write_start(&io, archive, order, &start);
  if (status == TRI_OK) status = write_file(&io, path, &start, archive, order);
  tri_text_free(&start);
  tri__io_free(&io, order, archive->n, sizeof *order);
  return status;
}

#else

static tri_status without(struct io *io) {
  return tri__io_fail(io, TRI_FILE, "this is safetensors, and triad was built without Jansson");
}

tri_status tri__safetensors_read(struct source *s, tri_archive *archive) {
  *archive = (tri_archive){.n = 0};
  return without(s->io);
}

tri_status tri__safetensors_format(struct io *io, const tri_archive *archive, tri_text *bytes) {
  (void)archive, (void)bytes;
  return without(io);
}

tri_status tri_safetensors_write(const char *path, const tri_archive *archive,
                                 const tri_io_options *options) {
  struct io io;
  (void)archive;
  tri__io_open(&io, path, options);
  return without(&io);
}

#endif

static tri_status read_from(const char *path, const void *bytes, size_t size,
                            const tri_io_options *options, tri_archive *archive) {
  struct io io;
  struct source source;
  tri__io_open(&io, path, options);
  *archive = (tri_archive){.n = 0};
  tri_status status = tri__source_open(&source, &io, path, bytes, size);
  if (status == TRI_OK) status = tri__safetensors_read(&source, archive);
  tri__source_close(&source);
  return status;
}

tri_status tri_safetensors_read(const char *path, const tri_io_options *options,
                                tri_archive *archive) {
  return read_from(path, NULL, 0, options, archive);
}

tri_status tri_safetensors_parse(const void *bytes, size_t size, const tri_io_options *options,
                                 tri_archive *archive) {
  return read_from(NULL, bytes, size, options, archive);
}
