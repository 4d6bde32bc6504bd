/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* NPZ: zip files whose members are NPY files. */
#include <string.h>

#include "base/text.h"
#include "io/zip.h"

static const char ending[] = ".npy";
enum { ENDING = sizeof ending - 1 };

/* --- reading */

static tri_status read_member(struct zip_reader *z, size_t i, tri_archive *archive) {
  struct source source;
  tri_array array = {.data = NULL};
  const char *name = tri__zip_name(z, i);
  size_t size = name ? strlen(name) : 0;
  if (!name) return z->io->error->status;
  if (size < ENDING || strcmp(name + size - ENDING, ending) != 0)
    return tri__io_fail(z->io, TRI_FILE, "the member '%s' is not NPY",
                        tri__io_shown(name, size).text);
  tri_status status = tri__zip_member(z, i, &source);
  if (status == TRI_OK) status = tri__npy_read(&source, &array);
  tri__source_close(&source);
  return status == TRI_OK ? tri__archive_add(z->io, archive, name, size - ENDING, &array) : status;
}

tri_status tri__npz_read(struct io *io, const char *path, const void *bytes, size_t size,
                         tri_archive *archive) {
  struct zip_reader z;
  *archive = (tri_archive){.n = 0};
  tri_status status = tri__zip_open(&z, io, path, bytes, size);
  for (size_t i = 0; i < z.n && status == TRI_OK; i++) status = read_member(&z, i, archive);
  tri__zip_close(&z);
  if (status == TRI_OK) status = tri__archive_check(io, archive);
  if (status != TRI_OK) tri_archive_free(archive);
  return status;
}

tri_status tri_npz_read(const char *path, const tri_io_options *options, tri_archive *archive) {
  struct io io;
  tri__io_open(&io, path, options);
  return tri__npz_read(&io, path, NULL, 0, archive);
}

tri_status tri_npz_parse(const void *bytes, size_t size, const tri_io_options *options,
                         tri_archive *archive) {
  struct io io;
  tri__io_open(&io, NULL, options);
  return tri__npz_read(&io, NULL, bytes ? bytes : "", bytes ? size : 0, archive);
}

/* --- writing */

/* The members' names and headers, all in one text: where each begins is known when it does not move
 * any more. */
static tri_status write_texts(struct io *io, const tri_archive *archive, tri_text *text,
                              size_t *starts) {
  for (size_t i = 0; i < archive->n; i++) {
    starts[2 * i] = text->size;
    tri__text_puts(text, archive->entries[i].name);
    tri__text_add(text, ending, sizeof ending);
    starts[2 * i + 1] = text->size;
    tri__npy_start(&archive->entries[i].array, text);
  }
  starts[2 * archive->n] = text->size;
  return text->status == TRI_OK ? TRI_OK : tri__io_fail(io, text->status, "out of memory");
}

static void set_members(const tri_archive *archive, const tri_text *text, const size_t *starts,
                        struct zip_member *members) {
  for (size_t i = 0; i < archive->n; i++) {
    const tri_array *a = &archive->entries[i].array;
    size_t header = starts[2 * i + 1], end = starts[2 * i + 2];
    members[i] = (struct zip_member){text->data + starts[2 * i],
                                     {text->data + header, a->data},
                                     {end - header, a->count * tri_dtype_size(a->dtype)}};
  }
}

tri_status tri_npz_write(const char *path, const tri_archive *archive, int packed,
                         const tri_io_options *options) {
  struct io io;
  size_t n = archive->n;
  tri__io_open(&io, path, options);
  tri_text text = {.allocator = io.allocator};
  size_t *starts = tri__io_new(&io, 2 * n + 1, sizeof *starts);
  struct zip_member *members = tri__io_new(&io, n, sizeof *members);
  tri_status status = io.error->status;
  if (status == TRI_OK) status = write_texts(&io, archive, &text, starts);
  if (status == TRI_OK) {
    set_members(archive, &text, starts, members);
    status = tri__zip_write(&io, path, n, members, packed != 0);
  }
  tri__io_free(&io, starts, 2 * n + 1, sizeof *starts);
  tri__io_free(&io, members, n, sizeof *members);
  tri_text_free(&text);
  return status;
}
