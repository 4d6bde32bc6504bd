/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What tests of files share: an allocator that knows how much was in use at most, and damage done
 * to bytes. */
#ifndef TRIAD_TESTS_IO_HELPER_H
#define TRIAD_TESTS_IO_HELPER_H

#include <stdio.h>
#include <string.h>
#include <triad.h>
#include <unistd.h>

#include "base/text.h"
#include "tests/random.h"
#include "tests/runner.h"

/* Bytes in use now, and at most. */
struct watched {
  size_t in_use, most;
  tri_allocator allocator;
};

static inline void *watched_resize(void *context, void *block, size_t old_size, size_t new_size) {
  struct watched *w = context;
  w->in_use += new_size - old_size;
  if (w->in_use > w->most) w->most = w->in_use;
  if (new_size) return realloc(block, new_size);
  free(block);
  return NULL;
}

static inline void watch(struct watched *w) {
  *w = (struct watched){.allocator = {watched_resize, w}};
}

/* Bytes of their own size exactly, so that a sanitizer sees who reads behind them. */
static inline unsigned char *exactly(const void *bytes, size_t size) {
  unsigned char *copy = malloc(size ? size : 1);
  if (size) memcpy(copy, bytes, size);
  return copy;
}

/* Some damage: bits and bytes changed, taken out, put in, parts repeated, the end cut off. to has
 * room for size + 64. */
static inline size_t damage(struct random *r, const unsigned char *bytes, size_t size,
                            unsigned char *to) {
  static const unsigned char telling[] = {0,   1,   0x7f, 0x80, 0xff, '9',
                                          '-', ',', '\'', '(',  '"',  '\n'};
  memcpy(to, bytes, size);
  for (uint32_t times = 1 + random_below(r, 3); times > 0 && size > 1; times--) {
    uint32_t at = random_below(r, (uint32_t)size), n = 1 + random_below(r, 16);
    if (random_below(r, 2)) at = random_below(r, (uint32_t)(size < 80 ? size : 80)); /* the head */
    if (n > size - at) n = (uint32_t)(size - at);
    switch (random_below(r, 6)) {
    case 0: to[at] ^= (unsigned char)(1u << random_below(r, 8)); break;
    case 1: to[at] = (unsigned char)random_below(r, 256); break;
    case 2: to[at] = telling[random_below(r, sizeof telling)]; break;
    case 3:
      memmove(to + at, to + at + n, size - at - n);
      size -= n;
      break;
    case 4:
      memmove(to + at + n, to + at, size - at);
      size += n;
      break;
    default: size = at;
    }
  }
  return size;
}

/* What was read is an array whose elements are all there, or an error that says why and leaves
 * nothing. */
static inline void check_whole(tri_status status, const tri_array *a, const tri_error *error,
                               const struct watched *w, size_t limit) {
  ck_assert_msg(w->most <= limit, "%zu bytes were in use, and the limit was %zu", w->most, limit);
  ck_assert_int_eq(status, error->status);
  if (status != TRI_OK) {
    ck_assert_ptr_null(a->data);
    ck_assert_uint_eq(w->in_use, 0);
    ck_assert(strlen(error->message) > 3);
    return;
  }
  size_t count = 1;
  double sum = 0.0;
  for (size_t d = 0; d < a->rank; d++) count *= a->dims[d];
  ck_assert_uint_eq(count, a->count);
  for (size_t i = 0; i < count; i++) sum += tri_array_double(a, i);
  ck_assert(sum <= 0.0 || sum >= 0.0 || sum != sum);
}

/* A reader of an array on bytes that may be damaged, within a limit of memory. */
static inline tri_status read_damaged(tri_status parse(const void *bytes, size_t size,
                                                       const tri_io_options *options,
                                                       tri_array *array),
                                      const unsigned char *bytes, size_t size) {
  enum { LIMIT = 4096 };
  struct watched w;
  tri_error error;
  tri_array a;
  unsigned char *copy = exactly(bytes, size);
  watch(&w);
  tri_io_options options = {.limit = LIMIT, .allocator = &w.allocator, .error = &error};
  tri_status status = parse(copy, size, &options, &a);
  check_whole(status, &a, &error, &w, LIMIT);
  tri_array_free(&a);
  ck_assert_uint_eq(w.in_use, 0);
  free(copy);
  return status;
}

static inline void write_file(const char *path, const void *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
  ck_assert_int_eq(fclose(file), 0);
}

#endif
