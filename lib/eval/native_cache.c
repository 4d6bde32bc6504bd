/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Machine code shared by functions that come to the same program, and kept for a while when none
 * uses it. */
#include "eval/native_cache.h"

#include <pthread.h>
#include <string.h>

struct tri_native_cache {
  struct memory memory;
  pthread_mutex_t lock;
  size_t most; /* programs that nobody uses */
  struct native_compiled *first;
};

/* --- hashes */

static void mix(struct native_hash *h, uint64_t x) {
  for (int i = 0; i < 2; i++) { /* multipliers of SplitMix64 and of Murmur3 */
    h->bits[i] = (h->bits[i] ^ x) * (i ? 0xff51afd7ed558ccdu : 0x9e3779b97f4a7c15u);
    h->bits[i] ^= h->bits[i] >> 32;
  }
}

struct native_hash tri__native_hash(const struct native_draft *d) {
  const struct native_program *p = &d->program;
  struct native_hash h = {.bits = {0x243f6a8885a308d3u, 0x13198a2e03707344u},
                          .ops = p->op_count,
                          .inputs = d->input_count,
                          .outputs = d->output_count};
  for (uint32_t i = 0; i < p->op_count; i++) {
    const struct native_op *op = p->ops + i;
    mix(&h, op->code | (uint64_t)op->index << 8);
    mix(&h, native_bits(op));
    for (int k = 0; k < op->nargs; k++) mix(&h, op->arg[k]);
  }
  for (uint32_t i = 0; i < d->output_count; i++) mix(&h, d->outputs[i]);
  for (uint32_t i = 0; i < p->port_count; i++) {
    mix(&h, p->ports[i].array | (uint64_t)p->ports[i].element << 32);
    mix(&h, p->ports[i].varies);
  }
  mix(&h, p->width | (uint64_t)p->port_count << 32);
  return h;
}

/* --- one program */

static void release(struct memory *memory, struct native_compiled *c) {
  c->module->release(c->machine);
  tri__free(memory, c->outputs, c->output_count, sizeof *c->outputs);
  tri__free(memory, c, 1, sizeof *c);
}

static void set_outputs(struct native_compiled *c, const struct native_draft *d) {
  for (uint32_t i = 0; i < c->output_count; i++) {
    const struct native_op *op = d->program.ops + d->outputs[i];
    struct native_output *to = c->outputs + i;
    to->is_constant = op->code == NATIVE_CONSTANT;
    to->is_input = op->code == NATIVE_INPUT;
    to->constant = to->is_constant ? op->constant : 0.0;
    to->index = to->is_input ? op->index : d->program.place[d->outputs[i]];
  }
}

static struct native_compiled *copy(struct memory *memory, const struct native_compiled *from,
                                    const struct native_draft *d) {
  struct native_compiled *c = tri__new(memory, 1, sizeof *c);
  if (!c) return NULL;
  *c = *from;
  c->users = 1;
  c->output_count = d->output_count;
  c->outputs = tri__new(memory, c->output_count, sizeof *c->outputs);
  if (c->outputs) {
    set_outputs(c, d);
    return c;
  }
  tri__free(memory, c, 1, sizeof *c);
  return NULL;
}

/* --- the cache */

tri_native_cache *tri_native_cache_new(size_t most, const tri_allocator *allocator) {
  struct memory memory;
  tri__memory_init(&memory, allocator);
  tri_native_cache *cache = tri__new(&memory, 1, sizeof *cache);
  if (!cache) return NULL;
  cache->memory = memory;
  cache->most = most;
  pthread_mutex_init(&cache->lock, NULL);
  return cache;
}

/* Takes the programs beyond the first `most` without users out of the list. The latest are
 * first. */
static struct native_compiled *cut(tri_native_cache *cache, size_t most) {
  struct native_compiled **at = &cache->first, *out = NULL;
  size_t unused = 0;
  while (*at) {
    struct native_compiled *c = *at;
    if (c->users || ++unused <= most) {
      at = &c->next;
    } else {
      *at = c->next;
      c->next = out;
      out = c;
    }
  }
  return out;
}

static void release_all(tri_native_cache *cache, struct native_compiled *c) {
  while (c) {
    struct native_compiled *next = c->next;
    release(&cache->memory, c);
    c = next;
  }
}

void tri_native_cache_free(tri_native_cache *cache) {
  if (!cache) return;
  release_all(cache, cut(cache, 0));
  pthread_mutex_destroy(&cache->lock);
  struct memory memory = cache->memory;
  tri__free(&memory, cache, 1, sizeof *cache);
}

struct native_compiled *tri__native_cache_find(tri_native_cache *cache, struct native_hash hash) {
  if (!cache) return NULL;
  pthread_mutex_lock(&cache->lock);
  struct native_compiled *c = cache->first;
  while (c && memcmp(&c->hash, &hash, sizeof hash) != 0) c = c->next;
  if (c) c->users++;
  pthread_mutex_unlock(&cache->lock);
  return c;
}

struct native_compiled *tri__native_cache_add(tri_native_cache *cache, struct memory *memory,
                                              const struct native_compiled *compiled,
                                              const struct native_draft *draft) {
  if (!cache) return copy(memory, compiled, draft);
  pthread_mutex_lock(&cache->lock);
  struct native_compiled *c = copy(&cache->memory, compiled, draft);
  if (c) c->next = cache->first;
  if (c) cache->first = c;
  pthread_mutex_unlock(&cache->lock);
  return c;
}

void tri__native_cache_drop(tri_native_cache *cache, struct memory *memory,
                            struct native_compiled *c) {
  if (!c) return;
  if (!cache) {
    release(memory, c);
    return;
  }
  pthread_mutex_lock(&cache->lock);
  if (--c->users == 0) release_all(cache, cut(cache, cache->most));
  pthread_mutex_unlock(&cache->lock);
}
