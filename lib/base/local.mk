# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/base, floor 0.
include_HEADERS += lib/triad.h
triadinclude_HEADERS += lib/triad/version.h
libtriad_la_SOURCES += lib/base/version.c
triadinclude_HEADERS += lib/triad/base.h
libtriad_la_SOURCES += lib/base/memory.c lib/base/memory.h lib/base/status.c lib/base/text.h
libtriad_la_SOURCES += lib/base/cells.c lib/base/finite.c lib/base/finite.h lib/base/float_mode.h lib/base/json.c lib/base/number.c lib/base/sort.c lib/base/sort.h lib/base/text.c
libtriad_la_SOURCES += lib/base/threads.c lib/base/threads.h
