/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The subcommand train: the network that a file describes is trained and saved. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "json.h"
#include "network.h"
#include "nn/train.h"

/* --- progress */

struct progress {
  struct session *session;
  tri_progress line; /* on a terminal */
};

static void write_line(void *context, const char *text, size_t size) {
  output_put(context, text, size);
  output_flush(context);
}

/* epoch 1/30 - accuracy: 0.7620 - loss: 0.7246 */
static void put_epoch(const tri_fit *fit, tri_text *text) {
  tri__text_printf(text, "epoch %lld/%lld", (long long)fit->epoch + 1, (long long)fit->epochs);
  tri__logs_text(fit->logs, text);
}

static void put_epoch_json(const tri_fit *fit, tri_text *text) {
  tri__text_printf(text, "{\"kind\":\"epoch\",\"epoch\":%lld,\"epochs\":%lld",
                   (long long)fit->epoch + 1, (long long)fit->epochs);
  for (size_t i = 0; i < fit->logs.n; i++)
    json_number(text, fit->logs.names[i], fit->logs.values[i]);
  tri__text_putc(text, '}');
}

static void epoch_ends(void *context, tri_fit *fit) {
  const struct progress *p = context;
  tri_text text = {0};
  if (p->session->output.json)
    put_epoch_json(fit, &text);
  else
    put_epoch(fit, &text);
  tri__text_putc(&text, '\n');
  if (!text.status) write_line(p->session, text.data, text.size);
  tri_text_free(&text);
}

/* A line rewritten in place on a terminal that can do so, else one line an epoch. */
static tri_callback show_progress(struct progress *p) {
  const struct output *o = &p->session->output;
  if (!output_rewrites(o)) return (tri_callback){.context = p, .on_epoch_end = epoch_ends};
  p->line = (tri_progress){.write = write_line,
                           .context = p->session,
                           .terminal = 1,
                           .no_colour = !output_colour(o),
                           .ascii = !output_unicode(p->session)};
  return tri_show_progress(&p->line);
}

/* --- the file that will be written */

/* nets/xor.json as xor.triad */
static const char *default_output(const char *config, char *path) {
  static const char ending[] = ".triad";
  const char *base = strrchr(config, '/');
  base = base ? base + 1 : config;
  const char *dot = strrchr(base, '.');
  size_t size = dot && dot > base ? (size_t)(dot - base) : strlen(base);
  if (size > NETWORK_PATH - 8) size = NETWORK_PATH - 8;
  memcpy(path, base, size);
  memcpy(path + size, ending, sizeof ending);
  return path;
}

/* That a file cannot be written should be known before hours of training. */
static tri_status check_output(const char *path, tri_error *error) {
  char folder[NETWORK_PATH];
  struct stat st;
  const char *slash = strrchr(path, '/');
  size_t size = slash ? (size_t)(slash - path) + 1 : 0;
  if (size >= sizeof folder) return TRI_OK;
  memcpy(folder, slash ? path : ".", slash ? size : 1);
  folder[slash ? size : 1] = '\0';
  const char *why = "it is no file on a disk";
  if (stat(path, &st) != 0 || S_ISREG(st.st_mode)) {
    if (access(folder, W_OK) == 0) return TRI_OK;
    why = strerror(errno);
  } else if (S_ISDIR(st.st_mode)) {
    why = strerror(EISDIR);
  }
  *error = (tri_error){.status = TRI_FILE};
  snprintf(error->message, sizeof error->message, "%.100s: cannot be written: %s", path, why);
  return TRI_FILE;
}

/* --- training */

static tri_status train(struct session *session, const struct network_wish *wish, struct network *n,
                        const struct network_data *data) {
  struct progress progress = {.session = session};
  tri_callback callback = show_progress(&progress);
  tri_samples x = {.array = &data->x, .scale = n->scale}, y = {.array = &data->y};
  tri_dataset set = {.x = &x, .y = &y, .n_y = data->y.data ? 1 : 0};
  n->fit.interrupt = session->interrupt;
  n->fit.callbacks = &callback;
  n->fit.n_callbacks = wish->quiet ? 0 : 1;
  if (wish->epochs) n->fit.epochs = wish->epochs;
  if (wish->batch) n->fit.batch_size = wish->batch;
  if (!data->y.data) set.y = NULL;
  return tri_model_fit(n->model, &set, &n->fit);
}

static void say_saved(struct session *session, const struct network_wish *wish, const char *path,
                      bool interrupted) {
  tri_text text = {0};
  if (session->output.json) {
    tri__text_puts(&text, "{\"kind\":\"saved\"");
    json_name(&text, "file");
    json_puts(&text, path);
    tri__text_puts(&text, interrupted ? ",\"interrupted\":true}\n" : "}\n");
  } else if (!wish->quiet || interrupted) {
    tri__text_printf(
        &text, "%s%s is saved\n",
        interrupted ? "interrupted: the network as it was after the last step in " : "", path);
  }
  if (!text.status) write_line(session, text.data, text.size);
  tri_text_free(&text);
}

/* What was learnt is saved also where Ctrl-C ended it, but not after a failure. */
static int train_and_save(struct session *session, const struct network_wish *wish,
                          struct network *n, const struct network_data *data, const char *path) {
  tri_error failed = {.status = TRI_OK}, error = {.status = TRI_OK};
  tri_status status = train(session, wish, n, data);
  bool interrupted = status == TRI_INTERRUPTED;
  if (status && !interrupted)
    return failed = *tri_model_error(n->model), network_report(session, wish, &failed);
  if (interrupted && output_rewrites(&session->output)) putchar('\n');
  tri_io_options options = {.error = &error};
  if (tri_model_save(n->model, path, &options)) return network_report(session, wish, &error);
  say_saved(session, wish, path, interrupted);
  return session->output.broken ? NETWORK_FAILED : NETWORK_DONE;
}

static int run(struct session *session, const struct network_wish *wish) {
  tri_error error = {.status = TRI_OK};
  struct network n;
  struct network_data data;
  char own[NETWORK_PATH];
  const char *path = wish->output ? wish->output : default_output(wish->model, own);
  tri_status status = network_read(session, wish, &n, &error);
  if (status) return network_report(session, wish, &error);
  status = check_output(path, &error);
  if (!status) status = network_data_read(session, wish->data, DATA_TRAIN, &data, &error);
  int done = NETWORK_FAILED;
  if (status) {
    network_report(session, wish, &error);
  } else {
    network_data_fit(n.model, &data.x, &data.y);
    done = train_and_save(session, wish, &n, &data, path);
    network_data_free(&data);
  }
  tri_model_free(n.model);
  return done;
}

int train_command(struct session *session, int argc, char **argv) {
  struct network_wish wish;
  int status;
  if (!network_options(session, NETWORK_TRAIN, argc, argv, &wish, &status)) return status;
  return run(session, &wish);
}
