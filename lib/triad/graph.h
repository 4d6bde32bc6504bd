/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The expression graph: immutable hash-consed nodes, constructors, text in and text out. */
#ifndef TRIAD_GRAPH_H
#define TRIAD_GRAPH_H

#include <triad/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A graph owns every node made in it. One thread builds a graph at a time; compiled functions
 * outlive it. */
typedef struct tri_graph tri_graph;

/* An expression: a value to be passed around and never freed. An error expression (tri_expr_status
 * != TRI_OK) stands for a failed constructor; whatever is built on it is an error expression
 * too. */
typedef struct tri_expr {
  tri_graph *graph;
  uint32_t id;
} tri_expr;

/* Ordered parameters and outputs of a graph: a function. Interned: equal lambdas have equal ids. */
typedef struct tri_lambda {
  tri_graph *graph;
  uint32_t id;
} tri_lambda;

/* A point in a graph's history, for tri_graph_rewind. */
typedef struct tri_mark {
  uint32_t nodes, arguments, attributes, shapes;
} tri_mark;

/* The kinds of nodes: first the rows of ops.def in their order, then those of structured.def, then
 * the leaves. */
typedef enum tri_op {
#define OP1(name, ...) TRI_OP_##name,
#define OP2 OP1
#define OP3 OP1
#include "ops.def"
#undef OP1
#undef OP2
#undef OP3
  TRI_OP_ROWS, /* number of scalar rows */
  TRI_OP_before_structured = TRI_OP_ROWS - 1,
#define STRUCTURED(name, ...) TRI_OP_##name,
#include "structured.def"
#undef STRUCTURED
  TRI_OP_constant, /* an exact rational */
  TRI_OP_pi,       /* the constant pi */
  TRI_OP_variable, /* a named variable */
  TRI_OP_eps,      /* the infinitesimal of dual numbers, eps^2 = 0 */
  TRI_OP_hole,     /* an argument of a row's template; never in a user's graph */
  TRI_OP_COUNT
} tri_op;

/* What a node's value is. */
typedef enum tri_sort { TRI_REAL, TRI_INDEX, TRI_BOOLEAN, TRI_TUPLE } tri_sort;

/* How a graph is made; zeros are the defaults. */
typedef struct tri_graph_options {
  const tri_allocator *allocator; /* NULL: malloc */
  tri_limits limits;              /* zeros: the defaults */
  const volatile int
      *interrupt; /* not NULL: long work stops with TRI_INTERRUPTED once *interrupt is not 0 */
} tri_graph_options;

/* Makes an empty graph. options may be NULL. NULL when out of memory. */
TRI_API tri_graph *tri_graph_new(const tri_graph_options *options);

/* Frees a graph and all its expressions. Nothing happens for NULL. */
TRI_API void tri_graph_free(tri_graph *graph);

/* The first failure since the graph was made or its error cleared; TRI_OK if there was none. */
TRI_API tri_status tri_graph_status(const tri_graph *graph);

/* That failure with its message and place. Valid until the error is cleared. */
TRI_API const tri_error *tri_graph_error(const tri_graph *graph);

/* Forgets the failure. */
TRI_API void tri_graph_clear_error(tri_graph *graph);

/* Marks the graph's present end. */
TRI_API tri_mark tri_graph_mark(const tri_graph *graph);

/* Drops every node made since the mark and clears the error. Expressions made since then must not
 * be used again. */
TRI_API void tri_graph_rewind(tri_graph *graph, tri_mark mark);

/* Nodes in the graph (every node ever made and not rewound). */
TRI_API uint32_t tri_graph_size(const tri_graph *graph);

/* Bytes that the graph holds at present. */
TRI_API size_t tri_graph_bytes(const tri_graph *graph);

/* TRI_OK, or the status that an error expression carries. */
TRI_API tri_status tri_expr_status(tri_expr e);

/* --- leaves ----------------------------------------------------------------------------------- */

/* The integer n. */
TRI_API tri_expr tri_integer(tri_graph *graph, int64_t n);

/* The exact value of a finite double, a dyadic rational. TRI_DOMAIN for NaN and infinities. */
TRI_API tri_expr tri_double(tri_graph *graph, double x);

/* The rational num/den. TRI_DOMAIN if den is 0. */
TRI_API tri_expr tri_rational(tri_graph *graph, int64_t num, int64_t den);

/* A number as the language writes it ("0.1" is 1/10, "0x1.8p3"), exactly. TRI_SYNTAX, TRI_LIMIT. */
TRI_API tri_expr tri_number(tri_graph *graph, const char *text);

/* The constant pi. */
TRI_API tri_expr tri_pi(tri_graph *graph);

/* The infinitesimal eps of dual numbers. */
TRI_API tri_expr tri_eps(tri_graph *graph);

/* The real scalar variable of this name (UTF-8); the same name gives the same node. TRI_NAME for an
 * empty or reserved one. */
TRI_API tri_expr tri_variable(tri_graph *graph, const char *name);

/* The variable of this name with a shape of `rank` dimensions: dims[i] >= 0 is a size, and where
 * names && names[i] a size of that name, bound at each call (dims[i] is then not read). A variable
 * is known by name and shape. TRI_SHAPE, TRI_LIMIT. */
TRI_API tri_expr tri_variable_shaped(tri_graph *graph, const char *name, size_t rank,
                                     const int64_t *dims, const char *const *names);

/* --- constructors ----------------------------------------------------------------------------- */

/* One constructor per row of ops.def: tri_add(a, b), tri_sin(a), tri_select(c, a, b), … Comparisons
 * give a boolean expression. Each folds exact constants and rewrites only what holds wherever the
 * written expression has a value. TRI_SHAPE where shapes or sorts do not fit, TRI_LIMIT,
 * TRI_MEMORY, TRI_ARGUMENT for expressions of two graphs. */
#define OP1(name, ...) TRI_API tri_expr tri_##name(tri_expr a);
#define OP2(name, ...) TRI_API tri_expr tri_##name(tri_expr a, tri_expr b);
#define OP3(name, ...) TRI_API tri_expr tri_##name(tri_expr a, tri_expr b, tri_expr c);
#include "ops.def"
#undef OP1
#undef OP2
#undef OP3

/* The node of any row with n arguments (n >= 1), canonicalised as by its named constructor.
 * TRI_ARITY. */
TRI_API tri_expr tri_apply(tri_op op, size_t n, const tri_expr *arguments);

/* n expressions of equal shape s as one of shape [n, s…]: vectors, and matrices as vectors of rows.
 * n >= 1. TRI_SHAPE. */
TRI_API tri_expr tri_stack(size_t n, const tri_expr *elements);

/* Element i (from 0) along the first dimension of e. TRI_SHAPE if e is a scalar, TRI_ARGUMENT out
 * of range. */
TRI_API tri_expr tri_element(tri_expr e, size_t i);

/* --- arrays and loops ------------------------------------------------------------------------- */

/* How many parts something has: n >= 0, or where name is not NULL the named size that each call
 * binds. */
typedef struct tri_extent {
  int64_t n;
  const char *name;
} tri_extent;

/* An extent of n parts, and one of the named size, whose name is not copied. */
TRI_API tri_extent tri_extent_of(int64_t n);
TRI_API tri_extent tri_extent_named(const char *name);

/* Part i of x along its first dimension, where i is an expression: a number from 0, known when the
 * function is called. It has no value where i is no whole number in range. TRI_SHAPE if x is a
 * scalar or i is none. */
TRI_API tri_expr tri_gather(tri_expr x, tri_expr i);

/* Parts first … first + n - 1 of x, shape [n, s…] of [m, s…]. TRI_SHAPE if there are fewer. */
TRI_API tri_expr tri_slice(tri_expr x, int64_t first, int64_t n);

/* n times x: shape [n, s…] for x of shape s. */
TRI_API tri_expr tri_repeat(tri_expr x, tri_extent n);

/* The numbers first, first + 1, …: shape [n]. TRI_LIMIT if they, or their negatives, go beyond
 * int64_t. */
TRI_API tri_expr tri_iota(tri_graph *graph, int64_t first, tri_extent n);

/* The number that a call binds to this named size. */
TRI_API tri_expr tri_size(tri_graph *graph, const char *name);

/* A loop: what is computed at each of n steps from the parts of step inputs and from carries.
 * Parameters are variables; an output may also use whatever else there is, which is the same at
 * every step. Zeros are the defaults. */
typedef struct tri_loop_options {
  tri_extent n;                        /* steps */
  int backward;                        /* not 0: the last part first */
  size_t n_steps;                      /* inputs that have a part for each step: */
  const tri_expr *steps, *step_inputs; /* parameters of shape s, arrays of shape [n, s…] */
  size_t n_carries;                    /* what a step hands on to the next: */
  const tri_expr *carries, *initial;   /* parameters, and their values at the first step */
  const tri_expr *next;                /* the values at the next step; shapes as the parameters' */
  size_t n_stacked;
  const tri_expr *stacked; /* outputs whose values are kept: of shape s, the result [n, s…] */
  size_t n_summed;
  const tri_expr *summed; /* outputs that are added up, in the order of the steps */
} tri_loop_options;

/* Makes results[n_stacked + n_summed + n_carries]: the stacked ones, the sums, the carries after
 * the last step. TRI_SHAPE where shapes do not fit, TRI_ARGUMENT if a parameter is no variable or
 * stands twice or there is no result, TRI_LIMIT beyond 32 loops in one another, TRI_MEMORY; then
 * all results are error expressions, and the failure sticks to the graph. */
TRI_CHECKED TRI_API tri_status tri_loop(tri_graph *graph, const tri_loop_options *options,
                                        tri_expr *results);

/* The sum of e over i = first … first + n - 1, where i is a variable; and the array of its values,
 * shape [n, s…]. x[i] in e is tri_gather(x, i) if the parts of x are counted from 0, tri_gather(x,
 * tri_sub(i, one)) if from 1. */
TRI_API tri_expr tri_sum(tri_expr e, tri_expr i, int64_t first, tri_extent n);
TRI_API tri_expr tri_map(tri_expr e, tri_expr i, int64_t first, tri_extent n);

/* Of the elements of arrays of any rank: the sum of products of x and y, which have one shape; the
 * root of the sum of squares; the mean; the logarithm of the sum of exp, which does not overflow
 * where its value does not. TRI_SHAPE for what is no array, or does not fit. */
TRI_API tri_expr tri_dot(tri_expr x, tri_expr y);
TRI_API tri_expr tri_norm(tri_expr x);
TRI_API tri_expr tri_mean(tri_expr x);
TRI_API tri_expr tri_logsumexp(tri_expr x);

/* Over the last dimension, [s…, n] -> [s…]. The logarithm of the sum of exp: it overflows only
 * where its value does, and has no kinks. And the place, from 0, of the first maximum, which has
 * the derivative 0; in ball arithmetic it is TRI_UNKNOWN which one that is where candidates
 * overlap. TRI_SHAPE where x has no dimension or the last one has no elements. */
TRI_API tri_expr tri_logsumexp_last(tri_expr x);
TRI_API tri_expr tri_argmax(tri_expr x);

/* Labels [s…], whole numbers from 0 to n - 1, as [s…, n]: 1 at the label's place, else 0; zeros
 * only for a label out of range. TRI_SHAPE. */
TRI_API tri_expr tri_one_hot(tri_expr labels, tri_extent n);

/* x with its dimensions in another order: dimension d of the result is dimension axes[d] of x, from
 * 0; NULL: the last one first. TRI_SHAPE unless each of the `rank` dimensions of x stands in axes
 * once. */
TRI_API tri_expr tri_transpose(tri_expr x, size_t rank, const size_t *axes);

/* The elements of x, the last dimension running fastest, in another shape of as many elements;
 * named sizes stay the same ones. TRI_SHAPE, naming both shapes. */
TRI_API tri_expr tri_reshape(tri_expr x, size_t rank, const tri_extent *dims);

/* x in a larger shape, as NumPy broadcasts: from the last dimension on, each is the same or 1, and
 * what is missing or 1 is repeated. TRI_SHAPE, naming both shapes. */
TRI_API tri_expr tri_broadcast(tri_expr x, size_t rank, const tri_extent *dims);

/* n >= 1 arrays one behind the other along dimension `axis`; in the others they are equal.
 * TRI_SHAPE, also where a size that is to be added is a named one. */
TRI_API tri_expr tri_concat(size_t n, const tri_expr *arrays, size_t axis);

/* The sum over one dimension, which is then gone. TRI_SHAPE if there is none of this number. */
TRI_API tri_expr tri_sum_axis(tri_expr x, size_t axis);

/* The rows of x[n, s…] with the numbers index[m], from 0, as shape [m, s…]; no value for a number
 * out of range. And the transpose: an array of n zeros of shape s…, to whose part index[t] part t
 * of w[m, s…] is added. TRI_SHAPE. */
TRI_API tri_expr tri_gather_all(tri_expr x, tri_expr index);
TRI_API tri_expr tri_scatter_add(tri_expr w, tri_expr index, tri_extent n);

/* The product of matrices x[…, m, k] and y[…, k, n], shape […, m, n], as NumPy's matmul has it: a
 * vector x[k] is a row and y[k] a column, whose dimension is then gone; further dimensions in front
 * are a batch, or all rows of x where y has none. TRI_SHAPE. */
TRI_API tri_expr tri_matmul(tri_expr x, tri_expr y);

/* Sums of products of x[b…, m…, k…] and y[b…, n…, k…] over k…, the last `contracted` dimensions of
 * both, for each of the first `batch` ones: shape [b…, m…, n…]. TRI_SHAPE, naming both shapes. Over
 * doubles and floats CBLAS computes it, in an order of its own. */
TRI_API tri_expr tri_contract(tri_expr x, tri_expr y, size_t batch, size_t contracted);

/* --- windows, pooling, convolutions ----------------------------------------------------------- */

/* Windows along the r dimensions s… of x[n, s…, c], 1 <= r <= 3: zeros are the defaults. */
typedef struct tri_windows {
  size_t bytes;        /* of this struct, filled in by the macros; 0: all of it */
  int64_t size[3];     /* of a window; of a convolution that of the kernel */
  int64_t strides[3];  /* from one window to the next: 1, for pooling the window's size */
  int64_t dilation[3]; /* from one element of a window to the next: 1 */
  const char *padding; /* "valid": windows lie inside; "same": one for each stride, as Keras pads */
  int64_t before[3], after[3]; /* or that many elements outside; with padding NULL */
  int64_t groups;              /* of a convolution: 1 */
} tri_windows;

/* The windows of x[n, s…, c], as [n, o…, k…, c] with o… windows of k… elements; 0 outside. And the
 * transpose of that: y[n, o…, k…, c] added up to [n, s…, c] with the sizes s…. n may be a named
 * size.
 *   tri_unfold(x, .size = {3, 3}, .padding = "same")
 * TRI_SHAPE where shapes do not fit or no window does, TRI_ARGUMENT for sizes below 1. */
TRI_API tri_expr tri_unfold_with(tri_expr x, const tri_windows *options);
TRI_API tri_expr tri_fold_with(tri_expr y, size_t rank, const int64_t *sizes,
                               const tri_windows *options);
#define tri_unfold(x, ...)                                                                         \
  tri_unfold_with((x), &(tri_windows){.bytes = sizeof(tri_windows), __VA_ARGS__})
#define tri_fold(y, rank, sizes, ...)                                                              \
  tri_fold_with((y), (rank), (sizes), &(tri_windows){.bytes = sizeof(tri_windows), __VA_ARGS__})

/* The largest element of each window in each channel, [n, s…, c] -> [n, o…, c]; its derivative goes
 * to the first one, row by row, which where there are two is a kink. And the mean of what a window
 * has inside. Errors as tri_unfold.
 *   tri_max_pool(x, .size = {2, 2}) */
TRI_API tri_expr tri_max_pool_with(tri_expr x, const tri_windows *options);
TRI_API tri_expr tri_average_pool_with(tri_expr x, const tri_windows *options);
#define tri_max_pool(x, ...)                                                                       \
  tri_max_pool_with((x), &(tri_windows){.bytes = sizeof(tri_windows), __VA_ARGS__})
#define tri_average_pool(x, ...)                                                                   \
  tri_average_pool_with((x), &(tri_windows){.bytes = sizeof(tri_windows), __VA_ARGS__})

/* The sums of products of the windows of x[n, s…, c] with kernel[k…, c/groups, filters], as
 * [n, o…, filters]: Keras's convolution, which turns no kernel round.
 *   tri_convolve(x, kernel, .strides = {2, 2}, .padding = "same")
 * TRI_SHAPE, naming both shapes; else as tri_unfold. */
TRI_API tri_expr tri_convolve_with(tri_expr x, tri_expr kernel, const tri_windows *options);
#define tri_convolve(x, kernel, ...)                                                               \
  tri_convolve_with((x), (kernel), &(tri_windows){.bytes = sizeof(tri_windows), __VA_ARGS__})

/* x with before[d] zeros before and after[d] behind it along each of its `rank` dimensions.
 * TRI_SHAPE, also for a named size that is to grow. */
TRI_API tri_expr tri_pad(tri_expr x, size_t rank, const int64_t *before, const int64_t *after);

/* --- looking at expressions ------------------------------------------------------------------- */

/* The operation of a node. TRI_OP_COUNT for an error expression. */
TRI_API tri_op tri_expr_op(tri_expr e);

/* Number of arguments; 0 for an error expression. */
TRI_API size_t tri_expr_arity(tri_expr e);

/* Argument i, 0 <= i < arity; an error expression (TRI_ARGUMENT, not sticky) beyond. */
TRI_API tri_expr tri_expr_argument(tri_expr e, size_t i);

/* Real, index or boolean; real for an error expression. */
TRI_API tri_sort tri_expr_sort(tri_expr e);

/* Rank of the shape: 0 scalar, 1 vector, 2 matrix, … */
TRI_API size_t tri_expr_rank(tri_expr e);

/* Size along dimension i; -1 for a named size, 0 beyond the rank. */
TRI_API int64_t tri_expr_dim(tri_expr e, size_t i);

/* Name of a variable; NULL for other nodes. Owned by the graph, where it stays until the variable
 * is rewound or the graph freed. */
TRI_API const char *tri_expr_name(tri_expr e);

/* The nearest double of a constant node (correctly rounded), into *x; false if e is not a
 * constant. */
TRI_API int tri_expr_double(tri_expr e, double *x);

/* Whether the nodes are the same (equal expressions of one graph are). */
TRI_API int tri_expr_equal(tri_expr a, tri_expr b);

/* Distinct nodes reachable from the n outputs, shared ones counted once; 0 when out of memory. */
TRI_API uint32_t tri_count_nodes(size_t n, const tri_expr *outputs);

/* Name of an operation as the language writes it ("sin", "add"); NULL if there is none. Static. */
TRI_API const char *tri_op_name(tri_op op);

/* The operation of this name, or TRI_OP_COUNT. */
TRI_API tri_op tri_op_find(const char *name);

/* The variables that the n outputs depend on, in alphabetical order of names (by code point), into
 * *variables: an array to be freed with tri_variables_free, *count long. eps is not among them.
 * TRI_MEMORY. */
TRI_CHECKED TRI_API tri_status tri_free_variables(size_t n, const tri_expr *outputs,
                                                  tri_expr **variables, size_t *count);

/* Frees what tri_free_variables gave. Nothing happens for NULL. */
TRI_API void tri_variables_free(tri_graph *graph, tri_expr *variables, size_t count);

/* e with variables[i] replaced by replacements[i], all at once. A named size in a variable's shape
 * becomes the size that its replacement has there, in all of e. TRI_SHAPE if shapes do not fit,
 * naming both; failures stick to the graph. */
TRI_API tri_expr tri_substitute(tri_expr e, size_t n, const tri_expr *variables,
                                const tri_expr *replacements);

/* The same for `count` expressions in one pass, outputs may alias inputs. Failure sticks to the
 * graph. */
TRI_CHECKED TRI_API tri_status tri_substitute_all(size_t count, const tri_expr *inputs, size_t n,
                                                  const tri_expr *variables,
                                                  const tri_expr *replacements, tri_expr *outputs);

/* --- lambdas ---------------------------------------------------------------------------------- */

/* The function with these parameters (distinct variables) and outputs. id 0 on failure, which
 * sticks to the graph. */
TRI_API tri_lambda tri_lambda_new(tri_graph *graph, size_t n_parameters, const tri_expr *parameters,
                                  size_t n_outputs, const tri_expr *outputs);

/* Number of parameters. */
TRI_API size_t tri_lambda_arity(tri_lambda f);

/* Parameter i; an error expression (TRI_ARGUMENT, not sticky) beyond the last. */
TRI_API tri_expr tri_lambda_parameter(tri_lambda f, size_t i);

/* Number of outputs. */
TRI_API size_t tri_lambda_outputs(tri_lambda f);

/* Output i; the same beyond the last. */
TRI_API tri_expr tri_lambda_output(tri_lambda f, size_t i);

/* The outputs with arguments[i] for parameter i, into outputs: as tri_substitute. TRI_ARITY if n is
 * not the number of parameters. */
TRI_CHECKED TRI_API tri_status tri_lambda_apply(tri_lambda f, size_t n, const tri_expr *arguments,
                                                tri_expr *outputs);

/* --- text in ---------------------------------------------------------------------------------- */

/* Parses one expression of the language in text (size bytes of UTF-8, any depth). A name is the
 * newest array variable of the graph that has it, else a named size in the shape of one, else a
 * scalar variable; functions are those of ops.def and of arrays. On failure an error expression;
 * tri_graph_error has line, column and message. */
TRI_API tri_expr tri_parse(tri_graph *graph, const char *text, size_t size);

/* --- text out --------------------------------------------------------------------------------- */

/* How text is written: as the language reads it, in ASCII or with characters beyond it; for LaTeX;
 * as C; for Graphviz. */
typedef enum tri_format { TRI_INFIX, TRI_INFIX_UNICODE, TRI_LATEX, TRI_C, TRI_DOT } tri_format;

/* How an expression is printed; zeros are the defaults. */
typedef struct tri_print_options {
  tri_format format;
  int as_tree; /* not 0: never name shared parts; fails with TRI_LIMIT instead of exploding */
  const char *(*label)(void *data, tri_expr node); /* TRI_DOT: a second line for a node, or NULL */
  void *label_data;
} tri_print_options;

/* Appends e as text, ordered as a person would write it: like terms and factors stay as they are,
 * but sums and products are written in one order whatever order the graph was built in. Text of
 * TRI_INFIX and TRI_INFIX_UNICODE is read by tri_parse as an expression of the same value wherever
 * e has one, but for loops that carry several things or run backward, which stand in {…}. TRI_C is
 * one double expression of a scalar e, operation for operation as in the graph; it needs <math.h>,
 * and functions digamma and polygamma where these occur; max, min and choices pass over NaN as C
 * does. Large expressions with shared parts are written as definitions "t1 = …;" ("double t1 = …;"
 * in C), a line each, and a last expression; another prefix is taken where a variable is called t1.
 * On failure nothing is appended and the graph's error says why. The text is the same in every
 * locale. TRI_LIMIT, TRI_MEMORY, TRI_INTERRUPTED; for TRI_C TRI_SHAPE if e is not a scalar,
 * TRI_DOMAIN for eps. */
TRI_CHECKED TRI_API tri_status tri_print(tri_expr e, const tri_print_options *options,
                                         tri_text *text);

#ifdef __cplusplus
}
#endif
#endif
