/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Large texts: limits, interrupts, any depth in linear time and with a small stack. */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "tests/graph/printing.h"
#include "tests/runner.h"

/* --- limits */

START_TEST(limits_of_text) {
  tri_graph *g = tri_graph_new(&(tri_graph_options){.limits.text = 1000});
  tri_text text = {0};
  tri_print_options tree = {.as_tree = 1};
  for (int format = TRI_INFIX; format <= TRI_C; format++) {
    tree.format = (tri_format)format;
    ck_assert_int_eq(tri_print(repeated_squares(g, 200), &tree, &text), TRI_LIMIT);
    ck_assert_uint_eq(text.size, 0);
    ck_assert_ptr_nonnull(strstr(tri_graph_error(g)->message, "1000"));
    tri_graph_clear_error(g);
  }
  tri_print_options dot = {.format = TRI_DOT};
  ck_assert_int_eq(tri_print(repeated_squares(g, 200), &dot, &text), TRI_LIMIT);
  tri_graph_clear_error(g);
  tri_expr e = tri_variable(g, "x");
  for (int i = 0; i < 199; i++) e = tri_sin(e); /* 5 · 199 + 1 = 996 characters */
  ck_assert_int_eq(tri_print(e, NULL, &text), TRI_OK);
  ck_assert_uint_eq(text.size, 996);
  ck_assert_int_eq(tri_print(tri_sin(e), NULL, &text), TRI_LIMIT);
  ck_assert_uint_eq(text.size, 996); /* what was there stays, and no more */
  ck_assert_uint_eq(strlen(text.data), 996);
  tri_graph_clear_error(g);
  ck_assert_int_eq(tri_print(tri_log(tri_variable(g, "x")), NULL, &text), TRI_OK);
  ck_assert_str_eq(text.data + 996, "log(x)");
  tri_text_free(&text);
  tri_expr wrong = tri_div(e, tri_sqrt(tri_add(e, tri_rational(g, 1, 0))));
  ck_assert_int_eq(tri_print(wrong, NULL, &text), TRI_DOMAIN);
  ck_assert_int_eq(tri_print(e, NULL, NULL), TRI_ARGUMENT);
  tri_graph_free(g);
}
END_TEST

static volatile int interrupt_flag;

START_TEST(printing_can_be_interrupted) {
  tri_graph *g = tri_graph_new(&(tri_graph_options){.interrupt = &interrupt_flag});
  tri_expr e = tri_variable(g, "x");
  for (int i = 0; i < 20000; i++) e = tri_sin(e);
  interrupt_flag = 1;
  for (int format = TRI_INFIX; format <= TRI_DOT; format++) {
    tri_text text = {0};
    tri_print_options options = {.format = (tri_format)format};
    ck_assert_int_eq(tri_print(e, &options, &text), TRI_INTERRUPTED);
    tri_text_free(&text);
    tri_graph_clear_error(g);
  }
  interrupt_flag = 0;
  tri_graph_free(g);
}
END_TEST

/* --- depth: all formats with a stack of 256 KiB */

static tri_expr deep(tri_graph *g, int kind, int n) {
  tri_expr x = tri_variable(g, "x"), e = x;
  for (int i = 0; i < n; i++) {
    char name[16];
    snprintf(name, sizeof name, "x%d", i);
    switch (kind) {
    case 0: e = tri_sin(e); break;
    case 1: e = tri_add(e, tri_variable(g, name)); break;
    case 2: e = tri_mul(e, tri_variable(g, name)); break;
    case 3: e = tri_sub(x, tri_div(tri_integer(g, i % 7 + 2), e)); break;
    case 4: e = tri_pow(x, e); break;
    default: e = tri_add(tri_mul(e, e), x); break;
    }
  }
  return e;
}

static void *print_deep(void *data) {
  static const int sizes[] = {1000000, 1000000, 100000, 30000, 30000, 30000};
  for (int kind = 0; kind < 6; kind++) {
    tri_graph *g = tri_graph_new(NULL);
    tri_expr e = deep(g, kind, sizes[kind]);
    for (int format = TRI_INFIX; format <= (kind == 1 ? TRI_INFIX : TRI_DOT); format++) {
      tri_text text = {0};
      tri_print_options options = {.format = (tri_format)format};
      tri_status status = tri_print(e, &options, &text);
      if (status && !(format == TRI_DOT && status == TRI_LIMIT)) *(tri_status *)data = status;
      if (kind == 0 && format == TRI_INFIX && text.size != 5000001)
        *(tri_status *)data = TRI_UNKNOWN;
      tri_text_free(&text);
      tri_graph_clear_error(g);
    }
    tri_graph_free(g);
  }
  return NULL;
}

START_TEST(any_depth) {
  pthread_attr_t attributes;
  pthread_t thread;
  tri_status status = TRI_OK;
  pthread_attr_init(&attributes);
  ck_assert_int_eq(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
  clock_t start = clock();
  ck_assert_int_eq(pthread_create(&thread, &attributes, print_deep, &status), 0);
  pthread_join(thread, NULL);
  pthread_attr_destroy(&attributes);
  ck_assert_int_eq(status, TRI_OK);
  printf("# %.2f s\n", (double)(clock() - start) / CLOCKS_PER_SEC);
}
END_TEST

/* The time of a text grows as its size. */
START_TEST(linear_time) {
  for (int kind = 0; kind < 6; kind++) {
    double seconds[2] = {1e9, 1e9};
    for (int large = 0; large < 2; large++) {
      tri_graph *g = tri_graph_new(NULL);
      tri_expr e = deep(g, kind, large ? 160000 : 20000);
      for (int tries = 0; tries < 3; tries++) {
        clock_t start = clock();
        tri_text text = print_as(e, TRI_INFIX);
        double took = (double)(clock() - start) / CLOCKS_PER_SEC;
        if (took < seconds[large]) seconds[large] = took;
        tri_text_free(&text);
      }
      tri_graph_free(g);
    }
    ck_assert_msg(seconds[1] < 24 * seconds[0] + 0.05, "kind %d: %g s, then %g s", kind, seconds[0],
                  seconds[1]); /* 8 times the size: 64 times for a quadratic method */
  }
}
END_TEST

static Suite *suite(void) {
  return tri_test_suite("print_sizes", 0, NULL, NULL, limits_of_text, printing_can_be_interrupted,
                        any_depth, linear_time);
}

int main(void) { return tri_test_main("test_print_sizes", suite); }
