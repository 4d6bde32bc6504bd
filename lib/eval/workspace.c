/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Workspaces: memory for the calls of one thread, laid out for a plan and kept from call to
 * call. */
#include <stdalign.h>
#include <string.h>

#include "eval/arrays.h"
#include "eval/taylor.h"

enum { ALIGNMENT = alignof(max_align_t) };

static size_t aligned(size_t size) { return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1); }

/* --- allocation from the caller's buffer: forward only, but the last block can grow, shrink and be
 * given back */

static void *buffer_resize(void *context, void *block, size_t old_size, size_t new_size) {
  struct buffer *b = context;
  bool last = block && (char *)block + aligned(old_size) == b->at;
  char *start = last ? block : b->at;
  if (!last && new_size <= old_size) return new_size ? block : NULL;
  if (aligned(new_size) < new_size || aligned(new_size) > (size_t)(b->end - start)) return NULL;
  if (!last && block) memcpy(start, block, old_size);
  b->at = start + aligned(new_size);
  return new_size ? start : NULL;
}

/* --- making and freeing */

static tri_workspace *body_workspace(const tri_workspace *outer, const struct plan *body);

static bool open_workspace(tri_workspace *w, const tri_function *f, const struct plan *p) {
  struct level *base = &w->level[LEVEL_BASE];
  w->function = f;
  w->plan = p;
  w->counts = tri__new(&w->memory, p->shape_count, sizeof *w->counts);
  w->sizes = tri__new(&w->memory, p->size_count, sizeof *w->sizes);
  if (!w->counts || !w->sizes) return false;
  if (p->lone) w->is_written = tri__new(&w->memory, p->output_count, 1);
  if (p->lone && !w->is_written) return false;
  if (p->loop_count) w->loops = tri__new(&w->memory, p->loop_count, sizeof *w->loops);
  if (p->loop_count && !w->loops) return false;
  for (uint32_t i = 0; i < p->loop_count; i++)
    if (!(w->loops[i] = body_workspace(w, p->loops[i].body))) return false;
  return tri__numbers_open(&base->numbers, f->domain, f->precision, f->digits, &w->memory,
                           p->programs->rows, p->programs);
}

/* Loops in one another are few: this may call itself. Of what the outer one's buffer is, if that is
 * the caller's. */
static tri_workspace *body_workspace(const tri_workspace *outer, const struct plan *body) {
  struct memory memory;
  tri__memory_init(&memory, &outer->memory.allocator);
  tri_workspace *w = tri__new(&memory, 1, sizeof *w);
  if (!w) return NULL;
  w->memory = memory;
  w->shared_buffer = outer->placed || outer->shared_buffer;
  if (open_workspace(w, outer->function, body)) return w;
  tri_workspace_free(w);
  return NULL;
}

tri_workspace *tri_workspace_new(const tri_function *f) {
  struct memory memory;
  if (!f) return NULL;
  tri__memory_init(&memory, &f->plan->memory.allocator);
  tri_workspace *w = tri__new(&memory, 1, sizeof *w);
  if (!w) return NULL;
  w->memory = memory;
  if (open_workspace(w, f, f->plan)) return w;
  tri_workspace_free(w);
  return NULL;
}

tri_workspace *tri_workspace_place(const tri_function *f, void *buffer, size_t size) {
  if (!f || !buffer || aligned(sizeof(tri_workspace)) > size) return NULL;
  tri_workspace *w = buffer;
  memset(w, 0, sizeof *w);
  w->placed = true;
  w->buffer.at = (char *)buffer + aligned(sizeof *w);
  w->buffer.end = (char *)buffer + size;
  tri__memory_init(&w->memory, &(tri_allocator){buffer_resize, &w->buffer});
  if (open_workspace(w, f, f->plan)) return w;
  tri_workspace_free(w);
  return NULL;
}

static void free_store(struct level *l, struct store *s) {
  struct memory *m = l->numbers.memory;
  tri__numbers_delete(&l->numbers, s->data, s->count);
  tri__free(m, s->place, s->places, sizeof *s->place);
  *s = (struct store){.data = NULL};
}

static void free_level(struct level *l) {
  if (!l->numbers.domain) return;
  tri__numbers_delete(&l->numbers, l->adjoints, l->all.count + SWEEP_ROOM);
  tri__numbers_delete(&l->numbers, l->history, l->history_count);
  tri__numbers_delete(&l->numbers, l->carry_adjoints, l->carry_count);
  tri__numbers_delete(&l->numbers, l->carry, l->carry_count);
  if (l->product) tri__numbers_delete(&l->numbers, l->product, ROOM_NUMBERS);
  tri__free(l->numbers.memory, l->block, l->block_size, 1);
  l->block = NULL;
  l->adjoints = l->history = l->carry_adjoints = l->carry = l->product = NULL;
  l->carry_count = l->history_count = 0;
  free_store(l, &l->all);
  free_store(l, &l->shared);
}

static void close_level(struct level *l) {
  free_level(l);
  tri__numbers_close(&l->numbers);
}

void tri_workspace_free(tri_workspace *w) {
  if (!w) return;
  struct memory memory = w->memory;
  const struct plan *p = w->plan;
  tri__array_rooms_free(w);
  tri__free(&w->memory, w->native, w->native_count, sizeof *w->native);
  for (int i = LEVELS; i-- > 0;) close_level(&w->level[i]);
  for (uint32_t i = p ? p->loop_count : 0; w->loops && i-- > 0;) tri_workspace_free(w->loops[i]);
  if (w->loops) tri__free(&w->memory, w->loops, p->loop_count, sizeof *w->loops);
  if (w->is_written) tri__free(&w->memory, w->is_written, p->output_count, 1);
  tri__free(&w->memory, w->sizes, p->size_count, sizeof *w->sizes);
  tri__free(&w->memory, w->counts, p->shape_count, sizeof *w->counts);
  if (!w->placed) tri__free(&memory, w, 1, sizeof *w);
}

/* --- sizes */

static bool same_sizes(const tri_workspace *w, const tri_call *call) {
  uint32_t n = w->plan->size_count;
  return w->bound && (n == 0 || memcmp(w->sizes, call->sizes, n * sizeof *w->sizes) == 0);
}

static bool count_shape(tri_workspace *w, uint32_t shape) {
  const struct plan *p = w->plan;
  const struct plan_shape *s = p->shapes + shape;
  const int64_t *dims = p->dims + s->first;
  size_t count = 1;
  for (uint32_t i = 0; i < s->rank; i++)
    if (!size_product(count, (size_t)(dims[i] < 0 ? w->sizes[~dims[i]] : dims[i]), &count))
      return false;
  w->counts[shape] = count;
  return true;
}

/* An element of a named dimension may lie beyond the size that a call gives it. */
static bool elements_exist(const tri_workspace *w) {
  const struct plan *p = w->plan;
  for (uint32_t i = 0; i < p->step_count; i++) {
    const struct instruction *s = p->steps + i;
    if (s->op != TRI_OP_element) continue;
    int64_t size = p->dims[p->shapes[p->values[s->arg[0]].shape].first];
    if (size < 0 && s->index >= w->sizes[~size]) return false;
  }
  return true;
}

/* Whether all inputs, and all outputs, one after the other can be counted. */
static bool totals_exist(const tri_workspace *w) {
  const struct plan *p = w->plan;
  size_t inputs = 0, outputs = 0;
  bool ok = true;
  for (uint32_t i = 0; i < p->input_count && ok; i++)
    ok = !__builtin_add_overflow(inputs, w->counts[p->values[i].shape], &inputs);
  for (uint32_t i = 0; i < p->output_count && ok; i++)
    ok = !__builtin_add_overflow(outputs, w->counts[p->values[p->outputs[i]].shape], &outputs);
  return ok && inputs <= PTRDIFF_MAX / sizeof(double) && outputs <= PTRDIFF_MAX / sizeof(double);
}

static tri_status take_sizes(tri_workspace *w, const tri_call *call) {
  const struct plan *p = w->plan;
  if (p->size_count && (!call->sizes || call->n_sizes < p->size_count))
    return tri__call_error(call, TRI_SHAPE, "the call does not give all named sizes");
  for (uint32_t i = 0; i < p->size_count; i++) {
    if (call->sizes[i] < 0) return tri__call_error(call, TRI_SHAPE, "a named size is negative");
    w->sizes[i] = call->sizes[i];
  }
  for (uint32_t i = 0; i < p->shape_count; i++)
    if (!count_shape(w, i))
      return tri__call_error(call, TRI_LIMIT, "a shape has too many elements");
  if (!totals_exist(w))
    return tri__call_error(call, TRI_LIMIT, "inputs or outputs have too many elements");
  if (p->size_count && !elements_exist(w))
    return tri__call_error(call, TRI_SHAPE,
                           "a named size is too small for an element that is used");
  return TRI_OK;
}

/* The sizes of loops' bodies are the workspace's own, by their names. */
static tri_status bind_bodies(tri_workspace *w, const tri_call *call) {
  tri_status status = TRI_OK;
  for (uint32_t i = 0; i < w->plan->loop_count && !status; i++) {
    const struct plan_loop *l = w->plan->loops + i;
    tri_workspace *body = w->loops[i];
    size_t n = l->body->size_count;
    int64_t *sizes = tri__new(&w->memory, n, sizeof *sizes);
    tri_call own = {.error = call->error, .n_sizes = n, .sizes = sizes};
    if (!sizes) return tri__call_error(call, TRI_MEMORY, "out of memory");
    for (size_t k = 0; k < n; k++) sizes[k] = w->sizes[l->sizes[k]];
    status = tri__bind(body, &own);
    tri__free(&w->memory, sizes, n, sizeof *sizes);
  }
  return status;
}

tri_status tri__bind(tri_workspace *w, const tri_call *call) {
  if (same_sizes(w, call)) return TRI_OK;
  w->bound = false;
  for (int i = LEVELS; i-- > 0;) free_level(&w->level[i]);
  tri_status status = take_sizes(w, call);
  if (!status) status = bind_bodies(w, call);
  w->bound = status == TRI_OK;
  return status;
}

static size_t elements(const tri_workspace *w, const uint32_t *values, uint32_t n) {
  const struct plan *p = w->plan;
  size_t total = 0;
  for (uint32_t i = 0; i < n; i++) total += w->counts[p->values[values ? values[i] : i].shape];
  return total;
}

size_t tri__input_elements(const tri_workspace *w) {
  return elements(w, NULL, w->plan->input_count);
}

size_t tri__output_elements(const tri_workspace *w) {
  return elements(w, w->plan->outputs, w->plan->output_count);
}

/* --- stores */

/* Numbers that the store's slots or values take, and where each begins unless all are scalars. */
static bool lay_out(const tri_workspace *w, struct level *l, struct store *s) {
  const struct plan *p = w->plan;
  size_t places = s->all ? p->value_count : p->slot_count, total = 0;
  if (p->scalar) {
    s->count = places;
    return true;
  }
  s->place = tri__new(l->numbers.memory, places, sizeof *s->place);
  if (!s->place) return false;
  s->places = places;
  for (size_t i = 0; i < places; i++) {
    s->place[i] = total;
    uint32_t shape = s->all ? p->values[i].shape : p->slot_shapes[i];
    if (__builtin_add_overflow(total, w->counts[shape], &total)) return false;
  }
  s->count = total;
  return true;
}

static void set_constants(struct run *r) {
  const struct plan *p = r->plan;
  const struct domain *domain = r->numbers->domain;
  for (uint32_t i = 0; i < p->constant_count; i++) {
    void *to = element_at(r, p->input_count + i, 0);
    if (p->constants[i].pi)
      domain->set_pi(r->numbers, to);
    else
      domain->set_rational(r->numbers, to, p->constants[i].q);
  }
}

static bool prepare_store(struct run *r, struct level *l) {
  struct store *s = r->store;
  if (r->plan->contracts && !l->product) {
    l->product = tri__numbers_new(&l->numbers, ROOM_NUMBERS);
    if (!l->product) return false;
  }
  if (s->data) return true;
  if (lay_out(r->workspace, l, s)) s->data = tri__numbers_new(&l->numbers, s->count);
  if (!s->data) {
    free_store(l, s);
    return false;
  }
  set_constants(r);
  return true;
}

/* --- levels */

static bool open_dual(tri_workspace *w, int level, uint32_t directions) {
  struct level *l = &w->level[level];
  if (l->numbers.domain && (w->placed || w->shared_buffer || l->numbers.directions == directions))
    return true;
  for (int i = LEVEL_TAYLOR; i-- > level;) close_level(&w->level[i]);
  return tri__numbers_open_dual(&l->numbers, &w->level[level - 1].numbers, directions);
}

static bool open_taylor(tri_workspace *w, uint32_t order) {
  struct level *l = &w->level[LEVEL_TAYLOR];
  if (l->numbers.domain && l->numbers.directions == order) return true;
  close_level(l);
  return tri__taylor_open(&l->numbers, &w->level[LEVEL_BASE].numbers, order);
}

static bool open_level(tri_workspace *w, int level, uint32_t directions) {
  bool ok = true;
  if (level == LEVEL_TAYLOR) return open_taylor(w, directions);
  for (int i = LEVEL_DUAL; i <= level && ok; i++) ok = open_dual(w, i, directions);
  return ok;
}

tri_status tri__level(struct run *r, tri_workspace *w, const tri_call *call, int level,
                      uint32_t directions, bool all) {
  if (!open_level(w, level, directions)) return tri__call_error(call, TRI_MEMORY, "out of memory");
  struct level *l = &w->level[level];
  *r = (struct run){.plan = w->plan, .call = call, .workspace = w, .counts = w->counts};
  r->numbers = &l->numbers;
  r->level = level;
  r->store = all ? &l->all : &l->shared;
  r->store->all = all;
  for (int i = 0; i <= level; i++) w->level[i].numbers.status = TRI_OK;
  return prepare_store(r, l) ? TRI_OK : tri__call_error(call, TRI_MEMORY, "out of memory");
}

void *tri__adjoints(struct run *r, int level) {
  struct level *l = &r->workspace->level[level];
  struct numbers *n = &l->numbers;
  if (!l->adjoints) return l->adjoints = tri__numbers_new(n, l->all.count + SWEEP_ROOM);
  for (size_t i = 0; i < l->all.count; i++)
    n->domain->set_double(n, number_at(n, l->adjoints, i), 0.0);
  return l->adjoints;
}

tri_status tri__level_status(const struct run *r) {
  for (const struct numbers *n = r->numbers; n; n = n->base)
    if (n->status) return tri__call_error(r->call, n->status, tri_status_meaning(n->status));
  return TRI_OK;
}
