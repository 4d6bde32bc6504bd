#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Every example as it is in examples/, with the library and the tool of this build: it compiles without a warning, its exit
# status is 0, it writes nothing to standard error, and prints what stands in its .expected file. Those numbers were found
# independently of triad. (make installcheck does the same with the installed library.)
set -u
work=examples-check
rm -rf "$work" && mkdir -p "$work" || exit 1
TRIAD_WITHOUT=$(sed -n 's/^TRIAD_WITHOUT = //p' Makefile)
export CC PKG_CONFIG="${PKG_CONFIG:-pkg-config}" TRIAD_WITHOUT
cflags=$(sed -n 's/^CFLAGS = //p' Makefile)
ldflags=$(sed -n 's/^LDFLAGS = //p' Makefile)
n=0 compared=0

result() { # result STATUS NAME
  n=$((n + 1))
  if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else
    echo "not ok $n - $2"
    head -n 60 "$work/$2.log" 2>/dev/null | awk '{ print "# " $0 }'
  fi
}

# judge NAME COMMAND...: runs it and compares
judge() {
  name=$1
  shift
  "$@" >"$work/$name.out" 2>"$work/$name.err" </dev/null || { echo "exit status $?"; cat "$work/$name.err"; return 1; }
  [ ! -s "$work/$name.err" ] || { cat "$work/$name.err"; return 1; }
  expected=$abs_srcdir/examples/${name%.c}.expected
  [ -f "$expected" ] || return 0
  diff -u "$expected" "$work/$name.out"
}

build() { # build SOURCE PROGRAM FLAG...
  source=$1 program=$2
  shift 2
  # shellcheck disable=SC2086
  $CC -std=c11 -Wall -Wextra -Werror $cflags -I"$abs_srcdir/lib" -I"$abs_srcdir/lib/graph" "$@" -c -o "$program.o" "$source" &&
    ./libtool --quiet --tag=CC --mode=link $CC $cflags $ldflags -o "$program" "$program.o" libtriad.la "$@" -lm
}

for source in "$abs_srcdir"/examples/*.c; do
  name=$(basename "$source")
  if ! needs=$("$abs_srcdir/build-aux/example-flags" "$source"); then
    n=$((n + 1))
    echo "ok $n - $name # SKIP it needs $needs"
    continue
  fi
  arguments=$("$abs_srcdir/build-aux/example-flags" --arguments "$source")
  # shellcheck disable=SC2086
  { build "$source" "$work/${name%.c}" $needs &&
    judge "$name" "$work/${name%.c}" $arguments; } >"$work/$name.log" 2>&1
  result $? "$name"
done
for source in "$abs_srcdir"/examples/*.tri; do
  name=$(basename "$source")
  judge "$name" "$TRIAD" "$source" >"$work/$name.log" 2>&1
  result $? "$name"
done
# An expected file that nothing is compared with would be a test that cannot fail.
for expected in "$abs_srcdir"/examples/*.expected; do
  name=$(basename "$expected" .expected)
  if [ -f "$work/$name.out" ] || [ -f "$work/$name.c.out" ] || grep -qs 'needs:\|links:' "$abs_srcdir/examples/$name.c"; then
    compared=$((compared + 1))
  else
    echo "no example for $name.expected" >"$work/$name.expected.log"
    result 1 "$name.expected"
  fi
done
# What is learnt differs by rounding from machine to machine, but not in how good it is.
[ "$(grep -c 'every point is right' "$work/spiral.c.out")" = 2 ]
result $? 'spirals are told apart with relu and with tanh'
if [ -f "$work/fashion_mnist.c.out" ]; then
  awk '/^Test: / { right = $5 } END { exit !(right >= 0.80) }' "$work/fashion_mnist.c.out"
  result $? 'Fashion-MNIST: 0.80 of the test after the first epoch'
fi
# What an example needs beside triad: flags, or the name of what is missing.
flags_are() { # flags_are NAME STATUS FLAGS COMMENT...
  name=$1 status=$2 flags=$3
  shift 3
  printf '/* %s */\n' "$@" >"$work/needs.c"
  found=$("$abs_srcdir/build-aux/example-flags" "$work/needs.c")
  [ $? -eq "$status" ] && [ "$found" = "$flags" ]
  result $? "$name"
}
flags_are 'an example that needs nothing' 0 '' 'nothing'
flags_are 'a missing module is named' 1 'no-such-module' 'needs: no-such-module'
flags_are 'a missing header is named' 1 'no/such.h -lm' 'links: no/such.h -lm'
flags_are 'a missing library is named' 1 'math.h -lno_such_library' 'links: math.h -lno_such_library'
flags_are 'the flags that link are taken' 0 '-lm' 'links: math.h -lno_such_library -lm' 'links: math.h -lm'
flags_are 'missing data are named' 1 '/no/such data' 'data: /no/such data'
flags_are 'data that are there' 0 '' 'data: /'
TRIAD_WITHOUT='zlib jansson'
flags_are 'what triad is built without is named' 1 'triad with jansson' 'triad with: libzip jansson'
flags_are 'what triad is built with' 0 '' 'triad with: libzip'
printf '/* What it does.\n * checked with: --epochs 1 */\n' >"$work/needs.c"
[ "$("$abs_srcdir/build-aux/example-flags" --arguments "$work/needs.c")" = '--epochs 1' ]
result $? 'what an example is checked with'
[ "$compared" -gt 10 ]
result $? "examples with expected output"
echo "1..$n"
