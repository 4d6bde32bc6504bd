/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CSV (RFC 4180): fields, lines, and the numbers in them. */
#include "io/csv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { PIECE = 8192, BOM = 3 };

struct place {
  uint32_t line, column;
};

struct csv {
  struct io *io;
  struct source *source;
  struct csv_sink *sink;
  char separator;
  tri_csv_header header;
  unsigned char piece[PIECE];
  size_t at, size;
  struct place here;     /* of the next byte */
  unsigned char code[4]; /* of a code point that is not all there */
  size_t code_size;
  char *field; /* the text of the field */
  size_t field_size, field_room;
  struct place start; /* of the field */
  bool quoted;
  size_t fields;        /* of this line, so far */
  size_t numbers;       /* of these, what are numbers */
  struct place strange; /* where the first one is that is none; line 0: there is none */
  char message[TRI_MESSAGE_SIZE / 2]; /* what is wrong with it */
  bool some;                          /* a field of this line is not empty */
  bool first;                         /* this is the first line */
  struct place
      blank; /* where an empty line is behind which nothing may come; line 0: there is none */
  mpq_t number;
};

static tri_status fail_at(struct csv *c, struct place place, tri_status status,
                          const char *message) {
  if (c->io->error->status != TRI_OK) return c->io->error->status;
  tri__io_fail(c->io, status, "line %u, column %u: %s", place.line, place.column, message);
  c->io->error->line = place.line;
  c->io->error->column = place.column;
  return status;
}

/* --- bytes */

enum { NO_BYTE = -1 };

/* The next byte, which stays; NO_BYTE at the end or after a failure. */
static int look(struct csv *c) {
  if (c->at == c->size) {
    c->size = tri__source_some(c->source, c->piece, PIECE);
    c->at = 0;
  }
  return c->at < c->size ? c->piece[c->at] : NO_BYTE;
}

/* Columns are cells on a screen: those of a code point count when its last byte is there. */
static void count_cells(struct csv *c, unsigned char byte) {
  uint32_t code;
  if (byte < 0x80) {
    c->here.column++;
    c->code_size = 0;
    return;
  }
  if (byte >= 0xc0 || c->code_size == sizeof c->code) c->code_size = 0;
  c->code[c->code_size++] = byte;
  if (tri__utf8((const char *)c->code, c->code_size, &code) == c->code_size) {
    c->here.column += (uint32_t)tri__cells(code);
    c->code_size = 0;
  }
}

static void pass(struct csv *c) { count_cells(c, c->piece[c->at++]); }

/* Passes over the end of a line if that is next: CR LF, LF or CR. */
static bool pass_newline(struct csv *c) {
  int byte = look(c);
  if (byte != '\r' && byte != '\n') return false;
  c->at++;
  if (byte == '\r' && look(c) == '\n') c->at++;
  c->here = (struct place){c->here.line + 1, 1};
  c->code_size = 0;
  return true;
}

static bool add_byte(struct csv *c, int byte) {
  if (!tri__io_grow(c->io, (void **)&c->field, &c->field_room, c->field_size + 1, 1)) return false;
  c->field[c->field_size++] = (char)byte;
  return true;
}

/* --- fields */

static bool ends_field(const struct csv *c, int byte) {
  return byte == NO_BYTE || byte == c->separator || byte == '\r' || byte == '\n';
}

static bool is_blank(const struct csv *c, int byte) {
  return byte == ' ' || (byte == '\t' && c->separator != '\t');
}

/* What is between quotes; a quote within is doubled, a newline is a byte like any other. */
static tri_status read_quoted(struct csv *c) {
  struct place open = c->here;
  pass(c);
  for (;;) {
    int byte = look(c);
    if (byte == NO_BYTE) return fail_at(c, open, TRI_FILE, "the quote is not closed");
    if (byte == '\r' || byte == '\n') {
      pass_newline(c);
      byte = '\n';
    } else {
      pass(c);
      if (byte == '"' && look(c) != '"') break;
      if (byte == '"') pass(c);
    }
    if (!add_byte(c, byte)) return c->io->error->status;
  }
  while (is_blank(c, look(c))) pass(c);
  return ends_field(c, look(c))
             ? TRI_OK
             : fail_at(c, c->here, TRI_FILE, "something follows a quote that was closed");
}

/* Reads a field up to what ends it. */
static tri_status read_field(struct csv *c) {
  c->field_size = 0;
  c->quoted = false;
  while (is_blank(c, look(c))) pass(c);
  c->start = c->here;
  if (look(c) == '"') {
    c->quoted = true;
    return read_quoted(c);
  }
  for (int byte; !ends_field(c, byte = look(c)); pass(c)) {
    if (byte == '"')
      return fail_at(c, c->here, TRI_FILE, "a quote in a field that does not begin with one");
    if (!add_byte(c, byte)) return c->io->error->status;
  }
  return c->io->error->status;
}

/* Takes the blanks away from both ends. */
static void trim(struct csv *c) {
  size_t first = 0;
  while (c->field_size > 0 && is_blank(c, c->field[c->field_size - 1])) c->field_size--;
  while (first < c->field_size && is_blank(c, c->field[first])) first++;
  c->field_size -= first;
  if (first) memmove(c->field, c->field + first, c->field_size);
}

/* --- numbers */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* "1." and "1.e5", which other programs write, without their point, which the language wants a
 * digit behind. */
static void drop_point(char *text, size_t *size) {
  char *point = *size ? memchr(text, '.', *size) : NULL, *end = text + *size;
  if (!point || point == text || !is_digit(point[-1]) || (point + 1 < end && is_digit(point[1])))
    return;
  memmove(point, point + 1, (size_t)(end - point - 1));
  --*size;
}

/* Whether the text is this word, in letters of either case. */
static bool is_word(const char *text, size_t size, const char *word) {
  if (strlen(word) != size) return false;
  for (size_t i = 0; i < size; i++)
    if ((text[i] | 0x20) != word[i]) return false;
  return true;
}

static bool special(const char *text, size_t size, bool negative, enum csv_kind *kind) {
  if (is_word(text, size, "nan")) return *kind = CSV_NAN, true;
  if (!is_word(text, size, "inf") && !is_word(text, size, "infinity")) return false;
  *kind = negative ? CSV_MINUS_INFINITY : CSV_INFINITY;
  return true;
}

/* The field as a number: TRI_OK, TRI_SYNTAX if it is none, or TRI_LIMIT. */
static tri_status number_of(struct csv *c, enum csv_kind *kind) {
  if (c->field_size == 0) return TRI_SYNTAX;
  bool negative = c->field[0] == '-', sign = negative || c->field[0] == '+';
  char *text = c->field + sign;
  size_t size = c->field_size - sign;
  tri_status status = TRI_SYNTAX;
  drop_point(text, &size);
  if (special(text, size, negative, kind)) return TRI_OK;
  size_t used = tri__read_number(text, size, c->sink->digits, c->number, &status);
  if (status != TRI_OK || used != size) return status == TRI_LIMIT ? status : TRI_SYNTAX;
  *kind = negative && mpq_sgn(c->number) == 0 ? CSV_MINUS_ZERO : CSV_NUMBER;
  if (negative) mpq_neg(c->number, c->number);
  return TRI_OK;
}

/* The field as messages show it. */
static void tell_strange(struct csv *c) {
  bool comma = c->field_size > 0 && memchr(c->field, ',', c->field_size) != NULL;
  if (c->field_size == 0)
    snprintf(c->message, sizeof c->message, "an empty field");
  else
    snprintf(c->message, sizeof c->message, "'%s' is no number%s",
             tri__io_shown(c->field, c->field_size).text,
             comma ? " (numbers have a point, not a comma)" : "");
}

/* A field that is no number is a name in the first line and an error elsewhere. */
static tri_status take_strange(struct csv *c) {
  if (c->strange.line == 0) {
    tell_strange(c);
    c->strange = c->start;
  }
  bool name = c->first && c->header == TRI_CSV_DETECT && c->numbers == 0;
  return name ? TRI_OK : fail_at(c, c->strange, TRI_FILE, c->message);
}

static tri_status take_field(struct csv *c) {
  enum csv_kind kind;
  trim(c);
  c->some = c->some || c->field_size > 0 || c->quoted;
  if (c->first && c->header == TRI_CSV_NAMES) return TRI_OK;
  tri_status status = number_of(c, &kind);
  if (status == TRI_SYNTAX) return take_strange(c);
  if (status == TRI_LIMIT) return fail_at(c, c->start, TRI_LIMIT, "a number of too many digits");
  c->numbers++;
  if (c->strange.line) return fail_at(c, c->strange, TRI_FILE, c->message);
  const char *why = c->sink->take(c->sink, kind, c->number);
  return why ? fail_at(c, c->start, TRI_FILE, why) : TRI_OK;
}

/* --- lines */

static tri_status wrong_width(struct csv *c, struct place place) {
  char message[TRI_MESSAGE_SIZE / 2];
  snprintf(message, sizeof message, "%zu field%s, where the first line has %zu", c->fields,
           c->fields == 1 ? "" : "s", c->sink->columns);
  return fail_at(c, place, TRI_FILE, message);
}

/* The line has ended, at this place. */
static tri_status end_line(struct csv *c, struct place end) {
  if (c->first && c->strange.line && !c->some) return fail_at(c, c->strange, TRI_FILE, c->message);
  if (c->first) c->sink->columns = c->fields;
  if (c->fields != c->sink->columns) return wrong_width(c, end);
  bool names = c->first && (c->header == TRI_CSV_NAMES || c->strange.line);
  if (!names) c->sink->rows++;
  c->first = false;
  return TRI_OK;
}

/* Whether nothing stands on the line that begins here; it is then remembered, and passed over. */
static bool pass_empty(struct csv *c) {
  struct place start = c->here;
  if (c->first || !pass_newline(c)) return false;
  if (c->blank.line == 0) c->blank = start;
  return true;
}

static tri_status read_line(struct csv *c) {
  tri_status status = TRI_OK;
  if (c->blank.line) return fail_at(c, c->blank, TRI_FILE, "an empty line");
  c->fields = c->numbers = 0;
  c->strange.line = 0;
  c->some = false;
  for (bool more = true; more && status == TRI_OK;) {
    status = read_field(c);
    c->fields++;
    if (status == TRI_OK && !c->first && c->fields > c->sink->columns)
      status = wrong_width(c, c->start);
    if (status == TRI_OK) status = take_field(c);
    more = look(c) == c->separator;
    if (more) pass(c);
  }
  struct place end = c->here;
  if (status == TRI_OK) pass_newline(c);
  return status == TRI_OK ? end_line(c, end) : status;
}

/* What parts the fields of the first line, as far as it is in the first piece. */
static char detect(struct csv *c) {
  bool quoted = false, semicolon = false;
  look(c);
  for (size_t i = c->at; i < c->size; i++) {
    unsigned char byte = c->piece[i];
    if (byte == '"') quoted = !quoted;
    if (quoted) continue;
    if (byte == '\r' || byte == '\n') break;
    if (byte == '\t') return '\t';
    semicolon = semicolon || byte == ';';
  }
  return semicolon ? ';' : ',';
}

static bool open_csv(struct csv *c, struct source *source, const tri_csv_options *options,
                     struct csv_sink *sink) {
  c->io = source->io;
  c->source = source;
  c->sink = sink;
  c->first = true;
  c->here = (struct place){1, 1};
  c->header = options ? options->header : TRI_CSV_DETECT;
  c->separator = options ? options->separator : 0;
  if ((unsigned)c->header > TRI_CSV_NAMES ||
      (c->separator && c->separator != ',' && c->separator != ';' && c->separator != '\t')) {
    tri__io_fail(c->io, TRI_ARGUMENT, "CSV with such a separator or header is not read");
    return false;
  }
  look(c);
  if (c->size >= BOM && memcmp(c->piece, "\xef\xbb\xbf", BOM) == 0) c->at = BOM;
  if (!c->separator) c->separator = detect(c);
  return true;
}

tri_status tri__csv_read(struct source *source, const tri_csv_options *options,
                         struct csv_sink *sink) {
  struct csv c;
  memset(&c, 0, sizeof c);
  sink->rows = sink->columns = 0;
  if (!open_csv(&c, source, options, sink)) return source->io->error->status;
  mpq_init(c.number);
  tri_status status = TRI_OK;
  while (status == TRI_OK && look(&c) != NO_BYTE)
    if (!pass_empty(&c)) status = read_line(&c);
  mpq_clear(c.number);
  tri__io_free(c.io, c.field, c.field_room, 1);
  return status == TRI_OK ? c.io->error->status : status;
}

/* --- an array of doubles */

enum { MOST_DIGITS = 2000 }; /* a double has at most 1,075 behind the point and 309 before it */

struct doubles {
  struct csv_sink sink;
  struct io *io;
  double *data;
  size_t n, room;
};

static const char *take_double(struct csv_sink *sink, enum csv_kind kind, mpq_srcptr q) {
  struct doubles *d = (struct doubles *)sink;
  double x = kind == CSV_NUMBER       ? tri__mpq_double(q)
             : kind == CSV_MINUS_ZERO ? -0.0
             : kind == CSV_NAN        ? (double)NAN
             : kind == CSV_INFINITY   ? HUGE_VAL
                                      : -HUGE_VAL;
  if (kind == CSV_NUMBER && isinf(x)) return "a number too large for a double";
  if (!tri__io_grow(d->io, (void **)&d->data, &d->room, d->n + 1, sizeof *d->data))
    return "no room";
  d->data[d->n++] = x;
  return NULL;
}

/* The numbers in memory of exactly their size. */
static tri_status give_doubles(struct doubles *d, tri_array *array) {
  size_t dims[2] = {d->sink.rows, d->sink.columns};
  if (d->n == 0) return tri__io_array(d->io, TRI_F8, 2, dims, array);
  double *data = tri__resize(&d->io->memory, d->data, d->room * sizeof *data, d->n * sizeof *data);
  if (!data) return tri__io_fail(d->io, TRI_MEMORY, "out of memory");
  *array = (tri_array){.dtype = TRI_F8,
                       .rank = 2,
                       .dims = {dims[0], dims[1]},
                       .count = d->n,
                       .data = data,
                       .allocator = d->io->allocator};
  d->data = NULL;
  return TRI_OK;
}

tri_status tri__csv_array(struct source *source, const tri_csv_options *options, tri_array *array) {
  struct io *io = source->io;
  struct doubles d = {.sink = {.digits = MOST_DIGITS, .take = take_double}, .io = io};
  *array = (tri_array){.data = NULL};
  tri_status status = tri__csv_read(source, options, &d.sink);
  if (status == TRI_OK) status = give_doubles(&d, array);
  tri__io_free(io, d.data, d.room, sizeof *d.data);
  return status;
}

static tri_status read_from(const char *path, const void *bytes, size_t size,
                            const tri_csv_options *csv, const tri_io_options *options,
                            tri_array *array) {
  struct io io;
  struct source source;
  tri__io_open(&io, path, options);
  *array = (tri_array){.data = NULL};
  tri_status status = tri__source_open(&source, &io, path, bytes, size);
  if (status == TRI_OK) status = tri__csv_array(&source, csv, array);
  tri__source_close(&source);
  return status;
}

tri_status tri_csv_read(const char *path, const tri_csv_options *csv, const tri_io_options *options,
                        tri_array *array) {
  return read_from(path, NULL, 0, csv, options, array);
}

tri_status tri_csv_parse(const void *bytes, size_t size, const tri_csv_options *csv,
                         const tri_io_options *options, tri_array *array) {
  return read_from(NULL, bytes, size, csv, options, array);
}

/* --- writing */

/* Row after row, handed on in pieces. */
static tri_status write_rows(struct sink *sink, const tri_array *a, tri_text *text) {
  enum { PIECE_OUT = 1 << 16 };
  size_t columns = a->rank == 2 ? a->dims[1] : 1;
  tri_status status = TRI_OK;
  for (size_t i = 0; i < a->count && status == TRI_OK; i++) {
    if (a->dtype == TRI_F4)
      tri__text_float(text, ((const float *)a->data)[i]);
    else
      tri__text_double(text, tri_array_double(a, i));
    tri__text_putc(text, (i + 1) % columns ? ',' : '\n');
    if (text->status != TRI_OK) return tri__io_fail(sink->io, text->status, "out of memory");
    if (text->size < PIECE_OUT && i + 1 < a->count) continue;
    status = tri__sink_write(sink, text->data, text->size);
    text->size = 0;
  }
  return status;
}

tri_status tri_csv_write(const char *path, const tri_array *array, const tri_io_options *options) {
  struct io io;
  struct sink sink;
  tri__io_open(&io, path, options);
  if (array->rank > 2)
    return tri__io_fail(&io, TRI_SHAPE, "an array of %zu dimensions is no CSV", array->rank);
  tri_text text = {.allocator = io.allocator};
  tri_status status = tri__sink_open(&sink, &io, path);
  if (status == TRI_OK) status = write_rows(&sink, array, &text);
  tri_text_free(&text);
  return tri__sink_close(&sink, status);
}
