# SPDX-License-Identifier: LGPL-3.0-or-later
# Deep and wide expressions through the whole tool on a stack of 256 KiB: read, differentiated in reverse, evaluated, printed.
set -u
ulimit -s 256 || exit 77
work=tool-deep
rm -rf "$work" && mkdir -p "$work"
count=0

check() { # NAME EXPECTED ACTUAL
  count=$((count + 1))
  if [ "$2" = "$3" ]; then echo "ok $count - $1"; else
    echo "not ok $count - $1"; echo "# expected $2"; echo "# found    $(printf %s "$3" | head -c 300)"
  fi
}

# A million nested sines: f' at 0 is 1, the value at 0 is 0; printed it is as long as it was read.
awk 'BEGIN { printf "f(x) = "; for (i = 0; i < 1000000; i++) printf "sin("; printf "x";
             for (i = 0; i < 1000000; i++) printf ")"; print "" }' >"$work/nested.tri"
{ cat "$work/nested.tri"; echo 'f(0); gradient(f, 0); f(1)'; } >"$work/nested-run.tri"
check "nested sin: value and reverse" "0
[1]
0.001732" "$("$TRIAD" "$work/nested-run.tri" 2>&1 | sed '3s/^\(0.001732\).*/\1/')"
sed 's/^f(x) = //' "$work/nested.tri" >"$work/print.tri"
check "nested sin: printed" 5000002 "$("$TRIAD" "$work/print.tri" 2>&1 | wc -c)"

# A sum of a million terms and its gradient.
awk 'BEGIN { printf "f(x) = "; for (i = 1; i <= 1000000; i++) printf "%s%d*x^%d", (i > 1 ? " + " : ""), i, i % 7 + 1;
             print ""; print "f(1); gradient(f, 1)" }' >"$work/sum.tri"
check "sum of a million terms" "$(awk 'BEGIN { for (i = 1; i <= 1000000; i++) { s += i; d += i * (i % 7 + 1) }
  printf "%.0f\n[%.0f]\n", s, d }')" "$("$TRIAD" "$work/sum.tri" 2>&1)"

# A product of a hundred thousand variables: at ones the value and each partial are 1.
awk 'BEGIN { for (i = 1; i <= 100000; i++) printf "%sx%d", (i > 1 ? "*" : "f = "), i; print "";
             printf "value(f"; for (i = 1; i <= 100000; i++) printf ", x%d=1", i; print ")";
             printf "gradient(f"; for (i = 1; i <= 100000; i++) printf ", x%d=1", i; print ")" }' >"$work/product.tri"
"$TRIAD" "$work/product.tri" >"$work/product.out" 2>&1
check "product of 100,000 variables: value" 1 "$(head -n 1 "$work/product.out")"
check "product of 100,000 variables: gradient" 100000 "$(sed -n 2p "$work/product.out" | tr -cd 1 | wc -c)"
echo "1..$count"
