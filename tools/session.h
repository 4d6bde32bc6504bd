/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A session: the graph, what was defined in it, the settings, and the statement that is being
 * carried out. */
#ifndef TRIAD_TOOLS_SESSION_H
#define TRIAD_TOOLS_SESSION_H

#include <triad/eval.h>

#include "arena.h"
#include "graph/parse.h"
#include "output.h"
#include "scan.h"

/* What `set` sets, and options do. */
struct settings {
  tri_domain domain;
  uint32_t precision;
  uint64_t digits;
  bool strict; /* derivatives at kinks are errors */
  bool echo;
  uint8_t unicode; /* enum when */
};

/* A name and what it was bound to. */
struct definition {
  const char *name; /* owned */
  uint32_t name_size;
  uint32_t expr;   /* what it stands for; a function's output */
  uint32_t lambda; /* not 0: it can be called */
  uint32_t primal; /* not 0: the function of which `lambda` is a derivative */
  bool function;   /* defined as f(x) = …, so that the bare name is a function, no expression */
  bool verbatim;   /* printed as it is, see session_note_verbatim */
};

/* Where a node was written. */
struct node_place {
  uint32_t node, line, column;
};

/* A lambda that is a derivative, and what it is a derivative of. */
struct derived {
  uint32_t lambda, primal;
};

/* Nodes of the graph. */
struct id_list {
  uint32_t *ids;
  size_t n, capacity;
};

struct declarations;

/* A statement being carried out: where it stands, and what lasts as long as it. */
struct statement {
  struct arena arena;
  struct statement *outer; /* the `load` that this one comes from */
  const char *source;      /* name of the file, "-e", …, for messages */
  bool loaded;             /* from a file that `load` reads */
  bool echo;               /* the setting when the statement began */
  const char *text;        /* all the text that is at hand */
  size_t size;
  uint32_t text_line;                    /* line of its first byte */
  size_t start, end;                     /* the statement's bytes in it */
  struct position position;              /* of its first token */
  const struct declarations *parameters; /* of the function being defined, or NULL */
  const struct token *defining;          /* the name being defined */
  struct node_place *places;
  size_t n_places, place_capacity;
  struct derived *derived;
  size_t n_derived, derived_capacity;
  struct id_list primals;  /* scalars that must have a value where the result is to be a number */
  struct id_list verbatim; /* expressions that are printed as they are */
};

struct session {
  tri_graph *graph;
  tri_mark mark;      /* what definitions keep ends here */
  tri_mark empty;     /* the end of a graph without definitions */
  uint32_t compacted; /* nodes after the last compaction */
  struct definition *definitions;
  size_t n_definitions, definition_capacity;
  uint32_t *slots;   /* hash index by name: place in definitions + 1, or 0 */
  size_t slot_count; /* a power of two */
  struct settings settings;
  struct output output;
  struct statement *statement;
  const volatile int *interrupt;
  unsigned loads;  /* depth of `load` within `load` */
  uint8_t verdict; /* tri_verdict of the last verification; TRI_VERDICT_COUNT: none */
  bool keep_going;
  bool quit;
};

/* Opens a session that prints to out and err. NULL when out of memory. */
struct session *session_new(FILE *out, FILE *err, const volatile int *interrupt);
void session_free(struct session *session);

/* --- statement.c: running text */

/* Runs every statement of text, which begins at this line of `source`. False if one failed; the
 * first that fails stops it, unless keep_going. */
bool session_run(struct session *session, const char *source, const char *text, size_t size,
                 uint32_t line);

/* Runs the file at path ("-": standard input), statement by statement as it is read. False as
 * above; also if it cannot be opened, which *unopened then tells and nothing else does. */
bool session_run_file(struct session *session, const char *path, tri_error *unopened);

/* Reports an error that belongs to no statement. */
void session_report(struct session *session, const char *source, const tri_error *error);

/* A graph with the session's options. */
tri_graph *session_graph_new(const struct session *session);

/* --- definitions.c */

/* The definition of a name; NULL if there is none. Valid until one is made or removed. */
struct definition *session_find(const struct session *session, const char *name, size_t size);

/* Binds a name, replacing what it was bound to. TRI_MEMORY. */
TRI_CHECKED tri_status session_define(struct session *session, const struct definition *definition);

/* Forgets one definition, or all. */
void session_forget(struct session *session, struct definition *definition);
void session_forget_all(struct session *session);

/* Drops the nodes made since the last definition; when the past ones are mostly unused, moves the
 * used ones to a new graph. */
void session_settle(struct session *session);

/* --- environment.c: what names mean */

/* The environment with which expressions are parsed. */
struct environment session_environment(struct session *session);

/* Whether a name belongs to the language (functions, calls, commands, pi, eps, mode words) and
 * cannot be defined; says what it is, or NULL. */
const char *session_reserved(const char *name, size_t size);

/* Calls fn for every name that can be typed: definitions, functions, calls. */
void session_each_name(const struct session *session, void (*fn)(void *data, const char *name),
                       void *data);

/* Appends n ids; false when out of memory. The list's ids are to be freed. */
bool id_list_add(struct id_list *list, size_t n, const uint32_t *ids);

/* Remembers that `lambda` is a derivative of `primal`. TRI_MEMORY sticks to the graph. */
void session_note_derived(struct session *session, uint32_t lambda, uint32_t primal);

/* Remembers that an expression is to be printed as it is and not simplified: expand and taylor give
 * a form on purpose. TRI_MEMORY sticks to the graph. */
void session_note_verbatim(struct session *session, uint32_t expr);

/* Whether an expression is to be printed as it is. */
bool session_is_verbatim(const struct session *session, uint32_t expr);

/* The function of which a lambda is a derivative; 0 if it is none. */
uint32_t session_primal(const struct session *session, uint32_t lambda);

/* Where a node was written, or the nearest expression around it. False if that is not known. */
bool session_place(struct session *session, uint32_t node, uint32_t *line, uint32_t *column);

/* --- failures */

/* Sets the graph's error, with the token's place (at may be NULL), and returns its status. */
tri_status session_fail(struct session *session, const struct token *at, tri_status status,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same with what the status means for a message; nothing for TRI_OK. */
tri_status session_fail_status(struct session *session, tri_status status);

/* The same for an error that another part reported; its node gives the place. */
tri_status session_fail_with(struct session *session, const struct token *at,
                             const tri_error *error);

/* Out of memory, as the graph's error. */
tri_status session_no_memory(struct session *session);

#endif
