/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Data of networks: folders and files, and which arrays in them are meant. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "io/io.h"
#include "network.h"
#include "nn/train.h"

static tri_status fail(tri_error *error, tri_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static tri_status fail(tri_error *error, tri_status status, const char *format, ...) {
  va_list arguments;
  *error = (tri_error){.status = status};
  va_start(arguments, format);
  vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  return status;
}

void network_data_free(struct network_data *data) {
  tri_array_free(&data->x);
  tri_array_free(&data->y);
  tri_array_free(&data->x_test);
  tri_array_free(&data->y_test);
}

/* --- folders */

static bool has_file(const char *folder, const char *name, const char *ending) {
  char path[NETWORK_PATH];
  struct stat st;
  int n = snprintf(path, sizeof path, "%s/%s%s", folder, name, ending);
  return n < (int)sizeof path && stat(path, &st) == 0;
}

static tri_status read_npy(const char *folder, const char *name, const tri_io_options *options,
                           tri_array *array) {
  char path[NETWORK_PATH];
  int n = snprintf(path, sizeof path, "%s/%s.npy", folder, name);
  if (n >= (int)sizeof path) return fail(options->error, TRI_LIMIT, "%s: too long a name", folder);
  return tri_npy_read(path, options, array);
}

/* One part of a folder: pictures and labels as IDX, or x and y as NPY. */
static tri_status read_part(const char *folder, bool test, const tri_io_options *options,
                            tri_array *x, tri_array *y) {
  const char *pictures = test ? "t10k-images-idx3-ubyte" : "train-images-idx3-ubyte";
  const char *name = test ? "x_test" : "x_train";
  if (has_file(folder, pictures, "") || has_file(folder, pictures, ".gz"))
    return tri_idx_folder(folder, test ? "t10k" : "train", options, x, y);
  if (!has_file(folder, name, ".npy"))
    return fail(options->error, TRI_FILE, "%s: there is neither %s (or .gz) nor %s.npy in it",
                folder, pictures, name);
  tri_status status = read_npy(folder, name, options, x);
  name = test ? "y_test" : "y_train";
  if (!status && has_file(folder, name, ".npy")) status = read_npy(folder, name, options, y);
  return status;
}

static tri_status read_folder(const char *folder, unsigned parts, const tri_io_options *options,
                              struct network_data *data) {
  tri_status status = TRI_OK;
  if (parts & DATA_TRAIN) status = read_part(folder, false, options, &data->x, &data->y);
  if (!status && (parts & DATA_TEST))
    status = read_part(folder, true, options, &data->x_test, &data->y_test);
  return status;
}

/* --- files */

/* Moves an array out of an archive. */
static void take_array(tri_archive *archive, const char *name, tri_array *to) {
  for (size_t i = 0; i < archive->n; i++)
    if (strcmp(archive->entries[i].name, name) == 0) {
      *to = archive->entries[i].array;
      archive->entries[i].array = (tri_array){.data = NULL};
    }
}

static tri_status read_archive(const char *path, const tri_io_options *options,
                               struct network_data *data) {
  tri_archive archive;
  tri_status status = tri_archive_read(path, options, &archive);
  if (status) return status;
  take_array(&archive, "x_train", &data->x);
  take_array(&archive, "y_train", &data->y);
  take_array(&archive, "x_test", &data->x_test);
  take_array(&archive, "y_test", &data->y_test);
  tri_archive_free(&archive);
  if (data->x.data || data->x_test.data) return TRI_OK;
  return fail(options->error, TRI_FILE, "%s: there is neither x_train nor x_test in it", path);
}

tri_status network_data_split(const char *path, const tri_io_options *options, tri_array *table,
                              tri_array *y) {
  size_t rows = table->dims[0], columns = table->dims[1];
  tri_array x;
  if (rows == 0) return fail(options->error, TRI_ARGUMENT, "%s: the data are empty", path);
  if (columns < 2)
    return fail(options->error, TRI_SHAPE,
                "%s: there is one column, and a label is the last of two or more", path);
  tri_status status = tri_array_new(TRI_F8, 2, (size_t[]){rows, columns - 1}, options, &x);
  if (!status) status = tri_array_new(TRI_F8, 1, &rows, options, y);
  if (status) {
    tri_array_free(&x);
    return status;
  }
  for (size_t i = 0; i < rows; i++) {
    const double *row = (const double *)table->data + i * columns;
    memcpy((double *)x.data + i * (columns - 1), row, (columns - 1) * sizeof *row);
    ((double *)y->data)[i] = row[columns - 1];
  }
  tri_array_free(table);
  *table = x;
  return TRI_OK;
}

static tri_status read_table(const char *path, unsigned parts, const tri_io_options *options,
                             struct network_data *data) {
  tri_status status = tri_csv_read(path, NULL, options, &data->x);
  data->whole = parts & DATA_WHOLE;
  if (status || data->whole) return status;
  return network_data_split(path, options, &data->x, &data->y);
}

static tri_status read_file(const char *path, unsigned parts, const tri_io_options *options,
                            struct network_data *data) {
  struct io io;
  struct source source;
  tri__io_open(&io, path, options);
  tri_status status = tri__source_open(&source, &io, path, NULL, 0);
  enum io_format format = status ? IO_OTHER : tri__io_format(&source);
  tri__source_close(&source);
  if (status) return status;
  if (format == IO_ZIP || format == IO_SAFETENSORS) return read_archive(path, options, data);
  return format == IO_CSV ? read_table(path, parts, options, data)
                          : tri_array_read(path, options, &data->x);
}

tri_status network_data_read(struct session *session, const char *path, unsigned parts,
                             struct network_data *data, tri_error *error) {
  struct stat st;
  tri_io_options options = {.error = error, .interrupt = session->interrupt};
  *data = (struct network_data){.x = {.data = NULL}};
  bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
  tri_status status =
      folder ? read_folder(path, parts, &options, data) : read_file(path, parts, &options, data);
  if (status) network_data_free(data);
  return status;
}

/* --- shapes */

/* [n, s…] as many numbers of another shape are. */
static void take_shape(tri_array *a, const struct sample *shape) {
  int64_t each;
  if (!a->data || a->rank == 0 || a->dims[0] == 0 || !tri__sample_count(shape, &each)) return;
  if (each < 1 || a->count / a->dims[0] != (size_t)each) return;
  a->rank = 1 + shape->rank;
  for (size_t d = 0; d < shape->rank; d++) a->dims[1 + d] = (size_t)shape->shape[d];
}

void network_data_fit(tri_model *model, tri_array *x, tri_array *y) {
  struct training *t = tri__training(model);
  if (!t || t->n_x != 1 || t->n_y != 1) return;
  take_shape(x, &t->ports[0].shape);
  if (y) take_shape(y, &t->ports[1].shape);
}
