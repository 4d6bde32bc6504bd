#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# What bench/adbench-data.py writes is read by the benchmarks, whose objectives are those that Python computes from their definitions and
# whose derivatives are those by hand; broken files are refused.
set -u
source=${abs_srcdir:?the folder of the sources}/bench
command -v python3 >/dev/null || exit 77
data=$PWD/bench-adbench-data
rm -rf "$data"
count=0

check() { # NAME STATUS
  count=$((count + 1))
  if [ "$2" -eq 0 ]; then echo "ok $count - $1"; else echo "not ok $count - $1"; fi
}

bench() { # FILE: values and the status
  "bench/bench_${1%%/*}" --check "$data/$1" 2>&1
}

same() { # FILE VALUE
  local found
  found=$(bench "$1") || { printf '%s\n' "$found" | sed 's/^/# /'; return 1; }
  printf '%s\n' "$found" | LC_ALL=C awk -v expected="$2" '$1 == "value" { d = $3 - expected; n += (d < 0 ? -d : d) <= 1e-9 * (expected < 0 ? -expected : expected) }
    END { exit n != 1 }'
}

cut_to() { # FILE LINES
  head -n "$2" "$data/$1" >"$data/cut" && mv "$data/cut" "$data/$1"
}

refused() { # FILE WHY: with a message, and nothing worse
  bench "$1" >/dev/null
  [ $? -eq 1 ]
  check "$1 is refused $2" $?
}

make_data() { PYTHONDONTWRITEBYTECODE=1 python3 "$source/adbench-data.py" "$data" --sizes tiny --seed "$1"; }

make_data 7
check 'data are made' $?
while read -r file value; do
  same "$file" "$value"
  check "$file is read and right" $?
done <"$data/values"
check 'there are all kinds' $(($(cut -d / -f 1 "$data/values" | sort -u | wc -l) != 4))
sum=$(cat "$data"/*/*.txt "$data"/hand/*/*.txt "$data"/hand/*/model/* | cksum)
make_data 7
[ "$sum" = "$(cat "$data"/*/*.txt "$data"/hand/*/*.txt "$data"/hand/*/model/* | cksum)" ]
check 'a seed makes the same data again' $?
make_data 8
[ "$sum" != "$(cat "$data"/*/*.txt "$data"/hand/*/*.txt "$data"/hand/*/model/* | cksum)" ]
check 'another seed makes others' $?

while read -r file _; do
  cut_to "$file" 3
  refused "$file" 'where it ends early'
done <"$data/values"
make_data 7
hand=$(grep -m 1 '^hand' "$data/values" | cut -d ' ' -f 1)
cut_to "${hand%/*}/model/bones.txt" 12
refused "$hand" 'without all bones'
rm "$data/${hand%/*}/model/vertices.txt"
refused "$hand" 'without vertices'
rm -rf "$data"
echo "1..$count"
