/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Brackets and what they close: groups, vectors, calls of all kinds; and derivatives, ∂f/∂x and
 * f'. */
#include "graph/parser.h"

enum { HIGHEST_ORDER = 1000 }; /* of a derivative */

/* --- opening */

bool tri__parse_open(struct parser *p, int kind, size_t base) {
  if (!tri__parse_pend(p, p->token, kind, base)) return false;
  tri__parse_advance(p);
  p->opened = p->end;
  return true;
}

bool tri__parse_open_call(struct parser *p, const struct token *name, int kind, tri_op row) {
  size_t base = kind == PENDING_CALL ? p->n_arguments : p->n_operands;
  if (!tri__parse_pend(p, name, kind, base)) return false;
  last_pending(p)->row = (uint16_t)row;
  tri__parse_advance(p);
  p->opened = p->end;
  return true;
}

/* --- elements and arguments */

/* The last operand ends an argument of a call that the environment answers. */
static bool end_argument(struct parser *p) {
  if (!tri__grow(&p->g->memory, (void **)&p->arguments, &p->argument_capacity, p->n_arguments + 1,
                 sizeof *p->arguments))
    return tri__parse_no_memory(p);
  struct value *argument = &p->arguments[p->n_arguments++];
  tri__parse_value_of(p, last_operand(p), argument);
  p->n_operands--;
  if (!pending_is(p, OP_ASSIGN)) return true;
  struct token keyword =
      tri__parse_token_at(p, last_pending(p)->start, pending_place(last_pending(p)));
  argument->keyword = p->lexer->text + keyword.start;
  argument->keyword_size = keyword.size;
  p->n_pending--;
  return true;
}

/* The last operand ends an element of the innermost bracket. */
static bool end_element(struct parser *p) {
  switch (last_pending(p)->kind) {
  case OP_ASSIGN:
  case PENDING_CALL: return end_argument(p);
  case OP_OPEN: return true;
  case PENDING_INDEX:
    if (last_operand(p)->kind == VALUE_RANGE) return true;
    return tri__parse_need_expr(p, last_operand(p));
  default: return tri__parse_need_expr(p, last_operand(p));
  }
}

bool tri__parse_comma(struct parser *p) {
  if (!tri__parse_reduce_all(p) || !p->n_pending) return false;
  if (pending_is(p, PENDING_INITIAL)) return tri__parse_initial_done(p);
  if (pending_is(p, OP_OPEN))
    return tri__parse_fail(p, place_of(p->token), TRI_SYNTAX,
                           "a ',' within '(…)': a vector is written [a, b], a call f(a, b)");
  if (!end_element(p)) return false;
  tri__parse_next_argument(p);
  tri__parse_advance(p);
  p->want_operand = true;
  return true;
}

/* --- closing */

/* Operands from `base` on are taken from the stack into p->exprs, with room for `more` besides. */
static bool take_exprs(struct parser *p, size_t base, size_t more) {
  size_t n = p->n_operands - base;
  if (!tri__grow(&p->g->memory, (void **)&p->exprs, &p->expr_capacity, n + more + 1,
                 sizeof *p->exprs))
    return tri__parse_no_memory(p);
  for (size_t i = 0; i < n; i++) p->exprs[i] = expr_of(p->g, p->operands[base + i].expr);
  p->n_operands = base;
  return true;
}

/* What there is to know of the token that an operand or a bracket began with. */
static struct token token_at(uint32_t line, uint32_t column, size_t start) {
  return (struct token){.line = line, .column = column, .start = start};
}

/* Pushes a node that the bracket's content became. */
static bool push_result(struct parser *p, const struct pending *o, enum form form, uint32_t id) {
  struct token at = token_at(o->line, o->column, o->start);
  return tri__parse_push_node(p, &at, form, id);
}

static bool close_group(struct parser *p, const struct pending *o) {
  struct operand *inside = last_operand(p);
  if (inside->kind == VALUE_STRING || inside->kind == VALUE_HELD || inside->kind == VALUE_NONE)
    return tri__parse_need_expr(p, inside);
  if (inside->kind == VALUE_EXPR) inside->lambda = 0;
  inside->form = FORM_GROUP;
  inside->start = o->start;
  inside->line = o->line;
  inside->column = o->column;
  return true;
}

/* The place of the first element whose shape differs; of the bracket if that is not what is
 * wrong. */
static struct place place_of_misfit(const struct parser *p, const struct pending *o, size_t n) {
  for (size_t i = 1; i < n; i++)
    if (node_at(p->g, p->exprs[i].id)->shape != node_at(p->g, p->exprs[0].id)->shape)
      return operand_place(&p->operands[o->base + i]);
  return pending_place(o);
}

static bool close_vector(struct parser *p, const struct pending *o) {
  size_t n = p->n_operands - o->base;
  if (!take_exprs(p, o->base, 0)) return false;
  tri_expr vector = tri_stack(n, p->exprs);
  if (id_is_error(vector.id))
    return tri__parse_failed(p, place_of_misfit(p, o, n), id_status(vector.id));
  return push_result(p, o, FORM_OTHER, vector.id);
}

static bool wrong_arity(struct parser *p, struct place place, const char *name, size_t takes,
                        size_t given) {
  return tri__parse_fail(p, place, TRI_ARITY, "%s takes %zu argument%s, %zu given", name, takes,
                         takes == 1 ? "" : "s", given);
}

static bool close_row(struct parser *p, const struct pending *o) {
  const struct row *row = &p->g->rows[o->row];
  size_t n = p->n_operands - o->base;
  uint32_t args[ROW_MAX_ARITY];
  if (n != row->arity) return wrong_arity(p, pending_place(o), row->name, row->arity, n);
  for (size_t i = 0; i < n; i++) args[i] = p->operands[o->base + i].expr;
  p->n_operands = o->base;
  return push_result(p, o, FORM_CALL, tri__build(p->g, (tri_op)o->row, n, args));
}

/* The outputs in p->exprs[n …] as one expression. */
static tri_expr joined(struct parser *p, size_t n, size_t outputs) {
  return outputs == 1 ? p->exprs[n] : tri_stack(outputs, p->exprs + n);
}

static bool close_apply(struct parser *p, const struct pending *o) {
  const struct operand function = p->operands[o->base];
  const struct token callee = token_at(function.line, function.column, function.start);
  tri_lambda f = {p->g, function.lambda};
  size_t n = p->n_operands - o->base - 1, outputs = tri_lambda_outputs(f);
  if (n != tri_lambda_arity(f)) {
    char text[EXCERPT_SIZE];
    return wrong_arity(p, operand_place(&function),
                       tri__parse_excerpt(p, function.start, o->start, text), tri_lambda_arity(f),
                       n);
  }
  if (!take_exprs(p, o->base + 1, outputs)) return false;
  tri_status status = tri_lambda_apply(f, n, p->exprs, p->exprs + n);
  if (status) return tri__parse_failed(p, operand_place(&function), status);
  p->n_operands--;
  struct value value = {.kind = VALUE_EXPR, .expr = joined(p, n, outputs).id};
  if (p->environment->applied && !id_is_error(value.expr))
    p->environment->applied(p->environment->data, f.id, n, p->exprs, value.expr);
  return tri__parse_push_value(p, &callee, FORM_CALL, &value);
}

static bool close_call(struct parser *p, const struct pending *o) {
  const struct environment *e = p->environment;
  struct token name = tri__parse_token_at(p, o->start, pending_place(o));
  struct value value = {0};
  size_t n = p->n_arguments - o->base;
  tri_status status = e->call(e->data, p->g, &name, p->lexer->text + name.start, name.size, n,
                              p->arguments + o->base, &value);
  p->n_arguments = o->base;
  if (status) return tri__parse_failed(p, pending_place(o), status);
  struct token at = token_at(o->line, o->column, o->start);
  return tri__parse_push_value(p, &at, FORM_CALL, &value);
}

/* The innermost bracket closes; its last element is complete. */
static bool close_bracket(struct parser *p) {
  struct pending o = p->pending[--p->n_pending];
  bool closed;
  switch (o.kind) {
  case OP_OPEN: closed = close_group(p, &o); break;
  case OP_OPEN_SQUARE: closed = close_vector(p, &o); break;
  case PENDING_ROW: closed = close_row(p, &o); break;
  case PENDING_APPLY: closed = close_apply(p, &o); break;
  case PENDING_INDEX: closed = tri__parse_close_index(p, &o); break;
  default:
    closed = o.row >= FIRST_ARRAY_FUNCTION ? tri__parse_close_array_call(p, &o) : close_call(p, &o);
    break;
  }
  if (closed) tri__parse_advance(p);
  p->want_operand = false;
  return closed;
}

bool tri__parse_close(struct parser *p, int op) {
  if (!tri__parse_reduce_all(p) || !p->n_pending) return false;
  if (pending_is(p, PENDING_INITIAL) && op == OP_CLOSE) return tri__parse_initial_done(p);
  bool square = pending_is(p, OP_OPEN_SQUARE) || pending_is(p, PENDING_INDEX);
  if (square != (op == OP_CLOSE_SQUARE)) return tri__parse_unclosed(p, last_pending(p));
  return end_element(p) && close_bracket(p);
}

bool tri__parse_close_empty(struct parser *p) {
  bool call =
      pending_is(p, PENDING_ROW) || pending_is(p, PENDING_CALL) || pending_is(p, PENDING_APPLY);
  if (!call || p->opened != p->end) return tri__parse_missing_value(p);
  return close_bracket(p);
}

/* --- derivatives */

/* The order that a superscript behind ∂ or ∂x gives, 1 without one; 0 if the parse failed. */
static size_t order(struct parser *p) {
  if (p->token->kind != TOKEN_SUPERSCRIPT) return 1;
  struct token token = *p->token;
  tri__parse_advance(p);
  if (token.integer > HIGHEST_ORDER)
    return tri__parse_fail(p, place_of(&token), TRI_LIMIT, "a derivative of an order above %d",
                           HIGHEST_ORDER),
           0;
  if (token.integer < 1)
    return tri__parse_fail(p, place_of(&token), TRI_SYNTAX,
                           "the order of a derivative is 1 or more"),
           0;
  return (size_t)token.integer;
}

static bool not_a_derivative(struct parser *p) {
  return tri__parse_fail(p, place_of(p->token), TRI_SYNTAX,
                         "a derivative is written ∂f/∂x, ∂²f/∂x² or ∂²f/∂x∂y");
}

bool tri__parse_partial(struct parser *p) {
  struct token partial = *p->token;
  tri__parse_advance(p);
  size_t n = order(p);
  if (n == 0) return false;
  if (p->token->kind != TOKEN_NAME && !next_is(p, OP_OPEN)) return not_a_derivative(p);
  return tri__parse_pend(p, &partial, OP_PARTIAL, n);
}

/* Replaces the last operand, `of`, by its derivative, which is written from the token `first` on. */
static bool derive(struct parser *p, const struct operand *of, const struct token *first,
                   const struct token *at, size_t n, const uint32_t *variables, uint32_t primes) {
  const struct environment *e = p->environment;
  struct value function, value = {0};
  if (!e->derivative)
    return tri__parse_fail(p, place_of(at), TRI_SYNTAX, "derivatives have no meaning here");
  tri__parse_value_of(p, of, &function);
  tri_status status = e->derivative(e->data, p->g, at, &function, n, variables, primes, &value);
  if (status) return tri__parse_failed(p, place_of(at), status);
  p->n_operands--;
  return tri__parse_push_value(p, first, FORM_OTHER, &value);
}

/* Reads ∂x∂y² … into variables, one for each order; the number of them, or 0 if the parse
 * failed. */
static size_t denominators(struct parser *p, const struct operand *of,
                           uint32_t variables[HIGHEST_ORDER]) {
  size_t n = 0;
  while (next_is(p, OP_PARTIAL)) {
    tri__parse_advance(p);
    if (p->token->kind != TOKEN_NAME) return not_a_derivative(p), 0;
    struct place place = place_of(p->token);
    uint32_t id = tri__parse_differential(p, of);
    if (id == 0) return 0;
    tri__parse_advance(p);
    size_t times = order(p);
    if (times == 0) return 0;
    if (n + times > HIGHEST_ORDER)
      return tri__parse_fail(p, place, TRI_LIMIT, "a derivative of an order above %d",
                             HIGHEST_ORDER),
             0;
    while (times-- > 0) variables[n++] = id;
  }
  if (n == 0) not_a_derivative(p);
  return n;
}

bool tri__parse_derivative(struct parser *p) {
  struct pending o = p->pending[--p->n_pending];
  struct operand of = *last_operand(p);
  struct token at = tri__parse_token_at(p, o.start, pending_place(&o));
  uint32_t variables[HIGHEST_ORDER];
  if (of.kind != VALUE_FUNCTION && !tri__parse_need_expr(p, &of)) return false;
  tri__parse_advance(p);
  size_t n = denominators(p, &of, variables);
  if (n == 0) return false;
  if (n != o.base)
    return tri__parse_fail(p, pending_place(&o), TRI_SYNTAX,
                           "the order above is %zu, but %zu below: write ∂²f/∂x² or ∂²f/∂x∂y",
                           o.base, n);
  return derive(p, &of, &at, &at, n, variables, 0);
}

bool tri__parse_primes(struct parser *p) {
  struct operand of = *last_operand(p);
  struct token at = *p->token;
  uint32_t primes = 0;
  if (!is_callable(&of)) {
    char text[EXCERPT_SIZE];
    return tri__parse_fail(p, place_of(&at), TRI_SYNTAX,
                           "' differentiates a function, and %s is none: write diff(…, x)",
                           tri__parse_excerpt(p, of.start, p->end, text));
  }
  for (; next_is(p, OP_PRIME); tri__parse_advance(p)) {
    primes += (uint32_t)p->token->integer;
    if (primes > HIGHEST_ORDER)
      return tri__parse_fail(p, place_of(&at), TRI_LIMIT, "a derivative of an order above %d",
                             HIGHEST_ORDER);
  }
  struct token first = token_at(of.line, of.column, of.start);
  return derive(p, &of, &first, &at, 0, NULL, primes);
}
