# SPDX-License-Identifier: LGPL-3.0-or-later
# triad emit: what it writes compiles and gives the tool's own numbers; options, files and exit statuses.
set -u
work=tool-emit
. "$abs_srcdir/tests/tool/lib.sh"

status() { # EXPECTED ARGUMENT...
  expected=$1
  shift
  "$TRIAD" emit "$@" >"$work/out" 2>"$work/err" </dev/null
  compare "status $expected: emit $*" "$expected" "$?"
}

has() { # NAME PATTERN FILE
  grep -q -e "$2" "$3"
  compare "$1" 0 $?
}

printf 'f(x, y) = x\302\262y + y/3 + 2\n1 + 1\nv(\316\261, b) = [\316\261*b, \316\261 + b]\n' >"$work/f.tri"
status 0 --help
has "--help tells the usage" '^Usage: triad emit' "$work/out"
status 0 "$work/f.tri" --function=f --gradient --hessian -o "$work/f.c"
compare "nothing is printed" "" "$(cat "$work/out" "$work/err")"
has "the header tells the function" '^ \*   f(x, y) = x^2\*y + y/3 + 2$' "$work/f.h"
has "the source includes its header by name" '^#include "f.h"$' "$work/f.c"
cat >"$work/main.c" <<'END'
#include "f.h"
#include <stdio.h>
int main(void) {
  const double at[] = {3, 4};
  double value, g[2], h[4];
  f_hessian(at, &value, g, h);
  printf("%.17g\n[%.17g, %.17g]\n[[%g, %g], [%g, %g]]\n", value, g[0], g[1], h[0], h[1], h[2], h[3]);
  return 0;
}
END
$CC -std=c11 -Wall -Wextra -Wconversion -Werror -pedantic -o "$work/main" "$work/f.c" "$work/main.c" -lm
compare "it compiles without a warning" 0 $?
compare "it computes" '39.333333333333336
[24, 9.3333333333333339]
[[8, 6], [6, 0]]' "$("$work/main")"

status 0 "$work/f.tri" --jacobian --float --cut=1
has "the last function, without -o to standard output" '^void v_jacobian(const float in\[2\], float value\[2\], float jacobian\[4\]' "$work/out"
cp "$work/out" "$work/v.c"
$CC -std=c11 -Wall -Wextra -Wconversion -Werror -pedantic -c -o "$work/v.o" "$work/v.c"
compare "which compiles as it is" 0 $?

status 1 "$work/f.tri" --gradient
has "a gradient of two outputs" 'shape error: v: a gradient is that of one number' "$work/err"
status 1 "$work/f.tri" --function=nosuch
has "an unknown function is named" 'defines no function nosuch' "$work/err"
status 1 /nonexistent
has "a missing file is named" 'cannot read /nonexistent' "$work/err"
status 1 "$work/f.tri" -o "$work/nowhere/f.c"
has "a file that cannot be written" 'cannot write .*/nowhere/f.h: No such file' "$work/err"
status 2 "$work/f.tri" -o "$work/f.h"
has "the source is not the header" 'a file F.c, with a header F.h' "$work/err"
status 2 "$work/f.tri" --cut=0
status 2 "$work/f.tri" --cut=1e3
status 2
status 2 "$work/f.tri" "$work/f.tri"
status 2 --nosuchoption "$work/f.tri"
has "wrong usage points to --help" "Try 'triad emit --help'" "$work/err"
printf 'k(x) = a*x\n' >"$work/free.tri"
status 1 "$work/free.tri"
has "a name without a value" 'name error: k: a has no value' "$work/err"
printf 'k(x) = x +\n' >"$work/bad.tri"
status 1 "$work/bad.tri"
has "a statement that fails" 'bad.tri:1' "$work/err"
printf 'double(x) = x^2\n' | "$TRIAD" emit - >"$work/out"
has "a keyword as a name" '^void double_(const' "$work/out"
"$TRIAD" emit "$work/f.tri" >/dev/full 2>"$work/err"
compare "a full disk" 1 $?
has "a full disk is told" 'cannot write to standard output' "$work/err"
echo "1..$count"
