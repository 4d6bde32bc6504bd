/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Nodes to tasks. From the outputs back, a row joins the chain that reads it first, if that reads
 * it element by element: so what is computed is read while it is in the cache, or never stored. */
#include <string.h>

#include "eval/array_program.h"

/* Tasks are numbered as they are made, which is from the last to be executed to the first. */
struct gathering {
  struct array_maker *m;
  struct array_program *p;
  uint32_t *order; /* of nodes */
  uint32_t count;
  uint32_t *first;    /* by node: the task that reads it first */
  uint8_t *alike;     /* by node: that task reads it element by element */
  uint32_t *writer;   /* by input: the node that takes its memory, or NO_NODE */
  uint32_t *size;     /* by task: nodes */
  uint8_t *is_chain;  /* by task */
  size_t *elements;   /* by task */
  uint32_t *moved_to; /* by task: that it has become part of, or itself */
  uint32_t tasks;
};

static bool computed(const struct array_node *n) {
  return n->kind != NODE_INPUT && n->kind != NODE_CONSTANT;
}

/* Elements that a node of a chain runs over. */
static size_t elements_of(const struct array_node *n) {
  return n->kind == NODE_SUM ? tri__view_count(&n->args[0]) : n->count;
}

static bool in_chains(const struct array_node *n) {
  return n->kind == NODE_ROW || n->kind == NODE_SUM;
}

/* --- the order */

/* Nodes that take a donated input's memory and that nobody else reads come last. */
static void find_order(struct gathering *g) {
  struct array_program *p = g->p;
  const uint32_t *donated = g->m->workspace->function->donated;
  uint8_t *late = g->alike; /* not in use yet */
  for (uint32_t o = 0; donated && o < p->output_count; o++)
    if (donated[o] && p->nodes[p->outputs[o].node].output == o + 1) {
      late[p->outputs[o].node] = 1;
      g->writer[donated[o] - 1] = p->outputs[o].node;
    }
  for (uint32_t i = 0; i < p->node_count; i++)
    for (uint32_t a = 0; p->nodes[i].needed && a < p->nodes[i].nargs; a++)
      late[p->nodes[i].args[a].node] = 0;
  for (int pass = 0; pass < 2; pass++)
    for (uint32_t i = 0; i < p->node_count; i++)
      if (p->nodes[i].needed && computed(p->nodes + i) && late[i] == pass) g->order[g->count++] = i;
  memset(late, 0, p->node_count);
}

/* --- joining */

/* Whether the node may be computed in a task that is executed after others: not if what it reads
 * has been written over by then. */
static bool sees_old(const struct gathering *g, const struct array_node *n, uint32_t task) {
  for (uint32_t a = 0; a < n->nargs; a++) {
    uint32_t read = n->args[a].node;
    if (read >= g->p->input_count || g->writer[read] == NO_NODE) continue;
    uint32_t writer = g->p->nodes[g->writer[read]].task;
    if (writer != NO_TASK && writer > task) return false;
  }
  return true;
}

static uint32_t task_for(struct gathering *g, uint32_t node) {
  const struct array_node *n = g->p->nodes + node;
  uint32_t first = g->first[node];
  if (n->kind == NODE_ROW && first != NO_TASK && g->alike[node] && g->is_chain[first] &&
      g->elements[first] == n->count && sees_old(g, n, first))
    return first;
  g->is_chain[g->tasks] = in_chains(n);
  g->elements[g->tasks] = elements_of(n);
  g->moved_to[g->tasks] = g->tasks;
  return g->tasks++;
}

static void note_readers(struct gathering *g, const struct array_node *n, uint32_t task) {
  for (uint32_t a = 0; a < n->nargs; a++) {
    uint32_t read = n->args[a].node;
    bool alike = in_chains(n) && tri__view_is_whole(g->p, &n->args[a]) &&
                 g->p->nodes[read].count == g->elements[task];
    if (g->first[read] == NO_TASK || task > g->first[read]) {
      g->first[read] = task;
      g->alike[read] = alike;
    } else if (task == g->first[read]) {
      g->alike[read] &= alike;
    }
  }
}

static void gather(struct gathering *g) {
  for (uint32_t k = g->count; k-- > 0;) {
    uint32_t node = g->order[k];
    uint32_t task = task_for(g, node);
    g->p->nodes[node].task = task;
    note_readers(g, g->p->nodes + node, task);
  }
}

/* --- chains that can move to where what they read is computed */

/* What the chain's nodes read was computed last by the task *last; true if they read all of that
 * element by element. */
static bool find_last(const struct gathering *g, uint32_t task, uint32_t *last) {
  const struct array_program *p = g->p;
  bool alike = true;
  *last = NO_TASK;
  for (uint32_t k = 0; k < g->count; k++) {
    const struct array_node *n = p->nodes + g->order[k];
    if (n->task != task) continue;
    if (n->output && g->m->workspace->function->donated &&
        g->m->workspace->function->donated[n->output - 1])
      return false;
    for (uint32_t a = 0; a < n->nargs; a++) {
      const struct array_node *read = p->nodes + n->args[a].node;
      if (!computed(read) || read->task == task) continue;
      if (*last == NO_TASK || read->task < *last) {
        *last = read->task;
        alike = true;
      }
      if (read->task == *last)
        alike &= tri__view_is_whole(p, &n->args[a]) && read->count == g->elements[task] &&
                 read->kind == NODE_ROW;
    }
  }
  return alike && *last != NO_TASK;
}

/* Plans of very many tasks would take long to look through. */
enum { MOST_MOVED = 2000 };

static void move_chains(struct gathering *g) {
  if (g->tasks > MOST_MOVED) return;
  for (uint32_t t = g->tasks; t-- > 0;) {
    uint32_t last;
    if (!g->is_chain[t] || !find_last(g, t, &last)) continue;
    if (!g->is_chain[last] || g->elements[last] != g->elements[t]) continue;
    for (uint32_t k = 0; k < g->count; k++)
      if (g->p->nodes[g->order[k]].task == t) g->p->nodes[g->order[k]].task = last;
    g->moved_to[t] = last;
  }
}

/* --- the list */

static void count_tasks(struct gathering *g, uint32_t *number) {
  struct array_program *p = g->p;
  for (uint32_t t = g->tasks; t-- > 0;) {
    number[t] = p->task_count;
    if (g->moved_to[t] == t) p->task_count++;
  }
  for (uint32_t k = 0; k < g->count; k++) g->size[p->nodes[g->order[k]].task]++;
}

static bool list_tasks(struct gathering *g, uint32_t *number) {
  struct array_program *p = g->p;
  count_tasks(g, number);
  p->tasks = tri__keep(p, p->task_count, sizeof *p->tasks);
  if (!p->tasks) return false;
  for (uint32_t t = 0; t < g->tasks; t++) {
    if (g->moved_to[t] != t) continue;
    struct array_task *task = p->tasks + number[t];
    task->chain = g->is_chain[t];
    task->elements = g->elements[t];
    if (!(task->nodes = tri__keep(p, g->size[t], sizeof *task->nodes))) return false;
  }
  for (uint32_t k = 0; k < g->count; k++) {
    struct array_node *n = p->nodes + g->order[k];
    n->task = number[n->task];
    struct array_task *task = p->tasks + n->task;
    task->nodes[task->count++] = g->order[k];
  }
  return true;
}

/* Nodes that somebody outside their own chain reads, or that are no rows, have a place. */
static void find_stored(struct array_program *p) {
  for (uint32_t i = 0; i < p->node_count; i++) {
    struct array_node *n = p->nodes + i;
    if (!n->needed) continue;
    if (computed(n)) n->stored |= n->kind != NODE_ROW || n->output != 0;
    for (uint32_t a = 0; a < n->nargs; a++) {
      struct array_node *read = p->nodes + n->args[a].node;
      if (computed(read) && read->task != n->task) read->stored = true;
    }
  }
  for (uint32_t o = 0; o < p->output_count; o++)
    if (p->copied[o]) p->nodes[p->outputs[o].node].stored = true;
}

bool tri__array_tasks(struct array_maker *m) {
  struct array_program *p = m->program;
  struct memory *memory = p->memory;
  size_t n = p->node_count;
  struct gathering g = {.m = m, .p = p};
  uint32_t *words = tri__new(memory, n * 5 + p->input_count, sizeof *words);
  uint8_t *bytes = tri__new(memory, n * 2, 1);
  g.elements = tri__new(memory, n, sizeof *g.elements);
  bool ok = words && bytes && g.elements;
  if (ok) {
    memset(words, 0xff, (n + p->input_count) * sizeof *words); /* NO_TASK, NO_NODE */
    g.first = words;
    g.writer = words + n;
    g.order = g.writer + p->input_count;
    g.size = g.order + n;
    g.moved_to = g.size + n;
    g.alike = bytes;
    g.is_chain = bytes + n;
    find_order(&g);
    gather(&g);
    move_chains(&g);
    ok = list_tasks(&g, g.moved_to + n);
  }
  tri__free(memory, g.elements, n, sizeof *g.elements);
  tri__free(memory, bytes, n * 2, 1);
  tri__free(memory, words, n * 5 + p->input_count, sizeof *words);
  if (ok) find_stored(p);
  m->no_memory |= !ok;
  return ok;
}
