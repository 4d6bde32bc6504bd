# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/verify, floor 5.
libtriad_la_SOURCES += lib/verify/certify.h lib/verify/certify.c
