/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* IDX, "The MNIST database of handwritten digits", LeCun, Cortes and Burges: a magic number, sizes,
 * elements; highest byte first. */
#include "io/io.h"

/* The types by the third byte, from 8 on. */
static tri_dtype type_of(unsigned char code) {
  static const tri_dtype types[] = {TRI_U1, TRI_I1, TRI_DTYPES, TRI_I2, TRI_I4, TRI_F4, TRI_F8};
  return code >= 8 && code - 8u < sizeof types / sizeof *types ? types[code - 8] : TRI_DTYPES;
}

tri_status tri__idx_read(struct source *s, tri_array *array) {
  unsigned char start[4], size[4];
  size_t dims[TRI_ARRAY_RANK];
  *array = (tri_array){.data = NULL};
  tri_status status = tri__source_read(s, start, sizeof start, "the bytes of the start");
  if (status != TRI_OK) return status;
  tri_dtype dtype = type_of(start[2]);
  size_t rank = start[3];
  if (start[0] || start[1] || dtype == TRI_DTYPES || rank == 0 || rank > TRI_ARRAY_RANK)
    return tri__io_fail(s->io, TRI_FILE, "this is not IDX");
  for (size_t d = 0; d < rank && status == TRI_OK; d++) {
    status = tri__source_read(s, size, sizeof size, "the bytes of a size");
    dims[d] = (size_t)size[0] << 24 | (size_t)size[1] << 16 | (size_t)size[2] << 8 | size[3];
  }
  if (status == TRI_OK) status = tri__source_has(s, dtype, rank, dims);
  if (status == TRI_OK) status = tri__io_array(s->io, dtype, rank, dims, array);
  if (status == TRI_OK) status = tri__io_elements(s, true, array);
  if (status == TRI_OK) status = tri__source_ended(s);
  if (status != TRI_OK) tri_array_free(array);
  return status;
}

tri_status tri_idx_read(const char *path, const tri_io_options *options, tri_array *array) {
  return tri__array_from(tri__idx_read, path, NULL, 0, options, array);
}

tri_status tri_idx_parse(const void *bytes, size_t size, const tri_io_options *options,
                         tri_array *array) {
  return tri__array_from(tri__idx_read, NULL, bytes, size, options, array);
}
