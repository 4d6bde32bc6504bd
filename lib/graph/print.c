/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Expressions as text: which parts are written once under a name, and the walk that all formats
 * share. It has its own stack, so depth costs memory only; each node is expanded once for each
 * time that it is written. */
#include "graph/print_loops.h"

#include <string.h>

enum {
  TREE_WIDTH = 2000,   /* a text no wider than this is written as a tree, whatever it shares */
  HANDFUL = 8,         /* what is no wider than this is repeated rather than named */
  LOOP_WIDTH = 13,     /* of sum(, i=1..n) */
  NAME_WIDTH = 2,      /* of a shared part's name, at least */
  STEPS_BETWEEN = 4096 /* between two looks at the interrupt flag */
};

/* --- failures */

void tri__print_fail(struct printer *p, tri_status status, const char *message) {
  if (p->status) return;
  tri__fail(p->g, status, "%s", message);
  p->status = status;
}

bool tri__print_memory(struct printer *p, bool ok) {
  if (!ok && !p->status) {
    tri__no_memory(p->g);
    p->status = TRI_MEMORY;
  }
  return !p->status;
}

static void too_long(struct printer *p) {
  if (p->status) return;
  tri__fail(p->g, TRI_LIMIT, "the expression would be a text of more than %llu bytes",
            (unsigned long long)p->g->limits.text);
  p->status = TRI_LIMIT;
}

/* --- the stack */

static void push(struct printer *p, struct item item) {
  if (p->n_items < p->item_capacity ||
      tri__print_memory(p, tri__grow(&p->g->memory, (void **)&p->items, &p->item_capacity,
                                     p->n_items + 1, sizeof item)))
    p->items[p->n_items++] = item;
}

void tri__print_bytes(struct printer *p, const char *text, size_t size) {
  push(p, (struct item){.text = text, .size = (uint32_t)size, .kind = ITEM_TEXT});
}

void tri__print_text(struct printer *p, const char *text) {
  tri__print_bytes(p, text, strlen(text));
}

void tri__print_node(struct printer *p, uint32_t id, unsigned prec, unsigned flags) {
  push(p,
       (struct item){.id = id, .kind = ITEM_NODE, .prec = (uint8_t)prec, .flags = (uint8_t)flags});
}

void tri__print_factor(struct printer *p, const struct factor *f, unsigned prec) {
  uint8_t kind = f->kind == ITEM_POWER && f->power == 1 ? ITEM_NODE : f->kind;
  push(p, (struct item){.id = f->id, .power = f->power, .kind = kind, .prec = (uint8_t)prec});
}

void tri__print_exponent(struct printer *p, int32_t power) {
  push(p, (struct item){.power = power, .kind = ITEM_EXPONENT});
}

void tri__print_index(struct printer *p, uint32_t id) {
  push(p, (struct item){.id = id, .kind = ITEM_INDEX});
}

void tri__print_integer(struct printer *p, int64_t n) {
  push(p, (struct item){.integer = n, .kind = ITEM_INTEGER});
}

void tri__print_offset(struct printer *p, int64_t n) {
  if (n) push(p, (struct item){.integer = n, .kind = ITEM_OFFSET});
}

void tri__print_turn(struct printer *p, size_t mark) {
  if (p->status) return;
  for (size_t i = mark, j = p->n_items; i + 1 < j; i++) {
    struct item item = p->items[i];
    p->items[i] = p->items[--j];
    p->items[j] = item;
  }
}

static uint64_t size_of(int64_t n) { return n < 0 ? -(uint64_t)n : (uint64_t)n; }

static void write_item(struct printer *p, const struct item *item) {
  unsigned long long size = size_of(item->integer);
  const char *minus = item->integer < 0 ? "-" : "";
  switch (item->kind) {
  case ITEM_TEXT: tri__text_add(p->text, item->text, item->size); return;
  case ITEM_INTEGER: tri__text_printf(p->text, "%s%llu", minus, size); return;
  case ITEM_OFFSET: tri__text_printf(p->text, " %s %llu", *minus ? minus : "+", size); return;
  default: p->style->item(p, item); return;
  }
}

/* Writes items until the stack is empty. */
static void run(struct printer *p) {
  while (p->n_items && !p->status) {
    struct item item = p->items[--p->n_items];
    write_item(p, &item);
    if (p->text->size - p->start > p->g->limits.text) too_long(p);
    if (p->text->status) tri__print_memory(p, false);
    if (++p->steps % STEPS_BETWEEN == 0 && tri__interrupted(p->g))
      p->status = p->status ? p->status : TRI_INTERRUPTED;
  }
}

/* --- the plan */

static uint32_t saturated(uint64_t n) { return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX; }

/* About how many characters a node takes without its arguments. */
static uint32_t own_width(const struct printer *p, const struct node *n, uint32_t id) {
  const struct row *row = tri__row(p->g, n->op);
  mpq_t q;
  if (n->op == TRI_OP_variable) return saturated(strlen(tri__name(p->g, id)));
  if (n->op == TRI_OP_constant && tri__rational(p->g, id, q) && mpz_cmp_ui(mpq_denref(q), 1) == 0)
    return mpz_tstbit(mpq_numref(q), 0) ? saturated(mpz_sizeinbase(mpq_numref(q), 10)) : 1;
  if (n->op == TRI_OP_stack) return saturated(1 + 2 * (uint64_t)n->nargs);
  if (is_loop_form(n)) return LOOP_WIDTH;
  if (n->nargs == 0 || !row) return 1;
  return row->infix ? 1 : saturated(strlen(row->name) + 2 + 2 * (n->nargs - 1));
}

static uint32_t width_in_use(const struct part *part) {
  return part->name ? NAME_WIDTH : part->width;
}

/* Width and depth of a node from its arguments', which have theirs. */
static void measure(struct printer *p, uint32_t i) {
  const struct node *n = print_at(p, p->walk.ids[i]);
  const uint32_t *args = node_args(p->g, n);
  uint64_t width = own_width(p, n, p->walk.ids[i]);
  unsigned depth = 0;
  for (uint32_t k = 0; k < n->nargs; k++) {
    const struct part *a = part_of(p, args[k]);
    width += width_in_use(a);
    if (!a->name && a->depth > depth) depth = a->depth;
  }
  p->parts[i].width = saturated(width);
  p->parts[i].depth = (uint16_t)(depth < UINT16_MAX ? depth + (n->nargs > 0) : depth);
}

/* Which bound names a node has that it does not bind itself. */
static uint64_t bound_in(const struct printer *p, uint32_t id) {
  uint64_t bound = 0;
  const struct node *n = print_at(p, id);
  for (size_t i = 0; n->op == TRI_OP_variable && i < p->names->count; i++)
    if (p->names->at[i].variable == id) return UINT64_C(1) << p->names->at[i].level;
  for (uint32_t k = 0; k < n->nargs; k++) bound |= part_of(p, node_args(p->g, n)[k])->bound;
  return is_loop_form(n) ? bound & ~(UINT64_C(1) << tri__print_loop_form(p, id).level) : bound;
}

/* Uses, the alphabetically first variable, and the width as a tree. */
static bool survey(struct printer *p) {
  p->parts = tri__new(&p->g->memory, p->walk.count, sizeof *p->parts);
  if (!tri__print_memory(p, p->parts != NULL)) return false;
  for (uint32_t i = 0; i < p->walk.count; i++) p->parts[i].least = NO_VARIABLE;
  if (!tri__print_rank(p)) return false;
  for (uint32_t i = 0; i < p->walk.count; i++) {
    const struct node *n = print_at(p, p->walk.ids[i]);
    const uint32_t *args = node_args(p->g, n);
    for (uint32_t k = 0; k < n->nargs; k++) {
      struct part *a = part_of(p, args[k]);
      a->uses++;
      if (a->least < p->parts[i].least) p->parts[i].least = a->least;
    }
    measure(p, i);
    if (p->names->count) p->parts[i].bound = bound_in(p, p->walk.ids[i]);
  }
  return true;
}

static bool is_leaf(const struct node *n) { return n->nargs == 0; }

/* Names what a form of a row repeats. Its arguments come before it, so their users before it
 * saw them without a name, which only makes the widths a little too large. */
static bool name_repeated(struct printer *p, const struct node *n) {
  bool any = false;
  const struct row *row = tri__row(p->g, n->op);
  const uint32_t *args = node_args(p->g, n);
  for (uint32_t k = 0; row && p->style->repeats && k < n->nargs; k++)
    if (p->style->repeats(row, k) && !is_leaf(print_at(p, args[k]))) {
      part_of(p, args[k])->name = PART_NAMED;
      any = true;
    }
  return any;
}

/* Marks the parts to be named; whether there are any. */
static bool choose_names(struct printer *p, bool large) {
  const struct print_style *style = p->style;
  bool any = false;
  for (uint32_t i = 0; i + 1 < p->walk.count; i++) {
    const struct node *n = print_at(p, p->walk.ids[i]);
    struct part *part = &p->parts[i];
    measure(p, i);
    if (name_repeated(p, n)) any = true, measure(p, i);
    bool shared = large && part->uses > 1 && part->width > HANDFUL;
    bool cut = (style->widest && part->width > style->widest) ||
               (style->deepest && part->depth > style->deepest);
    if (!is_leaf(n) && !part->bound && (shared || cut)) part->name = PART_NAMED, any = true;
  }
  return name_repeated(p, print_at(p, p->walk.ids[p->walk.count - 1])) || any;
}

/* Lists the positions of named parts in the order in which they are written: each before its
 * users, by structure alone. */
static uint32_t *order_names(struct printer *p, uint32_t *count) {
  struct memory *m = &p->g->memory;
  size_t capacity = 0, n_stack = 0, names = 0;
  uint32_t *stack = NULL, *list = NULL;
  const uint32_t leave = UINT32_C(1) << 31;
  for (uint32_t i = 0; i < p->walk.count; i++) names += p->parts[i].name != 0;
  *count = (uint32_t)names;
  list = tri__new(m, names, sizeof *list);
  names = 0;
  if (tri__print_memory(p, list && tri__grow(m, (void **)&stack, &capacity, 1, sizeof *stack)) &&
      stack)
    stack[n_stack++] = p->walk.count - 1;
  while (n_stack && !p->status) {
    uint32_t top = stack[--n_stack], i = top & ~leave;
    const struct node *n = print_at(p, p->walk.ids[i]);
    if (top & leave) {
      list[names] = i;
      p->parts[i].name = (uint32_t)++names;
      continue;
    }
    if (p->parts[i].seen) continue;
    p->parts[i].seen = true;
    if (!tri__print_memory(
            p, tri__grow(m, (void **)&stack, &capacity, n_stack + n->nargs + 1, sizeof *stack)))
      break;
    if (p->parts[i].name) stack[n_stack++] = i | leave;
    for (uint32_t k = n->nargs; k-- > 0;)
      stack[n_stack++] = walk_position(&p->walk, node_args(p->g, n)[k]);
  }
  tri__free(m, stack, capacity, sizeof *stack);
  return list;
}

static bool is_prefix_of(const char *prefix, const char *name) {
  size_t n = strlen(prefix);
  if (strncmp(prefix, name, n) != 0) return false;
  n += name[n] == '_'; /* LaTeX writes t1 and t_1 alike */
  return name[n] >= '0' && name[n] <= '9';
}

/* t, unless a variable is called t1 or the like; then t_, t__, … */
static void choose_prefix(struct printer *p) {
  strcpy(p->prefix, "t");
  for (uint32_t i = 0; i < p->walk.count; i++) {
    const char *name = tri__name(p->g, p->walk.ids[i]);
    size_t n = strlen(p->prefix);
    if (name && is_prefix_of(p->prefix, name) && n + 2 < sizeof p->prefix) {
      p->prefix[n] = '_', p->prefix[n + 1] = '\0';
      i = UINT32_MAX; /* from the first variable again */
    }
  }
}

static void write_all(struct printer *p, const tri_print_options *options) {
  uint32_t last = p->walk.count - 1, count = 0, *list = NULL;
  bool large = p->parts[last].width > TREE_WIDTH;
  bool named = !options->as_tree && choose_names(p, large);
  if (named) list = order_names(p, &count);
  if (named) choose_prefix(p);
  if (!named && p->parts[last].width / 2 > p->g->limits.text) too_long(p);
  if (count && !p->status) tri__text_puts(p->text, p->style->before);
  for (uint32_t i = 0; i < count && !p->status; i++) {
    p->style->define(p, i + 1);
    tri__print_node(p, p->walk.ids[list[i]], PREC_ANY, ITEM_OPENED);
    run(p);
    tri__text_puts(p->text, p->style->behind);
  }
  if (count && !p->status) tri__text_puts(p->text, p->style->last);
  tri__print_node(p, p->walk.ids[last], PREC_ANY, ITEM_OPENED);
  run(p);
  if (count && !p->status) tri__text_puts(p->text, p->style->end);
  if (list) tri__free(&p->g->memory, list, count, sizeof *list);
}

/* --- the public function */

static const struct print_style *style_of(tri_format format) {
  switch (format) {
  case TRI_LATEX: return &tri__print_latex;
  case TRI_C: return &tri__print_c;
  default: return &tri__print_infix;
  }
}

static void clean_up(struct printer *p) {
  struct memory *m = &p->g->memory;
  tri__free(m, p->items, p->item_capacity, sizeof *p->items);
  tri__free(m, p->factors, p->factor_capacity, sizeof *p->factors);
  tri__free(m, p->terms, p->term_capacity, sizeof *p->terms);
  tri__free(m, p->spine, p->spine_capacity, sizeof *p->spine);
  tri__free(m, p->parts, p->walk.count, sizeof *p->parts);
  tri_text_free(&p->scratch);
  tri__walk_free(&p->walk);
}

static tri_status print(tri_expr e, const tri_print_options *options,
                        const struct bound_names *names, tri_text *text) {
  struct printer p = {.g = e.graph,
                      .names = names,
                      .text = text,
                      .start = text->size,
                      .style = style_of(options->format),
                      .unicode = options->format == TRI_INFIX_UNICODE,
                      .scratch.allocator = &e.graph->memory.allocator};
  p.status = tri__walk(e.graph, 1, &e.id, &p.walk);
  if (p.status) return p.status;
  if (survey(&p)) write_all(&p, options);
  tri__print_memory(&p, !text->status);
  clean_up(&p);
  return p.status;
}

/* Prints with names for what loops bind; the nodes that are made for it are dropped again. */
static tri_status print_unrolled(tri_expr e, const tri_print_options *options, tri_text *text) {
  tri_graph *g = e.graph;
  tri_mark mark = tri_graph_mark(g);
  struct bound_names names = {0};
  uint32_t id = options->format == TRI_C ? e.id : tri__print_unrolled(g, e.id, &names);
  tri_status status = id_is_error(id) ? id_status(id) : TRI_OK;
  if (!status) status = print(expr_of(g, id), options, &names, text);
  tri__free(&g->memory, names.at, names.capacity, sizeof *names.at);
  if (id == e.id) return status;
  tri_error error = g->error;
  tri_graph_rewind(g, mark);
  g->error = error;
  return status;
}

tri_status tri_print(tri_expr e, const tri_print_options *options, tri_text *text) {
  static const tri_print_options defaults = {.format = TRI_INFIX};
  if (!text || !e.graph) return TRI_ARGUMENT;
  if (text->status) return text->status;
  if (id_is_error(e.id)) return id_status(e.id);
  size_t size = text->size;
  if (!options) options = &defaults;
  tri_status status = options->format == TRI_DOT ? tri__print_dot(e, options, text)
                                                 : print_unrolled(e, options, text);
  if (status && text->data) {
    text->size = size;
    text->data[size] = 0;
  }
  return status;
}
