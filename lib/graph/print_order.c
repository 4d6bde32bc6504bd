/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Sums and products as a person orders them. Nodes are binary and their commutative arguments
 * ordered by hash; here chains are taken apart and sorted: terms by descending degree and then
 * alphabetically, constants last, what carries eps behind all; factors with numbers first, then
 * variables, then powers, then sums and functions. The order depends on structure only. */
#include <string.h>

#include "base/sort.h"
#include "graph/print.h"

enum { SPINE_DOWN = 1 }; /* a flag of entries of p->spine: below the line; in sums, subtracted */

static void push_spine(struct printer *p, uint32_t id, uint32_t flags) {
  if (tri__print_memory(p, tri__grow(&p->g->memory, (void **)&p->spine, &p->spine_capacity,
                                     p->n_spine + 1, sizeof *p->spine)))
    p->spine[p->n_spine++] = (uint64_t)flags << 32 | id;
}

static uint32_t pop_spine(struct printer *p, uint32_t *flags) {
  uint64_t entry = p->spine[--p->n_spine];
  *flags = (uint32_t)(entry >> 32);
  return (uint32_t)entry;
}

/* --- the alphabet */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Names in the order of a reader: runs of digits by their value, all else by code points. */
static int compare_names(const char *a, const char *b) {
  for (;; a++, b++) {
    if (is_digit(*a) && is_digit(*b)) {
      while (*a == '0' && is_digit(a[1])) a++;
      while (*b == '0' && is_digit(b[1])) b++;
      size_t n = 0, m = 0;
      while (is_digit(a[n])) n++;
      while (is_digit(b[m])) m++;
      int order = n != m ? (n < m ? -1 : 1) : memcmp(a, b, n);
      if (order) return order;
      a += n, b += m;
    }
    if (*a != *b) return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
    if (!*a) return 0;
  }
}

static int order_of_variables(void *context, const void *a, const void *b) {
  const tri_graph *g = context;
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  const char *left = tri__name(g, x), *right = tri__name(g, y);
  int order = compare_names(left, right);
  if (!order) order = strcmp(left, right); /* x01 and x1 */
  uint64_t h = node_at(g, x)->hash, k = node_at(g, y)->hash;
  return order ? order : h < k ? -1 : h > k;
}

bool tri__print_rank(struct printer *p) {
  struct memory *m = &p->g->memory;
  uint32_t count = 0, k = 0;
  for (uint32_t i = 0; i < p->walk.count; i++)
    count += print_at(p, p->walk.ids[i])->op == TRI_OP_variable;
  uint32_t *ids = tri__new(m, count, sizeof *ids);
  if (!ids) return tri__print_memory(p, false);
  for (uint32_t i = 0; i < p->walk.count; i++)
    if (print_at(p, p->walk.ids[i])->op == TRI_OP_variable) ids[k++] = p->walk.ids[i];
  if (tri__print_memory(p, tri__sort(m, ids, count, sizeof *ids, order_of_variables, p->g)))
    for (k = 0; k < count; k++) part_of(p, ids[k])->least = k;
  tri__free(m, ids, count, sizeof *ids);
  return !p->status;
}

/* --- the order of nodes */

enum { TOKENS = 64 }; /* nodes looked at before two expressions are told apart by their hashes */

enum rank { RANK_NUMBER, RANK_PI, RANK_VARIABLE, RANK_POWER, RANK_NAMED, RANK_OTHER, RANK_EPS };

static enum rank rank_of(const struct printer *p, uint32_t id) {
  switch (print_at(p, id)->op) {
  case TRI_OP_constant: return RANK_NUMBER;
  case TRI_OP_pi: return RANK_PI;
  case TRI_OP_variable: return RANK_VARIABLE;
  case TRI_OP_eps: return RANK_EPS;
  case TRI_OP_pow: return is_named(p, id) ? RANK_NAMED : RANK_POWER;
  default: return is_named(p, id) ? RANK_NAMED : RANK_OTHER;
  }
}

static int compare(uint64_t a, uint64_t b) { return a < b ? -1 : a > b; }

/* By size first: the sign is often written elsewhere. */
static int compare_numbers(const struct printer *p, uint32_t a, uint32_t b, bool sign) {
  mpq_t x, y;
  tri__rational(p->g, a, x);
  tri__rational(p->g, b, y);
  int positive = mpq_sgn(x) >= 0, other = mpq_sgn(y) >= 0;
  mpz_roinit_n(mpq_numref(x), mpz_limbs_read(mpq_numref(x)), (mp_size_t)mpz_size(mpq_numref(x)));
  mpz_roinit_n(mpq_numref(y), mpz_limbs_read(mpq_numref(y)), (mp_size_t)mpz_size(mpq_numref(y)));
  int order = mpq_cmp(x, y);
  return order || !sign ? order : other - positive;
}

/* Two elements with their indices, of which the first is the innermost. */
static int compare_elements(const struct printer *p, uint32_t a, uint32_t b) {
  int order = 0;
  for (int levels = 0; levels < MOST_RANK; levels++) {
    if (print_at(p, a)->op != TRI_OP_element || print_at(p, b)->op != TRI_OP_element) break;
    int outer = compare(tri__index_attr(p->g, a), tri__index_attr(p->g, b));
    if (outer) order = outer;
    a = print_args(p, a)[0];
    b = print_args(p, b)[0];
  }
  return order;
}

/* Two nodes without their arguments. */
static int compare_tops(const struct printer *p, uint32_t a, uint32_t b) {
  enum rank rank = rank_of(p, a);
  int order = compare(rank, rank_of(p, b));
  if (order) return order;
  if (rank == RANK_NUMBER) return compare_numbers(p, a, b, true);
  if (rank == RANK_NAMED) return compare(part_of(p, a)->name, part_of(p, b)->name);
  if (rank != RANK_VARIABLE) order = compare(print_at(p, a)->op, print_at(p, b)->op);
  if (!order) order = compare(part_of(p, a)->least, part_of(p, b)->least);
  if (!order) order = compare(print_at(p, a)->nargs, print_at(p, b)->nargs);
  return order ? order : compare_elements(p, a, b);
}

/* Argument i in an order of reading: those of a commutative row have none of their own. */
static uint32_t argument(const struct printer *p, uint32_t id, uint32_t i) {
  const struct row *row = tri__row(p->g, print_at(p, id)->op);
  const uint32_t *args = print_args(p, id);
  bool swap = row && row->commutes && compare_tops(p, args[1], args[0]) < 0;
  return args[swap ? 1 - i : i];
}

/* Lexicographic by the first TOKENS nodes in reading order, then by hash: a total order, at a
 * bounded cost. */
int tri__print_compare(const struct printer *p, uint32_t a, uint32_t b) {
  struct pair {
    uint32_t a, b;
  } stack[TOKENS + 1] = {{a, b}};
  if (a == b) return 0;
  for (int n = 1, seen = 0; n > 0 && seen < TOKENS; seen++) {
    struct pair top = stack[--n];
    int order = compare_tops(p, top.a, top.b);
    if (order) return order;
    if (rank_of(p, top.a) == RANK_NAMED) continue;
    for (uint32_t i = print_at(p, top.a)->nargs; i-- > 0;)
      if (n + (int)i < TOKENS) /* of long vectors the first elements */
        stack[n++] = (struct pair){argument(p, top.a, i), argument(p, top.b, i)};
  }
  return compare(print_at(p, a)->hash, print_at(p, b)->hash);
}

/* --- products */

static void add_factor(struct printer *p, uint32_t id, int32_t power, enum item_kind kind,
                       bool down) {
  if (tri__print_memory(p, tri__grow(&p->g->memory, (void **)&p->factors, &p->factor_capacity,
                                     p->n_factors + 1, sizeof *p->factors)))
    p->factors[p->n_factors++] = (struct factor){id, power, (uint8_t)kind, down};
}

/* A fraction of few digits is written so, and else what is shorter: x/10, 2*x/3, but 0.001*x. */
bool tri__print_decimal(struct printer *p, mpq_srcptr q) {
  if (mpz_cmp_ui(mpq_denref(q), 1) == 0) return false;
  size_t up = mpz_sizeinbase(mpq_numref(q), 10), down = mpz_sizeinbase(mpq_denref(q), 10);
  if (up + down <= 4) return false;
  p->scratch.size = 0;
  tri__text_number(&p->scratch, q);
  return tri__print_memory(p, !p->scratch.status) &&
         !memchr(p->scratch.data, '/', p->scratch.size) && p->scratch.size <= up + down + 1;
}

void tri__print_constant(const tri_graph *g, tri_text *text, uint32_t id, unsigned kind) {
  mpq_t q, part;
  tri__rational(g, id, q);
  mpq_init(part);
  if (kind == ITEM_NUMBER)
    mpq_abs(part, q);
  else if (kind == ITEM_UP)
    mpz_abs(mpq_numref(part), mpq_numref(q));
  else
    mpz_set(mpq_numref(part), mpq_denref(q));
  tri__text_number(text, part);
  mpq_clear(part);
}

static void add_constant(struct printer *p, uint32_t id, bool down, struct product *product) {
  mpq_t q;
  tri__rational(p->g, id, q);
  bool integer = mpz_cmp_ui(mpq_denref(q), 1) == 0;
  if (mpq_sgn(q) < 0) product->negative = !product->negative;
  if (integer || tri__print_decimal(p, q)) {
    if (!integer || mpz_cmpabs_ui(mpq_numref(q), 1) != 0) add_factor(p, id, 1, ITEM_NUMBER, down);
    return;
  }
  if (mpz_cmpabs_ui(mpq_numref(q), 1) != 0) add_factor(p, id, 1, ITEM_UP, down);
  add_factor(p, id, 1, ITEM_DOWN, !down);
}

bool tri__print_has_exponent(const struct printer *p, uint32_t id, int32_t *power) {
  int64_t n;
  if (print_at(p, id)->op != TRI_OP_pow || !tri__small_integer(p->g, print_args(p, id)[1], &n))
    return false;
  if (n < -INT32_MAX || n > INT32_MAX || n == 0) return false;
  *power = (int32_t)n;
  return true;
}

/* One node of a product's spine. What stands below the line is divided as a whole, so that
 * x/(y/z) stays undefined at z = 0. */
static void take_apart(struct printer *p, uint32_t id, bool down, struct product *product) {
  const uint32_t *args = print_args(p, id);
  int32_t power;
  switch (print_at(p, id)->op) {
  case TRI_OP_constant: add_constant(p, id, down, product); return;
  case TRI_OP_neg:
    product->negative = !product->negative;
    push_spine(p, args[0], down);
    return;
  case TRI_OP_mul:
    push_spine(p, args[1], down);
    push_spine(p, args[0], down);
    return;
  case TRI_OP_div:
    if (down) break;
    push_spine(p, args[1], SPINE_DOWN);
    push_spine(p, args[0], 0);
    return;
  case TRI_OP_pow:
    if (!tri__print_has_exponent(p, id, &power) || (down && power < 0)) break;
    add_factor(p, args[0], power < 0 ? -power : power, ITEM_POWER, down || power < 0);
    return;
  default: break;
  }
  add_factor(p, id, 1, ITEM_NODE, down);
}

static int order_of_factors(void *context, const void *left, const void *right) {
  const struct factor *a = left, *b = right;
  if (a->down != b->down) return a->down ? 1 : -1;
  int order = tri__print_compare(context, a->id, b->id);
  return order ? order : compare((uint64_t)b->power, (uint64_t)a->power);
}

/* Whether g, which stands next to f, is one more power of it: x*x is written x^2. */
static bool is_same_base(const struct printer *p, const struct factor *f, const struct factor *g) {
  return f->id == g->id && f->down == g->down && f->kind <= ITEM_POWER && g->kind <= ITEM_POWER &&
         rank_of(p, f->id) != RANK_EPS && f->power <= INT32_MAX - g->power;
}

/* Joins equal factors, which shared parts keep apart; how many are left. */
static size_t join_factors(struct printer *p, size_t first, size_t n) {
  if (n < 2) return n;
  struct factor *f = p->factors + first;
  size_t kept = 1;
  for (size_t i = 1; i < n; i++) {
    if (!is_same_base(p, f + kept - 1, f + i)) {
      f[kept++] = f[i];
      continue;
    }
    f[kept - 1].power += f[i].power;
    f[kept - 1].kind = ITEM_POWER;
  }
  p->n_factors = first + kept;
  return kept;
}

bool tri__print_product(struct printer *p, uint32_t id, bool opened, struct product *product) {
  size_t base = p->n_spine, first = p->n_factors;
  *product = (struct product){.first = first};
  push_spine(p, id, 0);
  while (!p->status && p->n_spine > base) {
    uint32_t down, e = pop_spine(p, &down);
    bool atom = is_named(p, e) && !(opened && e == id);
    if (atom)
      add_factor(p, e, 1, ITEM_NODE, down);
    else
      take_apart(p, e, down, product);
  }
  p->n_spine = base;
  size_t n = p->n_factors - first;
  if (p->status) return false;
  if (n > 1 && !tri__print_memory(p, tri__sort(&p->g->memory, p->factors + first, n,
                                               sizeof *p->factors, order_of_factors, p)))
    return false;
  n = join_factors(p, first, n);
  while (product->up < n && !p->factors[first + product->up].down) product->up++;
  product->down = n - product->up;
  return true;
}

/* --- sums */

enum { CLASS_POLYNOMIAL, CLASS_OTHER, CLASS_CONSTANT, CLASS_NUMBER };

static void add_term(struct printer *p, uint32_t id, bool negative) {
  if (tri__print_memory(p, tri__grow(&p->g->memory, (void **)&p->terms, &p->term_capacity,
                                     p->n_terms + 1, sizeof *p->terms)))
    p->terms[p->n_terms++] = (struct term){.id = id, .negative = negative};
}

/* x + 1, a - x, x + y: a factor that counts as a variable does, so that (x - 1)^2 stands before x. */
static bool is_linear(const struct printer *p, const struct factor *f) {
  unsigned op = print_at(p, f->id)->op;
  if (f->down || is_named(p, f->id) || (op != TRI_OP_add && op != TRI_OP_sub)) return false;
  if (part_of(p, f->id)->least == NO_VARIABLE) return false;
  return rank_of(p, print_args(p, f->id)[0]) <= RANK_VARIABLE &&
         rank_of(p, print_args(p, f->id)[1]) <= RANK_VARIABLE;
}

/* What the term's factors say of its place. */
static void classify(struct printer *p, struct term *t) {
  bool polynomial = true, number = true;
  for (size_t i = 0; i < t->product.up + t->product.down; i++) {
    const struct factor *f = &p->factors[t->product.first + i];
    enum rank rank = rank_of(p, f->id);
    bool counts = rank == RANK_VARIABLE || is_linear(p, f);
    if (counts) t->degree += f->down ? -(int64_t)f->power : f->power;
    if (rank == RANK_EPS) t->eps += (uint32_t)f->power;
    if (rank == RANK_NUMBER || rank == RANK_EPS) continue;
    number = false;
    if ((rank > RANK_VARIABLE && !counts) || f->down) polynomial = false;
  }
  bool constant = part_of(p, t->id)->least == NO_VARIABLE;
  t->class = number       ? CLASS_NUMBER
             : constant   ? CLASS_CONSTANT
             : polynomial ? CLASS_POLYNOMIAL
                          : CLASS_OTHER;
}

/* The factors of a term from the first variable on, above and then below the line. */
static int compare_factors(struct printer *p, const struct product *a, const struct product *b) {
  const struct factor *f = p->factors + a->first, *g = p->factors + b->first;
  size_t n = a->up + a->down, m = b->up + b->down, i = 0, j = 0;
  while (i < a->up && rank_of(p, f[i].id) < RANK_VARIABLE) i++;
  while (j < b->up && rank_of(p, g[j].id) < RANK_VARIABLE) j++;
  for (; i < n && j < m; i++, j++) {
    int order = order_of_factors(p, f + i, g + j);
    if (order) return order;
  }
  return (i < n) - (j < m);
}

/* Numbers and pi among two terms' factors, by size, and then the signs. What is still equal is written alike. */
static int compare_coefficients(struct printer *p, const struct term *a, const struct term *b) {
  const struct factor *f = p->factors + a->product.first, *g = p->factors + b->product.first;
  size_t n = a->product.up + a->product.down, m = b->product.up + b->product.down, i = 0, j = 0;
  for (;; i++, j++) {
    while (i < n && rank_of(p, f[i].id) > RANK_PI) i++;
    while (j < m && rank_of(p, g[j].id) > RANK_PI) j++;
    if (i == n || j == m) break;
    int order = compare(rank_of(p, f[i].id), rank_of(p, g[j].id));
    if (!order && rank_of(p, f[i].id) == RANK_NUMBER)
      order = compare_numbers(p, f[i].id, g[j].id, false);
    if (!order) order = compare(f[i].kind, g[j].kind);
    if (!order) order = compare((uint64_t)g[j].power, (uint64_t)f[i].power);
    if (order) return order;
  }
  return i < n || j < m ? (i < n) - (j < m) : a->negative - b->negative;
}

static int order_of_terms(void *context, const void *left, const void *right) {
  struct printer *p = context;
  const struct term *a = left, *b = right;
  int order = compare(a->eps, b->eps);
  if (!order) order = compare(a->class, b->class);
  if (!order && a->degree != b->degree) order = a->degree > b->degree ? -1 : 1;
  if (!order) order = compare_factors(p, &a->product, &b->product);
  return order ? order : compare_coefficients(p, a, b);
}

/* Whether all terms are numbers and powers of one variable. */
static bool is_univariate(const struct printer *p, const struct term *terms, size_t n) {
  uint32_t first = NO_VARIABLE;
  for (size_t i = 0; i < n; i++) {
    const struct product *r = &terms[i].product;
    if (terms[i].class != CLASS_POLYNOMIAL && terms[i].class != CLASS_NUMBER) return false;
    for (size_t k = 0; k < r->up; k++) {
      uint32_t variable = part_of(p, p->factors[r->first + k].id)->least;
      if (variable == NO_VARIABLE) continue;
      if (first == NO_VARIABLE) first = variable;
      if (first != variable) return false;
    }
  }
  return true;
}

/* A sum does not begin with a minus where its only positive term can stand in front: 1 - x^2, y - w*x - b; but a polynomial
 * keeps descending powers: -x^2 + x - 1. */
static void lead(const struct printer *p, struct term *terms, size_t n) {
  if (n < 2 || !terms[0].negative) return;
  size_t positive = 0, at = 0;
  for (size_t i = 0; i < n && positive < 2; i++)
    if (!terms[i].negative) positive++, at = i;
  if (positive != 1 || terms[at].eps != terms[0].eps) return;
  if (at + 1 < n && is_univariate(p, terms, n)) return;
  struct term first = terms[at];
  memmove(terms + 1, terms, at * sizeof *terms);
  terms[0] = first;
}

bool tri__print_is_sum(const struct printer *p, uint32_t id, bool opened) {
  if (is_named(p, id) && !opened) return false;
  unsigned op = print_at(p, id)->op;
  if (op != TRI_OP_neg) return op == TRI_OP_add || op == TRI_OP_sub;
  uint32_t a = print_args(p, id)[0];
  return !is_named(p, a) && (print_at(p, a)->op == TRI_OP_add || print_at(p, a)->op == TRI_OP_sub);
}

/* The terms with their signs, at any depth of brackets. */
static void collect_terms(struct printer *p, uint32_t id, bool opened) {
  size_t base = p->n_spine;
  push_spine(p, id, 0);
  while (!p->status && p->n_spine > base) {
    uint32_t minus, e = pop_spine(p, &minus);
    if (!tri__print_is_sum(p, e, opened && e == id)) {
      add_term(p, e, minus);
      continue;
    }
    const uint32_t *args = print_args(p, e);
    unsigned op = print_at(p, e)->op;
    if (op != TRI_OP_neg) push_spine(p, args[1], minus ^ (op == TRI_OP_sub));
    push_spine(p, args[0], minus ^ (op == TRI_OP_neg));
  }
  p->n_spine = base;
}

bool tri__print_sum(struct printer *p, uint32_t id, bool opened) {
  size_t first = p->n_terms, factors = p->n_factors;
  collect_terms(p, id, opened);
  for (size_t i = first; i < p->n_terms && !p->status; i++) {
    struct term *t = &p->terms[i];
    if (!tri__print_product(p, t->id, false, &t->product)) break;
    t->negative ^= t->product.negative;
    classify(p, t);
  }
  size_t n = p->n_terms - first;
  if (!p->status && tri__print_memory(p, tri__sort(&p->g->memory, p->terms + first, n,
                                                   sizeof *p->terms, order_of_terms, p)))
    lead(p, p->terms + first, n);
  p->n_factors = factors;
  return !p->status;
}

/* --- other commutative rows */

static int order_of_elements(void *context, const void *left, const void *right) {
  const struct term *a = left, *b = right;
  bool x = rank_of(context, a->id) == RANK_NUMBER, y = rank_of(context, b->id) == RANK_NUMBER;
  return x != y ? x - y : tri__print_compare(context, a->id, b->id);
}

bool tri__print_chain(struct printer *p, uint32_t id, bool opened, bool chain) {
  size_t base = p->n_spine, first = p->n_terms;
  unsigned op = print_at(p, id)->op;
  push_spine(p, id, 0);
  while (!p->status && p->n_spine > base) {
    uint32_t flags, e = pop_spine(p, &flags);
    bool open = e == id ? opened || !is_named(p, e) : chain && !is_named(p, e);
    if (!open || print_at(p, e)->op != op) {
      add_term(p, e, false);
      continue;
    }
    const uint32_t *args = print_args(p, e);
    for (uint32_t i = print_at(p, e)->nargs; i-- > 0;) push_spine(p, args[i], 0);
  }
  p->n_spine = base;
  const struct row *row = tri__row(p->g, op);
  if (p->status || !row->commutes) return !p->status;
  return tri__print_memory(p, tri__sort(&p->g->memory, p->terms + first, p->n_terms - first,
                                        sizeof *p->terms, order_of_elements, p));
}
