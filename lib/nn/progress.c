/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Keras's line of progress, and a callback that shows it. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "nn/train.h"

/* --- numbers as Python's format writes them, whatever the locale */

/* |x| in units of 10^-decimals, 0 <= decimals <= 4; what has no such number is written by
 * tri__text_double. */
static void fixed(tri_text *text, double x, unsigned decimals) {
  static const double units[] = {1.0, 1e1, 1e2, 1e3, 1e4};
  double scaled = nearbyint(fabs(x) * units[decimals]);
  if (!(scaled < 0x1p53)) {
    tri__text_double(text, x);
    return;
  }
  unsigned long long n = (unsigned long long)scaled, unit = (unsigned long long)units[decimals];
  tri__text_printf(text, "%s%llu", x < 0.0 ? "-" : "", n / unit);
  if (decimals) tri__text_printf(text, ".%0*llu", (int)decimals, n % unit);
}

/* 5.0271e-04 */
static void scientific(tri_text *text, double x) {
  int exponent = 0;
  double size = fabs(x);
  if (size > 0.0) {
    exponent = (int)floor(log10(size));
    size = exponent < -300 ? size * 1e300 / pow(10.0, exponent + 300) : size / pow(10.0, exponent);
  }
  if (size >= 9.99995) size /= 10.0, exponent++;
  if (x < 0.0) tri__text_putc(text, '-');
  fixed(text, size, 4);
  tri__text_printf(text, "e%c%02d", exponent < 0 ? '-' : '+', exponent < 0 ? -exponent : exponent);
}

static void measured(tri_text *text, double x) {
  if (fabs(x) > 1e-3 || !isfinite(x))
    fixed(text, x, 4);
  else
    scientific(text, x);
}

/* --- parts of the line */

static const char *escape(int colour, const char *sequence) { return colour ? sequence : ""; }

/* " 200/1719 ━━━━━━━━━━━━━━━━━━━━", of which what is done is green, and the rest white. */
static void bar(const tri_fit *fit, int64_t done, int colour, int ascii, tri_text *text) {
  enum { WIDTH = 20 };
  const char *thick = ascii ? "=" : "━", *thin = ascii ? "-" : "─";
  const char *bold = escape(colour, "\33[1m"), *plain = escape(colour, "\33[0m");
  if (fit->batches <= 0) {
    tri__text_printf(text, "%7lld/Unknown", (long long)done);
    return;
  }
  int digits = 1, full = (int)((double)WIDTH * (double)done / (double)fit->batches);
  for (int64_t n = fit->batches; n >= 10; n /= 10) digits++;
  tri__text_printf(text, "%s%*lld/%lld%s ", bold, digits, (long long)done, (long long)fit->batches,
                   plain);
  for (int i = 0; i < WIDTH; i++) {
    if (i == 0 && full > 0) tri__text_puts(text, escape(colour, "\33[32m"));
    if (i == full) tri__text_printf(text, "%s%s", full ? plain : "", escape(colour, "\33[37m"));
    tri__text_puts(text, colour || i < full ? thick : thin);
  }
  tri__text_puts(text, plain);
}

/* 12s, 2:05, 1:00:05 */
static void clock_text(tri_text *text, double seconds) {
  long long s = seconds < 1e9 ? (long long)seconds : 999999999;
  if (s > 3600)
    tri__text_printf(text, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
  else if (s > 60)
    tri__text_printf(text, "%lld:%02lld", s / 60, s % 60);
  else
    tri__text_printf(text, "%llds", s);
}

static void pace(tri_text *text, double seconds) {
  const char *unit = "s";
  if (seconds > 0.0 && seconds < 1.0) {
    bool milli = seconds >= 1e-3;
    unit = milli ? "ms" : "us";
    seconds *= milli ? 1e3 : 1e6;
  }
  tri__text_putc(text, ' ');
  fixed(text, seconds, 0);
  tri__text_printf(text, "%s/step", unit);
}

/* Keras has them by name. The next after `last`, of which there is always one. */
static size_t next_by_name(tri_logs logs, const char *last) {
  size_t next = logs.n;
  for (size_t i = 0; i < logs.n; i++)
    if ((!last || strcmp(logs.names[i], last) > 0) &&
        (next == logs.n || strcmp(logs.names[i], logs.names[next]) < 0))
      next = i;
  return next;
}

void tri__logs_text(tri_logs logs, tri_text *text) {
  const char *last = NULL;
  for (size_t i = next_by_name(logs, NULL); i < logs.n; i = next_by_name(logs, last)) {
    last = logs.names[i];
    tri__text_printf(text, " - %s: ", last);
    measured(text, logs.values[i]);
  }
}

tri_status tri_progress_line(const tri_fit *fit, double seconds, int finished, int colour,
                             int ascii, tri_text *text) {
  int64_t done = fit->batch + 1;
  double each = done > 0 ? seconds / (double)done : 0.0;
  bar(fit, done, colour, ascii, text);
  tri__text_printf(text, " %s", escape(colour, "\33[1m"));
  if (finished || fit->batches <= 0) {
    fixed(text, seconds, 0);
    tri__text_putc(text, 's');
  } else
    clock_text(text, each * (double)(fit->batches - done));
  tri__text_puts(text, escape(colour, "\33[0m"));
  pace(text, each);
  tri__logs_text(fit->logs, text);
  return text->status;
}

/* --- the callback */

double tri__seconds(void) {
  struct timespec t = {0};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Writes begin, the line and end; what no memory is left for is not shown. */
static void show(tri_progress *p, const tri_fit *fit, bool finished) {
  tri_text text = {.allocator = &fit->model->memory.allocator};
  p->shown = tri__seconds();
  tri__text_puts(&text, p->terminal ? "\r" : "");
  tri_status status = tri_progress_line(fit, p->shown - p->began, finished,
                                        p->terminal && !p->no_colour, p->ascii, &text);
  tri__text_puts(&text, p->terminal ? "\33[K" : "");
  tri__text_puts(&text, finished ? "\n" : "");
  if (!status && !text.status) p->write(p->context, text.data, text.size);
  tri_text_free(&text);
}

static void epoch_begins(void *context, tri_fit *fit) {
  tri_progress *p = context;
  tri_text text = {.allocator = &fit->model->memory.allocator};
  p->began = p->shown = tri__seconds();
  tri__text_printf(&text, "Epoch %lld/%lld\n", (long long)fit->epoch + 1, (long long)fit->epochs);
  if (!text.status) p->write(p->context, text.data, text.size);
  tri_text_free(&text);
}

/* A line is rewritten twenty times a second at most. */
static void batch_ends(void *context, tri_fit *fit) {
  tri_progress *p = context;
  if (p->terminal && tri__seconds() - p->shown >= 0.05) show(p, fit, false);
}

static void epoch_ends(void *context, tri_fit *fit) { show(context, fit, true); }

tri_callback tri_show_progress(tri_progress *progress) {
  return (tri_callback){.context = progress,
                        .on_epoch_begin = epoch_begins,
                        .on_batch_end = batch_ends,
                        .on_epoch_end = epoch_ends};
}
