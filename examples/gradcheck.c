/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Is a gradient right that someone wrote by hand? The cost of a logistic regression, in float as it would be trained, and its gradient
 * with two mistakes that are easily made; triad only calls them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <triad.h>

enum { POINTS = 6, INPUTS = 2, WEIGHTS = INPUTS + 1 };

static const float inputs[POINTS][INPUTS] = {{0.5f, 1.2f},   {-1.0f, 0.3f}, {2.0f, -0.7f},
                                             {-0.4f, -1.5f}, {1.1f, 0.9f},  {-1.7f, 0.6f}};
static const float labels[POINTS] = {1, 0, 1, 0, 0, 1};
static const float penalty = 0.1f;

struct model {
  int mistakes;
};

static float score(const double *w, int p) {
  return (float)w[0] * inputs[p][0] + (float)w[1] * inputs[p][1] + (float)w[2];
}

/* Mean cross-entropy plus penalty * (w0^2 + w1^2). */
static double cost(const double *w, size_t n, void *data) {
  float sum = 0;
  (void)n, (void)data;
  for (int p = 0; p < POINTS; p++) {
    float s = score(w, p);
    sum += log1pf(expf(-fabsf(s))) + fmaxf(s, 0) - labels[p] * s;
  }
  return (double)(sum / POINTS + penalty * (float)(w[0] * w[0] + w[1] * w[1]));
}

static void gradient(const double *w, size_t n, double *g, void *data) {
  const struct model *m = data;
  float sum[WEIGHTS] = {0};
  (void)n;
  for (int p = 0; p < POINTS; p++) {
    float error = 1 / (1 + expf(-score(w, p))) - labels[p];
    for (int i = 0; i < INPUTS; i++) sum[i] += error * inputs[p][i];
    sum[INPUTS] += error;
  }
  for (int i = 0; i < WEIGHTS; i++) g[i] = (double)(sum[i] / POINTS);
  g[0] += 2 * (double)penalty * w[0];
  g[1] += (m->mistakes ? 1 : 2) * (double)penalty * w[1]; /* the 2 of the square */
  if (m->mistakes) g[2] += 2 * (double)penalty * w[2];    /* the bias has no penalty */
}

static void show(const char *title, int mistakes) {
  const double w[WEIGHTS] = {0.8, -0.3, 0.2};
  struct model model = {mistakes};
  tri_gradcheck_report report;
  tri_status status = tri_gradcheck_code(cost, gradient, WEIGHTS, w, &report, .data = &model);
  if (status) {
    fprintf(stderr, "gradcheck: %s\n", tri_status_meaning(status));
    exit(EXIT_FAILURE);
  }
  printf("%s: %s, %zu of %zu entries refuted\n", title, tri_verdict_name(report.verdict),
         report.refuted, report.checked);
  for (size_t k = 0; k < report.refuted; k++) {
    const tri_gradcheck_entry *e = &report.worst[k];
    printf("  by w%zu: claimed %.4f, differences give %.4f, and are good to 0.001: %s\n", e->index,
           e->claimed, e->difference, e->bound < 1e-3 ? "yes" : "no");
  }
  tri_gradcheck_report_free(&report);
}

int main(void) {
  show("with two mistakes", 1);
  show("mended", 0);
  return EXIT_SUCCESS;
}
