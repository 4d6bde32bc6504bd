# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/numbers, floor 2.
triadinclude_HEADERS += lib/triad/numbers.h
libtriad_la_SOURCES += lib/numbers/domain.h lib/numbers/domain.c lib/numbers/double.c lib/numbers/dual.c \
  lib/numbers/programs.c lib/numbers/rational.c lib/numbers/values.c \
  lib/numbers/flint.h lib/numbers/caches.c lib/numbers/mpfr.c lib/numbers/ball.c lib/numbers/real_text.h \
  lib/numbers/real_text.c
