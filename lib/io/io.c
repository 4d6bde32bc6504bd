/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Memory within a limit, and failures. */
#include "io/io.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define DEFAULT_LIMIT ((size_t)1 << 30)

void tri__io_open(struct io *io, const char *path, const tri_io_options *options) {
  static const tri_io_options defaults = {.limit = 0};
  const tri_io_options *o = options ? options : &defaults;
  *io = (struct io){.limit = o->limit ? o->limit : DEFAULT_LIMIT,
                    .allocator = o->allocator,
                    .interrupt = o->interrupt,
                    .name = path ? path : "the bytes"};
  io->error = o->error ? o->error : &io->own;
  *io->error = (tri_error){.status = TRI_OK};
  tri__memory_init(&io->memory, o->allocator);
}

/* Of a long name the end is what tells files apart. */
static const char *shown(const char *name) {
  enum { MOST = 80 };
  size_t size = strlen(name);
  return size > MOST ? name + size - MOST : name;
}

tri_status tri__io_fail(struct io *io, tri_status status, const char *format, ...) {
  tri_error *e = io->error;
  if (e->status != TRI_OK) return e->status;
  e->status = status;
  int n = snprintf(e->message, sizeof e->message, "%s: ", shown(io->name));
  va_list arguments;
  va_start(arguments, format);
  if (n > 0 && (size_t)n < sizeof e->message)
    vsnprintf(e->message + n, sizeof e->message - (size_t)n, format, arguments);
  va_end(arguments);
  return status;
}

struct shown tri__io_shown(const char *bytes, size_t size) {
  struct shown shown;
  size_t n = size < sizeof shown.text - 1 ? size : sizeof shown.text - 1;
  for (size_t i = 0; i < n; i++)
    shown.text[i] = bytes[i] >= ' ' && bytes[i] < 0x7f ? bytes[i] : '?';
  shown.text[n] = '\0';
  return shown;
}

bool tri__io_within(struct io *io, size_t count, size_t size) {
  size_t bytes;
  if (!size_product(count, size, &bytes)) {
    tri__io_fail(io, TRI_LIMIT, "a size that no memory holds");
    return false;
  }
  if (bytes <= io->limit && io->memory.used <= io->limit - bytes) return true;
  tri__io_fail(io, TRI_LIMIT, "%zu bytes of memory are needed, and the limit is %zu",
               bytes > SIZE_MAX - io->memory.used ? SIZE_MAX : bytes + io->memory.used, io->limit);
  return false;
}

static void no_memory(struct io *io) { tri__io_fail(io, TRI_MEMORY, "out of memory"); }

/* Asks for large pages, where a system has them on advice, before the block is first written:
 * samples that are picked from a large array here and there then mostly wait for numbers, and no
 * longer for where their pages are. */
static void advise_large_pages(void *block, size_t bytes) {
#ifdef MADV_HUGEPAGE
  const uintptr_t page = (uintptr_t)2 << 20, begin = ((uintptr_t)block + page - 1) & ~(page - 1);
  const uintptr_t end = ((uintptr_t)block + bytes) & ~(page - 1);
  if (bytes >= 4 * page && begin < end) (void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
#else
  (void)block, (void)bytes;
#endif
}

void *tri__io_new(struct io *io, size_t count, size_t size) {
  size_t bytes = 1;
  void *block = NULL;
  bool some = count && size;
  if (tri__io_within(io, some ? count : 1, some ? size : 1) &&
      (!some || size_product(count, size, &bytes)))
    block = tri__resize(&io->memory, NULL, 0, bytes);
  if (!block) {
    no_memory(io);
    return NULL;
  }
  advise_large_pages(block, bytes);
  return memset(block, 0, bytes);
}

void tri__io_free(struct io *io, void *block, size_t count, size_t size) {
  tri__free(&io->memory, block, count, size);
}

/* While an array moves, the old one may be there beside the new one. */
bool tri__io_grow(struct io *io, void **array, size_t *capacity, size_t need, size_t size) {
  if (need <= *capacity) return true;
  size_t more = *capacity + *capacity / 2 + 1 + 64 / size;
  if (more < need) more = need;
  if (!tri__io_within(io, more, size)) return false;
  void *moved = tri__resize(&io->memory, *array, *capacity * size, more * size);
  if (!moved) return no_memory(io), false;
  *array = moved;
  *capacity = more;
  return true;
}

tri_status tri__io_check(struct io *io) {
  return io->interrupt && *io->interrupt ? tri__io_fail(io, TRI_INTERRUPTED, "interrupted")
                                         : TRI_OK;
}
