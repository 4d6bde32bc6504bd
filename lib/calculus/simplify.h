/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the files of simplify share: one round over the nodes that the outputs reach. simplify.c repeats rounds until nothing changes.
 *
 * Sums and products are cut into units: chains of the one kind whose inner nodes have no other user (simplify_units.c). A unit is
 * read as a polynomial, once flat (in the simplified leaves of its chain, any size) and, where it stays small, in full (through units
 * below it, also shared ones) (simplify_read.c). Each reading is put in several forms (simplify_layout.c, with what it needs in
 * _forms, _identities, _powers, _divide and _horner), written as nodes (simplify_write.c), and the shortest (simplify_cost.c) is the
 * unit's image (simplify_choose.c). Choices below strong products become select (simplify_select.c). */
#ifndef TRIAD_CALCULUS_SIMPLIFY_H
#define TRIAD_CALCULUS_SIMPLIFY_H

#include "calculus/poly.h"
#include "graph/walk.h"

/* What a candidate costs a machine: distinct operations and distinct nodes down to the atoms. Saturating. */
struct cost {
  uint32_t ops, nodes;
};

/* Candidates are compared by the tokens of their text while one can read it, beyond by nodes. */
enum { TOKENS_READABLE = 100 };

enum { UNIT_NONE, UNIT_SUM, UNIT_PRODUCT };

/* How a round treats sharing: a unit's candidates are compared as if it were alone; by what it adds beside what others use; the same,
 * where leaves that chains do not share are taken for shared, as their images may be. */
enum { CARE_NONE, CARE_SHARED, CARE_ALL, CARES };

/* What simplify knows of a node that was reached; by position in the walk. */
struct spot {
  uint32_t uses;    /* by reached nodes and outputs */
  uint32_t image;   /* the simplified node, 0 as long as there is none */
  uint32_t full_id; /* the best layout of `full`, 0 if there is none */
  uint32_t own;     /* operations that only the unit uses, up to atoms; bounded */
  uint32_t poly;    /* number of the full reading among the polynomials */
  uint8_t unit;     /* UNIT_… of a chain's node */
  uint8_t inner;    /* has a chain's node of the same kind as its only user */
  uint8_t root;     /* an output, or used by what is no unit */
  uint8_t read;     /* READ_… */
  uint8_t resolving;
};
enum { READ_NOT, READ_DONE, READ_OVER };

/* A leaf of a chain: a position, and its sign or exponent there. */
struct leaf {
  uint32_t at;
  int32_t power;
};

/* Ids or positions, one after the other. */
struct list {
  uint32_t *at;
  size_t count, capacity;
};

/* A chain taken apart. */
struct chain {
  struct leaf *leaves;
  size_t count, capacity;
  struct list inner;  /* positions of the chain's nodes, users before arguments */
  uint32_t quotients; /* divisions and negative powers among them */
  bool gates;
};

struct simplify {
  struct ring ring;
  tri_graph *g;
  struct walk walk;
  struct spot *spots;
  struct poly *polys; /* full readings, and what atoms that are sums stand for */
  size_t poly_count, poly_capacity;
  struct idmap weights;  /* tree cost by node */
  struct idmap seen;     /* marks of one count */
  struct idmap defs;     /* atom to number of the polynomial it stands for */
  struct idmap nonzero;  /* atoms that what is being written says are not 0 */
  struct list resolving; /* units on the way to their images */
  struct list pending;   /* units on the way to their full readings */
  struct list floor;     /* what the candidates for a unit are made of */
  struct list stack;     /* of one walk, or the arguments of one node */
  struct chain chain;
  uint64_t work_per_node;
  bool expanding; /* tri_expand: bounds met are errors, nothing is factored */
  int care;       /* CARE_… */
};

static inline unsigned op_of(const tri_graph *g, uint32_t id) { return node_at(g, id)->op; }

/* Whether the node at `at` is a unit written as select(p == 0, 0, p q): read as p q. */
static inline bool is_strong_unit(const struct simplify *s, uint32_t at) {
  return s->spots[at].unit && op_of(s->g, s->walk.ids[at]) == TRI_OP_select;
}
/* The first argument that the node at `at` counts as a user of: not those that make a product strong. */
static inline uint32_t first_use(const struct simplify *s, uint32_t at) {
  return is_strong_unit(s, at) ? 2 : 0;
}

/* --- a round (simplify_units.c) */

/* Walks from the inputs and finds the units; false on failure. tri__end in any case. */
bool tri__begin(struct simplify *s, tri_graph *g, size_t n, const uint32_t *inputs, bool expanding);
void tri__end(struct simplify *s);
/* Puts an entry at the end of a list; false when out of memory. */
bool tri__list_add(struct simplify *s, struct list *list, uint32_t entry);
/* The node at `at` with its arguments' images; a strong product becomes a product. */
uint32_t tri__rebuild(struct simplify *s, uint32_t at);

/* --- choosing (simplify_choose.c) */

/* Gives the unit at `at`, a root, its image; the units below get theirs as far as that is needed. */
bool tri__resolve(struct simplify *s, uint32_t at);

/* --- costs (simplify_cost.c) */

/* Tokens of id's text, parentheses included; saturating, 0 when out of memory. */
uint32_t tri__tokens(struct simplify *s, uint32_t id);
/* False when out of memory. With keep_seen, nodes marked in `seen` count nothing, nor does what is below them. Stops, saturated, beyond
 * `most` operations. */
bool tri__count(struct simplify *s, uint32_t id, bool keep_seen, uint32_t most, struct cost *cost);
/* The one number that candidates are compared by. */
bool tri__rank(struct simplify *s, uint32_t id, uint32_t *rank);
/* Tokens that the text of |c| m would have, times an expression of `extra` tokens (0: none); and of p term by term. */
uint64_t tri__product_tokens(struct simplify *s, mpq_srcptr c, uint32_t m, uint64_t extra);
uint64_t tri__plain_tokens(struct simplify *s, const struct poly *p);
/* Whether wherever e has a value, the atom has one, and, for a pole, is not 0. Looks at a bounded part of e. */
bool tri__covers(struct simplify *s, uint32_t e, uint32_t atom, bool pole);

/* --- writing (simplify_layout.c, simplify_write.c, simplify_horner.c): node ids, error ids, or 0 for "not in this form" */

/* The shortest form of p; in full mode identities, common denominators, completed powers and nested forms are tried. */
uint32_t tri__write(struct simplify *s, const struct poly *p, bool full);
/* Each term by itself, with what cancelling lost. */
uint32_t tri__write_expanded(struct simplify *s, const struct poly *p);
/* Each term by itself. */
uint32_t tri__write_plain(struct simplify *s, const struct poly *p);
uint32_t tri__write_horner(struct simplify *s, const struct poly *p);
/* |c| m, times the expression `extra` if it is not 0. */
uint32_t tri__write_product(struct simplify *s, mpq_srcptr c, uint32_t m, uint32_t extra);
/* -id, the sign in the numerator where that is a number. */
uint32_t tri__write_negative(tri_graph *g, uint32_t id);
/* |c| m with its exponentials joined, exp(a) exp(b) as exp(a + b); 0 if there are less than two. */
uint32_t tri__write_exponentials(struct simplify *s, mpq_srcptr c, uint32_t m);
/* id with what p lost by cancelling and id does not say. */
uint32_t tri__with_needs(struct simplify *s, uint32_t id, const struct poly *p);
/* A power with an exponent that is no integer constant; its base and exponent. */
bool tri__symbolic_power(const tri_graph *g, uint32_t id, uint32_t *base, uint32_t *exponent);
/* Such denominators are written as decimals. */
bool tri__is_power_of_ten(mpz_srcptr z);

/* --- forms: change p in place or say false (see struct ring) */

/* simplify_forms.c. Distinct atoms of p in structural order, with their largest exponents, into an array of *n (tri__free, *n long). */
struct factor *tri__atoms(struct simplify *s, const struct poly *p, size_t *n);
/* How long p is, roughly. */
uint64_t tri__bulk(const struct ring *r, const struct poly *p);
/* The largest exponent of an atom, 0 if none is positive. */
int32_t tri__degree(const struct simplify *s, const struct poly *p, uint32_t atom);
/* p with value for atom^every wherever it is that often in a term. */
bool tri__substituted(struct simplify *s, struct poly *to, const struct poly *p, uint32_t atom,
                      int32_t every, const struct poly *value);
/* Multiplies out positive powers of atoms that stand for sums. */
bool tri__multiply_out(struct simplify *s, struct poly *p);
/* p = c * m * primitive: what all terms share, signs so that most are positive. */
bool tri__primitive(struct simplify *s, struct poly *p, mpq_ptr c, uint32_t *m);
void tri__numeric_content(const struct poly *p, mpq_ptr c);

/* simplify_identities.c. sin^2 + cos^2 = 1 and its like where that makes p shorter; sqrt(u)^2 = u. */
bool tri__identities(struct simplify *s, struct poly *p);
/* simplify_powers.c. Puts t - c m for an atom where that makes p shorter. *changed says whether it did. */
bool tri__complete_powers(struct simplify *s, struct poly *p, bool *changed);
/* simplify_divide.c. p / q into p if the division has no remainder; *divides says so. */
bool tri__divide(struct simplify *s, struct poly *p, const struct poly *q, bool *divides);

/* --- reading (simplify_read.c) */

/* The chain whose user-most node is at position `at`, into s->chain. */
bool tri__take_apart(struct simplify *s, uint32_t at);
/* The flat reading of the unit at `at`; its leaves have images. */
bool tri__read_flat(struct simplify *s, uint32_t at, struct poly *p);
/* Makes the full readings of the unit at `at` and of all units below it up to atoms; READ_OVER where they are too long. */
bool tri__read_full(struct simplify *s, uint32_t at);
/* Keeps a polynomial (its memory passes over) and gives its number; 0 on failure. */
uint32_t tri__keep_poly(struct simplify *s, struct poly *p);

/* --- choices (simplify_select.c) */

/* The number of the leaf of s->chain that chooses between 0 and something else, one more; 0 if there is none or the chain has no strong
 * product. Such a product is 0 where the choice is, also where other factors have no value. */
size_t tri__guard(const struct simplify *s);
/* The choice of the leaf tri__guard gave, the other factors moved into its branches. */
uint32_t tri__write_guarded(struct simplify *s, size_t guard);
/* Joins choices on one condition among the terms of p whose zero branches complement each other. */
bool tri__join_choices(struct simplify *s, struct poly *p);

/* Replaces rows by their plain formulas, in place (plain.c). */
/* Replaces the ids by those of the simplified expressions; 0, or the error id of what stopped it. */
uint32_t tri__simplify_ids(tri_graph *g, size_t n, uint32_t *ids);
TRI_CHECKED tri_status tri__plain(tri_graph *g, size_t n, uint32_t *ids);

#endif
