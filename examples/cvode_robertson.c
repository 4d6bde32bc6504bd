/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* triad beside SUNDIALS: the stiff reactions of H. Robertson (1966), A -> B, B + B -> B + C, B + C
 * -> A + C, from t = 0 to 4e10 by CVODE's BDF method, which solves an equation with the Jacobian of
 * the rates at each step. The rates are written once; the Jacobian is theirs.
 * links: sundials/sundials_context.h -lsundials_cvode -lsundials_nvecserial -lsundials_core
 * links: sundials/sundials_context.h -lsundials_cvode -lsundials_nvecserial */
#include <cvode/cvode.h>
#include <nvector/nvector_serial.h>
#include <stdio.h>
#include <stdlib.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunmatrix/sunmatrix_dense.h>
#include <triad.h>

enum { N = 3 };
_Static_assert(sizeof(sunrealtype) == sizeof(double), "SUNDIALS computes in double");

#if SUNDIALS_VERSION_MAJOR >= 7
#define NO_COMMUNICATOR SUN_COMM_NULL
#else
#define NO_COMMUNICATOR NULL
#endif

/* What CVODE's callbacks work with. */
struct reactions {
  tri_function *rates, *jacobian;
  tri_call call[2];
};

static void check(tri_status status) {
  if (status == TRI_OK) return;
  fprintf(stderr, "cvode_robertson: %s\n", tri_status_meaning(status));
  exit(EXIT_FAILURE);
}

/* CVODE's results below 0 are errors, which it has printed. */
static void succeed(int result) {
  if (result < 0) exit(EXIT_FAILURE);
}

static tri_function *compile(const tri_expr *inputs, size_t n, const tri_expr *outputs,
                             tri_call *call) {
  tri_function *f = tri_compile(N, inputs, n, outputs);
  if (!f) check(tri_graph_status(inputs->graph));
  call->workspace = tri_workspace_new(f);
  if (!call->workspace) check(TRI_MEMORY);
  return f;
}

/* SUNDIALS keeps matrices column by column. */
static void open_reactions(struct reactions *r, tri_graph *graph) {
  tri_expr y[N] = {tri_variable(graph, "a"), tri_variable(graph, "b"), tri_variable(graph, "c")};
  tri_expr decay = tri_mul(tri_number(graph, "0.04"), y[0]);
  tri_expr pairs = tri_mul(tri_number(graph, "3e7"), tri_square(y[1]));
  tri_expr back = tri_mul(tri_number(graph, "1e4"), tri_mul(y[1], y[2]));
  tri_expr gain = tri_sub(decay, back), rates[N] = {tri_neg(gain), tri_sub(gain, pairs), pairs};
  tri_expr rows[N * N], columns[N * N];
  check(tri_jacobian(N, rates, N, y, rows));
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++) columns[N * j + i] = rows[N * i + j];
  r->rates = compile(y, N, rates, r->call);
  r->jacobian = compile(y, N * N, columns, r->call + 1);
}

static void close_reactions(struct reactions *r) {
  for (int i = 0; i < 2; i++) tri_workspace_free(r->call[i].workspace);
  tri_function_free(r->rates);
  tri_function_free(r->jacobian);
}

static int rates(sunrealtype t, N_Vector y, N_Vector by_t, void *data) {
  struct reactions *r = data;
  (void)t;
  return -!!tri_function_call(r->rates, r->call, N_VGetArrayPointer(y), N_VGetArrayPointer(by_t));
}

static int jacobian(sunrealtype t, N_Vector y, N_Vector by_t, SUNMatrix matrix, void *data,
                    N_Vector room1, N_Vector room2, N_Vector room3) {
  struct reactions *r = data;
  (void)t, (void)by_t, (void)room1, (void)room2, (void)room3;
  return -!!tri_function_call(r->jacobian, r->call + 1, N_VGetArrayPointer(y),
                              SUNDenseMatrix_Data(matrix));
}

/* The concentrations at 0.4, 4, 40, …: twelve times, as in SUNDIALS's own example, with smaller
 * errors. */
static void integrate(void *cvode, N_Vector y) {
  sunrealtype t;
  for (double until = 0.4; until < 1e11; until *= 10) {
    succeed(CVode(cvode, until, y, &t, CV_NORMAL));
    const double *at = N_VGetArrayPointer(y);
    printf("t = %.1e  a = %.4e  b = %.4e  c = %.4e\n", t, at[0], at[1], at[2]);
  }
}

int main(void) {
  struct reactions reactions = {0};
  tri_graph *graph = tri_graph_new(NULL);
  if (!graph) check(TRI_MEMORY);
  open_reactions(&reactions, graph);
  tri_graph_free(graph); /* what is compiled outlives its graph */

  SUNContext context;
  succeed(-!!SUNContext_Create(NO_COMMUNICATOR, &context));
  N_Vector y = N_VNew_Serial(N, context);
  SUNMatrix matrix = SUNDenseMatrix(N, N, context);
  SUNLinearSolver solver = SUNLinSol_Dense(y, matrix, context);
  void *cvode = CVodeCreate(CV_BDF, context);
  if (!y || !matrix || !solver || !cvode) check(TRI_MEMORY);
  N_VConst(0, y);
  N_VGetArrayPointer(y)[0] = 1;
  succeed(CVodeInit(cvode, rates, 0, y));
  succeed(CVodeSStolerances(cvode, 1e-9, 1e-20));
  succeed(CVodeSetUserData(cvode, &reactions));
  succeed(CVodeSetLinearSolver(cvode, solver, matrix));
  succeed(CVodeSetJacFn(cvode, jacobian));
  succeed(CVodeSetMaxNumSteps(cvode, 100000));
  integrate(cvode, y);

  CVodeFree(&cvode);
  SUNLinSolFree(solver);
  SUNMatDestroy(matrix);
  N_VDestroy(y);
  SUNContext_Free(&context);
  close_reactions(&reactions);
  return EXIT_SUCCESS;
}
