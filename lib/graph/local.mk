# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/graph, floor 1.
# The two tables are public because triad/graph.h makes its enum and its constructors from them.
triadinclude_HEADERS += lib/triad/graph.h lib/triad/mp.h lib/graph/ops.def lib/graph/structured.def
libtriad_la_SOURCES += lib/graph/arrays.h lib/graph/arrays.c lib/graph/expr_arrays.c lib/graph/loop.h lib/graph/loop.c lib/graph/last.h lib/graph/last.c lib/graph/windows.h lib/graph/windows.c lib/graph/expr_windows.c lib/graph/kernel_calls.h lib/graph/kernels.h lib/graph/c_text.h lib/graph/node.h lib/graph/options.h lib/graph/parse.h lib/graph/rows.h lib/graph/template.h lib/graph/values.h lib/graph/index.h lib/graph/walk.h \
  lib/graph/attr.c lib/graph/build.c lib/graph/constant.c lib/graph/exact.c lib/graph/exact.h lib/graph/expr.c lib/graph/facts.c lib/graph/fold.c lib/graph/graph.c lib/graph/index.c \
  lib/graph/kernels.c lib/graph/lambda.c lib/graph/node.c lib/graph/polygamma.c lib/graph/rows.c lib/graph/wide.h lib/graph/shape.c lib/graph/sizes.c lib/graph/sizes.h lib/graph/substitute.c lib/graph/template.c lib/graph/tensors.c lib/graph/tensors.h lib/graph/walk.c
libtriad_la_SOURCES += lib/graph/letters.c lib/graph/lex.c lib/graph/lex.h lib/graph/parse.c lib/graph/parse_calls.c lib/graph/parse_errors.c \
  lib/graph/parse_names.c lib/graph/parse_windows.c lib/graph/parse_arrays.c lib/graph/parser.h lib/graph/reduce.c lib/graph/reduce.h
libtriad_la_SOURCES += lib/graph/print.c lib/graph/print.h lib/graph/c_text.c lib/graph/print_c.c lib/graph/print_dot.c lib/graph/print_infix.c \
  lib/graph/print_latex.c lib/graph/print_order.c lib/graph/print_parts.c lib/graph/print_windows.c lib/graph/print_loops.c lib/graph/print_loops.h
