# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/eval, floor 4.
triadinclude_HEADERS += lib/triad/eval.h
libtriad_la_SOURCES += lib/eval/plan.h
