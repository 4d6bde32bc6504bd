/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What readers and writers share: memory within a limit, failures with the file's name, bytes in
 * and bytes out. */
#ifndef TRIAD_IO_IO_H
#define TRIAD_IO_IO_H

#include <triad/io.h>

#include "base/memory.h"

/* One file being read or written. */
struct io {
  struct memory memory; /* of this file alone, so that its count is what the limit bounds */
  size_t limit;
  const tri_allocator *allocator;
  tri_error *error;
  tri_error own; /* where the caller wants none */
  const volatile int *interrupt;
  const char *name; /* the file's, for messages */
  bool durable;     /* a file that replaces another is on the disk before it does so */
};

/* path NULL: bytes in memory. options may be NULL. */
void tri__io_open(struct io *io, const char *path, const tri_io_options *options);

/* Sets the error, unless one is set, and returns its status. */
tri_status tri__io_fail(struct io *io, tri_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Bytes as messages may show them: up to 40, and a question mark for what is no printable character
 * of ASCII. */
struct shown {
  char text[41];
};
struct shown tri__io_shown(const char *bytes, size_t size);

/* count * size bytes, zeroed; NULL after TRI_LIMIT or TRI_MEMORY. */
void *tri__io_new(struct io *io, size_t count, size_t size);
void tri__io_free(struct io *io, void *block, size_t count, size_t size);

/* Whether count * size bytes more are within the limit; fails if not. */
bool tri__io_within(struct io *io, size_t count, size_t size);

/* As tri__grow, within the limit. */
bool tri__io_grow(struct io *io, void **array, size_t *capacity, size_t need, size_t size);

/* TRI_INTERRUPTED once that was asked for. */
tri_status tri__io_check(struct io *io);

/* The bytes of an array of this type and shape; fails if they are more than memory could hold. */
bool tri__io_bytes(struct io *io, tri_dtype dtype, size_t rank, const size_t *dims, size_t *bytes);

/* An array of zeros. */
tri_status tri__io_array(struct io *io, tri_dtype dtype, size_t rank, const size_t *dims,
                         tri_array *array);

/* Bytes that Jansson takes for a byte of a text of nothing but empty objects, the worst. */
enum { JSON_TIMES = 80 };

/* --- bytes in */

enum { MOST_PEEKED = 16 };

/* Where bytes come from. */
struct source {
  struct io *io;
  /* Reads at most n > 0 bytes: how many, 0 at the end, or after a failure, which io has. */
  size_t (*read)(struct source *source, void *to, size_t n);
  void (*close)(struct source *source); /* NULL: nothing but fd is to be closed */
  int fd;
  const unsigned char *bytes; /* in memory */
  void *inner;                /* of a source that unpacks another */
  size_t left;                /* bytes that are still there; SIZE_MAX where that is not known */
  unsigned char peeked[MOST_PEEKED];
  size_t n_peeked;
};

/* Opens a file; or bytes in memory if path is NULL. What gzip packed is unpacked. Close it in any
 * case. */
tri_status tri__source_open(struct source *source, struct io *io, const char *path,
                            const void *bytes, size_t size);
void tri__source_close(struct source *source);

/* As many of the next n <= MOST_PEEKED bytes as there are, which stay to be read; how many they
 * are. */
size_t tri__source_peek(struct source *source, size_t n);

/* Reads up to n bytes; fewer at the end only, or after a failure, which io has. */
size_t tri__source_some(struct source *source, void *to, size_t n);

/* Reads n bytes; fails if there are fewer ("the data end after 3 of 8 bytes"). */
tri_status tri__source_read(struct source *source, void *to, size_t n, const char *what);

/* Reads all bytes, of which it may not be known how many they are, into *bytes, which has *room (at
 * first 0) and is to be freed by tri__io_free in any case. */
tri_status tri__source_all(struct source *source, char **bytes, size_t *size, size_t *room);

/* Fails if it is known that fewer than n bytes are left. */
tri_status tri__source_needs(struct source *source, size_t n, const char *what);

/* Fails unless all was read. */
tri_status tri__source_ended(struct source *source);

/* --- bytes out */

/* A file being written under a temporary name. */
struct sink {
  struct io *io;
  int fd;
  char *path, *beside; /* beside NULL: written as it is */
  size_t path_room, beside_room;
};

/* Close it in any case. */
tri_status tri__sink_open(struct sink *sink, struct io *io, const char *path);
tri_status tri__sink_write(struct sink *sink, const void *bytes, size_t n);
/* Gives the file its name if status is TRI_OK, else takes it away. Returns status, or what failed.
 * */
tri_status tri__sink_close(struct sink *sink, tri_status status);

/* --- formats, from a source that is open */

enum io_format { IO_NPY, IO_IDX, IO_ZIP, IO_SAFETENSORS, IO_CSV, IO_OTHER };

/* What the bytes are, by how they begin. */
enum io_format tri__io_format(struct source *source);

tri_status tri__npy_read(struct source *source, tri_array *array);
tri_status tri__idx_read(struct source *source, tri_array *array);
tri_status tri__safetensors_read(struct source *source, tri_archive *archive);
/* Appends what tri_safetensors_write writes. */
tri_status tri__safetensors_format(struct io *io, const tri_archive *archive, tri_text *bytes);
/* libzip seeks, so this is no source: path, or bytes if it is NULL. */
tri_status tri__npz_read(struct io *io, const char *path, const void *bytes, size_t size,
                         tri_archive *archive);

/* A reader of one array from a source. */
typedef tri_status read_array(struct source *source, tri_array *array);

/* Opens a file, or bytes in memory, reads and closes. */
tri_status tri__array_from(read_array *read, const char *path, const void *bytes, size_t size,
                           const tri_io_options *options, tri_array *array);

/* The bytes of an array's elements, as appended to an NPY header of its own. */
void tri__npy_start(const tri_array *array, tri_text *text);

/* --- several arrays */

/* Moves an array and a copy of the name into the archive; the array is freed on failure. */
tri_status tri__archive_add(struct io *io, tri_archive *archive, const char *name, size_t size,
                            tri_array *array);

/* TRI_FILE if a name stands twice. */
tri_status tri__archive_check(struct io *io, const tri_archive *archive);

/* Whether this machine's numbers begin with the lowest byte. */
static inline bool is_little(void) { return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__; }

/* Reverses the bytes of each of n elements. */
void tri__io_swap(void *data, size_t n, size_t size);

/* Unpacks what gzip packed, of which the source is at the start. */
tri_status tri__source_unpack(struct source *source);

/* Fails if it is known that the source has fewer bytes than an array of this type and shape. */
tri_status tri__source_has(struct source *source, tri_dtype dtype, size_t rank, const size_t *dims);

/* Truth values as 0 and 1. */
void tri__io_truth(tri_array *array);

/* Reads count elements of the array, in rows, stored with the highest byte first or last. */
tri_status tri__io_elements(struct source *source, bool big, tri_array *array);

#endif
