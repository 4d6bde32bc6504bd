#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Each public header compiles by itself, as C11 and as C++17.
set -u
cd "$abs_srcdir/lib" || exit 1
n=0
check() { # check LANGUAGE COMPILER... HEADER
  what=$1; shift
  n=$((n + 1))
  if "$@"; then echo "ok $n - $what"; else echo "not ok $n - $what"; fi
}
for h in triad.h triad/*.h; do
  # shellcheck disable=SC2086
  check "$h as C11" $CC -std=c11 -Wall -Wextra -pedantic -Werror -fsyntax-only -I. -Igraph -include "$h" -x c /dev/null
  test -n "${CXX:-}" || continue
  # shellcheck disable=SC2086
  check "$h as C++17" $CXX -std=c++17 -Wall -Wextra -Werror -fsyntax-only -I. -Igraph -include "$h" -x c++ /dev/null
done
echo "1..$n"
