/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The options of the subcommands of networks, and their help: one table. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "json.h"
#include "network.h"

/* --- the subcommands */

static const struct command {
  unsigned bit;
  const char *name, *usage, *about, *end;
} commands[] = {
    {NETWORK_TRAIN, "train", "CONFIG.json --data=DATA",
     "Trains the network that a file describes, and saves it as a .triad file.\n"
     "\n"
     "  CONFIG.json         {\"model\": ..., \"compile\": ..., \"fit\": ..., \"data\": ..., "
     "\"seed\": ...} as the\n"
     "                      manual tells; or a .triad file, whose training goes on\n",
     "Ctrl-C stops after a step; the network is then saved as it is.\n"
     "Exit status: 0 trained and saved, 1 it failed, 2 wrong usage, 130 interrupted.\n"
     "Example: triad train fashion_mnist.json --data /usr/share/datasets/fashion-mnist\n"},
    {NETWORK_EVALUATE, "evaluate", "MODEL.triad|CONFIG.json --data=DATA",
     "Measures the loss and the metrics of a trained network, on the test data if there are some.\n"
     "\n",
     "Exit status: 0 done, 1 it failed, 2 wrong usage, 130 interrupted.\n"
     "Example: triad evaluate fashion_mnist.triad --data /usr/share/datasets/fashion-mnist\n"},
    {NETWORK_PREDICT, "predict", "MODEL.triad|CONFIG.json --data=DATA",
     "Prints what a network gives for each sample, of the test data if there are some.\n"
     "\n",
     "Exit status: 0 done, 1 it failed, 2 wrong usage, 130 interrupted.\n"
     "Example: triad predict xor.triad --data xor.csv\n"},
    {NETWORK_SUMMARY, "summary", "MODEL.triad|CONFIG.json",
     "Prints the layers of a network, their shapes and how many parameters they have.\n"
     "\n",
     "Exit status: 0 done, 1 it failed, 2 wrong usage.\n"
     "Example: triad summary fashion_mnist.json\n"},
    {NETWORK_GRADCHECK, "gradcheck", "MODEL.triad|CONFIG.json --data=DATA",
     "Checks the gradient of a network's loss, as training computes it, against certified "
     "enclosures.\n"
     "(For claimed derivatives of a function in a file of statements: triad gradcheck --help.)\n"
     "\n",
     "Exit status: 0 proved, 1 refuted or it failed, 2 wrong usage, 3 undecided.\n"
     "Example: triad gradcheck fashion_mnist.triad --data DIR --batch 4 --sample 200\n"},
};

/* --- the options */

enum option_type { TEXT, COUNT, SEED, FLAG };

#define DATA_HELP                                                                                  \
  "a folder with IDX files of MNIST's names (packed by gzip or not) or\n"                          \
  "x_train.npy, y_train.npy, x_test.npy, y_test.npy; an NPZ or\n"                                  \
  "safetensors file of these; CSV whose last column is the label"

/* Each with the subcommands that it belongs to, the place of its value, and its help. */
static const struct option {
  const char *name, *value;
  unsigned commands;
  enum option_type type;
  size_t place;
  const char *help;
} options[] = {
    {"data", "DATA", NETWORK_TRAIN | NETWORK_EVALUATE | NETWORK_PREDICT | NETWORK_GRADCHECK, TEXT,
     offsetof(struct network_wish, data), DATA_HELP},
    {"output", "FILE", NETWORK_TRAIN, TEXT, offsetof(struct network_wish, output),
     "the .triad file; default: the name of the config, in this folder"},
    {"output", "FILE", NETWORK_PREDICT, TEXT, offsetof(struct network_wish, output),
     "an .npy or .csv file; default: lines of CSV on standard output"},
    {"epochs", "N", NETWORK_TRAIN, COUNT, offsetof(struct network_wish, epochs),
     "how often all samples are seen; default: what the config says, or 1"},
    {"batch-size", "N", NETWORK_TRAIN | NETWORK_EVALUATE | NETWORK_PREDICT, COUNT,
     offsetof(struct network_wish, batch),
     "samples of a step; default: of train what the config says, else 32"},
    {"batch", "N", NETWORK_GRADCHECK, COUNT, offsetof(struct network_wish, batch),
     "samples of the batch (32)"},
    {"sample", "N", NETWORK_GRADCHECK, COUNT, offsetof(struct network_wish, sample),
     "entries of each tensor, drawn at random; default: all"},
    {"seed", "N", NETWORK_TRAIN | NETWORK_GRADCHECK, SEED, offsetof(struct network_wish, seed),
     "of all random numbers; default: of train what the config says, else 0"},
    {"threads", "N", NETWORK_TRAIN, COUNT, offsetof(struct network_wish, threads),
     "how many threads compute (1); results do not depend on it"},
    {"quiet", NULL, NETWORK_TRAIN, FLAG, offsetof(struct network_wish, quiet), "no progress"},
    {"json", NULL, ~0u, FLAG, 0, "results as lines of JSON"},
    {"help", NULL, ~0u, FLAG, offsetof(struct network_wish, help), "this text"},
};
enum { OPTIONS = sizeof options / sizeof *options };

/* --- help */

static void put_option(const struct option *o) {
  char head[40];
  snprintf(head, sizeof head, "--%s%s%s", o->name, o->value ? "=" : "", o->value ? o->value : "");
  printf("      %-*s", 16, head);
  for (const char *line = o->help, *end; *line; line = *end ? end + 1 : end) {
    end = line + strcspn(line, "\n");
    printf("%s%.*s\n", line == o->help ? "" : "                      ", (int)(end - line), line);
  }
}

static bool put_help(const struct command *c) {
  printf("Usage: triad %s [OPTION]... %s\n%s", c->name, c->usage, c->about);
  for (size_t i = 0; i < OPTIONS; i++)
    if (options[i].commands & c->bit) put_option(&options[i]);
  return printf("\n%s", c->end) > 0;
}

/* --- reading */

static bool wrong(const struct command *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool wrong(const struct command *c, const char *format, ...) {
  va_list arguments;
  fprintf(stderr, "triad %s: ", c->name);
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fprintf(stderr, "\nTry 'triad %s --help' for more information.\n",
          c->bit == NETWORK_GRADCHECK ? "gradcheck MODEL.triad" : c->name);
  return false;
}

static bool take(struct session *session, const struct command *c, const struct option *o,
                 const char *value, struct network_wish *wish) {
  void *place = (char *)wish + o->place;
  uint64_t number = 0;
  if (o->type == TEXT) return *(const char **)place = value, true;
  if (o->type == FLAG && !o->place) return session->output.json = true;
  if (o->type == FLAG) return *(bool *)place = true;
  bool good = tri__read_digits(value, &number);
  if (o->type == SEED) *(uint64_t *)place = number, wish->has_seed = true;
  if (o->type == COUNT) *(int64_t *)place = (int64_t)number;
  if (o->type == COUNT) good = good && number > 0 && number <= INT32_MAX;
  if (good) return true;
  return o->type == SEED
             ? wrong(c, "--%s: '%s' is no whole number from 0 to %llu", o->name, value,
                     (unsigned long long)UINT64_MAX)
             : wrong(c, "--%s: '%s' is no whole number from 1 to %d", o->name, value, INT32_MAX);
}

/* The option that an argument names, cut short or not; NULL after a message. */
static const struct option *find(const struct command *c, const char *name, size_t size) {
  const struct option *found = NULL;
  for (size_t i = 0; i < OPTIONS; i++) {
    const struct option *o = &options[i];
    if (!(o->commands & c->bit) || strncmp(o->name, name, size) != 0) continue;
    if (strlen(o->name) == size) return o;
    if (found) return wrong(c, "the option '--%s' is ambiguous", name), NULL;
    found = o;
  }
  if (!found) wrong(c, "there is no option '--%s'", name);
  return found;
}

static bool read_option(struct session *session, const struct command *c, int argc, char **argv,
                        int *i, struct network_wish *wish) {
  const char *name = argv[*i][1] == 'o' ? "output" : argv[*i][1] == 'q' ? "quiet" : "";
  if (argv[*i][1] == '-')
    name = argv[*i] + 2;
  else if (!*name || argv[*i][2])
    return wrong(c, "there is no option '%s'", argv[*i]);
  size_t size = strcspn(name, "=");
  const struct option *o = find(c, name, size);
  if (!o) return false;
  if (!o->value && name[size]) return wrong(c, "the option '--%s' takes no value", o->name);
  const char *value = name[size] ? name + size + 1 : NULL;
  if (o->value && !value) value = *i + 1 < argc ? argv[++*i] : NULL;
  if (o->value && !value) return wrong(c, "the option '--%s' needs a value", o->name);
  return take(session, c, o, value, wish);
}

static bool read_all(struct session *session, const struct command *c, int argc, char **argv,
                     struct network_wish *wish) {
  for (int i = 1; i < argc && !wish->help; i++) {
    if (argv[i][0] == '-' && argv[i][1]) {
      if (!read_option(session, c, argc, argv, &i, wish)) return false;
    } else if (wish->model) {
      return wrong(c, "one file is needed, and '%s' is another", argv[i]);
    } else {
      wish->model = argv[i];
    }
  }
  if (wish->help) return true;
  if (!wish->model) return wrong(c, "a file is needed: %s", c->usage);
  if (!wish->data && c->bit != NETWORK_SUMMARY) return wrong(c, "--data is needed");
  return true;
}

bool network_options(struct session *session, unsigned command, int argc, char **argv,
                     struct network_wish *wish, int *status) {
  const struct command *c = commands;
  while (c->bit != command) c++;
  *wish = (struct network_wish){.command = c->name};
  *status = NETWORK_USAGE;
  if (!read_all(session, c, argc, argv, wish)) return false;
  *status = NETWORK_DONE;
  if (wish->help && !put_help(c)) *status = NETWORK_FAILED;
  return !wish->help;
}

/* --- errors */

int network_report(struct session *session, const struct network_wish *wish,
                   const tri_error *error) {
  const char *message = *error->message ? error->message : tri_status_meaning(error->status);
  tri_text text = {0};
  if (!session->output.json) {
    fprintf(stderr, "triad %s: %s error: %s\n", wish->command, tri_status_code(error->status),
            message);
    return NETWORK_FAILED;
  }
  tri__text_printf(&text, "{\"kind\":\"error\",\"code\":\"%s\"", tri_status_code(error->status));
  json_name(&text, "message");
  json_puts(&text, message);
  tri__text_puts(&text, "}\n");
  if (!text.status) fwrite(text.data, 1, text.size, stdout);
  tri_text_free(&text);
  return NETWORK_FAILED;
}
