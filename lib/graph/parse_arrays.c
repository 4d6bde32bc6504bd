/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Arrays in texts: indices, and functions that bind names, as sum(x[i]^2, i=1..n).
 *
 * What a name before '=' is bound to must be known before the first argument is read, so the call
 * is looked through for such names when it opens. The initial value of scan and fold even gives the
 * shape of what is carried along: the parser reads it first, goes back to the first argument, and
 * passes over the initial value when it comes to it. Each name stands for a variable that no text
 * can name, one for each depth, so that what is defined elsewhere is never caught. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "graph/last.h"
#include "graph/parser.h"
#include "graph/reduce.h"
#include "graph/tensors.h"

enum {
  MOST_SCOPES = 64
}; /* open calls that are looked through: bounds the work by the text's size */

enum function {
  FUNCTION_SUM,
  FUNCTION_PROD,
  FUNCTION_MAP,
  FUNCTION_SCAN,
  FUNCTION_FOLD,
  FUNCTION_DOT,
  FUNCTION_NORM,
  FUNCTION_MEAN,
  FUNCTION_LOGSUMEXP,
  FUNCTION_SCATTER,
  FUNCTION_EMBED,
  FUNCTION_TRANSPOSE,
  FUNCTION_RESHAPE,
  FUNCTION_CONCAT,
  FUNCTION_MATMUL,
  FUNCTION_CONTRACT,
  FUNCTION_LSE,
  FUNCTION_ARGMAX,
  FUNCTION_UNFOLD, /* from here on in the order of enum window_function */
  FUNCTION_OVERLAP_ADD,
  FUNCTION_PICK,
  FUNCTION_ROUTE,
  FUNCTION_MAX_POOL,
  FUNCTION_CONVOLVE
};

const struct array_function tri__array_functions[] = {
    [FUNCTION_SUM] = {"sum", "sum(e, i=1..n) or sum(x)",
                      "sum of an expression over an index, or of all elements of an array",
                      "sum(1/i^2, i=1..10); sum([1, 2, 3])"},
    [FUNCTION_PROD] = {"prod", "prod(e, i=1..n) or prod(x)",
                       "product of an expression over an index, or of all elements of an array",
                       "prod(i, i=1..10); prod([2, 3, 4])"},
    [FUNCTION_MAP] = {"map", "map(e, i=1..n)", "array of the values of an expression over an index",
                      "map(i^2, i=1..5)"},
    [FUNCTION_SCAN] = {"scan", "scan(next, s=s0, i=1..n)",
                       "s is s0 first and becomes `next` at each step: the array of its values",
                       "scan(s + 1/i, s=0, i=1..4)"},
    [FUNCTION_FOLD] = {"fold", "fold(next, s=s0, i=1..n)", "the last value of scan",
                       "fold((s + 2/s)/2, s=1, i=1..6)"},
    [FUNCTION_DOT] = {"dot", "dot(x, y)", "sum of the products of the elements of two arrays",
                      "dot([1, 2, 3], [4, 5, 6])"},
    [FUNCTION_NORM] = {"norm", "norm(x)", "root of the sum of the squares of an array's elements",
                       "norm([3, 4])"},
    [FUNCTION_MEAN] = {"mean", "mean(x)", "mean of an array's elements", "mean([1, 2, 6])"},
    [FUNCTION_LOGSUMEXP] = {"logsumexp", "logsumexp(x)",
                            "logarithm of the sum of exp of an array's elements, without overflow",
                            "logsumexp([1000, 1000])"},
    [FUNCTION_SCATTER] = {"scatter", "scatter(w, i, n)",
                          "array of n zeros but for w, which is its part number i",
                          "scatter(5, 2, 3)"},
    [FUNCTION_EMBED] = {"embed", "embed(x, i, n)",
                        "array of n zeros but for the parts of x, from number i on",
                        "embed([5, 6], 2, 4)"},
    [FUNCTION_TRANSPOSE] =
        {"transpose", "transpose(A) or transpose(A, 2, 1, …)",
         "an array with its dimensions the other way round, or in the order given",
         "transpose([[1, 2], [3, 4]])"},
    [FUNCTION_RESHAPE] = {"reshape", "reshape(x, m, n, …)",
                          "the elements of an array, row by row, in another shape",
                          "reshape([1, 2, 3, 4], 2, 2)"},
    [FUNCTION_CONCAT] = {"concat", "concat(x, y, …)", "arrays one behind the other",
                         "concat([1, 2], [3])"},
    [FUNCTION_MATMUL] = {"matmul", "matmul(A, B)",
                         "product of matrices, or of a matrix and a vector",
                         "matmul([[1, 2], [3, 4]], [5, 6])"},
    [FUNCTION_CONTRACT] =
        {"contract", "contract(x, y, b, k)",
         "sums of products over the last k dimensions of both, for each of the first b",
         "contract([[1, 2], [3, 4]], [[5, 6], [7, 8]], 0, 2)"},
    [FUNCTION_LSE] = {"lse", "lse(x)", "logarithm of the sum of exp over the last dimension",
                      "lse([[0, 0], [1000, 1000]])"},
    [FUNCTION_ARGMAX] =
        {"argmax", "argmax(x)",
         "the place, from 0, of the first maximum along the last dimension; it has no derivative",
         "argmax([[3, 1, 2], [0, 5, 5]])"},
    [FUNCTION_UNFOLD] =
        {"unfold", "unfold(x, size, stride, dilation, before, after)",
         "windows of an array [n, s…, c], cut out of it as [n, o…, k…, c], with zeros outside",
         "unfold([[[1], [2], [3]]], 2)"},
    [FUNCTION_OVERLAP_ADD] =
        {"overlap_add", "overlap_add(y, sizes, size, stride, dilation, before, after)",
         "windows added up where unfold would cut them out of an array with these sizes",
         "overlap_add([[[[1], [2]], [[3], [4]]]], 3, 2)"},
    [FUNCTION_PICK] = {"pick", "pick(x, v, size, stride, dilation, before, after)",
                       "in each window the element of v where x has its first maximum",
                       "pick([[[3], [5], [1], [2]]], [[[1], [2], [3], [4]]], 2, 2)"},
    [FUNCTION_ROUTE] = {"route", "route(x, y, size, stride, dilation, before, after)",
                        "zeros, to which y is added where x has its first maximum in each window",
                        "route([[[3], [5], [1], [2]]], [[[7], [8]]], 2, 2)"},
    [FUNCTION_MAX_POOL] = {"maxpool", "maxpool(x, size, stride, dilation, before, after)",
                           "the largest element of each window; stride: size",
                           "maxpool([[[3], [5], [1], [2]]], 2)"},
    [FUNCTION_CONVOLVE] = {"convolve", "convolve(x, kernel, stride, dilation, before, after)",
                           "convolution of x[n, s…, c] with kernel[k…, c, filters]",
                           "convolve([[[1], [2], [4]]], [[[1]], [[10]]])"},
};
const size_t tri__array_function_count = sizeof tri__array_functions / sizeof *tri__array_functions;

const struct array_function *tri__array_function(const char *name, size_t size) {
  for (size_t i = 0; i < tri__array_function_count; i++)
    if (text_is(name, size, tri__array_functions[i].name)) return &tri__array_functions[i];
  return NULL;
}

static bool is_carried(enum function f) { return f == FUNCTION_SCAN || f == FUNCTION_FOLD; }
static bool binds(enum function f) { return f <= FUNCTION_FOLD; }
static enum function function_of(const struct pending *o) {
  return (enum function)(o->row - FIRST_ARRAY_FUNCTION);
}

/* --- names */

static bool is_bound(const struct bound *b, const char *name, size_t size) {
  return b->variable && b->size == size && memcmp(b->name, name, size) == 0;
}

uint32_t tri__parse_bound(const struct parser *p, const char *name, size_t size) {
  for (size_t i = p->n_scopes; i-- > 0;) {
    const struct scope *s = &p->scopes[i];
    if (!s->active) continue;
    if (is_bound(&s->index, name, size)) return s->index.variable;
    if (is_bound(&s->carry, name, size)) return s->carry.variable;
  }
  return 0;
}

static bool learn_arrays(struct parser *p) {
  const tri_graph *g = p->g;
  p->arrays_known = true;
  if (g->shape_count < 2) return true; /* scalars only */
  for (uint32_t id = g->node_count; id-- > 1;) {
    const char *name = node_at(g, id)->shape ? tri__name(g, id) : NULL;
    if (!name || strchr(name, '%')) continue;
    if (!tri__grow(&p->g->memory, (void **)&p->arrays, &p->array_capacity, p->n_arrays + 1,
                   sizeof *p->arrays))
      return tri__parse_no_memory(p);
    p->arrays[p->n_arrays++] = id;
  }
  return true;
}

/* The named size in the variable's shape; 0 if there is none of this name. */
static uint32_t size_in(struct parser *p, uint32_t id, const char *name, size_t size) {
  uint32_t shape = node_at(p->g, id)->shape;
  for (uint32_t d = 0; d < shape_rank(p->g, shape); d++) {
    extent n = shape_dims(p->g, shape)[d];
    if (n < 0 && text_is(name, size, tri__attr_data(p->g, (uint32_t)~n, NULL)))
      return tri__size(p->g, n);
  }
  return 0;
}

uint32_t tri__parse_graph_array(struct parser *p, const char *name, size_t size) {
  if (p->environment->name || (!p->arrays_known && !learn_arrays(p))) return 0;
  for (size_t i = 0; i < p->n_arrays; i++)
    if (text_is(name, size, tri__name(p->g, p->arrays[i]))) return p->arrays[i];
  for (size_t i = 0; i < p->n_arrays; i++) {
    uint32_t id = size_in(p, p->arrays[i], name, size);
    if (id) return id;
  }
  return 0;
}

/* --- opening a call */

static struct resume here(const struct parser *p) {
  return (struct resume){*p->lexer, *p->token, p->before, p->end};
}

static void read_on(struct parser *p, const struct resume *r) {
  *p->lexer = r->lexer;
  p->token = p->token == p->ring ? p->ring + 1 : p->ring;
  *p->token = r->token;
  p->before = r->before;
  p->end = r->end;
}

/* A keyword of a call: what is found when it is looked through. */
struct keyword {
  struct token name;
  struct lexer behind; /* behind its '=' */
  bool range;
};

/* The next keyword of the call that `ahead` is in; false at its end. *begins: `ahead` is at an
 * argument. */
static bool next_keyword(struct lexer *ahead, bool *begins, struct keyword *k) {
  bool found = false;
  for (uint32_t depth = 0;;) {
    struct lexer before = *ahead;
    struct token t = tri__lex(ahead), next = {.kind = TOKEN_END};
    if (t.kind == TOKEN_END || t.kind == TOKEN_NEWLINE || t.kind == TOKEN_ERROR) return found;
    bool sign = t.kind == TOKEN_OPERATOR, first = *begins && t.kind == TOKEN_NAME;
    *begins = false;
    if (first) {
      struct lexer behind = *ahead;
      next = tri__lex(&behind);
      first = next.kind == TOKEN_OPERATOR && next.op == OP_ASSIGN;
      if (first) *k = (struct keyword){.name = t, .behind = behind}, found = true;
    }
    if (!sign) continue;
    if (t.op == OP_OPEN || t.op == OP_OPEN_SQUARE) depth++;
    bool closes = t.op == OP_CLOSE || t.op == OP_CLOSE_SQUARE;
    if (closes && depth == 0) return *ahead = before, found;
    depth -= closes;
    if (found && depth == 0 && t.op == OP_RANGE) k->range = true;
    *begins = depth == 0 && t.op == OP_COMMA;
    if (*begins && found) return true;
  }
}

static struct scope *push_scope(struct parser *p, const struct token *name) {
  if (p->n_scopes == MOST_SCOPES)
    return tri__parse_fail(p, place_of(name), TRI_LIMIT,
                           "more than %d sums, products and the like in one another", MOST_SCOPES),
           NULL;
  if (!tri__grow(&p->g->memory, (void **)&p->scopes, &p->scope_capacity, p->n_scopes + 1,
                 sizeof *p->scopes))
    return tri__parse_no_memory(p), NULL;
  struct scope *s = &p->scopes[p->n_scopes++];
  *s = (struct scope){.pending = p->n_pending - 1};
  return s;
}

static bool bind(struct parser *p, struct bound *b, char kind, const struct token *name,
                 uint32_t shape) {
  char own[64]; /* no name that can be written, but one for a message */
  int size = snprintf(own, sizeof own, "%.*s%%%c%zu", name->size < 32 ? (int)name->size : 0,
                      p->lexer->text + name->start, kind, p->n_scopes);
  *b = (struct bound){p->lexer->text + name->start, name->size,
                      tri__variable_shaped(p->g, own, (size_t)size, shape)};
  if (!id_is_error(b->variable)) return true;
  return tri__parse_failed(p, place_of(name), id_status(b->variable));
}

/* Goes to the initial value that a keyword gives. */
static bool read_initial(struct parser *p, struct scope *s, const struct keyword *k) {
  s->first = here(p);
  s->carry = (struct bound){p->lexer->text + k->name.start, k->name.size, 0};
  *p->lexer = k->behind;
  tri__parse_advance(p);
  p->before = k->name.start;
  p->end = k->behind.at;
  return tri__parse_pend(p, &k->name, PENDING_INITIAL, 0);
}

bool tri__parse_open_array_call(struct parser *p, const struct token *name, size_t function) {
  struct lexer ahead = *p->lexer; /* behind the bracket */
  struct token call = *name;
  if (!tri__parse_open_call(p, name, PENDING_CALL, (tri_op)(FIRST_ARRAY_FUNCTION + function)))
    return false;
  if (!binds((enum function)function)) return true;
  struct scope *s = push_scope(p, &call);
  struct keyword k, initial;
  bool begins = true, carried = false;
  if (!s) return false;
  while (next_keyword(&ahead, &begins, &k)) {
    if (k.range && !s->index.variable && !bind(p, &s->index, 'i', &k.name, 0)) return false;
    if (!k.range && !carried) initial = k, carried = true;
  }
  s->active = true;
  if (!carried || !is_carried((enum function)function)) return true;
  s->active = false;
  return read_initial(p, s, &initial);
}

/* --- keywords */

static struct scope *own_scope(struct parser *p, size_t pending) {
  struct scope *s = p->n_scopes ? &p->scopes[p->n_scopes - 1] : NULL;
  return s && s->pending == pending ? s : NULL;
}

bool tri__parse_initial_done(struct parser *p) {
  struct operand *o = last_operand(p);
  struct pending initial = *last_pending(p);
  struct scope *s = own_scope(p, p->n_pending - 2);
  struct token name = tri__parse_token_at(p, initial.start, pending_place(&initial));
  if (!tri__parse_need_expr(p, o)) return false;
  s->initial = *o;
  s->behind = here(p);
  p->n_operands--;
  p->n_pending--;
  if (!bind(p, &s->carry, 's', &name, node_at(p->g, s->initial.expr)->shape)) return false;
  read_on(p, &s->first);
  s->active = p->want_operand = true;
  return true;
}

bool tri__parse_array_keyword(struct parser *p, const struct token *name) {
  struct scope *s = own_scope(p, p->n_pending - 1);
  struct token keyword = *name;
  if (s) s->active = false;
  if (!tri__parse_pend(p, &keyword, OP_ASSIGN, 0)) return false;
  if (!s || s->carry.name != p->lexer->text + keyword.start) return tri__parse_advance(p), true;
  struct token at = {
      .line = s->initial.line, .column = s->initial.column, .start = s->initial.start};
  struct operand *o = tri__parse_push(p, &at, (enum form)s->initial.form);
  if (!o) return false;
  *o = s->initial;
  read_on(p, &s->behind);
  return true;
}

void tri__parse_next_argument(struct parser *p) {
  struct scope *s = pending_is(p, PENDING_CALL) ? own_scope(p, p->n_pending - 1) : NULL;
  if (s) s->active = true;
}

/* --- ranges */

static bool range_fails(struct parser *p, const struct value *v, const char *what) {
  return tri__parse_fail(p, place_of(&v->token), TRI_SHAPE, "%s", what);
}

/* The end of a range as a size and what is added to it, or as a number alone. */
static bool read_end(struct parser *p, uint32_t id, extent *size, int64_t *more) {
  tri_graph *g = p->g;
  const struct node *n = node_at(g, id);
  const uint32_t *args = node_args(g, n);
  int64_t number = 0;
  *size = 0;
  *more = 0;
  if (tri__small_integer(g, id, more)) return true;
  bool sum = n->op == TRI_OP_add, difference = n->op == TRI_OP_sub;
  if (sum || difference) {
    bool first = sum && tri__small_integer(g, args[0], &number);
    if (!first && !tri__small_integer(g, args[1], &number)) return false;
    id = args[first];
    *more = difference ? -number : number;
  }
  n = node_at(g, id);
  if (n->op == TRI_OP_size) return *size = tri__span(g, id).n, true;
  if (n->op != TRI_OP_variable || n->shape || p->environment->name) return false;
  return *size = ~(extent)n->attr, true; /* a text by itself: the name is one of a size */
}

/* How many numbers there are is a number or a named size, and never n - 1. */
static bool refuse_size(struct parser *p, const struct value *v, extent size, int64_t first) {
  char n[64];
  tri__extent_text(p->g, size, n, sizeof n);
  unsigned long long right =
      first < 2 ? 1 - (unsigned long long)first : (unsigned long long)first - 1;
  const char *sign = first < 1 ? " - " : " + ";
  if (first == 1)
    return tri__parse_fail(p, place_of(&v->token), TRI_SHAPE,
                           "a range from 1 over a size ends with it: 1..%s", n);
  return tri__parse_fail(p, place_of(&v->token), TRI_SHAPE,
                         "a range has as many numbers as a size, or a number that is known: "
                         "1..%s, or %lld..%s%s%llu",
                         n, (long long)first, n, sign, right);
}

static bool range_of(struct parser *p, const struct value *v, struct range *range) {
  int64_t last;
  extent size;
  if (!tri__small_integer(p->g, v->from, &range->first))
    return range_fails(p, v, "a range begins with a whole number");
  if (!read_end(p, v->to, &size, &last))
    return range_fails(p, v, "a range ends with a whole number or with a size, such as n of x[n]");
  if (size) {
    range->n = size;
    if (last == range->first - 1) return true;
    return refuse_size(p, v, size, range->first);
  }
  int64_t n;
  if (__builtin_sub_overflow(last, range->first, &n) || n == INT64_MAX)
    return range_fails(p, v, "a range of more numbers than can be counted");
  range->n = n < 0 ? 0 : n + 1;
  return true;
}

/* --- closing a call */

/* A call's arguments: what stands alone, and the keywords. */
struct given {
  size_t n;                      /* values */
  const struct value *values[3]; /* the first ones */
  const struct value *all;       /* all, if there is nothing else */
  const struct value *range, *carry;
};

static bool write_usage(struct parser *p, const struct pending *o, tri_status status) {
  const struct array_function *f = &tri__array_functions[function_of(o)];
  return tri__parse_fail(p, pending_place(o), status, "write %s", f->usage);
}

static bool sort_arguments(struct parser *p, const struct pending *o, struct given *given) {
  static const struct value none;
  bool any = p->n_arguments > o->base;
  *given = (struct given){.all = any ? p->arguments + o->base : &none};
  for (size_t i = o->base; i < p->n_arguments; i++) {
    const struct value *v = &p->arguments[i];
    const struct value **to = v->kind == VALUE_RANGE ? &given->range : &given->carry;
    if (!v->keyword && v->kind == VALUE_EXPR && (given->n < 3 || !binds(function_of(o)))) {
      if (given->n < 3) given->values[given->n] = v;
      given->n++;
    } else if (v->keyword && !*to && (v->kind == VALUE_RANGE || v->kind == VALUE_EXPR)) {
      *to = v;
    } else {
      return tri__parse_fail(
          p, place_of(&v->token), TRI_ARITY, "%s cannot use this argument: write %s",
          tri__array_functions[function_of(o)].name, tri__array_functions[function_of(o)].usage);
    }
  }
  return true;
}

/* Over an index. */
static uint32_t over(struct parser *p, enum function f, const struct given *given,
                     const struct scope *s) {
  tri_graph *g = p->g;
  struct range range = {.index = s->index.variable};
  assert(given->values[0] && given->range && (given->carry || !is_carried(f))); /* see fits */
  uint32_t e = given->values[0]->expr;
  if (!range_of(p, given->range, &range)) return NODE_ERROR + (uint32_t)p->status;
  switch (f) {
  case FUNCTION_SUM: return tri__sum_over(g, e, &range);
  case FUNCTION_PROD: return tri__product_over(g, e, &range);
  case FUNCTION_MAP: return tri__map_over(g, e, &range);
  default:
    return tri__fold_over(g, e, s->carry.variable, given->carry->expr, f == FUNCTION_SCAN, &range);
  }
}

/* A part's number, from 1 in the text, as an index from 0: u + 1 is u. */
static uint32_t from_zero(tri_graph *g, uint32_t id) {
  const struct node *n = node_at(g, id);
  const uint32_t *args = node_args(g, n);
  int64_t number;
  if (n->op == TRI_OP_add || n->op == TRI_OP_sub) {
    bool first = n->op == TRI_OP_add && tri__small_integer(g, args[0], &number);
    if (first || tri__small_integer(g, args[1], &number)) {
      uint32_t u = args[first];
      bool minus = n->op == TRI_OP_sub;
      if (number > INT64_MIN + 1 && number < INT64_MAX) {
        number = (minus ? -number : number) - 1;
        if (number == 0) return u;
        uint32_t size = tri__constant_si(g, number < 0 ? -number : number, 1);
        return tri__build2(g, number < 0 ? TRI_OP_sub : TRI_OP_add, u, size);
      }
    }
  }
  return tri__build2(g, TRI_OP_sub, id, g->one);
}

/* What a size is in a text: a whole number, or the name of one. */
static bool size_of(struct parser *p, const struct value *v, extent *size) {
  int64_t more;
  bool is_size = read_end(p, v->expr, size, &more) && (*size ? more == 0 : more >= 0);
  if (is_size && !*size) *size = more;
  return is_size || range_fails(p, v, "a size is a whole number or a name of one");
}

/* scatter(w, i, n) and embed(x, i, n). */
static uint32_t placed(struct parser *p, enum function f, const struct given *given) {
  tri_graph *g = p->g;
  extent size;
  int64_t first;
  assert(given->values[1] && given->values[2]); /* see fits */
  uint32_t i = from_zero(g, given->values[1]->expr);
  if (!size_of(p, given->values[2], &size)) return NODE_ERROR + TRI_SHAPE;
  if (f == FUNCTION_SCATTER) return tri__scatter(g, given->values[0]->expr, i, size);
  if (!tri__small_integer(g, i, &first))
    return range_fails(p, given->values[1], "a whole number is wanted here"),
           NODE_ERROR + TRI_SHAPE;
  return tri__embed(g, given->values[0]->expr, first, size);
}

/* A number of dimensions, from `least` on, into *number. */
static bool count_of(struct parser *p, const struct value *v, int64_t least, uint8_t *number) {
  int64_t n;
  if (!tri__small_integer(p->g, v->expr, &n) || n < least || n > MOST_RANK)
    return range_fails(p, v, "a number of dimensions is wanted here");
  *number = (uint8_t)n;
  return true;
}

/* transpose(A), and with the dimensions from 1 on. */
static uint32_t transpose(struct parser *p, const struct given *given) {
  tri_graph *g = p->g;
  uint32_t x = given->all[0].expr, rank = shape_rank(g, node_at(g, x)->shape);
  uint8_t axes[MOST_RANK];
  if (given->n > 1 && given->n != rank + 1)
    return tri__fail(g, TRI_SHAPE, "an order of %u dimensions is wanted", (unsigned)rank);
  for (uint32_t d = 0; d < rank; d++) {
    axes[d] = (uint8_t)(rank - d);
    if (given->n > 1 && !count_of(p, &given->all[d + 1], 1, &axes[d]))
      return NODE_ERROR + TRI_SHAPE;
    axes[d]--;
  }
  return tri__permute(g, x, axes);
}

static uint32_t reshape(struct parser *p, const struct given *given) {
  tri_graph *g = p->g;
  extent dims[MOST_RANK];
  if (given->n - 1 > MOST_RANK)
    return tri__fail(g, TRI_LIMIT, "more than %d dimensions", MOST_RANK);
  for (size_t d = 1; d < given->n; d++)
    if (!size_of(p, &given->all[d], &dims[d - 1])) return NODE_ERROR + TRI_SHAPE;
  return tri__reshape(g, given->all[0].expr, tri__shape(g, given->n - 1, dims));
}

static uint32_t concat(struct parser *p, const struct given *given) {
  tri_graph *g = p->g;
  uint32_t *ids = tri__new(&g->memory, given->n, sizeof *ids);
  if (!ids) return tri__no_memory(g);
  for (size_t i = 0; i < given->n; i++) ids[i] = given->all[i].expr;
  uint32_t id = tri__concat(g, given->n, ids);
  tri__free(&g->memory, ids, given->n, sizeof *ids);
  return id;
}

static bool strong_of(struct parser *p, const struct value *v, uint8_t *strong) {
  int64_t n;
  if (!tri__small_integer(p->g, v->expr, &n) || n < CONTRACT_A || n > (CONTRACT_A | CONTRACT_B))
    return range_fails(p, v, "1, 2 or 3 is wanted here");
  *strong = (uint8_t)n;
  return true;
}

/* contract(x, y, b, k); a fifth number says whose zeros are strong: 1 of x, 2 of y, 3 of both. */
static uint32_t contract(struct parser *p, const struct given *given) {
  struct contraction how = {0};
  if (!count_of(p, &given->all[2], 0, &how.batch) ||
      !count_of(p, &given->all[3], 0, &how.contracted))
    return NODE_ERROR + TRI_SHAPE;
  if (given->n == 5 && !strong_of(p, &given->all[4], &how.strong)) return NODE_ERROR + TRI_SHAPE;
  return tri__contract(p->g, given->all[0].expr, given->all[1].expr, &how);
}

/* Functions of arrays of any rank. */
static uint32_t of_tensors(struct parser *p, enum function f, const struct given *given) {
  switch (f) {
  case FUNCTION_TRANSPOSE: return transpose(p, given);
  case FUNCTION_RESHAPE: return reshape(p, given);
  case FUNCTION_CONCAT: return concat(p, given);
  case FUNCTION_CONTRACT: return contract(p, given);
  case FUNCTION_LSE: return tri__lse(p->g, given->all[0].expr);
  case FUNCTION_ARGMAX: return tri__argmax(p->g, given->all[0].expr);
  case FUNCTION_MATMUL: return tri__matmul(p->g, given->all[0].expr, given->all[1].expr);
  default:
    return tri__parse_window_call(p, (enum window_function)(f - FUNCTION_UNFOLD), given->n,
                                  given->all);
  }
}

static uint32_t of_arrays(struct parser *p, enum function f, const struct given *given) {
  tri_graph *g = p->g;
  if (f >= FUNCTION_TRANSPOSE) return of_tensors(p, f, given);
  assert(given->values[0] && (f != FUNCTION_DOT || given->values[1])); /* see fits */
  uint32_t x = given->values[0]->expr;
  switch (f) {
  case FUNCTION_SUM: return tri__sum_of(g, x);
  case FUNCTION_PROD: return tri__product_of(g, x);
  case FUNCTION_DOT: return tri__dot_of(g, x, given->values[1]->expr);
  case FUNCTION_NORM: return tri__norm_of(g, x);
  case FUNCTION_MEAN: return tri__mean_of(g, x);
  case FUNCTION_LOGSUMEXP: return tri__logsumexp_of(g, x);
  default: return placed(p, f, given);
  }
}

/* Whether the arguments are as the function wants them; over an index, or else arrays. */
static bool fits(enum function f, const struct given *given) {
  enum { ANY = UINT8_MAX };
  static const struct {
    uint8_t least, most;
  } counts[] = {[FUNCTION_TRANSPOSE] = {1, ANY}, [FUNCTION_RESHAPE] = {1, ANY},
                [FUNCTION_CONCAT] = {1, ANY},    [FUNCTION_MATMUL] = {2, 2},
                [FUNCTION_CONTRACT] = {4, 5},    [FUNCTION_LSE] = {1, 1},
                [FUNCTION_ARGMAX] = {1, 1},      [FUNCTION_UNFOLD] = {2, 6},
                [FUNCTION_OVERLAP_ADD] = {3, 7}, [FUNCTION_PICK] = {3, 7},
                [FUNCTION_ROUTE] = {3, 7},       [FUNCTION_MAX_POOL] = {2, 6},
                [FUNCTION_CONVOLVE] = {2, 6}};
  if (f >= FUNCTION_TRANSPOSE)
    return given->n >= counts[f].least && (counts[f].most == ANY || given->n <= counts[f].most) &&
           !given->range && !given->carry;
  static const uint8_t count[] = {
      [FUNCTION_SUM] = 1,       [FUNCTION_PROD] = 1,    [FUNCTION_MAP] = 1,  [FUNCTION_SCAN] = 1,
      [FUNCTION_FOLD] = 1,      [FUNCTION_DOT] = 2,     [FUNCTION_NORM] = 1, [FUNCTION_MEAN] = 1,
      [FUNCTION_LOGSUMEXP] = 1, [FUNCTION_SCATTER] = 3, [FUNCTION_EMBED] = 3};
  bool range = binds(f) && given->range, alone = f != FUNCTION_MAP && !is_carried(f);
  return given->n == count[f] && is_carried(f) == (given->carry != NULL) &&
         (range || (alone && !given->range));
}

/* What is summed where nothing says over what. */
static bool sum_of_number(struct parser *p, const struct pending *o, const struct given *given) {
  assert(given->values[0]);
  const struct node *n = node_at(p->g, given->values[0]->expr);
  if (given->range || n->shape) return true;
  return tri__parse_fail(p, place_of(&given->values[0]->token), TRI_SHAPE,
                         "%s of a number: write %s", tri__array_functions[function_of(o)].name,
                         tri__array_functions[function_of(o)].usage);
}

bool tri__parse_close_array_call(struct parser *p, const struct pending *o) {
  enum function f = function_of(o);
  struct scope *s = own_scope(p, p->n_pending), scope = {0};
  struct given given;
  if (s) {
    scope = *s;
    p->n_scopes--;
  }
  if (!sort_arguments(p, o, &given)) return false;
  if (!fits(f, &given)) return write_usage(p, o, TRI_ARITY);
  if (f < FUNCTION_SCATTER && !sum_of_number(p, o, &given)) return false;
  p->n_arguments = o->base;
  uint32_t id = given.range ? over(p, f, &given, &scope) : of_arrays(p, f, &given);
  if (p->status) return false;
  struct token at = {.line = o->line, .column = o->column, .start = o->start};
  return tri__parse_push_node(p, &at, FORM_CALL, id);
}

/* --- indices */

static bool out_of_range(struct parser *p, const struct operand *o, const char *index,
                         extent size) {
  char text[64];
  tri__extent_text(p->g, size, text, sizeof text);
  return tri__parse_fail(p, operand_place(o), TRI_SHAPE,
                         "index %s is out of range: there are %s elements, from 1 on", index, text);
}

/* The place of an index in the text, for messages. */
static const char *written(const struct parser *p, const struct operand *o, size_t end,
                           char out[EXCERPT_SIZE]) {
  size_t size = end;
  while (size > o->start && strchr(" ,]\n", p->lexer->text[size - 1])) size--;
  return tri__parse_excerpt(p, o->start, size, out);
}

/* x[a..b] */
static uint32_t slice(struct parser *p, uint32_t x, const struct operand *o, const char *text) {
  tri_graph *g = p->g;
  int64_t first, last;
  extent n = first_extent(g, node_at(g, x)->shape);
  if (!tri__small_integer(g, o->expr, &first) || !tri__small_integer(g, o->lambda, &last))
    return tri__parse_fail(p, operand_place(o), TRI_SHAPE, "x[a..b] is for whole numbers a and b"),
           0;
  if (first < 1 || last < first - 1 || (n >= 0 && last > n)) return out_of_range(p, o, text, n), 0;
  uint32_t id = tri__slice(g, x, first - 1, last - first + 1);
  if (id_is_error(id)) tri__parse_failed(p, operand_place(o), id_status(id));
  return p->status ? 0 : id;
}

/* The part of x at the index; 0 after a failure. */
static uint32_t part(struct parser *p, uint32_t x, const struct operand *o, const char *text) {
  tri_graph *g = p->g;
  int64_t i;
  if (!node_at(g, x)->shape)
    return tri__parse_fail(p, operand_place(o), TRI_SHAPE,
                           "%s is an index into a number, which "
                           "has no elements",
                           text),
           0;
  if (o->kind == VALUE_RANGE) return slice(p, x, o, text);
  extent n = first_extent(g, node_at(g, x)->shape);
  if (node_at(g, o->expr)->op == TRI_OP_constant) {
    if (!tri__small_integer(g, o->expr, &i))
      return tri__parse_fail(p, operand_place(o), TRI_SHAPE, "an index is a whole number, not %s",
                             text),
             0;
    if (i < 1 || (n >= 0 && i > n)) return out_of_range(p, o, text, n), 0;
  }
  uint32_t id = tri__gather(g, x, from_zero(g, o->expr));
  if (id_is_error(id)) tri__parse_failed(p, operand_place(o), id_status(id));
  return p->status ? 0 : id;
}

bool tri__parse_close_index(struct parser *p, const struct pending *o) {
  struct operand array = p->operands[o->base];
  uint32_t x = array.expr;
  if (p->n_operands == o->base + 1) return tri__parse_missing_value(p);
  for (size_t k = o->base + 1; k < p->n_operands; k++) {
    char text[EXCERPT_SIZE];
    const struct operand *index = &p->operands[k];
    size_t end = k + 1 < p->n_operands ? p->operands[k + 1].start : p->token->start;
    if (!(x = part(p, x, index, written(p, index, end, text)))) return false;
  }
  p->n_operands = o->base;
  struct token at = {.line = array.line, .column = array.column, .start = array.start};
  if (!tri__parse_push_node(p, &at, FORM_CALL, x)) return false;
  return true;
}
