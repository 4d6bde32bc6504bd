/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What tests of functions of arrays share: one graph for each test, and calls that have to succeed. */
#ifndef TRIAD_TESTS_EVAL_HELPER_H
#define TRIAD_TESTS_EVAL_HELPER_H

#include <check.h>
#include <triad.h>

static tri_graph *g;

static inline void set_up(void) { g = tri_graph_new(NULL); }
static inline void tear_down(void) {
  tri_graph_free(g);
  tri_thread_cleanup();
}

static inline void ok(tri_status status) {
  ck_assert_msg(status == TRI_OK, "%s: %s", tri_status_code(status), tri_graph_error(g)->message);
}

#endif
