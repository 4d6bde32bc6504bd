/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What names mean: constants, what the environment knows, functions of ops.def, keywords of
 * calls, else variables. */
#include <string.h>

#include "graph/lex.h"
#include "graph/parser.h"

_Static_assert(TRI_OP_ROWS < 192, "rows fit parser.rows with room to spare");

static const char *text_of(const struct parser *p, const struct token *t) {
  return p->lexer->text + t->start;
}

/* The constants whose names cannot be used otherwise; TRI_OP_COUNT for another name. */
static tri_op reserved(const char *name, size_t size) {
  if (size < 2 || size > 3) return TRI_OP_COUNT;
  if (text_is(name, size, "pi") || text_is(name, size, "π")) return TRI_OP_pi;
  if (text_is(name, size, "eps") || text_is(name, size, "ε")) return TRI_OP_eps;
  return TRI_OP_COUNT;
}

/* --- functions of ops.def */

/* The slot where a name is, or would be, in parser.rows (FNV-1a, linear probing). */
static uint8_t *row_slot(struct parser *p, const char *name, size_t size) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < size; i++) hash = (hash ^ (unsigned char)name[i]) * 16777619u;
  uint8_t *slot;
  for (hash ^= hash >> 15;; hash++) {
    slot = &p->rows[hash % sizeof p->rows];
    if (*slot == 0 || text_is(name, size, p->g->rows[*slot - 1].name)) return slot;
  }
}

static void learn_rows(struct parser *p) {
  for (int op = 0; op < TRI_OP_ROWS; op++) {
    const struct row *row = &p->g->rows[op];
    if (row_is_function(row, (unsigned)op))
      *row_slot(p, row->name, strlen(row->name)) = (uint8_t)(op + 1);
  }
  p->rows_known = true;
}

tri_op tri__parse_row(struct parser *p, const char *name, size_t size) {
  if (!p->rows_known) learn_rows(p);
  uint8_t found = *row_slot(p, name, size);
  return found ? (tri_op)(found - 1) : TRI_OP_COUNT;
}

/* --- what the environment says */

/* Whether the environment gives a name its meaning. */
static bool environment_knows(struct parser *p, const char *name, size_t size,
                              struct value *value) {
  const struct environment *e = p->environment;
  *value = (struct value){0};
  return e->name && e->name(e->data, name, size, value);
}

/* --- names that are several names side by side: xy, 2πr */

enum { LONGEST_SPLIT = 32, SPLIT_SIZE = 2 * LONGEST_SPLIT + 1 };

/* Whether a piece of a name has a value; what the environment says against it does not count. */
static bool is_known_value(struct parser *p, const char *name, size_t size) {
  struct value value;
  bool failed = p->g->error.status != TRI_OK;
  if (reserved(name, size) != TRI_OP_COUNT || tri__parse_bound(p, name, size)) return true;
  bool known = environment_knows(p, name, size, &value);
  if (!failed) tri_graph_clear_error(p->g);
  return known && value.kind == VALUE_EXPR && !id_is_error(value.expr);
}

static bool begins_name(const char *text, size_t left) {
  unsigned char c = (unsigned char)*text;
  uint32_t code;
  if (c < 0x80) return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  return tri__utf8(text, left, &code) != 0 && tri__letter(code) == LETTER_FIRST;
}

/* Writes "x*y" for a name that can be cut into two or more names with a value; false if it
 * cannot. */
static bool split(struct parser *p, const char *name, size_t size, char out[SPLIT_SIZE]) {
  uint8_t piece[LONGEST_SPLIT + 1] = {
      0}; /* where name[i …] can be cut up: the length of its first piece */
  if (!p->environment->name || size > LONGEST_SPLIT) return false;
  for (size_t i = size; i-- > 0;) {
    if (!begins_name(name + i, size - i)) continue;
    for (size_t end = i + 1; end <= size && !piece[i]; end++)
      if ((end == size ? i > 0 : piece[end] > 0) && is_known_value(p, name + i, end - i))
        piece[i] = (uint8_t)(end - i);
  }
  if (!piece[0]) return false;
  size_t written = 0;
  for (size_t i = 0; i < size; i += piece[i]) {
    if (i) out[written++] = '*';
    memcpy(out + written, name + i, piece[i]);
    written += piece[i];
  }
  out[written] = '\0';
  return true;
}

/* π or ε right before a Latin letter: 2πr is not 2 times a variable of the name πr. */
static bool has_greek_constant(const char *name, size_t size, char out[SPLIT_SIZE]) {
  if (size < 3 || size >= LONGEST_SPLIT || (unsigned char)name[2] >= 0x80) return false;
  if (reserved(name, 2) == TRI_OP_COUNT || (unsigned char)name[0] < 0x80) return false;
  if (!begins_name(name + 2, size - 2)) return false;
  memcpy(out, name, 2);
  out[2] = '*';
  memcpy(out + 3, name + 2, size - 2);
  out[size + 1] = '\0';
  return true;
}

static bool refuse_split(struct parser *p, const struct token *name, const char *meant) {
  char text[EXCERPT_SIZE];
  return tri__parse_fail(p, place_of(name), TRI_NAME, "unknown name %s: did you mean %s?",
                         tri__parse_excerpt(p, name->start, name->start + name->size, text), meant);
}

/* --- a name before '(' */

static bool not_a_function(struct parser *p, const struct token *name) {
  char text[EXCERPT_SIZE];
  tri__parse_excerpt(p, name->start, name->start + name->size, text);
  return tri__parse_fail(p, place_of(name), TRI_NAME, "%s is not a function: did you mean %s*(…)?",
                         text, text);
}

static bool call(struct parser *p, const struct token *name) {
  const struct environment *e = p->environment;
  const char *text = text_of(p, name);
  struct value value;
  if (tri__parse_bound(p, text, name->size)) return not_a_function(p, name);
  if (e->is_call && e->is_call(e->data, text, name->size))
    return tri__parse_open_call(p, name, PENDING_CALL, TRI_OP_COUNT);
  if (environment_knows(p, text, name->size, &value)) {
    if (value.kind == VALUE_EXPR && value.lambda == 0 && !id_is_error(value.expr))
      return not_a_function(p, name);
    return tri__parse_push_value(p, name, FORM_NAME, &value);
  }
  const struct array_function *function = tri__array_function(text, name->size);
  if (function)
    return tri__parse_open_array_call(p, name, (size_t)(function - tri__array_functions));
  tri_op row = tri__parse_row(p, text, name->size);
  if (row == TRI_OP_COUNT) return tri__parse_unknown_function(p, name);
  return tri__parse_open_call(p, name, PENDING_ROW, row);
}

/* --- a name that stands alone */

/* A row as a function of x, y, z, for sin'. 0 on failure, or if an argument is a condition. */
static uint32_t row_lambda(struct parser *p, tri_op op) {
  const struct row *row = &p->g->rows[op];
  uint32_t args[ROW_MAX_ARITY];
  if (row->conditions) return 0;
  for (unsigned i = 0; i < row->arity; i++) args[i] = tri__variable(p->g, &"xyz"[i], 1);
  uint32_t value = tri__build(p->g, op, row->arity, args);
  return id_is_error(value) ? 0 : tri__lambda(p->g, row->arity, args, 1, &value);
}

static bool push_row(struct parser *p, const struct token *name, tri_op op) {
  struct value value = {.kind = VALUE_FUNCTION, .lambda = row_lambda(p, op)};
  if (value.lambda) return tri__parse_push_value(p, name, FORM_NAME, &value);
  if (p->g->error.status && !p->failed_before)
    return tri__parse_failed(p, place_of(name), p->g->error.status);
  return tri__parse_fail(p, place_of(name), TRI_SYNTAX,
                         "this function has no derivative of its own");
}

/* sin²(x), which would be read as a variable times (x). */
static bool power_of_function(struct parser *p, const struct token *name, tri_op row) {
  struct lexer ahead = *p->lexer;
  struct token open = tri__lex(&ahead);
  if (open.kind != TOKEN_OPERATOR || open.op != OP_OPEN) return true;
  const char *function = p->g->rows[row].name;
  char power[EXCERPT_SIZE];
  tri__parse_excerpt(p, p->token->start, p->token->start + p->token->size, power);
  return tri__parse_fail(p, place_of(name), TRI_SYNTAX,
                         "a power of a function's value is written %s(…)%s", function, power);
}

/* Whether the name is all of a call's argument. */
static bool is_whole_argument(struct parser *p) {
  return (pending_is(p, PENDING_CALL) || pending_is(p, OP_ASSIGN)) &&
         (next_is(p, OP_COMMA) || next_is(p, OP_CLOSE));
}

static bool unbound(struct parser *p, const struct token *name) {
  const char *text = text_of(p, name);
  char meant[SPLIT_SIZE];
  bool word = is_whole_argument(p) && pending_is(p, OP_ASSIGN); /* mode=reverse */
  if (!word && (split(p, text, name->size, meant) || has_greek_constant(text, name->size, meant)))
    return refuse_split(p, name, meant);
  uint32_t array = tri__parse_graph_array(p, text, name->size);
  if (array || p->status) return array && tri__parse_push_node(p, name, FORM_NAME, array);
  if (!p->environment->strict_names)
    return tri__parse_push_node(p, name, FORM_NAME, tri__variable(p->g, text, name->size));
  if (is_whole_argument(p)) return tri__parse_push(p, name, FORM_NAME) != NULL;
  return tri__parse_unknown_name(p, name);
}

static bool alone(struct parser *p, const struct token *name) {
  struct value value;
  const char *text = text_of(p, name);
  uint32_t bound = tri__parse_bound(p, text, name->size);
  if (bound) return tri__parse_push_node(p, name, FORM_NAME, bound);
  if (environment_knows(p, text, name->size, &value))
    return tri__parse_push_value(p, name, FORM_NAME, &value);
  bool derived = next_is(p, OP_PRIME) || pending_is(p, OP_PARTIAL);
  if (derived || p->token->kind == TOKEN_SUPERSCRIPT) {
    tri_op row = tri__parse_row(p, text, name->size);
    if (row != TRI_OP_COUNT && derived) return push_row(p, name, row);
    if (row != TRI_OP_COUNT && !power_of_function(p, name, row)) return false;
  }
  return unbound(p, name);
}

bool tri__parse_name(struct parser *p) {
  const struct token *name = p->token; /* intact for one advance */
  tri__parse_advance(p);
  if (next_is(p, OP_ASSIGN) && pending_is(p, PENDING_CALL)) {
    if (last_pending(p)->row >= FIRST_ARRAY_FUNCTION) return tri__parse_array_keyword(p, name);
    if (!tri__parse_pend(p, name, OP_ASSIGN, 0)) return false;
    tri__parse_advance(p);
    return true;
  }
  tri_op constant = reserved(text_of(p, name), name->size);
  bool open = next_is(p, OP_OPEN);
  if (constant != TRI_OP_COUNT)
    return open ? not_a_function(p, name)
                : tri__parse_push_node(p, name, FORM_NAME, tri__leaf(p->g, constant));
  return open ? call(p, name) : alone(p, name);
}

/* --- the name behind ∂ in a denominator */

static uint32_t parameter(struct parser *p, uint32_t lambda, const char *name, size_t size) {
  tri_lambda f = {p->g, lambda};
  for (size_t i = 0; i < tri_lambda_arity(f); i++) {
    uint32_t id = tri_lambda_parameter(f, i).id;
    const char *known = tri__name(p->g, id);
    if (known && text_is(name, size, known)) return id;
  }
  return 0;
}

uint32_t tri__parse_differential(struct parser *p, const struct operand *of) {
  const struct token *token = p->token;
  const char *name = text_of(p, token);
  struct value value;
  uint32_t id = of->kind == VALUE_FUNCTION ? parameter(p, of->lambda, name, token->size) : 0;
  if (!id) id = tri__parse_bound(p, name, token->size);
  if (id) return id;
  bool bound = environment_knows(p, name, token->size, &value);
  if (reserved(name, token->size) != TRI_OP_COUNT ||
      (bound && (value.kind != VALUE_EXPR || id_is_error(value.expr) ||
                 node_at(p->g, value.expr)->op != TRI_OP_variable))) {
    char text[EXCERPT_SIZE];
    tri__parse_excerpt(p, token->start, token->start + token->size, text);
    return tri__parse_fail(p, place_of(token), TRI_NAME, "%s is not a variable here", text), 0;
  }
  id = bound ? value.expr : tri__variable(p->g, name, token->size);
  if (!id_is_error(id)) return id;
  return tri__parse_failed(p, place_of(token), id_status(id)), 0;
}
