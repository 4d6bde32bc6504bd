/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A plan as a function of C. Scalars are variables; vectors, and scalars that are read in another part than the one where they
 * are made, stand in a workspace, where slots that the plan uses again are used again. A compiler's time grows faster than a
 * function, so one of more than `cut` operations becomes parts. */
#include "eval/emit.h"
#include "graph/c_text.h"

/* --- operands */

static bool is_scalar(const struct emitter *e, uint32_t v) { return e->plan->values[v].shape == 0; }

static size_t count_of(const struct emitter *e, uint32_t v) {
  return e->plan->shapes[e->plan->values[v].shape].count;
}

static uint32_t step_part(const struct emitter *e, uint32_t step) { return step / e->cut; }

static void put_place(tri_text *text, const char *array, size_t place, bool scalar) {
  if (scalar)
    tri__text_printf(text, "%s[%zu]", array, place);
  else if (place)
    tri__text_printf(text, "%s[%zu + i]", array, place);
  else
    tri__text_printf(text, "%s[i]", array);
}

/* Brackets around what is no atom: -2.0, 1.0 / 3.0. */
static void put_constant(struct emitter *e, tri_text *text, const struct plan_constant *constant) {
  if (constant->pi) {
    tri__text_puts(text, e->float32 ? "3.1415927f" : "3.141592653589793");
    return;
  }
  mpq_srcptr q = constant->q;
  enum c_literal literal = tri__c_literal(q, &e->scratch);
  bool negative = mpq_sgn(q) < 0, brackets = negative || (!e->float32 && literal == C_QUOTIENT);
  if (brackets) tri__text_putc(text, '(');
  if (negative) tri__text_putc(text, '-');
  if (e->float32)
    tri__c_float(text, q);
  else
    tri__c_number(text, q, literal, &e->scratch);
  if (brackets) tri__text_putc(text, ')');
}

static void put_work(struct emitter *e, uint32_t v) {
  e->uses_work = true;
  put_place(&e->body, "work", e->work_place[e->plan->values[v].slot], is_scalar(e, v));
}

static void put_variable(struct emitter *e, uint32_t v) {
  tri__text_printf(&e->body, "t%u", (unsigned)(v - first_result(e->plan) + 1));
}

void tri__emit_operand(struct emitter *e, uint32_t v) {
  const struct plan *p = e->plan;
  if (v < p->input_count) {
    e->reads_inputs = true;
    put_place(&e->body, "in", e->input_place[v], is_scalar(e, v));
  } else if (v < first_result(p)) {
    put_constant(e, &e->body, p->constants + (v - p->input_count));
  } else if (is_scalar(e, v) && (e->parts == 1 || step_part(e, e->made_by[v]) == e->part)) {
    put_variable(e, v);
  } else {
    put_work(e, v);
  }
}

/* --- outputs */

static uint32_t array_of(const struct emitter *e, uint32_t output) {
  uint32_t k = 0;
  while (output >= e->arrays[k].first + e->arrays[k].count) k++;
  return k;
}

static void put_loop(struct emitter *e, size_t from, size_t to) {
  tri__text_printf(&e->body, "  for (int i = %zu; i < %zu; i++) ", from, to);
}

/* What stands before an assignment of a value. */
static void put_margin(struct emitter *e, uint32_t v) {
  if (is_scalar(e, v))
    tri__text_puts(&e->body, "  ");
  else
    put_loop(e, 0, count_of(e, v));
}

static void put_output(struct emitter *e, uint32_t output) {
  uint32_t v = e->plan->outputs[output], k = array_of(e, output);
  e->writes[k] = true;
  put_margin(e, v);
  put_place(&e->body, e->arrays[k].name, e->output_place[output], is_scalar(e, v));
  tri__text_puts(&e->body, " = ");
  tri__emit_operand(e, v);
  tri__text_puts(&e->body, ";\n");
}

static void put_outputs_of(struct emitter *e, uint32_t v) {
  for (uint32_t o = e->first_output[v]; o != NO_OUTPUT; o = e->next_output[o]) put_output(e, o);
}

static bool is_constant(const struct plan *p, uint32_t v) {
  return v >= p->input_count && v < first_result(p);
}

/* How many outputs from this one on are the same constant, in one array: most of a sparse Hessian is 0. */
static uint32_t run_of(const struct emitter *e, uint32_t output) {
  const struct plan *p = e->plan;
  uint32_t k = array_of(e, output), end = e->arrays[k].first + e->arrays[k].count, next = output;
  if (!is_constant(p, p->outputs[output])) return 1;
  while (next < end && p->outputs[next] == p->outputs[output]) next++;
  return next - output;
}

/* Outputs from this one on that no step makes: inputs and constants. Returns how many it wrote. */
static uint32_t put_move(struct emitter *e, uint32_t output) {
  uint32_t run = run_of(e, output), k = array_of(e, output);
  if (run < 4) {
    put_output(e, output);
    return 1;
  }
  e->writes[k] = true;
  put_loop(e, e->output_place[output], e->output_place[output] + run);
  tri__text_printf(&e->body, "%s[i] = ", e->arrays[k].name);
  tri__emit_operand(e, e->plan->outputs[output]);
  tri__text_puts(&e->body, ";\n");
  return run;
}

/* The next output from `output` on that no step makes. */
static uint32_t next_move(const struct plan *p, uint32_t output) {
  while (output < p->output_count && p->outputs[output] >= first_result(p)) output++;
  return output;
}

/* --- steps */

static void put_stack(struct emitter *e, const struct instruction *s) {
  const uint32_t *args = step_args(e->plan, s);
  size_t at = e->work_place[e->plan->values[s->result].slot];
  for (uint32_t i = 0; i < s->nargs; i++) {
    put_margin(e, args[i]);
    put_place(&e->body, "work", at, is_scalar(e, args[i]));
    tri__text_puts(&e->body, " = ");
    tri__emit_operand(e, args[i]);
    tri__text_puts(&e->body, ";\n");
    at += count_of(e, args[i]);
  }
  e->uses_work = true;
}

/* The step's value on the right of a sign. */
static void put_right(struct emitter *e, const struct instruction *s) {
  if (s->op < TRI_OP_ROWS) {
    tri__emit_row(e, s);
    return;
  }
  uint32_t from = s->arg[0]; /* element */
  size_t at = s->index * count_of(e, s->result);
  if (from < e->plan->input_count) {
    e->reads_inputs = true;
    put_place(&e->body, "in", e->input_place[from] + at, is_scalar(e, s->result));
  } else {
    e->uses_work = true;
    put_place(&e->body, "work", e->work_place[e->plan->values[from].slot] + at,
              is_scalar(e, s->result));
  }
}

static void put_scalar_step(struct emitter *e, const struct instruction *s) {
  tri__text_printf(&e->body, "  const %s ", emit_type(e));
  put_variable(e, s->result);
  tri__text_puts(&e->body, " = ");
  put_right(e, s);
  tri__text_puts(&e->body, ";\n");
  if (!e->crosses[s->result]) return;
  tri__text_puts(&e->body, "  ");
  put_work(e, s->result);
  tri__text_puts(&e->body, " = ");
  put_variable(e, s->result);
  tri__text_puts(&e->body, ";\n");
}

static void put_step(struct emitter *e, const struct instruction *s) {
  if (s->op == TRI_OP_stack) {
    put_stack(e, s);
  } else if (is_scalar(e, s->result)) {
    put_scalar_step(e, s);
  } else if (count_of(e, s->result)) {
    put_loop(e, 0, count_of(e, s->result));
    put_work(e, s->result);
    tri__text_puts(&e->body, " = ");
    put_right(e, s);
    tri__text_puts(&e->body, ";\n");
  }
  put_outputs_of(e, s->result);
}

/* --- functions */

void tri__emit_prototype(const struct emitter *e, tri_text *text, uint32_t part) {
  const char *type = emit_type(e);
  size_t inputs = 0;
  for (uint32_t i = 0; i < e->plan->input_count; i++) inputs += count_of(e, i);
  tri__text_printf(text, "void %s", e->name);
  if (part) tri__text_printf(text, "_part%u", (unsigned)part);
  tri__text_printf(text, inputs ? "(const %s in[%zu]" : "(const %s *in", type, inputs);
  for (uint32_t k = 0; k < e->array_count; k++)
    tri__text_printf(text, e->arrays[k].elements ? ", %s %s[%zu]" : ", %s *%s", type,
                     e->arrays[k].name, e->arrays[k].elements);
  if (e->work) tri__text_printf(text, ", %s work[%zu]", type, e->work);
  tri__text_puts(text, ")");
}

static void put_unused(struct emitter *e) {
  if (!e->reads_inputs) tri__text_puts(e->text, "  (void)in;\n");
  for (uint32_t k = 0; k < e->array_count; k++)
    if (!e->writes[k]) tri__text_printf(e->text, "  (void)%s;\n", e->arrays[k].name);
  if (e->work && !e->uses_work) tri__text_puts(e->text, "  (void)work;\n");
}

static void start_body(struct emitter *e) {
  e->body.size = 0;
  e->reads_inputs = e->uses_work = false;
  memset(e->writes, 0, sizeof e->writes);
}

static void put_body(struct emitter *e) {
  put_unused(e);
  tri__text_add(e->text, e->body.data, e->body.size);
}

static void end_part(struct emitter *e, uint32_t number) {
  tri__text_puts(e->text, "PART ");
  tri__emit_prototype(e, e->text, number);
  tri__text_puts(e->text, " {\n");
  put_body(e);
  tri__text_puts(e->text, "}\n\n");
  start_body(e);
}

/* Where a value does not exist its derivatives do not: loops over what belongs to it. */
static void put_none(struct emitter *e) {
  size_t values = e->arrays[EMIT_VALUE].elements;
  for (uint32_t k = 1; k < e->array_count; k++) {
    size_t each = values ? e->arrays[k].elements / values : 0;
    if (!each) continue;
    e->writes[EMIT_VALUE] = e->writes[k] = true;
    if (values == 1) {
      tri__text_printf(&e->body, "  for (int i = 0; i < %zu && isnan(value[0]); i++) ", each);
      tri__text_printf(&e->body, "%s[i] = NAN;\n", e->arrays[k].name);
      continue;
    }
    tri__text_printf(&e->body, "  for (int k = 0; k < %zu; k++)\n", values);
    tri__text_printf(&e->body, "    for (int i = 0; i < %zu && isnan(value[k]); i++) ", each);
    tri__text_printf(&e->body, "%s[k * %zu + i] = NAN;\n", e->arrays[k].name, each);
  }
}

static void put_calls(struct emitter *e) {
  for (uint32_t k = 1; k <= e->parts; k++) {
    tri__text_printf(&e->body, "  %s_part%u(in", e->name, (unsigned)k);
    for (uint32_t i = 0; i < e->array_count; i++)
      tri__text_printf(&e->body, ", %s", e->arrays[i].name);
    tri__text_puts(&e->body, e->work ? ", work);\n" : ");\n");
  }
  e->reads_inputs = e->uses_work = true;
  memset(e->writes, 1, sizeof e->writes);
}

/* The lines that move inputs and constants, in parts of their own. Returns how many parts. */
static uint32_t put_moves(struct emitter *e) {
  const struct plan *p = e->plan;
  uint32_t lines = 0, parts = 0;
  for (uint32_t o = next_move(p, 0); o < p->output_count; o = next_move(p, o)) {
    o += put_move(e, o);
    if (++lines % e->cut == 0 && e->parts > 1) end_part(e, ++parts);
  }
  if (lines % e->cut != 0 && e->parts > 1) end_part(e, ++parts);
  return parts;
}

static void put_steps(struct emitter *e, uint32_t moves) {
  const struct plan *p = e->plan;
  for (uint32_t s = 0; s < p->step_count; s++) {
    e->part = step_part(e, s);
    put_step(e, p->steps + s);
    bool last = s + 1 == p->step_count || step_part(e, s + 1) != e->part;
    if (last && e->parts > 1) end_part(e, moves + e->part + 1);
  }
}

/* Lines and parts of the moves. */
static uint32_t count_moves(const struct emitter *e) {
  const struct plan *p = e->plan;
  uint32_t lines = 0;
  for (uint32_t o = next_move(p, 0); o < p->output_count; o = next_move(p, o), lines++) {
    uint32_t run = run_of(e, o);
    o += run < 4 ? 1 : run;
  }
  return lines;
}

/* --- places */

static bool allocate(struct emitter *e) {
  const struct plan *p = e->plan;
  struct memory *m = e->memory;
  e->input_place = tri__new(m, p->input_count, sizeof *e->input_place);
  e->work_place = tri__new(m, p->slot_count, sizeof *e->work_place);
  e->crosses = tri__new(m, p->value_count, sizeof *e->crosses);
  e->made_by = tri__new(m, p->value_count, sizeof *e->made_by);
  e->first_output = tri__new(m, p->value_count, sizeof *e->first_output);
  e->next_output = tri__new(m, p->output_count, sizeof *e->next_output);
  e->output_place = tri__new(m, p->output_count, sizeof *e->output_place);
  return e->input_place && e->work_place && e->crosses && e->made_by && e->first_output &&
         e->next_output && e->output_place;
}

static void release(struct emitter *e) {
  const struct plan *p = e->plan;
  struct memory *m = e->memory;
  tri__free(m, e->input_place, p->input_count, sizeof *e->input_place);
  tri__free(m, e->work_place, p->slot_count, sizeof *e->work_place);
  tri__free(m, e->crosses, p->value_count, sizeof *e->crosses);
  tri__free(m, e->made_by, p->value_count, sizeof *e->made_by);
  tri__free(m, e->first_output, p->value_count, sizeof *e->first_output);
  tri__free(m, e->next_output, p->output_count, sizeof *e->next_output);
  tri__free(m, e->output_place, p->output_count, sizeof *e->output_place);
  tri_text_free(&e->body);
  tri_text_free(&e->scratch);
}

static void place_ports(struct emitter *e) {
  const struct plan *p = e->plan;
  size_t at = 0;
  for (uint32_t i = 0; i < p->input_count; i++) {
    e->input_place[i] = at;
    at += count_of(e, i);
  }
  for (uint32_t v = 0; v < p->value_count; v++) e->first_output[v] = NO_OUTPUT;
  for (uint32_t k = 0; k < e->array_count; k++) {
    at = 0;
    for (uint32_t o = e->arrays[k].first; o < e->arrays[k].first + e->arrays[k].count; o++) {
      e->output_place[o] = at;
      at += count_of(e, p->outputs[o]);
    }
  }
  for (uint32_t o = p->output_count; o-- > 0;) {
    e->next_output[o] = e->first_output[p->outputs[o]];
    e->first_output[p->outputs[o]] = o;
  }
}

static void place_value(struct emitter *e, uint32_t v) {
  size_t *place = &e->work_place[e->plan->values[v].slot];
  if (*place != NO_PLACE) return;
  *place = e->work;
  e->work += count_of(e, v);
}

/* Who needs a place in the workspace; parts are known by now. */
static void place_results(struct emitter *e) {
  const struct plan *p = e->plan;
  for (uint32_t i = 0; i < p->slot_count; i++) e->work_place[i] = NO_PLACE;
  for (uint32_t s = 0; s < p->step_count; s++) e->made_by[p->steps[s].result] = s;
  for (uint32_t s = 0; s < p->step_count && e->parts > 1; s++) {
    const uint32_t *args = step_args(p, p->steps + s);
    for (uint32_t i = 0; i < p->steps[s].nargs; i++)
      if (args[i] >= first_result(p) && is_scalar(e, args[i]) &&
          step_part(e, e->made_by[args[i]]) != step_part(e, s))
        e->crosses[args[i]] = true;
  }
  for (uint32_t v = first_result(p); v < p->value_count; v++)
    if (e->crosses[v] || !is_scalar(e, v)) place_value(e, v);
}

/* --- the whole */

static void put_function(struct emitter *e) {
  start_body(e);
  uint32_t moves = put_moves(e);
  put_steps(e, moves);
  if (e->parts > 1) put_calls(e);
  put_none(e);
  tri__emit_prototype(e, e->text, 0);
  tri__text_puts(e->text, " {\n");
  put_body(e);
  tri__text_puts(e->text, "}\n");
}

tri_status tri__emit_function(struct emitter *e) {
  const struct plan *p = e->plan;
  bool ok = allocate(e);
  e->body.allocator = e->scratch.allocator = e->text->allocator;
  if (ok) {
    place_ports(e);
    uint32_t lines = count_moves(e), parts = lines / e->cut + (lines % e->cut != 0);
    parts += p->step_count / e->cut + (p->step_count % e->cut != 0);
    e->parts = (uint64_t)lines + p->step_count <= e->cut ? 1 : parts;
    place_results(e);
    put_function(e);
  }
  if (e->body.status) e->text->status = e->body.status;
  if (e->scratch.status) e->text->status = e->scratch.status;
  release(e);
  return ok ? e->text->status : TRI_MEMORY;
}
