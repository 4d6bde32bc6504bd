/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Laws of the hash index, against a plain list; and of graphs large enough that it grows: what was made is found again. */
#include "graph/index.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/runner.h"

static uint64_t seed;

static uint64_t random_bits(void) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return hash_mix(seed);
}

static void start_random(uint64_t s) {
  const char *text = getenv("TRI_TEST_SEED");
  seed = text ? strtoull(text, NULL, 10) : s;
  printf("# seed %llu\n", (unsigned long long)seed);
}

/* --- the index by itself */

enum { IDS = 3000 };

static uint64_t hashes[IDS];

/* How often a lookup of the hash of `id` gives that id. */
static int times_found(const struct index *x, uint32_t id) {
  int times = 0;
  struct lookup l = index_look(x, hashes[id]);
  for (uint32_t found; index_next(x, hashes[id], &l, &found);) times += found == id;
  return times;
}

static void check_ids(const struct index *x, uint32_t n) {
  for (uint32_t id = 0; id < IDS; id++) ck_assert_int_eq(times_found(x, id), id < n);
}

static void grow(struct memory *m, struct index *x, uint32_t n) {
  struct index larger;
  ck_assert(tri__index_larger(m, x, &larger));
  ck_assert_uint_gt(larger.most, n);
  ck_assert_uint_eq((uintptr_t)larger.buckets % sizeof(struct bucket), 0);
  for (uint32_t id = 0; id < n; id++) index_put(&larger, hashes[id], id);
  tri__index_free(m, x);
  *x = larger;
}

/* Puts all ids in and takes them out again, from the last, with looks in between. */
static void fill_and_empty(void) {
  struct memory memory;
  struct index x = {0};
  tri__memory_init(&memory, NULL);
  check_ids(&x, 0);
  for (uint32_t id = 0; id < IDS; id++) {
    if (index_full(&x)) grow(&memory, &x, id);
    index_put(&x, hashes[id], id);
    if (id % 500 == 0) check_ids(&x, id + 1);
  }
  for (uint32_t id = IDS; id-- > 0;) {
    if (id % 500 == 0) check_ids(&x, id + 1);
    index_drop(&x, hashes[id], id);
  }
  check_ids(&x, 0);
  ck_assert_uint_eq(x.count, 0);
  for (uint32_t i = 0; i < x.capacity; i++) ck_assert_uint_eq(x.buckets[i].count, 0);
  tri__index_free(&memory, &x);
  ck_assert_uint_eq(memory.used, 0);
}

START_TEST(spread_hashes) {
  start_random(7);
  for (int i = 0; i < IDS; i++) hashes[i] = random_bits();
  fill_and_empty();
}
END_TEST

/* All in one bucket, and in the last one, beyond which the first follows; few tags; tag 0. */
START_TEST(crowded_hashes) {
  for (int i = 0; i < IDS; i++) hashes[i] = 42;
  fill_and_empty();
  for (int i = 0; i < IDS; i++) hashes[i] = UINT64_MAX - (uint64_t)(i % 3);
  fill_and_empty();
  for (int i = 0; i < IDS; i++) hashes[i] = (uint64_t)i << 8;
  fill_and_empty();
}
END_TEST

/* An id of a bucket is found if its tag agrees, and no other, whatever the tags beside it. */
START_TEST(tags) {
  start_random(8);
  for (int i = 0; i < 100000; i++) {
    struct bucket b = {.count = 0};
    uint64_t bits = random_bits();
    uint8_t tag = index_tag(bits >> 32);
    for (int k = 0; k < BUCKET_IDS; k++)
      b.tags[k] = bits >> k & 1 ? tag : index_tag(bits >> (k + 8));
    if (bits >> 60 == 0) tag = b.tags[3] = 1, b.tags[4] = b.tags[5] = 0;
    uint64_t matches = bucket_matches(&b, tag), found = 0, right = 0;
    for (; matches; matches &= matches - 1) found |= 1u << match_place(matches);
    for (int k = 0; k < BUCKET_IDS; k++) right |= (uint64_t)(b.tags[k] == tag) << k;
    ck_assert_uint_eq(found, right);
  }
}
END_TEST

/* --- in a graph */

enum { NODES = 200000 };

/* Operations over any earlier results, so that many have been arguments before, and some are made twice. The ids, and how many
 * nodes there are then. */
static uint32_t build(tri_graph *g, uint32_t *ids, uint32_t n) {
  start_random(9);
  for (uint32_t i = 0; i < n; i++) {
    uint64_t bits = random_bits();
    tri_expr a = {g, ids[(bits >> 8) % (i + 2)]}, b = {g, ids[(bits >> 36) % (i + 2)]};
    ids[i + 2] = (bits % 3 == 0 ? tri_sin(a) : bits % 3 == 1 ? tri_add(a, b) : tri_mul(a, b)).id;
  }
  ck_assert_int_eq(tri_graph_status(g), TRI_OK);
  return tri_graph_size(g);
}

START_TEST(found_again) {
  tri_graph *g = tri_graph_new(NULL);
  uint32_t *first = malloc((NODES + 2) * sizeof *first),
           *again = malloc((NODES + 2) * sizeof *again);
  first[0] = again[0] = tri_variable(g, "x").id;
  first[1] = again[1] = tri_variable(g, "y").id;
  tri_mark empty = tri_graph_mark(g);
  uint32_t half = build(g, first, NODES / 2);
  tri_mark mark = tri_graph_mark(g);
  uint32_t size = build(g, first, NODES);
  ck_assert_uint_eq(build(g, again, NODES), size);
  ck_assert_mem_eq(first, again, (NODES + 2) * sizeof *first);
  tri_graph_rewind(g, mark);
  ck_assert_uint_eq(build(g, again, NODES / 2), half);
  ck_assert_uint_eq(build(g, again, NODES), size);
  ck_assert_mem_eq(first, again, (NODES + 2) * sizeof *first);
  tri_graph_rewind(g, empty);
  ck_assert_uint_eq(build(g, again, NODES), size);
  ck_assert_mem_eq(first, again, (NODES + 2) * sizeof *first);
  free(first);
  free(again);
  tri_graph_free(g);
}
END_TEST

/* The last nodes made are found too, before there are more. */
START_TEST(found_at_once) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x = tri_variable(g, "x"), y = tri_variable(g, "y");
  for (int i = 0; i < 1000; i++) {
    tri_mark mark = tri_graph_mark(g);
    tri_expr e = tri_add(x, y), f = tri_mul(e, x);
    ck_assert(tri_expr_equal(tri_add(y, x), e) && tri_expr_equal(tri_mul(x, e), f));
    if (i % 2) tri_graph_rewind(g, mark);
    x = tri_sin(x);
    ck_assert(tri_expr_equal(tri_sin(tri_expr_argument(x, 0)), x));
  }
  tri_graph_free(g);
}
END_TEST

/* 32 bytes a node and 6 to 9 of the index, of which there are two while it grows. */
struct meter {
  size_t now, most;
};

static void *metered(void *context, void *block, size_t old_size, size_t new_size) {
  struct meter *m = context;
  m->now += new_size - old_size;
  if (m->now > m->most) m->most = m->now;
  if (new_size) return realloc(block, new_size);
  free(block);
  return NULL;
}

START_TEST(bytes_of_nodes) {
  struct meter meter = {0};
  tri_allocator allocator = {metered, &meter};
  tri_graph *g = tri_graph_new(&(tri_graph_options){.allocator = &allocator});
  tri_expr e = tri_variable(g, "x");
  for (int i = 1; i <= 2500000; i++) {
    e = tri_sin(e);
    if (i % 100000 || i < 1000000) continue;
    ck_assert_uint_le(meter.now, tri_graph_bytes(g));
    ck_assert_double_le((double)meter.now / i, 42.0);
    ck_assert_double_le((double)meter.most / i, 50.0);
  }
  tri_graph_free(g);
  ck_assert_uint_eq(meter.now, 0);
}
END_TEST

static Suite *index_suite(void) {
  Suite *s = suite_create("index");
  TCase *c = tcase_create("index");
  tcase_add_test(c, spread_hashes);
  tcase_add_test(c, crowded_hashes);
  tcase_add_test(c, tags);
  tcase_add_test(c, found_again);
  tcase_add_test(c, found_at_once);
  tcase_add_test(c, bytes_of_nodes);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("index", index_suite); }
