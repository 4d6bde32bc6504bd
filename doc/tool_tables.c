/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Prints the manual's tables of functions of arrays, of the tool's calls, or of its commands and settings, in Texinfo, from the tables
 * that the tool itself is driven by. Examples are run, so what stands below them is what comes out. */
#include <stdlib.h>
#include <string.h>

#include "tools/calls.h"
#include "tools/commands.h"

static void escaped(const char *text, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (text[i] == '@' || text[i] == '{' || text[i] == '}') putchar('@');
    putchar(text[i]);
  }
}

static void puts_escaped(const char *text) { escaped(text, strlen(text)); }

/* What an example prints, in a session of its own. */
static void put_results(const char *example) {
  char *bytes = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&bytes, &size);
  static const volatile int never = 0;
  struct session *session = out ? session_new(out, out, &never) : NULL;
  if (!session || !session_run(session, "example", example, strlen(example), 1)) exit(1);
  session_free(session);
  if (fclose(out) != 0) exit(1);
  escaped(bytes, size);
  free(bytes);
}

static void entry(const char *usage, const char *help, const char *example, bool run) {
  printf("@item ");
  puts_escaped(usage);
  putchar('\n');
  puts_escaped(help);
  printf(".\n@example\n");
  puts_escaped(example);
  putchar('\n');
  if (run) put_results(example);
  printf("@end example\n\n");
}

static void put_calls(void) {
  for (size_t i = 0; i < call_count; i++)
    entry(call_rows[i].usage, call_rows[i].help, call_rows[i].example, true);
}

static void put_arrays(void) {
  for (size_t i = 0; i < tri__array_function_count; i++)
    entry(tri__array_functions[i].usage, tri__array_functions[i].help,
          tri__array_functions[i].example, true);
}

static void put_commands(void) {
  for (size_t i = 0; i < command_count; i++)
    entry(command_rows[i].usage, command_rows[i].help, command_rows[i].example,
          strcmp(command_rows[i].name, "help") != 0);
}

static void put_settings(void) {
  for (size_t i = 0; i < setting_count; i++) {
    char usage[80];
    snprintf(usage, sizeof usage, "set %s %s", setting_rows[i].name,
             setting_rows[i].values ? setting_rows[i].values : "N");
    entry(usage, setting_rows[i].help, setting_rows[i].example, true);
  }
}

int main(int argc, char **argv) {
  printf("@table @code\n");
  if (argc > 1 && strcmp(argv[1], "calls") == 0)
    put_calls();
  else if (argc > 1 && strcmp(argv[1], "arrays") == 0)
    put_arrays();
  else
    put_commands(), put_settings();
  printf("@end table\n");
  return 0;
}
