/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Hand tracking (hand.h): the bones written out, one loop over the points. Errors and Jacobian, by 26 tangents, over the plain objective in C.
 * With arguments, instances in ADBench's form, beside each of which is a folder model: the same of each of them. */
#include <triad.h>

#include "bench/files.h"
#include "bench/hand.h"

/* --- the graph */

struct model {
  tri_graph *g;
  const struct hand *p;
  tri_expr theta[HAND_THETA], base, inverse, position, weight, of_vertex, point; /* inputs */
};

static tri_expr array(struct model *m, const char *name, int64_t a, int64_t b) {
  return tri_variable_shaped(m->g, name, b ? 2 : 1, (int64_t[]){a, b}, NULL);
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

static void elements(tri_expr x, int n, tri_expr *e) {
  for (int i = 0; i < n; i++) e[i] = tri_element(x, (size_t)i);
}

/* The bones' transformations of vertices of a hand at rest: 12 expressions for each. */
static void bones(struct model *m, tri_expr *whole) {
  tri_expr pose[2 * HAND_BONES], places[12 * HAND_BONES], base[12], inverse[12], r[9], relative[12];
  for (int i = 0; i < 2 * HAND_BONES; i++) pose[i] = number(m, 0);
  for (int i = HAND_FIRST; i < HAND_THETA; i++) {
    int spread, bone = hand_bone_of(i, &spread);
    pose[2 * bone + spread] = m->theta[i];
  }
  for (int i = 0; i < m->p->bones; i++) {
    elements(tri_element(m->base, (size_t)i), 12, base);
    elements(tri_element(m->inverse, (size_t)i), 12, inverse);
    bend(m, pose[2 * i], pose[2 * i + 1], r);
    after(base, r, relative);
    if (m->p->parent[i] < 0)
      memcpy(places + 12 * i, relative, sizeof relative);
    else
      multiply(places + 12 * m->p->parent[i], relative, places + 12 * i);
    multiply(places + 12 * i, inverse, whole + 12 * i);
  }
}

/* A vertex at rest, moved by the bones. */
static void skin(struct model *m, const tri_expr *from, tri_expr weights, tri_expr *x) {
  tri_expr whole[12 * HAND_BONES];
  bones(m, whole);
  for (int j = 0; j < 3; j++) x[j] = number(m, 0);
  for (int i = 0; i < m->p->bones; i++)
    for (int j = 0; j < 3; j++) {
      const tri_expr *row = whole + 12 * i + 4 * j;
      tri_expr to = tri_add(product(row, 4, 0, from, 1, 0), row[3]);
      x[j] = tri_add(x[j], tri_mul(tri_element(weights, (size_t)i), to));
    }
}

/* The three errors of one point. */
static void errors_of(struct model *m, tri_expr position, tri_expr weights, tri_expr point,
                      tri_expr *error) {
  tri_expr from[3], x[3], r[9];
  elements(position, 3, from);
  skin(m, from, weights, x);
  turn(m, r);
  for (int j = 0; j < 3; j++)
    error[j] =
        tri_sub(tri_element(point, (size_t)j), tri_add(product(r, 3, j, x, 1, 0), m->theta[3 + j]));
}

/* Errors of all points, and the three rows of the Jacobian of each. */
static tri_status objective(struct model *m, tri_expr *outputs) {
  tri_expr step[] = {tri_variable(m->g, "v"), array(m, "p", 3, 0)};
  tri_expr error[3], slope[3], rows[3 * HAND_THETA], parts[2];
  errors_of(m, tri_gather(m->position, step[0]), tri_gather(m->weight, step[0]), step[1], error);
  for (size_t k = 0; k < HAND_THETA; k++) {
    tri_expr one = number(m, 1);
    if (tri_jvp(3, error, 1, m->theta + k, &one, slope)) return tri_graph_status(m->g);
    for (size_t j = 0; j < 3; j++) rows[HAND_THETA * j + k] = slope[j];
  }
  parts[0] = tri_stack(3, error);
  parts[1] = tri_stack(3 * HAND_THETA, rows);
  return tri_loop(m->g,
                  &(tri_loop_options){.n = tri_extent_of(m->p->n),
                                      .n_steps = 2,
                                      .steps = step,
                                      .step_inputs = (tri_expr[]){m->of_vertex, m->point},
                                      .n_stacked = 2,
                                      .stacked = parts},
                  outputs);
}

enum { ARRAYS = 6 };

static void make_inputs(struct model *m) {
  char name[16];
  for (int i = 0; i < HAND_THETA; i++) {
    snprintf(name, sizeof name, "theta%d", i);
    m->theta[i] = tri_variable(m->g, name);
  }
  m->base = array(m, "base", m->p->bones, 12);
  m->inverse = array(m, "inverse", m->p->bones, 12);
  m->position = array(m, "position", m->p->vertices, 3);
  m->weight = array(m, "weight", m->p->vertices, m->p->bones);
  m->of_vertex = array(m, "of_vertex", m->p->n, 0);
  m->point = array(m, "point", m->p->n, 3);
}

static tri_function *compiled(const struct hand *p) {
  struct model m = {.g = tri_graph_new(NULL), .p = p};
  tri_expr outputs[2], inputs[HAND_THETA + ARRAYS];
  tri_error error = {.message = ""};
  make_inputs(&m);
  const tri_expr arrays[ARRAYS] = {m.base, m.inverse, m.position, m.weight, m.of_vertex, m.point};
  memcpy(inputs, m.theta, sizeof m.theta);
  memcpy(inputs + HAND_THETA, arrays, sizeof arrays);
  tri_function *f =
      objective(&m, outputs)
          ? NULL
          : tri_compile(HAND_THETA + ARRAYS, inputs, 2, outputs, .primals = 1, .run = TRI_NATIVE,
                        .native_module = NATIVE_BUILT, .error = &error);
  if (!f) fprintf(stderr, "%s %s\n", tri_graph_error(m.g)->message, error.message);
  tri_graph_free(m.g);
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
  for (int i = 0; i < 1 + ARRAYS; i++) {
    memcpy(r->inputs + next, from[i], (size_t)count[i] * sizeof *r->inputs);
    next += (size_t)count[i];
  }
}

static void measure(const char *name, struct run *r, double goal) {
  char row[80];
  struct bench_way ways[] = {
      {run_plain, r, 0.0, 0}, {run_triad, r, 0.0, 0}, {run_by_hand, r, 0.0, 0}};
  bench_turns(3, ways);
  problem_result(name, ways[1].least * 1e6, ways[0].least * 1e6, "us", goal);
  snprintf(row, sizeof row, "%s:by-hand", name);
  problem_result(row, ways[2].least * 1e6, ways[0].least * 1e6, "us", NAN);
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
  if (right && measured) measure(name, &r, goal);
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

/* Each line: name, parent, place seen from the parent, inverse of the place, with colons between. Places come after p is open. */
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

/* Each line: position, normal, place in a picture, how many bones there are, and for each its number and weight. */
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
