/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Groups and single operations in an order: stages, in which loops come after what is single;
 * straight code in pieces that a compiler takes time in proportion for; and places for results
 * that are read elsewhere than where they are computed. */
#include "eval/native_layout.h"

/* Operations of one function; fewer where numbers go to the arrays of a call all the time, whose
 * order takes a compiler longer. */
enum { PIECE = 1000, BODY_PIECE = 400 };

/* --- stages: single operations of stage i, then the loops of stage i, then stage i + 1 */

/* When the result of an operation can be read by what is not in step with it. */
static uint32_t stage_of(const struct native_draft *d, uint32_t v) {
  const struct native_layout *l = d->layout;
  if (native_is_leaf(d->program.ops + v)) return 0;
  return l->group[v] == NATIVE_NONE ? l->stage[v] : d->program.groups[l->group[v]].stage + 1;
}

/* Whether an operand may be handed over in a register where its group is in the same loop. */
static bool in_step(const struct native_draft *d, const struct native_operand *x) {
  return x->kind == NATIVE_MEMORY && x->from < SINGLE && x->first == 0 && x->stride == 1 &&
         !d->program.groups[x->from].is_chain;
}

/* The first stage for a group, and the loop it must be in if it reads in step there. */
static uint32_t stage_of_group(const struct native_draft *d, const struct native_group *g,
                               uint32_t *loop) {
  const struct native_layout *l = d->layout;
  uint32_t stage = 0;
  *loop = NATIVE_NONE;
  for (int k = 0; k < (g->is_chain ? 2 : g->nargs); k++) {
    const struct native_operand *x = &g->operand[k];
    if (x->kind != NATIVE_MEMORY || x->from >= CLASS_FIRST) continue;
    uint32_t s = x->from >= SINGLE ? stage_of(d, x->from - SINGLE)
                                   : d->program.groups[x->from].stage + !in_step(d, x);
    if (s > stage) stage = s;
  }
  for (int k = 0; k < g->nargs; k++) {
    const struct native_operand *x = &g->operand[k];
    if (!in_step(d, x) || d->program.groups[x->from].stage != stage) continue;
    if (*loop != NATIVE_NONE && *loop != l->loop[x->from]) return stage + 1;
    *loop = l->loop[x->from];
  }
  return stage;
}

static bool has_room(struct native_loop *loop, uint32_t n) {
  uint32_t i = 0;
  while (i < loop->size_count && loop->sizes[i] != n) i++;
  if (loop->count == NATIVE_LOOP_GROUPS || i == NATIVE_LOOP_SIZES) return false;
  if (i == loop->size_count) loop->sizes[loop->size_count++] = n;
  loop->count++;
  return true;
}

/* Puts a group into a loop: that which it reads from if it can, else the last, else a new one. */
static bool place_group(struct native_draft *d, uint32_t number) {
  struct native_layout *l = d->layout;
  struct native_group *g = d->program.groups + number;
  uint32_t loop;
  g->stage = stage_of_group(d, g, &loop);
  if (loop != NATIVE_NONE &&
      (l->loops[loop].stage != g->stage || !has_room(l->loops + loop, g->n))) {
    g->stage = l->loops[loop].stage + 1;
    loop = NATIVE_NONE;
  } else if (loop != NATIVE_NONE) {
    l->loop[number] = loop;
    return true;
  }
  for (loop = l->loop_count; loop-- > 0 && loop + 8 > l->loop_count;)
    if (l->loops[loop].stage == g->stage && has_room(l->loops + loop, g->n)) {
      l->loop[number] = loop;
      return true;
    }
  void *loops = l->loops;
  if (!tri__grow(d->memory, &loops, &l->loop_capacity, l->loop_count + 1, sizeof *l->loops))
    return false;
  l->loops = loops;
  l->loops[l->loop_count] = (struct native_loop){.stage = g->stage};
  has_room(l->loops + l->loop_count, g->n);
  l->loop[number] = l->loop_count++;
  return true;
}

static bool find_stages(struct native_draft *d) {
  struct native_layout *l = d->layout;
  l->kept_groups = d->program.group_count;
  l->loop = tri__new(d->memory, l->kept_groups, sizeof *l->loop);
  if (!l->loop) return false;
  for (uint32_t i = 0; i < l->unit_count; i++) {
    uint32_t op = l->units[i].op, group = l->units[i].group, stage = 0;
    if (group != NATIVE_NONE) {
      if (!place_group(d, group)) return false;
      stage = d->program.groups[group].stage;
    } else {
      for (int k = 0; k < d->program.ops[op].nargs; k++) {
        uint32_t s = stage_of(d, d->program.ops[op].arg[k]);
        stage = s > stage ? s : stage;
      }
      l->stage[op] = stage;
    }
    if (stage >= l->stage_count) l->stage_count = stage + 1;
  }
  return true;
}

/* --- regions */

static bool add_region(struct native_draft *d, bool loop, uint32_t first, uint32_t count) {
  struct native_program *p = &d->program;
  void *regions = p->regions;
  if (!tri__grow(d->memory, &regions, &d->layout->region_capacity, p->region_count + 1,
                 sizeof *p->regions))
    return false;
  p->regions = regions;
  p->regions[p->region_count++] = (struct native_region){loop, first, count};
  return true;
}

/* A stage's single operations order[from … to), cut in pieces of about the same size. */
static bool add_pieces(struct native_draft *d, uint32_t from, uint32_t to) {
  struct native_program *p = &d->program;
  uint32_t most = p->ports ? BODY_PIECE : PIECE;
  uint32_t n = to - from, pieces = (n + most - 1) / most;
  for (uint32_t i = 0; i < pieces; i++) {
    uint32_t a = from + (uint32_t)((uint64_t)n * i / pieces),
             b = from + (uint32_t)((uint64_t)n * (i + 1) / pieces);
    for (uint32_t k = a; k < b; k++) d->layout->region[p->order[k]] = p->region_count;
    if (!add_region(d, false, a, b - a)) return false;
  }
  return true;
}

/* Lists of the loops of each stage, in their order: first[stage], next[loop], NATIVE_NONE behind
 * the last. */
static void list_loops(const struct native_layout *l, uint32_t *first, uint32_t *next) {
  for (uint32_t i = 0; i < l->stage_count; i++) first[i] = NATIVE_NONE;
  for (uint32_t i = l->loop_count; i-- > 0;) {
    next[i] = first[l->loops[i].stage];
    first[l->loops[i].stage] = i;
  }
}

/* The loops of a stage from `loop` on; the groups of one in their order. */
static bool add_loops(struct native_draft *d, uint32_t loop, const uint32_t *next,
                      const uint32_t *start) {
  for (; loop != NATIVE_NONE; loop = next[loop])
    if (!add_region(d, true, start[loop], d->layout->loops[loop].count)) return false;
  return true;
}

/* program.loops: groups by loop; start[i]: where loop i begins. */
static void sort_loops(struct native_draft *d, uint32_t *start) {
  const struct native_layout *l = d->layout;
  uint32_t at = 0;
  for (uint32_t i = 0; i < l->loop_count; at += l->loops[i++].count) start[i] = at;
  for (uint32_t i = 0; i < l->unit_count; i++)
    if (l->units[i].group != NATIVE_NONE)
      d->program.loops[start[l->loop[l->units[i].group]]++] = l->units[i].group;
  for (uint32_t i = 0; i < l->loop_count; i++) start[i] -= l->loops[i].count;
}

/* program.order: single operations by stage; start[i]: where stage i begins. */
static void sort_singles(struct native_draft *d, uint32_t *start) {
  const struct native_layout *l = d->layout;
  const struct native_program *p = &d->program;
  for (uint32_t v = 0; v < p->op_count; v++)
    if (p->ops[v].used && !native_is_leaf(p->ops + v) && l->group[v] == NATIVE_NONE)
      start[l->stage[v] + 2]++;
  for (uint32_t i = 2; i < l->stage_count + 2; i++) start[i] += start[i - 1];
  for (uint32_t v = 0; v < p->op_count; v++)
    if (p->ops[v].used && !native_is_leaf(p->ops + v) && l->group[v] == NATIVE_NONE)
      p->order[start[l->stage[v] + 1]++] = v;
}

static bool make_regions(struct native_draft *d) {
  struct native_layout *l = d->layout;
  struct native_program *p = &d->program;
  uint32_t *singles = tri__new(d->memory, (size_t)l->stage_count + 3, sizeof *singles);
  uint32_t *loops = tri__new(d->memory, l->loop_count, sizeof *loops);
  uint32_t *first = tri__new(d->memory, l->stage_count, sizeof *first);
  uint32_t *next = tri__new(d->memory, l->loop_count, sizeof *next);
  p->order = tri__new(d->memory, p->op_count, sizeof *p->order);
  p->loops = tri__new(d->memory, l->kept_groups, sizeof *p->loops);
  bool ok = singles && loops && first && next && p->order && p->loops;
  if (ok) sort_singles(d, singles);
  if (ok) sort_loops(d, loops);
  if (ok) list_loops(l, first, next);
  for (uint32_t i = 0; ok && i < l->stage_count; i++)
    ok = add_pieces(d, singles[i], singles[i + 1]) && add_loops(d, first[i], next, loops);
  tri__free(d->memory, singles, (size_t)l->stage_count + 3, sizeof *singles);
  tri__free(d->memory, loops, l->loop_count, sizeof *loops);
  tri__free(d->memory, first, l->stage_count, sizeof *first);
  tri__free(d->memory, next, l->loop_count, sizeof *next);
  return ok;
}

/* --- places in the work array */

/* Operation v is read from another region: its result must be kept. */
static void keep(struct native_draft *d, uint32_t v) {
  struct native_program *p = &d->program;
  if (native_is_leaf(p->ops + v)) return;
  uint32_t group = d->layout->group[v];
  struct native_group *g = p->groups + group;
  if (group != NATIVE_NONE && g->is_chain && d->layout->position[v] == g->n - 1)
    g->ends = true;
  else if (group != NATIVE_NONE)
    g->stored = true;
  else if (p->place[v] == NATIVE_NONE)
    p->place[v] = p->work_count++;
}

static void keep_operand(struct native_draft *d, uint32_t group, struct native_operand *x) {
  struct native_program *p = &d->program;
  if (x->kind != NATIVE_MEMORY || x->from >= CLASS_FIRST || x->space != NATIVE_WORK) return;
  /* A chain reads its operands from memory one by one: that is faster than taking them out of
   * vectors. */
  if (x->from >= SINGLE)
    keep(d, x->from - SINGLE);
  else if (in_step(d, x) && d->layout->loop[x->from] == d->layout->loop[group] &&
           !p->groups[group].is_chain)
    x->kind = NATIVE_LANE;
  else
    p->groups[x->from].stored = true;
}

static void find_kept(struct native_draft *d) {
  struct native_program *p = &d->program;
  for (uint32_t v = 0; v < p->op_count; v++) p->place[v] = NATIVE_NONE;
  for (uint32_t i = 0; i < p->region_count; i++) {
    const struct native_region *r = p->regions + i;
    for (uint32_t k = 0; !r->loop && k < r->count; k++) {
      const struct native_op *op = p->ops + p->order[r->first + k];
      for (int j = 0; j < op->nargs; j++)
        if (d->layout->group[op->arg[j]] != NATIVE_NONE || d->layout->region[op->arg[j]] != i)
          keep(d, op->arg[j]);
    }
  }
  for (uint32_t g = 0; g < p->group_count; g++)
    for (int k = 0; k < (p->groups[g].is_chain ? 2 : p->groups[g].nargs); k++)
      keep_operand(d, g, &p->groups[g].operand[k]);
  for (uint32_t i = 0; i < d->output_count; i++) keep(d, d->outputs[i]);
}

static bool give_places(struct native_draft *d) {
  struct native_program *p = &d->program;
  const struct native_layout *l = d->layout;
  uint64_t count = p->work_count;
  for (uint32_t g = 0; g < p->group_count; g++) {
    struct native_group *group = p->groups + g;
    if (group->code == NATIVE_STORE || (!group->stored && !group->ends)) continue;
    group->place = group->stored ? (int64_t)count : (int64_t)count - group->n + 1;
    count += group->stored ? group->n : 1;
  }
  if (count >= NATIVE_NONE) return false;
  p->work_count = (uint32_t)count;
  for (uint32_t v = 0; v < p->op_count; v++)
    if (l->group[v] != NATIVE_NONE &&
        (p->groups[l->group[v]].stored || p->groups[l->group[v]].ends))
      p->place[v] = (uint32_t)(p->groups[l->group[v]].place + l->position[v]);
  for (uint32_t g = 0; g < p->group_count; g++)
    for (int k = 0; k < NATIVE_ARGS; k++) {
      struct native_operand *x = &p->groups[g].operand[k];
      if (x->kind != NATIVE_MEMORY || x->space != NATIVE_WORK) continue;
      x->first += x->from >= SINGLE ? p->place[x->from - SINGLE] : p->groups[x->from].place;
    }
  return true;
}

/* --- the whole */

static bool lay_regions(struct native_draft *d) {
  if (!find_stages(d) || !make_regions(d)) return false;
  find_kept(d);
  return give_places(d);
}

bool tri__native_lay_out(struct native_draft *d) { return tri__native_groups(d) && lay_regions(d); }

static void free_layout(struct native_draft *d) {
  struct memory *m = d->memory;
  uint32_t n = d->program.op_count;
  struct native_layout *l = d->layout;
  if (!l) return;
  uint32_t *arrays[] = {l->level, l->order, l->group, l->position, l->before,
                        l->after, l->head,  l->rank,  l->stage,    l->region};
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
    tri__free(m, arrays[i], n, sizeof(uint32_t));
  tri__free(m, l->units, n, sizeof *l->units);
  tri__free(m, l->loop, l->kept_groups, sizeof *l->loop);
  tri__free(m, l->loops, l->loop_capacity, sizeof *l->loops);
  tri__free(m, d->program.order, n, sizeof *d->program.order);
  tri__free(m, d->program.loops, l->kept_groups, sizeof *d->program.loops);
  tri__free(m, d->program.place, n, sizeof *d->program.place);
  tri__free(m, d->program.regions, l->region_capacity, sizeof *d->program.regions);
  tri__free(m, d->program.groups, l->group_capacity, sizeof *d->program.groups);
  tri__free(m, d->program.table, l->table_capacity, sizeof *d->program.table);
  tri__free(m, l, 1, sizeof *l);
}

void tri__native_draft_free(struct native_draft *d) {
  const struct plan *p = d->plan;
  free_layout(d);
  tri__free(d->memory, d->first, p->value_count, sizeof *d->first);
  tri__free(d->memory, d->values, d->number_count, sizeof *d->values);
  tri__free(d->memory, d->adjoints, d->number_count, sizeof *d->adjoints);
  tri__free(d->memory, d->outputs, d->output_room, sizeof *d->outputs);
  tri__free(d->memory, d->angles, p->value_count, 1);
  tri__free(d->memory, d->program.ports, d->program.port_count, sizeof *d->program.ports);
  tri__free(d->memory, d->known, d->known_size, sizeof *d->known);
  tri__free(d->memory, d->program.ops, d->capacity, sizeof *d->program.ops);
}
