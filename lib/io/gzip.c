/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Sources that unpack what gzip packed (RFC 1952), one member or several. */
#include "config.h"

#include "io/io.h"

#if HAVE_ZLIB
#include <zlib.h>

struct gzip {
  struct source from;
  z_stream stream;
  bool ended;
  unsigned char piece[16384];
};

/* zlib does not say how large what it frees is, so that stands before it. */
union header {
  size_t size;
  max_align_t aligned;
};

static void *allocate(void *opaque, unsigned count, unsigned size) {
  size_t bytes;
  if (!size_product(count, size, &bytes) || bytes > SIZE_MAX - sizeof(union header)) return NULL;
  union header *block = tri__io_new(opaque, bytes + sizeof *block, 1);
  if (!block) return NULL;
  block->size = bytes + sizeof *block;
  return block + 1;
}

static void release(void *opaque, void *address) {
  union header *block = (union header *)address - 1;
  tri__io_free(opaque, block, block->size, 1);
}

/* More packed bytes; fails if there are none. */
static bool refill(struct gzip *g) {
  if (g->stream.avail_in > 0) return true;
  size_t n = tri__source_some(&g->from, g->piece, sizeof g->piece);
  g->stream.next_in = g->piece;
  g->stream.avail_in = (unsigned)n;
  if (n == 0) tri__io_fail(g->from.io, TRI_FILE, "what gzip packed ends too early");
  return n > 0 && g->from.io->error->status == TRI_OK;
}

/* A member has ended: another one may follow. */
static bool next_member(struct gzip *g) {
  g->ended = g->stream.avail_in == 0 && tri__source_peek(&g->from, 1) == 0;
  return g->ended || inflateReset(&g->stream) == Z_OK;
}

static size_t read_gzip(struct source *s, void *to, size_t n) {
  enum { PIECE = 1 << 20 };
  struct gzip *g = s->inner;
  unsigned most = n < PIECE ? (unsigned)n : PIECE;
  g->stream.next_out = to;
  g->stream.avail_out = most;
  while (!g->ended && g->stream.avail_out > 0) {
    if (tri__io_check(s->io) != TRI_OK || !refill(g)) return 0;
    int result = inflate(&g->stream, Z_NO_FLUSH);
    bool good = result == Z_OK || (result == Z_STREAM_END && next_member(g));
    if (!good) {
      tri__io_fail(s->io, result == Z_MEM_ERROR ? TRI_MEMORY : TRI_FILE,
                   "what gzip packed is damaged");
      return 0;
    }
  }
  return s->io->error->status == TRI_OK ? most - g->stream.avail_out : 0;
}

static void close_gzip(struct source *s) {
  struct gzip *g = s->inner;
  inflateEnd(&g->stream);
  tri__source_close(&g->from);
  tri__io_free(s->io, g, 1, sizeof *g);
}

tri_status tri__source_unpack(struct source *s) {
  enum { GZIP_ONLY = 16 };
  struct io *io = s->io;
  struct gzip *g = tri__io_new(io, 1, sizeof *g);
  if (!g) return io->error->status;
  g->from = *s;
  *s = (struct source){
      .io = io, .read = read_gzip, .close = close_gzip, .fd = -1, .inner = g, .left = SIZE_MAX};
  g->stream = (z_stream){.zalloc = allocate, .zfree = release, .opaque = io};
  return inflateInit2(&g->stream, MAX_WBITS + GZIP_ONLY) == Z_OK
             ? TRI_OK
             : tri__io_fail(io, TRI_MEMORY, "out of memory");
}

#else

tri_status tri__source_unpack(struct source *s) {
  return tri__io_fail(s->io, TRI_FILE,
                      "gzip packed this, and triad was built without zlib, which unpacks it");
}

#endif
