/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The interactive tool on a terminal of its own: what is typed, and what must then be seen. */
#include "config.h"

#include "tests/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE = 60 }; /* seconds until something must have been seen */

struct terminal {
  int fd;
  pid_t pid;
  char seen[1 << 20];
  size_t size, from; /* from: where what is expected next may begin */
};

static struct terminal t;
static char home[4096];

/* The tool with arguments, on a terminal of this kind in this locale. */
static void start_with(const char *terminal, const char *locale, char *const *arguments) {
  const char *tool = getenv("TRIAD");
  if (!tool) tool = "./triad";
  t.size = t.from = 0;
  t.fd = posix_openpt(O_RDWR | O_NOCTTY);
  ck_assert_int_ge(t.fd, 0);
  ck_assert_int_eq(grantpt(t.fd) | unlockpt(t.fd), 0);
  ck_assert_int_eq(ioctl(t.fd, TIOCSWINSZ, &(struct winsize){.ws_row = 24, .ws_col = 80}), 0);
  char *name = ptsname(t.fd);
  t.pid = fork();
  ck_assert_int_ge(t.pid, 0);
  if (t.pid > 0) return;
  setsid();
  int fd = open(name, O_RDWR);
  if (fd < 0 || dup2(fd, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0) _exit(99);
  ioctl(0, TIOCSCTTY, 0);
  setenv("TERM", terminal, 1);
  setenv("LC_ALL", locale, 1);
  unsetenv("NO_COLOR");
  setenv("INPUTRC", "/dev/null", 1);
  setenv("XDG_STATE_HOME", home, 1);
  execv(tool, arguments);
  _exit(99);
}

static void start(void) { start_with("dumb", "C.UTF-8", (char *[]){"triad", NULL}); }

/* Waits until `text` is seen behind what was expected before. */
static void expect(const char *text) {
  time_t end = time(NULL) + PATIENCE;
  for (;;) {
    t.seen[t.size] = '\0';
    char *found = strstr(t.seen + t.from, text);
    if (found) {
      t.from = (size_t)(found - t.seen) + strlen(text);
      return;
    }
    struct pollfd file = {.fd = t.fd, .events = POLLIN};
    ck_assert_msg(time(NULL) < end, "not seen: '%s' in '%s'", text, t.seen + t.from);
    if (poll(&file, 1, 1000) <= 0) continue;
    ssize_t n = read(t.fd, t.seen + t.size, sizeof t.seen - 1 - t.size);
    ck_assert_msg(n > 0 || errno == EINTR, "the end, and not seen: '%s' in '%s'", text,
                  t.seen + t.from);
    if (n > 0) t.size += (size_t)n;
  }
}

static void type(const char *keys) {
  ck_assert_int_eq(write(t.fd, keys, strlen(keys)), (ssize_t)strlen(keys));
}

/* Types a line at the prompt and waits for what it prints, and for the next prompt. */
static void say(const char *line, const char *answer) {
  type(line);
  type("\n");
  expect("\n");
  expect(answer);
  expect("triad> ");
}

static int finish(void) {
  int status;
  char rest[4096];
  while (read(t.fd, rest, sizeof rest) > 0) continue;
  ck_assert_int_eq(waitpid(t.pid, &status, 0), t.pid);
  close(t.fd);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

START_TEST(a_session) {
  start();
  expect("'help' tells more");
  expect("triad> ");
  type("f(x, y) = x²y + y + 2\n");
  expect("triad> ");
  say("f(3, 4)", "42\r\n");
  say("f(3 + ε, 4)", "42 + 24ε\r\n"); /* Unicode on a UTF-8 terminal */
  say("1/0", "4:2: domain error: division by zero (column 2)\r\n  1/0\r\n   ^\r\n");
  say("f(3, 4)", "42\r\n"); /* nothing is lost */
  say("1; f(2; 3", "1\r\n6:7: syntax error");
  type("f(3,\n");
  expect("...> ");
  say("4)", "42\r\n");
  type("quit\n");
  ck_assert_int_eq(finish(), 0);
}
END_TEST

START_TEST(interrupts) {
  start();
  expect("triad> ");
  say("a = 6*7; a", "42\r\n");
  type("1 + 2 +");
  expect("1 + 2 +");
  type("\003"); /* Ctrl-C */
  expect("triad> ");
  say("a", "42\r\n");
  type("(1 +\n");
  expect("...> ");
  type("\003");
  expect("triad> ");
  say("a + 1", "43\r\n");
  /* A long computation: stopped, and what was there before is still there. */
  type("diff(exp(sin(x)*cos(x))/(1 + x^2), x, 1000)\n");
  expect("\n");
  usleep(300000);
  type("\003");
  expect("interrupted");
  expect("triad> ");
  say("a", "42\r\n");
  type("\004"); /* Ctrl-D */
  ck_assert_int_eq(finish(), 0);
}
END_TEST

#ifdef HAVE_READLINE
START_TEST(completion_and_history) {
  char path[sizeof home + 32];
  start();
  expect("triad> ");
  type("hessi\t(x^2)\n");
  expect("hessian(x^2)");
  expect("[[2]]");
  expect("triad> ");
  type("set do\trat\t\n"); /* a blank stands behind a setting */
  expect("triad> ");
  say("1/3 + 1/6", "1/2\r\n");
  type("1 + (2 +\n");
  expect("...> ");
  say("3)", "6\r\n");
  type("\020\n"); /* Ctrl-P: what was typed over several lines comes back in one piece */
  expect("1 + (2 + 3)");
  expect("6\r\n");
  expect("triad> ");
  type("\020\020\020\020\n"); /* four statements back */
  expect("hessian(x^2)");
  expect("[[2]]");
  expect("triad> ");
  type("quit\n");
  ck_assert_int_eq(finish(), 0);
  snprintf(path, sizeof path, "%s/triad/history", home);
  struct stat st;
  ck_assert_int_eq(stat(path, &st), 0);
  ck_assert_uint_eq(st.st_mode & 077, 0);
  start(); /* the next session remembers */
  expect("triad> ");
  type("\020\020\n");
  expect("hessian(x^2)");
  expect("[[2]]");
  type("quit\n");
  ck_assert_int_eq(finish(), 0);
}
END_TEST
#endif

#if HAVE_JANSSON
/* What training prints is in the terminal's characters and colours; one that has none gets lines. */
START_TEST(progress_of_training) {
  static const struct {
    const char *terminal, *locale, *epoch, *expected;
  } cases[] = {
      {"xterm", "C.UTF-8", "Epoch 2/2\r\n", "\r\33[1m1/1\33[0m \33[32m━━━━━━━━━━━━━━━━━━━━\33[0m "},
      {"xterm", "C", "Epoch 2/2\r\n", "\r\33[1m1/1\33[0m \33[32m====================\33[0m "},
      {"dumb", "C.UTF-8", "\r\nepoch 2/2 - ", "\r\n"}};
  const char *source = getenv("abs_srcdir");
  char config[4096], data[4096], output[sizeof home + 32];
  snprintf(config, sizeof config, "%s/examples/xor.json", source ? source : "..");
  snprintf(data, sizeof data, "--data=%s/examples/xor.csv", source ? source : "..");
  snprintf(output, sizeof output, "--output=%s/xor.triad", home);
  start_with(cases[_i].terminal, cases[_i].locale,
             (char *[]){"triad", "train", config, data, output, "--epochs=2", NULL});
  expect(cases[_i].epoch);
  expect(cases[_i].expected);
  finish();
}
END_TEST
#endif

static Suite *suite(void) {
  Suite *s = suite_create("repl");
  TCase *c = tcase_create("repl");
  tcase_set_timeout(c, 120);
  tcase_add_test(c, a_session);
  tcase_add_test(c, interrupts);
#if HAVE_JANSSON
  tcase_add_loop_test(c, progress_of_training, 0, 3);
#endif
#ifdef HAVE_READLINE
  tcase_add_test(c, completion_and_history);
#endif
  suite_add_tcase(s, c);
  return s;
}

int main(void) {
  char name[] = "tool-home-XXXXXX";
  if (!mkdtemp(name) || !realpath(name, home)) return EXIT_FAILURE;
  int status = tri_test_main("repl", suite);
  char command[64];
  snprintf(command, sizeof command, "rm -rf %s", name);
  return system(command) == 0 ? status : EXIT_FAILURE;
}
