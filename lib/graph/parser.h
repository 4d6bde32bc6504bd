/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The state of one parse, for the files that share it: parse.c (operators), parse_names.c (names),
 * parse_calls.c (brackets, calls, derivatives), parse_arrays.c (indices, sums and their kin),
 * parse_errors.c (messages).
 *
 * Two stacks on the heap: operands that are complete, and what is pending, which is operators
 * that wait for their right side and open brackets. There is no recursion, so depth costs
 * memory only. */
#ifndef TRIAD_GRAPH_PARSER_H
#define TRIAD_GRAPH_PARSER_H

#include "graph/lex.h"

/* How an operand was written: what may follow it without a product sign, and what else it may
 * be. */
enum form {
  FORM_OTHER,
  FORM_NUMBER,
  FORM_NAME,
  FORM_GROUP,
  FORM_CALL,
  FORM_POWERED /* by a superscript */
};

enum {
  VALUE_HELD = VALUE_REPORT + 1
}; /* an operand's kind: a call's result that is kept in parser.held[expr] */

struct operand {
  uint8_t kind; /* value_kind */
  uint8_t form;
  uint32_t expr, lambda; /* as in struct value; a range's ends */
  uint32_t line, column; /* of the first token */
  size_t start;          /* its first byte */
};

/* What is pending is known by a token_op (a bracket or an operator), or by one of these.
 * OP_ASSIGN is keyword= in a call. */
enum {
  PENDING_NEGATE = OP_ROOT + 1,
  PENDING_ROW,
  PENDING_CALL,
  PENDING_APPLY,
  PENDING_INDEX,   /* x[…; `base` is x */
  PENDING_INITIAL, /* the initial value in scan(next, s=…, i=1..n), which is read before next */
  PENDING_KINDS
};

struct pending {
  uint8_t kind;
  uint16_t row;          /* PENDING_ROW: the tri_op; PENDING_CALL: FIRST_ARRAY_FUNCTION + k */
  uint32_t line, column; /* for messages: of the operator; of a call, its name */
  size_t base;  /* brackets: operands (PENDING_CALL: arguments) below; OP_PARTIAL: the order */
  size_t start; /* first byte of that token */
};

struct place {
  uint32_t line, column;
};

enum { FIRST_ARRAY_FUNCTION = TRI_OP_COUNT + 1 };

/* A name that means a variable within a call's first argument. */
struct bound {
  const char *name; /* NULL: there is none */
  size_t size;
  uint32_t variable;
};

/* A place in the text to read on from. */
struct resume {
  struct lexer lexer;
  struct token token;
  size_t before, end;
};

/* An open call of sum, prod, map, scan or fold. */
struct scope {
  size_t pending; /* the call's place in parser.pending */
  bool active;    /* what is being read sees the names */
  struct bound index, carry;
  struct resume first, behind; /* the call's first argument; what follows the initial value */
  struct operand initial;
};

struct parser {
  tri_graph *g;
  struct lexer *lexer;
  const struct environment *environment;
  struct token *token; /* the next one; the one before stays intact until the next advance */
  struct token ring[2];
  size_t before, end; /* the last one: its first byte, and behind its last */
  size_t opened;      /* `end` of the bracket that was opened last */
  bool want_operand, done;
  bool failed_before; /* the graph had an error, which then stays the first */
  tri_status status;
  uint32_t steps;
  struct operand *operands;
  size_t n_operands, operand_capacity;
  struct pending *pending;
  size_t n_pending, pending_capacity;
  struct value *arguments; /* complete arguments of calls that the environment answers */
  size_t n_arguments, argument_capacity;
  struct value *held;
  size_t n_held, held_capacity;
  struct scope *scopes;
  size_t n_scopes, scope_capacity;
  uint32_t *arrays; /* the graph's array variables, for texts without an environment */
  size_t n_arrays, array_capacity;
  bool arrays_known;
  tri_expr *exprs; /* for arguments handed on */
  size_t expr_capacity;
  bool rows_known;
  uint8_t rows[256]; /* hash table of the rows' names: row + 1 */
};

/* --- parse.c */

/* On to the next token. */
void tri__parse_advance(struct parser *p);
/* A new operand written at `token`, of kind VALUE_NONE; NULL after a failure. */
struct operand *tri__parse_push(struct parser *p, const struct token *token, enum form form);
/* What is written at `token` is pending from now on; an operand is wanted next. */
bool tri__parse_pend(struct parser *p, const struct token *token, int kind, size_t base);
/* Pushes the node `expr` written at `token`, and tells its place; an error id fails. */
bool tri__parse_push_node(struct parser *p, const struct token *token, enum form form,
                          uint32_t expr);
/* Pushes what a callback gave. */
bool tri__parse_push_value(struct parser *p, const struct token *token, enum form form,
                           const struct value *value);
/* Does the pending operators down to the innermost open bracket or keyword. */
bool tri__parse_reduce_all(struct parser *p);
/* The operand as a callback or the caller sees it. */
void tri__parse_value_of(const struct parser *p, const struct operand *operand,
                         struct value *value);
/* Fails unless the operand is an expression. */
bool tri__parse_need_expr(struct parser *p, const struct operand *operand);

/* --- parse_names.c */

bool tri__parse_name(struct parser *p);
/* The function row of this name, or TRI_OP_COUNT. */
tri_op tri__parse_row(struct parser *p, const char *name, size_t size);
/* The variable that the current token names behind ∂ in the denominator of a derivative of
 * `of`; 0 if the parse failed. */
uint32_t tri__parse_differential(struct parser *p, const struct operand *of);

/* --- parse_arrays.c */

/* What the current token, a name, or its kind is bound to in an open sum or scan: a variable, or
 * 0. */
uint32_t tri__parse_bound(const struct parser *p, const char *name, size_t size);
/* An array of this name in the graph, or a named size of one, as a node; 0 if there is none. */
uint32_t tri__parse_graph_array(struct parser *p, const char *name, size_t size);
bool tri__parse_open_array_call(struct parser *p, const struct token *name, size_t function);
bool tri__parse_close_array_call(struct parser *p, const struct pending *o);
/* The initial value of what is carried along is read: on with the call's first argument. */
bool tri__parse_initial_done(struct parser *p);
/* A keyword of an open call begins. true without a failure: there is nothing more to do for it. */
bool tri__parse_array_keyword(struct parser *p, const struct token *name);
/* The innermost call goes on with another argument. */
void tri__parse_next_argument(struct parser *p);
bool tri__parse_close_index(struct parser *p, const struct pending *o);

/* --- parse_calls.c */

bool tri__parse_open(struct parser *p, int kind, size_t base);
bool tri__parse_open_call(struct parser *p, const struct token *name, int kind, tri_op row);
/* The current token is a closing bracket or a comma, after an operand. false without a failure:
 * no bracket is open. */
bool tri__parse_close(struct parser *p, int op);
bool tri__parse_comma(struct parser *p);
/* The current token is ')' where an operand is wanted: right for a call without arguments. */
bool tri__parse_close_empty(struct parser *p);
/* ∂ and the order that may follow it. */
bool tri__parse_partial(struct parser *p);
/* /∂x∂y… after the operand that ∂ stands before. */
bool tri__parse_derivative(struct parser *p);
bool tri__parse_primes(struct parser *p);

/* --- parse_errors.c: all return false */

bool tri__parse_fail(struct parser *p, struct place place, tri_status status, const char *format,
                     ...) __attribute__((format(printf, 4, 5)));
/* A constructor or callback failed, with the graph's error set. */
bool tri__parse_failed(struct parser *p, struct place place, tri_status status);
bool tri__parse_no_memory(struct parser *p);
bool tri__parse_bad_token(struct parser *p);
bool tri__parse_missing_value(struct parser *p);
bool tri__parse_missing_operator(struct parser *p);
bool tri__parse_ambiguous(struct parser *p, const struct pending *operator);
bool tri__parse_unclosed(struct parser *p, const struct pending *bracket);
bool tri__parse_unknown_function(struct parser *p, const struct token *name);
bool tri__parse_unknown_name(struct parser *p, const struct token *name);

enum { EXCERPT_SIZE = 48 };
/* The text from start to end for a message: shortened, on one line. Returns out. */
const char *tri__parse_excerpt(const struct parser *p, size_t start, size_t end,
                               char out[EXCERPT_SIZE]);
/* The token that begins at byte `start`, which is at `place`. */
struct token tri__parse_token_at(const struct parser *p, size_t start, struct place place);

static inline struct place place_of(const struct token *t) {
  return (struct place){t->line, t->column};
}
static inline struct place pending_place(const struct pending *o) {
  return (struct place){o->line, o->column};
}
static inline struct place operand_place(const struct operand *o) {
  return (struct place){o->line, o->column};
}
static inline struct operand *last_operand(struct parser *p) {
  return &p->operands[p->n_operands - 1];
}
static inline struct pending *last_pending(struct parser *p) {
  return p->n_pending ? &p->pending[p->n_pending - 1] : NULL;
}
static inline bool next_is(const struct parser *p, int op) {
  return p->token->kind == TOKEN_OPERATOR && p->token->op == op;
}
static inline bool pending_is(struct parser *p, int kind) {
  return p->n_pending && p->pending[p->n_pending - 1].kind == kind;
}
/* Whether an operand may be called. */
static inline bool is_callable(const struct operand *o) {
  return o->kind == VALUE_FUNCTION || (o->kind == VALUE_EXPR && o->lambda != 0);
}

/* --- parse_windows.c */

enum window_function {
  WINDOW_UNFOLD,
  WINDOW_FOLD,
  WINDOW_PICK,
  WINDOW_ROUTE,
  WINDOW_MAX_POOL,
  WINDOW_CONVOLVE
};
/* A call over windows, with its n arguments, of which there are as many as it needs; an error id
 * otherwise. */
uint32_t tri__parse_window_call(struct parser *p, enum window_function f, size_t n,
                                const struct value *arguments);

#endif
