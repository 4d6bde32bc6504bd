# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/numbers, floor 2.
triadinclude_HEADERS += lib/triad/numbers.h
libtriad_la_SOURCES += lib/numbers/domain.h
