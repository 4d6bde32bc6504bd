/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Convolutions for one type of number and one instruction set: part of image_kernels.h, which has
 * REAL, vec, loose and WIDTH. */

/* --- tiles */

/* Numbers that a tile keeps in registers: 24 vectors of the 32 that AVX-512 has, 12 of 16. */
enum { TILE_VECTORS = LANE_BYTES == 64 ? 24 : 12, TILE_ROWS = 12 };
enum { ROWS_1 = 12, ROWS_2 = TILE_VECTORS / 2, ROWS_4 = TILE_VECTORS / 4 };

/* Rows of filters: row i is to[i][0 … width - 1] (+)= the sum over runs and k of a[i][runs + k]
 * times the next row of the panel b, whose rows are padded to whole vectors. */
struct tile {
  const REAL *a[TILE_ROWS];
  REAL *to[TILE_ROWS];
  size_t rows;
  const size_t *offsets; /* of runs */
  size_t runs, length;
  const REAL *b;
  size_t width;
  const REAL *bias; /* NULL: none */
  bool add, relu;
};

/* The same for sums over pixels: row i is the sum over q of x[at[q] + offsets[i]] times the row
 * y + q step. */
struct sums_tile {
  const REAL *x;
  const size_t *at;
  size_t pixels;
  const size_t *offsets; /* of the rows; TILE_ROWS of them can be read */
  const REAL *y;
  size_t step;
  REAL *to[TILE_ROWS];
  size_t rows, width;
  bool add;
};

/* A row of vectors from and to memory that has only `width` numbers of it. */
INLINE void take_row(vec *row, int vectors, const REAL *from, size_t width) {
  for (int v = 0; v < vectors; v++) {
    size_t at = (size_t)v * WIDTH;
    row[v] = (vec){0};
    if (at + WIDTH <= width)
      row[v] = *(const loose *)(from + at);
    else
      for (size_t k = at; k < width; k++) row[v][k - at] = from[k];
  }
}
INLINE void put_row(const vec *row, int vectors, REAL *to, size_t width) {
  for (int v = 0; v < vectors; v++) {
    size_t at = (size_t)v * WIDTH;
    if (at + WIDTH <= width)
      *(loose *)(to + at) = row[v];
    else
      for (size_t k = at; k < width; k++) to[k] = row[v][k - at];
  }
}

/* What a row of sums becomes, and where it goes. */
INLINE void end_row(const struct tile *t, vec *row, int vectors, REAL *to) {
  vec more[4];
  if (t->add) {
    take_row(more, vectors, to, t->width);
    for (int v = 0; v < vectors; v++) row[v] += more[v];
  }
  if (t->bias) {
    take_row(more, vectors, t->bias, t->width);
    for (int v = 0; v < vectors; v++) row[v] += more[v];
  }
  if (t->relu)
    for (int v = 0; v < vectors; v++) row[v] = (vec)((mask)row[v] & (mask)(row[v] > 0));
  put_row(row, vectors, to, t->width);
}

/* The registers of a tile are named by unrolled loops: whatever the rows that are there, all are
 * computed. */
#define TILE(V)                                                                                    \
  static void tile_##V(const struct tile *t) {                                                     \
    vec sum[ROWS_##V][V];                                                                          \
    const REAL *a[ROWS_##V], *b = t->b;                                                            \
    _Pragma("GCC unroll 12") for (int i = 0; i < ROWS_##V; i++) {                                  \
      a[i] = t->a[i];                                                                              \
      _Pragma("GCC unroll 4") for (int v = 0; v < V; v++) sum[i][v] = (vec){0};                    \
    }                                                                                              \
    for (size_t r = 0; r < t->runs; r++) {                                                         \
      size_t at = t->offsets[r], end = at + t->length;                                             \
      for (; at < end; at++, b += V * WIDTH)                                                       \
        _Pragma("GCC unroll 12") for (int i = 0; i < ROWS_##V; i++) {                              \
          vec x = a[i][at] - (vec){0};                                                             \
          _Pragma("GCC unroll 4") for (int v = 0; v < V; v++) sum[i][v] +=                         \
              x * *(const vec *)(b + v * WIDTH);                                                   \
        }                                                                                          \
    }                                                                                              \
    _Pragma("GCC unroll 12") for (int i = 0; i < ROWS_##V; i++) if ((size_t)i < t->rows)           \
        end_row(t, sum[i], V, t->to[i]);                                                           \
  }
TILE(1)
TILE(2)
TILE(4)

#define SUMS_TILE(V)                                                                               \
  static void sums_tile_##V(const struct sums_tile *t) {                                           \
    vec sum[ROWS_##V][V];                                                                          \
    size_t offset[ROWS_##V];                                                                       \
    const REAL *y = t->y;                                                                          \
    _Pragma("GCC unroll 12") for (int i = 0; i < ROWS_##V; i++) {                                  \
      offset[i] = t->offsets[i];                                                                   \
      _Pragma("GCC unroll 4") for (int v = 0; v < V; v++) sum[i][v] = (vec){0};                    \
    }                                                                                              \
    for (size_t q = 0; q < t->pixels; q++, y += t->step) {                                         \
      const REAL *x = t->x + t->at[q];                                                             \
      _Pragma("GCC unroll 12") for (int i = 0; i < ROWS_##V; i++) {                                \
        vec factor = x[offset[i]] - (vec){0};                                                      \
        _Pragma("GCC unroll 4") for (int v = 0; v < V; v++) sum[i][v] +=                           \
            factor * *(const loose *)(y + v * WIDTH);                                              \
      }                                                                                            \
    }                                                                                              \
    struct tile end = {.add = t->add, .width = t->width};                                          \
    _Pragma("GCC unroll 12") for (int i = 0; i < ROWS_##V; i++) if ((size_t)i < t->rows)           \
        end_row(&end, sum[i], V, t->to[i]);                                                        \
  }
SUMS_TILE(1)
SUMS_TILE(2)
SUMS_TILE(4)

/* Vectors of the next panel of so many columns, and rows of a tile of them. */
INLINE size_t panel_vectors(size_t columns) {
  return columns > 2 * WIDTH ? 4 : columns > WIDTH ? 2 : 1;
}
INLINE size_t tile_rows(size_t vectors) {
  return vectors == 4 ? ROWS_4 : vectors == 2 ? ROWS_2 : ROWS_1;
}
INLINE size_t panel_width(size_t columns) { return panel_vectors(columns) * WIDTH; }
INLINE size_t columns_of(size_t width, size_t left) { return width < left ? width : left; }

static void run_tile(size_t vectors, const struct tile *t) {
  if (vectors == 4)
    tile_4(t);
  else if (vectors == 2)
    tile_2(t);
  else
    tile_1(t);
}
static void run_sums(size_t vectors, const struct sums_tile *t) {
  if (vectors == 4)
    sums_tile_4(t);
  else if (vectors == 2)
    sums_tile_2(t);
  else
    sums_tile_1(t);
}

/* Columns in panels, padded. */
static size_t padded(size_t columns) {
  size_t sum = 0;
  for (size_t j = 0; j < columns; j += panel_width(columns - j)) sum += panel_width(columns - j);
  return sum;
}

/* --- how images lie */

/* Pixels of a group of images that are worked on together, and numbers of a chunk of a panel, which
 * should stay in the second cache. */
enum { GROUP_PIXELS = 192, GROUP_MOST = 16, CHUNK_NUMBERS = 1 << 16 };

/* Images as tiles read them: padded copies where windows reach outside. */
struct images {
  size_t dims[WINDOW_RANK], count; /* numbers of one */
  bool padded;
  size_t group;             /* images in a group */
  size_t channels, filters; /* of a group of channels */
  size_t runs, length;      /* of what a window has of them: `runs` times `length` in a row */
};

static struct images images_of(const struct convolution *c) {
  const struct window_layout *w = &c->w;
  struct images m = {.channels = w->c / c->groups, .filters = c->filters / c->groups};
  m.count = w->c;
  for (int d = 0; d < WINDOW_RANK; d++)
    m.padded |= w->before[d] || windows_reach(w, d) > w->whole[d];
  for (int d = 0; d < WINDOW_RANK; d++) {
    m.dims[d] = m.padded ? windows_reach(w, d) : w->whole[d];
    m.count *= m.dims[d];
  }
  m.group = 1 + (GROUP_PIXELS - 1) / w->windows;
  if (m.group > GROUP_MOST) m.group = GROUP_MOST;
  m.runs = w->places;
  m.length = m.channels;
  if (c->groups == 1 && w->dilation[2] == 1) {
    m.runs /= w->size[2];
    m.length *= w->size[2];
  }
  return m;
}

/* What scratch has: where pixels' windows begin in a group of images, where the kernel's taps (or
 * its rows, in sums) are from there, and images. */
struct room {
  size_t *pixels, *taps;
  REAL *images, *panel;
};

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }
static size_t pixel_bytes(const struct convolution *c, const struct images *m) {
  return aligned(m->group * c->w.windows * sizeof(size_t));
}
static size_t tap_bytes(const struct convolution *c, const struct images *m) {
  return aligned((c->w.places * m->channels + TILE_ROWS) * sizeof(size_t));
}
static size_t image_bytes(const struct images *m) {
  return m->padded ? aligned(m->group * m->count * sizeof(REAL)) : 0;
}

static size_t scratch_bytes(const struct convolution *c) {
  struct images m = images_of(c);
  size_t panel = aligned(m.group * c->w.windows * 4 * WIDTH * sizeof(REAL));
  return pixel_bytes(c, &m) + tap_bytes(c, &m) + image_bytes(&m) + panel;
}

static struct room room_of(const struct convolution *c, const struct images *m, void *scratch) {
  char *at = scratch;
  struct room r = {.pixels = (size_t *)(void *)at};
  at += pixel_bytes(c, m);
  r.taps = (size_t *)(void *)at;
  at += tap_bytes(c, m);
  r.images = (REAL *)(void *)at;
  r.panel = (REAL *)(void *)(at + image_bytes(m));
  return r;
}

static void set_pixels(const struct window_layout *w, const struct images *m, size_t *to) {
  for (size_t i = 0; i < m->group; i++)
    for (size_t o = 0; o < w->out[0]; o++)
      for (size_t p = 0; p < w->out[1]; p++)
        for (size_t q = 0; q < w->out[2]; q++) {
          size_t row = o * w->stride[0] * m->dims[1] + p * w->stride[1];
          *to++ = i * m->count + (row * m->dims[2] + q * w->stride[2]) * w->c;
        }
}

/* Of every `each`-th tap, and `rows` numbers there. */
static size_t set_taps(const struct window_layout *w, const struct images *m, size_t each,
                       size_t rows, size_t *to) {
  size_t count = 0;
  for (size_t t = 0; t < w->places; t += each) {
    size_t k = t % w->size[2], j = t / w->size[2] % w->size[1], i = t / w->size[2] / w->size[1];
    size_t row = i * w->dilation[0] * m->dims[1] + j * w->dilation[1];
    for (size_t r = 0; r < rows; r++)
      to[count++] = (row * m->dims[2] + k * w->dilation[2]) * w->c + r;
  }
  return count;
}

/* Calls for the rows of an image that a padded copy has: the copy's from there, the image's own,
 * numbers. */
#define EACH_ROW(w, m, inner, outer, length, action)                                               \
  for (size_t i = 0; i < (m)->dims[0]; i++)                                                        \
    for (size_t j = 0; j < (m)->dims[1]; j++) {                                                    \
      if (i < (w)->before[0] || i - (w)->before[0] >= (w)->whole[0]) continue;                     \
      if (j < (w)->before[1] || j - (w)->before[1] >= (w)->whole[1]) continue;                     \
      if ((w)->before[2] >= (m)->dims[2]) continue;                                                \
      size_t row = (i - (w)->before[0]) * (w)->whole[1] + j - (w)->before[1];                      \
      size_t outer = row * (w)->whole[2] * (w)->c;                                                 \
      size_t inner = ((i * (m)->dims[1] + j) * (m)->dims[2] + (w)->before[2]) * (w)->c;            \
      size_t length = columns_of((m)->dims[2] - (w)->before[2], (w)->whole[2]) * (w)->c;           \
      action;                                                                                      \
    }

/* A group of images as tiles read them. */
static const REAL *group_images(const struct window_layout *w, const struct images *m,
                                const REAL *x, size_t count, REAL *copy) {
  if (!m->padded) return x;
  memset(copy, 0, count * m->count * sizeof *copy);
  for (size_t g = 0; g < count; g++) {
    REAL *to = copy + g * m->count;
    const REAL *from = x + g * w->cells * w->c;
    EACH_ROW(w, m, inner, outer, n, memcpy(to + inner, from + outer, n * sizeof *to))
  }
  return copy;
}

static void group_back(const struct window_layout *w, const struct images *m, const REAL *copy,
                       size_t count, REAL *dx) {
  if (!m->padded) return;
  memset(dx, 0, count * w->cells * w->c * sizeof *dx);
  for (size_t g = 0; g < count; g++) {
    REAL *to = dx + g * w->cells * w->c;
    const REAL *from = copy + g * m->count;
    EACH_ROW(w, m, inner, outer, n, memcpy(to + outer, from + inner, n * sizeof *to))
  }
}

/* --- kernels in panels */

static size_t packed_numbers(const struct convolution *c) {
  struct images m = images_of(c);
  size_t ahead = m.channels * padded(m.filters), back = m.filters * padded(m.channels);
  return c->groups * c->w.places * (ahead > back ? ahead : back);
}

/* `rows` rows of `columns` numbers in panels; element (i, j) is from[i row + j column]. */
static REAL *pack_panels(size_t rows, size_t columns, const REAL *from, size_t row, size_t column,
                         REAL *to) {
  for (size_t j = 0, width; j < columns; j += width) {
    width = panel_width(columns - j);
    for (size_t i = 0; i < rows; i++)
      for (size_t k = 0; k < width; k++, to++)
        *to = j + k < columns ? from[i * row + (j + k) * column] : (REAL)0;
  }
  return to;
}

static void pack_kernel(const struct convolution *c, const void *kernel, void *packed) {
  struct images m = images_of(c);
  REAL *to = packed;
  for (size_t g = 0; g < c->groups; g++)
    to = pack_panels(c->w.places * m.channels, m.filters, (const REAL *)kernel + g * m.filters,
                     c->filters, 1, to);
}

static void pack_turned_kernel(const struct convolution *c, const void *kernel, void *packed) {
  struct images m = images_of(c);
  REAL *to = packed;
  for (size_t g = 0; g < c->groups; g++)
    for (size_t t = 0; t < c->w.places; t++)
      to = pack_panels(m.filters, m.channels,
                       (const REAL *)kernel + t * m.channels * c->filters + g * m.filters, 1,
                       c->filters, to);
}

/* --- forward */

/* All of this chunk's runs into a panel of the pixels 0 … count - 1. */
static void forward_pixels(const struct convolution *c, const struct tile *chunk, size_t vectors,
                           const REAL *x, const size_t *pixels, size_t count, REAL *y) {
  struct tile t = *chunk;
  size_t most = tile_rows(vectors);
  for (size_t q = 0; q < count; q += most) {
    t.rows = columns_of(most, count - q);
    for (size_t i = 0; i < most; i++) {
      size_t pixel = q + (i < t.rows ? i : 0);
      t.a[i] = x + pixels[pixel];
      t.to[i] = y + pixel * c->filters;
    }
    run_tile(vectors, &t);
  }
}

/* One panel of filters, chunk by chunk of the kernel's rows. */
static const REAL *forward_panel(const struct convolution *c, const struct images *m,
                                 const struct room *room, const REAL *x, size_t count,
                                 const struct tile *panel, REAL *y) {
  size_t vectors = panel_vectors(panel->width), width = vectors * WIDTH;
  size_t most = 1 + CHUNK_NUMBERS / (m->length * width);
  struct tile t = *panel;
  for (size_t r = 0; r < m->runs; r += most) {
    t.runs = columns_of(most, m->runs - r);
    t.offsets = room->taps + r;
    t.add = r > 0;
    t.bias = r + t.runs == m->runs ? panel->bias : NULL;
    t.relu = r + t.runs == m->runs && panel->relu;
    forward_pixels(c, &t, vectors, x, room->pixels, count * c->w.windows, y);
    t.b += t.runs * m->length * width;
  }
  return t.b;
}

static void forward_group(const struct convolution *c, const struct images *m,
                          const struct room *room, const REAL *x, size_t count, const REAL *packed,
                          const struct convolution_end *end, REAL *y) {
  struct tile t = {.length = m->length, .b = packed, .relu = end->relu};
  for (size_t g = 0; g < c->groups; g++)
    for (size_t j = 0; j < m->filters; j += panel_width(m->filters - j)) {
      size_t at = g * m->filters + j;
      t.width = columns_of(panel_width(m->filters - j), m->filters - j);
      t.bias = end->bias ? (const REAL *)end->bias + at : NULL;
      t.b = forward_panel(c, m, room, x + g * m->channels, count, &t, y + at);
    }
}

static void forward(const struct convolution *c, const struct image_part *part, const void *x,
                    const void *packed, const struct convolution_end *end, void *y) {
  struct images m = images_of(c);
  struct room room = room_of(c, &m, part->scratch);
  set_pixels(&c->w, &m, room.pixels);
  set_taps(&c->w, &m, c->w.places / m.runs, 1, room.taps);
  for (size_t i = 0, count; i < part->count; i += count) {
    size_t first = part->first + i;
    count = columns_of(m.group, part->count - i);
    const REAL *images = (const REAL *)x + first * c->w.cells * c->w.c;
    forward_group(c, &m, &room, group_images(&c->w, &m, images, count, room.images), count, packed,
                  end, (REAL *)y + first * c->w.windows * c->filters);
  }
}

/* --- the gradient of the input */

/* One tap and panel of channels: the pixels' rows of dy times the turned kernel, added where their
 * windows have this tap. */
static void back_pixels(const struct convolution *c, const struct room *room,
                        const struct tile *panel, size_t vectors, size_t count, const REAL *dy,
                        REAL *dx) {
  struct tile t = *panel;
  size_t most = tile_rows(vectors);
  for (size_t q = 0; q < count; q += most) {
    t.rows = columns_of(most, count - q);
    for (size_t i = 0; i < most; i++) {
      size_t pixel = q + (i < t.rows ? i : 0);
      t.a[i] = dy + pixel * c->filters;
      t.to[i] = dx + room->pixels[pixel];
    }
    run_tile(vectors, &t);
  }
}

static void back_group(const struct convolution *c, const struct images *m, const struct room *room,
                       const REAL *dy, size_t count, const REAL *packed, REAL *dx) {
  static const size_t none = 0;
  struct tile t = {.offsets = &none, .runs = 1, .length = m->filters, .b = packed, .add = true};
  for (size_t g = 0; g < c->groups; g++)
    for (size_t tap = 0; tap < c->w.places; tap++)
      for (size_t j = 0; j < m->channels; j += panel_width(m->channels - j)) {
        size_t width = panel_width(m->channels - j);
        t.width = columns_of(width, m->channels - j);
        back_pixels(c, room, &t, width / WIDTH, count * c->w.windows, dy + g * m->filters,
                    dx + room->taps[tap] + g * m->channels + j);
        t.b += m->filters * width;
      }
}

static void back(const struct convolution *c, const struct image_part *part, const void *dy,
                 const void *packed, void *dx) {
  struct images m = images_of(c);
  struct room room = room_of(c, &m, part->scratch);
  set_pixels(&c->w, &m, room.pixels);
  set_taps(&c->w, &m, 1, 1, room.taps);
  for (size_t i = 0, count; i < part->count; i += count) {
    size_t first = part->first + i;
    count = columns_of(m.group, part->count - i);
    REAL *whole = (REAL *)dx + first * c->w.cells * c->w.c, *to = m.padded ? room.images : whole;
    memset(to, 0, count * m.count * sizeof *to);
    back_group(c, &m, &room, (const REAL *)dy + first * c->w.windows * c->filters, count, packed,
               to);
    group_back(&c->w, &m, room.images, count, whole);
  }
}

/* --- the gradient of the kernel */

/* A panel of filters: rows of dy that are whole vectors are taken where they are. */
static const REAL *rows_of_panel(const struct room *room, size_t pixels, const REAL *dy,
                                 size_t width, size_t columns, size_t *step) {
  if (columns == width) return dy;
  for (size_t q = 0; q < pixels; q++)
    for (size_t k = 0; k < width; k++)
      room->panel[q * width + k] = k < columns ? dy[q * *step + k] : (REAL)0;
  *step = width;
  return room->panel;
}

static void sums_panel(const struct convolution *c, const struct sums_tile *panel, size_t vectors,
                       const size_t *rows, size_t count, REAL *to) {
  struct sums_tile t = *panel;
  size_t most = tile_rows(vectors);
  for (size_t r = 0; r < count; r += most) {
    t.rows = columns_of(most, count - r);
    t.offsets = rows + r;
    for (size_t i = 0; i < t.rows; i++) t.to[i] = to + (r + i) * c->filters;
    run_sums(vectors, &t);
  }
}

static void sums_group(const struct convolution *c, const struct images *m, const struct room *room,
                       const struct sums_tile *group, const REAL *dy, REAL *sums) {
  struct sums_tile t = *group;
  for (size_t g = 0; g < c->groups; g++)
    for (size_t j = 0; j < m->filters; j += panel_width(m->filters - j)) {
      size_t width = panel_width(m->filters - j), at = g * m->filters + j;
      t.x = group->x + g * m->channels;
      t.width = columns_of(width, m->filters - j);
      t.step = c->filters;
      t.y = rows_of_panel(room, t.pixels, dy + at, width, t.width, &t.step);
      sums_panel(c, &t, width / WIDTH, room->taps, c->w.places * m->channels, sums + at);
    }
}

static void kernel_sums(const struct convolution *c, const struct image_part *part, const void *x,
                        const void *dy, void *sums) {
  struct images m = images_of(c);
  struct room room = room_of(c, &m, part->scratch);
  struct sums_tile t = {.at = room.pixels};
  set_pixels(&c->w, &m, room.pixels);
  size_t rows = set_taps(&c->w, &m, 1, m.channels, room.taps);
  for (size_t i = 0; i < TILE_ROWS; i++) room.taps[rows + i] = 0;
  if (!part->count) memset(sums, 0, rows * c->filters * sizeof(REAL));
  for (size_t i = 0, count; i < part->count; i += count) {
    size_t first = part->first + i;
    count = columns_of(m.group, part->count - i);
    const REAL *images = (const REAL *)x + first * c->w.cells * c->w.c;
    t.x = group_images(&c->w, &m, images, count, room.images);
    t.pixels = count * c->w.windows;
    t.add = i > 0;
    sums_group(c, &m, &room, &t, (const REAL *)dy + first * c->w.windows * c->filters, sums);
  }
}

static void add_sums(size_t parts, size_t size, size_t first, size_t count, const void *sums,
                     double alpha, double beta, void *to) {
  const REAL *from = (const REAL *)sums + first;
  REAL *into = (REAL *)to + first, a = (REAL)alpha, b = (REAL)beta;
  for (size_t i = 0; i < count; i++) {
    REAL sum = from[i];
    for (size_t p = 1; p < parts; p++) sum += from[p * size + i];
    into[i] = beta == 0.0 ? a * sum : b * into[i] + a * sum;
  }
}
