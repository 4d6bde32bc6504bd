/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Makes the pieces of a loop by vectors of machine code. */
#include <string.h>

#include "eval/native_lanes.h"

/* Operations up to which a body is one piece, with the loops in it written out. */
enum { WHOLE = 4000 };

struct making {
  struct native_maker *maker;
  struct memory *memory;
  const struct plan_loop *loop;
  const struct plan *body;
  struct native_lanes *lanes;
  const struct lane_kernels *kernels;
  struct lanes_home *homes; /* by value of the body */
  uint32_t *piece;          /* by step of the body */
  uint32_t *giver;          /* by value: the piece that gives it, or NATIVE_NONE */
  uint8_t *crosses;         /* by value: another piece reads it */
  uint8_t *read;            /* by step input */
  /* by value: its first sum over points where a loop adds to that itself, or NATIVE_NONE */
  uint32_t *sums;
};

/* The outputs of a straight piece, in the making. */
struct outlets {
  uint32_t *values;
  struct lanes_home *homes;
  uint8_t *codes;
  uint32_t count;
};

/* Places are 32 bits: make looks whether they were enough. */
static uint32_t take_frame(struct making *m, size_t count) {
  uint32_t place = (uint32_t)m->lanes->frame_count;
  m->lanes->frame_count += count;
  return place;
}

/* --- which pieces there are */

/* Straight code and loops by turns; the last piece is straight. */
static void cut(struct making *m, bool whole) {
  uint32_t piece = 0;
  for (uint32_t i = 0; i < m->body->step_count; i++) {
    bool rolled = !whole && m->body->steps[i].op == TRI_OP_loop;
    if (rolled && i && m->body->steps[i - 1].op != TRI_OP_loop) piece++;
    m->piece[i] = piece;
    if (rolled) piece++;
    for (uint32_t k = 0; k < m->body->steps[i].results; k++)
      m->giver[m->body->steps[i].result + k] = m->piece[i];
  }
  m->lanes->piece_count = piece + 1;
}

static bool is_rolled(const struct making *m, uint32_t piece, uint32_t *step) {
  for (uint32_t i = 0; i < m->body->step_count; i++)
    if (m->piece[i] == piece) {
      *step = i;
      return m->lanes->piece_count > 1 && m->body->steps[i].op == TRI_OP_loop;
    }
  return false;
}

/* --- what goes from one piece to another */

static void find_crossing(struct making *m) {
  const struct plan *p = m->body;
  for (uint32_t i = 0; i < p->step_count; i++) {
    const uint32_t *args = step_args(p, p->steps + i);
    bool rolled = m->lanes->piece_count > 1 && p->steps[i].op == TRI_OP_loop;
    for (uint32_t k = 0; k < p->steps[i].nargs; k++)
      if (rolled || (m->giver[args[k]] != NATIVE_NONE && m->giver[args[k]] != m->piece[i]))
        m->crosses[args[k]] = true;
  }
}

/* The node's output that the body's output is. */
static uint32_t node_output(const struct plan_loop *l, uint32_t output) {
  uint32_t i = 0;
  while (l->output[i] != output) i++;
  return i;
}

static bool is_summed(const struct making *m, uint32_t output) {
  return node_output(m->loop, output) >= m->loop->as.stacked;
}

/* Whether a value is what a loop stacks, and no more than this output. */
static bool is_lone(const struct making *m, uint32_t output) {
  const struct plan *p = m->body;
  uint32_t v = p->outputs[output], step, i;
  if (m->giver[v] == NATIVE_NONE || m->crosses[v] || !is_rolled(m, m->giver[v], &step))
    return false;
  const struct plan_loop *l = p->loops + p->steps[step].index;
  for (uint32_t o = 0; o < p->output_count; o++)
    if (o != output && p->outputs[o] == v) return false;
  return tri__loop_result_kind(&l->as, l->kept[v - p->steps[step].result], &i) == RESULT_STACKED;
}

/* Where outputs are: sums of their own, or the frame. */
static void place_results(struct making *m) {
  const struct plan *p = m->body;
  for (uint32_t k = 0; k < m->loop->results; k++) {
    uint32_t output = m->loop->output[m->loop->kept[k]], v = p->outputs[output];
    if (is_summed(m, output)) {
      m->lanes->result_place[k] = (uint32_t)m->lanes->sum_count;
      m->lanes->sum_count += count_of_value(p, v);
      if (is_lone(m, output)) m->sums[v] = m->lanes->result_place[k];
    } else {
      m->lanes->result_place[k] = NATIVE_NONE;
    }
  }
  for (uint32_t o = 0; o < p->output_count; o++) { /* after is_lone looked */
    uint32_t v = p->outputs[o], step;
    bool of_loop = m->giver[v] != NATIVE_NONE && is_rolled(m, m->giver[v], &step);
    if (m->sums[v] == NATIVE_NONE && (of_loop || !is_summed(m, o))) m->crosses[v] = true;
  }
}

static bool grow(struct making *m, void *array, size_t *room, size_t count, size_t size) {
  void *grown = *(void **)array;
  if (!tri__grow(m->memory, &grown, room, count, size)) return false;
  *(void **)array = grown;
  return true;
}

/* A constant that a loop reads gets a place in the table. */
static bool place_constant(struct making *m, uint32_t v) {
  const struct plan_constant *c = m->body->constants + (v - m->body->input_count);
  struct native_lanes *u = m->lanes;
  struct numbers n;
  if (!grow(m, &u->table, &u->table_room, u->table_count + 1, sizeof *u->table)) return false;
  if (!tri__numbers_open(&n, TRI_DOUBLE, 0, 0, m->memory, NULL, NULL)) return false;
  if (c->pi)
    n.domain->set_pi(&n, u->table + u->table_count);
  else
    n.domain->set_rational(&n, u->table + u->table_count, c->q);
  tri__numbers_close(&n);
  m->homes[v] = (struct lanes_home){IN_TABLE, (uint32_t)u->table_count++};
  return true;
}

static bool place_leaves(struct making *m) {
  const struct plan *p = m->body;
  for (uint32_t v = 0; v < p->input_count; v++) {
    bool step = v < m->loop->as.steps;
    m->homes[v] = (struct lanes_home){step ? IN_FRAME : IN_ARGUMENT, v};
    if (step) m->homes[v].index = take_frame(m, count_of_value(p, v));
  }
  for (uint32_t v = p->input_count; v < first_result(p); v++)
    if (m->crosses[v] && !place_constant(m, v)) return false;
  return true;
}

/* --- pieces: their arrays */

static uint32_t add_array(struct making *m, struct lanes_piece *piece, struct lanes_home home,
                          size_t stride) {
  if (!grow(m, &piece->arrays, &piece->array_room, piece->array_count + 1, sizeof *piece->arrays))
    return NATIVE_NONE;
  if (lanes_varies(&home)) stride *= LANE_FEW;
  piece->arrays[piece->array_count] = (struct lanes_array){home, stride};
  return piece->array_count++;
}

/* Ports of the flat plan's inputs from number `from` on, if any are read. */
static bool add_ports(struct making *m, struct lanes_piece *piece, const struct flat_plan *flat,
                      size_t from, size_t count, struct lanes_home home, size_t stride,
                      struct native_port *ports, bool *any) {
  uint32_t array = NATIVE_NONE;
  for (size_t e = 0; e < count; e++) {
    uint32_t place = flat->place[from + e];
    if (place == NO_INPUT) continue;
    if (array == NATIVE_NONE) array = add_array(m, piece, home, stride);
    if (array == NATIVE_NONE) return false;
    ports[place] = (struct native_port){array, (uint32_t)e, lanes_varies(&home)};
    if (any) *any = true;
  }
  return true;
}

static bool open_parts(struct making *m, struct lanes_piece *piece, const struct plan *body,
                       const struct flat_plan *flat) {
  piece->part_count = (uint32_t)flat->part_count;
  piece->parts = tri__new(m->memory, piece->part_count, sizeof *piece->parts);
  if (!piece->parts) return false;
  for (uint32_t k = 0; k < piece->part_count; k++) {
    const struct flat_part *from = flat->parts + k;
    struct lanes_part *to = piece->parts + k;
    *to = (struct lanes_part){.array = from->array, .index = from->index, .offset = from->offset};
    to->parts = (size_t)body->dims[body->shapes[body->values[from->array].shape].first];
    to->each = to->parts ? count_of_value(body, from->array) / to->parts : 0;
    if (to->each > m->lanes->widest) m->lanes->widest = to->each;
  }
  return true;
}

/* --- straight pieces */

static void add_outlet(struct outlets *o, uint32_t v, struct lanes_home home, uint8_t code) {
  o->values[o->count] = v;
  o->homes[o->count] = home;
  o->codes[o->count++] = code;
}

static bool open_outlets(struct making *m, struct outlets *o) {
  size_t room = (size_t)m->body->value_count + m->body->output_count;
  *o = (struct outlets){.values = tri__new(m->memory, room, sizeof *o->values)};
  o->homes = tri__new(m->memory, room, sizeof *o->homes);
  o->codes = tri__new(m->memory, room, 1);
  return o->values && o->homes && o->codes;
}

static void close_outlets(struct making *m, struct outlets *o) {
  size_t room = (size_t)m->body->value_count + m->body->output_count;
  tri__free(m->memory, o->values, room, sizeof *o->values);
  tri__free(m->memory, o->homes, room, sizeof *o->homes);
  tri__free(m->memory, o->codes, room, 1);
}

/* What a straight piece leaves: values for others, and what of the loop's results is its to give;
 * the last gives all that no other piece can. */
static void find_outlets(struct making *m, uint32_t piece, struct outlets *o) {
  const struct plan *p = m->body;
  bool last = piece + 1 == m->lanes->piece_count;
  for (uint32_t v = first_result(p); v < p->value_count; v++)
    if (m->crosses[v] && m->giver[v] == piece) {
      m->homes[v] = (struct lanes_home){IN_FRAME, take_frame(m, count_of_value(p, v))};
      add_outlet(o, v, m->homes[v], NATIVE_PUT);
    }
  for (uint32_t k = 0; k < m->loop->results; k++) {
    uint32_t output = m->loop->output[m->loop->kept[k]], v = p->outputs[output], step;
    bool straight = m->giver[v] != NATIVE_NONE && !is_rolled(m, m->giver[v], &step);
    if (is_summed(m, output)) {
      struct lanes_home home = {IN_SUMS, m->lanes->result_place[k]};
      if (m->sums[v] == NATIVE_NONE && (straight ? m->giver[v] == piece : last))
        add_outlet(o, v, home, NATIVE_SUM_SOME);
    } else if (last && m->homes[v].space == IN_FRAME && m->giver[v] != NATIVE_NONE) {
      m->lanes->result_place[k] = m->homes[v].index;
    } else if (last) {
      struct lanes_home home = {IN_FRAME, take_frame(m, count_of_value(p, v))};
      m->lanes->result_place[k] = home.index;
      add_outlet(o, v, home, NATIVE_PUT);
    }
  }
}

static bool straight_inputs(struct making *m, struct lanes_piece *piece,
                            const struct flat_plan *flat, struct native_port *ports) {
  const struct plan *p = m->body;
  size_t next = 0;
  for (uint32_t v = 0; v < p->value_count; v++) {
    bool any = false;
    if (!add_ports(m, piece, flat, next, count_of_value(p, v), m->homes[v], 0, ports, &any))
      return false;
    if (any && v < m->loop->as.steps) m->read[v] = true;
    next += count_of_value(p, v);
  }
  if (!open_parts(m, piece, p, flat)) return false;
  for (uint32_t k = 0; k < piece->part_count; k++) {
    struct lanes_part *part = piece->parts + k;
    part->place = take_frame(m, part->each);
    struct lanes_home home = {IN_FRAME, part->place};
    if (!add_ports(m, piece, flat, flat->parts[k].input, part->each, home, 0, ports, NULL))
      return false;
  }
  return true;
}

static bool straight_outputs(struct making *m, struct lanes_piece *piece, const struct outlets *o,
                             struct native_end *ends) {
  for (uint32_t i = 0; i < o->count; i++) {
    uint32_t array = add_array(m, piece, o->homes[i], 0);
    if (array == NATIVE_NONE) return false;
    for (size_t e = 0; e < count_of_value(m->body, o->values[i]); e++)
      *ends++ = (struct native_end){o->codes[i], {array, (uint32_t)e, true}};
  }
  return true;
}

/* Code for a flat plan whose ports the two functions give. */
static bool straight_code(struct making *m, struct lanes_piece *piece, struct flat_plan *flat,
                          const struct outlets *o) {
  size_t inputs = flat->plan->input_count, outputs = flat->plan->output_count;
  struct native_port *ports = tri__new(m->memory, inputs, sizeof *ports);
  struct native_end *ends = tri__new(m->memory, outputs, sizeof *ends);
  if (ports && ends && straight_inputs(m, piece, flat, ports) &&
      straight_outputs(m, piece, o, ends))
    piece->code = tri__native_unit(m->maker, flat, ports, ends, m->kernels);
  tri__free(m->memory, ports, inputs, sizeof *ports);
  tri__free(m->memory, ends, outputs, sizeof *ends);
  return piece->code != NULL;
}

static bool straight_piece(struct making *m, uint32_t number) {
  const struct plan *p = m->body;
  struct outlets o;
  struct flat_plan flat = {.plan = NULL};
  struct flat_range range = {p->step_count, p->step_count, NULL, 0};
  for (uint32_t i = p->step_count; i-- > 0;)
    if (m->piece[i] == number) range.first = i;
  for (uint32_t i = 0; i < p->step_count; i++)
    if (m->piece[i] == number) range.end = i + 1;
  bool ok = open_outlets(m, &o);
  if (ok) find_outlets(m, number, &o);
  range.outputs = o.values;
  range.output_count = o.count;
  ok = ok && tri__plan_flat_range(p, m->memory, NATIVE_MOST_WRITTEN, m->loop->as.steps,
                                  m->loop->as.constants, &range, &flat);
  ok = ok && flat.plan && straight_code(m, m->lanes->pieces + number, &flat, &o);
  tri__plan_flat_free(&flat, m->memory);
  close_outlets(m, &o);
  return ok;
}

/* --- loops */

/* Places of the carries; a result that is one is where the last step leaves it. */
static bool place_carries(struct making *m, struct lanes_piece *piece,
                          const struct instruction *s) {
  const struct plan_loop *l = piece->loop;
  const uint32_t *args = step_args(m->body, s) + l->as.steps + l->as.constants;
  piece->carries = tri__new(m->memory, l->as.carries, sizeof *piece->carries);
  if (!piece->carries) return false;
  for (uint32_t c = 0; c < l->as.carries; c++) {
    struct lanes_carry *carry = piece->carries + c;
    size_t count = count_of_value(m->body, args[c]);
    bool stays = l->output[l->as.stacked + l->as.summed + c] == NO_OUTPUT;
    carry->count = (uint32_t)count;
    carry->initial = m->homes[args[c]];
    carry->place[0] = take_frame(m, count);
    carry->place[1] = stays ? carry->place[0] : take_frame(m, count);
  }
  return true;
}

static bool place_loop_results(struct making *m, struct lanes_piece *piece,
                               const struct instruction *s) {
  const struct plan_loop *l = piece->loop;
  piece->results = tri__new(m->memory, l->results, sizeof *piece->results);
  if (!piece->results) return false;
  for (uint32_t k = 0; k < l->results; k++) {
    uint32_t v = s->result + k, i;
    size_t count = count_of_value(m->body, v);
    enum loop_result kind = tri__loop_result_kind(&l->as, l->kept[k], &i);
    if (m->sums[v] != NATIVE_NONE)
      m->homes[v] = (struct lanes_home){IN_SUMS, m->sums[v]};
    else if (kind == RESULT_CARRY)
      m->homes[v] = (struct lanes_home){IN_FRAME, piece->carries[i].place[l->as.n & 1]};
    else
      m->homes[v] = (struct lanes_home){IN_FRAME, take_frame(m, count)};
    if (kind == RESULT_SUMMED || kind == RESULT_CARRIES)
      piece->results[piece->result_count++] = (struct lanes_result){
          m->homes[v].index, (uint32_t)count, kind == RESULT_CARRIES ? i : NATIVE_NONE};
  }
  return true;
}

/* Where a parameter of an inner loop's body is. */
static struct lanes_home parameter(const struct making *m, const struct plan_loop *l,
                                   const uint32_t *args, uint32_t i) {
  if (i < l->as.steps && l->counted[i]) return (struct lanes_home){IN_COUNTED, i};
  if (i >= l->as.steps + l->as.constants)
    return (struct lanes_home){IN_CARRY, i - l->as.steps - l->as.constants};
  return m->homes[args[i]];
}

static bool loop_inputs(struct making *m, struct lanes_piece *piece, const struct instruction *s,
                        const struct flat_plan *flat, struct native_port *ports) {
  const struct plan_loop *l = piece->loop;
  const uint32_t *args = step_args(m->body, s);
  size_t next = 0;
  piece->homes = tri__new(m->memory, l->body->input_count, sizeof *piece->homes);
  if (!piece->homes) return false;
  for (uint32_t i = 0; i < l->body->input_count; i++) {
    size_t count = count_of_value(l->body, i);
    struct lanes_home home = piece->homes[i] = parameter(m, l, args, i);
    if (!add_ports(m, piece, flat, next, count, home, i < l->as.steps ? count : 0, ports, NULL))
      return false;
    if (i < l->as.steps + l->as.constants && args[i] < m->loop->as.steps) m->read[args[i]] = true;
    next += count;
  }
  if (!open_parts(m, piece, l->body, flat)) return false;
  for (uint32_t k = 0; k < piece->part_count; k++) {
    struct lanes_part *part = piece->parts + k;
    const struct lanes_home *array = piece->homes + part->array, chosen = {IN_CHOSEN, k};
    if (lanes_varies(piece->homes + part->index)) return false; /* each point has its own */
    size_t first = piece->array_count;
    if (!add_ports(m, piece, flat, flat->parts[k].input, part->each, chosen, 0, ports, NULL))
      return false;
    for (uint32_t i = 0; piece->array_count > first && i < flat->plan->input_count; i++)
      if (ports[i].array == first) ports[i].varies = lanes_varies(array);
  }
  return true;
}

static bool loop_outputs_to(struct making *m, struct lanes_piece *piece,
                            const struct instruction *s, struct native_end *ends) {
  const struct plan_loop *l = piece->loop;
  for (uint32_t o = 0; o < l->body->output_count; o++) {
    uint32_t node = node_output(l, o), carry = node - l->as.stacked - l->as.summed, k = 0;
    size_t count = count_of_value(l->body, l->body->outputs[o]);
    struct lanes_home home = {IN_NEXT, carry};
    uint8_t code = NATIVE_PUT;
    if (node < l->as.stacked + l->as.summed) {
      while (l->kept[k] != node) k++;
      home = m->homes[s->result + k];
      code = node >= l->as.stacked   ? NATIVE_SUM
             : home.space == IN_SUMS ? NATIVE_SUM_SOME
                                     : NATIVE_PUT;
    }
    uint32_t array = add_array(m, piece, home, node < l->as.stacked ? count : 0);
    if (array == NATIVE_NONE) return false;
    for (size_t e = 0; e < count; e++)
      *ends++ = (struct native_end){code, {array, (uint32_t)e, true}};
  }
  return true;
}

static bool loop_code(struct making *m, struct lanes_piece *piece, const struct instruction *s,
                      struct flat_plan *flat) {
  size_t inputs = flat->plan->input_count, outputs = flat->plan->output_count;
  struct native_port *ports = tri__new(m->memory, inputs, sizeof *ports);
  struct native_end *ends = tri__new(m->memory, outputs, sizeof *ends);
  if (ports && ends && loop_inputs(m, piece, s, flat, ports) && loop_outputs_to(m, piece, s, ends))
    piece->code = tri__native_unit(m->maker, flat, ports, ends, m->kernels);
  tri__free(m->memory, ports, inputs, sizeof *ports);
  tri__free(m->memory, ends, outputs, sizeof *ends);
  return piece->code != NULL;
}

static bool loop_piece(struct making *m, uint32_t number, uint32_t step) {
  struct lanes_piece *piece = m->lanes->pieces + number;
  const struct instruction *s = m->body->steps + step;
  struct flat_plan flat = {.plan = NULL};
  piece->loop = m->body->loops + s->index;
  const struct loop *as = &piece->loop->as;
  bool ok = as->n >= 0 && place_carries(m, piece, s) && place_loop_results(m, piece, s) &&
            tri__plan_flat(piece->loop->body, m->memory, NATIVE_MOST_WRITTEN, as->steps,
                           as->constants, &flat);
  ok = ok && flat.plan && loop_code(m, piece, s, &flat);
  tri__plan_flat_free(&flat, m->memory);
  return ok;
}

/* --- the whole */

static bool make_pieces(struct making *m) {
  struct native_lanes *u = m->lanes;
  u->pieces = tri__new(m->memory, u->piece_count, sizeof *u->pieces);
  for (uint32_t i = 0; u->pieces && i < u->piece_count; i++) {
    uint32_t step;
    if (is_rolled(m, i, &step) ? !loop_piece(m, i, step) : !straight_piece(m, i)) return false;
    if (u->pieces[i].code->work_count > u->work_count)
      u->work_count = u->pieces[i].code->work_count;
    if (u->pieces[i].array_count > u->array_most) u->array_most = u->pieces[i].array_count;
  }
  return u->pieces != NULL;
}

/* Whether the body is small when it is written out; false in *ok when out of memory. */
static bool is_small(struct making *m, bool *ok) {
  struct flat_plan flat = {.plan = NULL};
  uint32_t most = m->body->loop_count ? WHOLE : NATIVE_MOST_WRITTEN;
  *ok = tri__plan_flat(m->body, m->memory, most, m->loop->as.steps, m->loop->as.constants, &flat);
  bool small = flat.plan != NULL;
  tri__plan_flat_free(&flat, m->memory);
  return small;
}

static bool make(struct making *m) {
  struct native_lanes *u = m->lanes;
  bool ok, small = is_small(m, &ok);
  if (!ok || (!small && !m->body->loop_count)) return false;
  cut(m, small);
  find_crossing(m);
  place_results(m);
  if (!place_leaves(m) || !make_pieces(m)) return false;
  if (u->frame_count > UINT32_MAX || u->sum_count > UINT32_MAX) return false; /* see take_frame */
  for (uint32_t i = 0; i < m->loop->as.steps; i++)
    u->input_place[i] = m->read[i] ? m->homes[i].index : NATIVE_NONE;
  return true;
}

static bool allocate(struct making *m) {
  const struct plan *p = m->body;
  m->homes = tri__new(m->memory, p->value_count, sizeof *m->homes);
  m->piece = tri__new(m->memory, p->step_count, sizeof *m->piece);
  m->giver = tri__new(m->memory, p->value_count, sizeof *m->giver);
  m->crosses = tri__new(m->memory, p->value_count, 1);
  m->read = tri__new(m->memory, m->loop->as.steps, 1);
  m->sums = tri__new(m->memory, p->value_count, sizeof *m->sums);
  m->lanes->input_place = tri__new(m->memory, m->loop->as.steps, sizeof(uint32_t));
  m->lanes->result_place = tri__new(m->memory, m->loop->results, sizeof(uint32_t));
  if (!m->homes || !m->piece || !m->giver || !m->crosses || !m->read || !m->sums ||
      !m->lanes->input_place || !m->lanes->result_place)
    return false;
  memset(m->giver, 0xff, p->value_count * sizeof *m->giver); /* NATIVE_NONE */
  memset(m->sums, 0xff, p->value_count * sizeof *m->sums);
  return true;
}

static void release(struct making *m) {
  const struct plan *p = m->body;
  tri__free(m->memory, m->homes, p->value_count, sizeof *m->homes);
  tri__free(m->memory, m->piece, p->step_count, sizeof *m->piece);
  tri__free(m->memory, m->giver, p->value_count, sizeof *m->giver);
  tri__free(m->memory, m->crosses, p->value_count, 1);
  tri__free(m->memory, m->read, m->loop->as.steps, 1);
  tri__free(m->memory, m->sums, p->value_count, sizeof *m->sums);
}

struct native_lanes *tri__native_lanes_new(struct native_maker *maker, const struct plan_loop *l) {
  struct making m = {.maker = maker, .memory = maker->memory, .loop = l, .body = l->body};
  if (l->body->size_count) return NULL;
  m.kernels = tri__lane_kernels(TRI_DOUBLE, 0);
  m.lanes = tri__new(m.memory, 1, sizeof *m.lanes);
  if (!m.lanes) return NULL;
  m.lanes->loop = l;
  m.lanes->kernels = m.kernels;
  bool ok = allocate(&m) && make(&m);
  release(&m);
  if (ok) return m.lanes;
  tri__native_lanes_free(maker, m.lanes);
  return NULL;
}

static void free_piece(struct native_maker *m, struct lanes_piece *p) {
  tri__native_cache_drop(m->cache, m->memory, p->code);
  tri__free(m->memory, p->arrays, p->array_room, sizeof *p->arrays);
  if (p->carries) tri__free(m->memory, p->carries, p->loop->as.carries, sizeof *p->carries);
  if (p->results) tri__free(m->memory, p->results, p->loop->results, sizeof *p->results);
  if (p->homes) tri__free(m->memory, p->homes, p->loop->body->input_count, sizeof *p->homes);
  tri__free(m->memory, p->parts, p->part_count, sizeof *p->parts);
}

void tri__native_lanes_free(struct native_maker *m, struct native_lanes *u) {
  if (!u) return;
  for (uint32_t i = 0; u->pieces && i < u->piece_count; i++) free_piece(m, u->pieces + i);
  tri__free(m->memory, u->pieces, u->piece_count, sizeof *u->pieces);
  tri__free(m->memory, u->table, u->table_room, sizeof *u->table);
  tri__free(m->memory, u->input_place, u->loop->as.steps, sizeof *u->input_place);
  tri__free(m->memory, u->result_place, u->loop->results, sizeof *u->result_place);
  tri__free(m->memory, u, 1, sizeof *u);
}

size_t tri__native_lanes_users(const struct native_lanes *u) { return u->pieces[0].code->users; }
