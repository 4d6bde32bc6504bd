/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Sessions from within: what outlives a statement, memory, saving, reading in pieces,
 * completion. */
#include "tests/runner.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/calls.h"
#include "tools/commands.h"
#include "tools/input.h"
#include "tools/repl.h"
#include "tools/scan.h"
#include "tools/session.h"

/* A session whose output is kept in memory. */
struct kept {
  struct session *session;
  FILE *out;
  char *bytes;
  size_t size;
};

static void open_kept(struct kept *k) {
  k->out = open_memstream(&k->bytes, &k->size);
  ck_assert_ptr_nonnull(k->out);
  k->session = session_new(k->out, k->out, NULL);
  ck_assert_ptr_nonnull(k->session);
}

static void close_kept(struct kept *k) {
  session_free(k->session);
  fclose(k->out);
  free(k->bytes);
}

static bool run(struct kept *k, const char *text) {
  return session_run(k->session, "test", text, strlen(text), 1);
}

/* Runs text and compares what it printed. */
static void prints(struct kept *k, const char *text, const char *expected) {
  fflush(k->out);
  size_t before = k->size;
  ck_assert_msg(run(k, text), "%s: %s", text, k->bytes + before);
  fflush(k->out);
  ck_assert_str_eq(k->bytes + before, expected);
}

/* --- memory */

START_TEST(statements_leave_nothing) {
  struct kept k;
  open_kept(&k);
  ck_assert(run(&k, "f(x, y) = x^2*y + y + 2; a = 7"));
  uint32_t nodes = 0;
  size_t bytes = 0;
  for (int i = 0; i < 3000; i++) {
    char text[200];
    snprintf(text, sizeof text,
             "f(%d, a + 1/%d); gradient(f, %d, 4); hessian(f)(%d, 5); diff(f, x, %d); sin(x%d) + ",
             i, i + 1, i, i, i % 5, i);
    run(&k, text); /* the last one fails */
    if (i == 100)
      nodes = tri_graph_size(k.session->graph), bytes = tri_graph_bytes(k.session->graph);
  }
  ck_assert_uint_eq(tri_graph_size(k.session->graph), nodes);
  ck_assert_uint_le(tri_graph_bytes(k.session->graph), bytes + 4096);
  prints(&k, "f(3, 4); a", "42\n7\n");
  close_kept(&k);
}
END_TEST

/* Names bound again and again: what they were bound to is given back in time, and what is in use
 * stays as it is. */
START_TEST(redefinitions_do_not_pile_up) {
  struct kept k;
  open_kept(&k);
  ck_assert(run(&k, "f(x, y) = x^2*y + sin(y) + 2/3; g = gradient(f); b = [1/3, q]"));
  for (int i = 0; i < 3000; i++) {
    char text[600] = "", term[40];
    size_t used = (size_t)snprintf(text, sizeof text, "c = 0");
    for (int j = 0; j < 30; j++) {
      snprintf(term, sizeof term, " + sin(x%d)^%d", i, j + 2);
      used += (size_t)snprintf(text + used, sizeof text - used, "%s", term);
    }
    ck_assert_msg(run(&k, text), "%s", k.bytes);
  }
  ck_assert_uint_lt(tri_graph_size(k.session->graph), 250000);
  ck_assert_uint_gt(k.session->compacted, 0);
  prints(&k, "f(3, 0); g(3, 0); b; clear c; f",
         "0.6666666666666666\n[0, 10]\n[1/3, q]\nx^2*y + sin(y) + 2/3\n");
  /* The primal of a derivative moved along: log has no value at -1. */
  ck_assert(run(&k, "l(x) = log(x); m = gradient(l)"));
  for (int i = 0; i < 3000; i++) {
    char text[100];
    snprintf(text, sizeof text,
             "c = sin(sin(sin(x%d))) + cos(cos(cos(sin(y%d*x%d)))) + exp(z%d)^%d", i, i, i, i,
             i % 7 + 2);
    for (int j = 0; j < 5; j++) ck_assert(run(&k, text));
  }
  ck_assert(!run(&k, "m(-1)"));
  prints(&k, "m(2)", "[0.5]\n");
  close_kept(&k);
}
END_TEST

/* Loops and named sizes are still what they were in the graph that the session moves to. */
START_TEST(loops_move) {
  struct kept k;
  open_kept(&k);
  ck_assert(run(&k, "array z[m]; f(x[n]) = sum(sum(x[i]*x[j], j=1..n)/n, i=1..n); a = f(z)"));
  for (int i = 0; i < 3000 && !k.session->compacted; i++) {
    char text[600] = "";
    size_t used = (size_t)snprintf(text, sizeof text, "c = 0");
    for (int j = 0; j < 30; j++)
      used += (size_t)snprintf(text + used, sizeof text - used, " + sin(x%d)^%d", i, j + 2);
    ck_assert_msg(run(&k, text), "%s", k.bytes);
  }
  ck_assert_uint_gt(k.session->compacted, 0);
  prints(&k, "f([1, 2, 3, 4]); value(a, z=[1, 2, 3, 4])", "25\n25\n");
  close_kept(&k);
}
END_TEST

START_TEST(clearing_all_gives_everything_back) {
  struct kept k;
  open_kept(&k);
  uint32_t before = tri_graph_size(k.session->graph);
  ck_assert(run(&k, "f(x) = sin(x); a = f(3) + z; clear"));
  ck_assert_uint_eq(tri_graph_size(k.session->graph), before);
  prints(&k, "a + a", "2*a\n");
  close_kept(&k);
}
END_TEST

/* --- saving: what is loaded means the same, whatever was bound to what in the meantime */

START_TEST(saving_keeps_meanings) {
  static const char *const sessions[] = {
      "f(x, y) = x^2*y + y + 2; a = 1/3; g(x) = a*x; a = 5",
      "y = x + 1; x = 5",
      "x = 5; h(x) = x + z; z = 3; k(t) = h(t)*z",
      "t1 = 4; f(x) = sin(x)*t1",
      "u = v; v = w; w = 2; p = u + v",
      "m = [[a, 1/3], [b, pi]]; d = 3 + eps; r(x) = select(x < 1 and x > -1, x^2, abs(x))",
      "f(x) = x; g = f; f(x) = x + 1",
  };
  char path[] = "tool-saved-XXXXXX";
  int fd = mkstemp(path);
  ck_assert_int_ge(fd, 0);
  close(fd);
  for (size_t i = 0; i < sizeof sessions / sizeof *sessions; i++) {
    struct kept k, other;
    char command[64];
    open_kept(&k);
    open_kept(&other);
    ck_assert(run(&k, sessions[i]));
    snprintf(command, sizeof command, "save %s", path);
    ck_assert_msg(run(&k, command), "%s", k.bytes);
    snprintf(command, sizeof command, "load %s", path);
    ck_assert_msg(run(&other, command), "%s", other.bytes);
    ck_assert_uint_eq(k.session->n_definitions, other.session->n_definitions);
    for (size_t n = 0; n < k.session->n_definitions; n++) {
      char show[64];
      snprintf(show, sizeof show, "show %s", k.session->definitions[n].name);
      fflush(k.out);
      size_t before = k.size;
      ck_assert(run(&k, show));
      fflush(k.out);
      prints(&other, show, k.bytes + before);
    }
    close_kept(&k);
    close_kept(&other);
  }
  unlink(path);
}
END_TEST

/* A body with parts that are printed as t1 = … comes back, and the names of the parts do not
 * stay. */
START_TEST(saving_shared_parts) {
  struct kept k;
  char path[] = "tool-parts-XXXXXX", command[64];
  int fd = mkstemp(path);
  ck_assert_int_ge(fd, 0);
  close(fd);
  open_kept(&k);
  ck_assert(run(&k, "f(x) = x + sin(x)"));
  for (int i = 0; i < 12; i++)
    ck_assert(run(&k, "g(x) = f(x)*cos(f(x) + exp(f(x)/(1 + x))) + log(1 + f(x)^2); f = g"));
  fflush(k.out);
  prints(&k, "clear g; value(f, 0)", "0\n");
  snprintf(command, sizeof command, "save %s", path);
  ck_assert_msg(run(&k, command), "%s", k.bytes);
  snprintf(command, sizeof command, "clear; load %s", path);
  ck_assert_msg(run(&k, command), "%s", k.bytes);
  ck_assert_uint_eq(k.session->n_definitions, 1);
  prints(&k, "value(f, 0)", "0\n");
  close_kept(&k);
  unlink(path);
}
END_TEST

/* --- where statements end */

START_TEST(statements_end_outside_brackets) {
  static const struct {
    const char *text;
    size_t end;
  } cases[] = {{"1; 2", 1},         {"(1\n)\n", 4},  {"\"a;\"; 2", 4}, {"# ; (\n2", 5},
               {"\"\\\";\"; 1", 5}, {"(1; 2\n)", 5}, {"a[\n]; b", 4},  {")\n", 1},
               {"\"open\n2", 5},    {"1", 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct scan scan = {0};
    ck_assert_uint_eq(scan_statement(&scan, cases[i].text, 0, strlen(cases[i].text)), cases[i].end);
  }
}
END_TEST

START_TEST(positions_count_cells) {
  const char *text = "a\t漢字é\xff\nb";
  struct position p = {0, 1, 1};
  position_advance(&p, text, strlen(text) - 2);
  ck_assert_uint_eq(p.column, 1 + 2 + 4 + 1 + 1);
  position_advance(&p, text, strlen(text));
  ck_assert_uint_eq(p.line, 2);
  ck_assert_uint_eq(p.column, 2);
}
END_TEST

/* --- input in pieces */

static int file_with(const char *text, size_t size) {
  char path[] = "tool-input-XXXXXX";
  int fd = mkstemp(path);
  ck_assert_int_ge(fd, 0);
  unlink(path);
  ck_assert_int_eq(write(fd, text, size), (ssize_t)size);
  ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
  return fd;
}

START_TEST(input_is_bounded) {
  char text[400000];
  memset(text, 'x', sizeof text);
  memcpy(text, "1\n(2\n3)\n", 8);
  memcpy(text + 350000, "\n4\n(\n", 5);
  struct input input = {.fd = file_with(text, sizeof text), .limit = 1000, .line = 1};
  const char *lines;
  size_t size;
  uint32_t line;
  tri_error error;
  ck_assert_int_eq(input_next(&input, &lines, &size, &line, &error), TRI_OK);
  ck_assert(size == 2 && memcmp(lines, "1\n", 2) == 0 && line == 1);
  ck_assert_int_eq(input_next(&input, &lines, &size, &line, &error), TRI_OK);
  ck_assert(size == 6 && memcmp(lines, "(2\n3)\n", 6) == 0 && line == 2);
  ck_assert_int_eq(input_next(&input, &lines, &size, &line, &error), TRI_LIMIT);
  ck_assert_uint_eq(error.line, 4);
  ck_assert_uint_lt(input.capacity, 300000);
  ck_assert_int_eq(input_next(&input, &lines, &size, &line, &error), TRI_OK);
  ck_assert(size == 2 && memcmp(lines, "4\n", 2) == 0 && line == 5);
  ck_assert_int_eq(input_next(&input, &lines, &size, &line, &error),
                   TRI_LIMIT); /* an open bracket, and then too much */
  ck_assert_int_eq(input_next(&input, &lines, &size, &line, &error), TRI_OK);
  ck_assert_uint_eq(size, 0);
  input_close(&input);
}
END_TEST

/* --- completion */

static void completes(const struct session *session, const char *line, const char *expected) {
  char found[4000] = "";
  size_t start = strlen(line);
  while (start > 0 && line[start - 1] != ' ' && line[start - 1] != '(') start--;
  for (size_t i = 0;; i++) {
    char *name = repl_complete(session, line, start, strlen(line), i);
    if (!name) break;
    strcat(found, name);
    strcat(found, " ");
    free(name);
  }
  ck_assert_str_eq(found, expected);
}

START_TEST(completion) {
  struct kept k;
  open_kept(&k);
  ck_assert(run(&k, "gravity = 9.81; setting(x) = x"));
  completes(k.session, "gra", "gravity gradient grad gradcheck graph ");
  completes(k.session, "1 + sin(cos", "cos cosh ");
  completes(k.session, "se", "set setting sec sech select ");
  completes(k.session, "set d", "domain digits ");
  completes(k.session, "set domain ", "double float rational mpfr ball ");
  completes(k.session, "1; set domain r", "rational ");
  completes(k.session, "show g", "gravity ");
  completes(k.session, "clear ", "gravity setting ");
  completes(k.session, "help com", "commands ");
  completes(k.session, "nothing", "");
  close_kept(&k);
}
END_TEST

/* --- the tables */

START_TEST(tables_are_whole) {
  for (size_t i = 0; i < call_count; i++) {
    const struct call_row *row = &call_rows[i];
    ck_assert_ptr_eq(call_find(row->name, strlen(row->name)), row);
    ck_assert(row->help && *row->help && row->usage &&
              strncmp(row->usage, row->name, strlen(row->name)) == 0);
    ck_assert_ptr_nonnull(strstr(row->example, row->name));
    ck_assert_uint_eq(tri_op_find(row->name), TRI_OP_COUNT); /* no function has the same name */
    ck_assert_ptr_null(command_find(row->name, strlen(row->name)));
  }
  for (size_t i = 0; i < command_count; i++)
    ck_assert_ptr_nonnull(strstr(command_rows[i].example, command_rows[i].name));
  for (size_t i = 0; i < setting_count; i++)
    ck_assert_ptr_nonnull(strstr(setting_rows[i].example, setting_rows[i].name));
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("session");
  TCase *c = tcase_create("session");
  tcase_set_timeout(c, 120);
  tcase_add_test(c, statements_leave_nothing);
  tcase_add_test(c, redefinitions_do_not_pile_up);
  tcase_add_test(c, loops_move);
  tcase_add_test(c, clearing_all_gives_everything_back);
  tcase_add_test(c, saving_keeps_meanings);
  tcase_add_test(c, saving_shared_parts);
  tcase_add_test(c, statements_end_outside_brackets);
  tcase_add_test(c, positions_count_cells);
  tcase_add_test(c, input_is_bounded);
  tcase_add_test(c, completion);
  tcase_add_test(c, tables_are_whole);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("session", suite); }
