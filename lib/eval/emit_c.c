/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* tri_emit_c: which functions there are, what the header says of them, and the two files around them. */
#include <limits.h>
#include <triad/calculus.h>
#include <triad/version.h>

#include "eval/emit.h"
#include "graph/node.h"

enum { CUT = 1000 };

/* One call. */
struct emission {
  const tri_emit_options *options;
  tri_graph *graph;
  struct memory memory;
  size_t n; /* inputs */
  const tri_expr *inputs;
  tri_expr *outputs; /* values, then derivatives: room for all of them */
  size_t m, room;
  struct emit_used used;
  tri_text name; /* in C */
  tri_text functions, prototypes;
  tri_error error;
};

static tri_status no_memory(struct emission *x) {
  return tri__error(&x->error, TRI_MEMORY, 0, "out of memory");
}

/* --- outputs: a stack is its elements */

static bool is_stack(tri_expr e) { return tri_expr_op(e) == TRI_OP_stack; }

/* Elements of stacks in place of these, until there is none. */
static bool flatten(struct emission *x) {
  for (size_t i = 0; i < x->m;) {
    if (!is_stack(x->outputs[i])) {
      i++;
      continue;
    }
    tri_expr stack = x->outputs[i];
    size_t parts = tri_expr_arity(stack), behind = x->m - i - 1;
    if (!tri__grow(&x->memory, (void **)&x->outputs, &x->room, x->m + parts, sizeof *x->outputs))
      return false;
    memmove(x->outputs + i + parts, x->outputs + i + 1, behind * sizeof *x->outputs);
    for (size_t k = 0; k < parts; k++) x->outputs[i + k] = tri_expr_argument(stack, k);
    x->m += parts - 1;
  }
  return true;
}

static tri_status take_outputs(struct emission *x, size_t count, const tri_expr *outputs) {
  if (!tri__grow(&x->memory, (void **)&x->outputs, &x->room, count, sizeof *x->outputs))
    return no_memory(x);
  memcpy(x->outputs, outputs, count * sizeof *outputs);
  x->m = count;
  return flatten(x) ? TRI_OK : no_memory(x);
}

/* --- derivatives */

/* Derivatives are of scalars by scalars; a gradient and a Hessian of one. */
static tri_status check_shapes(struct emission *x, bool one, const char *what) {
  if (one && x->m != 1)
    return tri__error(&x->error, TRI_SHAPE, 0,
                      "a %s is that of one number, and there are %zu outputs", what, x->m);
  for (size_t i = 0; i < x->n + x->m; i++) {
    tri_expr e = i < x->n ? x->inputs[i] : x->outputs[i - x->n];
    if (e.graph == x->graph && !tri_expr_status(e) && tri_expr_rank(e))
      return tri__error(&x->error, TRI_SHAPE, 0,
                        "a %s is that of scalars by scalars: %s %zu is none", what,
                        i < x->n ? "input" : "output", (i < x->n ? i : i - x->n) + 1);
  }
  return TRI_OK;
}

/* Room behind the values for derivatives. */
static tri_status room_for(struct emission *x, size_t rows, size_t columns, size_t more) {
  size_t count;
  if (!size_product(rows, columns, &count) || count > INT_MAX || more > INT_MAX)
    return tri__error(&x->error, TRI_LIMIT, 0, "too many derivatives for one function");
  return tri__grow(&x->memory, (void **)&x->outputs, &x->room, x->m + count + more,
                   sizeof *x->outputs)
             ? TRI_OK
             : no_memory(x);
}

static tri_status graph_error(struct emission *x, tri_status status) {
  const tri_error *known = tri_graph_error(x->graph);
  if (!status) return TRI_OK;
  if (known->status == status) x->error = *known;
  return known->status == status
             ? status
             : tri__error(&x->error, status, 0, "%s", tri_status_meaning(status));
}

/* --- one function */

static bool count_elements(const struct plan *p, struct emit_array *array) {
  for (uint32_t o = array->first; o < array->first + array->count; o++) {
    size_t count = p->shapes[p->values[p->outputs[o]].shape].count;
    if (count > INT_MAX - array->elements) return false;
    array->elements += count;
  }
  return true;
}

static tri_status check_plan(struct emission *x, const struct plan *p, struct emit_array *arrays,
                             uint32_t count) {
  if (p->size_count)
    return tri__error(&x->error, TRI_SHAPE, 0, "emitted C has no named sizes: give %s a number",
                      p->size_names[0]);
  if (p->rolled)
    return tri__error(&x->error, TRI_ARGUMENT, 0, "emitted C has no loops and indices yet");
  for (uint32_t k = 0; k < count; k++)
    if (!count_elements(p, arrays + k))
      return tri__error(&x->error, TRI_LIMIT, 0, "too many outputs for one function");
  for (uint32_t i = 0; i < p->shape_count; i++)
    if (p->shapes[i].count > INT_MAX / 4)
      return tri__error(&x->error, TRI_LIMIT, 0, "a shape has too many elements");
  return TRI_OK;
}

static void put_prototype(struct emission *x, const struct emitter *e, const char *comment) {
  tri_text *to = &x->prototypes;
  tri__text_printf(to, "\n/* %s", comment);
  if (e->work) tri__text_puts(to, " work: room for values, nothing else.");
  tri__text_puts(to, " */\n");
  if (e->work) tri__text_printf(to, "enum { %s_work = %zu };\n", e->name, e->work);
  tri__emit_prototype(e, to, 0);
  tri__text_puts(to, ";\n");
}

/* The function of the outputs in these arrays; `suffix` is behind its name. */
static tri_status emit(struct emission *x, const char *suffix, const char *comment,
                       struct emit_array *arrays, uint32_t count) {
  const tri_emit_options *o = x->options;
  const tri_compile_options compile = {
      .outputs = x->outputs, .primals = x->m, .allocator = o->allocator};
  uint32_t outputs = arrays[count - 1].first + arrays[count - 1].count;
  struct plan *plan = tri__plan(x->graph, x->n, x->inputs, outputs, &compile, &x->error);
  if (!plan) return x->error.status;
  tri_text name = {.allocator = o->allocator};
  tri__text_add(&name, x->name.data, x->name.size);
  tri__text_puts(&name, suffix);
  tri_status status = name.status ? no_memory(x) : check_plan(x, plan, arrays, count);
  if (!status) {
    struct emitter e = {.plan = plan,
                        .memory = &x->memory,
                        .used = &x->used,
                        .name = name.data,
                        .float32 = o->float32 != 0,
                        .cut = (uint32_t)(o->cut && o->cut < UINT32_MAX ? o->cut : CUT),
                        .arrays = arrays,
                        .array_count = count,
                        .text = &x->functions};
    tri__text_puts(&x->functions, "\n");
    status = tri__emit_function(&e);
    if (status) no_memory(x);
    if (!status) put_prototype(x, &e, comment);
  }
  tri_text_free(&name);
  tri__plan_free(plan);
  return status;
}

static tri_status emit_value(struct emission *x) {
  struct emit_array arrays[] = {{"value", 0, (uint32_t)x->m, 0}};
  return emit(x, "", x->m == 1 ? "The value." : "The values.", arrays, 1);
}

static tri_status emit_gradient(struct emission *x) {
  uint32_t n = (uint32_t)x->n;
  struct emit_array arrays[] = {{"value", 0, 1, 0}, {"gradient", 1, n, 0}};
  tri_status status = check_shapes(x, true, "gradient");
  if (!status) status = room_for(x, 1, n, 0);
  if (!status) status = graph_error(x, tri_gradient(x->outputs[0], n, x->inputs, x->outputs + 1));
  return status ? status
                : emit(x, "_gradient",
                       "The value, and its derivatives by the inputs in their order.", arrays, 2);
}

static tri_status emit_jacobian(struct emission *x) {
  uint32_t n = (uint32_t)x->n, m = (uint32_t)x->m;
  tri_status status = check_shapes(x, false, "Jacobian");
  if (!status) status = room_for(x, m, n, 0);
  struct emit_array arrays[] = {{"value", 0, m, 0}, {"jacobian", m, m * n, 0}};
  if (!status) status = graph_error(x, tri_jacobian(m, x->outputs, n, x->inputs, x->outputs + m));
  return status ? status
                : emit(x, "_jacobian",
                       "The values, and the derivatives of each by the inputs, row by row.", arrays,
                       2);
}

static tri_status emit_hessian(struct emission *x) {
  uint32_t n = (uint32_t)x->n;
  tri_status status = check_shapes(x, true, "Hessian");
  if (!status) status = room_for(x, n, n, n);
  struct emit_array arrays[] = {
      {"value", 0, 1, 0}, {"gradient", 1, n, 0}, {"hessian", 1 + n, n * n, 0}};
  if (!status) status = graph_error(x, tri_gradient(x->outputs[0], n, x->inputs, x->outputs + 1));
  if (!status)
    status = graph_error(x, tri_hessian(x->outputs[0], n, x->inputs, x->outputs + 1 + n));
  return status ? status
                : emit(x, "_hessian",
                       "The value, its derivatives, and the second ones, row by row: symmetric.",
                       arrays, 3);
}

static tri_status emit_functions(struct emission *x) {
  const tri_emit_options *o = x->options;
  tri_status status = emit_value(x);
  if (!status && o->gradient) status = emit_gradient(x);
  if (!status && o->jacobian) status = emit_jacobian(x);
  if (!status && o->hessian) status = emit_hessian(x);
  return status;
}

/* --- the files */

/* v[2][3], of the inputs: a name and its dimensions. */
static void put_input(tri_text *text, tri_expr e) {
  const char *name = tri_expr_name(e);
  tri__emit_comment(text, name ? name : "eps", name ? strlen(name) : 3, "");
  for (size_t i = 0; i < tri_expr_rank(e); i++)
    tri__text_printf(text, "[%lld]", (long long)tri_expr_dim(e, i));
}

static void put_inputs(tri_text *text, const struct emission *x) {
  size_t line = text->size;
  tri__text_puts(text, " * in: ");
  for (size_t i = 0; i < x->n; i++) {
    put_input(text, x->inputs[i]);
    if (i + 1 < x->n) tri__text_puts(text, text->size - line > 90 ? ",\n *     " : ", ");
    if (text->size - line > 90) line = text->size;
  }
  tri__text_puts(text, x->n ? "\n" : "nothing\n");
}

/* NAME_EMITTED_H */
static void put_guard(tri_text *text, const struct emission *x) {
  tri__text_add(text, x->name.data, x->name.size);
  tri__text_puts(text, "_EMITTED_H\n");
}

static void put_header(tri_text *text, const struct emission *x) {
  const char *comment = x->options->comment;
  tri__text_printf(text, "/* Written by triad %s.\n", tri_version());
  if (comment) {
    tri__text_puts(text, " *\n");
    tri__emit_comment(text, comment, strlen(comment), " *   ");
    tri__text_puts(text, "\n *\n");
  }
  put_inputs(text, x);
  tri__text_puts(
      text,
      " * Arrays are the caller's and do not overlap. What has no value is NaN, and so are its "
      "derivatives. */\n#ifndef ");
  put_guard(text, x);
  tri__text_puts(text, "#define ");
  put_guard(text, x);
  tri__text_puts(text, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
  tri__text_add(text, x->prototypes.data, x->prototypes.size);
  tri__text_puts(text, "\n#ifdef __cplusplus\n}\n#endif\n#endif\n");
}

static void put_include(tri_text *text, const struct emission *x) {
  const char *include = x->options->include;
  if (include && !*include) return;
  tri__text_puts(text, "#include \"");
  tri__text_puts(text, include ? include : x->name.data);
  tri__text_puts(text, include ? "\"\n\n" : ".h\"\n\n");
}

static void put_source(tri_text *text, struct emission *x) {
  tri__text_printf(text,
                   "/* Written by triad %s. Compile with -ffp-contract=off for its very digits; "
                   "link with -lm. */\n",
                   tri_version());
  put_include(text, x);
  tri__text_puts(text, "#include <float.h>\n#include <math.h>\n#include <stdbool.h>\n\n"
                       "#if defined(__clang__)\n#pragma STDC FP_CONTRACT OFF\n#endif\n"
                       "#if defined(__GNUC__)\n#define PART static __attribute__((noinline))\n"
                       "#else\n#define PART static\n#endif\n\n");
  tri__emit_used(text, &x->used);
  tri__text_add(text, x->functions.data + 1, x->functions.size - 1);
}

/* --- the whole */

static tri_status start(struct emission *x, size_t n_outputs, const tri_text *source,
                        const tri_text *header) {
  const tri_emit_options *o = x->options;
  if (!o || !o->outputs || !n_outputs || (x->n && !x->inputs) || !source || !header)
    return tri__error(&x->error, TRI_ARGUMENT, 0, "an output and texts to write to are needed");
  x->graph = o->outputs[0].graph;
  if (!x->graph) return tri__error(&x->error, TRI_ARGUMENT, 0, "an output is no expression");
  if (o->include && strpbrk(o->include, "\"\n\r\\"))
    return tri__error(&x->error, TRI_ARGUMENT, 0, "the header's name cannot be included");
  if (x->n > INT_MAX / 2 || n_outputs > INT_MAX / 2)
    return tri__error(&x->error, TRI_LIMIT, 0, "too many inputs or outputs for one function");
  x->used.rows = x->graph->rows;
  x->name.allocator = x->functions.allocator = x->prototypes.allocator = o->allocator;
  tri__emit_name(&x->name, o->name && *o->name ? o->name : "f");
  tri_status status = x->name.status ? no_memory(x) : TRI_OK;
  return status ? status : take_outputs(x, n_outputs, o->outputs);
}

/* A text as it was before something was appended. */
static void cut_back(tri_text *text, size_t size) {
  text->size = size;
  if (text->data) text->data[size] = 0;
}

static tri_status write(struct emission *x, tri_text *source, tri_text *header) {
  size_t before = source->size, header_before = header->size;
  if (x->functions.status || x->prototypes.status) return no_memory(x);
  put_source(source, x);
  put_header(header, x);
  if (!source->status && !header->status) return TRI_OK;
  cut_back(source, before);
  cut_back(header, header_before);
  return no_memory(x);
}

tri_status tri_emit_c_with(size_t n_inputs, const tri_expr *inputs, tri_text *source,
                           tri_text *header, size_t n_outputs, const tri_emit_options *options) {
  struct emission x = {.options = options, .n = n_inputs, .inputs = inputs};
  tri__memory_init(&x.memory, options ? options->allocator : NULL);
  tri_status status = start(&x, n_outputs, source, header);
  if (!status) status = emit_functions(&x);
  if (!status) status = write(&x, source, header);
  tri__free(&x.memory, x.outputs, x.room, sizeof *x.outputs);
  tri_text_free(&x.name);
  tri_text_free(&x.functions);
  tri_text_free(&x.prototypes);
  x.error.status = status;
  if (status && x.graph) tri__fail(x.graph, status, "%s", x.error.message);
  if (options && options->error) *options->error = x.error;
  return status;
}
