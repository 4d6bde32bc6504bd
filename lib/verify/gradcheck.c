/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The check of a claimed gradient: which entries, what is said about each, and the report. */
#include <math.h>

#include "base/memory.h"
#include "verify/black_box.h"

#define DEFAULT_TOLERANCE 1e-5
enum { DEFAULT_WORST = 5 };

static const char *const doubts[TRI_DOUBT_COUNT] = {
#define DOUBT(name, text) [TRI_DOUBT_##name] = text,
    TRI_DOUBT_LIST(DOUBT)
#undef DOUBT
};

const char *tri_doubt_text(tri_doubt doubt) {
  return (unsigned)doubt < TRI_DOUBT_COUNT ? doubts[doubt] : "not a reason";
}

/* --- one entry */

/* Whether the bound leaves something to compare a claim with. A derivative that is about 0 was seen to be if the function changes a
 * thousand times faster nearby, or not at all. */
static bool meaningful(const tri_gradcheck_entry *e, const struct measured *m) {
  if (!isfinite(e->bound)) return false;
  if (e->bound <= 0.1 * fmax(fabs(e->difference), isfinite(e->claimed) ? fabs(e->claimed) : 0))
    return true;
  return e->bound <= 1e-3 * m->slope || (m->constant && e->claimed == 0);
}

static tri_doubt doubt_of(const tri_gradcheck_entry *e, const struct measured *m) {
  if (e->kink > 0 && !(e->kink < e->bound / 4)) return TRI_DOUBT_KINK;
  if (m->noisy) return TRI_DOUBT_NOISE;
  if (!isfinite(e->bound)) return m->diverges ? TRI_DOUBT_DIVERGENT : TRI_DOUBT_AROUND;
  return e->rounding * 8 > e->truncation ? TRI_DOUBT_NOISE : TRI_DOUBT_DIVERGENT;
}

static bool refuted(const tri_gradcheck_entry *e, bool measured) {
  if (isnan(e->claimed)) return true;
  if (isinf(e->claimed)) return measured && e->kink == 0;
  return isfinite(e->bound) && e->ratio > 1;
}

static void judge(tri_gradcheck_entry *e, const struct measured *m,
                  const tri_gradcheck_options *o) {
  e->difference = m->estimate.value;
  e->truncation = m->estimate.truncation;
  e->rounding = m->estimate.rounding;
  e->kink = m->kink;
  e->step = m->estimate.step;
  e->one_sided = m->side;
  e->bound = e->truncation + e->rounding + e->kink;
  e->error = fabs(e->claimed - e->difference);
  double allowed = e->bound + o->absolute + o->tolerance * fabs(e->claimed);
  e->ratio = e->error > 0 ? e->error / allowed : 0;
  if (isnan(e->claimed) || isinf(e->error)) e->ratio = INFINITY;
  bool measured = meaningful(e, m);
  e->verdict = refuted(e, measured) ? TRI_REFUTED : measured ? TRI_CONSISTENT : TRI_UNDECIDED;
  e->doubt = e->verdict == TRI_UNDECIDED ? doubt_of(e, m) : TRI_DOUBT_NONE;
}

/* --- the report */

static int weight(const tri_gradcheck_entry *e) {
  return e->verdict == TRI_REFUTED ? 2 : e->verdict == TRI_UNDECIDED;
}

static bool worse(const tri_gradcheck_entry *a, const tri_gradcheck_entry *b) {
  if (weight(a) != weight(b)) return weight(a) > weight(b);
  return a->ratio > b->ratio;
}

static void record(tri_gradcheck_report *report, const tri_gradcheck_entry *e) {
  if (!report->checked++) report->doubt = e->doubt;
  if (e->verdict == TRI_REFUTED)
    report->refuted++;
  else if (e->verdict == TRI_CONSISTENT)
    report->consistent++;
  else
    report->undecided++;
  size_t place = report->n_worst;
  if (place == report->capacity && !worse(e, &report->worst[--place])) return;
  if (report->n_worst < report->capacity) report->n_worst++;
  for (; place > 0 && worse(e, &report->worst[place - 1]); place--)
    report->worst[place] = report->worst[place - 1];
  report->worst[place] = *e;
}

static void conclude(tri_gradcheck_report *report) {
  report->verdict = report->refuted      ? TRI_REFUTED
                    : report->consistent ? TRI_CONSISTENT
                                         : TRI_UNDECIDED;
  if (report->verdict != TRI_UNDECIDED) report->doubt = TRI_DOUBT_NONE;
}

void tri_gradcheck_report_free(tri_gradcheck_report *report) {
  if (!report) return;
  struct memory memory;
  tri__memory_init(&memory, report->allocator);
  tri__free(&memory, report->worst, report->capacity, sizeof *report->worst);
  *report = (tri_gradcheck_report){.verdict = TRI_UNDECIDED};
}

/* --- the check */

struct check {
  struct black_box box;
  struct noise noise;
  const double *claim;
  tri_gradcheck_options options; /* with the defaults in place of zeros */
};

static bool interrupted(const struct check *c) {
  return c->options.interrupt && *c->options.interrupt;
}

static void check_entry(struct check *c, size_t i) {
  const tri_gradcheck_options *o = &c->options;
  tri_gradcheck_entry e = {.index = i, .claimed = c->claim[i]};
  struct measured m = {.estimate = {NAN, INFINITY, 0, 0}};
  if (isfinite(c->box.at[i]))
    m = tri__box_measure(&c->box, i, &c->noise, o->step_min, o->step_max, o->tolerance);
  judge(&e, &m, o);
  record(o->report, &e);
}

/* All entries, or as many as wanted, each set of them as likely as any other (D. E. Knuth, The Art of Computer Programming 2, 3.4.2,
 * algorithm S). One that is NaN is always looked at. */
static tri_status check_entries(struct check *c) {
  size_t n = c->box.n, wanted = c->options.entries;
  uint64_t state = c->options.seed;
  if (!wanted || wanted > n) wanted = n;
  for (size_t i = 0; i < n; i++) {
    double u = (double)(tri__box_random(&state) >> 11) * 0x1p-53;
    bool drawn = (double)(n - i) * u < (double)wanted;
    wanted -= drawn;
    if (!drawn && !isnan(c->claim[i])) continue;
    if (interrupted(c)) return TRI_INTERRUPTED;
    check_entry(c, i);
  }
  return TRI_OK;
}

static struct noise stated_noise(double rounding) {
  return (struct noise){.relative = 8 * rounding, .unit = rounding};
}

static tri_status run(struct check *c) {
  tri_gradcheck_report *report = c->options.report;
  struct black_box *b = &c->box;
  report->value = b->value = tri__box_call(b);
  report->doubt = TRI_DOUBT_POINT;
  report->noise = NAN;
  tri_status status = TRI_OK;
  if (isfinite(b->value)) {
    double rounding = c->options.rounding;
    c->noise = rounding > 0 ? stated_noise(rounding) : tri__box_noise(b);
    report->noise = c->noise.absolute + c->noise.relative * fabs(b->value);
    status = check_entries(c);
  }
  report->evaluations = b->calls;
  conclude(report);
  return status;
}

static double typical_size(size_t n, const double *x) {
  double most = 0;
  for (size_t i = 0; i < n; i++)
    if (isfinite(x[i])) most = fmax(most, fabs(x[i]));
  return most > 0 ? most : 1;
}

static bool number(double x) { return x >= 0 && isfinite(x); }

static bool valid(tri_black_box f, size_t n, const double *x, const tri_gradcheck_options *o) {
  if (!f || !n || !x || !o || !o->report) return false;
  if (!number(o->step_min) || !number(o->step_max)) return false;
  if (o->step_max > 0 && o->step_min > o->step_max) return false;
  return number(o->rounding) && number(o->tolerance) && number(o->absolute);
}

static tri_gradcheck_options with_defaults(const tri_gradcheck_options *given, size_t n) {
  tri_gradcheck_options o = *given;
  if (o.tolerance == 0) o.tolerance = DEFAULT_TOLERANCE;
  if (!o.worst) o.worst = DEFAULT_WORST;
  if (o.worst > n) o.worst = n;
  return o;
}

/* With memory for the report and for the point that moves. */
static tri_status prepared(struct check *c, struct memory *memory, const double *x, size_t n) {
  tri_gradcheck_report *report = c->options.report;
  double *copy = tri__new(memory, n, sizeof *copy);
  report->worst = tri__new(memory, c->options.worst, sizeof *report->worst);
  tri_status status = copy && report->worst ? TRI_OK : TRI_MEMORY;
  if (report->worst) report->capacity = c->options.worst;
  if (!status) {
    for (size_t i = 0; i < n; i++) copy[i] = x[i];
    c->box.x = copy;
    status = run(c);
  }
  tri__free(memory, copy, n, sizeof *copy);
  return status;
}

tri_status tri_gradcheck_with(tri_black_box f, size_t n, const double *x, const double *claim,
                              const tri_gradcheck_options *options) {
  if (options && options->report)
    *options->report =
        (tri_gradcheck_report){.verdict = TRI_UNDECIDED, .allocator = options->allocator};
  if (!valid(f, n, x, options) || !claim) return TRI_ARGUMENT;
  struct memory memory;
  tri__memory_init(&memory, options->allocator);
  struct check c = {.claim = claim, .options = with_defaults(options, n)};
  c.box = (struct black_box){
      .function = f, .data = options->data, .n = n, .at = x, .typical = typical_size(n, x)};
  tri_status status = prepared(&c, &memory, x, n);
  if (status) tri_gradcheck_report_free(options->report);
  return status;
}

tri_status tri_gradcheck_code_with(tri_black_box f, tri_black_box_gradient gradient, size_t n,
                                   const double *x, const tri_gradcheck_options *options) {
  if (options && options->report)
    *options->report = (tri_gradcheck_report){.verdict = TRI_UNDECIDED};
  if (!valid(f, n, x, options) || !gradient) return TRI_ARGUMENT;
  struct memory memory;
  tri__memory_init(&memory, options->allocator);
  double *claim = tri__new(&memory, n, sizeof *claim);
  if (!claim) return TRI_MEMORY;
  for (size_t i = 0; i < n; i++) claim[i] = NAN;
  gradient(x, n, claim, options->data);
  tri_status status = tri_gradcheck_with(f, n, x, claim, options);
  tri__free(&memory, claim, n, sizeof *claim);
  return status;
}
