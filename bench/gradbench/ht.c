/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* ht: how far the points of a hand are from where they were seen, and the Jacobian by the hand's 26 parameters, with us also by where in its
 * triangle each point is. Transformations are 4 × 4 matrices with a last row 0 0 0 1. */
#include "gradbench.h"

#include "bench/hand_graph.h"

enum { BONES, VERTICES, POINTS, FORM, PARENTS };
enum { TRIANGLES = 1, MIRRORED = 2 }; /* bits of FORM */
enum { PARENT_BITS = 6, PER_SIZE = 10, PARENTS_SIZES = (HAND_BONES + PER_SIZE - 1) / PER_SIZE };
_Static_assert(PARENTS + PARENTS_SIZES <= GB_SIZES,
               "the bones' parents, which the graph depends on");
_Static_assert(HAND_BONES < 1 << PARENT_BITS, "a parent or none");

static void keep_parent(int64_t *size, int bone, int parent) {
  size[PARENTS + bone / PER_SIZE] |= (int64_t)(parent + 1) << PARENT_BITS * (bone % PER_SIZE);
}

static int parent_of(const int64_t *size, int bone) {
  int64_t of = size[PARENTS + bone / PER_SIZE] >> PARENT_BITS * (bone % PER_SIZE);
  return (int)(of & ((1 << PARENT_BITS) - 1)) - 1;
}

/* --- reading */

/* Takes an array's numbers away from the inputs again: where they begin. They stay until more is appended. */
static const double *taken(gb_job *job, size_t from) {
  job->count = from;
  return job->inputs + from;
}

static void read_parents(gb_job *job, const json_t *model) {
  int64_t bones = -1;
  size_t from = job->count;
  gb_array(job, model, "parents", 1, &bones);
  if (bones <= HAND_FINGERS * HAND_ANGLES || bones > HAND_BONES)
    gb_wrong(job, "\"parents\" of %lld bones, not %d to %d", (long long)bones,
             HAND_FINGERS * HAND_ANGLES + 1, HAND_BONES);
  if (job->error[0]) return;
  const double *parent = taken(job, from);
  for (int i = 0; i < (int)bones; i++) {
    bool before = parent[i] >= -1.0 && parent[i] < i && parent[i] == (double)(int)parent[i];
    if (before)
      keep_parent(job->size, i, (int)parent[i]);
    else
      gb_wrong(job, "\"parents\": %g of bone %d, which is no bone before it nor -1", parent[i], i);
  }
  job->size[BONES] = bones;
}

/* The first rows of n matrices of `rows` rows whose last is 0 … 0 1, and of which each is `columns` long; rows 1: vectors that end in 1. */
static void read_affine(gb_job *job, const json_t *model, const char *name, int64_t n, int rows) {
  int64_t dims[] = {n, 4, 4};
  size_t from = job->count, each = rows == 1 ? 4 : 16, last = rows == 1 ? 1 : 4;
  gb_array(job, model, name, rows == 1 ? 2 : 3, dims);
  if (job->error[0]) return;
  double *to = job->inputs + from;
  for (const double *x = to; x < job->inputs + job->count; x += each) {
    for (size_t i = each - last; i < each; i++)
      if (x[i] != (i == each - 1))
        gb_wrong(job, "\"%s\" does not end in %s1", name, rows == 1 ? "" : "0 0 0 ");
    memmove(to, x, (each - last) * sizeof *x);
    to += each - last;
  }
  job->count = (size_t)(to - job->inputs);
}

static bool read_flag(gb_job *job, const json_t *model, const char *name) {
  const json_t *flag = gb_field(job, model, name);
  if (flag && !json_is_boolean(flag)) gb_wrong(job, "\"%s\" is neither true nor false", name);
  return json_is_true(flag);
}

/* n whole numbers below `end` from the inputs at `from`. */
static void check_numbers(gb_job *job, const char *name, size_t from, size_t n, int64_t end) {
  for (size_t i = from; !job->error[0] && i < from + n; i++) {
    double x = job->inputs[i];
    if (!(x >= 0.0 && x < (double)end && x == (double)(int64_t)x))
      gb_wrong(job, "\"%s\": %g, not a number from 0 to %lld", name, x, (long long)end - 1);
  }
}

/* Appends the vertices that the points are, or first all first corners of the triangles that they are in, then the others. */
static void read_correspondences(gb_job *job, const json_t *data, const json_t *model) {
  int64_t *size = job->size, triangles[2] = {-1, 3};
  size_t from = job->count, n = (size_t)size[POINTS];
  if (size[FORM] & TRIANGLES) gb_array(job, model, "triangles", 2, triangles);
  size_t corners = job->count - from;
  gb_array(job, data, "correspondences", 1, (int64_t[]){size[POINTS]});
  check_numbers(job, "triangles", from, corners, size[VERTICES]);
  check_numbers(job, "correspondences", from + corners, n, corners ? triangles[0] : size[VERTICES]);
  if (job->error[0] || !corners) return;
  for (size_t i = 0; i < 3 * n; i++) {
    size_t triangle = (size_t)job->inputs[from + corners + i % n];
    gb_append(job, job->inputs[from + 3 * triangle + i / n]);
  }
  if (job->error[0]) return;
  memmove(job->inputs + from, job->inputs + from + corners + n, 3 * n * sizeof *job->inputs);
  job->count = from + 3 * n;
}

/* How many points there are, which the seen ones tell, and whether they are in triangles. */
static void read_form(gb_job *job, const json_t *input, const json_t *data, const json_t *model) {
  const json_t *us = gb_field(job, input, "us"), *points = gb_field(job, data, "points");
  if (us && !json_is_array(us)) gb_wrong(job, "\"us\" is no array");
  job->size[POINTS] = (int64_t)json_array_size(points);
  if (json_array_size(us)) job->size[FORM] |= TRIANGLES;
  if (read_flag(job, model, "is_mirrored")) job->size[FORM] |= MIRRORED;
}

void ht_read(gb_job *job, const json_t *input) {
  const json_t *data = gb_field(job, input, "data"), *model = gb_field(job, data, "model");
  int64_t *size = job->size;
  read_form(job, input, data, model);
  read_parents(job, model);
  gb_array(job, input, "theta", 1, (int64_t[]){HAND_THETA});
  read_affine(job, model, "base_relatives", size[BONES], 4);
  read_affine(job, model, "inverse_base_absolutes", size[BONES], 4);
  size[VERTICES] = (int64_t)json_array_size(gb_field(job, model, "base_positions"));
  read_affine(job, model, "base_positions", size[VERTICES], 1);
  gb_array(job, model, "weights", 2, (int64_t[]){size[VERTICES], size[BONES]});
  gb_array(job, data, "points", 2, (int64_t[]){size[POINTS], 3});
  read_correspondences(job, data, model);
  if (size[FORM] & TRIANGLES) gb_array(job, input, "us", 2, (int64_t[]){size[POINTS], 2});
  if (!size[POINTS] || !size[VERTICES]) gb_wrong(job, "no points, or no vertices");
}

/* --- graph and output */

void ht_build(gb_graph *b) {
  const int64_t *size = b->size;
  int parents[HAND_BONES];
  struct hand p = {.bones = (int)size[BONES],
                   .vertices = (int)size[VERTICES],
                   .n = (int)size[POINTS],
                   .parent = parents};
  struct hand_graph m = {.g = b->g,
                         .p = &p,
                         .corners = size[FORM] & TRIANGLES ? HAND_CORNERS : 1,
                         .mirrored = size[FORM] & MIRRORED};
  for (int i = 0; i < p.bones; i++) parents[i] = parent_of(size, i);
  b->n_inputs = hand_inputs(&m, b->in);
  if (hand_graph(&m, b->out)) return;
  b->primals = 1;
  b->n_outputs = b->mode == GB_VALUE ? 1 : 2;
}

json_t *ht_write_errors(const gb_model *m) {
  return gb_vector(m->output[0], 3 * (size_t)m->size[POINTS]);
}

json_t *ht_write_jacobian(const gb_model *m) {
  size_t rows = 3 * (size_t)m->size[POINTS];
  return gb_matrix(m->output[0] + rows, rows, HAND_THETA + (m->size[FORM] & TRIANGLES ? 2 : 0));
}
