# SPDX-License-Identifier: LGPL-3.0-or-later
# The triad program. main.c is in Makefile.am; the rest is a library, so that tests link it.
