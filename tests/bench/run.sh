#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# bench/run makes one table of what benchmarks and peers print: names with peers, ratios, goals; peers that are not there.
set -u
run=${abs_srcdir:?the folder of the sources}/bench/run
work=$PWD/bench-run
rm -rf "$work" && mkdir -p "$work/source/bench" && cd "$work" || exit 1
count=0

check() { # NAME EXPECTED ACTUAL
  count=$((count + 1))
  if [ "$2" = "$3" ]; then echo "ok $count - $1"; else
    echo "not ok $count - $1"
    printf 'expected:\n%s\nfound:\n%s\n' "$2" "$3" | sed 's/^/# /'
  fi
}

program() { # NAME LINE...: a benchmark that prints these rows
  local name=$1
  shift
  { echo '#!/bin/sh'; printf "printf '%%b\\\\n' '%s'\n" "$@"; } >"$name"
  chmod +x "$name"
}

bench() { # ARGUMENT...: prints the status; the table goes to table, the words to words
  CC=false CXX=${compiler-false} bash "$run" source "$@" >table 2>words
  echo $?
}

program one 'result\tf\t12\tns\t10\t1' 'reference\tf\t4\tplain C' 'result\tg\t3\tM/s\t2\t2'
program two 'result\tf:adolc\t40\tns\t-\t1' 'reference\tf:adolc\t5\tplain C' 'result\th:jax-2\t7\tus\t-\t1' \
  'result\tg:jax-2\t1\tM/s\t-\t1'
check 'names with peers are accepted' 0 "$(bench ./one ./two)"
check 'a name is followed by its peers' 'f f:adolc g g:jax-2 h:jax-2' \
  "$(awk 'NR > 1 { printf "%s%s", (NR > 2) ? " " : "", $1 }' table)"
check 'a peer has its own ratio' 'f:adolc 40 ns 5 plain C 8 -' \
  "$(awk '$1 == "f:adolc" { print $1, $2, $3, $4, $5, $6, $7, $8 }' table)"
check 'goals are met or missed' 'f MISSED g met' \
  "$(awk '$NF == "met" || $NF == "MISSED" { printf "%s%s %s", n++ ? " " : "", $1, $NF }' table)"
check 'results.json has the rows' \
  '{"name": "f:adolc", "value": 40, "unit": "ns", "reference": 5, "ratio": 8, "goal": null, "threads": 1},' \
  "$(sed -n 's/^ *\(.*f:adolc.*\)/\1/p' bench/results.json)"

program two 'result\tf\t40\tns\t-\t1' 'result\tf:adolc\t1\tns\t-\t1'
check 'a peer may come before the name' 0 "$(bench ./two ./one)"
for bad in 'f:a:b' ':adolc' 'f:' 'F:adolc' 'f:PyTorch' 'f g'; do
  program bad "result\\t$bad\\t1\\tns\\t-\\t1"
  check "\"$bad\" is no name" 1 "$(bench ./bad)"
done

check 'a peer in C++ that does not build does no harm' 0 "$(bench ./one -- bench/peer_none)"
check 'and is named' 1 "$(grep -c 'bench/peer_none is left out: it does not build here' words)"
check 'nor does one where there is no compiler' 0 "$(compiler='' bench ./one -- bench/peer_none)"
check 'which is said' 1 "$(grep -c 'bench/peer_none is left out: no C++ compiler' words)"
if command -v python3 >/dev/null; then
  echo 'import sys; print("no such library", file=sys.stderr); sys.exit(77)' >source/bench/peer_absent.py
  echo 'import sys; sys.exit("derivative 3 is wrong")' >source/bench/peer_wrong.py
  echo 'print("result", "f:py", 2, "ns", "-", 1, sep=chr(9))' >source/bench/peer_there.py
  check 'a script whose library is missing does no harm' 0 "$(bench ./one -- bench/peer_absent bench/peer_there)"
  check 'and is named with the reason' 1 "$(grep -c 'bench/peer_absent is left out: no such library' words)"
  check 'another has its row' 2 "$(awk '$1 == "f:py" { print $2 }' table)"
  check 'a peer that is wrong fails' 1 "$(bench ./one -- bench/peer_wrong)"
  check 'and says why' 1 "$(grep -c 'bench/peer_wrong failed: derivative 3 is wrong' words)"
fi
echo "1..$count"
