/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Files of any format that is known by how it begins. */
#include <string.h>

#include "io/csv.h"

enum io_format tri__io_format(struct source *s) {
  size_t n = tri__source_peek(s, MOST_PEEKED);
  if (n >= 6 && memcmp(s->peeked, "\x93NUMPY", 6) == 0) return IO_NPY;
  for (size_t i = 0; i < n; i++)
    if (s->peeked[i] < ' ' && !memchr("\t\r\n", s->peeked[i], 3)) return IO_OTHER;
  return IO_CSV;
}

static tri_status read_any(struct source *s, tri_array *array) {
  switch (tri__io_format(s)) {
  case IO_NPY: return tri__npy_read(s, array);
  case IO_CSV: return tri__csv_array(s, NULL, array);
  default: return tri__io_fail(s->io, TRI_FILE, "this is neither NPY nor CSV");
  }
}

tri_status tri_array_read(const char *path, const tri_io_options *options, tri_array *array) {
  struct io io;
  struct source source;
  tri__io_open(&io, path, options);
  *array = (tri_array){.data = NULL};
  tri_status status = tri__source_open(&source, &io, path, NULL, 0);
  if (status == TRI_OK) status = read_any(&source, array);
  tri__source_close(&source);
  return status;
}
