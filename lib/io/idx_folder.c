/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Folders of pictures and labels, named as those of MNIST. */
#include <unistd.h>

#include "base/text.h"
#include "io/io.h"

/* FOLDER/PART-WHAT, or the same with .gz if there is no such file. */
static tri_status read_one(const char *folder, const char *part, const char *what,
                           const tri_io_options *options, tri_array *array) {
  tri_text path = {.allocator = options->allocator};
  size_t end = strlen(folder);
  tri__text_printf(&path, "%s%s%s-%s", folder, end && folder[end - 1] == '/' ? "" : "/", part,
                   what);
  if (!path.status && access(path.data, F_OK) != 0) {
    size_t size = path.size;
    tri__text_puts(&path, ".gz");
    if (!path.status && access(path.data, F_OK) != 0) { /* it is the first that is missed */
      path.data[size] = '\0';
      path.size = size;
    }
  }
  tri_status status = path.status ? path.status : tri_idx_read(path.data, options, array);
  if (path.status && options->error) *options->error = (tri_error){.status = path.status};
  tri_text_free(&path);
  return status;
}

static tri_status check(const char *folder, const char *part, const tri_io_options *options,
                        const tri_array *pictures, const tri_array *labels) {
  struct io io;
  if (labels->rank == 1 && pictures->rank > 1 && pictures->dims[0] == labels->dims[0])
    return TRI_OK;
  tri__io_open(&io, folder, options);
  return tri__io_fail(&io, TRI_FILE, "part %s has %zu pictures and %zu labels", part,
                      pictures->dims[0], labels->dims[0]);
}

tri_status tri_idx_folder(const char *folder, const char *part, const tri_io_options *options,
                          tri_array *pictures, tri_array *labels) {
  tri_io_options o = options ? *options : (tri_io_options){.limit = 0};
  *pictures = *labels = (tri_array){.data = NULL};
  tri_status status = read_one(folder, part, "images-idx3-ubyte", &o, pictures);
  if (!status) status = read_one(folder, part, "labels-idx1-ubyte", &o, labels);
  if (!status) status = check(folder, part, &o, pictures, labels);
  if (!status) return TRI_OK;
  tri_array_free(pictures);
  tri_array_free(labels);
  return status;
}
