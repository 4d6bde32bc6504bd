/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Fuzzing of models in files: bytes as a .triad file and as Keras's JSON. Memory in use never
 * exceeds the limit; what fails says why; a model that was read is written as JSON that is read as
 * the same one. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triad/save.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The graph of a model is beside what the limit bounds; it grows with the text. */
enum { LIMIT = 1 << 22 };

static void fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  abort();
}

static size_t in_use, most;

static void *counted_resize(void *context, void *block, size_t old_size, size_t new_size) {
  (void)context;
  in_use += new_size - old_size;
  if (in_use > most) fail("more memory than the limit is in use");
  if (new_size) return realloc(block, new_size);
  free(block);
  return NULL;
}

static const tri_allocator counted = {counted_resize, NULL};

static void check(tri_status status, const tri_error *error, tri_model *m) {
  tri_text text = {0}, again = {0};
  tri_model *read = NULL;
  if (status != error->status) fail("the error is another one than the status");
  if (status && !error->message[0]) fail("an error says nothing");
  if (!m != (status != TRI_OK)) fail("there is no model, or one in spite of an error");
  if (!m) return;
  if (tri_model_to_json(m, &text)) fail("a model cannot be written");
  if (tri_model_from_json(text.data, text.size, NULL, NULL, &read))
    fail("what was written cannot be read");
  if (tri_model_to_json(read, &again)) fail("a model cannot be written");
  if (strcmp(text.data, again.data) != 0) fail("another model was read than was written");
  tri_text_free(&text);
  tri_text_free(&again);
  tri_model_free(read);
  tri_model_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  tri_error error;
  tri_io_options options = {.limit = LIMIT, .allocator = &counted, .error = &error};
  tri_model *m;
  most = 2 * LIMIT + 1000 * size;
  tri_status status = tri_model_parse(data, size, &options, &m);
  check(status, &error, m);
  status = tri_model_from_json((const char *)data, size, NULL, &options, &m);
  check(status, &error, m);
  if (in_use) fail("memory is lost");
  return 0;
}
