/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Ids to numbers: open addressing, at most half full. */
#include <string.h>

#include "calculus/poly.h"
#include "graph/index.h"

static size_t idmap_slot(const struct idmap *map, uint32_t id) {
  size_t at = hash_mix(id) & (map->capacity - 1);
  while (map->slots[at].id && map->slots[at].id != id) at = (at + 1) & (map->capacity - 1);
  return at;
}

uint32_t tri__idmap_get(const struct idmap *map, uint32_t id, uint32_t none) {
  if (!map->capacity) return none;
  const struct idmap_slot *slot = map->slots + idmap_slot(map, id);
  return slot->id ? slot->value : none;
}

static bool idmap_room(struct ring *r, struct idmap *map) {
  if (map->count * 2 < map->capacity) return true;
  struct idmap larger = {.capacity = map->capacity ? map->capacity * 2 : 64, .count = map->count};
  larger.slots = tri__new(r->memory, larger.capacity, sizeof *larger.slots);
  if (!larger.slots) return tri__ring_no_memory(r);
  for (size_t i = 0; i < map->capacity; i++)
    if (map->slots[i].id) larger.slots[idmap_slot(&larger, map->slots[i].id)] = map->slots[i];
  tri__idmap_free(r, map);
  *map = larger;
  return true;
}

bool tri__idmap_put(struct ring *r, struct idmap *map, uint32_t id, uint32_t value) {
  if (!idmap_room(r, map)) return false;
  struct idmap_slot *slot = map->slots + idmap_slot(map, id);
  map->count += !slot->id;
  *slot = (struct idmap_slot){id, value};
  return true;
}

void tri__idmap_clear(struct idmap *map) {
  if (map->count) memset(map->slots, 0, map->capacity * sizeof *map->slots);
  map->count = 0;
}

void tri__idmap_free(struct ring *r, struct idmap *map) {
  tri__free(r->memory, map->slots, map->capacity, sizeof *map->slots);
  *map = (struct idmap){0};
}
