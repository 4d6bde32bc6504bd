/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What subcommands have in common: a file defines the function that is meant; names of files. */
#include "subcommand.h"

#include <stdio.h>
#include <string.h>

bool subcommand_run_file(struct session *session, const char *path) {
  FILE *out = session->output.out;
  tri_error unopened;
  session->output.out = fopen("/dev/null", "w");
  if (!session->output.out) session->output.out = out;
  bool good = session_run_file(session, path, &unopened);
  if (session->output.out != out) fclose(session->output.out);
  session->output.out = out;
  if (unopened.status) session_report(session, NULL, &unopened);
  return good;
}

const struct definition *subcommand_function(const struct session *session, const char *subcommand,
                                             const char *path, const char *name) {
  if (name) {
    const struct definition *d = session_find(session, name, strlen(name));
    if (!d || !d->function)
      fprintf(stderr, "triad %s: %s defines no function %s\n", subcommand, path, name);
    return d && d->function ? d : NULL;
  }
  for (size_t i = session->n_definitions; i-- > 0;)
    if (session->definitions[i].function) return &session->definitions[i];
  fprintf(stderr, "triad %s: %s defines no function\n", subcommand, path);
  return NULL;
}

bool subcommand_ends_in(const char *path, const char *ending) {
  size_t size = strlen(path), n = strlen(ending);
  return size > n && strcmp(path + size - n, ending) == 0;
}
