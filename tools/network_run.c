/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The subcommands evaluate, predict and summary: what a network is, measures and gives. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "json.h"
#include "network.h"
#include "nn/train.h"
#include "subcommand.h"

/* Prints a text and frees it; the exit status. */
static int print(struct session *session, const struct network_wish *wish, tri_text *text) {
  if (!text->status) output_put(session, text->data, text->size);
  tri_error error = {.status = text->status};
  tri_text_free(text);
  if (error.status) return network_report(session, wish, &error);
  return output_flush(session) ? NETWORK_DONE : NETWORK_FAILED;
}

static int model_failed(struct session *session, const struct network_wish *wish,
                        const tri_model *m) {
  tri_error error = *tri_model_error(m);
  return network_report(session, wish, &error);
}

/* --- data of which the test part is meant */

/* Makes it the only part. */
static void prefer_test(struct network_data *data) {
  if (!data->x_test.data) return;
  tri_array_free(&data->x);
  tri_array_free(&data->y);
  data->x = data->x_test;
  data->y = data->y_test;
  data->x_test = data->y_test = (tri_array){.data = NULL};
}

/* Of a table the last column is the label, unless the model takes it all. */
static tri_status split_if_wider(const struct network_wish *wish, const struct network *n,
                                 struct network_data *data, tri_error *error) {
  const struct training *t = tri__training(n->model);
  tri_io_options options = {.error = error};
  const tri_array *x = &data->x;
  if (!data->whole || !t || t->n_x != 1 || x->dims[1] != t->ports[0].each + 1) return TRI_OK;
  return network_data_split(wish->data, &options, &data->x, &data->y);
}

/* --- evaluate */

static int put_measured(struct session *session, const struct network_wish *wish,
                        const tri_model *m, const double *values) {
  const struct measures *s = &m->training->measures;
  tri_text text = {0}, line = {0};
  if (session->output.json) {
    tri__text_puts(&text, "{\"kind\":\"metrics\"");
    for (size_t i = 0; i < s->n; i++) json_number(&text, s->names[i], values[i]);
    tri__text_puts(&text, "}\n");
  } else {
    tri__logs_text((tri_logs){.n = s->n, .names = s->list, .values = values}, &line);
    if (line.size > 3) tri__text_add(&text, line.data + 3, line.size - 3); /* without " - " */
    tri__text_putc(&text, '\n');
  }
  if (line.status) text.status = line.status;
  tri_text_free(&line);
  return print(session, wish, &text);
}

static int evaluate(struct session *session, const struct network_wish *wish,
                    const struct network *n, const struct network_data *data) {
  tri_samples x = {.array = &data->x, .scale = n->scale}, y = {.array = &data->y};
  tri_dataset set = {.x = &x, .y = data->y.data ? &y : NULL};
  tri_evaluate_options options = {.batch_size = wish->batch, .interrupt = session->interrupt};
  size_t count = tri_model_metrics(n->model);
  double *values = calloc(count + 1, sizeof *values);
  int status = NETWORK_FAILED;
  if (!values)
    fputs("triad: out of memory\n", stderr);
  else if (tri_model_evaluate(n->model, &set, &options, values))
    status = model_failed(session, wish, n->model);
  else
    status = put_measured(session, wish, n->model, values);
  free(values);
  return status;
}

/* --- predict */

/* Sample by sample: a line of CSV, or of JSON. */
static void put_samples(struct session *session, const tri_array *a, tri_text *text) {
  size_t n = a->dims[0], each = n ? a->count / n : 0;
  bool json = session->output.json;
  for (size_t i = 0; i < n; i++) {
    if (json) tri__text_printf(text, "{\"kind\":\"prediction\",\"sample\":%zu,\"values\":[", i);
    for (size_t k = 0; k < each; k++) {
      double value = tri_array_double(a, i * each + k);
      tri__text_puts(text, k == 0 ? "" : ",");
      if (json) tri__text_putc(text, '"');
      if (a->dtype == TRI_F4)
        tri__text_float(text, (float)value);
      else
        tri__text_double(text, value);
      if (json) tri__text_putc(text, '"');
    }
    tri__text_puts(text, json ? "]}\n" : "\n");
  }
}

/* CSV has two dimensions: a sample is a row. */
static tri_status write_output(const char *path, tri_array *a, tri_error *error) {
  tri_io_options options = {.error = error};
  if (!subcommand_ends_in(path, ".csv")) return tri_npy_write(path, a, &options);
  if (a->rank > 2) a->dims[1] = a->dims[0] ? a->count / a->dims[0] : 0, a->rank = 2;
  return tri_csv_write(path, a, &options);
}

static int put_predicted(struct session *session, const struct network_wish *wish, tri_array *a) {
  tri_error error = {.status = TRI_OK};
  tri_text text = {0};
  if (wish->output) {
    if (write_output(wish->output, a, &error)) return network_report(session, wish, &error);
    return NETWORK_DONE;
  }
  put_samples(session, a, &text);
  return print(session, wish, &text);
}

static int predict(struct session *session, const struct network_wish *wish,
                   const struct network *n, const struct network_data *data) {
  tri_samples x = {.array = &data->x, .scale = n->scale};
  tri_dataset set = {.x = &x};
  tri_evaluate_options options = {.batch_size = wish->batch, .interrupt = session->interrupt};
  size_t count = tri_model_outputs(n->model);
  tri_array *outputs = calloc(count + 1, sizeof *outputs);
  int status = NETWORK_FAILED;
  if (!outputs)
    fputs("triad: out of memory\n", stderr);
  else if (tri_model_predict(n->model, &set, &options, outputs))
    status = model_failed(session, wish, n->model);
  else
    for (size_t i = 0; i < count; i++) status = put_predicted(session, wish, &outputs[i]);
  for (size_t i = 0; outputs && i < count; i++) tri_array_free(&outputs[i]);
  free(outputs);
  return status;
}

/* --- commands */

typedef int on_data(struct session *session, const struct network_wish *wish,
                    const struct network *n, const struct network_data *data);

/* Reads a model and data, and hands them on. */
static int with_data(struct session *session, const struct network_wish *wish, bool labels,
                     on_data *run) {
  tri_error error = {.status = TRI_OK};
  struct network n;
  struct network_data data;
  if (network_read(session, wish, &n, &error)) return network_report(session, wish, &error);
  unsigned parts = DATA_TEST | (labels ? 0 : DATA_WHOLE);
  tri_status status = network_data_read(session, wish->data, parts, &data, &error);
  if (!status) prefer_test(&data);
  if (!status && !labels) status = split_if_wider(wish, &n, &data, &error);
  int done = NETWORK_FAILED;
  if (status) {
    network_report(session, wish, &error);
  } else {
    network_data_fit(n.model, &data.x, labels ? &data.y : NULL);
    done = run(session, wish, &n, &data);
  }
  network_data_free(&data);
  tri_model_free(n.model);
  return done;
}

static bool good_output(const struct network_wish *wish) {
  if (!wish->output || subcommand_ends_in(wish->output, ".npy") ||
      subcommand_ends_in(wish->output, ".csv"))
    return true;
  fprintf(stderr, "triad predict: the output is a file that ends in .npy or .csv, not %s\n",
          wish->output);
  return false;
}

int evaluate_command(struct session *session, int argc, char **argv) {
  struct network_wish wish;
  int status;
  if (!network_options(session, NETWORK_EVALUATE, argc, argv, &wish, &status)) return status;
  return with_data(session, &wish, true, evaluate);
}

int predict_command(struct session *session, int argc, char **argv) {
  struct network_wish wish;
  int status;
  if (!network_options(session, NETWORK_PREDICT, argc, argv, &wish, &status)) return status;
  return good_output(&wish) ? with_data(session, &wish, false, predict) : NETWORK_USAGE;
}

int summary_command(struct session *session, int argc, char **argv) {
  struct network_wish wish;
  struct network n;
  tri_error error = {.status = TRI_OK};
  tri_text text = {0}, shown = {0};
  int status;
  if (!network_options(session, NETWORK_SUMMARY, argc, argv, &wish, &status)) return status;
  if (network_read(session, &wish, &n, &error)) return network_report(session, &wish, &error);
  text.status = tri_model_summary(n.model, &text);
  tri_model_free(n.model);
  if (!session->output.json) return print(session, &wish, &text);
  tri__text_puts(&shown, "{\"kind\":\"summary\"");
  json_name(&shown, "text");
  tri__text_json(&shown, text.data ? text.data : "", text.size);
  tri__text_puts(&shown, "}\n");
  if (text.status) shown.status = text.status;
  tri_text_free(&text);
  return print(session, &wish, &shown);
}
