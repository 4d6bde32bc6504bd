/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Zip files through libzip. */
#include "config.h"

#include "io/zip.h"

#if HAVE_LIBZIP
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

/* --- reading */

static tri_status fail_with(struct io *io, zip_error_t *error) {
  tri_status status = zip_error_code_zip(error) == ZIP_ER_MEMORY ? TRI_MEMORY : TRI_FILE;
  return tri__io_fail(io, status, "cannot be read as a zip file: %s", zip_error_strerror(error));
}

static tri_status nothing(struct io *io) {
  return tri__io_fail(io, TRI_FILE, "there is nothing in it");
}

/* libzip seeks, which pipes and devices do not; and nothing at all is an empty archive to it. */
static tri_status check_file(struct io *io, const char *path) {
  struct stat st;
  if (stat(path, &st) != 0) return TRI_OK; /* libzip says why it cannot */
  if (S_ISREG(st.st_mode)) return st.st_size > 0 ? TRI_OK : nothing(io);
  return tri__io_fail(io, TRI_FILE,
                      S_ISDIR(st.st_mode) ? "it is a directory" : "it is no file on a disk");
}

tri_status tri__zip_open(struct zip_reader *z, struct io *io, const char *path, const void *bytes,
                         size_t size) {
  zip_error_t error;
  *z = (struct zip_reader){.io = io};
  if (path ? check_file(io, path) != TRI_OK : size == 0)
    return path ? io->error->status : nothing(io);
  zip_error_init(&error);
  zip_source_t *source = path ? zip_source_file_create(path, 0, -1, &error)
                              : zip_source_buffer_create(bytes, size, 0, &error);
  z->zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
  if (!z->zip) fail_with(io, &error);
  if (!z->zip && source) zip_source_free(source);
  zip_error_fini(&error);
  zip_int64_t n = z->zip ? zip_get_num_entries(z->zip, 0) : 0;
  z->n = n > 0 ? (size_t)n : 0;
  return io->error->status;
}

void tri__zip_close(struct zip_reader *z) {
  if (z->zip) zip_discard(z->zip);
  z->zip = NULL;
}

const char *tri__zip_name(struct zip_reader *z, size_t i) {
  const char *name = zip_get_name(z->zip, i, 0);
  if (!name) fail_with(z->io, zip_get_error(z->zip));
  return name;
}

static size_t read_member(struct source *s, void *to, size_t n) {
  enum { PIECE = 1 << 20 };
  if (tri__io_check(s->io) != TRI_OK) return 0;
  zip_int64_t got = zip_fread(s->inner, to, n < PIECE ? n : PIECE);
  if (got < 0) fail_with(s->io, zip_file_get_error(s->inner));
  return got > 0 ? (size_t)got : 0;
}

static void close_member(struct source *s) { zip_fclose(s->inner); }

tri_status tri__zip_member(struct zip_reader *z, size_t i, struct source *source) {
  zip_stat_t st;
  *source = (struct source){.io = z->io, .fd = -1, .left = SIZE_MAX};
  zip_stat_init(&st);
  if (zip_stat_index(z->zip, i, 0, &st) != 0) return fail_with(z->io, zip_get_error(z->zip));
  source->inner = zip_fopen_index(z->zip, i, 0);
  if (!source->inner) return fail_with(z->io, zip_get_error(z->zip));
  source->read = read_member;
  source->close = close_member;
  if ((st.valid & ZIP_STAT_SIZE) && st.size < SIZE_MAX) source->left = (size_t)st.size;
  return TRI_OK;
}

/* --- writing */

static tri_status fail_writing(struct io *io, zip_error_t *error) {
  tri_status status = zip_error_code_zip(error) == ZIP_ER_MEMORY ? TRI_MEMORY : TRI_FILE;
  return tri__io_fail(io, status, "cannot be written: %s", zip_error_strerror(error));
}

static tri_status add_member(struct io *io, zip_t *zip, const struct zip_member *m, bool packed) {
  enum { FIRST_DAY = 1 << 5 | 1 }; /* 1 January 1980: what is written does not depend on when */
  zip_buffer_fragment_t parts[2];
  for (size_t i = 0; i < 2; i++)
    parts[i] = (zip_buffer_fragment_t){(zip_uint8_t *)(uintptr_t)m->parts[i], m->sizes[i]};
  zip_source_t *source = zip_source_buffer_fragment(zip, parts, m->sizes[1] ? 2 : 1, 0);
  if (!source) return fail_writing(io, zip_get_error(zip));
  zip_int64_t i = zip_file_add(zip, m->name, source, ZIP_FL_ENC_UTF_8);
  if (i < 0) zip_source_free(source);
  int method = packed ? ZIP_CM_DEFLATE : ZIP_CM_STORE;
  bool good = i >= 0 && zip_set_file_compression(zip, (zip_uint64_t)i, method, 0) == 0 &&
              zip_file_set_dostime(zip, (zip_uint64_t)i, 0, FIRST_DAY, 0) == 0;
  return good ? TRI_OK : fail_writing(io, zip_get_error(zip));
}

/* Stops libzip's writing when that is asked for. */
static int cancelled(zip_t *zip, void *data) {
  (void)zip;
  return tri__io_check(data) != TRI_OK;
}

static tri_status write_to(struct io *io, const char *path, size_t n,
                           const struct zip_member *members, bool packed) {
  int code;
  zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code);
  if (!zip) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    fail_writing(io, &error);
    zip_error_fini(&error);
    return io->error->status;
  }
  zip_register_cancel_callback_with_state(zip, cancelled, NULL, io);
  tri_status status = TRI_OK;
  for (size_t i = 0; i < n && status == TRI_OK; i++)
    status = add_member(io, zip, members + i, packed);
  if (status == TRI_OK && zip_close(zip) == 0) return TRI_OK;
  if (status == TRI_OK) fail_writing(io, zip_get_error(zip));
  zip_discard(zip);
  return io->error->status;
}

/* libzip takes away a file without members. */
static tri_status write_empty(struct sink *sink) {
  static const unsigned char end[22] = "PK\5\6";
  return tri__sink_write(sink, end, sizeof end);
}

tri_status tri__zip_write(struct io *io, const char *path, size_t n,
                          const struct zip_member *members, bool packed) {
  struct sink sink;
  tri_status status = tri__sink_open(&sink, io, path);
  if (status == TRI_OK && n == 0)
    status = write_empty(&sink);
  else if (status == TRI_OK && !sink.beside)
    status = tri__io_fail(io, TRI_FILE, "cannot be written: it is no file on a disk");
  else if (status == TRI_OK)
    status = write_to(io, sink.beside, n, members, packed);
  return tri__sink_close(&sink, status);
}

#else

static tri_status without(struct io *io) {
  return tri__io_fail(io, TRI_FILE, "this is a zip file, and triad was built without libzip");
}

tri_status tri__zip_open(struct zip_reader *z, struct io *io, const char *path, const void *bytes,
                         size_t size) {
  (void)path, (void)bytes, (void)size;
  *z = (struct zip_reader){.io = io};
  return without(io);
}

void tri__zip_close(struct zip_reader *z) { z->zip = NULL; }

const char *tri__zip_name(struct zip_reader *z, size_t i) {
  (void)i;
  without(z->io);
  return NULL;
}

tri_status tri__zip_member(struct zip_reader *z, size_t i, struct source *source) {
  (void)i;
  *source = (struct source){.io = z->io, .fd = -1};
  return without(z->io);
}

tri_status tri__zip_write(struct io *io, const char *path, size_t n,
                          const struct zip_member *members, bool packed) {
  (void)path, (void)n, (void)members, (void)packed;
  return without(io);
}

#endif
