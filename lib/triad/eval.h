/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Compiled functions: values and derivatives of expressions at points, in any number domain. */
#ifndef TRIAD_EVAL_H
#define TRIAD_EVAL_H

#include <triad/graph.h>
#include <triad/numbers.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A compiled lambda. Immutable: any number of threads may call it at once, each with its own
 * workspace. It outlives the graph that it was compiled from. */
typedef struct tri_function tri_function;

/* Memory for the calls of one thread. What a call needs is allocated once and kept for calls of the
 * same kind (with as many directions and the same named sizes). */
typedef struct tri_workspace tri_workspace;

/* What carries out tri_function_call and tri_function_reverse. Results are the same bit for bit,
 * but for the last place of what the interpreter computes by the functions of lanes
 * (tri_function_map): rows over arrays, and loops that hand nothing on from step to step. Of these
 * machine code has the same bits where both write the loop's body out. */
typedef enum tri_run {
  TRI_INTERPRET, /* the interpreter */
  /* Machine code for one point, made at the first call, where there can be any, if triad was built
   * with LLVM: for functions in double without named sizes and operations that only loops need, and
   * for loops whose bodies are such and of at most 20,000 operations; else the interpreter:
   * tri_function_native tells why. */
  TRI_NATIVE,
  TRI_AUTO /* machine code if the expected calls are worth the time to make it */
} tri_run;

/* Machine code that functions share which come to the same operations, from graphs of whatever age,
 * and that is kept for such to come. */
typedef struct tri_native_cache tri_native_cache;

/* Makes a cache that keeps at most `most` codes (values, or gradients, of one function) that no
 * function uses any more. Many threads may use it at once. NULL when out of memory; allocator NULL:
 * malloc. */
TRI_API tri_native_cache *tri_native_cache_new(size_t most, const tri_allocator *allocator);

/* Frees a cache, after the functions that were compiled with it. Nothing happens for NULL. */
TRI_API void tri_native_cache_free(tri_native_cache *cache);

/* How a function is compiled; zeros are the defaults. With primals > 0 the outputs from number
 * `primals` on are derivatives of those before: in floating point they follow IEEE (sqrt' at 0 is
 * inf) instead of being checked operation by operation. */
typedef struct tri_compile_options {
  const tri_expr *outputs; /* filled in by the macro tri_compile */
  tri_domain domain;       /* TRI_DOUBLE */
  uint32_t precision;      /* bits, in domains that round to a chosen precision */
  uint64_t digits;         /* limit of decimal digits of one exact number; default 1,000,000 */
  size_t primals;          /* see above */
  /* not 0: one step per operation, none rewritten (x^2 stays a power): for traces */
  int as_written;
  const tri_allocator *allocator; /* of the function and its workspaces; NULL: malloc */
  tri_error *error;               /* not NULL: is told why compiling failed */
  tri_run run;                    /* TRI_INTERPRET */
  uint64_t expected_calls;        /* for TRI_AUTO: about how many calls are to come */
  tri_native_cache *native_cache; /* not NULL: machine code is shared through it */
  /* path of what makes machine code; NULL: where it was installed, or triad/ beside libtriad */
  const char *native_module;
  /* For tri_function_call_arrays, by output: the number of the input + 1 whose memory it takes, 0
   * for none; NULL: none. Both have one shape, and no two outputs take one input's. */
  const size_t *donated;
} tri_compile_options;

/* The function of n_inputs distinct variables (or tri_eps) with n_outputs >= 1 outputs:
 *   tri_compile(2, ((tri_expr[]){x, y}), 1, &f, .domain = TRI_RATIONAL)
 * NULL on failure, told to options' error and stuck to the graph: TRI_NAME for a variable of the
 * outputs that is no input, TRI_ARGUMENT for an input that is no variable or stands twice or for a
 * donated one that is none or is donated twice, TRI_SHAPE for one of another shape than its output,
 * what an error expression carries, TRI_MEMORY. */
TRI_API tri_function *tri_compile_with(size_t n_inputs, const tri_expr *inputs, size_t n_outputs,
                                       const tri_compile_options *options);
#define tri_compile(n_inputs, inputs, n_outputs, ...)                                              \
  tri_compile_with((n_inputs), (inputs), (n_outputs),                                              \
                   &(tri_compile_options){.outputs = __VA_ARGS__})

/* Frees a function; its workspaces are freed by themselves, before. Nothing happens for NULL. */
TRI_API void tri_function_free(tri_function *function);

/* How many inputs and outputs were given to tri_compile. */
TRI_API size_t tri_function_inputs(const tri_function *function);
TRI_API size_t tri_function_outputs(const tri_function *function);

/* The domain that it computes in. */
TRI_API tri_domain tri_function_domain(const tri_function *function);

/* Operations that one call carries out. */
TRI_API size_t tri_function_operations(const tri_function *function);

/* Not 0 if calls are by machine code, of a function with loops if all of these are; code that is
 * not made yet is made now, which takes about 30 ms and 50 µs for each operation. Else *why, unless
 * why is NULL, is told the reason in words that live as long as the function. In machine code too,
 * a call that is traced or strict, or that finds a number that does not exist, is carried out by
 * the interpreter. LLVM allocates for itself, by malloc. */
TRI_API int tri_function_native(const tri_function *function, const char **why);

/* Named sizes that a call must give, in this order; the name of size i (NULL beyond). */
TRI_API size_t tri_function_sizes(const tri_function *function);
TRI_API const char *tri_function_size_name(const tri_function *function, size_t i);

/* Makes a workspace for a function. NULL when out of memory, or if the function is NULL (it did not
 * compile). */
TRI_API tri_workspace *tri_workspace_new(const tri_function *function);

/* Makes a workspace in the caller's `size` bytes at buffer (aligned as from malloc), which are the
 * caller's to free when it is no longer used. It never allocates (GMP does, in exact domains); a
 * call for which it is too small gives TRI_MEMORY. NULL if not even the workspace itself fits, or
 * if the function is NULL. tri_workspace_free clears it. */
TRI_API tri_workspace *tri_workspace_place(const tri_function *function, void *buffer, size_t size);

/* Bytes that tri_workspace_place needs for tri_function_call and, if directions > 0, for
 * tri_function_forward along that many directions and tri_function_reverse as well. Machine code,
 * whose room this includes, is made for it if the function is to have some. For functions without
 * named sizes; else 0, and 0 for NULL. */
TRI_API size_t tri_workspace_bytes(const tri_function *function, size_t directions);

/* Frees a workspace. Nothing happens for NULL. */
TRI_API void tri_workspace_free(tri_workspace *workspace);

/* --- watching a run --------------------------------------------------------------------------- */

#define TRI_NO_STEP 0xffffffffu

/* A step of a run: an input, a constant, or an operation. */
typedef struct tri_step {
  /* of this step: inputs from 0 in their order, then constants, then operations as they are done */
  uint32_t index;
  uint32_t node; /* id of the expression in the graph that was compiled; 0 if it stands for none */
  tri_op op;
  size_t n_arguments;
  const uint32_t *arguments; /* the steps that are its arguments */
  size_t count;              /* elements of its shape: 1 for a scalar */
  /* the first element, see tri_value_at; a dual number in forward runs: see tri_value_tangent */
  tri_value value;
} tri_step;

/* What one argument's adjoint receives in a reverse sweep; also the seeds, from TRI_NO_STEP. */
typedef struct tri_contribution {
  uint32_t from; /* the step whose adjoint flows back, TRI_NO_STEP for the weight of an output */
  uint32_t argument; /* to which of its arguments; the output's number for a weight */
  uint32_t to;       /* that argument's step */
  size_t element;    /* element of `to` */
  tri_value adjoint; /* of `from`, complete by now (for a seed: the weight) */
  /* of `from` by this argument (for a seed: at is NULL, as it is for the moves of stack and
   * element) */
  tri_value partial;
  tri_value amount; /* adjoint * partial, 0 if the adjoint is 0 */
  tri_value sum;    /* adjoint of `to` after it was added */
} tri_contribution;

/* Callbacks; each may be NULL. Views are valid during the call only. */
typedef struct tri_trace {
  void *data;
  void (*step)(void *data, const tri_step *step);
  void (*contribution)(void *data, const tri_contribution *contribution);
} tri_trace;

/* --- calls ------------------------------------------------------------------------------------ */

/* The inner of the two runs that make a Hessian; the outer one is forward. */
typedef enum tri_mode { TRI_REVERSE, TRI_FORWARD } tri_mode;

/* How a function is called; zeros (or NULL for all) are the defaults. */
typedef struct tri_call {
  tri_workspace *workspace; /* NULL: one is made for this call */
  tri_error *error; /* not NULL: is told what went wrong, with the id of the expression at fault */
  size_t n_sizes;   /* named sizes, as tri_function_sizes orders them; each >= 0 */
  const int64_t *sizes;
  const tri_trace *trace;        /* not NULL: is shown every step */
  const volatile int *interrupt; /* not NULL: stops with TRI_INTERRUPTED once *interrupt is not 0 */
  tri_mode mode; /* of tri_function_hessian: forward over reverse, or forward over forward */
  int strict; /* not 0: a derivative at a kink is TRI_DOMAIN instead of what the convention says */
  /* Most that a reverse run keeps of one loop's carries (two steps' at least): what is not kept is
   * computed again. 0: all are kept. */
  size_t checkpoint_bytes;
  /* of tri_function_taylor, not 0: derivatives, which are k! times coefficient k */
  int derivatives;
  tri_pool *pool; /* of tri_function_call_arrays: whose threads work; NULL: the caller's alone */
  /* Of tri_function_call_arrays, not 0: numbers of less than 2^-126 (of doubles, 2^-1022) are zeros
   * where the processor can do so. */
  int flush_subnormals;
} tri_call;

/* Arrays below hold the elements of all inputs one after the other (a scalar is one element, a
 * matrix its rows), likewise of all outputs: N and M elements, as tri_function_elements tells.
 * `outputs` may be the array of the inputs; other arrays may not overlap. All calls give TRI_DOMAIN
 * where an output has no value and TRI_LIMIT where an exact number would exceed the digit limit;
 * the error names the operation at fault ("division by zero", "log at -1"). What has no value is
 * then NaN, as are the derivatives of what has none; other outputs are set all the same. TRI_SHAPE
 * if named sizes are missing or negative, TRI_ARGUMENT for a missing array, a workspace of another
 * function or a function that is NULL (it did not compile), TRI_MEMORY, TRI_INTERRUPTED. */

/* N and M for these sizes. call may be NULL if the function has no named sizes. TRI_SHAPE,
 * TRI_LIMIT. */
TRI_CHECKED TRI_API tri_status tri_function_elements(const tri_function *function,
                                                     const tri_call *call, size_t *n, size_t *m);

/* Outputs[M] at inputs[N]. In other domains than double, numbers are converted both ways. */
TRI_CHECKED TRI_API tri_status tri_function_call(const tri_function *function, const tri_call *call,
                                                 const double *inputs, double *outputs);

/* Dual run: outputs[M] (may be NULL) and tangents[k * M] along k >= 1 directions[k * N], row by
 * row. */
TRI_CHECKED TRI_API tri_status tri_function_forward(const tri_function *function,
                                                    const tri_call *call, const double *inputs,
                                                    size_t k, const double *directions,
                                                    double *outputs, double *tangents);

/* Adjoint tape run: outputs[M] (may be NULL) and adjoints[N]: the gradient of the sum of weights[i]
 * * outputs[i]. weights NULL: all are 1. */
TRI_CHECKED TRI_API tri_status tri_function_reverse(const tri_function *function,
                                                    const tri_call *call, const double *inputs,
                                                    const double *weights, double *outputs,
                                                    double *adjoints);

/* Outputs[M] (may be NULL) and jacobian[M * N], row by row: row i has the derivatives of output
 * element i by all input elements. Forward, 16 input elements at once, if N is at most 2 M, else
 * reverse: one run forward, and a sweep back for each output element. */
TRI_CHECKED TRI_API tri_status tri_function_jacobian(const tri_function *function,
                                                     const tri_call *call, const double *inputs,
                                                     double *outputs, double *jacobian);

/* Outputs[M] and gradient[N] (each may be NULL) and hessian[N * N], row by row, of the weighted sum
 * of outputs (weights NULL: all are 1), by nested runs as call's mode says. */
TRI_CHECKED TRI_API tri_status tri_function_hessian(const tri_function *function,
                                                    const tri_call *call, const double *inputs,
                                                    const double *weights, double *outputs,
                                                    double *gradient, double *hessian);

/* Taylor run: the outputs along a curve through the point. Input element i is the sum of curve[k *
 * N + i] t^k over k = 0 … terms - 1, terms >= 1: row 0 is the point, row 1 the direction; {at, 1}
 * in a function of one variable. coefficients[k * M + i], k = 0 … order, become those of t^k in
 * output element i, or with call's `derivatives` the k-th derivatives by t. In the order of order²
 * operations of the domain for each of the function's (gamma and its kin: order³), and order
 * numbers of memory for each value. A series is shown to a trace as a dual number with a tangent
 * for each coefficient beyond the first. */
TRI_CHECKED TRI_API tri_status tri_function_taylor(const tri_function *function,
                                                   const tri_call *call, size_t terms,
                                                   const double *curve, size_t order,
                                                   double *coefficients);

/* The same with numbers of the function's domain (TRI_ARGUMENT if an array is of another domain or
 * too short). */
TRI_CHECKED TRI_API tri_status tri_function_call_values(const tri_function *function,
                                                        const tri_call *call,
                                                        const tri_values *inputs,
                                                        tri_values *outputs);
/* As tri_function_forward. */
TRI_CHECKED TRI_API tri_status tri_function_forward_values(
    const tri_function *function, const tri_call *call, const tri_values *inputs, size_t k,
    const tri_values *directions, tri_values *outputs, tri_values *tangents);
/* As tri_function_reverse. */
TRI_CHECKED TRI_API tri_status tri_function_reverse_values(
    const tri_function *function, const tri_call *call, const tri_values *inputs,
    const tri_values *weights, tri_values *outputs, tri_values *adjoints);
/* As tri_function_jacobian. */
TRI_CHECKED TRI_API tri_status tri_function_jacobian_values(const tri_function *function,
                                                            const tri_call *call,
                                                            const tri_values *inputs,
                                                            tri_values *outputs,
                                                            tri_values *jacobian);
/* As tri_function_hessian. */
TRI_CHECKED TRI_API tri_status tri_function_hessian_values(
    const tri_function *function, const tri_call *call, const tri_values *inputs,
    const tri_values *weights, tri_values *outputs, tri_values *gradient, tri_values *hessian);

/* As tri_function_taylor. */
TRI_CHECKED TRI_API tri_status tri_function_taylor_values(const tri_function *function,
                                                          const tri_call *call, size_t terms,
                                                          const tri_values *curve, size_t order,
                                                          tri_values *coefficients);

/* --- arrays, each in a place of its own ------------------------------------------------------- */

/* The outputs where the inputs are arrays each in a place of its own, in the numbers of the
 * function's domain: double, or float in TRI_FLOAT. inputs[i] is where the elements of input i
 * begin, a matrix by its rows, one number for a scalar; outputs[o] is where those of output o go.
 * An output that was donated an input (tri_compile_options) must be given that input's pointer and
 * is updated in place; otherwise no output may overlap an input or another output. An array without
 * elements may be NULL.
 *
 * The function runs as an array program, if it has one (tri_function_arrays): products of matrices
 * by the CBLAS in the function's own numbers, everything else in fused passes over blocks of
 * elements, on the threads of the call's pool. Products and sums of floats are of floats and not of
 * doubles, functions are those of lanes (tri_function_map), so results differ from those of
 * tri_function_call by rounding. They do not depend on the number of threads, bit for bit, if the
 * CBLAS's own threads are switched off (openblas_set_num_threads(1)), which is the program's to do.
 * A function without such a program is carried out as by tri_function_call.
 *
 * Nothing is allocated after the first call with the same named sizes in the same workspace, which
 * keeps ready what the four bindings of sizes need that were used last: a batch, the rest at the
 * end of the data, and the same of other data. What has no value is NaN, and the call does not look
 * for it. The call's trace is not shown anything. TRI_ARGUMENT in other domains, for a missing
 * array and for an output that is not where its donated input is; TRI_SHAPE, TRI_LIMIT, TRI_MEMORY
 * and TRI_INTERRUPTED (what is donated is then as it was, other outputs may be set in part) as
 * tri_function_call. */
TRI_CHECKED TRI_API tri_status tri_function_call_arrays(const tri_function *function,
                                                        const tri_call *call,
                                                        const void *const *inputs,
                                                        void *const *outputs);

/* Not 0 if calls of tri_function_call_arrays run as an array program. Else *why, unless why is
 * NULL, is told the reason in words that live as long as the function: loops that hand something on
 * from step to step, and arrays of more than 12 dimensions, have none. */
TRI_API int tri_function_arrays(const tri_function *function, const char **why);

/* --- many points ------------------------------------------------------------------------------ */

/* Where one element of the inputs, or of the outputs, is for every point: number p is at doubles[p
 * * stride], or at floats[p * stride]; the other of the two is NULL. x and y in arrays of their
 * own: {x, .stride = 1}, {y, .stride = 1}; in one array of pairs: {xy, .stride = 2}, {xy + 1,
 * .stride = 2}. An input with stride 0 has the same value at all points. */
typedef struct tri_map_input {
  const double *doubles;
  const float *floats;
  ptrdiff_t stride;
} tri_map_input;

/* The same where results go. */
typedef struct tri_map_output {
  double *doubles;
  float *floats;
  ptrdiff_t stride; /* not 0 */
} tri_map_output;

/* How a map is done; zeros, or NULL for all, are the defaults. */
typedef struct tri_map_options {
  size_t threads;  /* at most; default 1. They are made for this call, unless there is a pool: */
  tri_pool *pool;  /* not NULL: its threads */
  size_t *without; /* not NULL: is told at how many points an output has no value */
  size_t *first;   /* not NULL: is told which is the first of these; n if there is none */
} tri_map_options;

/* The outputs at n points; inputs[N] and outputs[M] say where the numbers are. No output may
 * overlap an input or another output.
 *
 * In double and float the function runs for a block of points per instruction, by vector
 * instructions that the processor has, with SLEEF's elementary functions (1.0 units in the last
 * place) if triad was built with it, so results may differ from those of tri_function_call by
 * rounding; they do not depend on the number of threads. In other domains, and with named sizes,
 * each point is computed as by tri_function_call. Numbers of the other type than the function's are
 * converted.
 *
 * What has no value is NaN. TRI_DOMAIN if that is so for an output of any point: the error names
 * the first such point ("point 7: log at -1"), all others are set all the same. TRI_SHAPE,
 * TRI_ARGUMENT, TRI_LIMIT, TRI_MEMORY and TRI_INTERRUPTED (some points are then not set) as
 * tri_function_call. call may be NULL; its workspace and trace are not used. */
TRI_CHECKED TRI_API tri_status tri_function_map(const tri_function *function, const tri_call *call,
                                                size_t n, const tri_map_input *inputs,
                                                const tri_map_output *outputs,
                                                const tri_map_options *options);

/* The values of n >= 1 scalar expressions without variables, in options' domain (options may be
 * NULL), into *values, to be freed with tri_values_free; for points such as (1/3, pi). On failure
 * *values is NULL: as tri_compile and tri_function_call. error may be NULL. */
TRI_CHECKED TRI_API tri_status tri_evaluate(size_t n, const tri_expr *expressions,
                                            const tri_number_options *options, tri_values **values,
                                            tri_error *error);

/* --- emitted C -------------------------------------------------------------------------------- */

/* What C is emitted; zeros are the defaults. */
typedef struct tri_emit_options {
  const tri_expr *outputs; /* filled in by the macro tri_emit_c */
  const char
      *name; /* of the function; default "f". What C or C++ cannot have as a name is altered */
  const char
      *include; /* the header's name, as the source includes it; default NAME.h; "" : not at all */
  const char *comment;             /* what the header says first; NULL: nothing */
  int gradient, jacobian, hessian; /* not 0: functions for these as well */
  int float32; /* not 0: float in place of double; functions are computed in double and rounded */
  size_t cut;  /* operations of one function of C, at most; default 1000 */
  const tri_allocator *allocator; /* NULL: malloc */
  tri_error *error;               /* not NULL: is told what went wrong */
} tri_emit_options;

/* Standalone C11 (and C++17) that computes the n_outputs >= 1 outputs of n_inputs distinct
 * variables, and derivatives, as the interpreter does: in double bit for bit with the same C
 * library and without contraction of products and sums (-std=c11, or -ffp-contract=off). Appends
 * the source, which needs <math.h> and the header alone, and the header:
 *   tri_emit_c(2, ((tri_expr[]){x, y}), &source, &header, 1, &f, .name = "f", .gradient = 1)
 * emits f(in, value) and f_gradient(in, value, gradient). Arrays hold the elements of all inputs
 * one after the other, a matrix by rows, likewise of outputs; gradient[n] and hessian[n * n], of
 * one scalar output, by scalar inputs, jacobian[m * n] of m scalars, row by row. A stack among the
 * outputs counts as its elements. A function that is cut, or computes with vectors, takes a
 * workspace as its last argument: work[f_work], whose contents mean nothing between calls. Arrays
 * may not overlap. What has no value is NaN, and so are its derivatives; elsewhere derivatives
 * follow IEEE (sqrt' at 0 is inf). TRI_SHAPE for named sizes, or for derivatives of or by what is
 * no scalar; TRI_ARGUMENT for loops, for what tri_compile refuses, or for a name of a header that
 * cannot be quoted; TRI_NAME, TRI_DOMAIN, TRI_LIMIT, TRI_MEMORY. A failure sticks to the graph, and
 * nothing is appended. */
TRI_CHECKED TRI_API tri_status tri_emit_c_with(size_t n_inputs, const tri_expr *inputs,
                                               tri_text *source, tri_text *header, size_t n_outputs,
                                               const tri_emit_options *options);
#define tri_emit_c(n_inputs, inputs, source, header, n_outputs, ...)                               \
  tri_emit_c_with((n_inputs), (inputs), (source), (header), (n_outputs),                           \
                  &(tri_emit_options){.outputs = __VA_ARGS__})

#ifdef __cplusplus
}
#endif
#endif
