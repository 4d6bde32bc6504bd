/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reading text: the lexer, and expressions with an environment that gives names and calls their
 * meaning. The tool's statements (definitions, commands) are read by the tool with the same
 * lexer; whatever is an expression or an argument comes through here.
 *
 * The language is that of LANGUAGE.md; what it leaves open is decided here:
 * - √ takes what follows with its power, as unary minus does: √x² and √x^2 are √(x²), but √2x
 *   is (√2)*x.
 * - A call is a closed group: sin(x)cos(x) is a product. A number never follows without a sign:
 *   (x+1)2 and x²2 are refused. The sign may be left out before √ and ∂ where it may before a
 *   name.
 * - A name that can be cut into names with a value is refused (xy, 2πx), and so is π or ε right
 *   before a Latin letter (2πr). A word that is all of keyword=… is not (mode=reverse).
 * - A number has a digit before the point and no _ behind it; 2e3 is a number, 2e a product, 0x
 *   without digits an error.
 * - sin²(x) is refused (sin(x)² is right); sin' and ∂sin/∂x are derivatives of the row.
 * - Subscript digits belong to names (x₁). Rows with a sign of their own (add, neg, lt, …) are no
 *   functions.
 * - ∧ ∨ ¬ ≤ ≥ ≠ ⋅ ∙ ∗ ∕ ″ are understood too; a byte order mark at the start is passed over.
 * - Elements are numbered from 1. x[i], A[i, j], A[i] for a row, x[2..4] for a part; a bracket right behind a number or a name
 *   of a function is no index.
 * - In sum(e, i=1..n) and its kin the names before '=' mean the index and what is carried along, in e alone, whatever they mean
 *   elsewhere. */
#ifndef TRIAD_GRAPH_PARSE_H
#define TRIAD_GRAPH_PARSE_H

#include "base/text.h"
#include "graph/node.h"

enum token_kind {
  TOKEN_END,     /* end of the text */
  TOKEN_NEWLINE, /* a line's end outside brackets, or ';' (within brackets ';' is an error) */
  TOKEN_NUMBER,
  TOKEN_NAME,        /* letters of any script, digits, _ */
  TOKEN_STRING,      /* "…" with \" and \\ */
  TOKEN_OPERATOR,    /* op is set: + - * / ^ < <= … ( ) [ ] , = .. ' ∂ √ */
  TOKEN_SUPERSCRIPT, /* ⁻¹²³…: an exponent, value in `integer` */
  TOKEN_ERROR        /* invalid UTF-8, NUL, a character without meaning: message set */
};

struct token {
  uint8_t kind;
  uint8_t op; /* of an operator: token_op; of a number: 0, or k + 1 if its value is integer/10^k */
  uint32_t line;      /* from 1 */
  uint32_t column;    /* display cells from 1 */
  size_t start, size; /* bytes in the text */
  bool space_before;
  int64_t integer; /* a superscript's value; how many primes (″ is two); of a number: see op */
};

enum token_op {
  /* clang-format off */
  OP_PLUS = 1, OP_MINUS, OP_TIMES, OP_DIVIDE, OP_POWER,
  OP_LT, OP_LE, OP_GT, OP_GE, OP_EQ, OP_NE, OP_AND, OP_OR, OP_NOT,
  OP_OPEN, OP_CLOSE, OP_OPEN_SQUARE, OP_CLOSE_SQUARE, OP_COMMA, OP_ASSIGN, OP_RANGE,
  OP_PRIME, OP_PARTIAL /* ∂ */, OP_ROOT /* √ */
  /* clang-format on */
};

struct lexer {
  const char *text;
  size_t size, at;
  uint32_t line, column;
  uint32_t open;       /* brackets open: newlines inside them are blanks */
  const char *message; /* of a TOKEN_ERROR */
};

void tri__lex_init(struct lexer *lexer, const char *text, size_t size, uint32_t first_line);
/* The next token; comments (#…) and blanks are passed over. */
struct token tri__lex(struct lexer *lexer);

enum value_kind {
  VALUE_NONE,
  VALUE_EXPR, /* `expr`; with `lambda`, that function's output: a group that follows applies it */
  VALUE_FUNCTION, /* a function named without arguments, as in gradient(f): `lambda` */
  VALUE_STRING,   /* text + size, the raw bytes between the quotes */
  VALUE_RANGE,    /* from .. to */
  VALUE_REPORT    /* something that only the tool can print, `report`; an error inside arithmetic */
};

/* Functions of arrays: sum, map, scan, dot, … */
struct array_function {
  const char *name, *usage, *help, *example;
};
extern const struct array_function tri__array_functions[];
extern const size_t tri__array_function_count;
/* The row of a name; NULL if it is none. */
const struct array_function *tri__array_function(const char *name, size_t size);

/* What an expression or argument is. */
struct value {
  uint8_t kind;
  uint32_t expr;
  uint32_t lambda;
  uint32_t from, to;
  void *report;
  const char *text; /* of a string */
  size_t size;
  const char *keyword; /* the name in keyword=value, not terminated; NULL for a positional one */
  size_t keyword_size;
  const char *name; /* bytes of the argument if it was a bare name (mode=forward), else NULL */
  size_t name_size;
  struct token token; /* its first token: place for messages */
};

/* What names mean. All callbacks may be NULL. */
struct environment {
  void *data;
  /* The meaning of a name that stands alone into *value (kind EXPR or FUNCTION); false if
   * it has none here (then a variable is made, or with `strict_names` the error is "unknown
   * name"). */
  bool (*name)(void *data, const char *name, size_t size, struct value *value);
  /* Whether a name followed by '(' is a call that `call` answers (gradient, diff, …): its
   * arguments may then be keywords, strings, ranges and function names. User functions are
   * answered by `name` as VALUE_FUNCTION. */
  bool (*is_call)(void *data, const char *name, size_t size);
  /* Answers such a call; `value` is the result. On failure returns an error status with the
   * graph's error set (line and column are filled in from `at` where 0). A call with a
   * VALUE_FUNCTION or a lambda-bearing EXPR as callee (f(3, 4), gradient(f)(3, 4)) is done
   * by the parser itself by tri_lambda_apply. */
  tri_status (*call)(void *data, tri_graph *g, const struct token *at, const char *name,
                     size_t size, size_t n, const struct value *arguments, struct value *value);
  /* For ∂f/∂x, ∂²f/∂x∂y, f', f'': the derivative of `of` (EXPR or FUNCTION) by n variables
   * (node ids), or, n = 0, `primes` times by a function's only parameter. */
  tri_status (*derivative)(void *data, tri_graph *g, const struct token *at, const struct value *of,
                           size_t n, const uint32_t *variables, uint32_t primes,
                           struct value *value);
  /* Told of every application of a function by the parser: the function's lambda, the
   * arguments, and the result's node. The tool checks by it that a function has a value
   * where its derivative is asked for. */
  void (*applied)(void *data, uint32_t lambda, size_t n, const tri_expr *arguments,
                  uint32_t result);
  /* Told where a node was written, for messages of evaluation; may be called several times
   * for a node. */
  void (*place)(void *data, uint32_t expr, uint32_t line, uint32_t column);
  /* Calls fn(name) for names that could have been meant, for "did you mean". */
  void (*each_name)(void *data, void (*fn)(void *fn_data, const char *name), void *fn_data);
  /* Unknown names are errors instead of variables; a name such as xy with x and y known is one
   * always. */
  bool strict_names;
};

/* Parses one expression at the lexer's place and stops before the first token that cannot
 * belong to it (TOKEN_NEWLINE, TOKEN_END, a closing bracket, a comma, '='), which is put into
 * *next. Errors: graph's error with line and column. */
tri_status tri__parse_value(tri_graph *g, struct lexer *lexer,
                            const struct environment *environment, struct value *value,
                            struct token *next);

#endif
