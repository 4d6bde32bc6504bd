/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reading statements from a file or pipe. The buffer holds the lines of one statement and what
 * was read behind them, never more than the limit and a piece; a longer line is passed over in
 * pieces. */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 65536 };

static tri_status fail(tri_error *error, tri_status status, uint32_t line, const char *message) {
  *error = (tri_error){.status = status, .line = line};
  snprintf(error->message, sizeof error->message, "%s", message);
  return status;
}

static tri_status fail_file(tri_error *error, const char *path, const char *why) {
  *error = (tri_error){.status = TRI_FILE};
  snprintf(error->message, sizeof error->message, "cannot read %s: %s", path, why);
  return TRI_FILE;
}

tri_status input_open(struct input *input, const char *path, size_t limit,
                      const volatile int *interrupt, tri_error *error) {
  bool standard = strcmp(path, "-") == 0;
  *input = (struct input){.fd = -1, .limit = limit, .line = 1, .interrupt = interrupt};
  int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  const char *name = standard ? "standard input" : path;
  if (fd < 0) return fail_file(error, name, strerror(errno));
  input->fd = fd;
  struct stat st;
  if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode)) return TRI_OK;
  tri_status status =
      fail_file(error, name, S_ISDIR(st.st_mode) ? "it is a directory" : strerror(errno));
  input_close(input);
  return status;
}

void input_close(struct input *input) {
  if (input->fd > STDERR_FILENO) close(input->fd);
  free(input->bytes);
  *input = (struct input){.fd = -1};
}

/* Room for a piece behind what is there. */
static bool make_room(struct input *input) {
  if (input->at > 0) {
    memmove(input->bytes, input->bytes + input->at, input->size - input->at);
    input->size -= input->at;
    input->at = 0;
  }
  if (input->capacity - input->size >= PIECE) return true;
  size_t capacity = input->capacity + input->capacity / 2 + PIECE;
  char *bytes = realloc(input->bytes, capacity);
  if (!bytes) return false;
  input->bytes = bytes;
  input->capacity = capacity;
  return true;
}

/* Reads one piece more. */
static tri_status read_piece(struct input *input, tri_error *error) {
  if (!make_room(input)) return fail(error, TRI_MEMORY, input->line, "out of memory for the input");
  for (;;) {
    if (input->interrupt && *input->interrupt)
      return fail(error, TRI_INTERRUPTED, input->line, "interrupted");
    ssize_t n = read(input->fd, input->bytes + input->size, PIECE);
    if (n > 0) input->size += (size_t)n;
    if (n == 0) input->ended = true;
    if (n >= 0) return TRI_OK;
    if (errno == EAGAIN) {
      usleep(1000);
    } else if (errno != EINTR) {
      input->ended = true;
      return fail_file(error, "the input", strerror(errno));
    }
  }
}

/* Passes over the rest of a line that is too long. */
static tri_status pass_line(struct input *input, uint32_t line, tri_error *error) {
  for (;;) {
    const char *from = input->bytes + input->at;
    const char *end = input->size > input->at ? memchr(from, '\n', input->size - input->at) : NULL;
    input->at = end ? (size_t)(end - input->bytes) + 1 : input->size;
    if (end || input->ended) break;
    tri_status status = read_piece(input, error);
    if (status != TRI_OK) return status;
  }
  input->line++;
  char message[TRI_MESSAGE_SIZE];
  snprintf(message, sizeof message, "the line is longer than the limit of %zu bytes", input->limit);
  return fail(error, TRI_LIMIT, line, message);
}

/* How many lines were given out. */
static uint32_t count_lines(const char *text, size_t size) {
  uint32_t lines = 0;
  const char *end = text + size;
  for (const char *at = text; at < end && (at = memchr(at, '\n', (size_t)(end - at))); at++)
    lines++;
  return lines;
}

/* The end of the line that begins at byte `from` behind input->at, its newline included; SIZE_MAX
 * if it is not all there. */
static size_t line_end(const struct input *input, size_t from) {
  size_t left = input->size - input->at - from;
  if (left == 0) return input->ended ? from : SIZE_MAX;
  const char *start = input->bytes + input->at + from;
  const char *end = memchr(start, '\n', left);
  if (end) return from + (size_t)(end - start) + 1;
  return input->ended ? from + left : SIZE_MAX;
}

tri_status input_next(struct input *input, const char **text, size_t *size, uint32_t *line,
                      tri_error *error) {
  struct scan scan = {0};
  size_t whole = 0, searched = 0; /* bytes behind `at` of lines scanned; without a newline */
  uint32_t first = input->line;
  *text = "";
  *size = 0;
  *line = first;
  for (;;) {
    size_t end = line_end(input, searched);
    if (end != SIZE_MAX) {
      for (size_t at = whole; at < end; at++)
        at = scan_statement(&scan, input->bytes + input->at, at, end);
      bool last = input->ended && input->at + end == input->size;
      whole = searched = end;
      if (whole <= input->limit && (last || scan_is_whole(&scan))) break;
    } else {
      searched = input->size - input->at;
    }
    if (searched > input->limit) {
      input->at += whole;
      input->line += count_lines(input->bytes + input->at - whole, whole);
      if (whole > input->limit)
        return fail(error, TRI_LIMIT, first, "a statement is longer than the limit of bytes");
      return pass_line(input, input->line, error);
    }
    if (end == SIZE_MAX) {
      tri_status status = read_piece(input, error);
      if (status != TRI_OK) return status;
    }
  }
  if (whole > 0) *text = input->bytes + input->at;
  *size = whole;
  input->at += whole;
  input->line += count_lines(*text, whole);
  return TRI_OK;
}
