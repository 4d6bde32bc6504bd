/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Growing text, with memory that fails, and strict UTF-8. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tests/runner.h"

/* An allocator that fails once `left` calls are used up, and counts the bytes in use. */
struct counted {
  long left;
  size_t used;
};

static void *counted_resize(void *context, void *block, size_t old_size, size_t new_size) {
  struct counted *c = context;
  if (new_size == 0) {
    c->used -= old_size;
    free(block);
    return NULL;
  }
  if (c->left-- <= 0) return NULL;
  void *moved = realloc(block, new_size);
  if (moved) c->used += new_size - old_size;
  return moved;
}

START_TEST(appends_in_order) {
  tri_text text = {0};
  tri__text_puts(&text, "x");
  tri__text_putc(&text, '=');
  tri__text_printf(&text, "%d%s%c", -12, "ab", '!');
  tri__text_add(&text, "\0z", 2);
  tri__text_add(&text, NULL, 0);
  ck_assert_int_eq(text.status, TRI_OK);
  ck_assert_uint_eq(text.size, 10);
  ck_assert_mem_eq(text.data, "x=-12ab!\0z", 11);
  char wide[201];
  for (int width = 50; width <= 200; width++) { /* about the size that is tried first, and beyond */
    text.size = 0;
    tri__text_printf(&text, "%*d", width, 7);
    snprintf(wide, sizeof wide, "%*d", width, 7);
    ck_assert_uint_eq(text.size, (size_t)width);
    ck_assert_str_eq(text.data, wide);
  }
  tri_text_free(&text);
  ck_assert_ptr_null(text.data);
  tri_text_free(&text);
  tri_text_free(NULL);
}
END_TEST

START_TEST(grows_without_loss) {
  struct counted c = {1000, 0};
  tri_allocator allocator = {counted_resize, &c};
  tri_text text = {.allocator = &allocator};
  for (int i = 0; i < 100000; i++) tri__text_printf(&text, "%d,", i);
  ck_assert_int_eq(text.status, TRI_OK);
  ck_assert_uint_eq(text.size, 588890);
  ck_assert_uint_eq(c.used, text.capacity);
  ck_assert_int_gt(c.left, 950); /* growth by a factor, not by a step */
  ck_assert_str_eq(text.data + text.size - 12, "99998,99999,");
  ck_assert_ptr_nonnull(tri__text_room(&text, 1 << 20));
  ck_assert_uint_ge(text.capacity, text.size + (1 << 20) + 1);
  tri_text_free(&text);
  ck_assert_uint_eq(c.used, 0);
  ck_assert_ptr_eq(text.allocator, &allocator);
}
END_TEST

/* Every allocation failed once: what was there stays, the failure sticks, nothing leaks. */
START_TEST(failure_sticks) {
  for (long allowed = 0; allowed < 6; allowed++) {
    struct counted c = {allowed, 0};
    tri_allocator allocator = {counted_resize, &c};
    tri_text text = {.allocator = &allocator};
    for (int i = 0; i < 1000; i++) tri__text_puts(&text, "abcdefg");
    ck_assert_int_eq(text.status, TRI_MEMORY);
    size_t size = text.size;
    c.left = 100;
    tri__text_double(&text, 0.5);
    ck_assert_ptr_null(tri__text_room(&text, 0));
    ck_assert_uint_eq(text.size, size);
    ck_assert_uint_eq(size % 7, 0);
    tri_text_free(&text);
    ck_assert_int_eq(text.status, TRI_OK);
    ck_assert_uint_eq(c.used, 0);
  }
}
END_TEST

START_TEST(impossible_size_fails) {
  tri_text text = {0};
  tri__text_puts(&text, "a");
  ck_assert_ptr_null(tri__text_room(&text, SIZE_MAX));
  ck_assert_int_eq(text.status, TRI_MEMORY);
  ck_assert_str_eq(text.data, "a");
  tri_text_free(&text);
}
END_TEST

static size_t encode(uint32_t code, char *out) {
  if (code < 0x80) {
    out[0] = (char)code;
    return 1;
  }
  size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  for (size_t i = n - 1; i > 0; i--, code >>= 6) out[i] = (char)(0x80 | (code & 0x3f));
  out[0] = (char)(0xff00u >> n | code);
  return n;
}

START_TEST(utf8_reads_every_code_point) {
  for (uint32_t code = 0; code < 0x110000; code++) {
    char bytes[4];
    uint32_t read = 0xffffffff;
    size_t n = encode(code, bytes), length = tri__utf8(bytes, n, &read);
    bool surrogate = code >= 0xd800 && code < 0xe000, right;
    right = surrogate ? length == 0 : length == n && read == code;
    for (size_t part = 1; part < n; part++) right = right && tri__utf8(bytes, part, &read) == 0;
    if (!right) ck_abort_msg("U+%04X", code);
  }
}
END_TEST

/* Of all sequences of one to three bytes, and of four with two fixed continuations, exactly the
 * encodings of code points are accepted. */
START_TEST(utf8_accepts_nothing_else) {
  size_t accepted = 0;
  for (uint32_t word = 0; word < 1u << 24; word++) {
    char bytes[4] = {(char)(word >> 16), (char)(word >> 8), (char)word, (char)0x80}, again[4];
    uint32_t code;
    size_t n = tri__utf8(bytes, 4, &code);
    if (n == 0) continue;
    accepted++;
    if (code >= 0x110000 || encode(code, again) != n || memcmp(again, bytes, n) != 0)
      ck_abort_msg("%06x", word); /* an assertion each would take minutes */
  }
  size_t one = 128u << 16, two = (30u * 64) << 8, three = 61440, four = (0x110000 - 0x10000) / 64;
  ck_assert_uint_eq(accepted, one + two + three + four);
}
END_TEST

START_TEST(cells_of_characters) {
  static const struct {
    uint32_t code;
    int cells;
  } of[] = {{'a', 1},     {0xb2, 1},     {0x3b5, 1},   {0x221a, 1}, {0x301, 0},  {0x20d7, 0},
            {0x200b, 0},  {0x3042, 2},   {0x4e00, 2},  {0x9fff, 2}, {0xac00, 2}, {0xff01, 2},
            {0x1f600, 2}, {0x20000, 2},  {0xff71, 1},  {0xad, 1},   {0x2202, 1}, {0x5d0, 1},
            {0x5b0, 0},   {0x10ffff, 1}, {0xe0100, 0}, {0x2074, 1}, {0x7e, 1},   {0xa0, 1},
            {0x1100, 2},  {0x1160, 0}};
  for (size_t i = 0; i < sizeof of / sizeof of[0]; i++)
    ck_assert_msg(tri__cells(of[i].code) == of[i].cells, "U+%04X", of[i].code);
}
END_TEST

static Suite *text_suite(void) {
  Suite *suite = suite_create("text");
  TCase *tc = tcase_create("text");
  tcase_add_test(tc, appends_in_order);
  tcase_add_test(tc, grows_without_loss);
  tcase_add_test(tc, failure_sticks);
  tcase_add_test(tc, impossible_size_fails);
  tcase_add_test(tc, utf8_reads_every_code_point);
  tcase_add_test(tc, utf8_accepts_nothing_else);
  tcase_add_test(tc, cells_of_characters);
  suite_add_tcase(suite, tc);
  return suite;
}

int main(void) { return tri_test_main("text", text_suite); }
