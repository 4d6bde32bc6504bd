/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Status codes, errors, limits, allocators and text: what every other header speaks of. */
#ifndef TRIAD_BASE_H
#define TRIAD_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TRI_API __attribute__((visibility("default")))
#define TRI_CHECKED __attribute__((warn_unused_result))
#else
#define TRI_API
#define TRI_CHECKED
#endif

/* Every status: X(enumerator, code as printed, what it means). */
#define TRI_STATUS_LIST(X)                                                                         \
  X(OK, "ok", "no error")                                                                          \
  X(SYNTAX, "syntax", "the text is not an expression")                                             \
  X(NAME, "name", "a name has no meaning here")                                                    \
  X(ARITY, "arity", "wrong number of arguments")                                                   \
  X(DOMAIN, "domain", "no value exists there")                                                     \
  X(SHAPE, "shape", "shapes or sorts do not fit")                                                  \
  X(LIMIT, "limit", "a stated limit would be exceeded")                                            \
  X(MEMORY, "memory", "out of memory")                                                             \
  X(FILE, "file", "a file cannot be read or written")                                              \
  X(INTERRUPTED, "interrupted", "stopped on request")                                              \
  X(ARGUMENT, "argument", "an argument of the call is not valid")                                  \
  X(UNKNOWN, "unknown", "could not be decided")

/* How something ended; see tri_status_meaning. */
typedef enum tri_status {
#define TRI_STATUS_ENUMERATOR(name, code, meaning) TRI_##name,
  TRI_STATUS_LIST(TRI_STATUS_ENUMERATOR)
#undef TRI_STATUS_ENUMERATOR
      TRI_STATUS_COUNT
} tri_status;

/* The code of a status as the tool prints it ("syntax", "domain", …); "ok" for TRI_OK. Static
 * text. */
TRI_API const char *tri_status_code(tri_status status);

/* What a status means, as a short English phrase. Static text. */
TRI_API const char *tri_status_meaning(tri_status status);

enum { TRI_MESSAGE_SIZE = 240 };

/* What went wrong and where. `column` counts display cells from 1 (0: no place in a text is known),
 * `line` from 1; `node` is the id of the expression at fault (0: none). A zeroed struct says "no
 * error". */
typedef struct tri_error {
  tri_status status;
  uint32_t line;
  uint32_t column;
  uint32_t node;
  char message[TRI_MESSAGE_SIZE];
} tri_error;

/* Where memory comes from. `resize` works as realloc does and is told the old size: block NULL and
 * old_size 0 to allocate, new_size 0 to free (returns NULL); NULL for any other call means failure
 * and leaves the block as it was. NULL in place of an allocator is the C library's. GMP's own
 * memory is not drawn from here. */
typedef struct tri_allocator {
  void *(*resize)(void *context, void *block, size_t old_size, size_t new_size);
  void *context;
} tri_allocator;

/* Bounds on what a graph may be asked to do; a zero takes the default given here. What exceeds one
 * fails at once with TRI_LIMIT and a message that names the bound. */
typedef struct tri_limits {
  uint64_t nodes;  /* nodes of one graph; default 67,108,864 */
  uint64_t depth;  /* open brackets and pending operators of one text; default 16,777,216 */
  uint64_t text;   /* bytes of one text read or printed; default 67,108,864 */
  uint64_t digits; /* decimal digits of one exact number; default 1,000,000 */
  uint64_t fold;   /* bits up to which constants are folded, silently; default 4,096 */
} tri_limits;

/* Text that grows; `data` is always terminated by NUL once something was written. Free with
 * tri_text_free. */
typedef struct tri_text {
  char *data;
  size_t size; /* bytes without the NUL */
  size_t capacity;
  const tri_allocator *allocator;
  tri_status status; /* TRI_OK, or what stopped an append; later appends do nothing */
} tri_text;

/* Frees the text's memory and empties it. Nothing happens for NULL or an empty text. */
TRI_API void tri_text_free(tri_text *text);

/* Threads that wait for work: looking for it, for some ten microseconds; then giving way to others
 * between looks, for some hundred; then asleep. Calls at once that use one pool wait for each
 * other. A child process after fork has none of the threads, and may only make a pool of its
 * own. */
typedef struct tri_pool tri_pool;

/* Starts a pool that works with `threads` threads (1 to 1024), one of which is the caller's. NULL
 * when out of memory or of threads. allocator may be NULL. */
TRI_API tri_pool *tri_pool_new(size_t threads, const tri_allocator *allocator);

/* Ends the threads and frees the pool. Nothing happens for NULL. */
TRI_API void tri_pool_free(tri_pool *pool);

/* With how many threads it works. */
TRI_API size_t tri_pool_threads(const tri_pool *pool);

#ifdef __cplusplus
}
#endif
#endif
