/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the files of triad's tool for the GradBench suite share. A problem is one function of one eval: a row of problems.def, which names
 * how its input is read, its graph built, the function run and its output written. A job is the input of one message, as
 * numbers; a model is a problem's compiled functions for one size, kept until another size is asked for. */
#ifndef TRIAD_GRADBENCH_H
#define TRIAD_GRADBENCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triad.h>

enum { GB_SIZES = 8, GB_ARRAYS = 260, GB_PARTS = 2, GB_RANK = 3 };

typedef struct gb_job gb_job;
typedef struct gb_graph gb_graph;
typedef struct gb_model gb_model;

/* What a problem computes of its objective; particle and saddle: outer mode, inner mode. */
enum gb_mode { GB_VALUE, GB_DERIVATIVE, GB_FF, GB_FR, GB_RF, GB_RR };

typedef struct gb_problem {
  const char *module, *function;
  /* Takes the job's sizes and its inputs' numbers from the message; what is wrong with it is told by gb_wrong. */
  void (*read)(gb_job *job, const json_t *input);
  /* Makes the inputs and outputs of function `part`; failures stick to the graph, and out of memory there is no output. */
  void (*build)(gb_graph *b);
  /* Computes the output once: what is timed. */
  tri_status (*run)(gb_model *m, const double *inputs);
  /* The output as the suite wants it; NULL if it has a number that JSON cannot write. */
  json_t *(*write)(const gb_model *m);
  enum gb_mode mode;
  int parts; /* functions to compile */
} gb_problem;

/* --- the input (read.c) */

struct gb_job {
  const gb_problem *problem;
  int64_t size[GB_SIZES]; /* whatever the graph depends on, in an order of the problem's own */
  double *inputs;         /* all numbers one after the other, as the function takes them */
  size_t count, room;
  char error[256]; /* not "": what is wrong with the message; the first thing that was found */
};

/* Says what is wrong, unless something is already. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void gb_wrong(gb_job *job, const char *format, ...);

/* The field of this name; NULL, and something is wrong, if there is none. */
const json_t *gb_field(gb_job *job, const json_t *object, const char *name);

/* A whole number from `least` to `most`; a number. Where something is wrong: `least`; 0. */
int64_t gb_integer(gb_job *job, const json_t *object, const char *name, int64_t least,
                   int64_t most);
double gb_number(gb_job *job, const json_t *object, const char *name);

/* Appends one number to the inputs. */
void gb_append(gb_job *job, double x);

/* Appends the numbers of an array of arrays of … of `rank` dimensions to the inputs, row by row. A dimension of -1 is any of at least 1 and is
 * told; the others must fit. */
void gb_array(gb_job *job, const json_t *object, const char *name, int rank, int64_t *dims);

/* --- the functions (model.c) */

struct gb_graph {
  tri_graph *g;
  const int64_t *size;
  enum gb_mode mode;
  int part;
  size_t n_inputs, n_outputs, primals; /* primals: as tri_compile_options has it */
  tri_expr in[GB_ARRAYS], out[GB_ARRAYS];
};

struct gb_model {
  const gb_problem *problem;
  int64_t size[GB_SIZES];
  tri_function *function[GB_PARTS];
  tri_call call[GB_PARTS];
  double *output[GB_PARTS]; /* room for the outputs, by function */
  int64_t
      steps[GB_PARTS]; /* of a loop that goes on until it is done: the named size, as it was last */
  double *room;        /* of the problem's own, freed with the model */
  tri_error error;
};

/* Makes the functions of a problem for these sizes. NULL, and something is wrong with the job, on failure. */
gb_model *gb_model_new(gb_job *job);
void gb_model_free(gb_model *m);

/* An input, and an output. */
tri_expr gb_in(gb_graph *b, tri_expr e);
void gb_out(gb_graph *b, tri_expr e);

/* The value as the first output and its gradient by the first n inputs as the next ones; in GB_VALUE the value alone. */
void gb_gradient(gb_graph *b, tri_expr value, size_t n);

/* --- ways to run, ways to write */

/* The first function at the inputs. */
tri_status gb_call(gb_model *m, const double *inputs);

/* The number x; numbers as an array; as an array of rows. NULL if one of them is not finite. */
json_t *gb_real(double x);
json_t *gb_vector(const double *x, size_t n);
json_t *gb_matrix(const double *x, size_t rows, size_t columns);

/* Output number 0. */
json_t *gb_write_value(const gb_model *m);

/* --- the problems (problems.def) */

#define PROBLEM(module, function, read, build, run, write, mode, parts)                            \
  void read(gb_job *job, const json_t *input);                                                     \
  void build(gb_graph *b);                                                                         \
  tri_status run(gb_model *m, const double *inputs);                                               \
  json_t *write(const gb_model *m);
#include "problems.def"
#undef PROBLEM

#endif
