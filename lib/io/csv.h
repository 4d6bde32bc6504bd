/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Numbers in CSV, handed out one by one as the exact rationals that they are written as. */
#ifndef TRIAD_IO_CSV_H
#define TRIAD_IO_CSV_H

#include <gmp.h>

#include "io/io.h"

enum csv_kind { CSV_NUMBER, CSV_MINUS_ZERO, CSV_INFINITY, CSV_MINUS_INFINITY, CSV_NAN };

/* Who takes the numbers, line by line. */
struct csv_sink {
  uint64_t digits; /* most decimal digits of one number written out */
  /* Takes the next number (q is its value if it is a CSV_NUMBER or CSV_MINUS_ZERO); NULL, or why it
   * cannot: then reading fails with that message at the number's place, or as io says if that has
   * failed. */
  const char *(*take)(struct csv_sink *sink, enum csv_kind kind, mpq_srcptr q);
  size_t rows, columns; /* set as lines are read */
};

/* Reads all lines. */
tri_status tri__csv_read(struct source *source, const tri_csv_options *options,
                         struct csv_sink *sink);

/* The numbers as an f8 array [lines, fields]. */
tri_status tri__csv_array(struct source *source, const tri_csv_options *options, tri_array *array);

#endif
