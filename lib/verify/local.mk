# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/verify, floor 5.
libtriad_la_SOURCES += lib/verify/certify.h lib/verify/certify.c lib/verify/job.h lib/verify/job.c lib/verify/certified.c \
  lib/verify/quotient.h lib/verify/quotient.c lib/verify/verify.c lib/verify/claims.c lib/verify/agreement.h lib/verify/agreement.c
libtriad_la_SOURCES += lib/verify/roundoff.h lib/verify/roundoff.c lib/verify/roundoff_sweep.c
triadinclude_HEADERS += lib/triad/verify.h
libtriad_la_SOURCES += lib/verify/verdict.c
libtriad_la_SOURCES += lib/verify/black_box.h lib/verify/difference.c lib/verify/gradcheck.c lib/verify/noise.c \
  lib/verify/tableau.c
