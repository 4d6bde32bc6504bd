/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The triad program: options, and what is run in which order. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <triad.h>

#include "commands.h"
#include "emit.h"
#include "files.h"
#include "gradcheck.h"
#include "network.h"
#include "repl.h"
#include "session.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

/* Set by Ctrl-C; a signal handler has no other way. */
static volatile int interrupt;
static volatile sig_atomic_t interactive;

static void on_interrupt(int signal) {
  (void)signal;
  if (interrupt && !interactive) _exit(EXIT_INTERRUPTED); /* asked twice */
  interrupt = 1;
}

static void catch_signals(void) {
  struct sigaction action = {.sa_handler = on_interrupt};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
}

/* A file opened later must not become a standard stream that the caller closed. */
static void open_standard_streams(void) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
      _exit(EXIT_FAILED);
}

#if HAVE_OPENBLAS_SET_NUM_THREADS
void openblas_set_num_threads(int n); /* not in every cblas.h */

/* Its products differ with the number of its threads. */
static void settle_products(void) { openblas_set_num_threads(1); }
#else
static void settle_products(void) {}
#endif

/* --- options */

enum {
  OPTION_JSON = 256,
  OPTION_KEEP_GOING,
  OPTION_DOMAIN,
  OPTION_PRECISION,
  OPTION_DIGITS,
  OPTION_COLOR,
  OPTION_ECHO,
  OPTION_BIND,
  OPTION_HELP,
  OPTION_VERSION
};

static const struct option long_options[] = {
    {"json", no_argument, NULL, OPTION_JSON},
    {"keep-going", no_argument, NULL, OPTION_KEEP_GOING},
    {"domain", required_argument, NULL, OPTION_DOMAIN},
    {"precision", required_argument, NULL, OPTION_PRECISION},
    {"digits", required_argument, NULL, OPTION_DIGITS},
    {"color", optional_argument, NULL, OPTION_COLOR},
    {"colour", optional_argument, NULL, OPTION_COLOR},
    {"echo", no_argument, NULL, OPTION_ECHO},
    {"bind", required_argument, NULL, OPTION_BIND},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static const char help_text[] =
    "Usage: triad [OPTION]... [-e STATEMENTS | FILE]...\n"
    "       triad emit ... | gradcheck ... | train ... | evaluate ... | predict ... | summary ...\n"
    "Derivatives of formulas: forward with dual numbers, in reverse with a tape, symbolically.\n"
    "Without -e and FILE statements are read from the terminal, or from standard input.\n"
    "\n"
    "  -e STATEMENTS       run the statements and print their results; may be repeated\n"
    "  FILE                run the statements of a file; - is standard input\n"
    "      --bind=NAME=VALUE\n"
    "                      bind a name to the numbers of a file (NPY or CSV), or to a number or "
    "array:\n"
    "                      --bind x=data.npy, --bind 'x=[1, 2, 3]'\n"
    "      --json          one JSON object per statement on standard output\n"
    "      --keep-going    go on after a failed statement\n"
    "      --domain=D      numbers are double (the default), float, rational, mpfr or ball\n"
    "      --precision=BITS, --digits=N\n"
    "                      start settings\n"
    "      --echo          show every statement with its result\n"
    "      --color=WHEN    colour always, never or auto (on a terminal, unless NO_COLOR is set)\n"
    "  -q, --quiet         no greeting\n"
    "      --help          this text\n"
    "      --version       the version\n"
    "\n"
    "'triad emit --help' tells how C is written, 'triad gradcheck --help' how claimed derivatives\n"
    "are checked, 'triad train --help' and the others how networks are trained and used.\n"
    "Exit status: 0 all done, 1 a statement failed, 2 wrong usage, 130 interrupted.\n"
    "In the session, 'help' lists what there is. Example: triad -e 'f(x, y) = x²y + y + 2; "
    "gradient(f, 3, 4)'\n";

static const char version_text[] =
    "triad %s\n"
    "License LGPLv3+: GNU LGPL version 3 or later <https://gnu.org/licenses/lgpl.html>\n"
    "This is free software: you are free to change and redistribute it.\n"
    "There is NO WARRANTY, to the extent permitted by law.\n";

static int usage_error(void) {
  fputs("Try 'triad --help' for more information.\n", stderr);
  return EXIT_USAGE;
}

/* What is to be run, in the order of the command line. */
struct job {
  enum { JOB_FILE, JOB_TEXT, JOB_BIND } kind;
  const char *text; /* a path, statements, or NAME=VALUE */
};

struct plan {
  struct job *jobs; /* room for one per argument */
  size_t n;
  bool quiet, done; /* done: --help or --version was answered */
};

/* What is run instead of statements, by the first word of the command line. */
static const struct {
  const char *name;
  int (*run)(struct session *session, int argc, char **argv);
} subcommands[] = {{"emit", emit_command},       {"gradcheck", gradcheck_command},
                   {"train", train_command},     {"evaluate", evaluate_command},
                   {"predict", predict_command}, {"summary", summary_command}};
enum { SUBCOMMANDS = sizeof subcommands / sizeof *subcommands };

/* Whether a name in a file's place is a subcommand's, and no file's: this is told. */
static bool is_late_subcommand(const struct plan *plan, const char *name) {
  for (size_t i = 0; i < SUBCOMMANDS && !plan->n; i++)
    if (strcmp(name, subcommands[i].name) == 0 && access(name, F_OK) != 0) {
      fprintf(stderr, "triad: options go behind the subcommand: triad %s [OPTION]...\n", name);
      return true;
    }
  return false;
}

static bool add_file(struct plan *plan, const char *path) {
  if (is_late_subcommand(plan, path)) return false;
  plan->jobs[plan->n++] = (struct job){.text = path};
  return true;
}

static bool set_colour(struct session *session, const char *when) {
  static const char *const names[] = {
      [WHEN_AUTO] = "auto", [WHEN_ALWAYS] = "always", [WHEN_NEVER] = "never"};
  for (uint8_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(when, names[i]) == 0) return session->output.colour = i, true;
  fprintf(stderr, "triad: --color is always, never or auto, not %s\n", when);
  return false;
}

static bool add_binding(struct plan *plan, const char *text) {
  if (!bind_is_valid(text)) {
    fprintf(stderr, "triad: --bind is NAME=VALUE, not %s\n", text);
    return false;
  }
  plan->jobs[plan->n++] = (struct job){JOB_BIND, text};
  return true;
}

static bool take_option(struct session *session, struct plan *plan, int option) {
  switch (option) {
  case 1: return add_file(plan, optarg);
  case 'e': plan->jobs[plan->n++] = (struct job){JOB_TEXT, optarg}; return true;
  case 'q': plan->quiet = true; return true;
  case OPTION_JSON: session->output.json = true; return true;
  case OPTION_KEEP_GOING: session->keep_going = true; return true;
  case OPTION_DOMAIN: return setting_option(session, "domain", optarg);
  case OPTION_PRECISION: return setting_option(session, "precision", optarg);
  case OPTION_DIGITS: return setting_option(session, "digits", optarg);
  case OPTION_ECHO: return session->settings.echo = true;
  case OPTION_BIND: return add_binding(plan, optarg);
  case OPTION_COLOR: return set_colour(session, optarg ? optarg : "always");
  case OPTION_HELP: return plan->done = fputs(help_text, stdout) >= 0;
  case OPTION_VERSION: return plan->done = printf(version_text, tri_version()) > 0;
  default: return false;
  }
}

static bool read_options(struct session *session, struct plan *plan, int argc, char **argv) {
  int option;
  while (!plan->done && (option = getopt_long(argc, argv, "-e:q", long_options, NULL)) != -1)
    if (!take_option(session, plan, option)) return false;
  while (!plan->done && optind < argc) plan->jobs[plan->n++] = (struct job){.text = argv[optind++]};
  return true;
}

/* --- running */

static bool run_file(struct session *session, const char *path) {
  tri_error unopened;
  bool good = session_run_file(session, path, &unopened);
  if (unopened.status != TRI_OK) session_report(session, NULL, &unopened);
  return good;
}

static uint32_t lines_of(const char *text) {
  uint32_t lines = 1;
  while ((text = strchr(text, '\n'))) lines++, text++;
  return lines;
}

/* Several -e behave as lines of one text. */
static bool run_jobs(struct session *session, const struct plan *plan) {
  bool good = true;
  uint32_t line = 1;
  for (size_t i = 0; i < plan->n && (good || session->keep_going) && !session->quit && !interrupt;
       i++) {
    const struct job *job = &plan->jobs[i];
    bool done = job->kind == JOB_BIND ? bind_option(session, job->text)
                : job->kind == JOB_TEXT
                    ? session_run(session, "-e", job->text, strlen(job->text), line)
                    : run_file(session, job->text);
    good = good && done;
    if (job->kind == JOB_TEXT) line += lines_of(job->text);
  }
  return good;
}

/* Whether there is something to run, and not only names to be bound. */
static bool has_statements(const struct plan *plan) {
  for (size_t i = 0; i < plan->n; i++)
    if (plan->jobs[i].kind != JOB_BIND) return true;
  return false;
}

static bool run(struct session *session, const struct plan *plan) {
  bool good = run_jobs(session, plan);
  if (has_statements(plan) || !good) return good;
  if (!isatty(STDIN_FILENO)) return run_file(session, "-");
  if (!plan->quiet && !session->output.json)
    printf("triad %s: derivatives by dual numbers, by the tape, by formula. 'help' tells more, "
           "'quit' ends.\n",
           tri_version());
  interactive = 1;
  repl_run(session, &interrupt);
  return true;
}

static void tell_broken(const struct session *session) {
  if (session->output.broken)
    fprintf(stderr, "triad: cannot write to standard output: %s\n",
            strerror(session->output.broken_why));
}

static int finish(struct session *session, bool good) {
  output_flush(session);
  tell_broken(session);
  if (interrupt && !interactive) return EXIT_INTERRUPTED;
  return good && !session->output.broken ? EXIT_SUCCESS : EXIT_FAILED;
}

/* The exit status of a subcommand, or -1 if none is asked for. */
static int run_subcommand(struct session *session, int argc, char **argv) {
  for (size_t i = 0; argc > 1 && i < SUBCOMMANDS; i++)
    if (strcmp(argv[1], subcommands[i].name) == 0) {
      int status = subcommands[i].run(session, argc - 1, argv + 1);
      tell_broken(session);
      return status;
    }
  return -1;
}

int main(int argc, char **argv) {
  open_standard_streams();
  setlocale(LC_CTYPE, ""); /* characters only: numbers are the same everywhere */
  catch_signals();
  settle_products();
  struct session *session = session_new(stdout, stderr, &interrupt);
  struct plan plan = {.jobs = calloc((size_t)argc + 1, sizeof *plan.jobs)};
  int status = EXIT_FAILED;
  if (!session || !plan.jobs)
    fputs("triad: out of memory\n", stderr);
  else if ((status = run_subcommand(session, argc, argv)) >= 0)
    status = interrupt ? EXIT_INTERRUPTED : status;
  else if (!read_options(session, &plan, argc, argv))
    status = usage_error();
  else
    status = finish(session, plan.done || run(session, &plan));
  free(plan.jobs);
  session_free(session);
  return status;
}
