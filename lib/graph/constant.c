/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Exact rational constants as nodes: their limbs are an attribute of the graph, read in place through GMP's read-only views. */
#include <limits.h>
#include <math.h>
#include <string.h>
#include <triad/mp.h>

#include "base/text.h"
#include "graph/node.h"

/* The attribute's form: two signed limb counts, then the numerator's limbs and the denominator's. */
struct limbs {
  int64_t num, den;
};

static uint32_t constant_attr(tri_graph *g, mpq_srcptr q) {
  size_t num = mpz_size(mpq_numref(q)), den = mpz_size(mpq_denref(q)), limb = sizeof(mp_limb_t);
  uint64_t stack[16];
  size_t size = sizeof(struct limbs) + (num + den) * limb;
  unsigned char *data =
      size <= sizeof stack ? (unsigned char *)stack : tri__resize(&g->memory, NULL, 0, size);
  if (!data) return tri__no_memory(g), 0;
  struct limbs head = {mpz_sgn(mpq_numref(q)) < 0 ? -(int64_t)num : (int64_t)num, (int64_t)den};
  memcpy(data, &head, sizeof head);
  if (num) memcpy(data + sizeof head, mpz_limbs_read(mpq_numref(q)), num * limb);
  memcpy(data + sizeof head + num * limb, mpz_limbs_read(mpq_denref(q)), den * limb);
  uint32_t attr = tri__attr(g, ATTR_RATIONAL, data, size);
  if (data != (unsigned char *)stack) tri__resize(&g->memory, data, size, 0);
  return attr;
}

/* log2(10) is less than 3.322. */
static bool beyond_digits(const tri_graph *g, mpq_srcptr q) {
  double bits = 3.322 * (double)g->limits.digits + 64.0;
  return (double)mpz_size(mpq_numref(q)) * GMP_NUMB_BITS > bits ||
         (double)mpz_size(mpq_denref(q)) * GMP_NUMB_BITS > bits;
}

static uint32_t constant_node(tri_graph *g, mpq_srcptr q, tri_sort sort) {
  uint32_t attr = constant_attr(g, q);
  if (!attr) return NODE_ERROR + TRI_MEMORY;
  struct node n = {.op = TRI_OP_constant, .sort = (uint8_t)sort, .attr = attr};
  return tri__intern(g, &n, NULL);
}

uint32_t tri__constant(tri_graph *g, mpq_srcptr q) {
  if (beyond_digits(g, q))
    return tri__fail(g, TRI_LIMIT, "a number of more than %llu digits",
                     (unsigned long long)g->limits.digits);
  return constant_node(g, q, TRI_REAL);
}

static uint64_t gcd64(uint64_t a, uint64_t b) {
  while (b) {
    uint64_t r = a % b;
    a = b;
    b = r;
  }
  return a;
}

/* A view of num/den in two limbs, canonical, without allocation. */
static void small_view(mpq_ptr view, mp_limb_t limbs[2], int64_t num, int64_t den) {
  bool negative = (num < 0) != (den < 0);
  uint64_t n = num < 0 ? -(uint64_t)num : (uint64_t)num,
           d = den < 0 ? -(uint64_t)den : (uint64_t)den;
  uint64_t common = gcd64(n, d);
  limbs[0] = n / common;
  limbs[1] = d / common;
  mpz_roinit_n(mpq_numref(view), limbs, n ? (negative ? -1 : 1) : 0);
  mpz_roinit_n(mpq_denref(view), limbs + 1, 1);
}

uint32_t tri__constant_si(tri_graph *g, int64_t num, int64_t den) {
  if (den == 0) return tri__fail(g, TRI_DOMAIN, "division by zero");
  mp_limb_t limbs[2];
  mpq_t q;
  small_view(q, limbs, num, den);
  return constant_node(g, q, TRI_REAL);
}

uint32_t tri__boolean(tri_graph *g, bool value) {
  mp_limb_t limbs[2];
  mpq_t q;
  small_view(q, limbs, value, 1);
  return constant_node(g, q, TRI_BOOLEAN);
}

void tri__attr_rational(const tri_graph *g, uint32_t attr, mpq_ptr view) {
  const unsigned char *data = tri__attr_data(g, attr, NULL);
  struct limbs head;
  memcpy(&head, data, sizeof head);
  const mp_limb_t *limbs = (const mp_limb_t *)(const void *)(data + sizeof head);
  mpz_roinit_n(mpq_numref(view), limbs, (mp_size_t)head.num);
  mpz_roinit_n(mpq_denref(view), limbs + (head.num < 0 ? -head.num : head.num),
               (mp_size_t)head.den);
}

bool tri__rational(const tri_graph *g, uint32_t id, mpq_ptr view) {
  const struct node *n = node_at(g, id);
  if (n->op != TRI_OP_constant) return false;
  tri__attr_rational(g, n->attr, view);
  return true;
}

bool tri__small_integer(const tri_graph *g, uint32_t id, int64_t *n) {
  mpq_t q;
  if (!tri__rational(g, id, q) || mpz_cmp_ui(mpq_denref(q), 1) || !mpz_fits_slong_p(mpq_numref(q)))
    return false;
  *n = mpz_get_si(mpq_numref(q));
  return true;
}

bool tri__is_integer(const tri_graph *g, uint32_t id, int64_t num) {
  int64_t n;
  return tri__small_integer(g, id, &n) && n == num;
}

/* --- public */

tri_expr tri_integer(tri_graph *g, int64_t n) { return expr_of(g, tri__constant_si(g, n, 1)); }
tri_expr tri_rational(tri_graph *g, int64_t num, int64_t den) {
  return expr_of(g, tri__constant_si(g, num, den));
}

tri_expr tri_constant_mpq(tri_graph *g, mpq_srcptr q) { return expr_of(g, tri__constant(g, q)); }

tri_expr tri_double(tri_graph *g, double x) {
  if (!isfinite(x))
    return expr_of(g,
                   tri__fail(g, TRI_DOMAIN, "%s is not a number", isnan(x) ? "nan" : "infinity"));
  mpq_t q;
  mpq_init(q);
  tri__mpq_set_double(q, x);
  uint32_t id = tri__constant(g, q);
  mpq_clear(q);
  return expr_of(g, id);
}

tri_expr tri_number(tri_graph *g, const char *text) {
  mpq_t q;
  tri_status status = TRI_OK;
  size_t size = strlen(text);
  mpq_init(q);
  size_t used = tri__read_number(text, size, g->limits.digits, q, &status);
  uint32_t id = used && used == size  ? tri__constant(g, q)
                : status == TRI_LIMIT ? tri__fail(g, TRI_LIMIT, "a number of more than %llu digits",
                                                  (unsigned long long)g->limits.digits)
                                      : tri__fail(g, TRI_SYNTAX, "'%.40s' is not a number", text);
  mpq_clear(q);
  return expr_of(g, id);
}

int tri_expr_mpq(tri_expr e, mpq_ptr q) {
  mpq_t view;
  if (tri_expr_status(e) || !tri__rational(e.graph, e.id, view)) return 0;
  mpq_set(q, view);
  return 1;
}

int tri_expr_double(tri_expr e, double *x) {
  mpq_t view;
  if (tri_expr_status(e) || !tri__rational(e.graph, e.id, view)) return 0;
  *x = tri__mpq_double(view);
  return 1;
}
