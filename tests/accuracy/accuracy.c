/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "accuracy.h"

int main(int argc, char **argv) {
  unsigned points = argc > 1 ? (unsigned)atoi(argv[1]) : 2000;
  for (int op = 0; op < TRI_OP_lt; op++) {
    if (argc > 2 && !strstr(argv[2], tri_op_name((tri_op)op))) continue;
    if (argc > 2) {char nm[64]; snprintf(nm, sizeof nm, ",%s,", tri_op_name((tri_op)op)); if (!strstr(argv[2], nm)) continue;}
    for (int f = 0; f < FORMATS; f++) {
      struct subject s;
      struct result r = {0};
      struct random seed = {(uint64_t)op + 1};
      clock_t start = clock();
      subject_open(&s, (tri_op)op);
      double x[ROW_MAX_ARITY] = {0.0};
      for (unsigned i = 0; r.points < points && i < 20*points; i++) {
        draw_point(&seed, s.row, f, x);
        subject_measure(&s, f, x, &r);
      }
      printf("%-10s %-6s %6lu pts %7lu cmp %5lu und %5.2fs", s.row->name, formats[f].name, r.points, r.comparisons,
             r.undecided, (double)(clock() - start) / CLOCKS_PER_SEC);
      for (int o = 0; o < ORDERS; o++) printf(" %9.3g", r.normal[o].ulps);
      printf(" | %9.3g\n", r.subnormal.ulps);
      static const double goal[] = {1, 4, 16, 16};
      for (int o = 0; o <= ORDERS; o++) {
        struct worst *w = o < ORDERS ? &r.normal[o] : &r.subnormal;
        if (w->ulps > (o < ORDERS ? goal[o] : 4.0))
          printf("      %s order %d (%d%d%d) %s at %.17g %.17g: %g\n", o < ORDERS ? "" : "sub", w->of->order, w->of->by[0],w->of->by[1],w->of->by[2], w->mode, w->x[0], w->x[1], w->ulps);
      }
      fflush(stdout);
      subject_close(&s);
    }
  }
  tri_thread_cleanup();
}
