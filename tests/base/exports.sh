#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# The shared library exports names that begin with tri_ and nothing else; tri__ is private.
set -eu
lib=$(ls .libs/libtriad.so 2>/dev/null) || exit 77
names=$(${NM:-nm} -D --defined-only "$lib" | sed 's/.* //')
others=$(echo "$names" | grep -v '^tri_[^_]' || true)
test -z "$others" || { echo "exported: $others"; exit 1; }
echo "$names" | grep -qx tri_version
