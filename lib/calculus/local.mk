# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/calculus, floor 3.
triadinclude_HEADERS += lib/triad/calculus.h
libtriad_la_SOURCES += lib/calculus/arguments.h lib/calculus/arguments.c lib/calculus/rule.h lib/calculus/loops.c lib/calculus/rule.c \
  lib/calculus/sweep.h lib/calculus/sweep.c lib/calculus/tangent.c lib/calculus/adjoint.c lib/calculus/diff.h \
  lib/calculus/diff.c lib/calculus/gradient.c lib/calculus/jacobian.c lib/calculus/hessian.c lib/calculus/series.h \
  lib/calculus/series_slots.c lib/calculus/series.c lib/calculus/taylor.c
libtriad_la_SOURCES += lib/calculus/plain.c lib/calculus/poly.h lib/calculus/poly.c lib/calculus/idmap.c lib/calculus/simplify.h \
  lib/calculus/simplify.c lib/calculus/simplify_units.c lib/calculus/simplify_read.c lib/calculus/simplify_layout.c \
  lib/calculus/simplify_write.c lib/calculus/simplify_forms.c lib/calculus/simplify_identities.c \
  lib/calculus/simplify_powers.c lib/calculus/simplify_divide.c lib/calculus/simplify_horner.c \
  lib/calculus/simplify_select.c lib/calculus/simplify_choose.c lib/calculus/simplify_cost.c lib/calculus/expand.c
triadinclude_HEADERS += lib/triad/pattern.h
libtriad_la_SOURCES += lib/calculus/sets.h lib/calculus/sets.c lib/calculus/domains.h lib/calculus/domains.c \
  lib/calculus/frames.c lib/calculus/pattern.h lib/calculus/pattern.c lib/calculus/colour.c
