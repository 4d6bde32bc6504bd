/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* NPY: "NumPy Enhancement Proposal 1" and numpy.lib.format. A header that is a literal of Python's,
 * and the elements. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "io/io.h"

enum { MAGIC = 6, ALIGNED = 64, MOST_HEADER = 65535 };
static const char magic[] = "\x93NUMPY";

struct header {
  tri_dtype dtype;
  bool big, columns;
  size_t rank, dims[TRI_ARRAY_RANK];
};

/* --- the header */

/* The text being read. */
struct cursor {
  const char *at, *end;
};

static void pass_blanks(struct cursor *c) {
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t' || *c->at == '\r'))
    c->at++;
}

/* Passes over this character, with blanks before it; false if another one stands there. */
static bool take(struct cursor *c, char expected) {
  pass_blanks(c);
  if (c->at == c->end || *c->at != expected) return false;
  c->at++;
  return true;
}

/* A string without escapes: NumPy's own have none. */
static bool take_string(struct cursor *c, const char **text, size_t *size) {
  pass_blanks(c);
  if (c->at == c->end || (*c->at != '\'' && *c->at != '"')) return false;
  const char *end = memchr(c->at + 1, *c->at, (size_t)(c->end - c->at - 1));
  if (!end) return false;
  *text = c->at + 1;
  *size = (size_t)(end - c->at - 1);
  c->at = end + 1;
  return !memchr(*text, '\\', *size);
}

static bool take_word(struct cursor *c, const char *word) {
  size_t size = strlen(word);
  pass_blanks(c);
  if ((size_t)(c->end - c->at) < size || memcmp(c->at, word, size) != 0) return false;
  c->at += size;
  return true;
}

static bool take_size(struct cursor *c, size_t *n) {
  pass_blanks(c);
  if (c->at == c->end || *c->at < '0' || *c->at > '9') return false;
  for (*n = 0; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
    if (!size_product(*n, 10, n) || __builtin_add_overflow(*n, (size_t)(*c->at - '0'), n))
      return false;
  if (c->at < c->end && *c->at == 'L') c->at++; /* as Python 2 wrote it */
  return true;
}

/* '<f8', '|u1', … */
static tri_status read_type(struct io *io, struct cursor *c, struct header *h) {
  const char *text;
  size_t size;
  if (!take_string(c, &text, &size))
    return tri__io_fail(io, TRI_FILE, "the header gives no simple type of elements");
  bool order = size > 0 && memchr("<>|=", text[0], 4);
  h->big = order && (text[0] == '>' || (text[0] == '=' && !is_little()));
  for (h->dtype = 0; h->dtype < TRI_DTYPES; h->dtype++)
    if (text_is(text + order, size - order, tri_dtype_name(h->dtype)))
      return order && text[0] == '|' && tri_dtype_size(h->dtype) > 1
                 ? tri__io_fail(io, TRI_FILE, "the header gives no byte order")
                 : TRI_OK;
  return tri__io_fail(io, TRI_FILE, "elements of type '%s' cannot be read",
                      tri__io_shown(text, size).text);
}

static tri_status read_shape(struct io *io, struct cursor *c, struct header *h) {
  bool good = take(c, '('), comma = true;
  for (h->rank = 0; good && !take(c, ')');) {
    if (h->rank == TRI_ARRAY_RANK)
      return tri__io_fail(io, TRI_LIMIT, "more than %d dimensions", TRI_ARRAY_RANK);
    good = comma && take_size(c, &h->dims[h->rank]);
    h->rank++;
    comma = take(c, ',');
  }
  /* (3) is a number to Python, not a shape. */
  if (!good || (h->rank == 1 && !comma))
    return tri__io_fail(io, TRI_FILE, "the header's shape is not one");
  return TRI_OK;
}

enum { HAS_TYPE = 1, HAS_ORDER = 2, HAS_SHAPE = 4, HAS_ALL = 7 };

/* One key with its value. */
static tri_status read_entry(struct io *io, struct cursor *c, struct header *h, unsigned *seen) {
  static const char *const keys[] = {"descr", "fortran_order", "shape"};
  const char *key = "";
  size_t size = 0;
  unsigned i = 0;
  if (!take_string(c, &key, &size) || !take(c, ':'))
    return tri__io_fail(io, TRI_FILE, "the header is not one of NPY");
  while (i < 3 && !text_is(key, size, keys[i])) i++;
  if (i == 3 || (*seen & 1u << i))
    return tri__io_fail(io, TRI_FILE, "the header has '%s' %s", tri__io_shown(key, size).text,
                        i == 3 ? "in it" : "twice");
  *seen |= 1u << i;
  if (1u << i == HAS_TYPE) return read_type(io, c, h);
  if (1u << i == HAS_SHAPE) return read_shape(io, c, h);
  h->columns = take_word(c, "True");
  return h->columns || take_word(c, "False")
             ? TRI_OK
             : tri__io_fail(io, TRI_FILE, "the header's fortran_order is neither True nor False");
}

static tri_status read_header(struct io *io, struct cursor c, struct header *h) {
  unsigned seen = 0;
  tri_status status = TRI_OK;
  bool open = take(&c, '{'), comma = true;
  *h = (struct header){.rank = 0};
  while (open && status == TRI_OK && !take(&c, '}')) {
    open = comma;
    if (open) status = read_entry(io, &c, h, &seen);
    comma = take(&c, ',');
  }
  pass_blanks(&c);
  if (status == TRI_OK && (!open || c.at != c.end || seen != HAS_ALL))
    status = tri__io_fail(io, TRI_FILE, "the header is not one of NPY");
  return status;
}

/* --- elements */

/* Steps to the next element in columns: the first index runs fastest. Where it is in rows. */
static size_t next_in_columns(const tri_array *a, const size_t *stride, size_t *index, size_t at) {
  for (size_t d = 0; d < a->rank; d++) {
    at += stride[d];
    if (++index[d] < a->dims[d]) return at;
    at -= stride[d] * a->dims[d];
    index[d] = 0;
  }
  return at;
}

/* Reads elements in columns piece by piece, so that they are in memory once. */
static tri_status read_columns(struct source *s, tri_array *a) {
  enum { PIECE = 4096 };
  uint64_t piece[PIECE];
  size_t size = tri_dtype_size(a->dtype), index[TRI_ARRAY_RANK] = {0}, stride[TRI_ARRAY_RANK];
  size_t most = sizeof piece / size, at = 0, step = 1;
  tri_status status = TRI_OK;
  for (size_t d = a->rank; d-- > 0; step *= a->dims[d]) stride[d] = step;
  for (size_t left = a->count; left > 0 && status == TRI_OK;) {
    size_t n = left < most ? left : most;
    status = tri__source_read(s, piece, n * size, "the data");
    for (size_t i = 0; i < n && status == TRI_OK; i++) {
      memcpy((char *)a->data + at * size, (const char *)piece + i * size, size);
      at = next_in_columns(a, stride, index, at);
    }
    left -= n;
  }
  return status;
}

static tri_status read_elements(struct source *s, const struct header *h, tri_array *a) {
  size_t size = tri_dtype_size(a->dtype);
  bool turned = h->columns && a->rank > 1;
  tri_status status = turned ? read_columns(s, a) : tri__io_elements(s, h->big, a);
  if (status == TRI_OK && turned && h->big == is_little()) tri__io_swap(a->data, a->count, size);
  if (status == TRI_OK && a->dtype == TRI_B1) tri__io_truth(a);
  return status;
}

/* --- all of it */

/* The text of the header, which is to be freed: *room bytes. */
static tri_status read_text(struct source *s, char **text, size_t *room) {
  unsigned char start[MAGIC + 2], size[4] = {0};
  tri_status status = tri__source_read(s, start, sizeof start, "the bytes of the start");
  if (status != TRI_OK) return status;
  if (memcmp(start, magic, MAGIC) != 0) return tri__io_fail(s->io, TRI_FILE, "this is not NPY");
  if (start[MAGIC] < 1 || start[MAGIC] > 3 || start[MAGIC + 1] != 0)
    return tri__io_fail(s->io, TRI_FILE, "version %d.%d of NPY is not known", start[MAGIC],
                        start[MAGIC + 1]);
  status = tri__source_read(s, size, start[MAGIC] == 1 ? 2 : 4, "the bytes of the start");
  if (status != TRI_OK) return status;
  *room = size[0] | (size_t)size[1] << 8 | (size_t)size[2] << 16 | (size_t)size[3] << 24;
  if (*room > MOST_HEADER)
    return tri__io_fail(s->io, TRI_LIMIT, "the header has more than %d bytes", MOST_HEADER);
  *text = tri__io_new(s->io, *room, 1);
  return *text ? tri__source_read(s, *text, *room, "the bytes of the header")
               : s->io->error->status;
}

tri_status tri__npy_read(struct source *s, tri_array *array) {
  struct header h;
  char *text = NULL;
  size_t room = 0;
  *array = (tri_array){.data = NULL};
  tri_status status = read_text(s, &text, &room);
  if (status == TRI_OK) status = read_header(s->io, (struct cursor){text, text + room}, &h);
  tri__io_free(s->io, text, room, 1);
  if (status == TRI_OK) status = tri__source_has(s, h.dtype, h.rank, h.dims);
  if (status == TRI_OK) status = tri__io_array(s->io, h.dtype, h.rank, h.dims, array);
  if (status == TRI_OK) status = read_elements(s, &h, array);
  if (status == TRI_OK) status = tri__source_ended(s);
  if (status != TRI_OK) tri_array_free(array);
  return status;
}

tri_status tri_npy_read(const char *path, const tri_io_options *options, tri_array *array) {
  return tri__array_from(tri__npy_read, path, NULL, 0, options, array);
}

tri_status tri_npy_parse(const void *bytes, size_t size, const tri_io_options *options,
                         tri_array *array) {
  return tri__array_from(tri__npy_read, NULL, bytes, size, options, array);
}

/* --- writing */

/* Magic, version, the header's size, and the header, padded so that the elements are aligned. */
void tri__npy_start(const tri_array *a, tri_text *text) {
  size_t start = text->size;
  char order = tri_dtype_size(a->dtype) == 1 ? '|' : is_little() ? '<' : '>';
  tri__text_add(text, magic, MAGIC);
  tri__text_add(text, "\1\0\0\0", 4);
  tri__text_printf(text, "{'descr': '%c%s', 'fortran_order': False, 'shape': (", order,
                   tri_dtype_name(a->dtype));
  for (size_t d = 0; d < a->rank; d++)
    tri__text_printf(text, d + 1 < a->rank ? "%zu, " : "%zu", a->dims[d]);
  tri__text_puts(text, a->rank == 1 ? ",), }" : "), }");
  while (text->status == TRI_OK && (text->size - start + 1) % ALIGNED) tri__text_putc(text, ' ');
  tri__text_putc(text, '\n');
  if (text->status != TRI_OK) return;
  size_t size = text->size - start - MAGIC - 4;
  text->data[start + MAGIC + 2] = (char)(size & 255);
  text->data[start + MAGIC + 3] = (char)(size >> 8);
}

tri_status tri_npy_format(const tri_array *array, tri_text *bytes) {
  tri__npy_start(array, bytes);
  tri__text_add(bytes, array->data, array->count * tri_dtype_size(array->dtype));
  return bytes->status;
}

tri_status tri_npy_write(const char *path, const tri_array *array, const tri_io_options *options) {
  struct io io;
  struct sink sink;
  tri__io_open(&io, path, options);
  tri_text start = {.allocator = io.allocator};
  tri__npy_start(array, &start);
  tri_status status = tri__sink_open(&sink, &io, path);
  if (start.status != TRI_OK) status = tri__io_fail(&io, start.status, "out of memory");
  if (status == TRI_OK) status = tri__sink_write(&sink, start.data, start.size);
  if (status == TRI_OK)
    status = tri__sink_write(&sink, array->data, array->count * tri_dtype_size(array->dtype));
  tri_text_free(&start);
  return tri__sink_close(&sink, status);
}
