/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The node store behind a graph, for the files of this library that walk or build graphs. */
#ifndef TRIAD_GRAPH_NODE_H
#define TRIAD_GRAPH_NODE_H

#include <gmp.h>
#include <stdbool.h>

#include "base/memory.h"
#include "graph/rows.h"

/* 32 bytes. Ids are given in order of making, so every argument has a smaller id than its user and
 * a pass over a graph is a loop over ids. Id 0 is no node; ids from NODE_ERROR on are error
 * expressions, id - NODE_ERROR their status. */
struct node {
  uint8_t op;    /* tri_op */
  bool used;     /* it has been an argument; see node.c */
  uint8_t sort;  /* tri_sort */
  uint8_t facts; /* FACT_… */
  /* interned attribute, 0 for none: the constant's value, the variable's name, element's index */
  uint32_t attr;
  uint32_t shape; /* interned shape, 0 for a scalar */
  uint32_t nargs;
  /* the arguments if nargs <= 2, else arg[0] is where they start in the graph's argument pool */
  uint32_t arg[2];
  uint64_t hash; /* structural: the same in every graph and every run */
};

_Static_assert(TRI_OP_COUNT <= 256, "an operation is a byte");

enum { NODE_CHUNK_BITS = 14, NODE_CHUNK = 1 << NODE_CHUNK_BITS };
#define NODE_ERROR 0xffffff00u

enum attr_kind {
  ATTR_NONE,
  ATTR_RATIONAL,
  ATTR_NAME,
  ATTR_INDEX,
  ATTR_LAMBDA,
  ATTR_SPAN,
  ATTR_LOOP,
  ATTR_FORM,
  ATTR_AXES,
  ATTR_CONTRACTION,
  ATTR_WINDOWS
};

/* An interned attribute. Rational: sign and limbs of numerator and denominator. Name: the bytes and
 * a NUL. Index: one uint64. Lambda: counts and node ids. Span and loop: arrays.h, loop.h. Axes and
 * contraction: tensors.h. Windows: windows.h. Form: of a loop in a text, print_loops.h. */
struct attr {
  uint64_t hash;
  const unsigned char *data; /* in one of the graph's blocks, aligned to 8 */
  uint32_t size;
  uint32_t kind;
};

/* Where attributes' data lies, followed by `size` bytes. Blocks never move, so a name or a view of
 * a number holds as long as the attribute exists. */
struct attr_block {
  struct attr_block *before; /* the older ones */
  uint32_t first;            /* its first attribute; a block holds one at least */
  size_t size, used;
};

/* A hash index of ids; see index.h. */
struct index {
  struct bucket *buckets;
  void *block;       /* what they lie in */
  uint32_t capacity; /* in buckets */
  uint32_t count;    /* of ids */
  uint32_t most;     /* ids, before it grows */
};

struct shape {
  uint64_t hash;
  uint32_t rank;
  uint32_t first; /* into the graph's dims: size, or ~attr of the name for a named size */
};

struct tri_graph {
  struct memory memory; /* the allocator, and how much is in use */
  tri_limits limits;    /* defaults filled in */
  const volatile int *interrupt;
  const struct row *rows;
  struct node **chunks; /* node id is chunks[id >> NODE_CHUNK_BITS][id & (NODE_CHUNK - 1)] */
  size_t chunk_capacity;
  uint32_t chunk_count;
  uint32_t node_count; /* one past the last id */
  uint32_t *pool;      /* arguments of nodes with more than two */
  size_t pool_count, pool_capacity;
  struct index index; /* of nodes */
  uint32_t indexed;   /* one past the last id that is in the index already; see node.c */
  struct attr *attrs;
  uint32_t attr_count;
  uint32_t attrs_used; /* one past the last attribute that a node has had */
  size_t attr_capacity;
  struct attr_block *block; /* the newest */
  struct index attr_index;
  struct shape *shapes;
  uint32_t shape_count;
  size_t shape_capacity;
  int64_t *dims;
  size_t dim_count, dim_capacity;
  struct template *
      *templates; /* [TRI_OP_ROWS * TEMPLATE_KINDS], made when first asked for; see template.h */
  tri_error error;
  bool has_loops;     /* one has been made */
  uint32_t zero, one; /* often used nodes, made with the graph */
};

static inline struct node *node_at(const tri_graph *g, uint32_t id) {
  return &g->chunks[id >> NODE_CHUNK_BITS][id & (NODE_CHUNK - 1)];
}
/* The arguments of a node; not to be held across the making of nodes. */
static inline const uint32_t *node_args(const tri_graph *g, const struct node *n) {
  return n->nargs <= 2 ? n->arg : g->pool + n->arg[0];
}
/* Whether a structured operation only looks at argument i to choose parts, so that no derivative
 * passes through it. */
static inline bool op_only_chooses(unsigned op, unsigned i) {
  if (i == 0) return op == TRI_OP_argmax || op == TRI_OP_pick || op == TRI_OP_route;
  return i == 1 && (op == TRI_OP_gather || op == TRI_OP_scatter);
}
/* Whether it is over windows of arrays (windows.h). */
static inline bool op_has_windows(unsigned op) { return op >= TRI_OP_unfold && op <= TRI_OP_route; }
static inline bool id_is_error(uint32_t id) { return id >= NODE_ERROR || id == 0; }
static inline tri_status id_status(uint32_t id) {
  return id >= NODE_ERROR ? (tri_status)(id - NODE_ERROR) : id ? TRI_OK : TRI_ARGUMENT;
}
static inline tri_expr expr_of(tri_graph *g, uint32_t id) { return (tri_expr){g, id}; }

/* Sets the graph's error if none is set (printf-like message) and returns the error id to be
 * returned. */
uint32_t tri__fail(tri_graph *g, tri_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for TRI_MEMORY. */
static inline uint32_t tri__no_memory(tri_graph *g) {
  tri__fail(g, TRI_MEMORY, "out of memory");
  return NODE_ERROR + TRI_MEMORY;
}

/* TRI_INTERRUPTED (as an error id, stuck to the graph) if the user asked to stop, else 0. Cheap
 * enough for every few thousand steps. */
uint32_t tri__interrupted(tri_graph *g);

/* The interned node exactly as given: no rewriting. Sort, shape and facts are computed here. */
uint32_t tri__node(tri_graph *g, tri_op op, uint32_t attr, uint32_t shape, size_t nargs,
                   const uint32_t *args);

/* The interned node that *n describes (op, sort, attr, shape, nargs); hash and facts are filled
 * in. */
uint32_t tri__intern(tri_graph *g, struct node *n, const uint32_t *args);

/* The canonical node for a row or structured operation: what the public constructors call. Any
 * error id among the arguments comes back. */
uint32_t tri__build(tri_graph *g, tri_op op, size_t nargs, const uint32_t *args);
uint32_t tri__build1(tri_graph *g, tri_op op, uint32_t a);
uint32_t tri__build2(tri_graph *g, tri_op op, uint32_t a, uint32_t b);
uint32_t tri__build3(tri_graph *g, tri_op op, uint32_t a, uint32_t b, uint32_t c);

/* Structured operations (shape.c). */
uint32_t tri__stack(tri_graph *g, size_t n, const uint32_t *elements);
uint32_t tri__element(tri_graph *g, uint32_t id, uint64_t i);
/* A shape as text, "[2, batch]", into buffer. */
void tri__shape_text(const tri_graph *g, uint32_t shape, char *buffer, size_t size);

/* Constants. q must be canonical. */
uint32_t tri__constant(tri_graph *g, mpq_srcptr q);
uint32_t tri__constant_si(tri_graph *g, int64_t num, int64_t den);
/* A read-only view of a constant node's value, without copying; valid as long as the node. false if
 * not a constant. */
bool tri__rational(const tri_graph *g, uint32_t id, mpq_ptr view);
void tri__attr_rational(const tri_graph *g, uint32_t attr, mpq_ptr view);
/* Whether the node is the constant num (den 1). */
bool tri__is_integer(const tri_graph *g, uint32_t id, int64_t num);
/* The value of a small integer constant into *n; false if it is something else. */
bool tri__small_integer(const tri_graph *g, uint32_t id, int64_t *n);

/* Leaves. */
uint32_t tri__leaf(tri_graph *g, tri_op op); /* pi, eps */
uint32_t tri__variable(tri_graph *g, const char *name,
                       size_t size); /* scalar real; size bytes of UTF-8 */
uint32_t tri__variable_shaped(tri_graph *g, const char *name, size_t size, uint32_t shape);
uint32_t tri__name_attr(tri_graph *g, const char *name, size_t size);
#define HOLE_NAMES "abcrw"
uint32_t tri__hole(tri_graph *g, uint32_t number, tri_sort sort); /* of this place in HOLE_NAMES */
const char *tri__name(const tri_graph *g,
                      uint32_t id); /* of a variable, NUL-terminated; else NULL */
uint64_t tri__index_attr(const tri_graph *g, uint32_t id); /* element's index, hole's number */

/* Interned attributes; 0 when out of memory (sticks to the graph). */
uint32_t tri__attr(tri_graph *g, enum attr_kind kind, const void *data, size_t size);
const void *tri__attr_data(const tri_graph *g, uint32_t attr, size_t *size);
/* Drops all attributes but the first `count`; frees the memory of all. */
void tri__attrs_drop(tri_graph *g, uint32_t count);
void tri__attrs_free(tri_graph *g);

/* Shapes. 0 is the scalar; TRI__NO_SHAPE on failure. */
enum { MOST_RANK = 64 };
#define TRI__NO_SHAPE 0xffffffffu
uint32_t tri__shape(tri_graph *g, size_t rank, const int64_t *dims);
static inline uint32_t shape_rank(const tri_graph *g, uint32_t shape) {
  return g->shapes[shape].rank;
}
static inline const int64_t *shape_dims(const tri_graph *g, uint32_t shape) {
  return g->dims + g->shapes[shape].first;
}

/* The row table's view of an operation; NULL for structured operations and leaves. */
static inline const struct row *tri__row(const tri_graph *g, unsigned op) {
  return op < TRI_OP_ROWS ? g->rows + op : NULL;
}

/* The same as tri_graph_new with a table of rows that is not the built-in one: for the laws' own
 * tests. */
tri_graph *tri__graph_new_rows(const tri_graph_options *options, const struct row *rows);

/* The facts of a node from its arguments' (facts.c). */
uint8_t tri__facts(const tri_graph *g, const struct node *n, const uint32_t *args);

/* The exact value of op over constant arguments, as a node (fold.c): 0 if it is none, or larger
 * than the folding limit. */
uint32_t tri__fold(tri_graph *g, tri_op op, size_t nargs, const uint32_t *args);
uint32_t tri__boolean(tri_graph *g, bool value);

/* The id of e in graph g; an error id, which sticks, for an expression of another graph. */
uint32_t tri__own(tri_graph *g, tri_expr e);
/* Those of n expressions in a new array, to be freed with tri__free; NULL when out of memory, which
 * sticks. */
uint32_t *tri__own_all(tri_graph *g, size_t n, const tri_expr *e);

/* The node id with other arguments: the same operation with the same attribute, canonical. */
uint32_t tri__with_arguments(tri_graph *g, uint32_t id, const uint32_t *args);

/* tri_substitute_all over ids; outputs may alias inputs. */
TRI_CHECKED tri_status tri__substitute(tri_graph *g, size_t count, const uint32_t *inputs, size_t n,
                                       const uint32_t *variables, const uint32_t *replacements,
                                       uint32_t *outputs);

/* Lambdas by ids: the interned attribute (0 on failure), and its parameters followed by its
 * outputs. */
uint32_t tri__lambda(tri_graph *g, size_t n_parameters, const uint32_t *parameters,
                     size_t n_outputs, const uint32_t *outputs);
const uint32_t *tri__lambda_ids(const tri_graph *g, uint32_t lambda, uint32_t *parameters,
                                uint32_t *outputs);

#endif
