# SPDX-License-Identifier: LGPL-3.0-or-later
# The triad program. main.c is in Makefile.am; the rest is a library, so that tests link it.
libtriadtool_la_SOURCES += tools/arena.c tools/calls.c tools/calls_derivative.c tools/calls_symbolic.c \
  tools/calls_text.c tools/certain.c tools/child.c tools/commands.c tools/complete.c tools/declare.c tools/definitions.c tools/emit.c tools/environment.c tools/files.c tools/help.c tools/input.c \
  tools/json.c tools/numeric.c tools/output.c tools/picture.c tools/plot.c tools/plot_file.c tools/plot_terminal.c \
  tools/repl.c tools/gradcheck.c tools/report.c tools/report_claims.c tools/report_error.c tools/report_verify.c tools/result.c tools/save.c tools/scan.c tools/session.c tools/settings.c \
  tools/network_config.c tools/network_data.c tools/network_gradcheck.c tools/network_options.c tools/network_run.c tools/train.c tools/network.h \
  tools/statement.c tools/subcommand.c tools/subject.c tools/subject_arrays.c tools/table.c tools/trace.c \
  tools/arena.h tools/calls.h tools/certain.h tools/child.h tools/commands.h tools/declare.h tools/emit.h tools/files.h tools/input.h tools/json.h tools/numeric.h \
  tools/output.h tools/picture.h tools/plot.h tools/gradcheck.h tools/repl.h tools/report_verify.h tools/scan.h tools/session.h tools/subcommand.h tools/subject.h tools/table.h tools/trace.h
