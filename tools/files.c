/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Arrays from files and to files. What is read becomes constants of the graph, exactly the numbers
 * that the file has. */
#include "files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "io/csv.h"
#include "picture.h"
#include "subject.h"

enum { MOST_ELEMENTS = 10000000 }; /* a constant of the graph takes some 200 bytes */

/* Fails as io has. The place in the file is in the message; the error's own is the call's. */
static tri_status fail_with(const struct request *request, const struct value *argument,
                            const tri_error *error) {
  tri_error own = *error;
  if (request->graph->error.status != TRI_OK) return request->graph->error.status;
  own.line = own.column = 0;
  return session_fail_with(request->session, &argument->token, &own);
}

/* --- numbers as constants */

static const char no_number[] = "inf and nan are no numbers here";

/* Numbers being read. */
struct reading {
  struct csv_sink sink;
  const struct request *request;
  const char *member; /* which array is meant, of several; NULL: the only one */
  struct id_list ids;
};

static const char *add_constant(struct reading *r, mpq_srcptr q) {
  if (r->ids.n == MOST_ELEMENTS) return "there are more than 10,000,000 numbers";
  uint32_t id = tri__constant(r->request->graph, q);
  return !id_is_error(id) && id_list_add(&r->ids, 1, &id) ? NULL : "out of memory";
}

static const char *take_number(struct csv_sink *sink, enum csv_kind kind, mpq_srcptr q) {
  if (kind != CSV_NUMBER && kind != CSV_MINUS_ZERO) return no_number;
  return add_constant((struct reading *)sink, q);
}

/* Element i exactly; false if it is no number. */
static bool element(const tri_array *a, size_t i, mpq_ptr q) {
  if (a->dtype == TRI_I8 || a->dtype == TRI_U8) {
    int64_t n = ((const int64_t *)a->data)[i];
    bool negative = a->dtype == TRI_I8 && n < 0;
    uint64_t magnitude = negative ? 0 - (uint64_t)n : (uint64_t)n;
    mpz_import(mpq_numref(q), 1, -1, sizeof magnitude, 0, 0, &magnitude);
    mpz_set_ui(mpq_denref(q), 1);
    if (negative) mpq_neg(q, q);
    return true;
  }
  double x = tri_array_double(a, i);
  if (!isfinite(x)) return false;
  mpq_set_d(q, x);
  return true;
}

static tri_status add_elements(struct reading *r, struct io *io, const tri_array *a) {
  const char *why = NULL;
  mpq_t q;
  mpq_init(q);
  for (size_t i = 0; i < a->count && !why && tri__io_check(io) == TRI_OK; i++) {
    why = element(a, i, q) ? add_constant(r, q) : no_number;
    if (why) tri__io_fail(io, TRI_FILE, "element %zu: %s", i + 1, why);
  }
  mpq_clear(q);
  return io->error->status;
}

/* --- read */

struct read_options {
  const struct value *file, *member;
  tri_csv_options csv;
};

static tri_status cannot_use(const struct request *request, const struct value *a) {
  return request_fail(request, a, TRI_SYNTAX, "read cannot use this argument: write %s",
                      request->row->usage);
}

/* Which of the words a keyword's value is; -1 if it is none. */
static int word_among(const struct value *a, size_t n, const char *const *words) {
  for (size_t i = 0; i < n; i++)
    if (a->name && text_is(a->name, a->name_size, words[i])) return (int)i;
  return -1;
}

static tri_status read_keyword(const struct request *request, const struct value *a,
                               struct read_options *o) {
  static const char *const answers[] = {"no", "yes"};
  static const char *const separators[] = {"comma", "semicolon", "tab"};
  if (text_is(a->keyword, a->keyword_size, "header")) {
    int which = word_among(a, 2, answers);
    if (which < 0) return request_fail(request, a, TRI_NAME, "header is yes or no");
    o->csv.header = which ? TRI_CSV_NAMES : TRI_CSV_NONE;
    return TRI_OK;
  }
  if (!text_is(a->keyword, a->keyword_size, "separator")) return cannot_use(request, a);
  int which = word_among(a, 3, separators);
  if (which < 0) return request_fail(request, a, TRI_NAME, "separator is comma, semicolon or tab");
  o->csv.separator = ",;\t"[which];
  return TRI_OK;
}

static tri_status read_options(const struct request *request, struct read_options *o) {
  tri_status status = TRI_OK;
  *o = (struct read_options){.file = request->arguments};
  if (o->file->kind != VALUE_STRING || o->file->keyword)
    return request_fail(request, o->file, TRI_SYNTAX,
                        "read: a file's name in quotes is expected here");
  for (size_t i = 1; i < request->n && status == TRI_OK; i++) {
    const struct value *a = &request->arguments[i];
    if (a->keyword)
      status = read_keyword(request, a, o);
    else if (a->kind == VALUE_STRING && !o->member)
      o->member = a;
    else
      status = cannot_use(request, a);
  }
  return status;
}

/* One column or one row of CSV is a vector. */
static void set_csv_shape(const struct csv_sink *sink, struct group *shape) {
  bool row = sink->rows == 1, column = sink->columns == 1;
  shape->rank = row || column || sink->rows * sink->columns == 0 ? 1 : 2;
  shape->dims[0] = shape->rank == 2 || column ? sink->rows : sink->columns;
  if (shape->rank == 1 && !row && !column) shape->dims[0] = 0;
  shape->dims[1] = sink->columns;
}

/* The elements of an array as constants. */
static tri_status take_array(struct io *io, const tri_array *a, struct reading *r,
                             struct group *shape) {
  shape->rank = a->rank;
  memcpy(shape->dims, a->dims, a->rank * sizeof *a->dims);
  return a->count > MOST_ELEMENTS
             ? tri__io_fail(io, TRI_LIMIT, "there are more than %d numbers", MOST_ELEMENTS)
             : add_elements(r, io, a);
}

static tri_status take_one(struct source *source, read_array *read, struct reading *r,
                           struct group *shape) {
  tri_array a;
  tri_status status = read(source, &a);
  if (status == TRI_OK) status = take_array(source->io, &a, r, shape);
  tri_array_free(&a);
  return status;
}

/* The names in an archive, for messages. */
static tri_status fail_names(struct io *io, const tri_archive *archive, const char *name) {
  tri_text names = {0};
  for (size_t i = 0; i < archive->n && names.size < TRI_MESSAGE_SIZE; i++)
    tri__text_printf(&names, "%s %s", i ? "," : "", archive->entries[i].name);
  tri_status status =
      name ? tri__io_fail(io, TRI_NAME, "no array in it is named '%.60s'; it has%s", name,
                          names.size ? names.data : " none")
           : tri__io_fail(io, TRI_NAME, "it has %zu arrays; a second name in quotes says which:%s",
                          archive->n, names.size ? names.data : "");
  tri_text_free(&names);
  return status;
}

/* The array of this name; without a name, the only one; NULL if there is none. */
static const tri_array *member_of(const tri_archive *archive, const char *name) {
  if (name) return tri_archive_find(archive, name);
  return archive->n == 1 && archive->entries ? &archive->entries[0].array : NULL;
}

static tri_status take_member(struct source *source, enum io_format format, struct reading *r,
                              struct group *shape) {
  struct io *io = source->io;
  tri_archive archive;
  tri_status status = format == IO_ZIP ? tri__npz_read(io, io->name, NULL, 0, &archive)
                                       : tri__safetensors_read(source, &archive);
  if (status == TRI_OK) {
    const tri_array *a = member_of(&archive, r->member);
    status = a ? take_array(io, a, r, shape) : fail_names(io, &archive, r->member);
  }
  tri_archive_free(&archive);
  return status;
}

static tri_status take_csv(struct source *source, const tri_csv_options *csv, struct reading *r,
                           struct group *shape) {
  tri_status status = tri__csv_read(source, csv, &r->sink);
  set_csv_shape(&r->sink, shape);
  return status;
}

/* The numbers of an open file, and their shape. */
static tri_status read_source(struct source *source, const tri_csv_options *csv, struct reading *r,
                              struct group *shape) {
  enum io_format format = tri__io_format(source);
  bool named = format == IO_ZIP || format == IO_SAFETENSORS;
  if (named) return take_member(source, format, r, shape);
  if (r->member)
    return tri__io_fail(source->io, TRI_NAME, "its array has no name, so '%.60s' is not in it",
                        r->member);
  switch (format) {
  case IO_NPY: return take_one(source, tri__npy_read, r, shape);
  case IO_IDX: return take_one(source, tri__idx_read, r, shape);
  case IO_CSV: return take_csv(source, csv, r, shape);
  default:
    return tri__io_fail(source->io, TRI_FILE, "this is neither NPY, NPZ, CSV, IDX nor safetensors");
  }
}

/* The array of the constants. */
static tri_expr array_of(const struct request *request, const struct reading *r,
                         struct group *shape) {
  tri_expr *elements = request_new(request, r->ids.n, sizeof *elements);
  if (!elements) return expr_of(request->graph, NODE_ERROR + TRI_MEMORY);
  for (size_t i = 0; i < r->ids.n; i++) elements[i] = expr_of(request->graph, r->ids.ids[i]);
  shape->count = r->ids.n;
  if (shape->rank == 0) return elements[0];
  if (shape->count == 0 && shape->rank > 1)
    return expr_of(
        request->graph,
        NODE_ERROR + (uint32_t)request_fail(request, NULL, TRI_LIMIT, "an array without elements"));
  return subject_array(request, shape, elements);
}

tri_status call_read(const struct request *request, struct value *value) {
  struct read_options o;
  tri_error error = {0};
  size_t dims[TRI_ARRAY_RANK];
  struct group shape = {.dims = dims};
  struct reading r = {.sink = {.digits = request->graph->limits.digits, .take = take_number},
                      .request = request};
  tri_status status = read_options(request, &o);
  char *path = status == TRI_OK ? picture_path(request, o.file) : NULL;
  if (path && o.member) r.member = picture_path(request, o.member);
  if (!path || (o.member && !r.member)) return tri_graph_status(request->graph);
  tri_io_options options = {.error = &error, .interrupt = request->session->interrupt};
  struct io io;
  struct source source;
  tri__io_open(&io, path, &options);
  status = tri__source_open(&source, &io, path, NULL, 0);
  if (status == TRI_OK) status = read_source(&source, &o.csv, &r, &shape);
  tri__source_close(&source);
  tri_expr e = {request->graph, 0};
  if (status == TRI_OK) e = array_of(request, &r, &shape);
  free(r.ids.ids);
  if (status != TRI_OK) return fail_with(request, o.file, &error);
  *value = (struct value){.kind = VALUE_EXPR, .expr = e.id};
  return tri_expr_status(e);
}

/* --- write */

/* The expression at its point, as value gives it, without the file. */
static tri_status read_subject(const struct request *request, const struct value **file,
                               tri_expr *e) {
  struct value *others = request_new(request, request->n, sizeof *others), value;
  struct request inner = *request;
  if (!others) return TRI_MEMORY;
  *file = NULL;
  inner.n = 0;
  inner.arguments = others;
  for (size_t i = 0; i < request->n; i++) {
    const struct value *a = &request->arguments[i];
    if (i > 0 && a->kind == VALUE_STRING && !a->keyword && !*file)
      *file = a;
    else
      others[inner.n++] = *a;
  }
  if (!*file)
    return request_fail(request, NULL, TRI_SYNTAX, "write: to which file? write %s",
                        request->row->usage);
  tri_status status = call_value(&inner, &value);
  *e = expr_of(request->graph, value.expr);
  return status;
}

/* The numbers of e, of this shape. */
static tri_status compute(const struct request *request, tri_expr e, tri_array *array) {
  struct session *session = request->session;
  const struct settings *set = &session->settings;
  tri_error error = {0};
  tri_function *f = tri_compile(0, NULL, 1, &e, .domain = set->domain, .precision = set->precision,
                                .error = &error);
  if (!f) return session_fail_with(session, request->at, &error);
  tri_call call = {.error = &error, .interrupt = session->interrupt};
  tri_status status = tri_function_call(f, &call, NULL, array->data);
  tri_function_free(f);
  return status == TRI_OK ? TRI_OK : session_fail_with(session, request->at, &error);
}

/* Floats, where the session computes in them: the array made narrower in place. */
static void narrow(tri_array *array) {
  float *to = array->data;
  for (size_t i = 0; i < array->count; i++) {
    float x = (float)((const double *)array->data)[i];
    memcpy(to + i, &x, sizeof x);
  }
  array->dtype = TRI_F4;
}

static tri_status write_array(const struct request *request, const struct value *file,
                              tri_array *array, struct value *value) {
  char *path = picture_path(request, file), ending[8];
  tri_error error = {0};
  tri_io_options options = {.error = &error, .interrupt = request->session->interrupt};
  if (!path) return tri_graph_status(request->graph);
  picture_ending(path, ending);
  tri_status status;
  if (strcmp(ending, "npy") == 0 || strcmp(path, "/dev/null") == 0)
    status = tri_npy_write(path, array, &options);
  else if (strcmp(ending, "csv") == 0)
    status = tri_csv_write(path, array, &options);
  else
    return request_fail(request, file, TRI_FILE,
                        "numbers are written to a file ending in .npy or .csv");
  return status == TRI_OK ? picture_wrote(request, path, value) : fail_with(request, file, &error);
}

tri_status call_write(const struct request *request, struct value *value) {
  const struct value *file;
  tri_expr e = {request->graph, 0};
  struct group shape;
  tri_status status = read_subject(request, &file, &e);
  if (status == TRI_OK && expr_leaves(request->session, 1, &e))
    status = request_fail(request, request->arguments, TRI_NAME,
                          "write: the expression is no number: it has variables, or eps");
  if (status == TRI_OK) status = subject_group(request, e, &shape);
  if (status != TRI_OK) return status;
  if (shape.rank > TRI_ARRAY_RANK)
    return request_fail(request, NULL, TRI_LIMIT, "more than %d dimensions", TRI_ARRAY_RANK);
  tri_array array = {.dtype = TRI_F8, .rank = shape.rank, .count = shape.count};
  memcpy(array.dims, shape.dims, shape.rank * sizeof *shape.dims);
  array.data = request_new(request, shape.count, sizeof(double));
  if (!array.data) return TRI_MEMORY;
  status = compute(request, e, &array);
  if (status == TRI_OK && request->session->settings.domain == TRI_FLOAT) narrow(&array);
  return status == TRI_OK ? write_array(request, file, &array, value) : status;
}

/* --- --bind */

/* What begins like a number or an array is one. */
static bool is_expression(const char *text) { return *text && strchr("[(0123456789+-", *text); }

bool bind_is_valid(const char *text) {
  struct lexer lexer;
  tri__lex_init(&lexer, text, strlen(text), 1);
  struct token name = tri__lex(&lexer), equals = tri__lex(&lexer);
  return name.kind == TOKEN_NAME && equals.kind == TOKEN_OPERATOR && equals.op == OP_ASSIGN &&
         text[lexer.at] != '\0';
}

bool bind_option(struct session *session, const char *text) {
  const char *value = strchr(text, '=') + 1;
  tri_text statement = {0};
  tri__text_add(&statement, text, (size_t)(value - text) - 1);
  tri__text_puts(&statement, is_expression(value) ? " = " : " = read(\"");
  for (const char *c = value; *c; c++) {
    if (!is_expression(value) && (*c == '"' || *c == '\\')) tri__text_putc(&statement, '\\');
    tri__text_putc(&statement, *c);
  }
  if (!is_expression(value)) tri__text_puts(&statement, "\")");
  session->output.quiet = true;
  bool good = statement.status == TRI_OK &&
              session_run(session, "--bind", statement.data, statement.size, 1);
  session->output.quiet = false;
  tri_text_free(&statement);
  return good;
}
