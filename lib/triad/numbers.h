/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Number domains, and arrays of numbers of one domain: what functions take and give where doubles do not do. */
#ifndef TRIAD_NUMBERS_H
#define TRIAD_NUMBERS_H

#include <triad/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Frees what MPFR and FLINT keep for the calling thread (constants such as pi). It is done by itself when a thread ends that computed in
 * the domains mpfr or ball; the main thread may want to do it before it ends, to look clean to leak checkers. */
TRI_API void tri_thread_cleanup(void);

/* What numbers a function computes with. */
typedef enum tri_domain {
  TRI_DOUBLE,   /* IEEE double; an overflow is inf */
  TRI_FLOAT,    /* IEEE float (32 bits), every result rounded to it */
  TRI_RATIONAL, /* exact rationals; what is not rational has no value */
  TRI_MPFR, /* floating point of any precision, rounded to nearest by MPFR; an overflow is inf */
  TRI_BALL, /* enclosures: a midpoint and a radius within which the true value certainly is */
  TRI_DOMAINS
} tri_domain;

/* The most bits that a precision may have. */
#define TRI_MAX_PRECISION 4000000

/* Which numbers; zeros are the defaults. */
typedef struct tri_number_options {
  tri_domain domain;
  uint32_t precision; /* bits, of mpfr and ball, at most TRI_MAX_PRECISION; default 128 */
  uint64_t digits;    /* limit of decimal digits of one exact number; default 1,000,000 */
  const tri_allocator *allocator; /* NULL: malloc */
} tri_number_options;

/* The domain's name as the language writes it ("double", "rational"); NULL if there is none. Static. */
TRI_API const char *tri_domain_name(tri_domain domain);

/* The domain of this name, or TRI_DOMAINS. */
TRI_API tri_domain tri_domain_find(const char *name);

/* A view of one number somewhere in an array or a run, valid as long as that is not changed. */
typedef struct tri_value {
  const void *numbers;
  const void *at;
} tri_value;

/* Whether there is a value: false where an expression had none (log at -1). */
TRI_API int tri_value_exists(tri_value value);

/* The nearest double; NaN where there is no value. */
TRI_API double tri_value_double(tri_value value);

/* Appends the number as text: 42, 1/3, 0.1, inf, 42 + 24*eps (a dual number); "nan" where there is no value. */
TRI_API void tri_value_text(tri_value value, tri_text *text);

/* Appends a number with at most `digits` significant digits (0: as many as mean something) and, to `radius` unless that is NULL, how far the
 * true value may be from the decimal written ("0" where it is that very number): the two parts of a ball. Numbers of other domains are
 * written as by tri_value_text, and nothing is appended to `radius`. */
TRI_API void tri_value_enclosure(tri_value value, uint64_t digits, tri_text *text,
                                 tri_text *radius);

/* The value i places further in the same array. */
TRI_API tri_value tri_value_at(tri_value value, size_t i);

/* The value part of a dual number, and its tangent along direction i. A number that is no dual is its own primal;
 * its tangents have no value. */
TRI_API tri_value tri_value_primal(tri_value value);
TRI_API tri_value tri_value_tangent(tri_value value, size_t i);

/* An array of numbers. */
typedef struct tri_values tri_values;

/* Makes an array of `count` zeros. options may be NULL. NULL when out of memory, and for a
 * precision above TRI_MAX_PRECISION. */
TRI_API tri_values *tri_values_new(const tri_number_options *options, size_t count);

/* Frees an array. Nothing happens for NULL. */
TRI_API void tri_values_free(tri_values *values);

/* Length of the array. */
TRI_API size_t tri_values_count(const tri_values *values);

/* Its numbers' domain. */
TRI_API tri_domain tri_values_domain(const tri_values *values);

/* Number i. */
TRI_API tri_value tri_values_get(const tri_values *values, size_t i);

/* Sets number i to x exactly (rounded if the domain has fewer digits); NaN, and inf in exact domains, is no value. */
TRI_API void tri_values_set_double(tri_values *values, size_t i, double x);

/* Sets number i to another number, converted if the domains differ (through an exact rational or a double). */
TRI_API void tri_values_set(tri_values *values, size_t i, tri_value value);

#ifdef __cplusplus
}
#endif
#endif
