# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/io, floor 6.
triadinclude_HEADERS += lib/triad/io.h
libtriad_la_SOURCES += lib/io/io.h lib/io/csv.h
libtriad_la_SOURCES += lib/io/array.c lib/io/csv.c lib/io/io.c lib/io/npy.c lib/io/read.c lib/io/sink.c lib/io/source.c
