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

enum { FIELDS = 4, MOST = 128, BITS = 400, LONGEST = 20000 };

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

enum { MOST_DIGITS = 600 };

/* The digits of text from *at on, without the point, which moves *exponent. */
static size_t read_digits(const char *text, size_t size, size_t *at, char *digits, long *exponent) {
  size_t n = 0;
  bool point = false;
  for (; *at < size && n < MOST_DIGITS - 1; ++*at) {
    char c = text[*at];
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      digits[n++] = c;
      *exponent -= point;
    } else {
      break;
    }
  }
  digits[n] = 0;
  return n;
}

/* What an `e` and its exponent add. */
static long read_exponent(const char *text, size_t size, size_t *at) {
  if (*at >= size || text[*at] != 'e') return 0;
  ++*at;
  bool minus = *at < size && text[*at] == '-', sign = minus || (*at < size && text[*at] == '+');
  long exponent = 0;
  for (*at += sign; *at < size && text[*at] >= '0' && text[*at] <= '9'; ++*at)
    exponent = 10 * exponent + (text[*at] - '0');
  return minus ? -exponent : exponent;
}

/* digits * 10^exponent */
static void set_decimal(mpfr_t to, const char *digits, long exponent) {
  mpz_t whole;
  mpfr_t power;
  mpz_init_set_str(whole, digits, 10);
  mpfr_init2(power, BITS + 100);
  mpfr_ui_pow_ui(power, 10, (unsigned long)labs(exponent), MPFR_RNDN);
  mpfr_set_z(to, whole, MPFR_RNDN);
  (exponent < 0 ? mpfr_div : mpfr_mul)(to, to, power, MPFR_RNDN);
  mpfr_clear(power);
  mpz_clear(whole);
}

static bool number_read(mpfr_t to, const char *text, size_t size) {
  char digits[MOST_DIGITS];
  bool negative = size > 0 && text[0] == '-';
  long exponent = 0;
  size_t at = negative;
  if (size == at + 3 && !memcmp(text + at, "inf", 3)) {
    mpfr_set_inf(to, negative ? -1 : 1);
    return true;
  }
  if (!read_digits(text, size, &at, digits, &exponent)) return false;
  exponent += read_exponent(text, size, &at);
  set_decimal(to, digits, exponent);
  if (negative) mpfr_neg(to, to, MPFR_RNDN);
  return at == size;
}

/* A number that is expected, and its tolerance in double. */
struct expected {
  mpfr_t value;
  double tolerance;
};

static const double LEAST = 1e-12; /* the smallest tolerance, in double */
static const double LOST =
    1e-3; /* where double loses that much, its error is no measure for finer arithmetic */

static void expected_read(struct expected *e, const char *text) {
  const char *wave = strchr(text, '~');
  size_t size = wave ? (size_t)(wave - text) : strlen(text);
  mpfr_t tolerance;
  mpfr_init2(e->value, BITS);
  mpfr_init2(tolerance, 53);
  ck_assert_msg(number_read(e->value, text, size), "corpus.txt: %s is no number", text);
  mpfr_set_d(tolerance, mpfr_zero_p(e->value) ? 0 : LEAST, MPFR_RNDN);
  if (wave) ck_assert(number_read(tolerance, wave + 1, strlen(wave + 1)));
  e->tolerance = mpfr_get_d(tolerance, MPFR_RNDN);
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
  ck_assert_msg(!r->failed, "%u of %u failed:\n%.6000s", r->failed, r->done, r->failures);
  free(r->failures);
}

static void run_failed(struct run *r, const struct problem *p, const char *statement,
                       const char *why) {
  if (r->failed++ < 8) /* as much as Check's messages hold */
    fprintf(r->report, "corpus.txt:%u: %.150s: %s; printed %.300s\n", p->line, statement, why,
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
  if (scale < 1 && e->tolerance > LOST) good = true;
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

static const char *should_be(size_t i, const struct expected *e) {
  static char why[120];
  mpfr_exp_t exponent;
  char *right = mpfr_get_str(NULL, &exponent, 10, 40, e->value, MPFR_RNDN);
  snprintf(why, sizeof why, "number %zu should be 0.%se%ld ~%.2g", i + 1, right, (long)exponent,
           e->tolerance);
  mpfr_free_str(right);
  return why;
}

/* Compares the printed numbers with a list of expected ones; why they differ, or NULL. */
static const char *compare(struct run *r, size_t n, const struct expected *expected,
                           const struct demand *demand) {
  const char *at = member(r, "value"), *why = NULL;
  if (!at) return "no number";
  mpfr_t got;
  mpfr_init2(got, BITS);
  for (size_t i = 0; i < n && !why; i++) {
    size_t size;
    const char *text = next_string(&at, &size);
    if (!text || !number_read(got, text, size))
      why = "a number is missing";
    else if (demand->digits ? !digits_right(got, &expected[i], demand->digits)
                            : !close_to(got, &expected[i], demand->scale))
      why = should_be(i, &expected[i]);
  }
  mpfr_clear(got);
  return why;
}

/* No problem may need more than a second, of processor time; more where everything is slowed down. */
static void in_time(struct run *r, const struct problem *p, const char *statement,
                    clock_t started) {
  const char *slow = getenv("CK_FORK");
  double limit = slow && !strcmp(slow, "no") ? 60 : 1;
  double seconds = (double)(clock() - started) / CLOCKS_PER_SEC;
  if (seconds > limit) run_failed(r, p, statement, "took more than a second");
}

static void check_statement(struct run *r, const struct problem *p, const char *statement, size_t n,
                            const struct expected *expected, const struct demand *demand) {
  clock_t started = clock();
  run_statement(r, statement);
  r->done++;
  const char *why = compare(r, n, expected, demand);
  if (why) run_failed(r, p, statement, why);
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
  if (is(p, "value"))
    return !*mode && snprintf(to, 2 * LONGEST, "value(%s, %s)", expression, point);
  if (is(p, "gradient") || is(p, "kink") || is(p, "integral"))
    return snprintf(to, 2 * LONGEST, "gradient(%s, %s, %s%s)", expression, names, point, mode);
  if (is(p, "hessian"))
    return snprintf(to, 2 * LONGEST, "hessian(%s, %s, %s%s)", expression, names, point, mode);
  if (is(p, "jvp"))
    return !strstr(mode, "reverse") && snprintf(to, 2 * LONGEST, "jvp(%s, %s, direction=[%s]%s)",
                                                expression, point, word + 1, mode);
  if (*mode) return false;
  if (is(p, "derivative"))
    return snprintf(to, 2 * LONGEST, "value(diff(%s, x, %s), %s)", expression, word + 1, point);
  if (is(p, "taylor")) {
    char order[20];
    snprintf(order, sizeof order, "%.*s", (int)strcspn(word + 1, " "), word + 1);
    return snprintf(to, 2 * LONGEST, "value(taylor(%s, %s, %s), x=%s)", expression, point, order,
                    strrchr(p->fields[0], ' ') + 1);
  }
  return false;
}

/* The numbers of a problem; how many. */
static size_t read_numbers(const struct problem *p, struct expected *expected) {
  static char text[LONGEST];
  size_t n = 0;
  ck_assert_msg(p->fields[3] && strlen(p->fields[3]) < LONGEST, "corpus.txt:%u: numbers", p->line);
  strcpy(text, p->fields[3]);
  for (char *number = text, *next; number; number = next) {
    next = cut(number, "; ");
    ck_assert_uint_lt(n, MOST);
    expected_read(&expected[n++], number);
  }
  return n;
}

/* Runs a problem's points, each with its part of the numbers; an integrand is evaluated as well. */
static void check_problem(struct run *r, const struct problem *p, const char *mode,
                          const struct demand *demand) {
  static char statement[2 * LONGEST], expression[LONGEST], points[LONGEST];
  struct expected expected[MOST];
  size_t n = read_numbers(p, expected), done = 0;
  ck_assert(strlen(p->fields[1]) < LONGEST && strlen(p->fields[2]) < LONGEST);
  strcpy(expression, p->fields[1]);
  strcpy(points, p->fields[2]);
  char *integrand = is(p, "integral") ? cut(expression, " => ") : NULL;
  size_t each = integrand ? 1 : n;
  for (char *point = points, *next; point; point = next, done += each) {
    next = cut(point, " / ");
    if (statement_of(p, expression, point, mode, statement))
      check_statement(r, p, statement, each, &expected[done], demand);
    if (integrand && !*mode) {
      snprintf(statement, sizeof statement, "value(%s, %s)", integrand, point);
      check_statement(r, p, statement, each, &expected[done], demand);
    }
  }
  ck_assert_uint_eq(done, n);
  for (size_t i = 0; i < n; i++) mpfr_clear(expected[i].value);
}

static void check_all(const char *settings, const char *mode, struct demand demand) {
  struct run r;
  open_run(&r, settings);
  for (size_t i = 0; i < n_problems; i++)
    if (!is(&problems[i], "error") && (demand.digits || !strstr(problems[i].fields[0], " loose")))
      check_problem(&r, &problems[i], mode, &demand);
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

/* What a problem says of its verdict: values and gradients are proved where they are smooth; kinks stay undecided and are named,
 * and so do infinite derivatives and numbers that are 0 without being exact. */
static void check_verdict(struct run *r, const struct problem *p) {
  static char statement[LONGEST];
  bool kink = is(p, "kink"), undecided = kink || strstr(p->fields[0], " undecided");
  snprintf(statement, sizeof statement, "verify(%s, %s)", p->fields[1], p->fields[2]);
  clock_t started = clock();
  run_statement(r, statement);
  r->done++;
  const char *verdict = member(r, "verdict");
  const char *right = undecided ? "\"UNDECIDED\"" : "\"PROVED\"";
  if (!verdict || strncmp(verdict, right, strlen(right))) run_failed(r, p, statement, right);
  if (undecided && !member(r, "reason")) run_failed(r, p, statement, "gives no reason");
  if (kink && !strstr(r->bytes + r->start, "it is a kink"))
    run_failed(r, p, statement, "says nothing of a kink");
  in_time(r, p, statement, started);
}

START_TEST(verdicts) {
  struct run r;
  open_run(&r, "set domain double");
  for (size_t i = 0; i < n_problems; i++) {
    const struct problem *p = &problems[i];
    if (strstr(p->fields[0], " edge")) continue;
    if (is(p, "kink") || is(p, "gradient") || is(p, "value")) check_verdict(&r, p);
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
      snprintf(statement, sizeof statement, calls[j], problems[i].fields[1], problems[i].fields[2]);
      run_statement(&r, statement);
      r.done++;
      const char *code = member(&r, "code");
      if (!code || strncmp(code, "\"domain\"", 8))
        run_failed(&r, &problems[i], statement, "no error");
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
