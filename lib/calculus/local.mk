# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/calculus, floor 3.
triadinclude_HEADERS += lib/triad/calculus.h
