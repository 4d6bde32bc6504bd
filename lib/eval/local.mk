# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/eval, floor 4.
triadinclude_HEADERS += lib/triad/eval.h
libtriad_la_SOURCES += lib/eval/plan.h lib/eval/run.h lib/eval/taylor.h lib/eval/adjoint_run.c lib/eval/diagnose.c \
  lib/eval/double_run.c lib/eval/dual_run.c lib/eval/emit.h lib/eval/emit_c.c lib/eval/emit_body.c \
  lib/eval/emit_names.c lib/eval/emit_rows.c lib/eval/function.c lib/eval/hessian_run.c lib/eval/interpret.c lib/eval/kinks.c \
  lib/eval/plan.c lib/eval/plan_shapes.c lib/eval/plan_slots.c lib/eval/taylor_parts.c \
  lib/eval/taylor_power.c lib/eval/taylor_run.c lib/eval/taylor_series.c lib/eval/workspace.c
triadinclude_HEADERS += lib/triad/tape.h lib/triad/tape_record.h
libtriad_la_SOURCES += lib/eval/tape.h lib/eval/tape.c lib/eval/tape_rows.c lib/eval/tape_sweep.c

# What emitted C takes over from the library's own kernels, as text.
EMIT_KERNELS = lib/graph/kernels.h lib/graph/kernels.c lib/graph/wide.h lib/graph/polygamma.c
EXTRA_DIST += build-aux/sections.awk
BUILT_SOURCES += lib/eval/primitives.inc
CLEANFILES += lib/eval/primitives.inc
lib/eval/primitives.inc: $(EMIT_KERNELS) build-aux/sections.awk
	$(AM_V_GEN)$(MKDIR_P) $(@D) && (cd $(srcdir) && $(AWK) -f build-aux/sections.awk $(EMIT_KERNELS)) >$@.new && mv $@.new $@
lib/eval/emit_rows.lo: lib/eval/primitives.inc
