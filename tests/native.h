/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Whether there is native code to test, for tests that are compiled with NATIVE_BUILT. */
#ifndef TRIAD_TESTS_NATIVE_H
#define TRIAD_TESTS_NATIVE_H

#include <stdbool.h>
#include <stdio.h>
#include <triad.h>

static inline bool has_native(void) {
  tri_graph *own = tri_graph_new(NULL);
  tri_expr x = tri_variable(own, "x");
  tri_function *f = tri_compile(1, &x, 1, &x, .run = TRI_NATIVE, .native_module = NATIVE_BUILT);
  const char *why = "";
  bool native = tri_function_native(f, &why);
  if (!native) printf("# no native code: %s\n", why);
  tri_function_free(f);
  tri_graph_free(own);
  return native;
}

#endif
