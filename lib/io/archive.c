/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Arrays with names. */
#include <string.h>

#include "base/sort.h"
#include "io/io.h"

const tri_array *tri_archive_find(const tri_archive *archive, const char *name) {
  for (size_t i = 0; i < archive->n; i++)
    if (strcmp(archive->entries[i].name, name) == 0) return &archive->entries[i].array;
  return NULL;
}

static bool add(struct io *io, tri_archive *archive, const char *name, size_t size,
                const tri_array *array) {
  if (!tri__io_grow(io, (void **)&archive->entries, &archive->room, archive->n + 1,
                    sizeof *archive->entries))
    return false;
  char *copy = tri__io_new(io, size + 1, 1);
  if (!copy) return false;
  memcpy(copy, name, size);
  archive->entries[archive->n++] = (tri_entry){copy, *array};
  return true;
}

tri_status tri__archive_add(struct io *io, tri_archive *archive, const char *name, size_t size,
                            tri_array *array) {
  if (archive->n == 0) archive->allocator = io->allocator;
  if (!add(io, archive, name, size, array)) tri_array_free(array);
  return io->error->status;
}

tri_status tri_archive_add(tri_archive *archive, const char *name, tri_array *array) {
  struct io io;
  tri_io_options options = {.limit = SIZE_MAX, .allocator = archive->allocator};
  if (tri_archive_find(archive, name)) return TRI_NAME;
  tri__io_open(&io, NULL, &options);
  if (!add(&io, archive, name, strlen(name), array)) return io.error->status;
  *array = (tri_array){.data = NULL};
  return TRI_OK;
}

void tri_archive_free(tri_archive *archive) {
  if (!archive) return;
  struct memory memory;
  tri__memory_init(&memory, archive->allocator);
  for (size_t i = 0; i < archive->n; i++) {
    tri__free(&memory, archive->entries[i].name, strlen(archive->entries[i].name) + 1, 1);
    tri_array_free(&archive->entries[i].array);
  }
  if (archive->entries)
    tri__resize(&memory, archive->entries, archive->room * sizeof *archive->entries, 0);
  *archive = (tri_archive){.n = 0};
}

static int by_name(void *context, const void *a, const void *b) {
  (void)context;
  return strcmp(*(char *const *)a, *(char *const *)b);
}

tri_status tri__archive_check(struct io *io, const tri_archive *archive) {
  size_t n = archive->n;
  /* Sorting takes as much once more. */
  if (!tri__io_within(io, n, 2 * sizeof(char *))) return io->error->status;
  char **names = tri__io_new(io, n, sizeof *names);
  if (!names) return io->error->status;
  for (size_t i = 0; i < n; i++) names[i] = archive->entries[i].name;
  if (!tri__sort(&io->memory, names, n, sizeof *names, by_name, NULL))
    tri__io_fail(io, TRI_MEMORY, "out of memory");
  for (size_t i = 1; i < n && io->error->status == TRI_OK; i++)
    if (strcmp(names[i - 1], names[i]) == 0)
      tri__io_fail(io, TRI_FILE, "the name '%s' stands twice",
                   tri__io_shown(names[i], strlen(names[i])).text);
  tri__io_free(io, names, n, sizeof *names);
  return io->error->status;
}
