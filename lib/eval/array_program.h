/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Array programs: a plan made ready for concrete sizes, over arrays of floats or doubles that lie
 * where they are computed once.
 *
 * The plan's values become views of nodes: repeat, permute, reshape, slice and element move no
 * numbers. Bodies of loops that hand nothing on from step to step are taken in, with the loop's
 * steps as a dimension more in front; so a sum over an index is a sum over a dimension. Nodes are
 * what is computed: rows, sums, products of matrices, arrays put together of parts, and the other
 * structured operations. They are gathered into tasks, which are carried out one after the other,
 * each by all threads: chains of rows and sums over the same elements, which run block by block in
 * the first cache, or one node of another kind. */
#ifndef TRIAD_EVAL_ARRAY_PROGRAM_H
#define TRIAD_EVAL_ARRAY_PROGRAM_H

#include "base/threads.h"
#include "eval/lanes.h"
#include "graph/tensors.h"

enum {
  ARRAY_RANK = 16,
  PROGRAM_NESTED = 4 /* loops in loops that are taken in, each with a dimension */
};

#define NO_NODE UINT32_MAX
#define NO_TASK UINT32_MAX

/* Element (i, j, …) is number offset + i stride[0] + j stride[1] + … of a node. */
struct view {
  uint32_t node, rank;
  size_t offset;
  size_t size[ARRAY_RANK], stride[ARRAY_RANK];
};

enum node_kind {
  NODE_INPUT,      /* the caller's; `index` is its number */
  NODE_CONSTANT,   /* known when the program is made; `values` has it */
  NODE_ROW,        /* a row of ops.def over views of the node's own size */
  NODE_SUM,        /* of args[0]: element (i, j, …) is added to number i to[0] + j to[1] + … */
  NODE_PRODUCT,    /* a contraction */
  NODE_PARTS,      /* copies of args[k] to where targets[k] has them; zeros elsewhere if `sparse` */
  NODE_WINDOWS,    /* over windows of images (array_windows.h) */
  NODE_STRUCTURED, /* of the table of kernels (arrays_structured.c) */
};

/* alpha and beta of a product into an array that is there: c = beta c + alpha a b, where alpha is
 * +1 or -1 times the scalars args[3 …], or divided by them. */
struct update {
  bool given; /* c is args[2] */
  double sign;
  uint64_t divided; /* bit k: by args[3 + k] */
};

/* Elements lie one behind the other, by rows. */
struct array_node {
  uint8_t kind, op;
  bool extended; /* follows IEEE beyond the operation's domain */
  bool needed;
  bool sparse;
  uint32_t index; /* of an input */
  uint32_t nargs;
  struct view *args;
  struct view *targets;
  size_t *to;
  const void *values;
  struct contraction how;
  struct update update;
  struct window_plan *windows;
  size_t count;
  uint32_t rank;
  size_t size[ARRAY_RANK];
  /* --- where it is computed and kept */
  uint32_t task;     /* that computes it */
  uint32_t output;   /* it is the caller's output of this number - 1; 0: it is not */
  bool stored;       /* it has a place in memory */
  size_t place;      /* bytes, in the program's own memory, unless it is the caller's */
  uint32_t last_use; /* the task that reads it last */
};

struct array_run;
struct array_task;

/* A task: node numbers that it computes, and what carries it out. */
struct array_task {
  uint32_t *nodes;
  uint32_t count;
  bool chain;
  size_t elements; /* of a chain */
  /* Of a chain that a product is carried out with, piece by piece: the node + 1, rows and
   * elements of a piece, and whether nobody else reads the product, so that it is not stored. */
  uint32_t product;
  bool local;
  size_t rows, piece;
  size_t scratch, scratch_size; /* its own place in the program's memory while it runs: bytes */
  void (*run)(struct array_run *run, const struct array_task *task);
  void *plan; /* of the kind */
};

/* A program for one binding of sizes. */
struct array_program {
  struct memory *memory; /* the workspace's */
  struct kept *kept;     /* everything below, freed at once */
  tri_domain domain;
  size_t size; /* of a number */
  const struct lane_kernels *kernels;
  int64_t *sizes;
  uint32_t size_count;
  struct array_node *nodes;
  uint32_t node_count;
  size_t node_capacity;
  struct array_task *tasks; /* in the order of execution */
  uint32_t task_count;
  uint32_t first_update; /* the first task that writes over a donated input; task_count: none */
  struct view *outputs;
  uint32_t *copied; /* outputs that are copied at the end: number + 1 of their node */
  uint32_t input_count, output_count;
  size_t *input_counts, *output_counts;
  size_t arena_size;  /* bytes */
  size_t worker_size; /* bytes of scratch for each thread */
  uint64_t last_used; /* the workspace's clock */
};

/* A call under way. */
struct array_run {
  const struct array_program *program;
  const void *const *inputs;
  void *const *outputs;
  char *arena, *workers;
  tri_pool *pool;
};

static inline size_t round_up(size_t x, size_t unit) { return (x + unit - 1) / unit * unit; }
/* Places are at the beginnings of lines of the cache. */
static inline size_t aligned(size_t bytes) { return round_up(bytes, LINE); }

/* Pieces of products are of so many rows, or columns, a multiple: of whole tiles of the CBLAS's
 * kernels. */
enum { PIECE_ROWS = 16 };
/* Nanoseconds of one of the many multiplications of a product or a convolution. */
#define MULTIPLICATION_COST 0.02

/* Memory that goes with the program; NULL when out of memory. */
void *tri__keep(struct array_program *p, size_t count, size_t size);

/* --- making a program */

/* A program in the making. */
struct array_maker {
  struct array_program *program;
  tri_workspace *workspace;
  const char *why; /* not NULL: there is no program, for this reason */
  bool no_memory;
};
/* Say so; false, for a caller to return. */
static inline bool array_no_memory(struct array_maker *m) {
  m->no_memory = true;
  return false;
}
static inline bool array_no_program(struct array_maker *m, const char *why) {
  if (!m->why) m->why = why;
  return false;
}

/* --- arrays_lower.c: plan to nodes */

/* Whether a plan's operations are such as programs have, as far as can be known without sizes. */
bool tri__arrays_known(const struct plan *plan, const char **why);
bool tri__arrays_lower(struct array_maker *m);

/* --- arrays_nodes.c */

/* A node more; NULL when out of memory, or if its elements cannot be counted. Nodes may move. */
struct array_node *tri__array_node(struct array_maker *m, enum node_kind kind, uint32_t nargs,
                                   uint32_t rank, const size_t *size);
/* A node as a view of all its elements. */
struct view tri__whole_view(const struct array_program *p, uint32_t node);
/* The view's elements one behind the other: itself, or that of a new node. False on failure. */
bool tri__array_dense(struct array_maker *m, struct view *view);
bool tri__array_copied(struct array_maker *m, struct view *view);

/* --- arrays_views.c */

size_t tri__view_count(const struct view *v);
/* The same elements in the same order in as few dimensions as it takes; none for one number. */
struct view tri__view_merged(const struct view *v);
/* Whether the elements lie one behind the other. */
bool tri__view_is_dense(const struct view *v);
/* Whether they are one number, again and again. */
bool tri__view_is_number(const struct view *v);
/* Dimensions first … last - 1 as one, if a single stride leads through it, else false. */
bool tri__view_as_one(const struct view *v, uint32_t first, uint32_t last, size_t *size,
                      size_t *stride);
/* Whether they are all of the node's, in its order. */
bool tri__view_is_whole(const struct array_program *p, const struct view *v);
/* In another shape of as many elements; false if that takes a copy. */
bool tri__view_reshaped(const struct view *v, uint32_t rank, const size_t *size, struct view *to);
/* Dimension `at` more, whose parts are all the same; part i of it, gone; n parts of it. */
struct view tri__view_repeated(const struct view *v, uint32_t at, size_t n);
struct view tri__view_element(const struct view *v, uint32_t at, size_t i);
struct view tri__view_slice(const struct view *v, uint32_t at, size_t first, size_t n);
/* Numbers first … first + count - 1 in the order of a merged view, to or from one behind the
 * other. `from` and `to` are where its node is. */
void tri__view_take(const struct view *v, size_t size, const void *from, size_t first, size_t count,
                    void *to);
void tri__view_put(const struct view *v, size_t size, void *to, size_t first, size_t count,
                   const void *from);

/* --- arrays_updates.c: donated outputs */

/* Marks what outputs need, and counts how often each node is read, outputs included. */
void tri__array_readers(struct array_program *p, uint32_t *readers);

/* Products into donated arrays: marks them as such. */
bool tri__array_updates(struct array_maker *m);
/* Which outputs are where their node is computed; the others are copied at the end. */
bool tri__array_outputs(struct array_maker *m);

/* --- arrays_tasks.c: nodes to tasks; arrays_memory.c: where nodes are */

bool tri__array_tasks(struct array_maker *m);
/* Which donated inputs can be written where they are; the others' outputs are copied. */
bool tri__array_donated(struct array_maker *m);
bool tri__array_places(struct array_maker *m);

/* Products are carried out with the chains that read them (arrays_pairs.c); their own tasks are
 * left without nodes. */
void tri__array_pairs(struct array_maker *m);

/* --- making each kind of task ready */

bool tri__chain_make(struct array_maker *m, struct array_task *task);
bool tri__product_make(struct array_maker *m, struct array_task *task);
/* A product that is carried out in pieces of `rows` rows; NULL when out of memory. And piece number
 * `piece` of it, to `c`. */
struct product *tri__product_plan(struct array_maker *m, uint32_t node, size_t rows);
void tri__product_piece(const struct array_run *r, const struct product *plan, uint32_t node,
                        size_t piece, char *c);
bool tri__parts_make(struct array_maker *m, struct array_task *task);
bool tri__structured_make(struct array_maker *m, struct array_task *task);
/* Whether there is a kernel for a structured operation. */
bool tri__structured_known(tri_op op);
typedef void structured_kernel(const struct array_run *r, const struct array_node *n, char *to);
structured_kernel tri__array_lse, tri__array_argmax; /* arrays_last.c */

/* --- running */

static inline const struct array_node *node_of(const struct array_program *p, uint32_t node) {
  return p->nodes + node;
}
/* Where a node's numbers are. */
static inline char *node_data(const struct array_run *r, uint32_t node) {
  const struct array_node *n = node_of(r->program, node);
  if (n->kind == NODE_INPUT) return (char *)(uintptr_t)r->inputs[n->index];
  if (n->kind == NODE_CONSTANT) return (char *)(uintptr_t)n->values;
  return n->output ? r->outputs[n->output - 1] : r->arena + n->place;
}
static inline char *view_data(const struct array_run *r, const struct view *v) {
  return node_data(r, v->node) + v->offset * r->program->size;
}
/* The factors of an update: beta, and *alpha times them. */
double tri__update_factors(const struct array_run *r, const struct array_node *n, double *alpha);
/* Number i of floats or doubles, whichever the program has. */
static inline double get_number(const struct array_program *p, const void *data, size_t i) {
  return p->domain == TRI_FLOAT ? (double)((const float *)data)[i] : ((const double *)data)[i];
}
static inline void set_number(const struct array_program *p, void *data, size_t i, double x) {
  if (p->domain == TRI_FLOAT)
    ((float *)data)[i] = (float)x;
  else
    ((double *)data)[i] = x;
}
/* Scratch of a thread. */
static inline char *worker_data(const struct array_run *r, size_t worker) {
  return r->workers + worker * r->program->worker_size;
}

#endif
