/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The subcommand emit: a file defines a function, which is written as C with the derivatives asked for. */
#include "emit.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "subcommand.h"

enum { EXIT_WRITTEN, EXIT_FAILED, EXIT_USAGE };

static const char help_text[] =
    "Usage: triad emit [OPTION]... FILE\n"
    "Writes a function as C that needs nothing but the C library.\n"
    "\n"
    "  FILE                statements that define the function; - is standard input\n"
    "  -o, --output=F.c    the source; its header is F.h. Without it both go to standard output,\n"
    "                      as one text\n"
    "      --function=F    which function; the last one that the file defines\n"
    "      --gradient      also F_gradient(in, value, gradient)\n"
    "      --jacobian      also F_jacobian(in, value, jacobian), of all outputs\n"
    "      --hessian       also F_hessian(in, value, gradient, hessian)\n"
    "      --float         float in place of double\n"
    "      --cut=N         at most N operations in one function of C (1000)\n"
    "      --help          this text\n"
    "\n"
    "Exit status: 0 written, 1 a statement failed or a file cannot be written, 2 wrong usage.\n"
    "Example: triad emit f.tri --gradient --hessian -o f.c\n";

enum {
  OPTION_FUNCTION = 256,
  OPTION_GRADIENT,
  OPTION_JACOBIAN,
  OPTION_HESSIAN,
  OPTION_FLOAT,
  OPTION_CUT,
  OPTION_HELP
};

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"function", required_argument, NULL, OPTION_FUNCTION},
    {"gradient", no_argument, NULL, OPTION_GRADIENT},
    {"jacobian", no_argument, NULL, OPTION_JACOBIAN},
    {"hessian", no_argument, NULL, OPTION_HESSIAN},
    {"float", no_argument, NULL, OPTION_FLOAT},
    {"cut", required_argument, NULL, OPTION_CUT},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

struct wish {
  const char *file, *output, *function;
  tri_emit_options options;
  bool help;
};

/* --- what is asked for */

static bool take_cut(struct wish *wish, const char *text) {
  size_t n = 0;
  for (const char *c = text; *c >= '0' && *c <= '9' && n < 100000000; text = ++c)
    n = 10 * n + (size_t)(*c - '0');
  wish->options.cut = n;
  if (n && !*text) return true;
  fputs("triad emit: --cut takes a number of operations\n", stderr);
  return false;
}

static bool take(struct wish *wish, int option) {
  switch (option) {
  case 'o': wish->output = optarg; return true;
  case OPTION_FUNCTION: wish->function = optarg; return true;
  case OPTION_GRADIENT: wish->options.gradient = 1; return true;
  case OPTION_JACOBIAN: wish->options.jacobian = 1; return true;
  case OPTION_HESSIAN: wish->options.hessian = 1; return true;
  case OPTION_FLOAT: wish->options.float32 = 1; return true;
  case OPTION_CUT: return take_cut(wish, optarg);
  case OPTION_HELP: return wish->help = true;
  default: return false;
  }
}

static bool read_wish(struct wish *wish, int argc, char **argv) {
  int option;
  optind = 1;
  while (!wish->help && (option = getopt_long(argc, argv, "o:", long_options, NULL)) != -1)
    if (!take(wish, option)) return false;
  if (wish->help) return true;
  if (optind + 1 == argc) wish->file = argv[optind];
  if (!wish->file) return fputs("triad emit: one FILE is needed\n", stderr), false;
  if (!wish->output ||
      (subcommand_ends_in(wish->output, ".c") && !subcommand_ends_in(wish->output, "/.c")))
    return true;
  fprintf(stderr, "triad emit: the output is a file F.c, with a header F.h, not %s\n",
          wish->output);
  return false;
}

/* --- files */

static bool cannot_write(const char *path) {
  fprintf(stderr, "triad emit: cannot write %s: %s\n", path, strerror(errno));
  return false;
}

static bool write_file(const char *path, const tri_text *text) {
  FILE *file = fopen(path, "w");
  if (!file) return cannot_write(path);
  bool good = fwrite(text->data, 1, text->size, file) == text->size;
  int why = errno;
  if (fclose(file) == 0 && good) return true;
  if (!good) errno = why;
  return cannot_write(path);
}

/* f.h for f.c */
static void put_header_path(tri_text *path, const char *output) {
  tri__text_puts(path, output);
  if (!path->status) path->data[path->size - 1] = 'h';
}

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static bool write_both(const struct wish *wish, const char *header_path, const tri_text *source,
                       const tri_text *header) {
  if (wish->output) return write_file(header_path, header) && write_file(wish->output, source);
  if (fwrite(header->data, 1, header->size, stdout) == header->size && putchar('\n') != EOF &&
      fwrite(source->data, 1, source->size, stdout) == source->size && fflush(stdout) == 0)
    return true;
  return cannot_write("to standard output");
}

/* --- the function */

enum { SMALL = 100 };

/* f(x, y) = x^2*y + y + 2, for the header; large expressions are left out. */
static tri_status describe(struct session *session, const struct definition *f, tri_text *text) {
  tri_lambda lambda = {session->graph, f->lambda};
  tri_expr e = tri_lambda_output(lambda, 0);
  tri__text_puts(text, f->name);
  for (size_t i = 0; i < tri_lambda_arity(lambda); i++)
    tri__text_printf(text, "%s%s", i == 0 ? "(" : ", ",
                     tri_expr_name(tri_lambda_parameter(lambda, i)));
  tri__text_putc(text, ')');
  if (tri_count_nodes(1, &e) > SMALL) return text->status;
  tri__text_puts(text, " = ");
  tri_status status = tri_print(e, NULL, text);
  return status ? status : text->status;
}

static tri_status emit(struct session *session, tri_emit_options options,
                       const struct definition *f, tri_text *source, tri_text *header) {
  tri_lambda lambda = {session->graph, f->lambda};
  size_t n = tri_lambda_arity(lambda);
  tri_expr *inputs = calloc(n + 1, sizeof *inputs), output = tri_lambda_output(lambda, 0);
  tri_text comment = {0};
  tri_status status = inputs ? describe(session, f, &comment) : TRI_MEMORY;
  for (size_t i = 0; inputs && i < n; i++) inputs[i] = tri_lambda_parameter(lambda, i);
  options.outputs = &output;
  options.name = f->name;
  options.comment = comment.data;
  if (status)
    *options.error = (tri_error){.status = status};
  else
    status = tri_emit_c_with(n, inputs, source, header, 1, &options);
  tri_text_free(&comment);
  free(inputs);
  return status;
}

static void report(const struct definition *f, const tri_error *error) {
  const char *message = *error->message ? error->message : tri_status_meaning(error->status);
  fprintf(stderr, "triad emit: %s error: %s: %s\n", tri_status_code(error->status), f->name,
          message);
}

static int run(struct session *session, const struct wish *wish) {
  tri_text source = {0}, header = {0}, header_path = {0};
  tri_error error = {.status = TRI_OK};
  tri_emit_options options = wish->options;
  if (!subcommand_run_file(session, wish->file)) return EXIT_FAILED;
  const struct definition *f = subcommand_function(session, "emit", wish->file, wish->function);
  if (!f) return EXIT_FAILED;
  if (wish->output) put_header_path(&header_path, wish->output);
  options.include = header_path.data ? base_name(header_path.data) : "";
  options.error = &error;
  error.status = header_path.status;
  tri_status status = error.status;
  if (!status) status = emit(session, options, f, &source, &header);
  if (status) report(f, &error);
  bool good = !status && write_both(wish, header_path.data, &source, &header);
  tri_text_free(&source);
  tri_text_free(&header);
  tri_text_free(&header_path);
  return good ? EXIT_WRITTEN : EXIT_FAILED;
}

int emit_command(struct session *session, int argc, char **argv) {
  struct wish wish = {.file = NULL};
  if (!read_wish(&wish, argc, argv)) {
    fputs("Try 'triad emit --help' for more information.\n", stderr);
    return EXIT_USAGE;
  }
  if (wish.help) return fputs(help_text, stdout) >= 0 ? EXIT_WRITTEN : EXIT_FAILED;
  return run(session, &wish);
}
