/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The subcommand gradcheck: a file defines a function, and a claimed gradient of it is certified at
 * a point. It is a statement of the language, gradcheck(f, POINT, claim=[…]), with the verdict as
 * exit status. */
#include "gradcheck.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <triad/verify.h>

#include "base/text.h"
#include "commands.h"
#include "network.h"
#include "subcommand.h"

enum { EXIT_PROVED, EXIT_REFUTED, EXIT_USAGE, EXIT_UNDECIDED };

static const char help_text[] =
    "Usage: triad gradcheck [OPTION]... FILE --claim='G1; G2; ...' --at=POINT\n"
    "Checks claimed partial derivatives of a function against certified ones.\n"
    "\n"
    "  FILE                statements that define the function; - is standard input\n"
    "      --claim=LIST    the claims, in the order of the function's parameters, parted by ';'\n"
    "      --at=POINT      '3, 4' or 'x=3, y=4'\n"
    "      --function=F    which function; the last one that the file defines\n"
    "      --digits=N      digits that are to be certain (30)\n"
    "      --json          the report as a JSON object\n"
    "      --help          this text\n"
    "\n"
    "With a network (MODEL.triad or CONFIG.json) in place of FILE its loss's gradient is checked:\n"
    "'triad gradcheck MODEL.triad --help' tells how.\n"
    "\n"
    "Exit status: 0 proved, 1 refuted or a statement failed, 2 wrong usage, 3 undecided.\n"
    "Example: triad gradcheck f.tri --claim '2*x*y; x^2 + 1' --at 'x=3, y=4'\n";

enum { OPTION_CLAIM = 256, OPTION_AT, OPTION_FUNCTION, OPTION_DIGITS, OPTION_JSON, OPTION_HELP };

static const struct option long_options[] = {
    {"claim", required_argument, NULL, OPTION_CLAIM},
    {"at", required_argument, NULL, OPTION_AT},
    {"function", required_argument, NULL, OPTION_FUNCTION},
    {"digits", required_argument, NULL, OPTION_DIGITS},
    {"json", no_argument, NULL, OPTION_JSON},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

struct wish {
  const char *file, *claim, *at, *function;
  bool help;
};

static bool take(struct session *session, struct wish *wish, int option) {
  switch (option) {
  case OPTION_CLAIM: wish->claim = optarg; return true;
  case OPTION_AT: wish->at = optarg; return true;
  case OPTION_FUNCTION: wish->function = optarg; return true;
  case OPTION_DIGITS: return setting_option(session, "digits", optarg);
  case OPTION_JSON: return session->output.json = true;
  case OPTION_HELP: return wish->help = true;
  default: return false;
  }
}

static bool read_wish(struct session *session, struct wish *wish, int argc, char **argv) {
  int option;
  optind = 1;
  while (!wish->help && (option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
    if (!take(session, wish, option)) return false;
  if (wish->help) return true;
  if (optind + 1 == argc) wish->file = argv[optind];
  if (wish->file && wish->claim && wish->at) return true;
  fputs("triad gradcheck: a FILE, --claim and --at are needed\n", stderr);
  return false;
}

/* gradcheck(f, x=3, y=4, claim=[2*x*y, x^2 + 1]) */
static void put_statement(const struct definition *f, const struct wish *wish, tri_text *text) {
  tri__text_puts(text, "gradcheck(");
  tri__text_add(text, f->name, f->name_size);
  tri__text_puts(text, ", ");
  tri__text_puts(text, wish->at);
  tri__text_puts(text, ", claim=[");
  for (const char *c = wish->claim; *c; c++) tri__text_putc(text, *c == ';' ? ',' : *c);
  tri__text_puts(text, "])");
}

static int exit_of(const struct session *session, bool good) {
  if (!good || session->verdict == TRI_REFUTED) return EXIT_REFUTED;
  return session->verdict == TRI_PROVED ? EXIT_PROVED : EXIT_UNDECIDED;
}

/* Whether a file of a network, and not one of statements, is what is to be checked. */
static bool is_network(int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    if (argv[i][0] != '-' &&
        (subcommand_ends_in(argv[i], ".triad") || subcommand_ends_in(argv[i], ".json")))
      return true;
  return false;
}

int gradcheck_command(struct session *session, int argc, char **argv) {
  if (is_network(argc, argv)) return gradcheck_network(session, argc, argv);
  struct wish wish = {NULL, NULL, NULL, NULL, false};
  tri_text text = {0};
  if (!read_wish(session, &wish, argc, argv)) {
    fputs("Try 'triad gradcheck --help' for more information.\n", stderr);
    return EXIT_USAGE;
  }
  if (wish.help) return fputs(help_text, stdout) >= 0 ? EXIT_PROVED : EXIT_REFUTED;
  if (!subcommand_run_file(session, wish.file)) return EXIT_REFUTED;
  const struct definition *f = subcommand_function(session, "gradcheck", wish.file, wish.function);
  if (!f) return EXIT_REFUTED;
  session->verdict = TRI_VERDICT_COUNT;
  put_statement(f, &wish, &text);
  bool good = !text.status && session_run(session, "gradcheck", text.data, text.size, 1);
  tri_text_free(&text);
  return exit_of(session, good && output_flush(session));
}
