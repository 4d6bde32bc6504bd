/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the printers share: the plan of a text (print.c), sums and products as a person orders them
 * (print_order.c), and a walk with its own stack: a format is a function that, given an item,
 * writes text and pushes the items that the rest consists of.
 *
 * print_infix.c, print_latex.c and print_c.c are such formats; print_dot.c walks by itself. What is
 * particular to a function comes from its row; only the arithmetic of sums, products and powers is
 * known here. */
#ifndef TRIAD_GRAPH_PRINT_H
#define TRIAD_GRAPH_PRINT_H

#include "base/text.h"
#include "graph/node.h"
#include "graph/walk.h"

/* Binding strengths: twice the row's, with room between for what is no row. */
enum {
  PREC_ANY = 0,
  PREC_OR = 0,
  PREC_COMPARISON = 6,
  PREC_SUM = 8,
  PREC_PRODUCT = 10,
  PREC_FUNCTION = 11, /* a function written without brackets, as in LaTeX */
  PREC_NEGATIVE = 12,
  PREC_ROOT = 13,
  PREC_POWER = 14,
  PREC_ATOM = 16
};

/* What a text still consists of. */
enum item_kind {
  ITEM_TEXT,     /* `size` bytes at `text` */
  ITEM_NODE,     /* the node `id`, in brackets if it binds less than `prec` */
  ITEM_POWER,    /* id^power, power > 1 */
  ITEM_NUMBER,   /* |q| of the constant `id` */
  ITEM_UP,       /* |numerator| of it */
  ITEM_DOWN,     /* its denominator */
  ITEM_EXPONENT, /* `power` as an exponent */
  ITEM_INTEGER,  /* `integer` */
  ITEM_OFFSET,   /* " + 2" or " - 2", with the size of `integer` */
  ITEM_INDEX     /* the index of the element `id` in C, from 0 */
};

enum {
  ITEM_UNSIGNED = 1, /* the sign is already written: |e| */
  ITEM_OPENED = 2    /* the body of a shared part's definition, not its name */
};

struct item {
  union {
    const char *text;
    int64_t integer;
    struct {
      uint32_t id;
      int32_t power;
    };
  };
  uint32_t size;
  uint8_t kind, prec, flags;
};

/* A factor of a product: a node to a power, or a part of a constant (kind as of items). */
struct factor {
  uint32_t id;
  int32_t power; /* > 0 */
  uint8_t kind;
  bool down; /* below the fraction's line */
};

/* factors[first … first + up) above the line, `down` more below it. */
struct product {
  size_t first, up, down;
  bool negative;
};

/* A term of a sum, or an element of another chain, with what orders it. */
struct term {
  uint32_t id;
  bool negative;
  uint8_t class;
  uint32_t eps;   /* factors eps */
  int64_t degree; /* of the factors that are variables, or linear in them */
  struct product product;
};

/* What is known of a node of the text, by its position in the walk. */
struct part {
  uint32_t uses;  /* by other nodes */
  uint32_t width; /* about how many characters; saturates */
  uint32_t name;  /* 0: none, else the number of the shared part */
  uint32_t
      least; /* rank of the first of its variables in the alphabet; NO_VARIABLE if it has none */
  /* bit k: it has a name that a loop within k others binds, and not that loop; so it has no name
   * of its own */
  uint64_t bound;
  uint16_t depth; /* brackets within brackets; saturates */
  bool seen;
};

#define NO_VARIABLE UINT32_MAX
#define PART_NAMED UINT32_MAX /* a name whose number is not known yet */

struct printer;

struct print_style {
  void (*item)(struct printer *p, const struct item *item);
  /* Around the definitions, if there are any: before all, before number i, behind it, before and
   * behind the last expression. */
  void (*define)(struct printer *p, uint32_t number);
  const char *before, *behind, *last, *end;
  /* Whether argument i of a node must be an atom, as the row's form repeats it. May be NULL. */
  bool (*repeats)(const struct row *row, uint32_t i);
  uint32_t widest;  /* cut into named parts beyond that width; 0: never */
  uint16_t deepest; /* and beyond that many brackets */
};

extern const struct print_style tri__print_infix, tri__print_latex, tri__print_c;

struct bound_names;

struct printer {
  tri_graph *g;
  const struct bound_names *names; /* what loops bind */
  tri_text *text;
  size_t start; /* of this text within *text */
  const struct print_style *style;
  bool unicode;
  struct walk walk;
  struct part *parts;
  char prefix[24];    /* of the names of shared parts */
  struct item *items; /* the stack, what comes next on top */
  size_t n_items, item_capacity;
  struct factor *factors;
  size_t n_factors, factor_capacity;
  struct term *terms;
  size_t n_terms, term_capacity;
  uint64_t *spine; /* a stack of ids with flags above bit 32 */
  size_t n_spine, spine_capacity;
  tri_text scratch;
  uint32_t steps;
  tri_status status; /* sticky */
};

/* --- print.c */

/* Push what comes next, in reading order; then turn round what was pushed since `mark`
 * (p->n_items before). */
void tri__print_text(struct printer *p, const char *text);
void tri__print_bytes(struct printer *p, const char *text, size_t size);
void tri__print_node(struct printer *p, uint32_t id, unsigned prec, unsigned flags);
void tri__print_factor(struct printer *p, const struct factor *factor, unsigned prec);
void tri__print_exponent(struct printer *p, int32_t power);
void tri__print_integer(struct printer *p, int64_t n);
/* " + n" or " - |n|", nothing for 0. */
void tri__print_offset(struct printer *p, int64_t n);
void tri__print_index(struct printer *p, uint32_t id);
void tri__print_turn(struct printer *p, size_t mark);
/* Fails with a message, if nothing failed before. */
void tri__print_fail(struct printer *p, tri_status status, const char *message);
/* Sets out of memory unless ok; returns ok. */
bool tri__print_memory(struct printer *p, bool ok);

static inline struct part *part_of(const struct printer *p, uint32_t id) {
  return &p->parts[walk_position(&p->walk, id)];
}
static inline const struct node *print_at(const struct printer *p, uint32_t id) {
  return node_at(p->g, id);
}
static inline bool is_named(const struct printer *p, uint32_t id) {
  return part_of(p, id)->name != 0;
}
static inline const uint32_t *print_args(const struct printer *p, uint32_t id) {
  return node_args(p->g, print_at(p, id));
}

/* --- print_order.c */

/* Ranks the variables of the walk alphabetically (x2 before x10) into parts[…].least. */
bool tri__print_rank(struct printer *p);
/* The order of factors: numbers, pi, variables, shared parts, others by operation, eps; 0 for equal
 * nodes only. */
int tri__print_compare(const struct printer *p, uint32_t a, uint32_t b);
/* Takes a product, quotient, negative, constant or power apart; its factors are put behind
 * p->factors, in order. With `opened` the node is taken apart although it has a name. */
bool tri__print_product(struct printer *p, uint32_t id, bool opened, struct product *product);
/* Whether the node is written as a sum: also the negative of one. */
bool tri__print_is_sum(const struct printer *p, uint32_t id, bool opened);
/* The terms of a sum, put behind p->terms, in order. */
bool tri__print_sum(struct printer *p, uint32_t id, bool opened);
/* The arguments of a row, put behind p->terms, in order if it is commutative; with `chain`
 * those of the same row below it too. */
bool tri__print_chain(struct printer *p, uint32_t id, bool opened, bool chain);
/* The terms' and factors' pools are stacks: who had them filled sets n_terms and n_factors back. */

/* Whether the constant's size is written as a decimal rather than as a fraction. */
bool tri__print_decimal(struct printer *p, mpq_srcptr q);
/* The integer exponent of a power that is written as a factor; false for other nodes. */
bool tri__print_has_exponent(const struct printer *p, uint32_t id, int32_t *power);

/* Appends a part of a constant (ITEM_NUMBER, ITEM_UP or ITEM_DOWN), without its sign, to a text. */
void tri__print_constant(const tri_graph *g, tri_text *text, uint32_t id, unsigned kind);

/* --- print_parts.c */

/* The nodes x[i], x[i][j], … down to x, which is returned: at most `most` of them, into chain, the
 * last index first; *n counts. */
uint32_t tri__print_chain_of_parts(const struct printer *p, uint32_t id, size_t most,
                                   uint32_t *chain, size_t *n);
/* Pushes an index as it is from 1 on. */
void tri__print_running_index(struct printer *p, uint32_t index);
/* Pushes the indices of such a chain in reading order, from 1, with this text between them. */
void tri__print_indices(struct printer *p, const uint32_t *chain, size_t n, const char *between);

/* --- print_dot.c */
tri_status tri__print_dot(tri_expr e, const tri_print_options *options, tri_text *text);

/* print_windows.c: ", [3, 3], [2, 2]", the attribute of a node over windows. */
void tri__print_windows(struct printer *p, uint32_t id);

#endif
