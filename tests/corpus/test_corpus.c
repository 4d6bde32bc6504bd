/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The corpus of problems with their numbers (corpus.txt; make.py says how they were made) against the tool: in double, in MPFR, with
 * certain digits, and verified. */
#include <gmp.h>
#include <math.h>
#include <mpfr.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/runner.h"

#include "tools/session.h"

/* --- the file */

enum { FIELDS = 4, MOST = 128, BITS = 400, LONGEST = 40000 };

struct problem {
  char *fields[FIELDS]; /* what, expression, point, numbers */
  unsigned line;
};

static char *corpus;
static struct problem *problems;
static size_t n_problems;

/* Cuts text at the separator, in place; the rest, or NULL at the end. */
static char *cut(char *text, const char *separator) {
  char *at = strstr(text, separator);
  if (!at) return NULL;
  *at = 0;
  return at + strlen(separator);
}

static char *read_all(const char *path) {
  FILE *file = fopen(path, "rb");
  ck_assert_msg(file != NULL, "%s cannot be read", path);
  fseek(file, 0, SEEK_END);
  size_t size = (size_t)ftell(file);
  rewind(file);
  char *text = malloc(size + 1);
  ck_assert(text && fread(text, 1, size, file) == size);
  text[size] = 0;
  fclose(file);
  return text;
}

static void add_problem(char *line, unsigned number) {
  problems = realloc(problems, (n_problems + 1) * sizeof *problems);
  ck_assert_ptr_nonnull(problems);
  struct problem *p = &problems[n_problems++];
  *p = (struct problem){.line = number};
  for (size_t i = 0; i < FIELDS && line; i++) {
    p->fields[i] = line;
    line = cut(line, " | ");
  }
  ck_assert_msg(p->fields[2] != NULL, "corpus.txt:%u: fields are missing", number);
}

static void open_corpus(void) {
  const char *sources = getenv("abs_srcdir");
  char path[4096];
  snprintf(path, sizeof path, "%s/tests/corpus/corpus.txt", sources ? sources : ".");
  corpus = read_all(path);
  unsigned number = 1;
  for (char *line = corpus, *next; line; line = next, number++) {
    next = cut(line, "\n");
    if (*line && *line != '#') add_problem(line, number);
  }
}

static void close_corpus(void) {
  free(problems);
  free(corpus);
  problems = NULL;
  n_problems = 0;
}

static bool is(const struct problem *p, const char *what) {
  size_t size = strlen(what);
  return !strncmp(p->fields[0], what, size) && (!p->fields[0][size] || p->fields[0][size] == ' ');
}

/* --- numbers, read without the locale */

static bool number_read(mpfr_t to, const char *text, size_t size) {
  char digits[600];
  size_t n = 0, i = 0;
  long exponent = 0, shown = 0;
  bool point = false, negative = size && text[0] == '-';
  if (size == 3 + negative && !memcmp(text + negative, "inf", 3)) {
    mpfr_set_inf(to, negative ? -1 : 1);
    return true;
  }
  for (i = negative; i < size && n < sizeof digits - 1; i++) {
    if (text[i] == '.' && !point) {
      point = true;
    } else if (text[i] >= '0' && text[i] <= '9') {
      digits[n++] = text[i];
      exponent -= point;
    } else {
      break;
    }
  }
  digits[n] = 0;
  if (!n) return false;
  if (i < size && text[i] == 'e') {
    bool minus = text[++i] == '-';
    for (i += minus; i < size && text[i] >= '0' && text[i] <= '9'; i++)
      shown = 10 * shown + (text[i] - '0');
    exponent += minus ? -shown : shown;
  }
  mpz_t whole;
  mpfr_t power;
  mpz_init_set_str(whole, digits, 10);
  mpfr_init2(power, BITS + 100);
  mpfr_ui_pow_ui(power, 10, (unsigned long)labs(exponent), MPFR_RNDN);
  mpfr_set_z(to, whole, MPFR_RNDN);
  (exponent < 0 ? mpfr_div : mpfr_mul)(to, to, power, MPFR_RNDN);
  if (negative) mpfr_neg(to, to, MPFR_RNDN);
  mpfr_clear(power);
  mpz_clear(whole);
  return i == size;
}

/* A number that is expected, and its tolerance in double. */
struct expected {
  mpfr_t value;
  double tolerance;
};

static const double LEAST = 1e-12;

static void expected_read(struct expected *e, const char *text) {
  const char *wave = strchr(text, '~');
  size_t size = wave ? (size_t)(wave - text) : strlen(text);
  mpfr_init2(e->value, BITS);
  ck_assert_msg(number_read(e->value, text, size), "corpus.txt: %s is no number", text);
  mpfr_t tolerance;
  mpfr_init2(tolerance, 53);
  e->tolerance = mpfr_zero_p(e->value) ? 0 : LEAST;
  if (wave) {
    char plain[40] = "";
    size_t n = 0;
    for (const char *c = wave + 1; *c && n + 1 < sizeof plain; c++)
      if (*c != '+') plain[n++] = *c;
    ck_assert(number_read(tolerance, plain, n));
    e->tolerance = mpfr_get_d(tolerance, MPFR_RNDN);
  }
  mpfr_clear(tolerance);
}

/* --- running statements */

struct run {
  struct session *session;
  FILE *out;
  char *bytes;
  size_t size, start; /* what the last statement printed begins at start */
  char *failures;
  FILE *report;
  size_t report_size;
  unsigned failed, done;
};

static void run_statement(struct run *r, const char *text) {
  fflush(r->out);
  r->start = r->size;
  session_run(r->session, "corpus", text, strlen(text), 1);
  fflush(r->out);
}

static void open_run(struct run *r, const char *settings) {
  *r = (struct run){0};
  r->out = open_memstream(&r->bytes, &r->size);
  r->report = open_memstream(&r->failures, &r->report_size);
  ck_assert(r->out && r->report);
  r->session = session_new(r->out, r->out, NULL);
  ck_assert_ptr_nonnull(r->session);
  r->session->keep_going = true;
  run_statement(r, settings);
  ck_assert_msg(r->size == r->start, "%s: %s", settings, r->bytes + r->start);
  r->session->output.json = true;
}

/* Closes the run and fails the test if a problem failed, or if there was none. */
static void close_run(struct run *r) {
  session_free(r->session);
  fclose(r->out);
  fclose(r->report);
  free(r->bytes);
  ck_assert_uint_gt(r->done, 0);
  ck_assert_msg(!r->failed, "%u of %u failed:\n%s", r->failed, r->done, r->failures);
  free(r->failures);
}

static void fail(struct run *r, const struct problem *p, const char *statement, const char *why) {
  r->failed++;
  fprintf(r->report, "corpus.txt:%u: %.300s: %s; printed %.700s\n", p->line, statement, why,
          r->bytes + r->start);
}

/* The part of the JSON object that follows "name":, NULL without it. */
static const char *member(const struct run *r, const char *name) {
  char key[40];
  snprintf(key, sizeof key, "\"%s\":", name);
  const char *at = strstr(r->bytes + r->start, key);
  return at ? at + strlen(key) : NULL;
}

/* The next string of a JSON value, whose size goes to *size; NULL if there is none. */
static const char *next_string(const char **at, size_t *size) {
  while (**at == '[' || **at == ']' || **at == ',') ++*at;
  if (**at != '"') return NULL;
  const char *start = ++*at;
  while (**at != '"') ++*at;
  *size = (size_t)(*at - start);
  ++*at;
  return start;
}

/* --- comparing */

/* Whether a printed number is what is expected; `scale` is by how much the arithmetic is finer than
 * double. Results that double cannot hold are infinite, or within 4 of its smallest numbers. */
static bool close_to(const mpfr_t got, const struct expected *e, double scale) {
  mpfr_t difference, bound;
  mpfr_inits2(BITS, difference, bound, (mpfr_ptr)0);
  mpfr_sub(difference, got, e->value, MPFR_RNDN);
  mpfr_abs(difference, difference, MPFR_RNDN);
  mpfr_set_d(bound, e->tolerance * scale, MPFR_RNDU);
  if (!mpfr_zero_p(e->value)) mpfr_mul(bound, bound, e->value, MPFR_RNDN);
  mpfr_abs(bound, bound, MPFR_RNDN);
  bool good = mpfr_lessequal_p(difference, bound);
  if (mpfr_inf_p(e->value)) good = mpfr_equal_p(got, e->value);
  if (scale == 1 && !good) {
    double value = mpfr_get_d(e->value, MPFR_RNDN);
    if (isinf(value)) good = mpfr_inf_p(got) && mpfr_sgn(got) == mpfr_sgn(e->value);
    if (fabs(value) < 2.3e-308) good = mpfr_cmp_d(difference, 4 * 0x1p-1074) <= 0;
  }
  mpfr_clears(difference, bound, (mpfr_ptr)0);
  return good;
}

/* Whether every digit is right: at most 0.51 units of the last of n digits away. */
static bool digits_right(const mpfr_t got, const struct expected *e, unsigned n) {
  if (mpfr_inf_p(e->value)) return mpfr_equal_p(got, e->value);
  mpfr_t difference, unit;
  mpfr_inits2(BITS, difference, unit, (mpfr_ptr)0);
  mpfr_sub(difference, got, e->value, MPFR_RNDN);
  mpfr_abs(difference, difference, MPFR_RNDN);
  mpfr_abs(unit, e->value, MPFR_RNDN);
  if (!mpfr_zero_p(e->value)) {
    mpfr_log10(unit, unit, MPFR_RNDN);
    mpfr_floor(unit, unit);
    mpfr_sub_ui(unit, unit, n - 1, MPFR_RNDN);
    mpfr_ui_pow(unit, 10, unit, MPFR_RNDN);
    mpfr_mul_d(unit, unit, 0.51, MPFR_RNDN);
  }
  bool good = mpfr_lessequal_p(difference, unit);
  mpfr_clears(difference, unit, (mpfr_ptr)0);
  return good;
}

/* What a run expects of numbers: so many digits, or an error by the tolerance. */
struct demand {
  unsigned digits;
  double scale;
};

/* Compares the printed numbers with a list of expected ones; why they differ, or NULL. */
static const char *compare(struct run *r, size_t n, const struct expected *expected,
                           const struct demand *demand) {
  static char why[100];
  const char *at = member(r, "value");
  if (!at) return "no number";
  mpfr_t got;
  mpfr_init2(got, BITS);
  const char *result = NULL;
  for (size_t i = 0; i < n && !result; i++) {
    size_t size;
    const char *text = next_string(&at, &size);
    if (!text || !number_read(got, text, size)) {
      snprintf(why, sizeof why, "number %zu is missing", i + 1);
      result = why;
    } else if (demand->digits ? !digits_right(got, &expected[i], demand->digits)
                              : !close_to(got, &expected[i], demand->scale)) {
      mpfr_exp_t exponent;
      char *right = mpfr_get_str(NULL, &exponent, 10, 40, expected[i].value, MPFR_RNDN);
      snprintf(why, sizeof why, "number %zu should be 0.%se%ld ~%.2g", i + 1, right,
               (long)exponent, expected[i].tolerance);
      mpfr_free_str(right);
      result = why;
    }
  }
  mpfr_clear(got);
  return result;
}

/* No problem may need more than a second, of processor time; more where everything is slowed down. */
static void in_time(struct run *r, const struct problem *p, const char *statement,
                    clock_t started) {
  const char *slow = getenv("CK_FORK");
  double limit = slow && !strcmp(slow, "no") ? 60 : 1;
  double seconds = (double)(clock() - started) / CLOCKS_PER_SEC;
  if (seconds > limit) fail(r, p, statement, "took more than a second");
}

static void check_statement(struct run *r, const struct problem *p, const char *statement, size_t n,
                            const struct expected *expected, const struct demand *demand) {
  clock_t started = clock();
  run_statement(r, statement);
  r->done++;
  const char *why = compare(r, n, expected, demand);
  if (why) fail(r, p, statement, why);
  in_time(r, p, statement, started);
}

/* --- a problem's statements */

/* [x, y] from "x=1, y=2". */
static void names_of(const char *point, char *names) {
  *names++ = '[';
  for (const char *c = point; *c;) {
    while (*c && *c != '=') *names++ = *c++;
    while (*c && *c != ',') c++;
    if (*c) *names++ = *c++;
  }
  *names++ = ']';
  *names = 0;
}

/* The statement that gives a problem's numbers at one point; false for none of that kind. */
static bool statement_of(const struct problem *p, const char *expression, const char *point,
                         const char *mode, char *to) {
  char names[1000];
  names_of(point, names);
  const char *word = strchr(p->fields[0], ' ');
  if (is(p, "value")) return !*mode && snprintf(to, LONGEST, "value(%s, %s)", expression, point);
  if (is(p, "gradient") || is(p, "kink") || is(p, "integral"))
    return snprintf(to, LONGEST, "gradient(%s, %s, %s%s)", expression, names, point, mode);
  if (is(p, "hessian"))
    return snprintf(to, LONGEST, "hessian(%s, %s, %s%s)", expression, names, point, mode);
  if (is(p, "jvp"))
    return snprintf(to, LONGEST, "jvp(%s, %s, direction=[%s]%s)", expression, point, word + 1,
                    mode);
  if (*mode) return false;
  if (is(p, "derivative"))
    return snprintf(to, LONGEST, "value(diff(%s, x, %s), %s)", expression, word + 1, point);
  if (is(p, "taylor")) {
    char order[20];
    snprintf(order, sizeof order, "%.*s", (int)strcspn(word + 1, " "), word + 1);
    return snprintf(to, LONGEST, "value(taylor(%s, %s, %s), x=%s)", expression, point, order,
                    strrchr(p->fields[0], ' ') + 1);
  }
  return false;
}

/* Runs a problem's points, each with its part of the numbers. */
static void check_problem(struct run *r, const struct problem *p, const char *mode,
                          const struct demand *demand) {
  static char statement[LONGEST], text[LONGEST];
  struct expected expected[MOST];
  size_t n = 0;
  for (size_t i = 1; i < FIELDS; i++)
    ck_assert_uint_lt(strlen(p->fields[i] ? p->fields[i] : ""), sizeof text);
  strcpy(text, p->fields[3]);
  for (char *number = text, *next; number; number = next) {
    next = cut(number, "; ");
    ck_assert_uint_lt(n, MOST);
    expected_read(&expected[n++], number);
  }
  char expression[LONGEST], points[4000];
  strcpy(expression, p->fields[1]);
  snprintf(points, sizeof points, "%s", p->fields[2]);
  char *integrand = is(p, "integral") ? cut(expression, " => ") : NULL;
  size_t at = 0, each = integrand ? 1 : n;
  for (char *point = points, *next; point; point = next, at += each) {
    next = cut(point, " / ");
    if (statement_of(p, expression, point, mode, statement))
      check_statement(r, p, statement, each, &expected[at], demand);
    if (integrand && !*mode) {
      snprintf(statement, sizeof statement, "value(%s, %s)", integrand, point);
      check_statement(r, p, statement, each, &expected[at], demand);
    }
  }
  for (size_t i = 0; i < n; i++) mpfr_clear(expected[i].value);
}

static void check_all(const char *settings, const char *mode, struct demand demand) {
  struct run r;
  open_run(&r, settings);
  for (size_t i = 0; i < n_problems; i++)
    if (!is(&problems[i], "error")) check_problem(&r, &problems[i], mode, &demand);
  close_run(&r);
}

/* --- the runs */

START_TEST(numbers_in_double) {
  static const char *modes[] = {"", ", mode=forward", ", mode=reverse", ", mode=symbolic"};
  check_all("set domain double", modes[_i], (struct demand){.scale = 1});
}
END_TEST

/* A unit of 200 bits is 2^-147 of one of double. */
START_TEST(numbers_in_mpfr) {
  static const char *modes[] = {"", ", mode=forward", ", mode=reverse", ", mode=symbolic"};
  check_all("set domain mpfr; set precision 200", modes[_i], (struct demand){.scale = 0x1p-147});
}
END_TEST

START_TEST(certain_digits) {
  static const unsigned digits[] = {30, 50};
  char settings[40];
  snprintf(settings, sizeof settings, "set digits %u", digits[_i]);
  check_all(settings, "", (struct demand){.digits = digits[_i]});
}
END_TEST

/* Values and gradients are proved where they are smooth; kinks stay undecided and say what it is. */
START_TEST(verdicts) {
  struct run r;
  open_run(&r, "set domain double");
  for (size_t i = 0; i < n_problems; i++) {
    const struct problem *p = &problems[i];
    bool kink = is(p, "kink");
    if (strstr(p->fields[0], " edge") || !(kink || is(p, "gradient") || is(p, "value"))) continue;
    static char statement[LONGEST];
    snprintf(statement, sizeof statement, "verify(%s, %s)", p->fields[1], p->fields[2]);
    clock_t started = clock();
    run_statement(&r, statement);
    r.done++;
    const char *verdict = member(&r, "verdict"), *right = kink ? "\"UNDECIDED\"" : "\"PROVED\"";
    if (!verdict || strncmp(verdict, right, strlen(right))) fail(&r, p, statement, right);
    if (kink && !strstr(r.bytes + r.start, "kink")) fail(&r, p, statement, "says nothing of a kink");
    in_time(&r, p, statement, started);
  }
  close_run(&r);
}
END_TEST

/* Where there is no value, there is an error in every domain, and derivatives have none either. */
START_TEST(no_value) {
  static const char *settings[] = {"set domain double", "set domain float", "set domain mpfr",
                                   "set domain ball", "set digits 30"};
  struct run r;
  open_run(&r, settings[_i]);
  for (size_t i = 0; i < n_problems; i++) {
    if (!is(&problems[i], "error")) continue;
    static const char *calls[] = {"value(%s, %s)", "gradient(%s, %s)", "hessian(%s, %s)",
                                  "gradient(%s, %s, mode=symbolic)"};
    for (size_t j = 0; j < sizeof calls / sizeof *calls; j++) {
      char statement[500];
      snprintf(statement, sizeof statement, calls[j], problems[i].fields[1],
               problems[i].fields[2]);
      run_statement(&r, statement);
      r.done++;
      const char *code = member(&r, "code");
      if (!code || strncmp(code, "\"domain\"", 8)) fail(&r, &problems[i], statement, "no error");
    }
  }
  close_run(&r);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("corpus");
  TCase *c = tcase_create("corpus");
  tcase_add_checked_fixture(c, open_corpus, close_corpus);
  tcase_add_loop_test(c, numbers_in_double, 0, 4);
  tcase_add_loop_test(c, numbers_in_mpfr, 0, 4);
  tcase_add_loop_test(c, certain_digits, 0, 2);
  tcase_add_test(c, verdicts);
  tcase_add_loop_test(c, no_value, 0, 5);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("corpus", suite); }
