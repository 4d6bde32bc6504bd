/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The triad program. */
#include <stdio.h>
#include <string.h>

#include <triad.h>

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--version") == 0) {
    printf("triad %s\n", tri_version());
    return 0;
  }
  fputs("usage: triad --version\n", stderr);
  return 2;
}
