/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Hand tracking (hand.h): the bones written out, one loop over the points. Errors and Jacobian, by
 * 26 tangents, over the plain objective in C. With arguments, instances in ADBench's form, beside
 * each of which is a folder model: the same of each of them. */
#include <triad.h>

#include "bench/files.h"
#include "bench/hand.h"

/* --- the graph */

enum { MOST_HELD = (12 * HAND_BONES + 9) * (1 + HAND_THETA) + 3 };

struct model {
  tri_graph *g;
  const struct hand *p;
  tri_expr theta[HAND_THETA], base[12 * HAND_BONES], inverse[12 * HAND_BONES]; /* numbers */
  tri_expr *held, *places; /* what is computed once, and the variables that stand for it */
  size_t count;
};

static tri_expr array(struct model *m, const char *name, size_t rank, const int64_t *dims) {
  return tri_variable_shaped(m->g, name, rank, dims, NULL);
}

static tri_expr number(struct model *m, int64_t n) { return tri_integer(m->g, n); }

static tri_expr sum3(tri_expr a, tri_expr b, tri_expr c) { return tri_add(tri_add(a, b), c); }

/* Row i of a, each `wide` numbers, times column j of b. */
static tri_expr product(const tri_expr *a, int wide, int i, const tri_expr *b, int columns, int j) {
  return sum3(tri_mul(a[wide * i], b[j]), tri_mul(a[wide * i + 1], b[columns + j]),
              tri_mul(a[wide * i + 2], b[2 * columns + j]));
}

static void rotate(const tri_expr *a, const tri_expr *b, tri_expr *c) {
  for (int i = 0; i < 9; i++) c[i] = product(a, 3, i / 3, b, 3, i % 3);
}

static void multiply(const tri_expr *a, const tri_expr *b, tri_expr *c) {
  for (int i = 0; i < 12; i++) {
    tri_expr sum = product(a, 4, i / 4, b, 4, i % 4);
    c[i] = i % 4 == 3 ? tri_add(sum, a[i]) : sum;
  }
}

/* The transformation a after the rotation r. */
static void after(const tri_expr *a, const tri_expr *r, tri_expr *c) {
  for (int i = 0; i < 12; i++) c[i] = i % 4 == 3 ? a[i] : product(a, 4, i / 4, r, 3, i % 4);
}

static void bend(struct model *m, tri_expr bend, tri_expr spread, tri_expr *r) {
  tri_expr o = number(m, 0), l = number(m, 1), c = tri_cos(bend), s = tri_sin(bend),
           d = tri_cos(spread), t = tri_sin(spread);
  rotate((tri_expr[]){d, tri_neg(t), o, t, d, o, o, o, l},
         (tri_expr[]){l, o, o, o, c, tri_neg(s), o, s, c}, r);
}

/* A rotation by axis times angle; none where there is hardly an angle. */
static void turn(struct model *m, tri_expr *r) {
  const tri_expr *of = m->theta;
  tri_expr square = sum3(tri_square(of[0]), tri_square(of[1]), tri_square(of[2])),
           angle = tri_sqrt(square), c = tri_cos(angle), s = tri_sin(angle), n[3];
  tri_expr turns = tri_ge(angle, tri_number(m->g, "0.0001")), rest = tri_sub(number(m, 1), c);
  for (int i = 0; i < 3; i++) n[i] = tri_div(of[i], angle);
  for (int i = 0; i < 3; i++) {
    int j = (i + 1) % 3, k = (i + 2) % 3;
    tri_expr both = tri_mul(tri_mul(n[i], n[j]), rest), across = tri_mul(n[k], s);
    r[4 * i] = tri_add(tri_mul(tri_square(n[i]), rest), c);
    r[3 * i + j] = tri_sub(both, across);
    r[3 * j + i] = tri_add(both, across);
  }
  for (int i = 0; i < 9; i++) r[i] = tri_select(turns, r[i], number(m, i % 4 == 0));
}

/* The bones' transformations of vertices of a hand at rest: 12 expressions for each. */
static void bones(struct model *m, tri_expr *whole) {
  tri_expr pose[2 * HAND_BONES], places[12 * HAND_BONES], r[9], relative[12];
  for (int i = 0; i < 2 * HAND_BONES; i++) pose[i] = number(m, 0);
  for (int i = HAND_FIRST; i < HAND_THETA; i++) {
    int spread, bone = hand_bone_of(i, &spread);
    pose[2 * bone + spread] = m->theta[i];
  }
  for (int i = 0; i < m->p->bones; i++) {
    bend(m, pose[2 * i], pose[2 * i + 1], r);
    after(m->base + 12 * i, r, relative);
    if (m->p->parent[i] < 0)
      memcpy(places + 12 * i, relative, sizeof relative);
    else
      multiply(places + 12 * m->p->parent[i], relative, places + 12 * i);
    multiply(places + 12 * i, m->inverse + 12 * i, whole + 12 * i);
  }
}

/* A vertex at rest, moved by the bones. */
static void skin(struct model *m, const tri_expr *whole, const tri_expr *from, tri_expr weights,
                 tri_expr *x) {
  for (int j = 0; j < 3; j++) x[j] = number(m, 0);
  for (int i = 0; i < m->p->bones; i++)
    for (int j = 0; j < 3; j++) {
      const tri_expr *row = whole + 12 * i + 4 * j;
      tri_expr to = tri_add(product(row, 4, 0, from, 1, 0), row[3]);
      x[j] = tri_add(x[j], tri_mul(tri_element(weights, (size_t)i), to));
    }
}

/* The three errors of one point, from the bones' transformations and behind them the hand's
 * rotation. */
static void errors_of(struct model *m, const tri_expr *whole, tri_expr position, tri_expr weights,
                      tri_expr point, tri_expr *error) {
  const tri_expr *r = whole + 12 * m->p->bones;
  tri_expr from[3], x[3];
  for (size_t i = 0; i < 3; i++) from[i] = tri_element(position, i);
  skin(m, whole, from, weights, x);
  for (int j = 0; j < 3; j++)
    error[j] =
        tri_sub(tri_element(point, (size_t)j), tri_add(product(r, 3, j, x, 1, 0), m->theta[3 + j]));
}

/* A variable for what is to be computed once. */
static tri_expr hold(struct model *m, tri_expr e) {
  char name[32];
  snprintf(name, sizeof name, "held%zu", m->count);
  m->held[m->count] = e;
  return m->places[m->count++] = tri_variable(m->g, name);
}

static int is_zero(tri_expr e) {
  double x;
  return tri_expr_double(e, &x) && x == 0.0;
}

/* Tangents of the errors by theta[k]: through what is held, of which those that do not move are
 * left out. */
static tri_status tangents(struct model *m, size_t k, const tri_expr *error, size_t held,
                           tri_expr *slope) {
  static tri_expr variables[12 * HAND_BONES + 10], directions[12 * HAND_BONES + 10],
      moves[12 * HAND_BONES + 9];
  tri_expr one = number(m, 1);
  size_t n = 0;
  if (tri_jvp(held, m->held, 1, m->theta + k, &one, moves)) return tri_graph_status(m->g);
  for (size_t i = 0; i < held; i++) {
    if (is_zero(moves[i])) continue;
    variables[n] = m->places[i];
    directions[n++] = hold(m, moves[i]);
  }
  variables[n] = m->theta[k];
  directions[n++] = one;
  return tri_jvp(3, error, n, variables, directions, slope);
}

/* The errors of one point and its three rows of the Jacobian. */
static tri_status parts_of(struct model *m, tri_expr position, tri_expr weights, tri_expr point,
                           tri_expr *parts) {
  tri_expr whole[12 * HAND_BONES + 9], error[3], slope[3], rows[3 * HAND_THETA];
  bones(m, whole);
  turn(m, whole + 12 * m->p->bones);
  for (int i = 0; i < 12 * m->p->bones + 9; i++) whole[i] = hold(m, whole[i]);
  size_t held = m->count;
  errors_of(m, whole, position, weights, point, error);
  for (size_t k = 0; k < HAND_THETA; k++) {
    if (tangents(m, k, error, held, slope)) return tri_graph_status(m->g);
    for (size_t j = 0; j < 3; j++) rows[HAND_THETA * j + k] = slope[j];
  }
  for (size_t i = 3; i < 6; i++) hold(m, m->theta[i]);
  parts[0] = tri_stack(3, error);
  parts[1] = tri_stack(3 * HAND_THETA, rows);
  return tri_graph_status(m->g);
}

/* Puts the numbers of an array, which has rows of `wide` unless that is 0, in the place of `count`
 * variables in n expressions. */
static tri_status put(size_t n, tri_expr *e, size_t count, const tri_expr *variables, tri_expr from,
                      size_t wide) {
  tri_expr *elements = calloc(count, sizeof *elements);
  if (!elements) exit(EXIT_FAILURE);
  for (size_t i = 0; i < count; i++)
    elements[i] = wide ? tri_element(tri_element(from, i / wide), i % wide) : tri_element(from, i);
  tri_status status = tri_substitute_all(n, e, count, variables, elements, e);
  free(elements);
  return status;
}

/* What is held, for every hand: there is one. A loop, so that it is compiled as a whole. */
static tri_status hold_all(struct model *m, const tri_expr *inputs, tri_expr *held) {
  const int64_t n = m->p->bones;
  tri_expr step[] = {array(m, "t", 1, (int64_t[]){HAND_THETA}),
                     array(m, "b", 2, (int64_t[]){n, 12}), array(m, "i", 2, (int64_t[]){n, 12})};
  tri_expr all = tri_stack(m->count, m->held);
  if (put(1, &all, HAND_THETA, m->theta, step[0], 0) ||
      put(1, &all, 12 * (size_t)n, m->base, step[1], 12) ||
      put(1, &all, 12 * (size_t)n, m->inverse, step[2], 12))
    return tri_graph_status(m->g);
  return tri_loop(m->g,
                  &(tri_loop_options){.n = tri_extent_of(1),
                                      .n_steps = 3,
                                      .steps = step,
                                      .step_inputs = inputs,
                                      .n_stacked = 1,
                                      .stacked = &all},
                  held);
}

/* Errors of all points, and the three rows of the Jacobian of each. */
static tri_status objective(struct model *m, const tri_expr *in, tri_expr *outputs) {
  tri_expr step[3] = {tri_variable(m->g, "v"), array(m, "p", 1, (int64_t[]){3})}, parts[2],
           held = {.graph = m->g};
  if (parts_of(m, tri_gather(in[3], step[0]), tri_gather(in[4], step[0]), step[1], parts) ||
      hold_all(m, in, &held))
    return tri_graph_status(m->g);
  step[2] = array(m, "h", 1, (int64_t[]){(int64_t)m->count});
  for (size_t i = 0; i < 3; i++) /* the last that are held */
    if (tri_substitute_all(2, parts, 1, m->theta + 3 + i, m->places + m->count - 3 + i, parts))
      return tri_graph_status(m->g);
  if (put(2, parts, m->count, m->places, step[2], 0)) return tri_graph_status(m->g);
  tri_extent n = tri_extent_of(m->p->n);
  return tri_loop(
      m->g,
      &(tri_loop_options){.n = n,
                          .n_steps = 3,
                          .steps = step,
                          .step_inputs =
                              (tri_expr[]){in[5], in[6], tri_repeat(tri_element(held, 0), n)},
                          .n_stacked = 2,
                          .stacked = parts},
      outputs);
}

enum { ARRAYS = 7 };

static void name_numbers(struct model *m, const char *name, size_t n, tri_expr *x) {
  char text[32];
  for (size_t i = 0; i < n; i++) {
    snprintf(text, sizeof text, "%s%zu", name, i);
    x[i] = tri_variable(m->g, text);
  }
}

static void make_inputs(struct model *m, tri_expr *in) {
  const struct hand *p = m->p;
  name_numbers(m, "theta", HAND_THETA, m->theta);
  name_numbers(m, "base", 12 * (size_t)p->bones, m->base);
  name_numbers(m, "inverse", 12 * (size_t)p->bones, m->inverse);
  in[0] = array(m, "theta", 2, (int64_t[]){1, HAND_THETA});
  in[1] = array(m, "base", 3, (int64_t[]){1, p->bones, 12});
  in[2] = array(m, "inverse", 3, (int64_t[]){1, p->bones, 12});
  in[3] = array(m, "position", 2, (int64_t[]){p->vertices, 3});
  in[4] = array(m, "weight", 2, (int64_t[]){p->vertices, p->bones});
  in[5] = array(m, "of_vertex", 1, (int64_t[]){p->n});
  in[6] = array(m, "point", 2, (int64_t[]){p->n, 3});
}

static tri_function *compiled(const struct hand *p) {
  struct model m = {.g = tri_graph_new(NULL), .p = p};
  tri_expr outputs[2], inputs[ARRAYS];
  tri_error error = {.message = ""};
  m.held = calloc(2 * MOST_HELD, sizeof *m.held);
  if (!m.held) exit(EXIT_FAILURE);
  m.places = m.held + MOST_HELD;
  make_inputs(&m, inputs);
  tri_function *f = objective(&m, inputs, outputs)
                        ? NULL
                        : tri_compile(ARRAYS, inputs, 2, outputs, .primals = 1, .run = TRI_NATIVE,
                                      .native_module = NATIVE_BUILT, .error = &error);
  if (!f) fprintf(stderr, "%s %s\n", tri_graph_error(m.g)->message, error.message);
  tri_graph_free(m.g);
  free(m.held);
  return f;
}

/* --- running */

struct run {
  struct hand *p;
  const tri_function *f;
  tri_call call;
  double *inputs, *outputs;
};

static void run_plain(void *data) {
  struct run *r = data;
  plain_hand(r->p, r->outputs);
}

static void run_by_hand(void *data) {
  struct run *r = data;
  hand_hand(r->p, r->outputs, r->outputs + 3 * r->p->n);
}

static void run_triad(void *data) {
  struct run *r = data;
  if (tri_function_call(r->f, &r->call, r->inputs, r->outputs)) exit(EXIT_FAILURE);
}

static size_t input_count(const struct hand *p) {
  return (size_t)(HAND_THETA + 24 * p->bones + (3 + p->bones) * p->vertices + 4 * p->n);
}

static void take_inputs(struct run *r) {
  const struct hand *p = r->p;
  size_t next = 0;
  const double *from[] = {p->theta,  p->base,      p->inverse, p->position,
                          p->weight, p->of_vertex, p->point};
  const int count[] = {HAND_THETA,      12 * p->bones,          12 * p->bones,
                       3 * p->vertices, p->vertices * p->bones, p->n,
                       3 * p->n};
  for (int i = 0; i < ARRAYS; i++) {
    memcpy(r->inputs + next, from[i], (size_t)count[i] * sizeof *r->inputs);
    next += (size_t)count[i];
  }
}

static int compare(const char *name, struct hand *p, double goal, int measured) {
  char row[80];
  double start = bench_seconds();
  tri_function *f = compiled(p);
  if (!f) return 0;
  size_t n = (size_t)p->n, outputs = 3 * (1 + HAND_THETA) * n;
  double *expected = bench_numbers(outputs), *results = bench_numbers(outputs);
  struct run r = {
      p, f, {.workspace = tri_workspace_new(f)}, bench_numbers(input_count(p)), results};
  take_inputs(&r);
  run_triad(&r); /* lanes are made by the first call */
  snprintf(row, sizeof row, "%s-prepare", name);
  bench_result(row, bench_seconds() - start, "s", 1.0, 1);
  r.outputs = expected;
  run_by_hand(&r);
  int right = problem_same(name, outputs, results, expected);
  run_plain(&r);
  right &= problem_same(name, 3 * n, results, expected);
  if (right && isnan(goal)) bench_value(name, 3 * n, expected);
  if (right && measured)
    problem_turns(name, run_plain, run_triad, run_by_hand, &r, 1e6, "us", goal);
  tri_workspace_free(r.call.workspace);
  tri_function_free(f);
  free(r.inputs);
  free(results);
  free(expected);
  return right;
}

/* --- data */

static double spread(unsigned long long *state) { return 0.5 * bench_random(state); }

/* Transformations that turn by some angles and shift by about `far`. */
static void make_places(double *place, int n, double far, unsigned long long *state) {
  for (int i = 0; i < n; i++, place += 12) {
    double r[9], axis[] = {spread(state), spread(state), spread(state)};
    hand_turn(axis, r);
    for (int j = 0; j < 12; j++)
      place[j] = j % 4 == 3 ? far * spread(state) : r[3 * (j / 4) + j % 4];
  }
}

/* Weights of each vertex, which make 1. */
static void make_weights(const struct hand *p, unsigned long long *state) {
  for (int i = 0; i < p->vertices; i++) {
    double *weight = p->weight + p->bones * i, sum = 0.0;
    for (int k = 0; k < p->bones; k++) sum += weight[k] = 0.5 + spread(state);
    for (int k = 0; k < p->bones; k++) weight[k] /= sum;
  }
}

/* A wrist, five fingers of four bones, a forearm. */
static int made(const char *name, int vertices, double goal) {
  struct hand p = {.bones = 22, .vertices = vertices, .n = vertices};
  unsigned long long state = 1;
  hand_open(&p);
  for (int i = 0; i < p.bones; i++) p.parent[i] = i == 0 ? -1 : i % HAND_ANGLES == 1 ? 0 : i - 1;
  make_places(p.base, p.bones, 1.0, &state);
  make_places(p.inverse, p.bones, 1.0, &state);
  make_weights(&p, &state);
  for (int i = 0; i < 3 * vertices; i++) p.position[i] = bench_random(&state);
  for (int i = 0; i < 3 * vertices; i++) p.point[i] = bench_random(&state);
  for (int i = 0; i < vertices; i++) p.of_vertex[i] = (7 * i + 3) % vertices;
  for (int i = 0; i < HAND_THETA; i++) p.theta[i] = spread(&state);
  int right = compare(name, &p, goal, 1);
  hand_close(&p);
  return right;
}

/* --- files */

static FILE *open_part(const char *folder, size_t length, const char *name) {
  char path[1024];
  snprintf(path, sizeof path, "%.*s%s", (int)length, folder, name);
  FILE *file = fopen(path, "r");
  if (!file) perror(path);
  return file;
}

/* Numbers, each after a colon. */
static int read_numbers(FILE *file, double *x, int n) {
  for (int i = 0; i < n; i++)
    if (fscanf(file, " :%lf", x + i) != 1) return 0;
  return 1;
}

/* Three rows of four; the last of four rows is that of a transformation. */
static int read_place(FILE *file, double *place) {
  double x[16];
  if (!read_numbers(file, x, 16)) return 0;
  memcpy(place, x, 12 * sizeof *x);
  return x[12] == 0.0 && x[13] == 0.0 && x[14] == 0.0 && x[15] == 1.0;
}

/* Each line: name, parent, place seen from the parent, inverse of the place, with colons between.
 * Places come after p is open. */
static int read_bones(FILE *file, struct hand *p) {
  char name[80];
  int parent;
  double base[12], inverse[12];
  for (p->bones = 0; fscanf(file, " %79[^:]:%d", name, &parent) == 2; p->bones++) {
    if (p->bones == HAND_BONES || parent < -1 || parent >= p->bones || !read_place(file, base) ||
        !read_place(file, inverse))
      return 0;
    if (!p->parent) continue;
    p->parent[p->bones] = parent;
    memcpy(p->base + 12 * p->bones, base, sizeof base);
    memcpy(p->inverse + 12 * p->bones, inverse, sizeof inverse);
  }
  return p->bones > HAND_FINGERS * HAND_ANGLES && feof(file);
}

/* Each line: position, normal, place in a picture, how many bones there are, and for each its
 * number and weight. */
static int read_vertices(FILE *file, struct hand *p) {
  double x, at[7];
  for (p->vertices = 0; fscanf(file, " %lf", &x) == 1; p->vertices++) {
    int count, bone;
    if (p->vertices == 1000000 || !read_numbers(file, at, 7) || fscanf(file, " :%d", &count) != 1)
      return 0;
    for (int i = 0; i < count; i++) {
      double weight;
      if (fscanf(file, " :%d:%lf", &bone, &weight) != 2 || bone < 0 || bone >= p->bones) return 0;
      if (p->weight) p->weight[p->bones * p->vertices + bone] = weight;
    }
    if (!p->position) continue;
    p->position[3 * p->vertices] = x;
    memcpy(p->position + 3 * p->vertices + 1, at, 2 * sizeof x);
  }
  return feof(file);
}

/* How many points and parameters; each point's vertex and place; the parameters. */
static int read_points(FILE *file, struct hand *p) {
  for (int i = 0; i < p->n; i++) {
    double *at = p->point + 3 * i;
    if (fscanf(file, "%lf %lf %lf %lf", p->of_vertex + i, at, at + 1, at + 2) != 4) return 0;
    if (!(p->of_vertex[i] >= 0.0 && p->of_vertex[i] < p->vertices)) return 0;
  }
  for (int i = 0; i < HAND_THETA; i++)
    if (fscanf(file, "%lf", p->theta + i) != 1) return 0;
  return 1;
}

/* The files twice: how much there is, then what. */
static int read_model(struct hand *p, FILE *bones, FILE *vertices, FILE *points) {
  int thetas;
  if (!read_bones(bones, p) || !read_vertices(vertices, p)) return 0;
  if (fscanf(points, "%d %d", &p->n, &thetas) != 2 || thetas != HAND_THETA || p->n < 1 ||
      p->n > 1000000)
    return 0;
  hand_open(p);
  rewind(bones);
  rewind(vertices);
  return read_bones(bones, p) && read_vertices(vertices, p) && read_points(points, p);
}

static int from_file(const char *name, int measured) {
  const char *slash = strrchr(name, '/');
  size_t folder = slash ? (size_t)(slash - name) + 1 : 0;
  struct hand p = {.bones = 0};
  FILE *points = open_part(name, strlen(name), ""),
       *bones = open_part(name, folder, "model/bones.txt"),
       *vertices = open_part(name, folder, "model/vertices.txt");
  int ok = points && bones && vertices;
  if (ok) {
    ok = read_model(&p, bones, vertices, points);
    if (ok)
      ok = compare("hand-file", &p, NAN, measured);
    else
      fprintf(stderr, "%s: not an instance of a hand's model, or too large\n", name);
    hand_close(&p);
  }
  if (points) fclose(points);
  if (bones) fclose(bones);
  if (vertices) fclose(vertices);
  return ok;
}

int main(int argc, char **argv) {
  if (argc > 1) return bench_files(argc, argv, from_file) ? EXIT_SUCCESS : EXIT_FAILURE;
  return made("hand-simple", 100, 3.5) ? EXIT_SUCCESS : EXIT_FAILURE;
}
