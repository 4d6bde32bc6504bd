# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/io, floor 6.
triadinclude_HEADERS += lib/triad/io.h
libtriad_la_SOURCES += lib/io/io.h lib/io/csv.h lib/io/zip.h
libtriad_la_SOURCES += lib/io/archive.c lib/io/array.c lib/io/csv.c lib/io/gzip.c lib/io/idx.c lib/io/idx_folder.c lib/io/io.c lib/io/npy.c lib/io/npz.c \
  lib/io/read.c lib/io/safetensors.c lib/io/sink.c lib/io/source.c lib/io/zip.c
libtriad_la_LIBADD += $(LIBZIP_LIBS) $(JANSSON_LIBS) $(ZLIB_LIBS)
libtriad_core_la_LIBADD += $(LIBZIP_LIBS) $(JANSSON_LIBS) $(ZLIB_LIBS)
AM_CFLAGS += $(LIBZIP_CFLAGS) $(JANSSON_CFLAGS) $(ZLIB_CFLAGS)
