# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/numbers, floor 2.
triadinclude_HEADERS += lib/triad/numbers.h
libtriad_la_SOURCES += lib/numbers/domain.h lib/numbers/domain.c lib/numbers/double.c lib/numbers/dual.c \
  lib/numbers/programs.c lib/numbers/rational.c lib/numbers/values.c
