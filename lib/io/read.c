/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Files of any format that is known by how it begins. */
#include <string.h>

#include "io/csv.h"

/* Two zeros, a type, and how many dimensions. */
static bool is_idx(const unsigned char *b, size_t n) {
  return n >= 4 && !b[0] && !b[1] && b[2] >= 8 && b[2] <= 14 && b[3] >= 1 && b[3] <= TRI_ARRAY_RANK;
}

/* The size of the header, below 4 GiB, and the header. */
static bool is_safetensors(const unsigned char *b, size_t n) {
  return n >= 9 && !b[4] && !b[5] && !b[6] && !b[7] && b[8] == '{';
}

static bool is_text(const unsigned char *b, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (b[i] < ' ' && !memchr("\t\r\n", b[i], 3)) return false;
  return true;
}

enum io_format tri__io_format(struct source *s) {
  size_t n = tri__source_peek(s, MOST_PEEKED);
  const unsigned char *b = s->peeked;
  if (n >= 6 && memcmp(b, "\x93NUMPY", 6) == 0) return IO_NPY;
  if (n >= 4 && (memcmp(b, "PK\3\4", 4) == 0 || memcmp(b, "PK\5\6", 4) == 0)) return IO_ZIP;
  if (is_safetensors(b, n)) return IO_SAFETENSORS;
  if (is_idx(b, n)) return IO_IDX;
  return is_text(b, n) ? IO_CSV : IO_OTHER;
}

tri_status tri__array_from(read_array *read, const char *path, const void *bytes, size_t size,
                           const tri_io_options *options, tri_array *array) {
  struct io io;
  struct source source;
  tri__io_open(&io, path, options);
  *array = (tri_array){.data = NULL};
  tri_status status = tri__source_open(&source, &io, path, bytes, size);
  if (status == TRI_OK) status = read(&source, array);
  tri__source_close(&source);
  return status;
}

static tri_status read_any(struct source *s, tri_array *array) {
  switch (tri__io_format(s)) {
  case IO_NPY: return tri__npy_read(s, array);
  case IO_IDX: return tri__idx_read(s, array);
  case IO_CSV: return tri__csv_array(s, NULL, array);
  case IO_ZIP:
  case IO_SAFETENSORS: return tri__io_fail(s->io, TRI_FILE, "this has arrays with names, not one");
  default: return tri__io_fail(s->io, TRI_FILE, "this is neither NPY nor IDX nor CSV");
  }
}

tri_status tri_array_read(const char *path, const tri_io_options *options, tri_array *array) {
  return tri__array_from(read_any, path, NULL, 0, options, array);
}

tri_status tri_archive_read(const char *path, const tri_io_options *options, tri_archive *archive) {
  struct io io;
  struct source source;
  tri__io_open(&io, path, options);
  *archive = (tri_archive){.n = 0};
  tri_status status = tri__source_open(&source, &io, path, NULL, 0);
  enum io_format format = status == TRI_OK ? tri__io_format(&source) : IO_OTHER;
  if (status == TRI_OK && format == IO_SAFETENSORS)
    status = tri__safetensors_read(&source, archive);
  tri__source_close(&source);
  if (status == TRI_OK && format == IO_ZIP) return tri__npz_read(&io, path, NULL, 0, archive);
  return status == TRI_OK && format != IO_SAFETENSORS
             ? tri__io_fail(&io, TRI_FILE, "this is neither NPZ nor safetensors")
             : status;
}
