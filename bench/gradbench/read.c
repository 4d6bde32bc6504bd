/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Numbers and arrays of a message, and what is wrong with them. */
#include <stdarg.h>

#include "gradbench.h"

void gb_wrong(gb_job *job, const char *format, ...) {
  if (job->error[0]) return;
  va_list list;
  va_start(list, format);
  vsnprintf(job->error, sizeof job->error, format, list);
  va_end(list);
}

static const char *kind_of(const json_t *value) {
  static const char *const names[] = {
      [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
      [JSON_INTEGER] = "a number", [JSON_REAL] = "a number",  [JSON_TRUE] = "true",
      [JSON_FALSE] = "false",      [JSON_NULL] = "null"};
  return names[json_typeof(value)];
}

const json_t *gb_field(gb_job *job, const json_t *object, const char *name) {
  if (job->error[0]) return NULL;
  if (!json_is_object(object))
    gb_wrong(job, "%s where an object with \"%s\" is wanted", kind_of(object), name);
  const json_t *value = json_object_get(object, name);
  if (!value) gb_wrong(job, "no field \"%s\"", name);
  return value;
}

/* The number that a value is; 0, and something is wrong, if it is none. `name` is as printed. */
static double number_of(gb_job *job, const json_t *value, const char *name) {
  if (json_is_number(value)) return json_number_value(value);
  gb_wrong(job, "\"%s\": %s where a number is wanted", name, kind_of(value));
  return 0.0;
}

double gb_number(gb_job *job, const json_t *object, const char *name) {
  const json_t *value = gb_field(job, object, name);
  return value ? number_of(job, value, name) : 0.0;
}

int64_t gb_integer(gb_job *job, const json_t *object, const char *name, int64_t least,
                   int64_t most) {
  double x = gb_number(job, object, name);
  if (job->error[0]) return least;
  if (x >= (double)least && x <= (double)most && x == (double)(int64_t)x) return (int64_t)x;
  gb_wrong(job, "\"%s\" is %.17g, not a whole number from %lld to %lld", name, x, (long long)least,
           (long long)most);
  return least;
}

void gb_append(gb_job *job, double x) {
  if (job->count == job->room) {
    size_t room = job->room ? 2 * job->room : 1024;
    double *grown = realloc(job->inputs, room * sizeof *grown);
    if (!grown) {
      gb_wrong(job, "out of memory");
      return;
    }
    job->inputs = grown;
    job->room = room;
  }
  job->inputs[job->count++] = x;
}

/* One level of an array: its length is told or checked. False: something is wrong. */
static bool check_length(gb_job *job, const json_t *array, const char *name, int64_t *dim) {
  if (!json_is_array(array)) {
    gb_wrong(job, "\"%s\": %s where an array is wanted", name, kind_of(array));
    return false;
  }
  int64_t n = (int64_t)json_array_size(array);
  if (*dim < 0 && n > 0) *dim = n;
  if (*dim >= 0 && n == *dim) return true;
  if (*dim < 0)
    gb_wrong(job, "\"%s\" is empty", name);
  else
    gb_wrong(job, "\"%s\": %lld elements where %lld are wanted", name, (long long)n,
             (long long)*dim);
  return false;
}

/* Goes through the rows like an odometer, so that a shape of any rank is one loop. */
void gb_array(gb_job *job, const json_t *object, const char *name, int rank, int64_t *dims) {
  const json_t *level[GB_RANK] = {gb_field(job, object, name)};
  size_t at[GB_RANK] = {0};
  int depth = 0;
  if (!level[0] || !check_length(job, level[0], name, dims)) return;
  while (depth >= 0) {
    if (at[depth] == json_array_size(level[depth])) {
      depth--;
      continue;
    }
    const json_t *part = json_array_get(level[depth], at[depth]++);
    if (depth == rank - 1) {
      gb_append(job, number_of(job, part, name));
    } else if (check_length(job, part, name, dims + depth + 1)) {
      level[++depth] = part;
      at[depth] = 0;
    }
    if (job->error[0]) return;
  }
}

json_t *gb_real(double x) { return json_real(x); } /* NULL for what is not finite */

json_t *gb_vector(const double *x, size_t n) {
  json_t *array = json_array();
  for (size_t i = 0; array && i < n; i++)
    if (json_array_append_new(array, gb_real(x[i]))) {
      json_decref(array);
      array = NULL;
    }
  return array;
}

json_t *gb_matrix(const double *x, size_t rows, size_t columns) {
  json_t *array = json_array();
  for (size_t i = 0; array && i < rows; i++)
    if (json_array_append_new(array, gb_vector(x + i * columns, columns))) {
      json_decref(array);
      array = NULL;
    }
  return array;
}

json_t *gb_write_value(const gb_model *m) { return gb_real(m->output[0][0]); }
