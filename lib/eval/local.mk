# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/eval, floor 4.
triadinclude_HEADERS += lib/triad/eval.h
libtriad_la_SOURCES += lib/eval/plan.h lib/eval/run.h lib/eval/taylor.h lib/eval/adjoint_run.c lib/eval/diagnose.c \
  lib/eval/double_run.c lib/eval/dual_run.c lib/eval/function.c lib/eval/hessian_run.c lib/eval/interpret.c lib/eval/kinks.c \
  lib/eval/plan.c lib/eval/plan_shapes.c lib/eval/plan_slots.c lib/eval/taylor_parts.c \
  lib/eval/taylor_power.c lib/eval/taylor_run.c lib/eval/taylor_series.c lib/eval/workspace.c
triadinclude_HEADERS += lib/triad/tape.h lib/triad/tape_record.h
libtriad_la_SOURCES += lib/eval/tape.h lib/eval/tape.c lib/eval/tape_rows.c lib/eval/tape_sweep.c
