/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Loops without carries by vectors of machine code. Results are those of loop_lanes.c, bit for bit:
 * sums of blocks in the same order, and the same compensation between blocks (A. Neumaier,
 * "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54 (1974)). */
#include "eval/native_lanes.h"

#include <math.h>
#include <string.h>

enum { VECTORS = LANE_BLOCK / LANE_FEW };

struct pass {
  const struct turn *turn;
  const struct native_lanes *code;
  double *frame, *sums, *total, *lost, *work, *counted, *none, *weights;
  double *rows; /* a block's parts of a result that goes past the caches */
  double **arrays, **results;
  const double **chosen;
  uint8_t **flags;
  size_t count;   /* points of the block */
  size_t vectors; /* that they take */
};

/* --- room */

static size_t counted_most(const struct native_lanes *u) {
  size_t most = 0;
  for (uint32_t i = 0; i < u->piece_count; i++)
    if (u->pieces[i].loop && u->pieces[i].loop->as.steps > most) most = u->pieces[i].loop->as.steps;
  return most;
}

static size_t chosen_most(const struct native_lanes *u) {
  size_t most = 0;
  for (uint32_t i = 0; i < u->piece_count; i++)
    if (u->pieces[i].part_count > most) most = u->pieces[i].part_count;
  return most;
}

/* Gives everything its place. */
static void lay_out(struct pass *p, struct pieces *at) {
  const struct native_lanes *u = p->code;
  uint32_t results = p->turn->loop->results;
  p->frame = piece_of(at, u->frame_count * LANE_BLOCK, sizeof(double));
  p->sums = piece_of(at, u->sum_count * LANE_FEW, sizeof(double));
  p->work = piece_of(at, u->work_count * LANE_FEW, sizeof(double));
  p->total = piece_of(at, u->sum_count, sizeof(double));
  p->lost = piece_of(at, u->sum_count, sizeof(double));
  p->none = piece_of(at, u->widest * LANE_FEW, sizeof(double));
  p->rows = piece_of(at, tri__widest_output(p->turn) * LANE_BLOCK, sizeof(double));
  p->weights = piece_of(at, LANE_FEW, sizeof(double));
  p->counted = piece_of(at, counted_most(u), sizeof(double));
  p->arrays = piece_of(at, u->array_most, sizeof *p->arrays);
  p->chosen = piece_of(at, chosen_most(u), sizeof *p->chosen);
  p->results = piece_of(at, results, sizeof *p->results);
  p->flags = piece_of(at, results, sizeof *p->flags);
}

static bool open_pass(struct pass *p) {
  struct pieces counted = {0}, placed = {0};
  lay_out(p, &counted);
  placed.block = tri__turn_block(p->turn, counted.used);
  if (!placed.block) return false;
  lay_out(p, &placed);
  memset(p->total, 0, p->code->sum_count * sizeof(double));
  memset(p->lost, 0, p->code->sum_count * sizeof(double));
  for (size_t i = 0; i < p->code->widest * LANE_FEW; i++) p->none[i] = NAN;
  tri__turn_aim(p->turn, p->results, p->flags);
  return true;
}

static double *frame_of(const struct pass *p, size_t vector) {
  return p->frame + vector * p->code->frame_count * LANE_FEW;
}

/* --- what goes in */

/* Point k of the block; beyond the last it is the last again. */
static size_t point(const struct pass *p, size_t k) { return k < p->count ? k : p->count - 1; }

/* The parts of a step input, from `from` on. */
static void take_parts(const struct pass *p, uint32_t place, const double *from, size_t each) {
  for (size_t v = 0; v < p->vectors; v++) {
    const double *rows[LANE_FEW];
    for (size_t k = 0; k < LANE_FEW; k++) rows[k] = from + point(p, v * LANE_FEW + k) * each;
    p->code->kernels->few_take(frame_of(p, v) + (size_t)place * LANE_FEW, rows, each);
  }
}

static void count_parts(const struct pass *p, uint32_t place, int64_t first) {
  for (size_t k = 0; k < p->vectors * LANE_FEW; k++)
    frame_of(p, k / LANE_FEW)[(size_t)place * LANE_FEW + k % LANE_FEW] =
        (double)(first + (int64_t)point(p, k));
}

static void take_inputs(const struct pass *p, size_t first) {
  const struct turn *t = p->turn;
  for (uint32_t i = 0; i < t->loop->as.steps; i++) {
    uint32_t place = p->code->input_place[i];
    size_t each = count_of(&t->body, i);
    if (place == NATIVE_NONE) continue;
    if (t->loop->counted[i])
      count_parts(p, place, t->loop->first[i] + (int64_t)first);
    else
      take_parts(p, place, loop_argument(t, i) + first * each, each);
  }
}

/* Where the part is that an index chooses; none where it is no index. */
static const double *chosen_part(const struct pass *p, const struct lanes_part *part,
                                 const double *array, double i) {
  i += (double)part->offset;
  return is_part(i, part->parts) ? array + (size_t)i * part->each : p->none;
}

static void choose_parts(const struct pass *p, const struct lanes_part *part, size_t first) {
  const struct plan_loop *l = p->turn->loop;
  bool counted = l->counted[part->index];
  double begin = counted ? (double)(l->first[part->index] + (int64_t)first) : 0.0;
  const double *array = loop_argument(p->turn, part->array);
  const double *indices = counted ? NULL : loop_argument(p->turn, part->index) + first;
  for (size_t v = 0; v < p->vectors; v++) {
    const double *rows[LANE_FEW];
    for (size_t k = 0; k < LANE_FEW; k++) {
      size_t n = point(p, v * LANE_FEW + k);
      rows[k] = chosen_part(p, part, array, counted ? begin + (double)n : indices[n]);
    }
    p->code->kernels->few_take(frame_of(p, v) + (size_t)part->place * LANE_FEW, rows, part->each);
  }
}

/* --- pieces */

struct place {
  size_t vector, step; /* step: of an inner loop, the part that it has to do with */
  size_t turn;         /* how many there were before */
  const struct lanes_piece *piece;
};

static const double *home_at(const struct pass *p, const struct lanes_home *h,
                             const struct place *at) {
  double *frame = frame_of(p, at->vector);
  const struct lanes_carry *c = at->piece->carries;
  switch (h->space) {
  case IN_ARGUMENT: return loop_argument(p->turn, h->index);
  case IN_TABLE: return p->code->table + h->index;
  case IN_FRAME: return frame + (size_t)h->index * LANE_FEW;
  case IN_SUMS: return p->sums + (size_t)h->index * LANE_FEW;
  case IN_COUNTED: return p->counted + h->index;
  case IN_CARRY: return frame + (size_t)c[h->index].place[at->turn & 1] * LANE_FEW;
  case IN_NEXT: return frame + (size_t)c[h->index].place[~at->turn & 1] * LANE_FEW;
  default: return p->chosen[h->index];
  }
}

static void run_code(const struct pass *p, const struct place *at) {
  const struct lanes_piece *piece = at->piece;
  size_t here = p->count - at->vector * LANE_FEW;
  for (uint32_t i = 0; i < piece->array_count; i++) {
    const struct lanes_array *a = piece->arrays + i;
    p->arrays[i] = (double *)(uintptr_t)home_at(p, &a->home, at) + at->step * a->stride;
  }
  for (size_t k = 0; k < LANE_FEW; k++) p->weights[k] = k < here ? 1.0 : 0.0;
  piece->code->run((const double *)(const void *)p->arrays, p->weights, p->work, NULL);
}

static void run_straight(const struct pass *p, const struct lanes_piece *piece, size_t first) {
  for (uint32_t k = 0; k < piece->part_count; k++) choose_parts(p, piece->parts + k, first);
  for (size_t v = 0; v < p->vectors; v++) run_code(p, &(struct place){.vector = v, .piece = piece});
}

static void begin_carries(const struct pass *p, const struct place *at) {
  const struct lanes_piece *piece = at->piece;
  for (uint32_t c = 0; c < piece->loop->as.carries; c++) {
    const struct lanes_carry *carry = piece->carries + c;
    const double *from = home_at(p, &carry->initial, at);
    double *to = frame_of(p, at->vector) + (size_t)carry->place[0] * LANE_FEW;
    bool varies = lanes_varies(&carry->initial);
    for (size_t i = 0; i < (size_t)carry->count * LANE_FEW; i++)
      to[i] = from[varies ? i : i / LANE_FEW];
  }
  for (uint32_t k = 0; k < piece->result_count; k++) {
    const struct lanes_result *r = piece->results + k;
    if (r->carry == NATIVE_NONE)
      memset(frame_of(p, at->vector) + (size_t)r->place * LANE_FEW, 0,
             (size_t)r->count * LANE_FEW * sizeof(double));
  }
}

/* The carries as they come into a step. */
static void keep_carries(const struct pass *p, const struct place *at) {
  const struct lanes_piece *piece = at->piece;
  for (uint32_t k = 0; k < piece->result_count; k++) {
    const struct lanes_result *r = piece->results + k;
    if (r->carry == NATIVE_NONE) continue;
    const struct lanes_carry *c = piece->carries + r->carry;
    double *frame = frame_of(p, at->vector);
    memcpy(frame + (r->place + at->step * c->count) * LANE_FEW,
           frame + (size_t)c->place[at->turn & 1] * LANE_FEW,
           (size_t)c->count * LANE_FEW * sizeof(double));
  }
}

/* The parts that this step's indices choose, for the vector. */
static void choose_inner(const struct pass *p, const struct place *at) {
  const struct lanes_piece *piece = at->piece;
  for (uint32_t k = 0; k < piece->part_count; k++) {
    const struct lanes_part *part = piece->parts + k;
    const struct lanes_home *array = piece->homes + part->array;
    const struct lanes_home *index = piece->homes + part->index;
    const double *from = home_at(p, index, at);
    double i = from[index->space == IN_COUNTED ? 0 : at->step] + (double)part->offset;
    size_t each = part->each * (lanes_varies(array) ? LANE_FEW : 1);
    p->chosen[k] = is_part(i, part->parts) ? home_at(p, array, at) + (size_t)i * each : p->none;
  }
}

static tri_status run_loop(const struct pass *p, const struct lanes_piece *piece) {
  const struct plan_loop *l = piece->loop;
  size_t n = (size_t)l->as.n;
  struct place at = {.piece = piece};
  for (at.vector = 0; at.vector < p->vectors; at.vector++) begin_carries(p, &at);
  for (at.turn = 0; at.turn < n; at.turn++) {
    if (tri__interrupt(p->turn->outer))
      return tri__call_error(p->turn->outer->call, TRI_INTERRUPTED, "interrupted");
    at.step = l->as.backward ? n - 1 - at.turn : at.turn;
    for (uint32_t i = 0; i < l->as.steps; i++)
      if (l->counted[i]) p->counted[i] = (double)(l->first[i] + (int64_t)at.step);
    for (at.vector = 0; at.vector < p->vectors; at.vector++) {
      keep_carries(p, &at);
      choose_inner(p, &at);
      run_code(p, &at);
    }
  }
  return TRI_OK;
}

/* --- what comes out */

/* Parts of a result from the frame, part by part; says whether any number of them is none. */
static bool put_parts(const struct pass *p, uint32_t place, size_t each, double *to) {
  bool lacks = false;
  for (size_t v = 0; v < p->vectors; v++, to += LANE_FEW * each) {
    const double *from = frame_of(p, v) + (size_t)place * LANE_FEW;
    if ((v + 1) * LANE_FEW <= p->count) {
      lacks |= p->code->kernels->few_put(to, each, from, each);
      continue;
    }
    for (size_t k = 0; k < p->count - v * LANE_FEW; k++)
      for (size_t e = 0; e < each; e++) {
        to[k * each + e] = from[e * LANE_FEW + k];
        lacks |= isnan(to[k * each + e]);
      }
  }
  return lacks;
}

/* Results of many bytes are not read soon. */
static bool streams(const struct pass *p, size_t each) {
  return p->count == LANE_BLOCK && each > STREAM_BYTES / sizeof(double) / p->turn->n;
}

static void put_results(const struct pass *p, size_t first) {
  const struct turn *t = p->turn;
  for (uint32_t k = 0; k < t->loop->results; k++) {
    uint32_t i, output = t->loop->output[t->loop->kept[k]];
    size_t each = count_of(&t->body, t->loop->body->outputs[output]);
    if (tri__loop_result_kind(&t->loop->as, t->loop->kept[k], &i) == RESULT_SUMMED) continue;
    double *to = p->results[k] + first * each;
    bool past = streams(p, each),
         lacks = put_parts(p, p->code->result_place[k], each, past ? p->rows : to);
    if (past) p->code->kernels->past(to, p->rows, LANE_BLOCK * each);
    if (lacks && p->flags[k]) *p->flags[k] = WRITTEN;
  }
}

/* The block's sums to those of the blocks before. */
static void add_sums(const struct pass *p) {
  const double *x = p->sums;
  for (size_t i = 0; i < p->code->sum_count; i++, x += LANE_FEW) {
    double more = ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
    double before = p->total[i], sum = before + more;
    p->lost[i] += fabs(before) >= fabs(more) ? (before - sum) + more : (more - sum) + before;
    p->total[i] = sum;
  }
}

/* Where the sum is no number, neither is what was lost. */
static void finish_sums(const struct pass *p) {
  const struct turn *t = p->turn;
  for (uint32_t k = 0; k < t->loop->results; k++) {
    uint32_t i;
    size_t first = p->code->result_place[k], count = count_of(t->outer, t->step->result + k);
    if (tri__loop_result_kind(&t->loop->as, t->loop->kept[k], &i) != RESULT_SUMMED) continue;
    for (size_t e = first; e < first + count; e++)
      p->results[k][e - first] = isfinite(p->lost[e]) ? p->total[e] + p->lost[e] : p->total[e];
  }
}

static tri_status run(struct pass *p) {
  const struct turn *t = p->turn;
  tri_status status = TRI_OK;
  for (size_t first = 0; first < t->n && !status; first += LANE_BLOCK) {
    p->count = t->n - first < LANE_BLOCK ? t->n - first : LANE_BLOCK;
    p->vectors = (p->count + LANE_FEW - 1) / LANE_FEW;
    if (tri__interrupt(t->outer))
      return tri__call_error(t->outer->call, TRI_INTERRUPTED, "interrupted");
    take_inputs(p, first);
    memset(p->sums, 0, p->code->sum_count * LANE_FEW * sizeof(double));
    for (uint32_t i = 0; i < p->code->piece_count && !status; i++) {
      const struct lanes_piece *piece = p->code->pieces + i;
      if (piece->loop)
        status = run_loop(p, piece);
      else
        run_straight(p, piece, first);
    }
    if (status) return status;
    put_results(p, first);
    add_sums(p);
  }
  p->code->kernels->settle();
  finish_sums(p);
  return status;
}

static bool find_pass(struct pass *p, const struct turn *t) {
  const tri_function *f = t->outer->workspace->function;
  const struct native_loop *code = tri__native_loop(f, t->loop, NATIVE_BY_LANES);
  *p = (struct pass){.turn = t};
  if (!code) return false;
  p->code = code->lanes;
  return open_pass(p);
}

/* Who does not make the code waits for it: without, functions may be others' in the last place. */
tri_status tri__native_lanes_run(const struct turn *t, bool *done) {
  struct pass p;
  *done = find_pass(&p, t);
  return *done ? run(&p) : TRI_OK;
}

bool tri__native_lanes_rehearse(const struct turn *t) {
  struct pass p;
  return find_pass(&p, t);
}
