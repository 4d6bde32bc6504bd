/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Bytes in, from files, pipes and memory. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/io.h"

enum { PIECE = 1 << 20 }; /* between two looks whether to stop */

static size_t read_memory(struct source *s, void *to, size_t n) {
  if (n > s->left) n = s->left;
  if (n == 0) return 0;
  memcpy(to, s->bytes, n);
  s->bytes += n;
  return n;
}

/* A descriptor that was given as non-blocking is waited for. */
static void wait_for(int fd) {
  struct pollfd p = {.fd = fd, .events = POLLIN};
  poll(&p, 1, 100);
}

static size_t read_file(struct source *s, void *to, size_t n) {
  while (tri__io_check(s->io) == TRI_OK) {
    ssize_t got = read(s->fd, to, n < PIECE ? n : PIECE);
    if (got >= 0) return (size_t)got;
    if (errno == EAGAIN)
      wait_for(s->fd);
    else if (errno != EINTR)
      return (void)tri__io_fail(s->io, TRI_FILE, "cannot be read: %s", strerror(errno)), 0;
  }
  return 0;
}

static tri_status open_file(struct source *s, const char *path) {
  struct stat st;
  do {
    s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  } while (s->fd < 0 && errno == EINTR && tri__io_check(s->io) == TRI_OK);
  if (s->fd < 0 || fstat(s->fd, &st) != 0)
    return tri__io_fail(s->io, TRI_FILE, "cannot be read: %s", strerror(errno));
  if (S_ISDIR(st.st_mode)) return tri__io_fail(s->io, TRI_FILE, "it is a directory");
  /* What is in /proc says that it is empty. */
  if (S_ISREG(st.st_mode) && st.st_size > 0) s->left = (size_t)st.st_size;
  return TRI_OK;
}

static tri_status open_memory(struct source *s, const void *bytes, size_t size) {
  s->read = read_memory;
  s->bytes = bytes;
  s->left = size;
  return bytes || size == 0 ? TRI_OK : tri__io_fail(s->io, TRI_ARGUMENT, "there are none");
}

tri_status tri__source_open(struct source *s, struct io *io, const char *path, const void *bytes,
                            size_t size) {
  *s = (struct source){.io = io, .read = read_file, .fd = -1, .left = SIZE_MAX};
  tri_status status = path ? open_file(s, path) : open_memory(s, bytes, size);
  bool packed = status == TRI_OK && tri__source_peek(s, 2) == 2 && s->peeked[0] == 0x1f &&
                s->peeked[1] == 0x8b;
  return packed ? tri__source_unpack(s) : status;
}

void tri__source_close(struct source *s) {
  if (s->close) s->close(s);
  if (s->fd >= 0) close(s->fd);
  *s = (struct source){.io = s->io, .fd = -1};
}

/* Reads from the source itself until there are n, or no more. */
static size_t read_all(struct source *s, unsigned char *to, size_t n) {
  size_t done = 0, got;
  while (done < n && (got = s->read(s, to + done, n - done)) > 0) {
    done += got;
    if (s->left != SIZE_MAX) s->left -= got < s->left ? got : s->left;
  }
  return done;
}

size_t tri__source_peek(struct source *s, size_t n) {
  if (n > s->n_peeked) s->n_peeked += read_all(s, s->peeked + s->n_peeked, n - s->n_peeked);
  return s->n_peeked < n ? s->n_peeked : n;
}

size_t tri__source_some(struct source *s, void *to, size_t n) {
  size_t first = s->n_peeked < n ? s->n_peeked : n;
  if (first) {
    memcpy(to, s->peeked, first);
    memmove(s->peeked, s->peeked + first, s->n_peeked - first);
    s->n_peeked -= first;
  }
  return first + read_all(s, (unsigned char *)to + first, n - first);
}

tri_status tri__source_read(struct source *s, void *to, size_t n, const char *what) {
  size_t got = tri__source_some(s, to, n);
  return got == n ? TRI_OK
                  : tri__io_fail(s->io, TRI_FILE, "%s end after %zu of %zu bytes", what, got, n);
}

tri_status tri__source_all(struct source *s, char **bytes, size_t *size, size_t *room) {
  enum { FIRST = 4096 };
  size_t got;
  *size = 0;
  do {
    void *array = *bytes;
    if (!tri__io_grow(s->io, &array, room, *size + FIRST, 1)) return s->io->error->status;
    *bytes = array;
    got = tri__source_some(s, *bytes + *size, FIRST);
    *size += got;
  } while (got == FIRST);
  return s->io->error->status;
}

tri_status tri__source_needs(struct source *s, size_t n, const char *what) {
  size_t there = s->left == SIZE_MAX ? SIZE_MAX : s->left + s->n_peeked;
  return n <= there
             ? TRI_OK
             : tri__io_fail(s->io, TRI_FILE, "%s end after %zu of %zu bytes", what, there, n);
}

tri_status tri__source_ended(struct source *s) {
  if (tri__source_peek(s, 1) == 0) return s->io->error->status;
  return tri__io_fail(s->io, TRI_FILE, "more bytes follow than the sizes say");
}

tri_status tri__source_has(struct source *s, tri_dtype dtype, size_t rank, const size_t *dims) {
  size_t bytes;
  return tri__io_bytes(s->io, dtype, rank, dims, &bytes) ? tri__source_needs(s, bytes, "the data")
                                                         : s->io->error->status;
}

void tri__io_swap(void *data, size_t n, size_t size) {
  unsigned char *at = data;
  for (size_t i = 0; size > 1 && i < n; i++, at += size)
    for (size_t k = 0; k < size / 2; k++) {
      unsigned char byte = at[k];
      at[k] = at[size - 1 - k];
      at[size - 1 - k] = byte;
    }
}

tri_status tri__io_elements(struct source *s, bool big, tri_array *array) {
  size_t size = tri_dtype_size(array->dtype);
  tri_status status = tri__source_read(s, array->data, array->count * size, "the data");
  if (status == TRI_OK && big == is_little()) tri__io_swap(array->data, array->count, size);
  if (status == TRI_OK && array->dtype == TRI_B1) tri__io_truth(array);
  return status;
}

void tri__io_truth(tri_array *array) {
  unsigned char *truth = array->data;
  for (size_t i = 0; i < array->count; i++) truth[i] = truth[i] != 0;
}
