/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Arrays: sizes, elements as doubles and floats. */
#include <string.h>

#include "io/io.h"

static const struct {
  const char *name;
  size_t size;
} dtypes[] = {
#define ROW(name, bytes, text) {text, bytes},
    TRI_DTYPE_LIST(ROW)
#undef ROW
};

const char *tri_dtype_name(tri_dtype dtype) {
  return (unsigned)dtype < TRI_DTYPES ? dtypes[dtype].name : NULL;
}

size_t tri_dtype_size(tri_dtype dtype) {
  return (unsigned)dtype < TRI_DTYPES ? dtypes[dtype].size : 0;
}

bool tri__io_bytes(struct io *io, tri_dtype dtype, size_t rank, const size_t *dims, size_t *bytes) {
  *bytes = tri_dtype_size(dtype);
  for (size_t d = 0; d < rank; d++)
    if (dims[d] > PTRDIFF_MAX || !size_product(*bytes, dims[d], bytes)) {
      tri__io_fail(io, TRI_LIMIT, "an array of more elements than memory holds");
      return false;
    }
  return true;
}

tri_status tri__io_array(struct io *io, tri_dtype dtype, size_t rank, const size_t *dims,
                         tri_array *array) {
  tri_array a = {.dtype = dtype, .rank = rank, .allocator = io->allocator};
  size_t bytes;
  *array = (tri_array){.data = NULL};
  if ((unsigned)dtype >= TRI_DTYPES || rank > TRI_ARRAY_RANK)
    return tri__io_fail(io, TRI_ARGUMENT, "an array of %zu dimensions, or of no type", rank);
  if (rank) memcpy(a.dims, dims, rank * sizeof *dims);
  if (!tri__io_bytes(io, dtype, rank, dims, &bytes)) return io->error->status;
  a.count = bytes / tri_dtype_size(dtype);
  a.data = tri__io_new(io, a.count, tri_dtype_size(dtype));
  if (!a.data) return io->error->status;
  *array = a;
  return TRI_OK;
}

tri_status tri_array_new(tri_dtype dtype, size_t rank, const size_t *dims,
                         const tri_io_options *options, tri_array *array) {
  struct io io;
  tri__io_open(&io, NULL, options);
  io.name = "a new array";
  return tri__io_array(&io, dtype, rank, dims, array);
}

void tri_array_free(tri_array *array) {
  if (!array) return;
  struct memory memory;
  tri__memory_init(&memory, array->allocator);
  tri__free(&memory, array->data, array->count, tri_dtype_size(array->dtype));
  *array = (tri_array){.data = NULL};
}

/* What the elements of each type are in C: X(enumerator, type). */
#define C_TYPES(X)                                                                                 \
  X(F8, double)                                                                                    \
  X(F4, float)                                                                                     \
  X(I1, int8_t)                                                                                    \
  X(I2, int16_t)                                                                                   \
  X(I4, int32_t)                                                                                   \
  X(I8, int64_t)                                                                                   \
  X(U1, uint8_t)                                                                                   \
  X(U2, uint16_t)                                                                                  \
  X(U4, uint32_t)                                                                                  \
  X(U8, uint64_t)                                                                                  \
  X(B1, uint8_t)

double tri_array_double(const tri_array *array, size_t i) {
  switch (array->dtype) {
#define CASE(name, type)                                                                           \
  case TRI_##name: return (double)((const type *)array->data)[i];
    C_TYPES(CASE)
#undef CASE
  default: return 0.0;
  }
}

#define COPY(name, from, to_type)                                                                  \
  case TRI_##name:                                                                                 \
    for (size_t i = 0; i < array->count; i++) to[i] = (to_type)((const from *)array->data)[i];     \
    break;
#define COPY_DOUBLES(name, type) COPY(name, type, double)
#define COPY_FLOATS(name, type) COPY(name, type, float)

void tri_array_doubles(const tri_array *array, double *to) {
  switch (array->dtype) {
    C_TYPES(COPY_DOUBLES)
  default: break;
  }
}

void tri_array_floats(const tri_array *array, float *to) {
  switch (array->dtype) {
    C_TYPES(COPY_FLOATS)
  default: break;
  }
}
