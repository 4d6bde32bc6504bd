/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Expressions: operators by precedence, with two stacks (Dijkstra's shunting yard), and the
 * public tri_parse. */
#include "graph/parse.h"

#include "graph/parser.h"

enum { STEPS_BETWEEN = 4096 }; /* between two looks at the interrupt flag */

enum precedence {
  LOWEST, /* brackets and keywords: what ends a reduction */
  RANGE,
  OR,
  AND,
  NOT,
  COMPARISON,
  SUM,
  PRODUCT,
  PREFIX, /* -x and √x: looser than ^, so that -x^2 is -(x^2) and √x^2 is √(x^2), as √x² is */
  POWER,
  PARTIAL
};

static const struct {
  uint8_t precedence, arity;
  uint16_t op;
} rules[PENDING_KINDS] = {
    [OP_PLUS] = {SUM, 2, TRI_OP_add},           [OP_MINUS] = {SUM, 2, TRI_OP_sub},
    [OP_TIMES] = {PRODUCT, 2, TRI_OP_mul},      [OP_DIVIDE] = {PRODUCT, 2, TRI_OP_div},
    [OP_POWER] = {POWER, 2, TRI_OP_pow},        [OP_LT] = {COMPARISON, 2, TRI_OP_lt},
    [OP_LE] = {COMPARISON, 2, TRI_OP_le},       [OP_GT] = {COMPARISON, 2, TRI_OP_gt},
    [OP_GE] = {COMPARISON, 2, TRI_OP_ge},       [OP_EQ] = {COMPARISON, 2, TRI_OP_eq},
    [OP_NE] = {COMPARISON, 2, TRI_OP_ne},       [OP_AND] = {AND, 2, TRI_OP_logical_and},
    [OP_OR] = {OR, 2, TRI_OP_logical_or},       [OP_NOT] = {NOT, 1, TRI_OP_logical_not},
    [OP_RANGE] = {RANGE, 2, TRI_OP_COUNT},      [OP_ROOT] = {PREFIX, 1, TRI_OP_sqrt},
    [PENDING_NEGATE] = {PREFIX, 1, TRI_OP_neg}, [OP_PARTIAL] = {PARTIAL, 1, TRI_OP_COUNT},
};

/* --- the stacks */

void tri__parse_advance(struct parser *p) {
  p->before = p->token->start;
  p->end = p->token->start + p->token->size;
  p->token = p->token == p->ring ? p->ring + 1 : p->ring;
  tri__lex_to(p->lexer, p->token);
}

struct operand *tri__parse_push(struct parser *p, const struct token *token, enum form form) {
  if (!tri__grow(&p->g->memory, (void **)&p->operands, &p->operand_capacity, p->n_operands + 1,
                 sizeof *p->operands))
    return tri__parse_no_memory(p), NULL;
  struct operand *o = &p->operands[p->n_operands++];
  o->kind = VALUE_NONE;
  o->form = (uint8_t)form;
  o->expr = o->lambda = 0;
  o->line = token->line;
  o->column = token->column;
  o->start = token->start;
  p->want_operand = false;
  return o;
}

bool tri__parse_pend(struct parser *p, const struct token *token, int kind, size_t base) {
  if (p->n_pending >= p->g->limits.depth)
    return tri__parse_fail(p, place_of(token), TRI_LIMIT,
                           "more than %llu open brackets and pending operators",
                           (unsigned long long)p->g->limits.depth);
  if (!tri__grow(&p->g->memory, (void **)&p->pending, &p->pending_capacity, p->n_pending + 1,
                 sizeof *p->pending))
    return tri__parse_no_memory(p);
  struct pending *o = &p->pending[p->n_pending++];
  o->kind = (uint8_t)kind;
  o->row = 0;
  o->line = token->line;
  o->column = token->column;
  o->base = base;
  o->start = token->start;
  p->want_operand = true;
  return true;
}

static void tell_place(struct parser *p, uint32_t expr, struct place place) {
  if (p->environment->place)
    p->environment->place(p->environment->data, expr, place.line, place.column);
}

bool tri__parse_push_node(struct parser *p, const struct token *token, enum form form,
                          uint32_t expr) {
  if (id_is_error(expr)) return tri__parse_failed(p, place_of(token), id_status(expr));
  tell_place(p, expr, place_of(token));
  struct operand *o = tri__parse_push(p, token, form);
  if (!o) return false;
  o->kind = VALUE_EXPR;
  o->expr = expr;
  return true;
}

/* Keeps a value that is no expression or function beside the stack. */
static bool hold(struct parser *p, struct operand *o, const struct value *value) {
  if (!tri__grow(&p->g->memory, (void **)&p->held, &p->held_capacity, p->n_held + 1, sizeof *value))
    return tri__parse_no_memory(p);
  o->kind = VALUE_HELD;
  o->expr = (uint32_t)p->n_held;
  p->held[p->n_held++] = *value;
  return true;
}

bool tri__parse_push_value(struct parser *p, const struct token *token, enum form form,
                           const struct value *value) {
  if (value->kind == VALUE_EXPR && id_is_error(value->expr))
    return tri__parse_failed(p, place_of(token), id_status(value->expr));
  struct operand *o = tri__parse_push(p, token, form);
  if (!o) return false;
  if (value->kind != VALUE_EXPR && value->kind != VALUE_FUNCTION && value->kind != VALUE_NONE)
    return hold(p, o, value);
  o->kind = value->kind;
  o->expr = value->expr;
  o->lambda = value->lambda;
  if (o->kind == VALUE_EXPR) tell_place(p, o->expr, place_of(token));
  return true;
}

void tri__parse_value_of(const struct parser *p, const struct operand *operand,
                         struct value *value) {
  struct token first = tri__parse_token_at(p, operand->start, operand_place(operand));
  if (operand->kind == VALUE_HELD)
    *value = p->held[operand->expr];
  else
    *value = (struct value){.kind = operand->kind};
  value->token = first;
  if (operand->kind == VALUE_EXPR || operand->kind == VALUE_FUNCTION) {
    value->expr = operand->expr;
    value->lambda = operand->lambda;
  } else if (operand->kind == VALUE_RANGE) {
    value->from = operand->expr;
    value->to = operand->lambda;
  } else if (operand->kind == VALUE_STRING) {
    value->text = p->lexer->text + first.start + 1;
    value->size = first.size - 2;
  }
  if (operand->form == FORM_NAME) {
    value->name = p->lexer->text + first.start;
    value->name_size = first.size;
  }
}

static const char *kind_of(const struct parser *p, const struct operand *o) {
  switch (o->kind == VALUE_HELD ? p->held[o->expr].kind : o->kind) {
  case VALUE_NONE: return "what has no value";
  case VALUE_FUNCTION: return "a function";
  case VALUE_STRING: return "a text";
  case VALUE_RANGE: return "a range";
  default: return "a report";
  }
}

bool tri__parse_need_expr(struct parser *p, const struct operand *o) {
  if (o->kind == VALUE_EXPR) return true;
  struct token first = tri__parse_token_at(p, o->start, operand_place(o));
  char text[EXCERPT_SIZE];
  tri__parse_excerpt(p, first.start, first.start + first.size, text);
  if (o->kind == VALUE_FUNCTION && o->form == FORM_NAME)
    return tri__parse_fail(p, operand_place(o), TRI_SYNTAX, "%s is a function: write %s(…)", text,
                           text);
  return tri__parse_fail(p, operand_place(o), TRI_SYNTAX, "expected an expression, not %s",
                         kind_of(p, o));
}

/* --- operators */

static unsigned precedence_of(const struct pending *o) { return rules[o->kind].precedence; }

/* Does the pending operator on top. */
static bool reduce(struct parser *p) {
  const struct pending *o = &p->pending[--p->n_pending]; /* nothing is pushed below */
  if (o->kind == OP_PARTIAL)
    return tri__parse_fail(
        p, pending_place(o), TRI_SYNTAX,
        "a derivative is written ∂f/∂x, with one name or (…) above: '/∂' is missing");
  unsigned arity = rules[o->kind].arity;
  struct operand *a = &p->operands[p->n_operands - arity], *b = last_operand(p);
  if (!tri__parse_need_expr(p, a) || !tri__parse_need_expr(p, b)) return false;
  if (o->kind == OP_RANGE) {
    a->kind = VALUE_RANGE;
    a->form = FORM_OTHER;
    a->lambda = b->expr;
    p->n_operands--;
    return true;
  }
  tri_op op = (tri_op)rules[o->kind].op;
  uint32_t id =
      arity == 1 ? tri__build1(p->g, op, a->expr) : tri__build2(p->g, op, a->expr, b->expr);
  if (id_is_error(id)) return tri__parse_failed(p, pending_place(o), id_status(id));
  if (arity == 1) {
    a->line = o->line;
    a->column = o->column;
    a->start = o->start;
  }
  a->kind = VALUE_EXPR;
  a->form = FORM_OTHER;
  a->expr = id;
  a->lambda = 0;
  p->n_operands -= arity - 1;
  tell_place(p, id, pending_place(o));
  return true;
}

/* Does the pending operators that bind at least as tightly as `precedence`. */
static bool reduce_from(struct parser *p, unsigned precedence) {
  while (p->n_pending && precedence_of(last_pending(p)) >= precedence)
    if (!reduce(p)) return false;
  return true;
}

bool tri__parse_reduce_all(struct parser *p) { return reduce_from(p, LOWEST + 1); }

static bool chained(struct parser *p) {
  const struct pending *first = last_pending(p);
  struct token sign = tri__parse_token_at(p, first->start, pending_place(first));
  char a[EXCERPT_SIZE], b[EXCERPT_SIZE];
  tri__parse_excerpt(p, sign.start, sign.start + sign.size, a);
  tri__parse_excerpt(p, p->token->start, p->token->start + p->token->size, b);
  return tri__parse_fail(p, place_of(p->token), TRI_SYNTAX,
                         "comparisons are not chained: for a %s b %s c write a %s b and b %s c", a,
                         b, a, b);
}

/* An operator at the current token, which is not passed over. */
static bool infix(struct parser *p, int op) {
  unsigned precedence = rules[op].precedence;
  bool to_the_right = op == OP_POWER, single = precedence == COMPARISON;
  if (!reduce_from(p, precedence + (to_the_right || single))) return false;
  if (single && p->n_pending && precedence_of(last_pending(p)) == COMPARISON) return chained(p);
  return tri__parse_pend(p, p->token, op, 0);
}

static bool infix_sign(struct parser *p) {
  if (next_is(p, OP_DIVIDE) && pending_is(p, OP_PARTIAL)) return tri__parse_derivative(p);
  if (!infix(p, p->token->op)) return false;
  tri__parse_advance(p);
  return true;
}

/* The current token is pending as an operator of this kind. */
static bool pend_sign(struct parser *p, int kind) {
  if (!tri__parse_pend(p, p->token, kind, 0)) return false;
  tri__parse_advance(p);
  return true;
}

/* Whether the product sign may be left out between the last operand and the current token,
 * which begins an operand. */
static bool may_omit_sign(struct parser *p) {
  if (p->token->kind == TOKEN_NUMBER) return false;
  switch (last_operand(p)->form) {
  case FORM_NUMBER:
  case FORM_GROUP:
  case FORM_POWERED: return true;
  case FORM_CALL: return !next_is(p, OP_OPEN);
  default: return false;
  }
}

/* A product without a sign, but not where the right side of / or ^ would be its left factor. */
static bool juxtaposed(struct parser *p) {
  if (!may_omit_sign(p)) return tri__parse_missing_operator(p);
  size_t i = p->n_pending;
  while (i > 0 && precedence_of(&p->pending[i - 1]) == PREFIX) i--;
  if (i > 0 && (p->pending[i - 1].kind == OP_DIVIDE || p->pending[i - 1].kind == OP_POWER))
    return tri__parse_ambiguous(p, &p->pending[i - 1]);
  return infix(p, OP_TIMES);
}

static bool superscript(struct parser *p) {
  struct operand *base = last_operand(p);
  if (!tri__parse_need_expr(p, base)) return false;
  uint32_t exponent = tri__constant_si(p->g, p->token->integer, 1);
  uint32_t id =
      id_is_error(exponent) ? exponent : tri__build2(p->g, TRI_OP_pow, base->expr, exponent);
  if (id_is_error(id)) return tri__parse_failed(p, place_of(p->token), id_status(id));
  base->expr = id;
  base->lambda = 0;
  base->form = FORM_POWERED;
  tell_place(p, id, place_of(p->token));
  tri__parse_advance(p);
  return true;
}

/* a..b, in a call or at the end of all. */
static bool range(struct parser *p) {
  if (!reduce_from(p, RANGE + 1)) return false;
  const struct pending *outer = last_pending(p);
  if (outer && outer->kind == OP_RANGE)
    return tri__parse_fail(p, place_of(p->token), TRI_SYNTAX, "a range has two ends: a..b");
  if (outer && outer->kind != PENDING_CALL && outer->kind != OP_ASSIGN &&
      outer->kind != PENDING_INDEX)
    return tri__parse_fail(p, place_of(p->token), TRI_SYNTAX,
                           "a range a..b stands only for an argument, as in plot(e, x=-3..3)");
  return pend_sign(p, OP_RANGE);
}

/* The expression ends here, unless a bracket is open. */
static bool finish(struct parser *p) {
  if (!tri__parse_reduce_all(p)) return false;
  if (p->n_pending) {
    if (next_is(p, OP_ASSIGN))
      return tri__parse_fail(p, place_of(p->token), TRI_SYNTAX,
                             "'=' binds a name or names an argument; to compare write '=='");
    return tri__parse_unclosed(p, last_pending(p));
  }
  p->done = true;
  return true;
}

/* --- one step of each state */

/* A literal that the lexer did not take in: with an exponent, hexadecimal or long. 0 after a
 * failure. */
static uint32_t long_number(struct parser *p, const struct token *t) {
  mpq_t q;
  uint32_t id = 0;
  tri_status status = TRI_OK;
  uint64_t digits = p->g->limits.digits;
  mpq_init(q);
  if (tri__read_number(p->lexer->text + t->start, t->size, digits, q, &status) == t->size)
    id = tri__constant(p->g, q);
  mpq_clear(q);
  if (id == 0 && status == TRI_LIMIT)
    tri__parse_fail(p, place_of(t), TRI_LIMIT, "a number of more than %llu digits",
                    (unsigned long long)digits);
  else if (id == 0)
    tri__parse_fail(p, place_of(t), TRI_SYNTAX, "this is not a number");
  return id;
}

static bool number(struct parser *p) {
  const struct token *t = p->token;
  int64_t den = 1;
  for (unsigned k = t->op; k > 1; k--) den *= 10;
  bool ready = t->op && t->size <= p->g->limits.digits;
  uint32_t id = ready ? tri__constant_si(p->g, t->integer, den) : long_number(p, t);
  if (id == 0) return false;
  tri__parse_advance(p);
  return tri__parse_push_node(p, t, FORM_NUMBER, id);
}

static bool string(struct parser *p) {
  struct operand *o = tri__parse_push(p, p->token, FORM_OTHER);
  if (!o) return false;
  o->kind = VALUE_STRING;
  tri__parse_advance(p);
  return true;
}

static bool operand_step(struct parser *p) {
  switch (p->token->kind) {
  case TOKEN_NUMBER: return number(p);
  case TOKEN_NAME: return tri__parse_name(p);
  case TOKEN_STRING: return string(p);
  case TOKEN_ERROR: return tri__parse_bad_token(p);
  case TOKEN_OPERATOR: break;
  default: return tri__parse_missing_value(p);
  }
  switch (p->token->op) {
  case OP_PLUS: return tri__parse_advance(p), true;
  case OP_MINUS: return pend_sign(p, PENDING_NEGATE);
  case OP_NOT:
  case OP_ROOT: return pend_sign(p, p->token->op);
  case OP_OPEN:
  case OP_OPEN_SQUARE: return tri__parse_open(p, p->token->op, p->n_operands);
  case OP_CLOSE: return tri__parse_close_empty(p);
  case OP_PARTIAL: return tri__parse_partial(p);
  default: return tri__parse_missing_value(p);
  }
}

/* x[…, but not 2[…. */
static bool index_after_operand(struct parser *p) {
  if (last_operand(p)->form == FORM_NUMBER) return tri__parse_missing_operator(p);
  return tri__parse_need_expr(p, last_operand(p)) &&
         tri__parse_open(p, PENDING_INDEX, p->n_operands - 1);
}

static bool open_after_operand(struct parser *p) {
  if (is_callable(last_operand(p))) return tri__parse_open(p, PENDING_APPLY, p->n_operands - 1);
  return juxtaposed(p);
}

static bool operator_step(struct parser *p) {
  switch (p->token->kind) {
  case TOKEN_END:
  case TOKEN_NEWLINE: return finish(p);
  case TOKEN_NUMBER:
  case TOKEN_NAME: return juxtaposed(p);
  case TOKEN_SUPERSCRIPT: return superscript(p);
  case TOKEN_ERROR: return tri__parse_bad_token(p);
  case TOKEN_OPERATOR: break;
  default: return tri__parse_missing_operator(p);
  }
  switch (p->token->op) {
  case OP_OPEN: return open_after_operand(p);
  case OP_ROOT:
  case OP_PARTIAL: return juxtaposed(p);
  case OP_OPEN_SQUARE: return index_after_operand(p);
  case OP_NOT: return tri__parse_missing_operator(p);
  case OP_CLOSE:
  case OP_CLOSE_SQUARE: return tri__parse_close(p, p->token->op) || (!p->status && finish(p));
  case OP_COMMA: return tri__parse_comma(p) || (!p->status && finish(p));
  case OP_ASSIGN: return finish(p);
  case OP_RANGE: return range(p);
  case OP_PRIME: return tri__parse_primes(p);
  default: return infix_sign(p);
  }
}

static bool run(struct parser *p) {
  while (!p->done) {
    if (++p->steps % STEPS_BETWEEN == 0) {
      uint32_t stop = tri__interrupted(p->g);
      if (stop) return tri__parse_failed(p, place_of(p->token), id_status(stop));
    }
    if (p->want_operand ? !operand_step(p) : !operator_step(p)) return false;
  }
  return true;
}

static void release(struct parser *p) {
  struct memory *m = &p->g->memory;
  tri__free(m, p->operands, p->operand_capacity, sizeof *p->operands);
  tri__free(m, p->pending, p->pending_capacity, sizeof *p->pending);
  tri__free(m, p->arguments, p->argument_capacity, sizeof *p->arguments);
  tri__free(m, p->held, p->held_capacity, sizeof *p->held);
  tri__free(m, p->exprs, p->expr_capacity, sizeof *p->exprs);
  tri__free(m, p->scopes, p->scope_capacity, sizeof *p->scopes);
  tri__free(m, p->arrays, p->array_capacity, sizeof *p->arrays);
}

static bool text_fits(struct parser *p) {
  if (p->lexer->size <= p->g->limits.text) return true;
  return tri__parse_fail(p, (struct place){0, 0}, TRI_LIMIT, "a text of more than %llu bytes",
                         (unsigned long long)p->g->limits.text);
}

tri_status tri__parse_value(tri_graph *g, struct lexer *lexer,
                            const struct environment *environment, struct value *value,
                            struct token *next) {
  struct parser p = {.g = g, .lexer = lexer, .environment = environment, .want_operand = true};
  p.failed_before = g->error.status != TRI_OK;
  p.token = p.ring;
  *value = (struct value){0};
  if (text_fits(&p)) {
    tri__parse_advance(&p);
    if (run(&p)) tri__parse_value_of(&p, &p.operands[0], value);
  }
  *next = *p.token;
  release(&p);
  return p.status;
}

/* --- tri_parse */

static void pass_empty_lines(struct lexer *lexer) {
  struct lexer ahead = *lexer;
  while (tri__lex(&ahead).kind == TOKEN_NEWLINE) *lexer = ahead;
}

tri_expr tri_parse(tri_graph *g, const char *text, size_t size) {
  static const struct environment nothing;
  struct lexer lexer;
  struct value value;
  struct token next;
  struct parser p = {.g = g, .lexer = &lexer, .environment = &nothing};
  p.failed_before = g->error.status != TRI_OK;
  tri__lex_init(&lexer, text, size, 1);
  if (!text_fits(&p)) return expr_of(g, NODE_ERROR + (uint32_t)p.status);
  pass_empty_lines(&lexer);
  tri_status status = tri__parse_value(g, &lexer, &nothing, &value, &next);
  while (!status && next.kind == TOKEN_NEWLINE) next = tri__lex(&lexer);
  p.token = &next;
  if (!status && next.kind == TOKEN_ERROR)
    tri__parse_bad_token(&p);
  else if (!status && next.kind != TOKEN_END) {
    char found[EXCERPT_SIZE];
    tri__parse_fail(&p, place_of(&next), TRI_SYNTAX,
                    "the end of the expression is expected before '%s'",
                    tri__parse_excerpt(&p, next.start, next.start + next.size, found));
  } else if (!status) {
    struct operand o = {.kind = value.kind,
                        .line = value.token.line,
                        .column = value.token.column,
                        .start = value.token.start};
    tri__parse_need_expr(&p, &o);
  }
  if (!status) status = p.status;
  return expr_of(g, status ? NODE_ERROR + (uint32_t)status : value.expr);
}
