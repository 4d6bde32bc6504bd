/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Any bytes are arrays or an error for every reader, and no reader has more memory in use than its
 * limit. An array written as NPY is read back as the same one. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triad/io.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 1 << 20 };

static void fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  abort();
}

static size_t in_use;

static void *counted_resize(void *context, void *block, size_t old_size, size_t new_size) {
  (void)context;
  in_use += new_size - old_size;
  if (in_use > LIMIT) fail("more memory than the limit is in use");
  if (new_size) return realloc(block, new_size);
  free(block);
  return NULL;
}

static const tri_allocator counted = {counted_resize, NULL};

static void check_status(tri_status status, const tri_error *error) {
  if (status != error->status) fail("the error is another one than the status");
  if (status && !error->message[0]) fail("an error says nothing");
}

static void check_array(const tri_array *a) {
  tri_text text = {0};
  tri_array b;
  if (tri_npy_format(a, &text)) fail("an array cannot be written");
  if (tri_npy_parse(text.data, text.size, NULL, &b)) fail("what was written cannot be read");
  size_t bytes = a->count * tri_dtype_size(a->dtype);
  if (a->dtype != b.dtype || a->rank != b.rank || memcmp(a->dims, b.dims, sizeof a->dims) ||
      (bytes && memcmp(a->data, b.data, bytes)))
    fail("another array was read than was written");
  tri_array_free(&b);
  tri_text_free(&text);
}

static void check_archive(tri_status status, const tri_error *error, tri_archive *archive) {
  check_status(status, error);
  for (size_t i = 0; i < archive->n; i++) check_array(&archive->entries[i].array);
  tri_archive_free(archive);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  tri_error error;
  tri_io_options options = {.limit = LIMIT, .allocator = &counted, .error = &error};
  tri_array arrays[3];
  tri_archive archive;
  for (int format = 0; format < 3; format++) {
    tri_array *a = arrays + format;
    tri_status status = format == 0   ? tri_npy_parse(data, size, &options, a)
                        : format == 1 ? tri_csv_parse(data, size, NULL, &options, a)
                                      : tri_idx_parse(data, size, &options, a);
    check_status(status, &error);
    if (status == TRI_OK) check_array(a);
    tri_array_free(a);
  }
  tri_status status = tri_npz_parse(data, size, &options, &archive);
  check_archive(status, &error, &archive);
  status = tri_safetensors_parse(data, size, &options, &archive);
  check_archive(status, &error, &archive);
  if (in_use) fail("memory is lost");
  return 0;
}
