/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Zip files through libzip: members as sources, members from bytes. */
#ifndef TRIAD_IO_ZIP_H
#define TRIAD_IO_ZIP_H

#include "io/io.h"

/* An open zip file. */
struct zip_reader {
  struct io *io;
  void *zip;
  size_t n; /* members */
};

/* Opens a file, or bytes in memory if path is NULL. Close it in any case. TRI_FILE also without
 * libzip. */
tri_status tri__zip_open(struct zip_reader *reader, struct io *io, const char *path,
                         const void *bytes, size_t size);
void tri__zip_close(struct zip_reader *reader);

/* The name of member i, valid until the reader is closed; NULL after a failure. */
const char *tri__zip_name(struct zip_reader *reader, size_t i);

/* Opens member i as a source, to be closed before the reader. Its checksum is checked when it is
 * read to its end. */
tri_status tri__zip_member(struct zip_reader *reader, size_t i, struct source *source);

/* A member to be written: its bytes are two parts, one behind the other. */
struct zip_member {
  const char *name;
  const void *parts[2];
  size_t sizes[2];
};

/* Writes a zip file of n members, whose bytes depend on nothing but these. */
tri_status tri__zip_write(struct io *io, const char *path, size_t n,
                          const struct zip_member *members, bool packed);

#endif
