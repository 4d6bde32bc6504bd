/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* triad beside Ipopt, which minimises f(x) where g(x) lies between bounds, and asks for f, its
 * gradient, g, the sparse Jacobian of g and the sparse Hessian of the Lagrangian s·f + λ·g. All of
 * them come from the same two expressions: problem 71 of Hock and Schittkowski, and a chain of 500
 * links that hangs between two nails.
 * needs: ipopt */
#include <IpStdCInterface.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <triad.h>

static void check(tri_status status) {
  if (status == TRI_OK) return;
  fprintf(stderr, "ipopt_minimise: %s\n", tri_status_meaning(status));
  exit(EXIT_FAILURE);
}

/* --- what Ipopt calls */

/* One array of n variables; f is a number, g an array of m. Each function has a workspace, so that
 * no call allocates. */
struct problem {
  size_t n, m;
  tri_function *f, *g;
  tri_sparse *jacobian, *hessian; /* by g; of f and g, the lower triangle */
  tri_call call[4];
  double *weights;
};

static void problem_open(struct problem *p, tri_expr x, tri_expr f, tri_expr g) {
  p->n = (size_t)tri_expr_dim(x, 0);
  p->m = (size_t)tri_expr_dim(g, 0);
  p->f = tri_compile(1, &x, 1, &f);
  p->g = tri_compile(1, &x, 1, &g);
  p->jacobian = tri_jacobian_sparse(1, &x, 1, &g);
  p->hessian = tri_hessian_sparse(1, &x, 2, (tri_expr[]){f, g}, .triangle = TRI_LOWER);
  check(tri_graph_status(x.graph));
  const tri_function *all[] = {p->f, p->g, tri_sparse_function(p->jacobian),
                               tri_sparse_function(p->hessian)};
  for (int i = 0; i < 4; i++) {
    p->call[i] = (tri_call){.workspace = tri_workspace_new(all[i])};
    if (!p->call[i].workspace) check(TRI_MEMORY);
  }
  p->weights = malloc((1 + p->m) * sizeof *p->weights);
  if (!p->weights) check(TRI_MEMORY);
}

static void problem_close(struct problem *p) {
  for (int i = 0; i < 4; i++) tri_workspace_free(p->call[i].workspace);
  tri_function_free(p->f);
  tri_function_free(p->g);
  tri_sparse_free(p->jacobian);
  tri_sparse_free(p->hessian);
  free(p->weights);
}

static Bool value(Index n, Number *x, Bool new_x, Number *f, UserDataPtr data) {
  struct problem *p = data;
  (void)n, (void)new_x;
  return !tri_function_call(p->f, p->call, x, f);
}

static Bool gradient(Index n, Number *x, Bool new_x, Number *by_x, UserDataPtr data) {
  struct problem *p = data;
  (void)n, (void)new_x;
  return !tri_function_reverse(p->f, p->call, x, NULL, NULL, by_x);
}

static Bool constraints(Index n, Number *x, Bool new_x, Index m, Number *g, UserDataPtr data) {
  struct problem *p = data;
  (void)n, (void)new_x, (void)m;
  return !tri_function_call(p->g, p->call + 1, x, g);
}

/* Ipopt asks for the places of the entries first, without values. */
static Bool places(const tri_sparse *s, Index count, Index *row, Index *column) {
  for (Index k = 0; k < count; k++) {
    row[k] = tri_sparse_row(s)[k];
    column[k] = tri_sparse_column(s)[k];
  }
  return TRUE;
}

static Bool jacobian(Index n, Number *x, Bool new_x, Index m, Index count, Index *row,
                     Index *column, Number *values, UserDataPtr data) {
  struct problem *p = data;
  (void)n, (void)new_x, (void)m;
  if (!values) return places(p->jacobian, count, row, column);
  return !tri_sparse_call(p->jacobian, p->call + 2, x, NULL, NULL, values);
}

static Bool hessian(Index n, Number *x, Bool new_x, Number scale, Index m, Number *multipliers,
                    Bool new_multipliers, Index count, Index *row, Index *column, Number *values,
                    UserDataPtr data) {
  struct problem *p = data;
  (void)n, (void)new_x, (void)new_multipliers;
  if (!values) return places(p->hessian, count, row, column);
  p->weights[0] = scale;
  for (Index i = 0; i < m; i++) p->weights[1 + i] = multipliers[i];
  return !tri_sparse_call(p->hessian, p->call + 3, x, p->weights, NULL, values);
}

/* From x to the solution in x, with bounds of x (2n numbers: the lower ones first) and of g;
 * multipliers may be NULL. */
static double minimise(struct problem *p, double *x, double *of_x, double *of_g,
                       double *multipliers) {
  double f = NAN;
  IpoptProblem ipopt = CreateIpoptProblem((Index)p->n, of_x, of_x + p->n, (Index)p->m, of_g,
                                          of_g + p->m, (Index)tri_sparse_entries(p->jacobian),
                                          (Index)tri_sparse_entries(p->hessian), 0, value,
                                          constraints, gradient, jacobian, hessian);
  if (!ipopt) check(TRI_MEMORY);
  AddIpoptStrOption(ipopt, "sb", "yes"); /* no banner */
  AddIpoptIntOption(ipopt, "print_level", 0);
  enum ApplicationReturnStatus status = IpoptSolve(ipopt, x, NULL, &f, multipliers, NULL, NULL, p);
  FreeIpoptProblem(ipopt);
  if (status != Solve_Succeeded) {
    fprintf(stderr, "ipopt_minimise: no solution, status %d\n", (int)status);
    exit(EXIT_FAILURE);
  }
  printf("%zu variables, %zu constraints, %zu entries of the Jacobian, %zu of the Hessian\n", p->n,
         p->m, tri_sparse_entries(p->jacobian), tri_sparse_entries(p->hessian));
  return f;
}

/* --- the problems */

static void hock_schittkowski_71(tri_graph *graph) {
  struct problem p;
  tri_expr all = tri_variable_shaped(graph, "x", 1, (int64_t[]){4}, NULL), x[4], squares[4];
  for (size_t i = 0; i < 4; i++) {
    x[i] = tri_element(all, i);
    squares[i] = tri_square(x[i]);
  }
  tri_expr sum = tri_add(tri_add(x[0], x[1]), x[2]);
  tri_expr f = tri_add(tri_mul(tri_mul(x[0], x[3]), sum), x[2]);
  tri_expr g[2] = {
      tri_mul(tri_mul(tri_mul(x[0], x[1]), x[2]), x[3]),
      tri_add(tri_add(tri_add(squares[0], squares[1]), squares[2]), squares[3]),
  };
  problem_open(&p, all, f, tri_stack(2, g));
  double at[] = {1, 5, 5, 1}, of_x[] = {1, 1, 1, 1, 5, 5, 5, 5}, of_g[] = {25, 40, 2e19, 40};
  double multipliers[2];
  printf("f = %.5f", minimise(&p, at, of_x, of_g, multipliers));
  printf(" at x = (%.5f, %.5f, %.5f, %.5f)", at[0], at[1], at[2], at[3]);
  printf(", multipliers %.4f and %.4f\n", multipliers[0], multipliers[1]);
  problem_close(&p);
}

enum { LINKS = 500, POINTS = LINKS + 1 };

/* Points (x[i], y[i]) are hung so that the middles of the links are as low as can be, where no link
 * is longer than 2/LINKS: sums over an index, so the graph does not grow with the chain. */
static void open_chain(struct problem *p, tri_graph *graph) {
  tri_expr all = tri_variable_shaped(graph, "at", 1, (int64_t[]){2 * POINTS}, NULL);
  tri_expr i = tri_variable(graph, "i"), next = tri_add(i, tri_integer(graph, 1));
  tri_expr points = tri_integer(graph, POINTS), y = tri_gather(all, tri_add(points, i)),
           next_y = tri_gather(all, tri_add(points, next));
  tri_expr dx = tri_sub(tri_gather(all, next), tri_gather(all, i)), dy = tri_sub(next_y, y);
  tri_expr middle = tri_div(tri_add(y, next_y), tri_integer(graph, 2 * LINKS));
  tri_expr long_square =
      tri_mul(tri_integer(graph, (int64_t)LINKS * LINKS), tri_add(tri_square(dx), tri_square(dy)));
  problem_open(p, all, tri_sum(middle, i, 0, tri_extent_of(LINKS)),
               tri_map(long_square, i, 0, tri_extent_of(LINKS)));
}

/* The nails are at (0, 0) and (1, 0). The curve of a chain of length 2 is a cosh((x - 1/2)/a) - …,
 * where 2a sinh(1/(2a)) = 2. */
static void chain(tri_graph *graph) {
  static double at[2 * POINTS], of_x[4 * POINTS], of_g[2 * LINKS];
  struct problem p;
  double a = 0.25;
  for (int i = 0; i < 2 * POINTS; i++) {
    int nail = i % POINTS == 0 || i % POINTS == LINKS;
    at[i] = i < POINTS ? (double)i / LINKS : 0;
    of_x[i] = nail ? at[i] : -2e19;
    of_x[2 * POINTS + i] = nail ? at[i] : 2e19;
  }
  for (int i = 0; i < LINKS; i++) {
    of_g[i] = -2e19;
    of_g[LINKS + i] = 4;
  }
  for (int i = 0; i < 50; i++)
    a -= (a * sinh(0.5 / a) - 1) / (sinh(0.5 / a) - 0.5 / a * cosh(0.5 / a));
  open_chain(&p, graph);
  printf("mean height %.4f", minimise(&p, at, of_x, of_g, NULL));
  printf(", lowest point %.4f; of the curve %.4f\n", at[POINTS + LINKS / 2], a - sqrt(1 + a * a));
  problem_close(&p);
}

int main(void) {
  tri_graph *graph = tri_graph_new(NULL);
  if (!graph) check(TRI_MEMORY);
  hock_schittkowski_71(graph);
  chain(graph);
  tri_graph_free(graph);
  return EXIT_SUCCESS;
}
