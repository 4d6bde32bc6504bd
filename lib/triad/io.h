/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Arrays of numbers in files: NPY, CSV and IDX, one array each; NPZ and safetensors, several with
 * names. */
#ifndef TRIAD_IO_H
#define TRIAD_IO_H

#include <triad/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Every type of an element: X(enumerator, bytes, name as NumPy writes it). b1 is a truth value, 0
 * or 1. */
#define TRI_DTYPE_LIST(X)                                                                          \
  X(F8, 8, "f8")                                                                                   \
  X(F4, 4, "f4")                                                                                   \
  X(I1, 1, "i1")                                                                                   \
  X(I2, 2, "i2")                                                                                   \
  X(I4, 4, "i4")                                                                                   \
  X(I8, 8, "i8")                                                                                   \
  X(U1, 1, "u1")                                                                                   \
  X(U2, 2, "u2")                                                                                   \
  X(U4, 4, "u4")                                                                                   \
  X(U8, 8, "u8")                                                                                   \
  X(B1, 1, "b1")

/* The type of an array's elements. */
typedef enum tri_dtype {
#define TRI_DTYPE_ENUMERATOR(name, bytes, text) TRI_##name,
  TRI_DTYPE_LIST(TRI_DTYPE_ENUMERATOR)
#undef TRI_DTYPE_ENUMERATOR
      TRI_DTYPES
} tri_dtype;

/* The name of a type, "f8", and how many bytes an element has. NULL and 0 if there is no such type.
 * Static text. */
TRI_API const char *tri_dtype_name(tri_dtype dtype);
TRI_API size_t tri_dtype_size(tri_dtype dtype);

/* The most dimensions of an array. */
enum { TRI_ARRAY_RANK = 32 };

/* An array that owns its elements: in rows (the last index runs fastest), in the machine's byte
 * order, aligned as malloc aligns. Free it with tri_array_free. A zeroed struct owns nothing. */
typedef struct tri_array {
  tri_dtype dtype;
  size_t rank; /* dimensions; 0: one number */
  size_t dims[TRI_ARRAY_RANK];
  size_t count; /* elements */
  void *data;
  const tri_allocator *allocator;
} tri_array;

/* How files are read and written; zeros, or NULL for all, are the defaults. */
typedef struct tri_io_options {
  size_t limit; /* most bytes of memory in use at a time, the result's included; default 1 GiB */
  const tri_allocator *allocator; /* NULL: malloc; must last as long as the result */
  tri_error *error;               /* not NULL: is told what went wrong, and where */
  const volatile int *interrupt; /* not NULL: stops with TRI_INTERRUPTED once *interrupt is not 0 */
} tri_io_options;

/* Makes an array of zeros. TRI_ARGUMENT for a type or rank that there is not, TRI_LIMIT,
 * TRI_MEMORY; *array is then zeroed. */
TRI_CHECKED TRI_API tri_status tri_array_new(tri_dtype dtype, size_t rank, const size_t *dims,
                                             const tri_io_options *options, tri_array *array);

/* Frees the elements and zeroes the struct. Nothing happens for NULL or a zeroed struct. */
TRI_API void tri_array_free(tri_array *array);

/* The double nearest to element i, counted through all dimensions; i < count. */
TRI_API double tri_array_double(const tri_array *array, size_t i);

/* All elements, each rounded to the nearest number, to[count]. */
TRI_API void tri_array_doubles(const tri_array *array, double *to);
TRI_API void tri_array_floats(const tri_array *array, float *to);

/* Whatever is read is an array, or an error: TRI_FILE for what cannot be read, or is not what it
 * should be; TRI_LIMIT before more than the limit is allocated; TRI_MEMORY, TRI_INTERRUPTED. *array
 * is then zeroed, and the error's message begins with the file's name. Files may be pipes, and
 * packed by gzip if triad was built with zlib (NPZ: neither). What is written to a file is written
 * beside it under a temporary name and then renamed, so the file is never half there; pipes and
 * devices are written as they are. */

/* --- NPY -------------------------------------------------------------------------------------- */

/* Reads NumPy's NPY format, versions 1.0 to 3.0: one array of any type above in either byte order,
 * in rows or in columns (it is then turned). Headers have at most 65,535 bytes. */
TRI_CHECKED TRI_API tri_status tri_npy_read(const char *path, const tri_io_options *options,
                                            tri_array *array);

/* The same from memory. */
TRI_CHECKED TRI_API tri_status tri_npy_parse(const void *bytes, size_t size,
                                             const tri_io_options *options, tri_array *array);

/* Writes an array, as version 1.0. TRI_FILE, TRI_MEMORY, TRI_LIMIT, TRI_INTERRUPTED. */
TRI_CHECKED TRI_API tri_status tri_npy_write(const char *path, const tri_array *array,
                                             const tri_io_options *options);

/* Appends what would be written. TRI_MEMORY. */
TRI_CHECKED TRI_API tri_status tri_npy_format(const tri_array *array, tri_text *bytes);

/* --- CSV -------------------------------------------------------------------------------------- */

/* What the first line is. */
typedef enum tri_csv_header {
  TRI_CSV_DETECT, /* names, if none of its fields is a number */
  TRI_CSV_NONE,   /* numbers as all others */
  TRI_CSV_NAMES   /* names, which are passed over */
} tri_csv_header;

/* What a CSV file looks like; zeros, or NULL for all, are the defaults. */
typedef struct tri_csv_options {
  /* ',', ';' or tab; 0: the first line tells, which has tabs, or semicolons, or commas */
  char separator;
  tri_csv_header header;
} tri_csv_options;

/* Reads numbers as RFC 4180 parts them (quotes, lines that end with CR LF, LF or CR) into an f8
 * array [lines, fields]. A number is read as the language reads it whatever the locale, with a sign
 * and blanks around if need be, and rounded once; also inf and nan. A number that is too large for
 * a double, an empty field, what is no number, and a line with another number of fields than the
 * first are errors with line and column (cells from 1). Empty lines at the end do not count, and an
 * empty file is an array [0, 0]. TRI_ARGUMENT for options that there are not. */
TRI_CHECKED TRI_API tri_status tri_csv_read(const char *path, const tri_csv_options *csv,
                                            const tri_io_options *options, tri_array *array);

/* The same from memory. */
TRI_CHECKED TRI_API tri_status tri_csv_parse(const void *bytes, size_t size,
                                             const tri_csv_options *csv,
                                             const tri_io_options *options, tri_array *array);

/* Writes an array as lines of numbers that read back as the same doubles: a matrix by rows, a
 * vector as one number a line. TRI_SHAPE for more than two dimensions; TRI_FILE, TRI_MEMORY,
 * TRI_LIMIT, TRI_INTERRUPTED. */
TRI_CHECKED TRI_API tri_status tri_csv_write(const char *path, const tri_array *array,
                                             const tri_io_options *options);

/* --- IDX -------------------------------------------------------------------------------------- */

/* Reads an IDX file, the format of MNIST and its kin: u1, i1, i2, i4, f4 or f8, highest byte first.
 * */
TRI_CHECKED TRI_API tri_status tri_idx_read(const char *path, const tri_io_options *options,
                                            tri_array *array);

/* The same from memory. */
TRI_CHECKED TRI_API tri_status tri_idx_parse(const void *bytes, size_t size,
                                             const tri_io_options *options, tri_array *array);

/* Reads a folder as that of MNIST and of what was made after it: pictures and labels of part
 * "train" or "t10k", from PART-images-idx3-ubyte and PART-labels-idx1-ubyte, or the same with .gz.
 * Both are then the caller's to free. TRI_FILE also if there are not as many pictures as labels;
 * otherwise as tri_idx_read. */
TRI_CHECKED TRI_API tri_status tri_idx_folder(const char *folder, const char *part,
                                              const tri_io_options *options, tri_array *pictures,
                                              tri_array *labels);

/* --- several arrays --------------------------------------------------------------------------- */

/* An array with its name. */
typedef struct tri_entry {
  char *name;
  tri_array array;
} tri_entry;

/* Arrays with names. Free it with tri_archive_free. A zeroed struct is empty. */
typedef struct tri_archive {
  size_t n;
  tri_entry *entries;
  size_t room;
  const tri_allocator *allocator; /* NULL: malloc; to be set before the first is added */
} tri_archive;

/* The array of this name, which stays the archive's; NULL if there is none. */
TRI_API const tri_array *tri_archive_find(const tri_archive *archive, const char *name);

/* Moves an array into the archive, which owns it from then on, and zeroes *array; copies the name.
 * TRI_NAME if the name is there already, TRI_MEMORY: nothing has then changed. */
TRI_CHECKED TRI_API tri_status tri_archive_add(tri_archive *archive, const char *name,
                                               tri_array *array);

/* Frees all arrays and names and empties the archive. Nothing happens for NULL or an empty one. */
TRI_API void tri_archive_free(tri_archive *archive);

/* Reads NumPy's NPZ format, a zip file of NPY files, packed or not. The names are without ".npy".
 * Beside what is read, libzip keeps a list of the files in it. TRI_FILE also if triad was built
 * without libzip. */
TRI_CHECKED TRI_API tri_status tri_npz_read(const char *path, const tri_io_options *options,
                                            tri_archive *archive);

/* The same from memory. */
TRI_CHECKED TRI_API tri_status tri_npz_parse(const void *bytes, size_t size,
                                             const tri_io_options *options, tri_archive *archive);

/* Writes arrays as NPZ, packed if `packed` is not 0. The same arrays give the same bytes. TRI_FILE,
 * also if triad was built without libzip, TRI_MEMORY, TRI_LIMIT, TRI_INTERRUPTED. */
TRI_CHECKED TRI_API tri_status tri_npz_write(const char *path, const tri_archive *archive,
                                             int packed, const tri_io_options *options);

/* Reads a safetensors file: types F64, F32, I8 to I64, U8 to U64 and BOOL; the arrays come in the
 * order of their bytes. The header is checked as its description asks for: no name twice, no byte
 * that is no array's or two arrays'; what its __metadata__ say is passed over. While it is read, it
 * counts as 80 times its size, for Jansson. TRI_FILE also if triad was built without Jansson. */
TRI_CHECKED TRI_API tri_status tri_safetensors_read(const char *path, const tri_io_options *options,
                                                    tri_archive *archive);

/* The same from memory. */
TRI_CHECKED TRI_API tri_status tri_safetensors_parse(const void *bytes, size_t size,
                                                     const tri_io_options *options,
                                                     tri_archive *archive);

/* Writes arrays as safetensors, the widest types first, so that all are aligned. TRI_NAME for names
 * that are no UTF-8; TRI_FILE, also if triad was built without Jansson, TRI_MEMORY, TRI_LIMIT,
 * TRI_INTERRUPTED. */
TRI_CHECKED TRI_API tri_status tri_safetensors_write(const char *path, const tri_archive *archive,
                                                     const tri_io_options *options);

/* --- whatever it is --------------------------------------------------------------------------- */

/* Reads the one array of a file, which is told to be NPY, IDX or CSV by how it begins. */
TRI_CHECKED TRI_API tri_status tri_array_read(const char *path, const tri_io_options *options,
                                              tri_array *array);

/* Reads the arrays of a file, which is told to be NPZ or safetensors by how it begins. */
TRI_CHECKED TRI_API tri_status tri_archive_read(const char *path, const tri_io_options *options,
                                                tri_archive *archive);

#ifdef __cplusplus
}
#endif
#endif
